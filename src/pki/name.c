/* SPDX-License-Identifier: Apache-2.0 */
/* Distinguished names. */
#include "config.h"

#include "pki/name.h"

#include "base/utf8.h"
#include "pki/oid.h"

/* One attribute of a Name. */
struct attribute {
  struct dc_slice oid, value;
  unsigned char tag;
};

/* A walk over the attributes of a Name, all RDNs in one row. */
struct walk {
  struct dc_slice rdns, rdn;
};

static bool walk_begin(struct walk *walk, struct dc_slice name) {
  walk->rdn = (struct dc_slice){NULL, 0};
  return dc_der_take(&name, DC_DER_SEQUENCE, &walk->rdns) && !name.len;
}

/* 1, 0 at the end, -1 malformed. */
static int walk_next(struct walk *walk, struct attribute *attribute) {
  struct dc_slice pair;

  if (!walk->rdn.len) {
    if (!walk->rdns.len) return 0;
    if (!dc_der_take(&walk->rdns, DC_DER_SET, &walk->rdn) || !walk->rdn.len) return -1;
  }
  if (!dc_der_take(&walk->rdn, DC_DER_SEQUENCE, &pair) || !dc_der_take(&pair, DC_DER_OID, &attribute->oid) ||
      !dc_der_next(&pair, &attribute->tag, &attribute->value, NULL) || pair.len)
    return -1;
  return 1;
}

bool dc_name_take(struct dc_slice *at, struct dc_slice *name) {
  struct dc_slice rest = *at, content, all;
  struct attribute attribute;
  struct walk walk;
  int rc;

  if (!dc_der_take_element(&rest, DC_DER_SEQUENCE, &content, &all) || !walk_begin(&walk, all)) return false;
  while ((rc = walk_next(&walk, &attribute)) == 1) continue;
  if (rc < 0) return false;
  *name = all;
  *at = rest;
  return true;
}

bool dc_name_is_empty(struct dc_slice name) { return name.len <= 2; }

bool dc_name_at(struct dc_slice name, size_t index, struct dc_slice *oid, struct dc_slice *value) {
  struct attribute attribute;
  struct walk walk;

  if (!walk_begin(&walk, name)) return false;
  do {
    if (walk_next(&walk, &attribute) != 1) return false;
  } while (index-- > 0);
  *oid = attribute.oid;
  *value = attribute.value;
  return true;
}

bool dc_name_has(struct dc_slice name, struct dc_slice oid) {
  struct dc_slice type, value;

  for (size_t i = 0; dc_name_at(name, i, &type, &value); i++)
    if (dc_slice_equal(type, oid)) return true;
  return false;
}

static void add_type(struct dc_buf *out, struct dc_slice oid) {
  static const struct {
    struct dc_slice oid;
    const char *text;
  } types[] = {
      {DC_SLICE(DC_OID_NAME_CN), "CN"}, {DC_SLICE("\x55\x04\x05"), "serialNumber"}, {DC_SLICE("\x55\x04\x06"), "C"},
      {DC_SLICE("\x55\x04\x07"), "L"},  {DC_SLICE("\x55\x04\x08"), "ST"},           {DC_SLICE(DC_OID_NAME_O), "O"},
      {DC_SLICE("\x55\x04\x0b"), "OU"},
  };
  char text[DC_DER_OID_TEXT_MAX];

  for (size_t i = 0; i < DC_COUNT(types); i++) {
    if (!dc_slice_equal(oid, types[i].oid)) continue;
    dc_buf_add_text(out, types[i].text);
    return;
  }
  dc_buf_add_text(out, dc_der_oid_text(oid, text));
}

/* UTF-8 passes as it is; control bytes, and what would end a value, do not. Strings of other encodings (BMPString,
 * T61String) come out escaped, which is honest and rare. */
static void add_value(struct dc_buf *out, struct dc_slice value) {
  bool utf8 = dc_utf8_valid(value.data, value.len);

  for (size_t i = 0; i < value.len; i++) {
    unsigned char c = value.data[i];
    size_t control = dc_utf8_control(value.data + i, value.len - i);
    if (control == 2) dc_buf_printf(out, "\\%02X", value.data[i++]), c = value.data[i];
    if (control || c == '\\' || c == ',' || c == '"' || (c >= 0x80 && !utf8))
      dc_buf_printf(out, "\\%02X", c);
    else
      dc_buf_add_byte(out, c);
  }
}

void dc_name_text(struct dc_slice name, struct dc_buf *out) {
  struct attribute attribute;
  struct walk walk;
  bool first = true;

  if (walk_begin(&walk, name)) {
    while (walk_next(&walk, &attribute) == 1) {
      if (!first) dc_buf_add_text(out, ", ");
      add_type(out, attribute.oid);
      dc_buf_add_byte(out, '=');
      add_value(out, attribute.value);
      first = false;
    }
  }
  if (first) dc_buf_add_text(out, "(empty)");
}

static void add_attribute(struct dc_buf *out, struct dc_slice oid, const char *text) {
  size_t set, pair;

  if (!text) return;
  set = dc_der_begin(out, DC_DER_SET);
  pair = dc_der_begin(out, DC_DER_SEQUENCE);
  dc_der_add_slice(out, DC_DER_OID, oid);
  dc_der_add_slice(out, DC_DER_UTF8, dc_slice_text(text));
  dc_der_end(out, pair);
  dc_der_end(out, set);
}

void dc_name_add(struct dc_buf *out, const char *organization, const char *common_name) {
  size_t mark = dc_der_begin(out, DC_DER_SEQUENCE);

  add_attribute(out, DC_SLICE(DC_OID_NAME_O), organization);
  add_attribute(out, DC_SLICE(DC_OID_NAME_CN), common_name);
  dc_der_end(out, mark);
}
