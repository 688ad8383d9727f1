/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "ca/certificates.h"

#include "pki/chain.h"
#include "tap.h"

#include "../pki/make.h"

static const int64_t year = 365 * (int64_t)MAKE_DAY;

static struct dc_key *new_key(void) {
  struct dc_key *key = NULL;
  if (dc_key_generate(DC_KEY_ED25519, 0, &key, NULL) == 0) return key;
  printf("Bail out! no key\n");
  exit(1);
}

static const char *name_of(struct dc_slice name) {
  static char shown[128];
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  dc_name_text(name, &text);
  snprintf(shown, sizeof shown, "%s", dc_buf_text(&text));
  return shown;
}

static bool verifies(const struct dc_cert *cert, const struct dc_cert *above, const struct dc_cert *anchor) {
  struct dc_bundle between DC_CLEANUP(dc_bundle_free) = DC_BUNDLE_INIT;
  struct dc_bundle anchors DC_CLEANUP(dc_bundle_free) = DC_BUNDLE_INIT;
  int rc = dc_bundle_add_der(&anchors, anchor->der.data, anchor->der.len, NULL);
  if (!rc && above) rc = dc_bundle_add_der(&between, above->der.data, above->der.len, NULL);
  return !rc && dc_chain_verify(cert, &between, &anchors, DC_PURPOSE_SERVER, MAKE_NOW, NULL) == 0;
}

static void test_root(void) {
  struct dc_key *key DC_CLEANUP(dc_key_cleanup) = new_key();
  struct dc_bundle out DC_CLEANUP(dc_bundle_free) = DC_BUNDLE_INIT;
  char want[64];
  int rc = dc_certificates_root(key, "localhost", false, MAKE_NOW, MAKE_NOW + year, &out, NULL);
  if (!rc) rc = dc_certificates_root(key, "localhost", true, MAKE_NOW, MAKE_NOW + year, &out, NULL);
  if (!ok(rc == 0 && out.count == 2, "two roots")) return;
  const struct dc_cert *root = out.certs[0], *numbered = out.certs[1];
  is_text(name_of(root->subject), "O=localhost", "the first is its trust domain");
  snprintf(want, sizeof want, "O=localhost, CN=root %02x%02x%02x%02x", numbered->subject_key_id.data[0],
           numbered->subject_key_id.data[1], numbered->subject_key_id.data[2], numbered->subject_key_id.data[3]);
  is_text(name_of(numbered->subject), want, "a numbered one bears its key's identifier");
  ok(dc_cert_self_signed(root) && root->is_ca && root->path_len == -1, "self-signed, without a path length");
  is_num(root->key_usage, DC_KU_DIGITAL_SIGNATURE | DC_KU_CERT_SIGN | DC_KU_CRL_SIGN, "its usages");
  ok(root->not_before == MAKE_NOW - DC_CERTIFICATES_SKEW && root->not_after == MAKE_NOW + year, "its time");
  ok(root->subject_key_id.len && dc_slice_equal(root->subject_key_id, root->authority_key_id), "its identifiers");
}

static void test_renewed(void) {
  struct party old, issuer;
  party_make(&old, "old", NULL, (struct make){.path_len = 2});
  party_make(&issuer, "issuer", &old, (struct make){.path_len = 1});
  struct dc_bundle out DC_CLEANUP(dc_bundle_free) = DC_BUNDLE_INIT;
  if (ok(dc_certificates_renew_root(old.cert, old.key, MAKE_NOW, MAKE_NOW + year, &out, NULL) == 0, "a root anew")) {
    const struct dc_cert *root = out.certs[0];
    ok(dc_slice_equal(root->subject, old.cert->subject) && dc_spki_equal(&root->spki, &old.cert->spki) &&
           dc_slice_equal(root->subject_key_id, old.cert->subject_key_id),
       "has its name, key and identifier");
    is_num(root->path_len, 1, "and its path length");
    is_num(root->not_after, MAKE_NOW + year, "and another end");
    ok(verifies(issuer.cert, NULL, root), "it verifies what the old one has signed");
  }
  party_free(&old);
  party_free(&issuer);
}

