/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "ca/rotate.h"

#include "ca/certificates.h"
#include "held.h"

static const int64_t now = MAKE_NOW, day = MAKE_DAY;

static struct dc_rotation at(int64_t time) {
  return (struct dc_rotation){.trust_domain = "localhost", .ns = "default", .now = time,
                              .root_not_after = time + 3650 * day, .issuer_not_after = time + 365 * day,
                              .leaf_ttl = DC_ROTATE_LEAF_TTL, .grace = DC_ROTATE_GRACE_DAYS * day};
}

/* A copy of the root, for who knows it alone. */
static struct dc_cert *root_of(const struct dc_holdings *holdings) {
  struct dc_cert *cert = NULL;
  if (dc_cert_parse(holdings->root->der.data, holdings->root->der.len, &cert, NULL) == 0) return cert;
  printf("Bail out! no root\n");
  exit(1);
}

static void start(const char *name, struct dc_holdings *holdings) {
  held_make(name, 1000, 300);
  held_load(name, holdings);
}

static bool serves(struct dc_holdings *holdings, int64_t time) {
  struct dc_rotation rotation = at(time);
  return dc_rotate_finish(holdings, &rotation, false, NULL) == 0;
}

/* --- issuer and root ----------------------------------------------------------------------------------------------- */

static void test_issuer(void) {
  struct dc_holdings holdings DC_CLEANUP(dc_holdings_free) = DC_HOLDINGS_INIT;
  struct dc_rotation rotation = at(now + day);
  struct dc_err err = DC_ERR_INIT;
  start("issuer", &holdings);
  is_num(dc_rotate_issuer(&holdings, &rotation, NULL), 0, "a new issuer");
  ok(held_believed(&holdings, holdings.root, now + day), "is the root's");
  ok(dc_spki_equal(&holdings.chain.certs[0]->spki, dc_key_public(holdings.issuer_key)), "with its key");
  is_num(held_changes(&holdings), 2, "issuer.crt and issuer.key change");
  ok(serves(&holdings, now + day), "a sentry loads it");
  is_num(held_changes(&holdings), 4, "and the client pair changes too");
  dc_key_free(holdings.root_key);
  holdings.root_key = NULL;
  is_num(dc_rotate_issuer(&holdings, &rotation, &err), DC_ENOENT, "not without the root's key");
  ok(strstr(err.text, "\"daprcerts rotate root\"") != NULL, "which may be gone");
  holdings.state.root_key_elsewhere = true;
  is_num(dc_rotate_root_same_key(&holdings, &rotation, &err), DC_ENOENT, "nor a root of the same key");
  ok(strstr(err.text, "--root-key FILE") && !strstr(err.text, "rotate root\""), "or is elsewhere");
}

static void test_same_key(void) {
  struct dc_holdings holdings DC_CLEANUP(dc_holdings_free) = DC_HOLDINGS_INIT;
  struct dc_rotation rotation = at(now + day);
  start("same", &holdings);
  struct dc_cert *old = root_of(&holdings);
  is_num(dc_rotate_root_same_key(&holdings, &rotation, NULL), 0, "the same root for longer");
  is_num(holdings.root->not_after, rotation.root_not_after, "lives that long");
  ok(holdings.anchors.count == 1 && held_believed(&holdings, old, now + day), "and the old one goes, which is as good");
  ok(holdings.state.since == now + day && holdings.state.until == old->not_after && !holdings.state.retire,
     "who knows the old one alone has until its end");
  is_num(held_changes(&holdings), 2, "ca.crt and the state change");
  dc_cert_free(old);
}

