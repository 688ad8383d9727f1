/* SPDX-License-Identifier: Apache-2.0 */
/* The protobuf bytes of a request and of an answer. */
#include <stdlib.h>
#include <string.h>

#include "rpc/messages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct dc_sign_request request = {0}, again = {0};
  struct dc_sign_response response = {.valid_until = 0};
  struct dc_buf out DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  if (dc_sign_request_parse(data, size, &request, NULL) == 0) {
    dc_sign_request_add(&out, &request);
    if (dc_sign_request_parse(out.data, out.len, &again, NULL)) abort(); /* what we write we read */
    if (strcmp(request.id, again.id) != 0 || request.validator != again.validator) abort();
  }
  dc_sign_request_free(&request);
  dc_sign_request_free(&again);
  if (dc_sign_response_parse(data, size, &response, NULL) == 0) dc_sign_response_free(&response);
  return 0;
}
