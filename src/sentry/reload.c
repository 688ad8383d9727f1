/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "sentry/reload.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/os.h"
#include "base/path.h"
#include "sentry/metrics.h"
#include "sentry/watch.h"
#include "store/layout.h"

static const char scope[] = "dapr.sentry";

/* RETRY_MS: time alone makes some states good, as with an issuer that begins later. */
enum { PATHS_MAX = 32, RETRY_MS = 10000, FILE_MAX = 1 << 20 };

enum reason { CHANGING, SETTLED, ASKED };

/* One of the things that are read again. */
struct part {
  int (*again)(const struct dc_reload *reload, struct dc_err *err); /* 1: new, 0: as it was */
  const char *where, *refused, *reloaded, *unchanged, *recovered;
  size_t first, count;  /* of its files among the paths */
  bool is_refused;      /* what was read last */
  bool told;            /* and the log has it, with this fingerprint */
  uint64_t fingerprint;
};

enum { CREDENTIALS, CONFIGURATION, KEYS, PARTS };

struct dc_reload {
  struct dc_live *live; /* NULL before the start */
  struct dc_watch *watch;
  uv_timer_t retry;
  char *paths[PATHS_MAX + 1]; /* of the parts, one after the other; NULL behind the last */
  size_t path_count, fixed; /* of these the first stay as they are */
  struct part parts[PARTS];
};

static int read_credentials(const struct dc_reload *reload, struct dc_err *err) {
  return dc_live_reload(reload->live, err);
}

static int read_configuration(const struct dc_reload *reload, struct dc_err *err) {
  return dc_live_reread(reload->live, err);
}

static int read_keys(const struct dc_reload *reload, struct dc_err *err) {
  return dc_live_reload_keys(reload->live, err);
}

/* --- telling ------------------------------------------------------------------------------------------------------ */

static uint64_t mix(uint64_t hash, const void *bytes, size_t n) { /* FNV-1a */
  const unsigned char *at = bytes;
  for (size_t i = 0; i < n; i++) hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
  return hash;
}

/* Of the refusal and the bytes: another bad state is worth another record, the same one is not. */
static uint64_t fingerprint(const struct dc_reload *reload, const struct part *part, const char *refusal) {
  uint64_t hash = mix(UINT64_C(0xcbf29ce484222325), refusal, strlen(refusal));
  for (size_t i = part->first; i < part->first + part->count; i++) {
    struct dc_buf bytes DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    struct dc_err ignored = DC_ERR_INIT;
    int rc = dc_os_read_regular(reload->paths[i], FILE_MAX, &bytes, &ignored);
    hash = mix(mix(hash, &rc, sizeof rc), bytes.data, bytes.len);
  }
  return hash;
}

static void tell_refused(const struct dc_reload *reload, struct part *part, enum reason reason, const char *refusal) {
  part->is_refused = true;
  if (reason == CHANGING) return; /* half of a change, most likely */
  uint64_t now = fingerprint(reload, part, refusal);
  if (reason == ASKED || !part->told || part->fingerprint != now) {
    dc_log_write(DC_LOG_ERROR, scope, "%s: %s", part->refused, refusal);
    dc_metrics_add(DC_METRIC_RELOAD_FAILED);
  }
  part->told = true;
  part->fingerprint = now;
}

static void tell_good(struct part *part, enum reason reason, bool is_new) {
  const char *news = is_new ? part->reloaded : part->told ? part->recovered : reason == ASKED ? part->unchanged : NULL;
  if (news) dc_log_write(DC_LOG_INFO, scope, "%s '%s'", news, part->where);
  if (news) dc_metrics_add(DC_METRIC_RELOADED);
  if (is_new && part->again == read_credentials) dc_metrics_add(DC_METRIC_ISSUER_CHANGED);
  part->is_refused = part->told = false;
}

/* --- reading again ------------------------------------------------------------------------------------------------ */

static void on_retry(uv_timer_t *timer);
static void follow_keys(struct dc_reload *reload);

static void run(struct dc_reload *reload, enum reason reason) {
  bool refused = false;
  for (struct part *part = reload->parts; part < reload->parts + PARTS; part++) {
    struct dc_err err = DC_ERR_INIT;
    int rc = part->again(reload, &err);
    if (rc < 0)
      tell_refused(reload, part, reason, err.text);
    else
      tell_good(part, reason, rc == 1);
    refused = refused || part->is_refused;
    if (part->again == read_configuration) follow_keys(reload);
  }
  if (refused)
    (void)uv_timer_start(&reload->retry, on_retry, RETRY_MS, 0);
  else
    (void)uv_timer_stop(&reload->retry);
}

static void on_retry(uv_timer_t *timer) { run(timer->data, SETTLED); }

static void on_change(void *user, bool settled) {
  struct dc_reload *reload = user;
  if (reload->live) run(reload, settled ? SETTLED : CHANGING);
}

void dc_reload_now(struct dc_reload *reload) { run(reload, ASKED); }

void dc_reload_start(struct dc_reload *reload, struct dc_live *live) {
  reload->live = live;
  follow_keys(reload);
  run(reload, SETTLED);
}

/* --- what is read ------------------------------------------------------------------------------------------------- */

