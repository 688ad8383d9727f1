/* SPDX-License-Identifier: Apache-2.0 */
/* .daprcerts/state: what the certificates of a directory do not tell of a rotation under way (inih). It is published
 * with them, so that it never tells of others. */
#ifndef DC_CONFIG_STATE_H
#define DC_CONFIG_STATE_H

#include <stdint.h>

#include "base/buf.h"

enum { DC_STATE_RETIRING_MAX = 8, DC_STATE_PRINT_MAX = 65 };

/* Instants are seconds since 1970; 0: nothing of the kind. */
struct dc_state {
  int64_t since;     /* the newest root is in ca.crt: who started before then does not know it, */
  int64_t until;     /* and has to be restarted before then */
  int64_t retire;    /* the roots below leave ca.crt: what their issuers signed has ended */
  int64_t switch_at; /* the staged root takes over */
  char retiring[DC_STATE_RETIRING_MAX][DC_STATE_PRINT_MAX]; /* their SHA-256 fingerprints, in hex */
  size_t retiring_count;
  bool root_key_elsewhere; /* ca.key is kept outside of the directory, on purpose */
};

/* An empty TEXT is the state of a directory that was never rotated. DC_EINVAL: a line or key that we do not know, or an
 * instant that is none. */
int dc_state_parse(const struct dc_buf *text, struct dc_state *state, struct dc_err *err) DC_NODISCARD;
void dc_state_text(const struct dc_state *state, struct dc_buf *out);
bool dc_state_retires(const struct dc_state *state, const char *print);
/* Notes PRINT among those to leave, once. DC_ELIMIT. */
int dc_state_retire(struct dc_state *state, const char *print, struct dc_err *err) DC_NODISCARD;
bool dc_state_is_empty(const struct dc_state *state);

#endif
