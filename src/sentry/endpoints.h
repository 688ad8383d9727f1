/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP endpoints beside gRPC: health and metrics (sentry-contract 8), OIDC (5). */
#ifndef DC_SENTRY_ENDPOINTS_H
#define DC_SENTRY_ENDPOINTS_H

#include "sentry/health.h"
#include "sentry/live.h"
#include "sentry/oidc.h"

struct dc_endpoints {
  struct dc_health health;
  struct dc_live *live; /* borrowed */
  struct dc_http *healthz, *metrics;
  struct dc_oidc *oidc;
};

/* Starts those that the configuration enables, on sockets that the service manager passed where it did. A port that is
 * taken is a warning and goes without its endpoint, unless the endpoint is required: then DC_EBUSY. */
int dc_endpoints_start(struct dc_endpoints *endpoints, const struct dc_sentry_config *config, struct dc_live *live,
                       struct dc_err *err) DC_NODISCARD;
/* Appends a line "healthz ADDRESS", "metrics ADDRESS" or "oidc ADDRESS" for each socket. */
void dc_endpoints_tell(const struct dc_endpoints *endpoints, struct dc_buf *out);
/* Main thread, once a second. */
void dc_endpoints_tick(struct dc_endpoints *endpoints);
void dc_endpoints_stop(struct dc_endpoints *endpoints);

#endif
