/* SPDX-License-Identifier: Apache-2.0 */
/* The small HTTP servers beside the gRPC one: health, metrics, OIDC. libmicrohttpd does the protocol on threads of its
 * own; this file alone includes it. A slow peer blocks nobody: connections, their silence and their headers are
 * limited, and with all places taken the oldest connection is cut. */
#ifndef DC_SENTRY_HTTP_H
#define DC_SENTRY_HTTP_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"
#include "sentry/bind.h"

struct dc_http_request {
  const char *method, *path;         /* "GET", "/healthz"; without what follows a '?' */
  const char *host, *forwarded_host; /* headers Host and X-Forwarded-Host; NULL: absent */
};

/* What is answered; 404 and a text when the handler leaves it alone. */
struct dc_http_response {
  unsigned status;
  const char *type;          /* content type, static; NULL: none */
  const char *cache_control; /* static; NULL: none */
  const char *allow;         /* methods, with 405; static; NULL: none */
  struct dc_buf body;
};

/* Called on a thread of the server's. */
typedef void dc_http_fn(const struct dc_http_request *request, struct dc_http_response *response, void *user);

struct dc_http_config {
  const struct dc_bind *take_bound; /* the sockets are the server's from then on, also when it does not start */
  dc_http_fn *handler;
  void *user;
  struct dc_slice cert, key; /* PEM, for TLS 1.2 and later; no bytes: plain HTTP. Borrowed for the call */
};

struct dc_http;
int dc_http_start(const struct dc_http_config *config, struct dc_http **out, struct dc_err *err) DC_NODISCARD;
/* The INDEXth socket's address, borrowed; NULL behind the last. */
const char *dc_http_address(const struct dc_http *http, size_t index);
/* Answers under way are finished, for a second at most; then what is open is cut. NULL is fine. */
void dc_http_stop(struct dc_http *http);

/* A plain-text answer, as Go's http.Error writes it. */
void dc_http_text(struct dc_http_response *response, unsigned status, const char *text);

#endif
