/* SPDX-License-Identifier: Apache-2.0 */
/* Certificate extensions (RFC 5280, 4.1): the list that certificates and requests share. */
#ifndef DC_PKI_EXT_H
#define DC_PKI_EXT_H

#include "pki/der.h"

struct dc_ext {
  struct dc_slice oid; /* content of the OID */
  bool critical;
  struct dc_slice value; /* content of the OCTET STRING: DER again */
};

/* Takes the next one of an Extensions' content. 1 with *EXT set, 0 at the end, DC_EINVAL. */
int dc_ext_next(struct dc_slice *at, struct dc_ext *ext, struct dc_err *err) DC_NODISCARD;
/* Begins one; its value is appended until dc_ext_end. */
struct dc_ext_mark {
  size_t all, value;
};
struct dc_ext_mark dc_ext_begin(struct dc_buf *out, struct dc_slice oid, bool critical);
void dc_ext_end(struct dc_buf *out, struct dc_ext_mark mark);

#endif
