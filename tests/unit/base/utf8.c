/* SPDX-License-Identifier: Apache-2.0 */
/* All of UTF-8: RFC 3629 says how many sequences there are, and Unicode which code points they stand for. */
#include "base/utf8.h"

#include <string.h>

#include "tap.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* RFC 3629, section 3, read the other way round. */
static size_t encode(uint32_t rune, uint8_t *s) {
  static const uint8_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
  size_t n = rune < 0x80 ? 1 : rune < 0x800 ? 2 : rune < 0x10000 ? 3 : 4;
  for (size_t i = n - 1; i > 0; i--, rune >>= 6) s[i] = (uint8_t)(0x80 | (rune & 0x3f));
  s[0] = (uint8_t)(lead[n] | rune);
  return n;
}

static void test_every_rune(void) {
  unsigned wrong = 0, cut = 0, surrogates = 0;
  for (uint32_t rune = 0; rune <= 0x110000; rune++) {
    uint8_t s[4];
    size_t n = encode(rune, s);
    if (rune > 0x10ffff || (rune >= 0xd800 && rune <= 0xdfff)) {
      surrogates += dc_utf8_length(s, n) != 0;
      continue;
    }
    wrong += dc_utf8_length(s, n) != n || dc_utf8_rune(s, n) != rune || !dc_utf8_valid(s, n);
    if (n > 1) cut += dc_utf8_length(s, n - 1) != 0;
  }
  is_num(wrong, 0, "every code point has its sequence");
  is_num(cut, 0, "none is taken without its last byte");
  is_num(surrogates, 0, "surrogates, and what lies above U+10FFFF, have none");
}

/* That nothing else is taken is a matter of counting. */
static void test_nothing_else(void) {
  unsigned long found[5] = {0};
  for (uint32_t bytes = 0; bytes < 1U << 24; bytes++) {
    const uint8_t s[] = {(uint8_t)(bytes >> 16), (uint8_t)(bytes >> 8), (uint8_t)bytes};
    size_t n = dc_utf8_length(s, sizeof s);
    if (n == 3 || (n == 2 && s[2] == 0) || (n == 1 && !s[1] && !s[2])) found[n]++;
  }
  is_num(found[1], 0x80, "sequences of one byte");
  is_num(found[2], 0x800 - 0x80, "of two");
  is_num(found[3], 0x10000 - 0x800 - 0x800, "of three: less the surrogates");
  for (uint32_t lead = 0xf0; lead <= 0xff; lead++)
    for (uint32_t bytes = 0; bytes < 1U << 16; bytes++) { /* the last byte goes as the third does */
      const uint8_t s[] = {(uint8_t)lead, (uint8_t)(bytes >> 8), (uint8_t)bytes, 0x80};
      found[4] += dc_utf8_length(s, sizeof s) == 4;
    }
  is_num(found[4], 0x100000 / 64, "of four, for one last byte");
}

static void test_texts(void) {
  static const struct {
    const char *text;
    bool valid;
  } rows[] = {
      {"", true},           {"plain", true},          {"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x94\x91", true},
      {"a\xff", false},     {"\x80", false},          {"ends early \xe2\x82", false},
      {"\xc0\xaf", false},  {"\xe0\x80\xaf", false},  {"\xf0\x80\x80\xaf", false},
      {"\xc3(", false},     {"\xed\xa0\x80", false},  {"\xf4\x90\x80\x80", false},
      {"\xf0\x9f\x94(", false},
  };
  for (size_t i = 0; i < COUNT(rows); i++)
    ok(dc_utf8_valid((const uint8_t *)rows[i].text, strlen(rows[i].text)) == rows[i].valid, "text %zu is %s", i,
       rows[i].valid ? "UTF-8" : "none");
  ok(dc_utf8_valid((const uint8_t *)"a\0b", 3), "a NUL is a character");
  ok(dc_utf8_valid(NULL, 0), "nothing is UTF-8");
}

static void test_controls(void) {
  static const struct {
    const char *text;
    size_t length;
  } rows[] = {{"\n", 1}, {"\x1b[", 1}, {"\x1f", 1}, {" ", 0},       {"~", 0},        {"\x7f", 1},
              {"\xc2\x80", 2}, {"\xc2\x9b[", 2}, {"\xc2\xa0", 0}, {"\xc3\x80", 0}, {"\xc2", 0}, {"\x9b", 0}};
  for (size_t i = 0; i < COUNT(rows); i++)
    ok(dc_utf8_control((const uint8_t *)rows[i].text, strlen(rows[i].text)) == rows[i].length,
       "control character %zu: %zu bytes", i, rows[i].length);
}

int main(void) {
  test_every_rune();
  test_nothing_else();
  test_texts();
  test_controls();
  return tap_done();
}
