/* SPDX-License-Identifier: Apache-2.0 */
#include "sentry/validator.h"

#include <stdlib.h>

#include "tap.h"

static const struct dc_sentry_config config = {.trust_domain = "localhost", .namespace = "dapr-system"};

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
  enum dc_verdict verdict =
      dc_validator_check(&config, dc_validator_choose(&config, &request), &request, &trust_domain, &reply);
  is_num(verdict, rows[row].status == DC_GRPC_OK ? DC_VERDICT_GRANTED : DC_VERDICT_REFUSED, rows[row].id);
  if (rows[row].status == DC_GRPC_OK) {
    is_text(trust_domain, rows[row].text, "its trust domain");
    if (trust_domain != untouched) free(trust_domain);
    return;
  }
  is_num(reply.status, rows[row].status, "the reply has the code");
  ok(trust_domain == untouched, "no trust domain comes out");
  if (rows[row].text)
    is_text(reply.text, rows[row].text, "and the text");
  else
    ok(reply.text[0] != '\0', "and a text: %s", reply.text);
}

int main(void) {
  for (size_t i = 0; i < DC_COUNT(rows); i++) test_row(i);
  return tap_done();
}
