#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# daprcerts rotate with CAs that other programs made, and whose time passes; judged by openssl and certtool.
. "${TOP_SRCDIR:?}/tests/cli/lib.sh"
. "$TOP_SRCDIR/tests/cli/openssl-ca.sh"
. "$TOP_SRCDIR/tests/cli/rotated.sh"

# client: gives it the client pair that would be due else, so that nothing else hides what is.
client() { "$DAPRCERTS" ca-init --dir "$dir" --client >/dev/null 2>"$WORK/err" || sed 's/^/# /' "$WORK/err"; }

ca_init() { "$DAPRCERTS" ca-init --dir "$1" >/dev/null 2>"$WORK/err" || sed 's/^/# /' "$WORK/err"; }

# made NAME MAKER [ARGUMENT...]: a CA by that function, in $dir; its root is $WORK/NAME.0.
made() {
  made_name=$1 made_by=$2 dir=$WORK/$1
  shift 2
  "$made_by" "$dir" "$@"
  cp "$dir/ca.crt" "$WORK/$made_name.0"
}

# --- as Dapr makes them: nobody has the root's key -------------------------------------------------------------------
STRICT=
made dapr lived_ca "$(days -1)" "$(days 364)" "$(days 364)" aki none
rm "$dir/ca.key"
leaf "$dir" dapr-0
rotated 0 "a directory that Dapr made" "$dir"
has "$WORK/err" 'Done: client' "gets a client pair"
rotated 3 "and nothing more is due" "$dir"
credentials "$dir" >"$WORK/before"
rotated 1 "a new issuer takes a key that nobody has" "$dir" issuer
has "$WORK/err" 'daprcerts rotate root' "what can be done is named"
rotated 1 "so does the same root" "$dir" root --same-key
same "$(cat "$WORK/before")" "$(credentials "$dir")" "nothing was changed"
rotated 0 "when two thirds are over, by --when here, all is replaced" "$dir" --when 0% --json
same root-cross-signed "$(said "$WORK/out" steps 0 step)" "by a new root"
fits "$dir" "a whole set"
counts "$dir" 2 3 "whose cross-certificate the old issuer has signed, which follows"
check "now there is ca.key" test -e "$dir/ca.key"
leaf "$dir" dapr-1
believed "$WORK/dapr.0" "$WORK/dapr-1.crt" "the old root alone verifies what is signed"
believed "$dir/ca.crt" "$WORK/dapr-1.crt" "who starts now does"
believed "$dir/ca.crt" "$WORK/dapr-0.crt" "and what was signed before"
rotated 0 "another root" "$dir" root
counts "$dir" 3 4 "extends the chain"
leaf "$dir" dapr-2
believed "$WORK/dapr.0" "$WORK/dapr-2.crt" "the first root alone verifies what is signed"
rotated 0 "an issuer" "$dir" issuer
leaf "$dir" dapr-3
believed "$WORK/dapr.0" "$WORK/dapr-3.crt" "the first root verifies that too"
fits "$dir" "a whole set"
rotated 0 "retire --force" "$dir" retire --force
counts "$dir" 1 1 "leaves a root and an issuer"
STRICT=-x509_strict
fits "$dir" "a whole set"

# Those of ours whose key was thrown away: the issuer has the path length 0.
made thrown ca_init
rm "$dir/ca.key"
leaf "$dir" thrown-0
rotated 1 "an issuer of path length 0 signs no cross-certificate" "$dir" root
has "$WORK/err" 'daprcerts rotate root --staged' "the way that there is is named"
rotated 0 "plain rotate takes it" "$dir" --when 0% --grace 0s
has "$WORK/err" 'Done: root-staged' "and says so"
rotated 0 "and goes on by itself" "$dir"
fits "$dir" "a whole set"
check "with a key" test -e "$dir/ca.key"

