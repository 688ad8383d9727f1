#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The packages, from their making to their removal: built twice in different places, times and locales, read by lintian
# and rpmlint, installed in a clean Debian, used there as a user and as the system's service, upgraded, removed, purged;
# and all of that once more where systemd runs (booted.sh).
# scripts/check package runs it: it needs a mirror of Debian, and root.
DAPRCERTS=none
: "${TOP_SRCDIR:=$(cd "$(dirname "$0")/../.." && pwd)}"
. "$TOP_SRCDIR/tests/cli/lib.sh"
cd "$TOP_SRCDIR" || exit 99
top=$PWD

for peer in unshare ip git faketime lintian rpmlint rpm2cpio cpio systemd-analyze openssl mmdebstrap; do
  has_command $peer || skip "the packages" "no peer: $peer (scripts/deps package)"
done
[ "$tap_count" -eq 0 ] || finish
is_root=false
if [ "$(id -u)" -eq 0 ]; then is_root=true; fi
# offline COMMAND...: without a network, and with no other user's port in the way; where the system allows that.
offline() {
  $can_leave || { "$@"; return; }
  leave "$@"
}
leave() {
  if $is_root; then set -- sh -c 'ip link set lo up; exec "$@"' sh "$@"; else set -- --map-root-user "$@"; fi
  unshare --net "$@"
}
can_leave=true
leave true 2>/dev/null || can_leave=false
$can_leave || skip 'without a network' 'this system allows no namespace of the network: it is left as it is'

# --- built, twice --------------------------------------------------------------------------------------------------------
one=$WORK/one
check 'deb and rpm are built, without a network' offline scripts/package --no-install --out "$one" deb rpm
[ "$tap_failed" -eq 0 ] || finish

# another clone, with what is not committed yet, elsewhere; at another time, in another language
copy=$WORK/an/other/folder/of/sources
git -c safe.directory="$top" clone -q "$top" "$copy" 2>"$WORK/err" || cat "$WORK/err"
git -c safe.directory="$top" ls-files -co --exclude-standard | while IFS= read -r file; do
  if [ -e "$file" ]; then printf '%s\n' "$file"; else rm -f "$copy/$file"; fi
