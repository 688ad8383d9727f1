/* SPDX-License-Identifier: Apache-2.0 */
/* The key set by file, text and URL. A shell script stands in for daprcerts-fetch: it does what the file `act` beside it
 * says, and leaves its arguments and its input there. */
#include "sentry/jwks.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/duration.h"
#include "base/log.h"
#include "base/os.h"
#include "tap.h"

/* RFC 7517, A.1, the first key; SET has it alone, OTHER under another ID. */
#define KEY(kid) \
  "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\"," \
  "\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\",\"kid\":\"" kid "\"}"
#define SET "{\"keys\":[" KEY("one") "]}"
#define OTHER "{\"keys\":[" KEY("two") "]}"
#define PEM "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"

static char dir[] = "/tmp/daprcerts-jwks.XXXXXX";
static uv_loop_t loop;
static int changes;

/* The path of a file in it, good for the test's life. */
static const char *in_dir(const char *name) {
  static char paths[32][64];
  for (size_t i = 0; i < DC_COUNT(paths); i++) {
    if (!paths[i][0]) snprintf(paths[i], sizeof paths[i], "%s/%s", dir, name);
    if (strcmp(paths[i] + strlen(dir) + 1, name) == 0) return paths[i];
  }
  return NULL;
}

static void write_file(const char *name, mode_t mode, const char *text) {
  struct dc_err err = DC_ERR_INIT;
  if (dc_os_write_atomic(in_dir(name), mode, text, strlen(text), true, &err)) ok(false, "%s", err.text);
}

/* What is there, to be freed with the buffer. */
static const char *read_file(const char *name, struct dc_buf *text) {
  dc_buf_clear(text);
  return dc_os_read_file(in_dir(name), 1 << 24, text, NULL) ? "cannot be read" : dc_buf_text(text);
}

static int log_fd = -1;

