/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "ca/init.h"

#include "ca/certificates.h"
#include "pki/name.h"
#include "tap.h"

#include "../pki/make.h"

static const struct dc_init usual = {
    .trust_domain = "localhost", .ns = "default", .kind = DC_KEY_P256,
    .root_not_after = MAKE_NOW + 3650 * (int64_t)MAKE_DAY, .issuer_not_after = MAKE_NOW + 365 * (int64_t)MAKE_DAY,
    .root_crt_name = "my.crt", .root_key_name = "my.key",
};

static struct dc_slice slice(const struct dc_buf *buf) { return (struct dc_slice){buf->data, buf->len}; }

static bool is_name(struct dc_slice name, const char *want) {
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;

  dc_name_text(name, &text);
  return strcmp(dc_buf_text(&text), want) == 0;
}

static void test_usual(enum dc_key_kind kind) {
  struct dc_init_set set DC_CLEANUP(dc_init_set_free) = DC_INIT_SET_INIT;
  struct dc_bundle client DC_CLEANUP(dc_bundle_free) = DC_BUNDLE_INIT;
  struct dc_key *client_key DC_CLEANUP(dc_key_cleanup) = NULL;
  struct dc_init init = usual;
  const struct dc_cert *root, *issuer;

  init.kind = kind;
  if (!ok(dc_init_make(&init, MAKE_NOW, &set, NULL) == 0, "a new set, keys of kind %d", (int)kind)) return;
  root = set.root;
  issuer = dc_authority_chain(set.authority)->certs[0];
  ok(is_name(root->subject, "O=localhost") && is_name(issuer->subject, "O=spiffe://localhost/ns/default/dapr-sentry"),
     "root and issuer have names of their own");
  ok(root->is_ca && root->path_len == -1 && issuer->is_ca && issuer->path_len == 0, "path lengths: none and 0");
  ok(root->subject_key_id.len && dc_slice_equal(root->authority_key_id, root->subject_key_id) &&
         issuer->subject_key_id.len && dc_slice_equal(issuer->authority_key_id, root->subject_key_id),
     "key identifiers of both");
  ok(issuer->san_count == 1 && dc_slice_equal(issuer->sans[0].value, DC_SLICE("cluster.local")) &&
         issuer->ext_usage == (DC_EKU_SERVER | DC_EKU_CLIENT) && issuer->key_usage & DC_KU_DIGITAL_SIGNATURE,
     "the issuer is what sidecars up to 1.11 look for");
  ok(root->not_before == MAKE_NOW - DC_CERTIFICATES_SKEW && root->not_after == usual.root_not_after &&
         issuer->not_before == MAKE_NOW - DC_CERTIFICATES_SKEW && issuer->not_after == usual.issuer_not_after && !set.shortened,
     "dates");
  ok(issuer->spki.kind == kind && root->spki.kind == kind, "kinds of keys");
  ok(dc_bundle_add_pem(&client, dc_buf_text(&set.client_crt), set.client_crt.len, NULL) == 0 && client.count == 2 &&
         client.certs[0]->ext_usage == DC_EKU_CLIENT && client.certs[0]->san_count == 0 &&
         client.certs[0]->not_after == issuer->not_after,
     "the client pair: clientAuth alone, no name of a workload, as long as the issuer, with its chain");
  ok(dc_key_from_pem(dc_buf_text(&set.client_key), set.client_key.len, &client_key, NULL) == 0 && client.count &&
         dc_spki_equal(dc_key_public(client_key), &client.certs[0]->spki),
     "and its key");
  ok(client.count && dc_chain_verify(client.certs[0], &client, dc_authority_anchors(set.authority), DC_PURPOSE_CLIENT,
                                     MAKE_NOW, NULL) == 0, "which verifies for a client");
  ok(client.count && dc_chain_verify(client.certs[0], &client, dc_authority_anchors(set.authority), DC_PURPOSE_SERVER,
                                     MAKE_NOW, NULL) == DC_EMISMATCH, "and not for a server");
}

static void test_reuse(void) {
  struct dc_init_set first DC_CLEANUP(dc_init_set_free) = DC_INIT_SET_INIT;
  struct dc_init init = usual;

  if (!ok(dc_init_make(&init, MAKE_NOW, &first, NULL) == 0, "a set whose root is used again")) return;
  init.root_key = slice(&first.ca_key);
  init.root_crt = slice(&first.ca_crt);
  {
    struct dc_init_set set DC_CLEANUP(dc_init_set_free) = DC_INIT_SET_INIT;
    ok(dc_init_make(&init, MAKE_NOW, &set, NULL) == 0 && dc_slice_equal(slice(&set.ca_crt), slice(&first.ca_crt)) &&
           dc_slice_equal(slice(&set.ca_key), slice(&first.ca_key)) && !dc_slice_equal(slice(&set.issuer_key), slice(&first.issuer_key)),
       "root and key are kept, the issuer is new");
  }
  init.issuer_not_after = usual.root_not_after + MAKE_DAY;
  {
    struct dc_init_set set DC_CLEANUP(dc_init_set_free) = DC_INIT_SET_INIT;
    ok(dc_init_make(&init, MAKE_NOW, &set, NULL) == 0 && set.shortened &&
           dc_authority_not_after(set.authority) == usual.root_not_after,
       "the issuer never outlives the root");
  }
  init = usual;
  init.root_key = slice(&first.ca_key);
  {
    struct dc_init_set set DC_CLEANUP(dc_init_set_free) = DC_INIT_SET_INIT;
    struct dc_authority_files files;
    struct dc_authority *authority DC_CLEANUP(dc_authority_cleanup) = NULL;
    ok(dc_init_make(&init, MAKE_NOW, &set, NULL) == 0 && dc_slice_equal(slice(&set.ca_key), slice(&first.ca_key)) &&
           !dc_slice_equal(slice(&set.ca_crt), slice(&first.ca_crt)),
       "the root's key alone gets a new certificate");
    files = (struct dc_authority_files){.ca_crt = slice(&set.ca_crt), .issuer_crt = slice(&first.issuer_crt),
                                        .issuer_key = slice(&first.issuer_key)};
    is_num(dc_authority_load(&files, MAKE_NOW, &authority, NULL), 0, "under which the old issuer goes on");
  }
}

