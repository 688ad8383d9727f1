/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cli.h"

#include "tap.h"

static struct {
  bool all, brief;
  const char *name;
  struct dc_strings list;
  int64_t number, span;
} opt;
static bool given;
static int word;
static const char *const two_words[] = {"one", "two", NULL};

/* A number that is not bounded, so that its value tells how it was read. */
static int64_t any;

static const struct dc_opt opts[] = {
    {.kind = DC_OPT_HEADING, .help = "Things:"},
    {.name = "all", .letter = 'a', .kind = DC_OPT_FLAG, .value = &opt.all, .help = "everything"},
    {.name = "brief", .letter = 'b', .kind = DC_OPT_FLAG, .value = &opt.brief, .help = "less"},
    {.name = "name", .letter = 'n', .kind = DC_OPT_STRING, .value = &opt.name, .given = &given, .arg = "NAME",
     .help = "a name", .shown = "none"},
    {.name = "list", .kind = DC_OPT_LIST, .value = &opt.list, .arg = "X", .help = "more"},
    {.name = "number", .kind = DC_OPT_NUMBER, .value = &opt.number, .min = 1, .max = 10, .arg = "N", .help = "a number"},
    {.name = "any", .kind = DC_OPT_NUMBER, .value = &any, .min = INT64_MIN, .arg = "N", .help = "any number"},
    {.name = "span", .kind = DC_OPT_DURATION, .value = &opt.span, .arg = "D", .help = "a time"},
    {.name = "word", .kind = DC_OPT_WORD, .value = &word, .words = two_words, .arg = "WORD", .help = "one,\nof two"},
    {.name = "old", .kind = DC_OPT_FLAG, .value = &opt.all, .hidden = true, .help = "hidden"},
};

static struct dc_cli cli = {.program = "prog", .operands = "[X...]", .summary = "Does things.", .opts = opts,
                            .opt_count = DC_COUNT(opts), .max_operands = 2};

/* "OPERANDS a b name list number" of a command line in one text, split at spaces; or the error's text. */
static const char *parsed(const char *line) {
  static char result[DC_ERR_TEXT_MAX + 16], words[256];
  char *argv[16] = {words};
  int argc = 1;
  struct dc_strings operands = {.count = 0};
  struct dc_err err = DC_ERR_INIT;
  memset(&opt, 0, sizeof opt);
  given = false;
  snprintf(words, sizeof words, "prog %s", line);
  for (char *at = strchr(words, ' '); at && at[1]; at = strchr(at + 1, ' ')) {
    *at = '\0';
    argv[argc++] = at + 1;
  }
  int rc = dc_cli_parse(&cli, argc, argv, &operands, &err);
  if (rc < 0)
    snprintf(result, sizeof result, "%s%s", rc == DC_EUSAGE ? "" : "WRONG CODE ", err.text);
  else
    snprintf(result, sizeof result, "rc=%d operands=%zu a=%d b=%d name=%s%s list=%zu number=%lld span=%lld", rc,
             operands.count, opt.all, opt.brief, opt.name ? opt.name : "-", given ? "!" : "", opt.list.count,
             (long long)opt.number, (long long)opt.span);
  dc_strings_free(&operands);
  dc_strings_free(&opt.list);
  return result;
}

static const struct {
  const char *text;
  int64_t value; /* -1: no number */
} go_numbers[] = {
    {"0", 0},           {"50003", 50003}, {"+7", 7},          {"-7", -7},   {"0xC353", 50003}, {"0Xc353", 50003},
    {"0o17", 15},       {"017", 15},      {"0b101", 5},       {"1_000", 1000}, {"0x_F", 15},   {"0_7", 7},
    {"9223372036854775807", INT64_MAX},   {"9223372036854775808", -1}, {"", -1}, {"-", -1},   {"0x", -1},
    {"0x_", -1},        {"08", -1},       {"0b2", -1},        {"_1", -1},   {"1_", -1},        {"1__0", -1},
    {"1 ", -1},         {"f", -1},        {"0xg", -1},        {"0x-1", -1}, {"1/2", -1},       {"1:", -1},
};

static void check_table(void) {
  struct dc_buf table DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  dc_cli_options(&cli, &table);
  is_text(dc_buf_text(&table),
          "operands\t[X...]\n"
          "flag\ta\tall\t\t\teverything\n"
          "flag\tb\tbrief\t\t\tless\n"
          "value\tn\tname\tNAME\t\ta name\n"
          "value\t\tlist\tX\t\tmore\n"
          "value\t\tnumber\tN\t\ta number\n"
          "value\t\tany\tN\t\tany number\n"
          "value\t\tspan\tD\t\ta time\n"
          "value\t\tword\tWORD\tone two\tone, of two\n"
          "flag\th\thelp\t\t\tshow this help and exit\n"
          "flag\t\tversion\t\t\tshow the version and exit\n",
          "the table, as the completions are made of it");
}

