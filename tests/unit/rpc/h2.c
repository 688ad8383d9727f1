/* SPDX-License-Identifier: Apache-2.0 */
/* Two ends in memory that talk to each other; what no client of ours sends is written by hand. */
#include "rpc/h2.h"

#include <nghttp2/nghttp2.h>
#include <stdlib.h>

#include "tap.h"

enum { ROOM = 16384, CANCEL = 8, CALM = 11 };

/* What one end's events have told. */
struct seen {
  int opened, data, overflow, whole, closed;
  uint32_t error_code; /* of the last closed */
  int32_t ids[8];      /* of those closed */
  size_t body;         /* length at the last data or whole */
  char text[256];      /* "path|type|body" or "status|grpc-status|grpc-message|body" at whole */
  bool answer, reset;  /* what the server does at whole */
  struct dc_h2_stream *stream; /* of the last headers */
};

struct ends {
  struct dc_h2 *server, *client;
  struct seen at_server, at_client;
};

static const struct dc_h2_limits usual = {
    .max_streams = 4, .max_header_bytes = 2048, .max_body_bytes = 1000, .max_resets = 5};

static const char *shown(const char *text) { return text ? text : "-"; }

static int answer(struct dc_h2_stream *stream, const char *text) {
  static const struct dc_h2_header headers[] = {{"content-type", "application/grpc"}};
  static const struct dc_h2_header trailers[] = {{"grpc-status", "0"}, {"grpc-message", "fine"}};
  struct dc_buf body DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  dc_buf_add_text(&body, text);
  return dc_h2_reply(stream, 200, headers, 1, &body, trailers, 2, NULL);
}

static void on_opened(struct dc_h2_stream *stream, void *user) {
  struct seen *seen = user;
  seen->opened++;
  seen->stream = stream;
}

static void on_data(struct dc_h2_stream *stream, void *user) {
  struct seen *seen = user;
  seen->data++;
  seen->body = stream->body.len;
}

static void on_overflow(struct dc_h2_stream *stream, void *user) {
  (void)stream;
  ((struct seen *)user)->overflow++;
}

static void on_closed(struct dc_h2_stream *stream, uint32_t error_code, void *user) {
  struct seen *seen = user;
  if (seen->closed < 8) seen->ids[seen->closed] = stream->id;
  seen->closed++;
  seen->error_code = error_code;
}

static void on_request(struct dc_h2_stream *stream, void *user) {
  struct seen *seen = user;
  seen->whole++;
  snprintf(seen->text, sizeof seen->text, "%s|%s|%s|%.40s", shown(stream->field[DC_H2_METHOD]),
           shown(stream->field[DC_H2_PATH]), shown(stream->field[DC_H2_CONTENT_TYPE]), dc_buf_text(&stream->body));
  seen->body = stream->body.len;
  if (seen->reset) dc_h2_reset(stream, CALM);
  if (seen->answer && answer(stream, dc_buf_text(&stream->body))) seen->text[0] = '!';
}

static void on_response(struct dc_h2_stream *stream, void *user) {
  struct seen *seen = user;
  seen->whole++;
  snprintf(seen->text, sizeof seen->text, "%s|%s|%s|%.40s", shown(stream->field[DC_H2_STATUS]),
           shown(stream->field[DC_H2_GRPC_STATUS]), shown(stream->field[DC_H2_GRPC_MESSAGE]),
           dc_buf_text(&stream->body));
  seen->body = stream->body.len;
}

static void ends_begin(struct ends *ends, const struct dc_h2_limits *limits) {
  static const struct dc_h2_events server = {
      .opened = on_opened, .data = on_data, .overflow = on_overflow, .whole = on_request, .closed = on_closed};
  static const struct dc_h2_events client = {
      .data = on_data, .overflow = on_overflow, .whole = on_response, .closed = on_closed};
  *ends = (struct ends){.server = NULL};
  ends->at_server.answer = true;
  if (dc_h2_new(DC_H2_SERVER, limits, &server, &ends->at_server, &ends->server, NULL) ||
      dc_h2_new(DC_H2_CLIENT, limits, &client, &ends->at_client, &ends->client, NULL))
    exit(99);
}

