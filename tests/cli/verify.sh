#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# daprcerts verify: certificates beside openssl's and certtool's verdicts, directories for each version of Dapr's programs.
. "${TOP_SRCDIR:?}/tests/cli/lib.sh"
. "$TOP_SRCDIR/tests/cli/openssl-ca.sh"
cd "$WORK" || exit 1
find_python json
usual=$HOME/.dapr/certs

# says WANT EXPRESSION WHAT: of the JSON in out, which is d; v is its verdicts by program and versions.
says() {
  if [ -z "$PYTHON" ]; then skip "$3" 'no peer: python3'; return; fi
  same "$1" "$("$PYTHON" -c 'import json, sys
d = json.load(open("out"))
v = {e["program"] + " " + e["versions"]: e for e in d.get("versions", d.get("dapr", {}).get("versions", []))}
print(eval(sys.argv[1]))' "$2" 2>&1)" "$3"
}
# good WHAT ARGUMENT...: silent, and 0.
good() {
  good_what=$1
  shift
  status 0 "$good_what" "$DAPRCERTS" verify "$@"
  same '' "$(cat out err)" 'and nothing is said'
}
# bad TEXT WHAT ARGUMENT...
bad() {
  bad_text=$1 bad_what=$2
  shift 2
  status 1 "$bad_what" "$DAPRCERTS" verify "$@"
  has err 'failed to verify certificate: ' 'in the words of step'
  has err "$bad_text" 'with the reason'
}

# --- certificates -----------------------------------------------------------------------------------------------------------
"$DAPRCERTS" ca-init 2>/dev/null
"$DAPRCERTS" ca-init --dir other 2>/dev/null
"$DAPRCERTS" issue myapp --san myapp.default.svc.cluster.local --san '*.web.test' --san 10.0.0.1 --out . 2>/dev/null
"$DAPRCERTS" issue plain --out . 2>/dev/null
id=spiffe://public/ns/default/myapp
good 'a leaf and its chain' myapp.crt
good 'standard input' - <myapp.crt
good 'anchors that are named' --roots "$usual/ca.crt" myapp.crt
good 'a directory of them' --roots "$usual" myapp.crt
good 'a list' --roots "other/ca.crt,$usual/ca.crt" myapp.crt
good 'an issuer' "$usual/issuer.crt"
good 'a root that is an anchor' "$usual/ca.crt"
bad 'leads to no trust anchor' 'other anchors' --roots other myapp.crt
bad 'leads to no trust anchor' 'a root of others' other/ca.crt
sed '/END CERT/q' myapp.crt >alone.crt
bad 'leads to no trust anchor' 'a leaf without its issuer' alone.crt
{ cat alone.crt; echo; echo text; cat other/issuer.crt; cat "$usual/issuer.crt"; echo; echo; } >mixed.crt
good 'its issuer anywhere behind it, between blank lines and text' mixed.crt
good 'its SPIFFE ID' --spiffe-id $id myapp.crt
bad "it is '$id', not 'spiffe://public/ns/default/other'" 'that of another' --spiffe-id spiffe://public/ns/default/other myapp.crt
bad 'contains no URI SAN' 'a CA, for a SPIFFE ID' --spiffe-id $id "$usual/issuer.crt"
for host in myapp.default.svc.cluster.local MyApp.Default.svc.cluster.local. a.web.test 10.0.0.1; do
  good "host $host" --host "$host" myapp.crt
done
for host in web.test a.b.web.test 10.0.0.2 myapp .web.test; do
  bad "it is not for '$host'" "host $host" --host "$host" myapp.crt
done
good 'daprd 1.11, by its DNS name' --daprd 1.11 myapp.crt
good 'daprd 1.18.3' --daprd v1.18.3 myapp.crt
bad 'daprd 1.11.6 refuses it: it lacks the DNS name plain.default.svc.cluster.local' 'daprd 1.11, without it' --daprd 1.11.6 plain.crt
good 'daprd 1.12' --daprd 1.12 plain.crt
expired_ca ended
bad 'ended at 2001-01-01T00:00:00Z' 'an issuer that has ended' --roots ended ended/issuer.crt
dated_ca early 20900101000000Z 20910101000000Z
bad 'is valid only from 2090-01-01T00:00:00Z on' 'one that has not begun' --roots early early/issuer.crt
status 0 '-v' "$DAPRCERTS" verify -v --spiffe-id $id --host 10.0.0.1 myapp.crt
same 'certificate validated against roots
certificate host name validated
certificate SPIFFE ID validated
certificate is valid
OpenSSL: accepts it
GnuTLS: accepts it' "$(head -n 6 out)" 'tells what was validated'
status 0 'JSON' "$DAPRCERTS" verify --json myapp.crt
says 'True None None None' '"%s %s %s %s" % (d["valid"], d["why"], d["strict"]["openssl"], d["strict"]["gnutls"])' 'says so'
says "$(openssl x509 -in myapp.crt -noout -fingerprint -sha256 | sed 's/.*=//; s/://g')" 'd["certificate"]["sha256"].upper()' 'of which'
status 1 'JSON of one that is not valid' "$DAPRCERTS" verify --json --roots other myapp.crt
says 'False 1 True' '"%s %d %s" % (d["valid"], d["exit_status"], "leads to no trust anchor" in d["why"])' 'says why'

