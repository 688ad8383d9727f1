/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "pki/text.h"

#include <string.h>

#include "base/clock.h"
#include "pki/ext.h"
#include "pki/name.h"
#include "pki/oid.h"

enum { INDENT_FIELD = 8, INDENT_KEY = 12, INDENT_EXT = 12, KEY_LINE = 15, SIGNATURE_LINE = 18 };

static void add_spaces(struct dc_buf *out, int count) { dc_buf_printf(out, "%*s", count, ""); }

/* Lines of so many bytes, "0a:0b:", a colon at the end of all but the last. */
static void add_bytes(struct dc_buf *out, struct dc_slice bytes, bool zero, size_t line, int indent) {
  size_t all = bytes.len + zero;
  for (size_t i = 0; i < all; i++) {
    if (i % line == 0) add_spaces(out, indent);
    dc_buf_printf(out, "%02x%s", zero && i == 0 ? 0 : bytes.data[i - zero], i + 1 < all ? ":" : "");
    if ((i + 1) % line == 0 || i + 1 == all) dc_buf_add_byte(out, '\n');
  }
}

/* "0A:0B" */
static void add_id(struct dc_buf *out, struct dc_slice bytes) {
  for (size_t i = 0; i < bytes.len; i++) dc_buf_printf(out, "%s%02X", i ? ":" : "", bytes.data[i]);
}

/* --- algorithms --------------------------------------------------------------------------------------------------- */

static const struct {
  struct dc_slice oid;
  const char *openssl, *go;
} algorithms[] = {
    {DC_SLICE(DC_OID_ECDSA_SHA256), "ecdsa-with-SHA256", "ECDSA-SHA256"},
    {DC_SLICE(DC_OID_ECDSA_SHA384), "ecdsa-with-SHA384", "ECDSA-SHA384"},
    {DC_SLICE(DC_OID_ECDSA_SHA512), "ecdsa-with-SHA512", "ECDSA-SHA512"},
    {DC_SLICE(DC_OID_ECDSA_SHA1), "ecdsa-with-SHA1", "ECDSA-SHA1"},
    {DC_SLICE(DC_OID_ED25519), "ED25519", "Ed25519"},
    {DC_SLICE(DC_OID_RSA_SHA256), "sha256WithRSAEncryption", "SHA256-RSA"},
    {DC_SLICE(DC_OID_RSA_SHA384), "sha384WithRSAEncryption", "SHA384-RSA"},
    {DC_SLICE(DC_OID_RSA_SHA512), "sha512WithRSAEncryption", "SHA512-RSA"},
    {DC_SLICE(DC_OID_RSA_SHA1), "sha1WithRSAEncryption", "SHA1-RSA"},
    {DC_SLICE(DC_OID_RSA_PSS), "rsassaPss", "RSAPSS"},
};

static bool algorithm_oid(struct dc_slice algorithm, struct dc_slice *oid) {
  struct dc_slice fields;
  return dc_der_take(&algorithm, DC_DER_SEQUENCE, &fields) && dc_der_take(&fields, DC_DER_OID, oid);
}

void dc_text_algorithm_oid(struct dc_slice algorithm, struct dc_buf *out) {
  struct dc_slice oid;
  char text[DC_DER_OID_TEXT_MAX];
  dc_buf_add_text(out, algorithm_oid(algorithm, &oid) ? dc_der_oid_text(oid, text) : "unknown");
}

void dc_text_algorithm(struct dc_slice algorithm, bool like_go, struct dc_buf *out) {
  struct dc_slice oid;
  for (size_t i = 0; algorithm_oid(algorithm, &oid) && i < DC_COUNT(algorithms); i++) {
    if (!dc_slice_equal(oid, algorithms[i].oid)) continue;
    dc_buf_add_text(out, like_go ? algorithms[i].go : algorithms[i].openssl);
    return;
  }
  dc_text_algorithm_oid(algorithm, out);
}

/* --- keys --------------------------------------------------------------------------------------------------------- */

static void add_ec(const struct dc_spki *spki, int indent, struct dc_buf *out) {
  dc_buf_printf(out, "%*sPublic-Key: (%u bit)\n%*spub:\n", indent, "", spki->bits, indent, "");
  add_bytes(out, spki->key, false, KEY_LINE, indent + 4);
  dc_buf_printf(out, "%*sASN1 OID: %s\n%*sNIST CURVE: P-%u\n", indent, "",
                spki->kind == DC_KEY_P256   ? "prime256v1"
                : spki->kind == DC_KEY_P384 ? "secp384r1"
                                            : "secp521r1",
                indent, "", spki->bits);
}

