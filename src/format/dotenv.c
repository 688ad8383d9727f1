/* SPDX-License-Identifier: Apache-2.0 */
/* .env files as docker compose reads them: in double quotes \n is a newline, and \ " $ are escaped. */
#include "format/env.h"

static void set(const struct dc_env_var *vars, size_t count, struct dc_buf *out) {
  for (size_t i = 0; i < count; i++) {
    dc_buf_printf(out, "%s=\"", vars[i].name);
    for (const char *at = vars[i].value; *at; at++) {
      if (*at == '\n') {
        dc_buf_add_text(out, "\\n");
        continue;
      }
      if (*at == '\\' || *at == '"' || *at == '$') dc_buf_add_byte(out, '\\');
      dc_buf_add(out, at, 1);
    }
    dc_buf_add_text(out, "\"\n");
  }
}

const struct dc_env_format dc_dotenv_env = {.name = "dotenv", .set = set, .failure = ""};
