/* SPDX-License-Identifier: Apache-2.0 */
/* Fingerprints. */
#ifndef DC_PKI_HASH_H
#define DC_PKI_HASH_H

#include "base/buf.h"
#include "base/slice.h"

enum { DC_HASH_SHA1_SIZE = 20, DC_HASH_SHA256_SIZE = 32 };
/* SHA-1 names things, as step and old tools do it; nothing is believed by it. */
int dc_hash_sha1(struct dc_slice bytes, unsigned char out[DC_HASH_SHA1_SIZE], struct dc_err *err) DC_NODISCARD;
int dc_hash_sha256(struct dc_slice bytes, unsigned char out[DC_HASH_SHA256_SIZE], struct dc_err *err) DC_NODISCARD;
/* Appends the SHA-256 of BYTES as 64 digits of lower-case hex. */
int dc_hash_add_hex(struct dc_slice bytes, struct dc_buf *out, struct dc_err *err) DC_NODISCARD;

#endif
