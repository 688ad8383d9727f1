/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "sentry/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"

static const char scope[] = "dapr.sentry.server";

enum { SOCKETS_MAX = 16, BACKLOG = 1024, PORT_TRIES = 16, ADDRESS_TEXT_MAX = 64, ACCEPTS_A_TURN = 64 };

struct listening {
  int fd;
  uv_poll_t poll;
  struct dc_listener *owner;
  char address[ADDRESS_TEXT_MAX];
};

struct dc_listener {
  uv_loop_t *uv;
  struct listening sockets[SOCKETS_MAX];
  size_t count;
  size_t polls; /* handles that libuv still holds */
  int reserve;  /* a descriptor kept for the day when there are none left: see accept_failed */
  bool closing;
  dc_listener_fn *accepted;
  void *user;
};

/* --- binding -------------------------------------------------------------------------------------------------------------- */

static int make_nonblocking(int fd) {
  int flags = fcntl(fd, F_GETFL);
  if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) return -1;
  return fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static void write_address(struct listening *socket) {
  struct sockaddr_storage address;
  socklen_t size = sizeof address;
  char host[INET6_ADDRSTRLEN] = "?", port[8] = "?";
  if (getsockname(socket->fd, (struct sockaddr *)&address, &size) == 0)
    (void)getnameinfo((struct sockaddr *)&address, size, host, sizeof host, port, sizeof port,
                      NI_NUMERICHOST | NI_NUMERICSERV);
  snprintf(socket->address, sizeof socket->address, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
}

static uint16_t bound_port(int fd) {
  struct sockaddr_storage address;
  socklen_t size = sizeof address;
  if (getsockname(fd, (struct sockaddr *)&address, &size)) return 0;
  return ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                                             : ((struct sockaddr_in *)&address)->sin_port);
}

static int listen_on(const struct addrinfo *info, uint16_t port, bool both_families, int *out) {
  struct sockaddr_storage address;
  int on = 1, v6_only = both_families ? 0 : 1, fd = socket(info->ai_family, SOCK_STREAM, 0);
  if (fd < 0) return errno;
  memcpy(&address, info->ai_addr, info->ai_addrlen);
  if (info->ai_family == AF_INET6) {
    ((struct sockaddr_in6 *)&address)->sin6_port = htons(port);
    (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, sizeof v6_only);
  } else {
    ((struct sockaddr_in *)&address)->sin_port = htons(port);
  }
  if (make_nonblocking(fd) || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) ||
      bind(fd, (struct sockaddr *)&address, info->ai_addrlen) || listen(fd, BACKLOG)) {
    int why = errno;
    close(fd);
    return why;
  }
  *out = fd;
  return 0;
}

static bool family_missing(int why) {
  return why == EAFNOSUPPORT || why == EADDRNOTAVAIL || why == EPROTONOSUPPORT;
}

static int bind_error(struct dc_err *err, int why, const char *address, uint16_t port) {
  if (why == EADDRINUSE)
    return dc_err_set(err, DC_EBUSY, "cannot listen on '%s' port %u: another program uses it; choose one by --port",
                      address, (unsigned)port);
  return dc_err_sys(err, why, "cannot listen on '%s' port %u", address, (unsigned)port);
}

/* Every address of one name. *PORT is the port of the first socket from then on. Returns an errno too, for the caller
 * that may try again with another port. */
static int bind_name(struct dc_listener *listener, const char *name, uint16_t *port, int *why, struct dc_err *err) {
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *list = NULL;
  bool any = name[0] == '\0'; /* every interface, both families on one socket */
  if (any) hints.ai_family = AF_INET6;
  int rc = getaddrinfo(any ? "::" : name, "0", &hints, &list);
  if (rc) return dc_err_set(err, DC_EINVAL, "cannot listen on '%s': %s", name, gai_strerror(rc));
  *why = 0;
  for (const struct addrinfo *info = list; info && listener->count < SOCKETS_MAX; info = info->ai_next) {
    struct listening *socket = &listener->sockets[listener->count];
    int failed = listen_on(info, *port, any, &socket->fd);
    if (failed) {
      *why = failed;
      if (family_missing(failed)) continue;
      break;
    }
    *why = 0;
    socket->owner = listener;
    listener->count++;
    if (*port == 0) *port = bound_port(socket->fd);
    write_address(socket);
  }
  freeaddrinfo(list);
  return 0;
}

