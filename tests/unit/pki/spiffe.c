/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "pki/spiffe.h"

#include "tap.h"

static const char bad_domain[] =
    "trust domain characters are limited to lowercase letters, numbers, dots, dashes, and underscores";
static const char bad_segment[] =
    "path segment characters are limited to letters, numbers, dots, dashes, and underscores";

static void test_parse(void) {
  static const struct {
    const char *text, *trust_domain, *path, *error;
  } cases[] = {
      {"spiffe://foo.bar/x", "foo.bar", "/x", NULL},
      {"spiffe://foo.bar", "foo.bar", "", NULL},
      {"spiffe://a-b_c.9/ns/Default/my-App_1.2", "a-b_c.9", "/ns/Default/my-App_1.2", NULL},
      {"spiffe://td/...", "td", "/...", NULL},
      {"", NULL, NULL, "cannot be empty"},
      {"foo.bar", NULL, NULL, "scheme is missing or invalid"},
      {"SPIFFE://foo.bar/x", NULL, NULL, "scheme is missing or invalid"},
      {"spiffe:/foo", NULL, NULL, "scheme is missing or invalid"},
      {"spiffe://", NULL, NULL, "trust domain is missing"},
      {"spiffe:///x", NULL, NULL, "trust domain is missing"},
      {"spiffe://Foo/x", NULL, NULL, bad_domain},
      {"spiffe://foo:80/x", NULL, NULL, bad_domain},
      {"spiffe://foo/x/", NULL, NULL, "path cannot have a trailing slash"},
      {"spiffe://foo/", NULL, NULL, "path cannot have a trailing slash"},
      {"spiffe://foo/a//b", NULL, NULL, "path cannot contain empty segments"},
      {"spiffe://foo/a/./b", NULL, NULL, "path cannot contain dot segments"},
      {"spiffe://foo/..", NULL, NULL, "path cannot contain dot segments"},
      {"spiffe://foo/a?b", NULL, NULL, bad_segment},
      {"spiffe://foo/a%20b", NULL, NULL, bad_segment},
  };

  for (size_t i = 0; i < DC_COUNT(cases); i++) {
    struct dc_spiffe id;
    struct dc_err err = DC_ERR_INIT;
    int rc = dc_spiffe_parse(&id, dc_slice_text(cases[i].text), &err);
    if (cases[i].error) {
      ok(rc == DC_EINVAL, "refused: '%s'", cases[i].text);
      is_text(err.text, cases[i].error, "with go-spiffe's words");
    } else {
      ok(rc == 0 && dc_slice_equal(id.trust_domain, dc_slice_text(cases[i].trust_domain)) &&
             dc_slice_equal(id.path, dc_slice_text(cases[i].path)),
         "parsed: '%s'", cases[i].text);
    }
  }
}

static void test_trust_domain(void) {
  static const struct {
    const char *text, *name;
  } cases[] = {
      {"public", "public"}, {"spiffe://foo.bar/x", "foo.bar"}, {"cluster.local", "cluster.local"},
      {"", NULL},           {"Foo", NULL},                     {"spiffe:/foo", NULL},
      {"a/b", NULL},        {"http://foo", NULL},              {"spiffe://foo/../x", NULL},
  };

  for (size_t i = 0; i < DC_COUNT(cases); i++) {
    struct dc_slice name = {NULL, 0};
    int rc = dc_spiffe_trust_domain(dc_slice_text(cases[i].text), &name, NULL);
    ok(cases[i].name ? rc == 0 && dc_slice_equal(name, dc_slice_text(cases[i].name)) : rc == DC_EINVAL,
       "trust domain of '%s'", cases[i].text);
  }
}

static void test_workload(void) {
  struct dc_buf out DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  static char long_name[3000];
  struct dc_slice name;
  struct dc_slice td = dc_slice_text("public"), ns = dc_slice_text("default");

  ok(dc_spiffe_workload(&out, td, ns, dc_slice_text("myapp"), NULL) == 0, "an ID is built");
  is_text(dc_buf_text(&out), "spiffe://public/ns/default/myapp", "as Dapr has it");
  memset(long_name, 'a', sizeof long_name - 1);
  ok(dc_spiffe_workload(&out, td, ns, dc_slice_text("a/b"), NULL) == DC_EINVAL, "a slash in the name is refused");
  ok(dc_spiffe_workload(&out, td, dc_slice_text(".."), dc_slice_text("x"), NULL) == DC_EINVAL, "a namespace of dots is");
  ok(dc_spiffe_workload(&out, td, ns, dc_slice_text(""), NULL) == DC_EINVAL, "an empty name is");
  ok(dc_spiffe_workload(&out, td, ns, (struct dc_slice){(const unsigned char *)"a\0b", 3}, NULL) == DC_EINVAL,
     "a NUL is");
  is_text(dc_buf_text(&out), "spiffe://public/ns/default/myapp", "and the output is untouched by what failed");
  dc_buf_clear(&out);
  ok(dc_spiffe_workload(&out, dc_slice_text(long_name), ns, dc_slice_text("x"), NULL) == 0 &&
         dc_spiffe_trust_domain((struct dc_slice){out.data, out.len}, &name, NULL) == 0 && name.len == 2999,
     "of any length, as go-spiffe has it");
}

int main(void) {
  test_parse();
  test_trust_domain();
  test_workload();
  return tap_done();
}
