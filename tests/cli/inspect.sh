#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# daprcerts inspect: its text beside openssl's, its JSON and its verdicts; nothing secret is shown.
. "${TOP_SRCDIR:?}/tests/cli/lib.sh"
. "$TOP_SRCDIR/tests/cli/openssl-ca.sh"
cd "$WORK" || exit 1
find_python json

# plain: names as OpenSSL 3.2 writes them, no space at a line's end and no empty line, of which versions have more or fewer,
# no section of ours.
plain() { sed '/^Dapr:/,$d; s/ *$//; /^$/d; /^ *\(Issuer\|Subject\|DirName\):/s/ = /=/g; /^ *Requested Extensions:$/{N;/Signature Algorithm/s/^[^\n]*\n//;}'; }
# like_openssl WHAT FILE COMMAND...: the first thing in FILE is shown as the command shows it.
like_openssl() {
  like_what=$1 like_file=$2
  shift 2
  "$DAPRCERTS" inspect "$like_file" >ours 2>&1
  "$@" -in "$like_file" -noout -text 2>&1 | plain >theirs
  plain <ours >mine
  same '' "$(diff theirs mine)" "$like_what: as openssl shows it"
  check 'which is a lot' grep -q 'Signature Value' mine
}
# says WANT EXPRESSION WHAT: of the JSON in out, which is d; v is its verdicts by their first words.
says() {
  if [ -z "$PYTHON" ]; then skip "$3" 'no peer: python3'; return; fi
  same "$1" "$("$PYTHON" -c 'import json, sys
d = json.load(open("out"))
v = {e["program"] + " " + e["versions"]: e for e in (d["dapr"]["versions"] if isinstance(d, dict) and "dapr" in d else [])}
print(eval(sys.argv[1]))' "$2" 2>&1)" "$3"
}
shown() { shown_what=$1; shift; status 0 "$shown_what" "$DAPRCERTS" inspect "$@"; }

# --- certificates, as openssl shows them --------------------------------------------------------------------------------
"$DAPRCERTS" ca-init 2>/dev/null
"$DAPRCERTS" issue myapp --san myapp.default.svc.cluster.local --san 10.0.0.1 --san a@b.c --out . 2>/dev/null
guide_ca guide
step_ca step
for ca in "$HOME/.dapr/certs" guide step; do
  like_openssl "${ca##*/}: root" "$ca/ca.crt" openssl x509
  like_openssl "${ca##*/}: issuer" "$ca/issuer.crt" openssl x509
done
like_openssl 'a leaf' myapp.crt openssl x509
printf '%s\n' '[req]' 'distinguished_name = dn' 'prompt = no' '[dn]' 'C = DE' 'ST = Berlin' 'O = Ä & Co' 'CN = all kinds' >all.conf
cat >all.ext <<'CONF'
basicConstraints = CA:FALSE
keyUsage = digitalSignature, nonRepudiation, keyEncipherment, dataEncipherment, keyAgreement, encipherOnly
extendedKeyUsage = codeSigning, emailProtection, timeStamping, OCSPSigning, 1.2.3.4
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid:always, issuer:always
subjectAltName = DNS:a.test, DNS:*.b.test, IP:127.0.0.1, email:a@b.c, URI:https://x.test/
CONF
# made KIND OPTION...: KIND.crt and KIND.csr by openssl, of every extension.
made() {
  made_kind=$1
  shift
  { openssl genpkey -out "$made_kind.key" "$@" && openssl req -new -key "$made_kind.key" -config all.conf -utf8 -out "$made_kind.csr" &&
    openssl x509 -req -in "$made_kind.csr" -CA guide/ca.crt -CAkey guide/ca.key -set_serial 4660 -days 30000 -extfile all.ext \
      -out "$made_kind.crt"; } >made.log 2>&1 || fail "$made_kind: $(cat made.log)"
}
made rsa -algorithm RSA -pkeyopt rsa_keygen_bits:2048
made p384 -algorithm EC -pkeyopt ec_paramgen_curve:P-384
made p521 -algorithm EC -pkeyopt ec_paramgen_curve:P-521
made ed25519 -algorithm ED25519
for kind in rsa p384 p521 ed25519; do
  "$DAPRCERTS" inspect "$kind.crt" | plain | sed 's/DirName:.*/DirName/' >mine
  openssl x509 -in "$kind.crt" -noout -text -nameopt utf8,sep_comma_plus_space,sname | plain | sed 's/DirName:.*/DirName/' >theirs
  same '' "$(diff theirs mine)" "$kind, every extension: as openssl shows it"
  "$DAPRCERTS" inspect "$kind.csr" | plain >mine
  openssl req -in "$kind.csr" -noout -text -nameopt utf8,sep_comma_plus_space,sname | plain >theirs
  same '' "$(diff theirs mine)" "a request of $kind too"
  openssl x509 -req -in "$kind.csr" -signkey "$kind.key" -days 3 -out self.crt 2>/dev/null
  like_openssl "self-signed by $kind" self.crt openssl x509 -nameopt utf8,sep_comma_plus_space,sname
