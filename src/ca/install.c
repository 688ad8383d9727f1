/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/install.h"

#include <string.h>
#include <unistd.h>

#include "base/os.h"
#include "base/path.h"
#include "config/settings.h"
#include "config/state.h"
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

static int add_state(struct dc_set *files, struct dc_err *err) {
  const struct dc_state state = {.root_key_elsewhere = true};
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  dc_state_text(&state, &text);
  int rc = dc_buf_check(&text, err);
  return rc ? rc : dc_set_add(files, DC_LAYOUT_STATE, 0644, text.data, text.len, err);
}

int dc_install_new(const char *dir, const struct dc_init_set *set, const struct dc_install_how *how,
                   struct dc_err *err) {
  const struct dc_buf *bytes[DC_FILES] = {
      [DC_FILE_CA_CRT] = &set->ca_crt,         [DC_FILE_CA_KEY] = &set->ca_key,
      [DC_FILE_CLIENT_CRT] = &set->client_crt, [DC_FILE_CLIENT_KEY] = &set->client_key,
      [DC_FILE_ISSUER_CRT] = &set->issuer_crt, [DC_FILE_ISSUER_KEY] = &set->issuer_key,
  };
  struct dc_set files DC_CLEANUP(dc_set_free) = DC_SET_INIT;
  int rc = 0;
  for (size_t i = 0; !rc && i < DC_FILES; i++) {
    if (i == DC_FILE_CA_KEY && how->root_key_elsewhere) continue;
    rc = dc_set_add(&files, dc_layout_files[i].name, dc_layout_files[i].mode, bytes[i]->data, bytes[i]->len, err);
  }
  if (!rc) rc = add_settings(&files, dir, how->trust_domain, how->ns, err);
  if (!rc && how->root_key_elsewhere) rc = add_state(&files, err);
  return rc ? rc : dc_publish(dir, &files, DC_PUBLISH_NEW, err);
}

enum { FILE_MAX = 1 << 20, KEY_MODE = 0600, JWKS_MODE = 0644 };

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

/* --- credentials that were made elsewhere ------------------------------------------------------------------------- */

static int add_given(const struct dc_authority_files *files, const struct dc_token_files *tokens, struct dc_set *set,
                     struct dc_err *err) {
  const struct dc_slice bytes[DC_FILES] = {[DC_FILE_CA_CRT] = files->ca_crt, [DC_FILE_ISSUER_CRT] = files->issuer_crt,
                                           [DC_FILE_ISSUER_KEY] = files->issuer_key};
  int rc = 0;
  for (size_t i = 0; !rc && i < DC_FILES; i++)
    if (bytes[i].len)
      rc = dc_set_add(set, dc_layout_files[i].name, dc_layout_files[i].mode, bytes[i].data, bytes[i].len, err);
  if (rc || !tokens) return rc;
  rc = dc_set_add(set, tokens->key_name, KEY_MODE, tokens->key.data, tokens->key.len, err);
  return rc ? rc : dc_set_add(set, tokens->jwks_name, JWKS_MODE, tokens->jwks.data, tokens->jwks.len, err);
}

/* 1 with the bytes when it is there. */
static int read_there(const char *dir, const char *name, struct dc_buf *bytes, struct dc_err *err) {
  struct dc_err own = DC_ERR_INIT;
  int rc = dc_publish_read(dir, &name, 1, FILE_MAX, bytes, &own);
  if (rc == DC_ENOENT) return 0;
  return rc ? dc_err_set(err, own.code, "%s", own.text) : 1;
}

