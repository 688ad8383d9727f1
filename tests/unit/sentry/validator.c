/* SPDX-License-Identifier: Apache-2.0 */
#include "sentry/validator.h"

#include <stdlib.h>

#include "config/allow.h"
#include "tap.h"

static struct dc_policy *policy; /* of the names 'localhost' and 'dapr-system' */

#define TEN "abcdefghij"
#define SIXTY TEN TEN TEN TEN TEN TEN

static const struct {
  const char *id, *namespace, *trust_domain;
  int32_t validator;
  bool csr;
  int status;
  const char *text; /* the trust domain, or why not */
} rows[] = {
    {"app", "ns", "", DC_VALIDATOR_INSECURE, true, DC_GRPC_OK, "public"},
    {"app", "ns", "", DC_VALIDATOR_UNKNOWN, true, DC_GRPC_OK, "public"},
    {"app", "ns", "td.example-1_x", DC_VALIDATOR_INSECURE, true, DC_GRPC_OK, "td.example-1_x"},
    {"app", "ns", "spiffe://foo.bar/x", DC_VALIDATOR_INSECURE, true, DC_GRPC_OK, "foo.bar"},
    {SIXTY "1234", "ns", "", DC_VALIDATOR_INSECURE, true, DC_GRPC_OK, "public"},
    {"a/b", "n/s", "", DC_VALIDATOR_INSECURE, true, DC_GRPC_OK, "public"}, /* found out when it is signed */

    {"app", "ns", "", DC_VALIDATOR_KUBERNETES, true, DC_GRPC_INVALID_ARGUMENT, "the requested validator is not enabled"},
    {"app", "ns", "", DC_VALIDATOR_JWKS, true, DC_GRPC_INVALID_ARGUMENT, "the requested validator is not enabled"},
    {"app", "ns", "", 4, true, DC_GRPC_INVALID_ARGUMENT, "the requested validator is not enabled"},
    {"app", "ns", "", -1, true, DC_GRPC_INVALID_ARGUMENT, "the requested validator is not enabled"},
    {"app", "ns", "", INT32_MAX, true, DC_GRPC_INVALID_ARGUMENT, "the requested validator is not enabled"},
    {"app", "ns", "", INT32_MIN, true, DC_GRPC_INVALID_ARGUMENT, "the requested validator is not enabled"},
    {"", "", "", 4, false, DC_GRPC_INVALID_ARGUMENT, "the requested validator is not enabled"},

    {"", "ns", "", DC_VALIDATOR_INSECURE, true, DC_GRPC_PERMISSION_DENIED,
     "invalid request: parameter app-id cannot be empty"},
    {"a.b", "ns", "", DC_VALIDATOR_INSECURE, true, DC_GRPC_PERMISSION_DENIED,
     "invalid request: parameter app-id cannot contain dots"},
    {SIXTY "12345", "ns", "", DC_VALIDATOR_INSECURE, true, DC_GRPC_PERMISSION_DENIED,
     "invalid request: app ID must be 64 characters or less"},
    {"app", "ns", "", DC_VALIDATOR_INSECURE, false, DC_GRPC_PERMISSION_DENIED, "invalid request: CSR is required"},
    {"app", "", "", DC_VALIDATOR_INSECURE, true, DC_GRPC_PERMISSION_DENIED, "invalid request: namespace is required"},
    {"", "", "", DC_VALIDATOR_INSECURE, false, DC_GRPC_PERMISSION_DENIED,
     "invalid request: parameter app-id cannot be empty\nCSR is required\nnamespace is required"},
    {SIXTY ".1234", "", "Bad", DC_VALIDATOR_UNKNOWN, false, DC_GRPC_PERMISSION_DENIED,
     "invalid request: parameter app-id cannot contain dots\napp ID must be 64 characters or less\nCSR is required\n"
     "namespace is required"},

    {"app", "ns", "Upper", DC_VALIDATOR_INSECURE, true, DC_GRPC_PERMISSION_DENIED, NULL},
    {"app", "ns", "a b", DC_VALIDATOR_INSECURE, true, DC_GRPC_PERMISSION_DENIED, NULL},
    {"app", "ns", "spiffe://", DC_VALIDATOR_INSECURE, true, DC_GRPC_PERMISSION_DENIED, NULL},
    {"app", "ns", "td/x", DC_VALIDATOR_INSECURE, true, DC_GRPC_PERMISSION_DENIED, NULL},

    /* sentry's own identity, by any way to say it, and its neighbours */
    {"dapr-sentry", "dapr-system", "localhost", DC_VALIDATOR_INSECURE, true, DC_GRPC_PERMISSION_DENIED,
     "the identity of sentry itself is not given to others"},
    {"dapr-sentry", "dapr-system", "spiffe://localhost/any", DC_VALIDATOR_UNKNOWN, true, DC_GRPC_PERMISSION_DENIED,
     "the identity of sentry itself is not given to others"},
    {"dapr-sentry", "dapr-system", "", DC_VALIDATOR_INSECURE, true, DC_GRPC_OK, "public"},
    {"dapr-sentry", "other", "localhost", DC_VALIDATOR_INSECURE, true, DC_GRPC_OK, "localhost"},
    {"dapr-operator", "dapr-system", "localhost", DC_VALIDATOR_INSECURE, true, DC_GRPC_OK, "localhost"},
};

