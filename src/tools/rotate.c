/* SPDX-License-Identifier: Apache-2.0 */
/* daprcerts rotate: what is due of issuer and root, or what is asked for, without an outage. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/duration.h"
#include "base/os.h"
#include "ca/init.h"
#include "ca/plan.h"
#include "store/publish.h"
#include "tools/due.h"
#include "tools/kty.h"
#include "tools/names.h"
#include "tools/report.h"
#include "tools/root_key.h"
#include "tools/tool.h"

enum { FILE_MAX = 1 << 20, DAY = 86400 };

/* --- the command line ---------------------------------------------------------------------------------------------- */

static struct {
  const char *dir, *when, *trust_domain, *ns, *root_key, *root_key_out, *private_key;
  const char *ca_certificate, *issuer_certificate, *issuer_key;
  int64_t root_days, issuer_days, days, leaf_ttl, grace;
  bool root_days_given, issuer_days_given, days_given;
  bool same_key, staged, compromised, force, dry_run, json;
  struct dc_kty key;
} opt = {.root_days = DC_INIT_ROOT_DAYS, .issuer_days = DC_INIT_ISSUER_DAYS,
         .leaf_ttl = DC_ROTATE_LEAF_TTL * DC_SECOND, .grace = DC_ROTATE_GRACE_DAYS * DC_DAY};

static const struct dc_opt opts[] = {
    {.name = "dir", .kind = DC_OPT_STRING, .value = &opt.dir, .arg = "DIR", .help = "the directory of the CA",
     .shown = "$DAPRCERTS_DIR, else $HOME/.dapr/certs"},
    {.name = "when", .kind = DC_OPT_STRING, .value = &opt.when, .arg = "PART",
     .help = "a certificate is due when this part of its life is over (75%), or no more than this is left (720h)",
     .shown = "two thirds"},
    {.name = "dry-run", .letter = 'n', .kind = DC_OPT_FLAG, .value = &opt.dry_run,
     .help = "tell what would be done, change nothing"},
    {.name = "force", .letter = 'f', .kind = DC_OPT_FLAG, .value = &opt.force,
     .help = "retire before it is due; take certificates that running sidecars will not believe; go back to a set that has "
            "ended"},
    {.kind = DC_OPT_HEADING, .help = "How the root is replaced (with \"root\"):"},
    {.name = "same-key", .kind = DC_OPT_FLAG, .value = &opt.same_key, .help = "a new certificate for the same key"},
    {.name = "staged", .kind = DC_OPT_FLAG, .value = &opt.staged,
     .help = "first publish both roots, switch later: needs no cross-certificate"},
    {.name = "grace", .kind = DC_OPT_DURATION, .value = &opt.grace, .min = 0, .arg = "DURATION",
     .help = "from that publication to the switch: every sidecar is to be restarted meanwhile", .shown = "720h"},
    {.name = "compromised", .kind = DC_OPT_FLAG, .value = &opt.compromised,
     .help = "drop the old root at once: every sidecar has to be restarted now"},
    {.name = "private-key", .kind = DC_OPT_STRING, .value = &opt.private_key, .arg = "FILE",
     .help = "use this key for the new root instead of a new one"},
    {.name = "ca-root-certificate", .kind = DC_OPT_STRING, .value = &opt.ca_certificate, .arg = "FILE",
     .help = "use this root, made by others,"},
    {.name = "issuer-public-certificate", .kind = DC_OPT_STRING, .value = &opt.issuer_certificate, .arg = "FILE",
     .help = "and this issuer,"},
    {.name = "issuer-private-key", .kind = DC_OPT_STRING, .value = &opt.issuer_key, .arg = "FILE",
     .help = "and its key: all three or none"},
    {.kind = DC_OPT_HEADING, .help = "Where the root's key is kept elsewhere:"},
    {.name = "root-key", .kind = DC_OPT_STRING, .value = &opt.root_key, .arg = "FILE",
     .help = "the key of the root that is there"},
    {.name = "root-key-out", .kind = DC_OPT_STRING, .value = &opt.root_key_out, .arg = "FILE",
     .help = "write a new root's key there, and not into the directory"},
    {.kind = DC_OPT_HEADING, .help = "How long:"},
    {.name = "root-days", .kind = DC_OPT_NUMBER, .value = &opt.root_days, .given = &opt.root_days_given, .min = 1,
     .max = DC_INIT_DAYS_MAX, .arg = "DAYS", .help = "validity of a new root", .shown = "3650"},
    {.name = "issuer-days", .kind = DC_OPT_NUMBER, .value = &opt.issuer_days, .given = &opt.issuer_days_given, .min = 1,
     .max = DC_INIT_DAYS_MAX, .arg = "DAYS", .help = "validity of a new issuer and client pair", .shown = "365"},
    {.name = "valid-until", .kind = DC_OPT_NUMBER, .value = &opt.days, .given = &opt.days_given, .min = 1,
     .max = DC_INIT_DAYS_MAX, .arg = "DAYS", .help = "validity of both"},
    {.name = "leaf-ttl", .kind = DC_OPT_DURATION, .value = &opt.leaf_ttl, .min = DC_SECOND, .arg = "DURATION",
     .help = "the longest life of a certificate that the old issuer has signed (workloadCertTTL): so long the old root "
             "stays in ca.crt",
     .shown = "24h"},
    {.kind = DC_OPT_HEADING, .help = "Who sentry is:"},
    {.name = "trust-domain", .kind = DC_OPT_STRING, .value = &opt.trust_domain, .arg = "NAME",
     .help = "sentry's trust domain", .shown = "$DAPR_CONTROLPLANE_TRUST_DOMAIN, daprcerts.conf, localhost"},
    {.name = "namespace", .kind = DC_OPT_STRING, .value = &opt.ns, .arg = "NAME", .help = "sentry's namespace",
     .shown = "$NAMESPACE, daprcerts.conf, default"},
    {.kind = DC_OPT_HEADING, .help = "Keys that are made (unless said otherwise, as those that they replace):"},
    DC_KTY_ROWS(opt.key),
    {.kind = DC_OPT_HEADING, .help = "Output:"},
    {.name = "json", .kind = DC_OPT_FLAG, .value = &opt.json, .help = "describe it on standard output"},
};

