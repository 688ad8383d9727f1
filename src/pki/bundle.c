/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of certificates. */
#include "config.h"

#include "pki/bundle.h"

#include <stdlib.h>
#include <string.h>

#include "base/pem.h"

int dc_bundle_take(struct dc_bundle *bundle, struct dc_cert *take_cert, struct dc_err *err) {
  struct dc_cert **certs;

  if (bundle->count >= DC_BUNDLE_MAX) {
    dc_cert_free(take_cert);
    return dc_err_set(err, DC_ELIMIT, "more than %d certificates", DC_BUNDLE_MAX);
  }
  certs = realloc(bundle->certs, (bundle->count + 1) * sizeof(struct dc_cert *));
  if (!certs) {
    dc_cert_free(take_cert);
    return dc_err_nomem(err);
  }
  certs[bundle->count++] = take_cert;
  bundle->certs = certs;
  return 0;
}

int dc_bundle_add_der(struct dc_bundle *bundle, const void *der, size_t n, struct dc_err *err) {
  struct dc_cert *cert;
  int rc = dc_cert_parse(der, n, &cert, err);

  return rc < 0 ? rc : dc_bundle_take(bundle, cert, err);
}

int dc_bundle_add_pem(struct dc_bundle *bundle, const char *text, size_t n, struct dc_err *err) {
  struct dc_pem block DC_CLEANUP(dc_pem_free) = DC_PEM_INIT;
  size_t number = 0;
  int rc;

  while ((rc = dc_pem_next(&text, &n, &block, err)) == 1) {
    if (strcmp(block.label, "CERTIFICATE") != 0) continue;
    number++;
    rc = dc_bundle_add_der(bundle, block.der.data, block.der.len, err);
    if (rc < 0) return dc_err_add(err, rc, "certificate %zu", number);
  }
  if (rc < 0) return rc;
  if (number == 0) return dc_err_set(err, DC_ENOENT, "no certificate in it: a PEM block \"CERTIFICATE\" is needed");
  return 0;
}

void dc_bundle_drop_last(struct dc_bundle *bundle) {
  if (bundle->count) dc_cert_free(bundle->certs[--bundle->count]);
}

void dc_bundle_to_pem(const struct dc_bundle *bundle, struct dc_buf *out) {
  for (size_t i = 0; i < bundle->count; i++)
    dc_pem_add(out, "CERTIFICATE", bundle->certs[i]->der.data, bundle->certs[i]->der.len);
}

void dc_bundle_free(struct dc_bundle *bundle) {
  while (bundle->count) dc_bundle_drop_last(bundle);
  free(bundle->certs);
  bundle->certs = NULL;
}
