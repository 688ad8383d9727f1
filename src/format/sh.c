/* SPDX-License-Identifier: Apache-2.0 */
/* POSIX shells: dash, bash, zsh, ksh, mksh, busybox. People write `eval $(daprcerts env-export)` without quotes, so the
 * text is split into words, each is matched against file names, and they are joined by single spaces again: it holds
 * no newline, no two spaces in a row, and none of * ? [ \ anywhere. A newline of a value is a variable, made by two
 * echos (every shell has that one built in, and no secret is its argument); in backquotes, since zsh with globsubst
 * takes the parentheses of $() for a pattern. */
#include "format/env.h"

#define NEWLINE "_daprcerts_nl"

/* 'text', newlines taken out of the quotes. */
static void add_value(const char *value, struct dc_buf *out) {
  dc_buf_add_byte(out, '\'');
  for (const char *at = value; *at; at++) {
    if (*at == '\n')
      dc_buf_add_text(out, "'\"$" NEWLINE "\"'");
    else if (*at == '\'')
      dc_buf_add_text(out, "'\"'\"'");
    else
      dc_buf_add(out, at, 1);
  }
  dc_buf_add_byte(out, '\'');
}

static void set(const struct dc_env_var *vars, size_t count, struct dc_buf *out) {
  dc_buf_add_text(out, NEWLINE "=`echo; echo _`; " NEWLINE "=${" NEWLINE "%_};");
  for (size_t i = 0; i < count; i++) {
    dc_buf_printf(out, " %s=", vars[i].name);
    add_value(vars[i].value, out);
    dc_buf_printf(out, "; export %s;", vars[i].name);
  }
  dc_buf_add_text(out, " unset " NEWLINE "\n");
}

static void unset(const struct dc_env_var *vars, size_t count, struct dc_buf *out) {
  dc_buf_add_text(out, "unset");
  for (size_t i = 0; i < count; i++) dc_buf_printf(out, " %s", vars[i].name);
  dc_buf_add_byte(out, '\n');
}

const struct dc_env_format dc_sh_env = {.name = "sh", .set = set, .unset = unset, .failure = "false\n"};
