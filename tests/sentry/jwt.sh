#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# JWTs beside certificates: their key and set, made and loaded, and tokens judged by PyJWT.
. "${TOP_SRCDIR:?}/tests/cli/lib.sh"
. "$TOP_SRCDIR/tests/interop/server.sh"

cd "$WORK" || exit 1
ca=$WORK/ca
"$DAPRCERTS" ca-init --dir "$ca" >/dev/null 2>&1 || { echo 'Bail out! no CA'; exit 1; }

# refuses STATUS WHAT OPTION...: it ends before it serves.
refuses() {
  refuses_status=$1 refuses_what=$2
  shift 2
  status "$refuses_status" "$refuses_what" "$DAPRCERTS" sentry --port 0 --issuer-credentials "$ca" "$@"
}

# --- options -----------------------------------------------------------------------------------------------------------
refuses 1 '--jwt-issuer without --jwt-enabled' --jwt-issuer https://issuer.example
has "$WORK/err" 'Invalid options: jwt-issuer cannot be set when jwt-enabled is false' "is refused in the original's words"
has "$WORK/out" 'level=fatal' 'which are logged'
refuses 2 'a TTL of nothing' --jwt-enabled --jwt-ttl 0s
refuses 1 'an algorithm that is none' --jwt-enabled --jwt-signing-algorithm HS256
has "$WORK/err" "unsupported signature algorithm: 'HS256'" 'is told'
check 'nothing was made so far' test ! -e "$ca/jwt.key"

# --- the pair is made --------------------------------------------------------------------------------------------------
start_sentry --issuer-credentials "$ca"
check 'without --jwt-enabled no key is made' test ! -e "$ca/jwt.key"
stop_sentry
(umask 000 && start_sentry --issuer-credentials "$ca" --jwt-enabled && stop_sentry)
if on_windows; then
  skip 'the key that is made is private, whatever the umask' "$NO_MODES"
else
  same '-rw-------' "$(ls -l "$ca/jwt.key" | cut -c1-10)" 'the key that is made is private, whatever the umask'
  same '-rw-r--r--' "$(ls -l "$ca/jwks.json" | cut -c1-10)" 'its set is not'
fi
same '-----BEGIN PRIVATE KEY-----' "$(head -n 1 "$ca/jwt.key")" 'the key is PKCS#8'
openssl pkey -in "$ca/jwt.key" -noout -text 2>/dev/null | head -n 1 >"$WORK/text"
has "$WORK/text" '2048 bit' 'of RSA, 2048 bits, by openssl'
if has_command jq; then
  same 'RSA RS256 sig 1' "$(jq -r '.keys | "\(.[0].kty) \(.[0].alg) \(.[0].use) \(length)"' "$ca/jwks.json")" 'the set has one key, for RS256'
  thumbprint=$(jq -cj '.keys[0] | {e, kty, n}' "$ca/jwks.json" | openssl dgst -sha256 -binary | openssl base64)
  same "$thumbprint" "$(jq -r '.keys[0].kid' "$ca/jwks.json")" "its ID is RFC 7638's thumbprint in base64"
else
  skip 'the set has one key, for RS256' 'no peer: jq'
  skip "its ID is RFC 7638's thumbprint in base64" 'no peer: jq'
fi
cksum "$ca"/jw* >"$WORK/before"
start_sentry --issuer-credentials "$ca" --jwt-enabled
stop_sentry
same "$(cat "$WORK/before")" "$(cksum "$ca"/jw*)" 'a second start loads it'
for lacking in jwt.key jwks.json; do
  cp -R "$ca" part && rm "part/$lacking"
  cksum part/jw* >"$WORK/before"
  status 1 "without $lacking alone" "$DAPRCERTS" sentry --port 0 --issuer-credentials part --jwt-enabled
  has "$WORK/err" "without '$lacking'" 'is told'
  same "$(cat "$WORK/before")" "$(cksum part/jw*)" 'and the other one stays'
  rm -r part
