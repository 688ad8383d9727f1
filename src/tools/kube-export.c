/* SPDX-License-Identifier: Apache-2.0 */
/* daprcerts kube-export: the credentials as Kubernetes' objects, or as values of Dapr's Helm chart. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/os.h"
#include "base/path.h"
#include "ca/install.h"
#include "format/k8s.h"
#include "store/layout.h"
#include "store/publish.h"
#include "tools/tool.h"

enum { FILE_MAX = 1 << 20 };

/* --- the command line --------------------------------------------------------------------------------------------- */

enum format { YAML, JSON, HELM_VALUES, HELM_SET_FILE };
static const char *const formats[] = {"yaml", "json", "helm-values", "helm-set-file", NULL};

static struct {
  const char *dir, *ns;
  int format; /* an enum format */
  bool ns_given, clear;
} opt = {.ns = "dapr-system"};

static const struct dc_opt opts[] = {
    {.name = "dir", .letter = 'd', .kind = DC_OPT_STRING, .value = &opt.dir, .arg = "DIR",
     .help = "the credentials' directory", .shown = "$DAPRCERTS_DIR, else $HOME/.dapr/certs"},
    {.name = "namespace", .letter = 'n', .kind = DC_OPT_STRING, .value = &opt.ns, .given = &opt.ns_given, .arg = "NAME",
     .help = "where Dapr's control plane runs; '' names none, which leaves it to kubectl", .shown = "dapr-system"},
    {.name = "format", .letter = 'o', .kind = DC_OPT_WORD, .value = &opt.format, .words = formats,
     .arg = "FORMAT",
     .help = "yaml or json, for kubectl apply; helm-values, for helm --values; or helm-set-file, arguments of helm that "
             "name the files", .shown = "yaml"},
    {.name = "clear", .kind = DC_OPT_FLAG, .value = &opt.clear,
     .help = "the Secret without data, at which Dapr's sentry makes a new CA when it starts; needs no directory"},
};

static const char notes[] =
    "  daprcerts kube-export | kubectl apply -f -\n"
    "  helm upgrade --install dapr dapr/dapr $(daprcerts kube-export -o helm-set-file)\n"
    "\n"
    "All but helm-set-file and --clear print the issuer's private key.\n"
    "Exit status: 0 done, 1 failed, 2 wrong usage.";

static const struct dc_cli cli = {.program = "daprcerts kube-export",
                                  .operands = "",
                                  .summary = "Print the Secret and the ConfigMap in which Dapr on Kubernetes looks for "
                                             "these credentials.",
                                  .opts = opts,
                                  .opt_count = DC_COUNT(opts),
                                  .notes = notes};

/* A label of DNS (RFC 1123), which names of namespaces are. */
static bool is_namespace(const char *name) {
  static const char ends[] = "abcdefghijklmnopqrstuvwxyz0123456789", all[] = "-abcdefghijklmnopqrstuvwxyz0123456789";
  size_t n = strlen(name);
  return n > 0 && n <= 63 && strspn(name, all) == n && strchr(ends, name[0]) && strchr(ends, name[n - 1]);
}

static int check_usage(struct dc_err *err) {
  if (opt.clear && opt.format > JSON)
    return dc_err_set(err, DC_EUSAGE, "'--clear' prints a Secret: its format is yaml or json");
  if (opt.ns_given && opt.format == HELM_VALUES)
    return dc_err_set(err, DC_EUSAGE, "Helm's values name no namespace: helm has an option for it");
  if (*opt.ns && !is_namespace(opt.ns))
    return dc_err_set(err, DC_EUSAGE, "option '--namespace': '%s' is no such name: at most 63 lower-case letters, digits "
                                      "and '-', which stands at neither end", opt.ns);
  return 0;
}

/* --- the files ---------------------------------------------------------------------------------------------------- */

static const char *name_of(size_t part) { return dc_k8s_parts[part].name; }

static struct dc_slice slice(const struct dc_buf *buf) { return (struct dc_slice){buf->data, buf->len}; }

static void warn_of_key(const struct dc_authority *authority) {
  const struct dc_spki *key = &dc_authority_chain(authority)->certs[0]->spki;
  char kind[DC_SPKI_TEXT_MAX];

  if (key->kind == DC_KEY_RSA || key->kind == DC_KEY_ED25519)
    dc_tool_warn(&cli, "the issuer's key is %s, with which Dapr's sentry signs from 1.16.16 and 1.17.7 on",
                 dc_spki_text(key, kind));
}

/* What Dapr's sentry would refuse, or replace by a CA of its own, is not to get there. */
static int check_credentials(const char *dir, const struct dc_k8s_bundle *bundle, struct dc_err *err) {
  const struct dc_authority_files files = {.ca_crt = slice(&bundle->secret[DC_K8S_CA_CRT]),
                                           .issuer_crt = slice(&bundle->secret[DC_K8S_ISSUER_CRT]),
                                           .issuer_key = slice(&bundle->secret[DC_K8S_ISSUER_KEY])};
  struct dc_authority *authority DC_CLEANUP(dc_authority_cleanup) = NULL;
  struct dc_buf warning DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  int64_t now = dc_clock_wall();
  int rc = dc_authority_load(&files, now, &authority, err);

  if (rc < 0) return dc_err_add(err, rc, "the credentials in '%s'", dir);
  for (size_t i = 0; dc_authority_warning(authority, now, i, &warning); i++) dc_buf_add_byte(&warning, '\n');
  dc_tool_warn_lines(&cli, &warning);
  warn_of_key(authority);
  return 0;
}

