/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "tools/source.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/os.h"
#include "base/path.h"
#include "client/dial.h"
#include "pki/chain.h"
#include "store/layout.h"
#include "store/publish.h"
#include "tools/tool.h"

enum { FILE_MAX = 1 << 20, DIAL_MS = 10000 };

/* --- addresses ---------------------------------------------------------------------------------------------------- */

/* step's, and their ports. */
static const struct scheme {
  const char *prefix, *port;
  bool web;
} schemes[] = {
    {"https://", "443", true}, {"tcp://", "443", false}, {"tls://", "443", false},
    {"smtps://", "465", false}, {"ldaps://", "636", false},
};

static const struct scheme *scheme_of(const char *operand) {
  for (size_t i = 0; i < DC_COUNT(schemes); i++)
    if (strncasecmp(operand, schemes[i].prefix, strlen(schemes[i].prefix)) == 0) return &schemes[i];
  return NULL;
}

static int split_url(const char *operand, const struct scheme *scheme, struct dc_source *out, struct dc_err *err) {
  const char *at = operand + strlen(scheme->prefix), *userinfo;
  char authority[2 * DC_SOCKET_HOST_MAX];
  size_t n = strcspn(at, "/?#");
  userinfo = memchr(at, '@', n);
  if (userinfo || !n || n + sizeof ":65535" > sizeof authority)
    return dc_err_set(err, DC_EINVAL, "'%s' is no address: %sHOST[:PORT] is expected", operand, scheme->prefix);
  memcpy(authority, at, n);
  authority[n] = '\0';
  const char *colon = strrchr(authority, ':'), *bracket = strrchr(authority, ']');
  if (!colon || (bracket && bracket > colon)) {
    authority[n] = ':';
    strcpy(authority + n + 1, scheme->port);
  }
  out->web = scheme->web;
  return dc_socket_split(authority, out->host, out->port, err);
}

/* 1: it is a server's; 0: a file's name. */
static int find_server(const char *operand, struct dc_source *out, struct dc_err *err) {
  const struct scheme *scheme = scheme_of(operand);
  int rc;
  if (scheme) {
    rc = split_url(operand, scheme, out, err);
    return rc ? rc : 1;
  }
  if (strstr(operand, "://"))
    return dc_err_set(err, DC_EUNSUPPORTED,
                      "'%s': of addresses, https://, tls:// and tcp:// are looked at, and HOST:PORT", operand);
  if (strchr(operand, '/') || dc_socket_split(operand, out->host, out->port, NULL)) return 0;
  rc = dc_os_exists(operand, NULL);
  return rc == 0;
}

/* --- what is there ------------------------------------------------------------------------------------------------ */

static int ask_server(const struct dc_source_options *options, struct dc_source *out, struct dc_err *err) {
  char room[DC_DIAL_ROOM];
  struct dc_bundle certs DC_CLEANUP(dc_bundle_free) = DC_BUNDLE_INIT;
  struct dc_dial dial DC_CLEANUP(dc_dial_end) = DC_DIAL_INIT;
  struct dc_tls_creds *creds = NULL;
  int rc = dc_tls_creds_look(&creds, err);
  if (rc) return rc;
  dial.deadline = dc_clock_mono_ms() + DIAL_MS;
  rc = dc_dial_connect(&dial, creds, out->host, out->port, dc_source_host(out, options), err);
  dc_tls_creds_unref(creds);
  if (rc) return rc;
  rc = dc_dial_handshake(&dial, room, err);
  /* one that wants a certificate of ours has shown its own before it refuses */
  if (rc && dc_dial_certs(&dial, &certs, NULL)) return rc;
  if (!rc) rc = dc_dial_certs(&dial, &certs, err);
  if (!certs.count) return rc;
  dc_bundle_to_pem(&certs, &out->bytes);
  return dc_buf_check(&out->bytes, err);
}

const char *dc_source_host(const struct dc_source *source, const struct dc_source_options *options) {
  return options->server_name ? options->server_name : source->host;
}

int dc_source_read(const char *operand, const struct dc_source_options *options, struct dc_source *out,
                   struct dc_err *err) {
  bool input = strcmp(operand, "-") == 0;
  int rc = input ? 0 : find_server(operand, out, err);
  out->name = input ? "standard input" : operand;
  if (rc < 0) return rc;
  out->served = rc == 1;
  if (!out->served) return dc_os_read_file(operand, FILE_MAX, &out->bytes, err);
  rc = ask_server(options, out, err);
  return rc ? dc_err_add(err, rc, "'%s'", operand) : 0;
}

void dc_source_free(struct dc_source *source) { dc_buf_free(&source->bytes); }

/* --- trust -------------------------------------------------------------------------------------------------------- */

static int add_file(const char *path, struct dc_bundle *out, struct dc_err *err) {
  struct dc_buf bytes DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  int rc = dc_os_read_file(path, FILE_MAX, &bytes, err);
  if (rc) return rc;
  bool der = bytes.len > 1 && bytes.data[0] == 0x30 && bytes.data[1] & 0x80;
  rc = der ? dc_bundle_add_der(out, bytes.data, bytes.len, err)
           : dc_bundle_add_pem(out, dc_buf_text(&bytes), bytes.len, err);
  return rc ? dc_err_add(err, rc, "'%s'", path) : 0;
}

