/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "ca/rotate.h"

#include <string.h>

#include "base/clock.h"
#include "ca/authority.h"
#include "ca/certificates.h"
#include "ca/crosses.h"
#include "ca/init.h"
#include "pki/chain.h"
#include "pki/name.h"

/* What replaces the holdings' own, all at once. */
struct draft {
  struct dc_bundle anchors, chain;
  struct dc_key *issuer_key, *root_key;
};

static void draft_free(struct draft *draft) {
  dc_bundle_free(&draft->anchors);
  dc_bundle_free(&draft->chain);
  dc_key_free(draft->issuer_key);
  dc_key_free(draft->root_key);
}

/* --- lists of certificates ----------------------------------------------------------------------------------------- */

static int copy_from(struct dc_bundle *out, const struct dc_bundle *from, size_t first, struct dc_err *err) {
  int rc = 0;
  for (size_t i = first; !rc && i < from->count; i++)
    rc = dc_bundle_add_der(out, from->certs[i]->der.data, from->certs[i]->der.len, err);
  return rc;
}

static bool has_ended(const struct dc_cert *cert, int64_t now) { return cert->not_after <= now; }

/* What goes on beside a new root: nobody believes anything by one that has ended. */
static int copy_others(struct dc_bundle *out, const struct dc_bundle *from, const struct dc_cert *left_out, int64_t now,
                       struct dc_err *err) {
  int rc = 0;
  for (size_t i = 0; !rc && i < from->count; i++) {
    const struct dc_cert *cert = from->certs[i];
    if (cert != left_out && !has_ended(cert, now)) rc = dc_bundle_add_der(out, cert->der.data, cert->der.len, err);
  }
  return rc;
}

static bool holds(const struct dc_bundle *bundle, const struct dc_cert *cert) {
  for (size_t i = 0; i < bundle->count; i++)
    if (dc_slice_equal(bundle->certs[i]->der, cert->der)) return true;
  return false;
}

/* Removes the certificate at INDEX; the order of the others stays. */
static void drop(struct dc_bundle *bundle, size_t index) {
  struct dc_cert *cert = bundle->certs[index];
  memmove(&bundle->certs[index], &bundle->certs[index + 1], (bundle->count - index - 1) * sizeof(struct dc_cert *));
  bundle->certs[bundle->count - 1] = cert;
  dc_bundle_drop_last(bundle);
}

static void cut(struct dc_bundle *bundle, size_t count) {
  while (bundle->count > count) dc_bundle_drop_last(bundle);
}

/* --- pieces -------------------------------------------------------------------------------------------------------- */

/* Of the kind that was asked for, else as LIKE. */
static enum dc_key_kind kind_of_new(const struct dc_rotation *rotation, const struct dc_spki *like, unsigned *rsa_bits) {
  bool given = rotation->kind != DC_KEY_UNKNOWN;
  *rsa_bits = given ? rotation->rsa_bits : like->kind == DC_KEY_RSA ? like->bits : 0;
  return given ? rotation->kind : like->kind;
}

static int new_key(const struct dc_rotation *rotation, const struct dc_spki *like, struct dc_key **out,
                   struct dc_err *err) {
  unsigned rsa_bits = 0;
  enum dc_key_kind kind = kind_of_new(rotation, like, &rsa_bits);
  return dc_key_generate(kind, rsa_bits, out, err);
}

static int copy_key(const struct dc_key *key, struct dc_key **out, struct dc_err *err) {
  struct dc_buf pem DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  int rc = dc_key_to_pem(key, &pem, err);
  return rc ? rc : dc_key_from_pem(dc_buf_text(&pem), pem.len, out, err);
}

