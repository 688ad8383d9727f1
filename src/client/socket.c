/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "client/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0 /* systems without it have SO_NOSIGPIPE: see connect_one */
#endif

enum { PORT_MAX = 16 };

int dc_socket_split(const char *address, char host[static DC_SOCKET_HOST_MAX], char port[static 16],
                    struct dc_err *err) {
  const char *colon = strrchr(address, ':');
  const char *begin = address, *end = colon;
  if (colon && address[0] == '[' && colon > address && colon[-1] == ']') {
    begin = address + 1;
    end = colon - 1;
  }
  bool number = colon && colon[strspn(colon + 1, "0123456789") + 1] == '\0';
  bool bare_v6 = colon && begin == address && memchr(address, ':', (size_t)(colon - address)) != NULL;
  size_t host_len = colon ? (size_t)(end - begin) : 0, port_len = colon ? strlen(colon + 1) : 0;
  if (!colon || bare_v6 || port_len == 0 || port_len >= PORT_MAX || host_len >= DC_SOCKET_HOST_MAX ||
      (number && strtoll(colon + 1, NULL, 10) > UINT16_MAX)) /* getaddrinfo would take what is left of it */
    return dc_err_set(err, DC_EINVAL, "'%s' is no address: HOST:PORT is expected, [HOST]:PORT for IPv6", address);
  memcpy(host, begin, host_len);
  host[host_len] = '\0';
  if (host_len == 0) strcpy(host, "localhost");
  strcpy(port, colon + 1);
  return 0;
}

static bool would_block(int why) {
#if EAGAIN != EWOULDBLOCK
  if (why == EWOULDBLOCK) return true;
#endif
  return why == EAGAIN;
}

/* 1 ready, 0 time is up, negative errno. */
static int wait_for(int fd, short events, int64_t deadline) {
  for (;;) {
    int64_t left = deadline - dc_clock_mono_ms();
    if (left <= 0) return 0;
    struct pollfd poll_fd = {.fd = fd, .events = events};
    int rc = poll(&poll_fd, 1, left > INT_MAX ? INT_MAX : (int)left);
    if (rc > 0) return 1;
    if (rc < 0 && errno != EINTR) return -errno;
  }
}

/* 0 or an errno. */
static int connect_one(const struct addrinfo *info, int64_t deadline, int *out) {
  int fd = socket(info->ai_family, info->ai_socktype, info->ai_protocol), on = 1, why = 0;
  if (fd < 0) return errno;
  socklen_t size = sizeof why;
  if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
    why = errno;
  else if (connect(fd, info->ai_addr, info->ai_addrlen) && errno != EINPROGRESS)
    why = errno;
  else {
    int ready = wait_for(fd, POLLOUT, deadline);
    if (ready == 0)
      why = ETIMEDOUT;
    else if (ready < 0)
      why = -ready;
    else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &why, &size))
      why = errno;
  }
  if (why) {
    close(fd);
    return why;
  }
  (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
#ifdef SO_NOSIGPIPE
  (void)setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#endif
  *out = fd;
  return 0;
}

int dc_socket_connect(const char *host, const char *port, int64_t deadline, int *fd, struct dc_err *err) {
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
  int rc = getaddrinfo(host, port, &hints, &list), why = 0;
  if (rc) return dc_err_set(err, DC_EUNAVAIL, "cannot find the host: %s", gai_strerror(rc));
  for (const struct addrinfo *info = list; info; info = info->ai_next) {
    why = connect_one(info, deadline, fd);
    if (why == 0 || why == ETIMEDOUT) break;
  }
  freeaddrinfo(list);
  if (why == 0) return 0;
  return dc_err_set(err, why == ETIMEDOUT ? DC_ETIMEOUT : DC_EUNAVAIL, "cannot connect: %s", strerror(why));
}

static int wait_error(int ready, const char *what, struct dc_err *err) {
  if (ready == 0) return dc_err_set(err, DC_ETIMEOUT, "no answer in time");
  return dc_err_sys(err, -ready, "%s", what);
}

int dc_socket_write(int fd, const void *bytes, size_t n, int64_t deadline, struct dc_err *err) {
  enum { PIECE = 65536 }; /* Windows may take all that one call has, however much, and no time would end it */
  const char *at = bytes;
  while (n > 0) {
    ssize_t sent = send(fd, at, n < PIECE ? n : PIECE, MSG_NOSIGNAL);
    if (sent >= 0) {
      at += sent;
      n -= (size_t)sent;
      continue;
    }
    if (errno == EINTR) continue;
    if (!would_block(errno))
      return dc_err_set(err, DC_EUNAVAIL, "the connection broke: %s", strerror(errno));
    int ready = wait_for(fd, POLLOUT, deadline);
    if (ready <= 0) return wait_error(ready, "cannot write", err);
  }
  return 0;
}

int dc_socket_read(int fd, void *room, size_t size, int64_t deadline, struct dc_err *err) {
  for (;;) {
    int ready = wait_for(fd, POLLIN, deadline);
    if (ready <= 0) return wait_error(ready, "cannot read", err);
    ssize_t n = recv(fd, room, size, 0);
    if (n >= 0) return (int)n;
    if (errno != EINTR && !would_block(errno))
      return dc_err_set(err, DC_EUNAVAIL, "the connection broke: %s", strerror(errno));
  }
}