# --- step: a root of path length 1, one subject for all ---------------------------------------------------------------
made step step_ca
client
rotated 3 "nothing is due in a directory of step's" "$dir"
rotated 1 "its root has no room" "$dir" root
has "$WORK/err" 'path length of the root' "which is said"
rotated 0 "a new issuer" "$dir" issuer
leaf "$dir" step-0
fits "$dir" "a whole set"
believed "$WORK/step.0" "$WORK/step-0.crt" "its root verifies what is signed"
rotated 0 "the same root for longer" "$dir" root --same-key
same "$(openssl x509 -in "$WORK/step.0" -noout -ext basicConstraints)" \
  "$(openssl x509 -in "$dir/ca.crt" -noout -ext basicConstraints)" \
  "keeps its path length, since who knows the old one alone goes by that"
leaf "$dir" step-1
believed "$WORK/step.0" "$WORK/step-1.crt" "the old root verifies what is signed"
believed "$dir/ca.crt" "$WORK/step-0.crt" "the new one what was signed before"
fits "$dir" "a whole set"
rotated 0 "the way of plain rotate is staged" "$dir" --when 0% --grace 0s --json
same root-staged "$(said "$WORK/out" steps 0 step)" "here too"
cp "$dir/ca.crt" "$WORK/step.both"
rotated 0 "then the switch" "$dir"
leaf "$dir" step-2
believed "$WORK/step.both" "$WORK/step-2.crt" "who was restarted meanwhile believes what is signed"
fits "$dir" "a whole set"

# --- the recipe of Dapr's guide: one subject for both, one year for both ------------------------------------------------
made guide guide_ca
client
leaf "$dir" guide-0
rotated 3 "nothing is due in a directory by the guide" "$dir"
rotated 0 "a new issuer" "$dir" issuer
leaf "$dir" guide-1
believed "$WORK/guide.0" "$WORK/guide-1.crt" "the root verifies what is signed"
rotated 0 "a new root" "$dir" root
fits "$dir" "a whole set"
leaf "$dir" guide-2
believed "$WORK/guide.0" "$WORK/guide-2.crt" "the old root verifies what is signed"
believed "$dir/ca.crt" "$WORK/guide-0.crt" "what was signed before is believed"

# --- files as people leave them ----------------------------------------------------------------------------------------
made messy ca_init
leaf "$dir" messy-0
made stranger lived_ca "$(days -1)" "$(days 364)" "$(days 364)"
dir=$WORK/messy
{
  echo "# the anchors of our mesh"
  cat "$WORK/messy.0"
  echo
  echo "# and of theirs"
  cat "$WORK/stranger.0"
} >"$dir/ca.crt"
cat "$WORK/messy.0" >>"$dir/issuer.crt"
cksum <"$dir/ca.crt" >"$WORK/before"
rotated 3 "comments, a foreign anchor and a root behind the issuer: nothing is due" "$dir"
rotated 0 "a new issuer" "$dir" issuer
same "$(cat "$WORK/before")" "$(cksum <"$dir/ca.crt")" "leaves ca.crt as it is"
counts "$dir" 2 1 "and no root behind the issuer"
rotated 0 "a new root" "$dir" root
counts "$dir" 3 2 "keeps the foreign anchor"
state "$dir" retire 2026-01-01T00:00:00Z
rotated 0 "the old root retires" "$dir"
same "$(print "$WORK/stranger.0")" "$(print "$dir/ca.crt" 2)" "the foreign anchor stays"
counts "$dir" 2 2 "it alone"
rotated 0 "retire --force" "$dir" retire --force
same "$(print "$WORK/stranger.0")" "$(print "$dir/ca.crt" 2)" "leaves it"
rotated 0 "the same root" "$dir" root --same-key
same "$(print "$WORK/stranger.0")" "$(print "$dir/ca.crt" 2)" "leaves it"
rotated 0 "a staged one" "$dir" root --staged --grace 0s
rotated 0 "and its switch" "$dir"
state "$dir" retire 2026-01-01T00:00:00Z
rotated 0 "and retirement" "$dir"
counts "$dir" 2 1 "leave it"
fits "$dir" "a whole set"