done
cp -R "$ca" other && rm other/jw*
start_sentry --issuer-credentials other --jwt-enabled --jwt-key-filename tokens.key --jwks-filename "$WORK/tokens.json" \
  --jwt-signing-algorithm ES384 --jwt-key-id mine
stop_sentry
openssl pkey -in other/tokens.key -noout -text 2>/dev/null | head -n 1 >"$WORK/text"
has "$WORK/text" '384 bit' 'the key fits the algorithm, and is where it was named'
has "$WORK/tokens.json" '"kid":"mine"' 'its ID is the one that was named'
check 'under the usual names nothing is made' test ! -e other/jwt.key
start_sentry --issuer-credentials other --jwt-enabled --jwt-key-filename tokens.key --jwks-filename "$WORK/tokens.json" \
  --jwt-signing-algorithm ES384 --jwt-key-id mine
check 'and the next start loads it' test -n "$SENTRY_PID"
stop_sentry

# --- a bad pair ends the start -----------------------------------------------------------------------------------------
# bad WHAT TEXT FILE CONTENT OPTION...
bad() {
  bad_what=$1 bad_text=$2 bad_file=$3
  cp -R "$ca" bad
  printf '%s' "$4" >"bad/$bad_file"
  shift 4
  status 1 "$bad_what" "$DAPRCERTS" sentry --port 0 --issuer-credentials bad --jwt-enabled "$@"
  has "$WORK/err" "$bad_text" 'is told'
  rm -r bad
}
bad 'jwt.key of 0 bytes' 'jwt.key: no private key' jwt.key ''
bad 'jwks.json of 0 bytes' 'jwks.json: the JWK Set is not JSON' jwks.json ''
bad 'an empty set' "jwks.json: JWKS doesn't contain any keys" jwks.json '{"keys":[]}'
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec.key 2>/dev/null
bad 'another kind of key' 'JWT signing key is incompatible with algorithm RS256' jwt.key "$(cat ec.key)"
bad 'another key' "doesn't contain a matching public key" jwt.key "$(cat ec.key)" --jwt-signing-algorithm ES256
bad 'an ID that the set lacks' 'key with user-provided key ID "mine"' ignored '' --jwt-key-id mine

# --- tokens, by PyJWT --------------------------------------------------------------------------------------------------
find_python grpc grpc_tools.protoc jwt
if [ -z "$PYTHON" ] || ! has_command jq; then
  skip 'tokens by PyJWT' 'no peer: python3-grpcio, python3-grpc-tools, python3-jwt, jq'
  finish
fi
"$PYTHON" -m grpc_tools.protoc -I "$TOP_SRCDIR/tests/interop" --python_out="$WORK" --grpc_python_out="$WORK" sentry.proto
openssl req -new -newkey ed25519 -nodes -keyout /dev/null -subj / -out csr 2>/dev/null

# tokens STATUS WHAT AUDIENCE...: what PyJWT found is in $WORK/out.
tokens() {
  tokens_status=$1 tokens_what=$2
  shift 2
  status "$tokens_status" "$tokens_what" "$PYTHON" "$TOP_SRCDIR/tests/sentry/jwt_peer.py" "$WORK" "localhost:$SENTRY_PORT" \
    "$ca/ca.crt" "$WORK/csr" "$jwks" "$@"
}
# found FILTER WANT WHAT
found() { same "$2" "$(jq -cSr "$1" "$WORK/out")" "$3"; }

jwks=$ca/jwks.json
start_sentry --issuer-credentials "$ca"
tokens 0 'without --jwt-enabled' api
same '{}' "$(cat "$WORK/out")" 'there are none, even when asked for'
stop_sentry

