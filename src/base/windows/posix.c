/* SPDX-License-Identifier: Apache-2.0 */
/* Files, folders and the environment of POSIX on Windows. */
#include <config.h>

#include "base/windows/posix.h"

#include <stdarg.h>
#include <stdio.h>
#include <windows.h>

#include <aclapi.h>
#include <sddl.h>

#undef stat /* the struct stays; the functions are named in full here */
#undef open
#undef close
#undef read
#undef write
#undef strerror

enum { RETRIES = 100, RETRY_MS = 20 };

int dc_posix_errno(unsigned long windows_error) {
  static const struct {
    unsigned long windows;
    int posix;
  } rows[] = {
    {ERROR_FILE_NOT_FOUND, ENOENT},    {ERROR_PATH_NOT_FOUND, ENOENT},       {ERROR_INVALID_DRIVE, ENOENT},
    {ERROR_BAD_NETPATH, ENOENT},       {ERROR_BAD_NET_NAME, ENOENT},         {ERROR_BAD_PATHNAME, ENOENT},
    {ERROR_ACCESS_DENIED, EACCES},     {ERROR_SHARING_VIOLATION, EACCES},    {ERROR_LOCK_VIOLATION, EACCES},
    {ERROR_WRITE_PROTECT, EROFS},      {ERROR_FILE_EXISTS, EEXIST},          {ERROR_ALREADY_EXISTS, EEXIST},
    {ERROR_DIR_NOT_EMPTY, ENOTEMPTY},  {ERROR_NOT_ENOUGH_MEMORY, ENOMEM},    {ERROR_OUTOFMEMORY, ENOMEM},
    {ERROR_DISK_FULL, ENOSPC},         {ERROR_HANDLE_DISK_FULL, ENOSPC},     {ERROR_INVALID_NAME, EINVAL},
    {ERROR_INVALID_PARAMETER, EINVAL}, {ERROR_DIRECTORY, ENOTDIR},           {ERROR_NOT_SUPPORTED, ENOTSUP},
    {ERROR_INVALID_FUNCTION, ENOTSUP}, {ERROR_CALL_NOT_IMPLEMENTED, ENOSYS}, {ERROR_INVALID_HANDLE, EBADF},
    {ERROR_BROKEN_PIPE, EPIPE},        {ERROR_NO_DATA, EPIPE},               {ERROR_FILENAME_EXCED_RANGE, ENAMETOOLONG},
    {ERROR_TOO_MANY_OPEN_FILES, EMFILE}, {ERROR_TOO_MANY_LINKS, EMLINK},     {ERROR_PRIVILEGE_NOT_HELD, EPERM},
    {ERROR_BAD_EXE_FORMAT, ENOEXEC},   {ERROR_CANT_RESOLVE_FILENAME, ELOOP},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    if (rows[i].windows == windows_error) return rows[i].posix;
  return EIO;
}

static int fail(void) {
  errno = dc_posix_errno(GetLastError());
  return -1;
}

/* --- texts --------------------------------------------------------------------------------------------------------- */

wchar_t *dc_posix_wide_text(const char *text) {
  int n = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, NULL, 0);
  wchar_t *wide = n > 0 ? malloc((size_t)n * sizeof *wide) : NULL;
  if (wide) MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, wide, n);
  if (!wide) errno = n > 0 ? ENOMEM : EILSEQ;
  return wide;
}

char *dc_posix_narrow(const wchar_t *text) {
  int n = WideCharToMultiByte(CP_UTF8, 0, text, -1, NULL, 0, NULL, NULL);
  char *narrow = n > 0 ? malloc((size_t)n) : NULL;
  if (narrow) WideCharToMultiByte(CP_UTF8, 0, text, -1, narrow, n, NULL, NULL);
  if (!narrow) errno = ENOMEM;
  return narrow;
}

void *dc_posix_memmem(const void *in, size_t n, const void *what, size_t length) {
  for (const char *at = in; n >= length; at++, n--)
    if (memcmp(at, what, length) == 0) return (void *)(uintptr_t)at;
  return NULL;
}

char *dc_posix_stpcpy(char *to, const char *from) {
  size_t n = strlen(from);
  memcpy(to, from, n + 1);
  return to + n;
}

ssize_t dc_posix_getline(char **line, size_t *room, FILE *file) {
  size_t n = 0;
  for (int c = 0; c != '\n' && (c = getc(file)) != EOF;) {
    if (n + 2 > *room) {
      size_t more = *room ? *room * 2 : 256;
      char *grown = realloc(*line, more);
      if (!grown) return -1;
      *line = grown;
      *room = more;
    }
    (*line)[n++] = (char)c;
  }
  if (n == 0) return -1;
  (*line)[n] = '\0';
  return (ssize_t)n;
}

char *dc_posix_strndup(const char *text, size_t n) {
  size_t length = strnlen(text, n);
  char *copy = malloc(length + 1);
  if (!copy) return NULL;
  memcpy(copy, text, length);
  copy[length] = '\0';
  return copy;
}

