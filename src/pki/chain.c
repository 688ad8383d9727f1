/* SPDX-License-Identifier: Apache-2.0 */
/* Certification paths: a depth-first search with a budget, since whoever sends the certificates chooses their number. */
#include "config.h"

#include "pki/chain.h"

#include "base/clock.h"
#include "pki/name.h"

enum { DEPTH_MAX = 10, SIGNATURES_MAX = 100 };

/* Why a search found nothing: of all refusals the one that came closest is told. */
enum closeness { NOT_RELATED, SAME_NAME, SIGNED };

struct search {
  const struct dc_bundle *intermediates, *anchors;
  enum dc_purpose purpose;
  struct dc_path *paths;
  size_t max, count;
  const struct dc_cert *chain[DEPTH_MAX]; /* from the certificate upwards */
  size_t depth;
  unsigned signatures; /* checked so far */
  enum closeness closeness;
  struct dc_err why;
};

static bool fits_purpose(const struct dc_cert *cert, enum dc_purpose purpose) {
  if (purpose == DC_PURPOSE_ANY || !cert->ext_usage || cert->ext_usage & DC_EKU_ANY) return true;
  return cert->ext_usage & (purpose == DC_PURPOSE_SERVER ? DC_EKU_SERVER : DC_EKU_CLIENT);
}

/* What must hold of any certificate of a path. */
static int check_member(const struct search *search, const struct dc_cert *cert, struct dc_err *err) {
  char oid[DC_DER_OID_TEXT_MAX];

  if (cert->unknown_critical.len)
    return dc_err_set(err, DC_EMISMATCH, "it bears a critical extension that is not understood (%s)",
                      dc_der_oid_text(cert->unknown_critical, oid));
  if (!fits_purpose(cert, search->purpose))
    return dc_err_set(err, DC_EMISMATCH, "its extended key usage lacks %s",
                      search->purpose == DC_PURPOSE_SERVER ? "serverAuth" : "clientAuth");
  return 0;
}

/* What must hold of the parent of a chain of search->depth certificates. */
static int check_parent(const struct search *search, const struct dc_cert *parent, struct dc_err *err) {
  size_t below = search->depth - (search->chain[0]->is_ca ? 0 : 1); /* CA certificates under the parent */
  int rc = dc_cert_check_ca(parent, err);

  if (rc < 0) return rc;
  if (!dc_slice_equal(search->chain[search->depth - 1]->issuer, parent->subject))
    return dc_err_set(err, DC_EMISMATCH, "its key made the signature, but its subject is not the name that the "
                                         "certificate gives as its issuer");
  if (parent->path_len >= 0 && below > (size_t)parent->path_len)
    return dc_err_set(err, DC_EMISMATCH, "its path length %d allows no further CA below it", parent->path_len);
  return check_member(search, parent, err);
}

static void note(struct search *search, enum closeness closeness, const struct dc_cert *parent,
                 const struct dc_err *why) {
  struct dc_buf name DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;

  if (closeness <= search->closeness) return;
  search->closeness = closeness;
  search->why = *why;
  dc_name_text(parent->subject, &name);
  (void)dc_err_add(&search->why, why->code, "'%s'", dc_buf_text(&name));
}

/* Whether PARENT continues the chain. */
static bool continues(struct search *search, const struct dc_cert *parent) {
  const struct dc_cert *child = search->chain[search->depth - 1];
  struct dc_err err = DC_ERR_INIT;

  if (search->signatures >= SIGNATURES_MAX) return false;
  search->signatures++;
  if (dc_cert_signed_by(child, parent, &err) < 0) {
    if (dc_slice_equal(child->issuer, parent->subject)) note(search, SAME_NAME, parent, &err);
    return false;
  }
  if (check_parent(search, parent, &err) < 0) {
    note(search, SIGNED, parent, &err);
    return false;
  }
  return true;
}

