/* SPDX-License-Identifier: Apache-2.0 */
#include "store/lock.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/path.h"
#include "store/layout.h"
#include "tap.h"

static char dir[] = "/tmp/daprcerts-lock.XXXXXX";

static int take(struct dc_lock *lock, struct dc_err *err) {
  struct dc_dir top DC_CLEANUP(dc_dir_close) = DC_DIR_INIT, own DC_CLEANUP(dc_dir_close) = DC_DIR_INIT;
  int rc = dc_dir_open(dir, &top, err);
  if (!rc) rc = dc_dir_open_in(&top, DC_LAYOUT_OWN, &own, err);
  return rc ? rc : dc_lock_take(&top, &own, lock, err);
}

/* A process that holds the lock until it is killed, having told that it does. */
static pid_t holder(void) {
  int ready[2];
  char byte = 0;
  if (pipe(ready)) return -1;
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    struct dc_lock lock = DC_LOCK_INIT;
    if (take(&lock, NULL) || write(ready[1], "x", 1) != 1) _exit(1);
    for (;;) pause();
  }
  close(ready[1]);
  bool held = read(ready[0], &byte, 1) == 1;
  close(ready[0]);
  return held ? child : -1;
}

/* Whether another process gets it now. */
static int try_elsewhere(void) {
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    struct dc_lock lock = DC_LOCK_INIT;
    _exit(-take(&lock, NULL));
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? -WEXITSTATUS(status) : -99;
}

static void test_take(const char *path) {
  struct dc_lock lock = DC_LOCK_INIT;
  struct dc_err err = DC_ERR_INIT;
  struct stat file;
  umask(0);
  is_num(take(&lock, &err), 0, "taken");
  ok(stat(path, &file) == 0 && (file.st_mode & 07777) == 0600, "its file is nobody else's business");
  ok(fcntl(lock.fd, F_GETFD) & FD_CLOEXEC, "no program that is run inherits it");
  is_num(try_elsewhere(), DC_EBUSY, "another process does not get it");
  dc_lock_release(&lock);
  is_num(lock.fd, -1, "released");
  dc_lock_release(&lock);
  is_num(try_elsewhere(), 0, "it does now");
}

static void test_busy(void) {
  struct dc_lock lock = DC_LOCK_INIT;
  struct dc_err err = DC_ERR_INIT;
  char want[256];
  pid_t child = holder();
  if (!ok(child > 0, "another process holds it")) return;
  is_num(take(&lock, &err), DC_EBUSY, "refused at once");
  snprintf(want, sizeof want, "another daprcerts (process %ld) is writing to '%s': try again when it is done",
           (long)child, dir);
  is_text(err.text, want, "the holder is named");
  is_num(lock.fd, -1, "nothing comes out");
  is_num(dc_lock_is_held(dir), 1, "that it is held can be seen");
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
  is_num(dc_lock_is_held(dir), 0, "and that it is not, any more");
  is_num(take(&lock, &err), 0, "the holder's violent end is the lock's");
  dc_lock_release(&lock);
}

/* What cannot be a lock is told, and is not waited for. */
static void test_no_file(const char *path) {
  struct dc_lock lock = DC_LOCK_INIT;
  struct dc_err err = DC_ERR_INIT;
  char want[256];
  unlink(path);
  ok(symlink("elsewhere", path) == 0, "a link in its place");
  ok(take(&lock, &err) < 0 && lock.fd == -1, "is not followed");
  snprintf(want, sizeof want, "cannot open the lock '%s': ", path);
  ok(strncmp(err.text, want, strlen(want)) == 0, "and told: %s", err.text);
  unlink(path);
  ok(mkfifo(path, 0600) == 0, "a pipe");
  is_num(take(&lock, &err), DC_EINVAL, "is refused");
  snprintf(want, sizeof want, "the lock '%s' is not a regular file", path);
  is_text(err.text, want, "as what it is");
  is_num(dc_lock_is_held(dir), 0, "nobody holds it");
  is_num(dc_lock_is_held("/nonexistent"), 0, "nor one that is not there");
}

int main(void) {
  if (!mkdtemp(dir)) return 99;
  char *own DC_CLEANUP(dc_mem_free) = dc_path_join(dir, DC_LAYOUT_OWN);
  char *path DC_CLEANUP(dc_mem_free) = dc_path_join(dir, DC_LAYOUT_LOCK);
  if (mkdir(own, 0700)) return 99;
  test_take(path);
  test_busy();
  test_no_file(path);
  unlink(path);
  rmdir(own);
  rmdir(dir);
  return tap_done();
}
