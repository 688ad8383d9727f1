# SPDX-License-Identifier: Apache-2.0
# A running server for a test: sourced after tests/cli/lib.sh.

# make_ca: a CA in $WORK/ca, which is the directory of every tool from here on.
make_ca() {
  DAPRCERTS_DIR=$WORK/ca
  export DAPRCERTS_DIR
  "$DAPRCERTS" ca-init >/dev/null 2>&1 || { echo 'Bail out! no CA to serve'; exit 1; }
}

# begin_wire WHAT: what a test by tests/sentry/wire.py needs: PYTHON, a CA, a request in $WORK/csr. Skips WHAT without.
begin_wire() {
  find_python h2 hpack
  [ -n "$PYTHON" ] || { skip "$1" 'no peer: python3-h2 and python3-hpack'; finish; }
  make_ca
  openssl req -new -newkey ed25519 -nodes -keyout /dev/null -subj / -out "$WORK/csr" 2>/dev/null
}

# awaited COMMAND...: waits until the command succeeds. Returns 1, and says so, when the running server has ended before
# or a minute is over: whatever is waited for has come by then or never does.
awaited() {
  awaited_end=$(($(date +%s) + 60))
  until "$@"; do
    if [ -n "${SENTRY_PID:-}" ] && gone; then
      "$@" && return
      echo "# the server ended before: $*"
      return 1
    fi
    if [ "$(date +%s)" -ge "$awaited_end" ]; then
      echo "# not within a minute: $*"
      return 1
    fi
    sleep 0.05
  done
}

# gone: the server has ended.
gone() { ! kill -0 "$SENTRY_PID" 2>/dev/null; }

# start_sentry OPTION...: runs $DAPRCERTS sentry on a free port and waits until it serves. Sets SENTRY_PID, SENTRY_ADDR
# and SENTRY_PORT; its log is $WORK/sentry.log. Returns 1 when it ends before it serves.
start_sentry() {
  rm -f "$WORK/ready"
  "$DAPRCERTS" sentry --port 0 --healthz-port 0 --metrics-port 0 --ready-file "$WORK/ready" "$@" >"$WORK/sentry.log" 2>&1 &
  SENTRY_PID=$!
  awaited [ -s "$WORK/ready" ] >/dev/null || {
    wait_sentry
    return 1
  }
  SENTRY_ADDR=$(at grpc)
  SENTRY_PORT=${SENTRY_ADDR##*:}
  export SENTRY_ADDR
}

# at NAME [N]: the address of its endpoint "grpc", "healthz", "metrics" or "oidc", the Nth where there are several.
at() { sed -n "s/^$1 //p" "$WORK/ready" | sed -n "${2:-1}p"; }

# sanitized: the programs are built with a sanitizer, which has memory and threads of its own.
sanitized() { grep -q '^SAN_FLAGS = .*fsanitize' "${TOP_BUILDDIR:?}/Makefile"; }

# wait_sentry: waits for its end; SENTRY_STATUS is its exit status. One that does not end is killed.
wait_sentry() {
  awaited gone || kill -KILL "$SENTRY_PID"
  wait "$SENTRY_PID"
  SENTRY_STATUS=$?
  SENTRY_PID=
}

# server_process: its own number. On Windows its dispatcher is another process, which waits for it and leaves Ctrl-C to it.
server_process() {
  if on_windows; then pgrep -f "daprcerts-sentry.*$WORK/ready" | head -n 1; else echo "$SENTRY_PID"; fi
}

# END_SIGNAL: what asks it to end: SIGTERM; on Windows Ctrl-C, which kill says by SIGINT.
END_SIGNAL=TERM
! on_windows || END_SIGNAL=INT

# hup: SIGHUP, at which it reads its files again and opens its logs anew. False on Windows, where it looks by itself alone.
NO_HUP='there is no SIGHUP on Windows'
NO_MODES='who may read a file is said by no mode on Windows: tests/unit/base/os_windows.c'
hup() { ! on_windows && kill -HUP "$SENTRY_PID"; }

# stop_sentry: asks it to end, and waits for that.
stop_sentry() {
  [ -n "${SENTRY_PID:-}" ] || return 0
  kill -$END_SIGNAL "$(server_process)" 2>/dev/null
  wait_sentry
}

# logged TEXT [TIMES]: waits until the log of the running server holds the text.
logged() { awaited log_holds "$@"; }
log_holds() { [ "$(grep -cF -- "$1" "$WORK/sentry.log")" -ge "${2:-1}" ]; }

# start_web PORT: a web server of the folder web, 0 for any port; sets WEB_PID and WEB_PORT.
start_web() {
  : >"$WORK/port"
  python3 "$TOP_SRCDIR/tests/sentry/web.py" "$1" >"$WORK/port" 2>"$WORK/web.log" &
  WEB_PID=$!
  awaited [ -s "$WORK/port" ] || sed 's/^/# /' "$WORK/web.log"
  WEB_PORT=$(cat "$WORK/port")
}
stop_web() {
  kill "$WEB_PID"
  wait "$WEB_PID" 2>/dev/null
}

trap 'if [ -n "${SENTRY_PID:-}" ]; then kill -KILL "$SENTRY_PID" 2>/dev/null; fi; rm -rf "$WORK"' EXIT
