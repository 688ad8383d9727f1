/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "sentry/bind.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "sentry/systemd.h"

enum { PORT_TRIES = 16 };
static const char unix_prefix[] = "unix:";

static int make_nonblocking(int fd) {
  int flags = fcntl(fd, F_GETFL);
  if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) return -1;
  return fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static void write_address(struct dc_bound *bound) {
  struct sockaddr_storage address;
  socklen_t size = sizeof address;
  char host[INET6_ADDRSTRLEN] = "?", port[8] = "?";
  memset(&address, 0, sizeof address);
  if (getsockname(bound->fd, (struct sockaddr *)&address, &size) == 0 && address.ss_family == AF_UNIX) {
    const struct sockaddr_un *local = (const struct sockaddr_un *)&address;
    snprintf(bound->address, sizeof bound->address, "%s%.*s", unix_prefix, (int)sizeof local->sun_path,
             local->sun_path);
    return;
  }
  (void)getnameinfo((struct sockaddr *)&address, size, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV);
  snprintf(bound->address, sizeof bound->address, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
}

static void add(struct dc_bind *bound, int take_fd) {
  struct dc_bound *socket = &bound->sockets[bound->count++];
  *socket = (struct dc_bound){.fd = take_fd};
  write_address(socket);
}

/* --- TCP ---------------------------------------------------------------------------------------------------------- */

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
      bind(fd, (struct sockaddr *)&address, info->ai_addrlen) || listen(fd, DC_BIND_BACKLOG)) {
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
    return dc_err_set(err, DC_EBUSY, "cannot listen on '%s' port %u: another program uses it; choose another port",
                      address, (unsigned)port);
  return dc_err_sys(err, why, "cannot listen on '%s' port %u", address, (unsigned)port);
}

static int resolve(const char *name, struct addrinfo **list, struct dc_err *err) {
  const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
  int rc = getaddrinfo(name, "0", &hints, list);
  return rc ? dc_err_set(err, DC_EINVAL, "cannot listen on '%s': %s", name, gai_strerror(rc)) : 0;
}

/* Every address of one name. *PORT is the port of the first socket from then on. *WHY is an errno, for the caller that
 * may try again with another port. */
static int bind_name(struct dc_bind *bound, const char *name, bool both_families, uint16_t *port, int *why,
                     struct dc_err *err) {
  struct addrinfo *list = NULL;
  int rc = resolve(name, &list, err);
  if (rc) return rc;
  *why = 0;
  for (const struct addrinfo *info = list; info && bound->count < DC_BIND_MAX; info = info->ai_next) {
    int fd = -1, failed = listen_on(info, *port, both_families, &fd);
    if (failed) {
      *why = failed;
      if (family_missing(failed)) continue;
      break;
    }
    *why = 0;
    add(bound, fd);
    if (*port == 0) *port = bound_port(fd);
  }
  freeaddrinfo(list);
  return 0;
}

/* Without a name every interface: both families on one socket, and IPv4 alone where there is no IPv6. */
static int bind_host(struct dc_bind *bound, const char *name, uint16_t *port, int *why, struct dc_err *err) {
  if (*name) return bind_name(bound, name, false, port, why, err);
  int rc = bind_name(bound, "::", true, port, why, err);
  return rc || !family_missing(*why) ? rc : bind_name(bound, "0.0.0.0", false, port, why, err);
}

/* --- Unix-domain -------------------------------------------------------------------------------------------------- */

/* A socket's file that nobody listens at any more is in the way of the next start alone. */
static void remove_stale(const struct sockaddr_un *address) {
  struct stat status;
  if (lstat(address->sun_path, &status) || !S_ISSOCK(status.st_mode)) return;
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd < 0) return;
  if (make_nonblocking(fd) == 0 && connect(fd, (const struct sockaddr *)address, sizeof *address) && errno == ECONNREFUSED)
    (void)unlink(address->sun_path);
  close(fd);
}

static void mark_made(struct dc_bound *socket, const char *path) {
  struct stat status;
  if (lstat(path, &status)) return;
  socket->device = status.st_dev;
  socket->inode = status.st_ino;
}

/* What has taken its place since is somebody else's. */
static void remove_made(const struct dc_bound *socket, const char *path) {
  struct stat status;
  if (lstat(path, &status) == 0 && status.st_dev == socket->device && status.st_ino == socket->inode)
    (void)unlink(path);
}

