/* SPDX-License-Identifier: Apache-2.0 */
/* daprcerts verify: whether a certificate leads to the trust anchors as Go's verifier, which sidecars have, finds the
 * way; or whether a directory is what each version of Dapr's programs accepts. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/os.h"
#include "ca/authority.h"
#include "ca/compat.h"
#include "ca/sign.h"
#include "ca/survey.h"
#include "pki/chain.h"
#include "pki/constraints.h"
#include "pki/name.h"
#include "pki/pieces.h"
#include "pki/spiffe.h"
#include "pki/strict.h"
#include "tools/report.h"
#include "tools/source.h"
#include "tools/table.h"
#include "tools/tool.h"
#include "tools/verdicts.h"

/* --- the command line --------------------------------------------------------------------------------------------- */

static struct {
  struct dc_source_options source;
  const char *host, *spiffe_id, *daprd, *sentry;
  bool verbose, json;
} opt;

static const struct dc_opt opts[] = {
    {.kind = DC_OPT_HEADING, .help = "A certificate, of a file or a server:"},
    DC_SOURCE_ROOTS_ROW(opt.source),
    {.name = "host", .kind = DC_OPT_STRING, .value = &opt.host, .arg = "NAME",
     .help = "it must be for this DNS name or IP address"},
    {.name = "spiffe-id", .kind = DC_OPT_STRING, .value = &opt.spiffe_id, .arg = "ID",
     .help = "it must bear this SPIFFE ID: spiffe://TRUST-DOMAIN/ns/NAMESPACE/NAME"},
    DC_SOURCE_SERVER_ROWS(opt.source),
    {.name = "verbose", .letter = 'v', .kind = DC_OPT_FLAG, .value = &opt.verbose,
     .help = "tell what was validated, and what OpenSSL and GnuTLS say"},
    {.kind = DC_OPT_HEADING, .help = "A certificate or a directory:"},
    {.name = "daprd", .kind = DC_OPT_STRING, .value = &opt.daprd, .arg = "VERSION",
     .help = "this daprd must accept it: 1.18, 1.11.6"},
    {.name = "sentry", .kind = DC_OPT_STRING, .value = &opt.sentry, .arg = "VERSION",
     .help = "this version of Dapr's sentry must be able to serve with the directory"},
    {.name = "json", .kind = DC_OPT_FLAG, .value = &opt.json, .help = "as one object"},
};

static const struct dc_cli cli = {
    .program = "daprcerts verify",
    .operands = "FILE | - | HOST:PORT | URL | DIRECTORY",
    .summary = "Tell whether a certificate leads to the trust anchors, or a directory suits each version of Dapr.",
    .opts = opts,
    .opt_count = DC_COUNT(opts),
    .min_operands = 1,
    .max_operands = 1,
    .notes = "Exit status: 0 it does, and nothing is said; 1 it does not, or failed; 2 wrong usage.",
};

