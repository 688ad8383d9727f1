/* SPDX-License-Identifier: Apache-2.0 */
/* Winsock by the names of POSIX, with descriptors (base/windows/posix.h). */
#ifndef DC_BASE_WINDOWS_SYS_SOCKET_H
#define DC_BASE_WINDOWS_SYS_SOCKET_H

#include <winsock2.h>
#include <ws2tcpip.h>

#define MSG_NOSIGNAL 0
#define MSG_DONTWAIT 0
#undef SO_REUSEADDR /* which lets a stranger have the port beside us; SO_EXCLUSIVEADDRUSE is what POSIX means by it */
#define SO_REUSEADDR (~4)
#define SHUT_RD SD_RECEIVE
#define SHUT_WR SD_SEND
#define SHUT_RDWR SD_BOTH

#define socket dc_posix_socket
#define accept dc_posix_accept
#define bind dc_posix_bind
#define listen dc_posix_listen
#define connect dc_posix_connect
#define getsockname dc_posix_getsockname
#define getpeername dc_posix_getpeername
#define getsockopt dc_posix_getsockopt
#define setsockopt dc_posix_setsockopt
#define recv dc_posix_recv
#define send dc_posix_send
#define shutdown dc_posix_shutdown
#define getaddrinfo dc_posix_getaddrinfo
int dc_posix_socket(int family, int type, int protocol);
int dc_posix_accept(int fd, struct sockaddr *address, socklen_t *size);
int dc_posix_bind(int fd, const struct sockaddr *address, socklen_t size);
int dc_posix_listen(int fd, int backlog);
int dc_posix_connect(int fd, const struct sockaddr *address, socklen_t size);
int dc_posix_getsockname(int fd, struct sockaddr *address, socklen_t *size);
int dc_posix_getpeername(int fd, struct sockaddr *address, socklen_t *size);
int dc_posix_getsockopt(int fd, int level, int name, void *value, socklen_t *size);
int dc_posix_setsockopt(int fd, int level, int name, const void *value, socklen_t size);
ssize_t dc_posix_recv(int fd, void *bytes, size_t n, int flags);
ssize_t dc_posix_send(int fd, const void *bytes, size_t n, int flags);
int dc_posix_shutdown(int fd, int how);
int dc_posix_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found);

#endif
