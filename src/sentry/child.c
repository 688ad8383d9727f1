/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "sentry/child.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/duration.h"

enum { NAME_MAX_LEN = 64, HANDLES = 5 };

/* Owned by its handles: the last one to close frees it. */
struct dc_child {
  uv_process_t process;
  uv_pipe_t in, out, err;
  uv_timer_t watchdog;
  uv_write_t write;
  unsigned open; /* handles that are not closed */
  struct dc_buf input;
  struct dc_child_end end;
  struct dc_err failure; /* the first thing that went wrong on our side */
  char name[NAME_MAX_LEN]; /* for messages */
  char chunk[16384];
  void (*done)(void *user, const struct dc_child_end *end, const struct dc_err *err);
  void *user;
};

/* --- what came of it ---------------------------------------------------------------------------------------------- */

int dc_child_check(const struct dc_child_end *end, const char *name, struct dc_err *err) {
  const char *said = end->said.len ? dc_buf_text(&end->said) : "it does not say why";
  if (end->signal) return dc_err_set(err, DC_EUNAVAIL, "%s was ended by signal %d: %s", name, end->signal, said);
  if (end->status)
    return dc_err_set(err, DC_EUNAVAIL, "%s ended with status %" PRId64 ": %s", name, end->status, said);
  return 0;
}

static void finish(struct dc_child *child) {
  struct dc_buf *said = &child->end.said;
  while (said->len > 0 && said->data[said->len - 1] == '\n') dc_buf_truncate(said, said->len - 1);
  child->done(child->user, &child->end, &child->failure);
  dc_buf_free(&child->input);
  dc_buf_free(&child->end.answer);
  dc_buf_free(said);
  free(child);
}

/* --- its end ------------------------------------------------------------------------------------------------------ */

static void on_closed(uv_handle_t *handle) {
  struct dc_child *child = handle->data;
  if (--child->open == 0) finish(child);
}

static void close_handle(void *handle) {
  if (!uv_is_closing(handle)) uv_close(handle, on_closed);
}

static bool is_closing(const void *handle) { return uv_is_closing(handle); }

/* It has ended, and nobody has an end of its pipes: what is left closes too. */
static void settle(struct dc_child *child) {
  if (!is_closing(&child->process) || !is_closing(&child->out) || !is_closing(&child->err)) return;
  close_handle(&child->in);
  close_handle(&child->watchdog);
}

/* The pipes are not waited for: a child of its own may keep them open. */
static void stop(struct dc_child *child, enum dc_code code, const char *why) {
  if (!child->failure.code) dc_err_set(&child->failure, code, "%s", why);
  if (!is_closing(&child->process)) (void)uv_process_kill(&child->process, SIGKILL);
  close_handle(&child->in);
  close_handle(&child->out);
  close_handle(&child->err);
  settle(child);
}

void dc_child_abort(struct dc_child *child) { stop(child, DC_EUNAVAIL, "it was cut short"); }

static void on_watchdog(uv_timer_t *timer) {
  struct dc_child *child = timer->data;
  char why[NAME_MAX_LEN + 32];
  snprintf(why, sizeof why, "%s did not end in its time", child->name);
  stop(child, DC_ETIMEOUT, why);
}

static void on_ended(uv_process_t *process, int64_t status, int signal) {
  struct dc_child *child = process->data;
  child->end.status = status;
  child->end.signal = signal;
  close_handle(process);
  settle(child);
}

/* --- its pipes ---------------------------------------------------------------------------------------------------- */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf) {
  struct dc_child *child = handle->data;
  (void)suggested;
  *buf = uv_buf_init(child->chunk, sizeof child->chunk);
}

/* More than that is read and dropped, so that the program is not stopped by it. */
static void take_said(struct dc_child *child, size_t n) {
  size_t room = DC_CHILD_SAID_MAX - child->end.said.len;
  dc_buf_add(&child->end.said, child->chunk, n < room ? n : room);
}