static void ends_free(struct ends *ends) {
  dc_h2_free(ends->client);
  dc_h2_free(ends->server);
}

/* What FROM has to say goes to TO, STEP bytes at a time. The number of bytes, or an error of either. */
static int carry(struct dc_h2 *from, struct dc_h2 *to, size_t step) {
  struct dc_buf bytes DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  int rc = dc_h2_send(from, &bytes, ROOM, NULL);
  for (size_t at = 0; rc == 0 && at < bytes.len; at += step)
    rc = dc_h2_recv(to, bytes.data + at, bytes.len - at < step ? bytes.len - at : step, NULL);
  return rc ? rc : (int)bytes.len;
}

/* Until nobody has anything to say. */
static int talk_by(struct ends *ends, size_t step) {
  for (int i = 0; i < 1000; i++) {
    int there = carry(ends->client, ends->server, step), back = there < 0 ? 0 : carry(ends->server, ends->client, step);
    if (there < 0 || back < 0) return there < 0 ? there : back;
    if (there + back == 0) return 0;
  }
  return -99;
}

static int talk(struct ends *ends) { return talk_by(ends, ROOM); }

static struct dc_h2_stream *post(struct ends *ends, const char *path, size_t size) {
  static const struct dc_h2_header headers[] = {{"content-type", "application/grpc"}, {"te", "trailers"}};
  struct dc_buf body DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_h2_stream *stream = NULL;
  for (size_t i = 0; i < size; i++) dc_buf_add_byte(&body, (unsigned char)('a' + i % 26));
  return dc_h2_post(ends->client, "localhost", path, headers, 2, &body, &stream, NULL) ? NULL : stream;
}

/* --- calls -------------------------------------------------------------------------------------------------------- */

static void test_call(size_t step) {
  struct ends ends DC_CLEANUP(ends_free);
  ends_begin(&ends, &usual);
  struct dc_h2_stream *stream = post(&ends, "/a.B/C", 5);
  ok(stream && stream->id == 1 && dc_h2_open_streams(ends.client) == 1, "a call, %zu bytes at a time", step);
  is_num(talk_by(&ends, step), 0, "both ends talk");
  is_text(ends.at_server.text, "POST|/a.B/C|application/grpc|abcde", "the request");
  is_text(ends.at_client.text, "200|0|fine|abcde", "the answer, with its trailers");
  ok(ends.at_server.opened == 1 && ends.at_server.whole == 1 && ends.at_server.closed == 1 &&
         ends.at_server.error_code == 0,
     "the server's events, each once");
  ok(ends.at_client.whole == 1 && ends.at_client.closed == 1 &&
         ends.at_client.error_code == 0,
     "the client's");
  ok(dc_h2_open_streams(ends.server) == 0 && dc_h2_open_streams(ends.client) == 0, "the stream has ended");
  ok(!dc_h2_done(ends.server) && !dc_h2_done(ends.client), "the connection has not");
}

/* More calls one after the other than resets or streams are granted. */
static void test_many_calls(void) {
  struct ends ends DC_CLEANUP(ends_free);
  unsigned failed = 0;
  ends_begin(&ends, &usual);
  for (int i = 0; i < 200; i++) failed += !post(&ends, "/a.B/C", 1000) || talk(&ends) != 0;
  is_num(failed, 0, "200 calls of the largest size");
  ok(ends.at_server.whole == 200 && ends.at_client.whole == 200 && ends.at_client.body == 1000, "all are answered");
}

static void test_streams(void) {
  struct ends ends DC_CLEANUP(ends_free);
  ends_begin(&ends, &usual);
  is_num(talk(&ends), 0, "the ends know each other's settings");
  ends.at_server.answer = false;
  for (int i = 0; i < 6; i++) post(&ends, "/a.B/C", 1);
  is_num(talk(&ends), 0, "six calls where four are granted");
  ok(ends.at_server.whole == 4 && dc_h2_open_streams(ends.server) == 4, "four arrive");
  is_num(answer(ends.at_server.stream, "x"), 0, "one is answered");
  is_num(talk(&ends), 0, "and the next follows");
  ok(ends.at_server.whole == 5 && ends.at_client.whole == 1 && dc_h2_open_streams(ends.server) == 4, "alone");
}

