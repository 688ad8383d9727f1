/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates as profile writes them and cert reads them, judged by GnuTLS' own reader. */
#include "config.h"

#include "pki/cert.h"

#include <gnutls/x509.h>

#include "pki/spiffe.h"
#include "tap.h"

#include "make.h"

static const struct dc_san names[] = {
    {DC_SAN_URI, DC_SLICE("spiffe://td/ns/a/b")}, {DC_SAN_DNS, DC_SLICE("a.b")}, {DC_SAN_IP, DC_SLICE("\x7f\0\0\1")},
    {DC_SAN_EMAIL, DC_SLICE("a@b.c")},
};

static gnutls_x509_crt_t judge(const struct dc_cert *cert) {
  gnutls_datum_t der = {cert->bytes.data, (unsigned)cert->bytes.len};
  gnutls_x509_crt_t crt;

  if (gnutls_x509_crt_init(&crt) < 0 || gnutls_x509_crt_import(crt, &der, GNUTLS_X509_FMT_DER) < 0) {
    printf("Bail out! GnuTLS does not read our certificate\n");
    exit(1);
  }
  return crt;
}

static void test_ca(void) {
  struct party root DC_CLEANUP(party_free), issuer DC_CLEANUP(party_free);
  gnutls_x509_crt_t crt, parent;
  unsigned critical = 0, ca = 0, usage = 0, status = 0;
  unsigned char id[64];
  size_t size = sizeof id;
  int path_len = -2;

  party_make(&root, "root", NULL, (struct make){.kind = DC_KEY_P256});
  party_make(&issuer, "issuer", &root, (struct make){.kind = DC_KEY_P384, .path_len = 1});
  crt = judge(issuer.cert);
  parent = judge(root.cert);
  is_num(gnutls_x509_crt_get_version(crt), 3, "version 3");
  ok(gnutls_x509_crt_get_basic_constraints(crt, &critical, &ca, &path_len) >= 0 && critical && ca && path_len == 0,
     "basicConstraints critical, CA, path length 0");
  ok(gnutls_x509_crt_get_basic_constraints(parent, &critical, &ca, &path_len) >= 0 && ca && path_len == -1,
     "and of the root without one");
  ok(gnutls_x509_crt_get_key_usage(crt, &usage, &critical) >= 0 && critical &&
         usage == (GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN),
     "keyUsage critical");
  ok(gnutls_x509_crt_get_authority_key_id(crt, id, &size, NULL) >= 0 && size == root.cert->subject_key_id.len &&
         memcmp(id, root.cert->subject_key_id.data, size) == 0,
     "the authority's key identifier is the root's");
  ok(gnutls_x509_crt_verify(crt, &parent, 1, GNUTLS_VERIFY_DISABLE_TIME_CHECKS, &status) >= 0 && status == 0,
     "GnuTLS verifies it");
  is_num(gnutls_x509_crt_get_expiration_time(crt), issuer.cert->not_after, "its end");
  is_num(gnutls_x509_crt_get_activation_time(crt), issuer.cert->not_before, "its begin");
  gnutls_x509_crt_deinit(crt);
  gnutls_x509_crt_deinit(parent);
  ok(issuer.cert->version == 3 && issuer.cert->is_ca && issuer.cert->path_len == 0 && root.cert->path_len == -1 &&
         issuer.cert->key_usage == (DC_KU_CERT_SIGN | DC_KU_CRL_SIGN) && issuer.cert->ext_usage == 0 &&
         dc_slice_equal(issuer.cert->authority_key_id, root.cert->subject_key_id),
     "we read the same");
  is_num(dc_cert_signed_by(issuer.cert, root.cert, NULL), 0, "signed by the root");
  is_num(dc_cert_signed_by(root.cert, issuer.cert, NULL), DC_EMISMATCH, "not the other way round");
  ok(dc_cert_self_signed(root.cert) && !dc_cert_self_signed(issuer.cert), "the root alone signed itself");
}

static void test_leaf(void) {
  struct party root DC_CLEANUP(party_free), leaf DC_CLEANUP(party_free);
  struct dc_buf serial DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, print DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_buf name DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_slice id;

  party_make(&root, "root", NULL, (struct make){.kind = 0});
  party_make(&leaf, "a, \"b\"\\", &root,
             (struct make){.leaf = true, .sans = names, .san_count = DC_COUNT(names),
                           .ext_usage = DC_EKU_SERVER | DC_EKU_CLIENT, .not_after = INT64_C(4102444800)});
  ok(leaf.cert->san_count == DC_COUNT(names) && !leaf.cert->has_constraints && !leaf.cert->san_critical &&
         leaf.cert->ext_usage == (DC_EKU_SERVER | DC_EKU_CLIENT),
     "a leaf's names and usages");
  for (size_t i = 0; i < leaf.cert->san_count && i < DC_COUNT(names); i++)
    ok(leaf.cert->sans[i].kind == names[i].kind && dc_slice_equal(leaf.cert->sans[i].value, names[i].value),
       "name %zu", i);
  is_num(leaf.cert->not_after, INT64_C(4102444800), "an end beyond 2050");
  ok(dc_spiffe_of_cert(leaf.cert, &id, NULL) == 0 && dc_slice_equal(id, names[0].value), "its SPIFFE ID");
  is_num(dc_spiffe_of_cert(root.cert, &id, NULL), DC_EMISMATCH, "a certificate without a URI has none");
  dc_cert_serial_text(leaf.cert, &serial);
  ok(serial.len > 24 && serial.len <= 32 && !(leaf.cert->serial.data[0] & 0x80), "the serial number is long, positive");
  ok(dc_cert_fingerprint(leaf.cert, &print, NULL) == 0 && print.len == 64, "the fingerprint is SHA-256");
  dc_name_text(leaf.cert->subject, &name);
  is_text(dc_buf_text(&name), "CN=a\\2C \\22b\\22\\5C", "odd characters of a name are escaped");
}

