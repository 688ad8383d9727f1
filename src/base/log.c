/* SPDX-License-Identifier: Apache-2.0 */
/* Log records. The forms are those of logrus, which Dapr logs with: text fields quoted as Go's %q where they need it,
 * JSON with its keys in order and with what HTML knows escaped. */
#include <config.h>

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/utf8.h"

enum { RECORD_MAX = 65536 };

/* Set once, before threads start. */
static struct dc_log_config sink = {.fd = -1};

static const char *const level_names[] = {
  [DC_LOG_DEBUG] = "debug", [DC_LOG_INFO] = "info",   [DC_LOG_WARN] = "warning",
  [DC_LOG_ERROR] = "error", [DC_LOG_FATAL] = "fatal",
};

void dc_log_setup(const struct dc_log_config *config) { sink = *config; }

int dc_log_open(const char *path, int *fd, struct dc_err *err) {
  int opened = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0644);
  if (opened < 0) return dc_err_sys(err, errno, "cannot open the log file '%s'", path);
  *fd = opened;
  return 0;
}

int dc_log_reopen(const char *path, struct dc_err *err) {
  int fd DC_CLEANUP(dc_mem_close) = -1;
  int rc = dc_log_open(path, &fd, err);
  if (rc) return rc;
  if (dup2(fd, sink.fd) < 0) return dc_err_sys(err, errno, "cannot open the log file '%s'", path);
  (void)fcntl(sink.fd, F_SETFD, FD_CLOEXEC);
  return 0;
}

int dc_log_parse_level(const char *text, enum dc_log_level *level, struct dc_err *err) {
  for (size_t i = 0; i < DC_COUNT(level_names); i++) {
    if (strcasecmp(text, level_names[i]) != 0) continue;
    *level = (enum dc_log_level)i;
    return 0;
  }
  if (strcasecmp(text, "warn") == 0) {
    *level = DC_LOG_WARN;
    return 0;
  }
  return dc_err_set(err, DC_EINVAL, "'%s' is not a log level: expected debug, info, warn, error or fatal", text);
}

bool dc_log_enabled(enum dc_log_level level) { return sink.fd >= 0 && level >= sink.level; }

/* What Go's strconv.IsPrint refuses, as far as it can hide or reorder text: controls, spaces other than U+0020, format
 * characters, private use. */
static bool is_hidden(uint32_t r) {
  static const struct {
    uint32_t first, last;
  } hidden[] = {
    {0x00, 0x1f},     {0x7f, 0xa0},     {0xad, 0xad},         {0x600, 0x605},     {0x61c, 0x61c},
    {0x6dd, 0x6dd},   {0x70f, 0x70f},   {0x1680, 0x1680},     {0x180e, 0x180e},   {0x2000, 0x200f},
    {0x2028, 0x202f}, {0x205f, 0x206f}, {0x3000, 0x3000},     {0xe000, 0xf8ff},   {0xfeff, 0xfeff},
    {0xfff0, 0xfffb}, {0xfffe, 0xffff}, {0x1d173, 0x1d17a},   {0xe0000, 0x10ffff},
  };
  for (size_t i = 0; i < DC_COUNT(hidden); i++)
    if (r >= hidden[i].first && r <= hidden[i].last) return true;
  return false;
}

static void add_quoted_char(struct dc_buf *out, const unsigned char *s, size_t len, uint32_t rune) {
  static const char named[] = "\a\b\f\n\r\t\v", letters[] = "abfnrtv";
  const char *name = rune && rune < ' ' ? strchr(named, (int)rune) : NULL;
  if (rune == '"' || rune == '\\')
    dc_buf_printf(out, "\\%c", (int)rune);
  else if (name)
    dc_buf_printf(out, "\\%c", letters[name - named]);
  else if (!is_hidden(rune))
    dc_buf_add(out, s, len);
  else
    dc_buf_printf(out, rune < 0x80 ? "\\x%02x" : rune < 0x10000 ? "\\u%04x" : "\\U%08x", rune);
}

static bool is_plain(const char *text) {
  static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._/@^+";
  return text[strspn(text, plain)] == '\0';
}

