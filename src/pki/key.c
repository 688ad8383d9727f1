/* SPDX-License-Identifier: Apache-2.0 */
/* Private keys, on GnuTLS. */
#include "config.h"

#include "pki/key.h"

#include <gnutls/abstract.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>

#include "base/pem.h"
#include "pki/oid.h"

struct dc_key {
  gnutls_x509_privkey_t numbers; /* for writing it out; `signer` refers to it */
  gnutls_privkey_t signer;
  unsigned char *public_der; /* what `public` points into; GnuTLS' heap */
  struct dc_spki public;
};

/* What differs by kind. An AlgorithmIdentifier of ECDSA and Ed25519 has no parameters, that of RSA has NULL. */
struct kind {
  gnutls_pk_algorithm_t pk;
  unsigned bits; /* for generation */
  gnutls_sign_algorithm_t sign;
  struct dc_slice algorithm;
  const char *label;
  struct dc_slice curve; /* its OID: NIST curves alone */
};

static const struct kind kinds[] = {
    [DC_KEY_P256] = {GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), GNUTLS_SIGN_ECDSA_SHA256,
                     DC_SLICE("\x30\x0a\x06\x08" DC_OID_ECDSA_SHA256), "EC PRIVATE KEY",
                     DC_SLICE(DC_OID_P256)},
    [DC_KEY_P384] = {GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP384R1), GNUTLS_SIGN_ECDSA_SHA384,
                     DC_SLICE("\x30\x0a\x06\x08" DC_OID_ECDSA_SHA384), "EC PRIVATE KEY",
                     DC_SLICE(DC_OID_P384)},
    [DC_KEY_P521] = {GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP521R1), GNUTLS_SIGN_ECDSA_SHA512,
                     DC_SLICE("\x30\x0a\x06\x08" DC_OID_ECDSA_SHA512), "EC PRIVATE KEY",
                     DC_SLICE(DC_OID_P521)},
    [DC_KEY_ED25519] = {GNUTLS_PK_EDDSA_ED25519, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_ED25519),
                        GNUTLS_SIGN_EDDSA_ED25519, DC_SLICE("\x30\x05\x06\x03" DC_OID_ED25519), "PRIVATE KEY", {NULL, 0}},
    [DC_KEY_RSA] = {GNUTLS_PK_RSA, DC_RSA_BITS_MIN, GNUTLS_SIGN_RSA_SHA256,
                    DC_SLICE("\x30\x0d\x06\x09" DC_OID_RSA_SHA256 "\x05\x00"), "RSA PRIVATE KEY", {NULL, 0}},
};

static const struct kind *kind_of(const struct dc_key *key) { return &kinds[key->public.kind]; }

void dc_key_free(struct dc_key *key) {
  if (!key) return;
  gnutls_privkey_deinit(key->signer);
  gnutls_x509_privkey_deinit(key->numbers); /* wipes the secret numbers */
  gnutls_free(key->public_der);
  free(key);
}

void dc_key_cleanup(struct dc_key **key) {
  dc_key_free(*key);
  *key = NULL;
}

/* --- making ------------------------------------------------------------------------------------------------------ */

static int crypto_error(struct dc_err *err, int rc, const char *what) {
  if (rc == GNUTLS_E_MEMORY_ERROR) return dc_err_nomem(err);
  return dc_err_set(err, DC_ECRYPTO, "%s: %s", what, gnutls_strerror(rc));
}

static int key_new(struct dc_key **out, struct dc_err *err) {
  struct dc_key *key = calloc(1, sizeof *key);

  if (!key) return dc_err_nomem(err);
  if (gnutls_x509_privkey_init(&key->numbers) < 0 || gnutls_privkey_init(&key->signer) < 0) {
    dc_key_free(key);
    return dc_err_nomem(err);
  }
  *out = key;
  return 0;
}

