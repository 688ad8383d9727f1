#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a service manager hears: READY, RELOADING, WATCHDOG, STOPPING; the sockets that it passes. python stands in for it.
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

# --- sockets that it passes -----------------------------------------------------------------------------------------------
unset NOTIFY_SOCKET WATCHDOG_USEC
sentry=$DAPRCERTS
passing() { exec python3 "$TOP_SRCDIR/tests/sentry/activate.py" "$names" "$sentry" "$@"; }
DAPRCERTS=passing names=healthz=unix:$WORK/health,other=127.0.0.1,metrics=127.0.0.1
start_sentry --listen-address 192.0.2.1 --healthz-listen-address 192.0.2.1 --metrics-listen-address 192.0.2.1
same "$(cat passed)" "$(cat ready)" 'it listens at the sockets that it is given, not at its addresses'
if has_command curl; then
  same 200 "$(curl --silent --max-time 20 --write-out '%{http_code}' --unix-socket health http://localhost/healthz)" 'health is at its own'
  curl --silent --max-time 20 "$(sed -n 's/^metrics //p' ready)/" >metrics
  has metrics dapr_sentry_ 'metrics at theirs'
else
  skip 'health is at its own' 'no peer: curl'
  skip 'metrics at theirs' 'no peer: curl'
fi
openssl s_client -connect "$SENTRY_ADDR" -alpn h2 </dev/null 2>/dev/null | openssl x509 -noout -ext subjectAltName >served 2>&1
has served 'URI:spiffe://localhost/ns/default/dapr-sentry' 'and gRPC at the one of no known name'
stop_sentry
same 0 "$SENTRY_STATUS" 'it ends with status 0'
check "the manager's socket file stays" test -S health
names=grpc=127.0.0.1:deaf
refused() { (passing "$@"); }
status 1 'a socket that does not listen is refused' refused sentry --healthz-port 0 --metrics-port 0
has err 'is no listening socket' 'with the reason'
finish