static void close_sockets(struct dc_listener *listener) {
  for (size_t i = 0; i < listener->count; i++) close(listener->sockets[i].fd);
  listener->count = 0;
}

static int bind_all(struct dc_listener *listener, const char *const *addresses, uint16_t port, bool *again,
                    struct dc_err *err) {
  uint16_t chosen = port;
  int last_why = 0;
  const char *last = "";
  for (size_t i = 0; addresses[i]; i++) {
    int why = 0, rc = bind_name(listener, addresses[i], &chosen, &why, err);
    if (rc) return rc;
    if (!why) continue;
    last_why = why;
    last = addresses[i];
    if (family_missing(why)) continue;
    *again = port == 0 && why == EADDRINUSE; /* free for the first address, taken for another */
    return bind_error(err, why, addresses[i], chosen);
  }
  return listener->count ? 0 : bind_error(err, last_why, last, port);
}

int dc_listener_new(uv_loop_t *uv, const char *const *addresses, uint16_t port, struct dc_listener **out,
                    struct dc_err *err) {
  struct dc_listener *listener = calloc(1, sizeof *listener);
  if (!listener) return dc_err_nomem(err);
  listener->uv = uv;
  listener->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
  int rc = 0;
  for (int i = 0; i < PORT_TRIES; i++) {
    bool again = false;
    rc = bind_all(listener, addresses, port, &again, err);
    if (rc == 0 || !again) break;
    close_sockets(listener);
  }
  if (rc) {
    dc_listener_close(listener);
    return rc;
  }
  *out = listener;
  return 0;
}

const char *dc_listener_address(const struct dc_listener *listener, size_t index) {
  return index < listener->count ? listener->sockets[index].address : NULL;
}

/* --- accepting -------------------------------------------------------------------------------------------------------------- */

static int accept_one(int listening) {
#ifdef HAVE_ACCEPT4
  return accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
#else
  int fd = accept(listening, NULL, NULL);
  if (fd >= 0 && make_nonblocking(fd)) {
    close(fd);
    errno = ECONNABORTED;
    return -1;
  }
  return fd;
#endif
}

/* With no descriptor left a waiting connection would wake us for ever: the reserve takes it in and turns it away. */
static bool accept_failed(struct dc_listener *listener, int listening) {
  if (errno != EMFILE && errno != ENFILE) return errno == ECONNABORTED || errno == EINTR;
  dc_log_write(DC_LOG_ERROR, scope, "a connection is turned away: no file descriptor is left; raise the limit (ulimit -n)");
  if (listener->reserve >= 0) close(listener->reserve);
  int fd = accept(listening, NULL, NULL);
  if (fd >= 0) close(fd);
  listener->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
  return fd >= 0;
}

static void accept_waiting(struct dc_listener *listener, int listening, int at_most) {
  for (int i = 0; i < at_most; i++) {
    int fd = accept_one(listening);
    if (fd >= 0)
      listener->accepted(fd, listener->user);
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
  for (size_t i = 0; i < listener->count; i++) {
    struct listening *socket = &listener->sockets[i];
    int rc = uv_poll_init_socket(listener->uv, &socket->poll, socket->fd);
    if (rc == 0) {
      listener->polls++;
      socket->poll.data = socket;
      rc = uv_poll_start(&socket->poll, UV_READABLE, on_readable);
    }
    if (rc) return dc_err_set(err, DC_EIO, "cannot watch '%s': %s", socket->address, uv_strerror(rc));
  }
  return 0;
}

static void free_when_unused(struct dc_listener *listener) {
  if (listener->polls) return;
  close_sockets(listener);
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
    accept_waiting(listener, listener->sockets[i].fd, BACKLOG);
    uv_close((uv_handle_t *)&listener->sockets[i].poll, on_poll_closed);
  }
  if (polls == 0) free_when_unused(listener);
}

