#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# daprcerts status: its table, JSON, exit statuses, banner and needs-renewal; dates judged by openssl, JSON by Python.
. "${TOP_SRCDIR:?}/tests/cli/lib.sh"
. "$TOP_SRCDIR/tests/cli/openssl-ca.sh"
cd "$WORK" || exit 1
unset NO_COLOR
TERM=xterm
export TERM
dir=$HOME/.dapr/certs
find_python json

# ends CERT: as RFC 3339, by openssl.
ends() { openssl x509 -in "$1" -noout -enddate -dateopt iso_8601 | sed 's/notAfter=//; s/ /T/'; }
# print_of CERT: its fingerprint.
print_of() { openssl x509 -in "$1" -noout -fingerprint -sha256 | sed 's/.*=//; s/://g' | tr '[:upper:]' '[:lower:]'; }
# part NAME: the table's row of that part, by single spaces.
part() { sed -n "s/^$1   *\([^0-9 ]\)/\1/p" out | tr -s ' '; }
# says WANT EXPRESSION WHAT: of the JSON report in out, which is d; certs is its certificates by their role.
says() {
  if [ -z "$PYTHON" ]; then skip "$3" 'no peer: python3'; return; fi
  same "$1" "$("$PYTHON" -c 'import json, sys
d = json.load(open("out"))
certs = {}
for cert in d["certificates"]: certs.setdefault(cert["role"], cert)
print(eval(sys.argv[1]))' "$2" 2>&1)" "$3"
}
# shown STATUS WHAT OPTION...: leaves the report in out.
shown() { shown_status=$1 shown_what=$2; shift 2; status "$shown_status" "$shown_what" "$DAPRCERTS" status "$@"; }

# on_terminal COMMAND...: its output on a terminal, in out.
on_terminal() {
  "$PYTHON" -c 'import os, pty, sys
pid, fd = pty.fork()
if pid == 0: os.execvp(sys.argv[1], sys.argv[1:])
text = b""
while True:
    try: more = os.read(fd, 4096)
    except OSError: more = b""
    if not more: break
    text += more
os.waitpid(pid, 0)
open("out", "wb").write(text.replace(b"\r\n", b"\n"))' "$@"
}
escape=$(printf '\033')

# --- nothing there -------------------------------------------------------------------------------------------------------
shown 1 'no CA is a problem'
has out "there is no CA in '$dir': \"daprcerts ca-init\" makes one" 'which is told, and the command that makes one'
check 'nothing is made' test ! -e "$dir"
shown 1 'no CA in a directory that is named' --dir here
has out '"daprcerts ca-init --dir here"' 'the command names it'
shown 1 'no CA, as JSON' --json
says '[] 1 problem True' '"%s %d %s %s" % (d["certificates"], len(d["problems"]), d["status"], d["exit_status"] == 1)' 'says so'

# --- a new CA --------------------------------------------------------------------------------------------------------------
"$DAPRCERTS" ca-init 2>/dev/null
find "$dir" -type f -exec cksum {} + | sort >before
shown 0 'a new CA is good'
same "$dir: good" "$(head -n 1 out)" 'in the first line'
same "itself $(ends "$dir/ca.crt") in 3649 days EC P-256 ca.key" "$(part root | sed 's/3650/3649/')" 'its root'
same "root $(ends "$dir/issuer.crt") in 364 days EC P-256 issuer.key" "$(part issuer | sed 's/365/364/')" 'its issuer'
same "issuer $(ends "$dir/client.crt") in 364 days EC P-256 client.key" "$(part client | sed 's/365/364/')" 'its client pair'
same '3 0' "$(awk '/ENDS/ { at = index($0, "ENDS") } /  20[0-9][0-9]-/ { if (index($0, " 20") + 1 == at) good++; else bad++ }
  END { print good + 0, bad + 0 }' out)" 'columns are aligned'
