/* SPDX-License-Identifier: Apache-2.0 */
/* The server's life: start, signals, drain, end. All of it on the main thread. */
#include "config.h"

#include "sentry/sentry.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#ifdef HAVE_MALLOC_H
#include <malloc.h>
#endif

#include "base/clock.h"
#include "base/duration.h"
#include "base/log.h"
#include "base/os.h"
#include "sentry/auto_rotate.h"
#include "sentry/endpoints.h"
#include "sentry/expiry.h"
#include "sentry/flood.h"
#include "sentry/listener.h"
#include "sentry/live.h"
#include "sentry/loop.h"
#include "sentry/metrics.h"
#include "sentry/reload.h"
#include "sentry/restart.h"
#include "sentry/systemd.h"
#include "store/layout.h"
#include "store/publish.h"

static const char scope[] = "dapr.sentry";

enum { TICK_MS = 1000, RENEWAL_MAX_MS = 60000, CLOCK_SET_MS = 2000, LOOPS_MAX = 256, BURST = 64 };

enum { SIGNALS = 3 };
#ifdef _WIN32
enum { RELOAD_SIGNAL = 0 }; /* there SIGHUP is a console that is closed, and SIGBREAK Ctrl-Break */
static const int signal_numbers[SIGNALS] = {SIGINT, SIGBREAK, SIGHUP};
#else
enum { RELOAD_SIGNAL = SIGHUP };
static const int signal_numbers[SIGNALS] = {SIGINT, SIGTERM, SIGHUP};
#endif

struct sentry {
  const struct dc_sentry_config *config;
  uv_loop_t uv;
  struct dc_live *live;
  struct dc_reload *reload;
  struct dc_auto_rotate *rotate; /* NULL: not asked for */
  struct dc_listener *listener;
  struct dc_endpoints endpoints;
  int64_t warned_at; /* wall clock: when the log last told of certificates that end */
  const struct dc_authority *warned_of; /* and of which: compared alone */
  struct dc_loop **loops;
  size_t loop_count;
  uv_signal_t signals[SIGNALS];
  uv_timer_t tick, drain_timer, watchdog;
  uv_async_t loop_ended, end_wanted;
  struct {
    int64_t wait;   /* ms, until the one that failed is tried again; 0: the last one did not */
    int64_t at;     /* ms, monotonic: when */
    int64_t clocks; /* ms: by how much the wall clock was ahead of the monotonic one */
  } renewal;        /* of the serving certificate */
  size_t peak; /* connections at once since memory was last given back */
  bool draining, cut_short;
  bool told, told_jwks; /* the validator, and which */
};

/* --- work of the main thread -------------------------------------------------------------------------------------- */

static size_t connections(const struct sentry *sentry) {
  size_t count = 0;
  for (size_t i = 0; i < sentry->loop_count; i++) count += dc_loop_load(sentry->loops[i]);
  return count;
}

/* The one with the fewest connections; where all have their share, of those that can make room. With fewer connections
 * than loops, as the limit may have become, the last loops have no share. */
static struct dc_loop *choose_loop(const struct sentry *sentry) {
  size_t max = (size_t)dc_live_limits(sentry->live)->max_connections;
  bool is_full = connections(sentry) >= max;
  struct dc_loop *best = sentry->loops[0];
  bool best_fits = !is_full || dc_loop_has_idle(best);
  for (size_t i = 1; i < sentry->loop_count && i < max; i++) {
    struct dc_loop *loop = sentry->loops[i];
    bool fits = !is_full || dc_loop_has_idle(loop);
    if (fits < best_fits || (fits == best_fits && dc_loop_load(loop) >= dc_loop_load(best))) continue;
    best = loop;
    best_fits = fits;
  }
  return best;
}

static void on_accepted(uv_os_sock_t socket, void *user) {
  struct sentry *sentry = user;
  dc_loop_give(choose_loop(sentry), socket);
  size_t now = connections(sentry);
  if (now > sentry->peak) sentry->peak = now;
}

/* The allocator keeps what a burst of connections needed; the system gets it back when the burst is over. */
static void give_memory_back(struct sentry *sentry) {
  size_t now = connections(sentry);
  if (sentry->peak < BURST || now > sentry->peak / 8) return;
  sentry->peak = now;
#ifdef HAVE_MALLOC_TRIM
  malloc_trim(0);
#endif
}

