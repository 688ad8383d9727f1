/* SPDX-License-Identifier: Apache-2.0 */
/* The extensions that openssl's configuration may name. For profile_conf alone. */
#ifndef DC_CA_PROFILE_EXTS_H
#define DC_CA_PROFILE_EXTS_H

#include "ca/profile_conf.h"

struct dc_profile_build {
  const struct dc_profile_conf *profile;
  const struct dc_profile_whose *whose;
  struct dc_buf key_id;            /* the subject's key identifier, once it is known; owned */
  bool has_subject, has_authority; /* the file said something of the key identifiers */
  bool has_names;                  /* there is a subjectAltName */
};

/* Appends the extension of ROW; nothing where its value comes to that: "authorityKeyIdentifier = none". */
int dc_profile_exts_add(struct dc_profile_build *build, const struct dc_openssl_row *row, struct dc_buf *out,
                        struct dc_err *err) DC_NODISCARD;

#endif
