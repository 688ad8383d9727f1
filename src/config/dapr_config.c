/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "config/dapr_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/duration.h"
#include "base/os.h"
#include "base/yaml.h"

enum { MERGES_MAX = 1000 };

void dc_dapr_config_init(struct dc_dapr_config *config) {
  *config = (struct dc_dapr_config){.workload_ttl = DC_DAY, .clock_skew = 15 * DC_MINUTE};
}

void dc_dapr_config_free(struct dc_dapr_config *config) {
  if (config->jwks) {
    free(config->jwks->source);
    free(config->jwks->ca_certificate);
  }
  free(config->jwks);
  free(config->control_plane_trust_domain);
  config->jwks = NULL;
  config->control_plane_trust_domain = NULL;
}

/* --- $NAME and ${NAME}, as Go's os.ExpandEnv replaces them -------------------------------------------------------- */

static bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* What a shell's $*, $# or $1 is made of: a name of one character here, and rarely one of the environment. */
static bool is_special(char c) { return c != '\0' && strchr("*#$@!?-0123456789", c) != NULL; }

static void add_variable(struct dc_buf *out, const char *name, size_t n) {
  if (memchr(name, '\0', n) || memchr(name, '=', n)) return; /* no name of the environment has those */
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  dc_buf_add(&text, name, n);
  const char *value = getenv(dc_buf_text(&text));
  if (value) dc_buf_add_text(out, value);
  out->failed = out->failed || text.failed;
}

/* What stands behind a dollar at AT: how much of it is used up, with the NAME that it gives. An empty name and
 * something used up is bad syntax that goes without a trace; an empty name and nothing is a dollar for itself. */
static size_t take_name(const char *at, const char *end, const char **name, size_t *n, bool *closes) {
  *name = at;
  *n = 0;
  if (*at != '{') {
    if (is_special(*at)) return *n = 1;
    while (at + *n < end && is_name_char(at[*n])) ++*n;
    return *n;
  }
  *name = at + 1;
  if (end - at > 2 && is_special(at[1]) && at[2] == '}') {
    *n = 1;
    return 3;
  }
  /* asked once: a text full of "${" would be searched again and again */
  const char *close = *closes ? memchr(at, '}', (size_t)(end - at)) : NULL;
  *closes = close != NULL;
  if (!close) return 1;
  *n = (size_t)(close - *name);
  return *n + 2;
}

static void expand(const char *text, size_t n, struct dc_buf *out) {
  const char *at = text, *end = text + n, *name = NULL;
  bool closes = true;
  while (at < end) {
    const char *dollar = memchr(at, '$', (size_t)(end - at));
    size_t length = 0;
    if (!dollar || dollar + 1 == end) break;
    dc_buf_add(out, at, (size_t)(dollar - at));
    size_t used = take_name(dollar + 1, end, &name, &length, &closes);
    if (used == 0)
      dc_buf_add_byte(out, '$');
    else if (length > 0)
      add_variable(out, name, length);
    at = dollar + 1 + used;
  }
  if (at < end) dc_buf_add(out, at, (size_t)(end - at));
}

/* --- the document ------------------------------------------------------------------------------------------------- */

struct reader {
  const char *name; /* of the file */
  yaml_document_t *document;
  struct dc_dapr_config *config;
  struct dc_buf *warnings;
  size_t *merges; /* that were followed so far */
  struct dc_err *err;
};

static int refuse(const struct reader *reader, const yaml_node_t *node, const char *what) {
  return dc_err_set(reader->err, DC_EINVAL, "'%s' line %zu column %zu: %s", reader->name,
                    node->start_mark.line + 1, node->start_mark.column + 1, what);
}

/* Its text; NULL for what is none, or holds a NUL ("\0"), where the text would seem to end. */
static const char *scalar(const yaml_node_t *node) {
  if (!node || node->type != YAML_SCALAR_NODE) return NULL;
  const char *text = (const char *)node->data.scalar.value;
  return strlen(text) == node->data.scalar.length ? text : NULL;
}

