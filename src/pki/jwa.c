/* SPDX-License-Identifier: Apache-2.0 */
/* The signatures of JOSE: those of X.509 under other names, except that ECDSA's pair of numbers is not in DER. */
#include "config.h"

#include "pki/jwa.h"

#include <string.h>

#include "pki/oid.h"

/* AlgorithmIdentifiers. That of PSS (RFC 4055) names the hash, MGF1 of the same hash, and the salt's length. */
#define RSA(oid) "\x30\x0d\x06\x09" oid "\x05\x00"
#define ECDSA(oid) "\x30\x0a\x06\x08" oid
#define HASH(oid) "\x30\x0d\x06\x09" oid "\x05\x00"
#define PSS(hash, salt) \
  "\x30\x41\x06\x09" DC_OID_RSA_PSS "\x30\x34\xa0\x0f" HASH(hash) "\xa1\x1c\x30\x1a\x06\x09" DC_OID_MGF1 HASH(hash) \
  "\xa2\x03\x02\x01" salt

struct algorithm {
  const char *name;
  enum dc_key_kind kind;
  bool pss;
  unsigned hash_bits; /* RSA: what the key's kind leaves open */
  struct dc_slice identifier;
};

static const struct algorithm algorithms[] = {
    [DC_JWA_UNKNOWN] = {"unknown", DC_KEY_UNKNOWN, false, 0, {NULL, 0}},
    [DC_JWA_RS256] = {"RS256", DC_KEY_RSA, false, 256, DC_SLICE(RSA(DC_OID_RSA_SHA256))},
    [DC_JWA_RS384] = {"RS384", DC_KEY_RSA, false, 384, DC_SLICE(RSA(DC_OID_RSA_SHA384))},
    [DC_JWA_RS512] = {"RS512", DC_KEY_RSA, false, 512, DC_SLICE(RSA(DC_OID_RSA_SHA512))},
    [DC_JWA_PS256] = {"PS256", DC_KEY_RSA, true, 256, DC_SLICE(PSS(DC_OID_SHA256, "\x20"))},
    [DC_JWA_PS384] = {"PS384", DC_KEY_RSA, true, 384, DC_SLICE(PSS(DC_OID_SHA384, "\x30"))},
    [DC_JWA_PS512] = {"PS512", DC_KEY_RSA, true, 512, DC_SLICE(PSS(DC_OID_SHA512, "\x40"))},
    [DC_JWA_ES256] = {"ES256", DC_KEY_P256, false, 256, DC_SLICE(ECDSA(DC_OID_ECDSA_SHA256))},
    [DC_JWA_ES384] = {"ES384", DC_KEY_P384, false, 384, DC_SLICE(ECDSA(DC_OID_ECDSA_SHA384))},
    [DC_JWA_ES512] = {"ES512", DC_KEY_P521, false, 512, DC_SLICE(ECDSA(DC_OID_ECDSA_SHA512))},
    [DC_JWA_EDDSA] = {"EdDSA", DC_KEY_ED25519, false, 512, DC_SLICE("\x30\x05\x06\x03" DC_OID_ED25519)},
};

const char *dc_jwa_name(enum dc_jwa alg) { return algorithms[alg].name; }

enum dc_jwa dc_jwa_from_name(const char *name) {
  for (size_t i = DC_JWA_UNKNOWN + 1; i < DC_COUNT(algorithms); i++)
    if (strcmp(name, algorithms[i].name) == 0) return (enum dc_jwa)i;
  return DC_JWA_UNKNOWN;
}

bool dc_jwa_fits(enum dc_jwa alg, enum dc_key_kind kind) {
  return alg != DC_JWA_UNKNOWN && algorithms[alg].kind == kind;
}

enum dc_jwa dc_jwa_of_kind(enum dc_key_kind kind) {
  for (size_t i = DC_JWA_UNKNOWN + 1; i < DC_COUNT(algorithms); i++)
    if (algorithms[i].kind == kind) return (enum dc_jwa)i;
  return DC_JWA_UNKNOWN;
}