ln -s messy "$WORK/linked"
rotated 0 "by a link to the directory" "$WORK/linked" issuer
fits "$dir" "it is the directory that changes"
check "and the link stays" test -L "$WORK/linked"
if on_unix "links to files are not replaced" "wine shows what they lead to"; then
  mkdir "$WORK/links"
  for file in ca.crt ca.key issuer.crt issuer.key client.crt client.key; do ln -s "../messy/$file" "$WORK/links/$file"; done
  credentials "$WORK/links" >"$WORK/before"
  for way in issuer root "root --root-key-out $WORK/links.key"; do
    # shellcheck disable=SC2086
    rotated 1 "links to files are not replaced: rotate $way" "$WORK/links" $way
    has "$WORK/err" 'is a symbolic link' "which is said"
  done
  same "$(cat "$WORK/before")" "$(credentials "$WORK/links")" "nothing was changed"
  check "and no key is left behind" test ! -e "$WORK/links.key"
fi

made stale ca_init
cp "$WORK/stranger/ca.key" "$dir/ca.key"
whole "$dir" >"$WORK/before"
for way in "" issuer root "root --compromised" "retire --force"; do
  # shellcheck disable=SC2086
  rotated 1 "a ca.key of another root: rotate $way" "$dir" $way
  has "$WORK/err" 'ca.key is not the key of the root' "is said"
done
same "$(cat "$WORK/before")" "$(whole "$dir")" "nothing was changed"
for line in 'retire = soon' 'retire' 'retiring = x y' 'colour = blue' "$(printf '\001\377')" \
  "$(printf '[part]\nsince = 2026-11-24')"; do
  made "state-$(printf %s "$line" | cksum | tr -d ' ')" ca_init
  printf '%s\n' "$line" >"$dir/.daprcerts/state"
  whole "$dir" >"$WORK/before"
  rotated 1 "a state of '$line'" "$dir" issuer
  has "$WORK/err" '.daprcerts/state' "is named"
  same "$(cat "$WORK/before")" "$(whole "$dir")" "and nothing was changed"
done
for file in ca.crt issuer.crt issuer.key ca.key; do
  made "broken-$file" ca_init
  echo nothing >"$dir/$file"
  whole "$dir" >"$WORK/before"
  rotated 1 "a broken $file" "$dir" --when 0%
  has "$WORK/err" "$file" "is named"
  same "$(cat "$WORK/before")" "$(whole "$dir")" "and nothing was changed"
done

# A client pair is made anew with each issuer: what is there is no reason to stop.
for file in client.crt client.key; do
  made "broken-$file" ca_init
  echo nothing >"$dir/$file"
  rotated 0 "a broken $file is replaced" "$dir"
  has "$WORK/err" 'Done: client' "as one that is missing"
  fits "$dir" "a whole set"
done

# --- one at a time, and where nothing can be written ---------------------------------------------------------------------
if find_python fcntl && [ -n "$PYTHON" ]; then
  made locked ca_init
  mkfifo "$WORK/holds" "$WORK/ends"
  "$PYTHON" -c 'import fcntl, os, sys
fd = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o600)
fcntl.lockf(fd, fcntl.LOCK_EX)
open(sys.argv[2], "w").close()
open(sys.argv[3]).read()' "$dir/.daprcerts/lock" "$WORK/holds" "$WORK/ends" &
  holder=$!
  cat "$WORK/holds"
  whole "$dir" >"$WORK/before"
  rotated 5 "while another publishes" "$dir" issuer
  on_unix "it is named" "who locks it writes its number there" && has "$WORK/err" "process $holder" "it is named"
  rotated 0 "--dry-run needs no lock" "$dir" issuer --dry-run
  same "$(cat "$WORK/before")" "$(whole "$dir")" "nothing was changed"
  : >"$WORK/ends"
  wait "$holder"
  rotated 0 "then it is done" "$dir" issuer
else
  skip "while another publishes" "no python"
