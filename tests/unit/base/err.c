/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <errno.h>

#include "tap.h"

static void test_set(void) {
  struct dc_err err = DC_ERR_INIT;
  ok(err.code == DC_OK && err.text[0] == '\0', "no error at first");
  is_num(dc_err_set(&err, DC_EINVAL, "'%s' line %d", "file", 3), DC_EINVAL, "set returns its code");
  is_num(err.code, DC_EINVAL, "and keeps it");
  is_text(err.text, "'file' line 3", "with its text");
  dc_err_set(&err, DC_EIO, "before: %s", err.text);
  is_text(err.text, "before: 'file' line 3", "the old text may be part of the new one");
  is_num(dc_err_nomem(&err), DC_ENOMEM, "out of memory has its code");
  is_text(err.text, "out of memory", "and its text");
}

static void test_null(void) {
  is_num(dc_err_set(NULL, DC_EIO, "x"), DC_EIO, "set without a place");
  is_num(dc_err_sys(NULL, ENOENT, "x"), DC_ENOENT, "sys without a place");
  is_num(dc_err_add(NULL, DC_EBUSY, "x"), DC_EBUSY, "add without a place");
  is_num(dc_err_nomem(NULL), DC_ENOMEM, "nomem without a place");
}

static void test_sys(void) {
  static const struct {
    int errnum, code;
  } rows[] = {
      {ENOENT, DC_ENOENT}, {EEXIST, DC_EEXIST}, {EACCES, DC_EACCES}, {EPERM, DC_EACCES},
      {ENOMEM, DC_ENOMEM}, {EIO, DC_EIO},       {ENOTDIR, DC_EIO},   {0, DC_EIO},
  };
  for (size_t i = 0; i < DC_COUNT(rows); i++) {
    struct dc_err err = DC_ERR_INIT;
    char want[256];
    errno = E2BIG;
    is_num(dc_err_sys(&err, rows[i].errnum, "cannot open '%s'", "x"), rows[i].code, strerror(rows[i].errnum));
    snprintf(want, sizeof want, "cannot open 'x': %s", strerror(rows[i].errnum));
    is_text(err.text, want, "the system's reason stands behind the text");
    is_num(err.code, rows[i].code, "the code is kept");
  }
}

static void test_add(void) {
  struct dc_err err = DC_ERR_INIT;
  dc_err_set(&err, DC_EINVAL, "broken");
  is_num(dc_err_add(&err, DC_EIO, "root '%s'", "ca.crt"), DC_EIO, "add returns the code that it is given");
  is_text(err.text, "root 'ca.crt': broken", "context goes in front");
  is_num(err.code, DC_EINVAL, "the code of the origin stays");
  struct dc_err none = DC_ERR_INIT;
  dc_err_add(&none, DC_EWEAK, "context");
  is_text(none.text, "context", "where there was no text, it is the text");
  is_num(none.code, DC_EWEAK, "and its code the code");
  dc_err_add(&err, DC_EIO, "%s", err.text);
  is_text(err.text, "root 'ca.crt': broken: root 'ca.crt': broken", "the old text may be the context");
}

/* LENGTH bytes, an "x" and UNIT many times, cut to what fits, by each of the three ways in which a text is made. */
static void check_cut(const char *unit, size_t length) {
  char text[2 * DC_ERR_TEXT_MAX] = "x";
  struct dc_err err[3] = {DC_ERR_INIT};
  while (strlen(text) < length) strcat(text, unit);
  dc_err_set(&err[0], DC_EIO, "%s", text);
  dc_err_sys(&err[1], EIO, "%s", text);
  dc_err_set(&err[2], DC_EIO, "the text before");
  dc_err_add(&err[2], DC_EIO, "%s", text);
  for (size_t i = 0; i < 3; i++) {
    size_t n = strlen(err[i].text), kept = n - 3;
    ok(n < DC_ERR_TEXT_MAX && n >= DC_ERR_TEXT_MAX - 4 && strcmp(err[i].text + kept, "...") == 0, "%zu bytes: cut",
       length);
    ok((kept - 1) % strlen(unit) == 0 && strncmp(err[i].text, text, kept) == 0, "between two characters");
  }
}

static void test_cut(void) {
  char text[DC_ERR_TEXT_MAX];
  struct dc_err err = DC_ERR_INIT;
  memset(text, 'x', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  dc_err_set(&err, DC_EIO, "%s", text);
  is_text(err.text, text, "a text that just fits is whole");
  check_cut("x", DC_ERR_TEXT_MAX);
  check_cut("\xc3\xa9", DC_ERR_TEXT_MAX);
  check_cut("\xe2\x82\xac", DC_ERR_TEXT_MAX + 1);
  check_cut("\xf0\x9f\x94\x91", DC_ERR_TEXT_MAX + 500);
}

int main(void) {
  test_set();
  test_null();
  test_sys();
  test_add();
  test_cut();
  return tap_done();
}