static int check_fit(enum dc_jwa alg, const struct dc_spki *key, struct dc_err *err) {
  char text[DC_SPKI_TEXT_MAX];

  if (dc_jwa_fits(alg, key->kind)) return 0;
  return dc_err_set(err, DC_EMISMATCH, "algorithm %s does not fit a key of kind %s", dc_jwa_name(alg),
                    dc_spki_text(key, text));
}

/* --- ECDSA: Ecdsa-Sig-Value (RFC 3279) to and from R and S of fixed width ---------------------------------------- */

static int add_fixed(struct dc_buf *out, struct dc_slice number, size_t width, struct dc_err *err) {
  static const unsigned char zeros[66];

  if (number.len > width) return dc_err_set(err, DC_ECRYPTO, "cannot sign: a number wider than its curve");
  dc_buf_add(out, zeros, width - number.len);
  dc_buf_add(out, number.data, number.len);
  return dc_buf_check(out, err);
}

static int add_raw(struct dc_buf *out, struct dc_slice der, size_t width, struct dc_err *err) {
  struct dc_slice pair, r, s;
  int rc;

  if (!dc_der_take(&der, DC_DER_SEQUENCE, &pair) || der.len || !dc_der_take_unsigned(&pair, &r) ||
      !dc_der_take_unsigned(&pair, &s) || pair.len)
    return dc_err_set(err, DC_ECRYPTO, "cannot sign: not the form of an ECDSA signature");
  rc = add_fixed(out, r, width, err);
  return rc < 0 ? rc : add_fixed(out, s, width, err);
}

static void add_der(struct dc_buf *out, struct dc_slice raw) {
  size_t width = raw.len / 2, mark = dc_der_begin(out, DC_DER_SEQUENCE);

  dc_der_add_unsigned(out, raw.data, width);
  dc_der_add_unsigned(out, raw.data + width, width);
  dc_der_end(out, mark);
}

/* --- signing and verifying --------------------------------------------------------------------------------------- */

static bool is_ec(enum dc_key_kind kind) { return kind != DC_KEY_RSA && kind != DC_KEY_ED25519; }

int dc_jwa_sign(enum dc_jwa alg, const struct dc_key *key, struct dc_slice data, struct dc_buf *out,
                struct dc_err *err) {
  struct dc_buf der DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  const struct dc_spki *public = dc_key_public(key);
  int rc = check_fit(alg, public, err);

  if (rc < 0) return rc;
  if (public->kind == DC_KEY_RSA)
    return dc_key_sign_rsa(key, algorithms[alg].pss, algorithms[alg].hash_bits, data, out, err);
  if (!is_ec(public->kind)) return dc_key_sign(key, data, out, err);
  rc = dc_key_sign(key, data, &der, err);
  return rc < 0 ? rc : add_raw(out, (struct dc_slice){der.data, der.len}, public->x.len, err);
}

/* GnuTLS would take some signatures of another length; RFC 8017, 8.1.2 and 8.2.2, and RFC 7518, 3.4, want this one. */
static size_t signature_size(const struct dc_spki *key) {
  if (key->kind == DC_KEY_RSA) return (key->bits + 7) / 8;
  return 2 * key->x.len;
}

int dc_jwa_verify(enum dc_jwa alg, const struct dc_spki *key, struct dc_slice data, struct dc_slice signature,
                  struct dc_err *err) {
  struct dc_buf der DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  int rc = check_fit(alg, key, err);

  if (rc < 0) return rc;
  if (signature.len != signature_size(key))
    return dc_err_set(err, DC_EMISMATCH, "a signature of %zu bytes where %s of this key has %zu", signature.len,
                      dc_jwa_name(alg), signature_size(key));
  if (is_ec(key->kind)) {
    add_der(&der, signature);
    rc = dc_buf_check(&der, err);
    if (rc < 0) return rc;
    signature = (struct dc_slice){der.data, der.len};
  }
  return dc_spki_verify(key, algorithms[alg].identifier, false, data, signature, err);
}
