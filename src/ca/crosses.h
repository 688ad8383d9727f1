/* SPDX-License-Identifier: Apache-2.0 */
/* What stands above the issuer in issuer.crt, and which sidecars go by it: a sidecar keeps the anchors that it was started
 * with, so one that does not know the newest root believes the issuer by a cross-certificate, until that or what is above
 * it has ended (sentry-contract 11). */
#ifndef DC_CA_CROSSES_H
#define DC_CA_CROSSES_H

#include "config/state.h"
#include "pki/bundle.h"

enum dc_above {
  DC_ABOVE_CROSS,        /* a root's key, certified by another CA */
  DC_ABOVE_OLD_ISSUER,   /* which signed a cross-certificate in its root's place */
  DC_ABOVE_INTERMEDIATE, /* a CA between root and issuer */
};
/* What the certificate I (from 1) of CHAIN, whose first is the issuer, is where ANCHORS is ca.crt. */
enum dc_above dc_crosses_kind(const struct dc_bundle *anchors, const struct dc_bundle *chain, size_t i);

/* Sidecars that believe the issuer by what ends. */
struct dc_cohort {
  int64_t started_before;
  int64_t by;            /* when they must have been restarted; 0: they do not believe the issuer, and had to be at once */
  struct dc_slice knows; /* the DER Name of the newest root that they know; of no bytes where no certificate tells it */
};
enum { DC_CROSSES_COHORTS_MAX = 8 };

/* All of them, also those whose time has passed, by the certificates and by what STATE notes beside them. CHAIN is
 * borrowed. Their number. */
size_t dc_crosses_cohorts(const struct dc_bundle *anchors, const struct dc_bundle *chain, const struct dc_state *state,
                          struct dc_cohort out[DC_CROSSES_COHORTS_MAX]);

#endif
