/* SPDX-License-Identifier: Apache-2.0 */
/* Child processes on Windows: pipes, and a thread for each but one. */
#include <config.h>

#include "base/proc.h"

#include <errno.h>
#include <io.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

#include "base/path.h"

enum { SCRIPT_LINE_MAX = 256 };

/* --- the command line ------------------------------------------------------------------------------------------------ */

/* So that the C library's start of the child takes it apart into the same words: a backslash is one but in front of a
 * quotation mark. */
static void add_word(struct dc_buf *line, const char *word) {
  size_t slashes = 0;
  if (line->len) dc_buf_add_byte(line, ' ');
  if (*word && !strpbrk(word, " \t\n\v\"")) {
    dc_buf_add_text(line, word);
    return;
  }
  dc_buf_add_byte(line, '"');
  for (const char *at = word;; at++) {
    if (*at == '\\') {
      slashes++;
      continue;
    }
    if (*at == '"' || !*at) slashes *= 2;
    if (*at == '"') slashes++;
    for (; slashes > 0; slashes--) dc_buf_add_byte(line, '\\');
    if (!*at) break;
    dc_buf_add_byte(line, (unsigned char)*at);
  }
  dc_buf_add_byte(line, '"');
}

/* A shell program is one by its first line, which Windows does not look at. */
static bool is_script(const wchar_t *program) {
  char line[SCRIPT_LINE_MAX];
  DWORD n = 0;
  HANDLE file = CreateFileW(program, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                            OPEN_EXISTING, 0, NULL);
  if (file == INVALID_HANDLE_VALUE) return false;
  bool read_it = ReadFile(file, line, sizeof line, &n, NULL);
  CloseHandle(file);
  return read_it && n > 2 && line[0] == '#' && line[1] == '!';
}

/* By PATH alone: the folder that somebody happens to be in is not asked for programs. */
static wchar_t *find_shell(void) {
  static wchar_t folders[32768], path[32768];
  DWORD n = GetEnvironmentVariableW(L"PATH", folders, DC_COUNT(folders));
  n = n && n < DC_COUNT(folders) ? SearchPathW(folders, L"sh.exe", NULL, DC_COUNT(path), path, NULL) : 0;
  return n && n < DC_COUNT(path) ? _wcsdup(path) : NULL;
}

static void add_quoted(struct dc_buf *text, const char *word) {
  dc_buf_add_text(text, " '");
  for (const char *at = word; *at; at++)
    if (*at == '\'')
      dc_buf_add_text(text, "'\\''");
    else
      dc_buf_add_byte(text, (unsigned char)*at);
  dc_buf_add_byte(text, '\'');
}

/* The runtime of MSYS2's sh takes a command line apart by rules of its own, which have changed, and expands patterns in
 * it: so the words come to it by the environment. HOME is what it is to our programs. */
static int hand_to_shell(char *const argv[], struct dc_buf *line, struct dc_err *err) {
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  const char *home = NULL;
  dc_buf_add_text(&text, "unset DAPRCERTS_RUN; set --");
  for (char *const *word = argv + 1; *word; word++) add_quoted(&text, *word);
  dc_buf_add_text(&text, "; . \"$0\"");
  int rc = dc_buf_check(&text, err);
  if (rc) return rc;
  if (setenv("DAPRCERTS_RUN", dc_buf_text(&text), 1) || (dc_path_home(&home, NULL) == 0 && setenv("HOME", home, 1)))
    return dc_err_sys(err, errno, "cannot run '%s'", argv[0]);
  dc_buf_add_text(line, "sh -c \"eval \\\"$DAPRCERTS_RUN\\\"\" ");
  add_word(line, argv[0]);
  return 0;
}

/* PROGRAM is heap, and the file to be started; *LINE its command line. */
static int command(char *const argv[], wchar_t **program, wchar_t **line, struct dc_err *err) {
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  int rc = 0;
  *program = dc_posix_program(argv[0]);
  if (!*program) return dc_err_sys(err, errno, "cannot run '%s'", argv[0]);
  if (is_script(*program)) {
    free(*program);
    *program = find_shell();
    if (!*program)
      return dc_err_set(err, DC_ENOENT, "cannot run '%s', a shell program: there is no sh.exe in PATH, such as MSYS2's or Git's",
                        argv[0]);
    rc = hand_to_shell(argv, &text, err);
  } else {
    for (char *const *word = argv; *word; word++) add_word(&text, *word);
  }
  if (!rc) rc = dc_buf_check(&text, err);
  if (rc) return rc;
  *line = dc_posix_wide_text(dc_buf_text(&text));
  return *line ? 0 : dc_err_sys(err, errno, "cannot run '%s'", argv[0]);
}

