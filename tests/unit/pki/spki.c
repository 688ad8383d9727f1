/* SPDX-License-Identifier: Apache-2.0 */
/* Public keys and signatures made by GnuTLS, in every form that is accepted and in some that are not. */
#include "pki/spki.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>

#include "pki/oid.h"
#include "tap.h"

struct made {
  const char *text;
  enum dc_key_kind kind;
  unsigned bits;
  gnutls_pk_algorithm_t pk;
  unsigned size; /* bits, or GNUTLS_CURVE_TO_BITS */
  gnutls_privkey_t key;
  gnutls_pubkey_t public;
  gnutls_datum_t der;
  struct dc_spki spki;
};

static struct made keys[] = {
    {.text = "EC P-256", .kind = DC_KEY_P256, .bits = 256, .pk = GNUTLS_PK_ECDSA,
     .size = GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1)},
    {.text = "EC P-384", .kind = DC_KEY_P384, .bits = 384, .pk = GNUTLS_PK_ECDSA,
     .size = GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP384R1)},
    {.text = "EC P-521", .kind = DC_KEY_P521, .bits = 521, .pk = GNUTLS_PK_ECDSA,
     .size = GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP521R1)},
    {.text = "Ed25519", .kind = DC_KEY_ED25519, .bits = 256, .pk = GNUTLS_PK_EDDSA_ED25519, .size = 256},
    {.text = "RSA 2048", .kind = DC_KEY_RSA, .bits = 2048, .pk = GNUTLS_PK_RSA, .size = 2048},
};
enum { P256, P384, P521, ED25519, RSA };

static struct dc_slice slice_of(gnutls_datum_t datum) { return (struct dc_slice){datum.data, datum.size}; }

/* GnuTLS' numbers may bear a leading zero byte. */
static bool same_number(struct dc_slice ours, gnutls_datum_t theirs) {
  struct dc_slice at = slice_of(theirs);
  for (; ours.len && !ours.data[0]; ours.data++) ours.len--;
  for (; at.len && !at.data[0]; at.data++) at.len--;
  return dc_slice_equal(ours, at);
}

static void test_parse(struct made *key) {
  gnutls_datum_t a = {.data = NULL}, b = {.data = NULL};
  char text[DC_SPKI_TEXT_MAX];
  unsigned char id[DC_KEY_ID_SIZE], want[DC_KEY_ID_SIZE];
  struct dc_err err = DC_ERR_INIT;
  is_num(dc_spki_parse(&key->spki, slice_of(key->der), &err), 0, key->text);
  ok(key->spki.kind == key->kind && key->spki.bits == key->bits, "its kind and size");
  is_text(dc_spki_text(&key->spki, text), key->text, "for people");
  ok(dc_slice_equal(key->spki.der, slice_of(key->der)), "all of its bytes");
  if (key->pk == GNUTLS_PK_RSA)
    ok(gnutls_pubkey_export_rsa_raw2(key->public, &a, &b, 0) == 0 && same_number(key->spki.n, a) &&
           same_number(key->spki.e, b),
       "modulus and exponent");
  else
    ok(gnutls_pubkey_export_ecc_raw2(key->public, NULL, &a, &b, 0) == 0 && same_number(key->spki.x, a) &&
           (key->kind == DC_KEY_ED25519 || same_number(key->spki.y, b)),
       "its coordinates");
  gnutls_free(a.data);
  gnutls_free(b.data);
  is_num(dc_spki_check(&key->spki, &err), 0, "strong enough");
  ok(dc_spki_id(&key->spki, id, &err) == 0 &&
         gnutls_hash_fast(GNUTLS_DIG_SHA1, key->spki.key.data, key->spki.key.len, want) == 0 &&
         memcmp(id, want, sizeof id) == 0 && key->spki.key.data + key->spki.key.len == key->spki.der.data + key->der.size,
     "its identifier: SHA-1 of the BIT STRING's bytes");
}

static void test_cut(const struct made *key) {
  struct dc_spki spki = {.bits = 77};
  unsigned wrong = 0;
  for (unsigned n = 0; n < key->der.size; n++) {
    struct dc_slice cut = {key->der.data, n};
    wrong += dc_spki_parse(&spki, cut, NULL) != DC_EINVAL || spki.bits != 77;
  }
  struct dc_buf longer DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  dc_buf_add(&longer, key->der.data, key->der.size);
  dc_buf_add_byte(&longer, 0);
  wrong += dc_spki_parse(&spki, (struct dc_slice){longer.data, longer.len}, NULL) != DC_EINVAL || spki.bits != 77;
  is_num(wrong, 0, "cut anywhere, or followed by a byte: refused, nothing comes out");
}

