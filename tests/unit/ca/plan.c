/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "ca/plan.h"

#include "held.h"

static const int64_t now = MAKE_NOW, day = MAKE_DAY;
static const struct dc_when usual = DC_WHEN_USUAL;

/* "issuer client", or "" */
static const char *due(const struct dc_holdings *holdings, int64_t at) {
  static char text[256];
  struct dc_plan plan;
  dc_plan_make(holdings, &usual, at, &plan);
  *text = '\0';
  for (size_t i = 0; i < plan.count; i++) {
    size_t used = strlen(text);
    snprintf(text + used, sizeof text - used, "%s%s", used ? " " : "", dc_step_name(plan.rows[i].step));
  }
  return text;
}

static void test_when(void) {
  const struct dc_cert cert = {.not_before = 1000, .not_after = 4000};
  const struct dc_when left = {.remaining = 500}, all = {.by_part = true, .part = 1};
  is_num(dc_when_begins(&usual, &cert), 3000, "two thirds of a life");
  ok(!dc_when_due(&usual, &cert, 2999) && dc_when_due(&usual, &cert, 3000), "from that second on");
  is_num(dc_when_begins(&left, &cert), 3500, "by what is left");
  is_num(dc_when_begins(&all, &cert), 4000, "by all of it");
}

static void test_names(void) {
  int same = 0;
  for (int i = 0; i < DC_STEPS; i++)
    for (int k = 0; k < i; k++) same += strcmp(dc_step_name((enum dc_step)i), dc_step_name((enum dc_step)k)) == 0;
  is_num(same, 0, "each step has a name of its own");
}

static void test_ca(void) {
  struct dc_holdings holdings DC_CLEANUP(dc_holdings_free) = DC_HOLDINGS_INIT;
  held_make("usual", 1000, 300);
  held_load("usual", &holdings);
  is_text(due(&holdings, now), "", "nothing is due in a new CA");
  struct dc_next next = dc_plan_next(&holdings, &usual, now);
  ok(next.step == DC_STEP_ISSUER && next.at > now + 199 * day && next.at < now + 201 * day, "then the issuer is");
  is_text(due(&holdings, next.at - 1), "", "not a second before");
  is_text(due(&holdings, next.at), "issuer", "and then");
  is_text(due(&holdings, now + 400 * day), "issuer", "still when it has ended");
  is_text(due(&holdings, now + 700 * day), "root-cross-signed", "a root that is due takes it along");
  dc_key_free(holdings.root_key);
  holdings.root_key = NULL;
  is_text(due(&holdings, next.at), "root-staged",
          "without the root's key the root is: staged, if the issuer has no room");
  is_text(due(&holdings, now + 400 * day), "root-uncrossed", "and at once when that has ended, since nobody is left");
  holdings.state.root_key_elsewhere = true;
  is_text(due(&holdings, next.at), "issuer", "a key that is kept elsewhere will be asked for");
  is_text(due(&holdings, now + 700 * day), "root-cross-signed", "for a root too");
}

/* A new issuer would end with the old one. */
static void test_no_help(void) {
  struct dc_holdings holdings DC_CLEANUP(dc_holdings_free) = DC_HOLDINGS_INIT;
  held_make("even", 400, 330);
  held_load("even", &holdings);
  is_text(due(&holdings, now + 221 * day), "root-cross-signed", "an issuer that ends soon before its root is no help");
}

static void test_staged(void) {
  struct dc_holdings holdings DC_CLEANUP(dc_holdings_free) = DC_HOLDINGS_INIT;
  held_make("staged", 1000, 300);
  held_load("staged", &holdings);
  holdings.staged = holdings.root; /* any */
  holdings.state.switch_at = now + 210 * day;
  is_text(due(&holdings, now), "", "a staged root waits");
  is_text(due(&holdings, now + 205 * day), "issuer", "the issuer does not");
  is_text(due(&holdings, now + 210 * day), "switch", "the switch comes first");
  struct dc_next next = dc_plan_next(&holdings, &usual, now);
  is_num(next.step, DC_STEP_ISSUER, "what comes next is the first of them");
  holdings.state.switch_at = now + 100 * day;
  next = dc_plan_next(&holdings, &usual, now);
  ok(next.step == DC_STEP_SWITCH && next.at == now + 100 * day, "whichever that is");
}

