/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "config/allow.h"

#include <stdlib.h>
#include <string.h>

static const char separators[] = ", \t";
static const char any[] = "*";

/* The next word of a list: its length, 0 at the end; *AT is moved to its begin. */
static size_t next_word(const char **at) {
  *at += strspn(*at, separators);
  return strcspn(*at, separators);
}

/* "*", or a segment of a SPIFFE path (SPIFFE-ID section 2.2). */
static bool is_name(const char *word, size_t n) {
  static const char segment[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  if (n == 1 && *word == *any) return true;
  bool dots = (n == 1 && word[0] == '.') || (n == 2 && word[0] == '.' && word[1] == '.');
  return n > 0 && !dots && strspn(word, segment) >= n;
}

static int check(const char *ns, const char *ids, struct dc_err *err) {
  size_t count = 0, n = 0;
  if (!is_name(ns, strlen(ns))) return dc_err_set(err, DC_EINVAL, "'%s' is no namespace", ns);
  for (const char *at = ids; (n = next_word(&at)) > 0; at += n, count++)
    if (!is_name(at, n)) return dc_err_set(err, DC_EINVAL, "'%.*s' is no app id", (int)n, at);
  return count ? 0 : dc_err_set(err, DC_EINVAL, "no app id is named; \"*\" stands for every one");
}

int dc_allow_add(struct dc_allow *allow, const char *ns, const char *ids, struct dc_err *err) {
  int rc = check(ns, ids, err);
  if (rc) return rc;
  struct dc_allow_row *rows = realloc(allow->rows, (allow->count + 1) * sizeof *rows);
  if (!rows) return dc_err_nomem(err);
  allow->rows = rows;
  rows[allow->count] = (struct dc_allow_row){.namespace = strdup(ns), .ids = strdup(ids)};
  allow->count++;
  return rows[allow->count - 1].namespace && rows[allow->count - 1].ids ? 0 : dc_err_nomem(err);
}

static bool lists(const char *ids, const char *id) {
  size_t n = 0;
  for (const char *at = ids; (n = next_word(&at)) > 0; at += n)
    if ((n == 1 && *at == *any) || (n == strlen(id) && memcmp(at, id, n) == 0)) return true;
  return false;
}

bool dc_allow_permits(const struct dc_allow *allow, const char *ns, const char *id) {
  for (size_t i = 0; i < allow->count; i++) {
    const char *row = allow->rows[i].namespace;
    if ((strcmp(row, any) == 0 || strcmp(row, ns) == 0) && lists(allow->rows[i].ids, id)) return true;
  }
  return allow->count == 0;
}

void dc_allow_free(struct dc_allow *allow) {
  for (size_t i = 0; i < allow->count; i++) {
    free(allow->rows[i].namespace);
    free(allow->rows[i].ids);
  }
  free(allow->rows);
  *allow = (struct dc_allow)DC_ALLOW_INIT;
}
