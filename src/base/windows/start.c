/* SPDX-License-Identifier: Apache-2.0 */
/* The start of each program on Windows: arguments in UTF-8, and standard input and output as they are, without carriage
 * returns. */
#include <config.h>

#include "base/windows/posix.h"

#include <stdio.h>

int main(int argc, char **argv);
int wmain(int argc, wchar_t **argv);

int wmain(int argc, wchar_t **argv) {
  char **narrow = calloc((size_t)argc + 1, sizeof *narrow);
  for (int i = 0; narrow && i < argc; i++)
    if (!(narrow[i] = dc_posix_narrow(argv[i]))) return 1;
  if (!narrow) return 1;
  for (int fd = 0; fd < 3; fd++) (void)_setmode(fd, _O_BINARY);
  _fmode = _O_BINARY;
  (void)_setmaxstdio(2048);
  return main(argc, narrow);
}
