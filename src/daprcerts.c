/* SPDX-License-Identifier: Apache-2.0 */
/* The dispatcher: `daprcerts NAME` runs the program daprcerts-NAME, as git does. env-export is built in, since people
 * run it at the start of every shell: that costs one exec and no crypto library. */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/proc.h"
#include "tools/env-export.h"
#include "tools/program.h"
#include "tools/tool.h"

/* By which switch this build has it not; "": it has, in a package of its own. */
#ifdef WITH_SENTRY
#define SERVER_LEFT_OUT ""
#else
#define SERVER_LEFT_OUT "--disable-sentry"
#endif
#ifdef WITH_FETCH
#define FETCH_LEFT_OUT ""
#else
#define FETCH_LEFT_OUT "--disable-fetch"
#endif

#ifdef _WIN32
#define ELSEWHERE ""
#else
#define ELSEWHERE "; install daprcerts-sentry"
#endif

struct command {
  const char *name;
  const char *summary;
  int (*run)(int argc, char **argv); /* built in, or NULL: a program of its own */
  bool hidden;                       /* for the other programs, not for people */
  const char *left_out;              /* the switch that did it, see above; NULL: it is there in each build */
};

static const struct command commands[] = {
    {.name = "up", .summary = "make and start what is missing, and print what to paste", .left_out = SERVER_LEFT_OUT},
    {.name = "down", .summary = "stop what up has started", .left_out = SERVER_LEFT_OUT},
    {.name = "ca-init", .summary = "make a certificate authority in a directory"},
    {.name = "sentry", .summary = "serve certificates to Dapr sidecars over gRPC", .left_out = SERVER_LEFT_OUT},
    {.name = "env-export", .summary = "print the environment of a sidecar", .run = dc_env_export},
    {.name = "rotate", .summary = "replace issuer and root before they end, without an outage"},
    {.name = "status", .summary = "tell what is there, when it ends, and what comes next"},
    {.name = "issue", .summary = "make one workload certificate"},
    {.name = "token", .summary = "make a token by which an app proves to a sentry who it is"},
    {.name = "inspect", .summary = "show a certificate, request, key or token, and what each Dapr version makes of it"},
    {.name = "verify", .summary = "tell whether a certificate is trusted, or a directory suits each Dapr version"},
    {.name = "fingerprint", .summary = "print the fingerprint of a certificate or a request"},
    {.name = "kube-export", .summary = "print the credentials as Kubernetes' objects, or for Dapr's Helm chart"},
    {.name = "kube-import", .summary = "take the credentials of Dapr on Kubernetes"},
    {.name = "request", .summary = "ask a running sentry to sign a request", .hidden = true, .left_out = SERVER_LEFT_OUT},
    {.name = "fetch", .summary = "fetch a key set from a URL", .hidden = true, .left_out = FETCH_LEFT_OUT},
};

static const struct command *find(const char *name) {
  for (size_t i = 0; i < DC_COUNT(commands); i++)
    if (strcmp(commands[i].name, name) == 0) return &commands[i];
  return NULL;
}

/* --- help --------------------------------------------------------------------------------------------------------- */

static void write_help(struct dc_buf *out) {
  dc_buf_add_text(out,
                  "usage: daprcerts COMMAND [OPTION...]\n"
                  "\n"
                  "Mutual TLS for Dapr sidecars without Kubernetes.\n"
                  "\n");
  for (size_t i = 0; i < DC_COUNT(commands); i++)
    if (!commands[i].hidden) dc_buf_printf(out, "  %-12s %s\n", commands[i].name, commands[i].summary);
  dc_buf_add_text(out,
                  "\n"
                  "  daprcerts COMMAND --help    tells a command's options; daprcerts-COMMAND(1) tells all of it\n"
                  "  daprcerts --version\n");
}

