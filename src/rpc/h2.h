/* SPDX-License-Identifier: Apache-2.0 */
/* One HTTP/2 connection, RFC 9113, either side, without a socket: bytes in by dc_h2_recv, bytes out by dc_h2_send.
 * nghttp2 does the protocol; this file alone includes it.
 *
 * Ownership: the connection owns its streams. A stream lives from its first header (server) or its request (client)
 * until the closed event has returned; no pointer to it may be kept longer. Nothing here is thread safe. */
#ifndef DC_RPC_H2_H
#define DC_RPC_H2_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct dc_h2;

/* Header and trailer fields that are kept; all others are counted and dropped. */
enum dc_h2_field {
  DC_H2_METHOD,
  DC_H2_PATH,
  DC_H2_STATUS,
  DC_H2_CONTENT_TYPE,
  DC_H2_GRPC_TIMEOUT,
  DC_H2_GRPC_ENCODING,
  DC_H2_GRPC_STATUS,
  DC_H2_GRPC_MESSAGE,
  DC_H2_FIELDS,
};

struct dc_h2_stream {
  struct dc_h2 *h2;
  int32_t id;
  int64_t opened;             /* for the layer above: when the stream began, on a clock of its choice */
  char *field[DC_H2_FIELDS];  /* received; NULL where absent; the last of several counts */
  size_t header_bytes;        /* name + value + 32 each, RFC 7541 section 4.1 */
  struct dc_buf body;         /* received so far */
  bool whole;                 /* the peer has ended its side */
  bool answered;              /* server: dc_h2_reply was called */
  bool parked;                /* for the layer above: whole, and its answer must wait */
  struct dc_buf out;          /* being sent */
  size_t out_sent;
  struct dc_h2_trailer *trailer;
  struct dc_h2_stream *next, *prev;
};

struct dc_h2_header {
  const char *name; /* lower case */
  const char *value;
};

struct dc_h2_limits {
  uint32_t max_streams;      /* open at once, as announced */
  size_t max_header_bytes;   /* of one header block; past it the stream is reset with ENHANCE_YOUR_CALM */
  size_t max_body_bytes;     /* of one stream; past it `overflow` is told and the rest is thrown away */
  uint32_t max_resets;       /* streams that a peer may reset or get reset before the connection is ended */
};

/* Called from within dc_h2_recv and dc_h2_send; none may free the connection. All may be NULL. */
struct dc_h2_events {
  void (*opened)(struct dc_h2_stream *stream, void *user);   /* server: a request begins, no header is here yet */
  void (*data)(struct dc_h2_stream *stream, void *user);     /* body has grown */
  void (*overflow)(struct dc_h2_stream *stream, void *user); /* body would pass max_body_bytes */
  void (*whole)(struct dc_h2_stream *stream, void *user);    /* END_STREAM: request or response complete */
  void (*closed)(struct dc_h2_stream *stream, uint32_t error_code, void *user);
};

enum dc_h2_side { DC_H2_SERVER, DC_H2_CLIENT };

int dc_h2_new(enum dc_h2_side side, const struct dc_h2_limits *limits, const struct dc_h2_events *events, void *user,
              struct dc_h2 **out, struct dc_err *err) DC_NODISCARD;
void dc_h2_free(struct dc_h2 *h2);

/* Bytes from the peer. An error ends the connection: send what dc_h2_send still gives (a GOAWAY), then close. */
int dc_h2_recv(struct dc_h2 *h2, const void *bytes, size_t n, struct dc_err *err) DC_NODISCARD;
/* Appends whole frames to OUT until it has grown by about ROOM bytes (one frame more at most) or nothing is left. */
int dc_h2_send(struct dc_h2 *h2, struct dc_buf *out, size_t room, struct dc_err *err) DC_NODISCARD;
/* Nothing left to send and nothing more wanted from the peer: the connection may be closed. */
bool dc_h2_done(const struct dc_h2 *h2);
size_t dc_h2_open_streams(const struct dc_h2 *h2);

/* Server: answers STREAM once. With no body, trailers join the headers in one block that ends the stream
 * (gRPC's Trailers-Only). BODY's bytes are moved out of it. If the peer's side is still open when the answer is out,
 * the stream is reset with NO_ERROR, RFC 9113 section 8.1. Some clients lose the answer then: where nothing speaks
 * against it, wait for `whole` before answering. */
int dc_h2_reply(struct dc_h2_stream *stream, unsigned http_status, const struct dc_h2_header *headers,
                size_t header_count, struct dc_buf *body, const struct dc_h2_header *trailers, size_t trailer_count,
                struct dc_err *err) DC_NODISCARD;
/* Resets with an HTTP/2 error code (CANCEL 8, ENHANCE_YOUR_CALM 11, ...). */
void dc_h2_reset(struct dc_h2_stream *stream, uint32_t error_code);
/* Calls FN for each open stream; FN may reset it. */
void dc_h2_each(struct dc_h2 *h2, void (*fn)(struct dc_h2_stream *stream, void *user), void *user);

/* Graceful end, server: GOAWAY that still allows new streams and a PING; once its answer has come, and a round trip
 * has so shown that the peer knows, the final GOAWAY follows by itself; dc_h2_done turns true when the last stream
 * ends. False: it was begun before. */
bool dc_h2_shutdown(struct dc_h2 *h2);

/* Client: POSTs BODY. The stream's events tell what comes back. */
int dc_h2_post(struct dc_h2 *h2, const char *authority, const char *path, const struct dc_h2_header *headers,
               size_t header_count, struct dc_buf *body, struct dc_h2_stream **stream, struct dc_err *err)
    DC_NODISCARD;

#endif
