#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# daprcerts rotate with CAs of our own, judged by openssl and certtool.
. "${TOP_SRCDIR:?}/tests/cli/lib.sh"
. "$TOP_SRCDIR/tests/cli/openssl-ca.sh"
. "$TOP_SRCDIR/tests/cli/rotated.sh"

# fresh NAME [OPTION...]: a CA of ours; its anchors and a leaf are $WORK/NAME.0 and $WORK/NAME-0.crt.
fresh() {
  fresh_name=$1
  shift
  dir=$WORK/$fresh_name
  "$DAPRCERTS" ca-init --dir "$dir" "$@" >/dev/null 2>"$WORK/err" || sed 's/^/# /' "$WORK/err"
  cp "$dir/ca.crt" "$WORK/$fresh_name.0"
  leaf "$dir" "$fresh_name-0"
}

# --- nothing is due ------------------------------------------------------------------------------------------------
fresh usual
whole "$dir" >"$WORK/before"
rotated 3 "nothing is due in a new CA" "$dir"
has "$WORK/err" 'Nothing is due.' "and that is said"
has "$WORK/err" 'Next: issuer, from 2' "with what comes next"
same '' "$(cat "$WORK/out")" "nothing on standard output"
rotated 3 "nor by --dry-run" "$dir" --dry-run
rotated 3 "nor is there anything to retire" "$dir" retire
rotated 3 "with --force neither" "$dir" retire --force
same "$(cat "$WORK/before")" "$(whole "$dir")" "nothing was changed"
rotated 3 "and by --json" "$dir" --json
same '[] false issuer' "$(said "$WORK/out" steps) $(said "$WORK/out" done) $(said "$WORK/out" next step)" "as an object"
rotated 1 "no set to go back to" "$dir" rollback
has "$WORK/err" 'no set to go back to' "which is said"
rotated 1 "nor with --dry-run" "$dir" rollback --dry-run
rotated 1 "a directory that is not there" "$WORK/nowhere"
has "$WORK/err" 'ca-init' "what makes one is named"
mkdir "$WORK/empty"
rotated 1 "and one without a CA" "$WORK/empty"
check "which gets none" test ! -e "$WORK/empty/ca.crt"

# --- --dry-run and --when ------------------------------------------------------------------------------------------
whole "$dir" >"$WORK/before"
for way in "issuer" "root" "root --same-key" "root --staged" "root --compromised" "--when 0%" "--when 87600h"; do
  # shellcheck disable=SC2086
  rotated 0 "--dry-run $way" "$dir" --dry-run --json $way
  has "$WORK/err" 'Would do ' "$way: it is told"
  same false "$(said "$WORK/out" done)" "$way: not done"
done
rotated 0 "--dry-run root" "$dir" --dry-run --json root
same "$(openssl x509 -in "$dir/ca.crt" -noout -enddate | sed 's/.* \([0-9:]* 20[0-9]*\) GMT/\1/')" \
  "$(said "$WORK/out" restart by | sed 's/\(....\).*T\(.*\)Z/\2 \1/')" "who would have to be restarted by when"
same retire-roots "$(said "$WORK/out" next step)" "and what would come next"
rotated 0 "--dry-run root --compromised" "$dir" --dry-run root --compromised
has "$WORK/err" 'no sidecar that is running will believe' "says what outage that would mean"
same "$(cat "$WORK/before")" "$(whole "$dir")" "nothing was changed by any of them"
rotated 3 "--when 8000h: the issuer has more than that" "$dir" --when 8000h
rotated 0 "--when 8800h: it has not" "$dir" --when 8800h --dry-run
has "$WORK/err" 'Would do issuer: the issuer ends at' "it alone is due"
rotated 3 "--when 50%" "$dir" --when 50%
for bad in '' 1 101% -1h x% 5.5.5% 10%% nan% 1e1% %; do
  rotated 2 "--when '$bad' is a wrong usage" "$dir" --when "$bad"
done

