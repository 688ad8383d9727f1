/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "config/openssl_conf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char word[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
static const char marks[] = "!%&*+,-./;?@^~|"; /* what a name may hold beside letters */
static const char space[] = " \t\r\n";
static const char quotes[] = "'\"`";
static const char top[] = "default", environment[] = "ENV";

/* --- what was read ------------------------------------------------------------------------------------------------ */

const struct dc_openssl_section *dc_openssl_conf_section(const struct dc_openssl_conf *conf, const char *name) {
  for (size_t i = 0; i < conf->count; i++)
    if (strcmp(conf->sections[i].name, name) == 0) return &conf->sections[i];
  return NULL;
}

static const struct dc_openssl_row *find_in(const struct dc_openssl_section *section, const char *name) {
  for (size_t i = 0; section && i < section->count; i++)
    if (strcmp(section->rows[i].name, name) == 0) return &section->rows[i];
  return NULL;
}

const struct dc_openssl_row *dc_openssl_conf_find(const struct dc_openssl_conf *conf, const char *section,
                                                  const char *name) {
  const struct dc_openssl_row *row = find_in(dc_openssl_conf_section(conf, section), name);
  return row ? row : find_in(dc_openssl_conf_section(conf, top), name);
}

int dc_openssl_conf_refuse(const struct dc_openssl_conf *conf, const struct dc_openssl_row *row, struct dc_err *err,
                           const char *fmt, ...) {
  char text[DC_ERR_TEXT_MAX];
  va_list args;
  va_start(args, fmt);
  vsnprintf(text, sizeof text, fmt, args);
  va_end(args);
  return dc_err_set(err, DC_EINVAL, "'%s' line %d: %s: %s", conf->path, row->line, row->name, text);
}

