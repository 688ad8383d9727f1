/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of a change, step by step: nothing happens here but when the loop runs. Changes as people make them, with
 * a server: tests/sentry/reload.sh. */
#include "sentry/reload.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/duration.h"
#include "base/log.h"
#include "base/os.h"
#include "base/path.h"
#include "ca/install.h"
#include "sentry/watch.h"
#include "store/layout.h"
#include "folder.h"
#include "tap.h"

enum { BOUND_MS = 30000, SILENCE_MS = 4 * DC_WATCH_QUIET_MS };

static char top[] = "/tmp/daprcerts-reload.XXXXXX";
static const char *const names[] = {"ca.crt", "issuer.crt", "issuer.key"};
static uv_loop_t loop;
static struct dc_live *live;
static int readings; /* one of each look: the configuration is read after the credentials */

static int reread(void *user, struct dc_sentry_policy *policy, struct dc_err *err) {
  (void)user;
  (void)policy;
  (void)err;
  readings++;
  return 0;
}

/* --- the loop ----------------------------------------------------------------------------------------------------- */

static void on_bound(uv_timer_t *timer) { *(bool *)timer->data = true; }

/* One turn after the other until there was a look at the files, for MS at most. */
static bool looks(uint64_t ms) {
  uv_timer_t bound;
  bool over = false;
  int before = readings;
  uv_update_time(&loop);
  (void)uv_timer_init(&loop, &bound);
  bound.data = &over;
  (void)uv_timer_start(&bound, on_bound, ms, 0);
  while (readings == before && !over) uv_run(&loop, UV_RUN_ONCE);
  uv_close((uv_handle_t *)&bound, NULL);
  uv_run(&loop, UV_RUN_NOWAIT);
  return readings > before;
}

/* To the end of a burst. */
static void settle(void) {
  ok(looks(BOUND_MS), "it looks");
  while (looks(SILENCE_MS)) continue;
}

/* --- files -------------------------------------------------------------------------------------------------------- */

static void must(int rc, const struct dc_err *err) {
  if (rc) ok(false, "preparing: %s", err->text);
}

static void make_ca(const char *dir) {
  struct dc_init_set set DC_CLEANUP(dc_init_set_free) = DC_INIT_SET_INIT;
  struct dc_err err = DC_ERR_INIT;
  int64_t now = dc_clock_wall(), end = now + 30 * (DC_DAY / DC_SECOND);
  const struct dc_init init = {.trust_domain = "localhost", .ns = "default", .kind = DC_KEY_P256,
                               .root_not_after = end, .issuer_not_after = end};
  int rc = dc_init_make(&init, now, &set, &err);
  const struct dc_install_how how = {.trust_domain = "localhost", .ns = "default"};
  must(rc ? rc : dc_install_new(dir, &set, &how, &err), &err);
}

/* NAME of one directory to another, by a rename. */
static void put(const char *from, const char *name, const char *to) {
  struct dc_buf bytes DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_err err = DC_ERR_INIT;
  char *old DC_CLEANUP(dc_mem_free) = dc_path_join(from, name), *new DC_CLEANUP(dc_mem_free) = dc_path_join(to, name);
  int rc = dc_os_read_file(old, 1 << 20, &bytes, &err);
  must(rc ? rc : dc_os_write_atomic(new, 0600, bytes.data, bytes.len, true, &err), &err);
}

static bool serves(const char *dir) {
  struct dc_authority *authority DC_CLEANUP(dc_authority_cleanup) = NULL;
  struct dc_err err = DC_ERR_INIT;
  must(dc_install_load(dir, NULL, dc_clock_wall(), &authority, &err), &err);
  const struct dc_snapshot *snapshot = dc_live_get(live);
  struct dc_slice want = dc_authority_chain_pem(authority), got = dc_authority_chain_pem(snapshot->authority);
  bool same = want.len == got.len && memcmp(want.data, got.data, got.len) == 0;
  dc_snapshot_unref(snapshot);
  return same;
}

static int logged(const char *text) {
  struct dc_buf log DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_err err = DC_ERR_INIT;
  int count = 0;
  must(dc_os_read_file("log", 1 << 20, &log, &err), &err);
  for (const char *at = dc_buf_text(&log); (at = strstr(at, text)); at++) count++;
  return count;
}

/* --- tests -------------------------------------------------------------------------------------------------------- */

static void test_half(void) {
  put("b", "ca.crt", "live");
  ok(looks(BOUND_MS), "it looks at once");
  put("b", "issuer.crt", "live");
  put("b", "issuer.key", "live");
  settle();
  ok(serves("b"), "what was half of a set is taken up when it is whole");
  is_num(logged("level=error"), 0, "and was no error");
  is_num(logged("reloaded the credentials"), 1, "news, once");
}

