/* SPDX-License-Identifier: Apache-2.0 */
/* Dapr's Configuration in YAML. */
#include <stdlib.h>

#include "base/duration.h"
#include "config/dapr_config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct dc_dapr_config config;
  struct dc_buf warnings DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_err err = DC_ERR_INIT;
  if (dc_dapr_config_parse("fuzz", data, size, &config, &warnings, &err) == 0) {
    if (config.workload_ttl < DC_SECOND || config.clock_skew < 0) abort();
    dc_dapr_config_free(&config);
  } else if (!err.text[0]) {
    abort();
  }
  return 0;
}
