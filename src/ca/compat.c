/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "ca/compat.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/pem.h"
#include "ca/authority.h"
#include "pki/spiffe.h"

#define OLD_DNS "cluster.local" /* what old sidecars ask of sentry and placement */
#define ROTATE_ISSUER "make an EC issuer (daprcerts rotate issuer --kty EC)"
#define NAME_ISSUER "make an issuer that has it (daprcerts rotate issuer)"

/* --- versions ----------------------------------------------------------------------------------------------------- */

static const struct {
  const char *program, *versions;
} eras[DC_ERAS] = {
    [DC_ERA_DAPRD_1_11] = {"daprd", "up to 1.11"},
    [DC_ERA_DAPRD_1_13] = {"daprd", "1.12 and 1.13"},
    [DC_ERA_DAPRD] = {"daprd", "1.14 and later"},
    [DC_ERA_PLACEMENT_1_11] = {"placement", "up to 1.11"},
    [DC_ERA_SENTRY_1_7] = {"sentry", "up to 1.7"},
    [DC_ERA_SENTRY_1_11] = {"sentry", "1.8 to 1.11"},
    [DC_ERA_SENTRY_1_16_14] = {"sentry", "1.12 to 1.16.14, 1.17.0, 1.17.1"},
    [DC_ERA_SENTRY_1_16_15] = {"sentry", "1.16.15"},
    [DC_ERA_SENTRY_1_17_6] = {"sentry", "1.17.2 to 1.17.6"},
    [DC_ERA_SENTRY] = {"sentry", "1.16.16, 1.17.7, 1.18 and later"},
};

const char *dc_era_program(enum dc_era era) { return eras[era].program; }
const char *dc_era_versions(enum dc_era era) { return eras[era].versions; }

static enum dc_era daprd_of(long minor) {
  return minor <= 11 ? DC_ERA_DAPRD_1_11 : minor <= 13 ? DC_ERA_DAPRD_1_13 : DC_ERA_DAPRD;
}

static enum dc_era sentry_of(long minor, long patch) {
  if (minor <= 7) return DC_ERA_SENTRY_1_7;
  if (minor <= 11) return DC_ERA_SENTRY_1_11;
  if (minor <= 15 || (minor == 16 && patch <= 14) || (minor == 17 && patch <= 1)) return DC_ERA_SENTRY_1_16_14;
  if (minor == 16 && patch == 15) return DC_ERA_SENTRY_1_16_15;
  return minor == 17 && patch <= 6 ? DC_ERA_SENTRY_1_17_6 : DC_ERA_SENTRY;
}

static bool take_number(const char **at, long *number) {
  char *end;
  if (**at < '0' || **at > '9') return false;
  *number = strtol(*at, &end, 10);
  *at = end;
  return *number < INT_MAX;
}

int dc_era_find(const char *program, const char *version, enum dc_era *era, struct dc_err *err) {
  const char *at = version + (*version == 'v');
  long major, minor, patch = INT_MAX;
  bool good = take_number(&at, &major) && major == 1 && *at++ == '.' && take_number(&at, &minor);
  if (good && *at == '.') {
    at++;
    good = take_number(&at, &patch);
  }
  if (!good || (*at && *at != '-')) /* a release candidate is judged as its release */
    return dc_err_set(err, DC_EUSAGE, "'--%s %s': a version such as 1.18 or 1.16.15 is expected", program, version);
  *era = strcmp(program, "daprd") == 0 ? daprd_of(minor) : sentry_of(minor, patch);
  return 0;
}

/* --- verdicts ----------------------------------------------------------------------------------------------------- */

static void accept(struct dc_compat *compat, enum dc_era from, enum dc_era to) {
  for (enum dc_era era = from; era <= to; era++)
    if (compat->eras[era].kind == DC_VERDICT_NONE) compat->eras[era].kind = DC_VERDICT_ACCEPTS;
}

/* The first reason stands. */
static void refuse(struct dc_compat *compat, enum dc_era from, enum dc_era to, const char *why, const char *remedy) {
  for (enum dc_era era = from; era <= to; era++) {
    struct dc_verdict *verdict = &compat->eras[era];
    if (verdict->kind == DC_VERDICT_REFUSES) continue;
    verdict->kind = DC_VERDICT_REFUSES;
    verdict->remedy = remedy;
    (void)dc_err_set(&verdict->why, DC_EDENIED, "%s", why);
  }
}

