/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "ca/profile_exts.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "ca/profile_list.h"
#include "ca/profile_names.h"
#include "pki/ext.h"
#include "pki/oid.h"

/* One extension under way: its writer appends what goes into the OCTET STRING. */
struct value {
  struct dc_profile_build *build;
  const struct dc_openssl_conf *conf;
  const struct dc_openssl_row *row;
  const char *text; /* the row's value without "critical," */
  struct dc_profile_list list;
  struct dc_buf *out;
  struct dc_err *err;
};

#define REFUSE(value, row, ...) dc_openssl_conf_refuse((value)->conf, row, (value)->err, __VA_ARGS__)

/* --- flags -------------------------------------------------------------------------------------------------------- */

static int add_constraints(struct value *value) {
  bool is_ca = false;
  const char *length = NULL;
  size_t mark;

  for (size_t i = 0; i < value->list.count; i++) {
    const struct dc_profile_item *item = &value->list.items[i];
    bool is_flag = strcmp(item->name, "CA") == 0;
    if (!is_flag && strcmp(item->name, "pathlen") != 0)
      return REFUSE(value, item->row, "'%s' is neither CA nor pathlen", item->name);
    if (is_flag && !(item->value && dc_profile_list_bool(item->value, &is_ca)))
      return REFUSE(value, item->row, "'CA:%s' is neither CA:true nor CA:false", item->value ? item->value : "");
    if (is_flag) continue;
    length = item->value ? item->value : "";
    if (!*length || length[strspn(length, "0123456789")] || strlen(length) > 9)
      return REFUSE(value, item->row, "'pathlen:%s' is no number", length);
  }
  mark = dc_der_begin(value->out, DC_DER_SEQUENCE);
  if (is_ca) dc_der_add(value->out, DC_DER_BOOLEAN, "\xff", 1);
  if (length) dc_der_add_number(value->out, (uint32_t)strtoul(length, NULL, 10));
  dc_der_end(value->out, mark);
  return 0;
}

struct bit {
  const char *brief, *full; /* the place in the table is the bit's number */
};

static int add_bits(struct value *value, const struct bit *bits, size_t count) {
  unsigned all = 0;

  for (size_t i = 0; i < value->list.count; i++) {
    const struct dc_profile_item *item = &value->list.items[i];
    size_t bit = 0;
    while (bit < count && strcmp(item->name, bits[bit].brief) != 0 && strcmp(item->name, bits[bit].full) != 0) bit++;
    if (bit == count || (item->value && item->row == value->row))
      return REFUSE(value, item->row, "'%s' is no usage: upper and lower case count, as in %s and %s", item->name,
                    bits[0].brief, bits[count - 2].brief);
    all |= 1U << bit;
  }
  dc_der_add_named_bits(value->out, all);
  return 0;
}

static int add_key_usage(struct value *value) {
  static const struct bit bits[] = {
      {"digitalSignature", "Digital Signature"}, {"nonRepudiation", "Non Repudiation"},
      {"keyEncipherment", "Key Encipherment"},   {"dataEncipherment", "Data Encipherment"},
      {"keyAgreement", "Key Agreement"},         {"keyCertSign", "Certificate Sign"},
      {"cRLSign", "CRL Sign"},                   {"encipherOnly", "Encipher Only"},
      {"decipherOnly", "Decipher Only"},
  };
  return add_bits(value, bits, DC_COUNT(bits));
}

static int add_netscape_type(struct value *value) {
  static const struct bit bits[] = {
      {"client", "SSL Client"}, {"server", "SSL Server"}, {"email", "S/MIME"},      {"objsign", "Object Signing"},
      {"reserved", "Unused"},   {"sslCA", "SSL CA"},      {"emailCA", "S/MIME CA"}, {"objCA", "Object Signing CA"},
  };
  return add_bits(value, bits, DC_COUNT(bits));
}

/* --- lists of OIDs ------------------------------------------------------------------------------------------------ */

struct named_oid {
  const char *brief, *full, *oid;
};

static bool add_oid(struct dc_buf *out, const char *name, const struct named_oid *known, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (strcmp(name, known[i].brief) == 0 || strcmp(name, known[i].full) == 0) name = known[i].oid;
  return dc_der_add_oid_text(out, name);
}

