# SPDX-License-Identifier: Apache-2.0
# daprcerts up: makes what is missing and has a sentry run, by the other tools.
print_help() {
  cat <<'END'
usage: daprcerts up [OPTION...] [-- SENTRY-OPTION...]

Make what is missing of a CA, Dapr's Configuration and a running sentry, and print what to paste.

  -d, --dir DIR            the credentials' directory (default: $DAPRCERTS_DIR, else
                           $HOME/.dapr/certs)
      --config FILE        Dapr's Configuration, made with mTLS enabled when it is missing, for
                           sentry and 'dapr run' (default: config.yaml in the directory)
      --trust-domain NAME  sentry's trust domain, when the CA is made (default: as ca-init)
  -q, --quiet              print the sidecar's environment alone: eval $(daprcerts up --quiet)
  -f, --format FORMAT      that in another notation: as env-export
      --json               print what runs as JSON
      --foreground         become sentry, instead of starting one
      --no-systemd         start a process in the background where systemd has a unit, too
      --print-flags WHAT   print the flags by which daprd, placement or scheduler use this CA,
                           and start nothing
      --dapr-version N     of that version (default: 1.18)
  -h, --help               show this help and exit
      --version            show the version and exit

Run again, it changes nothing and says what runs. What follows -- goes to a sentry that is started.
Exit status: 0 it serves, 1 failed (with --quiet also the word "false" on standard output, so that
eval fails), 2 wrong usage.
END
}

# --- the command line ------------------------------------------------------------------------------------------------
config='' trust_domain='' format=sh json=false foreground=false systemd=true print_flags='' dapr_version=1.18
for word in "$@"; do # before one that is wrong
  case $word in
    --) break ;;
    -q | --quiet) failure=false ;;
  esac
done
while [ $# -gt 0 ]; do
  take_option "$@"
  case $name in
    --)
      shift
      break
      ;;
    --config)
      wants_value
      config=$value
      ;;
    --trust-domain)
      wants_value
      trust_domain=$value
      ;;
    -q | --quiet)
      wants_none
      quiet=true
      ;;
    -f | --format)
      wants_value
      format=$value
      ;;
    --json)
      wants_none
      json=true
      ;;
    --foreground)
      wants_none
      foreground=true
      ;;
    --no-systemd)
      wants_none
      systemd=false
      ;;
    --print-flags)
      wants_value
      print_flags=$value
      ;;
    --dapr-version)
      wants_value
      dapr_version=$value
      ;;
    *) common_option ;;
  esac
  shift "$taken"
done
if $json && $quiet; then usage_error "options '--json' and '--quiet' exclude each other"; fi
if $json || $foreground; then quiet=$json; fi
for word in "$@"; do
  case $word in
    --issuer-credentials | --issuer-credentials=* | --pid-file | --pid-file=* | --ready-file | --ready-file=* | \
      --daemon | --stop | --running | --check) usage_error "'${word%%=*}' is no option for a sentry that up starts" ;;
    --config | --config=*) usage_error "'--config' belongs before '--', for up to know it, too" ;;
  esac
done
# nothing is made for words that are wrong
said=$("$daprcerts" env-export --dir /dev/null/none --format "$format" 2>&1 >/dev/null)
[ $? -ne 2 ] || usage_error "$(printf '%s\n' "${said#daprcerts env-export: }" | head -n 1)"
locate
[ -n "$config" ] || config=$dir/config.yaml
absolute "$config"
config=$path

# --- flags for others ------------------------------------------------------------------------------------------------
name_of() { "$daprcerts" env-export --dir "$dir" --format dotenv --no-cert | sed -n "s/^$1=\"\(.*\)\"$/\1/p"; }

# quoted WORD: as a shell reads it; most words are the same.
quoted() {
  case $1 in
    *[!A-Za-z0-9_./:=,@%+-]*)
      # the mark keeps newlines at its end
      word=$(printf '%s\n' "$1" | sed "s/'/'\\\\''/g" && echo .)
      printf "'%s'" "${word%
.}"
      ;;
    *) printf '%s' "$1" ;;
  esac
}

