/* SPDX-License-Identifier: Apache-2.0 */
/* Files written privately and durably, directories. */
#include <config.h>

#include "base/os.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/dir.h"
#include "base/path.h"

enum { CHUNK = 16384, NAME_TRIES = 1000 };

/* A descriptor that we were given may be non-blocking: waits until it is ready. */
static void wait_for(int fd, short events) {
  struct pollfd ready = {.fd = fd, .events = events};
  poll(&ready, 1, -1);
}

static bool again(int fd, short events) {
  if (errno == EINTR) return true;
#if EAGAIN == EWOULDBLOCK
  if (errno != EAGAIN) return false;
#else
  if (errno != EAGAIN && errno != EWOULDBLOCK) return false;
#endif
  wait_for(fd, events);
  return true;
}

static int read_all(int fd, const char *name, size_t max, struct dc_buf *out, struct dc_err *err) {
  size_t total = 0;
  for (;;) {
    unsigned char chunk[CHUNK];
    ssize_t n = read(fd, chunk, sizeof chunk);
    if (n < 0 && again(fd, POLLIN)) continue;
    if (n < 0) return dc_err_sys(err, errno, "cannot read '%s'", name);
    if (n == 0) return dc_buf_check(out, err);
    total += (size_t)n;
    if (total <= max) dc_buf_add(out, chunk, (size_t)n);
    dc_mem_wipe(chunk, (size_t)n);
    if (total > max) return dc_err_set(err, DC_ELIMIT, "'%s' is larger than the accepted %zu bytes", name, max);
  }
}

int dc_os_read_fd(int fd, const char *name, size_t max, struct dc_buf *out, struct dc_err *err) {
  size_t before = out->len;
  int rc = read_all(fd, name, max, out, err);
  if (rc != 0) dc_buf_truncate(out, before);
  return rc;
}

/* By open where that does: ThreadSanitizer does not see that openat makes a descriptor, and takes it for the one before with
 * the same number, which may have been another thread's. */
static int open_at(int at, const char *name, int flags, mode_t mode) {
  return at == AT_FDCWD ? open(name, flags, mode) : openat(at, name, flags, mode);
}

/* NAME, below the directory that is open as AT; PATH in messages. A pipe is read where a user names one. Elsewhere it
 * would stop us until somebody writes. */
static int open_to_read(int at, const char *name, const char *path, bool pipes, int more, int *fd, struct dc_err *err) {
  struct stat st;
  int opened DC_CLEANUP(dc_mem_close) =
      open_at(at, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | (pipes ? 0 : O_NONBLOCK) | more, 0);
  if (opened < 0 || fstat(opened, &st) != 0) return dc_err_sys(err, errno, "cannot open '%s'", path);
  if (S_ISDIR(st.st_mode)) return dc_err_set(err, DC_EINVAL, "'%s' is a directory, not a file", path);
  if (!pipes && !S_ISREG(st.st_mode)) return dc_err_set(err, DC_EINVAL, "'%s' is not a regular file", path);
  *fd = opened;
  opened = -1;
  return 0;
}

int dc_os_open_file(const char *path, int *fd, struct dc_err *err) {
  return open_to_read(AT_FDCWD, path, path, true, 0, fd, err);
}

int dc_os_open_regular(const char *path, int *fd, struct dc_err *err) {
  return open_to_read(AT_FDCWD, path, path, false, 0, fd, err);
}

int dc_os_read_regular(const char *path, size_t max, struct dc_buf *out, struct dc_err *err) {
  int fd DC_CLEANUP(dc_mem_close) = -1;
  int rc = dc_os_open_regular(path, &fd, err);
  return rc ? rc : dc_os_read_fd(fd, path, max, out, err);
}

int dc_os_open_in(const struct dc_dir *dir, const char *name, int *fd, struct dc_err *err) {
  char *path DC_CLEANUP(dc_mem_free) = dc_dir_path_of(dir, name);
  return path ? open_to_read(dir->fd, name, path, false, O_NOFOLLOW, fd, err) : dc_err_nomem(err);
}

int dc_os_read_in(const struct dc_dir *dir, const char *name, size_t max, struct dc_buf *out, struct dc_err *err) {
  int fd DC_CLEANUP(dc_mem_close) = -1;
  char *path DC_CLEANUP(dc_mem_free) = dc_dir_path_of(dir, name);
  int rc = path ? dc_os_open_in(dir, name, &fd, err) : dc_err_nomem(err);
  return rc ? rc : dc_os_read_fd(fd, path, max, out, err);
}

