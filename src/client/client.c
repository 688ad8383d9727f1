/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "client/client.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "client/dial.h"
#include "client/socket.h"
#include "pki/chain.h"
#include "pki/spiffe.h"
#include "rpc/grpc.h"

enum { BODY_MAX = 1 << 20, HEADERS_MAX = 1 << 16 };

/* One attempt: a connection of its own, as a sidecar has it. */
struct attempt {
  const struct dc_client_config *config;
  struct dc_dial dial;
  struct dc_h2 *h2;
  bool whole, closed;
  enum dc_grpc_status status;
  char text[DC_ERR_TEXT_MAX];
  struct dc_buf message;
};

static void attempt_end(struct attempt *attempt) {
  dc_h2_free(attempt->h2);
  dc_dial_end(&attempt->dial);
  dc_buf_free(&attempt->message);
}

/* --- who is it ---------------------------------------------------------------------------------------------------- */

static int check_identity(const struct dc_cert *leaf, const char *wanted, struct dc_err *err) {
  struct dc_slice id = {.data = NULL};
  int rc = dc_spiffe_of_cert(leaf, &id, err);
  if (rc) return dc_err_add(err, rc, "the server has no SPIFFE identity: is this a sentry?");
  if (dc_slice_equal(id, dc_slice_text(wanted))) return 0;
  return dc_err_set(err, DC_EMISMATCH,
                    "the server is '%.*s', not '%s': set --control-plane-trust-domain and --control-plane-namespace "
                    "if that is right",
                    (int)id.len, (const char *)id.data, wanted);
}

/* As go-spiffe does it: the chain leads to an anchor, the leaf bears the one SPIFFE ID. Host names play no part. */
static int check_server(const struct attempt *attempt, struct dc_err *err) {
  struct dc_bundle chain DC_CLEANUP(dc_bundle_free) = DC_BUNDLE_INIT;
  int rc = dc_dial_certs(&attempt->dial, &chain, err);
  if (rc) return rc;
  struct dc_bundle between = {chain.certs + 1, chain.count - 1}; /* a view, not freed */
  rc = dc_chain_verify(chain.certs[0], &between, attempt->config->anchors, DC_PURPOSE_ANY, dc_clock_wall(), err);
  if (rc == DC_EMISMATCH)
    return dc_err_add(err, rc, "the server's certificate is not signed by these trust anchors: is this the ca.crt of "
                               "its directory?");
  if (rc) return dc_err_add(err, rc, "the server's certificate");
  return check_identity(chain.certs[0], attempt->config->server_id, err);
}

/* --- the call ----------------------------------------------------------------------------------------------------- */

static void on_whole(struct dc_h2_stream *stream, void *user) {
  struct attempt *attempt = user;
  const uint8_t *message = NULL;
  size_t n = 0;
  attempt->status = dc_grpc_result(stream, &message, &n, attempt->text);
  if (attempt->status == DC_GRPC_OK) dc_buf_add(&attempt->message, message, n);
  attempt->whole = true;
}

static void on_closed(struct dc_h2_stream *stream, uint32_t error_code, void *user) {
  struct attempt *attempt = user;
  (void)stream;
  if (!attempt->whole)
    snprintf(attempt->text, sizeof attempt->text, "the server reset the call (HTTP/2 error %" PRIu32 ")", error_code);
  attempt->closed = true;
}

static int exchange(struct attempt *attempt, char room[static DC_DIAL_ROOM], struct dc_err *err) {
  char plain[DC_DIAL_ROOM];
  struct dc_buf frames DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  while (!attempt->whole && !attempt->closed) {
    dc_buf_clear(&frames);
    int rc = dc_h2_send(attempt->h2, &frames, SIZE_MAX, err);
    if (!rc) rc = dc_tls_write(attempt->dial.tls, frames.data, frames.len, err);
    if (!rc) rc = dc_dial_send(&attempt->dial, err);
    if (rc) return rc;
    int n = dc_tls_read(attempt->dial.tls, plain, sizeof plain, err);
    if (n < 0) return n;
    rc = n > 0 ? dc_h2_recv(attempt->h2, plain, (size_t)n, err) : dc_dial_feed(&attempt->dial, room, err);
    if (rc) return rc;
  }
  if (!attempt->whole) return dc_err_set(err, DC_EUNAVAIL, "%s", attempt->text);
  return 0;
}

