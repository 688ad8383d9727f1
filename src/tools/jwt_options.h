/* SPDX-License-Identifier: Apache-2.0 */
/* The options of sentry for JWTs, with the original's names. */
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

/* DC_EINVAL, in the original's words, for options that contradict each other. */
int dc_jwt_options_check(const struct dc_jwt_options *options, struct dc_err *err) DC_NODISCARD;
/* What they mean; everything is borrowed. An empty issuer or key ID is none. */
struct dc_sentry_jwt dc_jwt_options_resolve(const struct dc_jwt_options *options);

#endif
