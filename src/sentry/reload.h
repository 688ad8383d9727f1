/* SPDX-License-Identifier: Apache-2.0 */
/* What the server reads again while it runs: the credentials, the configuration and the file of the key set that it
 * names, when they change and when it is asked to. A state that is not good is refused and the last good one serves on;
 * no connection notices. */
#ifndef DC_SENTRY_RELOAD_H
#define DC_SENTRY_RELOAD_H

#include <uv.h>

#include "sentry/live.h"

struct dc_reload;

/* From here on changes of the files of CONFIG, which it borrows, are noticed; on the main thread's loop. */
int dc_reload_new(uv_loop_t *uv, const struct dc_sentry_config *config, struct dc_reload **out, struct dc_err *err)
    DC_NODISCARD;
/* And from here on they are read again, into LIVE, which it borrows: at once, since they may have changed after LIVE was
 * made (the kernel takes milliseconds to watch a folder that much happens in, which nobody should wait for). What comes of it is logged: good news once, a
 * state that was refused once however often it is looked at; nothing while a burst of changes goes on or when the bytes
 * are those that serve already. */
void dc_reload_start(struct dc_reload *reload, struct dc_live *live);
/* Reads everything now and logs what came of it, news or not. */
void dc_reload_now(struct dc_reload *reload);
/* Frees RELOAD when the loop has let go of it. NULL is fine. */
void dc_reload_close(struct dc_reload *reload);

#endif
