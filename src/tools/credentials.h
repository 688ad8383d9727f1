/* SPDX-License-Identifier: Apache-2.0 */
/* The credentials that sentry starts with: found whole, or made. */
#ifndef DC_TOOLS_CREDENTIALS_H
#define DC_TOOLS_CREDENTIALS_H

#include "sentry/sentry.h"

/* 1 when ca.crt, issuer.crt and issuer.key (by their names in CONFIG) are there, 0 when there are none and they can be
 * made; DC_ENOENT names what is missing of a part, or under other names than the usual. */
int dc_credentials_there(const struct dc_sentry_config *config, struct dc_err *err) DC_NODISCARD;
/* Whether they are ca.crt, issuer.crt and issuer.key, which the other tools know. */
bool dc_credentials_usual_names(const struct dc_sentry_config *config);
/* The same of the key for JWTs and its set. */
int dc_credentials_tokens_there(const struct dc_sentry_config *config, struct dc_err *err) DC_NODISCARD;
/* Makes them where there are none, as ca-init does without options, and a key for JWTs where CONFIG wants them; the log
 * tells. */
int dc_credentials_need(const struct dc_sentry_config *config, struct dc_err *err) DC_NODISCARD;

#endif