/* As one set, of which a publication may be under way. */
static int add_ca_crt(const char *dir, struct dc_bundle *out, struct dc_err *err) {
  static const char *const names[] = {"ca.crt"};
  struct dc_buf bytes DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  int rc = dc_publish_read(dir, names, 1, FILE_MAX, &bytes, err);
  if (rc) return rc;
  rc = dc_bundle_add_pem(out, dc_buf_text(&bytes), bytes.len, err);
  return rc ? dc_err_add(err, rc, "'%s/ca.crt'", dir) : 0;
}

static bool is_dir(const char *path) {
  struct stat st;
  return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Its ca.crt, or where there is none all certificates in it. */
static int add_dir(const char *dir, struct dc_bundle *out, struct dc_err *err) {
  int rc = add_ca_crt(dir, out, err);
  if (rc != DC_ENOENT) return rc;
  DIR *entries = opendir(dir);
  if (!entries) return dc_err_sys(err, errno, "cannot read '%s'", dir);
  size_t before = out->count;
  rc = 0;
  for (const struct dirent *entry; !rc && (entry = readdir(entries)) != NULL;) {
    char *path DC_CLEANUP(dc_mem_free) = dc_path_join(dir, entry->d_name);
    if (!path)
      rc = dc_err_nomem(err);
    else if (entry->d_name[0] != '.' && !is_dir(path))
      rc = add_file(path, out, err);
    if (rc == DC_ENOENT) rc = 0; /* a file without a certificate */
  }
  closedir(entries);
  if (!rc && out->count == before) rc = dc_err_set(err, DC_ENOENT, "no certificate in '%s'", dir);
  return rc;
}

static int add_list(const char *list, struct dc_bundle *out, struct dc_err *err) {
  int rc = 0;
  for (const char *at = list; !rc; at++) {
    size_t n = strcspn(at, ",");
    char *path DC_CLEANUP(dc_mem_free) = strndup(at, n);
    if (!path) return dc_err_nomem(err);
    rc = is_dir(path) ? add_dir(path, out, err) : add_file(path, out, err);
    at += n;
    if (!*at) break;
  }
  return rc;
}

int dc_source_anchors(const struct dc_source_options *options, struct dc_bundle *out, struct dc_err *err) {
  const char *env = getenv("DAPR_TRUST_ANCHORS");
  char *dir DC_CLEANUP(dc_mem_free) = NULL;
  int rc;
  if (options->roots) {
    rc = add_list(options->roots, out, err);
    return rc ? dc_err_add(err, rc, "--roots") : 0;
  }
  if (env && *env) {
    rc = dc_bundle_add_pem(out, env, strlen(env), err);
    return rc ? dc_err_add(err, rc, "$DAPR_TRUST_ANCHORS") : 0;
  }
  rc = dc_layout_dir(NULL, &dir, err);
  if (!rc) rc = add_ca_crt(dir, out, err);
  return rc ? dc_err_add(err, rc, "no trust anchors (--roots names them)") : 0;
}

int dc_source_check(const struct dc_source *source, const struct dc_source_options *options, struct dc_err *err) {
  struct dc_bundle anchors DC_CLEANUP(dc_bundle_free) = DC_BUNDLE_INIT;
  struct dc_bundle certs DC_CLEANUP(dc_bundle_free) = DC_BUNDLE_INIT;
  if (!source->served || options->insecure) return 0;
  int rc = dc_source_anchors(options, &anchors, err);
  if (!rc) rc = dc_bundle_add_pem(&certs, dc_buf_text(&source->bytes), source->bytes.len, err);
  if (rc) return rc;
  struct dc_bundle between = {certs.certs + 1, certs.count - 1}; /* a view, not freed */
  rc = dc_chain_verify(certs.certs[0], &between, &anchors, DC_PURPOSE_ANY, dc_clock_wall(), err);
  if (!rc && source->web) rc = dc_cert_check_host(certs.certs[0], dc_source_host(source, options), err);
  return rc ? dc_err_add(err, rc, "'%s' (--insecure shows it all the same)", source->name) : 0;
}

int dc_source_print(const char *operand, const struct dc_source_options *options,
                    int (*describe)(const struct dc_pieces *pieces, struct dc_buf *out, struct dc_err *err),
                    struct dc_err *err) {
  struct dc_source source DC_CLEANUP(dc_source_free) = DC_SOURCE_INIT;
  struct dc_pieces pieces DC_CLEANUP(dc_pieces_free) = DC_PIECES_INIT;
  struct dc_buf out DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  int rc = dc_source_read(operand, options, &source, err);
  if (!rc) rc = dc_source_check(&source, options, err);
  if (rc) return rc;
  rc = dc_pieces_read(&pieces, source.bytes.data, source.bytes.len, err);
  if (!rc) rc = describe(&pieces, &out, err);
  return rc ? dc_err_add(err, rc, "'%s'", source.name) : dc_tool_print(&out, err);
}
