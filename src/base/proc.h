/* SPDX-License-Identifier: Apache-2.0 */
/* Child processes. */
#ifndef DC_BASE_PROC_H
#define DC_BASE_PROC_H

#include <stdbool.h>

#include "base/buf.h"

/* Runs ARGV (NULL-terminated, ARGV[0] a path) with INPUT on its standard input and its standard output appended to
 * OUT; standard error goes to ERR_OUT, or is inherited when that is NULL. Waits for its end: *STATUS is its exit
 * status, 128 + signal when a signal ended it. A child that closes its input early is no error. Each output at most
 * MAX bytes (DC_ELIMIT, child killed). No secret belongs into ARGV. */
int dc_proc_run(char *const argv[], const void *input, size_t input_len, size_t max, struct dc_buf *out,
                struct dc_buf *err_out, int *status, struct dc_err *err) DC_NODISCARD;

/* Goes on in a child in the background, of a session of its own, which no key of the terminal and no end of its shell
 * reaches. In the child *CHILD is true, and *READY an end of a pipe to the caller, who returns once a byte has come by it,
 * with *STATUS 0, or once the child has ended, with its exit status. On Windows the child begins again, with the same
 * words, and comes here like its caller. Before any thread, lock or event loop is made. */
int dc_proc_background(bool *child, int *ready, int *status, struct dc_err *err) DC_NODISCARD;

/* Becomes the program ARGV[0], a path: returns only when it cannot, or, where a process cannot become another, with
 * the exit status of the one that it has run. */
int dc_proc_become(char *const argv[], int *status, struct dc_err *err) DC_NODISCARD;

#endif
