/* SPDX-License-Identifier: Apache-2.0 */
/* daprcerts sentry: flags, configuration and credentials put together, then the server. */
#include "config.h"

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
#include "tools/conf.h"
#include "tools/credentials.h"
#include "tools/program.h"
#include "tools/sentry_options.h"
#include "tools/tool.h"

static const char scope[] = "dapr.sentry";

static struct dc_sentry_options *const opt = &dc_sentry_options;
static char *argv0; /* to find other programs of ours */

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
  int rc = dc_layout_dir(opt->dir, &sources->dir, err);
  if (rc) return rc;
  sources->conf = dc_path_join(sources->dir, DC_SETTINGS_FILE);
  if (!sources->conf) return dc_err_nomem(err);
  rc = dc_dapr_config_load(opt->config, &sources->dapr, &sources->warnings, err);
  if (rc == DC_ENOENT && !opt->config_given) rc = 0;
  if (rc) return dc_err_add(err, rc, "the configuration");
  rc = dc_conf_load(sources->dir, &sources->settings, &sources->warnings, err);
  if (rc) return rc;
  dc_settings_warn_namespace(&sources->settings, getenv("NAMESPACE"), &sources->warnings);
  return dc_buf_check(&sources->warnings, err);
}

static int pick_names(struct sources *sources, struct dc_err *err) {
  const struct dc_sources trust_domain = {.flag = opt->trust_domain,
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
  int rc = pick_word("legacy-dns-sans", opt->legacy_dns, legacy, DC_COUNT(legacy), &legacy_dns, err);
  if (!rc) rc = pick_word("audit-failure", opt->audit_failure, failure, DC_COUNT(failure), &required, err);
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
                  opt->config);
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

static int configure(struct sources *sources, struct dc_err *err) {
  static const char *named[2], *healthz[2], *metrics[2];
  static const char *files[3];
  int rc = pick_words(&sources->config, err);
  if (!rc) rc = read_files(sources, err);
  if (!rc) rc = pick_names(sources, err);
  if (rc) return rc;
  log_lines(DC_LOG_WARN, &sources->warnings);
  named[0] = opt->listen_address;
  sources->config.addresses = opt->listen_given ? named : loopback;
  sources->config.port = (uint16_t)opt->port;
  sources->config.healthz = endpoint(true, opt->healthz_address_given, opt->healthz_address, opt->healthz_port_given,
                                     opt->healthz_port, healthz);
  sources->config.metrics = endpoint(opt->metrics, opt->metrics_address_given, opt->metrics_address,
                                     opt->metrics_port_given, opt->metrics_port, metrics);
  sources->config.dir = sources->dir;
  sources->config.ca_crt = opt->ca_crt;
  sources->config.issuer_crt = opt->issuer_crt;
  sources->config.issuer_key = opt->issuer_key;
  sources->config.policy = policy_of(sources);
  files[0] = opt->config;
  files[1] = sources->conf;
  sources->config.reread = reread;
  sources->config.reread_user = sources;
  sources->config.reread_files = files;
  sources->config.ready_file = opt->ready_file;
  sources->config.log_file = opt->log_file;
  sources->config.limits = sources->settings.limits;
  sources->config.allow = &sources->settings.allow;
  sources->config.jwks = sources->dapr.jwks;
  sources->config.fetch_program = sources->fetch_program = dc_program_find(argv0, "fetch");
  sources->config.jwt = dc_jwt_options_resolve(&opt->jwt);
  dc_sentry_options_limit(&sources->config.limits);
  return dc_oidc_options_resolve(&opt->oidc, &opt->jwt, &sources->config.oidc, err);
}

/* --- running it --------------------------------------------------------------------------------------------------- */

static bool is_of_this_machine(const char *address) {
  return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0 || strcmp(address, "localhost") == 0 ||
         strncmp(address, "unix:", 5) == 0;
}

static void tell_exposure(const struct dc_sentry_config *config) {
  dc_log_write(DC_LOG_INFO, scope, "Using validator '%s'", config->jwks ? "jwks" : "insecure");
  if (!opt->listen_given)
    dc_log_write(DC_LOG_INFO, scope,
                 "listening on loopback alone: --listen-address serves containers and other machines");
  else if (!config->jwks && !is_of_this_machine(config->addresses[0]))
    dc_log_write(DC_LOG_WARN, scope,
                 "the 'insecure' validator gives any caller any identity, and '%s' can be reached by other machines",
                 config->addresses[0]);
}

static int serve(struct dc_sentry_config *config, struct dc_err *err) {
  int rc = dc_credentials_need(config, err);
  if (!rc && opt->audit_log) rc = dc_audit_open(opt->audit_log, &config->audit, err);
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

static int run(struct dc_err *err) {
  struct sources sources;
  sources_init(&sources);
  int rc = dc_jwt_options_check(&opt->jwt, &opt->oidc, err);
  if (!rc) rc = configure(&sources, err);
  if (!rc) rc = opt->check ? check(&sources.config, err) : serve(&sources.config, err);
  sources_free(&sources);
  dc_oidc_options_free(&opt->oidc);
  return rc;
}

/* Wrong levels and modes end as they do in the original: a fatal record and status 1. */
static int setup_log(struct dc_err *err) {
  struct dc_log_config log = {.fd = STDOUT_FILENO,
                              .level = DC_LOG_INFO,
                              .json = opt->json,
                              .instance = dc_os_hostname(),
                              .version = PACKAGE_VERSION};
  int rc = opt->log_file ? dc_log_open(opt->log_file, &log.fd, err) : 0;
  dc_log_setup(&log);
  if (rc) return rc;
  if (dc_log_parse_level(opt->log_level, &log.level, err))
    return dc_err_set(err, DC_EINVAL, "invalid value for --log-level: %s", opt->log_level);
  dc_log_setup(&log);
  if (strcmp(opt->mode, "kubernetes") == 0)
    return dc_err_set(err, DC_EUNSUPPORTED,
                      "Invalid options: mode 'kubernetes' is not supported: daprcerts serves machines without Kubernetes");
  if (strcmp(opt->mode, "standalone") != 0)
    return dc_err_set(err, DC_EINVAL, "Invalid options: invalid mode: %s", opt->mode);
  return 0;
}

int main(int argc, char **argv) {
  struct dc_strings operands DC_CLEANUP(dc_strings_free) = {.count = 0};
  const struct dc_cli *cli = dc_sentry_options_cli();
  struct dc_err err = DC_ERR_INIT;
  int status = DC_EXIT_DONE;
  if (!dc_tool_begin(cli, argc, argv, &operands, &status)) return status;
  argv0 = argv[0];
  dc_os_protect_secrets();
  int rc = setup_log(&err);
  if (!rc) rc = run(&err);
  if (rc && rc != DC_EUSAGE) dc_log_write(DC_LOG_FATAL, scope, "%s", err.text);
  return dc_tool_end(cli, rc, &err);
}