static const struct dc_cli cli = {
    .program = "daprcerts rotate",
    .operands = "[issuer|root|retire|rollback]",
    .summary = "Replace issuer and root before they end, without an outage; with no operand, whatever is due.",
    .opts = opts,
    .opt_count = DC_COUNT(opts),
    .max_operands = 1,
    .notes = "A new root is cross-signed: sidecars that know only the old one go on working.\n"
             "The files that are replaced are kept until the next rotation: \"daprcerts rotate rollback\".\n"
             "Exit status: 0 done, 1 failed or refused, 2 wrong usage, 3 nothing is due,\n"
             "5 another program is changing the directory.",
};

enum what { DUE, ISSUER, ROOT, RETIRE, ROLLBACK };

static int parse_what(const struct dc_strings *operands, enum what *what, struct dc_err *err) {
  static const char *const words[] = {[DUE] = "", [ISSUER] = "issuer", [ROOT] = "root", [RETIRE] = "retire",
                                      [ROLLBACK] = "rollback"};
  *what = DUE;
  if (!operands->count) return 0;
  for (size_t i = ISSUER; i < DC_COUNT(words); i++) {
    if (strcmp(operands->items[0], words[i]) != 0) continue;
    *what = (enum what)i;
    return 0;
  }
  return dc_err_set(err, DC_EUSAGE, "'%s': one of issuer, root, retire, rollback, or nothing, is to be rotated",
                    operands->items[0]);
}

static bool some_given(void) { return opt.ca_certificate || opt.issuer_certificate || opt.issuer_key; }

