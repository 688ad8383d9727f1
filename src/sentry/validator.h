/* SPDX-License-Identifier: Apache-2.0 */
/* Validators: who may ask for which identity (sentry-contract 4). `insecure` believes any caller, within what
 * daprcerts.conf allows; `jwks` wants a token that a key of a set has signed. */
#ifndef DC_SENTRY_VALIDATOR_H
#define DC_SENTRY_VALIDATOR_H

#include "rpc/grpc.h"
#include "rpc/messages.h"
#include "sentry/policy.h"

enum dc_verdict {
  DC_VERDICT_GRANTED,
  DC_VERDICT_REFUSED, /* the reply says why */
  DC_VERDICT_WAIT,    /* the key set is not here yet, or a fresher one is being fetched: to be asked again then */
};

/* The request's number, or the default's when it says UNKNOWN. */
int32_t dc_validator_choose(const struct dc_policy *policy, const struct dc_sign_request *request);
/* Applies WHICH; once granted the trust domain (a heap string) is in *TRUST_DOMAIN. Any thread. */
enum dc_verdict dc_validator_check(const struct dc_policy *policy, int32_t which,
                                   const struct dc_sign_request *request, char **trust_domain,
                                   struct dc_grpc_reply *reply);

#endif
