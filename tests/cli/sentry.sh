#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# daprcerts sentry by its command line, its files, its log and its signals. What it answers to calls: tests/interop.
. "${TOP_SRCDIR:?}/tests/cli/lib.sh"
. "$TOP_SRCDIR/tests/interop/server.sh"
. "$TOP_SRCDIR/tests/cli/openssl-ca.sh"
. "$TOP_SRCDIR/tests/sentry/kept.sh"
cd "$WORK" || exit 1

ca=$WORK/ca
"$DAPRCERTS" ca-init --dir "$ca" >/dev/null 2>&1 || { echo 'Bail out! no CA to serve'; exit 1; }

# served [ADDRESS]: the identity that the server shows.
served() {
  openssl s_client -connect "${1:-$SENTRY_ADDR}" -alpn h2 </dev/null 2>/dev/null |
    openssl x509 -noout -ext subjectAltName 2>/dev/null | sed -n 's/.*URI:\([^,]*\).*/\1/p'
}

# serves WHAT OPTION...: it starts and shows an identity; it is left running.
serves() {
  serves_what=$1
  shift
  if start_sentry "$@" && [ -n "$(served)" ]; then pass "$serves_what"; else
    fail "$serves_what"
    sed 's/^/# /' "$WORK/sentry.log"
  fi
}

# refuses N WHAT OPTION...: it ends with status N before it serves; leaves $WORK/out and $WORK/err.
refuses() {
  refuses_n=$1 refuses_what=$2
  shift 2
  status "$refuses_n" "$refuses_what" "$DAPRCERTS" sentry --port 0 --ready-file "$WORK/none" "$@"
}

# date_of FILE start|end: in seconds since 1970
date_of() { date -d "$(openssl x509 -in "$1" -noout "-$2date" | sed 's/.*=//')" +%s; }

files() { (cd "$1" && find . -type f -exec cksum {} +) | sort; }

# --- flags -----------------------------------------------------------------------------------------------------------
for flags in "--issuer-credentials $ca --trust-domain one" "--issuer-credentials=$ca --trust-domain=one" \
  "-issuer-credentials $ca -trust-domain one" "-issuer-credentials=$ca -trust-domain=one"; do
  # shellcheck disable=SC2086  # words
  start_sentry $flags
  same 'spiffe://one/ns/default/dapr-sentry' "$(served)" "flags as ${flags%% *}${flags#*"$ca"}"
  stop_sentry
done
# Every flag of the original, in every form in which it takes it: "--help" behind them ends it before anything is done.
takes() { "$DAPRCERTS" sentry "$@" --help >/dev/null 2>&1 || echo "$*"; }
flags=0
while read -r name value; do
  flags=$((flags + 1))
  for dashes in - --; do
    takes "$dashes$name=$value"
    case $value in
      true) takes "$dashes$name" && takes "$dashes$name=false" && takes "$dashes$name=0" && takes "$dashes$name=1" ;;
      *) takes "$dashes$name" "$value" ;;
    esac
  done
