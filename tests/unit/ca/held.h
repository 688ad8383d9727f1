/* SPDX-License-Identifier: Apache-2.0 */
/* A directory of an authority for tests, in a folder that goes with the test, and what it holds. */
#ifndef DC_TESTS_CA_HELD_H
#define DC_TESTS_CA_HELD_H

#include <stdlib.h>
#include <unistd.h>

#include "base/os.h"
#include "base/path.h"
#include "ca/holdings.h"
#include "ca/init.h"
#include "pki/chain.h"
#include "store/publish.h"
#include "folder.h"
#include "tap.h"

#include "../pki/make.h"

static char held_top[] = "/tmp/daprcerts-held.XXXXXX";

__attribute__((unused)) static char *held_path(const char *dir, const char *name) {
  char *folder DC_CLEANUP(dc_mem_free) = dc_path_join(held_top, dir);
  return folder ? dc_path_join(folder, name) : NULL;
}

__attribute__((unused)) static void held_write(const char *dir, const char *name, const char *text) {
  char *path DC_CLEANUP(dc_mem_free) = held_path(dir, name);
  if (dc_os_write_atomic(path, 0600, text, strlen(text), true, NULL)) printf("# cannot write %s\n", path);
}

__attribute__((unused)) static void held_unlink(const char *dir, const char *name) {
  char *path DC_CLEANUP(dc_mem_free) = held_path(dir, name);
  if (unlink(path)) printf("# cannot remove %s\n", path);
}

static int held_add(struct dc_set *set, enum dc_file file, const struct dc_buf *bytes) {
  return dc_set_add(set, dc_layout_files[file].name, dc_layout_files[file].mode, bytes->data, bytes->len, NULL);
}

/* A CA as ca-init makes it, of MAKE_NOW; root and issuer live that many days. Ends the test when it fails. */
__attribute__((unused)) static void held_make(const char *name, int root_days, int issuer_days) {
  struct dc_init_set made DC_CLEANUP(dc_init_set_free) = DC_INIT_SET_INIT;
  struct dc_set set DC_CLEANUP(dc_set_free) = DC_SET_INIT;
  char *dir DC_CLEANUP(dc_mem_free) = dc_path_join(held_top, name);
  const struct dc_init init = {.trust_domain = "localhost", .ns = "default", .kind = DC_KEY_ED25519,
                               .root_not_after = MAKE_NOW + root_days * (int64_t)MAKE_DAY,
                               .issuer_not_after = MAKE_NOW + issuer_days * (int64_t)MAKE_DAY,
                               .root_crt_name = "", .root_key_name = ""};
  int rc = dc_init_make(&init, MAKE_NOW, &made, NULL);
  if (!rc) rc = held_add(&set, DC_FILE_CA_CRT, &made.ca_crt);
  if (!rc) rc = held_add(&set, DC_FILE_CA_KEY, &made.ca_key);
  if (!rc) rc = held_add(&set, DC_FILE_CLIENT_CRT, &made.client_crt);
  if (!rc) rc = held_add(&set, DC_FILE_CLIENT_KEY, &made.client_key);
  if (!rc) rc = held_add(&set, DC_FILE_ISSUER_CRT, &made.issuer_crt);
  if (!rc) rc = held_add(&set, DC_FILE_ISSUER_KEY, &made.issuer_key);
  if (!rc) rc = dc_publish(dir, &set, DC_PUBLISH_NEW, NULL);
  if (!rc) return;
  printf("Bail out! cannot make a CA\n");
  exit(1);
}

/* Ends the test when it fails. */
__attribute__((unused)) static void held_load(const char *name, struct dc_holdings *holdings) {
  char *dir DC_CLEANUP(dc_mem_free) = dc_path_join(held_top, name);
  struct dc_err err = DC_ERR_INIT;
  if (!dc_holdings_load(dir, NULL, holdings, &err)) return;
  printf("Bail out! %s\n", err.text);
  exit(1);
}

/* The number of files that would be published. */
__attribute__((unused)) static int held_changes(const struct dc_holdings *holdings) {
  struct dc_set set DC_CLEANUP(dc_set_free) = DC_SET_INIT;
  return dc_holdings_changes(holdings, &set, NULL) ? -1 : (int)set.count;
}

/* CERT by itself, as the one anchor of somebody. */
__attribute__((unused)) static bool held_believed(const struct dc_holdings *holdings, const struct dc_cert *anchor,
                                                  int64_t now) {
  struct dc_bundle anchors DC_CLEANUP(dc_bundle_free) = DC_BUNDLE_INIT;
  const struct dc_bundle above = {holdings->chain.certs + 1, holdings->chain.count - 1};
  return dc_bundle_add_der(&anchors, anchor->der.data, anchor->der.len, NULL) == 0 &&
         dc_chain_verify(holdings->chain.certs[0], &above, &anchors, DC_PURPOSE_SERVER, now, NULL) == 0;
}

__attribute__((unused)) static int held_done(void) {
  folder_remove(held_top);
  return tap_done();
}

#endif
