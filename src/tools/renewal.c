/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "tools/renewal.h"

#include <string.h>

#include "base/clock.h"
#include "base/duration.h"
#include "pki/pieces.h"
#include "tools/due.h"
#include "tools/tool.h"

static const struct dc_when usual = {.by_part = true, .part = 0.66};

/* Unlike elsewhere a span may be negative: "ended so long ago". */
static int parse_when(const char *text, struct dc_when *when, struct dc_err *err) {
  int64_t span = 0;
  *when = usual;
  if (!text || !*text) return 0;
  if (*text != '-' || dc_duration_parse(text, &span, NULL)) return dc_due_parse("expires-in", text, when, err);
  *when = (struct dc_when){.remaining = span / DC_SECOND};
  return 0;
}

static int read_certs(const struct dc_renewal *renewal, struct dc_pieces *pieces, bool *absent, struct dc_err *err) {
  struct dc_source source DC_CLEANUP(dc_source_free) = DC_SOURCE_INIT;
  int rc = dc_source_read(renewal->file, &renewal->source, &source, err);
  *absent = rc == DC_ENOENT;
  if (!rc) rc = dc_source_check(&source, &renewal->source, err);
  if (rc) return rc;
  rc = dc_pieces_read(pieces, source.bytes.data, source.bytes.len, err);
  if (!rc && !dc_pieces_count(pieces, DC_PIECE_CERT)) rc = dc_err_set(err, DC_ENOENT, "no certificate in it");
  return rc ? dc_err_add(err, rc, "'%s'", source.name) : 0;
}

static bool is_needed(const struct dc_pieces *pieces, bool bundle, const struct dc_when *when) {
  int64_t now = dc_clock_wall();
  bool needed = false;
  size_t seen = 0;
  for (size_t i = 0; i < pieces->count && (bundle || !seen); i++) {
    if (!pieces->items[i].cert) continue;
    seen++;
    needed = needed || dc_when_due(when, pieces->items[i].cert, now);
  }
  return needed;
}

static int tell(const struct dc_cli *cli, bool needed) {
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_err err = DC_ERR_INIT;
  if (!needed) {
    dc_tool_say("certificate does not need renewal");
    return DC_RENEWAL_NOT_NEEDED;
  }
  dc_buf_add_text(&text, "certificate needs renewal\n");
  if (dc_tool_print(&text, &err) == 0) return DC_RENEWAL_NEEDED;
  dc_tool_error(cli, &err);
  return DC_RENEWAL_ERROR;
}

int dc_renewal_check(const struct dc_cli *cli, const struct dc_renewal *renewal) {
  struct dc_pieces pieces DC_CLEANUP(dc_pieces_free) = DC_PIECES_INIT;
  struct dc_err err = DC_ERR_INIT;
  struct dc_when when;
  bool absent = false;
  int rc = parse_when(renewal->expires_in, &when, &err);
  if (!rc) rc = read_certs(renewal, &pieces, &absent, &err);
  if (rc) {
    dc_tool_error(cli, &err);
    return absent ? DC_RENEWAL_NO_FILE : DC_RENEWAL_ERROR;
  }
  bool needed = is_needed(&pieces, renewal->bundle, &when);
  if (renewal->verbose) return tell(cli, needed);
  return needed ? DC_RENEWAL_NEEDED : DC_RENEWAL_NOT_NEEDED;
}
