# SPDX-License-Identifier: Apache-2.0
# One static library a level directory; a program links those it uses, and the linker drops what it does not.

EXTRA_DIST += src/README.md src/proto/sentry.proto src/tools/local.sh src/tools/up.sh src/tools/down.sh

# --- base -------------------------------------------------------------------------------------------------------
noinst_LIBRARIES += libbase.a
libbase_a_CPPFLAGS = $(AM_CPPFLAGS) $(YAML_CFLAGS)
libbase_a_SOURCES = \
  src/base/base64.c src/base/base64.h \
  src/base/buf.c src/base/buf.h \
  src/base/cli.c src/base/cli.h \
  src/base/clock.c src/base/clock.h \
  src/base/dir.c src/base/dir.h \
  src/base/duration.c src/base/duration.h \
  src/base/err.c src/base/err.h \
  src/base/log.c src/base/log.h \
  src/base/mem.c src/base/mem.h \
  src/base/os.c src/base/os.h \
  src/base/path.c src/base/path.h \
  src/base/pem.c src/base/pem.h \
  src/base/proc.h \
  src/base/slice.c src/base/slice.h \
  src/base/utf8.c src/base/utf8.h \
  src/base/yaml.c src/base/yaml.h
if WINDOWS
libbase_a_SOURCES += src/base/os_windows.c src/base/proc_windows.c \
  src/base/windows/posix.c src/base/windows/posix.h src/base/windows/sockets.c src/base/windows/start.c
else
libbase_a_SOURCES += src/base/os_unix.c src/base/proc.c
endif
EXTRA_DIST += src/base/windows/include

# --- the dispatcher: libc and inih alone --------------------------------------------------------------------------
bin_PROGRAMS += daprcerts
daprcerts_SOURCES = src/daprcerts.c src/tools/env-export.c src/tools/env-export.h
daprcerts_LDADD = libtools.a libformat.a libstore.a libconfig.a libbase.a $(INIH_LIBS)

# --- format: one writer a notation ----------------------------------------------------------------------------------
noinst_LIBRARIES += libformat.a
libformat_a_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS) $(YAML_CFLAGS)
libformat_a_SOURCES = \
  src/format/docker.c \
  src/format/dotenv.c \
  src/format/env.h \
  src/format/fish.c \
  src/format/json.c \
  src/format/k8s.c src/format/k8s.h \
  src/format/powershell.c \
  src/format/sh.c

# --- store: the directory as bytes -----------------------------------------------------------------------------------
noinst_LIBRARIES += libstore.a
libstore_a_SOURCES = \
  src/store/layout.c src/store/layout.h \
  src/store/lock.c src/store/lock.h \
  src/store/publish.c src/store/publish.h \
  src/store/set.c src/store/set.h

# --- config: settings and where they come from --------------------------------------------------------------------
noinst_LIBRARIES += libconfig.a
libconfig_a_CFLAGS = $(AM_CFLAGS) $(INIH_CFLAGS) $(YAML_CFLAGS)
libconfig_a_SOURCES = \
  src/config/allow.c src/config/allow.h \
  src/config/dapr_config.c src/config/dapr_config.h \
  src/config/openssl_conf.c src/config/openssl_conf.h \
  src/config/settings.c src/config/settings.h \
  src/config/state.c src/config/state.h

# --- pki: X.509 and JOSE, with rpc/tls the only user of GnuTLS -------------------------------------------------------------
noinst_LIBRARIES += libpki.a
libpki_a_CPPFLAGS = $(AM_CPPFLAGS) $(GNUTLS_CFLAGS) $(JANSSON_CFLAGS)
libpki_a_SOURCES = \
  src/pki/bundle.c src/pki/bundle.h \
  src/pki/cert.c src/pki/cert.h \
  src/pki/chain.c src/pki/chain.h \
  src/pki/csr.c src/pki/csr.h \
  src/pki/der.c src/pki/der.h \
  src/pki/ext.c src/pki/ext.h \
  src/pki/hash.c src/pki/hash.h \
  src/pki/jose.c src/pki/jose.h \
  src/pki/jwa.c src/pki/jwa.h \
  src/pki/jwk.c src/pki/jwk.h \
  src/pki/jws.c src/pki/jws.h \
  src/pki/jwt.c src/pki/jwt.h \
  src/pki/key.c src/pki/key.h \
  src/pki/name.c src/pki/name.h \
  src/pki/oid.h \
  src/pki/pieces.c src/pki/pieces.h \
  src/pki/profile.c src/pki/profile.h \
  src/pki/san.c src/pki/san.h \
  src/pki/spiffe.c src/pki/spiffe.h \
  src/pki/constraints.c src/pki/constraints.h \
  src/pki/spki.c src/pki/spki.h \
  src/pki/strict.c src/pki/strict.h \
  src/pki/text.c src/pki/text.h

