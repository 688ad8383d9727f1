#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A clock that is set, and a machine that was suspended (its wall clock jumps while the monotonic one stood still): what
# goes by the wall clock follows within a second, and no time-out of a connection mistakes the jump for waiting.
. "${TOP_SRCDIR:?}/tests/cli/lib.sh"
. "$TOP_SRCDIR/tests/interop/server.sh"
cd "$WORK" || exit 1
has_command faketime || { skip 'a clock that is set' 'no peer: faketime'; finish; }
! sanitized || { skip 'a clock that is set' 'a sanitizer and libfaketime both want to be loaded first'; finish; }
. "$TOP_SRCDIR/tests/sentry/kept.sh"
[ -n "$PYTHON" ] || { skip 'a clock that is set' 'no peer: python3-h2'; finish; }

# What this prints and the server runs under takes the wall clock from the file "clock", and files as they are.
# faketime fails where a process of its number once died and left a semaphore: the next has another number.
library=
for _ in 1 2 3 4 5 6 7 8 9 10; do
  # shellcheck disable=SC2016  # for the shell that faketime starts
  [ -n "$library" ] || library=$(faketime -m -f +0 sh -c 'echo "$LD_PRELOAD"')
done
[ -n "$library" ] || { echo 'Bail out! faketime does not run'; exit 1; }
faked() {
  env LD_PRELOAD="$library" FAKETIME_TIMESTAMP_FILE="$WORK/clock" FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1 \
    NO_FAKE_STAT=1 "$@"
}
hour=3600 day=86400
# set_clock SECONDS: so far from the real time
set_clock() { printf '%+d\n' "$1" >clock.new && mv clock.new clock; }
openssl() { faked openssl "$@"; }

set_clock 0
faked "$DAPRCERTS" ca-init --dir ca >/dev/null 2>&1 || { echo 'Bail out! no CA to serve'; exit 1; }
cat >faked.sh <<END
#!/bin/sh
LD_PRELOAD='$library' FAKETIME_TIMESTAMP_FILE='$WORK/clock' FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1 \
NO_FAKE_STAT=1 exec '$DAPRCERTS' "\$@"
END
chmod +x faked.sh
DAPRCERTS=$WORK/faked.sh
# swept: returns when a connection that says nothing was closed, which each loop's look at all of its connections does
swept() {
  "$PYTHON" -c 'import socket, sys
host, port = sys.argv[1].rsplit(":", 1)
peer = socket.create_connection((host.strip("[]"), port), 60)
print("silent", flush=True)
peer.recv(1)' "$SENTRY_ADDR"
}
asks() { "$DAPRCERTS" issue web --sentry "$SENTRY_ADDR" --dir ca --out leafs --force; }
serial() { openssl s_client -connect "$SENTRY_ADDR" -alpn h2 </dev/null 2>/dev/null | openssl x509 -noout -serial; }
renewed='renewed the serving certificate'
mkdir leafs

start_sentry --issuer-credentials ca --loops 1 --handshake-timeout 3s --request-timeout 10m --idle-timeout 10m
shows ca 'the served certificate is valid'
serial >first
keep_open
echo half >&3
read -r answer <&4
same half "$answer" 'with half a call'

set_clock $((11 * hour))
check 'eleven hours later' swept
lacks sentry.log "$renewed" 'the serving certificate has half of its life left'
same "$(cat first)" "$(serial)" 'and is the same'

set_clock $((13 * hour))
check 'thirteen hours later it is renewed' logged "$renewed"
check 'another one is served' test "$(serial)" != "$(cat first)"
shows ca 'which is valid at that time'
check 'and connections are looked at' swept
signed_by ca 'the half call is finished as if no time had passed'
signed_by ca 'and another is made'

set_clock $((355 * day))
check 'the end of the issuer comes near' logged 'Dapr issuer certificate expiration warning: certificate expires in 9 days and 23 hours'
check 'the serving certificate is renewed' logged "$renewed" 2
shows ca 'it is valid'
check 'a call is served' asks
set_clock $((355 * day + hour + 60))
check 'the warning comes once an hour by that clock' logged 'Dapr issuer certificate expiration warning' 2
kill -HUP "$SENTRY_PID"
check 'and to who asks' logged 'Dapr issuer certificate expiration warning' 3
set_clock $((355 * day - 2 * hour))
check 'and when the clock was set back' logged 'Dapr issuer certificate expiration warning: certificate expires in 10 days and 1 hours'
check 'the serving certificate is not of the future then' logged "$renewed" 3

began=$(date +%s)
set_clock $((366 * day))
check 'the issuer has ended' logged 'Dapr issuer certificate expiration warning: certificate has expired.'
failed='cannot renew the serving certificate; trying again in'
check 'nothing can be served any more, which is told' logged "$failed 1s: "
check 'it is tried again less and less often' logged "$failed 8s: "
check 'in that time' test $(($(date +%s) - began)) -ge 6
same '1s 2s 4s 8s' "$(sed -n "s/.*$failed \([^:]*\):.*/\1/p" sentry.log | head -n 4 | paste -sd ' ' -)" 'each try is told'
set_clock $((367 * day))
check 'a clock that is set is a reason to try at once' logged "$failed 1s: " 2
if has_command curl; then
  curl --silent --max-time 60 "$(at metrics)/" >metrics
  check 'and counted' grep -q '^dapr_sentry_servercert_issue_failed_total [1-9]' metrics
else
  skip 'and counted' 'no peer: curl'
fi
status 1 'nor signed' asks
check 'while connections go on' swept

swept >silent &
silent=$!
awaited [ -s silent ]
set_clock $hour
check 'back a year, within a second' logged "$renewed" 4
shows ca 'the served certificate is valid again, not of the future'
check 'a call is served' asks
check 'its certificate is of this time' openssl x509 -in leafs/web.crt -noout -checkend $((22 * hour))
signed_by ca 'after all of it'
check 'who said nothing was closed in spite of the clock' wait "$silent"
close_kept
stop_sentry
same 0 "$SENTRY_STATUS" 'the server ends with status 0'
finish
