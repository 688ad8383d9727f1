/* SPDX-License-Identifier: Apache-2.0 */
/* daprcerts-fetch, private: what stands at a URL, on standard output, behind a line that tells how long it is good.
 * `daprcerts sentry` runs it for key sets, so that the process which holds the CA's key makes no outbound call. */
#include "config.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/duration.h"
#include "base/os.h"
#include "tools/tool.h"

enum { STDIN_MAX = 1 << 22, REDIRECTS_MAX = 10, MILLISECOND = 1000000 };
static const int64_t max_age_max = INT64_C(1) << 31; /* RFC 9111, 1.2.2: what is more counts as this */

static struct {
  const char *url, *ca_certificate;
  int64_t timeout, max_bytes;
} opt = {.timeout = 30 * DC_SECOND, .max_bytes = 1 << 20};

static const struct dc_opt opts[] = {
    {.name = "url", .kind = DC_OPT_STRING, .value = &opt.url, .arg = "URL",
     .help = "http or https; with - the first line of standard input is it: a URL may hold a password"},
    {.name = "ca-certificate", .kind = DC_OPT_STRING, .value = &opt.ca_certificate, .arg = "FILE",
     .help = "trust the certificates (PEM) in it and no others; with - those on standard input",
     .shown = "the system's"},
    {.name = "timeout", .kind = DC_OPT_DURATION, .value = &opt.timeout, .min = 1, .arg = "DURATION",
     .help = "what all of it may take", .shown = "30s"},
    {.name = "max-bytes", .kind = DC_OPT_NUMBER, .value = &opt.max_bytes, .min = 1, .max = 1 << 30, .arg = "N",
     .help = "the largest answer that is accepted", .shown = "1048576"},
};

static const struct dc_cli cli = {
    .program = "daprcerts fetch",
    .operands = "",
    .summary = "Print a line \"max-age N\", the seconds for which the answer is good or -1, and what stands at a URL.",
    .opts = opts,
    .opt_count = DC_COUNT(opts),
    .notes = "At most 10 redirects are followed, none from https to http. Proxies of the environment are not used.\n"
             "Exit status: 0 fetched, 1 failed, 2 wrong usage."};

struct fetch {
  CURL *curl;
  CURLU *url;
  char *shown;       /* the URL for messages: without password and query */
  int ca_fd;         /* a file without a name: libcurl takes no certificates from memory when it uses GnuTLS; -1 */
  char ca_path[32];  /* and the path that it has nevertheless */
  char why[CURL_ERROR_SIZE];
  struct dc_buf body;
};

/* --- what is asked for -------------------------------------------------------------------------------------------- */

static char *url_text(CURLU *url, struct dc_err *err) {
  char *text = NULL, *own = NULL;
  if (!curl_url_get(url, CURLUPART_URL, &text, 0)) own = strdup(text);
  curl_free(text);
  if (!own) (void)dc_err_nomem(err);
  return own;
}

/* "scheme://host:port/path": the rest may hold a secret. */
static int show_url(struct fetch *fetch, struct dc_err *err) {
  static const CURLUPart secret[] = {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_OPTIONS, CURLUPART_QUERY,
                                     CURLUPART_FRAGMENT};
  CURLU *copy = curl_url_dup(fetch->url);
  if (!copy) return dc_err_nomem(err);
  for (size_t i = 0; i < DC_COUNT(secret); i++) (void)curl_url_set(copy, secret[i], NULL, 0);
  fetch->shown = url_text(copy, err);
  curl_url_cleanup(copy);
  return fetch->shown ? 0 : DC_ENOMEM;
}

static bool has_scheme(CURLU *url, const char *name) {
  char *scheme = NULL;
  bool same = !curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) && strcmp(scheme, name) == 0;
  curl_free(scheme);
  return same;
}

static int parse_url(struct fetch *fetch, const char *text, struct dc_err *err) {
  fetch->url = curl_url();
  if (!fetch->url) return dc_err_nomem(err);
  if (curl_url_set(fetch->url, CURLUPART_URL, text, 0) ||
      (!has_scheme(fetch->url, "http") && !has_scheme(fetch->url, "https")))
    return dc_err_set(err, DC_EINVAL, "the URL must begin with http:// or https://");
  return show_url(fetch, err);
}

