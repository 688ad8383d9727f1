/* SPDX-License-Identifier: Apache-2.0 */
/* Facts of processes and sockets, owners and locks of files, as Unix has them; os_windows.c has the other ones. */
#include <config.h>

#include "base/os.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef HAVE_SYS_PRCTL_H
#include <sys/prctl.h>
#endif

#include "base/dir.h"
#include "base/path.h"

int dc_os_give(int fd, const char *shown, const struct dc_dir *owner, struct dc_err *err) {
  struct stat of_owner, now;
  if (geteuid() != 0) return 0;
  if (fstat(owner->fd, &of_owner) != 0) return dc_err_sys(err, errno, "cannot look at '%s'", owner->path);
  if (fstat(fd, &now) != 0) return dc_err_sys(err, errno, "cannot look at '%s'", shown);
  if (now.st_uid == of_owner.st_uid && now.st_gid == of_owner.st_gid) return 0;
  if (fchown(fd, of_owner.st_uid, of_owner.st_gid) == 0) return 0;
  return dc_err_sys(err, errno, "cannot give '%s' to the owner of '%s'", shown, owner->path);
}

int dc_os_check_owner(int fd, const char *shown, const struct dc_dir *owner, struct dc_err *err) {
  struct stat of_owner, now;
  if (geteuid() != 0) return 0;
  if (fstat(owner->fd, &of_owner) != 0) return dc_err_sys(err, errno, "cannot look at '%s'", owner->path);
  if (fstat(fd, &now) != 0) return dc_err_sys(err, errno, "cannot look at '%s'", shown);
  if (now.st_uid == of_owner.st_uid || (S_ISREG(now.st_mode) && (now.st_mode & S_IROTH))) return 0;
  return dc_err_set(err, DC_EINVAL, "'%s' is not of the owner of '%s', whom root would let have it: chown it, if that is right",
                    shown, owner->path);
}

void dc_os_add_closing(struct dc_buf *text, const char *path) { dc_buf_printf(text, "chmod 600 %s", path); }
/* The whole of the file. */
static int lock(int fd, int command) {
  struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  int rc;
  while ((rc = fcntl(fd, command, &whole)) < 0 && errno == EINTR) {}
  return rc;
}

int dc_os_lock(int fd) { return lock(fd, F_SETLK) == 0 ? 0 : errno == EACCES || errno == EAGAIN ? 1 : -1; }

int dc_os_lock_holder(int fd, long *process) {
  struct flock held = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  if (fcntl(fd, F_GETLK, &held) != 0) return -1;
  *process = held.l_pid > 0 ? (long)held.l_pid : 0;
  return held.l_type != F_UNLCK;
}

int dc_os_lock_end_holder(int fd, struct dc_err *err) {
  long holder = 0;
  int held = dc_os_lock_holder(fd, &holder);
  if (held == 0) return 1;
  if (held < 0) return dc_err_sys(err, errno, "cannot tell which process to stop");
  if (holder == 0) return dc_err_set(err, DC_EDENIED, "cannot stop a process that is not to be seen from here");
  if (kill((pid_t)holder, SIGTERM) != 0 && errno != ESRCH) return dc_err_sys(err, errno, "cannot stop process %ld", holder);
  return lock(fd, F_SETLKW) == 0 ? 0 : dc_err_sys(err, errno, "cannot wait for the end of process %ld", holder);
}

int dc_os_expect_end(struct dc_err *err) {
  (void)err;
  return 0;
}

void dc_os_on_end(void (*call)(void *user), void *user) {
  (void)call;
  (void)user;
}

intptr_t dc_os_socket(int fd) { return fd; }
int dc_os_descriptor(intptr_t socket) { return (int)socket; }

size_t dc_os_unsent(int fd) {
  int n = 0;
#if defined FIONWRITE /* the BSDs */
  bool told = ioctl(fd, FIONWRITE, &n) == 0;
#elif defined SO_NWRITE /* macOS */
  socklen_t size = sizeof n;
  bool told = getsockopt(fd, SOL_SOCKET, SO_NWRITE, &n, &size) == 0;
#elif defined TIOCOUTQ /* Linux, where SIOCOUTQ is the same number */
  bool told = ioctl(fd, TIOCOUTQ, &n) == 0;
#else
  (void)fd;
  bool told = false;
#endif
  return told && n > 0 ? (size_t)n : 0;
}

static bool is_program(const char *path) {
  struct stat st;
  return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

char *dc_os_self_path(const char *argv0) {
  const char *at = getenv("PATH");
  if (strchr(argv0, '/')) return strdup(argv0);
  while (at && *argv0) {
    size_t n = strcspn(at, ":");
    char *dir DC_CLEANUP(dc_mem_free) = n == 0 ? strdup(".") : strndup(at, n);
    char *path = dir ? dc_path_join(dir, argv0) : NULL;
    if (!path) return NULL;
    if (is_program(path)) return path;
    free(path);
    at = at[n] ? at + n + 1 : NULL;
  }
  return NULL;
}

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define UNDER_SANITIZER 1
#elif defined __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define UNDER_SANITIZER 1
#endif
#endif

void dc_os_protect_secrets(void) {
  const struct rlimit none = {.rlim_cur = 0, .rlim_max = 0};
  (void)setrlimit(RLIMIT_CORE, &none);
#if defined HAVE_SYS_PRCTL_H && defined PR_SET_NO_NEW_PRIVS
  (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
#endif
#if defined HAVE_SYS_PRCTL_H && defined PR_SET_DUMPABLE && !defined UNDER_SANITIZER
  (void)prctl(PR_SET_DUMPABLE, 0); /* the leak check of sanitizers needs ptrace */
#endif
}

const char *dc_os_hostname(void) {
  static char name[256];
  if (name[0] == '\0' && (gethostname(name, sizeof name - 1) != 0 || name[0] == '\0')) strcpy(name, "localhost");
  return name;
}
