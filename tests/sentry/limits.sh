#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a peer may cost the server: each limit's default, the two ways to set it, and what comes of exceeding it. While a
# hostile peer is there a good one is served: tests/sentry/limits.py sees to that in every case.
. "${TOP_SRCDIR:?}/tests/cli/lib.sh"
. "$TOP_SRCDIR/tests/interop/server.sh"
cd "$WORK" || exit 1

begin_wire 'the limits of the server'

# ends WANT WHAT CASE [ARGUMENT...]: how the server ends the case of limits.py.
ends() {
  ends_want=$1 ends_what=$2 ends_case=$3
  shift 3
  same "$ends_want" "$("$PYTHON" -B -W ignore "$TOP_SRCDIR/tests/sentry/limits.py" "$ends_case" "$SENTRY_ADDR" \
    "$WORK/csr" "$@" 2>&1)" "$ends_what"
}

# set_conf LINE...: the [sentry] section of daprcerts.conf
set_conf() {
  { echo '[sentry]' && printf '%s\n' "$@"; } >ca/daprcerts.conf
}

# threads N WHAT: the server's main thread and its loops, beside those of health and metrics, one a socket
threads() {
  if [ -d "/proc/$SENTRY_PID/task" ] && ! sanitized && ! on_windows; then
    same "$(($1 + $(grep -c '^healthz\|^metrics' ready)))" "$(find "/proc/$SENTRY_PID/task" -mindepth 1 -maxdepth 1 | wc -l)" "$2"
  else
    skip "$2" 'no /proc, or a sanitizer or a wine with threads of its own'
  fi
}

# --- defaults --------------------------------------------------------------------------------------------------------
cp ca/daprcerts.conf made.conf
"$DAPRCERTS" sentry --help | tr -s ' \n' ' ' >help
while read -r name default; do
  same "$default" "$(sed -n "s/.* --$name [A-Z]* [^(]*(default: \([^)]*\)).*/\1/p" help)" "$name: the default by --help"
  same "$default" "$(sed -n "s/^# $name = //p" made.conf)" 'and in a new daprcerts.conf'
done <<'END'
max-connections 4096
max-streams 100
max-header-bytes 16384
max-message-bytes 262144
handshake-timeout 10s
request-timeout 30s
idle-timeout 15m0s
drain-timeout 30s
loops 0
END
start_sentry
# the window of a connection: a message with its prefix, and HTTP/2's first window
ends 'streams 100 headers 16384 window 327684' 'a peer is told of the defaults' announced
ends 'status 0' 'headers that come slowly but in time' headers_in_parts
if has_command nproc; then
  threads "$(($(nproc) + 1))" 'a loop for each core'
else
  skip 'a loop for each core' 'no nproc'
fi
stop_sentry

