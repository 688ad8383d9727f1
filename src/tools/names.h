/* SPDX-License-Identifier: Apache-2.0 */
/* Who a workload is, and who its sentry: by option, environment and daprcerts.conf, in that order. */
#ifndef DC_TOOLS_NAMES_H
#define DC_TOOLS_NAMES_H

#include "base/cli.h"
#include "config/settings.h"

/* Values of options; NULL where not given. */
struct dc_names {
  const char *ns, *trust_domain;                                   /* the workload's */
  const char *control_plane_ns, *control_plane_trust_domain;       /* sentry's */
};

/* Rows for a table of options. */
#define DC_NAMES_WORKLOAD_ROWS(names) \
  {.name = "namespace", .kind = DC_OPT_STRING, .value = &(names).ns, .arg = "NAME", \
   .help = "the workload's namespace", .shown = "$NAMESPACE, daprcerts.conf, default"}, \
  {.name = "trust-domain", .kind = DC_OPT_STRING, .value = &(names).trust_domain, .arg = "NAME", \
   .help = "the workload's trust domain", .shown = "$DAPRCERTS_TRUST_DOMAIN, daprcerts.conf, public"}
#define DC_NAMES_SENTRY_ROWS(names) \
  {.name = "control-plane-trust-domain", .kind = DC_OPT_STRING, .value = &(names).control_plane_trust_domain, \
   .arg = "NAME", .help = "the trust domain that it must have", \
   .shown = "$DAPR_CONTROLPLANE_TRUST_DOMAIN, daprcerts.conf, localhost"}, \
  {.name = "control-plane-namespace", .kind = DC_OPT_STRING, .value = &(names).control_plane_ns, .arg = "NAME", \
   .help = "the namespace that it must have", .shown = "$DAPR_CONTROLPLANE_NAMESPACE, daprcerts.conf, default"}

/* FLAG (NULL: not given), else the usual directory, and its daprcerts.conf, of which CLI warns. *DIR is heap, and is
 * set on failure too when it was found. */
int dc_names_read(const struct dc_cli *cli, const char *flag, char **dir, struct dc_settings *settings,
                  struct dc_err *err) DC_NODISCARD;

/* Who sentry is, as a CA's certificates are to name it: FLAGs may be NULL. Borrowed as above. */
int dc_names_own(const char *trust_domain_flag, const char *ns_flag, const struct dc_settings *settings,
                 const char **trust_domain, const char **ns, struct dc_err *err) DC_NODISCARD;

/* The SPIFFE ID of the app APP, by the rules that a sentry has for app ids, appended to ID. NAMES->ns and
 * NAMES->trust_domain become what counts; borrowed from SETTINGS, the environment or the command line. */
int dc_names_workload(struct dc_names *names, const struct dc_settings *settings, const char *app, struct dc_buf *id,
                      struct dc_err *err) DC_NODISCARD;
/* The SPIFFE ID of sentry, appended to ID. */
int dc_names_sentry(const struct dc_names *names, const struct dc_settings *settings, struct dc_buf *id,
                    struct dc_err *err) DC_NODISCARD;

#endif
