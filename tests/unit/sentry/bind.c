/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets that are bound, and files that are left alone. What addresses do: tests/cli/sentry.sh. */
#include "sentry/bind.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#ifndef _WIN32
#include <sys/syscall.h>
#endif
#include <sys/un.h>
#include <unistd.h>

#include "tap.h"

static char dir[] = "/tmp/daprcerts-bind.XXXXXX";
static char path[64], address[72];

#ifdef SYS_socket
/* In the place of libc's: a system may have no IPv6 at all. */
static bool no_ipv6;
int socket(int domain, int type, int protocol) {
  if (!no_ipv6 || domain != AF_INET6) return (int)syscall(SYS_socket, domain, type, protocol);
  errno = EAFNOSUPPORT;
  return -1;
}
#endif

#ifndef _WIN32 /* whose sockets in the file system wine has not */
static bool there(void) {
  struct stat status;
  return lstat(path, &status) == 0;
}

static struct sockaddr_un un(void) {
  struct sockaddr_un to = {.sun_family = AF_UNIX};
  memcpy(to.sun_path, path, strlen(path));
  return to;
}

static bool answers(void) {
  struct sockaddr_un to = un();
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  bool good = fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0;
  close(fd);
  return good;
}

static int bind_here(struct dc_bind *bound, struct dc_err *err) {
  const char *const addresses[] = {address, NULL};
  return dc_bind(bound, addresses, 0, err);
}

static void test_path(void) {
  struct dc_bind bound = DC_BIND_INIT, second = DC_BIND_INIT;
  struct dc_err err = DC_ERR_INIT;
  struct stat status = {.st_mode = 0};
  mode_t before = umask(027);
  if (!ok(bind_here(&bound, &err) == 0 && bound.count == 1, "a path: %s", err.text)) return;
  umask(before);
  is_text(bound.sockets[0].address, address, "its address");
  ok(lstat(path, &status) == 0 && S_ISSOCK(status.st_mode) && (status.st_mode & 0777) == 0750, "0777 less the umask");
  ok(answers(), "it listens");
  ok(fcntl(bound.sockets[0].fd, F_GETFD) & FD_CLOEXEC, "closed on exec");
  ok(fcntl(bound.sockets[0].fd, F_GETFL) & O_NONBLOCK, "non-blocking");
  is_num(bind_here(&second, &err), DC_EBUSY, "taken while somebody listens");
  ok(answers(), "who goes on");
  dc_bind_close(&bound);
  ok(!there() && bound.count == 0, "the end removes it");
}

