/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "rpc/h2.h"

#include <nghttp2/nghttp2.h>
#include <stdlib.h>
#include <string.h>

enum { PING_BYTES = 8, HEADER_OVERHEAD = 32, MAX_REPLY_HEADERS = 8 };
static const uint8_t shutdown_ping[PING_BYTES] = {'d', 'c', 'd', 'r', 'a', 'i', 'n', 0};

/* The window of the whole connection is one body and a little: a peer that fills it blocks nobody but itself. */
enum { WINDOW_SLACK = 65535 };

struct dc_h2 {
  nghttp2_session *session;
  enum dc_h2_side side;
  struct dc_h2_limits limits;
  struct dc_h2_events events;
  void *user;
  struct dc_h2_stream *streams;
  size_t open_streams;
  uint32_t resets;
  bool shutting_down;
};

struct dc_h2_trailer {
  size_t count;
  nghttp2_nv nv[MAX_REPLY_HEADERS]; /* names and values point into text */
  char text[];
};

static const char *const field_names[DC_H2_FIELDS] = {
    [DC_H2_METHOD] = ":method",
    [DC_H2_PATH] = ":path",
    [DC_H2_STATUS] = ":status",
    [DC_H2_CONTENT_TYPE] = "content-type",
    [DC_H2_GRPC_TIMEOUT] = "grpc-timeout",
    [DC_H2_GRPC_ENCODING] = "grpc-encoding",
    [DC_H2_GRPC_STATUS] = "grpc-status",
    [DC_H2_GRPC_MESSAGE] = "grpc-message",
};

/* --- streams ---------------------------------------------------------------------------------------------------- */

static struct dc_h2_stream *stream_new(struct dc_h2 *h2, int32_t id) {
  struct dc_h2_stream *stream = calloc(1, sizeof *stream);
  if (!stream) return NULL;
  stream->h2 = h2;
  stream->id = id;
  stream->next = h2->streams;
  if (stream->next) stream->next->prev = stream;
  h2->streams = stream;
  h2->open_streams++;
  return stream;
}

static void stream_free(struct dc_h2_stream *stream) {
  struct dc_h2 *h2 = stream->h2;
  if (stream->prev)
    stream->prev->next = stream->next;
  else
    h2->streams = stream->next;
  if (stream->next) stream->next->prev = stream->prev;
  h2->open_streams--;
  for (size_t i = 0; i < DC_H2_FIELDS; i++) free(stream->field[i]);
  dc_buf_free(&stream->body);
  dc_buf_free(&stream->out);
  free(stream->trailer);
  free(stream);
}

static struct dc_h2_stream *stream_of(nghttp2_session *session, int32_t id) {
  return nghttp2_session_get_stream_user_data(session, id);
}

/* A peer that opens streams only to reset them makes work for nothing: answered calls earn it the right to do so. */
static void count_reset(struct dc_h2 *h2) {
  if (++h2->resets > h2->limits.max_resets) nghttp2_session_terminate_session(h2->session, NGHTTP2_ENHANCE_YOUR_CALM);
}

void dc_h2_reset(struct dc_h2_stream *stream, uint32_t error_code) {
  (void)nghttp2_submit_rst_stream(stream->h2->session, NGHTTP2_FLAG_NONE, stream->id, error_code);
}

/* --- events of nghttp2 ------------------------------------------------------------------------------------------- */

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *user) {
  struct dc_h2 *h2 = user;
  if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
  struct dc_h2_stream *stream = stream_new(h2, frame->hd.stream_id);
  if (!stream) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, stream);
  if (h2->events.opened) h2->events.opened(stream, h2->user);
  return 0;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_len,
                     const uint8_t *value, size_t value_len, uint8_t flags, void *user) {
  struct dc_h2 *h2 = user;
  (void)flags;
  struct dc_h2_stream *stream = stream_of(session, frame->hd.stream_id);
  if (!stream) return 0;
  stream->header_bytes += name_len + value_len + HEADER_OVERHEAD;
  if (stream->header_bytes > h2->limits.max_header_bytes) {
    dc_h2_reset(stream, NGHTTP2_ENHANCE_YOUR_CALM);
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }
  for (size_t i = 0; i < DC_H2_FIELDS; i++) {
    if (strlen(field_names[i]) != name_len || memcmp(field_names[i], name, name_len) != 0) continue;
    char *copy = strndup((const char *)value, value_len);
    if (!copy) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    free(stream->field[i]);
    stream->field[i] = copy;
    break;
  }
  return 0;
}

