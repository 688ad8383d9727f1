/* SPDX-License-Identifier: Apache-2.0 */
/* A new root's key that is kept outside of the directory: there before the set that it belongs to is published, and gone
 * again where that is not. */
#ifndef DC_TOOLS_ROOT_KEY_H
#define DC_TOOLS_ROOT_KEY_H

#include "base/err.h"
#include "base/slice.h"

/* Writes it, mode 0600, durably. DC_EEXIST: nothing is overwritten. */
int dc_root_key_put(const char *path, struct dc_slice pem, struct dc_err *err) DC_NODISCARD;
/* After a publication in DIR that failed: the key goes, unless the set counts all the same. */
void dc_root_key_take_back(const char *path, const char *dir);

#endif
