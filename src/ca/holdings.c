/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "ca/holdings.h"

#include <string.h>

#include "store/publish.h"

static const char *name_of(size_t held) {
  if (held < DC_FILES) return dc_layout_files[held].name;
  return held == DC_HELD_STATE ? DC_LAYOUT_STATE : DC_LAYOUT_STAGED_KEY;
}

static mode_t mode_of(size_t held) {
  if (held < DC_FILES) return dc_layout_files[held].mode;
  return held == DC_HELD_STATE ? 0644 : 0600;
}

/* --- reading ------------------------------------------------------------------------------------------------------- */

static bool is_needed(size_t held) {
  return held == DC_FILE_CA_CRT || held == DC_FILE_ISSUER_CRT || held == DC_FILE_ISSUER_KEY;
}

static int read_files(const char *dir, const struct dc_publication *writer, struct dc_holdings *holdings,
                      struct dc_err *err) {
  const char *names[DC_HELD], *found[DC_HELD];
  struct dc_buf bytes[DC_HELD] = {DC_BUF_INIT};
  size_t held[DC_HELD], count = 0;
  for (size_t i = 0; i < DC_HELD; i++) names[i] = name_of(i);
  int rc = dc_publish_present(dir, names, DC_HELD, holdings->there, err);
  for (size_t i = 0; !rc && i < DC_HELD; i++) {
    if (!holdings->there[i] && !is_needed(i)) continue;
    held[count] = i;
    found[count++] = names[i];
  }
  if (!rc)
    rc = writer ? dc_publish_read_to_write(writer, found, count, DC_PUBLISH_FILE_MAX, bytes, err)
                : dc_publish_read(dir, found, count, DC_PUBLISH_FILE_MAX, bytes, err);
  for (size_t i = 0; i < count; i++) holdings->files[held[i]] = bytes[i];
  return rc;
}

static int lay_over(struct dc_holdings *holdings, const struct dc_set *over, struct dc_err *err) {
  int rc = 0;
  for (size_t i = 0; i < over->count; i++) {
    const struct dc_blob *blob = &over->blobs[i];
    size_t held = 0;
    while (held < DC_HELD && strcmp(blob->name, name_of(held)) != 0) held++;
    if (held == DC_HELD) continue;
    dc_buf_clear(&holdings->files[held]);
    dc_buf_add(&holdings->files[held], blob->bytes.data, blob->bytes.len);
    holdings->there[held] = !blob->gone;
    if (!rc) rc = dc_buf_check(&holdings->files[held], err);
  }
  return rc;
}

static int parse_certs(const struct dc_holdings *holdings, enum dc_file file, struct dc_bundle *out,
                       struct dc_err *err) {
  const struct dc_buf *bytes = &holdings->files[file];
  if (!holdings->there[file]) return 0;
  int rc = dc_bundle_add_pem(out, dc_buf_text(bytes), bytes->len, err);
  return rc ? dc_err_add(err, rc, "%s", name_of(file)) : 0;
}

static int parse_key(const struct dc_holdings *holdings, size_t held, struct dc_key **out, struct dc_err *err) {
  const struct dc_buf *bytes = &holdings->files[held];
  if (!holdings->there[held]) return 0;
  int rc = dc_key_from_pem(dc_buf_text(bytes), bytes->len, out, err);
  return rc ? dc_err_add(err, rc, "%s", name_of(held)) : 0;
}

/* A pair that cannot be used is none: another takes its place, and nothing else waits for that. */
static int parse_client(struct dc_holdings *holdings, struct dc_err *err) {
  struct dc_key *key DC_CLEANUP(dc_key_cleanup) = NULL;
  struct dc_err why = DC_ERR_INIT;
  int rc = parse_certs(holdings, DC_FILE_CLIENT_CRT, &holdings->client, &why);
  if (!rc) rc = parse_key(holdings, DC_FILE_CLIENT_KEY, &key, &why);
  if (rc == DC_ENOMEM) return dc_err_nomem(err);
  if (rc || !key || !holdings->client.count || !dc_spki_equal(dc_key_public(key), &holdings->client.certs[0]->spki))
    dc_bundle_free(&holdings->client);
  return 0;
}

