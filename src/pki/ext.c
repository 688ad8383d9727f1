/* SPDX-License-Identifier: Apache-2.0 */
/* Certificate extensions. */
#include "config.h"

#include "pki/ext.h"

int dc_ext_next(struct dc_slice *at, struct dc_ext *ext, struct dc_err *err) {
  struct dc_slice fields;
  struct dc_ext got = {.critical = false};

  if (at->len == 0) return 0;
  if (!dc_der_take(at, DC_DER_SEQUENCE, &fields) || !dc_der_take(&fields, DC_DER_OID, &got.oid) ||
      (dc_der_peek(fields, DC_DER_BOOLEAN) && !dc_der_take_bool(&fields, &got.critical)) ||
      !dc_der_take(&fields, DC_DER_OCTET_STRING, &got.value) || fields.len)
    return dc_err_set(err, DC_EINVAL, "malformed extension");
  *ext = got;
  return 1;
}

struct dc_ext_mark dc_ext_begin(struct dc_buf *out, struct dc_slice oid, bool critical) {
  struct dc_ext_mark mark;

  mark.all = dc_der_begin(out, DC_DER_SEQUENCE);
  dc_der_add_slice(out, DC_DER_OID, oid);
  if (critical) dc_der_add(out, DC_DER_BOOLEAN, "\xff", 1);
  mark.value = dc_der_begin(out, DC_DER_OCTET_STRING);
  return mark;
}

void dc_ext_end(struct dc_buf *out, struct dc_ext_mark mark) {
  dc_der_end(out, mark.value);
  dc_der_end(out, mark.all);
}
