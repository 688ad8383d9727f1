/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DC_BASE_WINDOWS_NETINET_IN_H
#define DC_BASE_WINDOWS_NETINET_IN_H

#include <sys/socket.h>

#endif