/* --- starting one ------------------------------------------------------------------------------------------------------ */

/* It inherits the three handles of INFO and MORE, which may be NULL, and nothing else. */
static bool create(const wchar_t *program, wchar_t *line, STARTUPINFOEXW *info, HANDLE more, DWORD flags,
                   PROCESS_INFORMATION *made) {
  HANDLE handles[] = {info->StartupInfo.hStdInput, info->StartupInfo.hStdOutput, info->StartupInfo.hStdError, more};
  HANDLE named[DC_COUNT(handles)];
  size_t count = 0;
  SIZE_T size = 0;
  for (size_t i = 0; i < DC_COUNT(handles); i++) {
    bool known = !handles[i] || handles[i] == INVALID_HANDLE_VALUE;
    for (size_t k = 0; k < count; k++) known = known || named[k] == handles[i];
    if (!known && SetHandleInformation(handles[i], HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT)) named[count++] = handles[i];
  }
  InitializeProcThreadAttributeList(NULL, 1, 0, &size);
  info->lpAttributeList = malloc(size);
  if (!info->lpAttributeList) {
    SetLastError(ERROR_NOT_ENOUGH_MEMORY);
    return false;
  }
  bool good = InitializeProcThreadAttributeList(info->lpAttributeList, 1, 0, &size);
  if (good && count)
    good = UpdateProcThreadAttribute(info->lpAttributeList, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, named,
                                     count * sizeof named[0], NULL, NULL);
  info->StartupInfo.cb = sizeof *info;
  info->StartupInfo.dwFlags = STARTF_USESTDHANDLES;
  if (good)
    good = CreateProcessW(program, line, NULL, NULL, count > 0, EXTENDED_STARTUPINFO_PRESENT | flags, NULL, NULL,
                          &info->StartupInfo, made);
  DWORD why = GetLastError();
  free(info->lpAttributeList);
  SetLastError(why);
  return good;
}

static int start(char *const argv[], STARTUPINFOEXW *info, DWORD flags, PROCESS_INFORMATION *made, struct dc_err *err) {
  wchar_t *program DC_CLEANUP(dc_mem_free) = NULL, *line DC_CLEANUP(dc_mem_free) = NULL;
  int rc = command(argv, &program, &line, err);
  if (!rc && !create(program, line, info, NULL, flags, made))
    rc = dc_err_sys(err, dc_posix_errno(GetLastError()), "cannot run '%s'", argv[0]);
  return rc;
}

static int reap(HANDLE process, const char *program, int *status, struct dc_err *err) {
  DWORD code = 0;
  bool good = WaitForSingleObject(process, INFINITE) == WAIT_OBJECT_0 && GetExitCodeProcess(process, &code);
  if (!good) return dc_err_sys(err, dc_posix_errno(GetLastError()), "cannot learn how '%s' ended", program);
  *status = (int)code;
  return 0;
}

static void close_handle(HANDLE *handle) {
  if (*handle) CloseHandle(*handle);
  *handle = NULL;
}

/* --- becoming another ------------------------------------------------------------------------------------------------ */

/* Ctrl-C is the child's affair, which has it too; its end is ours. Of a console that is closed we end when this returns,
 * and would take the child with us. */
static BOOL WINAPI leave_to_child(DWORD event) {
  if (event != CTRL_C_EVENT && event != CTRL_BREAK_EVENT) Sleep(INFINITE);
  return TRUE;
}

