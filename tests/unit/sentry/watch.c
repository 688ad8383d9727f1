/* SPDX-License-Identifier: Apache-2.0 */
#include "sentry/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#ifndef _WIN32
#include <sys/mman.h>
#include <sys/resource.h>
#endif
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/os.h"
#include "base/path.h"
#include "store/layout.h"
#include "store/publish.h"
#include "folder.h"
#include "tap.h"

/* BOUND: how long an event may take that must come; nothing is expected to take it. SILENCE: how long none may come. */
enum { BOUND_MS = 30000, SILENCE_MS = 4 * DC_WATCH_QUIET_MS, NEVER_MS = 24 * 3600 * 1000, OFTEN_MS = 20 };
/* On Windows no event tells of what is made on the way to a file. */
#ifdef _WIN32
enum { ABSENT_MS = OFTEN_MS };
#else
enum { ABSENT_MS = NEVER_MS };
#endif

static char top[] = "/tmp/daprcerts-watch.XXXXXX";
static uv_loop_t loop;
static int changes, settles;
static bool timed_out, without_descriptors;
static struct dc_watch *watched;

/* --- the loop ----------------------------------------------------------------------------------------------------- */

static void on_change(void *user, bool settled) {
  (void)user;
  changes += !settled;
  settles += settled;
}

static void on_bound(uv_timer_t *timer) {
  (void)timer;
  timed_out = true;
}

/* So that nothing can be opened, inotify neither; what stat(2) tells needs no descriptor. */
static void limit_descriptors(bool limited) {
#ifdef RLIMIT_NOFILE
  static struct rlimit usual;
  if (usual.rlim_cur == 0) (void)getrlimit(RLIMIT_NOFILE, &usual);
  struct rlimit limit = usual;
  if (limited) {
    int lowest = dup(STDOUT_FILENO);
    close(lowest);
    limit.rlim_cur = (rlim_t)lowest;
  }
  (void)setrlimit(RLIMIT_NOFILE, &limit);
#else
  (void)limited;
#endif
}

/* Runs the loop until *COUNT is more than BEFORE, for MS at most. */
static bool run_until(const int *count, int before, uint64_t ms) {
  uv_timer_t bound;
  timed_out = false;
  uv_update_time(&loop);
  (void)uv_timer_init(&loop, &bound);
  (void)uv_timer_start(&bound, on_bound, ms, 0);
  if (without_descriptors) limit_descriptors(true);
  while (*count <= before && !timed_out) uv_run(&loop, UV_RUN_ONCE);
  if (without_descriptors) limit_descriptors(false);
  uv_close((uv_handle_t *)&bound, NULL);
  uv_run(&loop, UV_RUN_NOWAIT);
  return *count > before;
}

static void sees(const char *what) {
  int before = changes;
  bool seen = run_until(&settles, settles, BOUND_MS);
  ok(seen && changes > before, "seen, and the end of it: %s", what);
}

static void sees_nothing(const char *what) {
  int before = changes;
  ok(!run_until(&changes, before, SILENCE_MS), "not told: %s", what);
}

static void watch_paths(uint64_t poll_ms, const char *const *paths) {
  struct dc_err err = DC_ERR_INIT;
  int rc = dc_watch_new(&loop, poll_ms, on_change, NULL, &watched, &err);
  if (without_descriptors) limit_descriptors(true);
  if (!rc) rc = dc_watch_files(watched, paths, &err);
  for (int i = 0; i < 2; i++) uv_run(&loop, UV_RUN_NOWAIT); /* it has a look at the start: what is seen later is later */
  if (without_descriptors) limit_descriptors(false);
  if (rc) ok(false, "watching: %s", err.text);
}

static void watch_one(const char *path) { watch_paths(NEVER_MS, (const char *const[]){path, NULL}); }

/* --- files: names are relative to the folder of the test ---------------------------------------------------------- */

static void must(int rc, const char *what, const char *name) {
  if (rc) ok(false, "preparing: %s %s: %s", what, name, strerror(errno));
}

static void write_in_place(const char *name, const char *text) {
  int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  must(fd < 0 || write(fd, text, strlen(text)) < 0, "write", name);
  close(fd);
}

