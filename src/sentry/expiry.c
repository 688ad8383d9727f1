/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "sentry/expiry.h"

#include <inttypes.h>

#include "base/duration.h"

static bool is_due(int64_t not_after, int64_t now) {
  return not_after - now <= DC_EXPIRY_WARN_DAYS * (DC_DAY / DC_SECOND);
}

/* The words of Dapr up to 1.11, which has both numbers always and knows no singular: people look for them. */
static void tell(struct dc_buf *out, const char *what, int64_t not_after, int64_t now) {
  int64_t hours = (not_after - now) / (DC_HOUR / DC_SECOND);
  dc_buf_printf(out, "Dapr %s certificate expiration warning: certificate ", what);
  if (not_after < now)
    dc_buf_add_text(out, "has expired.");
  else
    dc_buf_printf(out, "expires in %" PRId64 " days and %" PRId64 " hours", hours / 24, hours % 24);
}

bool dc_expiry_warning(const struct dc_authority *authority, int64_t now, size_t index, struct dc_buf *out) {
  const struct dc_bundle *anchors = dc_authority_anchors(authority);
  int64_t issuer = dc_authority_not_after(authority);
  for (size_t i = 0; i < anchors->count; i++) {
    if (!is_due(anchors->certs[i]->not_after, now) || index-- > 0) continue;
    tell(out, "root", anchors->certs[i]->not_after, now);
    return true;
  }
  if (!is_due(issuer, now) || index > 0) return false;
  tell(out, "issuer", issuer, now);
  return true;
}
