/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "sentry/flood.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"

static const char server[] = "dapr.sentry.server", oidc[] = "dapr.sentry.server.oidc.http";

static const struct {
  enum dc_log_level level;
  const char *scope, *what;
} kinds[DC_FLOODS] = {
    [DC_FLOOD_NO_DESCRIPTOR] = {DC_LOG_ERROR, server, "connections turned away, no file descriptor is left"},
    [DC_FLOOD_BUSY] = {DC_LOG_WARN, server, "connections turned away, the limit is reached"},
    [DC_FLOOD_UNSERVED] = {DC_LOG_ERROR, server, "connections that could not be served"},
    [DC_FLOOD_UNANSWERED] = {DC_LOG_ERROR, server, "calls that could not be answered"},
    [DC_FLOOD_UNSIGNED] = {DC_LOG_ERROR, server, "errors signing an identity"},
    [DC_FLOOD_UNAUDITED] = {DC_LOG_ERROR, server, "certificates handed out without a line in the audit log"},
    [DC_FLOOD_HOST] = {DC_LOG_WARN, oidc, "requests from unauthorized domains"},
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* guards all below */
static struct {
  int64_t end; /* ms, monotonic, of the minute that the first of these began */
  uint64_t count;
} minutes[DC_FLOODS];

/* Ends the minute if it is over. Returns how many were not told in it. */
static uint64_t end_minute(enum dc_flood kind, int64_t now) {
  if (now < minutes[kind].end) return 0;
  uint64_t count = minutes[kind].count;
  minutes[kind].count = 0;
  return count > DC_FLOOD_A_MINUTE ? count - DC_FLOOD_A_MINUTE : 0;
}

static void tell(enum dc_flood kind, uint64_t count) {
  if (count)
    dc_log_write(kinds[kind].level, kinds[kind].scope, "and %" PRIu64 " more in the last minute: %s", count,
                 kinds[kind].what);
}

/* Whoever wants to see all at level debug does. */
static bool may_tell(enum dc_flood kind) {
  if (dc_log_enabled(DC_LOG_DEBUG)) return true;
  int64_t now = dc_clock_mono_ms();
  pthread_mutex_lock(&mutex);
  uint64_t untold = end_minute(kind, now);
  if (minutes[kind].count++ == 0) minutes[kind].end = now + DC_FLOOD_MINUTE_MS;
  bool may = minutes[kind].count <= DC_FLOOD_A_MINUTE;
  pthread_mutex_unlock(&mutex);
  tell(kind, untold);
  return may;
}

void dc_flood_log(enum dc_flood kind, const char *fmt, ...) {
  if (!may_tell(kind)) return;
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  va_list args;
  va_start(args, fmt);
  dc_buf_vprintf(&text, fmt, args);
  va_end(args);
  dc_log_write(kinds[kind].level, kinds[kind].scope, "%s", dc_buf_text(&text));
}

void dc_flood_tick(int64_t now) {
  for (size_t i = 0; i < DC_FLOODS; i++) {
    enum dc_flood kind = (enum dc_flood)i;
    pthread_mutex_lock(&mutex);
    uint64_t untold = end_minute(kind, now);
    pthread_mutex_unlock(&mutex);
    tell(kind, untold);
  }
}
