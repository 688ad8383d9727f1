/* SPDX-License-Identifier: Apache-2.0 */
/* JSON Web Keys: numbers become a SubjectPublicKeyInfo, whose rules are those of every other key here. */
#include "config.h"

#include "pki/jwk.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "pki/jose.h"

static const struct curve {
  const char *type, *name; /* kty, crv */
  enum dc_key_kind kind;
  size_t width;
} curves[] = {
    {"EC", "P-256", DC_KEY_P256, 32},
    {"EC", "P-384", DC_KEY_P384, 48},
    {"EC", "P-521", DC_KEY_P521, 66},
    {"OKP", "Ed25519", DC_KEY_ED25519, 32},
};

static void key_free(struct dc_jwk *key) {
  free(key->kid);
  dc_buf_free(&key->der);
  *key = (struct dc_jwk){.kid = NULL};
}

void dc_jwks_free(struct dc_jwks *set) {
  for (size_t i = 0; i < set->count; i++) key_free(&set->keys[i]);
  free(set->keys);
  *set = (struct dc_jwks)DC_JWKS_INIT;
}

/* --- reading ----------------------------------------------------------------------------------------------------- */

/* A member that is a number in base64url. WIDTH 0: any; RFC 7518, 6.2.1.2: a coordinate has its curve's. */
static int take_number(const json_t *json, const char *name, size_t width, struct dc_buf *out, struct dc_err *err) {
  const char *text;
  int rc = dc_jose_text(json, name, &text, err);

  if (rc == 0 && !text) rc = dc_err_set(err, DC_EINVAL, "\"%s\" is missing", name);
  if (rc < 0) return rc;
  rc = dc_base64_decode(out, DC_BASE64_URL, text, strlen(text), err);
  if (rc < 0) return dc_err_add(err, rc, "\"%s\"", name);
  if (width && out->len != width)
    return dc_err_set(err, DC_EINVAL, "\"%s\" has %zu bytes where the curve has %zu", name, out->len, width);
  return out->len ? 0 : dc_err_set(err, DC_EINVAL, "\"%s\" is empty", name);
}

static int take_pair(const json_t *json, enum dc_key_kind kind, size_t width, const char *const names[2],
                     struct dc_buf *der, struct dc_err *err) {
  struct dc_buf a DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, b DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  int rc = take_number(json, names[0], width, &a, err);

  if (rc == 0 && names[1]) rc = take_number(json, names[1], width, &b, err);
  if (rc < 0) return rc;
  dc_spki_add(der, kind, (struct dc_slice){a.data, a.len}, (struct dc_slice){b.data, b.len});
  return dc_buf_check(der, err);
}

/* Its type and numbers as a SubjectPublicKeyInfo. */
static int take_numbers(const json_t *json, struct dc_buf *der, struct dc_err *err) {
  const char *type, *name;
  int rc = dc_jose_text(json, "kty", &type, err);

  if (rc == 0) rc = dc_jose_text(json, "crv", &name, err);
  if (rc < 0) return rc;
  if (!type) return dc_err_set(err, DC_EINVAL, "\"kty\" is missing");
  if (strcmp(type, "RSA") == 0) return take_pair(json, DC_KEY_RSA, 0, (const char *const[]){"n", "e"}, der, err);
  for (size_t i = 0; name && i < DC_COUNT(curves); i++)
    if (strcmp(type, curves[i].type) == 0 && strcmp(name, curves[i].name) == 0)
      return take_pair(json, curves[i].kind, curves[i].width,
                       (const char *const[]){"x", curves[i].kind == DC_KEY_ED25519 ? NULL : "y"}, der, err);
  return dc_err_set(err, DC_EUNSUPPORTED, "its type or curve is not accepted: use RSA, EC P-256, P-384 or P-521, or "
                                          "OKP Ed25519");
}

