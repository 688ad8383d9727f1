/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines: the parser and the help text, both from one table. */
#include <config.h>

#include "base/cli.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/duration.h"

enum { HELP_WIDTH = 100, HELP_COLUMN_MAX = 36 };

void dc_strings_free(struct dc_strings *strings) {
  free(strings->items);
  *strings = (struct dc_strings){.items = NULL};
}

static int add_string(struct dc_strings *strings, const char *text, struct dc_err *err) {
  const char **items = realloc(strings->items, (strings->count + 1) * sizeof *items);
  if (!items) return dc_err_nomem(err);
  items[strings->count++] = text;
  strings->items = items;
  return 0;
}

struct parser {
  const struct dc_cli *cli;
  char **at; /* the next argument; NULL ends them */
  struct dc_strings *operands;
  struct dc_err *err;
};

static const struct dc_opt *find_name(const struct dc_cli *cli, const char *name, size_t n) {
  for (size_t i = 0; i < cli->opt_count; i++) {
    const struct dc_opt *opt = &cli->opts[i];
    if (opt->kind != DC_OPT_HEADING && strlen(opt->name) == n && memcmp(opt->name, name, n) == 0) return opt;
  }
  return NULL;
}

static const struct dc_opt *find_letter(const struct dc_cli *cli, char letter) {
  for (size_t i = 0; i < cli->opt_count; i++)
    if (cli->opts[i].kind != DC_OPT_HEADING && cli->opts[i].letter == letter) return &cli->opts[i];
  return NULL;
}

/* The words of Go's strconv.ParseBool. */
static int parse_bool(const char *text, bool *value) {
  static const char *const words[2][6] = {
    {"0", "f", "F", "false", "False", "FALSE"},
    {"1", "t", "T", "true", "True", "TRUE"},
  };
  for (size_t i = 0; i < DC_COUNT(words); i++)
    for (size_t j = 0; j < DC_COUNT(words[i]); j++)
      if (strcmp(text, words[i][j]) == 0) {
        *value = i == 1;
        return 0;
      }
  return DC_EINVAL;
}

static int parse_decimal(const char *text, int64_t *value) {
  char *end;
  const char *digits = text + (*text == '-' || *text == '+');
  if (*digits < '0' || *digits > '9') return DC_EINVAL; /* strtoll would pass over white space */
  errno = 0;
  long long n = strtoll(text, &end, 10);
  if (*end || errno) return DC_EINVAL;
  *value = n;
  return 0;
}

/* The base that Go's prefix names; *DIGITS is moved behind it, where "0" alone is a digit too. */
static int take_base(const char **digits) {
  static const struct {
    char letter;
    int base;
  } prefixes[] = {{'x', 16}, {'o', 8}, {'b', 2}};
  const char *at = *digits;
  if (at[0] != '0') return 10;
  for (size_t i = 0; i < DC_COUNT(prefixes); i++)
    if ((at[1] | 0x20) == prefixes[i].letter) {
      *digits += 2;
      return prefixes[i].base;
    }
  return 8;
}

/* What a digit is worth; -1 for what is none. */
static int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The numbers of Go's strconv.ParseInt with base 0: 0xC353, 0o7, 07, 0b1, underscores between digits. */
static int parse_go_number(const char *text, int64_t *value) {
  const char *at = text + (*text == '-' || *text == '+');
  int base = take_base(&at), digits = 0;
  bool digit = base != 10; /* before an underscore a prefix is as good as one */
  int64_t n = 0;
  for (; *at; at++) {
    int worth = digit_value(*at);
    if (*at == '_' ? !digit : worth < 0 || worth >= base || n > (INT64_MAX - worth) / base) return DC_EINVAL;
    digit = *at != '_';
    if (!digit) continue;
    n = n * base + worth;
    digits++;
  }
  if (!digits || !digit) return DC_EINVAL;
  *value = *text == '-' ? -n : n;
  return 0;
}

