/* SPDX-License-Identifier: Apache-2.0 */
/* A certificate and its key as two files that belong together. */
#ifndef DC_TOOLS_PAIR_H
#define DC_TOOLS_PAIR_H

#include "base/buf.h"

/* Writes CRT (0644) and KEY (0600; NULL: no key, KEY_PATH is not looked at). Without FORCE nothing is overwritten:
 * DC_EEXIST names what is there, and nothing is written. With FORCE both are on the disk before the first of two
 * renames, and signals wait until after the second. */
int dc_pair_write(const char *crt_path, const struct dc_buf *crt, const char *key_path, const struct dc_buf *key,
                  bool force, struct dc_err *err) DC_NODISCARD;

#endif