/* Where the other end does not keep to what is announced, nghttp2 refuses the stream. */
static void test_too_many_streams(void) {
  struct ends ends DC_CLEANUP(ends_free);
  const struct dc_h2_limits one = {.max_streams = 1, .max_header_bytes = 2048, .max_body_bytes = 10, .max_resets = 5};
  ends_begin(&ends, &one);
  ends.at_server.answer = false;
  for (int i = 0; i < 3; i++) post(&ends, "/a.B/C", 1); /* before it has seen the server's settings */
  struct dc_buf bytes DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  is_num(dc_h2_send(ends.client, &bytes, ROOM, NULL), 0, "a client that does not wait for the settings");
  is_num(carry(ends.server, ends.client, ROOM) > 0, 1, "which come late");
  is_num(dc_h2_recv(ends.server, bytes.data, bytes.len, NULL), 0, "opens three");
  is_num(talk(&ends), 0, "and learns");
  ok(ends.at_server.whole == 1 && dc_h2_open_streams(ends.server) == 1, "that one is granted");
}

static const struct dc_h2_header many[9] = {{"a", "1"}, {"b", "2"}, {"c", "3"}, {"d", "4"}, {"e", "5"},
                                            {"f", "6"}, {"g", "7"}, {"h", "8"}, {"i", "9"}};

static void test_headers_only(void) {
  struct ends ends DC_CLEANUP(ends_free);
  static const struct dc_h2_header trailers[] = {{"grpc-status", "12"}, {"grpc-message", "no"}};
  struct dc_err err = DC_ERR_INIT;
  ends_begin(&ends, &usual);
  ends.at_server.answer = false;
  post(&ends, "/a.B/C", 1);
  is_num(talk(&ends), 0, "a request");
  struct dc_buf body = DC_BUF_INIT;
  is_num(dc_h2_reply(ends.at_server.stream, 200, many, 9, &body, NULL, 0, &err), DC_ELIMIT, "nine headers are too many");
  is_num(dc_h2_reply(ends.at_server.stream, 200, NULL, 0, &body, many, 9, &err), DC_ELIMIT, "and nine trailers");
  is_text(err.text, "too many headers in an answer", "it is told");
  ok(!ends.at_server.stream->answered, "neither was an answer");
  is_num(dc_h2_reply(ends.at_server.stream, 200, many, 8, &body, trailers, 2, &err), 0, "an answer without a body");
  is_num(talk(&ends), 0, "is sent");
  is_text(ends.at_client.text, "200|12|no|", "the trailers come with the headers");
  ok(ends.at_client.whole == 1 && ends.at_client.data == 0, "in one block");
  struct dc_h2_stream *stream = NULL;
  is_num(dc_h2_post(ends.client, "localhost", "/", many, 9, &body, &stream, &err), DC_ELIMIT,
         "nine headers in a request are too many");
  ok(!stream && dc_h2_open_streams(ends.client) == 0, "nothing comes out");
}

static void test_large_answer(void) {
  struct ends ends DC_CLEANUP(ends_free);
  struct dc_h2_limits large = usual;
  large.max_body_bytes = 1 << 20;
  ends_begin(&ends, &large);
  ok(post(&ends, "/a.B/C", 1 << 20) != NULL, "a megabyte, many times HTTP/2's first window");
  is_num(talk(&ends), 0, "goes there and back");
  ok(ends.at_server.body == 1 << 20 && ends.at_client.body == 1 << 20 && ends.at_client.whole == 1, "whole");
  ok(ends.at_server.data > 1 && ends.at_client.data > 1, "in pieces that are told");
  ok(post(&ends, "/a.B/C", 1 << 20) && talk(&ends) == 0 && ends.at_client.whole == 2,
     "and again: the windows were given back");
}

