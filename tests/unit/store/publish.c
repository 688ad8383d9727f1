/* SPDX-License-Identifier: Apache-2.0 */
#include "store/publish.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#ifndef _WIN32
#include <sys/wait.h>
#endif
#include <unistd.h>

#include "base/os.h"
#include "base/path.h"
#include "store/layout.h"
#include "store/lock.h"
#include "folder.h"
#include "tap.h"

static char top[] = "/tmp/daprcerts-store.XXXXXX";
static const char *const names[] = {"ca.crt", "issuer.crt", "issuer.key"};

static void write_file(const char *dir, const char *name, const char *text) {
  char *path DC_CLEANUP(dc_mem_free) = dc_path_join(dir, name);
  struct dc_err err = DC_ERR_INIT;
  if (dc_os_write_atomic(path, 0600, text, strlen(text), true, &err)) printf("# %s\n", err.text);
}

static int publish_all(const char *dir, const char *text, enum dc_publish how, struct dc_err *err) {
  struct dc_set set DC_CLEANUP(dc_set_free) = DC_SET_INIT;
  for (size_t i = 0; i < DC_COUNT(names); i++)
    if (dc_set_add(&set, names[i], 0600, text, strlen(text), err)) return -99;
  return dc_publish(dir, &set, how, err);
}

/* "one one one" */
static const char *read_all(const char *dir) {
  static char text[256];
  struct dc_buf files[3] = {DC_BUF_INIT};
  struct dc_err err = DC_ERR_INIT;
  int rc = dc_publish_read(dir, names, 3, 100, files, &err);
  if (rc)
    snprintf(text, sizeof text, "error %d", rc);
  else
    snprintf(text, sizeof text, "%s %s %s", dc_buf_text(&files[0]), dc_buf_text(&files[1]), dc_buf_text(&files[2]));
  for (size_t i = 0; i < 3; i++) dc_buf_free(&files[i]);
  return text;
}

static int mode_of(const char *dir, const char *part) {
  char *path DC_CLEANUP(dc_mem_free) = dc_path_join(dir, part);
  struct stat status;
  return path && stat(path, &status) == 0 ? (int)(status.st_mode & 0777) : -1;
}

/* Other users read the set too, when the directory lets them. */
static void test_modes(void) {
  char *dir DC_CLEANUP(dc_mem_free) = dc_path_join(top, "shared");
  struct dc_err err = DC_ERR_INIT;
  mode_t before = umask(0077);
  is_num(publish_all(dir, "one", DC_PUBLISH_NEW, &err), 0, "a set under a umask that leaves others nothing");
  is_num(publish_all(dir, "two", DC_PUBLISH_REPLACE, &err), 0, "and another");
  umask(before);
  is_num(mode_of(dir, ""), 0700, "the directory is private");
  is_num(mode_of(dir, DC_LAYOUT_OWN), 0755, "our corner is as readable as its owner may make the directory");
  is_num(mode_of(dir, DC_LAYOUT_PREV), 0755, "and so the set before");
}

static void test_publication(void) {
  char *dir DC_CLEANUP(dc_mem_free) = dc_path_join(top, "a/b");
  struct dc_err err = DC_ERR_INIT;
  struct stat status;
  is_num(publish_all(dir, "one", DC_PUBLISH_NEW, &err), 0, "a first set");
  is_text(read_all(dir), "one one one", "is there");
  ok(stat(dir, &status) == 0 && (status.st_mode & 0777) == 0700, "in a directory of 0700");
  is_num(publish_all(dir, "two", DC_PUBLISH_NEW, &err), DC_EEXIST, "not twice");
  ok(strstr(err.text, "'ca.crt', 'issuer.crt', 'issuer.key'") != NULL, "what is there is named");
  is_text(read_all(dir), "one one one", "nothing was changed");
  is_num(publish_all(dir, "two", DC_PUBLISH_REPLACE, &err), 0, "a replacement");
  is_text(read_all(dir), "two two two", "is there");
  char *previous DC_CLEANUP(dc_mem_free) = dc_path_join(dir, DC_LAYOUT_PREV);
  is_text(read_all(previous), "one one one", "the set before is kept");
}

/* --- files that go, and files of our own --------------------------------------------------------------------------- */

