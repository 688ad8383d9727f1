/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8, RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef DC_BASE_UTF8_H
#define DC_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The length, 1 to 4, of the sequence that begins at S (N bytes, N > 0); 0 when there is none. */
size_t dc_utf8_length(const uint8_t *s, size_t n);
/* The code point of a sequence whose LENGTH dc_utf8_length gave. */
uint32_t dc_utf8_rune(const uint8_t *s, size_t length);
/* The length of the control character that begins at S (N bytes, N > 0): C0, DEL or C1, which a terminal may obey; 0 when
 * there is none. */
size_t dc_utf8_control(const uint8_t *s, size_t n);
bool dc_utf8_valid(const uint8_t *s, size_t n);

#endif