static void rename_over(const char *name, const char *text) {
  char other[256];
  snprintf(other, sizeof other, "%s.tmp", name);
  write_in_place(other, text);
  must(rename(other, name), "rename", name);
}

static void make_dir(const char *name) { must(mkdir(name, 0700), "mkdir", name); }
static void remove_file(const char *name) { must(unlink(name), "unlink", name); }
static void remove_dir(const char *name) { must(rmdir(name), "rmdir", name); }

static void read_file(const char *name) {
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  must(dc_os_read_file(name, 1000, &text, NULL), "read", name);
}

/* --- tests -------------------------------------------------------------------------------------------------------- */

static void test_plain(void) {
  make_dir("plain");
  write_in_place("plain/f", "one");
  watch_one("plain/f");
  sees_nothing("the start");
  write_in_place("plain/f", "two");
  sees("a file written in place");
  write_in_place("plain/f", "one");
  sees("and again, of the same length");
  rename_over("plain/f", "three");
  sees("a file renamed over");
  write_in_place("plain/f", "four");
  sees("the new file written in place");
#ifndef _WIN32 /* where permissions leave a file's times alone */
  must(chmod("plain/f", 0400), "chmod", "plain/f");
  sees("other permissions");
#endif
  remove_file("plain/f");
  sees("a file removed");
  write_in_place("plain/f", "five");
  sees("a file made anew");
  read_file("plain/f");
  sees_nothing("reading it");
  write_in_place("plain/g", "other");
  rename_over("plain/g", "another");
  remove_file("plain/g");
  make_dir("plain/d");
  sees_nothing("what happens to other files in its directory");
  dc_watch_close(watched);
}

/* Many changes at once are one; those that never end are told of all the same. */
static uv_timer_t writer;
static void on_write(uv_timer_t *timer) {
  static unsigned count;
  (void)timer;
  write_in_place("burst/f", ++count % 2 ? "odd" : "even");
}

static void test_burst(void) {
  make_dir("burst");
  write_in_place("burst/f", "one");
  watch_one("burst/f");
  int before = changes, before_settled = settles;
  for (int i = 0; i < 50; i++) rename_over("burst/f", "two");
  sees("fifty changes");
  is_num(changes - before, 1, "as one");
  is_num(settles - before_settled, 1, "with one end");
  before_settled = settles;
  (void)uv_timer_init(&loop, &writer);
  (void)uv_timer_start(&writer, on_write, 0, OFTEN_MS);
  ok(run_until(&changes, changes + 2, BOUND_MS), "changes without an end are told again and again");
  is_num(settles, before_settled, "without an end of them");
  uv_close((uv_handle_t *)&writer, NULL);
  ok(run_until(&settles, before_settled, BOUND_MS), "until they end");
  dc_watch_close(watched);
}

static void test_absent(void) {
  const char *const paths[] = {"absent/a/b/f", NULL};
  watch_paths(ABSENT_MS, paths);
  make_dir("absent");
  make_dir("absent/a");
  sees_nothing("directories on the way to a file that is not there");
  make_dir("absent/a/b");
  write_in_place("absent/a/b/f", "one");
  sees("a file made with its directory");
  write_in_place("absent/a/b/f", "two");
  sees("and written to");
  remove_file("absent/a/b/f");
  remove_dir("absent/a/b");
  sees("a directory removed");
  make_dir("absent/a/b");
  write_in_place("absent/a/b/f", "three");
  sees("and made anew");
#ifndef _WIN32 /* where a folder that is watched has its name until it is not */
  remove_file("absent/a/b/f");
  remove_dir("absent/a/b");
  remove_dir("absent/a");
  make_dir("absent/a");
  make_dir("absent/a/b");
  write_in_place("absent/a/b/f", "four");
  sees("its parent removed and made anew");
  write_in_place("absent/a/b/f", "five");
  sees("and the file written to");
  make_dir("absent/c");
  make_dir("absent/c/b");
  write_in_place("absent/c/b/f", "six");
  must(rename("absent/a", "absent/old"), "rename", "absent/a");
  must(rename("absent/c", "absent/a"), "rename", "absent/c");
  sees("another parent in its place");
  write_in_place("absent/old/b/f", "seven");
  sees_nothing("the file that was there before, where it is now");
  write_in_place("absent/a/b/f", "eight");
  sees("the file that is there");
#endif
  dc_watch_close(watched);
}