int dc_os_read_file(const char *path, size_t max, struct dc_buf *out, struct dc_err *err) {
  if (strcmp(path, "-") == 0) return dc_os_read_fd(STDIN_FILENO, "standard input", max, out, err);
  int fd DC_CLEANUP(dc_mem_close) = -1;
  int rc = dc_os_open_file(path, &fd, err);
  return rc ? rc : dc_os_read_fd(fd, path, max, out, err);
}

int dc_os_write_fd(int fd, const char *name, const void *bytes, size_t n, struct dc_err *err) {
  const char *at = bytes;
  while (n > 0) {
    ssize_t done = write(fd, at, n);
    if (done < 0 && again(fd, POLLOUT)) continue;
    if (done < 0) return dc_err_sys(err, errno, "cannot write '%s'", name);
    at += done;
    n -= (size_t)done;
  }
  return 0;
}

/* To the disk itself, where the system tells the drive's cache apart from it. */
static int sync_fd(int fd) {
#ifdef F_FULLFSYNC
  if (fcntl(fd, F_FULLFSYNC) == 0) return 0;
#endif
  int rc;
  do rc = fsync(fd);
  while (rc != 0 && errno == EINTR);
  return rc;
}

/* Opened for the owner alone, so that a wider MODE is given only by fchmod, which no umask bends. */
static int open_new(int at, const char *name, mode_t mode) {
  int fd = open_at(at, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, (mode_t)(mode & 0600));
  if (fd < 0) return -1;
  if (fchmod(fd, mode) == 0) return fd;
  int kept = errno;
  close(fd);
  unlinkat(at, name, 0);
  errno = kept;
  return -1;
}

/* Writes and closes FD; NAME in AT, which it belongs to, is removed when that fails. SHOWN is its name in messages. */
static int fill(int fd, int at, const char *name, const char *shown, const void *bytes, size_t n, struct dc_err *err) {
  int rc = dc_os_write_fd(fd, shown, bytes, n, err);
  if (rc == 0 && sync_fd(fd) != 0) rc = dc_err_sys(err, errno, "cannot write '%s'", shown);
  if (close(fd) != 0 && rc == 0 && errno != EINTR) rc = dc_err_sys(err, errno, "cannot write '%s'", shown);
  if (rc != 0) unlinkat(at, name, 0);
  return rc;
}

int dc_os_write_new(const char *path, mode_t mode, const void *bytes, size_t n, struct dc_err *err) {
  int fd = open_new(AT_FDCWD, path, mode);
  if (fd < 0) return dc_err_sys(err, errno, "cannot create '%s'", path);
  return fill(fd, AT_FDCWD, path, path, bytes, n, err);
}

int dc_os_write_new_in(const struct dc_dir *dir, const char *name, mode_t mode, const struct dc_dir *owner,
                       const void *bytes, size_t n, struct dc_err *err) {
  char *path DC_CLEANUP(dc_mem_free) = dc_dir_path_of(dir, name);
  if (!path) return dc_err_nomem(err);
  int fd = open_new(dir->fd, name, mode);
  if (fd < 0) return dc_err_sys(err, errno, "cannot create '%s'", path);
  int rc = dc_os_give(fd, path, owner, err);
  if (rc == 0) return fill(fd, dir->fd, name, path, bytes, n, err);
  close(fd);
  unlinkat(dir->fd, name, 0);
  return rc;
}

/* A new file in DIR with a name that nobody else has; *PATH is a heap string. Returns its descriptor or -1 (errno). */
static int open_temporary(const char *dir, mode_t mode, char **path) {
  static unsigned counter; /* a clash between threads only costs a try: O_EXCL decides */
  for (int tries = 0; tries < NAME_TRIES; tries++) {
    char name[64];
    snprintf(name, sizeof name, ".daprcerts-%ld-%u.tmp", (long)getpid(),
             __atomic_fetch_add(&counter, 1, __ATOMIC_RELAXED));
    char *full = dc_path_join(dir, name);
    if (!full) {
      errno = ENOMEM;
      return -1;
    }
    int fd = open_new(AT_FDCWD, full, mode);
    if (fd >= 0) {
      *path = full;
      return fd;
    }
    free(full);
    if (errno != EEXIST) return -1;
  }
  return -1;
}

static bool links_unsupported(int errnum) {
  return errnum == EPERM || errnum == ENOTSUP || errnum == EOPNOTSUPP || errnum == ENOSYS || errnum == EMLINK;
}