static int check_range(const struct dc_opt *opt, const char *text, int64_t value, struct dc_err *err) {
  char low[DC_DURATION_TEXT_MAX], high[DC_DURATION_TEXT_MAX];
  if (value >= opt->min && (opt->max == 0 || value <= opt->max)) return 0;
  if (opt->kind == DC_OPT_DURATION) {
    dc_duration_text(opt->min, low);
    dc_duration_text(opt->max, high);
  } else {
    snprintf(low, sizeof low, "%" PRId64, opt->min);
    snprintf(high, sizeof high, "%" PRId64, opt->max);
  }
  if (opt->max == 0) return dc_err_set(err, DC_EUSAGE, "option '--%s': %s is less than %s", opt->name, text, low);
  return dc_err_set(err, DC_EUSAGE, "option '--%s': %s is not within %s and %s", opt->name, text, low, high);
}

static int find_word(const struct dc_opt *opt, const char *text, struct dc_err *err) {
  struct dc_buf list DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  for (int i = 0; opt->words[i]; i++) {
    if (strcmp(opt->words[i], text) == 0) {
      *(int *)opt->value = i;
      return 0;
    }
    dc_buf_printf(&list, "%s%s", i ? ", " : "", opt->words[i]);
  }
  return dc_err_set(err, DC_EUSAGE, "option '--%s': '%s' is none of %s", opt->name, text, dc_buf_text(&list));
}

static int store(const struct dc_cli *cli, const struct dc_opt *opt, const char *text, struct dc_err *err) {
  bool flag;
  int64_t number;
  int rc = 0;
  switch (opt->kind) {
    case DC_OPT_FLAG:
      if (parse_bool(text, &flag) != 0)
        return dc_err_set(err, DC_EUSAGE, "option '--%s': '%s' is neither true nor false", opt->name, text);
      *(bool *)opt->value = flag;
      break;
    case DC_OPT_STRING: *(const char **)opt->value = text; break;
    case DC_OPT_WORD: rc = find_word(opt, text, err); break;
    case DC_OPT_LIST: rc = add_string(opt->value, text, err); break;
    case DC_OPT_NUMBER:
      if ((cli->like_go ? parse_go_number : parse_decimal)(text, &number) != 0)
        return dc_err_set(err, DC_EUSAGE, "option '--%s': '%s' is not a number", opt->name, text);
      rc = check_range(opt, text, number, err);
      if (rc == 0) *(int64_t *)opt->value = number;
      break;
    case DC_OPT_DURATION:
      rc = dc_duration_parse(text, &number, err);
      if (rc != 0) {
        dc_err_add(err, rc, "option '--%s'", opt->name);
        if (err) err->code = DC_EUSAGE;
        return DC_EUSAGE;
      }
      rc = check_range(opt, text, number, err);
      if (rc == 0) *(int64_t *)opt->value = number;
      break;
    case DC_OPT_HEADING: break;
  }
  if (rc == 0 && opt->given) *opt->given = true;
  return rc;
}

/* VALUE is what stood behind "=", or NULL: then the next argument is it. */
static int take(struct parser *p, const struct dc_opt *opt, const char *value) {
  if (!value && opt->kind == DC_OPT_FLAG) value = "true";
  if (!value && *p->at) value = *p->at++;
  if (!value) return dc_err_set(p->err, DC_EUSAGE, "option '--%s' requires a value", opt->name);
  return store(p->cli, opt, value, p->err);
}

/* NAME is without its dashes; SHOWN is the whole argument. */
static int parse_long(struct parser *p, const char *name, const char *shown) {
  size_t n = strcspn(name, "=");
  const struct dc_opt *opt = find_name(p->cli, name, n);
  if (opt) return take(p, opt, name[n] ? name + n + 1 : NULL);
  if (strcmp(name, "help") == 0) return DC_CLI_HELP;
  if (strcmp(name, "version") == 0) return DC_CLI_VERSION;
  if (strcmp(name, "print-options") == 0) return DC_CLI_OPTIONS;
  return dc_err_set(p->err, DC_EUSAGE, "unrecognized option '%.*s'", (int)(n + (size_t)(name - shown)), shown);
}