static int on_data_chunk(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *bytes, size_t n,
                         void *user) {
  struct dc_h2 *h2 = user;
  (void)flags;
  nghttp2_session_consume_stream(session, id, n);
  struct dc_h2_stream *stream = stream_of(session, id);
  if (!stream || stream->answered) {
    nghttp2_session_consume_connection(session, n);
    return 0;
  }
  if (n > h2->limits.max_body_bytes - stream->body.len) {
    nghttp2_session_consume_connection(session, n);
    if (h2->events.overflow) h2->events.overflow(stream, h2->user);
    return 0;
  }
  /* the connection's window takes these bytes back when the stream ends: see on_stream_close */
  dc_buf_add(&stream->body, bytes, n);
  if (stream->body.failed) return NGHTTP2_ERR_CALLBACK_FAILURE;
  if (h2->events.data) h2->events.data(stream, h2->user);
  return 0;
}

static int on_frame_recv(nghttp2_session *session, const nghttp2_frame *frame, void *user) {
  struct dc_h2 *h2 = user;
  switch (frame->hd.type) {
    case NGHTTP2_HEADERS:
    case NGHTTP2_DATA: {
      struct dc_h2_stream *stream = stream_of(session, frame->hd.stream_id);
      if (!stream) break;
      if (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) {
        stream->whole = true;
        if (h2->events.whole && !stream->answered) h2->events.whole(stream, h2->user);
      }
      break;
    }
    case NGHTTP2_RST_STREAM: count_reset(h2); break;
    case NGHTTP2_PING:
      if (h2->shutting_down && (frame->hd.flags & NGHTTP2_FLAG_ACK) &&
          memcmp(frame->ping.opaque_data, shutdown_ping, PING_BYTES) == 0)
        (void)nghttp2_submit_goaway(session, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(session),
                                    NGHTTP2_NO_ERROR, NULL, 0);
      break;
    default: break;
  }
  return 0;
}

static int on_frame_send(nghttp2_session *session, const nghttp2_frame *frame, void *user) {
  struct dc_h2 *h2 = user;
  if (h2->side != DC_H2_SERVER) return 0;
  if (frame->hd.type == NGHTTP2_RST_STREAM && frame->rst_stream.error_code != NGHTTP2_NO_ERROR) count_reset(h2);
  /* not before: a PING overtakes, and its answer must mean that the GOAWAY has been read */
  if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.last_stream_id == INT32_MAX)
    (void)nghttp2_submit_ping(session, NGHTTP2_FLAG_NONE, shutdown_ping);
  bool ends = (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) &&
              (frame->hd.flags & NGHTTP2_FLAG_END_STREAM);
  struct dc_h2_stream *stream = ends ? stream_of(session, frame->hd.stream_id) : NULL;
  if (!stream) return 0;
  if (h2->resets > 0) h2->resets--;
  if (!stream->whole) dc_h2_reset(stream, NGHTTP2_NO_ERROR);
  return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t id, uint32_t error_code, void *user) {
  struct dc_h2 *h2 = user;
  struct dc_h2_stream *stream = stream_of(session, id);
  if (!stream) return 0;
  if (stream->body.len) nghttp2_session_consume_connection(session, stream->body.len);
  if (h2->events.closed) h2->events.closed(stream, error_code, h2->user);
  nghttp2_session_set_stream_user_data(session, id, NULL);
  stream_free(stream);
  return 0;
}

/* --- the connection ----------------------------------------------------------------------------------------------- */

static int callbacks_new(nghttp2_session_callbacks **out) {
  nghttp2_session_callbacks *callbacks = NULL;
  if (nghttp2_session_callbacks_new(&callbacks)) return DC_ENOMEM;
  nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data_chunk);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame_recv);
  nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_frame_send);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
  *out = callbacks;
  return 0;
}

static int session_new(struct dc_h2 *h2) {
  nghttp2_session_callbacks *callbacks = NULL;
  nghttp2_option *option = NULL;
  int rc = callbacks_new(&callbacks);
  if (!rc && nghttp2_option_new(&option)) rc = DC_ENOMEM;
  if (!rc) {
    nghttp2_option_set_no_auto_window_update(option, 1);
    rc = h2->side == DC_H2_SERVER ? nghttp2_session_server_new2(&h2->session, callbacks, h2, option)
                                  : nghttp2_session_client_new2(&h2->session, callbacks, h2, option);
  }
  nghttp2_option_del(option);
  nghttp2_session_callbacks_del(callbacks);
  return rc;
}

