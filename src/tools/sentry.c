/* SPDX-License-Identifier: Apache-2.0 */
/* daprcerts sentry: flags, configuration and credentials put together, then the server. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/duration.h"
#include "base/log.h"
#include "base/os.h"
#include "base/path.h"
#include "config/dapr_config.h"
#include "config/settings.h"
#include "sentry/sentry.h"
#include "store/layout.h"
#include "tools/credentials.h"
#include "tools/jwt_options.h"
#include "tools/program.h"
#include "tools/tool.h"

static const char scope[] = "dapr.sentry";
static const char default_config[] = "daprsystem";

/* --- the command line --------------------------------------------------------------------------------------------- */

static struct {
  char *argv0; /* to find other programs of ours */
  const char *config, *dir, *ca_crt, *issuer_crt, *issuer_key, *trust_domain, *listen_address, *mode, *log_level,
      *ready_file, *legacy_dns, *kubeconfig, *log_file, *audit_log, *audit_failure, *healthz_address, *metrics_address;
  int64_t port, healthz_port, metrics_port;
  bool check, config_given, listen_given, json, metrics, healthz_port_given, healthz_address_given, metrics_port_given,
      metrics_address_given;
} opt = {
    .config = default_config,
    .ca_crt = "ca.crt",
    .issuer_crt = "issuer.crt",
    .issuer_key = "issuer.key",
    .mode = "standalone",
    .log_level = "info",
    .legacy_dns = "auto",
    .audit_failure = "warn",
    .port = 50001,
    .healthz_port = 8080,
    .metrics_port = 9090,
    .metrics = true,
};

static struct dc_jwt_options jwt = DC_JWT_OPTIONS_INIT;
static struct dc_oidc_options oidc = DC_OIDC_OPTIONS_INIT;
static struct dc_limits limit_flags;

