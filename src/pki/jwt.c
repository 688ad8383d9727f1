/* SPDX-License-Identifier: Apache-2.0 */
/* JSON Web Tokens. */
#include "config.h"

#include "pki/jwt.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "pki/jose.h"

void dc_jwt_free(struct dc_jwt *jwt) {
  if (jwt->json) free(jwt->aud);
  json_decref(jwt->json);
  *jwt = (struct dc_jwt)DC_JWT_INIT;
}

/* --- reading ----------------------------------------------------------------------------------------------------- */

static int take_time(const json_t *json, const char *name, struct dc_jwt_time *out, struct dc_err *err) {
  const json_t *member = json_object_get(json, name);
  double value = json_number_value(member);

  if (!member) return 0;
  if (!json_is_number(member)) return dc_err_set(err, DC_EINVAL, "\"%s\" is no number", name);
  if (!(value >= -0x1p53 && value <= 0x1p53)) return dc_err_set(err, DC_EINVAL, "\"%s\" is no instant", name);
  *out = (struct dc_jwt_time){true, (int64_t)value - ((double)(int64_t)value > value)};
  return 0;
}

static int take_audience(struct dc_jwt *jwt, const json_t *json, struct dc_err *err) {
  const json_t *member = json_object_get(json, "aud");
  size_t n = json_is_string(member) ? 1 : json_array_size(member);

  if (!member) return 0;
  if (!json_is_string(member) && !json_is_array(member))
    return dc_err_set(err, DC_EINVAL, "\"aud\" is neither text nor an array of texts");
  if (n > DC_JWT_AUD_MAX)
    return dc_err_set(err, DC_ELIMIT, "\"aud\" has %zu entries: at most %d are accepted", n, DC_JWT_AUD_MAX);
  jwt->aud = calloc(n ? n : 1, sizeof *jwt->aud);
  if (!jwt->aud) return dc_err_nomem(err);
  for (; jwt->aud_count < n; jwt->aud_count++) {
    const json_t *entry = json_is_string(member) ? member : json_array_get(member, jwt->aud_count);
    if (!json_is_string(entry)) return dc_err_set(err, DC_EINVAL, "\"aud\" has an entry that is no text");
    jwt->aud[jwt->aud_count] = json_string_value(entry);
  }
  return 0;
}

static int take_claims(struct dc_jwt *jwt, struct dc_err *err) {
  int rc = dc_jose_text(jwt->json, "iss", &jwt->iss, err);

  if (rc == 0) rc = dc_jose_text(jwt->json, "sub", &jwt->sub, err);
  if (rc == 0) rc = dc_jose_text(jwt->json, "jti", &jwt->jti, err);
  if (rc == 0) rc = dc_jose_text(jwt->json, "use", &jwt->use, err);
  if (rc == 0) rc = take_audience(jwt, jwt->json, err);
  if (rc == 0) rc = take_time(jwt->json, "iat", &jwt->iat, err);
  if (rc == 0) rc = take_time(jwt->json, "nbf", &jwt->nbf, err);
  if (rc == 0) rc = take_time(jwt->json, "exp", &jwt->exp, err);
  return rc;
}

int dc_jwt_parse(struct dc_jwt *jwt, struct dc_slice payload, struct dc_err *err) {
  struct dc_jwt got DC_CLEANUP(dc_jwt_free) = DC_JWT_INIT;
  int rc;

  if (payload.len > DC_JWS_TEXT_MAX)
    return dc_err_set(err, DC_ELIMIT, "claims of %zu bytes are too large: at most %d are accepted", payload.len,
                      DC_JWS_TEXT_MAX);
  rc = dc_jose_load(&got.json, "it", (const char *)payload.data, payload.len, err);
  if (rc == 0) rc = take_claims(&got, err);
  if (rc < 0) return dc_err_add(err, rc, "the token's payload");
  *jwt = got;
  got = (struct dc_jwt)DC_JWT_INIT;
  return 0;
}

/* --- checking ---------------------------------------------------------------------------------------------------- */

static int check_times(const struct dc_jwt *jwt, const struct dc_jwt_expect *expect, struct dc_err *err) {
  char at[DC_CLOCK_TEXT_MAX];

  if (jwt->iat.set && jwt->iat.at > expect->now + expect->skew)
    return dc_err_set(err, DC_EDENIED, "\"iat\" not satisfied: %s is to come", dc_clock_rfc3339(jwt->iat.at, at));
  if (jwt->exp.set && jwt->exp.at <= expect->now - expect->skew)
    return dc_err_set(err, DC_EEXPIRED, "\"exp\" not satisfied: it ended at %s", dc_clock_rfc3339(jwt->exp.at, at));
  if (jwt->nbf.set && jwt->nbf.at > expect->now + expect->skew)
    return dc_err_set(err, DC_EDENIED, "\"nbf\" not satisfied: it begins at %s", dc_clock_rfc3339(jwt->nbf.at, at));
  return 0;
}

