/* SPDX-License-Identifier: Apache-2.0 */
#include "store/set.h"

#include <string.h>

int dc_set_add(struct dc_set *set, const char *name, mode_t mode, const void *bytes, size_t n, struct dc_err *err) {
  size_t length = strlen(name);
  if (length == 0 || length >= DC_SET_NAME_MAX || name[0] == '.' || strchr(name, '/'))
    return dc_err_set(err, DC_EINVAL, "'%s' is no name for a credential file", name);
  for (size_t i = 0; i < set->count; i++)
    if (strcmp(set->blobs[i].name, name) == 0) return dc_err_set(err, DC_EEXIST, "'%s' is in the set already", name);
  if (set->count == DC_SET_MAX) return dc_err_set(err, DC_ELIMIT, "too many files in one set");
  struct dc_blob *blob = &set->blobs[set->count];
  memcpy(blob->name, name, length + 1);
  blob->mode = mode;
  blob->bytes = (struct dc_buf)DC_BUF_INIT;
  dc_buf_add(&blob->bytes, bytes, n);
  int rc = dc_buf_check(&blob->bytes, err);
  if (rc)
    dc_buf_free(&blob->bytes);
  else
    set->count++;
  return rc;
}

void dc_set_free(struct dc_set *set) {
  for (size_t i = 0; i < set->count; i++) dc_buf_free(&set->blobs[i].bytes);
  set->count = 0;
}
