/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens' keys, and tokens. */
#include "config.h"

#include "ca/token_signer.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct dc_token_signer {
  atomic_uint references;
  struct dc_key *key;
  enum dc_jwa algorithm;
  char *kid, *issuer; /* issuer: NULL for none */
  struct dc_buf jwks;
};

/* --- rules -------------------------------------------------------------------------------------------------------- */

static int find_algorithm(const char *name, enum dc_jwa standard, enum dc_jwa *out, struct dc_err *err) {
  *out = name ? dc_jwa_from_name(name) : standard;
  if (*out != DC_JWA_UNKNOWN) return 0;
  return dc_err_set(err, DC_EUNSUPPORTED,
                    "unsupported signature algorithm: '%s' is none of RS256, RS384, RS512, PS256, PS384, PS512, ES256, "
                    "ES384, ES512 and EdDSA",
                    name);
}

/* --- making a pair ------------------------------------------------------------------------------------------------ */

static enum dc_key_kind kind_for(enum dc_jwa algorithm) {
  static const enum dc_key_kind kinds[] = {DC_KEY_P256, DC_KEY_P384, DC_KEY_P521, DC_KEY_ED25519};

  for (size_t i = 0; i < DC_COUNT(kinds); i++)
    if (dc_jwa_fits(algorithm, kinds[i])) return kinds[i];
  return DC_KEY_RSA;
}

int dc_token_signer_generate(const struct dc_token_rules *rules, struct dc_buf *key, struct dc_buf *jwks,
                             struct dc_err *err) {
  struct dc_key *made DC_CLEANUP(dc_key_cleanup) = NULL;
  struct dc_jwks set DC_CLEANUP(dc_jwks_free) = DC_JWKS_INIT;
  enum dc_jwa algorithm;
  int rc = find_algorithm(rules->algorithm, DC_JWA_RS256, &algorithm, err);

  if (rc == 0) rc = dc_key_generate(kind_for(algorithm), rules->rsa_bits, &made, err);
  if (rc == 0) rc = dc_jwks_add(&set, dc_key_public(made), rules->kid, algorithm, err);
  if (rc == 0) rc = dc_jwks_write(&set, jwks, err);
  if (rc < 0) return rc;
  dc_buf_add_byte(jwks, '\n');
  rc = dc_buf_check(jwks, err);
  return rc < 0 ? rc : dc_key_to_pkcs8(made, key, err);
}

/* --- loading ------------------------------------------------------------------------------------------------------ */

static int load_key(struct dc_token_signer *signer, const struct dc_token_files *files, const char *algorithm,
                    struct dc_err *err) {
  char kind[DC_SPKI_TEXT_MAX];
  const struct dc_spki *public;
  int rc = dc_key_from_pem((const char *)files->key.data, files->key.len, &signer->key, err);

  if (rc < 0) return dc_err_add(err, rc, "%s", files->key_name);
  public = dc_key_public(signer->key);
  rc = find_algorithm(algorithm, dc_jwa_of_kind(public->kind), &signer->algorithm, err);
  if (rc < 0 || dc_jwa_fits(signer->algorithm, public->kind)) return rc;
  return dc_err_set(err, DC_EMISMATCH, "%s: JWT signing key is incompatible with algorithm %s: it is of kind %s",
                    files->key_name, dc_jwa_name(signer->algorithm), dc_spki_text(public, kind));
}

static int no_keys(const char *file, const struct dc_buf *notes, struct dc_err *err) {
  const char *why = dc_buf_text(notes);

  if (!*why) return dc_err_set(err, DC_EINVAL, "%s: JWKS doesn't contain any keys", file);
  return dc_err_set(err, DC_EINVAL, "%s: JWKS doesn't contain any keys that check signatures: %.*s", file,
                    (int)strcspn(why, "\n"), why);
}

/* The public half must be there: under KID, or under any ID when that is NULL. */
static int find_public(const struct dc_jwks *set, const struct dc_spki *public, const char *kid, const char *file,
                       struct dc_err *err) {
  bool named = false;

  for (size_t i = 0; i < set->count; i++) {
    bool fits = !kid || (set->keys[i].kid && strcmp(set->keys[i].kid, kid) == 0);
    if (fits && dc_spki_equal(&set->keys[i].spki, public)) return 0;
    named = named || fits;
  }
  if (!kid)
    return dc_err_set(err, DC_EMISMATCH, "%s: JWKS doesn't contain a matching public key for the JWT signing key",
                      file);
  if (!named)
    return dc_err_set(err, DC_EMISMATCH, "%s: JWKS doesn't contain a key with user-provided key ID \"%s\"", file, kid);
  return dc_err_set(err, DC_EMISMATCH,
                    "%s: JWKS contains a key with user-provided key ID \"%s\" but the key content doesn't match the "
                    "signing key",
                    file, kid);
}