/* A root's key that is there is nowhere else, maybe: what does not belong to it does not come beside it. */
static int check_root_key(const char *dir, const struct dc_authority *authority, struct dc_err *err) {
  const char *name = dc_layout_files[DC_FILE_CA_KEY].name;
  const struct dc_bundle *chain = dc_authority_chain(authority);
  struct dc_buf pem DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_key *key DC_CLEANUP(dc_key_cleanup) = NULL;
  struct dc_path paths[DC_PATH_MAX];
  int rc = read_there(dir, name, &pem, err);
  if (rc <= 0) return rc;
  int count = dc_chain_paths(chain->certs[0], chain, dc_authority_anchors(authority), DC_PURPOSE_SERVER, paths,
                             DC_COUNT(paths), err);
  if (count < 0) return count;
  rc = dc_key_from_pem(dc_buf_text(&pem), pem.len, &key, err);
  for (int i = 0; !rc && i < count; i++)
    if (dc_spki_equal(dc_key_public(key), &paths[i].anchor->spki)) return 0;
  return dc_err_set(err, DC_EEXIST, "'%s' in '%s' is not the key of this root: move it to a safe place first", name,
                    dir);
}

/* A client pair that leads to another root, and a rotation that was under way, are of the CA that is replaced. */
static int remove_strangers(const char *dir, const struct dc_authority *authority, struct dc_set *set,
                            struct dc_err *err) {
  static const char *const names[] = {DC_LAYOUT_STATE, DC_LAYOUT_STAGED_KEY, "client.crt", "client.key"};
  struct dc_bundle client DC_CLEANUP(dc_bundle_free) = DC_BUNDLE_INIT;
  struct dc_buf pem DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_path path;
  bool present[DC_COUNT(names)];
  int rc = dc_publish_present(dir, names, DC_COUNT(names), present, err);
  if (!rc && present[2]) rc = read_there(dir, names[2], &pem, err);
  if (rc < 0) return rc;
  bool fits = present[2] && dc_bundle_add_pem(&client, dc_buf_text(&pem), pem.len, NULL) == 0 &&
              dc_chain_paths(client.certs[0], &client, dc_authority_anchors(authority), DC_PURPOSE_CLIENT, &path, 1,
                             NULL) > 0;
  rc = 0;
  for (size_t i = 0; !rc && i < (fits ? 2 : DC_COUNT(names)); i++)
    if (present[i]) rc = dc_set_remove(set, names[i], err);
  return rc;
}

static int publish_given(const char *dir, struct dc_set *set, const struct dc_authority *authority, bool replace,
                         struct dc_err *err) {
  struct dc_publication publication DC_CLEANUP(dc_publish_end) = DC_PUBLICATION_INIT;
  if (!replace) return dc_publish(dir, set, DC_PUBLISH_NEW, err);
  int rc = dc_publish_begin(dir, &publication, err);
  if (!rc) rc = check_root_key(dir, authority, err);
  if (!rc) rc = remove_strangers(dir, authority, set, err);
  return rc ? rc : dc_publish_commit(&publication, set, DC_PUBLISH_REPLACE, err);
}

int dc_install_given(const char *dir, const struct dc_authority_files *files, const struct dc_token_files *tokens,
                     bool replace, int64_t now, struct dc_authority **out, struct dc_buf *warning,
                     struct dc_err *err) {
  static const struct dc_token_rules rules;
  struct dc_set set DC_CLEANUP(dc_set_free) = DC_SET_INIT;
  struct dc_authority *authority DC_CLEANUP(dc_authority_cleanup) = NULL;
  struct dc_token_signer *signer DC_CLEANUP(dc_token_signer_cleanup) = NULL;
  int rc = dc_authority_load(files, now, &authority, err);
  if (!rc && tokens) rc = dc_token_signer_load(tokens, &rules, &signer, warning, err);
  if (!rc) rc = add_given(files, tokens, &set, err);
  if (!rc) rc = publish_given(dir, &set, authority, replace, err);
  if (rc) return rc;
  *out = dc_authority_ref(authority);
  return 0;
}

/* --- tokens ------------------------------------------------------------------------------------------------------- */

