#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# daprcerts-fetch against a server that misbehaves (python), with certificates by openssl.
. "${TOP_SRCDIR:?}/tests/cli/lib.sh"

status 2 'without a URL' "$DAPRCERTS" fetch
has "$WORK/err" "option '--url' is needed" 'it is told'
for url in ftp://127.0.0.1/ file:///etc/passwd 127.0.0.1/set '' 'http://a b/'; do
  status 1 "the URL '$url'" "$DAPRCERTS" fetch --url "$url"
  has "$WORK/err" 'daprcerts fetch: the URL must begin with http:// or https://' 'is refused'
done
status 1 'nobody listens' "$DAPRCERTS" fetch --url http://127.0.0.1:1/set
has "$WORK/err" "daprcerts fetch: cannot fetch 'http://127.0.0.1:1/set': Failed to connect" 'it is told'

if ! has_command python3 || ! has_command openssl; then
  skip 'a server' 'no peer: python3 and openssl'
  finish
fi

# --- the server ---------------------------------------------------------------------------------------------------------
# certificate NAME OPTION...: $WORK/NAME.crt and .key
certificate() {
  cert_name=$1
  shift
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -keyout "$WORK/$cert_name.key" \
    -out "$WORK/$cert_name.crt" "$@" 2>"$WORK/openssl.err" || { fail "openssl makes $cert_name"; cat "$WORK/openssl.err"; }
}
certificate ca -subj /CN=ca
certificate other -subj /CN=other
certificate server -subj /CN=server -addext subjectAltName=DNS:localhost -CA "$WORK/ca.crt" -CAkey "$WORK/ca.key" \
  -addext basicConstraints=critical,CA:FALSE

mkfifo "$WORK/ports"
python3 "$TOP_SRCDIR/tests/cli/http_peer.py" "$WORK/server.crt" "$WORK/server.key" >"$WORK/ports" &
peer=$!
trap 'kill "$peer" 2>/dev/null; rm -rf "$WORK"' EXIT
read -r plain secure old <"$WORK/ports"
http=http://127.0.0.1:$plain
https=https://localhost:$secure
check 'the server serves' test -n "$old"

fetch() { "$DAPRCERTS" fetch --timeout 60s --url "$@"; }

# fails WHAT WORDS URL OPTION...: status 1, nothing on standard output, the words on standard error.
fails() {
  fails_what=$1 fails_words=$2
  shift 2
  status 1 "$fails_what" fetch "$@"
  same '' "$(cat "$WORK/out")" "$fails_what: nothing is printed"
  has "$WORK/err" "$fails_words" "$fails_what: $fails_words"
}

