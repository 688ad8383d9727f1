/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "pki/jwk.h"

#include "jose-data.h"

#define X256 "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define Y256 "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
#define ED "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
#define EC "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X256 "\",\"y\":\"" Y256 "\""
#define OKP "\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" ED "\""

/* Keys that can be used, and as what. */
static const struct {
  const char *what, *text;
  enum dc_key_kind kind;
  enum dc_jwa alg;
} used[] = {
    {"an EC key", "{" EC "}", DC_KEY_P256, DC_JWA_UNKNOWN},
    {"an Ed25519 key", "{" OKP "}", DC_KEY_ED25519, DC_JWA_UNKNOWN},
    {"its algorithm", "{" EC ",\"alg\":\"ES256\"}", DC_KEY_P256, DC_JWA_ES256},
    {"EdDSA", "{" OKP ",\"alg\":\"EdDSA\"}", DC_KEY_ED25519, DC_JWA_EDDSA},
    {"use sig", "{" EC ",\"use\":\"sig\"}", DC_KEY_P256, DC_JWA_UNKNOWN},
    {"key_ops verify", "{" EC ",\"key_ops\":[\"encrypt\",\"verify\"]}", DC_KEY_P256, DC_JWA_UNKNOWN},
    {"key_ops of a private key", "{" EC ",\"key_ops\":[\"sign\"]}", DC_KEY_P256, DC_JWA_UNKNOWN},
    {"private and unknown members", "{" EC ",\"d\":\"!\",\"k\":7,\"x5c\":[[]],\"n\":null,\"new\":1e99}", DC_KEY_P256,
     DC_JWA_UNKNOWN},
    {"a number beyond 64 bits", "{" OKP ",\"serial\":99999999999999999999999}", DC_KEY_ED25519, DC_JWA_UNKNOWN},
};

/* Keys that cannot, and what the note says. */
static const struct {
  const char *text, *note;
} unused[] = {
    {"{}", "\"kty\" is missing"},
    {"7", "no JSON object"},
    {"[]", "no JSON object"},
    {"{\"kty\":7}", "\"kty\" is no text"},
    {"{\"kty\":\"oct\",\"k\":\"AAAA\"}", "type or curve is not accepted"},
    {"{\"kty\":\"oct\",\"k\":\"AAAA\",\"alg\":\"HS256\"}", "algorithm is not accepted"},
    {"{\"kty\":\"ec\",\"crv\":\"P-256\",\"x\":\"" X256 "\",\"y\":\"" Y256 "\"}", "type or curve is not accepted"},
    {"{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"" X256 "\",\"y\":\"" Y256 "\"}", "type or curve is not accepted"},
    {"{\"kty\":\"EC\",\"crv\":\"Ed25519\",\"x\":\"" ED "\"}", "type or curve is not accepted"},
    {"{\"kty\":\"OKP\",\"crv\":\"P-256\",\"x\":\"" X256 "\",\"y\":\"" Y256 "\"}", "type or curve is not accepted"},
    {"{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"" ED "\"}", "type or curve is not accepted"},
    {"{\"kty\":\"RSA\",\"crv\":\"P-256\",\"x\":\"" X256 "\",\"y\":\"" Y256 "\"}", "\"n\" is missing"},
    {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X256 "\"}", "\"y\" is missing"},
    {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":7,\"y\":\"" Y256 "\"}", "\"x\" is no text"},
    {"{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"" X256 "\",\"y\":\"" Y256 "\"}", "has 32 bytes where the curve has 48"},
    {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA" X256 "\",\"y\":\"" Y256 "\"}", "\"x\""},
    {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X256 "\",\"y\":\"" X256 "\"}", "not a point of its curve"},
    {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" Y256 "\",\"y\":\"" X256 "\"}", "not a point of its curve"},
    {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
     "\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}", "not a point of its curve"},
    {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X256 "=\",\"y\":\"" Y256 "\"}", "\"x\""},
    {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEV\",\"y\":\"" Y256 "\"}",
     "\"x\""}, /* bits left over that are not zero */
    {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHUQ\"}", "has 31 bytes"},
    {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"\"}", "\"x\""},
    {"{" EC ",\"use\":\"enc\"}", "\"use\" is not \"sig\""},
    {"{" EC ",\"use\":\"SIG\"}", "\"use\" is not \"sig\""},
    {"{" EC ",\"use\":[\"sig\"]}", "\"use\" is no text"},
    {"{" EC ",\"key_ops\":[\"encrypt\",7]}", "\"key_ops\""},
    {"{" EC ",\"key_ops\":\"verify\"}", "\"key_ops\""},
    {"{" EC ",\"alg\":\"ES384\"}", "ES384 does not fit a key of kind EC P-256"},
    {"{" EC ",\"alg\":\"RS256\"}", "RS256 does not fit"},
    {"{" EC ",\"alg\":\"es256\"}", "algorithm is not accepted"},
    {"{" EC ",\"alg\":\"none\"}", "algorithm is not accepted"},
    {"{" EC ",\"alg\":\"\"}", "algorithm is not accepted"},
    {"{" EC ",\"alg\":null}", "\"alg\" is no text"},
    {"{" EC ",\"kid\":7}", "\"kid\" is no text"},
    {"{\"kty\":\"RSA\",\"n\":\"\",\"e\":\"AQAB\"}", "\"n\" is empty"},
    {"{\"kty\":\"RSA\",\"n\":\"AAAA\",\"e\":\"AQAB\"}", ""},
    {"{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}", "RSA key of 17 bits is too weak"},
};

