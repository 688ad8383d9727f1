/* SPDX-License-Identifier: Apache-2.0 */
#include "config/dapr_config.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/duration.h"
#include "tap.h"

enum { LIMIT = 16 << 20, MUCH = 10 << 20 };

static int parse(const char *text, struct dc_dapr_config *config, struct dc_buf *warnings, struct dc_err *err) {
  return dc_dapr_config_parse("c.yaml", text, strlen(text), config, warnings, err);
}

static void test_defaults(void) {
  static const char *const rows[] = {
      "",
      "# nothing\n",
      "---\n",
      "~",
      "spec:\n",
      "spec: {}",
      "spec: {mtls: }",
      "spec: {mtls: {}}",
      "kind: Configuration\nspec: {mtls: {workloadCertTTL: , allowedClockSkew: ~, controlPlaneTrustDomain: null}}",
      "spec: {mtls: {workloadCertTTL: \"\", allowedClockSkew: '', controlPlaneTrustDomain: \"\"}}",
      "spec: {mtls: {enabled: true, sentryAddress: \"localhost:1\", tokenValidators: []}}",
      "spec: {tracing: [1, {a: b}], mtls: {}, other: \"x\"}",
      "metadata: [of, no, matter]\nkind: [neither]",
  };
  for (size_t i = 0; i < DC_COUNT(rows); i++) {
    struct dc_dapr_config config = {.workload_ttl = 1};
    struct dc_buf warnings DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    struct dc_err err = DC_ERR_INIT;
    is_num(parse(rows[i], &config, &warnings, &err), 0, rows[i]);
    ok(config.workload_ttl == DC_DAY && config.clock_skew == 15 * DC_MINUTE && !config.control_plane_trust_domain,
       "the defaults");
    is_text(dc_buf_text(&warnings), "", "without a warning");
    dc_dapr_config_free(&config);
  }
}

static void test_values(void) {
  struct dc_dapr_config config;
  struct dc_err err = DC_ERR_INIT;
  is_num(parse("kind: Configuration\nspec:\n  mtls:\n    workloadCertTTL: 1h30m\n    allowedClockSkew: \"0s\"\n"
               "    controlPlaneTrustDomain: example.org\n",
               &config, NULL, &err),
         0, "all three values");
  is_num(config.workload_ttl, 90 * DC_MINUTE, "workloadCertTTL");
  is_num(config.clock_skew, 0, "allowedClockSkew may be nothing");
  is_text(config.control_plane_trust_domain, "example.org", "controlPlaneTrustDomain");
  dc_dapr_config_free(&config);
  ok(!config.control_plane_trust_domain, "freed, and it may be freed again");
  dc_dapr_config_free(&config);
  is_num(parse("spec: {mtls: {workloadCertTTL: 1s}}", &config, NULL, &err), 0, "a second is the least");
  is_num(config.workload_ttl, DC_SECOND, "as it says");
  is_num(parse("x: &a {workloadCertTTL: 2s}\nspec: {mtls: *a}", &config, NULL, &err), 0, "by an alias");
  is_num(config.workload_ttl, 2 * DC_SECOND, "it counts");
}

