# SPDX-License-Identifier: Apache-2.0
# daprcerts down: stops what up has started.
print_help() {
  cat <<'END'
usage: daprcerts down [OPTION...]

Stop the sentry that 'daprcerts up' has started. Certificates and keys stay.

  -d, --dir DIR    the credentials' directory (default: $DAPRCERTS_DIR, else $HOME/.dapr/certs)
      --purge      delete the credentials too, the root's key with them; on a terminal a word is asked
                   for first, elsewhere --force is needed
      --force      ask for no word
  -q, --quiet      say nothing but errors
  -h, --help       show this help and exit
      --version    show the version and exit

Exit status: 0 stopped (with --purge: gone), 1 failed or not confirmed, 2 wrong usage, 3 nothing ran.
END
}

purge=false force=false
while [ $# -gt 0 ]; do
  take_option "$@"
  case $name in
    --purge)
      wants_none
      purge=true
      ;;
    --force)
      wants_none
      force=true
      ;;
    -q | --quiet)
      wants_none
      quiet=true
      ;;
    *) common_option ;;
  esac
  shift "$taken"
done
if $force && ! $purge; then usage_error "option '--force' goes with --purge"; fi
locate

# Before anything is stopped.
confirm() {
  ! $force || return 0
  [ -t 0 ] || give_up 1 "'--purge' deletes the keys in '$dir': --force says so where there is no terminal"
  printf 'This deletes every key and certificate of the CA in %s for good.\nType the word "purge" to go on: ' "$dir" >&2
  read -r word || word=''
  [ "$word" = purge ] || give_up 1 'nothing was deleted, nothing was stopped'
}
if $purge; then
  [ -d "$dir" ] || give_up 3 "'$dir' is not there"
  # names alone do not make a file ours: a project may have a client.key, too
  [ -d "$run" ] && [ ! -h "$run" ] ||
    give_up 1 "'$dir' has no .daprcerts, so it is none of ours: nothing was deleted, nothing was stopped"
  confirm
fi

# --- stopping --------------------------------------------------------------------------------------------------------
ran=false
if has_unit && systemctl --user is-active --quiet "$unit"; then
  systemctl --user stop "$unit" || give_up 1 "systemd does not stop $unit"
  ran=true
fi
# asked whatever is seen of the file here: what cannot be looked into is not "nothing runs"
said=$("$daprcerts" sentry --stop --pid-file "$pid_file" 2>&1)
case $? in
  0) ran=true ;;
  3) ;;
  *) give_up 1 "${said#daprcerts sentry: }" ;;
esac
if $ran; then say "sentry of $dir has ended"; fi

# --- deleting --------------------------------------------------------------------------------------------------------
if $purge; then
  for file in ca.crt ca.key issuer.crt issuer.key client.crt client.key token.key token-jwks.json jwt.key jwks.json \
    daprcerts.conf config.yaml; do
    [ "$file" != config.yaml ] || made_config "$dir/$file" || continue
    if [ -d "$dir/$file" ] && [ ! -h "$dir/$file" ]; then continue; fi
    rm -f "${dir:?}/$file" || give_up 1 "cannot delete '$dir/$file'"
  done
  rm -rf "${dir:?}/.daprcerts" || give_up 1 "cannot delete '$dir/.daprcerts'"
  if [ -n "$(ls -A "$dir/")" ]; then
    warn "'$dir' holds other files, which stay"
  else
    rmdir "$dir" 2>/dev/null # a link to it stays, and so does where it leads
  fi
  say "the CA in $dir is gone"
elif ! $ran; then
  give_up 3 "no sentry of '$dir' runs"
fi
