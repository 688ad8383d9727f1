/* SPDX-License-Identifier: Apache-2.0 */
/* What is due in an authority's directory, and why. */
#ifndef DC_CA_PLAN_H
#define DC_CA_PLAN_H

#include "ca/rotate.h"

enum dc_step {
  DC_STEP_SWITCH,         /* the staged root takes over */
  DC_STEP_ROOT_CROSSED,   /* a new root, cross-signed, with a new issuer */
  DC_STEP_ROOT_UNCROSSED, /* the same without a cross-certificate, since who would sign it has ended */
  DC_STEP_ROOT_STAGED,    /* a new root beside the old one */
  DC_STEP_ROOT_SAME_KEY,  /* a new certificate of the root; only when asked for */
  DC_STEP_ROOT_COMPROMISED, /* and so this one */
  DC_STEP_ROOT_GIVEN,     /* and this */
  DC_STEP_ISSUER,         /* a new issuer under the root */
  DC_STEP_RETIRE_ROOTS,   /* old roots leave ca.crt */
  DC_STEP_RETIRE_CROSSES, /* cross-certificates leave issuer.crt */
  DC_STEP_CLIENT,         /* a new client pair */
  DC_STEPS,
};
/* "issuer", "root-cross-signed", ...: for reports. */
const char *dc_step_name(enum dc_step step);

enum { DC_PLAN_REASON_MAX = 160 };

struct dc_plan {
  struct {
    enum dc_step step;
    char reason[DC_PLAN_REASON_MAX]; /* "the issuer ends at 2027-... and two thirds of its life are over" */
  } rows[DC_STEPS];
  size_t count; /* 0: nothing is due */
};

/* When a certificate is due: by the part of its life that is over, or by what is left. */
struct dc_when {
  bool by_part;
  double part;       /* 0 to 1 */
  int64_t remaining; /* seconds */
};
#define DC_WHEN_USUAL {.by_part = true, .part = 2.0 / 3}
bool dc_when_due(const struct dc_when *when, const struct dc_cert *cert, int64_t now);
/* From when on it is due. */
int64_t dc_when_begins(const struct dc_when *when, const struct dc_cert *cert);

void dc_plan_make(const struct dc_holdings *holdings, const struct dc_when *when, int64_t now, struct dc_plan *plan);
/* What comes next, and when, if nothing is due now. */
struct dc_next {
  enum dc_step step;
  int64_t at;
};
struct dc_next dc_plan_next(const struct dc_holdings *holdings, const struct dc_when *when, int64_t now);
/* All that comes, as far as it can be told today, the first one first; each step once. Their number. */
size_t dc_plan_coming(const struct dc_holdings *holdings, const struct dc_when *when, int64_t now,
                      struct dc_next coming[DC_STEPS]);
void dc_plan_add(struct dc_plan *plan, enum dc_step step, const char *fmt, ...) DC_PRINTF(3, 4);
bool dc_plan_has(const struct dc_plan *plan, enum dc_step step);

#endif
