#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# daprcerts down: stops what up has started, and deletes nothing without a word.
. "${TOP_SRCDIR:?}/tests/cli/lib.sh"
cd "$WORK" || exit 1
trap '"$DAPRCERTS" down --quiet --dir ca 2>/dev/null; rm -rf "$WORK"' EXIT
start() { "$DAPRCERTS" up --quiet --dir ca -- --port 0 --healthz-port 0 --metrics-port 0 >/dev/null 2>&1; }
down() { "$DAPRCERTS" down --dir ca "$@"; }

start
pid=$(cat ca/.daprcerts/sentry.pid)
(cd ca && cksum ca.* issuer.* client.*) >before
status 0 'down stops it' down
has err "sentry of $WORK/ca has ended" 'and says so'
check 'the process is gone' sh -c "case \$(ps -o stat= -p $pid 2>/dev/null) in '' | Z*) ;; *) exit 1 ;; esac"
check 'its files too' test ! -e ca/.daprcerts/sentry.pid -a ! -e ca/.daprcerts/sentry.ready
check 'the credentials stay' sh -c 'cd ca && cksum ca.* issuer.* client.* | cmp - ../before'
status 3 'down again' down
has err "no sentry of '$WORK/ca' runs" 'nothing ran'
start
status 0 'quietly' down -q
same '' "$(cat err)" 'nothing is said'

# a number that was another process's since
sleep 600 &
innocent=$!
echo "$innocent" >ca/.daprcerts/sentry.pid
status 3 'an old pid file with the number of another process' down
check 'which lives on' kill -0 "$innocent"
kill "$innocent"

start
status 1 '--purge without a terminal' down --purge </dev/null
has err '--force says so where there is no terminal' 'is refused'
check 'sentry goes on' kill -0 "$(cat ca/.daprcerts/sentry.pid)"
check 'and the key is there' test -s ca/ca.key
find_python pty
if [ -n "$PYTHON" ]; then
  typed() { # typed TEXT: on a terminal
    "$PYTHON" -c 'import os, pty, sys
def read(fd):
    data = os.read(fd, 1024)
    if b"to go on: " in data: os.write(fd, (sys.argv[1] + "\n").encode())
    return data
sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[2:], read, lambda fd: b"")))' "$1" "$DAPRCERTS" down --dir ca --purge </dev/null
  }
  status 1 'another word' typed yes
  has out 'Type the word "purge" to go on' 'it was asked for'
  check 'nothing was deleted' test -s ca/ca.key
  check 'nothing was stopped' kill -0 "$(cat ca/.daprcerts/sentry.pid)"
  echo mine >ca/mine.txt
  status 0 'the word' typed purge
  same mine.txt "$(ls -A ca)" 'what is not ours stays'
  has out "holds other files, which stay" 'and is told'
  rm ca/mine.txt
else
  skip 'the word on a terminal' 'no peer: python3'
  down --purge --force >/dev/null 2>&1
fi
start
status 0 '--force' down --purge --force </dev/null
check 'everything is gone' test ! -e ca
status 3 'and again' down --purge --force

# --- where nobody can look ---------------------------------------------------------------------------------------------
echo mine >file
status 1 'a directory that cannot be looked into' "$DAPRCERTS" down --dir file
has err "cannot open '$WORK/file/.daprcerts/sentry.pid'" 'is no "nothing runs"'

# --- what is not ours ----------------------------------------------------------------------------------------------------
mkdir project
for name in ca.crt client.key jwt.key config.yaml; do echo mine >"project/$name"; done
cp -R project before.project
status 1 '--purge of a folder that is none of ours' "$DAPRCERTS" down --purge --force --dir project
has err "has no .daprcerts, so it is none of ours" 'is refused'
check 'nothing is gone' diff -r before.project project
"$DAPRCERTS" ca-init --dir real 2>/dev/null
mkdir victim && echo mine >victim/file
mv real/.daprcerts real.state && ln -s ../victim real/.daprcerts
status 1 'nor with a symbolic link to others' "$DAPRCERTS" down --purge --force --dir real
check 'whose files stay' test -s victim/file -a -s real/ca.key
rm real/.daprcerts && mv real.state real/.daprcerts
echo mine >real/config.yaml
mkdir real/token.key
ln -s ../victim/file real/client.key.new && mv real/client.key.new real/client.key
ln -s real link
status 0 '--purge through a link to the directory' "$DAPRCERTS" down --purge --force --dir link
same "config.yaml
token.key" "$(ls -A real)" "somebody's configuration stays, and what is no file"
check 'and where a link led' test -s victim/file
has err "holds other files, which stay" 'which is told'
"$DAPRCERTS" ca-init --dir whole 2>/dev/null
rm link && ln -s whole link
status 0 'likewise with nothing else there' "$DAPRCERTS" down --purge --force --dir link
lacks err 'other files' 'when there is nothing, nothing is told'

for words in --frob operand --force --purge=yes; do
  status 2 "down $words" down "$words"
done
status 0 '--help' down --help
has out '--purge' 'tells the options'
status 0 '--version' down --version
finish
