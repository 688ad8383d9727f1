/* SPDX-License-Identifier: Apache-2.0 */
/* Two ends in memory that talk to each other; a client of GnuTLS' own where ours would not do such a thing. */
#include "config.h"

#include "rpc/tls.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <pthread.h>

#include "../pki/make.h"
#include "tap.h"

enum { CHUNK = 20000, LARGE = 1 << 20 };

static struct party root, issuer, leaf;

static struct dc_tls_creds *server_creds(const struct party *party) {
  const struct dc_tls_der chain[] = {{party->cert->der.data, party->cert->der.len},
                                     {issuer.cert->der.data, issuer.cert->der.len}};
  struct dc_tls_creds *creds = NULL;
  return dc_tls_creds_server(chain, 2, dc_key_gnutls(party->key), &creds, NULL) ? NULL : creds;
}

static struct dc_tls *session(struct dc_tls_creds *creds, const char *name) {
  struct dc_tls *tls = NULL;
  return dc_tls_new(creds, name, &tls, NULL) ? NULL : tls;
}

struct ends {
  struct dc_tls *server, *client;
};

static void ends_begin(struct ends *ends) {
  struct dc_tls_creds *server = server_creds(&leaf), *client = NULL;
  *ends = (struct ends){.server = NULL};
  if (dc_tls_creds_client(&client, NULL) == 0) ends->client = session(client, "localhost");
  if (server) ends->server = session(server, NULL);
  dc_tls_creds_unref(server); /* a session keeps its own reference */
  dc_tls_creds_unref(client);
}

static void ends_free(struct ends *ends) {
  dc_tls_free(ends->server);
  dc_tls_free(ends->client);
}

/* One end's turn: what FROM has put out goes in, STEP bytes at a time; 1 when TLS is through with its handshake. */
static int shake(struct dc_tls *tls, struct dc_buf *from, size_t step, struct dc_err *err) {
  int rc = 0;
  if (from->len == 0) return dc_tls_handshake(tls, err);
  for (size_t at = 0; rc == 0 && at < from->len; at += step) {
    dc_tls_feed(tls, from->data + at, from->len - at < step ? from->len - at : step);
    rc = dc_tls_handshake(tls, err);
  }
  return rc;
}

/* Both ends' handshakes; 0 when both are done, else what the first to fail said. Neither has read yet. */
static int shake_hands(struct ends *ends, size_t step, struct dc_err *err) {
  int server = 0, client = 0;
  for (int i = 0; i < 20 && (server != 1 || client != 1); i++) {
    struct dc_buf bytes DC_CLEANUP(dc_buf_free) = *dc_tls_out(ends->server);
    *dc_tls_out(ends->server) = (struct dc_buf)DC_BUF_INIT;
    if (client != 1) client = shake(ends->client, &bytes, step, err);
    if (client < 0) return client;
    struct dc_buf back DC_CLEANUP(dc_buf_free) = *dc_tls_out(ends->client);
    *dc_tls_out(ends->client) = (struct dc_buf)DC_BUF_INIT;
    if (server != 1) server = shake(ends->server, &back, step, err);
    if (server < 0) return server;
  }
  return server == 1 && client == 1 ? 0 : -99;
}

/* Reads what FROM has put out into OUT, until more is wanted; the last result. */
static int read_all(struct dc_tls *tls, struct dc_tls *from, size_t room, struct dc_buf *out, struct dc_err *err) {
  struct dc_buf bytes DC_CLEANUP(dc_buf_free) = *dc_tls_out(from);
  static unsigned char chunk[CHUNK];
  int n;
  *dc_tls_out(from) = (struct dc_buf)DC_BUF_INIT;
  dc_tls_feed(tls, bytes.data, bytes.len);
  while ((n = dc_tls_read(tls, chunk, room, err)) > 0) dc_buf_add(out, chunk, (size_t)n);
  return n;
}

