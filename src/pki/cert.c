/* SPDX-License-Identifier: Apache-2.0 */
/* X.509 certificates, parsed into slices of their own copy. As strict as Go's parser where sidecars would refuse. */
#include "config.h"

#include "pki/cert.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "pki/ext.h"
#include "pki/hash.h"
#include "pki/name.h"
#include "pki/oid.h"

static int malformed(struct dc_err *err, const char *what) {
  return dc_err_set(err, DC_EINVAL, "malformed certificate: %s", what);
}

/* --- extensions: each reader takes the value and says whether it is well-formed ----------------------------------- */

static bool read_constraints(struct dc_cert *cert, struct dc_slice value) {
  struct dc_slice fields;
  uint32_t path_len;

  if (!dc_der_take(&value, DC_DER_SEQUENCE, &fields) || value.len) return false;
  if (dc_der_peek(fields, DC_DER_BOOLEAN) && !dc_der_take_bool(&fields, &cert->is_ca)) return false;
  if (fields.len) {
    if (!dc_der_take_number(&fields, &path_len) || fields.len || path_len > INT32_MAX) return false;
    cert->path_len = (int)path_len;
  }
  cert->has_constraints = true;
  return true;
}

static bool read_key_usage(struct dc_cert *cert, struct dc_slice value) {
  struct dc_slice content;

  if (!dc_der_take(&value, DC_DER_BIT_STRING, &content) || value.len || content.len < 1 || content.data[0] > 7)
    return false;
  for (unsigned bit = 0; bit < 9; bit++) {
    size_t byte = 1 + bit / 8;
    if (byte < content.len && content.data[byte] >> (7 - bit % 8) & 1) cert->key_usage |= 1U << bit;
  }
  return true;
}

static bool read_ext_usage(struct dc_cert *cert, struct dc_slice value) {
  struct dc_slice fields, oid;

  if (!dc_der_take(&value, DC_DER_SEQUENCE, &fields) || value.len || !fields.len) return false;
  while (fields.len) {
    if (!dc_der_take(&fields, DC_DER_OID, &oid)) return false;
    if (dc_slice_equal(oid, DC_SLICE(DC_OID_USAGE_SERVER)))
      cert->ext_usage |= DC_EKU_SERVER;
    else if (dc_slice_equal(oid, DC_SLICE(DC_OID_USAGE_CLIENT)))
      cert->ext_usage |= DC_EKU_CLIENT;
    else if (dc_slice_equal(oid, DC_SLICE(DC_OID_USAGE_ANY)))
      cert->ext_usage |= DC_EKU_ANY;
    else
      cert->ext_usage |= DC_EKU_OTHER;
  }
  return true;
}

static bool read_subject_key_id(struct dc_cert *cert, struct dc_slice value) {
  return dc_der_take(&value, DC_DER_OCTET_STRING, &cert->subject_key_id) && !value.len;
}

static bool read_authority_key_id(struct dc_cert *cert, struct dc_slice value) {
  struct dc_slice fields;

  if (!dc_der_take(&value, DC_DER_SEQUENCE, &fields) || value.len) return false;
  return !dc_der_peek(fields, DC_DER_CONTEXT(0)) ||
         dc_der_take(&fields, DC_DER_CONTEXT(0), &cert->authority_key_id);
}

static bool read_sans(struct dc_cert *cert, struct dc_slice value) {
  struct dc_slice names, at;
  struct dc_san san;
  size_t count = 0;
  int rc;

  if (!dc_der_take(&value, DC_DER_SEQUENCE, &names) || value.len) return false;
  for (at = names; (rc = dc_san_next(&at, &san, NULL)) == 1;) count++;
  if (rc < 0) return false;
  if (count == 0) return true;
  cert->sans = calloc(count, sizeof *cert->sans);
  if (!cert->sans) return false;
  for (at = names; cert->san_count < count && dc_san_next(&at, &cert->sans[cert->san_count], NULL) == 1;)
    cert->san_count++;
  return true;
}

static bool read_name_constraints(struct dc_cert *cert, struct dc_slice value) {
  return dc_der_take(&value, DC_DER_SEQUENCE, &cert->name_constraints) && !value.len;
}

static bool read_nothing(struct dc_cert *cert, struct dc_slice value) {
  (void)cert;
  (void)value;
  return true;
}

