/* SPDX-License-Identifier: Apache-2.0 */
/* The part of OpenID Connect by which others find out how to verify sentry's JWTs (sentry-contract 5): the discovery
 * document and the key set, over HTTP or HTTPS. Both follow a reload of the credentials. */
#ifndef DC_SENTRY_OIDC_H
#define DC_SENTRY_OIDC_H

#include "sentry/health.h"
#include "sentry/live.h"

struct dc_oidc;

/* CONFIG, LIVE and HEALTH are borrowed; the sockets are its own from then on, also on failure. TLS files that are not
 * there yet are waited for, unready, with the sockets bound; bad ones are an error. DC_EINVAL: a URL or prefix that is
 * none. */
int dc_oidc_start(const struct dc_sentry_config *config, struct dc_bind *take_bound, struct dc_live *live,
                  struct dc_health *health, struct dc_oidc **out, struct dc_err *err) DC_NODISCARD;
/* What a start would refuse, without one: URLs, prefix, TLS files that are there and do not belong together. */
int dc_oidc_check(const struct dc_sentry_config *config, struct dc_err *err) DC_NODISCARD;
/* Main thread, once a second: TLS files that have come or changed are taken up, once they have stood still for a
 * second; bad ones are told in the log, and the last good ones serve on. NULL is fine. */
void dc_oidc_tick(struct dc_oidc *oidc);
/* The INDEXth address, borrowed; NULL behind the last. */
const char *dc_oidc_address(const struct dc_oidc *oidc, size_t index);
void dc_oidc_stop(struct dc_oidc *oidc); /* NULL is fine */

/* What it answers, a dc_http_fn; USER is the dc_oidc. Known paths alone, then the host, then the method. */
void dc_oidc_answer(const struct dc_http_request *request, struct dc_http_response *response, void *user);

#endif
