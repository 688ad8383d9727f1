/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "sentry/validator.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "pki/jwt.h"
#include "pki/spiffe.h"

enum { APP_ID_MAX = 64, TOKEN_SKEW = 5 * 60 };
static const char default_trust_domain[] = "public"; /* what a sidecar without one belongs to */

/* Every rule that is broken is told, a line each, in the original's order. */
static enum dc_grpc_status check_common(const struct dc_sign_request *request, struct dc_grpc_reply *reply) {
  const struct {
    bool broken;
    const char *text;
  } rules[] = {
      {request->id[0] == '\0', "parameter app-id cannot be empty"},
      {strchr(request->id, '.') != NULL, "parameter app-id cannot contain dots"},
      {strlen(request->id) > APP_ID_MAX, "app ID must be 64 characters or less"},
      {request->csr_len == 0, "CSR is required"},
      {request->namespace[0] == '\0', "namespace is required"},
  };
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  for (size_t i = 0; i < DC_COUNT(rules); i++)
    if (rules[i].broken) dc_buf_printf(&text, "%s%s", text.len ? "\n" : "", rules[i].text);
  if (text.len == 0) return DC_GRPC_OK;
  return dc_grpc_refuse(reply, DC_GRPC_PERMISSION_DENIED, "invalid request: %s", dc_buf_text(&text));
}

static enum dc_grpc_status find_trust_domain(const char *asked, char **trust_domain, struct dc_grpc_reply *reply) {
  struct dc_err err = DC_ERR_INIT;
  struct dc_slice name = dc_slice_text(asked[0] ? asked : default_trust_domain);
  if (dc_spiffe_trust_domain(name, &name, &err))
    return dc_grpc_refuse(reply, DC_GRPC_PERMISSION_DENIED, "%s", err.text);
  *trust_domain = strndup((const char *)name.data, name.len);
  return *trust_domain ? DC_GRPC_OK : dc_grpc_refuse(reply, DC_GRPC_INTERNAL, "out of memory");
}

/* Under `insecure` whoever were given it could pose as the CA. */
static enum dc_grpc_status keep_own_identity(const struct dc_policy *policy,
                                             const struct dc_sign_request *request, const char *trust_domain,
                                             struct dc_grpc_reply *reply) {
  if (strcmp(request->id, DC_SPIFFE_SENTRY) != 0 || strcmp(trust_domain, policy->is.trust_domain) != 0 ||
      strcmp(request->namespace, policy->is.namespace) != 0)
    return DC_GRPC_OK;
  return dc_grpc_refuse(reply, DC_GRPC_PERMISSION_DENIED, "the identity of sentry itself is not given to others");
}

/* What holds under every validator. */
static enum dc_grpc_status check_request(const struct dc_policy *policy, const struct dc_sign_request *request,
                                         char **trust_domain, struct dc_grpc_reply *reply) {
  if (check_common(request, reply) || find_trust_domain(request->trust_domain, trust_domain, reply))
    return reply->status;
  return keep_own_identity(policy, request, *trust_domain, reply);
}

/* --- insecure ----------------------------------------------------------------------------------------------------- */

static enum dc_verdict insecure(const struct dc_policy *policy, const struct dc_sign_request *request,
                                char **trust_domain, struct dc_grpc_reply *reply) {
  if (check_request(policy, request, trust_domain, reply)) return DC_VERDICT_REFUSED;
  if (dc_allow_permits(policy->is.allow, request->namespace, request->id)) return DC_VERDICT_GRANTED;
  dc_grpc_refuse(reply, DC_GRPC_PERMISSION_DENIED,
                 "app id '%s' in namespace '%s' is none that may be asked for: daprcerts.conf, section [allow], lists "
                 "those that may",
                 request->id, request->namespace);
  return DC_VERDICT_REFUSED;
}

/* --- jwks --------------------------------------------------------------------------------------------------------- */

