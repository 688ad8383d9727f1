/* SPDX-License-Identifier: Apache-2.0 */
/* poll(2) of sockets. */
#ifndef DC_BASE_WINDOWS_POLL_H
#define DC_BASE_WINDOWS_POLL_H

#include <sys/socket.h>

struct dc_posix_pollfd {
  int fd;
  short events, revents;
};
#define pollfd dc_posix_pollfd
#define poll dc_posix_poll
int dc_posix_poll(struct dc_posix_pollfd *fds, size_t count, int milliseconds);

#endif
