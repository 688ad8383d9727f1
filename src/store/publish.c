/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "store/publish.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/dir.h"
#include "base/os.h"
#include "base/path.h"
#include "store/layout.h"

enum { READ_TRIES = 200, READ_PAUSE_NS = 5000000, FORMAT_MAX = 64 };

/* --- our own corner of the directory ------------------------------------------------------------------------------ */

/* The writer has the directory and our own corner open, and names nothing but what lies in them: its owner, who may not be
 * root, as the writer may be, can put a link in the place of anything there at any moment. */

static bool is_own(const char *name) { return strncmp(name, DC_LAYOUT_OWN "/", sizeof DC_LAYOUT_OWN) == 0; }

/* Where a file of the set lies, by its last part. */
static const struct dc_dir *home_of(const struct dc_publication *publication, const char *name) {
  return is_own(name) ? &publication->own : &publication->top;
}

/* As open as the directory itself, and no umask bends it: whoever may read there must be able to see whether a set is
 * being published. For reading also where the directory is not, or not yet: its owner may open it any day. */
static int make_part(const struct dc_publication *publication, const struct dc_dir *above, const char *part,
                     struct dc_dir *dir, struct dc_err *err) {
  const struct dc_dir *top = &publication->top;
  struct stat status;
  if (fstat(top->fd, &status)) return dc_err_sys(err, errno, "cannot look at '%s'", top->path);
  return dc_dir_make_in(above, dc_path_last(part), (status.st_mode & 0777) | 0755, top, dir, err);
}

/* By the path where TOP is NULL: who reads may not be let list our own corner. */
static int read_format(const char *path, const struct dc_dir *top, struct dc_buf *text, struct dc_err *err) {
  struct dc_dir own DC_CLEANUP(dc_dir_close) = DC_DIR_INIT;
  if (!top) return dc_os_read_regular(path, FORMAT_MAX, text, err);
  int rc = dc_dir_open_in(top, DC_LAYOUT_OWN, &own, err);
  return rc ? rc : dc_os_read_in(&own, dc_path_last(DC_LAYOUT_FORMAT), FORMAT_MAX, text, err);
}

static int check_format(const char *dir, const struct dc_dir *top, struct dc_err *err) {
  char *path DC_CLEANUP(dc_mem_free) = dc_path_join(dir, DC_LAYOUT_FORMAT);
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_err absent = DC_ERR_INIT;
  if (!path) return dc_err_nomem(err);
  int rc = read_format(path, top, &text, &absent);
  if (rc == DC_ENOENT) return 0;
  if (rc) return dc_err_set(err, absent.code, "%s", absent.text);
  long format = strtol(dc_buf_text(&text), NULL, 10);
  if (format >= 1 && format <= DC_PUBLISH_FORMAT) return 0;
  if (format < 1) return dc_err_set(err, DC_EINVAL, "'%s' should hold a number, %d", path, DC_PUBLISH_FORMAT);
  return dc_err_set(err, DC_EUNSUPPORTED,
                    "'%s' was written by a newer daprcerts (format %ld, this one knows %d): use that one", dir, format,
                    DC_PUBLISH_FORMAT);
}

/* By a name of its own, since the lock is held: what a publisher left that died here is known, and goes. */
static int write_format(const struct dc_publication *publication, struct dc_err *err) {
  const struct dc_dir *own = &publication->own;
  const char *name = dc_path_last(DC_LAYOUT_FORMAT), *fresh = dc_path_last(DC_LAYOUT_FORMAT ".new");
  char text[16];
  int rc = dc_dir_unlink(own, fresh, err);
  int there = rc ? rc : dc_dir_holds(own, name, err);
  if (there) return there < 0 ? there : 0;
  int n = snprintf(text, sizeof text, "%d\n", DC_PUBLISH_FORMAT);
  rc = dc_os_write_new_in(own, fresh, 0644, &publication->top, text, (size_t)n, err);
  if (!rc) rc = dc_dir_rename(own, fresh, own, name, err);
  return rc ? rc : dc_os_sync_dir(own, err);
}

/* --- steps of a publication --------------------------------------------------------------------------------------- */

/* In next/, before/ and prev/ a file of our own corner is noted as ".NAME", and one that is to go as "-NAME" (or
 * "-.NAME"), of no bytes. */
