/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "ca/profile_names.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "pki/der.h"
#include "pki/oid.h"

/* --- distinguished names ------------------------------------------------------------------------------------------ */

/* The attributes that openssl limits in length or form, and others that names are made of. */
static const struct attribute {
  const char *brief, *full, *oid;
  unsigned char tag; /* 0: UTF8String */
  size_t min, max;   /* characters; max 0: any number */
} attributes[] = {
    {"C", "countryName", "2.5.4.6", DC_DER_PRINTABLE, 2, 2},
    {"ST", "stateOrProvinceName", "2.5.4.8", 0, 1, 128},
    {"L", "localityName", "2.5.4.7", 0, 1, 128},
    {"O", "organizationName", "2.5.4.10", 0, 1, 64},
    {"OU", "organizationalUnitName", "2.5.4.11", 0, 1, 64},
    {"CN", "commonName", "2.5.4.3", 0, 1, 64},
    {"emailAddress", "emailAddress", "1.2.840.113549.1.9.1", DC_DER_IA5, 1, 128},
    {"serialNumber", "serialNumber", "2.5.4.5", DC_DER_PRINTABLE, 1, 64},
    {"SN", "surname", "2.5.4.4", 0, 1, 32768},
    {"GN", "givenName", "2.5.4.42", 0, 1, 32768},
    {"name", "name", "2.5.4.41", 0, 1, 32768},
    {"initials", "initials", "2.5.4.43", 0, 1, 32768},
    {"dnQualifier", "dnQualifier", "2.5.4.46", DC_DER_PRINTABLE, 1, 0},
    {"DC", "domainComponent", "0.9.2342.19200300.100.1.25", DC_DER_IA5, 1, 0},
    {"mail", "rfc822Mailbox", "0.9.2342.19200300.100.1.3", DC_DER_IA5, 1, 0},
    {"UID", "userId", "0.9.2342.19200300.100.1.1", 0, 1, 0},
    {"title", "title", "2.5.4.12", 0, 1, 0},
    {"description", "description", "2.5.4.13", 0, 1, 0},
    {"businessCategory", "businessCategory", "2.5.4.15", 0, 1, 0},
    {"street", "streetAddress", "2.5.4.9", 0, 1, 0},
    {"postalCode", "postalCode", "2.5.4.17", 0, 1, 0},
    {"generationQualifier", "generationQualifier", "2.5.4.44", 0, 1, 0},
    {"pseudonym", "pseudonym", "2.5.4.65", 0, 1, 0},
    {"unstructuredName", "unstructuredName", "1.2.840.113549.1.9.2", 0, 1, 0},
};

static const struct attribute *find_attribute(const char *name) {
  for (size_t i = 0; i < DC_COUNT(attributes); i++)
    if (strcmp(name, attributes[i].brief) == 0 || strcmp(name, attributes[i].full) == 0 ||
        strcmp(name, attributes[i].oid) == 0)
      return &attributes[i];
  return NULL;
}

static bool is_printable(struct dc_slice text) {
  static const char others[] = " '()+,-./:=?";
  for (size_t i = 0; i < text.len; i++) {
    unsigned char c = text.data[i];
    bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!plain && (c == '\0' || !strchr(others, c))) return false;
  }
  return true;
}

static bool is_ascii(struct dc_slice text) {
  for (size_t i = 0; i < text.len; i++)
    if (text.data[i] >= 0x80) return false;
  return true;
}

static size_t count_characters(struct dc_slice utf8) {
  size_t n = 0;
  for (size_t i = 0; i < utf8.len; i++) n += (utf8.data[i] & 0xc0) != 0x80;
  return n;
}

/* A row's value as UTF-8. */
static void add_text(struct dc_buf *out, const char *value, bool utf8) {
  for (const unsigned char *p = (const unsigned char *)value; *p; p++) {
    if (*p >= 0x80 && !utf8) {
      dc_buf_add_byte(out, (unsigned char)(0xc0 | *p >> 6));
      dc_buf_add_byte(out, (unsigned char)(0x80 | (*p & 0x3f)));
    } else {
      dc_buf_add_byte(out, *p);
    }
  }
}

