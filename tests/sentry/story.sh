#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the log tells of one call: at level debug its whole story under one ID, at every level what befalls it.
. "${TOP_SRCDIR:?}/tests/cli/lib.sh"
. "$TOP_SRCDIR/tests/interop/server.sh"
. "$TOP_SRCDIR/tests/sentry/kept.sh"
cd "$WORK" || exit 1
make_ca

asks() {
  asks_id=$1
  shift
  "$DAPRCERTS" issue "$asks_id" --sentry "$SENTRY_ADDR" --out leafs --force "$@" >/dev/null 2>&1
}
mkdir leafs
# told WHAT: the messages of records with that ID, without what differs from run to run.
told() { grep -F "request $1" sentry.log | sed 's/.*level=\([a-z]*\) msg="\(.*\)" instance=.*/\1 \2/; s/127\.0\.0\.1:[0-9]*/PEER/; s/request [0-9.]*[0-9]/request ID/'; }
# id_of TEXT: of the last record that holds it.
id_of() { sed -n "s/.*$1.*request \([0-9][0-9]*\.[0-9][0-9]*\).*/\1/p" sentry.log | tail -n 1; }

start_sentry --log-level debug --audit-log audit.json
asks web
same 'debug Processing SignCertificate request for default/web (validator: INSECURE; request ID from PEER)
debug Successfully signed certificate for default/web (spiffe://public/ns/default/web; request ID)' \
  "$(told "$(id_of 'Processing SignCertificate')")" 'a call that is granted: two records with one ID'
has audit.json "\"request\":\"$(id_of 'Processing SignCertificate')\"" 'by which the audit log knows it too'
asks dapr-sentry --trust-domain localhost
same 'debug Processing SignCertificate request for default/dapr-sentry (validator: INSECURE; request ID from PEER)
debug Refused to sign a certificate for default/dapr-sentry (request ID): PERMISSION_DENIED: the identity of sentry itself is not given to others' \
  "$(told "$(id_of 'Processing SignCertificate')")" 'one that is refused: with code and text'
if has_command curl && curl --version | grep -q HTTP2; then
  curl --silent --max-time 60 --http2 --insecure --output body --header 'content-type: application/grpc' \
    --data-binary @/dev/null "https://$SENTRY_ADDR/none.Such/Method"
  check 'one for another method' logged 'Refused a call that is none'
  same 'debug Refused a call that is none (request ID from PEER): UNIMPLEMENTED: unknown service none.Such' \
    "$(told "$(id_of 'Refused a call that is none')")" 'with code and text too'
else
  skip 'one for another method' 'no peer: curl with HTTP/2'
fi
stop_sentry

if [ -c /dev/full ]; then
  for failure in warn refuse; do
    start_sentry --audit-log /dev/full --audit-failure $failure
    asks web
    case $failure in
      warn) told_as='a certificate is handed out without its line in the audit log' ;;
      refuse) told_as='Error signing identity' ;;
    esac
    same "error $told_as: cannot write to the audit log '/dev/full': No space left on device (request ID from PEER)" \
      "$(told "$(id_of "$told_as")")" "an error that befalls a call names it, at every level: $failure"
    stop_sentry
  done
else
  skip 'an error that befalls a call names it' 'no /dev/full on this machine'
fi

start_sentry --log-level debug --request-timeout 1s
keep_open
if [ -n "$PYTHON" ]; then
  echo half >&3
  read -r answer <&4
  check 'half a call, whose time runs out' logged 'A call took too long'
  same 'debug A call took too long and is reset (request ID from PEER)' "$(told "$(id_of 'A call took too long')")" 'is told'
  exec 3>&- 4<&-
fi
stop_sentry
finish
