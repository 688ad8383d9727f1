# SPDX-License-Identifier: Apache-2.0
# For tests on Windows, in a shell of MSYS2 or in wine: sourced after tests/cli/lib.sh.

# in_msys: not in wine.
in_msys() { has_command cygpath; }

# kill_windows NUMBER NAME: ends a process of Windows at once, by its number there; wine's, which have others here, by the
# program's name and this test's folder among its arguments.
kill_windows() {
  if in_msys; then
    MSYS2_ARG_CONV_EXCL='*' taskkill /F /PID "$1" >/dev/null
    return
  fi
  for kill_at in $(pgrep -f "$2"); do
    [ "$(readlink "/proc/$kill_at/cwd")" = "$(pwd -P)" ] || continue
    kill -KILL "$kill_at"
    awaited [ ! -e "/proc/$kill_at/fd/0" ]
  done
}
