/* SPDX-License-Identifier: Apache-2.0 */
/* daprcerts sentry: flags, configuration and credentials put together, then the server. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/os.h"
#include "base/path.h"
#include "config/dapr_config.h"
#include "config/settings.h"
#include "pki/spiffe.h"
#include "sentry/auto_rotate.h"
#include "sentry/sentry.h"
#include "store/layout.h"
#include "tools/conf.h"
#include "tools/credentials.h"
#include "tools/daemon.h"
#include "tools/program.h"
#include "tools/sentry_options.h"
#include "tools/tool.h"

static const char scope[] = "dapr.sentry";

static struct dc_sentry_options *const opt = &dc_sentry_options;
static char *argv0; /* to find other programs of ours */

/* --- faults ------------------------------------------------------------------------------------------------------- */

static struct {
  struct dc_err first;
  int count;
} faults;

/* A start ends with the first fault; --check tells it last, as that does, after the others. */
static int note(int rc, struct dc_err *err) {
  if (!rc || !opt->check) return rc;
  if (faults.count++ == 0)
    faults.first = *err;
  else
    dc_log_write(DC_LOG_ERROR, scope, "%s", err->text);
  *err = (struct dc_err)DC_ERR_INIT;
  return 0;
}

/* --- configuration ------------------------------------------------------------------------------------------------ */

struct sources {
  char *dir, *conf; /* daprcerts.conf lies in the directory */
  char *fetch_program, *rotate_program;
  struct dc_settings settings;
  struct dc_dapr_config dapr;
  char *trust_domain; /* without the rest of a SPIFFE ID */
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
  free(sources->trust_domain);
  dc_audit_close(sources->config.audit);
  free(sources->conf);
  free(sources->fetch_program);
  free(sources->rotate_program);
  dc_buf_free(&sources->warnings);
  dc_settings_free(&sources->settings);
  dc_dapr_config_free(&sources->dapr);
}

/* A configuration that is no file, such as a shell's <(...): it can be read but once. */
static struct {
  bool is_there;
  struct dc_buf text;
} piped = {.text = DC_BUF_INIT};

static int take_pipe(struct dc_err *err) {
  struct stat what;
  piped.is_there = strcmp(opt->config, "-") == 0 || (stat(opt->config, &what) == 0 && !S_ISREG(what.st_mode));
  int rc = piped.is_there ? dc_os_read_file(opt->config, DC_DAPR_CONFIG_MAX, &piped.text, err) : 0;
  return rc ? dc_err_add(err, rc, "the configuration") : 0;
}

static int read_dapr_config(struct sources *sources, struct dc_err *err) {
  if (!piped.is_there) return dc_dapr_config_load(opt->config, &sources->dapr, &sources->warnings, err);
  return dc_dapr_config_parse(opt->config, piped.text.data, piped.text.len, &sources->dapr, &sources->warnings, err);
}

static int read_files(struct sources *sources, struct dc_err *err) {
  int rc = dc_layout_dir(opt->dir, &sources->dir, err);
  if (rc) return rc;
  sources->conf = dc_path_join(sources->dir, DC_SETTINGS_FILE);
  if (!sources->conf) return dc_err_nomem(err);
  rc = read_dapr_config(sources, err);
  if (rc == DC_ENOENT && !opt->config_given) rc = 0;
  if (rc) rc = note(dc_err_add(err, rc, "the configuration"), err);
  if (!rc) rc = note(dc_conf_load(sources->dir, &sources->settings, &sources->warnings, err), err);
  if (rc) return rc;
  dc_settings_warn_namespace(&sources->settings, getenv("NAMESPACE"), &sources->warnings);
  return dc_buf_check(&sources->warnings, err);
}

