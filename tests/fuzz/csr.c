/* SPDX-License-Identifier: Apache-2.0 */
/* A certificate request, DER, as any peer may send it: parsed and verified. */
#include "config.h"

#include <stdlib.h>

#include "pki/csr.h"
#include "pki/name.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size) {
  struct dc_err err = DC_ERR_INIT;
  struct dc_csr csr;

  if (dc_csr_parse(&csr, data, size, &err) == 0) {
    struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    dc_name_text(csr.subject, &text);
    if (csr.der.len != size || csr.info.len > size) abort();
    if (dc_csr_verify(&csr, &err) < 0 && !err.text[0]) abort(); /* every failure has its words */
  } else if (!err.text[0]) {
    abort();
  }
  return 0;
}
