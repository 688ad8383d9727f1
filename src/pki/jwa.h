/* SPDX-License-Identifier: Apache-2.0 */
/* JSON Web Algorithms (RFC 7518, section 3; RFC 8037): the signatures of JOSE. No symmetric algorithm, no "none". */
#ifndef DC_PKI_JWA_H
#define DC_PKI_JWA_H

#include "pki/key.h"

enum dc_jwa {
  DC_JWA_UNKNOWN, /* none of ours */
  DC_JWA_RS256,
  DC_JWA_RS384,
  DC_JWA_RS512,
  DC_JWA_PS256,
  DC_JWA_PS384,
  DC_JWA_PS512,
  DC_JWA_ES256,
  DC_JWA_ES384,
  DC_JWA_ES512,
  DC_JWA_EDDSA, /* Ed25519 alone */
};

/* "RS256"; "unknown" for what is none of ours. Static. */
const char *dc_jwa_name(enum dc_jwa alg);
/* Names are case-sensitive (RFC 7515, 4.1.1). DC_JWA_UNKNOWN for any other. */
enum dc_jwa dc_jwa_from_name(const char *name);
/* Whether a key of this kind can make or check such a signature: each ES algorithm has one curve. */
bool dc_jwa_fits(enum dc_jwa alg, enum dc_key_kind kind);
/* What such a key signs with unless told otherwise: RS256, ES256 (384, 512), EdDSA. */
enum dc_jwa dc_jwa_of_kind(enum dc_key_kind kind);

/* Appends the signature over DATA in JOSE's form: that of ECDSA is R and S, each of the curve's width. DC_EMISMATCH:
 * the algorithm does not fit the key. Threads may sign with one key at once. */
int dc_jwa_sign(enum dc_jwa alg, const struct dc_key *key, struct dc_slice data, struct dc_buf *out,
                struct dc_err *err) DC_NODISCARD;
/* DC_EMISMATCH: the algorithm does not fit the key, or the signature is not this key's over this data, or not of the
 * right length. DC_EWEAK, DC_ELIMIT: as dc_spki_check. Threads may verify with one key at once. */
int dc_jwa_verify(enum dc_jwa alg, const struct dc_spki *key, struct dc_slice data, struct dc_slice signature,
                  struct dc_err *err) DC_NODISCARD;

#endif
