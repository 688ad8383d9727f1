/* SPDX-License-Identifier: Apache-2.0 */
#include "store/set.h"

#include "base/os.h"
#include "store/layout.h"
#include "tap.h"

static void test_names(void) {
  static const char *const good[] = {"ca.crt", "a", DC_LAYOUT_STATE, DC_LAYOUT_STAGED_KEY};
  static const char *const bad[] = {
      "", ".", "..", ".hidden", "-gone", "a/b", "/a", DC_LAYOUT_OWN, DC_LAYOUT_OWN "/", DC_LAYOUT_OWN "/.hidden",
      DC_LAYOUT_OWN "/-gone", DC_LAYOUT_OWN "/next/ca.crt", DC_LAYOUT_OWN "x/a",
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", /* 64 */
  };
  struct dc_set set DC_CLEANUP(dc_set_free) = DC_SET_INIT;
  for (size_t i = 0; i < DC_COUNT(good); i++) ok(dc_set_add(&set, good[i], 0600, "x", 1, NULL) == 0, "'%s'", good[i]);
  for (size_t i = 0; i < DC_COUNT(bad); i++) {
    ok(dc_set_add(&set, bad[i], 0600, "x", 1, NULL) == DC_EINVAL, "not '%s'", bad[i]);
    ok(dc_set_remove(&set, bad[i], NULL) == DC_EINVAL, "which is not removed either");
  }
  is_num(set.count, DC_COUNT(good), "what was refused is not in it");
}

static void test_rows(void) {
  struct dc_set set DC_CLEANUP(dc_set_free) = DC_SET_INIT;
  char bytes[] = "secret", name[] = "a";
  is_num(dc_set_add(&set, "ca.key", 0600, bytes, 6, NULL), 0, "a file");
  bytes[0] = 'X';
  is_text(dc_buf_text(&set.blobs[0].bytes), "secret", "its bytes are a copy");
  is_num(dc_set_remove(&set, "ca.crt", NULL), 0, "one that is to go");
  ok(set.blobs[1].gone && !set.blobs[0].gone && set.blobs[1].bytes.len == 0, "is told from it");
  is_num(dc_set_remove(&set, "ca.key", NULL), DC_EEXIST, "nothing is both");
  is_num(dc_set_add(&set, "ca.crt", 0644, "x", 1, NULL), DC_EEXIST, "the other way round neither");
  for (; set.count < DC_SET_MAX; name[0]++)
    if (dc_set_add(&set, name, 0600, "", 0, NULL)) break;
  is_num(set.count, DC_SET_MAX, "so many");
  is_num(dc_set_add(&set, "z.crt", 0644, "x", 1, NULL), DC_ELIMIT, "and no more");
  is_num(dc_set_remove(&set, "z.crt", NULL), DC_ELIMIT, "of either kind");
}

int main(void) {
  test_names();
  test_rows();
  return tap_done();
}