done >"$WORK/files"
tar -cf - -T "$WORK/files" | tar -xf - -C "$copy"
mkdir "$WORK/an/other/temporary"
again() {
  umask 077 && cd "$copy" && env LC_ALL=C.UTF-8 LANG=tr_TR.UTF-8 TZ=Pacific/Chatham HOME="$WORK/an" \
    TMPDIR="$WORK/an/other/temporary" faketime -f +400d scripts/package --no-install --out "$WORK/two" deb
}
(again) >"$WORK/again.out" 2>&1 || sed 's/^/# /' "$WORK/again.out"
for file in "$one"/*.tar.xz "$one"/*.dsc "$one"/*.deb; do
  check "the same bytes again: ${file##*/}" cmp "$file" "$WORK/two/${file##*/}"
done
cp "$one"/*.tar.xz "$WORK/"
same '0/0' "$(tar --numeric-owner -tvf "$WORK"/daprcerts-*[0-9].tar.xz | awk '{ print $2 }' | sort -u)" 'whose the files of the tarball are'

# --- at a tag ----------------------------------------------------------------------------------------------------------------
# dist_at TAG: what make dist does where that is the commit's tag.
dist_at() {
  git -C "$copy" tag -f "$1" >/dev/null 2>&1
  make -s -C "$WORK/tagged" dist >"$WORK/dist.out" 2>&1
  dist_status=$?
  git -C "$copy" tag -d "$1" >/dev/null 2>&1
  return $dist_status
}
upstream=$(sed -n 's/^AC_INIT(\[daprcerts\], \[\(.*\)\], \[\], .*/\1/p' configure.ac)
mkdir "$WORK/tagged"
(cd "$WORK/tagged" && "$copy/configure" --quiet) >/dev/null 2>&1
sed -i "1s/.*/daprcerts $upstream (not released)/" "$copy/NEWS"
status 2 'no tarball of a tag without a date in NEWS' dist_at "v$upstream"
has "$WORK/dist.out" 'no date of release' 'which is said'
sed -i "1s/.*/daprcerts $upstream (2027-01-31)/" "$copy/NEWS"
check 'a tarball of a tag' dist_at "v$upstream"
check 'named as it' test -s "$WORK/tagged/daprcerts-$upstream.tar.xz"
status 2 'none of another version' dist_at "v$upstream.1"
has "$WORK/dist.out" "the tag is v$upstream.1" 'which is said'

# --- read by those who judge packages --------------------------------------------------------------------------------------
status 0 'lintian' lintian --pedantic --display-info --fail-on error,warning,info,pedantic "$one"/*.changes
same '' "$(grep -v '^N:' "$WORK/out")" 'lintian has nothing to say'
status 0 'rpmlint' rpmlint -c packaging/rpm/rpmlint.toml "$one"/*.rpm packaging/rpm/daprcerts.spec
has "$WORK/out" ' 0 errors, 0 warnings' 'rpmlint has nothing to say'

deb_of() { ls "$one/$1"_[0-9]*.deb; }
rpm_of() { ls "$one/$1"-[0-9]*."$(rpm --eval %_arch)".rpm; }
# plain: names as both have them; documents and what is a linter's aside.
plain() {
  sed 's,^\./,/,; s,^/lib/,/usr/lib/,; s,\(/man/.*\)\.gz$,\1,' |
    grep -v '/$\|^/usr/share/\(doc\|licenses\|lintian\)\|^/usr/lib/\.build-id' | sort
}
for package in daprcerts daprcerts-sentry; do
  dpkg-deb --fsys-tarfile "$(deb_of $package)" | tar -tf - | plain >"$WORK/$package.deb"
  rpm -qp --qf '[%{FILEMODES:perms} %{FILENAMES}\n]' "$(rpm_of $package)" | sed -n '/^d/!s/^[^ ]* //p' | plain >"$WORK/$package.rpm"
  same "$(cat "$WORK/$package.deb")" "$(cat "$WORK/$package.rpm")" "$package: the same files in deb and RPM"
  # a folder that is called after us, or is below such a one, goes with the package
  sed -n 's,\(.*\)/[^/]*$,\1,p' "$WORK/$package.rpm" | while IFS= read -r folder; do
    while case $folder/ in */daprcerts/*) true ;; *) false ;; esac; do
      printf '%s\n' "$folder"
      folder=${folder%/*}
    done
  done | sort -u >"$WORK/$package.folders"
  rpm -qp --qf '[%{FILEMODES:perms} %{FILENAMES}\n]' "$one"/daprcerts*[0-9]*."$(rpm --eval %_arch)".rpm | sed -n 's/^d[^ ]* //p' | sort -u >"$WORK/owned"
  same '' "$(comm -23 "$WORK/$package.folders" "$WORK/owned")" "$package: its folders belong to the RPM"
  check "$package: there are some" test "$(wc -l <"$WORK/$package.deb")" -gt 8
done
same '' "$(grep -E '^/(etc|lib)|/(sbin|systemd/system|sysusers.d|tmpfiles.d)/|/daprcerts-(sentry|up|down|request|fetch)' "$WORK/daprcerts.deb")" \
  'nothing of the server in daprcerts'
has "$WORK/daprcerts-sentry.deb" /usr/libexec/daprcerts/daprcerts-sentry 'the server in daprcerts-sentry'
same '' "$(dpkg-deb -f "$(deb_of daprcerts)" Depends | tr , '\n' | grep -E 'libuv|microhttpd|nghttp2|protobuf|curl|systemd')" \
  'daprcerts depends on no library of the server'

# --- the units -------------------------------------------------------------------------------------------------------------
dpkg-deb -x "$(deb_of daprcerts-sentry)" "$WORK/unpacked"
for unit in daprcerts-sentry daprcerts-rotate; do
  exposure=$(systemd-analyze security --offline=true "$WORK/unpacked/lib/systemd/system/$unit.service" 2>/dev/null |
    sed -n 's/.*exposure level for .*: \([0-9.]*\) .*/\1/p')
  check "$unit.service: exposure ${exposure:-unknown}, less than 2.0" awk -v n="$exposure" 'BEGIN { exit !(n != "" && n < 2.0) }'
done

# --- a policy of the system's ------------------------------------------------------------------------------------------------
mkdir "$WORK/fedora" && cd "$WORK/fedora" || exit 99
for package in daprcerts daprcerts-sentry; do rpm2cpio "$(rpm_of $package)" | cpio -idm 2>/dev/null; done
printf '[priorities]\nSYSTEM=NORMAL:-VERS-ALL:+VERS-TLS1.2\n' >policy
env GNUTLS_SYSTEM_PRIORITY_FILE="$PWD/policy" DAPRCERTS_EXEC_PATH="$PWD/usr/libexec/daprcerts" usr/bin/daprcerts sentry \
  --issuer-credentials ca --port 0 --healthz-port 0 --metrics-port 0 --ready-file ready >log 2>&1 &
sentry=$!
until [ -s ready ] || ! kill -0 $sentry 2>/dev/null; do sleep 0.1; done
address=$(sed -n 's/^grpc //p' ready | head -n 1)
speaks() { openssl s_client -connect "$address" "$1" -alpn h2 </dev/null 2>/dev/null | grep -q 'Cipher is [A-Z]'; }
check "the RPM's sentry speaks what the system's policy allows" speaks -tls1_2
status 1 'and not what it forbids' speaks -tls1_3
kill $sentry && wait $sentry
cd "$top" || exit 99

# --- a newer version ----------------------------------------------------------------------------------------------------------
newer=$WORK/newer
version=$(dpkg-deb -f "$(deb_of daprcerts)" Version)
mkdir "$newer"
for package in daprcerts daprcerts-sentry; do
  dpkg-deb -R "$(deb_of $package)" "$WORK/$package.newer"
  sed -i "s/$version/$version+1/" "$WORK/$package.newer/DEBIAN/control"
  dpkg-deb -b "$WORK/$package.newer" "$newer/$package.deb" >/dev/null
done

# --- a clean Debian ----------------------------------------------------------------------------------------------------------
if ! $is_root; then
  skip 'installed, used, upgraded, removed, purged' 'not root: a clean Debian cannot be made'
  finish
elif ! unshare --mount --pid --fork true 2>/dev/null; then
  skip 'installed, used, upgraded, removed, purged' 'no mounts are allowed here: a clean Debian cannot be entered'
  finish
fi
root=$WORK/root
sources=$(apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 'Origin: Debian')
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
if ! printf '%s\n' "$sources" | mmdebstrap --quiet --variant=apt --include=openssl --skip=cleanup/apt "$suite" "$root" - >"$WORK/out" 2>&1; then
  skip 'installed, used, upgraded, removed, purged' "no clean Debian can be made here: $(tail -n 1 "$WORK/out")"
  finish
fi
printf '127.0.0.1 localhost\n::1 localhost\n' >"$root/etc/hosts"
mkdir "$root/packages" "$root/newer" "$root/tests"
cp "$(deb_of daprcerts)" "$(deb_of daprcerts-sentry)" "$root/packages/"
cp "$newer"/*.deb "$root/newer/"
cp packaging/debian/tests/* "$root/tests/"

# within COMMAND...: as root of the clean Debian; what it starts ends with it.
within() {
  unshare --mount --pid --fork --kill-child sh -c 'mount -t proc proc "$1/proc" && exec chroot "$@"' sh "$root" \
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 "$@"
}
# as_user COMMAND...: there, as somebody, without a network.
as_user() { offline unshare --mount --pid --fork --kill-child sh -c 'mount -t proc proc "$1/proc" && exec chroot --userspec=1234:1234 --groups=1234 "$@"' \
  sh "$root" env -i PATH=/usr/bin:/bin TMPDIR=/tmp LC_ALL=C.UTF-8 "$@"; }
# state: all that the service has, and whose it is.
state() { (cd "$root/var/lib" && find daprcerts daprcerts-root ! -name lock -exec ls -ldn --time-style=full-iso {} + && find daprcerts daprcerts-root -type f -exec cksum {} +) | sort; }
install="apt-get install -q -y --no-install-recommends"

# shellcheck disable=SC2086  # a command's words
check 'daprcerts is installed' within $install "/packages/$(basename "$(deb_of daprcerts)")"
status 0 'the offline tools alone' within daprcerts ca-init --dir /tmp/offline
status 1 'and no server' within daprcerts sentry --check
has "$WORK/err" '; install daprcerts-sentry' 'the message says what to install'
same '' "$(within dpkg-query -W -f '${Package}\n' 'libuv*' 'libmicrohttpd*' 'libcurl*' 2>/dev/null)" 'no library of the server came along'
# shellcheck disable=SC2086
check 'daprcerts-sentry is installed' within $install "/packages/$(basename "$(deb_of daprcerts-sentry)")"
same '' "$(find "$root/var/lib/daprcerts" "$root/var/lib/daprcerts-root" -type f)" 'an installation makes no keys'
same '' "$(find "$root/etc/systemd" -name 'daprcerts*')" 'and starts nothing'
check 'the units are well-formed' within systemd-analyze verify --man=no /lib/systemd/system/daprcerts-sentry.service \
  /lib/systemd/system/daprcerts-rotate.service /lib/systemd/system/daprcerts-rotate.timer
check "the main job, as an ordinary user" as_user sh /tests/main-job
check "the system's service, as its user" within sh /tests/system-service

# --- upgraded -------------------------------------------------------------------------------------------------------------------
echo '# mine' >>"$root/etc/daprcerts/config.yaml"
state >"$WORK/before"
check 'there is a state' test "$(wc -l <"$WORK/before")" -gt 15
# shellcheck disable=SC2086
check 'an upgrade' within $install /newer/daprcerts.deb /newer/daprcerts-sentry.deb
same "$version+1" "$(within dpkg-query -W -f '${Version}' daprcerts-sentry)" 'the newer version is there'
state >"$WORK/after"
same '' "$(diff "$WORK/before" "$WORK/after")" 'the state is as it was'
has "$root/etc/daprcerts/config.yaml" '# mine' 'and so are the settings'
check 'and the service serves' within sh -c 'daprcerts status --dir /var/lib/daprcerts && daprcerts sentry --check --issuer-credentials /var/lib/daprcerts'

# --- removed, purged ------------------------------------------------------------------------------------------------------------
check 'a removal' within apt-get remove -q -y daprcerts daprcerts-sentry
# ours FOLDER...: what is called after us there.
ours() { (cd "$root" && find "$@" -path '*daprcerts*'); }
same '' "$(ours usr lib/systemd)" 'no program stays'
has "$root/etc/daprcerts/config.yaml" '# mine' 'the settings stay'
state >"$WORK/after"
same '' "$(diff "$WORK/before" "$WORK/after")" 'the state stays'
check 'a purge' within apt-get purge -q -y daprcerts daprcerts-sentry
lacks "$WORK/check.out" 'not empty' 'it does not complain of what stays'
same '' "$(ours etc var/lib/systemd var/lib/dpkg/info)" 'nothing stays in /etc'
state >"$WORK/after"
same '' "$(diff "$WORK/before" "$WORK/after")" 'the state stays even then'

. "$TOP_SRCDIR/tests/package/booted.sh"
finish
