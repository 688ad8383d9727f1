/* SPDX-License-Identifier: Apache-2.0 */
/* Leaf certificates. */
#include "config.h"

#include "ca/sign.h"

#include "base/pem.h"
#include "ca/certificates.h"
#include "pki/spiffe.h"

/* 9999-12-31T23:59:59Z, the last second that a certificate can tell. */
static const int64_t time_max = INT64_C(253402300799);

/* Go, in which Dapr is written, reads no certificate with a URI whose host has an empty label: "foo.", ".", "a..b". */
static bool has_empty_label(struct dc_slice domain) {
  bool empty = true;
  for (size_t i = 0; i < domain.len; i++) {
    if (empty && domain.data[i] == '.') return true;
    empty = domain.data[i] == '.';
  }
  return empty;
}

static int check_names(const struct dc_leaf *leaf, struct dc_err *err) {
  struct dc_spiffe id;
  size_t uris = 0;

  if (leaf->san_count == 0 && leaf->subject.len == 0)
    return dc_err_set(err, DC_EINVAL, "a certificate needs a subject or a subject alternative name");
  for (size_t i = 0; i < leaf->san_count; i++) {
    int rc;
    if (leaf->sans[i].kind != DC_SAN_URI) continue;
    if (uris++) return dc_err_set(err, DC_EINVAL, "a SPIFFE certificate has exactly one URI name: a second is refused");
    rc = dc_spiffe_parse(&id, leaf->sans[i].value, err);
    if (rc < 0) return dc_err_add(err, rc, "the URI name is no SPIFFE ID");
    if (has_empty_label(id.trust_domain))
      return dc_err_set(err, DC_EINVAL, "the trust domain has an empty label: it begins or ends with a dot, or has two "
                                        "in a row");
  }
  return 0;
}

static int64_t later(int64_t now, int64_t span) { return span > time_max - now ? time_max : now + span; }

static int set_times(struct dc_profile *profile, const struct dc_leaf *leaf, int64_t now, int64_t limit,
                     struct dc_err *err) {
  profile->not_before = leaf->not_before ? leaf->not_before : now - leaf->skew;
  profile->not_after = leaf->not_after ? leaf->not_after : later(now, leaf->ttl);
  if (profile->not_after > limit) profile->not_after = limit;
  if (profile->not_before < 0 || profile->not_after > time_max || profile->not_before >= profile->not_after)
    return dc_err_set(err, DC_EINVAL, "the certificate would end before it begins");
  return 0;
}

static int set_conf(struct dc_profile *profile, const struct dc_leaf *leaf, const struct dc_authority *authority,
                    struct dc_buf *extensions, struct dc_err *err) {
  const struct dc_profile_whose whose = {.spki = leaf->spki, .signer = dc_authority_chain(authority)->certs[0],
                                         .spiffe_id = leaf->sans[0].value};
  int rc = dc_profile_conf_extensions(leaf->conf, &whose, extensions, err);

  profile->subject = (struct dc_slice){leaf->conf->subject.data, leaf->conf->subject.len};
  profile->extensions = (struct dc_slice){extensions->data, extensions->len};
  return rc;
}

/* A configuration may say what no leaf can be: read back what it came to. */
static int check_conf(const struct dc_profile_conf *conf, const struct dc_buf *der, struct dc_err *err) {
  struct dc_cert *cert DC_CLEANUP(dc_cert_cleanup) = NULL;
  int rc = dc_cert_parse(der->data, der->len, &cert, err);

  if (rc == 0 && cert->is_ca)
    rc = dc_err_set(err, DC_EINVAL, "it makes a certificate authority (CA:true), not a workload");
  else if (rc == 0 && cert->key_usage && !(cert->key_usage & DC_KU_DIGITAL_SIGNATURE))
    rc = dc_err_set(err, DC_EINVAL, "its keyUsage lacks digitalSignature, without which there is no TLS");
  else if (rc == 0 && cert->ext_usage && !(cert->ext_usage & (DC_EKU_SERVER | DC_EKU_CLIENT | DC_EKU_ANY)))
    rc = dc_err_set(err, DC_EINVAL, "its extendedKeyUsage has neither serverAuth nor clientAuth");
  else if (rc == 0 && cert->unknown_critical.len)
    rc = dc_err_set(err, DC_EINVAL, "a critical extension of it is unknown to those who would have to judge it");
  else if (rc == 0 && dc_san_count(cert->sans, cert->san_count, DC_SAN_URI) != 1)
    rc = dc_err_set(err, DC_EINVAL, "its names have not the SPIFFE ID for their only URI");
  return rc < 0 ? dc_err_add(err, rc, "'%s'", conf->file.path) : 0;
}

