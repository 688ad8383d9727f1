/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "pki/jws.h"

#include "jose-data.h"

static const struct {
  enum dc_jwa alg;
  const char *name;
  enum dc_key_kind kind;
} algorithms[] = {
    {DC_JWA_RS256, "RS256", DC_KEY_RSA}, {DC_JWA_RS384, "RS384", DC_KEY_RSA},    {DC_JWA_RS512, "RS512", DC_KEY_RSA},
    {DC_JWA_PS256, "PS256", DC_KEY_RSA}, {DC_JWA_PS384, "PS384", DC_KEY_RSA},    {DC_JWA_PS512, "PS512", DC_KEY_RSA},
    {DC_JWA_ES256, "ES256", DC_KEY_P256}, {DC_JWA_ES384, "ES384", DC_KEY_P384}, {DC_JWA_ES512, "ES512", DC_KEY_P521},
    {DC_JWA_EDDSA, "EdDSA", DC_KEY_ED25519},
};
static struct dc_key *keys[DC_KEY_RSA + 1]; /* one of each kind */

/* --- published and forged ---------------------------------------------------------------------------------------- */

static void check_token(const json_t *entry, const json_t *key) {
  struct dc_jwks set DC_CLEANUP(dc_jwks_free) = DC_JWKS_INIT;
  struct dc_err err = DC_ERR_INIT;
  bool refused = json_is_true(json_object_get(entry, "refused"));
  int rc = data_keys(key, &set, NULL) == 0 && set.count == 1 ? data_verify(&set, data_text(entry, "token"), &err) : 1;

  if (!ok(rc == (refused ? DC_EMISMATCH : 0) && (!refused || strncmp(err.text, "could not verify message: ", 26) == 0),
          "%s: %s", refused ? "refused" : "verified", data_text(entry, "name")))
    printf("# %d %s\n", rc, err.text);
}

static void test_published(void) {
  json_t *data = data_load("jose/rfc.json"), *entry;
  size_t i;

  json_array_foreach(json_object_get(data, "tokens"), i, entry) check_token(entry, json_object_get(entry, "key"));
  json_array_foreach(json_object_get(data, "signed again"), i, entry) {
    const char *token = data_text(entry, "token"), *pem = data_text(entry, "pem");
    struct dc_key *key DC_CLEANUP(dc_key_cleanup) = NULL;
    struct dc_jws jws DC_CLEANUP(dc_jws_free) = DC_JWS_INIT;
    struct dc_buf out DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    if (dc_key_from_pem(pem, strlen(pem), &key, NULL) < 0 || dc_jws_parse(&jws, token, strlen(token), NULL) < 0)
      exit(1);
    is_num(dc_jws_sign(jws.alg, key, NULL, NULL, (struct dc_slice){jws.payload.data, jws.payload.len}, &out, NULL), 0,
           data_text(entry, "name"));
    is_text(dc_buf_text(&out), token, "signed, is what the RFC has");
  }
  json_decref(data);
  data = data_load("jose/forged.json");
  json_array_foreach(json_object_get(data, "tokens"), i, entry)
    check_token(entry, json_object_get(json_object_get(data, "keys"), data_text(entry, "key")));
  ok(i > 150, "there were %zu of them", i);
  json_decref(data);
}

/* --- the form ---------------------------------------------------------------------------------------------------- */

