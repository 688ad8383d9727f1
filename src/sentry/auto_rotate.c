/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "sentry/auto_rotate.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/duration.h"
#include "base/log.h"
#include "base/proc.h"
#include "sentry/child.h"
#include "sentry/metrics.h"

static const char scope[] = "dapr.sentry.rotate";

enum { NOTHING_DUE = 3, BUSY = 5 }; /* daprcerts-rotate's exit statuses */
enum { ARGS = 10, SAID_MAX = 65536, EVERY_S = 3600, AGAIN_S = 60, TIMEOUT_S = 120 };

struct dc_auto_rotate {
  uv_loop_t *uv;
  const struct dc_sentry_config *config;
  struct dc_live *live;
  struct dc_child *child; /* NULL: none runs */
  int64_t ran_at;         /* wall clock; 0: it is to run now */
  bool busy;              /* it met another program at its work */
  bool closing;
};

static void fail(const struct dc_err *err) {
  dc_metrics_add(DC_METRIC_ROTATE_FAILED);
  dc_log_write(DC_LOG_ERROR, scope, "the credentials were not rotated: %s", err->text);
}

/* Tells what came of a run. Whether it met another program at its work, which is no failure. */
static bool judge(const struct dc_child_end *end) {
  struct dc_err err = DC_ERR_INIT;
  bool nothing = !end->signal && end->status == NOTHING_DUE, busy = !end->signal && end->status == BUSY;
  if (busy) {
    dc_log_write(DC_LOG_INFO, scope, "another program is changing the directory; looking again later: %s",
                 dc_buf_text(&end->said));
  } else if (!nothing && dc_child_check(end, "daprcerts-rotate", &err)) {
    fail(&err);
  } else {
    if (!nothing) dc_metrics_add(DC_METRIC_ROTATED);
    dc_log_lines(nothing ? DC_LOG_DEBUG : DC_LOG_INFO, scope, dc_buf_text(&end->said));
  }
  return busy;
}

static void on_done(void *user, const struct dc_child_end *end, const struct dc_err *failure) {
  struct dc_auto_rotate *rotate = user;
  rotate->child = NULL;
  if (!failure->code)
    rotate->busy = judge(end);
  else if (!rotate->closing)
    fail(failure);
  if (rotate->closing) free(rotate);
}

/* The command line of one run; TTL has DC_DURATION_TEXT_MAX bytes. */
static void args_of(const struct dc_sentry_config *config, const struct dc_sentry_policy *policy, char *ttl,
                    const char *argv[ARGS]) {
  const char *const args[ARGS] = {
      config->rotate_program, "--dir", config->dir, "--trust-domain", policy->trust_domain, "--namespace",
      policy->namespace, "--leaf-ttl", dc_duration_text(policy->workload_ttl, ttl), NULL};
  memcpy(argv, args, sizeof args);
}

bool dc_auto_rotate_first(const struct dc_sentry_config *config) {
  struct dc_child_end end = {.answer = DC_BUF_INIT, .said = DC_BUF_INIT};
  struct dc_err err = DC_ERR_INIT;
  const char *argv[ARGS];
  char ttl[DC_DURATION_TEXT_MAX];
  int status = 0;
  bool busy = false;
  args_of(config, &config->policy, ttl, argv);
  int rc = dc_proc_run((char *const *)(uintptr_t)argv, NULL, 0, SAID_MAX, &end.answer, &end.said, &status, &err);
  while (end.said.len > 0 && end.said.data[end.said.len - 1] == '\n') dc_buf_truncate(&end.said, end.said.len - 1);
  end.status = status;
  if (rc)
    fail(&err);
  else
    busy = judge(&end);
  dc_buf_free(&end.answer);
  dc_buf_free(&end.said);
  return busy;
}

static int run(struct dc_auto_rotate *rotate, const struct dc_sentry_policy *policy, struct dc_err *err) {
  char ttl[DC_DURATION_TEXT_MAX];
  const char *argv[ARGS];
  args_of(rotate->config, policy, ttl, argv);
  const struct dc_child_config config = {.argv = argv, .timeout = TIMEOUT_S * DC_SECOND,
                                         .max = SAID_MAX, .done = on_done, .user = rotate};
  return dc_child_start(&config, rotate->uv, &rotate->child, err);
}

static int64_t every(const struct dc_auto_rotate *rotate, const struct dc_authority *authority) {
  const struct dc_cert *issuer = dc_authority_chain(authority)->certs[0];
  int64_t part = (issuer->not_after - issuer->not_before) / 100;
  int64_t most = rotate->busy ? AGAIN_S : EVERY_S;
  return part < most ? part : most;
}

void dc_auto_rotate_tick(struct dc_auto_rotate *rotate) {
  struct dc_err err = DC_ERR_INIT;
  int64_t now = dc_clock_wall();
  if (!rotate || rotate->child) return;
  const struct dc_snapshot *snapshot = dc_live_get(rotate->live);
  bool due = now < rotate->ran_at || now >= rotate->ran_at + every(rotate, snapshot->authority);
  if (due) rotate->ran_at = now;
  int rc = due ? run(rotate, &snapshot->policy->is, &err) : 0;
  dc_snapshot_unref(snapshot);
  if (rc) fail(&err);
}

void dc_auto_rotate_now(struct dc_auto_rotate *rotate) {
  if (rotate) rotate->ran_at = 0;
}

int dc_auto_rotate_new(uv_loop_t *uv, const struct dc_sentry_config *config, struct dc_live *live,
                       struct dc_auto_rotate **out, struct dc_err *err) {
  struct dc_auto_rotate *rotate = calloc(1, sizeof *rotate);
  if (!rotate) return dc_err_nomem(err);
  *rotate = (struct dc_auto_rotate){.uv = uv, .config = config, .live = live, .ran_at = dc_clock_wall(),
                                    .busy = config->rotate_met_other};
  *out = rotate;
  return 0;
}

void dc_auto_rotate_close(struct dc_auto_rotate *rotate) {
  if (!rotate) return;
  rotate->closing = true;
  if (rotate->child)
    dc_child_abort(rotate->child);
  else
    free(rotate);
}
