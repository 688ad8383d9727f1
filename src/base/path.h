/* SPDX-License-Identifier: Apache-2.0 */
/* Names of files, without touching them. */
#ifndef DC_BASE_PATH_H
#define DC_BASE_PATH_H

#include <stdbool.h>

#include "base/err.h"

/* On Windows '\\' separates as '/' does, and "C:..." is absolute. Heap strings; NULL only when memory ran out. */
char *dc_path_join(const char *dir, const char *name); /* NAME alone when it is absolute */
char *dc_path_parent(const char *path);                /* "." where there is none */
const char *dc_path_last(const char *path);            /* what is behind the last separator, of PATH itself */
bool dc_path_is_absolute(const char *path);
/* PATH from the root on, for other programs: below the current folder unless it is absolute; links are not followed. On
 * Windows from the drive on, in slashes. *OUT is heap. */
int dc_path_absolute(const char *path, char **out, struct dc_err *err) DC_NODISCARD;

/* $HOME, on Windows else %USERPROFILE%, else (unset or empty) DC_ENOENT with a text that says so. Borrowed from the environment. */
int dc_path_home(const char **home, struct dc_err *err) DC_NODISCARD;

#endif
