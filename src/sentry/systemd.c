/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "sentry/systemd.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { FIRST_FD = 3, FDS_MAX = 64 };
static const char grpc[] = "grpc";
static const char *const listeners[] = {grpc, "healthz", "metrics", "oidc"};

/* --- what it hears ------------------------------------------------------------------------------------------------ */

void dc_systemd_notify(const char *state) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  const char *name = getenv("NOTIFY_SOCKET");
  size_t n = name ? strlen(name) : 0;
  if (n < 2 || n >= sizeof address.sun_path || (name[0] != '/' && name[0] != '@')) return;
  memcpy(address.sun_path, name, n);
  if (name[0] == '@') address.sun_path[0] = '\0';
  int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
  if (fd < 0) return;
  (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
  (void)sendto(fd, state, strlen(state), 0, (const struct sockaddr *)&address,
               (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
  close(fd);
}

void dc_systemd_notify_reloading(void) {
  struct timespec now;
  char state[64];
  clock_gettime(CLOCK_MONOTONIC, &now);
  snprintf(state, sizeof state, "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
           (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
  dc_systemd_notify(state);
}

/* --- what it gives ------------------------------------------------------------------------------------------------ */

/* The number in the variable NAME, 0 when it is none. */
static uint64_t number_of(const char *name) {
  const char *text = getenv(name);
  char *end = NULL;
  if (!text || *text < '0' || *text > '9') return 0;
  errno = 0;
  unsigned long long n = strtoull(text, &end, 10);
  return errno || *end ? 0 : n;
}

/* Whether what VARIABLE says is meant for this process: without it, for whoever reads it. */
static bool is_ours(const char *variable, bool absent) {
  return getenv(variable) ? number_of(variable) == (uint64_t)getpid() : absent;
}

uint64_t dc_systemd_watchdog_ms(void) {
  uint64_t usec = is_ours("WATCHDOG_PID", true) ? number_of("WATCHDOG_USEC") : 0;
  return usec && usec < 2000 ? 1 : usec / 2000;
}

/* The INDEXth name of a list that is separated by colons, when it is NAME. */
static bool is_named(const char *names, size_t index, const char *name) {
  for (; names && index > 0; index--) {
    names = strchr(names, ':');
    if (names) names++;
  }
  size_t n = names ? strcspn(names, ":") : 0;
  return names && n == strlen(name) && memcmp(names, name, n) == 0;
}

static bool has_other_name(const char *names, size_t index) {
  for (size_t i = 1; i < sizeof listeners / sizeof *listeners; i++)
    if (is_named(names, index, listeners[i])) return true;
  return false;
}

size_t dc_systemd_listen_fds(const char *name, int *fds, size_t max) {
  uint64_t passed = is_ours("LISTEN_PID", false) ? number_of("LISTEN_FDS") : 0;
  const char *names = getenv("LISTEN_FDNAMES");
  size_t count = 0;
  for (size_t i = 0; i < passed && i < FDS_MAX && count < max; i++) {
    int fd = FIRST_FD + (int)i;
    bool wanted = is_named(names, i, name) || (strcmp(name, grpc) == 0 && !has_other_name(names, i));
    /* none goes to a child, wanted or not; one that is not open is found out by its use */
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    if (wanted) fds[count++] = fd;
  }
  return count;
}
