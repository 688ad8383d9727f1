#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What verifiers that are not Go's make of a rotation: after each, a certificate as it is issued now, and one of the
# issuer before while it lives, are believed by who knows the anchors of any time since the start. By openssl, python's
# ssl, GnuTLS and curl; for each kind of key, and for CAs that others made. What GnuTLS cannot do, rotate warns of.
. "${TOP_SRCDIR:?}/tests/cli/lib.sh"
. "$TOP_SRCDIR/tests/cli/openssl-ca.sh"
cd "$WORK" || exit 1
find_python ssl
[ -n "$PYTHON" ] || skip "python's ssl" 'no peer: python3'
has_command certtool || skip 'GnuTLS' 'no peer: certtool and gnutls-cli (gnutls-bin)'
has_command curl || skip 'curl' 'no peer: curl'
SERVER=
trap 'if [ -n "$SERVER" ]; then kill "$SERVER" 2>/dev/null; fi; rm -rf "$WORK"' EXIT

# environment: who starts now is given these anchors; in $environments is each that someone may still have.
environment() {
  count=$((count + 1))
  newest=anchors-$count.crt
  cp ca/ca.crt "$newest"
  names_of ca/ca.crt subject >"$newest.names"
  environments="$environments $newest"
}

# names_of FILE WHICH: the subject or issuer of each of its certificates.
names_of() { openssl crl2pkcs7 -nocrl -certfile "$1" | openssl pkcs7 -print_certs -noout | sed -n "s/^$2=//p"; }

# leaf: a certificate of now; in $leaves are those that may be in use.
leaf() {
  count=$((count + 1))
  "$DAPRCERTS" issue web --dir ca --out . --san web.test --kty "$kty" --force >/dev/null 2>&1
  mv web.crt "leaf-$count.crt"
  mv web.key "leaf-$count.key"
  sed '1,/-----END/d' "leaf-$count.crt" >"leaf-$count.above"
  for which in subject issuer; do names_of "leaf-$count.above" $which | tail -n 1; done >"leaf-$count.ends"
  leaves="$before leaf-$count"
  before=leaf-$count
}

# suits_gnutls ANCHORS LEAF: the chain's last certificate, or who signed it, is an anchor; GnuTLS looks there alone.
suits_gnutls() { grep -qxFf "$2.ends" "$1.names"; }

listed() { echo "$*" | tr ' ' ,; }

# each COMMAND: what it says where it does not succeed, for each leaf with each anchors.
each() {
  for each_leaf in $leaves; do
    for anchors in $environments; do
      "$1" "$anchors" "$each_leaf" >said 2>&1 && continue
      echo "$each_leaf for who knows $anchors: $(tr '\n' ' ' <said | tail -c 300)"
    done
  done
}

verified() { # verified WHO COMMAND
  each "$2" >faults
  same '' "$(head -n 4 faults)" "$stage: $1"
}

by_openssl() {
  openssl verify -purpose sslserver -verify_hostname web.test -CAfile "$1" -untrusted "$2.above" "$2.crt"
}
by_openssl_strictly() {
  openssl verify -x509_strict -purpose sslclient -CAfile "$1" -untrusted "$2.above" "$2.crt"
}
certtool_alone() { certtool --verify --load-ca-certificate "$1" --verify-hostname web.test --infile "$2.crt"; }
by_certtool() { ! suits_gnutls "$@" || certtool_alone "$@"; }

# over COMMAND: a server shows the certificate and wants one.
over() {
  for each_leaf in $leaves; do
    serve "$each_leaf" || { echo 'python does not serve'; return; }
    for anchors in $environments; do
      "$1" "$anchors" "$each_leaf" >said 2>&1 && continue
      echo "$each_leaf for who knows $anchors: $(tail -c 300 said | tr '\n' ' ')"
    done
    kill "$SERVER" && wait "$SERVER" 2>/dev/null
    SERVER=
  done
}
serve() {
  rm -f port
  mkfifo port
  "$PYTHON" -B "$TOP_SRCDIR/tests/interop/verifiers.py" serve "$newest" "$1" >port 2>server.err &
  SERVER=$!
  read -r port <port
  rm port
  [ -n "$port" ]
}
connected() { # connected WHO COMMAND
  over "$2" >faults
  same '' "$(head -n 4 faults)" "$stage: $1"
}
# answered COMMAND...: it gets an answer to a request, once the certificates of both are verified.
answered() {
  printf 'GET / HTTP/1.0\r\n\r\n' | timeout 60 "$@" >answer 2>&1
  grep -q '^HTTP.* 204 ' answer || { cat answer; return 1; }
}
by_s_client() {
  answered openssl s_client -connect "127.0.0.1:$port" -servername web.test -verify_hostname web.test -CAfile "$1" \
    -verify_return_error -cert "$2.crt" -cert_chain "$2.above" -key "$2.key" -quiet -ign_eof
}
by_gnutls_cli() {
  suits_gnutls "$@" || return 0
  answered gnutls-cli --x509cafile "$1" --verify-hostname web.test --sni-hostname web.test --x509certfile "$2.crt" \
    --x509keyfile "$2.key" --port "$port" 127.0.0.1
}
by_curl() {
  curl --silent --show-error --max-time 60 --noproxy '*' --cacert "$1" --cert "$2.crt" --key "$2.key" \
    --connect-to "web.test:443:127.0.0.1:$port" --output /dev/null --write-out '%{http_code}\n' https://web.test/ |
    grep -x 204
}