int dc_proc_become(char *const argv[], int *status, struct dc_err *err) {
  STARTUPINFOEXW info = {.StartupInfo.hStdInput = GetStdHandle(STD_INPUT_HANDLE),
                         .StartupInfo.hStdOutput = GetStdHandle(STD_OUTPUT_HANDLE),
                         .StartupInfo.hStdError = GetStdHandle(STD_ERROR_HANDLE)};
  PROCESS_INFORMATION made;
  JOBOBJECT_EXTENDED_LIMIT_INFORMATION limit = {.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE |
                                                                                        JOB_OBJECT_LIMIT_BREAKAWAY_OK};
  (void)SetConsoleCtrlHandler(leave_to_child, TRUE);
  int rc = start(argv, &info, CREATE_SUSPENDED, &made, err);
  if (rc) return rc;
  HANDLE job = CreateJobObjectW(NULL, NULL); /* whoever ends us ends it, but not what it leaves in the background */
  if (job && SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limit, sizeof limit))
    (void)AssignProcessToJobObject(job, made.hProcess);
  ResumeThread(made.hThread);
  CloseHandle(made.hThread);
  rc = reap(made.hProcess, argv[0], status, err);
  CloseHandle(made.hProcess);
  return rc;
}

/* --- the background --------------------------------------------------------------------------------------------------- */

/* Tells the child that it is one: the number of a handle. */
static const char handed_over[] = "DAPRCERTS_READY_HANDLE";

static int be_child(const char *number, int *ready, struct dc_err *err) {
  HANDLE end = (HANDLE)(uintptr_t)strtoull(number, NULL, 10);
  unsetenv(handed_over);
  bool good = GetFileType(end) == FILE_TYPE_PIPE && SetHandleInformation(end, HANDLE_FLAG_INHERIT, 0);
  *ready = good ? _open_osfhandle((intptr_t)end, _O_WRONLY | _O_BINARY | _O_NOINHERIT) : -1;
  return *ready >= 0 ? 0 : dc_err_set(err, DC_EINVAL, "the environment's %s is for a child in the background alone", handed_over);
}

/* A handle of the child's own, so that it closes none twice where two of ours are one. */
static HANDLE copy_of(DWORD which) {
  HANDLE copy = NULL, self = GetCurrentProcess();
  return DuplicateHandle(self, GetStdHandle(which), self, &copy, 0, FALSE, DUPLICATE_SAME_ACCESS) ? copy : NULL;
}

/* This program with its words, without a console. Out of the jobs that end with whoever waits for us, where that is
 * allowed. */
static bool start_again(HANDLE end, PROCESS_INFORMATION *made) {
  enum { AWAY = DETACHED_PROCESS | CREATE_NEW_PROCESS_GROUP };
  static wchar_t program[32768];
  char number[32];
  STARTUPINFOEXW info = {.StartupInfo.hStdInput = copy_of(STD_INPUT_HANDLE),
                         .StartupInfo.hStdOutput = copy_of(STD_OUTPUT_HANDLE),
                         .StartupInfo.hStdError = copy_of(STD_ERROR_HANDLE)};
  snprintf(number, sizeof number, "%llu", (unsigned long long)(uintptr_t)end);
  DWORD n = GetModuleFileNameW(NULL, program, DC_COUNT(program));
  wchar_t *line = _wcsdup(GetCommandLineW());
  bool good = n && n < DC_COUNT(program) && line && setenv(handed_over, number, 1) == 0;
  good = good && (create(program, line, &info, end, AWAY | CREATE_BREAKAWAY_FROM_JOB, made) ||
                  (GetLastError() == ERROR_ACCESS_DENIED && create(program, line, &info, end, AWAY, made)));
  DWORD why = GetLastError();
  unsetenv(handed_over);
  free(line);
  close_handle(&info.StartupInfo.hStdInput);
  close_handle(&info.StartupInfo.hStdOutput);
  close_handle(&info.StartupInfo.hStdError);
  SetLastError(why);
  return good;
}

int dc_proc_background(bool *child, int *ready, int *status, struct dc_err *err) {
  const char *number = getenv(handed_over);
  HANDLE ours = NULL, theirs = NULL;
  PROCESS_INFORMATION made;
  char byte;
  DWORD n = 0;
  *child = number != NULL;
  if (number) return be_child(number, ready, err);
  if (!CreatePipe(&ours, &theirs, NULL, 0)) return dc_err_sys(err, dc_posix_errno(GetLastError()), "cannot make a pipe");
  bool good = start_again(theirs, &made);
  int rc = good ? 0 : dc_err_sys(err, dc_posix_errno(GetLastError()), "cannot go into the background");
  close_handle(&theirs);
  if (good) {
    CloseHandle(made.hThread);
    if (ReadFile(ours, &byte, 1, &n, NULL) && n == 1)
      *status = 0;
    else
      rc = reap(made.hProcess, "the child in the background", status, err);
    CloseHandle(made.hProcess);
  }
  close_handle(&ours);
  return rc;
}

