/* SPDX-License-Identifier: Apache-2.0 */
/* A blocking TLS connection to a server: until its certificates are there, and the bytes that follow. */
#ifndef DC_CLIENT_DIAL_H
#define DC_CLIENT_DIAL_H

#include "pki/bundle.h"
#include "rpc/tls.h"

enum { DC_DIAL_ROOM = 16384 };

struct dc_dial {
  int64_t deadline; /* dc_clock_mono_ms */
  int fd;
  struct dc_tls *tls;
};
#define DC_DIAL_INIT {.fd = -1}

/* Connects until the deadline. SERVER_NAME goes out as SNI when it is a DNS name. Codes of dc_socket_connect. */
int dc_dial_connect(struct dc_dial *dial, struct dc_tls_creds *creds, const char *host, const char *port,
                    const char *server_name, struct dc_err *err) DC_NODISCARD;
/* The handshake. ROOM must live until the dial ends. DC_EPROTO: no TLS, or none that we speak. */
int dc_dial_handshake(struct dc_dial *dial, char room[static DC_DIAL_ROOM], struct dc_err *err) DC_NODISCARD;
/* What TLS has to send; waits for bytes and feeds them to TLS. */
int dc_dial_send(struct dc_dial *dial, struct dc_err *err) DC_NODISCARD;
int dc_dial_feed(struct dc_dial *dial, char room[static DC_DIAL_ROOM], struct dc_err *err) DC_NODISCARD;
/* Appends the server's certificates, its own first, whoever signed them: the caller checks. There may be some also
 * after a handshake that failed. DC_EMISMATCH: it shows none. */
int dc_dial_certs(const struct dc_dial *dial, struct dc_bundle *out, struct dc_err *err) DC_NODISCARD;
void dc_dial_end(struct dc_dial *dial); /* for DC_CLEANUP too */

#endif
