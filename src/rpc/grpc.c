/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "rpc/grpc.h"

#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "base/utf8.h"

enum { PREFIX_LEN = 5, TIMEOUT_TEXT_MAX = 9 };
static const char content_type[] = "application/grpc";

const char *dc_grpc_status_name(int status) {
  static const char *const names[] = {
      [DC_GRPC_OK] = "OK",
      [DC_GRPC_CANCELLED] = "CANCELLED",
      [DC_GRPC_UNKNOWN] = "UNKNOWN",
      [DC_GRPC_INVALID_ARGUMENT] = "INVALID_ARGUMENT",
      [DC_GRPC_DEADLINE_EXCEEDED] = "DEADLINE_EXCEEDED",
      [DC_GRPC_NOT_FOUND] = "NOT_FOUND",
      [DC_GRPC_ALREADY_EXISTS] = "ALREADY_EXISTS",
      [DC_GRPC_PERMISSION_DENIED] = "PERMISSION_DENIED",
      [DC_GRPC_RESOURCE_EXHAUSTED] = "RESOURCE_EXHAUSTED",
      [DC_GRPC_FAILED_PRECONDITION] = "FAILED_PRECONDITION",
      [DC_GRPC_ABORTED] = "ABORTED",
      [DC_GRPC_OUT_OF_RANGE] = "OUT_OF_RANGE",
      [DC_GRPC_UNIMPLEMENTED] = "UNIMPLEMENTED",
      [DC_GRPC_INTERNAL] = "INTERNAL",
      [DC_GRPC_UNAVAILABLE] = "UNAVAILABLE",
      [DC_GRPC_DATA_LOSS] = "DATA_LOSS",
      [DC_GRPC_UNAUTHENTICATED] = "UNAUTHENTICATED",
  };
  return status >= 0 && (size_t)status < DC_COUNT(names) ? names[status] : "UNKNOWN";
}

enum dc_grpc_status dc_grpc_refuse(struct dc_grpc_reply *reply, enum dc_grpc_status status, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  vsnprintf(reply->text, sizeof reply->text, fmt, args);
  va_end(args);
  reply->status = status;
  return status;
}

void dc_grpc_reply_free(struct dc_grpc_reply *reply) {
  if (reply) dc_buf_free(&reply->message);
}

/* --- what is and is not a gRPC request ---------------------------------------------------------------------------- */

/* "application/grpc", alone or followed by '+' or ';': grpc-go's ContentSubtype. */
static bool is_grpc_type(const char *type) {
  size_t n = sizeof content_type - 1;
  if (!type || strncasecmp(type, content_type, n) != 0) return false;
  return type[n] == '\0' || type[n] == '+' || type[n] == ';';
}

static const struct {
  char letter;
  int64_t ns;
} timeout_units[] = {{'H', DC_HOUR}, {'M', DC_MINUTE}, {'S', DC_SECOND}, {'m', 1000000}, {'u', 1000}, {'n', 1}};

int dc_grpc_parse_timeout(const char *text, int64_t *ns, struct dc_err *err) {
  size_t n = strlen(text);
  if (n < 2) return dc_err_set(err, DC_EINVAL, "transport: timeout string is too short: \"%s\"", text);
  if (n > TIMEOUT_TEXT_MAX) return dc_err_set(err, DC_EINVAL, "transport: timeout string is too long: \"%.32s\"", text);
  int64_t unit = 0;
  for (size_t i = 0; i < DC_COUNT(timeout_units); i++)
    if (timeout_units[i].letter == text[n - 1]) unit = timeout_units[i].ns;
  if (!unit) return dc_err_set(err, DC_EINVAL, "transport: timeout unit is not recognized: \"%s\"", text);
  int64_t value = 0;
  for (size_t i = 0; i < n - 1; i++) {
    if (text[i] < '0' || text[i] > '9')
      return dc_err_set(err, DC_EINVAL, "strconv.ParseUint: parsing \"%.*s\": invalid syntax", (int)(n - 1), text);
    value = value * 10 + (text[i] - '0');
  }
  *ns = value > INT64_MAX / unit ? INT64_MAX : value * unit;
  return 0;
}

