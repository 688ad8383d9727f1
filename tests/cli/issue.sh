#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# daprcerts issue, offline: judged by openssl and certtool, over real pipes.
. "${TOP_SRCDIR:?}/tests/cli/lib.sh"
. "$TOP_SRCDIR/tests/cli/openssl-ca.sh"

dir=$HOME/.dapr/certs
"$DAPRCERTS" ca-init >/dev/null 2>&1 || { echo "Bail out! no CA to issue from"; exit 1; }
mkdir "$WORK/here"
cd "$WORK/here" || exit 1

text() { openssl x509 -in "$1" -noout -text >"$WORK/text"; }
sans() { openssl x509 -in "$1" -noout -ext subjectAltName | tail -n +2 | sed 's/^ *//'; }

# lives FILE SECONDS WHAT: it ends that long from now, give or take a minute.
lives() {
  if openssl x509 -in "$1" -noout -checkend $(($2 - 60)) >/dev/null &&
    ! openssl x509 -in "$1" -noout -checkend $(($2 + 60)) >/dev/null; then pass "$3"; else
    fail "$3: $(openssl x509 -in "$1" -noout -enddate)"
  fi
}

# --- the usual -----------------------------------------------------------------------------------------------------
(umask 000 && "$DAPRCERTS" issue myapp >"$WORK/out" 2>"$WORK/err")
same 0 $? "issue makes a pair"
same '' "$(cat "$WORK/out")" "nothing on standard output"
same 'Your certificate has been saved in myapp.crt.
Your private key has been saved in myapp.key.' "$(cat "$WORK/err")" "and step's words on standard error"
same 'myapp.crt
myapp.key' "$(ls -A)" "two files in the current folder"
of_mode -rw------- myapp.key "the key is private whatever the umask"
of_mode -rw-r--r-- myapp.crt "the certificate is not"
check "the pair fits" pair_fits myapp.crt myapp.key
check "openssl verifies it strictly as a server" openssl verify -x509_strict -purpose sslserver -CAfile "$dir/ca.crt" \
  -untrusted myapp.crt myapp.crt
check "and as a client" openssl verify -x509_strict -purpose sslclient -CAfile "$dir/ca.crt" -untrusted myapp.crt myapp.crt
if has_command certtool; then
  cat myapp.crt "$dir/ca.crt" >"$WORK/chain"
  check "certtool verifies the chain" certtool --verify-chain --infile "$WORK/chain"
else
  skip "certtool verifies the chain" "certtool is not installed"
fi
same "$(sed -n '/BEGIN/,/END/p' "$dir/issuer.crt")" "$(awk '/BEGIN/ { n++ } n == 2' myapp.crt)" "the issuer follows the leaf"
same 'URI:spiffe://public/ns/default/myapp' "$(sans myapp.crt)" "its one name"
text myapp.crt
has "$WORK/text" 'X509v3 Subject Alternative Name: critical' "critical"
same 'subject=' "$(openssl x509 -in myapp.crt -noout -subject | tr -d ' ')" "its subject is empty"
has "$WORK/text" 'X509v3 Key Usage: critical' "key usage is critical"
has "$WORK/text" 'Digital Signature' "digitalSignature"
has "$WORK/text" 'TLS Web Server Authentication, TLS Web Client Authentication' "both extended usages"
has "$WORK/text" 'X509v3 Authority Key Identifier' "an authority key identifier"
lacks "$WORK/text" 'X509v3 Basic Constraints' "no basicConstraints"
lacks "$WORK/text" 'X509v3 Subject Key Identifier' "no subject key identifier"
lives myapp.crt 86400 "a day long"
same '-----BEGIN EC PRIVATE KEY-----' "$(head -n 1 myapp.key)" "the key as SEC1"

