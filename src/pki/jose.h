/* SPDX-License-Identifier: Apache-2.0 */
/* What jwk, jws and jwt share: JSON, read strictly and written compactly, on jansson. For them alone. */
#ifndef DC_PKI_JOSE_H
#define DC_PKI_JOSE_H

#include <jansson.h>

#include "base/buf.h"

/* For DC_CLEANUP on a json_t that is owned. */
void dc_jose_free(json_t **json);

/* TEXT is one JSON object in UTF-8 (RFC 8259), of at most jansson's 2048 levels, without a member given twice at any
 * level (RFC 7515, 4; 7519, 4) or a NUL in a string. Numbers come as reals: those beyond an int64_t are no failure.
 * DC_EINVAL "<WHAT> is not JSON: line 1, column 2"; it quotes nothing of the text, which may be secret. */
int dc_jose_load(json_t **out, const char *what, const char *text, size_t n, struct dc_err *err) DC_NODISCARD;
/* Appends JSON, which it frees, without white space, members in the order of their names. JSON NULL: memory ran out
 * when it was made, or a text was not UTF-8; which of them, INVALID tells. */
int dc_jose_write(struct dc_buf *out, json_t *take_json, bool invalid, struct dc_err *err) DC_NODISCARD;

/* A member that must be text when it is there: *TEXT is it, borrowed, or NULL. DC_EINVAL "\"NAME\" is no text". */
int dc_jose_text(const json_t *object, const char *name, const char **text, struct dc_err *err) DC_NODISCARD;

/* TEXT in a form fit for messages, whoever wrote it: printable ASCII, others as '?', cut. Returns BUF. */
enum { DC_JOSE_SHOW_MAX = 100 };
const char *dc_jose_show(const char *text, char buf[DC_JOSE_SHOW_MAX]);

#endif
