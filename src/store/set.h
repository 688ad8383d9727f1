/* SPDX-License-Identifier: Apache-2.0 */
/* A set: the named files that are published together, or removed, in memory. Wiped when freed. */
#ifndef DC_STORE_SET_H
#define DC_STORE_SET_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"

enum { DC_SET_MAX = 16, DC_SET_NAME_MAX = 64 };

struct dc_blob {
  char name[DC_SET_NAME_MAX]; /* a plain file name, or one below DC_LAYOUT_OWN */
  mode_t mode;
  bool gone; /* the file is to be removed */
  struct dc_buf bytes;
};

struct dc_set {
  struct dc_blob blobs[DC_SET_MAX];
  size_t count;
};
#define DC_SET_INIT {.count = 0}

/* Copies BYTES. DC_EINVAL for a name that begins with a dot or a dash, has a slash or no length (one below
 * DC_LAYOUT_OWN is judged by what follows), DC_EEXIST for one that is there, DC_ELIMIT. */
int dc_set_add(struct dc_set *set, const char *name, mode_t mode, const void *bytes, size_t n, struct dc_err *err)
    DC_NODISCARD;
/* The file NAME is to go. */
int dc_set_remove(struct dc_set *set, const char *name, struct dc_err *err) DC_NODISCARD;
void dc_set_free(struct dc_set *set); /* for DC_CLEANUP too */

#endif
