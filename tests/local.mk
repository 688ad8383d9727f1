# SPDX-License-Identifier: Apache-2.0
# Unit tests mirror src/: tests/unit/LEVEL/FILE.c tests src/LEVEL/FILE.c, one program each, TAP on its standard output.
# To add one, add its name: automake takes NAME.c for its source, and what no NAME_LDADD says is linked from LDADD.

EXTRA_DIST += tests/unit/tap.h tests/unit/folder.h tests/unit/pki/make.h tests/unit/ca/held.h tests/unit/pki/csr-samples.h tests/cli/lib.sh \
  tests/unit/pki/jose-data.h tests/unit/pki/jose_peer.py tests/data/jose tests/data/wycheproof
AM_DEFAULT_SOURCE_EXT = .c
AM_CPPFLAGS += -I$(srcdir)/tests/unit

# Every library; --as-needed and the archives leave out what a test does not use.
LDADD =
if WITH_SENTRY
LDADD += libsentry.a libclient.a librpc.a libproto.a
endif
LDADD += libca.a libdial.a libpki.a libstore.a libconfig.a libformat.a libbase.a $(GNUTLS_LIBS) $(JANSSON_LIBS) \
  $(YAML_LIBS) $(INIH_LIBS)
if WITH_SENTRY
LDADD += $(UV_LIBS) $(MICROHTTPD_LIBS) $(NGHTTP2_LIBS) $(PROTOBUF_C_LIBS)
endif

UNIT_TESTS = \
  tests/unit/base/base64 \
  tests/unit/base/buf \
  tests/unit/base/cli \
  tests/unit/base/clock \
  tests/unit/base/dir \
  tests/unit/base/duration \
  tests/unit/base/err \
  tests/unit/base/log \
  tests/unit/base/path \
  tests/unit/base/pem \
  tests/unit/base/utf8 \
  tests/unit/ca/authority \
  tests/unit/ca/certificates \
  tests/unit/ca/holdings \
  tests/unit/ca/init \
  tests/unit/ca/crosses \
  tests/unit/ca/plan \
  tests/unit/ca/rotate \
  tests/unit/ca/sign \
  tests/unit/ca/token_signer \
  tests/unit/config/allow \
  tests/unit/config/dapr_config \
  tests/unit/config/openssl_conf \
  tests/unit/config/settings \
  tests/unit/config/state \
  tests/unit/format/env \
  tests/unit/format/k8s \
  tests/unit/pki/bundle \
  tests/unit/pki/cert \
  tests/unit/pki/chain \
  tests/unit/pki/csr \
  tests/unit/pki/der \
  tests/unit/pki/jwk \
  tests/unit/pki/jws \
  tests/unit/pki/jwt \
  tests/unit/pki/key \
  tests/unit/pki/name \
  tests/unit/pki/profile \
  tests/unit/pki/san \
  tests/unit/pki/spiffe \
  tests/unit/pki/constraints \
  tests/unit/pki/spki \
  tests/unit/store/publish \
  tests/unit/store/set
if WINDOWS
UNIT_TESTS += tests/unit/base/os_windows tests/unit/store/lock_windows
else
UNIT_TESTS += tests/unit/base/os tests/unit/base/proc tests/unit/store/lock
endif
if WITH_SENTRY
UNIT_TESTS += \
  tests/unit/client/client \
  tests/unit/client/socket \
  tests/unit/rpc/grpc \
  tests/unit/rpc/h2 \
  tests/unit/rpc/messages \
  tests/unit/rpc/tls \
  tests/unit/sentry/bind \
  tests/unit/sentry/expiry \
  tests/unit/sentry/flood \
  tests/unit/sentry/health \
  tests/unit/sentry/http \
  tests/unit/sentry/jwks \
  tests/unit/sentry/metrics \
  tests/unit/sentry/policy \
  tests/unit/sentry/reload \
  tests/unit/sentry/restart \
  tests/unit/sentry/service \
  tests/unit/sentry/validator \
  tests/unit/sentry/watch