static void test_crossed(void) {
  struct dc_key *key DC_CLEANUP(dc_key_cleanup) = new_key();
  struct dc_bundle out DC_CLEANUP(dc_bundle_free) = DC_BUNDLE_INIT;
  struct party old, brief, full, two;
  struct dc_err err = DC_ERR_INIT;
  party_make(&old, "old", NULL, (struct make){.not_after = MAKE_NOW + 3 * year});
  party_make(&brief, "brief", NULL, (struct make){.not_after = MAKE_NOW + MAKE_DAY});
  party_make(&full, "full", &old, (struct make){.path_len = 1});
  party_make(&two, "two", &old, (struct make){.path_len = 3});
  int rc = dc_certificates_root(key, "localhost", true, MAKE_NOW, MAKE_NOW + 2 * year, &out, NULL);
  if (!rc) rc = dc_certificates_cross(out.certs[0], old.cert, old.key, MAKE_NOW, &out, NULL);
  if (!rc) rc = dc_certificates_cross(out.certs[0], brief.cert, brief.key, MAKE_NOW, &out, NULL);
  if (!rc) rc = dc_certificates_cross(out.certs[0], two.cert, two.key, MAKE_NOW, &out, NULL);
  if (!rc) rc = dc_certificates_issuer(dc_key_public(old.key), "localhost", "default", out.certs[0], key, MAKE_NOW,
                                       MAKE_NOW + year, &out, NULL);
  if (ok(rc == 0 && out.count == 5, "cross-certificates")) {
    const struct dc_cert *root = out.certs[0], *cross = out.certs[1];
    ok(dc_slice_equal(cross->subject, root->subject) && dc_spki_equal(&cross->spki, &root->spki) &&
           dc_slice_equal(cross->subject_key_id, root->subject_key_id),
       "have the root's name, key and identifier");
    ok(dc_slice_equal(cross->issuer, old.cert->subject) &&
           dc_slice_equal(cross->authority_key_id, old.cert->subject_key_id),
       "and the signer's");
    ok(cross->is_ca && cross->path_len == -1 && !cross->ext_usage && !cross->san_count, "as a CA without other names");
    is_num(cross->not_after, root->not_after, "it ends with the root");
    is_num(out.certs[2]->not_after, brief.cert->not_after, "or with its signer, if that is first");
    is_num(out.certs[3]->path_len, 1, "a path length leaves one less");
    ok(verifies(out.certs[4], cross, old.cert), "who knows the signer believes what the root signs");
    ok(verifies(out.certs[4], NULL, root) && !verifies(out.certs[4], NULL, old.cert), "not without it");
  }
  if (out.count)
    is_num(dc_certificates_cross(out.certs[0], full.cert, full.key, MAKE_NOW, &out, &err), DC_EMISMATCH,
           "a path length of 0 leaves no room");
  party_free(&old);
  party_free(&brief);
  party_free(&full);
  party_free(&two);
}

static void test_issuer(void) {
  struct dc_bundle out DC_CLEANUP(dc_bundle_free) = DC_BUNDLE_INIT;
  struct party root;
  struct dc_err err = DC_ERR_INIT;
  party_make(&root, "root", NULL, (struct make){.not_after = MAKE_NOW + year});
  const struct dc_spki *spki = dc_key_public(root.key);
  int rc = dc_certificates_issuer(spki, "here", "ns", root.cert, root.key, MAKE_NOW, MAKE_NOW + MAKE_DAY, &out, NULL);
  if (!rc) rc = dc_certificates_issuer(spki, "here", "ns", root.cert, root.key, MAKE_NOW, MAKE_NOW + 2 * year, &out, NULL);
  if (ok(rc == 0 && out.count == 2, "issuers")) {
    const struct dc_cert *issuer = out.certs[0];
    is_text(name_of(issuer->subject), "O=spiffe://here/ns/ns/dapr-sentry", "named as sentry");
    ok(issuer->is_ca && issuer->path_len == 0 && issuer->ext_usage == (DC_EKU_SERVER | DC_EKU_CLIENT) &&
           issuer->san_count == 1 && dc_slice_equal(issuer->sans[0].value, DC_SLICE("cluster.local")),
       "with what sidecars look for");
    ok(issuer->not_before == MAKE_NOW - DC_CERTIFICATES_SKEW && issuer->not_after == MAKE_NOW + MAKE_DAY, "its time");
    is_num(out.certs[1]->not_after, root.cert->not_after, "which ends with the root's");
    ok(verifies(issuer, NULL, root.cert), "the root verifies it");
  }
  is_num(dc_certificates_issuer(spki, "not a domain", "ns", root.cert, root.key, MAKE_NOW, MAKE_NOW + 1, &out, &err),
         DC_EINVAL, "a trust domain that is none");
  party_free(&root);
}

int main(void) {
  test_root();
  test_renewed();
  test_crossed();
  test_issuer();
  return tap_done();
}
