/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "pki/pieces.h"

#include <stdlib.h>
#include <string.h>

#include "base/pem.h"

static void piece_free(struct dc_piece *piece) {
  dc_buf_free(&piece->bytes);
  dc_cert_free(piece->cert);
  dc_key_free(piece->key);
}

void dc_pieces_free(struct dc_pieces *pieces) {
  for (size_t i = 0; i < pieces->count; i++) piece_free(&pieces->items[i]);
  free(pieces->items);
  *pieces = (struct dc_pieces)DC_PIECES_INIT;
}

/* Takes PIECE, also when it fails. Views into its bytes stay good: a buffer's bytes do not move with the struct. */
static int take(struct dc_pieces *pieces, struct dc_piece *piece, struct dc_err *err) {
  struct dc_piece *items = NULL;
  int rc = dc_buf_check(&piece->bytes, err);
  if (!rc && pieces->count == DC_PIECES_MAX)
    rc = dc_err_set(err, DC_ELIMIT, "more than %d things in it", DC_PIECES_MAX);
  if (!rc) items = realloc(pieces->items, (pieces->count + 1) * sizeof *items);
  if (!rc && !items) rc = dc_err_nomem(err);
  if (rc) {
    piece_free(piece);
    return rc;
  }
  items[pieces->count++] = *piece;
  pieces->items = items;
  return 0;
}

/* --- what the bytes are ------------------------------------------------------------------------------------------- */

/* By kind, out of piece->bytes. */
static int parse(struct dc_piece *piece, struct dc_err *err) {
  const struct dc_buf *bytes = &piece->bytes;
  switch (piece->kind) {
    case DC_PIECE_CERT: return dc_cert_parse(bytes->data, bytes->len, &piece->cert, err);
    case DC_PIECE_CSR: return dc_csr_parse(&piece->csr, bytes->data, bytes->len, err);
    case DC_PIECE_PUBLIC: return dc_spki_parse(&piece->spki, (struct dc_slice){bytes->data, bytes->len}, err);
    case DC_PIECE_KEY:
    case DC_PIECE_TOKEN:
    case DC_PIECE_KEYS: break;
  }
  return 0;
}

static int add_der(struct dc_pieces *pieces, const char *label, enum dc_piece_kind kind, struct dc_slice der,
                   struct dc_err *err) {
  struct dc_piece piece = {.kind = kind};
  strcpy(piece.label, label);
  dc_buf_add(&piece.bytes, der.data, der.len);
  int rc = dc_buf_check(&piece.bytes, err);
  if (!rc) rc = parse(&piece, err);
  if (!rc) return take(pieces, &piece, err);
  piece_free(&piece);
  return rc;
}

/* DER does not say what it is: whichever reader takes it. */
static int add_unnamed(struct dc_pieces *pieces, struct dc_slice der, struct dc_err *err) {
  int rc = add_der(pieces, "", DC_PIECE_CERT, der, err);
  if (rc != DC_EINVAL) return rc;
  if (add_der(pieces, "", DC_PIECE_CSR, der, NULL) == 0) return 0;
  return add_der(pieces, "", DC_PIECE_PUBLIC, der, NULL) == 0 ? 0 : rc;
}

/* --- PEM ---------------------------------------------------------------------------------------------------------- */

static bool ends_with(const char *text, const char *end) {
  size_t n = strlen(text), m = strlen(end);
  return n >= m && strcmp(text + n - m, end) == 0;
}

static int add_key(struct dc_pieces *pieces, const struct dc_pem *block, struct dc_err *err) {
  struct dc_piece piece = {.kind = DC_PIECE_KEY, .why = DC_ERR_INIT};
  strcpy(piece.label, block->label);
  int rc = dc_key_from_pem(block->text, block->text_len, &piece.key, &piece.why);
  if (rc != DC_ENOMEM && rc != DC_ECRYPTO) return take(pieces, &piece, err);
  if (err) *err = piece.why;
  return rc;
}

