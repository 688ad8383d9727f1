/* SPDX-License-Identifier: Apache-2.0 */
/* JSON Web Tokens (RFC 7519): claims in a signed JWS. */
#ifndef DC_PKI_JWT_H
#define DC_PKI_JWT_H

#include "pki/jws.h"

/* A NumericDate. In a token it may have a fraction, which is dropped as jwx does: towards the past. */
struct dc_jwt_time {
  bool set;
  int64_t at; /* seconds since 1970; within 2^53 of it */
};

/* The claims that we know. Whoever makes a token fills one in, borrows every text and needs no dc_jwt_free; after
 * dc_jwt_parse the texts are the struct's own. A claim that is NULL (or has no count, or is not set) is absent. */
struct dc_jwt {
  const char *iss, *sub, *jti, *use;
  const char **aud;
  size_t aud_count;
  struct dc_jwt_time iat, nbf, exp;
  struct json_t *json; /* jansson's, behind a parsed one; NULL otherwise */
};
#define DC_JWT_INIT {.iss = NULL}

enum { DC_JWT_AUD_MAX = 1000 };

/* PAYLOAD is a JSON object. `aud` may be one string or an array of them. DC_EINVAL: no object, a member given twice
 * anywhere, a known claim of the wrong type (a NumericDate as text too). DC_ELIMIT. *JWT is filled only on success. */
int dc_jwt_parse(struct dc_jwt *jwt, struct dc_slice payload, struct dc_err *err) DC_NODISCARD;
void dc_jwt_free(struct dc_jwt *jwt); /* for DC_CLEANUP too */

/* A `jti` that nobody had before: 128 random bits, in hex. */
enum { DC_JWT_ID_MAX = 33 };
int dc_jwt_new_id(char buf[DC_JWT_ID_MAX], struct dc_err *err) DC_NODISCARD;

struct dc_jwt_expect {
  const char *aud, *sub; /* each NULL: not asked */
  int64_t now, skew;     /* seconds */
};
/* In jwx' order and words: `iat` not later than now + skew, `exp` later than now - skew, `nbf` not later than now +
 * skew, each only where the token has it; `aud` holds the expected one; `sub` is it. DC_EEXPIRED for exp, DC_EDENIED
 * for the others: "\"exp\" not satisfied" and so on, for sub and aud with a reason behind it. */
int dc_jwt_check(const struct dc_jwt *jwt, const struct dc_jwt_expect *expect, struct dc_err *err) DC_NODISCARD;

/* All of it: dc_jws_parse, dc_jws_verify_set, dc_jwt_parse, dc_jwt_check, and their codes. JWT may be NULL, else it is
 * filled on success. */
int dc_jwt_verify(const char *token, size_t n, const struct dc_jwks *set, const struct dc_jwt_expect *expect,
                  struct dc_jwt *jwt, struct dc_err *err) DC_NODISCARD;

/* Appends the compact token: header alg, kid (KID NULL: dc_jwk_kid), typ "JWT"; claims as given, `aud` always an array.
 * DC_EMISMATCH: ALG does not fit KEY. DC_EINVAL: a text that is not UTF-8. DC_ELIMIT: larger than DC_JWS_TEXT_MAX. */
int dc_jwt_sign(const struct dc_jwt *jwt, enum dc_jwa alg, const struct dc_key *key, const char *kid,
                struct dc_buf *out, struct dc_err *err) DC_NODISCARD;

#endif
