/* SPDX-License-Identifier: Apache-2.0 */
/* The values of extensions in openssl's configuration: "critical, CA:true, pathlen:0", or "@section". */
#ifndef DC_CA_PROFILE_LIST_H
#define DC_CA_PROFILE_LIST_H

#include <stdbool.h>

#include "config/openssl_conf.h"

struct dc_profile_item {
  const char *name, *value;         /* value: NULL where there is no colon */
  const struct dc_openssl_row *row; /* where it stands, for messages */
};

struct dc_profile_list {
  struct dc_profile_item *items;
  size_t count;
  char *room; /* what items point into, unless they are a section's */
};
#define DC_PROFILE_LIST_INIT {.items = NULL}

/* VALUE is ROW's, without "critical": "name:value" with commas between, spaces around any of them, or the rows of the
 * section behind an "@". An empty list, name or value is DC_EINVAL. Borrows from CONF. */
int dc_profile_list_read(const struct dc_openssl_conf *conf, const struct dc_openssl_row *row, const char *value,
                         struct dc_profile_list *out, struct dc_err *err) DC_NODISCARD;
void dc_profile_list_free(struct dc_profile_list *list); /* for DC_CLEANUP too */

/* "DNS", "DNS.1" and "DNS.x" are of the kind "DNS". */
bool dc_profile_list_is(const char *name, const char *kind);
/* openssl's words for yes and no: true and Y, but not True or 1. False: it is none of them. */
bool dc_profile_list_bool(const char *text, bool *value);

#endif