static int add_block(struct dc_pieces *pieces, const struct dc_pem *block, struct dc_err *err) {
  static const struct {
    const char *label;
    enum dc_piece_kind kind;
  } labels[] = {
      {"CERTIFICATE", DC_PIECE_CERT},
      {"X509 CERTIFICATE", DC_PIECE_CERT},
      {"CERTIFICATE REQUEST", DC_PIECE_CSR},
      {"NEW CERTIFICATE REQUEST", DC_PIECE_CSR},
      {"PUBLIC KEY", DC_PIECE_PUBLIC},
  };
  struct dc_slice der = {block->der.data, block->der.len};
  if (ends_with(block->label, "PRIVATE KEY")) return add_key(pieces, block, err);
  for (size_t i = 0; i < DC_COUNT(labels); i++) {
    if (strcmp(block->label, labels[i].label) != 0) continue;
    int rc = add_der(pieces, block->label, labels[i].kind, der, err);
    bool lies = rc == DC_EINVAL && i == 0 && add_der(pieces, block->label, DC_PIECE_CSR, der, NULL) == 0;
    return lies ? 0 : rc;
  }
  return 0;
}

static int read_pem(struct dc_pieces *pieces, const char *text, size_t n, struct dc_err *err) {
  struct dc_pem block DC_CLEANUP(dc_pem_free) = DC_PEM_INIT;
  size_t number = 0;
  int rc;
  while ((rc = dc_pem_next(&text, &n, &block, err)) == 1) {
    number++;
    rc = add_block(pieces, &block, err);
    if (rc) return dc_err_add(err, rc, "PEM block %zu ('%s')", number, block.label);
  }
  return rc;
}

/* --- text --------------------------------------------------------------------------------------------------------- */

/* HEADER.PAYLOAD.SIGNATURE, in base64url: its reader judges the rest. */
static bool is_token(struct dc_slice text) {
  size_t dots = 0;
  for (size_t i = 0; i < text.len; i++) {
    unsigned char c = text.data[i];
    if (c == '.')
      dots++;
    else if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_'))
      return false;
  }
  return dots == 2 && text.len > 4 && text.data[0] == 'e' && text.data[1] == 'y'; /* of '{"' */
}

static bool is_space(unsigned char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

static struct dc_slice trimmed(struct dc_slice text) {
  while (text.len && is_space(text.data[0])) {
    text.data++;
    text.len--;
  }
  while (text.len && is_space(text.data[text.len - 1])) text.len--;
  return text;
}

static int add_text(struct dc_pieces *pieces, enum dc_piece_kind kind, struct dc_slice text, struct dc_err *err) {
  struct dc_piece piece = {.kind = kind};
  dc_buf_add(&piece.bytes, text.data, text.len);
  return take(pieces, &piece, err);
}

int dc_pieces_read(struct dc_pieces *out, const void *bytes, size_t n, struct dc_err *err) {
  struct dc_pieces pieces DC_CLEANUP(dc_pieces_free) = DC_PIECES_INIT;
  struct dc_slice all = {bytes, n}, text = trimmed(all);
  int rc = 0;
  if (n && all.data[0] == 0x30 && !(n > 1 && all.data[1] == '\n')) /* a SEQUENCE; or a text that begins with a zero */
    rc = add_unnamed(&pieces, all, err);
  else if (text.len && text.data[0] == '{')
    rc = add_text(&pieces, DC_PIECE_KEYS, text, err);
  else if (is_token(text))
    rc = add_text(&pieces, DC_PIECE_TOKEN, text, err);
  else
    rc = read_pem(&pieces, bytes, n, err);
  if (rc) return rc;
  if (!pieces.count)
    return dc_err_set(err, DC_ENOENT, "neither a certificate, request or key in PEM or DER, nor a JWT or a key set");
  *out = pieces;
  pieces = (struct dc_pieces)DC_PIECES_INIT;
  return 0;
}

const struct dc_piece *dc_pieces_find(const struct dc_pieces *pieces, enum dc_piece_kind kind, size_t at) {
  for (; at < pieces->count; at++)
    if (pieces->items[at].kind == kind) return &pieces->items[at];
  return NULL;
}

size_t dc_pieces_count(const struct dc_pieces *pieces, enum dc_piece_kind kind) {
  size_t count = 0;
  for (size_t i = 0; i < pieces->count; i++) count += pieces->items[i].kind == kind;
  return count;
}
