/* SPDX-License-Identifier: Apache-2.0 */
/* daprcerts status: what is there, who signed whom, when each part ends and what will happen next. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/duration.h"
#include "base/os.h"
#include "ca/survey.h"
#include "pki/name.h"
#include "tools/due.h"
#include "tools/renewal.h"
#include "tools/report.h"
#include "tools/table.h"
#include "tools/tool.h"

enum { DAY = 86400, BANNER_DAYS = 30 };

/* --- the command line --------------------------------------------------------------------------------------------- */

static struct {
  const char *dir, *expires_in;
  bool json, banner;
  struct dc_renewal renewal;
} opt;

static const struct dc_opt opts[] = {
    {.name = "dir", .kind = DC_OPT_STRING, .value = &opt.dir, .arg = "DIR", .help = "the directory of the CA",
     .shown = "$DAPRCERTS_DIR, else $HOME/.dapr/certs"},
    {.name = "expires-in", .kind = DC_OPT_STRING, .value = &opt.expires_in, .arg = "PART",
     .help = "a certificate is due when this part of its life is over (75%), or no more than this is left (720h)",
     .shown = "two thirds, as rotate has it"},
    {.name = "json", .kind = DC_OPT_FLAG, .value = &opt.json, .help = "as one object"},
    {.name = "banner", .kind = DC_OPT_FLAG, .value = &opt.banner,
     .help = "the Dapr CLI's warning when the root ends in less than 30 days, and nothing else"},
    {.kind = DC_OPT_HEADING, .help = "One certificate, as \"step certificate needs-renewal\" judges it:"},
    {.name = "needs-renewal", .kind = DC_OPT_STRING, .value = &opt.renewal.file, .arg = "FILE",
     .help = "whether the certificate in FILE, or that of a server (HOST:PORT, URL), is due (--expires-in, default: "
             "66%)"},
    {.name = "bundle", .kind = DC_OPT_FLAG, .value = &opt.renewal.bundle,
     .help = "whether one of those in FILE is, not the first alone"},
    {.name = "verbose", .letter = 'v', .kind = DC_OPT_FLAG, .value = &opt.renewal.verbose, .help = "say it too"},
    DC_SOURCE_ROOTS_ROW(opt.renewal.source),
    DC_SOURCE_SERVER_ROWS(opt.renewal.source),
};

static const struct dc_cli cli = {
    .program = "daprcerts status",
    .operands = "",
    .summary = "Tell what is in the directory of a CA, who signed whom, when each part ends and what will happen next.",
    .opts = opts,
    .opt_count = DC_COUNT(opts),
    .notes = "Exit status: 0 good, 1 there is a problem, 2 wrong usage, 4 something is due.\n"
             "With --needs-renewal: 0 it needs renewal, 1 it does not, 2 there is no such file, 255 failed.",
};

static int check_usage(struct dc_err *err) {
  bool renewal = opt.renewal.file != NULL;
  if (renewal && (opt.dir || opt.json || opt.banner))
    return dc_err_set(err, DC_EUSAGE, "'--needs-renewal' looks at one file, and excludes '%s'",
                      opt.dir ? "--dir" : opt.json ? "--json" : "--banner");
  const char *odd = opt.renewal.bundle               ? "bundle"
                    : opt.renewal.verbose            ? "verbose"
                    : opt.renewal.source.roots       ? "roots"
                    : opt.renewal.source.server_name ? "servername"
                    : opt.renewal.source.insecure    ? "insecure"
                                                     : NULL;
  if (!renewal && odd) return dc_err_set(err, DC_EUSAGE, "'--%s' goes with '--needs-renewal FILE'", odd);
  if (opt.json && opt.banner) return dc_err_set(err, DC_EUSAGE, "'--json' and '--banner' exclude each other");
  return 0;
}

/* --- what everything below needs ---------------------------------------------------------------------------------- */

struct job {
  char *dir;
  struct dc_survey_ask ask;
  struct dc_survey survey;
};

static void job_free(struct job *job) {
  free(job->dir);
  dc_survey_free(&job->survey);
}