done >untaken <<'END'
config file
issuer-credentials dir
issuer-ca-filename file
issuer-certificate-filename file
issuer-key-filename file
trust-domain td
mode standalone
log-level info
log-as-json true
log-file file
kubeconfig file
port 1
listen-address 127.0.0.1
healthz-port 1
healthz-listen-address 127.0.0.1
metrics-port 1
metrics-listen-address 127.0.0.1
enable-metrics true
jwt-enabled true
jwt-key-filename file
jwks-filename file
jwt-issuer https://example.org
jwt-signing-algorithm ES256
jwt-key-id key
jwt-ttl 1h30m
oidc-enabled true
oidc-server-listen-port 1
oidc-server-listen-address 127.0.0.1
oidc-server-tls-enabled true
oidc-server-tls-cert-file file
oidc-server-tls-key-file file
oidc-jwks-uri https://example.org/jwks
oidc-path-prefix /path
oidc-allowed-hosts a,b
END
same '34 flags, not taken: ' "$flags flags, not taken: $(cat untaken)" 'every flag of the original, one dash or two, = or space'
# wrong_usage TEXT ARGUMENT...: status 2, and how it is told
wrong_usage() {
  wrong_text=$1
  shift
  status 2 "wrong usage: $*" "$DAPRCERTS" sentry "$@"
  same "daprcerts sentry: $wrong_text
Try 'daprcerts sentry --help' for more information." "$(cat "$WORK/err")" 'is told so'
}
wrong_usage "unrecognized option '--no-such-flag'" --no-such-flag=x
wrong_usage "unrecognized option '-no-such-flag'" -no-such-flag
wrong_usage "option '--port': 'x' is not a number" -port=x
wrong_usage "option '--healthz-port': 70000 is not within 0 and 65535" --healthz-port 70000
wrong_usage "option '--metrics-port': -1 is not within 0 and 65535" --metrics-port=-1
wrong_usage "option '--oidc-server-listen-port': '' is not a number" --oidc-server-listen-port=
wrong_usage "option '--trust-domain' requires a value" --trust-domain
for flag in log-as-json enable-metrics jwt-enabled oidc-enabled oidc-server-tls-enabled; do
  wrong_usage "option '--$flag': 'maybe' is neither true nor false" --$flag=maybe
done
wrong_usage "option '--jwt-ttl': '5' is not a duration: expected a number and a unit, such as 24h, 1h30m or 300ms" --jwt-ttl 5
start_sentry --issuer-credentials "$ca" --trust-domain spiffe://one/ns/any --port 0x0 --enable-metrics false -- --port 1
same 'spiffe://one/ns/default/dapr-sentry' "$(served)" 'a SPIFFE ID stands for its trust domain'
has "$WORK/sentry.log" "level=warning msg=\"'false' is ignored" 'operands are ignored, as in the original, with a warning'
has "$WORK/sentry.log" "'--port' is ignored" 'behind -- too'
check 'and a switch is what it says without a value' grep -q '^metrics ' "$WORK/ready"
stop_sentry
refuses 1 'a trust domain that is none' --issuer-credentials "$ca" --trust-domain spiffe:/one
has "$WORK/err" "sentry's own identity" 'is told'
for wrong in '--idle-timeout 5' '--max-streams 0' '--port 0xg'; do
  # shellcheck disable=SC2086  # words
  status 2 "wrong usage: $wrong" "$DAPRCERTS" sentry $wrong
  has "$WORK/err" 'daprcerts sentry --help' 'where to read on is told'
done
for wrong in '--mode none' -mode=none '--log-level loud' '--mode kubernetes' '--log-file /none/log'; do
  # shellcheck disable=SC2086  # words
  status 1 "what ends the original with status 1: $wrong" "$DAPRCERTS" sentry $wrong
  has "$WORK/out" 'level=fatal' 'and a fatal record'
done
status 1 'a mode that is none' "$DAPRCERTS" sentry --mode none
has "$WORK/out" 'level=fatal msg="Invalid options: invalid mode: none"' "in the original's words"
status 1 'the mode that there is none of' "$DAPRCERTS" sentry --mode kubernetes
has "$WORK/out" "msg=\"Invalid options: mode 'kubernetes' is not supported: daprcerts serves machines without Kubernetes\"" 'is told so'
status 1 'a level that is none' "$DAPRCERTS" sentry --log-level loud
has "$WORK/out" 'level=fatal msg="invalid value for --log-level: loud"' "in the original's words"
for level in debug info warn warning error fatal; do
  status 0 "--log-level $level" "$DAPRCERTS" sentry --check --issuer-credentials "$ca" --log-level $level
  case $level in
    debug | info) has "$WORK/out" 'level=info' 'and what is worth as much' ;;
    *) lacks "$WORK/out" 'level=info' 'and nothing below' ;;
  esac
done
status 0 '--help' "$DAPRCERTS" sentry --help
has "$WORK/out" '--issuer-credentials' 'on standard output'
status 0 '--version' "$DAPRCERTS" sentry --version
has "$WORK/out" 'daprcerts sentry ' 'on standard output too'