static int check_usage(enum what what, struct dc_err *err) {
  int ways = opt.same_key + opt.staged + opt.compromised + some_given();
  if (some_given() && !(opt.ca_certificate && opt.issuer_certificate && opt.issuer_key))
    return dc_err_set(err, DC_EUSAGE, "'--ca-root-certificate', '--issuer-public-certificate' and "
                                      "'--issuer-private-key' go together: all three, or none");
  if (ways > 1)
    return dc_err_set(err, DC_EUSAGE, "'--same-key', '--staged', '--compromised' and certificates made by others exclude "
                                      "each other");
  if ((ways || opt.private_key) && what != ROOT)
    return dc_err_set(err, DC_EUSAGE, "%s replaces the root: say \"daprcerts rotate root\"",
                      opt.same_key      ? "'--same-key'"
                      : opt.staged      ? "'--staged'"
                      : opt.compromised ? "'--compromised'"
                      : opt.private_key ? "'--private-key'"
                                        : "'--ca-root-certificate'");
  if (opt.private_key && (opt.same_key || some_given()))
    return dc_err_set(err, DC_EUSAGE, "'--private-key' is the key of a new root, and %s makes none",
                      opt.same_key ? "'--same-key'" : "'--ca-root-certificate'");
  if (opt.root_key_out && (what == ISSUER || what == RETIRE || what == ROLLBACK || (ways && !opt.compromised)))
    return dc_err_set(err, DC_EUSAGE, "'--root-key-out' is for the key of a root that is made and signs at once%s",
                      opt.staged ? ": name it at the switch" : "");
  if (opt.days_given && (opt.root_days_given || opt.issuer_days_given))
    return dc_err_set(err, DC_EUSAGE, "'--valid-until' is for both, and excludes '--root-days' and '--issuer-days'");
  return 0;
}

/* --- what everything below needs ----------------------------------------------------------------------------------- */

struct job {
  enum what what;
  char *dir;
  struct dc_settings settings;
  struct dc_when when;
  struct dc_rotation rotation;
  struct dc_key *new_root_key;
  struct dc_publication publication;
  struct dc_holdings holdings;
  struct dc_plan plan;
  bool published;
};

static void job_free(struct job *job) {
  free(job->dir);
  dc_settings_free(&job->settings);
  dc_key_free(job->new_root_key);
  dc_publish_end(&job->publication);
  dc_holdings_free(&job->holdings);
}

static int set_keys(struct job *job, struct dc_err *err) {
  struct dc_buf pem DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  bool given = opt.key.kty_given || opt.key.crv_given || opt.key.size_given;
  int rc = given ? dc_kty_resolve(&opt.key, &job->rotation.kind, &job->rotation.rsa_bits, err) : 0;
  if (rc || !opt.private_key) return rc;
  rc = dc_os_read_file(opt.private_key, FILE_MAX, &pem, err);
  if (!rc) rc = dc_key_from_pem(dc_buf_text(&pem), pem.len, &job->new_root_key, err);
  if (rc) return dc_err_add(err, rc, "the key '%s'", opt.private_key);
  job->rotation.new_root_key = job->new_root_key;
  return 0;
}

static int prepare(struct job *job, struct dc_err *err) {
  struct dc_rotation *rotation = &job->rotation;
  int rc = dc_names_read(&cli, opt.dir, &job->dir, &job->settings, err);
  if (!rc) rc = dc_names_own(opt.trust_domain, opt.ns, &job->settings, &rotation->trust_domain, &rotation->ns, err);
  if (!rc && opt.when) rc = dc_due_parse("when", opt.when, &job->when, err);
  if (!rc) rc = set_keys(job, err);
  rotation->now = dc_clock_wall();
  rotation->root_not_after = rotation->now + (opt.days_given ? opt.days : opt.root_days) * DAY;
  rotation->issuer_not_after = rotation->now + (opt.days_given ? opt.days : opt.issuer_days) * DAY;
  rotation->leaf_ttl = opt.leaf_ttl / DC_SECOND;
  rotation->grace = opt.grace / DC_SECOND;
  return rc;
}

static const struct dc_publication *writer(const struct job *job) { return opt.dry_run ? NULL : &job->publication; }

/* Under the lock, unless nothing is to be changed. */
static int load(struct job *job, struct dc_err *err) {
  struct dc_buf pem DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  int there = dc_os_exists(job->dir, err);
  if (there <= 0)
    return there < 0 ? there : dc_err_set(err, DC_ENOENT, "'%s' is not there: \"daprcerts ca-init\" makes a CA", job->dir);
  int rc = opt.dry_run ? 0 : dc_publish_begin(job->dir, &job->publication, err);
  if (!rc && job->what != ROLLBACK) rc = dc_holdings_load(job->dir, writer(job), &job->holdings, err);
  if (rc || !opt.root_key || job->what == ROLLBACK) return rc;
  rc = dc_os_read_file(opt.root_key, FILE_MAX, &pem, err);
  return rc ? rc
            : dc_holdings_give_root_key(&job->holdings, opt.root_key, (struct dc_slice){pem.data, pem.len}, err);
}

