/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include "base/os.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#ifdef HAVE_SYS_PRCTL_H
#include <sys/prctl.h>
#endif
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/path.h"
#include "base/proc.h"
#include "tap.h"

static char dir[] = "/tmp/daprcerts-os.XXXXXX";

static mode_t mode_of(const char *path) {
  struct stat status;
  return stat(path, &status) == 0 ? status.st_mode & 07777 : 0;
}

static void test_files(void) {
  struct dc_buf bytes DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_err err = DC_ERR_INIT;
  char *path DC_CLEANUP(dc_mem_free) = dc_path_join(dir, "secret");
  static const mode_t masks[] = {0, 077, 0777};
  for (size_t i = 0; i < DC_COUNT(masks); i++) {
    mode_t old = umask(masks[i]);
    is_num(dc_os_write_new(path, 0600, "key", 3, &err), 0, "a new file");
    umask(old);
    is_num(mode_of(path), 0600, "is 0600 whatever the umask");
    is_num(dc_os_write_new(path, 0600, "other", 5, &err), DC_EEXIST, "is not written twice");
    unlink(path);
  }
  is_num(dc_os_write_atomic(path, 0644, "one", 3, false, &err), 0, "atomically, new");
  is_num(dc_os_write_atomic(path, 0644, "two", 3, false, &err), DC_EEXIST, "not over another");
  is_num(dc_os_write_atomic(path, 0644, "three", 5, true, &err), 0, "but when told so");
  is_num(dc_os_read_file(path, 100, &bytes, &err), 0, "read");
  is_text(dc_buf_text(&bytes), "three", "the new bytes");
  is_num(dc_os_read_file(path, 4, &bytes, &err), DC_ELIMIT, "larger than allowed");
  is_num(dc_os_read_file(dir, 100, &bytes, &err), DC_EINVAL, "a directory is no file");
  unlink(path);
  is_num(dc_os_read_file(path, 100, &bytes, &err), DC_ENOENT, "nothing there");
  ok(strstr(err.text, path) != NULL, "the message names it");
}

static void test_unsent(void) {
  int ends[2];
  char bytes[5];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends)) {
    ok(false, "a pair of sockets");
    return;
  }
  is_num(dc_os_unsent(ends[0]), 0, "nothing was sent");
  is_num(write(ends[0], "bytes", sizeof bytes), sizeof bytes, "bytes are");
  ok(dc_os_unsent(ends[0]) > 0, "they wait for the other end");
  is_num(read(ends[1], bytes, sizeof bytes), sizeof bytes, "it takes them");
  is_num(dc_os_unsent(ends[0]), 0, "nothing waits any more");
  close(ends[0]);
  close(ends[1]);
}

/* Many at once: one creates it, the others are told. */
static void test_race(void) {
  enum { WRITERS = 8 };
  char *path DC_CLEANUP(dc_mem_free) = dc_path_join(dir, "race");
  int won = 0, told = 0;
  for (int i = 0; i < WRITERS; i++)
    if (fork() == 0) {
      struct dc_err err = DC_ERR_INIT;
      int rc = dc_os_write_atomic(path, 0600, "x", 1, false, &err);
      _exit(rc == 0 ? 0 : rc == DC_EEXIST ? 1 : 2);
    }
  for (int i = 0; i < WRITERS; i++) {
    int status = 0;
    wait(&status);
    won += WIFEXITED(status) && WEXITSTATUS(status) == 0;
    told += WIFEXITED(status) && WEXITSTATUS(status) == 1;
  }
  is_num(won, 1, "one writer wins");
  is_num(told, WRITERS - 1, "every other is told");
  unlink(path);
}

