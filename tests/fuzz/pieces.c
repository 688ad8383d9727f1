/* SPDX-License-Identifier: Apache-2.0 */
/* What inspect and fingerprint are given: PEM, DER or text of any kind, found out by looking. */
#include "config.h"

#include <stdlib.h>

#include "pki/pieces.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

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
  for (size_t i = 0; i < pieces.count; i++) check_piece(&pieces.items[i]);
  for (int kind = DC_PIECE_CERT; kind <= DC_PIECE_KEYS; kind++)
    found += dc_pieces_count(&pieces, (enum dc_piece_kind)kind);
  if (!pieces.count || found != pieces.count) abort();
  return 0;
}
