/* SPDX-License-Identifier: Apache-2.0 */
/* The key set by which the validator `jwks` checks tokens: sentry-contract section 4. It comes from one of
 *   a URL       "http://" or "https://": fetched by the program daprcerts-fetch, so that the process which holds the
 *               CA's key makes no outbound call; again at the larger of the answer's max-age and min_refresh
 *   a file      the path of one that is there; read again by dc_jwks_source_reload
 *   the text    of the set itself, JSON or standard base64 of it, padded or not
 * each with white space behind it or not. Keys of the set that can check nothing are named in the log and left out; a
 * set that has no others is accepted, as Dapr does, and no token is good by it. Logs as "dapr.sentry.identity.jwks". */
#ifndef DC_SENTRY_JWKS_H
#define DC_SENTRY_JWKS_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "pki/jwk.h"

struct dc_jwks_source;

/* Copied, but for FETCH_PROGRAM and USER, which are borrowed as long as there is a source. */
struct dc_jwks_source_config {
  const char *source;
  const char *ca_certificate; /* for a URL: a path, read for each fetch, or the PEM itself; NULL or "": the system's */
  int64_t min_refresh;        /* nanoseconds, more than 0 */
  int64_t request_timeout;    /* nanoseconds, more than 0: one fetch, all of it */
  const char *fetch_program;  /* the path of daprcerts-fetch; NULL: there is none */
  void (*changed)(void *user); /* a fetch has ended, in whatever way; main thread; may be NULL */
  void *user;
};

/* A file or text is read here. DC_ENOENT: a source that is none of the three; DC_EINVAL, DC_ELIMIT: no key set, or too
 * large; a CA certificate that is none; DC_EUNSUPPORTED: a URL without a fetch_program. */
int dc_jwks_source_new(const struct dc_jwks_source_config *config, struct dc_jwks_source **out, struct dc_err *err)
    DC_NODISCARD;
/* Main thread, as all of the following but where it says otherwise. Begins the first fetch on LOOP, which must then run
 * for the others; SIGPIPE is ignored by the process. What fails later is an error in the log and tried again: after a
 * second, then after twice as long each time, up to min_refresh, and up to a minute while no set has been loaded.
 * Nothing for a file or a text. */
int dc_jwks_source_start(struct dc_jwks_source *source, uv_loop_t *loop, struct dc_err *err) DC_NODISCARD;
/* Ends a fetch under way and closes what is on the loop, which must run until that is done. May be called twice. */
void dc_jwks_source_stop(struct dc_jwks_source *source);
/* For a URL, before its start: the last good set of FROM, which had the same one, until the first fetch. */
int dc_jwks_source_inherit(struct dc_jwks_source *source, struct dc_jwks_source *from, struct dc_err *err) DC_NODISCARD;
/* Any thread. A source that was started holds itself until it was stopped and the loop has let go of it. */
struct dc_jwks_source *dc_jwks_source_ref(struct dc_jwks_source *source);
void dc_jwks_source_unref(struct dc_jwks_source *source); /* NULL is fine */

/* The current set, immutable, with a reference for the caller; NULL while none has been loaded. Any thread. */
const struct dc_jwks *dc_jwks_source_get(struct dc_jwks_source *source);
void dc_jwks_source_put(struct dc_jwks_source *source, const struct dc_jwks *jwks); /* gives it back; any thread */
/* A token names a key that is not in SEEN, a set that is still held: whether to wait for `changed` and look again. True
 * when a fetch is under way or begins now, which this causes at most once each min_refresh; when another set has come
 * meanwhile; and while none has been loaded at all. Always false for a file or a text, and after dc_jwks_source_stop.
 * Any thread. */
bool dc_jwks_source_want(struct dc_jwks_source *source, const struct dc_jwks *seen);
bool dc_jwks_source_ready(struct dc_jwks_source *source); /* a set has been loaded; any thread */

/* The path, a heap string, that a source which was refused may have meant: one that is there, or looks like one. NULL:
 * it is something else. */
char *dc_jwks_source_path(const char *source);
const char *dc_jwks_source_file(const struct dc_jwks_source *source); /* to watch; NULL for the other kinds */
/* Reads a file again: 1 when it has another set, 0 when it has the same; one that is bad is refused, and the last good
 * set stays. 0 for the other kinds. */
int dc_jwks_source_reload(struct dc_jwks_source *source, struct dc_err *err) DC_NODISCARD;

#endif
