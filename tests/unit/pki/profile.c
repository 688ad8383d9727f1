/* SPDX-License-Identifier: Apache-2.0 */
/* What dc_profile_sign writes, as GnuTLS reads it. */
#include "pki/profile.h"

#include <gnutls/x509-ext.h>
#include <gnutls/x509.h>

#include "make.h"
#include "pki/oid.h"
#include "tap.h"

static struct party ca;
static unsigned char ca_id[DC_KEY_ID_SIZE];

static struct dc_signer signer(void) {
  return (struct dc_signer){.key = ca.key, .name = {ca.name.data, ca.name.len}, .key_id = {ca_id, sizeof ca_id}};
}

static struct dc_profile plain(void) {
  return (struct dc_profile){
      .not_before = MAKE_NOW, .not_after = MAKE_NOW + MAKE_DAY, .spki = dc_key_public(ca.key), .path_len = -1};
}

/* The certificate in GnuTLS; the caller frees it. NULL when one of the two fails. */
static gnutls_x509_crt_t sign(const struct dc_profile *profile, const struct dc_signer *by) {
  struct dc_buf der DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  gnutls_x509_crt_t crt = NULL;
  if (dc_profile_sign(profile, by, &der, NULL)) return NULL;
  gnutls_datum_t raw = {.data = der.data, .size = (unsigned)der.len};
  gnutls_x509_crt_init(&crt);
  if (gnutls_x509_crt_import(crt, &raw, GNUTLS_X509_FMT_DER) == 0) return crt;
  gnutls_x509_crt_deinit(crt);
  return NULL;
}

static bool has_extension(gnutls_x509_crt_t crt, const char *oid, unsigned *critical) {
  unsigned char bytes[512];
  size_t n = sizeof bytes;
  return gnutls_x509_crt_get_extension_by_oid(crt, oid, 0, bytes, &n, critical) == 0;
}

static void test_plain(void) {
  struct dc_signer by = signer();
  struct dc_profile profile = plain();
  unsigned char serial[64], before[64] = {0};
  size_t n = sizeof serial, positive = 0, differ = 0, large = 0;
  char name[64];
  by.key_id.len = 0;
  gnutls_x509_crt_t crt = sign(&profile, &by);
  if (!ok(crt != NULL, "the least certificate")) return;
  is_num(gnutls_x509_crt_get_version(crt), 3, "version 3");
  is_num(gnutls_x509_crt_get_activation_time(crt), MAKE_NOW, "notBefore");
  is_num(gnutls_x509_crt_get_expiration_time(crt), MAKE_NOW + MAKE_DAY, "notAfter");
  size_t name_len = sizeof name;
  is_num(gnutls_x509_crt_get_dn(crt, name, &name_len), GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE, "an empty subject");
  name_len = sizeof name;
  ok(gnutls_x509_crt_get_issuer_dn(crt, name, &name_len) == 0 && strcmp(name, "CN=ca") == 0, "the signer's name");
  ok(!has_extension(crt, "2.5.29.15", NULL) && !has_extension(crt, "2.5.29.37", NULL) &&
         !has_extension(crt, "2.5.29.19", NULL) && !has_extension(crt, "2.5.29.14", NULL) &&
         !has_extension(crt, "2.5.29.35", NULL) && !has_extension(crt, "2.5.29.17", NULL),
     "no extension");
  gnutls_x509_crt_deinit(crt);
  for (int i = 0; i < 32; i++) {
    crt = sign(&profile, &by);
    n = sizeof serial;
    if (!crt || gnutls_x509_crt_get_serial(crt, serial, &n)) break;
    positive += !(serial[0] & 0x80);
    large += n >= 14 && n <= 17; /* a random one is shorter once in 65536 */
    differ += n != 16 || memcmp(serial, before, n) != 0;
    memcpy(before, serial, n);
    gnutls_x509_crt_deinit(crt);
  }
  ok(positive == 32 && large == 32 && differ == 32, "serial numbers: positive, of 128 bits, never the same");
}

