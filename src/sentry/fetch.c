/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "sentry/fetch.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "base/log.h"

static const char scope[] = "dapr.sentry.identity.jwks";
static const char header[] = "max-age ";

enum { HEADER_MAX = 64, SAID_MAX = 4096, GRACE_MS = 2000, HANDLES = 5 };

/* Owned by its handles: the last one to close frees it. */
struct dc_fetch {
  uv_process_t process;
  uv_pipe_t in, out, err;
  uv_timer_t watchdog;
  uv_write_t write;
  unsigned open; /* handles that are not closed */
  struct dc_buf input, answer, said;
  struct dc_err failure; /* the first thing that went wrong on our side */
  int64_t status;
  int signal;
  char chunk[16384];
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

/* What the program said about itself, as the end of a message. */
static const char *said(struct dc_fetch *fetch) {
  while (fetch->said.len > 0 && fetch->said.data[fetch->said.len - 1] == '\n')
    dc_buf_truncate(&fetch->said, fetch->said.len - 1);
  return fetch->said.len ? dc_buf_text(&fetch->said) : "it does not say why";
}

static int judge(struct dc_fetch *fetch, struct dc_fetch_answer *answer, struct dc_err *err) {
  if (fetch->failure.code) return dc_err_set(err, fetch->failure.code, "%s", fetch->failure.text);
  if (fetch->signal)
    return dc_err_set(err, DC_EUNAVAIL, "daprcerts-fetch was ended by signal %d: %s", fetch->signal, said(fetch));
  if (fetch->status)
    return dc_err_set(err, DC_EUNAVAIL, "daprcerts-fetch ended with status %" PRId64 ": %s", fetch->status,
                      said(fetch));
  int rc = dc_buf_check(&fetch->answer, err);
  if (rc) return dc_err_add(err, rc, "the answer of daprcerts-fetch");
  return parse_answer(&fetch->answer, answer, err);
}

static void finish(struct dc_fetch *fetch) {
  struct dc_fetch_answer answer = {.max_age = -1};
  struct dc_err err = DC_ERR_INIT;
  int rc = judge(fetch, &answer, &err);
  if (!rc && fetch->said.len) dc_log_write(DC_LOG_WARN, scope, "%s", said(fetch));
  fetch->done(fetch->user, rc ? NULL : &answer, &err);
  dc_buf_free(&fetch->input);
  dc_buf_free(&fetch->answer);
  dc_buf_free(&fetch->said);
  free(fetch);
}

/* --- its end ------------------------------------------------------------------------------------------------------ */

static void on_closed(uv_handle_t *handle) {
  struct dc_fetch *fetch = handle->data;
  if (--fetch->open == 0) finish(fetch);
}

static void close_handle(void *handle) {
  if (!uv_is_closing(handle)) uv_close(handle, on_closed);
}

static bool is_closing(const void *handle) { return uv_is_closing(handle); }

/* It has ended, and nobody has an end of its pipes: what is left closes too. */
static void settle(struct dc_fetch *fetch) {
  if (!is_closing(&fetch->process) || !is_closing(&fetch->out) || !is_closing(&fetch->err)) return;
  close_handle(&fetch->in);
  close_handle(&fetch->watchdog);
}

/* The pipes are not waited for: a child of its own may keep them open. */
static void stop(struct dc_fetch *fetch, enum dc_code code, const char *why) {
  if (!fetch->failure.code) dc_err_set(&fetch->failure, code, "%s", why);
  if (!is_closing(&fetch->process)) (void)uv_process_kill(&fetch->process, SIGKILL);
  close_handle(&fetch->in);
  close_handle(&fetch->out);
  close_handle(&fetch->err);
  settle(fetch);
}

void dc_fetch_abort(struct dc_fetch *fetch) { stop(fetch, DC_EUNAVAIL, "the fetch was cut short"); }

static void on_watchdog(uv_timer_t *timer) {
  stop(timer->data, DC_ETIMEOUT, "daprcerts-fetch did not end in its time");
}

static void on_ended(uv_process_t *process, int64_t status, int signal) {
  struct dc_fetch *fetch = process->data;
  fetch->status = status;
  fetch->signal = signal;
  close_handle(process);
  settle(fetch);
}

/* --- its pipes ---------------------------------------------------------------------------------------------------- */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf) {
  struct dc_fetch *fetch = handle->data;
  (void)suggested;
  *buf = uv_buf_init(fetch->chunk, sizeof fetch->chunk);
}

