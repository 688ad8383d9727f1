/* SPDX-License-Identifier: Apache-2.0 */
/* The server: Dapr's certificate authority over gRPC, on libuv.
 *
 *            main thread                                  one thread a core
 *   ┌───────────────────────────────┐        ┌──────────────────────────────────────────┐
 *   │ sentry    life, signals       │        │ loop     connections of one thread       │
 *   │ listener  accepts ────────────┼─socket─▶ conn     TCP ⇄ rpc/tls ⇄ rpc/h2         │
 *   │ live      serving leaf, policy│        │ service  a request in, a reply out       │
 *   │ reload    watch: files        │◀─ ref ─┤ validator who may ask for which name     │
 *   │ jwks      key sets, by fetch  │        │                                          │
 *   └───────────────────────────────┘        └──────────────────────────────────────────┘
 *            threads of libmicrohttpd: one a socket
 *   ┌───────────────────────────────┐
 *   │ endpoints health,metrics,oidc │  http carries them; metrics are counted by whoever sees what they count
 *   └───────────────────────────────┘
 *
 * Glossary
 *   policy      all that the configuration says of who may have which certificate and what a peer may cost, immutable,
 *               reference-counted, with memory of its own.
 *   snapshot    an authority, the TLS credentials signed by it and the policy, immutable, reference-counted. `live`
 *               holds the current one; a connection takes its credentials and the sizes it keeps to from it when it
 *               begins, a sweep the time-outs, a call the rest: one snapshot from its beginning to its end. A parked
 *               call that is looked at again is judged from the start, by the snapshot of then.
 *   loop        a thread with a uv_loop, its connections, a scratch buffer; nothing of it is touched by other threads
 *               but its inbox (sockets handed over, under a mutex) and its phase (atomic).
 *   sweep       once a second, a loop with connections looks for those whose time has run out.
 *   drain       the graceful end: no new connection, GOAWAY, open calls finish, then close.
 *   parked      a call whose answer depends on something under way, such as a key set being fetched; it is looked at
 *               again when that has ended, see dc_loop_retry.
 *   linger      a connection whose last bytes are out waits (for handshake-timeout at most, as for the answer to a
 *               GOAWAY) for the peer to close first, so that the bytes are read and not lost to a reset; while the system
 *               holds some that the peer has no room for, its time has not begun (for request-timeout at most).
 *
 * Who owns what, until when
 *   sentry owns listeners and loops until every thread has been joined; a loop owns its connections; a connection owns
 *   its TLS session, its HTTP/2 session and the bytes in flight, until its uv_close callback; the HTTP/2 session owns
 *   its streams until nghttp2's stream-close callback.
 *   live owns the current snapshot, that its authority and its policy, the policy the source of its key set; who works
 *   with a snapshot holds a reference, and the last one to let go frees it, on whichever thread. `live` starts a source
 *   on the main thread's loop when its policy comes into force and stops it when another takes its place; until what it
 *   has on that loop is closed the source holds a reference to itself. A policy that says the same of the key set as
 *   the one before goes on with its source.
 *
 * What a peer can cost: each number of struct dc_limits, and DC_TOKENS_AUDIENCES_MAX signatures a call. */
#ifndef DC_SENTRY_SENTRY_H
#define DC_SENTRY_SENTRY_H

#include <stdint.h>

#include "base/err.h"
#include "ca/token_signer.h"
#include "config/dapr_config.h"
#include "config/settings.h"
#include "sentry/audit.h"

/* Who gets the DNS name by which sidecars up to 1.11 know each other, <id>.<namespace>.svc.cluster.local. */
enum dc_legacy_dns {
  DC_LEGACY_DNS_AUTO, /* who asks as an old sidecar does: see service.c */
  DC_LEGACY_DNS_ALWAYS,
  DC_LEGACY_DNS_NEVER,
};

/* Where a server beside the gRPC one listens. */
struct dc_endpoint_config {
  bool enabled, required; /* required: a port that is taken ends the start */
  const char *const *addresses; /* as the gRPC server's, or "unix:PATH" */
  uint16_t port;
};

