/* SPDX-License-Identifier: Apache-2.0 */
/* A certificate, DER: parsed, shown, and asked all questions. */
#include "config.h"

#include <stdlib.h>

#include "pki/chain.h"
#include "pki/name.h"
#include "pki/spiffe.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size) {
  struct dc_bundle bundle DC_CLEANUP(dc_bundle_free) = DC_BUNDLE_INIT;
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_err err = DC_ERR_INIT;
  const struct dc_cert *cert;
  struct dc_slice id;

  if (dc_bundle_add_der(&bundle, data, size, &err) < 0) {
    if (!err.text[0]) abort(); /* every failure has its words */
    return 0;
  }
  cert = bundle.certs[0];
  if (cert->der.len != size) abort();
  dc_name_text(cert->subject, &text);
  dc_name_text(cert->issuer, &text);
  for (size_t i = 0; i < cert->san_count; i++) dc_san_text(&cert->sans[i], &text);
  (void)!dc_spiffe_of_cert(cert, &id, &err);
  (void)!dc_chain_verify(cert, &bundle, &bundle, DC_PURPOSE_SERVER, cert->not_before, &err);
  return 0;
}