static int add_ext_usage(struct value *value) {
  static const struct named_oid usages[] = {
      {"serverAuth", "TLS Web Server Authentication", "1.3.6.1.5.5.7.3.1"},
      {"clientAuth", "TLS Web Client Authentication", "1.3.6.1.5.5.7.3.2"},
      {"codeSigning", "Code Signing", "1.3.6.1.5.5.7.3.3"},
      {"emailProtection", "E-mail Protection", "1.3.6.1.5.5.7.3.4"},
      {"ipsecEndSystem", "IPSec End System", "1.3.6.1.5.5.7.3.5"},
      {"ipsecTunnel", "IPSec Tunnel", "1.3.6.1.5.5.7.3.6"},
      {"ipsecUser", "IPSec User", "1.3.6.1.5.5.7.3.7"},
      {"timeStamping", "Time Stamping", "1.3.6.1.5.5.7.3.8"},
      {"OCSPSigning", "OCSP Signing", "1.3.6.1.5.5.7.3.9"},
      {"ipsecIKE", "ipsec Internet Key Exchange", "1.3.6.1.5.5.7.3.17"},
      {"anyExtendedKeyUsage", "Any Extended Key Usage", "2.5.29.37.0"},
      {"msSGC", "Microsoft Server Gated Crypto", "1.3.6.1.4.1.311.10.3.3"},
      {"nsSGC", "Netscape Server Gated Crypto", "2.16.840.1.113730.4.1"},
  };
  size_t mark = dc_der_begin(value->out, DC_DER_SEQUENCE);

  for (size_t i = 0; i < value->list.count; i++) {
    const struct dc_profile_item *item = &value->list.items[i];
    const char *name = item->value ? item->value : item->name;
    if (!add_oid(value->out, name, usages, DC_COUNT(usages)))
      return REFUSE(value, item->row, "'%s' is no usage that is known here: its OID can be given", name);
  }
  dc_der_end(value->out, mark);
  return 0;
}

/* Policies without qualifiers. */
static int add_policies(struct value *value) {
  static const struct named_oid known[] = {{"anyPolicy", "X509v3 Any Policy", "2.5.29.32.0"}};
  size_t mark = dc_der_begin(value->out, DC_DER_SEQUENCE);

  for (size_t i = 0; i < value->list.count; i++) {
    const struct dc_profile_item *item = &value->list.items[i];
    size_t policy = dc_der_begin(value->out, DC_DER_SEQUENCE);
    if (*item->name == '@' || item->row != value->row)
      return REFUSE(value, item->row, "policies with qualifiers, in a section, are not supported: OIDs are");
    if (item->value || !add_oid(value->out, item->name, known, DC_COUNT(known)))
      return REFUSE(value, item->row, "'%s' is no OID", item->name);
    dc_der_end(value->out, policy);
  }
  dc_der_end(value->out, mark);
  return 0;
}

/* --- names -------------------------------------------------------------------------------------------------------- */

static bool is_kind(const struct dc_profile_item *item, const char *kind, const char *text) {
  return dc_profile_list_is(item->name, kind) && item->value && strcmp(item->value, text) == 0;
}

static int add_name(struct value *value, const struct dc_profile_item *item) {
  struct dc_slice id = value->build->whose->spiffe_id, own = {NULL, 0};

  if (is_kind(item, "email", "copy")) {
    own = (struct dc_slice){value->build->profile->subject.data, value->build->profile->subject.len};
    dc_profile_names_copy(own, value->out);
    return 0;
  }
  if (is_kind(item, "email", "move"))
    return REFUSE(value, item->row, "'email:move' is not supported: 'email:copy' is");
  if (id.len && dc_profile_list_is(item->name, "URI") && item->value) {
    if (dc_slice_equal(dc_slice_text(item->value), id)) return 0; /* it stands there already */
    return REFUSE(value, item->row, "'%s': a SPIFFE certificate has exactly one URI name, here %.*s", item->value,
                  (int)id.len, (const char *)id.data);
  }
  return dc_profile_names_add(value->conf, item, false, value->out, value->err);
}

static int add_names(struct value *value) {
  size_t mark = dc_der_begin(value->out, DC_DER_SEQUENCE), before;
  struct dc_slice id = value->build->whose->spiffe_id;
  int rc = 0;

  value->build->has_names = true;
  if (id.len) dc_der_add_slice(value->out, DC_DER_CONTEXT(6), id);
  before = value->out->len;
  for (size_t i = 0; rc == 0 && i < value->list.count; i++) rc = add_name(value, &value->list.items[i]);
  if (rc == 0 && value->out->len == before && !id.len) rc = REFUSE(value, value->row, "it comes to no name at all");
  dc_der_end(value->out, mark);
  return rc;
}

