/* SPDX-License-Identifier: Apache-2.0 */
/* daprcerts.conf of a directory. */
#ifndef DC_TOOLS_CONF_H
#define DC_TOOLS_CONF_H

#include "config/settings.h"

/* Read as the credentials are (store/publish.h): a set that has been published, whole or not at all, counts with the
 * daprcerts.conf that came with it, also where its publisher was killed before it was in its place. An absent file is
 * no error. WARNINGS as dc_settings_parse has them. */
int dc_conf_load(const char *dir, struct dc_settings *settings, struct dc_buf *warnings, struct dc_err *err)
    DC_NODISCARD;

#endif
