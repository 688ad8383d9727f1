/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "pki/san.h"

#include "tap.h"

static void test_typing(void) {
  static const struct {
    const char *text;
    enum dc_san_kind kind;
    const char *shown; /* NULL: refused */
  } cases[] = {
      {"127.0.0.1", DC_SAN_IP, "IP:127.0.0.1"},
      {"::1", DC_SAN_IP, "IP:::1"},
      {"spiffe://td/x", DC_SAN_URI, "URI:spiffe://td/x"},
      {"https://a.b/c@d", DC_SAN_URI, "URI:https://a.b/c@d"},
      {"me@example.org", DC_SAN_EMAIL, "email:me@example.org"},
      {"localhost", DC_SAN_DNS, "DNS:localhost"},
      {"*.example.org", DC_SAN_DNS, "DNS:*.example.org"},
      {"1.2.3", DC_SAN_DNS, "DNS:1.2.3"},
      {"", DC_SAN_DNS, NULL},
      {"a b", DC_SAN_DNS, NULL},
      {"m\xc3\xbcnchen.de", DC_SAN_DNS, NULL},
  };

  for (size_t i = 0; i < DC_COUNT(cases); i++) {
    struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    unsigned char address[16];
    struct dc_san san;
    int rc = dc_san_parse(cases[i].text, address, &san, NULL);
    if (!cases[i].shown) {
      ok(rc == DC_EINVAL, "refused: '%s'", cases[i].text);
      continue;
    }
    if (rc == 0) dc_san_text(&san, &text);
    ok(rc == 0 && san.kind == cases[i].kind, "typed by content: '%s'", cases[i].text);
    is_text(dc_buf_text(&text), cases[i].shown, "and shown");
  }
}

static void test_round_trip(void) {
  struct dc_buf out DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_san sans[] = {
      {DC_SAN_URI, DC_SLICE("spiffe://td/x")},
      {DC_SAN_DNS, DC_SLICE("a.b")},
      {DC_SAN_IP, DC_SLICE("\x7f\x00\x00\x01")},
      {DC_SAN_EMAIL, DC_SLICE("a@b")},
  };
  struct dc_slice at, names;
  struct dc_san got;
  size_t i = 0;

  ok(dc_san_add(&out, sans, DC_COUNT(sans), NULL) == 0, "names of all kinds are written");
  at = (struct dc_slice){out.data, out.len};
  ok(dc_der_take(&at, DC_DER_SEQUENCE, &names) && at.len == 0, "as one sequence");
  for (; i < DC_COUNT(sans) && dc_san_next(&names, &got, NULL) == 1; i++)
    ok(got.kind == sans[i].kind && dc_slice_equal(got.value, sans[i].value), "name %zu is read back", i);
  ok(i == DC_COUNT(sans) && dc_san_next(&names, &got, NULL) == 0, "and no more");
  is_num(dc_san_count(sans, DC_COUNT(sans), DC_SAN_URI), 1, "counted by kind");
}

static void test_refused(void) {
  static const struct dc_san bad[] = {
      {DC_SAN_DNS, DC_SLICE("")}, {DC_SAN_DNS, DC_SLICE("a\0b")}, {DC_SAN_URI, DC_SLICE("a b")},
      {DC_SAN_IP, DC_SLICE("\x7f\x00\x00")}, {DC_SAN_OTHER, DC_SLICE("x")}, {DC_SAN_EMAIL, DC_SLICE("\xff@b")},
  };
  static const struct dc_slice broken[] = {
      DC_SLICE("\x82"), DC_SLICE("\x82\x02" "a"), DC_SLICE("\x87\x03" "abc"), DC_SLICE("\x82\x01\xc3"),
  };
  struct dc_san san;

  for (size_t i = 0; i < DC_COUNT(bad); i++) {
    struct dc_buf out DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    ok(dc_san_add(&out, &bad[i], 1, NULL) == DC_EINVAL && out.len == 0, "not written: bad name %zu", i);
  }
  for (size_t i = 0; i < DC_COUNT(broken); i++) {
    struct dc_slice at = broken[i];
    ok(dc_san_next(&at, &san, NULL) == DC_EINVAL, "not read: broken name %zu", i);
  }
}

int main(void) {
  test_typing();
  test_round_trip();
  test_refused();
  return tap_done();
}
