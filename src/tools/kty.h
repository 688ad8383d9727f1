/* SPDX-License-Identifier: Apache-2.0 */
/* The options that choose a key, named and combined as step has them: --kty, --crv, --size. */
#ifndef DC_TOOLS_KTY_H
#define DC_TOOLS_KTY_H

#include "base/cli.h"
#include "pki/spki.h"

struct dc_kty {
  const char *kty, *crv; /* as given */
  int64_t size;
  bool kty_given, crv_given, size_given;
};

/* Their names as step has them, NULL at the end; any case is taken. */
extern const char *const dc_kty_types[], *const dc_kty_curves[];

/* Rows for a table of options. */
#define DC_KTY_ROWS(options) \
  {.name = "kty", .kind = DC_OPT_STRING, .value = &(options).kty, .given = &(options).kty_given, .words = dc_kty_types, .arg = "TYPE", \
   .help = "key type: EC, OKP (Ed25519) or RSA", .shown = "EC"}, \
  {.name = "crv", .kind = DC_OPT_STRING, .value = &(options).crv, .given = &(options).crv_given, .words = dc_kty_curves, .arg = "CURVE", \
   .help = "curve: P-256, P-384 or P-521 with EC, Ed25519 with OKP", .shown = "P-256, Ed25519"}, \
  {.name = "curve", .kind = DC_OPT_STRING, .value = &(options).crv, .given = &(options).crv_given, .hidden = true}, \
  {.name = "size", .kind = DC_OPT_NUMBER, .value = &(options).size, .given = &(options).size_given, .min = 1, \
   .max = 1 << 20, .arg = "BITS", .help = "size of an RSA key, 2048 to 8192", .shown = "2048"}

/* What they mean. DC_EUSAGE for a combination that means nothing. */
int dc_kty_resolve(const struct dc_kty *options, enum dc_key_kind *kind, unsigned *rsa_bits, struct dc_err *err)
    DC_NODISCARD;

#endif
