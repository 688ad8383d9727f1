/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "ca/crosses.h"

#include <string.h>

#include "ca/certificates.h"
#include "pki/name.h"

/* --- what it is --------------------------------------------------------------------------------------------------- */

static bool has_signed(const struct dc_bundle *anchors, const struct dc_cert *cert) {
  for (size_t i = 0; i < anchors->count; i++)
    if (dc_cert_signed_by(cert, anchors->certs[i], NULL) == 0) return true;
  return false;
}

static bool has_key(const struct dc_bundle *anchors, const struct dc_cert *cert) {
  for (size_t i = 0; i < anchors->count; i++)
    if (dc_spki_equal(&cert->spki, &anchors->certs[i]->spki)) return true;
  return false;
}

/* Neither an issuer of ours nor of Dapr's: both bear sentry's SPIFFE ID or usages. */
static bool looks_like_root(const struct dc_cert *cert) {
  struct dc_buf name DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  dc_name_text(cert->subject, &name);
  return cert->is_ca && !cert->ext_usage && !cert->san_count && !strstr(dc_buf_text(&name), "spiffe://");
}

/* By the keys: a root's is a cross-certificate's; what a root has signed is an old issuer else, since roots leave ca.crt,
 * but never a newer one before an older one. Where the roots of both have left no key tells. */
enum dc_above dc_crosses_kind(const struct dc_bundle *anchors, const struct dc_bundle *chain, size_t i) {
  const struct dc_cert *cert = chain->certs[i];
  size_t top = 0; /* whom a root of today has signed: what stands above is of older ones */
  while (top < i && !has_signed(anchors, chain->certs[top])) top++;
  if (top == i) return DC_ABOVE_INTERMEDIATE;
  if (has_key(anchors, cert)) return DC_ABOVE_CROSS;
  return has_signed(anchors, cert) || !looks_like_root(cert) ? DC_ABOVE_OLD_ISSUER : DC_ABOVE_CROSS;
}

/* --- who goes by it ----------------------------------------------------------------------------------------------- */

struct list {
  struct dc_cohort *rows;
  size_t count;
};

static void add(struct list *list, int64_t started_before, int64_t by, struct dc_slice knows) {
  if (list->count < DC_CROSSES_COHORTS_MAX)
    list->rows[list->count++] = (struct dc_cohort){.started_before = started_before, .by = by, .knows = knows};
}

/* Each place of the chain that a root has signed is what those go by who know no newer one; a newer one came with its
 * cross-certificate. They need all that is below it too. Those who have no more time than others that came later are
 * among these. */
static void add_crossed(const struct dc_bundle *anchors, const struct dc_bundle *chain, struct list *list) {
  int64_t started_before = 0, by = INT64_MAX, told = 0;
  for (size_t i = 1; i < chain->count; i++) {
    const struct dc_cert *cert = chain->certs[i];
    enum dc_above kind = dc_crosses_kind(anchors, chain, i);
    if (kind == DC_ABOVE_INTERMEDIATE) continue; /* goes with the issuer */
    if (kind == DC_ABOVE_CROSS) started_before = cert->not_before + DC_CERTIFICATES_SKEW;
    if (cert->not_after < by) by = cert->not_after;
    bool by_root = i + 1 == chain->count || dc_crosses_kind(anchors, chain, i + 1) == DC_ABOVE_CROSS;
    if (by_root && by != told) add(list, started_before, by, cert->issuer);
    if (by_root) told = by;
  }
}

/* What the state notes, unless a cross-certificate has told it. An end that is no later than the beginning: nothing was
 * done for those before. */
static void add_noted(const struct dc_state *state, struct list *list) {
  const struct dc_slice nothing = {NULL, 0};
  if (!state->since) return;
  for (size_t i = 0; i < list->count; i++)
    if (list->rows[i].by == state->until) return;
  add(list, state->since, state->until > state->since ? state->until : 0, nothing);
}

size_t dc_crosses_cohorts(const struct dc_bundle *anchors, const struct dc_bundle *chain, const struct dc_state *state,
                          struct dc_cohort out[DC_CROSSES_COHORTS_MAX]) {
  struct list list = {.rows = out};
  add_crossed(anchors, chain, &list);
  add_noted(state, &list);
  return list.count;
}
