/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "pki/hash.h"

#include <gnutls/crypto.h>

int dc_hash_add_hex(struct dc_slice bytes, struct dc_buf *out, struct dc_err *err) {
  unsigned char hash[32];
  int rc = gnutls_hash_fast(GNUTLS_DIG_SHA256, bytes.data, bytes.len, hash);
  if (rc < 0) return dc_err_set(err, DC_ECRYPTO, "cannot compute a fingerprint: %s", gnutls_strerror(rc));
  for (size_t i = 0; i < sizeof hash; i++) dc_buf_printf(out, "%02x", hash[i]);
  return 0;
}
