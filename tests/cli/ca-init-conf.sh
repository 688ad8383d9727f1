#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# ca-init and issue by configurations of openssl's: what goes with what, what is said, what is left. Each extension and
# each rule of the files is in tests/interop/openssl_conf.sh.
. "${TOP_SRCDIR:?}/tests/cli/lib.sh"
. "$TOP_SRCDIR/tests/cli/openssl-ca.sh"
cd "$WORK" || exit 1
guide_conf .

subject() { openssl x509 -in "$1" -noout -subject -nameopt RFC2253; }
issuer() { openssl x509 -in "$1" -noout -issuer -nameopt RFC2253; }
extension() { openssl x509 -in "$1" -noout -ext "$2" 2>/dev/null | sed '1d; s/^ *//; s/, /\n/g'; }
guide_name='CN=cluster.local,OU=dapr.io/sentry,O=dapr.io/sentry,L=Daprville,ST=VA,C=US'

# --- the guide's files, in one command ------------------------------------------------------------------------------
status 0 'root and issuer by the files of the guide' \
  "$DAPRCERTS" ca-init --dir ca --conf root.conf --issuer-conf issuer.conf
same '' "$(grep warning err)" 'without a warning'
same "subject=$guide_name" "$(subject ca/ca.crt)" "the root's subject"
same "subject=$guide_name" "$(subject ca/issuer.crt)" "the issuer's, which is the same"
check 'openssl finds the one from the other, by the strictest rules' \
  openssl verify -x509_strict -CAfile ca/ca.crt ca/issuer.crt
same 'CA:TRUE' "$(extension ca/ca.crt basicConstraints)" 'the root has no path length'
same 'CA:TRUE
pathlen:0' "$(extension ca/issuer.crt basicConstraints)" 'the issuer has 0'
status 0 'it issues' "$DAPRCERTS" issue web --dir ca
sed '1,/-----END/d' web.crt >above.crt
check 'what \
  openssl verifies' openssl verify -x509_strict -purpose sslserver -CAfile ca/ca.crt -untrusted above.crt web.crt
if built sentry; then
  status 0 'a sentry would serve with it' "$DAPRCERTS" sentry --check --issuer-credentials ca
else
  skip 'a sentry would serve with it' 'built without one'
fi
status 0 'and its issuer is renewed' "$DAPRCERTS" rotate issuer --dir ca
check 'below the same root' openssl verify -x509_strict -CAfile ca/ca.crt ca/issuer.crt

# --- the guide's step for certificates that end: the same root key --------------------------------------------------
guide_ca made
status 0 "a root for openssl's key" \
  "$DAPRCERTS" ca-init --dir again --root-key made/ca.key --conf root.conf --issuer-conf issuer.conf
check "believes in openssl's issuer" openssl verify -x509_strict -CAfile again/ca.crt made/issuer.crt
check "and openssl's root in ours" openssl verify -x509_strict -CAfile made/ca.crt again/issuer.crt
status 0 "an issuer below openssl's root" \
  "$DAPRCERTS" ca-init --dir below --root-cert made/ca.crt --root-key made/ca.key --issuer-conf issuer.conf
check 'is believed' openssl verify -x509_strict -CAfile made/ca.crt below/issuer.crt

# --- one of the two, and other options ------------------------------------------------------------------------------
status 0 '--conf alone, from a pipe' \
  sh -c '"$0" ca-init --dir one --conf - --trust-domain example.test --days 30 <root.conf' "$DAPRCERTS"
same "subject=$guide_name" "$(subject one/ca.crt)" 'has the root so'
same 'subject=O=spiffe://example.test/ns/default/dapr-sentry' \
  "$(subject one/issuer.crt)" 'and the issuer as ever, named by --trust-domain'
has one/daprcerts.conf 'control-plane-trust-domain = example.test' 'as daprcerts.conf has it'
check '--days counts' sh -c '! \
  openssl x509 -in one/ca.crt -noout -checkend 2678400 && openssl x509 -in one/ca.crt -noout -checkend 2505600'
