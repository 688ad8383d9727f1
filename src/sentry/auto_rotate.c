/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "sentry/auto_rotate.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/duration.h"
#include "base/log.h"
#include "sentry/child.h"
#include "sentry/metrics.h"

static const char scope[] = "dapr.sentry.rotate";

enum { NOTHING_DUE = 3, TIMEOUT_S = 120 };

struct dc_auto_rotate {
  uv_loop_t *uv;
  const struct dc_sentry_config *config;
  struct dc_live *live;
  struct dc_child *child; /* NULL: none runs */
  int64_t ran_at;         /* wall clock; 0: never */
  bool closing;
};

static void on_done(void *user, const struct dc_child_end *end, const struct dc_err *failure) {
  struct dc_auto_rotate *rotate = user;
  struct dc_err err = *failure;
  bool nothing = !failure->code && !end->signal && end->status == NOTHING_DUE;
  int rc = failure->code || nothing ? (int)failure->code : dc_child_check(end, "daprcerts-rotate", &err);
  rotate->child = NULL;
  if (rc && !rotate->closing) {
    dc_metrics_add(DC_METRIC_ROTATE_FAILED);
    dc_log_write(DC_LOG_ERROR, scope, "the credentials were not rotated: %s", err.text);
  } else if (!rc) {
    if (!nothing) dc_metrics_add(DC_METRIC_ROTATED);
    dc_log_lines(nothing ? DC_LOG_DEBUG : DC_LOG_INFO, scope, dc_buf_text(&end->said));
  }
  if (rotate->closing) free(rotate);
}

void dc_auto_rotate_args(const struct dc_sentry_config *config, const struct dc_sentry_policy *policy, char *ttl,
                         const char *argv[DC_AUTO_ROTATE_ARGS]) {
  const char *const args[DC_AUTO_ROTATE_ARGS] = {
      config->rotate_program, "--dir", config->dir, "--trust-domain", policy->trust_domain, "--namespace",
      policy->namespace, "--leaf-ttl", dc_duration_text(policy->workload_ttl, ttl), NULL};
  memcpy(argv, args, sizeof args);
}

static int run(struct dc_auto_rotate *rotate, const struct dc_sentry_policy *policy, struct dc_err *err) {
  char ttl[DC_DURATION_TEXT_MAX];
  const char *argv[DC_AUTO_ROTATE_ARGS];
  dc_auto_rotate_args(rotate->config, policy, ttl, argv);
  const struct dc_child_config config = {.argv = argv, .timeout = TIMEOUT_S * DC_SECOND,
                                         .max = DC_AUTO_ROTATE_SAID_MAX, .done = on_done, .user = rotate};
  return dc_child_start(&config, rotate->uv, &rotate->child, err);
}

static int64_t every(const struct dc_authority *authority) {
  const struct dc_cert *issuer = dc_authority_chain(authority)->certs[0];
  int64_t part = (issuer->not_after - issuer->not_before) / 100;
  return part < DC_AUTO_ROTATE_EVERY_S ? part : DC_AUTO_ROTATE_EVERY_S;
}

void dc_auto_rotate_tick(struct dc_auto_rotate *rotate) {
  struct dc_err err = DC_ERR_INIT;
  int64_t now = dc_clock_wall();
  if (!rotate || rotate->child) return;
  const struct dc_snapshot *snapshot = dc_live_get(rotate->live);
  bool due = now < rotate->ran_at || now >= rotate->ran_at + every(snapshot->authority);
  if (due) rotate->ran_at = now;
  int rc = due ? run(rotate, &snapshot->policy->is, &err) : 0;
  dc_snapshot_unref(snapshot);
  if (rc) dc_log_write(DC_LOG_ERROR, scope, "the credentials were not rotated: %s", err.text);
}

void dc_auto_rotate_now(struct dc_auto_rotate *rotate) {
  if (rotate) rotate->ran_at = 0;
}

int dc_auto_rotate_new(uv_loop_t *uv, const struct dc_sentry_config *config, struct dc_live *live,
                       struct dc_auto_rotate **out, struct dc_err *err) {
  struct dc_auto_rotate *rotate = calloc(1, sizeof *rotate);
  if (!rotate) return dc_err_nomem(err);
  *rotate = (struct dc_auto_rotate){.uv = uv, .config = config, .live = live};
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