check 'a table no wider than 80 columns' awk 'NR > 1 && /  / && length > 80 { exit 1 }' out
check 'no line ends with a space' sh -c '! grep -q " $" out'
check 'no colours outside of a terminal' sh -c "! grep -q \"\$(printf '\\033')\" out"
has out 'Next: a new issuer, from ' 'what comes next'
has out 'Then: a new root, cross-signed, with a new issuer, from ' 'and then'
lacks out 'Restart' 'nobody has to be restarted'
shown 0 'the same as JSON' --json
says "good 0 $dir" '"%s %d %s" % (d["status"], d["exit_status"], d["directory"])' 'is good'
says "$(ends "$dir/issuer.crt")" 'certs["issuer"]["not_after"]' "the issuer's end"
says "$(print_of "$dir/ca.crt")" 'certs["issuer"]["signed_by"]' 'who signed it'
says "$(print_of "$dir/ca.crt")" 'certs["root"]["signed_by"]' 'the root signed itself'
says "$(print_of "$dir/issuer.crt")" 'certs["client"]["signed_by"]' 'the issuer signed the client'
says True '0 <= 365 * 86400 - certs["issuer"]["seconds_left"] < 86400' 'seconds that are left'
says 'ca.crt ca.key good' '"%(file)s %(key_file)s %(state)s" % certs["root"]' 'files'
says "ca.key issuer.key client.key {'0600'} {'EC P-256'}" \
  '" ".join(k["file"] for k in d["keys"]) + " %s %s" % ({k["mode"] for k in d["keys"]}, {k["key"] for k in d["keys"]})' 'keys'
says 'here [] [] [] []' '"%s %s %s %s %s" % (d["root_key"], d["problems"], d["warnings"], d["due"], d["restart"])' 'all is well'
says True '(lambda s: [c["step"] for c in d["coming"]] == ["issuer", "root-cross-signed"] and
  d["coming"][0]["at"] < d["coming"][1]["at"])(0)' 'what comes, in its order'
same '' "$(find "$dir" -type f -exec cksum {} + | sort | diff before -)" 'nothing was changed'

# --- due -------------------------------------------------------------------------------------------------------------------
for part in 8761h 0%; do
  shown 4 "--expires-in $part: due" --expires-in "$part"
  has out ': due' 'it is said'
  status 0 'rotate would do something' "$DAPRCERTS" rotate --dry-run --when "$part"
done
for part in 8700h 50% 0s; do
  shown 0 "--expires-in $part: good" --expires-in "$part"
  status 3 'rotate would do nothing' "$DAPRCERTS" rotate --dry-run --when "$part"
done
shown 4 'due' --expires-in 8761h
has out ', due' 'the row says so'
has out "Due: a new issuer (the issuer ends at $(ends "$dir/issuer.crt"))." 'what is due, and why'
has out '"daprcerts rotate" does it.' 'and what to do'
lacks out 'Next: ' 'what comes after is not known then'
shown 4 'as JSON' --expires-in 8761h --json
says "due due good issuer the issuer ends at $(ends "$dir/issuer.crt")" \
  '"%s %s %s %s %s" % (d["status"], certs["issuer"]["state"], certs["root"]["state"], d["due"][0]["step"], d["due"][0]["reason"])' \
  'says what'
says True 'all(c["at"] > d["time"] for c in d["coming"])' 'what comes is yet to come'
shown 4 'of another directory' --dir "$dir" --expires-in 8761h
has out "\"daprcerts rotate --dir $dir\" does it." 'the command names it'

step_ca pair
openssl ecparam -genkey -name prime256v1 -noout -out pair/client.key
printf '%s\n' '[req]' 'distinguished_name = name' '[name]' >req.conf
openssl req -new -key pair/client.key -subj /CN=client -config req.conf |
  openssl x509 -req -CA pair/issuer.crt -CAkey pair/issuer.key -set_serial 7 -days 30 -out pair/client.crt 2>/dev/null
