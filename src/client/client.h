/* SPDX-License-Identifier: Apache-2.0 */
/* The calling side of SignCertificate: asks a running sentry, ours or Dapr's, as a sidecar does. Blocking. */
#ifndef DC_CLIENT_CLIENT_H
#define DC_CLIENT_CLIENT_H

#include "pki/bundle.h"
#include "rpc/messages.h"

/* A sidecar's manners (daprd 1.18): so many attempts of so long each, a short pause between them, and only for what
 * may pass: UNAVAILABLE, RESOURCE_EXHAUSTED, its own time-out. */
enum { DC_CLIENT_ATTEMPTS = 5, DC_CLIENT_ATTEMPT_MS = 3000, DC_CLIENT_PAUSE_MS = 50 };

/* Everything is borrowed. */
struct dc_client_config {
  const char *address;            /* "localhost:50001", "[::1]:50001", "10.0.0.1:50001" */
  const struct dc_bundle *anchors; /* what the server's chain must lead to */
  const char *server_id;          /* the SPIFFE ID that it must bear */
  int64_t attempts;
  int64_t attempt_ms;
};

/* DC_EINVAL: the address; DC_EUNAVAIL: nobody there, or a server that says UNAVAILABLE; DC_ETIMEOUT; DC_EMISMATCH: its
 * certificate does not lead to the anchors, or names somebody else; DC_EDENIED: refused by the server, with its text;
 * DC_EPROTO: no gRPC server. The text is for people and says what to do. */
int dc_client_sign(const struct dc_client_config *config, const struct dc_sign_request *request,
                   struct dc_sign_response *response, struct dc_err *err) DC_NODISCARD;

#endif