static const struct reader {
  struct dc_slice oid;
  bool (*read)(struct dc_cert *cert, struct dc_slice value);
  const char *name;
} readers[] = {
    {DC_SLICE(DC_OID_EXT_CONSTRAINTS), read_constraints, "basicConstraints"},
    {DC_SLICE(DC_OID_EXT_KEY_USAGE), read_key_usage, "keyUsage"},
    {DC_SLICE(DC_OID_EXT_EXT_USAGE), read_ext_usage, "extendedKeyUsage"},
    {DC_SLICE(DC_OID_EXT_SUBJECT_KEY_ID), read_subject_key_id, "subjectKeyIdentifier"},
    {DC_SLICE(DC_OID_EXT_AUTHORITY_KEY_ID), read_authority_key_id, "authorityKeyIdentifier"},
    {DC_SLICE(DC_OID_EXT_SAN), read_sans, "subjectAltName"},
    {DC_SLICE(DC_OID_EXT_NAME_CONSTRAINTS), read_name_constraints, "nameConstraints"},
    /* verifiers know these, so they may be critical; nothing here asks what they say */
    {DC_SLICE(DC_OID_EXT_POLICIES), read_nothing, "certificatePolicies"},
};

static int read_extensions(struct dc_cert *cert, struct dc_slice at, struct dc_err *err) {
  unsigned seen = 0;
  struct dc_ext ext;
  int rc;

  while ((rc = dc_ext_next(&at, &ext, err)) == 1) {
    size_t i = 0;
    while (i < DC_COUNT(readers) && !dc_slice_equal(ext.oid, readers[i].oid)) i++;
    if (i == DC_COUNT(readers)) {
      if (ext.critical && !cert->unknown_critical.len) cert->unknown_critical = ext.oid;
      continue;
    }
    if (seen >> i & 1) return dc_err_set(err, DC_EINVAL, "malformed certificate: two %s extensions", readers[i].name);
    seen |= 1U << i;
    if (!readers[i].read(cert, ext.value)) return malformed(err, readers[i].name);
    if (readers[i].read == read_sans) cert->san_critical = ext.critical;
  }
  return rc < 0 ? dc_err_add(err, rc, "malformed certificate") : 0;
}

/* --- the certificate --------------------------------------------------------------------------------------------- */

static int read_version(struct dc_cert *cert, struct dc_slice *tbs, struct dc_err *err) {
  struct dc_slice explicit_version;
  uint32_t version = 0;

  if (dc_der_peek(*tbs, DC_DER_CONTEXT_SEQ(0)) &&
      (!dc_der_take(tbs, DC_DER_CONTEXT_SEQ(0), &explicit_version) ||
       !dc_der_take_number(&explicit_version, &version) || explicit_version.len || version > 2))
    return malformed(err, "version");
  cert->version = (int)version + 1;
  return 0;
}

static int read_tbs(struct dc_cert *cert, struct dc_slice tbs, struct dc_err *err) {
  struct dc_slice algorithm, spki, content, validity, list;
  int rc = read_version(cert, &tbs, err);

  if (rc < 0) return rc;
  if (!dc_der_take(&tbs, DC_DER_INTEGER, &cert->serial) || !cert->serial.len) return malformed(err, "serial number");
  if (cert->serial.data[0] & 0x80)
    return malformed(err, "its serial number is negative, which new Dapr sidecars refuse");
  if (!dc_der_take_element(&tbs, DC_DER_SEQUENCE, &content, &algorithm) || !dc_slice_equal(algorithm, cert->algorithm))
    return malformed(err, "signature algorithm");
  if (!dc_name_take(&tbs, &cert->issuer)) return malformed(err, "issuer");
  if (!dc_der_take(&tbs, DC_DER_SEQUENCE, &validity) || !dc_der_take_time(&validity, &cert->not_before) ||
      !dc_der_take_time(&validity, &cert->not_after) || validity.len)
    return malformed(err, "validity");
  if (!dc_name_take(&tbs, &cert->subject)) return malformed(err, "subject");
  if (!dc_der_take_element(&tbs, DC_DER_SEQUENCE, &content, &spki)) return malformed(err, "public key");
  rc = dc_spki_parse(&cert->spki, spki, err);
  if (rc < 0) return rc;
  if (dc_der_peek(tbs, DC_DER_CONTEXT(1)) && !dc_der_take(&tbs, DC_DER_CONTEXT(1), &content))
    return malformed(err, "issuer's unique identifier");
  if (dc_der_peek(tbs, DC_DER_CONTEXT(2)) && !dc_der_take(&tbs, DC_DER_CONTEXT(2), &content))
    return malformed(err, "subject's unique identifier");
  if (!tbs.len) return 0;
  if (cert->version != 3 || !dc_der_take(&tbs, DC_DER_CONTEXT_SEQ(3), &content) || tbs.len ||
      !dc_der_take(&content, DC_DER_SEQUENCE, &list) || content.len)
    return malformed(err, "extensions");
  cert->extensions = list;
  return read_extensions(cert, list, err);
}

