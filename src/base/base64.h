/* SPDX-License-Identifier: Apache-2.0 */
/* Base64, RFC 4648: the standard alphabet (padded) and the URL one (not padded). */
#ifndef DC_BASE_BASE64_H
#define DC_BASE_BASE64_H

#include "base/buf.h"

enum dc_base64 {
  DC_BASE64_STD, /* section 4, padded; white space is skipped when decoding */
  DC_BASE64_URL, /* section 5, never padded (RFC 7515 has it so); white space is not skipped */
};

void dc_base64_encode(struct dc_buf *out, enum dc_base64 alphabet, const void *bytes, size_t n);
/* Appends to OUT. DC_EINVAL on any character outside the alphabet, wrong padding, or non-zero trailing bits. */
int dc_base64_decode(struct dc_buf *out, enum dc_base64 alphabet, const char *text, size_t n, struct dc_err *err)
    DC_NODISCARD;

#endif
