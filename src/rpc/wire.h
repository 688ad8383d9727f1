/* SPDX-License-Identifier: Apache-2.0 */
/* Protobuf's wire format below protobuf-c, which refuses what others take: groups, and a known field of another type,
 * which a newer message may have. */
#ifndef DC_RPC_WIRE_H
#define DC_RPC_WIRE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

enum dc_wire_type { DC_WIRE_VARINT = 0, DC_WIRE_FIXED64 = 1, DC_WIRE_BYTES = 2, DC_WIRE_GROUP = 3, DC_WIRE_GROUP_END = 4,
                    DC_WIRE_FIXED32 = 5 };

/* TYPES[I] is the type of the field I + 1. *KEPT are the fields of BYTES that are known by number and type; all others
 * are passed over, as unknown ones are: BYTES itself where there are none, else a copy in ROOM, which is empty before.
 * DC_EPROTO when they are no fields. */
int dc_wire_keep(struct dc_slice bytes, const enum dc_wire_type *types, size_t count, struct dc_buf *room,
                 struct dc_slice *kept, struct dc_err *err) DC_NODISCARD;

#endif
