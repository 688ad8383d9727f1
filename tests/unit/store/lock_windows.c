/* SPDX-License-Identifier: Apache-2.0 */
/* The lock, and readers beside a publisher, among processes of Windows: those are this program again. */
#include <config.h>

#include <stdlib.h>
#include <unistd.h>

#include <windows.h>

#include "base/os.h"
#include "base/path.h"
#include "base/proc.h"
#include "store/layout.h"
#include "store/lock.h"
#include "store/publish.h"
#include "folder.h"
#include "tap.h"

enum { PUBLICATIONS = 20 };
static char top[] = "/tmp/daprcerts-store-windows.XXXXXX";
static const char *const names[] = {"ca.crt", "issuer.crt", "issuer.key"};
static char *self;

static int publish_all(const char *dir, const char *text, enum dc_publish how, struct dc_err *err) {
  struct dc_set set DC_CLEANUP(dc_set_free) = DC_SET_INIT;
  for (size_t i = 0; i < DC_COUNT(names); i++)
    if (dc_set_add(&set, names[i], 0600, text, strlen(text), err)) return -99;
  return dc_publish(dir, &set, how, err);
}

static int take(const char *dir, struct dc_lock *lock, struct dc_err *err) {
  struct dc_dir top_dir DC_CLEANUP(dc_dir_close) = DC_DIR_INIT, own DC_CLEANUP(dc_dir_close) = DC_DIR_INIT;
  int rc = dc_dir_open(dir, &top_dir, err);
  if (!rc) rc = dc_dir_open_in(&top_dir, DC_LAYOUT_OWN, &own, err);
  return rc ? rc : dc_lock_take(&top_dir, &own, lock, err);
}

/* --- the programs that are run ----------------------------------------------------------------------------------------- */

static int be(const char *word, const char *dir) {
  struct dc_lock lock DC_CLEANUP(dc_lock_release) = DC_LOCK_INIT;
  struct dc_err err = DC_ERR_INIT;
  int rc = 0;
  if (strcmp(word, "lock") == 0) {
    rc = take(dir, &lock, &err);
    printf("%s", rc ? err.text : "taken");
    return rc ? 1 : 0;
  }
  if (strcmp(word, "hold") == 0) { /* until its input ends */
    char byte;
    if (take(dir, &lock, &err)) return 1;
    printf("x");
    fflush(stdout);
    return read(0, &byte, 1) == 0 ? 0 : 1;
  }
  for (int i = 0; !rc && i < PUBLICATIONS; i++) rc = publish_all(dir, i % 2 ? "one" : "two", DC_PUBLISH_REPLACE, &err);
  printf("%s", rc ? err.text : "published");
  return rc ? 1 : 0;
}

static int run(const char *word, const char *dir, struct dc_buf *out) {
  int status = -1;
  struct dc_err err = DC_ERR_INIT;
  char *argv[] = {self, (char *)(uintptr_t)word, (char *)(uintptr_t)dir, NULL};
  dc_buf_clear(out);
  int rc = dc_proc_run(argv, "", 0, 4096, out, NULL, &status, &err);
  return rc ? rc : status;
}

/* --- the lock -------------------------------------------------------------------------------------------------------------- */

/* A process that holds the lock, having told so; *END, closed, ends it. */
static HANDLE holder(const char *dir, HANDLE *end, DWORD *number) {
  STARTUPINFOW info = {.cb = sizeof info, .dwFlags = STARTF_USESTDHANDLES, .hStdError = GetStdHandle(STD_ERROR_HANDLE)};
  SECURITY_ATTRIBUTES inherited = {.nLength = sizeof inherited, .bInheritHandle = TRUE};
  PROCESS_INFORMATION made;
  HANDLE told = NULL;
  char text[1024], byte = 0;
  DWORD n = 0;
  if (!CreatePipe(&info.hStdInput, end, &inherited, 0) || !CreatePipe(&told, &info.hStdOutput, &inherited, 0)) return NULL;
  SetHandleInformation(*end, HANDLE_FLAG_INHERIT, 0);
  snprintf(text, sizeof text, "\"%s\" hold \"%s\"", self, dir);
  wchar_t *line = dc_posix_wide_text(text);
  bool started = CreateProcessW(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &info, &made);
  free(line);
  CloseHandle(info.hStdInput);
  CloseHandle(info.hStdOutput);
  bool held = started && ReadFile(told, &byte, 1, &n, NULL) && byte == 'x';
  CloseHandle(told);
  *number = made.dwProcessId;
  return held ? made.hProcess : NULL;
}

