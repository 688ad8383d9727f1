/* SPDX-License-Identifier: Apache-2.0 */
/* A running sentry asked to sign, through the private program daprcerts-request. */
#ifndef DC_TOOLS_ASK_H
#define DC_TOOLS_ASK_H

#include "base/buf.h"

/* Everything is borrowed; NULL where not given. */
struct dc_ask {
  const char *argv0;         /* of the running program, to find the other one */
  const char *sentry;        /* HOST:PORT */
  const char *server_id;     /* the SPIFFE ID that it must bear */
  const char *trust_anchors; /* a file; NULL: $DAPR_TRUST_ANCHORS, which holds them */
  const char *token_file;
  const char *id, *ns, *trust_domain; /* what is asked for */
};

/* Sends the request (PEM) and appends the chain (PEM) that comes back. DC_EUNSUPPORTED: the program is not installed;
 * else DC_EDENIED with what it said. */
int dc_ask_sign(const struct dc_ask *ask, const struct dc_buf *csr, struct dc_buf *chain, struct dc_err *err)
    DC_NODISCARD;

#endif
