/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates for tests: a party has a key, a name and a certificate; one call makes a child of another. */
#ifndef DC_TESTS_PKI_MAKE_H
#define DC_TESTS_PKI_MAKE_H

#include <stdio.h>
#include <stdlib.h>

#include "base/pem.h"
#include "pki/bundle.h"
#include "pki/key.h"
#include "pki/name.h"
#include "pki/profile.h"

enum { MAKE_NOW = 1700000000, MAKE_DAY = 86400 };

struct party {
  struct dc_key *key;
  struct dc_buf name; /* DER */
  struct dc_cert *cert;
};

/* What differs from a good CA; zero is the usual. */
struct make {
  enum dc_key_kind kind;    /* 0: Ed25519, which is quick */
  const struct party *like; /* same key as that one's */
  int64_t not_before, not_after;
  bool leaf, no_cert_sign, no_key_ids;
  int path_len; /* 0: none; else one more than the path length */
  unsigned ext_usage;
  const struct dc_san *sans;
  size_t san_count;
};

__attribute__((unused)) static void party_free(struct party *party) {
  dc_key_free(party->key);
  dc_buf_free(&party->name);
  dc_cert_free(party->cert);
}

/* Ends the test when it fails: nothing can be said without its certificates. SIGNER NULL: self-signed. */
__attribute__((unused)) static void party_make(struct party *party, const char *name, const struct party *signer,
                                               struct make make) {
  struct dc_buf der DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, pem DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  unsigned char id[DC_KEY_ID_SIZE];
  struct dc_profile profile = {
      .not_before = make.not_before ? make.not_before : MAKE_NOW - MAKE_DAY,
      .not_after = make.not_after ? make.not_after : MAKE_NOW + MAKE_DAY,
      .key_usage = make.leaf ? DC_KU_DIGITAL_SIGNATURE
                             : DC_KU_CRL_SIGN | (make.no_cert_sign ? 0U : (unsigned)DC_KU_CERT_SIGN),
      .ext_usage = make.ext_usage,
      .is_ca = !make.leaf,
      .path_len = make.path_len - 1,
      .subject_key_id = !make.no_key_ids && !make.leaf,
      .sans = make.sans,
      .san_count = make.san_count,
  };
  struct dc_signer by = {.key_id = {id, sizeof id}};
  int rc = 0;

  *party = (struct party){.name = DC_BUF_INIT};
  if (make.like) {
    rc = dc_key_to_pem(make.like->key, &pem, NULL);
    if (rc == 0) rc = dc_key_from_pem(dc_buf_text(&pem), pem.len, &party->key, NULL);
  } else {
    rc = dc_key_generate(make.kind ? make.kind : DC_KEY_ED25519, 0, &party->key, NULL);
  }
  dc_name_add(&party->name, NULL, name);
  if (!signer) signer = party;
  profile.spki = dc_key_public(party->key);
  profile.subject = (struct dc_slice){party->name.data, party->name.len};
  by.key = signer->key;
  by.name = (struct dc_slice){signer->name.data, signer->name.len};
  if (rc == 0) rc = dc_spki_id(dc_key_public(signer->key), id, NULL);
  if (make.no_key_ids) by.key_id.len = 0;
  if (rc == 0) rc = dc_profile_sign(&profile, &by, &der, NULL);
  if (rc == 0) rc = dc_cert_parse(der.data, der.len, &party->cert, NULL);
  if (rc < 0) {
    printf("Bail out! cannot make the certificate '%s'\n", name);
    exit(1);
  }
}

__attribute__((unused)) static void bundle_add(struct dc_bundle *bundle, const struct party *party) {
  if (dc_bundle_add_der(bundle, party->cert->der.data, party->cert->der.len, NULL) < 0) exit(1);
}

__attribute__((unused)) static void pem_add(struct dc_buf *out, const struct party *party) {
  dc_pem_add(out, "CERTIFICATE", party->cert->der.data, party->cert->der.len);
}

#endif
