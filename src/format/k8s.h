/* SPDX-License-Identifier: Apache-2.0 */
/* Kubernetes' objects that hold Dapr's trust bundle: Secret and ConfigMap `dapr-trust-bundle`, and the values of Dapr's
 * Helm chart. Read from what kubectl prints, written for what kubectl and helm take. */
#ifndef DC_FORMAT_K8S_H
#define DC_FORMAT_K8S_H

#include <stdbool.h>

#include "base/buf.h"

enum { DC_K8S_TEXT_MAX = 16 << 20 }; /* bytes: a List of everything in a namespace; a Secret is at most one MiB */

enum dc_k8s_part { DC_K8S_CA_CRT, DC_K8S_ISSUER_CRT, DC_K8S_ISSUER_KEY, DC_K8S_JWT_KEY, DC_K8S_JWKS, DC_K8S_PARTS };

struct dc_k8s_part_row {
  const char *name; /* of the key in `data`, and of the file */
  bool is_public;   /* it stands in the ConfigMap too */
};
extern const struct dc_k8s_part_row dc_k8s_parts[DC_K8S_PARTS];

struct dc_k8s_bundle {
  char *ns;                               /* heap; NULL: none is named */
  struct dc_buf secret[DC_K8S_PARTS];     /* the bytes themselves; empty: not there */
  struct dc_buf config_map[DC_K8S_PARTS]; /* as read; writers write what the Secret holds, so that both are the same */
  bool has_config_map;
};
#define DC_K8S_BUNDLE_INIT {.ns = NULL}
void dc_k8s_bundle_free(struct dc_k8s_bundle *bundle); /* for DC_CLEANUP too */

/* Finds the Secret, and the ConfigMap of its namespace when it is there, in YAML (of any number of documents) or JSON,
 * in Lists too. NS: the namespace to look in; NULL: whichever, when there is one alone. NAME is for messages. DC_ENOENT:
 * no such Secret, or an empty one; DC_EINVAL: no YAML or JSON, or an object that is not as Kubernetes has it;
 * DC_EEXIST: more than one; DC_ELIMIT: as dc_yaml_begin, aliases included. BUNDLE is DC_K8S_BUNDLE_INIT. */
int dc_k8s_read(const char *name, const struct dc_buf *text, const char *ns, struct dc_k8s_bundle *bundle,
                struct dc_err *err) DC_NODISCARD;

enum dc_k8s_notation { DC_K8S_YAML, DC_K8S_JSON };
/* Secret and ConfigMap, as two documents of YAML or one List of JSON. DC_EINVAL: a public part is no text. */
int dc_k8s_write(const struct dc_k8s_bundle *bundle, enum dc_k8s_notation notation, struct dc_buf *out,
                 struct dc_err *err) DC_NODISCARD;
/* The Secret without data, at which Dapr's sentry makes a new CA. NS may be NULL. */
int dc_k8s_write_clear(const char *ns, enum dc_k8s_notation notation, struct dc_buf *out, struct dc_err *err)
    DC_NODISCARD;
/* Values for Dapr's chart, as YAML. The chart has none for JWTs. */
int dc_k8s_write_values(const struct dc_k8s_bundle *bundle, struct dc_buf *out, struct dc_err *err) DC_NODISCARD;
/* The name of the chart's value for PART; NULL: it has none. */
const char *dc_k8s_value_name(enum dc_k8s_part part);

#endif
