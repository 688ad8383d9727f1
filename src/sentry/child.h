/* SPDX-License-Identifier: Apache-2.0 */
/* One run of another program on an event loop: bytes in, bytes out, a limit of time. What the server leaves to others,
 * calls to the network and the root's key, it leaves to such a one. */
#ifndef DC_SENTRY_CHILD_H
#define DC_SENTRY_CHILD_H

#include <stdint.h>
#include <uv.h>

#include "base/buf.h"
#include "base/slice.h"

struct dc_child;

/* What came of it. Borrowed. */
struct dc_child_end {
  int64_t status;
  int signal;           /* 0: none ended it */
  struct dc_buf answer; /* its standard output; dc_buf_check tells whether it was too long */
  struct dc_buf said;   /* its standard error, the first DC_CHILD_SAID_MAX bytes, without newlines at the end */
};
enum { DC_CHILD_SAID_MAX = 4096 };

/* Everything is borrowed while dc_child_start runs. */
struct dc_child_config {
  const char *const *argv; /* NULL-terminated; the first is a path. No secret: what stands there is seen by all */
  struct dc_slice input;   /* for its standard input */
  int64_t timeout;         /* nanoseconds; it is killed then */
  size_t max;              /* bytes of its standard output */
  /* On the loop, once, when it has ended and nothing of it is left. ERR is not DC_OK where it could not be run, or was
   * stopped; END then holds what it did say. */
  void (*done)(void *user, const struct dc_child_end *end, const struct dc_err *err);
  void *user;
};

/* Begins; what goes wrong from here on is told to `done`. DC_ENOMEM. The loop's thread, for both. SIGPIPE is ignored by
 * the process. */
int dc_child_start(const struct dc_child_config *config, uv_loop_t *loop, struct dc_child **out, struct dc_err *err)
    DC_NODISCARD;
/* Kills it; `done` is still called, with DC_EUNAVAIL. */
void dc_child_abort(struct dc_child *child);

/* 0 when it ended by itself with status 0; else DC_EUNAVAIL with how it ended and what it said. */
int dc_child_check(const struct dc_child_end *end, const char *name, struct dc_err *err) DC_NODISCARD;

#endif
