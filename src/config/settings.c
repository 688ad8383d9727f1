/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "config/settings.h"

#include <errno.h>
#include <inttypes.h>
#include <ini.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/duration.h"

/* --- the tables --------------------------------------------------------------------------------------------------- */

static const struct name_row {
  const char *name;
  size_t offset;
} names[] = {
    {"control-plane-trust-domain", offsetof(struct dc_settings, control_plane_trust_domain)},
    {"control-plane-namespace", offsetof(struct dc_settings, control_plane_namespace)},
    {"trust-domain", offsetof(struct dc_settings, trust_domain)},
    {"namespace", offsetof(struct dc_settings, namespace)},
};

#define LIMIT(name, member, duration, min, max, standard) \
  {name, duration, min, max, standard, offsetof(struct dc_limits, member)}
static const struct dc_limit_row limits[] = {
    LIMIT("max-connections", max_connections, false, 1, 1000000, 4096),
    LIMIT("max-streams", max_streams, false, 1, 100000, 100),
    LIMIT("max-header-bytes", max_header_bytes, false, 512, 1 << 20, 16384),
    LIMIT("max-message-bytes", max_message_bytes, false, 1024, 64 << 20, 262144),
    LIMIT("handshake-timeout", handshake_timeout, true, DC_SECOND / 10, DC_HOUR, 10 * DC_SECOND),
    LIMIT("request-timeout", request_timeout, true, DC_SECOND / 10, DC_HOUR, 30 * DC_SECOND),
    LIMIT("idle-timeout", idle_timeout, true, DC_SECOND / 10, 30 * DC_DAY, 15 * DC_MINUTE),
    LIMIT("drain-timeout", drain_timeout, true, 0, DC_HOUR, 30 * DC_SECOND),
    LIMIT("loops", loops, false, 0, 256, 0),
};

