#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# daprcerts ca-init, judged by openssl and certtool.
. "${TOP_SRCDIR:?}/tests/cli/lib.sh"
. "$TOP_SRCDIR/tests/cli/openssl-ca.sh"

ALL='ca.crt ca.key client.crt client.key issuer.crt issuer.key'
day=86400

# ends_in FILE SECONDS WHAT: the certificate ends that long from now, give or take a minute.
ends_in() {
  if openssl x509 -in "$1" -noout -checkend $(($2 - 60)) >/dev/null &&
    ! openssl x509 -in "$1" -noout -checkend $(($2 + 60)) >/dev/null; then pass "$3"; else
    fail "$3: $(openssl x509 -in "$1" -noout -enddate)"
  fi
}

# valid DIR WHAT: a whole set that fits together.
valid() {
  if openssl verify -x509_strict -CAfile "$1/ca.crt" "$1/issuer.crt" >"$WORK/verify" 2>&1 &&
    openssl verify -x509_strict -purpose sslclient -CAfile "$1/ca.crt" -untrusted "$1/client.crt" "$1/client.crt" \
      >>"$WORK/verify" 2>&1 &&
    pair_fits "$1/ca.crt" "$1/ca.key" && pair_fits "$1/issuer.crt" "$1/issuer.key" &&
    pair_fits "$1/client.crt" "$1/client.key"; then pass "$2"; else
    fail "$2"
    sed 's/^/# /' "$WORK/verify"
  fi
}

# --- the usual -----------------------------------------------------------------------------------------------------
dir=$HOME/.dapr/certs
(umask 000 && "$DAPRCERTS" ca-init >"$WORK/out" 2>"$WORK/err")
same 0 $? "ca-init makes a CA"
same '' "$(cat "$WORK/out")" "nothing on standard output"
for file in $ALL; do
  case $file in
    *.key) has "$WORK/err" "Your private key has been saved in $dir/$file." "$file: said in step's manner" ;;
    *) has "$WORK/err" "Your certificate has been saved in $dir/$file." "$file: said in step's manner" ;;
  esac
done
same "$ALL daprcerts.conf" "$(cd "$dir" && echo *.crt *.key | tr ' ' '\n' | LC_ALL=C sort | tr '\n' ' ')$(cd "$dir" && ls daprcerts.conf)" \
  "the files, and daprcerts.conf"
of_mode drwx------ "$dir" "the directory is private whatever the umask"
for file in $ALL; do
  want=-rw-r--r--
  case $file in *.key) want=-rw------- ;; esac
  of_mode "$want" "$dir/$file" "$file: its mode, whatever the umask"
done
for key in ca issuer client; do
  same '-----BEGIN EC PRIVATE KEY-----' "$(head -n 1 "$dir/$key.key")" "$key.key: SEC1, which every Dapr version loads"
done
valid "$dir" "openssl verifies issuer and client strictly, and the keys fit"
check "openssl verifies the root strictly" openssl verify -x509_strict -CAfile "$dir/ca.crt" "$dir/ca.crt"
if has_command certtool; then
  cat "$dir/issuer.crt" "$dir/ca.crt" >"$WORK/chain"
  check "certtool verifies the issuer" certtool --verify-chain --infile "$WORK/chain"
  check "certtool verifies the client" certtool --verify --load-ca-certificate "$dir/ca.crt" --infile "$dir/client.crt"
else
  skip "certtool verifies the issuer" "certtool is not installed"
  skip "certtool verifies the client" "certtool is not installed"
fi
ends_in "$dir/ca.crt" $((3650 * day)) "the root lives ten years"
ends_in "$dir/issuer.crt" $((365 * day)) "the issuer one"
ends_in "$dir/client.crt" $((365 * day)) "the client pair as long as the issuer"

