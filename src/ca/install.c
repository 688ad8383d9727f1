/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/install.h"

#include "base/os.h"
#include "base/path.h"
#include "config/settings.h"
#include "store/layout.h"
#include "store/publish.h"

/* daprcerts.conf goes with the set when there is none, so that no interruption leaves a CA whose names nobody knows. */
static int add_settings(struct dc_set *files, const char *dir, const char *trust_domain, const char *ns,
                        struct dc_err *err) {
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  char *path DC_CLEANUP(dc_mem_free) = dc_path_join(dir, DC_SETTINGS_FILE);
  int there = path ? dc_os_exists(path, err) : dc_err_nomem(err);
  if (there) return there < 0 ? there : 0;
  dc_settings_text(&text, trust_domain, ns, DC_DEFAULT_TRUST_DOMAIN, DC_DEFAULT_NAMESPACE);
  int rc = dc_buf_check(&text, err);
  return rc ? rc : dc_set_add(files, DC_SETTINGS_FILE, 0644, text.data, text.len, err);
}

int dc_install_new(const char *dir, const struct dc_init_set *set, const char *control_plane_trust_domain,
                   const char *control_plane_namespace, struct dc_err *err) {
  const struct dc_buf *bytes[DC_FILES] = {
      [DC_FILE_CA_CRT] = &set->ca_crt,         [DC_FILE_CA_KEY] = &set->ca_key,
      [DC_FILE_CLIENT_CRT] = &set->client_crt, [DC_FILE_CLIENT_KEY] = &set->client_key,
      [DC_FILE_ISSUER_CRT] = &set->issuer_crt, [DC_FILE_ISSUER_KEY] = &set->issuer_key,
  };
  struct dc_set files DC_CLEANUP(dc_set_free) = DC_SET_INIT;
  int rc = 0;
  for (size_t i = 0; !rc && i < DC_FILES; i++)
    rc = dc_set_add(&files, dc_layout_files[i].name, dc_layout_files[i].mode, bytes[i]->data, bytes[i]->len, err);
  if (!rc) rc = add_settings(&files, dir, control_plane_trust_domain, control_plane_namespace, err);
  return rc ? rc : dc_publish(dir, &files, DC_PUBLISH_NEW, err);
}

enum { FILE_MAX = 1 << 20 };

static const char *or_usual(const char *name, enum dc_file file) { return name ? name : dc_layout_files[file].name; }

int dc_install_load(const char *dir, const struct dc_install_names *names, int64_t now, struct dc_authority **out,
                    struct dc_err *err) {
  static const struct dc_install_names usual;
  if (!names) names = &usual;
  const char *const list[] = {or_usual(names->ca_crt, DC_FILE_CA_CRT), or_usual(names->issuer_crt, DC_FILE_ISSUER_CRT),
                              or_usual(names->issuer_key, DC_FILE_ISSUER_KEY)};
  struct dc_buf files[DC_COUNT(list)] = {DC_BUF_INIT, DC_BUF_INIT, DC_BUF_INIT};
  int rc = dc_publish_read(dir, list, DC_COUNT(list), FILE_MAX, files, err);
  if (!rc) {
    const struct dc_authority_files bytes = {.ca_crt = {files[0].data, files[0].len},
                                             .issuer_crt = {files[1].data, files[1].len},
                                             .issuer_key = {files[2].data, files[2].len},
                                             .ca_crt_name = list[0], .issuer_crt_name = list[1],
                                             .issuer_key_name = list[2]};
    rc = dc_authority_load(&bytes, now, out, err);
  }
  for (size_t i = 0; i < DC_COUNT(list); i++) dc_buf_free(&files[i]);
  return rc ? dc_err_add(err, rc, "the credentials in '%s'", dir) : 0;
}
