/* SPDX-License-Identifier: Apache-2.0 */
/* Calls to a server that does as each test says, on a thread of its own: whom the client believes, what it makes of
 * each answer, and how often it asks. With a real sentry: tests/sentry/ask.sh. */
#include "config.h"

#include "client/client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../pki/make.h"
#include "base/clock.h"
#include "pki/san.h"
#include "rpc/grpc.h"
#include "rpc/tls.h"
#include "tap.h"

enum { LONG_MS = 60000, SHORT_MS = 200, ROOM = 16384 };
static const char sentry_id[] = "spiffe://localhost/ns/default/dapr-sentry";

enum manners { ANSWERS, SILENT, RESETS, CLOSES };

/* Who a test's server is and what it does. */
struct play {
  const struct party *leaf;
  enum manners manners;
  enum dc_grpc_status status;
  const char *text;
  struct dc_slice message;
  unsigned good_from; /* the attempt that is answered with OK, 0: none */
};

static struct party root, issuer, other_root, sentry, nobody, ended, several;
static int listening;
static struct sockaddr_in at = {.sin_family = AF_INET};
static char address[32];
static _Atomic unsigned attempts;
static _Atomic bool over; /* whoever comes next ends the server */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* guards the next two */
static struct play next_play;
static char last_request[64];
static struct play play; /* the server's copy, of when the connection came */

static void plays(struct play as) {
  pthread_mutex_lock(&mutex);
  next_play = as;
  pthread_mutex_unlock(&mutex);
}

/* --- the server --------------------------------------------------------------------------------------------------- */

static void on_whole(struct dc_h2_stream *stream, void *user) {
  struct dc_grpc_reply reply = DC_GRPC_REPLY_INIT;
  struct dc_sign_request request = {.id = NULL};
  const uint8_t *message = NULL;
  size_t n = 0;
  (void)user;
  if (dc_grpc_check_headers(stream, DC_SIGN_METHOD_PATH, &reply) == DC_GRPC_OK &&
      dc_grpc_unframe(stream, ROOM, &message, &n, &reply) == DC_GRPC_OK &&
      dc_sign_request_parse(message, n, &request, NULL) == 0) {
    pthread_mutex_lock(&mutex);
    snprintf(last_request, sizeof last_request, "%s/%s %d %s", request.namespace, request.id, (int)request.validator,
             stream->field[DC_H2_GRPC_TIMEOUT] ? "with a timeout" : "");
    pthread_mutex_unlock(&mutex);
  }
  dc_sign_request_free(&request);
  if (play.manners == SILENT) return;
  if (play.manners == RESETS) {
    dc_h2_reset(stream, 8);
    return;
  }
  if (play.status && attempts != play.good_from)
    dc_grpc_refuse(&reply, play.status, "%s", play.text);
  else
    dc_buf_add(&reply.message, play.message.data, play.message.len);
  if (dc_grpc_reply(stream, &reply, NULL)) printf("# no reply\n");
  dc_grpc_reply_free(&reply);
}

static void put_out(int fd, struct dc_tls *tls) {
  struct dc_buf *out = dc_tls_out(tls);
  if (out->len && send(fd, out->data, out->len, MSG_NOSIGNAL) < 0) printf("# the client has gone\n");
  dc_buf_clear(out);
}

/* One connection, until the client closes it. */
static void serve(int fd) {
  static const struct dc_h2_events events = {.whole = on_whole};
  static const struct dc_h2_limits limits = {
      .max_streams = 8, .max_header_bytes = ROOM, .max_body_bytes = ROOM, .max_resets = 8};
  const struct dc_tls_der chain[] = {{play.leaf->cert->der.data, play.leaf->cert->der.len},
                                     {issuer.cert->der.data, issuer.cert->der.len}};
  struct dc_tls_creds *creds = NULL;
  struct dc_tls *tls = NULL;
  struct dc_h2 *h2 = NULL;
  char in[ROOM], plain[ROOM];
  bool up = false;
  if (dc_tls_creds_server(chain, 2, dc_key_gnutls(play.leaf->key), &creds, NULL) ||
      dc_tls_new(creds, NULL, &tls, NULL) || dc_h2_new(DC_H2_SERVER, &limits, &events, NULL, &h2, NULL))
    exit(99);
  for (ssize_t n; (n = recv(fd, in, sizeof in, 0)) > 0 && play.manners != CLOSES;) {
    struct dc_buf frames DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    dc_tls_feed(tls, in, (size_t)n);
    int rc = up ? 1 : dc_tls_handshake(tls, NULL);
    up = rc == 1;
    while (up && (rc = dc_tls_read(tls, plain, sizeof plain, NULL)) > 0)
      if (dc_h2_recv(h2, plain, (size_t)rc, NULL)) break;
    if (up && (dc_h2_send(h2, &frames, SIZE_MAX, NULL) || dc_tls_write(tls, frames.data, frames.len, NULL))) break;
    put_out(fd, tls);
    if (rc < 0) break;
  }
  dc_h2_free(h2);
  dc_tls_free(tls);
  dc_tls_creds_unref(creds);
}

