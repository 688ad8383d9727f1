/* SPDX-License-Identifier: Apache-2.0 */
/* DER, read and written. */
#include "config.h"

#include "pki/der.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

/* --- reading ----------------------------------------------------------------------------------------------------- */

bool dc_der_next(struct dc_slice *at, unsigned char *tag, struct dc_slice *content, struct dc_slice *element) {
  const unsigned char *p = at->data;
  size_t head = 2, n;

  if (at->len < 2 || (p[0] & 0x1f) == 0x1f) return false;
  n = p[1];
  if (n >= 0x80) {
    size_t digits = n & 0x7f;
    if (digits < 1 || digits > 3 || at->len < 2 + digits) return false;
    n = 0;
    for (size_t i = 0; i < digits; i++) n = n << 8 | p[2 + i];
    if (n < 0x80 || n >> (8 * (digits - 1)) == 0) return false; /* not the shortest form */
    head += digits;
  }
  if (at->len - head < n) return false;
  *tag = p[0];
  *content = (struct dc_slice){p + head, n};
  if (element) *element = (struct dc_slice){p, head + n};
  at->data += head + n;
  at->len -= head + n;
  return true;
}

bool dc_der_take_element(struct dc_slice *at, unsigned char tag, struct dc_slice *content, struct dc_slice *element) {
  struct dc_slice rest = *at, got, all;
  unsigned char got_tag;

  if (!dc_der_next(&rest, &got_tag, &got, &all) || got_tag != tag) return false;
  *content = got;
  if (element) *element = all;
  *at = rest;
  return true;
}

bool dc_der_take(struct dc_slice *at, unsigned char tag, struct dc_slice *content) {
  return dc_der_take_element(at, tag, content, NULL);
}

bool dc_der_peek(struct dc_slice at, unsigned char tag) { return at.len > 0 && at.data[0] == tag; }

bool dc_der_take_unsigned(struct dc_slice *at, struct dc_slice *magnitude) {
  struct dc_slice rest = *at, value;

  if (!dc_der_take(&rest, DC_DER_INTEGER, &value) || value.len == 0 || (value.data[0] & 0x80)) return false;
  if (value.len > 1 && value.data[0] == 0) {
    if (!(value.data[1] & 0x80)) return false; /* not the shortest form */
    value.data++;
    value.len--;
  }
  *magnitude = value;
  *at = rest;
  return true;
}

bool dc_der_take_number(struct dc_slice *at, uint32_t *number) {
  struct dc_slice rest = *at, value;
  uint32_t n = 0;

  if (!dc_der_take_unsigned(&rest, &value) || value.len > 4) return false;
  for (size_t i = 0; i < value.len; i++) n = n << 8 | value.data[i];
  *number = n;
  *at = rest;
  return true;
}

bool dc_der_take_bool(struct dc_slice *at, bool *value) {
  struct dc_slice rest = *at, content;

  if (!dc_der_take(&rest, DC_DER_BOOLEAN, &content) || content.len != 1) return false;
  if (content.data[0] != 0 && content.data[0] != 0xff) return false;
  *value = content.data[0] != 0;
  *at = rest;
  return true;
}

bool dc_der_take_bits(struct dc_slice *at, struct dc_slice *bytes) {
  struct dc_slice rest = *at, content;

  if (!dc_der_take(&rest, DC_DER_BIT_STRING, &content) || content.len == 0 || content.data[0] != 0) return false;
  *bytes = (struct dc_slice){content.data + 1, content.len - 1};
  *at = rest;
  return true;
}

/* DIGITS decimal digits at P, or -1. */
static int decimal(const unsigned char *p, int digits) {
  int n = 0;

  for (int i = 0; i < digits; i++) {
    if (p[i] < '0' || p[i] > '9') return -1;
    n = n * 10 + (p[i] - '0');
  }
  return n;
}