shown 4 'a client pair that ends before its issuer' --dir pair --expires-in 721h
has out "Due: a new client pair (the client pair ends at $(ends pair/client.crt))." 'is due'
same 1 "$(grep -c ', due' out)" 'alone'

# --- after rotations -------------------------------------------------------------------------------------------------------
"$DAPRCERTS" ca-init --dir cross --root-days 1000 2>/dev/null
cp cross/ca.crt first.crt
"$DAPRCERTS" rotate root --dir cross --root-days 2000 2>/dev/null
retire=$(sed -n 's/^retire = //p' cross/.daprcerts/state) since=$(sed -n 's/^since = //p' cross/.daprcerts/state)
shown 0 'after a new root' --dir cross
same "itself $(ends first.crt) in 999 days EC P-256 leaves $retire" "$(part 'old root' | sed 's/1000/999/')" 'the old root leaves'
same "old root $(ends first.crt)" "$(part 'cross certificate' | cut -d' ' -f1-3)" 'it has signed the cross-certificate'
has out "Next: old roots leave ca.crt, from $retire (in 24 hours)." 'which comes next'
has out "Restart: sidecars started before $since must have been restarted by $(ends first.crt) (in " 'who must be restarted'
shown 0 'as JSON' --dir cross --json
says "$since O=localhost $(ends first.crt)" '"%(started_before)s %(knowing)s %(by)s" % d["restart"][0]' 'says so too'
says "$(print_of first.crt) $retire" '"%s %s" % (certs["cross-certificate"]["signed_by"], certs["old-root"]["changes_at"])' 'and the rest'
cp cross/ca.crt second.crt
"$DAPRCERTS" rotate root --dir cross --root-days 3000 2>/dev/null
shown 0 'after another new root' --dir cross
same 'old root 2' "$(part 'cross certificate 2' | cut -d' ' -f1-3)" 'the older cross-certificate is the older root'\''s'
has out "Restart: sidecars started before $(sed -n 's/^since = //p' cross/.daprcerts/state) must have been restarted by $(ends second.crt) (in " \
  'those of the time between'
has out "Restart: sidecars started before $since must have been restarted by $(ends first.crt) (in " 'and the older ones'
same 2 "$(grep -c ^Restart out)" 'and nobody else'
sed '/END/q' cross/ca.crt >ca.crt && mv ca.crt cross/ca.crt
shown 0 'when the old roots have left' --dir cross
same 'former root' "$(part 'cross certificate 2' | cut -d' ' -f1-2)" 'a former root has signed a cross-certificate'
same 'cross certificate 2' "$(part 'cross certificate' | cut -d' ' -f1-3)" 'which certifies the key that signed the other'
same '' "$(part 'old root')" 'they are not there'

"$DAPRCERTS" ca-init --dir shorter --root-days 3000 2>/dev/null
"$DAPRCERTS" rotate root --dir shorter --root-days 2500 2>/dev/null
"$DAPRCERTS" rotate root --dir shorter --root-days 1000 2>/dev/null
sed '/END/q' shorter/ca.crt >third.crt
shown 0 'a root that ends before those before it' --dir shorter
same "$(ends third.crt)" "$(sed -n 's/^Restart: .* restarted by \(.*\) (in .*/\1/p' out)" 'is what all of them go by'

"$DAPRCERTS" ca-init --dir same --root-days 1000 2>/dev/null
cp same/ca.crt before.crt
"$DAPRCERTS" rotate root --same-key --dir same 2>/dev/null
shown 0 'a new certificate of the same root' --dir same --json
says "[None] $(ends before.crt)" '"%s %s" % ([r["knowing"] for r in d["restart"]], d["restart"][0]["by"])' 'has its restarts too'