/* "permitted;DNS", of what begins with WHICH, without that. */
static bool tree_item(const struct dc_profile_item *item, const char *which, struct dc_profile_item *bare) {
  size_t n = strlen(which);
  if (strncmp(item->name, which, n) != 0 || item->name[n] != ';') return false;
  *bare = *item;
  bare->name += n + 1;
  return true;
}

static int add_trees(struct value *value, const char *which, unsigned char tag, size_t *taken) {
  size_t mark = 0;
  bool any = false;
  int rc = 0;

  for (size_t i = 0; rc == 0 && i < value->list.count; i++) {
    struct dc_profile_item bare;
    size_t tree;
    if (!tree_item(&value->list.items[i], which, &bare)) continue;
    if (!any) mark = dc_der_begin(value->out, tag);
    any = true;
    ++*taken;
    tree = dc_der_begin(value->out, DC_DER_SEQUENCE);
    rc = dc_profile_names_add(value->conf, &bare, true, value->out, value->err);
    dc_der_end(value->out, tree);
  }
  if (any) dc_der_end(value->out, mark);
  return rc;
}

static int add_name_constraints(struct value *value) {
  size_t mark = dc_der_begin(value->out, DC_DER_SEQUENCE), taken = 0;
  int rc = add_trees(value, "permitted", DC_DER_CONTEXT_SEQ(0), &taken);

  if (rc == 0) rc = add_trees(value, "excluded", DC_DER_CONTEXT_SEQ(1), &taken);
  dc_der_end(value->out, mark);
  if (rc == 0 && taken != value->list.count)
    rc = REFUSE(value, value->row, "each is written permitted;KIND:name or excluded;KIND:name");
  return rc;
}

static int add_crl_points(struct value *value) {
  size_t mark = dc_der_begin(value->out, DC_DER_SEQUENCE);
  int rc = 0;

  for (size_t i = 0; rc == 0 && i < value->list.count; i++) {
    const struct dc_profile_item *item = &value->list.items[i];
    size_t point = dc_der_begin(value->out, DC_DER_SEQUENCE), name = dc_der_begin(value->out, DC_DER_CONTEXT_SEQ(0)),
           full = dc_der_begin(value->out, DC_DER_CONTEXT_SEQ(0));
    if (!item->value)
      return REFUSE(value, item->row, "'%s': points in sections are not supported: URI:... is", item->name);
    rc = dc_profile_names_add(value->conf, item, false, value->out, value->err);
    dc_der_end(value->out, full);
    dc_der_end(value->out, name);
    dc_der_end(value->out, point);
  }
  dc_der_end(value->out, mark);
  return rc;
}

static int add_access(struct value *value) {
  static const struct named_oid methods[] = {{"OCSP", "OCSP", "1.3.6.1.5.5.7.48.1"},
                                             {"caIssuers", "CA Issuers", "1.3.6.1.5.5.7.48.2"}};
  size_t mark = dc_der_begin(value->out, DC_DER_SEQUENCE);
  int rc = 0;

  for (size_t i = 0; rc == 0 && i < value->list.count; i++) {
    struct dc_profile_item item = value->list.items[i];
    char *method DC_CLEANUP(dc_mem_free) = strdup(item.name);
    char *semicolon = method ? strchr(method, ';') : NULL;
    size_t one = dc_der_begin(value->out, DC_DER_SEQUENCE);
    if (!method) return dc_err_nomem(value->err);
    if (!semicolon) return REFUSE(value, item.row, "'%s' is not written METHOD;KIND:name", item.name);
    *semicolon = '\0';
    if (!add_oid(value->out, method, methods, DC_COUNT(methods)))
      return REFUSE(value, item.row, "'%s' is neither OCSP nor caIssuers nor an OID", method);
    item.name = semicolon + 1;
    rc = dc_profile_names_add(value->conf, &item, false, value->out, value->err);
    dc_der_end(value->out, one);
  }
  dc_der_end(value->out, mark);
  return rc;
}

/* --- bytes and texts ---------------------------------------------------------------------------------------------- */

/* Hexadecimal, with or without colons between the bytes. */
static int add_hex(struct value *value, const char *text, struct dc_buf *out) {
  for (const char *p = text; *p;) {
    unsigned byte = 0;
    if (*p == ':') {
      p++;
      continue;
    }
    for (int i = 0; i < 2; i++, p++) {
      if (!isxdigit((unsigned char)*p)) return REFUSE(value, value->row, "'%s' is not hexadecimal", text);
      byte = byte << 4 | (unsigned)(isdigit((unsigned char)*p) ? *p - '0' : (*p | 0x20) - 'a' + 10);
    }
    dc_buf_add_byte(out, (unsigned char)byte);
  }
  return out->len ? 0 : REFUSE(value, value->row, "'%s' is not hexadecimal", text);
}