/* "/pkg.Service/Method" against the method served, in grpc-go's words. */
static enum dc_grpc_status check_path(const char *path, const char *served, struct dc_grpc_reply *reply) {
  if (strcmp(path, served) == 0) return DC_GRPC_OK;
  const char *slash = strrchr(path, '/');
  if (path[0] != '/' || slash == path)
    return dc_grpc_refuse(reply, DC_GRPC_UNIMPLEMENTED, "malformed method name: \"%s\"", path);
  size_t service_len = (size_t)(slash - path - 1);
  const char *served_slash = strrchr(served, '/');
  bool known = service_len == (size_t)(served_slash - served - 1) && strncmp(path, served, service_len + 1) == 0;
  if (!known) return dc_grpc_refuse(reply, DC_GRPC_UNIMPLEMENTED, "unknown service %.*s", (int)service_len, path + 1);
  return dc_grpc_refuse(reply, DC_GRPC_UNIMPLEMENTED, "unknown method %s for service %.*s", slash + 1,
                        (int)service_len, path + 1);
}

enum dc_grpc_status dc_grpc_check_headers(const struct dc_h2_stream *stream, const char *method_path,
                                          struct dc_grpc_reply *reply) {
  const char *type = stream->field[DC_H2_CONTENT_TYPE];
  const char *method = stream->field[DC_H2_METHOD];
  const char *timeout = stream->field[DC_H2_GRPC_TIMEOUT];
  struct dc_err err = DC_ERR_INIT;
  int64_t ns = 1;
  if (!is_grpc_type(type)) {
    reply->http_status = 415;
    return dc_grpc_refuse(reply, DC_GRPC_INVALID_ARGUMENT, "invalid gRPC request content-type \"%s\"",
                          type ? type : "");
  }
  if (timeout && dc_grpc_parse_timeout(timeout, &ns, &err)) {
    reply->http_status = 400;
    return dc_grpc_refuse(reply, DC_GRPC_INTERNAL, "malformed grpc-timeout: %s", err.text);
  }
  if (!method || strcmp(method, "POST") != 0) {
    reply->http_status = 405;
    return dc_grpc_refuse(reply, DC_GRPC_INTERNAL, "Received a HEADERS frame with :method \"%s\" which should be POST",
                          method ? method : "");
  }
  if (ns == 0) return dc_grpc_refuse(reply, DC_GRPC_DEADLINE_EXCEEDED, "context deadline exceeded");
  return check_path(stream->field[DC_H2_PATH] ? stream->field[DC_H2_PATH] : "", method_path, reply);
}

/* --- framing ------------------------------------------------------------------------------------------------------ */

static uint32_t read_length(const uint8_t *prefix) {
  return (uint32_t)prefix[1] << 24 | (uint32_t)prefix[2] << 16 | (uint32_t)prefix[3] << 8 | prefix[4];
}

static void add_frame(struct dc_buf *out, const void *message, size_t n) {
  const unsigned char prefix[PREFIX_LEN] = {0, (unsigned char)(n >> 24), (unsigned char)(n >> 16),
                                            (unsigned char)(n >> 8), (unsigned char)n};
  dc_buf_add(out, prefix, sizeof prefix);
  dc_buf_add(out, message, n);
}

enum dc_grpc_status dc_grpc_check_length(const struct dc_h2_stream *stream, size_t max, struct dc_grpc_reply *reply) {
  if (stream->body.len < PREFIX_LEN) return DC_GRPC_OK;
  uint32_t declared = read_length(stream->body.data);
  if (declared <= max) return DC_GRPC_OK;
  return dc_grpc_refuse(reply, DC_GRPC_RESOURCE_EXHAUSTED,
                        "grpc: received message larger than max (%" PRIu32 " vs. %zu)", declared, max);
}

