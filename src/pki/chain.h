/* SPDX-License-Identifier: Apache-2.0 */
/* Certification paths, by the rules of Go's verifier (RFC 5280, 6.1 as crypto/x509 has it), which is what sidecars
 * use: a parent is a certificate whose subject is the child's issuer and whose key made the child's signature; key
 * identifiers are hints at most. Library verifiers that search by name and identifier refuse valid Dapr CAs, where
 * root and issuer share a subject and carry no authority key identifier. Name constraints are not evaluated. */
#ifndef DC_PKI_CHAIN_H
#define DC_PKI_CHAIN_H

#include "pki/bundle.h"

enum dc_purpose { DC_PURPOSE_ANY, DC_PURPOSE_SERVER, DC_PURPOSE_CLIENT };

/* One way from a certificate to an anchor, and when all of it is valid. */
struct dc_path {
  const struct dc_cert *anchor;
  const struct dc_cert *begins; /* of the certificate, what is between, and the anchor: who begins last, */
  const struct dc_cert *ends;   /* and who ends first */
};

enum { DC_PATH_MAX = 32 };

/* All paths from CERT over INTERMEDIATES (in any order; may be NULL) to one of ANCHORS, whatever the time: their
 * number, at most MAX, or negative. 0 is never returned: DC_EMISMATCH tells why there is none (no parent, a parent
 * that is no CA or bears another name, path length, purpose, unknown critical extension). A CERT that is a CA is taken
 * as one that will sign: it counts for its parents' path lengths. Work is bounded: 100 signatures. */
int dc_chain_paths(const struct dc_cert *cert, const struct dc_bundle *intermediates, const struct dc_bundle *anchors,
                   enum dc_purpose purpose, struct dc_path *paths, size_t max, struct dc_err *err) DC_NODISCARD;
/* 0 when one of COUNT paths is valid at NOW; else DC_EEXPIRED with what ended, or has not begun. */
int dc_chain_check_time(const struct dc_path *paths, size_t count, int64_t now, struct dc_err *err) DC_NODISCARD;
/* Both in one. */
int dc_chain_verify(const struct dc_cert *cert, const struct dc_bundle *intermediates,
                    const struct dc_bundle *anchors, enum dc_purpose purpose, int64_t now, struct dc_err *err)
    DC_NODISCARD;

#endif
