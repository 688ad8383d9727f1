/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/plan.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"

static const char *const step_names[DC_STEPS] = {
    [DC_STEP_SWITCH] = "switch",
    [DC_STEP_ROOT_CROSSED] = "root-cross-signed",
    [DC_STEP_ROOT_UNCROSSED] = "root-uncrossed",
    [DC_STEP_ROOT_STAGED] = "root-staged",
    [DC_STEP_ROOT_SAME_KEY] = "root-same-key",
    [DC_STEP_ROOT_COMPROMISED] = "root-compromised",
    [DC_STEP_ROOT_GIVEN] = "root-given",
    [DC_STEP_ISSUER] = "issuer",
    [DC_STEP_RETIRE_ROOTS] = "retire-roots",
    [DC_STEP_RETIRE_CROSSES] = "retire-cross-certificates",
    [DC_STEP_CLIENT] = "client",
};

const char *dc_step_name(enum dc_step step) { return step_names[step]; }

void dc_plan_add(struct dc_plan *plan, enum dc_step step, const char *fmt, ...) {
  va_list args;
  plan->rows[plan->count].step = step;
  va_start(args, fmt);
  vsnprintf(plan->rows[plan->count++].reason, DC_PLAN_REASON_MAX, fmt, args);
  va_end(args);
}

bool dc_plan_has(const struct dc_plan *plan, enum dc_step step) {
  for (size_t i = 0; i < plan->count; i++)
    if (plan->rows[i].step == step) return true;
  return false;
}

/* --- when ----------------------------------------------------------------------------------------------------------- */

int64_t dc_when_begins(const struct dc_when *when, const struct dc_cert *cert) {
  double life = (double)(cert->not_after - cert->not_before);
  return when->by_part ? cert->not_before + (int64_t)(life * when->part) : cert->not_after - when->remaining;
}

bool dc_when_due(const struct dc_when *when, const struct dc_cert *cert, int64_t now) {
  return now >= dc_when_begins(when, cert);
}

/* --- what ----------------------------------------------------------------------------------------------------------- */

static void add_due(struct dc_plan *plan, enum dc_step step, const char *what, const struct dc_cert *cert, int64_t now) {
  char time[DC_CLOCK_TEXT_MAX];
  dc_plan_add(plan, step, cert->not_after <= now ? "the %s ended at %s" : "the %s ends at %s", what,
              dc_clock_rfc3339(cert->not_after, time));
}

static enum dc_step way_of_root(const struct dc_holdings *holdings, int64_t now) {
  if (dc_rotate_crosser_ended(holdings, now)) return DC_STEP_ROOT_UNCROSSED;
  return dc_rotate_can_cross(holdings, now) ? DC_STEP_ROOT_CROSSED : DC_STEP_ROOT_STAGED;
}

/* A new issuer under a root that ends no later than the old one would be none: then the root is due. Nor can there be
 * one where nobody has the root's key; where it is kept elsewhere, who has it is asked for it. */
static bool issuer_helps(const struct dc_holdings *holdings) {
  const struct dc_cert *issuer = holdings->chain.certs[0];
  int64_t life = issuer->not_after - issuer->not_before;
  if (!holdings->root_key && !holdings->state.root_key_elsewhere) return false;
  return holdings->root->not_after - issuer->not_after > life / 3;
}

static void plan_ca(const struct dc_holdings *holdings, const struct dc_when *when, int64_t now, struct dc_plan *plan) {
  const struct dc_cert *root = holdings->root, *issuer = holdings->chain.certs[0];
  char time[DC_CLOCK_TEXT_MAX];
  if (holdings->staged) {
    if (now >= holdings->state.switch_at)
      dc_plan_add(plan, DC_STEP_SWITCH, "the staged root was to take over at %s",
                  dc_clock_rfc3339(holdings->state.switch_at, time));
    else if (dc_when_due(when, issuer, now) && issuer_helps(holdings))
      add_due(plan, DC_STEP_ISSUER, "issuer", issuer, now);
  } else if (dc_when_due(when, root, now)) {
    add_due(plan, way_of_root(holdings, now), "root", root, now);
  } else if (dc_when_due(when, issuer, now)) {
    add_due(plan, issuer_helps(holdings) ? DC_STEP_ISSUER : way_of_root(holdings, now), "issuer", issuer, now);
  }
}