static void take_answer(struct dc_child *child, size_t n) {
  char why[NAME_MAX_LEN + 48];
  dc_buf_add(&child->end.answer, child->chunk, n);
  if (!child->end.answer.failed) return;
  snprintf(why, sizeof why, "the answer of %s is larger than accepted", child->name);
  stop(child, DC_ELIMIT, why);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf) {
  struct dc_child *child = stream->data;
  (void)buf;
  if (n < 0) {
    close_handle(stream);
    settle(child);
  } else if (stream == (uv_stream_t *)&child->err) {
    take_said(child, (size_t)n);
  } else if (n > 0) {
    take_answer(child, (size_t)n);
  }
}

/* Whether or not all of it was read: the status tells. */
static void on_written(uv_write_t *write, int status) {
  (void)status;
  close_handle(write->handle);
}

/* --- its beginning ------------------------------------------------------------------------------------------------ */

static int spawn(struct dc_child *child, const struct dc_child_config *config, uv_loop_t *loop) {
  uv_stdio_container_t stdio[] = {
      {.flags = UV_CREATE_PIPE | UV_READABLE_PIPE, .data.stream = (uv_stream_t *)&child->in},
      {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&child->out},
      {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&child->err},
  };
  const uv_process_options_t options = {.file = config->argv[0],
                                        .args = (char **)(uintptr_t)config->argv,
                                        .stdio = stdio,
                                        .stdio_count = DC_COUNT(stdio),
                                        .flags = UV_PROCESS_WINDOWS_HIDE,
                                        .exit_cb = on_ended};
  return uv_spawn(loop, &child->process, &options);
}

static void init_handles(struct dc_child *child, uv_loop_t *loop) {
  (void)uv_pipe_init(loop, &child->in, 0);
  (void)uv_pipe_init(loop, &child->out, 0);
  (void)uv_pipe_init(loop, &child->err, 0);
  (void)uv_timer_init(loop, &child->watchdog);
  child->process.data = child->in.data = child->out.data = child->err.data = child->watchdog.data = child;
  child->open = HANDLES;
}

static int talk(struct dc_child *child) {
  uv_buf_t input = uv_buf_init((char *)child->input.data, (unsigned)child->input.len);
  int rc = uv_read_start((uv_stream_t *)&child->out, on_alloc, on_read);
  if (!rc) rc = uv_read_start((uv_stream_t *)&child->err, on_alloc, on_read);
  if (!rc && input.len > 0) rc = uv_write(&child->write, (uv_stream_t *)&child->in, &input, 1, on_written);
  if (!rc && input.len == 0) close_handle(&child->in);
  return rc;
}

int dc_child_start(const struct dc_child_config *config, uv_loop_t *loop, struct dc_child **out, struct dc_err *err) {
  struct dc_child *child = calloc(1, sizeof *child);
  const char *slash = strrchr(config->argv[0], '/');
  if (!child) return dc_err_nomem(err);
  child->done = config->done;
  child->user = config->user;
  child->end.answer.max = config->max;
  snprintf(child->name, sizeof child->name, "%s", slash ? slash + 1 : config->argv[0]);
  dc_buf_add(&child->input, config->input.data, config->input.len);
  if (child->input.failed) {
    free(child);
    return dc_err_nomem(err);
  }
  init_handles(child, loop);
  int rc = spawn(child, config, loop);
  if (rc) {
    dc_err_set(&child->failure, DC_EIO, "cannot run '%s': %s", config->argv[0], uv_strerror(rc));
    close_handle(&child->process);
  } else {
    (void)uv_timer_start(&child->watchdog, on_watchdog, (uint64_t)(config->timeout / (DC_SECOND / 1000)), 0);
    rc = talk(child);
  }
  if (rc) stop(child, DC_EIO, uv_strerror(rc));
  *out = child;
  return 0;
}
