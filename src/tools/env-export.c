/* SPDX-License-Identifier: Apache-2.0 */
/* daprcerts env-export: the environment that a sidecar wants, in a shell's notation. libc and inih alone. */
#include "config.h"

#include "tools/env-export.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/os.h"
#include "base/path.h"
#include "base/pem.h"
#include "base/slice.h"
#include "base/utf8.h"
#include "config/settings.h"
#include "format/env.h"
#include "store/layout.h"
#include "store/publish.h"
#include "tools/conf.h"
#include "tools/tool.h"

enum { FILE_MAX = 1 << 20, VARS_MAX = 8 };

static const struct dc_env_format *const formats[] = {&dc_sh_env,     &dc_fish_env,   &dc_powershell_env,
                                                      &dc_dotenv_env, &dc_docker_env, &dc_json_env};

/* --- the command line --------------------------------------------------------------------------------------------- */

/* Their names, filled in before they are needed, with NULL at the end. */
static const char *format_names[DC_COUNT(formats) + 1];

static struct {
  const char *dir, *trust_domain, *namespace, *control_plane_trust_domain, *control_plane_namespace;
  const char *token_file;
  int format; /* its place */
  bool no_cert, issuer_as_client, unset;
} opt;

static const struct dc_opt opts[] = {
    {.name = "dir", .letter = 'd', .kind = DC_OPT_STRING, .value = &opt.dir, .arg = "DIR",
     .help = "the credentials' directory", .shown = "$DAPRCERTS_DIR, else $HOME/.dapr/certs"},
    {.name = "format", .letter = 'f', .kind = DC_OPT_WORD, .value = &opt.format, .words = format_names,
     .arg = "FORMAT",
     .help = "sh, fish, powershell, dotenv, docker or json", .shown = "sh"},
    {.name = "unset", .letter = 'u', .kind = DC_OPT_FLAG, .value = &opt.unset,
     .help = "print what takes the variables away again"},
    {.name = "no-cert", .kind = DC_OPT_FLAG, .value = &opt.no_cert,
     .help = "leave out DAPR_CERT_CHAIN and DAPR_CERT_KEY, which sidecars since 1.14 ignore"},
    {.name = "issuer-as-client", .kind = DC_OPT_FLAG, .value = &opt.issuer_as_client,
     .help = "export the issuer's pair in them, as Dapr's guide does: every sidecar then holds the CA's key"},
    {.name = "token-file", .kind = DC_OPT_STRING, .value = &opt.token_file, .arg = "FILE",
     .help = "a token by which the sidecar proves to sentry who it is: DAPR_SENTRY_TOKEN_FILE"},
    {.name = "namespace", .kind = DC_OPT_STRING, .value = &opt.namespace, .arg = "NAME",
     .help = "the sidecar's namespace: NAMESPACE", .shown = "$NAMESPACE, else daprcerts.conf, else default"},
    {.name = "trust-domain", .kind = DC_OPT_STRING, .value = &opt.trust_domain, .arg = "NAME",
     .help = "the workload's trust domain, for 'daprcerts issue' in this shell: DAPRCERTS_TRUST_DOMAIN",
     .shown = "$DAPRCERTS_TRUST_DOMAIN, else daprcerts.conf, else public, which is not exported"},
    {.name = "control-plane-trust-domain", .kind = DC_OPT_STRING, .value = &opt.control_plane_trust_domain,
     .arg = "NAME", .help = "sentry's trust domain: DAPR_CONTROLPLANE_TRUST_DOMAIN",
     .shown = "the variable, else daprcerts.conf, else localhost"},
    {.name = "control-plane-namespace", .kind = DC_OPT_STRING, .value = &opt.control_plane_namespace, .arg = "NAME",
     .help = "sentry's namespace: DAPR_CONTROLPLANE_NAMESPACE",
     .shown = "the variable, else daprcerts.conf, else default"},
};

