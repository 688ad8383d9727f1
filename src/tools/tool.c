/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "tools/tool.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/os.h"
#include "base/utf8.h"

int dc_tool_print(const struct dc_buf *buf, struct dc_err *err) {
  int rc = dc_buf_check(buf, err);
  return rc ? rc : dc_os_write_fd(STDOUT_FILENO, "standard output", buf->data, buf->len, err);
}

static int print_by(void (*write)(const struct dc_cli *cli, struct dc_buf *out), const struct dc_cli *cli,
                    struct dc_err *err) {
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  write(cli, &text);
  return dc_tool_print(&text, err);
}

static void write_version(const struct dc_cli *cli, struct dc_buf *out) {
  dc_buf_printf(out, "%s %s\n", cli->program, PACKAGE_VERSION);
}

bool dc_tool_begin(const struct dc_cli *cli, int argc, char **argv, struct dc_strings *operands, int *status) {
  struct dc_err err = DC_ERR_INIT;
  int rc = dc_cli_parse(cli, argc, argv, operands, &err);
  if (rc == DC_CLI_RUN) return true;
  if (rc == DC_CLI_HELP) rc = print_by(dc_cli_help, cli, &err);
  if (rc == DC_CLI_VERSION) rc = print_by(write_version, cli, &err);
  if (rc == DC_CLI_OPTIONS) rc = print_by(dc_cli_options, cli, &err);
  *status = dc_tool_end(cli, rc, &err);
  return false;
}

/* Names and values in a message may be anybody's: nothing that a terminal obeys. A further line is indented, so that
 * nobody takes it for a message of its own. */
static void put_plain(const char *text) {
  size_t left = strlen(text);
  while (left > 0) {
    size_t control = dc_utf8_control((const uint8_t *)text, left), n = control ? control : 1;
    if (*text == '\n')
      fputs("\n  ", stderr);
    else
      fputc(control ? '?' : *text, stderr);
    text += n;
    left -= n;
  }
}

void dc_tool_error(const struct dc_cli *cli, const struct dc_err *err) {
  fprintf(stderr, "%s: ", cli->program);
  put_plain(err->text);
  fputc('\n', stderr);
}

int dc_tool_end(const struct dc_cli *cli, int rc, const struct dc_err *err) {
  if (rc == 0) return DC_EXIT_DONE;
  dc_tool_error(cli, err);
  if (rc != DC_EUSAGE) return DC_EXIT_FAILED;
  fprintf(stderr, "Try '%s --help' for more information.\n", cli->program);
  return DC_EXIT_USAGE;
}

void dc_tool_warn(const struct dc_cli *cli, const char *fmt, ...) {
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  va_list args;
  va_start(args, fmt);
  dc_buf_vprintf(&text, fmt, args);
  va_end(args);
  fprintf(stderr, "%s: warning: ", cli->program);
  put_plain(dc_buf_text(&text));
  fputc('\n', stderr);
}

void dc_tool_warn_lines(const struct dc_cli *cli, const struct dc_buf *text) {
  const char *at = dc_buf_text(text);
  while (*at) {
    size_t n = strcspn(at, "\n");
    dc_tool_warn(cli, "%.*s", (int)n, at);
    at += n + (at[n] == '\n');
  }
}

void dc_tool_say(const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  vfprintf(stderr, fmt, args);
  fputc('\n', stderr);
  va_end(args);
}

void dc_tool_say_saved(const char *dir, const char *name, const char *what) {
  dc_tool_say("Your %s has been saved in %s/%s.", what, dir, name);
}