static void test_validator(void) {
  struct dc_dapr_config config;
  struct dc_buf warnings DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_err err = DC_ERR_INIT;
  is_num(parse("kind: Configuration\nspec:\n  mtls:\n    tokenValidators:\n      - name: jwks\n        options:\n"
               "          source: |\n            {\"keys\": []}\n          caCertificate: /etc/ca.pem\n"
               "          minRefreshInterval: 2m\n          requestTimeout: 100ms\n          audience: x\n"
               "        option: y\n",
               &config, &warnings, &err),
         0, "the validator jwks, with every option");
  if (!ok(config.jwks != NULL, "is configured")) return;
  is_text(config.jwks->source, "{\"keys\": []}\n", "source, as it stands there");
  is_text(config.jwks->ca_certificate, "/etc/ca.pem", "caCertificate");
  is_num(config.jwks->min_refresh, 2 * DC_MINUTE, "minRefreshInterval");
  is_num(config.jwks->request_timeout, DC_SECOND / 10, "requestTimeout");
  is_text(dc_buf_text(&warnings),
          "'c.yaml' line 12: unknown key 'spec.mtls.tokenValidators.options.audience'\n"
          "'c.yaml' line 13: unknown key 'spec.mtls.tokenValidators.option'\n",
          "what is unknown is warned about");
  dc_dapr_config_free(&config);
  ok(!config.jwks, "freed");
  is_num(parse("spec: {mtls: {tokenValidators: [{name: jwks, options: {source: a, caCertificate: b, requestTimeout: 1}},"
               " {name: JWKS, options: {source: c, caCertificate: ''}}]}}",
               &config, NULL, &err),
         0, "two of them, in small letters and large");
  ok(config.jwks && strcmp(config.jwks->source, "c") == 0 && !config.jwks->ca_certificate &&
         config.jwks->min_refresh == 10 * DC_MINUTE && config.jwks->request_timeout == 30 * DC_SECOND,
     "the last one counts, with nothing of the first");
  dc_dapr_config_free(&config);
  is_num(parse("spec: {mtls: {tokenValidators: [{name: jwks}, {name: jwks, options: {source: c}}]}}", &config, NULL,
               &err),
         0, "a first one that would be refused does not count either");
  dc_dapr_config_free(&config);
  dc_buf_clear(&warnings);
  is_num(parse("spec: {mtls: {tokenValidators: [{name: jwks, options: {SOURCE: a, cacertificate: b,"
               " MinRefreshInterval: 2m, requesttimeout: 3}}]}}",
               &config, &warnings, &err),
         0, "options in small letters and large, as the original takes them");
  ok(config.jwks && strcmp(config.jwks->source, "a") == 0 && config.jwks->ca_certificate &&
         strcmp(config.jwks->ca_certificate, "b") == 0 && config.jwks->min_refresh == 2 * DC_MINUTE &&
         config.jwks->request_timeout == 3 * DC_SECOND,
     "count");
  is_text(dc_buf_text(&warnings), "", "and are known");
  dc_dapr_config_free(&config);
}

static void test_intervals(void) {
  static const struct {
    const char *text;
    int64_t refresh, timeout;
  } rows[] = {
      {"600", 10 * DC_MINUTE, 10 * DC_MINUTE},
      {"2", 2 * DC_SECOND, 2 * DC_SECOND},
      {"\"2\"", 2 * DC_SECOND, 2 * DC_SECOND},
      {"+3", 3 * DC_SECOND, 3 * DC_SECOND},
      {"90m", 90 * DC_MINUTE, 90 * DC_MINUTE},
      {"1001ms", 1001 * DC_SECOND / 1000, 1001 * DC_SECOND / 1000},
      /* too short for one, or for both */
      {"1s", 10 * DC_MINUTE, DC_SECOND},
      {"1", 10 * DC_MINUTE, DC_SECOND},
      {"2ms", 10 * DC_MINUTE, DC_SECOND / 500},
      {"1ms", 10 * DC_MINUTE, 30 * DC_SECOND},
      {"0", 10 * DC_MINUTE, 30 * DC_SECOND},
      {"-5", 10 * DC_MINUTE, 30 * DC_SECOND},
      {"-5h", 10 * DC_MINUTE, 30 * DC_SECOND},
      {"\"\"", 10 * DC_MINUTE, 30 * DC_SECOND},
      {"~", 10 * DC_MINUTE, 30 * DC_SECOND},
  };
  for (size_t i = 0; i < DC_COUNT(rows); i++) {
    struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    struct dc_dapr_config config;
    dc_buf_printf(&text,
                  "spec: {mtls: {tokenValidators: [{name: jwks, options: {source: a, minRefreshInterval: %s, "
                  "requestTimeout: %s}}]}}",
                  rows[i].text, rows[i].text);
    is_num(parse(dc_buf_text(&text), &config, NULL, NULL), 0, rows[i].text);
    is_num(config.jwks->min_refresh, rows[i].refresh, "minRefreshInterval");
    is_num(config.jwks->request_timeout, rows[i].timeout, "requestTimeout");
    dc_dapr_config_free(&config);
  }
}