/* The C library has no words for the numbers that it took over from POSIX. */
char *dc_posix_strerror(int errnum) {
  static const struct {
    int number;
    const char *text;
  } rows[] = {
    {EADDRINUSE, "Address already in use"},
    {EADDRNOTAVAIL, "Cannot assign requested address"},
    {EAFNOSUPPORT, "Address family not supported"},
    {EALREADY, "Operation already in progress"},
    {ECONNABORTED, "Software caused connection abort"},
    {ECONNREFUSED, "Connection refused"},
    {ECONNRESET, "Connection reset by peer"},
    {EHOSTUNREACH, "No route to host"},
    {EINPROGRESS, "Operation now in progress"},
    {EISCONN, "Socket is already connected"},
    {ELOOP, "Too many levels of symbolic links"},
    {ENETDOWN, "Network is down"},
    {ENETUNREACH, "Network is unreachable"},
    {ENOTCONN, "Socket is not connected"},
    {ENOTSUP, "Operation not supported"},
    {ETIMEDOUT, "Connection timed out"},
    {EWOULDBLOCK, "Operation would block"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    if (rows[i].number == errnum) return (char *)(uintptr_t)rows[i].text;
  return strerror(errnum);
}

/* --- names of files ------------------------------------------------------------------------------------------------ */

static bool is_letter(wchar_t c) { return (c >= L'a' && c <= L'z') || (c >= L'A' && c <= L'Z'); }

wchar_t *dc_posix_wide(const char *path) {
  static const wchar_t longer[] = L"\\\\?\\";
  enum { PREFIX = sizeof longer / sizeof *longer - 1, SHORT_MAX = 240 };
  if (strcmp(path, "/dev/null") == 0) path = "NUL";
  if (!*path) {
    errno = ENOENT;
    return NULL;
  }
  wchar_t *text = dc_posix_wide_text(path);
  if (!text) return NULL;
  size_t n = wcslen(text);
  wchar_t *wide = malloc((n + PREFIX + 2) * sizeof *wide); /* one more for "C:" that becomes "C:\" */
  if (!wide) {
    free(text);
    errno = ENOMEM;
    return NULL;
  }
  for (size_t i = 0; i < n; i++)
    if (text[i] == L'/') text[i] = L'\\';
  if (text[0] == L'\\' && is_letter(text[1]) && (text[2] == L'\\' || text[2] == L'\0')) { /* MSYS2's /c/x */
    text[0] = text[1];
    text[1] = L':';
    if (!text[2]) {
      memcpy(wide, (wchar_t[]){text[0], L':', L'\\', L'\0'}, 4 * sizeof *wide);
      free(text);
      return wide;
    }
  }
  bool drive = is_letter(text[0]) && text[1] == L':' && text[2] == L'\\';
  size_t prefix = drive && n > SHORT_MAX ? PREFIX : 0;
  memcpy(wide, longer, prefix * sizeof *wide);
  if (prefix) { /* taken as it is by Windows: doubled separators and "." must go */
    size_t to = prefix;
    for (size_t i = 0; i < n; i++) {
      bool after = to > prefix && wide[to - 1] == L'\\';
      if (after && text[i] == L'\\') continue;
      if (after && text[i] == L'.' && (text[i + 1] == L'\\' || !text[i + 1])) continue;
      wide[to++] = text[i];
    }
    wide[to] = L'\0';
  } else {
    memcpy(wide, text, (n + 1) * sizeof *wide);
  }
  free(text);
  return wide;
}

/* In slashes, as the rest of a path is written. */
static char *narrow_path(const wchar_t *path) {
  char *text = dc_posix_narrow(path);
  for (char *at = text; at && *at; at++)
    if (*at == '\\') *at = '/';
  return text;
}

/* The name of what is open, with its links resolved; heap. */
static wchar_t *final_name(HANDLE handle) {
  DWORD n = GetFinalPathNameByHandleW(handle, NULL, 0, 0);
  wchar_t *name = n ? malloc((n + 1) * sizeof *name) : NULL;
  if (!name || !GetFinalPathNameByHandleW(handle, name, n + 1, 0)) {
    free(name);
    fail();
    return NULL;
  }
  return name;
}

static wchar_t *without_prefix(wchar_t *name) {
  size_t n = wcslen(name);
  if (wcsncmp(name, L"\\\\?\\UNC\\", 8) == 0)
    memmove(name + 2, name + 8, (n - 8 + 1) * sizeof *name);
  else if (wcsncmp(name, L"\\\\?\\", 4) == 0)
    memmove(name, name + 4, (n - 4 + 1) * sizeof *name);
  return name;
}

/* --- who may ------------------------------------------------------------------------------------------------------- */

static PSECURITY_DESCRIPTOR of_user(bool folder) {
  PSECURITY_DESCRIPTOR made = NULL;
  HANDLE token = NULL;
  union {
    TOKEN_USER user;
    char room[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
  } who;
  DWORD size;
  LPWSTR sid = NULL;
  wchar_t text[256];
  if (OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token) &&
      GetTokenInformation(token, TokenUser, &who, sizeof who, &size) && ConvertSidToStringSidW(who.user.User.Sid, &sid)) {
    _snwprintf(text, sizeof text / sizeof *text, L"D:P(A;%ls;FA;;;%ls)", folder ? L"OICI" : L"", sid);
    text[sizeof text / sizeof *text - 1] = L'\0';
    if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(text, SDDL_REVISION_1, &made, NULL)) made = NULL;
    LocalFree(sid);
  }
  if (token) CloseHandle(token);
  return made;
}

/* Made once for good; NULL when Windows does not tell who we are. */
static SECURITY_ATTRIBUTES *private_to_user(bool folder) {
  static SECURITY_ATTRIBUTES made[2];
  static INIT_ONCE once[2] = {INIT_ONCE_STATIC_INIT, INIT_ONCE_STATIC_INIT};
  BOOL first = FALSE;
  if (InitOnceBeginInitialize(&once[folder], 0, &first, NULL) && first) {
    made[folder] = (SECURITY_ATTRIBUTES){.nLength = sizeof made[0], .lpSecurityDescriptor = of_user(folder)};
    InitOnceComplete(&once[folder], 0, NULL);
  }
  return made[folder].lpSecurityDescriptor ? &made[folder] : NULL;
}

void *dc_posix_private(void) { return private_to_user(false); }

/* false: errno. What is to be private and cannot be made so is not made. */
static bool attributes_for(mode_t mode, bool folder, SECURITY_ATTRIBUTES **attributes) {
  *attributes = mode & 077 ? NULL : private_to_user(folder);
  if (mode & 077 || *attributes) return true;
  errno = EPERM;
  return false;
}

/* The owner, the system and its administrators, who can take whatever they want, are no others. */
static bool is_other(PSID sid, PSID owner) {
  HANDLE token = NULL;
  union {
    TOKEN_USER user;
    char room[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
  } who;
  DWORD size;
  static const WELL_KNOWN_SID_TYPE ours[] = {WinLocalSystemSid, WinBuiltinAdministratorsSid, WinCreatorOwnerSid,
                                             WinCreatorOwnerRightsSid};
  if (owner && EqualSid(sid, owner)) return false;
  for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
    if (IsWellKnownSid(sid, ours[i])) return false;
  bool us = OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token) &&
            GetTokenInformation(token, TokenUser, &who, sizeof who, &size) && EqualSid(sid, who.user.User.Sid);
  if (token) CloseHandle(token);
  return !us;
}

/* What others may, as the bits 4 and 2 of a mode. */
static mode_t rights_of_others(HANDLE handle) {
  PSECURITY_DESCRIPTOR descriptor = NULL;
  PSID owner = NULL;
  PACL list = NULL;
  mode_t rights = 0;
  if (GetSecurityInfo(handle, SE_FILE_OBJECT, DACL_SECURITY_INFORMATION | OWNER_SECURITY_INFORMATION, &owner, NULL, &list,
                      NULL, &descriptor) != ERROR_SUCCESS)
    return 4; /* a file system without, or one that does not let us see */
  if (!list) rights = 6; /* no list at all: everybody */
  for (DWORD i = 0; list && i < list->AceCount; i++) {
    ACCESS_ALLOWED_ACE *entry = NULL;
    if (!GetAce(list, i, (void **)&entry) || entry->Header.AceType != ACCESS_ALLOWED_ACE_TYPE) continue;
    if (entry->Header.AceFlags & INHERIT_ONLY_ACE || !is_other((PSID)&entry->SidStart, owner)) continue;
    if (entry->Mask & (FILE_READ_DATA | GENERIC_READ | GENERIC_ALL)) rights |= 4;
    if (entry->Mask & (FILE_WRITE_DATA | WRITE_DAC | WRITE_OWNER | GENERIC_WRITE | GENERIC_ALL)) rights |= 2;
  }
  LocalFree(descriptor);
  return rights;
}

static int set_mode(wchar_t *name, mode_t mode, bool folder) {
  SECURITY_ATTRIBUTES *attributes;
  ACL none;
  if (!attributes_for(mode, folder, &attributes)) return -1;
  if (attributes)
    return SetFileSecurityW(name, DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION,
                            attributes->lpSecurityDescriptor) ? 0 : fail();
  if (!InitializeAcl(&none, sizeof none, ACL_REVISION)) return fail();
  DWORD rc = SetNamedSecurityInfoW(name, SE_FILE_OBJECT, DACL_SECURITY_INFORMATION | UNPROTECTED_DACL_SECURITY_INFORMATION,
                                   NULL, NULL, &none, NULL);
  if (rc == ERROR_SUCCESS) return 0;
  errno = dc_posix_errno(rc);
  return -1;
}

int dc_posix_chmod(const char *path, mode_t mode) {
  wchar_t *wide = dc_posix_wide(path);
  if (!wide) return -1;
  DWORD attributes = GetFileAttributesW(wide);
  int rc = attributes == INVALID_FILE_ATTRIBUTES ? fail() : set_mode(wide, mode, attributes & FILE_ATTRIBUTE_DIRECTORY);
  free(wide);
  return rc;
}

int dc_posix_fchmod(int fd, mode_t mode) {
  BY_HANDLE_FILE_INFORMATION info;
  SECURITY_ATTRIBUTES *attributes;
  HANDLE handle = (HANDLE)_get_osfhandle(fd);
  if (!GetFileInformationByHandle(handle, &info)) return fail();
  bool folder = info.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY;
  if (!attributes_for(mode, folder, &attributes)) return -1;
  if (attributes && SetKernelObjectSecurity(handle, DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION,
                                            attributes->lpSecurityDescriptor))
    return 0;
  wchar_t *name = final_name(handle); /* what was not opened for this, and where Windows looks for what is inherited */
  if (!name) return -1;
  int rc = set_mode(name, mode, folder);
  free(name);
  return rc;
}

/* --- looking --------------------------------------------------------------------------------------------------------- */

static struct timespec time_of(FILETIME time) {
  int64_t ticks = (int64_t)(((uint64_t)time.dwHighDateTime << 32) | time.dwLowDateTime) - INT64_C(116444736000000000);
  return (struct timespec){.tv_sec = ticks / 10000000, .tv_nsec = (long)(ticks % 10000000) * 100};
}

static int stat_handle(HANDLE handle, struct dc_posix_stat *status) {
  BY_HANDLE_FILE_INFORMATION info;
  *status = (struct dc_posix_stat){.st_nlink = 1};
  DWORD type = GetFileType(handle);
  if (type != FILE_TYPE_DISK) {
    status->st_mode = (mode_t)(0600 | (type == FILE_TYPE_PIPE ? S_IFIFO : S_IFCHR));
    return 0;
  }
  if (!GetFileInformationByHandle(handle, &info)) return fail();
  bool folder = info.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY;
  mode_t others = rights_of_others(handle), mode = (mode_t)(0600 | others << 3 | others);
  if (folder) mode |= (mode_t)((mode & 0444) >> 2);
  mode_t kind = info.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT ? S_IFLNK : folder ? S_IFDIR : S_IFREG;
  status->st_mode = (mode_t)(mode | kind);
  status->st_dev = info.dwVolumeSerialNumber;
  status->st_ino = (uint64_t)info.nFileIndexHigh << 32 | info.nFileIndexLow;
  status->st_nlink = info.nNumberOfLinks;
  status->st_size = (int64_t)((uint64_t)info.nFileSizeHigh << 32 | info.nFileSizeLow);
  status->st_mtim = time_of(info.ftLastWriteTime);
  status->st_ctim = status->st_mtim;
  return 0;
}

static HANDLE open_to_look(const char *path, DWORD more) {
  enum { SHARED = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE };
  wchar_t *wide = dc_posix_wide(path);
  if (!wide) return INVALID_HANDLE_VALUE;
  DWORD flags = FILE_FLAG_BACKUP_SEMANTICS | more;
  HANDLE handle = CreateFileW(wide, FILE_READ_ATTRIBUTES | READ_CONTROL, SHARED, NULL, OPEN_EXISTING, flags, NULL);
  if (handle == INVALID_HANDLE_VALUE && GetLastError() == ERROR_ACCESS_DENIED)
    handle = CreateFileW(wide, FILE_READ_ATTRIBUTES, SHARED, NULL, OPEN_EXISTING, flags, NULL);
  if (handle == INVALID_HANDLE_VALUE) fail();
  free(wide);
  return handle;
}

static int stat_path(const char *path, DWORD more, struct dc_posix_stat *status) {
  HANDLE handle = open_to_look(path, more);
  if (handle == INVALID_HANDLE_VALUE) return -1;
  int rc = stat_handle(handle, status);
  CloseHandle(handle);
  return rc;
}

int dc_posix_stat(const char *path, struct dc_posix_stat *status) { return stat_path(path, 0, status); }

int dc_posix_lstat(const char *path, struct dc_posix_stat *status) {
  return stat_path(path, FILE_FLAG_OPEN_REPARSE_POINT, status);
}

int dc_posix_fstat(int fd, struct dc_posix_stat *status) {
  HANDLE handle = (HANDLE)_get_osfhandle(fd);
  if (handle != INVALID_HANDLE_VALUE) return stat_handle(handle, status);
  errno = EBADF;
  return -1;
}

static bool is_file(const wchar_t *path) {
  DWORD attributes = GetFileAttributesW(path);
  return attributes != INVALID_FILE_ATTRIBUTES && !(attributes & FILE_ATTRIBUTE_DIRECTORY);
}

wchar_t *dc_posix_program(const char *path) {
  wchar_t *plain = dc_posix_wide(path);
  size_t n = plain ? wcslen(plain) : 0;
  wchar_t *named = plain ? malloc((n + sizeof L".exe" / sizeof *named) * sizeof *named) : NULL;
  if (named) {
    memcpy(named, plain, n * sizeof *named);
    memcpy(named + n, L".exe", sizeof L".exe");
    if (is_file(named)) {
      free(plain);
      return named;
    }
  }
  free(named);
  if (plain && is_file(plain)) return plain;
  if (plain) errno = GetFileAttributesW(plain) == INVALID_FILE_ATTRIBUTES ? ENOENT : EACCES;
  free(plain);
  return NULL;
}

int dc_posix_access(const char *path, int how) {
  struct dc_posix_stat status;
  if (how != X_OK) return dc_posix_stat(path, &status); /* whether it can be read or written is told by trying */
  wchar_t *program = dc_posix_program(path);
  free(program);
  return program ? 0 : -1;
}

ssize_t dc_posix_readlink(const char *path, char *target, size_t size) {
  struct dc_posix_stat status;
  if (dc_posix_lstat(path, &status)) return -1;
  if (!S_ISLNK(status.st_mode)) {
    errno = EINVAL;
    return -1;
  }
  if (size) target[0] = '?'; /* that it is a link is all that is asked of us */
  return size ? 1 : 0;
}

char *dc_posix_realpath(const char *path, char *into) {
  HANDLE handle = open_to_look(path, 0);
  if (into || handle == INVALID_HANDLE_VALUE) return NULL;
  wchar_t *name = final_name(handle);
  char *text = name ? narrow_path(without_prefix(name)) : NULL;
  free(name);
  CloseHandle(handle);
  return text;
}

char *dc_posix_full_path(const char *path) {
  static const DWORD room = 32768;
  wchar_t *wide = dc_posix_wide(path), *full = wide ? malloc(room * sizeof *full) : NULL;
  DWORD n = full ? GetFullPathNameW(wide, room, full, NULL) : 0;
  char *text = n && n < room ? narrow_path(without_prefix(full)) : NULL;
  if (full && !n) fail();
  free(full);
  free(wide);
  return text;
}

/* --- opening --------------------------------------------------------------------------------------------------------- */

static DWORD access_of(int flags) {
  if (flags & O_APPEND) return FILE_APPEND_DATA | FILE_READ_ATTRIBUTES | SYNCHRONIZE;
  if (flags & O_EXCL) return GENERIC_READ | GENERIC_WRITE | WRITE_DAC; /* it is new: its mode may be set */
  switch (flags & O_ACCMODE) {
    case O_WRONLY: return GENERIC_WRITE | FILE_READ_ATTRIBUTES | READ_CONTROL;
    case O_RDWR: return GENERIC_READ | GENERIC_WRITE;
    default: return GENERIC_READ;
  }
}

static DWORD disposition_of(int flags) {
  if (flags & O_CREAT) return flags & O_EXCL ? CREATE_NEW : flags & O_TRUNC ? CREATE_ALWAYS : OPEN_ALWAYS;
  return flags & O_TRUNC ? TRUNCATE_EXISTING : OPEN_EXISTING;
}

/* 0, or the errno of what was found not to be as FLAGS want it. */
static int check_kind(HANDLE handle, int flags) {
  BY_HANDLE_FILE_INFORMATION info;
  if (GetFileType(handle) != FILE_TYPE_DISK) return flags & O_DIRECTORY ? ENOTDIR : 0;
  if (!GetFileInformationByHandle(handle, &info)) return dc_posix_errno(GetLastError());
  bool folder = info.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY;
  if (flags & O_NOFOLLOW && info.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) return ELOOP;
  if (flags & O_DIRECTORY && !folder) return ENOTDIR;
  return folder && (flags & O_ACCMODE) != O_RDONLY ? EISDIR : 0;
}

int dc_posix_open(const char *path, int flags, ...) {
  enum { SHARED = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE };
  SECURITY_ATTRIBUTES *attributes = NULL;
  if (flags & O_CREAT) {
    va_list args;
    va_start(args, flags);
    int mode = va_arg(args, int);
    va_end(args);
    if (!attributes_for((mode_t)mode, false, &attributes)) return -1;
  }
  wchar_t *wide = dc_posix_wide(path);
  if (!wide) return -1;
  DWORD more = FILE_FLAG_BACKUP_SEMANTICS | (flags & O_NOFOLLOW ? FILE_FLAG_OPEN_REPARSE_POINT : 0);
  HANDLE handle = CreateFileW(wide, access_of(flags), SHARED, attributes, disposition_of(flags), more, NULL);
  free(wide);
  if (handle == INVALID_HANDLE_VALUE) return fail();
  int why = check_kind(handle, flags), fd = -1;
  if (!why) {
    fd = _open_osfhandle((intptr_t)handle, (flags & (O_APPEND | O_ACCMODE)) | O_BINARY | O_NOINHERIT);
    why = fd < 0 ? errno : 0;
  }
  if (!why) return fd;
  CloseHandle(handle);
  errno = why;
  return -1;
}

int dc_posix_pipe(int fds[2]) { return _pipe(fds, 65536, O_BINARY | O_NOINHERIT); }

int dc_posix_fsync(int fd) {
  struct dc_posix_stat status;
  if (dc_posix_fstat(fd, &status)) return -1;
  /* NTFS notes the changes of folders in one journal, in their order: a file that is flushed, and a rename that is
   * written through, take with them what was before */
  if (!S_ISREG(status.st_mode)) return 0;
  return FlushFileBuffers((HANDLE)_get_osfhandle(fd)) ? 0 : fail();
}

/* --- folders --------------------------------------------------------------------------------------------------------- */

struct dc_posix_dir {
  HANDLE search;
  bool first;
  int fd; /* -1: none */
  WIN32_FIND_DATAW found;
  struct dc_posix_dirent entry;
};

static dc_posix_dir *open_dir(const wchar_t *path, int fd) {
  size_t n = wcslen(path);
  dc_posix_dir *dir = calloc(1, sizeof *dir);
  wchar_t *pattern = malloc((n + 3) * sizeof *pattern);
  if (dir && pattern) {
    memcpy(pattern, path, n * sizeof *pattern);
    memcpy(pattern + n, L"\\*", sizeof L"\\*");
    dir->fd = fd;
    dir->first = true;
    dir->search = FindFirstFileW(pattern, &dir->found);
  }
  bool good = dir && pattern && dir->search != INVALID_HANDLE_VALUE;
  if (!good) fail();
  free(pattern);
  if (good) return dir;
  free(dir);
  return NULL;
}

dc_posix_dir *dc_posix_opendir(const char *path) {
  wchar_t *wide = dc_posix_wide(path);
  dc_posix_dir *dir = wide ? open_dir(wide, -1) : NULL;
  free(wide);
  return dir;
}

dc_posix_dir *dc_posix_fdopendir(int fd) {
  wchar_t *name = final_name((HANDLE)_get_osfhandle(fd));
  dc_posix_dir *dir = name ? open_dir(name, fd) : NULL;
  free(name);
  return dir;
}

struct dc_posix_dirent *dc_posix_readdir(dc_posix_dir *dir) {
  if (!dir->first && !FindNextFileW(dir->search, &dir->found)) {
    if (GetLastError() != ERROR_NO_MORE_FILES) fail();
    return NULL;
  }
  dir->first = false;
  if (WideCharToMultiByte(CP_UTF8, 0, dir->found.cFileName, -1, dir->entry.d_name, sizeof dir->entry.d_name, NULL, NULL))
    return &dir->entry;
  fail();
  return NULL;
}

int dc_posix_closedir(dc_posix_dir *dir) {
  FindClose(dir->search);
  if (dir->fd >= 0) _close(dir->fd);
  free(dir);
  return 0;
}

int dc_posix_dirfd(dc_posix_dir *dir) { return dir->fd; }

/* --- changing -------------------------------------------------------------------------------------------------------- */

/* Who reads a file without letting others rename or remove it, as most programs do, is done in a moment. */
static bool again(int *tries) {
  DWORD why = GetLastError();
  if (why != ERROR_SHARING_VIOLATION && why != ERROR_ACCESS_DENIED && why != ERROR_LOCK_VIOLATION) return false;
  if (++*tries > RETRIES) return false;
  Sleep(RETRY_MS);
  SetLastError(why);
  return true;
}

int dc_posix_unlink(const char *path) {
  wchar_t *wide = dc_posix_wide(path);
  int tries = 0;
  if (!wide) return -1;
  DWORD attributes = GetFileAttributesW(wide);
  bool link = attributes != INVALID_FILE_ATTRIBUTES && attributes & FILE_ATTRIBUTE_REPARSE_POINT;
  bool folder = attributes != INVALID_FILE_ATTRIBUTES && attributes & FILE_ATTRIBUTE_DIRECTORY;
  bool done = false;
  if (folder && !link) SetLastError(ERROR_DIRECTORY);
  else
    do done = folder ? RemoveDirectoryW(wide) : DeleteFileW(wide);
    while (!done && again(&tries));
  int rc = done ? 0 : fail();
  if (folder && !link) errno = EISDIR;
  free(wide);
  return rc;
}

/* What was removed while somebody reads it has its name until that ends. */
static bool is_in_use(const wchar_t *folder, const wchar_t *name) {
  size_t n = wcslen(folder), k = wcslen(name);
  wchar_t *path = malloc((n + k + 2) * sizeof *path);
  if (!path) return false;
  memcpy(path, folder, n * sizeof *path);
  path[n] = L'\\';
  memcpy(path + n + 1, name, (k + 1) * sizeof *path);
  HANDLE handle = CreateFileW(path, GENERIC_READ, 0, NULL, OPEN_EXISTING,
                              FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT, NULL);
  DWORD why = GetLastError();
  if (handle != INVALID_HANDLE_VALUE) CloseHandle(handle);
  free(path);
  return handle == INVALID_HANDLE_VALUE && (why == ERROR_ACCESS_DENIED || why == ERROR_SHARING_VIOLATION || why == ERROR_FILE_NOT_FOUND);
}

static bool holds_used_alone(const wchar_t *folder) {
  bool alone = true;
  dc_posix_dir *dir = open_dir(folder, -1);
  if (!dir) return false;
  for (bool more = true; alone && more; more = FindNextFileW(dir->search, &dir->found)) {
    const wchar_t *name = dir->found.cFileName;
    if (wcscmp(name, L".") != 0 && wcscmp(name, L"..") != 0) alone = is_in_use(folder, name);
  }
  dc_posix_closedir(dir);
  return alone;
}

int dc_posix_rmdir(const char *path) {
  enum { LOOKS = 5, LOOK_MS = 2 }; /* who looks at what was removed, as stat does, cannot be told from nobody in wine */
  wchar_t *wide = dc_posix_wide(path);
  int tries = 0, looks = 0;
  if (!wide) return -1;
  bool done;
  do {
    done = RemoveDirectoryW(wide);
    if (done || GetLastError() != ERROR_DIR_NOT_EMPTY) continue;
    bool used = holds_used_alone(wide);
    if (!used && ++looks <= LOOKS) Sleep(LOOK_MS);
    SetLastError(used || looks <= LOOKS ? ERROR_SHARING_VIOLATION : ERROR_DIR_NOT_EMPTY);
  } while (!done && again(&tries));
  int rc = done ? 0 : fail();
  free(wide);
  return rc;
}

/* As on Unix: also over a file that is open, if only by those who share it. Not every file system and not every Windows
 * has this: false, with its GetLastError. */
static bool rename_posix(const wchar_t *from, const wchar_t *to) {
  enum { REPLACE = 1, POSIX_SEMANTICS = 2, FILE_RENAME_INFO_EX = 22, SHARED = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE };
  wchar_t full[32768];
  DWORD n = GetFullPathNameW(to, sizeof full / sizeof *full, full, NULL);
  if (!n || n >= sizeof full / sizeof *full) return false;
  size_t size = sizeof(FILE_RENAME_INFO) + (n + 1) * sizeof *full;
  FILE_RENAME_INFO *info = calloc(1, size);
  HANDLE handle = CreateFileW(from, DELETE | SYNCHRONIZE, SHARED, NULL, OPEN_EXISTING,
                              FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT | FILE_FLAG_WRITE_THROUGH, NULL);
  bool done = false;
  if (info && handle != INVALID_HANDLE_VALUE) {
    memcpy(info, &(DWORD){REPLACE | POSIX_SEMANTICS}, sizeof(DWORD)); /* its first member: Flags, or ReplaceIfExists */
    info->FileNameLength = n * (DWORD)sizeof *full;
    memcpy(info->FileName, full, n * sizeof *full);
    done = SetFileInformationByHandle(handle, (FILE_INFO_BY_HANDLE_CLASS)FILE_RENAME_INFO_EX, info, (DWORD)size);
  }
  DWORD why = GetLastError();
  if (handle != INVALID_HANDLE_VALUE) CloseHandle(handle);
  free(info);
  SetLastError(why);
  return done;
}

int dc_posix_rename(const char *from, const char *to) {
  wchar_t *wide_from = dc_posix_wide(from), *wide_to = wide_from ? dc_posix_wide(to) : NULL;
  int rc = -1, tries = 0;
  if (wide_to) {
    DWORD attributes = GetFileAttributesW(wide_to);
    bool folder = attributes != INVALID_FILE_ATTRIBUTES && attributes & FILE_ATTRIBUTE_DIRECTORY, done = false;
    if (!folder)
      do done = rename_posix(wide_from, wide_to) || MoveFileExW(wide_from, wide_to, MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH);
      while (!done && again(&tries));
    rc = done ? 0 : folder ? -1 : fail();
    if (folder) errno = EISDIR;
  }
  free(wide_from);
  free(wide_to);
  return rc;
}

int dc_posix_link(const char *from, const char *to) {
  wchar_t *wide_from = dc_posix_wide(from), *wide_to = wide_from ? dc_posix_wide(to) : NULL;
  int rc = !wide_to ? -1 : CreateHardLinkW(wide_to, wide_from, NULL) ? 0 : fail();
  free(wide_from);
  free(wide_to);
  return rc;
}

int dc_posix_symlink(const char *target, const char *path) {
  wchar_t *wide_target = dc_posix_wide(target), *wide = wide_target ? dc_posix_wide(path) : NULL;
  int rc = !wide ? -1 : CreateSymbolicLinkW(wide, wide_target, SYMBOLIC_LINK_FLAG_ALLOW_UNPRIVILEGED_CREATE) ? 0 : fail();
  free(wide_target);
  free(wide);
  return rc;
}

int dc_posix_mkdir(const char *path, mode_t mode) {
  SECURITY_ATTRIBUTES *attributes;
  if (!attributes_for(mode, true, &attributes)) return -1;
  wchar_t *wide = dc_posix_wide(path);
  if (!wide) return -1;
  int rc = CreateDirectoryW(wide, attributes) ? 0 : fail();
  free(wide);
  return rc;
}

/* --- in an open folder ------------------------------------------------------------------------------------------------ */

/* Heap; NULL: errno. */
static char *path_at(int fd, const char *name) {
  if (fd == AT_FDCWD) return strdup(name);
  wchar_t *folder = final_name((HANDLE)_get_osfhandle(fd));
  char *text = folder ? narrow_path(without_prefix(folder)) : NULL;
  size_t size = text ? strlen(text) + strlen(name) + 2 : 0;
  char *path = text ? malloc(size) : NULL;
  if (path) snprintf(path, size, "%s/%s", text, name);
  free(folder);
  free(text);
  return path;
}

int dc_posix_openat(int fd, const char *name, int flags, ...) {
  int mode = 0;
  if (flags & O_CREAT) {
    va_list args;
    va_start(args, flags);
    mode = va_arg(args, int);
    va_end(args);
  }
  char *path = path_at(fd, name);
  int opened = path ? dc_posix_open(path, flags, mode) : -1;
  free(path);
  return opened;
}

int dc_posix_fstatat(int fd, const char *name, struct dc_posix_stat *status, int flags) {
  char *path = path_at(fd, name);
  int rc = !path ? -1 : flags & AT_SYMLINK_NOFOLLOW ? dc_posix_lstat(path, status) : dc_posix_stat(path, status);
  free(path);
  return rc;
}

int dc_posix_fchmodat(int fd, const char *name, mode_t mode, int flags) {
  (void)flags; /* nobody works in another one's folder here, as root does elsewhere */
  char *path = path_at(fd, name);
  int rc = path ? dc_posix_chmod(path, mode) : -1;
  free(path);
  return rc;
}

int dc_posix_mkdirat(int fd, const char *name, mode_t mode) {
  char *path = path_at(fd, name);
  int rc = path ? dc_posix_mkdir(path, mode) : -1;
  free(path);
  return rc;
}

int dc_posix_renameat(int from_fd, const char *from, int to_fd, const char *to) {
  char *from_path = path_at(from_fd, from), *to_path = from_path ? path_at(to_fd, to) : NULL;
  int rc = to_path ? dc_posix_rename(from_path, to_path) : -1;
  free(from_path);
  free(to_path);
  return rc;
}

int dc_posix_unlinkat(int fd, const char *name, int flags) {
  char *path = path_at(fd, name);
  int rc = !path ? -1 : flags & AT_REMOVEDIR ? dc_posix_rmdir(path) : dc_posix_unlink(path);
  free(path);
  return rc;
}

/* The last six letters of NAME anew, until MAKE makes it, which decides. */
static int make_temporary(char *name, int (*make)(const char *name)) {
  static LONG counter;
  char *end = strchr(name, '\0') - 6;
  for (int tries = 0; tries < RETRIES; tries++) {
    LONG number = InterlockedIncrement(&counter) * 40503 + (LONG)GetCurrentProcessId() * 7919 + (LONG)GetTickCount();
    snprintf(end, 7, "%06lx", (unsigned long)number & 0xffffff);
    int made = make(name);
    if (made >= 0 || errno != EEXIST) return made;
  }
  return -1;
}

static int make_folder(const char *name) { return dc_posix_mkdir(name, 0700); }
static int make_file(const char *name) { return dc_posix_open(name, O_RDWR | O_CREAT | O_EXCL, 0600); }

char *dc_posix_mkdtemp(char *name) { return make_temporary(name, make_folder) < 0 ? NULL : name; }
int dc_posix_mkstemp(char *name) { return make_temporary(name, make_file); }

/* --- the environment ------------------------------------------------------------------------------------------------- */

/* Values that were handed out; a few for a program's whole life. */
struct value {
  struct value *next;
  char text[];
};

static char *keep(const char *text) {
  static SRWLOCK lock = SRWLOCK_INIT;
  static struct value *kept;
  AcquireSRWLockExclusive(&lock);
  struct value *value = kept;
  while (value && strcmp(value->text, text) != 0) value = value->next;
  if (!value && (value = malloc(sizeof *value + strlen(text) + 1))) {
    strcpy(value->text, text);
    value->next = kept;
    kept = value;
  }
  ReleaseSRWLockExclusive(&lock);
  return value ? value->text : NULL;
}

char *dc_posix_getenv(const char *name) {
  wchar_t *wide = dc_posix_wide_text(name), *value = NULL;
  char *kept = NULL;
  if (!wide) return NULL;
  SetLastError(ERROR_SUCCESS);
  DWORD n = GetEnvironmentVariableW(wide, NULL, 0);
  if (n && (value = malloc(n * sizeof *value)) && GetEnvironmentVariableW(wide, value, n) < n) {
    char *text = dc_posix_narrow(value);
    kept = text ? keep(text) : NULL;
    free(text);
  } else if (!n && GetLastError() == ERROR_SUCCESS) {
    kept = keep("");
  }
  free(value);
  free(wide);
  return kept;
}

int dc_posix_setenv(const char *name, const char *value, int replace) {
  if (!replace && dc_posix_getenv(name)) return 0;
  wchar_t *wide = dc_posix_wide_text(name), *wide_value = wide && value ? dc_posix_wide_text(value) : NULL;
  int rc = wide && (wide_value || !value) && SetEnvironmentVariableW(wide, wide_value) ? 0 : fail();
  free(wide);
  free(wide_value);
  return rc;
}

int dc_posix_unsetenv(const char *name) {
  (void)dc_posix_setenv(name, NULL, 1);
  return 0;
}

/* --- Ctrl-C ---------------------------------------------------------------------------------------------------------- */

static SRWLOCK held_back = SRWLOCK_INIT;

/* On a thread of its own; after it the process ends. */
static BOOL WINAPI wait_for_release(DWORD event) {
  (void)event;
  AcquireSRWLockExclusive(&held_back);
  ReleaseSRWLockExclusive(&held_back);
  return FALSE;
}

int dc_posix_sigprocmask(int how, const dc_posix_sigset *set, dc_posix_sigset *before) {
  static bool ready, blocked;
  (void)set;
  if (before) *before = blocked;
  if (how == SIG_BLOCK && !blocked) {
    if (!ready) ready = SetConsoleCtrlHandler(wait_for_release, TRUE);
    AcquireSRWLockExclusive(&held_back);
    blocked = true;
  } else if (how == SIG_SETMASK && blocked) {
    blocked = false;
    ReleaseSRWLockExclusive(&held_back);
  }
  return 0;
}