static int parse_state(struct dc_holdings *holdings, struct dc_err *err) {
  int rc = dc_state_parse(&holdings->files[DC_HELD_STATE], &holdings->state, err);
  return rc ? dc_err_add(err, rc, "%s", DC_LAYOUT_STATE) : 0;
}

static int parse(struct dc_holdings *holdings, struct dc_err *err) {
  int rc = parse_certs(holdings, DC_FILE_CA_CRT, &holdings->anchors, err);
  if (!rc) rc = parse_certs(holdings, DC_FILE_ISSUER_CRT, &holdings->chain, err);
  if (!rc) rc = parse_client(holdings, err);
  if (!rc) rc = parse_key(holdings, DC_FILE_ISSUER_KEY, &holdings->issuer_key, err);
  if (!rc) rc = parse_key(holdings, DC_FILE_CA_KEY, &holdings->root_key, err);
  if (!rc) rc = parse_key(holdings, DC_HELD_STAGED_KEY, &holdings->staged_key, err);
  if (!rc) rc = parse_state(holdings, err);
  return rc;
}

/* --- who is who ---------------------------------------------------------------------------------------------------- */

static bool signed_by(const struct dc_cert *cert, const struct dc_cert *parent) {
  return dc_slice_equal(cert->issuer, parent->subject) && dc_cert_signed_by(cert, parent, NULL) == 0;
}

static const struct dc_cert *signer_among(const struct dc_bundle *anchors, const struct dc_cert *cert) {
  const struct dc_cert *found = NULL; /* of several with one key, as after a renewal, the one that ends last */
  for (size_t i = 0; i < anchors->count; i++) {
    const struct dc_cert *anchor = anchors->certs[i];
    if ((!found || anchor->not_after > found->not_after) && signed_by(cert, anchor)) found = anchor;
  }
  return found;
}

int dc_holdings_find(struct dc_holdings *holdings, struct dc_err *err) {
  const struct dc_bundle *chain = &holdings->chain, *anchors = &holdings->anchors;
  holdings->staged = NULL;
  for (size_t i = 0; holdings->staged_key && i < anchors->count; i++)
    if (dc_spki_equal(&anchors->certs[i]->spki, dc_key_public(holdings->staged_key)))
      holdings->staged = anchors->certs[i];
  holdings->root = signer_among(anchors, chain->certs[0]);
  if (!holdings->root) holdings->root = signer_among(anchors, chain->certs[chain->count - 1]);
  return holdings->root ? 0
                        : dc_err_set(err, DC_EMISMATCH, "issuer.crt and ca.crt do not belong together: no certificate "
                                                        "of ca.crt has signed the issuer");
}

static int check_issuer_key(const struct dc_holdings *holdings, struct dc_err *err) {
  const struct dc_bundle *chain = &holdings->chain;
  if (!holdings->issuer_key || !chain->count ||
      dc_spki_equal(dc_key_public(holdings->issuer_key), &chain->certs[0]->spki))
    return 0;
  return dc_err_set(err, DC_EMISMATCH, "issuer.key does not match the certificate in issuer.crt");
}

static int check_root_key(const struct dc_holdings *holdings, struct dc_err *err) {
  if (!holdings->root_key || !holdings->root ||
      dc_spki_equal(dc_key_public(holdings->root_key), &holdings->root->spki))
    return 0;
  return dc_err_set(err, DC_EMISMATCH, "ca.key is not the key of the root that signed the issuer: put the right one in "
                                       "its place, or move it away");
}

static int check_staged(const struct dc_holdings *holdings, struct dc_err *err) {
  if (!holdings->staged_key || holdings->staged) return 0;
  return dc_err_set(err, DC_EMISMATCH, "%s is there, and the root that is staged is not in ca.crt",
                    DC_LAYOUT_STAGED_KEY);
}

static int (*const checks[])(const struct dc_holdings *, struct dc_err *) = {check_issuer_key, check_root_key,
                                                                             check_staged};

static void drop_root(struct dc_bundle *chain) {
  if (chain->count > 1 && dc_cert_self_signed(chain->certs[chain->count - 1])) dc_bundle_drop_last(chain);
}