static int check_tokens(const char *dir, const struct dc_k8s_bundle *bundle, struct dc_err *err) {
  static const struct dc_token_rules rules;
  const struct dc_token_files files = {.key = slice(&bundle->secret[DC_K8S_JWT_KEY]),
                                       .jwks = slice(&bundle->secret[DC_K8S_JWKS]),
                                       .key_name = name_of(DC_K8S_JWT_KEY), .jwks_name = name_of(DC_K8S_JWKS)};
  struct dc_token_signer *signer DC_CLEANUP(dc_token_signer_cleanup) = NULL;
  struct dc_buf warning DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  int rc = dc_token_signer_load(&files, &rules, &signer, &warning, err);

  if (rc < 0) return dc_err_add(err, rc, "the tokens' key in '%s'", dir);
  dc_tool_warn_lines(&cli, &warning);
  return 0;
}

/* All of one set, with the tokens' pair where there is one. */
static int read_files(const char *dir, bool tokens, struct dc_k8s_bundle *bundle, struct dc_err *err) {
  const struct dc_install_token_names names = {.key = name_of(DC_K8S_JWT_KEY), .jwks = name_of(DC_K8S_JWKS)};
  const char *list[DC_K8S_PARTS];
  int there = tokens ? dc_install_tokens_there(dir, &names, err) : 0, rc;

  if (there < 0) return there;
  for (size_t i = 0; i < DC_K8S_PARTS; i++) list[i] = name_of(i);
  rc = dc_publish_read(dir, list, there ? DC_K8S_PARTS : DC_K8S_JWT_KEY, FILE_MAX, bundle->secret, err);
  if (rc == DC_ENOENT)
    return dc_err_add(err, rc, "no credentials in '%s' (\"daprcerts ca-init%s%s\" makes some)", dir,
                      opt.dir ? " --dir " : "", opt.dir ? opt.dir : "");
  if (rc == 0) rc = check_credentials(dir, bundle, err);
  return rc == 0 && there ? check_tokens(dir, bundle, err) : rc;
}

/* --- output ------------------------------------------------------------------------------------------------------- */

/* What $(...) without quotes hands on as it is, and what helm takes for itself. */
static bool survives(const char *path) {
  for (const char *at = path; *at; at++)
    if ((unsigned char)*at <= ' ' || strchr("*?[\\{},'\"", *at)) return false;
  return true;
}

static int write_set_file(const char *dir, struct dc_buf *out, struct dc_err *err) {
  static const enum dc_k8s_part order[] = {DC_K8S_ISSUER_CRT, DC_K8S_ISSUER_KEY, DC_K8S_CA_CRT};
  char *from_root DC_CLEANUP(dc_mem_free) = NULL;
  int rc = dc_path_absolute(dir, &from_root, err);

  if (rc < 0) return rc;
  if (!survives(from_root))
    return dc_err_set(err, DC_EINVAL, "the path '%s' holds a space or one of * ? [ \\ { } , ' \", which do not get "
                                      "through a shell and helm: name another, or take helm-values", from_root);
  for (size_t i = 0; i < DC_COUNT(order); i++)
    dc_buf_printf(out, "--set-file %s=%s/%s ", dc_k8s_value_name(order[i]), from_root, name_of(order[i]));
  if (*opt.ns)
    dc_buf_printf(out, "--namespace %s\n", opt.ns);
  else
    out->data[out->len - 1] = '\n';
  return dc_buf_check(out, err);
}

static int write_all(const char *dir, struct dc_buf *out, struct dc_err *err) {
  struct dc_k8s_bundle bundle DC_CLEANUP(dc_k8s_bundle_free) = DC_K8S_BUNDLE_INIT;
  int rc = read_files(dir, opt.format <= JSON, &bundle, err);

  if (rc < 0) return rc;
  if (*opt.ns && !(bundle.ns = strdup(opt.ns))) return dc_err_nomem(err);
  switch ((enum format)opt.format) {
    case YAML: return dc_k8s_write(&bundle, DC_K8S_YAML, out, err);
    case JSON: return dc_k8s_write(&bundle, DC_K8S_JSON, out, err);
    case HELM_VALUES: return dc_k8s_write_values(&bundle, out, err);
    case HELM_SET_FILE: break;
  }
  return write_set_file(dir, out, err);
}

static int export(struct dc_err *err) {
  struct dc_buf out DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  char *dir DC_CLEANUP(dc_mem_free) = NULL;
  int rc = 0;

  if (opt.clear) {
    rc = dc_k8s_write_clear(*opt.ns ? opt.ns : NULL, opt.format == JSON ? DC_K8S_JSON : DC_K8S_YAML, &out, err);
  } else {
    rc = dc_layout_dir(opt.dir, &dir, err);
    if (rc == 0) rc = write_all(dir, &out, err);
  }
  return rc < 0 ? rc : dc_tool_print(&out, err);
}

int main(int argc, char **argv) {
  struct dc_strings operands DC_CLEANUP(dc_strings_free) = {.items = NULL};
  struct dc_err err = DC_ERR_INIT;
  int status, rc;

  dc_os_protect_secrets();
  if (!dc_tool_begin(&cli, argc, argv, &operands, &status)) return status;
  rc = check_usage(&err);
  if (rc == 0) rc = export(&err);
  return dc_tool_end(&cli, rc, &err);
}
