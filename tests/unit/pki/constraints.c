/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "pki/constraints.h"

#include "tap.h"

/* "permitted" and "excluded" trees of one kind; NULL: none. */
static void add_trees(struct dc_buf *out, unsigned char tag, unsigned char kind, const char *const *names) {
  size_t trees, tree;
  if (!names[0]) return;
  trees = dc_der_begin(out, tag);
  for (; *names; names++) {
    tree = dc_der_begin(out, DC_DER_SEQUENCE);
    dc_der_add_slice(out, kind, dc_slice_text(*names));
    dc_der_end(out, tree);
  }
  dc_der_end(out, trees);
}

static const struct {
  const char *name, *permitted[3], *excluded[3];
  bool allowed;
} rows[] = {
    {"cluster.local", {NULL}, {NULL}, true},
    {"cluster.local", {"cluster.local"}, {NULL}, true},
    {"cluster.local", {"local"}, {NULL}, true},
    {"cluster.local", {"Local"}, {NULL}, true},
    {"cluster.local", {".local"}, {NULL}, true},
    {"cluster.local", {""}, {NULL}, true},
    {"cluster.local", {"x.org", "local"}, {NULL}, true},
    {"cluster.local", {NULL}, {"x.org"}, true},
    {"cluster.local", {NULL}, {".cluster.local"}, true},
    {"cluster.local", {"x.org"}, {NULL}, false},
    {"cluster.local", {".cluster.local"}, {NULL}, false},
    {"cluster.local", {"a.cluster.local"}, {NULL}, false},
    {"cluster.local", {"ster.local"}, {NULL}, false},
    {"cluster.local", {"local"}, {"x.org", "cluster.local"}, false},
    {"cluster.local", {NULL}, {"local"}, false},
    {"cluster.local", {NULL}, {""}, false},
    {"a", {"aa"}, {NULL}, false},
};

static void check(size_t row, enum dc_san_kind kind, enum dc_san_kind asked, bool allowed) {
  struct dc_buf bytes DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_err err = DC_ERR_INIT;
  unsigned char tag = kind == DC_SAN_URI ? DC_DER_CONTEXT(6) : DC_DER_CONTEXT(2);
  add_trees(&bytes, DC_DER_CONTEXT_SEQ(0), tag, rows[row].permitted);
  add_trees(&bytes, DC_DER_CONTEXT_SEQ(1), tag, rows[row].excluded);
  struct dc_cert ca = {.name_constraints = {bytes.data, bytes.len}};
  int rc = dc_constraints_check(&ca, asked, dc_slice_text(rows[row].name), &err);
  ok(rc == (allowed ? 0 : DC_EMISMATCH), "row %zu, kind %d asked for as %d: %s", row, (int)kind, (int)asked, err.text);
}

static void test_malformed(void) {
  static const struct dc_slice bad[] = {
      DC_SLICE("\xa0\x05\x30\x03\x82\x01"), DC_SLICE("\xa0\x02\x30\x00"), DC_SLICE("\x30\x00"),
      DC_SLICE("\xa1\x00\xa0\x00"),         DC_SLICE("\xa0\x00\x00"),     DC_SLICE("\xa0\x02\x31\x00")};
  for (size_t i = 0; i < DC_COUNT(bad); i++) {
    struct dc_cert ca = {.name_constraints = bad[i]};
    is_num(dc_constraints_check(&ca, DC_SAN_DNS, DC_SLICE("a"), NULL), DC_EINVAL, "malformed");
  }
}

int main(void) {
  for (size_t i = 0; i < DC_COUNT(rows); i++) {
    check(i, DC_SAN_DNS, DC_SAN_DNS, rows[i].allowed);
    check(i, DC_SAN_URI, DC_SAN_URI, rows[i].allowed);
    check(i, DC_SAN_URI, DC_SAN_DNS, true);
    check(i, DC_SAN_DNS, DC_SAN_URI, true);
  }
  test_malformed();
  return tap_done();
}
