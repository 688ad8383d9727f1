/* SPDX-License-Identifier: Apache-2.0 */
/* Environment variables, to be written in a shell's or a tool's own notation: one file a notation. */
#ifndef DC_FORMAT_ENV_H
#define DC_FORMAT_ENV_H

#include "base/buf.h"

/* A value may hold newlines, and no NUL; it may be secret. Names are [A-Z0-9_]. */
struct dc_env_var {
  const char *name;
  const char *value;
};

/* Appends to OUT. Each notation has a table of these; NULL: it has no such form. */
struct dc_env_format {
  const char *name;
  void (*set)(const struct dc_env_var *vars, size_t count, struct dc_buf *out);
  void (*unset)(const struct dc_env_var *vars, size_t count, struct dc_buf *out); /* values are not looked at */
  const char *failure; /* what makes the reader of this notation fail, since reading nothing succeeds; "" if nothing */
};

extern const struct dc_env_format dc_sh_env;
extern const struct dc_env_format dc_fish_env;
extern const struct dc_env_format dc_powershell_env;
extern const struct dc_env_format dc_dotenv_env;
extern const struct dc_env_format dc_docker_env;
extern const struct dc_env_format dc_json_env;

#endif