static int sign_der(const struct dc_authority *authority, const struct dc_leaf *leaf, int64_t now, struct dc_buf *der,
                    int64_t *not_after, struct dc_err *err) {
  struct dc_profile profile = {
      .subject = leaf->subject,
      .spki = leaf->spki,
      .sans = leaf->sans,
      .san_count = leaf->san_count,
      .key_usage = DC_KU_DIGITAL_SIGNATURE,
      .ext_usage = leaf->ext_usage ? leaf->ext_usage : DC_EKU_SERVER | DC_EKU_CLIENT,
  };
  struct dc_buf extensions DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  int rc = dc_authority_check(authority, now, err);

  if (rc == 0) rc = check_names(leaf, err);
  if (rc == 0) rc = set_times(&profile, leaf, now, dc_authority_not_after(authority), err);
  if (rc == 0 && leaf->conf) rc = set_conf(&profile, leaf, authority, &extensions, err);
  if (rc == 0) rc = dc_profile_sign(&profile, dc_authority_signer(authority), der, err);
  if (rc == 0 && leaf->conf) rc = check_conf(leaf->conf, der, err);
  if (rc < 0) return rc;
  if (not_after) *not_after = profile.not_after;
  return 0;
}

int dc_sign_leaf(const struct dc_authority *authority, const struct dc_leaf *leaf, int64_t now,
                 struct dc_buf *chain_pem, int64_t *not_after, struct dc_err *err) {
  struct dc_buf der DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_slice issuers = dc_authority_chain_pem(authority);
  int rc = sign_der(authority, leaf, now, &der, not_after, err);

  if (rc < 0) return rc;
  (void)dc_buf_reserve(chain_pem, der.len / 2 * 3 + 64 + issuers.len);
  dc_pem_add(chain_pem, "CERTIFICATE", der.data, der.len);
  dc_buf_add(chain_pem, issuers.data, issuers.len);
  return dc_buf_check(chain_pem, err);
}

/* --- an identity of ours ----------------------------------------------------------------------------------------- */

int dc_sign_serving(const struct dc_authority *authority, struct dc_slice spiffe_id, int64_t ttl, int64_t skew,
                    int64_t now, struct dc_identity *out, struct dc_err *err) {
  struct dc_identity identity DC_CLEANUP(dc_identity_free) = DC_IDENTITY_INIT;
  struct dc_buf der DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  const struct dc_bundle *issuers = dc_authority_chain(authority);
  struct dc_san sans[] = {{DC_SAN_URI, spiffe_id}, {DC_SAN_DNS, DC_SLICE(DC_CERTIFICATES_DNS)}};
  struct dc_leaf leaf = {.sans = sans, .san_count = DC_COUNT(sans), .ttl = ttl, .skew = skew};
  int rc = dc_key_generate(DC_KEY_ED25519, 0, &identity.key, err);

  if (rc < 0) return rc;
  leaf.spki = dc_key_public(identity.key);
  rc = sign_der(authority, &leaf, now, &der, NULL, err);
  if (rc == 0) rc = dc_bundle_add_der(&identity.chain, der.data, der.len, err);
  for (size_t i = 0; rc == 0 && i < issuers->count; i++)
    rc = dc_bundle_add_der(&identity.chain, issuers->certs[i]->der.data, issuers->certs[i]->der.len, err);
  if (rc < 0) return rc;
  *out = identity;
  identity = (struct dc_identity)DC_IDENTITY_INIT;
  return 0;
}
