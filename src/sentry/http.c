/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "sentry/http.h"

#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "base/os.h"

/* CONNECTIONS_CUT: room for those that were cut and are not closed yet. */
enum {
  CONNECTIONS_MAX = 64,
  CONNECTIONS_CUT = 32,
  CONNECTION_TIMEOUT_S = 10,
  CONNECTION_MEMORY = 16384,
  STOP_MS = 1000,
  PAUSE_MS = 100,
};

/* A distribution's policy counts here too: see rpc/tls.c. */
#ifdef DC_TLS_PRIORITY
#define PRIORITIES DC_TLS_PRIORITY
#else
#define PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"
#endif

/* What a request has come to, of which libmicrohttpd keeps the address. */
static char receiving, answering;

/* Of one socket; its daemon has one thread, which alone touches the list. */
struct served {
  struct MHD_Daemon *daemon;
  MHD_socket open[CONNECTIONS_MAX]; /* connections, the oldest first */
  size_t open_count;
};

struct dc_http {
  struct dc_bind bound;
  dc_http_fn *handler;
  void *user;
  char *cert, *key; /* heap; the key is wiped */
  struct served served[DC_BIND_MAX];
  size_t count;
  uv_mutex_t mutex; /* guards answers */
  uv_cond_t all_out;
  size_t answers; /* that are not out */
};

/* --- connections -------------------------------------------------------------------------------------------------- */

static void forget(struct served *served, size_t index) {
  served->open_count--;
  memmove(&served->open[index], &served->open[index + 1], (served->open_count - index) * sizeof *served->open);
}

/* The time-out is of silence alone: a peer that sends a byte now and then could stay for hours. With all places taken
 * the oldest is cut, which an honest peer leaves long before. */
static void on_connection(void *user, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code) {
  struct served *served = user;
  MHD_socket fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
  (void)context;
  if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
    for (size_t i = served->open_count; i-- > 0;)
      if (served->open[i] == fd) forget(served, i);
    return;
  }
  if (served->open_count == CONNECTIONS_MAX) {
    (void)shutdown(dc_os_descriptor((intptr_t)served->open[0]), SHUT_RDWR);
    forget(served, 0);
  }
  served->open[served->open_count++] = fd;
}

/* --- requests ----------------------------------------------------------------------------------------------------- */

void dc_http_text(struct dc_http_response *response, unsigned status, const char *text) {
  response->status = status;
  response->type = "text/plain; charset=utf-8";
  dc_buf_clear(&response->body);
  dc_buf_printf(&response->body, "%s\n", text);
}

static const char *header(struct MHD_Connection *connection, const char *name) {
  return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static void add_header(struct MHD_Response *response, const char *name, const char *value) {
  if (value) (void)MHD_add_response_header(response, name, value);
}

static enum MHD_Result send_response(struct MHD_Connection *connection, const struct dc_http_response *answer) {
  struct MHD_Response *response = MHD_create_response_from_buffer(
      answer->body.len, answer->body.len ? answer->body.data : (void *)(uintptr_t)"", MHD_RESPMEM_MUST_COPY);
  if (!response) return MHD_NO;
  add_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->type);
  add_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, answer->cache_control);
  add_header(response, MHD_HTTP_HEADER_ALLOW, answer->allow);
  enum MHD_Result queued = MHD_queue_response(connection, answer->status, response);
  MHD_destroy_response(response);
  return queued;
}

static void count_answer(struct dc_http *http, bool one_more) {
  uv_mutex_lock(&http->mutex);
  http->answers = one_more ? http->answers + 1 : http->answers - 1;
  if (http->answers == 0) uv_cond_signal(&http->all_out);
  uv_mutex_unlock(&http->mutex);
}

static void on_completed(void *user, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode code) {
  (void)connection;
  (void)code;
  if (*state == &answering) count_answer(user, false);
  *state = NULL;
}

/* Called once when the headers are there, then for each piece of a body, which nobody here wants. */
static enum MHD_Result on_request(void *user, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *upload, size_t *upload_size, void **state) {
  struct dc_http *http = user;
  (void)version;
  (void)upload;
  if (!*state) {
    *state = &receiving;
    return MHD_YES;
  }
  if (*upload_size) {
    *upload_size = 0;
    return MHD_YES;
  }
  *state = &answering;
  count_answer(http, true);
  const struct dc_http_request request = {.method = method,
                                          .path = url,
                                          .host = header(connection, MHD_HTTP_HEADER_HOST),
                                          .forwarded_host = header(connection, "X-Forwarded-Host")};
  struct dc_http_response answer = {.body = DC_BUF_INIT};
  dc_http_text(&answer, MHD_HTTP_NOT_FOUND, "404 page not found");
  http->handler(&request, &answer, http->user);
  enum MHD_Result sent = answer.body.failed ? MHD_NO : send_response(connection, &answer);
  dc_buf_free(&answer.body);
  return sent;
}

