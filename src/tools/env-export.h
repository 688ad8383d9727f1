/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DC_TOOLS_ENV_EXPORT_H
#define DC_TOOLS_ENV_EXPORT_H

/* daprcerts env-export, built into the dispatcher: people put it in a shell's start-up file. Returns its exit status. */
int dc_env_export(int argc, char **argv);

#endif
