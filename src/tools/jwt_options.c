/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/jwt_options.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

static const char *or_none(const char *text) { return text && *text ? text : NULL; }

int dc_jwt_options_check(const struct dc_jwt_options *jwt, const struct dc_oidc_options *oidc, struct dc_err *err) {
  const char *cert = or_none(oidc->cert_file), *key = or_none(oidc->key_file);
  if (oidc->enabled && oidc->tls && (!cert || !key))
    return dc_err_set(err, DC_EINVAL,
                      "Invalid options: oidc-server-tls-%s-file is required when OIDC HTTP server is enabled (unless "
                      "oidc-server-tls-enabled is false)",
                      cert ? "key" : "cert");
  if (jwt->issuer_given && !jwt->enabled)
    return dc_err_set(err, DC_EINVAL, "Invalid options: jwt-issuer cannot be set when jwt-enabled is false");
  if (!cert != !key)
    return dc_err_set(err, DC_EINVAL, "both OIDC TLS certificate and key must be provided if one is specified");
  return 0;
}

struct dc_sentry_jwt dc_jwt_options_resolve(const struct dc_jwt_options *options) {
  return (struct dc_sentry_jwt){.enabled = options->enabled,
                                .key = options->key,
                                .jwks = options->jwks,
                                .rules = {.algorithm = options->algorithm,
                                          .kid = or_none(options->kid),
                                          .issuer = or_none(options->issuer)},
                                .ttl = options->ttl};
}

/* Each may be a list with commas itself. */
static int split_hosts(struct dc_oidc_options *options, struct dc_err *err) {
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  size_t count = 0;
  for (size_t i = 0; i < options->hosts.count; i++) dc_buf_printf(&text, ",%s", options->hosts.items[i]);
  for (const char *at = dc_buf_text(&text); *at; at++) count += *at == ',';
  if (count == 0) return 0;
  options->split = dc_buf_take_text(&text);
  options->allowed = calloc(count, sizeof *options->allowed);
  if (!options->split || !options->allowed) return dc_err_nomem(err);
  char *rest = options->split;
  for (char *word = strtok_r(rest, ",", &rest); word; word = strtok_r(NULL, ",", &rest))
    options->allowed[options->allowed_count++] = word;
  return 0;
}

int dc_oidc_options_resolve(struct dc_oidc_options *options, const struct dc_jwt_options *jwt,
                            struct dc_sentry_oidc *out, struct dc_err *err) {
  static const char *localhost[] = {"127.0.0.1", "::1", NULL};
  static const char *named[2];
  if (options->enabled && !jwt->enabled)
    dc_log_write(DC_LOG_WARN, "dapr.sentry", "OIDC HTTP server is disabled: it needs --jwt-enabled");
  int rc = split_hosts(options, err);
  if (rc) return rc;
  named[0] = options->address;
  *out = (struct dc_sentry_oidc){
      .endpoint = {.enabled = options->enabled && jwt->enabled,
                   .required = true,
                   .addresses = strcmp(options->address, "localhost") == 0 ? localhost : named,
                   .port = (uint16_t)options->port},
      .cert_file = or_none(options->cert_file),
      .key_file = or_none(options->key_file),
      .jwks_uri = or_none(options->jwks_uri),
      .path_prefix = or_none(options->path_prefix),
      .allowed_hosts = options->allowed,
      .allowed_count = options->allowed_count,
  };
  return 0;
}

void dc_oidc_options_free(struct dc_oidc_options *options) {
  free(options->split);
  free(options->allowed);
  dc_strings_free(&options->hosts);
}