static void test_signature(void) {
  static const enum dc_key_kind kinds[] = {DC_KEY_P256, DC_KEY_P384, DC_KEY_P521, DC_KEY_ED25519, DC_KEY_RSA};
  for (size_t i = 0; i < DC_COUNT(kinds); i++) {
    struct party root;
    char text[DC_SPKI_TEXT_MAX];
    unsigned status = 1;
    party_make(&root, "root", NULL, (struct make){.kind = kinds[i]});
    gnutls_datum_t raw = {.data = root.cert->bytes.data, .size = (unsigned)root.cert->bytes.len};
    gnutls_x509_crt_t crt = NULL;
    gnutls_x509_crt_init(&crt);
    ok(gnutls_x509_crt_import(crt, &raw, GNUTLS_X509_FMT_DER) == 0 &&
           gnutls_x509_crt_list_verify(&crt, 1, &crt, 1, NULL, 0,
                                       GNUTLS_VERIFY_DISABLE_TIME_CHECKS | GNUTLS_VERIFY_DO_NOT_ALLOW_SAME, &status) ==
               0 &&
           gnutls_x509_crt_check_issuer(crt, crt) == 1,
       "%s: GnuTLS accepts the signature (status %u)", dc_spki_text(dc_key_public(root.key), text), status);
    gnutls_x509_crt_deinit(crt);
    party_free(&root);
  }
}

/* Each bit alone, and all of them: a bit list leaves its zeros at the end out. */
static void test_key_usage(void) {
  struct dc_signer by = signer();
  for (unsigned bit = 0; bit <= 9; bit++) {
    static const unsigned gnutls[] = {GNUTLS_KEY_DIGITAL_SIGNATURE, GNUTLS_KEY_NON_REPUDIATION,
                                      GNUTLS_KEY_KEY_ENCIPHERMENT,  GNUTLS_KEY_DATA_ENCIPHERMENT,
                                      GNUTLS_KEY_KEY_AGREEMENT,     GNUTLS_KEY_KEY_CERT_SIGN,
                                      GNUTLS_KEY_CRL_SIGN,          GNUTLS_KEY_ENCIPHER_ONLY,
                                      GNUTLS_KEY_DECIPHER_ONLY,     0};
    struct dc_profile profile = plain();
    unsigned all = 0, usage = 0, critical = 0;
    for (size_t i = 0; i < 9; i++) all |= gnutls[i];
    profile.key_usage = bit < 9 ? 1U << bit : 0x1ff;
    gnutls_x509_crt_t crt = sign(&profile, &by);
    unsigned char ours[16];
    size_t n = sizeof ours;
    gnutls_datum_t theirs = {.data = NULL};
    ok(crt && gnutls_x509_crt_get_extension_by_oid(crt, "2.5.29.15", 0, ours, &n, NULL) == 0 &&
           gnutls_x509_ext_export_key_usage(bit < 9 ? gnutls[bit] : all, &theirs) == 0 && theirs.size == n &&
           memcmp(theirs.data, ours, n) == 0,
       "as GnuTLS writes it");
    gnutls_free(theirs.data);
    ok(crt && gnutls_x509_crt_get_key_usage(crt, &usage, &critical) == 0 && usage == (bit < 9 ? gnutls[bit] : all) &&
           critical,
       "keyUsage %x, critical", profile.key_usage);
    gnutls_x509_crt_deinit(crt);
  }
}

static void test_ext_usage(void) {
  struct dc_signer by = signer();
  for (unsigned usage = 1; usage < 4; usage++) {
    struct dc_profile profile = plain();
    char first[64] = "", second[64] = "";
    size_t n = sizeof first;
    unsigned critical = 1;
    profile.ext_usage = usage;
    gnutls_x509_crt_t crt = sign(&profile, &by);
    if (!ok(crt && gnutls_x509_crt_get_key_purpose_oid(crt, 0, first, &n, &critical) == 0, "extendedKeyUsage")) return;
    n = sizeof second;
    int rc = gnutls_x509_crt_get_key_purpose_oid(crt, 1, second, &n, NULL);
    is_text(first, usage & DC_EKU_SERVER ? GNUTLS_KP_TLS_WWW_SERVER : GNUTLS_KP_TLS_WWW_CLIENT, "its first");
    ok(usage == 3 ? rc == 0 && strcmp(second, GNUTLS_KP_TLS_WWW_CLIENT) == 0
                  : rc == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE,
       "its second");
    is_num(critical, 0, "not critical");
    gnutls_x509_crt_deinit(crt);
  }
}

static void test_ca(void) {
  struct dc_signer by = signer();
  for (int length = -1; length < 300; length += length < 1 ? 1 : 299) {
    struct dc_profile profile = plain();
    unsigned critical = 0, is_ca = 0;
    int got = -2;
    profile.is_ca = true;
    profile.path_len = length;
    gnutls_x509_crt_t crt = sign(&profile, &by);
    ok(crt && gnutls_x509_crt_get_basic_constraints(crt, &critical, &is_ca, &got) >= 0 && is_ca && critical, "a CA");
    is_num(got, length, "with its path length");
    gnutls_x509_crt_deinit(crt);
  }
}