static const struct dc_opt head_opts[] = {
    {.kind = DC_OPT_HEADING, .help = "What it signs with:"},
    {.name = "issuer-credentials", .kind = DC_OPT_STRING, .value = &opt.dir, .arg = "DIR",
     .help = "the directory of the credentials; a CA is made in it when it has none",
     .shown = "$DAPRCERTS_DIR, else $HOME/.dapr/certs"},
    {.name = "issuer-ca-filename", .kind = DC_OPT_STRING, .value = &opt.ca_crt, .arg = "FILE",
     .help = "trust anchors, in that directory unless absolute", .shown = "ca.crt"},
    {.name = "issuer-certificate-filename", .kind = DC_OPT_STRING, .value = &opt.issuer_crt, .arg = "FILE",
     .help = "issuer chain, likewise", .shown = "issuer.crt"},
    {.name = "issuer-key-filename", .kind = DC_OPT_STRING, .value = &opt.issuer_key, .arg = "FILE",
     .help = "issuer key, likewise", .shown = "issuer.key"},
    {.name = "config", .kind = DC_OPT_STRING, .value = &opt.config, .given = &opt.config_given, .arg = "FILE",
     .help = "Dapr's Configuration (YAML), of which spec.mtls is read; it may be missing unless it is named",
     .shown = default_config},
    {.name = "trust-domain", .kind = DC_OPT_STRING, .value = &opt.trust_domain, .arg = "NAME",
     .help = "sentry's own trust domain, which sidecars look for",
     .shown = "$DAPR_CONTROLPLANE_TRUST_DOMAIN, else spec.mtls.controlPlaneTrustDomain, else daprcerts.conf, else localhost"},
    {.name = "legacy-dns-sans", .kind = DC_OPT_STRING, .value = &opt.legacy_dns, .arg = "WHEN",
     .help = "whose certificates also bear the DNS name by which sidecars up to 1.11 know each other: auto (who asks as "
             "they do), always or never",
     .shown = "auto"},
    {.kind = DC_OPT_HEADING, .help = "JWTs beside the certificates:"},
    DC_JWT_ROWS(jwt),
    {.kind = DC_OPT_HEADING, .help = "How others learn to verify them:"},
    DC_OIDC_ROWS(oidc),
    {.kind = DC_OPT_HEADING, .help = "Where it listens:"},
    {.name = "listen-address", .kind = DC_OPT_STRING, .value = &opt.listen_address, .given = &opt.listen_given,
     .arg = "ADDRESS", .help = "an address, a name, or \"\" for every interface", .shown = "127.0.0.1 and ::1"},
    {.name = "port", .kind = DC_OPT_NUMBER, .value = &opt.port, .max = 65535, .arg = "PORT",
     .help = "0 takes any free one", .shown = "50001"},
    {.name = "healthz-listen-address", .kind = DC_OPT_STRING, .value = &opt.healthz_address,
     .given = &opt.healthz_address_given, .arg = "ADDRESS", .help = "where /healthz is; unix:PATH is a socket there",
     .shown = "127.0.0.1 and ::1"},
    {.name = "healthz-port", .kind = DC_OPT_NUMBER, .value = &opt.healthz_port, .given = &opt.healthz_port_given,
     .max = 65535, .arg = "PORT", .help = "its port", .shown = "8080, without it when that is taken"},
    {.name = "metrics-listen-address", .kind = DC_OPT_STRING, .value = &opt.metrics_address,
     .given = &opt.metrics_address_given, .arg = "ADDRESS", .help = "where Prometheus finds the metrics, likewise",
     .shown = "127.0.0.1 and ::1"},
    {.name = "metrics-port", .kind = DC_OPT_NUMBER, .value = &opt.metrics_port, .given = &opt.metrics_port_given,
     .max = 65535, .arg = "PORT", .help = "its port", .shown = "9090, without it when that is taken"},
    {.name = "enable-metrics", .kind = DC_OPT_FLAG, .value = &opt.metrics, .help = "serve metrics", .shown = "true"},
    {.name = "ready-file", .kind = DC_OPT_STRING, .value = &opt.ready_file, .arg = "FILE",
     .help = "is written when it serves: a line \"grpc ADDRESS:PORT\" for each socket"},
    {.kind = DC_OPT_HEADING, .help = "What it says:"},
    {.name = "log-level", .kind = DC_OPT_STRING, .value = &opt.log_level, .arg = "LEVEL",
     .help = "debug, info, warn, error or fatal", .shown = "info"},
    {.name = "log-file", .kind = DC_OPT_STRING, .value = &opt.log_file, .arg = "FILE",
     .help = "append records to this file; SIGHUP opens it anew", .shown = "standard output"},
    {.name = "log-as-json", .kind = DC_OPT_FLAG, .value = &opt.json, .help = "one JSON object a line"},
    {.name = "audit-log", .kind = DC_OPT_STRING, .value = &opt.audit_log, .arg = "FILE",
     .help = "append a line of JSON for each certificate, before it is handed out; SIGHUP opens the file anew"},
    {.name = "audit-failure", .kind = DC_OPT_STRING, .value = &opt.audit_failure, .arg = "WHAT",
     .help = "when that line cannot be written (a full disk): warn in the log and hand the certificate out, or refuse "
             "the request",
     .shown = "warn"},
    {.name = "mode", .kind = DC_OPT_STRING, .value = &opt.mode, .arg = "MODE", .help = "standalone is the one there is",
     .shown = "standalone"},
    {.name = "check", .kind = DC_OPT_FLAG, .value = &opt.check,
     .help = "validate configuration, credentials and key sets as a start would, make and serve nothing, and end"},
    {.name = "kubeconfig", .kind = DC_OPT_STRING, .value = &opt.kubeconfig, .arg = "FILE",
     .help = "taken since the original has it, and not used"},
    {.kind = DC_OPT_HEADING, .help = "What a peer may cost (daprcerts.conf, section [sentry], sets the same):"},
};

static const struct {
  const char *name, *help;
} limit_help[] = {
    {"max-connections", "connections at once; past it the longest idle one makes room"},
    {"max-streams", "calls at once on one connection"},
    {"max-header-bytes", "header bytes of one request"},
    {"max-message-bytes", "bytes of one request"},
    {"handshake-timeout", "from accept to the end of the TLS handshake"},
    {"request-timeout", "from a request's first header to its answer taken by the peer"},
    {"idle-timeout", "of a connection without a call"},
    {"drain-timeout", "what open calls get after SIGTERM"},
    {"loops", "threads that serve; 0: one a core"},
};

