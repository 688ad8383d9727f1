#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# daprcerts token: its key, and tokens judged by PyJWT with the set.
. "${TOP_SRCDIR:?}/tests/cli/lib.sh"
cd "$WORK" || exit 1
dir=$HOME/.dapr/certs

# --- the key -----------------------------------------------------------------------------------------------------------
status 1 'without a key' "$DAPRCERTS" token myapp
has "$WORK/err" 'daprcerts token --init' 'the command that makes one is told'
status 1 'in another directory' "$DAPRCERTS" token web --dir empty
has "$WORK/err" '"daprcerts token --init --dir empty"' 'that one is told'
check 'and nothing is made' test ! -e "$dir"
(umask 000 && "$DAPRCERTS" token --init >"$WORK/out" 2>"$WORK/err")
same 0 $? '--init makes a key'
of_mode -rw------- "$dir/token.key" 'private whatever the umask'
of_mode -rw-r--r-- "$dir/token-jwks.json" 'and its set'
of_mode drwx------ "$dir" 'in a folder that is private too'
same 'token-jwks.json token.key' "$(cd "$dir" && echo *)" 'these two files'
same "spec:
  mtls:
    tokenValidators:
      - name: jwks
        options:
          source: '$(whole_path "$dir/token-jwks.json")'" "$(cat "$WORK/out")" "the lines for sentry's configuration are printed, and nothing else"
check 'openssl reads the key: P-256' sh -c "openssl pkey -in '$dir/token.key' -noout -text | grep -q prime256v1"
same '-----BEGIN PRIVATE KEY-----' "$(head -n 1 "$dir/token.key")" 'PKCS#8'
lacks "$dir/token-jwks.json" '"d"' 'the set has no private member'
cksum "$dir"/token* >"$WORK/before"
status 1 'a second --init is refused' "$DAPRCERTS" token --init
has "$WORK/err" "'token.key', 'token-jwks.json'" 'it names what is there'
has "$WORK/err" "'--force' replaces them" 'and what replaces it'
rm "$dir/token-jwks.json"
status 1 'with one of the two as well' "$DAPRCERTS" token --init
status 1 'a token without its set is refused' "$DAPRCERTS" token myapp
has "$WORK/err" 'token-jwks.json' 'it names the file'
same "$(head -n 1 "$dir/token.key")" '-----BEGIN PRIVATE KEY-----' 'the key is still there'
status 0 '--init --force makes another' "$DAPRCERTS" token --init --force
check 'another one' sh -c "! cksum '$dir'/token* | cmp -s - before"
check 'the one before is kept' test -s "$dir/.daprcerts/prev/token.key"
mkdir "it's here" && cd "it's here" || exit 1
status 0 '--init in a relative directory' "$DAPRCERTS" token --init --dir ./sub
same "          source: '$(whole_path "$WORK/it''s here/sub/token-jwks.json")'" "$(tail -n 1 "$WORK/out")" 'the path is absolute, and quoted for YAML'
cd ..
if has_command jq; then
  status 0 '--init --json' "$DAPRCERTS" token --init --json --dir json --kty OKP
  same "{\"name\":\"jwks\",\"options\":{\"source\":\"$(whole_path "$WORK/json/token-jwks.json")\"}}" \
    "$(jq -c '.tokenValidators[0]' "$WORK/out")" 'has the validator'
  same "EdDSA $(jq -r '.keys[0].kid' json/token-jwks.json)" "$(jq -r '"\(.algorithm) \(.kid)"' "$WORK/out")" \
    'algorithm and ID of the key'
else
  skip '--init --json' 'no peer: jq'
fi

# --- wrong usage -------------------------------------------------------------------------------------------------------
for wrong in '' '--init myapp' '--init --ttl 1h' '--init --out x' '--init --namespace x' 'myapp --kty RSA' 'myapp --ttl 0s' \
  '--init --kty EC --crv Ed25519' 'a b'; do
  # shellcheck disable=SC2086  # words
  status 2 "wrong usage: token $wrong" "$DAPRCERTS" token $wrong
done
status 1 'an app id with a dot' "$DAPRCERTS" token my.app
has "$WORK/err" "app id 'my.app' cannot contain dots" 'is told'
status 1 'one that is too long' "$DAPRCERTS" token "$(printf '%065d' 0)"
status 1 'one that makes no SPIFFE ID' "$DAPRCERTS" token a/b
cp "$dir/token.key" keep
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$dir/token.key" 2>/dev/null
status 1 'a key that is not in its set' "$DAPRCERTS" token myapp
has "$WORK/err" "doesn't contain a matching public key" 'is told'
cp keep "$dir/token.key"

# --- a token in a file -------------------------------------------------------------------------------------------------
(umask 000 && "$DAPRCERTS" token myapp --out token >"$WORK/out" 2>"$WORK/err")
same 0 $? '--out writes it'
same '' "$(cat "$WORK/out")" 'and prints nothing on standard output'
has "$WORK/err" 'Your token has been saved in token.' 'it says where'
of_mode -rw------- token 'private whatever the umask'
same 0 "$(tr -dc '\n' <token | wc -c | tr -d ' ')" 'without a newline, since a sidecar sends all of it'
cp token before.token
status 1 'an existing file is not overwritten' "$DAPRCERTS" token myapp --out token
has "$WORK/err" "refusing to overwrite 'token'" 'is told'
check 'and stays' cmp token before.token
status 0 'unless told' "$DAPRCERTS" token myapp --out token --force
check 'then it is another' sh -c '! cmp -s token before.token'
lacks "$WORK/err" "$(cat token)" 'the token is not in the messages'
status 1 'a file that cannot be written' "$DAPRCERTS" token myapp --out none/token