# systemd's sockets and messages
if !WINDOWS
UNIT_TESTS += tests/unit/sentry/systemd
endif
endif
check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)
tests_unit_pki_cert_CPPFLAGS = $(AM_CPPFLAGS) $(GNUTLS_CFLAGS)
tests_unit_pki_jwk_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
tests_unit_pki_jws_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
tests_unit_pki_jwt_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
tests_unit_pki_name_CPPFLAGS = $(AM_CPPFLAGS) $(GNUTLS_CFLAGS)
tests_unit_pki_profile_CPPFLAGS = $(AM_CPPFLAGS) $(GNUTLS_CFLAGS)
tests_unit_pki_spki_CPPFLAGS = $(AM_CPPFLAGS) $(GNUTLS_CFLAGS)
tests_unit_rpc_tls_CPPFLAGS = $(AM_CPPFLAGS) $(GNUTLS_CFLAGS)
tests_unit_rpc_h2_CPPFLAGS = $(AM_CPPFLAGS) $(NGHTTP2_CFLAGS)
tests_unit_format_env_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
tests_unit_sentry_jwks_CPPFLAGS = $(AM_CPPFLAGS) $(UV_CFLAGS)
tests_unit_sentry_policy_CPPFLAGS = $(AM_CPPFLAGS) $(UV_CFLAGS)

# --- the offline tools, by openssl, certtool and PyJWT ---------------------------------------------------------------
OFFLINE_TESTS = \
  tests/cli/ca-init-conf.sh \
  tests/cli/ca-init.sh \
  tests/cli/fingerprint.sh \
  tests/cli/inspect.sh \
  tests/cli/issue.sh \
  tests/cli/kube-export.sh \
  tests/cli/kube-import.sh \
  tests/cli/rotate-made.sh \
  tests/cli/rotate-owner.sh \
  tests/cli/rotate.sh \
  tests/cli/status.sh \
  tests/cli/token.sh \
  tests/cli/verify.sh
dist_check_SCRIPTS += $(OFFLINE_TESTS)
TESTS += $(OFFLINE_TESTS)
EXTRA_DIST += tests/cli/openssl-ca.sh tests/cli/rotated.sh

# --- publications, disturbed at each call --------------------------------------------------------------------------------
dist_check_SCRIPTS += tests/faults/faults.sh
EXTRA_DIST += tests/faults/disk.py tests/faults/faults.py tests/faults/shim.c
if !WINDOWS
TESTS += tests/faults/faults.sh
check_PROGRAMS += tests/faults/set
tests_faults_set_LDADD = libstore.a libbase.a
# preloaded, so no program and no archive: libtool for one file would be much
check_DATA = tests/faults/shim.so
CLEANFILES += tests/faults/shim.so
tests/faults/shim.so: tests/faults/shim.c
	@$(MKDIR_P) tests/faults
	$(AM_V_CC)$(CC) $(WARN_CFLAGS) $(CFLAGS) -fPIC -shared -o $@ $(srcdir)/tests/faults/shim.c -ldl
endif

# --- other people's clients ------------------------------------------------------------------------------------------
EXTRA_DIST += tests/interop/server.sh tests/interop/go-env.sh tests/interop/go-home.sh \
  tests/interop/fetch-peers.sh tests/interop/go.mod tests/interop/go.sum tests/interop/main_test.go \
  tests/interop/certificate_test.go tests/interop/contract_test.go tests/interop/dapr_test.go \
  tests/interop/jwt_test.go tests/interop/rotation_test.go \
  tests/interop/old_sidecars_test.go tests/interop/peer/peer.go tests/interop/peer/process.go \
  tests/interop/cmd/kube/main.go tests/interop/cmd/sidecar/main.go tests/interop/cmd/soak/main.go tests/interop/cmd/soak/load.go \
  tests/interop/cmd/soak/bad.go tests/interop/cmd/soak/reload.go \
  tests/interop/cmd/traffic/main.go tests/interop/cmd/traffic/mesh.go tests/interop/cmd/traffic/sidecars.go \
  tests/interop/cmd/traffic/stages.go tests/interop/cmd/traffic/dapr.go tests/interop/peer/either.go tests/interop/peer/old.go \
  tests/interop/cmd/bench/main.go tests/interop/cmd/bench/program.go tests/interop/sentry.proto tests/interop/client.py \
  tests/interop/verifiers.py
EXTRA_DIST += tests/interop/step/go.mod tests/interop/step/go.sum tests/interop/step/tools.go
INTEROP_TESTS = tests/interop/container.sh tests/interop/go.sh tests/interop/guide.sh tests/interop/habits.sh tests/interop/h2spec.sh tests/interop/python.sh tests/interop/tools.sh \
  tests/interop/traffic.sh tests/interop/verifiers.sh
dist_check_SCRIPTS += $(INTEROP_TESTS)
if WITH_SENTRY
TESTS += $(INTEROP_TESTS)
endif

# --- openssl's configurations, beside openssl ----------------------------------------------------------------------------
EXTRA_DIST += tests/interop/openssl_conf.py
dist_check_SCRIPTS += tests/interop/openssl_conf.sh
TESTS += tests/interop/openssl_conf.sh