static int take_path(const char *path, struct sockaddr_un *address, struct dc_err *err) {
  size_t n = strlen(path);
  if (n == 0 || n >= sizeof address->sun_path)
    return dc_err_set(err, DC_EINVAL, "cannot listen on '%s%s': a path of 1 to %zu bytes is needed", unix_prefix, path,
                      sizeof address->sun_path - 1);
  memcpy(address->sun_path, path, n);
  return 0;
}

static int bind_unix(struct dc_bind *bound, const char *path, struct dc_err *err) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int rc = take_path(path, &address, err);
  if (rc) return rc;
  remove_stale(&address);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd < 0) return dc_err_sys(err, errno, "cannot listen on '%s%s'", unix_prefix, path);
  if (make_nonblocking(fd) || bind(fd, (struct sockaddr *)&address, sizeof address) || listen(fd, DC_BIND_BACKLOG)) {
    int why = errno;
    close(fd);
    if (why != EADDRINUSE) return dc_err_sys(err, why, "cannot listen on '%s%s'", unix_prefix, path);
    return dc_err_set(err, DC_EBUSY, "cannot listen on '%s%s': another program does, or it is no socket; remove it, or "
                      "choose another path", unix_prefix, path);
  }
  add(bound, fd);
  mark_made(&bound->sockets[bound->count - 1], path);
  return 0;
}

static const char *unix_path(const char *address) {
  size_t n = sizeof unix_prefix - 1;
  return strncmp(address, unix_prefix, n) == 0 ? address + n : NULL;
}

/* --- all of them -------------------------------------------------------------------------------------------------- */

static int bind_all(struct dc_bind *bound, const char *const *addresses, uint16_t port, bool *again,
                    struct dc_err *err) {
  uint16_t chosen = port;
  int last_why = 0;
  const char *last = "";
  for (size_t i = 0; addresses[i]; i++) {
    const char *path = unix_path(addresses[i]);
    int why = 0, rc = path ? bind_unix(bound, path, err) : bind_host(bound, addresses[i], &chosen, &why, err);
    if (rc) return rc;
    if (!why) continue;
    last_why = why;
    last = addresses[i];
    if (family_missing(why)) continue;
    *again = port == 0 && why == EADDRINUSE; /* free for the first address, taken for another */
    return bind_error(err, why, addresses[i], chosen);
  }
  return bound->count ? 0 : bind_error(err, last_why, last, port);
}

int dc_bind(struct dc_bind *bound, const char *const *addresses, uint16_t port, struct dc_err *err) {
  int rc = 0;
  for (int i = 0; i < PORT_TRIES; i++) {
    bool again = false;
    rc = bind_all(bound, addresses, port, &again, err);
    if (rc == 0) return 0;
    dc_bind_close(bound);
    if (!again) break;
  }
  return rc;
}

int dc_bind_check(const char *const *addresses, struct dc_err *err) {
  int rc = 0;
  for (size_t i = 0; addresses[i] && !rc; i++) {
    const char *path = unix_path(addresses[i]);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct addrinfo *list = NULL;
    if (path)
      rc = take_path(path, &address, err);
    else if (*addresses[i])
      rc = resolve(addresses[i], &list, err);
    if (list) freeaddrinfo(list);
  }
  return rc;
}

int dc_bind_take(struct dc_bind *bound, const int *take_fds, size_t count, struct dc_err *err) {
  for (size_t i = 0; i < count && bound->count < DC_BIND_MAX; i++) {
    int listens = 0;
    socklen_t size = sizeof listens;
    if (getsockopt(take_fds[i], SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) || !listens || make_nonblocking(take_fds[i]))
      return dc_err_set(err, DC_EINVAL, "descriptor %d, passed by the service manager, is no listening socket",
                        take_fds[i]);
    add(bound, take_fds[i]);
  }
  return 0;
}

int dc_bind_listener(struct dc_bind *bound, const char *name, const char *const *addresses, uint16_t port, bool *passed,
                     struct dc_err *err) {
  int fds[DC_BIND_MAX];
  size_t count = dc_systemd_listen_fds(name, fds, DC_COUNT(fds));
  *passed = count > 0;
  if (!*passed) return dc_bind(bound, addresses, port, err);
  int rc = dc_bind_take(bound, fds, count, err);
  if (rc) dc_bind_close(bound);
  return rc;
}

int dc_bind_accept(int listening) {
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

void dc_bind_close(struct dc_bind *bound) {
  for (size_t i = 0; i < bound->count; i++) {
    const char *path = unix_path(bound->sockets[i].address);
    if (path) remove_made(&bound->sockets[i], path);
    if (bound->sockets[i].fd >= 0) close(bound->sockets[i].fd);
  }
  *bound = (struct dc_bind)DC_BIND_INIT;
}
