#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Nothing below tools/ prints or exits, no secret is an argument, nothing generated is committed, SPDX lines.
. "${TOP_SRCDIR:?}/tests/cli/lib.sh"

# code FILE: without comments and texts, lines kept.
code() {
  awk '
    {
      line = $0; out = ""
      while (line != "") {
        if (comment) {
          at = index(line, "*/")
          if (!at) break
          comment = 0; line = substr(line, at + 2)
        } else if (match(line, /^"([^"\\]|\\.)*"/) || match(line, /^\047([^\047\\]|\\.)*\047/)) {
          out = out "\"\""; line = substr(line, RLENGTH + 1)
        } else if (substr(line, 1, 2) == "/*") { comment = 1; line = substr(line, 3) }
        else if (substr(line, 1, 2) == "//") break
        else { out = out substr(line, 1, 1); line = substr(line, 2) }
      }
      print out
    }' "$1"
}

# offences SRC: the places below tools/ that print, exit or run a program.
offences() {
  (
    cd "$1" || exit
    for file in */*.[ch]; do
      case $file in tools/* | proto/*) continue ;; esac
      code "$file" | awk -v file="$file" '
        BEGIN {
          calls = "printf vprintf fprintf vfprintf dprintf vdprintf puts fputs putchar putc fputc fwrite putwchar wprintf " \
            "perror psignal syslog vsyslog err errx warn warnx error exit _exit _Exit quick_exit abort raise assert " \
            "system popen execl execlp execle execv execvp execve fexecve posix_spawn posix_spawnp"
          n = split(calls, names, " ")
          for (i = 1; i <= n; i++) call[names[i]] = 1
          call["stdout"] = call["stderr"] = call["STDOUT_FILENO"] = call["STDERR_FILENO"] = 2
          # a child process that could not become the program it was to be
          if (file == "base/proc.c") {
            delete call["execv"]; delete call["_exit"]; delete call["STDOUT_FILENO"]; delete call["STDERR_FILENO"]
          }
        }
        {
          line = $0
          while (match(line, /[A-Za-z_][A-Za-z0-9_]*/)) {
            word = substr(line, RSTART, RLENGTH)
            before = RSTART > 1 ? substr(line, RSTART - 1, 1) : ""
            line = substr(line, RSTART + RLENGTH)
            member = before == "." || before == ">"
            if ((word in call) && !member && (call[word] == 2 || line ~ /^[ \t]*\(/)) print file ":" NR ": " word
          }
        }'
    done
  )
}
same '' "$(offences "$TOP_SRCDIR/src")" 'below tools/ nothing prints, exits or runs a program'

mkdir -p "$WORK/src/ca" "$WORK/src/tools" "$WORK/src/base"
cat >"$WORK/src/ca/loud.c" <<'C'
/* printf("in a comment"); */ /* and
 * exit(1) in a long one */ int a;
  dc_buf_printf(out, "printf(\" %s", "exit(1)"); snprintf(b, n, "abort()"); log.exit(1); p->abort(); err.text;
  printf("%s", a);
  fprintf (stderr, "x"); exit(1);
  int c = '"'; abort();
  static_assert(1, ""); assert(c);
  write(STDOUT_FILENO, a, 1);
  execv(argv[0], argv);
C
echo 'int main(void) { puts("tools may"); }' >"$WORK/src/tools/may.c"
echo '  execv(a, b); _exit(127); exit(1);' >"$WORK/src/base/proc.c"
same 'base/proc.c:1: exit
ca/loud.c:4: printf
ca/loud.c:5: fprintf
ca/loud.c:5: stderr
ca/loud.c:5: exit
ca/loud.c:6: abort
ca/loud.c:7: assert
ca/loud.c:8: STDOUT_FILENO
ca/loud.c:9: execv' "$(offences "$WORK/src")" 'what does is told, with its place'

