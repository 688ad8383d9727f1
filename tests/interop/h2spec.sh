#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# h2spec, the conformance suite for HTTP/2, against the server. Each case that does not pass is explained below.
. "$TOP_SRCDIR/tests/interop/go-home.sh"
. "$TOP_SRCDIR/tests/cli/lib.sh"
. "$TOP_SRCDIR/tests/interop/server.sh"
. "$TOP_SRCDIR/tests/interop/go-env.sh"
cd "$WORK" || exit 1

if [ -z "$GO" ]; then
  skip 'h2spec' "no peer: Go $GO_WANTED or newer (tests/interop/fetch-peers.sh gets it)"
  finish
fi
if ! (cd "$TOP_SRCDIR/tests/interop" && GOFLAGS=-mod=readonly GOPROXY=off "$GO" build -o "$WORK/h2spec" \
  github.com/summerwind/h2spec/cmd/h2spec) >build.log 2>&1; then
  skip 'h2spec' 'no peer: its module is not in the cache (tests/interop/fetch-peers.sh gets it)'
  finish
fi
has_command python3 || { skip 'h2spec' 'no peer: python3, which reads its report'; finish; }

# A gRPC refusal is one HEADERS frame with END_STREAM and no DATA (Trailers-Only); these two want to see DATA.
cat >explained <<'LIST'
generic/2: Sends a WINDOW_UPDATE frame on half-closed (remote) stream
generic/2: Sends a PRIORITY frame on half-closed (remote) stream
LIST
# nghttp2 takes a HEADERS frame with a number that was passed over for one on a closed stream, and drops it.
cat >>explained <<'LIST'
http2/5.1.1: Sends stream identifier that is numerically smaller than previous
LIST
# Each request is answered before the next is read, so that there is never more than one open; what happens past the
# limit is tested in tests/sentry/limits.sh.
cat >>explained <<'LIST'
http2/5.1.2: Sends HEADERS frames that causes their advertised concurrent stream limit to be exceeded
LIST

status 0 'a CA' "$DAPRCERTS" ca-init --dir "$WORK/ca"
start_sentry --issuer-credentials "$WORK/ca"
./h2spec --tls --insecure --host 127.0.0.1 --port "$SENTRY_PORT" --path /dapr.proto.sentry.v1.CA/SignCertificate \
  --timeout 5 --junit-report report.xml >h2spec.log 2>&1
python3 - report.xml >results <<'PYTHON'
import sys
import xml.etree.ElementTree
for case in xml.etree.ElementTree.parse(sys.argv[1]).iter("testcase"):
    bad = case.find("error") is not None or case.find("failure") is not None
    skipped = case.find("skipped") is not None
    name = case.get("package") + ": " + case.get("classname")
    print("bad" if bad else "skipped" if skipped else "good", name)
PYTHON
same 145 "$(wc -l <results)" 'h2spec went through its 145 cases'
while read -r result name; do
  case $result in
    good) pass "h2spec $name" ;;
    skipped) ;; # h2spec cannot bring it about with this server: a limit that it does not set
    bad) if grep -qxF "$name" explained; then pass "h2spec $name: not as it wants, explained"; else
      fail "h2spec $name"
      grep -F -A6 "${name#*: }" h2spec.log | sed 's/^/# /'
    fi ;;
  esac
done <results
same 4 "$(grep -c '^skipped' results)" 'h2spec left out 4'
check 'a client is served after all of it' "$DAPRCERTS" issue web --sentry "$SENTRY_ADDR" --dir "$WORK/ca" --out "$WORK"
stop_sentry
same 0 "$SENTRY_STATUS" 'the server ends with status 0'
finish
