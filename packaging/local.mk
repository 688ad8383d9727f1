# SPDX-License-Identifier: Apache-2.0
# What packagers need in the tarball, and a tarball that is the same whoever makes it, where and when.
EXTRA_DIST += packaging/debian packaging/rpm packaging/sentry-files packaging/split

# The time of all that is in it: SOURCE_DATE_EPOCH, else the last commit's, else (made from a tarball) that of NEWS.
RELEASE_EPOCH = $${SOURCE_DATE_EPOCH:-$$(git -C $(srcdir) log -1 --format=%ct 2>/dev/null || stat -c %Y $(srcdir)/NEWS)}
am__tar = LC_ALL=C $${TAR-tar} --format=ustar --sort=name --mtime="@$(RELEASE_EPOCH)" --owner=0 --group=0 --numeric-owner \
  --mode=u+rw,go=rX -chf - "$$tardir"

# A tarball made at a tag is that version, and NEWS tells of it.
dist-hook:
	@tag=$$(git -C $(srcdir) describe --tags --exact-match --match 'v[0-9]*' 2>/dev/null) || exit 0; \
	test "$$tag" = "v$(PACKAGE_VERSION)" || { echo "make dist: the tag is $$tag, and the version $(PACKAGE_VERSION)" >&2; exit 1; }; \
	head -n 1 $(srcdir)/NEWS | grep -q '^daprcerts $(PACKAGE_VERSION) ([0-9-]*)$$' || { \
	  echo "make dist: at tag $$tag NEWS begins with another version, or with no date of release" >&2; exit 1; }
