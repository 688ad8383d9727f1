#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# MSYS2's package, by its own tools where MSYS2 is not: makepkg builds it of the tarball as UCRT64 would, pacman installs it
# into a root of its own, wine runs it from there, pacman upgrades and removes it.
# The recipe takes the build for a native one. It gets a system that runs programs of Windows: namespaces of a user, where
# the kernel gives a .exe to wine, and where makepkg, which refuses root, is somebody. Nothing of that is seen outside.
# scripts/check windows runs it: it needs the libraries of scripts/windows-deps. The recipe's check() is what ran just
# before, for minutes, and is left out.
DAPRCERTS=none
: "${TOP_SRCDIR:=$(cd "$(dirname "$0")/../.." && pwd)}"
libraries=$("$TOP_SRCDIR/scripts/windows-deps") || exit 99
. "$TOP_SRCDIR/tests/cli/lib.sh"
cd "$TOP_SRCDIR" || exit 99

for peer in makepkg bsdtar pacman wine unshare mount openssl; do
  has_command $peer || skip "MSYS2's package" "no peer: $peer (scripts/deps windows)"
done
[ "$tap_count" -eq 0 ] || finish
WINEPREFIX=$WORK/wine WINEDEBUG=-all WINEDLLOVERRIDES='mscoree,mshtml,winemenubuilder.exe='
export WINEPREFIX WINEDEBUG WINEDLLOVERRIDES
# as_root COMMAND...: with root's rights over what is ours.
as_root() { unshare --user --map-root-user "$@"; }
# native COMMAND...: as a user that is not root, on a system that runs programs of Windows.
cat >"$WORK/run-exe" <<'SH'
#!/bin/sh
# wine leaves HOME out, but for this
WINEHOME=$HOME exec wine "$@"
SH
chmod +x "$WORK/run-exe"
native() {
  # shellcheck disable=SC2016
  as_root --mount sh -c 'formats=/proc/sys/fs/binfmt_misc
    mount -t binfmt_misc binfmt_misc $formats && echo ":exe:M::MZ::$1:" >$formats/register && shift || exit 98
    exec unshare --user --map-user=1234 --map-group=1234 "$@"' sh "$WORK/run-exe" "$@"
}
native true 2>"$WORK/err" || {
  skip "MSYS2's package" "this system gives no namespace that runs .exe (Linux 6.7): $(tail -n 1 "$WORK/err")"
  finish
}
trap 'native wineserver -k; rm -rf "$WORK"' EXIT

# --- built ------------------------------------------------------------------------------------------------------------------
mkdir "$WORK/package"
check 'the tarball' scripts/package --no-install --out "$WORK/package" dist
cp packaging/msys2/PKGBUILD "$WORK/package/"
cd "$WORK/package" || exit 99
# as MSYS2's makepkg_mingw.conf has it; what links the libraries here, and no compression
. "$libraries/environment"
cat >"$WORK/makepkg.conf" <<CONF
CARCH=x86_64
CHOST=x86_64-w64-mingw32
CPPFLAGS='$CPPFLAGS'
CFLAGS='-march=nocona -msahf -mtune=generic -O2 -pipe -Wp,-D_FORTIFY_SOURCE=2 -fstack-protector-strong -Wp,-D__USE_MINGW_ANSI_STDIO=1'
LDFLAGS=$LDFLAGS
MAKEFLAGS=-j$(getconf _NPROCESSORS_ONLN)
BUILDENV=(!distcc !color !ccache check !sign)
OPTIONS=(strip docs !libtool staticlibs emptydirs zipman purge !debug !lto)
INTEGRITY_CHECK=(sha256)
MAN_DIRS=(ucrt64/share/man)
PURGE_TARGETS=(ucrt64/share/info/dir)
PKGEXT=.pkg.tar
SRCEXT=.src.tar
CONF
AR=$CROSS_HOST-ar RANLIB=$CROSS_HOST-ranlib
export AR RANLIB
# makes ARGUMENT...: makepkg as makepkg-mingw starts it; its output is in $WORK/log.
makes() {
  native env MSYSTEM=UCRT64 MINGW_PREFIX=/ucrt64 MINGW_CHOST=x86_64-w64-mingw32 MINGW_PACKAGE_PREFIX=mingw-w64-ucrt-x86_64 \
    makepkg --config "$WORK/makepkg.conf" --nodeps --nocheck "$@" >"$WORK/log" 2>&1
}
# sees ARGUMENT...: the same, of which the end is told when it fails.
sees() { makes "$@" || { tail -n 40 "$WORK/log"; return 1; }; }
native wine wineboot -i >"$WORK/wine.log" 2>&1
check 'makepkg builds it' sees
[ "$tap_failed" -eq 0 ] || finish
same '==> WARNING: Skipping dependency checks.' "$(grep -E '==> (WARNING|ERROR)' "$WORK/log")" 'and complains of --nodeps alone'
sed -i 's/^pkgrel=.*/pkgrel=2/' PKGBUILD
check 'and the same as a newer one' sees --repackage
package() { ls "$WORK/package/mingw-w64-ucrt-x86_64-daprcerts-"*"-$1-any.pkg.tar"; }

