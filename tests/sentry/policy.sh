#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Everything that the configuration says, changed under a running server: calls are judged by it at once, and no
# connection is closed for it. How files change: tests/sentry/reload.sh.
. "${TOP_SRCDIR:?}/tests/cli/lib.sh"
. "$TOP_SRCDIR/tests/interop/server.sh"
. "$TOP_SRCDIR/tests/sentry/kept.sh"
cd "$WORK" || exit 1
make_ca
cp ca/daprcerts.conf plain.conf

reloads=0
refusals=0
count() { grep -cF -- "$1" sentry.log; }
put() { cp "$1" put && mv put "$2"; }
# takes WHAT: the change is taken up, by one reload.
takes() {
  reloads=$((reloads + 1))
  check "$1: taken up" logged 'reloaded the configuration' $reloads
  same $reloads "$(count 'reloaded the configuration')" "$1: once"
}
# refuses WHAT TEXT: it is refused, which is told with the text.
refuses() {
  refusals=$((refusals + 1))
  check "$1: refused" logged 'the configuration was not reloaded, the last good one stays in force' $refusals
  has sentry.log "$2" "$1: is told"
}
conf() { { cat plain.conf; printf "$@"; } >new.conf && mv new.conf ca/daprcerts.conf; }
# mtls TEXT: the configuration.
mtls() { printf 'spec:\n  mtls:\n%s\n' "$1" >new.yaml && mv new.yaml mtls.yaml; }
# keys SOURCE [OPTION]: with the validator jwks.
keys() { mtls "    tokenValidators: [{name: jwks, options: {source: '$1'${2:+, $2}}}]"; }
asks() { "$DAPRCERTS" issue "$1" --sentry "$SENTRY_ADDR" ${2:+--token-file} ${2:+"$2"} --force; }
granted() { status 0 "$1" asks "$2" "${3:-}"; }
denied() {
  status 1 "$1" asks "$3" "${4:-}"
  has "$WORK/err" "$2" "is told: $2"
}
# kept STATUS WHAT: of a call without a token on the connection that is kept.
kept() {
  [ -n "$PYTHON" ] || return 0
  echo "$WORK/chain" >&3
  read -r answer <&4
  same "$1" "$answer" "$2: a call on the open connection"
}
health() { curl --silent --max-time 60 --output /dev/null --write-out '%{http_code}' "$(at healthz)/healthz"; }
is_health() { [ "$(health)" = "$1" ]; }

mtls ''
start_sentry --config mtls.yaml
keep_open
kept 0 'the start'

# --- [allow] ----------------------------------------------------------------------------------------------------------
conf '[allow]\ndefault = web\n'
takes 'a list of who may be asked for'
granted 'who is listed' web
denied 'who is not' "app id 'shop' in namespace 'default' is none that may be asked for" shop
kept 7 'who is not'
conf '[allow]\ndefault = web, shop, myapp\n'
takes 'a longer list'
granted 'who is listed now' shop
kept 0 'who is listed now'
conf '[allow]\ndefault = a/b\n'
refuses 'a list with what is no name' '[allow]'
kept 0 'the list before'
: >ca/daprcerts.conf
refuses 'a file that was emptied' "daprcerts.conf' is empty"
kept 0 'the list before'
denied 'who is not on it' 'is none that may be asked for' whoever
conf ''
takes 'no list'
granted 'anybody' whoever
conf '[allow]\ndefault = web\n'
takes 'the list again'
rm ca/daprcerts.conf
takes 'a file that was removed, which says nothing'
granted 'anybody again' whoever
conf ''
same 0 "$(count 'restart sentry')" 'nothing of it needs a restart'

