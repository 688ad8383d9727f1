/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/2 frames of a client, as they come out of TLS, with the gRPC checks behind: no call is answered twice, nothing
 * outlives its stream. */
#include <stdlib.h>

#include "rpc/grpc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_whole(struct dc_h2_stream *stream, void *user) {
  struct dc_grpc_reply reply = DC_GRPC_REPLY_INIT;
  const uint8_t *message = NULL;
  size_t n = 0;
  (void)user;
  if (stream->answered) abort();
  if (dc_grpc_check_headers(stream, "/a.B/C", &reply) == DC_GRPC_OK &&
      dc_grpc_unframe(stream, 1024, &message, &n, &reply) == DC_GRPC_OK)
    dc_buf_add(&reply.message, message, n);
  (void)!dc_grpc_reply(stream, &reply, NULL);
  dc_grpc_reply_free(&reply);
}

static void on_data(struct dc_h2_stream *stream, void *user) {
  struct dc_grpc_reply reply = DC_GRPC_REPLY_INIT;
  (void)user;
  if (stream->body.len > 2048) abort();
  if (dc_grpc_check_length(stream, 1024, &reply)) (void)!dc_grpc_reply(stream, &reply, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const struct dc_h2_events events = {.whole = on_whole, .data = on_data};
  static const struct dc_h2_limits limits = {
      .max_streams = 8, .max_header_bytes = 1024, .max_body_bytes = 2048, .max_resets = 8};
  struct dc_buf out DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_h2 *h2 = NULL;
  if (dc_h2_new(DC_H2_SERVER, &limits, &events, NULL, &h2, NULL)) return 0;
  for (size_t at = 0; at < size; at += 100) {
    if (dc_h2_recv(h2, data + at, size - at < 100 ? size - at : 100, NULL)) break;
    dc_buf_clear(&out);
    if (dc_h2_send(h2, &out, 4096, NULL)) break;
  }
  dc_h2_free(h2);
  return 0;
}