/* --- written by hand ---------------------------------------------------------------------------------------------- */

static void begin_spki(struct dc_buf *out, size_t mark[2], struct dc_slice oid, const char *parameters, size_t n) {
  mark[0] = dc_der_begin(out, DC_DER_SEQUENCE);
  mark[1] = dc_der_begin(out, DC_DER_SEQUENCE);
  dc_der_add_slice(out, DC_DER_OID, oid);
  dc_buf_add(out, parameters, n);
  dc_der_end(out, mark[1]);
}

static int parse_made(struct dc_buf *der, struct dc_slice oid, const char *parameters, size_t n, const void *key,
                      size_t key_len, struct dc_spki *spki) {
  size_t mark[2];
  dc_buf_clear(der);
  begin_spki(der, mark, oid, parameters, n);
  dc_der_add_bits(der, key, key_len);
  dc_der_end(der, mark[0]);
  return dc_spki_parse(spki, (struct dc_slice){der->data, der->len}, NULL);
}

#define P256_PARAMETERS "\x06\x08" DC_OID_P256

static void test_malformed(void) {
  struct dc_buf der DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_spki spki = {.bits = 77};
  unsigned char point[66] = {4};
  char text[DC_SPKI_TEXT_MAX];
  const struct dc_slice ec = DC_SLICE(DC_OID_EC), rsa = DC_SLICE(DC_OID_RSA), ed = DC_SLICE(DC_OID_ED25519);
  ok(parse_made(&der, ec, P256_PARAMETERS, 10, point, 65, &spki) == 0 && spki.kind == DC_KEY_P256,
     "a point of the right size");
  spki.bits = 77;
  is_num(parse_made(&der, ec, P256_PARAMETERS, 10, point, 64, &spki), DC_EINVAL, "a shorter one");
  is_num(parse_made(&der, ec, P256_PARAMETERS, 10, point, 66, &spki), DC_EINVAL, "a longer one");
  point[0] = 2;
  is_num(parse_made(&der, ec, P256_PARAMETERS, 10, point, 33, &spki), DC_EINVAL, "a compressed one");
  is_num(parse_made(&der, ec, P256_PARAMETERS, 10, point, 65, &spki), DC_EINVAL, "one of another form");
  is_num(parse_made(&der, ec, P256_PARAMETERS, 10, point, 0, &spki), DC_EINVAL, "none");
  is_num(parse_made(&der, ed, "", 0, point, 31, &spki), DC_EINVAL, "Ed25519 of 31 bytes");
  is_num(parse_made(&der, ed, "", 0, point, 33, &spki), DC_EINVAL, "of 33");
  is_num(parse_made(&der, ed, "\x05\x00", 2, point, 32, &spki), DC_EINVAL, "with parameters");
  is_num(parse_made(&der, rsa, "\x05\x00", 2, "\x30\x03\x02\x01\x03", 5, &spki), DC_EINVAL, "RSA without an exponent");
  is_num(parse_made(&der, rsa, "\x05\x00", 2, "\x30\x06\x02\x01\x00\x02\x01\x03", 8, &spki), DC_EINVAL,
         "a modulus of 0");
  is_num(parse_made(&der, rsa, "\x05\x00", 2, "\x30\x06\x02\x01\xff\x02\x01\x03", 8, &spki), DC_EINVAL,
         "a negative modulus");
  is_num(parse_made(&der, rsa, "\x05\x00", 2, "\x30\x06\x02\x01\x03\x02\x01\x00", 8, &spki), DC_EINVAL,
         "an exponent of 0");
  is_num(parse_made(&der, rsa, "\x05\x00", 2, "\x30\x06\x02\x01\x03\x02\x01\x03\x00", 9, &spki), DC_EINVAL,
         "a byte behind the numbers");
  is_num(spki.bits, 77, "nothing came out of all these");
  ok(parse_made(&der, ec, "\x06\x05\x2b\x81\x04\x00\x0a", 7, point, 33, &spki) == 0 && spki.kind == DC_KEY_UNKNOWN &&
         spki.bits == 0,
     "another curve is unknown, whatever its point");
  is_text(dc_spki_text(&spki, text), "unknown", "for people");
  ok(parse_made(&der, ec, "\x30\x00", 2, point, 65, &spki) == 0 && spki.kind == DC_KEY_UNKNOWN,
     "a curve by its numbers is unknown");
  ok(parse_made(&der, DC_SLICE("\x2b\x65\x71"), "", 0, point, 57, &spki) == 0 && spki.kind == DC_KEY_UNKNOWN,
     "another algorithm is unknown");
  is_num(dc_spki_check(&spki, NULL), DC_EWEAK, "and too weak for everything");
  is_num(dc_spki_verify(&spki, DC_SLICE("\x30\x05\x06\x03" DC_OID_ED25519), false, DC_SLICE("x"), DC_SLICE("y"), NULL),
         DC_EWEAK, "signatures too");
}