/* Room in dc_h2_send bounds what is made at once. */
static void test_room(void) {
  struct ends ends DC_CLEANUP(ends_free);
  struct dc_h2_limits large = usual;
  struct dc_buf out DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  large.max_body_bytes = 1 << 20;
  ends_begin(&ends, &large);
  is_num(talk(&ends), 0, "settings");
  post(&ends, "/a.B/C", 60000);
  is_num(dc_h2_send(ends.client, &out, 1, NULL), 0, "room for a byte");
  ok(out.len > 0 && out.len < 1000, "one frame, the header's");
  dc_buf_clear(&out);
  is_num(dc_h2_send(ends.client, &out, 20000, NULL), 0, "room for 20000");
  ok(out.len >= 20000 && out.len <= 20000 + 16384 + 9, "and at most a frame more");
  size_t before = out.len;
  is_num(dc_h2_send(ends.client, &out, 0, NULL), 0, "no room");
  is_num(out.len, before, "nothing");
  struct dc_buf small DC_CLEANUP(dc_buf_free) = {.max = 10};
  is_num(dc_h2_send(ends.client, &small, 20000, NULL), DC_ELIMIT, "a buffer that takes less");
}

/* --- limits ------------------------------------------------------------------------------------------------------- */

static void test_overflow(void) {
  struct ends ends DC_CLEANUP(ends_free);
  ends_begin(&ends, &usual);
  ends.at_server.answer = false;
  post(&ends, "/a.B/C", 1000);
  is_num(talk(&ends), 0, "a body as large as accepted");
  ok(ends.at_server.overflow == 0 && ends.at_server.body == 1000, "is taken");
  answer(ends.at_server.stream, "");
  post(&ends, "/a.B/C", 200000);
  is_num(talk(&ends), 0, "one that is larger");
  ok(ends.at_server.overflow > 0, "is told");
  ok(ends.at_server.whole == 2 && ends.at_server.body <= 1000, "its rest is thrown away, and the window goes on");
  answer(ends.at_server.stream, "x");
  ends.at_server.answer = true;
  ok(post(&ends, "/a.B/C", 1000) && talk(&ends) == 0 && ends.at_client.whole == 3, "the connection goes on");
}

static void test_header_bytes(void) {
  struct ends ends DC_CLEANUP(ends_free);
  ends_begin(&ends, &usual);
  char value[1500];
  memset(value, 'v', sizeof value - 1);
  value[sizeof value - 1] = '\0';
  const struct dc_h2_header headers[] = {{"x-large", value}, {"x-larger", value}};
  for (size_t count = 1; count <= 2; count++) {
    struct dc_buf body DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    struct dc_h2_stream *stream = NULL;
    is_num(dc_h2_post(ends.client, "localhost", "/", headers, count, &body, &stream, NULL), 0, "headers");
    is_num(talk(&ends), 0, "are sent");
    ok(ends.at_server.opened == (int)count && ends.at_server.whole == 1,
       "those within the limit arrive, others are no call");
  }
  ok(ends.at_client.closed == 2 && ends.at_client.error_code == CALM && dc_h2_open_streams(ends.server) == 0,
     "but a reset: calm down");
  ok(post(&ends, "/a.B/C", 1) && talk(&ends) == 0 && ends.at_client.whole == 2, "the connection goes on");
}

/* --- resets ------------------------------------------------------------------------------------------------------- */

static void test_reset_by_client(void) {
  struct ends ends DC_CLEANUP(ends_free);
  ends_begin(&ends, &usual);
  ends.at_server.answer = false;
  struct dc_h2_stream *stream = post(&ends, "/a.B/C", 1);
  is_num(talk(&ends), 0, "a call");
  dc_h2_reset(stream, CANCEL);
  is_num(talk(&ends), 0, "that its caller gives up");
  ok(ends.at_server.closed == 1 && ends.at_server.error_code == CANCEL && dc_h2_open_streams(ends.server) == 0,
     "ends with CANCEL at the server");
  ok(ends.at_client.closed == 1 && ends.at_client.error_code == CANCEL, "and at the client");
}

/* An answer to what is reset meanwhile goes nowhere, and harms nobody. */
static void test_reset_race(void) {
  struct ends ends DC_CLEANUP(ends_free);
  ends_begin(&ends, &usual);
  ends.at_server.answer = false;
  struct dc_h2_stream *stream = post(&ends, "/a.B/C", 1);
  is_num(talk(&ends), 0, "a call");
  is_num(answer(ends.at_server.stream, "late"), 0, "is answered");
  dc_h2_reset(stream, CANCEL);
  is_num(talk(&ends), 0, "and given up at the same time");
  ok(dc_h2_open_streams(ends.server) == 0 && dc_h2_open_streams(ends.client) == 0, "it ends at both ends");
}

