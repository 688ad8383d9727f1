/* SPDX-License-Identifier: Apache-2.0 */
/* What every program of the suite does alike: --help and --version on standard output with status 0, errors on
 * standard error, exit statuses. Below tools/ nobody prints. */
#ifndef DC_TOOLS_TOOL_H
#define DC_TOOLS_TOOL_H

#include "base/cli.h"

enum dc_exit {
  DC_EXIT_DONE = 0,
  DC_EXIT_FAILED = 1, /* a refusal to overwrite too */
  DC_EXIT_USAGE = 2,
  DC_EXIT_NOTHING = 3, /* nothing to do */
  DC_EXIT_DUE = 4,     /* nothing is wrong, and something is to be done */
  DC_EXIT_BUSY = 5,    /* another program is changing the directory: rotate, which others run, tells it apart */
};

/* Parses by CLI. True: go on, with the options' values set and OPERANDS filled. False: the program ends with *STATUS;
 * help, version or the usage error has been printed. */
bool dc_tool_begin(const struct dc_cli *cli, int argc, char **argv, struct dc_strings *operands, int *status);

/* "PROGRAM: TEXT" on standard error, for a usage error with a line that names --help; returns the exit status for RC
 * (0 gives DC_EXIT_DONE and prints nothing). */
int dc_tool_end(const struct dc_cli *cli, int rc, const struct dc_err *err);
/* The first line of that alone. */
void dc_tool_error(const struct dc_cli *cli, const struct dc_err *err);
/* "PROGRAM: warning: ..." on standard error. */
void dc_tool_warn(const struct dc_cli *cli, const char *fmt, ...) DC_PRINTF(2, 3);
/* The same for each line of TEXT; nothing for an empty one. */
void dc_tool_warn_lines(const struct dc_cli *cli, const struct dc_buf *text);
/* A line on standard error, as it is: what was done, for people. */
void dc_tool_say(const char *fmt, ...) DC_PRINTF(1, 2);
/* "Your WHAT has been saved in DIR/NAME.", which scripts written for step look for. */
void dc_tool_say_saved(const char *dir, const char *name, const char *what);
/* All of BUF to standard output. DC_EIO when it cannot be written (a full disk, a closed pipe). */
int dc_tool_print(const struct dc_buf *buf, struct dc_err *err) DC_NODISCARD;

#endif
