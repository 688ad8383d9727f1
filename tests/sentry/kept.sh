# SPDX-License-Identifier: Apache-2.0
# A connection to the running server that stays open, and who signs: sourced after tests/interop/server.sh.

find_python h2

# keep_open: a connection over a pipe each way; nothing where python3-h2 is missing, which is told.
keep_open() {
  if [ -z "$PYTHON" ]; then
    skip 'a connection is kept open' 'no peer: python3-h2'
    return
  fi
  openssl req -new -newkey ed25519 -nodes -keyout /dev/null -subj / -out "$WORK/csr" 2>/dev/null
  rm -f "$WORK/to" "$WORK/from"
  mkfifo "$WORK/to" "$WORK/from"
  "$PYTHON" "$TOP_SRCDIR/tests/sentry/peer.py" "$SENTRY_ADDR" "$WORK/csr" <"$WORK/to" >"$WORK/from" 2>"$WORK/peer.err" &
  KEPT_PID=$!
  exec 3>"$WORK/to" 4<"$WORK/from"
  read -r answer <&4
  same open "$answer" 'a connection is kept open'
}

# signed_by DIR WHAT: a call on that connection is answered with certificates below DIR's anchors; $WORK/chain.
signed_by() {
  [ -n "$PYTHON" ] || return 0
  echo "$WORK/chain" >&3
  read -r answer <&4
  same 0 "$answer" "$2: a call on the open connection"
  sed '1,/-----END/d' "$WORK/chain" >"$WORK/above"
  check "$2: signed by $1" openssl verify -partial_chain -CAfile "$1/ca.crt" -untrusted "$WORK/above" "$WORK/chain"
}

# close_kept: fails when the server closed it before.
close_kept() {
  [ -n "$PYTHON" ] || return 0
  exec 3>&- 4<&-
  wait "$KEPT_PID"
  same 0 $? 'the connection was never closed'
}

# requests TOKEN-FILE TIME: a call for web, which is given so long; issue --sentry gives it 15 seconds.
requests() {
  openssl req -new -newkey ed25519 -nodes -keyout /dev/null -subj / -out "$WORK/asked.csr" 2>/dev/null
  "$DAPRCERTS" request --sentry "$SENTRY_ADDR" --id web --namespace default --attempts 1 --timeout "$2" \
    --server-id spiffe://localhost/ns/default/dapr-sentry --trust-anchors ca/ca.crt --token-file "$1" <"$WORK/asked.csr"
}

# shown DIR: a new connection is served a leaf below DIR's anchors.
shown() {
  openssl s_client -connect "$SENTRY_ADDR" -alpn h2 -CAfile "$1/ca.crt" -verify_return_error </dev/null >"$WORK/tls" 2>&1
  grep -qF 'Verify return code: 0 (ok)' "$WORK/tls"
}
shows() { check "$2" shown "$1"; }
