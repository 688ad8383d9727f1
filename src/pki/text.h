/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates, requests and public keys for people, as "openssl x509 -text" shows them. */
#ifndef DC_PKI_TEXT_H
#define DC_PKI_TEXT_H

#include "pki/cert.h"
#include "pki/csr.h"

/* Appends lines, each with its newline. Extensions that we do not read are shown as bytes. */
void dc_text_cert(const struct dc_cert *cert, struct dc_buf *out);
void dc_text_csr(const struct dc_csr *csr, struct dc_buf *out);
/* "Public Key Algorithm: ..." and what belongs to it, indented by INDENT spaces. */
void dc_text_spki(const struct dc_spki *spki, int indent, struct dc_buf *out);

/* A serial number in decimal, as step has it. */
void dc_text_decimal(struct dc_slice number, struct dc_buf *out);
/* The name of an AlgorithmIdentifier: "ecdsa-with-SHA256" as openssl has it, or Go's "ECDSA-SHA256"; its OID where
 * there is no name. */
void dc_text_algorithm(struct dc_slice algorithm, bool like_go, struct dc_buf *out);
/* "1.2.840.10045.4.3.2" of it. */
void dc_text_algorithm_oid(struct dc_slice algorithm, struct dc_buf *out);
/* The names of usages, with commas: "Digital Signature, Certificate Sign". */
void dc_text_key_usage(unsigned key_usage, struct dc_buf *out);

#endif
