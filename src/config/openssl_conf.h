/* SPDX-License-Identifier: Apache-2.0 */
/* openssl's configuration files (config(5ssl)), as openssl 3.0 reads them: sections of names and values with the lines
 * they stand on. It knows no name.
 *
 * As there: comments begin with '#', behind a value too; ';' begins none. A backslash at a line's end continues it,
 * elsewhere it makes the next character plain. Quotes are ', " and `. $name, ${name}, $(name), $section::name and
 * $ENV::NAME stand for values above; "section::name = value" sets one elsewhere. What is before any section, or not in
 * the one that is asked, is in [default]. A name that is set again counts where it stands last.
 * Refused, where openssl goes on: .include and .pragma, anything behind a section's ']', an empty name, a NUL. */
#ifndef DC_CONFIG_OPENSSL_CONF_H
#define DC_CONFIG_OPENSSL_CONF_H

#include "base/buf.h"

enum {
  DC_OPENSSL_CONF_FILE_MAX = 1 << 18, /* bytes of a file, */
  DC_OPENSSL_CONF_ALL_MAX = 1 << 20,  /* of all its values with what their variables stand for */
  DC_OPENSSL_CONF_ROWS_MAX = 2048,    /* names; sections */
};

struct dc_openssl_row {
  char *name, *value;
  int line;
};

struct dc_openssl_section {
  char *name;
  struct dc_openssl_row *rows; /* in the order of the file; owned by the dc_openssl_conf */
  size_t count;
  int line; /* of its first begin */
};

struct dc_openssl_conf {
  char *path; /* for messages */
  struct dc_openssl_section *sections;
  size_t count;
};
#define DC_OPENSSL_CONF_INIT {.path = NULL}

/* Reads TEXT, which stands in the file PATH. DC_EINVAL with file and line, DC_ELIMIT. */
int dc_openssl_conf_parse(const char *path, const struct dc_buf *text, struct dc_openssl_conf *out,
                          struct dc_err *err) DC_NODISCARD;
void dc_openssl_conf_free(struct dc_openssl_conf *conf); /* leaves DC_OPENSSL_CONF_INIT; for DC_CLEANUP too */

/* NULL: there is none. */
const struct dc_openssl_section *dc_openssl_conf_section(const struct dc_openssl_conf *conf, const char *name);
/* The row of that name in the section, else in [default]; NULL: there is none. SECTION need not be there. */
const struct dc_openssl_row *dc_openssl_conf_find(const struct dc_openssl_conf *conf, const char *section,
                                                  const char *name);
/* DC_EINVAL, "'PATH' line N: NAME: TEXT". */
int dc_openssl_conf_refuse(const struct dc_openssl_conf *conf, const struct dc_openssl_row *row, struct dc_err *err,
                           const char *fmt, ...) DC_PRINTF(4, 5);

#endif
