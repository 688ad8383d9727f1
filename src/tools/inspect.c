/* SPDX-License-Identifier: Apache-2.0 */
/* daprcerts inspect: what a certificate, request, key, token or key set says, and what each Dapr version makes of it */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/os.h"
#include "base/pem.h"
#include "base/utf8.h"
#include "pki/jwt.h"
#include "pki/name.h"
#include "pki/oid.h"
#include "pki/pieces.h"
#include "pki/spiffe.h"
#include "pki/text.h"
#include "tools/inspect_json.h"
#include "tools/report.h"
#include "tools/source.h"
#include "tools/table.h"
#include "tools/tool.h"
#include "tools/verdicts.h"

enum { INDENT = 4 };

/* --- the command line --------------------------------------------------------------------------------------------- */

enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_PEM };
static const char *const formats[] = {"text", "json", "pem", NULL};

static struct {
  int format; /* enum format */
  struct dc_source_options source;
  bool bundle, brief;
} opt;

static const struct dc_opt opts[] = {
    {.name = "format", .kind = DC_OPT_WORD, .value = &opt.format, .words = formats, .arg = "FORMAT",
     .help = "text, json or pem", .shown = "text"},
    {.name = "short", .kind = DC_OPT_FLAG, .value = &opt.brief, .help = "a few lines"},
    {.name = "bundle", .kind = DC_OPT_FLAG, .value = &opt.bundle, .help = "all that is in it, not the first alone"},
    {.kind = DC_OPT_HEADING, .help = "Of a server:"},
    DC_SOURCE_ROOTS_ROW(opt.source),
    DC_SOURCE_SERVER_ROWS(opt.source),
};

static const struct dc_cli cli = {
    .program = "daprcerts inspect",
    .operands = "[FILE | - | HOST:PORT | URL]",
    .summary = "Show a certificate, certificate request, key, JWT or key set, and what each Dapr version makes of it.",
    .opts = opts,
    .opt_count = DC_COUNT(opts),
    .max_operands = 1,
    .notes = "Of a private key only the public half is shown. Nothing in a file is verified: \"daprcerts verify\" does "
             "that.\n"
             "Exit status: 0 done, 1 failed, 2 wrong usage.",
};

static int check_usage(struct dc_err *err) {
  if (opt.brief && opt.format != FORMAT_TEXT)
    return dc_err_set(err, DC_EUSAGE, "'--short' and '--format %s' exclude each other", formats[opt.format]);
  return 0;
}

/* Whoever wrote it: nothing that a terminal would obey. */
static void add_plain(struct dc_buf *out, struct dc_slice text) {
  for (size_t i = 0; i < text.len; i++) {
    size_t control = dc_utf8_control(text.data + i, text.len - i);
    dc_buf_add_byte(out, control ? '?' : text.data[i]);
    if (control) i += control - 1;
  }
}

/* --- what Dapr makes of it ---------------------------------------------------------------------------------------- */

static void add_verdicts(const struct dc_compat *compat, struct dc_buf *out) {
  dc_buf_printf(out, "%*sAs %s:\n", INDENT, "", compat->as);
  dc_verdicts_text(compat, 2 * INDENT, dc_table_colours(), out);
}

static void add_dapr_of_cert(const struct dc_pieces *pieces, const struct dc_cert *cert, struct dc_buf *out) {
  struct dc_compat compat;
  struct dc_slice id;
  char left[DC_DURATION_TEXT_MAX], key[DC_SPKI_TEXT_MAX];
  int64_t now = dc_clock_wall();
  dc_compat_cert(cert, &compat);
  dc_buf_add_text(out, "Dapr:\n");
  if (dc_spiffe_of_cert(cert, &id, NULL) == 0) {
    dc_buf_printf(out, "%*sSPIFFE ID: ", INDENT, "");
    add_plain(out, id);
    dc_buf_add_byte(out, '\n');
  }
  if (now < cert->not_before)
    dc_buf_printf(out, "%*sBegins: %s\n", INDENT, "", dc_duration_from_now(cert->not_before - now, left));
  else
    dc_buf_printf(out, "%*s%s: %s\n", INDENT, "", now > cert->not_after ? "Ended" : "Ends",
                  dc_duration_from_now(cert->not_after - now, left));
  for (size_t i = 0; i < pieces->count; i++)
    if (pieces->items[i].key && dc_spki_equal(dc_key_public(pieces->items[i].key), &cert->spki))
      dc_buf_printf(out, "%*sPrivate key: in the same place (%s)\n", INDENT, "", dc_spki_text(&cert->spki, key));
  add_verdicts(&compat, out);
}

