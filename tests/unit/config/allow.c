/* SPDX-License-Identifier: Apache-2.0 */
#include "config/allow.h"

#include "tap.h"

static void test_permits(void) {
  struct dc_allow allow = DC_ALLOW_INIT;
  struct dc_err err = DC_ERR_INIT;
  ok(dc_allow_permits(&allow, "any", "body"), "without a line everybody may be asked for");
  is_num(dc_allow_add(&allow, "default", "web, shop\tapi", &err), 0, "a line");
  is_num(dc_allow_add(&allow, "open", "*", &err), 0, "one for every app id");
  is_num(dc_allow_add(&allow, "*", "dapr-placement", &err), 0, "one for every namespace");
  const struct {
    const char *ns, *id;
    bool permitted;
  } rows[] = {
      {"default", "web", true},     {"default", "shop", true},           {"default", "api", true},
      {"default", "we", false},     {"default", "webs", false},          {"default", "", false},
      {"default", "web,", false},   {"prod", "web", false},              {"open", "anything", true},
      {"prod", "dapr-placement", true}, {"default", "dapr-placement", true}, {"*", "web", false},
      {"default", "*", false},      {"", "web", false},
  };
  for (size_t i = 0; i < DC_COUNT(rows); i++)
    is_num(dc_allow_permits(&allow, rows[i].ns, rows[i].id), rows[i].permitted,
           rows[i].permitted ? "permitted" : "not permitted");
  dc_allow_free(&allow);
  is_num(allow.count, 0, "nothing is left");
}

static void test_refusals(void) {
  struct dc_allow allow = DC_ALLOW_INIT;
  struct dc_err err = DC_ERR_INIT;
  const struct {
    const char *ns, *ids, *text;
  } rows[] = {
      {"a/b", "web", "'a/b' is no namespace"},
      {"", "web", "'' is no namespace"},
      {"..", "web", "'..' is no namespace"},
      {"default", "", "no app id is named"},
      {"default", " , ", "no app id is named"},
      {"default", "web, a/b", "'a/b' is no app id"},
      {"default", "web*", "'web*' is no app id"},
      {"default", "w\xc3\xa9" "b", "is no app id"},
  };
  for (size_t i = 0; i < DC_COUNT(rows); i++) {
    is_num(dc_allow_add(&allow, rows[i].ns, rows[i].ids, &err), DC_EINVAL, "refused");
    ok(strstr(err.text, rows[i].text) != NULL, "with why: %s", rows[i].text);
  }
  is_num(allow.count, 0, "nothing was added");
  is_num(dc_allow_add(&allow, "default", "web", &err), 0, "a line");
  is_num(dc_allow_add(&allow, "default", "shop", &err), 0, "a second one for the same namespace");
  ok(dc_allow_permits(&allow, "default", "shop") && dc_allow_permits(&allow, "default", "web"), "counts beside it");
  dc_allow_free(&allow);
}

int main(void) {
  test_permits();
  test_refusals();
  return tap_done();
}