static int parse_letters(struct parser *p, const char *letters) {
  for (; *letters; letters++) {
    const struct dc_opt *opt = find_letter(p->cli, *letters);
    if (!opt && *letters == 'h') return DC_CLI_HELP;
    if (!opt) return dc_err_set(p->err, DC_EUSAGE, "unrecognized option '-%c'", *letters);
    if (letters[1] == '=') return take(p, opt, letters + 2);
    if (opt->kind != DC_OPT_FLAG) return take(p, opt, letters[1] ? letters + 1 : NULL);
    int rc = take(p, opt, NULL);
    if (rc != 0) return rc;
  }
  return 0;
}

static bool is_known_name(const struct dc_cli *cli, const char *name) {
  return find_name(cli, name, strcspn(name, "=")) || strcmp(name, "help") == 0 || strcmp(name, "version") == 0;
}

/* With one dash: a bundle of letters, or, where names may have one, a name that is known or that no letter begins. */
static int parse_dash(struct parser *p, const char *arg) {
  if (p->cli->like_go && arg[1] && (is_known_name(p->cli, arg) || !find_letter(p->cli, arg[0])))
    return parse_long(p, arg, arg - 1);
  return parse_letters(p, arg);
}

static int parse_arg(struct parser *p, const char *arg) {
  if (arg[0] == '-' && arg[1] == '-') return parse_long(p, arg + 2, arg);
  if (arg[0] == '-' && arg[1]) return parse_dash(p, arg + 1);
  return add_string(p->operands, arg, p->err);
}

static int check_operands(const struct dc_cli *cli, const struct dc_strings *operands, struct dc_err *err) {
  if (operands->count < cli->min_operands)
    return dc_err_set(err, DC_EUSAGE, "missing operand: expected %s", cli->operands);
  if (operands->count > cli->max_operands)
    return dc_err_set(err, DC_EUSAGE, "unexpected operand '%s'", operands->items[cli->max_operands]);
  return 0;
}

int dc_cli_parse(const struct dc_cli *cli, int argc, char **argv, struct dc_strings *operands, struct dc_err *err) {
  struct parser p = {.cli = cli, .at = argv + (argc > 0), .operands = operands, .err = err};
  bool options = true;
  while (*p.at) {
    const char *arg = *p.at++;
    int rc = 0;
    if (options && strcmp(arg, "--") == 0)
      options = false;
    else
      rc = options ? parse_arg(&p, arg) : add_string(operands, arg, err);
    if (rc != 0) return rc;
  }
  return check_operands(cli, operands, err);
}

/* "  -d, --dir DIR" */
static void add_left(struct dc_buf *out, const struct dc_opt *opt) {
  if (opt->letter)
    dc_buf_printf(out, "  -%c, --%s", opt->letter, opt->name);
  else
    dc_buf_printf(out, "      --%s", opt->name);
  if (opt->kind != DC_OPT_FLAG) dc_buf_printf(out, " %s", opt->arg ? opt->arg : "VALUE");
}

static void add_spaces(struct dc_buf *out, size_t n) {
  while (n-- > 0) dc_buf_add_byte(out, ' ');
}

/* Words of TEXT from COLUMN on, broken before HELP_WIDTH; a newline in TEXT breaks too. */
static void add_wrapped(struct dc_buf *out, const char *text, size_t column) {
  size_t at = column;
  while (*text) {
    size_t n = strcspn(text, " \n");
    if (at > column && at + 1 + n > HELP_WIDTH) {
      dc_buf_add_byte(out, '\n');
      add_spaces(out, column);
      at = column;
    }
    if (at > column) {
      dc_buf_add_byte(out, ' ');
      at++;
    }
    dc_buf_add(out, text, n);
    at += n;
    text += n;
    if (*text == '\n') {
      dc_buf_add_byte(out, '\n');
      add_spaces(out, column);
      at = column;
    }
    if (*text) text++;
  }
  dc_buf_add_byte(out, '\n');
}

