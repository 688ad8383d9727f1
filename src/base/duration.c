/* SPDX-License-Identifier: Apache-2.0 */
/* Durations in Go's notation. The limits are Go's too: what time.ParseDuration refuses is refused here. */
#include <config.h>

#include "base/duration.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct unit {
  const char *name;
  uint64_t ns;
} units[] = {
  {"ns", 1},
  {"us", 1000},
  {"\xc2\xb5s", 1000}, /* U+00B5 micro sign */
  {"\xce\xbcs", 1000}, /* U+03BC Greek mu */
  {"ms", 1000000},
  {"s", DC_SECOND},
  {"m", DC_MINUTE},
  {"h", DC_HOUR},
};

static const uint64_t limit = UINT64_C(1) << 63; /* the magnitude of INT64_MIN */

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* Digits up to the limit; false when there are more than fit. */
static bool whole(const char **at, uint64_t *value) {
  uint64_t v = 0;
  for (; is_digit(**at); ++*at) {
    uint64_t digit = (uint64_t)(**at - '0');
    if (v > (limit - digit) / 10) return false;
    v = v * 10 + digit;
  }
  *value = v;
  return true;
}

/* Digits behind a point as VALUE / SCALE; those that no longer fit do not count. */
static void part(const char **at, uint64_t *value, double *scale) {
  bool full = false;
  *value = 0;
  *scale = 1;
  for (; is_digit(**at); ++*at) {
    uint64_t digit = (uint64_t)(**at - '0');
    if (full || *value > (limit - 1 - digit) / 10) {
      full = true;
      continue;
    }
    *value = *value * 10 + digit;
    *scale *= 10;
  }
}

static const struct unit *unit_at(const char **at) {
  size_t n = strcspn(*at, ".0123456789");
  for (size_t i = 0; i < DC_COUNT(units); i++) {
    if (strlen(units[i].name) != n || memcmp(units[i].name, *at, n) != 0) continue;
    *at += n;
    return &units[i];
  }
  return NULL;
}

/* One "1.5h" added to TOTAL. */
static bool term(const char **at, uint64_t *total) {
  uint64_t value, fraction = 0;
  double scale = 1;
  const char *start = *at;
  if (!whole(at, &value)) return false;
  size_t seen = (size_t)(*at - start);
  if (**at == '.') {
    start = ++*at;
    part(at, &fraction, &scale);
    seen += (size_t)(*at - start);
  }
  if (seen == 0) return false;
  const struct unit *unit = unit_at(at);
  if (!unit || value > limit / unit->ns) return false;
  value *= unit->ns;
  value += (uint64_t)((double)fraction * ((double)unit->ns / scale));
  if (value > limit || *total > limit - value) return false;
  *total += value;
  return true;
}

static bool parse(const char *at, int64_t *ns) {
  bool negative = *at == '-';
  uint64_t total = 0;
  if (*at == '-' || *at == '+') at++;
  if (strcmp(at, "0") == 0) {
    *ns = 0;
    return true;
  }
  if (!*at) return false;
  while (*at)
    if (!term(&at, &total)) return false;
  if (!negative && total == limit) return false;
  *ns = !negative ? (int64_t)total : total == limit ? INT64_MIN : -(int64_t)total;
  return true;
}

int dc_duration_parse(const char *text, int64_t *ns, struct dc_err *err) {
  if (parse(text, ns)) return 0;
  return dc_err_set(err, DC_EINVAL, "'%s' is not a duration: expected a number and a unit, such as 24h, 1h30m or 300ms",
                    text);
}

static uint64_t magnitude(int64_t ns) { return ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns; }

/* VALUE in a unit of SCALE nanoseconds, as a decimal without trailing zeros. */
static int decimal(char *buf, size_t size, uint64_t value, uint64_t scale) {
  int n = snprintf(buf, size, "%" PRIu64, value / scale);
  uint64_t rest = value % scale;
  if (rest == 0) return n;
  int width = 0;
  for (uint64_t s = scale; s > 1; s /= 10) width++;
  n += snprintf(buf + n, size - (size_t)n, ".%0*" PRIu64, width, rest);
  while (buf[n - 1] == '0') buf[--n] = '\0';
  return n;
}

const char *dc_duration_text(int64_t ns, char *buf) {
  uint64_t value = magnitude(ns);
  size_t n = 0;
  const size_t size = DC_DURATION_TEXT_MAX;
  if (ns < 0) buf[n++] = '-';
  if (value == 0) {
    snprintf(buf, size, "0s");
  } else if (value < (uint64_t)DC_SECOND) {
    uint64_t scale = value < 1000 ? 1 : value < 1000000 ? 1000 : 1000000;
    n += (size_t)decimal(buf + n, size - n, value, scale);
    snprintf(buf + n, size - n, "%s", scale == 1 ? "ns" : scale == 1000 ? "\xc2\xb5s" : "ms");
  } else {
    uint64_t hours = value / DC_HOUR, minutes = value % DC_HOUR / DC_MINUTE;
    if (hours) n += (size_t)snprintf(buf + n, size - n, "%" PRIu64 "h", hours);
    if (hours || minutes) n += (size_t)snprintf(buf + n, size - n, "%" PRIu64 "m", minutes);
    n += (size_t)decimal(buf + n, size - n, value % DC_MINUTE, DC_SECOND);
    snprintf(buf + n, size - n, "s");
  }
  return buf;
}

const char *dc_duration_from_now(int64_t seconds, char *buf) {
  static const struct {
    const char *name;
    int64_t size;
  } spans[] = {{"day", 86400}, {"hour", 3600}, {"minute", 60}, {"second", 1}};
  uint64_t rest = magnitude(seconds);
  size_t i = 0;
  while (i + 1 < DC_COUNT(spans) && rest < 2 * (uint64_t)spans[i].size) i++; /* "47 hours" says more than "1 day" */
  uint64_t n = rest / (uint64_t)spans[i].size;
  if (n == 0)
    snprintf(buf, DC_DURATION_TEXT_MAX, "now");
  else
    snprintf(buf, DC_DURATION_TEXT_MAX, "%s%" PRIu64 " %s%s%s", seconds > 0 ? "in " : "", n, spans[i].name,
             n == 1 ? "" : "s", seconds > 0 ? "" : " ago");
  return buf;
}
