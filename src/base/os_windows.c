/* SPDX-License-Identifier: Apache-2.0 */
/* Facts of processes and sockets, and locks of files, on Windows; os_unix.c has the other ones. */
#include <config.h>

#include "base/os.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

/* What is made there has the owner that its maker has, and no root who makes it for somebody else. */
int dc_os_give(int fd, const char *shown, const struct dc_dir *owner, struct dc_err *err) {
  (void)fd;
  (void)shown;
  (void)owner;
  (void)err;
  return 0;
}

int dc_os_check_owner(int fd, const char *shown, const struct dc_dir *owner, struct dc_err *err) {
  (void)fd;
  (void)shown;
  (void)owner;
  (void)err;
  return 0;
}

void dc_os_add_closing(struct dc_buf *text, const char *path) {
  dc_buf_printf(text, "icacls %s /inheritance:r /grant:r %%USERNAME%%:F", path);
}

/* --- locks ----------------------------------------------------------------------------------------------------------- */

/* Who only looks whether it is held has it for less than this; and who has taken it has written his number. */
enum { TRIES = 5, TRY_MS = 10 };

/* A range far behind the file's end, so that the holder's number can be read before it. */
static bool lock(int fd) {
  OVERLAPPED at = {.OffsetHigh = 1};
  return LockFileEx((HANDLE)_get_osfhandle(fd), LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &at);
}

static void unlock(int fd) {
  OVERLAPPED at = {.OffsetHigh = 1};
  (void)UnlockFileEx((HANDLE)_get_osfhandle(fd), 0, 1, 0, &at);
}

/* After a lock that failed: 1 or -1, as dc_os_lock. */
static int refusal(void) {
  DWORD why = GetLastError();
  errno = dc_posix_errno(why);
  return why == ERROR_LOCK_VIOLATION || why == ERROR_IO_PENDING ? 1 : -1;
}

static int sign(int fd) {
  char text[32];
  int n = snprintf(text, sizeof text, "%lu\n", (unsigned long)GetCurrentProcessId());
  return _chsize(fd, 0) == 0 && write(fd, text, (size_t)n) == n ? 0 : -1;
}

static long signature(int fd) {
  char text[32] = "";
  OVERLAPPED at = {.Offset = 0};
  DWORD n = 0;
  return ReadFile((HANDLE)_get_osfhandle(fd), text, sizeof text - 1, &n, &at) && strchr(text, '\n') ? strtol(text, NULL, 10) : 0;
}

int dc_os_lock(int fd) {
  for (int tries = 1;; tries++) {
    if (lock(fd)) break;
    int rc = refusal();
    if (rc < 0 || tries == TRIES) return rc;
    Sleep(TRY_MS);
  }
  if (sign(fd) == 0) return 0;
  int why = errno;
  unlock(fd);
  errno = why;
  return -1;
}

int dc_os_lock_holder(int fd, long *process) {
  for (int tries = 1; tries <= TRIES; tries++) {
    if (lock(fd)) {
      unlock(fd);
      return 0;
    }
    if (refusal() < 0) return -1;
    *process = signature(fd);
    if (*process > 0) return 1;
    Sleep(TRY_MS);
  }
  return 1; /* not by a program of ours */
}

/* --- being asked to end ------------------------------------------------------------------------------------------------ */

/* An event of the process stands for SIGTERM: of its session, with its user's access list. It is known by the number and
 * the time at which the process began, so that it is never that of another process with the same number. */
enum { EVENT_NAME_MAX = 64 };
static HANDLE end_event, end_wait;
static struct {
  void (*call)(void *user);
  void *user;
} on_end;

static bool name_event(HANDLE process, wchar_t name[EVENT_NAME_MAX]) {
  FILETIME began, ended, kernel, user;
  if (!GetProcessTimes(process, &began, &ended, &kernel, &user)) return false;
  _snwprintf(name, EVENT_NAME_MAX, L"Local\\daprcerts-end-%lu-%08lx%08lx", (unsigned long)GetProcessId(process),
             (unsigned long)began.dwHighDateTime, (unsigned long)began.dwLowDateTime);
  name[EVENT_NAME_MAX - 1] = L'\0';
  return true;
}