/* What the configuration says; all of it may change while the server runs, but for limits.loops. */
struct dc_sentry_policy {
  int64_t workload_ttl, clock_skew;     /* nanoseconds */
  const char *trust_domain, *namespace; /* sentry's own */
  struct dc_limits limits;
  const struct dc_allow *allow;      /* whom the validator `insecure` believes in; NULL: everybody */
  const struct dc_jwks_config *jwks; /* of the validator `jwks`, which then is the only one; NULL: `insecure` */
};

/* JWTs beside certificates (sentry-contract 5). */
struct dc_sentry_jwt {
  bool enabled;
  const char *key, *jwks; /* file names, relative to the directory unless absolute; both are there */
  struct dc_token_rules rules;
  int64_t ttl; /* nanoseconds */
};

/* OIDC, which tells others how to verify them. */
struct dc_sentry_oidc {
  struct dc_endpoint_config endpoint; /* not enabled unless JWTs are */
  const char *cert_file, *key_file;   /* PEM, both or none: then plain HTTP */
  const char *jwks_uri, *path_prefix; /* NULL: not given */
  const char *const *allowed_hosts;   /* "*": any */
  size_t allowed_count;               /* 0: any */
};

/* Everything is borrowed until dc_sentry_run returns. */
struct dc_sentry_config {
  const char *const *addresses; /* numeric addresses or names; NULL-terminated; each is bound */
  uint16_t port;                /* 0: any free one, the same for every address */
  struct dc_endpoint_config healthz, metrics;
  const char *dir;              /* the credentials' directory; file names are relative to it unless absolute */
  const char *ca_crt, *issuer_crt, *issuer_key;
  struct dc_sentry_policy policy; /* at the start; copied then */
  /* Reads the policy again from REREAD_FILES (NULL-terminated), on the main thread, when one of them changes. POLICY
   * comes with what is in force; what it points to afterwards is good until the next call. A refusal leaves that in
   * force. All three may be NULL. */
  int (*reread)(void *user, struct dc_sentry_policy *policy, struct dc_err *err);
  void *reread_user;
  const char *const *reread_files;
  const char *ready_file;               /* NULL: none */
  void (*on_ready)(void);               /* once it serves; NULL: nobody asks */
  const char *fetch_program; /* the path of daprcerts-fetch, for a key set at a URL; NULL: there is none */
  const char *rotate_program; /* the path of daprcerts-rotate, to be run when something is due; NULL: nobody does */
  bool rotate_met_other;      /* the run before the start did: the next one comes soon */
  enum dc_legacy_dns legacy_dns;
  const char *log_file;   /* opened anew at SIGHUP; NULL: none */
  struct dc_audit *audit; /* likewise; NULL: none */
  struct dc_sentry_jwt jwt;
  struct dc_sentry_oidc oidc;
  bool audit_required;    /* a certificate whose line cannot be written is not handed out */
};

/* What a start needs, each independent of the others. */
enum dc_sentry_part {
  DC_SENTRY_POLICY,      /* sentry's names, and the key set of tokens; one at a URL is not fetched */
  DC_SENTRY_CREDENTIALS, /* they are loaded, and a serving certificate is made */
  DC_SENTRY_TOKENS,      /* the key for JWTs and its set */
  DC_SENTRY_OIDC,        /* what is left out when there is to be none */
  DC_SENTRY_ADDRESSES,   /* names resolve; whether they are free is not asked */
};
/* Whether a start would get past PART on its way to its sockets. Nothing is written. */
int dc_sentry_check(const struct dc_sentry_config *config, enum dc_sentry_part part, struct dc_err *err) DC_NODISCARD;

/* Serves until SIGINT or SIGTERM, then drains. 0 after a drain (a drain that ran out of time too); DC_EBUSY when an
 * address cannot be bound; what the credentials' loading says; DC_EDENIED when a second signal cut the drain short.
 * Logs by base/log. Credentials and policy are read again when their files change, and at SIGHUP. */
int dc_sentry_run(const struct dc_sentry_config *config, struct dc_err *err) DC_NODISCARD;

#endif
