/* SPDX-License-Identifier: Apache-2.0 */
#include "sentry/validator.h"

#include <stdlib.h>

#include "base/clock.h"
#include "config/allow.h"
#include "pki/jwt.h"
#include "sentry/jwks.h"
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

static void set_policy(const struct dc_allow *allow, const struct dc_jwks_config *jwks) {
  static const struct dc_jwks_source_config fetching = {.fetch_program = "none"};
  const struct dc_sentry_policy said = {.trust_domain = "localhost", .namespace = "dapr-system", .allow = allow,
                                        .jwks = jwks};
  struct dc_err err = DC_ERR_INIT;
  dc_policy_unref(policy);
  policy = NULL;
  if (dc_policy_new(&said, NULL, &fetching, &policy, &err)) printf("Bail out! %s\n", err.text), exit(99);
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
  set_policy(&allow, NULL);
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
  set_policy(NULL, NULL);
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

/* --- jwks --------------------------------------------------------------------------------------------------------- */

#define AUD "spiffe://localhost/ns/dapr-system/dapr-sentry"
#define SUB "spiffe://public/ns/ns/app"

static struct dc_key *token_key;

static enum dc_verdict ask_jwks(struct dc_sign_request *request, struct dc_grpc_reply *reply) {
  char *trust_domain = NULL;
  *reply = (struct dc_grpc_reply)DC_GRPC_REPLY_INIT;
  request->validator = DC_VALIDATOR_JWKS;
  enum dc_verdict verdict =
      dc_validator_check(policy, dc_validator_choose(policy, request), request, &trust_domain, reply);
  ok((trust_domain != NULL) == (verdict == DC_VERDICT_GRANTED), "a trust domain comes with a grant alone");
  free(trust_domain);
  return verdict;
}

static void denies(struct dc_sign_request request, const char *text) {
  struct dc_grpc_reply reply;
  is_num(ask_jwks(&request, &reply), DC_VERDICT_REFUSED, "refused");
  is_num(reply.status, DC_GRPC_PERMISSION_DENIED, "its code");
  is_text(reply.text, text, "its text");
}

/* The same request, mended step by step: each refusal comes before those that follow. */
static void test_jwks_order(void) {
  struct dc_sign_request request = {.id = text_of(".."), .token = text_of(""), .namespace = text_of(""),
                                    .trust_domain = text_of("Bad")};
  static uint8_t csr[] = "CSR";
  denies(request, "the request does not contain a token");
  request.token = text_of("none");
  denies(request, "invalid request: parameter app-id cannot contain dots\nCSR is required\nnamespace is required");
  request.id = text_of("a/b");
  request.namespace = text_of("ns");
  request.csr = csr;
  request.csr_len = sizeof csr - 1;
  denies(request, "trust domain characters are limited to lowercase letters, numbers, dots, dashes, and underscores");
  request.trust_domain = text_of("");
  denies(request, "failed to construct SPIFFE ID for requestor: path segment characters are limited to letters, "
                  "numbers, dots, dashes, and underscores");
  request.id = text_of("app");
  denies(request, "token validation failed: the token is not of the form HEADER.PAYLOAD.SIGNATURE");
}

/* Claims a minute within the skew of five and a minute beyond it: none of them is a matter of the moment. */
static void test_jwks_skew(void) {
  static const struct {
    int64_t iat, nbf, exp; /* from now; 0: absent */
    const char *claim;     /* NULL: granted */
  } tokens[] = {
      {0, 0, 0, NULL},     {0, 0, -240, NULL}, {0, 240, 0, NULL},  {240, 0, 0, NULL},
      {0, 0, -360, "exp"}, {0, 360, 0, "nbf"}, {360, 0, 0, "iat"},
  };
  const char *aud[] = {AUD};
  int64_t now = dc_clock_wall();
  for (size_t i = 0; i < DC_COUNT(tokens); i++) {
    const struct dc_jwt jwt = {.sub = SUB, .aud = aud, .aud_count = 1,
                               .iat = {tokens[i].iat != 0, now + tokens[i].iat},
                               .nbf = {tokens[i].nbf != 0, now + tokens[i].nbf},
                               .exp = {tokens[i].exp != 0, now + tokens[i].exp}};
    struct dc_buf token DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    struct dc_sign_request request = request_of(0);
    struct dc_grpc_reply reply;
    if (!ok(dc_jwt_sign(&jwt, DC_JWA_EDDSA, token_key, NULL, &token, NULL) == 0, "a token")) return;
    request.token = text_of(dc_buf_text(&token));
    is_num(ask_jwks(&request, &reply), tokens[i].claim ? DC_VERDICT_REFUSED : DC_VERDICT_GRANTED,
           tokens[i].claim ? tokens[i].claim : "within the skew");
    dc_buf_printf(&text, "token validation failed: \"%s\" not satisfied: ", tokens[i].claim ? tokens[i].claim : "");
    ok(!tokens[i].claim || strncmp(reply.text, dc_buf_text(&text), text.len) == 0, "its text: %s", reply.text);
  }
}

/* Before the set has come nothing but the token's absence is told. */
static void test_jwks_wait(void) {
  const struct dc_jwks_config url = {.source = text_of("http://localhost/"), .min_refresh = 1, .request_timeout = 1};
  struct dc_sign_request request = {.id = text_of(""), .token = text_of(""), .namespace = text_of(""),
                                    .trust_domain = text_of("Bad")};
  struct dc_grpc_reply reply;
  set_policy(NULL, &url); /* a set that is not here yet */
  denies(request, "the request does not contain a token");
  request.token = text_of("none");
  is_num(ask_jwks(&request, &reply), DC_VERDICT_WAIT, "whatever else is wrong is told when it is");
}

static void test_jwks(void) {
  struct dc_jwks set DC_CLEANUP(dc_jwks_free) = DC_JWKS_INIT;
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_sign_request request = request_of(0);
  struct dc_grpc_reply reply = DC_GRPC_REPLY_INIT;
  char *trust_domain = NULL;
  if (!ok(dc_key_generate(DC_KEY_ED25519, 0, &token_key, NULL) == 0 &&
              dc_jwks_add(&set, dc_key_public(token_key), NULL, DC_JWA_UNKNOWN, NULL) == 0 &&
              dc_jwks_write(&set, &text, NULL) == 0,
          "a key set"))
    return;
  const struct dc_jwks_config source = {.source = text_of(dc_buf_text(&text)), .min_refresh = 1, .request_timeout = 1};
  set_policy(NULL, &source);
  test_jwks_order();
  test_jwks_skew();
  request.validator = DC_VALIDATOR_UNKNOWN;
  is_num(dc_validator_choose(policy, &request), DC_VALIDATOR_UNKNOWN, "with it there is no default");
  is_num(dc_validator_check(policy, DC_VALIDATOR_INSECURE, &request, &trust_domain, &reply), DC_VERDICT_REFUSED,
         "insecure is off");
  is_text(reply.text, "the requested validator is not enabled", "its text");
  dc_key_free(token_key);
  test_jwks_wait();
}

int main(void) {
  set_policy(NULL, NULL);
  for (size_t i = 0; i < DC_COUNT(rows); i++) test_row(i);
  test_allow();
  test_none();
  test_jwks();
  dc_policy_unref(policy);
  return tap_done();
}
