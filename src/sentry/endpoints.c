/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "sentry/endpoints.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "pki/hash.h"
#include "sentry/metrics.h"

static const char scope[] = "dapr.sentry";

/* --- metrics ------------------------------------------------------------------------------------------------------ */

static int describe_anchors(const struct dc_bundle *anchors, struct dc_metrics_anchor **out) {
  struct dc_metrics_anchor *rows = calloc(anchors->count, sizeof *rows);
  if (!rows) return DC_ENOMEM;
  for (size_t i = 0; i < anchors->count; i++) {
    struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    if (dc_hash_add_hex(anchors->certs[i]->der, &text, NULL) == 0 && text.len < sizeof rows[i].fingerprint)
      memcpy(rows[i].fingerprint, text.data, text.len);
    rows[i].not_after = anchors->certs[i]->not_after;
  }
  *out = rows;
  return 0;
}

static void answer_metrics(const struct dc_http_request *request, struct dc_http_response *response, void *user) {
  struct dc_endpoints *endpoints = user;
  struct dc_metrics_anchor *anchors DC_CLEANUP(dc_mem_free) = NULL;
  const struct dc_snapshot *snapshot = dc_live_get(endpoints->live);
  const struct dc_bundle *bundle = dc_authority_anchors(snapshot->authority);
  (void)request; /* every path serves them */
  struct dc_metrics_now now = {.issuer_not_after = dc_authority_not_after(snapshot->authority),
                               .serving_not_after = snapshot->serving_until};
  if (describe_anchors(bundle, &anchors) == 0) {
    now.anchors = anchors;
    now.anchor_count = bundle->count;
  }
  dc_snapshot_unref(snapshot);
  response->status = 200;
  response->type = DC_METRICS_TYPE;
  dc_buf_clear(&response->body);
  dc_metrics_write(&now, &response->body);
}

/* --- starting ----------------------------------------------------------------------------------------------------- */

/* What the service manager passed is as good as asked for. */
static int start_one(const char *name, const struct dc_endpoint_config *config, dc_http_fn *handler, void *user,
                     struct dc_http **out, struct dc_err *err) {
  struct dc_bind bound = DC_BIND_INIT;
  bool passed = false;
  if (!config->enabled) return 0;
  int rc = dc_bind_listener(&bound, name, config->addresses, config->port, &passed, err);
  if (rc && !passed && !config->required) {
    dc_log_write(DC_LOG_WARN, scope, "there is no %s endpoint: %s (--%s-port)", name, err->text, name);
    return 0;
  }
  const struct dc_http_config http = {.take_bound = &bound, .handler = handler, .user = user};
  if (!rc) rc = dc_http_start(&http, out, err);
  if (rc) return dc_err_add(err, rc, "the %s endpoint", name);
  for (size_t i = 0; dc_http_address(*out, i); i++)
    dc_log_write(DC_LOG_INFO, scope, "%s server is listening on %s", name, dc_http_address(*out, i));
  return 0;
}

static int start_oidc(struct dc_endpoints *endpoints, const struct dc_sentry_config *config, struct dc_live *live,
                      struct dc_err *err) {
  const struct dc_endpoint_config *endpoint = &config->oidc.endpoint;
  struct dc_bind bound = DC_BIND_INIT;
  bool passed = false; /* or not: --oidc-enabled asks for it */
  if (!endpoint->enabled) return 0;
  int rc = dc_bind_listener(&bound, "oidc", endpoint->addresses, endpoint->port, &passed, err);
  if (!rc) rc = dc_oidc_start(config, &bound, live, &endpoints->health, &endpoints->oidc, err);
  return rc ? dc_err_add(err, rc, "the OIDC HTTP server") : 0;
}

int dc_endpoints_start(struct dc_endpoints *endpoints, const struct dc_sentry_config *config, struct dc_live *live,
                       struct dc_err *err) {
  endpoints->live = live;
  int rc = start_one("healthz", &config->healthz, dc_health_answer, &endpoints->health, &endpoints->healthz, err);
  if (!rc) rc = start_one("metrics", &config->metrics, answer_metrics, endpoints, &endpoints->metrics, err);
  return rc ? rc : start_oidc(endpoints, config, live, err);
}

static void tell_one(const char *name, const struct dc_http *http, struct dc_buf *out) {
  for (size_t i = 0; http && dc_http_address(http, i); i++)
    dc_buf_printf(out, "%s %s\n", name, dc_http_address(http, i));
}

void dc_endpoints_tell(const struct dc_endpoints *endpoints, struct dc_buf *out) {
  tell_one("healthz", endpoints->healthz, out);
  tell_one("metrics", endpoints->metrics, out);
  for (size_t i = 0; endpoints->oidc && dc_oidc_address(endpoints->oidc, i); i++)
    dc_buf_printf(out, "oidc %s\n", dc_oidc_address(endpoints->oidc, i));
}

void dc_endpoints_tick(struct dc_endpoints *endpoints) { dc_oidc_tick(endpoints->oidc); }

void dc_endpoints_stop(struct dc_endpoints *endpoints) {
  dc_http_stop(endpoints->healthz);
  dc_http_stop(endpoints->metrics);
  dc_oidc_stop(endpoints->oidc);
  endpoints->healthz = endpoints->metrics = NULL;
  endpoints->oidc = NULL;
}
