/* SPDX-License-Identifier: Apache-2.0 */
/* Both notations are one tree of JSON values here: what is read becomes one, and what is written was one. */
#include "config.h"

#include "format/k8s.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/base64.h"
#include "base/utf8.h"
#include "base/yaml.h"

static const char bundle_name[] = "dapr-trust-bundle";

const struct dc_k8s_part_row dc_k8s_parts[DC_K8S_PARTS] = {
    [DC_K8S_CA_CRT] = {"ca.crt", .is_public = true},   [DC_K8S_ISSUER_CRT] = {"issuer.crt", .is_public = false},
    [DC_K8S_ISSUER_KEY] = {"issuer.key", .is_public = false}, [DC_K8S_JWT_KEY] = {"jwt.key", .is_public = false},
    [DC_K8S_JWKS] = {"jwks.json", .is_public = true},
};

void dc_k8s_bundle_free(struct dc_k8s_bundle *bundle) {
  for (size_t i = 0; i < DC_K8S_PARTS; i++) {
    dc_buf_free(&bundle->secret[i]);
    dc_buf_free(&bundle->config_map[i]);
  }
  free(bundle->ns);
  *bundle = (struct dc_k8s_bundle)DC_K8S_BUNDLE_INIT;
}

static void json_cleanup(json_t **json) { json_decref(*json); }

/* --- YAML as JSON values ------------------------------------------------------------------------------------------ */

/* What a node became. An alias is its node again, so that one value is held by several and nothing multiplies. */
struct made {
  json_t *value; /* owned */
  int height;    /* levels below it; 0: not made yet, -1: being made */
};

struct tree {
  const char *name;
  yaml_document_t *document;
  struct made *made; /* by the node's number, from 1 on */
  struct dc_err *err;
};

static int refuse(const struct tree *tree, const yaml_node_t *node, enum dc_code code, const char *what) {
  return dc_err_set(tree->err, code, "'%s' line %zu column %zu: %s", tree->name, node->start_mark.line + 1,
                    node->start_mark.column + 1, what);
}

static bool is_null(const yaml_node_t *node) {
  const char *text = (const char *)node->data.scalar.value;
  if (node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE) return false;
  return !*text || strcmp(text, "~") == 0 || strcasecmp(text, "null") == 0;
}

static int make(const struct tree *tree, int number, json_t **value);

/* The value of NUMBER below NODE, which grows with it. */
static int make_below(const struct tree *tree, const yaml_node_t *node, int number, struct made *parent,
                      json_t **value) {
  int rc = make(tree, number, value);
  if (rc) return rc;
  int height = tree->made[number].height;
  if (height >= DC_YAML_DEPTH_MAX) return refuse(tree, node, DC_ELIMIT, "nested too deep by its aliases");
  if (height + 1 > parent->height) parent->height = height + 1;
  return 0;
}

