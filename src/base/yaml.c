/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "base/yaml.h"

/* Bytes that are no text are told by their offset alone: here as line and column. */
static void find_offset(const struct dc_buf *text, size_t offset, yaml_mark_t *mark) {
  *mark = (yaml_mark_t){.index = offset};
  for (size_t i = 0; i < offset && i < text->len; i++) {
    if (text->data[i] == '\n')
      mark->line++, mark->column = 0;
    else if ((text->data[i] & 0xC0) != 0x80) /* a character, of which UTF-8 makes one byte or more */
      mark->column++;
  }
}

static int yaml_error(const char *name, const yaml_parser_t *parser, const struct dc_buf *text, struct dc_err *err) {
  yaml_mark_t mark = parser->problem_mark;
  if (parser->error == YAML_MEMORY_ERROR) return dc_err_nomem(err);
  if (parser->error == YAML_READER_ERROR) find_offset(text, parser->problem_offset, &mark);
  return dc_err_set(err, DC_EINVAL, "'%s' line %zu column %zu: %s", name, mark.line + 1, mark.column + 1,
                    parser->problem ? parser->problem : "not YAML");
}

static int parser_new(yaml_parser_t *parser, const struct dc_buf *text, struct dc_err *err) {
  if (!yaml_parser_initialize(parser)) return dc_err_nomem(err);
  yaml_parser_set_input_string(parser, text->data ? text->data : (const unsigned char *)"", text->len);
  return 0;
}

/* How much there is of what costs libyaml more than its length. */
struct extent {
  size_t depth;  /* levels that are open: each is looked at for each token */
  size_t tokens; /* a hundred bytes of memory each */
  size_t names;  /* anchors and %TAGs: all before are looked at for each */
};

static void measure(const yaml_token_t *token, struct extent *extent) {
  extent->tokens++;
  switch (token->type) {
    case YAML_BLOCK_SEQUENCE_START_TOKEN:
    case YAML_BLOCK_MAPPING_START_TOKEN:
    case YAML_FLOW_SEQUENCE_START_TOKEN:
    case YAML_FLOW_MAPPING_START_TOKEN: extent->depth++; break;
    case YAML_BLOCK_END_TOKEN:
    case YAML_FLOW_SEQUENCE_END_TOKEN:
    case YAML_FLOW_MAPPING_END_TOKEN:
      if (extent->depth > 0) extent->depth--; /* more of them is no YAML, which the reading tells */
      break;
    case YAML_ANCHOR_TOKEN:
    case YAML_TAG_DIRECTIVE_TOKEN: extent->names++; break;
    default: break;
  }
}

static int check_token(const char *name, const yaml_token_t *token, const struct extent *extent, struct dc_err *err) {
  const char *what = "more than", *unit = "YAML tokens";
  int max = DC_YAML_TOKENS_MAX;
  if (extent->depth > DC_YAML_DEPTH_MAX) {
    what = "nested deeper than", unit = "levels", max = DC_YAML_DEPTH_MAX;
  } else if (extent->names > DC_YAML_NAMES_MAX) {
    unit = "anchors and %TAGs", max = DC_YAML_NAMES_MAX;
  } else if (extent->tokens <= DC_YAML_TOKENS_MAX) {
    return 0;
  }
  return dc_err_set(err, DC_ELIMIT, "'%s' line %zu column %zu: %s the accepted %d %s", name,
                    token->start_mark.line + 1, token->start_mark.column + 1, what, max, unit);
}

/* What would take libyaml minutes, or a gigabyte, is refused by a look at its tokens. What is no YAML at all is left to
 * the reading. */
static int check_extent(const char *name, const struct dc_buf *text, struct dc_err *err) {
  struct extent extent = {.depth = 0};
  yaml_parser_t parser;
  yaml_token_t token;
  int rc = parser_new(&parser, text, err);
  if (rc) return rc;
  for (bool more = true; more && yaml_parser_scan(&parser, &token);) {
    measure(&token, &extent);
    rc = check_token(name, &token, &extent, err);
    more = rc == 0 && token.type != YAML_STREAM_END_TOKEN;
    yaml_token_delete(&token);
  }
  yaml_parser_delete(&parser);
  return rc;
}

int dc_yaml_begin(yaml_parser_t *parser, const char *name, const struct dc_buf *text, struct dc_err *err) {
  int rc = check_extent(name, text, err);
  return rc ? rc : parser_new(parser, text, err);
}

int dc_yaml_next(yaml_parser_t *parser, const char *name, const struct dc_buf *text, yaml_document_t *document,
                 struct dc_err *err) {
  return yaml_parser_load(parser, document) ? 0 : yaml_error(name, parser, text, err);
}
