/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/messages.h"

#include <stdlib.h>

#include "tap.h"

/* Written by hand from the field numbers: what another implementation puts on the wire. */
static const uint8_t request_wire[] = {
    0x0a, 3, 'a', 'p', 'p',                     /* 1: id */
    0x12, 1, 't',                               /* 2: token */
    0x1a, 2, 't', 'd',                          /* 3: trust_domain */
    0x22, 2, 'n', 's',                          /* 4: namespace */
    0x2a, 3, 'c', 's', 'r',                     /* 5: certificate_signing_request */
    0x30, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, /* 6: token_validator = -1 */
    0x3a, 1, 'x', 0x3a, 1, 'y',                 /* 7: jwt_audiences, twice */
    0x7a, 2, 'z', 'z',                          /* 15: a field of the future */
};

static void test_request(void) {
  struct dc_sign_request request = {0};
  struct dc_err err = DC_ERR_INIT;
  is_num(dc_sign_request_parse(request_wire, sizeof request_wire, &request, &err), 0, "a request is parsed");
  is_text(request.id, "app", "id");
  is_text(request.token, "t", "token");
  is_text(request.trust_domain, "td", "trust_domain");
  is_text(request.namespace, "ns", "namespace");
  ok(request.csr_len == 3 && memcmp(request.csr, "csr", 3) == 0, "certificate_signing_request");
  is_num(request.validator, -1, "an unknown validator arrives");
  is_num(request.audience_count, 2, "audiences");
  is_text(request.audiences[1], "y", "the second audience");

  struct dc_buf out DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  dc_sign_request_add(&out, &request);
  ok(out.len == sizeof request_wire - 4 && memcmp(out.data, request_wire, out.len) == 0,
     "encoded again it is the same, less the unknown field");
  dc_sign_request_free(&request);

  is_num(dc_sign_request_parse((const uint8_t *)"", 0, &request, &err), 0, "an empty request is one with defaults");
  is_text(request.id, "", "its id is empty, not absent");
  is_num(request.validator, DC_VALIDATOR_UNKNOWN, "its validator is UNKNOWN");
  dc_sign_request_free(&request);
}

/* What Go's protobuf takes for unknown fields and passes over. */
static void test_unknown_fields(void) {
  static const struct {
    const char *bytes;
    size_t n;
    const char *what;
  } rows[] = {
      {"\x7b\x7c\x0a\x01" "a", 5, "an empty group"},
      {"\x7b\x08\x01\x0a\x01" "b\x83\x01\x84\x01\x7c\x0a\x01" "a", 14, "a group with fields and a group inside"},
      {"\x08\x05\x0a\x01" "a", 5, "a text's field with a number"},
      {"\x0a\x01" "a\x0d\x01\x02\x03\x04", 8, "with a fixed number, after the text"},
      {"\x0a\x01" "a\x0b\x0c", 5, "with a group"},
      {"\x0a\x01" "a\x32\x01\x02", 6, "an enum's field with bytes"},
      {"\x0a\x01" "a\x79\x01\x02\x03\x04\x05\x06\x07\x08", 12, "a field of the future with a fixed number"},
      {"\x0a\x01" "a\xf8\xff\xff\xff\x0f\x01", 9, "the largest field number"},
  };
  for (size_t i = 0; i < DC_COUNT(rows); i++) {
    struct dc_sign_request request = {.id = NULL};
    is_num(dc_sign_request_parse((const uint8_t *)rows[i].bytes, rows[i].n, &request, NULL), 0, rows[i].what);
    is_text(request.id ? request.id : "(none)", "a", "the field that is known counts");
    is_num(request.validator, DC_VALIDATOR_UNKNOWN, "and no other");
    dc_sign_request_free(&request);
  }
}

