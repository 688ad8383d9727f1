/* SPDX-License-Identifier: Apache-2.0 */
/* SPIFFE IDs (the SPIFFE-ID standard, as go-spiffe v2 implements it): spiffe://TRUST-DOMAIN/SEGMENT/SEGMENT...
 * Trust domain: a-z 0-9 . - _ ; segment: A-Z a-z 0-9 . - _ , not "." or ".." and not empty. The standard's
 * limits of length, 255 bytes and 2048, are none of go-spiffe's, nor of ours: a request is bounded before. */
#ifndef DC_PKI_SPIFFE_H
#define DC_PKI_SPIFFE_H

#include "pki/cert.h"

/* The parts of an ID; they point into the text that was parsed. */
struct dc_spiffe {
  struct dc_slice trust_domain;
  struct dc_slice path; /* empty, or from its first slash */
};

/* Texts are those of go-spiffe, which people have met. All DC_EINVAL. Texts are counted, and may hold any byte. */
int dc_spiffe_parse(struct dc_spiffe *id, struct dc_slice text, struct dc_err *err) DC_NODISCARD;
/* A trust domain's name, or a whole SPIFFE ID of which it is taken; *NAME points into TEXT. */
int dc_spiffe_trust_domain(struct dc_slice text, struct dc_slice *name, struct dc_err *err) DC_NODISCARD;
int dc_spiffe_check_segment(struct dc_slice segment, struct dc_err *err) DC_NODISCARD;
/* Appends "spiffe://<trust domain>/ns/<namespace>/<name>", every part checked; OUT is untouched on failure. */
int dc_spiffe_workload(struct dc_buf *out, struct dc_slice trust_domain, struct dc_slice ns, struct dc_slice name,
                       struct dc_err *err) DC_NODISCARD;
#define DC_SPIFFE_SENTRY "dapr-sentry" /* sentry's own app id */
/* The same for sentry itself, in the trust domain and the namespace of the control plane. */
int dc_spiffe_sentry(struct dc_buf *out, const char *trust_domain, const char *ns, struct dc_err *err) DC_NODISCARD;
/* The SPIFFE ID of a peer's leaf by the rules of X.509-SVID as go-spiffe checks them: exactly one URI SAN, no CA, no
 * certSign or cRLSign. *ID points into CERT. DC_EMISMATCH. */
int dc_spiffe_of_cert(const struct dc_cert *cert, struct dc_slice *id, struct dc_err *err) DC_NODISCARD;

#endif
