/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "ca/profile_list.h"

#include <stdlib.h>
#include <string.h>

void dc_profile_list_free(struct dc_profile_list *list) {
  free(list->items);
  free(list->room);
  *list = (struct dc_profile_list)DC_PROFILE_LIST_INIT;
}

static int take_section(const struct dc_openssl_conf *conf, const struct dc_openssl_row *row, const char *name,
                        struct dc_profile_list *list, struct dc_err *err) {
  const struct dc_openssl_section *section = dc_openssl_conf_section(conf, name);

  if (!section) return dc_openssl_conf_refuse(conf, row, err, "there is no section [%s]", name);
  if (section->count == 0) return dc_openssl_conf_refuse(conf, row, err, "section [%s] is empty", name);
  list->items = calloc(section->count, sizeof *list->items);
  if (!list->items) return dc_err_nomem(err);
  for (size_t i = 0; i < section->count; i++)
    list->items[i] = (struct dc_profile_item){section->rows[i].name, section->rows[i].value, &section->rows[i]};
  list->count = section->count;
  return 0;
}

static char *trim(char *text) {
  size_t n;
  text += strspn(text, " \t\r\n");
  n = strlen(text);
  while (n && strchr(" \t\r\n", text[n - 1])) text[--n] = '\0';
  return text;
}

static int take_items(const struct dc_openssl_conf *conf, const struct dc_openssl_row *row,
                      struct dc_profile_list *list, struct dc_err *err) {
  size_t most = 1;

  for (const char *p = list->room; *p; p++) most += *p == ',';
  list->items = calloc(most, sizeof *list->items);
  if (!list->items) return dc_err_nomem(err);
  for (char *next = list->room; next;) {
    struct dc_profile_item *item = &list->items[list->count++];
    char *at = next, *colon;
    next = strchr(at, ',');
    if (next) *next++ = '\0';
    colon = strchr(at, ':');
    if (colon) *colon = '\0';
    *item = (struct dc_profile_item){trim(at), colon ? trim(colon + 1) : NULL, row};
    if (!*item->name) return dc_openssl_conf_refuse(conf, row, err, "nothing before or behind a comma");
    if (item->value && !*item->value) return dc_openssl_conf_refuse(conf, row, err, "nothing behind '%s:'", item->name);
  }
  return 0;
}

int dc_profile_list_read(const struct dc_openssl_conf *conf, const struct dc_openssl_row *row, const char *value,
                         struct dc_profile_list *out, struct dc_err *err) {
  struct dc_profile_list list DC_CLEANUP(dc_profile_list_free) = DC_PROFILE_LIST_INIT;
  int rc;

  if (*value == '@') {
    rc = take_section(conf, row, value + 1, &list, err);
  } else {
    list.room = strdup(value);
    rc = list.room ? take_items(conf, row, &list, err) : dc_err_nomem(err);
  }
  if (rc < 0) return rc;
  *out = list;
  list = (struct dc_profile_list)DC_PROFILE_LIST_INIT;
  return 0;
}

bool dc_profile_list_is(const char *name, const char *kind) {
  size_t n = strlen(kind);
  return strncmp(name, kind, n) == 0 && (name[n] == '\0' || name[n] == '.');
}

bool dc_profile_list_bool(const char *text, bool *value) {
  static const char *const words[] = {"false", "FALSE", "n", "N", "no", "NO", "true", "TRUE", "y", "Y", "yes", "YES"};
  for (size_t i = 0; i < DC_COUNT(words); i++) {
    if (strcmp(text, words[i]) != 0) continue;
    *value = i >= DC_COUNT(words) / 2;
    return true;
  }
  return false;
}
