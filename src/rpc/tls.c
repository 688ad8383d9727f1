/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "rpc/tls.h"

#include <errno.h>
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* What both sides speak. The order is a server's wish, not its demand: AES-128-GCM and X25519 cost the least here
 * (AES-256 adds a seventh to a call on a new connection, P-256 key exchange as much), the signature algorithms are
 * those of every key type that a Dapr CA may have. A distribution's policy replaces it:
 * configure --with-default-priorities. */
#ifndef DC_TLS_PRIORITY
#define DC_TLS_PRIORITY \
  "NONE:+VERS-TLS1.3:+VERS-TLS1.2:+AES-128-GCM:+CHACHA20-POLY1305:+AES-256-GCM:+AEAD:+ECDHE-ECDSA:+ECDHE-RSA:" \
  "+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1:+GROUP-SECP521R1:+SIGN-EDDSA-ED25519:+SIGN-ECDSA-SHA256:" \
  "+SIGN-ECDSA-SHA384:+SIGN-ECDSA-SHA512:+SIGN-ECDSA-SECP256R1-SHA256:+SIGN-ECDSA-SECP384R1-SHA384:" \
  "+SIGN-ECDSA-SECP521R1-SHA512:+SIGN-RSA-PSS-RSAE-SHA256:+SIGN-RSA-PSS-RSAE-SHA384:+SIGN-RSA-PSS-RSAE-SHA512:" \
  "+SIGN-RSA-SHA256:+SIGN-RSA-SHA384:+SIGN-RSA-SHA512:+COMP-NULL:+CTYPE-X509:%SERVER_PRECEDENCE"
#endif

static const gnutls_datum_t alpn[] = {{.data = (unsigned char *)(uintptr_t)"h2", .size = 2},
                                      {.data = (unsigned char *)(uintptr_t)"http/1.1", .size = 8}};

struct dc_tls_creds {
  atomic_uint refs;
  bool server;
  bool looks; /* whatever the server speaks */
  gnutls_certificate_credentials_t certificate;
  gnutls_priority_t priority;
};

struct dc_tls {
  gnutls_session_t session;
  struct dc_tls_creds *creds;
  const unsigned char *in; /* borrowed: what was fed and is not read yet */
  size_t in_len;
  struct dc_buf out;
};

static int crypto_error(struct dc_err *err, const char *what, int rc) {
  if (rc == GNUTLS_E_MEMORY_ERROR) return dc_err_nomem(err);
  return dc_err_set(err, DC_ECRYPTO, "%s: %s", what, gnutls_strerror(rc));
}

/* --- credentials -------------------------------------------------------------------------------------------------- */

static int creds_new(bool server, struct dc_tls_creds **out, struct dc_err *err) {
  struct dc_tls_creds *creds = calloc(1, sizeof *creds);
  if (!creds) return dc_err_nomem(err);
  atomic_init(&creds->refs, 1);
  creds->server = server;
  int rc = gnutls_certificate_allocate_credentials(&creds->certificate);
  if (rc == 0) rc = gnutls_priority_init(&creds->priority, DC_TLS_PRIORITY, NULL);
  if (rc < 0) {
    dc_tls_creds_unref(creds);
    return crypto_error(err, "cannot set up TLS", rc);
  }
  *out = creds;
  return 0;
}

/* GnuTLS takes over the key and the list's certificates, but for the array itself. */
static int set_pair(gnutls_certificate_credentials_t certificate, const struct dc_tls_der *chain, size_t count,
                    gnutls_privkey_t key) {
  gnutls_pcert_st *list = calloc(count, sizeof *list);
  gnutls_privkey_t own = NULL;
  size_t imported = 0;
  int rc = list ? 0 : GNUTLS_E_MEMORY_ERROR;
  for (; rc >= 0 && imported < count; imported++) {
    gnutls_datum_t der = {.data = (unsigned char *)(uintptr_t)chain[imported].bytes,
                          .size = (unsigned)chain[imported].len};
    rc = gnutls_pcert_import_x509_raw(&list[imported], &der, GNUTLS_X509_FMT_DER, 0);
    if (rc < 0) break;
  }
  gnutls_x509_privkey_t plain = NULL;
  if (rc >= 0) rc = gnutls_privkey_export_x509(key, &plain);
  if (rc >= 0) rc = gnutls_privkey_init(&own);
  if (rc >= 0) rc = gnutls_privkey_import_x509(own, plain, GNUTLS_PRIVKEY_IMPORT_COPY);
  gnutls_x509_privkey_deinit(plain);
  if (rc >= 0) rc = gnutls_certificate_set_key(certificate, NULL, 0, list, (int)count, own);
  if (rc < 0) {
    for (size_t i = 0; i < imported; i++) gnutls_pcert_deinit(&list[i]);
    gnutls_privkey_deinit(own);
  }
  free(list);
  return rc < 0 ? rc : 0;
}

