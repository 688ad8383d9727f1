/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "ca/profile_conf.h"

#include <string.h>

#include "ca/profile_exts.h"
#include "ca/profile_list.h"
#include "ca/profile_names.h"
#include "pki/ext.h"
#include "pki/oid.h"

static const char req[] = "req";

void dc_profile_conf_free(struct dc_profile_conf *conf) {
  dc_openssl_conf_free(&conf->file);
  dc_buf_free(&conf->subject);
  conf->extensions = NULL;
}

/* --- [req] -------------------------------------------------------------------------------------------------------- */

/* What [req] may say. Where WHY is there, the row is said not to count, unless its value is FINE; without both it is
 * read below. REFUSED: the certificate would be another one. */
static const struct {
  const char *name, *fine, *why;
  bool refused;
} known[] = {
    {"distinguished_name", NULL, NULL, false},
    {"x509_extensions", NULL, NULL, false},
    {"req_extensions", NULL, NULL, false},
    {"prompt", NULL, NULL, false},
    {"utf8", NULL, NULL, false},
    {"string_mask", "utf8only", "names are UTF8String here", true},
    {"oid_section", NULL, "names for OIDs are not supported: write the OIDs", true},
    {"oid_file", NULL, "names for OIDs are not supported: write the OIDs", true},
    {"default_bits", NULL, "not taken: '--kty', '--crv' and '--size' choose a key", false},
    {"default_keyfile", NULL, "not taken: a key goes where its program puts it", false},
    {"default_md", NULL, "not taken: the key decides on the hash of a signature", false},
    {"default_days", NULL, "not taken: options say how long a certificate lives", false},
    {"encrypt_key", "no", "not taken: keys are not encrypted", false},
    {"encrypt_rsa_key", "no", "not taken: keys are not encrypted", false},
    {"input_password", NULL, "not taken: keys are not encrypted", false},
    {"output_password", NULL, "not taken: keys are not encrypted", false},
    {"attributes", NULL, "not taken: no request is made", false},
};

static int judge(const struct dc_openssl_conf *file, const struct dc_openssl_row *row, struct dc_buf *warnings,
                 struct dc_err *err) {
  const char *why = "not taken: unknown in [req]";

  for (size_t i = 0; i < DC_COUNT(known); i++) {
    if (strcmp(known[i].name, row->name) != 0) continue;
    if (!known[i].why || (known[i].fine && strcmp(known[i].fine, row->value) == 0)) return 0;
    if (known[i].refused) return dc_openssl_conf_refuse(file, row, err, "%s", known[i].why);
    why = known[i].why;
  }
  dc_buf_printf(warnings, "'%s' line %d: %s: %s\n", file->path, row->line, row->name, why);
  return 0;
}

static int judge_all(const struct dc_openssl_conf *file, struct dc_buf *warnings, struct dc_err *err) {
  const struct dc_openssl_section *section = dc_openssl_conf_section(file, req);
  const struct dc_openssl_row *oids = dc_openssl_conf_find(file, req, "oid_section");
  int rc = oids ? judge(file, oids, warnings, err) : 0;

  if (!section) return dc_err_set(err, DC_EINVAL, "'%s': it has no section [req]", file->path);
  for (size_t i = 0; rc == 0 && i < section->count; i++) rc = judge(file, &section->rows[i], warnings, err);
  return rc;
}

/* The section that NAME in [req] names. NULL with *RC 0: there is no such name. */
static const struct dc_openssl_section *named_section(const struct dc_openssl_conf *file, const char *name, int *rc,
                                                      struct dc_err *err) {
  const struct dc_openssl_row *row = dc_openssl_conf_find(file, req, name);
  const struct dc_openssl_section *section = row ? dc_openssl_conf_section(file, row->value) : NULL;

  if (row && !section) *rc = dc_openssl_conf_refuse(file, row, err, "there is no section [%s]", row->value);
  return section;
}