status 0 '--issuer-conf alone' "$DAPRCERTS" ca-init --dir two --issuer-conf issuer.conf --kty RSA --root-key-out two.key
same 'issuer=O=localhost' "$(issuer two/issuer.crt)" 'has the root as ever'
same "subject=$guide_name" "$(subject two/issuer.crt)" 'and the issuer so'
has_rsa() { openssl x509 -in "$1" -noout -text | grep -q rsaEncryption; }
check 'with keys as --kty says' has_rsa two/issuer.crt

# --- what is said ---------------------------------------------------------------------------------------------------
sed 's/^prompt = no/&\ndefault_bits = 2048\ndefault_md = sha512\nencrypt_key = no\nmine = 1\nreq_extensions = other/' \
  root.conf >said.conf
printf '[other]\nkeyUsage = keyCertSign\n' >>said.conf
status 0 'what [req] says of keys' "$DAPRCERTS" ca-init --dir said --conf said.conf
same "daprcerts ca-init: warning: 'said.conf' line 5: default_bits: not taken: '--kty', '--crv' and '--size' choose a key
daprcerts ca-init: warning: 'said.conf' line 6: default_md: not taken: the key decides on the hash of a signature
daprcerts ca-init: warning: 'said.conf' line 8: mine: not taken: unknown in [req]
daprcerts ca-init: warning: 'said.conf' line 9: req_extensions: not taken: x509_extensions counts here" \
  "$(grep warning err)" 'is told, unless it is so anyhow'
sed 's/^keyUsage/authorityKeyIdentifier = none\n&/' issuer.conf >none.conf
status 0 'an issuer that does not say who signed it' \
  "$DAPRCERTS" ca-init --dir none --conf root.conf --issuer-conf none.conf
has err 'openssl and GnuTLS take each for signed by itself' 'with the name of its root: a warning'
check 'which is true' sh -c '! openssl verify -CAfile none/ca.crt none/issuer.crt'
status 0 'below a root of another name' "$DAPRCERTS" ca-init --dir fine --issuer-conf none.conf
lacks err 'warning' 'there is none'

# --- refused, and nothing is left -----------------------------------------------------------------------------------
refused() { # refused WHAT TEXT OPTION...: with this text on standard error, before anything is written.
  refused_what=$1 refused_text=$2
  shift 2
  status 1 "$refused_what" "$DAPRCERTS" ca-init --dir bad --root-key-out bad.key "$@"
  has err "$refused_text" 'with why'
  check 'and nothing is written' test ! -e bad -a ! -e bad.key
}
sed 's/cRLSign, keyCertSign/cRLSign/' issuer.conf >unsigned.conf
refused 'an issuer that may not sign' 'unsigned.conf: the issuer cannot sign' \
  --conf root.conf --issuer-conf unsigned.conf
sed 's/CA:true, pathlen:0/CA:false/' issuer.conf >leaf.conf
refused 'an issuer that is no CA' 'leaf.conf: the issuer cannot sign' --conf root.conf --issuer-conf leaf.conf
sed 's/serverAuth, clientAuth/codeSigning/' issuer.conf >code.conf
refused 'an issuer for other things than TLS' 'code.conf' --conf root.conf --issuer-conf code.conf
sed 's/^keyUsage/nameConstraints = permitted;DNS:a.test\n&/' issuer.conf >narrow.conf
refused 'an issuer below which sentry has no name' "the issuer of 'narrow.conf': its name constraints" \
  --conf root.conf --issuer-conf narrow.conf
refused "the issuer's file for the root" 'path length 0' --conf issuer.conf --issuer-conf issuer.conf
sed 's/keyUsage/keyusage/' root.conf >wrong.conf
refused 'a mistake in the first file' "'wrong.conf' line 14: keyusage: no extension that is known here" \
  --conf wrong.conf --issuer-conf issuer.conf
refused 'and in the second' "'wrong.conf' line 14: keyusage: no extension that is known here" \
  --conf root.conf --issuer-conf wrong.conf
