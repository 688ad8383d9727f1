/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DC_BASE_WINDOWS_NETDB_H
#define DC_BASE_WINDOWS_NETDB_H

#include <sys/socket.h>

#endif