static void test_refusals(struct dc_reload *reload) {
  put("a", "issuer.key", "live");
  settle();
  is_num(logged("level=error"), 1, "a set that stays half is refused");
  put("live", "issuer.key", "live");
  settle();
  is_num(logged("level=error"), 1, "the same bytes in another file: told already");
  put("c", "issuer.key", "live");
  settle();
  is_num(logged("level=error"), 2, "other bytes, refused for the same reason, are told");
  dc_reload_now(reload);
  is_num(logged("level=error"), 3, "who asks is told in any case");
  ok(serves("b"), "the last good set serves");
  put("b", "issuer.key", "live");
  settle();
  is_num(logged("the credentials are good again"), 1, "the end of it is told");
  put("a", "issuer.key", "live");
  settle();
  is_num(logged("level=error"), 4, "and the first bad set is news again");
  put("b", "issuer.key", "live");
  settle();
  put("live", "ca.crt", "live");
  settle();
  is_num(logged("reloaded the credentials"), 1, "the set that serves is not taken up again");
  is_num(logged("the credentials are good again"), 2, "nor told of when it was not bad");
}

/* A root beside the one that signs: what sidecars are told to trust. */
static void test_anchors_alone(void) {
  struct dc_buf both DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_err err = DC_ERR_INIT;
  int before = logged("reloaded the credentials");
  must(dc_os_read_file("b/ca.crt", 1 << 20, &both, &err), &err);
  must(dc_os_read_file("c/ca.crt", 1 << 20, &both, &err), &err);
  must(dc_os_write_atomic("live/ca.crt", 0600, both.data, both.len, true, &err), &err);
  settle();
  is_num(logged("reloaded the credentials"), before + 1, "other anchors alone are news");
  const struct dc_snapshot *snapshot = dc_live_get(live);
  is_num(dc_authority_anchors(snapshot->authority)->count, 2, "and what is served");
  dc_snapshot_unref(snapshot);
  put("b", "ca.crt", "live");
  settle();
  is_num(logged("reloaded the credentials"), before + 2, "one less is news too");
}

/* A publisher that died behind its mark. */
static void test_mark(void) {
  struct dc_err err = DC_ERR_INIT;
  must(dc_os_mkdir("live/" DC_LAYOUT_NEXT, true, &err), &err);
  for (size_t i = 0; i < DC_COUNT(names); i++) put("a", names[i], "live/" DC_LAYOUT_NEXT);
  while (looks(SILENCE_MS)) continue;
  ok(serves("b"), "a set that is being written does not count");
  must(dc_os_write_new("live/" DC_LAYOUT_MARK, 0600, "", 0, &err), &err);
  settle();
  ok(serves("a"), "a set counts from its mark on");
}

/* What changed after it was read and before the start, the event gone by. */
static void test_start(const struct dc_sentry_config *config) {
  struct dc_reload *reload = NULL;
  struct dc_err err = DC_ERR_INIT;
  is_num(dc_reload_new(&loop, config, &reload, &err), 0, "another start");
  is_num(dc_live_new(config, &live, &err), 0, "credentials are read");
  for (size_t i = 0; i < DC_COUNT(names); i++) put("c", names[i], "live");
  ok(!looks(SILENCE_MS), "they change before the start");
  dc_reload_start(reload, live);
  ok(serves("c"), "which is when they are read again");
  dc_reload_close(reload);
}

int main(void) {
  static const char *const files[] = {"configuration", NULL};
  const struct dc_sentry_config config = {
      .dir = "live", .ca_crt = names[0], .issuer_crt = names[1], .issuer_key = names[2],
      .policy = {.workload_ttl = DC_HOUR, .trust_domain = "localhost", .namespace = "default"},
      .reread = reread, .reread_files = files};
  struct dc_reload *reload = NULL;
  struct dc_err err = DC_ERR_INIT;
  if (!mkdtemp(top) || chdir(top)) return 99;
  const struct dc_log_config log = {.fd = open("log", O_WRONLY | O_CREAT | O_APPEND, 0600), .level = DC_LOG_INFO,
                                    .instance = "here", .version = "1"};
  dc_log_setup(&log);
  make_ca("a");
  make_ca("b");
  make_ca("c");
  must(dc_os_mkdir("live", true, &err), &err);
  for (size_t i = 0; i < DC_COUNT(names); i++) put("a", names[i], "live");
  (void)uv_loop_init(&loop);
  is_num(dc_reload_new(&loop, &config, &reload, &err), 0, "changes are noticed");
  is_num(dc_live_new(&config, &live, &err), 0, "credentials are read");
  dc_reload_start(reload, live);
  ok(!looks(SILENCE_MS), "what was read is not read again");
  test_half();
  test_refusals(reload);
  test_anchors_alone();
  test_mark();
  dc_reload_close(reload);
  dc_live_free(live);
  folder_remove("live/.daprcerts");
  test_start(&config);
  uv_run(&loop, UV_RUN_DEFAULT);
  is_num(uv_loop_close(&loop), 0, "nothing is left in the loop");
  dc_live_free(live);
  close(log.fd);
  if (chdir("/") == 0) folder_remove(top); /* a folder that somebody is in stays, on Windows */
  return tap_done();
}