/* Gives FROM, already written, the name PATH. */
static int settle(const char *from, const char *path, bool replace, struct dc_err *err) {
  if (replace) return dc_os_rename(from, path, err);
  int rc = link(from, path) == 0 ? 0 : dc_err_sys(err, errno, "cannot create '%s'", path);
  unlink(from);
  return rc;
}

int dc_os_write_atomic(const char *path, mode_t mode, const void *bytes, size_t n, bool replace, struct dc_err *err) {
  char *dir DC_CLEANUP(dc_mem_free) = dc_path_parent(path);
  char *temporary DC_CLEANUP(dc_mem_free) = NULL;
  if (!dir) return dc_err_nomem(err);
  int fd = open_temporary(dir, mode, &temporary);
  if (fd < 0) return dc_err_sys(err, errno, "cannot create '%s'", path);
  int rc = fill(fd, AT_FDCWD, temporary, path, bytes, n, err);
  if (rc != 0) return rc;
  errno = 0;
  rc = settle(temporary, path, replace, err);
  if (rc != 0) {
    int why = errno;
    unlink(temporary);
    /* a file system without hard links: created in its place, where O_EXCL decides */
    if (!replace && links_unsupported(why)) rc = dc_os_write_new(path, mode, bytes, n, err);
    if (rc != 0) return rc;
  }
  return dc_os_fsync_dir(dir, err);
}

int dc_os_rename(const char *from, const char *to, struct dc_err *err) {
  return rename(from, to) == 0 ? 0 : dc_err_sys(err, errno, "cannot rename '%s' to '%s'", from, to);
}

int dc_os_fsync_dir(const char *path, struct dc_err *err) {
  struct dc_dir dir DC_CLEANUP(dc_dir_close) = DC_DIR_INIT;
  int rc = dc_dir_open(path, &dir, err);
  return rc ? rc : dc_os_sync_dir(&dir, err);
}

int dc_os_sync_dir(const struct dc_dir *dir, struct dc_err *err) {
  /* some file systems have nothing to sync for a directory and say so */
  if (sync_fd(dir->fd) != 0 && errno != EINVAL && errno != ENOTSUP && errno != EBADF)
    return dc_err_sys(err, errno, "cannot sync directory '%s'", dir->path);
  return 0;
}

/* Looked at first: a directory that is there is fine, also where nothing may be made (a read-only mount). */
static int is_dir(const char *dir, struct dc_err *err) {
  struct stat st;
  if (stat(dir, &st) == 0) {
    if (S_ISDIR(st.st_mode)) return 1;
    return dc_err_set(err, DC_EEXIST, "'%s' is not a directory", dir);
  }
  return errno == ENOENT ? 0 : dc_err_sys(err, errno, "cannot look at directory '%s'", dir);
}

/* DIR, just made, where the umask took from its owner; not what another has put into its place meanwhile. */
static int open_to_owner(const char *dir) {
  struct stat status;
  if (lstat(dir, &status) != 0) return -1;
  return (status.st_mode & 0700) == 0700 ? 0 : fchmodat(AT_FDCWD, dir, 0700, AT_SYMLINK_NOFOLLOW);
}

int dc_os_mkdir(const char *dir, bool private_mode, struct dc_err *err) {
  int there = is_dir(dir, err);
  if (there != 0) return there < 0 ? there : 0;
  char *parent DC_CLEANUP(dc_mem_free) = dc_path_parent(dir);
  if (!parent) return dc_err_nomem(err);
  if (strcmp(parent, dir) == 0) return dc_err_sys(err, ENOENT, "cannot make directory '%s'", dir); /* a drive that is not there */
  int rc = dc_os_mkdir(parent, private_mode, err);
  if (rc != 0) return rc;
  if (mkdir(dir, private_mode ? 0700 : 0777) != 0) {
    if (errno != EEXIST) return dc_err_sys(err, errno, "cannot make directory '%s'", dir);
    there = is_dir(dir, err); /* another process was faster */
    return there < 0 ? there : there == 0 ? dc_err_set(err, DC_EEXIST, "'%s' is a dangling link", dir) : 0;
  }
  if (private_mode && open_to_owner(dir) != 0) return dc_err_sys(err, errno, "cannot make directory '%s'", dir);
  return dc_os_fsync_dir(parent, err);
}

int dc_os_exists(const char *path, struct dc_err *err) {
  struct stat st;
  if (lstat(path, &st) == 0) return 1;
  return errno == ENOENT ? 0 : dc_err_sys(err, errno, "cannot look at '%s'", path);
}