# client_address ADDRESS: where who runs on this machine finds it.
client_address() {
  case $1 in
    127.0.0.1:* | '[::1]:'* | 0.0.0.0:* | '[::]:'*) echo "localhost:${1##*:}" ;;
    *) echo "$1" ;;
  esac
}
address=localhost:50001
# serving: its process is there, which is in "process" then, and has told its address; what one that was killed has left does not count
serving() {
  process=$("$daprcerts" sentry --running --pid-file "$pid_file" 2>/dev/null) && [ -s "$ready" ] &&
    address=$(client_address "$(sed -n 's/^grpc //p' "$ready" | head -n 1)")
}

flags_of() {
  case $dapr_version in
    1.*) minor=${dapr_version#1.} ;;
    v1.*) minor=${dapr_version#v1.} ;;
    *) minor='' ;;
  esac
  minor=${minor%%.*}
  case $minor in
    '' | *[!0-9]*) usage_error "option '--dapr-version': '$dapr_version' is no version of Dapr's, such as 1.18" ;;
  esac
  domain=$(name_of DAPR_CONTROLPLANE_TRUST_DOMAIN) && [ -n "$domain" ] || give_up 1
  namespace=$(name_of DAPR_CONTROLPLANE_NAMESPACE)
  serving || :
  case $print_flags in
    daprd)
      set -- --enable-mtls --sentry-address "$address"
      [ "$minor" -lt 12 ] || set -- "$@" --control-plane-trust-domain "$domain" --control-plane-namespace "$namespace"
      ;;
    placement | scheduler)
      if [ "$print_flags" = scheduler ] && [ "$minor" -lt 14 ]; then
        usage_error "option '--dapr-version': there is no scheduler before 1.14"
      elif [ "$minor" -lt 12 ]; then
        set -- --tls-enabled --certchain "$dir"
      else
        set -- --tls-enabled --trust-domain "$domain" --trust-anchors-file "$dir/ca.crt" --sentry-address "$address" \
          --mode standalone
      fi
      [ "${NAMESPACE:-default}" = "$namespace" ] ||
        warn "$print_flags takes its namespace from NAMESPACE, which has to be '$namespace' for it"
      ;;
    *) usage_error "option '--print-flags': '$print_flags' is none of daprd, placement, scheduler" ;;
  esac
  line=''
  for word in "$@"; do line="$line${line:+ }$(quoted "$word")"; done
  printf '%s\n' "$line"
}
if [ -n "$print_flags" ]; then
  flags_of
  exit 0
fi

# --- what is missing -------------------------------------------------------------------------------------------------
made=false
make_ca() {
  # another up may be at it
  tries=0
  until holds ca.crt || holds issuer.crt || holds issuer.key; do
    if [ -n "$trust_domain" ]; then set -- --trust-domain "$trust_domain"; else set --; fi
    if said=$("$daprcerts" ca-init --dir "$dir" "$@" 2>&1); then
      made=true
      say "$said"
      return
    fi
    tries=$((tries + 1))
    holds issuer.key || [ "$tries" -lt 10 ] || give_up 1 "${said#daprcerts ca-init: }"
    [ -d "$run" ] || give_up 1 "${said#daprcerts ca-init: }"
    sleep 1
  done
  if ! holds issuer.crt && ! holds issuer.key; then
    ! holds ca.key || give_up 1 "'$dir' holds a root without an issuer: a backup has issuer.crt and issuer.key"
    give_up 1 "'$dir' holds ca.crt alone: its sentry runs elsewhere, and 'daprcerts env-export' is all that is needed here"
  fi
  [ -n "$trust_domain" ] || return 0
  domain=$(name_of DAPR_CONTROLPLANE_TRUST_DOMAIN)
  [ "$domain" = "$trust_domain" ] ||
    give_up 1 "the trust domain of '$dir' is '$domain' already; daprcerts.conf says so, or the environment"
}

