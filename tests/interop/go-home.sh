# SPDX-License-Identifier: Apache-2.0
# Go keeps its module and build caches below HOME, and tests/cli/lib.sh gives each test a HOME of its own. Sourced
# before that, so that what fetch-peers.sh fetched is found.
HOME_OF_USER=$HOME
GOMODCACHE=${GOMODCACHE:-${GOPATH:-$HOME/go}/pkg/mod}
GOCACHE=${GOCACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/go-build}
export HOME_OF_USER GOMODCACHE GOCACHE
