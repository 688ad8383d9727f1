/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "rpc/messages.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "proto/sentry.pb-c.h"
#include "rpc/wire.h"

typedef Dapr__Proto__Sentry__V1__SignCertificateRequest request_pb;
typedef Dapr__Proto__Sentry__V1__SignCertificateResponse response_pb;
typedef Dapr__Proto__Sentry__V1__StringValue value_pb;
typedef Dapr__Proto__Sentry__V1__AudienceJwt audience_pb;

/* A few bytes on the wire can ask for a struct each: what one message may take in memory is bounded by its size. */
enum { BUDGET_FACTOR = 64, BUDGET_BASE = 4096, TOKENS_MAX = 1000 };

struct budget {
  size_t left;
};

static void *budget_alloc(void *data, size_t size) {
  struct budget *budget = data;
  if (size > budget->left) return NULL;
  budget->left -= size;
  return malloc(size);
}

static void budget_free(void *data, void *pointer) {
  (void)data;
  free(pointer);
}

static void budget_allocator(ProtobufCAllocator *allocator, struct budget *budget, size_t n) {
  budget->left = n > SIZE_MAX / BUDGET_FACTOR - BUDGET_BASE ? SIZE_MAX : n * BUDGET_FACTOR + BUDGET_BASE;
  *allocator = (ProtobufCAllocator){.alloc = budget_alloc, .free = budget_free, .allocator_data = budget};
}

const char *dc_validator_name(int32_t validator, char *buf) {
  static const char *const names[] = {
      [DC_VALIDATOR_UNKNOWN] = "UNKNOWN",
      [DC_VALIDATOR_INSECURE] = "INSECURE",
      [DC_VALIDATOR_KUBERNETES] = "KUBERNETES",
      [DC_VALIDATOR_JWKS] = "JWKS",
  };
  if (validator >= 0 && (size_t)validator < DC_COUNT(names)) return names[validator];
  snprintf(buf, 12, "%d", (int)validator);
  return buf;
}

static int take_text(const ProtobufCBinaryData *field, const char *name, char **out, struct dc_err *err) {
  if (!dc_utf8_valid(field->data, field->len))
    return dc_err_set(err, DC_EPROTO, "proto: field %s contains invalid UTF-8", name);
  if (field->len && memchr(field->data, '\0', field->len))
    return dc_err_set(err, DC_EPROTO, "proto: field %s contains a NUL", name);
  char *text = malloc(field->len + 1);
  if (!text) return dc_err_nomem(err);
  if (field->len) memcpy(text, field->data, field->len);
  text[field->len] = '\0';
  *out = text;
  return 0;
}

static int take_audiences(const request_pb *pb, struct dc_sign_request *request, struct dc_err *err) {
  if (pb->n_jwt_audiences == 0) return 0;
  request->audiences = calloc(pb->n_jwt_audiences, sizeof *request->audiences);
  if (!request->audiences) return dc_err_nomem(err);
  for (size_t i = 0; i < pb->n_jwt_audiences; i++) {
    int rc = take_text(&pb->jwt_audiences[i], "jwt_audiences", &request->audiences[i], err);
    if (rc) return rc;
    request->audience_count++;
  }
  return 0;
}

static int take_request(const request_pb *pb, struct dc_sign_request *request, struct dc_err *err) {
  int rc = 0;
  if ((rc = take_text(&pb->id, "id", &request->id, err)) ||
      (rc = take_text(&pb->token, "token", &request->token, err)) ||
      (rc = take_text(&pb->trust_domain, "trust_domain", &request->trust_domain, err)) ||
      (rc = take_text(&pb->namespace_, "namespace", &request->namespace, err)) ||
      (rc = take_audiences(pb, request, err)))
    return rc;
  request->csr_len = pb->certificate_signing_request.len;
  request->csr = malloc(request->csr_len + 1);
  if (!request->csr) return dc_err_nomem(err);
  if (request->csr_len) memcpy(request->csr, pb->certificate_signing_request.data, request->csr_len);
  request->validator = (int32_t)pb->token_validator;
  return 0;
}

static const enum dc_wire_type request_types[] = {
    DC_WIRE_BYTES, DC_WIRE_BYTES, DC_WIRE_BYTES, DC_WIRE_BYTES, DC_WIRE_BYTES, DC_WIRE_VARINT, DC_WIRE_BYTES,
};