make_config() {
  if [ -e "$config" ]; then
    awk '
      /^[ \t]*(#|$)/ { next }
      { match($0, /^[ \t]*/) }
      RLENGTH <= inside { inside = -1 }
      /^[ \t]*"?mtls"?:/ { inside = RLENGTH }
      inside >= 0 && /enabled"?:[ \t]*"?true/ { found = 1 }
      END { exit !found }' inside=-1 "$config" ||
      warn "'$config' does not say 'mtls: enabled: true', so 'dapr run' starts sidecars without mTLS"
    return
  fi
  # by a link: whole, and never in the place of another up's
  rm -f "$config.$$" && (set -C && default_config >"$config.$$") && { ln "$config.$$" "$config" 2>/dev/null || [ -e "$config" ]; }
  written=$?
  rm -f "$config.$$"
  [ "$written" -eq 0 ] || give_up 1 "cannot write '$config'"
  say "Dapr's Configuration has been saved in $config."
}

# --- the server ------------------------------------------------------------------------------------------------------
started=true by=process
start_process() {
  "$daprcerts" sentry --daemon --log-file "$log" "$@" 2>"$run/up.$$"
  case $? in
    0) ;;
    3) started=false ;;
    *)
      said=$(cat "$run/up.$$")
      rm -f "$run/up.$$"
      give_up 1 "sentry does not serve: ${said#daprcerts sentry: }"
      ;;
  esac
  rm -f "$run/up.$$"
}
start_unit() {
  by=unit
  if systemctl --user is-active --quiet "$unit"; then
    started=false
  else
    systemctl --user start "$unit" || give_up 1 "systemd does not start $unit: 'systemctl --user status $unit' says why"
  fi
}

make_ca
make_config
[ -d "$run" ] || (umask 077 && mkdir -p "$run") || give_up 1
sentry_options=$#
set -- --pid-file "$pid_file" --ready-file "$ready" --issuer-credentials "$dir" --config "$config" --auto-rotate "$@"
if $foreground; then exec "$daprcerts" sentry "$@"; fi
if $systemd && [ "$sentry_options" -eq 0 ] && [ "$config" = "$dir/config.yaml" ] && has_unit; then
  start_unit
else
  start_process "$@"
fi
tries=0
until serving; do # one that was started elsewhere may not be ready yet
  tries=$((tries + 1))
  [ "$tries" -le 30 ] || give_up 1 "sentry does not get ready; its log is '$log'"
  sleep 1
done

# --- what to paste ---------------------------------------------------------------------------------------------------
# in_json PATH: in the words of a tool that knows JSON, whatever is in it.
in_json() { "$daprcerts" status --json --dir "$1" 2>/dev/null | sed -n 's/^  "directory": \(".*"\),$/\1/p'; }
if $json; then
  if [ "$by" = unit ]; then place="\"unit\": \"$unit\""; else place="\"log\": $(in_json "$log")"; fi
  printf '{\n  "dir": %s,\n  "config": %s,\n  "address": "%s",\n  "pid": %s,\n  %s,\n  "started": %s,\n  "ca_made": %s\n}\n' \
    "$(in_json "$dir")" "$(in_json "$config")" "$address" "${process:-null}" "$place" "$started" "$made" 2>/dev/null ||
    give_up 1 'cannot write standard output'
  exit 0
fi
if $quiet; then exec "$daprcerts" env-export --dir "$dir" --format "$format"; fi
if $started; then verb=serves; else verb='serves already'; fi
if [ "$by" = unit ]; then
  say "sentry $verb on $address (unit $unit; journalctl --user -u $unit)"
else
  say "sentry $verb on $address (process $process; log $log)"
fi
option=''
absolute "${DAPRCERTS_DIR:-${HOME:-}/.dapr/certs}"
# one that is relative is another in another folder
case ${DAPRCERTS_DIR:-/} in [/\\]* | [A-Za-z]:[/\\]*) [ "$dir" = "$path" ] || false ;; *) false ;; esac ||
  option=" --dir $(quoted "$dir")"
[ "$format" = sh ] || option="$option --format $format"
case $format in
  fish) echo "daprcerts env-export$option | source" ;;
  powershell) echo "daprcerts env-export$option | Invoke-Expression" ;;
  sh) echo "eval \$(daprcerts env-export$option)" ;;
  *) echo "daprcerts env-export$option" ;;
esac
shown=$(quoted "$config")
[ "$address" != localhost:50001 ] || echo "dapr run --app-id myapp --config $shown node myapp.js"
echo "daprd --app-id myapp --enable-mtls --sentry-address $address --config $shown"
