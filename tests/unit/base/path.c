/* SPDX-License-Identifier: Apache-2.0 */
#include "base/path.h"

#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "tap.h"

static void test_join(void) {
  static const struct {
    const char *dir, *name, *joined;
  } rows[] = {
      {"a", "b", "a/b"},   {"a/", "b", "a/b"},   {"/", "b", "/b"},        {"", "b", "b"},    {"a", "/b", "/b"},
      {"", "/", "/"},      {"a/b", "c/d", "a/b/c/d"}, {".", "x", "./x"}, {"a", "", "a/"},  {"a//", "b", "a//b"},
  };
  for (size_t i = 0; i < DC_COUNT(rows); i++) {
    char *joined DC_CLEANUP(dc_mem_free) = dc_path_join(rows[i].dir, rows[i].name);
    is_text(joined, rows[i].joined, "joined");
  }
  ok(dc_path_is_absolute("/") && dc_path_is_absolute("/a") && !dc_path_is_absolute("a/") && !dc_path_is_absolute(""),
     "absolute is what begins with a slash");
}

/* dirname(3) is the judge. */
static void test_parent(void) {
  static const char *const paths[] = {"",   ".",    "..",  "a",     "a/",     "a/b",   "a/b/",     "a//b", "a//b//",
                                      "/a/b", "./a", "../a", "a/.", "a/..", "a b/c", "a/b/c///",
#ifndef _WIN32 /* whose judge thinks of a host, or answers "\\" */
                                      "/",  "//",   "///", "/a",    "/a/",    "//a",   "///a///b"
#endif
  };
  for (size_t i = 0; i < DC_COUNT(paths); i++) {
    char copy[64];
    strcpy(copy, paths[i]);
    char *parent DC_CLEANUP(dc_mem_free) = dc_path_parent(paths[i]);
    const char *want = dirname(copy);
    is_text(parent, strcmp(want, "//") == 0 ? "/" : want, paths[i]);
  }
}

#ifdef _WIN32
static void test_windows(void) {
  static const struct {
    const char *path, *parent;
  } rows[] = {{"C:\\a\\b", "C:\\a"}, {"C:\\a", "C:\\"}, {"C:/", "C:/"}, {"C:a", "C:"}, {"a\\b", "a"}, {"\\a", "\\"},
              {"/", "/"}, {"//", "/"}, {"///", "/"}, {"/a", "/"}, {"/a/", "/"}, {"//a", "/"}};
  for (size_t i = 0; i < DC_COUNT(rows); i++) {
    char *parent DC_CLEANUP(dc_mem_free) = dc_path_parent(rows[i].path);
    is_text(parent, rows[i].parent, rows[i].path);
  }
  char *joined DC_CLEANUP(dc_mem_free) = dc_path_join("C:\\a\\", "b"), *alone DC_CLEANUP(dc_mem_free) = dc_path_join("a", "C:b");
  is_text(joined, "C:\\a\\b", "joined");
  is_text(alone, "C:b", "a drive may not come second");
  ok(dc_path_is_absolute("C:/a") && dc_path_is_absolute("c:\\a") && dc_path_is_absolute("\\a") && !dc_path_is_absolute("a:b/c" + 1),
     "absolute is what begins with a drive too");
}
#endif

static void test_last(void) {
  is_text(dc_path_last(".daprcerts/next/complete"), "complete", "what is behind the last slash");
  is_text(dc_path_last("ca.crt"), "ca.crt", "all where there is none");
  is_text(dc_path_last("a/"), "", "nothing behind one at the end");
}

static void test_home(void) {
  const char *home = "untouched";
  struct dc_err err = DC_ERR_INIT;
  setenv("HOME", "/home/x", 1);
  ok(dc_path_home(&home, &err) == 0 && strcmp(home, "/home/x") == 0, "HOME");
  home = "untouched";
  setenv("HOME", "", 1);
#ifndef _WIN32
  is_num(dc_path_home(&home, &err), DC_ENOENT, "HOME empty");
  ok(strstr(err.text, "HOME is not set") && strstr(err.text, "DAPRCERTS_DIR"), "it is told, with the remedy");
#endif
#ifdef _WIN32
  setenv("USERPROFILE", "C:\\Users\\x", 1);
  ok(dc_path_home(&home, &err) == 0 && strcmp(home, "C:\\Users\\x") == 0, "USERPROFILE where HOME is empty");
  home = "untouched";
  unsetenv("USERPROFILE");
#endif
  unsetenv("HOME");
  is_num(dc_path_home(&home, NULL), DC_ENOENT, "HOME unset");
  is_text(home, "untouched", "nothing comes out");
}

#ifdef _WIN32
static void test_absolute(void) {
  static const struct {
    const char *path, *full;
  } rows[] = {
      {"a", "C:/windows/a"}, {".\\a\\b", "C:/windows/a/b"}, {"..\\a", "C:/a"}, {"C:a", "C:/windows/a"},
      {"\\ab", "C:/ab"}, {"/ab/c", "C:/ab/c"}, {"/d/a", "d:/a"}, {"D:\\a b\\c", "D:/a b/c"}, {"D:/a/c", "D:/a/c"},
      {"\\\\host\\share\\a", "//host/share/a"}, {"\\\\?\\D:\\a", "D:/a"}, {"M\xc3\xbcller", "C:/windows/M\xc3\xbcller"},
  };
  ok(chdir("C:\\windows") == 0, "a current folder");
  for (size_t i = 0; i < DC_COUNT(rows); i++) {
    char *got DC_CLEANUP(dc_mem_free) = NULL;
    struct dc_err err = DC_ERR_INIT;
    ok(dc_path_absolute(rows[i].path, &got, &err) == 0, "'%s' from the drive on, in slashes: %s", rows[i].path, err.text);
    is_text(got, rows[i].full, "is whole");
  }
}
#else
static void test_absolute(void) {
  static const struct {
    const char *path, *below; /* the current folder, but for what is absolute */
  } rows[] = {{"a", "/a"}, {"./a", "/a"}, {".//./a/./b", "/a/./b"}, {"../a", "/../a"}, {".a", "/.a"}};
  char folder[PATH_MAX];
  if (!ok(getcwd(folder, sizeof folder) != NULL, "a current folder")) return;
  for (size_t i = 0; i < DC_COUNT(rows); i++) {
    char want[PATH_MAX + 16], *got DC_CLEANUP(dc_mem_free) = NULL;
    snprintf(want, sizeof want, "%s%s", strcmp(folder, "/") == 0 ? "" : folder, rows[i].below);
    ok(dc_path_absolute(rows[i].path, &got, NULL) == 0, "'%s' from the root on", rows[i].path);
    is_text(got, want, "is below the current folder");
  }
  char *got DC_CLEANUP(dc_mem_free) = NULL;
  ok(dc_path_absolute("/a/./b", &got, NULL) == 0, "a path that is absolute");
  is_text(got, "/a/./b", "stays as it is");
}
#endif

int main(void) {
  test_join();
  test_absolute();
  test_parent();
#ifdef _WIN32
  test_windows();
#endif
  test_last();
  test_home();
  return tap_done();
}
