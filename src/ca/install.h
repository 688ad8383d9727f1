/* SPDX-License-Identifier: Apache-2.0 */
/* An authority and its directory: put into it, and loaded from it. */
#ifndef DC_CA_INSTALL_H
#define DC_CA_INSTALL_H

#include "ca/init.h"

/* Publishes SET as the first credentials of DIR, which is made when missing; DC_EEXIST when any credential file is
 * there, with nothing touched. With them goes daprcerts.conf with these names, unless there is one. */
int dc_install_new(const char *dir, const struct dc_init_set *set, const char *control_plane_trust_domain,
                   const char *control_plane_namespace, struct dc_err *err) DC_NODISCARD;

/* Names of a set's files, in its directory unless absolute; NULL: the usual ones. */
struct dc_install_names {
  const char *ca_crt, *issuer_crt, *issuer_key;
};
/* Loads the set of DIR by dc_authority_load's rules. NAMES may be NULL. */
int dc_install_load(const char *dir, const struct dc_install_names *names, int64_t now, struct dc_authority **out,
                    struct dc_err *err) DC_NODISCARD;

#endif
