# SPDX-License-Identifier: Apache-2.0
# Unit tests mirror src/: tests/unit/LEVEL/FILE.c tests src/LEVEL/FILE.c, one program each, TAP on its standard output.

EXTRA_DIST += tests/unit/tap.h tests/cli/lib.sh

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

# --- pki and ca -----------------------------------------------------------------------------------------------------
EXTRA_DIST += tests/unit/pki/make.h tests/unit/pki/csr-samples.h
PKI_TESTS = tests/unit/pki/cert tests/unit/pki/chain tests/unit/pki/csr tests/unit/pki/der tests/unit/pki/key \
  tests/unit/pki/san tests/unit/pki/spiffe tests/unit/ca/authority tests/unit/ca/init tests/unit/ca/sign
PKI_TEST_CPPFLAGS = $(AM_CPPFLAGS) $(GNUTLS_CFLAGS) -I$(srcdir)/tests/unit -I$(srcdir)/tests/unit/pki
PKI_TEST_LIBS = libca.a libpki.a libbase.a $(GNUTLS_LIBS)
check_PROGRAMS += $(PKI_TESTS)
TESTS += $(PKI_TESTS)
tests_unit_pki_cert_SOURCES = tests/unit/pki/cert.c
tests_unit_pki_cert_CPPFLAGS = $(PKI_TEST_CPPFLAGS)
tests_unit_pki_cert_LDADD = $(PKI_TEST_LIBS)
tests_unit_pki_chain_SOURCES = tests/unit/pki/chain.c
tests_unit_pki_chain_CPPFLAGS = $(PKI_TEST_CPPFLAGS)
tests_unit_pki_chain_LDADD = $(PKI_TEST_LIBS)
tests_unit_pki_csr_SOURCES = tests/unit/pki/csr.c
tests_unit_pki_csr_CPPFLAGS = $(PKI_TEST_CPPFLAGS)
tests_unit_pki_csr_LDADD = $(PKI_TEST_LIBS)
tests_unit_pki_der_SOURCES = tests/unit/pki/der.c
tests_unit_pki_der_CPPFLAGS = $(PKI_TEST_CPPFLAGS)
tests_unit_pki_der_LDADD = $(PKI_TEST_LIBS)
tests_unit_pki_key_SOURCES = tests/unit/pki/key.c
tests_unit_pki_key_CPPFLAGS = $(PKI_TEST_CPPFLAGS)
tests_unit_pki_key_LDADD = $(PKI_TEST_LIBS)
tests_unit_pki_san_SOURCES = tests/unit/pki/san.c
tests_unit_pki_san_CPPFLAGS = $(PKI_TEST_CPPFLAGS)
tests_unit_pki_san_LDADD = $(PKI_TEST_LIBS)
tests_unit_pki_spiffe_SOURCES = tests/unit/pki/spiffe.c
tests_unit_pki_spiffe_CPPFLAGS = $(PKI_TEST_CPPFLAGS)
tests_unit_pki_spiffe_LDADD = $(PKI_TEST_LIBS)
tests_unit_ca_authority_SOURCES = tests/unit/ca/authority.c
tests_unit_ca_authority_CPPFLAGS = $(PKI_TEST_CPPFLAGS)
tests_unit_ca_authority_LDADD = $(PKI_TEST_LIBS)
tests_unit_ca_init_SOURCES = tests/unit/ca/init.c
tests_unit_ca_init_CPPFLAGS = $(PKI_TEST_CPPFLAGS)
tests_unit_ca_init_LDADD = $(PKI_TEST_LIBS)
tests_unit_ca_sign_SOURCES = tests/unit/ca/sign.c
tests_unit_ca_sign_CPPFLAGS = $(PKI_TEST_CPPFLAGS)
tests_unit_ca_sign_LDADD = $(PKI_TEST_LIBS)

# --- ca-init and issue, by openssl and certtool ------------------------------------------------------------------------
dist_check_SCRIPTS += tests/cli/ca-init.sh tests/cli/issue.sh
TESTS += tests/cli/ca-init.sh tests/cli/issue.sh
EXTRA_DIST += tests/cli/openssl-ca.sh

# --- other people's clients ------------------------------------------------------------------------------------------
EXTRA_DIST += tests/interop/server.sh tests/interop/go-env.sh tests/interop/go-home.sh \
  tests/interop/fetch-peers.sh tests/interop/go.mod tests/interop/go.sum tests/interop/main_test.go \
  tests/interop/certificate_test.go tests/interop/contract_test.go tests/interop/dapr_test.go \
  tests/interop/old_sidecars_test.go tests/interop/peer/peer.go tests/interop/cmd/sidecar/main.go \
  tests/interop/cmd/bench/main.go tests/interop/sentry.proto tests/interop/client.py
INTEROP_TESTS = tests/interop/go.sh tests/interop/python.sh tests/interop/tools.sh
dist_check_SCRIPTS += $(INTEROP_TESTS)
if WITH_SENTRY
TESTS += $(INTEROP_TESTS)
endif

# --- the server, by its command line and by peers that break the rules ---------------------------------------------------
EXTRA_DIST += tests/sentry/peer.py
SENTRY_TESTS = tests/cli/sentry.sh
dist_check_SCRIPTS += $(SENTRY_TESTS)
if WITH_SENTRY
TESTS += $(SENTRY_TESTS)
endif

