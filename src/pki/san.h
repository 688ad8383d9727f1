/* SPDX-License-Identifier: Apache-2.0 */
/* Subject alternative names (RFC 5280, 4.2.1.6). */
#ifndef DC_PKI_SAN_H
#define DC_PKI_SAN_H

#include "pki/der.h"

enum dc_san_kind {
  DC_SAN_OTHER, /* a kind that we do not read; never written */
  DC_SAN_DNS,
  DC_SAN_URI,
  DC_SAN_EMAIL,
  DC_SAN_IP, /* value: 4 or 16 bytes */
};

struct dc_san {
  enum dc_san_kind kind;
  struct dc_slice value; /* borrowed */
};

/* Takes the next name of a GeneralNames' content. 1 with *SAN set, 0 at the end, DC_EINVAL when malformed. */
int dc_san_next(struct dc_slice *at, struct dc_san *san, struct dc_err *err) DC_NODISCARD;
/* How many of these names are of KIND. */
size_t dc_san_count(const struct dc_san *sans, size_t count, enum dc_san_kind kind);

/* A name from a command line, typed by its content as step does: an IP address, else with a scheme ("spiffe://x") a
 * URI, else with "@" an email address, else DNS. An IP's bytes are put into ADDRESS; else SAN borrows from TEXT. */
int dc_san_parse(const char *text, unsigned char address[16], struct dc_san *san, struct dc_err *err) DC_NODISCARD;
/* Appends "DNS:cluster.local", "URI:spiffe://...", "IP:127.0.0.1" for people. */
void dc_san_text(const struct dc_san *san, struct dc_buf *out);

/* Appends GeneralNames, the extension's value. A value that has no place in a certificate (empty, a control or a
 * non-ASCII character, an IP of another size) is DC_EINVAL. */
int dc_san_add(struct dc_buf *out, const struct dc_san *sans, size_t count, struct dc_err *err) DC_NODISCARD;

#endif
