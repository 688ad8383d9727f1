#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Files that change under a running server: it takes up what is good, refuses what is not, and no connection notices.
. "${TOP_SRCDIR:?}/tests/cli/lib.sh"
. "$TOP_SRCDIR/tests/interop/server.sh"
. "$TOP_SRCDIR/tests/cli/openssl-ca.sh"
. "$TOP_SRCDIR/tests/sentry/kept.sh"
cd "$WORK" || exit 1
for name in a b c d; do "$DAPRCERTS" ca-init --dir $name >/dev/null 2>&1 || { echo 'Bail out! no CA'; exit 1; }; done

news='reloaded the credentials'
refusal='the credentials were not reloaded'
reloads=0
refusals=0

set_of() { echo "$1/ca.crt $1/issuer.crt $1/issuer.key"; }
count() { grep -cF -- "$1" sentry.log; }

# put FROM TO: at once, so that there is nothing half-way which a slow machine would have refused.
put() { cp "$1" "$WORK/put" && mv "$WORK/put" "$2"; }

# becomes DIR WHAT: the server takes up DIR's set, by one reload. What lay between, if it stood long enough, was refused.
becomes() {
  reloads=$((reloads + 1))
  check "$2: taken up" logged "$news" $reloads
  shows "$1" "$2: served"
  signed_by "$1" "$2"
  same $reloads "$(count "$news")" "$2: once"
  refusals=$(count "$refusal")
}

# refuses DIR WHAT: the server refuses, and serves DIR's set.
refuses() {
  refusals=$((refusals + 1))
  check "$2: refused" logged "$refusal" $refusals
  shows "$1" "$2: the last good set is served"
  signed_by "$1" "$2"
}

# stays DIR WHAT: it does, and says so in one record.
stays() {
  refuses "$1" "$2"
  same $refusals "$(count "$refusal")" "$2: one record"
}

# --- ways to change a file ---------------------------------------------------------------------------------------------
mkdir parent
cp -R a parent/live
start_sentry --issuer-credentials parent/live
keep_open
signed_by a 'the start'

# shellcheck disable=SC2046  # words
cp $(set_of b) parent/live
becomes b 'written in place'

rename_over() {
  for file in $(set_of "$1"); do
    cp "$file" "parent/live/.${file##*/}.swp"
    mv "parent/live/.${file##*/}.swp" "parent/live/${file##*/}"
  done
}
rename_over a
becomes a 'renamed over'

rm -r parent/live
refuses a 'the directory removed' # what it was in between is refused too, where the removal takes long
mkdir parent/live
# shellcheck disable=SC2046  # words
cp $(set_of b) parent/live
becomes b 'and made anew'
rm -r parent
mkdir parent
cp -R c parent/live
becomes c 'its parent removed and made anew'
cp -R d other
mv parent/live parent/old
mv other parent/live
becomes d 'another directory in its place'
rm -r parent/live
ln -s "$WORK/a" parent/live
becomes a 'a link in its place'
ln -s ../b parent/link
mv -T parent/link parent/live
becomes b 'and pointed elsewhere'
rm parent/live
cp -R c parent/live
becomes c 'a directory in its place'
put a/issuer.key parent/live/issuer.key
stays c 'a key of another issuer'
touch parent/live/issuer.key parent/live/daprcerts.conf
put a/issuer.crt parent/live/issuer.crt
stays c 'a pair without its root: another bad state'
put a/ca.crt parent/live/ca.crt
becomes a 'and the root'

# --- one file after the other, slowly -----------------------------------------------------------------------------------
for file in ca.crt issuer.crt; do
  put c/$file parent/live/$file
  stays a "copied slowly, up to $file"
done
put c/issuer.key parent/live/issuer.key
becomes c 'copied slowly, all of it'