enum { LIMITS = DC_COUNT(limit_help), HEAD = DC_COUNT(head_opts) };

static const char notes[] =
    "The environment's NAMESPACE is sentry's namespace (daprcerts.conf, else \"default\", when unset).\n"
    "Credentials and configuration that change are taken up by themselves; SIGHUP has them read again.\n"
    "SIGTERM and SIGINT let open calls finish, a second one does not.\n"
    "Exit status: 0 after a signal, 1 for a failure or a second signal, 2 for wrong usage.";

/* The options of the limits' table are made from the same rows as daprcerts.conf's. */
struct limit_options {
  struct dc_opt opts[HEAD + LIMITS];
  char shown[LIMITS][DC_DURATION_TEXT_MAX];
  bool given[LIMITS];
};

static void add_limit_options(struct limit_options *options) {
  size_t count = 0;
  const struct dc_limit_row *rows = dc_settings_limit_rows(&count);
  memcpy(options->opts, head_opts, sizeof head_opts);
  for (size_t i = 0; i < count && i < LIMITS; i++) {
    if (rows[i].is_duration)
      dc_duration_text(rows[i].standard, options->shown[i]);
    else
      snprintf(options->shown[i], sizeof options->shown[i], "%" PRId64, rows[i].standard);
    options->opts[HEAD + i] = (struct dc_opt){
        .name = rows[i].name,
        .kind = rows[i].is_duration ? DC_OPT_DURATION : DC_OPT_NUMBER,
        .value = (char *)&limit_flags + rows[i].offset,
        .given = &options->given[i],
        .min = rows[i].min,
        .max = rows[i].max,
        .arg = rows[i].is_duration ? "DURATION" : "N",
        .help = limit_help[i].help,
        .shown = options->shown[i],
    };
  }
}

static void apply_limit_flags(const struct limit_options *options, struct dc_limits *limits) {
  size_t count = 0;
  const struct dc_limit_row *rows = dc_settings_limit_rows(&count);
  for (size_t i = 0; i < count && i < LIMITS; i++)
    if (options->given[i])
      memcpy((char *)limits + rows[i].offset, (const char *)&limit_flags + rows[i].offset, sizeof(int64_t));
}

/* --- configuration ------------------------------------------------------------------------------------------------ */

struct sources {
  char *dir, *conf; /* daprcerts.conf lies in the directory */
  char *fetch_program;
  struct dc_settings settings;
  struct dc_dapr_config dapr;
  struct dc_buf warnings; /* a line each */
  struct dc_sentry_config config;
};

static void sources_init(struct sources *sources) {
  *sources = (struct sources){.dir = NULL};
  dc_settings_init(&sources->settings);
  dc_dapr_config_init(&sources->dapr);
}

static void sources_free(struct sources *sources) {
  free(sources->dir);
  dc_audit_close(sources->config.audit);
  free(sources->conf);
  free(sources->fetch_program);
  dc_buf_free(&sources->warnings);
  dc_settings_free(&sources->settings);
  dc_dapr_config_free(&sources->dapr);
}

static void log_lines(enum dc_log_level level, const struct dc_buf *text) {
  const char *at = dc_buf_text(text);
  while (*at) {
    size_t n = strcspn(at, "\n");
    dc_log_write(level, scope, "%.*s", (int)n, at);
    at += n + (at[n] == '\n');
  }
}

static int read_files(struct sources *sources, struct dc_err *err) {
  int rc = dc_layout_dir(opt.dir, &sources->dir, err);
  if (rc) return rc;
  sources->conf = dc_path_join(sources->dir, DC_SETTINGS_FILE);
  if (!sources->conf) return dc_err_nomem(err);
  rc = dc_dapr_config_load(opt.config, &sources->dapr, &sources->warnings, err);
  if (rc == DC_ENOENT && !opt.config_given) rc = 0;
  if (rc) return dc_err_add(err, rc, "the configuration");
  rc = dc_settings_load(sources->conf, &sources->settings, &sources->warnings, err);
  if (rc) return rc;
  dc_settings_warn_namespace(&sources->settings, getenv("NAMESPACE"), &sources->warnings);
  return dc_buf_check(&sources->warnings, err);
}