# --- name constraints, by Go's rules -----------------------------------------------------------------------------------------
printf '%s\n' '[req]' 'distinguished_name = name' '[name]' >req.conf
# made NAME SIGNER SUBJECT LINE...: NAME.crt and NAME.key, signed by SIGNER, with these extensions.
made() {
  made_name=$1 made_signer=$2 made_subject=$3
  shift 3
  printf '%s\n' "$@" >made.ext
  { [ -e "$made_name.key" ] || openssl ecparam -genkey -name prime256v1 -noout -out "$made_name.key"
    openssl req -new -key "$made_name.key" -subj "$made_subject" -config req.conf -out made.csr
    if [ "$made_signer" = "$made_name" ]; then
      openssl x509 -req -in made.csr -signkey "$made_name.key" -days 9 -extfile made.ext -out "$made_name.crt"
    else
      openssl x509 -req -in made.csr -CA "$made_signer.crt" -CAkey "$made_signer.key" -set_serial "0x$(openssl rand -hex 8)" -days 9 \
        -extfile made.ext -out "$made_name.crt"
    fi; } >made.log 2>&1 || fail "$made_name: $(cat made.log)"
}
ca='basicConstraints = critical, CA:TRUE'
made root root /O=root "$ca"
made narrow root /O=narrow "$ca" 'nameConstraints = critical, permitted;URI:inside.test, permitted;DNS:in.test'
made inside narrow /CN=x 'subjectAltName = URI:spiffe://inside.test/ns/a/b, DNS:a.in.test'
made outside narrow /CN=x 'subjectAltName = URI:spiffe://outside.test/ns/a/b'
made away narrow /CN=x 'subjectAltName = DNS:a.out.test'
for leaf in inside outside away; do cat narrow.crt >>$leaf.crt; done
good 'names that the issuer may certify' --roots root.crt inside.crt
bad "'O=narrow'" 'a trust domain that it may not' --roots root.crt outside.crt
bad "'O=narrow'" 'a DNS name that it may not' --roots root.crt away.crt
cat narrow.crt >>mixed.crt
good 'one that another issuer in the file may not' mixed.crt
made broad root /O=broad "$ca"
made below broad /O=below "$ca"
made deepest below /CN=x 'subjectAltName = DNS:a.out.test'
cat narrow.crt broad.crt below.crt >>deepest.crt
good 'nor one above which it does not stand' --roots root.crt deepest.crt
made below narrow /O=below "$ca"
made deepest below /CN=x 'subjectAltName = DNS:a.out.test'
cat narrow.crt below.crt >>deepest.crt
bad "'O=narrow'" 'one that an issuer further above may not' --roots root.crt deepest.crt

# --- what strict verifiers say, beside themselves -----------------------------------------------------------------------------
# beside WHAT ANCHORS BETWEEN LEAF: our report of OpenSSL's and GnuTLS' verdicts is theirs.
beside() {
  cat "$4" "$3" >chain.crt
  "$DAPRCERTS" verify --json --roots "$2" chain.crt >out 2>err
  if [ -s "$3" ]; then openssl verify -CAfile "$2" -untrusted "$3" "$4"; else openssl verify -CAfile "$2" "$4"; fi >theirs 2>&1
  says "$(sed -n 's/^error \([0-9]*\) at [0-9]* depth lookup: \(.*\)$/error \1: \2/p' theirs | head -n 1 | grep . || echo None)" \
    'd["strict"]["openssl"]' "$1: OpenSSL"
  if has_command certtool; then
    certtool --verify --load-ca-certificate "$2" --infile chain.crt >theirs 2>&1
    says "$(grep -c '^Chain verification output: Verified' theirs)" 'int(d["strict"]["gnutls"] is None)' "$1: GnuTLS"
  else
    skip "$1: GnuTLS" 'no peer: certtool'
  fi
}
: >none.crt
guide_ca guide
step_ca step
dapr_ca dapr
for kind in guide step dapr; do
  "$DAPRCERTS" issue leaf --dir $kind --out $kind 2>/dev/null
  sed '/END CERT/q' $kind/leaf.crt >$kind/alone.crt
  beside "$kind: a leaf" $kind/ca.crt $kind/issuer.crt $kind/alone.crt
  beside "$kind: the issuer" $kind/ca.crt none.crt $kind/issuer.crt
  beside "$kind: the root" $kind/ca.crt none.crt $kind/ca.crt
  status 0 'which daprd takes' "$DAPRCERTS" verify --roots $kind/ca.crt $kind/leaf.crt
