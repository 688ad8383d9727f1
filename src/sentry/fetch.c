/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "sentry/fetch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "base/log.h"
#include "sentry/child.h"

static const char scope[] = "dapr.sentry.identity.jwks";
static const char header[] = "max-age ";

enum { HEADER_MAX = 64, GRACE_S = 2 };

/* Freed with the end of its program. */
struct dc_fetch {
  struct dc_child *child;
  void (*done)(void *user, const struct dc_fetch_answer *answer, const struct dc_err *err);
  void *user;
};

/* --- what came of it ---------------------------------------------------------------------------------------------- */

/* "max-age 600", a newline, the body. */
static int parse_answer(const struct dc_buf *text, struct dc_fetch_answer *answer, struct dc_err *err) {
  const char *at = dc_buf_text(text), *line_end = text->len ? memchr(at, '\n', text->len) : NULL;
  char *end = NULL;
  bool good = line_end && line_end - at < HEADER_MAX && strncmp(at, header, sizeof header - 1) == 0;
  errno = 0;
  if (good) answer->max_age = strtoll(at + sizeof header - 1, &end, 10);
  if (!good || errno || end != line_end || answer->max_age < -1)
    return dc_err_set(err, DC_EPROTO, "the answer of daprcerts-fetch does not begin with a line 'max-age N'");
  answer->body = line_end + 1;
  answer->len = text->len - (size_t)(answer->body - at);
  return 0;
}

static int judge(const struct dc_child_end *end, const struct dc_err *failure, struct dc_fetch_answer *answer,
                 struct dc_err *err) {
  if (failure->code) return dc_err_set(err, failure->code, "%s", failure->text);
  int rc = dc_child_check(end, "daprcerts-fetch", err);
  if (rc) return rc;
  rc = dc_buf_check(&end->answer, err);
  return rc ? dc_err_add(err, rc, "the answer of daprcerts-fetch") : parse_answer(&end->answer, answer, err);
}

static void on_done(void *user, const struct dc_child_end *end, const struct dc_err *failure) {
  struct dc_fetch *fetch = user;
  struct dc_fetch_answer answer = {.max_age = -1};
  struct dc_err err = DC_ERR_INIT;
  int rc = judge(end, failure, &answer, &err);
  if (!rc && end->said.len) dc_log_write(DC_LOG_WARN, scope, "%s", dc_buf_text(&end->said));
  fetch->done(fetch->user, rc ? NULL : &answer, &err);
  free(fetch);
}

void dc_fetch_abort(struct dc_fetch *fetch) { dc_child_abort(fetch->child); }

/* --- its beginning ------------------------------------------------------------------------------------------------ */

static int start(struct dc_fetch *fetch, const struct dc_fetch_config *config, uv_loop_t *loop, struct dc_err *err) {
  struct dc_buf input DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  char timeout[DC_DURATION_TEXT_MAX], max[24];
  snprintf(max, sizeof max, "%zu", config->max);
  const char *ca = config->ca_path ? config->ca_path : config->ca_pem ? "-" : NULL;
  const char *argv[] = {config->program, "--url", "-", "--timeout", dc_duration_text(config->timeout, timeout),
                        "--max-bytes", max, ca ? "--ca-certificate" : NULL, ca, NULL};
  dc_buf_printf(&input, "%s\n%s", config->url, config->ca_pem ? config->ca_pem : "");
  int rc = dc_buf_check(&input, err);
  const struct dc_child_config child = {.argv = argv, .input = {input.data, input.len},
                                        .timeout = config->timeout + GRACE_S * DC_SECOND,
                                        .max = config->max + HEADER_MAX, .done = on_done, .user = fetch};
  return rc ? rc : dc_child_start(&child, loop, &fetch->child, err);
}

int dc_fetch_start(const struct dc_fetch_config *config, uv_loop_t *loop, struct dc_fetch **out, struct dc_err *err) {
  struct dc_fetch *fetch = calloc(1, sizeof *fetch);
  if (!fetch) return dc_err_nomem(err);
  fetch->done = config->done;
  fetch->user = config->user;
  int rc = start(fetch, config, loop, err);
  if (rc)
    free(fetch);
  else
    *out = fetch;
  return rc;
}