static int pick_names(struct sources *sources, struct dc_err *err) {
  const struct dc_sources trust_domain = {.flag = opt.trust_domain,
                                          .env = "DAPR_CONTROLPLANE_TRUST_DOMAIN",
                                          .yaml = sources->dapr.control_plane_trust_domain,
                                          .conf = sources->settings.control_plane_trust_domain,
                                          .standard = DC_DEFAULT_CONTROL_PLANE_TRUST_DOMAIN};
  const struct dc_sources namespace = {.env = "NAMESPACE",
                                       .conf = sources->settings.control_plane_namespace,
                                       .standard = DC_DEFAULT_CONTROL_PLANE_NAMESPACE};
  int rc = dc_settings_pick(&trust_domain, &sources->config.trust_domain, err);
  return rc ? rc : dc_settings_pick(&namespace, &sources->config.namespace, err);
}

/* The place of WORD among WORDS, for the option NAME. */
static int pick_word(const char *name, const char *word, const char *const *words, size_t count, int *place,
                     struct dc_err *err) {
  struct dc_buf list DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  for (size_t i = 0; i < count; i++) {
    if (strcmp(words[i], word) == 0) {
      *place = (int)i;
      return 0;
    }
    dc_buf_printf(&list, "%s%s", i ? ", " : "", words[i]);
  }
  return dc_err_set(err, DC_EUSAGE, "option '--%s': '%s' is none of %s", name, word, dc_buf_text(&list));
}

static int pick_words(struct dc_sentry_config *config, struct dc_err *err) {
  static const char *const legacy[] = {
      [DC_LEGACY_DNS_AUTO] = "auto", [DC_LEGACY_DNS_ALWAYS] = "always", [DC_LEGACY_DNS_NEVER] = "never"};
  static const char *const failure[] = {"warn", "refuse"};
  int legacy_dns = 0, required = 0;
  int rc = pick_word("legacy-dns-sans", opt.legacy_dns, legacy, DC_COUNT(legacy), &legacy_dns, err);
  if (!rc) rc = pick_word("audit-failure", opt.audit_failure, failure, DC_COUNT(failure), &required, err);
  config->legacy_dns = (enum dc_legacy_dns)legacy_dns;
  config->audit_required = required != 0;
  return rc;
}

static const char *loopback[] = {"127.0.0.1", "::1", NULL};

/* PLACE is room for one address and the end. Whoever chose an address or a port insists on it. */
static struct dc_endpoint_config endpoint(bool enabled, bool address_given, const char *address, bool port_given,
                                          int64_t port, const char *place[2]) {
  place[0] = address;
  return (struct dc_endpoint_config){.enabled = enabled,
                                     .required = address_given || port_given,
                                     .addresses = address_given ? place : loopback,
                                     .port = (uint16_t)port};
}

static struct dc_sentry_policy policy_of(const struct sources *sources) {
  return (struct dc_sentry_policy){.workload_ttl = sources->dapr.workload_ttl, .clock_skew = sources->dapr.clock_skew};
}

static bool same_names(const struct dc_sentry_config *a, const struct dc_sentry_config *b) {
  return strcmp(a->trust_domain, b->trust_domain) == 0 && strcmp(a->namespace, b->namespace) == 0;
}

static bool same_rules(const struct dc_settings *a, const struct dc_settings *b) {
  if (memcmp(&a->limits, &b->limits, sizeof a->limits) != 0 || a->allow.count != b->allow.count) return false;
  for (size_t i = 0; i < a->allow.count; i++)
    if (strcmp(a->allow.rows[i].namespace, b->allow.rows[i].namespace) != 0 ||
        strcmp(a->allow.rows[i].ids, b->allow.rows[i].ids) != 0)
      return false;
  return true;
}

static bool same_text(const char *a, const char *b) { return a && b ? strcmp(a, b) == 0 : a == b; }