static int status_of(const struct dc_survey *survey) {
  return survey->problems.len ? DC_EXIT_FAILED : survey->due ? DC_EXIT_DUE : DC_EXIT_DONE;
}

static const char *word_of(const struct dc_survey *survey) {
  return survey->problems.len ? "problem" : survey->due ? "due" : "good";
}

/* --- for programs ------------------------------------------------------------------------------------------------- */

static json_t *json_text(const char *text) { return text ? json_string(text) : json_null(); }

/* The fingerprint of who signed it. */
static json_t *json_signer(const struct dc_survey *survey, int signer) {
  struct dc_buf print DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  if (signer == DC_SURVEY_NOBODY || dc_cert_fingerprint(survey->certs[signer].cert, &print, NULL)) return json_null();
  return json_string(dc_buf_text(&print));
}

static json_t *json_cert(const struct job *job, const struct dc_survey_cert *row) {
  json_t *cert = dc_report_cert(row->cert);
  json_t *more = json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:I}", "role", dc_role_name(row->role), "state",
                           dc_life_name(row->life), "file", row->file, "key_file", json_text(row->key), "signed_by",
                           json_signer(&job->survey, row->signer), "changes_at", dc_report_time(row->changes),
                           "seconds_left", (json_int_t)(row->cert->not_after - job->ask.now));
  bool whole = cert && more && json_object_update(more, cert) == 0;
  json_decref(cert);
  if (whole) return more;
  json_decref(more);
  return NULL;
}

static json_t *json_certs(const struct job *job) {
  json_t *list = json_array();
  for (size_t i = 0; list && i < job->survey.count; i++) {
    if (json_array_append_new(list, json_cert(job, &job->survey.certs[i])) == 0) continue;
    json_decref(list);
    return NULL;
  }
  return list;
}

static json_t *json_keys(const struct dc_survey *survey) {
  json_t *list = json_array();
  for (size_t i = 0; i < survey->key_count; i++) {
    const struct dc_survey_key *row = &survey->keys[i];
    char mode[16];
    snprintf(mode, sizeof mode, "%04o", (unsigned)row->mode);
    json_array_append_new(list, json_pack("{s:s, s:o, s:s}", "file", row->file, "key",
                                          json_text(row->kind[0] ? row->kind : NULL), "mode", mode));
  }
  return list;
}

static json_t *json_cohorts(const struct dc_survey *survey) {
  json_t *list = json_array();
  for (size_t i = 0; i < survey->cohort_count; i++) {
    const struct dc_cohort *cohort = &survey->cohorts[i];
    struct dc_buf name DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    if (cohort->knows.len) dc_name_text(cohort->knows, &name);
    json_t *knows = name.len ? dc_report_path(dc_buf_text(&name)) : json_null();
    json_array_append_new(list, json_pack("{s:o, s:o, s:o}", "started_before", dc_report_time(cohort->started_before),
                                          "knowing", knows, "by", dc_report_time(cohort->by)));
  }
  return list;
}

static json_t *json_coming(const struct dc_survey *survey) {
  json_t *list = json_array();
  for (size_t i = 0; i < survey->coming_count; i++)
    json_array_append_new(list, json_pack("{s:s, s:o}", "step", dc_step_name(survey->coming[i].step), "at",
                                          dc_report_time(survey->coming[i].at)));
  return list;
}

static const char *place_of_root_key(const struct dc_survey *survey) {
  const struct dc_holdings *holdings = &survey->holdings;
  if (!survey->whole) return NULL;
  return holdings->root_key ? "here" : holdings->state.root_key_elsewhere ? "elsewhere" : "missing";
}

static int report(const struct job *job, struct dc_err *err) {
  const struct dc_survey *survey = &job->survey;
  return dc_report_print(
      json_pack("{s:o, s:s, s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "directory", dc_report_path(job->dir),
                "status", word_of(survey), "exit_status", status_of(survey), "time", dc_report_time(job->ask.now),
                "problems", dc_report_lines(&survey->problems), "warnings", dc_report_lines(&survey->warnings),
                "certificates", json_certs(job), "keys", json_keys(survey), "root_key",
                json_text(place_of_root_key(survey)), "due", dc_report_plan(&survey->plan), "coming",
                json_coming(survey), "restart", json_cohorts(survey)),
      err);
}

