/* SPDX-License-Identifier: Apache-2.0 */
/* Where the suite's other programs are. */
#ifndef DC_TOOLS_PROGRAM_H
#define DC_TOOLS_PROGRAM_H

/* The path of daprcerts-NAME, heap; NULL when there is none that can be run. $DAPRCERTS_EXEC_PATH alone when it is
 * set; else beside the program that ARGV0 names, which finds a build tree; else where it is installed. */
char *dc_program_find(const char *argv0, const char *name);

#endif
