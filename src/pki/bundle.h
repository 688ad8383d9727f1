/* SPDX-License-Identifier: Apache-2.0 */
/* A list of certificates, and PEM. */
#ifndef DC_PKI_BUNDLE_H
#define DC_PKI_BUNDLE_H

#include "pki/cert.h"

enum { DC_BUNDLE_MAX = 100 };

struct dc_bundle {
  struct dc_cert **certs; /* owned, and so are the certificates */
  size_t count;
};

#define DC_BUNDLE_INIT {.certs = NULL}

/* Appends the CERTIFICATE blocks of a PEM text. Text and blocks of other labels are skipped. DC_ENOENT: not one
 * certificate in it; DC_EINVAL: a broken one, told by its number; DC_ELIMIT: more than DC_BUNDLE_MAX. */
int dc_bundle_add_pem(struct dc_bundle *bundle, const char *text, size_t n, struct dc_err *err) DC_NODISCARD;
int dc_bundle_add_der(struct dc_bundle *bundle, const void *der, size_t n, struct dc_err *err) DC_NODISCARD;
/* Takes CERT, also when it fails. */
int dc_bundle_take(struct dc_bundle *bundle, struct dc_cert *take_cert, struct dc_err *err) DC_NODISCARD;
/* Removes the last one. */
void dc_bundle_drop_last(struct dc_bundle *bundle);
/* Appends the certificates, encoded anew, back to back. */
void dc_bundle_to_pem(const struct dc_bundle *bundle, struct dc_buf *out);
void dc_bundle_free(struct dc_bundle *bundle); /* leaves DC_BUNDLE_INIT; for DC_CLEANUP too */

#endif
