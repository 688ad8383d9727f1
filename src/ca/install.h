/* SPDX-License-Identifier: Apache-2.0 */
/* A new authority put into its directory. */
#ifndef DC_CA_INSTALL_H
#define DC_CA_INSTALL_H

#include "ca/init.h"

/* Publishes SET as the first credentials of DIR, which is made when missing; DC_EEXIST when any credential file is
 * there, with nothing touched. With them goes daprcerts.conf with these names, unless there is one. */
int dc_install_new(const char *dir, const struct dc_init_set *set, const char *control_plane_trust_domain,
                   const char *control_plane_namespace, struct dc_err *err) DC_NODISCARD;

#endif
