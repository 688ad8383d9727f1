/* SPDX-License-Identifier: Apache-2.0 */
/* daprcerts kube-import: the credentials of Dapr on Kubernetes, as kubectl prints them, into a directory. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/os.h"
#include "ca/install.h"
#include "format/k8s.h"
#include "store/layout.h"
#include "tools/report.h"
#include "tools/tool.h"

/* --- the command line --------------------------------------------------------------------------------------------- */

static struct {
  const char *dir, *ns;
  bool force, json;
} opt;

static const struct dc_opt opts[] = {
    {.name = "dir", .letter = 'd', .kind = DC_OPT_STRING, .value = &opt.dir, .arg = "DIR",
     .help = "the directory, made when missing", .shown = "$DAPRCERTS_DIR, else $HOME/.dapr/certs"},
    {.name = "namespace", .letter = 'n', .kind = DC_OPT_STRING, .value = &opt.ns, .arg = "NAME",
     .help = "which Secret is meant, where FILE holds those of several namespaces"},
    {.name = "force", .letter = 'f', .kind = DC_OPT_FLAG, .value = &opt.force,
     .help = "replace the credentials that are there; they go to .daprcerts/prev"},
    {.name = "json", .kind = DC_OPT_FLAG, .value = &opt.json, .help = "describe what was taken on standard output"},
};

static const struct dc_cli cli = {
    .program = "daprcerts kube-import",
    .operands = "FILE",
    .summary = "Take the credentials of Dapr on Kubernetes from its Secret in FILE (YAML or JSON; - is standard input).",
    .opts = opts,
    .opt_count = DC_COUNT(opts),
    .min_operands = 1,
    .max_operands = 1,
    .notes = "  kubectl get secret,configmap -n dapr-system -o yaml | daprcerts kube-import -\n"
             "\n"
             "Without --force nothing is ever overwritten.\n"
             "Exit status: 0 done, 1 failed or refused, 2 wrong usage.",
};

/* --- the job ------------------------------------------------------------------------------------------------------ */

struct job {
  const char *file;
  char *dir;
  struct dc_k8s_bundle bundle;
  struct dc_authority *authority;
};

static void job_free(struct job *job) {
  free(job->dir);
  dc_k8s_bundle_free(&job->bundle);
  dc_authority_unref(job->authority);
}

static struct dc_slice part(const struct job *job, enum dc_k8s_part which) {
  return (struct dc_slice){job->bundle.secret[which].data, job->bundle.secret[which].len};
}

static int read_bundle(struct job *job, struct dc_err *err) {
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  int rc = dc_os_read_file(job->file, DC_K8S_TEXT_MAX, &text, err);

  return rc < 0 ? rc : dc_k8s_read(strcmp(job->file, "-") == 0 ? "standard input" : job->file, &text, opt.ns,
                                   &job->bundle, err);
}

/* Sidecars are given the ConfigMap's anchors; a sentry that finds others there than in its Secret makes a new CA. */
static void warn_of_config_map(const struct job *job) {
  for (size_t i = 0; i < DC_K8S_PARTS; i++) {
    struct dc_slice other = {job->bundle.config_map[i].data, job->bundle.config_map[i].len};
    if (!dc_k8s_parts[i].is_public || !job->bundle.has_config_map ||
        dc_slice_equal(part(job, (enum dc_k8s_part)i), other))
      continue;
    dc_tool_warn(&cli, "%s of the ConfigMap is not, byte for byte, that of the Secret, which is taken: %s",
                 dc_k8s_parts[i].name,
                 i == DC_K8S_CA_CRT ? "Dapr's sentry replaces both by a new CA when it starts, unless \"daprcerts "
                                      "kube-export\" mends it first"
                                    : "who verifies tokens reads another set than sentry has");
  }
}

/* The tokens' pair; false where there is none that is whole. */
static bool take_tokens(const struct job *job, struct dc_token_files *files) {
  *files = (struct dc_token_files){.key = part(job, DC_K8S_JWT_KEY), .jwks = part(job, DC_K8S_JWKS),
                                   .key_name = dc_k8s_parts[DC_K8S_JWT_KEY].name,
                                   .jwks_name = dc_k8s_parts[DC_K8S_JWKS].name};
  if (!files->key.len != !files->jwks.len)
    dc_tool_warn(&cli, "the Secret holds %s without %s: it is left out",
                 files->key.len ? files->key_name : files->jwks_name,
                 files->key.len ? files->jwks_name : files->key_name);
  return files->key.len && files->jwks.len;
}

