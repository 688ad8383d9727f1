/* SPDX-License-Identifier: Apache-2.0 */
/* Distinguished names (RFC 5280, 4.1.2.4), as DER. */
#ifndef DC_PKI_NAME_H
#define DC_PKI_NAME_H

#include "pki/der.h"

/* Takes a whole Name. False when it is malformed. */
bool dc_name_take(struct dc_slice *at, struct dc_slice *name);
bool dc_name_is_empty(struct dc_slice name);
/* Whether NAME, a well-formed one, has an attribute of this type. */
bool dc_name_has(struct dc_slice name, struct dc_slice oid);
/* The attribute at INDEX (from 0) of a well-formed NAME, in the order stored: false when there are no more. */
bool dc_name_at(struct dc_slice name, size_t index, struct dc_slice *oid, struct dc_slice *value);
/* Appends NAME for people, in the order stored: "O=dapr, CN=cluster.local"; bytes that are no plain text as \XX;
 * "(empty)" for the empty one. */
void dc_name_text(struct dc_slice name, struct dc_buf *out);
/* Appends a Name of organization and common name (either may be NULL). */
void dc_name_add(struct dc_buf *out, const char *organization, const char *common_name);

#endif