static const struct {
  const char *text;
  int code;
  const char *message;
} refused[] = {
    {"- a", DC_EINVAL, "'c.yaml' line 1 column 1: a mapping is expected"},
    {"text", DC_EINVAL, "'c.yaml' line 1 column 1: a mapping is expected"},
    {"spec: [1]", DC_EINVAL, "'c.yaml' line 1 column 7: a mapping is expected"},
    {"spec:\n  mtls: yes", DC_EINVAL, "'c.yaml' line 2 column 9: a mapping is expected"},
    {"spec: {mtls: {enabled: [a]}}", DC_EINVAL, "'c.yaml' line 1 column 24: a text is expected"},
    {"spec: {mtls: {sentryAddress: {}}}", DC_EINVAL, "'c.yaml' line 1 column 30: a text is expected"},
    {"spec: {mtls: {controlPlaneTrustDomain: [a]}}", DC_EINVAL, "'c.yaml' line 1 column 40: a text is expected"},
    {"spec: {mtls: {controlPlaneTrustDomain: \"a\\0b\"}}", DC_EINVAL,
     "'c.yaml' line 1 column 40: a text is expected"},
    {"spec: {mtls: {workloadCertTTL: {a: 1}}}", DC_EINVAL,
     "'c.yaml' line 1 column 32: a duration such as \"24h\" is expected"},
    {"spec: {mtls: {workloadCertTTL: 999ms}}", DC_EINVAL, "'c.yaml' line 1 column 32: the duration is shorter than 1s"},
    {"spec: {mtls: {allowedClockSkew: -1s}}", DC_EINVAL, "'c.yaml' line 1 column 33: the duration is shorter than 0s"},
    {"spec: {mtls: {workloadCertTTL: tomorrow}}", DC_EINVAL, "'c.yaml' line 1 column 32: "},
    {"spec: {mtls: {workloadCertTTL: 24}}", DC_EINVAL, "'c.yaml' line 1 column 32: "},
    {"spec: {mtls: {tokenValidators: {name: jwks}}}", DC_EINVAL, "'c.yaml' line 1 column 32: a list is expected"},
    {"spec: {mtls: {tokenValidators: [jwks]}}", DC_EINVAL, "'c.yaml' line 1 column 33: a mapping is expected"},
    {"spec: {mtls: {tokenValidators: [{name: Kubernetes}]}}", DC_EINVAL,
     "'c.yaml' line 1 column 33: invalid token validator: the built-in 'kubernetes' and 'insecure' validators cannot "
     "be configured manually"},
    {"spec: {mtls: {tokenValidators: [{name: insecure}]}}", DC_EINVAL,
     "'c.yaml' line 1 column 33: invalid token validator: the built-in"},
    {"spec: {mtls: {tokenValidators: [{name: other}]}}", DC_EINVAL,
     "'c.yaml' line 1 column 33: invalid token validator name; supported values: 'jwks'"},
    {"spec: {mtls: {tokenValidators: [{}]}}", DC_EINVAL, "'c.yaml' line 1 column 33: invalid token validator name"},
    {"spec: {mtls: {tokenValidators: [{name: [jwks]}]}}", DC_EINVAL, "'c.yaml' line 1 column 33: invalid token"},
    {"spec: {mtls: {tokenValidators: [{name: jwks, options: {source: a}}, {name: kubernetes}]}}", DC_EINVAL,
     "'c.yaml' line 1 column 69: invalid token validator: the built-in"},
    {"spec: {mtls: {tokenValidators: [{name: JWKS}]}}", DC_EINVAL,
     "'c.yaml' line 1 column 33: the token validator 'jwks' needs options with a 'source'"},
    {"spec: {mtls: {tokenValidators: [{name: jwks, options: {source: \"\"}}]}}", DC_EINVAL,
     "'c.yaml' line 1 column 33: the token validator 'jwks' needs options with a 'source'"},
    {"spec: {mtls: {tokenValidators: [{name: jwks, options: {source: a}}, {name: jwks, options: {}}]}}", DC_EINVAL,
     "'c.yaml' line 1 column 69: the token validator 'jwks' needs options with a 'source'"},
    {"spec: {mtls: {tokenValidators: [{name: jwks, options: [source]}]}}", DC_EINVAL,
     "'c.yaml' line 1 column 55: a mapping is expected"},
    {"spec: {mtls: {tokenValidators: [{name: jwks, options: {source: [a]}}]}}", DC_EINVAL,
     "'c.yaml' line 1 column 64: a text is expected"},
    {"spec: {mtls: {tokenValidators: [{name: jwks, options: {source: a, caCertificate: {}}}]}}", DC_EINVAL,
     "'c.yaml' line 1 column 82: a text is expected"},
    {"spec: {mtls: {tokenValidators: [{name: jwks, options: {source: a, minRefreshInterval: [1]}}]}}", DC_EINVAL,
     "'c.yaml' line 1 column 87: a duration such as"},
    {"spec: {mtls: {tokenValidators: [{name: jwks, options: {source: a, minRefreshInterval: 1.5}}]}}", DC_EINVAL,
     "'c.yaml' line 1 column 87: '1.5' is not a duration"},
    {"spec: {mtls: {tokenValidators: [{name: jwks, options: {source: a, minRefreshInterval: 9999999999999}}]}}",
     DC_EINVAL, "'c.yaml' line 1 column 87: '9999999999999' is not a duration"},
    {"spec: {mtls: {tokenValidators: [{name: jwks, options: {source: a, requestTimeout: soon}}]}}", DC_EINVAL,
     "'c.yaml' line 1 column 83: 'soon' is not a duration"},
    {"spec: {mtls: {tokenValidators: [{name: jwks, options: {source: a, source: b}}]}}", DC_EINVAL,
     "'c.yaml' line 1 column 67: a key that is there already"},
    {"spec: {mtls: {tokenValidators: [{name: jwks, options: {source: a, Source: b}}]}}", DC_EINVAL,
     "'c.yaml' line 1 column 67: a key that is there already"},
    {"spec: {mtls: {tokenValidators: [{Name: jwks, options: {source: a}}]}}", DC_EINVAL,
     "'c.yaml' line 1 column 33: invalid token validator name"},
    /* given twice */
    {"spec: {}\nspec: {}", DC_EINVAL, "'c.yaml' line 2 column 1: a key that is there already"},
    {"spec: {mtls: {}, \"mtls\": {}}", DC_EINVAL, "'c.yaml' line 1 column 18: a key that is there already"},
    {"spec: {mtls: {workloadCertTTL: 1h, workloadCertTTL: 1h}}", DC_EINVAL,
     "'c.yaml' line 1 column 36: a key that is there already"},
    {"spec: {mtls: {tokenValidators: [{name: jwks, name: jwks}]}}", DC_EINVAL,
     "'c.yaml' line 1 column 46: a key that is there already"},
    /* no YAML */
    {"a: b: c", DC_EINVAL, "'c.yaml' line 1 column 5: "},
    {"a:\n\t- b", DC_EINVAL, "'c.yaml' line 2 column 1: "},
    {"[", DC_EINVAL, "'c.yaml' line 2 column 1: "},
    {"a: *b", DC_EINVAL, "'c.yaml' line 1 column 4: "},
    {"a: \xff", DC_EINVAL, "'c.yaml' line 1 column 4: "},
    {"a: \xc3\xa4\nb:\n  c: \"\xc3\xa4\xff\"", DC_EINVAL, "'c.yaml' line 3 column 8: "},
    {"a: b\nc: \x01", DC_EINVAL, "'c.yaml' line 2 column 4: control characters are not allowed"},
    /* merges, which the original refuses too */
    {"spec: {mtls: {<<: 5}}", DC_EINVAL,
     "'c.yaml' line 1 column 19: a merge key (<<) takes a mapping, or a list of mappings"},
    {"spec: {mtls: {<<: }}", DC_EINVAL, "'c.yaml' line 1 column 19: a merge key (<<) takes"},
    {"spec: {mtls: {<<: [{}, [{}]]}}", DC_EINVAL, "'c.yaml' line 1 column 24: a merge key (<<) takes"},
    {"spec: {mtls: {<<: {}, <<: {}}}", DC_EINVAL, "'c.yaml' line 1 column 23: a key that is there already"},
    {"spec: {mtls: {<<: {workloadCertTTL: 1h, workloadCertTTL: 1h}}}", DC_EINVAL,
     "'c.yaml' line 1 column 41: a key that is there already"},
    {"spec: {mtls: &x {<<: *x}}", DC_ELIMIT, "'c.yaml' line 1 column 14: more merges (<<) than are accepted"},
    {"a: &a {b: 1}\nc: &c {<<: [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]}\n"
     "d: &d {<<: [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]}\nspec: {mtls: {<<: [*d, *d, *d, *d]}}",
     DC_ELIMIT, "'c.yaml' line 2 column 4: more merges (<<) than are accepted"},
};