/* Modulus: BITS bits, the last byte LAST. */
static void check_rsa(unsigned bits, unsigned char last, const char *exponent, size_t exponent_len, int code) {
  struct dc_buf der DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, key DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  unsigned char modulus[1200];
  struct dc_spki spki = {.bits = 0};
  size_t n = (bits + 7) / 8;
  memset(modulus, 0xa5, sizeof modulus);
  modulus[0] = (unsigned char)(1U << (bits - 1) % 8);
  modulus[n - 1] = last;
  size_t mark = dc_der_begin(&key, DC_DER_SEQUENCE);
  dc_der_add_unsigned(&key, modulus, n);
  dc_der_add_unsigned(&key, (const unsigned char *)exponent, exponent_len);
  dc_der_end(&key, mark);
  if (!ok(parse_made(&der, DC_SLICE(DC_OID_RSA), "\x05\x00", 2, key.data, key.len, &spki) == 0 && spki.bits == bits,
          "RSA of %u bits", bits))
    return;
  ok(dc_spki_check(&spki, NULL) == code, "exponent of %zu bytes, modulus ending in %02x: %d", exponent_len, last, code);
}

static void test_rsa_bounds(void) {
  check_rsa(2047, 1, "\x01\x00\x01", 3, DC_EWEAK);
  check_rsa(2048, 1, "\x01\x00\x01", 3, 0);
  check_rsa(2049, 1, "\x01\x00\x01", 3, 0);
  check_rsa(8192, 1, "\x01\x00\x01", 3, 0);
  check_rsa(8193, 1, "\x01\x00\x01", 3, DC_ELIMIT);
  check_rsa(2048, 2, "\x01\x00\x01", 3, DC_EWEAK);
  check_rsa(2048, 1, "\x03", 1, 0);
  check_rsa(2048, 1, "\x01", 1, DC_EWEAK);
  check_rsa(2048, 1, "\x02", 1, DC_EWEAK);
  check_rsa(2048, 1, "\x01\x00\x00", 3, DC_EWEAK);
  check_rsa(2048, 1, "\x7f\xff\xff\xff", 4, 0);
  check_rsa(2048, 1, "\x80\x00\x00\x01", 4, DC_EWEAK);
  check_rsa(2048, 1, "\x01\x00\x00\x00\x01", 5, DC_EWEAK);
}

static void test_equal(void) {
  struct dc_buf der DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, other DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_spki again, bare, a, b;
  is_num(dc_spki_parse(&again, slice_of(keys[RSA].der), NULL), 0, "RSA again");
  ok(dc_spki_equal(&again, &keys[RSA].spki), "equals itself");
  is_num(parse_made(&der, DC_SLICE(DC_OID_RSA), "", 0, again.key.data, again.key.len, &bare), 0, "without parameters");
  ok(dc_spki_equal(&bare, &again), "is the same key");
  for (size_t i = 0; i < DC_COUNT(keys); i++)
    for (size_t k = 0; k < i; k++) ok(!dc_spki_equal(&keys[i].spki, &keys[k].spki), "others differ");
  ok(parse_made(&der, DC_SLICE("\x2b\x65\x71"), "", 0, "a", 1, &a) == 0 &&
         parse_made(&other, DC_SLICE("\x2b\x65\x70\x01"), "", 0, "a", 1, &b) == 0 && !dc_spki_equal(&a, &b) &&
         dc_spki_equal(&a, &a),
     "unknown ones are compared by all of their bytes");
}

/* --- signatures --------------------------------------------------------------------------------------------------- */

