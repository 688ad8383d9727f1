/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "sentry/restart.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/os.h"
#include "ca/crosses.h"
#include "sentry/expiry.h"

/* --- by when ------------------------------------------------------------------------------------------------------ */

static bool is_near(int64_t end, int64_t now) {
  int64_t span = INT64_C(86400) * DC_EXPIRY_WARN_DAYS;
  return end - now <= span && now - end <= span;
}

static void tell(struct dc_buf *out, int64_t since, int64_t end, int64_t now) {
  char before[DC_CLOCK_TEXT_MAX], by[DC_CLOCK_TEXT_MAX];
  dc_buf_printf(out, now < end ? "sidecars started before %s must have been restarted by %s: they do not know the new root"
                               : "sidecars started before %s had to be restarted by %s: they do not know the new root, and "
                                 "believe nobody who has renewed since",
                dc_clock_rfc3339(since, before), dc_clock_rfc3339(end, by));
}

bool dc_restart_warning(const struct dc_authority *authority, const struct dc_state *state, int64_t now, size_t index,
                        int64_t *since, struct dc_buf *out) {
  struct dc_cohort cohorts[DC_CROSSES_COHORTS_MAX];
  size_t count =
      dc_crosses_cohorts(dc_authority_anchors(authority), dc_authority_chain(authority), state, cohorts);
  for (size_t i = 0; i < count; i++) {
    int64_t end = cohorts[i].by ? cohorts[i].by : cohorts[i].started_before;
    if (!is_near(end, now) || index-- > 0) continue;
    if (since) *since = cohorts[i].started_before;
    tell(out, cohorts[i].started_before, end, now);
    return true;
  }
  return false;
}

/* --- who ---------------------------------------------------------------------------------------------------------- */

struct seen {
  char *id;
  int64_t last;
};

struct table {
  struct seen *rows; /* by name */
  size_t count, room;
};

static void table_free(struct table *table) {
  for (size_t i = 0; i < table->count; i++) free(table->rows[i].id);
  free(table->rows);
}

/* Where ID is, or belongs. */
static size_t find(const struct table *table, const char *id, bool *there) {
  size_t low = 0, high = table->count;
  *there = false;
  while (low < high && !*there) {
    size_t middle = low + (high - low) / 2;
    int order = strcmp(id, table->rows[middle].id);
    *there = order == 0;
    if (order <= 0)
      high = middle;
    else
      low = middle + 1;
  }
  return high;
}

static int insert(struct table *table, size_t at, const char *id, struct dc_err *err) {
  if (table->count == table->room) {
    size_t room = table->room ? 2 * table->room : 64;
    struct seen *rows = realloc(table->rows, room * sizeof *rows);
    if (!rows) return dc_err_nomem(err);
    table->rows = rows;
    table->room = room;
  }
  char *copy = strdup(id);
  if (!copy) return dc_err_nomem(err);
  memmove(&table->rows[at + 1], &table->rows[at], (table->count - at) * sizeof *table->rows);
  table->rows[at] = (struct seen){copy, INT64_MIN};
  table->count++;
  return 0;
}

static int note(struct table *table, const char *line, struct dc_err *err) {
  json_t *object = json_loads(line, 0, NULL);
  const char *id = json_string_value(json_object_get(object, "spiffe_id"));
  const char *time = json_string_value(json_object_get(object, "time"));
  int64_t at = 0;
  bool there = false;
  int rc = 0;
  if (id && time && dc_clock_parse(time, &at, NULL) == 0) {
    size_t row = find(table, id, &there);
    if (!there) rc = insert(table, row, id, err);
    if (!rc && at > table->rows[row].last) table->rows[row].last = at;
  }
  json_decref(object);
  return rc;
}

/* From a pipe or a terminal nothing comes back, from a device perhaps without an end. */
static int read_log(const char *path, struct table *table, struct dc_err *err) {
  char *line = NULL;
  size_t room = 0;
  int fd = -1, rc = dc_os_open_regular(path, &fd, err);
  if (rc) return dc_err_add(err, rc, "cannot read the audit log");
  FILE *file = fdopen(fd, "r");
  if (!file) {
    rc = dc_err_sys(err, errno, "cannot read the audit log '%s'", path);
    close(fd);
    return rc;
  }
  while (!rc && getline(&line, &room, file) > 0) rc = note(table, line, err);
  if (!rc && ferror(file)) rc = dc_err_sys(err, errno, "cannot read the audit log '%s'", path);
  free(line);
  fclose(file);
  return rc;
}

int dc_restart_silent(const char *path, int64_t since, size_t *count, struct dc_buf *out, struct dc_err *err) {
  struct table table DC_CLEANUP(table_free) = {.rows = NULL};
  int rc = read_log(path, &table, err);
  *count = 0;
  for (size_t i = 0; !rc && i < table.count; i++) {
    if (table.rows[i].last >= since) continue;
    if (++*count <= DC_RESTART_NAMES_MAX) dc_buf_printf(out, "%s%s", *count > 1 ? ", " : "", table.rows[i].id);
  }
  return rc ? rc : dc_buf_check(out, err);
}
