/* SPDX-License-Identifier: Apache-2.0 */
/* Public keys: parsed by hand and handed to GnuTLS as raw numbers, which spares its ASN.1 trees on every request. */
#include "config.h"

#include "pki/spki.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <stdio.h>
#include <string.h>

#include "pki/hash.h"
#include "pki/oid.h"

struct curve {
  struct dc_slice oid;
  enum dc_key_kind kind;
  unsigned bits, bytes;
  gnutls_ecc_curve_t gnutls;
};

static const struct curve curves[] = {
    {DC_SLICE(DC_OID_P256), DC_KEY_P256, 256, 32, GNUTLS_ECC_CURVE_SECP256R1},
    {DC_SLICE(DC_OID_P384), DC_KEY_P384, 384, 48, GNUTLS_ECC_CURVE_SECP384R1},
    {DC_SLICE(DC_OID_P521), DC_KEY_P521, 521, 66, GNUTLS_ECC_CURVE_SECP521R1},
};

/* --- parsing ----------------------------------------------------------------------------------------------------- */

static int parse_ec(struct dc_spki *spki, struct dc_slice parameters, struct dc_err *err) {
  struct dc_slice oid;
  const struct curve *curve = NULL;

  if (!dc_der_take(&parameters, DC_DER_OID, &oid)) return 0; /* explicit parameters: unknown */
  for (size_t i = 0; i < DC_COUNT(curves); i++)
    if (dc_slice_equal(oid, curves[i].oid)) curve = &curves[i];
  if (!curve) return 0;
  if (spki->key.len != 1 + 2 * (size_t)curve->bytes || spki->key.data[0] != 4)
    return dc_err_set(err, DC_EINVAL, "malformed public key: not an uncompressed point of its curve");
  spki->kind = curve->kind;
  spki->bits = curve->bits;
  spki->x = (struct dc_slice){spki->key.data + 1, curve->bytes};
  spki->y = (struct dc_slice){spki->key.data + 1 + curve->bytes, curve->bytes};
  return 0;
}

static int parse_rsa(struct dc_spki *spki, struct dc_err *err) {
  struct dc_slice at = spki->key, numbers;

  if (!dc_der_take(&at, DC_DER_SEQUENCE, &numbers) || at.len || !dc_der_take_unsigned(&numbers, &spki->n) ||
      !dc_der_take_unsigned(&numbers, &spki->e) || numbers.len || spki->n.data[0] == 0 || spki->e.data[0] == 0)
    return dc_err_set(err, DC_EINVAL, "malformed public key: not an RSA modulus and exponent");
  spki->kind = DC_KEY_RSA;
  spki->bits = (unsigned)spki->n.len * 8;
  for (unsigned char top = spki->n.data[0]; !(top & 0x80); top = (unsigned char)(top << 1)) spki->bits--;
  return 0;
}

static int parse_ed25519(struct dc_spki *spki, struct dc_slice parameters, struct dc_err *err) {
  if (spki->key.len != 32 || parameters.len)
    return dc_err_set(err, DC_EINVAL, "malformed public key: not an Ed25519 point");
  spki->kind = DC_KEY_ED25519;
  spki->bits = 256;
  spki->x = spki->key;
  return 0;
}

int dc_spki_parse(struct dc_spki *spki, struct dc_slice der, struct dc_err *err) {
  struct dc_slice at = der, fields, algorithm, oid;
  struct dc_spki got = {.der = der, .kind = DC_KEY_UNKNOWN};
  int rc = 0;

  if (!dc_der_take(&at, DC_DER_SEQUENCE, &fields) || at.len || !dc_der_take(&fields, DC_DER_SEQUENCE, &algorithm) ||
      !dc_der_take(&algorithm, DC_DER_OID, &oid) || !dc_der_take_bits(&fields, &got.key) || fields.len)
    return dc_err_set(err, DC_EINVAL, "malformed public key");
  if (dc_slice_equal(oid, DC_SLICE(DC_OID_EC)))
    rc = parse_ec(&got, algorithm, err);
  else if (dc_slice_equal(oid, DC_SLICE(DC_OID_RSA)))
    rc = parse_rsa(&got, err);
  else if (dc_slice_equal(oid, DC_SLICE(DC_OID_ED25519)))
    rc = parse_ed25519(&got, algorithm, err);
  if (rc == 0) *spki = got;
  return rc;
}

/* --- writing ----------------------------------------------------------------------------------------------------- */

static const struct curve *curve_of(enum dc_key_kind kind) {
  for (size_t i = 0; i < DC_COUNT(curves); i++)
    if (curves[i].kind == kind) return &curves[i];
  return NULL;
}