static int check_text(const struct dc_openssl_conf *conf, const struct dc_openssl_row *row,
                      const struct attribute *attribute, struct dc_slice text, struct dc_err *err) {
  size_t n = count_characters(text), max = attribute ? attribute->max : 0;

  if (!dc_utf8_valid(text.data, text.len)) return dc_openssl_conf_refuse(conf, row, err, "not UTF-8");
  if (n == 0) return dc_openssl_conf_refuse(conf, row, err, "empty");
  if (attribute && n < attribute->min)
    return dc_openssl_conf_refuse(conf, row, err, "shorter than %zu characters", attribute->min);
  if (max && n > max) return dc_openssl_conf_refuse(conf, row, err, "longer than %zu characters", max);
  if (attribute && attribute->tag == DC_DER_PRINTABLE && !is_printable(text))
    return dc_openssl_conf_refuse(conf, row, err, "it takes letters, digits and \" '()+,-./:=?\" alone");
  if (attribute && attribute->tag == DC_DER_IA5 && !is_ascii(text))
    return dc_openssl_conf_refuse(conf, row, err, "it takes ASCII alone");
  return 0;
}

/* "0.organizationName" and "1.OU" are for attributes that are there more than once. */
static const char *attribute_name(const char *name) {
  size_t n = strcspn(name, ":,.");
  return name[n] && name[n + 1] ? name + n + 1 : name;
}

static int add_attribute(const struct dc_openssl_conf *conf, const struct dc_openssl_row *row, bool utf8,
                         struct dc_buf *out, struct dc_err *err) {
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  const char *name = attribute_name(row->name);
  const struct attribute *attribute = find_attribute(name);
  size_t set = dc_der_begin(out, DC_DER_SET), pair = dc_der_begin(out, DC_DER_SEQUENCE);
  int rc;

  if (*name == '+')
    return dc_openssl_conf_refuse(conf, row, err, "several attributes at one place of a name ('+') are not supported");
  if (!dc_der_add_oid_text(out, attribute ? attribute->oid : name))
    return dc_openssl_conf_refuse(conf, row, err, "'%s' is no attribute of a distinguished name that is known here: "
                                                  "its OID can be given, with a '0.' before it", name);
  add_text(&text, row->value, utf8);
  rc = dc_buf_check(&text, err);
  if (rc == 0) rc = check_text(conf, row, attribute, (struct dc_slice){text.data, text.len}, err);
  dc_der_add(out, attribute && attribute->tag ? attribute->tag : DC_DER_UTF8, text.data, text.len);
  dc_der_end(out, pair);
  dc_der_end(out, set);
  return rc;
}

int dc_profile_names_dn(const struct dc_openssl_conf *conf, const struct dc_openssl_section *section, bool utf8,
                        struct dc_buf *out, struct dc_err *err) {
  size_t mark = dc_der_begin(out, DC_DER_SEQUENCE);
  int rc = 0;

  for (size_t i = 0; rc == 0 && i < section->count; i++) rc = add_attribute(conf, &section->rows[i], utf8, out, err);
  dc_der_end(out, mark);
  return rc < 0 ? rc : dc_buf_check(out, err);
}

/* --- general names ------------------------------------------------------------------------------------------------ */

struct naming {
  const struct dc_openssl_conf *conf;
  const struct dc_profile_item *item;
  bool is_tree;
  struct dc_buf *out;
  struct dc_err *err;
};

#define REFUSE(naming, ...) dc_openssl_conf_refuse((naming)->conf, (naming)->item->row, (naming)->err, __VA_ARGS__)

static int add_string(const struct naming *naming, unsigned char tag) {
  struct dc_slice value = dc_slice_text(naming->item->value);
  for (size_t i = 0; i < value.len; i++)
    if (value.data[i] <= 0x20 || value.data[i] >= 0x7f)
      return REFUSE(naming, "'%s' holds a space, a control or a non-ASCII character", naming->item->value);
  dc_der_add_slice(naming->out, tag, value);
  return 0;
}

/* The bytes of an address; 0: it is none. */
static size_t parse_address(const char *text, unsigned char *bytes) {
  return inet_pton(AF_INET, text, bytes) == 1 ? 4 : inet_pton(AF_INET6, text, bytes) == 1 ? 16 : 0;
}

static int add_ip(const struct naming *naming, unsigned char tag) {
  const char *value = naming->item->value, *slash = strchr(value, '/');
  char first[INET6_ADDRSTRLEN] = "";
  unsigned char bytes[32];
  size_t n, before = slash ? (size_t)(slash - value) : strlen(value);

  if (before < sizeof first) memcpy(first, value, before);
  n = parse_address(first, bytes);
  if (n == 0 || (slash != NULL) != naming->is_tree || (slash && parse_address(slash + 1, bytes + n) != n))
    return REFUSE(naming, "'%s' is no %s", value, naming->is_tree ? "ADDRESS/MASK" : "IP address");
  dc_der_add(naming->out, tag, bytes, slash ? 2 * n : n);
  return 0;
}

