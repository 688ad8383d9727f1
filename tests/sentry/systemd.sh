#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a service manager hears, READY, RELOADING, WATCHDOG, STOPPING, and the sockets that it gives. python stands in
# for it, and systemd's own systemd-socket-activate.
. "${TOP_SRCDIR:?}/tests/cli/lib.sh"
. "$TOP_SRCDIR/tests/interop/server.sh"
cd "$WORK" || exit 1
has_command python3 || { skip 'what a service manager hears and gives' 'no peer: python3'; finish; }
make_ca

python3 "$TOP_SRCDIR/tests/sentry/notify.py" "$WORK/notify" >states &
manager=$!
# heard TEXT [TIMES]: waits until the manager has heard it.
heard() { awaited has_heard "$@"; }
has_heard() { [ "$(grep -c -- "$1" states)" -ge "${2:-1}" ]; }
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
unset NOTIFY_SOCKET WATCHDOG_USEC

# --- sockets that it gives ---------------------------------------------------------------------------------------------
plain=$DAPRCERTS
mkdir leafs
# given NAME=WHAT...: start_sentry starts the server with these, by sockets.py.
given() {
  rm -f sockets child
  {
    printf '#!/bin/sh\nexec python3 "%s"' "$TOP_SRCDIR/tests/sentry/sockets.py"
    printf " '%s'" "$@"
    # shellcheck disable=SC2016  # for the script that is written
    printf ' -- "%s" "$@"\n' "$plain"
  } >given.sh
  chmod +x given.sh
  DAPRCERTS=$WORK/given.sh
}
# address NAME: the first of the sockets of that name
address() { sed -n "s/^$1 //p" sockets | head -n 1; }
# there FILE: waits for it
there() { awaited [ -s "$1" ]; }
served_at() { "$plain" issue web --sentry "$1" --dir ca --out leafs --force; }
get() { curl --silent --show-error --max-time 60 --fail --output body "$@"; }
printf '\000\000\000\000\000' >frame
# called_at CURL-OPTION...: a gRPC call there is answered, if only by a refusal
called_at() {
  curl --silent --show-error --max-time 60 --http2 --cacert ca/ca.crt --dump-header headers --output body "$@" \
    -H 'content-type: application/grpc' -H 'te: trailers' --data-binary @frame \
    && grep -q '^grpc-status: 7' headers
}
method=/dapr.proto.sentry.v1.CA/SignCertificate

given healthz=127.0.0.1:0 grpc=127.0.0.1:0 metrics=127.0.0.1:0
start_sentry
same "$(sort sockets)" "$(sort ready)" 'what is given is listened at, nothing else, and the ready file says so'
check 'grpc by name' served_at "$(address grpc)"
has sentry.log "Running gRPC server on $(address grpc)" 'the log tells the address'
if has_command curl; then
  check 'healthz by name' get "http://$(address healthz)/healthz"
  check 'metrics by name' get "http://$(address metrics)/"
  has body 'dapr_sentry_cert_sign_success_total 1' 'with what was served'
else
  skip 'healthz and metrics by name' 'no peer: curl'
fi
stop_sentry
same 0 "$SENTRY_STATUS" 'it ends with status 0'

for name in '' dapr-sentry.socket=; do
  given "${name}127.0.0.1:0"
  start_sentry
  same "grpc $(sed 's/.* //' sockets)" "$(grep '^grpc' ready)" "one by the name '$name' is for gRPC"
  check 'and is served' served_at "$(sed 's/.* //' sockets)"
  same 1 "$(grep -c '^healthz 127.0.0.1:' ready)" 'health is where the options say'
  stop_sentry
done

given grpc=127.0.0.1:0 "grpc=unix:$WORK/grpc.sock" "healthz=unix:$WORK/healthz.sock"
start_sentry
same "$(grep -v metrics sockets | sort)" "$(grep -v metrics ready | sort)" 'several, Unix-domain ones too'
check 'a call by the first' served_at "$(address grpc)"
if has_command curl && curl --version | grep -q HTTP2; then
  check 'a call by the Unix-domain one' called_at --unix-socket grpc.sock "https://cluster.local$method"
  check 'health by a Unix-domain one' get --unix-socket healthz.sock http://localhost/healthz
else
  skip 'calls by Unix-domain sockets' 'no peer: curl with HTTP/2'
fi
stop_sentry
for name in grpc healthz; do check "the file of the Unix-domain socket is the manager's and stays: $name" test -S $name.sock; done

if python3 -c 'import socket; socket.socket(socket.AF_INET6).bind(("::1", 0))' 2>/dev/null; then
  given 'grpc=[::1]:0' grpc=127.0.0.1:0
  start_sentry
  same "$(cat sockets)" "$(grep grpc ready)" 'one of each family'
  check 'a call by IPv6' served_at "$(address grpc)"
  check 'a call by IPv4' served_at "$(sed -n '2s/^grpc //p' sockets)"
  stop_sentry
else
  skip 'one of each family' 'no peer: IPv6'
fi

for what in grpc=file:/dev/null grpc=udp:127.0.0.1:0 grpc=bound:127.0.0.1:0 grpc=closed healthz=file:/dev/null \
  metrics=udp:127.0.0.1:0; do
  given "$what"
  status 1 "$what ends the start" timeout 60 ./given.sh sentry --port 0
  has out 'descriptor 3, passed by the service manager, is no listening socket' 'and it is told why'
done

# started by the first who comes, as often as somebody does
given --on-connection --times 2 grpc=127.0.0.1:0
{ there sockets && served_at "$(address grpc)" && echo served >first; } >first.log 2>&1 &
first=$!
start_sentry
wait "$first"
same served "$(cat first 2>&1)" 'who came before the start is served'
rm ready
there child
kill -TERM "$(cat child)"
check 'who comes when the server has gone is served by the next' served_at "$(address grpc)"
there ready
stop_sentry
same 0 "$SENTRY_STATUS" 'which ends with status 0'

DAPRCERTS=$plain
if has_command systemd-socket-activate && has_command curl && curl --version | grep -q HTTP2; then
  rm -f ready body
  systemd-socket-activate --listen="$WORK/real.sock" --listen="$WORK/real-healthz.sock" --fdname=grpc:healthz \
    "$plain" sentry --issuer-credentials "$WORK/ca" --metrics-port 0 --ready-file "$WORK/ready" >sentry.log 2>&1 &
  SENTRY_PID=$!
  awaited [ -S real-healthz.sock ]
  check 'systemd-socket-activate: health' get --retry 100 --retry-delay 1 --retry-connrefused --unix-socket real-healthz.sock \
    http://localhost/healthz
  check 'systemd-socket-activate: a call' called_at --unix-socket real.sock "https://cluster.local$method"
  same "grpc unix:$WORK/real.sock healthz unix:$WORK/real-healthz.sock" \
    "$(grep -v metrics ready | tr '\n' ' ' | sed 's/ $//')" 'it knows where it is'
  stop_sentry
  same 0 "$SENTRY_STATUS" 'it ends with status 0'
else
  skip 'systemd-socket-activate' 'no peer: systemd-socket-activate (systemd), curl with HTTP/2'
fi
finish
