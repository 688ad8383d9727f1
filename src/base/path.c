/* SPDX-License-Identifier: Apache-2.0 */
/* Names of files, without touching them. */
#include <config.h>

#include "base/path.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool dc_path_is_absolute(const char *path) { return path[0] == '/'; }

char *dc_path_join(const char *dir, const char *name) {
  if (dc_path_is_absolute(name)) return strdup(name);
  size_t dir_len = strlen(dir), name_len = strlen(name);
  bool slash = dir_len > 0 && dir[dir_len - 1] != '/';
  char *path = malloc(dir_len + slash + name_len + 1);
  if (!path) return NULL;
  memcpy(path, dir, dir_len);
  if (slash) path[dir_len] = '/';
  memcpy(path + dir_len + slash, name, name_len + 1);
  return path;
}

/* As dirname(3), which may write into its argument and is not safe among threads. */
char *dc_path_parent(const char *path) {
  size_t n = strlen(path);
  while (n > 1 && path[n - 1] == '/') n--;
  while (n > 0 && path[n - 1] != '/') n--;
  while (n > 1 && path[n - 1] == '/') n--;
  return n == 0 ? strdup(".") : strndup(path, n);
}

int dc_path_absolute(const char *path, char **out, struct dc_err *err) {
  char folder[PATH_MAX];
  if (!dc_path_is_absolute(path) && !getcwd(folder, sizeof folder))
    return dc_err_sys(err, errno, "cannot tell the current folder");
  while (strncmp(path, "./", 2) == 0)
    for (path += 2; *path == '/';) path++;
  *out = dc_path_is_absolute(path) ? strdup(path) : dc_path_join(folder, path);
  return *out ? 0 : dc_err_nomem(err);
}

int dc_path_home(const char **home, struct dc_err *err) {
  const char *value = getenv("HOME");
  if (!value || !*value)
    return dc_err_set(err, DC_ENOENT, "HOME is not set: set it, or name the directory by an option or DAPRCERTS_DIR");
  *home = value;
  return 0;
}
