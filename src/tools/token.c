/* SPDX-License-Identifier: Apache-2.0 */
/* daprcerts token: a JWT by which an app proves to a sentry's jwks validator who it is, for people without an identity
 * provider. The key signs these tokens and nothing else. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/duration.h"
#include "base/os.h"
#include "base/path.h"
#include "ca/install.h"
#include "tools/kty.h"
#include "tools/names.h"
#include "tools/report.h"
#include "tools/tool.h"

static const struct dc_install_token_names files = {.key = "token.key", .jwks = "token-jwks.json"};

/* --- the command line -------------------------------------------------------------------------------------------- */

static struct {
  const char *dir, *out;
  struct dc_names names;
  int64_t ttl;
  bool ttl_given, init, force, json;
  struct dc_kty key;
} opt = {.ttl = 365 * DC_DAY};

static const struct dc_opt opts[] = {
    {.kind = DC_OPT_HEADING, .help = "Who it is for:"},
    DC_NAMES_WORKLOAD_ROWS(opt.names),
    {.kind = DC_OPT_HEADING, .help = "The sentry that takes it:"},
    DC_NAMES_SENTRY_ROWS(opt.names),
    {.kind = DC_OPT_HEADING, .help = "How long, and where to:"},
    {.name = "ttl", .kind = DC_OPT_DURATION, .value = &opt.ttl, .given = &opt.ttl_given, .min = DC_SECOND,
     .arg = "DURATION", .help = "validity from now on; a sidecar shows its token again at each renewal",
     .shown = "a year"},
    {.name = "out", .kind = DC_OPT_STRING, .value = &opt.out, .arg = "FILE",
     .help = "write the token to this file, which nobody else can read, instead of printing it"},
    {.name = "force", .letter = 'f', .kind = DC_OPT_FLAG, .value = &opt.force,
     .help = "replace an existing file; with --init the key"},
    {.name = "json", .kind = DC_OPT_FLAG, .value = &opt.json, .help = "describe what was made on standard output"},
    {.name = "dir", .kind = DC_OPT_STRING, .value = &opt.dir, .arg = "DIR", .help = "the directory of the key",
     .shown = "$DAPRCERTS_DIR, else $HOME/.dapr/certs"},
    {.kind = DC_OPT_HEADING, .help = "The key:"},
    {.name = "init", .kind = DC_OPT_FLAG, .value = &opt.init,
     .help = "make it, and the public set that sentry reads; prints the lines for sentry's configuration"},
    DC_KTY_ROWS(opt.key),
};

static const struct dc_cli cli = {
    .program = "daprcerts token",
    .operands = "APP | --init",
    .summary = "Make a token by which the app id APP proves to a sentry, ours or Dapr's, who it is.",
    .opts = opts,
    .opt_count = DC_COUNT(opts),
    .max_operands = 1,
    .notes = "The token's subject is spiffe://TRUST-DOMAIN/ns/NAMESPACE/APP, its audience sentry's own SPIFFE ID.\n"
             "Exit status: 0 done, 1 failed or refused, 2 wrong usage.",
};

static int check_usage(const struct dc_strings *operands, struct dc_err *err) {
  bool key = opt.key.kty_given || opt.key.crv_given || opt.key.size_given;
  const struct dc_names *names = &opt.names;

  if (opt.init && (operands->count || opt.out || opt.ttl_given || names->ns || names->trust_domain ||
                   names->control_plane_ns || names->control_plane_trust_domain))
    return dc_err_set(err, DC_EUSAGE, "'--init' makes the key alone: it takes no app id, no '--out' and '--ttl', and "
                                      "no names");
  if (!opt.init && !operands->count) return dc_err_set(err, DC_EUSAGE, "an app id is needed, or '--init'");
  if (!opt.init && key) return dc_err_set(err, DC_EUSAGE, "'--kty', '--crv' and '--size' go with '--init'");
  return 0;
}

struct job {
  const char *app; /* NULL with --init */
  char *dir;
  struct dc_settings settings;
  int64_t now;
  struct dc_buf sub, aud; /* SPIFFE IDs */
  struct dc_buf token;
};

static void job_free(struct job *job) {
  free(job->dir);
  dc_settings_free(&job->settings);
  dc_buf_free(&job->sub);
  dc_buf_free(&job->aud);
  dc_buf_free(&job->token);
}

/* --- the key ------------------------------------------------------------------------------------------------------ */

static int refuse_replacing(struct dc_err *err) {
  struct dc_err why = *err;

  return dc_err_set(err, DC_EEXIST, "%s; '--force' replaces them, and tokens made so far are refused from then on",
                    why.text);
}

static int make_key(const struct job *job, struct dc_err *err) {
  struct dc_token_rules rules = {.kid = NULL};
  enum dc_key_kind kind;
  int rc = dc_kty_resolve(&opt.key, &kind, &rules.rsa_bits, err);

  if (rc < 0) return rc;
  rules.algorithm = dc_jwa_name(dc_jwa_of_kind(kind));
  rc = dc_install_new_tokens(job->dir, &files, &rules, opt.force, err);
  return rc == DC_EEXIST ? refuse_replacing(err) : rc;
}

/* A text in YAML's single quotes. */
static void add_quoted(struct dc_buf *out, const char *text) {
  dc_buf_add_byte(out, '\'');
  for (; *text; text++) {
    if (*text == '\'') dc_buf_add_byte(out, '\'');
    dc_buf_add_byte(out, (unsigned char)*text);
  }
  dc_buf_add_byte(out, '\'');
}

static int print_lines(const char *source, struct dc_err *err) {
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;

  dc_buf_add_text(&text, "spec:\n"
                         "  mtls:\n"
                         "    tokenValidators:\n"
                         "      - name: jwks\n"
                         "        options:\n"
                         "          source: ");
  add_quoted(&text, source);
  dc_buf_add_byte(&text, '\n');
  return dc_tool_print(&text, err);
}