/* As the original takes them: what is written out counts before what is merged, wherever it stands, and of several
 * mappings the first one that has the key. */
static void test_merges(void) {
  static const struct {
    const char *text;
    int64_t ttl;
    const char *warnings;
  } rows[] = {
      {"x: &x {workloadCertTTL: 1h}\nspec: {mtls: {<<: *x}}", DC_HOUR, ""},
      {"spec: {mtls: {<<: {workloadCertTTL: 1h}}}", DC_HOUR, ""},
      {"x: &x {workloadCertTTL: 1h}\nspec: {mtls: {<<: *x, workloadCertTTL: 2h}}", 2 * DC_HOUR, ""},
      {"x: &x {workloadCertTTL: 1h}\nspec: {mtls: {workloadCertTTL: 2h, <<: *x}}", 2 * DC_HOUR, ""},
      {"x: &x {workloadCertTTL: 1h}\nspec: {mtls: {workloadCertTTL: ~, <<: *x}}", DC_DAY, ""},
      {"x: &x {workloadCertTTL: 1h}\ny: &y {workloadCertTTL: 2h}\nspec: {mtls: {<<: [{}, *x, *y]}}", DC_HOUR, ""},
      {"x: &x {workloadCertTTL: 1h}\ny: &y {<<: *x}\nspec: {mtls: {<<: *y}}", DC_HOUR, ""},
      {"x: &x {mtls: {workloadCertTTL: 1h}}\nspec: {<<: *x}", DC_HOUR, ""},
      {"<<: {kind: Configuration, spec: {mtls: {workloadCertTTL: 1h}}}\n---\nkind: Configuration", DC_HOUR, ""},
      {"spec: {mtls: {\"<<\": {workloadCertTTL: 1h}}}", DC_DAY, "'c.yaml' line 1: unknown key 'spec.mtls.<<'\n"},
      {"x: &x\n  other: 1\nspec: {mtls: {<<: *x}}", DC_DAY, "'c.yaml' line 2: unknown key 'spec.mtls.other'\n"},
  };
  struct dc_dapr_config config;
  struct dc_err err = DC_ERR_INIT;
  for (size_t i = 0; i < DC_COUNT(rows); i++) {
    struct dc_buf warnings DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    is_num(parse(rows[i].text, &config, &warnings, &err), 0, rows[i].text);
    is_num(config.workload_ttl, rows[i].ttl, "the key that counts");
    is_text(dc_buf_text(&warnings), rows[i].warnings, "and what is unknown");
    dc_dapr_config_free(&config);
  }
  is_num(parse("x: &x {source: a}\nspec: {mtls: {tokenValidators: [{<<: {name: jwks}, options: {<<: *x}}]}}", &config,
               NULL, &err),
         0, "in a token validator");
  is_text(config.jwks ? config.jwks->source : NULL, "a", "too");
  dc_dapr_config_free(&config);
}

