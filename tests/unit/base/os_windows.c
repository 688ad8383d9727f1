/* SPDX-License-Identifier: Apache-2.0 */
/* What Windows has of POSIX (base/windows), and its processes: those are this program again, by its first argument. */
#include <config.h>

#include <fcntl.h>
#include <io.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include <windows.h>

#include <aclapi.h>

#include "base/os.h"
#include "base/path.h"
#include "base/proc.h"
#include "tap.h"

enum { MUCH = 1 << 20 };
static char dir[] = "/tmp/daprcerts-windows.XXXXXX";
static char *self;

/* --- the programs that are run ----------------------------------------------------------------------------------------- */

static int copy(int to) {
  static char bytes[65536];
  int n;
  while ((n = read(0, bytes, sizeof bytes)) > 0)
    for (int done = 0, k; done < n; done += k) {
      k = (int)write(to, bytes + done, (size_t)(n - done));
      if (k <= 0) return 1;
    }
  return 0;
}

static void set(void *event) { SetEvent(event); }

/* Holds FILE until it is asked to end. */
static int serve(const char *file) {
  HANDLE asked = CreateEventW(NULL, TRUE, FALSE, NULL);
  int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0 || dc_os_expect_end(NULL) || dc_os_lock(fd)) return 97;
  dc_os_on_end(set, asked);
  WaitForSingleObject(asked, INFINITE);
  dc_os_on_end(NULL, NULL);
  return 7;
}

static int be(int argc, char **argv) {
  const char *word = argv[1];
  if (strcmp(word, "words") == 0) {
    for (int i = 2; i < argc; i++) printf("<%s>\n", argv[i]);
    return 0;
  }
  if (strcmp(word, "cat") == 0) return copy(1);
  if (strcmp(word, "tee") == 0) {
    fprintf(stderr, "said\n");
    return copy(1) ? 1 : 3;
  }
  if (strcmp(word, "deaf") == 0) return printf("done\n") == 5 ? 0 : 1;
  if (strcmp(word, "env") == 0) return printf("%s", getenv("DAPRCERTS_TEST") ? getenv("DAPRCERTS_TEST") : "-") > 0 ? 0 : 1;
  if (strcmp(word, "serve") == 0 && argc > 2) return serve(argv[2]);
  if (strcmp(word, "become") == 0) {
    int status = 99;
    struct dc_err err = DC_ERR_INIT;
    char next[] = "tee";
    if (dc_proc_become((char *[]){self, next, NULL}, &status, &err)) printf("%s\n", err.text);
    return status;
  }
  return 98;
}

static int run(const char *word, const char *const *words, const void *input, size_t n, size_t max, struct dc_buf *out,
               struct dc_buf *said, struct dc_err *err) {
  char *argv[16] = {self, (char *)(uintptr_t)word};
  int status = -1;
  for (size_t i = 0; words && words[i]; i++) argv[i + 2] = (char *)(uintptr_t)words[i];
  int rc = dc_proc_run(argv, input, n, max, out, said, &status, err);
  return rc ? rc : status;
}

/* --- processes ----------------------------------------------------------------------------------------------------------- */

static void test_words(void) {
  static const char *const words[] = {"plain", "", "a b", "\"", "\\", "\\\\\"", "end\\", "end \\", "a\"b c\\\"d", "\xc3\xbc\xe2\x82\xac", NULL};
  struct dc_buf out DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, want DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_err err = DC_ERR_INIT;
  for (size_t i = 0; words[i]; i++) dc_buf_printf(&want, "<%s>\n", words[i]);
  is_num(run("words", words, "", 0, 4096, &out, NULL, &err), 0, "words that need quotation marks");
  is_text(dc_buf_text(&out), dc_buf_text(&want), "come as they are, and without carriage returns");
}

static void test_streams(void) {
  struct dc_buf out DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, said DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_err err = DC_ERR_INIT;
  char *much = calloc(1, MUCH), none[] = "/no/such/program";
  int status = -1;
  for (size_t i = 0; i < MUCH; i++) much[i] = (char)(i * 31 >> 3);
  is_num(run("tee", NULL, much, MUCH, MUCH, &out, &said, &err), 3, "its exit status");
  ok(out.len == MUCH && memcmp(out.data, much, MUCH) == 0, "a megabyte both ways");
  is_text(dc_buf_text(&said), "said\n", "its standard error");
  dc_buf_clear(&out);
  is_num(run("deaf", NULL, much, MUCH, MUCH, &out, &said, &err), 0, "who does not read its input is no error");
  is_text(dc_buf_text(&out), "done\n", "and is heard");
  is_num(run("cat", NULL, much, 101, 100, &out, NULL, &err), DC_ELIMIT, "too much is refused");
  is_num(dc_proc_run((char *[]){none, NULL}, "", 0, 100, &out, &said, &status, &err), DC_ENOENT, "no such program");
  ok(strstr(err.text, none) != NULL, "is named: %s", err.text);
  dc_buf_clear(&out);
  is_num(run("become", NULL, "through two", 11, 100, &out, &said, &err), 3, "who became another ends with its status");
  is_text(dc_buf_text(&out), "through two", "with its input and output");
  free(much);
}