static const char *const rotated[] = {"ca.crt", "ca.key", DC_LAYOUT_STATE};

/* "one - two": what readers see of the three; "-" where nothing is. */
static const char *seen(const char *dir) {
  static char text[256];
  bool present[3] = {false};
  *text = '\0';
  if (dc_publish_present(dir, rotated, 3, present, NULL)) return "error";
  for (size_t i = 0; i < 3; i++) {
    struct dc_buf file DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    int rc = present[i] ? dc_publish_read(dir, &rotated[i], 1, 100, &file, NULL) : 0;
    size_t used = strlen(text);
    snprintf(text + used, sizeof text - used, "%s%s", i ? " " : "", rc ? "error" : present[i] ? dc_buf_text(&file) : "-");
  }
  return text;
}

/* TEXTS as above; NULL: not of the set. */
static int publish_rotated(const char *dir, const char *const texts[3], enum dc_publish how) {
  struct dc_set set DC_CLEANUP(dc_set_free) = DC_SET_INIT;
  int rc = 0;
  for (size_t i = 0; !rc && i < 3; i++) {
    if (!texts[i]) continue;
    rc = strcmp(texts[i], "-") ? dc_set_add(&set, rotated[i], 0600, texts[i], strlen(texts[i]), NULL)
                               : dc_set_remove(&set, rotated[i], NULL);
  }
  return rc ? rc : dc_publish(dir, &set, how, NULL);
}

static int go_back(const char *dir) {
  struct dc_publication publication DC_CLEANUP(dc_publish_end) = DC_PUBLICATION_INIT;
  struct dc_set set DC_CLEANUP(dc_set_free) = DC_SET_INIT;
  int rc = dc_publish_begin(dir, &publication, NULL);
  if (!rc) rc = dc_publish_previous(dir, &set, NULL);
  return rc ? rc : dc_publish_commit(&publication, &set, DC_PUBLISH_FINAL, NULL);
}

static bool is_there(const char *dir, const char *part) {
  char *path DC_CLEANUP(dc_mem_free) = dc_path_join(dir, part);
  return dc_os_exists(path, NULL) == 1;
}

static void test_removal(void) {
  char *dir DC_CLEANUP(dc_mem_free) = dc_path_join(top, "removal");
  is_num(publish_rotated(dir, (const char *const[]){"one", "key", NULL}, DC_PUBLISH_NEW), 0, "a set");
  is_text(seen(dir), "one key -", "is there");
  is_num(publish_rotated(dir, (const char *const[]){"two", "-", "state"}, DC_PUBLISH_REPLACE), 0, "one without a key");
  is_text(seen(dir), "two - state", "takes it away, and brings a file of our own");
  ok(!is_there(dir, "ca.key") && is_there(dir, DC_LAYOUT_STATE), "in the directory itself");
  ok(is_there(dir, DC_LAYOUT_PREV "/ca.key") && is_there(dir, DC_LAYOUT_PREV "/-.state"), "what was is kept, or noted");
  is_num(mode_of(dir, DC_LAYOUT_PREV "/ca.key"), 0600, "a key for its owner alone");
  ok(!is_there(dir, DC_LAYOUT_NEXT) && !is_there(dir, DC_LAYOUT_BEFORE), "nothing is left over");
  is_num(publish_rotated(dir, (const char *const[]){NULL, "-", NULL}, DC_PUBLISH_REPLACE), 0, "what is not there goes");
  is_text(seen(dir), "two - state", "which changes nothing");
}

static void test_previous(void) {
  char *dir DC_CLEANUP(dc_mem_free) = dc_path_join(top, "previous");
  is_num(publish_rotated(dir, (const char *const[]){"one", "key", NULL}, DC_PUBLISH_NEW), 0, "a set");
  is_num(go_back(dir), DC_ENOENT, "has none before it");
  is_num(publish_rotated(dir, (const char *const[]){"two", "-", "state"}, DC_PUBLISH_REPLACE), 0, "another");
  is_num(go_back(dir), 0, "has");
  is_text(seen(dir), "one key -", "which comes back, and takes away what was not there");
  ok(!is_there(dir, DC_LAYOUT_PREV), "there is no way back from it");
  is_num(go_back(dir), DC_ENOENT, "not twice");
  is_num(publish_rotated(dir, (const char *const[]){"two", NULL, NULL}, DC_PUBLISH_REPLACE), 0, "another");
  is_num(publish_rotated(dir, (const char *const[]){"three", NULL, NULL}, DC_PUBLISH_FINAL), 0, "and one that is final");
  is_num(go_back(dir), DC_ENOENT, "no way back");
  is_text(seen(dir), "three key -", "all is as it was published");
}