enum { NOTE_MAX = DC_SET_NAME_MAX + 2 };

static const char *noted(const char *name, bool gone, char note[NOTE_MAX]) {
  bool own = is_own(name);
  snprintf(note, NOTE_MAX, "%s%s%s", gone ? "-" : "", own ? "." : "", own ? dc_path_last(name) : name);
  return note;
}

static bool is_note_of_gone(const char *note) { return note[0] == '-'; }

/* The name that NOTE stands for. */
static void name_noted(const char *note, char name[DC_SET_NAME_MAX]) {
  if (is_note_of_gone(note)) note++;
  if (note[0] == '.')
    snprintf(name, DC_SET_NAME_MAX, DC_LAYOUT_OWN "/%s", note + 1);
  else
    snprintf(name, DC_SET_NAME_MAX, "%s", note);
}

static int install_one(const struct dc_publication *publication, const struct dc_dir *next, const char *name,
                       struct dc_err *err) {
  char note[NOTE_MAX];
  int there = dc_dir_holds(next, noted(name, false, note), err);
  if (there <= 0) return there; /* installed already, or not of this set */
  return dc_dir_rename(next, note, home_of(publication, name), dc_path_last(name), err);
}

/* One note of next/; the files of the layout have their turn later. */
static int install_note(const struct dc_publication *publication, const struct dc_dir *next, const char *note,
                        struct dc_err *err) {
  char name[DC_SET_NAME_MAX];
  if (strcmp(note, dc_path_last(DC_LAYOUT_MARK)) == 0) return 0;
  name_noted(note, name);
  if (is_note_of_gone(note)) return dc_dir_unlink(home_of(publication, name), dc_path_last(name), err);
  for (size_t i = 0; i < DC_FILES; i++)
    if (strcmp(name, dc_layout_files[i].name) == 0) return 0;
  return install_one(publication, next, name, err);
}

/* Those of the layout in its order; what else the set holds comes before, since nothing of Dapr's reads it. */
static int install_all(const struct dc_publication *publication, const struct dc_dir *next, struct dc_err *err) {
  const char *note = NULL;
  DIR *entries;
  int rc = dc_dir_list(next, &entries, err);
  if (rc) return rc;
  while (!rc && (rc = dc_dir_next(next, entries, &note, err)) == 0 && note)
    rc = install_note(publication, next, note, err);
  closedir(entries);
  for (size_t i = 0; !rc && i < DC_FILES; i++) rc = install_one(publication, next, dc_layout_files[i].name, err);
  return rc;
}

/* before/, where there is one, becomes prev/; an empty one means that there is none. */
static int turn_previous(const struct dc_dir *own, struct dc_err *err) {
  const char *before = dc_path_last(DC_LAYOUT_BEFORE), *prev = dc_path_last(DC_LAYOUT_PREV);
  int there = dc_dir_holds(own, before, err);
  if (there <= 0) return there;
  int rc = dc_dir_remove(own, prev, err);
  if (!rc) rc = dc_os_sync_dir(own, err); /* for good, before what asks for it goes */
  int empty = rc ? rc : dc_dir_remove_empty(own, before, err);
  if (empty) return empty < 0 ? empty : 0;
  return dc_dir_rename(own, before, own, prev, err);
}

/* From a complete next/ to the directory, as often as it takes: each step may have been done before. NEXT is closed. */
static int install(const struct dc_publication *publication, struct dc_dir *next, struct dc_err *err) {
  const struct dc_dir *own = &publication->own;
  int rc = install_all(publication, next, err);
  dc_dir_close(next);
  if (!rc) rc = dc_os_sync_dir(own, err);
  if (!rc) rc = dc_os_sync_dir(&publication->top, err);
  if (!rc) rc = turn_previous(own, err);
  if (!rc) rc = dc_os_sync_dir(own, err);
  return rc ? rc : dc_dir_remove(own, dc_path_last(DC_LAYOUT_NEXT), err);
}

