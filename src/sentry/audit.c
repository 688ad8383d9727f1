/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "sentry/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/path.h"
#include "pki/bundle.h"

struct dc_audit {
  char *path;
  pthread_mutex_t mutex; /* guards what follows */
  int fd;
  bool broken; /* the last line has no end */
};

static int cannot_open(const char *path, int why, struct dc_err *err) {
  return dc_err_sys(err, why, "cannot open the audit log '%s'", path);
}

static int open_file(const char *path, int *fd, struct dc_err *err) {
  *fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0600);
  return *fd < 0 ? cannot_open(path, errno, err) : 0;
}

int dc_audit_check(const char *path, struct dc_err *err) {
  struct stat status;
  if (stat(path, &status) == 0) {
    if (S_ISDIR(status.st_mode)) return cannot_open(path, EISDIR, err);
    return access(path, W_OK) ? cannot_open(path, errno, err) : 0;
  }
  if (errno != ENOENT || !*path) return cannot_open(path, errno, err);
  char *dir = dc_path_parent(path);
  if (!dir) return dc_err_nomem(err);
  int why = access(dir, W_OK | X_OK) ? errno : 0;
  free(dir);
  return why ? cannot_open(path, why, err) : 0;
}

int dc_audit_open(const char *path, struct dc_audit **out, struct dc_err *err) {
  struct dc_audit *audit = calloc(1, sizeof *audit);
  if (!audit || !(audit->path = strdup(path))) {
    free(audit);
    return dc_err_nomem(err);
  }
  int rc = open_file(path, &audit->fd, err);
  if (rc) {
    free(audit->path);
    free(audit);
    return rc;
  }
  pthread_mutex_init(&audit->mutex, NULL);
  *out = audit;
  return 0;
}

void dc_audit_close(struct dc_audit *audit) {
  if (!audit) return;
  close(audit->fd);
  pthread_mutex_destroy(&audit->mutex);
  free(audit->path);
  free(audit);
}

const char *dc_audit_path(const struct dc_audit *audit) { return audit->path; }

int dc_audit_reopen(struct dc_audit *audit, struct dc_err *err) {
  int fd = -1, rc = open_file(audit->path, &fd, err);
  if (rc) return rc;
  pthread_mutex_lock(&audit->mutex);
  int old = audit->fd;
  audit->fd = fd;
  audit->broken = false;
  pthread_mutex_unlock(&audit->mutex);
  close(old);
  return 0;
}

static const struct dc_san *uri_of(const struct dc_cert *cert) {
  for (size_t i = 0; i < cert->san_count; i++)
    if (cert->sans[i].kind == DC_SAN_URI) return &cert->sans[i];
  return NULL;
}

static int make_line(const struct dc_audit_call *call, const struct dc_cert *cert, struct dc_buf *line,
                     struct dc_err *err) {
  struct dc_buf serial DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, key DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  char time[DC_CLOCK_TEXT_MAX], begins[DC_CLOCK_TEXT_MAX], ends[DC_CLOCK_TEXT_MAX];
  const struct dc_san *id = uri_of(cert);
  int rc = dc_spki_fingerprint(&cert->spki, &key, err);
  if (rc) return rc;
  dc_cert_serial_text(cert, &serial);
  json_t *object = json_pack(
      "{s:s, s:s%, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "time", dc_clock_rfc3339_ns(dc_clock_wall_ns(), time),
      "spiffe_id", id ? (const char *)id->value.data : "", id ? id->value.len : (size_t)0, "serial",
      dc_buf_text(&serial), "key_sha256", dc_buf_text(&key), "not_before", dc_clock_rfc3339(cert->not_before, begins),
      "not_after", dc_clock_rfc3339(cert->not_after, ends), "peer", call->peer, "validator", call->validator,
      "request", call->request);
  char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
  json_decref(object);
  if (!text) return dc_err_nomem(err);
  dc_buf_printf(line, "%s\n", text);
  free(text);
  return dc_buf_check(line, err);
}

/* One write, so that lines of other threads and servers stay whole; what is left of a half one follows. */
static int append(struct dc_audit *audit, const struct dc_buf *line, struct dc_err *err) {
  size_t done = 0;
  while (done < line->len) {
    ssize_t n = write(audit->fd, line->data + done, line->len - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      int why = errno;
      audit->broken = audit->broken || done > 0;
      return dc_err_sys(err, why, "cannot write to the audit log '%s'", audit->path);
    }
    done += (size_t)n;
  }
  audit->broken = false;
  return 0;
}

int dc_audit_write(struct dc_audit *audit, const struct dc_audit_call *call, struct dc_slice chain,
                   struct dc_err *err) {
  struct dc_bundle certs DC_CLEANUP(dc_bundle_free) = DC_BUNDLE_INIT;
  struct dc_buf line DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  int rc = dc_bundle_add_pem(&certs, (const char *)chain.data, chain.len, err);
  if (rc) return rc;
  pthread_mutex_lock(&audit->mutex);
  if (audit->broken) dc_buf_add_byte(&line, '\n');
  rc = make_line(call, certs.certs[0], &line, err);
  if (!rc) rc = append(audit, &line, err);
  pthread_mutex_unlock(&audit->mutex);
  return rc;
}
