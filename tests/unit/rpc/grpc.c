/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/grpc.h"

#include <stdlib.h>

#include "base/duration.h"
#include "tap.h"

static const char served[] = "/pkg.Service/Method";

static void test_text(void) {
  static const struct {
    const char *plain, *encoded;
  } rows[] = {
      {"", ""},
      {"plain ASCII ~!\"", "plain ASCII ~!\""},
      {"two\nlines", "two%0Alines"},
      {"100%", "100%25"},
      {"caf\xc3\xa9", "caf%C3%A9"},
      {"\x7f", "%7F"},
  };
  for (size_t i = 0; i < DC_COUNT(rows); i++) {
    struct dc_buf out DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    dc_grpc_encode_text(&out, rows[i].plain);
    is_text(dc_buf_text(&out), rows[i].encoded, "encoded");
    char *back = strdup(rows[i].encoded);
    dc_grpc_decode_text(back);
    is_text(back, rows[i].plain, "decoded");
    free(back);
  }
  struct dc_buf out DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  dc_grpc_encode_text(&out, "a\xff" "b\xe2\x82");
  is_text(dc_buf_text(&out), "a%EF%BF%BDb%EF%BF%BD%EF%BF%BD", "what is no UTF-8 is replaced");
  char odd[] = "%zz %4 %00 %41";
  dc_grpc_decode_text(odd);
  is_text(odd, "%zz %4 %00 A", "a percent sign without two digits, and a NUL, stay");
}

static void test_timeout(void) {
  static const struct {
    const char *text;
    int64_t ns; /* -1: refused */
  } rows[] = {{"1S", DC_SECOND},  {"100m", 100000000}, {"0n", 0},      {"99999999H", INT64_MAX}, {"5M", 5 * DC_MINUTE},
              {"7u", 7000},       {"S", -1},           {"", -1},       {"1s", -1},               {"123456789S", -1},
              {"-1S", -1},        {"1 S", -1},         {"1.5S", -1}};
  for (size_t i = 0; i < DC_COUNT(rows); i++) {
    int64_t ns = -1;
    int rc = dc_grpc_parse_timeout(rows[i].text, &ns, NULL);
    ok(rows[i].ns < 0 ? rc == DC_EINVAL : rc == 0 && ns == rows[i].ns, "timeout \"%s\"", rows[i].text);
  }
}

static void set(struct dc_h2_stream *stream, enum dc_h2_field field, const char *value) {
  free(stream->field[field]);
  stream->field[field] = value ? strdup(value) : NULL;
}

static void test_headers(void) {
  static const struct {
    const char *type, *method, *path, *timeout;
    int status;
    unsigned http;
    const char *text;
  } rows[] = {
      {"application/grpc", "POST", served, NULL, DC_GRPC_OK, 200, ""},
      {"application/grpc+proto", "POST", served, "1S", DC_GRPC_OK, 200, ""},
      {"application/grpc;x", "POST", served, NULL, DC_GRPC_OK, 200, ""},
      {"application/grpcx", "POST", served, NULL, DC_GRPC_INVALID_ARGUMENT, 415,
       "invalid gRPC request content-type \"application/grpcx\""},
      {NULL, "GET", "/", NULL, DC_GRPC_INVALID_ARGUMENT, 415, "invalid gRPC request content-type \"\""},
      {"application/grpc", "GET", served, NULL, DC_GRPC_INTERNAL, 405,
       "Received a HEADERS frame with :method \"GET\" which should be POST"},
      {"application/grpc", "POST", served, "5", DC_GRPC_INTERNAL, 400,
       "malformed grpc-timeout: transport: timeout string is too short: \"5\""},
      {"application/grpc", "POST", served, "0S", DC_GRPC_DEADLINE_EXCEEDED, 200, "context deadline exceeded"},
      {"application/grpc", "POST", "/pkg.Service/Other", NULL, DC_GRPC_UNIMPLEMENTED, 200,
       "unknown method Other for service pkg.Service"},
      {"application/grpc", "POST", "/pkg.Servic/Method", NULL, DC_GRPC_UNIMPLEMENTED, 200,
       "unknown service pkg.Servic"},
      {"application/grpc", "POST", "/a/b/Method", NULL, DC_GRPC_UNIMPLEMENTED, 200, "unknown service a/b"},
      {"application/grpc", "POST", "nothing", NULL, DC_GRPC_UNIMPLEMENTED, 200, "malformed method name: \"nothing\""},
      {"application/grpc", "POST", "/nothing", NULL, DC_GRPC_UNIMPLEMENTED, 200, "malformed method name: \"/nothing\""},
  };
  for (size_t i = 0; i < DC_COUNT(rows); i++) {
    struct dc_h2_stream stream = {.id = 1};
    struct dc_grpc_reply reply = DC_GRPC_REPLY_INIT;
    set(&stream, DC_H2_CONTENT_TYPE, rows[i].type);
    set(&stream, DC_H2_METHOD, rows[i].method);
    set(&stream, DC_H2_PATH, rows[i].path);
    set(&stream, DC_H2_GRPC_TIMEOUT, rows[i].timeout);
    is_num(dc_grpc_check_headers(&stream, served, &reply), rows[i].status, "status of a header block");
    is_num(reply.http_status, rows[i].http, "its HTTP status");
    is_text(reply.text, rows[i].text, "its text");
    for (size_t k = 0; k < DC_H2_FIELDS; k++) free(stream.field[k]);
  }
}

