/* SPDX-License-Identifier: Apache-2.0 */
/* daprcerts ca-init: a root, an issuer and a client pair in one directory. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/os.h"
#include "base/path.h"
#include "ca/install.h"
#include "ca/profile_conf.h"
#include "config/settings.h"
#include "pki/constraints.h"
#include "store/layout.h"
#include "store/publish.h"
#include "tools/kty.h"
#include "tools/names.h"
#include "tools/openssl.h"
#include "tools/report.h"
#include "tools/root_key.h"
#include "tools/tool.h"
#include "tools/when.h"

enum { FILE_MAX = 1 << 20, DAY = 86400 };

/* --- the command line -------------------------------------------------------------------------------------------- */

static struct {
  const char *dir, *trust_domain, *ns, *not_after, *root_crt, *root_key, *root_key_out, *conf, *issuer_conf;
  int64_t root_days, issuer_days, days;
  bool root_days_given, issuer_days_given, days_given, client, json;
  struct dc_kty key;
} opt = {.root_days = DC_INIT_ROOT_DAYS, .issuer_days = DC_INIT_ISSUER_DAYS};

static const struct dc_opt opts[] = {
    {.name = "dir", .kind = DC_OPT_STRING, .value = &opt.dir, .arg = "DIR",
     .help = "the directory, made when missing", .shown = "$DAPRCERTS_DIR, else $HOME/.dapr/certs"},
    {.kind = DC_OPT_HEADING, .help = "Who sentry is:"},
    {.name = "trust-domain", .kind = DC_OPT_STRING, .value = &opt.trust_domain, .arg = "NAME",
     .help = "sentry's trust domain, where sidecars look for it",
     .shown = "$DAPR_CONTROLPLANE_TRUST_DOMAIN, daprcerts.conf, localhost"},
    {.name = "namespace", .kind = DC_OPT_STRING, .value = &opt.ns, .arg = "NAME", .help = "sentry's namespace",
     .shown = "$NAMESPACE, daprcerts.conf, default"},
    {.kind = DC_OPT_HEADING, .help = "How long:"},
    {.name = "root-days", .kind = DC_OPT_NUMBER, .value = &opt.root_days, .given = &opt.root_days_given, .min = 1,
     .max = DC_INIT_DAYS_MAX, .arg = "DAYS", .help = "validity of the root", .shown = "3650"},
    {.name = "issuer-days", .kind = DC_OPT_NUMBER, .value = &opt.issuer_days, .given = &opt.issuer_days_given,
     .min = 1, .max = DC_INIT_DAYS_MAX, .arg = "DAYS", .help = "validity of the issuer and the client pair",
     .shown = "365"},
    {.name = "days", .kind = DC_OPT_NUMBER, .value = &opt.days, .given = &opt.days_given, .min = 1,
     .max = DC_INIT_DAYS_MAX, .arg = "DAYS", .help = "validity of both"},
    {.name = "not-after", .kind = DC_OPT_STRING, .value = &opt.not_after, .arg = "TIME",
     .help = "end of both: a date (2030-01-31) or a duration from now (8760h)"},
    {.kind = DC_OPT_HEADING, .help = "Keys:"},
    DC_KTY_ROWS(opt.key),
    {.name = "root-key", .kind = DC_OPT_STRING, .value = &opt.root_key, .arg = "FILE",
     .help = "use this root key instead of a new one; alone, it gets a new certificate"},
    {.name = "root-cert", .kind = DC_OPT_STRING, .value = &opt.root_crt, .arg = "FILE",
     .help = "and this root certificate"},
    {.name = "root-key-out", .kind = DC_OPT_STRING, .value = &opt.root_key_out, .arg = "FILE",
     .help = "keep the root's key there, and not in the directory; with --root-key, the same file"},
    {.name = "client", .kind = DC_OPT_FLAG, .value = &opt.client,
     .help = "add only client.crt and client.key, to a directory made by other programs"},
    {.kind = DC_OPT_HEADING, .help = "As openssl has them:"},
    {.name = "conf", .kind = DC_OPT_STRING, .value = &opt.conf, .arg = "FILE",
     .help = "the root's subject and extensions, by a configuration of openssl's"},
    {.name = "issuer-conf", .kind = DC_OPT_STRING, .value = &opt.issuer_conf, .arg = "FILE",
     .help = "and the issuer's"},
    {.kind = DC_OPT_HEADING, .help = "Output:"},
    {.name = "json", .kind = DC_OPT_FLAG, .value = &opt.json, .help = "describe what was made on standard output"},
};

