/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "ca/survey.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/os.h"
#include "base/path.h"
#include "ca/authority.h"
#include "store/publish.h"

enum { RECENT = 30 * 86400 }; /* seconds for which it is told who had to be restarted at once */

static const char *const roles[DC_ROLES] = {
    [DC_ROLE_ROOT] = "root",
    [DC_ROLE_STAGED_ROOT] = "staged-root",
    [DC_ROLE_OLD_ROOT] = "old-root",
    [DC_ROLE_OTHER_ROOT] = "other-root",
    [DC_ROLE_ISSUER] = "issuer",
    [DC_ROLE_CROSS] = "cross-certificate",
    [DC_ROLE_OLD_ISSUER] = "old-issuer",
    [DC_ROLE_INTERMEDIATE] = "intermediate",
    [DC_ROLE_CLIENT] = "client",
};

const char *dc_role_name(enum dc_role role) { return roles[role]; }

const char *dc_life_name(enum dc_life life) {
  static const char *const names[] = {"good", "due", "ended", "not-begun"};
  return names[life];
}

static void problem(struct dc_survey *survey, const char *text) { dc_buf_printf(&survey->problems, "%s\n", text); }

/* --- files -------------------------------------------------------------------------------------------------------- */

/* For advice: the option, and the directory in it. */
static const char *option(const struct dc_survey_ask *ask) { return ask->named ? " --dir " : ""; }
static const char *operand(const struct dc_survey_ask *ask) { return ask->named ? ask->dir : ""; }

/* A file that cannot be looked at is there: reading it tells why it is of no use. */
static int find_files(const struct dc_survey_ask *ask, bool there[DC_FILES], struct dc_survey *survey) {
  const char *names[DC_FILES];
  struct dc_err err = DC_ERR_INIT;
  size_t count = 0, failed = 0;
  for (size_t i = 0; i < DC_FILES; i++) names[i] = dc_layout_files[i].name;
  bool whole = dc_publish_present(ask->dir, names, DC_FILES, there, NULL) == 0;
  for (size_t i = 0; i < DC_FILES; i++) {
    bool fails = !whole && dc_publish_present(ask->dir, &names[i], 1, &there[i], &err);
    there[i] = there[i] || fails;
    failed += fails;
    count += there[i];
  }
  if (failed == DC_FILES) problem(survey, err.text); /* the directory itself */
  if (!count)
    dc_buf_printf(&survey->problems, "there is no CA in '%s': \"daprcerts ca-init%s%s\" makes one\n", ask->dir,
                  option(ask), operand(ask));
  return count && failed < DC_FILES ? 0 : -1;
}

static void tell_missing(const bool there[DC_FILES], struct dc_survey *survey) {
  static const enum dc_file needed[] = {DC_FILE_CA_CRT, DC_FILE_ISSUER_CRT, DC_FILE_ISSUER_KEY};
  for (size_t i = 0; i < DC_COUNT(needed); i++)
    if (!there[needed[i]]) dc_buf_printf(&survey->problems, "%s is missing\n", dc_layout_files[needed[i]].name);
}

static void look_at_key(const char *dir, const char *name, struct dc_survey *survey) {
  struct dc_survey_key *row = &survey->keys[survey->key_count];
  struct dc_buf pem DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_key *key DC_CLEANUP(dc_key_cleanup) = NULL;
  char *path DC_CLEANUP(dc_mem_free) = dc_path_join(dir, name);
  struct stat status;
  if (!path || stat(path, &status)) return; /* what is not there was told where it is needed */
  *row = (struct dc_survey_key){.file = name, .mode = status.st_mode & 07777};
  survey->key_count++;
  if (dc_publish_read(dir, &name, 1, DC_PUBLISH_FILE_MAX, &pem, NULL) == 0 &&
      dc_key_from_pem(dc_buf_text(&pem), pem.len, &key, NULL) == 0)
    (void)dc_spki_text(dc_key_public(key), row->kind);
  if (!(row->mode & 077)) return;
  dc_buf_printf(&survey->warnings, "'%s' is open to others (mode %04o): \"", name, (unsigned)row->mode);
  dc_os_add_closing(&survey->warnings, path);
  dc_buf_add_text(&survey->warnings, "\" closes it\n");
}