static void add_bits(struct dc_buf *out, enum dc_key_kind kind, struct dc_slice a, struct dc_slice b) {
  struct dc_buf content DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;

  if (kind == DC_KEY_RSA) {
    size_t mark = dc_der_begin(&content, DC_DER_SEQUENCE);
    dc_der_add_unsigned(&content, a.data, a.len);
    dc_der_add_unsigned(&content, b.data, b.len);
    dc_der_end(&content, mark);
  } else {
    if (kind != DC_KEY_ED25519) dc_buf_add_byte(&content, 4);
    dc_buf_add(&content, a.data, a.len);
    dc_buf_add(&content, b.data, b.len);
  }
  if (content.failed) out->failed = true;
  dc_der_add_bits(out, content.data, content.len);
}

void dc_spki_add(struct dc_buf *out, enum dc_key_kind kind, struct dc_slice a, struct dc_slice b) {
  const struct curve *curve = curve_of(kind);
  size_t mark = dc_der_begin(out, DC_DER_SEQUENCE), inner = dc_der_begin(out, DC_DER_SEQUENCE);

  if (kind == DC_KEY_RSA) {
    dc_der_add_slice(out, DC_DER_OID, DC_SLICE(DC_OID_RSA));
    dc_der_add(out, DC_DER_NULL, "", 0);
  } else if (curve) {
    dc_der_add_slice(out, DC_DER_OID, DC_SLICE(DC_OID_EC));
    dc_der_add_slice(out, DC_DER_OID, curve->oid);
  } else {
    dc_der_add_slice(out, DC_DER_OID, DC_SLICE(DC_OID_ED25519));
  }
  dc_der_end(out, inner);
  add_bits(out, kind, a, b);
  dc_der_end(out, mark);
}

/* --- properties -------------------------------------------------------------------------------------------------- */

int dc_spki_check(const struct dc_spki *spki, struct dc_err *err) {
  if (spki->kind == DC_KEY_UNKNOWN)
    return dc_err_set(err, DC_EWEAK,
                      "the key's algorithm or curve is not accepted: use EC P-256, P-384 or P-521, Ed25519, or RSA");
  if (spki->kind != DC_KEY_RSA) return 0;
  if (spki->bits < DC_RSA_BITS_MIN)
    return dc_err_set(err, DC_EWEAK, "RSA key of %u bits is too weak: at least %d are needed", spki->bits,
                      DC_RSA_BITS_MIN);
  if (spki->bits > DC_RSA_BITS_MAX)
    return dc_err_set(err, DC_ELIMIT, "RSA key of %u bits is too large: at most %d are accepted", spki->bits,
                      DC_RSA_BITS_MAX);
  /* an even modulus or exponent is no RSA key, a huge exponent only costs time (Go's bound is the same) */
  if (!(spki->n.data[spki->n.len - 1] & 1) || !(spki->e.data[spki->e.len - 1] & 1) || spki->e.len > 4 ||
      (spki->e.len == 4 && spki->e.data[0] & 0x80) || (spki->e.len == 1 && spki->e.data[0] < 3))
    return dc_err_set(err, DC_EWEAK, "RSA key with an unusable modulus or exponent");
  return 0;
}

bool dc_spki_equal(const struct dc_spki *a, const struct dc_spki *b) {
  if (a->kind == DC_KEY_UNKNOWN) return dc_slice_equal(a->der, b->der);
  return a->kind == b->kind && dc_slice_equal(a->key, b->key);
}

int dc_spki_id(const struct dc_spki *spki, unsigned char id[DC_KEY_ID_SIZE], struct dc_err *err) {
  int rc = gnutls_hash_fast(GNUTLS_DIG_SHA1, spki->key.data, spki->key.len, id);

  return rc < 0 ? dc_err_set(err, DC_ECRYPTO, "cannot hash a public key: %s", gnutls_strerror(rc)) : 0;
}

int dc_spki_fingerprint(const struct dc_spki *spki, struct dc_buf *out, struct dc_err *err) {
  return dc_hash_add_hex(spki->der, out, err);
}

const char *dc_spki_text(const struct dc_spki *spki, char *buf) {
  switch (spki->kind) {
    case DC_KEY_P256:
    case DC_KEY_P384:
    case DC_KEY_P521: snprintf(buf, DC_SPKI_TEXT_MAX, "EC P-%u", spki->bits); break;
    case DC_KEY_ED25519: snprintf(buf, DC_SPKI_TEXT_MAX, "Ed25519"); break;
    case DC_KEY_RSA: snprintf(buf, DC_SPKI_TEXT_MAX, "RSA %u", spki->bits); break;
    case DC_KEY_UNKNOWN:
    default: snprintf(buf, DC_SPKI_TEXT_MAX, "unknown"); break;
  }
  return buf;
}

/* --- verifying --------------------------------------------------------------------------------------------------- */