/* A new root, which is the first of the draft's anchors. */
static int make_root(const struct dc_holdings *holdings, const struct dc_rotation *rotation, struct draft *draft,
                     struct dc_err *err) {
  int rc = rotation->new_root_key ? copy_key(rotation->new_root_key, &draft->root_key, err)
                                  : new_key(rotation, &holdings->root->spki, &draft->root_key, err);
  if (rc) return rc;
  for (size_t i = 0; i < holdings->anchors.count; i++)
    if (dc_spki_equal(dc_key_public(draft->root_key), &holdings->anchors.certs[i]->spki))
      return dc_err_set(err, DC_EMISMATCH, "the key for the new root is the key of a root that is there: \"--same-key\" "
                                           "gives that one a new certificate");
  return dc_certificates_root(draft->root_key, rotation->trust_domain, true, rotation->now, rotation->root_not_after,
                              &draft->anchors, err);
}

/* A new issuer under ROOT, which is the first of the draft's chain. */
static int make_issuer(const struct dc_holdings *holdings, const struct dc_rotation *rotation,
                       const struct dc_cert *root, const struct dc_key *root_key, struct draft *draft,
                       struct dc_err *err) {
  int rc = new_key(rotation, &holdings->chain.certs[0]->spki, &draft->issuer_key, err);
  return rc ? rc
            : dc_certificates_issuer(dc_key_public(draft->issuer_key), rotation->trust_domain, rotation->ns, root,
                                     root_key, rotation->now, rotation->issuer_not_after, &draft->chain, err);
}

static void swap_in(struct dc_bundle *into, struct dc_bundle *from) {
  struct dc_bundle old = *into;
  if (!from->count) return;
  *into = *from;
  *from = old;
}

static void swap_key(struct dc_key **into, struct dc_key **from) {
  struct dc_key *old = *into;
  if (!*from) return;
  *into = *from;
  *from = old;
}

/* What the draft has takes the place of what the holdings had; on failure all is back as it was. */
static int take(struct dc_holdings *holdings, struct draft *draft, struct dc_err *err) {
  swap_in(&holdings->anchors, &draft->anchors);
  swap_in(&holdings->chain, &draft->chain);
  swap_key(&holdings->issuer_key, &draft->issuer_key);
  swap_key(&holdings->root_key, &draft->root_key);
  int rc = dc_holdings_find(holdings, err);
  if (!rc) return 0;
  swap_in(&holdings->anchors, &draft->anchors);
  swap_in(&holdings->chain, &draft->chain);
  swap_key(&holdings->issuer_key, &draft->issuer_key);
  swap_key(&holdings->root_key, &draft->root_key);
  (void)!dc_holdings_find(holdings, NULL);
  return rc;
}

/* A cross-certificate of the root's key carries any issuer under the root; another CA in between does not. */
static bool is_crossed(const struct dc_holdings *holdings) {
  const struct dc_bundle *chain = &holdings->chain;
  return chain->count > 1 && dc_spki_equal(&chain->certs[1]->spki, &holdings->root->spki);
}

static int need_root_key(const struct dc_holdings *holdings, const char *what, struct dc_err *err) {
  if (holdings->root_key) return 0;
  return dc_err_set(err, DC_ENOENT, "%s takes the root's key, and there is no ca.key: give it with \"--root-key FILE\"%s",
                    what,
                    holdings->state.root_key_elsewhere
                        ? ""
                        : ", or, where nobody has it, make a new root (\"daprcerts rotate root\")");
}

static int64_t earlier(int64_t a, int64_t b) { return a < b ? a : b; }

/* The old root is to leave ca.crt when what its issuers signed has ended. Others that are to leave wait for it. */
static int schedule(struct dc_state *state, const struct dc_cert *root, const struct dc_rotation *rotation,
                    struct dc_err *err) {
  if (has_ended(root, rotation->now)) return 0; /* it leaves at once */
  struct dc_buf print DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  int64_t at = rotation->now + rotation->leaf_ttl + DC_CERTIFICATES_SKEW;
  int rc = dc_cert_fingerprint(root, &print, err);
  if (!rc) rc = dc_state_retire(state, dc_buf_text(&print), err);
  if (!rc && at > state->retire) state->retire = at;
  return rc;
}

