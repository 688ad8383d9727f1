/* SPDX-License-Identifier: Apache-2.0 */
/* Instants on a command line. */
#include "config.h"

#include "tools/when.h"

#include "base/clock.h"
#include "base/duration.h"

int dc_when_parse(const char *option, const char *text, int64_t now, int64_t *seconds, struct dc_err *err) {
  int64_t span;

  if (dc_duration_parse(text, &span, NULL) == 0) {
    *seconds = now + span / DC_SECOND;
    return 0;
  }
  if (dc_clock_parse(text, seconds, NULL) == 0) return 0;
  return dc_err_set(err, DC_EUSAGE, "'--%s %s': neither a date (2030-01-31 or 2030-01-31T12:00:00Z) nor a duration "
                                    "(8760h, 1h30m)", option, text);
}
