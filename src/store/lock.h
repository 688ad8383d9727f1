/* SPDX-License-Identifier: Apache-2.0 */
/* The directory's lock: one process at a time publishes. The system drops it with its holder, however that ends. */
#ifndef DC_STORE_LOCK_H
#define DC_STORE_LOCK_H

#include "base/dir.h"

struct dc_lock {
  int fd;
};
#define DC_LOCK_INIT {.fd = -1}

/* Takes the lock of DIR, where OWN is open as DC_LAYOUT_OWN, without waiting: DC_EBUSY names the holder's process.
 * DC_EINVAL: something that is no file is in its place. */
int dc_lock_take(const struct dc_dir *dir, const struct dc_dir *own, struct dc_lock *lock, struct dc_err *err)
    DC_NODISCARD;
/* Whether a process holds it now, without taking it: 1, 0, or -1 where this user cannot tell. */
int dc_lock_is_held(const char *dir);
void dc_lock_release(struct dc_lock *lock); /* for DC_CLEANUP too */

#endif