static int read_subject(struct dc_profile_conf *conf, struct dc_err *err) {
  const struct dc_openssl_row *prompt = dc_openssl_conf_find(&conf->file, req, "prompt");
  const struct dc_openssl_row *utf8 = dc_openssl_conf_find(&conf->file, req, "utf8");
  const struct dc_openssl_section *section;
  bool is_utf8 = utf8 && strcmp(utf8->value, "yes") == 0;
  int rc = 0;

  if (!prompt || strcmp(prompt->value, "no") != 0)
    return dc_err_set(err, DC_EINVAL, "'%s': [req] has no 'prompt = no': nothing is asked for here", conf->file.path);
  section = named_section(&conf->file, "distinguished_name", &rc, err);
  if (rc < 0) return rc;
  if (!section) return dc_err_set(err, DC_EINVAL, "'%s': [req] has no 'distinguished_name'", conf->file.path);
  if (section->count == 0) return dc_err_set(err, DC_EINVAL, "'%s' line %d: section [%s] is empty", conf->file.path,
                                             section->line, section->name);
  return dc_profile_names_dn(&conf->file, section, is_utf8, &conf->subject, err);
}

static int choose_extensions(struct dc_profile_conf *conf, enum dc_profile_use use, struct dc_buf *warnings,
                             struct dc_err *err) {
  static const char *const names[] = {"x509_extensions", "req_extensions"};
  const char *first = names[use == DC_PROFILE_WORKLOAD], *second = names[use != DC_PROFILE_WORKLOAD];
  const struct dc_openssl_section *section, *other;
  int rc = 0;

  section = named_section(&conf->file, first, &rc, err);
  other = rc == 0 ? named_section(&conf->file, second, &rc, err) : NULL;
  if (rc < 0) return rc;
  if (!section && !other)
    return dc_err_set(err, DC_EINVAL, "'%s': [req] names no extensions: %s is missing", conf->file.path, first);
  if (section && other && section != other)
    dc_buf_printf(warnings, "'%s' line %d: %s: not taken: %s counts here\n", conf->file.path,
                  dc_openssl_conf_find(&conf->file, req, second)->line, second, first);
  conf->extensions = section ? section : other;
  return 0;
}

int dc_profile_conf_read(const char *path, const struct dc_buf *text, enum dc_profile_use use,
                         struct dc_profile_conf *out, struct dc_buf *warnings, struct dc_err *err) {
  struct dc_profile_conf conf DC_CLEANUP(dc_profile_conf_free) = DC_PROFILE_CONF_INIT;
  int rc = dc_openssl_conf_parse(path, text, &conf.file, err);

  if (rc == 0) rc = judge_all(&conf.file, warnings, err);
  if (rc == 0) rc = read_subject(&conf, err);
  if (rc == 0) rc = choose_extensions(&conf, use, warnings, err);
  if (rc < 0) return rc;
  *out = conf;
  conf = (struct dc_profile_conf)DC_PROFILE_CONF_INIT;
  return 0;
}

/* --- extensions --------------------------------------------------------------------------------------------------- */

static int add_all(struct dc_profile_build *build, struct dc_buf *out, struct dc_err *err) {
  static char subject_name[] = "subjectKeyIdentifier", authority_name[] = "authorityKeyIdentifier", hash[] = "hash",
              usual[] = "keyid, issuer";
  const struct dc_openssl_row subject = {subject_name, hash, 0}, authority = {authority_name, usual, 0};
  const struct dc_openssl_section *section = build->profile->extensions;
  struct dc_slice id = build->whose->spiffe_id;
  int rc = 0;

  for (size_t i = 0; rc == 0 && i < section->count; i++) rc = dc_profile_exts_add(build, &section->rows[i], out, err);
  if (rc == 0 && !build->has_subject) rc = dc_profile_exts_add(build, &subject, out, err);
  if (rc == 0 && !build->has_authority) rc = dc_profile_exts_add(build, &authority, out, err);
  if (rc == 0 && id.len && !build->has_names) {
    const struct dc_san san = {DC_SAN_URI, id};
    struct dc_ext_mark mark = dc_ext_begin(out, DC_SLICE(DC_OID_EXT_SAN), false);
    rc = dc_san_add(out, &san, 1, err);
    dc_ext_end(out, mark);
  }
  if (rc == 0 && out->len == 0)
    rc = dc_err_set(err, DC_EINVAL, "'%s' line %d: section [%s] comes to no extension", build->profile->file.path,
                    section->line, section->name);
  return rc < 0 ? rc : dc_buf_check(out, err);
}

int dc_profile_conf_extensions(const struct dc_profile_conf *conf, const struct dc_profile_whose *whose,
                               struct dc_buf *out, struct dc_err *err) {
  struct dc_profile_build build = {.profile = conf, .whose = whose, .key_id = DC_BUF_INIT};
  int rc = add_all(&build, out, err);

  dc_buf_free(&build.key_id);
  return rc;
}
