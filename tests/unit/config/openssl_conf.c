/* SPDX-License-Identifier: Apache-2.0 */
#include "config/openssl_conf.h"

#include <stdlib.h>

#include "tap.h"

/* "[section]line name=value|..." of all of it; the error's text where it is refused. */
static void show(const char *bytes, size_t n, struct dc_buf *out) {
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_openssl_conf conf DC_CLEANUP(dc_openssl_conf_free) = DC_OPENSSL_CONF_INIT;
  struct dc_err err = DC_ERR_INIT;
  dc_buf_clear(out);
  dc_buf_add(&text, bytes, n);
  if (dc_openssl_conf_parse("f", &text, &conf, &err)) dc_buf_add_text(out, err.text);
  for (size_t i = 0; i < conf.count; i++) {
    if (conf.sections[i].count || i) dc_buf_printf(out, "[%s]", conf.sections[i].name);
    for (size_t k = 0; k < conf.sections[i].count; k++) {
      const struct dc_openssl_row *row = &conf.sections[i].rows[k];
      dc_buf_printf(out, "%d %s=%s|", row->line, row->name, row->value);
    }
  }
}

/* Each was set beside what openssl 3.0 reads (NCONF_load). */
static const struct {
  const char *text, *want;
} rows[] = {
    {"", ""},
    {"a = b\n[s]\nc=d\n", "[default]1 a=b|[s]3 c=d|"},
    {"\n\n  # c\na=b", "[default]4 a=b|"},
    {"a=b # c\nd=\"x # y\" z\ne=x\\#y\n", "[default]1 a=b|2 d=x # y z|3 e=x#y|"},
    {"a = 1 ; 2\n", "[default]1 a=1 ; 2|"},
    {"; c\n", "'f' line 1: neither '[section]' nor 'name = value'"},
    {"a = one\\\n  two\nb=3\n", "[default]1 a=one  two|3 b=3|"},
    {"a = x\\\\\nb=3\n", "[default]1 a=x\\|2 b=3|"},
    {"# c \\\nb=2\nc=3\n", "[default]3 c=3|"},
    {"a=x\\", "[default]1 a=x|"},
    {"\xef\xbb\xbf" "a=1\r\nb=2 \r\n", "[default]1 a=1|2 b=2|"},
    {"[ x  y ]\na=1\n", "[x  y]2 a=1|"},
    {"[ x ] # c\na=1\n", "[x]2 a=1|"},
    {"[x\\]y]\na=1\n", "[x]y]2 a=1|"},
    {"[x] a=1\n", "'f' line 1: a setting goes on a line of its own, below its section"},
    {"\n[x\n", "'f' line 2: a section's name has no ']' behind it"},
    {"[]\n", "'f' line 1: a section without a name"},
    {"[x(y]\n", "'f' line 1: a section's name has no ']' behind it"},
    {"a=\n", "[default]1 a=|"},
    {"=a\n", "'f' line 1: a value without a name"},
    {"a b = c\n", "'f' line 1: neither '[section]' nor 'name = value'"},
    {"a:b = c\n", "'f' line 1: neither '[section]' nor 'name = value'"},
    {"permitted;DNS.1 = c\n", "[default]1 permitted;DNS.1=c|"},
    {"a=1\na=2\n[q]\nx=1\ny=2\nx=3\n", "[default]2 a=2|[q]5 y=2|6 x=3|"},
    {"[x]\na=1\n[y]\nb=2\n[x]\nc=3\n", "[x]2 a=1|6 c=3|[y]4 b=2|"},
    {"s::a = 1\n[s]\nb=2\n", "[s]1 a=1|3 b=2|"},
    {"a='x' `y` \"z\\n\"\\n\\q\n", "[default]1 a=x y zn\nq|"},
    {"a='x\n", "[default]1 a=x|"},
    {"a=\"  q  \"  \n", "[default]1 a=  q  |"},
    {"a=1\nb=$a$a\nc=${a}x\nd=$(a)y\n[s]\nb=$a $default::b '$a'\n",
     "[default]1 a=1|2 b=11|3 c=1x|4 d=1y|[s]6 b=1 11 $a|"},
    {"[s]\na=1\n[t]\nb=$s::a\n", "[s]2 a=1|[t]4 b=1|"},
    {"b=$ENV::DC_TEST_SET\n", "[default]1 b=from outside|"},
    {"b=$ENV::DC_TEST_UNSET\n", "'f' line 1: variable 'ENV::DC_TEST_UNSET' has no value"},
    {"[ENV]\nDC_TEST_SET=x\n[d]\na=$ENV::DC_TEST_SET\n", "[ENV]2 DC_TEST_SET=x|[d]4 a=x|"},
    {"\nb=$nope\n", "'f' line 2: variable 'default::nope' has no value"},
    {"b=$\n", "'f' line 1: variable 'default::' has no value"},
    {"a=1\nb=${a\n", "'f' line 2: a variable's brace is not closed"},
    {"a=1\nb=${a)\n", "'f' line 2: a variable's brace is not closed"},
    {".include x.cnf\n", "'f' line 1: .include is not followed: put the file's lines here"},
    {".include=x.cnf\n", "'f' line 1: .include is not followed: put the file's lines here"},
    {".pragma dollarid:on\n", "'f' line 1: .pragma is not understood"},
};

