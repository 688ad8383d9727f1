/* SPDX-License-Identifier: Apache-2.0 */
/* X.509 certificates (RFC 5280), parsed. A dc_cert does not change once made; threads may share it. */
#ifndef DC_PKI_CERT_H
#define DC_PKI_CERT_H

#include "pki/san.h"
#include "pki/spki.h"

/* keyUsage, in the order of RFC 5280, 4.2.1.3. */
enum dc_key_usage {
  DC_KU_DIGITAL_SIGNATURE = 1 << 0,
  DC_KU_CONTENT_COMMITMENT = 1 << 1,
  DC_KU_KEY_ENCIPHERMENT = 1 << 2,
  DC_KU_DATA_ENCIPHERMENT = 1 << 3,
  DC_KU_KEY_AGREEMENT = 1 << 4,
  DC_KU_CERT_SIGN = 1 << 5,
  DC_KU_CRL_SIGN = 1 << 6,
  DC_KU_ENCIPHER_ONLY = 1 << 7,
  DC_KU_DECIPHER_ONLY = 1 << 8,
};

enum dc_ext_usage {
  DC_EKU_SERVER = 1 << 0,
  DC_EKU_CLIENT = 1 << 1,
  DC_EKU_ANY = 1 << 2,
  DC_EKU_OTHER = 1 << 3,
};

struct dc_cert {
  struct dc_buf bytes;  /* owned; every slice below points into it */
  struct dc_slice der;  /* all of it */
  struct dc_slice tbs;  /* the part that is signed */
  struct dc_slice serial;          /* content of the INTEGER */
  struct dc_slice issuer, subject; /* DER Names */
  struct dc_slice algorithm, signature;
  struct dc_spki spki;
  int64_t not_before, not_after; /* seconds since 1970, both inclusive */
  int version;                   /* 1 to 3 */
  bool has_constraints, is_ca;
  int path_len;       /* -1: no limit */
  unsigned key_usage; /* DC_KU_*; 0: no extension */
  unsigned ext_usage; /* DC_EKU_*; 0: no extension */
  struct dc_slice subject_key_id, authority_key_id; /* the key identifiers; empty: none */
  struct dc_san *sans; /* owned */
  size_t san_count;
  bool san_critical;
  struct dc_slice extensions; /* content of the SEQUENCE, for pki/ext; empty: none */
  struct dc_slice name_constraints; /* content of the SEQUENCE, for pki/constraints; empty: none */
  struct dc_slice unknown_critical; /* OID content of the first critical extension that we do not know; else empty */
};

/* Copies DER, which must be exactly one certificate. */
int dc_cert_parse(const void *der, size_t n, struct dc_cert **out, struct dc_err *err) DC_NODISCARD;
void dc_cert_free(struct dc_cert *cert);
void dc_cert_cleanup(struct dc_cert **cert); /* for DC_CLEANUP */

/* Whether CERT's signature was made by PARENT's key: names and identifiers play no part, since two keys may bear one
 * name (what step makes). SHA-1 and MD5 are not accepted, as in Go. Codes of dc_spki_verify. */
int dc_cert_signed_by(const struct dc_cert *cert, const struct dc_cert *parent, struct dc_err *err) DC_NODISCARD;
bool dc_cert_self_signed(const struct dc_cert *cert);
/* Whether it may sign certificates: version 3, a CA, certSign where it has a keyUsage. DC_EMISMATCH with the reason. */
int dc_cert_check_ca(const struct dc_cert *cert, struct dc_err *err) DC_NODISCARD;

/* Whether it is for HOST, a DNS name or an IP address, as Go has it: by its subject alternative names alone, where "*"
 * stands for a whole first label. DC_EMISMATCH. */
int dc_cert_check_host(const struct dc_cert *cert, const char *host, struct dc_err *err) DC_NODISCARD;

/* SHA-256 of the DER, as lower-case hex; serial in lower-case hex. */
int dc_cert_fingerprint(const struct dc_cert *cert, struct dc_buf *out, struct dc_err *err) DC_NODISCARD;
void dc_cert_serial_text(const struct dc_cert *cert, struct dc_buf *out);

#endif