static int fill_mapping(const struct tree *tree, const yaml_node_t *node, struct made *own) {
  for (yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top; pair++) {
    const yaml_node_t *key = yaml_document_get_node(tree->document, pair->key);
    json_t *value = NULL;
    if (key->type != YAML_SCALAR_NODE || strlen((const char *)key->data.scalar.value) != key->data.scalar.length)
      return refuse(tree, key, DC_EINVAL, "a key that is no text");
    const char *name = (const char *)key->data.scalar.value;
    if (strcmp(name, "<<") == 0 && key->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
      return refuse(tree, key, DC_EINVAL, "a merge key (<<), which is not taken here");
    if (json_object_get(own->value, name)) return refuse(tree, key, DC_EINVAL, "a key that is there already");
    int rc = make_below(tree, node, pair->value, own, &value);
    if (rc) return rc;
    if (json_object_set(own->value, name, value)) return dc_err_nomem(tree->err);
  }
  return 0;
}

static int fill_sequence(const struct tree *tree, const yaml_node_t *node, struct made *own) {
  for (yaml_node_item_t *item = node->data.sequence.items.start; item < node->data.sequence.items.top; item++) {
    json_t *value = NULL;
    int rc = make_below(tree, node, *item, own, &value);
    if (rc) return rc;
    if (json_array_append(own->value, value)) return dc_err_nomem(tree->err);
  }
  return 0;
}

/* Every scalar but null is a text: nothing else is wanted here. */
static json_t *make_scalar(const yaml_node_t *node) {
  if (is_null(node)) return json_null();
  return json_stringn((const char *)node->data.scalar.value, node->data.scalar.length);
}

static int fill(const struct tree *tree, const yaml_node_t *node, struct made *own) {
  switch (node->type) {
    case YAML_MAPPING_NODE: own->value = json_object(); break;
    case YAML_SEQUENCE_NODE: own->value = json_array(); break;
    case YAML_SCALAR_NODE: own->value = make_scalar(node); break;
    case YAML_NO_NODE: break;
  }
  if (!own->value) return dc_err_nomem(tree->err);
  if (node->type == YAML_MAPPING_NODE) return fill_mapping(tree, node, own);
  return node->type == YAML_SEQUENCE_NODE ? fill_sequence(tree, node, own) : 0;
}

/* *VALUE is borrowed. */
static int make(const struct tree *tree, int number, json_t **value) {
  const yaml_node_t *node = yaml_document_get_node(tree->document, number);
  struct made *slot = &tree->made[number];
  if (slot->height < 0) return refuse(tree, node, DC_ELIMIT, "an alias of what it stands in");
  if (!slot->height) {
    struct made own = {.height = 1};
    slot->height = -1;
    int rc = fill(tree, node, &own);
    *slot = own;
    if (rc) return rc;
  }
  *value = slot->value;
  return 0;
}

/* *OUT is a new reference. */
static int from_document(const char *name, yaml_document_t *document, json_t **out, struct dc_err *err) {
  size_t count = (size_t)(document->nodes.top - document->nodes.start);
  const struct tree tree = {.name = name, .document = document, .made = calloc(count + 1, sizeof *tree.made),
                            .err = err};
  json_t *root = NULL;
  if (!tree.made) return dc_err_nomem(err);
  int rc = make(&tree, 1, &root);
  if (!rc) *out = json_incref(root);
  for (size_t i = 1; i <= count; i++) json_decref(tree.made[i].value);
  free(tree.made);
  return rc;
}

/* --- the objects -------------------------------------------------------------------------------------------------- */

struct search {
  const char *name; /* of the file */
  const char *ns;
  struct dc_k8s_bundle *bundle;
  struct dc_buf others;      /* what else was found, for a message */
  json_t *secret, *config_maps; /* owned; the latter an array */
  struct dc_err *err;
};

static const char *text_of(const json_t *object, const char *key) {
  const char *text = json_string_value(json_object_get(object, key));
  return text ? text : "";
}

static const char *namespace_of(const json_t *object) {
  return text_of(json_object_get(object, "metadata"), "namespace");
}

static int found_secret(struct search *search, json_t *secret) {
  if (search->secret && strcmp(namespace_of(search->secret), namespace_of(secret)) == 0)
    return dc_err_set(search->err, DC_EEXIST, "'%s': the Secret '%s' is there twice", search->name, bundle_name);
  if (search->secret)
    return dc_err_set(search->err, DC_EEXIST,
                      "'%s': the Secret '%s' is there in the namespaces '%s' and '%s': '--namespace' says which is "
                      "meant",
                      search->name, bundle_name, namespace_of(search->secret), namespace_of(secret));
  search->secret = json_incref(secret);
  return 0;
}

static int look_at(struct search *search, json_t *object) {
  const char *kind = text_of(object, "kind"), *name = text_of(json_object_get(object, "metadata"), "name");
  bool secret = strcmp(kind, "Secret") == 0, config_map = strcmp(kind, "ConfigMap") == 0;
  bool meant = !search->ns || strcmp(namespace_of(object), search->ns) == 0;
  if ((secret || config_map) && strcmp(name, bundle_name) == 0 && meant) {
    if (secret) return found_secret(search, object);
    return json_array_append(search->config_maps, object) ? dc_err_nomem(search->err) : 0;
  }
  if (search->others.len < 200) /* enough for a message */
    dc_buf_printf(&search->others, "%s%.40s '%.60s'%s%.60s%s", search->others.len ? ", " : "", *kind ? kind : "an object",
                  name, *namespace_of(object) ? " in '" : "", namespace_of(object), *namespace_of(object) ? "'" : "");
  return 0;
}

/* A List, or SecretList, as an API answers; kubectl prints no List in a List. */
static int look_into(struct search *search, json_t *object) {
  const char *kind = text_of(object, "kind");
  size_t n = strlen(kind), i;
  json_t *items = json_object_get(object, "items"), *item;
  int rc = 0;
  if (json_is_null(object)) return 0;
  if (!json_is_object(object))
    return dc_err_set(search->err, DC_EINVAL, "'%s' is no object of Kubernetes', as \"kubectl get -o yaml\" prints it",
                      search->name);
  if (n < 4 || strcmp(kind + n - 4, "List") != 0) return look_at(search, object);
  if (items && !json_is_array(items) && !json_is_null(items))
    return dc_err_set(search->err, DC_EINVAL, "'%s': a List whose items are none", search->name);
  json_array_foreach(items, i, item) {
    if (!rc) rc = look_at(search, item);
  }
  return rc;
}

/* --- what they hold ----------------------------------------------------------------------------------------------- */

static int take_value(const struct search *search, const json_t *data, const char *where, enum dc_k8s_part part,
                      bool base64, struct dc_buf *out) {
  const json_t *value = json_object_get(data, dc_k8s_parts[part].name);
  if (!value || json_is_null(value)) return 0;
  if (!json_is_string(value))
    return dc_err_set(search->err, DC_EINVAL, "'%s': %s.%s is no text", search->name, where, dc_k8s_parts[part].name);
  dc_buf_clear(out);
  int rc = 0;
  if (base64)
    rc = dc_base64_decode(out, DC_BASE64_STD, json_string_value(value), json_string_length(value), search->err);
  else
    dc_buf_add(out, json_string_value(value), json_string_length(value));
  if (!rc) rc = dc_buf_check(out, search->err);
  return rc ? dc_err_add(search->err, rc, "'%s': %s.%s", search->name, where, dc_k8s_parts[part].name) : 0;
}

/* KEY of OBJECT, all parts of it. */
static int take_values(const struct search *search, const json_t *object, const char *key, bool base64,
                       struct dc_buf *parts) {
  const json_t *data = json_object_get(object, key);
  char where[64];
  int rc = 0;
  if (!data || json_is_null(data)) return 0;
  snprintf(where, sizeof where, "%s.%s", text_of(object, "kind"), key);
  if (!json_is_object(data)) return dc_err_set(search->err, DC_EINVAL, "'%s': %s is no mapping", search->name, where);
  for (size_t i = 0; !rc && i < DC_K8S_PARTS; i++)
    rc = take_value(search, data, where, (enum dc_k8s_part)i, base64, &parts[i]);
  return rc;
}

static int take_config_map(const struct search *search) {
  size_t i;
  json_t *config_map;
  int rc = 0;
  json_array_foreach(search->config_maps, i, config_map) {
    if (strcmp(namespace_of(config_map), namespace_of(search->secret)) != 0) continue;
    if (search->bundle->has_config_map)
      return dc_err_set(search->err, DC_EEXIST, "'%s': the ConfigMap '%s' is there twice", search->name, bundle_name);
    search->bundle->has_config_map = true;
    rc = take_values(search, config_map, "binaryData", true, search->bundle->config_map);
    if (!rc) rc = take_values(search, config_map, "data", false, search->bundle->config_map);
    if (rc) return rc;
  }
  return 0;
}

static int take(const struct search *search) {
  struct dc_k8s_bundle *bundle = search->bundle;
  const char *ns = namespace_of(search->secret);
  size_t bytes = 0;
  if (!search->secret)
    return dc_err_set(search->err, DC_ENOENT, "'%s' holds no Secret '%s'%s%s%s%s%s", search->name, bundle_name,
                      search->ns ? " in the namespace '" : "", search->ns ? search->ns : "", search->ns ? "'" : "",
                      search->others.len ? ", but " : "", dc_buf_text(&search->others));
  if (*ns && !(bundle->ns = strdup(ns))) return dc_err_nomem(search->err);
  int rc = take_values(search, search->secret, "data", true, bundle->secret);
  if (!rc) rc = take_values(search, search->secret, "stringData", false, bundle->secret);
  if (!rc) rc = take_config_map(search);
  if (rc) return rc;
  for (size_t i = 0; i < DC_K8S_PARTS; i++) bytes += bundle->secret[i].len;
  if (bytes) return 0;
  return dc_err_set(search->err, DC_ENOENT, "'%s': the Secret '%s' holds no credentials: a sentry that runs there fills "
                                            "an empty one", search->name, bundle_name);
}

/* --- the text ----------------------------------------------------------------------------------------------------- */

/* Nothing of the text is quoted, which is secret. */
static int read_json(struct search *search, const struct dc_buf *text) {
  json_error_t why;
  json_t *object DC_CLEANUP(json_cleanup) =
      json_loadb((const char *)text->data, text->len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &why);
  if (object) return look_into(search, object);
  return dc_err_set(search->err, DC_EINVAL, "'%s' line %d column %d: no JSON, or a member given twice", search->name,
                    why.line, why.column);
}

static void wipe_scalars(const yaml_document_t *document) {
  for (yaml_node_t *node = document->nodes.start; node < document->nodes.top; node++)
    if (node->type == YAML_SCALAR_NODE) dc_mem_wipe(node->data.scalar.value, node->data.scalar.length);
}

static int read_documents(struct search *search, yaml_parser_t *parser, const struct dc_buf *text) {
  for (bool last = false; !last;) {
    yaml_document_t document;
    json_t *object DC_CLEANUP(json_cleanup) = NULL;
    int rc = dc_yaml_next(parser, search->name, text, &document, search->err);
    if (rc) return rc;
    last = yaml_document_get_root_node(&document) == NULL;
    if (!last) rc = from_document(search->name, &document, &object, search->err);
    wipe_scalars(&document);
    yaml_document_delete(&document);
    if (!last && !rc) rc = look_into(search, object);
    if (rc) return rc;
  }
  return 0;
}

static int read_yaml(struct search *search, const struct dc_buf *text) {
  yaml_parser_t parser;
  int rc = dc_yaml_begin(&parser, search->name, text, search->err);
  if (rc) return rc;
  rc = read_documents(search, &parser, text);
  yaml_parser_delete(&parser);
  return rc;
}

int dc_k8s_read(const char *name, const struct dc_buf *text, const char *ns, struct dc_k8s_bundle *bundle,
                struct dc_err *err) {
  struct search search = {.name = name, .ns = ns, .bundle = bundle, .others = DC_BUF_INIT,
                          .config_maps = json_array(), .err = err};
  const char *at = dc_buf_text(text);
  bool is_json = at[strspn(at, " \t\r\n")] == '{';
  int rc = search.config_maps ? 0 : dc_err_nomem(err);
  if (!rc) rc = is_json ? read_json(&search, text) : read_yaml(&search, text);
  if (!rc) rc = take(&search);
  json_decref(search.secret);
  json_decref(search.config_maps);
  dc_buf_free(&search.others);
  if (rc) dc_k8s_bundle_free(bundle);
  return rc;
}

/* --- writing: JSON values as YAML --------------------------------------------------------------------------------- */

static int append(void *data, unsigned char *bytes, size_t n) {
  struct dc_buf *out = data;
  dc_buf_add(out, bytes, n);
  return !out->failed;
}

/* A text of lines that stands in a block as it is: what libyaml would fold, or YAML read otherwise, does not. */
static bool is_block(const char *text, size_t n) {
  if (n < 2 || !memchr(text, '\n', n) || *text == ' ' || *text == '\n' || strcmp(text + n - 2, "\n\n") == 0) return false;
  for (size_t i = 0; i < n; i++)
    if (text[i] != '\n' && (text[i] < ' ' || text[i] > '~')) return false;
  return true;
}

/* Whether a reader that guesses types, of YAML 1.1 too, takes the bare TEXT for a text. */
static bool is_bare(const char *text) {
  static const char *const words[] = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"};
  if ((*text < 'a' || *text > 'z') && (*text < 'A' || *text > 'Z')) return false;
  for (size_t i = 0; i < DC_COUNT(words); i++)
    if (strcasecmp(text, words[i]) == 0) return false;
  return text[strcspn(text, "#:\n\r\t")] == '\0';
}

static int scalar_event(yaml_event_t *event, const json_t *value) {
  const char *text = json_is_string(value) ? json_string_value(value) : "";
  size_t n = json_is_string(value) ? json_string_length(value) : 0;
  yaml_scalar_style_t style = YAML_DOUBLE_QUOTED_SCALAR_STYLE;
  if (is_block(text, n))
    style = YAML_LITERAL_SCALAR_STYLE;
  else if (json_is_null(value) || is_bare(text))
    style = YAML_PLAIN_SCALAR_STYLE;
  return yaml_scalar_event_initialize(event, NULL, NULL, (const yaml_char_t *)text, (int)n, 1, 1, style);
}

static int emit(yaml_emitter_t *emitter, yaml_event_t *event, int made) {
  return made && yaml_emitter_emit(emitter, event);
}

static int emit_value(yaml_emitter_t *emitter, json_t *value) {
  yaml_event_t event;
  const char *key;
  json_t *below;
  if (!json_is_object(value)) return emit(emitter, &event, scalar_event(&event, value));
  if (!emit(emitter, &event, yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE)))
    return 0;
  json_object_foreach(value, key, below) {
    int made = yaml_scalar_event_initialize(&event, NULL, NULL, (const yaml_char_t *)key, (int)strlen(key), 1, 1,
                                            YAML_PLAIN_SCALAR_STYLE);
    if (!emit(emitter, &event, made) || !emit_value(emitter, below)) return 0;
  }
  return emit(emitter, &event, yaml_mapping_end_event_initialize(&event));
}

