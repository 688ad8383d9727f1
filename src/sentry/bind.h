/* SPDX-License-Identifier: Apache-2.0 */
/* Listening sockets, bound and not yet accepted from: the gRPC server's, health's, metrics', OIDC's. */
#ifndef DC_SENTRY_BIND_H
#define DC_SENTRY_BIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

enum { DC_BIND_MAX = 16, DC_BIND_TEXT_MAX = 128, DC_BIND_BACKLOG = 1024 };

struct dc_bound {
  int fd; /* non-blocking, closed on exec */
  char address[DC_BIND_TEXT_MAX]; /* "127.0.0.1:50001", "[::1]:50001", "unix:/run/x" */
  dev_t device; /* the file that we made for a Unix-domain socket: */
  ino_t inode;  /* 0: none */
};

struct dc_bind {
  struct dc_bound sockets[DC_BIND_MAX];
  size_t count;
};
#define DC_BIND_INIT {.count = 0}

/* Binds each of ADDRESSES (NULL-terminated): an IP address; a name, all that it resolves to; "", every interface, both
 * families on one socket; "unix:PATH", a Unix-domain socket, in place of a stale one; its file's mode is 0777 less the
 * umask, which thereby says who may connect. On PORT; with 0 on one free port, the same for all. An address family that
 * this machine lacks is passed over as long as one address remains. DC_EBUSY: taken; DC_EACCES, DC_EINVAL. */
int dc_bind(struct dc_bind *bound, const char *const *addresses, uint16_t port, struct dc_err *err) DC_NODISCARD;
/* Whether each of ADDRESSES is one, or a name that resolves to some. Nothing is bound. DC_EINVAL. */
int dc_bind_check(const char *const *addresses, struct dc_err *err) DC_NODISCARD;
/* Takes over COUNT sockets that listen already. DC_EINVAL: one does not. */
int dc_bind_take(struct dc_bind *bound, const int *take_fds, size_t count, struct dc_err *err) DC_NODISCARD;
/* The sockets that the service manager passed for the listener NAME (dc_systemd_listen_fds), *PASSED then; without any
 * those of dc_bind. On failure BOUND is DC_BIND_INIT. */
int dc_bind_listener(struct dc_bind *bound, const char *name, const char *const *addresses, uint16_t port, bool *passed,
                     struct dc_err *err) DC_NODISCARD;
/* accept(2): a descriptor, non-blocking and closed on exec, or -1 with errno. */
int dc_bind_accept(int listening);
/* Closes the sockets and removes the files that dc_bind made, where they are still there; leaves DC_BIND_INIT. */
void dc_bind_close(struct dc_bind *bound);

#endif
