/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "pki/key.h"

#include <pthread.h>

#include "tap.h"

static const struct {
  enum dc_key_kind kind;
  unsigned bits;
  const char *name, *begin;
} kinds[] = {
    {DC_KEY_P256, 0, "EC P-256", "-----BEGIN EC PRIVATE KEY-----\n"},
    {DC_KEY_P384, 0, "EC P-384", "-----BEGIN EC PRIVATE KEY-----\n"},
    {DC_KEY_P521, 0, "EC P-521", "-----BEGIN EC PRIVATE KEY-----\n"},
    {DC_KEY_ED25519, 0, "Ed25519", "-----BEGIN PRIVATE KEY-----\n"},
    {DC_KEY_RSA, 2048, "RSA 2048", "-----BEGIN RSA PRIVATE KEY-----\n"},
};

/* One P-256 key in the forms that openssl writes, used nowhere else. */
#define SEC1 \
  "-----BEGIN EC PRIVATE KEY-----\n" \
  "MHcCAQEEINnF/kIxm6SwSUeJqr3n/rZPr+Lk0iwMheIlMehBHor/oAoGCCqGSM49\n" \
  "AwEHoUQDQgAEWIMjGDOsBPjfdEmnWFUitysy+0+Id12ZB8VNz9xnokYdUC8wRLqj\n" \
  "D1oxRZqreprFlVpEnDkEqwvV7s7LjAXfCw==\n" \
  "-----END EC PRIVATE KEY-----\n"
#define PKCS8 \
  "-----BEGIN PRIVATE KEY-----\n" \
  "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg2cX+QjGbpLBJR4mq\n" \
  "vef+tk+v4uTSLAyF4iUx6EEeiv+hRANCAARYgyMYM6wE+N90SadYVSK3KzL7T4h3\n" \
  "XZkHxU3P3GeiRh1QLzBEuqMPWjFFmqt6msWVWkScOQSrC9XuzsuMBd8L\n" \
  "-----END PRIVATE KEY-----\n"

/* Each of these is the key above. */
static const struct {
  const char *what, *text;
} same_key[] = {
    {"SEC1", SEC1},
    {"PKCS#8", PKCS8},
    {"text and EC PARAMETERS around it",
     "Public Key Info:\n\n-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n" SEC1
     "more text\n"},
};