/* The PEM as a file that has no name in any directory. */
static int keep_ca(struct fetch *fetch, const char *pem, struct dc_err *err) {
#ifdef HAVE_MEMFD_CREATE
  fetch->ca_fd = memfd_create("ca-certificate", MFD_CLOEXEC);
#else
  FILE *file = tmpfile();
  fetch->ca_fd = file ? dup(fileno(file)) : -1;
  if (file) fclose(file);
#endif
  if (fetch->ca_fd < 0) return dc_err_sys(err, errno, "cannot keep the CA certificate in a temporary file");
  int rc = dc_os_write_fd(fetch->ca_fd, "the temporary file", pem, strlen(pem), err);
  if (!rc && lseek(fetch->ca_fd, 0, SEEK_SET) < 0) rc = dc_err_sys(err, errno, "cannot read the temporary file");
  snprintf(fetch->ca_path, sizeof fetch->ca_path, "/dev/fd/%d", fetch->ca_fd);
  return rc;
}

/* Options with "-" take their value from standard input: the URL its first line, the CA certificate what follows. */
static int read_options(struct fetch *fetch, struct dc_err *err) {
  struct dc_buf input DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  bool url_there = opt.url && strcmp(opt.url, "-") == 0;
  bool ca_there = opt.ca_certificate && strcmp(opt.ca_certificate, "-") == 0;
  if (!opt.url) return dc_err_set(err, DC_EUSAGE, "option '--url' is needed");
  int rc = url_there || ca_there ? dc_os_read_file("-", STDIN_MAX, &input, err) : 0;
  if (rc) return rc;
  dc_buf_add_byte(&input, '\0');
  if ((rc = dc_buf_check(&input, err))) return rc;
  char *line = (char *)input.data, *rest = line;
  if (url_there) {
    rest = line + strcspn(line, "\r\n");
    if (*rest) *rest++ = '\0';
  }
  rc = parse_url(fetch, url_there ? line : opt.url, err);
  return !rc && ca_there ? keep_ca(fetch, rest, err) : rc;
}

/* --- how long the answer is good ---------------------------------------------------------------------------------- */

/* Seconds, as a token or in quotes; -1 when they are none. */
static int64_t seconds_of(const char *text, size_t n) {
  int64_t seconds = 0;
  bool quoted = n >= 2 && text[0] == '"' && text[n - 1] == '"';
  const char *at = text + quoted, *end = text + n - quoted;
  if (at == end) return -1;
  for (; at < end; at++) {
    if (*at < '0' || *at > '9') return -1;
    if (seconds < max_age_max) seconds = 10 * seconds + (*at - '0');
  }
  return seconds < max_age_max ? seconds : max_age_max;
}

static bool is_named(const char *directive, size_t n, const char *name) {
  return n == strlen(name) && strncasecmp(directive, name, n) == 0;
}

static void take_directive(const char *text, size_t n, int64_t *max_age, bool *never) {
  static const char name[] = "max-age=";
  enum { NAME = sizeof name - 1 };
  if (is_named(text, n, "no-store") || is_named(text, n, "no-cache")) *never = true;
  if (*max_age < 0 && n > NAME && strncasecmp(text, name, NAME) == 0) *max_age = seconds_of(text + NAME, n - NAME);
}

/* The length of a directive, up to a comma that is not in quotes. */
static size_t directive_length(const char *text) {
  size_t n = 0;
  for (bool quoted = false; text[n] && (quoted || text[n] != ','); n++) {
    if (text[n] == '"') quoted = !quoted;
    if (quoted && text[n] == '\\' && text[n + 1]) n++;
  }
  return n;
}

static void take_cache_control(const char *text, int64_t *max_age, bool *never) {
  while (*text) {
    size_t n = directive_length(text), first = strspn(text, " \t"), last = n;
    while (last > first && strchr(" \t", text[last - 1])) last--;
    if (first < last) take_directive(text + first, last - first, max_age, never);
    text += n + (text[n] == ',');
  }
}

/* By Cache-Control, else by Expires (RFC 9111, 5.2.2 and 5.3), as Dapr does; -1 when neither says. */
static int64_t max_age_of(CURL *curl) {
  struct curl_header *header = NULL;
  int64_t max_age = -1;
  bool never = false;
  for (size_t i = 0; !curl_easy_header(curl, "Cache-Control", i, CURLH_HEADER, -1, &header); i++)
    take_cache_control(header->value, &max_age, &never);
  if (never) return 0;
  if (max_age >= 0 || curl_easy_header(curl, "Expires", 0, CURLH_HEADER, -1, &header)) return max_age;
  time_t expires = curl_getdate(header->value, NULL), now = time(NULL);
  if (expires < 0 || expires < now) return 0;
  return expires - now < max_age_max ? (int64_t)(expires - now) : max_age_max;
}

/* --- the call ----------------------------------------------------------------------------------------------------- */