openssl x509 -in "$dir/ca.crt" -noout -text -nameopt oneline >"$WORK/root.txt"
openssl x509 -in "$dir/issuer.crt" -noout -text -nameopt oneline >"$WORK/issuer.txt"
openssl x509 -in "$dir/client.crt" -noout -text >"$WORK/client.txt"
has "$WORK/root.txt" 'Subject: O = localhost' "the root's name"
has "$WORK/root.txt" 'CA:TRUE' "the root is a CA"
lacks "$WORK/root.txt" 'pathlen' "the root has no path length"
has "$WORK/issuer.txt" 'Subject: O = spiffe://localhost/ns/default/dapr-sentry' "the issuer's name"
has "$WORK/issuer.txt" 'CA:TRUE, pathlen:0' "the issuer has path length 0"
has "$WORK/issuer.txt" 'Digital Signature, Certificate Sign, CRL Sign' "the issuer's key usage"
has "$WORK/issuer.txt" 'TLS Web Server Authentication, TLS Web Client Authentication' "and extended key usage"
has "$WORK/issuer.txt" 'DNS:cluster.local' "and the name that sidecars up to 1.11 look for"
has "$WORK/issuer.txt" 'X509v3 Authority Key Identifier' "and an authority key identifier"
has "$WORK/issuer.txt" 'X509v3 Subject Key Identifier' "and a subject key identifier"
has "$WORK/root.txt" 'X509v3 Subject Key Identifier' "the root too"
has "$WORK/client.txt" 'TLS Web Client Authentication' "the client pair is for clients"
lacks "$WORK/client.txt" 'TLS Web Server Authentication' "and nothing else"
lacks "$WORK/client.txt" 'spiffe://localhost/ns/default/dapr-sentry,' "and nobody's SPIFFE ID"
lacks "$WORK/client.txt" 'X509v3 Subject Alternative Name' "by any name"
same 2 "$(grep -c BEGIN "$dir/client.crt")" "client.crt holds its chain"
has "$dir/daprcerts.conf" 'control-plane-trust-domain = localhost' "daprcerts.conf: sentry's trust domain"
has "$dir/daprcerts.conf" 'control-plane-namespace = default' "daprcerts.conf: sentry's namespace"

