#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The audit log: a line for each certificate, read by jq and held against the certificate by openssl.
. "${TOP_SRCDIR:?}/tests/cli/lib.sh"
. "$TOP_SRCDIR/tests/interop/server.sh"
cd "$WORK" || exit 1
make_ca

asks() { "$DAPRCERTS" issue "$@" --sentry "$SENTRY_ADDR" --force; }

umask 022
start_sentry --audit-log audit.json
if on_windows; then
  skip 'the file is made for its owner alone' "$NO_MODES"
else
  same 600 "$(stat -c %a audit.json)" 'the file is made for its owner alone'
fi
status 0 'a certificate' asks web
same 1 "$(wc -l <audit.json)" 'makes one line, which is there when the answer is'
status 1 'a refusal' asks dapr-sentry --trust-domain localhost
has "$WORK/err" 'PERMISSION_DENIED' 'by the server'
same 1 "$(wc -l <audit.json)" 'makes none'
if has_command jq; then
  field() { jq -r ".$1" audit.json; }
  same 'spiffe://public/ns/default/web' "$(field spiffe_id)" 'who'
  same "$(openssl x509 -in web.crt -noout -serial | sed 's/serial=//' | tr A-F a-f)" "$(field serial)" 'which serial'
  same "$(openssl x509 -in web.crt -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum | cut -d' ' -f1)" \
    "$(field key_sha256)" 'which key'
  for end in not_before:startdate not_after:enddate; do
    same "$(date -u -d "$(openssl x509 -in web.crt -noout "-${end#*:}" | cut -d= -f2)" +%Y-%m-%dT%H:%M:%SZ)" \
      "$(field "${end%:*}")" "its ${end%:*}"
  done
  same INSECURE "$(field validator)" 'by which validator'
  check 'from where' sh -c "jq -e '.peer | test(\"^127\\\\.0\\\\.0\\\\.1:[0-9]+$\")' audit.json"
  check 'nothing else' jq -e 'keys == ["key_sha256","not_after","not_before","peer","request","serial","spiffe_id","time","validator"]' audit.json
else
  skip 'what the line says' 'no peer: jq'
fi

mv audit.json audit.json.1
status 0 'a certificate after the file was moved' asks shop
same 2 "$(wc -l <audit.json.1)" 'is still told to the moved file'
if hup; then
  check 'SIGHUP is answered' logged 'the credentials are unchanged' # by then the file is in use
  status 0 'one after SIGHUP' asks shop
  same 1 "$(wc -l <audit.json)" 'is told to a new file'
else
  skip 'one after SIGHUP' "$NO_HUP"
  head -n 1 audit.json.1 >audit.json
fi
stop_sentry
start_sentry --audit-log audit.json
asks web >/dev/null 2>&1
same 2 "$(wc -l <audit.json)" 'a new start appends'
stop_sentry

# --- a full disk -------------------------------------------------------------------------------------------------------
if [ -c /dev/full ]; then
  start_sentry --audit-log /dev/full
  status 0 'a full disk: the certificate is handed out' asks web
  has sentry.log 'handed out without its line in the audit log' 'with an error in the log'
  stop_sentry
  start_sentry --audit-log /dev/full --audit-failure refuse
  rm -f web.crt
  status 1 'with --audit-failure refuse it is not' asks web
  has "$WORK/err" 'failed to sign certificate' 'the caller is told that it failed'
  check 'and has nothing' test ! -e web.crt
  has sentry.log "cannot write to the audit log '/dev/full'" 'the log says why'
  stop_sentry
else
  skip 'a full disk' 'no /dev/full on this machine'
fi
status 1 'a file that cannot be opened ends the start' "$DAPRCERTS" sentry --port 0 --audit-log "$WORK/no/audit"
has "$WORK/err" "cannot open the audit log '$WORK/no/audit'" 'with why'
status 2 'a word that is none' "$DAPRCERTS" sentry --port 0 --audit-failure ignore
finish
