/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "rpc/wire.h"

enum { NUMBER_MAX = (1 << 29) - 1, DEPTH_MAX = 100 };

struct reader {
  const uint8_t *at, *end;
};

static bool take_varint(struct reader *r, uint64_t *value) {
  *value = 0;
  for (unsigned shift = 0; r->at < r->end && shift < 64; shift += 7) {
    uint8_t byte = *r->at++;
    if (shift == 63 && byte > 1) return false;
    *value |= (uint64_t)(byte & 0x7f) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

static bool take_tag(struct reader *r, uint32_t *number, unsigned *type) {
  uint64_t tag = 0;
  if (!take_varint(r, &tag) || tag >> 3 == 0 || tag >> 3 > NUMBER_MAX) return false;
  *number = (uint32_t)(tag >> 3);
  *type = tag & 7;
  return true;
}

static bool skip(struct reader *r, uint64_t n) {
  if (n > (uint64_t)(r->end - r->at)) return false;
  r->at += n;
  return true;
}

/* What is no group. */
static bool skip_plain(struct reader *r, unsigned type) {
  uint64_t n = 0;
  switch (type) {
    case DC_WIRE_VARINT: return take_varint(r, &n);
    case DC_WIRE_FIXED64: return skip(r, 8);
    case DC_WIRE_BYTES: return take_varint(r, &n) && skip(r, n);
    case DC_WIRE_FIXED32: return skip(r, 4);
    default: return false;
  }
}

/* From behind the start of the group NUMBER to behind its end. */
static bool skip_group(struct reader *r, uint32_t number) {
  uint32_t open[DEPTH_MAX];
  size_t depth = 0;
  unsigned type = 0;
  for (open[depth++] = number; depth > 0;) {
    if (!take_tag(r, &number, &type)) return false;
    if (type == DC_WIRE_GROUP_END) {
      if (open[--depth] != number) return false;
    } else if (type == DC_WIRE_GROUP) {
      if (depth == DEPTH_MAX) return false;
      open[depth++] = number;
    } else if (!skip_plain(r, type)) {
      return false;
    }
  }
  return true;
}

int dc_wire_keep(struct dc_slice bytes, const enum dc_wire_type *types, size_t count, struct dc_buf *room,
                 struct dc_slice *kept, struct dc_err *err) {
  struct reader r = {.at = bytes.data, .end = bytes.data + bytes.len};
  const uint8_t *run = bytes.data; /* of known fields, up to where the reader is */
  while (r.at < r.end) {
    const uint8_t *from = r.at;
    uint32_t number = 0;
    unsigned type = 0;
    if (!take_tag(&r, &number, &type) || !(type == DC_WIRE_GROUP ? skip_group(&r, number) : skip_plain(&r, type)))
      return dc_err_set(err, DC_EPROTO, "proto: cannot parse invalid wire-format data");
    if (number <= count && types[number - 1] == type) continue;
    dc_buf_add(room, run, (size_t)(from - run));
    run = r.at;
  }
  *kept = bytes;
  if (run == bytes.data) return 0;
  dc_buf_add(room, run, (size_t)(r.end - run));
  *kept = (struct dc_slice){room->data, room->len};
  return dc_buf_check(room, err);
}
