/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "client/dial.h"

#include "client/socket.h"

enum { CHAIN_MAX = 16 };

int dc_dial_connect(struct dc_dial *dial, struct dc_tls_creds *creds, const char *host, const char *port,
                    const char *server_name, struct dc_err *err) {
  int rc = dc_socket_connect(host, port, dial->deadline, &dial->fd, err);
  return rc ? rc : dc_tls_new(creds, server_name, &dial->tls, err);
}

int dc_dial_send(struct dc_dial *dial, struct dc_err *err) {
  struct dc_buf *out = dc_tls_out(dial->tls);
  int rc = dc_socket_write(dial->fd, out->data, out->len, dial->deadline, err);
  dc_buf_clear(out);
  return rc;
}

int dc_dial_feed(struct dc_dial *dial, char room[static DC_DIAL_ROOM], struct dc_err *err) {
  int n = dc_socket_read(dial->fd, room, DC_DIAL_ROOM, dial->deadline, err);
  if (n < 0) return n;
  if (n == 0) return dc_err_set(err, DC_EUNAVAIL, "the server closed the connection");
  dc_tls_feed(dial->tls, room, (size_t)n);
  return 0;
}

int dc_dial_handshake(struct dc_dial *dial, char room[static DC_DIAL_ROOM], struct dc_err *err) {
  for (;;) {
    int done = dc_tls_handshake(dial->tls, err);
    if (done < 0) {
      (void)!dc_dial_send(dial, NULL); /* the alert */
      return done;
    }
    int rc = dc_dial_send(dial, err);
    if (!rc && !done) rc = dc_dial_feed(dial, room, err);
    if (rc || done) return rc;
  }
}

int dc_dial_certs(const struct dc_dial *dial, struct dc_bundle *out, struct dc_err *err) {
  struct dc_tls_der ders[CHAIN_MAX];
  size_t count = dc_tls_peer_chain(dial->tls, ders, CHAIN_MAX);
  int rc = 0;
  if (!count) return dc_err_set(err, DC_EMISMATCH, "the server shows no certificate");
  for (size_t i = 0; !rc && i < count; i++) rc = dc_bundle_add_der(out, ders[i].bytes, ders[i].len, err);
  return rc ? dc_err_add(err, rc, "the server's certificate") : 0;
}

void dc_dial_end(struct dc_dial *dial) {
  dc_tls_free(dial->tls);
  dc_mem_close(&dial->fd);
  *dial = (struct dc_dial)DC_DIAL_INIT;
}
