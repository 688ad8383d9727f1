/* SPDX-License-Identifier: Apache-2.0 */
/* fish: `daprcerts env-export --format fish | source`. Single quotes keep newlines; only \ and ' are escaped. */
#include "format/env.h"

static void set(const struct dc_env_var *vars, size_t count, struct dc_buf *out) {
  for (size_t i = 0; i < count; i++) {
    dc_buf_printf(out, "set -gx %s '", vars[i].name);
    for (const char *at = vars[i].value; *at; at++) {
      if (*at == '\\' || *at == '\'') dc_buf_add_byte(out, '\\');
      dc_buf_add(out, at, 1);
    }
    dc_buf_add_text(out, "'\n");
  }
}

static void unset(const struct dc_env_var *vars, size_t count, struct dc_buf *out) {
  for (size_t i = 0; i < count; i++) dc_buf_printf(out, "set -e %s\n", vars[i].name);
  dc_buf_add_text(out, "true\n"); /* taking away what is not there is status 4, and the last one is that of `source` */
}

const struct dc_env_format dc_fish_env = {.name = "fish", .set = set, .unset = unset, .failure = "false\n"};
