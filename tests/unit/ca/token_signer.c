/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/token_signer.h"

#include <stdlib.h>

#include "tap.h"

enum { NOW = 1800000000, HOUR = 3600, SKEW = 900 };
#define SUB "spiffe://public/ns/default/app"

/* A pair as files, and what loading it says. */
struct pair {
  struct dc_buf key, jwks;
};
#define PAIR_INIT {.key = DC_BUF_INIT}

static void pair_free(struct pair *pair) {
  dc_buf_free(&pair->key);
  dc_buf_free(&pair->jwks);
}

static void pair_make(struct pair *pair, struct dc_token_rules rules) {
  if (dc_token_signer_generate(&rules, &pair->key, &pair->jwks, NULL) == 0) return;
  printf("Bail out! cannot make a pair\n");
  exit(1);
}

static int load(const struct dc_buf *key, const char *jwks, struct dc_token_rules rules, struct dc_token_signer **out,
                struct dc_buf *warning, struct dc_err *err) {
  const struct dc_token_files files = {.key = {key->data, key->len}, .jwks = dc_slice_text(jwks),
                                       .key_name = "jwt.key", .jwks_name = "jwks.json"};
  return dc_token_signer_load(&files, &rules, out, warning, err);
}

static int load_pair(const struct pair *pair, struct dc_token_rules rules, struct dc_token_signer **out) {
  return load(&pair->key, dc_buf_text(&pair->jwks), rules, out, NULL, NULL);
}

/* --- pairs that are made ------------------------------------------------------------------------------------------ */

static void test_algorithm(const char *algorithm, enum dc_key_kind kind, const char *member) {
  struct pair pair DC_CLEANUP(pair_free) = PAIR_INIT;
  struct dc_token_signer *signer DC_CLEANUP(dc_token_signer_cleanup) = NULL;
  struct dc_jwks set DC_CLEANUP(dc_jwks_free) = DC_JWKS_INIT;
  const struct dc_token_rules rules = {.algorithm = algorithm};
  char kid[DC_JWK_KID_MAX] = "";

  pair_make(&pair, rules);
  ok(strncmp(dc_buf_text(&pair.key), "-----BEGIN PRIVATE KEY-----\n", 28) == 0, "%s: a key as PKCS#8",
     algorithm ? algorithm : "the usual");
  ok(dc_jwks_parse(&set, dc_buf_text(&pair.jwks), pair.jwks.len, NULL, NULL) == 0 && set.count == 1,
     "a set with one key");
  if (set.count != 1) return;
  is_num(set.keys[0].spki.kind, kind, "of the algorithm's kind");
  is_text(dc_jwa_name(set.keys[0].alg), algorithm ? algorithm : "RS256", "which it names");
  ok(dc_jwk_kid(&set.keys[0].spki, kid, NULL) == 0, "its thumbprint");
  is_text(set.keys[0].kid, kid, "is its ID");
  ok(strstr(dc_buf_text(&pair.jwks), member) != NULL, "%s", member);
  ok(load_pair(&pair, rules, &signer) == 0, "the pair loads");
  is_text(signer ? dc_token_signer_kid(signer) : NULL, kid, "with the same ID");
}

static void test_kid(void) {
  struct pair pair DC_CLEANUP(pair_free) = PAIR_INIT;
  struct dc_token_signer *signer DC_CLEANUP(dc_token_signer_cleanup) = NULL;

  pair_make(&pair, (struct dc_token_rules){.algorithm = "ES256", .kid = "mine"});
  ok(strstr(dc_buf_text(&pair.jwks), "\"kid\":\"mine\"") != NULL, "an ID that is named goes into the set");
  ok(load_pair(&pair, (struct dc_token_rules){.algorithm = "ES256", .kid = "mine"}, &signer) == 0, "and loads");
  is_text(signer ? dc_token_signer_kid(signer) : NULL, "mine", "as the signer's");
  is_num(dc_token_signer_generate(&(struct dc_token_rules){.algorithm = "HS256"}, &pair.key, &pair.jwks, NULL),
         DC_EUNSUPPORTED, "no pair for a symmetric algorithm");
}

/* A key in the forms that other programs write: SEC1 and PKCS#1. */
static void test_old_form(const char *algorithm, const char *label) {
  struct pair pair DC_CLEANUP(pair_free) = PAIR_INIT;
  struct dc_token_signer *signer DC_CLEANUP(dc_token_signer_cleanup) = NULL;
  struct dc_key *key DC_CLEANUP(dc_key_cleanup) = NULL;
  const struct dc_token_rules rules = {.algorithm = algorithm};

  pair_make(&pair, rules);
  ok(dc_key_from_pem(dc_buf_text(&pair.key), pair.key.len, &key, NULL) == 0, "a key for %s", algorithm);
  dc_buf_clear(&pair.key);
  ok(key && dc_key_to_pem(key, &pair.key, NULL) == 0 && strstr(dc_buf_text(&pair.key), label), "as %s", label);
  is_num(load_pair(&pair, rules, &signer), 0, "loads");
}