static void test_rows(void) {
  struct dc_buf got DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  setenv("DC_TEST_SET", "from outside", 1);
  unsetenv("DC_TEST_UNSET");
  for (size_t i = 0; i < DC_COUNT(rows); i++) {
    show(rows[i].text, strlen(rows[i].text), &got);
    is_text(dc_buf_text(&got), rows[i].want, rows[i].text);
  }
  show("a=1\0b=2", 7, &got);
  is_text(dc_buf_text(&got), "'f': holds a NUL byte", "a NUL");
}

static void test_find(void) {
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_openssl_conf conf DC_CLEANUP(dc_openssl_conf_free) = DC_OPENSSL_CONF_INIT;
  struct dc_err err = DC_ERR_INIT;
  const struct dc_openssl_row *row;
  dc_buf_add_text(&text, "a = top\nb = top\n[s]\na = own\n[none]\n");
  if (!ok(dc_openssl_conf_parse("dir/f", &text, &conf, &err) == 0, "a file")) return;
  row = dc_openssl_conf_find(&conf, "s", "a");
  is_text(row ? row->value : NULL, "own", "a section's own value counts,");
  row = dc_openssl_conf_find(&conf, "s", "b");
  is_text(row ? row->value : NULL, "top", "else that of [default],");
  ok(dc_openssl_conf_find(&conf, "gone", "b") == row, "of which a section that is not there has all,");
  ok(!dc_openssl_conf_find(&conf, "s", "c"), "and no other");
  ok(dc_openssl_conf_section(&conf, "none") && !dc_openssl_conf_section(&conf, "gone"), "sections");
  if (!row) return;
  is_num(dc_openssl_conf_refuse(&conf, row, &err, "%d is odd", 3), DC_EINVAL, "a refusal");
  is_text(err.text, "'dir/f' line 2: b: 3 is odd", "says where and what");
}

/* BEFORE, a number and AFTER, COUNT times. */
static void repeat(struct dc_buf *out, const char *before, const char *after, int count) {
  for (int i = 0; i < count; i++) dc_buf_printf(out, "%s%d%s", before, i, after);
}

static void test_limits(void) {
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, got DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  repeat(&text, "n", "=1\n", DC_OPENSSL_CONF_ROWS_MAX);
  show((const char *)text.data, text.len, &got);
  ok(strncmp(dc_buf_text(&got), "[default]1 n0=1|", 16) == 0, "as many names as may be");
  dc_buf_add_text(&text, "m=1\n");
  show((const char *)text.data, text.len, &got);
  is_text(dc_buf_text(&got), "'f' line 2049: too many names", "and one more");
  dc_buf_clear(&text);
  repeat(&text, "[s", "]\n", DC_OPENSSL_CONF_ROWS_MAX);
  show((const char *)text.data, text.len, &got);
  is_text(dc_buf_text(&got), "'f' line 2048: too many sections", "as many sections as may be, [default] with them");
  dc_buf_clear(&text);
  dc_buf_add_text(&text, "v0=0123456789\n");
  for (int i = 1; i < 30; i++) dc_buf_printf(&text, "v%d=$v%d$v%d\n", i, i - 1, i - 1);
  show((const char *)text.data, text.len, &got);
  is_text(dc_buf_text(&got), "'f' line 17: the values are too long", "variables of variables of variables");
  dc_buf_clear(&text);
  dc_buf_add_text(&text, "a=");
  repeat(&text, "x", "", 40000);
  dc_buf_add_text(&text, "\nb=1\n");
  show((const char *)text.data, text.len, &got);
  ok(got.len > 200000 && strcmp(dc_buf_text(&got) + got.len - 6, "2 b=1|") == 0, "a long line");
}

int main(void) {
  test_rows();
  test_find();
  test_limits();
  return tap_done();
}
