/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <time.h>

#include "tap.h"

int main(void) {
  static const struct {
    const char *text;
    int64_t seconds;
  } good[] = {
      {"1970-01-01T00:00:00Z", 0},
      {"2022-04-01T23:43:35Z", 1648856615},
      {"2022-04-02T01:43:35.931825236+02:00", 1648856615},
      {"2000-02-29", 951782400},
      {"2038-01-19T03:14:08Z", INT64_C(2147483648)},
      {"9999-12-31T23:59:59Z", INT64_C(253402300799)},
      {"1969-12-31T23:59:59Z", -1},
  };
  static const char *const bad[] = {"",           "2022",       "2022-13-01", "2022-02-30", "1900-02-29",
                                    "2022-04-01T24:00:00Z", "2022-04-01T23:59:60Z", "2022-04-01T00:00:00",
                                    "2022-04-01 00:00:00Z", "2022-04-01T00:00:00+25:00", "2022-04-01x"};
  for (size_t i = 0; i < DC_COUNT(good); i++) {
    int64_t seconds = 7;
    ok(dc_clock_parse(good[i].text, &seconds, NULL) == 0 && seconds == good[i].seconds, "%s", good[i].text);
  }
  for (size_t i = 0; i < DC_COUNT(bad); i++) {
    int64_t seconds = 7;
    ok(dc_clock_parse(bad[i], &seconds, NULL) == DC_EINVAL && seconds == 7, "refused: \"%s\"", bad[i]);
  }
  /* against the C library, over centuries; that of Windows knows none before 1970 */
#ifdef _WIN32
  const int64_t first = 0;
#else
  const int64_t first = INT64_C(-2208988800);
#endif
  long wrong = 0;
  for (int64_t s = first; s < INT64_C(13569465600); s += 86399 * 7) {
    time_t t = (time_t)s;
    struct tm tm;
    struct dc_civil civil;
    gmtime_r(&t, &tm);
    dc_clock_to_civil(s, &civil);
    wrong += civil.year != tm.tm_year + 1900 || civil.month != tm.tm_mon + 1 || civil.day != tm.tm_mday ||
             civil.hour != tm.tm_hour || civil.minute != tm.tm_min || civil.second != tm.tm_sec ||
             dc_clock_from_civil(&civil) != s;
  }
  is_num(wrong, 0, "civil time is the C library's to 2399");
  wrong = 0;
  for (int64_t s = first; s < INT64_C(13569465600); s += 86399 * 7) {
    time_t t = (time_t)s;
    struct tm tm;
    char want[DC_CLOCK_TEXT_MAX], got[DC_CLOCK_TEXT_MAX];
    gmtime_r(&t, &tm);
    strftime(want, sizeof want, "%a, %d %b %Y %H:%M:%S UTC", &tm);
    wrong += strcmp(dc_clock_rfc1123(s, got), want) != 0;
  }
  is_num(wrong, 0, "and so are the days of the week");
  char buf[DC_CLOCK_TEXT_MAX];
  is_text(dc_clock_rfc3339_ns(INT64_C(1648856615931825236), buf), "2022-04-01T23:43:35.931825236Z", "nanoseconds");
  is_text(dc_clock_rfc3339_ns(INT64_C(1648856615000000000), buf), "2022-04-01T23:43:35.000000000Z", "zeros stay");
  return tap_done();
}