/* What failed is tried again after a second, then after twice as long each time; at once when the wall clock was set. */
static bool waits_to_renew(struct sentry *sentry, int64_t now, int64_t clocks) {
  int64_t set_by = clocks - sentry->renewal.clocks;
  if (set_by <= -CLOCK_SET_MS || set_by >= CLOCK_SET_MS) sentry->renewal.wait = 0;
  return sentry->renewal.wait && now < sentry->renewal.at;
}

/* By the wall clock, which may be set at any time: looked at each tick, which costs a comparison. */
static void renew(struct sentry *sentry) {
  struct dc_err err = DC_ERR_INIT;
  char text[DC_DURATION_TEXT_MAX];
  int64_t now = dc_clock_mono_ms(), clocks = dc_clock_wall_ns() / 1000000 - now;
  if (waits_to_renew(sentry, now, clocks)) return;
  int rc = dc_live_renew(sentry->live, &err);
  if (rc == 1) dc_log_write(DC_LOG_INFO, scope, "renewed the serving certificate");
  int64_t wait = sentry->renewal.wait ? 2 * sentry->renewal.wait : TICK_MS;
  if (wait > RENEWAL_MAX_MS) wait = RENEWAL_MAX_MS;
  sentry->renewal.wait = rc < 0 ? wait : 0;
  sentry->renewal.at = now + wait;
  sentry->renewal.clocks = clocks;
  if (rc < 0)
    dc_log_write(DC_LOG_ERROR, scope, "cannot renew the serving certificate; trying again in %s: %s",
                 dc_duration_text(wait * (DC_SECOND / 1000), text), err.text);
}

/* What the certificates do not tell of a rotation; nothing where it cannot be read, which the reload tells. */
static struct dc_state read_state(const struct sentry *sentry) {
  static const char *const names[] = {DC_LAYOUT_STATE};
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_state state = {0};
  if (dc_publish_read(sentry->config->dir, names, DC_COUNT(names), DC_PUBLISH_FILE_MAX, &text, NULL) ||
      dc_state_parse(&text, &state, NULL))
    return (struct dc_state){0};
  return state;
}

static void tell_silent(const struct sentry *sentry, int64_t since) {
  struct dc_buf names DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_err err = DC_ERR_INIT;
  size_t count = 0;
  if (!sentry->config->audit) return;
  int rc = dc_restart_silent(dc_audit_path(sentry->config->audit), since, &count, &names, &err);
  if (rc)
    dc_log_write(DC_LOG_WARN, scope, "%s", err.text);
  else if (count)
    dc_log_write(DC_LOG_WARN, scope, "%zu identities have not renewed since: %s%s", count, dc_buf_text(&names),
                 count > DC_RESTART_NAMES_MAX ? ", ..." : "");
}

static void warn_of_restarts(const struct sentry *sentry, const struct dc_authority *authority, int64_t now) {
  const struct dc_state state = read_state(sentry);
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  int64_t since = 0;
  for (size_t i = 0; dc_restart_warning(authority, &state, now, i, &since, &text); i++, dc_buf_clear(&text)) {
    dc_log_write(DC_LOG_WARN, scope, "%s", dc_buf_text(&text));
    tell_silent(sentry, since);
  }
}

/* Of new credentials at once, and hourly by the wall clock, so that a machine that slept is told on its return. */
static void warn_of_expiry(struct sentry *sentry) {
  int64_t now = dc_clock_wall();
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  const struct dc_snapshot *snapshot = dc_live_get(sentry->live);
  bool is_new = snapshot->authority != sentry->warned_of;
  if (is_new || now < sentry->warned_at || now >= sentry->warned_at + DC_EXPIRY_EVERY_S) {
    sentry->warned_of = snapshot->authority;
    sentry->warned_at = now;
    for (size_t i = 0; dc_expiry_warning(snapshot->authority, now, i, &text); i++, dc_buf_clear(&text))
      dc_log_write(DC_LOG_WARN, scope, "%s", dc_buf_text(&text));
    warn_of_restarts(sentry, snapshot->authority, now);
  }
  dc_snapshot_unref(snapshot);
}

static void on_tick(uv_timer_t *timer) {
  struct sentry *sentry = timer->data;
  dc_flood_tick(dc_clock_mono_ms());
  give_memory_back(sentry);
  dc_endpoints_tick(&sentry->endpoints);
  warn_of_expiry(sentry);
  dc_listener_retry(sentry->listener);
  renew(sentry);
  if (!sentry->draining) dc_auto_rotate_tick(sentry->rotate);
}

