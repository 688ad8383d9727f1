/* SPDX-License-Identifier: Apache-2.0 */
/* Instants on a command line: a date, or a duration from now, as step has them. */
#ifndef DC_TOOLS_WHEN_H
#define DC_TOOLS_WHEN_H

#include <stdint.h>

#include "base/err.h"

/* "2030-01-31", "2030-01-31T12:00:00Z", "8760h", "-15m": a duration counts from NOW (seconds since 1970), not from
 * another option. DC_EUSAGE naming OPTION. */
int dc_when_parse(const char *option, const char *text, int64_t now, int64_t *seconds, struct dc_err *err)
    DC_NODISCARD;

#endif