static void test_handshake(size_t step) {
  struct ends ends DC_CLEANUP(ends_free);
  struct dc_tls_der chain[4];
  struct dc_err err = DC_ERR_INIT;
  ends_begin(&ends);
  if (!ok(ends.server && ends.client, "two ends, %zu bytes at a time", step)) return;
  is_num(dc_tls_peer_chain(ends.client, chain, 4), 0, "no peer's chain before the handshake");
  is_num(shake_hands(&ends, step, &err), 0, "they shake hands");
  ok(dc_tls_is_h2(ends.server) && dc_tls_is_h2(ends.client), "and speak h2");
  is_num(dc_tls_peer_chain(ends.client, chain, 4), 2, "the server's chain");
  ok(chain[0].len == leaf.cert->der.len && memcmp(chain[0].bytes, leaf.cert->der.data, chain[0].len) == 0 &&
         chain[1].len == issuer.cert->der.len && memcmp(chain[1].bytes, issuer.cert->der.data, chain[1].len) == 0,
     "leaf first");
  is_num(dc_tls_peer_chain(ends.client, chain, 1), 1, "no more of it than there is room for");
  is_num(dc_tls_peer_chain(ends.server, chain, 4), 0, "the client has none: it is not asked");
}

static void test_records(void) {
  struct ends ends DC_CLEANUP(ends_free);
  struct dc_buf sent DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, got DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_err err = DC_ERR_INIT;
  static const size_t rooms[] = {1000, CHUNK};
  ends_begin(&ends);
  if (!ok(shake_hands(&ends, CHUNK, &err) == 0, "a session")) return;
  for (size_t i = 0; i < LARGE; i++) dc_buf_add_byte(&sent, (unsigned char)(i * 7 >> 4));
  for (size_t i = 0; i < DC_COUNT(rooms); i++) {
    dc_buf_clear(&got);
    is_num(dc_tls_write(ends.client, sent.data, sent.len, &err), 0, "a megabyte at once");
    is_num(read_all(ends.server, ends.client, rooms[i], &got, &err), 0, "is read until no more is there");
    ok(got.len == LARGE && memcmp(got.data, sent.data, LARGE) == 0, "all of it, in pieces of %zu bytes", rooms[i]);
    dc_buf_clear(&got);
    is_num(dc_tls_write(ends.server, sent.data, DC_TLS_RECORD_MAX + 1, &err), 0, "a record and a byte the other way");
    ok(read_all(ends.client, ends.server, rooms[i], &got, &err) == 0 && got.len == DC_TLS_RECORD_MAX + 1 &&
           memcmp(got.data, sent.data, got.len) == 0,
       "too");
  }
  is_num(dc_tls_write(ends.client, NULL, 0, &err), 0, "nothing");
  is_num(dc_tls_out(ends.client)->len, 0, "is nothing");
  ok(dc_tls_write(ends.client, "secret", 6, &err) == 0 && dc_tls_out(ends.client)->len > 6 &&
         !memmem(dc_tls_out(ends.client)->data, dc_tls_out(ends.client)->len, "secret", 6),
     "what goes out cannot be read");
}

/* Records that arrive byte by byte. */
static void test_pieces(void) {
  struct ends ends DC_CLEANUP(ends_free);
  struct dc_err err = DC_ERR_INIT;
  char room[64];
  int n = 0;
  ends_begin(&ends);
  if (!ok(shake_hands(&ends, CHUNK, &err) == 0, "a session")) return;
  is_num(dc_tls_write(ends.client, "hello", 5, &err), 0, "a record");
  const struct dc_buf *out = dc_tls_out(ends.client);
  for (size_t i = 0; i < out->len && n == 0; i++) {
    dc_tls_feed(ends.server, out->data + i, 1);
    n = dc_tls_read(ends.server, room, sizeof room, &err);
  }
  ok(n == 5 && memcmp(room, "hello", 5) == 0, "is there with its last byte");
  is_num(dc_tls_read(ends.server, room, sizeof room, &err), 0, "and no more is");
}

static void test_close(void) {
  struct ends ends DC_CLEANUP(ends_free);
  struct dc_buf got DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_err err = DC_ERR_INIT;
  ends_begin(&ends);
  if (!ok(shake_hands(&ends, CHUNK, &err) == 0, "a session")) return;
  is_num(dc_tls_write(ends.server, "last", 4, &err), 0, "last words");
  size_t before = dc_tls_out(ends.server)->len;
  dc_tls_close(ends.server);
  ok(dc_tls_out(ends.server)->len > before, "and close_notify behind them");
  is_num(read_all(ends.client, ends.server, CHUNK, &got, &err), DC_EUNAVAIL, "are read to the end");
  is_text(dc_buf_text(&got), "last", "nothing is lost");
  is_text(err.text, "the peer closed the connection", "the end is told");
  ok(dc_tls_write(ends.client, "reply", 5, &err) == 0 && dc_tls_out(ends.client)->len > 5,
     "one side's end is not the other's");
}

