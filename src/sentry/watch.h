/* SPDX-License-Identifier: Apache-2.0 */
/* Watches files, wherever their paths lead, and tells when they may have changed.
 *
 * A path is followed name by name as the kernel does, through every symbolic link, and each directory on the way is
 * watched for the name that was looked up in it, so that files written in place, renamed over, made later, links
 * pointed elsewhere (Kubernetes' ..data) and directories removed and made anew are all seen at once; after each event
 * the path is followed again. A file's state is what stat(2) tells of it: an event that leaves it as it was is none.
 *
 * Events are half of it. Every DC_WATCH_POLL_MS the files are looked at too: network file systems send no events for
 * what another machine writes, a directory may not be readable by us, and inotify has a number of watches and instances
 * that can be used up. One stat(2) a file is so little that no slower pace is needed where events do come. */
#ifndef DC_SENTRY_WATCH_H
#define DC_SENTRY_WATCH_H

#include <stdbool.h>
#include <uv.h>

#include "base/err.h"

enum {
  DC_WATCH_WRITE_MS = 50,  /* a file written in place is given this long; what was renamed is whole at once */
  DC_WATCH_QUIET_MS = 100, /* a burst of changes has ended when this long nothing came */
  DC_WATCH_BURST_MS = 1000, /* a burst that does not end is told of this often */
  DC_WATCH_POLL_MS = 2000,
};

struct dc_watch;

/* At a change: SETTLED is false, more may follow. At the end of its burst: SETTLED is true; the files are to be read
 * again then too, since time stamps are coarse. May close the watch. */
typedef void dc_watch_fn(void *user, bool settled);

/* Watches nothing yet. POLL_MS: DC_WATCH_POLL_MS but for tests. */
int dc_watch_new(uv_loop_t *uv, uint64_t poll_ms, dc_watch_fn *changed, void *user, struct dc_watch **out,
                 struct dc_err *err) DC_NODISCARD;
/* Watches PATHS (NULL-terminated, copied; they need not exist) in place of those before. A change after this call is
 * told, be the file new to the set or not. Without events it logs one warning and looks every POLL_MS. */
int dc_watch_files(struct dc_watch *watch, const char *const *paths, struct dc_err *err) DC_NODISCARD;
/* Whether the system refuses events for now. */
bool dc_watch_polls(const struct dc_watch *watch);
/* Nothing is told any more; freed when the loop has let go of it. NULL is fine. */
void dc_watch_close(struct dc_watch *watch);

#endif
