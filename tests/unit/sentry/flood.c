/* SPDX-License-Identifier: Apache-2.0 */
#include "sentry/flood.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "tap.h"

enum { THREADS = 4, EACH = 1000 };

static int pipe_ends[2];

static void setup(enum dc_log_level level) {
  const struct dc_log_config config = {.fd = pipe_ends[1], .level = level};
  dc_log_setup(&config);
}

/* Level and message of the records since the last call, a line each. */
static const char *logged(void) {
  static char text[65536];
  ssize_t n = read(pipe_ends[0], text, sizeof text - 1);
  text[n > 0 ? n : 0] = '\0';
  char *to = text;
  for (const char *line = text, *next = NULL; *line; line = next) {
    next = strchr(line, '\n') + 1;
    const char *from = strstr(line, "level="), *end = strstr(line, " instance=");
    if (!from || !end || end > next) return "another form";
    memmove(to, from, (size_t)(end - from));
    to += end - from;
    *to++ = '\n';
  }
  *to = '\0';
  return text;
}

static size_t lines(const char *text) {
  size_t count = 0;
  for (; *text; text++) count += *text == '\n';
  return count;
}

static void *log_many(void *unused) {
  for (int i = 0; i < EACH; i++) dc_flood_log(DC_FLOOD_BUSY, "busy");
  return unused;
}

int main(void) {
  if (pipe(pipe_ends)) return 99;
  for (int i = 0; i < 2; i++)
    if (fcntl(pipe_ends[i], F_SETFL, O_NONBLOCK)) return 99;
  setup(DC_LOG_INFO);

  dc_flood_log(DC_FLOOD_HOST, "host %d", 1);
  is_text(logged(), "level=warning msg=\"host 1\"\n", "a record as it is");
  dc_flood_tick(INT64_MAX);
  is_text(logged(), "", "one alone has no more");

  for (int i = 0; i < DC_FLOOD_A_MINUTE + 3; i++) dc_flood_log(DC_FLOOD_NO_DESCRIPTOR, "none");
  is_num(lines(logged()), DC_FLOOD_A_MINUTE, "so many in a minute");
  dc_flood_log(DC_FLOOD_HOST, "host");
  is_text(logged(), "level=warning msg=host\n", "another kind has a minute of its own");
  dc_flood_tick(dc_clock_mono_ms());
  is_text(logged(), "", "the rest is not told before the minute is over");
  dc_flood_tick(dc_clock_mono_ms() + DC_FLOOD_MINUTE_MS);
  is_text(logged(),
          "level=error msg=\"and 3 more in the last minute: connections turned away, no file descriptor is left\"\n",
          "then by one record");
  dc_flood_tick(dc_clock_mono_ms() + 2 * DC_FLOOD_MINUTE_MS);
  is_text(logged(), "", "once");
  dc_flood_log(DC_FLOOD_NO_DESCRIPTOR, "none");
  is_text(logged(), "level=error msg=none\n", "in the next minute it is told again");

  pthread_t threads[THREADS];
  for (size_t i = 0; i < THREADS; i++)
    if (pthread_create(&threads[i], NULL, log_many, NULL)) return 99;
  for (size_t i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  is_num(lines(logged()), DC_FLOOD_A_MINUTE, "so many of several threads");
  dc_flood_tick(INT64_MAX);
  is_text(logged(),
          "level=warning msg=\"and 3990 more in the last minute: connections turned away, the limit is reached\"\n",
          "and none is forgotten");

  setup(DC_LOG_ERROR);
  for (int i = 0; i < 2 * DC_FLOOD_A_MINUTE; i++) dc_flood_log(DC_FLOOD_HOST, "host");
  dc_flood_tick(INT64_MAX);
  is_text(logged(), "", "nothing below the level");
  setup(DC_LOG_DEBUG);
  for (int i = 0; i < 2 * DC_FLOOD_A_MINUTE; i++) dc_flood_log(DC_FLOOD_HOST, "host");
  dc_flood_tick(INT64_MAX);
  is_num(lines(logged()), 2 * DC_FLOOD_A_MINUTE, "at level debug each is told");
  return tap_done();
}
