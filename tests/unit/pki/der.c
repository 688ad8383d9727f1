/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "pki/der.h"

#include <stdlib.h>

#include "base/clock.h"
#include "tap.h"

#define BYTES(literal) DC_SLICE(literal)

static void test_lengths(void) {
  static const size_t sizes[] = {0, 1, 127, 128, 255, 256, 65535, 65536, 70000};

  for (size_t i = 0; i < DC_COUNT(sizes); i++) {
    struct dc_buf out DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, nested DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    unsigned char *bytes = calloc(1, sizes[i] + 1);
    struct dc_slice at, content, element;
    unsigned char tag;
    size_t outer, inner;
    dc_der_add(&out, DC_DER_OCTET_STRING, bytes, sizes[i]);
    at = (struct dc_slice){out.data, out.len};
    ok(dc_der_next(&at, &tag, &content, &element) && tag == DC_DER_OCTET_STRING && content.len == sizes[i] &&
           element.len == out.len && at.len == 0,
       "an element of %zu bytes is read as it was written", sizes[i]);
    outer = dc_der_begin(&nested, DC_DER_SEQUENCE);
    inner = dc_der_begin(&nested, DC_DER_OCTET_STRING);
    dc_buf_add(&nested, bytes, sizes[i]);
    dc_der_end(&nested, inner);
    dc_der_end(&nested, outer);
    at = (struct dc_slice){nested.data, nested.len};
    ok(dc_der_take(&at, DC_DER_SEQUENCE, &content) && at.len == 0 && content.len == out.len &&
           memcmp(content.data, out.data, out.len) == 0,
       "begin and end write the same for %zu bytes", sizes[i]);
    free(bytes);
  }
}

static void test_refused(void) {
  static const struct {
    struct dc_slice bytes;
    const char *what;
  } cases[] = {
      {BYTES(""), "nothing"},
      {BYTES("\x30"), "a tag alone"},
      {BYTES("\x30\x01"), "content missing"},
      {BYTES("\x30\x80\x00\x00"), "an indefinite length"},
      {BYTES("\x30\x81\x01\x00"), "a length not in its shortest form"},
      {BYTES("\x30\x82\x00\x80"), "a length with a leading zero"},
      {BYTES("\x30\x84\x00\x00\x00\x01\x00"), "a length of four bytes"},
      {BYTES("\x30\x82\x01"), "a length broken off"},
      {BYTES("\x30\x83\xff\xff\xff\x00"), "a length beyond the end"},
      {BYTES("\x1f\x81\x01\x00"), "a tag of more than one byte"},
  };

  for (size_t i = 0; i < DC_COUNT(cases); i++) {
    struct dc_slice at = cases[i].bytes, content;
    unsigned char tag;
    ok(!dc_der_next(&at, &tag, &content, NULL) && at.data == cases[i].bytes.data && at.len == cases[i].bytes.len,
       "refused, and nothing taken: %s", cases[i].what);
  }
}

static void test_numbers(void) {
  static const uint32_t numbers[] = {0, 1, 127, 128, 255, 256, 65537, 0x7fffffff, 0x80000000, 0xffffffff};
  struct dc_slice at, magnitude;
  uint32_t got;

  for (size_t i = 0; i < DC_COUNT(numbers); i++) {
    struct dc_buf out DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    dc_der_add_number(&out, numbers[i]);
    at = (struct dc_slice){out.data, out.len};
    got = ~numbers[i];
    ok(dc_der_take_number(&at, &got) && got == numbers[i] && at.len == 0, "number %lu", (unsigned long)numbers[i]);
  }
  at = BYTES("\x02\x01\x80");
  ok(!dc_der_take_number(&at, &got), "a negative number is refused");
  at = BYTES("\x02\x02\x00\x7f");
  ok(!dc_der_take_number(&at, &got), "a number with a needless zero is refused");
  at = BYTES("\x02\x00");
  ok(!dc_der_take_unsigned(&at, &magnitude), "a number of no bytes is refused");
  at = BYTES("\x02\x06\x00\xff\x00\x00\x00\x00");
  ok(!dc_der_take_number(&at, &got), "a number above 32 bits is refused");
  ok(dc_der_take_unsigned(&at, &magnitude) && magnitude.len == 5 && magnitude.data[0] == 0xff,
     "and read as a magnitude without its zero");
}