# --- an answer ----------------------------------------------------------------------------------------------------------
# aged SECONDS QUERY
aged() {
  same "max-age $1
{\"keys\":[]}" "$(fetch "$http/set?$2")" "max-age $1 by '$2'"
}
aged -1 ''
aged 600 'Cache-Control=max-age%3D600'
aged 600 'Cache-Control=public,%20Max-Age%3D600%20,%20immutable'
aged 600 'Cache-Control=max-age%3D%22600%22'
aged 600 'Cache-Control=private%3D%22a,max-age%3D1%22,max-age%3D600'
aged 600 'Cache-Control=a%3D%22%5C%22,max-age%3D1%22,max-age%3D600'
aged 600 'Cache-Control=public&Cache-Control=max-age%3D600'
aged 600 'Cache-Control=max-age%3D600,max-age%3D700'
aged 0 'Cache-Control=max-age%3D0'
aged 0 'Cache-Control=no-store'
aged 0 'Cache-Control=max-age%3D600,No-Cache'
aged -1 'Cache-Control=max-age%3Dlong'
aged -1 'Cache-Control=max-age%3D'
aged -1 'Cache-Control=max-age%3D-5'
aged -1 'Cache-Control=s-maxage%3D600,x-max-age%3D5'
aged 2147483648 'Cache-Control=max-age%3D99999999999999999999999'
aged 2147483648 'Cache-Control=max-age%3D18446744073709551621'
aged 2147483648 'Expires=Fri,%2031%20Dec%209999%2023:59:59%20GMT'
aged 0 'Expires=Thu,%2001%20Jan%202015%2000:00:00%20GMT'
aged 0 'Expires=0'
aged 600 'Cache-Control=max-age%3D600&Expires=0'
same 'max-age -1' "$(fetch "$http/bytes/0")" 'an empty answer is one'
status 0 'what the server is asked' fetch "$http/echo?a=b"
has "$WORK/out" 'GET /echo?a=b HTTP/1.1' 'the path and the query'
has "$WORK/out" 'User-Agent: daprcerts/' 'by whom'
has "$WORK/out" 'Host: 127.0.0.1' 'and of whom'
lacks "$WORK/out" Authorization 'with no password'

# --- what is refused ----------------------------------------------------------------------------------------------------
fails 'a page that is not there' "cannot fetch '$http/status/404': the server answered with status 404" "$http/status/404"
fails 'a long page that says so' 'status 404' "$http/status/404" --max-bytes 5
fails 'a server in trouble' 'status 503' "$http/status/503"
fails 'a redirect without a place' 'status 302' "$http/status/302"
fails 'an answer that is cut' ' 88 bytes ' "$http/short"
fails 'an answer without an end' 'more than the accepted 1048576 bytes' "$http/endless"
fails 'one byte too many' 'more than the accepted 1000 bytes' "$http/bytes/1001" --max-bytes 1000
same "$((11 + 1000))" "$(fetch "$http/bytes/1000" --max-bytes 1000 | wc -c | tr -d " ")" "as many as accepted"
fails 'a server that is silent' 'timed out' "$http/silent" --timeout 300ms
fails 'a server that is slow' 'timed out' "$http/drip" --timeout 300ms
status 0 'the longest time there is' fetch "$http/set" --timeout 2562047h47m16.854775807s
status 1 'a disk that is full' sh -c '"$1" fetch --url "$2" >/dev/full' sh "$DAPRCERTS" "$http/set"

# --- redirects ------------------------------------------------------------------------------------------------------------
same 'max-age -1
{"keys":[]}' "$(fetch "$http/hops/10")" 'ten redirects are followed'
fails 'eleven redirects' 'Maximum (10) redirects followed' "$http/hops/11"
fails 'a circle' 'Maximum (10) redirects followed' "$http/loop"
fails 'to a file' 'Protocol "file" ' "$http/to?url=file:///etc/passwd"
fails 'to another protocol' 'Protocol "ftp" ' "$http/to?url=ftp://127.0.0.1/"
fails 'from https to http' 'Protocol "http" ' "$https/to?url=$http/set" --ca-certificate "$WORK/ca.crt"
check 'from http to https' fetch "$http/to?url=$https/set" --ca-certificate "$WORK/ca.crt"

# --- secrets in a URL -----------------------------------------------------------------------------------------------------
userinfo=http://user:hidden@127.0.0.1:$plain
status 0 'a password in the URL' fetch "$userinfo/echo?key=hidden"
has "$WORK/out" "Authorization: Basic $(printf user:hidden | openssl base64)" 'is sent'
fails 'one that fails' "cannot fetch '$http/status/403': " "$userinfo/status/403?key=hidden#hidden"
lacks "$WORK/err" hidden 'is not shown'
printf '%s\n' "$http/set" >"$WORK/url"
same 'max-age -1' "$(fetch - <"$WORK/url" | head -n 1)" 'the URL on standard input'
fails 'no URL on standard input' 'the URL must begin' - </dev/null

# --- proxies of the environment, which Dapr does not ask either -------------------------------------------------------------
same 'max-age -1' "$(http_proxy=http://127.0.0.1:1 all_proxy=http://127.0.0.1:1 "$DAPRCERTS" fetch --url "$http/set" | head -n 1)" \
  'no proxy is used'

# --- TLS ------------------------------------------------------------------------------------------------------------------
check 'with the CA in a file' fetch "$https/set" --ca-certificate "$WORK/ca.crt"
check 'with the CA on standard input' sh -c '"$1" fetch --url "$2" --ca-certificate - <"$3"' \
  sh "$DAPRCERTS" "$https/set" "$WORK/ca.crt"
{ echo "$https/set"; cat "$WORK/other.crt" "$WORK/ca.crt"; } >"$WORK/both"
check 'both on standard input' sh -c '"$1" fetch --url - --ca-certificate - <"$2"' sh "$DAPRCERTS" "$WORK/both"
untrusted=' verification failed'
fails 'an unknown CA' "$untrusted" "$https/set"
fails 'another CA' "$untrusted" "$https/set" --ca-certificate "$WORK/other.crt"
fails 'another CA on standard input' "$untrusted" "$https/set" --ca-certificate - <"$WORK/other.crt"
fails 'another name' 'does not match' "https://127.0.0.1:$secure/set" --ca-certificate "$WORK/ca.crt"
fails 'a CA that is not there' "cannot fetch '$https/set'" "$https/set" --ca-certificate "$WORK/none"
fails 'a CA that is none' "cannot fetch '$https/set'" "$https/set" --ca-certificate "$WORK/url"
fails 'no CA on standard input' "cannot fetch '$https/set'" "$https/set" --ca-certificate - </dev/null
fails 'a server that does not speak TLS' "cannot fetch 'https://127.0.0.1:$plain/set'" "https://127.0.0.1:$plain/set"
old_tls="https://localhost:$old/set"
if ! has_command curl; then
  skip 'a server of TLS 1.1' 'no peer: curl'
elif ! curl -s --cacert "$WORK/ca.crt" --tlsv1.1 --ciphers DEFAULT@SECLEVEL=0 "$old_tls" >/dev/null 2>&1; then
  skip 'a server of TLS 1.1' 'no peer: a curl that speaks TLS 1.1'
else
  fails 'a server of TLS 1.1' "cannot fetch '$old_tls'" "$old_tls" --ca-certificate "$WORK/ca.crt"
fi
if ! has_command strace; then
  skip 'the system trusts are left out' 'no peer: strace'
else
  opened() { strace -f -o "$WORK/trace" -e trace=openat "$DAPRCERTS" fetch --url "$https/set" "$@" >/dev/null 2>&1; }
  opened
  has "$WORK/trace" /etc/ssl/certs 'without a CA those of the system count'
  opened --ca-certificate "$WORK/ca.crt"
  lacks "$WORK/trace" '"/etc/ssl/certs' 'with a CA it alone'
fi
finish