# look STAGE: everyone looks.
look() {
  stage="$ca: $1"
  verified 'openssl verify' by_openssl
  verified 'openssl verify -x509_strict' by_openssl_strictly
  if has_command certtool; then verified 'certtool --verify' by_certtool; fi
  warned
  [ -n "$PYTHON" ] || return
  "$PYTHON" -B "$TOP_SRCDIR/tests/interop/verifiers.py" pairs "$(listed $environments)" "$(listed $leaves)" >faults 2>&1
  same '' "$(head -n 4 faults)" "$stage: python's ssl, all with all"
  connected 'openssl s_client' by_s_client
  if has_command gnutls-cli; then connected 'gnutls-cli' by_gnutls_cli; fi
  if has_command curl; then connected 'curl' by_curl; fi
}

# rotate WORD...
rotate() {
  "$DAPRCERTS" rotate --dir ca "$@" >rotate.log 2>&1 || { fail "$ca: rotate $*"; sed 's/^/# /' rotate.log; }
}
# warned: rotate said of GnuTLS what is so for who starts now. GnuTLS keeps anchors in 127 buckets by a hash of their
# names: an anchor that happens to share the bucket of the name it looks for is tried too, and may be the right one. So
# that it does not find the way is looked for in all stages together.
warned() {
  if suits_gnutls "$newest" "$before"; then
    lacks rotate.log GnuTLS "$stage: no warning of GnuTLS"
  else
    has rotate.log 'verifies by GnuTLS' "$stage: that GnuTLS does not find the way is said"
    ! has_command certtool || certtool_alone "$newest" "$before" >/dev/null 2>&1 || lost="$lost $stage,"
  fi
}
# ended: what the issuer before signed has ended
ended() {
  sed "s/^retire = .*/retire = $(date -u +%Y-%m-%dT%H:%M:%SZ)/" ca/.daprcerts/state >state
  cat state >ca/.daprcerts/state
  rotate
  leaves=$before
}

# rotations: from the CA in ca/ on
rotations() {
  environments='' before='' count=0
  rm -f anchors-* leaf-*
  environment
  leaf
  : >rotate.log
  look 'before'
  if [ -e ca/ca.key ]; then
    rotate issuer
    leaf
    look 'rotate issuer'
    rotate root --same-key
    environment
    leaf
    look 'rotate root --same-key'
  fi
  rotate root
  environment
  leaf
  look 'rotate root'
  ended
  environment
  look 'rotate, when due'
  rotate root
  environment
  leaf
  look 'rotate root, again'
  rotate issuer
  leaf
  look 'rotate issuer, below cross-certificates'
  ended
  environment
  look 'rotate, when due again'
}

lost=
for ca in ${VERIFIERS_CAS:-EC-P-256 EC-P-384 OKP-Ed25519 RSA-2048 guide dapr}; do
  rm -rf ca
  kty=${ca%%-*}
  case $ca in
    guide) guide_ca ca; kty=EC ;;
    dapr) dapr_ca ca; kty=EC ;;
    RSA-*) "$DAPRCERTS" ca-init --dir ca --kty RSA --size 2048 >/dev/null 2>&1 ;;
    *) "$DAPRCERTS" ca-init --dir ca --kty "$kty" --crv "${ca#*-}" >/dev/null 2>&1 ;;
  esac
  rotations
done
if has_command certtool; then check 'where rotate warns of it GnuTLS does not find the way' test -n "$lost"; fi
finish