static void reopen_logs(struct sentry *sentry) {
  struct dc_err err = DC_ERR_INIT;
  if (sentry->config->log_file && dc_log_reopen(sentry->config->log_file, &err))
    dc_log_write(DC_LOG_ERROR, scope, "the log was not opened anew: %s", err.text);
  if (sentry->config->audit && dc_audit_reopen(sentry->config->audit, &err))
    dc_log_write(DC_LOG_ERROR, scope, "the audit log was not opened anew: %s", err.text);
}

static void reload(struct sentry *sentry) {
  dc_systemd_notify_reloading();
  dc_reload_now(sentry->reload);
  sentry->warned_at = 0; /* what was warned of may be gone, or worse */
  dc_auto_rotate_now(sentry->rotate);
  dc_systemd_notify("READY=1");
}

/* --- the end ------------------------------------------------------------------------------------------------------ */

static void close_handles(struct sentry *sentry) {
  for (size_t i = 0; i < SIGNALS; i++) uv_close((uv_handle_t *)&sentry->signals[i], NULL);
  uv_close((uv_handle_t *)&sentry->tick, NULL);
  uv_close((uv_handle_t *)&sentry->drain_timer, NULL);
  uv_close((uv_handle_t *)&sentry->watchdog, NULL);
  uv_close((uv_handle_t *)&sentry->loop_ended, NULL);
  dc_os_on_end(NULL, NULL);
  uv_close((uv_handle_t *)&sentry->end_wanted, NULL);
  dc_reload_close(sentry->reload);
  dc_auto_rotate_close(sentry->rotate);
  dc_live_stop(sentry->live);
}

static void abort_loops(struct sentry *sentry) {
  for (size_t i = 0; i < sentry->loop_count; i++) dc_loop_abort(sentry->loops[i]);
}

static void on_drain_timeout(uv_timer_t *timer) {
  struct sentry *sentry = timer->data;
  dc_log_write(DC_LOG_WARN, scope, "%zu connections did not end in time and are cut", connections(sentry));
  abort_loops(sentry);
}

static void on_loop_ended(uv_async_t *async) {
  struct sentry *sentry = async->data;
  for (size_t i = 0; i < sentry->loop_count; i++)
    if (!dc_loop_ended(sentry->loops[i])) return;
  close_handles(sentry);
}

static void drain(struct sentry *sentry) {
  dc_systemd_notify("STOPPING=1");
  dc_health_set(&sentry->endpoints.health, DC_HEALTH_GRPC, false);
  sentry->draining = true;
  dc_log_write(DC_LOG_INFO, scope, "Shutting down gRPC server");
  dc_listener_close(sentry->listener);
  sentry->listener = NULL;
  for (size_t i = 0; i < sentry->loop_count; i++) dc_loop_drain(sentry->loops[i]);
  int64_t timeout = dc_live_limits(sentry->live)->drain_timeout;
  uv_timer_start(&sentry->drain_timer, on_drain_timeout, (uint64_t)(timeout / 1000000), 0);
}

static void end(struct sentry *sentry) {
  if (!sentry->draining) {
    drain(sentry);
  } else {
    sentry->cut_short = true;
    abort_loops(sentry);
  }
}

static void on_signal(uv_signal_t *handle, int number) {
  struct sentry *sentry = handle->data;
  if (number != RELOAD_SIGNAL) {
    end(sentry);
    return;
  }
  reopen_logs(sentry);
  if (!sentry->draining) reload(sentry);
}

/* Where that comes by no signal. */
static void on_end_wanted(uv_async_t *async) { end(async->data); }
static void want_end(void *async) { (void)uv_async_send(async); }

/* --- the beginning ------------------------------------------------------------------------------------------------ */

/* Each connection is a descriptor: take as many as the system lets us have. */
static void raise_descriptor_limit(void) {
#ifdef RLIMIT_NOFILE
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
  }
#endif
}

static size_t loops_wanted(const struct dc_limits *limits) {
  size_t count = limits->loops > 0 ? (size_t)limits->loops : uv_available_parallelism();
  if (count > LOOPS_MAX) count = LOOPS_MAX;
  if (count > (size_t)limits->max_connections) count = (size_t)limits->max_connections;
  return count < 1 ? 1 : count;
}

static int start_loops(struct sentry *sentry, struct dc_err *err) {
  size_t wanted = loops_wanted(&sentry->config->policy.limits);
  sentry->loops = calloc(wanted, sizeof *sentry->loops);
  if (!sentry->loops) return dc_err_nomem(err);
  for (size_t i = 0; i < wanted; i++) {
    int rc = dc_loop_start(sentry->config, sentry->live, i, wanted, &sentry->loop_ended, &sentry->loops[i], err);
    if (rc) return rc;
    sentry->loop_count++;
  }
  return 0;
}