static int add_text(struct value *value) {
  for (const char *p = value->text; *p; p++)
    if ((unsigned char)*p >= 0x80) return REFUSE(value, value->row, "it takes ASCII alone");
  dc_der_add_slice(value->out, DC_DER_IA5, dc_slice_text(value->text));
  return 0;
}

/* --- key identifiers ---------------------------------------------------------------------------------------------- */

static int hash_key(struct dc_profile_build *build, struct dc_err *err) {
  unsigned char id[DC_KEY_ID_SIZE];
  int rc = build->key_id.len ? 0 : dc_spki_id(build->whose->spki, id, err);

  if (rc == 0 && !build->key_id.len) dc_buf_add(&build->key_id, id, sizeof id);
  return rc < 0 ? rc : dc_buf_check(&build->key_id, err);
}

static int add_subject_key_id(struct value *value) {
  struct dc_profile_build *build = value->build;
  int rc;

  build->has_subject = true;
  if (strcmp(value->text, "none") == 0) return 0;
  dc_buf_clear(&build->key_id); /* an authority key identifier above may have needed one */
  rc = strcmp(value->text, "hash") == 0 ? hash_key(build, value->err) : add_hex(value, value->text, &build->key_id);
  if (rc == 0) dc_der_add(value->out, DC_DER_OCTET_STRING, build->key_id.data, build->key_id.len);
  return rc;
}

enum wanted { NOT_WANTED, WANTED, WANTED_ALWAYS };

static int read_wanted(struct value *value, enum wanted *key_id, enum wanted *issuer) {
  for (size_t i = 0; i < value->list.count; i++) {
    const struct dc_profile_item *item = &value->list.items[i];
    bool is_always = item->value && strcmp(item->value, "always") == 0;
    enum wanted *which = strcmp(item->name, "keyid") == 0    ? key_id
                         : strcmp(item->name, "issuer") == 0 ? issuer
                                                             : NULL;
    if (value->list.count == 1 && !item->value && strcmp(item->name, "none") == 0) return 0;
    if (!which || *which != NOT_WANTED || (item->value && !is_always))
      return REFUSE(value, item->row, "'%s%s%s' is none of keyid, issuer, each once and with ':always' or without, and "
                                      "none alone", item->name, item->value ? ":" : "", item->value ? item->value : "");
    *which = is_always ? WANTED_ALWAYS : WANTED;
  }
  return 0;
}

static void add_issuer(struct dc_buf *out, const struct dc_cert *signer) {
  size_t names = dc_der_begin(out, DC_DER_CONTEXT_SEQ(1)), name = dc_der_begin(out, DC_DER_CONTEXT_SEQ(4));
  dc_buf_add(out, signer->issuer.data, signer->issuer.len);
  dc_der_end(out, name);
  dc_der_end(out, names);
  dc_der_add_slice(out, DC_DER_CONTEXT(2), signer->serial);
}

static int add_authority_key_id(struct value *value) {
  struct dc_profile_build *build = value->build;
  const struct dc_cert *signer = build->whose->signer;
  enum wanted key_id = NOT_WANTED, issuer = NOT_WANTED;
  struct dc_slice id = {NULL, 0};
  bool with_issuer;
  size_t mark;
  int rc = read_wanted(value, &key_id, &issuer);

  build->has_authority = true;
  if (rc == 0 && !signer && key_id == WANTED_ALWAYS) rc = hash_key(build, value->err);
  if (rc < 0) return rc;
  if (!signer && issuer == WANTED_ALWAYS)
    return REFUSE(value, value->row, "'issuer:always' in a root, its own name and serial number, is not supported");
  if (signer && key_id != NOT_WANTED) id = signer->subject_key_id;
  if (!signer && key_id == WANTED_ALWAYS) id = (struct dc_slice){build->key_id.data, build->key_id.len};
  if (key_id == WANTED_ALWAYS && !id.len)
    return REFUSE(value, value->row, "'keyid:always': who signs has no key identifier");
  with_issuer = signer && (issuer == WANTED_ALWAYS || (issuer == WANTED && !id.len));
  if (!id.len && !with_issuer) return 0;
  mark = dc_der_begin(value->out, DC_DER_SEQUENCE);
  if (id.len) dc_der_add_slice(value->out, DC_DER_CONTEXT(0), id);
  if (with_issuer) add_issuer(value->out, signer);
  dc_der_end(value->out, mark);
  return 0;
}