/* The page that comes with an error is dropped, and so is one with a redirect. */
static size_t on_body(char *bytes, size_t size, size_t n, void *user) {
  struct fetch *fetch = user;
  long status = 0;
  (void)curl_easy_getinfo(fetch->curl, CURLINFO_RESPONSE_CODE, &status);
  if (status / 100 == 2) dc_buf_add(&fetch->body, bytes, size * n);
  return fetch->body.failed ? 0 : size * n;
}

static int set_options(struct fetch *fetch) {
  CURL *curl = fetch->curl;
  const char *schemes = has_scheme(fetch->url, "https") ? "https" : "http,https";
  const char *ca = fetch->ca_fd >= 0 ? fetch->ca_path : opt.ca_certificate;
  int64_t ms = opt.timeout / MILLISECOND + (opt.timeout % MILLISECOND != 0);
  int rc = (int)curl_easy_setopt(curl, CURLOPT_CURLU, fetch->url);
  rc |= (int)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, fetch->why);
  rc |= (int)curl_easy_setopt(curl, CURLOPT_USERAGENT, PACKAGE_NAME "/" PACKAGE_VERSION);
  rc |= (int)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
  rc |= (int)curl_easy_setopt(curl, CURLOPT_WRITEDATA, fetch);
  rc |= (int)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  rc |= (int)curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, schemes);
  rc |= (int)curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
  rc |= (int)curl_easy_setopt(curl, CURLOPT_MAXREDIRS, (long)REDIRECTS_MAX);
  rc |= (int)curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
  rc |= (int)curl_easy_setopt(curl, CURLOPT_PROXY, "");
  rc |= (int)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)(ms < INT_MAX ? ms : INT_MAX));
  rc |= (int)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  rc |= (int)curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L); /* a name that is still looked up is not waited for */
  if (ca) { /* no path, or the system's would be trusted beside it */
    rc |= (int)curl_easy_setopt(curl, CURLOPT_CAINFO, ca);
    rc |= (int)curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
  }
  return rc;
}

static int perform(struct fetch *fetch, struct dc_err *err) {
  long status = 0;
  CURLcode rc = curl_easy_perform(fetch->curl);
  (void)curl_easy_getinfo(fetch->curl, CURLINFO_RESPONSE_CODE, &status);
  int full = dc_buf_check(&fetch->body, err);
  if (full) return dc_err_add(err, full, "cannot fetch '%s'", fetch->shown);
  if (rc)
    return dc_err_set(err, DC_EUNAVAIL, "cannot fetch '%s': %s", fetch->shown,
                      fetch->why[0] ? fetch->why : curl_easy_strerror(rc));
  if (status / 100 != 2)
    return dc_err_set(err, DC_EUNAVAIL, "cannot fetch '%s': the server answered with status %ld", fetch->shown, status);
  return 0;
}

static int print_answer(struct fetch *fetch, struct dc_err *err) {
  struct dc_buf head DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  dc_buf_printf(&head, "max-age %" PRId64 "\n", max_age_of(fetch->curl));
  int rc = dc_tool_print(&head, err);
  return rc ? rc : dc_tool_print(&fetch->body, err);
}

static void fetch_free(struct fetch *fetch) {
  if (fetch->curl) curl_easy_cleanup(fetch->curl);
  if (fetch->url) curl_url_cleanup(fetch->url);
  dc_mem_close(&fetch->ca_fd);
  free(fetch->shown);
  dc_buf_free(&fetch->body);
  curl_global_cleanup();
}

static int run(struct dc_err *err) {
  struct fetch fetch DC_CLEANUP(fetch_free) = {.ca_fd = -1, .body = {.max = (size_t)opt.max_bytes}};
  if (curl_global_init(CURL_GLOBAL_DEFAULT) || !(fetch.curl = curl_easy_init()))
    return dc_err_set(err, DC_EIO, "cannot start libcurl");
  int rc = read_options(&fetch, err);
  if (rc) return rc;
  if (set_options(&fetch)) return dc_err_set(err, DC_EIO, "this libcurl lacks something: 7.87 or later is needed");
  rc = perform(&fetch, err);
  return rc ? rc : print_answer(&fetch, err);
}

int main(int argc, char **argv) {
  struct dc_strings operands DC_CLEANUP(dc_strings_free) = {.count = 0};
  struct dc_err err = DC_ERR_INIT;
  int status = DC_EXIT_DONE;
  if (!dc_tool_begin(&cli, argc, argv, &operands, &status)) return status;
  int rc = run(&err);
  return dc_tool_end(&cli, rc, &err);
}
