/* SPDX-License-Identifier: Apache-2.0 */
/* What the server counts, and Prometheus' text of it (exposition format 0.0.4). The counts are the process's, like its
 * log: any thread adds to them. Names that the original has are the original's. */
#ifndef DC_SENTRY_METRICS_H
#define DC_SENTRY_METRICS_H

#include <stdint.h>

#include "base/buf.h"

enum dc_metric {
  DC_METRIC_REQUESTS,       /* SignCertificate calls received */
  DC_METRIC_SIGNED,
  DC_METRIC_REFUSED,        /* any answer but a certificate */
  DC_METRIC_SERVING_FAILED, /* serving certificates that could not be made */
  DC_METRIC_ISSUER_CHANGED, /* credentials that were seen to have changed */
  DC_METRIC_CONNECTIONS,
  DC_METRIC_CONNECTIONS_CLOSED,
  DC_METRIC_TURNED_NO_DESCRIPTOR, /* connections turned away: none is left */
  DC_METRIC_TURNED_BUSY,          /* each of the others has calls under way */
  DC_METRIC_TURNED_UNSERVED,      /* an error of ours */
  DC_METRIC_HANDSHAKE_TLS,      /* handshakes that failed: TLS itself said no */
  DC_METRIC_HANDSHAKE_ALPN,     /* the peer speaks no HTTP/2 */
  DC_METRIC_HANDSHAKE_TIMEOUT,
  DC_METRIC_HANDSHAKE_CLOSED,   /* the peer went away */
  DC_METRIC_RELOADED,
  DC_METRIC_RELOAD_FAILED,
  DC_METRIC_AUDIT_FAILED,   /* lines of the audit log that could not be written */
  DC_METRIC_ROTATED,        /* runs of --auto-rotate that changed something */
  DC_METRIC_ROTATE_FAILED,
  DC_METRICS,
};

void dc_metrics_add(enum dc_metric metric);
uint64_t dc_metrics_get(enum dc_metric metric);
/* The time that a call took from its first header to its answer, in nanoseconds. */
void dc_metrics_took(int64_t ns);

/* What is asked of the server when it is looked at; seconds since 1970. */
struct dc_metrics_anchor {
  char fingerprint[65]; /* SHA-256, hex */
  int64_t not_after;
};
struct dc_metrics_now {
  int64_t issuer_not_after, serving_not_after;
  const struct dc_metrics_anchor *anchors;
  size_t anchor_count;
};
#define DC_METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"
void dc_metrics_write(const struct dc_metrics_now *now, struct dc_buf *out);

#endif
