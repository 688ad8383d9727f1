/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "sentry/conn.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/duration.h"
#include "base/log.h"
#include "base/os.h"
#include "rpc/grpc.h"
#include "rpc/messages.h"
#include "sentry/flood.h"
#include "sentry/metrics.h"
#include "sentry/service.h"

static const char scope[] = "dapr.sentry.server";

static atomic_uint_fast64_t last_number;

enum {
  READ_ROOM = 65536,
  PLAIN_ROOM = DC_TLS_RECORD_MAX,
  OUT_HIGH = 65536,     /* ciphertext waiting for the peer: past it nothing more is made or read */
  KEEPALIVE_S = 60,
  MIN_RESETS = 100,     /* see max_resets */
  HTTP2_CANCEL = 8,
  REQUEST_ID_MAX = 40,
};

enum phase {
  HANDSHAKE, /* TLS is being agreed on */
  OPEN,      /* HTTP/2 */
  LAST,      /* the last bytes are on their way out */
  LINGERING,    /* they are out: the peer may close first */
  CLOSING,   /* uv_close was called */
};

struct dc_conn {
  struct dc_conn_group *group;
  struct dc_conn *next, *prev;
  uv_tcp_t tcp;
  uv_write_t write;
  uv_shutdown_t shutdown;
  struct dc_buf in_flight; /* owned by the running uv_write */
  bool write_busy, reading;
  bool busy; /* is counted in the group's */
  enum phase phase;
  int64_t since; /* ms, monotonic: the phase's beginning; in OPEN the last time that a call ended or began */
  int64_t write_since; /* ms: when bytes were last given to the system */
  struct dc_tls *tls;
  struct dc_h2 *h2;
  uint64_t number; /* of all connections of the process, for logs */
  struct dc_h2_limits limits; /* of the policy of its beginning, as is: */
  size_t max_message;         /* bytes of a request */
  char peer[INET6_ADDRSTRLEN + 10];
};

static void advance(struct dc_conn *conn);
static void flush(struct dc_conn *conn);
static void set_reading(struct dc_conn *conn, bool wanted);

static int64_t to_ms(int64_t ns) { return ns / 1000000; }

/* --- end ---------------------------------------------------------------------------------------------------------- */

static void on_closed(uv_handle_t *handle) {
  struct dc_conn *conn = handle->data;
  struct dc_conn_group *group = conn->group;
  dc_buf_free(&conn->in_flight);
  free(conn);
  group->closed(group->user);
}

/* An idle connection may be closed for a new one. */
static bool is_idle(const struct dc_conn *conn) {
  return conn->phase != OPEN || dc_h2_open_streams(conn->h2) == 0;
}

static void count_busy(struct dc_conn *conn) {
  bool busy = !is_idle(conn);
  if (busy == conn->busy) return;
  conn->busy = busy;
  if (busy)
    atomic_fetch_add(&conn->group->busy, 1);
  else
    atomic_fetch_sub(&conn->group->busy, 1);
}

/* The group forgets the connection at once, its memory follows when libuv lets go of it. */
static void close_now(struct dc_conn *conn) {
  if (conn->phase == CLOSING) return;
  struct dc_conn_group *group = conn->group;
  conn->phase = CLOSING;
  count_busy(conn);
  dc_metrics_add(DC_METRIC_CONNECTIONS_CLOSED);
  if (conn->prev)
    conn->prev->next = conn->next;
  else
    group->first = conn->next;
  if (conn->next) conn->next->prev = conn->prev;
  group->count--;
  dc_h2_free(conn->h2);
  conn->h2 = NULL;
  dc_tls_free(conn->tls);
  conn->tls = NULL;
  uv_close((uv_handle_t *)&conn->tcp, on_closed);
}

static void enter(struct dc_conn *conn, enum phase phase) {
  conn->phase = phase;
  conn->since = dc_clock_mono_ms();
}

static void on_shutdown(uv_shutdown_t *shutdown, int status) {
  struct dc_conn *conn = shutdown->data;
  if (status < 0 && conn->phase != CLOSING) close_now(conn);
}