static const struct dc_cli cli = {
    .program = "daprcerts ca-init",
    .operands = "",
    .summary = "Make a certificate authority for Dapr's mutual TLS: root, issuer, and a client pair.",
    .opts = opts,
    .opt_count = DC_COUNT(opts),
    .notes = "Nothing is ever overwritten: a directory that holds any of the files is refused.\n"
             "Exit status: 0 done, 1 failed or refused, 2 wrong usage.",
};

static int is_input(const char *path) { return path && strcmp(path, "-") == 0; }

static int check_usage(struct dc_err *err) {
  bool days = opt.days_given || opt.root_days_given || opt.issuer_days_given;

  if (opt.client && (opt.root_key || opt.root_key_out || opt.root_crt || opt.not_after || days))
    return dc_err_set(err, DC_EUSAGE, "'--client' adds a pair to what is there: it takes no root and no dates");
  if (opt.client && (opt.conf || opt.issuer_conf))
    return dc_err_set(err, DC_EUSAGE, "'--client' makes no root and no issuer: it excludes '--conf' and "
                                       "'--issuer-conf'");
  if (is_input(opt.conf) + is_input(opt.issuer_conf) + is_input(opt.root_key) + is_input(opt.root_crt) > 1)
    return dc_err_set(err, DC_EUSAGE, "standard input ('-') can be one file alone");
  if (opt.conf && opt.root_crt)
    return dc_err_set(err, DC_EUSAGE, "'--conf' and '--root-cert' exclude each other: the root is there already");
  if (opt.root_key && opt.root_key_out && strcmp(opt.root_key, opt.root_key_out) != 0)
    return dc_err_set(err, DC_EUSAGE, "'--root-key' is kept where it is: '--root-key-out' must name the same file");
  if (opt.root_crt && !opt.root_key)
    return dc_err_set(err, DC_EUSAGE, "'--root-cert' requires '--root-key': the root has to sign the issuer");
  if (opt.root_crt && opt.root_days_given)
    return dc_err_set(err, DC_EUSAGE, "'--root-cert' and '--root-days' exclude each other: the certificate has an end");
  if (opt.not_after && days)
    return dc_err_set(err, DC_EUSAGE, "'--not-after' and the options for days exclude each other");
  return 0;
}

/* --- what everything below needs ---------------------------------------------------------------------------------- */

struct job {
  char *dir;
  struct dc_settings settings;
  const char *trust_domain, *ns;
  enum dc_key_kind kind;
  unsigned rsa_bits;
  int64_t now;
};

static void job_free(struct job *job) {
  free(job->dir);
  dc_settings_free(&job->settings);
}

static int prepare(struct job *job, struct dc_err *err) {
  int rc = dc_names_read(&cli, opt.dir, &job->dir, &job->settings, err);

  if (rc == 0) rc = dc_names_own(opt.trust_domain, opt.ns, &job->settings, &job->trust_domain, &job->ns, err);
  return rc < 0 ? rc : dc_kty_resolve(&opt.key, &job->kind, &job->rsa_bits, err);
}

static void say_saved(const struct job *job, enum dc_file file) {
  bool secret = dc_layout_files[file].mode == 0600;

  dc_tool_say_saved(job->dir, dc_layout_files[file].name, secret ? "private key" : "certificate");
}

