#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What inspect, verify and fingerprint say of a sentry that serves, beside openssl's s_client.
. "${TOP_SRCDIR:?}/tests/cli/lib.sh"
. "$TOP_SRCDIR/tests/interop/server.sh"
. "$TOP_SRCDIR/tests/cli/openssl-ca.sh"
cd "$WORK" || exit 1
make_ca
start_sentry

# --- ours ---------------------------------------------------------------------------------------------------------------
openssl s_client -connect "$SENTRY_ADDR" -alpn h2 -showcerts </dev/null 2>/dev/null | sed -n '/BEGIN/,/END/p' >served.pem
"$DAPRCERTS" inspect --format pem --bundle "$SENTRY_ADDR" >out 2>err
same "$(cat served.pem)" "$(cat out)" 'the chain that it shows'
same "$(openssl x509 -in served.pem -noout -fingerprint -sha256 | sed 's/.*=//; s/://g' | tr '[:upper:]' '[:lower:]')" \
  "$("$DAPRCERTS" fingerprint "tls://$SENTRY_ADDR")" 'its fingerprint'
status 0 'inspect' "$DAPRCERTS" inspect "$SENTRY_ADDR"
has out 'As what a sentry serves with:' 'knows a sentry'
has out 'SPIFFE ID: spiffe://localhost/ns/default/dapr-sentry' 'its SPIFFE ID'
same 3 "$(grep -c 'daprd .* accepts it' out)" 'which sidecars of all versions accept'
for version in 1.6 1.11.6 1.13 1.18.3; do
  status 0 "verify for daprd $version" "$DAPRCERTS" verify --daprd $version \
    --spiffe-id spiffe://localhost/ns/default/dapr-sentry "$SENTRY_ADDR"
done
same '' "$(cat out err)" 'says nothing'
status 0 'for the name that old ones ask' "$DAPRCERTS" verify --host cluster.local "$SENTRY_ADDR"
status 1 'https asks for the name of the host' "$DAPRCERTS" verify "https://$SENTRY_ADDR"
has err "failed to verify certificate: it is not for '${SENTRY_ADDR%:*}'" 'which it does not bear'
status 0 'unless told that it is insecure' "$DAPRCERTS" verify --insecure "https://$SENTRY_ADDR"
"$DAPRCERTS" ca-init --dir other 2>/dev/null
status 1 'other anchors' "$DAPRCERTS" verify --roots other "$SENTRY_ADDR"
has err 'leads to no trust anchor' 'do not verify it'
status 1 'to inspect takes trust too' "$DAPRCERTS" inspect --roots other "$SENTRY_ADDR"
same '' "$(cat out)" 'without which nothing is shown'
status 0 'or --insecure' "$DAPRCERTS" inspect --short --roots other --insecure "$SENTRY_ADDR"
has out 'X.509v3 TLS Certificate' 'which shows it'
status 1 'status --needs-renewal: not yet' "$DAPRCERTS" status --needs-renewal "$SENTRY_ADDR" -v
same 'certificate does not need renewal' "$(cat err)" 'in the words of step'
status 0 'by a longer time: yes' "$DAPRCERTS" status --needs-renewal "$SENTRY_ADDR" --expires-in 9000h
status 255 'not of a server that is not trusted' "$DAPRCERTS" status --needs-renewal "$SENTRY_ADDR" --roots other
has err 'leads to no trust anchor' 'which is told'
status 1 'the health port speaks no TLS' "$DAPRCERTS" inspect "$(at healthz)"
# libmicrohttpd answers in HTTP, or closes at once
check 'and it is told' grep -q 'TLS handshake failed\|the server closed the connection' err
stop_sentry

# --- of a CA that step made ------------------------------------------------------------------------------------------------
step_ca step
start_sentry --issuer-credentials step
status 0 "verify, with step's CA" "$DAPRCERTS" verify -v --roots step "$SENTRY_ADDR"
has out 'OpenSSL: error 19: self-signed certificate in certificate chain' 'tells what OpenSSL says of it'
has out 'GnuTLS: The certificate is NOT trusted' 'and GnuTLS'
openssl s_client -connect "$SENTRY_ADDR" -alpn h2 -CAfile step/ca.crt </dev/null >s_client 2>&1
has s_client 'Verify return code: 19' 'which is what it says'
stop_sentry
finish