static void test_key_ids(void) {
  struct dc_signer by = signer();
  struct dc_profile profile = plain();
  unsigned char id[64];
  size_t n = sizeof id;
  unsigned critical = 1;
  profile.subject_key_id = true;
  gnutls_x509_crt_t crt = sign(&profile, &by);
  if (!ok(crt != NULL, "a certificate with key identifiers")) return;
  ok(gnutls_x509_crt_get_subject_key_id(crt, id, &n, &critical) == 0 && n == sizeof ca_id &&
         memcmp(id, ca_id, n) == 0 && !critical,
     "the subject's: its key's");
  n = sizeof id;
  critical = 1;
  ok(gnutls_x509_crt_get_authority_key_id(crt, id, &n, &critical) == 0 && n == sizeof ca_id &&
         memcmp(id, ca_id, n) == 0 && !critical,
     "the authority's: as given");
  gnutls_x509_crt_deinit(crt);
}

static void test_sans(void) {
  static const struct dc_san sans[] = {{.kind = DC_SAN_URI, .value = DC_SLICE("spiffe://td/ns/n/app")},
                                       {.kind = DC_SAN_DNS, .value = DC_SLICE("cluster.local")}};
  static const struct dc_san bad[] = {{.kind = DC_SAN_DNS, .value = DC_SLICE("a\nb")}};
  struct dc_signer by = signer();
  for (int named = 0; named < 2; named++) {
    struct dc_profile profile = plain();
    char text[64] = "";
    size_t n = sizeof text;
    unsigned type = 0, critical = 2;
    if (named) profile.subject = (struct dc_slice){ca.name.data, ca.name.len};
    profile.sans = sans;
    profile.san_count = 2;
    gnutls_x509_crt_t crt = sign(&profile, &by);
    if (!ok(crt != NULL, "%s subject", named ? "a" : "an empty")) return;
    ok(gnutls_x509_crt_get_subject_alt_name2(crt, 0, text, &n, &type, NULL) == GNUTLS_SAN_URI &&
           strcmp(text, "spiffe://td/ns/n/app") == 0,
       "the URI");
    n = sizeof text;
    ok(gnutls_x509_crt_get_subject_alt_name2(crt, 1, text, &n, &type, NULL) == GNUTLS_SAN_DNSNAME &&
           strcmp(text, "cluster.local") == 0,
       "the DNS name");
    ok(has_extension(crt, "2.5.29.17", &critical) && critical == !named,
       "critical where the subject is empty, and only there");
    gnutls_x509_crt_deinit(crt);
  }
  struct dc_profile profile = plain();
  struct dc_buf out DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  profile.sans = bad;
  profile.san_count = 1;
  is_num(dc_profile_sign(&profile, &by, &out, NULL), DC_EINVAL, "a name that has no place in a certificate");
  is_num(out.len, 0, "nothing comes out");
}

static void test_times(void) {
  struct dc_signer by = signer();
  struct dc_profile profile = plain();
  profile.not_before = 2524607999; /* the last second of 2049, UTCTime; then GeneralizedTime */
  profile.not_after = 253402300799;
  gnutls_x509_crt_t crt = sign(&profile, &by);
  ok(crt && gnutls_x509_crt_get_activation_time(crt) == 2524607999 &&
         gnutls_x509_crt_get_expiration_time(crt) == 253402300799,
     "from the last second of 2049 to that of 9999");
  gnutls_x509_crt_deinit(crt);
}

static void test_append(void) {
  struct dc_signer by = signer();
  struct dc_profile profile = plain();
  struct dc_buf out DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_cert *cert DC_CLEANUP(dc_cert_cleanup) = NULL;
  dc_buf_add_text(&out, "kept");
  is_num(dc_profile_sign(&profile, &by, &out, NULL), 0, "signed behind something");
  ok(strncmp(dc_buf_text(&out), "kept", 4) == 0 && dc_cert_parse(out.data + 4, out.len - 4, &cert, NULL) == 0,
     "it is appended");
  struct dc_buf small DC_CLEANUP(dc_buf_free) = {.max = 100};
  is_num(dc_profile_sign(&profile, &by, &small, NULL), DC_ELIMIT, "where there is no room, that is told");
}

int main(void) {
  party_make(&ca, "ca", NULL, (struct make){.leaf = false});
  if (dc_spki_id(dc_key_public(ca.key), ca_id, NULL)) return 99;
  test_plain();
  test_signature();
  test_key_usage();
  test_ext_usage();
  test_ca();
  test_key_ids();
  test_sans();
  test_times();
  test_append();
  party_free(&ca);
  return tap_done();
}
