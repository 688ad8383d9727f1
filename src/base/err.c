/* SPDX-License-Identifier: Apache-2.0 */
/* Errors: filling and extending their text. */
#include <config.h>

#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Marks a text that did not fit, without leaving half of a UTF-8 character, or an older mark, in front of the mark. */
static void mark_cut(char *text) {
  size_t at = DC_ERR_TEXT_MAX - sizeof "...";
  while (at > 0 && ((unsigned char)text[at] & 0xc0) == 0x80) at--;
  while (at > 0 && text[at - 1] == '.') at--;
  memcpy(text + at, "...", sizeof "...");
}

/* Into a buffer of its own first: an argument may be the very text that is being replaced. */
static DC_PRINTF(2, 0) void render(char *text, const char *fmt, va_list args) {
  int n = vsnprintf(text, DC_ERR_TEXT_MAX, fmt, args);
  if (n < 0)
    text[0] = '\0';
  else if (n >= DC_ERR_TEXT_MAX)
    mark_cut(text);
}

/* FIRST, ": ", SECOND; either may be empty. */
static void join(char *out, const char *first, const char *second) {
  const char *between = *first && *second ? ": " : "";
  int n = snprintf(out, DC_ERR_TEXT_MAX, "%s%s%s", first, between, second);
  if (n >= DC_ERR_TEXT_MAX) mark_cut(out);
}

int dc_err_set(struct dc_err *err, enum dc_code code, const char *fmt, ...) {
  char text[DC_ERR_TEXT_MAX];
  va_list args;
  if (!err) return code;
  va_start(args, fmt);
  render(text, fmt, args);
  va_end(args);
  err->code = code;
  memcpy(err->text, text, sizeof text);
  return code;
}

static enum dc_code code_of(int errnum) {
  switch (errnum) {
    case ENOENT: return DC_ENOENT;
    case EEXIST: return DC_EEXIST;
    case EACCES:
    case EPERM: return DC_EACCES;
    case ENOMEM: return DC_ENOMEM;
    default: return DC_EIO;
  }
}

int dc_err_sys(struct dc_err *err, int errnum, const char *fmt, ...) {
  char text[DC_ERR_TEXT_MAX];
  enum dc_code code = code_of(errnum);
  va_list args;
  if (!err) return code;
  va_start(args, fmt);
  render(text, fmt, args);
  va_end(args);
  err->code = code;
  join(err->text, text, strerror(errnum));
  return code;
}

int dc_err_add(struct dc_err *err, int code, const char *fmt, ...) {
  char context[DC_ERR_TEXT_MAX], text[DC_ERR_TEXT_MAX];
  va_list args;
  if (!err) return code;
  va_start(args, fmt);
  render(context, fmt, args);
  va_end(args);
  join(text, context, err->code == DC_OK ? "" : err->text);
  if (err->code == DC_OK) err->code = (enum dc_code)code;
  memcpy(err->text, text, sizeof text);
  return code;
}

int dc_err_nomem(struct dc_err *err) { return dc_err_set(err, DC_ENOMEM, "out of memory"); }