done
beside 'our own' "$usual/ca.crt" "$usual/issuer.crt" alone.crt
beside 'nothing between' "$usual/ca.crt" none.crt alone.crt
beside 'another root' other/ca.crt "$usual/issuer.crt" alone.crt
beside 'a root that nobody knows' other/ca.crt none.crt "$usual/ca.crt"
beside 'a root that nobody knows above' other/ca.crt "$usual/ca.crt" "$usual/issuer.crt"
beside 'an issuer that has ended' ended/ca.crt none.crt ended/issuer.crt
made one root /O=one "$ca, pathlen:0"
made two one /O=two "$ca"
made deep two /CN=x 'keyUsage = digitalSignature'
cat one.crt two.crt >deep.chain
beside 'too long a path' root.crt deep.chain deep.crt
made plainca root /O=plainca 'basicConstraints = CA:FALSE'
made below-plain plainca /CN=x 'keyUsage = digitalSignature'
beside 'an issuer that is no CA' root.crt plainca.crt below-plain.crt
made nosign root /O=nosign "$ca" 'keyUsage = cRLSign'
made below-nosign nosign /CN=x 'basicConstraints = CA:FALSE'
beside 'an issuer that may not sign' root.crt nosign.crt below-nosign.crt
made odd one /CN=x '1.2.3.4 = critical, DER:0500'
beside 'a critical extension that nobody knows' root.crt one.crt odd.crt
made same root /O=root "$ca" 'authorityKeyIdentifier = none'
made below-same same /CN=x 'authorityKeyIdentifier = keyid'
beside 'an issuer of its root'\''s name' root.crt same.crt below-same.crt
rm root.key
made root root /O=root "$ca"
beside 'a root of the same name with another key' root.crt none.crt one.crt

# --- usage of the chain, which old sidecars ask -----------------------------------------------------------------------------
made usage usage /O=usage "$ca"
made servers usage /O=servers "$ca" 'extendedKeyUsage = serverAuth'
made served servers /CN=x 'subjectAltName = URI:spiffe://a/ns/b/c, DNS:c.b.svc.cluster.local'
cat servers.crt >>served.crt
good 'an issuer for servers alone, with a new sidecar' --roots usage.crt --daprd 1.14 served.crt
bad 'daprd 1.11 refuses it' 'and with an old one' --roots usage.crt --daprd 1.11 served.crt

# --- directories --------------------------------------------------------------------------------------------------------------
# looked STATUS WHAT ARGUMENT...
looked() { looked_status=$1 looked_what=$2; shift 2; status "$looked_status" "$looked_what" "$DAPRCERTS" verify "$@"; }
# suits WANT DIR WHAT: "+" or "-" for daprd up to 1.11, 1.12, 1.14; placement; sentry up to 1.7, 1.11, 1.16.14, 1.16.15, 1.17.6, newest.
suits() {
  "$DAPRCERTS" verify --json "$2" >out 2>err
  says "$1" '"".join("+" if e["accepts"] else "-" for e in d["versions"])' "$3"
}
looked 0 'a new CA' "$usual"
same "$usual: good" "$(head -n 1 out)" 'is good'
lacks out refuses 'for every version'
lacks out 'To do' 'and nothing is to be done'
suits ++++++++++ "$usual" 'all versions'
suits -+++++++++ guide "the guide's openssl recipe: no client pair"
suits -++-++++++ step "step's: placement up to 1.11 cannot serve with it"
looked 0 'it is good all the same' step
has out 'OpenSSL: error 19' 'what OpenSSL would say of what it signs'
has out 'GnuTLS: The certificate is NOT trusted' 'and GnuTLS'
has out 'To do: make a client pair (daprcerts rotate), for daprd up to 1.11' 'and what to do'
looked 1 'for daprd 1.11 it is not' --daprd 1.11 step
has err 'there is no client pair' 'with the reason'
"$DAPRCERTS" rotate issuer --dir step 2>/dev/null
"$DAPRCERTS" rotate --dir step 2>/dev/null
suits ++++++++++ step 'after that'
looked 0 'is done' step
has out 'OpenSSL: accepts it' 'OpenSSL accepts it too'
lacks out 'To do' 'nothing is left to do'
"$DAPRCERTS" ca-init --dir edwards --kty OKP 2>/dev/null
suits ++++-----+ edwards 'an Ed25519 issuer'
for version in 1.6 1.11.6 1.12 1.15.13 1.16.14 1.16.15 1.17.0 1.17.1 1.17.2 1.17.6; do
  looked 1 "sentry $version and Ed25519" --sentry $version edwards