static int add_path(struct dc_reload *reload, const char *dir, const char *name, struct dc_err *err) {
  if (reload->path_count == PATHS_MAX) return dc_err_set(err, DC_ELIMIT, "too many files to watch");
  char *path = dir ? dc_path_join(dir, name) : strdup(name);
  if (!path) return dc_err_nomem(err);
  reload->paths[reload->path_count++] = path;
  return 0;
}

/* The mark of a publication too: a set counts from then on (store/publish). */
static int add_credentials(struct dc_reload *reload, const struct dc_sentry_config *config, struct dc_err *err) {
  const char *const names[] = {config->ca_crt,  config->issuer_crt, config->issuer_key,
                               DC_LAYOUT_MARK, config->jwt.key,    config->jwt.jwks};
  struct part *part = &reload->parts[CREDENTIALS];
  *part = (struct part){
      .again = read_credentials,
      .where = config->dir,
      .first = reload->path_count,
      .count = DC_COUNT(names) - (config->jwt.enabled ? 0 : 2),
      .reloaded = "reloaded the credentials from",
      .unchanged = "the credentials are unchanged:",
      .recovered = "the credentials are good again, and those that serve:",
      .refused = "the credentials were not reloaded, the last good ones serve on",
  };
  int rc = 0;
  for (size_t i = 0; !rc && i < part->count; i++) rc = add_path(reload, config->dir, names[i], err);
  return rc;
}

static int add_configuration(struct dc_reload *reload, const struct dc_sentry_config *config, struct dc_err *err) {
  const char *const *files = config->reread_files;
  struct part *part = &reload->parts[CONFIGURATION];
  *part = (struct part){
      .again = read_configuration,
      .where = files && files[0] ? files[0] : "",
      .first = reload->path_count,
      .reloaded = "reloaded the configuration from",
      .unchanged = "the configuration is unchanged:",
      .recovered = "the configuration is good again, and the one in force:",
      .refused = "the configuration was not reloaded, the last good one stays in force",
  };
  int rc = 0;
  for (; !rc && files && files[part->count]; part->count++) rc = add_path(reload, NULL, files[part->count], err);
  return rc;
}

/* The last of the paths: the file of the key set (one at a URL is fetched again by itself), and the one without which a
 * configuration was refused. */
static int set_keys(struct dc_reload *reload, const char *file, const char *wanted, struct dc_err *err) {
  struct part *part = &reload->parts[KEYS];
  while (reload->path_count > reload->fixed) {
    free(reload->paths[--reload->path_count]);
    reload->paths[reload->path_count] = NULL;
  }
  int rc = file ? add_path(reload, NULL, file, err) : 0;
  bool has = !rc && file;
  *part = (struct part){
      .again = read_keys,
      .where = has ? reload->paths[reload->fixed] : "",
      .first = reload->fixed,
      .count = has,
      .reloaded = "reloaded the key set from",
      .unchanged = has ? "the key set is unchanged:" : NULL,
      .recovered = "the key set is good again, and the one in force:",
      .refused = "the key set was not reloaded, the last good one stays in force",
  };
  return !rc && wanted ? add_path(reload, NULL, wanted, err) : rc;
}

/* With another policy come other files; what they became since they were read is told too. */
static void follow_keys(struct dc_reload *reload) {
  const char *file = dc_live_keys_file(reload->live), *wanted = dc_live_wanted_file(reload->live);
  const char *const *now = (const char *const *)reload->paths + reload->fixed;
  size_t count = (file != NULL) + (wanted != NULL);
  struct dc_err err = DC_ERR_INIT;
  if (reload->path_count - reload->fixed == count && dc_slice_equal_texts(file ? now[0] : NULL, file) &&
      dc_slice_equal_texts(wanted ? now[count - 1] : NULL, wanted))
    return;
  int rc = set_keys(reload, file, wanted, &err);
  if (!rc) rc = dc_watch_files(reload->watch, (const char *const *)reload->paths, &err);
  if (rc) dc_log_write(DC_LOG_ERROR, scope, "changes of the key set will not be noticed: %s", err.text);
}

/* --- life --------------------------------------------------------------------------------------------------------- */

static void on_retry_closed(uv_handle_t *handle) {
  struct dc_reload *reload = handle->data;
  for (size_t i = 0; i < reload->path_count; i++) free(reload->paths[i]);
  free(reload);
}

void dc_reload_close(struct dc_reload *reload) {
  if (!reload) return;
  dc_watch_close(reload->watch);
  uv_close((uv_handle_t *)&reload->retry, on_retry_closed);
}

int dc_reload_new(uv_loop_t *uv, const struct dc_sentry_config *config, struct dc_reload **out, struct dc_err *err) {
  struct dc_reload *reload = calloc(1, sizeof *reload);
  if (!reload) return dc_err_nomem(err);
  (void)uv_timer_init(uv, &reload->retry);
  reload->retry.data = reload;
  int rc = add_credentials(reload, config, err);
  if (!rc) rc = add_configuration(reload, config, err);
  reload->fixed = reload->path_count;
  if (!rc) rc = set_keys(reload, NULL, NULL, err);
  if (!rc) rc = dc_watch_new(uv, DC_WATCH_POLL_MS, on_change, reload, &reload->watch, err);
  if (!rc) rc = dc_watch_files(reload->watch, (const char *const *)reload->paths, err);
  if (rc)
    dc_reload_close(reload);
  else
    *out = reload;
  return rc;
}
