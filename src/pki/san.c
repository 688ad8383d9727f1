/* SPDX-License-Identifier: Apache-2.0 */
/* Subject alternative names. */
#include "config.h"

#include "pki/san.h"

#include <arpa/inet.h>
#include <string.h>

/* GeneralName's tags (RFC 5280, 4.2.1.6). */
static const struct {
  unsigned char tag;
  const char *text;
} kinds[] = {
    [DC_SAN_DNS] = {DC_DER_CONTEXT(2), "DNS"},
    [DC_SAN_URI] = {DC_DER_CONTEXT(6), "URI"},
    [DC_SAN_EMAIL] = {DC_DER_CONTEXT(1), "email"},
    [DC_SAN_IP] = {DC_DER_CONTEXT(7), "IP"},
};

static bool is_ascii(struct dc_slice text) {
  for (size_t i = 0; i < text.len; i++)
    if (text.data[i] >= 0x80) return false;
  return true;
}

int dc_san_next(struct dc_slice *at, struct dc_san *san, struct dc_err *err) {
  struct dc_san got = {.kind = DC_SAN_OTHER};
  unsigned char tag;

  if (at->len == 0) return 0;
  if (!dc_der_next(at, &tag, &got.value, NULL)) return dc_err_set(err, DC_EINVAL, "malformed subjectAltName");
  for (size_t i = DC_SAN_DNS; i < DC_COUNT(kinds); i++)
    if (tag == kinds[i].tag) got.kind = (enum dc_san_kind)i;
  if (got.kind == DC_SAN_IP ? got.value.len != 4 && got.value.len != 16
                            : got.kind != DC_SAN_OTHER && !is_ascii(got.value))
    return dc_err_set(err, DC_EINVAL, "malformed %s name in subjectAltName", kinds[got.kind].text);
  *san = got;
  return 1;
}

size_t dc_san_count(const struct dc_san *sans, size_t count, enum dc_san_kind kind) {
  size_t n = 0;

  for (size_t i = 0; i < count; i++) n += sans[i].kind == kind;
  return n;
}

/* RFC 3986, 3.1. */
static bool has_scheme(const char *text) {
  static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  size_t n;

  if (*text == '\0' || !strchr(letters, *text)) return false;
  n = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");
  return text[n] == ':';
}

/* What has a place in an IA5String that programs compare: visible, no space. */
static int check_text(const struct dc_san *san, struct dc_err *err) {
  const char *kind = kinds[san->kind].text;

  if (san->value.len == 0) return dc_err_set(err, DC_EINVAL, "an empty %s name cannot stand in a certificate", kind);
  for (size_t i = 0; i < san->value.len; i++)
    if (san->value.data[i] <= 0x20 || san->value.data[i] >= 0x7f)
      return dc_err_set(err, DC_EINVAL, "the %s name holds a space, a control or a non-ASCII character", kind);
  return 0;
}

int dc_san_parse(const char *text, unsigned char address[16], struct dc_san *san, struct dc_err *err) {
  struct dc_san got = {.kind = DC_SAN_DNS, .value = dc_slice_text(text)};
  int rc;

  if (inet_pton(AF_INET, text, address) == 1) {
    *san = (struct dc_san){DC_SAN_IP, {address, 4}};
    return 0;
  }
  if (inet_pton(AF_INET6, text, address) == 1) {
    *san = (struct dc_san){DC_SAN_IP, {address, 16}};
    return 0;
  }
  if (has_scheme(text))
    got.kind = DC_SAN_URI;
  else if (strchr(text, '@'))
    got.kind = DC_SAN_EMAIL;
  rc = check_text(&got, err);
  if (rc < 0) return dc_err_add(err, rc, "name '%s'", text);
  *san = got;
  return 0;
}

void dc_san_text(const struct dc_san *san, struct dc_buf *out) {
  char address[INET6_ADDRSTRLEN];

  if (san->kind == DC_SAN_OTHER) {
    dc_buf_add_text(out, "other name");
    return;
  }
  dc_buf_printf(out, "%s:", kinds[san->kind].text);
  if (san->kind == DC_SAN_IP) {
    if (inet_ntop(san->value.len == 4 ? AF_INET : AF_INET6, san->value.data, address, sizeof address))
      dc_buf_add_text(out, address);
    return;
  }
  for (size_t i = 0; i < san->value.len; i++) {
    unsigned char c = san->value.data[i];
    if (c < 0x20 || c >= 0x7f)
      dc_buf_printf(out, "\\%02X", c);
    else
      dc_buf_add_byte(out, c);
  }
}

int dc_san_add(struct dc_buf *out, const struct dc_san *sans, size_t count, struct dc_err *err) {
  size_t mark;

  for (size_t i = 0; i < count; i++) {
    int rc = 0;
    if (sans[i].kind == DC_SAN_OTHER || (sans[i].kind == DC_SAN_IP && sans[i].value.len != 4 && sans[i].value.len != 16))
      rc = dc_err_set(err, DC_EINVAL, "a name of an unknown kind cannot be written");
    else if (sans[i].kind != DC_SAN_IP)
      rc = check_text(&sans[i], err);
    if (rc < 0) return rc;
  }
  mark = dc_der_begin(out, DC_DER_SEQUENCE);
  for (size_t i = 0; i < count; i++) dc_der_add_slice(out, kinds[sans[i].kind].tag, sans[i].value);
  dc_der_end(out, mark);
  return 0;
}
