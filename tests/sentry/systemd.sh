#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a service manager hears: READY, RELOADING, WATCHDOG, STOPPING. python stands in for it.
. "${TOP_SRCDIR:?}/tests/cli/lib.sh"
. "$TOP_SRCDIR/tests/interop/server.sh"
cd "$WORK" || exit 1
has_command python3 || { skip 'what a service manager hears' 'no peer: python3'; finish; }
DAPRCERTS_DIR=$WORK/ca
export DAPRCERTS_DIR
"$DAPRCERTS" ca-init >/dev/null 2>&1 || { echo 'Bail out! no CA to serve'; exit 1; }

python3 "$TOP_SRCDIR/tests/sentry/notify.py" "$WORK/notify" >states &
manager=$!
# heard TEXT [TIMES]: waits until the manager has heard it.
heard() {
  until [ "$(grep -c -- "$1" states)" -ge "${2:-1}" ]; do
    kill -0 "$manager" 2>/dev/null || return 1
    sleep 0.05
  done
}
heard listening
NOTIFY_SOCKET=$WORK/notify WATCHDOG_USEC=200000
export NOTIFY_SOCKET WATCHDOG_USEC
start_sentry
check 'it tells that it serves' heard '^READY=1$'
check 'and keeps telling that it is alive' heard '^WATCHDOG=1$' 3
kill -HUP "$SENTRY_PID"
check 'it tells that it reloads, with the time that Type=notify-reload wants' heard '^RELOADING=1 MONOTONIC_USEC=[0-9]*$'
check 'and that it serves again' heard '^READY=1$' 2
stop_sentry
wait "$manager"
check 'it tells that it stops' heard '^STOPPING=1$'
same 0 "$SENTRY_STATUS" 'and ends with status 0'
finish
