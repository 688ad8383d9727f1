/* SPDX-License-Identifier: Apache-2.0 */
/* The directory's names: what lies where, and what it is. */
#ifndef DC_STORE_LAYOUT_H
#define DC_STORE_LAYOUT_H

#include <sys/types.h>

#include "base/err.h"

/* The credentials: plain files at the paths where step, openssl and Dapr look, in the order of their publication:
 * anchors first, since a new ca.crt trusts both sides; the issuer's pair last. */
enum dc_file {
  DC_FILE_CA_CRT,
  DC_FILE_CA_KEY,
  DC_FILE_CLIENT_CRT,
  DC_FILE_CLIENT_KEY,
  DC_FILE_ISSUER_CRT,
  DC_FILE_ISSUER_KEY,
  DC_FILES,
};

struct dc_file_row {
  const char *name;
  mode_t mode; /* 0600 for keys, 0644 for certificates */
};
extern const struct dc_file_row dc_layout_files[DC_FILES];

/* What is ours alone. */
#define DC_LAYOUT_OWN ".daprcerts"
#define DC_LAYOUT_FORMAT DC_LAYOUT_OWN "/format"   /* a number: see dc_publish */
#define DC_LAYOUT_LOCK DC_LAYOUT_OWN "/lock"
#define DC_LAYOUT_NEXT DC_LAYOUT_OWN "/next"       /* a set being published */
#define DC_LAYOUT_MARK DC_LAYOUT_NEXT "/complete"  /* all of it is there and durable */
#define DC_LAYOUT_BEFORE DC_LAYOUT_OWN "/before"   /* what that set replaces; becomes prev/ with the last rename */
#define DC_LAYOUT_PREV DC_LAYOUT_OWN "/prev"       /* the set before */
#define DC_LAYOUT_STATE DC_LAYOUT_OWN "/state"     /* rotations under way (config/state.h) */
#define DC_LAYOUT_STAGED_KEY DC_LAYOUT_OWN "/staged.key" /* the key of a root that does not sign yet */

/* FLAG, else $DAPRCERTS_DIR, else $HOME/.dapr/certs; *DIR is heap. DC_ENOENT without any of them. */
int dc_layout_dir(const char *flag, char **dir, struct dc_err *err) DC_NODISCARD;

#endif