static void test_processes(void) {
  enum { BIG = 1 << 20 };
  struct dc_buf out DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, said DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_err err = DC_ERR_INIT;
  char sh[] = "/bin/sh", flag[] = "-c", cat[] = "cat; echo said >&2; exit 3", deaf[] = "exec 0<&-; echo done",
       die[] = "kill -9 $$", none[] = "/no/such/program";
  char *big = calloc(1, BIG);
  int status = -1;
  memset(big, 'x', BIG);
  is_num(dc_proc_run((char *[]){sh, flag, cat, NULL}, big, BIG, 2 * BIG, &out, &said, &status, &err), 0, "through cat");
  ok(out.len == BIG && memcmp(out.data, big, BIG) == 0, "a megabyte both ways");
  is_text(dc_buf_text(&said), "said\n", "standard error");
  is_num(status, 3, "exit status");
  dc_buf_clear(&out);
  is_num(dc_proc_run((char *[]){sh, flag, deaf, NULL}, big, BIG, BIG, &out, &said, &status, &err), 0, "a deaf child");
  is_text(dc_buf_text(&out), "done\n", "is heard all the same");
  is_num(dc_proc_run((char *[]){sh, flag, die, NULL}, "", 0, BIG, &out, &said, &status, &err), 0, "one that is killed");
  is_num(status, 128 + 9, "128 + signal");
  is_num(dc_proc_run((char *[]){sh, flag, cat, NULL}, big, BIG, 100, &out, &said, &status, &err), DC_ELIMIT, "too much");
  is_num(dc_proc_run((char *[]){none, NULL}, "", 0, BIG, &out, &said, &status, &err), DC_ENOENT, "no such program");
  free(big);
}

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define SANITIZED 1
#elif defined __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

/* A process that holds FILE until a signal ends it, having told that it does. */
static pid_t holder_of(const char *file) {
  int ready[2];
  char byte;
  if (pipe(ready)) return -1;
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (dc_os_lock(fd) || write(ready[1], "x", 1) != 1) _exit(1);
    for (;;) pause();
  }
  close(ready[1]);
  bool held = read(ready[0], &byte, 1) == 1;
  close(ready[0]);
  return held ? child : -1;
}

static void test_lock(void) {
  char *file DC_CLEANUP(dc_mem_free) = dc_path_join(dir, "pid");
  struct dc_err err = DC_ERR_INIT;
  int status = 0;
  long holder = 0;
  pid_t child = holder_of(file);
  int fd = open(file, O_RDWR | O_CLOEXEC);
  ok(dc_os_lock_holder(fd, &holder) == 1 && holder == child, "another process holds it: %ld", holder);
  is_num(dc_os_lock(fd), 1, "it is not to be had");
  is_num(dc_os_lock_end_holder(fd, &err), 0, "that process is asked to end");
  waitpid(child, &status, 0);
  ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM, "by a signal");
  is_num(dc_os_lock_holder(fd, &holder), 0, "nobody holds it then");
  is_num(dc_os_lock_end_holder(fd, &err), 1, "nobody is asked");
  is_num(dc_os_lock(fd), 0, "it is to be had");
  is_num(dc_os_lock_holder(-1, &holder), -1, "what is no file");
  close(fd);
  unlink(file);
}

/* Last: it cannot be taken back. What a running server has of it: tests/cli/sentry.sh. */
static void test_secrets(void) {
  struct rlimit core = {.rlim_cur = 1, .rlim_max = 1};
  dc_os_protect_secrets();
  ok(getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_cur == 0 && core.rlim_max == 0, "no core dump");
#if defined HAVE_SYS_PRCTL_H && defined PR_GET_DUMPABLE && !defined SANITIZED
  is_num(prctl(PR_GET_DUMPABLE), 0, "nor may others of this user look into its memory");
#else
  skip("no prctl, or a sanitizer that needs it", "nor may others of this user look into its memory");
#endif
}

int main(void) {
  if (!mkdtemp(dir)) return 99;
  test_files();
  test_unsent();
  test_lock();
  test_race();
  test_processes();
  rmdir(dir);
  test_secrets();
  return tap_done();
}
