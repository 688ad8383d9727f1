#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# daprcerts up: a CA, a configuration and a sentry from nothing, and again without a change; by openssl, real shells, a
# sidecar of grpc-go and go-spiffe, and a systemctl that notes what it is asked.
. "${TOP_SRCDIR:?}/tests/interop/go-home.sh"
. "$TOP_SRCDIR/tests/cli/lib.sh"
. "$TOP_SRCDIR/tests/interop/server.sh"
. "$TOP_SRCDIR/tests/interop/go-env.sh"
cd "$WORK" || exit 1
certs=$HOME/.dapr/certs
free='--port 0 --healthz-port 0 --metrics-port 0'
trap 'for file in "$WORK"/home/.dapr/certs "$WORK"/*; do "$DAPRCERTS" down --quiet --dir "$file" 2>/dev/null; done; rm -rf "$WORK"' EXIT
up() { "$DAPRCERTS" up "$@"; }
address_of() { sed -n 's/^grpc //p' "$1/.daprcerts/sentry.ready" | head -n 1; }
pid_of() { cat "$1/.daprcerts/sentry.pid"; }
sums() { (cd "$1" && cksum ca.* issuer.* client.* daprcerts.conf config.yaml .daprcerts/sentry.pid .daprcerts/sentry.ready); }

# --- from nothing, and again ---------------------------------------------------------------------------------------------
# shellcheck disable=SC2086  # options
status 0 'up makes what is missing' up -- $free
cp out pasted
for name in ca.crt ca.key issuer.crt issuer.key client.crt client.key daprcerts.conf config.yaml; do
  check "$name is there" test -s "$certs/$name"
done
has err "has been saved in $certs/ca.crt" 'it says what it has made'
has err "Dapr's Configuration has been saved in $certs/config.yaml." 'and where'
has err 'sentry serves on localhost:' 'and that sentry serves'
address=$(address_of "$certs")
check 'it does' sh -c "openssl s_client -connect '$address' -alpn h2 -CAfile '$certs/ca.crt' -verify_return_error </dev/null"
has pasted 'eval $(daprcerts env-export)' 'the line for the environment'
has pasted "daprd --app-id myapp --enable-mtls --sentry-address localhost:${address##*:} --config $certs/config.yaml" \
  'the line for daprd'
lacks pasted 'dapr run' "none for dapr run, which knows port 50001 alone"
has "$certs/config.yaml" 'enabled: true' 'mTLS is on in the configuration'
check 'sentry takes it' "$DAPRCERTS" sentry --check --config "$certs/config.yaml"
has "$certs/.daprcerts/sentry.log" 'Running gRPC server on' 'the log is there'

sums "$certs" >before
status 0 'again' up
sums "$certs" >after
check 'nothing has changed' cmp before after
has err "sentry serves already on localhost:${address##*:} (process $(pid_of "$certs"); log $certs/.daprcerts/sentry.log)" \
  'what runs is told'
status 0 'as JSON' up --json
same '' "$(cat err)" 'with nothing beside it'
find_python json
if [ -n "$PYTHON" ]; then
  same "$certs|$certs/config.yaml|localhost:${address##*:}|$(pid_of "$certs")|$certs/.daprcerts/sentry.log|False|False" \
    "$("$PYTHON" -c 'import json, sys
u = json.load(sys.stdin)
print(u["dir"], u["config"], u["address"], u["pid"], u["log"], u["started"], u["ca_made"], sep="|")' <out)" 'every field'
else
  skip 'every field' 'no peer: python3'
fi

# --- in real shells ------------------------------------------------------------------------------------------------------
# shellcheck disable=SC2016  # for the shells
for shell in dash bash zsh ksh 'busybox sh'; do
  has_command "${shell%% *}" || { skip "$shell" "no peer: $shell"; continue; }
  same "$(cat "$certs/ca.crt")" "$($shell -c 'eval $("$DAPRCERTS" up --quiet) && printf "%s\n" "$DAPR_TRUST_ANCHORS"')" \
    "$shell: the anchors are in the environment"
  # shellcheck disable=SC2086
  same stopped "$($shell -c 'eval $("$DAPRCERTS" up --quiet --dir /dev/null/x 2>err) || echo stopped')" "$shell: a failure stops what follows"
done
if has_command fish; then
  same "$(cat "$certs/ca.crt")" "$(fish -c '$DAPRCERTS up --quiet --format fish | source; and printf "%s\n" $DAPR_TRUST_ANCHORS')" 'fish: likewise'
else
  skip 'fish: likewise' 'no peer: fish'