/* More than SAID_MAX is read and dropped, so that the program is not stopped by it. */
static void take_said(struct dc_fetch *fetch, size_t n) {
  size_t room = SAID_MAX - fetch->said.len;
  dc_buf_add(&fetch->said, fetch->chunk, n < room ? n : room);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf) {
  struct dc_fetch *fetch = stream->data;
  (void)buf;
  if (n < 0) {
    close_handle(stream);
    settle(fetch);
  } else if (stream == (uv_stream_t *)&fetch->err) {
    take_said(fetch, (size_t)n);
  } else if (n > 0) {
    dc_buf_add(&fetch->answer, fetch->chunk, (size_t)n);
    if (fetch->answer.failed) stop(fetch, DC_ELIMIT, "the answer of daprcerts-fetch is larger than accepted");
  }
}

/* Whether or not all of it was read: the status tells. */
static void on_written(uv_write_t *write, int status) {
  (void)status;
  close_handle(write->handle);
}

/* --- its beginning ------------------------------------------------------------------------------------------------ */

static int spawn(struct dc_fetch *fetch, const struct dc_fetch_config *config, uv_loop_t *loop) {
  char timeout[DC_DURATION_TEXT_MAX], max[24];
  snprintf(max, sizeof max, "%zu", config->max);
  const char *ca = config->ca_path ? config->ca_path : config->ca_pem ? "-" : NULL;
  const char *argv[] = {config->program, "--url", "-", "--timeout", dc_duration_text(config->timeout, timeout),
                        "--max-bytes", max, ca ? "--ca-certificate" : NULL, ca, NULL};
  uv_stdio_container_t stdio[] = {
      {.flags = UV_CREATE_PIPE | UV_READABLE_PIPE, .data.stream = (uv_stream_t *)&fetch->in},
      {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&fetch->out},
      {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&fetch->err},
  };
  const uv_process_options_t options = {.file = config->program,
                                        .args = (char **)(uintptr_t)argv,
                                        .stdio = stdio,
                                        .stdio_count = DC_COUNT(stdio),
                                        .flags = UV_PROCESS_WINDOWS_HIDE,
                                        .exit_cb = on_ended};
  return uv_spawn(loop, &fetch->process, &options);
}

static void init_handles(struct dc_fetch *fetch, uv_loop_t *loop) {
  (void)uv_pipe_init(loop, &fetch->in, 0);
  (void)uv_pipe_init(loop, &fetch->out, 0);
  (void)uv_pipe_init(loop, &fetch->err, 0);
  (void)uv_timer_init(loop, &fetch->watchdog);
  fetch->process.data = fetch->in.data = fetch->out.data = fetch->err.data = fetch->watchdog.data = fetch;
  fetch->open = HANDLES;
}

static int talk(struct dc_fetch *fetch) {
  uv_buf_t input = uv_buf_init((char *)fetch->input.data, (unsigned)fetch->input.len);
  int rc = uv_read_start((uv_stream_t *)&fetch->out, on_alloc, on_read);
  if (!rc) rc = uv_read_start((uv_stream_t *)&fetch->err, on_alloc, on_read);
  if (!rc) rc = uv_write(&fetch->write, (uv_stream_t *)&fetch->in, &input, 1, on_written);
  return rc;
}

int dc_fetch_start(const struct dc_fetch_config *config, uv_loop_t *loop, struct dc_fetch **out, struct dc_err *err) {
  struct dc_fetch *fetch = calloc(1, sizeof *fetch);
  if (!fetch) return dc_err_nomem(err);
  fetch->done = config->done;
  fetch->user = config->user;
  fetch->answer.max = config->max + HEADER_MAX;
  dc_buf_printf(&fetch->input, "%s\n%s", config->url, config->ca_pem ? config->ca_pem : "");
  if (fetch->input.failed) {
    free(fetch);
    return dc_err_nomem(err);
  }
  init_handles(fetch, loop);
  int rc = spawn(fetch, config, loop);
  if (rc) {
    dc_err_set(&fetch->failure, DC_EIO, "cannot run '%s': %s", config->program, uv_strerror(rc));
    close_handle(&fetch->process);
  } else {
    uint64_t ms = (uint64_t)(config->timeout / (DC_SECOND / 1000)) + GRACE_MS;
    (void)uv_timer_start(&fetch->watchdog, on_watchdog, ms, 0);
    rc = talk(fetch);
  }
  if (rc) stop(fetch, DC_EIO, uv_strerror(rc));
  *out = fetch;
  return 0;
}