# --- what it says, by PyJWT --------------------------------------------------------------------------------------------
find_python jwt cryptography
if [ -z "$PYTHON" ]; then
  skip 'what it says, by PyJWT' 'no peer: python3-jwt, python3-cryptography'
  finish
fi
cat >verify.py <<'PY'
import json, sys
import jwt

token = sys.stdin.read().removesuffix("\n")
with open(sys.argv[1], encoding="utf-8") as file:
    keys = jwt.PyJWKSet.from_dict(json.load(file)).keys
header = jwt.get_unverified_header(token)
key = next(key for key in keys if key.key_id == header["kid"])
claims = jwt.decode(token, key.key, algorithms=[header["alg"]], audience=sys.argv[2],
                    options={"require": ["exp", "iat", "nbf", "sub", "jti", "aud"]})
print(header["alg"], header["typ"], claims["sub"], json.dumps(claims["aud"]), claims["exp"] - claims["iat"],
      claims["iat"] - claims["nbf"])
PY
sentry=spiffe://localhost/ns/default/dapr-sentry

# says WANT WHAT OPTION...
says() {
  says_want=$1 says_what=$2
  shift 2
  same "$says_want" "$("$DAPRCERTS" token "$@" 2>"$WORK/err" | "$PYTHON" verify.py "$jwks" "$sentry" 2>&1)" "$says_what"
}

jwks=$dir/token-jwks.json
year=31536000
says "ES256 JWT spiffe://public/ns/default/myapp [\"$sentry\"] $year 0" 'the usual: a year, for the usual sentry' myapp
says "ES256 JWT spiffe://public/ns/default/myapp [\"$sentry\"] 5400 0" '--ttl' myapp --ttl 1h30m
says "ES256 JWT spiffe://td/ns/prod/myapp [\"$sentry\"] $year 0" '--namespace and --trust-domain' myapp --namespace prod --trust-domain td
"$PYTHON" verify.py "$jwks" "$sentry" <token >"$WORK/out" 2>&1
has "$WORK/out" spiffe://public/ns/default/myapp 'the file holds the same'

cat >"$dir/daprcerts.conf" <<'CONF'
control-plane-trust-domain = cp.conf
control-plane-namespace = cpns
trust-domain = td.conf
namespace = ns
CONF
sentry=spiffe://cp.conf/ns/cpns/dapr-sentry
says "ES256 JWT spiffe://td.conf/ns/ns/myapp [\"$sentry\"] $year 0" 'daprcerts.conf names all four' myapp
NAMESPACE=ns.env DAPRCERTS_TRUST_DOMAIN=td.env DAPR_CONTROLPLANE_TRUST_DOMAIN=cp.env DAPR_CONTROLPLANE_NAMESPACE=cpns.env
export NAMESPACE DAPRCERTS_TRUST_DOMAIN DAPR_CONTROLPLANE_TRUST_DOMAIN DAPR_CONTROLPLANE_NAMESPACE
sentry=spiffe://cp.env/ns/cpns.env/dapr-sentry
says "ES256 JWT spiffe://td.env/ns/ns.env/myapp [\"$sentry\"] $year 0" 'the environment counts before it' myapp
sentry=spiffe://cp.flag/ns/cpns.flag/dapr-sentry
says "ES256 JWT spiffe://td.flag/ns/ns.flag/myapp [\"$sentry\"] $year 0" 'and options before that' myapp --namespace ns.flag \
  --trust-domain td.flag --control-plane-trust-domain cp.flag --control-plane-namespace cpns.flag
unset NAMESPACE DAPRCERTS_TRUST_DOMAIN DAPR_CONTROLPLANE_TRUST_DOMAIN DAPR_CONTROLPLANE_NAMESPACE

sentry=spiffe://localhost/ns/default/dapr-sentry
for key in 'EC --crv P-384:ES384' 'EC --crv P-521:ES512' 'OKP:EdDSA' 'RSA:RS256' 'RSA --size 3072:RS256'; do
  rm -rf kinds
  # shellcheck disable=SC2086  # words
  "$DAPRCERTS" token --init --dir kinds --kty ${key%:*} >"$WORK/out" 2>&1
  jwks=kinds/token-jwks.json
  says "${key#*:} JWT spiffe://public/ns/default/myapp [\"$sentry\"] $year 0" "--kty ${key%:*} signs ${key#*:}" myapp --dir kinds
done
same 'Public-Key: (3072 bit)' "$(openssl pkey -in kinds/token.key -noout -text_pub | sed -n 1p)" '--size is the size'
if has_command jq; then
  status 0 '--json' "$DAPRCERTS" token myapp --dir kinds --json
  jq -j .token "$WORK/out" >json.token
  check 'has the token' sh -c "'$PYTHON' verify.py kinds/token-jwks.json $sentry <json.token"
  same "spiffe://public/ns/default/myapp $sentry" "$(jq -r '"\(.spiffe_id) \(.audience)"' "$WORK/out")" 'and its names'
  status 0 '--json --out' "$DAPRCERTS" token myapp --dir kinds --json --out json.file
  same json.file "$(jq -r .file "$WORK/out")" 'has the file'
  same null "$(jq -r .token "$WORK/out")" 'and not the token'
else
  skip '--json' 'no peer: jq'
fi
finish
