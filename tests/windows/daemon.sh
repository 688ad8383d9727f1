#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# sentry --daemon, --pid-file, --running and --stop on Windows, in wine or in a shell of MSYS2.
. "${TOP_SRCDIR:?}/tests/cli/lib.sh"
. "$TOP_SRCDIR/tests/interop/server.sh"
. "$TOP_SRCDIR/tests/windows/lib.sh"
cd "$WORK" || exit 99
make_ca
trap '"$DAPRCERTS" sentry --stop --pid-file pid >/dev/null 2>&1; rm -rf "$WORK"' EXIT
free='--listen-address 127.0.0.1 --port 0 --healthz-port 0 --metrics-port 0'
# shellcheck disable=SC2086
daemon() { "$DAPRCERTS" sentry --daemon --pid-file pid --ready-file ready --log-file log $free "$@"; }
running() { "$DAPRCERTS" sentry --running --pid-file pid; }
serves() { openssl s_client -connect "$(at grpc)" -alpn h2 -CAfile ca/ca.crt -verify_return_error </dev/null; }

status 0 '--daemon returns once it serves' daemon
check 'it does, when its dispatcher has ended' serves
same '' "$(cat out err)" 'with nothing on its streams'
has log 'Running gRPC server on' 'all of it is in the log'
status 0 '--running' running
same "$(cat pid)" "$(cat out)" 'tells the number that the pid file has'
pid=$(cat out)
check 'which is one' test "$pid" -gt 0
status 0 'rotate' "$DAPRCERTS" rotate issuer
check 'the server takes it up by itself' awaited grep -q reloaded log

status 3 'a second one' daemon --ready-file ready2
has err "process $pid serves already: it holds 'pid'" 'is told of the first'
same "$pid" "$(running)" 'which goes on'
same "$pid" "$(cat pid)" 'and keeps its file'
# shellcheck disable=SC2086
status 3 'not in the background either' "$DAPRCERTS" sentry --pid-file pid $free

status 0 '--stop' "$DAPRCERTS" sentry --stop --pid-file pid
check 'its files are gone' test ! -e pid -a ! -e ready
has log 'Shutting down gRPC server' 'it ended with grace'
status 3 '--stop again' "$DAPRCERTS" sentry --stop --pid-file pid
has err "nothing to stop: no process holds 'pid'" 'says so'
status 3 '--running then' running
has err "nothing runs: no process holds 'pid'" 'says so, too'

# of standard output alone: wine keeps a process's standard error open for its own messages
same 'it serves' "$(daemon 2>err && echo 'it serves')" 'a shell that reads what it says goes on'

# killed: the file stays, and its number may be another's by now
pid=$(cat pid)
kill_windows "$pid" daprcerts-sentry
status 3 'a file that nobody holds' "$DAPRCERTS" sentry --stop --pid-file pid
check 'it is gone' test ! -e pid
echo 4 >pid
status 3 'a number of another process' running
status 0 'hinders no start' daemon
check 'whose number it has then' test "$(cat pid)" = "$(running)" -a "$(cat pid)" -ne 4
status 0 'a server not in the background' "$DAPRCERTS" sentry --stop --pid-file pid
start_sentry --listen-address 127.0.0.1 --pid-file pid
status 0 'is stopped, too' "$DAPRCERTS" sentry --stop --pid-file pid
wait_sentry
same 0 "$SENTRY_STATUS" 'and ends as by Ctrl-C'

status 1 'a start that fails' daemon --issuer-credentials "$WORK/log/x"
has err 'daprcerts sentry: ' 'is told where it was begun'
check 'and leaves no pid file' test ! -e pid
status 1 'a pid file that cannot be' daemon --pid-file missing/pid
has err "cannot open 'missing/pid'" 'is told'
status 1 'the word for the child alone' env DAPRCERTS_READY_HANDLE=1 "$DAPRCERTS" sentry --daemon --log-file log
has err 'DAPRCERTS_READY_HANDLE' 'is told'
finish