bool dc_der_take_time(struct dc_slice *at, int64_t *seconds) {
  struct dc_slice rest = *at, text;
  struct dc_civil civil, back;
  unsigned char tag;
  size_t year_digits;

  if (!dc_der_next(&rest, &tag, &text, NULL)) return false;
  if (tag != DC_DER_UTC_TIME && tag != DC_DER_GENERALIZED_TIME) return false;
  year_digits = tag == DC_DER_UTC_TIME ? 2 : 4;
  if (text.len != year_digits + 11 || text.data[text.len - 1] != 'Z') return false;
  civil.year = decimal(text.data, (int)year_digits);
  if (tag == DC_DER_UTC_TIME && civil.year >= 0) civil.year += civil.year < 50 ? 2000 : 1900;
  text.data += year_digits;
  civil.month = decimal(text.data, 2);
  civil.day = decimal(text.data + 2, 2);
  civil.hour = decimal(text.data + 4, 2);
  civil.minute = decimal(text.data + 6, 2);
  civil.second = decimal(text.data + 8, 2);
  if (civil.year < 0 || civil.month < 1 || civil.month > 12 || civil.day < 1 || civil.day > 31 || civil.hour < 0 ||
      civil.hour > 23 || civil.minute < 0 || civil.minute > 59 || civil.second < 0 || civil.second > 59)
    return false;
  *seconds = dc_clock_from_civil(&civil);
  dc_clock_to_civil(*seconds, &back);
  if (back.day != civil.day) return false; /* 30 February */
  *at = rest;
  return true;
}

const char *dc_der_oid_text(struct dc_slice oid, char *buf) {
  size_t used = 0;
  uint64_t arc = 0;
  bool first = true;

  buf[0] = '\0';
  for (size_t i = 0; i < oid.len; i++) {
    int n;
    if (arc >> 56) break; /* larger than anything registered: what was understood is shown */
    arc = arc << 7 | (oid.data[i] & 0x7f);
    if (oid.data[i] & 0x80) continue;
    if (first) {
      uint64_t top = arc < 80 ? arc / 40 : 2;
      n = snprintf(buf, DC_DER_OID_TEXT_MAX, "%llu.%llu", (unsigned long long)top, (unsigned long long)(arc - top * 40));
    } else {
      n = snprintf(buf + used, DC_DER_OID_TEXT_MAX - used, ".%llu", (unsigned long long)arc);
    }
    if (n < 0 || (size_t)n >= DC_DER_OID_TEXT_MAX - used) break;
    used += (size_t)n;
    first = false;
    arc = 0;
  }
  return buf;
}

/* --- writing ----------------------------------------------------------------------------------------------------- */

/* Bytes that a length of N takes behind its first one. */
static size_t length_digits(size_t n) {
  size_t digits = 0;

  if (n < 0x80) return 0;
  for (; n; n >>= 8) digits++;
  return digits;
}

size_t dc_der_begin(struct dc_buf *out, unsigned char tag) {
  dc_buf_add_byte(out, tag);
  dc_buf_add_byte(out, 0);
  return out->len - 1;
}

void dc_der_end(struct dc_buf *out, size_t mark) {
  static const unsigned char room[8];
  size_t n, digits;

  if (out->failed) return;
  n = out->len - mark - 1;
  digits = length_digits(n);
  if (digits) {
    dc_buf_add(out, room, digits);
    if (out->failed) return;
    memmove(out->data + mark + 1 + digits, out->data + mark + 1, n);
    for (size_t i = 0; i < digits; i++) out->data[mark + 1 + i] = (unsigned char)(n >> (8 * (digits - 1 - i)));
  }
  out->data[mark] = (unsigned char)(digits ? 0x80 | digits : n);
}

static void add_head(struct dc_buf *out, unsigned char tag, size_t n) {
  size_t digits = length_digits(n);

  dc_buf_add_byte(out, tag);
  dc_buf_add_byte(out, (unsigned char)(digits ? 0x80 | digits : n));
  while (digits > 0) dc_buf_add_byte(out, (unsigned char)(n >> (8 * --digits)));
}

void dc_der_add(struct dc_buf *out, unsigned char tag, const void *content, size_t n) {
  add_head(out, tag, n);
  if (n) dc_buf_add(out, content, n);
}

void dc_der_add_slice(struct dc_buf *out, unsigned char tag, struct dc_slice content) {
  dc_der_add(out, tag, content.data, content.len);
}

