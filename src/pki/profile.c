/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates, made. */
#include "config.h"

#include "pki/profile.h"

#include <gnutls/crypto.h>

#include "pki/ext.h"
#include "pki/oid.h"

enum { SERIAL_SIZE = 16, TBS_USUAL = 1024 };

static void add_key_usage(struct dc_buf *out, unsigned usage) {
  struct dc_ext_mark ext = dc_ext_begin(out, DC_SLICE(DC_OID_EXT_KEY_USAGE), true);

  dc_der_add_named_bits(out, usage);
  dc_ext_end(out, ext);
}

static void add_ext_usage(struct dc_buf *out, unsigned usage) {
  struct dc_ext_mark ext = dc_ext_begin(out, DC_SLICE(DC_OID_EXT_EXT_USAGE), false);
  size_t list = dc_der_begin(out, DC_DER_SEQUENCE);

  if (usage & DC_EKU_SERVER) dc_der_add_slice(out, DC_DER_OID, DC_SLICE(DC_OID_USAGE_SERVER));
  if (usage & DC_EKU_CLIENT) dc_der_add_slice(out, DC_DER_OID, DC_SLICE(DC_OID_USAGE_CLIENT));
  dc_der_end(out, list);
  dc_ext_end(out, ext);
}

static void add_constraints(struct dc_buf *out, int path_len) {
  struct dc_ext_mark ext = dc_ext_begin(out, DC_SLICE(DC_OID_EXT_CONSTRAINTS), true);
  size_t fields = dc_der_begin(out, DC_DER_SEQUENCE);

  dc_der_add(out, DC_DER_BOOLEAN, "\xff", 1);
  if (path_len >= 0) dc_der_add_number(out, (uint32_t)path_len);
  dc_der_end(out, fields);
  dc_ext_end(out, ext);
}

static int add_subject_key_id(struct dc_buf *out, const struct dc_profile *profile, struct dc_err *err) {
  unsigned char own[DC_KEY_ID_SIZE];
  struct dc_slice id = profile->key_id;
  struct dc_ext_mark ext;
  int rc = id.len ? 0 : dc_spki_id(profile->spki, own, err);

  if (rc < 0) return rc;
  if (!id.len) id = (struct dc_slice){own, sizeof own};
  ext = dc_ext_begin(out, DC_SLICE(DC_OID_EXT_SUBJECT_KEY_ID), false);
  dc_der_add_slice(out, DC_DER_OCTET_STRING, id);
  dc_ext_end(out, ext);
  return 0;
}

static void add_authority_key_id(struct dc_buf *out, struct dc_slice id) {
  struct dc_ext_mark ext = dc_ext_begin(out, DC_SLICE(DC_OID_EXT_AUTHORITY_KEY_ID), false);
  size_t fields = dc_der_begin(out, DC_DER_SEQUENCE);

  dc_der_add_slice(out, DC_DER_CONTEXT(0), id);
  dc_der_end(out, fields);
  dc_ext_end(out, ext);
}

static int add_sans(struct dc_buf *out, const struct dc_profile *profile, struct dc_err *err) {
  struct dc_ext_mark ext = dc_ext_begin(out, DC_SLICE(DC_OID_EXT_SAN), profile->subject.len == 0);
  int rc = dc_san_add(out, profile->sans, profile->san_count, err);

  dc_ext_end(out, ext);
  return rc;
}

static int add_extensions(struct dc_buf *out, const struct dc_profile *profile, const struct dc_signer *signer,
                          struct dc_err *err) {
  size_t explicit_list = dc_der_begin(out, DC_DER_CONTEXT_SEQ(3)), list = dc_der_begin(out, DC_DER_SEQUENCE);
  int rc = 0;

  if (profile->extensions.len) {
    dc_buf_add(out, profile->extensions.data, profile->extensions.len);
    dc_der_end(out, list);
    dc_der_end(out, explicit_list);
    return 0;
  }
  if (profile->key_usage) add_key_usage(out, profile->key_usage);
  if (profile->ext_usage) add_ext_usage(out, profile->ext_usage);
  if (profile->is_ca) add_constraints(out, profile->path_len);
  if (profile->subject_key_id) rc = add_subject_key_id(out, profile, err);
  if (signer->key_id.len) add_authority_key_id(out, signer->key_id);
  if (rc == 0 && profile->san_count) rc = add_sans(out, profile, err);
  dc_der_end(out, list);
  dc_der_end(out, explicit_list);
  return rc;
}

static int add_serial(struct dc_buf *out, struct dc_err *err) {
  unsigned char serial[SERIAL_SIZE];
  int rc = gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof serial);

  if (rc < 0) return dc_err_set(err, DC_ECRYPTO, "no random bytes for a serial number: %s", gnutls_strerror(rc));
  dc_der_add_unsigned(out, serial, sizeof serial);
  return 0;
}

static int add_tbs(struct dc_buf *out, const struct dc_profile *profile, const struct dc_signer *signer,
                   struct dc_slice algorithm, struct dc_err *err) {
  size_t tbs = dc_der_begin(out, DC_DER_SEQUENCE), mark;
  int rc;

  mark = dc_der_begin(out, DC_DER_CONTEXT_SEQ(0));
  dc_der_add_number(out, 2); /* version 3 */
  dc_der_end(out, mark);
  rc = add_serial(out, err);
  if (rc < 0) return rc;
  dc_buf_add(out, algorithm.data, algorithm.len);
  dc_buf_add(out, signer->name.data, signer->name.len);
  mark = dc_der_begin(out, DC_DER_SEQUENCE);
  dc_der_add_time(out, profile->not_before);
  dc_der_add_time(out, profile->not_after);
  dc_der_end(out, mark);
  if (profile->subject.len)
    dc_buf_add(out, profile->subject.data, profile->subject.len);
  else
    dc_der_add(out, DC_DER_SEQUENCE, NULL, 0);
  dc_buf_add(out, profile->spki->der.data, profile->spki->der.len);
  rc = add_extensions(out, profile, signer, err);
  dc_der_end(out, tbs);
  return rc < 0 ? rc : dc_buf_check(out, err);
}

int dc_profile_sign(const struct dc_profile *profile, const struct dc_signer *signer, struct dc_buf *out,
                    struct dc_err *err) {
  struct dc_buf tbs DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  int rc;

  (void)dc_buf_reserve(&tbs, TBS_USUAL); /* one allocation; whether it failed is found out below */
  rc = add_tbs(&tbs, profile, signer, dc_key_algorithm(signer->key), err);
  return rc < 0 ? rc : dc_key_seal(signer->key, (struct dc_slice){tbs.data, tbs.len}, out, err);
}