/* From `numbers` the rest. */
static int finish(struct dc_key *key, struct dc_err *err) {
  gnutls_datum_t der = {NULL, 0};
  gnutls_pubkey_t pubkey;
  int rc = gnutls_privkey_import_x509(key->signer, key->numbers, 0);

  if (rc < 0) return crypto_error(err, rc, "cannot use the private key");
  rc = gnutls_pubkey_init(&pubkey);
  if (rc < 0) return dc_err_nomem(err);
  rc = gnutls_pubkey_import_privkey(pubkey, key->signer, 0, 0);
  if (rc >= 0) rc = gnutls_pubkey_export2(pubkey, GNUTLS_X509_FMT_DER, &der);
  gnutls_pubkey_deinit(pubkey);
  if (rc < 0) return crypto_error(err, rc, "cannot derive the public key");
  key->public_der = der.data;
  rc = dc_spki_parse(&key->public, (struct dc_slice){der.data, der.size}, err);
  return rc < 0 ? rc : dc_spki_check(&key->public, err);
}

int dc_key_generate(enum dc_key_kind kind, unsigned rsa_bits, struct dc_key **out, struct dc_err *err) {
  struct dc_key *key DC_CLEANUP(dc_key_cleanup) = NULL;
  unsigned bits;
  int rc;

  if (kind == DC_KEY_UNKNOWN || (size_t)kind >= DC_COUNT(kinds))
    return dc_err_set(err, DC_EINVAL, "cannot generate a key of an unknown kind");
  bits = kind == DC_KEY_RSA && rsa_bits ? rsa_bits : kinds[kind].bits;
  if (kind == DC_KEY_RSA && bits < DC_RSA_BITS_MIN)
    return dc_err_set(err, DC_EWEAK, "RSA key of %u bits is too weak: at least %d are needed", bits, DC_RSA_BITS_MIN);
  if (kind == DC_KEY_RSA && bits > DC_RSA_BITS_MAX)
    return dc_err_set(err, DC_ELIMIT, "RSA key of %u bits is too large: at most %d are accepted", bits,
                      DC_RSA_BITS_MAX);
  rc = key_new(&key, err);
  if (rc < 0) return rc;
  rc = gnutls_x509_privkey_generate(key->numbers, kinds[kind].pk, bits, 0);
  if (rc < 0) return crypto_error(err, rc, "cannot generate a key");
  rc = finish(key, err);
  if (rc < 0) return rc;
  *out = key;
  key = NULL;
  return 0;
}

/* --- PEM --------------------------------------------------------------------------------------------------------- */

static bool ends_with(const char *text, const char *end) {
  size_t n = strlen(text), m = strlen(end);

  return n >= m && strcmp(text + n - m, end) == 0;
}

/* GnuTLS says no more than "error in DER parsing" of EC keys on a curve that it lacks and of those without their public
 * half: these two are told apart here. AT is an ECPrivateKey (RFC 5915), CURVE its curve's OID when that stands outside. */
static int check_ec(struct dc_slice at, struct dc_slice curve, struct dc_err *err) {
  struct dc_slice fields, secret, parameters, point;
  uint32_t version;

  if (!dc_der_take(&at, DC_DER_SEQUENCE, &fields) || !dc_der_take_number(&fields, &version) ||
      !dc_der_take(&fields, DC_DER_OCTET_STRING, &secret))
    return 0; /* GnuTLS will say it */
  if (dc_der_take(&fields, DC_DER_CONTEXT_SEQ(0), &parameters) && !dc_der_take(&parameters, DC_DER_OID, &curve))
    curve = (struct dc_slice){NULL, 0};
  if (!dc_slice_equal(curve, DC_SLICE(DC_OID_P256)) && !dc_slice_equal(curve, DC_SLICE(DC_OID_P384)) &&
      !dc_slice_equal(curve, DC_SLICE(DC_OID_P521)))
    return dc_err_set(err, DC_EWEAK, "the private key's curve is not accepted: use P-256, P-384 or P-521, by name");
  if (!dc_der_take(&fields, DC_DER_CONTEXT_SEQ(1), &point))
    return dc_err_set(err, DC_EUNSUPPORTED, "the private key comes without its public half: \"openssl ec -in FILE\" "
                                            "writes it with both");
  return 0;
}

