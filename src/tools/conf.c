/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "tools/conf.h"

#include <unistd.h>

#include "base/path.h"
#include "store/publish.h"

int dc_conf_load(const char *dir, struct dc_settings *settings, struct dc_buf *warnings, struct dc_err *err) {
  static const char *const names[] = {DC_SETTINGS_FILE};
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  char *path DC_CLEANUP(dc_mem_free) = dc_path_join(dir, DC_SETTINGS_FILE);
  struct dc_err absent = DC_ERR_INIT;
  char target[1];

  dc_settings_init(settings);
  if (!path) return dc_err_nomem(err);
  int rc = dc_publish_read(dir, names, DC_COUNT(names), DC_SETTINGS_FILE_MAX, &text, &absent);
  if (rc && rc != DC_ENOENT) return dc_err_set(err, absent.code, "%s", absent.text);
  if (rc && readlink(path, target, sizeof target) >= 0)
    return dc_err_set(err, DC_ENOENT, "'%s' is a link to a file that is not there", path);
  if (rc) return 0; /* which is not the same as one that is empty */
  return dc_settings_parse(path, &text, settings, warnings, err);
}
