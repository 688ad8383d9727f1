/* SPDX-License-Identifier: Apache-2.0 */
/* A connection: TCP, TLS, HTTP/2, calls. Lives on one loop, from a handed-over socket to its uv_close callback. */
#ifndef DC_SENTRY_CONN_H
#define DC_SENTRY_CONN_H

#include <stdatomic.h>
#include <uv.h>

#include "sentry/live.h"

struct dc_conn;

/* What the connections of one loop share; the loop owns it and sets uv, config, live, closed and user. */
struct dc_conn_group {
  uv_loop_t *uv;
  const struct dc_sentry_config *config;
  struct dc_live *live;
  struct dc_conn *first; /* list, newest first */
  size_t count;
  atomic_size_t busy; /* of these with calls under way; other threads may look */
  bool draining;
  char *read_room;         /* ciphertext just read */
  struct dc_buf scratch;   /* plaintext on its way out */
  void (*closed)(void *user); /* after each connection's end */
  void *user;
};

/* Room for one read and nothing else yet. */
int dc_conn_group_init(struct dc_conn_group *group, struct dc_err *err) DC_NODISCARD;
void dc_conn_group_free(struct dc_conn_group *group); /* every connection has ended by then */

/* Takes over the connected socket, for a connection by SNAPSHOT; a failure closes it and is logged. When the group is full the connection that has
 * been idle longest is closed for it; if none is idle the new one is closed. */
void dc_conn_open(struct dc_conn_group *group, uv_os_sock_t take_socket, const struct dc_snapshot *snapshot,
                  size_t max_connections);
/* Closes what has outlived its time-out. */
void dc_conn_sweep(struct dc_conn_group *group);
/* Looks at every parked call again. */
void dc_conn_retry(struct dc_conn_group *group);
/* Every connection: GOAWAY, finish open calls, close. */
void dc_conn_drain(struct dc_conn_group *group);
/* Every connection, at once. */
void dc_conn_abort(struct dc_conn_group *group);

/* Closes a socket that no connection was made of. */
void dc_conn_discard(uv_os_sock_t take_socket);

#endif
