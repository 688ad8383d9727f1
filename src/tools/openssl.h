/* SPDX-License-Identifier: Apache-2.0 */
/* openssl's configuration files, named by an option. */
#ifndef DC_TOOLS_OPENSSL_H
#define DC_TOOLS_OPENSSL_H

#include "base/cli.h"
#include "ca/profile_conf.h"

/* PATH's text as dc_profile_conf_read takes it; "-" is standard input. Its warnings are CLI's. */
int dc_openssl_read(const struct dc_cli *cli, const char *path, enum dc_profile_use use, struct dc_profile_conf *out,
                    struct dc_err *err) DC_NODISCARD;

#endif
