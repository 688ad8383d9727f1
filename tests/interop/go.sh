#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs the Go peers against a server: Dapr's own client code, grpc-go with go-spiffe, sidecars of older versions.
. "$TOP_SRCDIR/tests/interop/go-home.sh"
. "$TOP_SRCDIR/tests/cli/lib.sh"
. "$TOP_SRCDIR/tests/cli/openssl-ca.sh"
. "$TOP_SRCDIR/tests/interop/server.sh"
. "$TOP_SRCDIR/tests/interop/go-env.sh"

if [ -z "$GO" ]; then
  skip 'Go peers' "no peer: Go $GO_WANTED or newer (tests/interop/fetch-peers.sh gets it)"
  finish
fi
if ! (cd "$TOP_SRCDIR/tests/interop" && GOFLAGS=-mod=readonly GOPROXY=off "$GO" test -c -o "$WORK/peers" .) \
  >"$WORK/build.log" 2>&1; then
  skip 'Go peers' 'no peer: the modules are not in the cache (tests/interop/fetch-peers.sh gets them)'
  sed 's/^/# /' "$WORK/build.log" | tail -n 5
  finish
fi

# run_peers WHAT TEST-OPTION...: a TAP line for each Go test.
run_peers() {
  what=$1
  shift
  (cd "$WORK" && ./peers -test.v -test.timeout=300s "$@") >"$WORK/peers.log" 2>&1
  peers_status=$?
  sed -n 's/^ *--- \(PASS\|FAIL\|SKIP\): \([^ ]*\).*$/\1 \2/p' "$WORK/peers.log" >"$WORK/results"
  while read -r result name; do
    case $result in
      PASS)
        pass "$what: $name"
        echo "$name" >>"$WORK/passed"
        ;;
      SKIP) echo "$name" >>"$WORK/skipped" ;; # each is run by another call below, see the end
      FAIL) fail "$what: $name" ;;
    esac
  done <"$WORK/results"
  if [ "$peers_status" -ne 0 ]; then
    grep -v '^time=' "$WORK/peers.log" | sed 's/^/# /'
    [ -s "$WORK/results" ] || fail "$what: the peers ran"
  fi
}


for kty in EC OKP RSA; do
  SENTRY_DIR=$WORK/ca-$kty
  export SENTRY_DIR
  status 0 "a CA of kind $kty" "$DAPRCERTS" ca-init --dir "$SENTRY_DIR" --kty "$kty"
  start_sentry --issuer-credentials "$SENTRY_DIR"
  run_peers "$kty CA"
  stop_sentry
  same 0 "$SENTRY_STATUS" "$kty CA: the server ends with status 0"
done

SENTRY_DIR=$WORK/ca-names
SENTRY_TRUST_DOMAIN=cluster.local
SENTRY_NAMESPACE=dapr-system
export SENTRY_TRUST_DOMAIN SENTRY_NAMESPACE
status 0 'a CA with other names' "$DAPRCERTS" ca-init --dir "$SENTRY_DIR" --trust-domain cluster.local --namespace dapr-system
start_sentry --issuer-credentials "$SENTRY_DIR"
run_peers 'other names'
stop_sentry
unset SENTRY_TRUST_DOMAIN SENTRY_NAMESPACE

for when in always auto never; do
  SENTRY_DIR=$WORK/ca-EC
  SENTRY_LEGACY_DNS=$when
  export SENTRY_DIR SENTRY_LEGACY_DNS
  start_sentry --issuer-credentials "$SENTRY_DIR" --legacy-dns-sans "$when"
  run_peers "--legacy-dns-sans $when" -test.run 'OfAllVersions|Legacy'
  stop_sentry
done
unset SENTRY_LEGACY_DNS

for algorithm in RS256 PS512 ES384; do
  SENTRY_DIR=$WORK/jwt-$algorithm
  SENTRY_JWT=$algorithm
  export SENTRY_DIR SENTRY_JWT
  status 0 "a CA for $algorithm" "$DAPRCERTS" ca-init --dir "$SENTRY_DIR"
  start_sentry --issuer-credentials "$SENTRY_DIR" --jwt-enabled --jwt-signing-algorithm "$algorithm"
  run_peers "JWTs by $algorithm" -test.run JWT
  stop_sentry
done
SENTRY_DIR=$WORK/jwt-dapr
SENTRY_JWT=RS256
JWT_PAIR=$SENTRY_DIR
export JWT_PAIR
status 0 'a CA for a pair of Dapr' "$DAPRCERTS" ca-init --dir "$SENTRY_DIR"
run_peers 'a pair that Dapr makes' -test.run TestMakeJWTPair
unset JWT_PAIR
cksum "$SENTRY_DIR"/jw* >"$WORK/before"
start_sentry --issuer-credentials "$SENTRY_DIR" --jwt-enabled
same "$(cat "$WORK/before")" "$(cksum "$SENTRY_DIR"/jw*)" 'the server loads it'
run_peers "JWTs by Dapr's pair" -test.run JWT
stop_sentry
unset SENTRY_JWT

for kty in EC RSA; do
  TOKEN_DIR=$WORK/token-$kty
  export TOKEN_DIR
  status 0 "a key of kind $kty for tokens" "$DAPRCERTS" token --init --dir "$TOKEN_DIR" --kty "$kty"
  status 0 'a token' "$DAPRCERTS" token app-a --dir "$TOKEN_DIR" --out "$TOKEN_DIR/app-a.token"
  run_peers "a token by $kty" -test.run TestDaprTakesOurToken
done
unset TOKEN_DIR

# Who knows the old root alone reaches the new one by a certificate that the old root, or its issuer, gave it.
cd "$WORK" || exit 1
crossed_cas
for before in old dapr; do
  SENTRY_DIR=$WORK/$before-new
  SENTRY_ROTATION="$WORK/$before $SENTRY_DIR $WORK/new"
  SENTRY_LEGACY_DNS=always
  export SENTRY_DIR SENTRY_ROTATION SENTRY_LEGACY_DNS
  check "from the root of $before" start_sentry --issuer-credentials "$SENTRY_DIR" --legacy-dns-sans always
  run_peers "from the root of $before" -test.run TestRootRotation
  stop_sentry
done
unset SENTRY_ROTATION SENTRY_LEGACY_DNS

# Dapr renews in the middle between notBefore and notAfter: soon, and long before the end.
printf 'spec: {mtls: {enabled: true, workloadCertTTL: "10s", allowedClockSkew: "8s"}}\n' >"$WORK/short.yaml"
SENTRY_DIR=$WORK/ca-EC
SENTRY_TTL=10s
export SENTRY_TTL
start_sentry --issuer-credentials "$SENTRY_DIR" --config "$WORK/short.yaml"
run_peers 'certificates of 10 s' -test.run 'Renews|DaprSidecarsCallEachOther'
stop_sentry

sort -u "$WORK/passed" >"$WORK/run"
same '' "$(sort -u "$WORK/skipped" | comm -23 - "$WORK/run")" 'each that was skipped for want of its setting was run with it'
finish