static int emit_document(yaml_emitter_t *emitter, json_t *object, bool first) {
  yaml_event_t event;
  return emit(emitter, &event, yaml_document_start_event_initialize(&event, NULL, NULL, NULL, first)) &&
         emit_value(emitter, object) && emit(emitter, &event, yaml_document_end_event_initialize(&event, 1));
}

/* OBJECTS: an array of mappings of mappings and texts. */
static int write_yaml(json_t *objects, struct dc_buf *out, struct dc_err *err) {
  yaml_emitter_t emitter;
  yaml_event_t event;
  size_t i;
  json_t *object;
  if (!yaml_emitter_initialize(&emitter)) return dc_err_nomem(err);
  yaml_emitter_set_output(&emitter, append, out);
  yaml_emitter_set_unicode(&emitter, 1);
  yaml_emitter_set_width(&emitter, -1); /* base64 stays on its line */
  int good = emit(&emitter, &event, yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING));
  json_array_foreach(objects, i, object) good = good && emit_document(&emitter, object, i == 0);
  good = good && emit(&emitter, &event, yaml_stream_end_event_initialize(&event));
  yaml_emitter_delete(&emitter);
  if (!good && !out->failed) return dc_err_nomem(err);
  return dc_buf_check(out, err);
}

static int write_json(json_t *objects, struct dc_buf *out, struct dc_err *err) {
  json_t *list DC_CLEANUP(json_cleanup) =
      json_array_size(objects) == 1
          ? json_incref(json_array_get(objects, 0))
          : json_pack("{s:s, s:s, s:O}", "apiVersion", "v1", "kind", "List", "items", objects);
  char *text DC_CLEANUP(dc_mem_free_secret) = list ? json_dumps(list, JSON_INDENT(2)) : NULL;
  if (!text) return dc_err_nomem(err);
  dc_buf_add_text(out, text);
  dc_buf_add_byte(out, '\n');
  return dc_buf_check(out, err);
}

