/* SPDX-License-Identifier: Apache-2.0 */
/* YAML by libyaml, bounded: what a text may cost, and where in it something is wrong. */
#ifndef DC_BASE_YAML_H
#define DC_BASE_YAML_H

#include <yaml.h>

#include "base/buf.h"

enum { DC_YAML_DEPTH_MAX = 100, DC_YAML_TOKENS_MAX = 200000, DC_YAML_NAMES_MAX = 1000 };

/* Begins to read TEXT, which must outlive PARSER; NAME is for messages. DC_ELIMIT, with line and column: nested deeper
 * than DC_YAML_DEPTH_MAX levels, or more than DC_YAML_TOKENS_MAX tokens or DC_YAML_NAMES_MAX anchors and %TAGs. On
 * success the caller calls yaml_parser_delete. */
int dc_yaml_begin(yaml_parser_t *parser, const char *name, const struct dc_buf *text, struct dc_err *err) DC_NODISCARD;
/* The next document, which the caller gives to yaml_document_delete; one without a root node is the end. DC_EINVAL,
 * with line and column: no YAML. */
int dc_yaml_next(yaml_parser_t *parser, const char *name, const struct dc_buf *text, yaml_document_t *document,
                 struct dc_err *err) DC_NODISCARD;

#endif