/* Connections that nobody accepts, as many as the system takes. */
static void test_full(void) {
  struct sockaddr_un to = un();
  struct dc_bind bound = DC_BIND_INIT;
  struct dc_err err = DC_ERR_INIT;
  int listening = socket(AF_UNIX, SOCK_STREAM, 0), fds[8];
  ok(bind(listening, (struct sockaddr *)&to, sizeof to) == 0 && listen(listening, 0) == 0, "a server that is stuck");
  for (size_t i = 0; i < 8; i++) {
    fds[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    (void)connect(fds[i], (struct sockaddr *)&to, sizeof to);
  }
  is_num(bind_here(&bound, &err), DC_EBUSY, "keeps its path, and keeps nobody waiting");
  for (size_t i = 0; i < 8; i++) close(fds[i]);
  close(listening);
  ok(there(), "it leaves its file behind");
  ok(bind_here(&bound, &err) == 0 && answers(), "which is replaced once it is gone: %s", err.text);
  dc_bind_close(&bound);
}

static void test_strangers(void) {
  struct dc_bind bound = DC_BIND_INIT;
  struct dc_err err = DC_ERR_INIT;
  char content[8] = "";
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
  ok(fd >= 0 && write(fd, "mine", 4) == 4 && close(fd) == 0, "a file of somebody's");
  is_num(bind_here(&bound, &err), DC_EBUSY, "is no socket, and in the way");
  fd = open(path, O_RDONLY);
  ok(read(fd, content, sizeof content - 1) == 4 && strcmp(content, "mine") == 0, "it is left as it is");
  close(fd);
  unlink(path);
  ok(bind_here(&bound, &err) == 0, "a path that is free: %s", err.text);
  unlink(path);
  close(open(path, O_WRONLY | O_CREAT | O_EXCL, 0600));
  dc_bind_close(&bound);
  ok(there(), "what took our file's place stays");
  unlink(path);
}

static void test_passed(void) {
  struct sockaddr_un to = un();
  struct dc_bind bound = DC_BIND_INIT;
  struct dc_err err = DC_ERR_INIT;
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  ok(bind(fd, (struct sockaddr *)&to, sizeof to) == 0, "a service manager's socket");
  is_num(dc_bind_take(&bound, &fd, 1, &err), DC_EINVAL, "that does not listen yet is refused");
  ok(listen(fd, 1) == 0 && dc_bind_take(&bound, &fd, 1, &err) == 0, "one that does is taken: %s", err.text);
  is_text(bound.sockets[0].address, address, "its address is found");
  ok(fcntl(fd, F_GETFL) & O_NONBLOCK && fcntl(fd, F_GETFD) & FD_CLOEXEC, "it is made like ours");
  dc_bind_close(&bound);
  ok(fcntl(fd, F_GETFD) < 0, "the end closes it");
  ok(there(), "and leaves the manager's file to the manager");
  unlink(path);
}

#define AND_A_PATH , address
#else
#define AND_A_PATH
#endif

static void test_wrong(void) {
  static char longer[200] = "unix:/";
  const char *const wrong[] = {"unix:", longer};
  struct dc_err err = DC_ERR_INIT;
  memset(longer + 6, 'x', sizeof longer - 7);
  for (size_t i = 0; i < 2; i++) {
    struct dc_bind bound = DC_BIND_INIT;
    const char *const addresses[] = {"127.0.0.1", wrong[i], NULL};
    is_num(dc_bind(&bound, addresses, 0, &err), DC_EINVAL, i ? "a path too long" : "no path");
    is_num(bound.count, 0, "nothing stays bound");
  }
}

static void test_port(void) {
  const char *const addresses[] = {"127.0.0.1", "127.0.0.2" AND_A_PATH, NULL}, *const one[] = {"127.0.0.2", NULL};
  struct dc_bind bound = DC_BIND_INIT, second = DC_BIND_INIT;
  struct dc_err err = DC_ERR_INIT;
  unsigned a = 0, b = 1;
  if (!ok(dc_bind(&bound, addresses, 0, &err) == 0 && bound.count == DC_COUNT(addresses) - 1, "several addresses: %s",
          err.text))
    return;
  (void)sscanf(bound.sockets[0].address, "127.0.0.1:%u", &a);
  (void)sscanf(bound.sockets[1].address, "127.0.0.2:%u", &b);
  ok(a == b && a > 0, "one free port for all: %s, %s", bound.sockets[0].address, bound.sockets[1].address);
  is_num(dc_bind(&second, one, (uint16_t)a, &err), DC_EBUSY, "which is then taken");
  ok(strstr(err.text, "'127.0.0.2' port") != NULL, "as the text says: %s", err.text);
  dc_bind_close(&bound);
  ok(dc_bind(&second, one, (uint16_t)a, &err) == 0, "and free again: %s", err.text);
  dc_bind_close(&second);
}

static void test_every_interface(void) {
  const char *const addresses[] = {"", NULL};
  struct dc_bind bound = DC_BIND_INIT;
  struct dc_err err = DC_ERR_INIT;
#ifdef SYS_socket
  no_ipv6 = true;
  ok(dc_bind(&bound, addresses, 0, &err) == 0 && bound.count == 1, "every interface without IPv6: %s", err.text);
  ok(bound.count == 1 && strncmp(bound.sockets[0].address, "0.0.0.0:", 8) == 0, "is IPv4's");
  dc_bind_close(&bound);
  no_ipv6 = false;
#endif
  ok(dc_bind(&bound, addresses, 0, &err) == 0 && bound.count == 1, "every interface is one socket: %s", err.text);
  dc_bind_close(&bound);
}

int main(void) {
  if (!mkdtemp(dir)) return 1;
  snprintf(path, sizeof path, "%s/socket", dir);
  snprintf(address, sizeof address, "unix:%s", path);
#ifndef _WIN32
  test_path();
  test_full();
  test_strangers();
  test_passed();
#endif
  test_wrong();
  test_port();
  test_every_interface();
  rmdir(dir);
  return tap_done();
}
