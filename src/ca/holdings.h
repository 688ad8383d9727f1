/* SPDX-License-Identifier: Apache-2.0 */
/* What the directory of an authority holds, in memory, to be looked at and changed (ca/plan.h, ca/rotate.h): the
 * certificates whether or not their time has passed, the keys that are there, what a rotation has left to do. */
#ifndef DC_CA_HOLDINGS_H
#define DC_CA_HOLDINGS_H

#include "config/state.h"
#include "pki/bundle.h"
#include "pki/key.h"
#include "store/publish.h"
#include "store/layout.h"
#include "store/set.h"

/* The layout's files, then our own. */
enum { DC_HELD_STATE = DC_FILES, DC_HELD_STAGED_KEY, DC_HELD };

struct dc_holdings {
  struct dc_bundle anchors;     /* ca.crt */
  struct dc_bundle chain;       /* issuer.crt, without a root at its end: the issuer, then cross-certificates */
  struct dc_bundle client;      /* client.crt; of no certificate where no pair is there that can be used */
  struct dc_key *issuer_key;
  struct dc_key *root_key;      /* NULL: not here */
  struct dc_key *staged_key;    /* NULL: no root is staged */
  bool root_key_given;          /* it came from elsewhere and is not to be written here */
  const struct dc_cert *root;   /* in anchors: who signed the issuer, or the end of its chain */
  const struct dc_cert *staged; /* in anchors; NULL: none */
  struct dc_buf client_crt, client_key;
  struct dc_state state;
  struct dc_buf files[DC_HELD]; /* as they were read */
  bool there[DC_HELD];
};
#define DC_HOLDINGS_INIT {.root = NULL}

/* Reads DIR as readers do (store/publish.h), or as WRITER, which may be NULL, does that is about to publish there.
 * DC_ENOENT: no CA there. DC_EINVAL, DC_EMISMATCH: a file that is broken or does not belong to the others; out of time is
 * no error here. */
int dc_holdings_load(const char *dir, const struct dc_publication *writer, struct dc_holdings *out,
                     struct dc_err *err) DC_NODISCARD;
/* The same as if OVER had been published there. */
int dc_holdings_load_over(const char *dir, const struct dc_publication *writer, const struct dc_set *over,
                          struct dc_holdings *out, struct dc_err *err) DC_NODISCARD;
/* As much of it as can be read and fits, for a report: OUT is DC_HOLDINGS_INIT, and is to be freed. Each thing that is
 * wrong is a line of FAULTS, but not a missing file or the client pair. What is missing or broken is NULL or empty. */
void dc_holdings_salvage(const char *dir, struct dc_holdings *out, struct dc_buf *faults);
void dc_holdings_free(struct dc_holdings *holdings); /* leaves DC_HOLDINGS_INIT; for DC_CLEANUP too */
/* Finds root and staged anew, after a change. DC_EMISMATCH: no root in ca.crt has signed the issuer. */
int dc_holdings_find(struct dc_holdings *holdings, struct dc_err *err) DC_NODISCARD;
/* PEM of the root's key that is kept elsewhere. DC_EMISMATCH: it is no key of the root. */
int dc_holdings_give_root_key(struct dc_holdings *holdings, const char *name, struct dc_slice pem,
                              struct dc_err *err) DC_NODISCARD;
/* Adds the files that differ from what was read to SET, and those that are to go. */
int dc_holdings_changes(const struct dc_holdings *holdings, struct dc_set *set, struct dc_err *err) DC_NODISCARD;

#endif