static void test_crossed(void) {
  struct dc_holdings holdings DC_CLEANUP(dc_holdings_free) = DC_HOLDINGS_INIT;
  struct dc_rotation rotation = at(now + day);
  struct dc_cert *roots[5];
  struct dc_err err = DC_ERR_INIT;
  start("crossed", &holdings);
  for (size_t i = 0; i < 4; i++) {
    roots[i] = root_of(&holdings);
    rotation = at(now + day + (int64_t)i);
    if (i == 3) break;
    ok(dc_rotate_root_crossed(&holdings, &rotation, &err) == 0, "root %zu: %s", i + 1, err.text);
    is_num(holdings.chain.count, i + 2, "one cross-certificate more");
    for (size_t k = 0; k <= i; k++) ok(held_believed(&holdings, roots[k], now + day + 9), "which root %zu verifies", k);
    is_num(holdings.state.since, rotation.now, "who started before has to be restarted");
    is_num(holdings.state.until, roots[0]->not_after, "by the end of the first root, whatever came later");
    is_num(holdings.state.retire, rotation.now + DC_ROTATE_LEAF_TTL + DC_CERTIFICATES_SKEW,
           "roots leave when the last leaf of the last issuer has ended");
    is_num(holdings.state.retiring_count, i + 1, "all of them");
  }
  ok(serves(&holdings, now + day + 9), "a sentry loads the whole");
  const struct dc_cert *last = holdings.root;
  is_num(dc_rotate_root_crossed(&holdings, &rotation, &err), DC_ELIMIT, "a fourth cross-certificate is too much");
  ok(holdings.root == last && holdings.chain.count == 4 && holdings.anchors.count == 4, "and leaves all as it was");
  dc_rotate_retire_roots(&holdings, now + 3 * day, false);
  is_num(holdings.anchors.count, 1, "when the old roots have left");
  is_num(dc_rotate_root_crossed(&holdings, &rotation, &err), DC_ELIMIT, "it is still");
  rotation = at(roots[0]->not_after);
  is_num(dc_rotate_root_crossed(&holdings, &rotation, &err), 0, "when the first root has ended it is not");
  is_num(holdings.chain.count, 4, "its cross-certificate is dropped");
  is_num(holdings.state.until, roots[3]->not_after, "and nobody is left who waits for it");
  for (size_t i = 0; i < 4; i++) dc_cert_free(roots[i]);
}

/* The root's key is gone: a path length decides. */
static void test_crossed_by_issuer(void) {
  struct dc_holdings holdings DC_CLEANUP(dc_holdings_free) = DC_HOLDINGS_INIT;
  struct dc_rotation rotation = at(now + day);
  struct dc_err err = DC_ERR_INIT;
  start("issued", &holdings);
  dc_key_free(holdings.root_key);
  holdings.root_key = NULL;
  ok(!dc_rotate_can_cross(&holdings, now), "an issuer of path length 0 has no room");
  is_num(dc_rotate_root_crossed(&holdings, &rotation, &err), DC_EMISMATCH, "and signs none");
  ok(strstr(err.text, "--staged") != NULL, "but there is a way");
  holdings.chain.certs[0]->path_len = 1;
  ok(!dc_rotate_can_cross(&holdings, now), "1 is too short");
  holdings.chain.certs[0]->path_len = 2;
  ok(dc_rotate_can_cross(&holdings, now), "2 is enough");
  holdings.anchors.certs[0]->path_len = 2;
  ok(!dc_rotate_can_cross(&holdings, now), "not for a root above it");
  holdings.anchors.certs[0]->path_len = 3;
  ok(dc_rotate_can_cross(&holdings, now), "for which 3 is");
  holdings.state.root_key_elsewhere = true;
  is_num(dc_rotate_root_crossed(&holdings, &rotation, &err), DC_ENOENT, "a root's key that is elsewhere is asked for");
}

/* What has ended signs nothing, and nobody is left to be convinced. */
static void test_ended(void) {
  struct dc_holdings holdings DC_CLEANUP(dc_holdings_free) = DC_HOLDINGS_INIT;
  struct dc_rotation rotation = at(now + 1001 * day);
  start("ended", &holdings);
  is_num(dc_rotate_root_crossed(&holdings, &rotation, NULL), 0, "a root after the old one has ended");
  ok(holdings.chain.count == 1 && holdings.anchors.count == 1, "has no cross-certificate, and the old one leaves at once");
  is_num(holdings.state.until, rotation.now, "everything has to be restarted");
  ok(serves(&holdings, rotation.now), "and a sentry loads it");
}

/* --- staged -------------------------------------------------------------------------------------------------------- */