static void set_policy(const struct dc_allow *allow) {
  static const struct dc_jwks_source_config none;
  const struct dc_sentry_policy said = {.trust_domain = "localhost", .namespace = "dapr-system", .allow = allow};
  struct dc_err err = DC_ERR_INIT;
  dc_policy_unref(policy);
  policy = NULL;
  if (dc_policy_new(&said, NULL, &none, &policy, &err)) printf("Bail out! %s\n", err.text), exit(99);
}

static char *text_of(const char *text) { return (char *)(uintptr_t)text; }

static struct dc_sign_request request_of(size_t row) {
  static uint8_t csr[] = "CSR";
  return (struct dc_sign_request){.id = text_of(rows[row].id),
                                  .token = text_of(""),
                                  .namespace = text_of(rows[row].namespace),
                                  .trust_domain = text_of(rows[row].trust_domain),
                                  .validator = rows[row].validator,
                                  .csr = csr,
                                  .csr_len = rows[row].csr ? sizeof csr - 1 : 0};
}

static void test_row(size_t row) {
  struct dc_grpc_reply reply = DC_GRPC_REPLY_INIT;
  const struct dc_sign_request request = request_of(row);
  char untouched[] = "untouched", *trust_domain = untouched;
  int32_t which = dc_validator_choose(policy, &request);
  is_num(which, rows[row].validator ? rows[row].validator : DC_VALIDATOR_INSECURE, "which validator is asked");
  enum dc_verdict want = rows[row].status == DC_GRPC_OK ? DC_VERDICT_GRANTED : DC_VERDICT_REFUSED;
  is_num(dc_validator_check(policy, which, &request, &trust_domain, &reply), want, rows[row].id);
  is_num(reply.status, rows[row].status, "the reply has the code");
  if (rows[row].status == DC_GRPC_OK) {
    is_text(trust_domain, rows[row].text, "its trust domain");
    if (trust_domain != untouched) free(trust_domain);
    return;
  }
  ok(trust_domain == untouched, "no trust domain comes out");
  if (rows[row].text)
    is_text(reply.text, rows[row].text, "and the text");
  else
    ok(reply.text[0] != '\0', "and a text: %s", reply.text);
}

/* The list of daprcerts.conf narrows what is believed; what is refused anyway is refused as before. */
static void test_allow(void) {
  static const struct {
    const char *ns, *id;
    const char *text; /* NULL: granted */
  } asked[] = {
      {"ns", "app", NULL},
      {"ns", "other", "app id 'other' in namespace 'ns' is none that may be asked for: daprcerts.conf, section [allow], "
                      "lists those that may"},
      {"elsewhere", "app", "app id 'app' in namespace 'elsewhere' is none that may be asked for: daprcerts.conf, section "
                           "[allow], lists those that may"},
      {"dapr-system", "dapr-sentry", "the identity of sentry itself is not given to others"},
      {"ns", "a.b", "invalid request: parameter app-id cannot contain dots"},
  };
  struct dc_allow allow = DC_ALLOW_INIT;
  ok(dc_allow_add(&allow, "ns", "app, a.b", NULL) == 0 && dc_allow_add(&allow, "dapr-system", "*", NULL) == 0, "a list");
  set_policy(&allow);
  dc_allow_free(&allow); /* the policy has its own */
  for (size_t i = 0; i < DC_COUNT(asked); i++) {
    struct dc_grpc_reply reply = DC_GRPC_REPLY_INIT;
    struct dc_sign_request request = request_of(0);
    char *trust_domain = NULL;
    request.namespace = text_of(asked[i].ns);
    request.id = text_of(asked[i].id);
    request.trust_domain = text_of("localhost");
    is_num(dc_validator_check(policy, DC_VALIDATOR_INSECURE, &request, &trust_domain, &reply),
           asked[i].text ? DC_VERDICT_REFUSED : DC_VERDICT_GRANTED, asked[i].id);
    ok((trust_domain != NULL) == !asked[i].text && reply.status == (asked[i].text ? DC_GRPC_PERMISSION_DENIED : 0),
       "its code");
    is_text(reply.text, asked[i].text ? asked[i].text : "", "its text");
    free(trust_domain);
  }
  set_policy(NULL);
}

static void test_none(void) {
  struct dc_grpc_reply reply = DC_GRPC_REPLY_INIT;
  const struct dc_sign_request request = request_of(0);
  char *trust_domain = NULL;
  is_num(dc_validator_check(policy, DC_VALIDATOR_UNKNOWN, &request, &trust_domain, &reply), DC_VERDICT_REFUSED,
         "where there is no default");
  is_num(reply.status, DC_GRPC_INVALID_ARGUMENT, "its code");
  is_text(reply.text, "a validator name must be specified in this environment", "its text");
  ok(!trust_domain, "no trust domain comes out");
}

int main(void) {
  set_policy(NULL);
  for (size_t i = 0; i < DC_COUNT(rows); i++) test_row(i);
  test_allow();
  test_none();
  dc_policy_unref(policy);
  return tap_done();
}