# --- issuer --------------------------------------------------------------------------------------------------------
cp "$dir/issuer.crt" "$WORK/issuer.0"
rotated 0 "rotate issuer" "$dir" issuer --json
same 'issuer true null' "$(said "$WORK/out" steps 0 step) $(said "$WORK/out" done) $(said "$WORK/out" restart)" \
  "nobody has to be restarted"
fits "$dir" "a whole set"
counts "$dir" 1 1 "one root, one issuer"
same "$(cat "$WORK/usual.0")" "$(cat "$dir/ca.crt")" "the same root"
check "another issuer" test "$(print "$dir/issuer.crt")" != "$(print "$WORK/issuer.0")"
check "with another key" test "$(openssl x509 -in "$dir/issuer.crt" -noout -pubkey)" != \
  "$(openssl x509 -in "$WORK/issuer.0" -noout -pubkey)"
leaf "$dir" new
believed "$WORK/usual.0" "$WORK/new.crt" "the root verifies what it signs"
cmp -s "$WORK/issuer.0" "$dir/.daprcerts/prev/issuer.crt"
same 0 $? "the issuer before is kept"

# --- root, again and again -----------------------------------------------------------------------------------------
# gnutls N: GnuTLS starts at the chain's end, and knows a root by its key only there: of those before the oldest
# cross-certificate it finds no other (daprcerts-rotate(1), CAVEATS).
gnutls() { if [ "$1" -le 1 ] && has_command certtool; then CERTTOOL=yes; else CERTTOOL=; fi; }

# after N: the Nth root is there: each root before it, alone, verifies what is signed now.
after() {
  fits "$dir" "root $1: a whole set"
  cp "$dir/ca.crt" "$WORK/anchors"
  nth 1 "$dir/ca.crt" >"$WORK/usual.$1"
  leaf "$dir" "usual-$1"
  n=0
  while [ "$n" -le "$1" ]; do
    gnutls "$n"
    believed "$WORK/usual.$n" "$WORK/usual-$1.crt" "root $1: root $n alone verifies what is signed now"
    gnutls 0
    believed "$WORK/anchors" "$WORK/usual-$n.crt" "root $1: who starts now believes what was signed under root $n"
    n=$((n + 1))
  done
}
rotated 0 "rotate root" "$dir" root --json
same root-cross-signed "$(said "$WORK/out" steps 0 step)" "cross-signed"
same retire-roots "$(said "$WORK/out" next step)" "then the old root retires"
same "$(openssl x509 -in "$WORK/usual.0" -noout -enddate | sed 's/.* \([0-9:]* 20[0-9]*\) GMT/\1/')" \
  "$(said "$WORK/out" restart by | sed 's/\(....\).*T\(.*\)Z/\2 \1/')" "who knows the old root alone has until its end"
has "$WORK/err" 'must have been restarted by 20' "which is said"
counts "$dir" 2 2 "two roots, an issuer and a cross-certificate"
same "$(print "$WORK/usual.0")" "$(print "$dir/ca.crt" 2)" "the old root is the second"
same "$(openssl x509 -in "$dir/ca.crt" -noout -pubkey -subject -ext subjectKeyIdentifier)" \
  "$(nth 2 "$dir/issuer.crt" | openssl x509 -noout -pubkey -subject -ext subjectKeyIdentifier)" \
  "the cross-certificate has the new root's key, subject and key identifier"
after 1
rotated 3 "nothing is due after it" "$dir"
has "$WORK/err" 'must have been restarted by 20' "and who has to be restarted by when is told again"
rotated 3 "nothing is to retire yet" "$dir" retire
rotated 0 "the issuer under it" "$dir" issuer
counts "$dir" 2 2 "keeps the cross-certificate"
after 1
rotated 0 "another root the same day" "$dir" root
counts "$dir" 3 3 "three roots, an issuer and two cross-certificates"
after 2
rotated 0 "and a third" "$dir" root
counts "$dir" 4 4 "three cross-certificates"
after 3
credentials "$dir" >"$WORK/before"
rotated 1 "a fourth would cut off the first root's sidecars" "$dir" root
has "$WORK/err" 'retire --force' "what to do is said"
same "$(cat "$WORK/before")" "$(credentials "$dir")" "nothing was changed"