static const struct {
  const char *what, *header;
  int code; /* of parsing */
} headers[] = {
    {"alg alone", "{\"alg\":\"EdDSA\"}", 0},
    {"white space", " {\n\t\"alg\" : \"EdDSA\"\r\n} ", 0},
    {"escapes", "{\"\\u0061lg\":\"Ed\\u0044SA\"}", 0},
    {"members of no concern", "{\"alg\":\"EdDSA\",\"typ\":7,\"cty\":[],\"x\":{\"alg\":\"none\"},\"y\":1e300}", 0},
    {"b64 true", "{\"alg\":\"EdDSA\",\"b64\":true}", 0},
    {"nothing", "", DC_EINVAL},
    {"no JSON", "EdDSA", DC_EINVAL},
    {"no object", "[{\"alg\":\"EdDSA\"}]", DC_EINVAL},
    {"text", "\"EdDSA\"", DC_EINVAL},
    {"no alg", "{\"typ\":\"JWT\"}", DC_EINVAL},
    {"alg that is no text", "{\"alg\":[\"EdDSA\"]}", DC_EINVAL},
    {"alg that is null", "{\"alg\":null}", DC_EINVAL},
    {"alg twice", "{\"alg\":\"EdDSA\",\"alg\":\"EdDSA\"}", DC_EINVAL},
    {"alg twice, once escaped", "{\"alg\":\"none\",\"\\u0061lg\":\"EdDSA\"}", DC_EINVAL},
    {"a member twice further down", "{\"alg\":\"EdDSA\",\"x\":{\"y\":1,\"y\":2}}", DC_EINVAL},
    {"kid that is no text", "{\"alg\":\"EdDSA\",\"kid\":1}", DC_EINVAL},
    {"kid with a NUL", "{\"alg\":\"EdDSA\",\"kid\":\"a\\u0000\"}", DC_EINVAL},
    {"something behind", "{\"alg\":\"EdDSA\"}x", DC_EINVAL},
    {"a second object", "{\"alg\":\"EdDSA\"}{}", DC_EINVAL},
    {"a byte order mark", "\xef\xbb\xbf{\"alg\":\"EdDSA\"}", DC_EINVAL},
    {"bytes that are not UTF-8", "{\"alg\":\"EdDSA\",\"kid\":\"\xc3\"}", DC_EINVAL},
    {"an overlong slash", "{\"alg\":\"EdDSA\",\"kid\":\"\xc0\xaf\"}", DC_EINVAL},
    {"crit", "{\"alg\":\"EdDSA\",\"crit\":[\"exp\"],\"exp\":1}", DC_EUNSUPPORTED},
    {"an empty crit", "{\"alg\":\"EdDSA\",\"crit\":[]}", DC_EUNSUPPORTED},
    {"crit null", "{\"alg\":\"EdDSA\",\"crit\":null}", DC_EUNSUPPORTED},
    {"b64 as RFC 7797 has it", "{\"alg\":\"EdDSA\",\"b64\":false,\"crit\":[\"b64\"]}", DC_EUNSUPPORTED},
    {"b64 alone", "{\"alg\":\"EdDSA\",\"b64\":false}", DC_EUNSUPPORTED},
    {"b64 that is no bool", "{\"alg\":\"EdDSA\",\"b64\":\"false\"}", DC_EUNSUPPORTED},
};

static void test_headers(void) {
  const struct dc_key *key = keys[DC_KEY_ED25519];
  struct dc_jwks set DC_CLEANUP(dc_jwks_free) = DC_JWKS_INIT;

  if (dc_jwks_add(&set, dc_key_public(key), "k", DC_JWA_UNKNOWN, NULL) < 0) exit(1);
  for (size_t i = 0; i < DC_COUNT(headers); i++) {
    struct dc_buf token DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    struct dc_err err = DC_ERR_INIT;
    data_sign(&token, key, headers[i].header, "{}");
    is_num(data_verify(&set, dc_buf_text(&token), &err), headers[i].code, headers[i].what);
    if (headers[i].code) ok(strncmp(err.text, "the token's header: ", 20) == 0, "%s", err.text);
  }
}

