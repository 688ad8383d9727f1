#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# python's grpcio with the public proto; what it gets is read by openssl and certtool.
. "$TOP_SRCDIR/tests/cli/lib.sh"
. "$TOP_SRCDIR/tests/interop/server.sh"
. "$TOP_SRCDIR/tests/cli/openssl-ca.sh"

find_python grpc grpc_tools.protoc
if [ -z "$PYTHON" ]; then
  skip 'python grpcio' 'no peer: python3-grpcio and python3-grpc-tools'
  finish
fi

"$PYTHON" -m grpc_tools.protoc -I "$TOP_SRCDIR/tests/interop" --python_out="$WORK" --grpc_python_out="$WORK" sentry.proto
status 0 'a CA' "$DAPRCERTS" ca-init --dir "$WORK/ca"
start_sentry --issuer-credentials "$WORK/ca"
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$WORK/key" -subj / -out "$WORK/csr" 2>/dev/null

status 0 'grpcio obtains a certificate' "$PYTHON" "$TOP_SRCDIR/tests/interop/client.py" "$WORK" "localhost:$SENTRY_PORT" "$WORK/ca/ca.crt" "$WORK/csr" "$WORK/chain"
has "$WORK/out" 'myapp' 'for the app that asked'
status 7 'grpcio sees PERMISSION_DENIED' "$PYTHON" "$TOP_SRCDIR/tests/interop/client.py" "$WORK" "localhost:$SENTRY_PORT" "$WORK/ca/ca.crt" "$WORK/csr" "$WORK/none" my.app
has "$WORK/err" 'invalid request: parameter app-id cannot contain dots' 'and its text'
stop_sentry
same 0 "$SENTRY_STATUS" 'the server ends with status 0'

sed '1,/-----END/d' "$WORK/chain" >"$WORK/issuer"
check 'openssl verifies the chain' openssl verify -x509_strict -CAfile "$WORK/ca/ca.crt" -untrusted "$WORK/issuer" "$WORK/chain"
check 'openssl takes it for a server' openssl verify -purpose sslserver -CAfile "$WORK/ca/ca.crt" -untrusted "$WORK/issuer" "$WORK/chain"
check 'openssl takes it for a client' openssl verify -purpose sslclient -CAfile "$WORK/ca/ca.crt" -untrusted "$WORK/issuer" "$WORK/chain"
if has_command certtool; then
  check 'certtool verifies the chain' certtool --verify --load-ca-certificate "$WORK/ca/ca.crt" --infile "$WORK/chain"
else
  skip 'certtool verifies the chain' 'no peer: certtool (gnutls-bin)'
fi
same "$(openssl pkey -in "$WORK/key" -pubout)" "$(openssl x509 -in "$WORK/chain" -noout -pubkey)" 'it is for the key that was sent'

# --- a root that is rotated by a cross-certificate, with the old root's key or without it ----------------------------------
cd "$WORK" || exit 1
crossed_cas
for before in old dapr; do
  check "a chain that leads from the new root to that of $before is served" start_sentry --issuer-credentials $before-new
  for knows in $before $before-new new; do
    what="who knows the root of $knows"
    status 0 "$what: grpcio obtains a certificate" "$PYTHON" "$TOP_SRCDIR/tests/interop/client.py" "$WORK" \
      "localhost:$SENTRY_PORT" $knows/ca.crt csr chain
    sed '1,/-----END/d' chain >above
    check "$what: openssl verifies it" openssl verify -x509_strict -CAfile $knows/ca.crt -untrusted above chain
    openssl s_client -connect "$SENTRY_ADDR" -alpn h2 -CAfile $knows/ca.crt -verify_return_error </dev/null >tls 2>&1
    has tls 'Verify return code: 0 (ok)' "$what: openssl takes what is served"
  done
  stop_sentry
done
finish
