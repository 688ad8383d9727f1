/* SPDX-License-Identifier: Apache-2.0 */
/* A new authority. */
#include "config.h"

#include "ca/init.h"

#include "base/clock.h"
#include "ca/certificates.h"
#include "ca/sign.h"
#include "pki/name.h"

/* What is passed around while a set is made. */
struct work {
  const struct dc_init *init;
  int64_t now, made; /* made: what root and issuer take for now */
  struct dc_key *root_key, *issuer_key;
  struct dc_bundle anchors;
  const struct dc_cert *root; /* in anchors */
};

static void work_free(struct work *work) {
  dc_key_free(work->root_key);
  dc_key_free(work->issuer_key);
  dc_bundle_free(&work->anchors);
}

/* --- the root ---------------------------------------------------------------------------------------------------- */

static int get_root_key(struct work *work, struct dc_err *err) {
  const struct dc_init *init = work->init;
  int rc;

  if (!init->root_key.len) return dc_key_generate(init->kind, init->rsa_bits, &work->root_key, err);
  rc = dc_key_from_pem((const char *)init->root_key.data, init->root_key.len, &work->root_key, err);
  return rc < 0 ? dc_err_add(err, rc, "root key '%s'", init->root_key_name) : 0;
}

static int make_root(struct work *work, struct dc_err *err) {
  const struct dc_init *init = work->init;
  int rc = init->root_conf ? dc_certificates_root_as(init->root_conf, work->root_key, work->made, init->root_not_after,
                                                     &work->anchors, err)
                           : dc_certificates_root(work->root_key, init->trust_domain, false, work->made,
                                                  init->root_not_after, &work->anchors, err);

  if (rc == 0) work->root = work->anchors.certs[0];
  return rc;
}

/* The root that was given, and its key beside it: of several certificates of that key, as after a renewal, the one
 * that ends last. */
static int reuse_root(struct work *work, struct dc_err *err) {
  const struct dc_init *init = work->init;
  int rc = dc_bundle_add_pem(&work->anchors, (const char *)init->root_crt.data, init->root_crt.len, err);
  char time[DC_CLOCK_TEXT_MAX];

  if (rc < 0) return dc_err_add(err, rc, "root certificate '%s'", init->root_crt_name);
  for (size_t i = 0; i < work->anchors.count; i++) {
    const struct dc_cert *cert = work->anchors.certs[i];
    if (dc_spki_equal(&cert->spki, dc_key_public(work->root_key)) &&
        (!work->root || cert->not_after > work->root->not_after))
      work->root = cert;
  }
  if (!work->root)
    return dc_err_set(err, DC_EMISMATCH, "root key '%s' does not match root certificate '%s'", init->root_key_name,
                      init->root_crt_name);
  if (work->root->not_after <= work->now)
    return dc_err_set(err, DC_EEXPIRED,
                      "root certificate '%s' ended at %s: give its key alone to have a new certificate made for it",
                      init->root_crt_name, dc_clock_rfc3339(work->root->not_after, time));
  int names = dc_certificates_check_names(work->root, init->trust_domain, err);
  return names ? dc_err_add(err, names, "root certificate '%s'", init->root_crt_name) : 0;
}

/* --- the issuer -------------------------------------------------------------------------------------------------- */

static int make_issuer(struct work *work, struct dc_buf *pem, struct dc_err *err) {
  struct dc_bundle chain DC_CLEANUP(dc_bundle_free) = DC_BUNDLE_INIT;
  const struct dc_init *init = work->init;
  const struct dc_spki *spki = dc_key_public(work->issuer_key);
  int rc = init->issuer_conf
               ? dc_certificates_issuer_as(init->issuer_conf, spki, init->trust_domain, work->root, work->root_key,
                                           work->made, init->issuer_not_after, &chain, err)
               : dc_certificates_issuer(spki, init->trust_domain, init->ns, work->root, work->root_key, work->made,
                                        init->issuer_not_after, &chain, err);

  if (rc < 0) return rc;
  dc_bundle_to_pem(&chain, pem);
  return dc_buf_check(pem, err);
}

/* --- the set ----------------------------------------------------------------------------------------------------- */

