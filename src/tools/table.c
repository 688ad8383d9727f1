/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "tools/table.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool dc_table_colours(void) {
  const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
  bool forbidden = no && *no;
  return !forbidden && term && *term && strcmp(term, "dumb") != 0 && isatty(STDOUT_FILENO);
}

void dc_table_paint(struct dc_buf *out, bool colours, enum dc_colour colour, const char *text) {
  static const char *const codes[] = {"", "\033[32m", "\033[33m", "\033[31m", "\033[1m"};
  bool painted = colours && colour != DC_COLOUR_NONE && *text;
  if (painted) dc_buf_add_text(out, codes[colour]);
  dc_buf_add_text(out, text);
  if (painted) dc_buf_add_text(out, "\033[0m");
}

void dc_table_lines(const struct dc_buf *text, bool colours, enum dc_colour colour, const char *word,
                    struct dc_buf *out) {
  for (const char *at = dc_buf_text(text); *at;) {
    size_t n = strcspn(at, "\n");
    dc_table_paint(out, colours, colour, word);
    dc_buf_printf(out, ": %.*s\n", (int)n, at);
    at += n + (at[n] == '\n');
  }
}

void dc_table_add(struct dc_table *table, enum dc_colour colour, const char *text) {
  dc_buf_add(&table->texts, text, strlen(text) + 1);
  dc_buf_add_byte(&table->paints, (unsigned char)colour);
  table->cells++;
}

static void find_widths(const struct dc_table *table, size_t widths[DC_TABLE_COLUMNS_MAX]) {
  const char *text = dc_buf_text(&table->texts);
  memset(widths, 0, DC_TABLE_COLUMNS_MAX * sizeof *widths);
  for (size_t i = 0; i < table->cells; i++, text += strlen(text) + 1) {
    size_t *width = &widths[i % table->columns];
    if (strlen(text) > *width) *width = strlen(text);
  }
}

void dc_table_text(const struct dc_table *table, bool colours, struct dc_buf *out) {
  size_t widths[DC_TABLE_COLUMNS_MAX], gap = 0; /* the spaces that are due before the next text */
  const char *text = dc_buf_text(&table->texts);
  if (table->texts.failed || table->paints.failed) {
    out->failed = true;
    return;
  }
  find_widths(table, widths);
  for (size_t i = 0; i < table->cells; i++, text += strlen(text) + 1) {
    size_t column = i % table->columns;
    if (*text) dc_buf_printf(out, "%*s", (int)gap, "");
    if (*text) gap = 0;
    dc_table_paint(out, colours, (enum dc_colour)table->paints.data[i], text);
    gap += widths[column] - strlen(text) + (widths[column] ? 2 : 0);
    if (column + 1 < table->columns) continue;
    dc_buf_add_byte(out, '\n');
    gap = 0;
  }
}

void dc_table_free(struct dc_table *table) {
  dc_buf_free(&table->texts);
  dc_buf_free(&table->paints);
  table->cells = 0;
}