/* --- a new authority ---------------------------------------------------------------------------------------------- */

static int read_root(struct dc_init *init, struct dc_buf *crt, struct dc_buf *key, struct dc_err *err) {
  int rc = 0;

  if (opt.root_key) rc = dc_os_read_file(opt.root_key, FILE_MAX, key, err);
  if (rc == 0 && opt.root_crt) rc = dc_os_read_file(opt.root_crt, FILE_MAX, crt, err);
  if (rc < 0) return rc;
  init->root_crt = (struct dc_slice){crt->data, crt->len};
  init->root_key = (struct dc_slice){key->data, key->len};
  init->root_crt_name = opt.root_crt;
  init->root_key_name = opt.root_key;
  if ((opt.root_key && !key->len) || (opt.root_crt && !crt->len))
    return dc_err_set(err, DC_EINVAL, "'%s' is empty", opt.root_key && !key->len ? opt.root_key : opt.root_crt);
  return 0;
}

/* What --conf and --issuer-conf say. */
struct confs {
  struct dc_profile_conf root, issuer;
};

static void confs_free(struct confs *confs) {
  dc_profile_conf_free(&confs->root);
  dc_profile_conf_free(&confs->issuer);
}

static int read_confs(struct confs *confs, struct dc_init *init, struct dc_err *err) {
  int rc = opt.conf ? dc_openssl_read(&cli, opt.conf, DC_PROFILE_CA, &confs->root, err) : 0;

  if (rc == 0 && opt.issuer_conf) rc = dc_openssl_read(&cli, opt.issuer_conf, DC_PROFILE_CA, &confs->issuer, err);
  if (opt.conf) init->root_conf = &confs->root;
  if (opt.issuer_conf) init->issuer_conf = &confs->issuer;
  return rc;
}

static int set_ends(struct dc_init *init, int64_t now, struct dc_err *err) {
  int64_t end = 0;
  int rc;

  if (opt.days_given && !opt.root_days_given) opt.root_days = opt.days;
  if (opt.days_given && !opt.issuer_days_given) opt.issuer_days = opt.days;
  init->root_not_after = now + opt.root_days * DAY;
  init->issuer_not_after = now + opt.issuer_days * DAY;
  if (!opt.not_after) return 0;
  rc = dc_when_parse("not-after", opt.not_after, now, &end, err);
  if (rc < 0) return rc;
  if (end <= now) return dc_err_set(err, DC_EUSAGE, "'--not-after %s' is past", opt.not_after);
  if (end > now + (int64_t)DC_INIT_DAYS_MAX * DAY)
    return dc_err_set(err, DC_EUSAGE, "'--not-after %s' is more than %d days away", opt.not_after, DC_INIT_DAYS_MAX);
  init->root_not_after = init->issuer_not_after = end;
  return 0;
}

/* Where what was chosen, daprcerts.conf and the environment do not say the same, sidecars look for another sentry than
 * the one that starts here. */
static void warn_names(const struct job *job) {
  struct dc_settings will = job->settings; /* what daprcerts.conf holds when all is done; borrowed */
  struct dc_buf warning DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_buf ns DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  const char *conf = job->settings.control_plane_trust_domain;

  if (conf && strcmp(conf, job->trust_domain) != 0)
    dc_tool_warn(&cli, "%s/%s says control-plane-trust-domain = %s and is left as it is: change it to %s, or start "
                       "\"daprcerts sentry --trust-domain %s\"",
                 job->dir, DC_SETTINGS_FILE, conf, job->trust_domain, job->trust_domain);
  if (job->settings.control_plane_namespace && strcmp(job->settings.control_plane_namespace, job->ns) != 0 && opt.ns)
    dc_tool_warn(&cli, "%s/%s says control-plane-namespace = %s and is left as it is: change it to %s, or start "
                       "\"NAMESPACE=%s daprcerts sentry\"",
                 job->dir, DC_SETTINGS_FILE, job->settings.control_plane_namespace, job->ns, job->ns);
  dc_buf_add_text(&ns, job->ns);
  if (!will.control_plane_namespace && ns.data) will.control_plane_namespace = (char *)ns.data;
  dc_settings_warn_namespace(&will, getenv("NAMESPACE"), &warning);
  dc_tool_warn_lines(&cli, &warning);
}

