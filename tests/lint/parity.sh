#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Command = file = manual page = test, option = its description, unit test = the file that it tests.
. "${TOP_SRCDIR:?}/tests/cli/lib.sh"

man=$TOP_SRCDIR/share/man

# --- commands ---------------------------------------------------------------------------------------------------------
# rows 1: the private ones of the dispatcher's table; rows 0: the public ones.
rows() {
  awk -v hidden="$1" '
    /^static const struct command commands/ { on = 1 }
    on && /^};/ { exit }
    on && match($0, /\.name = "[^"]*"/) {
      name = substr($0, RSTART + 9, RLENGTH - 10)
      if ((index($0, ".hidden = true") > 0) == hidden) print name
    }' "$TOP_SRCDIR/src/daprcerts.c" | sort
}
public=$(rows 0)
private=$(rows 1)
"$DAPRCERTS" --help | sed -n 's/^  \([a-z][a-z-]*\)  *[a-z].*/\1/p' | sort >"$WORK/told"
same "$public" "$(cat "$WORK/told")" 'daprcerts --help tells of the public commands, all of them'
check 'there are some' test "$(echo "$public" | wc -l)" -ge 4

# names FOLDER PATTERN SUFFIX: what stands before the suffix.
names() { (cd "$1" && for file in $2; do [ -e "$file" ] && echo "${file%"$3"}"; done) | sort; }

for command in $public $private; do
  if [ -e "$TOP_SRCDIR/src/tools/$command.sh" ]; then
    pass "src/tools/$command.sh"
  else
    check "src/tools/$command.c" test -e "$TOP_SRCDIR/src/tools/$command.c"
  fi
done
programs=$(cd "$TOP_SRCDIR/src/tools" && { grep -l '^int main(' ./*.c; grep -l '^print_help()' ./*.sh; } | sed 's,^\./,,; s/\.[a-z]*$//' | sort)
for program in $programs; do
  check "src/tools/$program has a row in the dispatcher's table" test -n "$(printf '%s\n' "$public" "$private" | grep -x "$program")"
done
same "$public" "$(names "$man" 'daprcerts-*.1' .1 | sed 's/^daprcerts-//')" 'a manual page for each public command, and for no other'
check 'and one for the dispatcher' test -e "$man/daprcerts.1"
for command in $public; do
  check "tests/cli/$command.sh" test -e "$TOP_SRCDIR/tests/cli/$command.sh"
done
# NAME.sh, or NAME-TOPIC.sh where one file would be too long; what does not begin with #! is sourced by others
for script in "$TOP_SRCDIR"/tests/cli/*.sh; do
  head -n 1 "$script" | grep -q '^#!' || continue
  test_name=$(basename "$script" .sh)
  found=
  for command in daprcerts $public $private; do
    case $test_name in "$command" | "$command"-*) found=$command ;; esac
  done
  check "tests/cli/$test_name.sh tests a command" test -n "$found"
done

# --- options ----------------------------------------------------------------------------------------------------------
# told HELP: "x" for -x and "-name" for --name, a line each.
told() { sed -n '/^  -[a-z], /p; /^      --[a-z]/p' "$1" | awk '{ for (i = 1; i <= 2; i++) if ($i ~ /^-/) print $i }' | sed 's/,$//; s/^-//' | sort -u; }

# documented PAGE SECTION: what stands behind Fl in the section, in items of lists and in the synopsis.
documented() {
  awk -v section="$2" '
    /^\.Sh / { on = $0 == ".Sh " section }
    !on || !(/^\.It/ || (section == "SYNOPSIS" && /^\.(Op|Fl)/)) { next }
    {
      fl = 0
      for (i = 1; i <= NF; i++) {
        if ($i == "Fl" || $i == ".Fl") fl = 1
        else if ($i ~ /^\.?[A-Z][a-z]$/) fl = 0
        else if (fl && $i !~ /^[,|.;()]$/) print $i
      }
    }' "$1" | sort -u
}

# exists COMMAND OPTION: the program knows it, shown in its help or not.
exists() {
  case $2 in
    -help | -version) "$DAPRCERTS" "$1" "-$2" ;;
    -*) "$DAPRCERTS" "$1" "-$2=x" --help ;;
    *) "$DAPRCERTS" "$1" "-$2" x --help ;; # x: a value, or an operand that nobody gets to
  esac >"$WORK/said" 2>&1
  ! grep -q 'unrecognized option' "$WORK/said"
}

for command in $public; do
  page=$man/daprcerts-$command.1
  if ! "$DAPRCERTS" "$command" --help >"$WORK/help" 2>"$WORK/err"; then
    if grep -q 'disable-sentry' "$WORK/err"; then skip "$command: options" 'not in this build (--disable-sentry)'; else fail "$command --help"; fi
    continue
  fi
  told "$WORK/help" >"$WORK/told"
  documented "$page" OPTIONS >"$WORK/documented"
  documented "$page" SYNOPSIS >"$WORK/synopsis"
  same '' "$(comm -23 "$WORK/told" "$WORK/documented")" "$command: each option of --help is in the manual page ($(wc -l <"$WORK/told" | tr -d ' '))"
  stray=
  for option in $(sort -u "$WORK/documented" "$WORK/synopsis"); do
    exists "$command" "$option" || stray="$stray $option"
  done
  same '' "$stray" "$command: each option of the manual page exists ($(wc -l <"$WORK/documented" | tr -d ' '))"
  if exists "$command" -no-such-option; then fail "$command: one that does not is told"; else pass "$command: one that does not is told"; fi
done

# --- daprcerts.conf -----------------------------------------------------------------------------------------------------
# A new file has every setting with its default, as the page has it: "name value" a line.
"$DAPRCERTS" ca-init >/dev/null 2>&1
sed -n 's/^\(# \)\{0,1\}\([a-z-]*\) = \(.*\)/\2 \3/p' "$HOME/.dapr/certs/daprcerts.conf" | sed 's/m0s$/m/' | sort >"$WORK/settings"
check 'a new daprcerts.conf has settings' test "$(wc -l <"$WORK/settings")" -ge 13
awk '
  $1 == ".It" && $2 == "Li" && $4 == "Ta" { print $3, $5 }
  name != "" { print name, $2; name = "" }
  $1 == ".It" && $2 == "Li" && NF == 3 { name = $3 }
' "$man/daprcerts.conf.5" | sort >"$WORK/documented"
same "$(cat "$WORK/settings")" "$(cat "$WORK/documented")" 'daprcerts.conf(5) has the same settings and defaults'

# --- unit tests ---------------------------------------------------------------------------------------------------------
for unit in "$TOP_SRCDIR"/tests/unit/*/*.c; do
  file=${unit#"$TOP_SRCDIR/tests/unit/"}
  file=${file%.c}
  file=${file%_windows} # what is otherwise there
  check "tests/unit/$file.c has something to test" sh -c '[ -e "$1.c" ] || [ -e "$1.h" ]' sh "$TOP_SRCDIR/src/$file"
done
finish