static void test_reset_flood(void) {
  struct ends ends DC_CLEANUP(ends_free);
  ends_begin(&ends, &usual);
  ends.at_server.answer = false;
  int sent = 0;
  for (; sent < 20 && !dc_h2_done(ends.server); sent++) {
    struct dc_h2_stream *stream = post(&ends, "/a.B/C", 1);
    if (!stream || talk(&ends)) break;
    dc_h2_reset(stream, CANCEL);
    if (talk(&ends)) break;
  }
  is_num(sent, usual.max_resets + 1, "one reset more than granted");
  ok(dc_h2_done(ends.server), "ends the connection");
}

/* Each answered call makes up for one reset. */
static void test_reset_earned(void) {
  struct ends ends DC_CLEANUP(ends_free);
  unsigned failed = 0;
  ends_begin(&ends, &usual);
  for (int i = 0; i < 50; i++) {
    ends.at_server.answer = false;
    struct dc_h2_stream *stream = post(&ends, "/a.B/C", 1);
    failed += talk(&ends) != 0;
    dc_h2_reset(stream, CANCEL);
    ends.at_server.answer = true;
    failed += talk(&ends) != 0 || !post(&ends, "/a.B/C", 1) || talk(&ends) != 0;
  }
  ok(failed == 0 && !dc_h2_done(ends.server) && ends.at_client.whole == 50, "50 resets among 50 calls are fine");
}

static void test_reset_by_server(void) {
  struct ends ends DC_CLEANUP(ends_free);
  ends_begin(&ends, &usual);
  ends.at_server.answer = false;
  ends.at_server.reset = true;
  int sent = 0;
  for (; sent < 20 && !dc_h2_done(ends.server); sent++)
    if (!post(&ends, "/a.B/C", 1) || talk(&ends)) break;
  ok(ends.at_client.closed > 0 && ends.at_client.error_code == CALM, "the server resets with its own code");
  is_num(sent, usual.max_resets + 1, "what a peer makes the server reset counts as well");
}

/* --- the end ------------------------------------------------------------------------------------------------------ */

static void test_shutdown(void) {
  struct ends ends DC_CLEANUP(ends_free);
  ends_begin(&ends, &usual);
  ends.at_server.answer = false;
  post(&ends, "/a.B/C", 1);
  is_num(talk(&ends), 0, "an open call");
  ok(dc_h2_shutdown(ends.server) && !dc_h2_shutdown(ends.server), "is told once");
  struct dc_buf notice DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  is_num(dc_h2_send(ends.server, &notice, ROOM, NULL), 0, "the notice is on its way");
  post(&ends, "/a.B/D", 1); /* the client cannot know yet */
  ok(carry(ends.client, ends.server, ROOM) > 0 && ends.at_server.whole == 2, "a call that crosses it is taken");
  is_num(dc_h2_recv(ends.client, notice.data, notice.len, NULL), 0, "the client learns of it");
  is_num(talk(&ends), 0, "and answers the ping");
  ok(!dc_h2_done(ends.server) && dc_h2_open_streams(ends.server) == 2, "both calls are still open");
  post(&ends, "/a.B/E", 1);
  ok(talk(&ends) == 0 && ends.at_server.whole == 2, "no new one is taken");
  is_num(answer(ends.at_server.stream, "two"), 0, "the second is answered");
  ok(talk(&ends) == 0 && !dc_h2_done(ends.server) && ends.at_client.whole == 1, "that is not the end");
  ok(dc_h2_open_streams(ends.server) == 1, "one is left");
}

static void answer_it(struct dc_h2_stream *stream, void *user) {
  ++*(int *)user;
  (void)!answer(stream, "each");
}

static void reset_it(struct dc_h2_stream *stream, void *user) {
  ++*(int *)user;
  dc_h2_reset(stream, CANCEL);
}

