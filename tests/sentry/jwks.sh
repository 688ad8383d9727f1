#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The validator `jwks` in a running server: tokens of `daprcerts token`, forged ones by PyJWT, key sets out of a file,
# the configuration and a web server.
. "${TOP_SRCDIR:?}/tests/cli/lib.sh"
. "$TOP_SRCDIR/tests/interop/server.sh"
. "$TOP_SRCDIR/tests/sentry/kept.sh"
cd "$WORK" || exit 1
make_ca

# configure SOURCE [OPTION: VALUE...]: a configuration with this validator.
configure() {
  printf 'apiVersion: dapr.io/v1alpha1\nkind: Configuration\nspec:\n  mtls:\n    tokenValidators:\n      - name: JWKS\n        options:\n          source: %s\n' "$1"
  shift
  for option in "$@"; do printf '          %s\n' "$option"; done
}
# asks TOKEN [APP]
asks() { "$DAPRCERTS" issue "${2:-web}" --sentry "$SENTRY_ADDR" --token-file "$1" --force; }
denied() {
  status 1 "$1" asks "$2" "${4:-web}"
  has "$WORK/err" "$3" "is told: $3"
}

status 0 'a key for tokens' "$DAPRCERTS" token --init
cp out printed.yaml
status 0 'a token for web' "$DAPRCERTS" token web --out web.token
status 0 'one for shop' "$DAPRCERTS" token shop --out shop.token

# --- as the manual page has it: the lines that were printed, and the environment ----------------------------------------
start_sentry --config printed.yaml
# shellcheck disable=SC2016  # a shell of its own expands them
status 0 'a token by the environment' sh -c 'eval $("$1" env-export --token-file web.token) && "$1" issue web --sentry "$2"' \
  sh "$DAPRCERTS" "$SENTRY_ADDR"
stop_sentry
has sentry.log "Using validator 'jwks'" 'the lines that "token --init" prints are a configuration'

cp ca/token-jwks.json token-jwks.json
configure "$WORK/token-jwks.json" >open.yaml
start_sentry --config open.yaml --listen-address 0.0.0.0
lacks sentry.log 'can be reached by other machines' 'who proves who they are may come from other machines'
stop_sentry

# --- a file ---------------------------------------------------------------------------------------------------------------
cp ca/token-jwks.json keys.json
configure "$WORK/keys.json" >file.yaml
start_sentry --config file.yaml
has sentry.log "Using validator 'jwks'" 'the log tells the validator'
status 0 'web with its token' asks web.token
same 'URI:spiffe://public/ns/default/web' "$(openssl x509 -in web.crt -noout -ext subjectAltName | sed -n 's/^ *\(URI.*\)/\1/p')" 'is web'
denied "web with shop's token" shop.token 'token validation failed: "sub" not satisfied'
denied 'PERMISSION_DENIED' shop.token 'PERMISSION_DENIED'
status 1 'no token, and so no validator' "$DAPRCERTS" issue web --sentry "$SENTRY_ADDR" --force
has "$WORK/err" 'a validator name must be specified in this environment' 'is told'
"$DAPRCERTS" token web --control-plane-trust-domain elsewhere >elsewhere.token
denied 'a token for another sentry' elsewhere.token 'token validation failed: "aud" not satisfied'
"$DAPRCERTS" ca-init --dir other >/dev/null 2>&1
"$DAPRCERTS" token --init --dir other >/dev/null 2>&1
"$DAPRCERTS" token web --dir other >stranger.token
denied 'a token of another key' stranger.token 'token validation failed: failed to find'
echo nonsense >nonsense.token
denied 'what is no token' nonsense.token 'token validation failed: '
"$DAPRCERTS" token dapr-sentry --trust-domain localhost >sentry.token 2>/dev/null
status 1 "sentry's own identity, with a good token for it" "$DAPRCERTS" issue dapr-sentry --sentry "$SENTRY_ADDR" \
  --trust-domain localhost --token-file sentry.token --force
has "$WORK/err" 'the identity of sentry itself is not given to others' 'is told'

find_python jwt cryptography
if [ -n "$PYTHON" ]; then
  cat >forge.py <<'PYTHON'
import base64, json, sys, time
import jwt
key = open("ca/token.key").read()
public = json.load(open("keys.json"))["keys"][0]
header, good = jwt.get_unverified_header(open("web.token").read().strip()), jwt.decode(
    open("web.token").read().strip(), options={"verify_signature": False})
now = int(time.time())
def b64(raw): return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
def forge(name, claims=None, drop=(), head=None, key=key, alg="ES256"):
    body = dict(good, **(claims or {}))
    for claim in drop: del body[claim]
    open(name, "w").write(jwt.encode(body, key, algorithm=alg, headers=dict(header, **(head or {}))))
