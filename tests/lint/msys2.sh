#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What MSYS2's PKGBUILD says of us, and what MSYS2 alone asks of it; makepkg reads it in tests/package/msys2.sh.
. "${TOP_SRCDIR:?}/tests/cli/lib.sh"
recipe=$TOP_SRCDIR/packaging/msys2/PKGBUILD

has_command bash || { skip 'PKGBUILD' 'no peer: bash'; finish; }

# told FILE: what its recipe says, a line for each field.
told() {
  bash -c 'set -u; MINGW_PACKAGE_PREFIX=prefix
    . "$1" || exit
    for field in pkgbase pkgname pkgver pkgdesc mingw_arch url license depends; do
      declare -n list=$field
      echo "$field ${list[*]-}"
    done' bash "$1" 2>&1
}

# faults FILE: what MSYS2 would refuse.
faults() {
  told "$1" >"$WORK/told"
  for field in pkgdesc url license; do grep -q "^$field ." "$WORK/told" || echo "no $field"; done
  grep -qx 'pkgbase mingw-w64-daprcerts' "$WORK/told" || echo 'pkgbase is not mingw-w64-daprcerts'
  grep -qx 'pkgname prefix-daprcerts' "$WORK/told" || echo 'pkgname is not of each prefix'
  grep -q '^mingw_arch.* ucrt64' "$WORK/told" || echo 'mingw_arch has no ucrt64'
  grep -qx "pkgver $(sed -n 's/^AC_INIT(\[daprcerts\], \[\([^]]*\)\].*/\1/p' "$TOP_SRCDIR/configure.ac")" "$WORK/told" ||
    echo 'pkgver is not configure.ac'\''s'
  sed -n 's/^depends //p' "$WORK/told" | tr ' ' '\n' | grep -v '^prefix-' | sed 's/$/: a dependency of no prefix/'
}
same '' "$(faults "$recipe")" 'PKGBUILD has what MSYS2 wants, in its form'
has "$recipe" 'make check-windows' 'and tests what it has built'

# each library that configure looks for is a dependency
for library in gnutls jansson inih microhttpd uv yaml nghttp2 protobuf-c; do
  check "depends on $library" grep -qE "^depends .*-(lib)?$library( |\$)" "$WORK/told"
done

# --- and what it must not pass ------------------------------------------------------------------------------------------
sed 's/^url=.*//' "$recipe" >"$WORK/PKGBUILD"
same 'no url' "$(faults "$WORK/PKGBUILD")" 'a field that is missing is told'
sed 's/^pkgver=.*/pkgver=9/' "$recipe" >"$WORK/PKGBUILD"
same "pkgver is not configure.ac's" "$(faults "$WORK/PKGBUILD")" 'and another version'
sed "s/^depends=(/&'zlib' /" "$recipe" >"$WORK/PKGBUILD"
same 'zlib: a dependency of no prefix' "$(faults "$WORK/PKGBUILD")" 'and a dependency that is none of MinGW'
finish