static void add_rsa(const struct dc_spki *spki, int indent, struct dc_buf *out) {
  unsigned long exponent = 0;
  dc_buf_printf(out, "%*sPublic-Key: (%u bit)\n%*sModulus:\n", indent, "", spki->bits, indent, "");
  add_bytes(out, spki->n, spki->n.len && spki->n.data[0] & 0x80, KEY_LINE, indent + 4);
  for (size_t i = 0; i < spki->e.len && i < 4; i++) exponent = exponent << 8 | spki->e.data[i];
  if (spki->e.len <= 4) dc_buf_printf(out, "%*sExponent: %lu (0x%lx)\n", indent, "", exponent, exponent);
}

void dc_text_spki(const struct dc_spki *spki, int indent, struct dc_buf *out) {
  struct dc_slice der = spki->der, fields, content, algorithm;
  add_spaces(out, indent);
  dc_buf_add_text(out, "Public Key Algorithm: ");
  switch (spki->kind) {
    case DC_KEY_P256:
    case DC_KEY_P384:
    case DC_KEY_P521:
      dc_buf_add_text(out, "id-ecPublicKey\n");
      add_ec(spki, indent + 4, out);
      break;
    case DC_KEY_ED25519:
      dc_buf_printf(out, "ED25519\n%*sED25519 Public-Key:\n%*spub:\n", indent + 4, "", indent + 4, "");
      add_bytes(out, spki->key, false, KEY_LINE, indent + 8);
      break;
    case DC_KEY_RSA:
      dc_buf_add_text(out, "rsaEncryption\n");
      add_rsa(spki, indent + 4, out);
      break;
    case DC_KEY_UNKNOWN:
      if (dc_der_take(&der, DC_DER_SEQUENCE, &fields) &&
          dc_der_take_element(&fields, DC_DER_SEQUENCE, &content, &algorithm))
        dc_text_algorithm_oid(algorithm, out);
      dc_buf_add_text(out, ", of no use to Dapr\n");
      break;
  }
}

/* --- extensions: each appends its value, whose further lines are indented ----------------------------------------- */

typedef void text_fn(struct dc_slice value, int indent, struct dc_buf *out);

static void add_raw(struct dc_slice value, int indent, struct dc_buf *out) {
  size_t mark = out->len;
  add_bytes(out, value, false, SIGNATURE_LINE, indent);
  if (out->len > mark) dc_buf_truncate(out, out->len - 1); /* the caller ends the line */
}

static void begin_line(int indent, struct dc_buf *out) { add_spaces(out, indent); }

static void text_constraints(struct dc_slice value, int indent, struct dc_buf *out) {
  struct dc_slice fields;
  bool is_ca = false;
  uint32_t path_len;
  begin_line(indent, out);
  if (!dc_der_take(&value, DC_DER_SEQUENCE, &fields)) return;
  if (dc_der_peek(fields, DC_DER_BOOLEAN) && !dc_der_take_bool(&fields, &is_ca)) return;
  dc_buf_printf(out, "CA:%s", is_ca ? "TRUE" : "FALSE");
  if (dc_der_take_number(&fields, &path_len)) dc_buf_printf(out, ", pathlen:%lu", (unsigned long)path_len);
}

void dc_text_key_usage(unsigned key_usage, struct dc_buf *out) {
  static const char *const names[] = {
      "Digital Signature", "Non Repudiation", "Key Encipherment", "Data Encipherment", "Key Agreement",
      "Certificate Sign",  "CRL Sign",        "Encipher Only",    "Decipher Only",
  };
  bool first = true;
  for (size_t i = 0; i < DC_COUNT(names); i++) {
    if (!(key_usage >> i & 1)) continue;
    dc_buf_printf(out, "%s%s", first ? "" : ", ", names[i]);
    first = false;
  }
}

