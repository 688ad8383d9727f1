/* SPDX-License-Identifier: Apache-2.0 */
/* Every notation on values that would break out of it. tests/cli/env-export.sh hands them to their readers; sh and
 * JSON have one here too. */
#include "format/env.h"

#include <jansson.h>
#include <stdlib.h>

#include "base/proc.h"
#include "tap.h"

/* One a row: what each notation makes of it. */
static const struct {
  const char *value, *fish, *powershell, *dotenv, *json;
} rows[] = {
    {"", "''", "\"\"", "\"\"", "\"\""},
    {"plain-1.2_x", "'plain-1.2_x'", "\"plain-1.2_x\"", "\"plain-1.2_x\"", "\"plain-1.2_x\""},
    {"two\nlines\n", "'two\nlines\n'", "\"two`nlines`n\"", "\"two\\nlines\\n\"", "\"two\\nlines\\n\""},
    {"it's", "'it\\'s'", "\"it's\"", "\"it's\"", "\"it's\""},
    {"a\"b", "'a\"b'", "\"a`\"b\"", "\"a\\\"b\"", "\"a\\\"b\""},
    {"a\\b\\", "'a\\\\b\\\\'", "\"a\\b\\\"", "\"a\\\\b\\\\\"", "\"a\\\\b\\\\\""},
    {"$HOME ${A} $(id)", "'$HOME ${A} $(id)'", "\"`$HOME `${A} `$(id)\"", "\"\\$HOME \\${A} \\$(id)\"",
     "\"$HOME ${A} $(id)\""},
    {"`id`", "'`id`'", "\"``id``\"", "\"`id`\"", "\"`id`\""},
    {"'; exit 9; '", "'\\'; exit 9; \\''", "\"'; exit 9; '\"", "\"'; exit 9; '\"", "\"'; exit 9; '\""},
    {"a\r\nb\tc", "'a\r\nb\tc'", "\"a`r`nb\tc\"", "\"a\r\\nb\tc\"", "\"a\\u000d\\nb\\u0009c\""},
    {"\x01\x7f", "'\x01\x7f'", "\"\x01\x7f\"", "\"\x01\x7f\"", "\"\\u0001\x7f\""},
    {"\xe2\x80\x9c\xe2\x80\x9d\xe2\x80\x9e\xe2\x80\x9f\xe2\x80", "'\xe2\x80\x9c\xe2\x80\x9d\xe2\x80\x9e\xe2\x80\x9f\xe2\x80'",
     "\"`\xe2\x80\x9c`\xe2\x80\x9d`\xe2\x80\x9e\xe2\x80\x9f\xe2\x80\"", "\"\xe2\x80\x9c\xe2\x80\x9d\xe2\x80\x9e\xe2\x80\x9f\xe2\x80\"",
     "\"\xe2\x80\x9c\xe2\x80\x9d\xe2\x80\x9e\xe2\x80\x9f\xe2\x80\""},
    {"# no comment", "'# no comment'", "\"# no comment\"", "\"# no comment\"", "\"# no comment\""},
};

static const char *set_one(const struct dc_env_format *format, const char *value, struct dc_buf *out) {
  const struct dc_env_var var = {.name = "NAME", .value = value};
  dc_buf_clear(out);
  format->set(&var, 1, out);
  return dc_buf_text(out);
}

static void check_set(const struct dc_env_format *format, const char *value, const char *before, const char *quoted,
                      const char *after) {
  struct dc_buf out DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, want DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  dc_buf_printf(&want, "%s%s%s", before, quoted, after);
  is_text(set_one(format, value, &out), dc_buf_text(&want), format->name);
}

static void test_values(void) {
  for (size_t i = 0; i < DC_COUNT(rows); i++) {
    check_set(&dc_fish_env, rows[i].value, "set -gx NAME ", rows[i].fish, "\n");
    check_set(&dc_powershell_env, rows[i].value, "$env:NAME = ", rows[i].powershell, "\n");
    check_set(&dc_dotenv_env, rows[i].value, "NAME=", rows[i].dotenv, "\n");
    check_set(&dc_json_env, rows[i].value, "{\n  \"NAME\": ", rows[i].json, "\n}\n");
    check_set(&dc_docker_env, rows[i].value, "-e NAME", "", "\n"); /* which never holds the value */
  }
}