# --- the server, by its command line and by peers that break the rules ---------------------------------------------------
EXTRA_DIST += \
  tests/sentry/drain.py \
  tests/sentry/jwt_peer.py \
  tests/sentry/kept.sh \
  tests/sentry/limits.py \
  tests/sentry/notify.py \
  tests/sentry/peer.py \
  tests/sentry/sockets.py \
  tests/sentry/web.py \
  tests/sentry/wire.py
SENTRY_TESTS = \
  tests/cli/down.sh \
  tests/cli/sentry.sh \
  tests/cli/up.sh \
  tests/sentry/ask.sh \
  tests/sentry/audit.sh \
  tests/sentry/clock.sh \
  tests/sentry/daemon.sh \
  tests/sentry/drain.sh \
  tests/sentry/http.sh \
  tests/sentry/identities.sh \
  tests/sentry/jwks.sh \
  tests/sentry/jwt.sh \
  tests/sentry/limits.sh \
  tests/sentry/oidc.sh \
  tests/sentry/policy.sh \
  tests/sentry/reload.sh \
  tests/sentry/rotate.sh \
  tests/sentry/shown.sh \
  tests/sentry/soak.sh \
  tests/sentry/story.sh \
  tests/sentry/system-ca.sh \
  tests/sentry/systemd.sh
dist_check_SCRIPTS += $(SENTRY_TESTS)
if WITH_SENTRY
TESTS += $(SENTRY_TESTS)
endif

# --- key sets from URLs, by a server that misbehaves ------------------------------------------------------------------
EXTRA_DIST += tests/cli/http_peer.py
dist_check_SCRIPTS += tests/cli/fetch.sh
if WITH_FETCH
TESTS += tests/cli/fetch.sh
endif

# --- the dispatcher, its completions, the schemas of what is printed as JSON, and env-export, in real shells ----------------------------------------------------------------------
dist_check_SCRIPTS += tests/cli/daprcerts.sh tests/cli/daprcerts-completions.sh tests/cli/daprcerts-schema.sh \
  tests/cli/env-export.sh
TESTS += tests/cli/daprcerts.sh tests/cli/daprcerts-completions.sh tests/cli/daprcerts-schema.sh tests/cli/env-export.sh
EXTRA_DIST += tests/cli/powershell.py tests/cli/schema.py

# --- the packages: need a mirror of Debian and root, or libraries for Windows, so scripts/check runs them ---------------
EXTRA_DIST += \
  tests/package/booted.sh \
  tests/package/msys2.sh \
  tests/package/package.sh

# --- fuzz targets: corpus replayed by make check, libFuzzer with --enable-fuzzing CC=clang -----------------------------
EXTRA_DIST += tests/fuzz/corpus
FUZZ_TARGETS = \
  tests/fuzz/bundle \
  tests/fuzz/cert \
  tests/fuzz/config \
  tests/fuzz/csr \
  tests/fuzz/jwks \
  tests/fuzz/jwt \
  tests/fuzz/k8s \
  tests/fuzz/openssl_conf \
  tests/fuzz/pem \
  tests/fuzz/pieces
