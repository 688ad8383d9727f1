#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Prints the completions for a shell, from the tables of options that the programs themselves parse by:
#   generate.sh bash|zsh|fish DAPRCERTS
set -eu
shell=$1 daprcerts=$2

# "command", name, summary; then what the program prints of its options (base/cli.h, dc_cli_options).
table() {
  "$daprcerts" --help | sed -n 's/^  \([a-z][a-z-]*\)  *\([a-z].*\)/\1 \2/p' | while read -r command summary; do
    # a command that this build has not completes as little as it runs
    "$daprcerts" "$command" --help >/dev/null 2>&1 || continue
    printf 'command\t%s\t%s\n' "$command" "$summary"
    # the commands that are shell scripts have no table: their --help has the same layout, without lists of words
    "$daprcerts" "$command" --print-options 2>/dev/null || "$daprcerts" "$command" --help | awk '
      match($0, /^  (-[a-zA-Z], |    )--[a-z0-9-]+( [A-Z][^ ]*)?  /) {
        left = substr($0, 1, RLENGTH)
        help = substr($0, RLENGTH + 1)
        letter = left ~ /^  -/ ? substr(left, 4, 1) : ""
        sub(/^.*--/, "", left)
        split(left, words, " ")
        sub(/^ */, "", help)
        print (words[2] == "" ? "flag" : "value") "\t" letter "\t" words[1] "\t" words[2] "\t\t" help
      }'
  done
}

table | awk -F '\t' -v shell="$shell" '
# For one pair of single quotes.
function quoted(text) {
  gsub(/\047/, "\047\\\047\047", text)
  return "\047" text "\047"
}
# What a list has room for: up to the first colon or semicolon.
function brief(text) {
  sub(/[:;] .*/, "", text)
  return text
}
# What stands for an operand: words, "FILE", "DIR" or nothing.
function operand_words(text) {
  if (text ~ /FILE/) return "FILE"
  if (text !~ /^[][ a-z|-]*[|][][ a-z|-]*$/) return ""
  gsub(/[][|]/, " ", text)
  gsub(/^ +| +$/, "", text)
  return text
}

$1 == "command" { commands[++count] = $2; summary[$2] = $3; command = $2; next }
$1 == "operands" { operands[command] = operand_words($2); next }
{
  n = ++options[command]
  kind[command, n] = $1; letter[command, n] = $2; name[command, n] = $3; arg[command, n] = $4
  words[command, n] = $5 != "" ? $5 : $4 == "FILE" || $4 == "DIR" ? $4 : ""
  help[command, n] = brief($6)
}

END {
  if (!count) { print "generate.sh: no commands" >"/dev/stderr"; exit 1 }
  print (shell == "zsh" ? "#compdef daprcerts\n" : "") "# Completions of daprcerts, made from its tables of options."
  if (shell == "bash") bash()
  else if (shell == "zsh") zsh()
  else if (shell == "fish") fish()
  else { print "generate.sh: no such shell: " shell >"/dev/stderr"; exit 1 }
}

# --- bash -------------------------------------------------------------------------------------------------------------
function bash_words(text) {
  return text == "FILE" ? "files=file" : text == "DIR" ? "files=directory" : "words=" quoted(text)
}
function bash(   i, c, n, names, list) {
  for (i = 1; i <= count; i++) list = list " " commands[i]
  print "_daprcerts() {"
  print "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]} option= words= files= line"
  print "  COMPREPLY=()"
  print "  # bash splits --option=value in three"
  print "  if [[ $cur == = ]]; then option=$prev cur="
  print "  elif [[ $prev == = && $COMP_CWORD -gt 2 ]]; then option=${COMP_WORDS[COMP_CWORD-2]}"
  print "  elif [[ $prev == -* ]]; then option=$prev"
  print "  fi"
  print "  if [[ $COMP_CWORD -eq 1 ]]; then words=" quoted("help" list " --help --version")
  print "  elif [[ $command == help && $COMP_CWORD -eq 2 ]]; then words=" quoted(substr(list, 2))
  print "  else"
  print "    case $command:$option in"
  for (i = 1; i <= count; i++) {
    c = commands[i]
    for (n = 1; n <= options[c]; n++) {
      if (kind[c, n] != "value") continue
      names = c ":--" name[c, n] (letter[c, n] != "" ? " | " c ":-" letter[c, n] : "")
      print "      " names ") " bash_words(words[c, n]) " ;;"
    }
    names = ""
    for (n = 1; n <= options[c]; n++) names = names (n > 1 ? " " : "") "--" name[c, n]
    print "      " c ":*)"
    print "        if [[ $cur == -* ]]; then words=" quoted(names)
    print "        else " (operands[c] == "" ? ":" : bash_words(operands[c])) "; fi"
    print "        ;;"
  }
  print "    esac"
  print "  fi"
  print "  if [[ $files ]]; then"
  print "    compopt -o filenames 2>/dev/null"
  print "    while IFS= read -r line; do COMPREPLY+=(\"$line\"); done < <(compgen -A \"$files\" -- \"$cur\")"
  print "  else"
  print "    while IFS= read -r line; do COMPREPLY+=(\"$line\"); done < <(compgen -W \"$words\" -- \"$cur\")"
  print "  fi"
  print "}"
  print "complete -F _daprcerts daprcerts"
}

