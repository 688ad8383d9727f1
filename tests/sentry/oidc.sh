#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# OIDC's discovery document and key set, as curl sees them over HTTP and HTTPS.
. "${TOP_SRCDIR:?}/tests/cli/lib.sh"
. "$TOP_SRCDIR/tests/interop/server.sh"
cd "$WORK" || exit 1
make_ca
if ! has_command curl || ! has_command jq; then
  skip 'OIDC' 'no peer: curl, jq'
  finish
fi

plain='--jwt-enabled --oidc-enabled --oidc-server-tls-enabled=false --oidc-server-listen-port 0 --healthz-port 0 --metrics-port 0'
tls='--jwt-enabled --oidc-enabled --oidc-server-listen-port 0 --healthz-port 0 --metrics-port 0'
document=.well-known/openid-configuration

# get PATH CURL-OPTION...: status, content type and caching of the answer; the body goes to $WORK/body.
get() {
  get_path=$1
  shift
  curl --silent --show-error --max-time 60 --output body --write-out '%{http_code} %{content_type} %header{cache-control}' \
    "$@" "$base/$get_path" 2>&1
}
ok='200 application/json public, max-age=3600'
not_found='404 text/plain; charset=utf-8 '
# says FILTER WANT WHAT: of the document.
says() { same "$2" "$(jq -cr "$1" body)" "$3"; }
# begin OPTION...: a server, at $base over HTTP.
begin() {
  # shellcheck disable=SC2086  # words
  start_sentry $plain "$@" || sed 's/^/# /' sentry.log
  base=http://$(at oidc)
}
# cert NAME: NAME.crt and NAME.key, self-signed, for localhost.
cert() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.crt" -days 2 -subj "/CN=$1" \
    -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' 2>/dev/null
}