static int add_rid(const struct naming *naming, unsigned char tag) {
  struct dc_buf oid DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_slice at, content;

  if (!dc_der_add_oid_text(&oid, naming->item->value)) return REFUSE(naming, "'%s' is no OID", naming->item->value);
  at = (struct dc_slice){oid.data, oid.len};
  if (!dc_der_take(&at, DC_DER_OID, &content)) return dc_err_nomem(naming->err);
  dc_der_add_slice(naming->out, tag, content);
  return 0;
}

static int add_directory(const struct naming *naming, unsigned char tag) {
  const struct dc_openssl_section *section = dc_openssl_conf_section(naming->conf, naming->item->value);
  size_t mark;
  int rc;

  if (!section) return REFUSE(naming, "there is no section [%s]", naming->item->value);
  mark = dc_der_begin(naming->out, tag);
  rc = dc_profile_names_dn(naming->conf, section, false, naming->out, naming->err);
  dc_der_end(naming->out, mark);
  return rc;
}

/* OID;UTF8:text */
static int add_other(const struct naming *naming, unsigned char tag) {
  static const struct {
    const char *name;
    unsigned char tag;
  } types[] = {{"UTF8:", DC_DER_UTF8}, {"UTF8String:", DC_DER_UTF8}, {"IA5:", DC_DER_IA5}, {"IA5STRING:", DC_DER_IA5}};
  char *oid DC_CLEANUP(dc_mem_free) = strdup(naming->item->value);
  char *semicolon = oid ? strchr(oid, ';') : NULL;
  size_t all, explicit_value;
  bool is_oid;

  if (!oid) return dc_err_nomem(naming->err);
  for (size_t i = 0; semicolon && i < DC_COUNT(types); i++) {
    const char *text = semicolon + 1;
    if (strncmp(text, types[i].name, strlen(types[i].name)) != 0) continue;
    text += strlen(types[i].name);
    if (!(types[i].tag == DC_DER_UTF8 ? dc_utf8_valid((const uint8_t *)text, strlen(text))
                                      : is_ascii(dc_slice_text(text))))
      return REFUSE(naming, "'%s' is no string of that type", text);
    *semicolon = '\0';
    all = dc_der_begin(naming->out, tag);
    is_oid = dc_der_add_oid_text(naming->out, oid);
    explicit_value = dc_der_begin(naming->out, DC_DER_CONTEXT_SEQ(0));
    dc_der_add_slice(naming->out, types[i].tag, dc_slice_text(text));
    dc_der_end(naming->out, explicit_value);
    dc_der_end(naming->out, all);
    return is_oid ? 0 : REFUSE(naming, "'%s' is no OID", oid);
  }
  return REFUSE(naming, "'%s': an otherName is written OID;UTF8:text or OID;IA5:text here", naming->item->value);
}

int dc_profile_names_add(const struct dc_openssl_conf *conf, const struct dc_profile_item *item, bool is_tree,
                         struct dc_buf *out, struct dc_err *err) {
  static const struct {
    const char *name;
    unsigned char tag;
    int (*add)(const struct naming *naming, unsigned char tag);
  } kinds[] = {
      {"DNS", DC_DER_CONTEXT(2), add_string},       {"URI", DC_DER_CONTEXT(6), add_string},
      {"email", DC_DER_CONTEXT(1), add_string},     {"IP", DC_DER_CONTEXT(7), add_ip},
      {"RID", DC_DER_CONTEXT(8), add_rid},          {"dirName", DC_DER_CONTEXT_SEQ(4), add_directory},
      {"otherName", DC_DER_CONTEXT_SEQ(0), add_other},
  };
  const struct naming naming = {conf, item, is_tree, out, err};

  for (size_t i = 0; i < DC_COUNT(kinds); i++) {
    if (!dc_profile_list_is(item->name, kinds[i].name)) continue;
    if (!item->value || !*item->value) return REFUSE(&naming, "'%s' has no value", item->name);
    return kinds[i].add(&naming, kinds[i].tag);
  }
  return REFUSE(&naming, "'%s' is no kind of name (DNS, URI, email, IP, RID, dirName, otherName)", item->name);
}

void dc_profile_names_copy(struct dc_slice subject, struct dc_buf *out) {
  struct dc_slice rdns, rdn, pair, oid, value;
  unsigned char tag;

  if (!dc_der_take(&subject, DC_DER_SEQUENCE, &rdns)) return;
  while (dc_der_take(&rdns, DC_DER_SET, &rdn) && dc_der_take(&rdn, DC_DER_SEQUENCE, &pair) &&
         dc_der_take(&pair, DC_DER_OID, &oid) && dc_der_next(&pair, &tag, &value, NULL))
    if (dc_slice_equal(oid, DC_SLICE(DC_OID_NAME_EMAIL))) dc_der_add_slice(out, DC_DER_CONTEXT(1), value);
}