#ifndef _WIN32 /* where not everybody may make a link */
static void link_to(const char *target, const char *name) { must(symlink(target, name), "symlink", name); }

/* As the kubelet does it: FILE → ..data/FILE, ..data → a directory of one version. */
static void test_kubernetes(void) {
  char *path DC_CLEANUP(dc_mem_free) = dc_path_join(top, "volume/f");
  make_dir("volume");
  make_dir("volume/..1");
  make_dir("volume/..2");
  write_in_place("volume/..1/f", "one");
  write_in_place("volume/..2/f", "two");
  link_to("..1", "volume/..data");
  link_to("..data/f", "volume/f");
  watch_one(path);
  sees_nothing("the start");
  link_to("..2", "volume/..data_tmp");
  must(rename("volume/..data_tmp", "volume/..data"), "rename", "..data");
  sees("..data pointed elsewhere");
  remove_file("volume/..1/f");
  remove_dir("volume/..1");
  sees_nothing("the version before removed");
  write_in_place("volume/..2/f", "three");
  sees("a file of the new version");
  remove_file("volume/..data");
  sees("a link that is removed");
  link_to("..2", "volume/..data");
  sees("and made anew");
  dc_watch_close(watched);
}

static void test_links(void) {
  char *real DC_CLEANUP(dc_mem_free) = dc_path_join(top, "links/real");
  make_dir("links");
  make_dir("links/real");
  make_dir("links/here");
  write_in_place("links/real/f", "one");
  link_to(real, "links/absolute");
  link_to("../absolute/.././//real/f", "links/here/f");
  watch_one("./links//here/f");
  write_in_place("links/real/f", "two");
  sees("through an absolute link and one that goes up");
  remove_file("links/here/f");
  link_to("g", "links/here/f");
  link_to("f", "links/here/g");
  sees("links that go round in a circle");
  remove_file("links/here/g");
  write_in_place("links/here/g", "three");
  sees("and no longer do");
  dc_watch_close(watched);
}

#endif

static void publish(enum dc_publish how, const char *text) {
  struct dc_set set DC_CLEANUP(dc_set_free) = DC_SET_INIT;
  struct dc_err err = DC_ERR_INIT;
  int rc = dc_set_add(&set, "ca.crt", 0600, text, strlen(text), &err);
  if (!rc) rc = dc_publish("own", &set, how, &err);
  must(rc, "publish", err.text);
}

static void test_publication(void) {
  const char *const paths[] = {"own/ca.crt", "own/" DC_LAYOUT_MARK, NULL};
  watch_paths(ABSENT_MS, paths);
  publish(DC_PUBLISH_NEW, "one");
  sees("a first publication");
  publish(DC_PUBLISH_REPLACE, "two");
  sees("another one");
  make_dir("own/" DC_LAYOUT_NEXT);
  write_in_place("own/" DC_LAYOUT_NEXT "/ca.crt", "three");
  sees_nothing("a set that is being written");
  write_in_place("own/" DC_LAYOUT_MARK, "");
  sees("its mark");
  dc_watch_close(watched);
}

static void test_other_files(void) {
  const char *const before[] = {"other/a", "other/b", NULL}, *const after[] = {"other/b", "other/c", NULL};
  struct dc_err err = DC_ERR_INIT;
  make_dir("other");
  write_in_place("other/a", "one");
  write_in_place("other/b", "one");
  watch_paths(NEVER_MS, before);
  write_in_place("other/a", "two");
  sees("one of two");
  write_in_place("other/b", "two");
  sees("the other");
  is_num(dc_watch_files(watched, after, &err), 0, "other files are watched");
  sees_nothing("that");
  write_in_place("other/a", "three");
  sees_nothing("a file that is no longer watched");
  write_in_place("other/c", "three");
  sees("one that is now");
  rename_over("other/b", "three");
  is_num(dc_watch_files(watched, before, &err), 0, "other files again");
  sees("a change just before that");
  dc_watch_close(watched);
}

#ifndef _WIN32 /* which has as many descriptors as memory, and tells of what is written through a mapping when it likes */
static int count_lines(const char *name, const char *text) {
  struct dc_buf log DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  must(dc_os_read_file(name, 1 << 20, &log, NULL), "read", name);
  int count = 0;
  for (const char *at = dc_buf_text(&log); (at = strstr(at, text)); at++) count++;
  return count;
}

