#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# env-export in every shell that is here, unquoted as people write it, and the other notations in their own readers.
HOME_OF_USER=$HOME
. "$TOP_SRCDIR/tests/cli/lib.sh"

CERTS=$HOME/.dapr/certs
status 0 'a CA in the usual place' "$DAPRCERTS" ca-init
printf '%s' "$(cat "$CERTS/ca.crt")" >"$WORK/anchors"
printf '%s' "$(cat "$CERTS/client.crt")" >"$WORK/chain"
printf '%s' "$(cat "$CERTS/client.key")" >"$WORK/key"

# what a shell must have set, told by the shell's own test
cat >"$WORK/expect.sh" <<'EOF'
[ "$DAPR_TRUST_ANCHORS" = "$(cat "$WORK/anchors")" ] || { echo 'not the anchors'; exit 1; }
[ "$DAPR_CERT_CHAIN" = "$(cat "$WORK/chain")" ] || { echo 'not the chain'; exit 1; }
[ "$DAPR_CERT_KEY" = "$(cat "$WORK/key")" ] || { echo 'not the key'; exit 1; }
[ "$NAMESPACE" = default ] || { echo 'not the namespace'; exit 1; }
[ "$DAPR_CONTROLPLANE_TRUST_DOMAIN" = localhost ] || { echo 'not the trust domain'; exit 1; }
[ "$DAPR_CONTROLPLANE_NAMESPACE" = default ] || { echo 'not the control plane namespace'; exit 1; }
[ -z "${DAPRCERTS_TRUST_DOMAIN-}" ] || { echo 'a trust domain that nobody asked for'; exit 1; }
[ -z "${_daprcerts_nl-}" ] || { echo 'a helper variable is left'; exit 1; }
EOF
cat >"$WORK/inherited.sh" <<'EOF'
#!/bin/sh
[ "$DAPR_CERT_KEY" = "$(cat "$WORK/key")" ]
EOF
chmod +x "$WORK/inherited.sh"
export WORK

# files whose names match what an unquoted word might be taken for
mkdir "$WORK/globs"
(cd "$WORK/globs" && touch -- _ echo 'a*b' '-----END' 'CERTIFICATE-----' 'DAPR_TRUST_ANCHORS=x' MII A B C '[x]' '?')

for shell in dash bash zsh ksh mksh 'busybox sh' 'bash --posix' 'zsh -o shwordsplit' \
  'zsh -o globsubst -o extendedglob'; do
  # shellcheck disable=SC2086  # "busybox sh" is two words
  set -- $shell
  if ! has_command "$1"; then
    skip "$shell" "no peer: $1"
    continue
  fi
  for how in '' 'set -u;' 'set -e;' 'set -f;' "IFS=':';" "IFS='';"; do
    check "$shell: ${how:-plain} eval \$(daprcerts env-export)" env -C "$WORK/globs" "$@" -c \
      "$how eval \$('$DAPRCERTS' env-export); unset IFS; . '$WORK/expect.sh'; '$WORK/inherited.sh'"
  done
  check "$shell: quoted too" "$@" -c "eval \"\$('$DAPRCERTS' env-export)\"; . '$WORK/expect.sh'"
  check "$shell: --unset takes it all back" "$@" -c \
    "eval \$('$DAPRCERTS' env-export); eval \$('$DAPRCERTS' env-export --unset); [ -z \"\${DAPR_TRUST_ANCHORS-}\${DAPR_CERT_KEY-}\${NAMESPACE-}\${DAPR_CONTROLPLANE_NAMESPACE-}\" ]"
  status 1 "$shell: a missing directory makes eval fail" "$@" -c "eval \$('$DAPRCERTS' env-export --dir '$WORK/none' 2>'$WORK/said')"
done
has "$WORK/said" 'ca.crt' 'and the message names what is missing'

"$DAPRCERTS" env-export >"$WORK/text"
same 1 "$(wc -l <"$WORK/text" | tr -d ' ')" 'the text is one line'
if grep -q '[]*?[\\]' "$WORK/text"; then fail 'the text holds no glob character and no backslash'; else pass 'the text holds no glob character and no backslash'; fi

if has_command strace && strace -f -o /dev/null true 2>/dev/null; then
  # shellcheck disable=SC2016
  strace -f -s 4096 -e trace=execve -o "$WORK/trace" mksh -c 'eval $('"$DAPRCERTS"' env-export)' 2>/dev/null ||
    strace -f -s 4096 -e trace=execve -o "$WORK/trace" dash -c 'eval $('"$DAPRCERTS"' env-export)'
  if grep 'execve(' "$WORK/trace" | grep -v 'env-export' | grep -q 'BEGIN'; then fail 'no secret in an argv'; else pass 'no secret in an argv'; fi