void dc_der_add_unsigned(struct dc_buf *out, const unsigned char *magnitude, size_t n) {
  while (n > 0 && *magnitude == 0) {
    magnitude++;
    n--;
  }
  if (n == 0 || (*magnitude & 0x80)) {
    add_head(out, DC_DER_INTEGER, n + 1);
    dc_buf_add_byte(out, 0);
  } else {
    add_head(out, DC_DER_INTEGER, n);
  }
  if (n) dc_buf_add(out, magnitude, n);
}

void dc_der_add_number(struct dc_buf *out, uint32_t number) {
  unsigned char bytes[4];

  for (int i = 0; i < 4; i++) bytes[i] = (unsigned char)(number >> (24 - 8 * i));
  dc_der_add_unsigned(out, bytes, sizeof bytes);
}

void dc_der_add_bits(struct dc_buf *out, const void *bytes, size_t n) {
  add_head(out, DC_DER_BIT_STRING, n + 1);
  dc_buf_add_byte(out, 0);
  dc_buf_add(out, bytes, n);
}

void dc_der_add_named_bits(struct dc_buf *out, unsigned bits) {
  unsigned char bytes[3] = {0, 0, 0};
  unsigned last = 0;

  for (unsigned bit = 0; bit < 16; bit++) {
    if (!(bits >> bit & 1)) continue;
    bytes[1 + bit / 8] |= (unsigned char)(0x80 >> bit % 8);
    last = bit;
  }
  bytes[0] = (unsigned char)(7 - last % 8);
  dc_der_add(out, DC_DER_BIT_STRING, bytes, bits ? 2 + last / 8 : 1);
}

/* Base 128, the highest digit first, each but the last with its top bit set. */
static size_t put_arc(unsigned char *to, uint64_t arc) {
  size_t n = 1;
  for (uint64_t rest = arc >> 7; rest; rest >>= 7) n++;
  for (size_t i = 0; i < n; i++)
    to[i] = (unsigned char)((arc >> 7 * (n - 1 - i) & 0x7f) | (i + 1 < n ? 0x80 : 0));
  return n;
}

bool dc_der_add_oid_text(struct dc_buf *out, const char *text) {
  unsigned char content[DC_DER_OID_TEXT_MAX];
  uint64_t top = 0;
  size_t used = 0, arcs = 0;

  for (const char *at = text;; at++, arcs++) {
    size_t digits = strspn(at, "0123456789");
    uint64_t arc = 0;
    if (digits == 0 || digits > 10 || (digits > 1 && *at == '0') || used + 10 > sizeof content) return false;
    for (size_t i = 0; i < digits; i++) arc = arc * 10 + (uint64_t)(at[i] - '0');
    if (arc > UINT32_MAX || (arcs == 0 && arc > 2) || (arcs == 1 && top < 2 && arc > 39)) return false;
    if (arcs == 0)
      top = arc;
    else
      used += put_arc(content + used, arcs == 1 ? top * 40 + arc : arc);
    at += digits;
    if (*at == '\0') break;
    if (*at != '.') return false;
  }
  if (arcs == 0) return false;
  dc_der_add(out, DC_DER_OID, content, used);
  return true;
}

void dc_der_add_time(struct dc_buf *out, int64_t seconds) {
  struct dc_civil civil;
  char text[20], *p = text;
  bool utc;
  int fields[6];

  dc_clock_to_civil(seconds, &civil);
  utc = civil.year >= 1950 && civil.year < 2050;
  if (!utc) {
    int century = civil.year / 100;
    *p++ = (char)('0' + century / 10 % 10);
    *p++ = (char)('0' + century % 10);
  }
  fields[0] = civil.year % 100;
  fields[1] = civil.month;
  fields[2] = civil.day;
  fields[3] = civil.hour;
  fields[4] = civil.minute;
  fields[5] = civil.second;
  for (size_t i = 0; i < 6; i++) { /* by hand: printf would be a tenth of the cost of a certificate's DER */
    *p++ = (char)('0' + fields[i] / 10);
    *p++ = (char)('0' + fields[i] % 10);
  }
  *p++ = 'Z';
  dc_der_add(out, utc ? DC_DER_UTC_TIME : DC_DER_GENERALIZED_TIME, text, (size_t)(p - text));
}