refused 'a file that is not there' 'gone.conf' --conf gone.conf
refused 'a directory' "'ca'" --conf ca
head -c 300000 /dev/zero | tr '\0' '#' >large.conf
refused 'a file without an end' 'large.conf' --conf large.conf
status 1 'no second set in the same directory' "$DAPRCERTS" ca-init --dir again --conf root.conf

# --- what excludes what ---------------------------------------------------------------------------------------------
for wrong in '--client --conf root.conf' '--client --issuer-conf issuer.conf' '--conf - --issuer-conf -' \
  '--root-key - --conf -' '--conf root.conf --root-cert made/ca.crt --root-key made/ca.key'; do
  # shellcheck disable=SC2086
  status 2 "wrong usage: $wrong" "$DAPRCERTS" ca-init --dir bad $wrong </dev/null
done
for wrong in '--conf leaf.conf --san a.test' '--conf leaf.conf --sentry 127.0.0.1:1' '--conf - --csr -'; do
  # shellcheck disable=SC2086
  status 2 "wrong usage: issue $wrong" "$DAPRCERTS" issue web --dir ca $wrong </dev/null
done

# --- workloads ------------------------------------------------------------------------------------------------------
printf '%s\n' '[req]' 'prompt = no' 'distinguished_name = dn' 'req_extensions = v3' 'x509_extensions = ca' \
  '[dn]' 'O = shop' 'CN = web' \
  '[v3]' 'basicConstraints = CA:false' 'keyUsage = critical, digitalSignature' 'extendedKeyUsage = serverAuth' \
  'subjectAltName = DNS:web.test, IP:10.0.0.1' '[ca]' 'basicConstraints = CA:true' >web.conf
status 0 'a workload by its configuration' "$DAPRCERTS" issue web --dir ca --conf web.conf --force
same 'subject=CN=web,O=shop' "$(subject web.crt)" 'its subject'
same 'URI:spiffe://public/ns/default/web
DNS:web.test
IP Address:10.0.0.1' "$(extension web.crt subjectAltName)" 'its names, the SPIFFE ID first'
same 'TLS Web Server Authentication' "$(extension web.crt extendedKeyUsage)" 'its usage'
has err 'x509_extensions: not taken: req_extensions counts here' 'req_extensions are what counts, and that is said'
sed '1,/-----END/d' web.crt >above.crt
check 'openssl verifies it' \
  openssl verify -x509_strict -purpose sslserver -verify_hostname web.test -CAfile ca/ca.crt -untrusted above.crt \
  web.crt
openssl ecparam -genkey -name prime256v1 -noout -out own.key
openssl req -new -key own.key -config web.conf -out own.csr
status 0 "a request that openssl made by the same file" \
  sh -c '"$0" issue web --dir ca --conf web.conf --csr own.csr --stdout >own.crt' "$DAPRCERTS"
check 'its key' pair_fits own.crt own.key
same "$(extension web.crt subjectAltName)" "$(extension own.crt subjectAltName)" 'and the same names'
sed 's/^subjectAltName.*/nsComment = x/' web.conf >nameless.conf
status 0 'a configuration without names' "$DAPRCERTS" issue web --dir ca --conf nameless.conf --force
same 'URI:spiffe://public/ns/default/web' "$(extension web.crt subjectAltName)" 'has the SPIFFE ID'
status 1 "a CA's configuration" "$DAPRCERTS" issue other --dir ca --conf root.conf
has err "'root.conf': it makes a certificate authority (CA:true), not a workload" 'is refused'
sed 's/DNS:web.test/URI:https:\/\/web.test/' web.conf >uri.conf
status 1 'a second URI' "$DAPRCERTS" issue other --dir ca --conf uri.conf
has err "'uri.conf' line 13: subjectAltName: 'https://web.test': a SPIFFE certificate has exactly one URI name" \
  'is refused'
check 'nothing is left' test ! -e other.crt -a ! -e other.key
finish
