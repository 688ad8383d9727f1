/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes that somebody else owns. */
#ifndef DC_BASE_SLICE_H
#define DC_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>

struct dc_slice {
  const unsigned char *data;
  size_t len;
};

/* A slice of a string literal or array, without its NUL. */
#define DC_SLICE(array) ((struct dc_slice){(const unsigned char *)(array), sizeof(array) - 1})

struct dc_slice dc_slice_text(const char *text);
bool dc_slice_equal(struct dc_slice a, struct dc_slice b);
bool dc_slice_equal_texts(const char *a, const char *b); /* NULL equals NULL alone */

#endif
