/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "tools/due.h"

#include <stdlib.h>
#include <string.h>

#include "base/duration.h"

int dc_due_parse(const char *option, const char *text, struct dc_when *when, struct dc_err *err) {
  int64_t span = 0;
  if (dc_duration_parse(text, &span, NULL) == 0 && span >= 0) {
    *when = (struct dc_when){.remaining = span / DC_SECOND};
    return 0;
  }
  size_t digits = strspn(text, "0123456789.");
  char *end = NULL;
  double percent = strtod(text, &end);
  if (digits && end == text + digits && strcmp(end, "%") == 0 && percent <= 100) {
    *when = (struct dc_when){.by_part = true, .part = percent / 100};
    return 0;
  }
  return dc_err_set(err, DC_EUSAGE, "'--%s %s': neither a part of a life (75%%) nor a duration (720h)", option, text);
}
