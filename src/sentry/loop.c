/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "sentry/loop.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "sentry/metrics.h"

enum { SWEEP_MS = 1000 };

enum phase { RUN, DRAIN, ABORT };

struct dc_loop {
  uv_thread_t thread;
  uv_loop_t uv;
  uv_async_t wake;
  uv_timer_t sweep;
  uv_tcp_t first; /* see start */
  size_t place, places; /* among the loops */
  struct dc_conn_group group;
  bool ending;

  /* what other threads touch */
  uv_mutex_t mutex; /* guards the inbox */
  uv_os_sock_t *inbox;
  size_t inbox_count, inbox_room;
  atomic_int phase;
  atomic_bool retry; /* parked calls are due */
  atomic_size_t load;
  atomic_bool ended;
  uv_async_t *notify;
};

/* --- the loop's own thread ---------------------------------------------------------------------------------------- */

static void on_sweep(uv_timer_t *timer) {
  struct dc_loop *loop = timer->data;
  dc_conn_sweep(&loop->group);
  if (loop->group.count == 0) uv_timer_stop(timer); /* an idle server does not wake up */
}

static void end_if_done(struct dc_loop *loop) {
  if (loop->ending || atomic_load(&loop->phase) == RUN || atomic_load(&loop->load) > 0) return;
  loop->ending = true;
  uv_close((uv_handle_t *)&loop->sweep, NULL);
  uv_close((uv_handle_t *)&loop->wake, NULL);
}

static void on_conn_closed(void *user) {
  struct dc_loop *loop = user;
  atomic_fetch_sub(&loop->load, 1);
  end_if_done(loop);
}

/* The first loops have the greater shares: whoever hands out connections prefers the first among equals, so none is
 * full before all are. */
static size_t share(const struct dc_loop *loop, const struct dc_snapshot *snapshot) {
  size_t max = (size_t)snapshot->policy->is.limits.max_connections;
  return max / loop->places + (loop->place < max % loop->places);
}

