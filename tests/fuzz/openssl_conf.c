/* SPDX-License-Identifier: Apache-2.0 */
/* openssl's configuration, and the certificate that it makes of it. */
#include <stdlib.h>

#include "ca/profile_conf.h"
#include "pki/ext.h"
#include "pki/key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was written is read again: a Name, and Extensions to the last byte. */
static void check(const struct dc_profile_conf *conf, const struct dc_buf *extensions) {
  struct dc_slice at = {extensions->data, extensions->len}, subject = {conf->subject.data, conf->subject.len}, name;
  struct dc_ext ext;
  int rc;
  while ((rc = dc_ext_next(&at, &ext, NULL)) == 1) continue;
  if (rc || !dc_der_take(&subject, DC_DER_SEQUENCE, &name) || subject.len) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct dc_key *key; /* one for the whole run */
  static const char id[] = "spiffe://public/ns/default/web";
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, warnings DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_err err = DC_ERR_INIT;
  if (!key && dc_key_generate(DC_KEY_ED25519, 0, &key, &err)) abort();
  if (size > DC_OPENSSL_CONF_FILE_MAX) return 0;
  dc_buf_add(&text, data, size);
  for (int use = DC_PROFILE_CA; use <= DC_PROFILE_WORKLOAD; use++) {
    struct dc_profile_conf conf DC_CLEANUP(dc_profile_conf_free) = DC_PROFILE_CONF_INIT;
    struct dc_profile_whose whose = {.spki = dc_key_public(key)};
    struct dc_buf extensions DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    if (use == DC_PROFILE_WORKLOAD) whose.spiffe_id = DC_SLICE(id);
    int rc = dc_profile_conf_read("fuzz", &text, (enum dc_profile_use)use, &conf, &warnings, &err);
    if (rc == 0) {
      rc = dc_profile_conf_extensions(&conf, &whose, &extensions, &err);
      if (rc == 0) check(&conf, &extensions);
    }
    if (rc && !err.text[0]) abort();
  }
  return 0;
}
