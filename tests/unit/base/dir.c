/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include "base/dir.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os.h"
#include "base/path.h"
#include "tap.h"

static char path[] = "/tmp/daprcerts-dir.XXXXXX";
static struct dc_dir top = DC_DIR_INIT;

static int put(const struct dc_dir *dir, const char *name, const char *text) {
  struct dc_err err = DC_ERR_INIT;
  int rc = dc_os_write_new_in(dir, name, 0600, dir, text, strlen(text), &err);
  if (rc) printf("# %s\n", err.text);
  return rc;
}

static const char *get(const struct dc_dir *dir, const char *name) {
  static char text[32];
  struct dc_buf bytes DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  int rc = dc_os_read_in(dir, name, 16, &bytes, NULL);
  snprintf(text, sizeof text, "%s", rc ? "?" : dc_buf_text(&bytes));
  return text;
}

static void test_files(void) {
  struct dc_err err = DC_ERR_INIT;
  is_num(dc_dir_holds(&top, "one", &err), 0, "nothing is there");
  is_num(put(&top, "one", "1"), 0, "a file");
  is_num(put(&top, "one", "2"), DC_EEXIST, "not twice");
  is_text(get(&top, "one"), "1", "is read");
  is_num(dc_dir_holds(&top, "one", &err), 1, "and held");
  is_num(put(&top, "two", "2"), 0, "another");
  is_num(dc_dir_rename(&top, "two", &top, "one", &err), 0, "takes its name");
  is_text(get(&top, "one"), "2", "and place");
  is_num(dc_dir_rename(&top, "two", &top, "one", &err), DC_ENOENT, "not twice");
  char want[128];
  snprintf(want, sizeof want, "cannot rename '%s/two' to '%s/one': ", path, path);
  ok(strncmp(err.text, want, strlen(want)) == 0, "told by their paths: %s", err.text);
  is_num(dc_dir_unlink(&top, "one", &err), 0, "removed");
  is_num(dc_dir_holds(&top, "one", &err), 0, "it is gone");
  is_num(dc_dir_unlink(&top, "one", &err), 0, "which is fine");
}

static void test_directories(void) {
  struct dc_dir part = DC_DIR_INIT, again = DC_DIR_INIT;
  struct dc_err err = DC_ERR_INIT;
  DIR *entries = NULL;
  const char *name = NULL;
  is_num(dc_dir_open_in(&top, "part", &part, &err), DC_ENOENT, "no directory");
  ok(strstr(err.text, "cannot open directory '") && strstr(err.text, "/part'") && part.fd == -1, "is told: %s", err.text);
  is_num(dc_dir_remove(&top, "part", &err), 0, "it need not be removed");
  is_num(dc_dir_remove_empty(&top, "part", &err), DC_ENOENT, "nor can be");
  is_num(dc_dir_make_in(&top, "part", 0755, &top, &part, &err), 0, "made");
  is_num(dc_dir_make_in(&top, "part", 0755, &top, &again, &err), 0, "or opened where it is there");
  dc_dir_close(&again);
  is_num(put(&part, "file", "1"), 0, "a file in it");
  is_num(dc_dir_list(&part, &entries, &err), 0, "listed");
  ok(dc_dir_next(&part, entries, &name, &err) == 0 && name && strcmp(name, "file") == 0, "is all");
  ok(dc_dir_next(&part, entries, &name, &err) == 0 && !name, "that there is");
  closedir(entries);
  dc_dir_close(&part);
  is_num(dc_dir_remove_empty(&top, "part", &err), 0, "it is not empty");
  is_num(dc_dir_remove(&top, "part", &err), 0, "it is removed");
  is_num(dc_dir_holds(&top, "part", &err), 0, "all of it");
  ok(dc_dir_make_in(&top, "part", 0755, &top, &part, &err) == 0, "an empty one");
  dc_dir_close(&part);
  is_num(dc_dir_remove_empty(&top, "part", &err), 1, "is removed as one");
  is_num(put(&top, "part", "1"), 0, "a file in its place");
  ok(dc_dir_make_in(&top, "part", 0755, &top, &part, &err) < 0 && part.fd == -1, "is no directory");
  ok(dc_dir_remove(&top, "part", &err) < 0, "nor removed as one");
  is_text(get(&top, "part"), "1", "and stays");
  is_num(dc_dir_unlink(&top, "part", &err), 0, "as long as that");
}

