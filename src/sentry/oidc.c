/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "sentry/oidc.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/os.h"
#include "pki/bundle.h"
#include "pki/key.h"
#include "sentry/flood.h"

static const char scope[] = "dapr.sentry.server.oidc.http";
static const char document_path[] = "/.well-known/openid-configuration";
static const char set_path[] = "/jwks.json";

enum { FILE_MAX = 1 << 20, WAIT_TICKS = 5 };

struct pair {
  struct dc_buf cert, key; /* PEM */
};

struct dc_oidc {
  const struct dc_sentry_config *config;
  const struct dc_sentry_oidc *options;
  struct dc_live *live;
  struct dc_health *health;
  char *document, *set; /* paths, with the prefix */
  struct dc_bind bound; /* what each server gets a duplicate of, so that one can take over from another */
  struct dc_http *http; /* NULL: waits for the TLS files */
  struct pair seen;     /* the TLS files at the last tick */
  bool tried;           /* whether to serve with them */
  unsigned waited;      /* ticks */
};

/* --- who may ask -------------------------------------------------------------------------------------------------- */

static bool is_listed(const struct dc_sentry_oidc *options, struct dc_slice host) {
  for (size_t i = 0; i < options->allowed_count; i++)
    if (dc_slice_equal(dc_slice_text(options->allowed_hosts[i]), host)) return true;
  return false;
}

/* "host:port" or "[host]:port": what stands before the port, as Go's net.SplitHostPort has it. */
static bool split_port(const char *host, struct dc_slice *name) {
  const char *colon = strrchr(host, ':');
  size_t n = colon ? (size_t)(colon - host) : 0;
  if (!colon) return false;
  if (host[0] == '[') {
    if (n < 2 || host[n - 1] != ']') return false;
    *name = (struct dc_slice){(const unsigned char *)host + 1, n - 2};
    return true;
  }
  *name = (struct dc_slice){(const unsigned char *)host, n};
  return memchr(host, ':', n) == NULL;
}

static bool believes_forwarded(const struct dc_sentry_oidc *options) {
  return options->allowed_count > 0 && !is_listed(options, DC_SLICE("*"));
}

/* The host that counts: behind a proxy, which the list vouches for, the one that the client named. */
static const char *host_of(const struct dc_oidc *oidc, const struct dc_http_request *request) {
  if (believes_forwarded(oidc->options) && request->forwarded_host && *request->forwarded_host)
    return request->forwarded_host;
  return request->host ? request->host : "";
}

static bool is_allowed(const struct dc_oidc *oidc, const char *host) {
  struct dc_slice name = {NULL, 0};
  if (!believes_forwarded(oidc->options)) return true;
  return is_listed(oidc->options, dc_slice_text(host)) ||
         (split_port(host, &name) && is_listed(oidc->options, name));
}

/* --- what they get ------------------------------------------------------------------------------------------------ */

static const char *scheme_of(const struct dc_oidc *oidc) { return oidc->options->cert_file ? "https" : "http"; }