static void text_key_usage(struct dc_slice value, int indent, struct dc_buf *out) {
  struct dc_slice content;
  unsigned usage = 0;
  begin_line(indent, out);
  if (!dc_der_take(&value, DC_DER_BIT_STRING, &content)) return;
  for (unsigned bit = 0; bit < 9; bit++) {
    size_t byte = 1 + bit / 8;
    if (byte < content.len && content.data[byte] >> (7 - bit % 8) & 1) usage |= 1U << bit;
  }
  dc_text_key_usage(usage, out);
}

static void text_ext_usage(struct dc_slice value, int indent, struct dc_buf *out) {
  static const struct {
    struct dc_slice oid;
    const char *name;
  } names[] = {
      {DC_SLICE(DC_OID_USAGE_SERVER), "TLS Web Server Authentication"},
      {DC_SLICE(DC_OID_USAGE_CLIENT), "TLS Web Client Authentication"},
      {DC_SLICE(DC_OID_USAGE_ANY), "Any Extended Key Usage"},
      {DC_SLICE("\x2b\x06\x01\x05\x05\x07\x03\x03"), "Code Signing"},
      {DC_SLICE("\x2b\x06\x01\x05\x05\x07\x03\x04"), "E-mail Protection"},
      {DC_SLICE("\x2b\x06\x01\x05\x05\x07\x03\x08"), "Time Stamping"},
      {DC_SLICE("\x2b\x06\x01\x05\x05\x07\x03\x09"), "OCSP Signing"},
  };
  struct dc_slice fields, oid;
  char text[DC_DER_OID_TEXT_MAX];
  bool first = true;
  begin_line(indent, out);
  if (!dc_der_take(&value, DC_DER_SEQUENCE, &fields)) return;
  for (; dc_der_take(&fields, DC_DER_OID, &oid); first = false) {
    const char *name = dc_der_oid_text(oid, text);
    for (size_t i = 0; i < DC_COUNT(names); i++)
      if (dc_slice_equal(oid, names[i].oid)) name = names[i].name;
    dc_buf_printf(out, "%s%s", first ? "" : ", ", name);
  }
}

static void text_subject_key_id(struct dc_slice value, int indent, struct dc_buf *out) {
  struct dc_slice id;
  begin_line(indent, out);
  if (dc_der_take(&value, DC_DER_OCTET_STRING, &id)) add_id(out, id);
}

static void text_authority_key_id(struct dc_slice value, int indent, struct dc_buf *out) {
  struct dc_slice fields, id = {NULL, 0}, names = {NULL, 0}, name, serial = {NULL, 0};
  begin_line(indent, out);
  if (!dc_der_take(&value, DC_DER_SEQUENCE, &fields)) return;
  (void)dc_der_take(&fields, DC_DER_CONTEXT(0), &id);
  (void)dc_der_take(&fields, DC_DER_CONTEXT_SEQ(1), &names);
  (void)dc_der_take(&fields, DC_DER_CONTEXT(2), &serial);
  if (id.len && (names.len || serial.len)) dc_buf_add_text(out, "keyid:");
  add_id(out, id);
  if (dc_der_take(&names, DC_DER_CONTEXT_SEQ(4), &name)) {
    dc_buf_printf(out, "%s%*sDirName:", id.len ? "\n" : "", id.len ? indent : 0, "");
    dc_name_text(name, out);
  }
  if (serial.len) {
    dc_buf_printf(out, "\n%*sserial:", indent, "");
    add_id(out, serial);
  }
}

static void text_sans(struct dc_slice value, int indent, struct dc_buf *out) {
  struct dc_slice names;
  struct dc_san san;
  bool first = true;
  begin_line(indent, out);
  if (!dc_der_take(&value, DC_DER_SEQUENCE, &names)) return;
  for (; dc_san_next(&names, &san, NULL) == 1; first = false) {
    struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    dc_san_text(&san, &text);
    bool ip = san.kind == DC_SAN_IP; /* openssl's "IP Address:" */
    dc_buf_printf(out, "%s%s%s", first ? "" : ", ", ip ? "IP Address" : "", dc_buf_text(&text) + (ip ? 2 : 0));
  }
}

