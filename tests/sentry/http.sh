#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Health and metrics, as curl and Prometheus' promtool see them, and the log's warnings before certificates end.
. "${TOP_SRCDIR:?}/tests/interop/go-home.sh"
. "$TOP_SRCDIR/tests/cli/lib.sh"
. "$TOP_SRCDIR/tests/interop/server.sh"
cd "$WORK" || exit 1
make_ca
for peer in curl python3; do
  has_command $peer || { skip 'health and metrics' "no peer: $peer"; finish; }
done

get() { curl --silent --show-error --max-time 60 --write-out '%{http_code} %{content_type}' --output body "$@"; }
asks() { "$DAPRCERTS" issue "$1" --sentry "$SENTRY_ADDR" --force; }
metric() { get "$(at metrics)/" >/dev/null && sed -n "s/^$1 //p" body; }

# --- health -------------------------------------------------------------------------------------------------------------
start_sentry
for host in 127.0.0.1 '[::1]'; do
  [ "$host" = 127.0.0.1 ] || has_ipv6 || { skip "health and metrics at $host" 'no ::1 on this machine'; continue; }
  same '200 ' "$(get "$host:$(at healthz | sed 's/.*://')/healthz")" "health at $host"
  check 'without a body' test ! -s body
  check "metrics at $host" get --fail "$host:$(at metrics | sed 's/.*://')/"
done
same '200 ' "$(get "http://localhost:$(at healthz | sed 's/.*://')/healthz")" 'clients dial it as localhost too'
same '404 text/plain; charset=utf-8' "$(get "$(at healthz)/")" 'other paths are not found'
same '404 page not found' "$(cat body)" 'in the words of the original'
same '200 ' "$(get --request POST --data x "$(at healthz)/healthz")" 'any method is answered'
same '200 ' "$(get "$(at healthz)/healthz?x=y")" 'what follows a question mark does not matter'
status 22 'headers without end are refused' curl --silent --fail --max-time 60 --header "X: $(head -c 40000 /dev/zero | tr '\0' x)" "$(at healthz)/healthz"

# --- metrics ------------------------------------------------------------------------------------------------------------
case $(get "$(at metrics)/any/path") in
  '200 text/plain; version=0.0.4'*) pass 'every path of the metrics port serves them' ;;
  *) fail 'every path of the metrics port serves them' ;;
esac
for name in cert_sign_request_received_total cert_sign_success_total 'cert_sign_failure_total{reason="sign"}' \
  servercert_issue_failed_total issuercert_changed_total connections_total audit_failures_total \
  'reloads_total{result="ok"}' 'reloads_total{result="failed"}'; do
  same 0 "$(metric "dapr_sentry_$name")" "$name is 0 at first"
done
end() { date -d "$(openssl x509 -in "$1" -noout -enddate | cut -d= -f2)" +%s; }
same "$(end ca/issuer.crt)" "$(metric dapr_sentry_issuercert_expiry_timestamp)" "the issuer's end, on a line without a label"
same "$(end ca/ca.crt)" "$(metric "dapr_sentry_trustanchor_expiry_timestamp_seconds{sha256=\"$(openssl x509 -in ca/ca.crt -noout -fingerprint -sha256 | sed 's/.*=//; s/://g' | tr A-F a-f)\"}")" "the anchor's end"
openssl s_client -connect "$SENTRY_ADDR" -alpn h2 </dev/null 2>/dev/null | openssl x509 >served.crt
same "$(end served.crt)" "$(metric dapr_sentry_servercert_expiry_timestamp_seconds)" "the serving certificate's end"

before=$(metric dapr_sentry_connections_total)
asks web >/dev/null 2>&1 || fail 'a certificate'
same 1 "$(metric dapr_sentry_cert_sign_request_received_total)" 'a call is counted'
same 1 "$(metric dapr_sentry_cert_sign_success_total)" 'and its certificate'
same 1 "$(metric dapr_sentry_cert_sign_duration_seconds_count)" 'and its time'
same "$((before + 1))" "$(metric dapr_sentry_connections_total)" 'and its connection'
"$DAPRCERTS" issue dapr-sentry --sentry "$SENTRY_ADDR" --trust-domain localhost >/dev/null 2>&1 && fail 'refused'
same 1 "$(metric 'dapr_sentry_cert_sign_failure_total{reason="sign"}')" 'a refusal is counted'
# comes_to NAME N: waits until the metric is N at least.
comes_to() { awaited reached "$@"; }
reached() { [ "$(metric "$1")" -ge "$2" ]; }
# fails_by REASON WHAT COMMAND...: the command's handshake is one more that failed by it.
fails_by() {
  fails_name="dapr_sentry_tls_handshake_failures_total{reason=\"$1\"}" fails_what=$2
  fails_before=$(metric "$fails_name")
  shift 2
  "$@" </dev/null >/dev/null 2>&1
  check "$fails_what" comes_to "$fails_name" "$((fails_before + 1))"
}
fails_by alpn 'a peer without HTTP/2 is counted' openssl s_client -connect "$SENTRY_ADDR"
fails_by tls 'one without TLS' curl --silent --max-time 60 --http0.9 "http://$SENTRY_ADDR/"
# visit: a connection that says nothing and goes at the end of standard input.
visit() { python3 -c 'import socket, sys; peer = socket.create_connection(sys.argv[1].split(":")); sys.stdin.read()' "$SENTRY_ADDR"; }
fails_by closed 'and one that says nothing and goes' visit
"$DAPRCERTS" ca-init --dir other --issuer-days 100 >/dev/null 2>&1
cp -R ca first && cp other/ca.crt other/issuer.crt other/issuer.key ca
check 'other credentials are counted' comes_to dapr_sentry_issuercert_changed_total 1
same "$(end other/issuer.crt)" "$(metric dapr_sentry_issuercert_expiry_timestamp)" "and their issuer's end is told"
cp first/ca.crt first/issuer.crt first/issuer.key ca
check 'twice' comes_to dapr_sentry_issuercert_changed_total 2
reloads=$(metric 'dapr_sentry_reloads_total{result="ok"}')
if hup; then
  check 'a reload is counted' comes_to 'dapr_sentry_reloads_total{result="ok"}' "$((reloads + 1))"
