/* SPDX-License-Identifier: Apache-2.0 */
/* Borrowed bytes. */
#include "config.h"

#include "base/slice.h"

#include <string.h>

struct dc_slice dc_slice_text(const char *text) {
  return (struct dc_slice){(const unsigned char *)text, strlen(text)};
}

bool dc_slice_equal(struct dc_slice a, struct dc_slice b) {
  return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool dc_slice_equal_texts(const char *a, const char *b) { return a && b ? strcmp(a, b) == 0 : a == b; }
