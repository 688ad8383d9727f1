/* SPDX-License-Identifier: Apache-2.0 */
/* Preloaded into a program: writes down each call that touches a file below $FAULTS_ROOT, and at the call number
 * $FAULTS_AT does what $FAULTS_HOW says:
 *   kill     the process ends before the call          stop   it stops before the call, until it is sent SIGCONT
 *   torn     half of a write is done, then it ends     short  half of a write is done, and said so
 *   fail=N   the call fails with errno N
 *   full=N, dead=N   it and all later ones do: those that need room on the disk, or all that change anything
 * The log, $FAULTS_LOG, has a line a call, with tabs: number, name, path, the second path or the mode or the bytes in
 * hex, 0 or errno. What fsync would make durable is the reader's of the log to work out: nothing is synced in truth,
 * which makes a run quick. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define DATA_MAX 65536

enum { FDS = 256 };
enum kind { LOOKS = 0, CHANGES = 1, ALLOCATES = 2 }; /* what allocates changes too */

static char *paths[FDS]; /* of the descriptors that are below the root */
static long count;

static bool below(const char *path) {
  const char *root = getenv("FAULTS_ROOT");
  size_t n = root ? strlen(root) : 0;
  return n && path && strncmp(path, root, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

static const char *path_of(int fd) { return fd >= 0 && fd < FDS ? paths[fd] : NULL; }

/* The path of NAME in the directory that is open as FD; NULL where that is not below the root. */
static const char *path_at(int fd, const char *name) {
  static char made[2][4096]; /* a rename has two */
  static int turn;
  char *path = made[turn++ % 2];
  if (fd == AT_FDCWD) return name;
  if (!path_of(fd)) return NULL;
  snprintf(path, sizeof made[0], strcmp(name, ".") ? "%s/%s" : "%s", path_of(fd), name);
  return path;
}

static void track(int fd, const char *path) {
  if (fd < 0 || fd >= FDS) return;
  free(paths[fd]);
  paths[fd] = path ? strdup(path) : NULL;
}

static void note(const char *name, const char *path, const char *more, int errnum) {
  static int log = -1;
  static char line[3 * DATA_MAX];
  const char *file = getenv("FAULTS_LOG");
  if (!file) return;
  if (log < 0) log = REAL(open)(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  int n = snprintf(line, sizeof line, "%ld\t%s\t%s\t%s\t%d\n", count, name, path, more, errnum);
  if (REAL(write)(log, line, (size_t)n) != n) abort(); /* a log with a hole proves nothing */
}

/* Before a call: 0 go on, else the errno to fail with; SHORT is set where a write is to be cut. */
static int meet(enum kind kind, bool *cut, bool *end) {
  const char *at = getenv("FAULTS_AT"), *how = getenv("FAULTS_HOW");
  count++;
  if (!at || !how || count < atol(at)) return 0;
  if (strncmp(how, "full=", 5) == 0) return kind & ALLOCATES ? atoi(how + 5) : 0;
  if (strncmp(how, "dead=", 5) == 0) return kind ? atoi(how + 5) : 0;
  if (count != atol(at)) return 0;
  if (strncmp(how, "fail=", 5) == 0) return atoi(how + 5);
  if (strcmp(how, "kill") == 0) raise(SIGKILL);
  if (strcmp(how, "stop") == 0) raise(SIGSTOP);
  if (cut) *cut = strcmp(how, "short") == 0 || strcmp(how, "torn") == 0;
  if (end) *end = strcmp(how, "torn") == 0;
  return 0;
}

static int refuse(const char *name, const char *path, const char *more, int errnum) {
  note(name, path, more, errnum);
  errno = errnum;
  return -1;
}

/* A call on a path, or on a descriptor with one: NAME(...) is done when no fault is met, and noted. */
#define CALL(name, kind, path, more, call)                            \
  do {                                                                \
    int fault_ = meet(kind, NULL, NULL);                              \
    if (fault_) return refuse(#name, path, more, fault_);             \
    int rc_ = call, kept_ = errno;                                    \
    note(#name, path, more, rc_ == -1 ? kept_ : 0);                   \
    errno = kept_;                                                    \
    return rc_;                                                       \
  } while (0)

static const char *octal(mode_t mode) {
  static char text[16];
  snprintf(text, sizeof text, "%o", (unsigned)mode & 07777);
  return text;
}

/* --- descriptors -------------------------------------------------------------------------------------------------- */

static int open_it(int at, const char *entry, int flags, mode_t mode) {
  const char *path = path_at(at, entry);
  if (!below(path)) return REAL(openat)(at, entry, flags, mode);
  const char *name = flags & O_CREAT ? flags & O_TRUNC ? "truncate" : "create" : flags & O_TRUNC ? "truncate" : "open";
  int fault = meet(flags & O_CREAT ? CHANGES | ALLOCATES : flags & O_TRUNC ? CHANGES : LOOKS, NULL, NULL);
  if (fault) return refuse(name, path, "", fault);
  struct stat status;
  int fd = REAL(openat)(at, entry, flags, mode), kept = errno;
  track(fd, path);
  note(name, path, fd >= 0 && REAL(fstat)(fd, &status) == 0 ? octal(status.st_mode) : "", fd < 0 ? kept : 0);
  errno = kept;
  return fd;
}

static mode_t mode_of(int flags, va_list rest) { return flags & O_CREAT ? va_arg(rest, mode_t) : 0; }

int open(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = mode_of(flags, rest);
  va_end(rest);
  return open_it(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = mode_of(flags, rest);
  va_end(rest);
  return open_it(AT_FDCWD, path, flags, mode);
}

int openat(int at, const char *entry, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = mode_of(flags, rest);
  va_end(rest);
  return open_it(at, entry, flags, mode);
}

int openat64(int at, const char *entry, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = mode_of(flags, rest);
  va_end(rest);
  return open_it(at, entry, flags, mode);
}

int close(int fd) {
  if (!path_of(fd)) return REAL(close)(fd);
  int fault = meet(LOOKS, NULL, NULL);
  int rc = REAL(close)(fd), kept = rc ? errno : fault; /* closed it is, whatever it says */
  note("close", path_of(fd), "", kept);
  track(fd, NULL);
  errno = kept;
  return kept ? -1 : 0;
}

int fcntl(int fd, int command, ...) {
  va_list rest;
  va_start(rest, command);
  void *argument = va_arg(rest, void *);
  va_end(rest);
  if (!path_of(fd)) return REAL(fcntl)(fd, command, argument);
  CALL(fcntl, LOOKS, path_of(fd), command == F_SETLK || command == F_SETLKW ? "lock" : "",
       REAL(fcntl)(fd, command, argument));
}

ssize_t read(int fd, void *bytes, size_t n) {
  if (!path_of(fd)) return REAL(read)(fd, bytes, n);
  int fault = meet(LOOKS, NULL, NULL);
  if (fault) return refuse("read", path_of(fd), "", fault);
  ssize_t rc = REAL(read)(fd, bytes, n);
  note("read", path_of(fd), "", rc < 0 ? errno : 0);
  return rc;
}

ssize_t write(int fd, const void *bytes, size_t n) {
  static char hex[2 * DATA_MAX + 1];
  if (!path_of(fd)) return REAL(write)(fd, bytes, n);
  bool cut = false, end = false;
  int fault = meet(CHANGES | ALLOCATES, &cut, &end);
  if (fault) return refuse("write", path_of(fd), "", fault);
  if (n > DATA_MAX) abort();
  ssize_t done = REAL(write)(fd, bytes, cut ? n / 2 : n);
  for (ssize_t i = 0; i < done; i++) snprintf(hex + 2 * i, 3, "%02x", ((const unsigned char *)bytes)[i]);
  note("write", path_of(fd), done > 0 ? hex : "", done < 0 ? errno : 0);
  if (end) raise(SIGKILL);
  return done;
}

int fsync(int fd) {
  if (!path_of(fd)) return REAL(fsync)(fd);
  CALL(fsync, CHANGES, path_of(fd), "", 0);
}

int fdatasync(int fd) {
  if (!path_of(fd)) return REAL(fdatasync)(fd);
  CALL(fsync, CHANGES, path_of(fd), "", 0);
}

int fchmod(int fd, mode_t mode) {
  if (!path_of(fd)) return REAL(fchmod)(fd, mode);
  CALL(chmod, CHANGES, path_of(fd), octal(mode), REAL(fchmod)(fd, mode));
}

int fchown(int fd, uid_t owner, gid_t group) {
  if (!path_of(fd)) return REAL(fchown)(fd, owner, group);
  CALL(chown, CHANGES, path_of(fd), "", REAL(fchown)(fd, owner, group));
}

int fstat(int fd, struct stat *status) {
  if (!path_of(fd)) return REAL(fstat)(fd, status);
  CALL(fstat, LOOKS, path_of(fd), "", REAL(fstat)(fd, status));
}

/* --- paths -------------------------------------------------------------------------------------------------------- */

int stat(const char *path, struct stat *status) {
  if (!below(path)) return REAL(stat)(path, status);
  CALL(stat, LOOKS, path, "", REAL(stat)(path, status));
}

int lstat(const char *path, struct stat *status) {
  if (!below(path)) return REAL(lstat)(path, status);
  CALL(lstat, LOOKS, path, "", REAL(lstat)(path, status));
}

int fstatat(int at, const char *entry, struct stat *status, int flags) {
  const char *path = path_at(at, entry);
  if (!below(path)) return REAL(fstatat)(at, entry, status, flags);
  CALL(lstat, LOOKS, path, "", REAL(fstatat)(at, entry, status, flags));
}

int chmod(const char *path, mode_t mode) {
  if (!below(path)) return REAL(chmod)(path, mode);
  CALL(chmod, CHANGES, path, octal(mode), REAL(chmod)(path, mode));
}

int fchmodat(int at, const char *entry, mode_t mode, int flags) {
  const char *path = path_at(at, entry);
  if (!below(path)) return REAL(fchmodat)(at, entry, mode, flags);
  CALL(chmod, CHANGES, path, octal(mode), REAL(fchmodat)(at, entry, mode, flags));
}

static int mkdir_and_look(int at, const char *entry, mode_t mode, mode_t *got) {
  struct stat status;
  int rc = REAL(mkdirat)(at, entry, mode);
  if (rc == 0 && REAL(fstatat)(at, entry, &status, 0) == 0) *got = status.st_mode;
  return rc;
}

int mkdirat(int at, const char *entry, mode_t mode) {
  const char *path = path_at(at, entry);
  if (!below(path)) return REAL(mkdirat)(at, entry, mode);
  mode_t got = mode;
  CALL(mkdir, CHANGES | ALLOCATES, path, octal(got), mkdir_and_look(at, entry, mode, &got));
}

int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }

int unlinkat(int at, const char *entry, int flags) {
  const char *path = path_at(at, entry);
  if (!below(path)) return REAL(unlinkat)(at, entry, flags);
  if (flags & AT_REMOVEDIR) CALL(rmdir, CHANGES, path, "", REAL(unlinkat)(at, entry, flags));
  CALL(unlink, CHANGES, path, "", REAL(unlinkat)(at, entry, flags));
}

int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }

int renameat(int from_at, const char *from_entry, int to_at, const char *to_entry) {
  const char *from = path_at(from_at, from_entry), *to = path_at(to_at, to_entry);
  if (!below(from)) return REAL(renameat)(from_at, from_entry, to_at, to_entry);
  CALL(rename, CHANGES | ALLOCATES, from, to, REAL(renameat)(from_at, from_entry, to_at, to_entry));
}

int rename(const char *from, const char *to) { return renameat(AT_FDCWD, from, AT_FDCWD, to); }

int link(const char *from, const char *to) {
  if (!below(from)) return REAL(link)(from, to);
  CALL(link, CHANGES | ALLOCATES, from, to, REAL(link)(from, to));
}

/* --- directories -------------------------------------------------------------------------------------------------- */

DIR *opendir(const char *path) {
  if (!below(path)) return REAL(opendir)(path);
  int fault = meet(LOOKS, NULL, NULL);
  if (fault) {
    refuse("opendir", path, "", fault);
    return NULL;
  }
  DIR *entries = REAL(opendir)(path);
  int kept = errno;
  if (entries) track(dirfd(entries), path);
  note("opendir", path, "", entries ? 0 : kept);
  errno = kept;
  return entries;
}

struct dirent *readdir(DIR *entries) {
  const char *path = path_of(dirfd(entries));
  if (!path) return REAL(readdir)(entries);
  int fault = meet(LOOKS, NULL, NULL);
  if (fault) {
    refuse("readdir", path, "", fault);
    return NULL;
  }
  struct dirent *entry = REAL(readdir)(entries);
  note("readdir", path, "", 0);
  return entry;
}

int closedir(DIR *entries) {
  track(dirfd(entries), NULL);
  return REAL(closedir)(entries);
}
