/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/names.h"

#include <string.h>

#include "pki/spiffe.h"
#include "store/layout.h"
#include "tools/conf.h"
#include "tools/tool.h"

enum { NAME_MAX_LEN = 64 };

int dc_names_read(const struct dc_cli *cli, const char *flag, char **dir, struct dc_settings *settings,
                  struct dc_err *err) {
  struct dc_buf warnings DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  int rc = dc_layout_dir(flag, dir, err);

  if (rc < 0) return rc;
  rc = dc_conf_load(*dir, settings, &warnings, err);
  dc_tool_warn_lines(cli, &warnings);
  return rc;
}

/* NS_ENV: sentry itself has its namespace in another variable than those who look for it. */
static int pick_sentry(const char *trust_domain_flag, const char *ns_flag, const char *ns_env,
                       const struct dc_settings *settings, const char **trust_domain, const char **ns,
                       struct dc_err *err) {
  const struct dc_sources domains = {.flag = trust_domain_flag, .env = "DAPR_CONTROLPLANE_TRUST_DOMAIN",
                                     .conf = settings->control_plane_trust_domain,
                                     .standard = DC_DEFAULT_CONTROL_PLANE_TRUST_DOMAIN};
  const struct dc_sources namespaces = {.flag = ns_flag, .env = ns_env, .conf = settings->control_plane_namespace,
                                        .standard = DC_DEFAULT_CONTROL_PLANE_NAMESPACE};
  int rc = dc_settings_pick(&domains, trust_domain, err);

  return rc < 0 ? rc : dc_settings_pick(&namespaces, ns, err);
}

int dc_names_own(const char *trust_domain_flag, const char *ns_flag, const struct dc_settings *settings,
                 const char **trust_domain, const char **ns, struct dc_err *err) {
  return pick_sentry(trust_domain_flag, ns_flag, "NAMESPACE", settings, trust_domain, ns, err);
}

/* The rules of a sentry for an app id, so that what is made here could have come from one. */
static int check_app(const char *app, struct dc_err *err) {
  if (strchr(app, '.')) return dc_err_set(err, DC_EINVAL, "app id '%s' cannot contain dots", app);
  if (strlen(app) > NAME_MAX_LEN)
    return dc_err_set(err, DC_EINVAL, "app id '%s' is longer than %d characters", app, NAME_MAX_LEN);
  return 0;
}

int dc_names_workload(struct dc_names *names, const struct dc_settings *settings, const char *app, struct dc_buf *id,
                      struct dc_err *err) {
  const struct dc_sources ns = {.flag = names->ns, .env = "NAMESPACE", .conf = settings->namespace,
                                .standard = DC_DEFAULT_NAMESPACE};
  const struct dc_sources trust_domain = {.flag = names->trust_domain, .env = "DAPRCERTS_TRUST_DOMAIN",
                                          .conf = settings->trust_domain, .standard = DC_DEFAULT_TRUST_DOMAIN};
  int rc = dc_settings_pick(&ns, &names->ns, err);

  if (rc == 0) rc = dc_settings_pick(&trust_domain, &names->trust_domain, err);
  if (rc == 0) rc = check_app(app, err);
  if (rc < 0) return rc;
  rc = dc_spiffe_workload(id, dc_slice_text(names->trust_domain), dc_slice_text(names->ns), dc_slice_text(app), err);
  return rc < 0 ? dc_err_add(err, rc, "trust domain '%s', namespace '%s' and app id '%s' make no SPIFFE ID",
                             names->trust_domain, names->ns, app)
                : 0;
}

int dc_names_sentry(const struct dc_names *names, const struct dc_settings *settings, struct dc_buf *id,
                    struct dc_err *err) {
  const char *domain = NULL, *name = NULL;
  int rc = pick_sentry(names->control_plane_trust_domain, names->control_plane_ns, "DAPR_CONTROLPLANE_NAMESPACE",
                       settings, &domain, &name, err);

  if (rc == 0) rc = dc_spiffe_sentry(id, domain, name, err);
  return rc < 0 ? dc_err_add(err, rc, "sentry's identity") : 0;
}
