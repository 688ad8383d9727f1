/* SPDX-License-Identifier: Apache-2.0 */
/* Time: clocks, RFC 3339, civil dates. Its own calendar, since timegm is not POSIX and gmtime ends where time_t does. */
#include <config.h>

#include "base/clock.h"

#include <stdbool.h>
#include <stdio.h>
#include <time.h>

enum { DAY = 86400, NS = 1000000000 };

static const int64_t first_second = INT64_C(-62167219200); /* 0000-01-01T00:00:00Z */
static const int64_t last_second = INT64_C(253402300799);  /* 9999-12-31T23:59:59Z */

int64_t dc_clock_wall_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * NS + now.tv_nsec;
}

int64_t dc_clock_wall(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec;
}

int64_t dc_clock_mono_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * NS + now.tv_nsec;
}

int64_t dc_clock_mono_ms(void) { return dc_clock_mono_ns() / 1000000; }

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }

/* Years that begin in March put the leap day at their end: the months' lengths then follow (153 m + 2) / 5. */
static int64_t days_from_civil(int64_t year, int month, int day) {
  if (month <= 2) year--;
  int64_t era = floor_div(year, 400);
  int64_t year_of_era = year - era * 400;
  int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

void dc_clock_to_civil(int64_t seconds, struct dc_civil *civil) {
  if (seconds < first_second) seconds = first_second;
  if (seconds > last_second) seconds = last_second;
  int64_t days = floor_div(seconds, DAY);
  int rest = (int)(seconds - days * DAY);
  days += 719468; /* since 0000-03-01 */
  int64_t era = floor_div(days, 146097);
  int day_of_era = (int)(days - era * 146097);
  int year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  int month = (5 * day_of_year + 2) / 153;
  civil->day = day_of_year - (153 * month + 2) / 5 + 1;
  civil->month = month < 10 ? month + 3 : month - 9;
  civil->year = (int)(era * 400) + year_of_era + (civil->month <= 2);
  civil->hour = rest / 3600;
  civil->minute = rest / 60 % 60;
  civil->second = rest % 60;
}

int64_t dc_clock_from_civil(const struct dc_civil *civil) {
  return days_from_civil(civil->year, civil->month, civil->day) * DAY + civil->hour * 3600 + civil->minute * 60 +
         civil->second;
}

const char *dc_clock_rfc3339(int64_t seconds, char *buf) {
  struct dc_civil c;
  dc_clock_to_civil(seconds, &c);
  snprintf(buf, DC_CLOCK_TEXT_MAX, "%04d-%02d-%02dT%02d:%02d:%02dZ", c.year, c.month, c.day, c.hour, c.minute,
           c.second);
  return buf;
}

const char *dc_clock_rfc3339_ns(int64_t ns, char *buf) {
  struct dc_civil c;
  int64_t seconds = floor_div(ns, NS);
  dc_clock_to_civil(seconds, &c);
  snprintf(buf, DC_CLOCK_TEXT_MAX, "%04d-%02d-%02dT%02d:%02d:%02d.%09dZ", c.year, c.month, c.day, c.hour, c.minute,
           c.second, (int)(ns - seconds * NS));
  return buf;
}

const char *dc_clock_rfc1123(int64_t seconds, char *buf) {
  static const char days[][4] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"}; /* 1970 began on a Thursday */
  static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  struct dc_civil c;
  dc_clock_to_civil(seconds, &c);
  int64_t day = floor_div(dc_clock_from_civil(&c), DAY);
  snprintf(buf, DC_CLOCK_TEXT_MAX, "%s, %02d %s %04d %02d:%02d:%02d UTC", days[day - 7 * floor_div(day, 7)], c.day,
           months[c.month - 1], c.year, c.hour, c.minute, c.second);
  return buf;
}

/* Exactly N digits at *AT, then the byte AFTER (none when it is 0); *AT moves behind both. */
static bool digits(const char **at, int n, char after, int *value) {
  int v = 0;
  for (int i = 0; i < n; i++) {
    char c = (*at)[i];
    if (c < '0' || c > '9') return false;
    v = v * 10 + (c - '0');
  }
  if (after && (*at)[n] != after) return false;
  *at += n + (after != 0);
  *value = v;
  return true;
}

static int days_in_month(int year, int month) {
  static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return month == 2 && leap ? 29 : days[month - 1];
}

/* ".123": skipped, since an instant here is whole seconds. */
static bool fraction(const char **at) {
  if (**at != '.') return true;
  const char *start = ++*at;
  while (**at >= '0' && **at <= '9') ++*at;
  return *at > start;
}

static bool offset(const char **at, int *seconds) {
  int sign = **at == '-' ? -1 : 1, hours, minutes;
  if (**at == 'Z' || **at == 'z') {
    ++*at;
    *seconds = 0;
    return true;
  }
  if (**at != '+' && **at != '-') return false;
  ++*at;
  if (!digits(at, 2, ':', &hours) || !digits(at, 2, 0, &minutes) || hours > 23 || minutes > 59) return false;
  *seconds = sign * (hours * 3600 + minutes * 60);
  return true;
}

static bool parse(const char *at, int64_t *seconds) {
  struct dc_civil c = {.year = 0};
  int zone = 0;
  if (!digits(&at, 4, '-', &c.year) || !digits(&at, 2, '-', &c.month) || !digits(&at, 2, 0, &c.day)) return false;
  if (c.month < 1 || c.month > 12 || c.day < 1 || c.day > days_in_month(c.year, c.month)) return false;
  if (*at) {
    if (*at != 'T' && *at != 't') return false;
    at++;
    if (!digits(&at, 2, ':', &c.hour) || !digits(&at, 2, ':', &c.minute) || !digits(&at, 2, 0, &c.second))
      return false;
    if (c.hour > 23 || c.minute > 59 || c.second > 59 || !fraction(&at) || !offset(&at, &zone) || *at) return false;
  }
  *seconds = dc_clock_from_civil(&c) - zone;
  return true;
}

int dc_clock_parse(const char *text, int64_t *seconds, struct dc_err *err) {
  if (parse(text, seconds)) return 0;
  return dc_err_set(err, DC_EINVAL, "'%s' is not a time: expected 2006-01-02T15:04:05Z or 2006-01-02", text);
}