/* --- for people --------------------------------------------------------------------------------------------------- */

static void add_key(const struct dc_piece *piece, struct dc_buf *out) {
  struct dc_compat compat;
  char text[DC_SPKI_TEXT_MAX];
  if (!piece->key) {
    dc_buf_printf(out, "Private Key (%s): %s\n", piece->label, piece->why.text);
    return;
  }
  const struct dc_spki *public = dc_key_public(piece->key);
  dc_compat_key(public, piece->label, &compat);
  dc_buf_printf(out, "Private Key (%s, %s), its public half:\n", dc_spki_text(public, text), piece->label);
  dc_text_spki(public, INDENT, out);
  dc_buf_add_text(out, "Dapr:\n");
  add_verdicts(&compat, out);
}

static int add_json_text(json_t *take_json, struct dc_buf *out, struct dc_err *err) {
  char *text = take_json ? json_dumps(take_json, JSON_INDENT(2)) : NULL;
  json_decref(take_json);
  if (!text) return dc_err_nomem(err);
  dc_buf_add_text(out, text);
  dc_buf_add_byte(out, '\n');
  dc_mem_wipe(text, strlen(text));
  free(text);
  return 0;
}

/* The header and the claims of a token: {"header": {...}, "claims": {...}}. Its signature is what makes it a secret. */
static json_t *read_token(const struct dc_piece *piece, struct dc_err *err) {
  struct dc_jws jws DC_CLEANUP(dc_jws_free) = DC_JWS_INIT;
  struct dc_buf header DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  const char *text = dc_buf_text(&piece->bytes);
  if (dc_jws_parse(&jws, text, piece->bytes.len, err) ||
      dc_base64_decode(&header, DC_BASE64_URL, text, strcspn(text, "."), err))
    return NULL;
  json_t *claims = json_loadb(dc_buf_text(&jws.payload), jws.payload.len, JSON_REJECT_DUPLICATES, NULL);
  json_t *json = json_pack("{s:o?, s:o?}", "header", json_loadb(dc_buf_text(&header), header.len, 0, NULL), "claims",
                           claims);
  if (json && json_is_object(claims)) return json;
  json_decref(json);
  (void)dc_err_set(err, DC_EINVAL, "the token's payload is no JSON object");
  return NULL;
}

static void add_instant(const struct dc_jwt_time *time, const char *what, struct dc_buf *out) {
  char at[DC_CLOCK_TEXT_MAX], left[DC_DURATION_TEXT_MAX];
  if (time->set)
    dc_buf_printf(out, "%*s%s: %s (%s)\n", INDENT, "", what, dc_clock_rfc3339(time->at, at),
                  dc_duration_from_now(time->at - dc_clock_wall(), left));
}

/* What sentry's validator "jwks" asks, as far as a token by itself tells. */
static void add_token_verdict(const struct dc_jws *jws, const struct dc_jwt *jwt, struct dc_buf *out) {
  struct dc_spiffe id;
  bool spiffe = jwt->sub && dc_spiffe_parse(&id, dc_slice_text(jwt->sub), NULL) == 0;
  dc_buf_printf(out, "%*sAs a token for a sentry's validator \"jwks\": %s\n", INDENT, "",
                jws->alg == DC_JWA_UNKNOWN ? "refused: no such algorithm is accepted"
                : !jws->kid                ? "refused: its header has no \"kid\""
                : !spiffe                  ? "refused: \"sub\" is no SPIFFE ID"
                : !jwt->aud_count          ? "refused: it has no \"aud\""
                                           : "accepted, if its key and its \"aud\" are the right ones");
}

