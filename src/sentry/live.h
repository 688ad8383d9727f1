/* SPDX-License-Identifier: Apache-2.0 */
/* The live credentials: the snapshot that the server signs and serves with now, and its replacement while it runs. */
#ifndef DC_SENTRY_LIVE_H
#define DC_SENTRY_LIVE_H

#include "ca/authority.h"
#include "rpc/tls.h"
#include "sentry/policy.h"

/* Immutable once published. */
struct dc_snapshot {
  struct dc_authority *authority;
  struct dc_token_signer *tokens; /* NULL: no JWTs are issued */
  struct dc_tls_creds *tls;
  struct dc_policy *policy;
  int64_t serving_from, serving_until; /* the serving leaf's validity, seconds since 1970 */
};

struct dc_live;

/* Reads the files of CONFIG, which it borrows, and makes the first snapshot. */
int dc_live_new(const struct dc_sentry_config *config, struct dc_live **out, struct dc_err *err) DC_NODISCARD;
void dc_live_free(struct dc_live *live); /* every snapshot has been given back by then */

/* Main thread, as all that follows but dc_live_get and dc_snapshot_unref: begins to fetch the key set where it is at a
 * URL, on UV. From here on CHANGED is told of another policy, and of fetches that have ended, whatever came of them. */
int dc_live_start(struct dc_live *live, uv_loop_t *uv, void (*changed)(void *user), void *user, struct dc_err *err)
    DC_NODISCARD;
/* Ends that; UV must run until what is on it is closed. NULL is fine. */
void dc_live_stop(struct dc_live *live);
/* Whether calls can be judged: no key set is wanted, or one is there. */
bool dc_live_has_keys(const struct dc_live *live);

/* The current snapshot, with a reference for the caller. Any thread. */
const struct dc_snapshot *dc_live_get(struct dc_live *live);
void dc_snapshot_unref(const struct dc_snapshot *snapshot);

/* The current limits, until something is read again. */
const struct dc_limits *dc_live_limits(const struct dc_live *live);

/* Reads the credentials again: 1 with a new snapshot, 0 when they are those of the current one; a set that
 * is not good is refused and the current snapshot stays. */
int dc_live_reload(struct dc_live *live, struct dc_err *err) DC_NODISCARD;
/* The same for the policy, by CONFIG's reread. A key set that it names is loaded first, and begins to be fetched. */
int dc_live_reread(struct dc_live *live, struct dc_err *err) DC_NODISCARD;
/* The same for the file of the key set, where it is one. */
int dc_live_reload_keys(struct dc_live *live, struct dc_err *err) DC_NODISCARD;
/* That file, until the next policy; NULL: there is none. */
const char *dc_live_keys_file(const struct dc_live *live);
/* The file that the policy which was refused last may want, until dc_live_reread; NULL: none. */
const char *dc_live_wanted_file(const struct dc_live *live);
/* Every minute or so: a serving leaf past half of its life is made anew. 1 when it was, 0 when not due.
 * Wall-clock: a suspended machine finds it due on its return. */
int dc_live_renew(struct dc_live *live, struct dc_err *err) DC_NODISCARD;

/* dc_sentry_check of the parts that are loaded here. */
int dc_live_check(const struct dc_sentry_config *config, enum dc_sentry_part part, struct dc_err *err) DC_NODISCARD;

#endif