/* --- running one and hearing it -------------------------------------------------------------------------------------- */

struct stream {
  HANDLE ours, theirs, process;
  const unsigned char *input;
  size_t left, max;
  struct dc_buf *out;
  bool too_much;
};

static bool open_stream(struct stream *stream, bool child_reads) {
  return child_reads ? CreatePipe(&stream->theirs, &stream->ours, NULL, 0) : CreatePipe(&stream->ours, &stream->theirs, NULL, 0);
}

/* As much as the child takes. */
static DWORD WINAPI feed(void *user) {
  struct stream *in = user;
  while (in->left > 0) {
    DWORD part = in->left > 65536 ? 65536 : (DWORD)in->left, n = 0;
    if (!WriteFile(in->ours, in->input, part, &n, NULL)) break;
    in->input += n;
    in->left -= n;
  }
  close_handle(&in->ours);
  return 0;
}

static DWORD WINAPI drain(void *user) {
  struct stream *from = user;
  unsigned char chunk[16384];
  size_t used = 0;
  DWORD n;
  while (ReadFile(from->ours, chunk, sizeof chunk, &n, NULL) && n > 0) {
    used += n;
    if (used <= from->max) dc_buf_add(from->out, chunk, n);
    dc_mem_wipe(chunk, n);
    if (used <= from->max && !from->out->failed) continue;
    from->too_much = used > from->max;
    TerminateProcess(from->process, 1);
    break;
  }
  close_handle(&from->ours);
  return 0;
}

int dc_proc_run(char *const argv[], const void *input, size_t input_len, size_t max, struct dc_buf *out,
                struct dc_buf *err_out, int *status, struct dc_err *err) {
  struct stream in = {.input = input, .left = input_len}, from = {.max = max, .out = out}, said = {.max = max, .out = err_out};
  STARTUPINFOEXW info = {.StartupInfo.hStdError = GetStdHandle(STD_ERROR_HANDLE)};
  PROCESS_INFORMATION made;
  HANDLE threads[2] = {NULL, NULL};
  int rc = 0, ended = 0;
  if (!open_stream(&in, true) || !open_stream(&from, false) || (err_out && !open_stream(&said, false)))
    rc = dc_err_sys(err, dc_posix_errno(GetLastError()), "cannot make a pipe to run '%s'", argv[0]);
  info.StartupInfo.hStdInput = in.theirs;
  info.StartupInfo.hStdOutput = from.theirs;
  if (err_out) info.StartupInfo.hStdError = said.theirs;
  /* without a console of ours Windows would make one, with a window */
  if (!rc) rc = start(argv, &info, GetConsoleCP() ? 0 : CREATE_NO_WINDOW, &made, err);
  bool started = rc == 0;
  close_handle(&in.theirs);
  close_handle(&from.theirs);
  close_handle(&said.theirs);
  if (started) {
    from.process = said.process = made.hProcess;
    threads[0] = CreateThread(NULL, 0, feed, &in, 0, NULL);
    if (err_out) threads[1] = CreateThread(NULL, 0, drain, &said, 0, NULL);
    if (!threads[0] || (err_out && !threads[1])) {
      TerminateProcess(made.hProcess, 1);
      rc = dc_err_nomem(err);
    }
    drain(&from);
    for (size_t i = 0; i < DC_COUNT(threads); i++) {
      if (!threads[i]) continue;
      WaitForSingleObject(threads[i], INFINITE);
      CloseHandle(threads[i]);
    }
    int waited = reap(made.hProcess, argv[0], &ended, rc == 0 ? err : NULL);
    if (rc == 0) rc = waited;
    CloseHandle(made.hThread);
    CloseHandle(made.hProcess);
  }
  close_handle(&in.ours);
  close_handle(&from.ours);
  close_handle(&said.ours);
  if (rc == 0 && (from.too_much || said.too_much))
    rc = dc_err_set(err, DC_ELIMIT, "'%s' printed more than the accepted %zu bytes", argv[0], max);
  if (rc == 0) rc = dc_buf_check(out, err);
  if (rc == 0 && err_out) rc = dc_buf_check(err_out, err);
  if (rc == 0) *status = ended;
  return rc;
}
