/* SPDX-License-Identifier: Apache-2.0 */
/* Certificate requests. */
#include "config.h"

#include "pki/csr.h"

#include "pki/ext.h"
#include "pki/name.h"
#include "pki/oid.h"

static int malformed(struct dc_err *err, const char *what) {
  return dc_err_set(err, DC_EINVAL, "malformed certificate request: %s", what);
}

/* The names an extensionRequest asks for. */
static int read_extensions(struct dc_csr *csr, struct dc_slice at, struct dc_err *err) {
  struct dc_slice names;
  struct dc_ext ext;
  struct dc_san san;
  int rc;

  while ((rc = dc_ext_next(&at, &ext, err)) == 1) {
    if (!dc_slice_equal(ext.oid, DC_SLICE(DC_OID_EXT_SAN))) continue;
    if (!dc_der_take(&ext.value, DC_DER_SEQUENCE, &csr->san) || ext.value.len)
      return malformed(err, "subjectAltName");
    names = csr->san;
    while ((rc = dc_san_next(&names, &san, err)) == 1) csr->has_dns_san |= san.kind == DC_SAN_DNS;
    if (rc < 0) break;
  }
  return rc < 0 ? dc_err_add(err, rc, "malformed certificate request") : 0;
}

static int read_attributes(struct dc_csr *csr, struct dc_slice at, struct dc_err *err) {
  while (at.len) {
    struct dc_slice fields, oid, values, extensions;
    int rc;
    if (!dc_der_take(&at, DC_DER_SEQUENCE, &fields) || !dc_der_take(&fields, DC_DER_OID, &oid) ||
        !dc_der_take(&fields, DC_DER_SET, &values) || fields.len)
      return malformed(err, "attribute");
    if (!dc_slice_equal(oid, DC_SLICE(DC_OID_EXTENSION_REQUEST))) continue;
    if (!dc_der_take(&values, DC_DER_SEQUENCE, &extensions) || values.len)
      return malformed(err, "requested extensions");
    csr->extensions = extensions;
    rc = read_extensions(csr, extensions, err);
    if (rc < 0) return rc;
  }
  return 0;
}

int dc_csr_parse(struct dc_csr *csr, const void *der, size_t n, struct dc_err *err) {
  struct dc_csr got = {.der = {der, n}};
  struct dc_slice at = got.der, fields, info, version, spki, content, attributes;
  int rc;

  if (!dc_der_take(&at, DC_DER_SEQUENCE, &fields)) return malformed(err, "not DER");
  if (at.len) return malformed(err, "bytes behind its end");
  if (!dc_der_take_element(&fields, DC_DER_SEQUENCE, &info, &got.info) ||
      !dc_der_take_element(&fields, DC_DER_SEQUENCE, &content, &got.algorithm) ||
      !dc_der_take_bits(&fields, &got.signature) || fields.len)
    return malformed(err, "outer structure");
  if (!dc_der_take(&info, DC_DER_INTEGER, &version)) return malformed(err, "version");
  if (!dc_name_take(&info, &got.subject)) return malformed(err, "subject");
  if (!dc_der_take_element(&info, DC_DER_SEQUENCE, &content, &spki)) return malformed(err, "public key");
  rc = dc_spki_parse(&got.spki, spki, err);
  if (rc < 0) return rc;
  if (info.len) { /* attributes: absent in what some writers make */
    if (!dc_der_take(&info, DC_DER_CONTEXT_SEQ(0), &attributes) || info.len) return malformed(err, "attributes");
    rc = read_attributes(&got, attributes, err);
    if (rc < 0) return rc;
  }
  got.has_cn = dc_name_has(got.subject, DC_SLICE(DC_OID_NAME_CN));
  *csr = got;
  return 0;
}

int dc_csr_verify(const struct dc_csr *csr, struct dc_err *err) {
  return dc_spki_verify(&csr->spki, csr->algorithm, true, csr->info, csr->signature, err);
}

static int add_info(struct dc_buf *info, const struct dc_key *key, const struct dc_san *sans, size_t san_count,
                    struct dc_err *err) {
  size_t all = dc_der_begin(info, DC_DER_SEQUENCE), attributes;
  int rc = 0;

  dc_der_add_number(info, 0);
  dc_name_add(info, NULL, NULL);
  dc_buf_add(info, dc_key_public(key)->der.data, dc_key_public(key)->der.len);
  attributes = dc_der_begin(info, DC_DER_CONTEXT_SEQ(0));
  if (san_count) {
    size_t attribute = dc_der_begin(info, DC_DER_SEQUENCE), set, extensions;
    struct dc_ext_mark ext;
    dc_der_add_slice(info, DC_DER_OID, DC_SLICE(DC_OID_EXTENSION_REQUEST));
    set = dc_der_begin(info, DC_DER_SET);
    extensions = dc_der_begin(info, DC_DER_SEQUENCE);
    ext = dc_ext_begin(info, DC_SLICE(DC_OID_EXT_SAN), true);
    rc = dc_san_add(info, sans, san_count, err);
    dc_ext_end(info, ext);
    dc_der_end(info, extensions);
    dc_der_end(info, set);
    dc_der_end(info, attribute);
  }
  dc_der_end(info, attributes);
  dc_der_end(info, all);
  return rc < 0 ? rc : dc_buf_check(info, err);
}

int dc_csr_make(const struct dc_key *key, const struct dc_san *sans, size_t san_count, struct dc_buf *out,
                struct dc_err *err) {
  struct dc_buf info DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  int rc = add_info(&info, key, sans, san_count, err);

  return rc < 0 ? rc : dc_key_seal(key, (struct dc_slice){info.data, info.len}, out, err);
}
