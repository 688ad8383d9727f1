/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/bundle.h"

#include "make.h"
#include "tap.h"

static struct party one, two;

static bool same(const struct dc_cert *cert, const struct party *party) {
  return dc_slice_equal(cert->der, party->cert->der);
}

static void test_pem(void) {
  struct dc_bundle bundle DC_CLEANUP(dc_bundle_free) = DC_BUNDLE_INIT;
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, again DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_buf plain DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  dc_buf_add_text(&text, "Subject: one\r\n\r\n");
  pem_add(&text, &one);
  dc_pem_add(&text, "EC PARAMETERS", "\x06\x08", 2);
  dc_buf_add_text(&text, "\n\nSubject: two\n");
  pem_add(&text, &two);
  dc_buf_add_text(&text, "the end");
  is_num(dc_bundle_add_pem(&bundle, dc_buf_text(&text), text.len, NULL), 0, "text and other blocks are skipped");
  ok(bundle.count == 2 && same(bundle.certs[0], &one) && same(bundle.certs[1], &two), "both certificates, in order");
  dc_bundle_to_pem(&bundle, &again);
  pem_add(&plain, &one);
  pem_add(&plain, &two);
  is_text(dc_buf_text(&again), dc_buf_text(&plain), "written back to back, without what stood around them");
  is_num(dc_bundle_add_pem(&bundle, dc_buf_text(&plain), plain.len, NULL), 0, "more of them");
  ok(bundle.count == 4 && same(bundle.certs[0], &one) && same(bundle.certs[3], &two), "are appended");
  dc_bundle_drop_last(&bundle);
  ok(bundle.count == 3 && same(bundle.certs[2], &one), "the last one is dropped");
  dc_bundle_free(&bundle);
  ok(bundle.count == 0 && !bundle.certs, "freed");
  dc_bundle_drop_last(&bundle);
  is_num(bundle.count, 0, "of none, none is dropped");
  dc_buf_clear(&again);
  dc_bundle_to_pem(&bundle, &again);
  is_num(again.len, 0, "and none is written");
}

static void test_refused(void) {
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, other DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_bundle bundle DC_CLEANUP(dc_bundle_free) = DC_BUNDLE_INIT;
  struct dc_err err = DC_ERR_INIT;
  is_num(dc_bundle_add_pem(&bundle, "", 0, &err), DC_ENOENT, "nothing");
  dc_pem_add(&other, "PRIVATE KEY", "\x30\x00", 2);
  is_num(dc_bundle_add_pem(&bundle, dc_buf_text(&other), other.len, &err), DC_ENOENT, "no certificate");
  is_text(err.text, "no certificate in it: a PEM block \"CERTIFICATE\" is needed", "it is told");
  is_num(bundle.count, 0, "nothing comes out");
  pem_add(&text, &one);
  dc_pem_add(&text, "CERTIFICATE", "\x30\x03\x02\x01\x01", 5);
  is_num(dc_bundle_add_pem(&bundle, dc_buf_text(&text), text.len, &err), DC_EINVAL, "a broken one");
  ok(strncmp(err.text, "certificate 2: ", 15) == 0, "is told by its number: %s", err.text);
  dc_buf_clear(&text);
  pem_add(&text, &one);
  is_num(dc_bundle_add_pem(&bundle, dc_buf_text(&text), text.len - 10, &err), DC_EINVAL, "one that breaks off");
  ok(err.text[0] != '\0', "is told: %s", err.text);
  size_t before = bundle.count;
  is_num(dc_bundle_add_der(&bundle, one.cert->der.data, one.cert->der.len - 1, &err), DC_EINVAL, "cut DER");
  is_num(bundle.count, before, "adds nothing");
}

static void test_limit(void) {
  struct dc_bundle bundle DC_CLEANUP(dc_bundle_free) = DC_BUNDLE_INIT;
  struct dc_err err = DC_ERR_INIT;
  struct dc_cert *cert = NULL;
  int rc = 0;
  for (int i = 0; i < DC_BUNDLE_MAX && rc == 0; i++)
    rc = dc_bundle_add_der(&bundle, one.cert->der.data, one.cert->der.len, &err);
  ok(rc == 0 && bundle.count == DC_BUNDLE_MAX, "as many as accepted");
  is_num(dc_bundle_add_der(&bundle, one.cert->der.data, one.cert->der.len, &err), DC_ELIMIT, "one more is too many");
  is_text(err.text, "more than 100 certificates", "it is told");
  if (dc_cert_parse(one.cert->der.data, one.cert->der.len, &cert, NULL)) return;
  is_num(dc_bundle_take(&bundle, cert, NULL), DC_ELIMIT, "also when it is handed over, which frees it");
  is_num(bundle.count, DC_BUNDLE_MAX, "nothing was added");
}

int main(void) {
  party_make(&one, "one", NULL, (struct make){.leaf = false});
  party_make(&two, "two", &one, (struct make){.leaf = false});
  test_pem();
  test_refused();
  test_limit();
  party_free(&one);
  party_free(&two);
  return tap_done();
}