int dc_jwt_check(const struct dc_jwt *jwt, const struct dc_jwt_expect *expect, struct dc_err *err) {
  size_t i = 0;
  int rc = check_times(jwt, expect, err);

  if (rc < 0) return rc;
  while (expect->aud && i < jwt->aud_count && strcmp(jwt->aud[i], expect->aud) != 0) i++;
  if (expect->aud && i == jwt->aud_count)
    return dc_err_set(err, DC_EDENIED, "\"aud\" not satisfied: %s is not in it", expect->aud);
  if (expect->sub && (!jwt->sub || strcmp(jwt->sub, expect->sub) != 0))
    return dc_err_set(err, DC_EDENIED, "\"sub\" not satisfied: it is not %s", expect->sub);
  return 0;
}

int dc_jwt_verify(const char *token, size_t n, const struct dc_jwks *set, const struct dc_jwt_expect *expect,
                  struct dc_jwt *jwt, struct dc_err *err) {
  struct dc_jws jws DC_CLEANUP(dc_jws_free) = DC_JWS_INIT;
  struct dc_jwt got DC_CLEANUP(dc_jwt_free) = DC_JWT_INIT;
  int rc = dc_jws_parse(&jws, token, n, err);

  if (rc == 0) rc = dc_jws_verify_set(&jws, set, err);
  if (rc == 0) rc = dc_jwt_parse(&got, (struct dc_slice){jws.payload.data, jws.payload.len}, err);
  if (rc == 0) rc = dc_jwt_check(&got, expect, err);
  if (rc < 0 || !jwt) return rc;
  *jwt = got;
  got = (struct dc_jwt)DC_JWT_INIT;
  return 0;
}

/* --- making ------------------------------------------------------------------------------------------------------ */

int dc_jwt_new_id(char buf[DC_JWT_ID_MAX], struct dc_err *err) {
  unsigned char random[(DC_JWT_ID_MAX - 1) / 2];
  int rc = gnutls_rnd(GNUTLS_RND_NONCE, random, sizeof random);

  if (rc < 0) return dc_err_set(err, DC_ECRYPTO, "cannot make a token's ID: %s", gnutls_strerror(rc));
  for (size_t i = 0; i < sizeof random; i++) snprintf(buf + 2 * i, 3, "%02x", random[i]);
  return 0;
}

/* NULL when memory ran out or, then *INVALID is set, a text is not UTF-8. */
static json_t *make_audience(const struct dc_jwt *jwt, bool *invalid) {
  json_t *json = json_array();

  for (size_t i = 0; json && i < jwt->aud_count; i++) {
    *invalid = !dc_utf8_valid((const uint8_t *)jwt->aud[i], strlen(jwt->aud[i]));
    if (*invalid || json_array_append_new(json, json_string(jwt->aud[i])) < 0) dc_jose_free(&json);
  }
  return json;
}

static bool set_time(json_t *json, const char *name, struct dc_jwt_time time) {
  return !time.set || json_object_set_new(json, name, json_integer(time.at)) == 0;
}

static int make_claims(struct dc_buf *out, const struct dc_jwt *jwt, struct dc_err *err) {
  json_t *audience DC_CLEANUP(dc_jose_free) = NULL;
  json_error_t error;
  json_t *json = json_pack_ex(&error, 0, "{s:s*, s:s*, s:s*, s:s*}", "iss", jwt->iss, "sub", jwt->sub, "jti",
                              jwt->jti, "use", jwt->use);
  bool invalid = !json && json_error_code(&error) == json_error_invalid_utf8;

  if (json && jwt->aud_count) {
    audience = make_audience(jwt, &invalid);
    if (!audience || json_object_set(json, "aud", audience) < 0) dc_jose_free(&json);
  }
  if (json && (!set_time(json, "iat", jwt->iat) || !set_time(json, "nbf", jwt->nbf) ||
               !set_time(json, "exp", jwt->exp)))
    dc_jose_free(&json);
  return dc_jose_write(out, json, invalid, err);
}

int dc_jwt_sign(const struct dc_jwt *jwt, enum dc_jwa alg, const struct dc_key *key, const char *kid,
                struct dc_buf *out, struct dc_err *err) {
  struct dc_buf claims DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, token DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  char own[DC_JWK_KID_MAX];
  int rc = kid ? 0 : dc_jwk_kid(dc_key_public(key), own, err);

  token.max = DC_JWS_TEXT_MAX;
  if (rc == 0) rc = make_claims(&claims, jwt, err);
  if (rc == 0)
    rc = dc_jws_sign(alg, key, kid ? kid : own, "JWT", (struct dc_slice){claims.data, claims.len}, &token, err);
  if (rc < 0) return rc;
  dc_buf_add(out, token.data, token.len);
  return dc_buf_check(out, err);
}