/* What a publisher before us left; it may have died between making the mark and syncing it. */
static int recover_next(const struct dc_publication *publication, struct dc_err *err) {
  const char *name = dc_path_last(DC_LAYOUT_NEXT);
  struct dc_dir next DC_CLEANUP(dc_dir_close) = DC_DIR_INIT;
  int there = dc_dir_holds(&publication->own, name, err);
  if (there <= 0) return there;
  int rc = dc_dir_open_in(&publication->own, name, &next, err);
  int complete = rc ? rc : dc_dir_holds(&next, dc_path_last(DC_LAYOUT_MARK), err);
  if (complete < 0) return complete;
  if (complete) {
    rc = dc_os_sync_dir(&next, err);
    return rc ? rc : install(publication, &next, err);
  }
  dc_dir_close(&next);
  return dc_dir_remove(&publication->own, name, err);
}

static int recover(const struct dc_publication *publication, struct dc_err *err) {
  int rc = recover_next(publication, err);
  if (!rc) rc = dc_dir_remove(&publication->own, dc_path_last(DC_LAYOUT_BEFORE), err);
  return rc ? dc_err_add(err, rc, "cannot finish an interrupted publication in '%s'", publication->top.path) : 0;
}

static bool replaces(enum dc_publish how) { return how == DC_PUBLISH_REPLACE || how == DC_PUBLISH_FINAL; }

/* None of the files of SET is in TOP, or of the layout where it is to be a WHOLE new one. */
static int refuse_existing(const struct dc_dir *top, const struct dc_set *set, bool whole, struct dc_err *err) {
  struct dc_buf found DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  size_t count = whole ? DC_FILES : set->count;
  for (size_t i = 0; i < count; i++) {
    const char *name = whole ? dc_layout_files[i].name : set->blobs[i].name;
    int there = is_own(name) ? 0 : dc_dir_holds(top, name, err);
    if (there < 0) return there;
    if (there) dc_buf_printf(&found, "%s'%s'", found.len ? ", " : "", name);
  }
  if (found.len == 0) return dc_buf_check(&found, err);
  return dc_err_set(err, DC_EEXIST,
                    "'%s' holds credentials already (%s): nothing was changed; move them away first, or name another "
                    "directory",
                    top->path, dc_buf_text(&found));
}

/* The rename would replace the link, and whoever reads the file that it leads to would go on with the old one. */
static int refuse_links(const struct dc_publication *publication, const struct dc_set *set, struct dc_err *err) {
  for (size_t i = 0; i < set->count; i++) {
    struct stat status;
    const char *name = set->blobs[i].name;
    int fd = home_of(publication, name)->fd;
    if (fstatat(fd, dc_path_last(name), &status, AT_SYMLINK_NOFOLLOW) || !S_ISLNK(status.st_mode)) continue;
    char *path DC_CLEANUP(dc_mem_free) = dc_dir_path_of(&publication->top, name);
    if (!path) return dc_err_nomem(err);
    return dc_err_set(err, DC_EINVAL, "'%s' is a symbolic link: name the directory where the file itself is, or put it "
                                      "in the place of the link", path);
  }
  return 0;
}

/* What root reads is given to the directory's owner with before/. */
static int read_kept(const struct dc_publication *publication, const char *name, struct dc_buf *bytes,
                     struct dc_err *err) {
  const struct dc_dir *home = home_of(publication, name), *top = &publication->top;
  int fd DC_CLEANUP(dc_mem_close) = -1;
  char *path DC_CLEANUP(dc_mem_free) = dc_dir_path_of(top, name);
  int rc = path ? dc_os_open_in(home, dc_path_last(name), &fd, err) : dc_err_nomem(err);
  if (!rc) rc = dc_os_check_owner(fd, path, top, err);
  return rc ? rc : dc_os_read_fd(fd, path, DC_PUBLISH_FILE_MAX, bytes, err);
}

/* A file as it is, for BEFORE: its bytes, or that it is not there. */
static int keep_one(const struct dc_publication *publication, const struct dc_dir *before, const struct dc_blob *blob,
                    struct dc_err *err) {
  struct dc_buf bytes DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_err absent = DC_ERR_INIT;
  char note[NOTE_MAX];
  int rc = read_kept(publication, blob->name, &bytes, &absent);
  if (rc && rc != DC_ENOENT) return dc_err_set(err, absent.code, "%s", absent.text);
  noted(blob->name, rc == DC_ENOENT, note);
  return dc_os_write_new_in(before, note, blob->mode, &publication->top, bytes.data, bytes.len, err);
}