/* The token must be meant for this sentry and be the identity's that is asked for. */
static int check_token(const struct dc_policy *policy, const struct dc_jwks *keys, const char *token,
                       const struct dc_buf *subject, struct dc_err *err) {
  static const char white[] = " \t\r\n";
  const struct dc_jwt_expect expect = {
      .aud = dc_buf_text(&policy->spiffe_id), .sub = dc_buf_text(subject), .now = dc_clock_wall(), .skew = TOKEN_SKEW};
  token += strspn(token, white); /* a file's last newline, as often as not */
  size_t n = strlen(token);
  while (n > 0 && strchr(white, token[n - 1])) n--;
  return dc_jwt_verify(token, n, keys, &expect, NULL, err);
}

static enum dc_verdict check_with_keys(const struct dc_policy *policy, const struct dc_jwks *keys,
                                       const struct dc_sign_request *request, char **trust_domain,
                                       struct dc_grpc_reply *reply) {
  struct dc_buf subject DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_err err = DC_ERR_INIT;
  if (check_request(policy, request, trust_domain, reply)) return DC_VERDICT_REFUSED;
  if (dc_spiffe_workload(&subject, dc_slice_text(*trust_domain), dc_slice_text(request->namespace),
                         dc_slice_text(request->id), &err)) {
    dc_grpc_refuse(reply, DC_GRPC_PERMISSION_DENIED, "failed to construct SPIFFE ID for requestor: %s", err.text);
    return DC_VERDICT_REFUSED;
  }
  int rc = check_token(policy, keys, request->token, &subject, &err);
  if (rc == 0) return DC_VERDICT_GRANTED;
  if (rc == DC_ENOENT && dc_jwks_source_want(policy->keys, keys)) return DC_VERDICT_WAIT;
  dc_grpc_refuse(reply, DC_GRPC_PERMISSION_DENIED, "token validation failed: %s", err.text);
  return DC_VERDICT_REFUSED;
}

static enum dc_verdict jwks(const struct dc_policy *policy, const struct dc_sign_request *request,
                            char **trust_domain, struct dc_grpc_reply *reply) {
  if (request->token[0] == '\0') {
    dc_grpc_refuse(reply, DC_GRPC_PERMISSION_DENIED, "the request does not contain a token");
    return DC_VERDICT_REFUSED;
  }
  const struct dc_jwks *keys = dc_jwks_source_get(policy->keys);
  if (!keys) return DC_VERDICT_WAIT;
  enum dc_verdict verdict = check_with_keys(policy, keys, request, trust_domain, reply);
  dc_jwks_source_put(policy->keys, keys);
  return verdict;
}

/* --- which -------------------------------------------------------------------------------------------------------- */

int32_t dc_validator_choose(const struct dc_policy *policy, const struct dc_sign_request *request) {
  if (request->validator != DC_VALIDATOR_UNKNOWN) return request->validator;
  return policy->keys ? DC_VALIDATOR_UNKNOWN : DC_VALIDATOR_INSECURE;
}

enum dc_verdict dc_validator_check(const struct dc_policy *policy, int32_t which,
                                   const struct dc_sign_request *request, char **trust_domain,
                                   struct dc_grpc_reply *reply) {
  char *domain DC_CLEANUP(dc_mem_free) = NULL;
  enum dc_verdict verdict = DC_VERDICT_REFUSED;
  if (which == DC_VALIDATOR_UNKNOWN)
    dc_grpc_refuse(reply, DC_GRPC_INVALID_ARGUMENT, "a validator name must be specified in this environment");
  else if (which == DC_VALIDATOR_JWKS && policy->keys)
    verdict = jwks(policy, request, &domain, reply);
  else if (which == DC_VALIDATOR_INSECURE && !policy->keys)
    verdict = insecure(policy, request, &domain, reply);
  else
    dc_grpc_refuse(reply, DC_GRPC_INVALID_ARGUMENT, "the requested validator is not enabled");
  if (verdict == DC_VERDICT_GRANTED) {
    *trust_domain = domain;
    domain = NULL;
  }
  return verdict;
}