/* Texts that are no set, or no acceptable one. */
static const struct {
  const char *what, *text;
} broken[] = {
    {"nothing", ""},
    {"no JSON", "keys"},
    {"an array", "[{" EC "}]"},
    {"text", "\"keys\""},
    {"an object without keys", "{}"},
    {"keys that are no array", "{\"keys\":{}}"},
    {"keys that are null", "{\"keys\":null}"},
    {"something behind", "{\"keys\":[]}{}"},
    {"keys twice", "{\"keys\":[],\"keys\":[]}"},
    {"a member twice in a key", "{\"keys\":[{" EC ",\"kty\":\"EC\"}]}"},
    {"a member twice further down", "{\"keys\":[{" EC ",\"a\":[{\"b\":1,\"\\u0062\":2}]}]}"},
    {"bytes that are not UTF-8", "{\"keys\":[{" EC ",\"kid\":\"\xff\"}]}"},
    {"half a surrogate pair", "{\"keys\":[{" EC ",\"kid\":\"\\ud800\"}]}"},
    {"a NUL in a text", "{\"keys\":[{" EC ",\"kid\":\"a\\u0000b\"}]}"},
    {"a comma too many", "{\"keys\":[{" EC "},]}"},
    {"a comment", "{\"keys\":[] /* none */}"},
    {"a byte order mark", "\xef\xbb\xbf{\"keys\":[]}"},
};

static int parse(struct dc_jwks *set, const char *text, struct dc_buf *notes, struct dc_err *err) {
  return dc_jwks_parse(set, text, strlen(text), notes, err);
}

