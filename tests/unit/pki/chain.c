/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "pki/chain.h"

#include "tap.h"

#include "make.h"

/* Verifies LEAF over up to two intermediates to up to two anchors; has the code and, where WORDS, them in the text. */
static void expect(int want, const char *words, const struct party *leaf, const struct party *above,
                   const struct party *above2, const struct party *anchor, const struct party *anchor2,
                   enum dc_purpose purpose, int64_t now, const char *what) {
  struct dc_bundle intermediates DC_CLEANUP(dc_bundle_free) = DC_BUNDLE_INIT;
  struct dc_bundle anchors DC_CLEANUP(dc_bundle_free) = DC_BUNDLE_INIT;
  struct dc_err err = DC_ERR_INIT;
  int rc;

  if (above) bundle_add(&intermediates, above);
  if (above2) bundle_add(&intermediates, above2);
  bundle_add(&anchors, anchor);
  if (anchor2) bundle_add(&anchors, anchor2);
  rc = dc_chain_verify(leaf->cert, &intermediates, &anchors, purpose, now, &err);
  if (!ok(rc == want && (!words || strstr(err.text, words)), "%s", what))
    printf("# %d, not %d: %s\n", rc, want, err.text);
}

static const struct dc_san spiffe[] = {{DC_SAN_URI, DC_SLICE("spiffe://td/ns/a/b")}};

/* The usual three, and what is wrong with them one by one. */
static void test_three(void) {
  struct party root DC_CLEANUP(party_free), issuer DC_CLEANUP(party_free), leaf DC_CLEANUP(party_free);
  struct party stranger DC_CLEANUP(party_free), renamed DC_CLEANUP(party_free);
  struct make a_leaf = {.leaf = true, .sans = spiffe, .san_count = 1, .ext_usage = DC_EKU_SERVER};

  party_make(&root, "root", NULL, (struct make){.kind = DC_KEY_P256});
  party_make(&issuer, "issuer", &root, (struct make){.path_len = 1});
  party_make(&leaf, "leaf", &issuer, a_leaf);
  party_make(&stranger, "root", NULL, (struct make){.kind = DC_KEY_P256});
  party_make(&renamed, "other", NULL, (struct make){.like = &root});
  expect(0, NULL, &leaf, &issuer, NULL, &root, NULL, DC_PURPOSE_SERVER, MAKE_NOW, "leaf, issuer, root");
  expect(0, NULL, &leaf, &issuer, NULL, &stranger, &root, DC_PURPOSE_ANY, MAKE_NOW, "among anchors of one name");
  expect(0, NULL, &leaf, &stranger, &issuer, &root, NULL, DC_PURPOSE_ANY, MAKE_NOW, "intermediates in any order");
  expect(DC_EMISMATCH, "no certificate here signed it", &leaf, NULL, NULL, &root, NULL, DC_PURPOSE_ANY, MAKE_NOW,
         "without the issuer");
  expect(DC_EMISMATCH, "the signature is not of this key", &leaf, &issuer, NULL, &stranger, NULL, DC_PURPOSE_ANY,
         MAKE_NOW, "another root of the same name");
  expect(DC_EMISMATCH, "is not the name", &leaf, &issuer, NULL, &renamed, NULL, DC_PURPOSE_ANY, MAKE_NOW,
         "the root's key under another name, which Go refuses too");
  expect(DC_EMISMATCH, "clientAuth", &leaf, &issuer, NULL, &root, NULL, DC_PURPOSE_CLIENT, MAKE_NOW,
         "a leaf for servers as client");
  expect(DC_EEXPIRED, "ended at 2023-11-15T22:13:20Z", &leaf, &issuer, NULL, &root, NULL, DC_PURPOSE_ANY,
         MAKE_NOW + MAKE_DAY + 1, "after its end");
  expect(0, NULL, &leaf, &issuer, NULL, &root, NULL, DC_PURPOSE_ANY, MAKE_NOW + MAKE_DAY, "in its last second");
  expect(DC_EEXPIRED, "only from", &leaf, &issuer, NULL, &root, NULL, DC_PURPOSE_ANY, MAKE_NOW - MAKE_DAY - 1,
         "before its begin");
  expect(0, NULL, &leaf, &issuer, NULL, &root, NULL, DC_PURPOSE_ANY, MAKE_NOW - MAKE_DAY, "in its first second");
}

/* Step's CA: root and issuer share a subject, and no identifier tells them apart. */
static void test_same_names(void) {
  struct party root DC_CLEANUP(party_free), issuer DC_CLEANUP(party_free), leaf DC_CLEANUP(party_free);

  party_make(&root, "cluster.local", NULL, (struct make){.no_key_ids = true, .path_len = 2});
  party_make(&issuer, "cluster.local", &root, (struct make){.no_key_ids = true, .path_len = 1});
  party_make(&leaf, "leaf", &issuer, (struct make){.leaf = true, .no_key_ids = true});
  expect(0, NULL, &leaf, &issuer, NULL, &root, NULL, DC_PURPOSE_SERVER, MAKE_NOW,
         "root and issuer of one subject without key identifiers");
  expect(0, NULL, &issuer, NULL, NULL, &root, NULL, DC_PURPOSE_SERVER, MAKE_NOW, "and the issuer alone");
}