static void write_addresses(const struct sentry *sentry, struct dc_buf *out, const char *before, const char *between) {
  const char *address = NULL;
  for (size_t i = 0; (address = dc_listener_address(sentry->listener, i)); i++)
    dc_buf_printf(out, "%s%s%s", i ? between : "", before, address);
}

/* --- the policy --------------------------------------------------------------------------------------------------- */

static bool is_of_this_machine(const char *address) {
  return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0 || strcmp(address, "localhost") == 0 ||
         strncmp(address, "unix:", 5) == 0;
}

static void tell_validator(struct sentry *sentry) {
  const struct dc_snapshot *snapshot = dc_live_get(sentry->live);
  bool jwks = snapshot->policy->keys != NULL, is_old = sentry->told && sentry->told_jwks == jwks;
  const char *address = sentry->config->addresses[0];
  dc_snapshot_unref(snapshot);
  if (is_old) return;
  sentry->told = true;
  sentry->told_jwks = jwks;
  dc_log_write(DC_LOG_INFO, scope, "Using validator '%s'", jwks ? "jwks" : "insecure");
  if (!jwks && !is_of_this_machine(address))
    dc_log_write(DC_LOG_WARN, scope,
                 "the 'insecure' validator gives any caller any identity, and '%s' can be reached by other machines",
                 address);
}

static void on_policy_changed(void *user) {
  struct sentry *sentry = user;
  tell_validator(sentry);
  dc_health_set(&sentry->endpoints.health, DC_HEALTH_JWKS, dc_live_has_keys(sentry->live));
  for (size_t i = 0; i < sentry->loop_count; i++) dc_loop_retry(sentry->loops[i]);
}

static int make_live(struct sentry *sentry, struct dc_err *err) {
  int rc = dc_live_new(sentry->config, &sentry->live, err);
  if (!rc) on_policy_changed(sentry);
  return rc;
}

/* --- the start ---------------------------------------------------------------------------------------------------- */

static int listen_for_calls(struct sentry *sentry, struct dc_err *err) {
  struct dc_bind bound = DC_BIND_INIT;
  bool passed = false;
  int rc = dc_bind_listener(&bound, "grpc", sentry->config->addresses, sentry->config->port, &passed, err);
  if (!rc) rc = dc_listener_new(&sentry->uv, &bound, &sentry->listener, err);
  if (rc) dc_bind_close(&bound);
  return rc;
}

static int tell_ready(const struct sentry *sentry, struct dc_err *err) {
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_buf file DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  write_addresses(sentry, &text, "", ", ");
  int rc = dc_buf_check(&text, err);
  if (!rc && sentry->config->ready_file) {
    write_addresses(sentry, &file, "grpc ", "\n");
    dc_buf_add_byte(&file, '\n');
    dc_endpoints_tell(&sentry->endpoints, &file);
    rc = dc_buf_check(&file, err);
    if (!rc) rc = dc_os_write_atomic(sentry->config->ready_file, 0644, file.data, file.len, true, err);
  }
  if (rc) return rc;
  dc_log_always(DC_LOG_INFO, scope, "Running gRPC server on %s", dc_buf_text(&text));
  return 0;
}

static void watch_signals(struct sentry *sentry) {
  for (size_t i = 0; i < SIGNALS; i++) {
    (void)uv_signal_init(&sentry->uv, &sentry->signals[i]);
    sentry->signals[i].data = sentry;
    (void)uv_signal_start(&sentry->signals[i], on_signal, signal_numbers[i]);
  }
#ifndef _WIN32
  (void)signal(SIGPIPE, SIG_IGN);
#endif
}

static void on_watchdog(uv_timer_t *timer) {
  (void)timer;
  dc_systemd_notify("WATCHDOG=1");
}

static void tell_service_manager(struct sentry *sentry) {
  uint64_t watchdog = dc_systemd_watchdog_ms();
  if (watchdog) uv_timer_start(&sentry->watchdog, on_watchdog, watchdog, watchdog);
  dc_systemd_notify("READY=1");
}

/* Our signals are this thread's: those that it makes while they are blocked never see them. */
static void block_signals(sigset_t *before) {
  sigset_t ours;
  sigemptyset(&ours);
  for (size_t i = 0; i < SIGNALS; i++) sigaddset(&ours, signal_numbers[i]);
  (void)pthread_sigmask(SIG_BLOCK, &ours, before);
}

