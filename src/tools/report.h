/* SPDX-License-Identifier: Apache-2.0 */
/* --json: what was done, as one object on standard output (jansson). */
#ifndef DC_TOOLS_REPORT_H
#define DC_TOOLS_REPORT_H

#include <jansson.h>

#include "ca/plan.h"
#include "pki/cert.h"

/* {"subject": "O=...", "issuer": "...", "serial": hex, "not_before": RFC 3339, "not_after": RFC 3339, "key": "EC P-256",
 * "names": ["URI:...", ...], "sha256": hex}; a new reference, NULL when memory ran out. */
json_t *dc_report_cert(const struct dc_cert *cert);
/* A path, or a text that may hold one, as a JSON string: U+FFFD for each byte that is no UTF-8. */
json_t *dc_report_path(const char *path);
/* A list of the lines of TEXT. */
json_t *dc_report_lines(const struct dc_buf *text);
/* RFC 3339; null for 0. */
json_t *dc_report_time(int64_t at);
/* [{"step": "issuer", "reason": "..."}, ...] */
json_t *dc_report_plan(const struct dc_plan *plan);
/* Prints TAKE_OBJECT, indented, with a newline; releases it. NULL: DC_ENOMEM. */
int dc_report_print(json_t *take_object, struct dc_err *err) DC_NODISCARD;

#endif
