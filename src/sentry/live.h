/* SPDX-License-Identifier: Apache-2.0 */
/* The live credentials: the snapshot that the server signs and serves with now, and its replacement while it runs. */
#ifndef DC_SENTRY_LIVE_H
#define DC_SENTRY_LIVE_H

#include "ca/authority.h"
#include "rpc/tls.h"
#include "sentry/sentry.h"

/* Immutable once published. */
struct dc_snapshot {
  struct dc_authority *authority;
  struct dc_token_signer *tokens; /* NULL: no JWTs are issued */
  struct dc_tls_creds *tls;
  struct dc_sentry_policy policy;
  int64_t serving_from, serving_until; /* the serving leaf's validity, seconds since 1970 */
};

struct dc_live;

/* Reads the files of CONFIG, which it borrows, and makes the first snapshot. */
int dc_live_new(const struct dc_sentry_config *config, struct dc_live **out, struct dc_err *err) DC_NODISCARD;
void dc_live_free(struct dc_live *live); /* every snapshot has been given back by then */

/* The current snapshot, with a reference for the caller. Any thread. */
const struct dc_snapshot *dc_live_get(struct dc_live *live);
void dc_snapshot_unref(const struct dc_snapshot *snapshot);

/* Main thread. Reads the credentials again: 1 with a new snapshot, 0 when they are those of the current one; a set that
 * is not good is refused and the current snapshot stays. */
int dc_live_reload(struct dc_live *live, struct dc_err *err) DC_NODISCARD;
/* The same for the policy, by CONFIG's reread. */
int dc_live_reread(struct dc_live *live, struct dc_err *err) DC_NODISCARD;
/* Main thread, every minute or so: a serving leaf past half of its life is made anew. 1 when it was, 0 when not due.
 * Wall-clock: a suspended machine finds it due on its return. */
int dc_live_renew(struct dc_live *live, struct dc_err *err) DC_NODISCARD;

#endif
