/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "ca/authority.h"

#include <pthread.h>

#include "tap.h"

#include "../pki/make.h"

/* The usual parties, made once. */
static struct party root, issuer, stranger, second_root;

static struct dc_slice slice(const struct dc_buf *buf) { return (struct dc_slice){buf->data, buf->len}; }

/* Loads CA_CRT, ISSUER_CRT with KEY's key. */
static int load(const struct dc_buf *ca_crt, const struct dc_buf *issuer_crt, const struct party *key, int64_t now,
                struct dc_authority **out, struct dc_err *err) {
  struct dc_buf pem DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_authority_files files = {.ca_crt = slice(ca_crt), .issuer_crt = slice(issuer_crt)};

  if (key && dc_key_to_pem(key->key, &pem, NULL) < 0) return -100;
  files.issuer_key = slice(&pem);
  return dc_authority_load(&files, now, out, err);
}

/* One row of certificates each, NULL at the end. */
static void expect(int want, const char *words, const struct party *const *anchors, const struct party *const *chain,
                   const struct party *key, int64_t now, const char *what) {
  struct dc_buf ca_crt DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, issuer_crt DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_authority *authority DC_CLEANUP(dc_authority_cleanup) = NULL;
  struct dc_err err = DC_ERR_INIT;
  int rc;

  for (; *anchors; anchors++) pem_add(&ca_crt, *anchors);
  for (; *chain; chain++) pem_add(&issuer_crt, *chain);
  rc = load(&ca_crt, &issuer_crt, key, now, &authority, &err);
  if (!ok(rc == want && (rc == 0) == (authority != NULL) && (!words || strstr(err.text, words)), "%s", what))
    printf("# %d, not %d: %s\n", rc, want, err.text);
}

#define ROW(...) ((const struct party *const[]){__VA_ARGS__, NULL})