/* PKCS#8 as GnuTLS takes it: version 1, without what RFC 5958 lets follow the key. */
static int add_pkcs8(struct dc_buf *out, struct dc_slice der, struct dc_err *err) {
  struct dc_slice fields, algorithm, content, oid, curve = {NULL, 0}, key;
  uint32_t version;
  size_t mark;
  int rc;

  if (!dc_der_take(&der, DC_DER_SEQUENCE, &fields) || !dc_der_take_number(&fields, &version) ||
      !dc_der_take_element(&fields, DC_DER_SEQUENCE, &content, &algorithm) ||
      !dc_der_take(&content, DC_DER_OID, &oid) || !dc_der_take(&fields, DC_DER_OCTET_STRING, &key))
    return dc_err_set(err, DC_EINVAL, "broken private key: no PKCS#8 in it");
  if (dc_slice_equal(oid, DC_SLICE(DC_OID_EC))) {
    (void)dc_der_take(&content, DC_DER_OID, &curve);
    rc = check_ec(key, curve, err);
    if (rc < 0) return rc;
  }
  mark = dc_der_begin(out, DC_DER_SEQUENCE);
  dc_der_add_number(out, 0);
  dc_buf_add(out, algorithm.data, algorithm.len);
  dc_der_add_slice(out, DC_DER_OCTET_STRING, key);
  dc_der_end(out, mark);
  return dc_buf_check(out, err);
}

static int import_pkcs8(struct dc_key *key, struct dc_slice der, struct dc_err *err) {
  struct dc_buf plain DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  gnutls_datum_t datum;
  int rc = add_pkcs8(&plain, der, err);

  if (rc < 0) return rc;
  datum = (gnutls_datum_t){plain.data, (unsigned)plain.len};
  rc = gnutls_x509_privkey_import_pkcs8(key->numbers, &datum, GNUTLS_X509_FMT_DER, NULL, GNUTLS_PKCS_PLAIN);
  if (rc == GNUTLS_E_MEMORY_ERROR) return dc_err_nomem(err);
  return rc < 0 ? dc_err_set(err, DC_EINVAL, "broken private key: %s", gnutls_strerror(rc)) : 0;
}

static int import_traditional(struct dc_key *key, struct dc_buf *der, bool ec, struct dc_err *err) {
  gnutls_datum_t datum = {der->data, (unsigned)der->len};
  int rc = ec ? check_ec((struct dc_slice){der->data, der->len}, (struct dc_slice){NULL, 0}, err) : 0;

  if (rc < 0) return rc;
  rc = gnutls_x509_privkey_import(key->numbers, &datum, GNUTLS_X509_FMT_DER);
  if (rc == GNUTLS_E_MEMORY_ERROR) return dc_err_nomem(err);
  return rc < 0 ? dc_err_set(err, DC_EINVAL, "broken private key: %s", gnutls_strerror(rc)) : 0;
}

static int import_block(struct dc_pem *block, struct dc_key **out, struct dc_err *err) {
  struct dc_key *key DC_CLEANUP(dc_key_cleanup) = NULL;
  int rc;

  if (block->encrypted || strcmp(block->label, "ENCRYPTED PRIVATE KEY") == 0)
    return dc_err_set(err, DC_EUNSUPPORTED,
                      "the private key is encrypted: decrypt it first, for instance with \"openssl pkey\"");
  rc = key_new(&key, err);
  if (rc < 0) return rc;
  if (strcmp(block->label, "PRIVATE KEY") == 0)
    rc = import_pkcs8(key, (struct dc_slice){block->der.data, block->der.len}, err);
  else if (strcmp(block->label, "EC PRIVATE KEY") == 0 || strcmp(block->label, "RSA PRIVATE KEY") == 0)
    rc = import_traditional(key, &block->der, block->label[0] == 'E', err);
  else
    rc = dc_err_set(err, DC_EWEAK, "private key of kind '%s' is not accepted: use EC, Ed25519 or RSA", block->label);
  if (rc < 0) return rc;
  rc = gnutls_x509_privkey_verify_params(key->numbers);
  if (rc < 0) return dc_err_set(err, DC_EINVAL, "broken private key: its numbers do not fit together");
  rc = finish(key, err);
  if (rc < 0) return rc;
  *out = key;
  key = NULL;
  return 0;
}

