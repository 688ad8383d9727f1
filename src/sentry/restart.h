/* SPDX-License-Identifier: Apache-2.0 */
/* Who has to be restarted, and by when: a sidecar keeps the anchors that it was started with, so one that does not know
 * the newest root stops believing it when the old root, or its cross-certificate, has ended (sentry-contract 11). */
#ifndef DC_SENTRY_RESTART_H
#define DC_SENTRY_RESTART_H

#include "ca/authority.h"
#include "config/state.h"

/* The INDEXth warning (from 0) that is due at NOW (DC_EXPIRY_WARN_DAYS before such an end, and for as long after it),
 * appended to OUT. STATE is the directory's. *SINCE (may be NULL) tells before when a sidecar must have been started for
 * it to be meant. False when there are no more. */
bool dc_restart_warning(const struct dc_authority *authority, const struct dc_state *state, int64_t now, size_t index,
                        int64_t *since, struct dc_buf *out);

enum { DC_RESTART_NAMES_MAX = 20 };
/* The identities to which the audit log PATH has given a certificate before SINCE, and none after it, appended to OUT
 * with ", " between them, the first DC_RESTART_NAMES_MAX in the order of their names; *COUNT of them there are. Lines that
 * are none of the log's are passed over. */
int dc_restart_silent(const char *path, int64_t since, size_t *count, struct dc_buf *out, struct dc_err *err)
    DC_NODISCARD;

#endif
