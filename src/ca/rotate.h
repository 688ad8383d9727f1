/* SPDX-License-Identifier: Apache-2.0 */
/* Rotations: what changes of an authority's holdings, in memory (sentry-contract 11). Each leaves the holdings as they
 * were when it fails. None of them publishes: dc_rotate_finish checks the whole, dc_holdings_changes gives the set. */
#ifndef DC_CA_ROTATE_H
#define DC_CA_ROTATE_H

#include "ca/holdings.h"

enum {
  DC_ROTATE_CROSSES_MAX = 3,     /* cross-certificates that issuer.crt carries at most */
  DC_ROTATE_LEAF_TTL = 24 * 3600, /* seconds: what a sidecar's certificate lives, unless workloadCertTTL says otherwise */
  DC_ROTATE_GRACE_DAYS = 30,     /* from the publication of a staged root to its switch */
};

/* What is to be made. Times are seconds since 1970, spans seconds. */
struct dc_rotation {
  const char *trust_domain, *ns; /* sentry's own: they name the certificates */
  enum dc_key_kind kind;         /* of keys that are made; DC_KEY_UNKNOWN: as those that they replace */
  unsigned rsa_bits;
  int64_t now, root_not_after, issuer_not_after;
  int64_t leaf_ttl; /* the longest life of what the issuer has signed, for the retirement of its root */
  int64_t grace;    /* of a staged root */
  const struct dc_key *new_root_key; /* of the new root, instead of one that is made; NULL */
};

/* A new issuer, with a new key, under the same root; cross-certificates stay. DC_ENOENT: the root's key is not here. */
int dc_rotate_issuer(struct dc_holdings *holdings, const struct dc_rotation *rotation, struct dc_err *err) DC_NODISCARD;
/* A new certificate of the root's key. DC_ENOENT: that is not here. */
int dc_rotate_root_same_key(struct dc_holdings *holdings, const struct dc_rotation *rotation, struct dc_err *err)
    DC_NODISCARD;
/* A new root and a new issuer under it; the new root's key is certified by the old root too, or, where its key is not
 * here, by the old issuer. The old root stays in ca.crt until what its issuer signed has ended. DC_EMISMATCH: a path
 * length leaves no room; DC_ELIMIT: the chain is full; DC_ENOENT: the old root's key is elsewhere. */
int dc_rotate_root_crossed(struct dc_holdings *holdings, const struct dc_rotation *rotation, struct dc_err *err)
    DC_NODISCARD;
/* Who would sign the cross-certificate has ended: none is made, for nobody is left who would believe it. */
bool dc_rotate_crosser_ended(const struct dc_holdings *holdings, int64_t now);
/* Whether the path lengths of who would sign leave room for it; they do not count where that has ended. */
bool dc_rotate_can_cross(const struct dc_holdings *holdings, int64_t now);
/* A new root beside the old one in ca.crt, which signs nothing yet. DC_EEXIST: one is staged already. */
int dc_rotate_root_staged(struct dc_holdings *holdings, const struct dc_rotation *rotation, struct dc_err *err)
    DC_NODISCARD;
/* The staged root becomes the root, with a new issuer; the old one stays in ca.crt as above. DC_ENOENT: none is staged. */
int dc_rotate_switch(struct dc_holdings *holdings, const struct dc_rotation *rotation, struct dc_err *err) DC_NODISCARD;
/* A new root and issuer, and nothing of the old ones. */
int dc_rotate_root_compromised(struct dc_holdings *holdings, const struct dc_rotation *rotation, struct dc_err *err)
    DC_NODISCARD;
/* What others have made: a root (of ca.crt, one or more certificates), an issuer's chain and its key. The old roots stay
 * in ca.crt as above. *BREAKS tells whether running sidecars, who hold the old roots alone, will not believe it. */
int dc_rotate_given(struct dc_holdings *holdings, const struct dc_rotation *rotation, struct dc_bundle *take_anchors,
                    struct dc_bundle *take_chain, struct dc_key *take_key, bool *breaks, struct dc_err *err)
    DC_NODISCARD;

/* Old roots leave ca.crt: those whose time has come, or ALL that are to leave, and what has ended. Anchors that no rotation
 * has replaced stay. Whether anything changed. */
bool dc_rotate_retire_roots(struct dc_holdings *holdings, int64_t now, bool all);
/* Cross-certificates leave issuer.crt: those that have ended with what hangs on them, or ALL. Whether anything did. */
bool dc_rotate_retire_crosses(struct dc_holdings *holdings, int64_t now, bool all);
/* Whether GnuTLS finds the way from the issuer to ca.crt. It goes up the whole chain that it is shown, to its end: that
 * certificate, or who signed it, has to be an anchor; one in the middle does not end its search, as it does for others. */
bool dc_rotate_suits_gnutls(const struct dc_holdings *holdings);

/* Loads the whole as a sentry would, so that what is published is known to serve, and makes a new client pair where
 * there is none, where its issuer was replaced, or where NEW_CLIENT asks for it. */
int dc_rotate_finish(struct dc_holdings *holdings, const struct dc_rotation *rotation, bool new_client,
                     struct dc_err *err) DC_NODISCARD;

#endif
