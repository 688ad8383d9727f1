/* SPDX-License-Identifier: Apache-2.0 */
/* What goes into a certificate, and the one function that makes one.
 *
 * The TBSCertificate is written as DER and signed: GnuTLS' certificate objects cost more than the signature itself. */
#ifndef DC_PKI_PROFILE_H
#define DC_PKI_PROFILE_H

#include "pki/cert.h"
#include "pki/key.h"

struct dc_profile {
  struct dc_slice subject;       /* a DER Name; no bytes: the empty Name */
  int64_t not_before, not_after; /* seconds since 1970 */
  const struct dc_spki *spki;    /* the subject's key */
  struct dc_slice extensions;    /* content of the Extensions; when there is one, nothing below counts, nor the AKI */
  const struct dc_san *sans;     /* critical when the subject is empty */
  size_t san_count;
  unsigned key_usage; /* DC_KU_*, critical; 0: no extension */
  unsigned ext_usage; /* DC_EKU_SERVER, DC_EKU_CLIENT; 0: no extension */
  bool is_ca;         /* critical basicConstraints; no extension else */
  int path_len;       /* is_ca: -1 for no limit */
  bool subject_key_id;    /* by RFC 5280's first method, */
  struct dc_slice key_id; /* unless it is given here */
};

/* Who signs. */
struct dc_signer {
  const struct dc_key *key;
  struct dc_slice name;   /* its certificate's subject */
  struct dc_slice key_id; /* its subject key identifier, for AKI; empty: no AKI */
};

/* Appends the DER of a certificate: version 3, serial of 128 random bits, positive. */
int dc_profile_sign(const struct dc_profile *profile, const struct dc_signer *signer, struct dc_buf *out,
                    struct dc_err *err) DC_NODISCARD;

#endif
