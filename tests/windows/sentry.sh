#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The server on Windows, in wine or in a shell of MSYS2.
. "${TOP_SRCDIR:?}/tests/cli/lib.sh"
. "$TOP_SRCDIR/tests/interop/server.sh"
trap '[ -z "${SENTRY_PID:-}" ] || kill -KILL "$SENTRY_PID" 2>/dev/null; rm -rf "$WORK"' EXIT
cd "$WORK" || exit 99
make_ca

status 1 '--daemon' "$DAPRCERTS" sentry --daemon --log-file "$WORK/log" --port 0
has "$WORK/err" "'--daemon' is not for Windows" 'is refused, with the way that there is'

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

# the server itself: its dispatcher leaves Ctrl-C to it, which a console gives to both
server=$(pgrep -f "daprcerts-sentry.*$WORK/ready" | head -n 1)
kill -INT "${server:-$SENTRY_PID}"
wait_sentry
same 0 "$SENTRY_STATUS" 'Ctrl-C ends it'
has "$WORK/sentry.log" 'Shutting down gRPC server' 'with grace'
check 'the file that said it was ready is gone' test ! -e "$WORK/ready"
finish