static int write_objects(json_t *objects, enum dc_k8s_notation notation, struct dc_buf *out, struct dc_err *err) {
  if (!objects) return dc_err_nomem(err);
  return notation == DC_K8S_YAML ? write_yaml(objects, out, err) : write_json(objects, out, err);
}

/* --- the objects, to be written ----------------------------------------------------------------------------------- */

/* Takes DATA, NULL for memory that ran out. */
static json_t *new_object(const char *kind, const char *ns, json_t *take_data) {
  json_t *object = json_pack("{s:s, s:s, s:{s:s}, s:o}", "apiVersion", "v1", "kind", kind, "metadata", "name",
                             bundle_name, "data", take_data);
  json_t *metadata = json_object_get(object, "metadata");
  if (ns) json_object_set_new(metadata, "namespace", json_string(ns));
  json_object_set_new(metadata, "labels", json_pack("{s:s}", "app", "dapr-sentry"));
  return object;
}

static json_t *secret_data(const struct dc_k8s_bundle *bundle) {
  json_t *data = json_object();
  for (size_t i = 0; i < DC_K8S_PARTS; i++) {
    struct dc_buf base64 DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    if (!bundle->secret[i].len) continue;
    dc_base64_encode(&base64, DC_BASE64_STD, bundle->secret[i].data, bundle->secret[i].len);
    json_object_set_new(data, dc_k8s_parts[i].name, json_string(dc_buf_text(&base64)));
  }
  return data;
}