int dc_os_expect_end(struct dc_err *err) {
  wchar_t name[EVENT_NAME_MAX];
  SECURITY_ATTRIBUTES *ours = dc_posix_private();
  if (end_event) return 0;
  if (!ours) return dc_err_sys(err, EPERM, "cannot learn which user this is");
  HANDLE event = name_event(GetCurrentProcess(), name) ? CreateEventW(ours, FALSE, FALSE, name) : NULL;
  if (event && GetLastError() == ERROR_ALREADY_EXISTS) { /* another's, with another's access list */
    CloseHandle(event);
    event = NULL;
    SetLastError(ERROR_ACCESS_DENIED);
  }
  if (!event) return dc_err_sys(err, dc_posix_errno(GetLastError()), "cannot make the event by which this process is stopped");
  end_event = event;
  return 0;
}

static void close_event(void) {
  CloseHandle(end_event);
  end_event = NULL;
}

static VOID CALLBACK asked(PVOID user, BOOLEAN timed_out) {
  (void)user;
  (void)timed_out;
  on_end.call(on_end.user);
}

void dc_os_on_end(void (*call)(void *user), void *user) {
  if (end_wait) (void)UnregisterWaitEx(end_wait, INVALID_HANDLE_VALUE); /* waits for a call under way */
  end_wait = NULL;
  on_end.call = call;
  on_end.user = user;
  if (call && end_event && !RegisterWaitForSingleObject(&end_wait, end_event, asked, NULL, INFINITE, WT_EXECUTEDEFAULT)) {
    end_wait = NULL;
    close_event(); /* who asks is told that it cannot be done, and does not wait for it */
  }
}

static bool ask(HANDLE process) {
  wchar_t name[EVENT_NAME_MAX];
  HANDLE event = name_event(process, name) ? OpenEventW(EVENT_MODIFY_STATE, FALSE, name) : NULL;
  bool done = event && SetEvent(event);
  DWORD why = GetLastError();
  if (event) CloseHandle(event);
  SetLastError(why);
  return done;
}

/* 0: it has ended; 1: it could not be asked, GetLastError. */
static int end(DWORD number) {
  HANDLE process = OpenProcess(SYNCHRONIZE | PROCESS_QUERY_LIMITED_INFORMATION, FALSE, number);
  bool done = process && ask(process);
  DWORD why = GetLastError();
  if (done) (void)WaitForSingleObject(process, INFINITE);
  if (process) CloseHandle(process);
  SetLastError(why);
  return done ? 0 : 1;
}

int dc_os_lock_end_holder(int fd, struct dc_err *err) {
  long holder = 0;
  int held = dc_os_lock_holder(fd, &holder);
  if (held == 0) return 1;
  while (held > 0) {
    if (holder == 0) return dc_err_set(err, DC_EDENIED, "cannot stop a process that is not to be seen from here");
    if (end((DWORD)holder) == 0) return 0;
    DWORD why = GetLastError();
    long before = holder;
    held = dc_os_lock_holder(fd, &holder); /* one that has ended by itself may have a successor */
    if (held <= 0 || holder != before) continue;
    if (why == ERROR_FILE_NOT_FOUND)
      return dc_err_set(err, DC_EDENIED, "cannot stop process %ld: it is of another session of Windows", holder);
    return dc_err_sys(err, dc_posix_errno(why), "cannot stop process %ld", holder);
  }
  return held == 0 ? 0 : dc_err_sys(err, errno, "cannot tell which process to stop");
}

/* --- facts ------------------------------------------------------------------------------------------------------------- */

intptr_t dc_os_socket(int fd) { return (intptr_t)dc_posix_handle(fd); }
int dc_os_descriptor(intptr_t socket) { return dc_posix_descriptor((uintptr_t)socket); }

size_t dc_os_unsent(int fd) {
  (void)fd;
  return 0;
}

/* Whatever it was called by. */
char *dc_os_self_path(const char *argv0) {
  wchar_t path[32768];
  (void)argv0;
  DWORD n = GetModuleFileNameW(NULL, path, DC_COUNT(path));
  char *text = n && n < DC_COUNT(path) ? dc_posix_narrow(path) : NULL;
  for (char *at = text; at && *at; at++)
    if (*at == '\\') *at = '/';
  return text;
}

/* No window that offers to debug it, no dump of its memory. */
void dc_os_protect_secrets(void) {
  (void)SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX | SEM_NOOPENFILEERRORBOX);
}

const char *dc_os_hostname(void) {
  static char name[256];
  wchar_t wide[MAX_COMPUTERNAME_LENGTH * 4 + 1];
  DWORD n = DC_COUNT(wide);
  if (name[0]) return name;
  if (!GetComputerNameExW(ComputerNameDnsHostname, wide, &n) ||
      !WideCharToMultiByte(CP_UTF8, 0, wide, -1, name, sizeof name, NULL, NULL) || !name[0])
    strcpy(name, "localhost");
  return name;
}
