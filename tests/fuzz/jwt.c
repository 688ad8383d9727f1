/* SPDX-License-Identifier: Apache-2.0 */
/* A JWK Set, a newline, and a token that its keys are to verify; a token's claims alone where there is no newline. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "pki/jwt.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static const struct dc_jwt_expect expect = {.aud = "a", .sub = "s", .now = 1700000000, .skew = 300};

static void check_claims(struct dc_slice text) {
  struct dc_err err = DC_ERR_INIT;
  struct dc_jwt jwt DC_CLEANUP(dc_jwt_free) = DC_JWT_INIT;

  if (dc_jwt_parse(&jwt, text, &err) < 0 || dc_jwt_check(&jwt, &expect, &err) < 0) {
    if (!err.text[0]) abort(); /* every failure has its words */
  } else if (strcmp(jwt.sub, "s") != 0 || !jwt.aud_count) {
    abort();
  }
}

/* What was read can be written, and is read as the same. */
static void check_set(const struct dc_jwks *set) {
  struct dc_jwks again DC_CLEANUP(dc_jwks_free) = DC_JWKS_INIT;
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;

  if (dc_jwks_write(set, &text, NULL) < 0 || (text.len <= DC_JWKS_TEXT_MAX &&
      dc_jwks_parse(&again, dc_buf_text(&text), text.len, NULL, NULL) < 0))
    abort();
  if (text.len > DC_JWKS_TEXT_MAX) return;
  if (again.count != set->count) abort();
  for (size_t i = 0; i < again.count; i++)
    if (again.keys[i].alg != set->keys[i].alg || !dc_spki_equal(&again.keys[i].spki, &set->keys[i].spki)) abort();
}

static void check_token(const struct dc_jwks *set, const char *text, size_t n) {
  struct dc_err err = DC_ERR_INIT;
  struct dc_jws jws DC_CLEANUP(dc_jws_free) = DC_JWS_INIT;

  if (dc_jws_parse(&jws, text, n, &err) < 0) {
    if (!err.text[0]) abort();
    return;
  }
  if (jws.signing_input.len >= n || jws.payload.len > n) abort();
  if (dc_jws_verify_set(&jws, set, &err) < 0 && !err.text[0]) abort();
  for (size_t i = 0; i < set->count && i < 4; i++)
    if (dc_jws_verify(&jws, &set->keys[i], &err) == 0 && !dc_jwa_fits(jws.alg, set->keys[i].spki.kind)) abort();
  check_claims((struct dc_slice){jws.payload.data, jws.payload.len});
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size) {
  const unsigned char *end = size ? memchr(data, '\n', size) : NULL;
  struct dc_jwks set DC_CLEANUP(dc_jwks_free) = DC_JWKS_INIT;
  struct dc_err err = DC_ERR_INIT;

  if (!end) {
    check_claims((struct dc_slice){data, size});
    return 0;
  }
  if (dc_jwks_parse(&set, (const char *)data, (size_t)(end - data), NULL, &err) == 0)
    check_set(&set);
  else if (!err.text[0])
    abort();
  check_token(&set, (const char *)end + 1, size - (size_t)(end + 1 - data));
  return 0;
}