static void test_each(void) {
  struct ends ends DC_CLEANUP(ends_free);
  int count = 0;
  ends_begin(&ends, &usual);
  ends.at_server.answer = false;
  for (int i = 0; i < 3; i++) post(&ends, "/a.B/C", 1);
  is_num(talk(&ends), 0, "three open calls");
  dc_h2_shutdown(ends.server);
  dc_h2_each(ends.server, answer_it, &count);
  is_num(count, 3, "each is visited");
  is_num(talk(&ends), 0, "and answered");
  ok(ends.at_client.whole == 3 && dc_h2_done(ends.server), "with the last one a server that shuts down is done");
}

static void test_each_reset(void) {
  struct ends ends DC_CLEANUP(ends_free);
  int count = 0;
  ends_begin(&ends, &usual);
  ends.at_server.answer = false;
  for (int i = 0; i < 3; i++) post(&ends, "/a.B/C", 1);
  is_num(talk(&ends), 0, "three open calls");
  dc_h2_each(ends.client, reset_it, &count);
  ok(count == 3 && talk(&ends) == 0 && dc_h2_open_streams(ends.client) == 0 && dc_h2_open_streams(ends.server) == 0,
     "each may be reset");
}

/* A connection that is freed tells of its streams, so that whoever counts them is right. */
static void test_free(void) {
  struct ends ends;
  ends_begin(&ends, &usual);
  ends.at_server.answer = false;
  for (int i = 0; i < 3; i++) post(&ends, "/a.B/C", 1);
  is_num(talk(&ends), 0, "three open calls");
  ends_free(&ends);
  ok(ends.at_server.closed == 3 && ends.at_client.closed == 3 && ends.at_server.error_code == CANCEL,
     "are closed with their connection");
  dc_h2_free(NULL);
}

/* --- peers that break rules --------------------------------------------------------------------------------------- */

static void test_garbage(void) {
  static const struct {
    const char *what, *bytes;
    size_t n;
  } rows[] = {
      {"HTTP/1.1", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 27},
      {"TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03pppppppppppp", 24},
  };
  for (size_t i = 0; i < DC_COUNT(rows); i++) {
    struct ends ends DC_CLEANUP(ends_free);
    struct dc_buf out DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    struct dc_err err = DC_ERR_INIT;
    ends_begin(&ends, &usual);
    is_num(dc_h2_send(ends.server, &out, ROOM, NULL), 0, "settings");
    dc_buf_clear(&out);
    is_num(dc_h2_recv(ends.server, rows[i].bytes, rows[i].n, &err), DC_EPROTO, rows[i].what);
    ok(strncmp(err.text, "the peer breaks HTTP/2: ", 24) == 0, "is told: %s", err.text);
    is_num(dc_h2_send(ends.server, &out, ROOM, NULL), 0, "what is still to be said");
    ok(out.len == 17 && out.data[3] == NGHTTP2_GOAWAY && dc_h2_done(ends.server), "is GOAWAY, and that is all");
  }
}

/* A frame larger than allowed: GOAWAY stands in the output, and then the connection is done. */
static void test_goaway(void) {
  struct ends ends DC_CLEANUP(ends_free);
  struct dc_buf out DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  static const char frame[] = "\xff\xff\xff\x00\x00\x00\x00\x00\x01";
  ends_begin(&ends, &usual);
  is_num(talk(&ends), 0, "settings");
  int rc = dc_h2_recv(ends.server, frame, sizeof frame - 1, NULL);
  ok(rc == 0 || rc == DC_EPROTO, "a frame of 16 MB");
  is_num(dc_h2_send(ends.server, &out, ROOM, NULL), 0, "what is still to be said");
  ok(out.len >= 17 && out.data[3] == NGHTTP2_GOAWAY && dc_h2_done(ends.server), "is GOAWAY, and that is all");
}