int dc_key_from_pem(const char *text, size_t n, struct dc_key **out, struct dc_err *err) {
  struct dc_pem block DC_CLEANUP(dc_pem_free) = DC_PEM_INIT;
  int rc;

  while ((rc = dc_pem_next(&text, &n, &block, err)) == 1)
    if (ends_with(block.label, "PRIVATE KEY")) return import_block(&block, out, err);
  if (rc < 0) return rc;
  return dc_err_set(err, DC_ENOENT, "no private key in it: a PEM block \"PRIVATE KEY\", \"EC PRIVATE KEY\" or "
                                    "\"RSA PRIVATE KEY\" is needed");
}

/* SEC1 (RFC 5915) with the public half, and the curve's name where nothing outside tells it. By hand, since GnuTLS leaves
 * the name out when the key came as PKCS#8, and then nobody can read it. */
static int add_sec1(const struct dc_key *key, bool named, struct dc_buf *out, struct dc_err *err) {
  static const unsigned char zeros[66];
  gnutls_datum_t secret = {NULL, 0};
  size_t mark, inner, size = key->public.x.len, skip = 0;
  int rc = gnutls_x509_privkey_export_ecc_raw(key->numbers, NULL, NULL, NULL, &secret);

  if (rc < 0) return crypto_error(err, rc, "cannot write the private key");
  while (skip < secret.size && secret.data[skip] == 0) skip++;
  mark = dc_der_begin(out, DC_DER_SEQUENCE);
  dc_der_add_number(out, 1);
  inner = dc_der_begin(out, DC_DER_OCTET_STRING);
  dc_buf_add(out, zeros, size - (secret.size - skip));
  dc_buf_add(out, secret.data + skip, secret.size - skip);
  dc_der_end(out, inner);
  if (named) {
    inner = dc_der_begin(out, DC_DER_CONTEXT_SEQ(0));
    dc_der_add_slice(out, DC_DER_OID, kind_of(key)->curve);
    dc_der_end(out, inner);
  }
  inner = dc_der_begin(out, DC_DER_CONTEXT_SEQ(1));
  dc_der_add_bits(out, key->public.key.data, key->public.key.len);
  dc_der_end(out, inner);
  dc_der_end(out, mark);
  dc_mem_wipe(secret.data, secret.size);
  gnutls_free(secret.data);
  return dc_buf_check(out, err);
}

static int add_exported(const struct dc_key *key, bool pkcs8, struct dc_buf *out, struct dc_err *err) {
  gnutls_datum_t der = {NULL, 0};
  int rc;

  if (pkcs8)
    rc = gnutls_x509_privkey_export2_pkcs8(key->numbers, GNUTLS_X509_FMT_DER, NULL, GNUTLS_PKCS_PLAIN, &der);
  else
    rc = gnutls_x509_privkey_export2(key->numbers, GNUTLS_X509_FMT_DER, &der);
  if (rc < 0) return crypto_error(err, rc, "cannot write the private key");
  dc_buf_add(out, der.data, der.size);
  dc_mem_wipe(der.data, der.size);
  gnutls_free(der.data);
  return dc_buf_check(out, err);
}

int dc_key_to_pem(const struct dc_key *key, struct dc_buf *out, struct dc_err *err) {
  struct dc_buf der DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  bool pkcs8 = key->public.kind == DC_KEY_ED25519;
  int rc = kind_of(key)->curve.len ? add_sec1(key, true, &der, err) : add_exported(key, pkcs8, &der, err);

  if (rc < 0) return rc;
  dc_pem_add(out, kind_of(key)->label, der.data, der.len);
  return dc_buf_check(out, err);
}