#ifndef _WIN32 /* where tests/windows/tools.sh has a shell of Unix read it */
/* The text in double quotes, as eval gets it there, prints the value; without a newline, whatever the value holds. */
static void test_sh(void) {
  for (size_t i = 0; i < DC_COUNT(rows); i++) {
    struct dc_buf script DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, out DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    char *argv[] = {(char *)(uintptr_t)"/bin/sh", NULL};
    int status = -1;
    set_one(&dc_sh_env, rows[i].value, &script);
    ok(strchr(dc_buf_text(&script), '\n') == dc_buf_text(&script) + script.len - 1, "sh: one line");
    dc_buf_add_text(&script, "test -z \"${_daprcerts_nl+set}\" || exit 1\n"
                             "exec sh -c 'printf \"%s|\" \"$NAME\"'\n");
    is_num(dc_proc_run(argv, script.data, script.len, 4096, &out, NULL, &status, NULL), 0, "sh: runs");
    ok(status == 0 && out.len == strlen(rows[i].value) + 1 && memcmp(out.data, rows[i].value, out.len - 1) == 0,
       "sh: the variable reaches a child as it was: %s", rows[i].value);
  }
}
#endif

static void test_json(void) {
  for (size_t i = 0; i < DC_COUNT(rows); i++) {
    struct dc_buf out DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    json_t *object = json_loads(set_one(&dc_json_env, rows[i].value, &out), JSON_REJECT_DUPLICATES, NULL);
    const char *value = json_string_value(json_object_get(object, "NAME"));
    if (strstr(rows[i].value, "\x80\x9c")) /* ends in half a character */
      ok(!object, "json: what is no UTF-8 is passed on, and refused by jansson");
    else
      ok(value && strcmp(value, rows[i].value) == 0, "json: jansson reads it back: %s", rows[i].value);
    json_decref(object);
  }
}

static const struct dc_env_var two[] = {{.name = "ONE", .value = "1"}, {.name = "TWO_2", .value = "2"}};

static void test_several(void) {
  static const struct {
    const struct dc_env_format *format;
    const char *set, *unset; /* NULL: no such form */
    const char *failure;
  } forms[] = {
      {&dc_sh_env,
       "_daprcerts_nl=`echo; echo _`; _daprcerts_nl=${_daprcerts_nl%_}; ONE='1'; export ONE; TWO_2='2'; "
       "export TWO_2; unset _daprcerts_nl\n",
       "unset ONE TWO_2\n", "false\n"},
      {&dc_fish_env, "set -gx ONE '1'\nset -gx TWO_2 '2'\n", "set -e ONE\nset -e TWO_2\ntrue\n", "false\n"},
      {&dc_powershell_env, "$env:ONE = \"1\"\n$env:TWO_2 = \"2\"\n",
       "Remove-Item -ErrorAction SilentlyContinue Env:ONE\nRemove-Item -ErrorAction SilentlyContinue Env:TWO_2\n",
       "throw 'daprcerts env-export failed'\n"},
      {&dc_dotenv_env, "ONE=\"1\"\nTWO_2=\"2\"\n", NULL, ""},
      {&dc_docker_env, "-e ONE -e TWO_2\n", NULL, ""},
      {&dc_json_env, "{\n  \"ONE\": \"1\",\n  \"TWO_2\": \"2\"\n}\n", "{\n  \"ONE\": null,\n  \"TWO_2\": null\n}\n", ""},
  };
  for (size_t i = 0; i < DC_COUNT(forms); i++) {
    const struct dc_env_format *format = forms[i].format;
    struct dc_buf out DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    format->set(two, DC_COUNT(two), &out);
    is_text(dc_buf_text(&out), forms[i].set, format->name);
    is_text(format->failure, forms[i].failure, "what makes it fail");
    ok(!format->unset == !forms[i].unset, "whether it takes variables away");
    if (!format->unset) continue;
    dc_buf_clear(&out);
    format->unset(two, DC_COUNT(two), &out);
    is_text(dc_buf_text(&out), forms[i].unset, "and how");
  }
}

int main(void) {
  test_values();
#ifndef _WIN32
  test_sh();
#endif
  test_json();
  test_several();
  return tap_done();
}
