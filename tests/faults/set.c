/* SPDX-License-Identifier: Apache-2.0 */
/* The store by hand, for tests/faults/faults.sh:
 *   set read DIR NAME...           prints each file as our programs read it: its name, its length or -1, its bytes
 *   set replace DIR FROM NAME...   publishes these files of the folder FROM in place of DIR's */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/os.h"
#include "base/path.h"
#include "store/publish.h"

enum { FILE_MAX = 1 << 20 };

static int read_set(const char *dir, const char *const *names, size_t count, struct dc_err *err) {
  bool present[DC_SET_MAX];
  const char *there[DC_SET_MAX];
  struct dc_buf files[DC_SET_MAX] = {DC_BUF_INIT};
  size_t n = 0;
  int rc = dc_publish_present(dir, names, count, present, err);
  for (size_t i = 0; !rc && i < count; i++)
    if (present[i]) there[n++] = names[i];
  if (!rc) rc = dc_publish_read(dir, there, n, FILE_MAX, files, err);
  for (size_t i = 0, k = 0; !rc && i < count; i++) {
    printf("%s %ld\n", names[i], present[i] ? (long)files[k].len : -1L);
    if (present[i]) {
      fwrite(files[k].data, 1, files[k].len, stdout);
      k++;
    }
  }
  for (size_t i = 0; i < n; i++) dc_buf_free(&files[i]);
  return rc;
}

static int replace_set(const char *dir, const char *from, char **names, struct dc_err *err) {
  struct dc_set set DC_CLEANUP(dc_set_free) = DC_SET_INIT;
  int rc = 0;
  for (; !rc && *names; names++) {
    struct dc_buf bytes DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    char *path DC_CLEANUP(dc_mem_free) = dc_path_join(from, *names);
    rc = path ? dc_os_read_file(path, FILE_MAX, &bytes, err) : dc_err_nomem(err);
    if (!rc) rc = dc_set_add(&set, *names, strstr(*names, ".key") ? 0600 : 0644, bytes.data, bytes.len, err);
  }
  return rc ? rc : dc_publish(dir, &set, DC_PUBLISH_REPLACE, err);
}

int main(int argc, char **argv) {
  struct dc_err err = DC_ERR_INIT;
  int rc = DC_EUSAGE;
  if (argc > 3 && argc - 3 <= DC_SET_MAX && strcmp(argv[1], "read") == 0)
    rc = read_set(argv[2], (const char *const *)argv + 3, (size_t)argc - 3, &err);
  else if (argc > 4 && strcmp(argv[1], "replace") == 0)
    rc = replace_set(argv[2], argv[3], argv + 4, &err);
  if (rc) fprintf(stderr, "set: %s\n", err.text);
  return rc ? 1 : 0;
}
