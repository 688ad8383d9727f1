/* SPDX-License-Identifier: Apache-2.0 */
/* A set: the named files that are published together, in memory. Wiped when freed. */
#ifndef DC_STORE_SET_H
#define DC_STORE_SET_H

#include <sys/types.h>

#include "base/buf.h"

enum { DC_SET_MAX = 16, DC_SET_NAME_MAX = 64 };

struct dc_blob {
  char name[DC_SET_NAME_MAX]; /* a plain file name */
  mode_t mode;
  struct dc_buf bytes;
};

struct dc_set {
  struct dc_blob blobs[DC_SET_MAX];
  size_t count;
};
#define DC_SET_INIT {.count = 0}

/* Copies BYTES. DC_EINVAL for a name with a slash or of no length, DC_EEXIST for one that is there, DC_ELIMIT. */
int dc_set_add(struct dc_set *set, const char *name, mode_t mode, const void *bytes, size_t n, struct dc_err *err)
    DC_NODISCARD;
void dc_set_free(struct dc_set *set); /* for DC_CLEANUP too */

#endif