static bool is_directory(const char *path) {
  struct stat st;
  return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int check_usage(const char *operand, struct dc_err *err) {
  const char *odd = opt.source.roots ? "roots" : opt.host ? "host" : opt.spiffe_id ? "spiffe-id"
                    : opt.source.server_name ? "servername" : opt.source.insecure ? "insecure" : NULL;
  enum dc_era era;
  int rc = opt.daprd ? dc_era_find("daprd", opt.daprd, &era, err) : 0;
  if (!rc && opt.sentry) rc = dc_era_find("sentry", opt.sentry, &era, err);
  if (rc) return rc;
  if (is_directory(operand))
    return odd ? dc_err_set(err, DC_EUSAGE, "'--%s' goes with a certificate, and '%s' is a directory", odd, operand)
               : 0;
  return opt.sentry ? dc_err_set(err, DC_EUSAGE, "'--sentry' goes with a directory, and '%s' is none", operand) : 0;
}

/* --- a certificate ------------------------------------------------------------------------------------------------ */

struct job {
  struct dc_source source;
  struct dc_pieces pieces;
  const struct dc_cert *leaf;
  struct dc_bundle between, anchors;
  struct dc_compat compat;
  int64_t now;
};

static void job_free(struct job *job) {
  dc_source_free(&job->source);
  dc_pieces_free(&job->pieces);
  dc_bundle_free(&job->between);
  dc_bundle_free(&job->anchors);
}

/* The first certificate is what is verified, the others may help. */
static int read_certs(struct job *job, const char *operand, struct dc_err *err) {
  int rc = dc_source_read(operand, &opt.source, &job->source, err);
  if (rc) return rc;
  rc = dc_pieces_read(&job->pieces, job->source.bytes.data, job->source.bytes.len, err);
  const struct dc_piece *first = rc ? NULL : dc_pieces_find(&job->pieces, DC_PIECE_CERT, 0);
  if (!rc && !first) rc = dc_err_set(err, DC_ENOENT, "no certificate in it");
  if (!first) return dc_err_add(err, rc, "'%s'", job->source.name);
  job->leaf = first->cert;
  for (const struct dc_piece *at = first + 1; !rc && at < job->pieces.items + job->pieces.count; at++)
    if (at->cert) rc = dc_bundle_add_der(&job->between, at->cert->der.data, at->cert->der.len, err);
  return rc;
}

/* One that is an anchor itself needs no way to one. */
static int check_anchor_time(const struct job *job, struct dc_err *err) {
  struct dc_path path = {job->leaf, job->leaf, job->leaf};
  return dc_chain_check_time(&path, 1, job->now, err);
}

static bool is_anchor(const struct job *job) {
  for (size_t i = 0; i < job->anchors.count; i++)
    if (dc_slice_equal(job->anchors.certs[i]->der, job->leaf->der)) return true;
  return false;
}

static int check_ca_names(const struct job *job, const struct dc_cert *ca, struct dc_err *err) {
  int rc = 0;
  for (size_t i = 0; !rc && ca->name_constraints.len && i < job->leaf->san_count; i++) {
    const struct dc_san *san = &job->leaf->sans[i];
    struct dc_spiffe id;
    if (san->kind == DC_SAN_DNS) rc = dc_constraints_check(ca, san->kind, san->value, err);
    if (san->kind == DC_SAN_URI && dc_spiffe_parse(&id, san->value, NULL) == 0)
      rc = dc_constraints_check(ca, san->kind, id.trust_domain, err);
  }
  struct dc_buf subject DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  dc_name_text(ca->subject, &subject);
  return rc ? dc_err_add(err, rc, "the names that '%s' may certify", dc_buf_text(&subject)) : 0;
}

static bool is_above(const struct dc_cert *parent, const struct dc_cert *cert) {
  return dc_slice_equal(cert->issuer, parent->subject) && dc_cert_signed_by(cert, parent, NULL) == 0;
}

/* Which of those that come along stand above the leaf, and not merely in the same file. */
static void mark_above(const struct job *job, bool above[static DC_BUNDLE_MAX]) {
  for (bool more = true; more;) {
    more = false;
    for (size_t i = 0; i < job->between.count; i++) {
      const struct dc_cert *parent = job->between.certs[i];
      bool found = !above[i] && is_above(parent, job->leaf);
      for (size_t k = 0; !above[i] && !found && k < job->between.count; k++)
        found = above[k] && is_above(parent, job->between.certs[k]);
      above[i] = above[i] || found;
      more = more || found;
    }
  }
}

/* By the CAs above it that come along, and by one anchor at least. */
static int check_names(const struct job *job, const struct dc_path *paths, size_t count, struct dc_err *err) {
  int rc = 0;
  bool above[DC_BUNDLE_MAX] = {false};
  mark_above(job, above);
  for (size_t i = 0; !rc && i < job->between.count; i++)
    if (above[i]) rc = check_ca_names(job, job->between.certs[i], err);
  for (size_t i = 0; !rc && i < count; i++) {
    int one = check_ca_names(job, paths[i].anchor, err);
    if (!one) return 0;
    if (i + 1 == count) rc = one;
  }
  return rc;
}

static int check_chain(const struct job *job, enum dc_purpose purpose, struct dc_err *err) {
  struct dc_path paths[DC_PATH_MAX];
  if (is_anchor(job)) return check_anchor_time(job, err);
  int count = dc_chain_paths(job->leaf, &job->between, &job->anchors, purpose, paths, DC_PATH_MAX, err);
  if (count < 0) return count;
  int rc = dc_chain_check_time(paths, (size_t)count, job->now, err);
  return rc ? rc : check_names(job, paths, (size_t)count, err);
}

static int check_id(const struct dc_cert *leaf, struct dc_err *err) {
  struct dc_slice id = {NULL, 0};
  int rc = dc_spiffe_of_cert(leaf, &id, err);
  if (rc || dc_slice_equal(id, dc_slice_text(opt.spiffe_id))) return rc;
  return dc_err_set(err, DC_EMISMATCH, "it is '%.*s', not '%s'", (int)id.len, (const char *)id.data, opt.spiffe_id);
}

static int check_version(const struct job *job, const struct dc_compat *compat, const char *program,
                         const char *version, struct dc_err *err) {
  enum dc_era era;
  int rc = dc_era_find(program, version, &era, err);
  if (rc) return rc;
  const struct dc_verdict *verdict = &compat->eras[era];
  if (verdict->kind == DC_VERDICT_REFUSES)
    return dc_err_set(err, DC_EDENIED, "%s %s refuses it: %s%s%s", program, version, verdict->why.text,
                      verdict->remedy ? ": " : "", verdict->remedy ? verdict->remedy : "");
  /* the old ones ask of each certificate of the chain what it is for */
  bool asks = job && era == DC_ERA_DAPRD_1_11;
  if (asks) rc = check_chain(job, DC_PURPOSE_SERVER, err);
  if (asks && !rc) rc = check_chain(job, DC_PURPOSE_CLIENT, err);
  return rc ? dc_err_add(err, rc, "%s %s refuses it", program, version) : 0;
}

static int check_cert(const struct job *job, struct dc_err *err) {
  const char *host = opt.host ? opt.host : job->source.web && !opt.source.insecure
                                               ? dc_source_host(&job->source, &opt.source) : NULL;
  int rc = check_chain(job, DC_PURPOSE_ANY, err);
  if (!rc && host) rc = dc_cert_check_host(job->leaf, host, err);
  if (!rc && opt.spiffe_id) rc = check_id(job->leaf, err);
  if (!rc && opt.daprd) rc = check_version(job, &job->compat, "daprd", opt.daprd, err);
  return rc;
}

/* --- what other verifiers say ------------------------------------------------------------------------------------ */

struct strict {
  struct dc_err openssl, gnutls; /* their codes: 0 when they accept it */
};

static void ask_strict(const struct dc_cert *cert, const struct dc_bundle *between, const struct dc_bundle *anchors,
                       int64_t now, struct strict *out) {
  *out = (struct strict){.openssl = DC_ERR_INIT, .gnutls = DC_ERR_INIT};
  (void)!dc_strict_openssl(cert, between, anchors, now, &out->openssl);
  (void)!dc_strict_gnutls(cert, between, anchors, &out->gnutls);
}

static json_t *json_strict(const struct strict *strict) {
  return json_pack("{s:s?, s:s?}", "openssl", strict->openssl.code ? strict->openssl.text : NULL, "gnutls",
                   strict->gnutls.code ? strict->gnutls.text : NULL);
}

static void add_strict(const struct strict *strict, struct dc_buf *out) {
  dc_buf_printf(out, "OpenSSL: %s\nGnuTLS: %s\n", strict->openssl.code ? strict->openssl.text : "accepts it",
                strict->gnutls.code ? strict->gnutls.text : "accepts it");
}

/* --- what is said of a certificate -------------------------------------------------------------------------------- */

static int report_cert(const struct job *job, const struct strict *strict, const struct dc_err *why,
                       struct dc_err *err) {
  return dc_report_print(
      json_pack("{s:b, s:o, s:o, s:o, s:{s:s, s:o}, s:i}", "valid", why->code == 0, "why",
                why->code ? dc_report_path(why->text) : json_null(), "certificate", dc_report_cert(job->leaf), "strict",
                json_strict(strict), "dapr", "as", job->compat.as, "versions", dc_verdicts_json(&job->compat),
                "exit_status", why->code ? DC_EXIT_FAILED : DC_EXIT_DONE),
      err);
}

/* In step's words, and what it does not tell. */
static int tell_cert(const struct job *job, const struct strict *strict, bool valid, struct dc_err *err) {
  struct dc_buf out DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  if (valid) {
    dc_buf_add_text(&out, "certificate validated against roots\n");
    if (opt.host || (job->source.web && !opt.source.insecure))
      dc_buf_add_text(&out, "certificate host name validated\n");
    if (opt.spiffe_id) dc_buf_add_text(&out, "certificate SPIFFE ID validated\n");
    dc_buf_add_text(&out, "certificate is valid\n");
  }
  add_strict(strict, &out);
  dc_verdicts_text(&job->compat, 0, dc_table_colours(), &out);
  return dc_tool_print(&out, err);
}

static int verify_cert(const char *operand, struct dc_err *err) {
  struct job job DC_CLEANUP(job_free) = {.now = dc_clock_wall()};
  struct strict strict;
  struct dc_err why = DC_ERR_INIT;
  int rc = read_certs(&job, operand, err);
  if (!rc) rc = dc_source_anchors(&opt.source, &job.anchors, err);
  if (rc) return rc;
  dc_compat_cert(job.leaf, &job.compat);
  int valid = check_cert(&job, &why);
  if (opt.json || opt.verbose) ask_strict(job.leaf, &job.between, &job.anchors, job.now, &strict);
  if (opt.json) rc = report_cert(&job, &strict, &why, err);
  if (!rc && opt.verbose && !opt.json) rc = tell_cert(&job, &strict, valid == 0, err);
  if (rc || !valid) return rc;
  *err = why;
  return dc_err_add(err, valid, "failed to verify certificate");
}

/* --- a directory -------------------------------------------------------------------------------------------------- */

struct directory {
  struct dc_survey survey;
  struct dc_compat compat;
  struct strict strict;
  bool judged; /* there is a set to judge, */
  bool asked;  /* and one that signs */
};

static void directory_free(struct directory *directory) { dc_survey_free(&directory->survey); }

static struct dc_slice file_of(const struct dc_survey *survey, enum dc_file file) {
  const struct dc_buf *bytes = &survey->holdings.files[file];
  return (struct dc_slice){bytes->data, bytes->len};
}

/* What other verifiers would say of what a sentry serves with, made in memory. */
static int ask_strict_of(const struct dc_compat_set *set, struct directory *out, struct dc_err *err) {
  struct dc_authority_files files = {set->ca_crt, set->issuer_crt, set->issuer_key, NULL, NULL, NULL};
  struct dc_authority *authority DC_CLEANUP(dc_authority_cleanup) = NULL;
  struct dc_identity identity DC_CLEANUP(dc_identity_free) = DC_IDENTITY_INIT;
  if (dc_authority_load(&files, set->now, &authority, NULL)) return 0; /* the survey and the verdicts tell */
  int rc = dc_sign_serving(authority, DC_SLICE("spiffe://localhost/ns/default/" DC_SPIFFE_SENTRY), 3600, 0, set->now,
                           &identity, err);
  if (rc) return rc;
  struct dc_bundle above = {identity.chain.certs + 1, identity.chain.count - 1}; /* a view, not freed */
  ask_strict(identity.chain.certs[0], &above, dc_authority_anchors(authority), set->now, &out->strict);
  out->asked = true;
  return 0;
}

static int look_at(const char *dir, struct directory *out, struct dc_err *err) {
  struct dc_survey_ask ask = {.dir = dir, .named = true, .when = DC_WHEN_USUAL, .now = dc_clock_wall()};
  int rc = dc_survey_make(&ask, &out->survey, err);
  if (rc) return rc;
  struct dc_compat_set set = {.ca_crt = file_of(&out->survey, DC_FILE_CA_CRT),
                              .issuer_crt = file_of(&out->survey, DC_FILE_ISSUER_CRT),
                              .issuer_key = file_of(&out->survey, DC_FILE_ISSUER_KEY),
                              .client_pair = out->survey.holdings.client.count > 0,
                              .now = ask.now};
  out->judged = set.ca_crt.len && set.issuer_crt.len && set.issuer_key.len;
  rc = out->judged ? dc_compat_set(&set, &out->compat, err) : 0;
  return rc || !out->judged ? rc : ask_strict_of(&set, out, err);
}

static int report_directory(const char *dir, const struct directory *directory, bool good, struct dc_err *err) {
  const struct dc_survey *survey = &directory->survey;
  return dc_report_print(
      json_pack("{s:o, s:s, s:o, s:o, s:o, s:o, s:i}", "directory", dc_report_path(dir), "status",
                survey->problems.len ? "problem" : "good", "problems", dc_report_lines(&survey->problems), "warnings",
                dc_report_lines(&survey->warnings), "versions", dc_verdicts_json(&directory->compat), "strict",
                directory->asked ? json_strict(&directory->strict) : json_null(), "exit_status",
                good ? DC_EXIT_DONE : DC_EXIT_FAILED),
      err);
}

static int tell_directory(const char *dir, const struct directory *directory, struct dc_err *err) {
  const struct dc_survey *survey = &directory->survey;
  struct dc_buf out DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  bool colours = dc_table_colours();
  bool refused = directory->asked && (directory->strict.openssl.code || directory->strict.gnutls.code);
  dc_buf_printf(&out, "%s: %s\n", dir, survey->problems.len ? "problem" : "good");
  dc_table_lines(&survey->problems, colours, DC_COLOUR_RED, "problem", &out);
  dc_table_lines(&survey->warnings, colours, DC_COLOUR_YELLOW, "warning", &out);
  if (survey->anchors_only)
    dc_buf_add_text(&out, "There is no issuer: ca.crt alone, for sidecars that another machine serves.\n");
  if (directory->judged) {
    dc_buf_add_byte(&out, '\n');
    dc_verdicts_text(&directory->compat, 0, colours, &out);
    dc_buf_add_byte(&out, '\n');
    dc_verdicts_remedies(&directory->compat, &out);
  }
  if (directory->asked) add_strict(&directory->strict, &out);
  if (refused)
    dc_buf_add_text(&out, "Sidecars do not mind: they find parents by signature. To do, for others: make an issuer "
                          "whose name is its own (daprcerts rotate issuer)\n");
  return dc_tool_print(&out, err);
}

static int check_directory(const struct directory *directory, struct dc_err *err) {
  if (directory->survey.problems.len) {
    const char *text = dc_buf_text(&directory->survey.problems);
    return dc_err_set(err, DC_EMISMATCH, "%.*s", (int)strcspn(text, "\n"), text);
  }
  int rc = opt.daprd ? check_version(NULL, &directory->compat, "daprd", opt.daprd, err) : 0;
  return !rc && opt.sentry ? check_version(NULL, &directory->compat, "sentry", opt.sentry, err) : rc;
}

static int verify_directory(const char *dir, struct dc_err *err) {
  struct directory *directory = calloc(1, sizeof *directory); /* large */
  struct dc_err why = DC_ERR_INIT;
  if (!directory) return dc_err_nomem(err);
  int rc = look_at(dir, directory, err), bad = rc ? rc : check_directory(directory, &why);
  if (!rc) rc = opt.json ? report_directory(dir, directory, !bad, err) : tell_directory(dir, directory, err);
  directory_free(directory);
  free(directory);
  if (rc || !bad) return rc;
  *err = why;
  return dc_err_add(err, bad, "failed to verify '%s'", dir);
}

int main(int argc, char **argv) {
  struct dc_strings operands DC_CLEANUP(dc_strings_free) = {.items = NULL};
  struct dc_err err = DC_ERR_INIT;
  int status;
  dc_os_protect_secrets();
  if (!dc_tool_begin(&cli, argc, argv, &operands, &status)) return status;
  const char *operand = operands.items[0];
  int rc = check_usage(operand, &err);
  if (!rc) rc = is_directory(operand) ? verify_directory(operand, &err) : verify_cert(operand, &err);
  return dc_tool_end(&cli, rc, &err);
}