/* Keys that no certificate of ours speaks of: nothing else would find them broken. */
static void look_at_token_keys(const char *dir, struct dc_survey *survey) {
  static const char *const names[] = {"token.key", "jwt.key"};
  for (size_t i = 0; i < DC_COUNT(names); i++) {
    size_t before = survey->key_count;
    look_at_key(dir, names[i], survey);
    if (survey->key_count > before && !survey->keys[before].kind[0])
      dc_buf_printf(&survey->problems, "%s holds no key that can be read\n", names[i]);
  }
}

static void look_at_keys(const char *dir, struct dc_survey *survey) {
  static const char *const names[] = {"ca.key", DC_LAYOUT_STAGED_KEY, "issuer.key", "client.key"};
  for (size_t i = 0; i < DC_COUNT(names); i++) look_at_key(dir, names[i], survey);
  look_at_token_keys(dir, survey);
}

static void look_at_publication(const struct dc_survey_ask *ask, struct dc_survey *survey) {
  if (dc_publish_is_marked(ask->dir) && dc_lock_is_held(ask->dir) != 1)
    dc_buf_printf(&survey->warnings,
                  "a publication was interrupted when its set was complete: daprcerts reads it from %s, other programs "
                  "may see files of two sets; the next \"daprcerts rotate%s%s\" finishes it\n",
                  DC_LAYOUT_NEXT, option(ask), operand(ask));
}

/* --- certificates ------------------------------------------------------------------------------------------------- */

static enum dc_role role_of_anchor(const struct dc_survey *survey, const struct dc_cert *anchor) {
  const struct dc_holdings *holdings = &survey->holdings;
  struct dc_buf print DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  if (anchor == holdings->root || !holdings->root) return DC_ROLE_ROOT;
  if (anchor == holdings->staged) return DC_ROLE_STAGED_ROOT;
  bool retires = dc_cert_fingerprint(anchor, &print, NULL) == 0 &&
                 dc_state_retires(&holdings->state, dc_buf_text(&print));
  return retires ? DC_ROLE_OLD_ROOT : DC_ROLE_OTHER_ROOT;
}

static enum dc_role role_above(const struct dc_holdings *holdings, size_t i) {
  static const enum dc_role roles_above[] = {[DC_ABOVE_CROSS] = DC_ROLE_CROSS,
                                             [DC_ABOVE_OLD_ISSUER] = DC_ROLE_OLD_ISSUER,
                                             [DC_ABOVE_INTERMEDIATE] = DC_ROLE_INTERMEDIATE};
  return roles_above[dc_crosses_kind(&holdings->anchors, &holdings->chain, i)];
}

static struct dc_survey_cert *add(struct dc_survey *survey, enum dc_role role, const struct dc_cert *cert,
                                  enum dc_file file) {
  struct dc_survey_cert *row = &survey->certs[survey->count++];
  *row = (struct dc_survey_cert){.role = role, .cert = cert, .file = dc_layout_files[file].name};
  return row;
}

static void add_anchors(struct dc_survey *survey, enum dc_role role) {
  const struct dc_holdings *holdings = &survey->holdings;
  for (size_t i = 0; i < holdings->anchors.count; i++) {
    const struct dc_cert *anchor = holdings->anchors.certs[i];
    if (role_of_anchor(survey, anchor) != role) continue;
    struct dc_survey_cert *row = add(survey, role, anchor, DC_FILE_CA_CRT);
    if (role == DC_ROLE_OLD_ROOT) row->changes = holdings->state.retire;
    if (row->changes > anchor->not_after) row->changes = anchor->not_after;
    if (role == DC_ROLE_STAGED_ROOT) row->changes = holdings->state.switch_at;
  }
}

