#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# issue --sentry: by which anchors it believes a server, what it says of each failure, and how often it asks.
. "${TOP_SRCDIR:?}/tests/cli/lib.sh"
. "$TOP_SRCDIR/tests/interop/server.sh"
cd "$WORK" || exit 1
for dir in ca other; do
  "$DAPRCERTS" ca-init --dir $dir >/dev/null 2>&1 || { echo 'Bail out! no CA to serve'; exit 1; }
done
mkdir leafs

ask() { "$DAPRCERTS" issue web --sentry "$@" --out leafs --force; }
# asks STATUS WHAT ADDRESS OPTION...
asks() {
  asks_status=$1 asks_what=$2
  shift 2
  status "$asks_status" "$asks_what" ask "$@"
}

# --- anchors -----------------------------------------------------------------------------------------------------------
start_sentry --issuer-credentials ca
unsigned="the server's certificate is not signed by these trust anchors"
asks 0 'anchors in --dir' "$SENTRY_ADDR" --dir ca
check 'the chain leads to them' openssl verify -CAfile ca/ca.crt -untrusted leafs/web.crt leafs/web.crt
asks 0 'in --trust-anchors, over --dir' "$SENTRY_ADDR" --dir other --trust-anchors ca/ca.crt
home=$HOME
unset HOME
asks 0 'which needs no directory, and so no HOME' "$SENTRY_ADDR" --trust-anchors ca/ca.crt
if on_windows; then
  skip 'as without anchors' 'where HOME is not set USERPROFILE counts, which always is'
else
  asks 1 'as without anchors' "$SENTRY_ADDR"
  has err 'HOME is not set' 'it is told'
fi
export HOME="$home"
DAPR_TRUST_ANCHORS=$(cat ca/ca.crt)
DAPRCERTS_DIR=$WORK/other
export DAPR_TRUST_ANCHORS DAPRCERTS_DIR
asks 0 'in DAPR_TRUST_ANCHORS, over the usual directory' "$SENTRY_ADDR"
asks 1 'which counts less than --dir' "$SENTRY_ADDR" --dir other
has err "$unsigned" 'and it is told'
asks 1 'and less than --trust-anchors' "$SENTRY_ADDR" --trust-anchors other/ca.crt
has err "$unsigned" 'and it is told'
unset DAPR_TRUST_ANCHORS DAPRCERTS_DIR

# --- failures, each with its text ----------------------------------------------------------------------------------------
rm -f leafs/*
asks 1 'anchors of another CA' "$SENTRY_ADDR" --dir other
has err "sentry at '$SENTRY_ADDR': $unsigned" 'are told of, with the address'
asks 1 'a server of another trust domain' "$SENTRY_ADDR" --dir ca --control-plane-trust-domain elsewhere
has err "the server is 'spiffe://localhost/ns/default/dapr-sentry', not 'spiffe://elsewhere/ns/default/dapr-sentry'" \
  'is told of'
asks 1 'of another namespace' "$SENTRY_ADDR" --dir ca --control-plane-namespace elsewhere
has err "not 'spiffe://localhost/ns/elsewhere/dapr-sentry'" 'is told of'
status 1 'what the server denies' "$DAPRCERTS" issue dapr-sentry --trust-domain localhost --sentry "$SENTRY_ADDR" \
  --dir ca --out leafs
has err 'the server refuses: PERMISSION_DENIED: the identity of sentry itself is not given to others' \
  "is told in the server's words"
if has_command curl; then
  curl --silent --max-time 60 "http://$(at metrics)/" >metrics
  has metrics 'dapr_sentry_cert_sign_failure_total{reason="sign"} 1' 'and asked for once'
else
  skip 'and asked for once' 'no peer: curl'
fi
stop_sentry
asks 1 'nobody there' "$SENTRY_ADDR" --dir ca
has err "sentry at '$SENTRY_ADDR': cannot connect: Connection refused" 'is told of'
same '' "$(ls leafs)" 'none of these leaves a file'

# --- attempts -------------------------------------------------------------------------------------------------------------
if ! has_command python3; then
  skip 'attempts' 'no peer: python3'
  finish
fi
# A server that closes each connection, or is silent; it ends by SIGTERM and says how many there were.
cat >deaf.py <<'PY'
import os, signal, socket, sys
ended, held = [], []
signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
listening = socket.create_server(("127.0.0.1", 0))
with open("deaf.new", "w") as told:
    told.write("127.0.0.1:%d" % listening.getsockname()[1])
os.rename("deaf.new", "deaf")
listening.settimeout(0.1)
while True:
    try:
        held.append(listening.accept()[0])
    except TimeoutError:  # nobody waits
        if ended:
            break
        continue
    if sys.argv[1] == "closes":
        held[-1].settimeout(60)
        held[-1].recv(65536)
        held[-1].close()
print(len(held))
PY
# deaf closes|silent COMMAND...: the status and texts of the command, which finds the address in $at; $count connections.
deaf() {
  rm -f deaf
  python3 deaf.py "$1" >count &
  deaf_pid=$!
  awaited [ -s deaf ] || return 1
  at=$(cat deaf)
  shift
  "$@"
  kill -TERM "$deaf_pid"
  wait "$deaf_pid"
  count=$(cat count)
}
closing() { asks 1 'a server that closes the connection' "$at" --dir ca; }
deaf closes closing
has err 'the server closed the connection' 'is told of'
same 5 "$count" 'after five attempts, as a sidecar makes them'

openssl req -new -newkey ed25519 -nodes -keyout /dev/null -subj / -out csr 2>/dev/null
request() {
  "$DAPRCERTS" request --sentry "$at" --id web --namespace default \
    --server-id spiffe://localhost/ns/default/dapr-sentry --trust-anchors ca/ca.crt --timeout 200ms "$@" <csr
}
silence() { status 1 'a silent server' request --attempts 3; }
deaf silent silence
has err 'no answer in time' 'is told of'
same 3 "$count" 'after as many attempts as were asked for'
finish