static void test_environment(void) {
  struct dc_buf out DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_err err = DC_ERR_INIT;
  setenv("DAPRCERTS_TEST", "M\xc3\xbcller \xe2\x82\xac", 1);
  is_text(getenv("DAPRCERTS_TEST"), "M\xc3\xbcller \xe2\x82\xac", "a variable in UTF-8");
  is_num(run("env", NULL, "", 0, 100, &out, NULL, &err), 0, "and a child");
  is_text(dc_buf_text(&out), "M\xc3\xbcller \xe2\x82\xac", "has it too");
  unsetenv("DAPRCERTS_TEST");
  ok(!getenv("DAPRCERTS_TEST"), "it is gone");
}

/* --- pipes ------------------------------------------------------------------------------------------------------------- */

static void test_waiting(void) {
  int ends[2];
  char byte = 0;
  if (!ok(pipe(ends) == 0 && fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0, "a pipe that does not wait")) return;
  ok(read(ends[0], &byte, 1) < 0 && errno == EAGAIN, "has nothing yet");
  ok(write(ends[1], "x", 1) == 1 && read(ends[0], &byte, 1) == 1 && byte == 'x', "then what was written");
  ok(close(ends[1]) == 0 && read(ends[0], &byte, 1) == 0, "and its end");
  close(ends[0]);
  is_num(poll(NULL, 0, 1), 0, "poll of nothing waits");
}

/* --- files --------------------------------------------------------------------------------------------------------------- */

/* Entries of LIST that name others than this user. */
static int foreign_in(PACL list) {
  HANDLE token;
  char room[256];
  DWORD size;
  int foreign = 0;
  if (!list || !OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token) ||
      !GetTokenInformation(token, TokenUser, room, sizeof room, &size))
    return -1;
  for (DWORD i = 0; i < list->AceCount; i++) {
    ACCESS_ALLOWED_ACE *entry;
    foreign += !GetAce(list, i, (void **)&entry) || (!EqualSid(&entry->SidStart, ((TOKEN_USER *)room)->User.Sid) &&
                                                    !IsWellKnownSid(&entry->SidStart, WinLocalSystemSid));
  }
  CloseHandle(token);
  return foreign;
}

static int foreign_entries(const char *file) {
  wchar_t *wide = dc_posix_wide(file);
  PSECURITY_DESCRIPTOR descriptor = NULL;
  PACL list = NULL;
  (void)GetNamedSecurityInfoW(wide, SE_FILE_OBJECT, DACL_SECURITY_INFORMATION, NULL, NULL, &list, NULL, &descriptor);
  int foreign = foreign_in(list);
  LocalFree(descriptor);
  free(wide);
  return foreign;
}

static mode_t mode_of(const char *path) {
  struct stat status;
  return stat(path, &status) == 0 ? status.st_mode & 0777 : 0;
}

