/* SPDX-License-Identifier: Apache-2.0 */
/* Listening sockets of the main thread: each accepted socket goes to whoever the owner names. */
#ifndef DC_SENTRY_LISTENER_H
#define DC_SENTRY_LISTENER_H

#include <uv.h>

#include "sentry/bind.h"

struct dc_listener;

typedef void dc_listener_fn(uv_os_sock_t take_socket, void *user);

/* Takes the bound sockets. Accepts nothing before dc_listener_start. */
int dc_listener_new(uv_loop_t *uv, const struct dc_bind *take_bound, struct dc_listener **out, struct dc_err *err)
    DC_NODISCARD;
int dc_listener_start(struct dc_listener *listener, dc_listener_fn *accepted, void *user, struct dc_err *err)
    DC_NODISCARD;
/* "127.0.0.1:50001" of the INDEXth socket, borrowed; NULL behind the last. */
const char *dc_listener_address(const struct dc_listener *listener, size_t index);
/* Now and then: goes on where accepting had to pause since no descriptor was left. NULL is fine. */
void dc_listener_retry(struct dc_listener *listener);
/* Accepts what still waits in the kernel, then closes: nobody who got through is turned away. Frees LISTENER when the
 * loop has let go of it. NULL is fine. */
void dc_listener_close(struct dc_listener *listener);

#endif
