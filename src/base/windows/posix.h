/* SPDX-License-Identifier: Apache-2.0 */
/* The calls of POSIX that our sources make and that mingw-w64 has not, or has with other manners, for Windows. The
 * compiler puts this file in front of each of our sources (src/local.mk), so that those are the same on every system.
 *
 * Names of files are UTF-8 here and UTF-16 towards Windows; '/' and '\' separate, and "/c/x" is C:\x, as in MSYS2. A
 * mode that leaves others nothing is a DACL for the user alone, which inherits nothing and which the file has from its
 * first byte; any other mode leaves the DACL to the folder. A socket is a descriptor from DC_POSIX_SOCKET on. */
#ifndef DC_BASE_WINDOWS_POSIX_H
#define DC_BASE_WINDOWS_POSIX_H

#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
#define NOMINMAX
#define NOGDI
#define _POSIX_THREAD_SAFE_FUNCTIONS 200809L /* gmtime_r and its like */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <process.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>
#include <pthread.h>
#include <unistd.h>

/* --- names of files, for our own files of Windows ------------------------------------------------------------------ */
wchar_t *dc_posix_wide(const char *path);         /* a name of a file for Windows; heap, NULL: errno */
wchar_t *dc_posix_wide_text(const char *text);    /* UTF-8 as UTF-16; heap, NULL: errno */
char *dc_posix_narrow(const wchar_t *text);       /* and back */
int dc_posix_errno(unsigned long windows_error);  /* GetLastError or WSAGetLastError as an errno */
void *dc_posix_private(void);                     /* SECURITY_ATTRIBUTES of a file for this user alone; NULL: unknown */
char *dc_posix_full_path(const char *path);       /* from the drive on, in slashes; heap, NULL: errno */
wchar_t *dc_posix_program(const char *path);      /* the file to run for PATH, which may lack its ".exe"; NULL: errno */

/* --- files --------------------------------------------------------------------------------------------------------- */
#define O_CLOEXEC O_NOINHERIT
#define O_NOCTTY 0
#define O_NONBLOCK 0x04000000
#define O_NOFOLLOW 0x01000000
#define O_DIRECTORY 0x02000000

#undef S_IFLNK
#undef S_IFSOCK
#define S_IFLNK 0120000
#define S_IFSOCK 0140000
#undef S_ISLNK
#undef S_ISSOCK
#define S_ISLNK(mode) (((mode) & S_IFMT) == S_IFLNK)
#define S_ISSOCK(mode) (((mode) & S_IFMT) == S_IFSOCK)

typedef uint64_t dc_posix_ino;
typedef unsigned uid_t;
struct dc_posix_stat {
  uint32_t st_dev;
  dc_posix_ino st_ino;
  mode_t st_mode;
  unsigned st_nlink;
  uid_t st_uid;
  unsigned st_gid;
  int64_t st_size;
  struct timespec st_mtim, st_ctim;
};
#define ino_t dc_posix_ino
#undef stat
#undef lstat
#undef fstat
#define stat dc_posix_stat
#define lstat dc_posix_lstat
#define fstat dc_posix_fstat
int dc_posix_stat(const char *path, struct dc_posix_stat *status);
int dc_posix_lstat(const char *path, struct dc_posix_stat *status);
int dc_posix_fstat(int fd, struct dc_posix_stat *status);

#define open dc_posix_open
#define close dc_posix_close
#define read dc_posix_read
#define write dc_posix_write
#define access dc_posix_access
#define unlink dc_posix_unlink
#define rename dc_posix_rename
#define link dc_posix_link
#define rmdir dc_posix_rmdir
#define mkdir dc_posix_mkdir
#define chmod dc_posix_chmod
#define fchmod dc_posix_fchmod
#define fsync dc_posix_fsync
#define fdatasync dc_posix_fsync
#define readlink dc_posix_readlink
#define realpath dc_posix_realpath
#define mkdtemp dc_posix_mkdtemp
#define mkstemp dc_posix_mkstemp
#define symlink dc_posix_symlink
#define pipe dc_posix_pipe
int dc_posix_open(const char *path, int flags, ...);
int dc_posix_close(int fd);
ssize_t dc_posix_read(int fd, void *bytes, size_t n);
ssize_t dc_posix_write(int fd, const void *bytes, size_t n);
int dc_posix_access(const char *path, int how);
int dc_posix_unlink(const char *path);
int dc_posix_rename(const char *from, const char *to);
int dc_posix_link(const char *from, const char *to);
int dc_posix_rmdir(const char *path);
int dc_posix_mkdir(const char *path, mode_t mode);
int dc_posix_chmod(const char *path, mode_t mode);
int dc_posix_fchmod(int fd, mode_t mode);
int dc_posix_fsync(int fd);
ssize_t dc_posix_readlink(const char *path, char *target, size_t size);
char *dc_posix_realpath(const char *path, char *into);
char *dc_posix_mkdtemp(char *name);
int dc_posix_mkstemp(char *name);
int dc_posix_pipe(int fds[2]);
int dc_posix_symlink(const char *target, const char *path);

