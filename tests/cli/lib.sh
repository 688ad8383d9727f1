# SPDX-License-Identifier: Apache-2.0
# TAP for tests in POSIX sh. Sourced by each script; needs DAPRCERTS, TOP_SRCDIR, TOP_BUILDDIR and EXEEXT (make check sets
# them).
# Each test has a folder of its own, $WORK, removed at its end, and a HOME inside of it.
set -u
: "${DAPRCERTS:?run by make check}"
WORK=$(mktemp -d "${TMPDIR:-/tmp}/daprcerts-test.XXXXXX") || exit 99
trap 'rm -rf "$WORK"' EXIT
trap 'exit 143' HUP INT TERM PIPE # PIPE: make check was ended, which does not end its tests
HOME=$WORK/home
mkdir "$HOME"
export HOME
unset DAPRCERTS_DIR NAMESPACE DAPR_TRUST_ANCHORS DAPR_CERT_CHAIN DAPR_CERT_KEY \
  DAPR_CONTROLPLANE_TRUST_DOMAIN DAPR_CONTROLPLANE_NAMESPACE DAPRCERTS_TRUST_DOMAIN DAPR_SENTRY_TOKEN_FILE
tap_count=0
tap_failed=0

pass() { tap_count=$((tap_count + 1)); printf 'ok %d - %s\n' $tap_count "$*"; }
fail() { tap_count=$((tap_count + 1)); tap_failed=$((tap_failed + 1)); printf 'not ok %d - %s\n' $tap_count "$*"; }
skip() { tap_count=$((tap_count + 1)); printf 'ok %d - %s # SKIP %s\n' $tap_count "$1" "$2"; }

# check WHAT COMMAND...: passes when the command succeeds; its output is shown when it does not.
check() {
  check_what=$1
  shift
  if "$@" >"$WORK/check.out" 2>&1; then pass "$check_what"; else
    fail "$check_what"
    sed 's/^/# /' "$WORK/check.out"
  fi
}

# status N WHAT COMMAND...: passes when the command ends with status N; leaves $WORK/out and $WORK/err.
status() {
  status_want=$1 status_what=$2
  shift 2
  "$@" >"$WORK/out" 2>"$WORK/err"
  status_got=$?
  if [ "$status_got" -eq "$status_want" ]; then pass "$status_what"; else
    fail "$status_what: status $status_got, not $status_want"
    sed 's/^/# out: /' "$WORK/out"
    sed 's/^/# err: /' "$WORK/err"
  fi
}

# same WANT GOT WHAT
same() {
  if [ "$1" = "$2" ]; then pass "$3"; else
    fail "$3"
    printf '%s\n' "$1" | sed 's/^/# want: /'
    printf '%s\n' "$2" | sed 's/^/#  got: /'
  fi
}

# has FILE TEXT WHAT: the file holds the fixed text.
has() {
  if grep -qF -- "$2" "$1"; then pass "$3"; else
    fail "$3: no \"$2\""
    sed 's/^/# /' "$1"
  fi
}

# lacks FILE TEXT WHAT: the file does not hold the fixed text.
lacks() {
  if grep -qF -- "$2" "$1"; then
    fail "$3: has \"$2\""
    sed 's/^/# /' "$1"
  else pass "$3"; fi
}

# built NAME: this build has the program daprcerts-NAME.
built() { [ -x "${TOP_BUILDDIR:?}/daprcerts-$1${EXEEXT-}" ]; }

# --- Windows' programs, in wine or in a shell of MSYS2 ------------------------------------------------------------------
on_windows() { [ "${EXEEXT-}" = .exe ]; }

# on_unix WHAT WHY: where it is not, WHAT is skipped.
on_unix() {
  on_windows || return 0
  skip "$1" "not on Windows: $2"
  return 1
}

# of_mode MODE FILE WHAT: as ls shows it. Windows has an access list instead; in wine it shows whether others may read.
of_mode() {
  of_mode_got=$(ls -ld "$2" | cut -c1-10)
  if on_windows; then same "$(echo "$1" | cut -c8)" "$(echo "$of_mode_got" | cut -c8)" "$3"; else same "$1" "$of_mode_got" "$3"; fi
}

# open_keys DIR: those below it that are not their owner's alone.
open_keys() { find "$1" -type f -name '*.key' $(if on_windows; then echo '-perm -004'; else echo '! -perm 600'; fi); }

# whole_path PATH: as a program shows it that has looked where it is: with its drive, in slashes.
whole_path() {
  if ! on_windows; then echo "$1"; elif has_command cygpath; then cygpath -m "$1"; else echo "Z:$1"; fi
}

# has_command NAME: for peers that a machine may lack.
has_command() { command -v "$1" >/dev/null 2>&1; }

# has_ipv6: this machine has ::1.
has_ipv6() { [ ! -d /proc/net ] || grep -q '^0\{31\}1 ' /proc/net/if_inet6 2>/dev/null; }

# find_python MODULE...: sets PYTHON to one that has them, or to nothing.
find_python() {
  for PYTHON in /usr/bin/python3 python3; do
    "$PYTHON" -c "import $(echo "$*" | tr ' ' ,)" 2>/dev/null && return
  done
  PYTHON=
}

finish() {
  echo "1..$tap_count"
  [ "$tap_failed" -eq 0 ]
  exit
}
