/* SPDX-License-Identifier: Apache-2.0 */
/* A key of ours and its certificate chain, leaf first, without the root. */
#ifndef DC_CA_IDENTITY_H
#define DC_CA_IDENTITY_H

#include "pki/bundle.h"
#include "pki/key.h"

struct dc_identity {
  struct dc_key *key;
  struct dc_bundle chain;
};

#define DC_IDENTITY_INIT {.key = NULL}
void dc_identity_free(struct dc_identity *identity); /* leaves DC_IDENTITY_INIT; for DC_CLEANUP too */

#endif
