/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "sentry/jwks.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/base64.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/log.h"
#include "base/os.h"
#include "base/pem.h"
#include "sentry/fetch.h"

static const char scope[] = "dapr.sentry.identity.jwks";

enum { FIRST_RETRY_MS = 1000, UNREADY_RETRY_MS = 60000, LOOK_MS = 30000, CA_MAX = 1 << 22, NAME_LENGTH = 64 };
static const int64_t max_age_max = 366 * (DC_DAY / DC_SECOND); /* seconds: for ever is a year here */

enum kind { KIND_URL, KIND_FILE, KIND_TEXT };

struct shared_set {
  struct dc_jwks set; /* first: what others hold is a pointer to it */
  atomic_uint refs;
};

struct dc_jwks_source {
  struct dc_jwks_source_config config; /* `source` apart, see text */
  char *ca_certificate;                /* config's */
  atomic_uint refs;
  enum kind kind;
  char *text;         /* the source without white space behind it */
  struct dc_buf last; /* what the current set was read from */
  /* a URL's, of the main thread */
  uv_loop_t *loop;
  uv_timer_t timer;
  uv_async_t wake;
  struct dc_fetch *fetch; /* under way */
  int64_t retry_ms;       /* the last wait after a failure; 0: the last fetch was good */
  int64_t due_ms;         /* the next fetch, by the monotonic clock */
  int64_t due_wall;       /* and by the wall clock, seconds: the other one stands still while a machine is suspended */
  pthread_mutex_t mutex;  /* guards what follows */
  struct shared_set *current;
  bool running;      /* started and not stopped */
  bool fetching;     /* a fetch is under way or asked for */
  int64_t want_from; /* monotonic milliseconds, from when a token may ask for one */
};

/* --- the set and its users ---------------------------------------------------------------------------------------- */

static void set_unref(struct shared_set *shared) {
  if (!shared || atomic_fetch_sub_explicit(&shared->refs, 1, memory_order_acq_rel) != 1) return;
  dc_jwks_free(&shared->set);
  free(shared);
}

void dc_jwks_source_put(struct dc_jwks_source *source, const struct dc_jwks *jwks) {
  (void)source;
  set_unref((struct shared_set *)(uintptr_t)jwks);
}

const struct dc_jwks *dc_jwks_source_get(struct dc_jwks_source *source) {
  pthread_mutex_lock(&source->mutex);
  struct shared_set *shared = source->current;
  if (shared) atomic_fetch_add_explicit(&shared->refs, 1, memory_order_relaxed);
  pthread_mutex_unlock(&source->mutex);
  return shared ? &shared->set : NULL;
}

bool dc_jwks_source_ready(struct dc_jwks_source *source) {
  pthread_mutex_lock(&source->mutex);
  bool ready = source->current != NULL;
  pthread_mutex_unlock(&source->mutex);
  return ready;
}

static void publish(struct dc_jwks_source *source, struct shared_set *shared) {
  pthread_mutex_lock(&source->mutex);
  struct shared_set *old = source->current;
  source->current = shared;
  pthread_mutex_unlock(&source->mutex);
  set_unref(old);
}

static void tell_left_out(const struct dc_buf *notes, size_t count) {
  const char *at = dc_buf_text(notes);
  while (*at) {
    size_t n = strcspn(at, "\n");
    dc_log_write(DC_LOG_WARN, scope, "left out of the key set: %.*s", (int)n, at);
    at += n + (at[n] == '\n');
  }
  if (count == 0) dc_log_write(DC_LOG_WARN, scope, "the key set holds no key that can check a token: all are refused");
}

