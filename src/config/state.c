/* SPDX-License-Identifier: Apache-2.0 */
#include "config/state.h"

#include <ini.h>
#include <stddef.h>
#include <string.h>

#include "base/clock.h"

static const struct row {
  const char *name;
  size_t offset;
} rows[] = {
    {"since", offsetof(struct dc_state, since)},
    {"until", offsetof(struct dc_state, until)},
    {"retire", offsetof(struct dc_state, retire)},
    {"switch", offsetof(struct dc_state, switch_at)},
};
static const char root_key[] = "root-key", elsewhere[] = "elsewhere", retiring[] = "retiring";

static int64_t *place(struct dc_state *state, const struct row *row) {
  return (int64_t *)(void *)((char *)state + row->offset);
}

static bool add_retiring(struct dc_state *state, const char *print) {
  bool is_print = strlen(print) == DC_STATE_PRINT_MAX - 1 && strspn(print, "0123456789abcdef") == strlen(print);
  if (state->retiring_count == DC_STATE_RETIRING_MAX || !is_print) return false;
  memcpy(state->retiring[state->retiring_count++], print, strlen(print) + 1);
  return true;
}

static int on_pair(void *user, const char *section, const char *name, const char *value) {
  struct dc_state *state = user;
  for (size_t i = 0; !*section && i < DC_COUNT(rows); i++)
    if (strcmp(rows[i].name, name) == 0) return dc_clock_parse(value, place(state, &rows[i]), NULL) == 0;
  if (!*section && strcmp(name, retiring) == 0) return add_retiring(state, value);
  state->root_key_elsewhere = !*section && strcmp(name, root_key) == 0 && strcmp(value, elsewhere) == 0;
  return state->root_key_elsewhere;
}

int dc_state_parse(const struct dc_buf *text, struct dc_state *state, struct dc_err *err) {
  *state = (struct dc_state){0};
  int line = ini_parse_string(dc_buf_text(text), on_pair, state);
  if (line < 0) return dc_err_nomem(err);
  return line ? dc_err_set(err, DC_EINVAL, "line %d: nothing that this daprcerts knows", line) : 0;
}

void dc_state_text(const struct dc_state *state, struct dc_buf *out) {
  char time[DC_CLOCK_TEXT_MAX];
  dc_buf_add_text(out, "# daprcerts-rotate(1) keeps this; it is published with the certificates that it speaks of\n");
  if (state->root_key_elsewhere) dc_buf_printf(out, "%s = %s\n", root_key, elsewhere);
  for (size_t i = 0; i < DC_COUNT(rows); i++) {
    int64_t at = *place((struct dc_state *)(uintptr_t)state, &rows[i]);
    if (at) dc_buf_printf(out, "%s = %s\n", rows[i].name, dc_clock_rfc3339(at, time));
  }
  for (size_t i = 0; i < state->retiring_count; i++) dc_buf_printf(out, "%s = %s\n", retiring, state->retiring[i]);
}

bool dc_state_retires(const struct dc_state *state, const char *print) {
  for (size_t i = 0; i < state->retiring_count; i++)
    if (strcmp(state->retiring[i], print) == 0) return true;
  return false;
}

int dc_state_retire(struct dc_state *state, const char *print, struct dc_err *err) {
  if (dc_state_retires(state, print) || add_retiring(state, print)) return 0;
  return dc_err_set(err, DC_ELIMIT, "more than %d roots are to leave ca.crt", DC_STATE_RETIRING_MAX);
}

bool dc_state_is_empty(const struct dc_state *state) {
  return !state->since && !state->until && !state->retire && !state->switch_at && !state->root_key_elsewhere;
}
