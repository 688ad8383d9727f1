/* SPDX-License-Identifier: Apache-2.0 */
/* The JWTs of one answer (sentry-contract 5). */
#ifndef DC_SENTRY_TOKENS_H
#define DC_SENTRY_TOKENS_H

#include "ca/token_signer.h"
#include "rpc/messages.h"

/* Each audience costs a signature, a millisecond or so of RSA: a request may name so many. */
enum { DC_TOKENS_AUDIENCES_MAX = 32 };

/* One token for all audiences, TRUST_DOMAIN first and then the request's, and one for each of them; an audience that is
 * named again is not counted again. LIKE has their subject and times. DC_ELIMIT: more audiences, or longer ones, than a
 * request may name. */
int dc_tokens_make(const struct dc_token_signer *signer, const struct dc_token *like, const char *trust_domain,
                   const struct dc_sign_request *request, struct dc_sign_tokens *out, struct dc_err *err) DC_NODISCARD;

#endif
