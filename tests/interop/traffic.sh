#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Rotations under traffic: sidecars of every version, with Dapr's own code and go-spiffe's, renew and call each other
# while issuer and root are replaced again and again; no handshake and no renewal fails. See cmd/traffic.
# TRAFFIC_OPTIONS: e.g. "-each 20 -rounds 20", for more of it.
. "${TOP_SRCDIR:?}/tests/interop/go-home.sh"
. "$TOP_SRCDIR/tests/cli/lib.sh"
. "$TOP_SRCDIR/tests/interop/server.sh"
. "$TOP_SRCDIR/tests/interop/go-env.sh"
cd "$WORK" || exit 1

go_peer traffic 'rotations under traffic'

# Certificates live for ten minutes, of which Dapr's own code believes half to be over at once: so it renews
# often, and no certificate ends while a slow machine is at it.
printf 'spec: {mtls: {enabled: true, workloadCertTTL: "10m", allowedClockSkew: "599s"}}\n' >often.yaml

# rotations WHO: those of a CA that WHO made (ours, dapr); a TAP line for each stage.
rotations() {
  SENTRY_DIR=$WORK/$1
  export SENTRY_DIR
  start_sentry --issuer-credentials "$SENTRY_DIR" --config often.yaml --legacy-dns-sans always ||
    { fail "$1: sentry serves"; return; }
  SENTRY_ADDR=$(at grpc 1)
  # shellcheck disable=SC2086  # options, or none
  TMPDIR=$WORK ./traffic ${TRAFFIC_OPTIONS-} "$1" >results 2>traffic.err
  traffic_status=$?
  while read -r line; do
    case $line in
      'ok '*) pass "$1: ${line#ok }" ;;
      'not ok '*) fail "$1: ${line#not ok }" ;;
      *) echo "$line" ;;
    esac
  done <results
  same 0 $traffic_status "$1: all stages were seen to their end, and nothing failed"
  sed 's/^/# /' traffic.err
  grep 'level=\(warning\|error\|fatal\)' sentry.log >complaints
  same '' "$(head -n 3 complaints)" "$1: sentry has nothing to complain about"
  stop_sentry
  same 0 "$SENTRY_STATUS" "$1: the server ends with status 0"
}

for who in ${TRAFFIC_CAS:-ours dapr}; do
  case $who in
    ours) status 0 'a CA' "$DAPRCERTS" ca-init --dir ours ;;
    dapr) status 0 "a CA by Dapr's own package" ./traffic make dapr ;;
  esac
  rotations "$who"
done
finish