static int add_token(const struct dc_piece *piece, struct dc_buf *out, struct dc_err *err) {
  struct dc_jws jws DC_CLEANUP(dc_jws_free) = DC_JWS_INIT;
  struct dc_jwt jwt DC_CLEANUP(dc_jwt_free) = DC_JWT_INIT;
  json_t *json = read_token(piece, err);
  if (!json) return DC_EINVAL;
  dc_buf_add_text(out, "JSON Web Token, not verified:\n");
  int rc = add_json_text(json, out, err);
  if (!rc) rc = dc_jws_parse(&jws, dc_buf_text(&piece->bytes), piece->bytes.len, err);
  if (!rc) rc = dc_jwt_parse(&jwt, (struct dc_slice){jws.payload.data, jws.payload.len}, err);
  if (rc) return rc;
  dc_buf_add_text(out, "Dapr:\n");
  add_instant(&jwt.iat, "Issued", out);
  add_instant(&jwt.nbf, "Begins", out);
  add_instant(&jwt.exp, "Ends", out);
  add_token_verdict(&jws, &jwt, out);
  return 0;
}

static int read_keys(const struct dc_piece *piece, json_t **out, struct dc_err *err) {
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  int rc = dc_jwks_publish(dc_buf_text(&piece->bytes), piece->bytes.len, &text, err);
  if (!rc) *out = json_loadb(dc_buf_text(&text), text.len, 0, NULL);
  return rc ? rc : *out ? 0 : dc_err_nomem(err);
}

static int add_keys(const struct dc_piece *piece, struct dc_buf *out, struct dc_err *err) {
  struct dc_jwks set DC_CLEANUP(dc_jwks_free) = DC_JWKS_INIT;
  struct dc_buf notes DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  int rc = dc_jwks_parse(&set, dc_buf_text(&piece->bytes), piece->bytes.len, &notes, err);
  if (rc) return rc;
  dc_buf_printf(out, "JSON Web Key Set of %zu usable key%s:\n", set.count, set.count == 1 ? "" : "s");
  for (size_t i = 0; i < set.count; i++) {
    const struct dc_jwk *key = &set.keys[i];
    char text[DC_SPKI_TEXT_MAX], kid[DC_JWK_KID_MAX];
    rc = dc_jwk_kid(&key->spki, kid, err);
    if (rc) return rc;
    dc_buf_printf(out, "%*s%s, kid ", INDENT, "", dc_spki_text(&key->spki, text));
    add_plain(out, dc_slice_text(key->kid ? key->kid : "none (no token can name it)"));
    dc_buf_printf(out, ", for %s\n",
                  key->alg == DC_JWA_UNKNOWN ? "any algorithm that fits" : dc_jwa_name(key->alg));
    if (!key->kid || strcmp(kid, key->kid) != 0)
      dc_buf_printf(out, "%*sSHA-256 thumbprint: %s\n", 2 * INDENT, "", kid);
  }
  for (const char *at = dc_buf_text(&notes); *at;) {
    size_t n = strcspn(at, "\n");
    dc_buf_printf(out, "%*sleft out: %.*s\n", INDENT, "", (int)n, at);
    at += n + (at[n] == '\n');
  }
  return 0;
}

static int add_text(const struct dc_pieces *pieces, const struct dc_piece *piece, struct dc_buf *out,
                    struct dc_err *err) {
  struct dc_compat compat;
  switch (piece->kind) {
    case DC_PIECE_CERT:
      dc_text_cert(piece->cert, out);
      add_dapr_of_cert(pieces, piece->cert, out);
      break;
    case DC_PIECE_CSR:
      dc_text_csr(&piece->csr, out);
      dc_compat_csr(&piece->csr, &compat);
      dc_buf_add_text(out, "Dapr:\n");
      add_verdicts(&compat, out);
      break;
    case DC_PIECE_KEY: add_key(piece, out); break;
    case DC_PIECE_PUBLIC:
      dc_buf_add_text(out, "Public Key:\n");
      dc_text_spki(&piece->spki, INDENT, out);
      break;
    case DC_PIECE_TOKEN: return add_token(piece, out, err);
    case DC_PIECE_KEYS: return add_keys(piece, out, err);
  }
  return 0;
}

/* --- for people in a hurry: step's lines -------------------------------------------------------------------------- */

