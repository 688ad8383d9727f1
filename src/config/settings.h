/* SPDX-License-Identifier: Apache-2.0 */
/* daprcerts.conf, our own settings beside the credentials (inih), and the order in which sources count. */
#ifndef DC_CONFIG_SETTINGS_H
#define DC_CONFIG_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "config/allow.h"

#define DC_SETTINGS_FILE "daprcerts.conf"
enum { DC_SETTINGS_FILE_MAX = 65536 }; /* bytes of it */

/* What a peer of the server may cost; section [sentry]. Durations are nanoseconds. */
struct dc_limits {
  int64_t max_connections;   /* at once; past it the longest idle one makes room, or the new one is closed */
  int64_t max_streams;       /* calls at once on one connection */
  int64_t max_header_bytes;  /* of one request: name + value + 32 for each, RFC 7541 section 4.1 */
  int64_t max_message_bytes; /* of one request */
  int64_t handshake_timeout; /* from accept to the end of the TLS handshake; for a GOAWAY's answer too */
  int64_t request_timeout;   /* from a request's first header to its answer taken by the peer */
  int64_t idle_timeout;      /* without a call */
  int64_t drain_timeout;     /* from the signal to the end of the last call */
  int64_t loops;             /* threads; 0: one a core */
};

struct dc_settings {
  /* names: NULL where the file does not set them; heap */
  char *control_plane_trust_domain, *control_plane_namespace; /* sentry's own */
  char *trust_domain, *namespace;                             /* a workload's */
  struct dc_limits limits;                                    /* set, or the default */
  struct dc_allow allow;                                      /* section [allow] */
  bool is_empty;                                              /* the file is there, and holds nothing */
};

#define DC_DEFAULT_CONTROL_PLANE_TRUST_DOMAIN "localhost"
#define DC_DEFAULT_CONTROL_PLANE_NAMESPACE "default"
#define DC_DEFAULT_TRUST_DOMAIN "public"
#define DC_DEFAULT_NAMESPACE "default"

/* The rows of [sentry], for the options of the same names: their bounds, their defaults, their place. */
struct dc_limit_row {
  const char *name; /* "max-connections" */
  bool is_duration;
  int64_t min, max, standard;
  size_t offset; /* in struct dc_limits */
};
const struct dc_limit_row *dc_settings_limit_rows(size_t *count);

/* Defaults alone. */
void dc_settings_init(struct dc_settings *settings);
/* Reads TEXT, which stands in the file PATH, over the defaults. A malformed line or value is DC_EINVAL with file and
 * line; a key that we do not know is a line in WARNINGS (may be NULL). */
int dc_settings_parse(const char *path, const struct dc_buf *text, struct dc_settings *settings,
                      struct dc_buf *warnings, struct dc_err *err) DC_NODISCARD;
void dc_settings_free(struct dc_settings *settings); /* for DC_CLEANUP too */

/* The text of a new daprcerts.conf with these names, every other setting as a comment. */
void dc_settings_text(struct dc_buf *out, const char *control_plane_trust_domain, const char *control_plane_namespace,
                      const char *trust_domain, const char *workload_namespace);

/* The first of these that is there, in this order. */
struct dc_sources {
  const char *flag; /* NULL: not given */
  const char *env;  /* the variable's name; NULL: none. Set but empty is DC_EINVAL */
  const char *yaml; /* Dapr's Configuration */
  const char *conf; /* daprcerts.conf */
  const char *standard;
};
int dc_settings_pick(const struct dc_sources *sources, const char **value, struct dc_err *err) DC_NODISCARD;

/* NAMESPACE names sentry's namespace to sentry, and a workload's to a sidecar: a shell that has run env-export holds
 * the latter. Where it disagrees with daprcerts.conf about sentry itself, sidecars that follow the conf would look
 * for somebody else: the text of a warning with the command that mends it is appended to WARNING. */
void dc_settings_warn_namespace(const struct dc_settings *settings, const char *env_namespace, struct dc_buf *warning);

#endif