static void test_times(void) {
  static const struct {
    const char *text;
    unsigned char tag;
  } cases[] = {
      {"1970-01-01T00:00:00Z", DC_DER_UTC_TIME},         {"2049-12-31T23:59:59Z", DC_DER_UTC_TIME},
      {"2050-01-01T00:00:00Z", DC_DER_GENERALIZED_TIME}, {"2024-02-29T12:34:56Z", DC_DER_UTC_TIME},
      {"9999-12-31T23:59:59Z", DC_DER_GENERALIZED_TIME},
  };
  static const struct dc_slice refused[] = {
      BYTES("\x17\x0d" "230230000000Z"), BYTES("\x17\x0d" "231301000000Z"), BYTES("\x17\x0d" "230101240000Z"),
      BYTES("\x17\x0c" "23010100000Z"), BYTES("\x17\x0d" "2301010000000"), BYTES("\x17\x0b" "2301010000Z"),
      BYTES("\x18\x0d" "230101000000Z"), BYTES("\x17\x0d" "23010100000 Z"),
  };
  int64_t want, got;

  for (size_t i = 0; i < DC_COUNT(cases); i++) {
    struct dc_buf out DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    struct dc_slice at;
    if (!ok(dc_clock_parse(cases[i].text, &want, NULL) == 0, "%s", cases[i].text)) continue;
    dc_der_add_time(&out, want);
    at = (struct dc_slice){out.data, out.len};
    ok(out.data[0] == cases[i].tag && dc_der_take_time(&at, &got) && got == want && at.len == 0,
       "%s is written in its form and read back", cases[i].text);
  }
  for (size_t i = 0; i < DC_COUNT(refused); i++) {
    struct dc_slice at = refused[i];
    ok(!dc_der_take_time(&at, &got), "refused time: %.*s", (int)(at.len - 2), (const char *)at.data + 2);
  }
}

static void test_rest(void) {
  char text[DC_DER_OID_TEXT_MAX];
  struct dc_slice at, bits;
  bool value = false;

  is_text(dc_der_oid_text(BYTES("\x2a\x86\x48\xce\x3d\x04\x03\x02"), text), "1.2.840.10045.4.3.2", "an OID in text");
  is_text(dc_der_oid_text(BYTES("\x88\x37"), text), "2.999", "an OID with a large second arc");
  is_text(dc_der_oid_text(BYTES(""), text), "", "an OID of nothing");
  at = BYTES("\x01\x01\xff");
  ok(dc_der_take_bool(&at, &value) && value, "TRUE");
  at = BYTES("\x01\x01\x01");
  ok(!dc_der_take_bool(&at, &value), "a TRUE other than ff is no DER");
  at = BYTES("\x03\x02\x00\xaa");
  ok(dc_der_take_bits(&at, &bits) && bits.len == 1 && bits.data[0] == 0xaa, "a bit string of whole bytes");
  at = BYTES("\x03\x02\x01\xaa");
  ok(!dc_der_take_bits(&at, &bits), "a bit string with unused bits is refused here");
  at = BYTES("\x03\x00");
  ok(!dc_der_take_bits(&at, &bits), "a bit string of no bytes is refused");
}

static void test_oids_written(void) {
  static const struct {
    const char *text, *content; /* content NULL: refused */
  } cases[] = {
      {"1.2.840.10045.4.3.2", "\x2a\x86\x48\xce\x3d\x04\x03\x02"},
      {"2.999", "\x88\x37"},
      {"0.9.2342", "\x09\x92\x26"},
      {"1.39", "\x4f"},
      {"2.5.4294967295", "\x55\x8f\xff\xff\xff\x7f"},
      {"1.40", NULL},
      {"3.1", NULL},
      {"1", NULL},
      {"", NULL},
      {"1.2.", NULL},
      {"1..2", NULL},
      {"1.2.03", NULL},
      {"1.2 ", NULL},
      {"1.2.4294967296", NULL},
      {"1.2.99999999999999999999", NULL},
      {"serverAuth", NULL},
  };
  for (size_t i = 0; i < DC_COUNT(cases); i++) {
    struct dc_buf out DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    struct dc_slice at, content = {NULL, 0};
    bool good = dc_der_add_oid_text(&out, cases[i].text);
    at = (struct dc_slice){out.data, out.len};
    if (!cases[i].content)
      ok(!good && out.len == 0, "'%s' is no OID", cases[i].text);
    else
      ok(good && dc_der_take(&at, DC_DER_OID, &content) && dc_slice_equal(content, dc_slice_text(cases[i].content)),
         "'%s' is written", cases[i].text);
  }
}

static void test_named_bits(void) {
  static const struct {
    unsigned bits;
    struct dc_slice der;
  } cases[] = {
      {0, BYTES("\x03\x01\x07")},     {1, BYTES("\x03\x02\x07\x80")},          {1 << 7, BYTES("\x03\x02\x00\x01")},
      {0x61, BYTES("\x03\x02\x01\x86")}, {1 << 8, BYTES("\x03\x03\x07\x00\x80")}, {0x101, BYTES("\x03\x03\x07\x80\x80")},
  };
  for (size_t i = 0; i < DC_COUNT(cases); i++) {
    struct dc_buf out DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    dc_der_add_named_bits(&out, cases[i].bits);
    ok(dc_slice_equal((struct dc_slice){out.data, out.len}, cases[i].der), "the flags %#x", cases[i].bits);
  }
}

int main(void) {
  test_lengths();
  test_refused();
  test_numbers();
  test_times();
  test_rest();
  test_oids_written();
  test_named_bits();
  return tap_done();
}