static const char notes[] =
    "  eval $(daprcerts env-export)                                   sh, bash, zsh, ksh, busybox\n"
    "  daprcerts env-export --format fish | source\n"
    "  daprcerts env-export --format powershell | Invoke-Expression\n"
    "\n"
    "Exit status: 0 done, 1 failed (and the word \"false\" on standard output, so that eval fails), 2 wrong usage.";

static const struct dc_cli cli = {.program = "daprcerts env-export",
                                  .operands = "",
                                  .summary = "Print the environment of a Dapr sidecar that uses these credentials.",
                                  .opts = opts,
                                  .opt_count = DC_COUNT(opts),
                                  .notes = notes};

/* --- values ------------------------------------------------------------------------------------------------------- */

struct exported {
  struct dc_settings settings;
  struct dc_buf anchors, chain, key; /* PEM, without the last newline */
  char *token_file;                  /* its path from the root on; heap */
  struct dc_env_var vars[VARS_MAX];
  size_t count;
};

static void exported_free(struct exported *exported) {
  dc_settings_free(&exported->settings);
  dc_buf_free(&exported->anchors);
  dc_buf_free(&exported->chain);
  dc_buf_free(&exported->key);
  free(exported->token_file);
}

static void add(struct exported *exported, const char *name, const char *value) {
  exported->vars[exported->count++] = (struct dc_env_var){.name = name, .value = value};
}

/* The blocks alone, each as it would be written anew: what stands around them is for people, and a carriage return
 * has no place in a variable. At least one block, each bearing LABEL (or ending with it: "EC PRIVATE KEY"). */
static int take_pem(const struct dc_buf *file, const char *name, const char *label, struct dc_buf *out,
                    struct dc_err *err) {
  struct dc_pem block DC_CLEANUP(dc_pem_free) = DC_PEM_INIT;
  const char *at = dc_buf_text(file);
  size_t left = file->len, count = 0;
  int rc = 0;
  while ((rc = dc_pem_next(&at, &left, &block, err)) == 1) {
    size_t length = strlen(block.label), want = strlen(label);
    if (length < want || strcmp(block.label + length - want, label) != 0) continue;
    if (block.der.len < 2 || block.der.data[0] != 0x30) return dc_err_set(err, DC_EINVAL, "'%s' holds broken PEM", name);
    dc_pem_add(out, block.label, block.der.data, block.der.len);
    count++;
  }
  if (rc < 0) return dc_err_add(err, rc, "'%s'", name);
  if (count == 0) return dc_err_set(err, DC_EINVAL, "'%s' holds no PEM block '%s'", name, label);
  dc_buf_truncate(out, out->len - 1);
  return dc_buf_check(out, err);
}

/* Names go into a shell: what is no name of SPIFFE's is refused before it gets there. */
static int check_name(const char *what, const char *value, bool upper_case, struct dc_err *err) {
#define LOWER_AND_MARKS "abcdefghijklmnopqrstuvwxyz0123456789.-_"
  static const char lower[] = LOWER_AND_MARKS, both[] = LOWER_AND_MARKS "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  size_t n = strlen(value);
  bool dots = strcmp(value, ".") == 0 || strcmp(value, "..") == 0;
  if (n > 0 && strspn(value, upper_case ? both : lower) == n && !dots) return 0;
  return dc_err_set(err, DC_EINVAL, "%s '%s' is no such name: %s, digits, '.', '-' and '_' are allowed", what, value,
                    upper_case ? "letters" : "lower-case letters");
}

static int add_name(struct exported *exported, const char *variable, const char *what, const char *flag,
                    const char *conf, const char *standard, struct dc_err *err) {
  const struct dc_sources sources = {.flag = flag, .env = variable, .conf = conf, .standard = standard};
  const char *value = NULL;
  int rc = dc_settings_pick(&sources, &value, err);
  if (!rc) rc = check_name(what, value, strstr(variable, "NAMESPACE") != NULL, err);
  if (rc) return rc;
  bool unsaid = strcmp(standard, DC_DEFAULT_TRUST_DOMAIN) == 0 && strcmp(value, standard) == 0;
  if (!unsaid || flag) add(exported, variable, value);
  return 0;
}

