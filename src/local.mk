# SPDX-License-Identifier: Apache-2.0
# One static library a level directory; a program links those it uses, and the linker drops what it does not.

EXTRA_DIST += src/README.md

# --- base -------------------------------------------------------------------------------------------------------
noinst_LIBRARIES += libbase.a
libbase_a_SOURCES = \
  src/base/base64.c src/base/base64.h \
  src/base/buf.c src/base/buf.h \
  src/base/cli.c src/base/cli.h \
  src/base/clock.c src/base/clock.h \
  src/base/duration.c src/base/duration.h \
  src/base/err.c src/base/err.h \
  src/base/log.c src/base/log.h \
  src/base/mem.c src/base/mem.h \
  src/base/os.c src/base/os.h \
  src/base/path.c src/base/path.h \
  src/base/pem.c src/base/pem.h \
  src/base/proc.c src/base/proc.h

# --- the dispatcher: libc and inih alone --------------------------------------------------------------------------
bin_PROGRAMS += daprcerts
daprcerts_SOURCES = src/daprcerts.c
daprcerts_LDADD = libbase.a $(INIH_LIBS)
