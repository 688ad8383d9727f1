/* SPDX-License-Identifier: Apache-2.0 */
/* Time. Wall-clock instants are seconds since 1970-01-01T00:00:00Z in an int64_t, so that certificates beyond 2038
 * are no trouble; measured spans come from the monotonic clock. */
#ifndef DC_BASE_CLOCK_H
#define DC_BASE_CLOCK_H

#include <stdint.h>

#include "base/err.h"

enum { DC_CLOCK_TEXT_MAX = 40 };

int64_t dc_clock_wall(void);
int64_t dc_clock_wall_ns(void);
int64_t dc_clock_mono_ms(void);
int64_t dc_clock_mono_ns(void);

/* "2022-04-01T23:43:35Z" (RFC 3339, UTC). BUF has DC_CLOCK_TEXT_MAX bytes; returns BUF. An instant outside of the
 * years 0 to 9999 is shown as the nearest within. */
const char *dc_clock_rfc3339(int64_t seconds, char *buf);
/* The same with nine digits of nanoseconds, trailing zeros kept. */
const char *dc_clock_rfc3339_ns(int64_t ns, char *buf);
/* "Mon, 04 Apr 2022 15:01:03 UTC", as Go's time.RFC1123 has it. */
const char *dc_clock_rfc1123(int64_t seconds, char *buf);
/* RFC 3339 with any offset, or a date alone (YYYY-MM-DD, midnight UTC). A fraction of a second is dropped; leap seconds
 * are refused, as Go does. */
int dc_clock_parse(const char *text, int64_t *seconds, struct dc_err *err) DC_NODISCARD;

/* Civil time in UTC, proleptic Gregorian, years 0 to 9999: to_civil gives the nearest instant of those; from_civil
 * expects a month of 1 to 12 and carries the other fields over ("day 0" is the last of the month before). */
struct dc_civil {
  int year, month, day, hour, minute, second; /* month and day from 1 */
};
void dc_clock_to_civil(int64_t seconds, struct dc_civil *civil);
int64_t dc_clock_from_civil(const struct dc_civil *civil);

#endif
