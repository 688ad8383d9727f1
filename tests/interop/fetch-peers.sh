#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fetches what the tests need from Go's module proxy: the peers' modules and, where the installed Go is too old for
# them (Debian 12's is 1.19), a newer toolchain, which is a module too, and step. And promtool, out of Debian's package of
# Prometheus, which to install would start a server; and by pip a parser of PowerShell, which Debian has not.
set -eu
cd "$(dirname "$0")"
. ./go-env.sh

fetch_toolchain() {
  command -v go >/dev/null 2>&1 || {
    echo 'fetch-peers: no Go: install golang-go (scripts/deps test)' >&2
    exit 1
  }
  case $(uname -m) in
    x86_64) arch=amd64 ;;
    aarch64) arch=arm64 ;;
    *) arch=$(uname -m) ;;
  esac
  module=golang.org/toolchain@v0.0.1-go$GO_WANTED.linux-$arch
  echo "fetch-peers: fetching $module"
  work=$(mktemp -d)
  # the checksum database knows toolchains only from Go 1.21 on; the module proxy is trusted as for everything else
  (cd "$work" && GOFLAGS=-mod=mod GONOSUMDB=golang.org/toolchain GONOSUMCHECK=1 GOSUMDB=off \
    go mod download -json "$module" >download.json)
  dir=$(sed -n 's/^.*"Dir": "\(.*\)".*$/\1/p' "$work/download.json")
  target=$(go_toolchain_dir)
  mkdir -p "$(dirname "$target")"
  rm -rf "$target.new"
  cp -R "$dir" "$target.new"
  chmod -R u+w "$target.new"
  # a module's files carry no execute bit
  chmod +x "$target.new"/bin/* "$target.new"/pkg/tool/*/*
  rm -rf "$target"
  mv "$target.new" "$target"
  rm -rf "$work"
  GO=$target/bin/go
}

fetch_promtool() {
  target=${XDG_CACHE_HOME:-$HOME/.cache}/daprcerts/promtool
  command -v promtool >/dev/null 2>&1 || [ -x "$target" ] || ! command -v apt-get >/dev/null 2>&1 && return
  echo 'fetch-peers: fetching promtool'
  work=$(mktemp -d)
  chmod 755 "$work"
  if (cd "$work" && apt-get download -q prometheus && dpkg-deb -x prometheus_*.deb .); then
    mkdir -p "$(dirname "$target")"
    cp "$work/usr/bin/promtool" "$target.new"
    mv "$target.new" "$target"
  else
    echo 'fetch-peers: no promtool: its test will be skipped ("apt-get update" may help)' >&2
  fi
  rm -rf "$work"
}

fetch_step() {
  target=${XDG_CACHE_HOME:-$HOME/.cache}/daprcerts/step
  if command -v step >/dev/null 2>&1 || [ -x "$target" ]; then return; fi
  echo 'fetch-peers: building step'
  mkdir -p "$(dirname "$target")"
  if (cd step && GOFLAGS=-mod=readonly "$GO" build -o "$target.new" github.com/smallstep/cli/cmd/step); then
    mv "$target.new" "$target"
  else
    echo 'fetch-peers: no step: its tests will be skipped' >&2
  fi
}

fetch_powershell() {
  target=${XDG_CACHE_HOME:-$HOME/.cache}/daprcerts/python
  for python in /usr/bin/python3 python3; do
    PYTHONPATH=$target "$python" -c 'import tree_sitter_powershell, tree_sitter' 2>/dev/null && return
  done
  echo "fetch-peers: fetching a parser of PowerShell"
  for python in /usr/bin/python3 python3; do
    "$python" -m pip --version >/dev/null 2>&1 || continue
    "$python" -m pip install -q --disable-pip-version-check --root-user-action ignore --no-deps --only-binary :all: \
      --upgrade --target "$target" tree-sitter==0.26.1 tree-sitter-powershell==0.26.4 && return
  done
  echo 'fetch-peers: no parser of PowerShell (python3-pip gets it): its test will be skipped' >&2
}

fetch_promtool
fetch_powershell
[ -n "$GO" ] || fetch_toolchain
echo "fetch-peers: $("$GO" version)"
fetch_step
"$GO" mod download
"$GO" build -o /dev/null ./cmd/sidecar ./cmd/bench ./cmd/kube ./cmd/soak ./cmd/traffic github.com/summerwind/h2spec/cmd/h2spec
"$GO" test -c -o /dev/null .