void dc_openssl_conf_free(struct dc_openssl_conf *conf) {
  for (size_t i = 0; i < conf->count; i++) {
    for (size_t k = 0; k < conf->sections[i].count; k++) {
      free(conf->sections[i].rows[k].name);
      free(conf->sections[i].rows[k].value);
    }
    free(conf->sections[i].rows);
    free(conf->sections[i].name);
  }
  free(conf->sections);
  free(conf->path);
  *conf = (struct dc_openssl_conf)DC_OPENSSL_CONF_INIT;
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

struct reader {
  struct dc_openssl_conf *conf;
  const char *at;    /* what is left of the text */
  int line;          /* the last one read, */
  int first;         /* and where the logical line began */
  struct dc_buf text; /* the logical line: continued ones joined, no comment */
  const char *section; /* the current one's name */
  size_t rows, bytes; /* all of them */
  struct dc_err *err;
};

static int refuse(const struct reader *reader, const char *why) {
  return dc_err_set(reader->err, DC_EINVAL, "'%s' line %d: %s", reader->conf->path, reader->first, why);
}

/* Room for one more of SIZE bytes behind COUNT; the array doubles. */
static int grow(void **array, size_t count, size_t size, struct dc_err *err) {
  void *more;
  if (count & (count - 1)) return 0; /* only at 0, 1, 2, 4, ... it is full */
  more = realloc(*array, (count ? 2 * count : 1) * size);
  if (!more) return dc_err_nomem(err);
  *array = more;
  return 0;
}

/* The section of that name, made when missing; valid until the next one is made. NULL with *RC. */
static struct dc_openssl_section *get_section(struct reader *reader, const char *name, int *rc) {
  struct dc_openssl_conf *conf = reader->conf;
  const struct dc_openssl_section *found = dc_openssl_conf_section(conf, name);
  struct dc_openssl_section *made;
  void *array = conf->sections;

  if (found) return conf->sections + (found - conf->sections);
  *rc = conf->count < DC_OPENSSL_CONF_ROWS_MAX ? grow(&array, conf->count, sizeof *conf->sections, reader->err)
                                               : refuse(reader, "too many sections");
  if (*rc < 0) return NULL;
  conf->sections = array;
  made = conf->sections + conf->count;
  *made = (struct dc_openssl_section){.name = strdup(name), .line = reader->first};
  if (!made->name) {
    *rc = dc_err_nomem(reader->err);
    return NULL;
  }
  conf->count++;
  return made;
}

/* Takes VALUE's bytes. A row of that name goes: the new one counts, at the end. */
static int set_row(struct reader *reader, struct dc_openssl_section *section, const char *name, struct dc_buf *value) {
  const struct dc_openssl_row *old = find_in(section, name);
  void *array = section->rows;
  struct dc_openssl_row row = {.line = reader->first};
  int rc = 0;

  if (old) {
    size_t place = (size_t)(old - section->rows);
    free(section->rows[place].name);
    free(section->rows[place].value);
    section->count--;
    memmove(section->rows + place, section->rows + place + 1, (section->count - place) * sizeof row);
  } else {
    if (reader->rows >= DC_OPENSSL_CONF_ROWS_MAX) return refuse(reader, "too many names");
    rc = grow(&array, section->count, sizeof row, reader->err);
    if (rc < 0) return rc;
    section->rows = array;
    reader->rows++;
  }
  row.name = strdup(name);
  row.value = value->data ? dc_buf_take_text(value) : strdup("");
  if (!row.name || !row.value) {
    free(row.name);
    free(row.value);
    return dc_err_nomem(reader->err);
  }
  section->rows[section->count++] = row;
  return 0;
}

/* --- lines -------------------------------------------------------------------------------------------------------- */

/* Whether a line of N bytes goes on in the next: it ends with a backslash that no other one makes plain. */
static bool goes_on(const char *line, size_t n) { return n && line[n - 1] == '\\' && !(n > 1 && line[n - 2] == '\\'); }

/* Where the comment of a line begins, or the line ends. */
static size_t comment_of(const char *line) {
  size_t i = 0;
  while (line[i] && line[i] != '#') {
    char quote = line[i];
    bool is_quote = strchr(quotes, quote) != NULL;
    if (quote == '\\' && line[i + 1]) i++;
    i++;
    while (is_quote && line[i] && line[i] != quote) i += line[i] == '\\' && line[i + 1] ? 2 : 1;
    if (is_quote && line[i]) i++;
  }
  return i;
}

/* The next logical line, into reader->text. False at the end. */
static bool next_line(struct reader *reader) {
  bool more = true;
  if (*reader->at == '\0') return false;
  dc_buf_clear(&reader->text);
  reader->first = reader->line + 1;
  while (more && *reader->at) {
    size_t n = strcspn(reader->at, "\n"), whole = n + (reader->at[n] == '\n');
    while (n && reader->at[n - 1] == '\r') n--;
    more = goes_on(reader->at, n);
    dc_buf_add(&reader->text, reader->at, n - more);
    reader->at += whole;
    reader->line++;
  }
  dc_buf_truncate(&reader->text, comment_of(dc_buf_text(&reader->text)));
  return true;
}

/* --- values ------------------------------------------------------------------------------------------------------- */

/* What stands behind '$' at *AT, which is moved behind it. */
static int add_variable(struct reader *reader, const char *section, char **at, struct dc_buf *out) {
  static const char open[] = "{(", shut[] = "})";
  const char *brace = **at ? strchr(open, **at) : NULL;
  char *name = *at + (brace != NULL), *end = name + strspn(name, word), kept;
  const char *where = section, *value;
  const struct dc_openssl_row *row;

  if (end[0] == ':' && end[1] == ':') {
    *end = '\0';
    where = name;
    name = end + 2;
    end = name + strspn(name, word);
  }
  if (brace && *end != shut[brace - open]) return refuse(reader, "a variable's brace is not closed");
  kept = *end;
  *end = '\0';
  row = find_in(dc_openssl_conf_section(reader->conf, where), name);
  value = row ? row->value : strcmp(where, environment) == 0 ? getenv(name) : NULL;
  if (!row && !value) row = dc_openssl_conf_find(reader->conf, where, name);
  if (row) value = row->value;
  if (!value)
    return dc_err_set(reader->err, DC_EINVAL, "'%s' line %d: variable '%s::%s' has no value", reader->conf->path,
                      reader->first, where, name);
  dc_buf_add_text(out, value);
  *end = kept;
  *at = end + (brace != NULL);
  return 0;
}

static void add_quoted(char **at, struct dc_buf *out) {
  char *p = *at, quote = *p++;
  while (*p && *p != quote) {
    if (*p == '\\' && *++p == '\0') break;
    dc_buf_add_byte(out, (unsigned char)*p++);
  }
  *at = p + (*p == quote && *p);
}

static void add_escaped(char **at, struct dc_buf *out) {
  static const char letters[] = "rnbt", meant[] = "\r\n\b\t";
  const char *special = **at ? strchr(letters, **at) : NULL;
  if (**at == '\0') return;
  dc_buf_add_byte(out, (unsigned char)(special ? meant[special - letters] : **at));
  ++*at;
}

static int read_value(struct reader *reader, const char *section, char *at, struct dc_buf *out) {
  size_t n = strlen(at);
  int rc = 0;
  while (n && strchr(space, at[n - 1])) at[--n] = '\0';
  out->max = DC_OPENSSL_CONF_ALL_MAX - reader->bytes;
  while (rc == 0 && *at) {
    if (strchr(quotes, *at)) {
      add_quoted(&at, out);
    } else if (*at == '\\') {
      at++;
      add_escaped(&at, out);
    } else if (*at == '$') {
      at++;
      rc = add_variable(reader, section, &at, out);
    } else {
      dc_buf_add_byte(out, (unsigned char)*at++);
    }
  }
  if (rc == 0 && out->over) rc = dc_err_set(reader->err, DC_ELIMIT, "'%s' line %d: the values are too long",
                                            reader->conf->path, reader->first);
  if (rc == 0) rc = dc_buf_check(out, reader->err);
  reader->bytes += out->len;
  return rc;
}

/* --- what a line says --------------------------------------------------------------------------------------------- */

/* The end of a name that begins at P. */
static char *name_end(char *p) {
  for (;; p++) {
    if (*p == '\\' && p[1]) p++;
    else if (!*p || (!strchr(word, *p) && !strchr(marks, *p))) return p;
  }
}

/* P is behind the '['. Words of a section's name may have spaces between them. */
static int read_section(struct reader *reader, char *p) {
  struct dc_buf name DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_openssl_section *section;
  char *begin = p + strspn(p, space), *end, *after = begin;
  int rc;

  do {
    end = name_end(after);
    if (end == after) break;
    after = end + strspn(end, space);
  } while (*after && *after != ']');
  if (*after != ']') return refuse(reader, "a section's name has no ']' behind it");
  if (after[1 + strspn(after + 1, space)])
    return refuse(reader, "a setting goes on a line of its own, below its section");
  *end = '\0';
  if (end == begin) return refuse(reader, "a section without a name");
  rc = read_value(reader, top, begin, &name);
  section = rc == 0 ? get_section(reader, dc_buf_text(&name), &rc) : NULL;
  if (section) reader->section = section->name;
  return rc;
}

static bool begins(const char *text, const char *with) { return strncmp(text, with, strlen(with)) == 0; }

static int read_pair(struct reader *reader, char *name) {
  struct dc_buf value DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  char *end = name_end(name), *after;
  struct dc_openssl_section *place;
  const char *section = reader->section;
  int rc;

  if (begins(name, ".include")) return refuse(reader, ".include is not followed: put the file's lines here");
  if (begins(name, ".pragma")) return refuse(reader, ".pragma is not understood");
  if (end[0] == ':' && end[1] == ':') {
    *end = '\0';
    section = name;
    name = end + 2;
    end = name_end(name);
  }
  after = end + strspn(end, space);
  if (*after != '=') return refuse(reader, "neither '[section]' nor 'name = value'");
  *end = '\0';
  if (end == name) return refuse(reader, "a value without a name");
  after++;
  rc = read_value(reader, section, after + strspn(after, space), &value);
  place = rc == 0 ? get_section(reader, section, &rc) : NULL;
  return place ? set_row(reader, place, name, &value) : rc;
}

static int read_line(struct reader *reader) {
  char *p;
  int rc = dc_buf_check(&reader->text, reader->err);
  if (rc < 0 || reader->text.len == 0) return rc;
  p = (char *)reader->text.data + strspn((char *)reader->text.data, space);
  if (*p == '\0') return 0;
  return *p == '[' ? read_section(reader, p + 1) : read_pair(reader, p);
}

int dc_openssl_conf_parse(const char *path, const struct dc_buf *text, struct dc_openssl_conf *out,
                          struct dc_err *err) {
  struct dc_openssl_conf conf DC_CLEANUP(dc_openssl_conf_free) = {.path = strdup(path)};
  struct reader reader = {.conf = &conf, .at = dc_buf_text(text), .err = err, .text = DC_BUF_INIT};
  struct dc_openssl_section *first;
  int rc = conf.path ? 0 : dc_err_nomem(err);

  first = rc == 0 ? get_section(&reader, top, &rc) : NULL;
  if (first) reader.section = first->name;
  if (rc == 0 && memchr(dc_buf_text(text), '\0', text->len))
    rc = dc_err_set(err, DC_EINVAL, "'%s': holds a NUL byte", path);
  if (begins(reader.at, "\xef\xbb\xbf")) reader.at += 3;
  while (rc == 0 && next_line(&reader)) rc = read_line(&reader);
  dc_buf_free(&reader.text);
  if (rc < 0) return rc;
  *out = conf;
  conf = (struct dc_openssl_conf)DC_OPENSSL_CONF_INIT;
  return 0;
}
