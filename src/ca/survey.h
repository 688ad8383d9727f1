/* SPDX-License-Identifier: Apache-2.0 */
/* What an operator wants to know of an authority's directory: what is there, who signed whom, what is wrong, what comes
 * next, and who has to be restarted by when. Nothing is changed, no lock is taken. */
#ifndef DC_CA_SURVEY_H
#define DC_CA_SURVEY_H

#include <sys/types.h>

#include "ca/crosses.h"
#include "ca/plan.h"

enum dc_role {
  DC_ROLE_ROOT,         /* who signed the issuer, or the end of its chain */
  DC_ROLE_STAGED_ROOT,  /* published, and signs nothing yet */
  DC_ROLE_OLD_ROOT,     /* stays in ca.crt for what its issuer signed */
  DC_ROLE_OTHER_ROOT,   /* in ca.crt, and nothing that is here hangs on it */
  DC_ROLE_ISSUER,
  DC_ROLE_CROSS,        /* a root's key, certified by an older one */
  DC_ROLE_OLD_ISSUER,   /* which signed a cross-certificate in its root's place */
  DC_ROLE_INTERMEDIATE, /* a CA between root and issuer */
  DC_ROLE_CLIENT,       /* the pair for sidecars up to 1.13 */
  DC_ROLES,
};
/* "root", "old-root", "cross-certificate", ...: for reports. */
const char *dc_role_name(enum dc_role role);

enum dc_life { DC_LIFE_GOOD, DC_LIFE_DUE, DC_LIFE_ENDED, DC_LIFE_NOT_BEGUN };
const char *dc_life_name(enum dc_life life); /* "good", "due", "ended", "not-begun" */

enum { DC_SURVEY_NOBODY = -1 };

struct dc_survey_cert {
  enum dc_role role;
  enum dc_life life;
  const struct dc_cert *cert; /* of the survey */
  const char *file;           /* where it is: "ca.crt" */
  const char *key;            /* where its key is, in the directory; NULL: not there */
  int signer;                 /* the index of who signed it, which may be its own; DC_SURVEY_NOBODY: none of these */
  int64_t changes;            /* when an old root leaves ca.crt, a staged one takes over; 0: not known */
};

/* A private key's file. */
struct dc_survey_key {
  const char *file;
  mode_t mode;
  char kind[DC_SPKI_TEXT_MAX]; /* "EC P-256"; empty: it cannot be read */
};

enum { DC_SURVEY_CERTS_MAX = 2 * DC_BUNDLE_MAX + 1, DC_SURVEY_KEYS_MAX = 8 };

struct dc_survey {
  struct dc_holdings holdings;
  struct dc_bundle client; /* client.crt, whether or not it can be used */
  struct dc_survey_cert certs[DC_SURVEY_CERTS_MAX];
  size_t count;
  struct dc_survey_key keys[DC_SURVEY_KEYS_MAX];
  size_t key_count;
  struct dc_buf problems, warnings; /* a line each */
  bool whole;        /* the parts belong together: the following is known */
  bool anchors_only; /* ca.crt alone, as where sidecars are started that another machine serves: no problem */
  struct dc_plan plan;
  bool due; /* something ends, or waits for "daprcerts rotate"; a client pair that is missing does not count */
  struct dc_next coming[DC_STEPS]; /* what comes after now */
  size_t coming_count;
  struct dc_cohort cohorts[DC_CROSSES_COHORTS_MAX]; /* borrow from the holdings */
  size_t cohort_count;
};
#define DC_SURVEY_INIT {.count = 0}

/* What is asked; borrowed for the call. */
struct dc_survey_ask {
  const char *dir;
  bool named; /* the directory is not the usual one: advice names it */
  struct dc_when when;
  int64_t now;
};

/* OUT is DC_SURVEY_INIT, and is to be freed. What is wrong with the directory is no failure: DC_ENOMEM is. */
int dc_survey_make(const struct dc_survey_ask *ask, struct dc_survey *out, struct dc_err *err) DC_NODISCARD;
void dc_survey_free(struct dc_survey *survey); /* for DC_CLEANUP too */
/* The root that counts: who signed the issuer, else the first certificate of ca.crt; NULL: none. */
const struct dc_cert *dc_survey_root(const struct dc_survey *survey);

#endif
