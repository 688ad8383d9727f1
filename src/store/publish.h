/* SPDX-License-Identifier: Apache-2.0 */
/* A set of files as one: published whole or not at all, read whole whatever happens meanwhile.
 *
 * A new set is written to .daprcerts/next/, made durable, marked complete; then each file is renamed into place, and
 * the mark goes last. A publisher that died leaves a marked set, which whoever takes the lock next finishes, or an
 * unmarked one, which is thrown away. While a marked set is there our readers take it for the directory's. */
#ifndef DC_STORE_PUBLISH_H
#define DC_STORE_PUBLISH_H

#include "base/dir.h"
#include "store/lock.h"
#include "store/set.h"

enum {
  DC_PUBLISH_FORMAT = 1,         /* of .daprcerts; a directory with a larger one is left alone */
  DC_PUBLISH_FILE_MAX = 1 << 20, /* bytes of a file that is kept in prev/ */
};

enum dc_publish {
  DC_PUBLISH_NEW,     /* refuses with DC_EEXIST, naming every credential file that is there; nothing is touched */
  DC_PUBLISH_ADD,     /* refuses when a file of this set is there; others may be */
  DC_PUBLISH_REPLACE, /* the files replaced go to .daprcerts/prev/, in place of what was there; DC_EINVAL: one of them is
                       * a symbolic link */
  DC_PUBLISH_FINAL,   /* there is no way back: prev/ is removed */
};

/* DIR is made, 0700, when it is missing. DC_EBUSY: another process publishes. On failure before the set was complete
 * everything is as before; after that, which the message tells, the next publication finishes this one. */
int dc_publish(const char *dir, const struct dc_set *set, enum dc_publish how, struct dc_err *err) DC_NODISCARD;

/* The same in steps, for who must know what is there before it decides: nobody else publishes between them. BEGIN
 * finishes or discards what another publisher left; END goes with any outcome of it. */
struct dc_publication {
  struct dc_dir top, own; /* the directory, and our own corner of it */
  struct dc_lock lock;
};
#define DC_PUBLICATION_INIT {.top = DC_DIR_INIT, .own = DC_DIR_INIT, .lock = DC_LOCK_INIT}
int dc_publish_begin(const char *dir, struct dc_publication *publication, struct dc_err *err) DC_NODISCARD;
int dc_publish_commit(const struct dc_publication *publication, const struct dc_set *set, enum dc_publish how,
                      struct dc_err *err) DC_NODISCARD;
/* After a failure of COMMIT: the set was complete, and is the directory's. */
bool dc_publish_is_marked(const char *dir);
void dc_publish_end(struct dc_publication *publication); /* for DC_CLEANUP too */
/* What is in prev/ of DIR, as the set that would bring it back: files that were not there are to go. DC_ENOENT: no prev/. */
int dc_publish_previous(const char *dir, struct dc_set *set, struct dc_err *err) DC_NODISCARD;

/* The files NAMES of DIR, all of one set, appended to FILES, each at most MAX bytes. An absolute name is read as it is.
 * Takes no lock and writes nothing, so that other users and read-only mounts can. DC_ENOENT: one is missing. */
int dc_publish_read(const char *dir, const char *const *names, size_t count, size_t max, struct dc_buf *files,
                    struct dc_err *err) DC_NODISCARD;

/* The same for who publishes what comes of them: root takes nothing that is somebody else's, by a link or not, and is not
 * for all to read (DC_EINVAL), since the directory's owner gets it. */
int dc_publish_read_to_write(const struct dc_publication *publication, const char *const *names, size_t count, size_t max,
                             struct dc_buf *files, struct dc_err *err) DC_NODISCARD;

/* Which of COUNT files are there, by the same view: PRESENT[i] is set. */
int dc_publish_present(const char *dir, const char *const *names, size_t count, bool *present, struct dc_err *err)
    DC_NODISCARD;

#endif
