/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "tools/ask.h"

#include <string.h>

#include "base/proc.h"
#include "tools/program.h"

enum { ANSWER_MAX = 1 << 20, ARGS_MAX = 24 };
static const char prefix[] = "daprcerts request: ";

/* What the program says, without its name and its last newline: a server's text may have several lines. */
static int failure(const char *program, int status, const struct dc_buf *said, struct dc_err *err) {
  const char *text = dc_buf_text(said);
  if (strncmp(text, prefix, sizeof prefix - 1) == 0) text += sizeof prefix - 1;
  size_t n = strlen(text);
  while (n > 0 && text[n - 1] == '\n') n--;
  if (n == 0) return dc_err_set(err, DC_EDENIED, "'%s' ended with status %d and said nothing", program, status);
  return dc_err_set(err, DC_EDENIED, "%.*s", (int)n, text);
}

int dc_ask_sign(const struct dc_ask *ask, const struct dc_buf *csr, struct dc_buf *chain, struct dc_err *err) {
  struct dc_buf said DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  char *program DC_CLEANUP(dc_mem_free) = dc_program_find(ask->argv0, "request");
  if (!program)
    return dc_err_set(err, DC_EUNSUPPORTED,
                      "'--sentry' needs the program daprcerts-request, which is not installed (package "
                      "daprcerts-sentry; a build with --disable-sentry has none)");
  const char *const pairs[][2] = {{"--sentry", ask->sentry},
                                  {"--server-id", ask->server_id},
                                  {"--id", ask->id},
                                  {"--namespace", ask->ns},
                                  {"--trust-domain", ask->trust_domain},
                                  {"--trust-anchors", ask->trust_anchors},
                                  {"--token-file", ask->token_file}};
  const char *argv[ARGS_MAX] = {program};
  size_t argc = 1;
  int status = 0;
  for (size_t i = 0; i < DC_COUNT(pairs); i++) {
    if (!pairs[i][1]) continue;
    argv[argc++] = pairs[i][0];
    argv[argc++] = pairs[i][1];
  }
  char *args[ARGS_MAX] = {NULL};
  memcpy(args, argv, sizeof args);
  int rc = dc_proc_run(args, csr->data, csr->len, ANSWER_MAX, chain, &said, &status, err);
  if (rc) return rc;
  return status ? failure(program, status, &said, err) : 0;
}