/* --- names -------------------------------------------------------------------------------------------------------- */

static bool has_dns(const struct dc_cert *cert, const char *name) {
  for (size_t i = 0; i < cert->san_count; i++)
    if (cert->sans[i].kind == DC_SAN_DNS && dc_slice_equal(cert->sans[i].value, dc_slice_text(name))) return true;
  return false;
}

static bool lacks_usage(const struct dc_cert *cert, enum dc_ext_usage usage) {
  return cert->ext_usage && !(cert->ext_usage & (usage | DC_EKU_ANY));
}

/* "/ns/NAMESPACE/NAME". */
static bool split_path(struct dc_slice path, struct dc_slice *ns, struct dc_slice *name) {
  const unsigned char *slash;
  if (path.len < 4 || memcmp(path.data, "/ns/", 4) != 0) return false;
  path = (struct dc_slice){path.data + 4, path.len - 4};
  slash = memchr(path.data, '/', path.len);
  if (!slash) return false;
  *ns = (struct dc_slice){path.data, (size_t)(slash - path.data)};
  *name = (struct dc_slice){slash + 1, path.len - ns->len - 1};
  return ns->len && name->len && !memchr(name->data, '/', name->len);
}

struct identity {
  struct dc_err why; /* why it has none */
  struct dc_slice ns, name;
  bool svid, dapr, sentry; /* a SPIFFE ID, of Dapr's form, sentry's */
};

static void read_identity(const struct dc_cert *cert, struct identity *who) {
  struct dc_slice text;
  struct dc_spiffe id;
  *who = (struct identity){.why = DC_ERR_INIT};
  who->svid = dc_spiffe_of_cert(cert, &text, &who->why) == 0 && dc_spiffe_parse(&id, text, &who->why) == 0;
  who->dapr = who->svid && split_path(id.path, &who->ns, &who->name);
  who->sentry = who->dapr && dc_slice_equal(who->name, dc_slice_text(DC_SPIFFE_SENTRY));
}

/* --- leaves ------------------------------------------------------------------------------------------------------- */

static bool ends_with(struct dc_slice text, const char *end) {
  size_t n = strlen(end);
  return text.len > n && memcmp(text.data + text.len - n, end, n) == 0;
}

/* Sidecars up to 1.11 know each other, sentry and placement by DNS names. */
static void judge_old_names(const struct dc_cert *cert, const struct identity *who, struct dc_compat *out) {
  struct dc_buf name DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_err why = DC_ERR_INIT;
  bool fits = has_dns(cert, OLD_DNS);
  if (who->dapr && !who->sentry)
    dc_buf_printf(&name, "%.*s.%.*s.svc." OLD_DNS, (int)who->name.len, (const char *)who->name.data, (int)who->ns.len,
                  (const char *)who->ns.data);
  else
    dc_buf_add_text(&name, OLD_DNS);
  fits = fits || has_dns(cert, dc_buf_text(&name));
  for (size_t i = 0; !who->dapr && i < cert->san_count; i++)
    fits = fits || (cert->sans[i].kind == DC_SAN_DNS && ends_with(cert->sans[i].value, ".svc." OLD_DNS));
  if (fits) return;
  (void)dc_err_set(&why, DC_EMISMATCH, "it lacks the DNS name %s", dc_buf_text(&name));
  refuse(out, DC_ERA_DAPRD_1_11, DC_ERA_DAPRD_1_11, why.text,
         "issue it with that name (daprcerts issue --san NAME, daprcerts sentry --legacy-dns-sans)");
}

