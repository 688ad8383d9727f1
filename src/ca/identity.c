/* SPDX-License-Identifier: Apache-2.0 */
/* Identities. */
#include "config.h"

#include "ca/identity.h"

void dc_identity_free(struct dc_identity *identity) {
  dc_key_free(identity->key);
  identity->key = NULL;
  dc_bundle_free(&identity->chain);
}