static int refuse_replacing(struct dc_err *err) {
  struct dc_err why = *err;

  return dc_err_set(err, DC_EEXIST, "%s ('--force' replaces)", why.text);
}

static int install(struct job *job, bool *tokens, struct dc_err *err) {
  const struct dc_authority_files files = {.ca_crt = part(job, DC_K8S_CA_CRT),
                                           .issuer_crt = part(job, DC_K8S_ISSUER_CRT),
                                           .issuer_key = part(job, DC_K8S_ISSUER_KEY)};
  struct dc_buf warnings DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_token_files pair;
  int64_t now = dc_clock_wall();
  int rc;

  *tokens = take_tokens(job, &pair);
  rc = dc_install_given(job->dir, &files, *tokens ? &pair : NULL, opt.force, now, &job->authority, &warnings, err);
  if (rc == DC_EEXIST && !opt.force) return refuse_replacing(err);
  if (rc < 0) return rc;
  if (warnings.len) dc_buf_add_byte(&warnings, '\n');
  for (size_t i = 0; dc_authority_warning(job->authority, now, i, &warnings); i++) dc_buf_add_byte(&warnings, '\n');
  dc_tool_warn_lines(&cli, &warnings);
  return 0;
}

/* --- output ------------------------------------------------------------------------------------------------------- */

static const char *word_of_config_map(const struct job *job) {
  const struct dc_buf *other = &job->bundle.config_map[DC_K8S_CA_CRT];

  if (!job->bundle.has_config_map) return "absent";
  return dc_slice_equal(part(job, DC_K8S_CA_CRT), (struct dc_slice){other->data, other->len}) ? "same" : "other";
}

static int report(const struct job *job, bool tokens, struct dc_err *err) {
  json_t *files = json_array(), *roots = json_array();
  const struct dc_bundle *anchors = dc_authority_anchors(job->authority);

  for (size_t i = 0; i < (tokens ? DC_K8S_PARTS : DC_K8S_JWT_KEY); i++)
    json_array_append_new(files, json_string(dc_k8s_parts[i].name));
  for (size_t i = 0; i < anchors->count; i++) json_array_append_new(roots, dc_report_cert(anchors->certs[i]));
  return dc_report_print(json_pack("{s:o, s:s?, s:o, s:o, s:o, s:s}", "directory", dc_report_path(job->dir),
                                   "namespace", job->bundle.ns, "files", files, "roots", roots, "issuer",
                                   dc_report_cert(dc_authority_chain(job->authority)->certs[0]), "config_map",
                                   word_of_config_map(job)),
                         err);
}

static int import(struct job *job, struct dc_err *err) {
  bool tokens = false;
  int rc = dc_layout_dir(opt.dir, &job->dir, err);

  if (rc == 0) rc = read_bundle(job, err);
  if (rc < 0) return rc;
  warn_of_config_map(job);
  rc = install(job, &tokens, err);
  if (rc < 0) return rc;
  for (size_t i = 0; i < (tokens ? DC_K8S_PARTS : DC_K8S_JWT_KEY); i++)
    dc_tool_say_saved(job->dir, dc_k8s_parts[i].name, i == DC_K8S_JWKS ? "key set" : i == DC_K8S_ISSUER_KEY ||
                                                      i == DC_K8S_JWT_KEY ? "private key" : "certificate");
  return opt.json ? report(job, tokens, err) : 0;
}

int main(int argc, char **argv) {
  struct dc_strings operands DC_CLEANUP(dc_strings_free) = {.items = NULL};
  struct job job DC_CLEANUP(job_free) = {.bundle = DC_K8S_BUNDLE_INIT};
  struct dc_err err = DC_ERR_INIT;
  int status, rc;

  dc_os_protect_secrets();
  if (!dc_tool_begin(&cli, argc, argv, &operands, &status)) return status;
  job.file = operands.items[0];
  rc = import(&job, &err);
  return dc_tool_end(&cli, rc, &err);
}
