/* SPDX-License-Identifier: Apache-2.0 */
/* TAP for unit tests: `ok(condition, "what is true")`, then `return tap_done();` from main. */
#ifndef DC_TESTS_TAP_H
#define DC_TESTS_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int tap_count;
static int tap_failed;

#ifdef __MINGW_PRINTF_FORMAT
#define TAP_PRINTF __MINGW_PRINTF_FORMAT
#else
#define TAP_PRINTF printf
#endif

__attribute__((format(TAP_PRINTF, 4, 5), unused)) static bool tap_ok(bool good, const char *file, int line,
                                                                  const char *fmt, ...) {
  char what[512];
  va_list args;
  va_start(args, fmt);
  vsnprintf(what, sizeof what, fmt, args);
  va_end(args);
  for (char *at = what; *at; at++) /* one line, whatever is told */
    if ((unsigned char)*at < ' ') *at = ' ';
  printf("%sok %d - %s\n", good ? "" : "not ", ++tap_count, what);
  if (!good) {
    tap_failed++;
    printf("# failed at %s:%d\n", file, line);
  }
  fflush(stdout);
  return good;
}

#define ok(good, ...) tap_ok((good), __FILE__, __LINE__, __VA_ARGS__)
#define skip(why, ...) \
  do { \
    printf("ok %d # SKIP ", ++tap_count); \
    printf(__VA_ARGS__); \
    printf(": %s\n", (why)); \
  } while (0)

/* Strings: tells both when they differ. */
#define is_text(got, want, what) \
  do { \
    const char *tap_got = (got), *tap_want = (want); \
    if (!ok(tap_got && tap_want && strcmp(tap_got, tap_want) == 0, "%s", (what))) \
      printf("#  got: %s\n# want: %s\n", tap_got ? tap_got : "(null)", tap_want ? tap_want : "(null)"); \
  } while (0)

#define is_num(got, want, what) \
  do { \
    long long tap_got = (long long)(got), tap_want = (long long)(want); \
    if (!ok(tap_got == tap_want, "%s", (what))) printf("#  got: %lld\n# want: %lld\n", tap_got, tap_want); \
  } while (0)

__attribute__((unused)) static int tap_done(void) {
  printf("1..%d\n", tap_count);
  return tap_failed ? 1 : 0;
}

#endif