/* Who started before now has to be restarted by UNTIL; so early as anybody has to be who was told so before, since the
 * dates of each are not kept. */
static void note_restart(struct dc_state *state, int64_t now, int64_t until) {
  state->until = state->until > now ? earlier(state->until, until) : until;
  state->since = now;
}

/* When that is over. */
static void forget_restart(struct dc_state *state, int64_t now, bool all) {
  if (all || state->until <= now) state->since = state->until = 0;
}

/* --- issuer and root ----------------------------------------------------------------------------------------------- */

int dc_rotate_issuer(struct dc_holdings *holdings, const struct dc_rotation *rotation, struct dc_err *err) {
  struct draft draft DC_CLEANUP(draft_free) = {.root_key = NULL};
  int rc = need_root_key(holdings, "a new issuer", err);
  if (!rc) rc = make_issuer(holdings, rotation, holdings->root, holdings->root_key, &draft, err);
  if (!rc && is_crossed(holdings)) rc = copy_from(&draft.chain, &holdings->chain, 1, err);
  return rc ? rc : take(holdings, &draft, err);
}

int dc_rotate_root_same_key(struct dc_holdings *holdings, const struct dc_rotation *rotation, struct dc_err *err) {
  struct draft draft DC_CLEANUP(draft_free) = {.root_key = NULL};
  const struct dc_cert *old = holdings->root;
  int64_t until = old->not_after;
  int rc = need_root_key(holdings, "a new certificate of the same root", err);
  if (!rc)
    rc = dc_certificates_renew_root(old, holdings->root_key, rotation->now, rotation->root_not_after, &draft.anchors,
                                    err);
  if (!rc) rc = copy_others(&draft.anchors, &holdings->anchors, old, rotation->now, err);
  if (!rc) rc = take(holdings, &draft, err);
  if (rc) return rc;
  note_restart(&holdings->state, rotation->now, until);
  return 0;
}

/* --- cross-signed -------------------------------------------------------------------------------------------------- */

/* COUNT CAs stand below CERT on the way to a leaf. */
static bool has_room(const struct dc_cert *cert, int count) { return cert->path_len < 0 || cert->path_len >= count; }

/* The root, where its key is to be had; else the issuer. */
static bool root_signs(const struct dc_holdings *holdings) {
  return holdings->root_key || holdings->state.root_key_elsewhere;
}

static const struct dc_cert *signer_of_cross(const struct dc_holdings *holdings) {
  return root_signs(holdings) ? holdings->root : holdings->chain.certs[0];
}

bool dc_rotate_crosser_ended(const struct dc_holdings *holdings, int64_t now) {
  return has_ended(signer_of_cross(holdings), now);
}

bool dc_rotate_can_cross(const struct dc_holdings *holdings, int64_t now) {
  const struct dc_bundle *chain = &holdings->chain;
  if (dc_rotate_crosser_ended(holdings, now)) return true;
  if (root_signs(holdings)) return has_room(holdings->root, 2);
  bool room = true;
  for (size_t i = 0; room && i < chain->count; i++) room = has_room(chain->certs[i], 2 + (int)i);
  return room && has_room(holdings->root, 2 + (int)chain->count);
}

/* Nothing that has ended, nor what hangs on it. DC_ELIMIT: more than is carried, and each of them convinces somebody. */
static int trim(const struct dc_bundle *anchors, struct dc_bundle *chain, int64_t now, struct dc_err *err) {
  size_t crosses = 0;
  char time[DC_CLOCK_TEXT_MAX];
  for (size_t i = 1; i < chain->count; i++) {
    if (has_ended(chain->certs[i], now))
      cut(chain, i);
    else
      crosses += dc_crosses_kind(anchors, chain, i) == DC_ABOVE_CROSS;
  }
  if (crosses <= DC_ROTATE_CROSSES_MAX) return 0;
  return dc_err_set(err, DC_ELIMIT, "issuer.crt carries %d cross-certificates, and no more: the oldest ends at %s; before "
                                    "that they can go when every sidecar has been restarted since the last rotation "
                                    "(\"daprcerts rotate retire --force\")",
                    DC_ROTATE_CROSSES_MAX, dc_clock_rfc3339(chain->certs[chain->count - 1]->not_after, time));
}

