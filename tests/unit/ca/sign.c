/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "ca/sign.h"

#include "base/pem.h"
#include "ca/init.h"
#include "pki/csr.h"
#include "pki/spiffe.h"
#include "tap.h"

enum { NOW = 1700000000, DAY = 86400 };

static struct dc_init_set set = DC_INIT_SET_INIT;
static struct dc_key *key;

static const struct dc_san spiffe = {DC_SAN_URI, DC_SLICE("spiffe://public/ns/default/myapp")};

static int sign(struct dc_leaf leaf, int64_t now, struct dc_bundle *chain, int64_t *not_after, struct dc_err *err) {
  struct dc_buf pem DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  int rc;

  leaf.spki = dc_key_public(key);
  rc = dc_sign_leaf(set.authority, &leaf, now, &pem, not_after, err);
  if (rc < 0 && pem.len) return -100;
  return rc < 0 ? rc : dc_bundle_add_pem(chain, dc_buf_text(&pem), pem.len, err);
}

static void test_workload(void) {
  struct dc_leaf leaf = {.sans = &spiffe, .san_count = 1, .ttl = DAY, .skew = 900};
  struct dc_bundle chain DC_CLEANUP(dc_bundle_free) = DC_BUNDLE_INIT;
  const struct dc_cert *cert, *issuer = dc_authority_chain(set.authority)->certs[0];
  int64_t not_after = 0;

  if (!ok(sign(leaf, NOW, &chain, &not_after, NULL) == 0 && chain.count == 2, "a workload's leaf and the issuer"))
    return;
  cert = chain.certs[0];
  is_num(cert->not_before, NOW - 900, "begins the skew before now");
  ok(cert->not_after == NOW + DAY && not_after == NOW + DAY, "ends its TTL after now");
  is_num(cert->subject.len, 2, "its subject is empty");
  ok(cert->san_count == 1 && cert->san_critical && dc_slice_equal(cert->sans[0].value, spiffe.value),
     "its only name is the SPIFFE ID, critical");
  is_num(cert->key_usage, DC_KU_DIGITAL_SIGNATURE, "key usage");
  is_num(cert->ext_usage, DC_EKU_SERVER | DC_EKU_CLIENT, "extended key usage");
  ok(!cert->has_constraints && cert->subject_key_id.len == 0, "no basicConstraints, no subject key identifier");
  ok(dc_slice_equal(cert->authority_key_id, issuer->subject_key_id), "the issuer's key identifier");
  ok(dc_spki_equal(&cert->spki, dc_key_public(key)), "the key");
  ok(dc_slice_equal(chain.certs[1]->der, issuer->der), "the issuer follows");
  is_num(dc_chain_verify(cert, dc_authority_chain(set.authority), dc_authority_anchors(set.authority),
                         DC_PURPOSE_CLIENT, NOW, NULL), 0, "it verifies");
}

static void test_clamp(void) {
  struct dc_leaf leaf = {.sans = &spiffe, .san_count = 1, .ttl = 10000 * (int64_t)DAY, .skew = 900};
  struct dc_bundle chain DC_CLEANUP(dc_bundle_free) = DC_BUNDLE_INIT;
  int64_t end = dc_authority_not_after(set.authority), not_after = 0;
  struct dc_err err = DC_ERR_INIT;

  ok(sign(leaf, NOW, &chain, &not_after, NULL) == 0 && not_after == end && chain.certs[0]->not_after == end,
     "never longer than the issuer");
  leaf.ttl = INT64_MAX;
  ok(sign(leaf, NOW, &chain, &not_after, NULL) == 0 && not_after == end, "however long it is asked for");
  is_num(sign(leaf, end, &chain, NULL, NULL), 0, "signed in the issuer's last second");
  is_num(sign(leaf, end + 1, &chain, NULL, &err), DC_EEXPIRED, "refused after it");
  ok(strstr(err.text, "issuer certificate has ended"), "with the reason");
}

