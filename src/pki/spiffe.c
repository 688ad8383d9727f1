/* SPDX-License-Identifier: Apache-2.0 */
/* SPIFFE IDs. */
#include "config.h"

#include "pki/spiffe.h"

#include <string.h>

static const char scheme[] = "spiffe://";
enum { SCHEME_LEN = sizeof scheme - 1 };

static bool is_domain_char(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

static bool is_segment_char(unsigned char c) { return is_domain_char(c) || (c >= 'A' && c <= 'Z'); }

static int check_domain(struct dc_slice name, struct dc_err *err) {
  if (name.len == 0) return dc_err_set(err, DC_EINVAL, "trust domain is missing");
  for (size_t i = 0; i < name.len; i++)
    if (!is_domain_char(name.data[i]))
      return dc_err_set(err, DC_EINVAL, "trust domain characters are limited to lowercase letters, numbers, dots, "
                                        "dashes, and underscores");
  return 0;
}

int dc_spiffe_check_segment(struct dc_slice segment, struct dc_err *err) {
  if (segment.len == 0) return dc_err_set(err, DC_EINVAL, "path cannot contain empty segments");
  if (segment.data[0] == '.' && (segment.len == 1 || (segment.len == 2 && segment.data[1] == '.')))
    return dc_err_set(err, DC_EINVAL, "path cannot contain dot segments");
  for (size_t i = 0; i < segment.len; i++)
    if (!is_segment_char(segment.data[i]))
      return dc_err_set(err, DC_EINVAL,
                        "path segment characters are limited to letters, numbers, dots, dashes, and underscores");
  return 0;
}

/* Empty, or "/a/b". */
static int check_path(struct dc_slice path, struct dc_err *err) {
  while (path.len) {
    struct dc_slice segment = {path.data + 1, 0};
    int rc;
    while (1 + segment.len < path.len && segment.data[segment.len] != '/') segment.len++;
    if (segment.len == 0 && path.len == 1) return dc_err_set(err, DC_EINVAL, "path cannot have a trailing slash");
    rc = dc_spiffe_check_segment(segment, err);
    if (rc < 0) return rc;
    path.data += 1 + segment.len;
    path.len -= 1 + segment.len;
  }
  return 0;
}

int dc_spiffe_parse(struct dc_spiffe *id, struct dc_slice text, struct dc_err *err) {
  struct dc_spiffe got;
  size_t slash;
  int rc;

  if (text.len == 0) return dc_err_set(err, DC_EINVAL, "cannot be empty");
  if (text.len < SCHEME_LEN || memcmp(text.data, scheme, SCHEME_LEN) != 0)
    return dc_err_set(err, DC_EINVAL, "scheme is missing or invalid");
  for (slash = SCHEME_LEN; slash < text.len && text.data[slash] != '/';) slash++;
  got.trust_domain = (struct dc_slice){text.data + SCHEME_LEN, slash - SCHEME_LEN};
  got.path = (struct dc_slice){text.data + slash, text.len - slash};
  rc = check_domain(got.trust_domain, err);
  if (rc == 0) rc = check_path(got.path, err);
  if (rc == 0) *id = got;
  return rc;
}

int dc_spiffe_trust_domain(struct dc_slice text, struct dc_slice *name, struct dc_err *err) {
  struct dc_spiffe id;
  int rc;

  for (size_t i = 0; i + 1 < text.len; i++) {
    if (text.data[i] != ':' || text.data[i + 1] != '/') continue; /* meant as a whole ID, however it is spelt */
    rc = dc_spiffe_parse(&id, text, err);
    if (rc == 0) *name = id.trust_domain;
    return rc;
  }
  rc = check_domain(text, err);
  if (rc == 0) *name = text;
  return rc;
}

int dc_spiffe_workload(struct dc_buf *out, struct dc_slice trust_domain, struct dc_slice ns, struct dc_slice name,
                       struct dc_err *err) {
  int rc = check_domain(trust_domain, err);

  if (rc == 0) rc = dc_spiffe_check_segment(ns, err);
  if (rc == 0) rc = dc_spiffe_check_segment(name, err);
  if (rc < 0) return rc;
  dc_buf_add(out, scheme, SCHEME_LEN);
  dc_buf_add(out, trust_domain.data, trust_domain.len);
  dc_buf_add(out, "/ns/", 4);
  dc_buf_add(out, ns.data, ns.len);
  dc_buf_add_byte(out, '/');
  dc_buf_add(out, name.data, name.len);
  return dc_buf_check(out, err);
}

int dc_spiffe_sentry(struct dc_buf *out, const char *trust_domain, const char *ns, struct dc_err *err) {
  return dc_spiffe_workload(out, dc_slice_text(trust_domain), dc_slice_text(ns), DC_SLICE(DC_SPIFFE_SENTRY), err);
}

int dc_spiffe_of_cert(const struct dc_cert *cert, struct dc_slice *id, struct dc_err *err) {
  size_t uris = dc_san_count(cert->sans, cert->san_count, DC_SAN_URI);
  struct dc_spiffe parts;
  int rc;

  if (uris != 1)
    return dc_err_set(err, DC_EMISMATCH, "certificate contains %s URI SAN", uris ? "more than one" : "no");
  if (cert->is_ca) return dc_err_set(err, DC_EMISMATCH, "leaf certificate with CA flag set to true");
  if (cert->key_usage & (DC_KU_CERT_SIGN | DC_KU_CRL_SIGN))
    return dc_err_set(err, DC_EMISMATCH, "leaf certificate with keyCertSign or cRLSign key usage");
  for (size_t i = 0; i < cert->san_count; i++) {
    if (cert->sans[i].kind != DC_SAN_URI) continue;
    rc = dc_spiffe_parse(&parts, cert->sans[i].value, err);
    if (rc < 0) return dc_err_add(err, DC_EMISMATCH, "the URI SAN is no SPIFFE ID");
    *id = cert->sans[i].value;
  }
  return 0;
}