/* Whoever holds an old root alone, and believed the old issuer, must believe the new one. */
static int check_continuity(const struct dc_holdings *holdings, const struct dc_bundle *chain, int64_t now,
                            struct dc_err *err) {
  const struct dc_bundle *old = &holdings->chain;
  struct dc_bundle old_above = {old->certs + 1, old->count - 1}, above = {chain->certs + 1, chain->count - 1};
  int rc = 0;
  for (size_t i = 0; !rc && i < holdings->anchors.count; i++) {
    const struct dc_bundle anchor = {holdings->anchors.certs + i, 1};
    if (dc_chain_verify(old->certs[0], &old_above, &anchor, DC_PURPOSE_SERVER, now, NULL)) continue;
    rc = dc_chain_verify(chain->certs[0], &above, &anchor, DC_PURPOSE_SERVER, now, err);
  }
  return rc;
}

/* Who has the old root alone judges by its name constraints what hangs on the cross-certificate. */
static int check_crossed_names(const struct dc_holdings *holdings, const struct dc_rotation *rotation,
                               struct dc_err *err) {
  int rc = dc_certificates_check_names(signer_of_cross(holdings), rotation->trust_domain, err);
  return rc || root_signs(holdings) ? rc : dc_certificates_check_names(holdings->root, rotation->trust_domain, err);
}

/* ROOT's key certified by who is to sign it, with what carries that further up. */
static int add_cross(const struct dc_holdings *holdings, const struct dc_rotation *rotation, const struct dc_cert *root,
                     struct dc_bundle *chain, struct dc_err *err) {
  bool by_root = root_signs(holdings);
  const struct dc_key *key = by_root ? holdings->root_key : holdings->issuer_key;
  int rc = dc_certificates_cross(root, signer_of_cross(holdings), key, rotation->now, chain, err);
  return rc || (by_root && !is_crossed(holdings)) ? rc : copy_from(chain, &holdings->chain, by_root ? 1 : 0, err);
}

static int make_crossed(const struct dc_holdings *holdings, const struct dc_rotation *rotation, struct draft *draft,
                        struct dc_err *err) {
  bool crosses = !dc_rotate_crosser_ended(holdings, rotation->now);
  int rc = crosses && root_signs(holdings) ? need_root_key(holdings, "a cross-certificate of the new root", err) : 0;
  if (!rc) rc = make_root(holdings, rotation, draft, err);
  if (!rc) rc = make_issuer(holdings, rotation, draft->anchors.certs[0], draft->root_key, draft, err);
  if (!rc) rc = copy_others(&draft->anchors, &holdings->anchors, NULL, rotation->now, err);
  if (rc || !crosses) return rc;
  rc = check_crossed_names(holdings, rotation, err);
  if (rc) return dc_err_add(err, rc, "a cross-certificate by the old root: rotate in stages (\"daprcerts rotate root "
                                     "--staged\")");
  rc = add_cross(holdings, rotation, draft->anchors.certs[0], &draft->chain, err);
  if (!rc) rc = trim(&draft->anchors, &draft->chain, rotation->now, err);
  return rc ? rc : check_continuity(holdings, &draft->chain, rotation->now, err);
}

static int refuse_staged(const struct dc_holdings *holdings, struct dc_err *err) {
  if (!holdings->staged) return 0;
  return dc_err_set(err, DC_EEXIST, "a staged rotation of the root is under way: finish it (\"daprcerts rotate\" does when "
                                    "it is due) or take it back (\"daprcerts rotate rollback\")");
}

