/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "sentry/validator.h"

#include <stdlib.h>
#include <string.h>

#include "pki/spiffe.h"

enum { APP_ID_MAX = 64 };
static const char default_trust_domain[] = "public"; /* what a sidecar without one belongs to */

typedef enum dc_grpc_status check_fn(const struct dc_validator_self *self, const struct dc_sign_request *request,
                                     char **trust_domain, struct dc_grpc_reply *reply);

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

static enum dc_grpc_status insecure(const struct dc_validator_self *self, const struct dc_sign_request *request,
                                    char **trust_domain, struct dc_grpc_reply *reply) {
  char *domain DC_CLEANUP(dc_mem_free) = NULL;
  if (check_common(request, reply) || find_trust_domain(request->trust_domain, &domain, reply)) return reply->status;
  if (strcmp(request->id, "dapr-sentry") == 0 && strcmp(domain, self->trust_domain) == 0 &&
      strcmp(request->namespace, self->namespace) == 0)
    return dc_grpc_refuse(reply, DC_GRPC_PERMISSION_DENIED, "the identity of sentry itself is not given to others");
  *trust_domain = domain;
  domain = NULL;
  return DC_GRPC_OK;
}

static check_fn *const validators[] = {[DC_VALIDATOR_INSECURE] = insecure};
static const int32_t default_validator = DC_VALIDATOR_INSECURE;

enum dc_grpc_status dc_validator_check(const struct dc_validator_self *self, const struct dc_sign_request *request,
                                       char **trust_domain, struct dc_grpc_reply *reply) {
  int32_t which = request->validator == DC_VALIDATOR_UNKNOWN ? default_validator : request->validator;
  if (which == DC_VALIDATOR_UNKNOWN)
    return dc_grpc_refuse(reply, DC_GRPC_INVALID_ARGUMENT, "a validator name must be specified in this environment");
  if (which < 0 || (size_t)which >= DC_COUNT(validators) || !validators[which])
    return dc_grpc_refuse(reply, DC_GRPC_INVALID_ARGUMENT, "the requested validator is not enabled");
  return validators[which](self, request, trust_domain, reply);
}