# --- what stands in a file's place --------------------------------------------------------------------------------------
mkdir -p "$WORK/taken/myapp.key" && : >"$WORK/taken/myapp.crt"
status 1 "--force where the key's path is a directory" "$DAPRCERTS" issue myapp --force --out "$WORK/taken"
has "$WORK/err" "myapp.key' is a directory, which '--force' does not replace" "says so"
check "and leaves the certificate alone" test ! -s "$WORK/taken/myapp.crt"
if on_unix "a daprcerts.conf that is a link to nothing" "wine hides one"; then
  mv "$dir/daprcerts.conf" "$WORK/kept.conf" && ln -s nothing "$dir/daprcerts.conf"
  status 1 "a daprcerts.conf that is a link to nothing" "$DAPRCERTS" issue myapp --stdout
  has "$WORK/err" "daprcerts.conf' is a link to a file that is not there" "is no absent one"
  mv "$WORK/kept.conf" "$dir/daprcerts.conf"
fi
for in in - /dev/stdin; do
  status 2 "--token-file $in" "$DAPRCERTS" issue myapp --sentry 127.0.0.1:1 --token-file $in
  has "$WORK/err" "'--token-file $in': a token is not read from standard input: name a file" "is refused in words"
  status 2 "DAPR_SENTRY_TOKEN_FILE=$in" env DAPR_SENTRY_TOKEN_FILE=$in "$DAPRCERTS" issue myapp --sentry 127.0.0.1:1
  has "$WORK/err" "'DAPR_SENTRY_TOKEN_FILE=$in': a token is not" "too"
done

# --- nothing is overwritten unless told ---------------------------------------------------------------------------------
cksum ./* >"$WORK/before"
touch "$WORK/mark"
status 1 "a second run is refused" "$DAPRCERTS" issue myapp
has "$WORK/err" "'myapp.crt' and 'myapp.key'" "and names both"
cksum ./* >"$WORK/after"
check "nothing was touched" cmp "$WORK/before" "$WORK/after"
same '' "$(find . -newer "$WORK/mark")" "not even a time"
for file in half.crt half.key; do
  echo precious >"$file"
  status 1 "$file alone is enough to refuse" "$DAPRCERTS" issue half
  same "precious half.$(echo $file | cut -d. -f2)" "$(cat $file) $(ls half.*)" "and is all that is there"
  rm "$file"
done
status 0 "--force replaces" "$DAPRCERTS" issue myapp --force
check "with a pair that fits" pair_fits myapp.crt myapp.key
cksum ./* >"$WORK/after"
status 1 "and it is another one" cmp -s "$WORK/before" "$WORK/after"
chmod 644 myapp.key
status 0 "-f too" "$DAPRCERTS" issue -f myapp
of_mode -rw------- myapp.key "a key that was open before is private after"
same 'myapp.crt
myapp.key' "$(ls -A)" "nothing else is left behind"
round=0
while [ $round -lt 3 ]; do
  round=$((round + 1))
  for racer in 1 2 3; do
    { "$DAPRCERTS" issue "race$round" 2>/dev/null; echo $? >"$WORK/race.$racer"; } &
  done
  wait
  same '0 1 1' "$(cat "$WORK"/race.[123] | sort | tr '\n' ' ' | sed 's/ $//')" "three at once, round $round: one wins"
  check "and its pair fits" pair_fits "race$round.crt" "race$round.key"
done

# --- names -----------------------------------------------------------------------------------------------------------------
status 0 "--namespace and --trust-domain" "$DAPRCERTS" issue n1 --namespace prod --trust-domain example.org
same 'URI:spiffe://example.org/ns/prod/n1' "$(sans n1.crt)" "in the SPIFFE ID"
status 0 "the environment" env NAMESPACE=stage DAPRCERTS_TRUST_DOMAIN=env.org "$DAPRCERTS" issue n2
same 'URI:spiffe://env.org/ns/stage/n2' "$(sans n2.crt)" "counts"
cp "$dir/daprcerts.conf" "$WORK/conf"
sed -e 's/^trust-domain = .*/trust-domain = conf.org/' -e 's/^namespace = .*/namespace = confns/' "$WORK/conf" \
  >"$dir/daprcerts.conf"