enum dc_grpc_status dc_grpc_unframe(const struct dc_h2_stream *stream, size_t max, const uint8_t **message, size_t *n,
                                    struct dc_grpc_reply *reply) {
  const uint8_t *body = stream->body.data;
  size_t len = stream->body.len;
  const char *encoding = stream->field[DC_H2_GRPC_ENCODING];
  if (len == 0) return dc_grpc_refuse(reply, DC_GRPC_INTERNAL, "EOF");
  if (len < PREFIX_LEN) return dc_grpc_refuse(reply, DC_GRPC_INTERNAL, "unexpected EOF");
  if (dc_grpc_check_length(stream, max, reply)) return reply->status;
  if (body[0] == 1 && (!encoding || strcmp(encoding, "identity") == 0))
    return dc_grpc_refuse(reply, DC_GRPC_INTERNAL, "grpc: compressed flag set with identity or empty encoding");
  if (body[0] == 1)
    return dc_grpc_refuse(reply, DC_GRPC_UNIMPLEMENTED,
                          "grpc: Decompressor is not installed for grpc-encoding \"%s\"", encoding);
  if (body[0] != 0)
    return dc_grpc_refuse(reply, DC_GRPC_INTERNAL, "grpc: received unexpected payload format %d", body[0]);
  uint32_t declared = read_length(body);
  if (declared > len - PREFIX_LEN) return dc_grpc_refuse(reply, DC_GRPC_INTERNAL, "unexpected EOF");
  if (declared < len - PREFIX_LEN)
    return dc_grpc_refuse(reply, DC_GRPC_INTERNAL, "a unary call carries one message, this one has more");
  *message = body + PREFIX_LEN;
  *n = declared;
  return DC_GRPC_OK;
}

int dc_grpc_reply(struct dc_h2_stream *stream, struct dc_grpc_reply *reply, struct dc_err *err) {
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_buf body DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  char status[4];
  snprintf(status, sizeof status, "%d", (int)reply->status);
  dc_grpc_encode_text(&text, reply->text);
  if (reply->status == DC_GRPC_OK) add_frame(&body, reply->message.data, reply->message.len);
  dc_buf_clear(&reply->message);
  int rc = dc_buf_check(&text, err);
  if (!rc) rc = dc_buf_check(&body, err);
  if (rc) return rc;
  const struct dc_h2_header headers[] = {{"content-type", content_type}};
  const struct dc_h2_header trailers[] = {{"grpc-status", status}, {"grpc-message", dc_buf_text(&text)}};
  return dc_h2_reply(stream, reply->http_status, headers, DC_COUNT(headers), &body, trailers, DC_COUNT(trailers), err);
}

/* --- the calling side --------------------------------------------------------------------------------------------- */

/* The smallest unit in which the timeout fits into eight digits. */
static void timeout_text(int64_t ms, char *buf, size_t size) {
  int64_t value = ms < 1 ? 1 : ms;
  if (value <= 99999999)
    snprintf(buf, size, "%" PRId64 "m", value);
  else
    snprintf(buf, size, "%" PRId64 "S", value / 1000 > 99999999 ? INT64_C(99999999) : value / 1000);
}

int dc_grpc_call(struct dc_h2 *h2, const char *authority, const char *method_path, const void *message, size_t n,
                 int64_t timeout_ms, struct dc_h2_stream **stream, struct dc_err *err) {
  struct dc_buf body DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  char timeout[24] = "";
  struct dc_h2_header headers[] = {
      {"content-type", content_type}, {"te", "trailers"}, {"user-agent", "daprcerts"}, {"grpc-timeout", timeout}};
  size_t count = DC_COUNT(headers) - (timeout_ms > 0 ? 0 : 1);
  if (timeout_ms > 0) timeout_text(timeout_ms, timeout, sizeof timeout);
  add_frame(&body, message, n);
  int rc = dc_buf_check(&body, err);
  return rc ? rc : dc_h2_post(h2, authority, method_path, headers, count, &body, stream, err);
}

