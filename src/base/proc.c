/* SPDX-License-Identifier: Apache-2.0 */
/* Child processes on Unix (proc_windows.c has the other ones): fork and exec, with the failure of exec told through a pipe that exec closes. */
#include <config.h>

#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct pipe_ends {
  int read, write;
};

static void close_end(int *fd) {
  dc_mem_close(fd);
  *fd = -1;
}

static void close_pipe(struct pipe_ends *ends) {
  close_end(&ends->read);
  close_end(&ends->write);
}

/* Away from the three standard numbers, which may be free and which the child is about to fill. */
static int move_up(int *fd) {
  if (*fd > STDERR_FILENO) return 0;
  int high = fcntl(*fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  if (high < 0) return -1;
  close_end(fd);
  *fd = high;
  return 0;
}

static int open_pipe(struct pipe_ends *ends) {
  int fds[2];
#ifdef HAVE_PIPE2
  if (pipe2(fds, O_CLOEXEC) != 0) return -1;
#else
  if (pipe(fds) != 0) return -1;
  (void)fcntl(fds[0], F_SETFD, FD_CLOEXEC);
  (void)fcntl(fds[1], F_SETFD, FD_CLOEXEC);
#endif
  *ends = (struct pipe_ends){.read = fds[0], .write = fds[1]};
  return move_up(&ends->read) == 0 && move_up(&ends->write) == 0 ? 0 : -1;
}

struct run {
  struct pipe_ends in, out, err, exec;
  pid_t child;
  const char *input;
  size_t input_left;
};

static void close_run(struct run *run) {
  close_pipe(&run->in);
  close_pipe(&run->out);
  close_pipe(&run->err);
  close_pipe(&run->exec);
}

/* Only what is safe after fork in a program with threads. */
_Noreturn static void be_child(const struct run *run, char *const argv[], const sigset_t *mask) {
  const struct sigaction normal = {.sa_handler = SIG_DFL};
  sigaction(SIGPIPE, &normal, NULL);
  sigprocmask(SIG_SETMASK, mask, NULL);
  if (dup2(run->in.read, STDIN_FILENO) >= 0 && dup2(run->out.write, STDOUT_FILENO) >= 0 &&
      (run->err.write < 0 || dup2(run->err.write, STDERR_FILENO) >= 0))
    execv(argv[0], argv);
  int why = errno;
  ssize_t told = write(run->exec.write, &why, sizeof why);
  _exit(told == (ssize_t)sizeof why ? 127 : 126);
}

static int start(struct run *run, char *const argv[], bool with_err, const sigset_t *mask, struct dc_err *err) {
  if (open_pipe(&run->in) != 0 || open_pipe(&run->out) != 0 || open_pipe(&run->exec) != 0 ||
      (with_err && open_pipe(&run->err) != 0))
    return dc_err_sys(err, errno, "cannot make a pipe to run '%s'", argv[0]);
  run->child = fork();
  if (run->child < 0) return dc_err_sys(err, errno, "cannot start a process to run '%s'", argv[0]);
  if (run->child == 0) be_child(run, argv, mask);
  close_end(&run->in.read);
  close_end(&run->out.write);
  close_end(&run->err.write);
  close_end(&run->exec.write);
  int why = 0;
  ssize_t n;
  do n = read(run->exec.read, &why, sizeof why);
  while (n < 0 && errno == EINTR);
  if (n == (ssize_t)sizeof why) return dc_err_sys(err, why, "cannot run '%s'", argv[0]);
  return 0;
}

/* As much as the pipe takes; closes it at the end, or when the child reads no more. */
static void feed(struct run *run) {
  if (run->input_left > 0) {
    ssize_t n = write(run->in.write, run->input, run->input_left);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (n < 0) {
      close_end(&run->in.write);
      return;
    }
    run->input += n;
    run->input_left -= (size_t)n;
  }
  if (run->input_left == 0) close_end(&run->in.write);
}

/* One read; closes the end when the child has. USED counts towards MAX. */
static int drain(int *fd, const char *program, size_t max, size_t *used, struct dc_buf *out, struct dc_err *err) {
  unsigned char chunk[16384];
  ssize_t n = read(*fd, chunk, sizeof chunk);
  if (n < 0 && (errno == EINTR || errno == EAGAIN)) return 0;
  if (n < 0) return dc_err_sys(err, errno, "cannot read from '%s'", program);
  if (n == 0) {
    close_end(fd);
    return 0;
  }
  *used += (size_t)n;
  if (*used <= max) dc_buf_add(out, chunk, (size_t)n);
  dc_mem_wipe(chunk, (size_t)n);
  if (*used > max) return dc_err_set(err, DC_ELIMIT, "'%s' printed more than the accepted %zu bytes", program, max);
  return dc_buf_check(out, err);
}

static int exchange(struct run *run, const char *program, size_t max, struct dc_buf *out, struct dc_buf *err_out,
                    struct dc_err *err) {
  size_t used = 0, err_used = 0;
  int rc = 0;
  if (fcntl(run->in.write, F_SETFL, O_NONBLOCK) != 0) return dc_err_sys(err, errno, "cannot feed '%s'", program);
  if (run->input_left == 0) close_end(&run->in.write);
  while (rc == 0 && (run->out.read >= 0 || run->err.read >= 0 || run->in.write >= 0)) {
    struct pollfd fds[] = {
      {.fd = run->in.write, .events = POLLOUT}, /* poll passes over a negative one */
      {.fd = run->out.read, .events = POLLIN},
      {.fd = run->err.read, .events = POLLIN},
    };
    if (poll(fds, DC_COUNT(fds), -1) < 0) {
      if (errno == EINTR) continue;
      return dc_err_sys(err, errno, "cannot wait for '%s'", program);
    }
    if (fds[0].revents) feed(run);
    if (fds[1].revents) rc = drain(&run->out.read, program, max, &used, out, err);
    if (rc == 0 && fds[2].revents) rc = drain(&run->err.read, program, max, &err_used, err_out, err);
  }
  return rc;
}

static int reap(pid_t child, const char *program, int *status, struct dc_err *err) {
  int raw = 0;
  pid_t got;
  do got = waitpid(child, &raw, 0);
  while (got < 0 && errno == EINTR);
  if (got < 0) return dc_err_sys(err, errno, "cannot learn how '%s' ended", program);
  *status = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
  return 0;
}

/* Writing to a child that has gone raises SIGPIPE: held back in this thread, and taken away when it was ours. */
static void block_sigpipe(sigset_t *before, bool *pending) {
  sigset_t pipe_only, now;
  sigemptyset(&pipe_only);
  sigaddset(&pipe_only, SIGPIPE);
  sigpending(&now);
  *pending = sigismember(&now, SIGPIPE) == 1;
  pthread_sigmask(SIG_BLOCK, &pipe_only, before);
}

static void restore_sigpipe(const sigset_t *before, bool pending) {
  sigset_t pipe_only, now;
  int got;
  sigemptyset(&pipe_only);
  sigaddset(&pipe_only, SIGPIPE);
  sigpending(&now);
  if (!pending && sigismember(&now, SIGPIPE) == 1) sigwait(&pipe_only, &got);
  pthread_sigmask(SIG_SETMASK, before, NULL);
}

int dc_proc_run(char *const argv[], const void *input, size_t input_len, size_t max, struct dc_buf *out,
                struct dc_buf *err_out, int *status, struct dc_err *err) {
  struct run run = {.in = {-1, -1}, .out = {-1, -1}, .err = {-1, -1}, .exec = {-1, -1}, .child = -1};
  sigset_t mask;
  bool pending;
  int ended = 0;
  run.input = input;
  run.input_left = input_len;
  block_sigpipe(&mask, &pending);
  int rc = start(&run, argv, err_out != NULL, &mask, err);
  if (rc == 0) rc = exchange(&run, argv[0], max, out, err_out, err);
  if (run.child > 0) {
    if (rc != 0) kill(run.child, SIGKILL);
    close_run(&run);
    int waited = reap(run.child, argv[0], &ended, rc == 0 ? err : NULL);
    if (rc == 0) rc = waited;
  }
  close_run(&run);
  restore_sigpipe(&mask, pending);
  if (rc == 0) *status = ended;
  return rc;
}

int dc_proc_become(char *const argv[], int *status, struct dc_err *err) {
  (void)status;
  execv(argv[0], argv);
  return dc_err_sys(err, errno, "cannot run '%s'", argv[0]);
}

/* Until a byte comes, or the child ends without one. */
static int await(pid_t child, int fd, int *status, struct dc_err *err) {
  char byte;
  ssize_t n;
  do n = read(fd, &byte, 1);
  while (n < 0 && errno == EINTR);
  if (n != 1) return reap(child, "the child in the background", status, err);
  *status = 0;
  return 0;
}

int dc_proc_background(bool *child, int *ready, int *status, struct dc_err *err) {
  struct pipe_ends ends = {.read = -1, .write = -1};
  int rc = open_pipe(&ends) == 0 ? 0 : dc_err_sys(err, errno, "cannot make a pipe");
  pid_t pid = rc ? -1 : fork();
  if (!rc && pid < 0) rc = dc_err_sys(err, errno, "cannot go into the background");
  *child = pid == 0;
  close_end(pid == 0 ? &ends.read : &ends.write);
  if (pid == 0) {
    *ready = ends.write;
    (void)setsid();
    return 0;
  }
  if (!rc) rc = await(pid, ends.read, status, err);
  close_end(&ends.read);
  return rc;
}