# --- retirement ----------------------------------------------------------------------------------------------------
state "$dir" retire 2026-01-01T00:00:00Z
rotated 0 "the old roots retire when their time has come" "$dir" --json
same 'retire-roots' "$(said "$WORK/out" steps 0 step)" "by plain rotate"
counts "$dir" 1 4 "one root; the cross-certificates stay"
for n in 0 1 2 3; do
  leaf "$dir" new
  gnutls "$n"
  believed "$WORK/usual.$n" "$WORK/new.crt" "root $n alone still verifies what is signed"
done
gnutls 0
rotated 3 "nothing more is due" "$dir"
rotated 1 "a retirement is not taken back" "$dir" rollback
credentials "$dir" >"$WORK/before"
rotated 1 "a fourth cross-certificate is refused as before" "$dir" root
same "$(cat "$WORK/before")" "$(credentials "$dir")" "nothing was changed"
rotated 0 "retire --force: everything has been restarted" "$dir" retire --force --json
same 'retire-cross-certificates null' "$(said "$WORK/out" steps 0 step) $(said "$WORK/out" restart)" \
  "the cross-certificates go"
counts "$dir" 1 1 "a root and an issuer"
fits "$dir" "a whole set"
leaf "$dir" new
believed "$dir/ca.crt" "$WORK/new.crt" "the root verifies what is signed"
unbelieved "$WORK/usual.2" "$WORK/new.crt" "and the one before it does not"
rotated 0 "then a fourth root is made" "$dir" root
fits "$dir" "a whole set"

fresh forced
rotated 0 "a root" "$dir" root
rotated 0 "retire --force at once" "$dir" retire --force
counts "$dir" 1 1 "old root and cross-certificate go"
fits "$dir" "a whole set"

# --- the same key --------------------------------------------------------------------------------------------------
fresh same --root-days 1000
rotated 0 "root --same-key" "$dir" root --same-key
fits "$dir" "a whole set"
counts "$dir" 1 1 "one root"
same "$(openssl x509 -in "$WORK/same.0" -noout -pubkey -subject -ext subjectKeyIdentifier)" \
  "$(openssl x509 -in "$dir/ca.crt" -noout -pubkey -subject -ext subjectKeyIdentifier)" "same key, subject, identifier"
check "another certificate" test "$(print "$dir/ca.crt")" != "$(print "$WORK/same.0")"
check "that lives longer" openssl x509 -in "$dir/ca.crt" -noout -checkend $((1001 * 86400))
leaf "$dir" same-1
believed "$WORK/same.0" "$WORK/same-1.crt" "the old root verifies what is signed now"
believed "$dir/ca.crt" "$WORK/same-0.crt" "the new one what was signed before"
rotated 0 "and the issuer may follow" "$dir" issuer
leaf "$dir" same-2
believed "$WORK/same.0" "$WORK/same-2.crt" "which the old root verifies too"
rotated 0 "a cross-signed root after it" "$dir" root
rotated 0 "whose certificate is renewed in turn" "$dir" root --same-key --json
same "$(openssl x509 -in "$WORK/same.0" -noout -enddate | sed 's/.* \([0-9:]* 20[0-9]*\) GMT/\1/')" \
  "$(said "$WORK/out" restart by | sed 's/\(....\).*T\(.*\)Z/\2 \1/')" \
  "the first date by which somebody must have been restarted is not forgotten"
leaf "$dir" same-3
believed "$WORK/same.0" "$WORK/same-3.crt" "the first root still verifies"
fits "$dir" "a whole set"

