/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "pki/strict.h"

#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 10 };

/* --- OpenSSL: X509_verify_cert, as far as it differs ------------------------------------------------------------ */

static const struct {
  int number;
  enum dc_code code;
  const char *text;
} errors[] = {
    {7, DC_EMISMATCH, "certificate signature failure"},
    {9, DC_EEXPIRED, "certificate is not yet valid"},
    {10, DC_EEXPIRED, "certificate has expired"},
    {18, DC_EMISMATCH, "self-signed certificate"},
    {19, DC_EMISMATCH, "self-signed certificate in certificate chain"},
    {20, DC_EMISMATCH, "unable to get local issuer certificate"},
    {25, DC_EMISMATCH, "path length constraint exceeded"},
    {34, DC_EMISMATCH, "unhandled critical extension"},
    {79, DC_EMISMATCH, "invalid CA certificate"},
};

static int say(struct dc_err *err, int number) {
  size_t i = 0;
  while (errors[i].number != number) i++;
  return dc_err_set(err, errors[i].code, "error %d: %s", number, errors[i].text);
}

/* An authority key identifier, where there is one, that is another's. */
static bool names_another(const struct dc_cert *cert, const struct dc_cert *parent) {
  return cert->authority_key_id.len && parent->subject_key_id.len &&
         !dc_slice_equal(cert->authority_key_id, parent->subject_key_id);
}

/* To OpenSSL, which does not try the key. */
static bool is_self_signed(const struct dc_cert *cert) {
  return dc_slice_equal(cert->subject, cert->issuer) && !names_another(cert, cert);
}

static bool is_parent(const struct dc_cert *parent, const struct dc_cert *cert) {
  return dc_slice_equal(parent->subject, cert->issuer) && !names_another(cert, parent);
}

static bool is_in_time(const struct dc_cert *cert, int64_t now) {
  return now >= cert->not_before && now <= cert->not_after;
}

/* The first that is in its time, else the one that ends last. */
static const struct dc_cert *find_parent(const struct dc_bundle *among, const struct dc_cert *cert, int64_t now) {
  const struct dc_cert *found = NULL;
  for (size_t i = 0; among && i < among->count; i++) {
    const struct dc_cert *parent = among->certs[i];
    if (!is_parent(parent, cert)) continue;
    if (is_in_time(parent, now)) return parent;
    if (!found || parent->not_after > found->not_after) found = parent;
  }
  return found;
}

static bool is_among(const struct dc_bundle *among, const struct dc_cert *cert) {
  for (size_t i = 0; i < among->count; i++)
    if (dc_slice_equal(among->certs[i]->der, cert->der)) return true;
  return false;
}

struct path {
  const struct dc_cert *certs[DEPTH_MAX];
  size_t count;
};

/* 0, or the number of the error. */
static int build(struct path *path, const struct dc_bundle *intermediates, const struct dc_bundle *anchors,
                 int64_t now) {
  for (;;) {
    const struct dc_cert *top = path->certs[path->count - 1], *parent;
    if (is_self_signed(top)) return is_among(anchors, top) ? 0 : path->count == 1 ? 18 : 19;
    if (path->count == DEPTH_MAX) return 20;
    parent = find_parent(anchors, top, now);
    if (!parent) parent = find_parent(intermediates, top, now);
    if (!parent) return 20;
    path->certs[path->count++] = parent;
  }
}

/* One that is no CA, whose path length does not do, or with an extension that nobody knows. */
static int check_extensions(const struct path *path) {
  size_t below = 0; /* CAs that count for a path length: those that are not self-issued */
  for (size_t i = 0; i < path->count; i++) {
    const struct dc_cert *cert = path->certs[i];
    if (cert->unknown_critical.len) return 34;
    if (i > 0 && (cert->has_constraints ? !cert->is_ca : cert->version == 3)) return 79;
    if (i > 0 && cert->key_usage && !(cert->key_usage & DC_KU_CERT_SIGN)) return 79;
    if (i > 0 && cert->path_len >= 0 && below > (size_t)cert->path_len) return 25;
    below += i > 0 && !dc_slice_equal(cert->subject, cert->issuer);
  }
  return 0;
}