fi
if go_builds sidecar; then
  # shellcheck disable=SC2016  # for that shell
  check 'two workloads speak mutual TLS' env SENTRY_ADDR="$address" SENTRY_DIR="$certs" \
    sh -c 'eval $("$DAPRCERTS" up --quiet) && ./sidecar'
else
  skip 'two workloads speak mutual TLS' "$NO_GO_PEER"
fi

# --- out of reach of the terminal -----------------------------------------------------------------------------------------
if ps -o sid= -p $$ >/dev/null 2>&1; then
  same "$(pid_of "$certs")" "$(ps -o sid= -p "$(pid_of "$certs")" | tr -d ' ')" 'sentry leads a session of its own'
else
  skip 'sentry leads a session of its own' 'no ps that tells sessions'
fi
"$DAPRCERTS" down --quiet
status 3 'it is down' "$DAPRCERTS" down

# --- after a power cut -----------------------------------------------------------------------------------------------------
# shellcheck disable=SC2086
up --quiet -- $free >/dev/null 2>&1
cp "$certs/.daprcerts/sentry.ready" stale
kill -KILL "$(pid_of "$certs")"
sh -c 'echo $$' >"$certs/.daprcerts/sentry.pid" # a process that was: the one that was killed may wait for its init
cp stale "$certs/.daprcerts/sentry.ready"
same '--enable-mtls --sentry-address localhost:50001' "$(up --print-flags daprd --dapr-version 1.11)" \
  'the address of one that was killed is not told'
# shellcheck disable=SC2086
status 0 'and up starts another' up -- $free
check 'which serves' sh -c "openssl s_client -connect '$(address_of "$certs")' -alpn h2 -CAfile '$certs/ca.crt' -verify_return_error </dev/null"
"$DAPRCERTS" down --quiet

# --- many at once ----------------------------------------------------------------------------------------------------------
pids=
for n in 1 2 3 4 5 6; do
  # shellcheck disable=SC2086
  up --dir many --json -- $free >"many.$n" 2>"many.err.$n" &
  pids="$pids $!"
done
ended=
for pid in $pids; do
  wait "$pid"
  ended="$ended $?"
done
same ' 0 0 0 0 0 0' "$ended" 'six at once'
same 1 "$(cat many.[1-6] | grep -c '"started": true')" 'one has started it'
same 1 "$(sort -u many.[1-6] | grep -c '"pid"')" 'all tell the same'
"$DAPRCERTS" down --quiet --dir many

# --- a few words -------------------------------------------------------------------------------------------------------------
# shellcheck disable=SC2086
status 0 'a trust domain for the CA' up --dir named --trust-domain cluster.local --config ./mine.yaml -- $free
has mine.yaml 'kind: Configuration' 'the configuration where it is said'
check 'and not in the directory' test ! -e named/config.yaml
has out "eval \$(daprcerts env-export --dir $WORK/named)" 'the lines name the directory'
status 0 'a directory in the environment, from the current folder on' env DAPRCERTS_DIR=named "$DAPRCERTS" up --config ./mine.yaml
has out "eval \$(daprcerts env-export --dir $WORK/named)" 'is named, for other folders'
status 0 'and from the root on' env DAPRCERTS_DIR="$WORK/named" "$DAPRCERTS" up --config ./mine.yaml
has out 'eval $(daprcerts env-export)' 'is not'
check 'sentry is of that trust domain' sh -c "openssl s_client -connect '$(address_of named)' -alpn h2 </dev/null 2>/dev/null |
  openssl x509 -noout -ext subjectAltName | grep -q spiffe://cluster.local/ns/default/dapr-sentry"
status 1 'another trust domain than the CA has' up --dir named --trust-domain other.local
has err "the trust domain of '$WORK/named' is 'cluster.local' already" 'is told'
cat >plain.yaml <<'END'
apiVersion: dapr.io/v1alpha1
kind: Configuration
spec:
  tracing:
    enabled: true
END
cp plain.yaml plain.before
status 0 'a configuration without mTLS' up --dir named --config plain.yaml
has err "does not say 'mtls: enabled: true'" 'is warned of'
check 'and stays' cmp plain.yaml plain.before
printf 'spec:\n  mtls:\n    enabled: false\n  tracing:\n    enabled: true\n' >plain.yaml
status 0 'one with mTLS off, and something else on' up --dir named --config plain.yaml
has err "does not say 'mtls: enabled: true'" 'is warned of'
for text in 'mtls: {enabled: true}' 'spec:
  mtls:
    workloadCertTTL: 24h

    # yes
    enabled: "true"'; do
  printf '%s\n' "$text" >plain.yaml
  up --dir named --config plain.yaml >out 2>err
  lacks err 'does not say' 'one with mTLS on is not warned of'