static int add_ec_pkcs8(const struct dc_key *key, struct dc_buf *out, struct dc_err *err) {
  size_t mark = dc_der_begin(out, DC_DER_SEQUENCE), inner;
  int rc;

  dc_der_add_number(out, 0);
  inner = dc_der_begin(out, DC_DER_SEQUENCE);
  dc_der_add_slice(out, DC_DER_OID, DC_SLICE(DC_OID_EC));
  dc_der_add_slice(out, DC_DER_OID, kind_of(key)->curve);
  dc_der_end(out, inner);
  inner = dc_der_begin(out, DC_DER_OCTET_STRING);
  rc = add_sec1(key, false, out, err);
  dc_der_end(out, inner);
  dc_der_end(out, mark);
  return rc < 0 ? rc : dc_buf_check(out, err);
}

int dc_key_to_pkcs8(const struct dc_key *key, struct dc_buf *out, struct dc_err *err) {
  struct dc_buf der DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  int rc = kind_of(key)->curve.len ? add_ec_pkcs8(key, &der, err) : add_exported(key, true, &der, err);

  if (rc < 0) return rc;
  dc_pem_add(out, "PRIVATE KEY", der.data, der.len);
  return dc_buf_check(out, err);
}

/* --- use --------------------------------------------------------------------------------------------------------- */

const struct dc_spki *dc_key_public(const struct dc_key *key) { return &key->public; }

struct gnutls_privkey_st *dc_key_gnutls(const struct dc_key *key) { return key->signer; }

struct dc_slice dc_key_algorithm(const struct dc_key *key) { return kind_of(key)->algorithm; }

static int sign(const struct dc_key *key, gnutls_sign_algorithm_t how, struct dc_slice data, struct dc_buf *out,
                struct dc_err *err) {
  union {
    const unsigned char *from;
    unsigned char *to; /* GnuTLS only reads */
  } pointer = {.from = data.data};
  gnutls_datum_t in = {pointer.to, (unsigned)data.len}, signature = {NULL, 0};
  int rc = gnutls_privkey_sign_data2(key->signer, how, 0, &in, &signature);

  if (rc < 0) return crypto_error(err, rc, "cannot sign");
  dc_buf_add(out, signature.data, signature.size);
  gnutls_free(signature.data);
  return dc_buf_check(out, err);
}

int dc_key_sign(const struct dc_key *key, struct dc_slice data, struct dc_buf *out, struct dc_err *err) {
  return sign(key, kind_of(key)->sign, data, out, err);
}

int dc_key_sign_rsa(const struct dc_key *key, bool pss, unsigned hash_bits, struct dc_slice data, struct dc_buf *out,
                    struct dc_err *err) {
  if (key->public.kind != DC_KEY_RSA) return dc_err_set(err, DC_EMISMATCH, "the private key is no RSA key");
  switch (hash_bits) {
    case 256: return sign(key, pss ? GNUTLS_SIGN_RSA_PSS_SHA256 : GNUTLS_SIGN_RSA_SHA256, data, out, err);
    case 384: return sign(key, pss ? GNUTLS_SIGN_RSA_PSS_SHA384 : GNUTLS_SIGN_RSA_SHA384, data, out, err);
    case 512: return sign(key, pss ? GNUTLS_SIGN_RSA_PSS_SHA512 : GNUTLS_SIGN_RSA_SHA512, data, out, err);
    default: return dc_err_set(err, DC_EUNSUPPORTED, "no signature with a hash of %u bits", hash_bits);
  }
}

int dc_key_seal(const struct dc_key *key, struct dc_slice body, struct dc_buf *out, struct dc_err *err) {
  struct dc_buf signature DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_slice algorithm = dc_key_algorithm(key);
  size_t mark;
  int rc = dc_key_sign(key, body, &signature, err);

  if (rc < 0) return rc;
  (void)dc_buf_reserve(out, body.len + algorithm.len + signature.len + 16); /* one allocation; checked below */
  mark = dc_der_begin(out, DC_DER_SEQUENCE);
  dc_buf_add(out, body.data, body.len);
  dc_buf_add(out, algorithm.data, algorithm.len);
  dc_der_add_bits(out, signature.data, signature.len);
  dc_der_end(out, mark);
  return dc_buf_check(out, err);
}
