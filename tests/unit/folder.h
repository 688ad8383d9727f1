/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a test's folder; no shell, which is not the same on every system. */
#ifndef DC_TESTS_FOLDER_H
#define DC_TESTS_FOLDER_H

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* With all that is in it; what cannot be removed is told. */
static void folder_remove(const char *path) {
  struct stat status;
  bool folder = lstat(path, &status) == 0 && S_ISDIR(status.st_mode);
  DIR *dir = folder ? opendir(path) : NULL;
  for (const struct dirent *entry; dir && (entry = readdir(dir));) {
    char below[512];
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    if (snprintf(below, sizeof below, "%s/%s", path, entry->d_name) < (int)sizeof below) folder_remove(below);
  }
  if (dir) closedir(dir);
  if (folder ? rmdir(path) : unlink(path)) printf("# %s is left\n", path);
}

#endif