else
  skip 'no secret in an argv' 'no peer: strace that may trace'
fi

# --- other notations ---
if has_command fish; then
  # shellcheck disable=SC2016
  check 'fish: | source' env XDG_CONFIG_HOME="$WORK/fish" XDG_DATA_HOME="$WORK/fish" fish -c \
    "$DAPRCERTS env-export --format fish | source; sh '$WORK/expect.sh'; and sh '$WORK/inherited.sh'"
  status 1 'fish: a failure is seen' fish -c "$DAPRCERTS env-export --format fish --dir '$WORK/none' 2>/dev/null | source"
  check 'fish: --unset' fish -c "$DAPRCERTS env-export --format fish | source; $DAPRCERTS env-export --format fish --unset | source; test -z \"\$DAPR_CERT_KEY\""
  status 0 'fish: --unset of what is not set' env -u DAPRCERTS_TRUST_DOMAIN fish -c "$DAPRCERTS env-export --format fish --unset | source"
else
  skip 'fish' 'no peer: fish'
fi

"$DAPRCERTS" env-export --format json >"$WORK/json"
if has_command python3; then
  check 'json: parsed, and the values are right' python3 -c '
import json, sys
work = sys.argv[1]
env = json.load(open(work + "/json"))
assert env["DAPR_TRUST_ANCHORS"] == open(work + "/anchors").read()
assert env["DAPR_CERT_KEY"] == open(work + "/key").read()
assert env["NAMESPACE"] == "default" and len(env) == 6
' "$WORK"
else
  skip 'json' 'no peer: python3'
fi
dotenv_python=
for python in /usr/bin/python3 python3; do
  if "$python" -c 'import dotenv' 2>/dev/null; then dotenv_python=$python; break; fi
done
"$DAPRCERTS" env-export --format dotenv >"$WORK/env"
if [ -n "$dotenv_python" ]; then
  check 'dotenv: parsed, and the values are right' "$dotenv_python" -c '
import dotenv, sys
work = sys.argv[1]
env = dotenv.dotenv_values(work + "/env")
assert env["DAPR_TRUST_ANCHORS"] == open(work + "/anchors").read()
assert env["DAPR_CERT_CHAIN"] == open(work + "/chain").read()
assert env["DAPR_CERT_KEY"] == open(work + "/key").read()
' "$WORK"
else
  skip 'dotenv' 'no peer: python3-dotenv'
fi
same '-e DAPR_TRUST_ANCHORS -e DAPR_CERT_CHAIN -e DAPR_CERT_KEY -e NAMESPACE -e DAPR_CONTROLPLANE_TRUST_DOMAIN -e DAPR_CONTROLPLANE_NAMESPACE' \
  "$("$DAPRCERTS" env-export --format docker)" 'docker: the names alone'
# PowerShell, line by line: each is one assignment of one double-quoted string, in which `n is a newline
"$DAPRCERTS" env-export --format powershell >"$WORK/ps1"
same 6 "$(grep -c '^\$env:[A-Z_]* = "[^"$]*"$' "$WORK/ps1")" 'powershell: six assignments'
same 6 "$(wc -l <"$WORK/ps1" | tr -d ' ')" 'powershell: and nothing else'
same "$(cat "$WORK/key")" "$(sed -n 's/^$env:DAPR_CERT_KEY = "\(.*\)"$/\1/p' "$WORK/ps1" | sed 's/`n/\
/g')" 'powershell: the key, when its escapes are read'
has "$WORK/ps1" '`n' 'powershell: newlines are escapes'
"$DAPRCERTS" env-export --format powershell --dir "$WORK/none" >"$WORK/ps1" 2>/dev/null
has "$WORK/ps1" "throw" 'powershell: a failure throws'
# and by a parser of its language: what the strings are, set beside the JSON of the same call
PYTHONPATH=${XDG_CACHE_HOME:-$HOME_OF_USER/.cache}/daprcerts/python${PYTHONPATH:+:$PYTHONPATH}
export PYTHONPATH
find_python tree_sitter tree_sitter_powershell
powershell() { "$PYTHON" "$TOP_SRCDIR/tests/cli/powershell.py"; }
if [ -n "$PYTHON" ]; then
  mkdir "$WORK/ps" && cd "$WORK/ps" || exit 1
  for path in token "it's a" 'q"u`o$HOME' '$(id) ;`' 'a “b” ‘c’ „d' '#@%&|<>'; do
    case $path in *['"|<>']*) on_unix "powershell: a token's path $path" 'there is no such name' || continue ;; esac
    : >"$path"
    "$DAPRCERTS" env-export --format powershell --token-file "$path" >"$WORK/ps1"
    "$DAPRCERTS" env-export --format json --token-file "$path" >"$WORK/json"
    status 0 "powershell: parsed, with the token's path $path" powershell <"$WORK/ps1"
    check 'the values are those of JSON' "$PYTHON" -c '
