/* SPDX-License-Identifier: Apache-2.0 */
/* The two messages of dapr.proto.sentry.v1.CA/SignCertificate, between bytes and structs (protobuf-c behind). */
#ifndef DC_RPC_MESSAGES_H
#define DC_RPC_MESSAGES_H

#include <stdint.h>

#include "base/buf.h"

#define DC_SIGN_METHOD_PATH "/dapr.proto.sentry.v1.CA/SignCertificate"

enum dc_validator { /* the wire's numbers; any other int32 may arrive */
  DC_VALIDATOR_UNKNOWN = 0,
  DC_VALIDATOR_INSECURE = 1,
  DC_VALIDATOR_KUBERNETES = 2,
  DC_VALIDATOR_JWKS = 3,
};
/* "UNKNOWN", "INSECURE", ..., or the number in digits written to BUF (12 bytes). */
const char *dc_validator_name(int32_t validator, char *buf);

struct dc_sign_request {
  char *id, *token, *trust_domain, *namespace; /* never NULL after parsing; UTF-8, may be empty */
  uint8_t *csr;                                /* PEM, as sent */
  size_t csr_len;
  int32_t validator; /* open enum: any value */
  char **audiences;
  size_t audience_count;
};

/* JWTs beside a certificate. */
struct dc_sign_tokens {
  char *jwt; /* for all audiences; NULL: none */
  struct dc_audience_token {
    char *audience, *jwt;
  } *per_audience; /* each audience once */
  size_t count;
};

struct dc_sign_response {
  struct dc_buf certificate; /* PEM: leaf, then the issuer's chain */
  struct dc_buf anchors;     /* PEM: every trust chain entry, one after the other */
  int64_t valid_until;       /* seconds since the epoch */
  struct dc_sign_tokens tokens;
};

/* DC_EPROTO with a text in the words of grpc-go ("proto: ...") for bytes that are no such message, a string that is no
 * UTF-8, or more pieces than memory is granted for (a fixed multiple of N). A NUL inside a string is kept out by the
 * rules for names above: such a string fails here too. */
int dc_sign_request_parse(const uint8_t *bytes, size_t n, struct dc_sign_request *request, struct dc_err *err)
    DC_NODISCARD;
void dc_sign_request_add(struct dc_buf *out, const struct dc_sign_request *request);
void dc_sign_request_free(struct dc_sign_request *request); /* wipes the token */

int dc_sign_response_parse(const uint8_t *bytes, size_t n, struct dc_sign_response *response, struct dc_err *err)
    DC_NODISCARD;
/* Appends the encoded message. ANCHORS go as one entry. TOKENS may be NULL. */
void dc_sign_response_add(struct dc_buf *out, const void *certificate, size_t certificate_len, const void *anchors,
                          size_t anchors_len, int64_t valid_until, const struct dc_sign_tokens *tokens);
void dc_sign_response_free(struct dc_sign_response *response); /* wipes the tokens */
void dc_sign_tokens_free(struct dc_sign_tokens *tokens);       /* wipes them; for DC_CLEANUP too */

#endif