/* A GeneralName of text, "DNS:in.test"; in a name constraint also addresses with their mask. */
static bool add_general_name(struct dc_slice *at, struct dc_buf *out) {
  static const enum dc_san_kind kinds[] = {[1] = DC_SAN_EMAIL, [2] = DC_SAN_DNS, [6] = DC_SAN_URI};
  struct dc_san san = {.kind = DC_SAN_OTHER};
  unsigned char tag;
  if (!dc_der_next(at, &tag, &san.value, NULL)) return false;
  if (tag == DC_DER_CONTEXT(7) && san.value.len == 8) {
    const unsigned char *ip = san.value.data;
    dc_buf_printf(out, "IP:%u.%u.%u.%u/%u.%u.%u.%u", ip[0], ip[1], ip[2], ip[3], ip[4], ip[5], ip[6], ip[7]);
    return true;
  }
  size_t number = tag & 0x1fU;
  if ((tag & 0xe0) == DC_DER_CONTEXT(0) && number < DC_COUNT(kinds)) san.kind = kinds[number];
  if (san.kind == DC_SAN_OTHER) return false;
  dc_san_text(&san, out);
  return true;
}

static bool add_subtrees(struct dc_slice *at, unsigned char tag, const char *head, int indent, struct dc_buf *out) {
  struct dc_slice trees, tree;
  if (!dc_der_take(at, tag, &trees)) return true; /* optional */
  dc_buf_printf(out, "%*s%s:\n", indent, "", head);
  while (trees.len) {
    add_spaces(out, indent + 2);
    if (!dc_der_take(&trees, DC_DER_SEQUENCE, &tree) || !add_general_name(&tree, out) || tree.len) return false;
    dc_buf_add_byte(out, '\n');
  }
  return true;
}

/* Each of the following is false where it meets what it does not know. */
static bool add_name_constraints(struct dc_slice value, int indent, struct dc_buf *out) {
  struct dc_slice fields;
  return dc_der_take(&value, DC_DER_SEQUENCE, &fields) &&
         add_subtrees(&fields, DC_DER_CONTEXT_SEQ(0), "Permitted", indent, out) &&
         add_subtrees(&fields, DC_DER_CONTEXT_SEQ(1), "Excluded", indent, out) && !fields.len;
}

static bool add_policies(struct dc_slice value, int indent, struct dc_buf *out) {
  struct dc_slice policies, policy, oid;
  char text[DC_DER_OID_TEXT_MAX];
  if (!dc_der_take(&value, DC_DER_SEQUENCE, &policies)) return false;
  while (policies.len) {
    if (!dc_der_take(&policies, DC_DER_SEQUENCE, &policy) || !dc_der_take(&policy, DC_DER_OID, &oid) || policy.len)
      return false;
    bool any = dc_slice_equal(oid, DC_SLICE("\x55\x1d\x20\x00"));
    dc_buf_printf(out, "%*sPolicy: %s\n", indent, "", any ? "X509v3 Any Policy" : dc_der_oid_text(oid, text));
  }
  return true;
}

static bool add_crl_points(struct dc_slice value, int indent, struct dc_buf *out) {
  struct dc_slice points, point, name, names;
  if (!dc_der_take(&value, DC_DER_SEQUENCE, &points)) return false;
  while (points.len) {
    if (!dc_der_take(&points, DC_DER_SEQUENCE, &point) || !dc_der_take(&point, DC_DER_CONTEXT_SEQ(0), &name) ||
        point.len || !dc_der_take(&name, DC_DER_CONTEXT_SEQ(0), &names))
      return false;
    dc_buf_printf(out, "%*sFull Name:\n", indent, "");
    while (names.len) {
      add_spaces(out, indent + 2);
      if (!add_general_name(&names, out)) return false;
      dc_buf_add_byte(out, '\n');
    }
  }
  return true;
}

static bool add_access(struct dc_slice value, int indent, struct dc_buf *out) {
  struct dc_slice all, one, oid;
  if (!dc_der_take(&value, DC_DER_SEQUENCE, &all)) return false;
  while (all.len) {
    if (!dc_der_take(&all, DC_DER_SEQUENCE, &one) || !dc_der_take(&one, DC_DER_OID, &oid)) return false;
    bool ocsp = dc_slice_equal(oid, DC_SLICE("\x2b\x06\x01\x05\x05\x07\x30\x01"));
    if (!ocsp && !dc_slice_equal(oid, DC_SLICE("\x2b\x06\x01\x05\x05\x07\x30\x02"))) return false;
    dc_buf_printf(out, "%*s%s - ", indent, "", ocsp ? "OCSP" : "CA Issuers");
    if (!add_general_name(&one, out) || one.len) return false;
    dc_buf_add_byte(out, '\n');
  }
  return true;
}