/* Copies, not links: a file that something else rewrites in place must not change its past. */
static int keep_before(const struct dc_publication *publication, const struct dc_set *set, bool whole,
                       struct dc_err *err) {
  struct dc_dir before DC_CLEANUP(dc_dir_close) = DC_DIR_INIT;
  int rc = make_part(publication, &publication->own, DC_LAYOUT_BEFORE, &before, err);
  for (size_t i = 0; whole && !rc && i < set->count; i++) rc = keep_one(publication, &before, &set->blobs[i], err);
  return rc ? rc : dc_os_sync_dir(&before, err);
}

static int write_next(const struct dc_publication *publication, const struct dc_set *set, struct dc_dir *next,
                      struct dc_err *err) {
  int rc = make_part(publication, &publication->own, DC_LAYOUT_NEXT, next, err);
  for (size_t i = 0; !rc && i < set->count; i++) {
    const struct dc_blob *blob = &set->blobs[i];
    char note[NOTE_MAX];
    noted(blob->name, blob->gone, note);
    rc = dc_os_write_new_in(next, note, blob->mode, &publication->top, blob->bytes.data, blob->bytes.len, err);
  }
  return rc ? rc : dc_os_sync_dir(next, err);
}

/* All that the mark speaks of, and the way to it, is durable before it is made, and it before it is relied on. */
static int mark_complete(const struct dc_publication *publication, const struct dc_dir *next, struct dc_err *err) {
  int rc = dc_os_sync_dir(&publication->own, err);
  if (!rc) rc = dc_os_sync_dir(&publication->top, err);
  if (!rc) rc = dc_os_write_new_in(next, dc_path_last(DC_LAYOUT_MARK), 0644, &publication->top, "", 0, err);
  return rc ? rc : dc_os_sync_dir(next, err);
}

/* The mark goes first and for good: what is left of the set must never look complete. NEXT is closed. */
static void discard(const struct dc_publication *publication, struct dc_dir *next) {
  struct dc_err ignored = DC_ERR_INIT;
  bool unmarked = next->fd < 0 || (dc_dir_unlink(next, dc_path_last(DC_LAYOUT_MARK), &ignored) == 0 &&
                                   dc_os_sync_dir(next, &ignored) == 0);
  dc_dir_close(next);
  if (unmarked && dc_dir_remove(&publication->own, dc_path_last(DC_LAYOUT_NEXT), &ignored) == 0)
    (void)!dc_dir_remove(&publication->own, dc_path_last(DC_LAYOUT_BEFORE), &ignored);
}

/* The plain refusal: it touches nothing, not even our own corner. Not where a publisher died half-way: that is finished
 * first, since other programs see half a set until then. Nor where the directory cannot be listed, or is not there:
 * what comes then says so. */
static int refuse_early(const char *dir, const struct dc_set *set, enum dc_publish how, struct dc_err *err) {
  struct dc_dir top DC_CLEANUP(dc_dir_close) = DC_DIR_INIT;
  char *mark DC_CLEANUP(dc_mem_free) = dc_path_join(dir, DC_LAYOUT_MARK);
  int interrupted = mark ? dc_os_exists(mark, err) : dc_err_nomem(err);
  if (interrupted) return interrupted < 0 ? interrupted : 0;
  if (replaces(how) || dc_dir_open(dir, &top, NULL)) return 0;
  return refuse_existing(&top, set, how == DC_PUBLISH_NEW, err);
}

/* Before anything is made: our own corner may be open where the directory is not, and a set that is complete there counts,
 * and could not be put in its place. */
static int check_open(const char *dir, struct dc_err *err) {
  return access(dir, W_OK | X_OK) ? dc_err_sys(err, errno, "cannot write in directory '%s'", dir) : 0;
}

int dc_publish_begin(const char *dir, struct dc_publication *publication, struct dc_err *err) {
  int rc = dc_os_mkdir(dir, true, err);
  if (!rc) rc = check_open(dir, err);
  if (!rc) rc = dc_dir_open(dir, &publication->top, err);
  if (!rc) rc = check_format(dir, &publication->top, err);
  if (!rc) rc = make_part(publication, &publication->top, DC_LAYOUT_OWN, &publication->own, err);
  if (!rc) rc = dc_lock_take(&publication->top, &publication->own, &publication->lock, err);
  if (!rc) rc = write_format(publication, err);
  return rc ? rc : recover(publication, err);
}

