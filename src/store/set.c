/* SPDX-License-Identifier: Apache-2.0 */
#include "store/set.h"

#include <string.h>

#include "store/layout.h"

static bool is_own(const char *name) { return strncmp(name, DC_LAYOUT_OWN "/", sizeof DC_LAYOUT_OWN) == 0; }

static int take_row(struct dc_set *set, const char *name, struct dc_blob **blob, struct dc_err *err) {
  const char *plain = is_own(name) ? name + sizeof DC_LAYOUT_OWN : name;
  size_t length = strlen(name);
  if (!*plain || length >= DC_SET_NAME_MAX || *plain == '.' || *plain == '-' || strchr(plain, '/'))
    return dc_err_set(err, DC_EINVAL, "'%s' is no name for a credential file", name);
  for (size_t i = 0; i < set->count; i++)
    if (strcmp(set->blobs[i].name, name) == 0) return dc_err_set(err, DC_EEXIST, "'%s' is in the set already", name);
  if (set->count == DC_SET_MAX) return dc_err_set(err, DC_ELIMIT, "too many files in one set");
  *blob = &set->blobs[set->count];
  **blob = (struct dc_blob){.bytes = DC_BUF_INIT};
  memcpy((*blob)->name, name, length + 1);
  return 0;
}

int dc_set_add(struct dc_set *set, const char *name, mode_t mode, const void *bytes, size_t n, struct dc_err *err) {
  struct dc_blob *blob = NULL;
  int rc = take_row(set, name, &blob, err);
  if (rc) return rc;
  blob->mode = mode;
  dc_buf_add(&blob->bytes, bytes, n);
  rc = dc_buf_check(&blob->bytes, err);
  if (rc)
    dc_buf_free(&blob->bytes);
  else
    set->count++;
  return rc;
}

int dc_set_remove(struct dc_set *set, const char *name, struct dc_err *err) {
  struct dc_blob *blob = NULL;
  int rc = take_row(set, name, &blob, err);
  if (rc) return rc;
  blob->gone = true;
  blob->mode = 0600;
  set->count++;
  return 0;
}

void dc_set_free(struct dc_set *set) {
  for (size_t i = 0; i < set->count; i++) dc_buf_free(&set->blobs[i].bytes);
  set->count = 0;
}
