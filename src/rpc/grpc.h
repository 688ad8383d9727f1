/* SPDX-License-Identifier: Apache-2.0 */
/* gRPC over HTTP/2: status codes, framing, the checks that grpc-go's server makes before a method sees its request.
 * Codes and texts are grpc-go's (1.82), since clients of the original see those. */
#ifndef DC_RPC_GRPC_H
#define DC_RPC_GRPC_H

#include "rpc/h2.h"

enum dc_grpc_status {
  DC_GRPC_OK = 0,
  DC_GRPC_CANCELLED = 1,
  DC_GRPC_UNKNOWN = 2,
  DC_GRPC_INVALID_ARGUMENT = 3,
  DC_GRPC_DEADLINE_EXCEEDED = 4,
  DC_GRPC_NOT_FOUND = 5,
  DC_GRPC_ALREADY_EXISTS = 6,
  DC_GRPC_PERMISSION_DENIED = 7,
  DC_GRPC_RESOURCE_EXHAUSTED = 8,
  DC_GRPC_FAILED_PRECONDITION = 9,
  DC_GRPC_ABORTED = 10,
  DC_GRPC_OUT_OF_RANGE = 11,
  DC_GRPC_UNIMPLEMENTED = 12,
  DC_GRPC_INTERNAL = 13,
  DC_GRPC_UNAVAILABLE = 14,
  DC_GRPC_DATA_LOSS = 15,
  DC_GRPC_UNAUTHENTICATED = 16,
};
/* "PERMISSION_DENIED"; "UNKNOWN" for a number that gRPC does not have. */
const char *dc_grpc_status_name(int status);

/* What a call is answered with. MESSAGE is the bare protobuf message, used when status is OK. */
struct dc_grpc_reply {
  enum dc_grpc_status status;
  unsigned http_status; /* 200 but for requests that are no gRPC */
  char text[DC_ERR_TEXT_MAX];
  struct dc_buf message;
};
#define DC_GRPC_REPLY_INIT {.status = DC_GRPC_OK, .http_status = 200}
/* Sets code and text; returns the code. */
enum dc_grpc_status dc_grpc_refuse(struct dc_grpc_reply *reply, enum dc_grpc_status status, const char *fmt, ...)
    DC_PRINTF(3, 4);
void dc_grpc_reply_free(struct dc_grpc_reply *reply);

/* Server, when a request's headers are complete: OK, or a refusal in REPLY (content type, method, timeout, path).
 * METHOD_PATH is the one method served, "/package.Service/Method". */
enum dc_grpc_status dc_grpc_check_headers(const struct dc_h2_stream *stream, const char *method_path,
                                          struct dc_grpc_reply *reply);
/* Server, as the body grows: refuses a declared length over MAX at once. */
enum dc_grpc_status dc_grpc_check_length(const struct dc_h2_stream *stream, size_t max, struct dc_grpc_reply *reply);
/* Server, when the request is whole: finds the one message in its body (borrowed from the stream). */
enum dc_grpc_status dc_grpc_unframe(const struct dc_h2_stream *stream, size_t max, const uint8_t **message, size_t *n,
                                    struct dc_grpc_reply *reply);
/* Server: sends REPLY on STREAM and empties its message. */
int dc_grpc_reply(struct dc_h2_stream *stream, struct dc_grpc_reply *reply, struct dc_err *err) DC_NODISCARD;

/* Client: POSTs MESSAGE, with a timeout in milliseconds told to the server (0: none). */
int dc_grpc_call(struct dc_h2 *h2, const char *authority, const char *method_path, const void *message, size_t n,
                 int64_t timeout_ms, struct dc_h2_stream **stream, struct dc_err *err) DC_NODISCARD;
/* Client, when the response is whole: status and text, and on OK the message (borrowed from the stream). What is no
 * gRPC answer becomes a status by gRPC's table for HTTP codes. */
enum dc_grpc_status dc_grpc_result(const struct dc_h2_stream *stream, const uint8_t **message, size_t *n,
                                   char text[static DC_ERR_TEXT_MAX]);

/* grpc-message's percent-encoding: printable ASCII but '%' as it is; other bytes %XX; what is no UTF-8 as U+FFFD. */
void dc_grpc_encode_text(struct dc_buf *out, const char *text);
/* The reverse; a '%' without two hex digits stands for itself. TEXT is changed in place. */
void dc_grpc_decode_text(char *text);
/* "100m" and the like to nanoseconds: at most 8 digits and a unit of H M S m u n. */
int dc_grpc_parse_timeout(const char *text, int64_t *ns, struct dc_err *err) DC_NODISCARD;

#endif