bool dc_publish_is_marked(const char *dir) {
  char *mark DC_CLEANUP(dc_mem_free) = dc_path_join(dir, DC_LAYOUT_MARK);
  return !mark || dc_os_exists(mark, NULL) != 0; /* when in doubt it is */
}

void dc_publish_end(struct dc_publication *publication) {
  dc_lock_release(&publication->lock);
  dc_dir_close(&publication->own);
  dc_dir_close(&publication->top);
}

int dc_publish_commit(const struct dc_publication *publication, const struct dc_set *set, enum dc_publish how,
                      struct dc_err *err) {
  struct dc_dir next DC_CLEANUP(dc_dir_close) = DC_DIR_INIT;
  int rc = replaces(how) ? refuse_links(publication, set, err)
                         : refuse_existing(&publication->top, set, how == DC_PUBLISH_NEW, err);
  if (!rc) rc = write_next(publication, set, &next, err);
  if (!rc && replaces(how)) rc = keep_before(publication, set, how == DC_PUBLISH_REPLACE, err);
  if (!rc) rc = mark_complete(publication, &next, err);
  if (rc) {
    discard(publication, &next);
    return rc;
  }
  rc = install(publication, &next, err);
  if (!rc) return 0;
  return dc_err_add(err, rc,
                    "the new set counts already, and our programs read it, but not all of its files in '%s' are in their "
                    "places, which the next publication there mends",
                    publication->top.path);
}

int dc_publish(const char *dir, const struct dc_set *set, enum dc_publish how, struct dc_err *err) {
  struct dc_publication publication DC_CLEANUP(dc_publish_end) = DC_PUBLICATION_INIT;
  int rc = refuse_early(dir, set, how, err);
  if (!rc) rc = dc_publish_begin(dir, &publication, err);
  return rc ? rc : dc_publish_commit(&publication, set, how, err);
}

/* --- the set before ------------------------------------------------------------------------------------------------ */

static int add_previous(const struct dc_dir *prev, const char *note, struct dc_set *set, struct dc_err *err) {
  struct dc_buf bytes DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  char name[DC_SET_NAME_MAX];
  struct stat status;
  char *path DC_CLEANUP(dc_mem_free) = dc_dir_path_of(prev, note);
  if (!path) return dc_err_nomem(err);
  name_noted(note, name);
  if (is_note_of_gone(note)) return dc_set_remove(set, name, err);
  int fd DC_CLEANUP(dc_mem_close) = -1;
  int rc = dc_os_open_in(prev, note, &fd, err);
  if (!rc && fstat(fd, &status)) rc = dc_err_sys(err, errno, "cannot look at '%s'", path);
  if (!rc) rc = dc_os_check_owner(fd, path, prev, err); /* its owner is given it */
  if (!rc) rc = dc_os_read_fd(fd, path, DC_PUBLISH_FILE_MAX, &bytes, err);
  return rc ? rc : dc_set_add(set, name, status.st_mode & 0777, bytes.data, bytes.len, err);
}

static int read_previous(const struct dc_dir *prev, struct dc_set *set, struct dc_err *err) {
  const char *note = NULL;
  DIR *entries;
  int rc = dc_dir_list(prev, &entries, err);
  if (rc) return rc;
  while (!rc && (rc = dc_dir_next(prev, entries, &note, err)) == 0 && note)
    rc = add_previous(prev, note, set, err);
  closedir(entries);
  return rc;
}

