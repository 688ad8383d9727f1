#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The README's table of what people type today and what they type with us: each row's commands are run as they stand
# there, and compared. A row that nobody compares fails. Of kubectl, helm and the Dapr CLI, which want a cluster, only
# what they are given is looked at.
. "${TOP_SRCDIR:?}/tests/interop/go-home.sh"
. "$TOP_SRCDIR/tests/cli/lib.sh"
. "$TOP_SRCDIR/tests/interop/server.sh"
. "$TOP_SRCDIR/tests/cli/openssl-ca.sh"
cd "$WORK" || exit 1
PATH=$PATH:${XDG_CACHE_HOME:-$HOME_OF_USER/.cache}/daprcerts # step, where fetch-peers.sh has built it
free='--port 0 --healthz-port 0 --metrics-port 0'

# daprcerts and sentry by these names; a sentry gets free ports. kubectl and helm keep what they are given.
mkdir bin
printf '#!/bin/sh\ncase $1 in sentry) shift; set -- sentry %s --ready-file "%s/ready" --pid-file "%s/pid" "$@" ;; esac\nexec "%s" "$@"\n' \
  "$free" "$WORK" "$WORK" "$DAPRCERTS" >bin/daprcerts
printf '#!/bin/sh\nexec daprcerts sentry "$@"\n' >sentry
printf '#!/bin/sh\necho "$*" >kubectl.words\ncase $1 in apply) cat >applied ;; get) cat secret.yaml ;; esac\n' >bin/kubectl
printf '#!/bin/sh\nfor word in "$@"; do echo "$word"; done >helm.words\n' >bin/helm
chmod +x bin/* sentry
PATH=$WORK/bin:$PATH

# The directory of a row: a CA, a chain web.crt and a request web.csr; the CA is where every tool looks for it, too.
"$DAPRCERTS" ca-init --dir row >/dev/null 2>&1
"$DAPRCERTS" issue web --dir row --out row --san web >/dev/null 2>&1
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout row/csr.key -subj /CN=web -out row/web.csr 2>/dev/null
"$DAPRCERTS" kube-export --dir row >row/secret.yaml
mv row/daprcerts.conf "$WORK"
begin() {
  rm -rf "$HOME/.dapr" a b
  mkdir -p "$HOME/.dapr"
  cp -R row a
  cp -R row b
  cp -R row "$HOME/.dapr/certs"
  cp "$WORK/sentry" a
}
# today, ours: the row's commands, in folders of their own; their streams are a.out, b.out, a.err, b.err.
today() { (cd a && sh -c "$today") >a.out 2>a.err; }
ours() { (cd b && sh -c "$ours") >b.out 2>b.err; }
succeeds() {
  if "$1"; then pass "$row: $1"; else
    fail "$row: $1: status $?"
    sed 's/^/# /' ./?.err
  fi
}
# both: both succeed. With a peer that is missing the row is skipped.
both() {
  has_command "${today%% *}" || { skip "$row" "no peer: ${today%% *}"; return 1; }
  succeeds today
  succeeds ours
}
# lasts FILE: until when, in seconds, by python's reading of openssl's
extension() { openssl x509 -in "$1" -noout -ext "$2" 2>/dev/null | sed 1d | tr -d ' '; }
days() { echo $((($(date -u -d "$(openssl x509 -in "$1" -noout -enddate | cut -d= -f2)" +%s) - $(date +%s) + 43200) / 86400)); }

# served DIR: by what runs, a chain that leads to its ca.crt, with sentry's name
served() {
  openssl s_client -connect "$(at grpc)" -alpn h2 -CAfile "$1/ca.crt" -verify_return_error </dev/null 2>/dev/null |
    openssl x509 -noout -ext subjectAltName 2>/dev/null | grep -o 'spiffe://[^,]*'
}
# runs WHO: a command that is a server, until it serves
runs() {
  rm -f ready
  "$1" &
  SENTRY_PID=$!
  awaited [ -s ready ]
}

compare() {
  begin
  case $ours in
    'daprcerts ca-init --trust-domain cluster.local')
      rm -rf a/*.crt a/*.key "$HOME/.dapr"
      has_command step || { skip "$row" 'no peer: step'; return; }
      today="$today && step certificate create cluster.local issuer.crt issuer.key --ca ca.crt --ca-key ca.key --profile intermediate-ca --not-after 8760h --no-password --insecure"
      both
      for dir in a "$HOME/.dapr/certs"; do
        check "$row: sentry takes it" "$DAPRCERTS" sentry --check --issuer-credentials "$dir"
        check "$row: step verifies it" step certificate verify "$dir/issuer.crt" --roots "$dir/ca.crt"
        same 365 "$(days "$dir/issuer.crt")" "$row: for a year"
      done
      ;;
    *--issuer-conf*)
      rm -rf "$HOME/.dapr" b
      guide_conf b
      guide_ca c
      succeeds ours
      for name in ca issuer; do
        for extension in basicConstraints keyUsage extendedKeyUsage subjectAltName; do
          same "$(extension c/$name.crt $extension)" "$(extension "$HOME/.dapr/certs/$name.crt" $extension)" "$row: $name: $extension"
        done
        same "$(openssl x509 -in c/$name.crt -noout -subject)" "$(openssl x509 -in "$HOME/.dapr/certs/$name.crt" -noout -subject)" "$row: $name: subject"
      done
      rm -rf c
      ;;
    'daprcerts sentry '*)
      for who in today ours; do
        runs $who
        same 'spiffe://cluster.local/ns/default/dapr-sentry' "$(served "$HOME/.dapr/certs")" "$row: $who serves"
        check "$row: $who ends" "$DAPRCERTS" sentry --stop --pid-file pid
        wait "$SENTRY_PID"
      done
      SENTRY_PID=
      ;;
    *env-export*)
      today=$(printf '%s\n' "$today" | tr -d '\140' | sed 's/=\(cat .*[^ ]\) *$/=$(\1)/')
      same "$(sh -c "$today; "'echo "$DAPR_TRUST_ANCHORS"')" "$(sh -c "$ours; "'echo "$DAPR_TRUST_ANCHORS"')" "$row: the same value"
      check "$row: which is there" sh -c "$ours; "'test -n "$DAPR_TRUST_ANCHORS" -a -n "$DAPR_CERT_CHAIN" -a -n "$DAPR_CERT_KEY" -a -n "$NAMESPACE"'
      ;;
    'daprcerts issue web --san web')
      rm a/web.* b/web.*
      both || return
      for dir in a b; do
        check "$row: $dir: it leads to the root" openssl verify -CAfile row/ca.crt -untrusted $dir/web.crt -verify_hostname web $dir/web.crt
        same 'TLSWebServerAuthentication,TLSWebClientAuthentication' "$(extension $dir/web.crt extendedKeyUsage)" "$row: $dir: usage"
        check "$row: $dir: its key" pair_fits $dir/web.crt $dir/web.key
      done
      ;;
    *--csr*)
      both || return
      for out in a.out b.out; do
        check "$row: $out leads to the root" openssl verify -CAfile row/ca.crt -untrusted $out $out
        same "$(openssl req -in row/web.csr -noout -pubkey)" "$(openssl x509 -in $out -noout -pubkey)" "$row: $out: the request's key"
      done
      ;;
    *--short)
      both || return
      same "$(grep -v Issuer a.out)" "$(grep -v Issuer b.out)" "$row: the same lines" # step prints CNs alone
      ;;
    'daprcerts inspect '*)
      both || return
      # names are written otherwise, as by openssl 1.0's successors in time; what comes after it is ours
      sed 's/ = /=/g; s/ *$//; /Requested Extensions:/d' a.out >a.text
      sed '/^Dapr:/,$d' b.out >b.text
      same "$(cat a.text)" "$(cat b.text)" "$row: the same text"
      has b.out 'Dapr:' "$row: and what Dapr makes of it"
      ;;
    'daprcerts verify '*)
      both || return
      same '' "$(cat b.out b.err)" "$row: silent"
      "$DAPRCERTS" ca-init --dir other >/dev/null 2>&1
      cp other/ca.crt a
      cp other/ca.crt b
      rm -rf other
      if today; then fail "$row: today fails with another root"; else pass "$row: today fails with another root"; fi
      if ours; then fail "$row: ours too"; else pass "$row: ours too"; fi
      ;;
    'daprcerts fingerprint '*)
      both || return
      same "$(sed 's/.*=//; s/://g' a.out | tr 'A-F' 'a-f')" "$(cat b.out)" "$row: the same"
      ;;
    *--needs-renewal*)
      has_command step || { skip "$row" 'no peer: step'; return; }
      today
      same 1 $? "$row: today: not yet"
      ours
      same 1 $? "$row: ours likewise"
      "$DAPRCERTS" issue web --dir row --out a --ttl 60s --not-before -1h --force >/dev/null 2>&1
      cp a/web.crt b
      today
      same 0 $? "$row: today: it does"
      ours
      same 0 $? "$row: ours likewise"
      ;;
    *--expires-in*)
      today
      same 0 $? "$row: today: far off"
      ours
      same 0 $? "$row: ours likewise"
      rm -rf "$HOME/.dapr"
      "$DAPRCERTS" ca-init --days 20 >/dev/null 2>&1
      cp "$HOME/.dapr/certs/issuer.crt" a
      today
      same 1 $? "$row: today: it ends within thirty days"
      ours
      same 4 $? "$row: ours likewise"
      ;;
    'daprcerts status')
      succeeds ours
      has b.out "$(openssl x509 -in row/ca.crt -noout -enddate | sed 's/.* \([0-9]\{4\}\) .*/\1/')" "$row: it tells the root's end"
      ;;
    *kube-import*)
      rm -rf "$HOME/.dapr"
      succeeds ours
      same 'get secret dapr-trust-bundle -n dapr-system -o yaml' "$(cat b/kubectl.words)" "$row: kubectl is asked for it"
      for name in ca.crt issuer.crt issuer.key; do
        check "$row: $name" cmp "row/$name" "$HOME/.dapr/certs/$name"
      done
      ;;
    'daprcerts rotate root --valid-until 365')
      succeeds ours
      same '365 365' "$(days "$HOME/.dapr/certs/ca.crt") $(days "$HOME/.dapr/certs/issuer.crt")" "$row: root and issuer for so long"
      check "$row: who knows the old root goes on" openssl verify -CAfile row/ca.crt -untrusted "$HOME/.dapr/certs/issuer.crt" "$HOME/.dapr/certs/issuer.crt"
      ;;
    *--private-key*)
      openssl ecparam -genkey -name prime256v1 -noout -out b/root.key
      succeeds ours
      check "$row: the root has that key" pair_fits "$HOME/.dapr/certs/ca.crt" b/root.key
      ;;
    *--ca-root-certificate*)
      guide_ca b/new
      succeeds ours
      for name in ca.crt issuer.crt issuer.key; do
        check "$row: $name" sh -c "openssl pkey -in b/new/$name -noout 2>/dev/null || [ \"\$(openssl x509 -in b/new/$name -noout -fingerprint)\" = \"\$(openssl x509 -in '$HOME/.dapr/certs/$name' -noout -fingerprint)\" ]"
      done
      check "$row: the key" pair_fits b/new/issuer.crt "$HOME/.dapr/certs/issuer.key"
      ;;
    *--clear*)
      succeeds ours
      same 'apply -f -' "$(cat b/kubectl.words)" "$row: kubectl gets it"
      has b/applied 'name: dapr-trust-bundle' "$row: the Secret"
      lacks b/applied "$(openssl base64 -A <row/issuer.key)" "$row: without data"
      ;;
    'daprcerts kube-export | kubectl apply -f -')
      succeeds ours
      has b/applied "$(openssl base64 -A <row/issuer.key)" "$row: kubectl gets the key"
      ;;
    *helm-set-file*)
      succeeds ours
      for pair in root.certPEM=ca.crt issuer.certPEM=issuer.crt issuer.keyPEM=issuer.key; do
        has b/helm.words "dapr_sentry.tls.${pair%%=*}=$HOME/.dapr/certs/${pair#*=}" "$row: helm gets ${pair#*=}"
      done
      same 'dapr dapr/dapr' "$(tail -n 2 b/helm.words | paste -sd ' ' -)" "$row: and the chart"
      ;;
    *) fail "$row: nobody compares it" ;;
  esac
}

# The rows, a line each: what is in backquotes of the first column, a tab, of the second.
awk '/^## / { on = $0 == "## What you type today" }
  on && /^\|/ && !/^\| today/ && !/^\|--/ {
    gsub(/\\\|/, "\001")
    split($0, column, / \| |^\| | \|$/)
    for (i = 2; i <= 3; i++) { match(column[i], /`.*`/); column[i] = substr(column[i], RSTART, RLENGTH); gsub(/^`+ ?| ?`+$/, "", column[i]) }
    gsub(/\001/, "|", column[2]); gsub(/\001/, "|", column[3])
    print column[2] "\t" column[3]
  }' "$TOP_SRCDIR/README.md" >rows
check 'the table has rows' test "$(wc -l <rows)" -ge 20
tab=$(printf '\t')
while IFS=$tab read -r today ours <&3; do
  row="$ours (${today%% *})"
  compare
done 3<rows
finish