/* All is sent: half-close, and let the peer close first, lest unread bytes of its turn the end into a reset. */
static void linger(struct dc_conn *conn) {
  enter(conn, LINGERING);
  conn->shutdown.data = conn;
  set_reading(conn, true);
  if (uv_shutdown(&conn->shutdown, (uv_stream_t *)&conn->tcp, on_shutdown)) close_now(conn);
}

/* What is in the output goes out, nothing follows. */
static void finish(struct dc_conn *conn) {
  if (conn->phase == HANDSHAKE || conn->phase == OPEN) enter(conn, LAST);
  flush(conn);
}

/* --- writing ------------------------------------------------------------------------------------------------------ */

static void on_written(uv_write_t *write, int status) {
  struct dc_conn *conn = write->data;
  conn->write_busy = false;
  dc_buf_clear(&conn->in_flight);
  if (conn->phase == CLOSING) return;
  if (status < 0) {
    close_now(conn);
    return;
  }
  /* a peer that was slow to read has its time to answer the GOAWAY from here on */
  if (conn->phase == OPEN && conn->group->draining) conn->since = dc_clock_mono_ms();
  advance(conn); /* bytes read before the pause may wait in TLS */
}

/* As much as the socket takes now; the rest by the loop. Negative: the connection is gone. */
static int send_out(struct dc_conn *conn) {
  struct dc_buf *out = dc_tls_out(conn->tls);
  if (out->len == 0 || conn->write_busy) return 0;
  uv_buf_t bytes = uv_buf_init((char *)out->data, (unsigned)out->len);
  conn->write_since = dc_clock_mono_ms();
  int sent = uv_try_write((uv_stream_t *)&conn->tcp, &bytes, 1);
  if (sent < 0 && sent != UV_EAGAIN) return sent;
  if (sent > 0 && (size_t)sent == out->len) {
    dc_buf_clear(out);
    return 0;
  }
  if (sent > 0) dc_buf_consume(out, (size_t)sent);
  struct dc_buf swap = conn->in_flight;
  conn->in_flight = *out;
  *out = swap;
  bytes = uv_buf_init((char *)conn->in_flight.data, (unsigned)conn->in_flight.len);
  conn->write.data = conn;
  int rc = uv_write(&conn->write, (uv_stream_t *)&conn->tcp, &bytes, 1, on_written);
  conn->write_busy = rc == 0;
  return rc;
}

/* Frames into records, as long as the peer keeps taking them. */
static int make_records(struct dc_conn *conn, struct dc_err *err) {
  struct dc_buf *plain = &conn->group->scratch;
  int rc = 0;
  while (conn->h2 && conn->phase == OPEN && dc_tls_out(conn->tls)->len < OUT_HIGH) {
    dc_buf_clear(plain);
    rc = dc_h2_send(conn->h2, plain, PLAIN_ROOM, err);
    if (rc || plain->len == 0) break;
    if ((rc = dc_tls_write(conn->tls, plain->data, plain->len, err))) break;
  }
  return rc;
}

static void flush(struct dc_conn *conn) {
  struct dc_err err = DC_ERR_INIT;
  if (make_records(conn, &err)) {
    dc_log_write(DC_LOG_DEBUG, scope, "%s: %s", conn->peer, err.text);
    close_now(conn);
    return;
  }
  count_busy(conn);
  if (conn->phase == OPEN && dc_h2_done(conn->h2)) {
    dc_tls_close(conn->tls);
    enter(conn, LAST);
  }
  if (send_out(conn) < 0)
    close_now(conn);
  else if (conn->phase == LAST && !conn->write_busy && dc_tls_out(conn->tls)->len == 0)
    linger(conn);
}

/* --- calls -------------------------------------------------------------------------------------------------------- */

/* By which the log knows a call: the connection's number and the stream's. */
static const char *request_id(const struct dc_conn *conn, const struct dc_h2_stream *stream, char id[REQUEST_ID_MAX]) {
  snprintf(id, REQUEST_ID_MAX, "%" PRIu64 ".%" PRId32, conn->number, stream->id);
  return id;
}

