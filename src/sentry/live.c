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
#include "base/os.h"
#include "base/path.h"
#include "ca/install.h"
#include "ca/sign.h"
#include "sentry/metrics.h"

static const int64_t serving_ttl_min = 3600;  /* seconds: a short workload TTL need not mean a new leaf each second */

struct shared_snapshot {
  struct dc_snapshot snapshot; /* first: what others hold is a pointer to it */
  atomic_uint refs;
};

struct dc_live {
  const struct dc_sentry_config *config;
  pthread_mutex_t mutex; /* guards current */
  struct shared_snapshot *current;
  char *wanted;  /* see dc_live_wanted_file */
  uv_loop_t *uv; /* from the start to the stop */
  void (*changed)(void *user);
  void *user;
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
  dc_policy_unref(whole->snapshot.policy);
  free(whole);
}

const struct dc_snapshot *dc_live_get(struct dc_live *live) {
  pthread_mutex_lock(&live->mutex);
  struct shared_snapshot *whole = live->current;
  atomic_fetch_add_explicit(&whole->refs, 1, memory_order_relaxed);
  pthread_mutex_unlock(&live->mutex);
  return &whole->snapshot;
}

const struct dc_limits *dc_live_limits(const struct dc_live *live) {
  return &live->current->snapshot.policy->is.limits;
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
  struct dc_policy *policy;
};

static void parts_free(struct parts *parts) {
  dc_authority_unref(parts->authority);
  dc_token_signer_unref(parts->tokens);
  dc_policy_unref(parts->policy);
}

/* The current ones, borrowed. */
static struct parts parts_of(const struct dc_snapshot *snapshot) {
  return (struct parts){.authority = snapshot->authority, .tokens = snapshot->tokens, .policy = snapshot->policy};
}

static int make_serving(const struct parts *parts, struct dc_identity *identity, struct dc_err *err) {
  const struct dc_policy *policy = parts->policy;
  int64_t ttl = policy->is.workload_ttl / DC_SECOND, skew = policy->is.clock_skew / DC_SECOND;
  struct dc_slice id = {.data = policy->spiffe_id.data, .len = policy->spiffe_id.len};
  int rc = dc_sign_serving(parts->authority, id, ttl > serving_ttl_min ? ttl : serving_ttl_min, skew, dc_clock_wall(),
                           identity, err);
  if (!rc) return 0;
  dc_metrics_add(DC_METRIC_SERVING_FAILED);
  return dc_err_add(err, rc, "cannot make the serving certificate");
}