static void test_lock(void) {
  char *dir DC_CLEANUP(dc_mem_free) = dc_path_join(top, "locked"), want[64];
  struct dc_lock lock = DC_LOCK_INIT;
  struct dc_buf out DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_err err = DC_ERR_INIT;
  is_num(take(dir, &lock, &err), DC_ENOENT, "a directory without our corner");
  is_num(publish_all(dir, "one", DC_PUBLISH_NEW, &err), 0, "a set");
  is_num(dc_lock_is_held(dir), 0, "nobody holds its lock");
  is_num(take(dir, &lock, &err), 0, "taken");
  is_num(run("lock", dir, &out), 1, "another process does not get it");
  snprintf(want, sizeof want, "another daprcerts (process %lu) ", (unsigned long)GetCurrentProcessId());
  ok(strstr(dc_buf_text(&out), want) != NULL, "and is told who has it: %s", dc_buf_text(&out));
  dc_lock_release(&lock);
  is_num(run("lock", dir, &out), 0, "it does now");
  HANDLE end = NULL;
  DWORD number = 0;
  HANDLE process = holder(dir, &end, &number);
  if (!ok(process != NULL, "another process holds it")) return;
  is_num(dc_lock_is_held(dir), 1, "which can be seen");
  is_num(publish_all(dir, "two", DC_PUBLISH_REPLACE, &err), DC_EBUSY, "a publication is refused");
  snprintf(want, sizeof want, "another daprcerts (process %lu) ", (unsigned long)number);
  ok(strstr(err.text, want) != NULL, "the holder is named: %s", err.text);
  TerminateProcess(process, 9);
  WaitForSingleObject(process, INFINITE);
  CloseHandle(process);
  CloseHandle(end);
  is_num(dc_lock_is_held(dir), 0, "its violent end");
  is_num(publish_all(dir, "two", DC_PUBLISH_REPLACE, &err), 0, "is the lock's");
}

/* --- readers ----------------------------------------------------------------------------------------------------------------- */

static DWORD WINAPI publish_beside(void *dir) {
  struct dc_buf out DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  int status = run("publish", dir, &out);
  if (status) printf("# the publisher: %s\n", dc_buf_text(&out));
  return (DWORD)status;
}

static void test_readers(void) {
  char *dir DC_CLEANUP(dc_mem_free) = dc_path_join(top, "busy");
  struct dc_err err = DC_ERR_INIT;
  int mixed = 0, failed = 0, reads = 0;
  DWORD status = 99;
  is_num(publish_all(dir, "one", DC_PUBLISH_NEW, &err), 0, "a set");
  HANDLE thread = CreateThread(NULL, 0, publish_beside, dir, 0, NULL);
  do {
    struct dc_buf files[3] = {DC_BUF_INIT};
    int rc = dc_publish_read(dir, names, 3, 100, files, &err);
    failed += rc != 0;
    mixed += rc == 0 && (strcmp(dc_buf_text(&files[0]), dc_buf_text(&files[1])) != 0 ||
                         strcmp(dc_buf_text(&files[0]), dc_buf_text(&files[2])) != 0);
    for (size_t i = 0; i < 3; i++) dc_buf_free(&files[i]);
    reads++;
  } while (WaitForSingleObject(thread, 0) == WAIT_TIMEOUT);
  GetExitCodeThread(thread, &status);
  CloseHandle(thread);
  is_num(status, 0, "the publisher came through");
  ok(reads > 1, "beside a reader");
  is_num(failed, 0, "who never failed");
  is_num(mixed, 0, "and never saw a mixture");
  if (failed) printf("# %s\n", err.text);
}

int main(int argc, char **argv) {
  self = dc_os_self_path(argv[0]);
  if (argc > 2) return be(argv[1], argv[2]);
  if (!mkdtemp(top)) return 99;
  test_lock();
  test_readers();
  folder_remove(top);
  return tap_done();
}
