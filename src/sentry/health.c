/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "sentry/health.h"

#include <string.h>

void dc_health_set(struct dc_health *health, enum dc_health_part part, bool ready) {
  atomic_store(&health->unready[part], !ready);
}

bool dc_health_ready(const struct dc_health *health) {
  for (size_t i = 0; i < DC_HEALTH_PARTS; i++)
    if (atomic_load(&health->unready[i])) return false;
  return true;
}

void dc_health_answer(const struct dc_http_request *request, struct dc_http_response *response, void *user) {
  if (strcmp(request->path, "/healthz") != 0) return;
  response->status = dc_health_ready(user) ? 200 : 503;
  response->type = NULL;
  dc_buf_clear(&response->body);
}
