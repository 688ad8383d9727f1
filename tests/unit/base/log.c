/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <stdlib.h>
#include <unistd.h>

#include "tap.h"

static int pipe_ends[2];

/* What was logged since the last call, without its time. */
static const char *logged(const char *time_begin, const char *time_end) {
  static char text[8192];
  ssize_t n = read(pipe_ends[0], text, sizeof text - 1);
  text[n > 0 ? n : 0] = '\0';
  char *from = strstr(text, time_begin), *to = from ? strstr(from + strlen(time_begin), time_end) : NULL;
  if (from && to) memmove(from + strlen(time_begin), to, strlen(to) + 1);
  return text;
}

static void setup(bool json, enum dc_log_level level) {
  const struct dc_log_config config = {
      .fd = pipe_ends[1], .level = level, .json = json, .instance = "host-1", .version = "1.0"};
  dc_log_setup(&config);
}

int main(void) {
  enum dc_log_level level;
  if (pipe(pipe_ends)) return 99;
  dc_log_write(DC_LOG_ERROR, "dapr.sentry", "before the setup");
  setup(false, DC_LOG_INFO);
  dc_log_write(DC_LOG_DEBUG, "dapr.sentry", "below the level");
  dc_log_write(DC_LOG_WARN, "dapr.sentry", "two\nlines \"quoted\" %d\x01", 7);
  is_text(logged("time=\"", "\""),
          "time=\"\" level=warning msg=\"two\\nlines \\\"quoted\\\" 7\\x01\" instance=host-1 scope=dapr.sentry type=log "
          "ver=1.0\n",
          "text, as logrus writes it");
  setup(true, DC_LOG_ERROR);
  dc_log_always(DC_LOG_INFO, "dapr.sentry", "a<b \"c\" \xff");
  is_text(logged("\"time\":\"", "\""),
          "{\"instance\":\"host-1\",\"level\":\"info\",\"msg\":\"a\\u003cb \\\"c\\\" \\ufffd\",\"scope\":\"dapr.sentry\","
          "\"time\":\"\",\"type\":\"log\",\"ver\":\"1.0\"}\n",
          "JSON, keys in order, told whatever the level");
  ok(dc_log_parse_level("WARNING", &level, NULL) == 0 && level == DC_LOG_WARN, "warning is warn");
  ok(dc_log_parse_level("warn", &level, NULL) == 0 && level == DC_LOG_WARN, "warn");
  is_num(dc_log_parse_level("loud", &level, NULL), DC_EINVAL, "no level");
  return tap_done();
}