static void reply(const struct dc_conn *conn, struct dc_h2_stream *stream, struct dc_grpc_reply *answer) {
  struct dc_err err = DC_ERR_INIT;
  char id[REQUEST_ID_MAX];
  if (dc_grpc_reply(stream, answer, &err)) {
    dc_flood_log(DC_FLOOD_UNANSWERED, "cannot answer a call: %s (request %s from %s)", err.text,
                 request_id(conn, stream, id), conn->peer);
    dc_h2_reset(stream, HTTP2_CANCEL);
  }
}

/* What never gets as far as the service, which tells its own. */
static void turn_away(const struct dc_conn *conn, struct dc_h2_stream *stream, struct dc_grpc_reply *answer) {
  char id[REQUEST_ID_MAX];
  dc_log_write(DC_LOG_DEBUG, scope, "Refused a call that is none (request %s from %s): %s: %s",
               request_id(conn, stream, id), conn->peer, dc_grpc_status_name((int)answer->status), answer->text);
  reply(conn, stream, answer);
}

static void on_opened(struct dc_h2_stream *stream, void *user) {
  struct dc_conn *conn = user;
  stream->opened = dc_clock_mono_ns();
  conn->since = to_ms(stream->opened);
}

/* What is too large is refused before it is here; every other answer waits for the whole request, see dc_h2_reply. */
static void on_data(struct dc_h2_stream *stream, void *user) {
  struct dc_conn *conn = user;
  struct dc_grpc_reply answer = DC_GRPC_REPLY_INIT;
  if (dc_grpc_check_length(stream, conn->max_message, &answer)) turn_away(conn, stream, &answer);
}

static void on_overflow(struct dc_h2_stream *stream, void *user) {
  struct dc_grpc_reply answer = DC_GRPC_REPLY_INIT;
  dc_grpc_refuse(&answer, DC_GRPC_RESOURCE_EXHAUSTED, "grpc: received more than one message of the largest size");
  turn_away(user, stream, &answer);
}

static bool sign(const struct dc_conn *conn, const struct dc_h2_stream *stream, const uint8_t *message, size_t n,
                 struct dc_grpc_reply *answer) {
  char id[REQUEST_ID_MAX];
  const struct dc_service_origin origin = {.peer = conn->peer, .request = request_id(conn, stream, id)};
  return dc_service_sign(conn->group->live, conn->group->config, &origin, message, n, answer);
}

static void on_whole(struct dc_h2_stream *stream, void *user) {
  struct dc_conn *conn = user;
  struct dc_grpc_reply answer = DC_GRPC_REPLY_INIT;
  const uint8_t *message = NULL;
  size_t n = 0;
  bool is_call =
      dc_grpc_check_headers(stream, DC_SIGN_METHOD_PATH, &answer) == DC_GRPC_OK &&
      dc_grpc_unframe(stream, conn->max_message, &message, &n, &answer) == DC_GRPC_OK;
  stream->parked = is_call && !sign(conn, stream, message, n, &answer);
  if (!is_call)
    turn_away(conn, stream, &answer);
  else if (!stream->parked)
    reply(conn, stream, &answer);
  if (is_call && !stream->parked) dc_metrics_took(dc_clock_mono_ns() - stream->opened);
  dc_grpc_reply_free(&answer);
}

static void retry_if_parked(struct dc_h2_stream *stream, void *user) {
  if (stream->parked) on_whole(stream, user);
}