static int add_names(struct exported *exported, struct dc_err *err) {
  const struct dc_settings *conf = &exported->settings;
  int rc = add_name(exported, "NAMESPACE", "namespace", opt.namespace, conf->namespace, DC_DEFAULT_NAMESPACE, err);
  if (!rc)
    rc = add_name(exported, "DAPR_CONTROLPLANE_TRUST_DOMAIN", "trust domain", opt.control_plane_trust_domain,
                  conf->control_plane_trust_domain, DC_DEFAULT_CONTROL_PLANE_TRUST_DOMAIN, err);
  if (!rc)
    rc = add_name(exported, "DAPR_CONTROLPLANE_NAMESPACE", "namespace", opt.control_plane_namespace,
                  conf->control_plane_namespace, DC_DEFAULT_CONTROL_PLANE_NAMESPACE, err);
  if (!rc)
    rc = add_name(exported, "DAPRCERTS_TRUST_DOMAIN", "trust domain", opt.trust_domain, conf->trust_domain,
                  DC_DEFAULT_TRUST_DOMAIN, err);
  return rc;
}

/* --- files -------------------------------------------------------------------------------------------------------- */

/* Which pair goes into DAPR_CERT_CHAIN and DAPR_CERT_KEY; *CRT is NULL where there is none to export. */
static int choose_pair(const char *dir, const char **crt, const char **key, struct dc_err *err) {
  static const char *const names[] = {"client.crt", "client.key", "issuer.crt"};
  bool present[DC_COUNT(names)];
  *crt = *key = NULL;
  if (opt.no_cert) return 0;
  if (opt.issuer_as_client) {
    *crt = "issuer.crt";
    *key = "issuer.key";
    return 0;
  }
  int rc = dc_publish_present(dir, names, DC_COUNT(names), present, err);
  if (rc) return rc;
  if (present[0] != present[1])
    return dc_err_set(err, DC_ENOENT, "'%s' holds '%s' without '%s'", dir, present[0] ? names[0] : names[1],
                      present[0] ? names[1] : names[0]);
  if (present[0]) {
    *crt = names[0];
    *key = names[1];
  } else if (present[2]) { /* a CA made by something else; with ca.crt alone there is nothing to be done here */
    dc_tool_warn(&cli,
                 "no client pair in '%s', so DAPR_CERT_CHAIN and DAPR_CERT_KEY are left out (sidecars up to 1.13 want "
                 "them): 'daprcerts ca-init --client%s%s' makes one, --issuer-as-client exports the issuer's",
                 dir, opt.dir ? " --dir " : "", opt.dir ? opt.dir : "");
  }
  return 0;
}

static int add_files(struct exported *exported, const char *dir, struct dc_err *err) {
  const char *names[3] = {"ca.crt", NULL, NULL};
  struct dc_buf files[3] = {DC_BUF_INIT};
  int rc = choose_pair(dir, &names[1], &names[2], err);
  if (!rc) rc = dc_publish_read(dir, names, names[1] ? 3 : 1, FILE_MAX, files, err);
  if (!rc) rc = take_pem(&files[0], names[0], "CERTIFICATE", &exported->anchors, err);
  if (!rc && names[1]) rc = take_pem(&files[1], names[1], "CERTIFICATE", &exported->chain, err);
  if (!rc && names[1]) rc = take_pem(&files[2], names[2], "PRIVATE KEY", &exported->key, err);
  for (size_t i = 0; i < DC_COUNT(files); i++) dc_buf_free(&files[i]);
  if (rc) return dc_err_add(err, rc, "'%s'", dir);
  add(exported, "DAPR_TRUST_ANCHORS", dc_buf_text(&exported->anchors));
  if (!names[1]) return 0;
  add(exported, "DAPR_CERT_CHAIN", dc_buf_text(&exported->chain));
  add(exported, "DAPR_CERT_KEY", dc_buf_text(&exported->key));
  return 0;
}

