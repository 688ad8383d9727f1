/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "ca/certificates.h"

#include <stdio.h>

#include "pki/constraints.h"
#include "pki/name.h"
#include "pki/spiffe.h"

enum { USAGE = DC_KU_DIGITAL_SIGNATURE | DC_KU_CERT_SIGN | DC_KU_CRL_SIGN };

static int64_t earlier(int64_t a, int64_t b) { return a < b ? a : b; }

static int add_signed(const struct dc_profile *profile, const struct dc_signer *signer, struct dc_bundle *out,
                      struct dc_err *err) {
  struct dc_buf der DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  int rc = dc_profile_sign(profile, signer, &der, err);
  return rc ? rc : dc_bundle_add_der(out, der.data, der.len, err);
}

/* --- roots -------------------------------------------------------------------------------------------------------- */

static int name_root(struct dc_buf *name, const char *trust_domain, const unsigned char *id, struct dc_err *err) {
  char text[sizeof "root 00000000"];
  if (id) snprintf(text, sizeof text, "root %02x%02x%02x%02x", id[0], id[1], id[2], id[3]);
  dc_name_add(name, trust_domain, id ? text : NULL);
  return dc_buf_check(name, err);
}

static int sign_root(const struct dc_key *key, struct dc_slice name, struct dc_slice id, int path_len, int64_t now,
                     int64_t not_after, struct dc_bundle *out, struct dc_err *err) {
  const struct dc_profile profile = {.subject = name, .spki = dc_key_public(key),
                                     .not_before = now - DC_CERTIFICATES_SKEW, .not_after = not_after,
                                     .key_usage = USAGE, .is_ca = true, .path_len = path_len,
                                     .subject_key_id = id.len > 0, .key_id = id};
  const struct dc_signer signer = {.key = key, .name = name, .key_id = id};
  return add_signed(&profile, &signer, out, err);
}

int dc_certificates_root(const struct dc_key *key, const char *trust_domain, bool numbered, int64_t now,
                         int64_t not_after, struct dc_bundle *out, struct dc_err *err) {
  struct dc_buf name DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  unsigned char id[DC_KEY_ID_SIZE];
  int rc = dc_spki_id(dc_key_public(key), id, err);
  if (!rc) rc = name_root(&name, trust_domain, numbered ? id : NULL, err);
  return rc ? rc
            : sign_root(key, (struct dc_slice){name.data, name.len}, (struct dc_slice){id, sizeof id}, -1, now,
                        not_after, out, err);
}

int dc_certificates_renew_root(const struct dc_cert *old, const struct dc_key *key, int64_t now, int64_t not_after,
                               struct dc_bundle *out, struct dc_err *err) {
  return sign_root(key, old->subject, old->subject_key_id, old->path_len, now, not_after, out, err);
}

/* --- what they sign ----------------------------------------------------------------------------------------------- */

static struct dc_signer signer_of(const struct dc_cert *cert, const struct dc_key *key) {
  return (struct dc_signer){.key = key, .name = cert->subject, .key_id = cert->subject_key_id};
}

int dc_certificates_cross(const struct dc_cert *root, const struct dc_cert *signer, const struct dc_key *key,
                          int64_t now, struct dc_bundle *out, struct dc_err *err) {
  const struct dc_signer by = signer_of(signer, key);
  const struct dc_profile profile = {.subject = root->subject, .spki = &root->spki,
                                     .not_before = now - DC_CERTIFICATES_SKEW,
                                     .not_after = earlier(root->not_after, signer->not_after), .key_usage = USAGE,
                                     .is_ca = true, .path_len = signer->path_len < 0 ? -1 : signer->path_len - 1,
                                     .subject_key_id = root->subject_key_id.len > 0,
                                     .key_id = root->subject_key_id};
  if (signer->path_len == 0)
    return dc_err_set(err, DC_EMISMATCH, "a path length of 0 leaves no room for a cross-certificate");
  return add_signed(&profile, &by, out, err);
}

