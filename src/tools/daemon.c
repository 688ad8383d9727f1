/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "tools/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os.h"
#include "base/proc.h"

/* --- the background ----------------------------------------------------------------------------------------------- */

static int ready_end = -1; /* of a pipe to who waits */

int dc_daemon_fork(bool *ends, int *status, struct dc_err *err) {
  bool child = false;
  int rc = dc_proc_background(&child, &ready_end, status, err);
  *ends = !child;
  return rc;
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

/* FD is still the file at PATH: one that ends removes it, and who had opened it before holds a file without a name. */
static bool is_at(int fd, const char *path) {
  struct stat held, named;
  return fstat(fd, &held) == 0 && stat(path, &named) == 0 && held.st_ino == named.st_ino && held.st_dev == named.st_dev;
}

static int take(const char *path, int *out, struct dc_err *err) {
  for (;;) {
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0644);
    if (fd < 0) return dc_err_sys(err, errno, "cannot open '%s'", path);
    int rc = dc_os_lock(fd);
    if (rc == 0 && is_at(fd, path)) {
      *out = fd;
      return 0;
    }
    int why = errno;
    long holder = 0;
    if (rc > 0 && dc_os_lock_holder(fd, &holder) <= 0) holder = 0;
    close(fd);
    if (rc == 0) continue;
    if (rc < 0) return dc_err_sys(err, why, "cannot lock '%s'", path);
    return holder > 0 ? dc_err_set(err, DC_EBUSY, "process %ld serves already: it holds '%s'", holder, path)
                      : dc_err_set(err, DC_EBUSY, "another process serves already: it holds '%s'", path);
  }
}

int dc_pid_file_take(const char *path, struct dc_pid_file *file, struct dc_err *err) {
  char text[32];
  int n = snprintf(text, sizeof text, "%ld\n", (long)getpid()), fd = -1;
  int rc = dc_os_expect_end(err); /* whoever finds the file held may ask at once */
  if (!rc) rc = take(path, &fd, err);
  if (!rc && (ftruncate(fd, 0) != 0 || lseek(fd, 0, SEEK_SET) != 0)) rc = dc_err_sys(err, errno, "cannot write '%s'", path);
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

static int open_file(const char *path, int flags, int *fd, struct dc_err *err) {
  *fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  return *fd >= 0 ? 0 : errno == ENOENT ? 1 : dc_err_sys(err, errno, "cannot open '%s'", path);
}

int dc_pid_file_holder(const char *path, long *process, struct dc_err *err) {
  int fd DC_CLEANUP(dc_mem_close) = -1;
  int rc = open_file(path, O_RDONLY, &fd, err);
  if (rc) return rc;
  int held = dc_os_lock_holder(fd, process);
  if (held < 0) return dc_err_sys(err, errno, "cannot tell who holds '%s'", path);
  if (held && *process == 0) return dc_err_set(err, DC_EDENIED, "'%s' is held by a process that is not to be seen from here", path);
  return held ? 0 : 1;
}

int dc_pid_file_stop(const char *path, struct dc_err *err) {
  int fd DC_CLEANUP(dc_mem_close) = -1;
  int rc = open_file(path, O_RDWR, &fd, err);
  if (rc) return rc;
  rc = dc_os_lock_end_holder(fd, err);
  if (rc >= 0 && dc_os_lock(fd) == 0 && is_at(fd, path)) (void)unlink(path); /* of one that was killed */
  return rc;
}
