#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What root publishes in the directory of another user is that user's, and nothing elsewhere is changed by it.
. "${TOP_SRCDIR:?}/tests/cli/lib.sh"
. "$TOP_SRCDIR/tests/cli/openssl-ca.sh"
. "$TOP_SRCDIR/tests/cli/rotated.sh"
cd "$WORK" || exit 1

if [ "$(id -u)" -ne 0 ]; then
  skip "what root publishes" "not root"
  finish
fi
uid=12345 gid=23456
dir=$WORK/ca
mkdir -m 750 "$dir" && chown $uid:$gid "$dir" || exit 99
chmod 711 "$WORK"

# owned WHAT: all in the directory is its owner's.
owned() { same '' "$(find "$dir" ! -user $uid -o ! -group $gid)" "$1"; }
state() { (cd "$1" && find . -exec ls -ldn {} + | sort -k 9); }

status 0 "ca-init by root" "$DAPRCERTS" ca-init --dir "$dir"
check "as many files as ever" test "$(find "$dir" -type f | wc -l)" -ge 8
owned "all of it is the owner's"
for way in issuer root "retire --force" "root --staged" rollback "root --same-key" "root --compromised"; do
  # shellcheck disable=SC2086
  rotated 0 "rotate $way by root" "$dir" $way
  owned "all of it is the owner's"
done
status 0 "token --init by root" "$DAPRCERTS" token --init --dir "$dir"
owned "all of it is the owner's"
fits "$dir" "the set is whole"

# --- and the owner goes on ----------------------------------------------------------------------------------------------------
find_python os
as_owner() {
  "$PYTHON" -c 'import os, sys
os.setgroups([]); os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[1])); os.execv(sys.argv[3], sys.argv[3:])' \
    $uid $gid "$@"
}
if [ -z "$PYTHON" ] || ! as_owner "$DAPRCERTS" --version >/dev/null 2>&1; then
  skip "the owner goes on" "no python, or the programs are not for other users"
else
  status 0 "a look by the owner" as_owner "$DAPRCERTS" status --dir "$dir"
  status 0 "rotate by the owner" as_owner "$DAPRCERTS" rotate --dir "$dir" issuer
  chown 0:0 "$dir/.daprcerts/lock"
  status 1 "a lock of root's keeps the owner out" as_owner "$DAPRCERTS" rotate --dir "$dir" issuer
  rotated 3 "until root comes by" "$dir"
  status 0 "and not from then on" as_owner "$DAPRCERTS" rotate --dir "$dir" issuer
  chmod 500 "$dir" "$dir/.daprcerts"
  state "$dir" >"$WORK/before"
  status 1 "a directory that cannot be written" as_owner "$DAPRCERTS" rotate --dir "$dir" issuer
  has "$WORK/err" "cannot write in directory '$dir'" "is named"
  status 3 "--dry-run needs no more than to read" as_owner "$DAPRCERTS" rotate --dir "$dir" --dry-run
  same "$(cat "$WORK/before")" "$(state "$dir")" "nothing was changed"
  chmod 750 "$dir" && chmod 755 "$dir/.daprcerts"
fi