# --- by daprcerts.conf and by flag -----------------------------------------------------------------------------------
# sizes_hold HOW: the server was started with the values below.
sizes_hold() {
  ends 'streams 5 headers 1024 window 69636' "$1: a peer is told" announced
  # grpc-go resets the sixth with REFUSED_STREAM; a peer that has been told is ended as one that breaks the protocol
  ends 'status 0, goaway 1' "$1: max-streams" streams 5
  ends 'reset 7, status 0' "$1: max-streams, before the peer can know" streams_unknowing 5
  ends 'status 0, reset 11, status 0' "$1: max-header-bytes" headers_at 1024
  ends 'status 0, status 8' "$1: max-message-bytes" message_at 4096
  ends 'closed, status 0' "$1: max-connections: one more takes the longest idle one's place" connections 4
  ends 'turned away, status 0' "$1: max-connections: none is idle" connections_busy 4
  ends 'served' "$1: max-connections: who never begins TLS holds no place" connections_shaking 4
  threads 2 "$1: loops"
}
# times_hold HOW: likewise.
times_hold() {
  ends closed "$1: handshake-timeout: no byte of TLS" handshake_never
  ends 'closed, closed' "$1: handshake-timeout: half of TLS" handshake_half
  ends closed "$1: handshake-timeout: TLS byte by byte" handshake_trickle
  ends 'goaway 0' "$1: idle-timeout: a peer that says nothing" idle_silent
  if on_windows; then
    skip "$1: idle-timeout: a peer of a server that stood still" 'nobody is stopped by a signal on Windows'
  else
    ends 'goaway 0' "$1: idle-timeout: a peer of a server that stood still" idle_stalled "$SENTRY_PID"
  fi
}
# calls_hold HOW: likewise, with time enough for handshakes and for the answer to a GOAWAY.
calls_hold() {
  ends 'reset 8, reset 8, status 0' "$1: request-timeout: calls without an end" unfinished
  ends 'goaway 7fffffff, status 0, goaway 1, closed' "$1: idle-timeout: GOAWAY, and its round trip" idle
  ends goaway "$1: idle-timeout: PINGs are no calls" idle_pings
}
set_conf 'max-streams = 5' 'max-header-bytes = 1024' 'max-message-bytes = 4096' 'max-connections = 4' 'loops = 1'
start_sentry
sizes_hold daprcerts.conf
stop_sentry
set_conf 'max-streams = 7' 'max-header-bytes = 2048' 'max-message-bytes = 8192' 'max-connections = 100' 'loops = 3'
start_sentry --max-streams 5 --max-header-bytes 1024 --max-message-bytes 4096 \
  --max-connections 4 --loops 1
sizes_hold 'a flag over daprcerts.conf'
stop_sentry
cp made.conf ca/daprcerts.conf
for max in 3 1; do
  start_sentry --max-connections $max --loops 2
  ends 'turned away, status 0' "max-connections: $max of two loops" connections_busy $max
  stop_sentry
done
start_sentry --max-connections 2 --loops 2
ends 'served, closed, status 0' "max-connections: the idle one is another loop's" connections_elsewhere
stop_sentry
set_conf 'handshake-timeout = 1s' 'idle-timeout = 1s'
start_sentry
times_hold daprcerts.conf
stop_sentry
set_conf 'request-timeout = 3s' 'idle-timeout = 1s'
start_sentry
calls_hold daprcerts.conf
stop_sentry
set_conf 'handshake-timeout = 1h' 'request-timeout = 1h' 'idle-timeout = 1h'
start_sentry --handshake-timeout 1s --idle-timeout 1s
times_hold 'a flag over daprcerts.conf'
stop_sentry
start_sentry --request-timeout 3s --idle-timeout 1s
calls_hold 'a flag over daprcerts.conf'
stop_sentry
cp made.conf ca/daprcerts.conf
start_sentry --loops 1 --handshake-timeout 1m
ends 'streams 100' 'a connection keeps to the limits of its beginning' announced_as_begun ca/daprcerts.conf
stop_sentry
set_conf 'max-streams = 0'
status 1 'a value out of range' "$DAPRCERTS" sentry --port 0
has "$WORK/err" "line 2: max-streams: out of range" 'is told with its place'
cp made.conf ca/daprcerts.conf

# --- requests that are too much --------------------------------------------------------------------------------------
start_sentry --request-timeout 3s --handshake-timeout 3s
ends 'reset 11, status 0' 'many small headers' headers_many
ends 'reset 11, status 0' 'a large header named many times by one byte' headers_bomb
ends 'goaway 11' 'CONTINUATION without end' continuation_flood
ends 'goaway 11' 'CONTINUATION that brings nothing, without end' continuation_empty
ends 'reset 8' 'headers that never end' headers_never
# the text is grpc-go's, and so is RESOURCE_EXHAUSTED
ends 'status 8 grpc: received message larger than max (1073741824 vs. 262144), reset 0, status 0' \
  'a message that is too large by its declaration' declared
ends 'status 13 unexpected EOF; status 13 a unary call carries one message, this one has more' \
  'a message that is not as long as it says' lying