/* --- the plan ------------------------------------------------------------------------------------------------------- */

static enum dc_step root_step(const struct job *job) {
  if (opt.same_key) return DC_STEP_ROOT_SAME_KEY;
  if (opt.compromised) return DC_STEP_ROOT_COMPROMISED;
  if (some_given()) return DC_STEP_ROOT_GIVEN;
  if (opt.staged) return DC_STEP_ROOT_STAGED;
  return dc_rotate_crosser_ended(&job->holdings, job->rotation.now) ? DC_STEP_ROOT_UNCROSSED : DC_STEP_ROOT_CROSSED;
}

static void plan_retirement(const struct job *job, struct dc_plan *plan) {
  struct dc_plan due = {.count = 0};
  const struct dc_holdings *holdings = &job->holdings;
  dc_plan_make(holdings, &job->when, job->rotation.now, &due);
  for (size_t i = 0; i < due.count; i++)
    if (due.rows[i].step == DC_STEP_RETIRE_ROOTS || due.rows[i].step == DC_STEP_RETIRE_CROSSES)
      plan->rows[plan->count++] = due.rows[i];
  /* where nothing is to leave, that everything has been restarted may still be said */
  bool restarts_alone = holdings->state.since && !holdings->state.switch_at && holdings->chain.count <= 1;
  if (opt.force && (holdings->state.retiring_count || restarts_alone) && !dc_plan_has(plan, DC_STEP_RETIRE_ROOTS))
    dc_plan_add(plan, DC_STEP_RETIRE_ROOTS, "asked for with --force");
  if (opt.force && holdings->chain.count > 1 && !dc_plan_has(plan, DC_STEP_RETIRE_CROSSES))
    dc_plan_add(plan, DC_STEP_RETIRE_CROSSES, "asked for with --force");
}

static void make_plan(struct job *job) {
  struct dc_plan *plan = &job->plan;
  plan->count = 0;
  if (job->what == DUE) dc_plan_make(&job->holdings, &job->when, job->rotation.now, plan);
  if (job->what == ISSUER) dc_plan_add(plan, DC_STEP_ISSUER, "asked for");
  if (job->what == ROOT) dc_plan_add(plan, root_step(job), "asked for");
  if (job->what == RETIRE) plan_retirement(job, plan);
}

/* --- its steps ------------------------------------------------------------------------------------------------------ */

static int read_given(struct dc_bundle *anchors, struct dc_bundle *chain, struct dc_key **key, struct dc_err *err) {
  struct dc_buf ca DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, crt DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_buf pem DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  int rc = dc_os_read_file(opt.ca_certificate, FILE_MAX, &ca, err);
  if (!rc) rc = dc_os_read_file(opt.issuer_certificate, FILE_MAX, &crt, err);
  if (!rc) rc = dc_os_read_file(opt.issuer_key, FILE_MAX, &pem, err);
  if (rc) return rc;
  const struct dc_authority_files files = {.ca_crt = {ca.data, ca.len},
                                           .issuer_crt = {crt.data, crt.len},
                                           .issuer_key = {pem.data, pem.len},
                                           .ca_crt_name = opt.ca_certificate,
                                           .issuer_crt_name = opt.issuer_certificate,
                                           .issuer_key_name = opt.issuer_key};
  struct dc_authority *authority DC_CLEANUP(dc_authority_cleanup) = NULL;
  rc = dc_authority_load(&files, dc_clock_wall(), &authority, err);
  if (!rc) rc = dc_bundle_add_pem(anchors, dc_buf_text(&ca), ca.len, err);
  struct dc_slice pem_chain = rc ? (struct dc_slice){NULL, 0} : dc_authority_chain_pem(authority);
  if (!rc) rc = dc_bundle_add_pem(chain, (const char *)pem_chain.data, pem_chain.len, err);
  return rc ? rc : dc_key_from_pem(dc_buf_text(&pem), pem.len, key, err);
}

static void warn_of_outage(void) {
  dc_tool_warn(&cli, "no sidecar that is running will believe the new certificates, until it is restarted");
}

