/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a fuzz target over the files of its corpus, tests/fuzz/corpus/ and the program's name, so that `make check`
 * meets every input that once mattered. TAP: one line a file; a fault ends the program. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "tap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *path) {
  FILE *file = fopen(path, "rb");
  long size = -1;
  if (!file) return -1;
  if (fseek(file, 0, SEEK_END) == 0) size = ftell(file);
  rewind(file);
  uint8_t *bytes = size >= 0 ? malloc((size_t)size + 1) : NULL;
  int rc = bytes && fread(bytes, 1, (size_t)size, file) == (size_t)size ? 0 : -1;
  if (rc == 0) rc = LLVMFuzzerTestOneInput(bytes, (size_t)size);
  free(bytes);
  fclose(file);
  return rc;
}

int main(int argc, char *argv[]) {
  const char *top = getenv("TOP_SRCDIR"), *slash = strrchr(argv[0], '/');
  char corpus[2048];
  (void)argc;
#ifdef _WIN32
  slash = strrchr(argv[0], '\\') ? strrchr(argv[0], '\\') : slash;
#endif
  const char *name = slash ? slash + 1 : argv[0];
  size_t length = strlen(name);
  if (length > 4 && strcmp(name + length - 4, ".exe") == 0) length -= 4;
  snprintf(corpus, sizeof corpus, "%s/tests/fuzz/corpus/%.*s", top ? top : ".", (int)length, name);
  DIR *entries = opendir(corpus);
  if (!ok(entries != NULL, "there is a corpus")) return tap_done();
  for (struct dirent *entry = NULL; (entry = readdir(entries));) {
    char path[4096];
    if (entry->d_name[0] == '.') continue;
    snprintf(path, sizeof path, "%s/%s", corpus, entry->d_name);
    ok(replay(path) == 0, "%s", entry->d_name);
  }
  closedir(entries);
  ok(tap_count > 1, "it is not empty");
  return tap_done();
}