/* The lines of ADD, or bytes where it does not know them. */
static void add_lines(bool (*add)(struct dc_slice value, int indent, struct dc_buf *out), struct dc_slice value,
                      int indent, struct dc_buf *out) {
  size_t mark = out->len;
  if (add(value, indent, out) && out->len > mark) {
    dc_buf_truncate(out, out->len - 1); /* the caller ends the line */
    return;
  }
  dc_buf_truncate(out, mark);
  add_raw(value, indent, out);
}

static void text_name_constraints(struct dc_slice value, int indent, struct dc_buf *out) {
  add_lines(add_name_constraints, value, indent, out);
}

static void text_policies(struct dc_slice value, int indent, struct dc_buf *out) {
  add_lines(add_policies, value, indent, out);
}

static void text_crl_points(struct dc_slice value, int indent, struct dc_buf *out) {
  add_lines(add_crl_points, value, indent, out);
}

static void text_access(struct dc_slice value, int indent, struct dc_buf *out) {
  add_lines(add_access, value, indent, out);
}

static void text_comment(struct dc_slice value, int indent, struct dc_buf *out) {
  struct dc_san text = {.kind = DC_SAN_DNS};
  struct dc_buf shown DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  if (!dc_der_take(&value, DC_DER_IA5, &text.value)) {
    add_raw(value, indent, out);
    return;
  }
  dc_san_text(&text, &shown); /* which no terminal obeys */
  dc_buf_printf(out, "%*s%s", indent, "", dc_buf_text(&shown) + strlen("DNS:"));
}

static const struct known {
  struct dc_slice oid;
  const char *name;
  text_fn *text;
} known[] = {
    {DC_SLICE(DC_OID_EXT_CONSTRAINTS), "X509v3 Basic Constraints", text_constraints},
    {DC_SLICE(DC_OID_EXT_KEY_USAGE), "X509v3 Key Usage", text_key_usage},
    {DC_SLICE(DC_OID_EXT_EXT_USAGE), "X509v3 Extended Key Usage", text_ext_usage},
    {DC_SLICE(DC_OID_EXT_SUBJECT_KEY_ID), "X509v3 Subject Key Identifier", text_subject_key_id},
    {DC_SLICE(DC_OID_EXT_AUTHORITY_KEY_ID), "X509v3 Authority Key Identifier", text_authority_key_id},
    {DC_SLICE(DC_OID_EXT_SAN), "X509v3 Subject Alternative Name", text_sans},
    {DC_SLICE(DC_OID_EXT_NAME_CONSTRAINTS), "X509v3 Name Constraints", text_name_constraints},
    {DC_SLICE(DC_OID_EXT_POLICIES), "X509v3 Certificate Policies", text_policies},
    {DC_SLICE("\x55\x1d\x1f"), "X509v3 CRL Distribution Points", text_crl_points},
    {DC_SLICE("\x2b\x06\x01\x05\x05\x07\x01\x01"), "Authority Information Access", text_access},
    {DC_SLICE("\x60\x86\x48\x01\x86\xf8\x42\x01\x0d"), "Netscape Comment", text_comment},
};

static void add_extensions(struct dc_slice at, int indent, struct dc_buf *out) {
  struct dc_ext ext;
  char oid[DC_DER_OID_TEXT_MAX];
  while (dc_ext_next(&at, &ext, NULL) == 1) {
    const struct known *how = NULL;
    for (size_t i = 0; i < DC_COUNT(known); i++)
      if (dc_slice_equal(ext.oid, known[i].oid)) how = &known[i];
    dc_buf_printf(out, "%*s%s:%s\n", indent, "", how ? how->name : dc_der_oid_text(ext.oid, oid),
                  ext.critical ? " critical" : "");
    (how ? how->text : add_raw)(ext.value, indent + 4, out);
    dc_buf_add_byte(out, '\n');
  }
}

/* --- the whole ---------------------------------------------------------------------------------------------------- */