# --- sentry's names ---------------------------------------------------------------------------------------------------
identity() {
  openssl s_client -connect "$SENTRY_ADDR" -alpn h2 </dev/null 2>/dev/null | openssl x509 -noout -ext subjectAltName |
    sed -n 's/.*URI:\([^,]*\).*/\1/p'
}
mtls '    controlPlaneTrustDomain: elsewhere'
takes 'another trust domain of the control plane'
same 'spiffe://elsewhere/ns/default/dapr-sentry' "$(identity)" 'is served to who comes'
kept 0 'and who is there stays'
mtls '    controlPlaneTrustDomain: No Name'
refuses 'a trust domain that is none' "sentry's own identity"
same 'spiffe://elsewhere/ns/default/dapr-sentry' "$(identity)" 'the one before is served on'
mkfifo pipe && mv pipe mtls.yaml
refuses 'a pipe in its place, to which nobody writes' "'mtls.yaml' is not a regular file"
mtls ''
takes 'the old names'

# --- limits -----------------------------------------------------------------------------------------------------------
head -c 2000 /dev/zero | tr '\0' x >long.token
denied 'a long request, which is read' 'the requested validator is not enabled' web long.token
conf '[sentry]\nmax-message-bytes = 1024\n'
takes 'a limit of messages'
denied 'a long request' 'RESOURCE_EXHAUSTED' web long.token
conf '[sentry]\nloops = 7\n'
check 'what needs a restart is told' logged "daprcerts.conf' has changed: restart sentry"
takes 'and the old limit of messages'
denied 'a long request, which is read' 'the requested validator is not enabled' web long.token
conf '[sentry]\nloops = 7\nmax-streams = 50\n'
takes 'another limit'
same 1 "$(count 'restart sentry')" 'what needs a restart is told once'
conf ''
takes 'no limits'
if [ -n "$PYTHON" ]; then
  cat >silent.py <<'PYTHON'
"""Connections that say nothing, which are told of: "open", and "closed" when the server has closed the first one."""
import socket, sys
host, port = sys.argv[1].rsplit(":", 1)
first = socket.create_connection((host, int(port)))
first.settimeout(60)
print("open", flush=True)
if len(sys.argv) > 2:
    sys.stdin.readline()
    second = socket.create_connection((host, int(port)))
try:
    print("closed" if first.recv(1) == b"" else "bytes", flush=True)
except socket.timeout:
    print("kept", flush=True)
except ConnectionError:
    print("closed", flush=True)
PYTHON
  close_kept
  stop_sentry
  conf '[sentry]\nhandshake-timeout = 1h\n'
  reloads=0
  refusals=0
  start_sentry --config mtls.yaml --loops 2
  mkfifo said
  "$PYTHON" silent.py "$SENTRY_ADDR" >said &
  exec 5<said
  read -r answer <&5
  conf '[sentry]\nhandshake-timeout = 100ms\n'
  takes 'a time-out'
  read -r answer <&5
  same closed "$answer" 'counts for connections that are there'
  exec 5<&-
  conf '[sentry]\nhandshake-timeout = 1h\n'
  takes 'and another one'
  mkfifo tell
  "$PYTHON" silent.py "$SENTRY_ADDR" two <tell >said &
  exec 6>tell 5<said
  read -r answer <&5
  conf '[sentry]\nhandshake-timeout = 1h\nmax-connections = 1\n'
  takes 'fewer connections than threads'
  echo >&6
  read -r answer <&5
  same closed "$answer" 'a new one takes the place of the one that was there'
  exec 5<&- 6>&-
  conf ''
  takes 'the old limits'
  keep_open
fi

# --- validators -------------------------------------------------------------------------------------------------------
"$DAPRCERTS" ca-init --dir other >/dev/null 2>&1
status 0 'keys for tokens' "$DAPRCERTS" token --init
"$DAPRCERTS" token --init --dir other >/dev/null 2>&1
"$DAPRCERTS" token web >web.token
"$DAPRCERTS" token web --dir other >stranger.token
cp ca/token-jwks.json one.json
cp other/token-jwks.json two.json

