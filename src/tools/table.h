/* SPDX-License-Identifier: Apache-2.0 */
/* A table for people: columns as wide as they have to be, colours where they can be seen. */
#ifndef DC_TOOLS_TABLE_H
#define DC_TOOLS_TABLE_H

#include <stdbool.h>

#include "base/buf.h"

enum dc_colour { DC_COLOUR_NONE, DC_COLOUR_GREEN, DC_COLOUR_YELLOW, DC_COLOUR_RED, DC_COLOUR_BOLD };

/* Whether standard output is a terminal that has colours, and $NO_COLOR does not forbid them. */
bool dc_table_colours(void);
/* Appends TEXT in COLOUR, or as it is. */
void dc_table_paint(struct dc_buf *out, bool colours, enum dc_colour colour, const char *text);
/* Appends "WORD: LINE", the word in COLOUR, for each line of TEXT. */
void dc_table_lines(const struct dc_buf *text, bool colours, enum dc_colour colour, const char *word,
                    struct dc_buf *out);

enum { DC_TABLE_COLUMNS_MAX = 8 };

struct dc_table {
  size_t columns;       /* at most DC_TABLE_COLUMNS_MAX */
  struct dc_buf texts;  /* NUL after each cell */
  struct dc_buf paints; /* a byte for each cell: its enum dc_colour */
  size_t cells;
};
#define DC_TABLE_INIT(number) {.columns = (number)}

/* The next cell, from left to right, row after row. */
void dc_table_add(struct dc_table *table, enum dc_colour colour, const char *text);
/* Appends the rows, two spaces between columns, none at a line's end. */
void dc_table_text(const struct dc_table *table, bool colours, struct dc_buf *out);
void dc_table_free(struct dc_table *table); /* for DC_CLEANUP too */

#endif
