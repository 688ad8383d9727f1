/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP server by a socket and by curl: what a handler sees, what peers may cost, its end, TLS. */
#include "sentry/http.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/os.h"
#include "tap.h"

enum { CROWD = 300, BIG = 20000, PATIENCE_S = 60 /* of a test that fails, lest it hang */ };

static char dir[] = "/tmp/daprcerts-http.XXXXXX";
static int entered[2], leave[2]; /* pipes: a handler at /wait tells and waits */

/* Tells what it saw; no handler at /none. */
static void answer(const struct dc_http_request *request, struct dc_http_response *response, void *user) {
  char byte = 0;
  if (strcmp(request->path, "/none") == 0) return;
  if (strcmp(request->path, "/wait") == 0 && (write(entered[1], "x", 1) != 1 || read(leave[0], &byte, 1) != 1)) return;
  response->status = strcmp(request->path, "/teapot") == 0 ? 418 : 200;
  response->type = "application/json";
  response->cache_control = "public, max-age=3600";
  response->allow = strcmp(request->path, "/teapot") == 0 ? "GET, HEAD" : NULL;
  dc_buf_clear(&response->body);
  dc_buf_printf(&response->body, "%s %s %s %s %s", request->method, request->path, request->host ? request->host : "-",
                request->forwarded_host ? request->forwarded_host : "-", (const char *)user);
}

static struct dc_http *start(struct dc_slice cert, struct dc_slice key, uint16_t *port, struct dc_err *err) {
  static const char *const addresses[] = {"127.0.0.1", NULL};
  struct dc_bind bound = DC_BIND_INIT;
  struct dc_http *http = NULL;
  unsigned number = 0;
  const struct dc_http_config config = {
      .take_bound = &bound, .handler = answer, .user = (void *)(uintptr_t)"user", .cert = cert, .key = key};
  if (dc_bind(&bound, addresses, 0, err)) return NULL;
  (void)sscanf(bound.sockets[0].address, "127.0.0.1:%u", &number);
  *port = (uint16_t)number;
  return dc_http_start(&config, &http, err) ? NULL : http;
}

static int new_socket(void) {
#ifdef _WIN32
  const DWORD patience = PATIENCE_S * 1000;
#else
  const struct timeval patience = {.tv_sec = PATIENCE_S};
#endif
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  return fd;
}

static bool reach(int fd, uint16_t port) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  return connect(fd, (struct sockaddr *)&to, sizeof to) == 0;
}

static int dial(uint16_t port) {
  int fd = new_socket();
  if (reach(fd, port)) return fd;
  close(fd);
  return -1;
}

static bool say(int fd, const char *text) {
  size_t n = strlen(text);
  return send(fd, text, n, MSG_NOSIGNAL) == (ssize_t)n;
}

/* All that comes until the peer closes. */
static const char *hear(int fd) {
  static struct dc_buf heard;
  char room[4096];
  ssize_t n = 0;
  dc_buf_clear(&heard);
  while ((n = recv(fd, room, sizeof room, 0)) > 0) dc_buf_add(&heard, room, (size_t)n);
  close(fd);
  return dc_buf_text(&heard);
}

static const char *ask(uint16_t port, const char *text) {
  int fd = dial(port);
  return say(fd, text) ? hear(fd) : "";
}

static const char *body(const char *heard) {
  const char *end = strstr(heard, "\r\n\r\n");
  return end ? end + 4 : heard;
}

#define END "\r\nConnection: close\r\n\r\n"

static void test_request(uint16_t port) {
  is_text(body(ask(port, "GET /a%20b?c=d HTTP/1.1\r\nHost: h.example:1" END)), "GET /a b h.example:1 - user",
          "method, path without query and escapes, Host");
  is_text(body(ask(port, "PUT /a HTTP/1.1\r\nHost: h\r\nX-Forwarded-Host: f.example" END)), "PUT /a h f.example user",
          "X-Forwarded-Host");
  is_text(body(ask(port, "GET /a HTTP/1.0\r\n\r\n")), "GET /a - - user", "no Host, in HTTP/1.0");
  is_text(body(ask(port, "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nConnection: close\r\n\r\nxyz")),
          "POST /a h - user", "a body is read and dropped");
  is_text(body(ask(port, "HEAD /a HTTP/1.1\r\nHost: h" END)), "", "HEAD gets no body");
}