step_ca staged
"$DAPRCERTS" rotate root --staged --dir staged 2>/dev/null
switch=$(sed -n 's/^switch = //p' staged/.daprcerts/state)
shown 0 'a staged root' --dir staged
has out ".daprcerts/staged.key, takes over $switch" 'has its key, and takes over'
has out "must have been restarted by $switch (in " 'until then others are to be restarted'
has out 'Next: the staged root takes over, with a new issuer, from ' 'that comes next'
lacks out 'Then: ' 'and makes void what would have come for the issuer'
if [ -n "$PYTHON" ]; then
  on_terminal "$DAPRCERTS" status --dir staged --expires-in 24h
  has out "$escape[33mRestart$escape[0m" 'which is yellow on a terminal'
fi
cat staged/issuer.crt >>staged/ca.crt
shown 1 'an anchor that is no root' --dir staged
has out 'ca.crt: certificate 3' 'is a problem, as it is to sentry'

dapr_ca dapr
shown 0 'a CA that Dapr made' --dir dapr
has out 'its key is not here' 'has no root key'
has out 'Wanted: a new client pair' 'and no client pair, which counts for nothing'
lacks out ': due' 'it is not due'
"$DAPRCERTS" rotate root --dir dapr 2>/dev/null
shown 0 'after a rotation' --dir dapr
same 'old issuer' "$(part 'cross certificate' | cut -d' ' -f1-2)" 'the old issuer has signed the cross-certificate'
same 'old root' "$(part 'old issuer' | cut -d' ' -f1-2)" 'the old root the old issuer'
same 1 "$(grep -c Restart out)" 'those who know the old root are told of once'
cat first.crt >>dapr/ca.crt
shown 0 'a root that has nothing to do with it' --dir dapr
same itself "$(part 'other root' | cut -d' ' -f1)" 'is called another'
"$DAPRCERTS" rotate retire --force --dir dapr 2>/dev/null
shown 0 'after everything was restarted' --dir dapr
same '' "$(part 'cross certificate')$(part 'old root')" 'what was for others has gone'
lacks out Restart 'and nobody has to be restarted'
"$DAPRCERTS" rotate root --compromised --dir dapr 2>/dev/null
shown 0 'after a compromise' --dir dapr
has out 'do not believe the issuer: they must be restarted now' 'all are to be restarted'

"$DAPRCERTS" ca-init --dir away --root-key-out away.key 2>/dev/null
shown 0 'a root key that is kept elsewhere' --dir away
has out 'key kept elsewhere' 'is told'
shown 0 'as JSON' --dir away --json
says 'elsewhere None' '"%s %s" % (d["root_key"], certs["root"]["key_file"])' 'too'

mkdir anchors && cp first.crt anchors/ca.crt
shown 0 'ca.crt alone' --dir anchors
has out 'There is no issuer' 'is no problem'
shown 4 'and is due when its root is' --dir anchors --expires-in 24001h

