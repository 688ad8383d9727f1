#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# daprcerts kube-import: what kubectl prints, into a directory.
. "${TOP_SRCDIR:?}/tests/cli/lib.sh"
cd "$WORK" || exit 1

# unchanged WHAT: nothing in to/ has changed since "state >before".
state() { find to -type f ! -name lock -exec cksum {} + | sort; }
unchanged() { same "$(cat before)" "$(state)" "$1"; }

status 0 'a CA' "$DAPRCERTS" ca-init --dir from
"$DAPRCERTS" token --init --kty RSA --dir tokens >/dev/null 2>&1
cp tokens/token.key from/jwt.key
cp tokens/token-jwks.json from/jwks.json
"$DAPRCERTS" kube-export --dir from >from.yaml
"$DAPRCERTS" kube-export --dir from --format json >from.json

# --- round trips ----------------------------------------------------------------------------------------------------------
for format in yaml json; do
  rm -rf to
  (umask 000 && "$DAPRCERTS" kube-import from.$format --dir to >"$WORK/out" 2>"$WORK/err")
  same 0 $? "$format"
  for file in ca.crt issuer.crt issuer.key jwt.key jwks.json; do check "$file is the same" cmp from/$file to/$file; done
  same '' "$(cat "$WORK/out")" 'nothing on standard output'
  same 'Your certificate has been saved in to/ca.crt.
Your certificate has been saved in to/issuer.crt.
Your private key has been saved in to/issuer.key.
Your private key has been saved in to/jwt.key.
Your key set has been saved in to/jwks.json.' "$(cat "$WORK/err")" 'it says what it wrote'
  of_mode -rw------- to/issuer.key 'keys are private whatever the umask'
  of_mode -rw------- to/jwt.key 'the one for tokens too'
  of_mode -rw-r--r-- to/ca.crt 'certificates are not'
  of_mode drwx------ to 'the directory is'
done
status 0 'exported again' "$DAPRCERTS" kube-export --dir to
check 'it is the same text' cmp "$WORK/out" from.yaml
rm -rf to
status 0 'by a pipe, in the usual place' sh -c "'$DAPRCERTS' kube-import - <from.yaml"
check 'is there' cmp from/issuer.key "$HOME/.dapr/certs/issuer.key"
status 0 'a workload of it' "$DAPRCERTS" issue myapp --stdout

# as kubectl has it: fields of a server, keys in the order of their names, a List, other objects beside them
cat >kubectl.py <<'PY'
import json, sys
import yaml

objects = list(yaml.safe_load_all(sys.stdin))
for o in objects:
    o["metadata"].update(uid="6f9c0a3e-27f4-4a8e-a2a2-3d1d51b1c0de", resourceVersion="4711", creationTimestamp="2026-11-24T00:00:00Z",
                         managedFields=[{"manager": "helm", "operation": "Update", "fieldsV1": {"f:data": {".": {}, "f:ca.crt": {}}}}],
                         annotations={"kubectl.kubernetes.io/last-applied-configuration": json.dumps(o) + "\n \U0001F512"})