int dc_rotate_root_crossed(struct dc_holdings *holdings, const struct dc_rotation *rotation, struct dc_err *err) {
  struct draft draft DC_CLEANUP(draft_free) = {.root_key = NULL};
  struct dc_state state = holdings->state;
  int rc = refuse_staged(holdings, err);
  if (!rc && !dc_rotate_can_cross(holdings, rotation->now))
    rc = dc_err_set(err, DC_EMISMATCH, "the path length of %s leaves no room for a cross-certificate: rotate in stages "
                                       "(\"daprcerts rotate root --staged\")",
                    root_signs(holdings) ? "the root" : "the issuer, which would sign in the place of the root,");
  if (!rc) rc = make_crossed(holdings, rotation, &draft, err);
  if (!rc) rc = schedule(&state, holdings->root, rotation, err);
  if (rc) return rc;
  note_restart(&state, rotation->now, draft.chain.count > 1 ? draft.chain.certs[1]->not_after : rotation->now);
  rc = take(holdings, &draft, err);
  if (!rc) holdings->state = state;
  return rc;
}

/* --- staged -------------------------------------------------------------------------------------------------------- */

/* By AT, but not after the end of what signs until then. */
static int64_t latest_switch(const struct dc_holdings *holdings, int64_t at) {
  at = earlier(at, holdings->root->not_after);
  return root_signs(holdings) ? at : earlier(at, holdings->chain.certs[0]->not_after);
}

int dc_rotate_root_staged(struct dc_holdings *holdings, const struct dc_rotation *rotation, struct dc_err *err) {
  struct draft draft DC_CLEANUP(draft_free) = {.root_key = NULL};
  struct dc_bundle both DC_CLEANUP(dc_bundle_free) = DC_BUNDLE_INIT;
  int rc = refuse_staged(holdings, err);
  if (!rc && rotation->root_not_after <= rotation->now + rotation->grace)
    rc = dc_err_set(err, DC_EINVAL, "the staged root would end before it takes over: let it live longer, or the grace be "
                                    "shorter");
  if (!rc) rc = make_root(holdings, rotation, &draft, err);
  if (!rc) rc = copy_from(&both, &holdings->anchors, 0, err);
  if (!rc) rc = copy_from(&both, &draft.anchors, 0, err);
  if (rc) return rc;
  swap_in(&draft.anchors, &both);
  swap_key(&holdings->staged_key, &draft.root_key);
  draft.root_key = NULL;
  rc = take(holdings, &draft, err);
  if (rc) return rc;
  holdings->state.switch_at = latest_switch(holdings, rotation->now + rotation->grace);
  note_restart(&holdings->state, rotation->now, holdings->state.switch_at);
  return 0;
}

int dc_rotate_switch(struct dc_holdings *holdings, const struct dc_rotation *rotation, struct dc_err *err) {
  struct draft draft DC_CLEANUP(draft_free) = {.root_key = NULL};
  struct dc_state state = holdings->state;
  const struct dc_cert *staged = holdings->staged;
  if (!staged) return dc_err_set(err, DC_ENOENT, "no root is staged");
  int rc = make_issuer(holdings, rotation, staged, holdings->staged_key, &draft, err);
  if (!rc) rc = schedule(&state, holdings->root, rotation, err);
  if (!rc) rc = dc_bundle_add_der(&draft.anchors, staged->der.data, staged->der.len, err);
  if (!rc) rc = copy_others(&draft.anchors, &holdings->anchors, staged, rotation->now, err);
  if (!rc) rc = copy_key(holdings->staged_key, &draft.root_key, err);
  if (!rc) rc = take(holdings, &draft, err);
  if (rc) return rc;
  dc_key_free(holdings->staged_key);
  holdings->staged_key = NULL;
  holdings->staged = NULL;
  holdings->root_key_given = false;
  holdings->state = state;
  holdings->state.switch_at = 0;
  return 0;
}

/* --- without the old ----------------------------------------------------------------------------------------------- */