static int take_given(struct job *job, struct dc_err *err) {
  struct dc_bundle anchors DC_CLEANUP(dc_bundle_free) = DC_BUNDLE_INIT, chain DC_CLEANUP(dc_bundle_free) = DC_BUNDLE_INIT;
  struct dc_key *key = NULL;
  bool breaks = false, asks_for_key = job->holdings.state.root_key_elsewhere && !job->holdings.root_key;
  int rc = read_given(&anchors, &chain, &key, err);
  if (!rc) rc = dc_rotate_given(&job->holdings, &job->rotation, &anchors, &chain, key, &breaks, err);
  if (rc || !breaks) return rc;
  if (!opt.force)
    return dc_err_set(err, DC_EMISMATCH, "sidecars that are running, and those started with what they know, would not "
                                         "believe these certificates: no root of theirs has signed them, and the old one "
                                         "%s; \"--force\" takes them all the same, and every sidecar has to be "
                                         "restarted then",
                      asks_for_key ? "could, by its key (\"--root-key FILE\")" : "cannot");
  if (opt.dry_run)
    warn_of_outage();
  else
    dc_tool_warn(&cli, "restart every sidecar now: those that are running do not believe the new certificates");
  return 0;
}

static bool makes_root_key(enum dc_step step) {
  return step == DC_STEP_ROOT_CROSSED || step == DC_STEP_ROOT_UNCROSSED || step == DC_STEP_ROOT_COMPROMISED ||
         step == DC_STEP_SWITCH;
}

/* Who has the root's key elsewhere, has a new one's too. */
static int check_key_out(const struct job *job, enum dc_step step, struct dc_err *err) {
  const struct dc_holdings *holdings = &job->holdings;
  if (!holdings->state.root_key_elsewhere || !makes_root_key(step)) return 0;
  if (step == DC_STEP_ROOT_CROSSED && !holdings->root_key)
    return dc_err_set(err, DC_ENOENT, "the root is to be replaced, and its key is kept elsewhere: say \"daprcerts rotate "
                                      "root --root-key FILE --root-key-out FILE\", with the key there is, and the file for "
                                      "the new one");
  if (!opt.root_key_out)
    return dc_err_set(err, DC_ENOENT, "the key of the root is kept elsewhere: name the file for the new one with "
                                      "'--root-key-out FILE'");
  return 0;
}

static int do_step(struct job *job, enum dc_step step, struct dc_err *err) {
  struct dc_holdings *holdings = &job->holdings;
  int rc = check_key_out(job, step, err);
  if (rc) return rc;
  switch (step) {
    case DC_STEP_SWITCH: return dc_rotate_switch(holdings, &job->rotation, err);
    case DC_STEP_ROOT_UNCROSSED:
    case DC_STEP_ROOT_CROSSED: return dc_rotate_root_crossed(holdings, &job->rotation, err);
    case DC_STEP_ROOT_STAGED: return dc_rotate_root_staged(holdings, &job->rotation, err);
    case DC_STEP_ROOT_SAME_KEY: return dc_rotate_root_same_key(holdings, &job->rotation, err);
    case DC_STEP_ROOT_COMPROMISED: return dc_rotate_root_compromised(holdings, &job->rotation, err);
    case DC_STEP_ROOT_GIVEN: return take_given(job, err);
    case DC_STEP_ISSUER: return dc_rotate_issuer(holdings, &job->rotation, err);
    case DC_STEP_RETIRE_ROOTS: (void)dc_rotate_retire_roots(holdings, job->rotation.now, opt.force); return 0;
    case DC_STEP_RETIRE_CROSSES: (void)dc_rotate_retire_crosses(holdings, job->rotation.now, opt.force); return 0;
    case DC_STEP_CLIENT:
    case DC_STEPS: return 0;
  }
  return 0;
}

static bool is_retirement(enum dc_step step) { return step == DC_STEP_RETIRE_ROOTS || step == DC_STEP_RETIRE_CROSSES; }

/* A retirement alone is no way back: the old roots are not to return by it. */
static enum dc_publish how(const struct dc_plan *plan) {
  for (size_t i = 0; i < plan->count; i++)
    if (!is_retirement(plan->rows[i].step)) return DC_PUBLISH_REPLACE;
  return DC_PUBLISH_FINAL;
}