static void test_response(uint16_t port) {
  const char *heard = ask(port, "GET /a HTTP/1.1\r\nHost: h" END);
  ok(strncmp(heard, "HTTP/1.1 200 OK\r\n", 17) == 0, "200: %.20s", heard);
  ok(strstr(heard, "\r\nContent-Type: application/json\r\n") != NULL, "the content type");
  ok(strstr(heard, "\r\nCache-Control: public, max-age=3600\r\n") != NULL, "Cache-Control");
  ok(!strstr(heard, "\r\nAllow:"), "no Allow");
  heard = ask(port, "GET /teapot HTTP/1.1\r\nHost: h" END);
  ok(strncmp(heard, "HTTP/1.1 418 ", 13) == 0 && strstr(heard, "\r\nAllow: GET, HEAD\r\n"), "a status and Allow");
  heard = ask(port, "GET /none HTTP/1.1\r\nHost: h" END);
  ok(strncmp(heard, "HTTP/1.1 404 ", 13) == 0, "404 where the handler says nothing");
  is_text(body(heard), "404 page not found\n", "with a text");
}

static void test_limits(uint16_t port) {
  static char xs[BIG];
  struct dc_buf big DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  memset(xs, 'x', sizeof xs - 1);
  dc_buf_printf(&big, "GET /a HTTP/1.1\r\nHost: h\r\nX: %s" END, xs);
  int fd = dial(port);
  (void)say(fd, dc_buf_text(&big)); /* it may be closed before all is sent */
  const char *heard = hear(fd);
  ok(!strstr(heard, "200 OK"), "headers too long are refused: %.30s", heard);
  ok(!strstr(ask(port, "GET\r\n\r\n"), "200 OK"), "nor is what is no request");
}

#ifdef RLIMIT_NOFILE
/* All descriptors in use and no other connection: whoever waits for one may not keep the thread busy. CPU time is
 * compared with the time that has passed, in which a thread that tries again at once does nothing else. */
static void test_no_descriptor(uint16_t port) {
  struct rlimit usual, none;
  int fd = new_socket(), first_free = dup(fd);
  close(first_free);
  (void)getrlimit(RLIMIT_NOFILE, &usual);
  none = usual;
  none.rlim_cur = (rlim_t)first_free;
  (void)setrlimit(RLIMIT_NOFILE, &none);
  ok(dup(fd) < 0 && reach(fd, port) && say(fd, "GET /a HTTP/1.1\r\nHost: h" END), "a peer without a descriptor for it");
  clock_t before = clock();
  sleep(2);
  double used = (double)(clock() - before) / CLOCKS_PER_SEC;
  ok(used < 0.2, "waits while the server sleeps: %.2f of 2 s", used);
  (void)setrlimit(RLIMIT_NOFILE, &usual);
  is_text(body(hear(fd)), "GET /a h - user", "and is answered when there are some again");
}
#endif

static int fds[CROWD];
static atomic_bool enough;

/* A byte now and then, so that silence ends none of them. */
static void *drip(void *unused) {
  while (!atomic_load(&enough)) {
    for (size_t i = 0; i < CROWD; i++) (void)say(fds[i], "x");
    usleep(200000);
  }
  return unused;
}

/* Far more peers than there are places, each in the midst of its headers. */
static void test_crowd(uint16_t port) {
  pthread_t dripping;
  size_t cut = 0;
  for (size_t i = 0; i < CROWD; i++) {
    fds[i] = dial(port);
    (void)say(fds[i], "GET /a HTTP/1.1\r\nHost: h\r\nX: ");
  }
  if (!ok(pthread_create(&dripping, NULL, drip, NULL) == 0, "slow peers")) return;
  is_text(body(ask(port, "GET /a HTTP/1.1\r\nHost: h" END)), "GET /a h - user", "keep nobody out");
  atomic_store(&enough, true);
  pthread_join(dripping, NULL);
  ok(say(fds[CROWD - 1], "x" END) && strstr(hear(fds[CROWD - 1]), "200 OK"), "the last of them is served");
  for (size_t i = 0; i < CROWD - 100; i++) cut += *hear(fds[i]) == '\0';
  is_num(cut, CROWD - 100, "the first ones are cut, without an answer");
  for (size_t i = CROWD - 100; i < CROWD - 1; i++) close(fds[i]);
  is_text(body(ask(port, "GET /a HTTP/1.1\r\nHost: h" END)), "GET /a h - user", "and their places are free again");
}

static void *stop(void *http) {
  dc_http_stop(http);
  return NULL;
}