static int order_chain(struct dc_bundle *chain, struct dc_err *err) {
  drop_root(chain);
  if (dc_cert_self_signed(chain->certs[0]))
    return dc_err_set(err, DC_EMISMATCH, "issuer.crt holds a root: an issuer is a certificate that the root has signed");
  for (size_t i = 0; i + 1 < chain->count; i++)
    if (!signed_by(chain->certs[i], chain->certs[i + 1]))
      return dc_err_set(err, DC_EMISMATCH, "issuer.crt: certificate %zu is not signed by certificate %zu", i + 1, i + 2);
  return 0;
}

int dc_holdings_load_over(const char *dir, const struct dc_publication *writer, const struct dc_set *over,
                          struct dc_holdings *out, struct dc_err *err) {
  struct dc_holdings holdings DC_CLEANUP(dc_holdings_free) = DC_HOLDINGS_INIT;
  int rc = read_files(dir, writer, &holdings, err);
  if (!rc) rc = lay_over(&holdings, over, err);
  if (!rc) rc = parse(&holdings, err);
  if (!rc) rc = order_chain(&holdings.chain, err);
  if (!rc) rc = dc_holdings_find(&holdings, err);
  for (size_t i = 0; !rc && i < DC_COUNT(checks); i++) rc = checks[i](&holdings, err);
  if (rc) return dc_err_add(err, rc, "the credentials in '%s'", dir);
  *out = holdings;
  holdings = (struct dc_holdings)DC_HOLDINGS_INIT;
  return 0;
}

int dc_holdings_load(const char *dir, const struct dc_publication *writer, struct dc_holdings *out, struct dc_err *err) {
  const struct dc_set nothing = DC_SET_INIT;
  return dc_holdings_load_over(dir, writer, &nothing, out, err);
}

/* --- reading what is broken ---------------------------------------------------------------------------------------- */

static void note(int rc, const struct dc_err *err, struct dc_buf *faults) {
  if (rc) dc_buf_printf(faults, "%s\n", err->text);
}

static void salvage_file(const char *dir, size_t held, struct dc_holdings *holdings, struct dc_buf *faults) {
  const char *name = name_of(held);
  struct dc_err err = DC_ERR_INIT;
  int rc = dc_publish_read(dir, &name, 1, DC_PUBLISH_FILE_MAX, &holdings->files[held], &err);
  holdings->there[held] = rc == 0;
  if (rc != DC_ENOENT) note(rc, &err, faults);
}

void dc_holdings_salvage(const char *dir, struct dc_holdings *out, struct dc_buf *faults) {
  struct dc_err err = DC_ERR_INIT;
  for (size_t i = 0; i < DC_HELD; i++) salvage_file(dir, i, out, faults);
  note(parse_certs(out, DC_FILE_CA_CRT, &out->anchors, &err), &err, faults);
  note(parse_certs(out, DC_FILE_ISSUER_CRT, &out->chain, &err), &err, faults);
  note(parse_client(out, &err), &err, faults);
  note(parse_key(out, DC_FILE_ISSUER_KEY, &out->issuer_key, &err), &err, faults);
  note(parse_key(out, DC_FILE_CA_KEY, &out->root_key, &err), &err, faults);
  note(parse_key(out, DC_HELD_STAGED_KEY, &out->staged_key, &err), &err, faults);
  note(parse_state(out, &err), &err, faults);
  if (out->chain.count) note(order_chain(&out->chain, &err), &err, faults);
  if (out->chain.count && out->anchors.count) note(dc_holdings_find(out, &err), &err, faults);
  for (size_t i = 0; i < DC_COUNT(checks); i++) note(checks[i](out, &err), &err, faults);
}

void dc_holdings_free(struct dc_holdings *holdings) {
  dc_bundle_free(&holdings->anchors);
  dc_bundle_free(&holdings->chain);
  dc_bundle_free(&holdings->client);
  dc_key_free(holdings->issuer_key);
  dc_key_free(holdings->root_key);
  dc_key_free(holdings->staged_key);
  dc_buf_free(&holdings->client_crt);
  dc_buf_free(&holdings->client_key);
  for (size_t i = 0; i < DC_HELD; i++) dc_buf_free(&holdings->files[i]);
  *holdings = (struct dc_holdings)DC_HOLDINGS_INIT;
}

