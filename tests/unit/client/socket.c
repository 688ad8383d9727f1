/* SPDX-License-Identifier: Apache-2.0 */
#include "client/socket.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "tap.h"

enum { LONG_MS = 60000, SHORT_MS = 20 };

static int64_t in_ms(int64_t ms) { return dc_clock_mono_ms() + ms; }

static void test_split(void) {
  char long_host[DC_SOCKET_HOST_MAX + 8], host[DC_SOCKET_HOST_MAX], port[16];
  memset(long_host, 'a', DC_SOCKET_HOST_MAX);
  strcpy(long_host + DC_SOCKET_HOST_MAX, ":1");
  const struct {
    const char *address, *host, *port; /* host NULL: none */
  } rows[] = {
      {"localhost:50001", "localhost", "50001"},
      {"10.0.0.1:1", "10.0.0.1", "1"},
      {"[::1]:50001", "::1", "50001"},
      {"[fe80::1%lo]:65535", "fe80::1%lo", "65535"},
      {":50001", "localhost", "50001"},
      {"sentry:https", "sentry", "https"},
      {"localhost", NULL, NULL},
      {"localhost:", NULL, NULL},
      {"", NULL, NULL},
      {"::1:50001", NULL, NULL},
      {"localhost:65536", NULL, NULL},
      {"localhost:99999999999999999999", NULL, NULL},
      {"localhost:a-name-far-too-long", NULL, NULL},
      {long_host, NULL, NULL},
      {long_host + 1, long_host + 1, "1"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct dc_err err = DC_ERR_INIT;
    int rc = dc_socket_split(rows[i].address, host, port, &err);
    if (!rows[i].host) {
      ok(rc == DC_EINVAL && strstr(err.text, "HOST:PORT is expected"), "'%.40s' is no address", rows[i].address);
      continue;
    }
    size_t n = strcspn(rows[i].host, ":");
    bool same = rows[i].host == long_host + 1 ? strncmp(host, rows[i].host, n) == 0 && strlen(host) == n
                                              : strcmp(host, rows[i].host) == 0;
    ok(rc == 0 && same && strcmp(port, rows[i].port) == 0, "'%.40s'", rows[i].address);
  }
}

/* On 127.0.0.1; its port in PORT. LISTENING false: the port is taken, and refuses. */
static int bound(char port[static 16], bool listening) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
  socklen_t size = sizeof address;
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) || (listening && listen(fd, 4)) ||
      getsockname(fd, (struct sockaddr *)&address, &size))
    exit(99);
  snprintf(port, 16, "%d", ntohs(address.sin_port));
  return fd;
}

static void test_connect(void) {
  char port[16], bytes[8];
  struct dc_err err = DC_ERR_INIT;
  int fd = -1, listening = bound(port, true), closed;
  is_num(dc_socket_connect("127.0.0.1", port, in_ms(LONG_MS), &fd, &err), 0, "who listens is reached");
  ok(fcntl(fd, F_GETFD) & FD_CLOEXEC, "closed on exec");
  int peer = accept(listening, NULL, NULL);
  is_num(dc_socket_write(fd, "hello", 5, in_ms(LONG_MS), &err), 0, "what is written");
  ok(recv(peer, bytes, sizeof bytes, 0) == 5 && memcmp(bytes, "hello", 5) == 0, "arrives");
  is_num(dc_socket_read(fd, bytes, sizeof bytes, in_ms(SHORT_MS), &err), DC_ETIMEOUT, "silence ends with the time");
  is_text(err.text, "no answer in time", "and is told");
  is_num(send(peer, "you", 3, 0), 3, "what is answered");
  ok(dc_socket_read(fd, bytes, sizeof bytes, in_ms(LONG_MS), &err) == 3 && memcmp(bytes, "you", 3) == 0, "is read");

  enum { LARGE = 64 << 20 };
  char *large = calloc(1, LARGE);
  if (!large) exit(99);
  is_num(dc_socket_write(fd, large, LARGE, in_ms(SHORT_MS), &err), DC_ETIMEOUT,
         "a peer that reads nothing ends the writing in time");
  free(large);
  close(peer);
  ok(dc_socket_write(fd, "x", 1, in_ms(LONG_MS), &err) == DC_EUNAVAIL || /* the reset may not be here yet */
         dc_socket_write(fd, "x", 1, in_ms(LONG_MS), &err) == DC_EUNAVAIL,
     "a peer that has gone is told of, without a signal");
  close(fd);

  is_num(dc_socket_connect("127.0.0.1", port, in_ms(LONG_MS), &fd, &err), 0, "another one");
  peer = accept(listening, NULL, NULL);
  close(peer);
  is_num(dc_socket_read(fd, bytes, sizeof bytes, in_ms(LONG_MS), &err), 0, "the end of what the peer says");
  close(fd);
  close(listening);

  closed = bound(port, false);
  fd = -1;
  is_num(dc_socket_connect("127.0.0.1", port, in_ms(LONG_MS), &fd, &err), DC_EUNAVAIL, "nobody listens");
  is_text(err.text, "cannot connect: Connection refused", "is told");
  is_num(fd, -1, "with no descriptor");
  close(closed);
  is_num(dc_socket_connect("no.such.host.invalid", "1", in_ms(LONG_MS), &fd, &err), DC_EUNAVAIL, "a host that is none");
  ok(strncmp(err.text, "cannot find the host: ", 22) == 0, "is told");
}

int main(void) {
  test_split();
  test_connect();
  return tap_done();
}
