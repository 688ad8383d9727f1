#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# daprcerts fingerprint: its notations, what it finds, and its refusals; hashes by openssl.
. "${TOP_SRCDIR:?}/tests/cli/lib.sh"
. "$TOP_SRCDIR/tests/cli/openssl-ca.sh"
cd "$WORK" || exit 1

# hash ALGORITHM CERT: by openssl, lower-case, without colons.
hash() { openssl x509 -in "$2" -noout -fingerprint "-$1" | sed 's/.*=//; s/://g' | tr '[:upper:]' '[:lower:]'; }
# der CERT
der() { openssl x509 -in "$1" -outform DER; }
# printed WANT WHAT ARGUMENT...
printed() {
  printed_want=$1 printed_what=$2
  shift 2
  same "$printed_want" "$("$DAPRCERTS" fingerprint "$@" 2>err; cat err)" "$printed_what"
}

guide_ca guide
step_ca step
crt=guide/ca.crt
printed "$(hash sha256 $crt)" 'a file' $crt
printed "$(hash sha256 $crt)" 'standard input' - <$crt
printed "$(hash sha256 $crt)" 'which is what is read without an operand' <$crt
der $crt >ca.der
printed "$(hash sha256 $crt)" 'DER' ca.der
printed "$(der $crt | openssl dgst -sha256 -binary | openssl base64 -A)" 'base64' --format base64 $crt
url=$(der $crt | openssl dgst -sha256 -binary | openssl base64 -A | tr '+/' '-_')
printed "$url" 'base64-url' --format base64-url $crt
printed "${url%=}" 'base64-url-raw' --format base64-url-raw $crt
raw=$(der $crt | openssl dgst -sha256 -binary | openssl base64 -A)
printed "${raw%=}" 'base64-raw' --format base64-raw $crt
printed "$(hash sha1 $crt)" 'SHA-1, told that it is insecure' --sha1 --insecure $crt

# --- what is in a file --------------------------------------------------------------------------------------------------
{ echo; cat guide/issuer.key; echo 'text'; cat step/issuer.crt; echo; cat $crt; echo; } >all.pem
printed "$(hash sha256 step/issuer.crt)" 'the first certificate, behind a key and text' all.pem
printed "0: $(hash sha256 step/issuer.crt)
1: $(hash sha256 $crt)" 'each of a bundle' --bundle all.pem
openssl req -new -key guide/issuer.key -subj /CN=x -out x.csr 2>/dev/null
want=$(openssl req -in x.csr -outform DER | openssl dgst -sha256 | sed 's/.* //')
printed "$want" 'a request' x.csr
sed 's/CERTIFICATE REQUEST/CERTIFICATE/' x.csr >old.csr
printed "$want" 'a request labelled as a certificate, as old sidecars write it' old.csr
"$DAPRCERTS" ca-init 2>/dev/null
"$DAPRCERTS" issue myapp --out . 2>/dev/null
"$DAPRCERTS" issue myapp --stdout 2>/dev/null | "$DAPRCERTS" fingerprint --bundle >out 2>err
same 2 "$(wc -l <out | tr -d ' ')" 'the certificates that issue prints'

# --- refusals -------------------------------------------------------------------------------------------------------------
# refused STATUS TEXT WHAT ARGUMENT...
refused() {
  refused_status=$1 refused_text=$2 refused_what=$3
  shift 3
  status "$refused_status" "$refused_what" "$DAPRCERTS" fingerprint "$@"
  has err "$refused_text" 'with its reason'
  same '' "$(cat out)" 'and nothing on standard output'
}
refused 2 "'--sha1' requires '--insecure'" 'SHA-1 as if it were good' --sha1 $crt
refused 2 "'emoji' is none of hex" 'emoji' --format emoji $crt
refused 2 "'hax' is none of hex" 'a notation that is none' --format hax $crt
refused 2 operand 'two files' $crt $crt
refused 1 "'guide/issuer.key'" 'a key alone' guide/issuer.key
lacks err "$(sed -n 2p guide/issuer.key)" 'of which nothing is shown'
refused 1 "'none.crt'" 'a file that is not there' none.crt
head -n 5 $crt >cut.crt
refused 1 "'cut.crt'" 'a certificate that is broken off' cut.crt
refused 1 'is no address' 'an address without a host' https:///x
refused 1 'ftp://x' 'another scheme' ftp://x

