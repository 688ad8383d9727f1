/* SPDX-License-Identifier: Apache-2.0 */
/* JSON Web Signatures, compact. */
#include "config.h"

#include "pki/jws.h"

#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "pki/jose.h"

void dc_jws_free(struct dc_jws *jws) {
  free(jws->kid);
  dc_buf_free(&jws->payload);
  dc_buf_free(&jws->signature);
  *jws = (struct dc_jws)DC_JWS_INIT;
}

/* --- taking apart ------------------------------------------------------------------------------------------------ */

static int read_header(struct dc_jws *jws, const json_t *header, struct dc_err *err) {
  const json_t *b64 = json_object_get(header, "b64");
  const char *alg, *kid;
  int rc = dc_jose_text(header, "alg", &alg, err);

  if (rc == 0) rc = dc_jose_text(header, "kid", &kid, err);
  if (rc < 0) return rc;
  if (!alg) return dc_err_set(err, DC_EINVAL, "\"alg\" is missing");
  if (json_object_get(header, "crit"))
    return dc_err_set(err, DC_EUNSUPPORTED, "\"crit\" asks for extensions, and none is supported");
  if (b64 && !json_is_true(b64))
    return dc_err_set(err, DC_EUNSUPPORTED, "\"b64\" asks for a payload that is not base64url: not supported");
  jws->alg = dc_jwa_from_name(alg);
  if (!kid || !kid[0]) return 0;
  jws->kid = strdup(kid);
  return jws->kid ? 0 : dc_err_nomem(err);
}

static int parse_header(struct dc_jws *jws, struct dc_slice part, struct dc_err *err) {
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  json_t *json DC_CLEANUP(dc_jose_free) = NULL;
  int rc = dc_base64_decode(&text, DC_BASE64_URL, (const char *)part.data, part.len, err);

  if (rc == 0) rc = dc_jose_load(&json, "it", dc_buf_text(&text), text.len, err);
  if (rc == 0) rc = read_header(jws, json, err);
  return rc < 0 ? dc_err_add(err, rc, "the token's header") : 0;
}

/* Up to the first dot of *REST, or all of it when LAST; false when the dots are not as they should be. */
static bool take_part(struct dc_slice *rest, bool last, struct dc_slice *part) {
  const unsigned char *dot = rest->len ? memchr(rest->data, '.', rest->len) : NULL;

  if (last != !dot) return false;
  *part = *rest;
  if (last) return true;
  part->len = (size_t)(dot - rest->data);
  *rest = (struct dc_slice){dot + 1, rest->len - part->len - 1};
  return true;
}

static int parse(struct dc_jws *jws, struct dc_slice text, struct dc_err *err) {
  struct dc_slice rest = text, header, payload, signature;
  int rc;

  if (!take_part(&rest, false, &header) || !take_part(&rest, false, &payload) || !take_part(&rest, true, &signature))
    return dc_err_set(err, DC_EINVAL, "the token is not of the form HEADER.PAYLOAD.SIGNATURE");
  jws->signing_input = (struct dc_slice){text.data, header.len + 1 + payload.len};
  rc = parse_header(jws, header, err);
  if (rc < 0) return rc;
  rc = dc_base64_decode(&jws->payload, DC_BASE64_URL, (const char *)payload.data, payload.len, err);
  if (rc < 0) return dc_err_add(err, rc, "the token's payload");
  rc = dc_base64_decode(&jws->signature, DC_BASE64_URL, (const char *)signature.data, signature.len, err);
  return rc < 0 ? dc_err_add(err, rc, "the token's signature") : 0;
}

int dc_jws_parse(struct dc_jws *jws, const char *text, size_t n, struct dc_err *err) {
  struct dc_jws got DC_CLEANUP(dc_jws_free) = DC_JWS_INIT;
  int rc;

  if (n > DC_JWS_TEXT_MAX)
    return dc_err_set(err, DC_ELIMIT, "a token of %zu bytes is too large: at most %d are accepted", n,
                      DC_JWS_TEXT_MAX);
  rc = parse(&got, (struct dc_slice){(const unsigned char *)text, n}, err);
  if (rc < 0) return rc;
  *jws = got;
  got = (struct dc_jws)DC_JWS_INIT;
  return 0;
}

/* --- verifying --------------------------------------------------------------------------------------------------- */

int dc_jws_verify(const struct dc_jws *jws, const struct dc_jwk *key, struct dc_err *err) {
  struct dc_slice signature = {jws->signature.data, jws->signature.len};
  int rc;

  if (key->alg != DC_JWA_UNKNOWN && jws->alg != key->alg)
    rc = dc_err_set(err, DC_EMISMATCH, "the header's algorithm is not the key's, %s", dc_jwa_name(key->alg));
  else
    rc = dc_jwa_verify(jws->alg, &key->spki, jws->signing_input, signature, err);
  return rc < 0 ? dc_err_add(err, rc, "could not verify message") : 0;
}

int dc_jws_verify_set(const struct dc_jws *jws, const struct dc_jwks *set, struct dc_err *err) {
  char shown[DC_JOSE_SHOW_MAX];
  const struct dc_jwk *key;

  if (!jws->kid)
    return dc_err_set(err, DC_EINVAL, "failed to find matching key: no key ID (\"kid\") specified in token");
  key = dc_jwks_find(set, jws->kid);
  if (!key)
    return dc_err_set(err, DC_ENOENT, "failed to find key with key ID \"%s\" in key set",
                      dc_jose_show(jws->kid, shown));
  return dc_jws_verify(jws, key, err);
}

/* --- signing ----------------------------------------------------------------------------------------------------- */

static int make_header(struct dc_buf *out, enum dc_jwa alg, const char *kid, const char *typ, struct dc_err *err) {
  json_error_t error;
  json_t *json = json_pack_ex(&error, 0, "{s:s, s:s*, s:s*}", "alg", dc_jwa_name(alg), "kid", kid, "typ", typ);

  return dc_jose_write(out, json, !json && json_error_code(&error) == json_error_invalid_utf8, err);
}

int dc_jws_sign(enum dc_jwa alg, const struct dc_key *key, const char *kid, const char *typ, struct dc_slice payload,
                struct dc_buf *out, struct dc_err *err) {
  struct dc_buf header DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_buf signature DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  int rc = make_header(&header, alg, kid, typ, err);

  if (rc < 0) return rc;
  dc_base64_encode(&text, DC_BASE64_URL, header.data, header.len);
  dc_buf_add_byte(&text, '.');
  dc_base64_encode(&text, DC_BASE64_URL, payload.data, payload.len);
  rc = dc_buf_check(&text, err);
  if (rc == 0) rc = dc_jwa_sign(alg, key, (struct dc_slice){text.data, text.len}, &signature, err);
  if (rc < 0) return rc;
  dc_buf_add_byte(&text, '.');
  dc_base64_encode(&text, DC_BASE64_URL, signature.data, signature.len);
  dc_buf_add(out, text.data, text.len);
  if (text.failed) return dc_buf_check(&text, err);
  return dc_buf_check(out, err);
}