status 0 "daprcerts.conf" "$DAPRCERTS" issue n3
same 'URI:spiffe://conf.org/ns/confns/n3' "$(sans n3.crt)" "counts"
status 0 "flag before environment before file" env NAMESPACE=stage "$DAPRCERTS" issue n4 --trust-domain flag.org
same 'URI:spiffe://flag.org/ns/stage/n4' "$(sans n4.crt)" "each alone"
cp "$WORK/conf" "$dir/daprcerts.conf"
status 0 "--san, typed by content" "$DAPRCERTS" issue n5 --san localhost --san 127.0.0.1 --san ::1 --san=me@example.org \
  --san '*.svc'
same 'URI:spiffe://public/ns/default/n5, DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, email:me@example.org, DNS:*.svc' \
  "$(sans n5.crt)" "all of them"
check "openssl takes it for localhost" openssl verify -x509_strict -verify_hostname localhost -CAfile "$dir/ca.crt" \
  -untrusted n5.crt n5.crt
status 1 "a second URI" "$DAPRCERTS" issue n6 --san spiffe://public/ns/default/other
has "$WORK/err" 'exactly one URI' "is refused with the reason"
status 1 "any URI" "$DAPRCERTS" issue n6 --san https://example.org
status 1 "a name with a space" "$DAPRCERTS" issue n6 --san 'a b'
for wrong in 'a.b' 'a/b' '..' '.' 'with space' \
  aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggggg; do
  status 1 "no app id: '$wrong'" "$DAPRCERTS" issue "$wrong"
done
status 1 "no namespace" "$DAPRCERTS" issue n6 --namespace 'a/b'
status 1 "no trust domain" "$DAPRCERTS" issue n6 --trust-domain 'A B'
status 1 "an empty NAMESPACE" env NAMESPACE= "$DAPRCERTS" issue n6
same '' "$(find . -name 'n6*')" "and nothing was made"

# --- keys --------------------------------------------------------------------------------------------------------------------
# kind OPTIONS WANT
kind() {
  # shellcheck disable=SC2086
  status 0 "key: $1" "$DAPRCERTS" issue kind -f $1
  openssl pkey -in kind.key -noout -text >"$WORK/text" 2>&1
  has "$WORK/text" "$2" "is one"
  check "and the pair fits" pair_fits kind.crt kind.key
  check "and verifies" openssl verify -x509_strict -CAfile "$dir/ca.crt" -untrusted kind.crt kind.crt
}
kind '--kty EC --crv P-384' secp384r1
kind '--kty EC --crv P-521' secp521r1
kind '--kty OKP --crv Ed25519' ED25519
kind '--kty RSA --size 2048' '2048 bit'
for ca in '--kty OKP' '--kty RSA' '--kty EC --crv P-521'; do
  rm -rf "$WORK/ca"
  # shellcheck disable=SC2086
  "$DAPRCERTS" ca-init --dir "$WORK/ca" $ca 2>/dev/null
  status 0 "from an issuer of $ca" "$DAPRCERTS" issue other -f --dir "$WORK/ca"
  check "it verifies" openssl verify -x509_strict -CAfile "$WORK/ca/ca.crt" -untrusted other.crt other.crt
done

# --- dates --------------------------------------------------------------------------------------------------------------------
status 0 "--ttl" "$DAPRCERTS" issue t1 --ttl 1h30m
lives t1.crt 5400 "counts from now"
status 0 "--not-after with a duration" "$DAPRCERTS" issue t2 --not-after 48h --not-before -1h
lives t2.crt 172800 "counts from now, not from the begin"
status 0 "dates" "$DAPRCERTS" issue t3 --not-before 2020-01-01 --not-after "$(openssl x509 -in "$dir/issuer.crt" -noout -enddate |
  sed 's/.* \([0-9]*\) GMT/\1/')-01-01T00:00:00Z"