enum family { FAMILY_RSA, FAMILY_EC, FAMILY_ED25519 };

struct algorithm {
  struct dc_slice oid;
  enum family family;
  gnutls_sign_algorithm_t gnutls;
  bool sha1;
};

static const struct algorithm algorithms[] = {
    {DC_SLICE(DC_OID_ED25519), FAMILY_ED25519, GNUTLS_SIGN_EDDSA_ED25519, false},
    {DC_SLICE(DC_OID_ECDSA_SHA256), FAMILY_EC, GNUTLS_SIGN_ECDSA_SHA256, false},
    {DC_SLICE(DC_OID_ECDSA_SHA384), FAMILY_EC, GNUTLS_SIGN_ECDSA_SHA384, false},
    {DC_SLICE(DC_OID_ECDSA_SHA512), FAMILY_EC, GNUTLS_SIGN_ECDSA_SHA512, false},
    {DC_SLICE(DC_OID_RSA_SHA256), FAMILY_RSA, GNUTLS_SIGN_RSA_SHA256, false},
    {DC_SLICE(DC_OID_RSA_SHA384), FAMILY_RSA, GNUTLS_SIGN_RSA_SHA384, false},
    {DC_SLICE(DC_OID_RSA_SHA512), FAMILY_RSA, GNUTLS_SIGN_RSA_SHA512, false},
    {DC_SLICE(DC_OID_ECDSA_SHA1), FAMILY_EC, GNUTLS_SIGN_ECDSA_SHA1, true},
    {DC_SLICE(DC_OID_RSA_SHA1), FAMILY_RSA, GNUTLS_SIGN_RSA_SHA1, true},
};

/* RSASSA-PSS (RFC 4055, 3.1) names its hash in the parameters; as Go, only with MGF1 of the same hash and a salt of
 * its length. */
struct pss {
  struct dc_slice oid;
  gnutls_sign_algorithm_t gnutls;
  gnutls_digest_algorithm_t digest;
  unsigned salt;
};

static const struct pss pss_hashes[] = {
    {DC_SLICE(DC_OID_SHA256), GNUTLS_SIGN_RSA_PSS_SHA256, GNUTLS_DIG_SHA256, 32},
    {DC_SLICE(DC_OID_SHA384), GNUTLS_SIGN_RSA_PSS_SHA384, GNUTLS_DIG_SHA384, 48},
    {DC_SLICE(DC_OID_SHA512), GNUTLS_SIGN_RSA_PSS_SHA512, GNUTLS_DIG_SHA512, 64},
};

/* The hash's OID out of an explicitly tagged AlgorithmIdentifier. */
static bool take_hash(struct dc_slice at, struct dc_slice *oid) {
  struct dc_slice fields;

  return dc_der_take(&at, DC_DER_SEQUENCE, &fields) && !at.len && dc_der_take(&fields, DC_DER_OID, oid);
}

static const struct pss *find_pss(struct dc_slice parameters) {
  struct dc_slice fields, tagged, hash, mgf, mgf_oid, mgf_hash;
  uint32_t salt;

  if (!dc_der_take(&parameters, DC_DER_SEQUENCE, &fields) ||
      !dc_der_take(&fields, DC_DER_CONTEXT_SEQ(0), &tagged) || !take_hash(tagged, &hash) ||
      !dc_der_take(&fields, DC_DER_CONTEXT_SEQ(1), &tagged) || !dc_der_take(&tagged, DC_DER_SEQUENCE, &mgf) ||
      !dc_der_take(&mgf, DC_DER_OID, &mgf_oid) || !dc_slice_equal(mgf_oid, DC_SLICE(DC_OID_MGF1)) ||
      !take_hash(mgf, &mgf_hash) || !dc_slice_equal(hash, mgf_hash) ||
      !dc_der_take(&fields, DC_DER_CONTEXT_SEQ(2), &tagged) || !dc_der_take_number(&tagged, &salt))
    return NULL;
  for (size_t i = 0; i < DC_COUNT(pss_hashes); i++)
    if (dc_slice_equal(hash, pss_hashes[i].oid) && salt == pss_hashes[i].salt) return &pss_hashes[i];
  return NULL;
}

static enum family family_of(const struct dc_spki *spki) {
  if (spki->kind == DC_KEY_RSA) return FAMILY_RSA;
  return spki->kind == DC_KEY_ED25519 ? FAMILY_ED25519 : FAMILY_EC;
}

/* GnuTLS takes data that may be written to by its type, and does not write. */
static gnutls_datum_t datum(struct dc_slice slice) {
  gnutls_datum_t out;
  union {
    const unsigned char *from;
    unsigned char *to;
  } pointer = {.from = slice.data};

  out.data = pointer.to;
  out.size = (unsigned)slice.len;
  return out;
}