/* What an eval without quotes would change: see format/sh.c. */
static bool survives(const char *path) {
  for (const char *at = path; *at; at++)
    if ((unsigned char)*at < ' ' || strchr("*?[\\{}", *at) || (at[0] == ' ' && at[1] == ' ')) return false;
  return true;
}

static int add_token_file(struct exported *exported, struct dc_err *err) {
  int fd DC_CLEANUP(dc_mem_close) = -1;
  int rc = dc_os_open_file(opt.token_file, &fd, err);
  if (!rc) rc = dc_path_absolute(opt.token_file, &exported->token_file, err);
  if (rc) return dc_err_add(err, rc, "the token");
  if (!survives(exported->token_file))
    return dc_err_set(err, DC_EINVAL,
                      "the token's path '%s' holds one of * ? [ \\ { }, two spaces or a control character, which do "
                      "not get through a shell: name another",
                      exported->token_file);
  struct dc_slice path = dc_slice_text(exported->token_file);
  if (formats[opt.format] == &dc_json_env && !dc_utf8_valid(path.data, path.len))
    return dc_err_set(err, DC_EINVAL, "the token's path is no UTF-8, which JSON has to be: name another");
  add(exported, "DAPR_SENTRY_TOKEN_FILE", exported->token_file);
  return 0;
}

static int collect(struct exported *exported, struct dc_err *err) {
  char *dir DC_CLEANUP(dc_mem_free) = NULL;
  int rc = dc_layout_dir(opt.dir, &dir, err);
  if (rc) return rc;
  rc = add_files(exported, dir, err);
  if (!rc) rc = dc_conf_load(dir, &exported->settings, NULL, err); /* second: it is there no later than the files */
  if (!rc && opt.token_file) rc = add_token_file(exported, err);
  return rc ? rc : add_names(exported, err);
}

/* Everything that any call may have set. */
static void collect_names(struct exported *exported) {
  static const char *const all[] = {"DAPR_TRUST_ANCHORS",
                                    "DAPR_CERT_CHAIN",
                                    "DAPR_CERT_KEY",
                                    "DAPR_SENTRY_TOKEN_FILE",
                                    "NAMESPACE",
                                    "DAPR_CONTROLPLANE_TRUST_DOMAIN",
                                    "DAPR_CONTROLPLANE_NAMESPACE",
                                    "DAPRCERTS_TRUST_DOMAIN"};
  for (size_t i = 0; i < DC_COUNT(all); i++) add(exported, all[i], "");
}

/* --- the program -------------------------------------------------------------------------------------------------- */

static int print(const struct dc_env_format *format, struct dc_err *err) {
  struct exported exported DC_CLEANUP(exported_free) = {.count = 0};
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  dc_settings_init(&exported.settings);
  if (opt.unset) {
    if (!format->unset)
      return dc_err_set(err, DC_EUSAGE, "format '%s' has nothing that takes variables away", format->name);
    collect_names(&exported);
    format->unset(exported.vars, exported.count, &text);
  } else {
    int rc = collect(&exported, err);
    if (rc) return rc;
    format->set(exported.vars, exported.count, &text);
  }
  return dc_tool_print(&text, err);
}

int dc_env_export(int argc, char **argv) {
  struct dc_strings operands DC_CLEANUP(dc_strings_free) = {.count = 0};
  struct dc_err err = DC_ERR_INIT;
  int status = DC_EXIT_DONE;
  for (size_t i = 0; i < DC_COUNT(formats); i++) format_names[i] = formats[i]->name;
  if (!dc_tool_begin(&cli, argc, argv, &operands, &status)) {
    if (status != DC_EXIT_DONE) fputs(dc_sh_env.failure, stdout);
    return status;
  }
  int rc = print(formats[opt.format], &err);
  if (rc) fputs(formats[opt.format]->failure, stdout);
  return dc_tool_end(&cli, rc, &err);
}