static void test_broken(void) {
  struct ends ends DC_CLEANUP(ends_free);
  struct dc_buf got DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_err err = DC_ERR_INIT;
  ends_begin(&ends);
  if (!ok(shake_hands(&ends, CHUNK, &err) == 0, "a session")) return;
  is_num(dc_tls_write(ends.client, "hello", 5, &err), 0, "a record");
  dc_tls_out(ends.client)->data[10] ^= 1;
  is_num(read_all(ends.server, ends.client, CHUNK, &got, &err), DC_EPROTO, "that was changed on its way");
  ok(strncmp(err.text, "TLS broke: ", 11) == 0 && got.len == 0, "is told: %s", err.text);
  ok(dc_tls_out(ends.server)->len > 0, "an alert stands in the output");
  is_num(read_all(ends.client, ends.server, CHUNK, &got, &err), DC_EDENIED, "which the peer reads");
  ok(strncmp(err.text, "TLS ended: the peer says \"", 26) == 0, "and tells: %s", err.text);
}

static void test_no_tls(void) {
  static const char *const rows[] = {"GET / HTTP/1.1\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\x16\x03\x01\xff\xff\x01"};
  for (size_t i = 0; i < DC_COUNT(rows); i++) {
    struct ends ends DC_CLEANUP(ends_free);
    struct dc_err err = DC_ERR_INIT;
    ends_begin(&ends);
    dc_tls_feed(ends.server, rows[i], strlen(rows[i]));
    is_num(dc_tls_handshake(ends.server, &err), DC_EPROTO, rows[i]);
    ok(strncmp(err.text, "TLS handshake failed: ", 22) == 0 && dc_tls_out(ends.server)->len > 0,
       "it is told, an alert stands in the output: %s", err.text);
  }
}

/* --- clients that are not ours ------------------------------------------------------------------------------------ */

struct foreign {
  gnutls_session_t session;
  gnutls_certificate_credentials_t creds;
  struct dc_buf in, out;
};

static ssize_t foreign_pull(gnutls_transport_ptr_t pointer, void *room, size_t size) {
  struct foreign *foreign = pointer;
  size_t n = size < foreign->in.len ? size : foreign->in.len;
  if (n == 0) {
    gnutls_transport_set_errno(foreign->session, EAGAIN);
    return -1;
  }
  memcpy(room, foreign->in.data, n);
  dc_buf_consume(&foreign->in, n);
  return (ssize_t)n;
}

static ssize_t foreign_push(gnutls_transport_ptr_t pointer, const void *bytes, size_t n) {
  dc_buf_add(&((struct foreign *)pointer)->out, bytes, n);
  return (ssize_t)n;
}

static void foreign_begin(struct foreign *foreign, const char *priority, const char *alpn) {
  *foreign = (struct foreign){.session = NULL};
  gnutls_datum_t protocol = {.data = (unsigned char *)(uintptr_t)alpn, .size = alpn ? (unsigned)strlen(alpn) : 0};
  if (gnutls_init(&foreign->session, GNUTLS_CLIENT | GNUTLS_NONBLOCK) ||
      gnutls_certificate_allocate_credentials(&foreign->creds) ||
      gnutls_priority_set_direct(foreign->session, priority, NULL) ||
      gnutls_credentials_set(foreign->session, GNUTLS_CRD_CERTIFICATE, foreign->creds) ||
      (alpn && gnutls_alpn_set_protocols(foreign->session, &protocol, 1, 0)))
    exit(99);
  gnutls_transport_set_ptr(foreign->session, foreign);
  gnutls_transport_set_pull_function(foreign->session, foreign_pull);
  gnutls_transport_set_push_function(foreign->session, foreign_push);
}

static void foreign_free(struct foreign *foreign) {
  gnutls_deinit(foreign->session);
  gnutls_certificate_free_credentials(foreign->creds);
  dc_buf_free(&foreign->in);
  dc_buf_free(&foreign->out);
}

static void to_foreign(struct foreign *foreign, struct dc_tls *server) {
  dc_buf_add(&foreign->in, dc_tls_out(server)->data, dc_tls_out(server)->len);
  dc_buf_clear(dc_tls_out(server));
}

