/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "tools/renewal.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/duration.h"
#include "base/os.h"
#include "pki/bundle.h"
#include "tools/due.h"
#include "tools/tool.h"

enum { FILE_MAX = 1 << 20 };

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

static int parse_certs(const struct dc_buf *bytes, struct dc_bundle *certs, struct dc_err *err) {
  bool der = bytes->len && bytes->data[0] == 0x30; /* a SEQUENCE; PEM is text */
  return der ? dc_bundle_add_der(certs, bytes->data, bytes->len, err)
             : dc_bundle_add_pem(certs, dc_buf_text(bytes), bytes->len, err);
}

static int read_certs(const char *file, struct dc_bundle *certs, bool *absent, struct dc_err *err) {
  struct dc_buf bytes DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  if (strstr(file, "://"))
    return dc_err_set(err, DC_EUNSUPPORTED, "'%s' is an address: only files are looked at; \"openssl s_client\" gets "
                                            "the certificates of a server", file);
  int rc = dc_os_read_file(file, FILE_MAX, &bytes, err);
  *absent = rc == DC_ENOENT;
  if (rc) return rc;
  rc = parse_certs(&bytes, certs, err);
  return rc ? dc_err_add(err, rc, "'%s'", file) : 0;
}

static bool is_needed(const struct dc_bundle *certs, bool bundle, const struct dc_when *when) {
  int64_t now = dc_clock_wall();
  bool needed = false;
  for (size_t i = 0; i < (bundle ? certs->count : 1); i++) needed = needed || dc_when_due(when, certs->certs[i], now);
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
  fprintf(stderr, "%s: %s\n", cli->program, err.text);
  return DC_RENEWAL_ERROR;
}

int dc_renewal_check(const struct dc_cli *cli, const struct dc_renewal *renewal) {
  struct dc_bundle certs DC_CLEANUP(dc_bundle_free) = DC_BUNDLE_INIT;
  struct dc_err err = DC_ERR_INIT;
  struct dc_when when;
  bool absent = false;
  int rc = parse_when(renewal->expires_in, &when, &err);
  if (!rc) rc = read_certs(renewal->file, &certs, &absent, &err);
  if (rc) {
    fprintf(stderr, "%s: %s\n", cli->program, err.text);
    return absent ? DC_RENEWAL_NO_FILE : DC_RENEWAL_ERROR;
  }
  bool needed = is_needed(&certs, renewal->bundle, &when);
  if (renewal->verbose) return tell(cli, needed);
  return needed ? DC_RENEWAL_NEEDED : DC_RENEWAL_NOT_NEEDED;
}