static void add_cn(struct dc_slice name, struct dc_buf *out) {
  struct dc_slice oid, value;
  for (size_t i = 0; dc_name_at(name, i, &oid, &value); i++) {
    if (!dc_slice_equal(oid, DC_SLICE(DC_OID_NAME_CN))) continue;
    add_plain(out, value);
    return;
  }
}

/* "ECDSA P-256", and the first and last four of a long number. */
static void add_step_key(const struct dc_spki *spki, struct dc_buf *out) {
  char text[DC_SPKI_TEXT_MAX];
  dc_spki_text(spki, text);
  if (strncmp(text, "EC ", 3) == 0)
    dc_buf_printf(out, "ECDSA %s", text + 3);
  else
    dc_buf_printf(out, "%s%s", text, spki->kind == DC_KEY_ED25519 ? " 256" : "");
}

static void add_step_serial(struct dc_slice serial, struct dc_buf *out) {
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  dc_text_decimal(serial, &text);
  if (text.len > 8)
    dc_buf_printf(out, "%.4s...%s", dc_buf_text(&text), dc_buf_text(&text) + text.len - 4);
  else
    dc_buf_add_text(out, dc_buf_text(&text));
}

static void add_subject_line(const char *text, bool *first, struct dc_buf *out) {
  dc_buf_printf(out, "%s%s\n", *first ? "  Subject:     " : "               ", text);
  *first = false;
}

static void add_subject(struct dc_slice subject, const struct dc_san *sans, size_t count, struct dc_buf *out) {
  static const enum dc_san_kind order[] = {DC_SAN_DNS, DC_SAN_IP, DC_SAN_EMAIL, DC_SAN_URI};
  struct dc_buf cn DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  bool first = true;
  add_cn(subject, &cn);
  if (cn.len) add_subject_line(dc_buf_text(&cn), &first, out);
  for (size_t k = 0; k < DC_COUNT(order); k++)
    for (size_t i = 0; i < count; i++) {
      struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
      if (sans[i].kind != order[k]) continue;
      dc_san_text(&sans[i], &text);
      const char *name = strchr(dc_buf_text(&text), ':');
      if (name && strcmp(name + 1, dc_buf_text(&cn)) != 0) add_subject_line(name + 1, &first, out);
    }
  if (first) dc_buf_add_text(out, "  Subject:\n");
}

static void add_short_cert(const struct dc_cert *cert, struct dc_buf *out) {
  char begins[DC_CLOCK_TEXT_MAX], ends[DC_CLOCK_TEXT_MAX];
  struct dc_buf issuer DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  dc_buf_printf(out, "X.509v3 %s Certificate (", !cert->is_ca                ? "TLS"
                                                 : dc_cert_self_signed(cert) ? "Root CA"
                                                                             : "Intermediate CA");
  add_step_key(&cert->spki, out);
  dc_buf_add_text(out, ") [Serial: ");
  add_step_serial(cert->serial, out);
  dc_buf_add_text(out, "]\n");
  add_subject(cert->subject, cert->sans, cert->san_count, out);
  add_cn(cert->issuer, &issuer);
  if (!issuer.len) dc_name_text(cert->issuer, &issuer); /* step leaves it empty */
  dc_buf_printf(out, "  Issuer:      %s\n  Valid from:  %s\n          to:  %s\n", dc_buf_text(&issuer),
                dc_clock_rfc3339(cert->not_before, begins), dc_clock_rfc3339(cert->not_after, ends));
}

static void add_short_csr(const struct dc_csr *csr, struct dc_buf *out) {
  enum { NAMES_MAX = 64 };
  struct dc_san sans[NAMES_MAX];
  struct dc_slice at = csr->san;
  size_t count = 0;
  while (count < NAMES_MAX && dc_san_next(&at, &sans[count], NULL) == 1) count++;
  dc_buf_add_text(out, "X.509v3 Certificate Signing Request (");
  add_step_key(&csr->spki, out);
  dc_buf_add_text(out, ")\n");
  add_subject(csr->subject, sans, count, out);
}

