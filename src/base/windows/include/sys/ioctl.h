/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DC_BASE_WINDOWS_SYS_IOCTL_H
#define DC_BASE_WINDOWS_SYS_IOCTL_H

#include <sys/socket.h>

#endif