int dc_certificates_check_names(const struct dc_cert *ca, const char *trust_domain, struct dc_err *err) {
  int rc = dc_constraints_check(ca, DC_SAN_URI, dc_slice_text(trust_domain), err);
  return rc ? rc : dc_constraints_check(ca, DC_SAN_DNS, DC_SLICE(DC_CERTIFICATES_DNS), err);
}

int dc_certificates_issuer(const struct dc_spki *spki, const char *trust_domain, const char *ns,
                           const struct dc_cert *root, const struct dc_key *root_key, int64_t now, int64_t not_after,
                           struct dc_bundle *out, struct dc_err *err) {
  struct dc_buf id DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, name DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  const struct dc_signer by = signer_of(root, root_key);
  struct dc_san sans[] = {{DC_SAN_DNS, DC_SLICE(DC_CERTIFICATES_DNS)}};
  int rc = dc_spiffe_sentry(&id, trust_domain, ns, err);
  if (rc) return dc_err_add(err, rc, "trust domain '%s' and namespace '%s' make no SPIFFE ID", trust_domain, ns);
  rc = dc_certificates_check_names(root, trust_domain, err);
  if (rc) return dc_err_add(err, rc, "an issuer below the root");
  dc_name_add(&name, dc_buf_text(&id), NULL);
  rc = dc_buf_check(&name, err);
  const struct dc_profile profile = {.subject = {name.data, name.len}, .spki = spki,
                                     .not_before = now - DC_CERTIFICATES_SKEW,
                                     .not_after = earlier(not_after, root->not_after), .sans = sans,
                                     .san_count = DC_COUNT(sans), .key_usage = USAGE,
                                     .ext_usage = DC_EKU_SERVER | DC_EKU_CLIENT, .is_ca = true, .path_len = 0,
                                     .subject_key_id = true};
  return rc ? rc : add_signed(&profile, &by, out, err);
}

/* --- as an openssl configuration has them ------------------------------------------------------------------------- */

static int sign_as(const struct dc_profile_conf *conf, const struct dc_spki *spki, const struct dc_cert *above,
                   const struct dc_key *key, int64_t now, int64_t not_after, struct dc_bundle *out,
                   struct dc_err *err) {
  struct dc_buf extensions DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  const struct dc_profile_whose whose = {.spki = spki, .signer = above};
  const struct dc_slice subject = {conf->subject.data, conf->subject.len};
  const struct dc_signer by = {.key = key, .name = above ? above->subject : subject};
  int rc = dc_profile_conf_extensions(conf, &whose, &extensions, err);
  const struct dc_profile profile = {.subject = subject, .spki = spki, .not_before = now - DC_CERTIFICATES_SKEW,
                                     .not_after = not_after, .extensions = {extensions.data, extensions.len}};
  return rc ? rc : add_signed(&profile, &by, out, err);
}

int dc_certificates_root_as(const struct dc_profile_conf *conf, const struct dc_key *key, int64_t now,
                            int64_t not_after, struct dc_bundle *out, struct dc_err *err) {
  return sign_as(conf, dc_key_public(key), NULL, key, now, not_after, out, err);
}

int dc_certificates_issuer_as(const struct dc_profile_conf *conf, const struct dc_spki *spki, const char *trust_domain,
                              const struct dc_cert *root, const struct dc_key *root_key, int64_t now,
                              int64_t not_after, struct dc_bundle *out, struct dc_err *err) {
  int rc = dc_certificates_check_names(root, trust_domain, err);
  if (rc) return dc_err_add(err, rc, "an issuer below the root");
  rc = sign_as(conf, spki, root, root_key, now, earlier(not_after, root->not_after), out, err);
  if (!rc) rc = dc_certificates_check_names(out->certs[out->count - 1], trust_domain, err);
  return rc ? dc_err_add(err, rc, "the issuer of '%s'", conf->file.path) : 0;
}
