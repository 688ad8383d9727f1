#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# daprcerts up and down on Windows, in wine with /bin/sh as its sh.exe, or in a shell of MSYS2.
. "${TOP_SRCDIR:?}/tests/cli/lib.sh"
. "$TOP_SRCDIR/tests/interop/server.sh"
. "$TOP_SRCDIR/tests/windows/lib.sh"
trap 'for file in "$WORK"/home/.dapr/certs "$WORK"/*; do "$DAPRCERTS" down --quiet --dir "$file" >/dev/null 2>&1; done; rm -rf "$WORK"' EXIT
cd "$WORK" || exit 99
certs=$HOME/.dapr/certs
if in_msys; then certs=$(cygpath -am "$certs"); fi
free='--port 0 --healthz-port 0 --metrics-port 0'
up() { "$DAPRCERTS" up "$@"; }
down() { "$DAPRCERTS" down "$@"; }
address_of() { sed -n 's/^grpc //p' "$1/.daprcerts/sentry.ready" | head -n 1; }
sums() { (cd "$1" && cksum ca.* issuer.* client.* daprcerts.conf config.yaml .daprcerts/sentry.pid .daprcerts/sentry.ready); }
carriage=$(printf '\r')

if ! in_msys; then
  status 1 'without a sh' up
  has err 'a shell program: there is no sh.exe in PATH' 'is told'
  WINEPATH=$(winepath -w "${TOP_BUILDDIR:?}/tests/windows")
  export WINEPATH
fi

# --- from nothing, and again ---------------------------------------------------------------------------------------------
# shellcheck disable=SC2086  # options
status 0 'up makes what is missing' up -- $free
cp out pasted
for name in ca.crt ca.key issuer.crt issuer.key client.crt client.key daprcerts.conf config.yaml; do
  check "$name is there" test -s "$certs/$name"
done
check 'no carriage return' sh -c '! grep -q "$1" out err "$2/config.yaml"' sh "$carriage" "$certs"
address=$(address_of "$certs")
has err "sentry serves on localhost:${address##*:}" 'it says that sentry serves'
check 'it does' sh -c "openssl s_client -connect '$address' -alpn h2 -CAfile '$certs/ca.crt' -verify_return_error </dev/null"
has pasted 'eval $(daprcerts env-export)' 'the line for the environment'
has pasted "daprd --app-id myapp --enable-mtls --sentry-address localhost:${address##*:} --config $certs/config.yaml" \
  'the line for daprd'
sums "$certs" >before
status 0 'again' up
sums "$certs" >after
check 'nothing has changed' cmp before after
has err "sentry serves already on localhost:${address##*:} (process $(cat "$certs/.daprcerts/sentry.pid"); log $certs/.daprcerts/sentry.log)" \
  'what runs is told'
status 0 'as JSON' up --json
same "$(cat "$certs/.daprcerts/sentry.pid") $certs/config.yaml" "$(jq -r '"\(.pid) \(.config)"' out)" 'it is JSON'
same "$(cat "$certs/ca.crt")" "$(eval $(up --quiet 2>err) && printf '%s\n' "$DAPR_TRUST_ANCHORS")" 'the anchors are in the environment of a shell'
status 0 'down' down
has err "sentry of $certs has ended" 'says so'
has "$certs/.daprcerts/sentry.log" 'Shutting down gRPC server' 'with grace'
status 3 'down again' down
has err "no sentry of '$certs' runs" 'nothing ran'

# --- after a power cut -----------------------------------------------------------------------------------------------------
# shellcheck disable=SC2086
up --quiet -- $free >out 2>err
kill_windows "$(cat "$certs/.daprcerts/sentry.pid")" "daprcerts-sentry.*--daemon"
check 'what it has left is there' test -s "$certs/.daprcerts/sentry.pid" -a -s "$certs/.daprcerts/sentry.ready"
same '--enable-mtls --sentry-address localhost:50001' "$(up --print-flags daprd --dapr-version 1.11)" \
  'the address of one that was killed is not told'
# shellcheck disable=SC2086
status 0 'up starts another' up -- $free
check 'which serves' sh -c "openssl s_client -connect '$(address_of "$certs")' -alpn h2 -CAfile '$certs/ca.crt' -verify_return_error </dev/null"
status 0 'down stops it' down -q

