/* SPDX-License-Identifier: Apache-2.0 */
/* When a certificate is to be renewed, on a command line, as "step certificate needs-renewal --expires-in" has it. */
#ifndef DC_TOOLS_DUE_H
#define DC_TOOLS_DUE_H

#include "ca/plan.h"

/* "75%": when so much of its life is over; "720h": when no more than that is left. DC_EUSAGE naming OPTION. */
int dc_due_parse(const char *option, const char *text, struct dc_when *when, struct dc_err *err) DC_NODISCARD;

#endif