static void test_bad_requests(void) {
  static const struct {
    const char *bytes;
    size_t n;
    const char *what;
  } rows[] = {
      {"\x0a\x05" "ap", 4, "a string that is cut off"},
      {"\x0a\xff\xff\xff\xff\x0f", 6, "a length beyond all bounds"},
      {"\x0a\x01\xff", 3, "a string that is no UTF-8"},
      {"\x0a\x03" "a\0b", 5, "a string with a NUL"},
      {"\x0a\x02\xc0\xaf", 4, "an overlong form"},
      {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 11, "no protobuf at all"},
      {"\x3a\x01\xff", 3, "an audience that is no UTF-8"},
      {"\x7b", 1, "a group without an end"},
      {"\x7b\x0c", 2, "a group with another's end"},
      {"\x7c", 1, "an end without a group"},
      {"\x7b\x7b\x7c", 3, "a group inside without an end"},
      {"\x02\x00", 2, "the field number 0"},
      {"\xf8\xff\xff\xff\x1f\x01", 6, "a field number that is too large"},
      {"\x0f", 1, "a wire type that is none"},
      {"\x79\x01\x02", 3, "a fixed number that is cut off"},
      {"\x78\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 11, "a number beyond 64 bits"},
  };
  for (size_t i = 0; i < DC_COUNT(rows); i++) {
    struct dc_sign_request request = {.id = NULL};
    struct dc_err err = DC_ERR_INIT;
    is_num(dc_sign_request_parse((const uint8_t *)rows[i].bytes, rows[i].n, &request, &err), DC_EPROTO, rows[i].what);
    ok(err.text[0] != '\0' && request.id == NULL, "it has a text, and nothing is left behind");
  }
}

static void test_deep_groups(void) {
  enum { DEPTH = 100000 };
  uint8_t *bytes = malloc(2 * DEPTH);
  struct dc_sign_request request = {.id = NULL};
  if (!bytes) return;
  memset(bytes, 0x7b, DEPTH);
  memset(bytes + DEPTH, 0x7c, DEPTH);
  is_num(dc_sign_request_parse(bytes, 2 * DEPTH, &request, NULL), DC_EPROTO, "groups too deep in groups are refused");
  is_num(dc_sign_request_parse(bytes + DEPTH - 100, 200, &request, NULL), 0, "100 are not");
  dc_sign_request_free(&request);
  free(bytes);
}

/* Two bytes on the wire each: what they may ask for in memory is bounded. */
static void test_amplification(void) {
  enum { COUNT = 100000 };
  uint8_t *bytes = malloc(2 * COUNT);
  struct dc_sign_request request = {0};
  if (!bytes) return;
  for (size_t i = 0; i < COUNT; i++) {
    bytes[2 * i] = 0x3a;
    bytes[2 * i + 1] = 0;
  }
  int rc = dc_sign_request_parse(bytes, 2 * COUNT, &request, NULL);
  ok(rc == 0 ? request.audience_count == COUNT : rc == DC_EPROTO, "a flood of empty audiences is bounded");
  dc_sign_request_free(&request);
  free(bytes);
}

static void test_response(void) {
  static const uint8_t wire[] = {
      0x0a, 4, 'l', 'e', 'a', 'f',                   /* 1: workload_certificate */
      0x12, 2, 'c', 'a',                             /* 2: trust_chain_certificates */
      0x1a, 6, 0x08, 0x80, 0x92, 0xf7, 0xc3, 0x18,   /* 3: valid_until { seconds: 6584912128 } */
  };
  struct dc_buf out DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_sign_response response = {.valid_until = 0};
  dc_sign_response_add(&out, "leaf", 4, "ca", 2, INT64_C(6584912128), NULL);
  ok(out.len == sizeof wire && memcmp(out.data, wire, sizeof wire) == 0, "a response has the bytes of its fields");
  is_num(dc_sign_response_parse(out.data, out.len, &response, NULL), 0, "it is parsed again");
  is_text(dc_buf_text(&response.certificate), "leaf", "certificate");
  is_text(dc_buf_text(&response.anchors), "ca", "anchors");
  is_num(response.valid_until, INT64_C(6584912128), "valid_until, beyond 2038");
  dc_sign_response_free(&response);
  is_num(dc_sign_response_parse(wire, sizeof wire - 8, &response, NULL), DC_EPROTO, "without valid_until it is refused");
}

/* Fields 4 and 5 as another implementation writes them. */
static const uint8_t token_wire[] = {
    0x1a, 2, 0x08, 1,                              /* 3: valid_until */
    0x22, 5, 0x0a, 3, 'a', '.', 'b',               /* 4: jwt { value } */
    0x2a, 9, 0x0a, 2, 't', 'd', 0x12, 3, 0x0a, 1, '1', /* 5: per_audience_jwts { key, value { value } } */
    0x2a, 8, 0x0a, 1, 'x', 0x12, 3, 0x0a, 1, '2',
};

static void test_tokens(void) {
  char jwt[] = "a.b", td[] = "td", x[] = "x", one[] = "1", two[] = "2";
  struct dc_audience_token entries[] = {{td, one}, {x, two}};
  const struct dc_sign_tokens tokens = {.jwt = jwt, .per_audience = entries, .count = 2};
  struct dc_buf out DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_sign_response response = {.valid_until = 0};

  dc_sign_response_add(&out, "", 0, "ca", 2, 1, &tokens);
  ok(out.len == sizeof token_wire + 4 && memcmp(out.data + 4, token_wire, sizeof token_wire) == 0,
     "tokens have the bytes of their fields");
  is_num(dc_sign_response_parse(out.data, out.len, &response, NULL), 0, "they are parsed again");
  is_text(response.tokens.jwt, "a.b", "jwt");
  is_num(response.tokens.count, 2, "two of an audience each");
  is_text(response.tokens.per_audience[1].audience, "x", "the audience");
  is_text(response.tokens.per_audience[1].jwt, "2", "and its token");
  dc_sign_response_free(&response);
  ok(!response.tokens.jwt && response.tokens.count == 0, "nothing is left behind");
  is_num(dc_sign_response_parse(token_wire, 4, &response, NULL), 0, "an answer without tokens is parsed");
  ok(!response.tokens.jwt && response.tokens.count == 0, "and has none");
  dc_sign_response_free(&response);
}

static void test_odd_tokens(void) {
  static const char twice[] = "\x1a\x02\x08\x01\x2a\x08\x0a\x01x\x12\x03\x0a\x01" "1\x2a\x08\x0a\x01x\x12\x03\x0a\x01" "2";
  static const char bare[] = "\x1a\x02\x08\x01\x22\x00\x2a\x00";
  static const char no_utf8[] = "\x1a\x02\x08\x01\x22\x03\x0a\x01\xff", no_key[] = "\x1a\x02\x08\x01\x2a\x03\x0a\x01\xff";
  struct dc_sign_response response = {.valid_until = 0};

  is_num(dc_sign_response_parse((const uint8_t *)twice, sizeof twice - 1, &response, NULL), 0, "a key twice in the map");
  is_num(response.tokens.count, 1, "is one entry");
  is_text(response.tokens.per_audience[0].jwt, "2", "the last");
  dc_sign_response_free(&response);
  is_num(dc_sign_response_parse((const uint8_t *)bare, sizeof bare - 1, &response, NULL), 0, "without key and value");
  is_text(response.tokens.jwt, "", "a text is empty");
  is_text(response.tokens.per_audience[0].audience, "", "a key too");
  is_text(response.tokens.per_audience[0].jwt, "", "and its value");
  dc_sign_response_free(&response);
  is_num(dc_sign_response_parse((const uint8_t *)no_utf8, sizeof no_utf8 - 1, &response, NULL), DC_EPROTO,
         "a token that is no UTF-8 is refused");
  is_num(dc_sign_response_parse((const uint8_t *)no_key, sizeof no_key - 1, &response, NULL), DC_EPROTO,
         "an audience too");
  ok(!response.tokens.jwt && response.tokens.count == 0, "nothing is left behind");
}

int main(void) {
  char buf[12];
  test_request();
  test_unknown_fields();
  test_deep_groups();
  test_bad_requests();
  test_amplification();
  test_response();
  test_tokens();
  test_odd_tokens();
  is_text(dc_validator_name(DC_VALIDATOR_JWKS, buf), "JWKS", "a validator has a name");
  is_text(dc_validator_name(-1, buf), "-1", "an unknown one is a number");
  return tap_done();
}