static void test_rules(void) {
  struct party root DC_CLEANUP(party_free), short_root DC_CLEANUP(party_free), no_sign DC_CLEANUP(party_free);
  struct party under_short DC_CLEANUP(party_free), under_no_sign DC_CLEANUP(party_free);
  struct party client_ca DC_CLEANUP(party_free), leaf DC_CLEANUP(party_free), child DC_CLEANUP(party_free);
  struct party short_leaf DC_CLEANUP(party_free);
  struct make a_leaf = {.leaf = true};

  party_make(&root, "root", NULL, (struct make){.path_len = 0});
  party_make(&short_root, "short", NULL, (struct make){.path_len = 1});
  party_make(&under_short, "under short", &short_root, (struct make){.path_len = 0});
  party_make(&short_leaf, "leaf", &under_short, a_leaf);
  expect(DC_EMISMATCH, "path length 0", &short_leaf, &under_short, NULL, &short_root, NULL, DC_PURPOSE_ANY, MAKE_NOW,
         "a root of path length 0 has no issuer");
  expect(DC_EMISMATCH, "path length 0", &under_short, NULL, NULL, &short_root, NULL, DC_PURPOSE_ANY, MAKE_NOW,
         "and the issuer alone already tells");
  party_make(&no_sign, "no sign", &root, (struct make){.no_cert_sign = true});
  party_make(&under_no_sign, "leaf", &no_sign, a_leaf);
  expect(DC_EMISMATCH, "keyCertSign", &under_no_sign, &no_sign, NULL, &root, NULL, DC_PURPOSE_ANY, MAKE_NOW,
         "an issuer without keyCertSign");
  party_make(&leaf, "leaf", &root, a_leaf);
  party_make(&child, "child", &leaf, a_leaf);
  expect(DC_EMISMATCH, "no CA", &child, &leaf, NULL, &root, NULL, DC_PURPOSE_ANY, MAKE_NOW, "a leaf as issuer");
  party_free(&child);
  party_make(&client_ca, "client ca", &root, (struct make){.ext_usage = DC_EKU_CLIENT});
  party_make(&child, "child", &client_ca, a_leaf);
  expect(DC_EMISMATCH, "serverAuth", &child, &client_ca, NULL, &root, NULL, DC_PURPOSE_SERVER, MAKE_NOW,
         "an issuer for clients alone has no servers below it");
  expect(0, NULL, &child, &client_ca, NULL, &root, NULL, DC_PURPOSE_CLIENT, MAKE_NOW, "but clients");
}

/* Root rotation by a cross-certificate (sentry-contract 11): who knows the old root alone, and who knows the new. */
static void test_cross(void) {
  struct party old DC_CLEANUP(party_free), new DC_CLEANUP(party_free), cross DC_CLEANUP(party_free);
  struct party issuer DC_CLEANUP(party_free), leaf DC_CLEANUP(party_free);
  struct dc_bundle above DC_CLEANUP(dc_bundle_free) = DC_BUNDLE_INIT, anchors DC_CLEANUP(dc_bundle_free) =
      DC_BUNDLE_INIT;
  struct dc_path paths[DC_PATH_MAX];

  party_make(&old, "old", NULL, (struct make){.not_after = MAKE_NOW + 100});
  party_make(&new, "new", NULL, (struct make){.kind = 0});
  party_make(&cross, "new", &old, (struct make){.like = &new});
  party_make(&issuer, "issuer", &new, (struct make){.path_len = 1});
  party_make(&leaf, "leaf", &issuer, (struct make){.leaf = true});
  expect(0, NULL, &leaf, &issuer, &cross, &old, NULL, DC_PURPOSE_SERVER, MAKE_NOW, "by the old root");
  expect(0, NULL, &leaf, &issuer, &cross, &new, NULL, DC_PURPOSE_SERVER, MAKE_NOW, "by the new root");
  expect(DC_EEXPIRED, "'CN=old' ended", &leaf, &issuer, &cross, &old, NULL, DC_PURPOSE_SERVER, MAKE_NOW + 101,
         "not by the old root once that has ended");
  expect(0, NULL, &leaf, &issuer, &cross, &old, &new, DC_PURPOSE_SERVER, MAKE_NOW + 101, "but by the new one");
  bundle_add(&above, &issuer);
  bundle_add(&above, &cross);
  bundle_add(&anchors, &old);
  bundle_add(&anchors, &new);
  is_num(dc_chain_paths(leaf.cert, &above, &anchors, DC_PURPOSE_ANY, paths, DC_PATH_MAX, NULL), 2, "two paths");
  is_num(dc_chain_paths(leaf.cert, &above, &anchors, DC_PURPOSE_ANY, paths, 1, NULL), 1, "or as many as there is room");
}

/* Many certificates that sign each other in all ways end the search, not the program. */
static void test_budget(void) {
  enum { MANY = 30 };
  static struct party ring[MANY];
  struct party root DC_CLEANUP(party_free), leaf DC_CLEANUP(party_free);
  struct dc_bundle above DC_CLEANUP(dc_bundle_free) = DC_BUNDLE_INIT, anchors DC_CLEANUP(dc_bundle_free) =
      DC_BUNDLE_INIT;

  party_make(&root, "root", NULL, (struct make){.kind = 0});
  party_make(&ring[0], "0", NULL, (struct make){.kind = 0});
  for (int i = 1; i < MANY; i++) {
    char name[12];
    snprintf(name, sizeof name, "%d", i);
    party_make(&ring[i], name, &ring[i - 1], (struct make){.kind = 0});
  }
  party_make(&leaf, "leaf", &ring[MANY - 1], (struct make){.leaf = true});
  for (int i = 0; i < MANY; i++) bundle_add(&above, &ring[i]);
  bundle_add(&anchors, &root);
  is_num(dc_chain_verify(leaf.cert, &above, &anchors, DC_PURPOSE_ANY, MAKE_NOW, NULL), DC_EMISMATCH,
         "a long chain to nowhere is refused within its budget");
  for (int i = 0; i < MANY; i++) party_free(&ring[i]);
}

int main(void) {
  test_three();
  test_same_names();
  test_rules();
  test_cross();
  test_budget();
  return tap_done();
}