/* A new root's key that is to be kept elsewhere; whether one was written. */
static int write_root_key(struct job *job, bool *written, struct dc_err *err) {
  struct dc_holdings *holdings = &job->holdings;
  struct dc_buf pem DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  bool makes = false;
  for (size_t i = 0; i < job->plan.count; i++) makes = makes || makes_root_key(job->plan.rows[i].step);
  if (!opt.root_key_out || !makes) return 0;
  bool is_there = opt.private_key && strcmp(opt.private_key, opt.root_key_out) == 0;
  int rc = is_there ? 0 : dc_key_to_pem(holdings->root_key, &pem, err);
  if (!rc && !is_there) rc = dc_root_key_put(opt.root_key_out, (struct dc_slice){pem.data, pem.len}, err);
  if (rc) return rc;
  *written = !is_there;
  holdings->root_key_given = true;
  holdings->state.root_key_elsewhere = true;
  return 0;
}

static int publish(struct job *job, struct dc_err *err) {
  struct dc_set set DC_CLEANUP(dc_set_free) = DC_SET_INIT;
  bool written = false;
  int rc = write_root_key(job, &written, err);
  if (!rc) rc = dc_holdings_changes(&job->holdings, &set, err);
  if (!rc && set.count) rc = dc_publish_commit(&job->publication, &set, how(&job->plan), err);
  if (rc && written) dc_root_key_take_back(opt.root_key_out, job->dir);
  job->published = !rc;
  return rc;
}

/* A dry run does all of it in memory, so that it is refused by what would refuse the other. */
static int carry_out(struct job *job, struct dc_err *err) {
  int rc = 0;
  for (size_t i = 0; !rc && i < job->plan.count; i++) {
    rc = do_step(job, job->plan.rows[i].step, err);
    if (rc) return rc;
  }
  if (!rc) rc = dc_rotate_finish(&job->holdings, &job->rotation, dc_plan_has(&job->plan, DC_STEP_CLIENT), err);
  return rc || opt.dry_run ? rc : publish(job, err);
}

/* A way back to what no sentry loads would be an outage. */
static int check_previous(const struct job *job, struct dc_err *err) {
  const struct dc_buf *files = job->holdings.files;
  struct dc_authority *authority DC_CLEANUP(dc_authority_cleanup) = NULL;
  const struct dc_authority_files set = {
      .ca_crt = {files[DC_FILE_CA_CRT].data, files[DC_FILE_CA_CRT].len},
      .issuer_crt = {files[DC_FILE_ISSUER_CRT].data, files[DC_FILE_ISSUER_CRT].len},
      .issuer_key = {files[DC_FILE_ISSUER_KEY].data, files[DC_FILE_ISSUER_KEY].len},
  };
  int rc = dc_authority_load(&set, job->rotation.now, &authority, err);
  return rc ? dc_err_add(err, rc, "the set before serves nobody (\"--force\" goes back to it all the same)") : 0;
}

static int roll_back(struct job *job, struct dc_err *err) {
  struct dc_set set DC_CLEANUP(dc_set_free) = DC_SET_INIT;
  int rc = dc_publish_previous(job->dir, &set, err);
  bool credentials = false;
  for (size_t i = 0; i < set.count; i++)
    for (size_t file = 0; file < DC_FILES; file++)
      credentials = credentials || strcmp(set.blobs[i].name, dc_layout_files[file].name) == 0;
  if (rc == DC_ENOENT || (!rc && !credentials))
    return dc_err_set(err, DC_ENOENT, "there is no set to go back to in '%s': one is kept from a rotation to the next "
                                      "publication or retirement", job->dir);
  if (!rc) rc = dc_holdings_load_over(job->dir, writer(job), &set, &job->holdings, err);
  if (!rc && !opt.force) rc = check_previous(job, err);
  if (!rc && !opt.dry_run) rc = dc_publish_commit(&job->publication, &set, DC_PUBLISH_FINAL, err);
  job->published = !rc && !opt.dry_run;
  return rc;
}

/* --- telling -------------------------------------------------------------------------------------------------------- */

static json_t *json_restart(const struct dc_state *state) {
  if (!state->since || !state->until) return json_null();
  return json_pack("{s:o, s:o}", "started_before", dc_report_time(state->since), "by", dc_report_time(state->until));
}

