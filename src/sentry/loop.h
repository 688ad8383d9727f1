/* SPDX-License-Identifier: Apache-2.0 */
/* A thread and its event loop: it serves the connections that it is handed. */
#ifndef DC_SENTRY_LOOP_H
#define DC_SENTRY_LOOP_H

#include "sentry/conn.h"

struct dc_loop;

/* Starts the thread. It is the PLACEth, from 0, of PLACES that share the connections; ENDED is sent to when the thread
 * ends. All is borrowed until dc_loop_join. */
int dc_loop_start(const struct dc_sentry_config *config, struct dc_live *live, size_t place, size_t places,
                  uv_async_t *ended, struct dc_loop **out, struct dc_err *err) DC_NODISCARD;

/* The calls below come from the main thread. */

/* Hands over a connected socket. */
void dc_loop_give(struct dc_loop *loop, uv_os_sock_t take_socket);
/* Connections it has or is about to have. */
size_t dc_loop_load(const struct dc_loop *loop);
/* Whether it has one that may be closed for another, as far as can be told from here. */
bool dc_loop_has_idle(const struct dc_loop *loop);
/* Parked calls are looked at again: what they waited for has changed. */
void dc_loop_retry(struct dc_loop *loop);
/* Drains: the thread ends with its last connection. */
void dc_loop_drain(struct dc_loop *loop);
/* Ends every connection now, then the thread. */
void dc_loop_abort(struct dc_loop *loop);
bool dc_loop_ended(const struct dc_loop *loop);
/* Waits for the thread and frees the loop. */
void dc_loop_join(struct dc_loop *loop);

#endif