static json_t *text_value(const struct dc_buf *bytes) { return json_stringn((const char *)bytes->data, bytes->len); }

static json_t *public_data(const struct dc_k8s_bundle *bundle) {
  json_t *data = json_object();
  for (size_t i = 0; i < DC_K8S_PARTS; i++)
    if (bundle->secret[i].len && dc_k8s_parts[i].is_public)
      json_object_set_new(data, dc_k8s_parts[i].name, text_value(&bundle->secret[i]));
  return data;
}

static int check_texts(const struct dc_k8s_bundle *bundle, bool all, struct dc_err *err) {
  for (size_t i = 0; i < DC_K8S_PARTS; i++) {
    const struct dc_buf *bytes = &bundle->secret[i];
    if (!bytes->len || !(all || dc_k8s_parts[i].is_public)) continue;
    if (memchr(bytes->data, '\0', bytes->len) || !dc_utf8_valid(bytes->data, bytes->len))
      return dc_err_set(err, DC_EINVAL, "%s holds bytes that are no UTF-8 text, which has no place in Kubernetes' "
                                        "objects", dc_k8s_parts[i].name);
  }
  return 0;
}

int dc_k8s_write(const struct dc_k8s_bundle *bundle, enum dc_k8s_notation notation, struct dc_buf *out,
                 struct dc_err *err) {
  int rc = check_texts(bundle, false, err);
  if (rc) return rc;
  json_t *objects DC_CLEANUP(json_cleanup) =
      json_pack("[o, o]", new_object("Secret", bundle->ns, secret_data(bundle)),
                new_object("ConfigMap", bundle->ns, public_data(bundle)));
  return write_objects(objects, notation, out, err);
}