int dc_publish_previous(const char *dir, struct dc_set *set, struct dc_err *err) {
  struct dc_dir top DC_CLEANUP(dc_dir_close) = DC_DIR_INIT, own DC_CLEANUP(dc_dir_close) = DC_DIR_INIT;
  struct dc_dir prev DC_CLEANUP(dc_dir_close) = DC_DIR_INIT;
  int rc = dc_dir_open(dir, &top, err);
  if (!rc) rc = dc_dir_open_in(&top, DC_LAYOUT_OWN, &own, err);
  if (!rc) rc = dc_dir_open_in(&own, dc_path_last(DC_LAYOUT_PREV), &prev, err);
  return rc ? rc : read_previous(&prev, set, err);
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

/* Where a file was found. Files change by rename alone, so that another place is another file; the reverse holds while
 * FD is open, since an inode is not given to another file before that. */
struct place {
  int fd; /* -1: not open */
  dev_t dev;
  ino_t ino;
  bool found;
};
#define NO_PLACE {.fd = -1}

static int look(const char *path, struct place *place, struct dc_err *err) {
  struct stat status;
  *place = (struct place)NO_PLACE;
  if (stat(path, &status)) return errno == ENOENT ? 0 : dc_err_sys(err, errno, "cannot look at '%s'", path);
  place->dev = status.st_dev;
  place->ino = status.st_ino;
  place->found = true;
  return 0;
}

static int look_open_as(const char *path, bool regular, struct place *place, struct dc_err *err) {
  struct stat status;
  struct dc_err own = DC_ERR_INIT;
  *place = (struct place)NO_PLACE;
  int rc = regular ? dc_os_open_regular(path, &place->fd, &own) : dc_os_open_file(path, &place->fd, &own);
  if (rc == DC_ENOENT) return 0;
  if (rc) {
    struct dc_err ignored = DC_ERR_INIT;
    (void)!look(path, place, &ignored); /* what cannot be opened has its place too */
    return dc_err_set(err, own.code, "%s", own.text);
  }
  if (fstat(place->fd, &status)) return dc_err_sys(err, errno, "cannot look at '%s'", path);
  place->dev = status.st_dev;
  place->ino = status.st_ino;
  place->found = true;
  return 0;
}

static int look_open(const char *path, struct place *place, struct dc_err *err) {
  return look_open_as(path, true, place, err);
}

/* Of a place that a user named outside of the directory: it may be a pipe, as a shell's <(...) is. */
static int look_open_named(const char *path, struct place *place, struct dc_err *err) {
  return look_open_as(path, false, place, err);
}

typedef int look_fn(const char *path, struct place *place, struct dc_err *err);

static bool same_place(const struct place *a, const struct place *b) {
  return a->found == b->found && (!a->found || (a->dev == b->dev && a->ino == b->ino));
}

static int look_at_mark(const char *dir, struct place *mark, struct dc_err *err) {
  char *path DC_CLEANUP(dc_mem_free) = dc_path_join(dir, DC_LAYOUT_MARK);
  return path ? look(path, mark, err) : dc_err_nomem(err);
}

static char *in_next(const char *dir, const char *name, bool gone) {
  char *next DC_CLEANUP(dc_mem_free) = dc_path_join(dir, DC_LAYOUT_NEXT), note[NOTE_MAX];
  return next ? dc_path_join(next, noted(name, gone, note)) : NULL;
}

/* NAME in the view that MARKED gives: next/ first while a complete set is there. */
static int resolve(const char *dir, const char *name, bool marked, look_fn *how, struct place *place,
                   struct dc_err *err) {
  if (marked && !dc_path_is_absolute(name)) {
    char *next DC_CLEANUP(dc_mem_free) = in_next(dir, name, false);
    char *gone DC_CLEANUP(dc_mem_free) = in_next(dir, name, true);
    int rc = next && gone ? how(next, place, err) : dc_err_nomem(err);
    if (rc || place->found) return rc;
    rc = dc_os_exists(gone, err);
    if (rc) return rc < 0 ? rc : 0;
  }
  char *path DC_CLEANUP(dc_mem_free) = dc_path_join(dir, name);
  return path ? how(path, place, err) : dc_err_nomem(err);
}

/* One look at a whole set, its files held open; the mark is not, since who may read may be kept from opening it until
 * its maker has given it its mode. */
struct view {
  struct place mark, files[DC_SET_MAX];
  size_t count;
};

static void view_close(struct view *view) {
  for (size_t i = 0; i < view->count; i++) dc_mem_close(&view->files[i].fd);
}

static int absent(const char *dir, const char *name, struct dc_err *err) {
  char *path DC_CLEANUP(dc_mem_free) = dc_path_join(dir, name);
  return path ? dc_err_sys(err, ENOENT, "cannot open '%s'", path) : dc_err_nomem(err);
}

/* WRITER: as dc_publish_read_to_write. */
static int view_read(struct view *view, const char *dir, const struct dc_publication *writer, const char *const *names,
                     size_t count, size_t max, struct dc_buf *files, struct dc_err *err) {
  int rc = look_at_mark(dir, &view->mark, err);
  for (size_t i = 0; !rc && i < count; i++) {
    struct place *place = &view->files[view->count++];
    look_fn *how = dc_path_is_absolute(names[i]) ? look_open_named : look_open;
    rc = resolve(dir, names[i], view->mark.found, how, place, err);
    if (!rc && !place->found) rc = absent(dir, names[i], err);
    if (!rc && writer) rc = dc_os_check_owner(place->fd, names[i], &writer->top, err);
    if (!rc) rc = dc_os_read_fd(place->fd, names[i], max, &files[i], err);
  }
  return rc;
}

/* Nothing was published since the look: the mark is there or not as before, and so each file. What cannot be looked at
 * counts as not found, as it did in the look. */
static bool view_holds(const struct view *view, const char *dir, const char *const *names) {
  struct dc_err ignored = DC_ERR_INIT;
  struct place now = NO_PLACE;
  (void)!look_at_mark(dir, &now, &ignored);
  if (!same_place(&view->mark, &now)) return false;
  for (size_t i = 0; i < view->count; i++) {
    now = (struct place)NO_PLACE;
    (void)!resolve(dir, names[i], view->mark.found, look, &now, &ignored);
    if (!same_place(&view->files[i], &now)) return false;
  }
  return true;
}

static void pause_a_moment(void) {
  const struct timespec pause = {.tv_nsec = READ_PAUSE_NS};
  (void)nanosleep(&pause, NULL);
}

static int changes_always(const char *dir, struct dc_err *err) {
  return dc_err_set(err, DC_EBUSY, "'%s' changes all the time: no consistent set could be read", dir);
}

static int read_whole(const char *dir, const struct dc_publication *writer, const char *const *names, size_t count,
                      size_t max, struct dc_buf *files, struct dc_err *err) {
  if (count > DC_SET_MAX) return dc_err_set(err, DC_ELIMIT, "too many files in one set");
  int rc = check_format(dir, NULL, err);
  for (int i = 0; !rc && i < READ_TRIES; i++) {
    struct view view DC_CLEANUP(view_close) = {.mark = NO_PLACE};
    int read = view_read(&view, dir, writer, names, count, max, files, err);
    bool holds = view_holds(&view, dir, names);
    if (read == 0 && holds) return 0;
    for (size_t k = 0; k < count; k++) dc_buf_clear(&files[k]);
    if (holds) return read;
    pause_a_moment();
  }
  return rc ? rc : changes_always(dir, err);
}

int dc_publish_read(const char *dir, const char *const *names, size_t count, size_t max, struct dc_buf *files,
                    struct dc_err *err) {
  return read_whole(dir, NULL, names, count, max, files, err);
}

int dc_publish_read_to_write(const struct dc_publication *publication, const char *const *names, size_t count,
                             size_t max, struct dc_buf *files, struct dc_err *err) {
  return read_whole(publication->top.path, publication, names, count, max, files, err);
}

static int find_present(const char *dir, const char *const *names, size_t count, bool *present, struct dc_err *err) {
  struct place mark = NO_PLACE, place = NO_PLACE;
  int rc = look_at_mark(dir, &mark, err);
  for (size_t i = 0; !rc && i < count; i++) {
    rc = resolve(dir, names[i], mark.found, look, &place, err);
    present[i] = !rc && place.found;
  }
  return rc;
}

/* Looked at until two looks agree: a first set that is being published meanwhile comes file by file. */
int dc_publish_present(const char *dir, const char *const *names, size_t count, bool *present, struct dc_err *err) {
  bool again[DC_SET_MAX];
  if (count > DC_SET_MAX) return dc_err_set(err, DC_ELIMIT, "too many files in one set");
  int rc = find_present(dir, names, count, present, err);
  for (int i = 0; !rc && i < READ_TRIES; i++) {
    rc = find_present(dir, names, count, again, err);
    if (rc || memcmp(present, again, count * sizeof *present) == 0) return rc;
    memcpy(present, again, count * sizeof *present);
    pause_a_moment();
  }
  return rc ? rc : changes_always(dir, err);
}
