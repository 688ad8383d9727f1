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
#include "sentry/validator.h"

static const char scope[] = "dapr.sentry.server";

enum { SANS_MAX = 4, DNS_MAX = 253, SCHEDULER_REPLICAS = 3 };

/* Everything that one call holds. */
struct call {
  const struct dc_sentry_config *config;
  struct dc_sign_request request;
  char *trust_domain;
  struct dc_pem csr_pem;
  struct dc_csr csr;
  struct dc_buf spiffe_id;
  struct dc_buf dns[SANS_MAX - 1];
  struct dc_san sans[SANS_MAX];
  size_t san_count;
};

static void call_free(struct call *call) {
  dc_sign_request_free(&call->request);
  free(call->trust_domain);
  dc_pem_free(&call->csr_pem);
  dc_buf_free(&call->spiffe_id);
  for (size_t i = 0; i < DC_COUNT(call->dns); i++) dc_buf_free(&call->dns[i]);
}

/* --- the request ------------------------------------------------------------------------------------------------------ */

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

/* --- names ------------------------------------------------------------------------------------------------------------- */

static void add_dns(struct call *call, struct dc_buf *name) {
  if (name->failed || name->len > DNS_MAX) return; /* no DNS name is that long: nobody could look for it */
  call->sans[call->san_count++] = (struct dc_san){.kind = DC_SAN_DNS, .value = {name->data, name->len}};
}

static bool is_ecdsa(enum dc_key_kind kind) {
  return kind == DC_KEY_P256 || kind == DC_KEY_P384 || kind == DC_KEY_P521;
}

/* Sidecars up to 1.11 know each other by DNS name, 1.12 and 1.13 ask for one still; told by the form of the request
 * (sentry-contract 3). */
static bool is_old_sidecar(const struct call *call) {
  return strcmp(call->csr_pem.label, "CERTIFICATE") == 0 ||
         (call->csr.has_dns_san && is_ecdsa(call->csr.spki.kind));
}

/* The control plane's own services, asked for in sentry's namespace, are reached by DNS. */
static void add_control_plane_names(struct call *call) {
  const char *id = call->request.id, *ns = call->request.namespace;
  if (strcmp(ns, call->config->namespace) != 0) return;
  if (strcmp(id, "dapr-injector") == 0)
    dc_buf_printf(&call->dns[0], "dapr-sidecar-injector.%s.svc", ns);
  else if (strcmp(id, "dapr-operator") == 0)
    dc_buf_printf(&call->dns[0], "dapr-webhook.%s.svc", ns);
  else if (strcmp(id, "dapr-scheduler") == 0)
    for (int i = 0; i < SCHEDULER_REPLICAS; i++)
      dc_buf_printf(&call->dns[i], "dapr-scheduler-server-%d.dapr-scheduler-server.%s.svc.%s", i, ns,
                    call->config->trust_domain);
}

static int make_names(struct call *call, struct dc_err *err) {
  const struct dc_sign_request *request = &call->request;
  int rc = dc_spiffe_workload(&call->spiffe_id, dc_slice_text(call->trust_domain), dc_slice_text(request->namespace),
                              dc_slice_text(request->id), err);
  if (rc) return rc;
  call->sans[call->san_count++] =
      (struct dc_san){.kind = DC_SAN_URI, .value = {call->spiffe_id.data, call->spiffe_id.len}};
  add_control_plane_names(call);
  if (call->dns[0].len == 0 && is_old_sidecar(call))
    dc_buf_printf(&call->dns[0], "%s.%s.svc.cluster.local", request->id, request->namespace);
  for (size_t i = 0; i < DC_COUNT(call->dns); i++)
    if (call->dns[i].len) add_dns(call, &call->dns[i]);
  return 0;
}

/* --- the answer ---------------------------------------------------------------------------------------------------------- */

static int sign(struct call *call, const struct dc_authority *authority, struct dc_buf *message, struct dc_err *err) {
  struct dc_buf chain DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  int64_t not_after = 0;
  int rc = make_names(call, err);
  if (rc) return rc;
  const struct dc_leaf leaf = {
      .spki = &call->csr.spki,
      .sans = call->sans,
      .san_count = call->san_count,
      .ttl = (call->config->workload_ttl + DC_SECOND - 1) / DC_SECOND,
      .skew = call->config->clock_skew / DC_SECOND,
  };
  rc = dc_sign_leaf(authority, &leaf, dc_clock_wall(), &chain, &not_after, err);
  if (rc) return rc;
  struct dc_slice anchors = dc_authority_anchors_pem(authority);
  dc_sign_response_add(message, chain.data, chain.len, anchors.data, anchors.len, not_after);
  return dc_buf_check(message, err);
}

static enum dc_grpc_status answer(struct call *call, struct dc_live *live, struct dc_grpc_reply *reply) {
  struct dc_err err = DC_ERR_INIT;
  const struct dc_snapshot *snapshot = dc_live_get(live);
  int rc = sign(call, snapshot->authority, &reply->message, &err);
  dc_snapshot_unref(snapshot);
  if (rc == 0) return DC_GRPC_OK;
  dc_log_write(DC_LOG_ERROR, scope, "Error signing identity: %s", err.text);
  if (rc == DC_EEXPIRED) return dc_grpc_refuse(reply, DC_GRPC_UNAVAILABLE, "%s", err.text);
  return dc_grpc_refuse(reply, DC_GRPC_INTERNAL, "failed to sign certificate");
}

static enum dc_grpc_status handle(struct call *call, struct dc_live *live, const uint8_t *message, size_t n,
                                  struct dc_grpc_reply *reply) {
  struct dc_err err = DC_ERR_INIT;
  struct dc_validator_self self = {.trust_domain = call->config->trust_domain, .namespace = call->config->namespace};
  if (dc_sign_request_parse(message, n, &call->request, &err))
    return dc_grpc_refuse(reply, DC_GRPC_INTERNAL, "grpc: error unmarshalling request: %s", err.text);
  if (dc_validator_check(&self, &call->request, &call->trust_domain, reply)) return reply->status;
  if (read_csr(call, reply)) return reply->status;
  return answer(call, live, reply);
}

void dc_service_sign(struct dc_live *live, const struct dc_sentry_config *config, const uint8_t *message, size_t n,
                     struct dc_grpc_reply *reply) {
  struct call call = {.config = config};
  enum dc_grpc_status status = handle(&call, live, message, n, reply);
  if (dc_log_enabled(DC_LOG_DEBUG)) {
    const char *ns = call.request.namespace ? call.request.namespace : "", *id = call.request.id ? call.request.id : "";
    if (status == DC_GRPC_OK)
      dc_log_write(DC_LOG_DEBUG, scope, "Successfully signed certificate for %s/%s", ns, id);
    else
      dc_log_write(DC_LOG_DEBUG, scope, "Refused to sign a certificate for %s/%s: %s: %s", ns, id,
                   dc_grpc_status_name((int)status), reply->text);
  }
  call_free(&call);
}