/* From the top down. */
static int check_signatures(const struct path *path, int64_t now) {
  for (size_t i = path->count; i-- > 0;) {
    const struct dc_cert *cert = path->certs[i], *parent = i + 1 < path->count ? path->certs[i + 1] : NULL;
    if (parent && dc_cert_signed_by(cert, parent, NULL)) return 7;
    if (now < cert->not_before) return 9;
    if (now > cert->not_after) return 10;
  }
  return 0;
}

int dc_strict_openssl(const struct dc_cert *cert, const struct dc_bundle *intermediates,
                      const struct dc_bundle *anchors, int64_t now, struct dc_err *err) {
  struct path path = {.certs = {cert}, .count = 1};
  int number = build(&path, intermediates, anchors, now);
  if (!number) number = check_extensions(&path);
  if (!number) number = check_signatures(&path, now);
  return number ? say(err, number) : 0;
}

/* --- GnuTLS ------------------------------------------------------------------------------------------------------- */

/* Certificates of GnuTLS' own, which it may take over. */
struct imported {
  gnutls_x509_crt_t certs[DC_BUNDLE_MAX + 1];
  unsigned count;
};

static void imported_free(struct imported *imported) {
  for (unsigned i = 0; i < imported->count; i++) gnutls_x509_crt_deinit(imported->certs[i]);
}

static int import(struct imported *imported, const struct dc_cert *cert) {
  union {
    const unsigned char *from;
    unsigned char *to; /* GnuTLS only reads */
  } pointer = {.from = cert->der.data};
  gnutls_datum_t der = {pointer.to, (unsigned)cert->der.len};
  gnutls_x509_crt_t crt;
  int rc = gnutls_x509_crt_init(&crt);
  if (rc < 0) return rc;
  imported->certs[imported->count++] = crt;
  return gnutls_x509_crt_import(crt, &der, GNUTLS_X509_FMT_DER);
}

static int import_all(struct imported *imported, const struct dc_bundle *bundle) {
  int rc = 0;
  for (size_t i = 0; rc >= 0 && bundle && i < bundle->count; i++) rc = import(imported, bundle->certs[i]);
  return rc;
}

static int judge(const struct imported *chain, struct imported *anchors, unsigned *status) {
  gnutls_x509_trust_list_t list;
  int rc = gnutls_x509_trust_list_init(&list, 0);
  if (rc < 0) return rc;
  rc = gnutls_x509_trust_list_add_cas(list, anchors->certs, anchors->count, 0);
  if (rc >= 0) {
    anchors->count = 0; /* they are the list's now */
    union {
      const gnutls_x509_crt_t *from;
      gnutls_x509_crt_t *to;
    } certs = {.from = chain->certs};
    rc = gnutls_x509_trust_list_verify_crt(list, certs.to, chain->count, 0, status, NULL);
  }
  gnutls_x509_trust_list_deinit(list, 1);
  return rc;
}

int dc_strict_gnutls(const struct dc_cert *cert, const struct dc_bundle *intermediates, const struct dc_bundle *anchors,
                     struct dc_err *err) {
  struct imported chain DC_CLEANUP(imported_free) = {.count = 0}, trusted DC_CLEANUP(imported_free) = {.count = 0};
  gnutls_datum_t text = {NULL, 0};
  unsigned status = 0;
  int rc = import(&chain, cert);
  if (rc >= 0) rc = import_all(&chain, intermediates);
  if (rc >= 0) rc = import_all(&trusted, anchors);
  if (rc >= 0) rc = judge(&chain, &trusted, &status);
  if (rc == GNUTLS_E_MEMORY_ERROR) return dc_err_nomem(err);
  if (rc < 0) return dc_err_set(err, DC_EMISMATCH, "%s", gnutls_strerror(rc));
  if (!status) return 0;
  rc = gnutls_certificate_verification_status_print(status, GNUTLS_CRT_X509, &text, 0);
  if (rc < 0) return dc_err_nomem(err);
  while (text.size && (text.data[text.size - 1] == ' ' || text.data[text.size - 1] == '.' || !text.data[text.size - 1]))
    text.size--;
  (void)dc_err_set(err, DC_EMISMATCH, "%.*s", (int)text.size, (const char *)text.data);
  gnutls_free(text.data);
  return DC_EMISMATCH;
}
