/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "tools/sentry_options.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/duration.h"

static const char default_config[] = "daprsystem";

struct dc_sentry_options dc_sentry_options = {
    .config = default_config,
    .ca_crt = "ca.crt",
    .issuer_crt = "issuer.crt",
    .issuer_key = "issuer.key",
    .mode = "standalone",
    .log_level = "info",
    .port = 50001,
    .healthz_port = 8080,
    .metrics_port = 9090,
    .metrics = true,
    .jwt = DC_JWT_OPTIONS_INIT,
    .oidc = DC_OIDC_OPTIONS_INIT,
};

static const char *const legacy_words[] = {
    [DC_LEGACY_DNS_AUTO] = "auto", [DC_LEGACY_DNS_ALWAYS] = "always", [DC_LEGACY_DNS_NEVER] = "never", NULL};
static const char *const audit_words[] = {[DC_SENTRY_AUDIT_WARN] = "warn", [DC_SENTRY_AUDIT_REFUSE] = "refuse", NULL};
static const char *const level_words[] = {"debug", "info", "warn", "error", "fatal", NULL};
static const char *const mode_words[] = {"standalone", NULL};

static const struct dc_opt head_opts[] = {
    {.kind = DC_OPT_HEADING, .help = "What it signs with:"},
    {.name = "issuer-credentials", .kind = DC_OPT_STRING, .value = &dc_sentry_options.dir, .arg = "DIR",
     .help = "the directory of the credentials; a CA is made in it when it has none",
     .shown = "$DAPRCERTS_DIR, else $HOME/.dapr/certs"},
    {.name = "issuer-ca-filename", .kind = DC_OPT_STRING, .value = &dc_sentry_options.ca_crt, .arg = "FILE",
     .help = "trust anchors, in that directory unless absolute", .shown = "ca.crt"},
    {.name = "issuer-certificate-filename", .kind = DC_OPT_STRING, .value = &dc_sentry_options.issuer_crt, .arg = "FILE",
     .help = "issuer chain, likewise", .shown = "issuer.crt"},
    {.name = "issuer-key-filename", .kind = DC_OPT_STRING, .value = &dc_sentry_options.issuer_key, .arg = "FILE",
     .help = "issuer key, likewise", .shown = "issuer.key"},
    {.name = "config", .kind = DC_OPT_STRING, .value = &dc_sentry_options.config, .given = &dc_sentry_options.config_given, .arg = "FILE",
     .help = "Dapr's Configuration (YAML), of which spec.mtls is read; it may be missing unless it is named",
     .shown = default_config},
    {.name = "trust-domain", .kind = DC_OPT_STRING, .value = &dc_sentry_options.trust_domain, .arg = "NAME",
     .help = "sentry's own trust domain, which sidecars look for",
     .shown = "$DAPR_CONTROLPLANE_TRUST_DOMAIN, else spec.mtls.controlPlaneTrustDomain, else daprcerts.conf, else localhost"},
    {.name = "legacy-dns-sans", .kind = DC_OPT_WORD, .value = &dc_sentry_options.legacy_dns, .words = legacy_words,
     .arg = "WHEN",
     .help = "whose certificates also bear the DNS name by which sidecars up to 1.11 know each other: auto (who asks as "
             "they do), always or never",
     .shown = "auto"},
    {.kind = DC_OPT_HEADING, .help = "JWTs beside the certificates:"},
    DC_JWT_ROWS(dc_sentry_options.jwt),
    {.kind = DC_OPT_HEADING, .help = "How others learn to verify them:"},
    DC_OIDC_ROWS(dc_sentry_options.oidc),
    {.kind = DC_OPT_HEADING, .help = "Where it listens:"},
    {.name = "listen-address", .kind = DC_OPT_STRING, .value = &dc_sentry_options.listen_address, .given = &dc_sentry_options.listen_given,
     .arg = "ADDRESS", .help = "an address, a name, or \"\" for every interface", .shown = "127.0.0.1 and ::1"},
    {.name = "port", .kind = DC_OPT_NUMBER, .value = &dc_sentry_options.port, .max = 65535, .arg = "PORT",
     .help = "0 takes any free one", .shown = "50001"},
    {.name = "healthz-listen-address", .kind = DC_OPT_STRING, .value = &dc_sentry_options.healthz_address,
     .given = &dc_sentry_options.healthz_address_given, .arg = "ADDRESS", .help = "where /healthz is; unix:PATH is a socket there",
     .shown = "127.0.0.1 and ::1"},
    {.name = "healthz-port", .kind = DC_OPT_NUMBER, .value = &dc_sentry_options.healthz_port, .given = &dc_sentry_options.healthz_port_given,
     .max = 65535, .arg = "PORT", .help = "its port", .shown = "8080, without it when that is taken"},
    {.name = "metrics-listen-address", .kind = DC_OPT_STRING, .value = &dc_sentry_options.metrics_address,
     .given = &dc_sentry_options.metrics_address_given, .arg = "ADDRESS", .help = "where Prometheus finds the metrics, likewise",
     .shown = "127.0.0.1 and ::1"},
    {.name = "metrics-port", .kind = DC_OPT_NUMBER, .value = &dc_sentry_options.metrics_port, .given = &dc_sentry_options.metrics_port_given,
     .max = 65535, .arg = "PORT", .help = "its port", .shown = "9090, without it when that is taken"},
    {.name = "enable-metrics", .kind = DC_OPT_FLAG, .value = &dc_sentry_options.metrics, .help = "serve metrics", .shown = "true"},
    {.name = "ready-file", .kind = DC_OPT_STRING, .value = &dc_sentry_options.ready_file, .arg = "FILE",
     .help = "is written when it serves: a line \"grpc ADDRESS:PORT\" for each socket"},
    {.kind = DC_OPT_HEADING, .help = "As a process:"},
    {.name = "daemon", .kind = DC_OPT_FLAG, .value = &dc_sentry_options.daemon,
     .help = "go on in the background, and return once it serves; with --log-file"},
    {.name = "pid-file", .kind = DC_OPT_STRING, .value = &dc_sentry_options.pid_file, .arg = "FILE",
     .help = "holds its process's number while it runs; another server with the same file ends with status 3"},
    {.name = "stop", .kind = DC_OPT_FLAG, .value = &dc_sentry_options.stop,
     .help = "stop the server that holds --pid-file, as SIGTERM does, wait for its end, and end; status 3 when none does"},
    {.name = "running", .kind = DC_OPT_FLAG, .value = &dc_sentry_options.running,
     .help = "print the number of the process that holds --pid-file, and end; status 3 when none does"},
    {.kind = DC_OPT_HEADING, .help = "What it says:"},
    {.name = "log-level", .kind = DC_OPT_STRING, .value = &dc_sentry_options.log_level, .words = level_words,
     .arg = "LEVEL",
     .help = "debug, info, warn, error or fatal", .shown = "info"},
    {.name = "log-file", .kind = DC_OPT_STRING, .value = &dc_sentry_options.log_file, .arg = "FILE",
     .help = "append records to this file; SIGHUP opens it anew", .shown = "standard output"},
    {.name = "log-as-json", .kind = DC_OPT_FLAG, .value = &dc_sentry_options.json, .help = "one JSON object a line"},
    {.name = "audit-log", .kind = DC_OPT_STRING, .value = &dc_sentry_options.audit_log, .arg = "FILE",
     .help = "append a line of JSON for each certificate, before it is handed out; SIGHUP opens the file anew"},
    {.name = "audit-failure", .kind = DC_OPT_WORD, .value = &dc_sentry_options.audit_failure, .words = audit_words,
     .arg = "WHAT",
     .help = "when that line cannot be written (a full disk): warn in the log and hand the certificate out, or refuse "
             "the request",
     .shown = "warn"},
    {.name = "auto-rotate", .kind = DC_OPT_FLAG, .value = &dc_sentry_options.auto_rotate,
     .help = "run \"daprcerts rotate\" at the start and each hour: what is due of issuer and root is replaced"},
    {.name = "mode", .kind = DC_OPT_STRING, .value = &dc_sentry_options.mode, .words = mode_words,
     .arg = "MODE", .help = "standalone is the one there is",
     .shown = "standalone"},
    {.name = "check", .kind = DC_OPT_FLAG, .value = &dc_sentry_options.check,
     .help = "validate configuration, credentials and key sets as a start would, make and serve nothing, tell each "
             "fault, and end"},
    {.name = "kubeconfig", .kind = DC_OPT_STRING, .value = &dc_sentry_options.kubeconfig, .arg = "FILE",
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
    {"handshake-timeout", "from accept to the end of the TLS handshake; and what a peer has to answer a goodbye"},
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
    "Exit status: 0 after a signal, 1 for a failure or a second signal, 2 for wrong usage,\n"
    "3 when a server with this --pid-file runs already (with --stop or --running: when none does).";

/* The options of the limits are made from the same rows as daprcerts.conf's. */
static struct {
  struct dc_opt opts[HEAD + LIMITS];
  char shown[LIMITS][DC_DURATION_TEXT_MAX];
  bool given[LIMITS];
  struct dc_limits values;
} table;

static void add_limits(void) {
  size_t count = 0;
  const struct dc_limit_row *rows = dc_settings_limit_rows(&count);
  for (size_t i = 0; i < count && i < LIMITS; i++) {
    if (rows[i].is_duration)
      dc_duration_text(rows[i].standard, table.shown[i]);
    else
      snprintf(table.shown[i], sizeof table.shown[i], "%" PRId64, rows[i].standard);
    table.opts[HEAD + i] = (struct dc_opt){
        .name = rows[i].name,
        .kind = rows[i].is_duration ? DC_OPT_DURATION : DC_OPT_NUMBER,
        .value = (char *)&table.values + rows[i].offset,
        .given = &table.given[i],
        .min = rows[i].min,
        .max = rows[i].max,
        .arg = rows[i].is_duration ? "DURATION" : "N",
        .help = limit_help[i].help,
        .shown = table.shown[i],
    };
  }
}

void dc_sentry_options_limit(struct dc_limits *limits) {
  size_t count = 0;
  const struct dc_limit_row *rows = dc_settings_limit_rows(&count);
  for (size_t i = 0; i < count && i < LIMITS; i++)
    if (table.given[i])
      memcpy((char *)limits + rows[i].offset, (const char *)&table.values + rows[i].offset, sizeof(int64_t));
}

const struct dc_cli *dc_sentry_options_cli(void) {
  static const struct dc_cli cli = {
      .program = "daprcerts sentry",
      .operands = "",
      .max_operands = SIZE_MAX, /* the original ignores them: see warn_of_operands */
      .summary = "Serve certificates to Dapr sidecars over gRPC, as Dapr's Sentry does.",
      .opts = table.opts,
      .opt_count = DC_COUNT(table.opts),
      .like_go = true,
      .notes = notes};
  memcpy(table.opts, head_opts, sizeof head_opts);
  add_limits();
  return &cli;
}