static void judge_leaf(const struct dc_cert *cert, struct dc_compat *out) {
  struct identity who;
  read_identity(cert, &who);
  out->as = who.sentry ? "what a sentry serves with" : who.svid ? "a workload's certificate" : "a certificate";
  judge_old_names(cert, &who, out);
  if (lacks_usage(cert, DC_EKU_SERVER))
    refuse(out, DC_ERA_DAPRD_1_11, DC_ERA_DAPRD_1_11, "its extended key usage lacks serverAuth", NULL);
  if (!who.sentry && lacks_usage(cert, DC_EKU_CLIENT))
    refuse(out, DC_ERA_DAPRD_1_11, DC_ERA_DAPRD_1_11, "its extended key usage lacks clientAuth", NULL);
  if (!who.svid && !has_dns(cert, OLD_DNS)) refuse(out, DC_ERA_DAPRD_1_13, DC_ERA_DAPRD_1_13, who.why.text, NULL);
  if (!who.svid) refuse(out, DC_ERA_DAPRD, DC_ERA_DAPRD, who.why.text, NULL);
  if (who.svid && !who.dapr)
    refuse(out, DC_ERA_DAPRD_1_13, DC_ERA_DAPRD,
           "its SPIFFE ID is not of the form spiffe://TRUST-DOMAIN/ns/NAMESPACE/NAME", NULL);
  accept(out, DC_ERA_DAPRD_1_11, DC_ERA_DAPRD);
}

/* --- CAs ---------------------------------------------------------------------------------------------------------- */

static bool is_ec(const struct dc_spki *spki) {
  return spki->kind == DC_KEY_P256 || spki->kind == DC_KEY_P384 || spki->kind == DC_KEY_P521;
}

/* Whether it can sign for sidecars, whose requests are ECDSA's up to 1.17. */
static void judge_issuer_kind(const struct dc_spki *spki, struct dc_compat *out) {
  struct dc_err err = DC_ERR_INIT;
  if (dc_spki_check(spki, &err)) refuse(out, DC_ERA_SENTRY_1_7, DC_ERA_SENTRY, err.text, ROTATE_ISSUER);
  if (is_ec(spki)) return;
  refuse(out, DC_ERA_SENTRY_1_7, DC_ERA_SENTRY_1_16_14, "it signs with ECDSA keys alone", ROTATE_ISSUER);
  refuse(out, DC_ERA_SENTRY_1_16_15, DC_ERA_SENTRY_1_16_15,
         "it loads such a key, and signs only requests whose key is of the same kind", ROTATE_ISSUER);
  refuse(out, DC_ERA_SENTRY_1_17_6, DC_ERA_SENTRY_1_17_6, "it signs with ECDSA keys alone", ROTATE_ISSUER);
}

/* What every verifier of Go's asks of a CA by itself, and old ones of its extended key usage. */
static void judge_ca_usage(const struct dc_cert *cert, struct dc_compat *out) {
  struct dc_err err = DC_ERR_INIT;
  if (dc_cert_check_ca(cert, &err)) refuse(out, DC_ERA_DAPRD_1_11, DC_ERA_SENTRY, err.text, NULL);
  if (lacks_usage(cert, DC_EKU_SERVER)) {
    refuse(out, DC_ERA_DAPRD_1_11, DC_ERA_DAPRD_1_11, "its extended key usage lacks serverAuth", NULL);
    refuse(out, DC_ERA_SENTRY_1_16_14, DC_ERA_SENTRY, "its extended key usage lacks serverAuth", NULL);
  }
  if (lacks_usage(cert, DC_EKU_CLIENT))
    refuse(out, DC_ERA_DAPRD_1_11, DC_ERA_DAPRD_1_11, "its extended key usage lacks clientAuth", NULL);
}

/* Placement serves with the issuer's own certificate. */
static void judge_placement(const struct dc_cert *issuer, struct dc_compat *out) {
  if (!has_dns(issuer, OLD_DNS))
    refuse(out, DC_ERA_PLACEMENT_1_11, DC_ERA_PLACEMENT_1_11,
           "it serves with the issuer's certificate, which lacks the DNS name " OLD_DNS, NAME_ISSUER);
  if (lacks_usage(issuer, DC_EKU_SERVER))
    refuse(out, DC_ERA_PLACEMENT_1_11, DC_ERA_PLACEMENT_1_11,
           "it serves with the issuer's certificate, whose extended key usage lacks serverAuth", NAME_ISSUER);
}