static void on_stream_closed(struct dc_h2_stream *stream, uint32_t error_code, void *user) {
  struct dc_conn *conn = user;
  (void)stream;
  (void)error_code;
  if (conn->phase == OPEN) conn->since = dc_clock_mono_ms();
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

/* Streams that a peer may throw away in excess of those answered: twice all that it may have open, so that one that
 * gives up on all of its calls, and again on their repetition, is no attack. */
static uint32_t max_resets(const struct dc_limits *limits) {
  return limits->max_streams > MIN_RESETS / 2 ? (uint32_t)(2 * limits->max_streams) : MIN_RESETS;
}

static void keep_limits(struct dc_conn *conn, const struct dc_limits *limits) {
  conn->max_message = (size_t)limits->max_message_bytes;
  conn->limits = (struct dc_h2_limits){
      .max_streams = (uint32_t)limits->max_streams,
      .max_header_bytes = (size_t)limits->max_header_bytes,
      .max_body_bytes = conn->max_message + 5, /* and gRPC's prefix */
      .max_resets = max_resets(limits),
  };
}

static int begin_h2(struct dc_conn *conn, struct dc_err *err) {
  static const struct dc_h2_events events = {
      .opened = on_opened, .data = on_data, .overflow = on_overflow, .whole = on_whole, .closed = on_stream_closed};
  int rc = dc_h2_new(DC_H2_SERVER, &conn->limits, &events, conn, &conn->h2, err);
  if (rc) return rc;
  enter(conn, OPEN);
  if (conn->group->draining) dc_h2_shutdown(conn->h2);
  return 0;
}

/* 1: go on, 0: wait for bytes, negative: over. */
static int shake_hands(struct dc_conn *conn, struct dc_err *err) {
  int rc = dc_tls_handshake(conn->tls, err);
  if (rc < 0) dc_metrics_add(rc == DC_EUNAVAIL ? DC_METRIC_HANDSHAKE_CLOSED : DC_METRIC_HANDSHAKE_TLS);
  if (rc != 1) return rc;
  if (!dc_tls_is_h2(conn->tls)) {
    dc_metrics_add(DC_METRIC_HANDSHAKE_ALPN);
    dc_tls_refuse_protocol(conn->tls);
    return dc_err_set(err, DC_EPROTO, "the peer speaks no HTTP/2 (no ALPN \"h2\")");
  }
  rc = begin_h2(conn, err);
  return rc ? rc : 1;
}

/* All that was fed, since the room it lies in is the next connection's: at most READ_ROOM bytes of requests. */
static int read_frames(struct dc_conn *conn, struct dc_err *err) {
  char plain[PLAIN_ROOM];
  for (;;) {
    int n = dc_tls_read(conn->tls, plain, sizeof plain, err);
    if (n <= 0) return n;
    int rc = dc_h2_recv(conn->h2, plain, (size_t)n, err);
    if (rc) return rc;
  }
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *bytes);

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *bytes) {
  struct dc_conn *conn = handle->data;
  (void)suggested;
  *bytes = uv_buf_init(conn->group->read_room, READ_ROOM);
}

static void set_reading(struct dc_conn *conn, bool wanted) {
  if (wanted == conn->reading) return;
  conn->reading = wanted;
  if (wanted)
    (void)uv_read_start((uv_stream_t *)&conn->tcp, on_alloc, on_read);
  else
    (void)uv_read_stop((uv_stream_t *)&conn->tcp);
}

static void advance(struct dc_conn *conn) {
  struct dc_err err = DC_ERR_INIT;
  int rc = 1;
  if (conn->phase == HANDSHAKE) rc = shake_hands(conn, &err);
  if (rc == 1 && conn->phase == OPEN) rc = read_frames(conn, &err);
  if (rc == DC_EUNAVAIL) { /* the peer has closed: nobody is left to read an answer */
    close_now(conn);
    return;
  }
  if (rc < 0) {
    dc_log_write(DC_LOG_DEBUG, scope, "%s: %s", conn->peer, err.text);
    struct dc_err ignored = DC_ERR_INIT;
    (void)make_records(conn, &ignored); /* the GOAWAY that tells the peer why */
    finish(conn);
    return;
  }
  flush(conn);
  if (conn->phase == HANDSHAKE || conn->phase == OPEN) set_reading(conn, !conn->write_busy);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *bytes) {
  struct dc_conn *conn = stream->data;
  if (n == 0) return;
  if (n < 0) {
    if (conn->phase == HANDSHAKE) dc_metrics_add(DC_METRIC_HANDSHAKE_CLOSED);
    close_now(conn);
  } else if (conn->phase == HANDSHAKE || conn->phase == OPEN) {
    dc_tls_feed(conn->tls, bytes->base, (size_t)n);
    advance(conn);
  }
}

/* --- the group ---------------------------------------------------------------------------------------------------- */

int dc_conn_group_init(struct dc_conn_group *group, struct dc_err *err) {
  group->read_room = malloc(READ_ROOM);
  return group->read_room ? 0 : dc_err_nomem(err);
}

