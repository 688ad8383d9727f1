/* SPDX-License-Identifier: Apache-2.0 */
/* A server in the background, and one server a pid file. */
#ifndef DC_TOOLS_DAEMON_H
#define DC_TOOLS_DAEMON_H

#include <stdbool.h>

#include "base/err.h"

/* Goes on in a child in the background (base/proc.h). The caller returns here only once the child called dc_daemon_ready or
 * ended: *ENDS is true then, and *STATUS its exit status, 0 for one that is ready. In the child *ENDS is false. */
int dc_daemon_fork(bool *ends, int *status, struct dc_err *err) DC_NODISCARD;
/* Lets the caller's caller go on, and leaves its standard streams. Nothing in a process that did not fork. */
void dc_daemon_ready(void);

struct dc_pid_file {
  int fd;
  const char *path; /* borrowed */
};
#define DC_PID_FILE_INIT {.fd = -1}

/* Writes this process's number into PATH (mode 0644) and holds the file until it ends, however that comes about.
 * DC_EBUSY names another process that does. */
int dc_pid_file_take(const char *path, struct dc_pid_file *file, struct dc_err *err) DC_NODISCARD;
void dc_pid_file_remove(struct dc_pid_file *file); /* for DC_CLEANUP too */
/* The number of the process that holds PATH. 1: none does. */
int dc_pid_file_holder(const char *path, long *process, struct dc_err *err) DC_NODISCARD;
/* Has that process end as by SIGTERM, and waits for it. 1: none does. */
int dc_pid_file_stop(const char *path, struct dc_err *err) DC_NODISCARD;

#endif
