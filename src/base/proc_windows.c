/* SPDX-License-Identifier: Apache-2.0 */
/* Child processes on Windows: pipes, and a thread for each but one. */
#include <config.h>

#include "base/proc.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <windows.h>

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

static wchar_t *find_shell(void) {
  wchar_t path[MAX_PATH];
  DWORD n = SearchPathW(NULL, L"sh.exe", NULL, MAX_PATH, path, NULL);
  if (n && n < MAX_PATH) return _wcsdup(path);
  errno = ENOEXEC;
  return NULL;
}

/* PROGRAM is heap, and the file to be started; *LINE its command line. */
static int command(char *const argv[], wchar_t **program, wchar_t **line, struct dc_err *err) {
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  *program = dc_posix_program(argv[0]);
  if (!*program) return dc_err_sys(err, errno, "cannot run '%s'", argv[0]);
  if (is_script(*program)) {
    free(*program);
    *program = find_shell();
    if (!*program) return dc_err_sys(err, errno, "cannot run '%s', for which a 'sh' must be in PATH", argv[0]);
    add_word(&text, "sh");
  }
  for (char *const *word = argv; *word; word++) add_word(&text, *word);
  int rc = dc_buf_check(&text, err);
  if (rc) return rc;
  *line = dc_posix_wide_text(dc_buf_text(&text));
  return *line ? 0 : dc_err_sys(err, errno, "cannot run '%s'", argv[0]);
}

/* It inherits the three handles of INFO and nothing else. */
static int create(char *const argv[], STARTUPINFOEXW *info, DWORD flags, PROCESS_INFORMATION *made, struct dc_err *err) {
  wchar_t *program DC_CLEANUP(dc_mem_free) = NULL, *line DC_CLEANUP(dc_mem_free) = NULL;
  HANDLE handles[] = {info->StartupInfo.hStdInput, info->StartupInfo.hStdOutput, info->StartupInfo.hStdError};
  HANDLE named[DC_COUNT(handles)];
  size_t count = 0;
  SIZE_T size = 0;
  int rc = command(argv, &program, &line, err);
  if (rc) return rc;
  for (size_t i = 0; i < DC_COUNT(handles); i++) {
    bool known = !handles[i] || handles[i] == INVALID_HANDLE_VALUE;
    for (size_t k = 0; k < count; k++) known = known || named[k] == handles[i];
    if (!known && SetHandleInformation(handles[i], HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT)) named[count++] = handles[i];
  }
  InitializeProcThreadAttributeList(NULL, 1, 0, &size);
  info->lpAttributeList = malloc(size);
  if (!info->lpAttributeList) return dc_err_nomem(err);
  bool good = InitializeProcThreadAttributeList(info->lpAttributeList, 1, 0, &size);
  if (good && count)
    good = UpdateProcThreadAttribute(info->lpAttributeList, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, named,
                                     count * sizeof named[0], NULL, NULL);
  info->StartupInfo.cb = sizeof *info;
  info->StartupInfo.dwFlags = STARTF_USESTDHANDLES;
  if (good)
    good = CreateProcessW(program, line, NULL, NULL, count > 0, EXTENDED_STARTUPINFO_PRESENT | flags, NULL, NULL,
                          &info->StartupInfo, made);
  if (!good) rc = dc_err_sys(err, dc_posix_errno(GetLastError()), "cannot run '%s'", argv[0]);
  free(info->lpAttributeList);
  return rc;
}

static int reap(HANDLE process, const char *program, int *status, struct dc_err *err) {
  DWORD code = 0;
  bool good = WaitForSingleObject(process, INFINITE) == WAIT_OBJECT_0 && GetExitCodeProcess(process, &code);
  if (!good) return dc_err_sys(err, dc_posix_errno(GetLastError()), "cannot learn how '%s' ended", program);
  *status = (int)code;
  return 0;
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
  JOBOBJECT_EXTENDED_LIMIT_INFORMATION limit = {.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE};
  (void)SetConsoleCtrlHandler(leave_to_child, TRUE);
  int rc = create(argv, &info, CREATE_SUSPENDED, &made, err);
  if (rc) return rc;
  HANDLE job = CreateJobObjectW(NULL, NULL); /* whoever ends us ends it */
  if (job && SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limit, sizeof limit))
    (void)AssignProcessToJobObject(job, made.hProcess);
  ResumeThread(made.hThread);
  CloseHandle(made.hThread);
  rc = reap(made.hProcess, argv[0], status, err);
  CloseHandle(made.hProcess);
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

static void close_handle(HANDLE *handle) {
  if (*handle) CloseHandle(*handle);
  *handle = NULL;
}

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
  if (!rc) rc = create(argv, &info, 0, &made, err);
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