/* FORM: H, P, S stand for the parts of a good token. */
static const struct {
  const char *form;
  bool good;
} forms[] = {
    {"H.P.S", true}, {"", false}, {".", false}, {"..", false}, {"...", false}, {"H", false}, {"H.P", false},
    {"H.P.", false}, {"H..S", false}, {".P.S", false}, {"P.S", false}, {"H.S", false}, {"H.P.S.", false},
    {".H.P.S", false}, {"H.P.S.S", false}, {"H.P.S.S.S", false}, {"H.P..S", false}, {"H..P.S", false},
    {" H.P.S", false}, {"H.P.S ", false}, {"H.P.S\n", false}, {"\nH.P.S", false}, {"H.P.S\r\n", false},
    {"H .P.S", false}, {"H. P.S", false}, {"H.P .S", false}, {"H.P. S", false}, {"H=.P.S", false}, {"H.P=.S", false},
    {"H.P==.S", false}, {"H.P.S=", false}, {"H.P.S==", false}, {"H.P.SA", false}, {"H.PA.S", false},
    {"HA.P.S", false}, {"H.P.S*", false}, {"Bearer H.P.S", false}, {"\"H.P.S\"", false}, {"H.P.S\t", false},
    {"H,P,S", false}, {"S.P.H", false},
    {"{\"protected\":\"H\",\"payload\":\"P\",\"signature\":\"S\"}", false},
    {"{\"payload\":\"P\",\"signatures\":[{\"protected\":\"H\",\"signature\":\"S\"}]}", false},
};

static void add_form(struct dc_buf *out, const char *form, const char *token) {
  const char *dot = strchr(token, '.'), *last = strrchr(token, '.');

  for (; *form; form++) {
    if (*form == 'H') dc_buf_add(out, token, (size_t)(dot - token));
    else if (*form == 'P' && form[1] != 'a') dc_buf_add(out, dot + 1, (size_t)(last - dot - 1));
    else if (*form == 'S') dc_buf_add_text(out, last + 1);
    else dc_buf_add_byte(out, (unsigned char)*form);
  }
}

/* A part whose last letter carries unused bits says the same in other letters: refused, so that no token has two
 * texts. */
static void test_spare_bits(const struct dc_jwks *set, const char *good) {
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  char token[1024];
  size_t ends[] = {(size_t)(strchr(good, '.') - good), (size_t)(strrchr(good, '.') - good), strlen(good)};

  snprintf(token, sizeof token, "%s", good);
  for (size_t i = 0; i < DC_COUNT(ends); i++) {
    int taken = 0;
    char was = token[ends[i] - 1];
    for (const char *letter = letters; *letter; letter++) {
      token[ends[i] - 1] = *letter;
      if (data_verify(set, token, NULL) == 0) taken++;
    }
    token[ends[i] - 1] = was;
    is_num(taken, 1, "one last letter alone is taken");
  }
  snprintf(token, sizeof token, "%s", good);
  int taken = 0;
  for (char *at = token; *at; at++) {
    char was = *at;
    *at = was == 'A' ? 'B' : 'A';
    if (data_verify(set, token, NULL) == 0) taken++;
    *at = was;
  }
  is_num(taken, 0, "no letter can be replaced");
  snprintf(token, sizeof token, "%s", good);
  for (size_t n = strlen(good); n-- > 0;) {
    token[n] = '\0';
    if (data_verify(set, token, NULL) == 0) taken++;
  }
  is_num(taken, 0, "no beginning of it will do");
}

static void test_forms(void) {
  const struct dc_key *key = keys[DC_KEY_ED25519];
  struct dc_jwks set DC_CLEANUP(dc_jwks_free) = DC_JWKS_INIT;
  struct dc_buf good DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;

  if (dc_jwks_add(&set, dc_key_public(key), "k", DC_JWA_UNKNOWN, NULL) < 0) exit(1);
  data_sign(&good, key, "{\"alg\":\"EdDSA\",\"kid\":\"k\"}", "{\"a\":1}"); /* spare bits in each part */
  for (size_t i = 0; i < DC_COUNT(forms); i++) {
    struct dc_buf token DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    add_form(&token, forms[i].form, dc_buf_text(&good));
    ok((data_verify(&set, dc_buf_text(&token), NULL) == 0) == forms[i].good, "%s: %s",
       forms[i].good ? "taken" : "refused", forms[i].form[0] == '\n' ? "a newline in front" : forms[i].form);
  }
  struct dc_err err = DC_ERR_INIT;
  is_num(data_verify(&set, "e30.e30.e30.e30.e30", &err), DC_EINVAL, "a JWE");
  is_text(err.text, "the token is not of the form HEADER.PAYLOAD.SIGNATURE", "is told from a JWS");
  test_spare_bits(&set, dc_buf_text(&good));
  struct dc_jws jws DC_CLEANUP(dc_jws_free) = DC_JWS_INIT;
  ok(dc_jws_parse(&jws, dc_buf_text(&good), good.len, NULL) == 0 && strcmp(jws.kid, "k") == 0 &&
         jws.alg == DC_JWA_EDDSA && strcmp(dc_buf_text(&jws.payload), "{\"a\":1}") == 0 && jws.signature.len == 64,
     "and what was in it");
}