static bool same_keys(const struct dc_jwks_config *a, const struct dc_jwks_config *b) {
  if (!a || !b) return a == b;
  return same_text(a->source, b->source) && same_text(a->ca_certificate, b->ca_certificate) &&
         a->min_refresh == b->min_refresh && a->request_timeout == b->request_timeout;
}

/* While the server runs. What it does not take up is warned of, once. */
static int reread(void *user, struct dc_sentry_policy *policy, struct dc_err *err) {
  struct sources *running = user;
  struct sources now DC_CLEANUP(sources_free);
  sources_init(&now);
  int rc = read_files(&now, err);
  if (!rc) rc = pick_names(&now, err);
  if (rc) return rc;
  if (!same_names(&now.config, &running->config))
    dc_buf_printf(&now.warnings, "sentry's names have changed to trust domain '%s', namespace '%s': restart it\n",
                  now.config.trust_domain, now.config.namespace);
  if (!same_keys(now.dapr.jwks, running->dapr.jwks))
    dc_buf_printf(&now.warnings, "spec.mtls.tokenValidators of '%s' has changed: restart sentry for it to count\n",
                  opt.config);
  if (!same_rules(&now.settings, &running->settings))
    dc_buf_printf(&now.warnings, "[sentry] or [allow] of '%s' has changed: restart sentry for it to count\n", now.conf);
  if (strcmp(dc_buf_text(&now.warnings), dc_buf_text(&running->warnings)) != 0) {
    log_lines(DC_LOG_WARN, &now.warnings);
    dc_buf_clear(&running->warnings);
    dc_buf_add(&running->warnings, now.warnings.data, now.warnings.len);
  }
  *policy = policy_of(&now);
  return 0;
}

static int configure(struct sources *sources, const struct limit_options *options, struct dc_err *err) {
  static const char *named[2], *healthz[2], *metrics[2];
  static const char *files[3];
  int rc = pick_words(&sources->config, err);
  if (!rc) rc = read_files(sources, err);
  if (!rc) rc = pick_names(sources, err);
  if (rc) return rc;
  log_lines(DC_LOG_WARN, &sources->warnings);
  named[0] = opt.listen_address;
  sources->config.addresses = opt.listen_given ? named : loopback;
  sources->config.port = (uint16_t)opt.port;
  sources->config.healthz = endpoint(true, opt.healthz_address_given, opt.healthz_address, opt.healthz_port_given,
                                     opt.healthz_port, healthz);
  sources->config.metrics = endpoint(opt.metrics, opt.metrics_address_given, opt.metrics_address,
                                     opt.metrics_port_given, opt.metrics_port, metrics);
  sources->config.dir = sources->dir;
  sources->config.ca_crt = opt.ca_crt;
  sources->config.issuer_crt = opt.issuer_crt;
  sources->config.issuer_key = opt.issuer_key;
  sources->config.policy = policy_of(sources);
  files[0] = opt.config;
  files[1] = sources->conf;
  sources->config.reread = reread;
  sources->config.reread_user = sources;
  sources->config.reread_files = files;
  sources->config.ready_file = opt.ready_file;
  sources->config.log_file = opt.log_file;
  sources->config.limits = sources->settings.limits;
  sources->config.allow = &sources->settings.allow;
  sources->config.jwks = sources->dapr.jwks;
  sources->config.fetch_program = sources->fetch_program = dc_program_find(opt.argv0, "fetch");
  sources->config.jwt = dc_jwt_options_resolve(&jwt);
  apply_limit_flags(options, &sources->config.limits);
  return dc_oidc_options_resolve(&oidc, &jwt, &sources->config.oidc, err);
}

/* --- running it --------------------------------------------------------------------------------------------------- */

static bool is_of_this_machine(const char *address) {
  return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0 || strcmp(address, "localhost") == 0 ||
         strncmp(address, "unix:", 5) == 0;
}

static void tell_exposure(const struct dc_sentry_config *config) {
  dc_log_write(DC_LOG_INFO, scope, "Using validator '%s'", config->jwks ? "jwks" : "insecure");
  if (!opt.listen_given)
    dc_log_write(DC_LOG_INFO, scope,
                 "listening on loopback alone: --listen-address serves containers and other machines");
  else if (!config->jwks && !is_of_this_machine(config->addresses[0]))
    dc_log_write(DC_LOG_WARN, scope,
                 "the 'insecure' validator gives any caller any identity, and '%s' can be reached by other machines",
                 config->addresses[0]);
}

