/* SPDX-License-Identifier: Apache-2.0 */
/* A new authority, as the bytes of its files: root, issuer, and a client pair for old sidecars. */
#ifndef DC_CA_INIT_H
#define DC_CA_INIT_H

#include "ca/authority.h"
#include "ca/profile_conf.h"

enum {
  DC_INIT_ROOT_DAYS = 3650,  /* the root lives ten years and the issuer one, so that yearly rotation touches */
  DC_INIT_ISSUER_DAYS = 365, /* the issuer alone */
  DC_INIT_DAYS_MAX = 365 * 100,
};

struct dc_init {
  const char *trust_domain, *ns; /* sentry's own: they name the certificates */
  enum dc_key_kind kind;         /* of every key made here */
  unsigned rsa_bits;
  int64_t not_before;                       /* of both; 0: a quarter of an hour before now */
  int64_t root_not_after, issuer_not_after; /* seconds since 1970 */
  struct dc_slice root_crt, root_key;       /* PEM of a root to reuse: the key alone gets a new certificate */
  const char *root_crt_name, *root_key_name; /* for messages */
  const struct dc_profile_conf *root_conf, *issuer_conf; /* what these are to be; NULL: as below */
};

struct dc_init_set {
  struct dc_buf ca_crt, ca_key, issuer_crt, issuer_key, client_crt, client_key;
  struct dc_authority *authority; /* what they load as: [0] of its chain is the issuer */
  const struct dc_cert *root;     /* in the authority's anchors */
  bool shortened;                 /* the issuer ends with the root, earlier than asked for */
};

#define DC_INIT_SET_INIT {.authority = NULL}

/* Makes a set and loads it back by the rules of dc_authority_load, so that what is published is known to serve.
 * Root: no path length, unless reused; issuer: path length 0, DNS cluster.local and both usages, which sidecars and
 * placement up to 1.11 look for; SKI and AKI in both, subjects that differ. DC_EINVAL: a trust domain or namespace
 * that names nothing; DC_EMISMATCH, DC_EEXPIRED...: the root that was given cannot be one. */
int dc_init_make(const struct dc_init *init, int64_t now, struct dc_init_set *out, struct dc_err *err) DC_NODISCARD;
void dc_init_set_free(struct dc_init_set *set); /* leaves DC_INIT_SET_INIT; for DC_CLEANUP too */

/* A leaf with clientAuth alone and no SPIFFE ID, that lives as long as the issuer: what DAPR_CERT_CHAIN and
 * DAPR_CERT_KEY of sidecars up to 1.13 can hold instead of the issuer's own key. Appends to CRT and KEY. */
int dc_init_client(const struct dc_authority *authority, const char *trust_domain, enum dc_key_kind kind,
                   unsigned rsa_bits, int64_t now, struct dc_buf *crt, struct dc_buf *key, struct dc_err *err)
    DC_NODISCARD;

#endif
