/* SPDX-License-Identifier: Apache-2.0 */
/* What inspect and fingerprint are given: PEM, DER or text of any kind, found out by looking, shown and judged. */
#include "config.h"

#include <stdlib.h>

#include "ca/compat.h"
#include "pki/pieces.h"
#include "pki/text.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

/* One era at least has a verdict, and who refuses says why. */
static void check_verdicts(const struct dc_compat *compat) {
  size_t judged = 0;

  for (enum dc_era era = 0; era < DC_ERAS; era++) {
    judged += compat->eras[era].kind != DC_VERDICT_NONE;
    if (compat->eras[era].kind == DC_VERDICT_REFUSES && !compat->eras[era].why.text[0]) abort();
  }
  if (!judged || !compat->as) abort();
}

static void show(const struct dc_piece *piece) {
  struct dc_buf out DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_compat compat;

  if (piece->kind == DC_PIECE_CERT) {
    dc_text_cert(piece->cert, &out);
    dc_text_decimal(piece->cert->serial, &out);
    dc_compat_cert(piece->cert, &compat);
  } else if (piece->kind == DC_PIECE_CSR) {
    dc_text_csr(&piece->csr, &out);
    dc_compat_csr(&piece->csr, &compat);
  } else if (piece->key) {
    dc_text_spki(dc_key_public(piece->key), 0, &out);
    dc_compat_key(dc_key_public(piece->key), piece->label, &compat);
  } else {
    return;
  }
  check_verdicts(&compat);
  for (size_t i = 0; i < out.len; i++) /* nothing that a terminal obeys */
    if ((out.data[i] < 0x20 && out.data[i] != '\n') || out.data[i] == 0x7f) abort();
}

static void check_piece(const struct dc_piece *piece) {
  struct dc_slice bytes = {piece->bytes.data, piece->bytes.len};

  switch (piece->kind) {
    case DC_PIECE_CERT:
      if (!piece->cert || !dc_slice_equal(piece->cert->der, bytes)) abort();
      break;
    case DC_PIECE_CSR:
      if (!dc_slice_equal(piece->csr.der, bytes)) abort();
      break;
    case DC_PIECE_PUBLIC:
      if (!dc_slice_equal(piece->spki.der, bytes)) abort();
      break;
    case DC_PIECE_KEY:
      if (bytes.len || (!piece->key && !piece->why.text[0])) abort(); /* no secret is kept beside the key itself */
      break;
    case DC_PIECE_TOKEN:
    case DC_PIECE_KEYS:
      if (!bytes.len) abort();
      break;
  }
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size) {
  struct dc_pieces pieces DC_CLEANUP(dc_pieces_free) = DC_PIECES_INIT;
  struct dc_err err = DC_ERR_INIT;
  size_t found = 0;

  if (dc_pieces_read(&pieces, data, size, &err) < 0) {
    if (pieces.count || !err.text[0]) abort();
    return 0;
  }
  for (size_t i = 0; i < pieces.count; i++) {
    check_piece(&pieces.items[i]);
    show(&pieces.items[i]);
  }
  for (int kind = DC_PIECE_CERT; kind <= DC_PIECE_KEYS; kind++)
    found += dc_pieces_count(&pieces, (enum dc_piece_kind)kind);
  if (!pieces.count || found != pieces.count) abort();
  return 0;
}
