/* SPDX-License-Identifier: Apache-2.0 */
/* The vectors of tests/data/jose (its README names their sources) and tokens made by hand. */
#ifndef DC_TESTS_PKI_JOSE_DATA_H
#define DC_TESTS_PKI_JOSE_DATA_H

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/base64.h"
#include "pki/jwt.h"
#include "tap.h"

/* Ends the test when something is missing: nothing can be said without it. */
__attribute__((unused)) static json_t *data_load(const char *name) {
  const char *top = getenv("TOP_SRCDIR");
  char path[4096];
  json_error_t error;
  json_t *json;

  snprintf(path, sizeof path, "%s/tests/data/%s", top ? top : ".", name);
  json = json_load_file(path, 0, &error);
  if (json) return json;
  printf("Bail out! %s: %s\n", path, error.text);
  exit(1);
}

__attribute__((unused)) static const char *data_text(const json_t *object, const char *name) {
  const char *text = json_string_value(json_object_get(object, name));

  return text ? text : "";
}

/* A JWK or JWK Set that jansson has read. */
__attribute__((unused)) static int data_keys(const json_t *json, struct dc_jwks *set, struct dc_buf *notes) {
  char *text = json_dumps(json, JSON_COMPACT);
  int rc = text ? dc_jwks_parse(set, text, strlen(text), notes, NULL) : DC_ENOMEM;

  free(text);
  return rc;
}

/* Whether TOKEN is the first key's. */
__attribute__((unused)) static int data_verify(const struct dc_jwks *set, const char *token, struct dc_err *err) {
  struct dc_jws jws DC_CLEANUP(dc_jws_free) = DC_JWS_INIT;
  int rc = dc_jws_parse(&jws, token, strlen(token), err);

  if (rc < 0) return rc;
  return set->count ? dc_jws_verify(&jws, &set->keys[0], err) : DC_ENOENT;
}

__attribute__((unused)) static void data_add64(struct dc_buf *out, const char *text) {
  dc_base64_encode(out, DC_BASE64_URL, text, strlen(text));
}

/* A token with exactly this header and payload, rightly signed by KEY whatever the header says. */
__attribute__((unused)) static void data_sign(struct dc_buf *out, const struct dc_key *key, const char *header,
                                              const char *payload) {
  struct dc_buf signature DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;

  dc_buf_clear(out);
  data_add64(out, header);
  dc_buf_add_byte(out, '.');
  data_add64(out, payload);
  if (dc_jwa_sign(dc_jwa_of_kind(dc_key_public(key)->kind), key, (struct dc_slice){out->data, out->len}, &signature,
                  NULL) < 0)
    exit(1);
  dc_buf_add_byte(out, '.');
  dc_base64_encode(out, DC_BASE64_URL, signature.data, signature.len);
}

#endif
