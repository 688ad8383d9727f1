/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "ca/holdings.h"

#include "base/pem.h"
#include "held.h"

static int load(const char *name, struct dc_holdings *holdings, struct dc_err *err) {
  char *dir DC_CLEANUP(dc_mem_free) = dc_path_join(held_top, name);
  return dc_holdings_load(dir, NULL, holdings, err);
}

static void read_text(const char *dir, const char *name, struct dc_buf *out) {
  char *path DC_CLEANUP(dc_mem_free) = held_path(dir, name);
  if (dc_os_read_file(path, DC_PUBLISH_FILE_MAX, out, NULL)) printf("# cannot read %s\n", path);
}

static void test_load(void) {
  struct dc_holdings holdings DC_CLEANUP(dc_holdings_free) = DC_HOLDINGS_INIT, none = DC_HOLDINGS_INIT;
  struct dc_err err = DC_ERR_INIT;
  held_make("usual", 3650, 365);
  held_load("usual", &holdings);
  ok(holdings.anchors.count == 1 && holdings.chain.count == 1 && holdings.client.count == 2, "certificates");
  ok(holdings.root == holdings.anchors.certs[0] && holdings.root_key && !holdings.root_key_given, "root and key");
  ok(!holdings.staged && !holdings.staged_key && dc_state_is_empty(&holdings.state), "nothing is under way");
  is_num(held_changes(&holdings), 0, "nothing is to be written");
  is_num(load("nowhere", &none, &err), DC_ENOENT, "no CA");
  held_unlink("usual", "issuer.key");
  is_num(load("usual", &none, &err), DC_ENOENT, "half a CA");
  ok(strstr(err.text, "issuer.key") != NULL, "what is missing is named");
}

/* Text around the certificates, a root behind the issuer, what is out of time: all as it is, if nothing changes. */
static void test_form(void) {
  struct dc_holdings holdings DC_CLEANUP(dc_holdings_free) = DC_HOLDINGS_INIT;
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, root DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_buf chain DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct party old;
  party_make(&old, "old", NULL, (struct make){.not_before = MAKE_NOW - 2 * MAKE_DAY, .not_after = MAKE_NOW - MAKE_DAY});
  held_make("form", 3650, 365);
  read_text("form", "ca.crt", &root);
  read_text("form", "issuer.crt", &chain);
  dc_buf_printf(&text, "# ours\n%s\n# theirs\n", dc_buf_text(&root));
  pem_add(&text, &old);
  dc_buf_add_text(&chain, dc_buf_text(&root));
  held_write("form", "ca.crt", dc_buf_text(&text));
  held_write("form", "issuer.crt", dc_buf_text(&chain));
  held_load("form", &holdings);
  ok(holdings.anchors.count == 2 && holdings.chain.count == 1, "both anchors, and no root behind the issuer");
  ok(holdings.root == holdings.anchors.certs[0], "the root is who has signed");
  is_num(held_changes(&holdings), 0, "nothing is to be written");
  party_free(&old);
}

static void refused(const char *file, const char *text, int want, const char *said) {
  struct dc_holdings holdings = DC_HOLDINGS_INIT;
  struct dc_buf before DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_err err = DC_ERR_INIT;
  read_text("broken", file, &before);
  held_write("broken", file, text);
  is_num(load("broken", &holdings, &err), want, file);
  ok(strstr(err.text, said) != NULL, "as what it is: %s", err.text);
  ok(!holdings.root && !holdings.anchors.count && !holdings.issuer_key, "and nothing is held");
  held_write("broken", file, dc_buf_text(&before));
}

static void test_broken(void) {
  struct dc_holdings holdings DC_CLEANUP(dc_holdings_free) = DC_HOLDINGS_INIT;
  struct dc_buf root DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, key DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_buf issuer DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  held_make("other", 3650, 365);
  held_make("broken", 3650, 365);
  read_text("other", "ca.crt", &root);
  read_text("other", "ca.key", &key);
  read_text("other", "issuer.crt", &issuer);
  refused("ca.crt", "text", DC_ENOENT, "ca.crt");
  refused("ca.crt", dc_buf_text(&root), DC_EMISMATCH, "do not belong together");
  refused("ca.key", "text", DC_ENOENT, "ca.key");
  refused("ca.key", dc_buf_text(&key), DC_EMISMATCH, "ca.key is not the key of the root");
  refused("issuer.key", dc_buf_text(&key), DC_EMISMATCH, "issuer.key does not match");
  refused("issuer.crt", dc_buf_text(&root), DC_EMISMATCH, "issuer.crt holds a root");
  held_write("broken", DC_LAYOUT_STATE, "");
  held_write("broken", DC_LAYOUT_STAGED_KEY, dc_buf_text(&key));
  refused(DC_LAYOUT_STATE, "x", DC_EINVAL, "state");
  refused(DC_LAYOUT_STAGED_KEY, dc_buf_text(&key), DC_EMISMATCH, "is not in ca.crt");
  held_unlink("broken", DC_LAYOUT_STAGED_KEY);
  held_write("broken", "client.key", dc_buf_text(&key));
  held_load("broken", &holdings);
  is_num(holdings.client.count, 0, "a client pair that does not fit is none");
}

