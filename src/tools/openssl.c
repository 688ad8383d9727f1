/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/openssl.h"

#include "base/os.h"
#include "tools/tool.h"

int dc_openssl_read(const struct dc_cli *cli, const char *path, enum dc_profile_use use, struct dc_profile_conf *out,
                    struct dc_err *err) {
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, warnings DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  int rc = dc_os_read_file(path, DC_OPENSSL_CONF_FILE_MAX, &text, err);

  if (rc == 0) rc = dc_profile_conf_read(path, &text, use, out, &warnings, err);
  dc_tool_warn_lines(cli, &warnings);
  return rc;
}