/* gRPC's "HTTP to gRPC status code mapping". */
static enum dc_grpc_status status_of_http(int http) {
  switch (http) {
    case 400: return DC_GRPC_INTERNAL;
    case 401: return DC_GRPC_UNAUTHENTICATED;
    case 403: return DC_GRPC_PERMISSION_DENIED;
    case 404: return DC_GRPC_UNIMPLEMENTED;
    case 429:
    case 502:
    case 503:
    case 504: return DC_GRPC_UNAVAILABLE;
    default: return DC_GRPC_UNKNOWN;
  }
}

static enum dc_grpc_status result_text(enum dc_grpc_status status, char text[static DC_ERR_TEXT_MAX], const char *what,
                                       const char *detail) {
  snprintf(text, DC_ERR_TEXT_MAX, "%s%s", what, detail);
  return status;
}

enum dc_grpc_status dc_grpc_result(const struct dc_h2_stream *stream, const uint8_t **message, size_t *n,
                                   char text[static DC_ERR_TEXT_MAX]) {
  const char *http = stream->field[DC_H2_STATUS], *status = stream->field[DC_H2_GRPC_STATUS];
  text[0] = '\0';
  if (!status) {
    if (!http || strcmp(http, "200") != 0)
      return result_text(status_of_http(http ? atoi(http) : 0), text, "the server answers with HTTP status ",
                         http ? http : "none");
    return result_text(DC_GRPC_UNKNOWN, text, "the answer has no grpc-status: not a gRPC server?", "");
  }
  char *end = NULL;
  long code = strtol(status, &end, 10);
  if (*end != '\0' || end == status || code < 0 || code > DC_GRPC_UNAUTHENTICATED)
    return result_text(DC_GRPC_UNKNOWN, text, "the answer has a malformed grpc-status", "");
  if (code != DC_GRPC_OK) {
    snprintf(text, DC_ERR_TEXT_MAX, "%s", stream->field[DC_H2_GRPC_MESSAGE] ? stream->field[DC_H2_GRPC_MESSAGE] : "");
    dc_grpc_decode_text(text);
    return (enum dc_grpc_status)code;
  }
  struct dc_grpc_reply reply = DC_GRPC_REPLY_INIT;
  if (dc_grpc_unframe(stream, SIZE_MAX, message, n, &reply)) return result_text(reply.status, text, reply.text, "");
  return DC_GRPC_OK;
}

/* --- grpc-message ------------------------------------------------------------------------------------------------- */

void dc_grpc_encode_text(struct dc_buf *out, const char *text) {
  const uint8_t *s = (const uint8_t *)text, *end = s + strlen(text);
  while (s < end) {
    size_t n = dc_utf8_length(s, (size_t)(end - s));
    if (n == 0) {
      dc_buf_add_text(out, "%EF%BF%BD");
      s++;
      continue;
    }
    for (size_t i = 0; i < n; i++, s++) {
      if (*s >= ' ' && *s <= '~' && *s != '%')
        dc_buf_add_byte(out, *s);
      else
        dc_buf_printf(out, "%%%02X", *s);
    }
  }
}

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void dc_grpc_decode_text(char *text) {
  char *to = text;
  for (const char *from = text; *from; from++) {
    int high = from[0] == '%' ? hex_digit(from[1]) : -1;
    int low = high >= 0 ? hex_digit(from[2]) : -1;
    if (low >= 0 && (high || low)) { /* a NUL would end the text */
      *to++ = (char)(high << 4 | low);
      from += 2;
    } else {
      *to++ = *from;
    }
  }
  *to = '\0';
}
