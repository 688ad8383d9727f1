/* SPDX-License-Identifier: Apache-2.0 */
#include "config/settings.h"

#include <stdlib.h>

#include "base/duration.h"
#include "tap.h"

static const char path[] = "/etc/daprcerts.conf"; /* for messages */

static int load(const char *text, size_t n, struct dc_settings *settings, struct dc_buf *warnings, struct dc_err *err) {
  struct dc_buf bytes DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  dc_buf_add(&bytes, text, n);
  return dc_settings_parse(path, &bytes, settings, warnings, err);
}

static int64_t limit_of(const struct dc_limits *limits, const struct dc_limit_row *row) {
  int64_t value;
  memcpy(&value, (const char *)limits + row->offset, sizeof value);
  return value;
}

static bool are_defaults(const struct dc_settings *settings) {
  size_t count = 0;
  const struct dc_limit_row *rows = dc_settings_limit_rows(&count);
  for (size_t i = 0; i < count; i++)
    if (limit_of(&settings->limits, &rows[i]) != rows[i].standard) return false;
  return !settings->control_plane_trust_domain && !settings->control_plane_namespace && !settings->trust_domain &&
         !settings->namespace && settings->allow.count == 0;
}

static void test_defaults(void) {
  struct dc_settings settings;
  dc_settings_init(&settings);
  ok(are_defaults(&settings) && settings.limits.max_connections == 4096 && settings.limits.loops == 0 &&
         settings.limits.request_timeout == 30 * DC_SECOND,
     "the defaults");
  memset(&settings, 0x55, sizeof settings);
  is_num(load("", 0, &settings, NULL, NULL), 0, "an empty text is no error");
  ok(are_defaults(&settings), "and changes nothing");
  dc_settings_free(&settings);
  dc_settings_free(&settings);
}

static void test_names(void) {
  static const char text[] = "\xef\xbb\xbf# a comment\r\n; another\n\ncontrol-plane-trust-domain = a.b\r\n"
                             "control-plane-namespace=ns\ntrust-domain : one\n  trust-domain =  two ; comment\n"
                             "\t namespace = three\n [sentry] ; limits\r\n  loops = 3\n\t max-streams=5";
  struct dc_settings settings;
  struct dc_buf warnings DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_err err = DC_ERR_INIT;
  is_num(load(text, sizeof text - 1, &settings, &warnings, &err), 0, "a file as people write it");
  is_text(settings.control_plane_trust_domain, "a.b", "control-plane-trust-domain");
  is_text(settings.control_plane_namespace, "ns", "control-plane-namespace");
  is_text(settings.trust_domain, "two", "trust-domain: of several the last, though it is indented");
  is_text(settings.namespace, "three", "namespace");
  ok(settings.limits.loops == 3 && settings.limits.max_streams == 5, "and [sentry]");
  is_text(dc_buf_text(&warnings), "", "without a warning");
  dc_settings_free(&settings);
  ok(!settings.trust_domain && !settings.namespace, "freed");
}

/* Every limit at both of its ends, and one beyond. */
static void test_limits(void) {
  size_t count = 0;
  const struct dc_limit_row *rows = dc_settings_limit_rows(&count);
  is_num(count, sizeof(struct dc_limits) / sizeof(int64_t), "each limit has a row");
  for (size_t i = 0; i < count; i++) {
    const struct {
      int64_t value;
      int rc;
    } tries[] = {{rows[i].min, 0}, {rows[i].max, 0}, {rows[i].min - 1, DC_EINVAL}, {rows[i].max + 1, DC_EINVAL}};
    for (size_t k = 0; k < DC_COUNT(tries); k++) {
      struct dc_settings settings;
      struct dc_err err = DC_ERR_INIT;
      char text[128], where[128];
      int n = snprintf(text, sizeof text, "[sentry]\n%s = %lld%s\n", rows[i].name, (long long)tries[k].value,
                       rows[i].is_duration ? "ns" : "");
      is_num(load(text, (size_t)n, &settings, NULL, &err), tries[k].rc, text);
      snprintf(where, sizeof where, "'%s' line 2: %s: out of range", path, rows[i].name);
      if (tries[k].rc)
        is_text(err.text, where, "out of range");
      else
        is_num(limit_of(&settings.limits, &rows[i]), tries[k].value, "is taken");
      dc_settings_free(&settings);
    }
  }
}