done
flags='--tls-enabled --trust-domain cluster.local --trust-anchors-file'
rest='--mode standalone'
port=$(address_of named)
port=${port##*:}
same "--enable-mtls --sentry-address localhost:$port" "$(up --dir named --print-flags daprd --dapr-version 1.11.6)" 'daprd 1.11'
same "--enable-mtls --sentry-address localhost:$port --control-plane-trust-domain cluster.local --control-plane-namespace default" \
  "$(up --dir named --print-flags daprd)" 'daprd'
same "--tls-enabled --certchain $WORK/named" "$(up --dir named --print-flags=placement --dapr-version=v1.11.0)" 'placement 1.11'
same "$flags $WORK/named/ca.crt --sentry-address localhost:$port $rest" "$(up --dir named --print-flags placement)" 'placement'
same "$flags $WORK/named/ca.crt --sentry-address localhost:$port $rest" "$(up --dir named --print-flags scheduler --dapr-version 1.14)" \
  'scheduler'
status 2 'no scheduler before 1.14' up --dir named --print-flags scheduler --dapr-version 1.13
status 2 'no such version' up --dir named --print-flags daprd --dapr-version latest
status 2 'no such program' up --dir named --print-flags operator
NAMESPACE=apps status 0 'placement in another namespace' up --dir named --print-flags placement
has err "has to be 'default'" 'is warned of'
"$DAPRCERTS" down --quiet --dir named
status 1 'flags of a CA that is not there' up --dir nowhere --print-flags daprd
check 'nothing is made for them' test ! -e nowhere

# --- a set on its way into the directory, as who publishes it leaves it for a moment, or for good when killed --------------------
"$DAPRCERTS" ca-init --dir half 2>/dev/null
mkdir half/.daprcerts/next
mv half/issuer.crt half/issuer.key half/.daprcerts/next
: >half/.daprcerts/next/complete
# shellcheck disable=SC2086
status 0 'half of a set in its place' up --dir half -- $free
"$DAPRCERTS" down --quiet --dir half
rm half/issuer.*
status 1 'a root without an issuer' up --dir half
has err 'holds a root without an issuer' 'is told from the anchors of another machine'

# --- odd names -------------------------------------------------------------------------------------------------------------------
odd="it's \"a\\ \$(folder)
"
# shellcheck disable=SC2086
status 0 'a directory of an odd name' up --dir "$odd" -- $free
sed '/^daprd/,$d' out >line
same "$(cat "$odd/ca.crt")" "$(daprcerts() { "$DAPRCERTS" "$@"; }; . ./line; printf '%s\n' "$DAPR_TRUST_ANCHORS")" 'its line works'
status 0 'as JSON' up --dir "$odd" --json
[ -z "$PYTHON" ] || same "$WORK/$odd." "$("$PYTHON" -c 'import json, sys; print(json.load(sys.stdin)["dir"], end=".")' <out)" 'its name is whole'
if [ -e /dev/full ]; then
  check 'JSON that cannot be written is a failure' sh -c '! "$1" up --dir "$2" --json >/dev/full 2>err' - "$DAPRCERTS" "$odd"
  has err 'cannot write standard output' 'and told'
else
  skip 'JSON that cannot be written is a failure' 'no /dev/full'
fi
"$DAPRCERTS" down --quiet --dir "$odd"

# --- what fails ----------------------------------------------------------------------------------------------------------------
mkdir second
cp "$certs/ca.crt" second
status 1 'a machine with the anchors alone' up --dir second
has err 'its sentry runs elsewhere' 'needs no sentry'
same ca.crt "$(ls second)" 'and gets nothing'
# shellcheck disable=SC2086
up --quiet --dir first -- $free >/dev/null 2>&1
address=$(address_of first)
status 1 'a port that is taken' up --quiet --dir taken -- --port "${address##*:}" --healthz-port 0 --metrics-port 0
has err 'sentry does not serve' 'is told'
same false "$(cat out)" 'an eval fails'
status 3 'nothing runs then' "$DAPRCERTS" down --dir taken
"$DAPRCERTS" down --quiet --dir first
for words in --frob 'operand' --config --quiet=yes '--json --quiet' '--dir='; do
  # shellcheck disable=SC2086
  status 2 "up $words" up $words
done
for word in --check --stop --daemon --config=x --issuer-credentials=elsewhere; do
  status 2 "-- $word" up --dir unmade -- --port 0 "$word"
done
has err "'--issuer-credentials' is no option for a sentry that up starts" 'is told'
same 'false' "$(up --frob --quiet 2>/dev/null)" 'an eval fails by wrong words, too'
status 2 'no such format' up --dir unmade --format frob
has err "option '--format': 'frob' is none of" 'is told'
check 'and nothing is made for it' test ! -e unmade
# shellcheck disable=SC2086
status 0 'a format that no shell reads' up --dir dotenv --format dotenv -- $free
has out "daprcerts env-export --dir $WORK/dotenv --format dotenv" 'is for no eval'
lacks out eval 'so there is none'
"$DAPRCERTS" down --quiet --dir dotenv
status 0 '--help' up --help
has out '--print-flags WHAT' 'tells the options'
status 0 '--version' up --version

# --- in the foreground -----------------------------------------------------------------------------------------------------------
# shellcheck disable=SC2086
"$DAPRCERTS" up --foreground --dir front -- $free >front.log 2>&1 &
SENTRY_PID=$!
awaited [ -s front/.daprcerts/sentry.ready ]
same "$SENTRY_PID" "$(pid_of front)" '--foreground becomes sentry'
status 0 'another up knows it' up --dir front
has err "process $SENTRY_PID;" 'by its number'
stop_sentry
same 0 "$SENTRY_STATUS" 'SIGTERM ends it'
has front.log 'Running gRPC server on' 'its log went to standard output'

# --- systemd ---------------------------------------------------------------------------------------------------------------------
mkdir bin
cat >bin/systemctl <<END
#!/bin/sh
echo "\$*" >>'$WORK/asked'
case "\$*" in
  '--user cat daprcerts-sentry.service') ;;
  '--user is-active --quiet daprcerts-sentry.service') [ -e '$WORK/active' ] ;;
  '--user start daprcerts-sentry.service')
    '$DAPRCERTS' up --foreground -- $free >'$WORK/unit.log' 2>&1 &
    until [ -s '$certs/.daprcerts/sentry.ready' ]; do kill -0 \$! || exit 1; sleep 0.05; done
    : >'$WORK/active' ;;
  '--user stop daprcerts-sentry.service') kill "\$(cat '$certs/.daprcerts/sentry.pid')"; rm '$WORK/active' ;;
  *) exit 1 ;;