# --- ca: what an authority does -------------------------------------------------------------------------------------
noinst_LIBRARIES += libca.a
libca_a_SOURCES = \
  src/ca/authority.c src/ca/authority.h \
  src/ca/certificates.c src/ca/certificates.h \
  src/ca/compat.c src/ca/compat.h \
  src/ca/holdings.c src/ca/holdings.h \
  src/ca/identity.c src/ca/identity.h \
  src/ca/init.c src/ca/init.h \
  src/ca/install.c src/ca/install.h \
  src/ca/plan.c src/ca/plan.h \
  src/ca/profile_conf.c src/ca/profile_conf.h \
  src/ca/profile_exts.c src/ca/profile_exts.h \
  src/ca/profile_list.c src/ca/profile_list.h \
  src/ca/profile_names.c src/ca/profile_names.h \
  src/ca/rotate.c src/ca/rotate.h \
  src/ca/sign.c src/ca/sign.h \
  src/ca/crosses.c src/ca/crosses.h src/ca/survey.c src/ca/survey.h \
  src/ca/token_signer.c src/ca/token_signer.h

# --- dial: the parts of rpc and client that show who serves; they need no more than GnuTLS ----------------------------
noinst_LIBRARIES += libdial.a
libdial_a_CPPFLAGS = $(AM_CPPFLAGS) $(GNUTLS_CFLAGS)
libdial_a_SOURCES = \
  src/client/dial.c src/client/dial.h \
  src/client/socket.c src/client/socket.h \
  src/rpc/tls.c src/rpc/tls.h

# --- tools ---------------------------------------------------------------------------------------------------------
noinst_LIBRARIES += libtools.a
libtools_a_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
libtools_a_SOURCES = \
  src/tools/ask.c src/tools/ask.h \
  src/tools/conf.c src/tools/conf.h \
  src/tools/due.c src/tools/due.h \
  src/tools/kty.c src/tools/kty.h \
  src/tools/names.c src/tools/names.h \
  src/tools/openssl.c src/tools/openssl.h \
  src/tools/pair.c src/tools/pair.h \
  src/tools/program.c src/tools/program.h \
  src/tools/report.c src/tools/report.h \
  src/tools/root_key.c src/tools/root_key.h \
  src/tools/renewal.c src/tools/renewal.h \
  src/tools/source.c src/tools/source.h \
  src/tools/table.c src/tools/table.h \
  src/tools/tool.c src/tools/tool.h \
  src/tools/verdicts.c src/tools/verdicts.h \
  src/tools/when.c src/tools/when.h
OFFLINE_LIBS = libtools.a libca.a libpki.a libstore.a libconfig.a libformat.a libbase.a $(GNUTLS_LIBS) $(JANSSON_LIBS) \
  $(YAML_LIBS) $(INIH_LIBS)

DIAL_LIBS = libtools.a libca.a libdial.a libpki.a libstore.a libconfig.a libbase.a $(GNUTLS_LIBS) $(JANSSON_LIBS) \
  $(YAML_LIBS) $(INIH_LIBS)

pkglibexec_PROGRAMS += daprcerts-ca-init
daprcerts_ca_init_SOURCES = src/tools/ca-init.c
daprcerts_ca_init_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
daprcerts_ca_init_LDADD = $(OFFLINE_LIBS)

pkglibexec_PROGRAMS += daprcerts-fingerprint
daprcerts_fingerprint_SOURCES = src/tools/fingerprint.c
daprcerts_fingerprint_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
daprcerts_fingerprint_LDADD = $(DIAL_LIBS)