# --- staged --------------------------------------------------------------------------------------------------------
fresh staged
rotated 0 "root --staged" "$dir" root --staged --json
same 'root-staged switch' "$(said "$WORK/out" steps 0 step) $(said "$WORK/out" next step)" "its switch comes later"
counts "$dir" 2 1 "two roots, the issuer alone"
same "$(print "$WORK/staged.0")" "$(print "$dir/ca.crt")" "the old root first"
fits "$dir" "a whole set"
nth 2 "$dir/ca.crt" >"$WORK/staged.1"
cp "$dir/ca.crt" "$WORK/staged.both"
leaf "$dir" staged-1
believed "$WORK/staged.0" "$WORK/staged-1.crt" "the old root still verifies what is signed"
rotated 3 "nothing is due before its time" "$dir"
credentials "$dir" >"$WORK/before"
rotated 1 "no second one beside it" "$dir" root --staged
rotated 1 "nor a cross-signed one" "$dir" root
has "$WORK/err" 'under way' "which is said"
rotated 3 "retire --force leaves the staged root" "$dir" retire --force
same "$(cat "$WORK/before")" "$(credentials "$dir")" "nothing was changed"
rotated 0 "the issuer may be replaced meanwhile" "$dir" issuer
counts "$dir" 2 1 "and the staged root stays"
cp "$dir/.daprcerts/staged.key" "$WORK/staged.key"
state "$dir" switch 2026-01-01T00:00:00Z
rotated 0 "it takes over when its time has come" "$dir" --json
same 'switch retire-roots' "$(said "$WORK/out" steps 0 step) $(said "$WORK/out" next step)" "by plain rotate"
fits "$dir" "a whole set"
check "its key is ca.key" cmp "$WORK/staged.key" "$dir/ca.key"
check "and staged no more" test ! -e "$dir/.daprcerts/staged.key"
counts "$dir" 2 1 "two roots, an issuer without cross-certificates"
leaf "$dir" staged-2
believed "$WORK/staged.both" "$WORK/staged-2.crt" "who was restarted meanwhile believes what is signed"
believed "$WORK/staged.1" "$WORK/staged-2.crt" "so does the new root alone"
unbelieved "$WORK/staged.0" "$WORK/staged-2.crt" "who was not does not"
believed "$dir/ca.crt" "$WORK/staged-1.crt" "what was signed before is believed"
rotated 0 "the switch can be taken back" "$dir" rollback
fits "$dir" "a whole set"
check "the key is staged again" cmp "$WORK/staged.key" "$dir/.daprcerts/staged.key"
leaf "$dir" staged-3
believed "$WORK/staged.0" "$WORK/staged-3.crt" "the old root signs again"
rotated 0 "and done again" "$dir"
state "$dir" retire 2026-01-01T00:00:00Z
rotated 0 "then the old root retires" "$dir"
counts "$dir" 1 1 "one root, one issuer"
fits "$dir" "a whole set"
rotated 3 "and that was all" "$dir"

fresh at-once
rotated 0 "--staged --grace 0s" "$dir" root --staged --grace 0s
rotated 0 "switches by the next run" "$dir"
has "$WORK/err" 'Done: switch' "which says so"
fits "$dir" "a whole set"
fresh unstaged
whole "$dir" >"$WORK/before"
rotated 0 "a staged root" "$dir" root --staged
rotated 0 "can be taken back" "$dir" rollback
same "$(cat "$WORK/before")" "$(whole "$dir")" "all of it"

# --- compromised ---------------------------------------------------------------------------------------------------
fresh lost
rotated 0 "root --compromised" "$dir" root --compromised
has "$WORK/err" 'no sidecar that is running will believe' "the downtime is said before"
has "$WORK/err" 'restart' "and after"
counts "$dir" 1 1 "nothing of the old"
fits "$dir" "a whole set"
leaf "$dir" lost-1
believed "$dir/ca.crt" "$WORK/lost-1.crt" "the new root verifies"
unbelieved "$WORK/lost.0" "$WORK/lost-1.crt" "the old one does not"
unbelieved "$dir/ca.crt" "$WORK/lost-0.crt" "nor the new one what was signed before"
rotated 3 "nothing is due" "$dir"
rotated 0 "also while a root is staged" "$dir" root --staged
rotated 0 "which goes with it" "$dir" root --compromised
counts "$dir" 1 1 "one root"
check "without a staged key" test ! -e "$dir/.daprcerts/staged.key"
fits "$dir" "a whole set"

# --- everything has been restarted ------------------------------------------------------------------------------------
fresh restarted
rotated 0 "root --same-key, after which some must be restarted" "$dir" root --same-key
rotated 0 "retire --force, when they were" "$dir" retire --force --json
same null "$(said "$WORK/out" restart)" "nobody is asked for any more"
rotated 3 "and that was all" "$dir" retire --force