same 'notBefore=Jan  1 00:00:00 2020 GMT' "$(openssl x509 -in t3.crt -noout -startdate)" "are taken as they are"
lacks "$WORK/err" 'warning' "without a warning"
status 0 "never longer than the issuer" "$DAPRCERTS" issue t4 --ttl 100000h
same "$(openssl x509 -in "$dir/issuer.crt" -noout -enddate)" "$(openssl x509 -in t4.crt -noout -enddate)" "it ends with it"
has "$WORK/err" 'ends with the issuer' "and that is said"
for wrong in '--ttl 0' '--ttl -1h' '--ttl x' '--not-after 2001-01-01' '--not-after x' '--not-before x' \
  '--ttl 1h --not-after 2h' '--stdout --out x' '--csr x --kty RSA' '--crv P-256' '--san' '--nonsense' 'second-operand'; do
  # shellcheck disable=SC2086
  status 2 "wrong usage: $wrong" "$DAPRCERTS" issue t6 $wrong
done
status 2 "wrong usage: no name" "$DAPRCERTS" issue
status 2 "wrong usage: a begin that certificates are not given" "$DAPRCERTS" issue t6 --not-before 1970-01-01
has "$WORK/err" "'--not-before 1970-01-01'" "is told"
status 1 "an end before its begin" "$DAPRCERTS" issue t6 --not-before 2h --not-after 1h
same '' "$(find . -name 't6*')" "and nothing was made"

# --- where to ---------------------------------------------------------------------------------------------------------------------
mkdir out
status 0 "--out" "$DAPRCERTS" issue o1 --out out
has "$WORK/err" 'out/o1.crt' "told"
check "written there" pair_fits out/o1.crt out/o1.key
status 1 "--out that is missing" "$DAPRCERTS" issue o1 --out missing
has "$WORK/err" 'missing' "is named"
"$DAPRCERTS" issue o2 --stdout >"$WORK/both" 2>"$WORK/err"
same 0 $? "--stdout"
same '' "$(cat "$WORK/err")" "says nothing"
same '' "$(find . -name 'o2*')" "and writes no file"
same "$(openssl x509 -noout -pubkey <"$WORK/both")" "$(openssl pkey -pubout <"$WORK/both")" "certificate and key in one stream"
same 'URI:spiffe://public/ns/default/o3' \
  "$("$DAPRCERTS" issue o3 --stdout | openssl x509 -noout -ext subjectAltName | tail -n 1 | tr -d ' ')" "into a pipe"

# --- requests ---------------------------------------------------------------------------------------------------------------------
openssl req -new -newkey ed25519 -nodes -keyout r.pem -subj / -out r.csr 2>/dev/null
"$DAPRCERTS" issue r1 --csr - <r.csr >chain 2>"$WORK/err"
same 0 $? "--csr - <csr >chain"
same '' "$(cat "$WORK/err")" "says nothing"
check "certifies the request's key" pair_fits chain r.pem
check "verified by openssl" openssl verify -x509_strict -CAfile "$dir/ca.crt" -untrusted chain chain
same 'URI:spiffe://public/ns/default/r1' "$(sans chain)" "for the name on the command line"
same 2 "$(grep -c -- '-----BEGIN CERTIFICATE-----' chain)" "chain, and no key"
same '' "$(find . -name 'r1*')" "and no file"
status 0 "--csr FILE" "$DAPRCERTS" issue r2 --csr r.csr
check "writes the chain" pair_fits r2.crt r.pem
same 'r2.crt' "$(find . -name 'r2*' | sed 's,./,,')" "alone"
status 0 "--csr - --out" sh -c '"$1" issue r3 --csr - --out out <r.csr' sh "$DAPRCERTS"
check "writes a file" test -f out/r3.crt
openssl req -new -key r.pem -subj /CN=admin -addext subjectAltName=DNS:evil,URI:spiffe://public/ns/default/admin \
  -out named.csr 2>/dev/null