/* RFC 7517, 4.2 and 4.3; "sign" stands in the private half of a pair. */
static int check_use(const json_t *json, struct dc_err *err) {
  const json_t *operations = json_object_get(json, "key_ops"), *operation;
  const char *use;
  size_t i;
  int rc = dc_jose_text(json, "use", &use, err);

  if (rc < 0) return rc;
  if (use && strcmp(use, "sig") != 0) return dc_err_set(err, DC_EUNSUPPORTED, "its \"use\" is not \"sig\"");
  if (!operations) return 0;
  json_array_foreach(operations, i, operation) {
    const char *text = json_string_value(operation);
    if (text && (strcmp(text, "verify") == 0 || strcmp(text, "sign") == 0)) return 0;
  }
  return dc_err_set(err, DC_EUNSUPPORTED, "its \"key_ops\" is no array with \"verify\"");
}

/* KEY's `der` is filled: all that follows from it. */
static int finish(struct dc_jwk *key, struct dc_err *err) {
  char text[DC_SPKI_TEXT_MAX];
  int rc = dc_spki_parse(&key->spki, (struct dc_slice){key->der.data, key->der.len}, err);

  if (rc == 0) rc = dc_spki_check(&key->spki, err);
  if (rc == 0) rc = dc_spki_check_point(&key->spki, err);
  if (rc < 0) return rc;
  if (key->alg == DC_JWA_UNKNOWN || dc_jwa_fits(key->alg, key->spki.kind)) return 0;
  return dc_err_set(err, DC_EMISMATCH, "algorithm %s does not fit a key of kind %s", dc_jwa_name(key->alg),
                    dc_spki_text(&key->spki, text));
}

static int parse_key(const json_t *json, const char *kid, struct dc_jwk *key, struct dc_err *err) {
  const char *alg;
  int rc = dc_jose_text(json, "alg", &alg, err);

  if (rc == 0) rc = check_use(json, err);
  if (rc < 0) return rc;
  key->alg = alg ? dc_jwa_from_name(alg) : DC_JWA_UNKNOWN;
  if (alg && key->alg == DC_JWA_UNKNOWN)
    return dc_err_set(err, DC_EUNSUPPORTED, "its algorithm is not accepted: use RS, PS or ES with 256, 384 or 512, or "
                                            "EdDSA");
  rc = take_numbers(json, &key->der, err);
  if (rc == 0) rc = finish(key, err);
  if (rc < 0 || !kid) return rc;
  key->kid = strdup(kid);
  return key->kid ? 0 : dc_err_nomem(err);
}

static void add_note(struct dc_buf *notes, size_t number, const char *kid, const char *why) {
  char shown[DC_JOSE_SHOW_MAX];

  if (!notes) return;
  dc_buf_printf(notes, "key %zu", number);
  if (kid) dc_buf_printf(notes, " '%s'", dc_jose_show(kid, shown));
  dc_buf_printf(notes, ": %s\n", why);
}

/* One entry of a set: becomes a key or a note. */
static int parse_entry(struct dc_jwks *set, const json_t *json, size_t number, struct dc_buf *notes,
                       struct dc_err *err) {
  struct dc_jwk *key = &set->keys[set->count];
  struct dc_err why = DC_ERR_INIT;
  const char *kid = NULL;
  int rc = json_is_object(json) ? dc_jose_text(json, "kid", &kid, &why)
                                : dc_err_set(&why, DC_EINVAL, "it is no JSON object");

  if (kid && !kid[0]) kid = NULL;
  if (rc == 0) rc = parse_key(json, kid, key, &why);
  if (rc == 0) {
    set->count++;
    return 0;
  }
  key_free(key);
  if (rc == DC_ENOMEM) return dc_err_nomem(err);
  add_note(notes, number, kid, why.text);
  return notes ? dc_buf_check(notes, err) : 0;
}