/* --- life --------------------------------------------------------------------------------------------------------- */

static bool has_descriptor(void) {
  int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (fd >= 0) close(fd);
  return fd >= 0 || (errno != EMFILE && errno != ENFILE);
}

/* What libmicrohttpd would tell on standard error: mistakes of peers, which nobody needs to know. Its thread tells too
 * that there was no descriptor for a connection; without any other connection it would try again at once, for ever. */
static void on_message(void *user, const char *fmt, va_list args) {
  (void)user;
  (void)fmt;
  (void)args;
  if (!has_descriptor()) (void)poll(NULL, 0, PAUSE_MS);
}

static struct MHD_Daemon *start_daemon(struct dc_http *http, struct served *served, int fd) {
  unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_AUTO | MHD_USE_ITC | MHD_USE_ERROR_LOG |
                   (http->cert ? MHD_USE_TLS : 0);
  const struct MHD_OptionItem tls[] = {
      {MHD_OPTION_HTTPS_MEM_CERT, 0, http->cert},
      {MHD_OPTION_HTTPS_MEM_KEY, 0, http->key},
      {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)PRIORITIES},
      {MHD_OPTION_END, 0, NULL},
  };
  const struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
  return MHD_start_daemon(flags, 0, NULL, NULL, on_request, http, MHD_OPTION_EXTERNAL_LOGGER, on_message, NULL,
                          MHD_OPTION_NOTIFY_CONNECTION, on_connection, served,
                          MHD_OPTION_NOTIFY_COMPLETED, on_completed, http, MHD_OPTION_LISTEN_SOCKET, (MHD_socket)dc_os_socket(fd),
                          MHD_OPTION_CONNECTION_LIMIT, (unsigned)(CONNECTIONS_MAX + CONNECTIONS_CUT),
                          MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)CONNECTION_TIMEOUT_S,
                          MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY, MHD_OPTION_ARRAY,
                          http->cert ? tls : none, MHD_OPTION_END);
}

static char *copy_text(struct dc_slice text) { return strndup((const char *)text.data, text.len); }

static int start(struct dc_http *http, const struct dc_http_config *config, struct dc_err *err) {
  if (config->cert.len) {
    http->cert = copy_text(config->cert);
    http->key = copy_text(config->key);
    if (!http->cert || !http->key) return dc_err_nomem(err);
  }
  for (size_t i = 0; i < http->bound.count; i++) {
    http->served[i].daemon = start_daemon(http, &http->served[i], http->bound.sockets[i].fd);
    if (!http->served[i].daemon)
      return dc_err_set(err, DC_EIO, "cannot serve HTTP on '%s'%s", http->bound.sockets[i].address,
                        http->cert ? ": the certificate and its key are of no use, or no thread is left" : "");
    http->count++;
  }
  return 0;
}

static struct dc_http *http_new(const struct dc_http_config *config) {
  struct dc_http *http = calloc(1, sizeof *http);
  if (!http || uv_mutex_init(&http->mutex)) {
    free(http);
    return NULL;
  }
  if (uv_cond_init(&http->all_out)) {
    uv_mutex_destroy(&http->mutex);
    free(http);
    return NULL;
  }
  http->handler = config->handler;
  http->user = config->user;
  return http;
}

int dc_http_start(const struct dc_http_config *config, struct dc_http **out, struct dc_err *err) {
  struct dc_bind bound = *config->take_bound;
  struct dc_http *http = http_new(config);
  if (!http) {
    dc_bind_close(&bound);
    return dc_err_nomem(err);
  }
  http->bound = bound;
  int rc = start(http, config, err);
  if (rc)
    dc_http_stop(http);
  else
    *out = http;
  return rc;
}

const char *dc_http_address(const struct dc_http *http, size_t index) {
  return index < http->bound.count ? http->bound.sockets[index].address : NULL;
}

static void wait_for_answers(struct dc_http *http) {
  uint64_t now = 0, until = uv_hrtime() + STOP_MS * UINT64_C(1000000);
  uv_mutex_lock(&http->mutex);
  while (http->answers > 0 && (now = uv_hrtime()) < until)
    (void)uv_cond_timedwait(&http->all_out, &http->mutex, until - now);
  uv_mutex_unlock(&http->mutex);
}

/* A daemon that is quiesced gives its socket back, else it closes it. */
void dc_http_stop(struct dc_http *http) {
  if (!http) return;
  for (size_t i = 0; i < http->count; i++)
    if (MHD_quiesce_daemon(http->served[i].daemon) == MHD_INVALID_SOCKET) http->bound.sockets[i].fd = -1;
  dc_bind_close(&http->bound);
  wait_for_answers(http);
  for (size_t i = 0; i < http->count; i++) MHD_stop_daemon(http->served[i].daemon);
  dc_mem_free(&http->cert);
  dc_mem_free_secret(&http->key);
  uv_cond_destroy(&http->all_out);
  uv_mutex_destroy(&http->mutex);
  free(http);
}