/* *THERE is how GnuTLS ended, the result how our server did: 1 done. */
static int shake_foreign(struct foreign *foreign, struct dc_tls *server, int *there, struct dc_err *err) {
  int here = 0;
  *there = GNUTLS_E_AGAIN;
  for (int i = 0; i < 10; i++) {
    if (*there == GNUTLS_E_AGAIN) *there = gnutls_handshake(foreign->session);
    if (here == 0) {
      dc_tls_feed(server, foreign->out.data, foreign->out.len);
      here = dc_tls_handshake(server, err);
      dc_buf_clear(&foreign->out);
    }
    to_foreign(foreign, server);
  }
  return here;
}

static void test_alpn(void) {
  static const struct {
    const char *priority, *alpn;
    bool done, h2;
  } rows[] = {
      {"NORMAL", "h2", true, true},
      {"NORMAL", NULL, true, false}, /* it sees the certificate, and is then sent away */
      {"NORMAL", "http/1.1", false, false},
      {"NORMAL:-VERS-ALL:+VERS-TLS1.2", "h2", true, true},
      {"NORMAL:-VERS-ALL:+VERS-TLS1.2", NULL, true, false},
  };
  for (size_t i = 0; i < DC_COUNT(rows); i++) {
    struct foreign foreign DC_CLEANUP(foreign_free);
    struct ends ends DC_CLEANUP(ends_free);
    struct dc_err err = DC_ERR_INIT;
    char byte;
    int there;
    ends_begin(&ends);
    foreign_begin(&foreign, rows[i].priority, rows[i].alpn);
    int here = shake_foreign(&foreign, ends.server, &there, &err);
    ok((here == 1) == rows[i].done && (there == 0) == rows[i].done, "%s, ALPN %s: %d, %d", rows[i].priority,
       rows[i].alpn ? rows[i].alpn : "none", here, there);
    if (!rows[i].done) {
      ok(here == DC_EPROTO && gnutls_alert_get(foreign.session) == GNUTLS_A_NO_APPLICATION_PROTOCOL,
         "the alert says that no protocol is common: %s", err.text);
      continue;
    }
    ok(dc_tls_is_h2(ends.server) == rows[i].h2, "whether it is h2");
    if (rows[i].h2) continue;
    dc_tls_refuse_protocol(ends.server);
    to_foreign(&foreign, ends.server);
    is_num(gnutls_record_recv(foreign.session, &byte, 1), GNUTLS_E_FATAL_ALERT_RECEIVED, "sent away");
    is_num(gnutls_alert_get(foreign.session), GNUTLS_A_NO_APPLICATION_PROTOCOL, "with the reason");
  }
}

static void test_versions(void) {
  struct foreign foreign DC_CLEANUP(foreign_free);
  struct ends ends DC_CLEANUP(ends_free);
  struct dc_err err = DC_ERR_INIT;
  int there;
  ends_begin(&ends);
  foreign_begin(&foreign, "NORMAL:-VERS-ALL:+VERS-TLS1.1", "h2");
  is_num(shake_foreign(&foreign, ends.server, &there, &err), DC_EPROTO, "TLS 1.1 is too old");
  ok(there < 0 && gnutls_alert_get(foreign.session) == GNUTLS_A_PROTOCOL_VERSION, "which its client is told");
}

static int dislike(gnutls_session_t session) {
  (void)session;
  return GNUTLS_E_CERTIFICATE_ERROR;
}

/* A client that does not like the certificate, and says so. */
static void test_alert(const char *priority) {
  struct ends ends DC_CLEANUP(ends_free);
  struct foreign foreign DC_CLEANUP(foreign_free);
  struct dc_err err = DC_ERR_INIT;
  int there;
  ends_begin(&ends);
  foreign_begin(&foreign, priority, "h2");
  gnutls_certificate_set_verify_function(foreign.creds, dislike);
  is_num(shake_foreign(&foreign, ends.server, &there, &err), 0, "a handshake that a client breaks off");
  is_num(there, GNUTLS_E_CERTIFICATE_ERROR, "for the certificate");
  gnutls_alert_send(foreign.session, GNUTLS_AL_FATAL, GNUTLS_A_UNKNOWN_CA);
  dc_tls_feed(ends.server, foreign.out.data, foreign.out.len);
  is_num(dc_tls_handshake(ends.server, &err), DC_EDENIED, "with an alert");
  is_text(err.text, "TLS handshake failed: the peer says \"CA is unknown\"", "which is told");
}

/* --- credentials -------------------------------------------------------------------------------------------------- */