static void begin_log(void) {
  if (log_fd >= 0) close(log_fd);
  log_fd = open(in_dir("log"), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
  const struct dc_log_config config = {.fd = log_fd, .level = DC_LOG_DEBUG, .instance = "test", .version = "1"};
  dc_log_setup(&config);
}

static bool logged(const char *words) {
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  bool found = strstr(read_file("log", &text), words) != NULL;
  if (!found) printf("# not in the log: %s\n# %s", words, dc_buf_text(&text));
  return found;
}

static void on_changed(void *user) {
  changes++;
  uv_stop(user);
}

static struct dc_jwks_source_config url_config(const char *url) {
  return (struct dc_jwks_source_config){.source = url,
                                        .min_refresh = DC_HOUR,
                                        .request_timeout = 30 * DC_SECOND,
                                        .fetch_program = in_dir("fetch"),
                                        .changed = on_changed,
                                        .user = &loop};
}

/* Of the current set; "" when there is none. */
static const char *first_kid(struct dc_jwks_source *source) {
  static char kid[32];
  const struct dc_jwks *set = dc_jwks_source_get(source);
  snprintf(kid, sizeof kid, "%s", set && set->count ? set->keys[0].kid : "");
  if (set) dc_jwks_source_put(source, set);
  return kid;
}

/* Of one who looks into the current set and does not find it. */
static bool wants(struct dc_jwks_source *source) {
  const struct dc_jwks *set = dc_jwks_source_get(source);
  bool wait = dc_jwks_source_want(source, set);
  if (set) dc_jwks_source_put(source, set);
  return wait;
}

/* A source that must not come to be. */
static void refused(const struct dc_jwks_source_config *config, int code, const char *words) {
  struct dc_jwks_source *source = NULL;
  struct dc_err err = DC_ERR_INIT;
  is_num(dc_jwks_source_new(config, &source, &err), code, words);
  ok(!source && strstr(err.text, words) != NULL, "it is told: %s", err.text);
}

static void refused_text(const char *text, int code, const char *words) {
  const struct dc_jwks_source_config config = url_config(text);
  refused(&config, code, words);
}

/* --- a file ------------------------------------------------------------------------------------------------------- */

static void test_file(void) {
  struct dc_err err = DC_ERR_INIT;
  struct dc_jwks_source *source = NULL;
  struct dc_buf name DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  write_file("set.json", 0600, SET);
  dc_buf_printf(&name, "%s\n", in_dir("set.json"));
  const struct dc_jwks_source_config config = {.source = dc_buf_text(&name), .min_refresh = 1, .request_timeout = 1};
  is_num(dc_jwks_source_new(&config, &source, &err), 0, "a file, with a newline behind its name");
  if (!source) return;
  is_text(dc_jwks_source_file(source), in_dir("set.json"), "is to be watched");
  ok(dc_jwks_source_ready(source), "it is loaded at once");
  is_text(first_kid(source), "one", "with its key");
  ok(!wants(source), "nothing to wait for");
  is_num(dc_jwks_source_start(source, &loop, &err), 0, "it starts");
  ok(!uv_loop_alive(&loop) && !wants(source), "with nothing on the loop");

  const struct dc_jwks *old = dc_jwks_source_get(source);
  write_file("set.json", 0600, OTHER);
  is_num(dc_jwks_source_reload(source, &err), 1, "another set in the file");
  is_text(first_kid(source), "two", "is taken");
  is_text(old->keys[0].kid, "one", "who holds the old one keeps it");
  dc_jwks_source_put(source, old);
  const struct dc_jwks *same = dc_jwks_source_get(source);
  is_num(dc_jwks_source_reload(source, &err), 0, "the same again");
  const struct dc_jwks *again = dc_jwks_source_get(source);
  ok(same == again, "stays the same set");
  dc_jwks_source_put(source, same);
  dc_jwks_source_put(source, again);

  write_file("set.json", 0600, "{\"keys\":");
  is_num(dc_jwks_source_reload(source, &err), DC_EINVAL, "half a set");
  ok(strstr(err.text, "the key set '") && strstr(err.text, "set.json': "), "is told: %s", err.text);
  is_text(first_kid(source), "two", "and the last good one stays");
  unlink(in_dir("set.json"));
  is_num(dc_jwks_source_reload(source, &err), DC_ENOENT, "no file any more");
  is_text(first_kid(source), "two", "the last good one stays");
  dc_jwks_source_stop(source);
  dc_jwks_source_unref(source);
}

static void test_bad_files(void) {
  struct dc_buf large DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  refused_text(in_dir("none.json"), DC_ENOENT, "none.json' is neither a URL, nor the path of a file");
  refused_text("none.json", DC_ENOENT, "the source 'none.json' is neither");
  refused_text(dir, DC_ENOENT, "Is a directory");
  write_file("bad.json", 0600, "no set");
  refused_text(in_dir("bad.json"), DC_EINVAL, "bad.json': ");
  while (large.len <= DC_JWKS_TEXT_MAX) dc_buf_add_text(&large, SET " ");
  write_file("bad.json", 0600, dc_buf_text(&large));
  refused_text(in_dir("bad.json"), DC_ELIMIT, "bad.json");
}

/* --- the text of a set -------------------------------------------------------------------------------------------- */

static void accepted(const char *text, const char *kid, const char *what) {
  const struct dc_jwks_source_config config = {.source = text, .min_refresh = 1, .request_timeout = 1};
  struct dc_jwks_source *source = NULL;
  struct dc_err err = DC_ERR_INIT;
  if (!ok(dc_jwks_source_new(&config, &source, &err) == 0, "%s: %s", what, err.text)) return;
  is_text(first_kid(source), kid, "its key");
  ok(!dc_jwks_source_file(source) && dc_jwks_source_ready(source) && !wants(source) &&
         dc_jwks_source_reload(source, &err) == 0 && dc_jwks_source_start(source, &loop, &err) == 0 &&
         !uv_loop_alive(&loop),
     "nothing to watch, to wait for or to read again");
  dc_jwks_source_unref(source);
}

static void test_text(void) {
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  accepted(SET, "one", "JSON");
  accepted("\n  " SET "\n", "one", "a block of it");
  accepted(KEY("three"), "three", "one key alone");
  for (int spaces = 0; spaces < 3; spaces++) { /* every length of padding */
    struct dc_buf json DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    dc_buf_printf(&json, "%*s" SET, spaces, "");
    dc_buf_clear(&text);
    dc_base64_encode(&text, DC_BASE64_STD, json.data, json.len);
    accepted(dc_buf_text(&text), "one", "base64");
    dc_buf_add_text(&text, "\n");
    accepted(dc_buf_text(&text), "one", "with a newline");
    dc_buf_truncate(&text, strcspn(dc_buf_text(&text), "=\n"));
    accepted(dc_buf_text(&text), "one", "without padding");
    struct dc_buf lines DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    dc_buf_printf(&lines, "%.76s\n%s", dc_buf_text(&text), dc_buf_text(&text) + 76);
    accepted(dc_buf_text(&lines), "one", "in lines");
  }
  refused_text("{\"keys\":", DC_EINVAL, "the key set that stands in the configuration: ");
  refused_text("", DC_EINVAL, "the key set that stands in the configuration, in base64: ");
  refused_text("bm8gc2V0", DC_EINVAL, "the key set that stands in the configuration, in base64: ");
  refused_text("no;set", DC_ENOENT, "the source is neither a URL, nor the path of a file, nor a key set");
  /* a token put there by mistake */
  const struct dc_jwks_source_config token = url_config(
      "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJzZWNyZXQtbmFtZSJ9.c2lnbmF0dXJlLXNpZ25hdHVyZS1zaWduYXR1cmU");
  struct dc_jwks_source *source = NULL;
  struct dc_err err = DC_ERR_INIT;
  is_num(dc_jwks_source_new(&token, &source, &err), DC_ENOENT, "a token in place of a source");
  ok(strstr(err.text, "neither") && !strstr(err.text, "eyJ"), "is not shown: %s", err.text);
}

static void test_notes(void) {
  begin_log();
  accepted("{\"keys\":[{\"kty\":\"oct\",\"k\":\"AA\",\"kid\":\"symmetric\"}," KEY("one") "]}", "one", "a key of no use");
  ok(logged("level=warning msg=\"left out of the key set: ") && logged("symmetric"), "is named in the log");
  accepted("{\"keys\":[]}", "", "a set without keys");
  ok(logged("no key that can check a token"), "is warned about");
}

#ifndef _WIN32 /* where key sets come from no URL, and a program that is a shell script runs by no other program */
/* --- a URL -------------------------------------------------------------------------------------------------------- */

static void act(const char *script) { write_file("act", 0600, script); }

/* Prints what a good fetch does. */
static void act_good(const char *max_age, const char *set) {
  struct dc_buf script DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  dc_buf_printf(&script, "echo 'max-age %s'\ncat <<'SET'\n%s\nSET\n", max_age, set);
  act(dc_buf_text(&script));
}

static struct dc_jwks_source *start(const struct dc_jwks_source_config *config) {
  struct dc_jwks_source *source = NULL;
  struct dc_err err = DC_ERR_INIT;
  if (!ok(dc_jwks_source_new(config, &source, &err) == 0, "a source: %s", err.text)) exit(1);
  if (!ok(dc_jwks_source_start(source, &loop, &err) == 0, "it starts: %s", err.text)) exit(1);
  return source;
}

static void until_changed(void) {
  int before = changes;
  while (changes == before && uv_run(&loop, UV_RUN_DEFAULT)) continue;
}

static void stop(struct dc_jwks_source *source) {
  dc_jwks_source_stop(source);
  dc_jwks_source_stop(source);
  ok(!wants(source), "nothing to wait for any more");
  int before = changes;
  (void)uv_run(&loop, UV_RUN_DEFAULT);
  ok(!uv_loop_alive(&loop) && changes == before, "it stops, and nothing is left on the loop");
  dc_jwks_source_unref(source);
}

static void test_bad_urls(void) {
  struct dc_jwks_source_config config = url_config("https://example.org/jwks");
  config.fetch_program = NULL;
  refused(&config, DC_EUNSUPPORTED, "--disable-fetch");
  refused_text("http://example.org/a b", DC_EINVAL, "white space");
  refused_text("https://example.org/\nx", DC_EINVAL, "white space");
  config = url_config("https://example.org/jwks");
  config.ca_certificate = in_dir("none.pem");
  refused(&config, DC_ENOENT, "the caCertificate of the key set: ");
  write_file("none.pem", 0600, "no certificate");
  refused(&config, DC_EINVAL, "none.pem: no certificate in it");
  config.ca_certificate = "-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n";
  refused(&config, DC_EINVAL, "the caCertificate of the key set: no certificate in it");
  config.ca_certificate = "-----BEGIN CERTIFICATE-----\nMAA=\n";
  refused(&config, DC_EINVAL, "the caCertificate of the key set: ");
}

static void test_url(void) {
  static const char options[] = "--url\n-\n--timeout\n30s\n--max-bytes\n1048576\n";
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, want DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_jwks_source_config config = url_config("https://user:hidden@example.org/jwks?a=b\n");
  begin_log();
  act_good("-1", SET);
  struct dc_jwks_source *source = start(&config);
  ok(!dc_jwks_source_ready(source) && !dc_jwks_source_get(source) && !dc_jwks_source_file(source), "no set at first");
  ok(wants(source), "but one to wait for");
  until_changed();
  ok(dc_jwks_source_ready(source), "then there is");
  is_text(first_kid(source), "one", "what was fetched");
  is_text(read_file("argv", &text), options, "the program's arguments, without the URL");
  is_text(read_file("stdin", &text), "https://user:hidden@example.org/jwks?a=b\n", "which is its input");
  ok(logged("again in 1h0m0s") && logged("loaded a key set of 1 keys"), "it is told");
  stop(source);
  ok(!strstr(read_file("log", &text), "hidden"), "without the password");

  write_file("ca.pem", 0600, PEM);
  config.ca_certificate = in_dir("ca.pem");
  source = start(&config);
  until_changed();
  dc_buf_printf(&want, "%s--ca-certificate\n%s\n", options, in_dir("ca.pem"));
  is_text(read_file("argv", &text), dc_buf_text(&want), "a CA certificate by its path");
  stop(source);

  config.ca_certificate = PEM;
  source = start(&config);
  until_changed();
  dc_buf_clear(&want);
  dc_buf_printf(&want, "%s--ca-certificate\n-\n", options);
  is_text(read_file("argv", &text), dc_buf_text(&want), "a CA certificate that is PEM");
  is_text(read_file("stdin", &text), "https://user:hidden@example.org/jwks?a=b\n" PEM, "follows the URL");
  stop(source);

  config = url_config("http://example.org/jwks");
  config.ca_certificate = "";
  source = start(&config);
  until_changed();
  is_text(read_file("argv", &text), options, "an empty one is none");
  ok(logged("plain http"), "http is warned about");
  stop(source);

  begin_log();
  act("echo 'daprcerts fetch: odd' >&2; printf 'max-age 5\\n" SET "'");
  source = start(&config);
  until_changed();
  ok(logged("level=warning msg=\"daprcerts fetch: odd\""), "what the program says beside a good answer is told");
  stop(source);
}

static void test_intervals(void) {
  static const struct {
    const char *max_age;
    int64_t min_refresh;
    const char *told;
  } rows[] = {
      {"-1", 10 * DC_MINUTE, "again in 10m0s"},        {"0", 10 * DC_MINUTE, "again in 10m0s"},
      {"599", 10 * DC_MINUTE, "again in 10m0s"},       {"601", 10 * DC_MINUTE, "again in 10m1s"},
      {"2147483648", 10 * DC_MINUTE, "in 8784h0m0s"},  {"9223372036854775807", DC_HOUR, "in 8784h0m0s"},
      {"0", INT64_MAX, "again in 2562047h47m16.854s"},
  };
  for (size_t i = 0; i < DC_COUNT(rows); i++) {
    struct dc_jwks_source_config config = url_config("https://example.org/jwks");
    config.min_refresh = rows[i].min_refresh;
    begin_log();
    act_good(rows[i].max_age, SET);
    struct dc_jwks_source *source = start(&config);
    until_changed();
    ok(logged(rows[i].told), "max-age %s: %s", rows[i].max_age, rows[i].told);
    stop(source);
  }
}

/* Each is an error in the log and tried again. */
static void test_failures(void) {
  static const struct {
    const char *script, *words;
  } rows[] = {
      {"echo 'daprcerts fetch: cannot fetch' >&2; exit 1", "status 1: daprcerts fetch: cannot fetch\""},
      {"exit 3", "status 3: it does not say why"},
      {"printf 'max-age 5\\n" SET "'; exit 1", "status 1: it does not say why"},
      {"kill -KILL $$", "ended by signal 9"},
      {"head -c 1000000 /dev/zero | tr '\\0' x >&2; exit 1", "status 1: xxx"},
      {"", "does not begin with a line 'max-age N'"},
      {"echo '" SET "'", "does not begin with a line 'max-age N'"},
      {"printf 'max-age 5'", "does not begin with a line 'max-age N'"},
      {"printf 'max-age \\n{}'", "the key set"},
      {"printf 'max-age -2\\n" SET "'", "does not begin with a line 'max-age N'"},
      {"printf 'max-age 5x\\n" SET "'", "does not begin with a line 'max-age N'"},
      {"printf 'max-age 99999999999999999999\\n" SET "'", "does not begin with a line 'max-age N'"},
      {"printf 'max-age %070d\\n" SET "' 5", "does not begin with a line 'max-age N'"},
      {"printf 'max-age 5\\nno set'", "is not JSON"},
      {"printf 'max-age 5\\n'", "is not JSON"},
      {"echo max-age 5; head -c 2000000 /dev/zero", "larger than accepted"},
      {"echo max-age 5; exec cat /dev/zero", "larger than accepted"},
  };
  for (size_t i = 0; i < DC_COUNT(rows); i++) {
    const struct dc_jwks_source_config config = url_config("https://example.org/jwks");
    begin_log();
    act(rows[i].script);
    struct dc_jwks_source *source = start(&config);
    until_changed();
    ok(logged("level=error msg=\"cannot fetch the key set; trying again in 1s: "), "%s: is told", rows[i].script);
    ok(logged(rows[i].words), "%s", rows[i].words);
    ok(!dc_jwks_source_ready(source) && wants(source), "there is no set, which is waited for");
    stop(source);
  }
  struct dc_jwks_source_config config = url_config("https://example.org/jwks");
  config.fetch_program = in_dir("none");
  begin_log();
  struct dc_jwks_source *source = start(&config);
  until_changed();
  ok(logged("trying again in 1s: cannot run '") && logged("/none': no such file or directory"), "no program");
  stop(source);
}

static void test_retries(void) {
  struct dc_jwks_source_config config = url_config("https://example.org/jwks");
  begin_log();
  act("exit 1");
  struct dc_jwks_source *source = start(&config);
  until_changed();
  ok(logged("trying again in 1s"), "a first failure");
  ok(wants(source), "without a set there is one to wait for");
  until_changed();
  ok(logged("trying again in 2s"), "a second one");
  ok(wants(source), "however often it is asked");
  stop(source);

  source = start(&config);
  until_changed();
  act_good("-1", SET);
  until_changed();
  ok(dc_jwks_source_ready(source), "the second try is a good one");
  begin_log();
  act("exit 1");
  ok(wants(source), "a key that is not in it");
  until_changed();
  ok(logged("the last good one stays; trying again in 1s"), "a failure after that is a first one again");
  stop(source);

  config.min_refresh = DC_SECOND / 50;
  begin_log();
  source = start(&config);
  until_changed();
  until_changed();
  ok(logged("trying again in 20ms"), "no longer than the interval");
  act_good("0", SET);
  while (!dc_jwks_source_ready(source)) until_changed();
  is_text(first_kid(source), "one", "at last a good one");
  act_good("0", OTHER);
  while (strcmp(first_kid(source), "two") != 0) until_changed();
  ok(true, "it is refreshed");
  act("exit 7");
  until_changed();
  until_changed(); /* one may have been under way */
  ok(logged("status 7") && logged("cannot fetch the key set, the last good one stays; trying again in 20ms"), "a failure after that");
  is_text(first_kid(source), "two", "leaves the last good one");
  stop(source);
}

static void ask_want(void *user) {
  struct dc_jwks_source *source = user;
  ok(wants(source), "another thread wants a key that is not there");
  ok(wants(source), "and may want it again while it is fetched");
}

static void test_want(void) {
  const struct dc_jwks_source_config config = url_config("https://example.org/jwks");
  struct dc_buf runs DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  uv_thread_t thread;
  act_good("-1", SET);
  unlink(in_dir("runs"));
  struct dc_jwks_source *source = start(&config);
  until_changed();
  const struct dc_jwks *old = dc_jwks_source_get(source);
  act_good("-1", OTHER);
  if (uv_thread_create(&thread, ask_want, source)) exit(1);
  uv_thread_join(&thread);
  until_changed();
  is_text(first_kid(source), "two", "it was fetched");
  is_text(old->keys[0].kid, "one", "who holds the old set keeps it");
  ok(!wants(source), "not more often than once an interval");
  ok(dc_jwks_source_want(source, old), "who has looked into the old one is to look again");
  int before = changes;
  until_changed();
  is_num(changes, before + 1, "and is told when");
  dc_jwks_source_put(source, old);
  ok(!wants(source), "the new one is not fetched again for it");
  is_text(read_file("runs", &runs), "x\nx\n", "the program ran twice");
  stop(source);
}

/* --- its end ------------------------------------------------------------------------------------------------------ */

static void test_stop(void) {
  struct dc_jwks_source_config config = url_config("https://example.org/jwks");
  struct dc_buf pid DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  begin_log();
  if (mkfifo(in_dir("never"), 0600)) exit(1);
  act("exec cat \"$dir/never\"");
  struct dc_jwks_source *source = start(&config);
  stop(source); /* with a program that does not end */
  act("sleep 1000 & echo $! >\"$dir/pid.new\"; mv \"$dir/pid.new\" \"$dir/pid\"; wait");
  unlink(in_dir("pid"));
  source = start(&config);
  while (access(in_dir("pid"), F_OK)) uv_run(&loop, UV_RUN_NOWAIT);
  stop(source); /* and one whose own child keeps its pipes open */
  const pid_t child = (pid_t)atol(read_file("pid", &pid));
  ok(child > 1, "the child left its number");
  if (child > 1) kill(child, SIGKILL); /* 0 would be this whole group */
  config.request_timeout = DC_SECOND / 100;
  act("exec cat \"$dir/never\"");
  source = start(&config);
  until_changed();
  ok(logged("did not end in its time"), "a program that takes longer than it may is killed");
  stop(source);
  dc_jwks_source_unref(NULL);
}

#endif

static void use(void *user) {
  struct dc_jwks_source *source = user;
  for (int i = 0; i < 20000; i++) {
    const struct dc_jwks *set = dc_jwks_source_get(source);
    if (set->count != 1) abort();
    dc_jwks_source_put(source, set);
  }
}

static void test_threads(void) {
  write_file("set.json", 0600, SET);
  const struct dc_jwks_source_config config = {.source = in_dir("set.json"), .min_refresh = 1, .request_timeout = 1};
  struct dc_jwks_source *source = NULL;
  struct dc_err err = DC_ERR_INIT;
  uv_thread_t threads[2];
  int failures = 0;
  if (!ok(dc_jwks_source_new(&config, &source, &err) == 0, "a file")) return;
  for (size_t i = 0; i < DC_COUNT(threads); i++) failures += uv_thread_create(&threads[i], use, source) != 0;
  for (int i = 0; i < 200; i++) {
    write_file("set.json", 0600, i % 2 ? SET : OTHER);
    failures += dc_jwks_source_reload(source, &err) < 0;
  }
  for (size_t i = 0; i < DC_COUNT(threads); i++) uv_thread_join(&threads[i]);
  is_num(failures, 0, "is read again while others look keys up");
  dc_jwks_source_unref(source);
}

int main(void) {
  static const char fetch[] = "#!/bin/sh\ndir=${0%/*}\nprintf '%s\\n' \"$@\" >\"$dir/argv\"\ncat >\"$dir/stdin\"\n"
                              "echo x >>\"$dir/runs\"\n. \"$dir/act\"\n";
  static const char *const left[] = {"fetch", "act", "argv", "stdin", "runs", "log", "set.json", "bad.json", "none.pem",
                                     "ca.pem", "never", "pid"};
  if (!mkdtemp(dir) || uv_loop_init(&loop)) return 99;
  signal(SIGPIPE, SIG_IGN);
  write_file("fetch", 0700, fetch);
  begin_log();
  test_file();
  test_bad_files();
  test_text();
  test_notes();
#ifndef _WIN32
  test_bad_urls();
  test_url();
  test_intervals();
  test_failures();
  test_retries();
  test_want();
  test_stop();
#endif
  test_threads();
  is_num(uv_loop_close(&loop), 0, "the loop is empty");
  close(log_fd);
  for (size_t i = 0; i < DC_COUNT(left); i++) unlink(in_dir(left[i]));
  is_num(rmdir(dir), 0, "no other file was left");
  return tap_done();
}
