/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DC_BASE_WINDOWS_ARPA_INET_H
#define DC_BASE_WINDOWS_ARPA_INET_H

#include <sys/socket.h>

#endif
