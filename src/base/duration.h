/* SPDX-License-Identifier: Apache-2.0 */
/* Durations in Go's notation (time.ParseDuration): "24h", "1h30m", "1.5h", "300ms", "-15m", "0". */
#ifndef DC_BASE_DURATION_H
#define DC_BASE_DURATION_H

#include <stdint.h>

#include "base/err.h"

#define DC_SECOND INT64_C(1000000000) /* nanoseconds */
#define DC_MINUTE (60 * DC_SECOND)
#define DC_HOUR (60 * DC_MINUTE)
#define DC_DAY (24 * DC_HOUR)

/* Units ns, us, µs, ms, s, m, h. DC_EINVAL for anything else, and where an int64_t of nanoseconds is too small. */
int dc_duration_parse(const char *text, int64_t *ns, struct dc_err *err) DC_NODISCARD;

enum { DC_DURATION_TEXT_MAX = 40 };
/* As Go prints it: "24h0m0s", "1.5s", "300ms"; returns BUF. */
const char *dc_duration_text(int64_t ns, char *buf);
/* An instant so many SECONDS from now, roughly, for people: "in 320 days", "in 5 hours", "3 days ago", "now"; what it
 * names is over, so that an instant is never nearer than it says. Returns BUF, of the same size. */
const char *dc_duration_from_now(int64_t seconds, char *buf);

#endif
