/* SPDX-License-Identifier: Apache-2.0 */
#include "base/proc.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

enum { MUCH = 1 << 20 };
static char much[MUCH];

struct result {
  int rc, status;
  struct dc_buf out, err_out;
  struct dc_err err;
};

static void result_free(struct result *result) {
  dc_buf_free(&result->out);
  dc_buf_free(&result->err_out);
}

static struct result run(const char *script, const void *input, size_t n, size_t max) {
  char *argv[] = {(char *)(uintptr_t)"/bin/sh", (char *)(uintptr_t)"-c", (char *)(uintptr_t)script, NULL};
  struct result result = {.status = -1};
  result.rc = dc_proc_run(argv, input, n, max, &result.out, &result.err_out, &result.status, &result.err);
  return result;
}

static void test_output(void) {
  struct result result DC_CLEANUP(result_free) = run("cat; echo warn >&2; exit 7", "in", 2, 100);
  is_num(result.rc, 0, "a program runs");
  is_num(result.status, 7, "its exit status");
  is_text(dc_buf_text(&result.out), "in", "its input came through to its output");
  is_text(dc_buf_text(&result.err_out), "warn\n", "its standard error");
  char *argv[] = {(char *)(uintptr_t)"/bin/sh", (char *)(uintptr_t)"-c", (char *)(uintptr_t)"printf ' more'", NULL};
  is_num(dc_proc_run(argv, NULL, 0, 100, &result.out, NULL, &result.status, NULL), 0, "another, without input");
  is_text(dc_buf_text(&result.out), "in more", "its output is appended");
  is_num(result.status, 0, "its exit status is 0");
}

static void test_signal(void) {
  struct result result DC_CLEANUP(result_free) = run("kill -TERM $$", NULL, 0, 100);
  ok(result.rc == 0 && result.status == 128 + SIGTERM, "a signal is 128 and its number");
}

/* More than a pipe holds, at once in both directions and on standard error. */
static void test_much(void) {
  struct result result DC_CLEANUP(result_free) = run("tee /dev/stderr", much, MUCH, MUCH);
  is_num(result.rc, 0, "a megabyte in");
  ok(result.out.len == MUCH && memcmp(result.out.data, much, MUCH) == 0, "a megabyte out");
  ok(result.err_out.len == MUCH && memcmp(result.err_out.data, much, MUCH) == 0, "and another");
}

static void test_limit(void) {
  static const char *const scripts[] = {"cat; exec sleep 1000", "cat >&2; exec sleep 1000"};
  for (size_t i = 0; i < DC_COUNT(scripts); i++) {
    struct result result DC_CLEANUP(result_free) = run(scripts[i], much, 101, 100);
    is_num(result.rc, DC_ELIMIT, scripts[i]);
    ok(strstr(result.err.text, "'/bin/sh' printed more than the accepted 100 bytes") != NULL, "it is told");
    is_num(result.status, -1, "there is no status");
  }
  struct result result DC_CLEANUP(result_free) = run("cat", much, 100, 100);
  ok(result.rc == 0 && result.out.len == 100, "just as much is accepted");
}

/* The signal of a broken pipe reaches neither this process nor the next one. */
static void test_early_end(void) {
  sigset_t before, after, pending;
  sigprocmask(SIG_SETMASK, NULL, &before);
  struct result result DC_CLEANUP(result_free) = run("exec <&-; exit 3", much, MUCH, 100);
  sigprocmask(SIG_SETMASK, NULL, &after);
  sigpending(&pending);
  ok(result.rc == 0 && result.status == 3, "who does not read its input is no error");
  ok(!sigismember(&pending, SIGPIPE), "no SIGPIPE is left");
  is_num(sigismember(&after, SIGPIPE), sigismember(&before, SIGPIPE), "nor held back");
}

/* A program that ignores SIGPIPE, as servers do, must not pass that on: `yes | head` would never end. */
static void test_child_signals(void) {
  struct sigaction old, now = {.sa_handler = SIG_IGN};
  sigaction(SIGPIPE, &now, &old);
  struct result result DC_CLEANUP(result_free) = run("kill -PIPE $$; exit 1", NULL, 0, 100);
  ok(result.rc == 0 && result.status == 128 + SIGPIPE, "SIGPIPE ends a child whose parent ignores it");
  sigaction(SIGPIPE, &old, &now);
  ok(now.sa_handler == SIG_IGN, "which goes on ignoring it");
}

static void test_no_program(void) {
  static const struct {
    const char *path;
    int code;
  } rows[] = {{"/nonexistent/program", DC_ENOENT}, {"/", DC_EACCES}};
  for (size_t i = 0; i < DC_COUNT(rows); i++) {
    char *argv[] = {(char *)(uintptr_t)rows[i].path, NULL};
    struct dc_buf out DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    struct dc_err err = DC_ERR_INIT;
    int status = -1;
    is_num(dc_proc_run(argv, much, MUCH, 100, &out, NULL, &status, &err), rows[i].code, rows[i].path);
    ok(strstr(err.text, rows[i].path) != NULL, "it is named: %s", err.text);
    ok(status == -1 && out.len == 0, "nothing comes out");
  }
  is_num(waitpid(-1, NULL, WNOHANG), -1, "no child is left");
}

static size_t open_descriptors(void) {
  size_t count = 0;
  DIR *entries = opendir("/dev/fd");
  while (entries && readdir(entries)) count++;
  if (entries) closedir(entries);
  return count;
}

static void test_descriptors(void) {
  size_t before = open_descriptors();
  struct result good DC_CLEANUP(result_free) = run("exit 0", much, 10, 100);
  struct result bad DC_CLEANUP(result_free) = run("cat", much, 101, 100);
  ok(good.rc == 0 && bad.rc == DC_ELIMIT && open_descriptors() == before, "no descriptor is left");
}

/* The pipes themselves get the numbers 0 to 2 then. */
static void test_closed_standard(void) {
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    for (int fd = 0; fd < 3; fd++) close(fd);
    struct result result = run("cat; echo two >&2", "one", 3, 100);
    _exit(result.rc || strcmp(dc_buf_text(&result.out), "one") != 0 ||
          strcmp(dc_buf_text(&result.err_out), "two\n") != 0);
  }
  int status = -1;
  waitpid(child, &status, 0);
  is_num(status, 0, "without standard descriptors of its own");
}

int main(void) {
  for (size_t i = 0; i < MUCH; i++) much[i] = (char)(i * 31 >> 3);
  test_output();
  test_signal();
  test_much();
  test_limit();
  test_early_end();
  test_child_signals();
  test_no_program();
  test_descriptors();
  test_closed_standard();
  return tap_done();
}
