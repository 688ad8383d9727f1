/* SPDX-License-Identifier: Apache-2.0 */
/* Base64, RFC 4648. */
#include <config.h>

#include "base/base64.h"

#include <string.h>

static const char *const alphabets[] = {
  [DC_BASE64_STD] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
  [DC_BASE64_URL] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
};

void dc_base64_encode(struct dc_buf *out, enum dc_base64 alphabet, const void *bytes, size_t n) {
  const char *chars = alphabets[alphabet];
  const unsigned char *in = bytes;
  for (size_t i = 0; i < n; i += 3) {
    size_t have = n - i < 3 ? n - i : 3;
    uint32_t group = (uint32_t)in[i] << 16;
    if (have > 1) group |= (uint32_t)in[i + 1] << 8;
    if (have > 2) group |= in[i + 2];
    char quad[4] = {chars[group >> 18], chars[group >> 12 & 63], chars[group >> 6 & 63], chars[group & 63]};
    if (alphabet == DC_BASE64_STD) memset(quad + have + 1, '=', 3 - have);
    dc_buf_add(out, quad, alphabet == DC_BASE64_STD ? 4 : have + 1);
  }
}

/* The six bits of a character, -1 when it is none of the alphabet. */
static int value_of(enum dc_base64 alphabet, char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == alphabets[alphabet][62]) return 62;
  if (c == alphabets[alphabet][63]) return 63;
  return -1;
}

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

/* The last group, of HAVE characters and PADS pads: its bytes, or -1 when it cannot be one. */
static int tail_bytes(enum dc_base64 alphabet, uint32_t group, unsigned have, unsigned pads) {
  static const unsigned char free_bits[4] = {0, 0, 15, 3}; /* that must be zero, for 2 and 3 characters */
  if (have == 0) return pads == 0 ? 0 : -1;
  if (have == 1) return -1;
  if (pads != (alphabet == DC_BASE64_STD ? 4 - have : 0)) return -1;
  if (group & free_bits[have]) return -1;
  return (int)have - 1;
}

static int decode(struct dc_buf *out, enum dc_base64 alphabet, const char *text, size_t n, struct dc_err *err) {
  uint32_t group = 0;
  unsigned have = 0, pads = 0;
  for (size_t i = 0; i < n; i++) {
    if (alphabet == DC_BASE64_STD && is_space(text[i])) continue;
    if (text[i] == '=') {
      pads++;
      continue;
    }
    int value = value_of(alphabet, text[i]);
    if (value < 0) return dc_err_set(err, DC_EINVAL, "character %zu is not base64", i + 1);
    if (pads) return dc_err_set(err, DC_EINVAL, "base64 goes on behind its padding");
    group = group << 6 | (uint32_t)value;
    if (++have < 4) continue;
    const unsigned char bytes[3] = {group >> 16 & 255, group >> 8 & 255, group & 255};
    dc_buf_add(out, bytes, 3);
    group = 0;
    have = 0;
  }
  int last = tail_bytes(alphabet, group, have, pads);
  if (last < 0) return dc_err_set(err, DC_EINVAL, "base64 ends in an incomplete or badly padded group");
  if (last == 1) dc_buf_add_byte(out, group >> 4 & 255);
  if (last == 2) {
    dc_buf_add_byte(out, group >> 10 & 255);
    dc_buf_add_byte(out, group >> 2 & 255);
  }
  return dc_buf_check(out, err);
}

int dc_base64_decode(struct dc_buf *out, enum dc_base64 alphabet, const char *text, size_t n, struct dc_err *err) {
  size_t before = out->len;
  dc_buf_reserve(out, n / 4 * 3); /* one allocation for the usual case; a failure shows at the end */
  int rc = decode(out, alphabet, text, n, err);
  if (rc != 0) dc_buf_truncate(out, before);
  return rc;
}
