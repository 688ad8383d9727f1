/* SPDX-License-Identifier: Apache-2.0 */
/* daprcerts fingerprint: of a certificate or a request, as "step certificate fingerprint" prints it. */
#include "config.h"

#include <string.h>

#include "base/base64.h"
#include "base/os.h"
#include "pki/hash.h"
#include "pki/pieces.h"
#include "tools/source.h"
#include "tools/tool.h"

/* --- notations ---------------------------------------------------------------------------------------------------- */

/* Standard base64 comes padded from our encoder, that of URLs does not: step has both of each. */
static void add_base64(struct dc_buf *out, enum dc_base64 alphabet, bool padded, struct dc_slice hash) {
  size_t mark = out->len;
  dc_base64_encode(out, alphabet, hash.data, hash.len);
  while (!padded && out->len > mark && out->data[out->len - 1] == '=') dc_buf_truncate(out, out->len - 1);
  while (padded && !out->failed && (out->len - mark) % 4) dc_buf_add_byte(out, '=');
}

static void add_hex(struct dc_buf *out, struct dc_slice hash) {
  for (size_t i = 0; i < hash.len; i++) dc_buf_printf(out, "%02x", hash.data[i]);
}

static void add_std(struct dc_buf *out, struct dc_slice hash) { add_base64(out, DC_BASE64_STD, true, hash); }
static void add_std_raw(struct dc_buf *out, struct dc_slice hash) { add_base64(out, DC_BASE64_STD, false, hash); }
static void add_url(struct dc_buf *out, struct dc_slice hash) { add_base64(out, DC_BASE64_URL, true, hash); }
static void add_url_raw(struct dc_buf *out, struct dc_slice hash) { add_base64(out, DC_BASE64_URL, false, hash); }

static const char *const notations[] = {"hex", "base64", "base64-url", "base64-raw", "base64-url-raw", NULL};
static void (*const adders[])(struct dc_buf *out, struct dc_slice hash) = {add_hex, add_std, add_url, add_std_raw,
                                                                           add_url_raw};

/* --- the command line --------------------------------------------------------------------------------------------- */

static struct {
  int format; /* its place in notations */
  struct dc_source_options source;
  bool bundle, sha1;
} opt;

static const struct dc_opt opts[] = {
    {.name = "format", .kind = DC_OPT_WORD, .value = &opt.format, .words = notations, .arg = "FORMAT",
     .help = "hex, base64, base64-url, base64-raw or base64-url-raw (raw: without padding)", .shown = "hex"},
    {.name = "bundle", .kind = DC_OPT_FLAG, .value = &opt.bundle,
     .help = "of each certificate, not the first alone: \"NUMBER: FINGERPRINT\" from 0 on"},
    {.name = "sha1", .kind = DC_OPT_FLAG, .value = &opt.sha1, .help = "SHA-1 instead of SHA-256; needs --insecure"},
    {.kind = DC_OPT_HEADING, .help = "Of a server:"},
    DC_SOURCE_ROOTS_ROW(opt.source),
    DC_SOURCE_SERVER_ROWS(opt.source),
};

static const struct dc_cli cli = {
    .program = "daprcerts fingerprint",
    .operands = "[FILE | - | HOST:PORT | URL]",
    .summary = "Print the SHA-256 fingerprint of a certificate or a certificate request.",
    .opts = opts,
    .opt_count = DC_COUNT(opts),
    .max_operands = 1,
    .notes = "Exit status: 0 done, 1 failed, 2 wrong usage.",
};

static int check_usage(struct dc_err *err) {
  if (opt.sha1 && !opt.source.insecure)
    return dc_err_set(err, DC_EUSAGE, "'--sha1' requires '--insecure': two certificates can be made to have one SHA-1");
  return 0;
}

/* --- the job ------------------------------------------------------------------------------------------------------ */

static int add_line(const struct dc_piece *piece, size_t number, struct dc_buf *out, struct dc_err *err) {
  unsigned char hash[DC_HASH_SHA256_SIZE];
  struct dc_slice der = {piece->bytes.data, piece->bytes.len};
  int rc = opt.sha1 ? dc_hash_sha1(der, hash, err) : dc_hash_sha256(der, hash, err);
  if (rc) return rc;
  if (opt.bundle) dc_buf_printf(out, "%zu: ", number);
  adders[opt.format](out, (struct dc_slice){hash, opt.sha1 ? DC_HASH_SHA1_SIZE : DC_HASH_SHA256_SIZE});
  dc_buf_add_byte(out, '\n');
  return 0;
}

static int add_lines(const struct dc_pieces *pieces, struct dc_buf *out, struct dc_err *err) {
  bool certs = dc_pieces_count(pieces, DC_PIECE_CERT) > 0;
  enum dc_piece_kind kind = certs ? DC_PIECE_CERT : DC_PIECE_CSR;
  size_t number = 0;
  int rc = 0;
  for (size_t i = 0; !rc && i < pieces->count && (opt.bundle || !number); i++)
    if (pieces->items[i].kind == kind) rc = add_line(&pieces->items[i], number++, out, err);
  if (!rc && !number) rc = dc_err_set(err, DC_ENOENT, "neither a certificate nor a certificate request in it");
  return rc;
}

int main(int argc, char **argv) {
  struct dc_strings operands DC_CLEANUP(dc_strings_free) = {.items = NULL};
  struct dc_err err = DC_ERR_INIT;
  int status;
  dc_os_protect_secrets(); /* a key may stand beside the certificate */
  if (!dc_tool_begin(&cli, argc, argv, &operands, &status)) return status;
  int rc = check_usage(&err);
  if (!rc) rc = dc_source_print(operands.count ? operands.items[0] : "-", &opt.source, add_lines, &err);
  return dc_tool_end(&cli, rc, &err);
}
