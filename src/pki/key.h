/* SPDX-License-Identifier: Apache-2.0 */
/* Private keys. A dc_key does not change once made: any number of threads may sign with one at the same time. */
#ifndef DC_PKI_KEY_H
#define DC_PKI_KEY_H

#include "pki/spki.h"

struct dc_key;
struct gnutls_privkey_st; /* what GnuTLS' gnutls_privkey_t points to: above pki/, only rpc/tls looks inside */

/* RSA_BITS: DC_KEY_RSA alone, 0 for 2048. DC_EWEAK below 2048, DC_ELIMIT above 8192. */
int dc_key_generate(enum dc_key_kind kind, unsigned rsa_bits, struct dc_key **out, struct dc_err *err) DC_NODISCARD;
/* The first private key of a PEM text: SEC1 "EC PRIVATE KEY", PKCS#8 "PRIVATE KEY", PKCS#1 "RSA PRIVATE KEY". Text
 * and other blocks (EC PARAMETERS, certificates) around it are skipped. DC_ENOENT: no key in it; DC_EUNSUPPORTED: it
 * is encrypted; DC_EINVAL: broken; DC_EWEAK: none of the kinds above, or too short. */
int dc_key_from_pem(const char *text, size_t n, struct dc_key **out, struct dc_err *err) DC_NODISCARD;
void dc_key_free(struct dc_key *key);
void dc_key_cleanup(struct dc_key **key); /* for DC_CLEANUP */

/* The form that every Dapr version loads where there is one: EC as SEC1, RSA as PKCS#1, Ed25519 as PKCS#8. */
int dc_key_to_pem(const struct dc_key *key, struct dc_buf *out, struct dc_err *err) DC_NODISCARD;
/* Every kind as PKCS#8 "PRIVATE KEY". */
int dc_key_to_pkcs8(const struct dc_key *key, struct dc_buf *out, struct dc_err *err) DC_NODISCARD;

/* Its public half; borrowed. */
const struct dc_spki *dc_key_public(const struct dc_key *key);
/* Borrowed gnutls_privkey_t, for TLS credentials; lives as long as the dc_key. */
struct gnutls_privkey_st *dc_key_gnutls(const struct dc_key *key);

/* The AlgorithmIdentifier of this key's signatures (SHA-256 for P-256 and RSA, SHA-384, SHA-512 for the larger
 * curves), static DER. */
struct dc_slice dc_key_algorithm(const struct dc_key *key);
/* Appends the signature over DATA to OUT. */
int dc_key_sign(const struct dc_key *key, struct dc_slice data, struct dc_buf *out, struct dc_err *err) DC_NODISCARD;
/* RSA keys alone: with PKCS#1 v1.5 or PSS (its salt as long as the hash), and SHA-256, 384 or 512. DC_EMISMATCH: the
 * key is of another kind; DC_EUNSUPPORTED: another hash. */
int dc_key_sign_rsa(const struct dc_key *key, bool pss, unsigned hash_bits, struct dc_slice data, struct dc_buf *out,
                    struct dc_err *err) DC_NODISCARD;
/* Appends what X.509 calls SIGNED: a sequence of BODY (DER), this key's algorithm, and its signature over BODY. */
int dc_key_seal(const struct dc_key *key, struct dc_slice body, struct dc_buf *out, struct dc_err *err) DC_NODISCARD;

#endif
