/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <stdlib.h>

#include "tap.h"

/* All that lies behind the bytes is zero: the terminating NUL, and what was wiped. */
static bool clean_behind(const struct dc_buf *buf) {
  for (size_t i = buf->len; i < buf->cap; i++)
    if (buf->data[i]) return false;
  return buf->cap == 0 || buf->cap > buf->len;
}

static void test_empty(void) {
  struct dc_buf buf = DC_BUF_INIT;
  ok(buf.data == NULL && buf.len == 0, "a new buffer has no memory");
  is_text(dc_buf_text(&buf), "", "its text is empty");
  is_num(dc_buf_check(&buf, NULL), 0, "it is good");
  dc_buf_consume(&buf, 1);
  dc_buf_truncate(&buf, 0);
  dc_buf_clear(&buf);
  dc_buf_free(&buf);
  ok(buf.data == NULL && buf.len == 0, "nothing can be taken from it");
  dc_buf_add(&buf, NULL, 0);
  ok(buf.len == 0 && buf.data && buf.data[0] == '\0', "nothing appended is terminated");
  dc_buf_free(&buf);
}

static void test_growth(void) {
  struct dc_buf buf DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  unsigned wrong = 0;
  for (unsigned i = 0; i < 5000; i++) {
    dc_buf_add_byte(&buf, (unsigned char)(i % 251 + 1));
    wrong += buf.len != i + 1 || !clean_behind(&buf);
  }
  for (unsigned i = 0; i < 5000; i++) wrong += buf.data[i] != i % 251 + 1;
  is_num(wrong, 0, "5000 bytes, one by one, always terminated");
  dc_buf_clear(&buf);
  ok(buf.len == 0 && buf.cap >= 5000 && clean_behind(&buf), "cleared: memory kept, bytes wiped");
  dc_buf_add(&buf, "a\0b", 3);
  ok(buf.len == 3 && memcmp(buf.data, "a\0b", 4) == 0, "a NUL is a byte");
}

static void test_text(void) {
  struct dc_buf buf DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  dc_buf_add_text(&buf, "one");
  dc_buf_printf(&buf, " %d %s", 2, "three");
  is_text(dc_buf_text(&buf), "one 2 three", "texts are put together");
  dc_buf_printf(&buf, "%s", "");
  is_num(buf.len, 11, "an empty one adds nothing");
  dc_buf_printf(&buf, "%300d", 4);
  ok(buf.len == 311 && strlen(dc_buf_text(&buf)) == 311 && buf.data[310] == '4', "one longer than the memory grows it");
  dc_buf_truncate(&buf, 400);
  is_num(buf.len, 311, "cut behind its end: nothing");
  dc_buf_truncate(&buf, 11);
  ok(strcmp(dc_buf_text(&buf), "one 2 three") == 0 && clean_behind(&buf), "cut: the rest is wiped");
  dc_buf_consume(&buf, 0);
  dc_buf_consume(&buf, 4);
  ok(strcmp(dc_buf_text(&buf), "2 three") == 0 && clean_behind(&buf), "taken from the front: the rest moves up");
  dc_buf_consume(&buf, buf.len);
  ok(buf.len == 0 && clean_behind(&buf), "all of it");
}

static void test_take(void) {
  struct dc_buf buf = {.max = 100};
  dc_buf_add_text(&buf, "mine");
  char *text = dc_buf_take_text(&buf);
  is_text(text, "mine", "the bytes are the caller's");
  ok(buf.data == NULL && buf.len == 0 && buf.cap == 0 && buf.max == 100, "and the buffer is as new, but for its limit");
  free(text);
  text = dc_buf_take_text(&buf);
  is_text(text, "", "of an empty one: an empty string");
  free(text);
  dc_buf_printf(&buf, "%200d", 1);
  ok(dc_buf_take_text(&buf) == NULL, "of a failed one: none");
  dc_buf_free(&buf);
}

static void test_limit(void) {
  struct dc_buf buf = {.max = 8};
  struct dc_err err = DC_ERR_INIT;
  dc_buf_add_text(&buf, "12345678");
  is_num(dc_buf_check(&buf, &err), 0, "as much as the limit");
  dc_buf_add(&buf, "", 0);
  is_num(dc_buf_check(&buf, &err), 0, "and nothing more");
  dc_buf_add_byte(&buf, '9');
  is_num(dc_buf_check(&buf, &err), DC_ELIMIT, "one more is too much");
  is_text(err.text, "more than the accepted 8 bytes", "it is told");
  is_text(dc_buf_text(&buf), "12345678", "what was there is there");
  dc_buf_consume(&buf, 8);
  dc_buf_add_text(&buf, "x");
  ok(buf.len == 0 && dc_buf_check(&buf, NULL) == DC_ELIMIT, "a failed buffer takes no more, though there is room");
  dc_buf_clear(&buf);
  dc_buf_add_text(&buf, "y");
  ok(dc_buf_check(&buf, NULL) == 0 && strcmp(dc_buf_text(&buf), "y") == 0, "cleared, it does");
  dc_buf_printf(&buf, "%d", 12345678);
  ok(dc_buf_check(&buf, NULL) == DC_ELIMIT && strcmp(dc_buf_text(&buf), "y") == 0, "no half of a text comes in");
  dc_buf_free(&buf);
  ok(buf.max == 8 && !buf.failed && !buf.over, "freed, it is as new, but for its limit");
}

static void test_memory(void) {
  struct dc_buf buf DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_err err = DC_ERR_INIT;
  dc_buf_add_text(&buf, "text");
  ok(dc_buf_reserve(&buf, SIZE_MAX) == NULL && dc_buf_reserve(&buf, 1) == NULL, "more than there can be");
  is_num(dc_buf_check(&buf, &err), DC_ENOMEM, "is no memory");
  is_text(err.text, "out of memory", "which is told");
  is_text(dc_buf_text(&buf), "text", "and what was there is there");
}

static void test_reserve(void) {
  struct dc_buf buf DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  unsigned char *at = dc_buf_reserve(&buf, 1000);
  ok(at && at == buf.data && buf.len == 0 && buf.cap > 1000, "room for 1000 bytes and their NUL");
  memset(at, 'x', 1000);
  buf.len += 1000;
  ok(strlen(dc_buf_text(&buf)) == 1000 && dc_buf_reserve(&buf, 0) == buf.data + 1000, "all of it can be used");
  unsigned char *same = buf.data;
  dc_buf_truncate(&buf, 10);
  dc_buf_add(&buf, at, 0);
  for (int i = 0; i < 990; i++) dc_buf_add_byte(&buf, 'y');
  ok(buf.data == same && buf.len == 1000, "what was reserved once is not allocated again");
}

int main(void) {
  test_empty();
  test_growth();
  test_text();
  test_take();
  test_limit();
  test_memory();
  test_reserve();
  return tap_done();
}
