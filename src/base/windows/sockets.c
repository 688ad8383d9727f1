/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors that are sockets, and what reads, writes and closes either kind. */
#include <config.h>

#include "base/windows/posix.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>

#undef socket
#undef accept
#undef bind
#undef listen
#undef connect
#undef getsockname
#undef getpeername
#undef getsockopt
#undef setsockopt
#undef recv
#undef send
#undef shutdown
#undef getaddrinfo
#undef fcntl
#undef read
#undef write
#undef close

static bool is_socket(int fd) { return fd >= DC_POSIX_SOCKET; }

uintptr_t dc_posix_handle(int fd) { return is_socket(fd) ? (uintptr_t)(fd - DC_POSIX_SOCKET) : INVALID_SOCKET; }

/* A handle's value fits into 32 bits, of which the upper ones are never used. */
int dc_posix_descriptor(uintptr_t handle) { return (int)handle + DC_POSIX_SOCKET; }

static int fail(void) {
  static const struct {
    int windows, posix;
  } rows[] = {
    {WSAEWOULDBLOCK, EAGAIN},         {WSAEINPROGRESS, EINPROGRESS},   {WSAEALREADY, EALREADY},
    {WSAEADDRINUSE, EADDRINUSE},      {WSAEADDRNOTAVAIL, EADDRNOTAVAIL}, {WSAEAFNOSUPPORT, EAFNOSUPPORT},
    {WSAENETDOWN, ENETDOWN},          {WSAENETUNREACH, ENETUNREACH},   {WSAECONNABORTED, ECONNABORTED},
    {WSAECONNRESET, ECONNRESET},      {WSAEISCONN, EISCONN},           {WSAENOTCONN, ENOTCONN},
    {WSAETIMEDOUT, ETIMEDOUT},        {WSAECONNREFUSED, ECONNREFUSED}, {WSAEHOSTUNREACH, EHOSTUNREACH},
    {WSAEACCES, EACCES},              {WSAEINVAL, EINVAL},             {WSAEMFILE, EMFILE},
    {WSAENOBUFS, ENOMEM},             {WSAEINTR, EINTR},               {WSAESHUTDOWN, EPIPE},
  };
  int why = WSAGetLastError();
  errno = EIO;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    if (rows[i].windows == why) errno = rows[i].posix;
  return -1;
}

static void begin(void) {
  static INIT_ONCE once = INIT_ONCE_STATIC_INIT;
  BOOL first = FALSE;
  WSADATA data;
  if (!InitOnceBeginInitialize(&once, 0, &first, NULL) || !first) return;
  (void)!WSAStartup(MAKEWORD(2, 2), &data);
  InitOnceComplete(&once, 0, NULL);
}

static int take(SOCKET made) {
  if (made == INVALID_SOCKET) return fail();
  (void)SetHandleInformation((HANDLE)made, HANDLE_FLAG_INHERIT, 0);
  return dc_posix_descriptor(made);
}

int dc_posix_socket(int family, int type, int protocol) {
  begin();
  return take(socket(family, type, protocol));
}

int dc_posix_accept(int fd, struct sockaddr *address, socklen_t *size) {
  return take(accept(dc_posix_handle(fd), address, size));
}

int dc_posix_bind(int fd, const struct sockaddr *address, socklen_t size) {
  return bind(dc_posix_handle(fd), address, size) ? fail() : 0;
}

int dc_posix_listen(int fd, int backlog) { return listen(dc_posix_handle(fd), backlog) ? fail() : 0; }

/* One that does not wait is under way, as POSIX has it. */
int dc_posix_connect(int fd, const struct sockaddr *address, socklen_t size) {
  if (connect(dc_posix_handle(fd), address, size) == 0) return 0;
  if (WSAGetLastError() == WSAEWOULDBLOCK) WSASetLastError(WSAEINPROGRESS);
  return fail();
}

int dc_posix_getsockname(int fd, struct sockaddr *address, socklen_t *size) {
  return getsockname(dc_posix_handle(fd), address, size) ? fail() : 0;
}

int dc_posix_getpeername(int fd, struct sockaddr *address, socklen_t *size) {
  return getpeername(dc_posix_handle(fd), address, size) ? fail() : 0;
}

int dc_posix_getsockopt(int fd, int level, int name, void *value, socklen_t *size) {
  if (getsockopt(dc_posix_handle(fd), level, name, value, size)) return fail();
  if (level == SOL_SOCKET && name == SO_ERROR && *(int *)value) {
    WSASetLastError(*(int *)value);
    (void)fail();
    *(int *)value = errno;
  }
  return 0;
}

int dc_posix_setsockopt(int fd, int level, int name, const void *value, socklen_t size) {
  return setsockopt(dc_posix_handle(fd), level, name, value, size) ? fail() : 0;
}