/* What somebody who has the set would say to a token. */
static int probe(const struct dc_token_signer *signer, const struct dc_jwks *set, struct dc_buf *warning,
                 struct dc_err *err) {
  struct dc_buf token DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_jws jws DC_CLEANUP(dc_jws_free) = DC_JWS_INIT;
  struct dc_err why = DC_ERR_INIT;
  int rc = dc_jws_sign(signer->algorithm, signer->key, signer->kid, NULL, DC_SLICE("{}"), &token, err);

  if (rc == 0) rc = dc_jws_parse(&jws, dc_buf_text(&token), token.len, err);
  if (rc < 0) return rc;
  rc = dc_jws_verify_set(&jws, set, &why);
  if (rc == DC_ENOMEM) return dc_err_nomem(err);
  if (rc < 0) dc_buf_printf(warning, "nobody will be able to verify the tokens that are signed here: %s", why.text);
  return dc_buf_check(warning, err);
}

static int load_jwks(struct dc_token_signer *signer, const struct dc_token_files *files, const char *kid,
                     struct dc_buf *warning, struct dc_err *err) {
  struct dc_jwks set DC_CLEANUP(dc_jwks_free) = DC_JWKS_INIT;
  struct dc_buf notes DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  const char *text = (const char *)files->jwks.data;
  int rc = dc_jwks_parse(&set, text, files->jwks.len, &notes, err);

  if (rc < 0) return dc_err_add(err, rc, "%s", files->jwks_name);
  if (set.count == 0) return no_keys(files->jwks_name, &notes, err);
  rc = find_public(&set, dc_key_public(signer->key), kid, files->jwks_name, err);
  if (rc == 0) rc = dc_jwks_publish(text, files->jwks.len, &signer->jwks, err);
  return rc == 0 && warning ? probe(signer, &set, warning, err) : rc;
}

static int copy_names(struct dc_token_signer *signer, const struct dc_token_rules *rules, struct dc_err *err) {
  char own[DC_JWK_KID_MAX];
  int rc = rules->kid ? 0 : dc_jwk_kid(dc_key_public(signer->key), own, err);

  if (rc < 0) return rc;
  signer->kid = strdup(rules->kid ? rules->kid : own);
  signer->issuer = rules->issuer ? strdup(rules->issuer) : NULL;
  return signer->kid && (signer->issuer || !rules->issuer) ? 0 : dc_err_nomem(err);
}

int dc_token_signer_load(const struct dc_token_files *files, const struct dc_token_rules *rules,
                         struct dc_token_signer **out, struct dc_buf *warning, struct dc_err *err) {
  struct dc_token_signer *signer DC_CLEANUP(dc_token_signer_cleanup) = calloc(1, sizeof *signer);
  int rc;

  if (!signer) return dc_err_nomem(err);
  atomic_init(&signer->references, 1);
  rc = load_key(signer, files, rules->algorithm, err);
  if (rc == 0) rc = copy_names(signer, rules, err);
  if (rc == 0) rc = load_jwks(signer, files, rules->kid, warning, err);
  if (rc < 0) return rc;
  *out = signer;
  signer = NULL;
  return 0;
}

/* --- references --------------------------------------------------------------------------------------------------- */

struct dc_token_signer *dc_token_signer_ref(struct dc_token_signer *signer) {
  atomic_fetch_add_explicit(&signer->references, 1, memory_order_relaxed);
  return signer;
}

void dc_token_signer_unref(struct dc_token_signer *signer) {
  if (!signer || atomic_fetch_sub_explicit(&signer->references, 1, memory_order_acq_rel) != 1) return;
  dc_key_free(signer->key);
  free(signer->kid);
  free(signer->issuer);
  dc_buf_free(&signer->jwks);
  free(signer);
}

void dc_token_signer_cleanup(struct dc_token_signer **signer) {
  dc_token_signer_unref(*signer);
  *signer = NULL;
}

struct dc_slice dc_token_signer_jwks(const struct dc_token_signer *signer) {
  return (struct dc_slice){signer->jwks.data, signer->jwks.len};
}

enum dc_jwa dc_token_signer_algorithm(const struct dc_token_signer *signer) { return signer->algorithm; }

const char *dc_token_signer_kid(const struct dc_token_signer *signer) { return signer->kid; }

/* --- tokens ------------------------------------------------------------------------------------------------------- */

int dc_token_signer_sign(const struct dc_token_signer *signer, const struct dc_token *token, int64_t now,
                         struct dc_buf *out, struct dc_err *err) {
  char id[DC_JWT_ID_MAX];
  const struct dc_jwt jwt = {.iss = signer->issuer, .sub = token->sub, .jti = id, .use = "sig",
                             .aud = token->aud, .aud_count = token->aud_count,
                             .iat = {true, now}, .nbf = {true, now - token->skew}, .exp = {true, now + token->ttl}};
  int rc = dc_jwt_new_id(id, err);

  return rc < 0 ? rc : dc_jwt_sign(&jwt, signer->algorithm, signer->key, signer->kid, out, err);
}