# --- the guide's commands --------------------------------------------------------------------------------------------
mkdir -p "$HOME/.dapr/certs"
start_sentry --issuer-credentials "$HOME/.dapr/certs" --trust-domain cluster.local
same 'spiffe://cluster.local/ns/default/dapr-sentry' "$(served)" 'the guide: --issuer-credentials and --trust-domain'
has "$WORK/sentry.log" 'generating self signed CA' 'without credentials it makes them, and says so'
has "$WORK/sentry.log" "$HOME/.dapr/certs" 'and where'
stop_sentry
same 'ca.crt ca.key client.crt client.key daprcerts.conf issuer.crt issuer.key' \
  "$(cd "$HOME/.dapr/certs" && echo *)" 'what ca-init makes'
check 'and it is a CA' openssl verify -x509_strict -CAfile "$HOME/.dapr/certs/ca.crt" "$HOME/.dapr/certs/issuer.crt"
for key in ca issuer client; do of_mode -rw------- "$HOME/.dapr/certs/$key.key" "$key.key is private"; done
for lives in ca.crt:3650 issuer.crt:365; do
  check "${lives%:*} lives ${lives#*:} days" openssl x509 -in "$HOME/.dapr/certs/${lives%:*}" -noout \
    -checkend $((${lives#*:} * 86400 - 600))
  check 'and no longer' sh -c '! openssl x509 -in "$1" -noout -checkend "$2"' sh "$HOME/.dapr/certs/${lives%:*}" \
    $((${lives#*:} * 86400 + 600))
done
printf 'spec: {mtls: {allowedClockSkew: 90m}}\n' >skew.yaml
start_sentry --issuer-credentials "$WORK/skewed" --config skew.yaml
stop_sentry
for lives in ca.crt:3650 issuer.crt:365; do
  crt=$WORK/skewed/${lives%:*}
  same $((${lives#*:} * 86400 + 5400)) $(($(date_of "$crt" end) - $(date_of "$crt" start))) \
    "${lives%:*} begins as long ago as the configuration says"
done
same 'subject=O = cluster.local' "$(openssl x509 -in "$HOME/.dapr/certs/ca.crt" -noout -subject -nameopt oneline)" "the root's name"
same 'subject=O = spiffe://cluster.local/ns/default/dapr-sentry' \
  "$(openssl x509 -in "$HOME/.dapr/certs/issuer.crt" -noout -subject -nameopt oneline)" "the issuer's"
before=$(files "$HOME/.dapr/certs")
cat >config.yaml <<'YAML'
apiVersion: dapr.io/v1alpha1
kind: Configuration
metadata:
  name: daprsystem
  namespace: default
spec:
  mtls:
    enabled: true
    workloadCertTTL: "25s"
    controlPlaneTrustDomain: from.yaml
YAML
start_sentry --issuer-credentials "$HOME/.dapr/certs" --trust-domain cluster.local --config=./config.yaml
same 'spiffe://cluster.local/ns/default/dapr-sentry' "$(served)" 'the guide: with --config too, and the flag counts'
stop_sentry
start_sentry --config config.yaml
same 'spiffe://from.yaml/ns/default/dapr-sentry' "$(served)" '--config alone: its trust domain, the usual directory'
stop_sentry
same "$before" "$(files "$HOME/.dapr/certs")" 'credentials that are there stay as they are'
if on_unix 'a configuration that comes by a pipe' 'no folder holds one'; then
  mkfifo config.pipe
  cat config.yaml >config.pipe &
  start_sentry --config config.pipe
  same 'spiffe://from.yaml/ns/default/dapr-sentry' "$(served)" 'a configuration that comes by a pipe'
  kill -HUP "$SENTRY_PID"
  check 'is not read again' logged 'the configuration is unchanged'
  same 'spiffe://from.yaml/ns/default/dapr-sentry' "$(served)" 'and stays in force'
  stop_sentry
fi
mkdir daprsystem-is-here && sed 's/from.yaml/from.here/' config.yaml >daprsystem-is-here/daprsystem && cd daprsystem-is-here || exit 1
start_sentry
same 'spiffe://from.here/ns/default/dapr-sentry' "$(served)" 'without --config: daprsystem in the current folder'
stop_sentry
cd ..

# --- a part of a CA --------------------------------------------------------------------------------------------------
for lacking in ca.crt issuer.crt issuer.key 'ca.crt issuer.crt' 'issuer.crt issuer.key'; do
  rm -rf part && cp -R "$ca" part
  for file in $lacking; do rm "part/$file"; done
  before=$(files part)
  refuses 1 "without $lacking: an error" --issuer-credentials part
  for file in $lacking; do has "$WORK/err" "'$file'" "it names $file"; done
  same "$before" "$(files part)" 'nothing is touched'
done
refuses 1 'no credentials under other names: none are made' --issuer-credentials "$WORK/nowhere" --issuer-ca-filename x.crt
has "$WORK/err" "'x.crt'" 'it names what is missing'
check 'and makes nothing' test ! -e "$WORK/nowhere"
mkdir other && cp "$ca/ca.crt" other/anchors && cp "$ca/issuer.crt" other/chain && cp "$ca/issuer.key" other/key
serves 'other file names, one of them absolute' --issuer-credentials other --issuer-ca-filename anchors \
  --issuer-certificate-filename "$WORK/other/chain" --issuer-key-filename key
stop_sentry

# --- configuration -----------------------------------------------------------------------------------------------------
refuses 1 'a missing configuration that is named: an error' --issuer-credentials "$ca" --config missing.yaml
has "$WORK/err" "'missing.yaml'" 'it names the file'
refuses 1 'the usual configuration, missing but named' --issuer-credentials "$ca" --config daprsystem
serves 'the usual configuration may be missing' --issuer-credentials "$ca"
stop_sentry
printf 'spec:\n  mtls: [\n' >bad.yaml
refuses 1 'a configuration that is no YAML' --issuer-credentials "$ca" --config bad.yaml
has "$WORK/err" "'bad.yaml' line 3 column 1" 'file, line and column are told'
printf 'spec:\n  mtls:\n    workloadCertTTL: soon\n' >bad.yaml
refuses 1 'a duration that is none' --issuer-credentials "$ca" --config bad.yaml
has "$WORK/err" "'bad.yaml' line 3 column 22" 'file, line and column are told'
printf 'spec:\n  mtls:\n    workloadTTL: 1h\n' >odd.yaml
serves 'a key that nobody knows' --issuer-credentials "$ca" --config odd.yaml
has "$WORK/sentry.log" "'odd.yaml' line 3: unknown key 'spec.mtls.workloadTTL'" 'is warned of'
stop_sentry
cp -R "$ca" badconf && printf '[sentry]\nmax-streams = many\n' >badconf/daprcerts.conf
refuses 1 'a daprcerts.conf with a bad value' --issuer-credentials badconf
has "$WORK/err" "daprcerts.conf' line 2: max-streams" 'file, line and setting are told'

# --- --check -------------------------------------------------------------------------------------------------------------
before=$(files "$ca")
status 0 '--check of what can be served' "$DAPRCERTS" sentry --check --issuer-credentials "$ca" --config config.yaml
has "$WORK/out" "all is well: '$ca' can be served" 'says so'
same "$before" "$(files "$ca")" 'and touches nothing'
status 0 '--check of no credentials' "$DAPRCERTS" sentry --check --issuer-credentials "$WORK/none-yet"
has "$WORK/out" 'a start makes them' 'says what a start does'
check 'and does not do it' test ! -e "$WORK/none-yet"
status 1 '--check of a bad configuration' "$DAPRCERTS" sentry --check --issuer-credentials "$ca" --config bad.yaml
cp -R "$ca" mixed && "$DAPRCERTS" ca-init --dir another >/dev/null 2>&1 && cp another/issuer.key mixed
status 1 "--check of another issuer's key" "$DAPRCERTS" sentry --check --issuer-credentials mixed
has "$WORK/err" 'does not match' 'says why'
printf 'spec: {mtls: {tokenValidators: [{name: jwks, options: {source: /none.json}}]}}\n' >keys.yaml
status 1 '--check of a key set that is not there' "$DAPRCERTS" sentry --check --issuer-credentials "$ca" --config keys.yaml
status 1 'and where a CA would be made' "$DAPRCERTS" sentry --check --issuer-credentials "$WORK/none-yet" --config keys.yaml
has "$WORK/err" '/none.json' 'names the key set'
has "$WORK/out" 'a start makes them' 'and says what a start does'
check 'which it does not do' test ! -e "$WORK/none-yet"
status 1 '--check of faults everywhere' "$DAPRCERTS" sentry --check --issuer-credentials mixed --config keys.yaml \
  --jwt-enabled --jwt-key-filename issuer.key --jwks-filename ca.crt --oidc-enabled --oidc-server-tls-enabled=false \
  --oidc-path-prefix '/a?b'
has "$WORK/err" '/none.json' 'tells one'
for fault in 'does not match' "the tokens' key" 'the path prefix'; do
  has "$WORK/out" "$fault" "and the others: $fault"
done
status 1 '--check of a bad configuration and a bad CA' "$DAPRCERTS" sentry --check --issuer-credentials mixed --config bad.yaml
has "$WORK/err" "'bad.yaml' line" 'tells one'
has "$WORK/out" 'does not match' 'and the other'
status 2 '--check with wrong usage' "$DAPRCERTS" sentry --check --legacy-dns-sans sometimes
for address in listen healthz-listen metrics-listen; do
  status 1 "--check of an address that is none: $address" "$DAPRCERTS" sentry --check --issuer-credentials "$ca" \
    --$address-address 'no address'
  has "$WORK/err" "cannot listen on 'no address': " 'tells it'
done
status 1 '--check of a path that is none' "$DAPRCERTS" sentry --check --issuer-credentials "$ca" \
  --healthz-listen-address unix:
has "$WORK/err" "cannot listen on 'unix:': a path of 1 to" 'tells it'
for log in "$WORK/no/audit" "$WORK"; do
  status 1 "--check of an audit log that cannot be: $log" "$DAPRCERTS" sentry --check --issuer-credentials "$ca" \
    --audit-log "$log"
  has "$WORK/err" "cannot open the audit log '$log': " 'tells it'
done
status 0 '--check of an audit log that can' "$DAPRCERTS" sentry --check --issuer-credentials "$ca" \
  --audit-log "$WORK/audit" --listen-address '' --healthz-listen-address "unix:$WORK/health" \
  --metrics-listen-address localhost
check 'makes none, nor a socket' test ! -e "$WORK/audit" -a ! -e "$WORK/health"
rm "mixed/issuer.key"
status 1 '--check of a part of a CA' "$DAPRCERTS" sentry --check --issuer-credentials mixed
has "$WORK/err" "'issuer.key' missing" 'names it'

# 10 MB of nesting, wrong as people write it, and what is nobody's business
check_config() {
  check_want=$1 check_text=$2
  status "$check_want" "--check of $3" "$DAPRCERTS" sentry --check --issuer-credentials "$ca" --config "$3"
  has "$WORK/out" "$check_text" 'is told'
}
head -c 10000000 /dev/zero | tr '\0' '[' >deep.yaml
check_config 1 "the configuration: 'deep.yaml' line 1 column 101: nested deeper than the accepted 100 levels" deep.yaml
printf 'spec:\n  mtls:\n\t  workloadCertTTL: 1h\n' >tab.yaml
check_config 1 "'tab.yaml' line 3 column 1: found character that cannot start any token" tab.yaml
printf 'spec:\n  mtls:\n    workloadCertTTL: 1h\n    workloadCertTTL: 2h\n' >twice.yaml
check_config 1 "'twice.yaml' line 4 column 5: a key that is there already" twice.yaml
printf 'spec:\n  mtls:\n    workloadCertTTL: [1h]\n' >type.yaml
check_config 1 "'type.yaml' line 3 column 22: a duration such as" type.yaml
printf 'spec: {tracing: [{}], httpPipeline: 5, mtls: {}}\n' >theirs.yaml
check_config 0 'all is well' theirs.yaml

# --- the environment ------------------------------------------------------------------------------------------------------------
export DAPR_CONTROLPLANE_TRUST_DOMAIN=from.env
start_sentry --issuer-credentials "$ca" --config config.yaml
same 'spiffe://from.env/ns/default/dapr-sentry' "$(served)" 'DAPR_CONTROLPLANE_TRUST_DOMAIN counts before the configuration'
stop_sentry
start_sentry --issuer-credentials "$ca" --trust-domain from.flag
same 'spiffe://from.flag/ns/default/dapr-sentry' "$(served)" 'and behind the flag'
stop_sentry
unset DAPR_CONTROLPLANE_TRUST_DOMAIN

export NAMESPACE=''
refuses 1 'NAMESPACE set but empty' --issuer-credentials "$ca"
has "$WORK/err" 'NAMESPACE is set in the environment but empty' 'is told'
NAMESPACE=prod
start_sentry --issuer-credentials "$ca"
same 'spiffe://localhost/ns/prod/dapr-sentry' "$(served)" 'NAMESPACE names its namespace'
has "$WORK/sentry.log" 'level=warning msg="NAMESPACE=prod' 'it warns where daprcerts.conf says another'
has "$WORK/sentry.log" 'unset NAMESPACE' 'with the command that mends it'
stop_sentry
unset NAMESPACE
cp -R "$ca" named && sed -i 's/^control-plane-\(trust-domain\|namespace\) = .*/control-plane-\1 = from.conf/' named/daprcerts.conf
start_sentry --issuer-credentials named
same 'spiffe://from.conf/ns/from.conf/dapr-sentry' "$(served)" 'else daprcerts.conf names both'
stop_sentry
start_sentry --issuer-credentials named --config config.yaml
same 'spiffe://from.yaml/ns/from.conf/dapr-sentry' "$(served)" 'behind the configuration'
has "$WORK/sentry.log" 'listening on loopback alone: --listen-address serves containers and other machines' 'the start names --listen-address'
stop_sentry
if on_unix 'an environment of NAMESPACE alone' 'programs need %SystemRoot%'; then
  sentry=$DAPRCERTS
  bare() { exec env -i NAMESPACE=bare "$sentry" "$@"; }
  DAPRCERTS=bare
  start_sentry --issuer-credentials "$ca"
  same 'spiffe://localhost/ns/bare/dapr-sentry' "$(served)" 'an environment of NAMESPACE alone is enough'
  DAPRCERTS=$sentry
  stop_sentry
  status 1 'without HOME and without a directory' env -i "$DAPRCERTS" sentry --port 0
  has "$WORK/err" 'HOME' 'is told'
fi

# --- ready ------------------------------------------------------------------------------------------------------------------
serves '--log-level fatal' --issuer-credentials "$ca" --log-level fatal
same 1 "$(wc -l <"$WORK/sentry.log")" 'leaves one record'
has "$WORK/sentry.log" "Running gRPC server on $SENTRY_ADDR" 'which tells where it serves'
if has_ipv6; then
  same "grpc 127.0.0.1:$SENTRY_PORT
grpc [::1]:$SENTRY_PORT" "$(grep '^grpc' "$WORK/ready")" 'the ready file has both loopback addresses, at one port'
  same 'spiffe://localhost/ns/default/dapr-sentry' "$(served "[::1]:$SENTRY_PORT")" 'and the second one serves'
else
  skip 'the ready file has both loopback addresses' 'no ::1 on this machine'
  skip 'and the second one serves' 'no ::1 on this machine'
fi
refuses 1 'a port that is taken' --issuer-credentials "$ca" --port "$SENTRY_PORT"
has "$WORK/err" "cannot listen on '127.0.0.1' port $SENTRY_PORT: another program uses it" 'is told'
check 'and leaves no ready file' test ! -e "$WORK/none"
check 'the ready file stands as long as the server' test -s "$WORK/ready"
stop_sentry
on_unix 'and goes with it' 'SIGTERM just kills; Ctrl-C is in tests/windows/sentry.sh' &&
  check 'and goes with it' test ! -e "$WORK/ready"
status 1 'a ready file that cannot be written' "$DAPRCERTS" sentry --port 0 --issuer-credentials "$ca" --ready-file "$WORK/no/ready"
has "$WORK/err" "$WORK/no" 'is told'

# --- addresses ----------------------------------------------------------------------------------------------------------------
# listens ADDRESS WHERE: served at WHERE:PORT
listens() {
  start_sentry --issuer-credentials "$ca" --listen-address "$1"
  same 'spiffe://localhost/ns/default/dapr-sentry' "$(served "$2:$SENTRY_PORT")" "--listen-address '$1' serves at $2"
}
warning="the 'insecure' validator gives any caller any identity"
listens '' 127.0.0.1
has "$WORK/sentry.log" "$warning" 'and is warned of'
stop_sentry
listens 0.0.0.0 127.0.0.1
lacks "$WORK/sentry.log" 'listening on loopback alone' 'it is not on loopback alone'
has "$WORK/sentry.log" "$warning" 'and is warned of'
has "$WORK/sentry.log" "'0.0.0.0' can be reached" 'by its address'
stop_sentry
listens localhost 127.0.0.1
lacks "$WORK/sentry.log" "$warning" 'and needs no warning'
stop_sentry
if has_ipv6; then
  listens ::1 '[::1]'
  lacks "$WORK/sentry.log" "$warning" 'and needs no warning'
  stop_sentry
else
  skip "--listen-address '::1'" 'no ::1 on this machine'
  skip 'and needs no warning' 'no ::1 on this machine'
fi
refuses 1 'an address of another machine' --issuer-credentials "$ca" --listen-address 192.0.2.1
has "$WORK/err" "cannot listen on '192.0.2.1'" 'is told'
refuses 1 'a name that is none' --issuer-credentials "$ca" --listen-address no.such.invalid
has "$WORK/err" "cannot listen on 'no.such.invalid'" 'is told'

# --- confinement ------------------------------------------------------------------------------------------------------------------
if on_windows || [ ! -r /proc/self/status ]; then
  skip 'it gains no new privileges' 'no /proc on this machine'
else
  serves 'with keys in memory' --issuer-credentials "$ca"
  same 1 "$(sed -n 's/^NoNewPrivs:[[:space:]]*//p' "/proc/$SENTRY_PID/status")" 'it gains no new privileges'
  same '0 0' "$(sed -n 's/^Max core file size *\([0-9a-z]*\) *\([0-9a-z]*\).*/\1 \2/p' "/proc/$SENTRY_PID/limits")" 'and leaves no core dump'
  stop_sentry
fi

# --- the log --------------------------------------------------------------------------------------------------------------------
export NAMESPACE=prod
serves '--log-as-json' --issuer-credentials "$ca" --log-as-json --log-level debug
stop_sentry
unset NAMESPACE
if has_command jq; then
  check 'each record is an object with the keys of Dapr' jq -es \
    'length > 2 and all(.[]; keys == ["instance","level","msg","scope","time","type","ver"])' "$WORK/sentry.log"
else
  skip 'each record is an object with the keys of Dapr' 'no peer: jq'
fi

umask 022
serves '--log-file' --issuer-credentials "$ca" --log-file "$WORK/file.log" --kubeconfig /none
has file.log 'Running gRPC server on' 'takes the records'
of_mode -rw-r--r-- file.log 'which is made with mode 0644'
check 'standard output has none' test ! -s "$WORK/sentry.log"
stop_sentry

# --- CAs of other programs ----------------------------------------------------------------------------------------------------
step_ca "$WORK/step"
serves "a CA of step's shape" --issuer-credentials step --trust-domain cluster.local
openssl s_client -connect "$SENTRY_ADDR" -alpn h2 -showcerts </dev/null 2>/dev/null | sed -n '/-----BEGIN/,/-----END/p' >"$WORK/served"
check 'its leaf is signed by the issuer' openssl verify -partial_chain -CAfile step/issuer.crt "$WORK/served"
same "$(cat step/issuer.crt)" "$(sed '1,/-----END/d' "$WORK/served")" 'which is served with it'
status 0 'issue --sentry verifies it' "$DAPRCERTS" issue myapp --sentry "$SENTRY_ADDR" --dir step \
  --control-plane-trust-domain cluster.local
stop_sentry
guide_ca "$WORK/guide"
serves "a CA of the guide's openssl recipe" --issuer-credentials guide --trust-domain cluster.local
shows "$WORK/guide" 'openssl verifies what it serves'
stop_sentry
expired_ca "$WORK/expired"
refuses 1 'an issuer that has ended' --issuer-credentials expired
has "$WORK/err" 'issuer.crt' 'the message names it'
check 'and says that it ended' grep -Eq 'ended|expired' "$WORK/err"

# --- signals --------------------------------------------------------------------------------------------------------------------
on_unix 'signals' 'Ctrl-C and reloads are in tests/windows/sentry.sh' || finish
start_sentry --issuer-credentials "$ca" --log-file "$WORK/file.log"
mv file.log file.log.1
kill -HUP "$SENTRY_PID"
check 'SIGHUP opens the file anew' awaited grep -qF 'the credentials are unchanged' file.log
stop_sentry
for signal in TERM INT; do
  start_sentry --issuer-credentials "$ca"
  kill "-$signal" "$SENTRY_PID"
  wait_sentry
  same 0 "$SENTRY_STATUS" "SIG$signal ends it with status 0"
  has "$WORK/sentry.log" 'Shutting down gRPC server' 'and a record'
done

"$DAPRCERTS" ca-init --dir ca2 >/dev/null 2>&1
cp -R ca live
start_sentry --issuer-credentials live
shows ca 'before SIGHUP: the first CA'
keep_open
signed_by ca 'before SIGHUP'
kill -HUP "$SENTRY_PID"
check 'SIGHUP with nothing new is answered' logged "the credentials are unchanged: 'live'"
lacks "$WORK/sentry.log" 'reloaded' 'and is no reload'
cp ca2/ca.crt ca2/issuer.crt ca2/issuer.key live
kill -HUP "$SENTRY_PID"
check 'SIGHUP reads the credentials again' logged 'reloaded the credentials'
shows ca2 'a new connection sees the new CA'
signed_by ca2 'after SIGHUP'
cp ca/issuer.key live
kill -HUP "$SENTRY_PID"
check 'SIGHUP with a key of another issuer is refused' logged 'the last good ones serve on'
check 'the record says why' grep -q 'last good ones serve on:.*issuer' "$WORK/sentry.log"
kill -HUP "$SENTRY_PID"
check 'SIGHUP again is answered again' logged 'the last good ones serve on' 2
shows ca2 'the last good CA serves on'
rm live/issuer.crt
kill -HUP "$SENTRY_PID"
check 'SIGHUP with a file missing is refused' logged "cannot open 'live/issuer.crt'"
check 'nothing is made in its place' test ! -e live/issuer.crt
shows ca2 'the last good CA serves on'
signed_by ca2 'after refusals'
close_kept
stop_sentry
same 0 "$SENTRY_STATUS" 'the server ends with status 0'
start_sentry --issuer-credentials guide --trust-domain cluster.local
cp expired/* guide
kill -HUP "$SENTRY_PID"
check 'SIGHUP with an issuer that has ended is refused' logged 'the last good ones serve on'
stop_sentry
finish