import json, sys
assert json.load(open(sys.argv[1])) == json.load(open(sys.argv[2])) and len(json.load(open(sys.argv[1]))) == 7' \
      "$WORK/out" "$WORK/json"
  done
  "$DAPRCERTS" env-export --format powershell --unset >"$WORK/ps1"
  status 0 'powershell: --unset is parsed' powershell <"$WORK/ps1"
  same 'command Remove-Item' "$(sort -u "$WORK/out")" 'powershell: and removes'
  "$DAPRCERTS" env-export --format powershell --dir none >"$WORK/ps1" 2>/dev/null
  status 0 'powershell: a failure is parsed' powershell <"$WORK/ps1"
  same 'flow_control_statement throw' "$(cat "$WORK/out")" 'powershell: and throws'
  printf '$env:A = "a$b"\n' >"$WORK/ps1"
  status 1 'powershell: an expansion would be told' powershell <"$WORK/ps1"
  cd "$WORK" || exit 1
else
  skip 'powershell: parsed' 'no peer: tree-sitter-powershell (tests/interop/fetch-peers.sh gets it)'
fi

# --- choices ---
status 0 '--no-cert' "$DAPRCERTS" env-export --no-cert
if grep -q DAPR_CERT "$WORK/out"; then fail '--no-cert leaves the pair out'; else pass '--no-cert leaves the pair out'; fi
status 0 '--issuer-as-client' "$DAPRCERTS" env-export --issuer-as-client --format json
has "$WORK/out" "$(sed -n 2p "$CERTS/issuer.key")" "--issuer-as-client exports the issuer's key"
status 0 'names by options' "$DAPRCERTS" env-export --namespace prod --trust-domain acme --control-plane-trust-domain cluster.local --control-plane-namespace dapr-system
for word in "NAMESPACE='prod'" "DAPRCERTS_TRUST_DOMAIN='acme'" "DAPR_CONTROLPLANE_TRUST_DOMAIN='cluster.local'" "DAPR_CONTROLPLANE_NAMESPACE='dapr-system'"; do
  has "$WORK/out" "$word" "$word"
done
for name in "a'b" 'a b' 'x;touch y' "\$(id)" 'UPPER' '..' ''; do
  status 1 "a trust domain '$name' is refused" "$DAPRCERTS" env-export --control-plane-trust-domain "$name"
  same false "$(cat "$WORK/out")" 'and eval fails'
done
printf 'control-plane-trust-domain = conf.example\ncontrol-plane-namespace = conf\ntrust-domain = acme\nnamespace = team\n' >"$CERTS/daprcerts.conf"
status 0 'names by daprcerts.conf' "$DAPRCERTS" env-export
for word in "NAMESPACE='team'" "DAPRCERTS_TRUST_DOMAIN='acme'" "DAPR_CONTROLPLANE_TRUST_DOMAIN='conf.example'" "DAPR_CONTROLPLANE_NAMESPACE='conf'"; do
  has "$WORK/out" "$word" "$word"
done
status 0 'the environment counts before the file' env NAMESPACE=shell DAPR_CONTROLPLANE_TRUST_DOMAIN=shell.example "$DAPRCERTS" env-export
has "$WORK/out" "NAMESPACE='shell'" 'NAMESPACE'
has "$WORK/out" "DAPR_CONTROLPLANE_TRUST_DOMAIN='shell.example'" 'DAPR_CONTROLPLANE_TRUST_DOMAIN'
rm "$CERTS/daprcerts.conf"