int dc_rotate_root_compromised(struct dc_holdings *holdings, const struct dc_rotation *rotation, struct dc_err *err) {
  struct draft draft DC_CLEANUP(draft_free) = {.root_key = NULL};
  int rc = make_root(holdings, rotation, &draft, err);
  if (!rc) rc = make_issuer(holdings, rotation, draft.anchors.certs[0], draft.root_key, &draft, err);
  if (!rc) rc = take(holdings, &draft, err);
  if (rc) return rc;
  dc_key_free(holdings->staged_key);
  holdings->staged_key = NULL;
  holdings->staged = NULL;
  holdings->state = (struct dc_state){.since = rotation->now, .root_key_elsewhere = holdings->state.root_key_elsewhere};
  return 0;
}

/* The given root's key, certified as a root of ours would be, below the given chain; the chain stays as it is where that
 * cannot be. */
static int bridge(const struct dc_holdings *holdings, const struct dc_rotation *rotation, struct draft *draft,
                  struct dc_err *err) {
  const struct dc_cert *root = NULL;
  size_t count = draft->chain.count;
  for (size_t i = 0; !root && i < draft->anchors.count; i++)
    if (dc_cert_signed_by(draft->chain.certs[count - 1], draft->anchors.certs[i], NULL) == 0)
      root = draft->anchors.certs[i];
  if (root_signs(holdings) && !holdings->root_key) return 0; /* who has the key elsewhere was not asked */
  if (!root || dc_rotate_crosser_ended(holdings, rotation->now) || !dc_rotate_can_cross(holdings, rotation->now)) return 0;
  if (check_crossed_names(holdings, rotation, NULL)) return 0;
  int rc = add_cross(holdings, rotation, root, &draft->chain, err);
  if (rc) return rc;
  if (trim(&draft->anchors, &draft->chain, rotation->now, NULL) || check_continuity(holdings, &draft->chain, rotation->now, NULL))
    cut(&draft->chain, count);
  return 0;
}

int dc_rotate_given(struct dc_holdings *holdings, const struct dc_rotation *rotation, struct dc_bundle *take_anchors,
                    struct dc_bundle *take_chain, struct dc_key *take_key, bool *breaks, struct dc_err *err) {
  struct draft draft DC_CLEANUP(draft_free) = {.anchors = *take_anchors, .chain = *take_chain, .issuer_key = take_key};
  struct dc_state state = holdings->state;
  struct dc_bundle *anchors = &draft.anchors;
  *take_anchors = *take_chain = (struct dc_bundle)DC_BUNDLE_INIT;
  int rc = refuse_staged(holdings, err);
  bool new_root = !rc && !holds(anchors, holdings->root);
  if (new_root) rc = schedule(&state, holdings->root, rotation, err);
  for (size_t i = 0; !rc && i < holdings->anchors.count; i++) {
    const struct dc_cert *anchor = holdings->anchors.certs[i];
    if (!holds(anchors, anchor) && !has_ended(anchor, rotation->now))
      rc = dc_bundle_add_der(anchors, anchor->der.data, anchor->der.len, err);
  }
  if (!rc && check_continuity(holdings, &draft.chain, rotation->now, NULL)) rc = bridge(holdings, rotation, &draft, err);
  *breaks = !rc && check_continuity(holdings, &draft.chain, rotation->now, NULL) != 0;
  int64_t until = *breaks ? rotation->now : holdings->root->not_after;
  if (!rc) rc = take(holdings, &draft, err);
  if (rc) return rc;
  holdings->state = state;
  if (new_root) note_restart(&holdings->state, rotation->now, until);
  if (holdings->root_key && !dc_spki_equal(dc_key_public(holdings->root_key), &holdings->root->spki)) {
    dc_key_free(holdings->root_key); /* the old root's; what replaces it goes to prev/ */
    holdings->root_key = NULL;
  }
  return 0;
}

/* --- retirement ---------------------------------------------------------------------------------------------------- */

static bool retires(const struct dc_holdings *holdings, const struct dc_cert *anchor) {
  struct dc_buf print DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  return anchor != holdings->root && anchor != holdings->staged && dc_cert_fingerprint(anchor, &print, NULL) == 0 &&
         dc_state_retires(&holdings->state, dc_buf_text(&print));
}

