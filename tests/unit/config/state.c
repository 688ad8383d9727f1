/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "config/state.h"

#include "base/clock.h"
#include "tap.h"

#define PRINT "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"

static int parse(const char *text, struct dc_state *state, struct dc_err *err) {
  struct dc_buf bytes DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  dc_buf_add_text(&bytes, text);
  return dc_state_parse(&bytes, state, err);
}

static void test_empty(void) {
  struct dc_state state = {.since = 1};
  is_num(parse("", &state, NULL), 0, "no text");
  ok(dc_state_is_empty(&state), "is the state of a directory that was never rotated");
  is_num(parse("# a comment\n\n; another\n", &state, NULL), 0, "comments alone");
  ok(dc_state_is_empty(&state), "too");
}

static void test_round_trip(void) {
  struct dc_state state = {.since = 1700000000, .until = 1800000000, .retire = 1700086400, .switch_at = 1750000000,
                           .root_key_elsewhere = true};
  struct dc_state back;
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, again DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  is_num(dc_state_retire(&state, PRINT "1", NULL), 0, "a root that is to leave");
  is_num(dc_state_retire(&state, PRINT "2", NULL), 0, "and another");
  is_num(dc_state_retire(&state, PRINT "1", NULL), 0, "and the first again");
  is_num(state.retiring_count, 2, "are two");
  dc_state_text(&state, &text);
  is_text(dc_buf_text(&text),
          "# daprcerts-rotate(1) keeps this; it is published with the certificates that it speaks of\n"
          "root-key = elsewhere\nsince = 2023-11-14T22:13:20Z\nuntil = 2027-01-15T08:00:00Z\n"
          "retire = 2023-11-15T22:13:20Z\nswitch = 2025-06-15T15:06:40Z\nretiring = " PRINT "1\nretiring = " PRINT "2\n",
          "its text");
  is_num(parse(dc_buf_text(&text), &back, NULL), 0, "which is read again");
  dc_state_text(&back, &again);
  is_text(dc_buf_text(&again), dc_buf_text(&text), "as what it was");
  ok(dc_state_retires(&back, PRINT "2") && !dc_state_retires(&back, PRINT "3"), "who leaves, and who does not");
}

static void test_limit(void) {
  struct dc_state state = {.since = 0};
  struct dc_err err = DC_ERR_INIT;
  char print[] = PRINT "0";
  for (int i = 0; i < DC_STATE_RETIRING_MAX; i++) {
    print[sizeof print - 2] = "0123456789abcdef"[i];
    is_num(dc_state_retire(&state, print, &err), 0, "another root that is to leave");
  }
  is_num(dc_state_retire(&state, PRINT "f", &err), DC_ELIMIT, "no more than there is room for");
  is_num(dc_state_retire(&state, print, &err), 0, "one that is noted is no more");
}

static void test_garbage(void) {
  static const char *const texts[] = {
      "since = soon\n", "since =\n", "since\n", "colour = blue\n", "root-key = here\n", "[part]\nsince = 2026-11-24\n",
      "retiring = \n", "retiring = " PRINT "\n", "retiring = " PRINT "g\n", "retiring = " PRINT "00\n", "=\n", "\001\377\n",
  };
  for (size_t i = 0; i < DC_COUNT(texts); i++) {
    struct dc_state state;
    struct dc_err err = DC_ERR_INIT;
    struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    dc_buf_printf(&text, "until = 2026-11-24T00:00:00Z\n%s", texts[i]);
    if (!ok(parse(dc_buf_text(&text), &state, &err) == DC_EINVAL, "refused: %s", texts[i])) continue;
    ok(strstr(err.text, strstr(texts[i], "[part]") ? "line 3" : "line 2") != NULL, "with the line: %s", err.text);
  }
}

int main(void) {
  test_empty();
  test_round_trip();
  test_limit();
  test_garbage();
  return tap_done();
}