esac
END
chmod +x bin/systemctl
PATH=$WORK/bin:$PATH
status 0 'where systemd has the unit' up
has asked '--user start daprcerts-sentry.service' 'it is started'
has err '(unit daprcerts-sentry.service; journalctl --user -u daprcerts-sentry.service)' 'and told'
: >asked
status 0 'again' up
lacks asked start 'it is not started again'
has err 'serves already' 'and told'
status 0 'down' "$DAPRCERTS" down
has asked '--user stop daprcerts-sentry.service' 'stops it'
: >asked
# shellcheck disable=SC2086
status 0 '--no-systemd' up --no-systemd -- $free
lacks asked start 'starts a process'
"$DAPRCERTS" down --quiet
: >asked
# shellcheck disable=SC2086
status 0 'options for sentry' up -- $free
lacks asked start 'which the unit has not, start one too'
"$DAPRCERTS" down --quiet

# --- a few machines ----------------------------------------------------------------------------------------------------------------
# As daprcerts-up(1) has them, with a folder for the other machine.
mkdir other
ssh() {
  shift
  HOME=$WORK/other sh -c "$*"
}
ssh host2 'umask 077 && mkdir -p .dapr/certs' 2>/dev/null
(cd other && ssh host2 'mkdir -p $HOME/.dapr/certs && cat >$HOME/.dapr/certs/ca.crt') <"$certs/ca.crt"
same "$(cat "$certs/ca.crt")" "$(HOME=$WORK/other "$DAPRCERTS" env-export --format json | sed -n 's/.*"DAPR_TRUST_ANCHORS": "\(.*\)",$/\1/p' |
  sed 's/\\n/\
/g')" 'the anchors on another machine are enough for the environment'
tar -C "$HOME/.dapr" -cf backup.tar certs
"$DAPRCERTS" down --quiet --purge --force
check 'the CA is gone' test ! -e "$certs"
(umask 077 && tar -C "$HOME/.dapr" -xf backup.tar)
# shellcheck disable=SC2086
status 0 'and back from its backup' up --no-systemd -- $free
lacks err 'has been saved' 'with nothing made anew'
"$DAPRCERTS" down --quiet
finish