pkglibexec_PROGRAMS += daprcerts-inspect
daprcerts_inspect_SOURCES = src/tools/inspect.c src/tools/inspect_json.c src/tools/inspect_json.h
daprcerts_inspect_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
daprcerts_inspect_LDADD = $(DIAL_LIBS)

pkglibexec_PROGRAMS += daprcerts-issue
daprcerts_issue_SOURCES = src/tools/issue.c
daprcerts_issue_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
daprcerts_issue_LDADD = $(OFFLINE_LIBS)

pkglibexec_PROGRAMS += daprcerts-kube-export
daprcerts_kube_export_SOURCES = src/tools/kube-export.c
daprcerts_kube_export_LDADD = $(OFFLINE_LIBS)

pkglibexec_PROGRAMS += daprcerts-kube-import
daprcerts_kube_import_SOURCES = src/tools/kube-import.c
daprcerts_kube_import_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
daprcerts_kube_import_LDADD = $(OFFLINE_LIBS)

pkglibexec_PROGRAMS += daprcerts-rotate
daprcerts_rotate_SOURCES = src/tools/rotate.c
daprcerts_rotate_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
daprcerts_rotate_LDADD = $(OFFLINE_LIBS)

pkglibexec_PROGRAMS += daprcerts-status
daprcerts_status_SOURCES = src/tools/status.c
daprcerts_status_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
daprcerts_status_LDADD = $(DIAL_LIBS)

pkglibexec_PROGRAMS += daprcerts-verify
daprcerts_verify_SOURCES = src/tools/verify.c
daprcerts_verify_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
daprcerts_verify_LDADD = $(DIAL_LIBS)

pkglibexec_PROGRAMS += daprcerts-token
daprcerts_token_SOURCES = src/tools/token.c
daprcerts_token_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
daprcerts_token_LDADD = $(OFFLINE_LIBS)

if WITH_SENTRY
# --- rpc: bytes and messages, both sides, no socket ----------------------------------------------------------------
BUILT_SOURCES += src/proto/sentry.pb-c.h
CLEANFILES += src/proto/sentry.pb-c.c src/proto/sentry.pb-c.h

src/proto/sentry.pb-c.c: src/proto/sentry.proto
	$(AM_V_GEN)$(MKDIR_P) src/proto && $(PROTOC_C) --proto_path=$(srcdir)/src/proto --c_out=src/proto $(srcdir)/src/proto/sentry.proto
src/proto/sentry.pb-c.h: src/proto/sentry.pb-c.c

noinst_LIBRARIES += librpc.a libproto.a
nodist_libproto_a_SOURCES = src/proto/sentry.pb-c.c src/proto/sentry.pb-c.h
libproto_a_CFLAGS = $(HARDEN_CFLAGS) $(SAN_FLAGS) $(PROTOBUF_C_CFLAGS)
librpc_a_CFLAGS = $(AM_CFLAGS) $(GNUTLS_CFLAGS) $(NGHTTP2_CFLAGS) $(PROTOBUF_C_CFLAGS)
librpc_a_SOURCES = \
  src/rpc/grpc.c src/rpc/grpc.h \
  src/rpc/h2.c src/rpc/h2.h \
  src/rpc/messages.c src/rpc/messages.h \
  src/rpc/wire.c src/rpc/wire.h
RPC_LIBS = librpc.a libproto.a $(NGHTTP2_LIBS) $(PROTOBUF_C_LIBS) $(GNUTLS_LIBS)

# --- client: the calling side, blocking ------------------------------------------------------------------------------
noinst_LIBRARIES += libclient.a
libclient_a_SOURCES = \
  src/client/client.c src/client/client.h