/* An empty plain value, ~ and null: as if the key were not there. */
static bool is_null(const yaml_node_t *node) {
  const char *text = scalar(node);
  if (!text || node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE) return false;
  return *text == '\0' || strcmp(text, "~") == 0 || strcasecmp(text, "null") == 0;
}

static bool is_merge(const yaml_node_t *key) {
  return scalar(key) && key->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && strcmp(scalar(key), "<<") == 0;
}

static bool same_name(const char *a, const char *b, bool any_case) {
  return (any_case ? strcasecmp(a, b) : strcmp(a, b)) == 0;
}

/* --- merges ------------------------------------------------------------------------------------------------------- */

/* 1: the mappings behind need no look. */
typedef int visit_fn(const struct reader *reader, const yaml_node_t *mapping, void *user);

static int find_merge(const struct reader *reader, const yaml_node_t *mapping, const yaml_node_t **merge) {
  *merge = NULL;
  for (yaml_node_pair_t *pair = mapping->data.mapping.pairs.start; pair < mapping->data.mapping.pairs.top; pair++) {
    const yaml_node_t *name = yaml_document_get_node(reader->document, pair->key);
    if (!is_merge(name)) continue;
    if (*merge) return refuse(reader, name, "a key that is there already");
    *merge = yaml_document_get_node(reader->document, pair->value);
  }
  return 0;
}

static int visit(const struct reader *reader, const yaml_node_t *mapping, visit_fn *look, void *user);

/* Mappings may be merged again and again, and one into itself: so they are counted over the document. */
static int visit_merged(const struct reader *reader, const yaml_node_t *mapping, visit_fn *look, void *user) {
  if (mapping->type != YAML_MAPPING_NODE)
    return refuse(reader, mapping, "a merge key (<<) takes a mapping, or a list of mappings");
  if (++*reader->merges <= MERGES_MAX) return visit(reader, mapping, look, user);
  (void)refuse(reader, mapping, "more merges (<<) than are accepted, or of a mapping into itself");
  return reader->err->code = DC_ELIMIT;
}

/* A mapping, then what is merged into it, in the order in which a key counts: the first one does. */
static int visit(const struct reader *reader, const yaml_node_t *mapping, visit_fn *look, void *user) {
  const yaml_node_t *merge = NULL;
  int rc = look(reader, mapping, user);
  if (!rc) rc = find_merge(reader, mapping, &merge);
  if (rc || !merge) return rc;
  if (merge->type != YAML_SEQUENCE_NODE) return visit_merged(reader, merge, look, user);
  for (yaml_node_item_t *item = merge->data.sequence.items.start; !rc && item < merge->data.sequence.items.top; item++)
    rc = visit_merged(reader, yaml_document_get_node(reader->document, *item), look, user);
  return rc;
}

/* --- keys --------------------------------------------------------------------------------------------------------- */

struct search {
  const char *key;
  bool any_case;
  const yaml_node_t *value;
};

static int look_for(const struct reader *reader, const yaml_node_t *mapping, void *user) {
  struct search *search = user;
  for (yaml_node_pair_t *pair = mapping->data.mapping.pairs.start; pair < mapping->data.mapping.pairs.top; pair++) {
    const yaml_node_t *name = yaml_document_get_node(reader->document, pair->key);
    if (!scalar(name) || !same_name(scalar(name), search->key, search->any_case)) continue;
    if (search->value) return refuse(reader, name, "a key that is there already");
    search->value = yaml_document_get_node(reader->document, pair->value);
  }
  return search->value != NULL;
}

/* The value of KEY in MAPPING: 0 with *VALUE, NULL when it is not there; a key given twice is refused. */
static int find_spelt(const struct reader *reader, const yaml_node_t *mapping, const char *key, bool any_case,
                      const yaml_node_t **value) {
  struct search search = {.key = key, .any_case = any_case};
  int rc = visit(reader, mapping, look_for, &search);
  *value = is_null(search.value) ? NULL : search.value;
  return rc < 0 ? rc : 0;
}

static int find(const struct reader *reader, const yaml_node_t *mapping, const char *key, const yaml_node_t **value) {
  return find_spelt(reader, mapping, key, false, value);
}