if WITH_SENTRY
FUZZ_TARGETS += tests/fuzz/h2 tests/fuzz/message
endif
check_PROGRAMS += $(FUZZ_TARGETS)
if FUZZING
FUZZ_MAIN =
FUZZING_LINK = $(AM_LDFLAGS) -fsanitize=fuzzer
else
FUZZ_MAIN = tests/fuzz/replay.c
FUZZING_LINK = $(AM_LDFLAGS)
TESTS += $(FUZZ_TARGETS)
endif
tests_fuzz_bundle_SOURCES = tests/fuzz/bundle.c $(FUZZ_MAIN)
tests_fuzz_bundle_LDFLAGS = $(FUZZING_LINK)
tests_fuzz_cert_SOURCES = tests/fuzz/cert.c $(FUZZ_MAIN)
tests_fuzz_cert_LDFLAGS = $(FUZZING_LINK)
tests_fuzz_config_SOURCES = tests/fuzz/config.c $(FUZZ_MAIN)
tests_fuzz_config_LDFLAGS = $(FUZZING_LINK)
tests_fuzz_csr_SOURCES = tests/fuzz/csr.c $(FUZZ_MAIN)
tests_fuzz_csr_LDFLAGS = $(FUZZING_LINK)
tests_fuzz_h2_SOURCES = tests/fuzz/h2.c $(FUZZ_MAIN)
tests_fuzz_h2_LDFLAGS = $(FUZZING_LINK)
tests_fuzz_jwks_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
tests_fuzz_jwks_SOURCES = tests/fuzz/jwks.c $(FUZZ_MAIN)
tests_fuzz_jwks_LDFLAGS = $(FUZZING_LINK)
tests_fuzz_jwt_SOURCES = tests/fuzz/jwt.c $(FUZZ_MAIN)
tests_fuzz_jwt_LDFLAGS = $(FUZZING_LINK)
tests_fuzz_k8s_SOURCES = tests/fuzz/k8s.c $(FUZZ_MAIN)
tests_fuzz_k8s_LDFLAGS = $(FUZZING_LINK)
tests_fuzz_message_SOURCES = tests/fuzz/message.c $(FUZZ_MAIN)
tests_fuzz_message_LDFLAGS = $(FUZZING_LINK)
tests_fuzz_openssl_conf_SOURCES = tests/fuzz/openssl_conf.c $(FUZZ_MAIN)
tests_fuzz_openssl_conf_LDFLAGS = $(FUZZING_LINK)
tests_fuzz_pem_SOURCES = tests/fuzz/pem.c $(FUZZ_MAIN)
tests_fuzz_pem_LDFLAGS = $(FUZZING_LINK)
tests_fuzz_pieces_SOURCES = tests/fuzz/pieces.c $(FUZZ_MAIN)
tests_fuzz_pieces_LDFLAGS = $(FUZZING_LINK)

# --- the rules of the house: who may include whom, libraries of programs, names, silence, manual pages -----------------
LINT_TESTS = tests/lint/includes.sh tests/lint/man.sh tests/lint/msys2.sh tests/lint/packages.sh tests/lint/parity.sh \
  tests/lint/programs.sh tests/lint/silence.sh
dist_check_SCRIPTS += $(LINT_TESTS)
TESTS += $(LINT_TESTS)

# --- Windows: what runs there, or in wine (scripts/check windows) ------------------------------------------------------
dist_check_SCRIPTS += tests/windows/tools.sh tests/windows/sentry.sh tests/windows/daemon.sh tests/windows/up.sh
EXTRA_DIST += packaging/msys2/PKGBUILD tests/windows/lib.sh tests/windows/close.c tests/windows/sh.c
if WINDOWS
check_PROGRAMS += tests/windows/close
WINDOWS_TESTS = $(UNIT_TESTS) $(FUZZ_TARGETS) tests/windows/tools.sh
if WITH_SENTRY
WINDOWS_TESTS += \
  tests/windows/sentry.sh \
  tests/windows/daemon.sh \
  tests/windows/up.sh
check_PROGRAMS += tests/windows/sh
tests_windows_sh_LDADD = libbase.a
endif
if !RUNNABLE # in wine, which leaves names and modes of files as this shell has them; MSYS2 changes both
# Not root and owners (rotate-owner), nor completions, which are made where they are for, nor what is not there.
WINDOWS_TESTS += \
  tests/cli/ca-init-conf.sh \
  tests/cli/ca-init.sh \
  tests/cli/daprcerts-schema.sh \
  tests/cli/daprcerts.sh \
  tests/cli/env-export.sh \
  tests/cli/fingerprint.sh \
  tests/cli/inspect.sh \
  tests/cli/issue.sh \
  tests/cli/kube-export.sh \
  tests/cli/kube-import.sh \
  tests/cli/rotate-made.sh \
  tests/cli/rotate.sh \
  tests/cli/status.sh \
  tests/cli/token.sh \
  tests/cli/verify.sh
if WITH_SENTRY
# Not signals, modes, sockets that are passed, processes of Unix, nor a clock that is set.
WINDOWS_TESTS += \
  tests/cli/sentry.sh \
  tests/interop/go.sh \
  tests/interop/h2spec.sh \
  tests/interop/python.sh \
  tests/interop/tools.sh \
  tests/interop/traffic.sh \
  tests/sentry/ask.sh \
  tests/sentry/audit.sh \
  tests/sentry/drain.sh \
  tests/sentry/http.sh \
  tests/sentry/identities.sh \
  tests/sentry/jwks.sh \
  tests/sentry/jwt.sh \
  tests/sentry/limits.sh \
  tests/sentry/oidc.sh \
  tests/sentry/policy.sh \
  tests/sentry/reload.sh \
  tests/sentry/shown.sh \
  tests/sentry/story.sh
endif
endif
.PHONY: check-windows
check-windows:
	$(MAKE) check TESTS='$(WINDOWS_TESTS)'
endif