static void add_option(struct dc_buf *out, const struct dc_opt *opt, size_t column) {
  struct dc_buf left DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  add_left(&left, opt);
  dc_buf_add_text(&text, opt->help ? opt->help : "");
  if (opt->shown) dc_buf_printf(&text, " (default: %s)", opt->shown);
  dc_buf_add_text(out, dc_buf_text(&left));
  if (left.len + 2 > column) {
    dc_buf_add_byte(out, '\n');
    add_spaces(out, column);
  } else {
    add_spaces(out, column - left.len);
  }
  add_wrapped(out, dc_buf_text(&text), column);
}

/* Where the explanations begin: behind the longest option that is not too long. */
static size_t help_column(const struct dc_cli *cli) {
  size_t column = sizeof "      --version" + 1;
  for (size_t i = 0; i < cli->opt_count; i++) {
    struct dc_buf left DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    if (cli->opts[i].hidden || cli->opts[i].kind == DC_OPT_HEADING) continue;
    add_left(&left, &cli->opts[i]);
    if (left.len + 2 > column && left.len + 2 <= HELP_COLUMN_MAX) column = left.len + 2;
  }
  return column;
}

static const struct dc_opt standard[] = {
  {.name = "help", .letter = 'h', .kind = DC_OPT_FLAG, .help = "show this help and exit"},
  {.name = "version", .kind = DC_OPT_FLAG, .help = "show the version and exit"},
};

/* The INDEXth of the standard options as this table leaves it; false: the table has its own. */
static bool take_standard(const struct dc_cli *cli, size_t index, struct dc_opt *opt) {
  *opt = standard[index];
  if (find_name(cli, opt->name, strlen(opt->name))) return false;
  if (find_letter(cli, 'h')) opt->letter = 0;
  return true;
}

void dc_cli_help(const struct dc_cli *cli, struct dc_buf *out) {
  size_t column = help_column(cli);
  dc_buf_printf(out, "usage: %s [OPTION...]%s%s\n\n", cli->program, cli->operands && *cli->operands ? " " : "",
                cli->operands ? cli->operands : "");
  add_wrapped(out, cli->summary, 0);
  if (cli->opt_count == 0 || cli->opts[0].kind != DC_OPT_HEADING) dc_buf_add_byte(out, '\n');
  for (size_t i = 0; i < cli->opt_count; i++) {
    if (cli->opts[i].hidden) continue;
    if (cli->opts[i].kind == DC_OPT_HEADING)
      dc_buf_printf(out, "\n%s\n", cli->opts[i].help);
    else
      add_option(out, &cli->opts[i], column);
  }
  for (size_t i = 0; i < DC_COUNT(standard); i++) {
    struct dc_opt opt;
    if (take_standard(cli, i, &opt)) add_option(out, &opt, column);
  }
  if (cli->notes) dc_buf_printf(out, "\n%s%s", cli->notes, strchr(cli->notes, '\0')[-1] == '\n' ? "" : "\n");
}

static void add_row(struct dc_buf *out, const struct dc_opt *opt) {
  dc_buf_printf(out, "%s\t%.1s\t%s\t%s\t", opt->kind == DC_OPT_FLAG ? "flag" : "value", &opt->letter, opt->name,
                opt->arg ? opt->arg : "");
  for (size_t i = 0; opt->words && opt->words[i]; i++) dc_buf_printf(out, "%s%s", i ? " " : "", opt->words[i]);
  dc_buf_add_byte(out, '\t');
  for (const char *at = opt->help ? opt->help : ""; *at; at++)
    dc_buf_add_byte(out, *at == '\n' || *at == '\t' ? ' ' : (unsigned char)*at);
  dc_buf_add_byte(out, '\n');
}

void dc_cli_options(const struct dc_cli *cli, struct dc_buf *out) {
  dc_buf_printf(out, "operands\t%s\n", cli->operands ? cli->operands : "");
  for (size_t i = 0; i < cli->opt_count; i++)
    if (!cli->opts[i].hidden && cli->opts[i].kind != DC_OPT_HEADING) add_row(out, &cli->opts[i]);
  for (size_t i = 0; i < DC_COUNT(standard); i++) {
    struct dc_opt opt;
    if (take_standard(cli, i, &opt)) add_row(out, &opt);
  }
}