# --- the dispatcher and env-export, in real shells ----------------------------------------------------------------------
dist_check_SCRIPTS += tests/cli/daprcerts.sh tests/cli/env-export.sh
TESTS += tests/cli/daprcerts.sh tests/cli/env-export.sh

# --- fuzz targets: corpus replayed by make check, libFuzzer with --enable-fuzzing CC=clang -----------------------------
EXTRA_DIST += tests/fuzz/corpus
FUZZ_TARGETS = tests/fuzz/cert tests/fuzz/config tests/fuzz/csr tests/fuzz/pem
if WITH_SENTRY
FUZZ_TARGETS += tests/fuzz/h2 tests/fuzz/message
endif
check_PROGRAMS += $(FUZZ_TARGETS)
if FUZZING
FUZZ_MAIN =
FUZZ_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
else
FUZZ_MAIN = tests/fuzz/replay.c
FUZZ_LDFLAGS = $(AM_LDFLAGS)
TESTS += $(FUZZ_TARGETS)
endif
FUZZ_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests/unit
tests_fuzz_cert_SOURCES = tests/fuzz/cert.c $(FUZZ_MAIN)
tests_fuzz_cert_CPPFLAGS = $(FUZZ_CPPFLAGS) -DFUZZ_TARGET='"cert"'
tests_fuzz_cert_LDFLAGS = $(FUZZ_LDFLAGS)
tests_fuzz_cert_LDADD = libpki.a libbase.a $(GNUTLS_LIBS)
tests_fuzz_config_SOURCES = tests/fuzz/config.c $(FUZZ_MAIN)
tests_fuzz_config_CPPFLAGS = $(FUZZ_CPPFLAGS) -DFUZZ_TARGET='"config"'
tests_fuzz_config_LDFLAGS = $(FUZZ_LDFLAGS)
tests_fuzz_config_LDADD = libconfig.a libbase.a $(YAML_LIBS) $(INIH_LIBS)
tests_fuzz_csr_SOURCES = tests/fuzz/csr.c $(FUZZ_MAIN)
tests_fuzz_csr_CPPFLAGS = $(FUZZ_CPPFLAGS) -DFUZZ_TARGET='"csr"'
tests_fuzz_csr_LDFLAGS = $(FUZZ_LDFLAGS)
tests_fuzz_csr_LDADD = libpki.a libbase.a $(GNUTLS_LIBS)
tests_fuzz_h2_SOURCES = tests/fuzz/h2.c $(FUZZ_MAIN)
tests_fuzz_h2_CPPFLAGS = $(FUZZ_CPPFLAGS) -DFUZZ_TARGET='"h2"'
tests_fuzz_h2_LDFLAGS = $(FUZZ_LDFLAGS)
tests_fuzz_h2_LDADD = $(RPC_LIBS) libbase.a
tests_fuzz_message_SOURCES = tests/fuzz/message.c $(FUZZ_MAIN)
tests_fuzz_message_CPPFLAGS = $(FUZZ_CPPFLAGS) -DFUZZ_TARGET='"message"'
tests_fuzz_message_LDFLAGS = $(FUZZ_LDFLAGS)
tests_fuzz_message_LDADD = $(RPC_LIBS) libbase.a
tests_fuzz_pem_SOURCES = tests/fuzz/pem.c $(FUZZ_MAIN)
tests_fuzz_pem_CPPFLAGS = $(FUZZ_CPPFLAGS) -DFUZZ_TARGET='"pem"'
tests_fuzz_pem_LDFLAGS = $(FUZZ_LDFLAGS)
tests_fuzz_pem_LDADD = libbase.a

# --- base and store ----------------------------------------------------------------------------------------------------
BASE_TESTS = tests/unit/base/cli tests/unit/base/clock tests/unit/base/duration tests/unit/base/log \
  tests/unit/base/os tests/unit/base/pem tests/unit/store/publish
BASE_TEST_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests/unit
check_PROGRAMS += $(BASE_TESTS)
TESTS += $(BASE_TESTS)
tests_unit_base_cli_SOURCES = tests/unit/base/cli.c
tests_unit_base_cli_CPPFLAGS = $(BASE_TEST_CPPFLAGS)
tests_unit_base_cli_LDADD = libbase.a
tests_unit_base_clock_SOURCES = tests/unit/base/clock.c
tests_unit_base_clock_CPPFLAGS = $(BASE_TEST_CPPFLAGS)
tests_unit_base_clock_LDADD = libbase.a
tests_unit_base_duration_SOURCES = tests/unit/base/duration.c
tests_unit_base_duration_CPPFLAGS = $(BASE_TEST_CPPFLAGS)
tests_unit_base_duration_LDADD = libbase.a
tests_unit_base_log_SOURCES = tests/unit/base/log.c
tests_unit_base_log_CPPFLAGS = $(BASE_TEST_CPPFLAGS)
tests_unit_base_log_LDADD = libbase.a
tests_unit_base_os_SOURCES = tests/unit/base/os.c
tests_unit_base_os_CPPFLAGS = $(BASE_TEST_CPPFLAGS)
tests_unit_base_os_LDADD = libbase.a
tests_unit_base_pem_SOURCES = tests/unit/base/pem.c
tests_unit_base_pem_CPPFLAGS = $(BASE_TEST_CPPFLAGS)
tests_unit_base_pem_LDADD = libbase.a
tests_unit_store_publish_SOURCES = tests/unit/store/publish.c
tests_unit_store_publish_CPPFLAGS = $(BASE_TEST_CPPFLAGS)
tests_unit_store_publish_LDADD = libstore.a libbase.a