forge("good.token")
forge("no-exp.token", drop=("exp",))
forge("ended.token", {"exp": now - 600})
forge("just-ended.token", {"exp": now - 200})
forge("later.token", {"nbf": now + 600})
forge("soon.token", {"nbf": now + 200, "iat": now + 200})
forge("iat.token", {"iat": now + 600})
forge("many.token", {"aud": ["x", good["aud"][0] if isinstance(good["aud"], list) else good["aud"]]})
open("hs256.token", "w").write(jwt.encode(good, json.dumps(public), algorithm="HS256", headers={"kid": public["kid"]}))
none = b64(json.dumps({"alg": "none", "kid": public["kid"]}).encode()) + "." + b64(json.dumps(good).encode()) + "."
open("none.token", "w").write(none)
parts = open("good.token").read().split(".")
open("changed.token", "w").write(".".join([parts[0], b64(json.dumps(dict(good, sub=good["sub"] + "x")).encode()), parts[2]]))
open("cut.token", "w").write(".".join([parts[0], parts[1], parts[2][:-4]]))
nokid = {k: v for k, v in header.items() if k != "kid"}
head = b64(json.dumps({"alg": "ES256"}).encode())
open("no-kid.token", "w").write(jwt.encode(good, key, algorithm="ES256"))
PYTHON
  check 'PyJWT makes tokens with our key' "$PYTHON" forge.py
  for good in good no-exp just-ended soon many; do status 0 "PyJWT: $good" asks $good.token; done
  denied 'PyJWT: ended' ended.token '"exp" not satisfied'
  denied 'PyJWT: not yet' later.token '"nbf" not satisfied'
  denied 'PyJWT: of the future' iat.token '"iat" not satisfied'
  denied 'PyJWT: HS256 with the public key' hs256.token 'could not verify message'
  denied 'PyJWT: alg none' none.token 'token validation failed: '
  denied 'PyJWT: claims changed' changed.token 'could not verify message'
  denied 'PyJWT: signature cut' cut.token 'token validation failed: '
  denied 'PyJWT: no key ID' no-kid.token 'failed to find'
else
  skip 'tokens of PyJWT' 'no peer: python3-jwt, python3-cryptography'
fi

# --- the file changes -----------------------------------------------------------------------------------------------------
cp other/token-jwks.json keys.new && mv keys.new keys.json
check 'a new key set is taken up by itself' logged 'reloaded the key set from'
status 0 'a token of its key' asks stranger.token
denied 'one of the key before' web.token 'failed to find'
echo '{"keys": 5}' >keys.new && mv keys.new keys.json
check 'a bad one is refused' logged 'the key set was not reloaded, the last good one stays in force'
status 0 'the last good one serves on' asks stranger.token
stop_sentry
same 0 "$SENTRY_STATUS" 'the server ends with status 0'
status 1 'at the start it is the end' "$DAPRCERTS" sentry --port 0 --healthz-port 0 --metrics-port 0 --config file.yaml
has "$WORK/err" "key set of the token validator 'jwks'" 'with what'
configure "$WORK/nowhere.json" >nowhere.yaml
status 1 'a file that is not there' "$DAPRCERTS" sentry --port 0 --healthz-port 0 --metrics-port 0 --config nowhere.yaml
has "$WORK/err" "nowhere.json" 'is told'

# --- in the configuration ---------------------------------------------------------------------------------------------------
{ configure '|' | sed 's/source: |/source: |/'; sed 's/^/            /' ca/token-jwks.json; echo; } >block.yaml
start_sentry --config block.yaml
status 0 'the set as a block of the configuration' asks web.token
stop_sentry
configure "$(base64 <ca/token-jwks.json | tr -d '\n')" >base64.yaml
start_sentry --config base64.yaml
status 0 'the set as base64' asks web.token
stop_sentry
configure "$(base64 <ca/token-jwks.json | tr -d '\n=')" >raw64.yaml
start_sentry --config raw64.yaml
status 0 'without its padding' asks web.token
stop_sentry

# --- at a URL -----------------------------------------------------------------------------------------------------------------
if [ -x "$TOP_BUILDDIR/daprcerts-fetch" ] && has_command python3 && has_command curl; then
  mkdir web && cp ca/token-jwks.json web/keys.json
  start_web 0
  configure "http://127.0.0.1:$WEB_PORT/keys.json" 'minRefreshInterval: 2s' >url.yaml
  start_sentry --config url.yaml
  status 0 'a set at a URL' asks web.token
  is_health() {
    [ "$(curl --silent --max-time 60 --output /dev/null --write-out '%{http_code}' "$(at healthz)/healthz")" = "$1" ]
  }
  check 'it is healthy' is_health 200
  stop_web
  status 0 'when the web server has gone, the last set serves on' asks web.token
  stop_sentry

  start_sentry --config url.yaml
  check 'a start without the web server: not healthy' is_health 503
  check 'the log says why' logged 'keys.json'
  status 1 'a request waits until its deadline' requests web.token 300ms
  has "$WORK/err" 'no answer in time' 'and is not refused'
  asks web.token >asked.out 2>&1 &
  asking=$!
  start_web "$WEB_PORT"
  wait "$asking"
  same 0 $? 'a request waits until the set is there'
  check 'and it is healthy then' awaited is_health 200
  cp other/token-jwks.json web/keys.json
  # at most one fetch each minRefreshInterval: the first requests may still be told of the old set
  check 'a key that is not in the set has it fetched again' awaited asks stranger.token
  stop_sentry
  same 0 "$SENTRY_STATUS" 'the server ends with status 0'
  stop_web
else
  skip 'a set at a URL' 'no daprcerts-fetch in this build, or no python3, or no curl'
fi
finish