# --- installed ------------------------------------------------------------------------------------------------------------------
root=$WORK/msys64
mkdir -p "$root/var/lib/pacman" "$root/ucrt64/etc" "$HOME"
echo mine >"$root/ucrt64/etc/mine"
printf '[options]\nArchitecture = x86_64\nSigLevel = Never\n' >"$WORK/pacman.conf"
pacman_there() { as_root pacman --config "$WORK/pacman.conf" --root "$root" --dbpath "$root/var/lib/pacman" --noconfirm "$@"; }
check 'pacman installs it' pacman_there -U -dd "$(package 1)"
name=mingw-w64-ucrt-x86_64-daprcerts
pacman_there -Qlq $name | sed "s,^$root,," | grep -v '/$' >"$WORK/files"
cat >"$WORK/patterns" <<'LIST'
bin/daprcerts\.exe
libexec/daprcerts/daprcerts-[a-z-]*\.exe
libexec/daprcerts/daprcerts-up
libexec/daprcerts/daprcerts-down
share/man/man[157]/daprcerts[a-z.-]*\.[157]\.gz
share/licenses/daprcerts/COPYING
share/daprcerts/schema/[a-z-]*\.json
share/daprcerts/examples/compose/[a-z]*\.yaml
share/bash-completion/completions/daprcerts
share/zsh/site-functions/_daprcerts
share/fish/vendor_completions\.d/daprcerts\.fish
LIST
same '' "$(sed 's,^/ucrt64/,,' "$WORK/files" | grep -vxf "$WORK/patterns")" 'programs, pages, examples, completions, the licence, and nothing else'
for file in bin/daprcerts.exe libexec/daprcerts/daprcerts-sentry.exe share/licenses/daprcerts/COPYING share/man/man1/daprcerts.1.gz \
  share/man/man5/daprcerts.conf.5.gz share/daprcerts/schema/status.json share/bash-completion/completions/daprcerts \
  share/zsh/site-functions/_daprcerts share/fish/vendor_completions.d/daprcerts.fish; do
  check "there is $file" grep -qx "/ucrt64/$file" "$WORK/files"
done
same '' "$(grep -rl --exclude='*.gz' "$(printf '\r')" "$root/ucrt64/share")" 'no carriage return in a text, nor in completions that the programs made'
same '' "$(grep -E 'daprcerts-(fetch|system-ca)' "$WORK/files")" 'no command that is of Unix alone, and no page of one'
# the C library: with MSYS2's own, no program may link the one before it
for program in "$root"/ucrt64/bin/*.exe "$root"/ucrt64/libexec/daprcerts/*.exe; do
  "$CROSS_HOST-objdump" -p "$program" | sed -n "s/.*DLL Name: */${program##*/}: /p"
done >"$WORK/imports"
check 'the programs import of Windows' grep -qi ': kernel32\.dll$' "$WORK/imports"
case $CROSS_HOST in
  *ucrt) same '' "$(grep -i ': msvcrt\.dll' "$WORK/imports")" 'the C library is ucrtbase.dll alone' ;;
  *) skip 'the C library is ucrtbase.dll alone' "this system's mingw-w64 links msvcrt.dll" ;;
esac

# --- used -------------------------------------------------------------------------------------------------------------------------
daprcerts() { native "$root/ucrt64/bin/daprcerts.exe" "$@"; }
status 0 'it runs from there' daprcerts --help
for command in $(sed -n 's/^  \([a-z][a-z-]*\)  *[a-z].*/\1/p' "$WORK/out"); do
  check "$command has its page" grep -qx "/ucrt64/share/man/man1/daprcerts-$command.1.gz" "$WORK/files"
  case $command in
    up | down) # wine has no sh, which runs them and tells their options
      check "$command is there" grep -qx "/ucrt64/libexec/daprcerts/daprcerts-$command" "$WORK/files"
      continue
      ;;
  esac
  status 0 "$command runs" daprcerts "$command" --help
  has "$root/ucrt64/share/bash-completion/completions/daprcerts" "$command:" "$command completes"
done
dir=$HOME/.dapr/certs
status 0 'ca-init' daprcerts ca-init
status 0 'issue' daprcerts issue web --out "$HOME"
check 'openssl verifies it' openssl verify -x509_strict -CAfile "$dir/ca.crt" -untrusted "$HOME/web.crt" "$HOME/web.crt"
status 0 'sentry finds its certificates' daprcerts sentry --check --issuer-credentials "$dir"

# --- upgraded, removed --------------------------------------------------------------------------------------------------------------
state() { (cd "$HOME/.dapr" && find . -type f -exec cksum {} + && cksum "$root/ucrt64/etc/mine") | sort; }
state >"$WORK/before"
check 'there is a state' grep -q 'issuer\.key$' "$WORK/before"
check 'pacman upgrades it' pacman_there -U -dd "$(package 2)"
same "$name $(sed -n 's/^pkgver=//p' PKGBUILD)-2" "$(pacman_there -Q $name)" 'the newer one is there'
status 0 'and runs' daprcerts verify "$HOME/web.crt"
check 'pacman removes it' pacman_there -R $name
same "$root/ucrt64/etc/mine" "$(find "$root/ucrt64" ! -type d)" 'nothing of it stays'
same "$root/ucrt64/etc" "$(find "$root/ucrt64" -mindepth 1 -type d)" 'no folder either'
state >"$WORK/after"
same '' "$(diff "$WORK/before" "$WORK/after")" "what is a user's stays as it was"
finish