#define ALGORITHM(oid) "\x30\x0d\x06\x09" oid "\x05\x00"
#define ECDSA(oid) "\x30\x0a\x06\x08" oid
#define PSS_HASH(oid) "\x30\x0b\x06\x09" oid
#define PSS(mgf_hash, hash, salt) \
  "\x30\x3d\x06\x09" DC_OID_RSA_PSS "\x30\x30\xa0\x0d" PSS_HASH(hash) "\xa1\x1a\x30\x18\x06\x09" DC_OID_MGF1 PSS_HASH( \
      mgf_hash) "\xa2\x03\x02\x01" salt

static const struct {
  const char *what;
  size_t key;
  gnutls_sign_algorithm_t sign;
  struct dc_slice algorithm;
  bool sha1;
} accepted[] = {
    {"RSA SHA-256", RSA, GNUTLS_SIGN_RSA_SHA256, DC_SLICE(ALGORITHM(DC_OID_RSA_SHA256)), false},
    {"RSA SHA-384", RSA, GNUTLS_SIGN_RSA_SHA384, DC_SLICE(ALGORITHM(DC_OID_RSA_SHA384)), false},
    {"RSA SHA-512", RSA, GNUTLS_SIGN_RSA_SHA512, DC_SLICE(ALGORITHM(DC_OID_RSA_SHA512)), false},
    {"RSA SHA-1", RSA, GNUTLS_SIGN_RSA_SHA1, DC_SLICE(ALGORITHM(DC_OID_RSA_SHA1)), true},
    {"PSS SHA-256", RSA, GNUTLS_SIGN_RSA_PSS_SHA256, DC_SLICE(PSS(DC_OID_SHA256, DC_OID_SHA256, "\x20")), false},
    {"PSS SHA-384", RSA, GNUTLS_SIGN_RSA_PSS_SHA384, DC_SLICE(PSS(DC_OID_SHA384, DC_OID_SHA384, "\x30")), false},
    {"PSS SHA-512", RSA, GNUTLS_SIGN_RSA_PSS_SHA512, DC_SLICE(PSS(DC_OID_SHA512, DC_OID_SHA512, "\x40")), false},
    {"ECDSA SHA-256, P-256", P256, GNUTLS_SIGN_ECDSA_SHA256, DC_SLICE(ECDSA(DC_OID_ECDSA_SHA256)), false},
    {"ECDSA SHA-512, P-256", P256, GNUTLS_SIGN_ECDSA_SHA512, DC_SLICE(ECDSA(DC_OID_ECDSA_SHA512)), false},
    {"ECDSA SHA-384, P-384", P384, GNUTLS_SIGN_ECDSA_SHA384, DC_SLICE(ECDSA(DC_OID_ECDSA_SHA384)), false},
    {"ECDSA SHA-512, P-521", P521, GNUTLS_SIGN_ECDSA_SHA512, DC_SLICE(ECDSA(DC_OID_ECDSA_SHA512)), false},
    {"ECDSA SHA-1, P-256", P256, GNUTLS_SIGN_ECDSA_SHA1, DC_SLICE("\x30\x09\x06\x07" DC_OID_ECDSA_SHA1), true},
    {"Ed25519", ED25519, GNUTLS_SIGN_EDDSA_ED25519, DC_SLICE("\x30\x05\x06\x03" DC_OID_ED25519), false},
};

static void test_verify(void) {
  static const char data[] = "what is signed";
  gnutls_datum_t signed_data = {.data = (unsigned char *)(uintptr_t)data, .size = sizeof data - 1};
  for (size_t i = 0; i < DC_COUNT(accepted); i++) {
    const struct dc_spki *spki = &keys[accepted[i].key].spki;
    const struct dc_slice algorithm = accepted[i].algorithm;
    gnutls_datum_t signature = {.data = NULL};
    if (gnutls_privkey_sign_data2(keys[accepted[i].key].key, accepted[i].sign,
                                  0, &signed_data,
                                  &signature) != 0) {
      skip("GnuTLS does not sign so", "%s", accepted[i].what);
      continue;
    }
    struct dc_err err = DC_ERR_INIT;
    is_num(dc_spki_verify(spki, algorithm, true, DC_SLICE("what is signed"), slice_of(signature), &err), 0,
           accepted[i].what);
    is_num(dc_spki_verify(spki, algorithm, false, DC_SLICE("what is signed"), slice_of(signature), &err),
           accepted[i].sha1 ? DC_EUNSUPPORTED : 0, "SHA-1 only where it is allowed");
    is_num(dc_spki_verify(spki, algorithm, true, DC_SLICE("what is signeD"), slice_of(signature), &err), DC_EMISMATCH,
           "other data");
    is_text(err.text, "the signature is not of this key", "it is told");
    signature.data[signature.size / 2] ^= 1;
    is_num(dc_spki_verify(spki, algorithm, true, DC_SLICE("what is signed"), slice_of(signature), NULL), DC_EMISMATCH,
           "another signature");
    struct dc_slice cut = {signature.data, 3}, none = {signature.data, 0};
    is_num(dc_spki_verify(spki, algorithm, true, DC_SLICE("what is signed"), cut, NULL), DC_EMISMATCH, "a cut one");
    is_num(dc_spki_verify(spki, algorithm, true, DC_SLICE("what is signed"), none, NULL), DC_EMISMATCH, "none");
    gnutls_free(signature.data);
  }
}