# --- zsh --------------------------------------------------------------------------------------------------------------
# A text within [] of a specification, or between its colons.
function zsh_text(text) {
  gsub(/\\/, "\\\\", text)
  gsub(/\[/, "\\[", text)
  gsub(/\]/, "\\]", text)
  gsub(/:/, "\\:", text)
  return text
}
function zsh_action(text) {
  return text == "FILE" ? "_files" : text == "DIR" ? "_files -/" : text == "" ? " " : "(" text ")"
}
function zsh(   i, c, n, spec, l, name_part) {
  print "_daprcerts() {"
  print "  if (( CURRENT == 2 )) || { (( CURRENT == 3 )) && [[ $words[2] == help ]] }; then"
  print "    local -a commands=("
  for (i = 1; i <= count; i++) print "      " quoted(commands[i] ":" summary[commands[i]])
  print "    )"
  print "    _describe command commands"
  print "    return"
  print "  fi"
  print "  local command=$words[2] curcontext=$curcontext"
  print "  shift words"
  print "  (( CURRENT-- ))"
  print "  case $command in"
  for (i = 1; i <= count; i++) {
    c = commands[i]
    print "    " c ")"
    print "      _arguments \\"
    for (n = 1; n <= options[c]; n++) {
      spec = "[" zsh_text(help[c, n]) "]"
      if (kind[c, n] == "value") spec = spec ":" zsh_text(arg[c, n] == "" ? "value" : arg[c, n]) ":" zsh_action(words[c, n])
      name_part = "--" name[c, n] (kind[c, n] == "value" ? "=" : "")
      l = letter[c, n] (kind[c, n] == "value" ? "+" : "")
      if (letter[c, n] == "") print "        " quoted(name_part spec) " \\"
      else print "        " quoted("(-" letter[c, n] " --" name[c, n] ")") "{-" l "," name_part "}" quoted(spec) " \\"
    }
    print "        " quoted("*:operand:" (operands[c] == "" ? " " : zsh_action(operands[c])))
    print "      ;;"
  }
  print "  esac"
  print "}"
  print "_daprcerts \"$@\""
}

# --- fish -------------------------------------------------------------------------------------------------------------
function fish_quoted(text) {
  gsub(/\\/, "\\\\", text)
  gsub(/\047/, "\\\047", text)
  return "\047" text "\047"
}
function fish_words(text) {
  return text == "FILE" ? " -r -F" : text == "DIR" ? " -x -a \047(__fish_complete_directories)\047" : \
    " -x" (text == "" ? "" : " -a " fish_quoted(text))
}
function fish(   i, c, n, when) {
  print "complete -c daprcerts -f"
  for (i = 1; i <= count; i++) {
    c = commands[i]
    when = " -n \047__fish_seen_subcommand_from " c "\047"
    print "complete -c daprcerts -n __fish_use_subcommand -a " c " -d " fish_quoted(summary[c])
    for (n = 1; n <= options[c]; n++)
      print "complete -c daprcerts" when (letter[c, n] != "" ? " -s " letter[c, n] : "") " -l " name[c, n] \
        (kind[c, n] == "value" ? fish_words(words[c, n]) : "") " -d " fish_quoted(help[c, n])
    if (operands[c] == "FILE") print "complete -c daprcerts" when " -F"
    else if (operands[c] != "") print "complete -c daprcerts" when " -a " fish_quoted(operands[c])
  }
}'
