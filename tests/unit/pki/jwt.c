/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "pki/jwt.h"

#include "jose-data.h"

enum { NOW = 1700000000, SKEW = 300 };
#define AUD "spiffe://public/ns/default/dapr-sentry"
#define SUB "spiffe://public/ns/default/myapp"
#define BOTH "\"aud\":[\"x\",\"" AUD "\"],\"sub\":\"" SUB "\""

static const struct dc_jwt_expect expect = {.aud = AUD, .sub = SUB, .now = NOW, .skew = SKEW};

/* Claims that are checked by `expect`; TEXT is the beginning of the error. */
static const struct {
  const char *claims, *text;
  int code;
} checks[] = {
    {"{" BOTH "}", NULL, 0},
    {"{\"aud\":\"" AUD "\",\"sub\":\"" SUB "\"}", NULL, 0},
    {"{" BOTH ",\"exp\":1700000001,\"nbf\":1699999999,\"iat\":1699999999}", NULL, 0},
    {"{" BOTH ",\"exp\":1699999701}", NULL, 0},
    {"{" BOTH ",\"exp\":1699999701.9}", NULL, 0},
    {"{" BOTH ",\"exp\":1.699999701e9}", NULL, 0},
    {"{" BOTH ",\"exp\":1699999700}", "\"exp\" not satisfied", DC_EEXPIRED},
    {"{" BOTH ",\"exp\":1699999700.9}", "\"exp\" not satisfied", DC_EEXPIRED},
    {"{" BOTH ",\"exp\":0}", "\"exp\" not satisfied: it ended at 1970-01-01T00:00:00Z", DC_EEXPIRED},
    {"{" BOTH ",\"exp\":-1}", "\"exp\" not satisfied", DC_EEXPIRED},
    {"{" BOTH ",\"exp\":-0.5}", "\"exp\" not satisfied: it ended at 1969-12-31T23:59:59Z", DC_EEXPIRED},
    {"{" BOTH ",\"exp\":9007199254740992}", NULL, 0},
    {"{" BOTH ",\"nbf\":1700000300}", NULL, 0},
    {"{" BOTH ",\"nbf\":1700000300.9}", NULL, 0},
    {"{" BOTH ",\"nbf\":1700000301}", "\"nbf\" not satisfied", DC_EDENIED},
    {"{" BOTH ",\"nbf\":-9007199254740992}", NULL, 0},
    {"{" BOTH ",\"iat\":1700000300}", NULL, 0},
    {"{" BOTH ",\"iat\":1700000301}", "\"iat\" not satisfied", DC_EDENIED},
    {"{\"sub\":\"" SUB "\"}", "\"aud\" not satisfied", DC_EDENIED},
    {"{\"aud\":[],\"sub\":\"" SUB "\"}", "\"aud\" not satisfied", DC_EDENIED},
    {"{\"aud\":[\"" AUD "/\",\"\",\"" SUB "\"],\"sub\":\"" SUB "\"}", "\"aud\" not satisfied", DC_EDENIED},
    {"{\"aud\":\"" AUD "x\",\"sub\":\"" SUB "\"}", "\"aud\" not satisfied: " AUD " is not in it", DC_EDENIED},
    {"{\"aud\":\"" AUD "\"}", "\"sub\" not satisfied", DC_EDENIED},
    {"{\"aud\":\"" AUD "\",\"sub\":\"\"}", "\"sub\" not satisfied", DC_EDENIED},
    {"{\"aud\":\"" AUD "\",\"sub\":\"" SUB "2\"}", "\"sub\" not satisfied: it is not " SUB, DC_EDENIED},
    {"{\"aud\":\"" AUD "\",\"sub\":\"spiffe://public/ns/default/MyApp\"}", "\"sub\" not satisfied", DC_EDENIED},
    /* the order of the original */
    {"{\"iat\":1800000000,\"exp\":1,\"nbf\":1800000000}", "\"iat\"", DC_EDENIED},
    {"{\"exp\":1,\"nbf\":1800000000}", "\"exp\"", DC_EEXPIRED},
    {"{\"nbf\":1800000000}", "\"nbf\"", DC_EDENIED},
    {"{}", "\"aud\"", DC_EDENIED},
    /* what is no set of claims */
    {"", "the token's payload: it is not JSON", DC_EINVAL},
    {"[]", "the token's payload: it is no JSON object", DC_EINVAL},
    {"null", "the token's payload: it is not JSON", DC_EINVAL},
    {"{" BOTH "} x", "the token's payload: it is not JSON", DC_EINVAL},
    {"{" BOTH ",\"sub\":\"" SUB "\"}", "the token's payload: it has a member twice", DC_EINVAL},
    {"{" BOTH ",\"x\":{\"y\":1,\"y\":1}}", "the token's payload: it has a member twice", DC_EINVAL},
    {"{\"aud\":7,\"sub\":\"" SUB "\"}", "the token's payload: \"aud\" is neither", DC_EINVAL},
    {"{\"aud\":null,\"sub\":\"" SUB "\"}", "the token's payload: \"aud\" is neither", DC_EINVAL},
    {"{\"aud\":{},\"sub\":\"" SUB "\"}", "the token's payload: \"aud\" is neither", DC_EINVAL},
    {"{\"aud\":[\"" AUD "\",7],\"sub\":\"" SUB "\"}", "the token's payload: \"aud\" has an entry", DC_EINVAL},
    {"{\"aud\":[[\"" AUD "\"]],\"sub\":\"" SUB "\"}", "the token's payload: \"aud\" has an entry", DC_EINVAL},
    {"{\"aud\":\"" AUD "\",\"sub\":[\"" SUB "\"]}", "the token's payload: \"sub\" is no text", DC_EINVAL},
    {"{\"aud\":\"" AUD "\\u0000x\",\"sub\":\"" SUB "\"}", "the token's payload: it is not JSON", DC_EINVAL},
    {"{" BOTH ",\"iss\":7}", "the token's payload: \"iss\" is no text", DC_EINVAL},
    {"{" BOTH ",\"exp\":\"1800000000\"}", "the token's payload: \"exp\" is no number", DC_EINVAL},
    {"{" BOTH ",\"exp\":null}", "the token's payload: \"exp\" is no number", DC_EINVAL},
    {"{" BOTH ",\"exp\":true}", "the token's payload: \"exp\" is no number", DC_EINVAL},
    {"{" BOTH ",\"exp\":9007199254740994}", "the token's payload: \"exp\" is no instant", DC_EINVAL},
    {"{" BOTH ",\"exp\":1e300}", "the token's payload: \"exp\" is no instant", DC_EINVAL},
    {"{" BOTH ",\"nbf\":-1e300}", "the token's payload: \"nbf\" is no instant", DC_EINVAL},
    {"{" BOTH ",\"iat\":99999999999999999999}", "the token's payload: \"iat\" is no instant", DC_EINVAL},
    {"{" BOTH ",\"exp\":1e999}", "the token's payload: it is not JSON", DC_EINVAL},
    {"{" BOTH ",\"exp\":0x7fffffff}", "the token's payload: it is not JSON", DC_EINVAL},
    {"{" BOTH ",\"exp\":NaN}", "the token's payload: it is not JSON", DC_EINVAL},
    /* what is nobody's concern */
    {"{" BOTH ",\"other\":[99999999999999999999,null,{\"exp\":1}]}", NULL, 0},
};

