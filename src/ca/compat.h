/* SPDX-License-Identifier: Apache-2.0 */
/* What each version of Dapr's programs makes of a certificate, a key, a request, or the credentials of a sentry.
 * Versions that judge alike are one era; daprcerts itself takes whatever its own loading takes (ca/authority.h). */
#ifndef DC_CA_COMPAT_H
#define DC_CA_COMPAT_H

#include "pki/cert.h"
#include "pki/csr.h"

enum dc_era {
  DC_ERA_DAPRD_1_11, /* verifies by DNS names */
  DC_ERA_DAPRD_1_13, /* by SPIFFE ID, or the DNS name of old control planes */
  DC_ERA_DAPRD,      /* by SPIFFE ID alone */
  DC_ERA_PLACEMENT_1_11,
  DC_ERA_SENTRY_1_7,
  DC_ERA_SENTRY_1_11,
  DC_ERA_SENTRY_1_16_14, /* and 1.17.0, 1.17.1 */
  DC_ERA_SENTRY_1_16_15,
  DC_ERA_SENTRY_1_17_6,
  DC_ERA_SENTRY,
  DC_ERAS,
};
const char *dc_era_program(enum dc_era era);  /* "daprd", "placement", "sentry" */
const char *dc_era_versions(enum dc_era era); /* "up to 1.11" */
/* The era of PROGRAM ("daprd" or "sentry") at "1.11", "v1.16.15": a version without its last number is the newest of
 * these. DC_EUSAGE naming the option that is called like the program. */
int dc_era_find(const char *program, const char *version, enum dc_era *era, struct dc_err *err) DC_NODISCARD;

enum dc_verdict_kind {
  DC_VERDICT_NONE, /* no business of this program's */
  DC_VERDICT_ACCEPTS,
  DC_VERDICT_REFUSES,
};

struct dc_verdict {
  enum dc_verdict_kind kind;
  struct dc_err why;  /* REFUSES */
  const char *remedy;           /* REFUSES: what to do; NULL: nothing that helps */
};

struct dc_compat {
  const char *as; /* what it was taken for: "a workload's certificate" */
  struct dc_verdict eras[DC_ERAS];
};

/* CERT by itself: whether it leads to an anchor, and its time, are not asked. */
void dc_compat_cert(const struct dc_cert *cert, struct dc_compat *out);
/* A private key, as issuer.key: LABEL is that of its PEM block. */
void dc_compat_key(const struct dc_spki *public, const char *label, struct dc_compat *out);
/* A request, as sent to a sentry. */
void dc_compat_csr(const struct dc_csr *csr, struct dc_compat *out);

/* The credentials of a sentry, as bytes; borrowed. */
struct dc_compat_set {
  struct dc_slice ca_crt, issuer_crt, issuer_key;
  bool client_pair; /* there is one, for sidecars up to 1.11 */
  int64_t now;
};
/* Whether each sentry could serve with them, and each sidecar with what it gets. A set that we do not load ourselves is
 * refused by all, with our words. */
int dc_compat_set(const struct dc_compat_set *set, struct dc_compat *out, struct dc_err *err) DC_NODISCARD;

#endif