static void add_text(struct dc_buf *out, const char *key, const char *value) {
  if (out->len) dc_buf_add_byte(out, ' ');
  dc_buf_printf(out, "%s=", key);
  if (is_plain(value)) {
    dc_buf_add_text(out, value);
    return;
  }
  dc_buf_add_byte(out, '"');
  const unsigned char *s = (const unsigned char *)value;
  for (size_t left = strlen(value), len; left > 0; s += len, left -= len) {
    len = dc_utf8_length(s, left);
    if (len > 0) {
      add_quoted_char(out, s, len, dc_utf8_rune(s, len));
    } else {
      len = 1;
      dc_buf_printf(out, "\\x%02x", s[0]);
    }
  }
  dc_buf_add_byte(out, '"');
}

static void add_json_char(struct dc_buf *out, const unsigned char *s, size_t len, uint32_t rune) {
  static const char named[] = "\b\f\n\r\t\"\\", letters[] = "bfnrt\"\\";
  const char *name = rune && rune < 0x80 ? strchr(named, (int)rune) : NULL;
  if (name)
    dc_buf_printf(out, "\\%c", letters[name - named]);
  else if (rune < ' ' || rune == '<' || rune == '>' || rune == '&' || rune == 0x2028 || rune == 0x2029)
    dc_buf_printf(out, "\\u%04x", rune);
  else
    dc_buf_add(out, s, len);
}

static void add_json(struct dc_buf *out, const char *key, const char *value) {
  dc_buf_printf(out, "%s\"%s\":\"", out->len ? "," : "{", key);
  const unsigned char *s = (const unsigned char *)value;
  for (size_t left = strlen(value), len; left > 0; s += len, left -= len) {
    len = dc_utf8_length(s, left);
    if (len > 0) {
      add_json_char(out, s, len, dc_utf8_rune(s, len));
    } else {
      len = 1;
      dc_buf_add_text(out, "\\ufffd");
    }
  }
  dc_buf_add_byte(out, '"');
}

/* A record that cannot be written is lost: there is nobody left to tell, and a full pipe must not stop a server. */
static void emit(const struct dc_buf *record) {
  size_t done = 0;
  while (done < record->len) {
    ssize_t n = write(sink.fd, record->data + done, record->len - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    done += (size_t)n;
  }
}

DC_PRINTF(3, 0)
static void write_record(enum dc_log_level level, const char *scope, const char *fmt, va_list args) {
  int kept = errno;
  char time[DC_CLOCK_TEXT_MAX];
  dc_clock_rfc3339_ns(dc_clock_wall_ns(), time);
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_buf record DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  dc_buf_vprintf(&text, fmt, args);
  const char *msg = dc_buf_text(&text);
  const char *instance = sink.instance ? sink.instance : "", *version = sink.version ? sink.version : "";
  const struct {
    const char *key, *value;
  } fields[][7] = {
    {{"time", time}, {"level", level_names[level]}, {"msg", msg}, {"instance", instance}, {"scope", scope},
     {"type", "log"}, {"ver", version}},
    {{"instance", instance}, {"level", level_names[level]}, {"msg", msg}, {"scope", scope}, {"time", time},
     {"type", "log"}, {"ver", version}},
  };
  for (size_t i = 0; i < DC_COUNT(fields[0]); i++)
    (sink.json ? add_json : add_text)(&record, fields[sink.json][i].key, fields[sink.json][i].value);
  dc_buf_add_text(&record, sink.json ? "}\n" : "\n");
  if (!text.failed && !record.failed) emit(&record);
  errno = kept;
}

void dc_log_write(enum dc_log_level level, const char *scope, const char *fmt, ...) {
  if (!dc_log_enabled(level)) return;
  va_list args;
  va_start(args, fmt);
  write_record(level, scope, fmt, args);
  va_end(args);
}

void dc_log_lines(enum dc_log_level level, const char *scope, const char *text) {
  for (size_t n; *text; text += n + (text[n] == '\n')) {
    n = strcspn(text, "\n");
    if (n) dc_log_write(level, scope, "%.*s", (int)n, text);
  }
}

void dc_log_always(enum dc_log_level level, const char *scope, const char *fmt, ...) {
  if (sink.fd < 0) return;
  va_list args;
  va_start(args, fmt);
  write_record(level, scope, fmt, args);
  va_end(args);
}