static void check_go_numbers(void) {
  for (size_t i = 0; i < DC_COUNT(go_numbers); i++) {
    char arg[64];
    char *argv[] = {arg, arg, NULL};
    struct dc_strings operands = {.count = 0};
    snprintf(arg, sizeof arg, "--any=%s", go_numbers[i].text);
    any = -1;
    int rc = dc_cli_parse(&cli, 2, argv, &operands, NULL);
    bool none = go_numbers[i].value == -1;
    ok(any == go_numbers[i].value && (rc == 0) == !none, "%s", arg);
    dc_strings_free(&operands);
  }
}

int main(void) {
  struct dc_buf help DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  is_text(parsed("--all --name x"), "rc=0 operands=0 a=1 b=0 name=x! list=0 number=0 span=0", "long options");
  is_text(parsed("--name=x=y -ab one"), "rc=0 operands=1 a=1 b=1 name=x=y! list=0 number=0 span=0", "=, a bundle");
  is_text(parsed("-nfoo -n bar"), "rc=0 operands=0 a=0 b=0 name=bar! list=0 number=0 span=0", "the last one counts");
  is_text(parsed("one --all two"), "rc=0 operands=2 a=1 b=0 name=- list=0 number=0 span=0", "operands between");
  is_text(parsed("-- --all"), "rc=0 operands=1 a=0 b=0 name=- list=0 number=0 span=0", "-- ends options");
  is_text(parsed("-"), "rc=0 operands=1 a=0 b=0 name=- list=0 number=0 span=0", "- is an operand");
  is_text(parsed("--list a --list=b"), "rc=0 operands=0 a=0 b=0 name=- list=2 number=0 span=0", "lists collect");
  is_text(parsed("--all=false --number 10 --span 1m"),
          "rc=0 operands=0 a=0 b=0 name=- list=0 number=10 span=60000000000", "a flag with a value, numbers");
  is_text(parsed("--old"), "rc=0 operands=0 a=1 b=0 name=- list=0 number=0 span=0", "a hidden option works");
  is_num(strncmp(parsed("--all --help"), "rc=1", 4), 0, "--help");
  is_num(strncmp(parsed("-h"), "rc=1", 4), 0, "-h");
  is_num(strncmp(parsed("--version"), "rc=2", 4), 0, "--version");
  is_text(parsed("--al"), "unrecognized option '--al'", "no abbreviation");
  is_text(parsed("-all"), "unrecognized option '-l'", "one dash is a bundle");
  is_text(parsed("--name"), "option '--name' requires a value", "a missing value");
  ok(strstr(parsed("--number 11"), "--number") != NULL && strncmp(parsed("--number 11"), "rc", 2) != 0, "out of range");
  ok(strstr(parsed("--number x"), "'x' is not a number") != NULL, "no number");
  ok(strstr(parsed("--span 1x"), "--span") != NULL && strncmp(parsed("--span 1x"), "rc", 2) != 0, "no duration");
  ok(strncmp(parsed("--all=maybe"), "rc", 2) != 0, "no boolean");
  ok(strncmp(parsed("one two three"), "rc", 2) != 0, "too many operands");
  ok(strstr(parsed("--number 0x3"), "'0x3' is not a number") != NULL, "numbers are decimal");
  is_text(parsed("--number 010"), "rc=0 operands=0 a=0 b=0 name=- list=0 number=10 span=0", "with zeros in front too");
  cli.like_go = true;
  is_text(parsed("-name x -all"), "rc=0 operands=0 a=1 b=0 name=x! list=0 number=0 span=0", "one dash, as Go has it");
  is_text(parsed("-name=x --number=3"), "rc=0 operands=0 a=0 b=0 name=x! list=0 number=3 span=0", "one dash and =");
  check_go_numbers();
  is_num((parsed("--word two"), word), 1, "a word is its place");
  is_text(parsed("--word Two"), "option '--word': 'Two' is none of one, two", "another is refused, with those that are taken");
  is_num(word, 1, "and changes nothing");
  is_text(parsed("--print-options"), "rc=3 operands=0 a=0 b=0 name=- list=0 number=0 span=0", "the table is asked for");
  check_table();
  dc_cli_help(&cli, &help);
  ok(strstr(dc_buf_text(&help), "--name NAME") && strstr(dc_buf_text(&help), "(default: none)"), "help tells options");
  ok(!strstr(dc_buf_text(&help), "--old"), "but not hidden ones");
  size_t longest = 0;
  for (const char *at = dc_buf_text(&help); *at;) {
    size_t n = strcspn(at, "\n");
    if (n > longest) longest = n;
    at += n + (at[n] == '\n');
  }
  ok(longest <= 100, "no line is longer than 100");
  return tap_done();
}