int dc_holdings_give_root_key(struct dc_holdings *holdings, const char *name, struct dc_slice pem,
                              struct dc_err *err) {
  struct dc_key *key DC_CLEANUP(dc_key_cleanup) = NULL;
  int rc = dc_key_from_pem((const char *)pem.data, pem.len, &key, err);
  if (rc) return dc_err_add(err, rc, "root key '%s'", name);
  if (!dc_spki_equal(dc_key_public(key), &holdings->root->spki))
    return dc_err_set(err, DC_EMISMATCH, "root key '%s' is not the key of the root that signed the issuer", name);
  dc_key_free(holdings->root_key);
  holdings->root_key = key;
  holdings->root_key_given = !holdings->there[DC_FILE_CA_KEY];
  key = NULL;
  return 0;
}

/* --- what is to be written ----------------------------------------------------------------------------------------- */

/* BYTES as the file HELD, unless it is that already; none: it is to go. */
static int add_change(const struct dc_holdings *holdings, size_t held, const struct dc_buf *bytes, struct dc_set *set,
                      struct dc_err *err) {
  const struct dc_buf *old = &holdings->files[held];
  int rc = dc_buf_check(bytes, err);
  if (rc) return rc;
  if (!bytes->len) return holdings->there[held] ? dc_set_remove(set, name_of(held), err) : 0;
  if (dc_slice_equal((struct dc_slice){bytes->data, bytes->len}, (struct dc_slice){old->data, old->len})) return 0;
  return dc_set_add(set, name_of(held), mode_of(held), bytes->data, bytes->len, err);
}

/* Certificates are compared as such, so that text around them, and its form, stays as it is where nothing changes. */
static int add_certs(const struct dc_holdings *holdings, enum dc_file file, const struct dc_bundle *certs,
                     struct dc_set *set, struct dc_err *err) {
  struct dc_bundle old DC_CLEANUP(dc_bundle_free) = DC_BUNDLE_INIT;
  struct dc_buf pem DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  int rc = parse_certs(holdings, file, &old, err);
  if (file == DC_FILE_ISSUER_CRT) drop_root(&old);
  bool same = !rc && old.count == certs->count;
  for (size_t i = 0; same && i < old.count; i++) same = dc_slice_equal(old.certs[i]->der, certs->certs[i]->der);
  if (rc || same) return rc;
  dc_bundle_to_pem(certs, &pem);
  return add_change(holdings, file, &pem, set, err);
}

static int add_key(const struct dc_holdings *holdings, size_t held, const struct dc_key *key, struct dc_set *set,
                   struct dc_err *err) {
  struct dc_key *old DC_CLEANUP(dc_key_cleanup) = NULL;
  struct dc_buf pem DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  int rc = parse_key(holdings, held, &old, err);
  if (!rc && key && old && dc_spki_equal(dc_key_public(key), dc_key_public(old))) return 0;
  if (!rc && key) rc = dc_key_to_pem(key, &pem, err);
  return rc ? rc : add_change(holdings, held, &pem, set, err);
}

int dc_holdings_changes(const struct dc_holdings *holdings, struct dc_set *set, struct dc_err *err) {
  const struct dc_key *root_key = holdings->root_key_given ? NULL : holdings->root_key;
  struct dc_buf state DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  if (!dc_state_is_empty(&holdings->state)) dc_state_text(&holdings->state, &state);
  int rc = add_certs(holdings, DC_FILE_CA_CRT, &holdings->anchors, set, err);
  if (!rc) rc = add_key(holdings, DC_FILE_CA_KEY, root_key, set, err);
  if (!rc && holdings->client_crt.len) rc = add_change(holdings, DC_FILE_CLIENT_CRT, &holdings->client_crt, set, err);
  if (!rc && holdings->client_key.len) rc = add_change(holdings, DC_FILE_CLIENT_KEY, &holdings->client_key, set, err);
  if (!rc) rc = add_certs(holdings, DC_FILE_ISSUER_CRT, &holdings->chain, set, err);
  if (!rc) rc = add_key(holdings, DC_FILE_ISSUER_KEY, holdings->issuer_key, set, err);
  if (!rc) rc = add_change(holdings, DC_HELD_STATE, &state, set, err);
  if (!rc) rc = add_key(holdings, DC_HELD_STAGED_KEY, holdings->staged_key, set, err);
  return rc;
}