static void test_size(void) {
  struct dc_jwks set DC_CLEANUP(dc_jwks_free) = DC_JWKS_INIT;
  struct dc_buf payload DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, token DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_jws jws DC_CLEANUP(dc_jws_free) = DC_JWS_INIT;

  if (dc_jwks_add(&set, dc_key_public(keys[DC_KEY_ED25519]), "k", DC_JWA_UNKNOWN, NULL) < 0) exit(1);
  while (payload.len < 49051) dc_buf_add_byte(&payload, 'x');
  data_sign(&token, keys[DC_KEY_ED25519], "{\"alg\":\"EdDSA\"}    ", dc_buf_text(&payload));
  while (token.len < DC_JWS_TEXT_MAX) {
    dc_buf_add_byte(&payload, 'x');
    data_sign(&token, keys[DC_KEY_ED25519], "{\"alg\":\"EdDSA\"}    ", dc_buf_text(&payload));
  }
  ok(token.len == DC_JWS_TEXT_MAX && data_verify(&set, dc_buf_text(&token), NULL) == 0, "64 KiB are taken");
  dc_buf_add_byte(&token, 'A');
  is_num(dc_jws_parse(&jws, dc_buf_text(&token), token.len, NULL), DC_ELIMIT, "a byte more is not");
  dc_buf_clear(&payload);
  dc_buf_add_text(&payload, "{\"alg\":\"EdDSA\",\"x\":");
  for (int i = 0; i < 20000; i++) dc_buf_add_byte(&payload, '[');
  for (int i = 0; i < 20000; i++) dc_buf_add_byte(&payload, ']');
  dc_buf_add_byte(&payload, '}');
  data_sign(&token, keys[DC_KEY_ED25519], dc_buf_text(&payload), "");
  is_num(dc_jws_parse(&jws, dc_buf_text(&token), token.len, NULL), DC_EINVAL, "20000 levels are refused");
}

/* --- keys -------------------------------------------------------------------------------------------------------- */

static void test_set(void) {
  struct dc_jwks set DC_CLEANUP(dc_jwks_free) = DC_JWKS_INIT;
  static const struct {
    const char *what, *header, *text;
    int code;
  } rows[] = {
      {"by its kid", "{\"alg\":\"EdDSA\",\"kid\":\"ed\"}", NULL, 0},
      {"no kid", "{\"alg\":\"EdDSA\"}",
       "failed to find matching key: no key ID (\"kid\") specified in token", DC_EINVAL},
      {"an empty kid", "{\"alg\":\"EdDSA\",\"kid\":\"\"}",
       "failed to find matching key: no key ID (\"kid\") specified in token", DC_EINVAL},
      {"an unknown kid", "{\"alg\":\"EdDSA\",\"kid\":\"e\\n\\u00e9\"}",
       "failed to find key with key ID \"e???\" in key set", DC_ENOENT},
      {"another key's kid", "{\"alg\":\"EdDSA\",\"kid\":\"ec\"}",
       "could not verify message: algorithm EdDSA does not fit a key of kind EC P-256", DC_EMISMATCH},
      {"another key of the kind", "{\"alg\":\"EdDSA\",\"kid\":\"ed2\"}",
       "could not verify message: the signature is not of this key", DC_EMISMATCH},
      {"an algorithm of another kind", "{\"alg\":\"ES256\",\"kid\":\"ed\"}",
       "could not verify message: algorithm ES256 does not fit a key of kind Ed25519", DC_EMISMATCH},
      {"another than the key's own", "{\"alg\":\"RS512\",\"kid\":\"rsa\"}",
       "could not verify message: the header's algorithm is not the key's, RS256", DC_EMISMATCH},
      {"none", "{\"alg\":\"none\",\"kid\":\"ed\"}",
       "could not verify message: algorithm unknown does not fit a key of kind Ed25519", DC_EMISMATCH},
  };
  struct dc_key *second DC_CLEANUP(dc_key_cleanup) = NULL;

  if (dc_key_generate(DC_KEY_ED25519, 0, &second, NULL) < 0 ||
      dc_jwks_add(&set, dc_key_public(keys[DC_KEY_RSA]), "rsa", DC_JWA_RS256, NULL) < 0 ||
      dc_jwks_add(&set, dc_key_public(keys[DC_KEY_P256]), "ec", DC_JWA_UNKNOWN, NULL) < 0 ||
      dc_jwks_add(&set, dc_key_public(second), "ed2", DC_JWA_UNKNOWN, NULL) < 0 ||
      dc_jwks_add(&set, dc_key_public(keys[DC_KEY_ED25519]), "ed", DC_JWA_UNKNOWN, NULL) < 0)
    exit(1);
  for (size_t i = 0; i < DC_COUNT(rows); i++) {
    struct dc_buf token DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    struct dc_jws jws DC_CLEANUP(dc_jws_free) = DC_JWS_INIT;
    struct dc_err err = DC_ERR_INIT;
    data_sign(&token, keys[DC_KEY_ED25519], rows[i].header, "{}");
    is_num(dc_jws_parse(&jws, dc_buf_text(&token), token.len, &err), 0, rows[i].what);
    is_num(dc_jws_verify_set(&jws, &set, &err), rows[i].code, "as it should");
    if (rows[i].text) is_text(err.text, rows[i].text, "in these words");
  }
}