/* A set that is the current one again is not read again, and not told of again. */
static int load(struct dc_jwks_source *source, const void *text, size_t n, struct dc_err *err) {
  struct dc_buf notes DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, copy = DC_BUF_INIT;
  struct dc_jwks set DC_CLEANUP(dc_jwks_free) = DC_JWKS_INIT;
  struct dc_slice last = {source->last.data, source->last.len};
  if (source->current && dc_slice_equal(last, (struct dc_slice){text, n})) return 0;
  int rc = dc_jwks_parse(&set, text, n, &notes, err);
  if (rc) return rc;
  dc_buf_add(&copy, text, n);
  struct shared_set *shared = copy.failed ? NULL : calloc(1, sizeof *shared);
  if (!shared) {
    dc_buf_free(&copy);
    return dc_err_nomem(err);
  }
  atomic_init(&shared->refs, 1);
  shared->set = set;
  set = (struct dc_jwks)DC_JWKS_INIT;
  dc_buf_free(&source->last);
  source->last = copy;
  tell_left_out(&notes, shared->set.count);
  dc_log_write(DC_LOG_INFO, scope, "loaded a key set of %zu keys", shared->set.count);
  publish(source, shared);
  return 0;
}

/* --- a file, or the text of a set --------------------------------------------------------------------------------- */

static int load_file(struct dc_jwks_source *source, struct dc_err *err) {
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  int rc = dc_os_read_regular(source->text, DC_JWKS_TEXT_MAX, &text, err);
  if (!rc) rc = load(source, dc_buf_text(&text), text.len, err);
  return rc ? dc_err_add(err, rc, "the key set '%s'", source->text) : 0;
}

/* Base64 with its padding or without. */
static int decode(const char *text, struct dc_buf *out, struct dc_err *err) {
  struct dc_buf whole DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  for (; *text; text++)
    if (*text != '=' && !strchr(" \t\r\n", *text)) dc_buf_add_byte(&whole, (unsigned char)*text);
  while (!whole.failed && whole.len % 4) dc_buf_add_byte(&whole, '=');
  int rc = dc_buf_check(&whole, err);
  return rc ? rc : dc_base64_decode(out, DC_BASE64_STD, dc_buf_text(&whole), whole.len, err);
}

static bool looks_like_path(const char *text) {
  return *text == '/' || *text == '.' || (*text != '{' && strchr(text, '.') && strlen(text) < NAME_LENGTH);
}

/* What looks like a path is shown with why it is no file; anything else may be a token, or a set with private keys. */
static int load_text(struct dc_jwks_source *source, int stat_errno, struct dc_err *err) {
  static const char kinds[] = "neither a URL, nor the path of a file, nor a key set as JSON or in base64";
  struct dc_buf json DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  const char *text = source->text + strspn(source->text, " \t\r\n");
  if (*text == '{') {
    int rc = load(source, text, strlen(text), err);
    return rc ? dc_err_add(err, rc, "the key set that stands in the configuration") : 0;
  }
  if (looks_like_path(text))
    return dc_err_set(err, DC_ENOENT, "the source '%.256s' is %s: %s", text, kinds, strerror(stat_errno));
  if (decode(text, &json, NULL)) return dc_err_set(err, DC_ENOENT, "the source is %s", kinds);
  int rc = load(source, dc_buf_text(&json), json.len, err);
  return rc ? dc_err_add(err, rc, "the key set that stands in the configuration, in base64") : 0;
}

const char *dc_jwks_source_file(const struct dc_jwks_source *source) {
  return source->kind == KIND_FILE ? source->text : NULL;
}

int dc_jwks_source_reload(struct dc_jwks_source *source, struct dc_err *err) {
  const struct shared_set *before = source->current; /* only this thread replaces it */
  int rc = source->kind == KIND_FILE ? load_file(source, err) : 0;
  return rc ? rc : source->current != before;
}

/* --- references --------------------------------------------------------------------------------------------------- */

struct dc_jwks_source *dc_jwks_source_ref(struct dc_jwks_source *source) {
  atomic_fetch_add_explicit(&source->refs, 1, memory_order_relaxed);
  return source;
}