int dc_k8s_write_clear(const char *ns, enum dc_k8s_notation notation, struct dc_buf *out, struct dc_err *err) {
  json_t *objects DC_CLEANUP(json_cleanup) = json_pack("[o]", new_object("Secret", ns, json_null()));
  return write_objects(objects, notation, out, err);
}

/* --- Helm --------------------------------------------------------------------------------------------------------- */

const char *dc_k8s_value_name(enum dc_k8s_part part) {
  static const char *const names[DC_K8S_PARTS] = {
      [DC_K8S_CA_CRT] = "dapr_sentry.tls.root.certPEM",
      [DC_K8S_ISSUER_CRT] = "dapr_sentry.tls.issuer.certPEM",
      [DC_K8S_ISSUER_KEY] = "dapr_sentry.tls.issuer.keyPEM",
  };
  return names[part];
}

/* VALUE at a.b.c below ROOT. */
static int set_path(json_t *root, const char *path, json_t *take_value) {
  char word[32];
  for (size_t n = strcspn(path, "."); path[n]; n = strcspn(path, ".")) {
    snprintf(word, sizeof word, "%.*s", (int)n, path);
    if (!json_object_get(root, word)) json_object_set_new(root, word, json_object());
    root = json_object_get(root, word);
    path += n + 1;
  }
  return json_object_set_new(root, path, take_value);
}

int dc_k8s_write_values(const struct dc_k8s_bundle *bundle, struct dc_buf *out, struct dc_err *err) {
  json_t *values DC_CLEANUP(json_cleanup) = json_object();
  int rc = check_texts(bundle, true, err);
  for (size_t i = 0; !rc && i < DC_K8S_PARTS; i++) {
    const char *name = dc_k8s_value_name((enum dc_k8s_part)i);
    if (name && set_path(values, name, text_value(&bundle->secret[i]))) rc = dc_err_nomem(err);
  }
  if (rc) return rc;
  json_t *documents DC_CLEANUP(json_cleanup) = json_pack("[O]", values);
  return write_objects(documents, DC_K8S_YAML, out, err);
}
