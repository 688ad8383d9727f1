#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# MSYS2's PKGBUILD, as far as it can be judged without its makepkg.
. "${TOP_SRCDIR:?}/tests/cli/lib.sh"
recipe=$TOP_SRCDIR/packaging/msys2/PKGBUILD

has_command bash || { skip 'PKGBUILD' 'no peer: bash'; finish; }

# told FILE: what its recipe says, a line for each field and function.
told() {
  bash -c 'set -u; MINGW_PACKAGE_PREFIX=prefix MINGW_PREFIX=/ucrt64 MINGW_CHOST=chost MSYSTEM=UCRT64
    . "$1" || exit
    for field in _realname pkgbase pkgname pkgver pkgrel pkgdesc arch mingw_arch url license depends makedepends source sha256sums; do
      declare -n list=$field
      echo "$field ${list[*]-}"
    done
    for step in build check package; do declare -F "$step"; done' bash "$1" 2>&1
}

# faults FILE: what MSYS2 would refuse.
faults() {
  bash -n "$1" 2>&1 || return
  told "$1" >"$WORK/told"
  for field in _realname pkgbase pkgname pkgver pkgrel pkgdesc arch mingw_arch url license depends makedepends source sha256sums; do
    grep -q "^$field ." "$WORK/told" || echo "no $field"
  done
  for step in build check package; do grep -qx "$step" "$WORK/told" || echo "no $step()"; done
  grep -qx 'pkgbase mingw-w64-daprcerts' "$WORK/told" || echo 'pkgbase is not mingw-w64-daprcerts'
  grep -qx 'pkgname prefix-daprcerts' "$WORK/told" || echo 'pkgname is not of each prefix'
  grep -qx 'arch any' "$WORK/told" || echo 'arch is not any'
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
sed 's/^pkgrel=.*//' "$recipe" >"$WORK/PKGBUILD"
same 'no pkgrel' "$(faults "$WORK/PKGBUILD")" 'a field that is missing is told'
sed 's/^check()/check_not()/' "$recipe" >"$WORK/PKGBUILD"
same 'no check()' "$(faults "$WORK/PKGBUILD")" 'and so a step'
sed 's/^pkgver=.*/pkgver=9/' "$recipe" >"$WORK/PKGBUILD"
same "pkgver is not configure.ac's" "$(faults "$WORK/PKGBUILD")" 'and another version'
sed 's/^build() {/build() {{{ (/' "$recipe" >"$WORK/PKGBUILD"
check 'and what bash cannot read' test -n "$(faults "$WORK/PKGBUILD")"
finish
