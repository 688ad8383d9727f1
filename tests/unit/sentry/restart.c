/* SPDX-License-Identifier: Apache-2.0 */
#include "sentry/restart.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/os.h"
#include "ca/install.h"
#include "ca/rotate.h"
#include "store/publish.h"
#include "folder.h"
#include "tap.h"

enum { DAY = 86400, LIFE = 100 * DAY };

static char dir[] = "/tmp/daprcerts-restart.XXXXXX";
static struct dc_authority *authority;

/* All warnings at NOW, a line each. */
static const char *at(const struct dc_state *state, int64_t now) {
  static struct dc_buf text;
  dc_buf_clear(&text);
  for (size_t i = 0; dc_restart_warning(authority, state, now, i, NULL, &text); i++) dc_buf_add_byte(&text, '\n');
  return dc_buf_text(&text);
}

static const char *line(const char *how, int64_t since, int64_t until, const char *end) {
  static struct dc_buf text;
  char a[DC_CLOCK_TEXT_MAX], b[DC_CLOCK_TEXT_MAX];
  dc_buf_clear(&text);
  dc_buf_printf(&text, "sidecars started before %s %s restarted by %s: they do not know the new root%s\n",
                dc_clock_rfc3339(since, a), how, dc_clock_rfc3339(until, b), end);
  return dc_buf_text(&text);
}

/* A CA whose root was replaced at MADE, in memory and in DIR. */
static bool rotated(int64_t made, int64_t *cross_ends, struct dc_err *err) {
  const struct dc_init init = {.trust_domain = "td", .ns = "ns", .kind = DC_KEY_ED25519,
                               .root_not_after = made + LIFE, .issuer_not_after = made + LIFE};
  const struct dc_rotation rotation = {.trust_domain = "td", .ns = "ns", .now = made, .root_not_after = made + 3 * LIFE,
                                       .issuer_not_after = made + 2 * LIFE, .leaf_ttl = DAY};
  const struct dc_install_how how = {.trust_domain = "td", .ns = "ns"};
  struct dc_init_set set DC_CLEANUP(dc_init_set_free) = DC_INIT_SET_INIT;
  struct dc_holdings holdings DC_CLEANUP(dc_holdings_free) = DC_HOLDINGS_INIT;
  struct dc_set files DC_CLEANUP(dc_set_free) = DC_SET_INIT;
  int rc = dc_init_make(&init, made, &set, err);
  if (!rc) rc = dc_install_new(dir, &set, &how, err);
  if (!rc) rc = dc_holdings_load(dir, NULL, &holdings, err);
  if (!rc) rc = dc_rotate_root_crossed(&holdings, &rotation, err);
  if (!rc) rc = dc_rotate_finish(&holdings, &rotation, false, err);
  if (!rc) rc = dc_holdings_changes(&holdings, &files, err);
  if (!rc) rc = dc_publish(dir, &files, DC_PUBLISH_REPLACE, err);
  if (!rc) rc = dc_install_load(dir, NULL, made, &authority, err);
  if (!rc) *cross_ends = dc_authority_chain(authority)->certs[1]->not_after;
  return rc == 0;
}

static void test_when(int64_t made, int64_t ends) {
  const struct dc_state none = {0}, same = {.since = made, .until = ends};
  const struct dc_state other = {.since = made + DAY, .until = ends + 5 * DAY};
  is_text(at(&none, ends - 30 * DAY - 1), "", "nothing more than 30 days before the cross-certificate ends");
  is_text(at(&none, ends - 30 * DAY), line("must have been", made, ends, ""), "30 days before, with both dates");
  is_text(at(&same, ends - 30 * DAY), line("must have been", made, ends, ""), "the state says the same: once");
  is_text(at(&none, ends), line("had to be", made, ends, ", and believe nobody who has renewed since"), "too late");
  is_text(at(&none, ends + 30 * DAY + 1), "", "and a month later it is old news");
  is_text(at(&other, ends - 26 * DAY), line("must have been", made, ends, ""), "an end that is later is not near yet");
}