/* An early answer ends the call for a client that still sends: RFC 9113, 8.1. */
static void test_early_answer(void) {
  struct ends ends DC_CLEANUP(ends_free);
  struct dc_buf out DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  ends_begin(&ends, &usual);
  is_num(talk(&ends), 0, "settings");
  post(&ends, "/a.B/C", 60000);
  is_num(dc_h2_send(ends.client, &out, 1, NULL), 0, "the headers of a large call");
  ok(dc_h2_recv(ends.server, out.data, out.len, NULL) == 0 && ends.at_server.opened == 1 && ends.at_server.whole == 0,
     "have come, its body has not");
  is_num(answer(ends.at_server.stream, "no"), 0, "it is answered all the same");
  is_num(carry(ends.server, ends.client, ROOM) > 0, 1, "the answer is sent");
  ok(ends.at_client.whole == 1 && ends.at_client.closed == 1 && ends.at_client.error_code == 0,
     "the client has it, and a reset with NO_ERROR behind it");
  is_num(talk(&ends), 0, "what it has sent meanwhile");
  ok(ends.at_server.overflow == 0 && ends.at_server.whole == 0 && dc_h2_open_streams(ends.server) == 0,
     "is told to nobody");
  ok(post(&ends, "/a.B/C", 1000) && talk(&ends) == 0 && ends.at_client.whole == 2, "the connection goes on");
}

/* What comes for a call that is answered already is thrown away, and the connection's window gets it back. */
static void test_late_body(void) {
  struct ends ends DC_CLEANUP(ends_free);
  unsigned failed = 0;
  ends_begin(&ends, &usual);
  failed += talk(&ends) != 0;
  for (int i = 0; i < 5; i++) {
    struct dc_buf begin DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, rest DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    post(&ends, "/a.B/C", 60000);
    failed += dc_h2_send(ends.client, &begin, 1, NULL) != 0 || dc_h2_send(ends.client, &rest, 100000, NULL) != 0 ||
              rest.len < 30000;
    failed += dc_h2_recv(ends.server, begin.data, begin.len, NULL) != 0 || answer(ends.at_server.stream, "no") != 0 ||
              dc_h2_recv(ends.server, rest.data, rest.len, NULL) != 0 || talk(&ends) != 0;
  }
  ok(failed == 0 && ends.at_client.whole == 5, "five calls are answered before their bodies come, half a window each");
  ok(ends.at_server.data == 0 && ends.at_server.overflow == 0 && ends.at_server.whole == 0, "which nobody hears of");
  ok(post(&ends, "/a.B/C", 1000) && talk(&ends) == 0 && ends.at_client.whole == 6, "the connection goes on");
}

/* Of several fields of one name the last counts; what is not kept is counted. */
static void test_fields(void) {
  struct ends ends DC_CLEANUP(ends_free);
  struct dc_buf body DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_h2_stream *stream = NULL;
  static const struct dc_h2_header headers[] = {
      {"content-type", "one"}, {"content-type", "two"}, {"x-other", "12345"}, {"grpc-timeout", "1S"}};
  ends_begin(&ends, &usual);
  ends.at_server.answer = false;
  is_num(dc_h2_post(ends.client, "localhost", "/p", headers, 4, &body, &stream, NULL), 0, "a field twice");
  is_num(talk(&ends), 0, "is sent");
  is_text(ends.at_server.text, "POST|/p|two|", "the last one counts");
  is_text(ends.at_server.stream->field[DC_H2_GRPC_TIMEOUT], "1S", "grpc-timeout");
  ok(!ends.at_server.stream->field[DC_H2_GRPC_ENCODING] && !ends.at_server.stream->field[DC_H2_STATUS],
     "absent ones are NULL");
  size_t want = strlen(":methodPOST:schemehttps:path/p:authoritylocalhost") + 4 * 32 +
                2 * (strlen("content-typeone") + 32) + strlen("x-other12345grpc-timeout1S") + 2 * 32;
  is_num(ends.at_server.stream->header_bytes, want, "all are counted, 32 bytes for each added");
}

int main(void) {
  test_call(ROOM);
  test_call(1);
  test_many_calls();
  test_streams();
  test_too_many_streams();
  test_headers_only();
  test_large_answer();
  test_room();
  test_overflow();
  test_header_bytes();
  test_reset_by_client();
  test_reset_race();
  test_reset_flood();
  test_reset_earned();
  test_reset_by_server();
  test_shutdown();
  test_each();
  test_each_reset();
  test_free();
  test_garbage();
  test_goaway();
  test_early_answer();
  test_late_body();
  test_fields();
  return tap_done();
}
