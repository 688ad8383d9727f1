/* SPDX-License-Identifier: Apache-2.0 */
/* Names in openssl's configuration: distinguished names, subject alternative names, name constraints. */
#ifndef DC_CA_PROFILE_NAMES_H
#define DC_CA_PROFILE_NAMES_H

#include "ca/profile_list.h"
#include "base/slice.h"

/* Appends a DER Name of the section's rows: short and long names, dotted OIDs, "0.organizationName". As openssl chooses
 * them, country, serialNumber and dnQualifier are PrintableString, addresses of email and domain components IA5String,
 * the rest UTF8String. UTF8: the values are, else they are Latin-1. */
int dc_profile_names_dn(const struct dc_openssl_conf *conf, const struct dc_openssl_section *section, bool utf8,
                        struct dc_buf *out, struct dc_err *err) DC_NODISCARD;

/* Appends one GeneralName: DNS, URI, email, IP, RID, dirName, otherName. IS_TREE: of name constraints, where IP is
 * ADDRESS/MASK. */
int dc_profile_names_add(const struct dc_openssl_conf *conf, const struct dc_profile_item *item, bool is_tree,
                         struct dc_buf *out, struct dc_err *err) DC_NODISCARD;
/* Appends the addresses of email in the Name SUBJECT: "email:copy". */
void dc_profile_names_copy(struct dc_slice subject, struct dc_buf *out);

#endif
