/* SPDX-License-Identifier: Apache-2.0 */
/* The options of sentry for JWTs and OIDC, with the original's names. */
#ifndef DC_TOOLS_JWT_OPTIONS_H
#define DC_TOOLS_JWT_OPTIONS_H

#include "base/cli.h"
#include "base/duration.h"
#include "sentry/sentry.h"

struct dc_jwt_options {
  bool enabled, issuer_given;
  const char *key, *jwks, *issuer, *algorithm, *kid;
  int64_t ttl;
};
#define DC_JWT_OPTIONS_INIT {.key = "jwt.key", .jwks = "jwks.json", .algorithm = "RS256", .ttl = 24 * DC_HOUR}

/* Rows for a table of options. */
#define DC_JWT_ROWS(options) \
  {.name = "jwt-enabled", .kind = DC_OPT_FLAG, .value = &(options).enabled, \
   .help = "answer with JWTs too; their key is made when there is none"}, \
  {.name = "jwt-key-filename", .kind = DC_OPT_STRING, .value = &(options).key, .arg = "FILE", \
   .help = "their private key, in the credentials' directory unless absolute", .shown = "jwt.key"}, \
  {.name = "jwks-filename", .kind = DC_OPT_STRING, .value = &(options).jwks, .arg = "FILE", \
   .help = "the public set in which others find it, likewise", .shown = "jwks.json"}, \
  {.name = "jwt-issuer", .kind = DC_OPT_STRING, .value = &(options).issuer, .given = &(options).issuer_given, \
   .arg = "URL", .help = "their claim iss", .shown = "none"}, \
  {.name = "jwt-signing-algorithm", .kind = DC_OPT_STRING, .value = &(options).algorithm, .arg = "NAME", \
   .help = "RS, PS or ES with 256, 384 or 512, or EdDSA; it must fit the key", .shown = "RS256"}, \
  {.name = "jwt-key-id", .kind = DC_OPT_STRING, .value = &(options).kid, .arg = "ID", \
   .help = "their kid, under which the set must hold the key", .shown = "the key's thumbprint"}, \
  {.name = "jwt-ttl", .kind = DC_OPT_DURATION, .value = &(options).ttl, .min = DC_SECOND, .arg = "DURATION", \
   .help = "how long each is valid", .shown = "24h"}

struct dc_oidc_options {
  bool enabled, tls;
  const char *address, *cert_file, *key_file, *jwks_uri, *path_prefix;
  int64_t port;
  struct dc_strings hosts; /* as given */
  char *split;             /* the same at their commas: heap, and what ALLOWED points into */
  const char **allowed;
  size_t allowed_count;
};
#define DC_OIDC_OPTIONS_INIT {.tls = true, .address = "localhost", .port = 9080}

#define DC_OIDC_ROWS(options) \
  {.name = "oidc-enabled", .kind = DC_OPT_FLAG, .value = &(options).enabled, \
   .help = "serve OIDC's discovery document and the set, with --jwt-enabled"}, \
  {.name = "oidc-server-listen-address", .kind = DC_OPT_STRING, .value = &(options).address, \
   .arg = "ADDRESS", .help = "where", .shown = "localhost"}, \
  {.name = "oidc-server-listen-port", .kind = DC_OPT_NUMBER, .value = &(options).port, .max = 65535, .arg = "PORT", \
   .help = "0 takes any free one", .shown = "9080"}, \
  {.name = "oidc-server-tls-enabled", .kind = DC_OPT_FLAG, .value = &(options).tls, \
   .help = "insist on a certificate; =false serves HTTP when there is none", .shown = "true"}, \
  {.name = "oidc-server-tls-cert-file", .kind = DC_OPT_STRING, .value = &(options).cert_file, .arg = "FILE", \
   .help = "its certificate (PEM); waited for when it is not there yet"}, \
  {.name = "oidc-server-tls-key-file", .kind = DC_OPT_STRING, .value = &(options).key_file, .arg = "FILE", \
   .help = "the key of that"}, \
  {.name = "oidc-jwks-uri", .kind = DC_OPT_STRING, .value = &(options).jwks_uri, .arg = "URL", \
   .help = "what the document calls the set's address", .shown = "as the issuer, else as it is asked"}, \
  {.name = "oidc-path-prefix", .kind = DC_OPT_STRING, .value = &(options).path_prefix, .arg = "PATH", \
   .help = "both lie below it"}, \
  {.name = "oidc-allowed-hosts", .kind = DC_OPT_LIST, .value = &(options).hosts, .arg = "HOST,...", \
   .help = "names (Host, X-Forwarded-Host) by which it may be asked, with or without a port; * is any", \
   .shown = "any"}

/* DC_EINVAL, in the original's words, for options that contradict each other. */
int dc_jwt_options_check(const struct dc_jwt_options *jwt, const struct dc_oidc_options *oidc, struct dc_err *err)
    DC_NODISCARD;
/* What they mean; everything is borrowed. An empty text is as if it were not given. */
struct dc_sentry_jwt dc_jwt_options_resolve(const struct dc_jwt_options *options);
/* OIDC without JWT is none, and a line in the log. */
int dc_oidc_options_resolve(struct dc_oidc_options *options, const struct dc_jwt_options *jwt,
                            struct dc_sentry_oidc *out, struct dc_err *err) DC_NODISCARD;
void dc_oidc_options_free(struct dc_oidc_options *options);

#endif