static int find_mapping(const struct reader *reader, const yaml_node_t *mapping, const char *key,
                        const yaml_node_t **value) {
  int rc = find(reader, mapping, key, value);
  if (rc || !*value || (*value)->type == YAML_MAPPING_NODE) return rc;
  return refuse(reader, *value, "a mapping is expected");
}

/* --- spec.mtls ---------------------------------------------------------------------------------------------------- */

static int take_duration(const struct reader *reader, const yaml_node_t *node, int64_t least, int64_t *ns) {
  struct dc_err err = DC_ERR_INIT;
  const char *text = scalar(node);
  if (!text) return refuse(reader, node, "a duration such as \"24h\" is expected");
  if (*text == '\0') return 0; /* "" means the default, in the original too */
  if (dc_duration_parse(text, ns, &err)) return refuse(reader, node, err.text);
  if (*ns >= least) return 0;
  char shortest[DC_DURATION_TEXT_MAX], what[64];
  snprintf(what, sizeof what, "the duration is shorter than %s", dc_duration_text(least, shortest));
  return refuse(reader, node, what);
}

static int take_ttl(struct reader *reader, const yaml_node_t *node) {
  return take_duration(reader, node, DC_SECOND, &reader->config->workload_ttl);
}

static int take_skew(struct reader *reader, const yaml_node_t *node) {
  return take_duration(reader, node, 0, &reader->config->clock_skew);
}

/* A text, which is left alone when it is "": as if the key were not there. */
static int take_text(const struct reader *reader, const yaml_node_t *node, char **text) {
  if (!scalar(node)) return refuse(reader, node, "a text is expected");
  if (*scalar(node) == '\0') return 0;
  *text = strdup(scalar(node));
  return *text ? 0 : dc_err_nomem(reader->err);
}

static int take_trust_domain(struct reader *reader, const yaml_node_t *node) {
  return take_text(reader, node, &reader->config->control_plane_trust_domain);
}

/* Read by daprd alone. */
static int skip_text(struct reader *reader, const yaml_node_t *node) {
  return scalar(node) ? 0 : refuse(reader, node, "a text is expected");
}

/* --- a mapping by a table of its keys ----------------------------------------------------------------------------- */

struct key {
  const char *name;
  int (*take)(struct reader *reader, const yaml_node_t *node);
};

struct keys {
  const char *path; /* how one gets to the mapping, for warnings about others */
  const struct key *keys;
  size_t count;
  bool any_case; /* their names may be written in small letters and large, as the original decodes some */
};

/* Of one mapping. */
static int warn_unknown(const struct reader *reader, const yaml_node_t *mapping, void *user) {
  const struct keys *known = *(const struct keys *const *)user;
  for (yaml_node_pair_t *pair = mapping->data.mapping.pairs.start; pair < mapping->data.mapping.pairs.top; pair++) {
    const yaml_node_t *key = yaml_document_get_node(reader->document, pair->key);
    const char *text = scalar(key) ? scalar(key) : "(no text)";
    bool is_known = is_merge(key);
    for (size_t i = 0; i < known->count; i++)
      is_known = is_known || same_name(known->keys[i].name, text, known->any_case);
    if (!is_known)
      dc_buf_printf(reader->warnings, "'%s' line %zu: unknown key '%s.%s'\n", reader->name, key->start_mark.line + 1,
                    known->path, text);
  }
  return 0;
}

/* What each key that is there holds. */
static int read_keys(struct reader *reader, const yaml_node_t *mapping, const struct keys *known) {
  for (size_t i = 0; i < known->count; i++) {
    const yaml_node_t *value = NULL;
    int rc = find_spelt(reader, mapping, known->keys[i].name, known->any_case, &value);
    if (!rc && value) rc = known->keys[i].take(reader, value);
    if (rc) return rc;
  }
  return reader->warnings ? visit(reader, mapping, warn_unknown, &known) : 0;
}

/* --- spec.mtls.tokenValidators ------------------------------------------------------------------------------------ */

static int take_source(struct reader *reader, const yaml_node_t *node) {
  return take_text(reader, node, &reader->config->jwks->source);
}

