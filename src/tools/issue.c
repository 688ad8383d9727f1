/* SPDX-License-Identifier: Apache-2.0 */
/* daprcerts issue: one workload certificate, signed with the issuer in the directory. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/duration.h"
#include "base/os.h"
#include "base/path.h"
#include "base/pem.h"
#include "ca/certificates.h"
#include "ca/install.h"
#include "ca/sign.h"
#include "config/settings.h"
#include "pki/csr.h"
#include "pki/spiffe.h"
#include "store/layout.h"
#include "tools/ask.h"
#include "tools/kty.h"
#include "tools/names.h"
#include "tools/openssl.h"
#include "tools/pair.h"
#include "tools/report.h"
#include "tools/tool.h"
#include "tools/when.h"

enum { CSR_MAX = 1 << 16 };

/* --- the command line -------------------------------------------------------------------------------------------- */

static struct {
  const char *dir, *out, *csr, *conf, *not_before, *not_after;
  const char *sentry, *trust_anchors, *token_file;
  struct dc_names names;
  struct dc_strings sans;
  int64_t ttl;
  bool ttl_given, out_given, to_stdout, force, json;
  struct dc_kty key;
} opt = {.out = ".", .ttl = 24 * DC_HOUR};

static const struct dc_opt opts[] = {
    {.kind = DC_OPT_HEADING, .help = "Who it is for:"},
    DC_NAMES_WORKLOAD_ROWS(opt.names),
    {.name = "san", .kind = DC_OPT_LIST, .value = &opt.sans, .arg = "NAME",
     .help = "a further name, typed by its form: IP address, email address, else DNS; may be repeated"},
    {.name = "conf", .kind = DC_OPT_STRING, .value = &opt.conf, .arg = "FILE",
     .help = "subject, usages and further names by a configuration of openssl's"},
    {.kind = DC_OPT_HEADING, .help = "How long:"},
    {.name = "ttl", .kind = DC_OPT_DURATION, .value = &opt.ttl, .given = &opt.ttl_given, .min = DC_SECOND,
     .arg = "DURATION", .help = "validity from now on, never beyond the issuer's end", .shown = "24h"},
    {.name = "not-before", .kind = DC_OPT_STRING, .value = &opt.not_before, .arg = "TIME",
     .help = "its begin: a date (2030-01-31) or a duration from now (-15m)", .shown = "-15m"},
    {.name = "not-after", .kind = DC_OPT_STRING, .value = &opt.not_after, .arg = "TIME",
     .help = "its end, likewise, instead of --ttl"},
    {.kind = DC_OPT_HEADING, .help = "Its key:"},
    DC_KTY_ROWS(opt.key),
    {.name = "csr", .kind = DC_OPT_STRING, .value = &opt.csr, .arg = "FILE",
     .help = "certify the key of this request (PEM; - is standard input) instead of making one; its names are not "
             "taken"},
    {.kind = DC_OPT_HEADING, .help = "Who signs, if not the issuer in the directory:"},
    {.name = "sentry", .kind = DC_OPT_STRING, .value = &opt.sentry, .arg = "HOST:PORT",
     .help = "ask this running sentry, ours or Dapr's, as a sidecar does; it decides on names and times"},
    {.name = "trust-anchors", .kind = DC_OPT_STRING, .value = &opt.trust_anchors, .arg = "FILE",
     .help = "what its certificate must lead to",
     .shown = "the directory's ca.crt when --dir is given, else $DAPR_TRUST_ANCHORS, else the directory's"},
    {.name = "token-file", .kind = DC_OPT_STRING, .value = &opt.token_file, .arg = "FILE",
     .help = "a JWT that proves who asks", .shown = "$DAPR_SENTRY_TOKEN_FILE"},
    DC_NAMES_SENTRY_ROWS(opt.names),
    {.kind = DC_OPT_HEADING, .help = "Where from and where to:"},
    {.name = "dir", .kind = DC_OPT_STRING, .value = &opt.dir, .arg = "DIR", .help = "the directory of the issuer",
     .shown = "$DAPRCERTS_DIR, else $HOME/.dapr/certs"},
    {.name = "out", .kind = DC_OPT_STRING, .value = &opt.out, .given = &opt.out_given, .arg = "DIR",
     .help = "where NAME.crt and NAME.key go", .shown = "."},
    {.name = "stdout", .kind = DC_OPT_FLAG, .value = &opt.to_stdout,
     .help = "print certificate chain and key instead; '--csr -' prints the chain without being told, unless --out is "
             "given"},
    {.name = "force", .letter = 'f', .kind = DC_OPT_FLAG, .value = &opt.force, .help = "replace existing files"},
    {.name = "json", .kind = DC_OPT_FLAG, .value = &opt.json, .help = "describe what was made on standard output"},
};

