/* SPDX-License-Identifier: Apache-2.0 */
/* One JSON object of strings, RFC 8259. Written here, not by jansson, since env-export links nothing but libc and
 * inih. What is no ASCII passes as it is: values are PEM and names. */
#include "format/env.h"

static void add_string(const char *text, struct dc_buf *out) {
  dc_buf_add_byte(out, '"');
  for (const char *at = text; *at; at++) {
    if (*at == '\n')
      dc_buf_add_text(out, "\\n");
    else if (*at == '"' || *at == '\\')
      dc_buf_printf(out, "\\%c", *at);
    else if ((unsigned char)*at < ' ')
      dc_buf_printf(out, "\\u%04x", (unsigned)(unsigned char)*at);
    else
      dc_buf_add(out, at, 1);
  }
  dc_buf_add_byte(out, '"');
}

static void set(const struct dc_env_var *vars, size_t count, struct dc_buf *out) {
  for (size_t i = 0; i < count; i++) {
    dc_buf_add_text(out, i ? ",\n  " : "{\n  ");
    add_string(vars[i].name, out);
    dc_buf_add_text(out, ": ");
    add_string(vars[i].value, out);
  }
  dc_buf_add_text(out, "\n}\n");
}

static void unset(const struct dc_env_var *vars, size_t count, struct dc_buf *out) {
  for (size_t i = 0; i < count; i++) dc_buf_printf(out, "%s\"%s\": null", i ? ",\n  " : "{\n  ", vars[i].name);
  dc_buf_add_text(out, "\n}\n");
}

const struct dc_env_format dc_json_env = {.name = "json", .set = set, .unset = unset, .failure = ""};