const struct dc_limit_row *dc_settings_limit_rows(size_t *count) {
  *count = DC_COUNT(limits);
  return limits;
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

struct reader {
  const char *path;
  const char *at; /* of the text */
  int line;
  struct dc_settings *settings;
  struct dc_buf *warnings;
  struct dc_err *err;
  int rc;
};

static int refuse(struct reader *reader, const char *name, const char *why) {
  reader->rc = dc_err_set(reader->err, DC_EINVAL, "'%s' line %d: %s: %s", reader->path, reader->line, name, why);
  return 0;
}

/* What stands behind a section's name on its line: inih passes over it, and so over a setting. */
static bool is_section_and_more(const char *line) {
  const char *end = *line == '[' ? strchr(line, ']') : NULL;
  if (!end) return false;
  end += 1 + strspn(end + 1, " \t\r\n");
  return *end != '\0' && *end != ';' && *end != '#';
}

/* inih asks for lines as fgets gives them; it does not tell their numbers, so they are counted here. It takes an
 * indented line for more of the value before it, which would swallow a setting: without its indent it is one. */
static char *next_line(char *room, int size, void *stream) {
  struct reader *reader = stream;
  if (*reader->at == '\0' || reader->rc) return NULL;
  reader->line++;
  reader->at += strspn(reader->at, " \t");
  size_t n = strcspn(reader->at, "\n");
  size_t whole = n + (reader->at[n] == '\n');
  if (whole >= (size_t)size) {
    (void)refuse(reader, "the line", "too long");
    return NULL;
  }
  memcpy(room, reader->at, whole);
  room[whole] = '\0';
  reader->at += whole;
  if (is_section_and_more(room)) {
    (void)refuse(reader, "the line", "a setting goes on a line of its own, below its section");
    return NULL;
  }
  return room;
}

static int set_name(struct reader *reader, const struct name_row *row, const char *value) {
  char **place = (char **)(void *)((char *)reader->settings + row->offset);
  if (*value == '\0') return refuse(reader, row->name, "empty");
  char *copy = strdup(value);
  if (!copy) {
    reader->rc = dc_err_nomem(reader->err);
    return 0;
  }
  free(*place);
  *place = copy;
  return 1;
}

static int set_limit(struct reader *reader, const struct dc_limit_row *row, const char *value) {
  struct dc_err err = DC_ERR_INIT;
  int64_t number = 0;
  if (row->is_duration) {
    if (dc_duration_parse(value, &number, &err)) return refuse(reader, row->name, err.text);
  } else {
    char *end = NULL;
    errno = 0;
    number = strtoll(value, &end, 10);
    if (errno || *end || end == value) return refuse(reader, row->name, "not a number");
  }
  if (number < row->min || number > row->max) return refuse(reader, row->name, "out of range");
  memcpy((char *)&reader->settings->limits + row->offset, &number, sizeof number);
  return 1;
}

static int set_allow(struct reader *reader, const char *ns, const char *ids) {
  struct dc_err err = DC_ERR_INIT;
  int rc = dc_allow_add(&reader->settings->allow, ns, ids, &err);
  return rc ? refuse(reader, "[allow]", err.text) : 1;
}

static int on_pair(void *user, const char *section, const char *name, const char *value) {
  struct reader *reader = user;
  bool top = section[0] == '\0', sentry = strcmp(section, "sentry") == 0;
  for (size_t i = 0; top && i < DC_COUNT(names); i++)
    if (strcmp(names[i].name, name) == 0) return set_name(reader, &names[i], value);
  for (size_t i = 0; sentry && i < DC_COUNT(limits); i++)
    if (strcmp(limits[i].name, name) == 0) return set_limit(reader, &limits[i], value);
  if (strcmp(section, "allow") == 0) return set_allow(reader, name, value);
  if (reader->warnings)
    dc_buf_printf(reader->warnings, "'%s' line %d: unknown setting '%s'%s%s\n", reader->path, reader->line, name,
                  top ? "" : " in section ", top ? "" : section);
  return 1;
}

void dc_settings_init(struct dc_settings *settings) {
  *settings = (struct dc_settings){.trust_domain = NULL};
  for (size_t i = 0; i < DC_COUNT(limits); i++)
    memcpy((char *)&settings->limits + limits[i].offset, &limits[i].standard, sizeof limits[i].standard);
}

void dc_settings_free(struct dc_settings *settings) {
  for (size_t i = 0; i < DC_COUNT(names); i++) {
    char **place = (char **)(void *)((char *)settings + names[i].offset);
    free(*place);
    *place = NULL;
  }
  dc_allow_free(&settings->allow);
}

int dc_settings_parse(const char *path, const struct dc_buf *text, struct dc_settings *settings,
                      struct dc_buf *warnings, struct dc_err *err) {
  dc_settings_init(settings);
  if (memchr(dc_buf_text(text), '\0', text->len)) return dc_err_set(err, DC_EINVAL, "'%s': holds a NUL byte", path);
  struct reader reader = {
      .path = path, .at = dc_buf_text(text), .settings = settings, .warnings = warnings, .err = err};
  int bad_line = ini_parse_stream(next_line, &reader, on_pair, &reader);
  int rc = reader.rc;
  if (!rc && bad_line < 0) rc = dc_err_nomem(err);
  if (!rc && bad_line > 0)
    rc = dc_err_set(err, DC_EINVAL, "'%s' line %d: neither a section nor 'name = value'", path, bad_line);
  if (rc) dc_settings_free(settings);
  settings->is_empty = text->len == 0;
  return rc;
}

/* --- writing ------------------------------------------------------------------------------------------------------ */

void dc_settings_text(struct dc_buf *out, const char *control_plane_trust_domain, const char *control_plane_namespace,
                      const char *trust_domain, const char *workload_namespace) {
  dc_buf_printf(out,
                "# daprcerts.conf(5): what the tools of daprcerts agree on. Options and the environment count first.\n"
                "\n"
                "# sentry's own identity, spiffe://TRUST-DOMAIN/ns/NAMESPACE/dapr-sentry: what sidecars look for\n"
                "control-plane-trust-domain = %s\n"
                "control-plane-namespace = %s\n"
                "\n"
                "# a workload's, for 'daprcerts issue' and 'daprcerts env-export'\n"
                "trust-domain = %s\n"
                "namespace = %s\n"
                "\n"
                "# what a peer of the server may cost\n"
                "[sentry]\n",
                control_plane_trust_domain, control_plane_namespace, trust_domain, workload_namespace);
  for (size_t i = 0; i < DC_COUNT(limits); i++) {
    char span[DC_DURATION_TEXT_MAX];
    if (limits[i].is_duration)
      dc_buf_printf(out, "# %s = %s\n", limits[i].name, dc_duration_text(limits[i].standard, span));
    else
      dc_buf_printf(out, "# %s = %" PRId64 "\n", limits[i].name, limits[i].standard);
  }
  dc_buf_add_text(out, "\n# who may be asked for under the validator 'insecure', a line a namespace; without any line everybody\n"
                       "# [allow]\n"
                       "#   default = web, shop\n");
}

/* --- which source counts ------------------------------------------------------------------------------------------ */

int dc_settings_pick(const struct dc_sources *sources, const char **value, struct dc_err *err) {
  const char *env = sources->env ? getenv(sources->env) : NULL;
  if (!sources->flag && env && *env == '\0')
    return dc_err_set(err, DC_EINVAL, "%s is set in the environment but empty: unset it or give it a value",
                      sources->env);
  const char *ordered[] = {sources->flag, env, sources->yaml, sources->conf, sources->standard};
  for (size_t i = 0; i < DC_COUNT(ordered); i++) {
    if (!ordered[i]) continue;
    *value = ordered[i];
    return 0;
  }
  return dc_err_set(err, DC_ENOENT, "no value and no default");
}

void dc_settings_warn_namespace(const struct dc_settings *settings, const char *env_namespace,
                                struct dc_buf *warning) {
  const char *conf = settings->control_plane_namespace;
  if (!env_namespace || !*env_namespace || !conf || strcmp(env_namespace, conf) == 0) return;
  dc_buf_printf(warning,
                "NAMESPACE=%s in the environment names sentry's namespace, but %s says control-plane-namespace = %s, "
                "where sidecars look for it; run 'unset NAMESPACE', or change the file",
                env_namespace, DC_SETTINGS_FILE, conf);
}
