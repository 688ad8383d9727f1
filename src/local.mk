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

# --- pki: X.509, with rpc/tls the only user of GnuTLS -------------------------------------------------------------
noinst_LIBRARIES += libpki.a
libpki_a_CPPFLAGS = $(AM_CPPFLAGS) $(GNUTLS_CFLAGS)
libpki_a_SOURCES = \
  src/pki/bundle.c src/pki/bundle.h \
  src/pki/cert.c src/pki/cert.h \
  src/pki/chain.c src/pki/chain.h \
  src/pki/csr.c src/pki/csr.h \
  src/pki/der.c src/pki/der.h \
  src/pki/ext.c src/pki/ext.h \
  src/pki/key.c src/pki/key.h \
  src/pki/name.c src/pki/name.h \
  src/pki/oid.h \
  src/pki/profile.c src/pki/profile.h \
  src/pki/san.c src/pki/san.h \
  src/pki/spiffe.c src/pki/spiffe.h \
  src/pki/spki.c src/pki/spki.h

# --- ca: what an authority does -------------------------------------------------------------------------------------
noinst_LIBRARIES += libca.a
libca_a_SOURCES = \
  src/ca/authority.c src/ca/authority.h \
  src/ca/init.c src/ca/init.h \
  src/ca/sign.c src/ca/sign.h
