/* SPDX-License-Identifier: Apache-2.0 */
/* Loading an authority, and whether it may sign. */
#include "config.h"

#include "ca/authority.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/clock.h"
#include "pki/name.h"

struct dc_authority {
  atomic_uint references;
  struct dc_bundle anchors, chain;
  struct dc_key *key;
  struct dc_signer signer;
  struct dc_path paths[DC_PATH_MAX]; /* from the issuer to the anchors */
  size_t path_count;
  struct dc_buf anchors_pem, chain_pem;
};

static const char *or_usual(const char *name, const char *usual) { return name ? name : usual; }

/* --- the rules --------------------------------------------------------------------------------------------------- */

static int check_anchor(const struct dc_cert *anchor, struct dc_err *err) {
  int rc = dc_cert_signed_by(anchor, anchor, err);

  if (rc == DC_EMISMATCH)
    return dc_err_set(err, DC_EMISMATCH, "it is not self-signed: a trust anchor is a root certificate");
  return rc < 0 ? rc : dc_cert_check_ca(anchor, err);
}

static int load_anchors(struct dc_authority *authority, const struct dc_authority_files *files, struct dc_err *err) {
  const char *file = or_usual(files->ca_crt_name, "ca.crt");
  int rc = dc_bundle_add_pem(&authority->anchors, (const char *)files->ca_crt.data, files->ca_crt.len, err);

  if (rc < 0) return dc_err_add(err, rc, "%s", file);
  for (size_t i = 0; i < authority->anchors.count; i++) {
    const struct dc_cert *anchor = authority->anchors.certs[i];
    struct dc_buf name DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    rc = check_anchor(anchor, err);
    if (rc == 0) continue;
    dc_name_text(anchor->subject, &name);
    return dc_err_add(err, rc, "%s: certificate %zu ('%s')", file, i + 1, dc_buf_text(&name));
  }
  return 0;
}

/* The root as issuer: the original's words, then what is meant by them. */
static int refuse_root(const struct dc_cert *root, struct dc_err *err) {
  struct dc_buf name DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;

  dc_name_text(root->subject, &name);
  return dc_err_set(err, DC_EMISMATCH,
                    "issuer chain is empty: '%s' is self-signed, a root; an issuer certificate is one that the root "
                    "signed (\"daprcerts ca-init --root-cert FILE --root-key FILE\" makes one)",
                    dc_buf_text(&name));
}

static int check_chain(struct dc_bundle *chain, struct dc_err *err) {
  int rc;

  for (size_t i = 0; i + 1 < chain->count; i++) {
    rc = dc_cert_signed_by(chain->certs[i], chain->certs[i + 1], err);
    if (rc == DC_EMISMATCH)
      return dc_err_set(err, rc, "certificate %zu is not signed by certificate %zu: the issuer stands first, then each "
                                 "certificate's signer", i + 1, i + 2);
    if (rc < 0) return dc_err_add(err, rc, "certificate %zu", i + 1);
  }
  if (chain->count > 1 && dc_cert_self_signed(chain->certs[chain->count - 1])) dc_bundle_drop_last(chain);
  if (dc_cert_self_signed(chain->certs[0])) return refuse_root(chain->certs[0], err);
  rc = dc_cert_check_ca(chain->certs[0], err);
  return rc < 0 ? dc_err_add(err, rc, "the issuer cannot sign") : 0;
}

static int load_chain(struct dc_authority *authority, const struct dc_authority_files *files, struct dc_err *err) {
  int rc = dc_bundle_add_pem(&authority->chain, (const char *)files->issuer_crt.data, files->issuer_crt.len, err);

  if (rc == 0) rc = check_chain(&authority->chain, err);
  return rc < 0 ? dc_err_add(err, rc, "%s", or_usual(files->issuer_crt_name, "issuer.crt")) : 0;
}

static int load_key(struct dc_authority *authority, const struct dc_authority_files *files, struct dc_err *err) {
  const char *file = or_usual(files->issuer_key_name, "issuer.key");
  int rc = dc_key_from_pem((const char *)files->issuer_key.data, files->issuer_key.len, &authority->key, err);

  if (rc < 0) return dc_err_add(err, rc, "%s", file);
  if (!dc_spki_equal(dc_key_public(authority->key), &authority->chain.certs[0]->spki))
    return dc_err_set(err, DC_EMISMATCH, "%s: the issuer key does not match the issuer certificate in %s", file,
                      or_usual(files->issuer_crt_name, "issuer.crt"));
  return 0;
}

static int find_paths(struct dc_authority *authority, const struct dc_authority_files *files, struct dc_err *err) {
  struct dc_bundle above = {authority->chain.certs + 1, authority->chain.count - 1}; /* a view, not freed */
  int count = dc_chain_paths(authority->chain.certs[0], &above, &authority->anchors, DC_PURPOSE_SERVER,
                             authority->paths, DC_PATH_MAX, err);

  if (count < 0)
    return dc_err_add(err, count, "%s and %s do not belong together", or_usual(files->issuer_crt_name, "issuer.crt"),
                      or_usual(files->ca_crt_name, "ca.crt"));
  authority->path_count = (size_t)count;
  return 0;
}