objects[0]["type"] = "Opaque"
objects.insert(0, {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "other"}, "data": {"ca.crt": "eA=="}, "type": "Opaque"})
whole = {"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}, "items": objects}
print(json.dumps(whole, indent=4, sort_keys=True) if sys.argv[1] == "json" else yaml.safe_dump(whole))
PY
find_python yaml
for format in yaml json; do
  if [ -z "$PYTHON" ]; then skip "as kubectl prints $format" 'no peer: python3-yaml'; continue; fi
  rm -rf to
  "$PYTHON" kubectl.py $format <from.yaml >kubectl.$format
  status 0 "as kubectl prints $format" "$DAPRCERTS" kube-import kubectl.$format --dir to
  check 'is the same' cmp from/issuer.key to/issuer.key
done

# --- never without --force ------------------------------------------------------------------------------------------------
rm -rf to
"$DAPRCERTS" kube-import from.yaml --dir to >/dev/null 2>&1
state >before
status 1 'what is there is not overwritten' "$DAPRCERTS" kube-import from.yaml --dir to
has "$WORK/err" "('--force' replaces)" 'it says how'
unchanged 'nothing is changed'
status 0 'another CA' "$DAPRCERTS" ca-init --dir second --trust-domain second
"$DAPRCERTS" kube-export --dir second >second.yaml
status 0 '--force' "$DAPRCERTS" kube-import second.yaml --dir to --force
check 'replaces' cmp second/issuer.key to/issuer.key
check 'and what was there is kept' cmp from/issuer.key to/.daprcerts/prev/issuer.key
check 'what the Secret does not have stays' cmp from/jwt.key to/jwt.key
status 0 'which comes back' "$DAPRCERTS" rotate rollback --dir to
check 'whole' cmp from/issuer.key to/issuer.key

cp -R second to2 && cp -R second to3
status 1 'into a directory with the key of another root' "$DAPRCERTS" kube-import from.yaml --dir to2 --force
has "$WORK/err" "'ca.key' in 'to2' is not the key of this root: move it to a safe place first" 'is refused'
check 'and nothing is replaced' cmp second/issuer.crt to2/issuer.crt
rm to2/ca.key
status 0 'without it' "$DAPRCERTS" kube-import from.yaml --dir to2 --force
check 'the client pair of the other root goes' test ! -e to2/client.crt -a ! -e to2/client.key
check 'and is kept' cmp second/client.key to2/.daprcerts/prev/client.key
status 0 'status is content' "$DAPRCERTS" status --dir to2
status 0 'the same CA again' "$DAPRCERTS" kube-import second.yaml --dir to3 --force
check "its root's key stays" cmp second/ca.key to3/ca.key
check 'and its client pair' cmp second/client.key to3/client.key
status 0 'a rotation that waits' "$DAPRCERTS" rotate root --staged --dir to3
rm to3/ca.key
status 0 'is over when its CA is replaced' "$DAPRCERTS" kube-import from.yaml --dir to3 --force
check 'the staged key goes' test ! -e to3/.daprcerts/staged.key
check 'and is kept' sh -c 'find to3/.daprcerts/prev -name "*staged.key" | grep -q .'
status 0 'and status is content' "$DAPRCERTS" status --dir to3

# --- what sentry would refuse, nobody gets -------------------------------------------------------------------------------
# refused WORDS WHAT: kube-import of wrong.yaml is, with these words, and makes nothing.
refused() {
  status 1 "$2" "$DAPRCERTS" kube-import wrong.yaml --dir wrong
  has "$WORK/err" "$1" 'is told'
  check 'and nothing is made' test ! -e wrong
}
value() { base64 <"$1" | tr -d '\n'; }
sed "s|^  issuer.key: .*|  issuer.key: $(value second/issuer.key)|" from.yaml >wrong.yaml
refused issuer.key 'the key of another issuer'
sed '/^  issuer.key: /d' from.yaml >wrong.yaml
refused issuer.key 'no key'
"$DAPRCERTS" kube-export --clear >wrong.yaml
refused 'holds no credentials' 'the empty Secret'
sed 's/^  issuer.key: L/  issuer.key: L!/' from.yaml >wrong.yaml
refused 'Secret.data.issuer.key' 'what is no base64'
printf 'kind: Secret\nmetadata: {name: other}\n' >wrong.yaml
refused "holds no Secret 'dapr-trust-bundle', but Secret 'other'" 'another Secret'
printf 'kind: Secret\nmetadata: {name: "a\\e[31m\\n\\u009bb"}\n' >wrong.yaml
refused "but Secret 'a?[31m" 'a name that a terminal would obey is shown harmless'
has "$WORK/err" "  ?b'" 'and with no line that looks like a message'
: >wrong.yaml
refused "holds no Secret 'dapr-trust-bundle'" 'nothing'
cp from/ca.crt wrong.yaml
refused "'wrong.yaml'" 'PEM'
lacks "$WORK/err" MII 'and what it holds is not'
head -c 17000000 /dev/zero | tr '\0' '#' >wrong.yaml
refused 'larger than' 'a large file'
status 1 'no file' "$DAPRCERTS" kube-import none.yaml --dir wrong
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out other.key 2>/dev/null
sed "s|^  jwt.key: .*|  jwt.key: $(value other.key)|" from.yaml >wrong.yaml
refused "doesn't contain a matching public key" 'a key for tokens that is not in its set'
if has_command faketime; then
  faketime '2020-01-01' "$DAPRCERTS" ca-init --dir ended --days 30 >/dev/null 2>&1
  if [ -e ended/ca.crt ]; then
    faketime '2020-01-02' "$DAPRCERTS" kube-export --dir ended >wrong.yaml
    refused 'has ended' 'a CA that has ended'
  else
    skip 'a CA that has ended' 'faketime is without effect in this build'
  fi
else
  skip 'a CA that has ended' 'no peer: faketime'
fi

# --- the ConfigMap --------------------------------------------------------------------------------------------------------
awk '{ print } /^kind: ConfigMap/ { on = 1 } on && /ca.crt: \|/ { print "    a line before" }' from.yaml >other.yaml
rm -rf to
status 0 'a ConfigMap with another text' "$DAPRCERTS" kube-import other.yaml --dir to
has "$WORK/err" "ca.crt of the ConfigMap is not, byte for byte, that of the Secret" 'is warned of'
check "and the Secret's is taken" cmp from/ca.crt to/ca.crt
sed '/^---/,$d' from.yaml >alone.yaml
rm -rf to
status 0 'a Secret alone' "$DAPRCERTS" kube-import alone.yaml --dir to
lacks "$WORK/err" warning 'is fine'
sed '/^  jwks.json: ey\|^  jwks.json: ew/d' alone.yaml >half.yaml
rm -rf to
status 0 'a Secret with half of the pair for tokens' "$DAPRCERTS" kube-import half.yaml --dir to
has "$WORK/err" 'jwt.key without jwks.json: it is left out' 'is warned of'
check 'and it is left out' test ! -e to/jwt.key

# --- namespaces, JSON -----------------------------------------------------------------------------------------------------
"$DAPRCERTS" kube-export --dir second --namespace second >two.yaml
{ echo ---; cat from.yaml; } >>two.yaml
rm -rf to
status 1 'two namespaces' "$DAPRCERTS" kube-import two.yaml --dir to
has "$WORK/err" "'second' and 'dapr-system': '--namespace' says which" 'have to be told apart'
status 0 'by --namespace' "$DAPRCERTS" kube-import two.yaml --dir to --namespace second
check 'that one is taken' cmp second/issuer.key to/issuer.key
if has_command jq; then
  rm -rf to
  status 0 '--json' "$DAPRCERTS" kube-import other.yaml --dir to --json
  same 'to dapr-system ca.crt issuer.crt issuer.key jwt.key jwks.json 1 O=localhost other' \
    "$(jq -r '"\(.directory) \(.namespace) \(.files | join(" ")) \(.roots | length) \(.issuer.issuer) \(.config_map)"' "$WORK/out")" \
    'says what was taken'
else
  skip '--json' 'no peer: jq'
fi
for wrong in '' 'a b' 'a --nonesuch'; do
  # shellcheck disable=SC2086  # words
  status 2 "wrong usage: kube-import $wrong" "$DAPRCERTS" kube-import $wrong
done
finish