/* The end comes while a handler is at work. */
static void test_end(struct dc_http *http, uint16_t port) {
  pthread_t thread;
  char byte = 0;
  int fd = dial(port), idle = dial(port), other = 0;
  ok(say(fd, "GET /wait HTTP/1.1\r\nHost: h" END) && read(entered[0], &byte, 1) == 1, "an answer under way");
  if (!ok(pthread_create(&thread, NULL, stop, http) == 0, "and the end")) return;
  while ((other = dial(port)) >= 0) close(other); /* until nobody listens any more: the end has begun */
  (void)!write(leave[1], "x", 1);
  is_text(body(hear(fd)), "GET /wait h - user", "the answer is finished");
  pthread_join(thread, NULL);
  is_text(hear(idle), "", "a connection without a request is closed");
}

#ifndef _WIN32 /* where no shell of Unix is at hand: tests/sentry/oidc.sh has curl ask by TLS */
/* --- TLS ---------------------------------------------------------------------------------------------------------- */

/* Runs a command in the directory; its first line of output, "" when it fails. */
DC_PRINTF(1, 2) static const char *run(const char *fmt, ...) {
  static char line[256];
  char command[1024];
  va_list args;
  int n = snprintf(command, sizeof command, "cd %s && ", dir);
  va_start(args, fmt);
  vsnprintf(command + n, sizeof command - (size_t)n, fmt, args);
  va_end(args);
  line[0] = '\0';
  FILE *pipe = popen(command, "r");
  if (!pipe || !fgets(line, sizeof line, pipe)) line[0] = '\0';
  return pipe && pclose(pipe) == 0 ? line : "";
}

static void read_pem(const char *name, struct dc_buf *out) {
  char path[128];
  snprintf(path, sizeof path, "%s/%s", dir, name);
  (void)!dc_os_read_file(path, 65536, out, NULL);
}

static struct dc_slice slice(const struct dc_buf *buf) { return (struct dc_slice){buf->data, buf->len}; }

#define MAKE "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=x -days 2 " \
  "-addext subjectAltName=DNS:localhost,IP:127.0.0.1 2>/dev/null "
#define CURL "curl --silent --max-time 60 --cacert a.crt "

static void test_tls(void) {
  struct dc_buf cert DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, key DC_CLEANUP(dc_buf_free) = DC_BUF_INIT,
                other DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_err err = DC_ERR_INIT;
  uint16_t port = 0;
  if (!*run("command -v curl && openssl version")) {
    skip("no peer: curl, openssl", "TLS");
    return;
  }
  (void)run(MAKE "-out a.crt -keyout a.key && " MAKE "-out b.crt -keyout b.key");
  read_pem("a.crt", &cert);
  read_pem("a.key", &key);
  read_pem("b.key", &other);
  ok(!start(slice(&cert), slice(&other), &port, &err), "another certificate's key serves nobody");
  ok(err.code && strstr(err.text, "certificate"), "as the text says: %s", err.text);
  struct dc_http *http = start(slice(&cert), slice(&key), &port, &err);
  if (!ok(http != NULL, "a certificate and its key: %s", err.text)) return;
  is_text(run(CURL "https://localhost:%u/a | cut -c 1-16", port), "GET /a localhost\n", "curl trusts and hears it");
  is_text(run(CURL "--tls-max 1.2 https://localhost:%u/a | cut -c 1-6", port), "GET /a\n", "by TLS 1.2 too");
  is_text(run(CURL "--tls-max 1.1 --ciphers DEFAULT@SECLEVEL=0 https://localhost:%u/a || echo none", port), "none\n",
          "by nothing older");
  is_text(run(CURL "http://localhost:%u/a || echo none", port), "none\n", "nor without");
  int silent = dial(port);
  is_text(run(CURL "https://localhost:%u/a | cut -c 1-6", port), "GET /a\n", "a silent handshake keeps nobody out");
  dc_http_stop(http);
  close(silent);
  (void)run("rm -f a.crt a.key b.crt b.key; echo");
}
#endif

int main(void) {
  static const struct dc_slice none = {.len = 0};
  struct dc_err err = DC_ERR_INIT;
  uint16_t port = 0;
  if (!mkdtemp(dir) || pipe(entered) || pipe(leave)) return 1;
  struct dc_http *http = start(none, none, &port, &err);
  if (!ok(http != NULL, "a server: %s", err.text)) return tap_done();
  ok(strncmp(dc_http_address(http, 0), "127.0.0.1:", 10) == 0 && !dc_http_address(http, 1), "its address");
#ifdef RLIMIT_NOFILE
  test_no_descriptor(port); /* first, without a connection that might not be closed yet */
#endif
  test_request(port);
  test_response(port);
  test_limits(port);
  test_crowd(port);
  test_end(http, port);
#ifndef _WIN32
  test_tls();
#endif
  rmdir(dir);
  return tap_done();
}
