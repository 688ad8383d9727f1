/* SPDX-License-Identifier: Apache-2.0 */
/* Dapr's Configuration resource (YAML), of which sentry reads spec.mtls: sentry-contract section 7. */
#ifndef DC_CONFIG_DAPR_CONFIG_H
#define DC_CONFIG_DAPR_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

enum { DC_DAPR_CONFIG_MAX = 16 << 20 }; /* bytes */

/* The token validator `jwks`. */
struct dc_jwks_config {
  char *source;            /* as it stands there: a URL, the path of a file, or the key set itself */
  char *ca_certificate;    /* as it stands there: a path or PEM; NULL where the file does not say */
  int64_t min_refresh;     /* nanoseconds; 10m where the file does not say, or says 1s or less */
  int64_t request_timeout; /* nanoseconds; 30s where it does not say, or says 1ms or less */
};

struct dc_dapr_config {
  int64_t workload_ttl;             /* nanoseconds; 24h where the file does not say */
  int64_t clock_skew;               /* nanoseconds; 15m */
  char *control_plane_trust_domain; /* heap; NULL where the file does not say */
  struct dc_jwks_config *jwks;      /* heap, and so are its texts; NULL: not configured */
  bool is_empty;                    /* the file is there, and holds nothing */
};

void dc_dapr_config_init(struct dc_dapr_config *config);
/* Reads the first document whose kind is Configuration, else the first document; an empty file means the defaults.
 * $NAME and ${NAME} are replaced from the environment first, as the original does. Parts of spec other than mtls belong
 * to daprd and are not looked at; an unknown key under spec.mtls is a line in WARNINGS. Of two token validators of one
 * name the last counts; the names of its options may be in any case, as the original has it. DC_ENOENT: no such file;
 * DC_EINVAL: no regular file, or, with file, line and column: no YAML, a key given twice, a wrong type, a duration that is none, a token
 * validator other than jwks, or one without a source; DC_ELIMIT: larger than 16 MiB (32 MiB once replaced), or, with
 * line and column, nested deeper than 100 levels, more than 200000 tokens of YAML, 1000 anchors and %TAGs, or
 * 1000 merges (<<). On failure CONFIG is left alone. */
int dc_dapr_config_load(const char *path, struct dc_dapr_config *config, struct dc_buf *warnings, struct dc_err *err)
    DC_NODISCARD;
/* The same from text; NAME is for messages. */
int dc_dapr_config_parse(const char *name, const void *text, size_t n, struct dc_dapr_config *config,
                         struct dc_buf *warnings, struct dc_err *err) DC_NODISCARD;
void dc_dapr_config_free(struct dc_dapr_config *config); /* for DC_CLEANUP too */

#endif