# --- a token's file ---
lacks "$WORK/text" DAPR_SENTRY_TOKEN_FILE 'without --token-file there is none'
mkdir "$WORK/it's \$HOME; a dir" && cd "$WORK/it's \$HOME; a dir" || exit 1
echo token >./token
WANT=$(whole_path "$PWD/token")
export WANT
for shell in dash bash zsh ksh mksh 'busybox sh'; do
  # shellcheck disable=SC2086  # "busybox sh" is two words
  set -- $shell
  if ! has_command "$1"; then
    skip "$shell: --token-file" "no peer: $1"
    continue
  fi
  check "$shell: --token-file exports the path from the root on" "$@" -c \
    "eval \$('$DAPRCERTS' env-export --token-file ./token); sh -c '[ \"\$DAPR_SENTRY_TOKEN_FILE\" = \"\$WANT\" ]'"
  check "$shell: --unset takes it back" "$@" -c \
    "eval \$('$DAPRCERTS' env-export --token-file token; '$DAPRCERTS' env-export --unset); [ -z \"\${DAPR_SENTRY_TOKEN_FILE-}\" ]"
done
if has_command fish; then
  check 'fish: --token-file' fish -c "$DAPRCERTS env-export --format fish --token-file token | source; sh -c '[ \"\$DAPR_SENTRY_TOKEN_FILE\" = \"\$WANT\" ]'"
else
  skip 'fish: --token-file' 'no peer: fish'
fi
if has_command python3; then
  status 0 'json: --token-file' "$DAPRCERTS" env-export --format json --token-file "$WANT"
  check 'json: has it' python3 -c '
import json, os, sys
assert json.load(open(sys.argv[1]))["DAPR_SENTRY_TOKEN_FILE"] == os.environ["WANT"]' "$WORK/out"
else
  skip 'json: --token-file' 'no peer: python3'
fi
"$DAPRCERTS" env-export --format dotenv --token-file token >"$WORK/env"
if [ -n "$dotenv_python" ]; then
  check 'dotenv: --token-file' "$dotenv_python" -c '
import dotenv, os, sys
assert dotenv.dotenv_values(sys.argv[1], interpolate=False)["DAPR_SENTRY_TOKEN_FILE"].replace("\\$", "$") == os.environ["WANT"]' "$WORK/env"
else
  skip 'dotenv: --token-file' 'no peer: python3-dotenv'
fi
has "$WORK/env" 'DAPR_SENTRY_TOKEN_FILE="' 'dotenv: the variable'
"$DAPRCERTS" env-export --format docker --token-file token >"$WORK/out"
has "$WORK/out" '-e DAPR_SENTRY_TOKEN_FILE' 'docker: its name'
"$DAPRCERTS" env-export --format powershell --token-file token >"$WORK/out"
has "$WORK/out" "\$env:DAPR_SENTRY_TOKEN_FILE = \"$(whole_path "$WORK")/it's \`\$HOME; a dir/token\"" 'powershell: the path'
"$DAPRCERTS" env-export --format powershell --unset >"$WORK/out"
has "$WORK/out" 'Env:DAPR_SENTRY_TOKEN_FILE' 'powershell: --unset'
cd "$WORK" || exit 1
status 1 'a token file that is not there' "$DAPRCERTS" env-export --token-file none
has "$WORK/err" "'none'" 'it is named'
same false "$(cat "$WORK/out")" 'the single word'
status 1 'a folder' "$DAPRCERTS" env-export --token-file "$CERTS"
for path in 'a*' 'a?' 'a[b' 'a\b' 'a  b' '{a,b}' 'a
b'; do
  : >"$WORK/$path"
  status 1 "a path that no shell lets through: $(echo "$path" | tr '\n' '_')" "$DAPRCERTS" env-export --token-file "$WORK/$path"
  same false "$(cat "$WORK/out")" 'the single word'
  rm "$WORK/$path"
done

# --- daprcerts.conf ---
mkdir -p "$WORK/conf"
cp "$CERTS/ca.crt" "$WORK/conf"
status 0 'a directory without daprcerts.conf' "$DAPRCERTS" env-export --dir "$WORK/conf"
has "$WORK/out" "DAPR_CONTROLPLANE_TRUST_DOMAIN='localhost'" 'the default'
mkdir "$WORK/conf/daprcerts.conf"
status 1 'a directory in its place' "$DAPRCERTS" env-export --dir "$WORK/conf"
has "$WORK/err" 'is a directory' 'is told'
rmdir "$WORK/conf/daprcerts.conf"
awk 'BEGIN { while (n++ < 10000) print "# more" }' >"$WORK/conf/daprcerts.conf"
status 1 'a long one' "$DAPRCERTS" env-export --dir "$WORK/conf"
has "$WORK/err" 'larger than' 'is refused'