static void take_inbox(struct dc_loop *loop) {
  uv_mutex_lock(&loop->mutex);
  uv_os_sock_t *sockets = loop->inbox;
  size_t count = loop->inbox_count;
  loop->inbox = NULL;
  loop->inbox_count = loop->inbox_room = 0;
  uv_mutex_unlock(&loop->mutex);
  if (count == 0) return;
  const struct dc_snapshot *snapshot = dc_live_get(loop->group.live);
  for (size_t i = 0; i < count; i++) dc_conn_open(&loop->group, sockets[i], snapshot, share(loop, snapshot));
  dc_snapshot_unref(snapshot);
  free(sockets);
  if (!uv_is_active((uv_handle_t *)&loop->sweep))
    uv_timer_start(&loop->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
}

static void on_wake(uv_async_t *async) {
  struct dc_loop *loop = async->data;
  int phase = atomic_load(&loop->phase);
  take_inbox(loop);
  if (atomic_exchange(&loop->retry, false)) dc_conn_retry(&loop->group);
  if (phase != RUN && !loop->group.draining) dc_conn_drain(&loop->group);
  if (phase == ABORT) dc_conn_abort(&loop->group);
  end_if_done(loop);
}

static void run(void *user) {
  struct dc_loop *loop = user;
  uv_run(&loop->uv, UV_RUN_DEFAULT);
  atomic_store(&loop->ended, true);
  uv_async_send(loop->notify);
}

/* --- the main thread ---------------------------------------------------------------------------------------------- */

static void loop_free(struct dc_loop *loop) {
  uv_mutex_destroy(&loop->mutex);
  dc_conn_group_free(&loop->group);
  free(loop->inbox);
  free(loop);
}

static void uv_free(uv_loop_t *uv, uv_handle_t *wake, uv_handle_t *sweep) {
  uv_close(wake, NULL);
  uv_close(sweep, NULL);
  uv_run(uv, UV_RUN_DEFAULT);
  uv_loop_close(uv);
}

static int start(struct dc_loop *loop, struct dc_err *err) {
  int rc = dc_conn_group_init(&loop->group, err);
  if (rc) return rc;
  if ((rc = uv_loop_init(&loop->uv)))
    return dc_err_set(err, DC_EIO, "cannot make an event loop: %s", uv_strerror(rc));
  (void)uv_async_init(&loop->uv, &loop->wake, on_wake);
  (void)uv_timer_init(&loop->uv, &loop->sweep);
  /* with a loop's first stream libuv opens a descriptor of its own: now, not when the last ones are fought for */
  (void)uv_tcp_init(&loop->uv, &loop->first);
  uv_close((uv_handle_t *)&loop->first, NULL);
  loop->wake.data = loop->sweep.data = loop;
  if ((rc = uv_thread_create(&loop->thread, run, loop))) {
    uv_free(&loop->uv, (uv_handle_t *)&loop->wake, (uv_handle_t *)&loop->sweep);
    return dc_err_set(err, DC_EIO, "cannot start a thread: %s", uv_strerror(rc));
  }
  return 0;
}

int dc_loop_start(const struct dc_sentry_config *config, struct dc_live *live, size_t place, size_t places,
                  uv_async_t *ended, struct dc_loop **out, struct dc_err *err) {
  struct dc_loop *loop = calloc(1, sizeof *loop);
  if (!loop) return dc_err_nomem(err);
  loop->place = place;
  loop->places = places;
  loop->notify = ended;
  loop->group = (struct dc_conn_group){
      .uv = &loop->uv, .config = config, .live = live, .closed = on_conn_closed, .user = loop};
  if (uv_mutex_init(&loop->mutex)) {
    free(loop);
    return dc_err_nomem(err);
  }
  int rc = start(loop, err);
  if (rc)
    loop_free(loop);
  else
    *out = loop;
  return rc;
}

void dc_loop_give(struct dc_loop *loop, uv_os_sock_t take_socket) {
  atomic_fetch_add(&loop->load, 1);
  uv_mutex_lock(&loop->mutex);
  if (loop->inbox_count == loop->inbox_room) {
    size_t room = loop->inbox_room ? 2 * loop->inbox_room : 16;
    uv_os_sock_t *more = realloc(loop->inbox, room * sizeof *more);
    if (more) {
      loop->inbox = more;
      loop->inbox_room = room;
    }
  }
  bool taken = loop->inbox_count < loop->inbox_room;
  if (taken) loop->inbox[loop->inbox_count++] = take_socket;
  uv_mutex_unlock(&loop->mutex);
  if (taken) {
    uv_async_send(&loop->wake);
  } else {
    atomic_fetch_sub(&loop->load, 1);
    dc_metrics_add(DC_METRIC_TURNED_UNSERVED);
    dc_conn_discard(take_socket);
  }
}

size_t dc_loop_load(const struct dc_loop *loop) { return atomic_load(&loop->load); }

bool dc_loop_has_idle(const struct dc_loop *loop) { return dc_loop_load(loop) > atomic_load(&loop->group.busy); }

static void set_phase(struct dc_loop *loop, enum phase phase) {
  if (atomic_load(&loop->ended)) return;
  atomic_store(&loop->phase, phase);
  uv_async_send(&loop->wake);
}

void dc_loop_retry(struct dc_loop *loop) {
  if (atomic_load(&loop->ended)) return;
  atomic_store(&loop->retry, true);
  uv_async_send(&loop->wake);
}

void dc_loop_drain(struct dc_loop *loop) { set_phase(loop, DRAIN); }
void dc_loop_abort(struct dc_loop *loop) { set_phase(loop, ABORT); }
bool dc_loop_ended(const struct dc_loop *loop) { return atomic_load(&loop->ended); }

void dc_loop_join(struct dc_loop *loop) {
  if (!loop) return;
  uv_thread_join(&loop->thread);
  uv_loop_close(&loop->uv);
  loop_free(loop);
}
