#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# sentry --auto-rotate, and the warnings of who has to be restarted.
. "${TOP_SRCDIR:?}/tests/cli/lib.sh"
. "$TOP_SRCDIR/tests/interop/server.sh"
cd "$WORK" || exit 1
make_ca

counts() { curl --silent --max-time 20 "http://$(at metrics)/metrics" | grep -F "dapr_sentry_rotations_total{result=\"$1\"}" | sed 's/.* //'; }
asks() { "$DAPRCERTS" issue "$1" --sentry "$SENTRY_ADDR" --stdout >"$1.pem"; }

# --- an issuer that has ended before the start ------------------------------------------------------------------------------
"$DAPRCERTS" ca-init --dir late --root-cert ca/ca.crt --root-key ca/ca.key --not-after 2s >/dev/null 2>&1
while "$DAPRCERTS" sentry --issuer-credentials late --check >out 2>&1; do sleep 0.2; done
has out 'the issuer certificate has ended' 'an issuer that has ended does not serve'
start_sentry --issuer-credentials late --auto-rotate --metrics-port 0
has sentry.log 'Done: issuer: the issuer ended at ' 'with --auto-rotate a new one is made first'
if has_command curl; then same 1 "$(counts ok)" 'counted'; else skip 'counted' 'no peer: curl'; fi
status 0 'and it serves' env DAPRCERTS_DIR=late "$DAPRCERTS" issue web --sentry "$SENTRY_ADDR" --stdout
stop_sentry

# --- one that is due while it runs ------------------------------------------------------------------------------------------
start_sentry --auto-rotate --log-level debug --metrics-port 0
check 'a look at the start' logged 'Nothing is due.'
start=$(date +%s)
until [ "$(date +%s)" -gt $((start + 2)) ]; do sleep 0.1; done
same 1 "$(grep -cF 'Nothing is due.' sentry.log)" 'and no other one'
status 0 'a certificate of before' asks before
"$DAPRCERTS" ca-init --dir due --root-cert ca/ca.crt --root-key ca/ca.key --not-after 5m >/dev/null 2>&1
cp due/issuer.key due/issuer.crt ca/
check 'an issuer that ends within minutes takes its place' logged 'reloaded the credentials from'
kill -HUP "$SENTRY_PID"
check 'a look when it is asked for' logged 'Done: issuer: the issuer ends at '
check 'what came of it is taken up' logged 'reloaded the credentials from' 2
status 0 'a certificate of after' asks after
check 'each under the root' openssl verify -CAfile ca/ca.crt -untrusted after.pem after.pem
check 'by a new issuer' test "$(openssl x509 -noout -serial -in due/issuer.crt)" != "$(openssl x509 -noout -serial -in ca/issuer.crt)"
if has_command curl; then
  same 1 "$(counts ok)" 'counted'
  same 0 "$(counts failed)" 'as no failure'
else
  skip 'counted' 'no peer: curl'
fi
stop_sentry

# --- where the root's key is elsewhere ----------------------------------------------------------------------------------------
"$DAPRCERTS" ca-init --dir off --root-key-out root.key >/dev/null 2>&1
"$DAPRCERTS" ca-init --dir off2 --root-cert off/ca.crt --root-key root.key --not-after 5m >/dev/null 2>&1
cp off2/issuer.key off2/issuer.crt off/
start_sentry --issuer-credentials off --auto-rotate --metrics-port 0
has sentry.log 'and there is no ca.key: give it with \"--root-key FILE\"' 'it is asked for at the start'
kill -HUP "$SENTRY_PID"
check 'and at each look' logged 'the credentials were not rotated: daprcerts-rotate ended with status 1' 2
status 0 'and the server serves on' env DAPRCERTS_DIR=off "$DAPRCERTS" issue web --sentry "$SENTRY_ADDR" --stdout
if has_command curl; then same 2 "$(counts failed)" 'counted'; else skip 'counted' 'no peer: curl'; fi
stop_sentry
status 1 'other names are not for it' "$DAPRCERTS" sentry --auto-rotate --issuer-certificate-filename x.crt

# --- while another program is at it ---------------------------------------------------------------------------------------------
find_python fcntl
if [ -n "$PYTHON" ]; then
  mkfifo holds ends
  "$PYTHON" -c 'import fcntl
lock = open("ca/.daprcerts/lock", "r+")
fcntl.lockf(lock, fcntl.LOCK_EX)
open("holds", "w").close()
open("ends").read()' &
  holder=$!
  cat holds
  start_sentry --auto-rotate --log-level debug --metrics-port 0
  kill -HUP "$SENTRY_PID"
  check 'at the start and later' logged 'another program is changing the directory; looking again later' 2
  check 'by whom is told' logged "process $holder" 2
  lacks sentry.log 'level=error' 'it is no error'
  if has_command curl; then same '0 0' "$(counts ok) $(counts failed)" 'nor a failure'; else skip 'nor a failure' 'no peer: curl'; fi
  : >ends
  wait "$holder"
  kill -HUP "$SENTRY_PID"
  check 'then it is done' logged 'Nothing is due.'
  stop_sentry
else
  skip 'while another program is at it' 'no python'
fi

# --- who has to be restarted --------------------------------------------------------------------------------------------------
start_sentry --audit-log audit.json
asks early
asks both
stop_sentry
"$DAPRCERTS" rotate root --same-key >/dev/null 2>&1
now=$(date +%s)
day() { date -u -d "@$((now + $1))" +%Y-%m-%dT%H:%M:%SZ 2>/dev/null || date -u -r "$((now + $1))" +%Y-%m-%dT%H:%M:%SZ; }
sleep_past=$(day 1)
until [ "$(date +%s)" -gt "$((now + 1))" ]; do sleep 0.1; done
printf 'since = %s\nuntil = %s\n' "$sleep_past" "$(day 864000)" >ca/.daprcerts/state
start_sentry --audit-log audit.json
has sentry.log "sidecars started before $sleep_past must have been restarted by $(day 864000): they do not know the new root" \
  'ten days before'
has sentry.log '2 identities have not renewed since: spiffe://public/ns/default/both, spiffe://public/ns/default/early' 'and who'
asks both
kill -HUP "$SENTRY_PID"
check 'who has renewed is not named any more' logged '1 identities have not renewed since: spiffe://public/ns/default/early"'
stop_sentry
finish
