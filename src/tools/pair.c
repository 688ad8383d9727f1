/* SPDX-License-Identifier: Apache-2.0 */
/* Writing a pair. */
#include "config.h"

#include "tools/pair.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os.h"
#include "base/path.h"

/* A file to be written: where, and where first. */
struct file {
  const char *path;
  const struct dc_buf *bytes;
  mode_t mode;
  char *temporary; /* heap; NULL until it exists */
};

static int refuse_existing(const struct file *files, size_t count, struct dc_err *err) {
  struct dc_buf found DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;

  for (size_t i = 0; i < count; i++) {
    int there = dc_os_exists(files[i].path, err);
    if (there < 0) return there;
    if (there) dc_buf_printf(&found, "%s'%s'", found.len ? " and " : "", files[i].path);
  }
  if (!found.len) return 0;
  return dc_err_set(err, DC_EEXIST, "refusing to overwrite %s: nothing was written ('--force' replaces)",
                    dc_buf_text(&found));
}

/* Each decided by link(2), so that of two writers at once one is refused; what we made before is taken back. */
static int write_new(const struct file *files, size_t count, struct dc_err *err) {
  int rc = refuse_existing(files, count, err);

  for (size_t i = 0; rc == 0 && i < count; i++) {
    rc = dc_os_write_atomic(files[i].path, files[i].mode, files[i].bytes->data, files[i].bytes->len, false, err);
    for (size_t made = i; rc < 0 && made > 0; made--) unlink(files[made - 1].path);
  }
  return rc;
}

static int write_temporary(struct file *file, struct dc_err *err) {
  size_t size = strlen(file->path) + 32;
  char *name = malloc(size);
  int rc;

  if (!name) return dc_err_nomem(err);
  snprintf(name, size, "%s.%ld.tmp", file->path, (long)getpid());
  unlink(name); /* of an earlier process of this number, which is no more */
  rc = dc_os_write_new(name, file->mode, file->bytes->data, file->bytes->len, err);
  if (rc == 0)
    file->temporary = name;
  else
    free(name);
  return rc;
}

static int sync_folder(const char *path, struct dc_err *err) {
  char *parent DC_CLEANUP(dc_mem_free) = dc_path_parent(path);

  return parent ? dc_os_fsync_dir(parent, err) : dc_err_nomem(err);
}

/* Before the first rename: a directory in the key's place must not cost the certificate alone. */
static int refuse_directory(const char *path, struct dc_err *err) {
  struct stat st;

  if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)) return 0;
  return dc_err_set(err, DC_EEXIST, "'%s' is a directory, which '--force' does not replace: nothing was written", path);
}

static int replace(struct file *files, size_t count, struct dc_err *err) {
  int rc = 0;

  for (size_t i = 0; rc == 0 && i < count; i++) rc = refuse_directory(files[i].path, err);

  for (size_t i = 0; rc == 0 && i < count; i++) rc = write_temporary(&files[i], err);
  for (size_t i = 0; rc == 0 && i < count; i++) rc = dc_os_rename(files[i].temporary, files[i].path, err);
  if (rc == 0) rc = sync_folder(files[0].path, err);
  for (size_t i = 0; i < count; i++) {
    if (rc < 0 && files[i].temporary) unlink(files[i].temporary);
    free(files[i].temporary);
  }
  return rc;
}

int dc_pair_write(const char *crt_path, const struct dc_buf *crt, const char *key_path, const struct dc_buf *key,
                  bool force, struct dc_err *err) {
  struct file files[] = {{crt_path, crt, 0644, NULL}, {key_path, key, 0600, NULL}};
  size_t count = key ? 2 : 1;
  sigset_t block, before;
  int rc;

  sigemptyset(&block);
  sigaddset(&block, SIGHUP);
  sigaddset(&block, SIGINT);
  sigaddset(&block, SIGTERM);
  sigprocmask(SIG_BLOCK, &block, &before); /* a few milliseconds: nothing half-written stays behind */
  rc = force ? replace(files, count, err) : write_new(files, count, err);
  sigprocmask(SIG_SETMASK, &before, NULL);
  return rc;
}