static void make_part_of(const char *dir, const char *part) {
  char *path DC_CLEANUP(dc_mem_free) = dc_path_join(dir, part);
  if (mkdir(path, 0755)) printf("# cannot make %s\n", path);
}

/* The stages of a publication at which its process may have died, as it leaves them: before the mark, after it, with
 * each of its changes done, with before/ turned already. */
static void leave(const char *dir, int stage) {
  make_part_of(dir, DC_LAYOUT_NEXT);
  write_file(dir, DC_LAYOUT_NEXT "/ca.crt", "two");
  write_file(dir, DC_LAYOUT_NEXT "/-ca.key", "");
  write_file(dir, DC_LAYOUT_NEXT "/.state", "state");
  make_part_of(dir, DC_LAYOUT_BEFORE);
  write_file(dir, DC_LAYOUT_BEFORE "/ca.crt", "one");
  if (stage == 0) return;
  write_file(dir, DC_LAYOUT_BEFORE "/ca.key", "key");
  write_file(dir, DC_LAYOUT_BEFORE "/-.state", "");
  write_file(dir, DC_LAYOUT_MARK, "");
  char *state DC_CLEANUP(dc_mem_free) = dc_path_join(dir, DC_LAYOUT_NEXT "/.state");
  char *to DC_CLEANUP(dc_mem_free) = dc_path_join(dir, DC_LAYOUT_STATE);
  char *key DC_CLEANUP(dc_mem_free) = dc_path_join(dir, "ca.key");
  char *crt DC_CLEANUP(dc_mem_free) = dc_path_join(dir, DC_LAYOUT_NEXT "/ca.crt");
  char *root DC_CLEANUP(dc_mem_free) = dc_path_join(dir, "ca.crt");
  char *before DC_CLEANUP(dc_mem_free) = dc_path_join(dir, DC_LAYOUT_BEFORE);
  char *prev DC_CLEANUP(dc_mem_free) = dc_path_join(dir, DC_LAYOUT_PREV);
  char *note DC_CLEANUP(dc_mem_free) = dc_path_join(dir, DC_LAYOUT_NEXT "/-ca.key");
  int bad = 0;
  if (stage > 1) bad |= unlink(key);
  if (stage > 2) bad |= rename(state, to);
  if (stage > 3) bad |= rename(crt, root);
  if (stage > 4) bad |= rename(before, prev);
  if (stage > 5) bad |= unlink(note);
  ok(!bad, "stage %d", stage);
}

static void test_stages(void) {
  for (int stage = 0; stage <= 6; stage++) {
    char name[32];
    snprintf(name, sizeof name, "stage%d", stage);
    char *dir DC_CLEANUP(dc_mem_free) = dc_path_join(top, name);
    is_num(publish_rotated(dir, (const char *const[]){"one", "key", NULL}, DC_PUBLISH_NEW), 0, "a set");
    leave(dir, stage);
    const char *want = stage ? "two - state" : "one key -";
    ok(strcmp(seen(dir), want) == 0, "stage %d: readers see %s", stage, want);
    struct dc_publication publication DC_CLEANUP(dc_publish_end) = DC_PUBLICATION_INIT;
    is_num(dc_publish_begin(dir, &publication, NULL), 0, "who comes next");
    dc_publish_end(&publication);
    ok(strcmp(seen(dir), want) == 0, "stage %d: finishes or discards it", stage);
    ok(is_there(dir, "ca.key") == !stage && is_there(dir, DC_LAYOUT_STATE) == (stage > 0), "in the directory itself");
    ok(!is_there(dir, DC_LAYOUT_NEXT) && !is_there(dir, DC_LAYOUT_BEFORE), "and leaves nothing over");
    is_num(go_back(dir), stage ? 0 : DC_ENOENT, "the way back");
    is_text(seen(dir), "one key -", "leads to the set before");
  }
}

