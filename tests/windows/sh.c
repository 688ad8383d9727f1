/* SPDX-License-Identifier: Apache-2.0 */
/* sh.exe for wine, in the place of MSYS2's: runs /bin/sh with its arguments. As there, Z:/x is a path to the shell. wine
 * tells nothing of a Unix process that it has started, so a file brings its status. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

static const char script[] =
    "file=$1; shift; n=$#; for word; do case $word in Z:/*) word=${word#Z:} ;; esac; set -- \"$@\" \"$word\"; done; "
    "shift \"$n\"; unset DAPRCERTS_TEST_SH; /bin/sh \"$@\"; echo $? >\"$file.new\"; mv \"$file.new\" \"$file\"";

/* What follows the program's name, as it stands. */
static const wchar_t *arguments(void) {
  const wchar_t *at = GetCommandLineW();
  for (bool quoted = false; *at && (quoted || *at != L' '); at++)
    if (*at == L'"') quoted = !quoted;
  return at;
}

int main(void) {
  char file[64], status[8] = "";
  wchar_t line[32768];
  STARTUPINFOW info = {.cb = sizeof info};
  PROCESS_INFORMATION made;
  snprintf(file, sizeof file, "/tmp/daprcerts-sh.%lu.%llu", (unsigned long)GetCurrentProcessId(),
           (unsigned long long)GetTickCount64());
  _snwprintf(line, sizeof line / sizeof *line, L"sh -c \"eval \\\"$DAPRCERTS_TEST_SH\\\"\" sh %hs%ls", file, arguments());
  line[sizeof line / sizeof *line - 1] = L'\0';
  if (setenv("DAPRCERTS_TEST_SH", script, 1)) return 126;
  if (!CreateProcessW(L"\\\\?\\unix\\bin\\sh", line, NULL, NULL, TRUE, 0, NULL, NULL, &info, &made)) return 127;
  for (;;) {
    int fd = open(file, O_RDONLY);
    if (fd >= 0) {
      ssize_t n = read(fd, status, sizeof status - 1);
      close(fd);
      unlink(file);
      return n > 0 ? atoi(status) : 125;
    }
    Sleep(10);
  }
}