fi
if [ "$(id -u)" -ne 0 ]; then
  made shut ca_init
  chmod 500 "$dir" "$dir/.daprcerts"
  whole "$dir" >"$WORK/before"
  rotated 1 "a directory that cannot be written" "$dir" issuer
  has "$WORK/err" "$dir" "is named"
  rotated 3 "--dry-run needs no more than to read" "$dir" --dry-run
  same "$(cat "$WORK/before")" "$(whole "$dir")" "nothing was changed"
  chmod 700 "$dir" "$dir/.daprcerts"
else
  skip "a directory that cannot be written" "root writes everywhere"
fi

# --- made by others, on purpose ----------------------------------------------------------------------------------------
# given DIR FROM: the three options.
given() {
  given_dir=$1 given_from=$2
  shift 2
  rotate "$given_dir" root --ca-root-certificate "$given_from/ca.crt" \
    --issuer-public-certificate "$given_from/issuer.crt" --issuer-private-key "$given_from/issuer.key" "$@"
}

made theirs lived_ca "$(days -1)" "$(days 364)" "$(days 364)"
made own ca_init
leaf "$dir" own-0
theirs=$WORK/theirs
whole "$dir" >"$WORK/before"
status 0 "--dry-run with certificates made by others" given "$dir" "$theirs" --dry-run
same "$(cat "$WORK/before")" "$(whole "$dir")" "changes nothing"
status 0 "taken" given "$dir" "$theirs"
fits "$dir" "a whole set"
same "$(print "$theirs/ca.crt")" "$(print "$dir/ca.crt")" "their root"
same "$(print "$theirs/issuer.crt")" "$(print "$dir/issuer.crt")" "their issuer"
check "ca.key, which is not theirs, goes" test ! -e "$dir/ca.key"
leaf "$dir" own-1
believed "$WORK/own.0" "$WORK/own-1.crt" "the old root, which has signed a cross-certificate, verifies what is signed"
believed "$WORK/theirs.0" "$WORK/own-1.crt" "so does theirs"
believed "$dir/ca.crt" "$WORK/own-0.crt" "what was signed before is believed"
state "$dir" retire 2026-01-01T00:00:00Z
rotated 0 "the old root retires" "$dir"
counts "$dir" 1 2 "and theirs stays, with the cross-certificate"
cp "$theirs/ca.key" "$dir/ca.key"
rotated 0 "their root's key, when it is put there, signs an issuer" "$dir" issuer
fits "$dir" "a whole set"
leaf "$dir" own-2
believed "$WORK/own.0" "$WORK/own-2.crt" "and the old root verifies what that signs"

made renewed ca_init
"$DAPRCERTS" ca-init --dir "$WORK/renewed-2" --root-key "$dir/ca.key" --root-cert "$dir/ca.crt" 2>/dev/null
cp "$dir/ca.key" "$WORK/renewed.key"
status 0 "an issuer of the same root" given "$dir" "$WORK/renewed-2" --json
same null "$(said "$WORK/out" restart)" "needs no restart"
check "ca.key stays" cmp "$WORK/renewed.key" "$dir/ca.key"
counts "$dir" 1 1 "and the root is one"
fits "$dir" "a whole set"

made keyless ca_init
rm "$dir/ca.key"
leaf "$dir" keyless-0
credentials "$dir" >"$WORK/before"
status 1 "where nobody can sign a cross-certificate they are refused" given "$dir" "$theirs"
has "$WORK/err" 'would not believe' "which breaks whom is said"
has "$WORK/err" '--force' "and what takes them"
same "$(cat "$WORK/before")" "$(credentials "$dir")" "nothing was changed"
status 0 "--force takes them" given "$dir" "$theirs" --force --json
has "$WORK/err" 'restart every sidecar now' "with a warning"
same "$(said "$WORK/out" restart started_before)" "$(said "$WORK/out" restart by)" "in the report too"
fits "$dir" "a whole set"
leaf "$dir" keyless-1
unbelieved "$WORK/keyless.0" "$WORK/keyless-1.crt" "the old root does not verify what is signed"
believed "$dir/ca.crt" "$WORK/keyless-0.crt" "what was signed before is believed"
rotated 0 "rollback" "$dir" rollback
same "$(cat "$WORK/before")" "$(credentials "$dir")" "all of it is back"
fits "$dir" "a whole set"