/* Two certificates of one key in a file, the older one first, as whoever appends a renewed root has it. */
static void test_renewed(void) {
  static const int64_t ends[] = {MAKE_NOW - 1, MAKE_NOW + MAKE_DAY};

  for (size_t i = 0; i < DC_COUNT(ends); i++) {
    struct dc_init_set set DC_CLEANUP(dc_init_set_free) = DC_INIT_SET_INIT;
    struct dc_init_set renewed DC_CLEANUP(dc_init_set_free) = DC_INIT_SET_INIT;
    struct dc_buf crt DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, key DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    struct party root DC_CLEANUP(party_free);
    struct dc_init init = usual;
    struct dc_err err = DC_ERR_INIT;
    party_make(&root, "root", NULL, (struct make){.not_after = ends[i]});
    if (dc_key_to_pem(root.key, &key, NULL) < 0) continue;
    init.root_key = slice(&key);
    if (!ok(dc_init_make(&init, MAKE_NOW, &renewed, NULL) == 0, "a root that is renewed with its key")) continue;
    pem_add(&crt, &root);
    dc_buf_add(&crt, renewed.ca_crt.data, renewed.ca_crt.len);
    init.root_crt = slice(&crt);
    if (!ok(dc_init_make(&init, MAKE_NOW, &set, &err) == 0 && !set.shortened &&
                set.root->not_after == usual.root_not_after && dc_authority_anchors(set.authority)->count == 2,
            "signs by the one that lives longer, and both are anchors"))
      printf("# %s\n", err.text);
  }
}

/* Roots that cannot be one. */
static void test_bad_roots(void) {
  static const struct {
    const char *what, *words;
    struct make make;
    int code;
  } cases[] = {
      {"a root that has ended", "'my.crt' ended at", {.not_after = MAKE_NOW - 1}, DC_EEXPIRED},
      {"a root of path length 0", "path length 0", {.path_len = 1}, DC_EMISMATCH},
      {"a root that is no CA", "no CA", {.leaf = true}, DC_EMISMATCH},
      {"a root for clients alone", "serverAuth", {.ext_usage = DC_EKU_CLIENT}, DC_EMISMATCH},
  };

  for (size_t i = 0; i < DC_COUNT(cases); i++) {
    struct dc_init_set set DC_CLEANUP(dc_init_set_free) = DC_INIT_SET_INIT;
    struct dc_buf crt DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, key DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    struct party root DC_CLEANUP(party_free);
    struct dc_init init = usual;
    struct dc_err err = DC_ERR_INIT;
    int rc;
    party_make(&root, "root", NULL, cases[i].make);
    pem_add(&crt, &root);
    if (dc_key_to_pem(root.key, &key, NULL) < 0) continue;
    init.root_crt = slice(&crt);
    init.root_key = slice(&key);
    rc = dc_init_make(&init, MAKE_NOW, &set, &err);
    if (!ok(rc == cases[i].code && strstr(err.text, cases[i].words), "%s", cases[i].what))
      printf("# %d: %s\n", rc, err.text);
  }
}

static void test_refused(void) {
  struct dc_init_set set = DC_INIT_SET_INIT, other DC_CLEANUP(dc_init_set_free) = DC_INIT_SET_INIT;
  struct dc_init init = usual;
  struct dc_err err = DC_ERR_INIT;

  init.trust_domain = "Local Host";
  ok(dc_init_make(&init, MAKE_NOW, &set, &err) == DC_EINVAL && strstr(err.text, "lowercase"), "a bad trust domain");
  init = usual;
  init.ns = "a/b";
  is_num(dc_init_make(&init, MAKE_NOW, &set, NULL), DC_EINVAL, "a bad namespace");
  init = usual;
  init.kind = DC_KEY_RSA;
  init.rsa_bits = 1024;
  is_num(dc_init_make(&init, MAKE_NOW, &set, NULL), DC_EWEAK, "a weak key");
  init = usual;
  if (dc_init_make(&init, MAKE_NOW, &other, NULL) < 0) return;
  init.root_crt = slice(&other.ca_crt);
  init.root_key = slice(&other.issuer_key);
  ok(dc_init_make(&init, MAKE_NOW, &set, &err) == DC_EMISMATCH && strstr(err.text, "'my.key' does not match"),
     "a key that is not the root's");
  ok(!set.authority && !set.ca_crt.data, "and nothing comes out");
}

int main(void) {
  test_usual(DC_KEY_P256);
  test_usual(DC_KEY_P384);
  test_usual(DC_KEY_ED25519);
  test_usual(DC_KEY_RSA);
  test_reuse();
  test_renewed();
  test_bad_roots();
  test_refused();
  return tap_done();
}
