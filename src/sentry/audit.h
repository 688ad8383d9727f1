/* SPDX-License-Identifier: Apache-2.0 */
/* The audit log: a line of JSON for each certificate, with the kernel before the answer leaves.
 *
 *   {"time":"...","spiffe_id":"spiffe://public/ns/default/web","serial":"0a...","key_sha256":"...","not_before":"...",
 *    "not_after":"...","peer":"127.0.0.1:40312","validator":"INSECURE","request":"17.3"}
 *
 * serial and key_sha256 (of the SubjectPublicKeyInfo) are lower-case hex; times RFC 3339, UTC. The file is made 0600
 * and only ever appended to; a line is one write(2), so that a second server may share it. */
#ifndef DC_SENTRY_AUDIT_H
#define DC_SENTRY_AUDIT_H

#include "base/err.h"
#include "base/slice.h"

struct dc_audit;

int dc_audit_open(const char *path, struct dc_audit **out, struct dc_err *err) DC_NODISCARD;
/* Whether PATH could be opened, with nothing made. */
int dc_audit_check(const char *path, struct dc_err *err) DC_NODISCARD;
void dc_audit_close(struct dc_audit *audit); /* NULL is fine */
const char *dc_audit_path(const struct dc_audit *audit);
/* The file by its name again, after it was moved away; on failure the old one stays in use. */
int dc_audit_reopen(struct dc_audit *audit, struct dc_err *err) DC_NODISCARD;

/* Who asked, and how. */
struct dc_audit_call {
  const char *peer, *validator, *request;
};
/* Writes the line of the first certificate of CHAIN (PEM). Any thread. DC_EIO: it is not, or not wholly, written; the
 * next one then begins on a line of its own. */
int dc_audit_write(struct dc_audit *audit, const struct dc_audit_call *call, struct dc_slice chain,
                   struct dc_err *err) DC_NODISCARD;

#endif
