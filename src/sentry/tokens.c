/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "sentry/tokens.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/* The trust domain and what the request names. */
struct audiences {
  const char *names[1 + DC_TOKENS_AUDIENCES_MAX];
  size_t count;
};

static bool has(const struct audiences *audiences, const char *name) {
  for (size_t i = 0; i < audiences->count; i++)
    if (strcmp(audiences->names[i], name) == 0) return true;
  return false;
}

static int collect(const char *trust_domain, const struct dc_sign_request *request, struct audiences *audiences,
                   struct dc_err *err) {
  audiences->names[audiences->count++] = trust_domain;
  for (size_t i = 0; i < request->audience_count; i++) {
    if (has(audiences, request->audiences[i])) continue;
    if (audiences->count == DC_COUNT(audiences->names))
      return dc_err_set(err, DC_ELIMIT, "more than %d JWT audiences", DC_TOKENS_AUDIENCES_MAX);
    audiences->names[audiences->count++] = request->audiences[i];
  }
  return 0;
}

static int make_one(const struct dc_token_signer *signer, const struct dc_token *like, const char **aud, size_t count,
                    char **out, struct dc_err *err) {
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_token token = *like;
  token.aud = aud;
  token.aud_count = count;
  int rc = dc_token_signer_sign(signer, &token, dc_clock_wall(), &text, err);
  if (rc) return dc_err_add(err, rc, "failed to generate JWT");
  *out = dc_buf_take_text(&text);
  return *out ? 0 : dc_err_nomem(err);
}

static int make_each(const struct dc_token_signer *signer, const struct dc_token *like, struct audiences *audiences,
                     struct dc_sign_tokens *tokens, struct dc_err *err) {
  int rc = 0;
  tokens->per_audience = calloc(audiences->count, sizeof *tokens->per_audience);
  if (!tokens->per_audience) return dc_err_nomem(err);
  while (!rc && tokens->count < audiences->count) {
    struct dc_audience_token *entry = &tokens->per_audience[tokens->count];
    const char **name = &audiences->names[tokens->count++];
    entry->audience = strdup(*name);
    rc = entry->audience ? make_one(signer, like, name, 1, &entry->jwt, err) : dc_err_nomem(err);
  }
  return rc;
}

int dc_tokens_make(const struct dc_token_signer *signer, const struct dc_token *like, const char *trust_domain,
                   const struct dc_sign_request *request, struct dc_sign_tokens *out, struct dc_err *err) {
  struct dc_sign_tokens tokens DC_CLEANUP(dc_sign_tokens_free) = {.jwt = NULL};
  struct audiences audiences = {.count = 0};
  int rc = collect(trust_domain, request, &audiences, err);
  if (!rc) rc = make_one(signer, like, audiences.names, audiences.count, &tokens.jwt, err);
  if (!rc) rc = make_each(signer, like, &audiences, &tokens, err);
  if (rc) return rc;
  *out = tokens;
  tokens = (struct dc_sign_tokens){.jwt = NULL};
  return 0;
}