static void test_checks(void) {
  struct dc_key *key DC_CLEANUP(dc_key_cleanup) = NULL;
  struct dc_jwks set DC_CLEANUP(dc_jwks_free) = DC_JWKS_INIT;

  if (dc_key_generate(DC_KEY_ED25519, 0, &key, NULL) < 0 ||
      dc_jwks_add(&set, dc_key_public(key), "k", DC_JWA_UNKNOWN, NULL) < 0)
    exit(1);
  for (size_t i = 0; i < DC_COUNT(checks); i++) {
    struct dc_buf token DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    struct dc_err err = DC_ERR_INIT;
    data_sign(&token, key, "{\"alg\":\"EdDSA\",\"kid\":\"k\"}", checks[i].claims);
    int rc = dc_jwt_verify(dc_buf_text(&token), token.len, &set, &expect, NULL, &err);
    if (!ok(rc == checks[i].code && (!checks[i].text || strncmp(err.text, checks[i].text, strlen(checks[i].text)) == 0),
            "%s", checks[i].claims[0] ? checks[i].claims : "nothing"))
      printf("# %d %s\n", rc, err.text);
  }
}

/* What comes first: the signature, then what is in it. */
static void test_order(void) {
  struct dc_key *key DC_CLEANUP(dc_key_cleanup) = NULL, *other DC_CLEANUP(dc_key_cleanup) = NULL;
  struct dc_jwks set DC_CLEANUP(dc_jwks_free) = DC_JWKS_INIT, none = DC_JWKS_INIT;
  struct dc_buf token DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;

  if (dc_key_generate(DC_KEY_ED25519, 0, &key, NULL) < 0 || dc_key_generate(DC_KEY_ED25519, 0, &other, NULL) < 0 ||
      dc_jwks_add(&set, dc_key_public(key), "k", DC_JWA_UNKNOWN, NULL) < 0)
    exit(1);
  data_sign(&token, other, "{\"alg\":\"EdDSA\",\"kid\":\"k\"}", "no claims");
  is_num(dc_jwt_verify(dc_buf_text(&token), token.len, &set, &expect, NULL, NULL), DC_EMISMATCH,
         "claims of a stranger are not read");
  is_num(dc_jwt_verify(dc_buf_text(&token), token.len, &none, &expect, NULL, NULL), DC_ENOENT, "nor with an empty set");
  is_num(dc_jwt_verify("", 0, &set, &expect, NULL, NULL), DC_EINVAL, "no token");
}

