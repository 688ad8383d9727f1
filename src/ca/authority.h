/* SPDX-License-Identifier: Apache-2.0 */
/* An authority: a valid set of trust anchors, issuer chain and issuer key, ready to sign. It does not change once
 * loaded; threads share it by references, so that a server can swap one for another while calls go on. */
#ifndef DC_CA_AUTHORITY_H
#define DC_CA_AUTHORITY_H

#include "pki/chain.h"
#include "pki/key.h"
#include "pki/profile.h"

struct dc_authority;

/* The bytes of a set's files; borrowed for the call. */
struct dc_authority_files {
  struct dc_slice ca_crt, issuer_crt, issuer_key;
  const char *ca_crt_name, *issuer_crt_name, *issuer_key_name; /* for messages; NULL: the usual names */
};

/* Loads by the rules of sentry-contract 3, "Loading a bundle": every anchor a self-signed CA with certSign; issuer.crt
 * a chain in order, whose trailing self-signed root is dropped; the issuer a CA that may sign, with the key that
 * matches, and a path to an anchor that is valid at NOW, with serverAuth semantics. Parents are found by signature.
 * DC_ENOENT, DC_EINVAL, DC_EUNSUPPORTED: a file without its PEM, or with a broken or encrypted one; DC_EMISMATCH:
 * pieces that do not fit; DC_EEXPIRED: out of time; DC_EWEAK. The text names the file. */
int dc_authority_load(const struct dc_authority_files *files, int64_t now, struct dc_authority **out,
                      struct dc_err *err) DC_NODISCARD;
/* Returns its argument. Atomic. */
struct dc_authority *dc_authority_ref(struct dc_authority *authority);
void dc_authority_unref(struct dc_authority *authority); /* NULL is fine; the key is wiped with the last reference */
void dc_authority_cleanup(struct dc_authority **authority); /* unref, for DC_CLEANUP */

/* The certificates of ca.crt, and of issuer.crt without the root, each re-encoded back to back. Borrowed. */
struct dc_slice dc_authority_anchors_pem(const struct dc_authority *authority);
struct dc_slice dc_authority_chain_pem(const struct dc_authority *authority);
const struct dc_bundle *dc_authority_anchors(const struct dc_authority *authority);
const struct dc_bundle *dc_authority_chain(const struct dc_authority *authority); /* [0] is the issuer */
const struct dc_key *dc_authority_key(const struct dc_authority *authority);
const struct dc_signer *dc_authority_signer(const struct dc_authority *authority);
/* When the issuer ends: seconds since 1970. */
int64_t dc_authority_not_after(const struct dc_authority *authority);

/* Whether it may sign at NOW: the issuer has begun and not ended, and an anchor that is valid then verifies its
 * chain. DC_EEXPIRED, with the reason and the remedy. Cheap enough for each call. */
int dc_authority_check(const struct dc_authority *authority, int64_t now, struct dc_err *err) DC_NODISCARD;
/* What is worth a warning at NOW and no reason to refuse: appends the text of the INDEXth (from 0) to OUT; false when
 * there are no more. An anchor that has ended beside one that is valid. */
bool dc_authority_warning(const struct dc_authority *authority, int64_t now, size_t index, struct dc_buf *out);

#endif