/* Two hundred serial numbers: all positive (new Go refuses others), some with a high first bit (they are 128 bits). */
static void test_serials(void) {
  struct party root DC_CLEANUP(party_free);
  int negative = 0, padded = 0;

  party_make(&root, "root", NULL, (struct make){.kind = 0});
  for (int i = 0; i < 200; i++) {
    struct party leaf DC_CLEANUP(party_free);
    party_make(&leaf, "leaf", &root, (struct make){.leaf = true, .like = &root});
    negative += leaf.cert->serial.data[0] >> 7;
    padded += leaf.cert->serial.len == 17;
  }
  ok(negative == 0 && padded > 0, "200 serial numbers: none negative, %d of all 128 bits", padded);
}

static void test_damage(void) {
  struct party root DC_CLEANUP(party_free), leaf DC_CLEANUP(party_free);
  struct dc_cert *cert = NULL;
  size_t parsed = 0, accepted = 0;

  party_make(&root, "root", NULL, (struct make){.kind = 0});
  party_make(&leaf, "leaf", &root,
             (struct make){.leaf = true, .sans = names, .san_count = DC_COUNT(names), .ext_usage = DC_EKU_SERVER});
  for (size_t n = 0; n < leaf.cert->der.len; n++) {
    if (dc_cert_parse(leaf.cert->der.data, n, &cert, NULL) < 0) continue;
    parsed++;
    dc_cert_free(cert);
  }
  is_num(parsed, 0, "cut off anywhere: never parsed");
  for (size_t bit = 0; bit < leaf.cert->der.len * 8; bit++) {
    struct dc_buf copy DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    dc_buf_add(&copy, leaf.cert->der.data, leaf.cert->der.len);
    if (dc_buf_check(&copy, NULL) < 0) exit(1);
    copy.data[bit / 8] ^= (unsigned char)(1 << bit % 8);
    if (dc_cert_parse(copy.data, copy.len, &cert, NULL) < 0) continue;
    accepted += dc_cert_signed_by(cert, root.cert, NULL) == 0;
    dc_cert_free(cert);
  }
  is_num(accepted, 0, "any bit flipped: the signature never fits");
}

static void test_bundle(void) {
  struct party root DC_CLEANUP(party_free), other DC_CLEANUP(party_free);
  struct dc_bundle bundle DC_CLEANUP(dc_bundle_free) = DC_BUNDLE_INIT, again DC_CLEANUP(dc_bundle_free) =
      DC_BUNDLE_INIT;
  struct dc_buf pem DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, clean DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_err err = DC_ERR_INIT;

  party_make(&root, "root", NULL, (struct make){.kind = 0});
  party_make(&other, "other", NULL, (struct make){.kind = 0});
  dc_buf_add_text(&pem, "Certificate:\n  text\n");
  pem_add(&pem, &root);
  dc_buf_add_text(&pem, "\n\nmore\n-----BEGIN X-----\nAAAA\n-----END X-----\n");
  pem_add(&pem, &other);
  dc_buf_add_text(&pem, "end without newline");
  ok(dc_bundle_add_pem(&bundle, dc_buf_text(&pem), pem.len, NULL) == 0 && bundle.count == 2,
     "two certificates among text and another block");
  dc_bundle_to_pem(&bundle, &clean);
  ok(strncmp(dc_buf_text(&clean), "-----BEGIN", 10) == 0 && strstr(dc_buf_text(&clean), "-----\n-----BEGIN") &&
         clean.data[clean.len - 1] == '\n' && clean.data[clean.len - 2] == '-',
     "written back to back, one newline at the end");
  ok(dc_bundle_add_pem(&again, dc_buf_text(&clean), clean.len, NULL) == 0 && again.count == 2, "and read again");
  is_num(dc_bundle_add_pem(&again, "text", 4, &err), DC_ENOENT, "no certificate");
  dc_buf_add_text(&clean, "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n");
  ok(dc_bundle_add_pem(&again, dc_buf_text(&clean), clean.len, &err) == DC_EINVAL && strstr(err.text, "certificate 3"),
     "a broken one is told by its number");
}

int main(void) {
  test_ca();
  test_leaf();
  test_serials();
  test_damage();
  test_bundle();
  return tap_done();
}