static void judge_ca(const struct dc_cert *cert, struct dc_compat *out) {
  bool root = dc_cert_self_signed(cert);
  out->as = root ? "a root" : "an issuer";
  judge_ca_usage(cert, out);
  if (!root) judge_issuer_kind(&cert->spki, out);
  if (!root) judge_placement(cert, out);
  accept(out, DC_ERA_DAPRD_1_11, DC_ERA_DAPRD);
  if (!root) accept(out, DC_ERA_PLACEMENT_1_11, DC_ERA_PLACEMENT_1_11);
  accept(out, DC_ERA_SENTRY_1_7, DC_ERA_SENTRY);
}

void dc_compat_cert(const struct dc_cert *cert, struct dc_compat *out) {
  char oid[DC_DER_OID_TEXT_MAX];
  struct dc_err why = DC_ERR_INIT;
  *out = (struct dc_compat){.as = NULL};
  if (cert->unknown_critical.len) {
    (void)dc_err_set(&why, DC_EMISMATCH, "it bears a critical extension that is not understood (%s)",
                     dc_der_oid_text(cert->unknown_critical, oid));
    refuse(out, DC_ERA_DAPRD_1_11, DC_ERA_DAPRD, why.text, NULL);
  }
  if (cert->is_ca)
    judge_ca(cert, out);
  else
    judge_leaf(cert, out);
}

/* --- keys, requests ----------------------------------------------------------------------------------------------- */

static void judge_key(const struct dc_spki *public, const char *label, struct dc_compat *out) {
  judge_issuer_kind(public, out);
  if (strcmp(label, "PRIVATE KEY") == 0)
    refuse(out, DC_ERA_SENTRY_1_7, DC_ERA_SENTRY_1_7, "the key is PKCS#8, and it reads SEC1 (\"EC PRIVATE KEY\") alone",
           "write it as SEC1 (openssl ec -in issuer.key)");
}

void dc_compat_key(const struct dc_spki *public, const char *label, struct dc_compat *out) {
  *out = (struct dc_compat){.as = "an issuer's key"};
  judge_key(public, label, out);
  accept(out, DC_ERA_SENTRY_1_7, DC_ERA_SENTRY);
}

void dc_compat_csr(const struct dc_csr *csr, struct dc_compat *out) {
  struct dc_err err = DC_ERR_INIT;
  *out = (struct dc_compat){.as = "a sidecar's request"};
  if (dc_csr_verify(csr, &err)) refuse(out, DC_ERA_SENTRY_1_7, DC_ERA_SENTRY, err.text, NULL);
  if (!is_ec(&csr->spki)) {
    refuse(out, DC_ERA_SENTRY_1_7, DC_ERA_SENTRY_1_16_14, "it signs requests of ECDSA keys alone", NULL);
    refuse(out, DC_ERA_SENTRY_1_16_15, DC_ERA_SENTRY_1_16_15, "it signs it only with an issuer's key of the same kind",
           NULL);
  }
  accept(out, DC_ERA_SENTRY_1_7, DC_ERA_SENTRY);
}

/* --- the credentials of a sentry ---------------------------------------------------------------------------------- */

/* Sentry up to 1.11 reads until nothing is left, and a blank line is something. */
static bool has_tail(struct dc_slice file) {
  struct dc_pem block DC_CLEANUP(dc_pem_free) = DC_PEM_INIT;
  const char *at = (const char *)file.data;
  size_t left = file.len, tail = 0;
  while (dc_pem_next(&at, &left, &block, NULL) == 1) tail = left;
  return tail > 0;
}

/* Dapr's readers stop at the first block of another kind. */
static struct dc_slice before_other(struct dc_slice file) {
  struct dc_pem block DC_CLEANUP(dc_pem_free) = DC_PEM_INIT;
  const char *at = (const char *)file.data;
  size_t left = file.len, taken = 0;
  while (dc_pem_next(&at, &left, &block, NULL) == 1 && strcmp(block.label, "CERTIFICATE") == 0) taken = file.len - left;
  return (struct dc_slice){file.data, taken};
}

