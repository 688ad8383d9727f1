/* SPDX-License-Identifier: Apache-2.0 */
/* What a file or a pipe holds, found out by looking: certificates, requests, keys, tokens and key sets, in PEM, DER or
 * JSON, one after another. For programs that show things; those that need a certain thing ask its own reader. */
#ifndef DC_PKI_PIECES_H
#define DC_PKI_PIECES_H

#include "base/pem.h"
#include "pki/cert.h"
#include "pki/csr.h"
#include "pki/key.h"

enum dc_piece_kind {
  DC_PIECE_CERT,
  DC_PIECE_CSR,
  DC_PIECE_KEY,    /* a private key */
  DC_PIECE_PUBLIC, /* a public one */
  DC_PIECE_TOKEN,  /* a JWT in its compact form, not verified */
  DC_PIECE_KEYS,   /* a JWK Set, or one JWK */
};

enum { DC_PIECES_MAX = 200 };

struct dc_piece {
  enum dc_piece_kind kind;
  char label[DC_PEM_LABEL_MAX]; /* of its PEM block; empty: it was DER, or text */
  struct dc_buf bytes;          /* DER, or the text; wiped */
  struct dc_cert *cert;         /* CERT */
  struct dc_csr csr;            /* CSR: a view into bytes */
  struct dc_key *key;           /* KEY; NULL: it cannot be used */
  struct dc_spki spki;          /* PUBLIC: a view into bytes */
  struct dc_err why;            /* KEY without one: encrypted, of a kind that is not ours, broken */
};

struct dc_pieces {
  struct dc_piece *items; /* owned */
  size_t count;
};
#define DC_PIECES_INIT {.items = NULL}

/* OUT is DC_PIECES_INIT. In PEM, text and blocks of other labels (EC PARAMETERS) are skipped; a request in a block
 * labelled "CERTIFICATE", as sidecars up to 1.11 write it, is a request. DC_ENOENT: nothing of ours in it; DC_EINVAL: a
 * certificate or request that is broken, told by its number; DC_ELIMIT. */
int dc_pieces_read(struct dc_pieces *out, const void *bytes, size_t n, struct dc_err *err) DC_NODISCARD;
/* The first piece of KIND from the index AT on; NULL: there is none. */
const struct dc_piece *dc_pieces_find(const struct dc_pieces *pieces, enum dc_piece_kind kind, size_t at);
size_t dc_pieces_count(const struct dc_pieces *pieces, enum dc_piece_kind kind);
void dc_pieces_free(struct dc_pieces *pieces); /* leaves DC_PIECES_INIT; for DC_CLEANUP too */

#endif
