/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "tools/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/os.h"

/* --- the background ----------------------------------------------------------------------------------------------- */

static int ready_end = -1; /* of a pipe to who waits */

/* Until a byte comes, or the child ends without one. */
static int await(pid_t child, int fd) {
  char byte = 0;
  ssize_t n = 0;
  int status = 0;
  while ((n = read(fd, &byte, 1)) < 0 && errno == EINTR) {}
  if (n == 1) return 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int dc_daemon_fork(bool *ends, int *status, struct dc_err *err) {
  int fds[2];
  if (pipe(fds) != 0) return dc_err_sys(err, errno, "cannot make a pipe");
  (void)fcntl(fds[1], F_SETFD, FD_CLOEXEC);
  pid_t child = fork();
  if (child < 0) {
    int why = errno;
    close(fds[0]);
    close(fds[1]);
    return dc_err_sys(err, why, "cannot go into the background");
  }
  close(fds[child ? 1 : 0]);
  *ends = child != 0;
  if (child) {
    *status = await(child, fds[0]);
    close(fds[0]);
    return 0;
  }
  ready_end = fds[1];
  (void)setsid();
  return 0;
}

void dc_daemon_ready(void) {
  if (ready_end < 0) return;
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO && null >= 0; fd++) (void)dup2(null, fd);
  if (null > STDERR_FILENO) close(null);
  ssize_t told = write(ready_end, "", 1);
  (void)told; /* who does not wait any more has no use for it */
  close(ready_end);
  ready_end = -1;
}

/* --- the pid file ------------------------------------------------------------------------------------------------- */

/* 0, or the process that has a lock on it. */
static pid_t holder_of(int fd) {
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  return fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK ? lock.l_pid : 0;
}

/* FD is still the file at PATH: one that ends removes it, and who had opened it before holds a file without a name. */
static bool is_at(int fd, const char *path) {
  struct stat held, named;
  return fstat(fd, &held) == 0 && stat(path, &named) == 0 && held.st_ino == named.st_ino && held.st_dev == named.st_dev;
}

static int lock(const char *path, int command, int *out, struct dc_err *err) {
  struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  for (;;) {
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644), rc = 0;
    if (fd < 0) return dc_err_sys(err, errno, "cannot open '%s'", path);
    while ((rc = fcntl(fd, command, &whole)) < 0 && errno == EINTR) {}
    if (rc == 0 && is_at(fd, path)) {
      *out = fd;
      return 0;
    }
    int why = errno;
    long holder = rc < 0 ? (long)holder_of(fd) : 0;
    close(fd);
    if (rc == 0) continue;
    if (why != EACCES && why != EAGAIN) return dc_err_sys(err, why, "cannot lock '%s'", path);
    return holder > 0 ? dc_err_set(err, DC_EBUSY, "process %ld serves already: it holds '%s'", holder, path)
                      : dc_err_set(err, DC_EBUSY, "another process serves already: it holds '%s'", path);
  }
}

int dc_pid_file_take(const char *path, struct dc_pid_file *file, struct dc_err *err) {
  char text[32];
  int n = snprintf(text, sizeof text, "%ld\n", (long)getpid()), fd = -1;
  int rc = lock(path, F_SETLK, &fd, err);
  if (!rc && ftruncate(fd, 0) != 0) rc = dc_err_sys(err, errno, "cannot write '%s'", path);
  if (!rc) rc = dc_os_write_fd(fd, path, text, (size_t)n, err);
  if (rc && fd >= 0) close(fd);
  if (!rc) *file = (struct dc_pid_file){.fd = fd, .path = path};
  return rc;
}

/* The lock stays until the process is gone, for who waits for that. */
void dc_pid_file_remove(struct dc_pid_file *file) {
  if (file->fd >= 0) (void)unlink(file->path);
  file->fd = -1;
}

int dc_pid_file_stop(const char *path, struct dc_err *err) {
  int fd DC_CLEANUP(dc_mem_close) = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW), held = -1;
  if (fd < 0) return errno == ENOENT ? 1 : dc_err_sys(err, errno, "cannot open '%s'", path);
  pid_t holder = holder_of(fd);
  if (holder > 0 && kill(holder, SIGTERM) != 0 && errno != ESRCH)
    return dc_err_sys(err, errno, "cannot stop process %ld", (long)holder);
  int rc = lock(path, F_SETLKW, &held, err); /* once it has ended */
  if (rc) return rc;
  (void)unlink(path);
  close(held);
  return holder > 0 ? 0 : 1;
}