# --- the server ------------------------------------------------------------------------------------------------------
noinst_LIBRARIES += libsentry.a
libsentry_a_CFLAGS = $(AM_CFLAGS) $(UV_CFLAGS) $(MICROHTTPD_CFLAGS) $(JANSSON_CFLAGS)
libsentry_a_SOURCES = \
  src/sentry/audit.c src/sentry/audit.h \
  src/sentry/auto_rotate.c src/sentry/auto_rotate.h \
  src/sentry/bind.c src/sentry/bind.h \
  src/sentry/child.c src/sentry/child.h \
  src/sentry/conn.c src/sentry/conn.h \
  src/sentry/endpoints.c src/sentry/endpoints.h \
  src/sentry/expiry.c src/sentry/expiry.h \
  src/sentry/fetch.c src/sentry/fetch.h \
  src/sentry/flood.c src/sentry/flood.h \
  src/sentry/health.c src/sentry/health.h \
  src/sentry/http.c src/sentry/http.h \
  src/sentry/jwks.c src/sentry/jwks.h \
  src/sentry/listener.c src/sentry/listener.h \
  src/sentry/live.c src/sentry/live.h \
  src/sentry/loop.c src/sentry/loop.h \
  src/sentry/metrics.c src/sentry/metrics.h \
  src/sentry/oidc.c src/sentry/oidc.h \
  src/sentry/policy.c src/sentry/policy.h \
  src/sentry/reload.c src/sentry/reload.h \
  src/sentry/restart.c src/sentry/restart.h \
  src/sentry/sentry.c src/sentry/sentry.h \
  src/sentry/service.c src/sentry/service.h \
  src/sentry/systemd.c src/sentry/systemd.h \
  src/sentry/tokens.c src/sentry/tokens.h \
  src/sentry/validator.c src/sentry/validator.h \
  src/sentry/watch.c src/sentry/watch.h

pkglibexec_PROGRAMS += daprcerts-request
daprcerts_request_SOURCES = src/tools/request.c
daprcerts_request_LDADD = libtools.a libclient.a librpc.a libdial.a libproto.a libpki.a libbase.a \
  $(NGHTTP2_LIBS) $(PROTOBUF_C_LIBS) $(GNUTLS_LIBS)

if WITH_FETCH
pkglibexec_PROGRAMS += daprcerts-fetch
daprcerts_fetch_SOURCES = src/tools/fetch.c
daprcerts_fetch_CPPFLAGS = $(AM_CPPFLAGS) $(CURL_CFLAGS)
daprcerts_fetch_LDADD = libtools.a libbase.a $(CURL_LIBS)
endif

pkglibexec_PROGRAMS += daprcerts-sentry
daprcerts_sentry_SOURCES = \
  src/tools/credentials.c src/tools/credentials.h \
  src/tools/daemon.c src/tools/daemon.h \
  src/tools/jwt_options.c src/tools/jwt_options.h \
  src/tools/sentry.c \
  src/tools/sentry_options.c src/tools/sentry_options.h
daprcerts_sentry_CPPFLAGS = $(AM_CPPFLAGS) $(UV_CFLAGS)
daprcerts_sentry_LDADD = libtools.a libsentry.a librpc.a libdial.a libproto.a libca.a libpki.a libstore.a libconfig.a libbase.a \
  $(UV_LIBS) $(MICROHTTPD_LIBS) $(NGHTTP2_LIBS) $(PROTOBUF_C_LIBS) $(GNUTLS_LIBS) $(JANSSON_LIBS) $(YAML_LIBS) $(INIH_LIBS)

# --- what composes the others: a shell program each, with what they share in front ------------------------------------
pkglibexec_SCRIPTS += daprcerts-up daprcerts-down
if WINDOWS
SCRIPTS_BINDIR = $$here/../../bin
else
SCRIPTS_BINDIR = $(bindir)
endif
CLEANFILES += daprcerts-up daprcerts-down
daprcerts-up daprcerts-down: src/tools/local.sh Makefile
	$(AM_V_GEN){ echo '#!/bin/sh' && echo "program='daprcerts $(@:daprcerts-%=%)'" && \
	  sed -e 's,@bindir[@],$(SCRIPTS_BINDIR),' -e 's,@PACKAGE_VERSION[@],$(PACKAGE_VERSION),' $(srcdir)/src/tools/local.sh && \
	  cat $(srcdir)/src/tools/$(@:daprcerts-%=%).sh; } >$@.new && chmod +x $@.new && mv $@.new $@
daprcerts-up: src/tools/up.sh
daprcerts-down: src/tools/down.sh
endif