/* A root that was given may allow sentry's names and not those that sidecars ask for. */
static void warn_constraints(const struct job *job, const struct dc_cert *root) {
  const char *usual = job->settings.trust_domain ? job->settings.trust_domain : DC_DEFAULT_TRUST_DOMAIN;
  struct dc_err err = DC_ERR_INIT;

  if (dc_constraints_check(root, DC_SAN_URI, dc_slice_text(usual), &err))
    dc_tool_warn(&cli, "root certificate '%s': %s: sidecars have to be in another trust domain", opt.root_crt,
                 err.text);
}

/* openssl and GnuTLS look for who signed by name, and by key identifier where there is one. */
static void warn_same_name(const struct dc_init_set *set) {
  const struct dc_cert *issuer = dc_authority_chain(set->authority)->certs[0];

  if (dc_slice_equal(issuer->subject, issuer->issuer) && !issuer->authority_key_id.len)
    dc_tool_warn(&cli, "root and issuer have the same name, and the issuer no authorityKeyIdentifier: Dapr accepts "
                       "them, openssl and GnuTLS take each for signed by itself");
}

static int report_new(const struct job *job, const struct dc_init_set *set, struct dc_err *err) {
  struct dc_bundle client DC_CLEANUP(dc_bundle_free) = DC_BUNDLE_INIT;
  json_t *files = json_array();
  int rc = dc_bundle_add_pem(&client, dc_buf_text(&set->client_crt), set->client_crt.len, err);

  if (rc < 0) {
    json_decref(files);
    return rc;
  }
  for (size_t i = 0; i < DC_FILES; i++)
    if (i != DC_FILE_CA_KEY || !opt.root_key_out)
      json_array_append_new(files, json_string(dc_layout_files[i].name));
  return dc_report_print(
      json_pack("{s:o, s:s, s:s, s:o, s:o, s:o, s:o}", "directory", dc_report_path(job->dir), "trust_domain",
                job->trust_domain, "namespace", job->ns, "files", files, "root", dc_report_cert(set->root), "issuer",
                dc_report_cert(dc_authority_chain(set->authority)->certs[0]), "client",
                dc_report_cert(client.certs[0])),
      err);
}

static int install(const struct job *job, const struct dc_init_set *set, struct dc_err *err) {
  const struct dc_install_how how = {.trust_domain = job->trust_domain, .ns = job->ns,
                                     .root_key_elsewhere = opt.root_key_out != NULL};
  bool writes = opt.root_key_out && !opt.root_key;
  int rc = writes ? dc_root_key_put(opt.root_key_out, (struct dc_slice){set->ca_key.data, set->ca_key.len}, err) : 0;

  if (rc < 0) return rc;
  rc = dc_install_new(job->dir, set, &how, err);
  if (rc < 0 && writes) dc_root_key_take_back(opt.root_key_out, job->dir);
  return rc;
}

static void say_all_saved(const struct job *job) {
  for (size_t i = 0; i < DC_FILES; i++)
    if (i != DC_FILE_CA_KEY || !opt.root_key_out) say_saved(job, (enum dc_file)i);
  if (opt.root_key_out && !opt.root_key) dc_tool_say("Your private key has been saved in %s.", opt.root_key_out);
}

