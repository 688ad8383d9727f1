#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The offline tools on Windows, in wine or in a shell of MSYS2, judged by openssl.
. "${TOP_SRCDIR:?}/tests/cli/lib.sh"

carriage=$(printf '\r')
no_carriage() { if grep -q "$carriage" "$WORK/out" "$WORK/err"; then fail "$1: a carriage return"; else pass "$1: no carriage return"; fi; }

status 0 '--version' "$DAPRCERTS" --version
no_carriage '--version'
status 2 'an exit status comes through the dispatcher' "$DAPRCERTS" issue --no-such-option
no_carriage 'a message'

# --- a CA, and what is in it ----------------------------------------------------------------------------------------
dir=$HOME/.dapr/certs
status 0 'ca-init in the home folder' "$DAPRCERTS" ca-init
no_carriage 'ca-init'
check 'openssl verifies the issuer' openssl verify -x509_strict -CAfile "$dir/ca.crt" "$dir/issuer.crt"
check 'and the client' openssl verify -x509_strict -purpose sslclient -CAfile "$dir/ca.crt" -untrusted "$dir/client.crt" \
  "$dir/client.crt"
if grep -q "$carriage" "$dir"/*.crt "$dir"/*.key "$dir"/daprcerts.conf; then fail 'files: a carriage return'; else
  pass 'files: no carriage return'
fi
status 1 'ca-init does not replace it' "$DAPRCERTS" ca-init
has "$WORK/err" "holds credentials already" 'which is told'
status 0 'status' "$DAPRCERTS" status --json
check 'is JSON' jq -e .directory "$WORK/out"

# --- env-export -----------------------------------------------------------------------------------------------------
status 0 'env-export' "$DAPRCERTS" env-export
no_carriage 'env-export'
same "$(cat "$dir/ca.crt")" "$(eval "$("$DAPRCERTS" env-export)" && printf '%s' "$DAPR_TRUST_ANCHORS")" \
  'a shell reads the trust anchors'
same "$(cat "$dir/client.key")" "$(eval "$("$DAPRCERTS" env-export)" && printf '%s' "$DAPR_CERT_KEY")" 'and the key'

# --- issue, rotate and back -----------------------------------------------------------------------------------------
cd "$WORK" || exit 99
status 0 'issue' "$DAPRCERTS" issue myapp
check 'openssl verifies it' openssl verify -CAfile "$dir/ca.crt" -untrusted myapp.crt myapp.crt
status 1 'not twice' "$DAPRCERTS" issue myapp
status 0 'but by force' "$DAPRCERTS" issue myapp --force
before=$(cat "$dir/issuer.crt")
status 0 'a new issuer' "$DAPRCERTS" rotate issuer
if [ "$before" = "$(cat "$dir/issuer.crt")" ]; then fail 'is another'; else pass 'is another'; fi
check 'openssl verifies that one' openssl verify -x509_strict -CAfile "$dir/ca.crt" "$dir/issuer.crt"
status 0 'the way back' "$DAPRCERTS" rotate rollback
same "$before" "$(cat "$dir/issuer.crt")" 'leads to the one before'

# --- names beyond the code page, and Windows' own forms of a path --------------------------------------------------------
status 0 'a folder with a name of its own' "$DAPRCERTS" ca-init --dir "$WORK/Müller €"
check 'is there' test -s "$WORK/Müller €/issuer.key"
mkdir -p "$WORK/a/b"
status 0 'backslashes' "$DAPRCERTS" ca-init --dir "a\\b\\ca"
check 'separate' test -s "$WORK/a/b/ca/issuer.key"
finish
