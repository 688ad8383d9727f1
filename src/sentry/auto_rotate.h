/* SPDX-License-Identifier: Apache-2.0 */
/* --auto-rotate: `daprcerts rotate` as a child, before the start and from then on each hour, or as often as a hundredth of
 * the issuer's life passes where that is less.
 * The server itself holds no root's key; what the child publishes is noticed like any other change. */
#ifndef DC_SENTRY_AUTO_ROTATE_H
#define DC_SENTRY_AUTO_ROTATE_H

#include <uv.h>

#include "sentry/live.h"

/* One run, waited for: before the credentials are loaded, since an issuer that has ended is not taken. Whether it met
 * another program at its work, for CONFIG's rotate_met_other. */
bool dc_auto_rotate_first(const struct dc_sentry_config *config);

struct dc_auto_rotate;

/* CONFIG's directory, by CONFIG's rotate_program; both are borrowed, and so is LIVE, which tells who sentry is. */
int dc_auto_rotate_new(uv_loop_t *uv, const struct dc_sentry_config *config, struct dc_live *live,
                       struct dc_auto_rotate **out, struct dc_err *err) DC_NODISCARD;
/* Each second or so: begins a run when it is time, by the wall clock. NULL is fine. */
void dc_auto_rotate_tick(struct dc_auto_rotate *rotate);
/* The next tick begins one. NULL is fine. */
void dc_auto_rotate_now(struct dc_auto_rotate *rotate);
/* Ends a run under way: the directory has the old set or the new one all the same. Freed when the loop has let go of
 * it. NULL is fine. */
void dc_auto_rotate_close(struct dc_auto_rotate *rotate);

#endif