static void sign_each(struct dc_jwks *set, struct dc_buf *tokens) {
  for (size_t i = 0; i < DC_COUNT(algorithms); i++) {
    const struct dc_key *key = keys[algorithms[i].kind];
    if (dc_jwks_add(set, dc_key_public(key), algorithms[i].name, algorithms[i].alg, NULL) < 0) exit(1);
    int rc = dc_jws_sign(algorithms[i].alg, key, algorithms[i].name, "JWT", DC_SLICE("{\"sub\":\"it\"}"), tokens, NULL);
    is_num(rc, 0, algorithms[i].name);
    dc_buf_add_byte(tokens, '\n');
  }
}

static void test_each(void) {
  struct dc_jwks set DC_CLEANUP(dc_jwks_free) = DC_JWKS_INIT;
  struct dc_buf tokens DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, none DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  const char *token, *end;

  sign_each(&set, &tokens);
  token = dc_buf_text(&tokens);
  for (size_t i = 0; i < DC_COUNT(algorithms); i++, token = end + 1) {
    struct dc_jws jws DC_CLEANUP(dc_jws_free) = DC_JWS_INIT;
    int good = 0, signed_with = 0;
    end = strchr(token, '\n');
    ok(dc_jws_parse(&jws, token, (size_t)(end - token), NULL) == 0 && jws.alg == algorithms[i].alg &&
           dc_jws_verify_set(&jws, &set, NULL) == 0, "%s verifies by its kid", algorithms[i].name);
    for (size_t k = 0; k < set.count; k++) good += dc_jws_verify(&jws, &set.keys[k], NULL) == 0;
    is_num(good, 1, "with that entry alone");
    for (int kind = DC_KEY_P256; kind <= DC_KEY_RSA; kind++)
      signed_with += dc_jws_sign(algorithms[i].alg, keys[kind], NULL, NULL, DC_SLICE("{}"), &none, NULL) == 0;
    is_num(signed_with, 1, "one kind of key signs so");
  }
  size_t before = none.len;
  is_num(dc_jws_sign(DC_JWA_UNKNOWN, keys[DC_KEY_RSA], NULL, NULL, DC_SLICE(""), &none, NULL), DC_EMISMATCH,
         "no algorithm signs nothing");
  is_num(dc_jws_sign(DC_JWA_EDDSA, keys[DC_KEY_ED25519], "\xff", NULL, DC_SLICE(""), &none, NULL), DC_EINVAL,
         "nor with a kid that is not UTF-8");
  is_num(none.len, before, "and nothing was appended");
}