# --- the usual ---------------------------------------------------------------------------------------------------------
begin
here=${base#http://}
if has_ipv6; then
  same "127.0.0.1:${here##*:} [::1]:${here##*:}" "$(sed -n 's/^oidc //p' ready | tr '\n' ' ' | sed 's/ $//')" 'loopback is both families'
else
  skip 'loopback is both families' 'no ::1 on this machine'
fi
same "$ok" "$(get $document)" 'the document'
same "{\"issuer\":\"http://$here\",\"jwks_uri\":\"http://$here/jwks.json\",\"response_types_supported\":[\"id_token\"],\"subject_types_supported\":[\"public\"],\"id_token_signing_alg_values_supported\":[\"RS256\"],\"scopes_supported\":[\"openid\"],\"claims_supported\":[\"sub\",\"iss\",\"aud\",\"exp\",\"iat\",\"nbf\",\"use\"]}" \
  "$(cat body)" 'all of it, made of the name by which it was asked'
same "$ok" "$(get jwks.json)" 'the set'
same "$(jq -cS . ca/jwks.json)" "$(jq -cS . body)" 'as it is in the file'
get "$document?x=y" -H 'Host: other.example:81' >/dev/null
says .issuer http://other.example:81 'another Host makes another issuer'
get $document -H 'X-Forwarded-Host: evil.example' >/dev/null
says .issuer "http://$here" 'without a list of hosts X-Forwarded-Host counts for nothing'
same '400 text/plain; charset=utf-8 ' "$(get $document -H 'Host: a"b')" 'a Host that is none'
same 'Invalid host' "$(cat body)" 'in the words of the original'
for path in '' $document/ jwks.json/ .well-known authorize xjwks.json; do
  same "$not_found" "$(get "$path")" "/$path is not found"
done
for method in POST PUT DELETE OPTIONS; do
  same '405 text/plain; charset=utf-8 ' "$(get jwks.json --request $method)" "$method is not allowed"
done
same 'Method not allowed' "$(cat body)" 'in the words of the original'
same '405 text/plain; charset=utf-8 ' "$(get $document --head)" 'HEAD neither'
if [ -n "$(at oidc 2)" ]; then
  base=http://$(at oidc 2)
  same "$ok" "$(get jwks.json)" 'it is at both loopback addresses'
else
  skip 'it is at both loopback addresses' 'one address family on this machine'
fi
has sentry.log 'Starting OIDC HTTP server (insecure) on 127.0.0.1:' 'the log tells where'
has sentry.log 'OIDC server will accept requests for any host' 'and who may ask'
port=${here##*:}
status 1 'a port that is taken ends the start' "$DAPRCERTS" sentry --port 0 $plain --oidc-server-listen-port "$port"
has err "port $port" 'and is told'

# --- a reload ----------------------------------------------------------------------------------------------------------
base=http://$here
get jwks.json >/dev/null
before=$(cat body)
rm ca/jw*
"$DAPRCERTS" sentry --port 0 --ready-file other --jwt-enabled --jwt-signing-algorithm RS256 --healthz-port 0 --metrics-port 0 \
  >other.log 2>&1 &
other=$!
awaited [ -s other ]
kill $other
wait $other
check 'a new pair' logged 'reloaded the credentials'
same "$ok" "$(get jwks.json)" 'is taken up'
same "$(jq -cS . ca/jwks.json)" "$(jq -cS . body)" 'the set is the new one'
check 'which differs' test "$before" != "$(cat body)"
stop_sentry
same 0 "$SENTRY_STATUS" 'the server ends with status 0'

# --- names and paths ---------------------------------------------------------------------------------------------------
begin --jwt-issuer https://auth.example/realm --oidc-path-prefix /auth
same "$ok" "$(get auth/$document)" 'below a prefix'
says .issuer https://auth.example/realm 'the issuer that is configured'
says .jwks_uri https://auth.example/auth/jwks.json 'the set is at its host'
same "$ok" "$(get auth/jwks.json)" 'the set is below the prefix'
same "$not_found" "$(get $document)" 'and not beside it'
stop_sentry
begin --oidc-path-prefix a/b/
same "$ok" "$(get a/b/$document)" 'slashes of a prefix do not matter'
says .issuer "$base" 'the issuer is without it'
says .jwks_uri "$base/a/b/jwks.json" 'the set with it'
stop_sentry
begin --oidc-jwks-uri https://cdn.example/keys --oidc-path-prefix / --jwt-issuer dapr
same "$ok" "$(get $document)" 'a prefix of / is none'
says .jwks_uri https://cdn.example/keys '--oidc-jwks-uri'
says .issuer dapr 'an issuer that is no URL'
stop_sentry
rm ca/jw*
begin --jwt-signing-algorithm ES256
get $document >/dev/null
says '.id_token_signing_alg_values_supported' '["ES256"]' 'the algorithm'
stop_sentry

# --- hosts -------------------------------------------------------------------------------------------------------------
rm ca/jw*
begin --oidc-allowed-hosts localhost,one.example:81 -oidc-allowed-hosts=two.example,::1
has sentry.log 'only accept requests for hosts: [localhost one.example:81 two.example ::1]' 'the log lists them'
# hosts STATUS HOST [FORWARDED]
hosts() {
  if [ $# -eq 3 ]; then set -- "$1" "$2" -H "X-Forwarded-Host: $3"; fi
  hosts_want=$1 hosts_name=$2
  shift 2
  same "$hosts_want" "$(get $document -H "Host: $hosts_name" "$@" | cut -c1-3)" "Host: $hosts_name${2:+, $2}"
}
hosts 200 localhost
hosts 200 localhost:9080
hosts 200 two.example:1
hosts 200 one.example:81
hosts 200 '[::1]:9080'
hosts 403 '[::1]'
hosts 403 ::1:9080
hosts 403 one.example
hosts 403 other.example
hosts 403 localhost.example
hosts 403 localhost other.example
hosts 200 other.example two.example
says .issuer http://two.example 'the forwarded host counts'
get $document -H 'Host: other.example' >/dev/null
same 'Forbidden: unauthorized domain' "$(cat body)" 'the words of the original'
has sentry.log 'Request from unauthorized domain: other.example' 'in the log too'
same "$not_found" "$(get none -H 'Host: other.example')" 'an unknown path is not found whoever asks'
same '403' "$(get jwks.json --request POST -H 'Host: other.example' | cut -c1-3)" 'the host is asked before the method'
stop_sentry
begin --oidc-allowed-hosts '*'
hosts 200 any.example
hosts 200 localhost evil.example
says .issuer http://localhost 'under * nobody is believed about forwarding'
stop_sentry

# --- TLS ---------------------------------------------------------------------------------------------------------------
cert one
cert two
# secure NAME: what the server shows is NAME's certificate.
secure() { get $document --cacert "$1.crt"; }
# tls_at: where it is.
tls_at() { base=https://localhost:$(at oidc | sed 's/.*://'); }
shown() { openssl s_client -connect "$(at oidc)" </dev/null 2>/dev/null | openssl x509 -noout -subject | sed 's/.*= *//'; }
cp one.crt tls.crt && cp one.key tls.key
# shellcheck disable=SC2086  # words
start_sentry $tls --oidc-server-tls-cert-file tls.crt --oidc-server-tls-key-file tls.key
tls_at
same "$ok" "$(secure one)" 'HTTPS'
says .issuer "$base" 'the issuer begins with https'
has sentry.log 'Loaded TLS certificate from tls.crt and key from tls.key' 'the log tells the files'
lacks sentry.log '(insecure)' 'and nothing else'
check 'plain HTTP is refused' sh -c "! curl --silent --fail --max-time 60 'http://$(at oidc)/jwks.json'"
cp two.crt tls.crt
check 'a certificate without its key' logged 'failed to load TLS certificate'
has sentry.log 'the last good ones serve on' 'is refused while it runs'
same one "$(shown)" 'the last good one serves on'
cp two.key tls.key
check 'and the key with it' logged 'Loaded TLS certificate' 2
same "$ok" "$(secure two)" 'is taken up'
rm tls.crt
same "$ok" "$(secure two)" 'a file that goes away changes nothing'
stop_sentry
same 0 "$SENTRY_STATUS" 'the server ends with status 0'

# shellcheck disable=SC2086  # words
start_sentry $tls --oidc-server-tls-cert-file late/tls.crt --oidc-server-tls-key-file late/tls.key
has sentry.log 'Waiting for TLS certificate and key files to be available: late/tls.crt, late/tls.key' 'files that are not there are waited for'
health() { curl --silent --max-time 60 --output /dev/null --write-out '%{http_code}' "http://$(at healthz)/healthz"; }
same 503 "$(health)" 'it is unhealthy until then'
mkdir late && cp one.key late/tls.key && cp one.crt late/tls.crt
check 'when they come' logged 'Loaded TLS certificate'
tls_at
same "$ok" "$(secure one)" 'it serves'
same 200 "$(health)" 'and is healthy'
stop_sentry
# shellcheck disable=SC2086  # words
start_sentry $plain --oidc-server-tls-cert-file one.crt --oidc-server-tls-key-file one.key
tls_at
same "$ok" "$(secure one)" 'with both files it is HTTPS, whatever else is said'
stop_sentry

# --- options -----------------------------------------------------------------------------------------------------------
# refuses WHAT TEXT OPTION...
refuses() {
  refuses_what=$1 refuses_text=$2
  shift 2
  status 1 "$refuses_what" "$DAPRCERTS" sentry --port 0 --jwt-enabled --oidc-enabled --oidc-server-listen-port 0 \
    --healthz-port 0 --metrics-port 0 "$@"
  has err "$refuses_text" 'is told'
}
refuses 'TLS without a certificate' 'Invalid options: oidc-server-tls-cert-file is required when OIDC HTTP server is enabled (unless oidc-server-tls-enabled is false)'
refuses 'without its key' 'Invalid options: oidc-server-tls-key-file is required' --oidc-server-tls-cert-file one.crt
refuses 'one of the two without TLS' 'both OIDC TLS certificate and key must be provided if one is specified' \
  --oidc-server-tls-enabled=false --oidc-server-tls-key-file one.key
refuses 'a certificate and another key' 'failed to load TLS certificate' --oidc-server-tls-cert-file one.crt \
  --oidc-server-tls-key-file two.key
: >empty
refuses 'an empty certificate' 'one of them is empty' --oidc-server-tls-cert-file empty --oidc-server-tls-key-file one.key
refuses 'an issuer with a blank' 'invalid JWT issuer URI' --jwt-issuer 'a b' --oidc-server-tls-enabled=false
refuses 'a set at no address' 'invalid JWKS URI' --oidc-jwks-uri 'a b' --oidc-server-tls-enabled=false
refuses 'a prefix that is no path' 'the path prefix' --oidc-path-prefix '/a?b' --oidc-server-tls-enabled=false
refuses 'an address of another machine' '192.0.2.1' --oidc-server-listen-address 192.0.2.1 --oidc-server-tls-enabled=false
# checks STATUS WHAT TEXT OPTION...: --check, which serves nothing, says the text.
checks() {
  checks_status=$1 checks_what=$2 checks_text=$3
  shift 3
  status "$checks_status" "--check of $checks_what" "$DAPRCERTS" sentry --check --jwt-enabled --oidc-enabled "$@"
  has out "$checks_text" 'is told'
}
checks 0 'what can be served' 'all is well' --oidc-server-tls-cert-file one.crt --oidc-server-tls-key-file one.key
checks 0 'TLS files to come' 'all is well' --oidc-server-tls-cert-file none.crt --oidc-server-tls-key-file none.key
checks 1 'a certificate and another key' "the key is not the certificate's" --oidc-server-tls-cert-file one.crt \
  --oidc-server-tls-key-file two.key
checks 1 'a prefix that is no path' 'the path prefix' --oidc-path-prefix '/a?b' --oidc-server-tls-enabled=false
mv ca/jwks.json kept.json
checks 1 'half of a pair for JWTs' "without 'jwks.json'" --oidc-server-tls-enabled=false
mv ca/jwt.key kept.key
checks 0 'a directory without one' 'there is no key for JWTs' --oidc-server-tls-enabled=false
check 'and none is made' test ! -e ca/jwt.key
mv kept.key ca/jwt.key && mv kept.json ca/jwks.json
DAPRCERTS_DIR=none-yet checks 1 'a prefix that is no path, without any CA' 'the path prefix' --oidc-path-prefix '/a?b' \
  --oidc-server-tls-enabled=false
DAPRCERTS_DIR=$WORK/ca
start_sentry --oidc-enabled --oidc-server-tls-enabled=false --oidc-server-listen-port 0
has sentry.log 'OIDC HTTP server is disabled' 'without --jwt-enabled the log says that there is none'
check 'and it serves on' test -n "$(at grpc)"
same '' "$(at oidc)" 'without it'
stop_sentry
finish