/* A loop takes its inotify instance at the first event that it watches: this one gets none. */
static void test_polling(void) {
  int log = open("log", O_WRONLY | O_CREAT | O_APPEND, 0600);
  const struct dc_log_config config = {.fd = log, .level = DC_LOG_INFO, .instance = "here", .version = "1"};
  const char *const paths[] = {"polled/f", NULL};
  make_dir("polled");
  write_in_place("polled/f", "one");
  dc_log_setup(&config);
  without_descriptors = true;
  watch_paths(OFTEN_MS, paths);
  ok(dc_watch_polls(watched), "without descriptors there are no events");
  sees_nothing("the start");
  rename_over("polled/f", "two");
  sees("a change, by looking");
  ok(dc_watch_polls(watched), "still no events");
  remove_file("polled/f");
  remove_dir("polled");
  sees("a directory removed, by looking");
  is_num(count_lines("log", "level=warning"), 1, "one warning");
  ok(DC_WATCH_POLL_MS + DC_WATCH_WRITE_MS < 3000, "what is looked for is found within 3 s");
  is_num(count_lines("log", "no file events"), 1, "which tells it");
  without_descriptors = false;
  for (uint64_t waited = 0; dc_watch_polls(watched) && waited < BOUND_MS; waited += OFTEN_MS)
    (void)run_until(&changes, changes, OFTEN_MS);
  ok(!dc_watch_polls(watched), "with descriptors there are events, though nothing changed");
  make_dir("polled");
  write_in_place("polled/f", "three");
  sees("a change with descriptors");
  dc_watch_close(watched);
}

/* Linux tells nobody of what is written through a mapping: as on a network file system, time stamps alone show it. */
static void write_mapped(const char *name) {
  int fd = open(name, O_RDWR);
  char *bytes = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  must(bytes == MAP_FAILED, "map", name);
  bytes[0]++;
  must(msync(bytes, 1, MS_SYNC), "sync", name);
  (void)munmap(bytes, 1);
  close(fd);
}

static void test_without_event(void) {
  const char *const paths[] = {"mapped", NULL};
  write_in_place("mapped", "one");
  watch_paths(NEVER_MS, paths);
  write_mapped("mapped");
  sees_nothing("what no event tells of, without a look");
  dc_watch_close(watched);
  watch_paths(OFTEN_MS, paths);
  write_mapped("mapped");
  sees("what no event tells of, by looking");
  ok(!dc_watch_polls(watched), "where there are events");
  dc_watch_close(watched);
}

#endif

static void on_close_within(void *user, bool settled) {
  (void)user;
  (void)settled;
  changes++;
  dc_watch_close(watched);
}

static void test_close(void) {
  struct dc_err err = DC_ERR_INIT;
  const char *const paths[] = {"closed", NULL};
  is_num(dc_watch_new(&loop, NEVER_MS, on_close_within, NULL, &watched, &err), 0, "a watch");
  is_num(dc_watch_files(watched, paths, &err), 0, "of a file");
  write_in_place("closed", "one");
  ok(run_until(&changes, changes, BOUND_MS), "may be closed when it tells");
  dc_watch_close(NULL);
  is_num(uv_run(&loop, UV_RUN_DEFAULT), 0, "nothing of any watch is left in the loop");
}

static void with_loop(void (*test)(void)) {
  (void)uv_loop_init(&loop);
  test();
  uv_run(&loop, UV_RUN_DEFAULT);
  is_num(uv_loop_close(&loop), 0, "the loop is empty");
}

int main(void) {
  if (!mkdtemp(top) || chdir(top)) return 99;
  with_loop(test_plain);
  with_loop(test_burst);
  with_loop(test_absent);
#ifndef _WIN32
  with_loop(test_kubernetes);
  with_loop(test_links);
  with_loop(test_polling);
  with_loop(test_without_event);
#endif
  with_loop(test_publication);
  with_loop(test_other_files);
  with_loop(test_close);
  if (chdir("/") == 0) folder_remove(top); /* a folder that somebody is in stays, on Windows */
  return tap_done();
}