/* --- the table ---------------------------------------------------------------------------------------------------- */

static const struct extension {
  const char *name, *oid;
  int (*add)(struct value *value);
  bool is_text; /* the value is no list */
} extensions[] = {
    {"basicConstraints", "2.5.29.19", add_constraints, false},
    {"keyUsage", "2.5.29.15", add_key_usage, false},
    {"extendedKeyUsage", "2.5.29.37", add_ext_usage, false},
    {"subjectAltName", "2.5.29.17", add_names, false},
    {"subjectKeyIdentifier", "2.5.29.14", add_subject_key_id, true},
    {"authorityKeyIdentifier", "2.5.29.35", add_authority_key_id, false},
    {"nameConstraints", "2.5.29.30", add_name_constraints, false},
    {"crlDistributionPoints", "2.5.29.31", add_crl_points, false},
    {"certificatePolicies", "2.5.29.32", add_policies, false},
    {"authorityInfoAccess", "1.3.6.1.5.5.7.1.1", add_access, false},
    {"nsCertType", "2.16.840.1.113730.1.1", add_netscape_type, false},
    {"nsBaseUrl", "2.16.840.1.113730.1.2", add_text, true},
    {"nsRevocationUrl", "2.16.840.1.113730.1.3", add_text, true},
    {"nsCaRevocationUrl", "2.16.840.1.113730.1.4", add_text, true},
    {"nsRenewalUrl", "2.16.840.1.113730.1.7", add_text, true},
    {"nsCaPolicyUrl", "2.16.840.1.113730.1.8", add_text, true},
    {"nsSslServerName", "2.16.840.1.113730.1.12", add_text, true},
    {"nsComment", "2.16.840.1.113730.1.13", add_text, true},
};

static const struct extension *find_extension(const char *name) {
  for (size_t i = 0; i < DC_COUNT(extensions); i++)
    if (strcmp(extensions[i].name, name) == 0) return &extensions[i];
  return NULL;
}

/* "TEXT" behind PREFIX and spaces, else NULL. */
static const char *behind(const char *text, const char *prefix) {
  size_t n = strlen(prefix);
  if (strncmp(text, prefix, n) != 0) return NULL;
  return text + n + strspn(text + n, " \t\r\n");
}

static int add_value(struct value *value, const struct extension *extension) {
  const char *der = behind(value->text, "DER:");
  int rc;

  if (behind(value->text, "ASN1:"))
    return REFUSE(value, value->row, "'ASN1:' is not supported: 'DER:' with hexadecimal bytes is");
  if (der) return add_hex(value, der, value->out);
  if (!extension)
    return REFUSE(value, value->row, "no extension that is known here (its OID with a value of 'DER:' and hexadecimal "
                                     "bytes can be given)");
  if (extension->is_text) return extension->add(value);
  rc = dc_profile_list_read(value->conf, value->row, value->text, &value->list, value->err);
  if (rc == 0) rc = extension->add(value);
  dc_profile_list_free(&value->list);
  return rc;
}

int dc_profile_exts_add(struct dc_profile_build *build, const struct dc_openssl_row *row, struct dc_buf *out,
                        struct dc_err *err) {
  struct dc_buf content DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  const struct extension *extension = find_extension(row->name);
  const char *bare = behind(row->value, "critical,");
  struct value value = {.build = build, .conf = &build->profile->file, .row = row, .text = bare ? bare : row->value,
                        .out = &content, .err = err};
  size_t all, octets;
  int rc = add_value(&value, extension);

  if (rc == 0) rc = dc_buf_check(&content, err);
  if (rc < 0 || content.len == 0) return rc;
  all = dc_der_begin(out, DC_DER_SEQUENCE);
  if (!dc_der_add_oid_text(out, extension ? extension->oid : row->name))
    return REFUSE(&value, row, "neither an extension that is known here nor an OID");
  if (bare) dc_der_add(out, DC_DER_BOOLEAN, "\xff", 1);
  octets = dc_der_begin(out, DC_DER_OCTET_STRING);
  dc_buf_add(out, content.data, content.len);
  dc_der_end(out, octets);
  dc_der_end(out, all);
  return 0;
}