static void test_keys(void) {
  for (size_t i = 0; i < DC_COUNT(used); i++) {
    struct dc_jwks set DC_CLEANUP(dc_jwks_free) = DC_JWKS_INIT;
    struct dc_buf notes DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    int rc = parse(&set, used[i].text, &notes, NULL);
    ok(rc == 0 && set.count == 1 && !notes.len && set.keys[0].spki.kind == used[i].kind &&
           set.keys[0].alg == used[i].alg, "used: %s", used[i].what);
  }
  for (size_t i = 0; i < DC_COUNT(unused); i++) {
    struct dc_jwks set DC_CLEANUP(dc_jwks_free) = DC_JWKS_INIT;
    struct dc_buf notes DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    dc_buf_printf(&text, "{\"keys\":[{" OKP ",\"kid\":\"one\"},%s,{" EC ",\"kid\":\"three\"}]}", unused[i].text);
    int rc = parse(&set, dc_buf_text(&text), &notes, NULL);
    if (!ok(rc == 0 && set.count == 2 && strncmp(dc_buf_text(&notes), "key 2: ", 7) == 0 &&
                strstr(dc_buf_text(&notes), unused[i].note) && dc_jwks_find(&set, "one") == &set.keys[0] &&
                dc_jwks_find(&set, "three") == &set.keys[1], "left out: %s", unused[i].text))
      printf("# %d %zu %s", rc, set.count, dc_buf_text(&notes));
    struct dc_jwks alone DC_CLEANUP(dc_jwks_free) = DC_JWKS_INIT;
    ok(parse(&alone, unused[i].text, NULL, NULL) < 0 || alone.count == 0, "and alone");
  }
  for (size_t i = 0; i < DC_COUNT(broken); i++) {
    struct dc_jwks set = DC_JWKS_INIT;
    struct dc_err err = DC_ERR_INIT;
    is_num(parse(&set, broken[i].text, NULL, &err), DC_EINVAL, broken[i].what);
    ok(err.text[0] && !set.keys, "says why: %s", err.text);
  }
}

static void test_finding(void) {
  struct dc_jwks set DC_CLEANUP(dc_jwks_free) = DC_JWKS_INIT;
  struct dc_buf notes DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;

  is_num(parse(&set, "{\"keys\":[{" OKP "},{" OKP ",\"kid\":\"\"},{" OKP ",\"kid\":\"a\",\"use\":\"enc\"},"
                     "{" EC ",\"kid\":\"a\"},{" OKP ",\"kid\":\"a\"},{" OKP ",\"kid\":\"\\u00e9x\",\"alg\":\"x\"}]}",
               &notes, NULL), 0, "a set of several");
  is_num(set.count, 4, "of which four are of use");
  ok(!set.keys[0].kid && !set.keys[1].kid, "no kid and an empty one are none");
  ok(dc_jwks_find(&set, "a") == &set.keys[2], "of two of a name the first that can be used is found");
  ok(!dc_jwks_find(&set, "") && !dc_jwks_find(&set, "A") && !dc_jwks_find(&set, "aa"), "others are not");
  ok(dc_jwks_find_key(&set, &set.keys[3].spki) == &set.keys[0], "by the key itself");
  ok(strstr(dc_buf_text(&notes), "key 3 'a': its \"use\"") && strstr(dc_buf_text(&notes), "key 6 '??x': "),
     "notes name the keys in printable letters");
}

static void test_limits(void) {
  struct dc_jwks set DC_CLEANUP(dc_jwks_free) = DC_JWKS_INIT;
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;

  dc_buf_add_text(&text, "{\"keys\":[");
  for (int i = 0; i < DC_JWKS_KEYS_MAX; i++) dc_buf_printf(&text, "%s{" OKP ",\"kid\":\"%d\"}", i ? "," : "", i);
  size_t full = text.len;
  dc_buf_add_text(&text, "]}");
  is_num(parse(&set, dc_buf_text(&text), NULL, NULL), 0, "1000 keys");
  ok(set.count == DC_JWKS_KEYS_MAX && dc_jwks_find(&set, "999"), "are all there");
  dc_buf_truncate(&text, full);
  dc_buf_add_text(&text, ",{}]}");
  struct dc_jwks none = DC_JWKS_INIT;
  is_num(parse(&none, dc_buf_text(&text), NULL, NULL), DC_ELIMIT, "one more is too many");
  dc_buf_clear(&text);
  dc_buf_add_text(&text, "{\"keys\":[]}");
  while (text.len < DC_JWKS_TEXT_MAX) dc_buf_add_byte(&text, ' ');
  is_num(parse(&none, dc_buf_text(&text), NULL, NULL), 0, "1 MiB");
  dc_jwks_free(&none);
  dc_buf_add_byte(&text, ' ');
  is_num(parse(&none, dc_buf_text(&text), NULL, NULL), DC_ELIMIT, "one byte more is too much");
  dc_buf_clear(&text);
  for (int i = 0; i < 100000; i++) dc_buf_add_text(&text, "{\"a\":[");
  is_num(parse(&none, dc_buf_text(&text), NULL, NULL), DC_EINVAL, "200000 levels are refused");
}

