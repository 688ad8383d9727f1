/* SPDX-License-Identifier: Apache-2.0 */
/* A PEM text as ca.crt, issuer.crt and issuer.key are: a bundle of certificates, a private key. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "pki/bundle.h"
#include "pki/key.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

/* What was read can be written, and is read as the same. */
static void check_bundle(const struct dc_bundle *bundle) {
  struct dc_bundle again DC_CLEANUP(dc_bundle_free) = DC_BUNDLE_INIT;
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;

  dc_bundle_to_pem(bundle, &text);
  if (dc_bundle_add_pem(&again, dc_buf_text(&text), text.len, NULL) < 0 || again.count != bundle->count) abort();
  for (size_t i = 0; i < again.count; i++)
    if (again.certs[i]->der.len != bundle->certs[i]->der.len ||
        memcmp(again.certs[i]->der.data, bundle->certs[i]->der.data, again.certs[i]->der.len) != 0)
      abort();
}

static void check_key(const struct dc_key *key) {
  struct dc_key *again DC_CLEANUP(dc_key_cleanup) = NULL;
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;

  if (dc_key_to_pem(key, &text, NULL) < 0) abort();
  if (dc_key_from_pem(dc_buf_text(&text), text.len, &again, NULL) < 0) abort();
  if (!dc_spki_equal(dc_key_public(key), dc_key_public(again))) abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size) {
  struct dc_bundle bundle DC_CLEANUP(dc_bundle_free) = DC_BUNDLE_INIT;
  struct dc_key *key DC_CLEANUP(dc_key_cleanup) = NULL;
  struct dc_err err = DC_ERR_INIT;
  const char *text = (const char *)data;

  if (dc_bundle_add_pem(&bundle, text, size, &err) == 0)
    check_bundle(&bundle);
  else if (!err.text[0])
    abort(); /* every failure has its words */
  err = (struct dc_err)DC_ERR_INIT;
  if (dc_key_from_pem(text, size, &key, &err) == 0)
    check_key(key);
  else if (!err.text[0])
    abort();
  return 0;
}
