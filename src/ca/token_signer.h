/* SPDX-License-Identifier: Apache-2.0 */
/* What a sentry signs JWTs with: a private key and the public set (JWKS) in which others find it. Like an authority it
 * does not change once loaded; threads share it by references, so that a server can swap one for another. */
#ifndef DC_CA_TOKEN_SIGNER_H
#define DC_CA_TOKEN_SIGNER_H

#include "pki/jwt.h"

struct dc_token_signer;

/* What the files do not say; borrowed for the call. */
struct dc_token_rules {
  const char *algorithm; /* NULL: what dc_jwa_of_kind says of the key; RS256 for one that is made */
  const char *kid;       /* NULL: the thumbprint that dc_jwk_kid gives */
  const char *issuer;    /* NULL: no `iss` */
  unsigned rsa_bits;     /* of a key that is made; 0: 2048 */
};

/* The bytes of the files, borrowed for the call, and their names for messages. */
struct dc_token_files {
  struct dc_slice key, jwks;
  const char *key_name, *jwks_name;
};

/* A new pair: a key that fits the algorithm as PKCS#8, and a set with its public half,
 * appended to KEY and JWKS. DC_EUNSUPPORTED: an algorithm that we do not know. */
int dc_token_signer_generate(const struct dc_token_rules *rules, struct dc_buf *key, struct dc_buf *jwks,
                             struct dc_err *err) DC_NODISCARD;

/* KEY is PKCS#8, SEC1 or PKCS#1 and must fit the algorithm. JWKS must hold its public half, for signatures, under the
 * rules' kid when there is one. DC_EINVAL, DC_ENOENT, DC_EWEAK, ...: a file that is not what it should be;
 * DC_EUNSUPPORTED: an algorithm that we do not know; DC_EMISMATCH: pieces that do not fit. The text names the file.
 * WARNING (may be NULL) gets a text when all of it is well and nobody who reads JWKS could verify a token, since the
 * key stands there under another ID or for another algorithm. */
int dc_token_signer_load(const struct dc_token_files *files, const struct dc_token_rules *rules,
                         struct dc_token_signer **out, struct dc_buf *warning, struct dc_err *err) DC_NODISCARD;
/* Returns its argument. Atomic. */
struct dc_token_signer *dc_token_signer_ref(struct dc_token_signer *signer);
void dc_token_signer_unref(struct dc_token_signer *signer); /* NULL is fine; the key is wiped with the last reference */
void dc_token_signer_cleanup(struct dc_token_signer **signer); /* unref, for DC_CLEANUP */

/* The set for everybody, as one JSON text; borrowed. */
struct dc_slice dc_token_signer_jwks(const struct dc_token_signer *signer);
enum dc_jwa dc_token_signer_algorithm(const struct dc_token_signer *signer);
const char *dc_token_signer_kid(const struct dc_token_signer *signer);

/* A token to be made. Everything is borrowed. */
struct dc_token {
  const char *sub;  /* a SPIFFE ID */
  const char **aud; /* at least one */
  size_t aud_count;
  int64_t ttl, skew; /* seconds: `nbf` is now - skew, `exp` now + ttl */
};

/* Appends the compact token: the claims above, `iat` now, a `jti` of its own, "use": "sig", and `iss` by the rules.
 * DC_ELIMIT: larger than DC_JWS_TEXT_MAX. Threads may call it at once. */
int dc_token_signer_sign(const struct dc_token_signer *signer, const struct dc_token *token, int64_t now,
                         struct dc_buf *out, struct dc_err *err) DC_NODISCARD;

#endif
