/* SPDX-License-Identifier: Apache-2.0 */
/* An authority, a token signer, and their directory: put into it, and loaded from it. */
#ifndef DC_CA_INSTALL_H
#define DC_CA_INSTALL_H

#include "ca/init.h"
#include "ca/token_signer.h"

struct dc_install_how {
  const char *trust_domain, *ns; /* sentry's own */
  bool root_key_elsewhere;       /* the directory gets no ca.key, and notes that this is on purpose */
};
/* Publishes SET as the first credentials of DIR, which is made when missing; DC_EEXIST when any credential file is
 * there, with nothing touched. With them goes daprcerts.conf with these names, unless there is one. */
int dc_install_new(const char *dir, const struct dc_init_set *set, const struct dc_install_how *how,
                   struct dc_err *err) DC_NODISCARD;

/* Names of a set's files, in its directory unless absolute; NULL: the usual ones. */
struct dc_install_names {
  const char *ca_crt, *issuer_crt, *issuer_key;
};
/* Loads the set of DIR by dc_authority_load's rules. NAMES may be NULL. */
int dc_install_load(const char *dir, const struct dc_install_names *names, int64_t now, struct dc_authority **out,
                    struct dc_err *err) DC_NODISCARD;

/* Publishes credentials that were made elsewhere, by dc_authority_load's rules, and TOKENS (NULL: none), whose names are
 * those of their files, by dc_token_signer_load's, of which WARNING is too. REPLACE false: as dc_install_new. True: what
 * they replace goes to .daprcerts/prev, and so do a client pair of another root and a rotation that was under way;
 * DC_EEXIST when ca.key is there and is not the root's. *OUT is the authority that they make. */
int dc_install_given(const char *dir, const struct dc_authority_files *files, const struct dc_token_files *tokens,
                     bool replace, int64_t now, struct dc_authority **out, struct dc_buf *warning, struct dc_err *err)
    DC_NODISCARD;

/* Names of a token signer's files, in the directory unless absolute. */
struct dc_install_token_names {
  const char *key, *jwks;
};
/* Makes a pair by dc_token_signer_generate and publishes it, the key 0600. REPLACE false: DC_EEXIST when one of them is
 * there, with nothing touched; true, for plain names alone: what they replace goes to .daprcerts/prev. */
int dc_install_new_tokens(const char *dir, const struct dc_install_token_names *names,
                          const struct dc_token_rules *rules, bool replace, struct dc_err *err) DC_NODISCARD;
/* 1 when both are there, 0 when neither is. DC_ENOENT names the one that is missing beside the other. */
int dc_install_tokens_there(const char *dir, const struct dc_install_token_names *names, struct dc_err *err)
    DC_NODISCARD;
/* Makes them when neither is there (then 1). */
int dc_install_need_tokens(const char *dir, const struct dc_install_token_names *names,
                           const struct dc_token_rules *rules, struct dc_err *err) DC_NODISCARD;
/* Loads the pair of DIR by dc_token_signer_load's rules. */
int dc_install_load_tokens(const char *dir, const struct dc_install_token_names *names,
                           const struct dc_token_rules *rules, struct dc_token_signer **out, struct dc_buf *warning,
                           struct dc_err *err) DC_NODISCARD;

#endif
