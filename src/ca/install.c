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