#ifndef _WIN32 /* where not everybody may make a link, modes are lists, and an open folder keeps its name */
static mode_t mode_in(const struct dc_dir *dir, const char *name) {
  struct stat status;
  return fstatat(dir->fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0 ? status.st_mode & 07777 : 0;
}

static void test_modes(void) {
  static const mode_t masks[] = {0, 077, 0777};
  struct dc_err err = DC_ERR_INIT;
  for (size_t i = 0; i < DC_COUNT(masks); i++) {
    struct dc_dir part DC_CLEANUP(dc_dir_close) = DC_DIR_INIT;
    mode_t old = umask(masks[i]);
    is_num(dc_dir_make_in(&top, "part", 0755, &top, &part, &err), 0, "a directory");
    is_num(dc_os_write_new_in(&part, "file", 0644, &top, "1", 1, &err), 0, "and a file");
    umask(old);
    is_num(mode_in(&top, "part"), 0755, "have their modes");
    is_num(mode_in(&part, "file"), 0644, "whatever the umask");
    is_num(dc_dir_remove(&top, "part", &err), 0, "removed");
  }
  struct dc_dir part DC_CLEANUP(dc_dir_close) = DC_DIR_INIT;
  ok(mkdirat(top.fd, "part", 0) == 0 && fchmodat(top.fd, "part", 0, 0) == 0, "one that is closed to its owner");
  is_num(dc_dir_make_in(&top, "part", 0755, &top, &part, &err), 0, "is opened");
  is_num(mode_in(&top, "part"), 0755, "to all");
  is_num(dc_dir_remove(&top, "part", &err), 0, "removed");
}

/* What a link leads to is neither read nor changed, whatever the call. */
static void test_links(void) {
  struct dc_dir aim DC_CLEANUP(dc_dir_close) = DC_DIR_INIT, got = DC_DIR_INIT;
  struct dc_err err = DC_ERR_INIT;
  is_num(dc_dir_make_in(&top, "aim", 0700, &top, &aim, &err), 0, "a directory");
  is_num(put(&aim, "file", "1"), 0, "with a file");
  ok(symlinkat("aim", top.fd, "link") == 0 && symlinkat("aim/file", top.fd, "to-file") == 0 &&
         symlinkat("aim/new", top.fd, "to-new") == 0,
     "links to it, to the file, and to what is not there");
  ok(dc_dir_open_in(&top, "link", &got, &err) < 0 && got.fd == -1, "the first is not opened");
  ok(dc_dir_make_in(&top, "link", 0777, &top, &got, &err) < 0 && got.fd == -1, "nor taken for one that was made");
  ok(dc_dir_remove(&top, "link", &err) < 0, "nor is what is in it removed");
  ok(dc_dir_remove_empty(&top, "link", &err) < 0, "nor itself as a directory");
  is_text(get(&top, "to-file"), "?", "a file is not read by one");
  is_num(put(&top, "to-file", "2"), DC_EEXIST, "nor written");
  is_num(put(&top, "to-new", "2"), DC_EEXIST, "nor made");
  is_num(dc_dir_holds(&top, "to-new", &err), 1, "it is there all the same");
  is_num(put(&top, "other", "3"), 0, "another file");
  is_num(dc_dir_rename(&top, "other", &top, "to-file", &err), 0, "takes the place of a link");
  is_text(get(&top, "to-file"), "3", "itself");
  ok(dc_dir_unlink(&top, "link", &err) == 0 && dc_dir_unlink(&top, "to-new", &err) == 0 &&
         dc_dir_unlink(&top, "to-file", &err) == 0,
     "links are removed");
  is_text(get(&aim, "file"), "1", "and nothing that they led to");
  is_num(mode_in(&top, "aim"), 0700, "was changed");
  is_num(dc_dir_holds(&aim, "new", &err), 0, "or made");
  is_num(dc_dir_remove(&top, "aim", &err), 0, "removed");
}

/* Of one that was opened, no link in its place is met. */
static void test_moved(void) {
  struct dc_dir part DC_CLEANUP(dc_dir_close) = DC_DIR_INIT;
  struct dc_err err = DC_ERR_INIT;
  is_num(dc_dir_make_in(&top, "part", 0700, &top, &part, &err), 0, "a directory");
  ok(renameat(top.fd, "part", top.fd, "moved") == 0 && mkdirat(top.fd, "aim", 0700) == 0 &&
         symlinkat("aim", top.fd, "part") == 0,
     "moved, and a link in its place");
  is_num(put(&part, "file", "1"), 0, "what is written");
  ok(faccessat(top.fd, "moved/file", F_OK, 0) == 0, "goes with it");
  ok(unlinkat(top.fd, "aim", AT_REMOVEDIR) == 0, "and not where the link leads to");
  is_num(dc_dir_unlink(&top, "part", &err), 0, "removed");
  is_num(dc_dir_remove(&top, "moved", &err), 0, "both");
}

/* Neither waited for nor read. */
static void test_pipe(void) {
  struct dc_err err = DC_ERR_INIT;
  int fd = -1;
  ok(mkfifoat(top.fd, "pipe", 0600) == 0, "a pipe");
  is_num(dc_os_open_in(&top, "pipe", &fd, &err), DC_EINVAL, "is no file");
  is_num(dc_dir_unlink(&top, "pipe", &err), 0, "removed");
}

static void test_owner(void) {
  struct dc_dir part = DC_DIR_INIT;
  struct dc_err err = DC_ERR_INIT;
  struct stat status;
  if (geteuid() != 0) {
    skip("not root", "what root makes is given away");
    return;
  }
  ok(fchown(top.fd, 12345, 23456) == 0, "a directory of another user");
  is_num(dc_dir_make_in(&top, "part", 0700, &top, &part, &err), 0, "what root makes there");
  ok(fstat(part.fd, &status) == 0 && status.st_uid == 12345 && status.st_gid == 23456, "is that user's");
  is_num(dc_os_write_new_in(&part, "file", 0600, &top, "1", 1, &err), 0, "a file");
  ok(fstatat(part.fd, "file", &status, 0) == 0 && status.st_uid == 12345 && status.st_gid == 23456, "too");
  dc_dir_close(&part);
  is_num(dc_dir_remove(&top, "part", &err), 0, "removed");
}
#endif

int main(void) {
  if (!mkdtemp(path) || dc_dir_open(path, &top, NULL)) return 99;
  test_files();
  test_directories();
#ifndef _WIN32
  test_modes();
  test_links();
  test_moved();
  test_pipe();
  test_owner();
#endif
  dc_dir_close(&top);
  is_num(rmdir(path), 0, "nothing is left");
  return tap_done();
}
