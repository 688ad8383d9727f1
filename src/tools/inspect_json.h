/* SPDX-License-Identifier: Apache-2.0 */
/* inspect's JSON: of a certificate with the members that "step certificate inspect --format json" has, where scripts
 * look for them, and ours under "dapr". Each returns a new reference, NULL when memory ran out. */
#ifndef DC_TOOLS_INSPECT_JSON_H
#define DC_TOOLS_INSPECT_JSON_H

#include <jansson.h>

#include "pki/pieces.h"

json_t *dc_inspect_json_cert(const struct dc_cert *cert);
json_t *dc_inspect_json_csr(const struct dc_csr *csr);
json_t *dc_inspect_json_key(const struct dc_piece *key);
json_t *dc_inspect_json_public(const struct dc_spki *public);

#endif