int dc_h2_new(enum dc_h2_side side, const struct dc_h2_limits *limits, const struct dc_h2_events *events, void *user,
              struct dc_h2 **out, struct dc_err *err) {
  struct dc_h2 *h2 = calloc(1, sizeof *h2);
  if (!h2) return dc_err_nomem(err);
  *h2 = (struct dc_h2){.side = side, .limits = *limits, .events = *events, .user = user};
  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, side == DC_H2_SERVER ? limits->max_streams : 0},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, (uint32_t)limits->max_header_bytes},
      {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
  };
  size_t count = side == DC_H2_SERVER ? 2 : 3; /* ENABLE_PUSH is the client's to say */
  int32_t window = limits->max_body_bytes > INT32_MAX - WINDOW_SLACK ? INT32_MAX
                                                                     : (int32_t)limits->max_body_bytes + WINDOW_SLACK;
  if (session_new(h2) || nghttp2_submit_settings(h2->session, NGHTTP2_FLAG_NONE, settings, count) ||
      nghttp2_session_set_local_window_size(h2->session, NGHTTP2_FLAG_NONE, 0, window)) {
    dc_h2_free(h2);
    return dc_err_nomem(err);
  }
  *out = h2;
  return 0;
}

void dc_h2_free(struct dc_h2 *h2) {
  if (!h2) return;
  nghttp2_session_del(h2->session);
  while (h2->streams) {
    if (h2->events.closed) h2->events.closed(h2->streams, NGHTTP2_CANCEL, h2->user);
    stream_free(h2->streams);
  }
  free(h2);
}

/* What a peer is told that nghttp2 will hear no more of; of other faults nghttp2 tells it itself. */
static uint32_t reason_of(ssize_t fault) {
  switch (fault) {
    case NGHTTP2_ERR_BAD_CLIENT_MAGIC: return NGHTTP2_PROTOCOL_ERROR;
    case NGHTTP2_ERR_CALLBACK_FAILURE: return NGHTTP2_INTERNAL_ERROR;
    default: return NGHTTP2_ENHANCE_YOUR_CALM; /* a flood, of PINGs, SETTINGS or CONTINUATIONs */
  }
}

int dc_h2_recv(struct dc_h2 *h2, const void *bytes, size_t n, struct dc_err *err) {
  ssize_t taken = nghttp2_session_mem_recv(h2->session, bytes, n);
  if (taken == NGHTTP2_ERR_NOMEM) return dc_err_nomem(err);
  if (taken < 0) (void)nghttp2_session_terminate_session(h2->session, reason_of(taken));
  if (taken < 0) return dc_err_set(err, DC_EPROTO, "the peer breaks HTTP/2: %s", nghttp2_strerror((int)taken));
  return 0;
}

int dc_h2_send(struct dc_h2 *h2, struct dc_buf *out, size_t room, struct dc_err *err) {
  size_t begin = out->len;
  while (out->len - begin < room) {
    const uint8_t *bytes = NULL;
    ssize_t n = nghttp2_session_mem_send(h2->session, &bytes);
    if (n == NGHTTP2_ERR_NOMEM) return dc_err_nomem(err);
    if (n < 0) return dc_err_set(err, DC_EPROTO, "cannot send HTTP/2 frames: %s", nghttp2_strerror((int)n));
    if (n == 0) break;
    dc_buf_add(out, bytes, (size_t)n);
  }
  return dc_buf_check(out, err);
}

bool dc_h2_done(const struct dc_h2 *h2) {
  return !nghttp2_session_want_read(h2->session) && !nghttp2_session_want_write(h2->session);
}

size_t dc_h2_open_streams(const struct dc_h2 *h2) { return h2->open_streams; }

void dc_h2_each(struct dc_h2 *h2, void (*fn)(struct dc_h2_stream *stream, void *user), void *user) {
  for (struct dc_h2_stream *stream = h2->streams, *next = NULL; stream; stream = next) {
    next = stream->next;
    fn(stream, user);
  }
}

bool dc_h2_shutdown(struct dc_h2 *h2) {
  if (h2->shutting_down) return false;
  h2->shutting_down = true;
  (void)nghttp2_submit_shutdown_notice(h2->session); /* the PING follows it: see on_frame_send */
  return true;
}

/* --- sending a body ----------------------------------------------------------------------------------------------- */

static nghttp2_nv nv_of(const char *name, const char *value, uint8_t flags) {
  return (nghttp2_nv){.name = (uint8_t *)(uintptr_t)name,
                      .value = (uint8_t *)(uintptr_t)value,
                      .namelen = strlen(name),
                      .valuelen = strlen(value),
                      .flags = flags};
}

/* A copy that lives as long as the stream: trailers go out after the body, when the caller's strings are gone. */
static struct dc_h2_trailer *trailer_new(const struct dc_h2_header *headers, size_t count) {
  size_t size = 0;
  for (size_t i = 0; i < count; i++) size += strlen(headers[i].name) + strlen(headers[i].value) + 2;
  struct dc_h2_trailer *trailer = calloc(1, sizeof *trailer + size);
  if (!trailer) return NULL;
  char *at = trailer->text;
  for (size_t i = 0; i < count; i++) {
    const char *name = at;
    at = stpcpy(at, headers[i].name) + 1;
    const char *value = at;
    at = stpcpy(at, headers[i].value) + 1;
    trailer->nv[i] = nv_of(name, value, NGHTTP2_NV_FLAG_NONE);
  }
  trailer->count = count;
  return trailer;
}