static const struct dc_cli cli = {
    .program = "daprcerts issue",
    .operands = "NAME",
    .summary = "Make a workload certificate for the app id NAME, with its key, or for a request from a pipe.",
    .opts = opts,
    .opt_count = DC_COUNT(opts),
    .min_operands = 1,
    .max_operands = 1,
    .notes = "The certificate's SPIFFE ID is spiffe://TRUST-DOMAIN/ns/NAMESPACE/NAME.\n"
             "Exit status: 0 done, 1 failed or refused, 2 wrong usage.",
};

static const char *token_file(void) { return opt.token_file ? opt.token_file : getenv("DAPR_SENTRY_TOKEN_FILE"); }

static int check_usage(struct dc_err *err) {
  if (opt.ttl_given && opt.not_after)
    return dc_err_set(err, DC_EUSAGE, "'--ttl' and '--not-after' exclude each other");
  if (opt.csr && (opt.key.kty_given || opt.key.crv_given || opt.key.size_given))
    return dc_err_set(err, DC_EUSAGE, "'--csr' brings its own key: it excludes '--kty', '--crv' and '--size'");
  if (opt.conf && opt.sans.count)
    return dc_err_set(err, DC_EUSAGE, "'--conf' and '--san' exclude each other: the file has the names");
  if (opt.conf && opt.csr && strcmp(opt.conf, "-") == 0 && strcmp(opt.csr, "-") == 0)
    return dc_err_set(err, DC_EUSAGE, "'--conf -' and '--csr -' exclude each other: standard input is one file");
  if (opt.conf && opt.sentry)
    return dc_err_set(err, DC_EUSAGE, "'--conf' and '--sentry' exclude each other: a sentry decides itself");
  if (opt.sentry && (opt.ttl_given || opt.not_before || opt.not_after || opt.sans.count))
    return dc_err_set(err, DC_EUSAGE,
                      "a sentry decides on names and times itself: '--sentry' excludes '--ttl', '--not-before', "
                      "'--not-after' and '--san'");
  if (!opt.sentry && (opt.trust_anchors || opt.token_file || opt.names.control_plane_trust_domain ||
                      opt.names.control_plane_ns))
    return dc_err_set(err, DC_EUSAGE, "'--trust-anchors', '--token-file' and '--control-plane-...' go with '--sentry'");
  const char *token = token_file();
  if (opt.sentry && token && (strcmp(token, "-") == 0 || strcmp(token, "/dev/stdin") == 0))
    return dc_err_set(err, DC_EUSAGE, "'%s%s': a token is not read from standard input: name a file",
                      opt.token_file ? "--token-file " : "DAPR_SENTRY_TOKEN_FILE=", token);
  if (opt.to_stdout && opt.out_given)
    return dc_err_set(err, DC_EUSAGE, "'--stdout' and '--out' exclude each other");
  if (opt.csr && strcmp(opt.csr, "-") == 0 && !opt.out_given) opt.to_stdout = true;
  return 0;
}

/* --- the job ------------------------------------------------------------------------------------------------------ */

struct job {
  const char *argv0;
  const char *name; /* the app id */
  char *dir;
  struct dc_settings settings;
  int64_t now;
  struct dc_buf id; /* the SPIFFE ID */
  struct dc_san *sans;
  unsigned char (*addresses)[16]; /* of those that are IP addresses */
  size_t san_count;
  struct dc_key *key; /* made here; NULL with --csr */
  struct dc_profile_conf conf;
  struct dc_pem request;
  struct dc_csr csr; /* a view into it */
  struct dc_buf chain;
  int64_t not_after;
};

static void job_free(struct job *job) {
  free(job->dir);
  dc_settings_free(&job->settings);
  dc_buf_free(&job->id);
  free(job->sans);
  free(job->addresses);
  dc_key_free(job->key);
  dc_profile_conf_free(&job->conf);
  dc_pem_free(&job->request);
  dc_buf_free(&job->chain);
  dc_strings_free(&opt.sans);
}