/* A publication that is thrown away does not cost the set before the last one. */
static void test_kept(void) {
  char *dir DC_CLEANUP(dc_mem_free) = dc_path_join(top, "kept");
  is_num(publish_rotated(dir, (const char *const[]){"zero", "key", NULL}, DC_PUBLISH_NEW), 0, "a set");
  is_num(publish_rotated(dir, (const char *const[]){"one", NULL, NULL}, DC_PUBLISH_REPLACE), 0, "another");
  leave(dir, 0);
  is_num(go_back(dir), 0, "after a third that was not complete");
  is_text(seen(dir), "zero key -", "the way back leads to the first");
}

/* --- interruptions ------------------------------------------------------------------------------------------------- */

/* A publisher that died after the mark, having renamed the first file: readers see the new set, the next finishes. */
static void test_interrupted(void) {
  char *dir DC_CLEANUP(dc_mem_free) = dc_path_join(top, "interrupted");
  char *next DC_CLEANUP(dc_mem_free) = dc_path_join(dir, DC_LAYOUT_NEXT);
  struct dc_err err = DC_ERR_INIT;
  is_num(publish_all(dir, "one", DC_PUBLISH_NEW, &err), 0, "a set");
  mkdir(next, 0700);
  write_file(next, "issuer.crt", "two");
  write_file(next, "issuer.key", "two");
  is_text(read_all(dir), "one one one", "an incomplete next set is not seen");
  write_file(dir, "ca.crt", "two");
  write_file(dir, DC_LAYOUT_MARK, "");
  is_text(read_all(dir), "two two two", "a complete one is, though it is not all in place");
  is_num(publish_all(dir, "three", DC_PUBLISH_NEW, &err), DC_EEXIST, "whoever comes next");
  is_text(read_all(dir), "two two two", "sees it too");
  is_num(publish_all(dir, "three", DC_PUBLISH_REPLACE, &err), 0, "and a replacement");
  is_text(read_all(dir), "three three three", "comes after it");
  char *previous DC_CLEANUP(dc_mem_free) = dc_path_join(dir, DC_LAYOUT_PREV);
  is_text(read_all(previous), "two two two", "the finished set is the one before");
}

/* What fails behind the mark: the set is the directory's all the same, and who fails must not say otherwise. */
static void test_half_installed(void) {
  char *dir DC_CLEANUP(dc_mem_free) = dc_path_join(top, "half");
  char *place DC_CLEANUP(dc_mem_free) = dc_path_join(dir, "other");
  struct dc_set set DC_CLEANUP(dc_set_free) = DC_SET_INIT;
  struct dc_err err = DC_ERR_INIT;
  mkdir(dir, 0700);
  mkdir(place, 0700);
  for (size_t i = 0; i < DC_COUNT(names); i++)
    if (dc_set_add(&set, i == 1 ? "other" : names[i], 0600, "one", 3, &err)) return;
  ok(dc_publish(dir, &set, DC_PUBLISH_NEW, &err) < 0, "a directory in a file's place");
  ok(strstr(err.text, "the new set counts already") != NULL, "it is told that the set counts: %s", err.text);
  rmdir(place);
  is_num(publish_all(dir, "two", DC_PUBLISH_NEW, &err), DC_EEXIST, "and the next publication");
  struct dc_buf file DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  is_num(dc_os_read_file(place, 100, &file, &err), 0, "puts it in its place");
}

static void test_foreign(void) {
  char *dir DC_CLEANUP(dc_mem_free) = dc_path_join(top, "foreign");
  struct dc_err err = DC_ERR_INIT;
  bool present[3];
  mkdir(dir, 0755);
  for (size_t i = 0; i < 3; i++) write_file(dir, names[i], "step");
  is_text(read_all(dir), "step step step", "a directory of somebody else's is read");
  char *own DC_CLEANUP(dc_mem_free) = dc_path_join(dir, DC_LAYOUT_OWN);
  is_num(dc_os_exists(own, &err), 0, "and nothing is written to it");
  char *crt DC_CLEANUP(dc_mem_free) = dc_path_join(dir, "issuer.crt");
  unlink(crt);
  ok(dc_publish_present(dir, names, 3, present, &err) == 0 && present[0] && !present[1] && present[2], "what is there");
  is_text(read_all(dir), "error -3", "a missing file is DC_ENOENT");
  mkdir(own, 0755);
  write_file(dir, DC_LAYOUT_FORMAT, "99\n");
  is_num(publish_all(dir, "x", DC_PUBLISH_REPLACE, &err), DC_EUNSUPPORTED, "a newer format is left alone");
  write_file(dir, DC_LAYOUT_FORMAT, "");
  is_num(publish_all(dir, "x", DC_PUBLISH_REPLACE, &err), DC_EINVAL, "and so is one that is no number");
  ok(strstr(err.text, "format' should hold a number") != NULL, "which is not called newer");
}