static void test_refused(void) {
  for (size_t i = 0; i < DC_COUNT(refused); i++) {
    struct dc_dapr_config config = {.workload_ttl = 1};
    struct dc_err err = DC_ERR_INIT;
    is_num(parse(refused[i].text, &config, NULL, &err), refused[i].code, refused[i].text);
    ok(strncmp(err.text, refused[i].message, strlen(refused[i].message)) == 0, "it is told: %s", err.text);
    ok(err.code == refused[i].code && config.workload_ttl == 1 && !config.control_plane_trust_domain,
       "nothing comes out");
    is_num(parse(refused[i].text, &config, NULL, NULL), refused[i].code, "without a place for the text");
  }
}

/* One deeper than accepted, in every way in which YAML nests; 10 MiB of it end as soon. */
static void test_depth(void) {
  static const struct {
    const char *open, *close;
  } rows[] = {{"[", "]"}, {"{a: ", "}"}, {"- ", ""}, {"? ", ""}, {"[\n", "]"}};
  for (size_t i = 0; i < DC_COUNT(rows); i++) {
    for (int depth = 99; depth <= 100; depth++) { /* below the mapping's own level */
      struct dc_dapr_config config;
      struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
      dc_buf_add_text(&text, "a:\n ");
      for (int k = 0; k < depth; k++) dc_buf_add_text(&text, rows[i].open);
      dc_buf_add_text(&text, "x");
      for (int k = 0; k < depth; k++) dc_buf_add_text(&text, rows[i].close);
      is_num(parse(dc_buf_text(&text), &config, NULL, NULL), depth < 100 ? 0 : DC_ELIMIT, rows[i].open);
    }
    struct dc_buf much DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    struct dc_dapr_config config;
    struct dc_err err = DC_ERR_INIT;
    while (much.len < MUCH) dc_buf_add_text(&much, rows[i].open);
    is_num(parse(dc_buf_text(&much), &config, NULL, &err), DC_ELIMIT, "10 MiB of it");
    ok(strstr(err.text, "nested deeper than the accepted 100 levels") != NULL, "it is told: %s", err.text);
  }
}

