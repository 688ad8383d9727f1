/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "store/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os.h"
#include "base/path.h"
#include "store/layout.h"

/* One that root has made can be taken by whose directory it is. What has another name too, or holds anything, is no lock
 * of ours but a file that somebody put here to be given it. */
static int check(int fd, const char *path, const struct dc_dir *dir, struct dc_err *err) {
  struct stat status;
  if (fstat(fd, &status)) return dc_err_sys(err, errno, "cannot look at the lock '%s'", path);
  if (!S_ISREG(status.st_mode)) return dc_err_set(err, DC_EINVAL, "the lock '%s' is not a regular file", path);
  return status.st_nlink != 1 || status.st_size ? 0 : dc_os_give(fd, path, dir, err);
}

int dc_lock_take(const struct dc_dir *dir, const struct dc_dir *own, struct dc_lock *lock, struct dc_err *err) {
  const char *name = dc_path_last(DC_LAYOUT_LOCK);
  char *path DC_CLEANUP(dc_mem_free) = dc_dir_path_of(own, name);
  if (!path) return dc_err_nomem(err);
  int fd = openat(own->fd, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);
  if (fd < 0) return dc_err_sys(err, errno, "cannot open the lock '%s'", path);
  int rc = check(fd, path, dir, err);
  if (rc) {
    close(fd);
    return rc;
  }
  rc = dc_os_lock(fd);
  if (rc) {
    int why = errno;
    long holder = 0;
    if (rc > 0 && dc_os_lock_holder(fd, &holder) <= 0) holder = 0;
    close(fd);
    if (rc < 0) return dc_err_sys(err, why, "cannot lock '%s'", path);
    if (holder == 0)
      return dc_err_set(err, DC_EBUSY, "another daprcerts is writing to '%s': try again when it is done", dir->path);
    return dc_err_set(err, DC_EBUSY, "another daprcerts (process %ld) is writing to '%s': try again when it is done",
                      holder, dir->path);
  }
  lock->fd = fd;
  return 0;
}

int dc_lock_is_held(const char *dir) {
  char *path DC_CLEANUP(dc_mem_free) = dc_path_join(dir, DC_LAYOUT_LOCK);
  int fd DC_CLEANUP(dc_mem_close) = path ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY) : -1;
  if (fd < 0) return path && errno == ENOENT ? 0 : -1;
  long holder;
  return dc_os_lock_holder(fd, &holder);
}

void dc_lock_release(struct dc_lock *lock) {
  if (lock->fd >= 0) close(lock->fd);
  lock->fd = -1;
}