/* One in 128 ECDSA signatures has a number that is shorter than its curve: 2000 hold some, but for one run in 10^7. */
static void test_short_numbers(void) {
  const struct dc_key *key = keys[DC_KEY_P256];
  struct dc_buf signature DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  int short_ones = 0, verified = 0, right = 0;

  for (int i = 0; i < 2000; i++) {
    dc_buf_clear(&signature);
    if (dc_jwa_sign(DC_JWA_ES256, key, DC_SLICE("data"), &signature, NULL) < 0) exit(1);
    right += signature.len == 64;
    if (signature.data[0] && signature.data[32]) continue;
    short_ones++;
    verified += dc_jwa_verify(DC_JWA_ES256, dc_key_public(key), DC_SLICE("data"),
                              (struct dc_slice){signature.data, signature.len}, NULL) == 0;
  }
  is_num(right, 2000, "every signature of ES256 has 64 bytes");
  ok(short_ones > 0 && verified == short_ones, "and numbers with zero bytes in front verify: %d", short_ones);
  is_num(dc_key_sign_rsa(key, false, 256, DC_SLICE("data"), &signature, NULL), DC_EMISMATCH, "no RSA with an EC key");
  is_num(dc_key_sign_rsa(keys[DC_KEY_RSA], true, 160, DC_SLICE("data"), &signature, NULL), DC_EUNSUPPORTED,
         "nor with SHA-1");
}

/* --- other people's software ------------------------------------------------------------------------------------- */

static const char *peer(char *command, size_t size, const char *mode, const char *file) {
  const char *top = getenv("TOP_SRCDIR");

  snprintf(command, size, "/usr/bin/python3 '%s/tests/unit/pki/jose_peer.py' %s '%s' 2>&1", top ? top : ".", mode,
           file);
  return command;
}

/* Our set and tokens, in PyJWT's hands. */
static void test_peer_verifies(void) {
  struct dc_jwks set DC_CLEANUP(dc_jwks_free) = DC_JWKS_INIT;
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  char command[4096], line[256], file[] = "jose-XXXXXX";
  int fd = mkstemp(file), verified = 0;
  FILE *out = fd >= 0 ? fdopen(fd, "w") : NULL, *in;

  if (!out) exit(1);
  sign_each(&set, &text);
  struct dc_buf keys_text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  if (dc_jwks_write(&set, &keys_text, NULL) < 0) exit(1);
  fprintf(out, "%s\n%s", dc_buf_text(&keys_text), dc_buf_text(&text));
  fclose(out);
  in = popen(peer(command, sizeof command, "verify", file), "r");
  while (in && fgets(line, sizeof line, in)) {
    line[strcspn(line, "\n")] = '\0';
    if (strncmp(line, "verified ", 9) == 0) verified++;
    else printf("# %s\n", line);
  }
  is_num(in ? pclose(in) : -1, 0, "PyJWT reads our set and tokens");
  is_num(verified, (int)DC_COUNT(algorithms), "and verifies all of them");
  remove(file);
}

/* PyJWT's set and tokens, in ours. */
static void test_peer_signs(void) {
  struct dc_jwks set DC_CLEANUP(dc_jwks_free) = DC_JWKS_INIT;
  char command[4096];
  static char line[32768];
  int verified = 0;
  FILE *in = popen(peer(command, sizeof command, "sign", ""), "r");

  if (!in || !fgets(line, sizeof line, in)) exit(1);
  is_num(dc_jwks_parse(&set, line, strlen(line), NULL, NULL), 0, "we read PyJWT's set");
  is_num(set.count, (int)DC_COUNT(algorithms), "all of its keys");
  while (fgets(line, sizeof line, in)) {
    struct dc_jws jws DC_CLEANUP(dc_jws_free) = DC_JWS_INIT;
    struct dc_err err = DC_ERR_INIT;
    line[strcspn(line, "\n")] = '\0';
    if (dc_jws_parse(&jws, line, strlen(line), &err) == 0 && dc_jws_verify_set(&jws, &set, &err) == 0) verified++;
    else printf("# %s\n", err.text);
  }
  is_num(pclose(in), 0, "and its tokens");
  is_num(verified, (int)DC_COUNT(algorithms), "and verify all of them");
}