#ifndef _WIN32 /* there processes are not forked: tests/unit/store/lock_windows.c */
static void test_lock(void) {
  char *dir DC_CLEANUP(dc_mem_free) = dc_path_join(top, "locked");
  struct dc_err err = DC_ERR_INIT;
  is_num(publish_all(dir, "one", DC_PUBLISH_NEW, &err), 0, "a set");
  int ready[2], go[2];
  char byte = 0;
  if (pipe(ready) || pipe(go)) return;
  pid_t child = fork();
  if (child == 0) {
    struct dc_publication publication = DC_PUBLICATION_INIT;
    _exit(dc_publish_begin(dir, &publication, NULL) || write(ready[1], "x", 1) != 1 || read(go[0], &byte, 1) != 1);
  }
  ok(read(ready[0], &byte, 1) == 1, "another process holds the lock");
  is_num(publish_all(dir, "two", DC_PUBLISH_REPLACE, &err), DC_EBUSY, "a publication is refused");
  char pid[32];
  snprintf(pid, sizeof pid, "process %ld", (long)child);
  ok(strstr(err.text, pid) != NULL, "the holder is named");
  is_text(read_all(dir), "one one one", "readers need no lock");
  ok(write(go[1], "x", 1) == 1, "the holder ends");
  waitpid(child, NULL, 0);
  is_num(publish_all(dir, "two", DC_PUBLISH_REPLACE, &err), 0, "its end is the lock's");
}

/* A reader beside a busy publisher, both until the other has done its part, never sees a mixture. */
static void test_readers(void) {
  char *dir DC_CLEANUP(dc_mem_free) = dc_path_join(top, "busy");
  struct dc_err err = DC_ERR_INIT;
  int published[2], enough[2]; /* a byte each time; closed in the end */
  is_num(publish_all(dir, "one", DC_PUBLISH_NEW, &err), 0, "a set");
  if (!ok(pipe(published) == 0 && pipe(enough) == 0 && fcntl(published[0], F_SETFL, O_NONBLOCK) == 0 &&
              fcntl(enough[0], F_SETFL, O_NONBLOCK) == 0, "pipes"))
    return;
  pid_t child = fork();
  if (child == 0) {
    char byte = 0;
    close(enough[1]);
    for (int i = 0; read(enough[0], &byte, 1) != 0; i++)
      if (publish_all(dir, i % 2 ? "one" : "two", DC_PUBLISH_REPLACE, &err) || write(published[1], "x", 1) != 1) _exit(1);
    _exit(0);
  }
  close(enough[0]);
  close(published[1]);
  int mixed = 0, status = 0;
  for (int reads = 0, sets = 0, n = 1; (reads < 200 || sets < 60) && n != 0; reads++) {
    char bytes[64];
    const char *seen = read_all(dir);
    mixed += strcmp(seen, "one one one") != 0 && strcmp(seen, "two two two") != 0;
    n = (int)read(published[0], bytes, sizeof bytes); /* 0: the publisher is gone */
    sets += n > 0 ? n : 0;
  }
  close(enough[1]);
  waitpid(child, &status, 0);
  close(published[0]);
  is_num(status, 0, "the publisher came through");
  is_num(mixed, 0, "none saw a mixture");
}