static void plan_retirement(const struct dc_holdings *holdings, int64_t now, struct dc_plan *plan) {
  const struct dc_bundle *chain = &holdings->chain, *anchors = &holdings->anchors;
  char time[DC_CLOCK_TEXT_MAX];
  bool retires = holdings->state.retire && now >= holdings->state.retire;
  if (retires)
    dc_plan_add(plan, DC_STEP_RETIRE_ROOTS, "what the issuer before signed has ended at %s",
                dc_clock_rfc3339(holdings->state.retire, time));
  for (size_t i = 0; !retires && i < anchors->count; i++) {
    if (anchors->certs[i] == holdings->root || anchors->certs[i]->not_after > now) continue;
    add_due(plan, DC_STEP_RETIRE_ROOTS, "old root", anchors->certs[i], now);
    retires = true;
  }
  for (size_t i = 1; i < chain->count; i++) {
    if (chain->certs[i]->not_after > now) continue;
    add_due(plan, DC_STEP_RETIRE_CROSSES, "cross-certificate", chain->certs[i], now);
    return;
  }
}

static void plan_client(const struct dc_holdings *holdings, const struct dc_when *when, int64_t now,
                        struct dc_plan *plan) {
  const struct dc_cert *client = holdings->client.count ? holdings->client.certs[0] : NULL;
  /* one that ends with its issuer is not made better by another one */
  bool helps = client && client->not_after < holdings->chain.certs[0]->not_after;
  if (!client)
    dc_plan_add(plan, DC_STEP_CLIENT, "there is no client pair that can be used, which sidecars up to 1.13 are started "
                                      "with");
  else if (helps && dc_when_due(when, client, now))
    add_due(plan, DC_STEP_CLIENT, "client pair", client, now);
}

void dc_plan_make(const struct dc_holdings *holdings, const struct dc_when *when, int64_t now, struct dc_plan *plan) {
  plan->count = 0;
  plan_retirement(holdings, now, plan); /* first: a new root puts off the retirement of others */
  plan_ca(holdings, when, now, plan);
  plan_client(holdings, when, now, plan);
}

struct agenda {
  struct dc_next *rows;
  size_t count;
};

/* In its place by time; a step that is there already stays where that is earlier. */
static void consider(struct agenda *agenda, enum dc_step step, int64_t at) {
  size_t i = 0;
  if (!at) return;
  while (i < agenda->count && agenda->rows[i].step != step) i++;
  if (i < agenda->count && agenda->rows[i].at <= at) return;
  if (i == agenda->count) agenda->count++;
  for (; i > 0 && agenda->rows[i - 1].at > at; i--) agenda->rows[i] = agenda->rows[i - 1];
  agenda->rows[i] = (struct dc_next){step, at};
}

/* A new root brings a new issuer: what was foreseen for the old one is void. */
static void drop_void(struct agenda *agenda) {
  bool replaced = false;
  size_t kept = 0;
  for (size_t i = 0; i < agenda->count; i++) {
    const struct dc_next row = agenda->rows[i];
    if (!replaced || row.step != DC_STEP_ISSUER) agenda->rows[kept++] = row;
    replaced = replaced || row.step == DC_STEP_SWITCH || row.step == DC_STEP_ROOT_CROSSED ||
               row.step == DC_STEP_ROOT_UNCROSSED;
  }
  agenda->count = kept;
}

size_t dc_plan_coming(const struct dc_holdings *holdings, const struct dc_when *when, int64_t now,
                      struct dc_next coming[DC_STEPS]) {
  const struct dc_cert *issuer = holdings->chain.certs[0];
  struct agenda agenda = {.rows = coming};
  enum dc_step way = way_of_root(holdings, now);
  bool helps = issuer_helps(holdings);
  if (holdings->staged) consider(&agenda, DC_STEP_SWITCH, holdings->state.switch_at);
  if (!holdings->staged) consider(&agenda, way, dc_when_begins(when, holdings->root));
  if (!holdings->staged || helps) consider(&agenda, helps ? DC_STEP_ISSUER : way, dc_when_begins(when, issuer));
  consider(&agenda, DC_STEP_RETIRE_ROOTS, holdings->state.retire);
  for (size_t i = 0; i < holdings->anchors.count; i++) {
    const struct dc_cert *anchor = holdings->anchors.certs[i];
    if (anchor != holdings->root && anchor != holdings->staged)
      consider(&agenda, DC_STEP_RETIRE_ROOTS, anchor->not_after);
  }
  for (size_t i = 1; i < holdings->chain.count; i++)
    consider(&agenda, DC_STEP_RETIRE_CROSSES, holdings->chain.certs[i]->not_after);
  drop_void(&agenda);
  return agenda.count;
}

struct dc_next dc_plan_next(const struct dc_holdings *holdings, const struct dc_when *when, int64_t now) {
  struct dc_next coming[DC_STEPS];
  return dc_plan_coming(holdings, when, now, coming) ? coming[0] : (struct dc_next){.at = 0};
}
