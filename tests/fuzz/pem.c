/* SPDX-License-Identifier: Apache-2.0 */
/* What base reads from outside: PEM, base64, durations, times. */
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/pem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_pem(const char *text, size_t size) {
  struct dc_pem block DC_CLEANUP(dc_pem_free) = DC_PEM_INIT;
  struct dc_err err = DC_ERR_INIT;
  const char *at = text;
  size_t left = size;
  int rc = 0;
  while ((rc = dc_pem_next(&at, &left, &block, &err)) == 1) {
    if (at < text || at + left != text + size) abort(); /* moved on, and within the text */
    if (block.text < text || block.text + block.text_len > text + size) abort();
  }
  if (rc < 0 && !err.text[0]) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct dc_buf out DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  char *text = malloc(size + 1);
  int64_t number = 0;
  if (!text) return 0;
  if (size) memcpy(text, data, size);
  text[size] = '\0';
  read_pem(text, size);
  if (dc_base64_decode(&out, DC_BASE64_STD, text, size, NULL) == 0 && out.len > size) abort();
  dc_buf_clear(&out);
  if (dc_base64_decode(&out, DC_BASE64_URL, text, size, NULL) == 0 && out.len > size) abort();
  if (dc_duration_parse(text, &number, NULL) == 0) {
    char shown[DC_DURATION_TEXT_MAX];
    int64_t again = 0;
    if (dc_duration_parse(dc_duration_text(number, shown), &again, NULL) || again != number) abort();
  }
  if (dc_clock_parse(text, &number, NULL) == 0) {
    char shown[DC_CLOCK_TEXT_MAX];
    int64_t again = 0;
    if (dc_clock_parse(dc_clock_rfc3339(number, shown), &again, NULL) || again != number) abort();
  }
  free(text);
  return 0;
}