static void test_staged(void) {
  struct dc_holdings holdings DC_CLEANUP(dc_holdings_free) = DC_HOLDINGS_INIT;
  struct dc_rotation rotation = at(now + day);
  start("staged", &holdings);
  struct dc_cert *old = root_of(&holdings);
  is_num(dc_rotate_switch(&holdings, &rotation, NULL), DC_ENOENT, "no root is staged");
  is_num(dc_rotate_root_staged(&holdings, &rotation, NULL), 0, "a staged root");
  ok(holdings.staged && holdings.staged_key && holdings.staged == holdings.anchors.certs[1], "stands behind the old one");
  ok(holdings.root == holdings.anchors.certs[0] && held_believed(&holdings, old, now + day), "which signs");
  is_num(holdings.state.switch_at, now + 31 * day, "until the grace is over");
  ok(holdings.state.since == now + day && holdings.state.until == now + 31 * day, "and who started before has so long");
  is_num(held_changes(&holdings), 3, "ca.crt, the state and the staged key change");
  is_num(dc_rotate_root_staged(&holdings, &rotation, NULL), DC_EEXIST, "not two");
  is_num(dc_rotate_root_crossed(&holdings, &rotation, NULL), DC_EEXIST, "nor another kind of root");
  is_num(dc_rotate_root_same_key(&holdings, &rotation, NULL), 0, "the root may be renewed");
  is_num(holdings.state.until, now + 31 * day, "which gives nobody longer");
  dc_rotate_retire_roots(&holdings, now + day, true);
  ok(holdings.anchors.count == 2 && holdings.staged, "a retirement leaves the staged one");
  int64_t end = holdings.anchors.certs[1]->not_after;
  holdings.anchors.certs[1]->not_after = now;
  dc_rotate_retire_roots(&holdings, now + day, false);
  ok(holdings.anchors.count == 2, "also where its time has passed, since its key is here");
  holdings.anchors.certs[1]->not_after = end;
  struct dc_cert *root = root_of(&holdings);
  const struct dc_cert *staged = holdings.staged;
  struct dc_buf der DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  dc_buf_add(&der, staged->der.data, staged->der.len);
  rotation = at(now + 31 * day);
  is_num(dc_rotate_switch(&holdings, &rotation, NULL), 0, "the switch");
  ok(dc_slice_equal(holdings.root->der, (struct dc_slice){der.data, der.len}) &&
         holdings.root == holdings.anchors.certs[0],
     "makes it the root, and the first");
  ok(!holdings.staged && !holdings.staged_key && holdings.root_key && !holdings.state.switch_at, "and nothing is staged");
  ok(!held_believed(&holdings, root, rotation.now) && holdings.chain.count == 1, "who knows the old one alone is lost");
  ok(serves(&holdings, rotation.now), "a sentry loads it");
  is_num(holdings.state.retiring_count, 1, "the old one is to leave");
  dc_cert_free(old);
  dc_cert_free(root);
}

static void test_staged_end(void) {
  struct dc_holdings holdings DC_CLEANUP(dc_holdings_free) = DC_HOLDINGS_INIT;
  struct dc_rotation rotation = at(now + 290 * day);
  start("late", &holdings);
  rotation.root_not_after = now + 320 * day;
  is_num(dc_rotate_root_staged(&holdings, &rotation, NULL), DC_EINVAL, "a root that would end at the switch");
  rotation.root_not_after = now + 9000 * day;
  is_num(dc_rotate_root_staged(&holdings, &rotation, NULL), 0, "an issuer that can be replaced");
  is_num(holdings.state.switch_at, now + 320 * day, "may end before the switch");
  dc_holdings_free(&holdings);
  held_load("late", &holdings);
  dc_key_free(holdings.root_key);
  holdings.root_key = NULL;
  is_num(dc_rotate_root_staged(&holdings, &rotation, NULL), 0, "one that cannot");
  is_num(holdings.state.switch_at, now + 300 * day, "may not");
}

/* --- without the old ----------------------------------------------------------------------------------------------- */

static void test_compromised(void) {
  struct dc_holdings holdings DC_CLEANUP(dc_holdings_free) = DC_HOLDINGS_INIT;
  struct dc_rotation rotation = at(now + day);
  start("lost", &holdings);
  struct dc_cert *old = root_of(&holdings);
  int rc = dc_rotate_root_crossed(&holdings, &rotation, NULL);
  if (!rc) rc = dc_rotate_root_staged(&holdings, &rotation, NULL);
  is_num(rc, 0, "a rotation and a half");
  holdings.state.root_key_elsewhere = true;
  is_num(dc_rotate_root_compromised(&holdings, &rotation, NULL), 0, "a root that has to go");
  ok(holdings.anchors.count == 1 && holdings.chain.count == 1 && !holdings.staged_key, "takes all with it");
  ok(!held_believed(&holdings, old, now + day) && holdings.state.root_key_elsewhere, "but for where keys are kept");
  ok(!holdings.state.retire && !holdings.state.switch_at && !holdings.state.retiring_count, "nothing is left to do");
  ok(serves(&holdings, now + day), "a sentry loads it");
  dc_cert_free(old);
}

/* Bundles as a caller gives them: ROOT, an issuer under it; the key is taken. */
static int give(struct dc_holdings *holdings, const struct party *root, const struct party *issuer, int64_t time,
                bool *breaks) {
  struct dc_rotation rotation = at(time);
  struct dc_bundle anchors = DC_BUNDLE_INIT, chain = DC_BUNDLE_INIT;
  struct dc_buf pem DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_key *key = NULL;
  bundle_add(&anchors, root);
  bundle_add(&chain, issuer);
  if (dc_key_to_pem(issuer->key, &pem, NULL) || dc_key_from_pem(dc_buf_text(&pem), pem.len, &key, NULL)) exit(1);
  return dc_rotate_given(holdings, &rotation, &anchors, &chain, key, breaks, NULL);
}