ends 'status 8' 'a body that goes on behind its message' longer
ends reset 'a body that comes byte by byte' trickle
ends 'status 0' 'the windows come back from every kind of end' windows_return

# --- peers that do not read ------------------------------------------------------------------------------------------
ends 'reset 8, status 0' 'a peer that takes no answer' window_zero
ends 'some answers, reset 8, status 0' "a peer that fills its connection's window" window_used
if [ -d "/proc/$SENTRY_PID" ] && ! sanitized && ! on_windows; then
  ends 'full closed' 'peers that never read, and the memory they cost' deaf "$SENTRY_PID"
else
  ends 'full closed' 'peers that never read' deaf
fi

# --- floods ----------------------------------------------------------------------------------------------------------
ends 'goaway 11' 'streams opened to be reset' rapid_reset
ends 'goaway 11' 'calls made to be reset' rapid_calls
ends 'status 0' 'a client that cancels half of its calls is none of these' cancelling
ends 'status 0' 'nor is one that cancels all that it may have open, twice' cancelling_all 100
ends 'goaway 11' 'PING' pings
ends 'goaway 11' 'SETTINGS' settings
ends 'status 0' 'a client that likes to PING is none of these' polite_pings
ends 'reset 3, goaway 3' 'windows past 2^31-1' window_overflow
ends 'goaway 6' 'a frame that is too large' too_large_frame
ends 'goaway 1' "a stream with a server's number" even_stream

# --- no HTTP/2, no TLS -----------------------------------------------------------------------------------------------
ends 'goaway 1' 'HTTP/1.1 in TLS' http1
ends closed 'HTTP/2 without TLS' plain h2
ends closed 'HTTP/1.1 without TLS' plain http1
ends closed 'noise' garbage
ends TLSV1_ALERT_PROTOCOL_VERSION 'TLS 1.0' old_tls TLSv1
ends TLSV1_ALERT_PROTOCOL_VERSION 'TLS 1.1' old_tls TLSv1_1
stop_sentry
same 0 "$SENTRY_STATUS" 'after all of this the server ends with status 0'

start_sentry --issuer-credentials ca --max-streams 400
ends 'status 0' 'max-streams: who cancels all of more calls' cancelling_all 400
ends 'goaway 11' 'and who opens streams to reset them' rapid_reset
stop_sentry

# --- no descriptor left ----------------------------------------------------------------------------------------------
if on_windows; then
  skip 'more connections than descriptors' 'Windows has no limit of them'
  finish
fi
sentry=$DAPRCERTS
few() { ulimit -n 40 && exec "$sentry" "$@"; }
DAPRCERTS=few
start_sentry --loops 1
DAPRCERTS=$sentry
turned=$("$PYTHON" -B "$TOP_SRCDIR/tests/sentry/limits.py" descriptors "$SENTRY_ADDR" "$WORK/csr" 2>&1)
turned=${turned% turned away}
counted='dapr_sentry_connections_refused_total{reason="descriptors"}'
check 'more connections than descriptors' [ "$turned" -gt 50 ]
if has_command curl; then
  same "$turned" "$(curl --silent "$(at metrics)/" | sed -n "s/^$counted //p")" \
    'each that is turned away is counted, and nothing else'
else
  skip 'each that is turned away is counted' 'no peer: curl'
fi
stop_sentry
same 0 "$SENTRY_STATUS" 'and end nothing'
told=$(grep -cF 'no file descriptor is left; raise the limit (ulimit -n)' sentry.log)
more=$(sed -n 's/.*and \([0-9]*\) more in the last minute: .* no file descriptor is left.*/\1/p' sentry.log)
check 'the first ones have a record each' [ "$told" -ge 10 ]
same "$turned" "$((told + $(echo "${more:-0}" | paste -sd + -)))" 'one for each minute tells of the others'
check 'of which there are some' [ "$told" -lt "$turned" ]
finish
