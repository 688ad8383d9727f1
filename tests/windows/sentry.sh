#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The server on Windows, in wine or in a shell of MSYS2.
. "${TOP_SRCDIR:?}/tests/cli/lib.sh"
. "$TOP_SRCDIR/tests/interop/server.sh"
cd "$WORK" || exit 99
make_ca

if ! start_sentry --listen-address 127.0.0.1; then
  fail 'the server starts'
  sed 's/^/# /' "$WORK/sentry.log"
  finish
fi
pass 'the server starts'
status 0 'a sidecar gets a certificate' "$DAPRCERTS" issue one --sentry "127.0.0.1:$SENTRY_PORT"
check 'openssl verifies it' openssl verify -CAfile "$DAPRCERTS_DIR/ca.crt" -untrusted one.crt one.crt
same 200 "$(curl --noproxy '*' -s -o /dev/null -w '%{http_code}' "http://$(at healthz)/healthz")" 'it says that it is well'
check 'metrics count it' sh -c 'curl --noproxy "*" -s "http://$1/metrics" | grep -q "^dapr_sentry_cert_sign_success_total 1"' sh "$(at metrics)"

status 0 'another process has the issuer replaced' "$DAPRCERTS" rotate issuer
if logged 'reloaded'; then pass 'the server takes it up by itself'; else
  fail 'the server takes it up by itself'
  sed 's/^/# /' "$WORK/sentry.log"
fi
status 0 'and signs by it' "$DAPRCERTS" issue two --sentry "127.0.0.1:$SENTRY_PORT"
check 'openssl verifies that' openssl verify -CAfile "$DAPRCERTS_DIR/ca.crt" -untrusted two.crt two.crt
check 'by the new issuer' test "$(openssl x509 -noout -issuer_hash -in two.crt)" = "$(openssl x509 -noout -subject_hash -in "$DAPRCERTS_DIR/issuer.crt")"

status 1 'another server on its port' "$DAPRCERTS" sentry --listen-address 127.0.0.1 --port "$SENTRY_PORT" \
  --healthz-port 0 --metrics-port 0
has "$WORK/err" "cannot listen on '127.0.0.1' port $SENTRY_PORT: another program uses it" 'does not share it'
stop_sentry
same 0 "$SENTRY_STATUS" 'Ctrl-C ends it'
has "$WORK/sentry.log" 'Shutting down gRPC server' 'with grace'
check 'the file that said it was ready is gone' test ! -e "$WORK/ready"
check 'its log has lines as on Unix' sh -c '! grep -q "$(printf "\r")" sentry.log'

start_sentry --pid-file "$WORK/pid" --auto-rotate --log-level debug --log-file "$WORK/sentry.file" --max-connections 300 --loops 1
check 'it looks at its credentials by another program' awaited grep -qF 'Nothing is due.' sentry.file
if has_ipv6; then
  status 0 'it listens on ::1' "$DAPRCERTS" issue three --sentry "[::1]:$SENTRY_PORT"
else
  skip 'it listens on ::1' 'no ::1 on this machine'
fi
find_python h2 hpack
if [ -n "$PYTHON" ]; then # Windows waits for 64 things at once where one does not take care
  openssl req -new -newkey ed25519 -nodes -keyout /dev/null -subj / -out csr 2>/dev/null
  same 'closed, status 0' "$("$PYTHON" -B "$TOP_SRCDIR/tests/sentry/limits.py" connections "$SENTRY_ADDR" csr 300 2>&1)" \
    '300 connections at once'
else
  skip '300 connections at once' 'no peer: python3-h2 and python3-hpack'
fi
wine=$(command -v wine)
check 'its console is closed' ${wine:+"$wine"} "$TOP_BUILDDIR/tests/windows/close.exe" "$(cat pid)"
wait_sentry
has sentry.file 'Shutting down gRPC server' 'which ends it with grace'
check 'the file that said it was ready is gone' test ! -e ready
check 'the file that it logs to has lines as on Unix' sh -c '! grep -q "$(printf "\r")" sentry.file'
finish