status 0 "a request's own names" "$DAPRCERTS" issue r4 --csr named.csr --san good
same 'URI:spiffe://public/ns/default/r4, DNS:good' "$(sans r4.crt)" "are not taken"
has "$WORK/err" 'names in the request are not taken' "which is said"
sed 's/CERTIFICATE REQUEST/CERTIFICATE/' r.csr >old.csr
status 0 "a request labelled as by sidecars up to 1.11" "$DAPRCERTS" issue r5 --csr old.csr
(echo text; openssl req -in r.csr -text) >text.csr
status 0 "a request with text around it" "$DAPRCERTS" issue r6 --csr text.csr
for kty in 'rsa:2048' 'ec -pkeyopt ec_paramgen_curve:P-256' 'ec -pkeyopt ec_paramgen_curve:P-384'; do
  # shellcheck disable=SC2086
  openssl req -new -newkey $kty -nodes -keyout k.pem -subj /CN=x -out k.csr 2>/dev/null
  status 0 "a request of $kty" "$DAPRCERTS" issue r7 -f --csr k.csr
  check "certifies its key" pair_fits r7.crt k.pem
done
openssl req -new -newkey rsa:1024 -nodes -keyout k.pem -subj / -out weak.csr 2>/dev/null
status 1 "a weak key" "$DAPRCERTS" issue r8 --csr weak.csr
has "$WORK/err" 'too weak' "is refused with the reason"
openssl req -in r.csr -outform DER -out r.der
size=$(wc -c <r.der)
{ head -c $((size - 1)) r.der; printf '\377'; } | openssl base64 |
  { echo '-----BEGIN CERTIFICATE REQUEST-----'; cat; echo '-----END CERTIFICATE REQUEST-----'; } >forged.csr
status 1 "a request not signed by its key" "$DAPRCERTS" issue r8 --csr forged.csr
has "$WORK/err" 'signature' "is told"
status 1 "no request in it" "$DAPRCERTS" issue r8 --csr r.pem
has "$WORK/err" 'CERTIFICATE REQUEST' "is told"
status 1 "an empty pipe" sh -c '"$1" issue r8 --csr - </dev/null' sh "$DAPRCERTS"
status 1 "a file that is missing" "$DAPRCERTS" issue r8 --csr missing.csr
has "$WORK/err" 'missing.csr' "is named"
same '' "$(find . -name 'r8*')" "and nothing was made"

# --- output ---------------------------------------------------------------------------------------------------------------------------
status 0 "--help" "$DAPRCERTS" issue --help
has "$WORK/out" 'usage: daprcerts issue' "on standard output"
status 0 "--version" "$DAPRCERTS" issue --version
has "$WORK/out" 'daprcerts issue ' "on standard output"
if has_command python3; then
  cat >"$WORK/judge.py" <<'PY'
import json, sys
made = json.load(sys.stdin)
assert made["spiffe_id"] == "spiffe://public/ns/default/" + sys.argv[1], made
assert made["names"] == ["URI:" + made["spiffe_id"]], made
assert made["subject"] == "(empty)", made
if sys.argv[2] == "files":
    assert made["files"] == [sys.argv[1] + ".crt", sys.argv[1] + ".key"] and "private_key" not in made, made
else:
    assert "files" not in made, made
    print(made["certificate"] + made["private_key"], end="")
PY
  "$DAPRCERTS" issue j1 --json >"$WORK/out" 2>/dev/null
  check "--json tells what was made" sh -c 'python3 "$1" j1 files <"$2"' sh "$WORK/judge.py" "$WORK/out"
  "$DAPRCERTS" issue j2 --json --stdout >"$WORK/out" 2>/dev/null
  python3 "$WORK/judge.py" j2 stdout <"$WORK/out" >"$WORK/both"
  check "--json --stdout holds the pair" pair_fits "$WORK/both" "$WORK/both"
else
  skip "--json tells what was made" "python3 is not installed"
  skip "--json --stdout holds the pair" "python3 is not installed"
fi
if [ -c /dev/full ]; then
  status 1 "output that cannot be written is a failure" sh -c '"$1" issue f --stdout >/dev/full' sh "$DAPRCERTS"
else
  skip "output that cannot be written is a failure" "no /dev/full"
fi

