/* SPDX-License-Identifier: Apache-2.0 */
/* Certificate requests (PKCS#10, RFC 2986): a view of one, and the check of its own signature. */
#ifndef DC_PKI_CSR_H
#define DC_PKI_CSR_H

#include "pki/key.h"
#include "pki/san.h"

/* A view into the DER it was parsed from, which must outlive it. No heap. */
struct dc_csr {
  struct dc_slice der, info;      /* all of it; the part that is signed */
  struct dc_slice subject;        /* a DER Name */
  struct dc_slice algorithm, signature;
  struct dc_slice san;            /* content of the subjectAltName extension it asks for, else empty: dc_san_next */
  struct dc_slice extensions;     /* content of the Extensions it asks for, else empty: dc_ext_next */
  struct dc_spki spki;
  bool has_dns_san;
  bool has_cn;
};

/* DC_EINVAL: not a request. What Go's parser takes is taken: an unknown key or algorithm is found out by verify. */
int dc_csr_parse(struct dc_csr *csr, const void *der, size_t n, struct dc_err *err) DC_NODISCARD;
/* Whether the key is strong enough to be certified (dc_spki_check: DC_EWEAK, DC_ELIMIT), then whether the request is
 * signed by it (DC_EMISMATCH; DC_EUNSUPPORTED for an algorithm that is not accepted). SHA-1 passes here, as in Go:
 * the signature proves possession of the key and nothing else. */
int dc_csr_verify(const struct dc_csr *csr, struct dc_err *err) DC_NODISCARD;

/* Appends the DER of a request for KEY with an empty subject and these names (none is fine), signed by KEY. */
int dc_csr_make(const struct dc_key *key, const struct dc_san *sans, size_t san_count, struct dc_buf *out,
                struct dc_err *err) DC_NODISCARD;

#endif