void dc_conn_group_free(struct dc_conn_group *group) {
  free(group->read_room);
  dc_buf_free(&group->scratch);
}

/* Whoever has done nothing for longest gives way. */
static bool make_room(struct dc_conn_group *group) {
  struct dc_conn *oldest = NULL;
  for (struct dc_conn *conn = group->first; conn; conn = conn->next)
    if (is_idle(conn) && (!oldest || conn->since <= oldest->since)) oldest = conn;
  if (oldest) close_now(oldest);
  return oldest != NULL;
}

static void name_peer(struct dc_conn *conn) {
  struct sockaddr_storage address;
  int size = sizeof address;
  char ip[INET6_ADDRSTRLEN] = "?";
  int port = 0;
  if (uv_tcp_getpeername(&conn->tcp, (struct sockaddr *)&address, &size) == 0) {
    if (address.ss_family == AF_UNIX) {
      snprintf(conn->peer, sizeof conn->peer, "unix");
      return;
    }
    bool v6 = address.ss_family == AF_INET6;
    if (v6)
      uv_ip6_name((struct sockaddr_in6 *)&address, ip, sizeof ip);
    else
      uv_ip4_name((struct sockaddr_in *)&address, ip, sizeof ip);
    port = ntohs(v6 ? ((struct sockaddr_in6 *)&address)->sin6_port : ((struct sockaddr_in *)&address)->sin_port);
  }
  snprintf(conn->peer, sizeof conn->peer, strchr(ip, ':') ? "[%s]:%d" : "%s:%d", ip, port);
}

void dc_conn_discard(uv_os_sock_t take_socket) {
#ifdef _WIN32
  closesocket(take_socket);
#else
  close(take_socket);
#endif
}

void dc_conn_open(struct dc_conn_group *group, uv_os_sock_t take_socket, const struct dc_snapshot *snapshot,
                  size_t max_connections) {
  struct dc_err err = DC_ERR_INIT;
  struct dc_conn *conn = NULL;
  if (group->count >= max_connections && !make_room(group)) {
    dc_metrics_add(DC_METRIC_TURNED_BUSY);
    dc_flood_log(DC_FLOOD_BUSY, "a connection is turned away: %zu calls are under way, the limit is reached",
                 group->count);
    dc_conn_discard(take_socket);
    group->closed(group->user);
    return;
  }
  conn = calloc(1, sizeof *conn);
  if (!conn || uv_tcp_init(group->uv, &conn->tcp)) {
    dc_metrics_add(DC_METRIC_TURNED_UNSERVED);
    free(conn);
    dc_conn_discard(take_socket);
    group->closed(group->user);
    return;
  }
  conn->group = group;
  conn->number = 1 + atomic_fetch_add_explicit(&last_number, 1, memory_order_relaxed);
  conn->tcp.data = conn;
  conn->next = group->first;
  if (conn->next) conn->next->prev = conn;
  group->first = conn;
  group->count++;
  dc_metrics_add(DC_METRIC_CONNECTIONS);
  enter(conn, HANDSHAKE);
  if (uv_tcp_open(&conn->tcp, take_socket)) {
    dc_metrics_add(DC_METRIC_TURNED_UNSERVED);
    dc_conn_discard(take_socket);
    close_now(conn);
    return;
  }
  (void)uv_tcp_nodelay(&conn->tcp, 1);
  (void)uv_tcp_keepalive(&conn->tcp, 1, KEEPALIVE_S);
  name_peer(conn);
  keep_limits(conn, &snapshot->policy->is.limits);
  if (dc_tls_new(snapshot->tls, NULL, &conn->tls, &err)) {
    dc_metrics_add(DC_METRIC_TURNED_UNSERVED);
    dc_flood_log(DC_FLOOD_UNSERVED, "cannot serve a connection: %s", err.text);
    close_now(conn);
    return;
  }
  set_reading(conn, true);
}

struct late {
  const struct dc_conn *conn;
  int64_t oldest; /* what was opened before that is too late */
};

