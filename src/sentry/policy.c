/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "sentry/policy.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "pki/spiffe.h"

/* With what its public part points to. */
struct owner {
  struct dc_policy policy; /* first: what others hold is a pointer to it */
  char *trust_domain, *namespace;
  struct dc_allow allow;
  struct dc_jwks_config jwks;
  atomic_uint refs;
};

/* --- comparing ---------------------------------------------------------------------------------------------------- */

static bool same_allow(const struct dc_allow *a, const struct dc_allow *b) {
  size_t count = a ? a->count : 0;
  if (count != (b ? b->count : 0)) return false;
  for (size_t i = 0; i < count; i++)
    if (strcmp(a->rows[i].namespace, b->rows[i].namespace) != 0 || strcmp(a->rows[i].ids, b->rows[i].ids) != 0)
      return false;
  return true;
}

/* Where the set comes from, and by which authority. */
static bool same_origin(const struct dc_jwks_config *a, const struct dc_jwks_config *b) {
  return a && b && strcmp(a->source, b->source) == 0 && dc_slice_equal_texts(a->ca_certificate, b->ca_certificate);
}

static bool same_keys(const struct dc_jwks_config *a, const struct dc_jwks_config *b) {
  if (!a || !b) return a == b;
  return same_origin(a, b) && a->min_refresh == b->min_refresh && a->request_timeout == b->request_timeout;
}

bool dc_policy_says(const struct dc_policy *policy, const struct dc_sentry_policy *said) {
  const struct dc_sentry_policy *is = &policy->is;
  return is->workload_ttl == said->workload_ttl && is->clock_skew == said->clock_skew &&
         dc_slice_equal_texts(is->trust_domain, said->trust_domain) &&
         dc_slice_equal_texts(is->namespace, said->namespace) &&
         memcmp(&is->limits, &said->limits, sizeof is->limits) == 0 && same_allow(is->allow, said->allow) &&
         same_keys(is->jwks, said->jwks);
}

/* --- making ------------------------------------------------------------------------------------------------------- */

static struct owner *owner_of(struct dc_policy *policy) { return (struct owner *)policy; }

struct dc_policy *dc_policy_ref(struct dc_policy *policy) {
  atomic_fetch_add_explicit(&owner_of(policy)->refs, 1, memory_order_relaxed);
  return policy;
}

void dc_policy_unref(struct dc_policy *policy) {
  struct owner *owner = owner_of(policy);
  if (!owner || atomic_fetch_sub_explicit(&owner->refs, 1, memory_order_acq_rel) != 1) return;
  dc_jwks_source_unref(policy->keys);
  dc_buf_free(&policy->spiffe_id);
  free(owner->trust_domain);
  free(owner->namespace);
  dc_allow_free(&owner->allow);
  free(owner->jwks.source);
  free(owner->jwks.ca_certificate);
  free(owner);
}

void dc_policy_cleanup(struct dc_policy **policy) { dc_policy_unref(*policy); }

static int copy_names(struct owner *owner, const struct dc_sentry_policy *said, struct dc_err *err) {
  owner->policy.is.trust_domain = owner->trust_domain = strdup(said->trust_domain);
  owner->policy.is.namespace = owner->namespace = strdup(said->namespace);
  if (!owner->trust_domain || !owner->namespace) return dc_err_nomem(err);
  int rc = dc_spiffe_sentry(&owner->policy.spiffe_id, said->trust_domain, said->namespace, err);
  return rc ? dc_err_add(err, rc, "sentry's own identity") : 0;
}

static int copy_allow(struct owner *owner, const struct dc_allow *said, struct dc_err *err) {
  int rc = 0;
  for (size_t i = 0; !rc && said && i < said->count; i++)
    rc = dc_allow_add(&owner->allow, said->rows[i].namespace, said->rows[i].ids, err);
  owner->policy.is.allow = &owner->allow;
  return rc;
}

static int copy_jwks(struct owner *owner, const struct dc_jwks_config *said, struct dc_err *err) {
  owner->policy.is.jwks = said ? &owner->jwks : NULL;
  if (!said) return 0;
  owner->jwks = (struct dc_jwks_config){.source = strdup(said->source),
                                        .ca_certificate = said->ca_certificate ? strdup(said->ca_certificate) : NULL,
                                        .min_refresh = said->min_refresh,
                                        .request_timeout = said->request_timeout};
  bool whole = owner->jwks.source && !owner->jwks.ca_certificate == !said->ca_certificate;
  return whole ? 0 : dc_err_nomem(err);
}

static int make_keys(struct dc_policy *policy, const struct dc_policy *before,
                     const struct dc_jwks_source_config *fetching, struct dc_err *err) {
  const struct dc_jwks_config *jwks = policy->is.jwks, *old = before ? before->is.jwks : NULL;
  if (!jwks) return 0;
  if (same_keys(jwks, old)) {
    policy->keys = dc_jwks_source_ref(before->keys);
    return 0;
  }
  struct dc_jwks_source_config config = *fetching;
  config.source = jwks->source;
  config.ca_certificate = jwks->ca_certificate;
  config.min_refresh = jwks->min_refresh;
  config.request_timeout = jwks->request_timeout;
  int rc = dc_jwks_source_new(&config, &policy->keys, err);
  if (rc) return dc_err_add(err, rc, "the key set of the token validator 'jwks'");
  return same_origin(jwks, old) ? dc_jwks_source_inherit(policy->keys, before->keys, err) : 0;
}

int dc_policy_new(const struct dc_sentry_policy *said, const struct dc_policy *before,
                  const struct dc_jwks_source_config *fetching, struct dc_policy **out, struct dc_err *err) {
  struct owner *owner = calloc(1, sizeof *owner);
  if (!owner) return dc_err_nomem(err);
  struct dc_policy *policy DC_CLEANUP(dc_policy_cleanup) = &owner->policy;
  atomic_init(&owner->refs, 1);
  policy->is = *said;
  int rc = copy_names(owner, said, err);
  if (!rc) rc = copy_allow(owner, said->allow, err);
  if (!rc) rc = copy_jwks(owner, said->jwks, err);
  if (!rc) rc = make_keys(policy, before, fetching, err);
  if (rc) return rc;
  *out = policy;
  policy = NULL;
  return 0;
}