static int take_ca_certificate(struct reader *reader, const yaml_node_t *node) {
  return take_text(reader, node, &reader->config->jwks->ca_certificate);
}

/* A bare number is one of seconds. What is not longer than LEAST counts as if it were not there. */
static int take_interval(const struct reader *reader, const yaml_node_t *node, int64_t least, int64_t *ns) {
  const char *text = scalar(node);
  char seconds[32];
  int64_t read = 0;
  size_t n = text ? strspn(text, "+-") : 0;
  bool bare = text && text[n] && text[n + strspn(text + n, "0123456789")] == '\0' && strlen(text) + 2 < sizeof seconds;
  if (bare) snprintf(seconds, sizeof seconds, "%ss", text);
  if (!bare || dc_duration_parse(seconds, &read, NULL)) {
    int rc = take_duration(reader, node, INT64_MIN, &read);
    if (rc) return rc;
  }
  if (read > least) *ns = read;
  return 0;
}

static int take_min_refresh(struct reader *reader, const yaml_node_t *node) {
  return take_interval(reader, node, DC_SECOND, &reader->config->jwks->min_refresh);
}

static int take_request_timeout(struct reader *reader, const yaml_node_t *node) {
  return take_interval(reader, node, DC_SECOND / 1000, &reader->config->jwks->request_timeout);
}

static int take_options(struct reader *reader, const yaml_node_t *node) {
  static const struct key keys[] = {
      {"source", take_source},
      {"caCertificate", take_ca_certificate},
      {"minRefreshInterval", take_min_refresh},
      {"requestTimeout", take_request_timeout},
  };
  static const struct keys options = {"spec.mtls.tokenValidators.options", keys, DC_COUNT(keys), .any_case = true};
  if (node->type != YAML_MAPPING_NODE) return refuse(reader, node, "a mapping is expected");
  return read_keys(reader, node, &options);
}

static int check_validator_name(const struct reader *reader, const yaml_node_t *entry) {
  const yaml_node_t *name = NULL;
  if (entry->type != YAML_MAPPING_NODE) return refuse(reader, entry, "a mapping is expected");
  int rc = find(reader, entry, "name", &name);
  if (rc) return rc;
  const char *text = scalar(name) ? scalar(name) : "";
  if (strcasecmp(text, "kubernetes") == 0 || strcasecmp(text, "insecure") == 0)
    return refuse(reader, entry,
                  "invalid token validator: the built-in 'kubernetes' and 'insecure' validators cannot be configured "
                  "manually");
  if (strcasecmp(text, "jwks") != 0)
    return refuse(reader, entry, "invalid token validator name; supported values: 'jwks'");
  return 0;
}

static int take_jwks(struct reader *reader, const yaml_node_t *entry) {
  static const struct key keys[] = {{"name", skip_text}, {"options", take_options}};
  static const struct keys parts = {"spec.mtls.tokenValidators", keys, DC_COUNT(keys), .any_case = false};
  struct dc_jwks_config *jwks = calloc(1, sizeof *jwks);
  if (!jwks) return dc_err_nomem(reader->err);
  jwks->min_refresh = 10 * DC_MINUTE;
  jwks->request_timeout = 30 * DC_SECOND;
  reader->config->jwks = jwks;
  int rc = read_keys(reader, entry, &parts);
  if (rc || jwks->source) return rc;
  return refuse(reader, entry,
                "the token validator 'jwks' needs options with a 'source': a URL, the path of a file, or the key set "
                "itself");
}

/* There is but one name, so the last entry is the one that counts. */
static int take_validators(struct reader *reader, const yaml_node_t *node) {
  const yaml_node_t *last = NULL;
  if (node->type != YAML_SEQUENCE_NODE) return refuse(reader, node, "a list is expected");
  for (yaml_node_item_t *item = node->data.sequence.items.start; item < node->data.sequence.items.top; item++) {
    last = yaml_document_get_node(reader->document, *item);
    int rc = check_validator_name(reader, last);
    if (rc) return rc;
  }
  return last ? take_jwks(reader, last) : 0;
}

