# SPDX-License-Identifier: Apache-2.0
# Unit tests mirror src/: tests/unit/LEVEL/FILE.c tests src/LEVEL/FILE.c, one program each, TAP on its standard output.

EXTRA_DIST += tests/unit/tap.h

if WITH_SENTRY
# --- rpc ------------------------------------------------------------------------------------------------------------
check_PROGRAMS += tests/unit/rpc/grpc tests/unit/rpc/messages
tests_unit_rpc_grpc_SOURCES = tests/unit/rpc/grpc.c
tests_unit_rpc_grpc_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests/unit
tests_unit_rpc_grpc_LDADD = $(RPC_LIBS) libbase.a
tests_unit_rpc_messages_SOURCES = tests/unit/rpc/messages.c
tests_unit_rpc_messages_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests/unit
tests_unit_rpc_messages_LDADD = $(RPC_LIBS) libbase.a
TESTS += tests/unit/rpc/grpc tests/unit/rpc/messages
endif