# --- credentials that will not do ------------------------------------------------------------------------------------------------------
status 1 "no directory" "$DAPRCERTS" issue c1 --dir "$WORK/nowhere"
has "$WORK/err" "$WORK/nowhere" "is named"
cp -r "$dir" "$WORK/bad"
rm "$WORK/bad/issuer.key"
status 1 "no issuer key" "$DAPRCERTS" issue c1 --dir "$WORK/bad"
has "$WORK/err" 'issuer.key' "is named"
cp "$dir/ca.key" "$WORK/bad/issuer.key"
status 1 "another's issuer key" "$DAPRCERTS" issue c1 --dir "$WORK/bad"
has "$WORK/err" 'does not match' "is told"
cp "$dir/ca.crt" "$WORK/bad/issuer.crt"
status 1 "the root as issuer" "$DAPRCERTS" issue c1 --dir "$WORK/bad"
has "$WORK/err" 'issuer chain is empty' "is told in Dapr's words"
has "$WORK/err" 'self-signed' "and in clearer ones"
guide_ca "$WORK/guide"
status 0 "the guide's openssl CA" "$DAPRCERTS" issue c2 --dir "$WORK/guide"
check "serves" openssl verify -x509_strict -CAfile "$WORK/guide/ca.crt" -untrusted c2.crt c2.crt
step_ca "$WORK/step"
status 0 "a CA as step makes it" "$DAPRCERTS" issue c3 --dir "$WORK/step"
check "serves" pair_fits c3.crt c3.key
same '' "$(find "$WORK/guide" "$WORK/step" -name '.daprcerts*')" "and reading leaves nothing in their directories"

# --- by a program that asks a sentry --------------------------------------------------------------------------------------------------
# What it says is what issue says; how it talks to sentries is tested in tests/sentry/ask.sh.
if on_unix "a program that asks a sentry" "it is a shell program here, and wine has no sh"; then
  mkdir "$WORK/exec"
  ln -s "$TOP_BUILDDIR/daprcerts-issue" "$WORK/exec/daprcerts-issue"
  asks() { # asks SCRIPT: issue --sentry with it in the program's place
    printf '#!/bin/sh\n%s\n' "$1" >"$WORK/exec/daprcerts-request"
    chmod +x "$WORK/exec/daprcerts-request"
    DAPRCERTS_EXEC_PATH=$WORK/exec "$DAPRCERTS" issue asked --sentry localhost:1
  }
  status 1 "a server's text of two lines" asks "echo 'daprcerts request: the server refuses: one
two' >&2; exit 1"
  same 'daprcerts issue: the server refuses: one
  two' "$(cat "$WORK/err")" "is told whole, the second as part of the message"
  status 1 "a program that is killed" asks 'kill -9 $$'
  has "$WORK/err" "daprcerts-request' ended with status 137" "is told"
  same '' "$(find . -name 'asked*')" "and nothing was made"
fi

# --- killed while it replaces -------------------------------------------------------------------------------------------------------------
# At every call of each kind: a pair that fits, old or new. Between the two renames there is no such moment on a file
# system that renames one file at a time; everything is on the disk by then.
program=$TOP_BUILDDIR/daprcerts-issue
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0 # the leak detector cannot run under strace
export ASAN_OPTIONS
kill_at() {
  (exec strace -o "$WORK/trace" -e "trace=$1" -e "inject=$1:signal=KILL:when=$2" "$program" killed --force) \
    >/dev/null 2>&1 && return 1
  killed=$((killed + 1))
  pair_fits killed.crt killed.key && return 0
  mixed="$mixed $1"
  "$program" killed --force 2>/dev/null
}
if has_command strace && strace -o /dev/null -e trace=openat "$program" --version >/dev/null 2>&1; then
  "$DAPRCERTS" issue killed 2>/dev/null
  killed=0 mixed=
  for call in openat write fsync rename renameat renameat2 unlink; do
    n=1
    while [ $n -le 200 ] && kill_at $call $n; do n=$((n + 1)); done
  done
  check "there were points to kill it at ($killed)" test $killed -gt 10
  case $mixed in
    '' | ' rename' | ' renameat') pass "it leaves a pair that fits everywhere but between the renames" ;;
    *) fail "it leaves a pair that fits everywhere but between the renames, and not at:$mixed" ;;
  esac
else
  skip "killed while it replaces" "strace cannot run here"
fi
finish