static void test_rules(void) {
  struct party leaf DC_CLEANUP(party_free), no_sign DC_CLEANUP(party_free), client_ca DC_CLEANUP(party_free);
  struct party client_root DC_CLEANUP(party_free), under_client_root DC_CLEANUP(party_free);
  struct party middle DC_CLEANUP(party_free), low DC_CLEANUP(party_free), ended DC_CLEANUP(party_free);
  struct party no_ca_root DC_CLEANUP(party_free), no_sign_root DC_CLEANUP(party_free), future DC_CLEANUP(party_free);

  expect(0, NULL, ROW(&root), ROW(&issuer), &issuer, MAKE_NOW, "root, issuer and key");
  expect(0, NULL, ROW(&second_root, &root), ROW(&issuer), &issuer, MAKE_NOW, "several anchors");
  expect(0, NULL, ROW(&root), ROW(&issuer, &root), &issuer, MAKE_NOW, "the root behind the issuer is dropped");
  expect(DC_EMISMATCH, "ca.crt: certificate 2 ('CN=issuer'): it is not self-signed", ROW(&root, &issuer), ROW(&issuer),
         &issuer, MAKE_NOW, "an anchor that is not self-signed");
  party_make(&no_ca_root, "no ca", NULL, (struct make){.leaf = true});
  expect(DC_EMISMATCH, "no CA", ROW(&no_ca_root, &root), ROW(&issuer), &issuer, MAKE_NOW, "an anchor that is no CA");
  party_make(&no_sign_root, "no sign", NULL, (struct make){.no_cert_sign = true});
  expect(DC_EMISMATCH, "keyCertSign", ROW(&no_sign_root, &root), ROW(&issuer), &issuer, MAKE_NOW,
         "an anchor without keyCertSign");
  expect(DC_EMISMATCH, "issuer chain is empty", ROW(&root), ROW(&root), &root, MAKE_NOW, "the root as issuer");
  expect(DC_EMISMATCH, "the issuer stands first", ROW(&root), ROW(&root, &issuer), &issuer, MAKE_NOW,
         "a chain in the wrong order");
  expect(DC_EMISMATCH, "issuer.key: the issuer key does not match", ROW(&root), ROW(&issuer), &root, MAKE_NOW,
         "another's key");
  expect(DC_EMISMATCH, "do not belong together", ROW(&stranger), ROW(&issuer), &issuer, MAKE_NOW, "another's root");
  expect(DC_ENOENT, "issuer.key: no private key", ROW(&root), ROW(&issuer), NULL, MAKE_NOW, "no key");
  party_make(&leaf, "leaf", &root, (struct make){.leaf = true});
  expect(DC_EMISMATCH, "the issuer cannot sign: it is no CA", ROW(&root), ROW(&leaf), &leaf, MAKE_NOW, "a leaf as issuer");
  party_make(&no_sign, "no sign", &root, (struct make){.no_cert_sign = true});
  expect(DC_EMISMATCH, "keyCertSign", ROW(&root), ROW(&no_sign), &no_sign, MAKE_NOW, "an issuer without keyCertSign");
  party_make(&client_ca, "client ca", &root, (struct make){.ext_usage = DC_EKU_CLIENT});
  expect(DC_EMISMATCH, "serverAuth", ROW(&root), ROW(&client_ca), &client_ca, MAKE_NOW, "an issuer for clients alone");
  party_make(&client_root, "client root", NULL, (struct make){.ext_usage = DC_EKU_CLIENT});
  party_make(&under_client_root, "issuer", &client_root, (struct make){.kind = 0});
  expect(DC_EMISMATCH, "serverAuth", ROW(&client_root), ROW(&under_client_root), &under_client_root, MAKE_NOW,
         "a root for clients alone");
  party_make(&middle, "middle", &root, (struct make){.kind = 0});
  party_make(&low, "low", &middle, (struct make){.kind = 0});
  expect(0, NULL, ROW(&root), ROW(&low, &middle), &low, MAKE_NOW, "an intermediate between");
  expect(0, NULL, ROW(&root), ROW(&low, &middle, &root), &low, MAKE_NOW, "and the root behind it");
  expect(DC_EMISMATCH, "leads to no trust anchor", ROW(&root), ROW(&low), &low, MAKE_NOW, "the intermediate is missing");
  expect(DC_EEXPIRED, "issuer certificate has ended", ROW(&root), ROW(&issuer), &issuer, MAKE_NOW + MAKE_DAY + 1,
         "after its end");
  party_make(&ended, "issuer", &root, (struct make){.not_after = MAKE_NOW - 1});
  expect(DC_EEXPIRED, "put a new issuer.crt", ROW(&root), ROW(&ended), &ended, MAKE_NOW, "an issuer that has ended");
  party_make(&future, "issuer", &root, (struct make){.not_before = MAKE_NOW + 10});
  expect(DC_EEXPIRED, "clock", ROW(&root), ROW(&future), &future, MAKE_NOW, "an issuer that has not begun");
}

static void test_texts(void) {
  struct dc_buf ca_crt DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, crt DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_buf want DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, want_chain DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_authority *authority DC_CLEANUP(dc_authority_cleanup) = NULL;

  dc_buf_add_text(&ca_crt, "# our roots\n");
  pem_add(&ca_crt, &second_root);
  dc_buf_add_text(&ca_crt, "\n\n  text\n");
  pem_add(&ca_crt, &root);
  dc_buf_add_text(&crt, "Certificate:\n");
  pem_add(&crt, &issuer);
  dc_buf_add_text(&crt, "\n");
  pem_add(&crt, &root);
  pem_add(&want, &second_root);
  pem_add(&want, &root);
  pem_add(&want_chain, &issuer);
  if (!ok(load(&ca_crt, &crt, &issuer, MAKE_NOW, &authority, NULL) == 0, "files with text around their blocks")) return;
  ok(dc_slice_equal(dc_authority_anchors_pem(authority), slice(&want)), "the anchors come out back to back");
  ok(dc_slice_equal(dc_authority_chain_pem(authority), slice(&want_chain)), "the chain without its root");
  is_num(dc_authority_not_after(authority), issuer.cert->not_after, "and its end");
  is_num(dc_authority_check(authority, MAKE_NOW, NULL), 0, "it may sign now");
  is_num(dc_authority_check(authority, MAKE_NOW + MAKE_DAY + 1, NULL), DC_EEXPIRED, "and not after its end");
}

