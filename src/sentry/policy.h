/* SPDX-License-Identifier: Apache-2.0 */
/* The policy: what the configuration says, with the key set that it names. Immutable, but that the source of a key set
 * may come by a newer set. */
#ifndef DC_SENTRY_POLICY_H
#define DC_SENTRY_POLICY_H

#include "sentry/jwks.h"
#include "sentry/sentry.h"

struct dc_policy {
  struct dc_sentry_policy is;  /* what it points to is the policy's */
  struct dc_buf spiffe_id;     /* sentry's own */
  struct dc_jwks_source *keys; /* of the validator `jwks`; NULL: `insecure` */
};

/* Copies SAID. A key set is made as FETCHING has it, but for what SAID names; where BEFORE (NULL: none) has the same one
 * its source is shared, and where that only had other intervals its last good set is. The refusals of
 * dc_jwks_source_new, and of names that no SPIFFE ID can hold. Main thread. */
int dc_policy_new(const struct dc_sentry_policy *said, const struct dc_policy *before,
                  const struct dc_jwks_source_config *fetching, struct dc_policy **out, struct dc_err *err)
    DC_NODISCARD;
struct dc_policy *dc_policy_ref(struct dc_policy *policy);
void dc_policy_unref(struct dc_policy *policy); /* any thread, as the last one; NULL is fine */
void dc_policy_cleanup(struct dc_policy **policy); /* for DC_CLEANUP */

bool dc_policy_says(const struct dc_policy *policy, const struct dc_sentry_policy *said);

#endif