static int parse_entries(struct dc_jwks *set, const json_t *entries, struct dc_buf *notes, struct dc_err *err) {
  size_t n = json_array_size(entries), i;
  const json_t *entry;

  if (n > DC_JWKS_KEYS_MAX)
    return dc_err_set(err, DC_ELIMIT, "a JWK Set of %zu keys is too large: at most %d are accepted", n,
                      DC_JWKS_KEYS_MAX);
  set->keys = calloc(n ? n : 1, sizeof *set->keys);
  if (!set->keys) return dc_err_nomem(err);
  json_array_foreach(entries, i, entry) {
    int rc = parse_entry(set, entry, i + 1, notes, err);
    if (rc < 0) return rc;
  }
  return 0;
}

/* An object with an array "keys"; a single key becomes the one of a set. */
static int load_set(json_t **out, const char *text, size_t n, struct dc_err *err) {
  json_t *json DC_CLEANUP(dc_jose_free) = NULL, *one;
  int rc;

  if (n > DC_JWKS_TEXT_MAX)
    return dc_err_set(err, DC_ELIMIT, "a JWK Set of %zu bytes is too large: at most %d are accepted", n,
                      DC_JWKS_TEXT_MAX);
  rc = dc_jose_load(&json, "the JWK Set", text, n, err);
  if (rc < 0) return rc;
  if (!json_object_get(json, "keys") && json_object_get(json, "kty")) {
    one = json_pack("{s:[o]}", "keys", json);
    json = one; /* the reference went with it, or was dropped */
    if (!one) return dc_err_nomem(err);
  }
  if (!json_is_array(json_object_get(json, "keys")))
    return dc_err_set(err, DC_EINVAL, "no JWK Set: it has no array \"keys\"");
  *out = json;
  json = NULL;
  return 0;
}

int dc_jwks_parse(struct dc_jwks *set, const char *text, size_t n, struct dc_buf *notes, struct dc_err *err) {
  struct dc_jwks got DC_CLEANUP(dc_jwks_free) = DC_JWKS_INIT;
  json_t *json DC_CLEANUP(dc_jose_free) = NULL;
  int rc = load_set(&json, text, n, err);

  if (rc == 0) rc = parse_entries(&got, json_object_get(json, "keys"), notes, err);
  if (rc < 0) return rc;
  *set = got;
  got = (struct dc_jwks)DC_JWKS_INIT;
  return 0;
}

int dc_jwks_add(struct dc_jwks *set, const struct dc_spki *key, const char *kid, enum dc_jwa alg, struct dc_err *err) {
  struct dc_jwk made = {.alg = alg}, *keys;
  char own[DC_JWK_KID_MAX];
  int rc;

  dc_buf_add(&made.der, key->der.data, key->der.len);
  rc = dc_buf_check(&made.der, err);
  if (rc == 0) rc = finish(&made, err);
  if (rc == 0 && !kid) rc = dc_jwk_kid(key, own, err);
  if (rc == 0) {
    made.kid = strdup(kid ? kid : own);
    keys = made.kid ? realloc(set->keys, (set->count + 1) * sizeof *keys) : NULL;
    if (keys) {
      set->keys = keys;
      keys[set->count++] = made;
      return 0;
    }
    rc = dc_err_nomem(err);
  }
  key_free(&made);
  return rc;
}

/* --- finding ----------------------------------------------------------------------------------------------------- */

const struct dc_jwk *dc_jwks_find(const struct dc_jwks *set, const char *kid) {
  for (size_t i = 0; i < set->count; i++)
    if (set->keys[i].kid && strcmp(set->keys[i].kid, kid) == 0) return &set->keys[i];
  return NULL;
}

const struct dc_jwk *dc_jwks_find_key(const struct dc_jwks *set, const struct dc_spki *key) {
  for (size_t i = 0; i < set->count; i++)
    if (dc_spki_equal(&set->keys[i].spki, key)) return &set->keys[i];
  return NULL;
}

/* --- writing ----------------------------------------------------------------------------------------------------- */

