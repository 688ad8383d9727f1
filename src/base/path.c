/* SPDX-License-Identifier: Apache-2.0 */
/* Names of files, without touching them. */
#include <config.h>

#include "base/path.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef _WIN32
static const char separators[] = "/\\", home_names[][12] = {"HOME", "USERPROFILE"};
/* "C:\x" and "C:/x"; "C:x" too, which nothing may be put in front of. */
static bool has_drive(const char *path) {
  return ((path[0] >= 'a' && path[0] <= 'z') || (path[0] >= 'A' && path[0] <= 'Z')) && path[1] == ':';
}
#else
static const char separators[] = "/", home_names[][5] = {"HOME"};
static bool has_drive(const char *path) {
  (void)path;
  return false;
}
#endif

static bool is_separator(char c) { return c && strchr(separators, c); }

bool dc_path_is_absolute(const char *path) { return is_separator(path[0]) || has_drive(path); }

char *dc_path_join(const char *dir, const char *name) {
  if (dc_path_is_absolute(name)) return strdup(name);
  size_t dir_len = strlen(dir), name_len = strlen(name);
  bool slash = dir_len > 0 && !is_separator(dir[dir_len - 1]);
  char *path = malloc(dir_len + slash + name_len + 1);
  if (!path) return NULL;
  memcpy(path, dir, dir_len);
  if (slash) path[dir_len] = '/';
  memcpy(path + dir_len + slash, name, name_len + 1);
  return path;
}

/* As dirname(3), which may write into its argument and is not safe among threads. */
char *dc_path_parent(const char *path) {
  size_t drive = has_drive(path) ? 2 : 0, root = drive + 1, n = strlen(path);
  while (n > root && is_separator(path[n - 1])) n--;
  while (n > drive && !is_separator(path[n - 1])) n--;
  while (n > root && is_separator(path[n - 1])) n--;
  return n == 0 ? strdup(".") : strndup(path, n);
}

const char *dc_path_last(const char *path) {
  const char *last = path;
  for (const char *at = path; *at; at++)
    if (is_separator(*at)) last = at + 1;
  return last;
}

#ifdef _WIN32
/* In slashes, which shells, YAML and helm hand on as they are. What begins with a separator, or with a drive alone, counts
 * from the current folder too. */
int dc_path_absolute(const char *path, char **out, struct dc_err *err) {
  char *full = dc_posix_full_path(path);
  if (!full) return dc_err_sys(err, errno, "cannot tell where '%s' is", path);
  *out = full;
  return 0;
}
#else
int dc_path_absolute(const char *path, char **out, struct dc_err *err) {
  char folder[PATH_MAX];
  if (!dc_path_is_absolute(path) && !getcwd(folder, sizeof folder))
    return dc_err_sys(err, errno, "cannot tell the current folder");
  while (path[0] == '.' && is_separator(path[1]))
    for (path += 2; is_separator(*path);) path++;
  *out = dc_path_is_absolute(path) ? strdup(path) : dc_path_join(folder, path);
  return *out ? 0 : dc_err_nomem(err);
}
#endif

int dc_path_home(const char **home, struct dc_err *err) {
  const char *value = NULL;
  for (size_t i = 0; i < DC_COUNT(home_names) && (!value || !*value); i++) value = getenv(home_names[i]);
  if (!value || !*value)
    return dc_err_set(err, DC_ENOENT, "HOME is not set: set it, or name the directory by an option or DAPRCERTS_DIR");
  *home = value;
  return 0;
}