static void add_path(struct search *search, const struct dc_cert *anchor) {
  struct dc_path path = {anchor, anchor, anchor};

  for (size_t i = 0; i < search->depth; i++) {
    const struct dc_cert *cert = search->chain[i];
    if (cert->not_before > path.begins->not_before) path.begins = cert;
    if (cert->not_after < path.ends->not_after) path.ends = cert;
  }
  search->paths[search->count++] = path;
}

static bool in_chain(const struct search *search, const struct dc_cert *cert) {
  for (size_t i = 0; i < search->depth; i++) {
    const struct dc_cert *member = search->chain[i];
    if (dc_slice_equal(member->subject, cert->subject) && dc_spki_equal(&member->spki, &cert->spki)) return true;
  }
  return false;
}

/* Recurses at most DEPTH_MAX deep. */
static void extend(struct search *search) {
  for (size_t i = 0; i < search->anchors->count && search->count < search->max; i++) {
    const struct dc_cert *anchor = search->anchors->certs[i];
    if (in_chain(search, anchor)) continue; /* a cross-certificate of it is a detour */
    if (continues(search, anchor)) add_path(search, anchor);
  }
  if (!search->intermediates || search->depth == DEPTH_MAX) return;
  for (size_t i = 0; i < search->intermediates->count && search->count < search->max; i++) {
    const struct dc_cert *parent = search->intermediates->certs[i];
    if (in_chain(search, parent) || !continues(search, parent)) continue;
    search->chain[search->depth++] = parent;
    extend(search);
    search->depth--;
  }
}

int dc_chain_paths(const struct dc_cert *cert, const struct dc_bundle *intermediates, const struct dc_bundle *anchors,
                   enum dc_purpose purpose, struct dc_path *paths, size_t max, struct dc_err *err) {
  struct search search = {.intermediates = intermediates, .anchors = anchors, .purpose = purpose, .paths = paths,
                          .max = max, .chain = {cert}, .depth = 1, .why = DC_ERR_INIT};
  struct dc_buf name DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  int rc = check_member(&search, cert, err);

  dc_name_text(cert->subject, &name);
  if (rc < 0) return dc_err_add(err, rc, "certificate '%s'", dc_buf_text(&name));
  extend(&search);
  if (search.count) return (int)search.count;
  return dc_err_set(err, DC_EMISMATCH, "certificate '%s' leads to no trust anchor: %s", dc_buf_text(&name),
                    search.closeness == NOT_RELATED ? "no certificate here signed it" : search.why.text);
}

int dc_chain_check_time(const struct dc_path *paths, size_t count, int64_t now, struct dc_err *err) {
  const struct dc_cert *late = NULL;
  struct dc_buf name DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  char time[DC_CLOCK_TEXT_MAX];

  for (size_t i = 0; i < count; i++) {
    const struct dc_path *path = &paths[i];
    if (now < path->begins->not_before) continue;
    if (now <= path->ends->not_after) return 0;
    if (!late || path->ends->not_after > late->not_after) late = path->ends;
  }
  if (late) {
    dc_name_text(late->subject, &name);
    return dc_err_set(err, DC_EEXPIRED, "certificate '%s' ended at %s", dc_buf_text(&name),
                      dc_clock_rfc3339(late->not_after, time));
  }
  dc_name_text(paths[0].begins->subject, &name);
  return dc_err_set(err, DC_EEXPIRED, "certificate '%s' is valid only from %s on: is this machine's clock right?",
                    dc_buf_text(&name), dc_clock_rfc3339(paths[0].begins->not_before, time));
}

int dc_chain_verify(const struct dc_cert *cert, const struct dc_bundle *intermediates,
                    const struct dc_bundle *anchors, enum dc_purpose purpose, int64_t now, struct dc_err *err) {
  struct dc_path paths[DC_PATH_MAX];
  int count = dc_chain_paths(cert, intermediates, anchors, purpose, paths, DC_PATH_MAX, err);

  return count < 0 ? count : dc_chain_check_time(paths, (size_t)count, now, err);
}