/* --- the document, from its root ---------------------------------------------------------------------------------- */

static const struct key mtls_keys[] = {
    {"enabled", skip_text},
    {"workloadCertTTL", take_ttl},
    {"allowedClockSkew", take_skew},
    {"controlPlaneTrustDomain", take_trust_domain},
    {"sentryAddress", skip_text},
    {"tokenValidators", take_validators},
};

static const struct keys mtls_parts = {"spec.mtls", mtls_keys, DC_COUNT(mtls_keys), .any_case = false};

static int read_document(struct reader *reader, const yaml_node_t *root) {
  const yaml_node_t *spec = NULL, *mtls = NULL;
  if (is_null(root)) return 0;
  if (root->type != YAML_MAPPING_NODE) return refuse(reader, root, "a mapping is expected");
  int rc = find_mapping(reader, root, "spec", &spec);
  if (!rc && spec) rc = find_mapping(reader, spec, "mtls", &mtls);
  return rc || !mtls ? rc : read_keys(reader, mtls, &mtls_parts);
}

static bool is_configuration(const struct reader *reader, const yaml_node_t *root) {
  const yaml_node_t *kind = NULL;
  struct reader quiet = *reader;
  struct dc_err ignored = DC_ERR_INIT;
  quiet.err = &ignored;
  if (root->type != YAML_MAPPING_NODE || find(&quiet, root, "kind", &kind)) return false;
  return scalar(kind) && strcmp(scalar(kind), "Configuration") == 0;
}

/* --- the file ----------------------------------------------------------------------------------------------------- */

/* The documents one by one. A Configuration counts; until one is found the first document stands in for it, and what
 * is wrong with that is no matter then. */
static int read_documents(yaml_parser_t *parser, const char *name, const struct dc_buf *text,
                          struct dc_dapr_config *config, struct dc_buf *warnings, struct dc_err *err) {
  size_t warned = warnings ? warnings->len : 0;
  int rc = 0;
  for (bool first = true;; first = false) {
    yaml_document_t document;
    int next = dc_yaml_next(parser, name, text, &document, err);
    if (next) return next;
    yaml_node_t *root = yaml_document_get_root_node(&document);
    size_t merges = 0;
    struct reader reader = {.name = name, .document = &document, .config = config, .warnings = warnings,
                            .merges = &merges, .err = err};
    bool last = root == NULL, wanted = !last && is_configuration(&reader, root);
    if (wanted || (first && !last)) {
      dc_dapr_config_free(config);
      dc_dapr_config_init(config);
      if (warnings) dc_buf_truncate(warnings, warned);
      rc = read_document(&reader, root);
    }
    yaml_document_delete(&document);
    if (wanted || last) return rc;
  }
}

int dc_dapr_config_parse(const char *name, const void *text, size_t n, struct dc_dapr_config *config,
                         struct dc_buf *warnings, struct dc_err *err) {
  struct dc_buf expanded DC_CLEANUP(dc_buf_free) = {.max = 2 * (size_t)DC_DAPR_CONFIG_MAX};
  struct dc_dapr_config read;
  struct dc_err own = DC_ERR_INIT;
  yaml_parser_t parser;
  dc_dapr_config_init(&read);
  expand(text, n, &expanded);
  int rc = dc_buf_check(&expanded, err);
  if (rc) return dc_err_add(err, rc, "'%s'", name);
  rc = dc_yaml_begin(&parser, name, &expanded, err);
  if (rc) return rc;
  rc = read_documents(&parser, name, &expanded, &read, warnings, &own);
  yaml_parser_delete(&parser);
  if (rc) {
    dc_dapr_config_free(&read);
    return dc_err_set(err, own.code, "%s", own.text);
  }
  read.is_empty = n == 0;
  *config = read;
  return 0;
}

int dc_dapr_config_load(const char *path, struct dc_dapr_config *config, struct dc_buf *warnings, struct dc_err *err) {
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  int rc = dc_os_read_regular(path, DC_DAPR_CONFIG_MAX, &text, err);
  return rc ? rc : dc_dapr_config_parse(path, text.data, text.len, config, warnings, err);
}
