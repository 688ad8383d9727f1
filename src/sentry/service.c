/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "sentry/service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/duration.h"
#include "base/log.h"
#include "base/pem.h"
#include "ca/sign.h"
#include "pki/csr.h"
#include "pki/spiffe.h"
#include "rpc/messages.h"
#include "sentry/flood.h"
#include "sentry/metrics.h"
#include "sentry/tokens.h"
#include "sentry/validator.h"

static const char scope[] = "dapr.sentry.server";

enum { SANS_MAX = 4, DNS_MAX = 253, SCHEDULER_REPLICAS = 3 };

/* Everything that one call holds. */
struct call {
  const struct dc_sentry_config *config;
  const struct dc_snapshot *snapshot; /* with the policy: one from beginning to end */
  const struct dc_service_origin *origin;
  struct dc_sign_request request;
  int32_t validator;
  char *trust_domain;
  struct dc_pem csr_pem;
  struct dc_csr csr;
  struct dc_buf spiffe_id;
  struct dc_buf dns[SANS_MAX - 1];
  struct dc_san sans[SANS_MAX];
  size_t san_count;
};

static void call_free(struct call *call) {
  dc_snapshot_unref(call->snapshot);
  dc_sign_request_free(&call->request);
  free(call->trust_domain);
  dc_pem_free(&call->csr_pem);
  dc_buf_free(&call->spiffe_id);
  for (size_t i = 0; i < DC_COUNT(call->dns); i++) dc_buf_free(&call->dns[i]);
}

/* --- the request -------------------------------------------------------------------------------------------------- */

/* Sidecars up to 1.11 label their request CERTIFICATE. */
static bool is_csr_label(const char *label) {
  return strcmp(label, "CERTIFICATE REQUEST") == 0 || strcmp(label, "CERTIFICATE") == 0;
}

static enum dc_grpc_status read_csr(struct call *call, struct dc_grpc_reply *reply) {
  struct dc_err err = DC_ERR_INIT;
  const char *at = (const char *)call->request.csr;
  size_t left = call->request.csr_len;
  if (dc_pem_next(&at, &left, &call->csr_pem, &err) != 1 || !is_csr_label(call->csr_pem.label))
    return dc_grpc_refuse(reply, DC_GRPC_INVALID_ARGUMENT, "invalid certificate signing request");
  if (dc_csr_parse(&call->csr, call->csr_pem.der.data, call->csr_pem.der.len, &err))
    return dc_grpc_refuse(reply, DC_GRPC_INVALID_ARGUMENT, "failed to parse certificate signing request: %s",
                          err.text);
  switch (dc_csr_verify(&call->csr, &err)) {
    case DC_OK: return DC_GRPC_OK;
    case DC_EWEAK:
    case DC_ELIMIT: return dc_grpc_refuse(reply, DC_GRPC_INVALID_ARGUMENT, "%s", err.text);
    case DC_ENOMEM: return dc_grpc_refuse(reply, DC_GRPC_INTERNAL, "%s", err.text);
    default: return dc_grpc_refuse(reply, DC_GRPC_INVALID_ARGUMENT, "invalid signature");
  }
}

/* --- names -------------------------------------------------------------------------------------------------------- */

static void add_dns(struct call *call, struct dc_buf *name) {
  if (name->failed || name->len > DNS_MAX) return; /* no DNS name is that long: nobody could look for it */
  call->sans[call->san_count++] = (struct dc_san){.kind = DC_SAN_DNS, .value = {name->data, name->len}};
}

static bool is_ecdsa(enum dc_key_kind kind) {
  return kind == DC_KEY_P256 || kind == DC_KEY_P384 || kind == DC_KEY_P521;
}

/* Sidecars up to 1.11 know each other by DNS name, 1.12 and 1.13 ask for one still; told by the form of the request
 * (sentry-contract 3). */
static bool wants_legacy_dns(const struct call *call) {
  if (call->config->legacy_dns != DC_LEGACY_DNS_AUTO) return call->config->legacy_dns == DC_LEGACY_DNS_ALWAYS;
  return strcmp(call->csr_pem.label, "CERTIFICATE") == 0 ||
         (call->csr.has_dns_san && is_ecdsa(call->csr.spki.kind));
}

