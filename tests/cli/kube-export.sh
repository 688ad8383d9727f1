#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# daprcerts kube-export: its objects by PyYAML, by the Go types of Kubernetes (tests/interop/cmd/kube) and by kubectl.
. "${TOP_SRCDIR:?}/tests/interop/go-home.sh"
. "$TOP_SRCDIR/tests/cli/lib.sh"
cd "$WORK" || exit 1
dir=$HOME/.dapr/certs

status 1 'without credentials' "$DAPRCERTS" kube-export --dir empty
has "$WORK/err" '"daprcerts ca-init --dir empty" makes some' 'the command that makes some is told'
same '' "$(cat "$WORK/out")" 'and nothing is printed'
check 'nor made' test ! -e empty
status 0 'a CA' "$DAPRCERTS" ca-init

# --- YAML and JSON, by PyYAML and json -----------------------------------------------------------------------------------
cat >objects.py <<'PY'
"""Each object of a file, YAML or JSON, as lines: kind, where, labels, each value against the file of its name."""
import base64, json, sys
import yaml

folder, name = sys.argv[1:3]
with open(name, encoding="utf-8") as file:
    text = file.read()
if name.endswith(".json"):
    whole = json.loads(text)
    objects = whole["items"] if whole["kind"] == "List" else [whole]
else:
    objects = list(yaml.safe_load_all(text))
    assert objects == list(yaml.load_all(text, yaml.BaseLoader)) or any(o["data"] is None for o in objects)
for o in objects:
    meta = o["metadata"]
    assert set(o) == {"apiVersion", "kind", "metadata", "data"} and set(meta) <= {"name", "namespace", "labels"}
    print(o["apiVersion"], o["kind"], meta["name"], meta.get("namespace", "-"), json.dumps(meta["labels"]))
    for key, value in (o["data"] or {}).items():
        assert o["kind"] != "Secret" or "\n" not in value
        value = base64.b64decode(value, validate=True) if o["kind"] == "Secret" else value.encode()
        with open(folder + "/" + key, "rb") as file:
            print(" ", key, "same" if value == file.read() else "other")
PY
find_python yaml

# says WANT WHAT FILE
says() {
  if [ -z "$PYTHON" ]; then skip "$2" 'no peer: python3-yaml'; return; fi
  same "$1" "$("$PYTHON" objects.py "$dir" "$3" 2>&1)" "$2"
}
labels='{"app": "dapr-sentry"}'
want="v1 Secret dapr-trust-bundle dapr-system $labels
  ca.crt same
  issuer.crt same
  issuer.key same
v1 ConfigMap dapr-trust-bundle dapr-system $labels
  ca.crt same"
status 0 'YAML' "$DAPRCERTS" kube-export
same '' "$(cat "$WORK/err")" 'without a word'
cp "$WORK/out" plain.yaml
says "$want" 'PyYAML reads Secret and ConfigMap, whose bytes are those of the files' plain.yaml
same 3 "$(grep -c '^  [a-z.]*: LS0t[A-Za-z0-9+/=]*$' plain.yaml)" 'each value of the Secret is one line'
status 0 'JSON' "$DAPRCERTS" kube-export --format json
cp "$WORK/out" plain.json
says "$want" 'json reads the same' plain.json
status 0 'another namespace' "$DAPRCERTS" kube-export --namespace prod
cp "$WORK/out" prod.yaml
says "$(echo "$want" | sed 's/dapr-system/prod/')" 'is named in both' prod.yaml
status 0 'none' "$DAPRCERTS" kube-export -n ''
cp "$WORK/out" none.yaml
says "$(echo "$want" | sed 's/dapr-system/-/')" 'is named in neither' none.yaml

# --- --clear: the Secret of Dapr's guide ----------------------------------------------------------------------------------
status 0 '--clear' "$DAPRCERTS" kube-export --clear --namespace '' --dir empty
same 'apiVersion: v1
kind: Secret
metadata:
  name: dapr-trust-bundle
  labels:
    app: dapr-sentry
data:' "$(cat "$WORK/out")" 'is the Secret of the guide, and needs no directory'
status 0 '--clear with its namespace' "$DAPRCERTS" kube-export --clear
cp "$WORK/out" clear.yaml
says "v1 Secret dapr-trust-bundle dapr-system $labels" 'has no data' clear.yaml
status 0 '--clear as JSON' "$DAPRCERTS" kube-export --clear --format json
cp "$WORK/out" clear.json
says "v1 Secret dapr-trust-bundle dapr-system $labels" 'has none either' clear.json

# --- with the key for JWTs, and text that is not ours ----------------------------------------------------------------------
status 0 'a key for tokens' "$DAPRCERTS" token --init --kty RSA --dir tokens
cp tokens/token.key "$dir/jwt.key"
status 1 'jwt.key alone' "$DAPRCERTS" kube-export
has "$WORK/err" "'jwt.key' is there without 'jwks.json'" 'is told'
cp tokens/token-jwks.json "$dir/jwks.json"
{ printf 'The root, for \303\274s:\r\n'; cat "$dir/ca.crt"; } >ca.crt
cp ca.crt "$dir/ca.crt"
want="v1 Secret dapr-trust-bundle dapr-system $labels
  ca.crt same
  issuer.crt same
  issuer.key same
  jwt.key same
  jwks.json same
v1 ConfigMap dapr-trust-bundle dapr-system $labels
  ca.crt same
  jwks.json same"
for format in yaml json; do
  status 0 "$format of five files" "$DAPRCERTS" kube-export --format $format
  cp "$WORK/out" five.$format
  says "$want" "has them, carriage returns too" five.$format
