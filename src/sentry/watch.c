/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "sentry/watch.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/path.h"

enum { LINKS_MAX = 40, TIMERS = 2 };

/* A file's state. The time of its last change of status counts too: permissions decide whether it can be read. */
struct state {
  int error;
  uint64_t dev, ino, size;
  uv_timespec_t modified, changed;
};

struct file {
  char *path;
  struct state seen;
  bool known; /* seen is filled */
};

/* A name in a directory on the way to a file. Several in one directory share a watch of the system's. */
struct spot {
  uv_fs_event_t handle;
  struct dc_watch *watch;
  char *dir, *name;
  struct spot *next;
};

struct dc_watch {
  uv_loop_t *uv;
  dc_watch_fn *changed;
  void *user;
  struct file *files;
  size_t count;
  struct spot *spots;
  uv_timer_t settle, poll;
  uint64_t poll_ms;
  uint64_t burst; /* when the burst began, or was told of last */
  bool unsettled; /* a change was told, its settling not yet */
  bool polls, warned;
  int timers; /* not closed yet */
};

static void note(struct dc_watch *watch, uint64_t delay);

/* --- spots -------------------------------------------------------------------------------------------------------- */

static void on_spot_closed(uv_handle_t *handle) {
  struct spot *spot = handle->data;
  free(spot->dir);
  free(spot->name);
  free(spot);
}

static void close_spots(struct dc_watch *watch) {
  while (watch->spots) {
    struct spot *spot = watch->spots;
    watch->spots = spot->next;
    uv_close((uv_handle_t *)&spot->handle, on_spot_closed);
  }
}

/* The directory itself was removed, moved or made readable; kqueue calls every change in it so. */
static bool is_own_name(const struct spot *spot, const char *name) {
  const char *slash = strrchr(spot->dir, '/');
  return strcmp(name, slash ? slash + 1 : spot->dir) == 0;
}

static void on_event(uv_fs_event_t *handle, const char *name, int events, int status) {
  const struct spot *spot = handle->data;
  if (status == 0 && name && strcmp(name, spot->name) != 0 && !is_own_name(spot, name)) return;
  note(spot->watch, status == 0 && (events & UV_RENAME) ? 0 : DC_WATCH_WRITE_MS);
}

/* What the system has too little of may come back; what this one directory refuses is left to polling. */
static bool is_lack(int rc) {
  return rc != UV_EACCES && rc != UV_EPERM && rc != UV_ENOENT && rc != UV_ENOTDIR && rc != UV_ELOOP;
}

static void lack_events(struct dc_watch *watch, int rc) {
  watch->polls = true;
  if (watch->warned) return;
  watch->warned = true;
  dc_log_write(DC_LOG_WARN, "dapr.sentry",
               "the system sends no file events (%s): credentials and configuration are looked at every %" PRIu64
               " ms instead; fs.inotify.max_user_instances and max_user_watches may be too low",
               uv_strerror(rc), watch->poll_ms);
}

static struct spot *spot_new(struct dc_watch *watch, const char *dir, const char *name, size_t n) {
  struct spot *spot = calloc(1, sizeof *spot);
  if (!spot) return NULL;
  spot->watch = watch;
  spot->dir = strdup(dir);
  spot->name = strndup(name, n);
  if (!spot->dir || !spot->name) {
    free(spot->dir);
    free(spot->name);
    free(spot);
    return NULL;
  }
  (void)uv_fs_event_init(watch->uv, &spot->handle);
  spot->handle.data = spot;
  spot->next = watch->spots;
  watch->spots = spot;
  return spot;
}

static void watch_name(struct dc_watch *watch, const char *dir, const char *name, size_t n) {
  for (const struct spot *spot = watch->spots; spot; spot = spot->next)
    if (strcmp(spot->dir, dir) == 0 && strncmp(spot->name, name, n) == 0 && spot->name[n] == '\0') return;
  struct spot *spot = spot_new(watch, dir, name, n);
  int rc = spot ? uv_fs_event_start(&spot->handle, on_event, dir, 0) : UV_ENOMEM;
  if (rc && is_lack(rc)) lack_events(watch, rc);
}

/* --- the way to a file -------------------------------------------------------------------------------------------- */

#ifdef _WIN32
/* The file's own directory, and ours for the mark of a publication: one that is watched cannot be made anew there, so
 * that next/ is not; what it holds comes and goes with the rest. */