# --- by open directories alone ---------------------------------------------------------------------------------------------------
# strays FILE: the calls of a trace that change something by a path below the directory, or that go from an open directory
# through another one, or open something by a link.
strays() {
  awk -v below="\"$dir/" '
    index($0, below) && (!/ (newfstatat|statx|l?stat|access|faccessat2?|openat|open)\(/ || /O_(CREAT|WRONLY|RDWR|TRUNC)/)
    /[(,] ?[0-9]+, "[^"]*\// || / openat\([0-9]+, / && !/O_NOFOLLOW/' "$1"
}

if has_command strace && strace -o /dev/null -e trace=openat true 2>/dev/null; then
  kept=${ASAN_OPTIONS-}
  export ASAN_OPTIONS="${kept:+$kept:}detect_leaks=0" # the leak detector cannot run under strace
  for way in "token --init --force" "rotate root" "rotate rollback" "rotate issuer"; do
    # shellcheck disable=SC2086
    status 0 "$way, traced" strace -f -o "$WORK/trace" -e trace=%file "$DAPRCERTS" $way --dir "$dir"
    check "its calls are there" grep -q ' renameat2\?([0-9]*, "[^/"]*", [0-9]*, "' "$WORK/trace"
    same '' "$(strays "$WORK/trace")" "each names but what lies in an open directory"
  done
  export ASAN_OPTIONS="$kept"
else
  skip "by open directories alone" "no peer: strace that may trace"
fi

# --- links -------------------------------------------------------------------------------------------------------------------
mkdir "$WORK/else" "$WORK/else/next"
echo theirs >"$WORK/else/next/file"
echo theirs >"$WORK/else/file"
state "$WORK/else" >"$WORK/before"
ln -s "$WORK/else/next" "$dir/.daprcerts/next"
rotated 1 "a link in the place of what is ours" "$dir" issuer
rm "$dir/.daprcerts/next"
# what root alone can read is not brought back for the owner
mkdir -m 700 "$WORK/roots"
cp "$dir/ca.key" "$WORK/roots/secret"
mv "$dir/.daprcerts/prev" "$WORK/prev"
ln -s "$WORK/roots" "$dir/.daprcerts/prev"
rotated 1 "a way back by a link to what is root's" "$dir" rollback
rm "$dir/.daprcerts/prev"
mv "$WORK/prev" "$dir/.daprcerts/prev"
cp "$WORK/roots/secret" "$dir/.daprcerts/prev/secret"
rotated 1 "or to a file of root's" "$dir" rollback
has "$WORK/err" "/prev/secret' is not of the owner" "is refused"
rm "$dir/.daprcerts/prev/secret"
check "neither is there" test ! -e "$dir/secret"
# nor kept for the owner by another name of it
mv "$dir/client.key" "$WORK/client.key"
ln "$WORK/roots/secret" "$dir/client.key"
rotated 1 "a file of root's that is in the place of one of the set" "$dir" issuer
has "$WORK/err" "'client.key' is not of the owner of '$dir'" "is refused"
check "it is not kept" test ! -e "$dir/.daprcerts/before"
mv -f "$WORK/client.key" "$dir/client.key"
# nor signed with: the key of root's is elsewhere, and the directory has a link to it
mv "$dir/ca.key" "$WORK/roots/ca.key" && chown 0:0 "$WORK/roots/ca.key"
ln -s "$WORK/roots/ca.key" "$dir/ca.key"
rotated 1 "a key of root's by a link" "$dir" issuer --force
has "$WORK/err" "'ca.key' is not of the owner of '$dir'" "is refused"
rm "$dir/ca.key" && cp "$WORK/roots/ca.key" "$dir/ca.key" && chown $uid:$gid "$dir/ca.key"
# a directory of a third one can be moved to where ours is, by whoever owns what is around it
mkdir -m 700 "$WORK/third" && echo theirs >"$WORK/third/file" && chown -R 4321:4321 "$WORK/third"
state "$WORK/third" >"$WORK/thirds"
for part in .daprcerts .daprcerts/next .daprcerts/before; do
  [ $part != .daprcerts ] || mv "$dir/.daprcerts" "$WORK/away"
  mv "$WORK/third" "$dir/$part"
  rotated 1 "one in the place of $part" "$dir" issuer
  has "$WORK/err" "/$part' is not of the owner" "is refused"
  same "$(cat "$WORK/thirds")" "$(state "$dir/$part")" "and is as it was"
  mv "$dir/$part" "$WORK/third"
  [ $part != .daprcerts ] || mv "$WORK/away" "$dir/.daprcerts"
done
mv "$dir/.daprcerts/prev" "$WORK/prev"
cp -p "$WORK/prev"/* "$WORK/third/" && chown -R 4321:4321 "$WORK/third"
mv "$WORK/third" "$dir/.daprcerts/prev"
rotated 1 "and one in the place of prev" "$dir" rollback
has "$WORK/err" "/.daprcerts/prev' is not of the owner" "is refused"
rm -r "$dir/.daprcerts/prev" && mv "$WORK/prev" "$dir/.daprcerts/prev"
rm "$dir/.daprcerts/lock"
ln -s "$WORK/else/file" "$dir/.daprcerts/lock"
rotated 1 "and of the lock" "$dir" issuer
rm "$dir/.daprcerts/lock"
mv "$dir/.daprcerts" "$WORK/away"
ln -s "$WORK/else" "$dir/.daprcerts"
rotated 1 "and of all of it" "$dir" issuer
rm "$dir/.daprcerts"
mv "$WORK/away" "$dir/.daprcerts"
same "$(cat "$WORK/before")" "$(state "$WORK/else")" "nothing is changed where they lead to"
: >"$WORK/empty"
for file in file empty; do
  [ $file = empty ] && from=$WORK/empty || from=$WORK/else/file
  rm -f "$dir/.daprcerts/lock"
  ln "$from" "$dir/.daprcerts/lock"
  rotated 0 "a lock that is another file, $file, too" "$dir" issuer
  same "0 0" "$(ls -ln "$from" | awk '{ print $3, $4 }')" "is not given away"
done
rm "$dir/.daprcerts/lock"
rotated 0 "without it" "$dir" issuer
owned "all is the owner's again"
finish