# --- rollback ------------------------------------------------------------------------------------------------------
for way in issuer root "root --same-key" "root --staged" "root --compromised"; do
  fresh "back-$(echo "$way" | tr -cd a-z)"
  credentials "$dir" >"$WORK/before"
  # shellcheck disable=SC2086
  rotated 0 "rotate $way" "$dir" $way
  whole "$dir" >"$WORK/rotated"
  rotated 0 "rollback --dry-run" "$dir" rollback --dry-run --json
  sed 's/"done": false/"done": true/' "$WORK/out" >"$WORK/foretold"
  same "$(cat "$WORK/rotated")" "$(whole "$dir")" "changes nothing"
  rotated 0 "rollback" "$dir" rollback --json
  same true "$(said "$WORK/out" done)" "is done"
  same "$(cat "$WORK/foretold")" "$(cat "$WORK/out")" "as it was foretold"
  same "$(print "$dir/issuer.crt" | sed 's/.*=//; s/://g' | tr '[:upper:]' '[:lower:]')" "$(said "$WORK/out" issuer sha256)" \
    "with the issuer of before"
  same "$(cat "$WORK/before")" "$(credentials "$dir")" "$way: the set before is back, byte for byte"
  check "no state that was not there" test ! -e "$dir/.daprcerts/state"
  fits "$dir" "$way: a whole set"
  rotated 1 "not twice" "$dir" rollback
  same "$(cat "$WORK/before")" "$(credentials "$dir")" "which changes nothing"
done
rm "$dir/client.crt" "$dir/client.key"
rotated 0 "a missing client pair is due" "$dir"
has "$WORK/err" 'Done: client' "and made"
fits "$dir" "a whole set"
rotated 0 "rollback" "$dir" rollback
check "takes away what was not there" test ! -e "$dir/client.key" -a ! -e "$dir/client.crt"

# --- --private-key and keys elsewhere ------------------------------------------------------------------------------
fresh keyed
openssl ecparam -genkey -name secp384r1 -noout -out "$WORK/own.key"
rotated 0 "root --private-key" "$dir" root --private-key "$WORK/own.key"
fits "$dir" "a whole set"
check "the root has that key" pair_fits "$dir/ca.crt" "$WORK/own.key"
leaf "$dir" keyed-1
believed "$WORK/keyed.0" "$WORK/keyed-1.crt" "cross-signed as ever"
credentials "$dir" >"$WORK/before"
rotated 1 "the key of a root that is there makes no new one" "$dir" root --private-key "$WORK/own.key"
has "$WORK/err" 'same-key' "what does is named"
rotated 1 "a key that is none" "$dir" root --private-key "$dir/ca.crt"
has "$WORK/err" "$dir/ca.crt" "is named"
same "$(cat "$WORK/before")" "$(credentials "$dir")" "nothing was changed"

fresh offline --root-key-out "$WORK/offline.key"
check "a root whose key is elsewhere" test ! -e "$dir/ca.key"
credentials "$dir" >"$WORK/before"
for way in issuer root "root --same-key" "--when 0%" "--dry-run issuer" "--dry-run root"; do
  # shellcheck disable=SC2086
  rotated 1 "$way asks for it" "$dir" $way
  has "$WORK/err" '--root-key' "$way: by the option's name"