static ssize_t read_body(nghttp2_session *session, int32_t id, uint8_t *room, size_t size, uint32_t *data_flags,
                         nghttp2_data_source *source, void *user) {
  struct dc_h2_stream *stream = source->ptr;
  (void)user;
  size_t left = stream->out.len - stream->out_sent;
  size_t n = left < size ? left : size;
  if (n) memcpy(room, stream->out.data + stream->out_sent, n);
  stream->out_sent += n;
  if (n < left) return (ssize_t)n;
  *data_flags |= NGHTTP2_DATA_FLAG_EOF;
  if (stream->trailer && stream->trailer->count) {
    *data_flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    if (nghttp2_submit_trailer(session, id, stream->trailer->nv, stream->trailer->count))
      return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }
  return (ssize_t)n;
}

static void move_buf(struct dc_buf *from, struct dc_buf *to) {
  dc_buf_free(to);
  *to = *from;
  *from = (struct dc_buf)DC_BUF_INIT;
}

static int submit_error(int rc, struct dc_err *err) {
  if (rc == NGHTTP2_ERR_NOMEM) return dc_err_nomem(err);
  return dc_err_set(err, DC_EPROTO, "cannot send on the HTTP/2 stream: %s", nghttp2_strerror(rc));
}

int dc_h2_reply(struct dc_h2_stream *stream, unsigned http_status, const struct dc_h2_header *headers,
                size_t header_count, struct dc_buf *body, const struct dc_h2_header *trailers, size_t trailer_count,
                struct dc_err *err) {
  nghttp2_nv nv[1 + 2 * MAX_REPLY_HEADERS];
  size_t count = 0;
  char status[4] = {(char)('0' + http_status / 100 % 10), (char)('0' + http_status / 10 % 10),
                    (char)('0' + http_status % 10), '\0'};
  bool has_body = body && body->len > 0;
  if (header_count > MAX_REPLY_HEADERS || trailer_count > MAX_REPLY_HEADERS)
    return dc_err_set(err, DC_ELIMIT, "too many headers in an answer");
  nv[count++] = nv_of(":status", status, NGHTTP2_NV_FLAG_NONE);
  for (size_t i = 0; i < header_count; i++)
    nv[count++] = nv_of(headers[i].name, headers[i].value, NGHTTP2_NV_FLAG_NONE);
  stream->answered = true;
  if (!has_body) {
    for (size_t i = 0; i < trailer_count; i++)
      nv[count++] = nv_of(trailers[i].name, trailers[i].value, NGHTTP2_NV_FLAG_NONE);
    int rc = nghttp2_submit_response(stream->h2->session, stream->id, nv, count, NULL);
    return rc ? submit_error(rc, err) : 0;
  }
  stream->trailer = trailer_new(trailers, trailer_count);
  if (!stream->trailer) return dc_err_nomem(err);
  move_buf(body, &stream->out);
  nghttp2_data_provider provider = {.source = {.ptr = stream}, .read_callback = read_body};
  int rc = nghttp2_submit_response(stream->h2->session, stream->id, nv, count, &provider);
  return rc ? submit_error(rc, err) : 0;
}

int dc_h2_post(struct dc_h2 *h2, const char *authority, const char *path, const struct dc_h2_header *headers,
               size_t header_count, struct dc_buf *body, struct dc_h2_stream **out, struct dc_err *err) {
  nghttp2_nv nv[4 + MAX_REPLY_HEADERS];
  size_t count = 0;
  if (header_count > MAX_REPLY_HEADERS) return dc_err_set(err, DC_ELIMIT, "too many headers in a request");
  nv[count++] = nv_of(":method", "POST", NGHTTP2_NV_FLAG_NONE);
  nv[count++] = nv_of(":scheme", "https", NGHTTP2_NV_FLAG_NONE);
  nv[count++] = nv_of(":path", path, NGHTTP2_NV_FLAG_NONE);
  nv[count++] = nv_of(":authority", authority, NGHTTP2_NV_FLAG_NONE);
  for (size_t i = 0; i < header_count; i++)
    nv[count++] = nv_of(headers[i].name, headers[i].value, NGHTTP2_NV_FLAG_NONE);
  struct dc_h2_stream *stream = stream_new(h2, 0);
  if (!stream) return dc_err_nomem(err);
  move_buf(body, &stream->out);
  nghttp2_data_provider provider = {.source = {.ptr = stream}, .read_callback = read_body};
  int32_t id = nghttp2_submit_request(h2->session, NULL, nv, count, &provider, stream);
  if (id < 0) {
    stream_free(stream);
    return submit_error((int)id, err);
  }
  stream->id = id;
  *out = stream;
  return 0;
}