static int print(struct dc_buf *text) {
  struct dc_err err = DC_ERR_INIT;
  int rc = dc_tool_print(text, &err);
  dc_buf_free(text);
  if (rc) fprintf(stderr, "daprcerts: %s\n", err.text);
  return rc ? DC_EXIT_FAILED : DC_EXIT_DONE;
}

static int print_help(void) {
  struct dc_buf text = DC_BUF_INIT;
  write_help(&text);
  return print(&text);
}

static int print_version(void) {
  struct dc_buf text = DC_BUF_INIT;
  dc_buf_add_text(&text, PACKAGE_NAME " " PACKAGE_VERSION "\n");
  return print(&text);
}

/* --- a name that is none ------------------------------------------------------------------------------------------ */

/* Levenshtein distance, for names of up to NAME_MAX_LEN bytes. */
static size_t distance(const char *a, const char *b) {
  enum { NAME_MAX_LEN = 32 };
  size_t row[NAME_MAX_LEN + 1], n = strlen(b);
  if (strlen(a) > NAME_MAX_LEN || n > NAME_MAX_LEN) return SIZE_MAX;
  for (size_t j = 0; j <= n; j++) row[j] = j;
  for (size_t i = 1; a[i - 1]; i++) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= n; j++) {
      size_t replace = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      size_t insert = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
      row[j] = replace < insert ? replace : insert;
    }
  }
  return row[n];
}

static int unknown(const char *name) {
  const struct command *nearest = NULL;
  size_t least = 4; /* farther off it is a guess */
  for (size_t i = 0; i < DC_COUNT(commands); i++) {
    size_t d = commands[i].hidden ? SIZE_MAX : distance(name, commands[i].name);
    if (d < least) {
      least = d;
      nearest = &commands[i];
    }
  }
  fprintf(stderr, "daprcerts: '%s' is no command", name);
  if (nearest) fprintf(stderr, "; did you mean '%s'?", nearest->name);
  fprintf(stderr, "\nTry 'daprcerts --help' for more information.\n");
  return DC_EXIT_USAGE;
}

/* --- running a program -------------------------------------------------------------------------------------------- */

static int run(const struct command *command, char *argv0, int argc, char **argv) {
  if (command->run) return command->run(argc, argv);
  char *path DC_CLEANUP(dc_mem_free) = dc_program_find(argv0, command->name);
  if (!path && command->left_out && *command->left_out) {
    fprintf(stderr, "daprcerts: '%s' was left out of this build (%s)%s\n", command->name, command->left_out,
            ELSEWHERE);
    return DC_EXIT_FAILED;
  }
  if (!path) {
    const char *named = getenv("DAPRCERTS_EXEC_PATH");
    fprintf(stderr, "daprcerts: cannot find the program 'daprcerts-%s' in '%s'%s\n", command->name,
            named && *named ? named : DC_LIBEXECDIR, command->left_out ? ELSEWHERE : "");
    return DC_EXIT_FAILED;
  }
  argv[0] = path; /* what ps shows */
  struct dc_err err = DC_ERR_INIT;
  int status = DC_EXIT_FAILED;
  if (dc_proc_become(argv, &status, &err)) fprintf(stderr, "daprcerts: %s\n", err.text);
  return status;
}

static int help_on(char *argv0, const char *name) {
  const struct command *command = find(name);
  char option[] = "--help";
  char *argv[] = {argv0, option, NULL};
  return command ? run(command, argv0, 2, argv) : unknown(name);
}

int main(int argc, char **argv) {
  const char *word = argc > 1 ? argv[1] : NULL;
  if (!word) {
    struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    write_help(&text);
    fputs(dc_buf_text(&text), stderr);
    return DC_EXIT_USAGE;
  }
  if (strcmp(word, "--version") == 0) return print_version();
  bool help = strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0;
  if (help) return argc > 2 ? help_on(argv[0], argv[2]) : print_help();
  const struct command *command = find(word);
  return command ? run(command, argv[0], argc - 1, argv + 1) : unknown(word);
}