/* A first set is there or not, for whoever looks while it comes. */
static void test_first_set(void) {
  int partial = 0, whole = 0;
  for (int i = 0; i < 30; i++) {
    char name[32];
    snprintf(name, sizeof name, "first%d", i);
    char *dir DC_CLEANUP(dc_mem_free) = dc_path_join(top, name);
    struct dc_err err = DC_ERR_INIT;
    pid_t child = fork();
    if (child == 0) _exit(publish_all(dir, "one", DC_PUBLISH_NEW, &err) != 0);
    for (int status = 0, ended = 0; !ended;) {
      bool present[3] = {false};
      ended = waitpid(child, &status, WNOHANG) != 0;
      int count = dc_publish_present(dir, names, 3, present, &err) ? -1 : present[0] + present[1] + present[2];
      partial += count != 0 && count != 3;
      if (ended) whole += count == 3 && status == 0;
    }
  }
  is_num(partial, 0, "nobody saw a part of a first set");
  is_num(whole, 30, "everybody saw it when it was there");
}

#endif

/* A file that cannot be read is told as what it is. */
static void test_unreadable(void) {
  char *dir DC_CLEANUP(dc_mem_free) = dc_path_join(top, "unreadable");
  char *crt DC_CLEANUP(dc_mem_free) = dc_path_join(dir, "issuer.crt");
  char *key DC_CLEANUP(dc_mem_free) = dc_path_join(dir, "issuer.key");
  struct dc_buf files[3] = {DC_BUF_INIT};
  struct dc_err err = DC_ERR_INIT;
  mkdir(dir, 0700);
  write_file(dir, "ca.crt", "one");
  write_file(dir, "issuer.key", "one");
  mkdir(crt, 0700);
  is_num(dc_publish_read(dir, names, 3, 100, files, &err), DC_EINVAL, "a directory in a file's place");
  ok(strstr(err.text, "issuer.crt' is a directory") != NULL, "is called one");
  ok(rmdir(crt) == 0 && unlink(key) == 0, "away with it");
  write_file(dir, "issuer.crt", "one");
#ifndef _WIN32 /* where not everybody may make one */
  ok(symlink("issuer.key", key) == 0, "a link to itself");
  is_num(dc_publish_read(dir, names, 3, 100, files, &err), DC_EIO, "cannot be read either");
  ok(strstr(err.text, "cannot open") && strstr(err.text, "issuer.key'"), "and is named");
#endif
  for (size_t i = 0; i < DC_COUNT(files); i++) {
    is_num(files[i].len, 0, "nothing was read");
    dc_buf_free(&files[i]);
  }
}

#ifndef _WIN32 /* whose pipes are no files */
/* A pipe in a file's place is refused at once: its opening would wait for a writer. One that was named is read. */
static void test_pipes(void) {
  char *dir DC_CLEANUP(dc_mem_free) = dc_path_join(top, "pipes");
  char *crt DC_CLEANUP(dc_mem_free) = dc_path_join(dir, "issuer.crt");
  char named[32];
  const char *const mixed[] = {"ca.crt", named};
  struct dc_buf files[3] = {DC_BUF_INIT};
  struct dc_err err = DC_ERR_INIT;
  int ends[2];
  mkdir(dir, 0700);
  write_file(dir, "ca.crt", "one");
  write_file(dir, "issuer.key", "one");
  ok(mkfifo(crt, 0600) == 0, "a pipe");
  is_num(dc_publish_read(dir, names, 3, 100, files, &err), DC_EINVAL, "in a file's place is refused");
  ok(strstr(err.text, "issuer.crt' is not a regular file") != NULL, "by its name");
  is_num(publish_all(dir, "two", DC_PUBLISH_REPLACE, &err), DC_EINVAL, "by who would replace it too");
  ok(pipe(ends) == 0 && write(ends[1], "two", 3) == 3 && close(ends[1]) == 0, "a pipe like a shell's <(...)");
  snprintf(named, sizeof named, "/dev/fd/%d", ends[0]);
  is_num(dc_publish_read(dir, mixed, 2, 100, files, &err), 0, "that is named is read");
  is_text(dc_buf_text(&files[1]), "two", "as it is");
  for (size_t i = 0; i < DC_COUNT(files); i++) dc_buf_free(&files[i]);
  close(ends[0]);
}
#endif

int main(void) {
  if (!mkdtemp(top)) return 99;
  test_publication();
  test_modes();
  test_removal();
  test_previous();
  test_stages();
  test_kept();
  test_interrupted();
  test_half_installed();
  test_foreign();
  test_unreadable();
#ifndef _WIN32
  test_lock();
  test_readers();
  test_first_set();
  test_pipes();
#endif
  folder_remove(top);
  return tap_done();
}