done

cat >ca.ext <<'CONF'
basicConstraints = critical, CA:TRUE, pathlen:3
keyUsage = keyCertSign
nameConstraints = critical, permitted;URI:in.test, permitted;DNS:.in.test, permitted;IP:10.0.0.0/255.0.0.0, excluded;email:.x.test
certificatePolicies = 1.2.3.4, 2.5.29.32.0
crlDistributionPoints = URI:http://x.test/a, URI:http://x.test/b
authorityInfoAccess = OCSP;URI:http://x.test/ocsp, caIssuers;URI:http://x.test/ca
nsComment = "made, by hand"
CONF
openssl x509 -req -in p384.csr -CA guide/ca.crt -CAkey guide/ca.key -set_serial 0x80 -days 3 -extfile ca.ext -out ca.crt 2>/dev/null
like_openssl 'what CAs bear' ca.crt openssl x509 -nameopt utf8,sep_comma_plus_space,sname
printf '%s\n' 'certificatePolicies = @p' '1.2.3.4 = critical, DER:0500' 'nameConstraints = permitted;IP:::/::, permitted;dirName:d' \
  '[p]' 'policyIdentifier = 1.2.3' 'CPS.1 = http://x.test/cps' '[d]' 'O = x' >odd.ext
openssl x509 -req -in p384.csr -signkey p384.key -days 3 -extfile odd.ext -out odd.crt 2>/dev/null
"$DAPRCERTS" inspect odd.crt >out
has out '            1.2.3.4: critical' 'an extension that nobody knows is told by its number'
has out '                05:00' 'and its bytes'
has out '            X509v3 Certificate Policies:' 'so are those that are known with something in it that is not'

# --- pipes ---------------------------------------------------------------------------------------------------------------
"$DAPRCERTS" issue myapp --stdout 2>/dev/null >stream
"$DAPRCERTS" inspect - <stream >out 2>err
has out 'SPIFFE ID: spiffe://public/ns/default/myapp' 'the SPIFFE ID of what issue prints'
has out 'Private key: in the same place (EC P-256)' 'and that its key is there'
same 1 "$(grep -c '^Certificate:' out)" 'the first certificate alone'
check 'and when it ends' grep -q '^    Ends: in 2[34] hours$' out
"$DAPRCERTS" inspect --bundle <stream >out 2>err
same 2 "$(grep -c '^Certificate:' out)" 'with --bundle each certificate'
has out 'Private Key (EC P-256, EC PRIVATE KEY)' 'and the key'
lacks out "$(sed -n '/PRIVATE KEY/{n;p;}' stream | head -n 1)" 'of which nothing secret is shown'
{ cat myapp.key; cat guide/ca.crt; } >key-first
shown 'a certificate behind a key' --short key-first
has out 'Root CA' 'is what is shown, as step does'
cp "$HOME/.dapr/certs/issuer.crt" shown.crt
shown 'PEM' --format pem shown.crt
same "$(cat shown.crt)" "$(cat out)" 'is the certificate again'
openssl x509 -in shown.crt -outform DER -out shown.der
shown 'PEM of DER' --format pem shown.der
same "$(cat shown.crt)" "$(cat out)" 'is what openssl made it from'

# --- keys -----------------------------------------------------------------------------------------------------------------
# secrets FILE: lines of hex of the private numbers, by openssl, as they would show in any notation.
secrets() { openssl pkey -in "$1" -noout -text | sed -n '/^priv:/,/^pub:/p; /^privateExponent:/,/^prime1:/p' | grep '^ ' | tr -d ' ' | head -n 3; }
for kind in rsa p384 ed25519; do
  for format in text json pem; do
    shown "a private key ($kind, $format)" --format $format $kind.key
    bad=
    for secret in $(secrets $kind.key) $(grep -v -e ----- $kind.key | tail -n 1); do
      if grep -qF "$secret" out; then bad="$bad $secret"; fi
    done
    same '' "$bad" 'shows nothing secret'
  done
  same "$(openssl pkey -in $kind.key -pubout)" "$(cat out)" 'its PEM is the public half'
  openssl pkey -in $kind.key -pubout -out $kind.pub
  shown 'a public key' --format pem $kind.pub
  same "$(cat $kind.pub)" "$(cat out)" 'is itself'