static void test_retirement(void) {
  struct dc_holdings holdings DC_CLEANUP(dc_holdings_free) = DC_HOLDINGS_INIT;
  struct party old, cross;
  held_make("retired", 1000, 300);
  held_load("retired", &holdings);
  party_make(&old, "old", NULL, (struct make){.not_after = now + 5 * day});
  party_make(&cross, "cross", &old, (struct make){.not_after = now + 6 * day});
  bundle_add(&holdings.anchors, &old);
  bundle_add(&holdings.chain, &cross);
  holdings.state.retire = now + 3 * day;
  is_text(due(&holdings, now), "", "old roots stay until their time has come");
  is_num(dc_plan_next(&holdings, &usual, now).step, DC_STEP_RETIRE_ROOTS, "which is next");
  is_text(due(&holdings, now + 3 * day), "retire-roots", "then they leave");
  holdings.state.retire = 0;
  is_text(due(&holdings, now + 4 * day), "", "what nobody replaced stays");
  is_text(due(&holdings, now + 5 * day), "retire-roots", "until it has ended");
  is_text(due(&holdings, now + 6 * day), "retire-roots retire-cross-certificates", "and cross-certificates then");
  is_text(due(&holdings, now + 700 * day), "retire-roots retire-cross-certificates root-cross-signed",
          "all of that before a new root, which puts off the next");
  party_free(&old);
  party_free(&cross);
}

static const char *coming(const struct dc_holdings *holdings) {
  static char names[256];
  struct dc_next rows[DC_STEPS];
  size_t count = dc_plan_coming(holdings, &usual, now, rows), length = 0;
  names[0] = 0;
  for (size_t i = 0; i < count; i++)
    length += (size_t)snprintf(names + length, sizeof names - length, "%s%s", i ? " " : "", dc_step_name(rows[i].step));
  for (size_t i = 1; i < count; i++)
    if (rows[i].at < rows[i - 1].at) ok(false, "%s comes before it is due", dc_step_name(rows[i].step));
  return names;
}

static void test_coming(void) {
  struct dc_holdings holdings DC_CLEANUP(dc_holdings_free) = DC_HOLDINGS_INIT;
  struct party old, cross, older;
  held_make("coming", 1000, 300);
  held_load("coming", &holdings);
  is_text(coming(&holdings), "issuer root-cross-signed", "all that comes for a new CA");
  party_make(&old, "old", NULL, (struct make){.not_after = now + 700 * day});
  party_make(&cross, "cross", &old, (struct make){.not_after = now + 700 * day});
  party_make(&older, "older", &old, (struct make){.not_after = now + 100 * day});
  bundle_add(&holdings.anchors, &older);
  holdings.state.retire = now + 400 * day;
  is_text(coming(&holdings), "retire-roots issuer root-cross-signed", "an old root leaves no later than it ends");
  bundle_add(&holdings.chain, &cross);
  holdings.state.retire = now + 3 * day;
  is_text(coming(&holdings), "retire-roots issuer root-cross-signed retire-cross-certificates", "each by its time");
  bundle_add(&holdings.chain, &older);
  is_text(coming(&holdings), "retire-roots retire-cross-certificates issuer root-cross-signed", "and once, by the first");
  holdings.staged = holdings.root; /* any */
  holdings.state.switch_at = now + 150 * day;
  is_text(coming(&holdings), "retire-roots retire-cross-certificates switch", "a switch makes void what the issuer had to come");
  holdings.state.switch_at = now + 250 * day;
  is_text(coming(&holdings), "retire-roots retire-cross-certificates issuer switch", "but not what comes before it");
  party_free(&old);
  party_free(&cross);
  party_free(&older);
}

static void test_client(void) {
  struct dc_holdings holdings DC_CLEANUP(dc_holdings_free) = DC_HOLDINGS_INIT;
  held_make("client", 1000, 300);
  held_unlink("client", "client.crt");
  held_load("client", &holdings);
  is_text(due(&holdings, now), "client", "a missing client pair");
  struct party brief;
  party_make(&brief, "brief", NULL, (struct make){.not_after = now + 2 * day});
  bundle_add(&holdings.client, &brief);
  is_text(due(&holdings, now - day / 2), "", "one that lives");
  is_text(due(&holdings, now + day), "client", "one that ends before its issuer");
  holdings.client.certs[0]->not_after = holdings.chain.certs[0]->not_after;
  is_text(due(&holdings, now + 199 * day), "", "one that ends with it is not bettered by another");
  party_free(&brief);
}

int main(void) {
  if (!mkdtemp(held_top)) return 99;
  test_when();
  test_names();
  test_ca();
  test_no_help();
  test_staged();
  test_retirement();
  test_coming();
  test_client();
  return held_done();
}