int dc_sign_request_parse(const uint8_t *bytes, size_t n, struct dc_sign_request *request, struct dc_err *err) {
  struct dc_buf room DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_slice known;
  struct budget budget;
  ProtobufCAllocator allocator;
  int rc = dc_wire_keep((struct dc_slice){bytes, n}, request_types, DC_COUNT(request_types), &room, &known, err);
  if (rc) return rc;
  budget_allocator(&allocator, &budget, known.len);
  request_pb *pb = dapr__proto__sentry__v1__sign_certificate_request__unpack(&allocator, known.len, known.data);
  if (!pb) return dc_err_set(err, DC_EPROTO, "proto: cannot parse invalid wire-format data");
  struct dc_sign_request parsed = {0};
  rc = take_request(pb, &parsed, err);
  dc_mem_wipe(pb->token.data, pb->token.len);
  dapr__proto__sentry__v1__sign_certificate_request__free_unpacked(pb, &allocator);
  if (rc)
    dc_sign_request_free(&parsed);
  else
    *request = parsed;
  return rc;
}

static ProtobufCBinaryData text_field(const char *text) {
  return (ProtobufCBinaryData){.len = text ? strlen(text) : 0, .data = (uint8_t *)(uintptr_t)text};
}

static ProtobufCBinaryData bytes_field(const void *bytes, size_t n) {
  return (ProtobufCBinaryData){.len = n, .data = (uint8_t *)(uintptr_t)bytes};
}

void dc_sign_request_add(struct dc_buf *out, const struct dc_sign_request *request) {
  request_pb pb = DAPR__PROTO__SENTRY__V1__SIGN_CERTIFICATE_REQUEST__INIT;
  ProtobufCBinaryData *audiences DC_CLEANUP(dc_mem_free) = NULL;
  if (request->audience_count) {
    audiences = calloc(request->audience_count, sizeof *audiences);
    if (!audiences) {
      out->failed = true;
      return;
    }
    for (size_t i = 0; i < request->audience_count; i++) audiences[i] = text_field(request->audiences[i]);
  }
  pb.id = text_field(request->id);
  pb.token = text_field(request->token);
  pb.trust_domain = text_field(request->trust_domain);
  pb.namespace_ = text_field(request->namespace);
  pb.certificate_signing_request = bytes_field(request->csr, request->csr_len);
  pb.token_validator = (Dapr__Proto__Sentry__V1__SignCertificateRequest__TokenValidator)request->validator;
  pb.n_jwt_audiences = request->audience_count;
  pb.jwt_audiences = audiences;
  size_t size = dapr__proto__sentry__v1__sign_certificate_request__get_packed_size(&pb);
  unsigned char *room = dc_buf_reserve(out, size);
  if (room) out->len += dapr__proto__sentry__v1__sign_certificate_request__pack(&pb, room);
}

void dc_sign_request_free(struct dc_sign_request *request) {
  if (!request) return;
  if (request->token) dc_mem_wipe(request->token, strlen(request->token));
  for (size_t i = 0; i < request->audience_count; i++) free(request->audiences[i]);
  free(request->audiences);
  free(request->id);
  free(request->token);
  free(request->trust_domain);
  free(request->namespace);
  free(request->csr);
  *request = (struct dc_sign_request){0};
}

static void wipe_text(char *text) {
  if (text) dc_mem_wipe(text, strlen(text));
  free(text);
}

static void entry_free(struct dc_audience_token *entry) {
  free(entry->audience);
  wipe_text(entry->jwt);
  *entry = (struct dc_audience_token){.audience = NULL};
}

void dc_sign_tokens_free(struct dc_sign_tokens *tokens) {
  for (size_t i = 0; i < tokens->count; i++) entry_free(&tokens->per_audience[i]);
  free(tokens->per_audience);
  wipe_text(tokens->jwt);
  *tokens = (struct dc_sign_tokens){.jwt = NULL};
}

/* An entry of a map: of two with one key the last counts, an absent key or value is an empty one. */
static int take_entry(const audience_pb *pb, struct dc_sign_tokens *tokens, struct dc_err *err) {
  static const ProtobufCBinaryData empty;
  struct dc_audience_token entry = {.audience = NULL};
  size_t at = 0;
  int rc = take_text(&pb->key, "per_audience_jwts", &entry.audience, err);
  if (!rc) rc = take_text(pb->value ? &pb->value->value : &empty, "per_audience_jwts", &entry.jwt, err);
  if (rc) {
    entry_free(&entry);
    return rc;
  }
  while (at < tokens->count && strcmp(tokens->per_audience[at].audience, entry.audience) != 0) at++;
  if (at < tokens->count)
    entry_free(&tokens->per_audience[at]);
  else
    tokens->count++;
  tokens->per_audience[at] = entry;
  return 0;
}

static int take_tokens(const response_pb *pb, struct dc_sign_tokens *tokens, struct dc_err *err) {
  int rc = pb->jwt ? take_text(&pb->jwt->value, "jwt", &tokens->jwt, err) : 0;
  if (rc || pb->n_per_audience_jwts == 0) return rc;
  if (pb->n_per_audience_jwts > TOKENS_MAX)
    return dc_err_set(err, DC_EPROTO, "the answer has more than %d tokens", TOKENS_MAX);
  tokens->per_audience = calloc(pb->n_per_audience_jwts, sizeof *tokens->per_audience);
  if (!tokens->per_audience) return dc_err_nomem(err);
  for (size_t i = 0; !rc && i < pb->n_per_audience_jwts; i++) rc = take_entry(pb->per_audience_jwts[i], tokens, err);
  return rc;
}

