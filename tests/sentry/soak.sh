#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Many calls on connections of all kinds, with the credentials changing in between: none is lost, nothing is left of them.
# SOAK_CALLS: how many; scripts/soak makes more of them.
. "${TOP_SRCDIR:?}/tests/interop/go-home.sh"
. "$TOP_SRCDIR/tests/cli/lib.sh"
. "$TOP_SRCDIR/tests/interop/server.sh"
. "$TOP_SRCDIR/tests/interop/go-env.sh"
cd "$WORK" || exit 1

go_peer soak 'a soak'
[ -d /proc/self/fd ] || { skip 'a soak' 'no /proc, which tells of memory and descriptors'; finish; }
for name in first second; do
  "$DAPRCERTS" ca-init --dir $name >/dev/null 2>&1 || { echo 'Bail out! no CA'; exit 1; }
done
cp -R first live
mkdir both
cat first/ca.crt second/ca.crt >both/ca.crt

# What a sanitizer keeps of freed memory grows; leaks are then its own affair, and fail the server's end.
growth=2048
if sanitized; then
  growth=-1
  skip 'the memory of the server is looked at' 'a sanitizer keeps memory of its own'
fi
url() { echo "http://$(at "$1")/$1"; }
# the slow clients take as long for their handshakes and calls as the machine needs
start_sentry --issuer-credentials live --handshake-timeout 10m --request-timeout 10m
SENTRY_DIR=$WORK/both ./soak -pid "$SENTRY_PID" -calls "${SOAK_CALLS:-4000}" -growth $growth -live live -first first \
  -second second -health "$(url healthz)" -metrics "$(url metrics)" >results 2>soak.err
soak_status=$?
while read -r line; do
  case $line in
    'ok '*) pass "${line#ok }" ;;
    'not ok '*) fail "${line#not ok }" ;;
    *) echo "$line" ;;
  esac
done <results
same 0 $soak_status 'the clients got to their end, and all held'
sed 's/^/# /' soak.err
grep -i 'level=\(error\|fatal\)' sentry.log | grep -vF 'the credentials were not reloaded' >errors
same '' "$(head -n 3 errors)" 'the log has no error but of bad credentials'
stop_sentry
same 0 "$SENTRY_STATUS" 'the server ends with status 0'
finish
