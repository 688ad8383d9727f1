/* SPDX-License-Identifier: Apache-2.0 */
/* Who may be asked for where callers are believed: daprcerts.conf, section [allow], a line a namespace:
 *   default = web, shop
 *   * = dapr-placement
 * "*" stands for every namespace, or for every app id. Without any line everybody may be asked for. */
#ifndef DC_CONFIG_ALLOW_H
#define DC_CONFIG_ALLOW_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct dc_allow_row {
  char *namespace, *ids; /* heap; ids as they were written */
};

struct dc_allow {
  struct dc_allow_row *rows;
  size_t count;
};
#define DC_ALLOW_INIT {.rows = NULL}

/* Copies both; a namespace may have several lines. IDS are separated by blanks or commas. DC_EINVAL for a name that no
 * SPIFFE ID can hold, and for a list without any. */
int dc_allow_add(struct dc_allow *allow, const char *ns, const char *ids, struct dc_err *err) DC_NODISCARD;
bool dc_allow_permits(const struct dc_allow *allow, const char *ns, const char *id);
void dc_allow_free(struct dc_allow *allow); /* leaves DC_ALLOW_INIT */

#endif
