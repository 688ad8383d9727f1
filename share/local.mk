# SPDX-License-Identifier: Apache-2.0
dist_man_MANS += \
  share/man/daprcerts-ca-init.1 \
  share/man/daprcerts-env-export.1 \
  share/man/daprcerts-fingerprint.1 \
  share/man/daprcerts-inspect.1 \
  share/man/daprcerts-issue.1 \
  share/man/daprcerts-kube-export.1 \
  share/man/daprcerts-kube-import.1 \
  share/man/daprcerts-rotate.1 \
  share/man/daprcerts-status.1 \
  share/man/daprcerts-token.1 \
  share/man/daprcerts-verify.1 \
  share/man/daprcerts.1 \
  share/man/daprcerts.conf.5
EXTRA_DIST += share/man/daprcerts-down.1 share/man/daprcerts-sentry.1 share/man/daprcerts-up.1
dist_man_MANS += share/man/daprcerts-threat-model.7
if WITH_SENTRY
dist_man_MANS += share/man/daprcerts-down.1 share/man/daprcerts-sentry.1 share/man/daprcerts-up.1
endif

# --- units for a user's systemd ------------------------------------------------------------------------------------
EXTRA_DIST += share/systemd/daprcerts-rotate.service.in share/systemd/daprcerts-sentry.service.in
CLEANFILES += share/systemd/daprcerts-rotate.service share/systemd/daprcerts-sentry.service
systemduserdir = $(prefix)/lib/systemd/user
dist_systemduser_DATA = share/systemd/daprcerts-rotate.timer
nodist_systemduser_DATA = share/systemd/daprcerts-rotate.service
if WITH_SENTRY
nodist_systemduser_DATA += share/systemd/daprcerts-sentry.service
endif
.service.in.service:
	$(AM_V_GEN)$(MKDIR_P) share/systemd && sed 's,@[b]indir@,$(bindir),' $< >$@
SUFFIXES = .service.in .service

# --- a container, and an example with compose ------------------------------------------------------------------------
EXTRA_DIST += packaging/container/Containerfile
if WITH_SENTRY
examplesdir = $(pkgdatadir)/examples/compose
dist_examples_DATA = share/examples/compose/compose.yaml share/examples/compose/config.yaml
endif
EXTRA_DIST += share/examples/compose/compose.yaml share/examples/compose/config.yaml