done
cp "$dir/jwks.json" jwks.json
sed 's/"n": *"..../"n":"AAAA/' jwks.json >"$dir/jwks.json"
status 1 'a set without the key' "$DAPRCERTS" kube-export
has "$WORK/err" "the tokens' key in '$dir'" 'is refused'
rm "$dir/jwks.json" "$dir/jwt.key"
{ printf 'caf\351\n'; cat ca.crt; } >"$dir/ca.crt"
status 1 'bytes that are no text' "$DAPRCERTS" kube-export
has "$WORK/err" 'ca.crt holds bytes that are no UTF-8' 'are told'
sed 1d ca.crt >"$dir/ca.crt"

# --- Helm -----------------------------------------------------------------------------------------------------------------
status 0 'values for Helm' "$DAPRCERTS" kube-export --format helm-values
cp "$WORK/out" values.yaml
if [ -n "$PYTHON" ]; then
  check 'are the three that the chart has' "$PYTHON" -c '
import sys, yaml
folder = sys.argv[1]
read = lambda name: open(folder + "/" + name, encoding="utf-8").read()
assert yaml.safe_load(open("values.yaml", encoding="utf-8")) == {"dapr_sentry": {"tls": {
    "root": {"certPEM": read("ca.crt")},
    "issuer": {"certPEM": read("issuer.crt"), "keyPEM": read("issuer.key")}}}}' "$dir"
else
  skip 'are the three that the chart has' 'no peer: python3-yaml'
fi
status 0 'arguments for Helm' "$DAPRCERTS" kube-export --format helm-set-file
# as helm gets them, from a shell that splits words
# shellcheck disable=SC2046
same "--set-file
dapr_sentry.tls.issuer.certPEM=$(whole_path "$dir/issuer.crt")
--set-file
dapr_sentry.tls.issuer.keyPEM=$(whole_path "$dir/issuer.key")
--set-file
dapr_sentry.tls.root.certPEM=$(whole_path "$dir/ca.crt")
--namespace
dapr-system" "$(printf '%s\n' $(cat "$WORK/out"))" "are the guide's"
lacks "$WORK/out" BEGIN 'and hold no key'
cp -R "$dir" relative
status 0 'of a relative directory' "$DAPRCERTS" kube-export --format helm-set-file --dir relative --namespace ''
relative=$(whole_path "$WORK/relative")
same "--set-file dapr_sentry.tls.issuer.certPEM=$relative/issuer.crt --set-file\
 dapr_sentry.tls.issuer.keyPEM=$relative/issuer.key --set-file dapr_sentry.tls.root.certPEM=$relative/ca.crt" \
  "$(cat "$WORK/out")" 'the paths are absolute, and no namespace is named'
for name in 'a b' 'a,b' 'a*'; do
  cp -R "$dir" "$name"
  status 1 "a path that would not get through: '$name'" "$DAPRCERTS" kube-export --format helm-set-file --dir "$name"
  rm -rf "${WORK:?}/$name"
done

# --- other readers --------------------------------------------------------------------------------------------------------
if has_command kubectl; then
  mkdir kustomize
  cp plain.yaml kustomize/a.yaml
  printf 'resources: [a.yaml]\n' >kustomize/kustomization.yaml
  status 0 "kubectl's kustomize reads it" timeout 60 kubectl kustomize kustomize
  same 2 "$(grep -c '^kind: ' "$WORK/out")" 'as two objects'
else
  skip "kubectl's kustomize reads it" 'no peer: kubectl'
fi
. "$TOP_SRCDIR/tests/interop/go-env.sh"
if [ -z "$GO" ]; then
  skip "Kubernetes' Go types, strictly" "no peer: Go $GO_WANTED or newer (tests/interop/fetch-peers.sh gets it)"
elif ! (cd "$TOP_SRCDIR/tests/interop" && GOFLAGS=-mod=readonly GOPROXY=off "$GO" build -o "$WORK/kube" ./cmd/kube) >build.log 2>&1; then
  skip "Kubernetes' Go types, strictly" 'no peer: the modules are not in the cache (tests/interop/fetch-peers.sh gets them)'
  tail -n 5 build.log | sed 's/^/# /'
else
  for file in plain.yaml prod.yaml plain.json five.yaml five.json; do
    status 0 "Kubernetes' Go types take $file, strictly" ./kube "$file"
    same 'Secret ConfigMap: ca.crt same' "$(cat "$WORK/out")" 'as Secret and ConfigMap of the same bytes'
  done
  sed 's/^data:/dat:/' plain.yaml >wrong.yaml
  status 1 'and not one with a field that there is not' ./kube wrong.yaml
fi

# --- what sentry would refuse ---------------------------------------------------------------------------------------------
"$DAPRCERTS" ca-init --dir other >/dev/null 2>&1
cp other/issuer.key "$dir/issuer.key"
status 1 "another issuer's key" "$DAPRCERTS" kube-export
has "$WORK/err" "the credentials in '$dir'" 'is refused, since a cluster would get a new CA'
same '' "$(cat "$WORK/out")" 'and nothing is printed'
"$DAPRCERTS" ca-init --dir ed --kty OKP --crv Ed25519 >/dev/null 2>&1
status 0 'an issuer of Ed25519' "$DAPRCERTS" kube-export --dir ed
has "$WORK/err" '1.16.16' 'is warned of'

for wrong in 'a' '--format xml' '--clear --format helm-values' '--format helm-values --namespace x' '--namespace A' '--namespace a.b' \
  '--namespace -a'; do
  # shellcheck disable=SC2086  # words
  status 2 "wrong usage: kube-export $wrong" "$DAPRCERTS" kube-export $wrong
done
finish
