/* SPDX-License-Identifier: Apache-2.0 */
/* The method: a SignCertificate request in, a reply out. No socket, no state of its own: any thread may call it. */
#ifndef DC_SENTRY_SERVICE_H
#define DC_SENTRY_SERVICE_H

#include "rpc/grpc.h"
#include "sentry/live.h"

/* Where a call comes from: for logs. */
struct dc_service_origin {
  const char *peer;    /* "127.0.0.1:40312" */
  const char *request; /* its id: the connection's number and the stream's, "17.3" */
};

/* MESSAGE (N bytes) is the protobuf request; REPLY is filled with the answer, by the order of checks, codes and texts
 * of sentry-contract section 2. False: there is none yet; the same call is to be made again at dc_conn_retry. */
bool dc_service_sign(struct dc_live *live, const struct dc_sentry_config *config,
                     const struct dc_service_origin *origin, const uint8_t *message, size_t n,
                     struct dc_grpc_reply *reply);

#endif
