#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The completions that were built, in the shells that they are for.
. "${TOP_SRCDIR:?}/tests/cli/lib.sh"

built=${TOP_BUILDDIR:?}/share/completions
if [ ! -e "$built/daprcerts" ]; then
  skip 'completions' 'not in this build: it is for another machine'
  finish
fi
# a command's folder has nothing to complete but this
mkdir "$WORK/here" "$WORK/here/a folder"
: >"$WORK/here/a.yaml"
cd "$WORK/here" || exit 1

# completes SHELL WANT WORDS...: each word of WANT, and no other, is offered for the last of WORDS.
completes() {
  completes_shell=$1 completes_want=$2
  shift 2
  same "$completes_want" "$("complete_$completes_shell" "$@" | sort | tr '\n' ' ' | sed 's/ $//')" "$completes_shell: daprcerts $*"
}

# cases SHELL: what each must know.
cases() {
  completes "$1" 'env-export' env
  completes "$1" 'kube-export kube-import' kube-
  completes "$1" '--unset' env-export --un
  completes "$1" '--dir' kube-import --d
  completes "$1" 'docker dotenv' env-export --format do
  completes "$1" 'helm-set-file helm-values' kube-export -o helm
  completes "$1" 'Ed25519 P-256 P-384 P-521' ca-init --crv ''
  completes "$1" 'retire rollback root' rotate r
  completes "$1" '' issue --san ''
  if built sentry; then
    completes "$1" 'debug' sentry --log-level d
    completes "$1" 'refuse' sentry --audit-failure r
  fi
}

# --- every option of every command is there ---------------------------------------------------------------------------
"$DAPRCERTS" --help | sed -n 's/^  \([a-z][a-z-]*\)  *[a-z].*/\1/p' >"$WORK/commands"
while read -r command; do
  "$DAPRCERTS" "$command" --print-options >"$WORK/table" 2>"$WORK/err" || continue # not in this build
  "$DAPRCERTS" "$command" --help | sed -n 's/^  \(-., \|    \)\(--[a-z0-9-]*\).*/\2/p' | sort >"$WORK/told"
  same "$(cat "$WORK/told")" "$(awk -F '\t' 'NF == 6 { print "--" $3 }' "$WORK/table" | sort)" "$command: --print-options has the options of --help"
  missing=
  while read -r option; do
    grep -q -- "'[^']*$option[ ']" "$built/daprcerts" || grep -q -- " $option[ ']" "$built/daprcerts" || missing="$missing bash:$option"
    grep -q -- "^complete -c daprcerts -n '__fish_seen_subcommand_from $command'.* -l ${option#--} " "$built/daprcerts.fish" || missing="$missing fish:$option"
    sed -n "/^    $command)/,/;;/p" "$built/_daprcerts" | grep -q -- "[',]$option[='}[]" || missing="$missing zsh:$option"
  done <"$WORK/told"
  same '' "$missing" "$command: and each shell's file has them ($(wc -l <"$WORK/told" | tr -d ' '))"
done <"$WORK/commands"

# --- bash -------------------------------------------------------------------------------------------------------------
complete_bash() {
  bash --norc -c '
    . "$1" || exit 1
    shift
    COMP_WORDS=(daprcerts "$@") COMP_CWORD=$#
    $(complete -p daprcerts | sed "s/.*-F \([^ ]*\).*/\1/") daprcerts
    printf "%s\n" "${COMPREPLY[@]}"' bash "$built/daprcerts" "$@" 2>/dev/null
}
if has_command bash; then
  cases bash
  completes bash 'docker dotenv' env-export --format = do
  completes bash 'dotenv' env-export -f dot
  completes bash 'a folder' kube-export --dir ''
  completes bash 'a folder a.yaml' kube-import ''
  completes bash 'rotate' help rot
else
  skip 'bash' 'no peer: bash'
fi

# --- zsh: a terminal in which keys are struck ---------------------------------------------------------------------------
# What a Tab offers is written to a file in place of the screen.
cat >"$WORK/session.zsh" <<'EOF_ZSH'
zmodload zsh/zpty || exit 77
zpty session zsh -f -i
zpty -w session "PS1= PROMPT_EOL_MARK=; fpath=($1 \$fpath)"
zpty -w session 'autoload -Uz compinit; compinit -u -D'
# compadd says what matches, and adds nothing
zpty -w session 'compadd() { local -a hits; builtin compadd -O hits "$@"; (( $#hits )) && print -rl -- $hits >>'"$2"'; builtin compadd "$@" }'
zpty -w session 'ended() { print -r -- DO\NE; BUFFER= }; zle -N ended; bindkey "^X" ended; bindkey "^I" complete-word'
zpty -w -n session $'\x18'
zpty -r session seen $'*DONE*'
zpty -w -n session "daprcerts $3"$'\t\x18'
zpty -r session seen $'*DONE*'
zpty -d session
EOF_ZSH
complete_zsh() {
  : >"$WORK/offered"
  line=
  for word in "$@"; do line="$line${line:+ }$word"; done
  timeout 10 zsh -f "$WORK/session.zsh" "$built" "$WORK/offered" "$line" >"$WORK/session" 2>&1
  sed 's/:.*//' "$WORK/offered" | sort -u
}
if has_command zsh && zsh -fc 'zmodload zsh/zpty' 2>/dev/null; then
  cases zsh
  completes zsh 'a.yaml' kube-import a.
else
  skip 'zsh' 'no peer: zsh with zpty'
fi

# --- fish -------------------------------------------------------------------------------------------------------------
complete_fish() {
  line=daprcerts
  for word in "$@"; do line="$line $word"; done
  env XDG_CONFIG_HOME="$WORK/fish" XDG_DATA_HOME="$WORK/fish" fish --no-config -c \
    "source $built/daprcerts.fish; complete -C '$line'" 2>/dev/null | sed 's/\t.*//; s/^--[a-z0-9-]*=\(.\)/\1/' |
    case $word in # fish 4 tells what has the letters anywhere, too
      --*=*) cat ;;
      -*) grep -e "^$word" ;;
      *) cat ;;
    esac
}
if has_command fish; then
  cases fish
  completes fish 'a.yaml' kube-import a.y
  completes fish 'docker dotenv' env-export --format=do
else
  skip 'fish' 'no peer: fish'
fi

# --- a command that is a shell script has no table: its --help is read -----------------------------------------------------
cat >"$WORK/scripted" <<'EOF_SH'
#!/bin/sh
case "$*" in
  --help) printf 'usage: daprcerts COMMAND\n\n  up           run it\n' ;;
  'up --help') printf 'usage: daprcerts up\n\n  -d, --dir DIR            the directory\n                           of all\n  -q, --quiet              say less\n      --print-flags WHAT   the flags; and end\n' ;;
  *) exit 2 ;;
esac
EOF_SH
chmod +x "$WORK/scripted"
sh "$TOP_SRCDIR/share/completions/generate.sh" fish "$WORK/scripted" >"$WORK/out"
same "complete -c daprcerts -f
complete -c daprcerts -n __fish_use_subcommand -a up -d 'run it'
complete -c daprcerts -n '__fish_seen_subcommand_from up' -s d -l dir -x -a '(__fish_complete_directories)' -d 'the directory'
complete -c daprcerts -n '__fish_seen_subcommand_from up' -s q -l quiet -d 'say less'
complete -c daprcerts -n '__fish_seen_subcommand_from up' -l print-flags -x -d 'the flags'" \
  "$(grep '^complete' "$WORK/out")" 'a script of ours, by its --help'
status 1 'nothing is made of no commands' sh "$TOP_SRCDIR/share/completions/generate.sh" bash false
finish
