/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

size_t dc_utf8_length(const uint8_t *s, size_t n) {
  uint8_t c = s[0];
  if (c < 0x80) return 1;
  size_t length = c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;
  if (length == 0 || length > n) return 0;
  for (size_t i = 1; i < length; i++)
    if ((s[i] & 0xc0) != 0x80) return 0;
  bool overlong = (c == 0xe0 && s[1] < 0xa0) || (c == 0xf0 && s[1] < 0x90);
  bool beyond = (c == 0xed && s[1] > 0x9f) || (c == 0xf4 && s[1] > 0x8f); /* surrogates; above U+10FFFF */
  return overlong || beyond ? 0 : length;
}

uint32_t dc_utf8_rune(const uint8_t *s, size_t length) {
  if (length == 1) return s[0];
  uint32_t rune = s[0] & (0x7fU >> length);
  for (size_t i = 1; i < length; i++) rune = rune << 6 | (s[i] & 0x3fU);
  return rune;
}

size_t dc_utf8_control(const uint8_t *s, size_t n) {
  if (s[0] < 0x20 || s[0] == 0x7f) return 1;
  return n > 1 && s[0] == 0xc2 && s[1] >= 0x80 && s[1] < 0xa0 ? 2 : 0;
}

bool dc_utf8_valid(const uint8_t *s, size_t n) {
  for (size_t i = 0, length = 0; i < n; i += length) {
    length = dc_utf8_length(s + i, n - i);
    if (length == 0) return false;
  }
  return true;
}