# --- a server ----------------------------------------------------------------------------------------------------------------
find_python ssl
if [ -z "$PYTHON" ]; then
  skip 'a server' 'no peer: python3'
else
  cat >serve.py <<'PY'
import socket, ssl, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
context.set_alpn_protocols(["h2", "http/1.1"])
if len(sys.argv) > 3: # wants a certificate of the client's, and says so before the handshake is over
    context.verify_mode = ssl.CERT_REQUIRED
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(sys.argv[3])
names = open("names", "w")
context.sni_callback = lambda conn, name, context: print(name, file=names, flush=True)
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
while True:
    conn, _ = server.accept()
    try: context.wrap_socket(conn, server_side=True).recv(1)
    except OSError: pass
    conn.close()
PY
  "$DAPRCERTS" issue web --san web.test --san 127.0.0.1 --out . 2>/dev/null
  mkfifo port
  "$PYTHON" serve.py web.crt web.key >port 2>serve.err &
  server=$!
  trap 'kill $server 2>/dev/null; rm -rf "$WORK"' EXIT
  read -r at <port
  web=$(hash sha256 web.crt)
  printed "$web" 'host and port, by the anchors of the usual directory' "127.0.0.1:$at"
  printed "$web" 'https, for an address that its certificate bears' "https://127.0.0.1:$at/path"
  printed "$web" 'https, for a name' --servername web.test "https://127.0.0.1:$at"
  same web.test "$(tail -n 1 names)" 'which the server was asked for'
  printed "$web" 'anchors that are named' --roots "$HOME/.dapr/certs/ca.crt" "tls://127.0.0.1:$at"
  printed "$web" 'a directory of anchors' --roots "$HOME/.dapr/certs" "127.0.0.1:$at"
  mkdir many && cp guide/ca.crt many/1.pem && cp "$HOME/.dapr/certs/ca.crt" many/2.pem && echo x >many/README
  printed "$web" 'a directory of many' --roots many "127.0.0.1:$at"
  printed "$web" 'a list of them' --roots "guide/ca.crt,$HOME/.dapr/certs/ca.crt" "127.0.0.1:$at"
  refused 1 'leads to no trust anchor' 'anchors of others' --roots guide/ca.crt "127.0.0.1:$at"
  refused 1 "it is not for 'other.test'" 'https, for another name' --servername other.test "https://127.0.0.1:$at"
  printed "$web" 'any of it with --insecure' --roots guide/ca.crt --insecure --servername other.test "https://127.0.0.1:$at"
  DAPR_TRUST_ANCHORS=$(cat guide/ca.crt)
  export DAPR_TRUST_ANCHORS
  refused 1 'leads to no trust anchor' 'anchors of the environment come before those of the directory' "127.0.0.1:$at"
  unset DAPR_TRUST_ANCHORS
  mv "$HOME/.dapr" away
  refused 1 '--roots names them' 'no anchors anywhere' "127.0.0.1:$at"
  mv away "$HOME/.dapr"
  cp $crt "127.0.0.1:$at"
  printed "$(hash sha256 $crt)" 'a file of that name comes first' "127.0.0.1:$at"
  rm "127.0.0.1:$at"
  kill "$server"
  wait "$server" 2>/dev/null
  refused 1 "'127.0.0.1:$at'" 'nobody there' "127.0.0.1:$at"
  openssl s_server -accept 127.0.0.1:0 -naccept 1 -www -cert web.crt -cert_chain web.crt -key web.key -alpn http/1.1 \
    >port 2>&1 </dev/null &
  server=$!
  while read -r word at; do [ "$word" = ACCEPT ] && break; done <port
  printed "$web" 'a web server without HTTP/2, which minds' "127.0.0.1:${at##*:}"
  wait "$server"
  "$PYTHON" serve.py web.crt web.key guide/ca.crt >port 2>serve.err &
  server=$!
  read -r at <port
  printed "$web" 'a server that wants to see a certificate of ours has shown its own' "127.0.0.1:$at"
  kill "$server"
  wait "$server" 2>/dev/null
fi
finish
