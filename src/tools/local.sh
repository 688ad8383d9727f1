# SPDX-License-Identifier: Apache-2.0
# What up and down share: the command line, the directory, and where the sentry of that directory is. The build puts it
# in front of each.
set -u
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
daprcerts=$here/daprcerts # a build tree
[ -x "$daprcerts" ] || daprcerts=@bindir@/daprcerts
unit=daprcerts-sentry.service

quiet=false
failure='' # what standard output gets for an eval to fail
say() { $quiet || printf '%s\n' "$*" >&2; }
warn() { printf '%s: warning: %s\n' "$program" "$*" >&2; }
give_up() { # give_up STATUS [MESSAGE...]
  status=$1
  shift
  [ $# -eq 0 ] || printf '%s: %s\n' "$program" "$*" >&2
  [ "$status" -ne 2 ] || echo "Try '$program --help' for more information." >&2
  [ -z "$failure" ] || echo "$failure"
  exit "$status"
}
usage_error() { give_up 2 "$*"; }

# take_option WORD...: what stands first, as name and value; has_value says whether WORD was --name=value.
take_option() {
  name=$1 value='' has_value=false
  case $1 in
    --?*=*)
      name=${1%%=*} value=${1#*=} has_value=true
      ;;
    *) if [ $# -gt 1 ]; then value=$2; fi ;;
  esac
  given=$#
}
# For an option that takes a value: how many words it has taken is in "taken".
wants_value() {
  $has_value || [ "$given" -gt 1 ] || usage_error "option '$name' needs a value"
  if $has_value; then taken=1; else taken=2; fi
}
wants_none() {
  ! $has_value || usage_error "option '$name' takes no value"
  taken=1
}
# common_option: those of every program; false for another.
common_option() {
  case $name in
    -d | --dir)
      wants_value
      [ -n "$value" ] || usage_error "option '$name': a directory has a name"
      dir=$value
      ;;
    -h | --help)
      wants_none
      print_help
      exit 0
      ;;
    --version)
      wants_none
      echo "$program @PACKAGE_VERSION@"
      exit 0
      ;;
    -?*) usage_error "unrecognized option '$name'" ;;
    *) usage_error "'$name' is one operand too many" ;;
  esac
}

# absolute FILE: in "path", from the root on. In MSYS2 from the drive on, which is a name for all programs of Windows,
# whatever is said there of the conversion of arguments.
if command -v cygpath >/dev/null 2>&1; then
  absolute() { path=$(cygpath -am -- "$1"); }
else
  absolute() { case $1 in /*) path=$1 ;; *) path=$PWD/$1 ;; esac; }
fi

dir=${DAPRCERTS_DIR:-}
# locate: the directory from the root on, and what is known of its sentry.
locate() {
  if [ -z "$dir" ]; then
    [ -n "${HOME:-}" ] || give_up 1 'HOME is not set: name the directory by --dir'
    dir=$HOME/.dapr/certs
  fi
  absolute "$dir"
  dir=$path
  run=$dir/.daprcerts
  pid_file=$run/sentry.pid ready=$run/sentry.ready log=$run/sentry.log
}
# holds FILE: in its place, or on its way there (store/publish.h), which is asked first for none to slip by.
holds() {
  { [ -e "$run/next/complete" ] && [ -e "$run/next/$1" ]; } || [ -e "$dir/$1" ] || [ -h "$dir/$1" ]
}

# What up writes where there is no Configuration.
default_config() {
  cat <<'END'
apiVersion: dapr.io/v1alpha1
kind: Configuration
metadata:
  name: daprsystem
  namespace: default
spec:
  mtls:
    enabled: true
END
}
# made_config FILE: it is that, and nobody's work.
made_config() { [ -f "$1" ] && [ ! -h "$1" ] && [ "$(default_config)" = "$(cat "$1")" ]; }

# has_unit: systemd's user manager runs here, and the installed unit is for this directory.
has_unit() {
  [ "$dir" = "${HOME:-}/.dapr/certs" ] && command -v systemctl >/dev/null 2>&1 &&
    systemctl --user cat "$unit" >/dev/null 2>&1
}