# as a ca-init leaves it that was killed when its set was complete, but nothing in its place
status 0 'a CA of another name' "$DAPRCERTS" ca-init --dir "$WORK/killed" --trust-domain killed.example --namespace killed
sed 's/^namespace = .*/namespace = shop/' "$WORK/killed/daprcerts.conf" >"$WORK/killed.conf"
mkdir "$WORK/killed/.daprcerts/next"
mv "$WORK"/killed/*.crt "$WORK"/killed/*.key "$WORK/killed/.daprcerts/next"
mv "$WORK/killed.conf" "$WORK/killed/.daprcerts/next/daprcerts.conf"
rm "$WORK/killed/daprcerts.conf"
: >"$WORK/killed/.daprcerts/next/complete"
status 0 'a set that waits to be put in its place' "$DAPRCERTS" env-export --dir "$WORK/killed"
has "$WORK/out" "DAPR_CONTROLPLANE_TRUST_DOMAIN='killed.example'" 'has its own trust domain'
has "$WORK/out" "DAPR_CONTROLPLANE_NAMESPACE='killed'" 'and namespace'
has "$WORK/out" "NAMESPACE='shop'" 'of workloads too'
status 0 'issue reads it likewise' "$DAPRCERTS" issue app --dir "$WORK/killed" --stdout --json
has "$WORK/out" 'spiffe://public/ns/shop/app' 'and takes its names'

# --- directories that others made, or hold less ---
mkdir "$WORK/second"
cp "$CERTS/ca.crt" "$WORK/second"
status 0 'ca.crt alone, as on a second machine' "$DAPRCERTS" env-export --dir "$WORK/second"
same '' "$(cat "$WORK/err")" 'and nothing to complain about'
cp "$CERTS/issuer.crt" "$CERTS/issuer.key" "$WORK/second"
status 0 'no client pair, as step or openssl leave it' "$DAPRCERTS" env-export --dir "$WORK/second"
same 1 "$(wc -l <"$WORK/err" | tr -d ' ')" 'one line says so'
has "$WORK/err" "'daprcerts ca-init --client --dir $WORK/second'" 'it names one way'
has "$WORK/err" '--issuer-as-client' 'and the other'
status 0 'by the environment' env DAPRCERTS_DIR="$WORK/second" "$DAPRCERTS" env-export
has "$WORK/err" "'daprcerts ca-init --client'" 'the way is shorter'
sed 's/$/\r/' "$CERTS/ca.crt" >"$WORK/second/ca.crt"
(
  echo 'a text for people'
  sed 's/$/\r/' "$CERTS/ca.crt"
  echo
  cat "$CERTS/ca.crt"
) >"$WORK/second/ca.crt"
status 0 'carriage returns, text and two anchors' "$DAPRCERTS" env-export --no-cert --format json --dir "$WORK/second"
same 2 "$(grep -o 'BEGIN CERTIFICATE' "$WORK/out" | wc -l | tr -d ' ')" 'both anchors'
if grep -q 'people\|\\r\|u000d' "$WORK/out"; then fail 'neither text nor carriage returns'; else pass 'neither text nor carriage returns'; fi
echo 'nothing like PEM' >"$WORK/second/ca.crt"
status 1 'no PEM in ca.crt' "$DAPRCERTS" env-export --dir "$WORK/second"
same false "$(cat "$WORK/out")" 'the single word'
has "$WORK/err" 'ca.crt' 'and a message'
sed '5d' "$CERTS/ca.crt" | sed '/END/d' >"$WORK/second/ca.crt"
status 1 'PEM that is cut off' "$DAPRCERTS" env-export --dir "$WORK/second"
same false "$(cat "$WORK/out")" 'the single word'
if [ "$(id -u)" -ne 0 ]; then
  chmod 000 "$WORK/second/ca.crt"
  status 1 'ca.crt that may not be read' "$DAPRCERTS" env-export --dir "$WORK/second"
fi
status 2 'an unknown format' "$DAPRCERTS" env-export --format csh
same false "$(cat "$WORK/out")" 'the single word'
status 2 'an unknown option' "$DAPRCERTS" env-export --bogus
same false "$(cat "$WORK/out")" 'the single word'
if on_unix 'no HOME and no directory' 'there is %USERPROFILE% (tests/windows/tools.sh)'; then
  status 1 'no HOME and no directory' env -u HOME "$DAPRCERTS" env-export
fi
status 0 '--help' "$DAPRCERTS" env-export --help
has "$WORK/out" '--issuer-as-client' 'tells the options'
finish