/* The SPIFFE ID, then what --san adds. */
static int collect_names(struct job *job, struct dc_err *err) {
  int rc = 0;

  job->sans = calloc(opt.sans.count + 1, sizeof *job->sans);
  job->addresses = calloc(opt.sans.count + 1, sizeof *job->addresses);
  if (!job->sans || !job->addresses) return dc_err_nomem(err);
  job->sans[job->san_count++] = (struct dc_san){DC_SAN_URI, {job->id.data, job->id.len}};
  for (size_t i = 0; rc == 0 && i < opt.sans.count; i++) {
    rc = dc_san_parse(opt.sans.items[i], job->addresses[i], &job->sans[job->san_count++], err);
    if (rc == 0 && job->sans[i + 1].kind == DC_SAN_URI)
      return dc_err_set(err, DC_EINVAL, "'--san %s' is refused: a SPIFFE certificate has exactly one URI name, here %s",
                        opt.sans.items[i], dc_buf_text(&job->id));
  }
  return rc;
}

/* --- the key: made here, or a request's --------------------------------------------------------------------------- */

static bool is_request(const char *label) {
  return strcmp(label, "CERTIFICATE REQUEST") == 0 || strcmp(label, "NEW CERTIFICATE REQUEST") == 0 ||
         strcmp(label, "CERTIFICATE") == 0; /* so labelled by sidecars up to 1.11 */
}

static int read_request(struct job *job, struct dc_err *err) {
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  const char *at;
  size_t left;
  int rc = dc_os_read_file(opt.csr, CSR_MAX, &text, err);

  if (rc < 0) return rc;
  at = dc_buf_text(&text);
  left = text.len;
  while ((rc = dc_pem_next(&at, &left, &job->request, err)) == 1 && !is_request(job->request.label)) continue;
  if (rc == 0) rc = dc_err_set(err, DC_ENOENT, "no certificate request in it: a PEM block \"CERTIFICATE REQUEST\" is "
                                               "needed");
  if (rc == 1) rc = dc_csr_parse(&job->csr, job->request.der.data, job->request.der.len, err);
  if (rc == 0) rc = dc_csr_verify(&job->csr, err);
  if (rc < 0) return dc_err_add(err, rc, "request '%s'", opt.csr);
  job->request.text = NULL; /* it pointed into what is gone now */
  if (job->csr.san.len)
    dc_tool_warn(&cli, "the names in the request are not taken: '--san' adds names");
  return 0;
}

static int get_key(struct job *job, struct dc_err *err) {
  enum dc_key_kind kind;
  unsigned rsa_bits;
  int rc;

  if (opt.csr) return read_request(job, err);
  rc = dc_kty_resolve(&opt.key, &kind, &rsa_bits, err);
  return rc < 0 ? rc : dc_key_generate(kind, rsa_bits, &job->key, err);
}

/* --- the certificate ---------------------------------------------------------------------------------------------- */

static int set_times(const struct job *job, struct dc_leaf *leaf, struct dc_err *err) {
  int rc = 0;

  leaf->ttl = opt.ttl / DC_SECOND;
  leaf->skew = DC_CERTIFICATES_SKEW;
  if (opt.not_before) rc = dc_when_parse("not-before", opt.not_before, job->now, &leaf->not_before, err);
  if (rc == 0 && opt.not_after) rc = dc_when_parse("not-after", opt.not_after, job->now, &leaf->not_after, err);
  if (rc < 0) return rc;
  if (opt.not_before && leaf->not_before <= 0)
    return dc_err_set(err, DC_EUSAGE, "'--not-before %s' is not after 1970-01-01", opt.not_before);
  if (opt.not_after && leaf->not_after <= job->now)
    return dc_err_set(err, DC_EUSAGE, "'--not-after %s' is past", opt.not_after);
  return 0;
}