void dc_jwks_source_unref(struct dc_jwks_source *source) {
  if (!source || atomic_fetch_sub_explicit(&source->refs, 1, memory_order_acq_rel) != 1) return;
  set_unref(source->current);
  pthread_mutex_destroy(&source->mutex);
  dc_buf_free(&source->last);
  free(source->ca_certificate);
  free(source->text);
  free(source);
}

/* --- a URL -------------------------------------------------------------------------------------------------------- */

static bool is_pem(const char *text) { return text && strstr(text, "-----BEGIN ") != NULL; }

/* One that cannot be any use is told of at the start; each fetch reads it again. */
static int check_ca(const char *certificate, struct dc_err *err) {
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_pem pem DC_CLEANUP(dc_pem_free) = DC_PEM_INIT;
  int rc = 0;
  if (is_pem(certificate))
    dc_buf_add_text(&text, certificate);
  else
    rc = dc_os_read_regular(certificate, CA_MAX, &text, err);
  if (!rc) rc = dc_buf_check(&text, err);
  const char *at = dc_buf_text(&text);
  size_t left = text.len;
  while (!rc && (rc = dc_pem_next(&at, &left, &pem, err)) > 0) {
    if (strcmp(pem.label, "CERTIFICATE") == 0) return 0;
    rc = 0;
  }
  if (!rc) rc = dc_err_set(err, DC_EINVAL, "no certificate in it");
  return dc_err_add(err, rc, "the caCertificate of the key set%s%s", is_pem(certificate) ? "" : ": ",
                    is_pem(certificate) ? "" : certificate);
}

static int check_url(const struct dc_jwks_source *source, struct dc_err *err) {
  const char *ca = source->config.ca_certificate;
  if (!source->config.fetch_program)
    return dc_err_set(err, DC_EUNSUPPORTED,
                      "the source of the key set is a URL, and the program daprcerts-fetch is not there: it was left "
                      "out of this build (--disable-fetch), or is not installed");
  for (const char *at = source->text; *at; at++)
    if ((unsigned char)*at <= ' ' || *at == 127)
      return dc_err_set(err, DC_EINVAL, "the URL of the key set has white space in it");
  return ca && *ca ? check_ca(ca, err) : 0;
}

static void on_fetched(void *user, const struct dc_fetch_answer *answer, const struct dc_err *err);

static void begin(struct dc_jwks_source *source) {
  const struct dc_jwks_source_config *config = &source->config;
  const char *ca = config->ca_certificate && *config->ca_certificate ? config->ca_certificate : NULL;
  const struct dc_fetch_config fetch = {.program = config->fetch_program,
                                        .url = source->text,
                                        .ca_path = is_pem(ca) ? NULL : ca,
                                        .ca_pem = is_pem(ca) ? ca : NULL,
                                        .timeout = config->request_timeout,
                                        .max = DC_JWKS_TEXT_MAX,
                                        .done = on_fetched,
                                        .user = source};
  struct dc_err err = DC_ERR_INIT;
  (void)uv_timer_stop(&source->timer);
  pthread_mutex_lock(&source->mutex);
  source->fetching = true;
  pthread_mutex_unlock(&source->mutex);
  (void)dc_jwks_source_ref(source); /* until on_fetched */
  if (dc_fetch_start(&fetch, source->loop, &source->fetch, &err)) on_fetched(source, NULL, &err);
}

static void on_timer(uv_timer_t *timer);

/* Looks at the clocks every LOOK_MS. */
static void arm(struct dc_jwks_source *source) {
  int64_t left = source->due_ms - dc_clock_mono_ms();
  uint64_t wait = left < 0 ? 0 : left < LOOK_MS ? (uint64_t)left : LOOK_MS;
  (void)uv_timer_start(&source->timer, on_timer, wait, 0);
}

static void on_timer(uv_timer_t *timer) {
  struct dc_jwks_source *source = timer->data;
  if (dc_clock_mono_ms() >= source->due_ms || dc_clock_wall() >= source->due_wall)
    begin(source);
  else
    arm(source);
}

