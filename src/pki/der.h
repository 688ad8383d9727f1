/* SPDX-License-Identifier: Apache-2.0 */
/* DER (X.690): a reader that borrows from the bytes it reads, and a writer into a dc_buf.
 *
 * The reader takes DER alone: definite lengths in their shortest form, tags of one byte, at most 16 MB. It never
 * reads behind its end, allocates nothing and does not recurse. */
#ifndef DC_PKI_DER_H
#define DC_PKI_DER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

enum {
  DC_DER_BOOLEAN = 0x01,
  DC_DER_INTEGER = 0x02,
  DC_DER_BIT_STRING = 0x03,
  DC_DER_OCTET_STRING = 0x04,
  DC_DER_NULL = 0x05,
  DC_DER_OID = 0x06,
  DC_DER_UTF8 = 0x0c,
  DC_DER_PRINTABLE = 0x13,
  DC_DER_IA5 = 0x16,
  DC_DER_UTC_TIME = 0x17,
  DC_DER_GENERALIZED_TIME = 0x18,
  DC_DER_SEQUENCE = 0x30,
  DC_DER_SET = 0x31,
};
/* Context-specific tags: of simple content, and of constructed. */
#define DC_DER_CONTEXT(n) (0x80 | (n))
#define DC_DER_CONTEXT_SEQ(n) (0xa0 | (n))

/* --- reading: each moves AT behind what it took, and leaves it alone when it returns false --- */

/* The next element, whatever its tag: *TAG, its content, and (ELEMENT may be NULL) all of its bytes. */
bool dc_der_next(struct dc_slice *at, unsigned char *tag, struct dc_slice *content, struct dc_slice *element);
/* The next element, which must bear TAG. */
bool dc_der_take(struct dc_slice *at, unsigned char tag, struct dc_slice *content);
/* The same, and all of its bytes. */
bool dc_der_take_element(struct dc_slice *at, unsigned char tag, struct dc_slice *content, struct dc_slice *element);
/* Whether the next element bears TAG. */
bool dc_der_peek(struct dc_slice at, unsigned char tag);
/* INTEGER: a small non-negative number; the content of any positive one without its leading zero byte. */
bool dc_der_take_number(struct dc_slice *at, uint32_t *number);
bool dc_der_take_unsigned(struct dc_slice *at, struct dc_slice *magnitude);
bool dc_der_take_bool(struct dc_slice *at, bool *value);
/* BIT STRING of whole bytes. */
bool dc_der_take_bits(struct dc_slice *at, struct dc_slice *bytes);
/* UTCTime or GeneralizedTime as RFC 5280 has them (seconds, Z), as seconds since 1970. */
bool dc_der_take_time(struct dc_slice *at, int64_t *seconds);

/* "1.2.840.10045.4.3.2" of an OID's content; BUF has DC_DER_OID_TEXT_MAX bytes; returns BUF. */
enum { DC_DER_OID_TEXT_MAX = 128 };
const char *dc_der_oid_text(struct dc_slice oid, char *buf);

/* --- writing --- */

/* Begins an element of unknown length; what is appended until dc_der_end(out, the returned mark) is its content. */
size_t dc_der_begin(struct dc_buf *out, unsigned char tag);
void dc_der_end(struct dc_buf *out, size_t mark);
/* A whole element. */
void dc_der_add(struct dc_buf *out, unsigned char tag, const void *content, size_t n);
void dc_der_add_slice(struct dc_buf *out, unsigned char tag, struct dc_slice content);
/* INTEGER, from a small number or from a big-endian magnitude. */
void dc_der_add_number(struct dc_buf *out, uint32_t number);
void dc_der_add_unsigned(struct dc_buf *out, const unsigned char *magnitude, size_t n);
/* BIT STRING of whole bytes. */
void dc_der_add_bits(struct dc_buf *out, const void *bytes, size_t n);
/* BIT STRING of named bits, a flag each: bit 0 is the first octet's highest, zero bits at the end are left out (X.690,
 * 11.2.2). At most 16 of them. */
void dc_der_add_named_bits(struct dc_buf *out, unsigned bits);
/* OBJECT IDENTIFIER from "1.2.840.113549.1.9.1". False, and nothing is appended, when it is none: arcs below 2^32. */
bool dc_der_add_oid_text(struct dc_buf *out, const char *text);
/* UTCTime until 2049, GeneralizedTime from 2050 (RFC 5280, 4.1.2.5). */
void dc_der_add_time(struct dc_buf *out, int64_t seconds);

#endif