static void test_refused(void) {
  static const struct {
    const char *text;
    const char *message; /* behind the file's name */
  } rows[] = {
      {"trust-domain = x\ntrust-domain =\n", "line 2: trust-domain: empty"},
      {"trust-domain\n", "line 1: neither a section nor 'name = value'"},
      {"\n[sentry\nloops = 1\n", "line 2: neither a section nor 'name = value'"},
      {"\n [allow] default = web\n", "line 2: the line: a setting goes on a line of its own, below its section"},
      {"[sentry]\nloops = one\n", "line 2: loops: not a number"},
      {"[sentry]\nloops = 1x\n", "line 2: loops: not a number"},
      {"[sentry]\nloops = 0x1\n", "line 2: loops: not a number"},
      {"[sentry]\nloops =\n", "line 2: loops: not a number"},
      {"[sentry]\nloops = 99999999999999999999\n", "line 2: loops: not a number"},
      {"[sentry]\nloops = -1\n", "line 2: loops: out of range"},
      {"[sentry]\nidle-timeout = 5\n", "line 2: idle-timeout: "},
      {"[sentry]\nidle-timeout = 1s more\n", "line 2: idle-timeout: "},
      {"[allow]\ndefault = web\na/b = web\n", "line 3: [allow]: 'a/b' is no namespace"},
  };
  for (size_t i = 0; i < DC_COUNT(rows); i++) {
    struct dc_settings settings;
    struct dc_err err = DC_ERR_INIT;
    char want[256];
    is_num(load(rows[i].text, strlen(rows[i].text), &settings, NULL, &err), DC_EINVAL, rows[i].text);
    snprintf(want, sizeof want, "'%s' %s", path, rows[i].message);
    ok(strncmp(err.text, want, strlen(want)) == 0, "it is told: %s", err.text);
    ok(!settings.trust_domain && settings.allow.count == 0, "no name comes out");
  }
}

static void test_odd_bytes(void) {
  struct dc_settings settings;
  struct dc_err err = DC_ERR_INIT;
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  is_num(load("trust-domain = a\0b\n", 19, &settings, NULL, &err), DC_EINVAL, "a NUL");
  ok(strstr(err.text, "holds a NUL byte") != NULL, "is told");
  dc_buf_printf(&text, "a = b\ntrust-domain = %1000d\n", 1);
  is_num(load(dc_buf_text(&text), text.len, &settings, NULL, &err), DC_EINVAL, "a long line");
  ok(strstr(err.text, "line 2: the line: too long") != NULL, "is told, and not cut in two");
}

static void test_warnings(void) {
  static const char text[] = "color = red\nloops = 1\n[sentry]\ntrust-domain = x\n[other]\nnamespace = y\n";
  struct dc_settings settings;
  struct dc_buf warnings DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, want DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_err err = DC_ERR_INIT;
  is_num(load(text, sizeof text - 1, &settings, &warnings, &err), 0, "settings that we do not know");
  dc_buf_printf(&want,
                "'%s' line 1: unknown setting 'color'\n'%s' line 2: unknown setting 'loops'\n"
                "'%s' line 4: unknown setting 'trust-domain' in section sentry\n"
                "'%s' line 6: unknown setting 'namespace' in section other\n",
                path, path, path, path);
  is_text(dc_buf_text(&warnings), dc_buf_text(&want), "are warned about, each by its line");
  ok(are_defaults(&settings), "and count for nothing");
  is_num(load(text, sizeof text - 1, &settings, NULL, &err), 0, "also where nobody wants to know");
}

