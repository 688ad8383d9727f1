/* SPDX-License-Identifier: Apache-2.0 */
/* Public keys as certificates and requests carry them (SubjectPublicKeyInfo), and signatures checked with them. */
#ifndef DC_PKI_SPKI_H
#define DC_PKI_SPKI_H

#include "pki/der.h"

enum dc_key_kind {
  DC_KEY_UNKNOWN, /* well-formed, but none of ours */
  DC_KEY_P256,
  DC_KEY_P384,
  DC_KEY_P521,
  DC_KEY_ED25519,
  DC_KEY_RSA,
};

enum { DC_RSA_BITS_MIN = 2048, DC_RSA_BITS_MAX = 8192, DC_KEY_ID_SIZE = 20 };

/* A view into somebody's DER. */
struct dc_spki {
  struct dc_slice der; /* all of the SubjectPublicKeyInfo */
  enum dc_key_kind kind;
  unsigned bits;        /* 256, 384, 521, 256 (Ed25519), the modulus' size; 0 when unknown */
  struct dc_slice key;  /* content of the BIT STRING: the point 04 X Y, 32 bytes, or RSAPublicKey */
  struct dc_slice x, y; /* EC: coordinates; Ed25519: x alone */
  struct dc_slice n, e; /* RSA: modulus and exponent */
};

/* DER must be exactly one SubjectPublicKeyInfo. An algorithm or curve that is none of ours is DC_KEY_UNKNOWN, no
 * failure; a malformed key is DC_EINVAL. */
int dc_spki_parse(struct dc_spki *spki, struct dc_slice der, struct dc_err *err) DC_NODISCARD;
/* DC_EWEAK for RSA below 2048 bits or with a bad exponent and for unknown kinds, DC_ELIMIT for RSA above 8192. */
int dc_spki_check(const struct dc_spki *spki, struct dc_err *err) DC_NODISCARD;
/* DC_EINVAL for an EC point that is not on its curve, which parsing does not ask; verifying would fail then. */
int dc_spki_check_point(const struct dc_spki *spki, struct dc_err *err) DC_NODISCARD;
/* Appends the SubjectPublicKeyInfo of raw numbers, big-endian: X and Y of their curve's width; X (32 bytes) for
 * Ed25519; modulus and exponent for RSA. KIND is not DC_KEY_UNKNOWN. */
void dc_spki_add(struct dc_buf *out, enum dc_key_kind kind, struct dc_slice a, struct dc_slice b);
/* The same key (algorithm parameters aside). */
bool dc_spki_equal(const struct dc_spki *a, const struct dc_spki *b);
/* RFC 5280, 4.2.1.2, method 1: SHA-1 of the BIT STRING's bytes. */
int dc_spki_id(const struct dc_spki *spki, unsigned char id[DC_KEY_ID_SIZE], struct dc_err *err) DC_NODISCARD;
/* Appends the SHA-256 of DER as lower-case hex. */
int dc_spki_fingerprint(const struct dc_spki *spki, struct dc_buf *out, struct dc_err *err) DC_NODISCARD;
/* "EC P-256", "Ed25519", "RSA 2048"; BUF has DC_SPKI_TEXT_MAX bytes; returns BUF. */
enum { DC_SPKI_TEXT_MAX = 32 };
const char *dc_spki_text(const struct dc_spki *spki, char *buf);

/* Checks SIGNATURE over DATA. ALGORITHM is the AlgorithmIdentifier, all of its bytes: RSA PKCS#1 v1.5 and PSS, ECDSA,
 * Ed25519 with SHA-2; with SHA-1 only when ALLOW_SHA1; never MD5. DC_EMISMATCH: the signature is not this key's over
 * this data. DC_EUNSUPPORTED: algorithm not accepted, or not one of the key's kind. DC_EWEAK, DC_ELIMIT: as
 * dc_spki_check. No heap of ours; GnuTLS allocates. Threads may call it at once. */
int dc_spki_verify(const struct dc_spki *spki, struct dc_slice algorithm, bool allow_sha1, struct dc_slice data,
                   struct dc_slice signature, struct dc_err *err) DC_NODISCARD;

#endif