# --- never overwrites ------------------------------------------------------------------------------------------------
(cd "$dir" && cksum * .daprcerts/* && ls -lnA . .daprcerts) >"$WORK/before"
touch "$WORK/mark"
status 1 "a second run is refused" "$DAPRCERTS" ca-init
for file in $ALL; do has "$WORK/err" "'$file'" "and names $file"; done
lacks "$WORK/err" 'daprcerts.conf' "but not daprcerts.conf"
(cd "$dir" && cksum * .daprcerts/* && ls -lnA . .daprcerts) >"$WORK/after"
check "nothing was touched" cmp "$WORK/before" "$WORK/after"
same '' "$(find "$dir" -newer "$WORK/mark")" "not even a time"
for file in $ALL; do
  mkdir "$WORK/one"
  echo precious >"$WORK/one/$file"
  status 1 "$file alone is enough to refuse" "$DAPRCERTS" ca-init --dir "$WORK/one"
  has "$WORK/err" "'$file'" "and is named"
  same "precious $file" "$(cat "$WORK/one/$file") $(ls -A "$WORK/one")" "and is all that is there"
  rm -r "$WORK/one"
done
if on_unix "a dangling link counts as there" "wine hides one"; then
  mkdir "$WORK/dangling"
  ln -s nowhere "$WORK/dangling/ca.key"
  status 1 "a dangling link counts as there" "$DAPRCERTS" ca-init --dir "$WORK/dangling"
fi

# --- where ---------------------------------------------------------------------------------------------------------------
status 0 "DAPRCERTS_DIR names the directory" env DAPRCERTS_DIR="$WORK/by-env" "$DAPRCERTS" ca-init
check "it is used" test -f "$WORK/by-env/issuer.key"
status 0 "--dir counts more" env DAPRCERTS_DIR="$WORK/by-env" "$DAPRCERTS" ca-init --dir "$WORK/a/b/c"
valid "$WORK/a/b/c" "in a directory whose parents were missing"
if on_unix "without HOME and any directory it fails" "there is %USERPROFILE% (tests/windows/tools.sh)"; then
  status 1 "without HOME and any directory it fails" env -u HOME "$DAPRCERTS" ca-init
  has "$WORK/err" 'HOME' "and says why"
fi
: >"$WORK/file"
status 1 "a file is no directory" "$DAPRCERTS" ca-init --dir "$WORK/file"

# --- names -------------------------------------------------------------------------------------------------------------------
status 0 "names" "$DAPRCERTS" ca-init --dir "$WORK/names" --trust-domain cluster.local --namespace dapr-system
same 'subject=O = cluster.local' "$(openssl x509 -in "$WORK/names/ca.crt" -noout -subject -nameopt oneline)" "in the root"
same 'subject=O = spiffe://cluster.local/ns/dapr-system/dapr-sentry' \
  "$(openssl x509 -in "$WORK/names/issuer.crt" -noout -subject -nameopt oneline)" "in the issuer"
has "$WORK/names/daprcerts.conf" 'control-plane-trust-domain = cluster.local' "in daprcerts.conf"
has "$WORK/names/daprcerts.conf" 'control-plane-namespace = dapr-system' "both"
has "$WORK/names/daprcerts.conf" '
trust-domain = public' "and the workload's own are others"
status 0 "the environment's NAMESPACE is sentry's" env NAMESPACE=prod "$DAPRCERTS" ca-init --dir "$WORK/ns"
has "$WORK/ns/daprcerts.conf" 'control-plane-namespace = prod' "and is written down"
lacks "$WORK/err" 'warning' "without a warning"
status 0 "a flag counts more" env NAMESPACE=prod "$DAPRCERTS" ca-init --dir "$WORK/ns2" --namespace dapr
has "$WORK/err" 'NAMESPACE=prod' "but sentry would call itself otherwise in this environment: a warning"
has "$WORK/err" 'unset NAMESPACE' "with the command that mends it"
mkdir "$WORK/conf"
echo 'control-plane-trust-domain = kept' >"$WORK/conf/daprcerts.conf"
cp "$WORK/conf/daprcerts.conf" "$WORK/conf.before"
status 0 "a daprcerts.conf that is there is input" "$DAPRCERTS" ca-init --dir "$WORK/conf"
same 'subject=O = kept' "$(openssl x509 -in "$WORK/conf/ca.crt" -noout -subject -nameopt oneline)" "and counts"
check "and is left as it is" cmp "$WORK/conf.before" "$WORK/conf/daprcerts.conf"
rm "$WORK"/conf/*.crt "$WORK"/conf/*.key
status 0 "a flag counts more than daprcerts.conf" "$DAPRCERTS" ca-init --dir "$WORK/conf" --trust-domain other
has "$WORK/err" 'control-plane-trust-domain = kept' "and the disagreement is a warning"
has "$WORK/err" 'daprcerts sentry --trust-domain other' "with the command that mends it"
status 1 "a trust domain that is none" "$DAPRCERTS" ca-init --dir "$WORK/bad" --trust-domain 'Local Host'
status 1 "a namespace that is none" "$DAPRCERTS" ca-init --dir "$WORK/bad" --namespace a/b
status 1 "an empty NAMESPACE" env NAMESPACE= "$DAPRCERTS" ca-init --dir "$WORK/bad"
check "and nothing was made" test ! -e "$WORK/bad"

# --- keys ---------------------------------------------------------------------------------------------------------------------
# kinds OPTIONS WANT: each of the three keys has this description.
kinds() {
  rm -rf "$WORK/kind"
  # shellcheck disable=SC2086
  status 0 "keys: $1" "$DAPRCERTS" ca-init --dir "$WORK/kind" $1
  valid "$WORK/kind" "$1: valid"
  for file in ca issuer client; do
    openssl pkey -in "$WORK/kind/$file.key" -noout -text >"$WORK/key.txt" 2>&1
    has "$WORK/key.txt" "$2" "$1: $file.key"
  done
}
kinds '--kty EC --crv P-384' 'secp384r1'
kinds '--kty EC --curve P-521' 'secp521r1'
kinds '--kty OKP' 'ED25519'
kinds '--kty OKP --crv Ed25519' 'ED25519'
kinds '--kty RSA' '2048 bit'
kinds '--kty RSA --size 3072' '3072 bit'
for wrong in '--crv P-384' '--size 2048' '--kty DSA' '--kty EC --crv Ed25519' '--kty EC --size 2048' '--kty RSA --crv P-256' \
  '--kty RSA --size 1024' '--kty OKP --crv P-256' '--kty'; do
  # shellcheck disable=SC2086
  status 2 "wrong usage: $wrong" "$DAPRCERTS" ca-init --dir "$WORK/bad" $wrong
done

# --- dates ----------------------------------------------------------------------------------------------------------------------
status 0 "--root-days, --issuer-days" "$DAPRCERTS" ca-init --dir "$WORK/d1" --root-days 100 --issuer-days 10
ends_in "$WORK/d1/ca.crt" $((100 * day)) "the root's end"
ends_in "$WORK/d1/issuer.crt" $((10 * day)) "the issuer's"
ends_in "$WORK/d1/client.crt" $((10 * day)) "the client's"
status 0 "--days" "$DAPRCERTS" ca-init --dir "$WORK/d2" --days 7
ends_in "$WORK/d2/ca.crt" $((7 * day)) "for the root"
ends_in "$WORK/d2/issuer.crt" $((7 * day)) "and the issuer"
status 0 "--not-after with a duration" "$DAPRCERTS" ca-init --dir "$WORK/d3" --not-after 8760h
ends_in "$WORK/d3/ca.crt" $((365 * day)) "for the root"
ends_in "$WORK/d3/issuer.crt" $((365 * day)) "and the issuer"
status 0 "--not-after with a date" "$DAPRCERTS" ca-init --dir "$WORK/d4" --not-after 2060-02-29T12:00:00+01:00
same 'notAfter=Feb 29 11:00:00 2060 GMT' "$(openssl x509 -in "$WORK/d4/issuer.crt" -noout -enddate)" "to the second"
status 0 "an issuer that would outlive its root" "$DAPRCERTS" ca-init --dir "$WORK/d5" --root-days 5
ends_in "$WORK/d5/issuer.crt" $((5 * day)) "ends with it"
has "$WORK/err" 'the issuer ends with the root' "and that is said"
valid "$WORK/d5" "and valid"
for wrong in '--days 0' '--days -1' '--days x' '--not-after yesterday' '--not-after -1h' '--not-after 2001-01-01' \
  '--not-after 9999-01-01' '--days 3 --not-after 1h' '--root-days 99999' 'operand' '--no-such-option'; do
  # shellcheck disable=SC2086
  status 2 "wrong usage: $wrong" "$DAPRCERTS" ca-init --dir "$WORK/bad" $wrong
  has "$WORK/err" "Try 'daprcerts ca-init --help'" "and where to look"
done
check "and nothing was made" test ! -e "$WORK/bad"

# --- a root that is there ------------------------------------------------------------------------------------------------------------
guide_ca "$WORK/guide"
status 0 "--root-cert and --root-key reuse a root" "$DAPRCERTS" ca-init --dir "$WORK/r1" \
  --root-cert "$WORK/guide/ca.crt" --root-key "$WORK/guide/ca.key"
same "$(openssl x509 -in "$WORK/guide/ca.crt" -noout -fingerprint)" \
  "$(openssl x509 -in "$WORK/r1/ca.crt" -noout -fingerprint)" "the root is that one"
valid "$WORK/r1" "and the issuer is below it"
status 0 "--root-key alone makes a new certificate for it" "$DAPRCERTS" ca-init --dir "$WORK/r2" \
  --root-key "$WORK/r1/ca.key"
check "the key is that one" cmp "$WORK/r1/ca.key" "$WORK/r2/ca.key"
valid "$WORK/r2" "and all is valid"
rm "$WORK/r2/"*.crt "$WORK"/r2/*.key
cp "$WORK/names/ca.key" "$WORK/saved.key"
status 0 "a renewed root of the same key and name" "$DAPRCERTS" ca-init --dir "$WORK/r3" --root-key "$WORK/saved.key" \
  --trust-domain cluster.local --namespace dapr-system
check "takes the old issuer along" openssl verify -x509_strict -CAfile "$WORK/r3/ca.crt" "$WORK/names/issuer.crt"
status 0 "a PKCS#8 root key with text around it" sh -c '
  (echo comment; openssl pkcs8 -topk8 -nocrypt -in "$1") | "$2" ca-init --dir "$3" --root-key -' \
  sh "$WORK/saved.key" "$DAPRCERTS" "$WORK/r4"
check "comes out as SEC1 that openssl reads" openssl pkey -in "$WORK/r4/ca.key" -noout
status 2 "--root-cert needs --root-key" "$DAPRCERTS" ca-init --dir "$WORK/bad" --root-cert "$WORK/guide/ca.crt"
status 2 "--root-cert has its own end" "$DAPRCERTS" ca-init --dir "$WORK/bad" --root-cert "$WORK/guide/ca.crt" \
  --root-key "$WORK/guide/ca.key" --root-days 5
status 1 "another's key" "$DAPRCERTS" ca-init --dir "$WORK/bad" --root-cert "$WORK/guide/ca.crt" \
  --root-key "$WORK/saved.key"
has "$WORK/err" 'does not match' "is told"
status 1 "an issuer is no root" "$DAPRCERTS" ca-init --dir "$WORK/bad" --root-cert "$WORK/guide/issuer.crt" \
  --root-key "$WORK/guide/issuer.key"
has "$WORK/err" 'not self-signed' "and that is told"
openssl ec -in "$WORK/saved.key" -aes256 -passout pass:x -out "$WORK/locked.key" 2>/dev/null
status 1 "an encrypted root key" "$DAPRCERTS" ca-init --dir "$WORK/bad" --root-key "$WORK/locked.key"
has "$WORK/err" 'encrypted' "is told"
status 1 "a root key that is missing" "$DAPRCERTS" ca-init --dir "$WORK/bad" --root-key "$WORK/missing"
has "$WORK/err" "$WORK/missing" "is named"
status 1 "a root key that is empty" "$DAPRCERTS" ca-init --dir "$WORK/bad" --root-key /dev/null
check "and nothing was made" test ! -e "$WORK/bad"

# A root whose name constraints shut out what is signed below it: Go's verifier, which sidecars have, looks at the names
# of the issuer too.
constrained() {
  mkdir -p "$WORK/constrained" && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /O=root \
    -addext 'keyUsage=critical,keyCertSign' -addext "nameConstraints=critical,$1" \
    -keyout "$WORK/constrained/key" -out "$WORK/constrained/crt" 2>/dev/null
}
by_constrained() {
  "$DAPRCERTS" ca-init --dir "$WORK/below-$1" --trust-domain mesh.example --root-cert "$WORK/constrained/crt" \
    --root-key "$WORK/constrained/key"
}
constrained 'permitted;URI:mesh.example,permitted;DNS:example.org'
status 1 "name constraints without cluster.local" by_constrained no
has "$WORK/err" "constrained/crt': its name constraints do not allow the DNS name 'cluster.local' below it" "are told"
check "before anything is made" test ! -e "$WORK/below-no"
constrained 'permitted;DNS:cluster.local,excluded;URI:example'
status 1 "those that exclude the trust domain" by_constrained no
has "$WORK/err" "do not allow a URI of 'mesh.example'" "too"
constrained 'permitted;DNS:local,permitted;URI:example'
status 0 "those with both" by_constrained yes
valid "$WORK/below-yes" "below them"
has "$WORK/err" "warning: root certificate '$WORK/constrained/crt': its name constraints do not allow a URI of 'public'" \
  "with a warning of the trust domain in which sidecars usually are"
constrained 'permitted;DNS:local,permitted;URI:example,permitted;URI:public'
status 0 "and those with that too" by_constrained all
lacks "$WORK/err" 'name constraints' "need none"

# --- a client pair for other programs' directories --------------------------------------------------------------------------------------
status 0 "--client adds a pair to the guide's openssl CA" "$DAPRCERTS" ca-init --client --dir "$WORK/guide"
valid "$WORK/guide" "that openssl verifies"
has "$WORK/err" "Your private key has been saved in $WORK/guide/client.key." "said"
of_mode -rw------- "$WORK/guide/client.key" "private"
cksum "$WORK/guide"/* >"$WORK/before"
status 1 "--client does not overwrite either" "$DAPRCERTS" ca-init --client --dir "$WORK/guide"
has "$WORK/err" "'client.key'" "and names what is there"
cksum "$WORK/guide"/* >"$WORK/after"
check "nothing was touched" cmp "$WORK/before" "$WORK/after"
step_ca "$WORK/step"
status 0 "--client with a CA as step makes it" "$DAPRCERTS" ca-init --client --dir "$WORK/step" --kty RSA
check "the pair fits" pair_fits "$WORK/step/client.crt" "$WORK/step/client.key"
status 1 "--client without a CA" "$DAPRCERTS" ca-init --client --dir "$WORK/nothing"
has "$WORK/err" 'ca.crt' "tells what is missing"
cp "$WORK/names/issuer.key" "$WORK/step/issuer.key"
rm "$WORK/step/client.crt" "$WORK/step/client.key"
status 1 "--client with an issuer key of another" "$DAPRCERTS" ca-init --client --dir "$WORK/step"
has "$WORK/err" 'does not match' "tells it"
status 2 "--client takes no root" "$DAPRCERTS" ca-init --client --dir "$WORK/step" --root-key "$WORK/saved.key"
status 2 "nor dates" "$DAPRCERTS" ca-init --client --dir "$WORK/step" --days 3

# --- output ---------------------------------------------------------------------------------------------------------------------------
status 0 "--help" "$DAPRCERTS" ca-init --help
has "$WORK/out" 'usage: daprcerts ca-init' "on standard output"
same '' "$(cat "$WORK/err")" "alone"
status 0 "--version" "$DAPRCERTS" ca-init --version
has "$WORK/out" 'daprcerts ca-init ' "on standard output"
bytes=$(printf 'a\377b')
if ! on_windows && mkdir "$WORK/$bytes" 2>/dev/null; then
  status 0 "--json of a directory whose name is no UTF-8" "$DAPRCERTS" ca-init --dir "$WORK/$bytes" --json
  has "$WORK/out" "/a$(printf '\357\277\275')b\"" "has a substitute in it"
  status 0 "issue, too" "$DAPRCERTS" issue app --dir "$WORK/$bytes" --out "$WORK/$bytes" --json
  has "$WORK/out" "/a$(printf '\357\277\275')b/app.crt\"" "has it"
  status 0 "and token" "$DAPRCERTS" token --init --dir "$WORK/$bytes" --json
  has "$WORK/out" "/a$(printf '\357\277\275')b/token-jwks.json\"" "has it"
  status 1 "what a sidecar would open" "$DAPRCERTS" env-export --format json --dir "$WORK/$bytes" \
    --token-file "$WORK/$bytes/token.key"
  has "$WORK/err" "the token's path is no UTF-8" "is not replaced"
else
  skip "a path that is no UTF-8" "not on this file system"
fi
status 0 "--json" "$DAPRCERTS" ca-init --dir "$WORK/json" --json
if has_command python3; then
  cat >"$WORK/judge.py" <<'PY'
import json, sys
made = json.load(sys.stdin)
assert made["trust_domain"] == "localhost" and made["namespace"] == "default", made
assert made["files"] == "ca.crt ca.key client.crt client.key issuer.crt issuer.key".split(), made
assert made["issuer"]["subject"] == "O=spiffe://localhost/ns/default/dapr-sentry", made
assert made["issuer"]["names"] == ["DNS:cluster.local"], made
print(made["root"]["sha256"])
PY
  same "$(openssl x509 -in "$WORK/json/ca.crt" -noout -fingerprint -sha256 | sed 's/.*=//; s/://g' | tr A-F a-f)" \
    "$(python3 "$WORK/judge.py" <"$WORK/out")" "what it says is so"
else
  skip "what it says is so" "python3 is not installed"
fi
lacks "$WORK/out" 'PRIVATE' "and no key is in it"
if [ -c /dev/full ]; then
  status 1 "a report that cannot be written is a failure" sh -c '"$1" ca-init --dir "$2" --json >/dev/full' sh \
    "$DAPRCERTS" "$WORK/full"
else
  skip "a report that cannot be written is a failure" "no /dev/full"
fi

# --- two at once --------------------------------------------------------------------------------------------------------------------------
round=0
while [ $round -lt 5 ]; do
  round=$((round + 1))
  for racer in 1 2 3 4; do
    { "$DAPRCERTS" ca-init --dir "$WORK/race$round" 2>"$WORK/race.$racer.err"; echo $? >"$WORK/race.$racer"; } &
  done
  wait
  won=0 told=0
  for racer in 1 2 3 4; do
    case $(cat "$WORK/race.$racer") in
      0) won=$((won + 1)) ;;
      1) [ -s "$WORK/race.$racer.err" ] && told=$((told + 1)) ;;
    esac
  done
  same '1 won, 3 told' "$won won, $told told" "four at once, round $round"
  valid "$WORK/race$round" "and one whole set, round $round"
done

# --- the root's key elsewhere ----------------------------------------------------------------------------------------------
status 0 'the key of the root elsewhere' "$DAPRCERTS" ca-init --dir "$WORK/offline" --root-key-out "$WORK/root.key"
check 'is there' pair_fits "$WORK/offline/ca.crt" "$WORK/root.key"
of_mode -rw------- "$WORK/root.key" 'for its owner alone'
check 'and not in the directory' test ! -e "$WORK/offline/ca.key"
cp "$WORK/root.key" "$WORK/root.key.before"
status 1 'a file that is there' "$DAPRCERTS" ca-init --dir "$WORK/offline2" --root-key-out "$WORK/root.key"
check 'is left as it is' cmp "$WORK/root.key" "$WORK/root.key.before"
check 'with nothing made' test ! -e "$WORK/offline2/ca.crt"
status 1 'a directory that refuses the rest' "$DAPRCERTS" ca-init --dir "$WORK/offline" --root-key-out "$WORK/taken-back.key"
check 'leaves no key behind' test ! -e "$WORK/taken-back.key"

# --- killed at any point -----------------------------------------------------------------------------------------------------------------
# By strace, at the Nth call of each kind that could change the directory, for every N; then whoever comes next finds
# nothing, or all, and what a dead publisher left is finished.
program=$TOP_BUILDDIR/daprcerts-ca-init
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0 # the leak detector cannot run under strace
export ASAN_OPTIONS

# whole DIR: one set that fits, and nothing left in between.
whole() {
  openssl verify -x509_strict -CAfile "$1/ca.crt" "$1/issuer.crt" >/dev/null 2>&1 &&
    pair_fits "$1/ca.crt" "$1/ca.key" && pair_fits "$1/issuer.crt" "$1/issuer.key" &&
    pair_fits "$1/client.crt" "$1/client.key" && [ -s "$1/daprcerts.conf" ] && [ -z "$(ls -A "$1/.daprcerts/next" 2>/dev/null)" ]
}

# kill_at CALL N: 0 when it came to that call; adds to killed, told, broken.
kill_at() {
  rm -rf "$WORK/kill"
  mkdir "$WORK/kill"
  (exec strace -o "$WORK/trace" -e "trace=$1" -e "inject=$1:signal=KILL:when=$2" "$program" --dir "$WORK/kill") \
    >/dev/null 2>&1 && return 1
  killed=$((killed + 1))
  "$DAPRCERTS" ca-init --dir "$WORK/kill" >/dev/null 2>"$WORK/err"
  case $? in
    0) whole "$WORK/kill" && return 0 ;;
    1) whole "$WORK/kill" && told=$((told + 1)) && return 0 ;; # the killed one's set counts
  esac
  broken=$((broken + 1))
  echo "# killed at $1 $2: $(cat "$WORK/err"); $(cd "$WORK/kill" && find . | tr '\n' ' ')"
  return 0
}

if has_command strace && strace -o /dev/null -e trace=openat "$program" --version >/dev/null 2>&1; then
  killed=0 told=0 broken=0
  for call in mkdir mkdirat open openat write fsync fdatasync rename renameat renameat2 link linkat unlink unlinkat rmdir \
    fchmod fcntl flock; do
    n=1
    while [ $n -le 200 ] && strace -o /dev/null -e trace=$call true 2>/dev/null && kill_at $call $n; do n=$((n + 1)); done
  done
  check "there were points to kill it at ($killed)" test $killed -gt 50
  check "some before the set was complete, some after ($told)" test $told -gt 5 -a $told -lt $killed
  same 0 $broken "the next run finds nothing or all, and leaves one whole set"
else
  skip "killed at any point" "strace cannot run here"
fi
finish