/* The members that the thumbprint is taken of (RFC 7638, 3.2; 8037, 2): exactly those that make the key. */
static json_t *make_key(const struct dc_spki *key) {
  struct dc_buf a DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, b DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  const struct curve *curve = NULL;

  for (size_t i = 0; i < DC_COUNT(curves); i++)
    if (curves[i].kind == key->kind) curve = &curves[i];
  dc_base64_encode(&a, DC_BASE64_URL, curve ? key->x.data : key->n.data, curve ? key->x.len : key->n.len);
  dc_base64_encode(&b, DC_BASE64_URL, curve ? key->y.data : key->e.data, curve ? key->y.len : key->e.len);
  if (a.failed || b.failed) return NULL;
  if (!curve) return json_pack("{s:s, s:s, s:s}", "kty", "RSA", "n", dc_buf_text(&a), "e", dc_buf_text(&b));
  return json_pack("{s:s, s:s, s:s, s:s*}", "kty", curve->type, "crv", curve->name, "x", dc_buf_text(&a), "y",
                   b.len ? dc_buf_text(&b) : NULL);
}

static int add_member(json_t *set, const struct dc_jwk *key, bool *invalid) {
  json_t *json DC_CLEANUP(dc_jose_free) = make_key(&key->spki), *more DC_CLEANUP(dc_jose_free) = NULL;
  json_error_t error;

  more = json_pack_ex(&error, 0, "{s:s*, s:s*, s:s}", "kid", key->kid, "alg",
                      key->alg == DC_JWA_UNKNOWN ? NULL : dc_jwa_name(key->alg), "use", "sig");
  if (!more) *invalid = json_error_code(&error) == json_error_invalid_utf8;
  if (!json || !more || json_object_update(json, more) < 0) return -1;
  return json_array_append(json_object_get(set, "keys"), json);
}

int dc_jwks_write(const struct dc_jwks *set, struct dc_buf *out, struct dc_err *err) {
  json_t *json = json_pack("{s:[]}", "keys");
  bool invalid = false;

  for (size_t i = 0; json && i < set->count; i++)
    if (add_member(json, &set->keys[i], &invalid) < 0) dc_jose_free(&json);
  return dc_jose_write(out, json, invalid, err);
}

static bool is_public(const json_t *key) {
  const char *type = json_string_value(json_object_get(key, "kty"));

  return type && strcmp(type, "oct") != 0;
}

int dc_jwks_publish(const char *text, size_t n, struct dc_buf *out, struct dc_err *err) {
  static const char *const private[] = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"};
  json_t *json DC_CLEANUP(dc_jose_free) = NULL, *entries;
  int rc = load_set(&json, text, n, err);

  if (rc < 0) return rc;
  entries = json_object_get(json, "keys");
  for (size_t i = json_array_size(entries); i-- > 0;) {
    json_t *key = json_array_get(entries, i);
    for (size_t k = 0; k < DC_COUNT(private); k++) json_object_del(key, private[k]);
    if (!is_public(key)) json_array_remove(entries, i);
  }
  return dc_jose_write(out, json_pack("{s:O}", "keys", entries), false, err);
}

int dc_jwk_thumbprint(const struct dc_spki *key, unsigned char out[DC_JWK_THUMBPRINT_SIZE], struct dc_err *err) {
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  int rc = dc_spki_check(key, err);

  if (rc == 0) rc = dc_jose_write(&text, make_key(key), false, err);
  if (rc < 0) return rc;
  rc = gnutls_hash_fast(GNUTLS_DIG_SHA256, text.data, text.len, out);
  return rc < 0 ? dc_err_set(err, DC_ECRYPTO, "cannot hash a public key: %s", gnutls_strerror(rc)) : 0;
}

int dc_jwk_kid(const struct dc_spki *key, char out[DC_JWK_KID_MAX], struct dc_err *err) {
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  unsigned char thumbprint[DC_JWK_THUMBPRINT_SIZE];
  int rc = dc_jwk_thumbprint(key, thumbprint, err);

  if (rc < 0) return rc;
  dc_base64_encode(&text, DC_BASE64_STD, thumbprint, sizeof thumbprint);
  rc = dc_buf_check(&text, err);
  if (rc == 0) memcpy(out, dc_buf_text(&text), DC_JWK_KID_MAX);
  return rc;
}
