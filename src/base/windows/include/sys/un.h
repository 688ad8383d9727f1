/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DC_BASE_WINDOWS_SYS_UN_H
#define DC_BASE_WINDOWS_SYS_UN_H

#include <sys/socket.h>
#include <afunix.h>

#endif