/* What grows with its indentation, a level a line. */
static void test_indentation(void) {
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_dapr_config config;
  struct dc_err err = DC_ERR_INIT;
  for (int depth = 0; text.len < MUCH; depth++) dc_buf_printf(&text, "%*sa:\n", depth, "");
  is_num(parse(dc_buf_text(&text), &config, NULL, &err), DC_ELIMIT, "10 MiB of indentation");
  is_text(err.text, "'c.yaml' line 101 column 101: nested deeper than the accepted 100 levels", "it is told");
}

/* Text that is long, but not much to libyaml, is read; much that is flat is refused as soon as it is too much. */
static void test_extent(void) {
  static const struct {
    const char *begin, *again;
    size_t count; /* of AGAIN; 0: 10 MiB of them */
    const char *refusal;
  } rows[] = {
      {"#", "x", 0, NULL},
      {"a: \"", "x", 0, NULL},
      {"a: |\n", " line\n", 0, NULL},
      {"", "\n", 0, NULL},
      {"a:\n", "- b\n", 99995, NULL},
      {"a:\n", "- b\n", 99999, "'c.yaml' line 99999 column 3: more than the accepted 200000 YAML tokens"},
      {"a:\n", "- b\n", 0, "'c.yaml' line 99999 column 3: more than the accepted 200000 YAML tokens"},
      {"a: [", "b,", 0, "'c.yaml' line 1 column 199999: more than the accepted 200000 YAML tokens"},
      {"", "--- a\n", 0, "'c.yaml' line 100000 column 5: more than the accepted 200000 YAML tokens"},
      {"", "%TAG !a! b\n", 0, "'c.yaml' line 1001 column 1: more than the accepted 1000 anchors and %TAGs"},
  };
  for (size_t i = 0; i < DC_COUNT(rows); i++) {
    struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    struct dc_dapr_config config = {.control_plane_trust_domain = NULL};
    struct dc_err err = DC_ERR_INIT;
    dc_buf_add_text(&text, rows[i].begin);
    for (size_t k = 0; rows[i].count ? k < rows[i].count : text.len < MUCH; k++) dc_buf_add_text(&text, rows[i].again);
    if (strchr(rows[i].begin, '"')) dc_buf_add_byte(&text, '"');
    is_num(parse(dc_buf_text(&text), &config, NULL, &err), rows[i].refusal ? DC_ELIMIT : 0, rows[i].again);
    if (rows[i].refusal) is_text(err.text, rows[i].refusal, "it is told");
    dc_dapr_config_free(&config);
  }
}

static void test_anchors(void) {
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_dapr_config config;
  struct dc_err err = DC_ERR_INIT;
  dc_buf_add_text(&text, "a:\n");
  for (int i = 0; i < 1000; i++) dc_buf_printf(&text, "- &b%d x\n", i);
  is_num(parse(dc_buf_text(&text), &config, NULL, &err), 0, "a thousand anchors");
  dc_buf_add_text(&text, "- &c x\n");
  is_num(parse(dc_buf_text(&text), &config, NULL, &err), DC_ELIMIT, "and one");
  is_text(err.text, "'c.yaml' line 1002 column 3: more than the accepted 1000 anchors and %TAGs", "it is told");
}

/* Anchors within what they name, and names that stand for much: neither is walked into. */
static void test_aliases(void) {
  struct dc_dapr_config config;
  struct dc_err err = DC_ERR_INIT;
  is_num(parse("x: &x [*x, {a: *x}]\nspec: &s {other: *s, mtls: &m {workloadCertTTL: 1h}}", &config, NULL, &err), 0,
         "a cycle beside what is read");
  is_num(config.workload_ttl, DC_HOUR, "which is read");
  is_num(parse("spec: &s {mtls: *s}", &config, NULL, NULL), 0, "a cycle through what is read");
  is_num(parse("spec: {mtls: {tokenValidators: &v [*v]}}", &config, NULL, &err), DC_EINVAL, "a list in itself");
  struct dc_buf laughs DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  dc_buf_add_text(&laughs, "a0: &a0 ha\n");
  for (int i = 1; i < 60; i++)
    dc_buf_printf(&laughs, "a%d: &a%d [*a%d, *a%d, *a%d, *a%d]\n", i, i, i - 1, i - 1, i - 1, i - 1);
  dc_buf_add_text(&laughs, "spec: {mtls: {workloadCertTTL: *a59}}");
  is_num(parse(dc_buf_text(&laughs), &config, NULL, &err), DC_EINVAL, "4 to the power of 59");
}