done
openssl ec -in myapp.key -aes128 -passout pass:x -out locked.key 2>/dev/null
shown 'a key that is encrypted' locked.key
has out 'is encrypted' 'is told'
status 1 'it has no public half to print' "$DAPRCERTS" inspect --format pem locked.key

# --- step's short lines -----------------------------------------------------------------------------------------------------
shown 'a few lines' --short step/issuer.crt
number=$("${PYTHON:-python3}" -c 'import sys; n = str(int(sys.argv[1], 16)); print(n[:4] + "..." + n[-4:] if len(n) > 8 else n)' \
  "$(openssl x509 -in step/issuer.crt -noout -serial | sed 's/.*=//')" 2>/dev/null)
ends() { openssl x509 -in step/issuer.crt -noout "-$1" -dateopt iso_8601 | sed 's/.*=//; s/ /T/'; }
same "X.509v3 Intermediate CA Certificate (ECDSA P-256) [Serial: $number]
  Subject:     cluster.local
  Issuer:      cluster.local
  Valid from:  $(ends startdate)
          to:  $(ends enddate)" "$(cat out)" 'as step prints them'
shown 'of a request' --short ed25519.csr
same 'X.509v3 Certificate Signing Request (Ed25519 256)
  Subject:     all kinds' "$(cat out)" 'as step prints them'

# --- JSON --------------------------------------------------------------------------------------------------------------------
shown 'JSON' --format json myapp.crt
says "$(openssl x509 -in myapp.crt -noout -fingerprint -sha256 | sed 's/.*=//; s/://g')" 'd["fingerprint_sha256"].upper()' 'fingerprint'
says "$(openssl x509 -in myapp.crt -noout -fingerprint -sha1 | sed 's/.*=//; s/://g')" 'd["fingerprint_sha1"].upper()' 'SHA-1'
says "$(openssl x509 -in myapp.crt -noout -serial | sed 's/.*=0*//')" '"%X" % int(d["serial_number"])' 'serial number'
says "$(openssl x509 -in myapp.crt -noout -enddate -dateopt iso_8601 | sed 's/.*=//; s/ /T/')" 'd["validity"]["end"]' 'its end'
says 'myapp.default.svc.cluster.local spiffe://public/ns/default/myapp 10.0.0.1 a@b.c' '"%s %s %s %s" % tuple(
  d["extensions"]["subject_alt_name"][k][0] for k in ("dns_names", "uniform_resource_identifiers", "ip_addresses", "email_addresses"))' 'names'
says 'True True None' '"%s %s %s" % (d["extensions"]["key_usage"]["digital_signature"], d["extensions"]["extended_key_usage"]["server_auth"],
  d["extensions"].get("basic_constraints"))' 'usages'
says 'ECDSA-SHA256 1.2.840.10045.4.3.2 ECDSA P-256 False' '"%s %s %s %s %s" % (d["signature_algorithm"]["name"], d["signature_algorithm"]["oid"],
  d["subject_key_info"]["key_algorithm"]["name"], d["subject_key_info"]["ecdsa_public_key"]["curve"], d["signature"]["self_signed"])' 'algorithms'
says 'spiffe://public/ns/default/myapp' 'd["dapr"]["spiffe_id"]' 'SPIFFE ID'
shown 'JSON of the guide'\''s root' --format json guide/ca.crt
says 'US cluster.local dapr.io/sentry True True' '"%s %s %s %s %s" % (d["subject"]["country"][0], d["subject"]["common_name"][0],
  d["subject"]["organization"][0], d["extensions"]["basic_constraints"]["is_ca"], d["signature"]["self_signed"])' 'has its subject by parts'
shown 'JSON of a stream' --bundle --format json stream
says '3 private key' '"%d %s" % (len(d), d[2]["type"])' 'is a list'
shown 'JSON of a request' --format json rsa.csr
says 'all kinds RSA True' '"%s %s %s" % (d["subject"]["common_name"][0], d["subject_key_info"]["key_algorithm"]["name"], d["signature_valid"])' 'too'

