/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include "base/dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os.h"
#include "base/path.h"

enum { AS_DIRECTORY = O_RDONLY | O_CLOEXEC | O_DIRECTORY };

char *dc_dir_path_of(const struct dc_dir *dir, const char *name) { return dc_path_join(dir->path, name); }

/* "WHAT 'the entry'": the reason in ERRNUM. */
static int fail(const char *what, const struct dc_dir *dir, const char *name, int errnum, struct dc_err *err) {
  char *path DC_CLEANUP(dc_mem_free) = dc_dir_path_of(dir, name);
  return path ? dc_err_sys(err, errnum, "%s '%s'", what, path) : dc_err_nomem(err);
}

/* --- opening ------------------------------------------------------------------------------------------------------ */

/* FD and PATH, which is heap, become DIR's. */
static int hold(int fd, char *path, struct dc_dir *dir, struct dc_err *err) {
  struct dc_dir opened DC_CLEANUP(dc_dir_close) = {.fd = fd, .path = path};
  if (!path) return dc_err_nomem(err);
  if (fd < 0) return dc_err_sys(err, errno, "cannot open directory '%s'", path);
  *dir = opened;
  opened = (struct dc_dir)DC_DIR_INIT;
  return 0;
}

static int open_in(const struct dc_dir *above, const char *name) {
  return openat(above->fd, name, AS_DIRECTORY | O_NOFOLLOW);
}

int dc_dir_open(const char *path, struct dc_dir *dir, struct dc_err *err) {
  char *copy = strdup(path);
  return hold(open(path, AS_DIRECTORY), copy, dir, err);
}

/* Root's, and empty: made just now, or by one that died before it gave it away. */
static bool is_fresh(const struct dc_dir *dir) {
  struct stat status;
  const char *name = "";
  DIR *entries;
  if (fstat(dir->fd, &status) || status.st_uid != 0 || dc_dir_list(dir, &entries, NULL)) return false;
  bool empty = dc_dir_next(dir, entries, &name, NULL) == 0 && !name;
  closedir(entries);
  return empty;
}

/* FD is the directory NAME of ABOVE, for its owner. */
static int hold_owned(int fd, const struct dc_dir *above, const char *name, struct dc_dir *dir, struct dc_err *err) {
  struct dc_dir opened DC_CLEANUP(dc_dir_close) = DC_DIR_INIT;
  int rc = hold(fd, dc_dir_path_of(above, name), &opened, err);
  if (!rc && !is_fresh(&opened)) rc = dc_os_check_owner(opened.fd, opened.path, above, err);
  if (rc) return rc;
  *dir = opened;
  opened = (struct dc_dir)DC_DIR_INIT;
  return 0;
}

int dc_dir_open_in(const struct dc_dir *above, const char *name, struct dc_dir *dir, struct dc_err *err) {
  return hold_owned(open_in(above, name), above, name, dir, err);
}

int dc_dir_make_in(const struct dc_dir *above, const char *name, mode_t mode, const struct dc_dir *owner,
                   struct dc_dir *dir, struct dc_err *err) {
  struct dc_dir made DC_CLEANUP(dc_dir_close) = DC_DIR_INIT;
  struct stat status;
  if (mkdirat(above->fd, name, mode) && errno != EEXIST) return fail("cannot make", above, name, errno, err);
  int fd = open_in(above, name), why = errno;
  if (fd < 0 && why == EACCES && fchmodat(above->fd, name, mode, AT_SYMLINK_NOFOLLOW) == 0) fd = open_in(above, name);
  if (fd < 0) errno = why;
  int rc = hold_owned(fd, above, name, &made, err);
  if (!rc) rc = dc_os_give(made.fd, made.path, owner, err);
  if (rc) return rc;
  if (fstat(made.fd, &status)) return dc_err_sys(err, errno, "cannot look at '%s'", made.path);
  if ((status.st_mode & mode) != mode && fchmod(made.fd, mode))
    return dc_err_sys(err, errno, "cannot open '%s' to its readers", made.path);
  *dir = made;
  made = (struct dc_dir)DC_DIR_INIT;
  return 0;
}

