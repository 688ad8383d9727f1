/* SPDX-License-Identifier: Apache-2.0 */
/* Name constraints (RFC 5280, 4.2.1.10), as Go judges them, whose verifier sidecars have. */
#ifndef DC_PKI_CONSTRAINTS_H
#define DC_PKI_CONSTRAINTS_H

#include "pki/cert.h"

/* Whether the certificates below CA may bear NAME, a DNS name or (KIND DC_SAN_URI) the host of a URI. Both are within
 * "a.b" when they are that or end with ".a.b"; within ".a.b" only the latter are, and all are within "". DC_EMISMATCH:
 * they may not; DC_EINVAL: the extension is malformed. */
int dc_constraints_check(const struct dc_cert *ca, enum dc_san_kind kind, struct dc_slice name, struct dc_err *err)
    DC_NODISCARD;

#endif