# --- what each Dapr version makes of it ---------------------------------------------------------------------------------------
# accepts WANT FILE WHAT: "+" and "-" of each era, in order.
accepts() {
  "$DAPRCERTS" inspect --format json "$2" >out 2>err
  says "$1" '"".join("+" if e["accepts"] else "-" for e in d["dapr"]["versions"])' "$3"
}
accepts +++ myapp.crt 'a leaf with a SPIFFE ID and the DNS name of old sidecars'
"$DAPRCERTS" issue plain --out . 2>/dev/null
accepts -++ plain.crt 'one with the SPIFFE ID alone'
says True '"plain.default.svc.cluster.local" in v["daprd up to 1.11"]["why"]' 'and the name that it lacks is told'
says True '"--san" in v["daprd up to 1.11"]["remedy"]' 'and what to do'
accepts --- p384.crt 'one with a web address'
accepts ++++++++++ "$HOME/.dapr/certs/issuer.crt" 'our issuer, which all can use'
accepts ++++++++++ guide/issuer.crt "the guide's"
accepts +++-++++++ step/issuer.crt "step's, which has no DNS name: placement up to 1.11 cannot serve with it"
accepts +++++++++ guide/ca.crt 'a root'
"$DAPRCERTS" ca-init --dir edwards --kty OKP 2>/dev/null
accepts ++++-----+ edwards/issuer.crt 'an Ed25519 issuer'
accepts -----+ edwards/issuer.key 'its key'
accepts ++++++ "$HOME/.dapr/certs/issuer.key" 'a P-256 key in SEC1'
openssl pkcs8 -topk8 -nocrypt -in "$HOME/.dapr/certs/issuer.key" -out pkcs8.key
accepts -+++++ pkcs8.key 'the same in PKCS#8'
accepts ++++++ p384.csr 'a request of an EC key'
accepts ----++ ed25519.csr 'a request of daprd 1.18, Ed25519'
sed 's/extendedKeyUsage.*/extendedKeyUsage = clientAuth/; s/CA:FALSE/critical, CA:TRUE/; s/keyUsage = .*/keyUsage = keyCertSign/' all.ext >odd.ext
openssl x509 -req -in p384.csr -CA guide/ca.crt -CAkey guide/ca.key -set_serial 1 -extfile odd.ext -out odd.crt 2>/dev/null
"$DAPRCERTS" inspect --format json odd.crt >out
says 'False False True' '"%s %s %s" % (v["daprd up to 1.11"]["accepts"], v["sentry 1.16.15"]["accepts"], v["sentry up to 1.7"]["accepts"])' \
  'an issuer for clients alone'

# --- tokens and key sets --------------------------------------------------------------------------------------------------------
"$DAPRCERTS" token --init >/dev/null 2>&1
if "$DAPRCERTS" token myapp >token 2>err; then
  shown 'a token' token
  has out '"sub": "spiffe://public/ns/default/myapp"' 'its claims'
  has out 'accepted, if its key' 'and what a sentry makes of it'
  lacks out "$(sed 's/.*\.//' token)" 'without its signature'
  shown 'as JSON' --format json token
  says 'spiffe://public/ns/default/myapp JWT' '"%s %s" % (d["claims"]["sub"], d["header"]["typ"])' 'too'
  set_file=$(find "$HOME/.dapr" -name '*.json' | head -n 1)
  if [ -n "$set_file" ]; then
    shown 'a key set' "$set_file"
    has out 'JSON Web Key Set of 1 usable key:' 'its keys'
  fi
else
  fail "daprcerts token: $(cat err)"
fi
printf '{"keys":[{"kty":"EC","crv":"P-256","kid":"a\\u001b[31m","d":"c2VjcmV0","x":"axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY","y":"T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU"},{"kty":"oct","k":"c2VjcmV0"}]}' >set.json
shown 'a set with a private and a symmetric key' set.json
has out 'kid a?[31m' 'a name that a terminal would obey is shown harmless'
has out 'left out: key 2' 'what is of no use is told'
shown 'as JSON' --format json set.json
lacks out c2VjcmV0 'has nothing private in it'

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout odd.key -out odd.crt -days 2 -utf8 \
  -subj "/O=$(printf 'e\303\251')/CN=$(printf 'a\302\233b\033c')" 2>/dev/null
shown 'a certificate with such a name' odd.crt
has out "Subject: O=$(printf 'e\303\251'), CN=a\\C2\\9Bb\\1Bc" 'its control characters of both kinds are written out'
shown 'in short' --short odd.crt
has out 'Subject:     a?b?c' 'they are marked'

# --- refusals -----------------------------------------------------------------------------------------------------------------
refused() {
  refused_status=$1 refused_text=$2 refused_what=$3
  shift 3
  status "$refused_status" "$refused_what" "$DAPRCERTS" inspect "$@"
  has err "$refused_text" 'with its reason'
}
refused 2 "'xml' is none of text, json, pem" 'a format that is none' --format xml myapp.crt
refused 2 exclude '--short with JSON' --short --format json myapp.crt
refused 1 "'all.conf'" 'a file of something else' all.conf
refused 1 "'none'" 'a file that is not there' none
: >empty
refused 1 "'empty'" 'an empty file' empty
sed 's/^MI/MJ/' myapp.crt >broken.crt
refused 1 "PEM block 1 ('CERTIFICATE')" 'a broken certificate' broken.crt
status 1 'a full disk is told' sh -c '"$0" inspect myapp.crt >/dev/full' "$DAPRCERTS"
finish
