/* SPDX-License-Identifier: Apache-2.0 */
/* PEM, RFC 7468, read line by line: every byte is looked at once, whatever the input. */
#include <config.h>

#include "base/pem.h"

#include <string.h>
#include <strings.h>

#include "base/base64.h"

static const char begin_mark[] = "-----BEGIN ";
static const char end_mark[] = "-----END ";
static const char dashes[] = "-----";

/* What is left to read, and the line that was read last, without its newline and trailing white space. */
struct reader {
  const char *at;
  size_t left;
  size_t number;
  const char *line;
  size_t len;
};

static bool next_line(struct reader *r) {
  if (r->left == 0) return false;
  const char *newline = memchr(r->at, '\n', r->left);
  size_t whole = newline ? (size_t)(newline - r->at) + 1 : r->left;
  r->line = r->at;
  r->len = whole - (newline != NULL);
  while (r->len > 0 && strchr(" \t\r", r->line[r->len - 1]) && r->line[r->len - 1]) r->len--;
  r->at += whole;
  r->left -= whole;
  r->number++;
  return true;
}

static bool starts_with(const struct reader *r, const char *mark) {
  size_t n = strlen(mark);
  return r->len >= n && memcmp(r->line, mark, n) == 0;
}

/* The label between MARK and the dashes that end the line. */
static bool read_label(const struct reader *r, const char *mark, char *label) {
  size_t before = strlen(mark), after = strlen(dashes);
  if (!starts_with(r, mark) || r->len < before + after) return false;
  size_t n = r->len - before - after;
  const char *from = r->line + before;
  if (n >= DC_PEM_LABEL_MAX || memcmp(from + n, dashes, after) != 0) return false;
  for (size_t i = 0; i < n; i++)
    if (from[i] < ' ' || from[i] > '~') return false;
  memcpy(label, from, n);
  label[n] = '\0';
  return true;
}

/* RFC 1421, section 4.6.1.1: "Proc-Type: 4,ENCRYPTED". */
static bool says_encrypted(const struct reader *r) {
  static const char name[] = "Proc-Type:", word[] = "ENCRYPTED";
  size_t n = sizeof word - 1;
  return r->len >= sizeof name - 1 + n && strncasecmp(r->line, name, sizeof name - 1) == 0 &&
         memcmp(r->line + r->len - n, word, n) == 0;
}

/* Headers stand in front of the base64: "Name: value" lines, longer ones carried on by lines that begin with white
 * space. Leaves the reader at the first line that is none (already read); false at the end of the input. */
static bool skip_headers(struct reader *r, bool *encrypted) {
  bool header = false;
  while (next_line(r)) {
    bool continues = header && r->len > 0 && (r->line[0] == ' ' || r->line[0] == '\t');
    if (!continues && !memchr(r->line, ':', r->len)) return true;
    if (!continues && says_encrypted(r)) *encrypted = true;
    header = true;
  }
  return false;
}

/* From behind the BEGIN line to behind the END line. */
static int read_block(struct reader *r, struct dc_pem *block, struct dc_err *err) {
  char end[DC_PEM_LABEL_MAX];
  size_t first = r->number;
  if (skip_headers(r, &block->encrypted)) {
    const char *body = r->line;
    do {
      if (starts_with(r, begin_mark))
        return dc_err_set(err, DC_EINVAL, "line %zu: a PEM block begins before the one of line %zu has ended",
                          r->number, first);
      if (!starts_with(r, end_mark)) continue;
      if (!read_label(r, end_mark, end) || strcmp(end, block->label) != 0)
        return dc_err_set(err, DC_EINVAL, "line %zu: the PEM block '%s' of line %zu ends with another label",
                          r->number, block->label, first);
      block->text_len = (size_t)(r->line + r->len - block->text);
      int rc = dc_base64_decode(&block->der, DC_BASE64_STD, body, (size_t)(r->line - body), err);
      return rc ? dc_err_add(err, rc, "PEM block '%s' of line %zu", block->label, first) : 0;
    } while (next_line(r));
  }
  return dc_err_set(err, DC_EINVAL, "line %zu: the PEM block '%s' is broken off: it has no END line", first,
                    block->label);
}

int dc_pem_next(const char **at, size_t *left, struct dc_pem *block, struct dc_err *err) {
  struct reader r = {.at = *at, .left = *left};
  if (r.left >= 3 && memcmp(r.at, "\xef\xbb\xbf", 3) == 0) { /* an editor's byte order mark */
    r.at += 3;
    r.left -= 3;
  }
  while (next_line(&r)) {
    if (!starts_with(&r, begin_mark)) continue;
    struct dc_pem found DC_CLEANUP(dc_pem_free) = DC_PEM_INIT;
    found.text = r.line;
    if (!read_label(&r, begin_mark, found.label))
      return dc_err_set(err, DC_EINVAL, "line %zu: damaged '-----BEGIN' line", r.number);
    int rc = read_block(&r, &found, err);
    if (rc != 0) return rc;
    dc_pem_free(block);
    *block = found;
    found = (struct dc_pem)DC_PEM_INIT;
    *at = r.at;
    *left = r.left;
    return 1;
  }
  if (*left) *at += *left; /* AT may be NULL when there is nothing */
  *left = 0;
  return 0;
}

void dc_pem_free(struct dc_pem *block) {
  dc_buf_free(&block->der);
  *block = (struct dc_pem)DC_PEM_INIT;
}

void dc_pem_add(struct dc_buf *out, const char *label, const void *der, size_t n) {
  enum { LINE = 48 }; /* bytes that make 64 characters */
  const unsigned char *bytes = der;
  dc_buf_printf(out, "-----BEGIN %s-----\n", label);
  for (size_t i = 0; i < n; i += LINE) {
    dc_base64_encode(out, DC_BASE64_STD, bytes + i, n - i < LINE ? n - i : LINE);
    dc_buf_add_byte(out, '\n');
  }
  dc_buf_printf(out, "-----END %s-----\n", label);
}