static int report_key(const struct job *job, const char *source, const struct dc_token_signer *signer,
                      struct dc_err *err) {
  return dc_report_print(json_pack("{s:o, s:[s, s], s:s, s:s, s:[{s:s, s:{s:o}}]}", "directory",
                                   dc_report_path(job->dir), "files", files.key, files.jwks, "kid",
                                   dc_token_signer_kid(signer), "algorithm",
                                   dc_jwa_name(dc_token_signer_algorithm(signer)), "tokenValidators", "name", "jwks",
                                   "options", "source", dc_report_path(source)),
                         err);
}

static int load_signer(const struct job *job, struct dc_token_signer **signer, struct dc_err *err) {
  static const struct dc_token_rules rules;
  struct dc_buf warning DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  int rc = dc_install_load_tokens(job->dir, &files, &rules, signer, &warning, err);

  if (rc == DC_ENOENT)
    return dc_err_add(err, rc, "no key for tokens (\"daprcerts token --init%s%s\" makes one)", opt.dir ? " --dir " : "",
                      opt.dir ? opt.dir : "");
  if (rc == 0) dc_tool_warn_lines(&cli, &warning);
  return rc;
}

static int init(const struct job *job, struct dc_err *err) {
  struct dc_token_signer *signer DC_CLEANUP(dc_token_signer_cleanup) = NULL;
  char *source DC_CLEANUP(dc_mem_free) = NULL, *below DC_CLEANUP(dc_mem_free) = dc_path_join(job->dir, files.jwks);
  int rc = below ? dc_path_absolute(below, &source, err) : dc_err_nomem(err);

  if (rc == 0) rc = make_key(job, err);
  if (rc == 0) rc = load_signer(job, &signer, err);
  if (rc < 0) return rc;
  dc_tool_say_saved(job->dir, files.key, "private key");
  dc_tool_say("Its public set has been saved in %s.", source);
  if (opt.json) return report_key(job, source, signer, err);
  dc_tool_say("These lines in sentry's configuration (--config) make it ask every sidecar for a token:");
  return print_lines(source, err);
}

/* --- a token ------------------------------------------------------------------------------------------------------ */

static int make_token(struct job *job, const struct dc_token_signer *signer, struct dc_err *err) {
  const char *aud[] = {dc_buf_text(&job->aud)};
  const struct dc_token token = {.sub = dc_buf_text(&job->sub), .aud = aud, .aud_count = 1,
                                 .ttl = opt.ttl / DC_SECOND};

  return dc_token_signer_sign(signer, &token, job->now, &job->token, err);
}

static int report_token(const struct job *job, const struct dc_token_signer *signer, struct dc_err *err) {
  char ends[DC_CLOCK_TEXT_MAX];

  return dc_report_print(json_pack("{s:s, s:s, s:s, s:s, s:o}", "spiffe_id", dc_buf_text(&job->sub), "audience",
                                   dc_buf_text(&job->aud), "not_after",
                                   dc_clock_rfc3339(job->now + opt.ttl / DC_SECOND, ends), "kid",
                                   dc_token_signer_kid(signer), opt.out ? "file" : "token",
                                   dc_report_path(opt.out ? opt.out : dc_buf_text(&job->token))),
                         err);
}

/* No newline behind it: a sidecar sends its file as it is. */
static int save(const struct job *job, struct dc_err *err) {
  char ends[DC_CLOCK_TEXT_MAX];
  int rc = dc_os_write_atomic(opt.out, 0600, job->token.data, job->token.len, opt.force, err);

  if (rc == DC_EEXIST)
    return dc_err_set(err, rc, "refusing to overwrite '%s': nothing was written ('--force' replaces)", opt.out);
  if (rc < 0) return rc;
  dc_tool_say("Your token has been saved in %s.", opt.out);
  dc_tool_say("Who holds it is %s to %s until %s.", dc_buf_text(&job->sub), dc_buf_text(&job->aud),
              dc_clock_rfc3339(job->now + opt.ttl / DC_SECOND, ends));
  return 0;
}

static int give(struct job *job, struct dc_err *err) {
  struct dc_token_signer *signer DC_CLEANUP(dc_token_signer_cleanup) = NULL;
  int rc = dc_names_workload(&opt.names, &job->settings, job->app, &job->sub, err);

  if (rc == 0) rc = dc_names_sentry(&opt.names, &job->settings, &job->aud, err);
  if (rc == 0) rc = load_signer(job, &signer, err);
  if (rc == 0) rc = make_token(job, signer, err);
  if (rc == 0 && opt.out) rc = save(job, err);
  if (rc < 0) return rc;
  if (opt.json) return report_token(job, signer, err);
  if (opt.out) return 0;
  dc_buf_add_byte(&job->token, '\n');
  return dc_tool_print(&job->token, err);
}

int main(int argc, char **argv) {
  struct dc_strings operands DC_CLEANUP(dc_strings_free) = {.items = NULL};
  struct job job DC_CLEANUP(job_free) = {.now = dc_clock_wall()};
  struct dc_err err = DC_ERR_INIT;
  int status, rc;

  dc_os_protect_secrets();
  if (!dc_tool_begin(&cli, argc, argv, &operands, &status)) return status;
  rc = check_usage(&operands, &err);
  if (rc == 0) rc = dc_names_read(&cli, opt.dir, &job.dir, &job.settings, &err);
  job.app = operands.count ? operands.items[0] : NULL;
  if (rc == 0) rc = opt.init ? init(&job, &err) : give(&job, &err);
  return dc_tool_end(&cli, rc, &err);
}