static int read_cert(struct dc_cert *cert, struct dc_err *err) {
  struct dc_slice at = cert->der, fields, tbs, content;

  if (!dc_der_take(&at, DC_DER_SEQUENCE, &fields)) return malformed(err, "not DER");
  if (at.len) return malformed(err, "bytes behind its end");
  if (!dc_der_take_element(&fields, DC_DER_SEQUENCE, &tbs, &cert->tbs) ||
      !dc_der_take_element(&fields, DC_DER_SEQUENCE, &content, &cert->algorithm) ||
      !dc_der_take_bits(&fields, &cert->signature) || fields.len)
    return malformed(err, "outer structure");
  return read_tbs(cert, tbs, err);
}

int dc_cert_parse(const void *der, size_t n, struct dc_cert **out, struct dc_err *err) {
  struct dc_cert *cert DC_CLEANUP(dc_cert_cleanup) = calloc(1, sizeof *cert);
  int rc;

  if (!cert) return dc_err_nomem(err);
  dc_buf_add(&cert->bytes, der, n);
  rc = dc_buf_check(&cert->bytes, err);
  if (rc < 0) return rc;
  cert->der = (struct dc_slice){cert->bytes.data, cert->bytes.len};
  cert->path_len = -1;
  rc = read_cert(cert, err);
  if (rc < 0) return rc;
  *out = cert;
  cert = NULL;
  return 0;
}

void dc_cert_free(struct dc_cert *cert) {
  if (!cert) return;
  dc_buf_free(&cert->bytes);
  free(cert->sans);
  free(cert);
}

void dc_cert_cleanup(struct dc_cert **cert) {
  dc_cert_free(*cert);
  *cert = NULL;
}

/* --- questions --------------------------------------------------------------------------------------------------- */

int dc_cert_signed_by(const struct dc_cert *cert, const struct dc_cert *parent, struct dc_err *err) {
  return dc_spki_verify(&parent->spki, cert->algorithm, false, cert->tbs, cert->signature, err);
}

bool dc_cert_self_signed(const struct dc_cert *cert) { return dc_cert_signed_by(cert, cert, NULL) == 0; }

int dc_cert_check_ca(const struct dc_cert *cert, struct dc_err *err) {
  if (cert->version != 3 || !cert->has_constraints || !cert->is_ca)
    return dc_err_set(err, DC_EMISMATCH, "it is no CA certificate: basicConstraints CA:TRUE is missing");
  if (cert->key_usage && !(cert->key_usage & DC_KU_CERT_SIGN))
    return dc_err_set(err, DC_EMISMATCH, "its key usage lacks keyCertSign");
  return 0;
}

static bool bears(struct dc_slice pattern, const char *host) {
  size_t n = strlen(host);
  if (n && host[n - 1] == '.') n--;
  if (pattern.len && pattern.data[pattern.len - 1] == '.') pattern.len--;
  if (pattern.len > 2 && pattern.data[0] == '*' && pattern.data[1] == '.') {
    const char *dot = memchr(host, '.', n);
    if (!dot || dot == host) return false;
    n -= (size_t)(dot - host);
    host = dot;
    pattern.data++;
    pattern.len--;
  }
  return n && pattern.len == n && strncasecmp((const char *)pattern.data, host, n) == 0;
}

int dc_cert_check_host(const struct dc_cert *cert, const char *host, struct dc_err *err) {
  unsigned char address[16];
  struct dc_san wanted = {.kind = DC_SAN_DNS};
  struct dc_buf names DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  bool is_address = dc_san_parse(host, address, &wanted, NULL) == 0 && wanted.kind == DC_SAN_IP;

  for (size_t i = 0; i < cert->san_count; i++) {
    const struct dc_san *san = &cert->sans[i];
    if (is_address ? san->kind == DC_SAN_IP && dc_slice_equal(san->value, wanted.value)
                   : san->kind == DC_SAN_DNS && bears(san->value, host))
      return 0;
    if (names.len) dc_buf_add_text(&names, ", ");
    dc_san_text(san, &names);
  }
  return dc_err_set(err, DC_EMISMATCH, "it is not for '%s', but for %s", host,
                    names.len ? dc_buf_text(&names) : "nobody");
}

int dc_cert_fingerprint(const struct dc_cert *cert, struct dc_buf *out, struct dc_err *err) {
  return dc_hash_add_hex(cert->der, out, err);
}

void dc_cert_serial_text(const struct dc_cert *cert, struct dc_buf *out) {
  size_t i = cert->serial.len > 1 && cert->serial.data[0] == 0 ? 1 : 0;

  for (; i < cert->serial.len; i++) dc_buf_printf(out, "%02x", cert->serial.data[i]);
}
