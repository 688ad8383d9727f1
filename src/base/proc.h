/* SPDX-License-Identifier: Apache-2.0 */
/* Child processes. */
#ifndef DC_BASE_PROC_H
#define DC_BASE_PROC_H

#include "base/buf.h"

/* Runs ARGV (NULL-terminated, ARGV[0] a path) with INPUT on its standard input and its standard output appended to
 * OUT; standard error goes to ERR_OUT, or is inherited when that is NULL. Waits for its end: *STATUS is its exit
 * status, 128 + signal when a signal ended it. A child that closes its input early is no error. Each output at most
 * MAX bytes (DC_ELIMIT, child killed). No secret belongs into ARGV. */
int dc_proc_run(char *const argv[], const void *input, size_t input_len, size_t max, struct dc_buf *out,
                struct dc_buf *err_out, int *status, struct dc_err *err) DC_NODISCARD;

/* Becomes the program ARGV[0], a path: returns only when it cannot, or, where a process cannot become another, with
 * the exit status of the one that it has run. */
int dc_proc_become(char *const argv[], int *status, struct dc_err *err) DC_NODISCARD;

#endif