static void test_refused(void) {
  static const struct {
    const char *what;
    size_t key;
    struct dc_slice algorithm;
    int code;
  } rows[] = {
      {"RSA's algorithm, an EC key", P256, DC_SLICE(ALGORITHM(DC_OID_RSA_SHA256)), DC_EUNSUPPORTED},
      {"ECDSA's algorithm, an RSA key", RSA, DC_SLICE(ECDSA(DC_OID_ECDSA_SHA256)), DC_EUNSUPPORTED},
      {"ECDSA's algorithm, an Ed25519 key", ED25519, DC_SLICE(ECDSA(DC_OID_ECDSA_SHA256)), DC_EUNSUPPORTED},
      {"Ed25519's algorithm, an EC key", P256, DC_SLICE("\x30\x05\x06\x03" DC_OID_ED25519), DC_EUNSUPPORTED},
      {"PSS, an EC key", P256, DC_SLICE(PSS(DC_OID_SHA256, DC_OID_SHA256, "\x20")), DC_EUNSUPPORTED},
      {"PSS with two hashes", RSA, DC_SLICE(PSS(DC_OID_SHA384, DC_OID_SHA256, "\x20")), DC_EUNSUPPORTED},
      {"PSS with another salt", RSA, DC_SLICE(PSS(DC_OID_SHA256, DC_OID_SHA256, "\x14")), DC_EUNSUPPORTED},
      {"PSS without parameters: SHA-1", RSA, DC_SLICE("\x30\x0d\x06\x09" DC_OID_RSA_PSS "\x30\x00"), DC_EUNSUPPORTED},
      {"MD5", RSA, DC_SLICE(ALGORITHM("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04")), DC_EUNSUPPORTED},
      {"DSA", RSA, DC_SLICE("\x30\x09\x06\x07\x2a\x86\x48\xce\x38\x04\x03"), DC_EUNSUPPORTED},
      {"no algorithm", RSA, DC_SLICE(""), DC_EINVAL},
      {"no OID", RSA, DC_SLICE("\x30\x02\x05\x00"), DC_EINVAL},
  };
  for (size_t i = 0; i < DC_COUNT(rows); i++) {
    struct dc_err err = DC_ERR_INIT;
    is_num(dc_spki_verify(&keys[rows[i].key].spki, rows[i].algorithm, true, DC_SLICE("data"), DC_SLICE("signature"),
                          &err),
           rows[i].code, rows[i].what);
    ok(err.code == rows[i].code && err.text[0], "is told: %s", err.text);
  }
}

int main(void) {
  for (size_t i = 0; i < DC_COUNT(keys); i++) {
    gnutls_privkey_init(&keys[i].key);
    gnutls_pubkey_init(&keys[i].public);
    if (gnutls_privkey_generate(keys[i].key, keys[i].pk, keys[i].size, 0) != 0 ||
        gnutls_pubkey_import_privkey(keys[i].public, keys[i].key, 0, 0) != 0 ||
        gnutls_pubkey_export2(keys[i].public, GNUTLS_X509_FMT_DER, &keys[i].der) != 0)
      return 99;
    test_parse(&keys[i]);
    test_cut(&keys[i]);
  }
  test_malformed();
  test_rsa_bounds();
  test_equal();
  test_verify();
  test_refused();
  for (size_t i = 0; i < DC_COUNT(keys); i++) {
    gnutls_privkey_deinit(keys[i].key);
    gnutls_pubkey_deinit(keys[i].public);
    gnutls_free(keys[i].der.data);
  }
  return tap_done();
}