static void schedule(struct dc_jwks_source *source, int64_t wait_ms) {
  source->due_ms = dc_clock_mono_ms() + wait_ms;
  source->due_wall = dc_clock_wall() + wait_ms / 1000 + 1;
  arm(source);
}

static int64_t min_refresh_ms(const struct dc_jwks_source *source) {
  int64_t ms = source->config.min_refresh / (DC_SECOND / 1000);
  return ms > 0 ? ms : 1;
}

/* Without any set nobody is served: then it is tried each minute at least. */
static int64_t next_retry(const struct dc_jwks_source *source) {
  int64_t wait = source->retry_ms ? 2 * source->retry_ms : FIRST_RETRY_MS, most = min_refresh_ms(source);
  if (!source->current && most > UNREADY_RETRY_MS) most = UNREADY_RETRY_MS;
  return wait < most ? wait : most;
}

static int64_t next_refresh(const struct dc_jwks_source *source, int64_t max_age) {
  int64_t least = min_refresh_ms(source), age = 1000 * (max_age < max_age_max ? max_age : max_age_max);
  return age > least ? age : least;
}

static void take_answer(struct dc_jwks_source *source, const struct dc_fetch_answer *answer, const struct dc_err *why) {
  char wait[DC_DURATION_TEXT_MAX];
  struct dc_err err = DC_ERR_INIT;
  int rc = answer ? load(source, answer->body, answer->len, &err) : why->code;
  if (!rc) {
    int64_t next = next_refresh(source, answer->max_age);
    dc_log_write(DC_LOG_DEBUG, scope, "fetched the key set; again in %s",
                 dc_duration_text(next * (DC_SECOND / 1000), wait));
    source->retry_ms = 0;
    schedule(source, next);
    return;
  }
  source->retry_ms = next_retry(source);
  dc_log_write(DC_LOG_ERROR, scope, "cannot fetch the key set%s; trying again in %s: %s",
               source->current ? ", the last good one stays" : "",
               dc_duration_text(source->retry_ms * (DC_SECOND / 1000), wait), answer ? err.text : why->text);
  schedule(source, source->retry_ms);
}

static void tell_changed(const struct dc_jwks_source *source) {
  if (source->config.changed) source->config.changed(source->config.user);
}

static void on_fetched(void *user, const struct dc_fetch_answer *answer, const struct dc_err *err) {
  struct dc_jwks_source *source = user;
  source->fetch = NULL;
  if (source->loop) { /* not stopped */
    take_answer(source, answer, err);
    pthread_mutex_lock(&source->mutex);
    source->fetching = false;
    pthread_mutex_unlock(&source->mutex);
    tell_changed(source);
  }
  dc_jwks_source_unref(source);
}

static void on_wake(uv_async_t *wake) {
  struct dc_jwks_source *source = wake->data;
  if (source->fetch) return; /* its end is told */
  pthread_mutex_lock(&source->mutex);
  bool asked = source->fetching;
  pthread_mutex_unlock(&source->mutex);
  if (asked)
    begin(source);
  else
    tell_changed(source);
}

/* A set that came while the caller was at work on the one before is told of once more, or a token of its key would be
 * refused. The mutex is held until the wake is sent: past dc_jwks_source_stop there is nothing to send it to. */
bool dc_jwks_source_want(struct dc_jwks_source *source, const struct dc_jwks *seen) {
  if (source->kind != KIND_URL) return false;
  int64_t now = dc_clock_mono_ms();
  pthread_mutex_lock(&source->mutex);
  bool wait = source->running && (source->fetching || !source->current);
  bool newer = source->current && &source->current->set != seen;
  if (source->running && !wait && (newer || now >= source->want_from)) {
    if (!newer) source->want_from = now + min_refresh_ms(source);
    source->fetching = !newer;
    wait = true;
    uv_async_send(&source->wake);
  }
  pthread_mutex_unlock(&source->mutex);
  return wait;
}