int dc_tls_creds_server(const struct dc_tls_der *chain, size_t count, struct gnutls_privkey_st *key,
                        struct dc_tls_creds **out, struct dc_err *err) {
  struct dc_tls_creds *creds = NULL;
  int rc = creds_new(true, &creds, err);
  if (rc) return rc;
  rc = set_pair(creds->certificate, chain, count, key);
  if (rc < 0) {
    dc_tls_creds_unref(creds);
    return crypto_error(err, "cannot use the serving certificate", rc);
  }
  *out = creds;
  return 0;
}

int dc_tls_creds_client(struct dc_tls_creds **out, struct dc_err *err) { return creds_new(false, out, err); }

int dc_tls_creds_look(struct dc_tls_creds **out, struct dc_err *err) {
  struct dc_tls_creds *creds = NULL;
  int rc = creds_new(false, &creds, err);
  if (rc) return rc;
  creds->looks = true;
  *out = creds;
  return 0;
}

struct dc_tls_creds *dc_tls_creds_ref(struct dc_tls_creds *creds) {
  atomic_fetch_add_explicit(&creds->refs, 1, memory_order_relaxed);
  return creds;
}

void dc_tls_creds_unref(struct dc_tls_creds *creds) {
  if (!creds || atomic_fetch_sub_explicit(&creds->refs, 1, memory_order_acq_rel) != 1) return;
  if (creds->priority) gnutls_priority_deinit(creds->priority);
  if (creds->certificate) gnutls_certificate_free_credentials(creds->certificate);
  free(creds);
}

/* --- the two ends of a session ------------------------------------------------------------------------------------ */

static ssize_t pull(gnutls_transport_ptr_t pointer, void *room, size_t size) {
  struct dc_tls *tls = pointer;
  if (tls->in_len == 0) {
    gnutls_transport_set_errno(tls->session, EAGAIN);
    return -1;
  }
  size_t n = size < tls->in_len ? size : tls->in_len;
  memcpy(room, tls->in, n);
  tls->in += n;
  tls->in_len -= n;
  return (ssize_t)n;
}

/* GnuTLS asks before it blocks in a handshake with a time-out; we never block. */
static int pull_timeout(gnutls_transport_ptr_t pointer, unsigned ms) {
  const struct dc_tls *tls = pointer;
  (void)ms;
  return tls->in_len > 0 ? 1 : 0;
}

static ssize_t push(gnutls_transport_ptr_t pointer, const void *bytes, size_t n) {
  struct dc_tls *tls = pointer;
  dc_buf_add(&tls->out, bytes, n);
  if (tls->out.failed) {
    gnutls_transport_set_errno(tls->session, ENOMEM);
    return -1;
  }
  return (ssize_t)n;
}

static bool is_dns_name(const char *name) {
  return name && *name && !strchr(name, ':') && strspn(name, "0123456789.") != strlen(name);
}

int dc_tls_new(struct dc_tls_creds *creds, const char *server_name, struct dc_tls **out, struct dc_err *err) {
  struct dc_tls *tls = calloc(1, sizeof *tls);
  if (!tls) return dc_err_nomem(err);
  tls->creds = dc_tls_creds_ref(creds);
  /* no tickets: Go's clients never resume, and an old ticket would outlive a swapped certificate */
  unsigned flags = (creds->server ? GNUTLS_SERVER : GNUTLS_CLIENT) | GNUTLS_NONBLOCK | GNUTLS_NO_TICKETS;
  int rc = gnutls_init(&tls->session, flags);
  if (rc >= 0) rc = gnutls_priority_set(tls->session, creds->priority);
  if (rc >= 0) rc = gnutls_credentials_set(tls->session, GNUTLS_CRD_CERTIFICATE, creds->certificate);
  if (rc >= 0)
    rc = gnutls_alpn_set_protocols(tls->session, alpn, creds->looks ? DC_COUNT(alpn) : 1,
                                   creds->server ? GNUTLS_ALPN_MANDATORY : 0);
  if (rc >= 0 && !creds->server && is_dns_name(server_name))
    rc = gnutls_server_name_set(tls->session, GNUTLS_NAME_DNS, server_name, strlen(server_name));
  if (rc < 0) {
    dc_tls_free(tls);
    return crypto_error(err, "cannot begin a TLS session", rc);
  }
  gnutls_transport_set_ptr(tls->session, tls);
  gnutls_transport_set_pull_function(tls->session, pull);
  gnutls_transport_set_pull_timeout_function(tls->session, pull_timeout);
  gnutls_transport_set_push_function(tls->session, push);
  gnutls_handshake_set_timeout(tls->session, GNUTLS_INDEFINITE_TIMEOUT); /* the event loop has its own */
  *out = tls;
  return 0;
}