static int add_short(const struct dc_pieces *pieces, const struct dc_piece *piece, struct dc_buf *out,
                     struct dc_err *err) {
  char text[DC_SPKI_TEXT_MAX];
  switch (piece->kind) {
    case DC_PIECE_CERT: add_short_cert(piece->cert, out); return 0;
    case DC_PIECE_CSR: add_short_csr(&piece->csr, out); return 0;
    case DC_PIECE_KEY:
      dc_buf_printf(out, "Private Key (%s)%s%s\n",
                    piece->key ? dc_spki_text(dc_key_public(piece->key), text) : piece->label, piece->key ? "" : ": ",
                    piece->why.text);
      return 0;
    case DC_PIECE_PUBLIC: dc_buf_printf(out, "Public Key (%s)\n", dc_spki_text(&piece->spki, text)); return 0;
    case DC_PIECE_TOKEN:
    case DC_PIECE_KEYS: break;
  }
  return add_text(pieces, piece, out, err);
}

/* --- for programs ------------------------------------------------------------------------------------------------- */

static json_t *json_of(const struct dc_piece *piece, struct dc_err *err) {
  json_t *json = NULL;
  switch (piece->kind) {
    case DC_PIECE_CERT: json = dc_inspect_json_cert(piece->cert); break;
    case DC_PIECE_CSR: json = dc_inspect_json_csr(&piece->csr); break;
    case DC_PIECE_KEY: json = dc_inspect_json_key(piece); break;
    case DC_PIECE_PUBLIC: json = dc_inspect_json_public(&piece->spki); break;
    case DC_PIECE_TOKEN: return read_token(piece, err);
    case DC_PIECE_KEYS: return read_keys(piece, &json, err) ? NULL : json;
  }
  if (!json) (void)dc_err_nomem(err);
  return json;
}

static int add_pem(const struct dc_piece *piece, struct dc_buf *out, struct dc_err *err) {
  const struct dc_spki *public = piece->kind == DC_PIECE_PUBLIC ? &piece->spki : NULL;
  if (piece->key) public = dc_key_public(piece->key);
  if (piece->kind == DC_PIECE_CERT || piece->kind == DC_PIECE_CSR)
    dc_pem_add(out, piece->kind == DC_PIECE_CERT ? "CERTIFICATE" : "CERTIFICATE REQUEST", piece->bytes.data,
               piece->bytes.len);
  else if (public)
    dc_pem_add(out, "PUBLIC KEY", public->der.data, public->der.len);
  else if (piece->kind == DC_PIECE_KEY)
    return dc_err_set(err, DC_EUNSUPPORTED, "%s", piece->why.text);
  else
    return dc_err_set(err, DC_EUNSUPPORTED, "a token or a key set has no PEM");
  return 0;
}

/* --- the job ------------------------------------------------------------------------------------------------------ */

/* Without --bundle the first certificate, as step has it, or where there is none the first of what is there. */
static int show(const struct dc_pieces *pieces, struct dc_buf *out, struct dc_err *err) {
  const struct dc_piece *cert = dc_pieces_find(pieces, DC_PIECE_CERT, 0), *first = cert ? cert : &pieces->items[0];
  const struct dc_piece *at = opt.bundle ? pieces->items : first, *end = opt.bundle ? at + pieces->count : at + 1;
  json_t *list = opt.format == FORMAT_JSON && end - at > 1 ? json_array() : NULL;
  int rc = 0;
  for (; !rc && at < end; at++) {
    json_t *json = NULL;
    if (opt.format == FORMAT_PEM)
      rc = add_pem(at, out, err);
    else if (opt.format == FORMAT_TEXT)
      rc = (opt.brief ? add_short : add_text)(pieces, at, out, err);
    else if (!(json = json_of(at, err)))
      rc = DC_EINVAL;
    else if (list)
      json_array_append_new(list, json);
    else
      rc = add_json_text(json, out, err);
  }
  if (rc || !list) {
    json_decref(list);
    return rc;
  }
  return add_json_text(list, out, err);
}

int main(int argc, char **argv) {
  struct dc_strings operands DC_CLEANUP(dc_strings_free) = {.items = NULL};
  struct dc_err err = DC_ERR_INIT;
  int status;
  dc_os_protect_secrets();
  if (!dc_tool_begin(&cli, argc, argv, &operands, &status)) return status;
  int rc = check_usage(&err);
  if (!rc) rc = dc_source_print(operands.count ? operands.items[0] : "-", &opt.source, show, &err);
  return dc_tool_end(&cli, rc, &err);
}