done
has err 'daprcerts rotate issuer --kty EC' 'what to do is told'
for version in 1.16 1.16.16 1.17 1.17.7 1.18 1.18.0-rc.1 v1.19.1; do
  looked 0 "sentry $version and Ed25519" --sentry $version edwards
done
"$DAPRCERTS" rotate issuer --kty EC --dir edwards 2>/dev/null
suits ++++++++++ edwards 'after what is told to do'
cp -R "$usual" pkcs8
openssl pkcs8 -topk8 -nocrypt -in "$usual/issuer.key" -out pkcs8/issuer.key
suits ++++-+++++ pkcs8 'a key in PKCS#8'
openssl ec -in pkcs8/issuer.key -out sec1.key 2>/dev/null && cp sec1.key pkcs8/issuer.key
suits ++++++++++ pkcs8 'written as SEC1'
{ openssl ecparam -name prime256v1; cat "$usual/issuer.key"; } >pkcs8/issuer.key
suits ++++------ pkcs8 'EC PARAMETERS before the key'
cp -R "$usual" blank
echo >>blank/ca.crt
suits ++++--++++ blank 'a blank line behind ca.crt'
cp "$usual/ca.crt" blank && echo text >>blank/issuer.crt
suits ++++--++++ blank 'text behind issuer.crt'
cp -R "$usual" among
{ openssl ecparam -name prime256v1; cat "$usual/ca.crt"; } >among/ca.crt
suits ++++------ among 'a block of another kind before the root'
{ cat "$usual/ca.crt"; openssl ecparam -name prime256v1; cat other/ca.crt; } >among/ca.crt
suits ++++++++++ among 'before a root that is not needed'
cp -R "$usual" broken && cp other/issuer.key broken
looked 1 'a key of another' broken
has out 'problem: issuer.key does not match' 'is a problem'
has err "failed to verify 'broken': issuer.key does not match" 'and an error'
suits ---------- broken 'with which nobody can serve'
looked 1 'as JSON' --json broken
says 'problem 1 None' '"%s %d %s" % (d["status"], d["exit_status"], d["strict"])' 'says so'
mkdir anchors && cp "$usual/ca.crt" anchors
looked 0 'ca.crt alone' anchors
has out 'There is no issuer' 'is no problem'
mkdir nothing
looked 1 'no CA' nothing
has out 'daprcerts ca-init' 'is told'
lacks out "$(sed -n 2p "$usual/issuer.key")" 'and no key is shown'

# --- refusals -------------------------------------------------------------------------------------------------------------------
# refused STATUS TEXT WHAT ARGUMENT...
refused() {
  refused_status=$1 refused_text=$2 refused_what=$3
  shift 3
  status "$refused_status" "$refused_what" "$DAPRCERTS" verify "$@"
  has err "$refused_text" 'with its reason'
}
refused 2 "'--host' goes with a certificate" 'a host of a directory' --host x "$usual"
refused 2 "'--sentry' goes with a directory" 'a sentry for a certificate' --sentry 1.18 myapp.crt
for version in 2.0 1 1. x 1.x 1.18.x 1.18.3.4 ''; do
  refused 2 "'--daprd $version'" "version '$version'" --daprd "$version" myapp.crt
done
refused 2 operand 'no operand'
refused 1 "'none'" 'a file that is not there' none
refused 1 "'myapp.key'" 'a key' myapp.key
refused 1 "cannot open 'none.pem'" 'roots that cannot be read, which step passes over' --roots none.pem myapp.crt
finish