static void test_warnings(void) {
  struct dc_dapr_config config;
  struct dc_buf warnings DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_err err = DC_ERR_INIT;
  dc_buf_add_text(&warnings, "kept\n");
  is_num(parse("spec:\n  other: 1\n  mtls:\n    workloadCertTtl: 1h\n    [a]: b\n    sentryAddress: x", &config,
               &warnings, &err),
         0, "unknown keys");
  is_text(dc_buf_text(&warnings),
          "kept\n'c.yaml' line 4: unknown key 'spec.mtls.workloadCertTtl'\n"
          "'c.yaml' line 5: unknown key 'spec.mtls.(no text)'\n",
          "are warned about, a line each, under spec.mtls alone");
  dc_buf_truncate(&warnings, 5);
  is_num(parse("spec: {mtls: {odd: 1}}\n---\nkind: Configuration\nspec: {mtls: {other: 1}}", &config, &warnings, &err),
         0, "two documents");
  is_text(dc_buf_text(&warnings), "kept\n'c.yaml' line 4: unknown key 'spec.mtls.other'\n",
          "the one that counts is warned about, and what was there before stays");
}

static void test_documents(void) {
  static const struct {
    const char *text;
    int64_t ttl; /* 0: refused */
  } rows[] = {
      {"spec: {mtls: {workloadCertTTL: 1h}}\n---\nspec: {mtls: {workloadCertTTL: 2h}}", DC_HOUR},
      {"spec: {mtls: {workloadCertTTL: 1h}}\n---\nkind: Configuration\nspec: {mtls: {workloadCertTTL: 2h}}",
       2 * DC_HOUR},
      {"kind: Configuration\nspec: {mtls: {workloadCertTTL: 1h}}\n---\nkind: Configuration\n"
       "spec: {mtls: {workloadCertTTL: 2h}}",
       DC_HOUR},
      {"spec: {mtls: {workloadCertTTL: 1h, controlPlaneTrustDomain: x}}\n---\nkind: Configuration\n", DC_DAY},
      {"---\n---\nkind: Configuration\nspec: {mtls: {workloadCertTTL: 2h}}", 2 * DC_HOUR},
      /* what is no Configuration need not look like one */
      {"- a list\n---\nkind: Configuration\nspec: {mtls: {workloadCertTTL: 2h}}", 2 * DC_HOUR},
      {"kind: Component\nspec: [a list]\n---\nkind: Configuration\nspec: {mtls: {workloadCertTTL: 2h}}", 2 * DC_HOUR},
      {"kind: Configuration\nspec: {mtls: {workloadCertTTL: 1h}}\n---\n- a list", DC_HOUR},
      {"- a list\n---\nkind: Component\n", 0},
      {"spec: [a list]\n---\nkind: Configuration\nspec: [another]", 0},
      {"kind: Component\n---\n[", 0},
  };
  for (size_t i = 0; i < DC_COUNT(rows); i++) {
    struct dc_dapr_config config;
    struct dc_err err = DC_ERR_INIT;
    int rc = parse(rows[i].text, &config, NULL, &err);
    is_num(rc, rows[i].ttl ? 0 : DC_EINVAL, rows[i].text);
    if (rc) continue;
    ok(config.workload_ttl == rows[i].ttl && !config.control_plane_trust_domain, "the right document");
    dc_dapr_config_free(&config);
  }
}

/* What Go 1.26's os.ExpandEnv made of these, in the same environment. */
static const struct {
  const char *text, *expanded;
} expansions[] = {
    {"$A", "1"},
    {"${A}", "1"},
    {"$A$A", "11"},
    {"${A}b", "1b"},
    {"$Ab", ""},
    {"$LONG_name_2.x", "two.x"},
    {"$EMPTY|", "|"},
    {"$NONE|", "|"},
    {"$$", ""},
    {"$$A", "A"},
    {"a$", "a$"},
    {"$", "$"},
    {"${}", ""},
    {"${", ""},
    {"${A", "A"},
    {"${A${A}", ""},
    {"$ A", "$ A"},
    {"$-", ""},
    {"$1", "one"},
    {"$12", "one2"},
    {"${1}", "one"},
    {"${12}", ""},
    {"$*", "star"},
    {"${*}", "star"},
    {"${*", "*"},
    {"${**}", ""},
    {"${a b}", "spaced"},
    {"${a\nb}", ""},
    {"$(A)", "$(A)"},
    {"$A}", "1}"},
    {"{$A}", "{1}"},
    {"${E=F}", ""},
    {"${A=1}", ""},
    {"$\xc3\xa9", "$\xc3\xa9"},
    {"${}}", "}"},
    {"$}", "$}"},
    {"${${A}}", "}"},
    {"$#", ""},
    {"${#}", ""},
    {"${#A}", ""},
    {"$?x", "x"},
    {"$!", ""},
    {"$@", ""},
    {"$0", ""},
    {"$_", ""},
    {"${A}${", "1"},
    {"x${y", "xy"},
    {"${*}x}", "starx}"},
};

