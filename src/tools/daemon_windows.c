/* SPDX-License-Identifier: Apache-2.0 */
/* On Windows a server goes to the background by a service manager; daemon.c has what Unix does. */
#include "config.h"

#include "tools/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <unistd.h>
#include <windows.h>

#include "base/os.h"

int dc_daemon_fork(bool *ends, int *status, struct dc_err *err) {
  (void)ends;
  (void)status;
  return dc_err_set(err, DC_EUNSUPPORTED, "'--daemon' is not for Windows: start it without, or by a service manager");
}

void dc_daemon_ready(void) {}

/* Far behind the number, so that others can read it. */
static bool lock(int fd) {
  OVERLAPPED at = {.OffsetHigh = 1};
  return LockFileEx((HANDLE)_get_osfhandle(fd), LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &at);
}

int dc_pid_file_take(const char *path, struct dc_pid_file *file, struct dc_err *err) {
  char text[32];
  int n = snprintf(text, sizeof text, "%ld\n", (long)getpid());
  int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644), rc = 0;
  if (fd < 0) return dc_err_sys(err, errno, "cannot open '%s'", path);
  if (!lock(fd)) rc = dc_err_set(err, DC_EBUSY, "another process serves already: it holds '%s'", path);
  if (!rc && _chsize(fd, 0) != 0) rc = dc_err_sys(err, errno, "cannot write '%s'", path);
  if (!rc) rc = dc_os_write_fd(fd, path, text, (size_t)n, err);
  if (rc)
    close(fd);
  else
    *file = (struct dc_pid_file){.fd = fd, .path = path};
  return rc;
}

void dc_pid_file_remove(struct dc_pid_file *file) {
  if (file->fd < 0) return;
  (void)unlink(file->path);
  close(file->fd);
  file->fd = -1;
}

int dc_pid_file_stop(const char *path, struct dc_err *err) {
  (void)path;
  return dc_err_set(err, DC_EUNSUPPORTED, "'--stop' is not for Windows: end the server by Ctrl-C or its service manager");
}
