/* SPDX-License-Identifier: Apache-2.0 */
/* What each Dapr version makes of something (ca/compat.h), for people and for programs. */
#ifndef DC_TOOLS_VERDICTS_H
#define DC_TOOLS_VERDICTS_H

#include <jansson.h>

#include "ca/compat.h"

/* Appends a line for each era that has a verdict, indented by INDENT spaces: "daprd up to 1.11   refuses: why". */
void dc_verdicts_text(const struct dc_compat *compat, int indent, bool colours, struct dc_buf *out);
/* Appends "To do: REMEDY, for PROGRAM VERSIONS; ...", a line for each remedy. */
void dc_verdicts_remedies(const struct dc_compat *compat, struct dc_buf *out);
/* [{"program": "daprd", "versions": "up to 1.11", "accepts": true, "why": null, "remedy": null}, ...] */
json_t *dc_verdicts_json(const struct dc_compat *compat);

#endif