#ifdef _WIN32
#define NO_PEER "no shell of Unix to ask python by"
#else
#define NO_PEER "no peer: python3-jwt and python3-cryptography"
#endif

static void test_peer(void) {
  if (system("/usr/bin/python3 -c 'import jwt, cryptography' 2>/dev/null") != 0) {
    skip(NO_PEER, "PyJWT");
    return;
  }
  test_peer_verifies();
  test_peer_signs();
}

/* --- Wycheproof --------------------------------------------------------------------------------------------------- */

/* Where we differ from its verdict, and why. */
static const struct {
  const char *file;
  int from, to; /* tcId */
  const char *why;
} differences[] = {
    {"wycheproof/json_web_signature_test.json", 346, 346, "PS384 with a key that is for PS256"},
    {"wycheproof/json_web_signature_test.json", 350, 350, "PS384 with a key that is for PS256"},
    {"wycheproof/json_web_signature_test.json", 347, 347, "the key is for ES521, which does not exist"},
    {"wycheproof/json_web_signature_test.json", 351, 351, "the key is for ES521, which does not exist"},
    {"wycheproof/json_web_key_test.json", 7, 7, "ROCA keys are not told from others"},
};

static const char *difference(const char *file, int id) {
  for (size_t i = 0; i < DC_COUNT(differences); i++)
    if (strcmp(file, differences[i].file) == 0 && id >= differences[i].from && id <= differences[i].to)
      return differences[i].why;
  return NULL;
}

static bool is_symmetric(const json_t *key) {
  const json_t *entries = json_object_get(key, "keys");

  return strcmp(data_text(entries ? json_array_get(entries, 0) : key, "kty"), "oct") == 0;
}

static void run_group(const char *file, const json_t *group) {
  const json_t *key = json_object_get(group, "public"), *test;
  struct dc_jwks set DC_CLEANUP(dc_jwks_free) = DC_JWKS_INIT;
  size_t i;

  if (!key) key = json_object_get(group, "private");
  if (data_keys(key, &set, NULL) < 0) exit(1);
  json_array_foreach(json_object_get(group, "tests"), i, test) {
    char *other = json_is_string(json_object_get(test, "jws")) ? NULL : json_dumps(json_object_get(test, "jws"), 0);
    struct dc_err err = DC_ERR_INIT;
    int id = (int)json_integer_value(json_object_get(test, "tcId"));
    bool valid = strcmp(data_text(test, "result"), "valid") == 0 && !is_symmetric(key);
    int rc = data_verify(&set, other ? other : data_text(test, "jws"), &err);
    bool differs = difference(file, id) != NULL;
    ok(((rc == 0) == valid) != differs, "%s %d %s %s%s%s", file, id, data_text(group, "comment"),
       data_text(test, "comment"), differs ? ", where we differ: " : "", differs ? difference(file, id) : "");
    free(other);
  }
}

static void test_wycheproof(void) {
  static const char *const files[] = {"wycheproof/json_web_signature_test.json", "wycheproof/json_web_key_test.json"};
  size_t k;

  for (size_t i = 0; i < DC_COUNT(files); i++) {
    json_t *data = data_load(files[i]), *group;
    json_array_foreach(json_object_get(data, "testGroups"), k, group) run_group(files[i], group);
    json_decref(data);
  }
}

int main(void) {
  for (int kind = DC_KEY_P256; kind <= DC_KEY_RSA; kind++)
    if (dc_key_generate((enum dc_key_kind)kind, 0, &keys[kind], NULL) < 0) return 1;
  test_published();
  test_headers();
  test_forms();
  test_size();
  test_set();
  test_each();
  test_short_numbers();
  test_peer();
  test_wycheproof();
  for (int kind = DC_KEY_P256; kind <= DC_KEY_RSA; kind++) dc_key_free(keys[kind]);
  return tap_done();
}
