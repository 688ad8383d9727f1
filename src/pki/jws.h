/* SPDX-License-Identifier: Apache-2.0 */
/* JSON Web Signatures (RFC 7515) in their compact form, HEADER.PAYLOAD.SIGNATURE. */
#ifndef DC_PKI_JWS_H
#define DC_PKI_JWS_H

#include "pki/jwk.h"

struct dc_jws {
  enum dc_jwa alg;              /* DC_JWA_UNKNOWN for "none", HS256 and the like: no key verifies it */
  char *kid;                    /* NULL when the header has none */
  struct dc_slice signing_input; /* HEADER.PAYLOAD; points into the text that was parsed */
  struct dc_buf payload, signature;
};
#define DC_JWS_INIT {.kid = NULL}

enum { DC_JWS_TEXT_MAX = 64 << 10 };

/* Takes it apart; verifies nothing. Strict: three parts of unpadded canonical base64url and nothing around them; the
 * header an object with `alg`, no member given twice. DC_EINVAL: broken. DC_ELIMIT: larger than DC_JWS_TEXT_MAX.
 * DC_EUNSUPPORTED: `crit` (we know no extension), `b64` other than true. *JWS is filled only on success. */
int dc_jws_parse(struct dc_jws *jws, const char *text, size_t n, struct dc_err *err) DC_NODISCARD;
void dc_jws_free(struct dc_jws *jws); /* for DC_CLEANUP too */

/* The key decides: by its `alg`, else by its kind; the header's alg must be (one of) that. Otherwise, and when the
 * signature is not the key's, DC_EMISMATCH "could not verify message: <why>". */
int dc_jws_verify(const struct dc_jws *jws, const struct dc_jwk *key, struct dc_err *err) DC_NODISCARD;
/* With the key of the set that the header's kid names. DC_ENOENT "failed to find key with key ID "X" in key set" (a
 * fresher set may have it); DC_EINVAL "failed to find matching key: no key ID ("kid") specified in token"; these are
 * jwx' texts, which Dapr's users meet. Else as dc_jws_verify. */
int dc_jws_verify_set(const struct dc_jws *jws, const struct dc_jwks *set, struct dc_err *err) DC_NODISCARD;

/* Appends the compact form with header {"alg":...,"kid":KID,"typ":TYP}; KID and TYP may be NULL. DC_EMISMATCH: ALG does
 * not fit KEY. DC_EINVAL: KID or TYP is not UTF-8. */
int dc_jws_sign(enum dc_jwa alg, const struct dc_key *key, const char *kid, const char *typ, struct dc_slice payload,
                struct dc_buf *out, struct dc_err *err) DC_NODISCARD;

#endif