/* The control plane's own services, asked for in sentry's namespace, are reached by DNS. */
static void add_control_plane_names(struct call *call) {
  const char *id = call->request.id, *ns = call->request.namespace;
  if (strcmp(ns, call->snapshot->policy->is.namespace) != 0) return;
  if (strcmp(id, "dapr-injector") == 0)
    dc_buf_printf(&call->dns[0], "dapr-sidecar-injector.%s.svc", ns);
  else if (strcmp(id, "dapr-operator") == 0)
    dc_buf_printf(&call->dns[0], "dapr-webhook.%s.svc", ns);
  else if (strcmp(id, "dapr-scheduler") == 0)
    for (int i = 0; i < SCHEDULER_REPLICAS; i++)
      dc_buf_printf(&call->dns[i], "dapr-scheduler-server-%d.dapr-scheduler-server.%s.svc.%s", i, ns,
                    call->snapshot->policy->is.trust_domain);
}

static int make_names(struct call *call, struct dc_err *err) {
  const struct dc_sign_request *request = &call->request;
  int rc = dc_spiffe_workload(&call->spiffe_id, dc_slice_text(call->trust_domain), dc_slice_text(request->namespace),
                              dc_slice_text(request->id), err);
  if (rc) return rc;
  call->sans[call->san_count++] =
      (struct dc_san){.kind = DC_SAN_URI, .value = {call->spiffe_id.data, call->spiffe_id.len}};
  add_control_plane_names(call);
  if (call->dns[0].len == 0 && wants_legacy_dns(call))
    dc_buf_printf(&call->dns[0], "%s.%s.svc.cluster.local", request->id, request->namespace);
  for (size_t i = 0; i < DC_COUNT(call->dns); i++)
    if (call->dns[i].len) add_dns(call, &call->dns[i]);
  return 0;
}

/* --- what the operator is to see, with the call that it happened to ----------------------------------------------- */

static void tell_error(const struct call *call, enum dc_flood kind, const char *what, const struct dc_err *err) {
  dc_flood_log(kind, "%s: %s (request %s from %s)", what, err->text, call->origin->request, call->origin->peer);
}

/* --- the answer --------------------------------------------------------------------------------------------------- */

/* The line is with the kernel before the answer leaves. Without one the certificate goes out all the same, unless the
 * operator wants none that is not on record. */
static int record(const struct call *call, const struct dc_buf *chain, struct dc_err *err) {
  const struct dc_sentry_config *config = call->config;
  char number[12];
  if (!config->audit) return 0;
  const struct dc_audit_call entry = {.peer = call->origin->peer,
                                      .validator = dc_validator_name(call->validator, number),
                                      .request = call->origin->request};
  int rc = dc_audit_write(config->audit, &entry, (struct dc_slice){chain->data, chain->len}, err);
  if (rc) dc_metrics_add(DC_METRIC_AUDIT_FAILED);
  if (!rc || config->audit_required) return rc;
  tell_error(call, DC_FLOOD_UNAUDITED, "a certificate is handed out without its line in the audit log", err);
  return 0;
}

static int make_tokens(const struct call *call, const struct dc_token_signer *signer, int64_t skew,
                       struct dc_sign_tokens *tokens, struct dc_err *err) {
  const struct dc_token like = {.sub = dc_buf_text(&call->spiffe_id),
                                .ttl = (call->config->jwt.ttl + DC_SECOND - 1) / DC_SECOND,
                                .skew = skew};
  return dc_tokens_make(signer, &like, call->trust_domain, &call->request, tokens, err);
}

static int sign(struct call *call, struct dc_buf *message, struct dc_err *err) {
  const struct dc_snapshot *snapshot = call->snapshot;
  struct dc_buf chain DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_sign_tokens tokens DC_CLEANUP(dc_sign_tokens_free) = {.jwt = NULL};
  int64_t not_after = 0;
  int rc = make_names(call, err);
  if (rc) return rc;
  const struct dc_leaf leaf = {
      .spki = &call->csr.spki,
      .sans = call->sans,
      .san_count = call->san_count,
      .ttl = (snapshot->policy->is.workload_ttl + DC_SECOND - 1) / DC_SECOND,
      .skew = snapshot->policy->is.clock_skew / DC_SECOND,
  };
  rc = dc_sign_leaf(snapshot->authority, &leaf, dc_clock_wall(), &chain, &not_after, err);
  if (!rc && snapshot->tokens) rc = make_tokens(call, snapshot->tokens, leaf.skew, &tokens, err);
  if (!rc) rc = record(call, &chain, err);
  if (rc) return rc;
  struct dc_slice anchors = dc_authority_anchors_pem(snapshot->authority);
  dc_sign_response_add(message, chain.data, chain.len, anchors.data, anchors.len, not_after, &tokens);
  return dc_buf_check(message, err);
}

