/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "sentry/live.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/duration.h"
#include "base/log.h"
#include "ca/install.h"
#include "ca/sign.h"
#include "pki/spiffe.h"
#include "sentry/metrics.h"

static const int64_t serving_ttl_min = 3600;  /* seconds: a short workload TTL need not mean a new leaf each second */

struct shared_snapshot {
  struct dc_snapshot snapshot; /* first: what others hold is a pointer to it */
  atomic_uint refs;
};

struct dc_live {
  const struct dc_sentry_config *config;
  struct dc_buf spiffe_id;
  pthread_mutex_t mutex; /* guards current */
  struct shared_snapshot *current;
};

/* --- snapshots ---------------------------------------------------------------------------------------------------- */

static struct shared_snapshot *shared(const struct dc_snapshot *snapshot) {
  return (struct shared_snapshot *)(uintptr_t)snapshot;
}

void dc_snapshot_unref(const struct dc_snapshot *snapshot) {
  if (!snapshot) return;
  struct shared_snapshot *whole = shared(snapshot);
  if (atomic_fetch_sub_explicit(&whole->refs, 1, memory_order_acq_rel) != 1) return;
  dc_authority_unref(whole->snapshot.authority);
  dc_token_signer_unref(whole->snapshot.tokens);
  dc_tls_creds_unref(whole->snapshot.tls);
  free(whole);
}

const struct dc_snapshot *dc_live_get(struct dc_live *live) {
  pthread_mutex_lock(&live->mutex);
  struct shared_snapshot *whole = live->current;
  atomic_fetch_add_explicit(&whole->refs, 1, memory_order_relaxed);
  pthread_mutex_unlock(&live->mutex);
  return &whole->snapshot;
}

static void publish(struct dc_live *live, struct shared_snapshot *whole) {
  pthread_mutex_lock(&live->mutex);
  struct shared_snapshot *old = live->current;
  live->current = whole;
  pthread_mutex_unlock(&live->mutex);
  if (old) dc_snapshot_unref(&old->snapshot);
}

static int tls_of_identity(const struct dc_identity *identity, struct dc_tls_creds **tls, struct dc_err *err) {
  struct dc_tls_der *chain DC_CLEANUP(dc_mem_free) = calloc(identity->chain.count, sizeof *chain);
  if (!chain) return dc_err_nomem(err);
  for (size_t i = 0; i < identity->chain.count; i++) {
    const struct dc_cert *cert = identity->chain.certs[i];
    chain[i] = (struct dc_tls_der){.bytes = cert->der.data, .len = cert->der.len};
  }
  return dc_tls_creds_server(chain, identity->chain.count, dc_key_gnutls(identity->key), tls, err);
}

/* What a snapshot is made of besides its serving leaf. */
struct parts {
  struct dc_authority *authority;
  struct dc_token_signer *tokens; /* NULL: none */
  struct dc_sentry_policy policy;
};

static void parts_free(struct parts *parts) {
  dc_authority_unref(parts->authority);
  dc_token_signer_unref(parts->tokens);
}

/* The current ones, borrowed. */
static struct parts parts_of(const struct dc_snapshot *snapshot) {
  return (struct parts){.authority = snapshot->authority, .tokens = snapshot->tokens, .policy = snapshot->policy};
}

