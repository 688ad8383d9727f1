/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "ca/crosses.h"

#include "ca/certificates.h"
#include "ca/rotate.h"
#include "held.h"

static const int64_t now = MAKE_NOW, day = MAKE_DAY;

/* A root of that many days' life from AT. */
static bool rotate(struct dc_holdings *holdings, int64_t at, int root_days) {
  const struct dc_rotation rotation = {.trust_domain = "localhost", .ns = "default", .now = at,
                                       .root_not_after = at + root_days * day, .issuer_not_after = at + 9 * day,
                                       .leaf_ttl = DC_ROTATE_LEAF_TTL};
  return dc_rotate_root_crossed(holdings, &rotation, NULL) == 0;
}

/* Days from the beginning: "before-by" each. */
static const char *cohorts(const struct dc_holdings *holdings) {
  static struct dc_buf text;
  struct dc_cohort rows[DC_CROSSES_COHORTS_MAX];
  size_t count = dc_crosses_cohorts(&holdings->anchors, &holdings->chain, &holdings->state, rows);
  dc_buf_clear(&text);
  for (size_t i = 0; i < count; i++)
    dc_buf_printf(&text, "%s%lld-%lld", i ? " " : "", (long long)((rows[i].started_before - now) / day),
                  rows[i].by ? (long long)((rows[i].by - now) / day) : 0LL);
  return dc_buf_text(&text);
}

static const char *kinds(const struct dc_holdings *holdings) {
  static const char letters[] = {[DC_ABOVE_CROSS] = 'x', [DC_ABOVE_OLD_ISSUER] = 'o', [DC_ABOVE_INTERMEDIATE] = 'i'};
  static char text[8];
  size_t i = 1;
  for (; i < holdings->chain.count && i < sizeof text; i++)
    text[i - 1] = letters[dc_crosses_kind(&holdings->anchors, &holdings->chain, i)];
  text[i - 1] = '\0';
  return text;
}

static void test_by_roots(void) {
  struct dc_holdings holdings DC_CLEANUP(dc_holdings_free) = DC_HOLDINGS_INIT;
  held_make("roots", 100, 90);
  held_load("roots", &holdings);
  is_text(cohorts(&holdings), "", "nobody has to be restarted for a new CA");
  ok(rotate(&holdings, now + 10 * day, 500), "another root");
  is_text(cohorts(&holdings), "10-100", "who knows the first alone goes by its end");
  ok(rotate(&holdings, now + 20 * day, 900), "and a third");
  is_text(kinds(&holdings), "xx", "both cross-certificates");
  is_text(cohorts(&holdings), "20-510 10-100", "each of the old ones has its own");
  dc_rotate_retire_roots(&holdings, now + 30 * day, false);
  is_num(holdings.anchors.count, 1, "the old roots leave ca.crt");
  is_text(kinds(&holdings), "xx", "what they signed stays what it is");
  is_text(cohorts(&holdings), "20-510 10-100", "and so do the dates");
}

/* Who knows the first root alone needs both cross-certificates, and has no more time than who knows the second. */
static void test_shorter(void) {
  struct dc_holdings holdings DC_CLEANUP(dc_holdings_free) = DC_HOLDINGS_INIT;
  held_make("shorter", 1000, 90);
  held_load("shorter", &holdings);
  ok(rotate(&holdings, now + 10 * day, 50) && rotate(&holdings, now + 20 * day, 900), "a second root that ends first");
  is_text(kinds(&holdings), "xx", "crosses both");
  is_text(cohorts(&holdings), "20-60", "all that are old by its end");
  holdings.chain.certs[2]->not_after = now + 700 * day; /* as others may make it */
  is_text(cohorts(&holdings), "20-60", "also where the older cross-certificate ends later");
}

static void test_by_issuer(void) {
  struct dc_holdings holdings DC_CLEANUP(dc_holdings_free) = DC_HOLDINGS_INIT;
  held_make("issuer", 1000, 90);
  held_load("issuer", &holdings);
  dc_key_free(holdings.root_key);
  holdings.root_key = NULL;
  holdings.chain.certs[0]->path_len = -1;
  /* by its key and in this order, though our issuer's path length would not carry it */
  struct dc_bundle made DC_CLEANUP(dc_bundle_free) = DC_BUNDLE_INIT, old = holdings.chain;
  const struct dc_cert *root = holdings.root;
  struct dc_key *key DC_CLEANUP(dc_key_cleanup) = NULL, *sub DC_CLEANUP(dc_key_cleanup) = NULL;
  bool made_all = dc_key_generate(DC_KEY_ED25519, 0, &key, NULL) == 0 &&
                  dc_key_generate(DC_KEY_ED25519, 0, &sub, NULL) == 0 &&
                  dc_certificates_root(key, "localhost", true, now + 5 * day, now + 900 * day, &holdings.anchors,
                                       NULL) == 0;
  const struct dc_cert *fresh = holdings.anchors.certs[holdings.anchors.count - 1];
  made_all = made_all &&
             dc_certificates_issuer(dc_key_public(sub), "localhost", "default", fresh, key, now + 5 * day, now + 50 * day,
                                    &made, NULL) == 0 &&
             dc_certificates_cross(fresh, old.certs[0], holdings.issuer_key, now + 5 * day, &made, NULL) == 0 &&
             dc_bundle_add_der(&made, old.certs[0]->der.data, old.certs[0]->der.len, NULL) == 0;
  ok(made_all && root != fresh, "a cross-certificate by the old issuer");
  holdings.chain = made;
  made = old;
  is_text(kinds(&holdings), "xo", "and that, above it");
  is_text(cohorts(&holdings), "5-90", "who knows its root goes by its end");
  holdings.chain.certs[1]->ext_usage = DC_EKU_SERVER;
  holdings.chain.certs[2]->ext_usage = 0;
  holdings.chain.certs[2]->san_count = 0;
  holdings.chain.certs[2]->subject = root->subject;
  is_text(kinds(&holdings), "xo", "whatever they look like: keys tell");
  struct dc_bundle above = {holdings.anchors.certs, 1}; /* the first root alone: it signed neither of the first two */
  is_num(dc_crosses_kind(&above, &holdings.chain, 1), DC_ABOVE_INTERMEDIATE,
         "below what a root has signed it is in between");
}

static void test_noted(void) {
  struct dc_holdings holdings DC_CLEANUP(dc_holdings_free) = DC_HOLDINGS_INIT;
  held_make("noted", 1000, 90);
  held_load("noted", &holdings);
  holdings.state = (struct dc_state){.since = now + 10 * day, .until = now + 30 * day};
  is_text(cohorts(&holdings), "10-30", "of a staged root, or one of the same key, the state tells");
  holdings.state.until = now + 10 * day;
  is_text(cohorts(&holdings), "10-0", "nothing was done for those before");
  holdings.state.until = 0;
  is_text(cohorts(&holdings), "10-0", "nor after a compromise");
  ok(rotate(&holdings, now + 20 * day, 5000), "a cross-certificate");
  is_text(cohorts(&holdings), "20-1000", "tells what the state tells");
}

int main(void) {
  if (!ok(mkdtemp(held_top) != NULL, "a folder")) return tap_done();
  test_by_roots();
  test_shorter();
  test_by_issuer();
  test_noted();
  return held_done();
}