/* --- for people --------------------------------------------------------------------------------------------------- */

/* "old root", and "old root 2" for the second of its role. */
static void name_row(const struct dc_survey *survey, size_t index, struct dc_buf *out) {
  size_t number = 1;
  const char *name = dc_role_name(survey->certs[index].role);
  for (size_t i = 0; i < index; i++) number += survey->certs[i].role == survey->certs[index].role;
  for (; *name; name++) dc_buf_add_byte(out, *name == '-' ? ' ' : (unsigned char)*name);
  if (number > 1) dc_buf_printf(out, " %zu", number);
}

static void add_signer(const struct dc_survey *survey, size_t index, struct dc_table *table) {
  const struct dc_survey_cert *row = &survey->certs[index];
  struct dc_buf name DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  if (row->signer == DC_SURVEY_NOBODY)
    dc_buf_add_text(&name, row->role == DC_ROLE_CROSS ? "former root" : "not here");
  else if (row->signer == (int)index)
    dc_buf_add_text(&name, "itself");
  else
    name_row(survey, (size_t)row->signer, &name);
  dc_table_add(table, DC_COLOUR_NONE, dc_buf_text(&name));
}

static void add_left(const struct job *job, const struct dc_survey_cert *row, struct dc_table *table) {
  static const enum dc_colour colours[] = {DC_COLOUR_GREEN, DC_COLOUR_YELLOW, DC_COLOUR_RED, DC_COLOUR_RED};
  char left[DC_DURATION_TEXT_MAX], text[2 * DC_DURATION_TEXT_MAX];
  int64_t begins = row->cert->not_before - job->ask.now, ends = row->cert->not_after - job->ask.now;
  bool early = row->life == DC_LIFE_NOT_BEGUN;
  snprintf(text, sizeof text, "%s%s%s", early ? "begins " : "", dc_duration_from_now(early ? begins : ends, left),
           row->life == DC_LIFE_DUE ? ", due" : "");
  dc_table_add(table, colours[row->life], text);
}

static void add_note(const struct dc_survey *survey, const struct dc_survey_cert *row, struct dc_table *table) {
  bool needs_key = row->role == DC_ROLE_ROOT || row->role == DC_ROLE_ISSUER || row->role == DC_ROLE_CLIENT;
  bool elsewhere = row->role == DC_ROLE_ROOT && survey->holdings.state.root_key_elsewhere;
  char time[DC_CLOCK_TEXT_MAX];
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  if (row->key)
    dc_buf_add_text(&text, row->key);
  else if (needs_key && !survey->anchors_only)
    dc_buf_add_text(&text, elsewhere ? "key kept elsewhere" : "its key is not here");
  if (row->changes)
    dc_buf_printf(&text, "%s%s %s", text.len ? ", " : "", row->role == DC_ROLE_STAGED_ROOT ? "takes over" : "leaves",
                  dc_clock_rfc3339(row->changes, time));
  dc_table_add(table, DC_COLOUR_NONE, dc_buf_text(&text));
}

static void write_table(const struct job *job, bool colours, struct dc_buf *out) {
  static const char *const heads[] = {"PART", "SIGNED BY", "ENDS", "LEFT", "KEY", "NOTE"};
  struct dc_table table DC_CLEANUP(dc_table_free) = DC_TABLE_INIT(DC_COUNT(heads));
  const struct dc_survey *survey = &job->survey;
  if (!survey->count) return;
  for (size_t i = 0; i < DC_COUNT(heads); i++) dc_table_add(&table, DC_COLOUR_BOLD, heads[i]);
  for (size_t i = 0; i < survey->count; i++) {
    const struct dc_survey_cert *row = &survey->certs[i];
    struct dc_buf name DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    char time[DC_CLOCK_TEXT_MAX], key[DC_SPKI_TEXT_MAX];
    name_row(survey, i, &name);
    dc_table_add(&table, DC_COLOUR_NONE, dc_buf_text(&name));
    add_signer(survey, i, &table);
    dc_table_add(&table, DC_COLOUR_NONE, dc_clock_rfc3339(row->cert->not_after, time));
    add_left(job, row, &table);
    dc_table_add(&table, DC_COLOUR_NONE, dc_spki_text(&row->cert->spki, key));
    add_note(survey, row, &table);
  }
  dc_buf_add_byte(out, '\n');
  dc_table_text(&table, colours, out);
}