# --- problems ---------------------------------------------------------------------------------------------------------------
# broken WHAT TEXT PART COMMAND...: the command breaks the directory "broken"; TEXT is told, and PART is still shown.
broken() {
  broken_what=$1 broken_text=$2 broken_part=$3
  shift 3
  rm -rf broken && cp -R "$dir" broken
  "$@"
  shown 1 "$broken_what" --dir broken
  has out "problem: $broken_text" 'is told'
  check "the $broken_part is shown all the same" grep -q "^$broken_part  " out
  shown 1 'as JSON too' --dir broken --json
  says True 'd["status"] == "problem" and "'"$broken_text"'" in d["problems"][0]' 'with its text'
}
put() { printf '%s\n' "$2" >"broken/$1"; }
"$DAPRCERTS" ca-init --dir other 2>/dev/null
broken 'an issuer.crt that is none' 'issuer.crt: ' root put issuer.crt x
broken 'a ca.crt that is none' 'ca.crt: ' issuer put ca.crt x
broken 'an issuer.key that is none' 'issuer.key: ' issuer put issuer.key x
broken 'a ca.key that is none' 'ca.key: ' root put ca.key x
broken 'a client.crt that is none' 'client.crt: ' issuer put client.crt x
broken 'a client.key that is none' 'client.key: ' client put client.key x
broken 'a token.key that is none' 'token.key holds no key' client put token.key x
broken 'a state that is none' '.daprcerts/state: ' issuer put .daprcerts/state 'what = x'
broken 'the issuer.key of another' 'issuer.key does not match' issuer cp other/issuer.key broken/issuer.key
broken 'the ca.key of another' 'ca.key is not the key of the root' root cp other/ca.key broken/ca.key
broken 'the client.key of another' 'client.key does not match' client cp other/client.key broken/client.key
broken 'the ca.crt of another' 'issuer.crt and ca.crt do not belong together' issuer cp other/ca.crt broken/ca.crt
broken 'no issuer.key' 'issuer.key is missing' issuer rm broken/issuer.key
broken 'no client.key' 'client.key is missing beside client.crt' issuer rm broken/client.key
broken 'no client.crt' 'client.crt is missing beside client.key' issuer rm broken/client.crt
broken 'no ca.crt' 'ca.crt is missing' issuer rm broken/ca.crt
broken 'a link to itself' "cannot open 'broken/issuer.key'" issuer ln -sf issuer.key broken/issuer.key
rm -rf broken && cp -R "$dir" broken && echo x >broken/issuer.crt && cp other/client.key broken && rm broken/ca.key && mkdir broken/ca.key
shown 1 'three at once' --dir broken
same 3 "$(grep -c '^problem: ' out)" 'each is told'
ln -s loop loop
shown 1 'a directory that cannot be read' --dir loop
same 1 "$(grep -c "^problem: cannot look at 'loop/" out)" 'is told once'
same 1 "$(grep -c ^problem out)" 'and nothing else'
expired_ca ended
shown 1 'an issuer that has ended' --dir ended
has out 'problem: the issuer certificate has ended at 2001-01-01T00:00:00Z' 'is a problem'
has out 'Due: a new issuer (the issuer ended at 2001-01-01T00:00:00Z)' 'and what mends it is due'
shown 1 'as JSON' --dir ended --json
says 'ended good True' '"%s %s %s" % (certs["issuer"]["state"], certs["root"]["state"], certs["issuer"]["seconds_left"] < 0)' 'too'
dated_ca early 20980101000000Z 20990101000000Z
shown 1 'an issuer that has not begun' --dir early --json
says not-begun 'certs["issuer"]["state"]' 'is a problem'

# --- warnings ---------------------------------------------------------------------------------------------------------------
# a group is no other on Windows
if on_windows; then mode=644 close='icacls warned/issuer.key /inheritance:r /grant:r %USERNAME%:F'; else
  mode=640 close='chmod 600 warned/issuer.key'
fi
cp -R "$dir" warned && chmod $mode warned/issuer.key
shown 0 'a key that a group may read' --dir warned
has out "warning: 'issuer.key' is open to others (mode 0$mode): \"$close\" closes it" 'is warned of'
chmod 600 warned/issuer.key
cp other/client.crt other/client.key warned
shown 0 'a client pair of another CA' --dir warned
has out 'warning: the client pair was not signed by the issuer' 'is warned of'
same 'not here' "$(part client | cut -d' ' -f1-2)" 'who signed it is not here'
rm -rf warned && cp -R "$dir" warned && mkdir warned/.daprcerts/next && : >warned/.daprcerts/next/complete
cp other/client.crt other/client.key warned/.daprcerts/next
shown 0 'a publication that was interrupted' --dir warned
has out 'warning: a publication was interrupted' 'is warned of'
same 'not here' "$(part client | cut -d' ' -f1-2)" 'and its set is the one that is shown'
if [ -n "$PYTHON" ]; then
  "$PYTHON" -c 'import fcntl, subprocess, sys