/* What ca-init writes says the same with and without its comments. */
static void test_text(void) {
  struct dc_settings settings;
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, warnings DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_err err = DC_ERR_INIT;
  dc_settings_text(&text, "cp.example", "cp-ns", "td.example", "ns");
  is_num(load(dc_buf_text(&text), text.len, &settings, &warnings, &err), 0, "the text of a new file is read");
  is_text(settings.control_plane_trust_domain, "cp.example", "sentry's trust domain");
  is_text(settings.control_plane_namespace, "cp-ns", "its namespace");
  is_text(settings.trust_domain, "td.example", "a workload's trust domain");
  is_text(settings.namespace, "ns", "its namespace");
  dc_settings_free(&settings);
  size_t count = 0, uncommented = 0;
  (void)dc_settings_limit_rows(&count);
  char *line = strstr((char *)text.data, "[sentry]\n"), *end = line ? strstr(line, "\n\n") : NULL;
  while (line && (line = strstr(line, "\n# ")) && line < end) {
    memcpy(line + 1, "  ", 2);
    uncommented++;
  }
  is_num(uncommented, count, "each limit is there as a comment");
  is_num(load(dc_buf_text(&text), text.len, &settings, &warnings, &err), 0, "which can be taken away");
  is_text(dc_buf_text(&warnings), "", "without a warning");
  dc_settings_free(&settings);
  ok(are_defaults(&settings), "and says the default");
  if (!ok(end && (line = strstr(end, "# [allow]\n")) && line[10] == '#', "so is [allow]")) return;
  line[0] = line[10] = ' ';
  is_num(load(dc_buf_text(&text), text.len, &settings, &warnings, &err), 0, "which can be taken away too");
  ok(dc_allow_permits(&settings.allow, "default", "web") && !dc_allow_permits(&settings.allow, "default", "other"),
     "and then counts");
  dc_settings_free(&settings);
  ok(settings.allow.count == 0, "freed");
}

static void test_sources(void) {
  struct dc_sources sources = {.flag = "flag", .env = "DC_TEST", .yaml = "yaml", .conf = "conf", .standard = "last"};
  const char *value = "untouched";
  struct dc_err err = DC_ERR_INIT;
  setenv("DC_TEST", "env", 1);
  ok(dc_settings_pick(&sources, &value, &err) == 0 && strcmp(value, "flag") == 0, "an option first");
  sources.flag = NULL;
  ok(dc_settings_pick(&sources, &value, &err) == 0 && strcmp(value, "env") == 0, "then the environment");
  value = "untouched";
  setenv("DC_TEST", "", 1);
  is_num(dc_settings_pick(&sources, &value, &err), DC_EINVAL, "a variable that is empty is an error");
  is_text(err.text, "DC_TEST is set in the environment but empty: unset it or give it a value", "it is told");
  is_text(value, "untouched", "nothing comes out");
  sources.flag = "";
  ok(dc_settings_pick(&sources, &value, &err) == 0 && value == sources.flag, "unless an option is given, even empty");
  sources.flag = NULL;
  unsetenv("DC_TEST");
  ok(dc_settings_pick(&sources, &value, &err) == 0 && strcmp(value, "yaml") == 0, "then the Configuration");
  sources.yaml = NULL;
  ok(dc_settings_pick(&sources, &value, &err) == 0 && strcmp(value, "conf") == 0, "then daprcerts.conf");
  sources.conf = sources.env = NULL;
  ok(dc_settings_pick(&sources, &value, &err) == 0 && strcmp(value, "last") == 0, "then the default");
  sources.standard = NULL;
  value = "untouched";
  ok(dc_settings_pick(&sources, &value, &err) == DC_ENOENT && strcmp(value, "untouched") == 0, "then there is none");
}

static void test_namespace(void) {
  char conf[] = "dapr";
  struct dc_settings settings = {.control_plane_namespace = conf};
  struct dc_buf warning DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  dc_settings_warn_namespace(&settings, NULL, &warning);
  dc_settings_warn_namespace(&settings, "", &warning);
  dc_settings_warn_namespace(&settings, "dapr", &warning);
  settings.control_plane_namespace = NULL;
  dc_settings_warn_namespace(&settings, "other", &warning);
  is_text(dc_buf_text(&warning), "", "no warning where NAMESPACE and daprcerts.conf do not disagree");
  settings.control_plane_namespace = conf;
  dc_settings_warn_namespace(&settings, "other", &warning);
  ok(strstr(dc_buf_text(&warning), "NAMESPACE=other") && strstr(dc_buf_text(&warning), "control-plane-namespace = dapr") &&
         strstr(dc_buf_text(&warning), "unset NAMESPACE"),
     "where they do, both are told, and the remedy");
}

int main(void) {
  test_defaults();
  test_names();
  test_limits();
  test_refused();
  test_odd_bytes();
  test_warnings();
  test_text();
  test_sources();
  test_namespace();
  return tap_done();
}