static void *run(void *user) {
  (void)user;
  for (int fd; (fd = accept(listening, NULL, NULL)) >= 0; close(fd)) {
    if (over) {
      close(fd);
      break;
    }
    pthread_mutex_lock(&mutex);
    play = next_play;
    pthread_mutex_unlock(&mutex);
    attempts++;
    serve(fd);
  }
  return NULL;
}

static void start(void) {
  socklen_t size = sizeof at;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  listening = socket(AF_INET, SOCK_STREAM, 0);
  if (listening < 0 || bind(listening, (struct sockaddr *)&at, size) || listen(listening, 16) ||
      getsockname(listening, (struct sockaddr *)&at, &size))
    exit(99);
  snprintf(address, sizeof address, "127.0.0.1:%d", ntohs(at.sin_port));
}

/* A call, which accept(2) waits for: the shutdown of a listening socket is not told to it but on Linux. */
static void stop(pthread_t thread) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  over = true;
  if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof at)) exit(99);
  pthread_join(thread, NULL);
  close(fd);
  close(listening);
}

/* --- the client --------------------------------------------------------------------------------------------------- */

static char no_text[] = "", app[] = "web", ns[] = "default";

static int ask_at(const char *where, const struct party *anchor, int64_t ms, struct dc_sign_response *response,
                  struct dc_err *err) {
  struct dc_bundle anchors DC_CLEANUP(dc_bundle_free) = DC_BUNDLE_INIT;
  const struct dc_sign_request request = {.id = app, .namespace = ns, .token = no_text, .trust_domain = no_text};
  bundle_add(&anchors, anchor);
  const struct dc_client_config config = {
      .address = where, .anchors = &anchors, .server_id = sentry_id, .attempts = 3, .attempt_ms = ms};
  attempts = 0;
  pthread_mutex_lock(&mutex);
  last_request[0] = '\0';
  pthread_mutex_unlock(&mutex);
  *response = (struct dc_sign_response){.valid_until = 0};
  return dc_client_sign(&config, &request, response, err);
}

/* A call ends with CODE and TEXT after so many attempts. */
static void fails(const char *what, const struct party *anchor, int64_t ms, int code, const char *text,
                  unsigned asked) {
  struct dc_sign_response response;
  struct dc_err err = DC_ERR_INIT;
  is_num(ask_at(address, anchor, ms, &response, &err), code, what);
  if (!ok(strstr(err.text, text) != NULL, "%s: is told", what)) printf("# got: %s\n# want: %s\n", err.text, text);
  for (int i = 0; attempts < asked && i < 10000; i++) usleep(1000); /* a slow server has not accepted them all yet */
  is_num(attempts, asked, "and asked for as often as it may pass");
}

static void make_parties(void) {
  int64_t now = dc_clock_wall();
  const struct make ca = {.not_before = now - MAKE_DAY, .not_after = now + MAKE_DAY};
  const struct dc_san is_sentry = {.kind = DC_SAN_URI, .value = dc_slice_text(sentry_id)};
  const struct dc_san is_app = {.kind = DC_SAN_URI, .value = dc_slice_text("spiffe://localhost/ns/default/web")};
  const struct dc_san both[] = {is_sentry, is_app};
  const struct dc_san named = {.kind = DC_SAN_DNS, .value = dc_slice_text("localhost")};
  struct make leaf = ca;
  leaf.leaf = true;
  leaf.san_count = 1;
  party_make(&root, "root", NULL, ca);
  party_make(&other_root, "other root", NULL, ca);
  party_make(&issuer, "issuer", &root, ca);
  leaf.sans = &is_sentry;
  party_make(&sentry, "sentry", &issuer, leaf);
  leaf.sans = &named;
  party_make(&nobody, "nobody", &issuer, leaf);
  leaf.sans = both;
  leaf.san_count = 2;
  party_make(&several, "several", &issuer, leaf);
  leaf.sans = &is_sentry;
  leaf.san_count = 1;
  leaf.not_after = now - 10;
  party_make(&ended, "ended", &issuer, leaf);
}

