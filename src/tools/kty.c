/* SPDX-License-Identifier: Apache-2.0 */
/* Which key is asked for. */
#include "config.h"

#include "tools/kty.h"

#include <strings.h>

/* The first row of a type is its default. */
static const struct {
  const char *kty, *crv;
  enum dc_key_kind kind;
} keys[] = {
    {"EC", "P-256", DC_KEY_P256},      {"EC", "P-384", DC_KEY_P384}, {"EC", "P-521", DC_KEY_P521},
    {"OKP", "Ed25519", DC_KEY_ED25519}, {"RSA", NULL, DC_KEY_RSA},
};

const char *const dc_kty_types[] = {"EC", "OKP", "RSA", NULL};
const char *const dc_kty_curves[] = {"P-256", "P-384", "P-521", "Ed25519", NULL};

static bool is_type(const char *kty) {
  for (size_t i = 0; dc_kty_types[i]; i++)
    if (strcasecmp(kty, dc_kty_types[i]) == 0) return true;
  return false;
}

static int check_size(const struct dc_kty *options, enum dc_key_kind kind, struct dc_err *err) {
  if (!options->size_given) return 0;
  if (kind != DC_KEY_RSA) return dc_err_set(err, DC_EUSAGE, "'--size' goes with '--kty RSA' alone");
  if (options->size < DC_RSA_BITS_MIN || options->size > DC_RSA_BITS_MAX)
    return dc_err_set(err, DC_EUSAGE, "'--size' must be from %d to %d", DC_RSA_BITS_MIN, DC_RSA_BITS_MAX);
  return 0;
}

int dc_kty_resolve(const struct dc_kty *options, enum dc_key_kind *kind, unsigned *rsa_bits, struct dc_err *err) {
  const char *kty = options->kty_given ? options->kty : "EC";

  if (!options->kty_given && (options->crv_given || options->size_given))
    return dc_err_set(err, DC_EUSAGE, "'--%s' requires '--kty'", options->crv_given ? "crv" : "size");
  if (!is_type(kty)) return dc_err_set(err, DC_EUSAGE, "'--kty %s' is none of EC, OKP and RSA", kty);
  for (size_t i = 0; i < DC_COUNT(keys); i++) {
    if (strcasecmp(kty, keys[i].kty) != 0) continue;
    if (options->crv_given && (!keys[i].crv || strcasecmp(options->crv, keys[i].crv) != 0)) continue;
    *kind = keys[i].kind;
    *rsa_bits = options->size_given ? (unsigned)options->size : 0;
    return check_size(options, keys[i].kind, err);
  }
  return dc_err_set(err, DC_EUSAGE, "'--crv %s' does not go with '--kty %s'", options->crv, kty);
}