made again ca_init
made again-2 lived_ca "$(days -1)" "$(days 364)" "$(days 364)"
mkdir "$WORK/mixed"
# refused WHAT TEXT: the files of $WORK/mixed are.
refused() {
  credentials "$WORK/again" >"$WORK/before"
  for force in "" --force; do
    status 1 "$1 $force: refused" given "$WORK/again" "$WORK/mixed" $force
    has "$WORK/err" "$2" "$1 $force: said"
  done
  same "$(cat "$WORK/before")" "$(credentials "$WORK/again")" "$1: nothing was changed"
}
cp "$theirs"/* "$WORK/mixed"
cp "$WORK/again-2/issuer.key" "$WORK/mixed"
refused "another key" issuer.key
cp "$theirs"/* "$WORK/mixed"
cp "$WORK/again-2/ca.crt" "$WORK/mixed"
refused "another root" ca.crt
cp "$theirs"/* "$WORK/mixed"
cp "$WORK/own-0.crt" "$WORK/mixed/issuer.crt"
cp "$WORK/own-0.key" "$WORK/mixed/issuer.key"
refused "a leaf as issuer" CA
cp "$theirs"/* "$WORK/mixed"
rm "$WORK/mixed/issuer.key"
refused "a missing file" issuer.key
made ended lived_ca "$(days -9)" "$(days 3)" "$(days -1)"
cp "$dir"/* "$WORK/mixed"
refused "an issuer that has ended" ended

# --- time passes -------------------------------------------------------------------------------------------------------
# The certificates come from openssl, with dates of their own.
made young lived_ca "$(days -650)" "$(days 3000)" "$(days 350)"
client
rotated 3 "an issuer with 65 % of its life over" "$dir"
has "$WORK/err" 'Next: issuer' "is what comes next"
made old lived_ca "$(days -680)" "$(days 3000)" "$(days 320)"
client
leaf "$dir" old-0
rotated 0 "with 68 % it is due" "$dir"
has "$WORK/err" 'Done: issuer: the issuer ends at' "which is said"
leaf "$dir" old-1
believed "$WORK/old.0" "$WORK/old-1.crt" "the root verifies what is signed"
rotated 3 "and nothing more is" "$dir"
made root-old lived_ca "$(days -680)" "$(days 320)" "$(days 320)"
client
rotated 0 "a root with 68 % over" "$dir"
has "$WORK/err" 'Done: root-cross-signed: the root ends at' "is replaced"
leaf "$dir" root-old-1
believed "$WORK/root-old.0" "$WORK/root-old-1.crt" "the old one verifies what is signed"
check "for longer" openssl x509 -in "$dir/ca.crt" -noout -checkend $((3600 * 86400))
fits "$dir" "a whole set"
rotated 3 "and that was all" "$dir"

made over lived_ca "$(days -680)" "$(days 3000)" "$(days -1)"
rotated 0 "an issuer that has ended" "$dir"
has "$WORK/err" 'Done: issuer: the issuer ended at' "is replaced"
fits "$dir" "a whole set"
rotated 1 "to take that back" "$dir" rollback
has "$WORK/err" 'the set before serves nobody' "makes no sense"
rotated 1 "nor by --dry-run" "$dir" rollback --dry-run
fits "$dir" "nothing was changed"
leaf "$dir" over-1
believed "$WORK/over.0" "$WORK/over-1.crt" "the root verifies what is signed"

made over-keyless lived_ca "$(days -680)" "$(days 3000)" "$(days -1)"
rm "$dir/ca.key"
rotated 0 "one that has ended under a root whose key is gone" "$dir" --json
same root-uncrossed "$(said "$WORK/out" steps 0 step)" "is replaced with its root"
counts "$dir" 2 1 "without a cross-certificate, that it can sign no more"
same "$(said "$WORK/out" restart started_before)" "$(said "$WORK/out" restart by)" "everything has to be restarted"
fits "$dir" "a whole set"
leaf "$dir" over-keyless-1
believed "$dir/ca.crt" "$WORK/over-keyless-1.crt" "what is signed is believed"
made over-short lived_ca "$(days -680)" "$(days 3000)" "$(days -1)" issuer pathlen:0
rm "$dir/ca.key"
rotated 0 "path lengths do not matter then" "$dir"
fits "$dir" "a whole set"

for root in '' 'root pathlen:1'; do
  # shellcheck disable=SC2086
  made "all-over$(echo "$root" | tr -cd a-z)" lived_ca "$(days -680)" "$(days -1)" "$(days -1)" $root
  status 1 "a root that has ended $root" "$DAPRCERTS" status --dir "$dir"
  rotated 0 "it is replaced" "$dir"
  has "$WORK/err" 'Done: root-uncrossed: the root ended at' "is said"
  fits "$dir" "a whole set"
  leaf "$dir" all-over-1
  believed "$dir/ca.crt" "$WORK/all-over-1.crt" "what is signed is believed"
  counts "$dir" 1 1 "nothing of it is left"
  rotated 3 "nothing more is due" "$dir"
  status 0 "and all is well" "$DAPRCERTS" status --dir "$dir"
done
made all-over-asked lived_ca "$(days -680)" "$(days -1)" "$(days -1)"
rotated 0 "asked for" "$dir" root --json
same root-uncrossed "$(said "$WORK/out" steps 0 step)" "it is the same"
counts "$dir" 1 1 "nothing of it is left"

# An old root that ended later, beside the one in force.
made beside ca_init
cat "$WORK/all-over.0" >>"$dir/ca.crt"
status 4 "a root in ca.crt that has ended is due" "$DAPRCERTS" status --dir "$dir"
rotated 0 "rotate" "$dir"
has "$WORK/err" 'Done: retire-roots: the old root ended at' "takes it out"
counts "$dir" 1 1 "and nothing else"
status 0 "and all is well" "$DAPRCERTS" status --dir "$dir"

# A cross-certificate that has ended, and what hangs on it: made by openssl in the place of ours.
made crossed ca_init
rotated 0 "a root" "$dir" root
mkdir "$WORK/again.ca"
: >"$WORK/again.ca/index"
nth 1 "$dir/ca.crt" >"$WORK/new.root"
printf '%s\n' '[ca]' 'default_ca = this' '[this]' "database = $WORK/again.ca/index" 'rand_serial = yes' \
  "new_certs_dir = $WORK/again.ca" 'default_md = sha256' 'policy = any' 'unique_subject = no' \
  '[any]' 'organizationName = supplied' 'commonName = supplied' \
  '[cross]' 'basicConstraints = critical, CA:true' 'keyUsage = critical, keyCertSign, cRLSign' \
  'subjectKeyIdentifier = hash' 'authorityKeyIdentifier = keyid' '[req]' 'distinguished_name = name' \
  'string_mask = utf8only' '[name]' >"$WORK/again.ca/conf"
subject=$(openssl x509 -in "$WORK/new.root" -noout -subject -nameopt sep_comma_plus | sed 's/subject=//; s/,/\//g')
openssl req -new -key "$dir/ca.key" -config "$WORK/again.ca/conf" -out "$WORK/again.ca/csr" -subj "/$subject" 2>/dev/null
openssl ca -batch -config "$WORK/again.ca/conf" -cert "$WORK/crossed.0" -keyfile "$dir/.daprcerts/prev/ca.key" \
  -extensions cross -preserveDN -startdate "$(days -9)" -enddate "$(days -1)" -in "$WORK/again.ca/csr" -notext \
  -out "$WORK/ended.crt" 2>"$WORK/again.ca/log" || sed 's/^/# /' "$WORK/again.ca/log"
cp "$dir/issuer.crt" "$WORK/issuer.both"
{ nth 1 "$WORK/issuer.both"; cat "$WORK/ended.crt"; } >"$dir/issuer.crt"
cat "$WORK/over.0" >>"$dir/ca.crt"
leaf "$dir" crossed-1
believed "$WORK/new.root" "$WORK/crossed-1.crt" "a cross-certificate that has ended is no harm until then"
rotated 0 "it is due" "$dir" --json
same retire-cross-certificates "$(said "$WORK/out" steps 0 step)" "leaves"
counts "$dir" 3 1 "the chain; the roots stay"
fits "$dir" "a whole set"

# A staged root does not wait for longer than what signs until then lives.
made brief lived_ca "$(days -9)" "$(days 5)" "$(days 4)" root pathlen:1
end=$(openssl x509 -in "$dir/ca.crt" -noout -enddate | sed 's/.* \([0-9:]*\) 20.*/\1/')
rotated 0 "a root that ends within the grace" "$dir" --json
same "root-staged switch $end" "$(said "$WORK/out" steps 0 step) $(said "$WORK/out" next step) $(
  sed -n 's/^switch = .*T\(.*\)Z/\1/p' "$dir/.daprcerts/state")" "the staged one takes over when it does"