static int snapshot_new(const struct dc_live *live, const struct parts *parts, struct shared_snapshot **out,
                        struct dc_err *err) {
  struct dc_identity identity DC_CLEANUP(dc_identity_free) = DC_IDENTITY_INIT;
  int64_t ttl = parts->policy.workload_ttl / DC_SECOND, skew = parts->policy.clock_skew / DC_SECOND;
  struct dc_slice id = {.data = live->spiffe_id.data, .len = live->spiffe_id.len};
  int rc = dc_sign_serving(parts->authority, id, ttl > serving_ttl_min ? ttl : serving_ttl_min, skew, dc_clock_wall(),
                           &identity, err);
  if (rc) {
    dc_metrics_add(DC_METRIC_SERVING_FAILED);
    return dc_err_add(err, rc, "cannot make the serving certificate");
  }
  struct shared_snapshot *whole = calloc(1, sizeof *whole);
  if (!whole) return dc_err_nomem(err);
  atomic_init(&whole->refs, 1);
  whole->snapshot.authority = dc_authority_ref(parts->authority);
  whole->snapshot.policy = parts->policy;
  whole->snapshot.tokens = parts->tokens ? dc_token_signer_ref(parts->tokens) : NULL;
  whole->snapshot.serving_from = dc_clock_wall();
  whole->snapshot.serving_until = identity.chain.certs[0]->not_after;
  rc = tls_of_identity(&identity, &whole->snapshot.tls, err);
  if (rc)
    dc_snapshot_unref(&whole->snapshot);
  else
    *out = whole;
  return rc;
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

static int load_authority(const struct dc_sentry_config *config, struct dc_authority **out, struct dc_err *err) {
  const struct dc_install_names names = {
      .ca_crt = config->ca_crt, .issuer_crt = config->issuer_crt, .issuer_key = config->issuer_key};
  return dc_install_load(config->dir, &names, dc_clock_wall(), out, err);
}

static int load_tokens(const struct dc_sentry_config *config, struct dc_token_signer **out, struct dc_err *err) {
  const struct dc_install_token_names names = {.key = config->jwt.key, .jwks = config->jwt.jwks};
  struct dc_buf warning DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  if (!config->jwt.enabled) return 0;
  int rc = dc_install_load_tokens(config->dir, &names, &config->jwt.rules, out, &warning, err);
  if (!rc && warning.len) dc_log_write(DC_LOG_WARN, "dapr.sentry.ca", "%s", dc_buf_text(&warning));
  return rc;
}

static int load(const struct dc_live *live, struct parts *parts, struct dc_err *err) {
  int rc = load_authority(live->config, &parts->authority, err);
  return rc ? rc : load_tokens(live->config, &parts->tokens, err);
}

static int load_first(struct dc_live *live, struct dc_err *err) {
  struct parts parts DC_CLEANUP(parts_free) = {.policy = live->config->policy};
  int rc = load(live, &parts, err);
  return rc ? rc : snapshot_new(live, &parts, &live->current, err);
}

/* Publishes a snapshot in place of the current one. 1, or a refusal. */
static int replace(struct dc_live *live, const struct parts *parts, struct dc_err *err) {
  struct shared_snapshot *whole = NULL;
  int rc = snapshot_new(live, parts, &whole, err);
  if (rc) return rc;
  publish(live, whole);
  return 1;
}

/* The key is that of the chain's first certificate in both. */
static bool same_authority(const struct dc_authority *a, const struct dc_authority *b) {
  return dc_slice_equal(dc_authority_anchors_pem(a), dc_authority_anchors_pem(b)) &&
         dc_slice_equal(dc_authority_chain_pem(a), dc_authority_chain_pem(b));
}

/* The key is the one that the set has under its ID. */
static bool same_tokens(const struct dc_token_signer *a, const struct dc_token_signer *b) {
  if (!a || !b) return a == b;
  return dc_slice_equal(dc_token_signer_jwks(a), dc_token_signer_jwks(b)) &&
         strcmp(dc_token_signer_kid(a), dc_token_signer_kid(b)) == 0;
}

/* Only the main thread publishes, so that it may look at the current snapshot without a reference. */
int dc_live_reload(struct dc_live *live, struct dc_err *err) {
  const struct dc_snapshot *now = &live->current->snapshot;
  struct parts parts DC_CLEANUP(parts_free) = {.policy = now->policy};
  int rc = load(live, &parts, err);
  if (rc || (same_authority(now->authority, parts.authority) && same_tokens(now->tokens, parts.tokens))) return rc;
  return replace(live, &parts, err);
}

int dc_live_reread(struct dc_live *live, struct dc_err *err) {
  struct parts parts = parts_of(&live->current->snapshot);
  struct dc_sentry_policy before = parts.policy;
  int rc = live->config->reread ? live->config->reread(live->config->reread_user, &parts.policy, err) : 0;
  if (rc || (parts.policy.workload_ttl == before.workload_ttl && parts.policy.clock_skew == before.clock_skew))
    return rc;
  return replace(live, &parts, err);
}

int dc_live_renew(struct dc_live *live, struct dc_err *err) {
  const struct dc_snapshot *snapshot = &live->current->snapshot;
  int64_t now = dc_clock_wall(), half = (snapshot->serving_until - snapshot->serving_from) / 2;
  /* a clock set back before the leaf's birth makes it due too */
  bool due = now - snapshot->serving_from >= half || now < snapshot->serving_from;
  const struct parts parts = parts_of(snapshot);
  return due ? replace(live, &parts, err) : 0;
}

int dc_live_new(const struct dc_sentry_config *config, struct dc_live **out, struct dc_err *err) {
  struct dc_live *live = calloc(1, sizeof *live);
  if (!live) return dc_err_nomem(err);
  live->config = config;
  pthread_mutex_init(&live->mutex, NULL);
  int rc = dc_spiffe_workload(&live->spiffe_id, dc_slice_text(config->trust_domain), dc_slice_text(config->namespace),
                              dc_slice_text("dapr-sentry"), err);
  if (rc) rc = dc_err_add(err, rc, "sentry's own identity");
  if (!rc) rc = load_first(live, err);
  if (rc)
    dc_live_free(live);
  else
    *out = live;
  return rc;
}

void dc_live_free(struct dc_live *live) {
  if (!live) return;
  if (live->current) dc_snapshot_unref(&live->current->snapshot);
  pthread_mutex_destroy(&live->mutex);
  dc_buf_free(&live->spiffe_id);
  free(live);
}