static void watch_way(struct dc_watch *watch, const char *path) {
  char *dir DC_CLEANUP(dc_mem_free) = dc_path_parent(path);
  size_t n = dir ? strlen(dir) : 0;
  const char *name = strchr(path, '\0');
  while (name > path && name[-1] != '/' && name[-1] != '\\') name--;
  if (n >= 5 && strcmp(dir + n - 5, "/next") == 0) {
    char *above DC_CLEANUP(dc_mem_free) = dc_path_parent(dir);
    if (above) watch_name(watch, above, "next", 4);
  } else if (dir) {
    watch_name(watch, dir, name, strlen(name));
  }
}
#else
/* How far a path was followed. */
struct way {
  struct dc_buf at, rest; /* "" is the root, behind which a slash follows */
  int links;
};

static void way_free(struct way *way) {
  dc_buf_free(&way->at);
  dc_buf_free(&way->rest);
}

static void begin_at(struct way *way, bool absolute) {
  dc_buf_clear(&way->at);
  dc_buf_add_text(&way->at, absolute ? "" : ".");
}

/* The target of the link goes before what is left of the path, and counts from the link's directory. */
static bool follow_link(struct way *way, const char *target, size_t dir_len) {
  struct dc_buf rest DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  if (++way->links > LINKS_MAX) return false;
  dc_buf_printf(&rest, "%s/%s", target, dc_buf_text(&way->rest));
  dc_buf_truncate(&way->at, dir_len);
  if (dc_path_is_absolute(target)) begin_at(way, true);
  dc_buf_clear(&way->rest);
  dc_buf_add(&way->rest, rest.data, rest.len);
  return !rest.failed;
}

/* Looks up the first N bytes of what is left, in the directory where it stands. False where the way ends. */
static bool step(struct dc_watch *watch, struct way *way, size_t n) {
  size_t dir_len = way->at.len;
  bool up = n == 2 && memcmp(way->rest.data, "..", 2) == 0;
  if (!up) watch_name(watch, dir_len ? dc_buf_text(&way->at) : "/", (const char *)way->rest.data, n);
  dc_buf_add_byte(&way->at, '/');
  dc_buf_add(&way->at, way->rest.data, n);
  dc_buf_consume(&way->rest, n);
  if (up) return true;
  uv_fs_t look;
  int rc = uv_fs_lstat(NULL, &look, dc_buf_text(&way->at), NULL);
  bool is_link = rc == 0 && (look.statbuf.st_mode & S_IFMT) == S_IFLNK;
  uv_fs_req_cleanup(&look);
  if (!is_link) return rc == 0;
  uv_fs_t read;
  bool goes_on = uv_fs_readlink(NULL, &read, dc_buf_text(&way->at), NULL) == 0 && follow_link(way, read.ptr, dir_len);
  uv_fs_req_cleanup(&read);
  return goes_on;
}

/* Each directory is watched before a name is looked up in it: what comes between is told by an event. */
static void watch_way(struct dc_watch *watch, const char *path) {
  struct way way DC_CLEANUP(way_free) = {.links = 0};
  begin_at(&way, dc_path_is_absolute(path));
  dc_buf_add_text(&way.rest, path);
  while (!watch->polls && !way.at.failed && !way.rest.failed) {
    dc_buf_consume(&way.rest, strspn(dc_buf_text(&way.rest), "/"));
    size_t n = strcspn(dc_buf_text(&way.rest), "/");
    if (n == 0) return;
    if (n == 1 && way.rest.data[0] == '.')
      dc_buf_consume(&way.rest, n);
    else if (!step(watch, &way, n))
      return;
  }
}
#endif

/* Everything anew: a directory made again under its old name is another one, though its inode may be the same. */
static void watch_all(struct dc_watch *watch) {
  close_spots(watch);
  watch->polls = false;
  for (size_t i = 0; i < watch->count; i++) watch_way(watch, watch->files[i].path);
}

/* --- states ------------------------------------------------------------------------------------------------------- */

static struct state state_of(const char *path) {
  uv_fs_t look;
  struct state state = {.error = uv_fs_stat(NULL, &look, path, NULL)};
  if (state.error == 0) {
    state.dev = look.statbuf.st_dev;
    state.ino = look.statbuf.st_ino;
    state.size = look.statbuf.st_size;
    state.modified = look.statbuf.st_mtim;
    state.changed = look.statbuf.st_ctim;
  }
  uv_fs_req_cleanup(&look);
  return state;
}

static bool same_time(uv_timespec_t a, uv_timespec_t b) { return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec; }

static bool same_state(const struct state *a, const struct state *b) {
  return a->error == b->error && a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
         same_time(a->modified, b->modified) && same_time(a->changed, b->changed);
}

