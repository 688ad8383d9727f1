/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of sentry: the original's flags and ours. */
#ifndef DC_TOOLS_SENTRY_OPTIONS_H
#define DC_TOOLS_SENTRY_OPTIONS_H

#include "tools/jwt_options.h"

enum { DC_SENTRY_AUDIT_WARN, DC_SENTRY_AUDIT_REFUSE };

/* With the defaults, until the command line is parsed; names as the options'. */
struct dc_sentry_options {
  const char *config, *dir, *ca_crt, *issuer_crt, *issuer_key, *trust_domain, *listen_address, *mode, *log_level,
      *ready_file, *kubeconfig, *log_file, *audit_log, *healthz_address, *metrics_address, *pid_file;
  int legacy_dns;    /* an enum dc_legacy_dns */
  int audit_failure; /* one of those above */
  int64_t port, healthz_port, metrics_port;
  bool auto_rotate, check, daemon, stop, running, config_given, listen_given, json, metrics, healthz_port_given, healthz_address_given, metrics_port_given,
      metrics_address_given;
  struct dc_jwt_options jwt;
  struct dc_oidc_options oidc;
};
extern struct dc_sentry_options dc_sentry_options;

/* What dc_tool_begin wants; static. */
const struct dc_cli *dc_sentry_options_cli(void);
/* The limits that were given, over those of daprcerts.conf. */
void dc_sentry_options_limit(struct dc_limits *limits);

#endif
