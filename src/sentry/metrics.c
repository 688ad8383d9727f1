/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "sentry/metrics.h"

#include <inttypes.h>
#include <stdatomic.h>

/* --- counting ----------------------------------------------------------------------------------------------------- */

static atomic_uint_fast64_t counts[DC_METRICS];

/* Upper bounds in nanoseconds; a call costs a tenth of a millisecond, and waits for a key set take seconds. */
static const struct {
  int64_t ns;
  const char *text; /* in seconds */
} bounds[] = {
    {100000, "0.0001"},    {250000, "0.00025"},   {500000, "0.0005"}, {1000000, "0.001"}, {2500000, "0.0025"},
    {5000000, "0.005"},    {10000000, "0.01"},    {50000000, "0.05"}, {250000000, "0.25"}, {1000000000, "1"},
    {5000000000, "5"},
};
enum { BOUNDS = DC_COUNT(bounds) };
static atomic_uint_fast64_t took[BOUNDS + 1]; /* the last: above every bound */
static atomic_int_fast64_t took_sum;          /* nanoseconds */

void dc_metrics_add(enum dc_metric metric) { atomic_fetch_add_explicit(&counts[metric], 1, memory_order_relaxed); }

uint64_t dc_metrics_get(enum dc_metric metric) { return atomic_load_explicit(&counts[metric], memory_order_relaxed); }

void dc_metrics_took(int64_t ns) {
  size_t i = 0;
  while (i < BOUNDS && ns > bounds[i].ns) i++;
  atomic_fetch_add_explicit(&took[i], 1, memory_order_relaxed);
  atomic_fetch_add_explicit(&took_sum, ns, memory_order_relaxed);
}

/* --- telling ------------------------------------------------------------------------------------------------------ */

/* Rows of one name stand together; a row without help continues the one above it. */
static const struct {
  const char *name, *help, *label;
  enum dc_metric metric;
} counters[] = {
    {"dapr_sentry_cert_sign_request_received_total", "Requests for a certificate.", "", DC_METRIC_REQUESTS},
    {"dapr_sentry_cert_sign_success_total", "Certificates handed out.", "",
     DC_METRIC_SIGNED},
    {"dapr_sentry_cert_sign_failure_total", "Requests for a certificate that were refused.",
     "{reason=\"sign\"}", DC_METRIC_REFUSED},
    {"dapr_sentry_servercert_issue_failed_total", "Times that the serving certificate could not be made.", "",
     DC_METRIC_SERVING_FAILED},
    {"dapr_sentry_issuercert_changed_total",
     "Times that other credentials were taken up.", "", DC_METRIC_ISSUER_CHANGED},
    {"dapr_sentry_connections_total", "Connections accepted.", "", DC_METRIC_CONNECTIONS},
    {"dapr_sentry_connections_refused_total", "Connections turned away, by reason.", "{reason=\"descriptors\"}",
     DC_METRIC_TURNED_NO_DESCRIPTOR},
    {"dapr_sentry_connections_refused_total", NULL, "{reason=\"limit\"}", DC_METRIC_TURNED_BUSY},
    {"dapr_sentry_connections_refused_total", NULL, "{reason=\"error\"}", DC_METRIC_TURNED_UNSERVED},
    {"dapr_sentry_tls_handshake_failures_total", "TLS handshakes that failed, by reason.", "{reason=\"tls\"}",
     DC_METRIC_HANDSHAKE_TLS},
    {"dapr_sentry_tls_handshake_failures_total", NULL, "{reason=\"alpn\"}", DC_METRIC_HANDSHAKE_ALPN},
    {"dapr_sentry_tls_handshake_failures_total", NULL, "{reason=\"timeout\"}", DC_METRIC_HANDSHAKE_TIMEOUT},
    {"dapr_sentry_tls_handshake_failures_total", NULL, "{reason=\"closed\"}", DC_METRIC_HANDSHAKE_CLOSED},
    {"dapr_sentry_reloads_total", "Credentials and configuration read again, by result.", "{result=\"ok\"}", DC_METRIC_RELOADED},
    {"dapr_sentry_reloads_total", NULL, "{result=\"failed\"}", DC_METRIC_RELOAD_FAILED},
    {"dapr_sentry_audit_failures_total", "Lines of the audit log that could not be written.", "",
     DC_METRIC_AUDIT_FAILED},
    {"dapr_sentry_rotations_total", "Runs of --auto-rotate that had something to do, by result.", "{result=\"ok\"}",
     DC_METRIC_ROTATED},
    {"dapr_sentry_rotations_total", NULL, "{result=\"failed\"}", DC_METRIC_ROTATE_FAILED},
};

static void head(struct dc_buf *out, const char *name, const char *help, const char *type) {
  dc_buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void gauge(struct dc_buf *out, const char *name, const char *help, int64_t value) {
  head(out, name, help, "gauge");
  dc_buf_printf(out, "%s %" PRId64 "\n", name, value);
}

static void write_durations(struct dc_buf *out) {
  static const char name[] = "dapr_sentry_cert_sign_duration_seconds";
  uint64_t sum = 0;
  head(out, name, "Time from a call's first header to its answer.", "histogram");
  for (size_t i = 0; i <= BOUNDS; i++) {
    sum += atomic_load_explicit(&took[i], memory_order_relaxed);
    dc_buf_printf(out, "%s_bucket{le=\"%s\"} %" PRIu64 "\n", name, i < BOUNDS ? bounds[i].text : "+Inf", sum);
  }
  int64_t ns = atomic_load_explicit(&took_sum, memory_order_relaxed);
  dc_buf_printf(out, "%s_sum %" PRId64 ".%09" PRId64 "\n%s_count %" PRIu64 "\n", name, ns / 1000000000,
                ns % 1000000000, name, sum);
}

static void write_anchors(const struct dc_metrics_now *now, struct dc_buf *out) {
  static const char name[] = "dapr_sentry_trustanchor_expiry_timestamp_seconds";
  head(out, name, "When each trust anchor ends, in seconds since 1970; sha256 is its fingerprint.", "gauge");
  for (size_t i = 0; i < now->anchor_count; i++)
    dc_buf_printf(out, "%s{sha256=\"%s\"} %" PRId64 "\n", name, now->anchors[i].fingerprint,
                  now->anchors[i].not_after);
}

void dc_metrics_write(const struct dc_metrics_now *now, struct dc_buf *out) {
  for (size_t i = 0; i < DC_COUNT(counters); i++) {
    if (counters[i].help) head(out, counters[i].name, counters[i].help, "counter");
    dc_buf_printf(out, "%s%s %" PRIu64 "\n", counters[i].name, counters[i].label, dc_metrics_get(counters[i].metric));
  }
  gauge(out, "dapr_sentry_connections_active", "Connections open now.",
        (int64_t)(dc_metrics_get(DC_METRIC_CONNECTIONS) - dc_metrics_get(DC_METRIC_CONNECTIONS_CLOSED)));
  gauge(out, "dapr_sentry_issuercert_expiry_timestamp",
        "When the issuer certificate ends, in seconds since 1970.", now->issuer_not_after);
  gauge(out, "dapr_sentry_servercert_expiry_timestamp_seconds",
        "When the serving certificate ends, in seconds since 1970; it is renewed well before.",
        now->serving_not_after);
  write_anchors(now, out);
  write_durations(out);
}