static int serve(struct sentry *sentry, struct dc_err *err) {
  int rc = make_live(sentry, err);
  dc_health_set(&sentry->endpoints.health, DC_HEALTH_GRPC, false);
  if (!rc) rc = listen_for_calls(sentry, err);
  if (!rc) rc = start_loops(sentry, err);
  if (!rc) rc = dc_live_start(sentry->live, &sentry->uv, on_policy_changed, sentry, err);
  if (!rc) rc = dc_endpoints_start(&sentry->endpoints, sentry->config, sentry->live, err);
  if (!rc) rc = dc_listener_start(sentry->listener, on_accepted, sentry, err);
  if (!rc) rc = dc_reload_new(&sentry->uv, sentry->config, &sentry->reload, err);
  if (!rc && sentry->config->rotate_program)
    rc = dc_auto_rotate_new(&sentry->uv, sentry->config, sentry->live, &sentry->rotate, err);
  if (!rc) dc_health_set(&sentry->endpoints.health, DC_HEALTH_GRPC, true);
  if (!rc) warn_of_expiry(sentry);
  if (!rc) rc = tell_ready(sentry, err);
  if (rc) return rc;
  dc_reload_start(sentry->reload, sentry->live);
  uv_timer_start(&sentry->tick, on_tick, TICK_MS, TICK_MS);
  tell_service_manager(sentry);
  if (sentry->config->on_ready) sentry->config->on_ready();
  return 0;
}

static int init_handles(struct sentry *sentry, struct dc_err *err) {
  int rc = uv_loop_init(&sentry->uv);
  if (rc) return dc_err_set(err, DC_EIO, "cannot make an event loop: %s", uv_strerror(rc));
  (void)uv_timer_init(&sentry->uv, &sentry->tick);
  (void)uv_timer_init(&sentry->uv, &sentry->drain_timer);
  (void)uv_timer_init(&sentry->uv, &sentry->watchdog);
  (void)uv_async_init(&sentry->uv, &sentry->loop_ended, on_loop_ended);
  (void)uv_async_init(&sentry->uv, &sentry->end_wanted, on_end_wanted);
  sentry->tick.data = sentry->drain_timer.data = sentry->loop_ended.data = sentry->end_wanted.data = sentry;
  watch_signals(sentry);
  dc_os_on_end(want_end, &sentry->end_wanted);
  return 0;
}

/* A start that failed half-way ends like any other end: loops drained, handles closed by the last of them. */
static void give_up(struct sentry *sentry) {
  sentry->draining = true;
  dc_listener_close(sentry->listener);
  sentry->listener = NULL;
  abort_loops(sentry);
  if (sentry->loop_count == 0) close_handles(sentry);
}

static int check_addresses(const struct dc_sentry_config *config, struct dc_err *err) {
  const struct dc_endpoint_config *const endpoints[] = {&config->healthz, &config->metrics, &config->oidc.endpoint};
  int rc = dc_bind_check(config->addresses, err);
  for (size_t i = 0; i < DC_COUNT(endpoints) && !rc; i++)
    if (endpoints[i]->enabled) rc = dc_bind_check(endpoints[i]->addresses, err);
  return rc;
}

int dc_sentry_check(const struct dc_sentry_config *config, enum dc_sentry_part part, struct dc_err *err) {
  if (part == DC_SENTRY_ADDRESSES) return check_addresses(config, err);
  if (part != DC_SENTRY_OIDC) return dc_live_check(config, part, err);
  return config->oidc.endpoint.enabled ? dc_oidc_check(config, err) : 0;
}

int dc_sentry_run(const struct dc_sentry_config *config, struct dc_err *err) {
  struct sentry sentry = {.config = config};
  int rc = init_handles(&sentry, err);
  if (rc) return rc;
  raise_descriptor_limit();
  sigset_t before;
  block_signals(&before);
  rc = serve(&sentry, err);
  (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (rc) give_up(&sentry);
  uv_run(&sentry.uv, UV_RUN_DEFAULT);
  for (size_t i = 0; i < sentry.loop_count; i++) dc_loop_join(sentry.loops[i]);
  free(sentry.loops);
  dc_endpoints_stop(&sentry.endpoints);
  dc_flood_tick(INT64_MAX);
  dc_live_free(sentry.live);
  uv_loop_close(&sentry.uv);
  if (!rc && config->ready_file) (void)unlink(config->ready_file);
  if (!rc && sentry.cut_short) return dc_err_set(err, DC_EDENIED, "a second signal ended the server with calls under way");
  return rc;
}