static void test_anchors_end(void) {
  struct party short_root DC_CLEANUP(party_free), outlives DC_CLEANUP(party_free);
  struct dc_buf ca_crt DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, crt DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_authority *authority DC_CLEANUP(dc_authority_cleanup) = NULL;
  struct dc_err err = DC_ERR_INIT;

  party_make(&short_root, "short root", NULL, (struct make){.not_after = MAKE_NOW + 10});
  party_make(&outlives, "issuer", &short_root, (struct make){.kind = 0});
  pem_add(&ca_crt, &short_root);
  pem_add(&ca_crt, &root);
  pem_add(&crt, &outlives);
  if (!ok(load(&ca_crt, &crt, &outlives, MAKE_NOW, &authority, NULL) == 0, "an issuer that outlives its root")) return;
  ok(!dc_authority_warning(authority, MAKE_NOW, 0, &text), "no warning while all is well");
  is_num(dc_authority_check(authority, MAKE_NOW + 11, &err), DC_EEXPIRED, "its root has ended: nothing is signed");
  ok(strstr(err.text, "no valid trust anchor verifies the issuer") && strstr(err.text, "short root"), "and why");
  ok(strstr(err.text, "put a new set of ca.crt, issuer.crt and issuer.key in its place") != NULL, "and what to do");
  dc_authority_unref(authority);
  authority = NULL;
  dc_buf_clear(&crt);
  pem_add(&crt, &issuer);
  ok(load(&ca_crt, &crt, &issuer, MAKE_NOW + 11, &authority, NULL) == 0, "a further anchor that has ended is no error");
  ok(authority && dc_authority_warning(authority, MAKE_NOW + 11, 0, &text) && strstr(dc_buf_text(&text), "short root"),
     "but a warning that names it");
  ok(authority && !dc_authority_warning(authority, MAKE_NOW + 11, 1, &text), "one");
}

static void *refer_often(void *authority) {
  for (int i = 0; i < 10000; i++) dc_authority_unref(dc_authority_ref(authority));
  return NULL;
}

static void test_references(void) {
  struct dc_buf ca_crt DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, crt DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_authority *authority = NULL;
  pthread_t threads[4];
  int started = 0;

  pem_add(&ca_crt, &root);
  pem_add(&crt, &issuer);
  if (!ok(load(&ca_crt, &crt, &issuer, MAKE_NOW, &authority, NULL) == 0, "an authority to share")) return;
  while (started < 4 && pthread_create(&threads[started], NULL, refer_often, authority) == 0) started++;
  for (int i = 0; i < started; i++) pthread_join(threads[i], NULL);
  is_num(dc_authority_check(authority, MAKE_NOW, NULL), 0, "still there after threads took and gave references");
  dc_authority_unref(authority);
  dc_authority_unref(NULL);
}

int main(void) {
  party_make(&root, "root", NULL, (struct make){.not_after = MAKE_NOW + 10 * MAKE_DAY});
  party_make(&issuer, "issuer", &root, (struct make){.path_len = 1});
  party_make(&stranger, "root", NULL, (struct make){.kind = 0});
  party_make(&second_root, "second", NULL, (struct make){.kind = 0});
  test_rules();
  test_texts();
  test_anchors_end();
  test_references();
  party_free(&root);
  party_free(&issuer);
  party_free(&stranger);
  party_free(&second_root);
  return tap_done();
}