lock = open("warned/.daprcerts/lock", "w")
fcntl.lockf(lock, fcntl.LOCK_EX)
subprocess.run(sys.argv[1:], stdout=open("out", "w"))' "$DAPRCERTS" status --dir warned
  lacks out 'interrupted' 'one that is under way is not'
else
  skip 'one that is under way is not' 'no peer: python3'
fi

# --- banner -----------------------------------------------------------------------------------------------------------------
# dated_root SECONDS [BEGIN]: the root of "banner" ends so long from now.
dated_root() {
  dated_end=$(($(date +%s) + $1))
  rm -rf work && mkdir work && : >work/index && echo 01 >work/serial
  printf '%s\n' '[ca]' 'default_ca = this' '[this]' 'database = work/index' 'serial = work/serial' 'new_certs_dir = work' \
    'default_md = sha256' 'policy = any' 'x509_extensions = root' 'unique_subject = no' '[any]' 'commonName = supplied' \
    '[root]' 'basicConstraints = critical, CA:true' 'keyUsage = critical, keyCertSign, cRLSign' \
    '[req]' 'distinguished_name = name' '[name]' >work/conf
  openssl req -new -key banner/ca.key -subj /CN=cluster.local -config work/conf -out work/csr 2>/dev/null
  openssl ca -batch -selfsign -config work/conf -keyfile banner/ca.key -startdate "${2:-20000101000000Z}" \
    -enddate "$(date -u -d "@$dated_end" +%Y%m%d%H%M%SZ)" -in work/csr -notext -out banner/ca.crt 2>/dev/null
}
# told_as TEXT WHAT: the banner is this, with the root's date.
told_as() {
  printf '\342\232\240  Dapr root certificate of your Kubernetes cluster %s Expiry date: %s. \n %s\n' "$1" \
    "$(LC_ALL=C date -u -d "@$dated_end" '+%a, %d %b %Y %H:%M:%S UTC')" \
    'Please see docs.dapr.io for certificate renewal instructions to avoid service interruptions.' >want
  check "$2" cmp want out
  same '' "$(cat err)" 'and nothing else'
}
step_ca banner
day=86400
dated_root $((30 * day + 3600))
shown 4 'a root that ends in 30 days' --dir banner --banner
same '' "$(cat out err)" 'has no banner, but its status'
dated_root $((30 * day - 3600))
shown 4 'one that ends in 29 days and some hours' --dir banner --banner
told_as 'expires in 29 days.' 'has'
shown 0 'the status is by --expires-in' --dir banner --banner --expires-in 24h
dated_root $((1 * day + 3600))
shown 4 'one day' --dir banner --banner
told_as 'expires in 1 days.' 'in the original'\''s grammar'
dated_root 3600
shown 4 'the last day' --dir banner --banner
told_as 'expires today.' 'is today'
dated_root -3600
shown 1 'the first day after it' --dir banner --banner
told_as 'expires today.' 'is called so too'
dated_root $((-day - 3600))
shown 1 'a day after' --dir banner --banner
told_as 'has expired.' 'it has expired'
shown 1 'a root that has ended' --dir banner
has out 'problem: no valid trust anchor verifies the issuer' 'is a problem'
shown 1 'no CA' --dir nothing --banner
same '' "$(cat out err)" 'has no banner'