static int load_back(const struct work *work, struct dc_init_set *set, struct dc_err *err) {
  const struct dc_init *init = work->init;
  struct dc_authority_files files = {
      .ca_crt = {set->ca_crt.data, set->ca_crt.len},
      .issuer_crt = {set->issuer_crt.data, set->issuer_crt.len},
      .issuer_key = {set->issuer_key.data, set->issuer_key.len},
      .ca_crt_name = init->root_crt.len ? init->root_crt_name : init->root_conf ? init->root_conf->file.path : NULL,
      .issuer_crt_name = init->issuer_conf ? init->issuer_conf->file.path : NULL,
  };
  const struct dc_bundle *anchors;
  int rc = dc_authority_load(&files, work->now, &set->authority, err);

  if (rc < 0) return rc;
  anchors = dc_authority_anchors(set->authority);
  for (size_t i = 0; i < anchors->count; i++)
    if (dc_slice_equal(anchors->certs[i]->der, work->root->der)) set->root = anchors->certs[i];
  return 0;
}

static int make_set(struct work *work, struct dc_init_set *set, struct dc_err *err) {
  const struct dc_init *init = work->init;
  int rc = get_root_key(work, err);

  if (rc == 0) rc = init->root_crt.len ? reuse_root(work, err) : make_root(work, err);
  if (rc == 0) rc = dc_key_generate(init->kind, init->rsa_bits, &work->issuer_key, err);
  if (rc < 0) return rc;
  set->shortened = init->issuer_not_after > work->root->not_after;
  dc_bundle_to_pem(&work->anchors, &set->ca_crt);
  rc = dc_key_to_pem(work->root_key, &set->ca_key, err);
  if (rc == 0) rc = make_issuer(work, &set->issuer_crt, err);
  if (rc == 0) rc = dc_key_to_pem(work->issuer_key, &set->issuer_key, err);
  if (rc == 0) rc = load_back(work, set, err);
  if (rc == 0)
    rc = dc_init_client(set->authority, init->trust_domain, init->kind, init->rsa_bits, work->now, &set->client_crt,
                        &set->client_key, err);
  return rc;
}

int dc_init_make(const struct dc_init *init, int64_t now, struct dc_init_set *out, struct dc_err *err) {
  struct dc_init_set set DC_CLEANUP(dc_init_set_free) = DC_INIT_SET_INIT;
  struct work work DC_CLEANUP(work_free) = {
      .init = init, .now = now, .made = init->not_before ? init->not_before + DC_CERTIFICATES_SKEW : now};
  int rc = make_set(&work, &set, err);

  if (rc < 0) return rc;
  *out = set;
  set = (struct dc_init_set)DC_INIT_SET_INIT;
  return 0;
}

void dc_init_set_free(struct dc_init_set *set) {
  dc_buf_free(&set->ca_crt);
  dc_buf_free(&set->ca_key);
  dc_buf_free(&set->issuer_crt);
  dc_buf_free(&set->issuer_key);
  dc_buf_free(&set->client_crt);
  dc_buf_free(&set->client_key);
  dc_authority_unref(set->authority);
  *set = (struct dc_init_set)DC_INIT_SET_INIT;
}

int dc_init_client(const struct dc_authority *authority, const char *trust_domain, enum dc_key_kind kind,
                   unsigned rsa_bits, int64_t now, struct dc_buf *crt, struct dc_buf *key, struct dc_err *err) {
  struct dc_key *client DC_CLEANUP(dc_key_cleanup) = NULL;
  struct dc_buf name DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_leaf leaf = {.ext_usage = DC_EKU_CLIENT, .skew = DC_CERTIFICATES_SKEW,
                         .not_after = dc_authority_not_after(authority)};
  int rc = dc_key_generate(kind, rsa_bits, &client, err);

  if (rc < 0) return rc;
  dc_name_add(&name, trust_domain, "dapr-client");
  rc = dc_buf_check(&name, err);
  if (rc < 0) return rc;
  leaf.subject = (struct dc_slice){name.data, name.len};
  leaf.spki = dc_key_public(client);
  rc = dc_sign_leaf(authority, &leaf, now, crt, NULL, err);
  return rc < 0 ? rc : dc_key_to_pem(client, key, err);
}