done
rotated 1 "a new root's key has to go somewhere" "$dir" root --root-key "$WORK/offline.key"
has "$WORK/err" '--root-key-out' "which is asked for"
rotated 1 "a key of another root" "$dir" issuer --root-key "$WORK/own.key"
has "$WORK/err" 'not the key of the root' "is none"
rotated 1 "an existing file is not overwritten" "$dir" root --root-key "$WORK/offline.key" --root-key-out "$WORK/own.key"
same "$(cat "$WORK/before")" "$(credentials "$dir")" "nothing was changed"
rotated 0 "issuer --root-key" "$dir" issuer --root-key "$WORK/offline.key"
fits "$dir" "a whole set"
rotated 0 "root --same-key --root-key" "$dir" root --same-key --root-key "$WORK/offline.key"
fits "$dir" "a whole set"
rotated 0 "root --root-key --root-key-out" "$dir" root --root-key "$WORK/offline.key" --root-key-out "$WORK/offline2.key"
fits "$dir" "a whole set"
check "the new key is there" pair_fits "$dir/ca.crt" "$WORK/offline2.key"
of_mode -rw------- "$WORK/offline2.key" "for its owner alone"
check "and nowhere in the directory" test -z "$(find "$dir" -name 'ca.key')"
leaf "$dir" offline-1
believed "$WORK/offline.0" "$WORK/offline-1.crt" "the old root verifies what is signed"
rotated 0 "staged" "$dir" root --staged --grace 0s
rotated 1 "the switch asks for a place too" "$dir"
has "$WORK/err" '--root-key-out' "by name"
rotated 0 "which it gets" "$dir" --root-key-out "$WORK/offline3.key"
fits "$dir" "a whole set"
check "the key is there" pair_fits "$dir/ca.crt" "$WORK/offline3.key"
openssl ecparam -genkey -name prime256v1 -noout -out "$WORK/offline4.key"
cksum <"$WORK/offline4.key" >"$WORK/before"
rotated 0 "a key that is elsewhere already" "$dir" root --root-key "$WORK/offline3.key" \
  --private-key "$WORK/offline4.key" --root-key-out "$WORK/offline4.key"
same "$(cat "$WORK/before")" "$(cksum <"$WORK/offline4.key")" "stays there as it is"
check "and is the root's" pair_fits "$dir/ca.crt" "$WORK/offline4.key"
check "alone" test ! -e "$dir/ca.key"
fits "$dir" "a whole set"
fresh moved
rotated 0 "a key in the directory moves out with the next root" "$dir" root --root-key-out "$WORK/moved.key"
check "it has left" test ! -e "$dir/ca.key"
check "and is there" pair_fits "$dir/ca.crt" "$WORK/moved.key"
rotated 0 "rollback" "$dir" rollback
fits "$dir" "a whole set"
check "brings the old one back" test -e "$dir/ca.key"

# --- kinds of keys -------------------------------------------------------------------------------------------------
for kind in "EC --crv P-384" OKP RSA; do
  # shellcheck disable=SC2086
  fresh "kind-$(echo "$kind" | tr -cd A-Z)" --kty $kind
  rotated 0 "$kind: rotate root" "$dir" root
  fits "$dir" "$kind: a whole set"
  same "$(openssl x509 -in "$WORK/$fresh_name.0" -noout -text | grep 'Public.Key')" \
    "$(openssl x509 -in "$dir/ca.crt" -noout -text | grep 'Public.Key')" "$kind: a root of the same kind"
  leaf "$dir" kind-1
  believed "$WORK/$fresh_name.0" "$WORK/kind-1.crt" "$kind: the old root verifies what is signed"
  rotated 0 "$kind: to another kind" "$dir" root --kty EC --crv P-256
  has "$WORK/err" root-cross-signed "$kind: cross-signed"
  leaf "$dir" kind-2
  believed "$WORK/$fresh_name.0" "$WORK/kind-2.crt" "$kind: the old root verifies that too"
  fits "$dir" "$kind: a whole set"
done

# --- usage ---------------------------------------------------------------------------------------------------------
dir=$WORK/usual
for way in "frob" "issuer root" "issuer --same-key" "--staged" "--compromised" "root --same-key --staged" \
  "root --compromised --staged" "root --same-key --private-key x" "root --ca-root-certificate x" \
  "root --issuer-private-key x" "retire --ca-root-certificate x --issuer-public-certificate x --issuer-private-key x" \
  "root --valid-until 3 --root-days 4" "root --root-days 0" "root --leaf-ttl x" "root --grace -1s --staged" \
  "issuer --root-key-out x" "root --same-key --root-key-out x" "root --staged --root-key-out x" \
  "retire --root-key-out x"; do
  # shellcheck disable=SC2086
  rotated 2 "$way: a wrong usage" "$dir" $way
done
finish