# --- needs-renewal -----------------------------------------------------------------------------------------------------------
dated_root $((30 * day)) "$(date -u -d '70 days ago' +%Y%m%d%H%M%SZ)"
mv banner/ca.crt old.crt
dated_root $((90 * day)) "$(date -u -d '10 days ago' +%Y%m%d%H%M%SZ)"
mv banner/ca.crt new.crt
cat new.crt old.crt >both.crt
openssl x509 -in old.crt -outform DER -out old.der
# renewal STATUS OPTION...
renewal() { renewal_want=$1; shift; status "$renewal_want" "--needs-renewal $*: $renewal_want" "$DAPRCERTS" status --needs-renewal "$@"; }
renewal 0 old.crt
same '' "$(cat out err)" 'in silence'
renewal 1 new.crt
same '' "$(cat out err)" 'in silence'
renewal 0 old.crt --expires-in 69%
renewal 1 old.crt --expires-in 71%
renewal 0 old.crt --expires-in 721h
renewal 1 old.crt --expires-in 719h
renewal 1 both.crt
renewal 0 both.crt --bundle
renewal 1 both.crt --bundle --expires-in 719h
renewal 0 old.der
renewal 0 ended/issuer.crt --expires-in 0s
renewal 0 ended/issuer.crt --expires-in -1h
dated_root -1800
renewal 0 banner/ca.crt --expires-in 0s
renewal 1 banner/ca.crt --expires-in -1h
renewal 0 old.crt -v
same 'certificate needs renewal' "$(cat out)" 'said on standard output'
renewal 1 new.crt --verbose
same 'certificate does not need renewal' "$(cat err)" 'said on standard error'
same '' "$(cat out)" 'alone'
renewal 2 nothing.crt
has err "cannot open 'nothing.crt'" 'what is missing is told'
renewal 255 ended/issuer.key
renewal 255 ended
renewal 255 old.crt --expires-in 101%
renewal 255 old.crt --expires-in soon
renewal 255 old.crt --dir "$dir"
renewal 255 old.crt --json
renewal 255 old.crt new.crt
renewal 255 ftp://localhost
has err "'ftp://localhost'" 'an address is no file that is missing'
renewal 255 https://localhost:1
has err "'https://localhost:1'" 'nor is a server'
status 255 '--needs-renewal without a file' "$DAPRCERTS" status --needs-renewal
status 0 '--help' "$DAPRCERTS" status --needs-renewal old.crt --help

# --- usage -------------------------------------------------------------------------------------------------------------------
for wrong in '--json --banner' '--bundle' '-v' '--roots x' '--insecure' '--expires-in soon' '--expires-in 101%' 'operand' '--what'; do
  # shellcheck disable=SC2086  # words
  status 2 "wrong usage: status $wrong" "$DAPRCERTS" status $wrong
done
if [ -w /dev/full ]; then
  for form in '' --json; do
    # shellcheck disable=SC2086  # a word, or none
    "$DAPRCERTS" status $form >/dev/full 2>err
    same 1 $? "a full disk${form:+, $form}"
  done
else
  skip 'a full disk' 'no /dev/full'
fi

# --- colours -----------------------------------------------------------------------------------------------------------------
if [ -z "$PYTHON" ]; then
  skip 'colours' 'no peer: python3'
elif on_unix 'colours' "wine draws a console's screen itself"; then
  "$DAPRCERTS" status | sed 's/(in [^)]*)//' >plain
  on_terminal "$DAPRCERTS" status
  has out "$escape[32mgood$escape[0m" 'good is green on a terminal'
  same "$(cat plain)" "$(sed "s/$escape\\[[0-9]*m//g; s/(in [^)]*)//" out)" 'without its colours it is the same'
  on_terminal "$DAPRCERTS" status --expires-in 8761h
  has out "$escape[33mdue$escape[0m" 'due is yellow'
  on_terminal "$DAPRCERTS" status --dir ended
  has out "$escape[31mproblem$escape[0m" 'a problem is red'
  has out "$escape[31m94" 'and what has ended'
  on_terminal env NO_COLOR=1 "$DAPRCERTS" status
  lacks out "$escape" 'NO_COLOR forbids them'
  on_terminal env NO_COLOR= "$DAPRCERTS" status
  has out "$escape" 'an empty one does not'
  on_terminal env TERM=dumb "$DAPRCERTS" status
  lacks out "$escape" 'a dumb terminal has none'
  on_terminal "$DAPRCERTS" status --json
  lacks out "$escape" 'JSON has none'
fi
finish