static void judge_blocks(const struct dc_compat_set *set, struct dc_compat *out) {
  struct dc_authority_files files = {.ca_crt = before_other(set->ca_crt), .issuer_crt = before_other(set->issuer_crt),
                                     .issuer_key = set->issuer_key};
  struct dc_authority *authority DC_CLEANUP(dc_authority_cleanup) = NULL;
  if (dc_authority_load(&files, set->now, &authority, NULL))
    refuse(out, DC_ERA_SENTRY_1_7, DC_ERA_SENTRY,
           "a block that is no certificate stands among those of ca.crt or issuer.crt: it reads no further",
           "take that block out");
}

static void judge_files(const struct dc_compat_set *set, struct dc_compat *out) {
  struct dc_pem block DC_CLEANUP(dc_pem_free) = DC_PEM_INIT;
  const char *at = (const char *)set->issuer_key.data;
  size_t left = set->issuer_key.len;
  for (int i = 0; i < 2; i++) {
    struct dc_err why = DC_ERR_INIT;
    if (!has_tail(i ? set->issuer_crt : set->ca_crt)) continue;
    (void)dc_err_set(&why, DC_EINVAL, "%s has a blank line or text behind its last certificate",
                     i ? "issuer.crt" : "ca.crt");
    refuse(out, DC_ERA_SENTRY_1_7, DC_ERA_SENTRY_1_11, why.text,
           "end the file with the line -----END CERTIFICATE-----");
  }
  if (dc_pem_next(&at, &left, &block, NULL) == 1 && !strstr(block.label, "PRIVATE KEY"))
    refuse(out, DC_ERA_SENTRY_1_7, DC_ERA_SENTRY, "another block stands before the private key in issuer.key",
           "take that block out (openssl ec -in issuer.key)");
}

static const char *label_of_key(struct dc_slice file, struct dc_pem *block) {
  const char *at = (const char *)file.data;
  while (dc_pem_next(&at, &file.len, block, NULL) == 1)
    if (strstr(block->label, "PRIVATE KEY")) return block->label;
  return "";
}

static void judge_chain(const struct dc_authority *authority, struct dc_compat *out) {
  const struct dc_bundle *chain = dc_authority_chain(authority), *anchors = dc_authority_anchors(authority);
  struct dc_bundle above = {chain->certs + 1, chain->count - 1}; /* a view, not freed */
  struct dc_path paths[DC_PATH_MAX];
  struct dc_err err = DC_ERR_INIT;
  if (dc_chain_paths(chain->certs[0], &above, anchors, DC_PURPOSE_CLIENT, paths, DC_PATH_MAX, &err) < 0)
    refuse(out, DC_ERA_DAPRD_1_11, DC_ERA_DAPRD_1_11, err.text, NAME_ISSUER);
  judge_issuer_kind(&chain->certs[0]->spki, out);
  judge_placement(chain->certs[0], out);
}

int dc_compat_set(const struct dc_compat_set *set, struct dc_compat *out, struct dc_err *err) {
  struct dc_authority_files files = {set->ca_crt, set->issuer_crt, set->issuer_key, NULL, NULL, NULL};
  struct dc_authority *authority DC_CLEANUP(dc_authority_cleanup) = NULL;
  struct dc_pem block DC_CLEANUP(dc_pem_free) = DC_PEM_INIT;
  struct dc_err why = DC_ERR_INIT;
  int rc = dc_authority_load(&files, set->now, &authority, &why);
  *out = (struct dc_compat){.as = "the credentials of a sentry"};
  if (rc == DC_ENOMEM || rc == DC_ECRYPTO) return dc_err_set(err, (enum dc_code)rc, "%s", why.text);
  if (rc) {
    refuse(out, DC_ERA_DAPRD_1_11, DC_ERA_SENTRY, why.text, NULL);
    return 0;
  }
  judge_blocks(set, out);
  judge_files(set, out);
  judge_key(dc_key_public(dc_authority_key(authority)), label_of_key(set->issuer_key, &block), out);
  judge_chain(authority, out);
  if (!set->client_pair)
    refuse(out, DC_ERA_DAPRD_1_11, DC_ERA_DAPRD_1_11, "there is no client pair, without which it does not start",
           "make a client pair (daprcerts rotate)");
  accept(out, DC_ERA_DAPRD_1_11, DC_ERA_SENTRY);
  return 0;
}