/* --- life --------------------------------------------------------------------------------------------------------- */

int dc_jwks_source_inherit(struct dc_jwks_source *source, struct dc_jwks_source *from, struct dc_err *err) {
  if (source->kind != KIND_URL || !from->current) return 0;
  dc_buf_add(&source->last, from->last.data, from->last.len);
  atomic_fetch_add_explicit(&from->current->refs, 1, memory_order_relaxed); /* only this thread replaces it */
  publish(source, from->current);
  return dc_buf_check(&source->last, err);
}

int dc_jwks_source_start(struct dc_jwks_source *source, uv_loop_t *loop, struct dc_err *err) {
  if (source->kind != KIND_URL) return 0;
  int rc = uv_async_init(loop, &source->wake, on_wake);
  if (rc) return dc_err_set(err, DC_EIO, "cannot wait for the key set: %s", uv_strerror(rc));
  (void)uv_timer_init(loop, &source->timer);
  source->timer.data = dc_jwks_source_ref(source);
  source->wake.data = dc_jwks_source_ref(source);
  source->loop = loop;
  if (strncmp(source->text, "http:", 5) == 0)
    dc_log_write(DC_LOG_WARN, scope,
                 "the key set comes over plain http: whoever can change it on its way can make tokens for any name");
  pthread_mutex_lock(&source->mutex);
  source->running = true;
  pthread_mutex_unlock(&source->mutex);
  begin(source);
  return 0;
}

static void on_closed(uv_handle_t *handle) { dc_jwks_source_unref(handle->data); }

void dc_jwks_source_stop(struct dc_jwks_source *source) {
  if (!source->loop) return;
  pthread_mutex_lock(&source->mutex);
  source->running = false;
  pthread_mutex_unlock(&source->mutex);
  source->loop = NULL;
  uv_close((uv_handle_t *)&source->timer, on_closed);
  uv_close((uv_handle_t *)&source->wake, on_closed);
  if (source->fetch) dc_fetch_abort(source->fetch);
}

static bool is_url(const char *text) { return strncmp(text, "https://", 8) == 0 || strncmp(text, "http://", 7) == 0; }

/* Without the white space behind it; NULL: out of memory. */
static char *copy_source(const char *text) {
  size_t n = strlen(text);
  while (n > 0 && strchr(" \t\r\n", text[n - 1])) n--;
  return strndup(text, n);
}

char *dc_jwks_source_path(const char *source) {
  char *text = copy_source(source);
  struct stat what;
  if (text && !is_url(text) && (looks_like_path(text) || stat(text, &what) == 0)) return text;
  free(text);
  return NULL;
}

static int open_source(struct dc_jwks_source *source, struct dc_err *err) {
  struct stat what;
  if (is_url(source->text)) {
    source->kind = KIND_URL;
    return check_url(source, err);
  }
  int failed = stat(source->text, &what) ? errno : 0;
  if (!failed && !S_ISDIR(what.st_mode)) {
    source->kind = KIND_FILE;
    return load_file(source, err);
  }
  source->kind = KIND_TEXT;
  return load_text(source, failed ? failed : EISDIR, err);
}

int dc_jwks_source_new(const struct dc_jwks_source_config *config, struct dc_jwks_source **out, struct dc_err *err) {
  struct dc_jwks_source *source = calloc(1, sizeof *source);
  if (!source) return dc_err_nomem(err);
  source->config = *config;
  source->text = copy_source(config->source);
  if (config->ca_certificate) source->ca_certificate = strdup(config->ca_certificate);
  source->config.source = NULL;
  source->config.ca_certificate = source->ca_certificate;
  atomic_init(&source->refs, 1);
  pthread_mutex_init(&source->mutex, NULL);
  bool whole = source->text && !source->ca_certificate == !config->ca_certificate;
  int rc = whole ? open_source(source, err) : dc_err_nomem(err);
  if (rc)
    dc_jwks_source_unref(source);
  else
    *out = source;
  return rc;
}
