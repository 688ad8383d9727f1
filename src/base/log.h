/* SPDX-License-Identifier: Apache-2.0 */
/* Log records in the form of Dapr's (sentry-contract: logs): text
 *   time="2022-04-01T23:43:35.931825236Z" level=info msg="..." instance=host scope=dapr.sentry type=log ver=1.0
 * or one JSON object a line with the keys instance, level, msg, scope, time, type, ver. Threads may call it at once:
 * a record is one write(2). The sink is set by a program; before that records are dropped. */
#ifndef DC_BASE_LOG_H
#define DC_BASE_LOG_H

#include <stdbool.h>

#include "base/err.h"

enum dc_log_level { DC_LOG_DEBUG, DC_LOG_INFO, DC_LOG_WARN, DC_LOG_ERROR, DC_LOG_FATAL };

struct dc_log_config {
  int fd; /* where records go */
  enum dc_log_level level;
  bool json;
  const char *instance; /* borrowed for the program's life */
  const char *version;
};

void dc_log_setup(const struct dc_log_config *config);
/* A file for records: made with mode 0644 less the umask when it is missing, appended to. The caller closes *FD. */
int dc_log_open(const char *path, int *fd, struct dc_err *err) DC_NODISCARD;
/* The file by its name again, after it was moved away, under the descriptor that the sink has; on failure the old one
 * stays in use. */
int dc_log_reopen(const char *path, struct dc_err *err) DC_NODISCARD;
/* "debug", "info", "warn" and "warning", "error", "fatal", in any case; DC_EINVAL else. */
int dc_log_parse_level(const char *text, enum dc_log_level *level, struct dc_err *err) DC_NODISCARD;
bool dc_log_enabled(enum dc_log_level level);
/* SCOPE as in the original: "dapr.sentry", "dapr.sentry.server", ... Control bytes in the text are escaped. */
void dc_log_write(enum dc_log_level level, const char *scope, const char *fmt, ...) DC_PRINTF(3, 4);
/* The same for each line of TEXT; an empty one is no record. */
void dc_log_lines(enum dc_log_level level, const char *scope, const char *text);
/* The same whatever the level that was set: for the one record that tells where the server listens. */
void dc_log_always(enum dc_log_level level, const char *scope, const char *fmt, ...) DC_PRINTF(3, 4);

#endif