static const char *words_of_step(enum dc_step step) {
  switch (step) {
    case DC_STEP_SWITCH: return "the staged root takes over, with a new issuer";
    case DC_STEP_ROOT_UNCROSSED: return "a new root with a new issuer";
    case DC_STEP_ROOT_CROSSED: return "a new root, cross-signed, with a new issuer";
    case DC_STEP_ROOT_STAGED: return "a new root is published beside the old one, and takes over later";
    case DC_STEP_ISSUER: return "a new issuer";
    case DC_STEP_RETIRE_ROOTS: return "old roots leave ca.crt";
    case DC_STEP_RETIRE_CROSSES: return "a cross-certificate leaves issuer.crt";
    case DC_STEP_CLIENT: return "a new client pair";
    case DC_STEP_ROOT_SAME_KEY:
    case DC_STEP_ROOT_COMPROMISED:
    case DC_STEP_ROOT_GIVEN:
    case DC_STEPS: break;
  }
  return dc_step_name(step);
}

static void write_plan(const struct dc_survey *survey, bool colours, struct dc_buf *out) {
  for (size_t i = 0; i < survey->plan.count; i++) {
    dc_table_paint(out, colours, survey->due ? DC_COLOUR_YELLOW : DC_COLOUR_NONE, survey->due ? "Due" : "Wanted");
    dc_buf_printf(out, ": %s (%s).\n", words_of_step(survey->plan.rows[i].step), survey->plan.rows[i].reason);
  }
  if (survey->plan.count)
    dc_buf_printf(out, "\"daprcerts rotate%s%s\" does %s.\n", opt.dir ? " --dir " : "", opt.dir ? opt.dir : "",
                  survey->plan.count > 1 ? "all of it" : "it");
}

static void write_coming(const struct job *job, struct dc_buf *out) {
  char time[DC_CLOCK_TEXT_MAX], left[DC_DURATION_TEXT_MAX];
  for (size_t i = 0; i < job->survey.coming_count; i++) {
    const struct dc_next *next = &job->survey.coming[i];
    dc_buf_printf(out, "%s: %s, from %s (%s).\n", i ? "Then" : "Next", words_of_step(next->step),
                  dc_clock_rfc3339(next->at, time), dc_duration_from_now(next->at - job->ask.now, left));
  }
}

static void write_cohort(const struct job *job, const struct dc_cohort *cohort, bool colours,
                         struct dc_buf *out) {
  char time[DC_CLOCK_TEXT_MAX], left[DC_DURATION_TEXT_MAX];
  bool near = cohort->by - job->ask.now <= BANNER_DAYS * DAY;
  dc_table_paint(out, colours, near ? DC_COLOUR_YELLOW : DC_COLOUR_NONE, "Restart");
  dc_buf_printf(out, ": sidecars started before %s", dc_clock_rfc3339(cohort->started_before, time));
  if (cohort->by)
    dc_buf_printf(out, " must have been restarted by %s (%s).\n", dc_clock_rfc3339(cohort->by, time),
                  dc_duration_from_now(cohort->by - job->ask.now, left));
  else
    dc_buf_add_text(out, " do not believe the issuer: they must be restarted now.\n");
}

