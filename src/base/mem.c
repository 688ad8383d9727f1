/* SPDX-License-Identifier: Apache-2.0 */
/* Memory: wiping that stays, and the functions behind DC_CLEANUP. */
#include <config.h>

#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void dc_mem_wipe(void *p, size_t n) {
  if (n == 0) return;
#ifdef HAVE_EXPLICIT_BZERO
  explicit_bzero(p, n);
#else
  volatile unsigned char *byte = p;
  while (n-- > 0) *byte++ = 0;
#endif
}

/* A cleanup function gets the address of a variable of any pointer type: memcpy reads it without breaking the rules
 * of aliasing. */
void dc_mem_free(void *pointer_to_pointer) {
  void *p;
  memcpy(&p, pointer_to_pointer, sizeof p);
  free(p);
}

void dc_mem_free_secret(void *pointer_to_string) {
  char *text;
  memcpy(&text, pointer_to_string, sizeof text);
  if (text) dc_mem_wipe(text, strlen(text));
  free(text);
}

void dc_mem_close(const int *fd) {
  int kept = errno;
  if (*fd >= 0) close(*fd);
  errno = kept;
}
