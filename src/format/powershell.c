/* SPDX-License-Identifier: Apache-2.0 */
/* PowerShell: `daprcerts env-export --format powershell | Invoke-Expression`. The pipe hands over line by line, and
 * each must be a statement by itself: newlines are `n, carriage returns `r in double quotes, where ` $ " are escaped,
 * and so are the typographic ones, which end a string as well. */
#include "format/env.h"

#include <string.h>

/* U+201C to U+201E. */
static bool is_curly_quote(const char *at) {
  return strncmp(at, "\xe2\x80", 2) == 0 && (unsigned char)at[2] >= 0x9c && (unsigned char)at[2] <= 0x9e;
}

static void add_value(const char *value, struct dc_buf *out) {
  dc_buf_add_byte(out, '"');
  for (const char *at = value; *at; at++) {
    if (*at == '\n' || *at == '\r') {
      dc_buf_add_text(out, *at == '\n' ? "`n" : "`r");
      continue;
    }
    if (*at == '`' || *at == '$' || *at == '"' || is_curly_quote(at)) dc_buf_add_byte(out, '`');
    dc_buf_add(out, at, 1);
  }
  dc_buf_add_byte(out, '"');
}

static void set(const struct dc_env_var *vars, size_t count, struct dc_buf *out) {
  for (size_t i = 0; i < count; i++) {
    dc_buf_printf(out, "$env:%s = ", vars[i].name);
    add_value(vars[i].value, out);
    dc_buf_add_byte(out, '\n');
  }
}

static void unset(const struct dc_env_var *vars, size_t count, struct dc_buf *out) {
  for (size_t i = 0; i < count; i++)
    dc_buf_printf(out, "Remove-Item -ErrorAction SilentlyContinue Env:%s\n", vars[i].name);
}

const struct dc_env_format dc_powershell_env = {
    .name = "powershell", .set = set, .unset = unset, .failure = "throw 'daprcerts env-export failed'\n"};