static int show(const struct job *job, struct dc_err *err) {
  const struct dc_survey *survey = &job->survey;
  struct dc_buf out DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, ahead DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  bool colours = dc_table_colours();
  dc_buf_printf(&out, "%s: ", job->dir);
  dc_table_paint(&out, colours, survey->problems.len ? DC_COLOUR_RED : survey->due ? DC_COLOUR_YELLOW : DC_COLOUR_GREEN,
                 word_of(survey));
  dc_buf_add_byte(&out, '\n');
  dc_table_lines(&survey->problems, colours, DC_COLOUR_RED, "problem", &out);
  dc_table_lines(&survey->warnings, colours, DC_COLOUR_YELLOW, "warning", &out);
  if (survey->anchors_only)
    dc_buf_add_text(&out, "There is no issuer: these are the trust anchors of sidecars that another machine serves.\n");
  write_table(job, colours, &out);
  write_plan(survey, colours, &ahead);
  if (!survey->due) write_coming(job, &ahead);
  for (size_t i = 0; i < survey->cohort_count; i++) write_cohort(job, &survey->cohorts[i], colours, &ahead);
  if (ahead.len) dc_buf_printf(&out, "\n%s", dc_buf_text(&ahead));
  if (ahead.failed) out.failed = true;
  return dc_tool_print(&out, err);
}

/* --- the banner --------------------------------------------------------------------------------------------------- */

/* As pkg/kubernetes/mtls.go of the Dapr CLI has it, to the spaces; a day that is not whole is cut off there too. */
static int show_banner(const struct job *job, struct dc_err *err) {
  const struct dc_cert *root = dc_survey_root(&job->survey);
  struct dc_buf out DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  char time[DC_CLOCK_TEXT_MAX];
  int64_t days = root ? (root->not_after - job->ask.now) / DAY : BANNER_DAYS;
  if (days >= BANNER_DAYS) return 0;
  dc_buf_add_text(&out, "\xe2\x9a\xa0  Dapr root certificate of your Kubernetes cluster ");
  if (days > 0)
    dc_buf_printf(&out, "expires in %" PRId64 " days.", days);
  else
    dc_buf_add_text(&out, days < 0 ? "has expired." : "expires today.");
  dc_buf_printf(&out, " Expiry date: %s. \n", dc_clock_rfc1123(root->not_after, time));
  dc_buf_add_text(&out, " Please see docs.dapr.io for certificate renewal instructions to avoid service "
                        "interruptions.\n");
  return dc_tool_print(&out, err);
}

/* --- the whole ---------------------------------------------------------------------------------------------------- */

static int run(struct job *job, struct dc_err *err) {
  int rc = opt.expires_in ? dc_due_parse("expires-in", opt.expires_in, &job->ask.when, err) : 0;
  if (!rc) rc = dc_layout_dir(opt.dir, &job->dir, err);
  job->ask.dir = job->dir;
  job->ask.named = opt.dir != NULL;
  job->ask.now = dc_clock_wall();
  if (!rc) rc = dc_survey_make(&job->ask, &job->survey, err);
  if (rc) return rc;
  return opt.json ? report(job, err) : opt.banner ? show_banner(job, err) : show(job, err);
}

/* Wrong usage is step's "any other error", since 2 says that there is no file. */
static bool asks_for_renewal(int argc, char **argv) {
  static const char name[] = "--needs-renewal";
  bool asks = false;
  for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
    asks = asks || strncmp(argv[i], name, sizeof name - 1) == 0;
  return asks;
}

int main(int argc, char **argv) {
  struct dc_strings operands DC_CLEANUP(dc_strings_free) = {.items = NULL};
  struct job job DC_CLEANUP(job_free) = {.ask = {.when = DC_WHEN_USUAL}, .survey = DC_SURVEY_INIT};
  struct dc_err err = DC_ERR_INIT;
  int status;
  dc_os_protect_secrets();
  bool began = dc_tool_begin(&cli, argc, argv, &operands, &status);
  int rc = began ? check_usage(&err) : 0;
  if (rc) status = dc_tool_end(&cli, rc, &err);
  if (!began || rc) return status && asks_for_renewal(argc, argv) ? DC_RENEWAL_ERROR : status;
  opt.renewal.expires_in = opt.expires_in;
  if (opt.renewal.file) return dc_renewal_check(&cli, &opt.renewal);
  rc = run(&job, &err);
  return rc ? dc_tool_end(&cli, rc, &err) : status_of(&job.survey);
}