void dc_dir_close(struct dc_dir *dir) {
  dc_mem_close(&dir->fd);
  free(dir->path);
  *dir = (struct dc_dir)DC_DIR_INIT;
}

/* --- entries ------------------------------------------------------------------------------------------------------ */

int dc_dir_holds(const struct dc_dir *dir, const char *name, struct dc_err *err) {
  struct stat status;
  if (fstatat(dir->fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0) return 1;
  return errno == ENOENT ? 0 : fail("cannot look at", dir, name, errno, err);
}

int dc_dir_rename(const struct dc_dir *from_dir, const char *from, const struct dc_dir *to_dir, const char *to,
                  struct dc_err *err) {
  if (renameat(from_dir->fd, from, to_dir->fd, to) == 0) return 0;
  int why = errno;
  char *from_path DC_CLEANUP(dc_mem_free) = dc_dir_path_of(from_dir, from);
  char *to_path DC_CLEANUP(dc_mem_free) = dc_dir_path_of(to_dir, to);
  if (!from_path || !to_path) return dc_err_nomem(err);
  return dc_err_sys(err, why, "cannot rename '%s' to '%s'", from_path, to_path);
}

static int unlink_as(const struct dc_dir *dir, const char *name, int flags, struct dc_err *err) {
  if (unlinkat(dir->fd, name, flags) == 0 || errno == ENOENT) return 0;
  return fail("cannot remove", dir, name, errno, err);
}

int dc_dir_unlink(const struct dc_dir *dir, const char *name, struct dc_err *err) {
  return unlink_as(dir, name, 0, err);
}

int dc_dir_remove_empty(const struct dc_dir *above, const char *name, struct dc_err *err) {
  if (unlinkat(above->fd, name, AT_REMOVEDIR) == 0) return 1;
  return errno == ENOTEMPTY || errno == EEXIST ? 0 : fail("cannot remove", above, name, errno, err);
}

/* --- all of them -------------------------------------------------------------------------------------------------- */

int dc_dir_list(const struct dc_dir *dir, DIR **entries, struct dc_err *err) {
  int fd = open_in(dir, ".");
  *entries = fd < 0 ? NULL : fdopendir(fd);
  if (*entries) return 0;
  int why = errno;
  dc_mem_close(&fd);
  return dc_err_sys(err, why, "cannot read '%s'", dir->path);
}

int dc_dir_next(const struct dc_dir *dir, DIR *entries, const char **name, struct dc_err *err) {
  struct dirent *entry;
  do { /* an end is told from a failure by errno alone */
    errno = 0;
    entry = readdir(entries);
    if (!entry && errno) return dc_err_sys(err, errno, "cannot read '%s'", dir->path);
  } while (entry && (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0));
  *name = entry ? entry->d_name : NULL;
  return 0;
}

static int remove_entries(const struct dc_dir *dir, struct dc_err *err) {
  DIR *entries;
  const char *name = NULL;
  int rc = dc_dir_list(dir, &entries, err);
  if (rc) return rc;
  while (!rc && (rc = dc_dir_next(dir, entries, &name, err)) == 0 && name) rc = dc_dir_unlink(dir, name, err);
  closedir(entries);
  return rc;
}

int dc_dir_remove(const struct dc_dir *above, const char *name, struct dc_err *err) {
  struct dc_dir dir = DC_DIR_INIT;
  int fd = open_in(above, name);
  if (fd < 0) return errno == ENOENT ? 0 : fail("cannot read", above, name, errno, err);
  int rc = hold_owned(fd, above, name, &dir, err);
  if (!rc) rc = remove_entries(&dir, err);
  dc_dir_close(&dir); /* first: what is open has its name until then on some systems */
  return rc ? rc : unlink_as(above, name, AT_REMOVEDIR, err);
}
