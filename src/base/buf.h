/* SPDX-License-Identifier: Apache-2.0 */
/* A growing run of bytes. Wiped when it grows and when it is freed, so that it may hold secrets.
 *
 * Appending never fails visibly: a buffer that could not grow (no memory, or past its max) is `failed` and takes no
 * more; whoever uses the bytes asks dc_buf_check once. The bytes are always followed by a NUL that len does not
 * count, once anything was appended; data is NULL before that (dc_buf_text gives "" then). */
#ifndef DC_BASE_BUF_H
#define DC_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct dc_buf {
  unsigned char *data;
  size_t len;
  size_t cap;
  size_t max; /* 0: no limit */
  bool failed;
  bool over; /* failed since it would have passed max */
};

#define DC_BUF_INIT {.data = NULL}

void dc_buf_add(struct dc_buf *buf, const void *bytes, size_t n);
void dc_buf_add_byte(struct dc_buf *buf, unsigned char byte);
void dc_buf_add_text(struct dc_buf *buf, const char *text);
void dc_buf_printf(struct dc_buf *buf, const char *fmt, ...) DC_PRINTF(2, 3);
void dc_buf_vprintf(struct dc_buf *buf, const char *fmt, va_list args) DC_PRINTF(2, 0);
/* Makes room for N more bytes and returns where they go, NULL when failed; the caller writes at most N and adds to len
 * exactly what it wrote. */
unsigned char *dc_buf_reserve(struct dc_buf *buf, size_t n);
/* Removes N bytes (at most len) from the front. */
void dc_buf_consume(struct dc_buf *buf, size_t n);
/* Back to the first LEN bytes; what was behind them is wiped. Nothing when it holds no more than LEN. */
void dc_buf_truncate(struct dc_buf *buf, size_t len);
/* Empty again, memory kept, old bytes wiped. */
void dc_buf_clear(struct dc_buf *buf);
/* Wipes, frees, and leaves DC_BUF_INIT's state (max kept). For DC_CLEANUP too. */
void dc_buf_free(struct dc_buf *buf);
/* 0, or DC_ENOMEM / DC_ELIMIT with a text. */
int dc_buf_check(const struct dc_buf *buf, struct dc_err *err) DC_NODISCARD;
/* The bytes as a C string; it is the caller's business that they hold no NUL. Never NULL. */
const char *dc_buf_text(const struct dc_buf *buf);
/* Hands the bytes to the caller as a heap string and empties the buffer; NULL when failed. */
char *dc_buf_take_text(struct dc_buf *buf);

#endif