static void test_frames(void) {
  static const struct {
    const char *body;
    size_t n;
    const char *encoding;
    int status;
    const char *text;
  } rows[] = {
      {"\0\0\0\0\2hi", 7, NULL, DC_GRPC_OK, ""},
      {"\0\0\0\0\0", 5, NULL, DC_GRPC_OK, ""},
      {"", 0, NULL, DC_GRPC_INTERNAL, "EOF"},
      {"\0\0\0", 3, NULL, DC_GRPC_INTERNAL, "unexpected EOF"},
      {"\0\0\0\0\3hi", 7, NULL, DC_GRPC_INTERNAL, "unexpected EOF"},
      {"\0\0\0\0\1hi", 7, NULL, DC_GRPC_INTERNAL, "a unary call carries one message, this one has more"},
      {"\1\0\0\0\2hi", 7, NULL, DC_GRPC_INTERNAL, "grpc: compressed flag set with identity or empty encoding"},
      {"\1\0\0\0\2hi", 7, "gzip", DC_GRPC_UNIMPLEMENTED,
       "grpc: Decompressor is not installed for grpc-encoding \"gzip\""},
      {"\2\0\0\0\2hi", 7, NULL, DC_GRPC_INTERNAL, "grpc: received unexpected payload format 2"},
      {"\0\0\0\0\x11", 5, NULL, DC_GRPC_RESOURCE_EXHAUSTED, "grpc: received message larger than max (17 vs. 16)"},
      {"\0\xff\xff\xff\xff", 5, NULL, DC_GRPC_RESOURCE_EXHAUSTED,
       "grpc: received message larger than max (4294967295 vs. 16)"},
  };
  for (size_t i = 0; i < DC_COUNT(rows); i++) {
    struct dc_h2_stream stream = {.id = 1};
    struct dc_grpc_reply reply = DC_GRPC_REPLY_INIT;
    const uint8_t *message = NULL;
    size_t n = 0;
    dc_buf_add(&stream.body, rows[i].body, rows[i].n);
    set(&stream, DC_H2_GRPC_ENCODING, rows[i].encoding);
    is_num(dc_grpc_unframe(&stream, 16, &message, &n, &reply), rows[i].status, "status of a body");
    is_text(reply.text, rows[i].text, "its text");
    if (rows[i].status == DC_GRPC_OK) is_num(n, rows[i].n - 5, "its message");
    dc_buf_free(&stream.body);
    set(&stream, DC_H2_GRPC_ENCODING, NULL);
  }
}

static void test_result(void) {
  static const struct {
    const char *http, *status, *message;
    int want;
    const char *text;
  } rows[] = {
      {"200", "7", "no%0Away", DC_GRPC_PERMISSION_DENIED, "no\nway"},
      {"503", NULL, NULL, DC_GRPC_UNAVAILABLE, "the server answers with HTTP status 503"},
      {"404", NULL, NULL, DC_GRPC_UNIMPLEMENTED, "the server answers with HTTP status 404"},
      {"200", NULL, NULL, DC_GRPC_UNKNOWN, "the answer has no grpc-status: not a gRPC server?"},
      {"200", "99", NULL, DC_GRPC_UNKNOWN, "the answer has a malformed grpc-status"},
      {"200", "7x", NULL, DC_GRPC_UNKNOWN, "the answer has a malformed grpc-status"},
      {"200", "0", NULL, DC_GRPC_INTERNAL, "EOF"},
  };
  for (size_t i = 0; i < DC_COUNT(rows); i++) {
    struct dc_h2_stream stream = {.id = 1};
    char text[DC_ERR_TEXT_MAX];
    const uint8_t *message = NULL;
    size_t n = 0;
    set(&stream, DC_H2_STATUS, rows[i].http);
    set(&stream, DC_H2_GRPC_STATUS, rows[i].status);
    set(&stream, DC_H2_GRPC_MESSAGE, rows[i].message);
    is_num(dc_grpc_result(&stream, &message, &n, text), rows[i].want, "status of an answer");
    is_text(text, rows[i].text, "its text");
    for (size_t k = 0; k < DC_H2_FIELDS; k++) free(stream.field[k]);
  }
}

int main(void) {
  test_text();
  test_timeout();
  test_headers();
  test_frames();
  test_result();
  is_text(dc_grpc_status_name(7), "PERMISSION_DENIED", "a status has a name");
  is_text(dc_grpc_status_name(17), "UNKNOWN", "a number beyond gRPC's has none");
  return tap_done();
}
