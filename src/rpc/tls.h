/* SPDX-License-Identifier: Apache-2.0 */
/* TLS 1.2 and 1.3 (GnuTLS), either side, without a socket: ciphertext in by dc_tls_feed, out by dc_tls_out.
 *
 * Ownership: credentials are reference-counted and immutable, so that a new set replaces the old for new sessions
 * while live ones go on with theirs; any thread may take and drop a reference. A session belongs to one thread. */
#ifndef DC_RPC_TLS_H
#define DC_RPC_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct gnutls_privkey_st; /* GnuTLS's gnutls_privkey_t points to it */

/* --- credentials -------------------------------------------------------------------------------------------------- */
struct dc_tls_creds;

struct dc_tls_der { /* a certificate's bytes */
  const void *bytes;
  size_t len;
};

/* A server's: CHAIN is the leaf and the COUNT - 1 certificates above it; KEY is copied. No client
 * certificate is asked for (see engine-facts: old sidecars would send one that verifiers refuse). */
int dc_tls_creds_server(const struct dc_tls_der *chain, size_t count, struct gnutls_privkey_st *key,
                        struct dc_tls_creds **out, struct dc_err *err) DC_NODISCARD;
/* A client's: offers no certificate and verifies nothing by itself. Whoever uses it must check dc_tls_peer_chain
 * before sending a byte. */
int dc_tls_creds_client(struct dc_tls_creds **out, struct dc_err *err) DC_NODISCARD;
/* The same for who only looks at certificates, of any server: "http/1.1" is offered too, since some end the handshake
 * when they know none of the protocols. */
int dc_tls_creds_look(struct dc_tls_creds **out, struct dc_err *err) DC_NODISCARD;
struct dc_tls_creds *dc_tls_creds_ref(struct dc_tls_creds *creds);
void dc_tls_creds_unref(struct dc_tls_creds *creds); /* NULL is fine */

/* --- sessions ----------------------------------------------------------------------------------------------------- */
struct dc_tls;

enum { DC_TLS_RECORD_MAX = 16384 }; /* plaintext bytes of one record */

/* ALPN is "h2", and what dc_tls_creds_look says. SERVER_NAME (client; may be NULL) is sent as SNI when it is a DNS name. The session keeps a reference
 * to CREDS. */
int dc_tls_new(struct dc_tls_creds *creds, const char *server_name, struct dc_tls **out, struct dc_err *err)
    DC_NODISCARD;
void dc_tls_free(struct dc_tls *tls);

/* Ciphertext from the peer. The bytes are borrowed until the next call that returns 0 ("wants more"): feed, then
 * call dc_tls_handshake or dc_tls_read until they do. */
void dc_tls_feed(struct dc_tls *tls, const void *bytes, size_t n);
/* 1 done, 0 wants more bytes, negative: failed, an alert stands in the output. */
int dc_tls_handshake(struct dc_tls *tls, struct dc_err *err) DC_NODISCARD;
/* Bytes read (> 0), 0 wants more, DC_EUNAVAIL the peer has closed, other negatives: broken. */
int dc_tls_read(struct dc_tls *tls, void *room, size_t size, struct dc_err *err) DC_NODISCARD;
/* Any number of bytes; they are in the output afterwards. */
int dc_tls_write(struct dc_tls *tls, const void *bytes, size_t n, struct dc_err *err) DC_NODISCARD;
/* Appends close_notify to the output. */
void dc_tls_close(struct dc_tls *tls);
/* A peer that completed the handshake without ALPN: an alert is appended to the output. */
void dc_tls_refuse_protocol(struct dc_tls *tls);

bool dc_tls_is_h2(const struct dc_tls *tls);
/* What must go to the peer; the caller takes bytes from its front by dc_buf_consume or dc_buf_clear. */
struct dc_buf *dc_tls_out(struct dc_tls *tls);
/* The peer's certificates in DER, leaf first: COUNT of them into CHAIN (room for MAX), borrowed until dc_tls_free. */
size_t dc_tls_peer_chain(const struct dc_tls *tls, struct dc_tls_der *chain, size_t max);

#endif
