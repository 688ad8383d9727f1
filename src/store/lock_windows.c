/* SPDX-License-Identifier: Apache-2.0 */
/* The lock on Windows: a range far behind the file's end, so that the holder's number can be read before it. */
#include "config.h"

#include "store/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <windows.h>

#include "base/os.h"
#include "base/path.h"
#include "store/layout.h"

/* Who only looks whether it is held has it for less than this. */
enum { TRIES = 5, TRY_MS = 10 };

static HANDLE handle_of(int fd) { return (HANDLE)_get_osfhandle(fd); }

static bool lock(int fd) {
  OVERLAPPED at = {.OffsetHigh = 1};
  return LockFileEx(handle_of(fd), LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &at);
}

static bool is_refusal(DWORD why) { return why == ERROR_LOCK_VIOLATION || why == ERROR_IO_PENDING; }

static long holder(int fd) {
  char text[32] = "";
  ssize_t n = read(fd, text, sizeof text - 1);
  return n > 0 ? strtol(text, NULL, 10) : 0;
}

/* Who holds it, for the message to others; what cannot be written is not told. */
static void sign(int fd) {
  char text[32];
  int n = snprintf(text, sizeof text, "%ld\n", (long)GetCurrentProcessId());
  if (_chsize(fd, 0) == 0) (void)!write(fd, text, (size_t)n);
}

int dc_lock_take(const struct dc_dir *dir, const struct dc_dir *own, struct dc_lock *taken, struct dc_err *err) {
  const char *name = dc_path_last(DC_LAYOUT_LOCK);
  char *path DC_CLEANUP(dc_mem_free) = dc_dir_path_of(own, name);
  if (!path) return dc_err_nomem(err);
  int fd = openat(own->fd, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return dc_err_sys(err, errno, "cannot open the lock '%s'", path);
  bool taken_now = lock(fd);
  for (int i = 1; !taken_now && i < TRIES && is_refusal(GetLastError()); i++) {
    Sleep(TRY_MS);
    taken_now = lock(fd);
  }
  if (!taken_now) {
    DWORD why = GetLastError();
    long other = holder(fd);
    close(fd);
    if (!is_refusal(why))
      return dc_err_sys(err, dc_posix_errno(why), "cannot lock '%s'", path);
    return dc_err_set(err, DC_EBUSY, "another daprcerts (process %ld) is writing to '%s': try again when it is done", other,
                      dir->path);
  }
  sign(fd);
  taken->fd = fd;
  return 0;
}

/* Only by taking it for a moment: see TRIES. */
int dc_lock_is_held(const char *dir) {
  char *path DC_CLEANUP(dc_mem_free) = dc_path_join(dir, DC_LAYOUT_LOCK);
  int fd DC_CLEANUP(dc_mem_close) = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (fd < 0) return path && errno == ENOENT ? 0 : -1;
  if (lock(fd)) return 0;
  return is_refusal(GetLastError()) ? 1 : -1;
}

void dc_lock_release(struct dc_lock *taken) {
  if (taken->fd >= 0) close(taken->fd);
  taken->fd = -1;
}
