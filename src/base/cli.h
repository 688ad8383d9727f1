/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines: one row of a table is an option's parsing, its default and its line of help.
 *
 * Grammar: --name value, --name=value, -x value, -xvalue, bundled flags -abc, "--" ends options, operands may stand
 * between options. With .like_go (Dapr's programs) also -name value and -name=value, and numbers as Go has them, 0xC353
 * and 1_000 too.
 * Long names are taken whole, never abbreviated. An option given twice: the last one counts, lists collect. */
#ifndef DC_BASE_CLI_H
#define DC_BASE_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum dc_opt_kind {
  DC_OPT_HEADING,  /* a line of help: .help alone */
  DC_OPT_FLAG,     /* bool *: set to true; takes =true/=false too (Go's ParseBool words) */
  DC_OPT_STRING,   /* const char **: borrowed from argv */
  DC_OPT_WORD,     /* int *: the place of the word among .words */
  DC_OPT_LIST,     /* struct dc_strings *: may be given again and again */
  DC_OPT_NUMBER,   /* int64_t *, checked against .min and .max */
  DC_OPT_DURATION, /* int64_t * of nanoseconds, Go's notation, checked against .min and .max (max 0: none) */
};

struct dc_strings {
  const char **items; /* borrowed strings, heap array: dc_strings_free */
  size_t count;
};
void dc_strings_free(struct dc_strings *strings);

struct dc_opt {
  const char *name; /* without dashes */
  char letter;      /* 0: none */
  enum dc_opt_kind kind;
  void *value;       /* by kind; keeps its default when the option is not given */
  bool *given;       /* may be NULL; set to true when the option is given */
  int64_t min, max;  /* NUMBER, DURATION */
  const char *const *words; /* WORD: all that it may be, NULL at their end; STRING: what shells may complete; else NULL */
  const char *arg;   /* the word for its value in help: "DIR"; shells complete files for FILE, folders for DIR */
  const char *help;  /* one or two lines, lower case, no full stop */
  const char *shown; /* the default in words, for help; NULL: none is shown */
  bool hidden;       /* accepted, not in help (options kept for compatibility) */
};

struct dc_cli {
  const char *program;  /* "daprcerts issue" */
  const char *operands; /* "NAME", "[NAME...]", "" */
  const char *summary;  /* one sentence */
  const struct dc_opt *opts;
  size_t opt_count;
  size_t min_operands, max_operands;
  bool like_go;
  const char *notes; /* printed below the options; may be NULL */
};

/* --help, -h and --version are understood without a row, and --print-options for share/completions/generate.sh. */
enum dc_cli_result { DC_CLI_RUN = 0, DC_CLI_HELP = 1, DC_CLI_VERSION = 2, DC_CLI_OPTIONS = 3 };

/* Returns an enum dc_cli_result, or DC_EUSAGE with a text (DC_ENOMEM). Operands are collected into OPERANDS. */
int dc_cli_parse(const struct dc_cli *cli, int argc, char **argv, struct dc_strings *operands, struct dc_err *err)
    DC_NODISCARD;
/* The text of --help: usage, summary, options in table order, notes; lines of at most 100 columns. */
void dc_cli_help(const struct dc_cli *cli, struct dc_buf *out);
/* The table for programs: a line "operands", tab, operands; then for each option that is not hidden, with tabs between,
 * "flag" or "value", letter, name, word for its value, the words that it may be (spaces between), help. */
void dc_cli_options(const struct dc_cli *cli, struct dc_buf *out);

#endif