# --- words --------------------------------------------------------------------------------------------------------------------
odd="it's Müller's {a,b} @\$(folder) ~ [x] %PATH% \$HOME"
# shellcheck disable=SC2086
status 0 'a directory of an odd name' up --dir "$odd" --trust-domain odd.local -- $free
check 'is there' test -s "$odd/ca.key"
sed '/^daprd/,$d' out >line
same "$(cat "$odd/ca.crt")" "$(daprcerts() { "$DAPRCERTS" "$@"; }; . ./line; printf '%s\n' "$DAPR_TRUST_ANCHORS")" 'its line works'
status 0 'down finds it' down --dir "$odd"
status 2 'words that are wrong' up 'a"b\c  d?*\' ''
has err "'a\"b\\c  d?*\\' is one operand too many" 'come as they were'
status 3 'down without a directory' down --dir 'no\such dir\'
has err 'no\such dir\' 'tells of it'

# --- paths of MSYS2, whose own tools know both forms: in wine a folder Z: stands for that, and cygpath for its own ------------
mkdir bin
if in_msys; then root=$(cygpath -am .); else
  root=Z:$(pwd -P)
  ln -s / Z:
  cat >bin/cygpath <<'END'
#!/bin/sh
[ "$1 $2" = '-am --' ] || exit 1
case $3 in Z:/*) echo "$3" ;; /*) echo "Z:$3" ;; *) echo "Z:$(pwd -P)/$3" ;; esac
END
  chmod +x bin/cygpath
fi
# shellcheck disable=SC2086
status 0 'up in a shell of MSYS2' env PATH="$PWD/bin:$PATH" "$DAPRCERTS" up --dir drive --config ./drive.yaml -- $free
check 'takes the configuration where it is said' test -s drive.yaml -a ! -e drive/config.yaml
has out "eval \$(daprcerts env-export --dir $root/drive)" 'the directory has its drive, for any program of Windows'
has out "--config $root/" 'the configuration likewise'
same "$root/drive/ca.crt" "$(PATH=$PWD/bin:$PATH up --dir drive --print-flags placement | sed 's/.*--trust-anchors-file //; s/ .*//')" \
  'the anchors likewise'
status 0 'down' env PATH="$PWD/bin:$PATH" "$DAPRCERTS" down --dir "$PWD/drive"
# shellcheck disable=SC2086
status 0 'up of the usual directory' env PATH="$PWD/bin:$PATH" "$DAPRCERTS" up -- $free
has out 'eval $(daprcerts env-export)' 'which needs no name'
down --quiet

# --- many at once ----------------------------------------------------------------------------------------------------------
pids=
for n in 1 2 3; do
  # shellcheck disable=SC2086
  up --dir many --json -- $free >"many.$n" 2>"many.err.$n" &
  pids="$pids $!"
done
ended=
for pid in $pids; do
  wait "$pid"
  ended="$ended $?"
done
same ' 0 0 0' "$ended" 'three at once'
same 1 "$(cat many.[1-3] | grep -c '"started": true')" 'one has started it'
same 1 "$(sort -u many.[1-3] | grep -c '"pid"')" 'all tell the same'
down --quiet --dir many

# --- what fails ------------------------------------------------------------------------------------------------------------------
# shellcheck disable=SC2086
up --quiet --dir first -- $free >out 2>err
address=$(address_of first)
status 1 'a port that is taken' up --quiet --dir taken -- --port "${address##*:}" --healthz-port 0 --metrics-port 0
has err 'sentry does not serve' 'is told'
same false "$(cat out)" 'an eval fails'
status 3 'nothing runs then' down --dir taken
status 0 '--purge' down --purge --force --dir first
check 'deletes all' test ! -e first

# --- in the foreground -----------------------------------------------------------------------------------------------------------
# shellcheck disable=SC2086
up --foreground --dir front -- $free >front.log 2>&1 &
SENTRY_PID=$!
awaited [ -s front/.daprcerts/sentry.ready ]
status 0 'another up knows one in the foreground' up --dir front
has err 'serves already' 'and says so'
status 0 'down ends it' down --dir front
wait_sentry
same 0 "$SENTRY_STATUS" 'with status 0'
has front.log 'Running gRPC server on' 'its log went to standard output'
finish