/* A whole SPIFFE ID stands for its trust domain, as in the original. What is neither is told with the policy. */
static int name_trust_domain(struct sources *sources, const char *text, struct dc_err *err) {
  struct dc_slice name = dc_slice_text(text);
  if (dc_spiffe_trust_domain(name, &name, NULL)) name = dc_slice_text(text);
  sources->config.policy.trust_domain = sources->trust_domain = strndup((const char *)name.data, name.len);
  return sources->trust_domain ? 0 : dc_err_nomem(err);
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
  const char *domain = NULL;
  int rc = dc_settings_pick(&trust_domain, &domain, err);
  if (!rc) rc = dc_settings_pick(&namespace, &sources->config.policy.namespace, err);
  if (!rc) rc = name_trust_domain(sources, domain, err);
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

static void set_policy(struct sources *sources) {
  struct dc_sentry_policy *policy = &sources->config.policy; /* the names are there */
  policy->workload_ttl = sources->dapr.workload_ttl;
  policy->clock_skew = sources->dapr.clock_skew;
  policy->limits = sources->settings.limits;
  dc_sentry_options_limit(&policy->limits);
  policy->allow = &sources->settings.allow;
  policy->jwks = sources->dapr.jwks;
}

/* RUNNING becomes what was read NOW, which its policy points to; what it was goes with NOW. */
static void take(struct sources *running, struct sources *now) {
  struct dc_settings settings = running->settings;
  struct dc_dapr_config dapr = running->dapr;
  char *trust_domain = running->trust_domain;
  running->settings = now->settings;
  running->dapr = now->dapr;
  running->trust_domain = now->trust_domain;
  running->config.policy = now->config.policy;
  running->config.policy.allow = &running->settings.allow;
  now->settings = settings;
  now->dapr = dapr;
  now->trust_domain = trust_domain;
}

/* A file that is written in place is empty for a while: that is not to open, for as long, what it kept closed. */
static int check_emptied(const struct sources *running, const struct sources *now, struct dc_err *err) {
  const char *file = NULL;
  if (now->settings.is_empty && !running->settings.is_empty) file = now->conf;
  if (now->dapr.is_empty && !running->dapr.is_empty) file = opt->config;
  return file ? dc_err_set(err, DC_EINVAL, "'%s' is empty: what it said holds until it says something else", file) : 0;
}

/* While the server runs. Warnings are told once, as long as they are the same. */
static int reread(void *user, struct dc_sentry_policy *policy, struct dc_err *err) {
  struct sources *running = user;
  struct sources now DC_CLEANUP(sources_free);
  sources_init(&now);
  int rc = read_files(&now, err);
  if (!rc) rc = check_emptied(running, &now, err);
  if (!rc) rc = pick_names(&now, err);
  if (rc) return rc;
  set_policy(&now);
  if (now.config.policy.limits.loops != policy->limits.loops)
    dc_buf_printf(&now.warnings, "'loops' of '%s' has changed: restart sentry for it to count\n", now.conf);
  now.config.policy.limits.loops = policy->limits.loops;
  if (strcmp(dc_buf_text(&now.warnings), dc_buf_text(&running->warnings)) != 0) {
    dc_log_lines(DC_LOG_WARN, scope, dc_buf_text(&now.warnings));
    dc_buf_clear(&running->warnings);
    dc_buf_add(&running->warnings, now.warnings.data, now.warnings.len);
  }
  take(running, &now);
  *policy = running->config.policy;
  return 0;
}

/* What rotates knows the usual names alone. */
static int check_auto_rotate(const struct sources *sources, struct dc_err *err) {
  if (!opt->auto_rotate) return 0;
  if (!dc_credentials_usual_names(&sources->config))
    return note(dc_err_set(err, DC_EINVAL, "'--auto-rotate' is for ca.crt, issuer.crt and issuer.key by these names"), err);
  if (!sources->rotate_program)
    return note(dc_err_set(err, DC_ENOENT, "'--auto-rotate': there is no daprcerts-rotate beside this program"), err);
  return 0;
}

static int configure(struct sources *sources, struct dc_err *err) {
  static const char *named[2], *healthz[2], *metrics[2];
  static const char *files[3];
  size_t count = 0;
  int rc = take_pipe(err);
  sources->config.legacy_dns = (enum dc_legacy_dns)opt->legacy_dns;
  sources->config.audit_required = opt->audit_failure == DC_SENTRY_AUDIT_REFUSE;
  if (!rc) rc = read_files(sources, err);
  if (!rc) rc = pick_names(sources, err);
  if (rc) return rc;
  dc_log_lines(DC_LOG_WARN, scope, dc_buf_text(&sources->warnings));
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
  set_policy(sources);
  if (!piped.is_there) files[count++] = opt->config;
  files[count] = sources->conf;
  sources->config.reread = reread;
  sources->config.reread_user = sources;
  sources->config.reread_files = files;
  sources->config.ready_file = opt->ready_file;
  sources->config.on_ready = dc_daemon_ready;
  sources->config.log_file = opt->log_file;
  sources->config.fetch_program = sources->fetch_program = dc_program_find(argv0, "fetch");
  if (opt->auto_rotate) sources->config.rotate_program = sources->rotate_program = dc_program_find(argv0, "rotate");
  sources->config.jwt = dc_jwt_options_resolve(&opt->jwt);
  rc = check_auto_rotate(sources, err);
  return rc ? rc : dc_oidc_options_resolve(&opt->oidc, &opt->jwt, &sources->config.oidc, err);
}

/* --- running it --------------------------------------------------------------------------------------------------- */

static bool serves_already; /* who holds the pid file */

static int serve(struct dc_sentry_config *config, struct dc_err *err) {
  struct dc_pid_file pid_file DC_CLEANUP(dc_pid_file_remove) = DC_PID_FILE_INIT;
  int rc = opt->pid_file ? dc_pid_file_take(opt->pid_file, &pid_file, err) : 0;
  serves_already = rc == DC_EBUSY;
  if (!rc && opt->pid_file && opt->ready_file) (void)unlink(opt->ready_file); /* of one that was killed */
  if (!rc) rc = dc_credentials_need(config, err);
  if (!rc && opt->auto_rotate) config->rotate_met_other = dc_auto_rotate_first(config);
  if (!rc && opt->audit_log) rc = dc_audit_open(opt->audit_log, &config->audit, err);
  if (rc) return rc;
  if (!opt->listen_given)
    dc_log_write(DC_LOG_INFO, scope,
                 "listening on loopback alone: --listen-address serves containers and other machines");
  return dc_sentry_run(config, err);
}

static int check_part(const struct dc_sentry_config *config, enum dc_sentry_part part, struct dc_err *err) {
  return note(dc_sentry_check(config, part, err), err);
}

static int check_credentials(const struct dc_sentry_config *config, struct dc_err *err) {
  int there = dc_credentials_there(config, err);
  if (there < 0) return note(there, err);
  if (there) return check_part(config, DC_SENTRY_CREDENTIALS, err);
  dc_log_write(DC_LOG_INFO, scope, "there are no credentials in '%s' yet: a start makes them", config->dir);
  return 0;
}

static int check_tokens(const struct dc_sentry_config *config, struct dc_err *err) {
  int there = config->jwt.enabled ? dc_credentials_tokens_there(config, err) : 1;
  if (there < 0) return note(there, err);
  if (there) return check_part(config, DC_SENTRY_TOKENS, err);
  dc_log_write(DC_LOG_INFO, scope, "there is no key for JWTs in '%s' yet: a start makes it", config->dir);
  return 0;
}

/* What a start would do up to the sockets, with nothing made. A fault of one part hides none of another. */
static int check(const struct dc_sentry_config *config, struct dc_err *err) {
  int rc = check_part(config, DC_SENTRY_POLICY, err);
  if (!rc) rc = check_credentials(config, err);
  if (!rc) rc = check_tokens(config, err);
  if (!rc) rc = check_part(config, DC_SENTRY_OIDC, err);
  if (!rc) rc = check_part(config, DC_SENTRY_ADDRESSES, err);
  if (!rc && opt->audit_log) rc = note(dc_audit_check(opt->audit_log, err), err);
  if (!rc && faults.count == 0) dc_log_write(DC_LOG_INFO, scope, "all is well: '%s' can be served", config->dir);
  return rc;
}

/* What the faults that were noted make of RC. */
static int judge(int rc, struct dc_err *err) {
  if (faults.count == 0 || rc == DC_EUSAGE) return rc;
  if (rc) (void)note(rc, err);
  return dc_err_set(err, faults.first.code, "%s", faults.first.text);
}

static int run(struct dc_err *err) {
  struct sources sources;
  sources_init(&sources);
  int rc = dc_jwt_options_check(&opt->jwt, &opt->oidc, err);
  if (!rc) rc = configure(&sources, err);
  if (!rc) rc = opt->check ? check(&sources.config, err) : serve(&sources.config, err);
  rc = judge(rc, err);
  sources_free(&sources);
  dc_oidc_options_free(&opt->oidc);
  dc_buf_free(&piped.text);
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

/* The original ignores them. Who wrote "--enable-metrics false" should know that this is none of its values. */
static void warn_of_operands(const struct dc_strings *operands) {
  for (size_t i = 0; i < operands->count; i++)
    dc_log_write(DC_LOG_WARN, scope,
                 "'%s' is ignored: it belongs to no option (a switch takes its value by '=', as in "
                 "--enable-metrics=false)",
                 operands->items[i]);
}

static int check_process_options(struct dc_err *err) {
  if ((opt->stop || opt->running) && !opt->pid_file)
    return dc_err_set(err, DC_EUSAGE, "option '--%s' wants --pid-file", opt->stop ? "stop" : "running");
  if (opt->daemon && !opt->log_file)
    return dc_err_set(err, DC_EUSAGE, "option '--daemon' wants --log-file: there is no terminal to write to");
  if (opt->daemon + opt->stop + opt->running + opt->check > 1)
    return dc_err_set(err, DC_EUSAGE, "options '--daemon', '--stop', '--running' and '--check' exclude each other");
  return 0;
}

static int end_nothing(const struct dc_cli *cli, const char *what) {
  dc_tool_say("%s: %s: no process holds '%s'", cli->program, what, opt->pid_file);
  return DC_EXIT_NOTHING;
}

static int stop(const struct dc_cli *cli) {
  struct dc_err err = DC_ERR_INIT;
  int rc = dc_pid_file_stop(opt->pid_file, &err);
  return rc > 0 ? end_nothing(cli, "nothing to stop") : dc_tool_end(cli, rc, &err);
}

static int tell_running(const struct dc_cli *cli) {
  struct dc_err err = DC_ERR_INIT;
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  long process = 0;
  int rc = dc_pid_file_holder(opt->pid_file, &process, &err);
  if (rc > 0) return end_nothing(cli, "nothing runs");
  dc_buf_printf(&text, "%ld\n", process);
  if (!rc) rc = dc_tool_print(&text, &err);
  return dc_tool_end(cli, rc, &err);
}

int main(int argc, char **argv) {
  struct dc_strings operands DC_CLEANUP(dc_strings_free) = {.count = 0};
  const struct dc_cli *cli = dc_sentry_options_cli();
  struct dc_err err = DC_ERR_INIT;
  int status = DC_EXIT_DONE;
  if (!dc_tool_begin(cli, argc, argv, &operands, &status)) return status;
  argv0 = argv[0];
  dc_os_protect_secrets();
  bool ends = false;
  int rc = check_process_options(&err);
  if (!rc && opt->stop) return stop(cli);
  if (!rc && opt->running) return tell_running(cli);
  if (!rc && opt->daemon) rc = dc_daemon_fork(&ends, &status, &err);
  if (rc) return dc_tool_end(cli, rc, &err);
  if (ends) return status;
  rc = setup_log(&err);
  warn_of_operands(&operands);
  if (!rc) rc = run(&err);
  if (rc && rc != DC_EUSAGE) dc_log_write(serves_already ? DC_LOG_INFO : DC_LOG_FATAL, scope, "%s", err.text);
  status = dc_tool_end(cli, rc, &err);
  return serves_already ? DC_EXIT_NOTHING : status;
}
