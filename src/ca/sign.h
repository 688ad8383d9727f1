/* SPDX-License-Identifier: Apache-2.0 */
/* Leaf certificates: the policy of what an authority signs. */
#ifndef DC_CA_SIGN_H
#define DC_CA_SIGN_H

#include "ca/authority.h"
#include "ca/identity.h"
#include "ca/profile_conf.h"

/* A leaf to be made. Everything is borrowed. */
struct dc_leaf {
  const struct dc_spki *spki; /* the key to certify: of a dc_csr that passed dc_csr_verify, or of a dc_key */
  const struct dc_san *sans;  /* at most one URI, which must be a SPIFFE ID */
  size_t san_count;
  struct dc_slice subject; /* a DER Name; no bytes: empty, as SPIFFE certificates have it; needed when there is no SAN */
  unsigned ext_usage;      /* DC_EKU_*; 0: server and client */
  int64_t ttl, skew;       /* seconds: NotBefore is now - skew, NotAfter now + ttl */
  int64_t not_before, not_after; /* seconds since 1970; when not 0, instead of skew and ttl */
  const struct dc_profile_conf *conf; /* when there is one, it has the subject, all extensions, and the names beside
                                         sans[0], which is a SPIFFE ID */
};

/* Signs LEAF and appends the PEM of it and the issuer chain, no byte after the last newline. NotAfter is never later
 * than the issuer's; *NOT_AFTER (may be NULL) tells what it became. DC_EEXPIRED: dc_authority_check says no;
 * DC_EINVAL: names or dates that make no certificate. Threads may call it at once. */
int dc_sign_leaf(const struct dc_authority *authority, const struct dc_leaf *leaf, int64_t now,
                 struct dc_buf *chain_pem, int64_t *not_after, struct dc_err *err) DC_NODISCARD;

/* What a sentry shows in TLS: a new Ed25519 key, whatever the issuer's; URI SPIFFE_ID, DNS cluster.local (sidecars up
 * to 1.13 look for that); both usages. TTL and SKEW in seconds. */
int dc_sign_serving(const struct dc_authority *authority, struct dc_slice spiffe_id, int64_t ttl, int64_t skew,
                    int64_t now, struct dc_identity *out, struct dc_err *err) DC_NODISCARD;

#endif