static void test_answer(void) {
  struct dc_sign_response response;
  struct dc_err err = DC_ERR_INIT;
  struct dc_buf message DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  dc_sign_response_add(&message, "leaf", 4, "anchors", 7, 1234, NULL);
  struct play as = {.leaf = &sentry, .message = {message.data, message.len}};
  plays(as);
  is_num(ask_at(address, &root, LONG_MS, &response, &err), 0, "an answer");
  is_text(dc_buf_text(&response.certificate), "leaf", "has the certificate");
  is_text(dc_buf_text(&response.anchors), "anchors", "and the anchors");
  is_num(response.valid_until, 1234, "and its end");
  is_text(last_request, "default/web 0 with a timeout", "the server was told who asks, and how long that one waits");
  is_num(attempts, 1, "once");
  dc_sign_response_free(&response);

  as.status = DC_GRPC_UNAVAILABLE;
  as.text = "later";
  as.good_from = 3;
  plays(as);
  is_num(ask_at(address, &root, LONG_MS, &response, &err), 0, "what is unavailable twice is asked for a third time");
  is_num(attempts, 3, "by a connection each");
  dc_sign_response_free(&response);
  plays((struct play){.leaf = &sentry, .message = dc_slice_text("\xff")});
  fails("an answer that is no message", &root, LONG_MS, DC_EPROTO, "proto: ", 1);
}

/* Which of them may pass is gRPC's to say; the numbers are of the table in client.c. */
static void test_refusals(void) {
  static const struct {
    enum dc_grpc_status status;
    int code;
    unsigned asked;
  } rows[] = {
      {DC_GRPC_CANCELLED, DC_EDENIED, 1},          {DC_GRPC_UNKNOWN, DC_EDENIED, 1},
      {DC_GRPC_INVALID_ARGUMENT, DC_EDENIED, 1},   {DC_GRPC_DEADLINE_EXCEEDED, DC_ETIMEOUT, 3},
      {DC_GRPC_PERMISSION_DENIED, DC_EDENIED, 1},  {DC_GRPC_RESOURCE_EXHAUSTED, DC_ELIMIT, 3},
      {DC_GRPC_UNIMPLEMENTED, DC_EPROTO, 1},       {DC_GRPC_INTERNAL, DC_EDENIED, 1},
      {DC_GRPC_UNAVAILABLE, DC_EUNAVAIL, 3},       {DC_GRPC_UNAUTHENTICATED, DC_EDENIED, 1},
  };
  for (size_t i = 0; i < DC_COUNT(rows); i++) {
    char text[64];
    plays((struct play){.leaf = &sentry, .status = rows[i].status, .text = "so it is"});
    snprintf(text, sizeof text, "': the server refuses: %s: so it is", dc_grpc_status_name((int)rows[i].status));
    fails(dc_grpc_status_name((int)rows[i].status), &root, LONG_MS, rows[i].code, text, rows[i].asked);
  }
}

static void test_who_it_is(void) {
  plays((struct play){.leaf = &sentry});
  fails("a server of another root", &other_root, LONG_MS, DC_EMISMATCH, "not signed by these trust anchors", 1);
  plays((struct play){.leaf = &nobody});
  fails("one without a SPIFFE ID", &root, LONG_MS, DC_EMISMATCH, "the server has no SPIFFE identity", 1);
  plays((struct play){.leaf = &several});
  fails("one with two", &root, LONG_MS, DC_EMISMATCH, "is this a sentry?", 1);
  plays((struct play){.leaf = &ended});
  fails("one whose certificate has ended", &root, LONG_MS, DC_EEXPIRED, "the server's certificate: ", 1);
  is_text(last_request, "", "none of these was told anything");
}

static void test_manners(void) {
  plays((struct play){.leaf = &sentry, .manners = SILENT});
  fails("silence", &root, SHORT_MS, DC_ETIMEOUT, "no answer in time", 3);
  plays((struct play){.leaf = &sentry, .manners = RESETS});
  fails("a call that is reset", &root, LONG_MS, DC_EUNAVAIL, "the server reset the call (HTTP/2 error 8)", 3);
  plays((struct play){.leaf = &sentry, .manners = CLOSES});
  fails("a connection that is closed", &root, LONG_MS, DC_EUNAVAIL, "the server closed the connection", 3);
}

int main(void) {
  struct dc_sign_response response;
  struct dc_err err = DC_ERR_INIT;
  pthread_t thread;
  make_parties();
  start();
  if (pthread_create(&thread, NULL, run, NULL)) return 99;
  test_answer();
  test_refusals();
  test_who_it_is();
  test_manners();
  stop(thread);
  is_num(ask_at(address, &root, LONG_MS, &response, &err), DC_EUNAVAIL, "nobody there");
  ok(strstr(err.text, address) != NULL, "is told, with the address");
  is_num(ask_at("sentry", &root, LONG_MS, &response, &err), DC_EINVAL, "an address that is none");
  struct party *const parties[] = {&root, &issuer, &other_root, &sentry, &nobody, &ended, &several};
  for (size_t i = 0; i < DC_COUNT(parties); i++) party_free(parties[i]);
  return tap_done();
}
