#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the commands print as JSON, by the schemas of share/schema and python's jsonschema. They are closed: a new member
# has to be described.
. "${TOP_SRCDIR:?}/tests/cli/lib.sh"
. "$TOP_SRCDIR/tests/interop/server.sh"
cd "$WORK" || exit 1
schemas=$TOP_SRCDIR/share/schema
# no UTF-8, where names of files may be that
odd=$(if on_windows; then echo é; else printf 'e\351'; fi)

# --- a schema for each command that prints JSON -----------------------------------------------------------------------------
"$DAPRCERTS" --help | sed -n 's/^  \([a-z][a-z-]*\)  *[a-z].*/\1/p' >commands
while read -r command; do
  "$DAPRCERTS" "$command" --help 2>/dev/null | grep -q '^  .*--json  \|--format FORMAT .*json' || continue
  # its List of Kubernetes' objects is described by others
  [ "$command" != kube-export ] || continue
  check "share/schema/$command.json" test -s "$schemas/$command.json"
done <commands

for schema in "$schemas"/*.json; do
  has "$TOP_SRCDIR/share/local.mk" "share/schema/$(basename "$schema")" "$(basename "$schema") is installed"
done

find_python jsonschema
if [ -z "$PYTHON" ]; then
  skip 'JSON by its schemas' 'no peer: python3-jsonschema'
  finish
fi
judge() { "$PYTHON" "$TOP_SRCDIR/tests/cli/schema.py" "$@"; }
check 'the schemas are schemas, closed and described' judge --check "$schemas"/*.json

# fits SCHEMA STATUS WHAT COMMAND...: its standard output is kept as SCHEMA.N.out, and fits.
fits() {
  fits_schema=$1 fits_status=$2 fits_what=$3
  shift 3
  status "$fits_status" "$fits_what" "$DAPRCERTS" "$@"
  count=$((count + 1))
  cp "$WORK/out" "$fits_schema.$count.out"
  check "and fits $fits_schema.json" judge "$schemas/$fits_schema.json" "$fits_schema.$count.out"
}
count=0

fits ca-init 0 'ca-init' ca-init --json
fits ca-init 0 'ca-init, the key elsewhere, with bytes that are no UTF-8' ca-init --json --dir "$odd" --root-key-out root.key --kty RSA
"$DAPRCERTS" ca-init --dir bare >/dev/null 2>&1
rm bare/client.*
fits ca-init 0 'ca-init --client' ca-init --client --json --dir bare

fits status 0 'status' status --json
fits status 1 'status of nothing' status --json --dir none
fits status 4 'status of what is due' status --json --expires-in 87000h
mkdir broken && echo broken >broken/ca.crt && cp bare/issuer.crt broken
fits status 1 'status of what is broken' status --json --dir broken
mkdir anchors && cp bare/ca.crt anchors
fits status 0 'status of anchors alone' status --json --dir anchors

fits rotate 3 'rotate, nothing due' rotate --json
fits rotate 0 'rotate issuer' rotate issuer --json
fits rotate 0 'rotate root --dry-run' rotate root --dry-run --json
fits rotate 0 'rotate root' rotate root --json
fits status 0 'status after it' status --json
fits rotate 0 'rotate rollback' rotate rollback --json
"$DAPRCERTS" rotate root >/dev/null 2>&1
fits rotate 0 'rotate retire' rotate retire --force --json
fits rotate 0 'rotate root --staged' rotate root --staged --json --dir bare
fits status 0 'status of that' status --json --dir bare
fits rotate 0 'rotate root --same-key' rotate root --same-key --json --dir "$odd" --root-key root.key
fits rotate 0 'rotate root --compromised' rotate root --compromised --json --dir bare
fits status 0 'status of that' status --json --dir bare

fits issue 0 'issue' issue myapp --json --san other.example --san 127.0.0.1
fits issue 0 'issue --stdout' issue myapp --json --stdout --kty OKP
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key -subj / -out csr 2>/dev/null
fits issue 0 'issue --csr' issue other --json --csr csr
fits issue 0 'issue --csr --stdout' issue other --json --csr csr --stdout

fits token 0 'token --init' token --init --json
fits token 0 'token' token myapp --json
fits token 0 'token --out' token myapp --json --out token

fits env-export 0 'env-export' env-export --format json
fits env-export 0 'env-export with less and more' env-export --format json --no-cert --trust-domain acme --token-file token
fits env-export 0 'env-export --unset' env-export --format json --unset

cp "$HOME/.dapr/certs/token.key" "$HOME/.dapr/certs/jwt.key"
cp "$HOME/.dapr/certs/token-jwks.json" "$HOME/.dapr/certs/jwks.json"
"$DAPRCERTS" kube-export >kube.yaml
fits kube-import 0 'kube-import' kube-import kube.yaml --json --dir kube
sed '/^---/,$d; /^  namespace/d' kube.yaml >alone.yaml
fits kube-import 0 'kube-import of a Secret alone' kube-import alone.yaml --json --dir alone

certs=$HOME/.dapr/certs
fits verify 0 'verify' verify --json --roots "$certs/ca.crt" myapp.crt
fits verify 1 'verify of what another root has signed' verify --json --roots bare/ca.crt myapp.crt
fits verify 0 'verify of a directory' verify --json "$certs"
fits verify 1 'verify of a broken one' verify --json broken
fits verify 0 'verify of anchors alone' verify --json anchors

fits inspect 0 'inspect of a certificate' inspect --format json myapp.crt
cat "$certs/ca.crt" "$certs/issuer.crt" "$certs/client.crt" >many.crt
fits inspect 0 'inspect of several' inspect --format json --bundle many.crt
fits inspect 0 'inspect of a request' inspect --format json csr
fits inspect 0 'inspect of a key' inspect --format json "$certs/issuer.key"
openssl pkey -in "$certs/issuer.key" -pubout -out public
fits inspect 0 'inspect of a public key' inspect --format json public
fits inspect 0 'inspect of a token' inspect --format json token
fits inspect 0 'inspect of a key set' inspect --format json "$certs/jwks.json"
openssl req -x509 -newkey rsa:2048 -nodes -keyout rsa.key -out rsa.crt -subj '/C=DE/ST=S/L=B/O=o/OU=u/CN=c/serialNumber=1' \
  -addext 'subjectAltName=DNS:a,IP:::1,URI:spiffe://a/b,email:a@b' -addext 'extendedKeyUsage=serverAuth,clientAuth,anyExtendedKeyUsage' \
  -addext 'keyUsage=digitalSignature,nonRepudiation,keyEncipherment,dataEncipherment,keyAgreement,keyCertSign,cRLSign' 2>/dev/null
fits inspect 0 'inspect of one with everything' inspect --format json rsa.crt
fits inspect 0 'inspect of a key of RSA' inspect --format json rsa.key

if built sentry; then
  start_sentry --issuer-credentials "$HOME/.dapr/certs" --log-as-json --log-level debug --audit-log "$WORK/audit"
  status 0 'a running sentry signs' "$DAPRCERTS" issue served --sentry "$SENTRY_ADDR" --json --stdout --dir "$HOME/.dapr/certs"
  cp "$WORK/out" served.out
  stop_sentry
  check 'issue --sentry fits issue.json' judge "$schemas/issue.json" served.out
  check 'its log fits sentry-log.json' judge --lines "$schemas/sentry-log.json" sentry.log
  if on_unix 'up' 'wine has no sh but that of tests/windows/up.sh'; then
    fits up 0 'up' up --json --no-systemd --dir up --config up.yaml -- --port 0 --healthz-port 0 --metrics-port 0
    fits up 0 'up, where it runs' up --json --no-systemd --dir up --config up.yaml
    status 0 'down' "$DAPRCERTS" down --dir up
  fi
  check 'its audit log fits sentry-audit.json' judge --lines "$schemas/sentry-audit.json" audit
else
  skip "sentry's logs" 'not in this build (--disable-sentry)'
fi

# --- nothing fits by chance: with a member more, or one less that was in all of them, nothing fits ----------------------------
cat >spoil.py <<'PY'
import json, sys

with open(sys.argv[1], encoding="utf-8") as file:
    whole = json.load(file)
whole["surprise"] = None
with open("more", "w", encoding="utf-8") as file:
    json.dump(whole, file)
del whole["surprise"]
del whole[sys.argv[2]]
with open("less", "w", encoding="utf-8") as file:
    json.dump(whole, file)
PY
for spoilt in ca-init:directory rotate:done status:time issue:sha256 token:kid env-export:NAMESPACE kube-import:issuer verify:why; do
  for file in "${spoilt%:*}".*.out; do break; done
  check "$spoilt is spoilt" "$PYTHON" spoil.py "$file" "${spoilt#*:}"
  status 1 'with a member more it does not fit' judge "$schemas/${spoilt%:*}.json" more
  status 1 'nor with one less' judge "$schemas/${spoilt%:*}.json" less
done
finish