static void test_rfc(void) {
  json_t *data = data_load("jose/rfc.json"), *entry;
  struct dc_jwks set DC_CLEANUP(dc_jwks_free) = DC_JWKS_INIT;
  struct dc_buf notes DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  size_t i;

  json_array_foreach(json_object_get(data, "thumbprints"), i, entry) {
    struct dc_jwks one DC_CLEANUP(dc_jwks_free) = DC_JWKS_INIT;
    struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    unsigned char thumbprint[DC_JWK_THUMBPRINT_SIZE];
    char kid[DC_JWK_KID_MAX];
    if (!ok(data_keys(json_object_get(entry, "key"), &one, NULL) == 0 && one.count == 1, "%s",
            data_text(entry, "name")))
      continue;
    is_num(dc_jwk_thumbprint(&one.keys[0].spki, thumbprint, NULL), 0, "has a thumbprint");
    dc_base64_encode(&text, DC_BASE64_URL, thumbprint, sizeof thumbprint);
    is_text(dc_buf_text(&text), data_text(entry, "thumbprint"), "which is that of the RFC");
    dc_buf_clear(&text);
    ok(dc_jwk_kid(&one.keys[0].spki, kid, NULL) == 0 && strlen(kid) == 44 && kid[43] == '=' &&
           dc_base64_decode(&text, DC_BASE64_STD, kid, 44, NULL) == 0 && memcmp(text.data, thumbprint, 32) == 0,
       "the key ID is the same in padded base64: %s", kid);
  }
  is_num(data_keys(json_object_get(data, "RFC 7517, A.1"), &set, &notes), 0, "the set of RFC 7517, A.1");
  ok(set.count == 1 && strcmp(set.keys[0].kid, "2011-04-29") == 0 && set.keys[0].alg == DC_JWA_RS256 &&
         set.keys[0].spki.bits == 2048, "has a key to verify with");
  is_text(dc_buf_text(&notes), "key 1 '1': its \"use\" is not \"sig\"\n", "and one for encryption");
  json_decref(data);
}

/* Zero bytes in front of a modulus, which RFC 7518, 6.3.1.1, has seen written, change nothing. */
static void test_rsa(void) {
  json_t *data = data_load("jose/rfc.json");
  json_t *key = json_object_get(json_array_get(json_object_get(data, "tokens"), 0), "key");
  struct dc_jwks plain DC_CLEANUP(dc_jwks_free) = DC_JWKS_INIT, padded DC_CLEANUP(dc_jwks_free) = DC_JWKS_INIT;
  struct dc_jwks even DC_CLEANUP(dc_jwks_free) = DC_JWKS_INIT, one DC_CLEANUP(dc_jwks_free) = DC_JWKS_INIT;
  struct dc_buf modulus DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  const char *n = data_text(key, "n");

  is_num(data_keys(key, &plain, NULL), 0, "an RSA key");
  dc_buf_add_byte(&modulus, 0);
  if (dc_base64_decode(&modulus, DC_BASE64_URL, n, strlen(n), NULL) < 0) exit(1);
  dc_base64_encode(&text, DC_BASE64_URL, modulus.data, modulus.len);
  json_object_set_new(key, "n", json_string(dc_buf_text(&text)));
  is_num(data_keys(key, &padded, NULL), 0, "with a zero byte in front");
  ok(plain.count == 1 && padded.count == 1 && dc_spki_equal(&plain.keys[0].spki, &padded.keys[0].spki), "is the same");
  json_object_set_new(key, "e", json_string("AQ"));
  ok(data_keys(key, &one, NULL) == 0 && one.count == 0, "an exponent of 1 is refused");
  json_object_set_new(key, "e", json_string("Ag"));
  ok(data_keys(key, &even, NULL) == 0 && even.count == 0, "an even one too");
  json_decref(data);
}

