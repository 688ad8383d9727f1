/* SPDX-License-Identifier: Apache-2.0 */
/* Validators: who may ask for which identity. So far `insecure`, which believes any caller (sentry-contract 4). */
#ifndef DC_SENTRY_VALIDATOR_H
#define DC_SENTRY_VALIDATOR_H

#include "rpc/grpc.h"
#include "rpc/messages.h"

/* Sentry's own identity: nobody else is given it. */
struct dc_validator_self {
  const char *trust_domain, *namespace;
};

/* Chooses by the request's number, UNKNOWN meaning the default, and applies it: OK with the trust domain (a heap
 * string) in *TRUST_DOMAIN, or a refusal in REPLY. */
enum dc_grpc_status dc_validator_check(const struct dc_validator_self *self, const struct dc_sign_request *request,
                                       char **trust_domain, struct dc_grpc_reply *reply);

#endif