static bool is_host(const char *host) {
  return *host && !host[strspn(host, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_~%:[]")];
}

/* ISSUER's scheme and host with the set's path; that alone where ISSUER is no URL with a scheme. */
static void add_set_uri(const struct dc_oidc *oidc, const char *issuer, struct dc_buf *out) {
  const char *host = strstr(issuer, "://");
  if (host) dc_buf_add(out, issuer, (size_t)(host - issuer) + 3 + strcspn(host + 3, "/?#"));
  dc_buf_add_text(out, oidc->set);
}

static json_t *make_document(const char *issuer, const char *set_uri, const char *algorithm) {
  return json_pack("{s:s, s:s, s:[s], s:[s], s:[s], s:[s], s:[s,s,s,s,s,s,s]}", "issuer", issuer, "jwks_uri", set_uri,
                   "response_types_supported", "id_token", "subject_types_supported", "public",
                   "id_token_signing_alg_values_supported", algorithm, "scopes_supported", "openid",
                   "claims_supported", "sub", "iss", "aud", "exp", "iat", "nbf", "use");
}

static void answer_document(const struct dc_oidc *oidc, const char *algorithm, const char *host,
                            struct dc_http_response *response) {
  struct dc_buf issuer DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_buf set_uri DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  const char *configured = oidc->config->jwt.rules.issuer;
  if (!configured && !is_host(host)) {
    dc_http_text(response, 400, "Invalid host");
    return;
  }
  if (configured)
    dc_buf_add_text(&issuer, configured);
  else
    dc_buf_printf(&issuer, "%s://%s", scheme_of(oidc), host);
  if (oidc->options->jwks_uri)
    dc_buf_add_text(&set_uri, oidc->options->jwks_uri);
  else
    add_set_uri(oidc, dc_buf_text(&issuer), &set_uri);
  json_t *document = make_document(dc_buf_text(&issuer), dc_buf_text(&set_uri), algorithm);
  char *text = document ? json_dumps(document, JSON_COMPACT) : NULL;
  json_decref(document);
  if (text)
    dc_buf_printf(&response->body, "%s\n", text);
  else
    response->body.failed = true;
  free(text);
}

static void answer(const struct dc_oidc *oidc, bool document, const char *host, struct dc_http_response *response) {
  const struct dc_snapshot *snapshot = dc_live_get(oidc->live);
  response->status = 200;
  response->type = "application/json";
  response->cache_control = "public, max-age=3600";
  dc_buf_clear(&response->body);
  if (document) {
    answer_document(oidc, dc_jwa_name(dc_token_signer_algorithm(snapshot->tokens)), host, response);
  } else {
    struct dc_slice set = dc_token_signer_jwks(snapshot->tokens);
    dc_buf_add(&response->body, set.data, set.len);
  }
  if (response->status != 200) response->cache_control = NULL;
  dc_snapshot_unref(snapshot);
}

void dc_oidc_answer(const struct dc_http_request *request, struct dc_http_response *response, void *user) {
  const struct dc_oidc *oidc = user;
  bool document = strcmp(request->path, oidc->document) == 0;
  if (!document && strcmp(request->path, oidc->set) != 0) return;
  const char *host = host_of(oidc, request);
  if (!is_allowed(oidc, host)) {
    dc_flood_log(DC_FLOOD_HOST, "Request from unauthorized domain: %s", host);
    dc_http_text(response, 403, "Forbidden: unauthorized domain");
  } else if (strcmp(request->method, "GET") != 0) {
    dc_http_text(response, 405, "Method not allowed");
    response->allow = "GET";
  } else {
    answer(oidc, document, host, response);
  }
}

/* --- serving ------------------------------------------------------------------------------------------------------ */

/* The name of a Unix-domain socket's file stays with the sockets that are duplicated: it is removed with them. */
static int duplicate(const struct dc_bind *bound, struct dc_bind *out, struct dc_err *err) {
  static const char unix_prefix[] = "unix:";
  for (size_t i = 0; i < bound->count; i++) {
    struct dc_bound *copy = &out->sockets[i];
    *copy = bound->sockets[i];
    if (strncmp(copy->address, unix_prefix, sizeof unix_prefix - 1) == 0) copy->address[0] = '\0';
    copy->fd = fcntl(bound->sockets[i].fd, F_DUPFD_CLOEXEC, 0);
    out->count = i + 1;
    if (copy->fd >= 0) continue;
    int why = errno;
    dc_bind_close(out);
    return dc_err_sys(err, why, "cannot serve HTTP on '%s'", bound->sockets[i].address);
  }
  return 0;
}

/* A new server beside the old one, which then ends: nobody who asks in between is turned away. */
static int serve(struct dc_oidc *oidc, const struct pair *tls, struct dc_err *err) {
  struct dc_bind bound = DC_BIND_INIT;
  struct dc_http *http = NULL;
  const struct dc_http_config config = {.take_bound = &bound, .handler = dc_oidc_answer, .user = oidc,
                                        .cert = {tls->cert.data, tls->cert.len}, .key = {tls->key.data, tls->key.len}};
  int rc = duplicate(&oidc->bound, &bound, err);
  if (!rc) rc = dc_http_start(&config, &http, err);
  if (rc) return rc;
  dc_http_stop(oidc->http);
  oidc->http = http;
  dc_health_set(oidc->health, DC_HEALTH_OIDC, true);
  return 0;
}

/* --- TLS files ---------------------------------------------------------------------------------------------------- */

static void pair_free(struct pair *pair) {
  dc_buf_free(&pair->cert);
  dc_buf_free(&pair->key);
}

static int read_pair(const struct dc_oidc *oidc, struct pair *pair, struct dc_err *err) {
  int rc = dc_os_read_regular(oidc->options->cert_file, FILE_MAX, &pair->cert, err);
  return rc ? rc : dc_os_read_regular(oidc->options->key_file, FILE_MAX, &pair->key, err);
}

static bool same_bytes(const struct dc_buf *a, const struct dc_buf *b) {
  return dc_slice_equal((struct dc_slice){a->data, a->len}, (struct dc_slice){b->data, b->len});
}

static bool same_pair(const struct pair *a, const struct pair *b) {
  return same_bytes(&a->cert, &b->cert) && same_bytes(&a->key, &b->key);
}

/* Serves with what was seen. */
static int take(struct dc_oidc *oidc, struct dc_err *err) {
  const struct pair *pair = &oidc->seen;
  const char *cert = oidc->options->cert_file, *key = oidc->options->key_file;
  oidc->tried = true;
  int rc = 0;
  if (pair->cert.len == 0 || pair->key.len == 0) rc = dc_err_set(err, DC_EINVAL, "one of them is empty");
  if (!rc) rc = serve(oidc, pair, err);
  if (rc) return dc_err_add(err, rc, "failed to load TLS certificate '%s' and key '%s'", cert, key);
  dc_log_write(DC_LOG_INFO, scope, "Loaded TLS certificate from %s and key from %s", cert, key);
  return 0;
}

static void wait_for_pair(struct dc_oidc *oidc, const struct dc_err *why) {
  if (oidc->waited++ % WAIT_TICKS == 0)
    dc_log_write(DC_LOG_WARN, scope, "Waiting for TLS certificate and key files to be available: %s, %s (%s)",
                 oidc->options->cert_file, oidc->options->key_file, why->text);
}

/* What differs from the last tick may be written still. */
void dc_oidc_tick(struct dc_oidc *oidc) {
  struct pair now DC_CLEANUP(pair_free) = {.cert = DC_BUF_INIT};
  struct dc_err err = DC_ERR_INIT;
  if (!oidc || !oidc->options->cert_file) return;
  if (read_pair(oidc, &now, &err)) {
    if (!oidc->http) wait_for_pair(oidc, &err);
  } else if (!same_pair(&now, &oidc->seen)) {
    struct pair old = oidc->seen;
    oidc->seen = now;
    now = old;
    oidc->tried = false;
  } else if (!oidc->tried && take(oidc, &err)) {
    dc_log_write(DC_LOG_ERROR, scope, "%s%s", err.text, oidc->http ? ": the last good ones serve on" : "");
  }
}

/* --- its life ----------------------------------------------------------------------------------------------------- */

/* A URL or name that goes into the document: printable ASCII. */
static int check_url(const char *what, const char *url, struct dc_err *err) {
  for (const char *at = url; at && *at; at++)
    if (*at <= ' ' || *at > '~') return dc_err_set(err, DC_EINVAL, "invalid %s URI: '%s'", what, url);
  return 0;
}

static int join(const char *prefix, size_t n, const char *path, char **out, struct dc_err *err) {
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  if (n && prefix[0] != '/') dc_buf_add_byte(&text, '/');
  dc_buf_add(&text, prefix, n);
  dc_buf_add_text(&text, path);
  *out = dc_buf_take_text(&text);
  return *out ? 0 : dc_err_nomem(err);
}

static int make_paths(struct dc_oidc *oidc, struct dc_err *err) {
  const char *prefix = oidc->options->path_prefix ? oidc->options->path_prefix : "";
  size_t n = strlen(prefix);
  if (prefix[strspn(prefix, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~-/")])
    return dc_err_set(err, DC_EINVAL, "the path prefix '%s' may hold letters, digits and . _ ~ - / alone", prefix);
  while (n > 0 && prefix[n - 1] == '/') n--;
  if (n) dc_log_write(DC_LOG_INFO, scope, "Using path prefix \"%.*s\" for OIDC HTTP endpoints", (int)n, prefix);
  int rc = join(prefix, n, document_path, &oidc->document, err);
  return rc ? rc : join(prefix, n, set_path, &oidc->set, err);
}

static void tell_hosts(const struct dc_sentry_oidc *options) {
  struct dc_buf hosts DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  for (size_t i = 0; i < options->allowed_count; i++)
    dc_buf_printf(&hosts, "%s%s", i ? " " : "", options->allowed_hosts[i]);
  if (hosts.len)
    dc_log_write(DC_LOG_INFO, scope, "OIDC server will only accept requests for hosts: [%s]", dc_buf_text(&hosts));
  else
    dc_log_write(DC_LOG_INFO, scope, "OIDC server will accept requests for any host");
}

static int take_options(struct dc_oidc *oidc, struct dc_err *err) {
  int rc = make_paths(oidc, err);
  if (!rc) rc = check_url("JWT issuer", oidc->config->jwt.rules.issuer, err);
  return rc ? rc : check_url("JWKS", oidc->options->jwks_uri, err);
}

static int check_pair(const struct pair *pair, struct dc_err *err) {
  struct dc_bundle chain DC_CLEANUP(dc_bundle_free) = DC_BUNDLE_INIT;
  struct dc_key *key DC_CLEANUP(dc_key_cleanup) = NULL;
  int rc = dc_bundle_add_pem(&chain, dc_buf_text(&pair->cert), pair->cert.len, err);
  if (!rc) rc = dc_key_from_pem(dc_buf_text(&pair->key), pair->key.len, &key, err);
  if (rc || dc_spki_equal(dc_key_public(key), &chain.certs[0]->spki)) return rc;
  return dc_err_set(err, DC_EMISMATCH, "the key is not the certificate's");
}

int dc_oidc_check(const struct dc_sentry_config *config, struct dc_err *err) {
  struct dc_oidc oidc = {.config = config, .options = &config->oidc};
  struct dc_err absent = DC_ERR_INIT;
  int rc = take_options(&oidc, err);
  if (!rc && config->oidc.cert_file && read_pair(&oidc, &oidc.seen, &absent) == 0) rc = check_pair(&oidc.seen, err);
  pair_free(&oidc.seen);
  free(oidc.document);
  free(oidc.set);
  return rc ? dc_err_add(err, rc, "the OIDC HTTP server") : 0;
}

static int begin(struct dc_oidc *oidc, struct dc_err *err) {
  static const struct pair none;
  struct dc_err absent = DC_ERR_INIT;
  int rc = take_options(oidc, err);
  if (rc) return rc;
  tell_hosts(oidc->options);
  if (!oidc->options->cert_file) return serve(oidc, &none, err);
  dc_health_set(oidc->health, DC_HEALTH_OIDC, false);
  if (read_pair(oidc, &oidc->seen, &absent) == 0) return take(oidc, err);
  wait_for_pair(oidc, &absent);
  return 0;
}

int dc_oidc_start(const struct dc_sentry_config *config, struct dc_bind *take_bound, struct dc_live *live,
                  struct dc_health *health, struct dc_oidc **out, struct dc_err *err) {
  struct dc_oidc *oidc = calloc(1, sizeof *oidc);
  if (!oidc) {
    dc_bind_close(take_bound);
    return dc_err_nomem(err);
  }
  *oidc = (struct dc_oidc){.config = config, .options = &config->oidc, .live = live, .health = health,
                           .bound = *take_bound};
  int rc = begin(oidc, err);
  if (rc) {
    dc_oidc_stop(oidc);
    return rc;
  }
  for (size_t i = 0; i < oidc->bound.count; i++)
    dc_log_write(DC_LOG_INFO, scope, "Starting OIDC HTTP server%s on %s", config->oidc.cert_file ? "" : " (insecure)",
                 oidc->bound.sockets[i].address);
  *out = oidc;
  return 0;
}

const char *dc_oidc_address(const struct dc_oidc *oidc, size_t index) {
  return index < oidc->bound.count ? oidc->bound.sockets[index].address : NULL;
}

void dc_oidc_stop(struct dc_oidc *oidc) {
  if (!oidc) return;
  dc_http_stop(oidc->http);
  dc_bind_close(&oidc->bound);
  pair_free(&oidc->seen);
  free(oidc->document);
  free(oidc->set);
  free(oidc);
}
