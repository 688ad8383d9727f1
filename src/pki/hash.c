/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "pki/hash.h"

#include <gnutls/crypto.h>

static int sum(gnutls_digest_algorithm_t how, struct dc_slice bytes, unsigned char *out, struct dc_err *err) {
  int rc = gnutls_hash_fast(how, bytes.data, bytes.len, out);
  return rc < 0 ? dc_err_set(err, DC_ECRYPTO, "cannot compute a fingerprint: %s", gnutls_strerror(rc)) : 0;
}

int dc_hash_sha1(struct dc_slice bytes, unsigned char out[DC_HASH_SHA1_SIZE], struct dc_err *err) {
  return sum(GNUTLS_DIG_SHA1, bytes, out, err);
}

int dc_hash_sha256(struct dc_slice bytes, unsigned char out[DC_HASH_SHA256_SIZE], struct dc_err *err) {
  return sum(GNUTLS_DIG_SHA256, bytes, out, err);
}

int dc_hash_add_hex(struct dc_slice bytes, struct dc_buf *out, struct dc_err *err) {
  unsigned char hash[DC_HASH_SHA256_SIZE];
  int rc = dc_hash_sha256(bytes, hash, err);
  for (size_t i = 0; !rc && i < sizeof hash; i++) dc_buf_printf(out, "%02x", hash[i]);
  return rc;
}
