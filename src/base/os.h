/* SPDX-License-Identifier: Apache-2.0 */
/* What differs between systems: files written privately and durably, directories, random bytes, process facts. */
#ifndef DC_BASE_OS_H
#define DC_BASE_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"

struct dc_dir; /* base/dir.h */

/* The whole of a regular file, fifo or "-" (standard input), appended to OUT. DC_ELIMIT when it is larger than MAX
 * bytes, DC_EINVAL for a directory. Only DC_ENOENT means that it is not there. */
int dc_os_read_file(const char *path, size_t max, struct dc_buf *out, struct dc_err *err) DC_NODISCARD;
/* Opens PATH, no directory, for reading; the caller closes *FD. */
int dc_os_open_file(const char *path, int *fd, struct dc_err *err) DC_NODISCARD;
/* The same, of a regular file alone (DC_EINVAL): never waits, as the opening of a pipe does. */
int dc_os_open_regular(const char *path, int *fd, struct dc_err *err) DC_NODISCARD;
/* The same, of NAME in DIR, and of no symbolic link. */
int dc_os_open_in(const struct dc_dir *dir, const char *name, int *fd, struct dc_err *err) DC_NODISCARD;
/* The whole of a regular file alone, as dc_os_read_file. */
int dc_os_read_regular(const char *path, size_t max, struct dc_buf *out, struct dc_err *err) DC_NODISCARD;
/* The same, of NAME in DIR, and of no symbolic link. */
int dc_os_read_in(const struct dc_dir *dir, const char *name, size_t max, struct dc_buf *out, struct dc_err *err)
    DC_NODISCARD;
int dc_os_read_fd(int fd, const char *name, size_t max, struct dc_buf *out, struct dc_err *err) DC_NODISCARD;
int dc_os_write_fd(int fd, const char *name, const void *bytes, size_t n, struct dc_err *err) DC_NODISCARD;

/* Creates PATH, which must not exist (DC_EEXIST), with exactly MODE whatever the umask and from its first byte,
 * writes, fsyncs. On failure nothing is left behind. */
int dc_os_write_new(const char *path, mode_t mode, const void *bytes, size_t n, struct dc_err *err) DC_NODISCARD;
/* Where the process is root, what is open as FD gets the owner and group of OWNER, so that whose directory it is can use
 * what root puts there. SHOWN is its name in messages. */
int dc_os_give(int fd, const char *shown, const struct dc_dir *owner, struct dc_err *err) DC_NODISCARD;
/* Where the process is root, who can use all: what is open as FD is of OWNER's owner, or a file that all may read.
 * DC_EINVAL: else, since whose directory it is can bring there what is somebody else's, to have root hand it out. */
int dc_os_check_owner(int fd, const char *shown, const struct dc_dir *owner, struct dc_err *err) DC_NODISCARD;
/* dc_os_write_new of NAME in DIR, given so before a byte is written. */
int dc_os_write_new_in(const struct dc_dir *dir, const char *name, mode_t mode, const struct dc_dir *owner,
                       const void *bytes, size_t n, struct dc_err *err) DC_NODISCARD;
/* dc_os_write_new by a temporary file beside PATH and a rename, then fsync of the directory: PATH is the old file or the new
 * one at any moment. REPLACE false: DC_EEXIST when PATH exists, decided by link(2), so that two writers cannot both
 * win. */
int dc_os_write_atomic(const char *path, mode_t mode, const void *bytes, size_t n, bool replace, struct dc_err *err)
    DC_NODISCARD;
int dc_os_rename(const char *from, const char *to, struct dc_err *err) DC_NODISCARD; /* replaces TO */
int dc_os_fsync_dir(const char *path, struct dc_err *err) DC_NODISCARD;
int dc_os_sync_dir(const struct dc_dir *dir, struct dc_err *err) DC_NODISCARD;
/* Makes DIR and its missing parents, each 0700 when PRIVATE, else 0777 less the umask. An existing directory is fine
 * and keeps its mode. */
int dc_os_mkdir(const char *dir, bool private_mode, struct dc_err *err) DC_NODISCARD;
/* 1 there, 0 not there, negative: cannot tell. A dangling symbolic link counts as there. */
int dc_os_exists(const char *path, struct dc_err *err) DC_NODISCARD;

/* The command by which people leave the file PATH to its owner alone. */
void dc_os_add_closing(struct dc_buf *text, const char *path);
/* The file FD for this process alone until it closes it, or any other descriptor of the file, or ends. 0; 1: another
 * process has it; -1: errno. On Windows, which does not tell whose a lock is, it also becomes the file's first line: the
 * process's number. */
int dc_os_lock(int fd);
/* Whether a process has it: 1, *PROCESS is its number, or 0 where that is not to be seen from here, as from a container;
 * 0; -1: errno. */
int dc_os_lock_holder(int fd, long *process);
/* Asks that process to end, as SIGTERM does, and waits until it has. 1: there is none. */
int dc_os_lock_end_holder(int fd, struct dc_err *err) DC_NODISCARD;
/* From here on this process can be asked to: where there is no SIGTERM it has nothing else for it. */
int dc_os_expect_end(struct dc_err *err) DC_NODISCARD;
/* Has CALL run, on any thread, when it is asked to, or was, without a signal; with NULL that is over once it returns. */
void dc_os_on_end(void (*call)(void *user), void *user);

/* What libraries of others call the socket FD: the same, but on Windows. */
intptr_t dc_os_socket(int fd);
int dc_os_descriptor(intptr_t socket); /* and back */

/* Bytes written to the socket FD that the other end's system has not taken; 0 where this system cannot tell. */
size_t dc_os_unsent(int fd);

/* The path by which this program can be found again: ARGV0 with a slash as it is, else looked up in $PATH as execvp
 * would. Heap; NULL when not found. */
char *dc_os_self_path(const char *argv0);
/* No core dump, no ptrace by others, no program with more rights than ours from here on, while keys are in memory. Best
 * effort, silent. */
void dc_os_protect_secrets(void);
const char *dc_os_hostname(void); /* static storage; "localhost" when unknown */

#endif