static int snapshot_new(const struct parts *parts, struct shared_snapshot **out, struct dc_err *err) {
  struct dc_identity identity DC_CLEANUP(dc_identity_free) = DC_IDENTITY_INIT;
  int rc = make_serving(parts, &identity, err);
  if (rc) return rc;
  struct shared_snapshot *whole = calloc(1, sizeof *whole);
  if (!whole) return dc_err_nomem(err);
  atomic_init(&whole->refs, 1);
  whole->snapshot.authority = dc_authority_ref(parts->authority);
  whole->snapshot.policy = dc_policy_ref(parts->policy);
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

static void on_keys(void *user) {
  const struct dc_live *live = user;
  if (live->changed) live->changed(live->user);
}

static int make_policy(struct dc_live *live, const struct dc_sentry_policy *said, struct dc_policy **out,
                       struct dc_err *err) {
  const struct dc_jwks_source_config fetching = {
      .fetch_program = live->config->fetch_program, .changed = on_keys, .user = live};
  return dc_policy_new(said, live->current ? live->current->snapshot.policy : NULL, &fetching, out, err);
}

static int load_first(struct dc_live *live, struct dc_err *err) {
  struct parts parts DC_CLEANUP(parts_free) = {.policy = NULL};
  int rc = make_policy(live, &live->config->policy, &parts.policy, err);
  if (!rc) rc = load(live, &parts, err);
  return rc ? rc : snapshot_new(&parts, &live->current, err);
}

/* Publishes a snapshot in place of the current one. 1, or a refusal. */
static int replace(struct dc_live *live, const struct parts *parts, struct dc_err *err) {
  struct shared_snapshot *whole = NULL;
  int rc = snapshot_new(parts, &whole, err);
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

/* What has an absolute name is read as it is (store/publish), a pipe too, such as a shell's <(...): a start may wait for
 * its writer, a server that runs may not. */
static int refuse_pipes(const struct dc_sentry_config *config, struct dc_err *err) {
  const char *const names[] = {config->ca_crt, config->issuer_crt, config->issuer_key, config->jwt.key,
                               config->jwt.jwks};
  for (size_t i = 0; i < DC_COUNT(names) - (config->jwt.enabled ? 0 : 2); i++) {
    int fd DC_CLEANUP(dc_mem_close) = -1;
    struct dc_err own = DC_ERR_INIT;
    if (dc_path_is_absolute(names[i]) && dc_os_open_regular(names[i], &fd, &own) == DC_EINVAL)
      return dc_err_set(err, own.code, "%s", own.text);
  }
  return 0;
}

/* Only the main thread publishes, so that it may look at the current snapshot without a reference. */
int dc_live_reload(struct dc_live *live, struct dc_err *err) {
  const struct dc_snapshot *now = &live->current->snapshot;
  struct parts parts DC_CLEANUP(parts_free) = {.policy = dc_policy_ref(now->policy)};
  int rc = refuse_pipes(live->config, err);
  if (!rc) rc = load(live, &parts, err);
  if (rc || (same_authority(now->authority, parts.authority) && same_tokens(now->tokens, parts.tokens))) return rc;
  return replace(live, &parts, err);
}

/* The old policy's source ends with it. Calls that were parked for it are looked at again: `changed` sees to that. */
static int take_policy(struct dc_live *live, struct dc_policy *policy, struct dc_err *err) {
  struct parts parts = parts_of(&live->current->snapshot);
  struct dc_jwks_source *old = parts.policy->keys, *new = policy->keys;
  struct shared_snapshot *whole = NULL;
  parts.policy = policy;
  int rc = snapshot_new(&parts, &whole, err);
  if (!rc && new && new != old && live->uv) rc = dc_jwks_source_start(new, live->uv, err);
  if (rc) {
    dc_snapshot_unref(whole ? &whole->snapshot : NULL);
    return rc;
  }
  bool is_over = old && new != old;
  if (is_over) (void)dc_jwks_source_ref(old);
  publish(live, whole);
  if (is_over) {
    dc_jwks_source_stop(old);
    dc_jwks_source_unref(old);
  }
  on_keys(live);
  return 1;
}

int dc_live_reread(struct dc_live *live, struct dc_err *err) {
  const struct dc_policy *now = live->current->snapshot.policy;
  struct dc_policy *policy DC_CLEANUP(dc_policy_cleanup) = NULL;
  struct dc_sentry_policy said = now->is;
  int rc = live->config->reread ? live->config->reread(live->config->reread_user, &said, err) : 0;
  free(live->wanted);
  live->wanted = NULL;
  if (rc || dc_policy_says(now, &said)) return rc;
  rc = make_policy(live, &said, &policy, err);
  if (rc && said.jwks) live->wanted = dc_jwks_source_path(said.jwks->source);
  return rc ? rc : take_policy(live, policy, err);
}

/* --- the key set -------------------------------------------------------------------------------------------------- */

static struct dc_jwks_source *keys_of(const struct dc_live *live) { return live->current->snapshot.policy->keys; }

int dc_live_reload_keys(struct dc_live *live, struct dc_err *err) {
  return keys_of(live) ? dc_jwks_source_reload(keys_of(live), err) : 0;
}

const char *dc_live_keys_file(const struct dc_live *live) {
  return keys_of(live) ? dc_jwks_source_file(keys_of(live)) : NULL;
}

const char *dc_live_wanted_file(const struct dc_live *live) { return live->wanted; }

bool dc_live_has_keys(const struct dc_live *live) { return !keys_of(live) || dc_jwks_source_ready(keys_of(live)); }

int dc_live_start(struct dc_live *live, uv_loop_t *uv, void (*changed)(void *user), void *user, struct dc_err *err) {
  live->uv = uv;
  live->changed = changed;
  live->user = user;
  return keys_of(live) ? dc_jwks_source_start(keys_of(live), uv, err) : 0;
}

void dc_live_stop(struct dc_live *live) {
  if (!live) return;
  live->uv = NULL;
  live->changed = NULL;
  if (keys_of(live)) dc_jwks_source_stop(keys_of(live));
}

/* --- life --------------------------------------------------------------------------------------------------------- */

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
  int rc = load_first(live, err);
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
  free(live->wanted);
  free(live);
}

/* --- checking ----------------------------------------------------------------------------------------------------- */

/* Names that are bad are the policy's to tell. */
static int check_credentials(const struct dc_sentry_config *config, struct dc_err *err) {
  static const struct dc_jwks_source_config none;
  struct parts parts DC_CLEANUP(parts_free) = {.policy = NULL};
  struct dc_identity identity DC_CLEANUP(dc_identity_free) = DC_IDENTITY_INIT;
  struct dc_sentry_policy said = config->policy;
  said.jwks = NULL;
  int rc = load_authority(config, &parts.authority, err);
  if (rc || dc_policy_new(&said, NULL, &none, &parts.policy, NULL)) return rc;
  return make_serving(&parts, &identity, err);
}

int dc_live_check(const struct dc_sentry_config *config, enum dc_sentry_part part, struct dc_err *err) {
  const struct dc_jwks_source_config fetching = {.fetch_program = config->fetch_program};
  struct parts parts DC_CLEANUP(parts_free) = {.policy = NULL};
  switch (part) {
    case DC_SENTRY_POLICY: return dc_policy_new(&config->policy, NULL, &fetching, &parts.policy, err);
    case DC_SENTRY_CREDENTIALS: return check_credentials(config, err);
    case DC_SENTRY_TOKENS: return load_tokens(config, &parts.tokens, err);
    case DC_SENTRY_ADDRESSES:
    case DC_SENTRY_OIDC: break;
  }
  return 0;
}
