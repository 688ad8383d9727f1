/* SPDX-License-Identifier: Apache-2.0 */
/* A growing run of bytes. All memory behind len is zero at any time, which is what terminates the text. */
#include <config.h>

#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAP = 64 };

static unsigned char *fail(struct dc_buf *buf, bool over) {
  buf->failed = true;
  buf->over = over;
  return NULL;
}

/* Not realloc: that may leave a copy of the old bytes behind. */
static bool grow(struct dc_buf *buf, size_t need) {
  size_t cap = buf->cap ? buf->cap : FIRST_CAP;
  while (cap < need) cap = cap > SIZE_MAX / 2 ? need : cap * 2;
  unsigned char *data = calloc(1, cap);
  if (!data) return false;
  if (buf->data) {
    memcpy(data, buf->data, buf->len);
    dc_mem_wipe(buf->data, buf->len);
    free(buf->data);
  }
  buf->data = data;
  buf->cap = cap;
  return true;
}

unsigned char *dc_buf_reserve(struct dc_buf *buf, size_t n) {
  if (buf->failed) return NULL;
  if (n >= SIZE_MAX - buf->len) return fail(buf, false);
  size_t len = buf->len + n;
  if (buf->max && len > buf->max) return fail(buf, true);
  if (len + 1 > buf->cap && !grow(buf, len + 1)) return fail(buf, false);
  return buf->data + buf->len;
}

void dc_buf_add(struct dc_buf *buf, const void *bytes, size_t n) {
  unsigned char *at = dc_buf_reserve(buf, n);
  if (!at || n == 0) return;
  memcpy(at, bytes, n);
  buf->len += n;
}

void dc_buf_add_byte(struct dc_buf *buf, unsigned char byte) { dc_buf_add(buf, &byte, 1); }

void dc_buf_add_text(struct dc_buf *buf, const char *text) { dc_buf_add(buf, text, strlen(text)); }

void dc_buf_vprintf(struct dc_buf *buf, const char *fmt, va_list args) {
  va_list again;
  va_copy(again, args);
  int n = vsnprintf(NULL, 0, fmt, again);
  va_end(again);
  if (n < 0) {
    fail(buf, false);
    return;
  }
  unsigned char *at = dc_buf_reserve(buf, (size_t)n);
  if (!at) return;
  vsnprintf((char *)at, (size_t)n + 1, fmt, args);
  buf->len += (size_t)n;
}

void dc_buf_printf(struct dc_buf *buf, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  dc_buf_vprintf(buf, fmt, args);
  va_end(args);
}

void dc_buf_truncate(struct dc_buf *buf, size_t len) {
  if (len >= buf->len) return;
  dc_mem_wipe(buf->data + len, buf->len - len);
  buf->len = len;
}

void dc_buf_consume(struct dc_buf *buf, size_t n) {
  if (n >= buf->len) {
    dc_buf_truncate(buf, 0);
    return;
  }
  if (n == 0) return;
  memmove(buf->data, buf->data + n, buf->len - n);
  dc_buf_truncate(buf, buf->len - n);
}

void dc_buf_clear(struct dc_buf *buf) {
  dc_buf_truncate(buf, 0);
  buf->failed = buf->over = false;
}

void dc_buf_free(struct dc_buf *buf) {
  dc_buf_truncate(buf, 0);
  free(buf->data);
  *buf = (struct dc_buf){.max = buf->max};
}

int dc_buf_check(const struct dc_buf *buf, struct dc_err *err) {
  if (!buf->failed) return 0;
  if (buf->over) return dc_err_set(err, DC_ELIMIT, "more than the accepted %zu bytes", buf->max);
  return dc_err_nomem(err);
}

const char *dc_buf_text(const struct dc_buf *buf) { return buf->data ? (const char *)buf->data : ""; }

char *dc_buf_take_text(struct dc_buf *buf) {
  if (!dc_buf_reserve(buf, 0)) return NULL;
  char *text = (char *)buf->data;
  *buf = (struct dc_buf){.max = buf->max};
  return text;
}
