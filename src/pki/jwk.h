/* SPDX-License-Identifier: Apache-2.0 */
/* JSON Web Keys and sets of them (RFC 7517, 7518 section 6, 8037): public keys alone. The private members of a key are
 * passed over, so that a set may be read out of any file that holds one. A set does not change once filled: any number
 * of threads may look keys up and verify with them. */
#ifndef DC_PKI_JWK_H
#define DC_PKI_JWK_H

#include "pki/jwa.h"

struct dc_jwk {
  char *kid;           /* key ID; NULL when it has none: no token can name it */
  enum dc_jwa alg;     /* DC_JWA_UNKNOWN when it names none: then all that fit the key */
  struct dc_spki spki; /* the key itself, points into `der` */
  struct dc_buf der;
};

struct dc_jwks {
  struct dc_jwk *keys; /* usable ones, in their order in the text */
  size_t count;
};
#define DC_JWKS_INIT {.keys = NULL}

enum { DC_JWKS_TEXT_MAX = 1 << 20, DC_JWKS_KEYS_MAX = 1000 };

/* TEXT (no NUL needed) is a set {"keys": [...]}, or one key as jwx takes it too. A key that cannot check signatures is
 * no failure, as RFC 7517, section 5, wants it: type or algorithm none of ours (symmetric ones too), a curve or size
 * that we do not accept, a malformed or missing number, `use` other than "sig", `key_ops` without "verify" or "sign".
 * Such a key is left out, and NOTES (may be NULL) gets a line "key N 'kid': why" for the log. So *SET may come out
 * empty; what that means is the caller's to say.
 * DC_EINVAL: no JSON, a member given twice anywhere, not of the form of a set. DC_ELIMIT: larger or more keys than the
 * two limits above. *SET is filled only on success. */
int dc_jwks_parse(struct dc_jwks *set, const char *text, size_t n, struct dc_buf *notes, struct dc_err *err)
    DC_NODISCARD;
/* Adds a copy of a public key. KID NULL: its dc_jwk_kid. ALG DC_JWA_UNKNOWN: none named. DC_EMISMATCH: they do not
 * fit; DC_EWEAK, DC_ELIMIT: as dc_spki_check. */
int dc_jwks_add(struct dc_jwks *set, const struct dc_spki *key, const char *kid, enum dc_jwa alg, struct dc_err *err)
    DC_NODISCARD;
void dc_jwks_free(struct dc_jwks *set); /* leaves DC_JWKS_INIT; for DC_CLEANUP too */

/* The first key with this ID, NULL when there is none; borrowed. */
const struct dc_jwk *dc_jwks_find(const struct dc_jwks *set, const char *kid);
/* The first key that is this public key, NULL when there is none; borrowed. */
const struct dc_jwk *dc_jwks_find_key(const struct dc_jwks *set, const struct dc_spki *key);

/* Appends {"keys":[...]}, compact, members in the order of their names: alg (when named), the key's own, kid, kty, and
 * "use":"sig". */
int dc_jwks_write(const struct dc_jwks *set, struct dc_buf *out, struct dc_err *err) DC_NODISCARD;

/* Appends TEXT, a set as dc_jwks_parse takes it, compact and fit to be shown to anybody: every key in it with its members
 * as they stand, but for the private ones (RFC 7518, section 6); symmetric keys are left out. DC_EINVAL. */
int dc_jwks_publish(const char *text, size_t n, struct dc_buf *out, struct dc_err *err) DC_NODISCARD;

enum { DC_JWK_THUMBPRINT_SIZE = 32, DC_JWK_KID_MAX = 45 };
/* RFC 7638 (and 8037 for Ed25519), with SHA-256. */
int dc_jwk_thumbprint(const struct dc_spki *key, unsigned char out[DC_JWK_THUMBPRINT_SIZE], struct dc_err *err)
    DC_NODISCARD;
/* The key ID that Dapr's Sentry gives a key: its thumbprint in standard base64, padded (RFC 7638 itself writes it in
 * base64url). */
int dc_jwk_kid(const struct dc_spki *key, char out[DC_JWK_KID_MAX], struct dc_err *err) DC_NODISCARD;

#endif