static int report(const struct job *job, struct dc_err *err) {
  const struct dc_holdings *holdings = &job->holdings;
  struct dc_next next = dc_plan_next(holdings, &job->when, job->rotation.now);
  return dc_report_print(
      json_pack("{s:o, s:b, s:o, s:o, s:o, s:o, s:{s:s, s:o}}", "directory", dc_report_path(job->dir), "done",
                job->published, "steps", dc_report_plan(&job->plan), "root", dc_report_cert(holdings->root), "issuer",
                dc_report_cert(holdings->chain.certs[0]), "restart", json_restart(&holdings->state), "next", "step",
                dc_step_name(next.step), "at", dc_report_time(next.at)),
      err);
}

static void say_restart(const struct dc_state *state, int64_t now) {
  char since[DC_CLOCK_TEXT_MAX], until[DC_CLOCK_TEXT_MAX];
  if (state->since && state->until >= now)
    dc_tool_say("Sidecars started before %s must have been restarted by %s: they do not know the new root.",
                dc_clock_rfc3339(state->since, since), dc_clock_rfc3339(state->until, until));
}

static void warn_gnutls(const struct dc_holdings *holdings) {
  if (dc_rotate_suits_gnutls(holdings)) return;
  dc_tool_warn(&cli, "what verifies by GnuTLS, which no sidecar does, and knows ca.crt as it is now does not find the way "
                     "to it past the cross-certificates: give it the roots that were in ca.crt before too, until those have "
                     "gone (\"daprcerts rotate retire --force\", when every sidecar has been restarted)");
}

static void tell(const struct job *job) {
  const struct dc_holdings *holdings = &job->holdings;
  struct dc_next next = dc_plan_next(holdings, &job->when, job->rotation.now);
  char time[DC_CLOCK_TEXT_MAX];
  for (size_t i = 0; i < job->plan.count; i++)
    dc_tool_say("%s%s: %s.", opt.dry_run ? "Would do " : "Done: ", dc_step_name(job->plan.rows[i].step),
                job->plan.rows[i].reason);
  if (dc_plan_has(&job->plan, DC_STEP_ROOT_COMPROMISED) && !opt.dry_run)
    dc_tool_warn(&cli, "restart sentry's clients now: every sidecar that is running still believes the old root, and none "
                       "of them believes the new certificates");
  if (job->published) warn_gnutls(holdings);
  if (job->what == ROLLBACK)
    dc_tool_say("%s to the set before the last rotation.", opt.dry_run ? "Would go back" : "Done: back");
  else if (!job->plan.count)
    dc_tool_say("Nothing is due.");
  say_restart(&holdings->state, job->rotation.now);
  if (next.at)
    dc_tool_say("Next: %s, from %s.", dc_step_name(next.step), dc_clock_rfc3339(next.at, time));
}

static int run(struct job *job, struct dc_err *err) {
  int rc = prepare(job, err);
  if (!rc) rc = load(job, err);
  if (rc) return rc;
  if (job->what == ROLLBACK) rc = roll_back(job, err);
  make_plan(job);
  if (!rc && opt.compromised) warn_of_outage();
  if (!rc && job->plan.count) rc = carry_out(job, err);
  if (rc) return rc;
  tell(job);
  return opt.json ? report(job, err) : 0;
}

int main(int argc, char **argv) {
  struct dc_strings operands DC_CLEANUP(dc_strings_free) = {.items = NULL};
  struct job job DC_CLEANUP(job_free) = {.when = DC_WHEN_USUAL, .publication = DC_PUBLICATION_INIT,
                                         .holdings = DC_HOLDINGS_INIT};
  struct dc_err err = DC_ERR_INIT;
  int status, rc;

  dc_os_protect_secrets();
  if (!dc_tool_begin(&cli, argc, argv, &operands, &status)) return status;
  rc = parse_what(&operands, &job.what, &err);
  if (!rc) rc = check_usage(job.what, &err);
  if (!rc) rc = run(&job, &err);
  if (rc) status = dc_tool_end(&cli, rc, &err);
  if (rc) return rc == DC_EBUSY ? DC_EXIT_BUSY : status;
  return job.plan.count || job.what == ROLLBACK ? DC_EXIT_DONE : DC_EXIT_NOTHING;
}
