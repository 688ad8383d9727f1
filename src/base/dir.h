/* SPDX-License-Identifier: Apache-2.0 */
/* An open directory, and its entries by their names: none of these goes through a link, so that whose directory it is
 * leads nobody elsewhere, not even between two calls. A NAME has no slash. */
#ifndef DC_BASE_DIR_H
#define DC_BASE_DIR_H

#include <dirent.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/mem.h"

struct dc_dir {
  int fd;     /* -1: not open */
  char *path; /* for messages; heap */
};
#define DC_DIR_INIT {.fd = -1}

/* PATH is somebody's word, and may lead through links. */
int dc_dir_open(const char *path, struct dc_dir *dir, struct dc_err *err) DC_NODISCARD;
/* For root DC_EINVAL where it is not of the owner of ABOVE, who may have moved it there. */
int dc_dir_open_in(const struct dc_dir *above, const char *name, struct dc_dir *dir, struct dc_err *err) DC_NODISCARD;
/* Made where it is missing, else as before; the owner and group of OWNER as dc_os_give has it, and MODE at least, whatever the umask. */
int dc_dir_make_in(const struct dc_dir *above, const char *name, mode_t mode, const struct dc_dir *owner,
                   struct dc_dir *dir, struct dc_err *err) DC_NODISCARD;
void dc_dir_close(struct dc_dir *dir); /* for DC_CLEANUP too; errno kept */
/* The name that messages have for an entry; heap, NULL: no memory. */
char *dc_dir_path_of(const struct dc_dir *dir, const char *name);

/* 1 there, a link too, 0 not there, negative: cannot tell. */
int dc_dir_holds(const struct dc_dir *dir, const char *name, struct dc_err *err) DC_NODISCARD;
int dc_dir_rename(const struct dc_dir *from_dir, const char *from, const struct dc_dir *to_dir, const char *to,
                  struct dc_err *err) DC_NODISCARD; /* replaces TO */
/* What is not there is fine. */
int dc_dir_unlink(const struct dc_dir *dir, const char *name, struct dc_err *err) DC_NODISCARD;
/* 1: the directory NAME was empty, and is gone; 0: it is not empty. */
int dc_dir_remove_empty(const struct dc_dir *above, const char *name, struct dc_err *err) DC_NODISCARD;
/* The files of the directory NAME, then itself. What is not there is fine. For root as dc_dir_open_in. */
int dc_dir_remove(const struct dc_dir *above, const char *name, struct dc_err *err) DC_NODISCARD;

/* Its entries, from the first on, for closedir in the end. */
int dc_dir_list(const struct dc_dir *dir, DIR **entries, struct dc_err *err) DC_NODISCARD;
/* The next one's name, without "." and ".."; *NAME is NULL at the end. */
int dc_dir_next(const struct dc_dir *dir, DIR *entries, const char **name, struct dc_err *err) DC_NODISCARD;

#endif
