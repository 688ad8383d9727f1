/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/jwt_options.h"

int dc_jwt_options_check(const struct dc_jwt_options *options, struct dc_err *err) {
  if (options->issuer_given && !options->enabled)
    return dc_err_set(err, DC_EINVAL, "Invalid options: jwt-issuer cannot be set when jwt-enabled is false");
  return 0;
}

static const char *or_none(const char *text) { return text && *text ? text : NULL; }

struct dc_sentry_jwt dc_jwt_options_resolve(const struct dc_jwt_options *options) {
  return (struct dc_sentry_jwt){.enabled = options->enabled,
                                .key = options->key,
                                .jwks = options->jwks,
                                .rules = {.algorithm = options->algorithm,
                                          .kid = or_none(options->kid),
                                          .issuer = or_none(options->issuer)},
                                .ttl = options->ttl};
}