static void test_parsing(void) {
  struct dc_jwt jwt DC_CLEANUP(dc_jwt_free) = DC_JWT_INIT;
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;

  /* RFC 7519, 3.1 */
  is_num(dc_jwt_parse(&jwt, DC_SLICE("{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n "
                                     "\"http://example.com/is_root\":true}"), NULL), 0, "the claims of RFC 7519");
  ok(strcmp(jwt.iss, "joe") == 0 && jwt.exp.set && jwt.exp.at == 1300819380 && !jwt.nbf.set && !jwt.iat.set &&
         !jwt.sub && !jwt.aud_count, "as they are");
  dc_jwt_free(&jwt);
  is_num(dc_jwt_parse(&jwt, DC_SLICE("{\"aud\":[\"a\",\"b\"],\"jti\":\"j\",\"use\":\"sig\"}"), NULL), 0, "others");
  ok(jwt.aud_count == 2 && strcmp(jwt.aud[1], "b") == 0 && strcmp(jwt.jti, "j") == 0 && strcmp(jwt.use, "sig") == 0,
     "as they are");
  dc_buf_add_text(&text, "{\"aud\":[\"\"");
  for (int i = 1; i < DC_JWT_AUD_MAX; i++) dc_buf_add_text(&text, ",\"\"");
  dc_buf_add_text(&text, "]}");
  dc_jwt_free(&jwt);
  is_num(dc_jwt_parse(&jwt, (struct dc_slice){text.data, text.len}, NULL), 0, "1000 audiences");
  dc_buf_truncate(&text, text.len - 2);
  dc_buf_add_text(&text, ",\"\"]}");
  struct dc_jwt none = DC_JWT_INIT;
  is_num(dc_jwt_parse(&none, (struct dc_slice){text.data, text.len}, NULL), DC_ELIMIT, "one more");
  ok(!none.json && !none.aud, "nothing is left of it");
}

