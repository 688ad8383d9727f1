/* SPDX-License-Identifier: Apache-2.0 */
/* What an openssl configuration says of a certificate: its subject and its extensions, as `openssl req` and `openssl
 * x509 -extfile` would write them. What is not understood is refused with file, line and name, never left out. */
#ifndef DC_CA_PROFILE_CONF_H
#define DC_CA_PROFILE_CONF_H

#include "base/slice.h"
#include "config/openssl_conf.h"
#include "pki/cert.h"

enum dc_profile_use {
  DC_PROFILE_CA,       /* [req] x509_extensions counts, else req_extensions */
  DC_PROFILE_WORKLOAD, /* the other way round: a request is what sidecars send */
};

struct dc_profile_conf {
  struct dc_openssl_conf file;
  struct dc_buf subject;                       /* a DER Name */
  const struct dc_openssl_section *extensions; /* in FILE */
};
#define DC_PROFILE_CONF_INIT {.file = DC_OPENSSL_CONF_INIT}

/* Reads TEXT, which stands in the file PATH: [req] with "prompt = no". What [req] says of keys and hashes, which other
 * options decide here, is a line each in WARNINGS. */
int dc_profile_conf_read(const char *path, const struct dc_buf *text, enum dc_profile_use use,
                         struct dc_profile_conf *out, struct dc_buf *warnings, struct dc_err *err) DC_NODISCARD;
void dc_profile_conf_free(struct dc_profile_conf *conf); /* for DC_CLEANUP too */

struct dc_profile_whose {
  const struct dc_spki *spki;   /* the subject's key */
  const struct dc_cert *signer; /* NULL: it signs itself */
  struct dc_slice spiffe_id;    /* a URI that is to be its only one; empty: none */
};
/* Appends the content of the Extensions, in the order of the file; behind them, as openssl does, subject and authority
 * key identifier where the file says nothing of these, the latter not in what signs itself. */
int dc_profile_conf_extensions(const struct dc_profile_conf *conf, const struct dc_profile_whose *whose,
                               struct dc_buf *out, struct dc_err *err) DC_NODISCARD;

#endif
