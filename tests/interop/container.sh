#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The Containerfile and the compose example, without a container: what they run is run here, the libraries that they
# install are those that the programs need, the files are parsed.
. "${TOP_SRCDIR:?}/tests/cli/lib.sh"
. "$TOP_SRCDIR/tests/interop/server.sh"
cd "$WORK" || exit 1
find_python yaml dotenv
[ -n "$PYTHON" ] || { skip 'the compose example' 'no peer: python3-yaml and python3-dotenv'; finish; }
containerfile=$TOP_SRCDIR/packaging/container/Containerfile
compose=$TOP_SRCDIR/share/examples/compose/compose.yaml
trap '"$DAPRCERTS" down --quiet --dir certs 2>/dev/null; rm -rf "$WORK"' EXIT

# words FILE WHAT: a word a line of the list that Containerfile's instruction has, or compose's service as its command.
words() {
  "$PYTHON" -B - "$1" "$2" <<'END'
import json, sys, yaml
path, what = sys.argv[1:]
if path.endswith("Containerfile"):
    lines = [line for line in open(path) if line.split(" ")[0] == what]
    words = json.loads(lines[-1][lines[-1].index("["):])
else:
    words = yaml.safe_load(open(path))["services"][what]["command"]
print("\n".join(words))
END
}

# --- the image -----------------------------------------------------------------------------------------------------------
same daprcerts "$(words "$containerfile" ENTRYPOINT)" 'the image runs daprcerts'
words "$containerfile" CMD >cmd
printf '%s\n' --port 0 --healthz-port 0 --metrics-port 0 >>cmd # the last of an option counts
mkdir -m 755 certs
DAPRCERTS_DIR=$WORK/certs
export DAPRCERTS_DIR
xargs "$DAPRCERTS" <cmd >log 2>&1 &
awaited grep -q 'Running gRPC server on' log
has log 'Running gRPC server on 0.0.0.0:' 'its command serves to other containers'
has log 'can be reached by other machines' 'and warns of it'
same 'drwxr-xr-x' "$(ls -ld certs | cut -c1-10)" 'the volume can be entered by others'
same '-rw-r--r--' "$(ls -l certs/ca.crt | cut -c1-10)" 'who find the anchors'
same '' "$(find certs -name '*.key' ! -perm 600)" 'and no key'
healthz=$(sed -n 's/^healthz //p' certs/.daprcerts/sentry.ready | head -n 1)
words "$containerfile" HEALTHCHECK >check
has check '/dev/tcp/127.0.0.1/8080' 'the health check asks the port of /healthz'
"$PYTHON" -c 'import subprocess, sys
words = open("check").read().rstrip("\n").split("\n")
sys.exit(subprocess.call([word.replace("127.0.0.1/8080", sys.argv[1].replace(":", "/")) for word in words]))' "$healthz"
same 0 $? 'and says that it is well'
"$PYTHON" -c 'import subprocess, sys
words = open("check").read().rstrip("\n").split("\n")
sys.exit(subprocess.call([word.replace("tcp/127.0.0.1/8080", "tcp/127.0.0.1/1") for word in words], stderr=subprocess.DEVNULL))'
check 'where nobody answers, that it is not' test $? -ne 0

if has_command dpkg && has_command readelf; then
  for program in "$TOP_BUILDDIR"/daprcerts "$TOP_BUILDDIR"/daprcerts-*; do
    readelf -d "$program" 2>/dev/null
  done | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort -u >needed
  check 'the programs need libraries' test "$(wc -l <needed)" -ge 5
  while read -r library; do dpkg -S "*/$library" 2>/dev/null; done <needed | sed 's/[:,].*//' | grep -v '^libc6\|^libgcc' | sort -u >wanted
  tr -s ' \\' '\n' <"$containerfile" | grep '^lib' | sort -u >installed
  if sanitized; then skip 'the image has the libraries that they need' 'a sanitizer brings its own'
  else same "$(cat wanted)" "$(cat installed)" 'the image has the libraries that they need'; fi
else
  skip 'the image has the libraries that they need' 'no peer: dpkg and readelf'
fi

# --- compose -------------------------------------------------------------------------------------------------------------
# shellcheck disable=SC2046  # a word a line
"$DAPRCERTS" $(words "$compose" env) >sidecar.env 2>err
same '' "$(cat err)" "the service env runs"
same "$(cat certs/ca.crt)" "$("$PYTHON" -c 'import dotenv; print(dotenv.dotenv_values("sidecar.env")["DAPR_TRUST_ANCHORS"])')" \
  'what it prints gives the sidecars their anchors'
same "./placement --port 50005 $("$DAPRCERTS" up --print-flags placement |
  sed "s,$WORK,,; s,localhost:[0-9]*,sentry:50001,")" "$(words "$compose" placement | paste -sd ' ' -)" 'placement has the flags that up prints'
for app in frontend backend; do
  words "$compose" $app-dapr >sidecar
  has sidecar --enable-mtls "$app: its sidecar has mTLS"
  has sidecar sentry:50001 "$app: by this sentry"
done
same 'config.yaml sidecar.env' "$("$PYTHON" -B - "$compose" <<'END'
import sys, yaml
side = yaml.safe_load(open(sys.argv[1]))["services"]["backend-dapr"]
print(side["volumes"][0].split(":")[0].removeprefix("./"), side["env_file"][0]["path"])
END
)" 'the sidecars have configuration and environment'
check 'the configuration is one' "$DAPRCERTS" sentry --check --config "$TOP_SRCDIR/share/examples/compose/config.yaml"
finish
