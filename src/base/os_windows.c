/* SPDX-License-Identifier: Apache-2.0 */
/* Facts of processes and sockets on Windows; os_unix.c has the other ones. */
#include <config.h>

#include "base/os.h"

#include <windows.h>

/* What is made there has the owner that its maker has, and no root who makes it for somebody else. */
int dc_os_give(int fd, const char *shown, const struct dc_dir *owner, struct dc_err *err) {
  (void)fd;
  (void)shown;
  (void)owner;
  (void)err;
  return 0;
}

void dc_os_add_closing(struct dc_buf *text, const char *path) {
  dc_buf_printf(text, "icacls %s /inheritance:r /grant:r %%USERNAME%%:F", path);
}

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