static int sign_here(struct job *job, struct dc_err *err) {
  struct dc_authority *authority DC_CLEANUP(dc_authority_cleanup) = NULL;
  struct dc_leaf leaf = {.spki = job->key ? dc_key_public(job->key) : &job->csr.spki, .sans = job->sans,
                         .san_count = job->san_count, .conf = opt.conf ? &job->conf : NULL};
  struct dc_buf warning DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  char time[DC_CLOCK_TEXT_MAX];
  int64_t asked;
  int rc = set_times(job, &leaf, err);

  if (rc == 0) rc = dc_install_load(job->dir, NULL, job->now, &authority, err);
  if (rc == 0) rc = dc_sign_leaf(authority, &leaf, job->now, &job->chain, &job->not_after, err);
  if (rc < 0) return rc;
  asked = leaf.not_after ? leaf.not_after : job->now + leaf.ttl;
  if (job->not_after < asked)
    dc_tool_warn(&cli, "the certificate ends with the issuer, at %s, earlier than asked for",
                 dc_clock_rfc3339(job->not_after, time));
  for (size_t i = 0; dc_authority_warning(authority, job->now, i, &warning); i++) dc_buf_add_byte(&warning, '\n');
  dc_tool_warn_lines(&cli, &warning);
  return 0;
}

/* --- by a running sentry ------------------------------------------------------------------------------------------ */

static int request_pem(const struct job *job, struct dc_buf *pem, struct dc_err *err) {
  struct dc_buf der DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  int rc = 0;

  if (job->key)
    rc = dc_csr_make(job->key, NULL, 0, &der, err);
  else
    dc_buf_add(&der, job->csr.der.data, job->csr.der.len);
  if (rc == 0) rc = dc_buf_check(&der, err);
  if (rc < 0) return rc;
  dc_pem_add(pem, "CERTIFICATE REQUEST", der.data, der.len);
  return dc_buf_check(pem, err);
}

/* The answer must be for the name that was asked for. */
static int check_answer(struct job *job, struct dc_err *err) {
  struct dc_bundle chain DC_CLEANUP(dc_bundle_free) = DC_BUNDLE_INIT;
  struct dc_slice id;
  int rc = dc_bundle_add_pem(&chain, dc_buf_text(&job->chain), job->chain.len, err);

  if (rc == 0) rc = dc_spiffe_of_cert(chain.certs[0], &id, err);
  if (rc < 0) return dc_err_add(err, rc, "the certificate that came back");
  if (!dc_slice_equal(id, (struct dc_slice){job->id.data, job->id.len}))
    return dc_err_set(err, DC_EMISMATCH, "the certificate that came back is for '%.*s', not '%s'", (int)id.len,
                      (const char *)id.data, dc_buf_text(&job->id));
  job->not_after = chain.certs[0]->not_after;
  return 0;
}

static int sign_there(struct job *job, struct dc_err *err) {
  struct dc_buf csr DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, server DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  char *ca_crt DC_CLEANUP(dc_mem_free) =
      dc_path_join(job->dir ? job->dir : "", dc_layout_files[DC_FILE_CA_CRT].name);
  struct dc_ask ask = {.argv0 = job->argv0, .sentry = opt.sentry, .trust_anchors = opt.trust_anchors,
                       .token_file = token_file(),
                       .id = job->name, .ns = opt.names.ns, .trust_domain = opt.names.trust_domain};
  int rc = ca_crt ? request_pem(job, &csr, err) : dc_err_nomem(err);

  if (rc == 0) rc = dc_names_sentry(&opt.names, &job->settings, &server, err);
  if (rc < 0) return rc;
  ask.server_id = dc_buf_text(&server);
  if (!ask.trust_anchors && (opt.dir || !getenv("DAPR_TRUST_ANCHORS"))) ask.trust_anchors = ca_crt;
  rc = dc_ask_sign(&ask, &csr, &job->chain, err);
  return rc < 0 ? rc : check_answer(job, err);
}

/* Fills job->chain for job->key or job->csr: the one place that knows who signs. */
static int obtain(struct job *job, struct dc_err *err) {
  return opt.sentry ? sign_there(job, err) : sign_here(job, err);
}

/* --- output ------------------------------------------------------------------------------------------------------- */

/* PATH is "OUT/NAME.SUFFIX", heap. */
static int out_path(const struct job *job, const char *suffix, char **path, struct dc_err *err) {
  struct dc_buf name DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;

  dc_buf_printf(&name, "%s.%s", job->name, suffix);
  *path = strcmp(opt.out, ".") == 0 ? strdup(dc_buf_text(&name)) : dc_path_join(opt.out, dc_buf_text(&name));
  return *path ? 0 : dc_err_nomem(err);
}