static void test_signing(void) {
  const char *audience[] = {"public", AUD};
  const struct dc_jwt jwt = {.iss = "https://issuer/", .sub = SUB, .jti = "00ff", .use = "sig", .aud = audience,
                             .aud_count = 2, .iat = {true, NOW}, .nbf = {true, NOW - 900}, .exp = {true, NOW + 86400}};
  struct dc_key *key DC_CLEANUP(dc_key_cleanup) = NULL;
  struct dc_jwks set DC_CLEANUP(dc_jwks_free) = DC_JWKS_INIT;
  struct dc_buf token DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, header DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_buf want DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_jws jws DC_CLEANUP(dc_jws_free) = DC_JWS_INIT;
  struct dc_jwt got DC_CLEANUP(dc_jwt_free) = DC_JWT_INIT;

  if (dc_key_generate(DC_KEY_P256, 0, &key, NULL) < 0 ||
      dc_jwks_add(&set, dc_key_public(key), NULL, DC_JWA_ES256, NULL) < 0)
    exit(1);
  is_num(dc_jwt_sign(&jwt, DC_JWA_ES256, key, NULL, &token, NULL), 0, "a token");
  is_num(dc_jwt_verify(dc_buf_text(&token), token.len, &set, &expect, &got, NULL), 0, "verifies");
  ok(got.exp.at == NOW + 86400 && got.aud_count == 2 && strcmp(got.iss, "https://issuer/") == 0, "with its claims");
  if (dc_jws_parse(&jws, dc_buf_text(&token), token.len, NULL) < 0) exit(1);
  is_text(dc_buf_text(&jws.payload),
          "{\"aud\":[\"public\",\"" AUD "\"],\"exp\":1700086400,\"iat\":1700000000,\"iss\":\"https://issuer/\","
          "\"jti\":\"00ff\",\"nbf\":1699999100,\"sub\":\"" SUB "\",\"use\":\"sig\"}", "its payload");
  if (dc_base64_decode(&header, DC_BASE64_URL, dc_buf_text(&token), strcspn(dc_buf_text(&token), "."), NULL) < 0)
    exit(1);
  dc_buf_printf(&want, "{\"alg\":\"ES256\",\"kid\":\"%s\",\"typ\":\"JWT\"}", set.keys[0].kid);
  is_text(dc_buf_text(&header), dc_buf_text(&want), "its header");

  dc_buf_clear(&token);
  is_num(dc_jwt_sign(&(struct dc_jwt){.aud = audience, .aud_count = 1}, DC_JWA_ES256, key, "mine", &token, NULL), 0,
         "one with a single audience");
  dc_jws_free(&jws);
  ok(dc_jws_parse(&jws, dc_buf_text(&token), token.len, NULL) == 0 && strcmp(jws.kid, "mine") == 0 &&
         strcmp(dc_buf_text(&jws.payload), "{\"aud\":[\"public\"]}") == 0, "in an array, and no other claim");
}

static void test_not_signing(void) {
  const char *bad[] = {"\xff"};
  struct dc_key *key DC_CLEANUP(dc_key_cleanup) = NULL;
  struct dc_buf token DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, large DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;

  if (dc_key_generate(DC_KEY_ED25519, 0, &key, NULL) < 0) exit(1);
  while (large.len < 50000) dc_buf_add_byte(&large, 'x');
  is_num(dc_jwt_sign(&(struct dc_jwt){.sub = "\xff"}, DC_JWA_EDDSA, key, NULL, &token, NULL), DC_EINVAL,
         "a subject that is not UTF-8");
  is_num(dc_jwt_sign(&(struct dc_jwt){.aud = bad, .aud_count = 1}, DC_JWA_EDDSA, key, NULL, &token, NULL), DC_EINVAL,
         "such an audience");
  is_num(dc_jwt_sign(&(struct dc_jwt){.sub = "a"}, DC_JWA_RS256, key, NULL, &token, NULL), DC_EMISMATCH,
         "another key's algorithm");
  is_num(dc_jwt_sign(&(struct dc_jwt){.sub = dc_buf_text(&large)}, DC_JWA_EDDSA, key, NULL, &token, NULL), DC_ELIMIT,
         "a token that nobody would take");
  is_num(token.len, 0, "and nothing was appended");
}

int main(void) {
  test_checks();
  test_order();
  test_parsing();
  test_signing();
  test_not_signing();
  return tap_done();
}