static int length_of(size_t n) { return n > INT_MAX ? INT_MAX : (int)n; }

ssize_t dc_posix_recv(int fd, void *bytes, size_t n, int flags) {
  int got = recv(dc_posix_handle(fd), bytes, length_of(n), flags);
  return got < 0 ? fail() : got;
}

ssize_t dc_posix_send(int fd, const void *bytes, size_t n, int flags) {
  int sent = send(dc_posix_handle(fd), bytes, length_of(n), flags);
  return sent < 0 ? fail() : sent;
}

int dc_posix_shutdown(int fd, int how) { return shutdown(dc_posix_handle(fd), how) ? fail() : 0; }

int dc_posix_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
  begin();
  return getaddrinfo(node, service, hints, found);
}

/* Files and terminals stay as they are. */
static int set_pipe(int fd, bool at_once) {
  HANDLE handle = (HANDLE)_get_osfhandle(fd);
  DWORD mode = PIPE_READMODE_BYTE | (at_once ? PIPE_NOWAIT : PIPE_WAIT);
  if (GetFileType(handle) != FILE_TYPE_PIPE) return 0;
  if (SetNamedPipeHandleState(handle, &mode, NULL, NULL)) return 0;
  errno = dc_posix_errno(GetLastError());
  return -1;
}

int dc_posix_fcntl(int fd, int what, ...) {
  va_list args;
  WSAPROTOCOL_INFOW copy;
  if (what == F_DUPFD_CLOEXEC)
    return WSADuplicateSocketW(dc_posix_handle(fd), GetCurrentProcessId(), &copy) ? fail()
           : take(WSASocketW(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, &copy, 0,
                             WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT));
  va_start(args, what);
  u_long wanted = what == F_SETFL ? va_arg(args, int) != 0 : 0;
  va_end(args);
  if (what == F_GETFD) return FD_CLOEXEC; /* nothing is inherited that was not named */
  if (what != F_SETFL) return 0;
  if (!is_socket(fd)) return set_pipe(fd, wanted);
  return ioctlsocket(dc_posix_handle(fd), FIONBIO, &wanted) ? fail() : 0;
}

/* By select: until Windows 10 2004 WSAPoll does not tell of a connection that is refused. What is no socket is ready. */
int dc_posix_poll(struct dc_posix_pollfd *fds, size_t count, int milliseconds) {
  fd_set readable, writable, failed;
  int ready = 0;
  if (count > FD_SETSIZE) {
    errno = EINVAL;
    return -1;
  }
  FD_ZERO(&readable);
  FD_ZERO(&writable);
  FD_ZERO(&failed);
  for (size_t i = 0; i < count; i++) {
    SOCKET socket = dc_posix_handle(fds[i].fd);
    fds[i].revents = is_socket(fds[i].fd) || fds[i].fd < 0 ? 0 : fds[i].events;
    if (fds[i].revents) ready++;
    if (!is_socket(fds[i].fd)) continue;
    if (fds[i].events & POLLIN) FD_SET(socket, &readable);
    if (fds[i].events & POLLOUT) FD_SET(socket, &writable);
    FD_SET(socket, &failed);
  }
  if (failed.fd_count == 0) { /* which select refuses */
    if (!ready) Sleep(milliseconds < 0 ? INFINITE : (DWORD)milliseconds);
    return ready;
  }
  if (ready) milliseconds = 0;
  struct timeval patience = {.tv_sec = milliseconds / 1000, .tv_usec = milliseconds % 1000 * 1000};
  if (select(0, &readable, &writable, &failed, milliseconds < 0 ? NULL : &patience) < 0) return fail();
  for (size_t i = 0; i < count; i++) {
    SOCKET socket = dc_posix_handle(fds[i].fd);
    if (!is_socket(fds[i].fd)) continue;
    fds[i].revents = (short)((FD_ISSET(socket, &readable) ? POLLIN : 0) | (FD_ISSET(socket, &writable) ? POLLOUT : 0) |
                             (FD_ISSET(socket, &failed) ? POLLERR : 0));
    if (fds[i].revents) ready++;
  }
  return ready;
}

ssize_t dc_posix_read(int fd, void *bytes, size_t n) {
  if (is_socket(fd)) return dc_posix_recv(fd, bytes, n, 0);
  int got = _read(fd, bytes, (unsigned)length_of(n));
  if (got < 0 && _doserrno == ERROR_NO_DATA) errno = EAGAIN; /* of a pipe that does not wait */
  return got;
}

ssize_t dc_posix_write(int fd, const void *bytes, size_t n) {
  return is_socket(fd) ? dc_posix_send(fd, bytes, n, 0) : _write(fd, bytes, (unsigned)length_of(n));
}

int dc_posix_close(int fd) {
  if (!is_socket(fd)) return _close(fd);
  return closesocket(dc_posix_handle(fd)) ? fail() : 0;
}
