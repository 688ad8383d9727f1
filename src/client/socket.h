/* SPDX-License-Identifier: Apache-2.0 */
/* A blocking TCP socket with a deadline. Deadlines are instants of dc_clock_mono_ms. */
#ifndef DC_CLIENT_SOCKET_H
#define DC_CLIENT_SOCKET_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { DC_SOCKET_HOST_MAX = 256 };

/* "host:port", "[v6]:port" or ":port" (localhost) into its parts. DC_EINVAL. */
int dc_socket_split(const char *address, char host[static DC_SOCKET_HOST_MAX], char port[static 16],
                    struct dc_err *err) DC_NODISCARD;
/* Tries each address that HOST has. DC_EUNAVAIL: refused, unreachable, unknown host; DC_ETIMEOUT. */
int dc_socket_connect(const char *host, const char *port, int64_t deadline, int *fd, struct dc_err *err) DC_NODISCARD;
int dc_socket_write(int fd, const void *bytes, size_t n, int64_t deadline, struct dc_err *err) DC_NODISCARD;
/* Bytes read; 0: the peer has closed. */
int dc_socket_read(int fd, void *room, size_t size, int64_t deadline, struct dc_err *err) DC_NODISCARD;

#endif