static int publish_pair(const char *dir, const struct dc_install_token_names *names, const struct dc_buf *key,
                        const struct dc_buf *jwks, bool replace, struct dc_err *err) {
  struct dc_set files DC_CLEANUP(dc_set_free) = DC_SET_INIT;
  int rc = dc_set_add(&files, names->key, KEY_MODE, key->data, key->len, err);
  if (!rc) rc = dc_set_add(&files, names->jwks, JWKS_MODE, jwks->data, jwks->len, err);
  return rc ? rc : dc_publish(dir, &files, replace ? DC_PUBLISH_REPLACE : DC_PUBLISH_ADD, err);
}

/* Files elsewhere: no publication of the directory's, so the second one that cannot be written takes the first back. */
static int write_pair(const char *dir, const struct dc_install_token_names *names, const struct dc_buf *key,
                      const struct dc_buf *jwks, struct dc_err *err) {
  char *key_path DC_CLEANUP(dc_mem_free) = dc_path_join(dir, names->key);
  char *jwks_path DC_CLEANUP(dc_mem_free) = dc_path_join(dir, names->jwks);
  if (!key_path || !jwks_path) return dc_err_nomem(err);
  int rc = dc_os_write_atomic(jwks_path, JWKS_MODE, jwks->data, jwks->len, false, err);
  if (rc) return rc;
  rc = dc_os_write_atomic(key_path, KEY_MODE, key->data, key->len, false, err);
  if (rc) (void)unlink(jwks_path);
  return rc;
}

int dc_install_new_tokens(const char *dir, const struct dc_install_token_names *names,
                          const struct dc_token_rules *rules, bool replace, struct dc_err *err) {
  struct dc_buf key DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_buf jwks DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  bool plain = !strchr(names->key, '/') && !strchr(names->jwks, '/');
  int rc = dc_token_signer_generate(rules, &key, &jwks, err);
  if (rc) return rc;
  return plain ? publish_pair(dir, names, &key, &jwks, replace, err) : write_pair(dir, names, &key, &jwks, err);
}

int dc_install_tokens_there(const char *dir, const struct dc_install_token_names *names, struct dc_err *err) {
  const char *const list[] = {names->key, names->jwks};
  bool present[DC_COUNT(list)];
  int rc = dc_publish_present(dir, list, DC_COUNT(list), present, err);
  if (rc || present[0] == present[1]) return rc ? rc : present[0];
  return dc_err_set(err, DC_ENOENT,
                    "'%s' is there without '%s' (in '%s'): put it back, or move the other one away to have both made",
                    list[present[1]], list[present[0]], dir);
}

int dc_install_need_tokens(const char *dir, const struct dc_install_token_names *names,
                           const struct dc_token_rules *rules, struct dc_err *err) {
  int there = dc_install_tokens_there(dir, names, err);
  if (there) return there < 0 ? there : 0;
  int rc = dc_install_new_tokens(dir, names, rules, false, err);
  return rc ? rc : 1;
}

int dc_install_load_tokens(const char *dir, const struct dc_install_token_names *names,
                           const struct dc_token_rules *rules, struct dc_token_signer **out, struct dc_buf *warning,
                           struct dc_err *err) {
  const char *const list[] = {names->key, names->jwks};
  struct dc_buf files[DC_COUNT(list)] = {DC_BUF_INIT, DC_BUF_INIT};
  int rc = dc_publish_read(dir, list, DC_COUNT(list), FILE_MAX, files, err);
  if (!rc) {
    const struct dc_token_files bytes = {.key = {files[0].data, files[0].len}, .jwks = {files[1].data, files[1].len},
                                         .key_name = list[0], .jwks_name = list[1]};
    rc = dc_token_signer_load(&bytes, rules, out, warning, err);
  }
  for (size_t i = 0; i < DC_COUNT(list); i++) dc_buf_free(&files[i]);
  return rc ? dc_err_add(err, rc, "the tokens' key in '%s'", dir) : 0;
}
