/* SPDX-License-Identifier: Apache-2.0 */
/* A JWK Set, as a file, a URL or the configuration has it: read, written again, published, one of its keys found. */
#include "config.h"

#include <jansson.h>
#include <stdlib.h>

#include "pki/jwk.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check_keys(const struct dc_jwks *set) {
  struct dc_jwks again DC_CLEANUP(dc_jwks_free) = DC_JWKS_INIT;
  char kid[DC_JWK_KID_MAX];

  for (size_t i = 0; i < set->count; i++) {
    const struct dc_jwk *key = &set->keys[i];
    if (key->kid && !dc_jwks_find(set, key->kid)) abort();
    if (!dc_jwks_find_key(set, &key->spki)) abort();
    if (dc_jwk_kid(&key->spki, kid, NULL) < 0 || dc_jwks_add(&again, &key->spki, key->kid, key->alg, NULL) < 0) abort();
  }
  if (again.count != set->count) abort();
}

/* What is shown to anybody holds the same keys and nothing private. */
static void check_published(const struct dc_jwks *set, const struct dc_buf *text) {
  static const char *const private[] = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"};
  struct dc_jwks again DC_CLEANUP(dc_jwks_free) = DC_JWKS_INIT;
  json_t *json = json_loadb(dc_buf_text(text), text->len, JSON_DECODE_INT_AS_REAL, NULL);
  const json_t *keys = json_object_get(json, "keys");

  if (!json_is_array(keys)) abort();
  for (size_t i = 0; i < json_array_size(keys); i++)
    for (size_t k = 0; k < sizeof private / sizeof *private; k++)
      if (json_object_get(json_array_get(keys, i), private[k])) abort();
  json_decref(json);
  if (text->len > DC_JWKS_TEXT_MAX) return;
  if (dc_jwks_parse(&again, dc_buf_text(text), text->len, NULL, NULL) < 0 || again.count != set->count) abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size) {
  struct dc_jwks set DC_CLEANUP(dc_jwks_free) = DC_JWKS_INIT;
  struct dc_buf notes DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, out DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_err err = DC_ERR_INIT;
  int rc = dc_jwks_parse(&set, (const char *)data, size, &notes, &err);

  if (rc < 0 && !err.text[0]) abort(); /* every failure has its words */
  if (rc == 0) check_keys(&set);
  if (dc_jwks_publish((const char *)data, size, &out, &err) == 0 && rc == 0) check_published(&set, &out);
  return 0;
}