static bool may_go(const struct dc_holdings *holdings, const struct dc_cert *anchor, int64_t now, bool all) {
  if (anchor == holdings->root || anchor == holdings->staged) return false;
  return has_ended(anchor, now) || ((all || now >= holdings->state.retire) && retires(holdings, anchor));
}

bool dc_rotate_retire_roots(struct dc_holdings *holdings, int64_t now, bool all) {
  struct dc_bundle *anchors = &holdings->anchors;
  struct dc_state *state = &holdings->state;
  size_t before = anchors->count;
  for (size_t i = anchors->count; i-- > 0;)
    if (may_go(holdings, anchors->certs[i], now, all)) drop(anchors, i);
  bool some_left = false;
  for (size_t i = 0; i < anchors->count; i++) some_left = some_left || retires(holdings, anchors->certs[i]);
  if (!some_left) {
    state->retire = 0;
    state->retiring_count = 0;
  }
  forget_restart(state, now, all);
  return anchors->count != before;
}

bool dc_rotate_retire_crosses(struct dc_holdings *holdings, int64_t now, bool all) {
  struct dc_bundle *chain = &holdings->chain;
  size_t before = chain->count;
  /* Only what hangs on no certificate in between: an issuer that the root did not sign itself needs the rest. */
  bool direct = dc_cert_signed_by(chain->certs[0], holdings->root, NULL) == 0;
  for (size_t i = 1; direct && i < chain->count; i++)
    if (all || has_ended(chain->certs[i], now)) cut(chain, i);
  forget_restart(&holdings->state, now, all);
  return chain->count != before;
}

bool dc_rotate_suits_gnutls(const struct dc_holdings *holdings) {
  const struct dc_cert *last = holdings->chain.certs[holdings->chain.count - 1];
  for (size_t i = 0; i < holdings->anchors.count; i++) {
    const struct dc_cert *anchor = holdings->anchors.certs[i];
    bool same = dc_slice_equal(anchor->subject, last->subject) && dc_spki_equal(&anchor->spki, &last->spki);
    if (same || dc_cert_signed_by(last, anchor, NULL) == 0) return true;
  }
  return false;
}

/* --- the whole ----------------------------------------------------------------------------------------------------- */

static int load_whole(const struct dc_holdings *holdings, int64_t now, struct dc_authority **out, struct dc_err *err) {
  struct dc_buf anchors DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, chain DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_buf key DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  dc_bundle_to_pem(&holdings->anchors, &anchors);
  dc_bundle_to_pem(&holdings->chain, &chain);
  int rc = dc_key_to_pem(holdings->issuer_key, &key, err);
  if (!rc) rc = dc_buf_check(&anchors, err);
  if (!rc) rc = dc_buf_check(&chain, err);
  const struct dc_authority_files files = {.ca_crt = {anchors.data, anchors.len},
                                           .issuer_crt = {chain.data, chain.len},
                                           .issuer_key = {key.data, key.len}};
  return rc ? rc : dc_authority_load(&files, now, out, err);
}

static bool client_fits(const struct dc_holdings *holdings) {
  return holdings->client.count > 0 &&
         dc_cert_signed_by(holdings->client.certs[0], holdings->chain.certs[0], NULL) == 0;
}

int dc_rotate_finish(struct dc_holdings *holdings, const struct dc_rotation *rotation, bool new_client,
                     struct dc_err *err) {
  struct dc_authority *authority DC_CLEANUP(dc_authority_cleanup) = NULL;
  int rc = load_whole(holdings, rotation->now, &authority, err);
  if (rc || (!new_client && client_fits(holdings))) return rc;
  unsigned rsa_bits = 0;
  enum dc_key_kind kind = kind_of_new(rotation, &holdings->chain.certs[0]->spki, &rsa_bits);
  return dc_init_client(authority, rotation->trust_domain, kind, rsa_bits, rotation->now, &holdings->client_crt,
                        &holdings->client_key, err);
}