static const struct {
  const char *what;
  int code;
  const char *text;
} refused[] = {
    {"nothing", DC_ENOENT, ""},
    {"no key among the blocks", DC_ENOENT,
     "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"},
    {"SEC1 without its public half", DC_EUNSUPPORTED,
     "-----BEGIN EC PRIVATE KEY-----\n"
     "MDECAQEEINnF/kIxm6SwSUeJqr3n/rZPr+Lk0iwMheIlMehBHor/oAoGCCqGSM49\nAwEH\n"
     "-----END EC PRIVATE KEY-----\n"},
    {"PKCS#8 without its public half", DC_EUNSUPPORTED,
     "-----BEGIN PRIVATE KEY-----\n"
     "MEECAQAwEwYHKoZIzj0CAQYIKoZIzj0DAQcEJzAlAgEBBCDZxf5CMZuksElHiaq9\n5/62T6/i5NIsDIXiJTHoQR6K/w==\n"
     "-----END PRIVATE KEY-----\n"},
    {"encrypted the old way", DC_EUNSUPPORTED,
     "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n"
     "DEK-Info: AES-256-CBC,58ED9EFF865DE7870FCF4F13B69629C5\n\n"
     "VKbOHxYmvt/AbcLZ/QHBq9qw1WK8RfUMdVdpmFFp/EX5ChL1Vkxezj5RknD/kjrA\n"
     "E0xH2Bh2bmUijLzOnMvMO7v3t1uQDzNlpaIGaYOOkfQy2fD0cRm+zzAu7JAkTwyZ\n"
     "IH02vfg31aGitjMq7MlRECSZ29pak19lTzCQ39sn6cs=\n-----END EC PRIVATE KEY-----\n"},
    {"encrypted the new way", DC_EUNSUPPORTED,
     "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIHs\n-----END ENCRYPTED PRIVATE KEY-----\n"},
    {"a curve that is not ours", DC_EWEAK,
     "-----BEGIN EC PRIVATE KEY-----\n"
     "MHQCAQEEIJDdXaCvrvqAlW0hFb6FxRSxPX3hHqhZux8JQJaMdkEVoAcGBSuBBAAK\n"
     "oUQDQgAEbXW0nKteoDatTty++7skgxlGz2UFyEnM04Ub0I+NQey2kSEbGemOKtYu\n"
     "DYX9C+VVt7X9rK4nBVvJs87uE3RHJQ==\n-----END EC PRIVATE KEY-----\n"},
    {"an algorithm that is not ours", DC_EWEAK,
     "-----BEGIN PRIVATE KEY-----\n"
     "MC4CAQAwBQYDK2VuBCIEIHjlz3cxbOpf6JFDIIf0VfK17IKtf4q6WU0jO9c/QIhs\n-----END PRIVATE KEY-----\n"},
    {"RSA of 1024 bits", DC_EWEAK,
     "-----BEGIN PRIVATE KEY-----\n"
     "MIICdwIBADANBgkqhkiG9w0BAQEFAASCAmEwggJdAgEAAoGBAKQrmEof3/v4fIXQ\n"
     "J4dbHQL15VtNW3ecltEfuJ1LEJqvDF3/Iayc79UjlamPG5Zo7ZydhyM7yZxgsFTz\n"
     "z/g1JxrojlQE0HDN2QEAtnrDeO4wr98pU9/O1s5O2sgLqKopZ9mlXrYwhjaQM5v1\n"
     "+gVEAftZnYWDr7xk0NfongeLCizZAgMBAAECgYBQ3xjaCvGvkizlTjDqwLt95dvi\n"
     "Ki1QstaoldO/yGaZjHmvJCtWeMi8Whczu8d/RJkoeYFEngMnAYpbju93+dcU5EDm\n"
     "sN/mTL31cTsrgonAi5q2REjfLdEhSsQMJEOwitwfdxgL0EqMZ4k9wLTFazQsSAxZ\n"
     "Ll+UG7Njfkpht23lwQJBANM/a41M5R06+Y4oQP2uBxS8iDSMkqVSNrX38AiMFkj+\n"
     "UQrdnD0685Ou7P+siBnHVOXje6DiRxj7FsKNsq+t2UUCQQDG8wcoAbp4OEJCj4Uv\n"
     "iDS+zJi3cRhEIJc/xznEHrpk9WTMr9TVRQHyazQJmWf6KbdzkCkTS0wpvdhacqik\n"
     "jdyFAkEAwIX8Lzr1VD57UeO913TTX0Kzn7C9tY3H7u+YAzIo3T1p/s0Zp3QiqWWy\n"
     "+RD0uQnBhgJcmbOfuFSd2ZHqV9HJQQJBAKDhxKa4hxdSv1pd/yEJ70Vf5Btr7Gij\n"
     "RkxAClmrU6Xyv1m60szIKiPkR0d/85JcC8r7CAxfNq8Go5+42uF/CpUCQFa5a2zJ\n"
     "gqARRBXNCyEKvKXy4VApFOhty0EUHLp/+of5IvzT9mcingT/FePAZGlaUTFoNhRM\n"
     "H6nr2DNrTPfTNRg=\n-----END PRIVATE KEY-----\n"},
    {"a public half that is another key's", DC_EINVAL,
     "-----BEGIN EC PRIVATE KEY-----\n"
     "MHcCAQEEINnF/kIxm6SwSUeJqr3n/rZPr+Lk0iwMheIlMehBHoo/oAoGCCqGSM49\n"
     "AwEHoUQDQgAEWIMjGDOsBPjfdEmnWFUitysy+0+Id12ZB8VNz9xnokYdUC8wRLqj\n"
     "D1oxRZqreprFlVpEnDkEqwvV7s7LjAXfCw==\n-----END EC PRIVATE KEY-----\n"},
    {"no DER in it", DC_EINVAL, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"},
    {"a kind of its own", DC_EWEAK, "-----BEGIN DSA PRIVATE KEY-----\nMAA=\n-----END DSA PRIVATE KEY-----\n"},
    {"broken off", DC_EINVAL, "-----BEGIN PRIVATE KEY-----\nMAA="},
};

static int verify(const struct dc_key *key, const char *data, const struct dc_buf *signature) {
  return dc_spki_verify(dc_key_public(key), dc_key_algorithm(key), false, dc_slice_text(data),
                        (struct dc_slice){signature->data, signature->len}, NULL);
}

static void test_pkcs8(const struct dc_key *key) {
  struct dc_key *again DC_CLEANUP(dc_key_cleanup) = NULL;
  struct dc_buf pem DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;

  ok(dc_key_to_pkcs8(key, &pem, NULL) == 0 && strncmp(dc_buf_text(&pem), PKCS8, 28) == 0, "written as PKCS#8 too");
  ok(dc_key_from_pem(dc_buf_text(&pem), pem.len, &again, NULL) == 0 &&
         dc_spki_equal(dc_key_public(key), dc_key_public(again)),
     "and read back");
}

static void test_kind(size_t i) {
  struct dc_key *key DC_CLEANUP(dc_key_cleanup) = NULL, *again DC_CLEANUP(dc_key_cleanup) = NULL;
  struct dc_buf pem DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, signature DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  char name[DC_SPKI_TEXT_MAX];

  if (!ok(dc_key_generate(kinds[i].kind, kinds[i].bits, &key, NULL) == 0, "%s is generated", kinds[i].name)) return;
  is_text(dc_spki_text(dc_key_public(key), name), kinds[i].name, "of that kind");
  ok(dc_key_to_pem(key, &pem, NULL) == 0 && strncmp(dc_buf_text(&pem), kinds[i].begin, strlen(kinds[i].begin)) == 0,
     "written in the form that every Dapr version loads");
  ok(dc_key_from_pem(dc_buf_text(&pem), pem.len, &again, NULL) == 0 &&
         dc_spki_equal(dc_key_public(key), dc_key_public(again)),
     "and read back");
  test_pkcs8(key);
  ok(again && dc_key_sign(again, dc_slice_text("data"), &signature, NULL) == 0, "it signs");
  is_num(verify(key, "data", &signature), 0, "and its public half verifies");
  is_num(verify(key, "dato", &signature), DC_EMISMATCH, "other data not");
  if (signature.len) signature.data[signature.len / 2] ^= 1;
  is_num(verify(key, "data", &signature), DC_EMISMATCH, "another signature neither");
}

static void test_reading(void) {
  struct dc_key *first DC_CLEANUP(dc_key_cleanup) = NULL;

  for (size_t i = 0; i < DC_COUNT(same_key); i++) {
    struct dc_key *key DC_CLEANUP(dc_key_cleanup) = NULL;
    struct dc_buf pem DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    ok(dc_key_from_pem(same_key[i].text, strlen(same_key[i].text), &key, NULL) == 0, "read: %s", same_key[i].what);
    ok(key && dc_key_to_pem(key, &pem, NULL) == 0, "and written");
    is_text(dc_buf_text(&pem), SEC1, "as openssl writes it, the curve's name included");
    dc_buf_clear(&pem);
    ok(key && dc_key_to_pkcs8(key, &pem, NULL) == 0, "and written as PKCS#8");
    is_text(dc_buf_text(&pem), PKCS8, "as openssl writes that");
  }
  for (size_t i = 0; i < DC_COUNT(refused); i++) {
    struct dc_err err = DC_ERR_INIT;
    int rc = dc_key_from_pem(refused[i].text, strlen(refused[i].text), &first, &err);
    ok(rc == refused[i].code && err.code == rc && err.text[0] && !first, "refused: %s", refused[i].what);
    if (rc != refused[i].code) printf("# %d, not %d: %s\n", rc, refused[i].code, err.text);
    ok(!strstr(err.text, "MHcC") && !strstr(err.text, "2cX+"), "and no byte of it is told");
  }
}

/* Ed25519 in RFC 5958's second version, with its public half behind it, as some writers have it. */
static void test_ed25519_v2(void) {
  static const char text[] =
      "-----BEGIN PRIVATE KEY-----\n"
      "MFECAQEwBQYDK2VwBCIEIGo35jv+yzfSCSs5J92XZkxJ9V0d9hko2A0YKq1vCRV2gSEAoT/cJSea9maZ7GXY3ftQeNUS9a9pqkzC75Oe794l\n"
      "I4Q=\n-----END PRIVATE KEY-----\n";
  struct dc_key *key DC_CLEANUP(dc_key_cleanup) = NULL;

  ok(dc_key_from_pem(text, sizeof text - 1, &key, NULL) == 0 && dc_key_public(key)->kind == DC_KEY_ED25519 &&
         dc_key_public(key)->key.data[0] == 0xa1 && dc_key_public(key)->key.data[31] == 0x84,
     "Ed25519 as OneAsymmetricKey, and its public half is right");
}

static void test_sizes(void) {
  struct dc_key *key = NULL;

  is_num(dc_key_generate(DC_KEY_RSA, 1024, &key, NULL), DC_EWEAK, "RSA of 1024 bits is not generated");
  is_num(dc_key_generate(DC_KEY_RSA, 16384, &key, NULL), DC_ELIMIT, "nor of 16384");
  is_num(dc_key_generate(DC_KEY_UNKNOWN, 0, &key, NULL), DC_EINVAL, "nor an unknown kind");
  ok(!key, "and nothing comes out");
}

enum { THREADS = 4, ROUNDS = 50 };

static void *sign_often(void *key) {
  static int failed;

  for (int i = 0; i < ROUNDS; i++) {
    struct dc_buf signature DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    if (dc_key_sign(key, dc_slice_text("data"), &signature, NULL) < 0 || verify(key, "data", &signature) < 0)
      return &failed;
  }
  return NULL;
}

static void test_threads(void) {
  struct dc_key *key DC_CLEANUP(dc_key_cleanup) = NULL;
  pthread_t threads[THREADS];
  int started = 0, failed = 0;

  if (!ok(dc_key_generate(DC_KEY_P256, 0, &key, NULL) == 0, "a key for threads")) return;
  while (started < THREADS && pthread_create(&threads[started], NULL, sign_often, key) == 0) started++;
  for (int i = 0; i < started; i++) {
    void *result = NULL;
    pthread_join(threads[i], &result);
    failed += result != NULL;
  }
  ok(started == THREADS && failed == 0, "%d threads sign with one key at the same time", THREADS);
}

int main(void) {
  for (size_t i = 0; i < DC_COUNT(kinds); i++) test_kind(i);
  test_reading();
  test_ed25519_v2();
  test_sizes();
  test_threads();
  return tap_done();
}
