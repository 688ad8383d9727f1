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

# --- units for a user's systemd, which Windows has not ---------------------------------------------------------------
generated = share/systemd/daprcerts-rotate.service share/systemd/daprcerts-sentry.service
if !WINDOWS
systemduserdir = $(systemduserunitdir)
dist_systemduser_DATA = share/systemd/daprcerts-rotate.timer
nodist_systemduser_DATA = share/systemd/daprcerts-rotate.service
if WITH_SENTRY
nodist_systemduser_DATA += share/systemd/daprcerts-sentry.service
endif
endif

# --- and for the system's: a user, folders, settings, the program that makes and rotates the CA ----------------------
generated += share/systemd/system/daprcerts-rotate.service share/systemd/system/daprcerts-sentry.service \
  share/systemd/daprcerts.tmpfiles share/systemd/daprcerts-system-ca
EXTRA_DIST += share/systemd/daprcerts.sysusers share/etc/daprcerts.conf share/etc/config.yaml share/man/daprcerts-system-ca.8
if !WINDOWS
if WITH_SENTRY
dist_man_MANS += share/man/daprcerts-system-ca.8
sbin_SCRIPTS = share/systemd/daprcerts-system-ca
systemsystemdir = $(systemdsystemunitdir)
dist_systemsystem_DATA = share/systemd/daprcerts-rotate.timer
nodist_systemsystem_DATA = share/systemd/system/daprcerts-rotate.service share/systemd/system/daprcerts-sentry.service
settingsdir = $(sysconfdir)/daprcerts
# what is there is the administrator's
install-data-local: share/systemd/daprcerts.tmpfiles
	$(MKDIR_P) '$(DESTDIR)$(settingsdir)' '$(DESTDIR)$(sysusersdir)' '$(DESTDIR)$(tmpfilesdir)'
	for file in daprcerts.conf config.yaml; do test -e '$(DESTDIR)$(settingsdir)'/$$file || \
	  $(INSTALL_DATA) '$(srcdir)'/share/etc/$$file '$(DESTDIR)$(settingsdir)' || exit 1; done
	$(INSTALL_DATA) '$(srcdir)/share/systemd/daprcerts.sysusers' '$(DESTDIR)$(sysusersdir)/daprcerts.conf'
	$(INSTALL_DATA) share/systemd/daprcerts.tmpfiles '$(DESTDIR)$(tmpfilesdir)/daprcerts.conf'
# the settings stay, unless they are as they came
uninstall-local:
	for file in daprcerts.conf config.yaml; do \
	  cmp -s '$(srcdir)'/share/etc/$$file '$(DESTDIR)$(settingsdir)'/$$file && rm -f '$(DESTDIR)$(settingsdir)'/$$file; done; \
	  rm -f '$(DESTDIR)$(sysusersdir)/daprcerts.conf' '$(DESTDIR)$(tmpfilesdir)/daprcerts.conf'
endif
endif

CLEANFILES += $(generated)
EXTRA_DIST += $(generated:=.in)
$(generated): Makefile
	$(AM_V_GEN)$(MKDIR_P) $(@D) && sed -e 's,@[b]indir@,$(bindir),' -e 's,@[s]bindir@,$(sbindir),' \
	  -e 's,@[s]ysconfdir@,$(sysconfdir),' -e 's,@PACKAGE_VERSION[@],$(PACKAGE_VERSION),' $(srcdir)/$@.in >$@
share/systemd/daprcerts-rotate.service: share/systemd/daprcerts-rotate.service.in
share/systemd/daprcerts-sentry.service: share/systemd/daprcerts-sentry.service.in
share/systemd/system/daprcerts-rotate.service: share/systemd/system/daprcerts-rotate.service.in
share/systemd/system/daprcerts-sentry.service: share/systemd/system/daprcerts-sentry.service.in
share/systemd/daprcerts.tmpfiles: share/systemd/daprcerts.tmpfiles.in
share/systemd/daprcerts-system-ca: share/systemd/daprcerts-system-ca.in

# --- a container, and an example with compose ------------------------------------------------------------------------
EXTRA_DIST += packaging/container/Containerfile
if WITH_SENTRY
examplesdir = $(pkgdatadir)/examples/compose
dist_examples_DATA = share/examples/compose/compose.yaml share/examples/compose/config.yaml
endif
EXTRA_DIST += share/examples/compose/compose.yaml share/examples/compose/config.yaml

# --- completions for shells, from the programs that were built; not where those run on another machine ---------------
EXTRA_DIST += share/completions/generate.sh
COMPLETIONS = share/completions/daprcerts share/completions/_daprcerts share/completions/daprcerts.fish
CLEANFILES += $(COMPLETIONS)
if RUNNABLE
bashcompletiondir = $(datadir)/bash-completion/completions
nodist_bashcompletion_DATA = share/completions/daprcerts
zshcompletiondir = $(datadir)/zsh/site-functions
nodist_zshcompletion_DATA = share/completions/_daprcerts
fishcompletiondir = $(datadir)/fish/vendor_completions.d
nodist_fishcompletion_DATA = share/completions/daprcerts.fish
$(COMPLETIONS): $(srcdir)/share/completions/generate.sh daprcerts$(EXEEXT) $(pkglibexec_PROGRAMS) $(pkglibexec_SCRIPTS)
	$(AM_V_GEN)$(MKDIR_P) share/completions && case $@ in *.fish) shell=fish ;; */_*) shell=zsh ;; *) shell=bash ;; esac && \
	  DAPRCERTS_EXEC_PATH=. $(SHELL) $(srcdir)/share/completions/generate.sh $$shell ./daprcerts$(EXEEXT) >$@.new && \
	  mv $@.new $@
endif

# --- schemas of what the commands print as JSON -------------------------------------------------------------------------
schemadir = $(pkgdatadir)/schema
dist_schema_DATA = share/schema/ca-init.json share/schema/certificate.json share/schema/env-export.json \
  share/schema/inspect.json share/schema/issue.json share/schema/kube-import.json share/schema/rotate.json \
  share/schema/sentry-audit.json share/schema/sentry-log.json share/schema/status.json share/schema/step.json \
  share/schema/token.json share/schema/up.json share/schema/verify.json share/schema/versions.json