/* --- pairs that do not fit ---------------------------------------------------------------------------------------- */

static void refused(const struct dc_buf *key, const char *jwks, struct dc_token_rules rules, int code,
                    const char *text, const char *what) {
  struct dc_token_signer *signer DC_CLEANUP(dc_token_signer_cleanup) = NULL;
  struct dc_err err = DC_ERR_INIT;

  is_num(load(key, jwks, rules, &signer, NULL, &err), code, what);
  if (!ok(!signer && strstr(err.text, text), "the text says it")) printf("#  got: %s\n# want: %s\n", err.text, text);
}

static void test_refused(void) {
  struct pair ec DC_CLEANUP(pair_free) = PAIR_INIT, other DC_CLEANUP(pair_free) = PAIR_INIT;
  struct dc_buf nothing DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, enc DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  const struct dc_token_rules es256 = {.algorithm = "ES256"}, by_kid = {.algorithm = "ES256", .kid = "mine"};
  const char *jwks, *sig;

  pair_make(&ec, es256);
  pair_make(&other, by_kid);
  jwks = dc_buf_text(&ec.jwks);
  refused(&nothing, jwks, es256, DC_ENOENT, "jwt.key: no private key", "a key of no bytes");
  refused(&ec.key, "", es256, DC_EINVAL, "jwks.json: the JWK Set is not JSON", "a set of no bytes");
  refused(&ec.key, "{\"keys\":[]}", es256, DC_EINVAL, "JWKS doesn't contain any keys", "a set of no keys");
  refused(&ec.key, "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AA\"}]}", es256, DC_EINVAL,
          "any keys that check signatures: key 1", "a set without a key for signatures");
  refused(&ec.key, dc_buf_text(&other.jwks), es256, DC_EMISMATCH, "doesn't contain a matching public key",
          "another key's set");
  refused(&ec.key, jwks, by_kid, DC_EMISMATCH, "doesn't contain a key with user-provided key ID \"mine\"",
          "a set without that ID");
  refused(&ec.key, dc_buf_text(&other.jwks), by_kid, DC_EMISMATCH,
          "with user-provided key ID \"mine\" but the key content doesn't match", "another key under that ID");
  refused(&ec.key, jwks, (struct dc_token_rules){.algorithm = "RS256"}, DC_EMISMATCH,
          "JWT signing key is incompatible with algorithm RS256: it is of kind EC P-256", "RS256 by an EC key");
  refused(&ec.key, jwks, (struct dc_token_rules){.algorithm = "ES384"}, DC_EMISMATCH, "incompatible",
          "another curve's algorithm");
  refused(&ec.key, jwks, (struct dc_token_rules){.algorithm = "none"}, DC_EUNSUPPORTED,
          "unsupported signature algorithm: 'none'", "no algorithm");
  sig = strstr(jwks, "\"use\":\"sig\"");
  dc_buf_add(&enc, jwks, (size_t)(sig - jwks));
  dc_buf_printf(&enc, "\"use\":\"enc\"%s", sig + strlen("\"use\":\"sig\""));
  refused(&ec.key, dc_buf_text(&enc), es256, DC_EINVAL, "any keys that check signatures", "the key, for encryption");
}

static void test_warning(void) {
  struct pair pair DC_CLEANUP(pair_free) = PAIR_INIT;
  struct dc_token_signer *signer DC_CLEANUP(dc_token_signer_cleanup) = NULL;
  struct dc_buf warning DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;

  pair_make(&pair, (struct dc_token_rules){.algorithm = "ES256", .kid = "mine"});
  ok(load(&pair.key, dc_buf_text(&pair.jwks), (struct dc_token_rules){.algorithm = "ES256", .kid = "mine"}, &signer,
          &warning, NULL) == 0 && warning.len == 0,
     "a pair that fits loads without a warning");
  dc_token_signer_unref(signer);
  signer = NULL;
  ok(load(&pair.key, dc_buf_text(&pair.jwks), (struct dc_token_rules){.algorithm = "ES256"}, &signer, &warning,
          NULL) == 0,
     "the key under another ID than its tokens bear: it loads, as in Dapr's sentry");
  ok(strstr(dc_buf_text(&warning), "nobody will be able to verify") != NULL, "with a warning");
}

/* --- the set for everybody ---------------------------------------------------------------------------------------- */

