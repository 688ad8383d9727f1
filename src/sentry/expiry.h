/* SPDX-License-Identifier: Apache-2.0 */
/* Warnings before root or issuer end, in the words that Dapr's guide tells operators to watch the log for. */
#ifndef DC_SENTRY_EXPIRY_H
#define DC_SENTRY_EXPIRY_H

#include "ca/authority.h"

enum { DC_EXPIRY_WARN_DAYS = 30, DC_EXPIRY_EVERY_S = 3600 };

/* The INDEXth warning (from 0) that is due at NOW, appended to OUT: "Dapr root certificate expiration warning:
 * certificate expires in 2 days and 15 hours" from 30 days before an anchor's end on, "... certificate has expired."
 * after it, and the same for the issuer. False when there are no more. */
bool dc_expiry_warning(const struct dc_authority *authority, int64_t now, size_t index, struct dc_buf *out);

#endif
