/* SPDX-License-Identifier: Apache-2.0 */
#include "base/duration.h"

#include "tap.h"

int main(void) {
  /* Go's time.ParseDuration on the same texts; INT64_MIN + 1 stands for "refused" */
  enum { REFUSED = 1 };
  static const struct {
    const char *text;
    int64_t ns;
    int refused;
  } rows[] = {
      {"0", 0, 0}, {"24h", DC_DAY, 0}, {"1h30m", 90 * DC_MINUTE, 0}, {"1.5h", 90 * DC_MINUTE, 0},
      {"300ms", 300000000, 0}, {"-1.5h", -90 * DC_MINUTE, 0}, {"+5s", 5 * DC_SECOND, 0}, {".5m", 30 * DC_SECOND, 0},
      {"5.s", 5 * DC_SECOND, 0}, {"1us", 1000, 0}, {"1\xc2\xb5s", 1000, 0}, {"1\xce\xbcs", 1000, 0}, {"1ns", 1, 0},
      {"0.3333333333333333333h", INT64_C(1200000000000), 0}, {"9223372036854775807ns", INT64_MAX, 0},
      {"-9223372036854775808ns", INT64_MIN, 0}, {"1h1m1s1ms1us1ns", INT64_C(3661001001001), 0},
      {"", 0, REFUSED}, {"1", 0, REFUSED}, {"h", 0, REFUSED}, {".", 0, REFUSED}, {"-", 0, REFUSED}, {"1d", 0, REFUSED},
      {"1h ", 0, REFUSED}, {" 1h", 0, REFUSED}, {"1e3s", 0, REFUSED}, {"9223372036854775808ns", 0, REFUSED},
      {"2562048h", 0, REFUSED}, {"3000000h", 0, REFUSED}, {"1.1.1s", 0, REFUSED}, {"--1s", 0, REFUSED},
      {"99999999999999999999s", 0, REFUSED},
  };
  static const struct {
    int64_t ns;
    const char *go;
  } shown[] = {
      {0, "0s"},
      {DC_DAY, "24h0m0s"},
      {63 * DC_HOUR, "63h0m0s"},
      {90 * DC_SECOND, "1m30s"},
      {1500000000, "1.5s"},
      {300000000, "300ms"},
      {-DC_MINUTE, "-1m0s"},
      {1, "1ns"},
      {INT64_MIN, "-2562047h47m16.854775808s"},
  };
  for (size_t i = 0; i < DC_COUNT(rows); i++) {
    int64_t ns = 42;
    struct dc_err err = DC_ERR_INIT;
    int rc = dc_duration_parse(rows[i].text, &ns, &err);
    ok(rows[i].refused ? rc == DC_EINVAL && err.text[0] && ns == 42 : rc == 0 && ns == rows[i].ns, "\"%s\"",
       rows[i].text);
  }
  for (size_t i = 0; i < DC_COUNT(shown); i++) {
    char buf[DC_DURATION_TEXT_MAX];
    is_text(dc_duration_text(shown[i].ns, buf), shown[i].go, "as Go prints it");
  }
  static const struct {
    int64_t seconds;
    const char *text;
  } rough[] = {
      {0, "now"},           {1, "in 1 second"},       {119, "in 119 seconds"},  {120, "in 2 minutes"},
      {7199, "in 119 minutes"}, {7200, "in 2 hours"}, {172799, "in 47 hours"},  {172800, "in 2 days"},
      {-1, "1 second ago"}, {-172800, "2 days ago"},  {315359999, "in 3649 days"},
  };
  for (size_t i = 0; i < DC_COUNT(rough); i++) {
    char buf[DC_DURATION_TEXT_MAX];
    is_text(dc_duration_from_now(rough[i].seconds, buf), rough[i].text, "roughly");
  }
  return tap_done();
}
