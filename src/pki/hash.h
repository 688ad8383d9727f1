/* SPDX-License-Identifier: Apache-2.0 */
/* Fingerprints. */
#ifndef DC_PKI_HASH_H
#define DC_PKI_HASH_H

#include "base/buf.h"
#include "base/slice.h"

/* Appends the SHA-256 of BYTES as 64 digits of lower-case hex. */
int dc_hash_add_hex(struct dc_slice bytes, struct dc_buf *out, struct dc_err *err) DC_NODISCARD;

#endif
