/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "tools/program.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/os.h"
#include "base/path.h"

/* DIR/daprcerts-NAME when it can be run, else NULL. */
static char *program_in(const char *dir, const char *name) {
  struct dc_buf path DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  dc_buf_printf(&path, "%s/daprcerts-%s", dir, name);
  if (path.failed || access(dc_buf_text(&path), X_OK)) return NULL;
  return dc_buf_take_text(&path);
}

char *dc_program_find(const char *argv0, const char *name) {
  const char *named = getenv("DAPRCERTS_EXEC_PATH");
  if (named && *named) return program_in(named, name);
  char *self DC_CLEANUP(dc_mem_free) = dc_os_self_path(argv0);
  char *real DC_CLEANUP(dc_mem_free) = self ? realpath(self, NULL) : NULL;
  char *dir DC_CLEANUP(dc_mem_free) = real ? dc_path_parent(real) : NULL;
  char *path = dir ? program_in(dir, name) : NULL;
  if (path || dc_path_is_absolute(DC_LIBEXECDIR)) return path ? path : program_in(DC_LIBEXECDIR, name);
  char *beside DC_CLEANUP(dc_mem_free) = dir ? dc_path_join(dir, DC_LIBEXECDIR) : NULL; /* what is installed may be moved */
  return beside ? program_in(beside, name) : NULL;
}
