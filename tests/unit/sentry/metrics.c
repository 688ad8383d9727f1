/* SPDX-License-Identifier: Apache-2.0 */
/* The counts and their text. What promtool says of it: tests/sentry/http.sh. */
#include "sentry/metrics.h"

#include <pthread.h>
#include <stdlib.h>

#include "tap.h"

enum { THREADS = 4, EACH = 20000 };

static struct dc_metrics_now now = {.issuer_not_after = 1827056453, .serving_not_after = INT64_C(253402300799)};

/* The value behind NAME and a space on its one line; "" when there is none or more than one. */
static const char *value(const char *name) {
  static char found[64];
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  size_t n = strlen(name), times = 0;
  dc_metrics_write(&now, &text);
  found[0] = '\0';
  for (const char *line = dc_buf_text(&text); *line; line += strcspn(line, "\n") + 1) {
    if (strncmp(line, name, n) != 0 || line[n] != ' ') continue;
    snprintf(found, sizeof found, "%.*s", (int)strcspn(line + n + 1, "\n"), line + n + 1);
    times++;
  }
  return times == 1 ? found : "";
}

static void test_names(void) {
  static const struct {
    enum dc_metric metric;
    const char *name;
  } rows[] = {
      {DC_METRIC_REQUESTS, "cert_sign_request_received_total"},
      {DC_METRIC_SIGNED, "cert_sign_success_total"},
      {DC_METRIC_REFUSED, "cert_sign_failure_total{reason=\"sign\"}"},
      {DC_METRIC_SERVING_FAILED, "servercert_issue_failed_total"},
      {DC_METRIC_ISSUER_CHANGED, "issuercert_changed_total"},
      {DC_METRIC_CONNECTIONS, "connections_total"},
      {DC_METRIC_TURNED_NO_DESCRIPTOR, "connections_refused_total{reason=\"descriptors\"}"},
      {DC_METRIC_TURNED_BUSY, "connections_refused_total{reason=\"limit\"}"},
      {DC_METRIC_TURNED_UNSERVED, "connections_refused_total{reason=\"error\"}"},
      {DC_METRIC_HANDSHAKE_TLS, "tls_handshake_failures_total{reason=\"tls\"}"},
      {DC_METRIC_HANDSHAKE_ALPN, "tls_handshake_failures_total{reason=\"alpn\"}"},
      {DC_METRIC_HANDSHAKE_TIMEOUT, "tls_handshake_failures_total{reason=\"timeout\"}"},
      {DC_METRIC_HANDSHAKE_CLOSED, "tls_handshake_failures_total{reason=\"closed\"}"},
      {DC_METRIC_RELOADED, "reloads_total{result=\"ok\"}"},
      {DC_METRIC_RELOAD_FAILED, "reloads_total{result=\"failed\"}"},
      {DC_METRIC_AUDIT_FAILED, "audit_failures_total"},
      {DC_METRIC_ROTATED, "rotations_total{result=\"ok\"}"},
      {DC_METRIC_ROTATE_FAILED, "rotations_total{result=\"failed\"}"},
  };
  char name[128], want[24];
  for (size_t i = 0; i < DC_COUNT(rows); i++)
    for (size_t k = 0; k <= i; k++) dc_metrics_add(rows[i].metric); /* a number of its own each */
  for (size_t i = 0; i < DC_COUNT(rows); i++) {
    snprintf(name, sizeof name, "dapr_sentry_%s", rows[i].name);
    snprintf(want, sizeof want, "%zu", i + 1);
    is_text(value(name), want, name);
  }
  dc_metrics_add(DC_METRIC_CONNECTIONS_CLOSED);
  is_text(value("dapr_sentry_connections_active"), "5", "accepted less closed are open");
}

static void test_instants(void) {
  static const struct dc_metrics_anchor anchors[] = {{.fingerprint = "aa", .not_after = 1},
                                                     {.fingerprint = "bb", .not_after = 2}};
  is_text(value("dapr_sentry_issuercert_expiry_timestamp"), "1827056453", "the issuer's end, without a label");
  is_text(value("dapr_sentry_servercert_expiry_timestamp_seconds"), "253402300799", "all digits of a far one");
  now.anchors = anchors;
  now.anchor_count = 2;
  is_text(value("dapr_sentry_trustanchor_expiry_timestamp_seconds{sha256=\"aa\"}"), "1", "an anchor's");
  is_text(value("dapr_sentry_trustanchor_expiry_timestamp_seconds{sha256=\"bb\"}"), "2", "each anchor's");
}

static const char *below(const char *bound) {
  char name[96];
  snprintf(name, sizeof name, "dapr_sentry_cert_sign_duration_seconds_bucket{le=\"%s\"}", bound);
  return value(name);
}