int dc_authority_load(const struct dc_authority_files *files, int64_t now, struct dc_authority **out,
                      struct dc_err *err) {
  struct dc_authority *authority DC_CLEANUP(dc_authority_cleanup) = calloc(1, sizeof *authority);
  int rc;

  if (!authority) return dc_err_nomem(err);
  atomic_init(&authority->references, 1);
  rc = load_anchors(authority, files, err);
  if (rc == 0) rc = load_chain(authority, files, err);
  if (rc == 0) rc = load_key(authority, files, err);
  if (rc == 0) rc = find_paths(authority, files, err);
  if (rc == 0) rc = dc_authority_check(authority, now, err);
  if (rc < 0) return rc;
  authority->signer.key = authority->key;
  authority->signer.name = authority->chain.certs[0]->subject;
  authority->signer.key_id = authority->chain.certs[0]->subject_key_id;
  dc_bundle_to_pem(&authority->anchors, &authority->anchors_pem);
  dc_bundle_to_pem(&authority->chain, &authority->chain_pem);
  rc = dc_buf_check(&authority->anchors_pem, err);
  if (rc == 0) rc = dc_buf_check(&authority->chain_pem, err);
  if (rc < 0) return rc;
  *out = authority;
  authority = NULL;
  return 0;
}

/* --- references -------------------------------------------------------------------------------------------------- */

struct dc_authority *dc_authority_ref(struct dc_authority *authority) {
  atomic_fetch_add_explicit(&authority->references, 1, memory_order_relaxed);
  return authority;
}

void dc_authority_unref(struct dc_authority *authority) {
  if (!authority || atomic_fetch_sub_explicit(&authority->references, 1, memory_order_acq_rel) != 1) return;
  dc_bundle_free(&authority->anchors);
  dc_bundle_free(&authority->chain);
  dc_key_free(authority->key);
  dc_buf_free(&authority->anchors_pem);
  dc_buf_free(&authority->chain_pem);
  free(authority);
}

void dc_authority_cleanup(struct dc_authority **authority) {
  dc_authority_unref(*authority);
  *authority = NULL;
}

/* --- what it holds ----------------------------------------------------------------------------------------------- */

struct dc_slice dc_authority_anchors_pem(const struct dc_authority *authority) {
  return (struct dc_slice){authority->anchors_pem.data, authority->anchors_pem.len};
}

struct dc_slice dc_authority_chain_pem(const struct dc_authority *authority) {
  return (struct dc_slice){authority->chain_pem.data, authority->chain_pem.len};
}

const struct dc_bundle *dc_authority_anchors(const struct dc_authority *authority) { return &authority->anchors; }

const struct dc_bundle *dc_authority_chain(const struct dc_authority *authority) { return &authority->chain; }

const struct dc_key *dc_authority_key(const struct dc_authority *authority) { return authority->key; }

const struct dc_signer *dc_authority_signer(const struct dc_authority *authority) { return &authority->signer; }

int64_t dc_authority_not_after(const struct dc_authority *authority) { return authority->chain.certs[0]->not_after; }

/* --- time -------------------------------------------------------------------------------------------------------- */

int dc_authority_check(const struct dc_authority *authority, int64_t now, struct dc_err *err) {
  const struct dc_cert *issuer = authority->chain.certs[0];
  char time[DC_CLOCK_TEXT_MAX];
  int rc = dc_chain_check_time(authority->paths, authority->path_count, now, err);

  if (rc == 0) return 0;
  if (now > issuer->not_after)
    (void)dc_err_set(err, rc, "the issuer certificate has ended at %s: put a new issuer.crt and issuer.key, signed by "
                              "the root, in its place", dc_clock_rfc3339(issuer->not_after, time));
  else if (now >= issuer->not_before)
    (void)dc_err_add(err, rc, "no valid trust anchor verifies the issuer: put a new set of ca.crt, issuer.crt and "
                              "issuer.key in its place");
  return rc;
}

bool dc_authority_warning(const struct dc_authority *authority, int64_t now, size_t index, struct dc_buf *out) {
  char time[DC_CLOCK_TEXT_MAX];

  for (size_t i = 0; i < authority->anchors.count; i++) {
    const struct dc_cert *anchor = authority->anchors.certs[i];
    if (now <= anchor->not_after || index-- > 0) continue;
    dc_buf_add_text(out, "trust anchor '");
    dc_name_text(anchor->subject, out);
    dc_buf_printf(out, "' ended at %s: it is of no use any more and can be taken out of ca.crt",
                  dc_clock_rfc3339(anchor->not_after, time));
    return true;
  }
  return false;
}
