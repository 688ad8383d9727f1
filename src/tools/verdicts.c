/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "tools/verdicts.h"

#include <stdio.h>
#include <string.h>

#include "tools/report.h"
#include "tools/table.h"

void dc_verdicts_text(const struct dc_compat *compat, int indent, bool colours, struct dc_buf *out) {
  struct dc_table table DC_CLEANUP(dc_table_free) = DC_TABLE_INIT(2);
  for (enum dc_era era = 0; era < DC_ERAS; era++) {
    const struct dc_verdict *verdict = &compat->eras[era];
    struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    bool accepts = verdict->kind == DC_VERDICT_ACCEPTS;
    if (verdict->kind == DC_VERDICT_NONE) continue;
    dc_buf_printf(&text, "%*s%s %s", indent, "", dc_era_program(era), dc_era_versions(era));
    dc_table_add(&table, DC_COLOUR_NONE, dc_buf_text(&text));
    dc_buf_clear(&text);
    dc_buf_printf(&text, "%s%s", accepts ? "accepts it" : "refuses it: ", accepts ? "" : verdict->why.text);
    dc_table_add(&table, accepts ? DC_COLOUR_GREEN : DC_COLOUR_RED, dc_buf_text(&text));
  }
  dc_table_text(&table, colours, out);
}

void dc_verdicts_remedies(const struct dc_compat *compat, struct dc_buf *out) {
  bool told[DC_ERAS] = {false};
  for (enum dc_era first = 0; first < DC_ERAS; first++) {
    const char *remedy = compat->eras[first].remedy;
    if (!remedy || told[first]) continue;
    dc_buf_printf(out, "To do: %s, for", remedy);
    for (enum dc_era era = first; era < DC_ERAS; era++) {
      if (!compat->eras[era].remedy || strcmp(compat->eras[era].remedy, remedy) != 0) continue;
      told[era] = true;
      dc_buf_printf(out, "%s %s %s", era == first ? "" : ";", dc_era_program(era), dc_era_versions(era));
    }
    dc_buf_add_byte(out, '\n');
  }
}

json_t *dc_verdicts_json(const struct dc_compat *compat) {
  json_t *list = json_array();
  for (enum dc_era era = 0; era < DC_ERAS; era++) {
    const struct dc_verdict *verdict = &compat->eras[era];
    bool accepts = verdict->kind == DC_VERDICT_ACCEPTS;
    if (verdict->kind == DC_VERDICT_NONE) continue;
    json_array_append_new(list, json_pack("{s:s, s:s, s:b, s:o, s:s?}", "program", dc_era_program(era), "versions",
                                          dc_era_versions(era), "accepts", accepts, "why",
                                          accepts ? json_null() : dc_report_path(verdict->why.text), "remedy",
                                          accepts ? NULL : verdict->remedy));
  }
  return list;
}