static int make_authority(const struct job *job, struct dc_err *err) {
  struct dc_init init = {.trust_domain = job->trust_domain, .ns = job->ns, .kind = job->kind,
                         .rsa_bits = job->rsa_bits};
  struct dc_init_set set DC_CLEANUP(dc_init_set_free) = DC_INIT_SET_INIT;
  struct dc_buf crt DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, key DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct confs confs DC_CLEANUP(confs_free) = {DC_PROFILE_CONF_INIT, DC_PROFILE_CONF_INIT};
  char time[DC_CLOCK_TEXT_MAX];
  int rc = set_ends(&init, job->now, err);

  if (rc == 0) rc = read_confs(&confs, &init, err);
  if (rc == 0) rc = read_root(&init, &crt, &key, err);
  if (rc == 0) rc = dc_init_make(&init, job->now, &set, err);
  if (rc == 0) rc = install(job, &set, err);
  if (rc < 0) return rc;
  say_all_saved(job);
  if (set.shortened)
    dc_tool_warn(&cli, "the issuer ends with the root, at %s, earlier than asked for",
                 dc_clock_rfc3339(dc_authority_not_after(set.authority), time));
  warn_names(job);
  warn_constraints(job, set.root);
  warn_same_name(&set);
  return opt.json ? report_new(job, &set, err) : 0;
}

/* --- a client pair beside what is there --------------------------------------------------------------------------- */

static int publish_client(const struct job *job, const struct dc_buf *crt, const struct dc_buf *key,
                          struct dc_err *err) {
  const struct dc_file_row *crt_row = &dc_layout_files[DC_FILE_CLIENT_CRT];
  const struct dc_file_row *key_row = &dc_layout_files[DC_FILE_CLIENT_KEY];
  struct dc_set set DC_CLEANUP(dc_set_free) = DC_SET_INIT;
  int rc = dc_set_add(&set, crt_row->name, crt_row->mode, crt->data, crt->len, err);

  if (rc == 0) rc = dc_set_add(&set, key_row->name, key_row->mode, key->data, key->len, err);
  return rc < 0 ? rc : dc_publish(job->dir, &set, DC_PUBLISH_ADD, err);
}

static int report_client(const struct job *job, const struct dc_buf *crt, struct dc_err *err) {
  struct dc_bundle client DC_CLEANUP(dc_bundle_free) = DC_BUNDLE_INIT;
  int rc = dc_bundle_add_pem(&client, dc_buf_text(crt), crt->len, err);

  if (rc < 0) return rc;
  return dc_report_print(json_pack("{s:o, s:[s, s], s:o}", "directory", dc_report_path(job->dir), "files",
                                   "client.crt", "client.key", "client", dc_report_cert(client.certs[0])),
                         err);
}

static int add_client(const struct job *job, struct dc_err *err) {
  struct dc_authority *authority DC_CLEANUP(dc_authority_cleanup) = NULL;
  struct dc_buf crt DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, key DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  int rc = dc_install_load(job->dir, NULL, job->now, &authority, err);

  if (rc == 0)
    rc = dc_init_client(authority, job->trust_domain, job->kind, job->rsa_bits, job->now, &crt, &key, err);
  if (rc == 0) rc = publish_client(job, &crt, &key, err);
  if (rc < 0) return rc;
  say_saved(job, DC_FILE_CLIENT_CRT);
  say_saved(job, DC_FILE_CLIENT_KEY);
  return opt.json ? report_client(job, &crt, err) : 0;
}

int main(int argc, char **argv) {
  struct dc_strings operands DC_CLEANUP(dc_strings_free) = {.items = NULL};
  struct job job DC_CLEANUP(job_free) = {.now = dc_clock_wall()};
  struct dc_err err = DC_ERR_INIT;
  int status, rc;

  dc_os_protect_secrets();
  if (!dc_tool_begin(&cli, argc, argv, &operands, &status)) return status;
  rc = check_usage(&err);
  if (rc == 0) rc = prepare(&job, &err);
  if (rc == 0) rc = opt.client ? add_client(&job, &err) : make_authority(&job, &err);
  return dc_tool_end(&cli, rc, &err);
}