/* In the folder that is open as FD, by the path that it has now. */
#define AT_FDCWD (-100)
#define AT_SYMLINK_NOFOLLOW 0x100
#define AT_REMOVEDIR 0x200
#define openat dc_posix_openat
#define fstatat dc_posix_fstatat
#define fchmodat dc_posix_fchmodat
#define mkdirat dc_posix_mkdirat
#define renameat dc_posix_renameat
#define unlinkat dc_posix_unlinkat
int dc_posix_openat(int fd, const char *name, int flags, ...);
int dc_posix_fstatat(int fd, const char *name, struct dc_posix_stat *status, int flags);
int dc_posix_fchmodat(int fd, const char *name, mode_t mode, int flags);
int dc_posix_mkdirat(int fd, const char *name, mode_t mode);
int dc_posix_renameat(int from_fd, const char *from, int to_fd, const char *to);
int dc_posix_unlinkat(int fd, const char *name, int flags);

#define F_GETFD 1
#define F_SETFD 2
#define F_GETFL 3
#define F_SETFL 4
#define F_DUPFD_CLOEXEC 5
#define FD_CLOEXEC 1
#define fcntl dc_posix_fcntl
int dc_posix_fcntl(int fd, int what, ...); /* of sockets: O_NONBLOCK, and F_DUPFD_CLOEXEC; of pipes: O_NONBLOCK */

/* --- folders: each entry's name, "." and ".." too -------------------------------------------------------------------- */
struct dc_posix_dirent {
  char d_name[1024];
};
typedef struct dc_posix_dir dc_posix_dir;
#define dirent dc_posix_dirent
#define DIR dc_posix_dir
#define opendir dc_posix_opendir
#define fdopendir dc_posix_fdopendir
#define readdir dc_posix_readdir
#define closedir dc_posix_closedir
#define dirfd dc_posix_dirfd
dc_posix_dir *dc_posix_opendir(const char *path);
dc_posix_dir *dc_posix_fdopendir(int fd);
struct dc_posix_dirent *dc_posix_readdir(dc_posix_dir *dir);
int dc_posix_closedir(dc_posix_dir *dir);
int dc_posix_dirfd(dc_posix_dir *dir);

/* --- the environment, in UTF-8 ----------------------------------------------------------------------------------------- */
#define getenv dc_posix_getenv
#define setenv dc_posix_setenv
#define unsetenv dc_posix_unsetenv
char *dc_posix_getenv(const char *name); /* for good: what was once returned is never freed */
int dc_posix_setenv(const char *name, const char *value, int replace);
int dc_posix_unsetenv(const char *name);

#define tell dc_posix_tell /* a name of <io.h>'s that our sources have for themselves */

/* --- texts --------------------------------------------------------------------------------------------------------------- */
#define strndup dc_posix_strndup
#define stpcpy dc_posix_stpcpy
#define memmem dc_posix_memmem
#define getline dc_posix_getline
#define strerror dc_posix_strerror
void *dc_posix_memmem(const void *in, size_t n, const void *what, size_t length);
char *dc_posix_stpcpy(char *to, const char *from);
ssize_t dc_posix_getline(char **line, size_t *room, FILE *file);
char *dc_posix_strndup(const char *text, size_t n);
char *dc_posix_strerror(int errnum); /* the errnos of sockets too */

/* --- signals: what Ctrl-C does is held back while SIG_BLOCK ------------------------------------------------------------- */
#ifndef SIGHUP
#define SIGHUP 1
#endif
#ifndef SIGPIPE
#define SIGPIPE 13
#endif
#ifndef SIG_BLOCK
#define SIG_BLOCK 0
#define SIG_SETMASK 2
#endif
typedef uint64_t dc_posix_sigset;
#define sigset_t dc_posix_sigset
#define sigemptyset(set) (*(set) = 0)
#define sigaddset(set, number) (*(set) |= UINT64_C(1) << (number))
#undef sigprocmask
#define sigprocmask dc_posix_sigprocmask
#undef pthread_sigmask /* the server's signals come from libuv, which has a thread of its own for them */
#define pthread_sigmask(how, set, before) ((void)(how), (void)(set), (void)(before), 0)
int dc_posix_sigprocmask(int how, const dc_posix_sigset *set, dc_posix_sigset *before);

/* --- sockets ----------------------------------------------------------------------------------------------------------------- */
enum { DC_POSIX_SOCKET = 0x40000000 };
uintptr_t dc_posix_handle(int fd); /* the SOCKET of a descriptor */
int dc_posix_descriptor(uintptr_t handle);

#endif
