/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "tools/root_key.h"

#include <unistd.h>

#include "base/os.h"
#include "store/publish.h"

int dc_root_key_put(const char *path, struct dc_slice pem, struct dc_err *err) {
  return dc_os_write_atomic(path, 0600, pem.data, pem.len, false, err);
}

void dc_root_key_take_back(const char *path, const char *dir) {
  if (!dc_publish_is_marked(dir)) (void)unlink(path);
}
