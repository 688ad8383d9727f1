/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "tools/credentials.h"

#include <string.h>

#include "base/clock.h"
#include "base/duration.h"
#include "base/log.h"
#include "ca/install.h"
#include "store/publish.h"

static const char scope[] = "dapr.sentry";

/* How many of the three files are there; the names of those that are not go to MISSING. */
static int count_present(const struct dc_sentry_config *config, struct dc_buf *missing, int *count,
                         struct dc_err *err) {
  const char *names[] = {config->ca_crt, config->issuer_crt, config->issuer_key};
  bool present[DC_COUNT(names)];
  int rc = dc_publish_present(config->dir, names, DC_COUNT(names), present, err);
  for (size_t i = 0; !rc && i < DC_COUNT(names); i++) {
    *count += present[i];
    if (!present[i]) dc_buf_printf(missing, "%s'%s'", missing->len ? ", " : "", names[i]);
  }
  return rc ? rc : dc_buf_check(missing, err);
}

bool dc_credentials_usual_names(const struct dc_sentry_config *config) {
  return strcmp(config->ca_crt, "ca.crt") == 0 && strcmp(config->issuer_crt, "issuer.crt") == 0 &&
         strcmp(config->issuer_key, "issuer.key") == 0;
}

int dc_credentials_there(const struct dc_sentry_config *config, struct dc_err *err) {
  struct dc_buf missing DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  int present = 0, rc = count_present(config, &missing, &present, err);
  if (rc || present == 3) return rc ? rc : 1;
  if (present > 0)
    return dc_err_set(err, DC_ENOENT,
                      "'%s' holds a part of a CA: %s missing; put it back, or move the rest away to have a new CA made",
                      config->dir, dc_buf_text(&missing));
  if (!dc_credentials_usual_names(config))
    return dc_err_set(err, DC_ENOENT, "no credentials: %s missing in '%s'", dc_buf_text(&missing), config->dir);
  return 0;
}

/* As ca-init makes them with no option, but for the skew, which the configuration says. */
static int make_credentials(const struct dc_sentry_config *config, struct dc_err *err) {
  struct dc_init_set set DC_CLEANUP(dc_init_set_free) = DC_INIT_SET_INIT;
  int64_t now = dc_clock_wall();
  const struct dc_init init = {.trust_domain = config->policy.trust_domain,
                               .ns = config->policy.namespace,
                               .kind = DC_KEY_P256,
                               .not_before = now - config->policy.clock_skew / DC_SECOND,
                               .root_not_after = now + DC_INIT_ROOT_DAYS * (DC_DAY / DC_SECOND),
                               .issuer_not_after = now + DC_INIT_ISSUER_DAYS * (DC_DAY / DC_SECOND)};
  const struct dc_install_how how = {.trust_domain = config->policy.trust_domain, .ns = config->policy.namespace};
  int rc = dc_init_make(&init, now, &set, err);
  return rc ? rc : dc_install_new(config->dir, &set, &how, err);
}

static struct dc_install_token_names token_names(const struct dc_sentry_config *config) {
  return (struct dc_install_token_names){.key = config->jwt.key, .jwks = config->jwt.jwks};
}

int dc_credentials_tokens_there(const struct dc_sentry_config *config, struct dc_err *err) {
  const struct dc_install_token_names names = token_names(config);
  return dc_install_tokens_there(config->dir, &names, err);
}

static int need_tokens(const struct dc_sentry_config *config, struct dc_err *err) {
  const struct dc_install_token_names names = token_names(config);
  int rc = dc_install_need_tokens(config->dir, &names, &config->jwt.rules, err);
  if (rc < 0) return rc;
  if (rc == 1)
    dc_log_write(DC_LOG_INFO, scope, "JWT signing key not found: made '%s' and '%s' in '%s'", names.key, names.jwks,
                 config->dir);
  dc_log_write(DC_LOG_INFO, scope, "JWT issuing enabled");
  return 0;
}

int dc_credentials_need(const struct dc_sentry_config *config, struct dc_err *err) {
  int rc = dc_credentials_there(config, err);
  if (rc == 0) {
    dc_log_write(DC_LOG_INFO, scope, "Root and issuer certs not found: generating self signed CA in '%s'", config->dir);
    rc = make_credentials(config, err);
  }
  if (rc < 0) return rc;
  return config->jwt.enabled ? need_tokens(config, err) : 0;
}
