/* SPDX-License-Identifier: Apache-2.0 */
#include "sentry/health.h"

#include "tap.h"

static struct dc_health health;

/* The status at PATH; as http.c has it, a handler that leaves the answer alone means 404. */
static unsigned at(const char *path, size_t *body) {
  const struct dc_http_request request = {.method = "GET", .path = path};
  struct dc_http_response response = {.status = 404, .type = "text/plain", .body = DC_BUF_INIT};
  dc_buf_add_text(&response.body, "404 page not found\n");
  dc_health_answer(&request, &response, &health);
  *body = response.body.len;
  dc_buf_free(&response.body);
  return response.status;
}

int main(void) {
  size_t body = 1;
  ok(dc_health_ready(&health), "a part that is not in use is not waited for");
  dc_health_set(&health, DC_HEALTH_GRPC, false);
  ok(!dc_health_ready(&health), "one that is, is");
  ok(at("/healthz", &body) == 503 && body == 0, "503, without a body");
  dc_health_set(&health, DC_HEALTH_JWKS, false);
  dc_health_set(&health, DC_HEALTH_GRPC, true);
  ok(at("/healthz", &body) == 503, "one part of two does not do");
  dc_health_set(&health, DC_HEALTH_JWKS, true);
  ok(at("/healthz", &body) == 200 && body == 0, "200 when all are ready, without a body");
  dc_health_set(&health, DC_HEALTH_JWKS, true);
  dc_health_set(&health, DC_HEALTH_GRPC, false);
  dc_health_set(&health, DC_HEALTH_GRPC, false);
  ok(at("/healthz", &body) == 503, "not ready any more");
  dc_health_set(&health, DC_HEALTH_GRPC, true);
  ok(at("/healthz", &body) == 200, "said twice is said once");
  static const char *const others[] = {"/", "/healthz/", "/health", "/healthzz", "//healthz", "/HEALTHZ", ""};
  for (size_t i = 0; i < DC_COUNT(others); i++) ok(at(others[i], &body) == 404 && body > 0, "404 at '%s'", others[i]);
  return tap_done();
}