static void add_certs(struct dc_survey *survey) {
  const struct dc_holdings *holdings = &survey->holdings;
  for (enum dc_role role = DC_ROLE_ROOT; role <= DC_ROLE_OTHER_ROOT; role++) add_anchors(survey, role);
  for (size_t i = 0; i < holdings->chain.count; i++)
    (void)add(survey, i ? role_above(holdings, i) : DC_ROLE_ISSUER, holdings->chain.certs[i], DC_FILE_ISSUER_CRT);
  if (survey->client.count) (void)add(survey, DC_ROLE_CLIENT, survey->client.certs[0], DC_FILE_CLIENT_CRT);
}

static void find_signer(struct dc_survey *survey, size_t index) {
  struct dc_survey_cert *row = &survey->certs[index];
  row->signer = DC_SURVEY_NOBODY;
  if (dc_cert_self_signed(row->cert)) row->signer = (int)index;
  for (size_t i = 0; row->signer == DC_SURVEY_NOBODY && i < survey->count; i++) {
    const struct dc_cert *other = survey->certs[i].cert;
    if (i != index && dc_slice_equal(row->cert->issuer, other->subject) &&
        dc_cert_signed_by(row->cert, other, NULL) == 0)
      row->signer = (int)i;
  }
}

static bool is_key_of(const struct dc_key *key, const struct dc_cert *cert) {
  return key && dc_spki_equal(dc_key_public(key), &cert->spki);
}

static void find_keys(struct dc_survey *survey, const struct dc_key *client_key) {
  const struct dc_holdings *holdings = &survey->holdings;
  for (size_t i = 0; i < survey->count; i++) {
    struct dc_survey_cert *row = &survey->certs[i];
    if (row->role <= DC_ROLE_OTHER_ROOT && is_key_of(holdings->root_key, row->cert)) row->key = "ca.key";
    if (row->role == DC_ROLE_STAGED_ROOT && is_key_of(holdings->staged_key, row->cert)) row->key = DC_LAYOUT_STAGED_KEY;
    if (row->role == DC_ROLE_ISSUER && is_key_of(holdings->issuer_key, row->cert)) row->key = "issuer.key";
    if (row->role == DC_ROLE_CLIENT && is_key_of(client_key, row->cert)) row->key = "client.key";
  }
}

/* --- the client pair ---------------------------------------------------------------------------------------------- */

/* Its certificate, its key; what keeps it from being used is a problem, though not one of sentry's. */
static int read_client(struct dc_survey *survey, struct dc_key **key, struct dc_err *err) {
  const struct dc_holdings *holdings = &survey->holdings;
  const struct dc_buf *crt = &holdings->files[DC_FILE_CLIENT_CRT], *pem = &holdings->files[DC_FILE_CLIENT_KEY];
  bool has_crt = holdings->there[DC_FILE_CLIENT_CRT], has_key = holdings->there[DC_FILE_CLIENT_KEY];
  if (!has_crt && !has_key) return 0;
  if (!has_crt || !has_key)
    return dc_err_set(err, DC_ENOENT, "%s is missing beside %s", has_crt ? "client.key" : "client.crt",
                      has_crt ? "client.crt" : "client.key");
  int rc = dc_bundle_add_pem(&survey->client, dc_buf_text(crt), crt->len, err);
  if (rc) return dc_err_add(err, rc, "client.crt");
  rc = dc_key_from_pem(dc_buf_text(pem), pem->len, key, err);
  if (rc) return dc_err_add(err, rc, "client.key");
  if (is_key_of(*key, survey->client.certs[0])) return 0;
  return dc_err_set(err, DC_EMISMATCH, "client.key does not match the certificate in client.crt");
}

