/* SPDX-License-Identifier: Apache-2.0 */
/* Log records of what a stranger can bring about as often as he likes: of each kind some a minute are written as they
 * are, the rest is counted and told by one record when the minute is over, so that nobody can fill a disk with them. */
#ifndef DC_SENTRY_FLOOD_H
#define DC_SENTRY_FLOOD_H

#include <stdint.h>

#include "base/err.h"

enum { DC_FLOOD_A_MINUTE = 10, DC_FLOOD_MINUTE_MS = 60000 };

enum dc_flood {
  DC_FLOOD_NO_DESCRIPTOR, /* connections turned away: none is left */
  DC_FLOOD_BUSY,          /* connections turned away: too many calls */
  DC_FLOOD_UNSERVED,      /* connections that could not be served */
  DC_FLOOD_UNANSWERED,    /* calls that could not be answered */
  DC_FLOOD_UNSIGNED,      /* certificates that could not be signed */
  DC_FLOOD_UNAUDITED,     /* certificates without a line in the audit log */
  DC_FLOOD_HOST,          /* requests by a host name that is not allowed */
  DC_FLOODS,
};

/* A record of that kind, or one more that is counted. Any thread. */
void dc_flood_log(enum dc_flood kind, const char *fmt, ...) DC_PRINTF(2, 3);
/* Tells what was counted in minutes that are over at NOW (ms, monotonic; INT64_MAX: in all). */
void dc_flood_tick(int64_t now);

#endif
