#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The dispatcher.
. "$TOP_SRCDIR/tests/cli/lib.sh"

status 0 '--version' "$DAPRCERTS" --version
has "$WORK/out" 'daprcerts ' 'on standard output'
status 0 '--help' "$DAPRCERTS" --help
cp "$WORK/out" "$WORK/help"
for command in ca-init env-export issue; do
  has "$WORK/help" "  $command" "--help tells of $command"
  status 0 "help $command" "$DAPRCERTS" help "$command"
  has "$WORK/out" "usage: daprcerts $command" 'is its --help'
  status 0 "$command --version" "$DAPRCERTS" "$command" --version
  status 2 "$command with an unknown option" "$DAPRCERTS" "$command" --no-such-option
  has "$WORK/err" "Try 'daprcerts $command --help'" 'names the help'
done
if grep -q '^  request' "$WORK/help"; then fail 'private programs are not told of'; else pass 'private programs are not told of'; fi
status 2 'no command' "$DAPRCERTS"
same '' "$(cat "$WORK/out")" 'nothing on standard output'
status 2 'an unknown command' "$DAPRCERTS" isue
has "$WORK/err" "did you mean 'issue'?" 'the nearest is named'
status 2 'a command that resembles nothing' "$DAPRCERTS" frobnicate-all
if grep -q 'did you mean' "$WORK/err"; then fail 'no guess is made'; else pass 'no guess is made'; fi

# found through a symbolic link, through PATH, and by DAPRCERTS_EXEC_PATH alone when that is set
ln -s "$DAPRCERTS" "$WORK/link"
status 0 'through a symbolic link' "$WORK/link" issue --version
status 0 'through PATH' env PATH="$(dirname "$DAPRCERTS"):$PATH" daprcerts issue --version
mkdir "$WORK/exec"
if on_unix 'DAPRCERTS_EXEC_PATH' 'a shell program lies there, and wine has no sh'; then
  printf '#!/bin/sh\necho mine "$@"\n' >"$WORK/exec/daprcerts-issue"
  chmod +x "$WORK/exec/daprcerts-issue"
  status 0 'DAPRCERTS_EXEC_PATH' env DAPRCERTS_EXEC_PATH="$WORK/exec" "$DAPRCERTS" issue a 'b c'
  same 'mine a b c' "$(cat "$WORK/out")" 'runs what lies there, with its arguments'
fi
status 1 'and nothing else' env DAPRCERTS_EXEC_PATH="$WORK/exec" "$DAPRCERTS" ca-init
has "$WORK/err" "cannot find the program 'daprcerts-ca-init'" 'which is said'
lacks "$WORK/err" 'install daprcerts-sentry' 'and belongs to each installation'
status 1 'a program of the server that is not installed' env DAPRCERTS_EXEC_PATH="$WORK/exec" "$DAPRCERTS" sentry
on_unix 'has its package named' 'it is all one package' && has "$WORK/err" '; install daprcerts-sentry' 'has its package named'

# --- daprcerts(1), COMPATIBILITY: a directory of a newer version ------------------------------------------------------
"$DAPRCERTS" ca-init --dir "$WORK/newer" >/dev/null 2>&1
echo 2 >"$WORK/newer/.daprcerts/format"
find "$WORK/newer" -type f -exec cksum {} + | sort >"$WORK/before"
for command in 'env-export' 'status' 'rotate issuer' 'issue myapp --stdout' 'token --init' 'ca-init --client'; do
  # shellcheck disable=SC2086  # words
  status 1 "$command in a directory of a newer version" "$DAPRCERTS" $command --dir "$WORK/newer"
done
has "$WORK/err" '(format 2, this one knows 1)' 'both numbers are told'
same "$(cat "$WORK/before")" "$(find "$WORK/newer" -type f -exec cksum {} + | sort)" 'and nothing is changed'
echo 1 >"$WORK/newer/.daprcerts/format"
echo 'of-tomorrow = 1' >"$WORK/newer/.daprcerts/state"
status 1 'a rotation under way that is not understood' "$DAPRCERTS" rotate --dir "$WORK/newer"
status 0 'hinders no certificate' "$DAPRCERTS" issue myapp --dir "$WORK/newer" --stdout
rm "$WORK/newer/.daprcerts/state"
echo 'of-tomorrow = 1' >>"$WORK/newer/daprcerts.conf"
status 0 'nor does a setting that is not known' "$DAPRCERTS" issue myapp --dir "$WORK/newer" --stdout

status 1 'a full disk is an error' sh -c '"$DAPRCERTS" --help >/dev/full'
finish
