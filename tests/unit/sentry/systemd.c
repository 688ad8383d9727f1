/* SPDX-License-Identifier: Apache-2.0 */
#include "sentry/systemd.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tap.h"

/* A socket as systemd has it at NAME (leading '@': abstract), and what arrives there. */
static int listen_at(const char *name) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  memcpy(address.sun_path, name, strlen(name));
  if (name[0] == '@') address.sun_path[0] = '\0';
  int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
  socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, size)) return -1;
  return fd;
}

static const char *received(int fd) {
  static char text[256];
  ssize_t n = recv(fd, text, sizeof text - 1, MSG_DONTWAIT);
  text[n > 0 ? n : 0] = '\0';
  return text;
}

static void test_notify(void) {
  char name[108];
  unsetenv("NOTIFY_SOCKET");
  dc_systemd_notify("READY=1");
  ok(true, "without a manager nothing happens");
  snprintf(name, sizeof name, "/tmp/daprcerts-notify.%ld", (long)getpid());
  int fd = listen_at(name);
  ok(fd >= 0, "a socket at a path");
  setenv("NOTIFY_SOCKET", name, 1);
  dc_systemd_notify("READY=1");
  is_text(received(fd), "READY=1", "is told");
  dc_systemd_notify_reloading();
  long long usec = 0;
  const char *text = received(fd);
  ok(sscanf(text, "RELOADING=1\nMONOTONIC_USEC=%lld", &usec) == 1 && usec > 0, "of a reload with its time");
  unlink(name);
  close(fd);
#ifdef __linux__
  snprintf(name, sizeof name, "@daprcerts-notify.%ld", (long)getpid());
  fd = listen_at(name);
  ok(fd >= 0, "an abstract socket");
  setenv("NOTIFY_SOCKET", name, 1);
  dc_systemd_notify("STOPPING=1");
  is_text(received(fd), "STOPPING=1", "is told");
  close(fd);
#endif
  setenv("NOTIFY_SOCKET", "relative", 1);
  dc_systemd_notify("READY=1");
  setenv("NOTIFY_SOCKET", "/nowhere/at/all", 1);
  dc_systemd_notify("READY=1");
  ok(true, "a name that is none, or nobody there: nothing happens");
}

static void test_watchdog(void) {
  char pid[32];
  snprintf(pid, sizeof pid, "%ld", (long)getpid());
  unsetenv("WATCHDOG_USEC");
  unsetenv("WATCHDOG_PID");
  is_num(dc_systemd_watchdog_ms(), 0, "nobody watches");
  setenv("WATCHDOG_USEC", "30000000", 1);
  is_num(dc_systemd_watchdog_ms(), 15000, "half of 30 s");
  setenv("WATCHDOG_PID", pid, 1);
  is_num(dc_systemd_watchdog_ms(), 15000, "for this process");
  setenv("WATCHDOG_PID", "1", 1);
  is_num(dc_systemd_watchdog_ms(), 0, "for another");
  unsetenv("WATCHDOG_PID");
  setenv("WATCHDOG_USEC", "-5", 1);
  is_num(dc_systemd_watchdog_ms(), 0, "a number that is none");
  setenv("WATCHDOG_USEC", "1", 1);
  is_num(dc_systemd_watchdog_ms(), 1, "never less than a millisecond");
}

static void test_listen_fds(void) {
  char pid[32];
  int fds[4];
  snprintf(pid, sizeof pid, "%ld", (long)getpid());
  for (int fd = 3; fd < 7; fd++)
    if (dup2(0, fd) != fd) return;
  unsetenv("LISTEN_PID");
  setenv("LISTEN_FDS", "4", 1);
  setenv("LISTEN_FDNAMES", "healthz:grpc:unknown:metrics", 1);
  is_num(dc_systemd_listen_fds("grpc", fds, 4), 0, "without LISTEN_PID none is ours");
  setenv("LISTEN_PID", "1", 1);
  is_num(dc_systemd_listen_fds("grpc", fds, 4), 0, "nor with another's");
  setenv("LISTEN_PID", pid, 1);
  ok(dc_systemd_listen_fds("grpc", fds, 4) == 2 && fds[0] == 4 && fds[1] == 5, "grpc: its own, and one of no known name");
  ok(fcntl(4, F_GETFD) & FD_CLOEXEC, "closed on exec");
  ok(dc_systemd_listen_fds("healthz", fds, 4) == 1 && fds[0] == 3, "healthz");
  ok(dc_systemd_listen_fds("metrics", fds, 4) == 1 && fds[0] == 6, "metrics");
  is_num(dc_systemd_listen_fds("oidc", fds, 4), 0, "none for oidc");
  is_num(dc_systemd_listen_fds("grpc", fds, 1), 1, "no more than there is room for");
  unsetenv("LISTEN_FDNAMES");
  is_num(dc_systemd_listen_fds("grpc", fds, 4), 4, "without names all are grpc's");
  setenv("LISTEN_FDS", "x", 1);
  is_num(dc_systemd_listen_fds("grpc", fds, 4), 0, "a number that is none");
}

int main(void) {
  test_notify();
  test_watchdog();
  test_listen_fds();
  return tap_done();
}
