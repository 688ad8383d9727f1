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

# --- names beyond the code page ---------------------------------------------------------------------------------------------
status 0 'a folder with a name of its own' "$DAPRCERTS" ca-init --dir "$WORK/Müller €"
check 'is there' test -s "$WORK/Müller €/issuer.key"
status 0 'as JSON' "$DAPRCERTS" status --json --dir 'Müller €'
same 'Müller €' "$(jq -r .directory "$WORK/out")" 'it has its name'
status 0 'a path in it' "$DAPRCERTS" env-export --format json --token-file 'Müller €/ca.key'
same "$(whole_path "$WORK")/Müller €/ca.key" "$(jq -r .DAPR_SENTRY_TOKEN_FILE "$WORK/out")" 'too'

# --- Windows' own forms of a path: what goes to other programs has its drive, and slashes that a shell lets through ---------
whole=$(whole_path "$WORK")
back=$(printf '%s' "$whole" | tr / '\\')
mkdir a
n=0
for form in "$whole/" "$back\\" "$(printf '%s' "$whole" | sed 's,^\(.\):,/\1,')/" "\\\\?\\$back\\" "${whole%%:*}:" 'a\..\' 'a/..\' './'; do
  n=$((n + 1))
  status 0 "in '${form}ca$n'" "$DAPRCERTS" ca-init --dir "${form}ca$n"
  check 'it is made' test -s "ca$n/issuer.key"
  status 1 'and found' "$DAPRCERTS" ca-init --dir "$whole/ca$n"
  status 0 'helm gets its paths' "$DAPRCERTS" kube-export --format helm-set-file --dir "${form}ca$n"
  has "$WORK/out" "issuer.certPEM=$whole/ca$n/issuer.crt " 'whole'
  same "$whole/ca$n/ca.key" "$(eval $("$DAPRCERTS" env-export --no-cert --token-file "${form}ca$n/ca.key") && printf '%s' "$DAPR_SENTRY_TOKEN_FILE")" \
    'a sidecar the one of its token'
done

# --- %USERPROFILE%, by the shell that Windows has ----------------------------------------------------------------------------
program=$(whole_path "$TOP_BUILDDIR/daprcerts.exe" | tr / '\\')
printf '%s\r\n' '@set HOME=' "@set USERPROFILE=$back\\profile" "@\"$program\" ca-init" '@if errorlevel 1 exit 1' \
  "@\"$program\" kube-export --format helm-set-file --namespace \"\"" >profile.bat
if has_command wine; then set -- wine cmd /c; else set -- cmd //c; fi
status 0 'without HOME' "$@" profile.bat
check 'the usual folder is in %USERPROFILE%' test -s profile/.dapr/certs/issuer.key
has "$WORK/out" "issuer.certPEM=$whole/profile/.dapr/certs/issuer.crt " 'and there it is found again'

# --- files as Windows' editors leave them --------------------------------------------------------------------------------------
printf 'trust-domain = acme\r\nnamespace = shop\r\n' >"$dir/daprcerts.conf"
status 0 'a daprcerts.conf with carriage returns' "$DAPRCERTS" issue edited --stdout --json
same 'spiffe://acme/ns/shop/edited' "$(jq -r .spiffe_id "$WORK/out")" 'is read'
for file in ca.crt issuer.crt issuer.key; do
  sed 's/$/\r/' "$dir/$file" >edited && cp edited "$dir/$file"
done
status 0 'credentials with them' "$DAPRCERTS" issue edited
check 'too' openssl verify -CAfile "$dir/ca.crt" -untrusted edited.crt edited.crt

# --- nothing printed has a carriage return ---------------------------------------------------------------------------------------
for words in 'env-export --format sh' 'env-export --format fish' 'env-export --format powershell' 'env-export --format dotenv' \
  'env-export --format docker' 'env-export --format json' 'status' 'kube-export' 'inspect myapp.crt' 'token --init' 'fingerprint myapp.crt' \
  'rotate --dry-run root' 'verify -v myapp.crt' 'issue --help'; do
  # shellcheck disable=SC2086  # words
  status 0 "$words" "$DAPRCERTS" $words
  no_carriage "$words"
done
finish
