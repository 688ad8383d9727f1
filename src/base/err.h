/* SPDX-License-Identifier: Apache-2.0 */
/* Errors: a code that callers branch on, a text that a person reads.
 *
 * What can fail returns 0 or a negative enum dc_code and takes a last `struct dc_err *err`, which may be NULL.
 * The text is written once, where the error arises; callers add context in front of it. It begins in lower case,
 * says what failed, on what, why, and what to do, has no full stop at its end, and never holds secret bytes. */
#ifndef DC_BASE_ERR_H
#define DC_BASE_ERR_H

#include "base/mem.h"

enum dc_code {
  DC_OK = 0,
  DC_ENOMEM = -1,    /* memory ran out */
  DC_EIO = -2,       /* the system refused a read, write or call */
  DC_ENOENT = -3,    /* something named is not there */
  DC_EEXIST = -4,    /* something is there that must not be replaced */
  DC_EACCES = -5,    /* the file system denies it */
  DC_EBUSY = -6,     /* another process holds the lock, another server the port */
  DC_EINVAL = -7,    /* bytes or a value that break their format */
  DC_EUSAGE = -8,    /* a command line that breaks its grammar */
  DC_EMISMATCH = -9, /* well-formed pieces that do not belong together */
  DC_EEXPIRED = -10, /* out of its time of validity */
  DC_EWEAK = -11,    /* a key or algorithm below the accepted strength */
  DC_ECRYPTO = -12,  /* GnuTLS failed */
  DC_EDENIED = -13,  /* the peer, or our policy, says no */
  DC_EUNAVAIL = -14, /* the peer cannot be reached or cannot serve now */
  DC_ETIMEOUT = -15, /* a deadline passed */
  DC_EPROTO = -16,   /* the peer breaks the protocol */
  DC_ELIMIT = -17,   /* larger or more than accepted */
  DC_EUNSUPPORTED = -18,
};

enum { DC_ERR_TEXT_MAX = 1024 };

struct dc_err {
  enum dc_code code;
  char text[DC_ERR_TEXT_MAX]; /* always terminated; a longer text is cut with "..." */
};

#define DC_ERR_INIT {.code = DC_OK}

/* Each returns the code, so that `return dc_err_set(...)` is the usual form. */
int dc_err_set(struct dc_err *err, enum dc_code code, const char *fmt, ...) DC_PRINTF(3, 4);
/* "<text>: <strerror(errnum)>"; the code follows from errnum: ENOENT, EEXIST, EACCES/EPERM, ENOMEM, else DC_EIO. */
int dc_err_sys(struct dc_err *err, int errnum, const char *fmt, ...) DC_PRINTF(3, 4);
/* Puts "<context>: " before the text and returns CODE unchanged: return dc_err_add(err, rc, "root '%s'", path). */
int dc_err_add(struct dc_err *err, int code, const char *fmt, ...) DC_PRINTF(3, 4);
int dc_err_nomem(struct dc_err *err);

#endif