made briefer lived_ca "$(days -9)" "$(days 5)" "$(days 4)" issuer pathlen:0
rm "$dir/ca.key"
end=$(openssl x509 -in "$dir/issuer.crt" -noout -enddate | sed 's/.* \([0-9:]*\) 20.*/\1/')
rotated 0 "an issuer that does, and nobody has the root's key" "$dir" --json
same "root-staged switch $end" "$(said "$WORK/out" steps 0 step) $(said "$WORK/out" next step) $(
  sed -n 's/^switch = .*T\(.*\)Z/\1/p' "$dir/.daprcerts/state")" "the staged one takes over when that ends"

# --- a root with name constraints, by which Go's verifier, which sidecars have, judges the issuer's names too ----------
constrained() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3000 -subj /O=root \
    -addext 'keyUsage=critical,keyCertSign' -addext 'nameConstraints=critical,permitted;DNS:local,permitted;URI:mesh' \
    -keyout "$WORK/root.key" -out "$WORK/root.crt" 2>/dev/null
  "$DAPRCERTS" ca-init --dir "$1" --trust-domain mesh --root-cert "$WORK/root.crt" --root-key "$WORK/root.key" \
    >/dev/null 2>"$WORK/err" || sed 's/^/# /' "$WORK/err"
}
made constrained constrained
rotated 0 "the names that it allows" "$dir" issuer
sed 's/^control-plane-trust-domain = .*/control-plane-trust-domain = elsewhere/' "$dir/daprcerts.conf" >"$WORK/conf" &&
  cp "$WORK/conf" "$dir/daprcerts.conf"
credentials "$dir" >"$WORK/before"
rotated 1 "an issuer with others" "$dir" issuer
has "$WORK/err" "an issuer below the root: its name constraints do not allow a URI of 'elsewhere'" "is refused"
rotated 1 "a root that it has to certify" "$dir" root
has "$WORK/err" "by the old root: rotate in stages" "is refused with the other way"
same "$(cat "$WORK/before")" "$(credentials "$dir")" "nothing was changed"
rotated 0 "which goes" "$dir" root --staged
bytes=$(printf '%s/a\377b' "$WORK")
if mkdir "$bytes" 2>/dev/null; then
  ca_init "$bytes"
  status 3 "--json of a directory whose name is no UTF-8" "$DAPRCERTS" rotate --dir "$bytes" --json
  has "$WORK/out" "/a$(printf '\357\277\275')b\"" "has a substitute in it"
else
  skip "--json of a directory whose name is no UTF-8" "not on this file system"
fi
finish