static void test_private(void) {
  char *key DC_CLEANUP(dc_mem_free) = dc_path_join(dir, "key"), *crt DC_CLEANUP(dc_mem_free) = dc_path_join(dir, "crt");
  char *closed DC_CLEANUP(dc_mem_free) = dc_path_join(dir, "closed"), *in DC_CLEANUP(dc_mem_free) = dc_path_join(closed, "in");
  struct dc_err err = DC_ERR_INIT;
  int fd = open(key, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  is_num(foreign_entries(key), 0, "a private file names nobody else from its first byte");
  close(fd);
  unlink(key);
  is_num(dc_os_write_new(key, 0600, "key", 3, &err), 0, "a key");
  is_num(mode_of(key), 0600, "is for its owner");
  is_num(foreign_entries(key), 0, "and names nobody else");
  is_num(chmod(dir, 0755), 0, "in a folder that is open");
  is_num(dc_os_write_atomic(crt, 0644, "crt", 3, true, &err), 0, "a certificate");
  is_num(mode_of(crt) & 0444, 0444, "is for everybody");
  ok(foreign_entries(crt) > 0, "and names others");
  is_num(mode_of(key), 0600, "the key is not, for all that");
  is_num(dc_os_mkdir(closed, true, &err), 0, "a private folder");
  is_num(mode_of(closed), 0700, "is for its owner");
  is_num(dc_os_write_new(in, 0644, "crt", 3, &err), 0, "what is made in it");
  unlink(in);
  rmdir(closed);
  unlink(key);
  unlink(crt);
}

/* Others read a file without letting it be renamed or removed. */
static DWORD WINAPI let_go(void *handle) {
  Sleep(100);
  CloseHandle(handle);
  return 0;
}

static void test_replace(void) {
  char *path DC_CLEANUP(dc_mem_free) = dc_path_join(dir, "file");
  struct dc_buf bytes DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_err err = DC_ERR_INIT;
  struct stat before, after;
  int fd = -1;
  is_num(dc_os_write_atomic(path, 0644, "one", 3, false, &err), 0, "a file");
  is_num(dc_os_write_atomic(path, 0644, "two", 3, false, NULL), DC_EEXIST, "not over another");
  is_num(dc_os_open_file(path, &fd, &err), 0, "read by us");
  ok(fstat(fd, &before) == 0 && stat(path, &after) == 0 && before.st_ino && before.st_ino == after.st_ino, "it is one file");
  if (dc_os_write_atomic(path, 0644, "two", 3, true, &err) == DC_EACCES) {
    skip("a file that is open is not replaced here (wine 8)", "it is replaced while it is read");
  } else {
    is_text(err.text, "", "it is replaced while it is read");
    ok(stat(path, &after) == 0 && before.st_ino != after.st_ino, "which can be seen");
  }
  is_num(dc_os_read_fd(fd, "it", 10, &bytes, &err), 0, "what was opened");
  is_text(dc_buf_text(&bytes), "one", "stays what it was");
  close(fd);
  wchar_t *wide = dc_posix_wide(path);
  HANDLE theirs = CreateFileW(wide, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
  free(wide);
  HANDLE thread = CreateThread(NULL, 0, let_go, theirs, 0, NULL);
  is_num(dc_os_write_atomic(path, 0644, "three", 5, true, &err), 0, "and when others have done with it");
  WaitForSingleObject(thread, INFINITE);
  CloseHandle(thread);
  unlink(path);
  is_num(dc_os_read_file(path, 10, &bytes, &err), DC_ENOENT, "gone");
  is_num(dc_os_read_file(dir, 10, &bytes, &err), DC_EINVAL, "a folder is no file");
}

/* --- names ----------------------------------------------------------------------------------------------------------------- */

static void test_names(void) {
  static const struct {
    const char *path;
    const wchar_t *wide;
  } rows[] = {
    {"/c/x", L"c:\\x"},   {"/c", L"c:\\"},     {"/c/", L"c:\\"},       {"C:/x/y", L"C:\\x\\y"}, {"C:\\x", L"C:\\x"},
    {"/tmp", L"\\tmp"},   {"x/y", L"x\\y"},    {"//host/x", L"\\\\host\\x"}, {"/dev/null", L"NUL"},  {"\xc3\xbc", L"\xfc"},
  };
  for (size_t i = 0; i < DC_COUNT(rows); i++) {
    wchar_t *wide = dc_posix_wide(rows[i].path);
    ok(wide && wcscmp(wide, rows[i].wide) == 0, "%s", rows[i].path);
    free(wide);
  }
  ok(!dc_posix_wide("\xff"), "what is no UTF-8 is refused");
  char *path DC_CLEANUP(dc_mem_free) = dc_path_join(dir, "M\xc3\xbcller \xe2\x82\xac");
  struct dc_err err = DC_ERR_INIT;
  is_num(dc_os_write_new(path, 0600, "x", 1, &err), 0, "a name beyond any code page");
  DIR *entries = opendir(dir);
  int seen = 0;
  for (struct dirent *entry; entries && (entry = readdir(entries));)
    seen += strcmp(entry->d_name, "M\xc3\xbcller \xe2\x82\xac") == 0;
  closedir(entries);
  is_num(seen, 1, "is seen in its folder");
  is_num(unlink(path), 0, "and goes");
  char *deep DC_CLEANUP(dc_mem_free) = NULL;
  char part[120];
  memset(part, 'a', sizeof part - 1);
  part[sizeof part - 1] = '\0';
  char *top DC_CLEANUP(dc_mem_free) = realpath(dir, NULL);
  char *one DC_CLEANUP(dc_mem_free) = dc_path_join(top, part), *two DC_CLEANUP(dc_mem_free) = dc_path_join(one, part);
  deep = dc_path_join(two, part);
  is_num(dc_os_mkdir(two, true, &err), 0, "a folder far down");
  is_num(dc_os_write_new(deep, 0600, "x", 1, &err), 0, "a file whose name is longer than 260 letters");
  if (err.code) printf("# %s\n", err.text);
  ok(unlink(deep) == 0 && rmdir(two) == 0 && rmdir(one) == 0, "and away with it");
}

static void test_no_drive(void) {
  char drive[] = "A:", deep[] = "A:\\a\\b";
  struct dc_err err = DC_ERR_INIT;
  while (GetLogicalDrives() & 1u << (drive[0] - 'A')) drive[0]++;
  deep[0] = drive[0];
  is_num(dc_os_mkdir(drive, true, &err), DC_ENOENT, "a drive that is not there is not made");
  ok(strstr(err.text, drive) != NULL, "it is named: %s", err.text);
  is_num(dc_os_mkdir(deep, true, NULL), DC_ENOENT, "nor a folder on it");
}

/* --- locks, and being asked to end -------------------------------------------------------------------------------------- */

static DWORD WINAPI run_server(void *file) {
  struct dc_buf out DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_err err = DC_ERR_INIT;
  const char *const words[] = {file, NULL};
  return (DWORD)run("serve", words, "", 0, 100, &out, NULL, &err);
}

static void test_end(void) {
  char *file DC_CLEANUP(dc_mem_free) = dc_path_join(dir, "pid");
  struct dc_err err = DC_ERR_INIT;
  int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  long holder = 0;
  DWORD status = 99;
  is_num(dc_os_lock_holder(fd, &holder), 0, "nobody holds it");
  is_num(dc_os_lock_end_holder(fd, &err), 1, "nobody is asked to end");
  HANDLE thread = CreateThread(NULL, 0, run_server, file, 0, NULL);
  while (dc_os_lock_holder(fd, &holder) == 0 && WaitForSingleObject(thread, 10) == WAIT_TIMEOUT) {}
  ok(holder > 0 && (DWORD)holder != GetCurrentProcessId(), "another process does: %ld", holder);
  is_num(dc_os_lock(fd), 1, "it is not to be had");
  is_num(dc_os_lock_end_holder(fd, &err), 0, "that process is asked to end");
  is_num(dc_os_lock_holder(fd, &holder), 0, "and has ended by then");
  WaitForSingleObject(thread, INFINITE);
  GetExitCodeThread(thread, &status);
  CloseHandle(thread);
  is_num(status, 7, "by itself");
  is_num(dc_os_lock(fd), 0, "it is to be had");
  close(fd);
  unlink(file);
}

/* The name is known beforehand, to whoever looks for this process. */
static void test_event(void) {
  wchar_t name[64];
  FILETIME began, other[3];
  struct dc_err err = DC_ERR_INIT;
  PACL list = NULL;
  PSECURITY_DESCRIPTOR descriptor = NULL;
  GetProcessTimes(GetCurrentProcess(), &began, &other[0], &other[1], &other[2]);
  _snwprintf(name, DC_COUNT(name), L"Local\\daprcerts-end-%lu-%08lx%08lx", (unsigned long)GetCurrentProcessId(),
             (unsigned long)began.dwHighDateTime, (unsigned long)began.dwLowDateTime);
  HANDLE theirs = CreateEventW(NULL, FALSE, FALSE, name);
  is_num(dc_os_expect_end(&err), DC_EACCES, "an event that another has made is not taken for ours");
  CloseHandle(theirs);
  is_num(dc_os_expect_end(&err), 0, "ours");
  HANDLE ours = OpenEventW(READ_CONTROL, FALSE, name);
  ok(ours != NULL, "has that name");
  (void)GetSecurityInfo(ours, SE_KERNEL_OBJECT, DACL_SECURITY_INFORMATION, NULL, NULL, &list, NULL, &descriptor);
  is_num(foreign_in(list), 0, "and names nobody else");
  ok(list && list->AceCount == 1, "but this user");
  LocalFree(descriptor);
  CloseHandle(ours);
}

int main(int argc, char **argv) {
  self = dc_os_self_path(argv[0]);
  if (argc > 1) return be(argc, argv);
  if (!mkdtemp(dir)) return 99;
  ok(self && access(self, X_OK) == 0, "this program: %s", self);
  test_words();
  test_streams();
  test_environment();
  test_waiting();
  test_private();
  test_replace();
  test_names();
  test_no_drive();
  test_end();
  test_event();
  is_num(rmdir(dir), 0, "nothing is left");
  free(self);
  return tap_done();
}