/* The expanded text is a literal block of YAML: nothing of it means anything to libyaml. */
static void test_expansion(void) {
  static const char *const environment[][2] = {{"A", "1"},     {"LONG_name_2", "two"}, {"EMPTY", ""}, {"a b", "spaced"},
                                               {"1", "one"}, {"*", "star"}};
  char odd[] = "E=F=x";
  static const char *const none[] = {"Ab", "NONE", "_"};
  for (size_t i = 0; i < DC_COUNT(none); i++) unsetenv(none[i]);
  for (size_t i = 0; i < DC_COUNT(environment); i++) setenv(environment[i][0], environment[i][1], 1);
  putenv(odd);
  for (size_t i = 0; i < DC_COUNT(expansions); i++) {
    struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, want DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    struct dc_dapr_config config = {.control_plane_trust_domain = NULL};
    dc_buf_printf(&text, "spec:\n mtls:\n  controlPlaneTrustDomain: |-\n   _%s", expansions[i].text);
    dc_buf_printf(&want, "_%s", expansions[i].expanded);
    is_num(parse(dc_buf_text(&text), &config, NULL, NULL), 0, expansions[i].text);
    is_text(config.control_plane_trust_domain, dc_buf_text(&want), "as Go expands it");
    dc_dapr_config_free(&config);
  }
  struct dc_buf name DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_dapr_config config = {.workload_ttl = 1};
  for (int i = 0; i < 1000; i++) dc_buf_add_byte(&name, 'N');
  setenv(dc_buf_text(&name), "3h", 1);
  dc_buf_printf(&text, "spec: {mtls: {workloadCertTTL: $%s}}", dc_buf_text(&name));
  is_num(parse(dc_buf_text(&text), &config, NULL, NULL), 0, "a name of 1000 characters");
  is_num(config.workload_ttl, 3 * DC_HOUR, "is a name");
  unsetenv(dc_buf_text(&name));
}

static void test_sizes(void) {
  struct dc_dapr_config config;
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_err err = DC_ERR_INIT;
  while (text.len < LIMIT) dc_buf_add_text(&text, "${");
  is_num(parse(dc_buf_text(&text), &config, NULL, &err), 0, "16 MiB of braces that nothing closes");
  char value[4096];
  memset(value, '#', sizeof value - 1);
  value[sizeof value - 1] = '\0';
  setenv("A", value, 1);
  dc_buf_clear(&text);
  for (int i = 0; i < 600 * 16; i++) dc_buf_add_text(&text, "#$A\n");
  is_num(parse(dc_buf_text(&text), &config, NULL, &err), DC_ELIMIT, "more than 32 MiB once replaced");
  is_text(err.text, "'c.yaml': more than the accepted 33554432 bytes", "it is told");
}

static void test_files(void) {
  char path[] = "/tmp/daprcerts-config.XXXXXX";
  struct dc_dapr_config config = {.workload_ttl = 1};
  struct dc_err err = DC_ERR_INIT;
  int fd = mkstemp(path);
  if (!ok(fd >= 0, "a file")) return;
  ok(write(fd, "spec: {mtls: {workloadCertTTL: 5h}}\n", 36) == 36, "with a configuration");
  is_num(dc_dapr_config_load(path, &config, NULL, &err), 0, "is read");
  is_num(config.workload_ttl, 5 * DC_HOUR, "and counts");
  config.workload_ttl = 1;
  ok(ftruncate(fd, LIMIT + 1) == 0, "of more than 16 MiB");
  is_num(dc_dapr_config_load(path, &config, NULL, &err), DC_ELIMIT, "is too large");
  unlink(path);
  close(fd);
  is_num(dc_dapr_config_load(path, &config, NULL, &err), DC_ENOENT, "is not there");
  is_num(config.workload_ttl, 1, "nothing comes out");
}

int main(void) {
  test_defaults();
  test_values();
  test_validator();
  test_intervals();
  test_refused();
  test_merges();
  test_depth();
  test_indentation();
  test_extent();
  test_anchors();
  test_aliases();
  test_warnings();
  test_documents();
  test_files();
  test_expansion();
  test_sizes();
  return tap_done();
}