static void test_writing(void) {
  struct dc_jwks set DC_CLEANUP(dc_jwks_free) = DC_JWKS_INIT, again DC_CLEANUP(dc_jwks_free) = DC_JWKS_INIT;
  struct dc_jwks more DC_CLEANUP(dc_jwks_free) = DC_JWKS_INIT;
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, second DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_key *rsa DC_CLEANUP(dc_key_cleanup) = NULL;

  is_num(parse(&set, "{\"keys\":[{" EC ",\"d\":\"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI\",\"kid\":\"a/\\\"b\","
                     "\"alg\":\"ES256\",\"x5t\":\"AA\"},{" OKP "}]}", NULL, NULL), 0, "a private and a public key");
  is_num(dc_jwks_write(&set, &text, NULL), 0, "written");
  is_text(dc_buf_text(&text), "{\"keys\":[{\"alg\":\"ES256\",\"crv\":\"P-256\",\"kid\":\"a/\\\"b\",\"kty\":\"EC\","
                              "\"use\":\"sig\",\"x\":\"" X256 "\",\"y\":\"" Y256 "\"},{\"crv\":\"Ed25519\","
                              "\"kty\":\"OKP\",\"use\":\"sig\",\"x\":\"" ED "\"}]}", "public members alone, compact");
  if (dc_key_generate(DC_KEY_RSA, 0, &rsa, NULL) < 0) exit(1);
  is_num(dc_jwks_add(&again, dc_key_public(rsa), NULL, DC_JWA_PS512, NULL), 0, "a set of our own");
  is_num(dc_jwks_add(&again, &set.keys[0].spki, "two", DC_JWA_UNKNOWN, NULL), 0, "of two");
  is_num(dc_jwks_add(&again, dc_key_public(rsa), NULL, DC_JWA_ES256, NULL), DC_EMISMATCH, "an algorithm that fits not");
  dc_buf_clear(&text);
  is_num(dc_jwks_write(&again, &text, NULL), 0, "is written");
  is_num(dc_jwks_parse(&more, dc_buf_text(&text), text.len, NULL, NULL), 0, "and read");
  char kid[DC_JWK_KID_MAX];
  ok(dc_jwk_kid(dc_key_public(rsa), kid, NULL) == 0 && more.count == 2 && strcmp(more.keys[0].kid, kid) == 0 &&
         more.keys[0].alg == DC_JWA_PS512 && dc_spki_equal(&more.keys[0].spki, dc_key_public(rsa)) &&
         dc_jwks_find(&more, "two") == &more.keys[1] && more.keys[1].alg == DC_JWA_UNKNOWN, "as it was");
  is_num(dc_jwks_write(&more, &second, NULL), 0, "and written again");
  is_text(dc_buf_text(&second), dc_buf_text(&text), "to the letter");
  is_num(dc_jwks_add(&more, dc_key_public(rsa), "\xff", DC_JWA_UNKNOWN, NULL), 0, "a kid that is not UTF-8");
  is_num(dc_jwks_write(&more, &second, NULL), DC_EINVAL, "cannot be written");
}

int main(void) {
  test_keys();
  test_finding();
  test_limits();
  test_rfc();
  test_rsa();
  test_writing();
  return tap_done();
}
