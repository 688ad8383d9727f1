/* SPDX-License-Identifier: Apache-2.0 */
/* PEM, RFC 7468, as leniently as Dapr's readers: text around blocks is skipped, blank lines and CRLF are fine. */
#ifndef DC_BASE_PEM_H
#define DC_BASE_PEM_H

#include "base/buf.h"

enum { DC_PEM_LABEL_MAX = 64 };

struct dc_pem {
  char label[DC_PEM_LABEL_MAX]; /* "CERTIFICATE", "EC PRIVATE KEY", ... */
  bool encrypted;               /* RFC 1421 header "Proc-Type: 4,ENCRYPTED" */
  struct dc_buf der;            /* the decoded bytes: wiped by dc_pem_free */
  const char *text;             /* borrowed: from "-----BEGIN" to the end of the END line, without its newline */
  size_t text_len;
};

#define DC_PEM_INIT {.label = ""}

/* Reads the next block at *AT (of *LEFT bytes) and moves both behind it. Returns 1 with BLOCK filled (what it held is
 * freed first), 0 when no block is left, DC_EINVAL for a block that is broken off or is no base64; the text tells the
 * line counted from where *AT stood. */
int dc_pem_next(const char **at, size_t *left, struct dc_pem *block, struct dc_err *err) DC_NODISCARD;
void dc_pem_free(struct dc_pem *block);

/* Appends a block: lines of 64 characters, one newline at its end. */
void dc_pem_add(struct dc_buf *out, const char *label, const void *der, size_t n);

#endif