static void test_kinds(void) {
  static const enum dc_key_kind kinds[] = {DC_KEY_P256, DC_KEY_P384, DC_KEY_P521, DC_KEY_ED25519, DC_KEY_RSA};
  for (size_t i = 0; i < DC_COUNT(kinds); i++) {
    struct party party;
    struct ends ends DC_CLEANUP(ends_free) = {.server = NULL};
    struct dc_tls_creds *client = NULL;
    struct dc_err err = DC_ERR_INIT;
    char text[DC_SPKI_TEXT_MAX];
    party_make(&party, "leaf", &issuer, (struct make){.kind = kinds[i], .leaf = true});
    struct dc_tls_creds *server = server_creds(&party);
    dc_spki_text(dc_key_public(party.key), text);
    party_free(&party); /* the credentials have copies of both */
    if (server && dc_tls_creds_client(&client, NULL) == 0) {
      ends.server = session(server, NULL);
      ends.client = session(client, NULL);
    }
    ok(ends.server && ends.client && shake_hands(&ends, CHUNK, &err) == 0, "%s, its key freed before", text);
    dc_tls_creds_unref(server);
    dc_tls_creds_unref(client);
  }
}

static void test_bad_creds(void) {
  const struct dc_tls_der broken[] = {{"\x30\x00", 2}};
  struct dc_tls_creds *creds = NULL;
  struct dc_err err = DC_ERR_INIT;
  is_num(dc_tls_creds_server(broken, 1, dc_key_gnutls(leaf.key), &creds, &err), DC_ECRYPTO, "no certificate");
  ok(strncmp(err.text, "cannot use the serving certificate: ", 36) == 0, "is told: %s", err.text);
  ok(!creds, "nothing comes out");
  dc_tls_creds_unref(NULL);
  dc_tls_free(NULL);
}

/* SNI goes out in the clear, in the first flight: a DNS name does, an address does not. */
static void test_server_name(void) {
  static const struct {
    const char *name;
    bool sent;
  } rows[] = {{"sentry.example", true}, {"127.0.0.1", false}, {"::1", false}, {"", false}, {NULL, false}};
  struct dc_tls_creds *creds = NULL;
  if (!ok(dc_tls_creds_client(&creds, NULL) == 0, "a client's credentials")) return;
  for (size_t i = 0; i < DC_COUNT(rows); i++) {
    struct dc_tls *tls = session(creds, rows[i].name);
    is_num(dc_tls_handshake(tls, NULL), 0, "a first flight");
    const struct dc_buf *out = dc_tls_out(tls);
    bool found = rows[i].name && *rows[i].name && memmem(out->data, out->len, rows[i].name, strlen(rows[i].name));
    ok(found == rows[i].sent && (rows[i].sent || !memmem(out->data, out->len, "\0\0\0\x0e\0\x0c", 6)), "SNI for '%s'",
       rows[i].name ? rows[i].name : "(none)");
    dc_tls_free(tls);
  }
  dc_tls_creds_unref(creds);
}

enum { THREADS = 4, ROUNDS = 10000 };

static void *take_and_drop(void *creds) {
  for (int i = 0; i < ROUNDS; i++) dc_tls_creds_unref(dc_tls_creds_ref(creds));
  return NULL;
}

static void test_references(void) {
  struct dc_tls_creds *creds = server_creds(&leaf);
  pthread_t threads[THREADS];
  int started = 0;
  while (started < THREADS && pthread_create(&threads[started], NULL, take_and_drop, creds) == 0) started++;
  for (int i = 0; i < started; i++) pthread_join(threads[i], NULL);
  struct dc_tls *tls = session(creds, NULL);
  ok(started == THREADS && tls, "%d threads take and drop references to credentials that live on", THREADS);
  dc_tls_creds_unref(creds);
  dc_tls_free(tls);
}

int main(void) {
  party_make(&root, "root", NULL, (struct make){.leaf = false});
  party_make(&issuer, "issuer", &root, (struct make){.path_len = 1});
  party_make(&leaf, "leaf", &issuer, (struct make){.leaf = true, .ext_usage = DC_EKU_SERVER});
  test_handshake(CHUNK);
  test_handshake(1);
  test_records();
  test_pieces();
  test_close();
  test_broken();
  test_no_tls();
  test_alpn();
  test_versions();
  test_alert("NORMAL");
  test_alert("NORMAL:-VERS-ALL:+VERS-TLS1.2");
  test_kinds();
  test_bad_creds();
  test_server_name();
  test_references();
  party_free(&root);
  party_free(&issuer);
  party_free(&leaf);
  return tap_done();
}
