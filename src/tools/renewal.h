/* SPDX-License-Identifier: Apache-2.0 */
/* "step certificate needs-renewal": its question, its words, its exit statuses. */
#ifndef DC_TOOLS_RENEWAL_H
#define DC_TOOLS_RENEWAL_H

#include "tools/source.h"

enum dc_renewal_exit {
  DC_RENEWAL_NEEDED = 0,
  DC_RENEWAL_NOT_NEEDED = 1,
  DC_RENEWAL_NO_FILE = 2,
  DC_RENEWAL_ERROR = 255,
};

struct dc_renewal {
  const char *file; /* or what else dc_source_read takes */
  struct dc_source_options source;
  const char *expires_in; /* NULL: 66% */
  bool bundle;            /* each certificate of the file, not the first alone */
  bool verbose;
};

/* The exit status; what failed has been told in CLI's name. */
int dc_renewal_check(const struct dc_cli *cli, const struct dc_renewal *renewal);

#endif