else
  skip 'a reload by SIGHUP is counted' "$NO_HUP"
fi
mv ca/issuer.key kept
hup
check 'and one that fails' comes_to 'dapr_sentry_reloads_total{result="failed"}' 1
mv kept ca/issuer.key
same '200 ' "$(get "$(at healthz)/healthz")" 'which leaves it healthy: the last good credentials serve'

for promtool in promtool "${XDG_CACHE_HOME:-$HOME_OF_USER/.cache}/daprcerts/promtool"; do
  command -v "$promtool" >/dev/null 2>&1 && break
  promtool=
done
if [ -n "$promtool" ]; then
  get "$(at metrics)/" >/dev/null
  "$promtool" check metrics <body >lint 2>&1
  # the original's own names, which are what they are
  grep -v 'dapr_sentry_issuercert_expiry_timestamp' lint >ours
  same '' "$(cat ours)" 'promtool has nothing to say of them'
else
  skip 'promtool' 'no peer: promtool (tests/interop/fetch-peers.sh gets it)'
fi
stop_sentry
same 0 "$SENTRY_STATUS" 'the server ends with status 0'

if [ -c /dev/full ]; then
  start_sentry --audit-log /dev/full --handshake-timeout 1s
  asks web >/dev/null 2>&1
  same 1 "$(metric dapr_sentry_audit_failures_total)" 'a line of the audit log that is lost is counted'
else
  skip 'a line of the audit log that is lost is counted' 'no /dev/full on this machine'
  start_sentry --handshake-timeout 1s
fi
# stays: a connection that says nothing until it is closed
stays() { python3 -c 'import socket, sys; socket.create_connection(sys.argv[1].split(":"), 60).recv(1)' "$SENTRY_ADDR"; }
fails_by timeout 'a handshake that never begins is counted' stays
stop_sentry

# --- the end ------------------------------------------------------------------------------------------------------------
# A peer in the midst of its handshake keeps the server draining until it goes.
start_sentry --handshake-timeout 10m --drain-timeout 10m
health=$(at healthz)
same '200 ' "$(get "$health/healthz")" 'ready'
mkfifo stay
visit <stay &
peer=$!
exec 3>stay
check 'a peer has come' comes_to dapr_sentry_connections_active 1
kill -$END_SIGNAL "$(server_process)"
check 'the server drains' logged 'Shutting down gRPC server'
same '503 ' "$(get "$health/healthz")" 'not ready while it drains'
check 'without a body' test ! -s body
same 1 "$(metric dapr_sentry_connections_active)" 'metrics are served on'
exec 3>&-
wait "$peer"
wait_sentry
same 0 "$SENTRY_STATUS" 'it ends with the last peer'
status 7 'and health with it' curl --silent --max-time 60 "$health/healthz"

# --- addresses and ports ------------------------------------------------------------------------------------------------
start_sentry --enable-metrics=false
same '' "$(at metrics)" '--enable-metrics=false: no metrics'
check 'but health' test -n "$(at healthz)"
stop_sentry
start_sentry --metrics-listen-address ''
check 'metrics on every interface' get "http://127.0.0.1:$(at metrics | sed 's/.*://')/"
port=$(at metrics | sed 's/.*://')
status 1 'a port that was asked for and is taken: an error' timeout 60 "$DAPRCERTS" sentry --port 0 --healthz-port "$port" --metrics-port 0
has "$WORK/err" "the healthz endpoint: cannot listen on '127.0.0.1' port $port" 'with which'
stop_sentry
if on_windows; then
  skip 'Unix-domain sockets' 'wine has none'