void dc_tls_free(struct dc_tls *tls) {
  if (!tls) return;
  if (tls->session) gnutls_deinit(tls->session);
  dc_tls_creds_unref(tls->creds);
  dc_buf_free(&tls->out);
  free(tls);
}

void dc_tls_feed(struct dc_tls *tls, const void *bytes, size_t n) {
  tls->in = bytes;
  tls->in_len = n;
}

/* --- handshake, records ------------------------------------------------------------------------------------------- */

static const char *alert_name(gnutls_session_t session) {
  const char *name = gnutls_alert_get_name(gnutls_alert_get(session));
  return name ? name : "unknown";
}

int dc_tls_handshake(struct dc_tls *tls, struct dc_err *err) {
  int rc;
  do
    rc = gnutls_handshake(tls->session);
  while (rc == GNUTLS_E_INTERRUPTED || rc == GNUTLS_E_WARNING_ALERT_RECEIVED);
  if (rc == GNUTLS_E_SUCCESS) return 1;
  if (rc == GNUTLS_E_AGAIN) return 0;
  if (rc == GNUTLS_E_FATAL_ALERT_RECEIVED)
    return dc_err_set(err, DC_EDENIED, "TLS handshake failed: the peer says \"%s\"", alert_name(tls->session));
  if (rc == GNUTLS_E_PREMATURE_TERMINATION) return dc_err_set(err, DC_EUNAVAIL, "the peer left during the TLS handshake");
  gnutls_alert_send_appropriate(tls->session, rc);
  return dc_err_set(err, DC_EPROTO, "TLS handshake failed: %s", gnutls_strerror(rc));
}

int dc_tls_read(struct dc_tls *tls, void *room, size_t size, struct dc_err *err) {
  ssize_t n;
  do
    n = gnutls_record_recv(tls->session, room, size);
  while (n == GNUTLS_E_INTERRUPTED || n == GNUTLS_E_WARNING_ALERT_RECEIVED);
  if (n > 0) return (int)n;
  if (n == GNUTLS_E_AGAIN) return 0;
  /* Go's clients often end without close_notify: an end as good as another, HTTP/2 has its own framing */
  if (n == 0 || n == GNUTLS_E_PREMATURE_TERMINATION) return dc_err_set(err, DC_EUNAVAIL, "the peer closed the connection");
  if (n == GNUTLS_E_FATAL_ALERT_RECEIVED)
    return dc_err_set(err, DC_EDENIED, "TLS ended: the peer says \"%s\"", alert_name(tls->session));
  if (n == GNUTLS_E_REHANDSHAKE) {
    gnutls_alert_send(tls->session, GNUTLS_AL_WARNING, GNUTLS_A_NO_RENEGOTIATION);
    return 0;
  }
  gnutls_alert_send_appropriate(tls->session, (int)n);
  return dc_err_set(err, DC_EPROTO, "TLS broke: %s", gnutls_strerror((int)n));
}

int dc_tls_write(struct dc_tls *tls, const void *bytes, size_t n, struct dc_err *err) {
  const unsigned char *at = bytes;
  while (n > 0) {
    ssize_t sent = gnutls_record_send(tls->session, at, n < DC_TLS_RECORD_MAX ? n : DC_TLS_RECORD_MAX);
    if (sent == GNUTLS_E_INTERRUPTED || sent == GNUTLS_E_AGAIN) continue; /* our push never refuses: a mere repeat */
    if (sent < 0) return crypto_error(err, "cannot send over TLS", (int)sent);
    at += sent;
    n -= (size_t)sent;
  }
  return 0;
}

void dc_tls_close(struct dc_tls *tls) { (void)gnutls_bye(tls->session, GNUTLS_SHUT_WR); }

void dc_tls_refuse_protocol(struct dc_tls *tls) {
  (void)gnutls_alert_send(tls->session, GNUTLS_AL_FATAL, GNUTLS_A_NO_APPLICATION_PROTOCOL);
}

bool dc_tls_is_h2(const struct dc_tls *tls) {
  gnutls_datum_t protocol = {.data = NULL};
  return gnutls_alpn_get_selected_protocol(tls->session, &protocol) == 0 && protocol.size == alpn[0].size &&
         memcmp(protocol.data, alpn[0].data, alpn[0].size) == 0;
}

struct dc_buf *dc_tls_out(struct dc_tls *tls) { return &tls->out; }

size_t dc_tls_peer_chain(const struct dc_tls *tls, struct dc_tls_der *chain, size_t max) {
  unsigned count = 0;
  const gnutls_datum_t *list = gnutls_certificate_get_peers(tls->session, &count);
  size_t n = count < max ? count : max;
  for (size_t i = 0; i < n; i++) chain[i] = (struct dc_tls_der){.bytes = list[i].data, .len = list[i].size};
  return n;
}
