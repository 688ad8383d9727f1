/* SPDX-License-Identifier: Apache-2.0 */
/* What makes a policy another one, and what goes on from one to the next. */
#include "sentry/policy.h"

#include <stdlib.h>

#include "base/duration.h"
#include "tap.h"

/* RFC 7517, A.1, the first key. */
#define SET \
  "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\"," \
  "\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\",\"kid\":\"one\"}]}"

static const struct dc_jwks_source_config fetching = {.fetch_program = "/nowhere/fetch"};

static char *text_of(const char *text) { return (char *)(uintptr_t)text; }

static struct dc_policy *make(const struct dc_sentry_policy *said, const struct dc_policy *before) {
  struct dc_policy *policy = NULL;
  struct dc_err err = DC_ERR_INIT;
  if (!ok(dc_policy_new(said, before, &fetching, &policy, &err) == 0, "a policy%s", err.text)) exit(1);
  return policy;
}

/* A policy is the same as what it was made of, and another one by each part of it. */
static void test_says(void) {
  struct dc_allow_row row = {.namespace = text_of("ns"), .ids = text_of("web")}, other_row = row;
  struct dc_allow allow = {.rows = &row, .count = 1}, other_allow = {.rows = &other_row, .count = 1};
  struct dc_jwks_config jwks = {.source = text_of(SET), .min_refresh = DC_HOUR, .request_timeout = DC_SECOND};
  struct dc_jwks_config other_jwks = jwks;
  char name[] = "localhost";
  struct dc_sentry_policy said = {.workload_ttl = 5, .clock_skew = 6, .trust_domain = name, .namespace = "default",
                                  .limits = {.loops = 1, .max_streams = 2}, .allow = &allow, .jwks = &jwks};
  struct dc_policy *policy = make(&said, NULL);
  struct dc_sentry_policy other = said;
  ok(dc_policy_says(policy, &said), "it says what was said");
  is_text(dc_buf_text(&policy->spiffe_id), "spiffe://localhost/ns/default/dapr-sentry", "whose identity");
  name[0] = 'L';
  ok(!dc_policy_says(policy, &said), "and has memory of its own");
  name[0] = 'l';
  other.workload_ttl++;
  ok(!dc_policy_says(policy, &other), "another life");
  other = said, other.clock_skew++;
  ok(!dc_policy_says(policy, &other), "another skew");
  other = said, other.namespace = "other";
  ok(!dc_policy_says(policy, &other), "another namespace");
  other = said, other.limits.max_streams++;
  ok(!dc_policy_says(policy, &other), "another limit");
  other = said, other.allow = NULL;
  ok(!dc_policy_says(policy, &other), "no list");
  other.allow = &other_allow, other_row.ids = text_of("shop");
  ok(!dc_policy_says(policy, &other), "other app ids");
  other_row = row, other_row.namespace = text_of("n");
  ok(!dc_policy_says(policy, &other), "of another namespace");
  other = said, other.jwks = NULL;
  ok(!dc_policy_says(policy, &other), "another validator");
  other.jwks = &other_jwks, other_jwks.source = text_of("x");
  ok(!dc_policy_says(policy, &other), "another source");
  other_jwks = jwks, other_jwks.ca_certificate = text_of("x");
  ok(!dc_policy_says(policy, &other), "another CA of it");
  other_jwks = jwks, other_jwks.min_refresh++;
  ok(!dc_policy_says(policy, &other), "another interval");
  other_jwks = jwks, other_jwks.request_timeout++;
  ok(!dc_policy_says(policy, &other), "another time-out");
  dc_policy_unref(policy);
}

static void test_keys(void) {
  struct dc_jwks_config jwks = {.source = text_of(SET), .min_refresh = DC_HOUR, .request_timeout = DC_SECOND};
  struct dc_sentry_policy said = {.trust_domain = "localhost", .namespace = "default", .jwks = &jwks};
  struct dc_policy *first = make(&said, NULL), *refused = NULL;
  struct dc_err err = DC_ERR_INIT;
  said.workload_ttl = 1;
  struct dc_policy *second = make(&said, first);
  ok(first->keys && second->keys == first->keys, "the same key set is the same source");
  dc_policy_unref(first);
  ok(dc_jwks_source_ready(second->keys), "which outlives the policy that it was made for");
  jwks.min_refresh++;
  struct dc_policy *third = make(&said, second);
  ok(third->keys != second->keys, "other options are another one");
  jwks.source = text_of("https://example.org/jwks");
  is_num(dc_policy_new(&said, third, &(const struct dc_jwks_source_config){.fetch_program = NULL}, &refused, &err),
         DC_EUNSUPPORTED, "a source that is refused");
  ok(!refused, "makes no policy");
  struct dc_policy *url = make(&said, third);
  ok(!dc_jwks_source_ready(url->keys), "one at a URL has no set of another source");
  jwks.source = NULL;
  said.jwks = NULL;
  struct dc_policy *none = make(&said, url);
  ok(!none->keys, "and without the validator there is none");
  dc_policy_unref(second);
  dc_policy_unref(third);
  dc_policy_unref(url);
  dc_policy_unref(none);
  dc_policy_unref(NULL);
}

static void test_names(void) {
  const struct dc_sentry_policy said = {.trust_domain = "No Name", .namespace = "default"};
  struct dc_policy *policy = NULL;
  struct dc_err err = DC_ERR_INIT;
  is_num(dc_policy_new(&said, NULL, &fetching, &policy, &err), DC_EINVAL, "a name that is none");
  ok(!policy && strstr(err.text, "sentry's own identity") != NULL, "it is told: %s", err.text);
}

int main(void) {
  test_says();
  test_keys();
  test_names();
  return tap_done();
}