void dc_text_decimal(struct dc_slice number, struct dc_buf *out) {
  enum { BYTES_MAX = 64, DIGITS_MAX = 160 };
  unsigned char left[BYTES_MAX];
  char digits[DIGITS_MAX];
  size_t at = sizeof digits, n = number.len < BYTES_MAX ? number.len : BYTES_MAX;
  bool more = true;
  memcpy(left, number.data, n);
  while (more && at > 0) {
    unsigned rest = 0;
    more = false;
    for (size_t i = 0; i < n; i++) {
      unsigned value = rest << 8 | left[i];
      left[i] = (unsigned char)(value / 10);
      rest = value % 10;
      more = more || left[i];
    }
    digits[--at] = (char)('0' + rest);
  }
  dc_buf_add(out, digits + at, sizeof digits - at);
}

static void add_time(struct dc_buf *out, const char *what, int64_t at) {
  static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  struct dc_civil civil;
  dc_clock_to_civil(at, &civil);
  dc_buf_printf(out, "%*s%s: %s %2d %02d:%02d:%02d %d GMT\n", INDENT_KEY, "", what, months[civil.month - 1], civil.day,
                civil.hour, civil.minute, civil.second, civil.year);
}

static void add_name(struct dc_buf *out, const char *what, struct dc_slice name) {
  dc_buf_printf(out, "%*s%s:", INDENT_FIELD, "", what);
  if (!dc_name_is_empty(name)) {
    dc_buf_add_byte(out, ' ');
    dc_name_text(name, out);
  }
  dc_buf_add_byte(out, '\n');
}

static void add_serial(struct dc_buf *out, struct dc_slice serial) {
  struct dc_slice number = serial;
  unsigned long small = 0;
  if (number.len > 1 && number.data[0] == 0) number = (struct dc_slice){number.data + 1, number.len - 1};
  dc_buf_printf(out, "%*sSerial Number:", INDENT_FIELD, "");
  if (number.len <= sizeof small) {
    for (size_t i = 0; i < number.len; i++) small = small << 8 | number.data[i];
    dc_buf_printf(out, " %lu (0x%lx)\n", small, small);
    return;
  }
  dc_buf_add_byte(out, '\n');
  add_bytes(out, number, false, number.len, INDENT_KEY);
}

static void add_signature(struct dc_buf *out, struct dc_slice algorithm, struct dc_slice signature) {
  dc_buf_add_text(out, "    Signature Algorithm: ");
  dc_text_algorithm(algorithm, false, out);
  dc_buf_add_text(out, "\n    Signature Value:\n");
  add_bytes(out, signature, false, SIGNATURE_LINE, INDENT_FIELD);
}

void dc_text_cert(const struct dc_cert *cert, struct dc_buf *out) {
  dc_buf_printf(out, "Certificate:\n    Data:\n        Version: %d (0x%x)\n", cert->version,
                (unsigned)cert->version - 1);
  add_serial(out, cert->serial);
  dc_buf_printf(out, "%*sSignature Algorithm: ", INDENT_FIELD, "");
  dc_text_algorithm(cert->algorithm, false, out);
  dc_buf_add_byte(out, '\n');
  add_name(out, "Issuer", cert->issuer);
  dc_buf_printf(out, "%*sValidity\n", INDENT_FIELD, "");
  add_time(out, "Not Before", cert->not_before);
  add_time(out, "Not After ", cert->not_after);
  add_name(out, "Subject", cert->subject);
  dc_buf_printf(out, "%*sSubject Public Key Info:\n", INDENT_FIELD, "");
  dc_text_spki(&cert->spki, INDENT_KEY, out);
  if (cert->extensions.len) {
    dc_buf_printf(out, "%*sX509v3 extensions:\n", INDENT_FIELD, "");
    add_extensions(cert->extensions, INDENT_EXT, out);
  }
  add_signature(out, cert->algorithm, cert->signature);
}

void dc_text_csr(const struct dc_csr *csr, struct dc_buf *out) {
  dc_buf_add_text(out, "Certificate Request:\n    Data:\n        Version: 1 (0x0)\n");
  add_name(out, "Subject", csr->subject);
  dc_buf_printf(out, "%*sSubject Public Key Info:\n", INDENT_FIELD, "");
  dc_text_spki(&csr->spki, INDENT_KEY, out);
  dc_buf_printf(out, "%*sAttributes:\n%*s%s\n", INDENT_FIELD, "", INDENT_EXT, "",
                csr->extensions.len ? "Requested Extensions:" : "(none)");
  add_extensions(csr->extensions, INDENT_EXT + 4, out);
  add_signature(out, csr->algorithm, csr->signature);
}
