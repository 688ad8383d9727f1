/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "sentry/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/os.h"
#include "sentry/flood.h"
#include "sentry/metrics.h"

enum { ACCEPTS_A_TURN = 64 };

struct listening {
  int fd;
  uv_poll_t poll;
  struct dc_listener *owner;
};

struct dc_listener {
  uv_loop_t *uv;
  struct dc_bind bound;
  struct listening sockets[DC_BIND_MAX];
  size_t polls; /* handles that libuv still holds */
  int reserve;  /* a descriptor kept for the day when there are none left: see accept_failed */
  bool paused;  /* not even the reserve was left */
  bool closing;
  dc_listener_fn *accepted;
  void *user;
};

static void take_reserve(struct dc_listener *listener) { listener->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC); }

int dc_listener_new(uv_loop_t *uv, const struct dc_bind *take_bound, struct dc_listener **out, struct dc_err *err) {
  struct dc_listener *listener = calloc(1, sizeof *listener);
  if (!listener) return dc_err_nomem(err);
  listener->uv = uv;
  listener->bound = *take_bound;
  take_reserve(listener);
  *out = listener;
  return 0;
}

const char *dc_listener_address(const struct dc_listener *listener, size_t index) {
  return index < listener->bound.count ? listener->bound.sockets[index].address : NULL;
}

/* --- accepting ---------------------------------------------------------------------------------------------------- */

static bool no_descriptor(int why) { return why == EMFILE || why == ENFILE; }

static void pause_polls(struct dc_listener *listener) {
  listener->paused = true;
  for (size_t i = 0; i < listener->polls; i++) uv_poll_stop(&listener->sockets[i].poll);
}

/* With no descriptor left a waiting connection would wake us for ever: the reserve takes it in and turns it away. The
 * reserve may be gone too, to another thread or, where the whole system has none, to anybody: then we look away for a
 * while. */
static bool accept_failed(struct dc_listener *listener, int listening) {
  if (!no_descriptor(errno)) return errno == ECONNABORTED || errno == EINTR;
  if (listener->reserve >= 0) close(listener->reserve);
  int fd = accept(listening, NULL, NULL);
  if (fd < 0 && no_descriptor(errno)) pause_polls(listener);
  if (fd >= 0) {
    close(fd);
    dc_metrics_add(DC_METRIC_TURNED_NO_DESCRIPTOR);
    dc_flood_log(DC_FLOOD_NO_DESCRIPTOR,
                 "a connection is turned away: no file descriptor is left; raise the limit (ulimit -n)");
  }
  take_reserve(listener);
  return fd >= 0;
}

static void accept_waiting(struct dc_listener *listener, int listening, int at_most) {
  for (int i = 0; i < at_most; i++) {
    int fd = dc_bind_accept(listening);
    if (fd >= 0)
      listener->accepted((uv_os_sock_t)dc_os_socket(fd), listener->user);
    else if (!accept_failed(listener, listening))
      return;
  }
}

static void on_readable(uv_poll_t *poll, int status, int events) {
  struct listening *socket = poll->data;
  (void)events;
  if (status == 0) accept_waiting(socket->owner, socket->fd, ACCEPTS_A_TURN);
}

int dc_listener_start(struct dc_listener *listener, dc_listener_fn *accepted, void *user, struct dc_err *err) {
  listener->accepted = accepted;
  listener->user = user;
  for (size_t i = 0; i < listener->bound.count; i++) {
    struct listening *socket = &listener->sockets[i];
    *socket = (struct listening){.fd = listener->bound.sockets[i].fd, .owner = listener};
    int rc = uv_poll_init_socket(listener->uv, &socket->poll, (uv_os_sock_t)dc_os_socket(socket->fd));
    if (rc == 0) {
      listener->polls++;
      socket->poll.data = socket;
      rc = uv_poll_start(&socket->poll, UV_READABLE, on_readable);
    }
    if (rc) return dc_err_set(err, DC_EIO, "cannot watch '%s': %s", listener->bound.sockets[i].address,
                              uv_strerror(rc));
  }
  return 0;
}

void dc_listener_retry(struct dc_listener *listener) {
  if (!listener || !listener->paused) return;
  listener->paused = false;
  if (listener->reserve < 0) take_reserve(listener);
  for (size_t i = 0; i < listener->polls; i++)
    (void)uv_poll_start(&listener->sockets[i].poll, UV_READABLE, on_readable);
}

static void free_when_unused(struct dc_listener *listener) {
  if (listener->polls) return;
  dc_bind_close(&listener->bound);
  if (listener->reserve >= 0) close(listener->reserve);
  free(listener);
}

static void on_poll_closed(uv_handle_t *handle) {
  struct listening *socket = handle->data;
  socket->owner->polls--;
  free_when_unused(socket->owner);
}

void dc_listener_close(struct dc_listener *listener) {
  if (!listener || listener->closing) return;
  listener->closing = true;
  size_t polls = listener->polls;
  for (size_t i = 0; i < polls; i++) {
    accept_waiting(listener, listener->sockets[i].fd, DC_BIND_BACKLOG);
    uv_close((uv_handle_t *)&listener->sockets[i].poll, on_poll_closed);
  }
  if (polls == 0) free_when_unused(listener);
}