static void reset_if_late(struct dc_h2_stream *stream, void *user) {
  const struct late *late = user;
  char id[REQUEST_ID_MAX];
  if (stream->opened >= late->oldest) return;
  dc_log_write(DC_LOG_DEBUG, scope, "A call took too long and is reset (request %s from %s)",
               request_id(late->conn, stream, id), late->conn->peer);
  dc_h2_reset(stream, HTTP2_CANCEL);
  stream->opened = INT64_MAX; /* once */
  stream->parked = false;
}

/* Whether the system holds bytes that the peer has no room for yet: after a close they would be lost to the reset that
 * answers whatever the peer sends next. */
static bool holds_bytes(const struct dc_conn *conn) {
  uv_os_fd_t fd;
  return uv_fileno((const uv_handle_t *)&conn->tcp, &fd) == 0 && dc_os_unsent((int)(intptr_t)fd) > 0;
}

/* Whether a peer that may idle so long (ms) and no longer, and has said nothing since, is waited for in vain. Its turn
 * begins when it has what was written. */
static bool is_over(struct dc_conn *conn, int64_t may_idle, const struct dc_limits *limits, int64_t now) {
  if (conn->write_busy || conn->since >= now - may_idle - to_ms(limits->handshake_timeout)) return false;
  if (conn->write_since < now - to_ms(limits->request_timeout) || !holds_bytes(conn)) return true;
  conn->since = now - may_idle;
  return false;
}

static void sweep_open(struct dc_conn *conn, int64_t may_idle, const struct dc_limits *limits, int64_t now) {
  struct late late = {.conn = conn, .oldest = dc_clock_mono_ns() - limits->request_timeout};
  if (dc_h2_open_streams(conn->h2) > 0) {
    dc_h2_each(conn->h2, reset_if_late, &late);
  } else if (conn->since < now - may_idle && dc_h2_shutdown(conn->h2)) {
    conn->since = now - may_idle; /* told now, however late this sweep is: it has its time to answer */
  } else if (is_over(conn, may_idle, limits, now)) {
    close_now(conn);
    return;
  }
  flush(conn);
}

static void sweep_one(struct dc_conn *conn, const struct dc_limits *limits, int64_t now) {
  int64_t may_idle = conn->group->draining ? 0 : to_ms(limits->idle_timeout);
  if (conn->write_busy && conn->write_since < now - to_ms(limits->request_timeout)) {
    close_now(conn); /* the peer takes nothing */
    return;
  }
  switch (conn->phase) {
    case HANDSHAKE:
      if (conn->since < now - to_ms(limits->handshake_timeout)) {
        dc_metrics_add(DC_METRIC_HANDSHAKE_TIMEOUT);
        dc_log_write(DC_LOG_DEBUG, scope, "%s: TLS handshake timed out", conn->peer);
        close_now(conn);
      }
      break;
    case OPEN: sweep_open(conn, may_idle, limits, now); break;
    case LAST: break; /* being written: see above */
    case LINGERING:
      if (is_over(conn, 0, limits, now)) close_now(conn);
      break;
    case CLOSING: break;
  }
}

void dc_conn_sweep(struct dc_conn_group *group) {
  const struct dc_snapshot *snapshot = dc_live_get(group->live);
  int64_t now = dc_clock_mono_ms();
  for (struct dc_conn *conn = group->first, *next = NULL; conn; conn = next) {
    next = conn->next;
    sweep_one(conn, &snapshot->policy->is.limits, now);
  }
  dc_snapshot_unref(snapshot);
}

void dc_conn_retry(struct dc_conn_group *group) {
  for (struct dc_conn *conn = group->first, *next = NULL; conn; conn = next) {
    next = conn->next;
    if (conn->phase != OPEN) continue;
    dc_h2_each(conn->h2, retry_if_parked, conn);
    flush(conn);
  }
}

void dc_conn_drain(struct dc_conn_group *group) {
  group->draining = true;
  for (struct dc_conn *conn = group->first, *next = NULL; conn; conn = next) {
    next = conn->next;
    if (conn->phase != OPEN) continue; /* a handshake under way finishes, and is told then */
    conn->since = dc_clock_mono_ms();
    dc_h2_shutdown(conn->h2);
    flush(conn);
  }
}

void dc_conn_abort(struct dc_conn_group *group) {
  while (group->first) close_now(group->first);
}