static void look_at_client(const struct dc_survey_ask *ask, struct dc_survey *survey, struct dc_key **key) {
  const struct dc_bundle *chain = &survey->holdings.chain;
  struct dc_err err = DC_ERR_INIT;
  if (read_client(survey, key, &err)) problem(survey, err.text);
  if (survey->client.count && chain->count && dc_cert_signed_by(survey->client.certs[0], chain->certs[0], NULL))
    dc_buf_printf(&survey->warnings,
                  "the client pair was not signed by the issuer: move it away, and \"daprcerts rotate%s%s\" makes "
                  "another\n",
                  option(ask), operand(ask));
}

/* --- time --------------------------------------------------------------------------------------------------------- */

static bool plan_replaces_ca(const struct dc_plan *plan) {
  return dc_plan_has(plan, DC_STEP_SWITCH) || dc_plan_has(plan, DC_STEP_ROOT_CROSSED) ||
         dc_plan_has(plan, DC_STEP_ROOT_UNCROSSED) || dc_plan_has(plan, DC_STEP_ROOT_STAGED) ||
         dc_plan_has(plan, DC_STEP_ISSUER);
}

static bool is_due(const struct dc_survey *survey, const struct dc_survey_cert *row, const struct dc_when *when,
                   int64_t now) {
  switch (row->role) {
    case DC_ROLE_ROOT: return !survey->holdings.staged && dc_when_due(when, row->cert, now);
    case DC_ROLE_ISSUER: return dc_when_due(when, row->cert, now) && plan_replaces_ca(&survey->plan);
    case DC_ROLE_STAGED_ROOT: return dc_plan_has(&survey->plan, DC_STEP_SWITCH);
    case DC_ROLE_OLD_ROOT: return row->changes && now >= row->changes;
    case DC_ROLE_CLIENT: return dc_plan_has(&survey->plan, DC_STEP_CLIENT);
    case DC_ROLE_OTHER_ROOT:
    case DC_ROLE_CROSS:
    case DC_ROLE_OLD_ISSUER:
    case DC_ROLE_INTERMEDIATE:
    case DC_ROLES: return false;
  }
  return false;
}

static void judge(struct dc_survey *survey, const struct dc_when *when, int64_t now) {
  for (size_t i = 0; i < survey->count; i++) {
    struct dc_survey_cert *row = &survey->certs[i];
    row->life = now > row->cert->not_after               ? DC_LIFE_ENDED
                : now < row->cert->not_before            ? DC_LIFE_NOT_BEGUN
                : is_due(survey, row, when, now)         ? DC_LIFE_DUE
                                                         : DC_LIFE_GOOD;
  }
}

/* By the rules of a sentry: whether the set serves. */
static void check_authority(struct dc_survey *survey, int64_t now) {
  const struct dc_buf *files = survey->holdings.files;
  struct dc_authority *authority DC_CLEANUP(dc_authority_cleanup) = NULL;
  struct dc_err err = DC_ERR_INIT;
  const struct dc_authority_files set = {
      .ca_crt = {files[DC_FILE_CA_CRT].data, files[DC_FILE_CA_CRT].len},
      .issuer_crt = {files[DC_FILE_ISSUER_CRT].data, files[DC_FILE_ISSUER_CRT].len},
      .issuer_key = {files[DC_FILE_ISSUER_KEY].data, files[DC_FILE_ISSUER_KEY].len},
  };
  if (dc_authority_load(&set, now, &authority, &err)) problem(survey, err.text);
}

/* --- restarts ----------------------------------------------------------------------------------------------------- */

/* Of those whose time has passed nothing is told; of those who had to be restarted at once it is for a while. */
static void find_cohorts(struct dc_survey *survey, int64_t now) {
  const struct dc_holdings *holdings = &survey->holdings;
  size_t count = dc_crosses_cohorts(&holdings->anchors, &holdings->chain, &holdings->state, survey->cohorts);
  for (size_t i = 0; i < count; i++) {
    const struct dc_cohort cohort = survey->cohorts[i];
    if (cohort.by ? cohort.by >= now : now - cohort.started_before < RECENT)
      survey->cohorts[survey->cohort_count++] = cohort;
  }
}