/* {..., "files": [...]} or, with --stdout, {..., "certificate": PEM, "private_key": PEM}. */
static int report(const struct job *job, const struct dc_buf *key, const char *crt_path, const char *key_path,
                  struct dc_err *err) {
  struct dc_bundle chain DC_CLEANUP(dc_bundle_free) = DC_BUNDLE_INIT;
  json_t *object;
  int rc = dc_bundle_add_pem(&chain, dc_buf_text(&job->chain), job->chain.len, err);

  if (rc < 0) return rc;
  object = dc_report_cert(chain.certs[0]);
  if (object) json_object_set_new(object, "spiffe_id", json_string(dc_buf_text(&job->id)));
  if (object && crt_path)
    json_object_set_new(object, "files",
                        key_path ? json_pack("[o, o]", dc_report_path(crt_path), dc_report_path(key_path))
                                 : json_pack("[o]", dc_report_path(crt_path)));
  if (object && !crt_path) {
    json_object_set_new(object, "certificate", json_string(dc_buf_text(&job->chain)));
    if (job->key) json_object_set_new(object, "private_key", json_string(dc_buf_text(key)));
  }
  return dc_report_print(object, err);
}

static int print(const struct job *job, const struct dc_buf *key, struct dc_err *err) {
  int rc;

  if (opt.json) return report(job, key, NULL, NULL, err);
  rc = dc_tool_print(&job->chain, err);
  return rc == 0 && job->key ? dc_tool_print(key, err) : rc;
}

static int save(const struct job *job, const struct dc_buf *key, struct dc_err *err) {
  char *crt_path DC_CLEANUP(dc_mem_free) = NULL, *key_path DC_CLEANUP(dc_mem_free) = NULL;
  int rc = out_path(job, "crt", &crt_path, err);

  if (rc == 0 && job->key) rc = out_path(job, "key", &key_path, err);
  if (rc == 0) rc = dc_pair_write(crt_path, &job->chain, key_path, job->key ? key : NULL, opt.force, err);
  if (rc < 0) return rc;
  dc_tool_say("Your certificate has been saved in %s.", crt_path);
  if (key_path) dc_tool_say("Your private key has been saved in %s.", key_path);
  return opt.json ? report(job, key, crt_path, key_path, err) : 0;
}

static int deliver(const struct job *job, struct dc_err *err) {
  struct dc_buf key DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  int rc = job->key ? dc_key_to_pem(job->key, &key, err) : 0;

  if (rc < 0) return rc;
  return opt.to_stdout ? print(job, &key, err) : save(job, &key, err);
}

/* With a sentry and its anchors named the directory is needed for its daprcerts.conf alone: where there is no HOME for
 * it to be below, there is no such file. job->dir is NULL then. */
static int read_names(struct job *job, struct dc_err *err) {
  bool needless = opt.sentry && !opt.dir && (opt.trust_anchors || getenv("DAPR_TRUST_ANCHORS"));
  char *usual DC_CLEANUP(dc_mem_free) = NULL;

  dc_settings_init(&job->settings);
  if (needless && dc_layout_dir(NULL, &usual, NULL) < 0) return 0;
  return dc_names_read(&cli, opt.dir, &job->dir, &job->settings, err);
}

int main(int argc, char **argv) {
  struct dc_strings operands DC_CLEANUP(dc_strings_free) = {.items = NULL};
  struct job job DC_CLEANUP(job_free) = {.argv0 = argv[0], .now = dc_clock_wall(), .request = DC_PEM_INIT,
                                             .conf = DC_PROFILE_CONF_INIT};
  struct dc_err err = DC_ERR_INIT;
  int status, rc;

  dc_os_protect_secrets();
  if (!dc_tool_begin(&cli, argc, argv, &operands, &status)) return status;
  job.name = operands.items[0];
  rc = check_usage(&err);
  if (rc == 0) rc = read_names(&job, &err);
  if (rc == 0) rc = dc_names_workload(&opt.names, &job.settings, job.name, &job.id, &err);
  if (rc == 0) rc = collect_names(&job, &err);
  if (rc == 0 && opt.conf) rc = dc_openssl_read(&cli, opt.conf, DC_PROFILE_WORKLOAD, &job.conf, &err);
  if (rc == 0) rc = get_key(&job, &err);
  if (rc == 0) rc = obtain(&job, &err);
  if (rc == 0) rc = deliver(&job, &err);
  return dc_tool_end(&cli, rc, &err);
}
