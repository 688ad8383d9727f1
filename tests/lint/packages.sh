#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What packagers are told, as far as it can be judged without building a package.
. "${TOP_SRCDIR:?}/tests/cli/lib.sh"

# A clean build has nothing but what is named: what we install for a build, less what debhelper and a compiler bring.
if [ -e "$TOP_SRCDIR/scripts/deps" ]; then
  needed=$(sed -n "/^build='/,/'$/p" "$TOP_SRCDIR/scripts/deps" | tr -d "'" | sed 's/^build=//' | tr -s ' ' '\n' |
    grep -vxE 'autoconf|automake|make|gcc|libc6-dev|')
  check 'there are some' test "$(printf '%s\n' "$needed" | wc -l)" -gt 8
  sed -n '/^Build-Depends:/,/^[A-Z].*-Version:/s/^\(Build-Depends:\)\{0,1\} \([^ ,]*\).*/\2/p' "$TOP_SRCDIR/packaging/debian/control" |
    sort >"$WORK/named"
  same '' "$(printf '%s\n' "$needed" | sort | comm -23 - "$WORK/named")" "Debian's package builds with what it names"
else
  skip "Debian's package builds with what it names" 'scripts/deps is not in the tarball'
fi

# Where sbin is bin, as on a newer Fedora, each file is in the same package.
mkdir -p "$WORK/usr/bin" "$WORK/usr/sbin"
touch "$WORK/usr/bin/daprcerts" "$WORK/usr/bin/daprcerts-system-ca" "$WORK/usr/sbin/daprcerts-system-ca"
same '/usr/bin/daprcerts-system-ca
/usr/sbin/daprcerts-system-ca' "$(sh "$TOP_SRCDIR/packaging/split" "$WORK" daprcerts-sentry)" "daprcerts-system-ca is the server's"
finish