/* Whether a file is not as it was; what is there now is remembered. */
static bool look_again(struct dc_watch *watch) {
  bool changed = false;
  for (size_t i = 0; i < watch->count; i++) {
    struct file *file = &watch->files[i];
    struct state now = state_of(file->path);
    changed = changed || !same_state(&file->seen, &now);
    file->seen = now;
  }
  return changed;
}

/* --- time --------------------------------------------------------------------------------------------------------- */

static void on_settle(uv_timer_t *timer) {
  struct dc_watch *watch = timer->data;
  bool was_unsettled = watch->unsettled;
  watch_all(watch);
  bool changed = watch->unsettled = look_again(watch);
  watch->burst = uv_now(watch->uv);
  if (changed) (void)uv_timer_start(timer, on_settle, DC_WATCH_QUIET_MS, 0);
  if (changed || was_unsettled) watch->changed(watch->user, !changed);
}

/* Something happened: it is looked at after DELAY, or as part of the burst that goes on. */
static void note(struct dc_watch *watch, uint64_t delay) {
  uint64_t now = uv_now(watch->uv), last = watch->burst + DC_WATCH_BURST_MS;
  if (!uv_is_active((uv_handle_t *)&watch->settle))
    (void)uv_timer_start(&watch->settle, on_settle, delay, 0);
  else if (watch->unsettled)
    (void)uv_timer_start(&watch->settle, on_settle,
                         last < now ? 0 : last - now < DC_WATCH_QUIET_MS ? last - now : DC_WATCH_QUIET_MS, 0);
}

static void on_poll(uv_timer_t *timer) {
  struct dc_watch *watch = timer->data;
  if (watch->polls) watch_all(watch); /* there may be room again */
  for (size_t i = 0; i < watch->count; i++) {
    struct state now = state_of(watch->files[i].path);
    if (!same_state(&watch->files[i].seen, &now)) {
      note(watch, DC_WATCH_WRITE_MS);
      return;
    }
  }
}

/* --- life --------------------------------------------------------------------------------------------------------- */

int dc_watch_new(uv_loop_t *uv, uint64_t poll_ms, dc_watch_fn *changed, void *user, struct dc_watch **out,
                 struct dc_err *err) {
  struct dc_watch *watch = calloc(1, sizeof *watch);
  if (!watch) return dc_err_nomem(err);
  watch->uv = uv;
  watch->poll_ms = poll_ms;
  watch->changed = changed;
  watch->user = user;
  watch->timers = TIMERS;
  (void)uv_timer_init(uv, &watch->settle);
  (void)uv_timer_init(uv, &watch->poll);
  watch->settle.data = watch->poll.data = watch;
  *out = watch;
  return 0;
}

static void free_files(struct file *files, size_t count) {
  for (size_t i = 0; i < count; i++) free(files[i].path);
  free(files);
}

static const struct file *find_file(const struct dc_watch *watch, const char *path) {
  for (size_t i = 0; i < watch->count; i++)
    if (strcmp(watch->files[i].path, path) == 0) return &watch->files[i];
  return NULL;
}

int dc_watch_files(struct dc_watch *watch, const char *const *paths, struct dc_err *err) {
  size_t count = 0;
  while (paths[count]) count++;
  struct file *files = calloc(count + 1, sizeof *files);
  if (!files) return dc_err_nomem(err);
  for (size_t i = 0; i < count; i++) {
    const struct file *old = find_file(watch, paths[i]);
    if (old) files[i] = *old;
    if (!(files[i].path = strdup(paths[i]))) {
      free_files(files, i);
      return dc_err_nomem(err);
    }
  }
  free_files(watch->files, watch->count);
  watch->files = files;
  watch->count = count;
  watch_all(watch);
  for (size_t i = 0; i < count; i++) {
    if (!files[i].known) files[i].seen = state_of(files[i].path);
    files[i].known = true;
  }
  note(watch, 0); /* what the watches before would have told */
  (void)uv_timer_start(&watch->poll, on_poll, watch->poll_ms, watch->poll_ms);
  return 0;
}

bool dc_watch_polls(const struct dc_watch *watch) { return watch->polls; }

static void on_timer_closed(uv_handle_t *handle) {
  struct dc_watch *watch = handle->data;
  if (--watch->timers > 0) return;
  free_files(watch->files, watch->count);
  free(watch);
}

void dc_watch_close(struct dc_watch *watch) {
  if (!watch) return;
  close_spots(watch);
  uv_close((uv_handle_t *)&watch->settle, on_timer_closed);
  uv_close((uv_handle_t *)&watch->poll, on_timer_closed);
}