/* --- the whole ---------------------------------------------------------------------------------------------------- */

static void look_ahead(struct dc_survey *survey, const struct dc_when *when, int64_t now) {
  const struct dc_holdings *holdings = &survey->holdings;
  struct dc_next coming[DC_STEPS];
  size_t count = dc_plan_coming(holdings, when, now, coming);
  dc_plan_make(holdings, when, now, &survey->plan);
  for (size_t i = 0; i < count; i++)
    if (coming[i].at > now) survey->coming[survey->coming_count++] = coming[i];
  bool has_client = holdings->there[DC_FILE_CLIENT_CRT] || holdings->there[DC_FILE_CLIENT_KEY];
  for (size_t i = 0; i < survey->plan.count; i++)
    survey->due = survey->due || survey->plan.rows[i].step != DC_STEP_CLIENT || has_client;
  find_cohorts(survey, now);
}

/* Sidecars go by these alone: by the last one to end. */
static void judge_anchors(struct dc_survey *survey, const struct dc_when *when, int64_t now) {
  const struct dc_bundle *anchors = &survey->holdings.anchors;
  const struct dc_cert *last = NULL;
  char time[DC_CLOCK_TEXT_MAX];
  for (size_t i = 0; i < anchors->count; i++)
    if (!last || anchors->certs[i]->not_after > last->not_after) last = anchors->certs[i];
  if (!last) return;
  survey->due = dc_when_due(when, last, now);
  if (now > last->not_after)
    dc_buf_printf(&survey->problems, "every root in ca.crt has ended, the last one at %s\n",
                  dc_clock_rfc3339(last->not_after, time));
}

static void read_directory(const char *dir, const bool there[DC_FILES], struct dc_survey *survey) {
  struct dc_err err = DC_ERR_INIT;
  survey->anchors_only = there[DC_FILE_CA_CRT] && !there[DC_FILE_ISSUER_CRT] && !there[DC_FILE_ISSUER_KEY];
  survey->whole = !survey->anchors_only && dc_holdings_load(dir, NULL, &survey->holdings, &err) == 0;
  if (survey->whole) return;
  size_t before = survey->problems.len;
  if (!survey->anchors_only) tell_missing(there, survey);
  dc_holdings_salvage(dir, &survey->holdings, &survey->problems);
  if (!survey->anchors_only && survey->problems.len == before) problem(survey, err.text); /* gone meanwhile, or odd */
}

int dc_survey_make(const struct dc_survey_ask *ask, struct dc_survey *out, struct dc_err *err) {
  struct dc_key *client_key DC_CLEANUP(dc_key_cleanup) = NULL;
  bool there[DC_FILES] = {false};
  if (find_files(ask, there, out) == 0) {
    read_directory(ask->dir, there, out);
    look_at_client(ask, out, &client_key);
    add_certs(out);
    for (size_t i = 0; i < out->count; i++) find_signer(out, i);
    find_keys(out, client_key);
    if (out->whole) check_authority(out, ask->now);
    if (out->whole) look_ahead(out, &ask->when, ask->now);
    if (out->anchors_only) judge_anchors(out, &ask->when, ask->now);
    judge(out, &ask->when, ask->now);
    look_at_publication(ask, out);
  }
  look_at_keys(ask->dir, out);
  int rc = dc_buf_check(&out->problems, err);
  return rc ? rc : dc_buf_check(&out->warnings, err);
}

void dc_survey_free(struct dc_survey *survey) {
  dc_holdings_free(&survey->holdings);
  dc_bundle_free(&survey->client);
  dc_buf_free(&survey->problems);
  dc_buf_free(&survey->warnings);
  *survey = (struct dc_survey)DC_SURVEY_INIT;
}

const struct dc_cert *dc_survey_root(const struct dc_survey *survey) {
  const struct dc_holdings *holdings = &survey->holdings;
  if (holdings->root) return holdings->root;
  return holdings->anchors.count ? holdings->anchors.certs[0] : NULL;
}
