/* SPDX-License-Identifier: Apache-2.0 */
/* One run of the program daprcerts-fetch on an event loop: what makes the calls to others that the server itself does
 * not make. The URL and the CA certificate go to its standard input, since a URL may hold a password and what stands in
 * argv is seen by all. */
#ifndef DC_SENTRY_FETCH_H
#define DC_SENTRY_FETCH_H

#include <stdint.h>
#include <uv.h>

#include "base/buf.h"

struct dc_fetch;

struct dc_fetch_answer {
  int64_t max_age; /* seconds; -1: it does not say */
  const char *body;
  size_t len;
};

/* Everything is borrowed while dc_fetch_start runs. */
struct dc_fetch_config {
  const char *program; /* the path of daprcerts-fetch */
  const char *url;     /* http or https, without white space */
  const char *ca_path; /* NULL: */
  const char *ca_pem;  /* this one; NULL too: the system's */
  int64_t timeout;     /* nanoseconds, for all of it; a program that does not end by itself is killed a little later */
  size_t max;          /* bytes of the body; ours is the second eye, the program is told too */
  /* On the loop, once, when the run has ended and nothing of it is left: ANSWER, borrowed, or NULL and why. */
  void (*done)(void *user, const struct dc_fetch_answer *answer, const struct dc_err *err);
  void *user;
};

/* Begins; what goes wrong from here on is told to `done`. DC_ENOMEM. The loop's thread, for both. SIGPIPE is ignored by
 * the process. */
int dc_fetch_start(const struct dc_fetch_config *config, uv_loop_t *loop, struct dc_fetch **out, struct dc_err *err)
    DC_NODISCARD;
/* Kills the program; `done` is still called, with DC_EUNAVAIL. */
void dc_fetch_abort(struct dc_fetch *fetch);

#endif