# --- no secret in an argument -----------------------------------------------------------------------------------------
# told FILE...: options that are named after a secret and take anything but a file.
told() {
  cat "$@" | tr '\n' ' ' | awk '
    {
      n = split($0, rows, /\{\.name = /)
      for (i = 2; i <= n; i++) {
        name = rows[i]
        sub(/^"/, "", name); sub(/".*/, "", name)
        if (name ~ /key|token|secret|password|passphrase|jwt/ && rows[i] ~ /DC_OPT_(STRING|LIST)/ &&
            rows[i] !~ /\.arg = "(FILE|DIR)"/) print name
      }
    }'
}
same '' "$(told "$TOP_SRCDIR"/src/tools/*.c)" 'options named after secrets take files'
printf '    {.name = "token", .kind = DC_OPT_STRING, .value = &opt.t,\n     .arg = "TOKEN"},\n{.name = "key", .kind = DC_OPT_STRING, .arg = "FILE"}' >"$WORK/opts.c"
same token "$(told "$WORK/opts.c")" 'one that takes the secret itself is told'

# issue --sentry hands a key's request and a token to another program: which notes its arguments and its environment
mkdir "$WORK/exec"
ln -s "$TOP_BUILDDIR/daprcerts-issue" "$WORK/exec/daprcerts-issue"
cat >"$WORK/exec/daprcerts-request" <<'SH'
#!/bin/sh
{ printf '%s\n' "$@"; env; } >"$NOTES"
exit 1
SH
chmod +x "$WORK/exec/daprcerts-request"
"$DAPRCERTS" ca-init >/dev/null 2>&1
echo a-token-nobody-may-see >"$WORK/token"
status 1 'issue --sentry with a program that only notes' env NOTES="$WORK/notes" DAPRCERTS_EXEC_PATH="$WORK/exec" \
  "$DAPRCERTS" issue myapp --sentry localhost:1 --token-file "$WORK/token"
has "$WORK/notes" --token-file 'the program was run'
lacks "$WORK/notes" a-token-nobody-may-see 'no token in its arguments or its environment'
lacks "$WORK/notes" 'PRIVATE KEY' 'and no key'

# --- committed --------------------------------------------------------------------------------------------------------
generated() {
  grep -E '(\.(o|a|lo|la|so|gcda|gcno|log|trs|pyc|pb-c\.[ch]|pb\.go|tar\.[gx]z)|~)$' "$1"
  grep -E '(^|/)(configure|Makefile|Makefile\.in|aclocal\.m4|config\.(h|h\.in|h\.in~|log|status)|stamp-h1|(ltmain|tap-driver)\.sh|compile|depcomp|install-sh|missing|ar-lib|\.dirstamp)$' "$1"
  grep -E '(^|/)(build-aux|autom4te\.cache|\.deps|__pycache__)/' "$1"
}
what='nothing generated is committed'
if [ ! -e "$TOP_SRCDIR/.git" ]; then
  skip "$what" 'not a git checkout'
elif ! has_command git; then
  skip "$what" 'no peer: git'
elif ! git -C "$TOP_SRCDIR" -c safe.directory="$(cd "$TOP_SRCDIR" && pwd -P)" ls-files >"$WORK/committed" 2>"$WORK/err"; then
  fail "$what: $(cat "$WORK/err")"
else
  same '' "$(generated "$WORK/committed")" "$what ($(wc -l <"$WORK/committed" | tr -d ' ') files)"
  check 'the list is the whole' grep -qx src/daprcerts.c "$WORK/committed"
fi
printf '%s\n' src/x.o src/proto/sentry.pb-c.h configure configure.ac build-aux/compile src/base/buf.c Makefile.am >"$WORK/list"
same 'build-aux/compile
configure
src/proto/sentry.pb-c.h
src/x.o' "$(generated "$WORK/list" | sort -u)" 'what is generated is told'

# --- SPDX -----------------------------------------------------------------------------------------------------------------
# unnamed DIR...: sources and scripts without an SPDX line in their first three.
unnamed() {
  find "$@" -type f \( -name '*.[ch]' -o -name '*.sh' -o -name '*.py' -o -name '*.go' -o -name '*.mk' -o -name '*.am' \
    -o -name '*.ac' -o -name '*.proto' -o -name '*.[1-9]' -o -path '*/scripts/*' -o -path '*/.ci/*' \) \
    ! -name '*.pb-c.[ch]' ! -path '*/.deps/*' -exec awk '
      FNR == 1 && NR > 1 && !seen { print last }
      FNR == 1 { seen = 0; last = FILENAME }
      FNR <= 3 && /SPDX-License-Identifier: Apache-2\.0/ { seen = 1 }
      END { if (NR && !seen) print last }' {} +
}
cd "$TOP_SRCDIR" || exit 1
set --
for dir in src tests share scripts .ci configure.ac Makefile.am; do
  if [ -e "$dir" ]; then set -- "$@" "$dir"; fi
done
same '' "$(unnamed "$@")" 'an SPDX line in each source and script'
mkdir -p "$WORK/new/scripts"
echo '/* no line */' >"$WORK/new/a.c"
echo '/* SPDX-License-Identifier: Apache-2.0 */' >"$WORK/new/b.c"
printf '#!/bin/sh\n#\n# SPDX-License-Identifier: Apache-2.0\n' >"$WORK/new/c.sh"
echo '#!/bin/sh' >"$WORK/new/scripts/d"
echo 'no source' >"$WORK/new/data"
same "$WORK/new/a.c
$WORK/new/scripts/d" "$(unnamed "$WORK/new" | sort)" 'where there is none, it is told'
finish