static void test_durations(void) {
  is_text(value("dapr_sentry_cert_sign_duration_seconds_count"), "0", "no call yet");
  is_text(below("+Inf"), "0", "in no bucket");
  dc_metrics_took(100000);
  dc_metrics_took(100001);
  dc_metrics_took(INT64_C(6000000000));
  is_text(below("0.0001"), "1", "a bound belongs to its bucket");
  is_text(below("0.00025"), "2", "what is longer to the next, which holds the shorter ones too");
  is_text(below("5"), "2", "six seconds are above every bound");
  is_text(below("+Inf"), "3", "but not above all");
  is_text(value("dapr_sentry_cert_sign_duration_seconds_count"), "3", "three calls");
  is_text(value("dapr_sentry_cert_sign_duration_seconds_sum"), "6.000200001", "and their time to the nanosecond");
}

/* What is longer than a bound by a nanosecond belongs to the next one. */
static void test_bounds(void) {
  static const struct {
    const char *text;
    int64_t ns;
  } rows[] = {
      {"0.0001", 100000},  {"0.00025", 250000},  {"0.0005", 500000},   {"0.001", 1000000}, {"0.0025", 2500000},
      {"0.005", 5000000},  {"0.01", 10000000},   {"0.05", 50000000},   {"0.25", 250000000}, {"1", 1000000000},
      {"5", 5000000000},
  };
  for (size_t i = 0; i < DC_COUNT(rows); i++) {
    int before = atoi(below(rows[i].text));
    dc_metrics_took(rows[i].ns);
    dc_metrics_took(rows[i].ns + 1);
    is_num(atoi(below(rows[i].text)), before + 1, rows[i].text);
  }
}

static void test_types(void) {
  static const char *const rows[] = {
      "cert_sign_request_received_total counter", "cert_sign_success_total counter", "cert_sign_failure_total counter",
      "servercert_issue_failed_total counter", "issuercert_changed_total counter", "issuercert_expiry_timestamp gauge",
      "cert_sign_duration_seconds histogram", "connections_active gauge", "connections_total counter",
      "connections_refused_total counter", "tls_handshake_failures_total counter", "reloads_total counter",
      "rotations_total counter", "audit_failures_total counter",
      "servercert_expiry_timestamp_seconds gauge", "trustanchor_expiry_timestamp_seconds gauge",
  };
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  char line[128];
  size_t families = 0;
  dc_metrics_write(&now, &text);
  for (size_t i = 0; i < DC_COUNT(rows); i++) {
    snprintf(line, sizeof line, "# TYPE dapr_sentry_%s\n", rows[i]);
    ok(strstr(dc_buf_text(&text), line) != NULL, "%s", rows[i]);
  }
  for (const char *at = dc_buf_text(&text); (at = strstr(at, "# TYPE ")); at++) families++;
  is_num(families, DC_COUNT(rows), "and no other family");
}

/* Each family once, its HELP and TYPE before its first line, no line that belongs to none. */
static void test_form(void) {
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  char family[128] = "";
  bool good = true, typed = false;
  size_t families = 0;
  dc_metrics_write(&now, &text);
  for (char *save = NULL, *line = strtok_r((char *)text.data, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
    size_t n = strlen(family);
    if (strncmp(line, "# HELP ", 7) == 0) {
      snprintf(family, sizeof family, "%.*s", (int)strcspn(line + 7, " "), line + 7);
      typed = false;
      families++;
      good = good && strlen(line) > 8 + strlen(family);
    } else if (strncmp(line, "# TYPE ", 7) == 0) {
      typed = strncmp(line + 7, family, n) == 0 && line[7 + n] == ' ';
    } else if (!typed || strncmp(line, family, n) != 0 || (n && !strchr(" {_", line[n]))) {
      printf("# out of place: %s\n", line);
      good = false;
    }
  }
  ok(good && families > 10, "each value stands below its HELP and TYPE");
}

static void *count_up(void *unused) {
  for (int i = 0; i < EACH; i++) dc_metrics_add(DC_METRIC_REQUESTS);
  return unused;
}

static void test_threads(void) {
  pthread_t threads[THREADS];
  uint64_t before = dc_metrics_get(DC_METRIC_REQUESTS);
  size_t started = 0;
  while (started < THREADS && pthread_create(&threads[started], NULL, count_up, NULL) == 0) started++;
  for (size_t i = 0; i < started; i++) pthread_join(threads[i], NULL);
  is_num(dc_metrics_get(DC_METRIC_REQUESTS) - before, started * EACH, "threads that count at once lose nothing");
}

int main(void) {
  test_names();
  test_instants();
  test_durations();
  test_bounds();
  test_types();
  test_form();
  test_threads();
  return tap_done();
}