granted 'under insecure anybody' web
keys "$WORK/one.json"
takes 'from insecure to jwks'
check 'the log tells the validator' logged "Using validator 'jwks'"
denied 'no token' 'a validator name must be specified' web
kept 3 'no token'
: >mtls.yaml
refuses 'a file that was emptied' "'mtls.yaml' is empty"
kept 3 'still no token'
granted 'a token' web web.token
denied 'a token of another key' 'failed to find' web stranger.token
keys "$WORK/two.json"
takes 'another file'
granted 'a token of its key' web stranger.token
denied 'one of the key before' 'failed to find' web web.token
mkfifo pipe && mv pipe two.json
check 'a pipe in its place is refused' logged 'the key set was not reloaded'
has sentry.log "two.json' is not a regular file" 'by its name'
put ca/token-jwks.json two.json
check 'that file is watched from then on' logged 'reloaded the key set'
granted 'a token of its new key' web web.token
mkdir later
keys "$WORK/later/none.json"
refuses 'a file that is not there' 'none.json'
granted 'the validator before' web web.token
if hup; then refuses 'SIGHUP' 'none.json'; else skip 'SIGHUP' "$NO_HUP"; fi
if [ -d "/proc/$SENTRY_PID/fdinfo" ] && ! on_windows && [ "$(count 'the system sends no file events')" = 0 ]; then
  check 'its place is watched' grep -q "^inotify .* ino:$(printf %x "$(stat -c %i later)") " "/proc/$SENTRY_PID"/fdinfo/*
else
  skip 'its place is watched' 'no events, or no /proc'
fi
put other/token-jwks.json later/none.json
takes 'and is taken up when it is'
granted 'a token of its key' web stranger.token
same 1 "$(count 'reloaded the key set')" 'of no other file was told'
mtls "    tokenValidators: [{name: jwks, options: {source: '$(tr -d '\n' <one.json)'}}]"
takes 'a set in the configuration'
granted 'a token of its key' web web.token
mtls '    tokenValidators: [{name: jwks, options: {source: "{}"}}]'
refuses 'a set that is none' 'the key set that stands in the configuration'
granted 'the set before' web web.token
mtls ''
takes 'from jwks to insecure'
granted 'no token' web
kept 0 'no token'

# --- a key set at a URL -----------------------------------------------------------------------------------------------
if [ -x "$TOP_BUILDDIR/daprcerts-fetch" ] && has_command python3 && has_command curl; then
  mkdir web && cp one.json web/keys.json
  start_web 0
  url=http://127.0.0.1:$WEB_PORT/keys.json
  stop_web
  # waits TOKEN: a call that is parked; $asking.
  waits() {
    requests "$1" 5m >asked.out 2>&1 &
    asking=$!
    check 'a call waits' logged 'Waiting for the key set' "$2"
  }
  # answered WHAT
  answered() {
    wait "$asking"
    same 0 $? "$1"
  }
  close_kept
  stop_sentry
  reloads=0
  refusals=0
  start_sentry --config mtls.yaml --loops 2 --log-level debug --request-timeout 5m
  keep_open
  same 200 "$(health)" 'before it is healthy'
  keys "$url" 'minRefreshInterval: 1h'
  takes 'a set at a URL'
  same 503 "$(health)" 'which cannot be reached: not healthy'
  waits web.token 1
  keys "$WORK/one.json"
  takes 'a file instead'
  answered 'which answers the call'
  same 200 "$(health)" 'and it is healthy'
  keys "$url" 'minRefreshInterval: 1h'
  takes 'the URL again'
  waits web.token 2
  mtls ''
  takes 'from there to insecure'
  wait "$asking"
  same 1 $? 'the call is told'
  has asked.out 'the requested validator is not enabled' 'that its validator is gone'
  keys "$url" 'minRefreshInterval: 1h'
  takes 'the URL once more'
  waits web.token 3
  start_web "$WEB_PORT"
  answered 'which answers as soon as it can'
  check 'and it is healthy then' awaited is_health 200
  stop_web
  keys "$url" 'minRefreshInterval: 2h'
  takes 'another interval'
  same 200 "$(health)" 'goes on with the set that was fetched'
  granted 'a token of its key' web web.token
  keys "$url" 'caCertificate: /none.pem'
  refuses 'a CA certificate that is not there' 'none.pem'
  granted 'the source before' web web.token
  kept 3 'no token'
else
  skip 'a set at a URL' 'no daprcerts-fetch in this build, or no python3, or no curl'
fi
close_kept
stop_sentry
same 0 "$SENTRY_STATUS" 'the server ends with status 0'
finish
