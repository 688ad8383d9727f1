/* SPDX-License-Identifier: Apache-2.0 */
/* What other verifiers say of a certificate that Go's accepts. They look for a parent by its name and key identifier,
 * and try its key only then: a CA where root and issuer bear one name and no authority key identifier, as step makes
 * it, is none to them. Name constraints and purposes are not asked here. */
#ifndef DC_PKI_STRICT_H
#define DC_PKI_STRICT_H

#include "pki/bundle.h"

/* As "openssl verify -CAfile ANCHORS -untrusted INTERMEDIATES" says it, whose rules (of 3.0) these are. DC_EMISMATCH or
 * DC_EEXPIRED with its words: "error 19: self-signed certificate in certificate chain". */
int dc_strict_openssl(const struct dc_cert *cert, const struct dc_bundle *intermediates,
                      const struct dc_bundle *anchors, int64_t now, struct dc_err *err) DC_NODISCARD;
/* GnuTLS' own verdict, now. DC_EMISMATCH with its words. */
int dc_strict_gnutls(const struct dc_cert *cert, const struct dc_bundle *intermediates, const struct dc_bundle *anchors,
                     struct dc_err *err) DC_NODISCARD;

#endif