static void test_published(void) {
  struct pair pair DC_CLEANUP(pair_free) = PAIR_INIT;
  struct dc_token_signer *signer DC_CLEANUP(dc_token_signer_cleanup) = NULL;
  struct dc_buf jwks DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, shown DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  const char *text;

  pair_make(&pair, (struct dc_token_rules){.algorithm = "ES256"});
  text = dc_buf_text(&pair.jwks) + strlen("{\"keys\":[{");
  dc_buf_printf(&jwks, "{\"keys\": [{\"kty\":\"oct\",\"k\":\"c2VjcmV0\"}, {\"d\":\"secret\", \"x5t\":\"kept\", %s", text);
  if (!ok(load(&pair.key, dc_buf_text(&jwks), (struct dc_token_rules){.algorithm = NULL}, &signer, NULL, NULL) == 0,
          "a set with a private and a symmetric key loads"))
    return;
  dc_buf_add(&shown, dc_token_signer_jwks(signer).data, dc_token_signer_jwks(signer).len);
  ok(strstr(dc_buf_text(&shown), "\"x5t\":\"kept\"") != NULL, "it is shown with its other members");
  ok(!strstr(dc_buf_text(&shown), "\"d\"") && !strstr(dc_buf_text(&shown), "secret"), "but for the private ones");
  ok(!strstr(dc_buf_text(&shown), "oct") && !strstr(dc_buf_text(&shown), "c2VjcmV0"), "and the symmetric key");
}

/* --- tokens ------------------------------------------------------------------------------------------------------- */

static int verify(const struct dc_token_signer *signer, const struct dc_buf *token, struct dc_jwt *jwt) {
  struct dc_jwks set DC_CLEANUP(dc_jwks_free) = DC_JWKS_INIT;
  struct dc_slice text = dc_token_signer_jwks(signer);
  const struct dc_jwt_expect expect = {.now = NOW};
  int rc = dc_jwks_parse(&set, (const char *)text.data, text.len, NULL, NULL);

  return rc < 0 ? rc : dc_jwt_verify(dc_buf_text(token), token->len, &set, &expect, jwt, NULL);
}

static bool is_hex(const char *text) {
  return text && strlen(text) == 32 && strspn(text, "0123456789abcdef") == 32;
}

static void test_tokens(const char *issuer) {
  struct pair pair DC_CLEANUP(pair_free) = PAIR_INIT;
  struct dc_token_signer *signer DC_CLEANUP(dc_token_signer_cleanup) = NULL;
  struct dc_buf token DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, second DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_jwt jwt DC_CLEANUP(dc_jwt_free) = DC_JWT_INIT, other DC_CLEANUP(dc_jwt_free) = DC_JWT_INIT;
  const struct dc_token_rules rules = {.algorithm = "ES256", .issuer = issuer};
  const char *aud[] = {"public", "api"};
  const struct dc_token want = {.sub = SUB, .aud = aud, .aud_count = 2, .ttl = HOUR, .skew = SKEW};

  pair_make(&pair, rules);
  if (!ok(load_pair(&pair, rules, &signer) == 0, "a signer")) return;
  is_num(dc_token_signer_sign(signer, &want, NOW, &token, NULL), 0, "it signs");
  is_num(dc_token_signer_sign(signer, &want, NOW, &second, NULL), 0, "and again");
  is_num(verify(signer, &token, &jwt), 0, "who has the set verifies it");
  is_num(verify(signer, &second, &other), 0, "both times");
  is_text(jwt.sub, SUB, "sub");
  is_text(jwt.use, "sig", "use");
  is_num(jwt.iat.at, NOW, "iat is now");
  is_num(jwt.nbf.at, NOW - SKEW, "nbf is earlier by the skew");
  is_num(jwt.exp.at, NOW + HOUR, "exp is later by the TTL");
  ok(jwt.aud_count == 2 && strcmp(jwt.aud[0], "public") == 0 && strcmp(jwt.aud[1], "api") == 0, "aud, in order");
  ok(is_hex(jwt.jti) && is_hex(other.jti) && strcmp(jwt.jti, other.jti) != 0, "a jti of 32 hex digits, each its own");
  if (issuer)
    is_text(jwt.iss, issuer, "iss");
  else
    ok(!jwt.iss, "no iss");
}

int main(void) {
  test_algorithm(NULL, DC_KEY_RSA, "\"use\":\"sig\"");
  test_algorithm("PS384", DC_KEY_RSA, "\"kty\":\"RSA\"");
  test_algorithm("ES256", DC_KEY_P256, "\"crv\":\"P-256\"");
  test_algorithm("ES384", DC_KEY_P384, "\"crv\":\"P-384\"");
  test_algorithm("ES512", DC_KEY_P521, "\"crv\":\"P-521\"");
  test_algorithm("EdDSA", DC_KEY_ED25519, "\"kty\":\"OKP\"");
  test_kid();
  test_old_form("ES256", "-----BEGIN EC PRIVATE KEY-----");
  test_old_form("RS256", "-----BEGIN RSA PRIVATE KEY-----");
  test_refused();
  test_warning();
  test_published();
  test_tokens(NULL);
  test_tokens("https://issuer.example");
  return tap_done();
}