static int refusal(const struct attempt *attempt, struct dc_err *err) {
  static const enum dc_code codes[] = {
      [DC_GRPC_UNAVAILABLE] = DC_EUNAVAIL,
      [DC_GRPC_RESOURCE_EXHAUSTED] = DC_ELIMIT,
      [DC_GRPC_DEADLINE_EXCEEDED] = DC_ETIMEOUT,
      [DC_GRPC_UNIMPLEMENTED] = DC_EPROTO,
      [DC_GRPC_UNAUTHENTICATED] = DC_OK, /* the table's size; OK stands for DC_EDENIED */
  };
  enum dc_code code = codes[attempt->status] ? codes[attempt->status] : DC_EDENIED;
  return dc_err_set(err, code, "the server refuses: %s: %s", dc_grpc_status_name((int)attempt->status), attempt->text);
}

static int call(struct attempt *attempt, const struct dc_buf *request, struct dc_err *err) {
  static const struct dc_h2_events events = {.whole = on_whole, .closed = on_closed};
  static const struct dc_h2_limits limits = {
      .max_streams = 1, .max_header_bytes = HEADERS_MAX, .max_body_bytes = BODY_MAX, .max_resets = 1};
  char room[DC_DIAL_ROOM];
  struct dc_h2_stream *stream = NULL;
  int rc = dc_dial_handshake(&attempt->dial, room, err);
  if (rc == DC_EPROTO) return dc_err_add(err, rc, "is this a sentry?");
  if (!rc) rc = check_server(attempt, err);
  if (!rc && !dc_tls_is_h2(attempt->dial.tls))
    rc = dc_err_set(err, DC_EPROTO, "the server speaks no HTTP/2: is this a sentry?");
  if (!rc) rc = dc_h2_new(DC_H2_CLIENT, &limits, &events, attempt, &attempt->h2, err);
  if (!rc)
    rc = dc_grpc_call(attempt->h2, attempt->config->address, DC_SIGN_METHOD_PATH, request->data, request->len,
                      attempt->dial.deadline - dc_clock_mono_ms(), &stream, err);
  if (!rc) rc = exchange(attempt, room, err);
  if (!rc && attempt->status != DC_GRPC_OK) rc = refusal(attempt, err);
  return rc;
}

static int try_once(const struct dc_client_config *config, const char *host, const char *port,
                    struct dc_tls_creds *creds, const struct dc_buf *request, struct dc_sign_response *response,
                    struct dc_err *err) {
  struct attempt attempt = {.config = config, .dial = DC_DIAL_INIT};
  attempt.dial.deadline = dc_clock_mono_ms() + config->attempt_ms;
  int rc = dc_dial_connect(&attempt.dial, creds, host, port, host, err);
  if (!rc) rc = call(&attempt, request, err);
  if (!rc) rc = dc_sign_response_parse(attempt.message.data, attempt.message.len, response, err);
  attempt_end(&attempt);
  return rc;
}

/* --- attempts ----------------------------------------------------------------------------------------------------- */

static bool may_pass(int code) { return code == DC_EUNAVAIL || code == DC_ELIMIT || code == DC_ETIMEOUT; }

static void pause_ms(long ms) {
  struct timespec span = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
  (void)nanosleep(&span, NULL);
}

int dc_client_sign(const struct dc_client_config *config, const struct dc_sign_request *request,
                   struct dc_sign_response *response, struct dc_err *err) {
  struct dc_buf bytes DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_tls_creds *creds = NULL;
  char host[DC_SOCKET_HOST_MAX], port[16];
  dc_sign_request_add(&bytes, request);
  int rc = dc_buf_check(&bytes, err);
  if (!rc) rc = dc_socket_split(config->address, host, port, err);
  if (rc) return rc;
  rc = dc_tls_creds_client(&creds, err);
  if (rc) return rc;
  for (int64_t i = 0; i < config->attempts; i++) {
    if (i > 0) pause_ms(DC_CLIENT_PAUSE_MS);
    rc = try_once(config, host, port, creds, &bytes, response, err);
    if (!may_pass(rc)) break;
  }
  dc_tls_creds_unref(creds);
  return rc ? dc_err_add(err, rc, "sentry at '%s'", config->address) : 0;
}