static void test_state(int64_t made) {
  const struct dc_state state = {.since = made, .until = made + 2 * LIFE};
  is_text(at(&state, state.until - 31 * DAY), "", "of a root with the same key, or a staged one, the state tells: not yet");
  is_text(at(&state, state.until - DAY), line("must have been", made, state.until, ""), "then");
  const struct dc_state at_once = {.since = made};
  is_text(at(&at_once, made + DAY), line("had to be", made, made, ", and believe nobody who has renewed since"),
          "and for a while who had to be restarted at once");
}

static const char *silent(const char *path, int64_t since, size_t *count) {
  static struct dc_buf text;
  static struct dc_err err;
  dc_buf_clear(&text);
  return dc_restart_silent(path, since, count, &text, &err) == 0 ? dc_buf_text(&text) : err.text;
}

static void test_silent(void) {
  static const char log[] = "{\"time\":\"2026-01-01T00:00:00.5Z\",\"spiffe_id\":\"spiffe://a/old\"}\n"
                            "{\"time\":\"2026-01-01T00:00:00Z\",\"spiffe_id\":\"spiffe://a/both\"}\n"
                            "no JSON\n\n[]\n{\"time\":7,\"spiffe_id\":\"spiffe://a/x\"}\n"
                            "{\"time\":\"2026-03-01T00:00:00Z\",\"spiffe_id\":\"spiffe://a/both\"}\n"
                            "{\"time\":\"2026-01-02T00:00:00Z\",\"spiffe_id\":\"spiffe://a/elder\"}\n"
                            "{\"time\":\"2026-02-01T00:00:00Z\",\"spiffe_id\":\"spiffe://a/new\"}";
  char path[sizeof dir + 16];
  int64_t since = 0;
  size_t count = 9;
  snprintf(path, sizeof path, "%s/audit.json", dir);
  ok(dc_clock_parse("2026-02-01", &since, NULL) == 0 &&
         dc_os_write_atomic(path, 0600, log, sizeof log - 1, true, NULL) == 0, "an audit log");
  is_text(silent(path, since, &count), "spiffe://a/elder, spiffe://a/old", "who has not renewed since, by name");
  is_num((long long)count, 2, "and how many");
  is_text(silent(path, since - 100 * DAY, &count), "", "nobody is older than that");
  struct dc_buf many DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  for (int i = 0; i < 100; i++)
    dc_buf_printf(&many, "{\"time\":\"2026-01-01T00:00:00Z\",\"spiffe_id\":\"spiffe://a/%d\"}\n", i * 37 % 100);
  ok(dc_os_write_atomic(path, 0600, many.data, many.len, true, NULL) == 0, "a longer one");
  const char *names = silent(path, since, &count);
  size_t commas = 0;
  for (const char *c = names; *c; c++) commas += *c == ',';
  ok(count == 100 && commas + 1 == DC_RESTART_NAMES_MAX && strncmp(names, "spiffe://a/0, spiffe://a/1, ", 28) == 0,
     "of many the first, and their number: %s", names);
  (void)unlink(path);
  ok(strstr(silent(path, since, &count), "cannot read the audit log") != NULL, "one that is not there");
#ifndef _WIN32 /* whose pipes are no files */
  alarm(60); /* of a test that fails, lest it hang */
  ok(mkfifo(path, 0600) == 0 && strstr(silent(path, since, &count), "is not a regular file"), "nor is a pipe read");
  alarm(0);
#endif
}

int main(void) {
  int64_t made = dc_clock_wall(), ends = 0;
  struct dc_err err = DC_ERR_INIT;
  if (!ok(mkdtemp(dir) != NULL && rotated(made, &ends, &err), "a CA whose root was replaced: %s", err.text))
    return tap_done();
  is_num(ends, made + LIFE, "its cross-certificate ends with the old root");
  test_when(made, ends);
  test_state(made);
  test_silent();
  dc_authority_unref(authority);
  folder_remove(dir);
  return tap_done();
}
