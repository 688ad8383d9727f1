/* SPDX-License-Identifier: Apache-2.0 */
#include "store/layout.h"

#include <stdlib.h>
#include <string.h>

#include "base/path.h"

const struct dc_file_row dc_layout_files[DC_FILES] = {
    [DC_FILE_CA_CRT] = {"ca.crt", 0644},         [DC_FILE_CA_KEY] = {"ca.key", 0600},
    [DC_FILE_CLIENT_CRT] = {"client.crt", 0644}, [DC_FILE_CLIENT_KEY] = {"client.key", 0600},
    [DC_FILE_ISSUER_CRT] = {"issuer.crt", 0644}, [DC_FILE_ISSUER_KEY] = {"issuer.key", 0600},
};

int dc_layout_dir(const char *flag, char **dir, struct dc_err *err) {
  const char *named = flag ? flag : getenv("DAPRCERTS_DIR"), *home = NULL;
  if (flag && !*flag) return dc_err_set(err, DC_EINVAL, "the directory's name is empty");
  if (named && *named) {
    *dir = strdup(named);
    return *dir ? 0 : dc_err_nomem(err);
  }
  int rc = dc_path_home(&home, err);
  if (rc) return dc_err_add(err, rc, "no directory is named, and the usual one is below HOME");
  *dir = dc_path_join(home, ".dapr/certs");
  return *dir ? 0 : dc_err_nomem(err);
}