static int import_key(gnutls_pubkey_t pubkey, const struct dc_spki *spki) {
  const struct curve *curve = curve_of(spki->kind);
  gnutls_datum_t a, b;

  if (spki->kind == DC_KEY_RSA) {
    a = datum(spki->n);
    b = datum(spki->e);
    return gnutls_pubkey_import_rsa_raw(pubkey, &a, &b);
  }
  a = datum(spki->x);
  b = datum(spki->y);
  return gnutls_pubkey_import_ecc_raw(pubkey, curve ? curve->gnutls : GNUTLS_ECC_CURVE_ED25519, &a, curve ? &b : NULL);
}

int dc_spki_check_point(const struct dc_spki *spki, struct dc_err *err) {
  gnutls_pubkey_t pubkey;
  int rc;

  if (!curve_of(spki->kind)) return 0;
  if (gnutls_pubkey_init(&pubkey) < 0) return dc_err_nomem(err);
  rc = import_key(pubkey, spki);
  if (rc >= 0) rc = gnutls_pubkey_verify_params(pubkey);
  gnutls_pubkey_deinit(pubkey);
  if (rc >= 0) return 0;
  if (rc == GNUTLS_E_MEMORY_ERROR) return dc_err_nomem(err);
  return dc_err_set(err, DC_EINVAL, "malformed public key: not a point of its curve");
}

static int set_pss(gnutls_pubkey_t pubkey, const struct pss *pss) {
  gnutls_x509_spki_t spki;
  int rc = gnutls_x509_spki_init(&spki);

  if (rc < 0) return rc;
  gnutls_x509_spki_set_rsa_pss_params(spki, pss->digest, pss->salt);
  rc = gnutls_pubkey_set_spki(pubkey, spki, 0);
  gnutls_x509_spki_deinit(spki);
  return rc;
}

static int verify(const struct dc_spki *spki, gnutls_sign_algorithm_t sign, const struct pss *pss, bool sha1,
                  struct dc_slice data, struct dc_slice signature, struct dc_err *err) {
  gnutls_datum_t data_in = datum(data), signature_in = datum(signature);
  gnutls_pubkey_t pubkey;
  int rc = gnutls_pubkey_init(&pubkey);

  if (rc < 0) return dc_err_nomem(err);
  rc = import_key(pubkey, spki);
  if (rc >= 0 && pss) rc = set_pss(pubkey, pss);
  if (rc >= 0)
    rc = gnutls_pubkey_verify_data2(pubkey, sign, sha1 ? GNUTLS_VERIFY_ALLOW_SIGN_WITH_SHA1 : 0, &data_in,
                                    &signature_in);
  gnutls_pubkey_deinit(pubkey);
  if (rc >= 0) return 0;
  if (rc == GNUTLS_E_MEMORY_ERROR) return dc_err_nomem(err);
  if (rc == GNUTLS_E_PK_SIG_VERIFY_FAILED) return dc_err_set(err, DC_EMISMATCH, "the signature is not of this key");
  return dc_err_set(err, DC_EMISMATCH, "the signature cannot be verified: %s", gnutls_strerror(rc));
}

int dc_spki_verify(const struct dc_spki *spki, struct dc_slice algorithm, bool allow_sha1, struct dc_slice data,
                   struct dc_slice signature, struct dc_err *err) {
  char text[DC_DER_OID_TEXT_MAX];
  struct dc_slice fields, oid;
  int rc = dc_spki_check(spki, err);

  if (rc < 0) return rc;
  if (!dc_der_take(&algorithm, DC_DER_SEQUENCE, &fields) || !dc_der_take(&fields, DC_DER_OID, &oid))
    return dc_err_set(err, DC_EINVAL, "malformed signature algorithm");
  if (dc_slice_equal(oid, DC_SLICE(DC_OID_RSA_PSS)) && family_of(spki) == FAMILY_RSA) {
    const struct pss *pss = find_pss(fields);
    if (pss) return verify(spki, pss->gnutls, pss, false, data, signature, err);
  }
  for (size_t i = 0; i < DC_COUNT(algorithms); i++) {
    const struct algorithm *known = &algorithms[i];
    if (!dc_slice_equal(oid, known->oid)) continue;
    if (known->family != family_of(spki))
      return dc_err_set(err, DC_EUNSUPPORTED, "the signature algorithm does not fit the key");
    if (known->sha1 && !allow_sha1)
      return dc_err_set(err, DC_EUNSUPPORTED, "signatures with SHA-1 are not accepted: sign again with SHA-256");
    return verify(spki, known->gnutls, NULL, known->sha1, data, signature, err);
  }
  return dc_err_set(err, DC_EUNSUPPORTED, "signature algorithm %s is not accepted", dc_der_oid_text(oid, text));
}
