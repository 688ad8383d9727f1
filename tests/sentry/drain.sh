#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The server's end, and what is left of a crowd: no accepted call is lost, no peer can hold the end up for ever.
. "${TOP_SRCDIR:?}/tests/cli/lib.sh"
. "$TOP_SRCDIR/tests/interop/server.sh"
cd "$WORK" || exit 1

begin_wire 'the end of the server'

# case_of CASE SIGNAL [ARGUMENT...]: what drain.py prints of the running server.
case_of() {
  case_name=$1 case_signal=$2
  shift 2
  "$PYTHON" -B "$TOP_SRCDIR/tests/sentry/drain.py" "$case_name" "$SENTRY_ADDR" "$WORK/csr" "$(server_process)" \
    "$case_signal" "$@" 2>&1
}

# ends WANT STATUS WHAT OPTIONS CASE SIGNAL [ARGUMENT...]: what becomes of the peers, and of the server.
ends() {
  ends_want=$1 ends_status=$2 ends_what=$3 ends_options=$4
  shift 4
  # shellcheck disable=SC2086  # words
  start_sentry $ends_options
  same "$ends_want" "$(case_of "$@")" "$ends_what"
  wait_sentry
  same "$ends_status" "$SENTRY_STATUS" "and the server ends with status $ends_status"
}

cut='did not end in time and are cut'
# what is waited for takes as long as the machine needs
unhurried='--drain-timeout 10m'
patient="--handshake-timeout 10m $unhurried"
for signal in $(on_windows || echo TERM) INT; do
  ends 'last 3, status 0, status 0, closed, idle last 0 closed, shaken status 0, new refused' 0 \
    "SIG$signal: what is under way is finished" "$patient" under_way "$signal"
  lacks "$WORK/sentry.log" "$cut" 'in time'
  ends 'none lost' 0 "SIG$signal under load" "$patient" load "$signal" 6
done
ends 'status 0' 0 'last answers wait in the system for a slow reader' "$unhurried" slow $END_SIGNAL 2000
on_unix 'and for one that sends before it reads' 'no call tells there what the system still holds for a peer' &&
  ends 'status 0' 0 'and for one that sends before it reads' "--handshake-timeout 1s $unhurried" pausing $END_SIGNAL 2000
# by itself the system takes more at one time than at another
if on_windows; then
  skip 'last answers wait in the server' 'no sockets are passed on Windows, and so no narrow ones'
else
  plain=$DAPRCERTS
  DAPRCERTS=$WORK/narrow.sh
  cat >narrow.sh <<SH
#!/bin/sh
exec "$PYTHON" -B "$TOP_SRCDIR/tests/sentry/sockets.py" narrow:127.0.0.1:0 -- "$plain" "\$@"
SH
  chmod +x narrow.sh
  ends 'status 0' 0 'last answers wait in the server for a slow reader' "$unhurried" slow $END_SIGNAL 2000
  ends 'status 0' 0 'so do those of a peer that has not read the GOAWAY' "--handshake-timeout 1s $unhurried" unread $END_SIGNAL 2000
  DAPRCERTS=$plain
fi
ends 'status 0, closed, closed' 0 'a peer that does not answer does not hold up the end' \
  '--handshake-timeout 1s --drain-timeout 1h' unanswered $END_SIGNAL
lacks "$WORK/sentry.log" "$cut" 'nor is it told of'

ends cut 0 'drain-timeout by flag: a call without an end is cut' '--drain-timeout 1s' held $END_SIGNAL
has "$WORK/sentry.log" "1 connections $cut" 'and told of'
printf '[sentry]\ndrain-timeout = 1s\n' >ca/daprcerts.conf
ends cut 0 'drain-timeout by daprcerts.conf' '' held $END_SIGNAL
has "$WORK/sentry.log" "1 connections $cut" 'and told of'
printf '[sentry]\ndrain-timeout = 1h\n' >ca/daprcerts.conf
ends cut 0 'drain-timeout: a flag over daprcerts.conf' '--drain-timeout 1s' held $END_SIGNAL
ends closed 1 'a second signal cuts it short' '' twice $END_SIGNAL
has "$WORK/sentry.log" 'a second signal ended the server with calls under way' 'and that is told'

# --- signals -----------------------------------------------------------------------------------------------------------
# Another thread that took one might sleep on it for ever where signals are kept back until it does something (TSan).
if [ -d "/proc/$$/task" ] && ! on_windows; then
  start_sentry
  threads=0 takers=0
  for status in "/proc/$SENTRY_PID"/task/*/status; do
    threads=$((threads + 1))
    blocked=$(sed -n 's/^SigBlk:[[:space:]]*[0-9a-f]*\(....\)$/\1/p' "$status")
    [ $((0x$blocked & 0x4003)) -eq $((0x4003)) ] || takers=$((takers + 1)) # SIGHUP, SIGINT, SIGTERM
  done
  check 'a server of several threads' [ "$threads" -gt 2 ]
  same 1 "$takers" 'one of which takes its signals'
  stop_sentry
else
  skip 'one thread takes the signals' 'no /proc, or no signals'
fi

# --- a crowd ---------------------------------------------------------------------------------------------------------
crowd=2000
if [ ! -d "/proc/$$/fd" ]; then
  skip 'what is left of a crowd' 'no /proc'
elif on_windows; then
  skip 'what is left of a crowd' 'sockets are no files in /proc on Windows' # tests/windows/sentry.sh has a crowd
elif sanitized; then
  skip 'what is left of a crowd' 'a sanitizer counts memory in its own way'
elif ! (ulimit -n $((crowd + 100))) 2>/dev/null; then
  skip 'what is left of a crowd' 'this machine allows too few descriptors'
else
  ulimit -n $((crowd + 100))
  start_sentry
  same "status 0, $crowd more descriptors, then 0 more, below 8 MB" "$(case_of crowd $END_SIGNAL "$crowd")" \
    "$crowd connections at once, and back"
  stop_sentry
  same 0 "$SENTRY_STATUS" 'and the server ends with status 0'
fi
finish