else
  start_sentry --healthz-listen-address "unix:$WORK/health"
  same '200 ' "$(get --unix-socket health http://localhost/healthz)" 'health on a Unix-domain socket'
  stop_sentry
  check 'the socket goes with the server' test ! -e health
  python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("health")' 2>/dev/null
  start_sentry --healthz-listen-address "unix:$WORK/health"
  same '200 ' "$(get --unix-socket health http://localhost/healthz)" 'one that nobody listens at is replaced'
  status 1 'one that somebody listens at is not' "$DAPRCERTS" sentry --port 0 --metrics-port 0 --healthz-listen-address "unix:$WORK/health"
  has "$WORK/err" "cannot listen on 'unix:$WORK/health': another program does" 'with the reason'
  stop_sentry
  # gRPC too: nobody of another machine is there, and the log says who asks
  start_sentry --listen-address "unix:$WORK/grpc" --log-level debug
  openssl s_client -unix grpc </dev/null 2>/dev/null | openssl x509 -noout -ext subjectAltName >served 2>&1
  has served 'URI:spiffe://localhost/ns/default/dapr-sentry' 'gRPC on a Unix-domain socket'
  lacks sentry.log 'can be reached by other machines' 'needs no warning'
  stop_sentry
  has sentry.log 'msg="unix: ' 'its peers are named so'
fi
# What the defaults are shows where others have them: all four, on both families, by us or by others who stay. Who has
# one for a moment, as a server of another test, is waited for: it would be free again in the middle of this.
python3 - <<'PYTHON' >taken &
import errno, socket, time
held, patience = [], time.monotonic() + 30 # less than what awaits this
for port in (50001, 8080, 9090, 9080):
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        while True:
            try:
                held.append(socket.create_server((host, port), family=family))
            except OSError as error:
                if error.errno == errno.EADDRINUSE and time.monotonic() < patience:
                    time.sleep(0.05)
                    continue
            break
print("held", flush=True)
time.sleep(600)
PYTHON
holder=$!
awaited [ -s taken ]
# starts OPTION...: until it serves or ends; its log is taken.log
starts() {
  "$DAPRCERTS" sentry --ready-file "$WORK/ready2" "$@" >taken.log 2>&1 &
  SENTRY_PID=$!
  awaited [ -s ready2 ]
}
starts --port 0
for endpoint in healthz:8080 metrics:9090; do
  has taken.log "level=warning msg=\"there is no ${endpoint%:*} endpoint: cannot listen on '127.0.0.1' port ${endpoint#*:}: another program uses it" \
    "the default port of ${endpoint%:*}, taken: a warning"
done
check 'and it serves without' grep -q '^grpc ' ready2
stop_sentry
in_use='another program uses it'
status 1 'the default port of gRPC, taken: an error' timeout 60 "$DAPRCERTS" sentry
has "$WORK/err" "cannot listen on '127.0.0.1' port 50001: $in_use" 'with which'
status 1 'the default port of OIDC, taken: an error' timeout 60 "$DAPRCERTS" sentry --port 0 --healthz-port 0 --metrics-port 0 \
  --jwt-enabled --oidc-enabled --oidc-server-tls-enabled=false
has "$WORK/err" "cannot listen on '127.0.0.1' port 9080: $in_use" 'with which'
for endpoint in healthz:8080 metrics:9090; do
  for option in "port ${endpoint#*:}" 'listen-address 127.0.0.1'; do
    # shellcheck disable=SC2086  # words
    status 1 "--${endpoint%:*}-$option was asked for: an error" timeout 60 "$DAPRCERTS" sentry --port 0 --${endpoint%:*}-$option
    has "$WORK/err" "the ${endpoint%:*} endpoint: cannot listen on '127.0.0.1' port ${endpoint#*:}: $in_use" 'with which'
  done
done
kill "$holder"
rm -f ca/jwt.key ca/jwks.json

# --- before the end -----------------------------------------------------------------------------------------------------
"$DAPRCERTS" ca-init --dir soon --root-days 40 --issuer-days 20 >/dev/null 2>&1
start_sentry --issuer-credentials soon
check 'the issuer: from 30 days before its end' grep -Eq 'level=warning msg="Dapr issuer certificate expiration warning: certificate expires in (20 days and 0|19 days and 23) hours"' sentry.log
lacks sentry.log 'root certificate expiration' 'the root has longer'
stop_sentry
start_sentry
lacks sentry.log 'expiration warning' 'credentials that have long to go'
cp soon/ca.crt soon/issuer.crt soon/issuer.key ca
check 'others that have not are warned of at once' logged 'Dapr issuer certificate expiration warning'
if hup; then
  check 'and at SIGHUP' logged 'Dapr issuer certificate expiration warning' 2
else
  skip 'and at SIGHUP' "$NO_HUP"
fi
stop_sentry
"$DAPRCERTS" ca-init --dir sooner --not-after 63h30m >/dev/null 2>&1
start_sentry --issuer-credentials sooner --log-as-json
has sentry.log '"level":"warning","msg":"Dapr root certificate expiration warning: certificate expires in 2 days and 15 hours"' "the root, in the guide's words"
stop_sentry
finish
