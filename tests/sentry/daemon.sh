#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# sentry --daemon, --pid-file and --stop.
. "${TOP_SRCDIR:?}/tests/cli/lib.sh"
. "$TOP_SRCDIR/tests/interop/server.sh"
cd "$WORK" || exit 1
make_ca
trap '"$DAPRCERTS" sentry --stop --pid-file pid 2>/dev/null; rm -rf "$WORK"' EXIT
free='--port 0 --healthz-port 0 --metrics-port 0'
# shellcheck disable=SC2086
daemon() { "$DAPRCERTS" sentry --daemon --pid-file pid --ready-file ready --log-file log $free "$@"; }

# ended PID: it is gone, or nobody has asked for its status yet.
ended() { case $(ps -o stat= -p "$1" 2>/dev/null) in '' | Z*) ;; *) return 1 ;; esac }

status 0 '--daemon returns once it serves' daemon
check 'it does' sh -c "openssl s_client -connect '$(at grpc)' -alpn h2 -CAfile ca/ca.crt -verify_return_error </dev/null"
same '' "$(cat out err)" 'with nothing on its streams'
has log 'Running gRPC server on' 'all of it is in the log'
pid=$(cat pid)
check 'the pid file has its number' kill -0 "$pid"
same "$pid" "$("$DAPRCERTS" sentry --running --pid-file pid)" '--running tells it'
same '-rw-r--r--' "$(ls -l pid | cut -c1-10)" 'for all to read'
if [ -d "/proc/$pid/fd" ]; then
  same '/dev/null /dev/null /dev/null' "$(for n in 0 1 2; do readlink "/proc/$pid/fd/$n"; done | paste -sd ' ' -)" 'no stream of its caller is kept'
else
  skip 'no stream of its caller is kept' 'no /proc'
fi

status 3 'a second one' daemon --ready-file ready2
has err "process $pid serves already: it holds 'pid'" 'is told of the first'
check 'which goes on' kill -0 "$pid"
same "$pid" "$(cat pid)" 'and keeps its file'
# shellcheck disable=SC2086
status 3 'not in the background either' "$DAPRCERTS" sentry --pid-file pid $free
# as from a container that has the directory
if unshare --pid --fork true 2>/dev/null; then
  status 1 'of a process that cannot be seen' unshare --pid --fork "$DAPRCERTS" sentry --running --pid-file pid
  has err 'not to be seen from here' 'it is told that it runs'
  status 1 'and it is not stopped' unshare --pid --fork "$DAPRCERTS" sentry --stop --pid-file pid
  has err 'cannot stop a process that is not to be seen from here' 'which is told'
  same "$pid" "$(cat pid)" 'its file stays'
else
  skip 'a process that cannot be seen' 'no namespaces of processes here'
fi
status 0 '--check takes no pid file' "$DAPRCERTS" sentry --check --pid-file pid

status 0 '--stop' "$DAPRCERTS" sentry --stop --pid-file pid
check 'it has ended by then' ended "$pid"
check 'and its files are gone' test ! -e pid -a ! -e ready
has log 'Shutting down gRPC server' 'it ended as by SIGTERM'
status 3 '--stop again' "$DAPRCERTS" sentry --stop --pid-file pid
has err 'nothing to stop' 'says so'
mkfifo fifo
for word in running stop; do status 3 "--$word of a FIFO" "$DAPRCERTS" sentry --$word --pid-file fifo; done
rm fifo
status 3 '--running then' "$DAPRCERTS" sentry --running --pid-file pid
has err "nothing runs: no process holds 'pid'" 'says so, too'

# killed: the file stays, and its number may be another's by now
daemon
pid=$(cat pid)
kill -KILL "$pid"
awaited ended "$pid"
sleep 600 &
innocent=$!
echo "$innocent" >pid
status 3 'its number is not told' "$DAPRCERTS" sentry --running --pid-file pid
status 3 'a file that nobody holds' "$DAPRCERTS" sentry --stop --pid-file pid
check 'who has its number lives on' kill -0 "$innocent"
kill "$innocent"
check 'it is gone' test ! -e pid
echo 1 >pid
status 0 'and hinders no start' daemon
check 'whose number it has then' test "$(cat pid)" -gt 1
"$DAPRCERTS" sentry --stop --pid-file pid

: >notes
ln -s notes link
status 1 'a symbolic link' daemon --pid-file link
same '' "$(cat notes)" 'is not written through'
status 1 'a start that fails' daemon --issuer-credentials /dev/null/x
has err 'daprcerts sentry: ' 'is told where it was begun'
check 'and leaves no pid file' test ! -e pid
status 1 'a pid file that cannot be' daemon --pid-file missing/pid
has err "cannot open 'missing/pid'" 'is told'
status 2 '--daemon without a log' "$DAPRCERTS" sentry --daemon
status 2 '--stop without a pid file' "$DAPRCERTS" sentry --stop
status 2 '--running without one' "$DAPRCERTS" sentry --running
status 2 '--running --stop' "$DAPRCERTS" sentry --running --stop --pid-file pid
status 2 '--daemon --stop' "$DAPRCERTS" sentry --daemon --log-file log --stop --pid-file pid
status 2 '--daemon --check' "$DAPRCERTS" sentry --daemon --log-file log --check
finish