# a publication that died behind its mark: the set counts, though half of it is not in place
mkdir -p parent/live/.daprcerts/next
cp d/issuer.crt d/issuer.key d/ca.crt parent/live/.daprcerts/next
: >parent/live/.daprcerts/next/complete
becomes d 'a publication from its mark on'
mv parent/live/.daprcerts/next/* parent/live
rmdir parent/live/.daprcerts/next
rm parent/live/complete

# --- what is no change ----------------------------------------------------------------------------------------------------
lines=$(wc -l <sentry.log)
touch parent/live/*
put parent/live/ca.crt parent/live/ca.crt
cat parent/live/* >/dev/null
echo '# a comment' >>parent/live/daprcerts.conf
echo text >parent/live/notes
records=1
if hup; then
  records=3
  check 'SIGHUP is answered' logged 'the credentials are unchanged'
  check 'for the configuration too' logged 'the configuration is unchanged'
else
  skip 'SIGHUP is answered' "$NO_HUP"
fi
put b/issuer.key parent/live/issuer.key
stays d 'a bad key after files that were touched, copied onto themselves and read'
same $records $(($(wc -l <sentry.log) - lines)) 'of which no record tells'
for again in 1 2; do
  put parent/live/issuer.key parent/live/issuer.key
  if hup; then
    check "SIGHUP answers each time, $again" logged 'the configuration is unchanged' $((again + 1))
    refusals=$((refusals + 1))
  else
    skip "SIGHUP answers each time, $again" "$NO_HUP"
  fi
done
put a/issuer.key parent/live/issuer.key
stays d 'another bad key: the same bytes in between made no record'
put d/issuer.key parent/live/issuer.key
check 'the old set again is good news' logged 'the credentials are good again'
same $reloads "$(count "$news")" 'and no reload'
signed_by d 'the old set again'
close_kept
lacks sentry.log 'the system sends no file events' 'the system sent events'
stop_sentry
same 0 "$SENTRY_STATUS" 'the server ends with status 0'

# --- the configuration --------------------------------------------------------------------------------------------------------
configured() { printf 'spec: {mtls: {workloadCertTTL: %s}}\n' "$1" >new.yaml && mv new.yaml mtls.yaml; }
# lives SECONDS WHAT: what a certificate of a call on the kept connection lives from now, at most; a minute less at least.
lives() {
  [ -n "$PYTHON" ] || return 0
  signed_by a "$2"
  check "$2: ends within $1 s" sh -c "! openssl x509 -noout -checkend $1 -in chain"
  check "$2: and not much sooner" openssl x509 -noout -checkend $(($1 - 60)) -in chain
}
configured 1h
start_sentry --issuer-credentials a --config mtls.yaml
keep_open
lives 3600 'the start'
printf 2 | dd of=mtls.yaml bs=1 seek=31 conv=notrunc 2>/dev/null
check 'a configuration written in place is taken up' logged "reloaded the configuration from 'mtls.yaml'"
lives 7200 'written in place'
configured 3h
check 'one renamed over too' logged 'reloaded the configuration' 2
lives 10800 'renamed over'
configured soon
check 'a bad one is refused' logged 'the configuration was not reloaded, the last good one stays in force'
has sentry.log "'mtls.yaml' line 1" 'with its line'
lives 10800 'a bad one'
rm mtls.yaml
check 'a missing one that was named too' logged 'the configuration was not reloaded' 2
configured 3h
check 'a good one again' logged 'the configuration is good again'
same 2 "$(count 'reloaded the configuration')" 'and no reload, since it is the one in force'
configured 1h
check 'another configuration' logged 'reloaded the configuration' 3
printf '[sentry]\nmax-streams = many\n' >a/daprcerts.conf
check 'a bad daprcerts.conf is refused' logged 'the configuration was not reloaded' 3
lives 3600 'a bad daprcerts.conf'
same 0 "$(count "$news")" 'the credentials were never reloaded'
close_kept
stop_sentry
cp b/daprcerts.conf a

# --- Kubernetes: files are links through ..data, which is pointed from one version to the next ----------------------------------
version() {
  mkdir "volume/..$1"
  # shellcheck disable=SC2046  # words
  cp $(set_of "$1") "volume/..$1"
  ln -s "..$1" volume/..data_tmp
  mv -T volume/..data_tmp volume/..data
}
mkdir volume
version a
for file in ca.crt issuer.crt issuer.key; do ln -s "..data/$file" "volume/$file"; done
reloads=0
start_sentry --issuer-credentials volume
keep_open
version b
becomes b "Kubernetes' swap"
rm -r volume/..a
version c
becomes c 'and the next one'
put a/issuer.key volume/..c/issuer.key
stays c 'a file of that version renamed over'
version d
becomes d 'and one more'
close_kept
stop_sentry

# --- no events ------------------------------------------------------------------------------------------------------------------
# Limits of inotify in a user namespace of the server's own leave everybody else's alone.
sentry=$DAPRCERTS
lacking=
limited() { exec unshare -Ur sh -c "echo $lacking && exec \"\$@\"" sh "$sentry" "$@"; }
for lacking in '0 >/proc/sys/user/max_inotify_instances' '1 >/proc/sys/user/max_inotify_watches'; do
  what=${lacking##*/}
  if on_windows || ! unshare -Ur sh -c "echo $lacking" 2>/dev/null; then
    skip "without events, $what" 'no inotify on Windows, or no user namespace in this place'
    continue
  fi
  rm -rf polled && cp -R a polled
  reloads=0
  DAPRCERTS=limited
  start_sentry --issuer-credentials polled
  DAPRCERTS=$sentry
  keep_open
  same 1 "$(count 'the system sends no file events')" "$what: one warning tells that there are no events"
  # shellcheck disable=SC2046  # words
  cp $(set_of b) polled
  becomes b "$what, written in place"
  rm -r polled && cp -R c polled
  becomes c "$what, a directory made anew"
  same 1 "$(count 'the system sends no file events')" "$what: one warning still"
  close_kept
  stop_sentry
done

# --- a pipe, of which nobody writes into the other end ---------------------------------------------------------------------------
cp -R a piped
cp a/issuer.key elsewhere.key
start_sentry --issuer-credentials piped --issuer-key-filename "$WORK/elsewhere.key"
pipes=0
for pipe in elsewhere.key piped/issuer.crt; do
  pipes=$((pipes + 1))
  mv "$pipe" kept.pem && mkfifo pipe && mv pipe "$pipe"
  check "in the place of $pipe is refused" logged "$pipe' is not a regular file"
  mv kept.pem "$pipe"
  check 'and the file again is good news' logged 'the credentials are good again' $pipes
done
stop_sentry

# --- time makes it good -----------------------------------------------------------------------------------------------------------
begin=$(date -u -d "@$(($(date +%s) + 8))" +%Y%m%d%H%M%SZ)
dated_ca "$WORK/later" "$begin" 20990101000000Z
cp -R a live
start_sentry --issuer-credentials live
# shellcheck disable=SC2046  # words
cp $(set_of later) live
judged() { log_holds "$news" || log_holds "$refusal"; }
awaited judged
if [ "$(date -u +%Y%m%d%H%M%SZ)" \< "$begin" ]; then
  has sentry.log "$refusal" 'an issuer that has not begun is refused'
else
  skip 'an issuer that has not begun is refused' 'this machine was too slow'
fi
check 'and taken up when it has, with no further change' logged "$news"
same 1 "$(count "$news")" 'once'
stop_sentry
finish
