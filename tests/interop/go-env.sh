# SPDX-License-Identifier: Apache-2.0
# Finds a Go that is new enough for the peers: sets GO, or leaves it empty. Sourced. Nothing is fetched here.
GO_WANTED=1.26.8
GO=
go_is_fit() {
  [ -x "$1" ] && [ "$("$1" env GOVERSION 2>/dev/null | sed 's/^go//; s/[^0-9.].*//' | awk -F. -v want=$GO_WANTED '
    BEGIN { split(want, w, ".") }
    { ok = $1 > w[1] || ($1 == w[1] && ($2 > w[2] || ($2 == w[2] && $3 + 0 >= w[3] + 0))) }
    END { print ok ? "fit" : "" }')" = fit ]
}
go_toolchain_dir() {
  echo "${XDG_CACHE_HOME:-${HOME_OF_USER:-$HOME}/.cache}/daprcerts/go$GO_WANTED"
}
for go_candidate in "$(command -v go 2>/dev/null)" "$(go_toolchain_dir)/bin/go"; do
  if [ -n "$go_candidate" ] && go_is_fit "$go_candidate"; then
    GO=$go_candidate
    break
  fi
done
GOTOOLCHAIN=local
export GOTOOLCHAIN

# go_builds NAME: cmd/NAME as $WORK/NAME. Where it cannot be, NO_GO_PEER says why. For after tests/cli/lib.sh.
go_builds() {
  NO_GO_PEER="no peer: Go $GO_WANTED or newer (tests/interop/fetch-peers.sh gets it)"
  [ -n "$GO" ] || return
  NO_GO_PEER='no peer: the modules are not in the cache (tests/interop/fetch-peers.sh gets them)'
  (cd "$TOP_SRCDIR/tests/interop" && GOFLAGS=-mod=readonly GOPROXY=off "$GO" build -o "$WORK/$1" "./cmd/$1") \
    >"$WORK/build.log" 2>&1
}

# go_peer NAME WHAT: the same; without it WHAT is skipped, and the test is over.
go_peer() {
  go_builds "$1" && return
  skip "$2" "$NO_GO_PEER"
  [ ! -s "$WORK/build.log" ] || sed 's/^/# /' "$WORK/build.log" | tail -n 5
  finish
}
