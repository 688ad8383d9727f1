/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "pki/constraints.h"

static unsigned char lower(unsigned char c) { return c >= 'A' && c <= 'Z' ? (unsigned char)(c | 0x20) : c; }

static bool is_within(struct dc_slice name, struct dc_slice tree) {
  if (tree.len == 0) return true;
  if (tree.len > name.len) return false;
  size_t before = name.len - tree.len;
  for (size_t i = 0; i < tree.len; i++)
    if (lower(name.data[before + i]) != lower(tree.data[i])) return false;
  return before == 0 || tree.data[0] == '.' || name.data[before - 1] == '.';
}

/* How many of the GeneralSubtrees are of the kind that bears TAG, and whether NAME is within one of these. */
static bool look(struct dc_slice trees, unsigned char tag, struct dc_slice name, size_t *count, bool *within) {
  while (trees.len) {
    struct dc_slice tree, base;
    unsigned char kind;
    if (!dc_der_take(&trees, DC_DER_SEQUENCE, &tree) || !dc_der_next(&tree, &kind, &base, NULL)) return false;
    if (kind != tag) continue;
    ++*count;
    *within = *within || is_within(name, base);
  }
  return true;
}

int dc_constraints_check(const struct dc_cert *ca, enum dc_san_kind kind, struct dc_slice name, struct dc_err *err) {
  struct dc_slice fields = ca->name_constraints, permitted = {NULL, 0}, excluded = {NULL, 0};
  unsigned char tag = kind == DC_SAN_URI ? DC_DER_CONTEXT(6) : DC_DER_CONTEXT(2);
  size_t permits = 0, excludes = 0;
  bool is_permitted = false, is_excluded = false;
  bool whole = !dc_der_peek(fields, DC_DER_CONTEXT_SEQ(0)) || dc_der_take(&fields, DC_DER_CONTEXT_SEQ(0), &permitted);

  whole = whole &&
          (!dc_der_peek(fields, DC_DER_CONTEXT_SEQ(1)) || dc_der_take(&fields, DC_DER_CONTEXT_SEQ(1), &excluded));
  if (!whole || fields.len || !look(permitted, tag, name, &permits, &is_permitted) ||
      !look(excluded, tag, name, &excludes, &is_excluded))
    return dc_err_set(err, DC_EINVAL, "malformed name constraints");
  if (!is_excluded && (permits == 0 || is_permitted)) return 0;
  return dc_err_set(err, DC_EMISMATCH, "its name constraints do not allow %s '%.*s' below it",
                    kind == DC_SAN_URI ? "a URI of" : "the DNS name", (int)name.len, (const char *)name.data);
}
