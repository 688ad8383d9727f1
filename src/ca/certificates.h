/* SPDX-License-Identifier: Apache-2.0 */
/* The certificates of an authority itself: roots, cross-certificates, issuers.
 *
 * Each begins DC_CERTIFICATES_SKEW before NOW, for clocks differ, and ends no later than its signer. Key usage:
 * digitalSignature, keyCertSign, cRLSign; subject and authority key identifiers in all of them. Each is appended to OUT.
 * Times are seconds since 1970. */
#ifndef DC_CA_CERTIFICATES_H
#define DC_CA_CERTIFICATES_H

#include "ca/profile_conf.h"
#include "pki/bundle.h"
#include "pki/profile.h"

enum { DC_CERTIFICATES_SKEW = 15 * 60 };
#define DC_CERTIFICATES_DNS "cluster.local" /* the issuer's name, which sidecars up to 1.11 look for */

/* Self-signed, with no path length. Its subject is the organization TRUST_DOMAIN; NUMBERED adds a common name that tells
 * its key from those before it, since a verifier that looks for issuers by name (openssl, GnuTLS) should find one. */
int dc_certificates_root(const struct dc_key *key, const char *trust_domain, bool numbered, int64_t now,
                         int64_t not_after, struct dc_bundle *out, struct dc_err *err) DC_NODISCARD;
/* The same key, subject, key identifier and path length as the root OLD, so that each verifies what the other has
 * signed, and will sign. */
int dc_certificates_renew_root(const struct dc_cert *old, const struct dc_key *key, int64_t now, int64_t not_after,
                               struct dc_bundle *out, struct dc_err *err) DC_NODISCARD;
/* ROOT's key, subject and key identifier, certified by the CA SIGNER, whose key is KEY: who trusts SIGNER's root alone
 * trusts what ROOT signs. Within SIGNER's path length; it ends when the first of the two does. */
int dc_certificates_cross(const struct dc_cert *root, const struct dc_cert *signer, const struct dc_key *key,
                          int64_t now, struct dc_bundle *out, struct dc_err *err) DC_NODISCARD;
/* Whether CA's name constraints allow what sentry's own certificate and its issuer's say, without which nobody believes
 * either. DC_EMISMATCH with the name. */
int dc_certificates_check_names(const struct dc_cert *ca, const char *trust_domain, struct dc_err *err) DC_NODISCARD;
/* Path length 0, subject the organization that is sentry's SPIFFE ID, DNS cluster.local and both usages, which sidecars
 * and placement up to 1.11 look for. DC_EINVAL: a trust domain or namespace that names nothing; DC_EMISMATCH: ROOT
 * allows no such names. */
int dc_certificates_issuer(const struct dc_spki *spki, const char *trust_domain, const char *ns,
                           const struct dc_cert *root, const struct dc_key *root_key, int64_t now, int64_t not_after,
                           struct dc_bundle *out, struct dc_err *err) DC_NODISCARD;

/* --- as an openssl configuration has them, who begins and ends as above --- */

/* Self-signed. */
int dc_certificates_root_as(const struct dc_profile_conf *conf, const struct dc_key *key, int64_t now,
                            int64_t not_after, struct dc_bundle *out, struct dc_err *err) DC_NODISCARD;
/* Whether it makes an issuer is for dc_authority_load to find out; that the names of sentry's certificates may stand
 * below it, and below ROOT, is found here. */
int dc_certificates_issuer_as(const struct dc_profile_conf *conf, const struct dc_spki *spki, const char *trust_domain,
                              const struct dc_cert *root, const struct dc_key *root_key, int64_t now,
                              int64_t not_after, struct dc_bundle *out, struct dc_err *err) DC_NODISCARD;

#endif