static int serve(struct dc_sentry_config *config, struct dc_err *err) {
  int rc = dc_credentials_need(config, err);
  if (!rc && opt.audit_log) rc = dc_audit_open(opt.audit_log, &config->audit, err);
  if (rc) return rc;
  tell_exposure(config);
  return dc_sentry_run(config, err);
}

/* What a start would do up to the sockets, with nothing made. */
static int check(struct dc_sentry_config *config, struct dc_err *err) {
  int there = dc_credentials_there(config, err);
  if (there < 0) return there;
  if (!there) dc_log_write(DC_LOG_INFO, scope, "there are no credentials in '%s' yet: a start makes them", config->dir);
  int tokens = config->jwt.enabled ? dc_credentials_tokens_there(config, err) : 1;
  if (tokens < 0) return tokens;
  if (!tokens) dc_log_write(DC_LOG_INFO, scope, "there is no key for JWTs in '%s' yet: a start makes it", config->dir);
  config->jwt.enabled = config->jwt.enabled && tokens;
  int rc = there ? dc_sentry_check(config, err) : 0;
  if (!rc) dc_log_write(DC_LOG_INFO, scope, "all is well: '%s' can be served", config->dir);
  return rc;
}

static int run(const struct limit_options *options, struct dc_err *err) {
  struct sources sources;
  sources_init(&sources);
  int rc = dc_jwt_options_check(&jwt, &oidc, err);
  if (!rc) rc = configure(&sources, options, err);
  if (!rc) rc = opt.check ? check(&sources.config, err) : serve(&sources.config, err);
  sources_free(&sources);
  dc_oidc_options_free(&oidc);
  return rc;
}

/* Wrong levels and modes end as they do in the original: a fatal record and status 1. */
static int setup_log(struct dc_err *err) {
  struct dc_log_config log = {.fd = STDOUT_FILENO,
                              .level = DC_LOG_INFO,
                              .json = opt.json,
                              .instance = dc_os_hostname(),
                              .version = PACKAGE_VERSION};
  int rc = opt.log_file ? dc_log_open(opt.log_file, &log.fd, err) : 0;
  dc_log_setup(&log);
  if (rc) return rc;
  if (dc_log_parse_level(opt.log_level, &log.level, err))
    return dc_err_set(err, DC_EINVAL, "invalid value for --log-level: %s", opt.log_level);
  dc_log_setup(&log);
  if (strcmp(opt.mode, "kubernetes") == 0)
    return dc_err_set(err, DC_EUNSUPPORTED,
                      "Invalid options: mode 'kubernetes' is not supported: daprcerts serves machines without Kubernetes");
  if (strcmp(opt.mode, "standalone") != 0)
    return dc_err_set(err, DC_EINVAL, "Invalid options: invalid mode: %s", opt.mode);
  return 0;
}

int main(int argc, char **argv) {
  static struct limit_options options;
  struct dc_strings operands DC_CLEANUP(dc_strings_free) = {.count = 0};
  struct dc_err err = DC_ERR_INIT;
  int status = DC_EXIT_DONE;
  add_limit_options(&options);
  const struct dc_cli cli = {.program = "daprcerts sentry",
                             .operands = "",
                             .summary = "Serve certificates to Dapr sidecars over gRPC, as Dapr's Sentry does.",
                             .opts = options.opts,
                             .opt_count = DC_COUNT(options.opts),
                             .single_dash = true,
                             .notes = notes};
  if (!dc_tool_begin(&cli, argc, argv, &operands, &status)) return status;
  opt.argv0 = argv[0];
  dc_os_protect_secrets();
  int rc = setup_log(&err);
  if (!rc) rc = run(&options, &err);
  if (rc && rc != DC_EUSAGE) dc_log_write(DC_LOG_FATAL, scope, "%s", err.text);
  return dc_tool_end(&cli, rc, &err);
}
