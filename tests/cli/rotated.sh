# SPDX-License-Identifier: Apache-2.0
# What a rotation leaves, judged by openssl and certtool. Sourced after lib.sh and openssl-ca.sh.

STRICT=-x509_strict # emptied where a CA made by others is not what RFC 5280 asks for
CERTTOOL=yes        # emptied where GnuTLS finds no way that is there
has_command certtool || CERTTOOL=

# rotate DIR ARGUMENT...: leaves $WORK/out and $WORK/err.
rotate() {
  rotate_dir=$1
  shift
  "$DAPRCERTS" rotate --dir "$rotate_dir" "$@" >"$WORK/out" 2>"$WORK/err"
}

# rotated N WHAT DIR ARGUMENT...: ends with status N.
rotated() {
  rotated_want=$1 rotated_what=$2
  shift 2
  rotate "$@"
  rotated_got=$?
  if [ "$rotated_got" -eq "$rotated_want" ]; then pass "$rotated_what"; else
    fail "$rotated_what: status $rotated_got, not $rotated_want"
    sed 's/^/# out: /' "$WORK/out"
    sed 's/^/# err: /' "$WORK/err"
  fi
}

# leaf DIR NAME: a workload's certificate with the chain that it carries, as $WORK/NAME.crt.
leaf() { "$DAPRCERTS" issue --dir "$1" --out "$WORK" --force "$2" 2>"$WORK/leaf.err" || sed 's/^/# /' "$WORK/leaf.err"; }

verifies() {
  for verifies_as in sslserver sslclient; do
    openssl verify $STRICT -no-CApath -no-CAstore -purpose "$verifies_as" -CAfile "$1" -untrusted "$2" "$2" || return 1
  done
  [ -z "$CERTTOOL" ] || certtool --verify --load-ca-certificate "$1" --infile "$2"
}

# believed ANCHORS LEAF WHAT: who knows these anchors alone believes the leaf, by the chain that it carries.
believed() { check "$3" verifies "$1" "$2"; }

# unbelieved ANCHORS LEAF WHAT
unbelieved() {
  if verifies "$1" "$2" >"$WORK/verify" 2>&1; then fail "$3"; else
    check "$3" grep -q 'unable to get\|expired\|self-signed certificate\|signature failure' "$WORK/verify"
  fi
}

# fits DIR WHAT: a whole set, as one: keys of their certificates, a client that the anchors verify, modes.
fits() {
  fits_wrong=
  pair_fits "$1/issuer.crt" "$1/issuer.key" || fits_wrong="$fits_wrong issuer.key"
  [ ! -e "$1/ca.key" ] || pair_fits "$1/ca.crt" "$1/ca.key" || fits_wrong="$fits_wrong ca.key"
  pair_fits "$1/client.crt" "$1/client.key" || fits_wrong="$fits_wrong client.key"
  openssl verify $STRICT -no-CApath -no-CAstore -purpose sslclient -CAfile "$1/ca.crt" -untrusted "$1/client.crt" \
    "$1/client.crt" >"$WORK/verify" 2>&1 || fits_wrong="$fits_wrong client.crt"
  openssl verify $STRICT -no-CApath -no-CAstore -CAfile "$1/ca.crt" -untrusted "$1/issuer.crt" "$1/issuer.crt" \
    >>"$WORK/verify" 2>&1 || fits_wrong="$fits_wrong issuer.crt"
  for fits_key in $(open_keys "$1"); do fits_wrong="$fits_wrong $fits_key:mode"; done
  [ ! -e "$1/.daprcerts/next" ] && [ ! -e "$1/.daprcerts/before" ] || fits_wrong="$fits_wrong left-over"
  if [ -z "$fits_wrong" ]; then pass "$2"; else
    fail "$2:$fits_wrong"
    sed 's/^/# /' "$WORK/verify"
  fi
}

# counts DIR ANCHORS CHAIN WHAT: how many certificates ca.crt and issuer.crt hold.
counts() { same "$2 $3" "$(grep -c BEGIN "$1/ca.crt") $(grep -c BEGIN "$1/issuer.crt")" "$4"; }

# nth N FILE: its Nth certificate.
nth() { awk -v n="$1" '/BEGIN/ { at++ } at == n && /BEGIN/, /END/ { if (at == n) print }' "$2"; }

# print FILE [N]: the fingerprint of its Nth certificate.
print() { nth "${2:-1}" "$1" | openssl x509 -noout -fingerprint -sha256; }

# whole DIR: all that is there, to be compared.
whole() { (cd "$1" && find . ! -name lock -exec ls -ld {} \; | awk '{ print $1, $3, $NF }' | LC_ALL=C sort &&
  find . -type f ! -name lock -exec cksum {} \; | LC_ALL=C sort); }

# credentials DIR: what a sentry and a rotation go by.
credentials() { (cd "$1" && cksum ./*.crt ./*.key && cat .daprcerts/state 2>/dev/null); }

# said FILE KEY...: what stands in the JSON object of the file, such as `said out steps 0 step`.
said() {
  "$PYTHON" - "$@" <<'PY'
import json, sys
at = json.load(open(sys.argv[1]))
for key in sys.argv[2:]:
    at = at[int(key)] if isinstance(at, list) else at[key]
print(json.dumps(at) if isinstance(at, (dict, list)) or at is None or isinstance(at, bool) else at)
PY
}
find_python json

# state DIR NAME DATE: the state says so.
state() { sed -i "s/^$2 = .*/$2 = $3/" "$1/.daprcerts/state"; }
