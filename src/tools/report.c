/* SPDX-License-Identifier: Apache-2.0 */
/* JSON reports. */
#include "config.h"

#include "tools/report.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "pki/name.h"
#include "tools/tool.h"

static json_t *names(const struct dc_cert *cert) {
  json_t *list = json_array();

  for (size_t i = 0; list && i < cert->san_count; i++) {
    struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    dc_san_text(&cert->sans[i], &text);
    if (json_array_append_new(list, json_string(dc_buf_text(&text))) == 0) continue;
    json_decref(list);
    return NULL;
  }
  return list;
}

json_t *dc_report_cert(const struct dc_cert *cert) {
  struct dc_buf subject DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, issuer DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_buf serial DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, hash DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  char begins[DC_CLOCK_TEXT_MAX], ends[DC_CLOCK_TEXT_MAX], key[DC_SPKI_TEXT_MAX];
  json_t *list = names(cert);

  if (!list || dc_cert_fingerprint(cert, &hash, NULL) < 0) {
    json_decref(list);
    return NULL;
  }
  dc_name_text(cert->subject, &subject);
  dc_name_text(cert->issuer, &issuer);
  dc_cert_serial_text(cert, &serial);
  return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:s}", "subject", dc_buf_text(&subject), "issuer",
                   dc_buf_text(&issuer), "serial", dc_buf_text(&serial), "not_before",
                   dc_clock_rfc3339(cert->not_before, begins), "not_after", dc_clock_rfc3339(cert->not_after, ends),
                   "key", dc_spki_text(&cert->spki, key), "names", list, "sha256", dc_buf_text(&hash));
}

json_t *dc_report_path(const char *path) {
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  const uint8_t *at = (const uint8_t *)path;
  size_t left = strlen(path);

  while (left > 0) {
    size_t length = dc_utf8_length(at, left);
    if (length)
      dc_buf_add(&text, at, length);
    else
      dc_buf_add_text(&text, "\xef\xbf\xbd");
    at += length ? length : 1;
    left -= length ? length : 1;
  }
  return text.failed ? NULL : json_string(dc_buf_text(&text));
}

json_t *dc_report_lines(const struct dc_buf *text) {
  json_t *list = json_array();
  for (const char *at = dc_buf_text(text); *at;) {
    size_t n = strcspn(at, "\n");
    char *line DC_CLEANUP(dc_mem_free) = strndup(at, n);
    json_array_append_new(list, line ? dc_report_path(line) : NULL);
    at += n + (at[n] == '\n');
  }
  return list;
}

json_t *dc_report_time(int64_t at) {
  char time[DC_CLOCK_TEXT_MAX];
  return at ? json_string(dc_clock_rfc3339(at, time)) : json_null();
}

json_t *dc_report_plan(const struct dc_plan *plan) {
  json_t *list = json_array();
  for (size_t i = 0; i < plan->count; i++)
    json_array_append_new(list, json_pack("{s:s, s:s}", "step", dc_step_name(plan->rows[i].step), "reason",
                                          plan->rows[i].reason));
  return list;
}

int dc_report_print(json_t *take_object, struct dc_err *err) {
  struct dc_buf out DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  char *text = take_object ? json_dumps(take_object, JSON_INDENT(2)) : NULL;

  json_decref(take_object);
  if (!text) return dc_err_nomem(err);
  dc_buf_add_text(&out, text);
  dc_buf_add_byte(&out, '\n');
  dc_mem_wipe(text, strlen(text)); /* a report may hold a private key */
  free(text);
  return dc_tool_print(&out, err);
}
