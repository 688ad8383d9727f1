/* SPDX-License-Identifier: Apache-2.0 */
/* JSON for JOSE. */
#include "config.h"

#include "pki/jose.h"

#include <stdio.h>
#include <string.h>

void dc_jose_free(json_t **json) {
  json_decref(*json);
  *json = NULL;
}

int dc_jose_load(json_t **out, const char *what, const char *text, size_t n, struct dc_err *err) {
  json_error_t error;
  json_t *json = json_loadb(text, n, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, &error);

  if (json && json_is_object(json)) {
    *out = json;
    return 0;
  }
  json_decref(json);
  if (json) return dc_err_set(err, DC_EINVAL, "%s is no JSON object", what);
  switch (json_error_code(&error)) {
    case json_error_out_of_memory: return dc_err_nomem(err);
    case json_error_duplicate_key:
      return dc_err_set(err, DC_EINVAL, "%s has a member twice in one object: line %d, column %d", what, error.line,
                        error.column);
    default:
      return dc_err_set(err, DC_EINVAL, "%s is not JSON: line %d, column %d", what, error.line, error.column);
  }
}

static int dump(const char *text, size_t n, void *data) {
  struct dc_buf *out = data;

  dc_buf_add(out, text, n);
  return out->failed ? -1 : 0;
}

int dc_jose_write(struct dc_buf *out, json_t *take_json, bool invalid, struct dc_err *err) {
  json_t *json DC_CLEANUP(dc_jose_free) = take_json;
  int rc;

  if (!json && invalid) return dc_err_set(err, DC_EINVAL, "a text that is not UTF-8 cannot stand in JSON");
  if (!json) return dc_err_nomem(err);
  rc = json_dump_callback(json, dump, out, JSON_COMPACT | JSON_SORT_KEYS);
  if (rc < 0 && !out->failed) return dc_err_nomem(err);
  return dc_buf_check(out, err);
}

int dc_jose_text(const json_t *object, const char *name, const char **text, struct dc_err *err) {
  const json_t *member = json_object_get(object, name);

  if (member && !json_is_string(member)) return dc_err_set(err, DC_EINVAL, "\"%s\" is no text", name);
  *text = member ? json_string_value(member) : NULL;
  return 0;
}

const char *dc_jose_show(const char *text, char buf[DC_JOSE_SHOW_MAX]) {
  size_t n = 0;

  for (; text[n] && n < DC_JOSE_SHOW_MAX - 4; n++) buf[n] = text[n] >= ' ' && text[n] <= '~' ? text[n] : '?';
  snprintf(buf + n, 4, "%s", text[n] ? "..." : "");
  return buf;
}
