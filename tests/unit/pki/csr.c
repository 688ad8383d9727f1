/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "pki/csr.h"

#include "base/pem.h"
#include "tap.h"

/* Requests made by openssl 3.0 and by Go 1.26's crypto/x509. */
#include "csr-samples.h"

static void test_samples(void) {
  for (size_t i = 0; i < DC_COUNT(samples); i++) {
    struct dc_pem block DC_CLEANUP(dc_pem_free) = DC_PEM_INIT;
    const char *at = samples[i].pem;
    size_t left = strlen(at);
    struct dc_err err = DC_ERR_INIT;
    struct dc_csr csr;
    char name[DC_SPKI_TEXT_MAX];
    int rc;
    if (!ok(dc_pem_next(&at, &left, &block, NULL) == 1, "%s: PEM", samples[i].what)) continue;
    rc = dc_csr_parse(&csr, block.der.data, block.der.len, &err);
    if (!ok(rc == 0, "%s: parsed", samples[i].what)) {
      printf("# %s\n", err.text);
      continue;
    }
    is_text(dc_spki_text(&csr.spki, name), samples[i].key, "its key");
    ok(csr.has_cn == samples[i].has_cn && csr.has_dns_san == samples[i].has_dns, "its names");
    rc = dc_csr_verify(&csr, &err);
    is_num(rc, samples[i].verify, "its signature");
    if (rc != samples[i].verify) printf("# %s\n", err.text);
  }
}

static struct dc_san some_names[] = {{DC_SAN_DNS, DC_SLICE("a.b")}, {DC_SAN_URI, DC_SLICE("spiffe://td/x")}};

static void test_made(enum dc_key_kind kind) {
  struct dc_key *key DC_CLEANUP(dc_key_cleanup) = NULL;
  struct dc_buf plain DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, named DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_csr csr;

  if (!ok(dc_key_generate(kind, 0, &key, NULL) == 0, "a key of kind %d", (int)kind)) return;
  ok(dc_csr_make(key, NULL, 0, &plain, NULL) == 0 && dc_csr_parse(&csr, plain.data, plain.len, NULL) == 0 &&
         dc_csr_verify(&csr, NULL) == 0 && !csr.has_cn && !csr.has_dns_san && csr.san.len == 0,
     "a request without names");
  ok(dc_spki_equal(&csr.spki, dc_key_public(key)), "holds the key");
  ok(dc_csr_make(key, some_names, DC_COUNT(some_names), &named, NULL) == 0 &&
         dc_csr_parse(&csr, named.data, named.len, NULL) == 0 && dc_csr_verify(&csr, NULL) == 0 && csr.has_dns_san,
     "a request with names");
}

/* Whatever is cut off or flipped: never accepted with another content, never read past its end (the sanitizers watch:
 * each copy has exactly its own size). */
static void test_damage(void) {
  struct dc_key *key DC_CLEANUP(dc_key_cleanup) = NULL;
  struct dc_buf whole DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  size_t accepted = 0, parsed = 0;
  struct dc_csr csr;

  if (!ok(dc_key_generate(DC_KEY_ED25519, 0, &key, NULL) == 0 &&
              dc_csr_make(key, some_names, DC_COUNT(some_names), &whole, NULL) == 0,
          "a request to damage"))
    return;
  for (size_t n = 0; n < whole.len; n++) {
    struct dc_buf cut DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    dc_buf_add(&cut, whole.data, n);
    parsed += dc_csr_parse(&csr, cut.data, n, NULL) == 0;
  }
  is_num(parsed, 0, "cut off anywhere: never parsed");
  for (size_t bit = 0; bit < whole.len * 8; bit++) {
    whole.data[bit / 8] ^= (unsigned char)(1 << bit % 8);
    if (dc_csr_parse(&csr, whole.data, whole.len, NULL) == 0) accepted += dc_csr_verify(&csr, NULL) == 0;
    whole.data[bit / 8] ^= (unsigned char)(1 << bit % 8);
  }
  is_num(accepted, 0, "any bit flipped: never accepted");
  dc_buf_add_byte(&whole, 0);
  is_num(dc_csr_parse(&csr, whole.data, whole.len, NULL), DC_EINVAL, "a byte behind it: refused");
}

int main(void) {
  test_samples();
  test_made(DC_KEY_P256);
  test_made(DC_KEY_P384);
  test_made(DC_KEY_P521);
  test_made(DC_KEY_ED25519);
  test_made(DC_KEY_RSA);
  test_damage();
  return tap_done();
}