start_sentry --issuer-credentials "$ca" --jwt-enabled
tokens 0 'PyJWT verifies each by the set'
found '.header' "{\"alg\":\"RS256\",\"kid\":\"$(jq -r '.keys[0].kid' "$jwks")\",\"typ\":\"JWT\"}" 'the header'
found '.claims | keys' '["aud","exp","iat","jti","nbf","sub","use"]' 'the claims; no iss'
found '.claims.sub' 'spiffe://public/ns/default/myapp' 'sub is the SPIFFE ID'
found '.claims.aud' '["public"]' 'aud is the trust domain, in an array'
found '.claims.use' sig 'use is sig'
found '.claims.jti | test("^[0-9a-f]{32}$")' true 'jti is 32 hex digits'
found '.lives' 86400 'it lives a day'
found '.skew' 900 'nbf is earlier by the allowed skew'
found '.each' '{"public":["public"]}' 'one for the trust domain alone'
tokens 0 'with audiences' api https://vault.example api public
found '.claims.aud' '["public","api","https://vault.example"]' 'the trust domain is first, each is there once'
found '.each' '{"api":["api"],"https://vault.example":["https://vault.example"],"public":["public"]}' \
  'one for each, with that audience alone'
# shellcheck disable=SC2046  # a list of words
tokens 0 '31 audiences beside the trust domain, and one more' $(seq 32)
found '.each | length' 33 'are answered'
# shellcheck disable=SC2046
tokens 3 '33 are INVALID_ARGUMENT' $(seq 33)
has "$WORK/err" 'more than 32 JWT audiences' 'is told'
stop_sentry

printf 'spec: {mtls: {allowedClockSkew: 1m}}\n' >skew.yaml
start_sentry --issuer-credentials "$ca" --jwt-enabled --jwt-ttl 90m --jwt-issuer https://issuer.example --config skew.yaml \
  --jwt-signing-algorithm PS256
tokens 0 'with --jwt-ttl, --jwt-issuer and another algorithm than the set names'
stop_sentry
has "$WORK/sentry.log" 'nobody will be able to verify the tokens' 'the log warns of the latter'
found '.header.alg' PS256 'the algorithm'
found '.claims.iss' https://issuer.example 'iss'
found '.lives' 5400 'the TTL'
found '.skew' 60 'the skew of the configuration'

jwks=$WORK/tokens.json
start_sentry --issuer-credentials other --jwt-enabled --jwt-key-filename tokens.key --jwks-filename "$jwks" \
  --jwt-signing-algorithm ES384 --jwt-key-id mine
tokens 0 'ES384 with an ID of its own'
found '.header' '{"alg":"ES384","kid":"mine","typ":"JWT"}' 'the header'

# --- a reload swaps the key ----------------------------------------------------------------------------------------------
stop_sentry
start_sentry --issuer-credentials other --jwt-enabled --jwt-key-filename new.key --jwks-filename new.json \
  --jwt-signing-algorithm ES384 --jwt-key-id mine
stop_sentry
start_sentry --issuer-credentials other --jwt-enabled --jwt-key-filename tokens.key --jwks-filename "$jwks" \
  --jwt-signing-algorithm ES384 --jwt-key-id mine
mv other/new.key other/tokens.key # at once: half of a key would be refused with another reason
check 'a key without its set is refused' logged 'the last good ones serve on'
check 'with the reason' grep -q "serve on:.*the key content doesn't match" "$WORK/sentry.log"
tokens 0 'the last good key signs on'
cp other/new.json tokens.json
check 'both are taken, by themselves' logged 'reloaded the credentials'
tokens 0 'and tokens are signed by the new key'
stop_sentry

start_sentry --issuer-credentials "$ca" --jwt-enabled --jwt-key-filename second.key --jwks-filename second.json
stop_sentry
jwks=$ca/jwks.json
jq -s '{keys: (.[0].keys + .[1].keys)}' "$jwks" "$ca/second.json" >both.json
mv both.json "$jwks"
start_sentry --issuer-credentials "$ca" --jwt-enabled
tokens 0 'a set of two keys'
found '.header.kid' "$(jq -r '.keys[0].kid' "$jwks")" 'the ID is that of the key'
mv "$ca/second.key" "$ca/jwt.key"
check 'the other key alone is a change' logged 'reloaded the credentials'
tokens 0 'which is taken up'
found '.header.kid' "$(jq -r '.keys[1].kid' "$jwks")" 'with its ID'
stop_sentry
same 0 "$SENTRY_STATUS" 'the server ends with status 0'
finish