int dc_sign_response_parse(const uint8_t *bytes, size_t n, struct dc_sign_response *response, struct dc_err *err) {
  struct budget budget;
  ProtobufCAllocator allocator;
  budget_allocator(&allocator, &budget, n);
  response_pb *pb = dapr__proto__sentry__v1__sign_certificate_response__unpack(&allocator, n, bytes);
  if (!pb) return dc_err_set(err, DC_EPROTO, "proto: cannot parse invalid wire-format data");
  struct dc_sign_response parsed = {0};
  int rc = 0;
  dc_buf_add(&parsed.certificate, pb->workload_certificate.data, pb->workload_certificate.len);
  for (size_t i = 0; i < pb->n_trust_chain_certificates; i++)
    dc_buf_add(&parsed.anchors, pb->trust_chain_certificates[i].data, pb->trust_chain_certificates[i].len);
  if (pb->valid_until)
    parsed.valid_until = pb->valid_until->seconds;
  else
    rc = dc_err_set(err, DC_EPROTO, "the answer has no valid_until");
  if (!rc) rc = take_tokens(pb, &parsed.tokens, err);
  dapr__proto__sentry__v1__sign_certificate_response__free_unpacked(pb, &allocator);
  if (!rc) rc = dc_buf_check(&parsed.certificate, err);
  if (!rc) rc = dc_buf_check(&parsed.anchors, err);
  if (rc)
    dc_sign_response_free(&parsed);
  else
    *response = parsed;
  return rc;
}

/* What the encoder wants of one entry. */
struct packed_tokens {
  audience_pb entry;
  value_pb value;
};

static bool add_tokens(const struct dc_sign_tokens *tokens, struct packed_tokens **packed, audience_pb ***list) {
  *packed = calloc(tokens->count, sizeof **packed);
  *list = calloc(tokens->count, sizeof **list);
  if (!*packed || !*list) return false;
  for (size_t i = 0; i < tokens->count; i++) {
    struct packed_tokens *one = &(*packed)[i];
    dapr__proto__sentry__v1__audience_jwt__init(&one->entry);
    dapr__proto__sentry__v1__string_value__init(&one->value);
    one->entry.key = text_field(tokens->per_audience[i].audience);
    one->value.value = text_field(tokens->per_audience[i].jwt);
    one->entry.value = &one->value;
    (*list)[i] = &one->entry;
  }
  return true;
}

void dc_sign_response_add(struct dc_buf *out, const void *certificate, size_t certificate_len, const void *anchors,
                          size_t anchors_len, int64_t valid_until, const struct dc_sign_tokens *tokens) {
  static const struct dc_sign_tokens none;
  response_pb pb = DAPR__PROTO__SENTRY__V1__SIGN_CERTIFICATE_RESPONSE__INIT;
  Dapr__Proto__Sentry__V1__Timestamp timestamp = DAPR__PROTO__SENTRY__V1__TIMESTAMP__INIT;
  value_pb jwt = DAPR__PROTO__SENTRY__V1__STRING_VALUE__INIT;
  ProtobufCBinaryData anchor = bytes_field(anchors, anchors_len);
  struct packed_tokens *packed DC_CLEANUP(dc_mem_free) = NULL;
  audience_pb **list DC_CLEANUP(dc_mem_free) = NULL;
  if (!tokens) tokens = &none;
  if (tokens->count && !add_tokens(tokens, &packed, &list)) {
    out->failed = true;
    return;
  }
  timestamp.seconds = valid_until;
  jwt.value = text_field(tokens->jwt);
  pb.workload_certificate = bytes_field(certificate, certificate_len);
  pb.n_trust_chain_certificates = 1;
  pb.trust_chain_certificates = &anchor;
  pb.valid_until = &timestamp;
  pb.jwt = tokens->jwt ? &jwt : NULL;
  pb.n_per_audience_jwts = tokens->count;
  pb.per_audience_jwts = list;
  size_t size = dapr__proto__sentry__v1__sign_certificate_response__get_packed_size(&pb);
  unsigned char *room = dc_buf_reserve(out, size);
  if (room) out->len += dapr__proto__sentry__v1__sign_certificate_response__pack(&pb, room);
}

void dc_sign_response_free(struct dc_sign_response *response) {
  if (!response) return;
  dc_buf_free(&response->certificate);
  dc_buf_free(&response->anchors);
  dc_sign_tokens_free(&response->tokens);
  response->valid_until = 0;
}