static void test_refused(void) {
  struct dc_san two[] = {spiffe, {DC_SAN_URI, DC_SLICE("spiffe://public/ns/default/other")}};
  struct dc_san web = {DC_SAN_URI, DC_SLICE("https://example.org/")};
  struct dc_san dots[] = {{DC_SAN_URI, DC_SLICE("spiffe://foo./x")},
                          {DC_SAN_URI, DC_SLICE("spiffe://.foo/x")},
                          {DC_SAN_URI, DC_SLICE("spiffe://a..b/x")}};
  struct dc_san odd = {DC_SAN_DNS, DC_SLICE("a\nb")};
  const struct {
    const char *what;
    struct dc_leaf leaf;
  } cases[] = {
      {"two URI names", {.sans = two, .san_count = 2, .ttl = DAY}},
      {"a URI that is no SPIFFE ID", {.sans = &web, .san_count = 1, .ttl = DAY}},
      {"a trust domain that ends with a dot", {.sans = &dots[0], .san_count = 1, .ttl = DAY}},
      {"one that begins with a dot", {.sans = &dots[1], .san_count = 1, .ttl = DAY}},
      {"one with two dots in a row", {.sans = &dots[2], .san_count = 1, .ttl = DAY}},
      {"a newline in a name", {.sans = &odd, .san_count = 1, .ttl = DAY}},
      {"no name at all", {.ttl = DAY}},
      {"an end before its begin", {.sans = &spiffe, .san_count = 1, .not_before = NOW + 10, .not_after = NOW}},
      {"a begin after the issuer's end", {.sans = &spiffe, .san_count = 1, .not_before = NOW + 999 * (int64_t)DAY, .ttl = DAY}},
      {"no time at all", {.sans = &spiffe, .san_count = 1}},
  };

  for (size_t i = 0; i < DC_COUNT(cases); i++) {
    struct dc_bundle chain DC_CLEANUP(dc_bundle_free) = DC_BUNDLE_INIT;
    is_num(sign(cases[i].leaf, NOW, &chain, NULL, NULL), DC_EINVAL, cases[i].what);
  }
}

static void test_serving(void) {
  struct dc_identity identity DC_CLEANUP(dc_identity_free) = DC_IDENTITY_INIT;
  struct dc_slice id = DC_SLICE("spiffe://localhost/ns/default/dapr-sentry"), got;
  const struct dc_cert *cert;

  if (!ok(dc_sign_serving(set.authority, id, DAY, 900, NOW, &identity, NULL) == 0 && identity.chain.count == 2,
          "a serving identity"))
    return;
  cert = identity.chain.certs[0];
  ok(dc_key_public(identity.key)->kind == DC_KEY_ED25519 && dc_spki_equal(&cert->spki, dc_key_public(identity.key)),
     "with an Ed25519 key of its own");
  ok(dc_spiffe_of_cert(cert, &got, NULL) == 0 && dc_slice_equal(got, id), "its SPIFFE ID");
  ok(cert->san_count == 2 && dc_slice_equal(cert->sans[1].value, DC_SLICE("cluster.local")), "and DNS cluster.local");
  is_num(cert->ext_usage, DC_EKU_SERVER | DC_EKU_CLIENT, "for both sides of a call");
  is_num(cert->key_usage, DC_KU_DIGITAL_SIGNATURE, "key usage");
  ok(cert->subject.len == 2 && cert->san_critical, "its subject is empty, its names are critical");
  ok(!cert->has_constraints && cert->subject_key_id.len == 0, "no basicConstraints, no subject key identifier");
  ok(cert->not_before == NOW - 900 && cert->not_after == NOW + DAY, "begun the skew before now, its TTL long");
  is_num(dc_chain_verify(cert, &identity.chain, dc_authority_anchors(set.authority), DC_PURPOSE_SERVER, NOW, NULL), 0,
         "it verifies");
}

int main(void) {
  struct dc_init init = {.trust_domain = "localhost", .ns = "default", .kind = DC_KEY_P256,
                         .root_not_after = NOW + 3650 * (int64_t)DAY, .issuer_not_after = NOW + 365 * (int64_t)DAY};

  if (dc_init_make(&init, NOW, &set, NULL) < 0 || dc_key_generate(DC_KEY_ED25519, 0, &key, NULL) < 0) {
    printf("Bail out! no authority to test with\n");
    return 1;
  }
  test_workload();
  test_clamp();
  test_refused();
  test_serving();
  dc_init_set_free(&set);
  dc_key_free(key);
  return tap_done();
}
