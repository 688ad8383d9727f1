/* SPDX-License-Identifier: Apache-2.0 */
/* Kubernetes' objects, as kubectl prints them: what is read is written and read again, and is the same then. */
#include <stdlib.h>

#include "base/slice.h"
#include "base/utf8.h"
#include "format/k8s.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct dc_slice slice(const struct dc_buf *buf) { return (struct dc_slice){buf->data, buf->len}; }

static bool is_text(const struct dc_buf *buf) {
  for (size_t i = 0; i < buf->len; i++)
    if (!buf->data[i]) return false;
  return dc_utf8_valid(buf->data, buf->len);
}

static void check_round_trip(const struct dc_k8s_bundle *bundle, enum dc_k8s_notation notation) {
  struct dc_k8s_bundle back DC_CLEANUP(dc_k8s_bundle_free) = DC_K8S_BUNDLE_INIT;
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_err err = DC_ERR_INIT;
  if (!is_text(&bundle->secret[DC_K8S_CA_CRT]) || !is_text(&bundle->secret[DC_K8S_JWKS])) return;
  if (dc_k8s_write(bundle, notation, &text, &err) || dc_k8s_read("again", &text, bundle->ns, &back, &err)) abort();
  for (size_t i = 0; i < DC_K8S_PARTS; i++) {
    if (!dc_slice_equal(slice(&bundle->secret[i]), slice(&back.secret[i]))) abort();
    if (dc_k8s_parts[i].is_public && !dc_slice_equal(slice(&back.secret[i]), slice(&back.config_map[i]))) abort();
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct dc_k8s_bundle bundle DC_CLEANUP(dc_k8s_bundle_free) = DC_K8S_BUNDLE_INIT;
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_err err = DC_ERR_INIT;
  dc_buf_add(&text, data, size);
  if (dc_k8s_read("fuzz", &text, NULL, &bundle, &err) == 0) {
    check_round_trip(&bundle, DC_K8S_YAML);
    check_round_trip(&bundle, DC_K8S_JSON);
  } else if (!err.text[0]) {
    abort();
  }
  return 0;
}
