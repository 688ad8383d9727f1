#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# openssl, GnuTLS, curl and h2load against the server.
. "$TOP_SRCDIR/tests/cli/lib.sh"
. "$TOP_SRCDIR/tests/interop/server.sh"

status 0 'a CA' "$DAPRCERTS" ca-init --dir "$WORK/ca"
start_sentry --issuer-credentials "$WORK/ca"

for version in tls1_2 tls1_3; do
  for alpn in '-alpn h2' ''; do
    # shellcheck disable=SC2086  # two words or none
    openssl s_client -connect "$SENTRY_ADDR" -$version $alpn -CAfile "$WORK/ca/ca.crt" -verify_return_error \
      -verify_hostname cluster.local </dev/null >"$WORK/out" 2>"$WORK/err"
    has "$WORK/out" 'Verify return code: 0 (ok)' "openssl s_client verifies the server over $version ${alpn:-without ALPN}"
  done
  openssl s_client -connect "$SENTRY_ADDR" -$version -ign_eof </dev/null >"$WORK/out" 2>"$WORK/err"
  has "$WORK/err" 'no application protocol' "without ALPN it is sent away then, over $version"
done
openssl s_client -connect "$SENTRY_ADDR" -alpn http/1.1 </dev/null >"$WORK/out" 2>"$WORK/err"
has "$WORK/err" 'no application protocol' 'a client that wants only HTTP/1.1 is told so'
openssl s_client -connect "$SENTRY_ADDR" -alpn h2 -CAfile "$WORK/ca/ca.crt" -showcerts </dev/null 2>/dev/null | sed -n '/-----BEGIN/,/-----END/p' >"$WORK/served"
same 2 "$(grep -c BEGIN "$WORK/served")" 'the served chain is leaf and issuer, no root'

if has_command certtool && has_command gnutls-cli; then
  check 'certtool verifies the served chain' certtool --verify --load-ca-certificate "$WORK/ca/ca.crt" --verify-hostname cluster.local --infile "$WORK/served"
  gnutls-cli --x509cafile "$WORK/ca/ca.crt" --verify-hostname cluster.local --alpn h2 --port "$SENTRY_PORT" 127.0.0.1 </dev/null >"$WORK/out" 2>&1
  has "$WORK/out" 'The certificate is trusted' 'gnutls-cli verifies the server'
else
  skip 'GnuTLS verifies the served chain' 'no peer: certtool and gnutls-cli (gnutls-bin)'
fi

# a request without a message, a frame of no bytes, and what is no gRPC at all
post() {
  curl --max-time 60 --silent --show-error --http2 --cacert "$WORK/ca/ca.crt" --connect-to "cluster.local:443:127.0.0.1:$SENTRY_PORT" \
    --dump-header "$WORK/headers" --output "$WORK/body" --write-out '%{http_version} %{http_code}\n' \
    "https://cluster.local$1" -H "content-type: $2" -H 'te: trailers' --data-binary "@$3" >"$WORK/curl" 2>&1
}
if has_command curl && curl --version | grep -q HTTP2; then
  printf '\000\000\000\000\000' >"$WORK/frame"
  post /dapr.proto.sentry.v1.CA/SignCertificate application/grpc "$WORK/frame"
  same '2 200' "$(cat "$WORK/curl")" 'curl: a gRPC request over HTTP/2'
  has "$WORK/headers" 'grpc-status: 7' 'curl sees PERMISSION_DENIED'
  has "$WORK/headers" 'grpc-message: invalid request: parameter app-id cannot be empty%0ACSR is required%0Anamespace is required' 'curl sees its text, percent-encoded'
  post /dapr.proto.sentry.v1.CA/SignCertificate text/plain "$WORK/frame"
  same '2 415' "$(cat "$WORK/curl")" 'curl: another content type'
  post /other application/grpc "$WORK/frame"
  has "$WORK/headers" 'grpc-status: 12' 'curl: another path is unimplemented'
  : >"$WORK/empty"
  post /dapr.proto.sentry.v1.CA/SignCertificate application/grpc "$WORK/empty"
  has "$WORK/headers" 'grpc-status: 13' 'curl: no message at all is an internal error'
else
  skip 'curl' 'no peer: curl with HTTP/2'
fi

if has_command h2load; then
  # the certificate request of a real call, framed by hand
  openssl req -new -newkey ed25519 -nodes -keyout /dev/null -subj / -out "$WORK/csr" 2>/dev/null
  csr_len=$(wc -c <"$WORK/csr")
  message_len=$((5 + 2 + 9 + 3 + csr_len))
  [ "$csr_len" -lt 16384 ] || fail 'the request is short enough for the frame below'
  {
    printf '\000\000\000%b%b' "\\0$(printf %o $((message_len / 256)))" "\\0$(printf %o $((message_len % 256)))"
    printf '\012\005myapp\042\007default\052%b%b' "\\0$(printf %o $((csr_len % 128 + 128)))" "\\0$(printf %o $((csr_len / 128)))"
    cat "$WORK/csr"
  } >"$WORK/call"
  h2load -n 2000 -c 10 -m 20 -d "$WORK/call" -H 'content-type: application/grpc' -H 'te: trailers' \
    "https://$SENTRY_ADDR/dapr.proto.sentry.v1.CA/SignCertificate" >"$WORK/out" 2>&1
  has "$WORK/out" '2000 succeeded, 0 failed' 'h2load: 2000 interleaved calls'
  has "$WORK/out" 'status codes: 2000 2xx' 'h2load: each is answered'
  post /dapr.proto.sentry.v1.CA/SignCertificate application/grpc "$WORK/call"
  has "$WORK/headers" 'grpc-status: 0' 'the same bytes by curl are signed'
else
  skip 'h2load' 'no peer: h2load (nghttp2-client)'
fi
stop_sentry
same 0 "$SENTRY_STATUS" 'the server ends with status 0'
finish
