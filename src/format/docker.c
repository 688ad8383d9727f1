/* SPDX-License-Identifier: Apache-2.0 */
/* docker run: `-e NAME` takes the value from the environment, where newlines are no trouble; its --env-file cannot
 * hold them. So: eval $(daprcerts env-export), then docker run $(daprcerts env-export --format docker) IMAGE. */
#include "format/env.h"

static void set(const struct dc_env_var *vars, size_t count, struct dc_buf *out) {
  for (size_t i = 0; i < count; i++) dc_buf_printf(out, "%s-e %s", i ? " " : "", vars[i].name);
  dc_buf_add_byte(out, '\n');
}

const struct dc_env_format dc_docker_env = {.name = "docker", .set = set, .failure = ""};
