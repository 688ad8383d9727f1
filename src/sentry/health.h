/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the server is ready: each of its parts says so for itself, from any thread. */
#ifndef DC_SENTRY_HEALTH_H
#define DC_SENTRY_HEALTH_H

#include <stdatomic.h>

#include "sentry/http.h"

enum dc_health_part { DC_HEALTH_GRPC, DC_HEALTH_JWKS, DC_HEALTH_OIDC, DC_HEALTH_PARTS };

struct dc_health {
  atomic_bool unready[DC_HEALTH_PARTS]; /* a part that is not in use is never unready */
};

void dc_health_set(struct dc_health *health, enum dc_health_part part, bool ready);
bool dc_health_ready(const struct dc_health *health);

/* A dc_http_fn; USER is the dc_health. As in the original: 200 or 503 without a body at /healthz, else 404. */
void dc_health_answer(const struct dc_http_request *request, struct dc_http_response *response, void *user);

#endif
