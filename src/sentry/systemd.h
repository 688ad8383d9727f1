/* SPDX-License-Identifier: Apache-2.0 */
/* What a service manager of systemd's kind gives and wants to hear: sd_notify(3) and sd_listen_fds(3), which are a
 * datagram and some environment variables. Without such a manager every call does nothing. */
#ifndef DC_SENTRY_SYSTEMD_H
#define DC_SENTRY_SYSTEMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sends STATE ("READY=1", lines) to $NOTIFY_SOCKET, a path or an abstract name. Best effort, silent. */
void dc_systemd_notify(const char *state);
/* "RELOADING=1" with the monotonic time that Type=notify-reload wants. */
void dc_systemd_notify_reloading(void);

/* How often "WATCHDOG=1" is due, in milliseconds: half of $WATCHDOG_USEC; 0 when nobody watches this process. */
uint64_t dc_systemd_watchdog_ms(void);

/* The descriptors that were passed for the listener NAME (LISTEN_FDNAMES; one without a name of ours is the gRPC
 * server's, "grpc"): up to MAX are written to FDS, their number is returned. Each is marked close-on-exec. */
size_t dc_systemd_listen_fds(const char *name, int *fds, size_t max);

#endif