static void test_given(void) {
  struct dc_holdings holdings DC_CLEANUP(dc_holdings_free) = DC_HOLDINGS_INIT;
  struct party root, issuer;
  bool breaks = true;
  party_make(&root, "their root", NULL, (struct make){.not_after = now + 90 * day});
  party_make(&issuer, "their issuer", &root, (struct make){.not_after = now + 80 * day});
  start("given", &holdings);
  struct dc_cert *old = root_of(&holdings);
  is_num(give(&holdings, &root, &issuer, now, &breaks), 0, "what others have made");
  ok(!breaks && holdings.chain.count == 2 && held_believed(&holdings, old, now), "is certified by the old root");
  ok(dc_slice_equal(holdings.root->der, root.cert->der) && !holdings.root_key, "their root, whose key is not here");
  ok(holdings.anchors.count == 2 && holdings.state.retiring_count == 1, "the old one is to leave");
  dc_holdings_free(&holdings);
  held_load("given", &holdings);
  dc_key_free(holdings.root_key);
  holdings.root_key = NULL;
  for (int elsewhere = 0; elsewhere < 2; elsewhere++) {
    holdings.state.root_key_elsewhere = elsewhere;
    breaks = false;
    is_num(give(&holdings, &root, &issuer, now, &breaks), 0, "the same where nobody can sign");
    ok(breaks && holdings.chain.count == 1 && !held_believed(&holdings, old, now), "breaks with the old root");
    is_num(holdings.state.until, now, "from now on");
    dc_holdings_free(&holdings);
    held_load("given", &holdings);
    dc_key_free(holdings.root_key);
    holdings.root_key = NULL;
  }
  dc_cert_free(old);
  party_free(&root);
  party_free(&issuer);
}

/* --- retirement ---------------------------------------------------------------------------------------------------- */

static void test_retirement(void) {
  struct dc_holdings holdings DC_CLEANUP(dc_holdings_free) = DC_HOLDINGS_INIT;
  struct dc_rotation rotation = at(now + day);
  struct party theirs;
  start("retired", &holdings);
  struct dc_cert *old = root_of(&holdings);
  party_make(&theirs, "theirs", NULL, (struct make){.not_after = now + 50 * day});
  bundle_add(&holdings.anchors, &theirs);
  is_num(dc_rotate_root_crossed(&holdings, &rotation, NULL), 0, "a root, beside somebody else's");
  int64_t time = holdings.state.retire;
  ok(!dc_rotate_retire_roots(&holdings, time - 1, false) && holdings.anchors.count == 3, "before its time nothing leaves");
  ok(dc_rotate_retire_roots(&holdings, time, false) && holdings.anchors.count == 2, "then the old root does");
  ok(!holdings.state.retire && !holdings.state.retiring_count, "and that is done");
  is_num(holdings.state.until, old->not_after, "restarts are not");
  ok(!dc_rotate_retire_crosses(&holdings, old->not_after - 1, false), "a cross-certificate stays");
  ok(dc_rotate_retire_crosses(&holdings, old->not_after, false) && holdings.chain.count == 1, "until it ends");
  ok(!holdings.state.until && !holdings.state.since, "then nobody has to be restarted any more");
  ok(!dc_rotate_retire_roots(&holdings, time, true) && holdings.anchors.count == 2, "what no rotation replaced stays");
  ok(dc_rotate_retire_roots(&holdings, now + 50 * day, false) && holdings.anchors.count == 1, "what has ended leaves");
  is_num(dc_rotate_root_crossed(&holdings, &rotation, NULL), 0, "another root");
  ok(dc_rotate_retire_roots(&holdings, now + day, true) && holdings.anchors.count == 1, "retired by force");
  ok(dc_rotate_retire_crosses(&holdings, now + day, true) && holdings.chain.count == 1, "with its cross-certificate");
  ok(!holdings.state.until && serves(&holdings, now + day), "leaves a whole");
  dc_cert_free(old);
  party_free(&theirs);
}

int main(void) {
  if (!mkdtemp(held_top)) return 99;
  test_issuer();
  test_same_key();
  test_crossed();
  test_crossed_by_issuer();
  test_ended();
  test_staged();
  test_staged_end();
  test_compromised();
  test_given();
  test_retirement();
  return held_done();
}
