#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# daprcerts-system-ca: where the root's key is, whatever happened before, and what it refuses. The packages' test
# (tests/package) runs it where it belongs, with the users that it is for.
. "${TOP_SRCDIR:?}/tests/cli/lib.sh"
for peer in flock openssl; do
  if ! has_command $peer; then
    skip 'the CA of the system' "no peer: $peer"
    finish
  fi
done
dir=$WORK/ca keys=$WORK/keys
sed "s,^daprcerts=.*,daprcerts='$DAPRCERTS',; s,^dir=.*,dir='$dir',; s,^keys=.*,keys='$keys'," \
  "${TOP_BUILDDIR:?}/share/systemd/daprcerts-system-ca" >"$WORK/system-ca"
system_ca() { sh "$WORK/system-ca" "$@"; }

# belongs FILE: it is the key of the root that stands first, which signs.
belongs() { [ "$(openssl x509 -in "$dir/ca.crt" -noout -pubkey)" = "$(openssl pkey -in "$1" -pubout)" ]; }
# kept WHAT: the root's key is where it belongs, and nowhere else.
kept() {
  check "$1: the key is the root's" belongs "$keys/ca.key"
  same 600 "$(stat -c %a "$keys/ca.key")" "$1: its mode"
  same '' "$(find "$dir" -name 'ca.key*')" "$1: none in the directory"
  check "$1: none is left over" test ! -e "$keys/ca.key.new"
}

status 1 'without its folders' system_ca
has "$WORK/err" 'systemd-tmpfiles --create' 'it is told who makes them'
mkdir "$dir" "$keys"
status 1 'a rotation of nothing' system_ca root
status 2 'another word' system_ca renew
status 2 'one operand too many' system_ca root issuer
same '' "$(find "$dir" -type f)" 'nothing is made'
status 0 'a first run' system_ca
kept 'a first run'
status 3 'a second one has nothing to do' system_ca
for what in issuer root root; do
  cp "$keys/ca.key" "$WORK/before"
  status 0 "$what" system_ca $what
  kept "$what"
  case $what in
    issuer) check 'the same root' cmp -s "$keys/ca.key" "$WORK/before" ;;
    root) check "the old root's key is kept" cmp "$keys/ca.key.old" "$WORK/before" ;;
  esac
done
status 0 rollback system_ca rollback
kept rollback
status 0 'an issuer after that' system_ca issuer
kept 'an issuer after that'

# --- interrupted ----------------------------------------------------------------------------------------------------------
cp "$keys/ca.key" "$keys/first"
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$keys/ca.key.new" 2>/dev/null
status 3 'before the new root was published' system_ca
kept 'before the new root was published'
check 'it is the same' cmp "$keys/first" "$keys/ca.key"
status 0 'a new root' system_ca root
mv "$keys/ca.key" "$keys/ca.key.new" && mv "$keys/ca.key.old" "$keys/ca.key"
status 3 'after the new root was published' system_ca
kept 'after the new root was published'
check "the old root's key is kept" cmp "$keys/first" "$keys/ca.key.old"
mv "$keys/ca.key" "$keys/safe"
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$keys/ca.key.new" 2>/dev/null
status 1 'keys of other roots' system_ca root
check 'none of them is lost' test -e "$keys/ca.key.new"
rm "$keys/ca.key.new" "$keys/ca.key.old"

# --- the root's key elsewhere -----------------------------------------------------------------------------------------------
status 3 'without the key nothing is missed' system_ca
status 1 'until it is needed' system_ca issuer
mv "$keys/safe" "$keys/ca.key"
cp "$keys/ca.key" "$dir/ca.key"
status 3 'a key in the directory' system_ca
has "$WORK/err" "warning: sentry's user can read '$dir/ca.key'" 'is warned of'
rm -rf "$dir" "$keys/ca.key.old" "$dir"/.daprcerts && mkdir "$dir"
cp "$keys/ca.key" "$WORK/before"
status 0 'a key that is there' system_ca
kept 'a key that is there'
check 'becomes that of the root' cmp "$keys/ca.key" "$WORK/before"

# --- the settings that come along, with each line that is a comment in force ----------------------------------------------
sed 's/^#\([a-z[]\)/\1/' "$TOP_SRCDIR/share/etc/daprcerts.conf" >"$dir/daprcerts.conf"
has "$dir/daprcerts.conf" '[allow]' 'there are some'
status 0 'they are settings' "$DAPRCERTS" sentry --check --issuer-credentials "$dir" --config "$TOP_SRCDIR/share/etc/config.yaml"
lacks "$WORK/out" 'level=warning' 'none is unknown'

# --- two at once ------------------------------------------------------------------------------------------------------------
exec 8>"$keys/lock"
flock 8
status 1 'two at once' system_ca issuer
has "$WORK/err" 'another one is at work' 'the second is told'
finish