static enum dc_grpc_status answer(struct call *call, struct dc_grpc_reply *reply) {
  struct dc_err err = DC_ERR_INIT;
  int rc = sign(call, &reply->message, &err);
  if (rc == 0) return DC_GRPC_OK;
  if (rc == DC_ELIMIT) return dc_grpc_refuse(reply, DC_GRPC_INVALID_ARGUMENT, "%s", err.text);
  tell_error(call, DC_FLOOD_UNSIGNED, "Error signing identity", &err);
  if (rc == DC_EEXPIRED) return dc_grpc_refuse(reply, DC_GRPC_UNAVAILABLE, "%s", err.text);
  return dc_grpc_refuse(reply, DC_GRPC_INTERNAL, "failed to sign certificate");
}

/* --- the story of one call, at level debug, in the original's words ----------------------------------------------- */

static void tell_begin(const struct call *call) {
  char number[12];
  if (!dc_log_enabled(DC_LOG_DEBUG)) return;
  dc_log_write(DC_LOG_DEBUG, scope,
               "Processing SignCertificate request for %s/%s (validator: %s; request %s from %s)",
               call->request.namespace, call->request.id, dc_validator_name(call->validator, number),
               call->origin->request, call->origin->peer);
}

static void tell_end(const struct call *call, enum dc_verdict verdict, const struct dc_grpc_reply *reply) {
  if (!dc_log_enabled(DC_LOG_DEBUG)) return;
  const char *ns = call->request.namespace ? call->request.namespace : "";
  const char *id = call->request.id ? call->request.id : "";
  if (verdict == DC_VERDICT_WAIT)
    dc_log_write(DC_LOG_DEBUG, scope, "Waiting for the key set to judge the token for %s/%s (request %s)", ns, id,
                 call->origin->request);
  else if (reply->status == DC_GRPC_OK)
    dc_log_write(DC_LOG_DEBUG, scope, "Successfully signed certificate for %s/%s (%s; request %s)", ns, id,
                 dc_buf_text(&call->spiffe_id), call->origin->request);
  else
    dc_log_write(DC_LOG_DEBUG, scope, "Refused to sign a certificate for %s/%s (request %s): %s: %s", ns, id,
                 call->origin->request, dc_grpc_status_name((int)reply->status), reply->text);
}

/* --- all of it ---------------------------------------------------------------------------------------------------- */

static enum dc_verdict handle(struct call *call, const uint8_t *message, size_t n, struct dc_grpc_reply *reply) {
  const struct dc_policy *policy = call->snapshot->policy;
  struct dc_err err = DC_ERR_INIT;
  if (dc_sign_request_parse(message, n, &call->request, &err)) {
    dc_grpc_refuse(reply, DC_GRPC_INTERNAL, "grpc: error unmarshalling request: %s", err.text);
    return DC_VERDICT_REFUSED;
  }
  call->validator = dc_validator_choose(policy, &call->request);
  tell_begin(call);
  enum dc_verdict verdict = dc_validator_check(policy, call->validator, &call->request, &call->trust_domain, reply);
  if (verdict == DC_VERDICT_GRANTED && (read_csr(call, reply) || answer(call, reply)))
    return DC_VERDICT_REFUSED;
  return verdict;
}

bool dc_service_sign(struct dc_live *live, const struct dc_sentry_config *config,
                     const struct dc_service_origin *origin, const uint8_t *message, size_t n,
                     struct dc_grpc_reply *reply) {
  struct call call = {.config = config, .snapshot = dc_live_get(live), .origin = origin};
  enum dc_verdict verdict = handle(&call, message, n, reply);
  tell_end(&call, verdict, reply);
  call_free(&call);
  if (verdict == DC_VERDICT_WAIT) return false;
  dc_metrics_add(DC_METRIC_REQUESTS);
  dc_metrics_add(reply->status == DC_GRPC_OK ? DC_METRIC_SIGNED : DC_METRIC_REFUSED);
  return true;
}