/* Of roots with one key, as after a renewal, the one that ends last; the staged one by its key. */
static void test_find(void) {
  struct dc_holdings holdings DC_CLEANUP(dc_holdings_free) = DC_HOLDINGS_INIT;
  struct dc_buf anchors DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, key DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct party staged;
  held_make("many", 3650, 365);
  party_make(&staged, "staged", NULL, (struct make){0});
  pem_add(&anchors, &staged);
  read_text("many", "ca.crt", &anchors);
  ok(dc_key_to_pem(staged.key, &key, NULL) == 0, "another root");
  held_write("many", "ca.crt", dc_buf_text(&anchors));
  held_write("many", DC_LAYOUT_STAGED_KEY, dc_buf_text(&key));
  held_load("many", &holdings);
  ok(holdings.staged == holdings.anchors.certs[0] && holdings.root == holdings.anchors.certs[1], "is the staged one");
  struct dc_err err = DC_ERR_INIT;
  const struct dc_slice pem = {key.data, key.len};
  is_num(dc_holdings_give_root_key(&holdings, "my.key", pem, &err), DC_EMISMATCH, "its key is not the root's");
  ok(strstr(err.text, "'my.key'") != NULL, "which names the file");
  party_free(&staged);
}

static void test_given_key(void) {
  struct dc_holdings holdings DC_CLEANUP(dc_holdings_free) = DC_HOLDINGS_INIT;
  struct dc_buf key DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  held_make("given", 3650, 365);
  read_text("given", "ca.key", &key);
  held_unlink("given", "ca.key");
  held_load("given", &holdings);
  ok(!holdings.root_key, "a root whose key is elsewhere");
  const struct dc_slice pem = {key.data, key.len};
  is_num(dc_holdings_give_root_key(&holdings, "my.key", pem, NULL), 0, "is given it");
  ok(holdings.root_key != NULL, "and has it");
  is_num(held_changes(&holdings), 0, "but does not write it");
}

/* Whatever is broken, the rest is there. */
static void test_salvage(void) {
  struct dc_holdings holdings DC_CLEANUP(dc_holdings_free) = DC_HOLDINGS_INIT;
  struct dc_holdings rest DC_CLEANUP(dc_holdings_free) = DC_HOLDINGS_INIT;
  struct dc_buf faults DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, key DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  char *dir DC_CLEANUP(dc_mem_free) = held_path("salvaged", ".");
  held_make("salvaged", 3650, 365);
  dc_holdings_salvage(dir, &holdings, &faults);
  is_text(dc_buf_text(&faults), "", "nothing is wrong");
  ok(holdings.root && holdings.issuer_key && holdings.root_key && holdings.client.count, "and all is there");
  read_text("salvaged", "client.key", &key);
  held_write("salvaged", "issuer.key", dc_buf_text(&key));
  held_write("salvaged", "ca.key", "x");
  held_write("salvaged", DC_LAYOUT_STATE, "x");
  held_unlink("salvaged", "client.crt");
  dc_holdings_salvage(dir, &rest, &faults);
  ok(strstr(dc_buf_text(&faults), "ca.key: ") && strstr(dc_buf_text(&faults), DC_LAYOUT_STATE ": ") &&
         strstr(dc_buf_text(&faults), "issuer.key does not match"), "three faults are told: %s", dc_buf_text(&faults));
  ok(!strstr(dc_buf_text(&faults), "client"), "a client pair that is none is none of them");
  ok(rest.root && rest.chain.count && rest.issuer_key && !rest.root_key, "what can be read is there");
}

/* What differs is written, and what is no more goes. */
static void test_changes(void) {
  struct dc_holdings holdings DC_CLEANUP(dc_holdings_free) = DC_HOLDINGS_INIT;
  struct dc_set set DC_CLEANUP(dc_set_free) = DC_SET_INIT;
  held_make("changed", 3650, 365);
  held_load("changed", &holdings);
  dc_key_free(holdings.root_key);
  holdings.root_key = NULL;
  holdings.state.since = MAKE_NOW;
  if (!ok(dc_holdings_changes(&holdings, &set, NULL) == 0 && set.count == 2, "two changes")) return;
  is_text(set.blobs[0].name, "ca.key", "the root's key");
  ok(set.blobs[0].gone, "goes");
  is_text(set.blobs[1].name, DC_LAYOUT_STATE, "a state");
  ok(!set.blobs[1].gone && set.blobs[1].mode == 0644, "comes");
}

int main(void) {
  if (!mkdtemp(held_top)) return 99;
  test_load();
  test_form();
  test_broken();
  test_find();
  test_given_key();
  test_salvage();
  test_changes();
  return held_done();
}
