/* SPDX-License-Identifier: Apache-2.0 */
/* One request in, one reply out, by the order of checks of the contract. */
#include "sentry/service.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#ifndef _WIN32
#include <sys/resource.h>
#endif
#include <unistd.h>

#include "../pki/csr-samples.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/os.h"
#include "base/path.h"
#include "base/pem.h"
#include "ca/init.h"
#include "pki/csr.h"
#include "rpc/messages.h"
#include "tap.h"

static char dir[] = "/tmp/daprcerts-service.XXXXXX";
static const char *const names[] = {"ca.crt", "issuer.crt", "issuer.key"};
/* what the policy says when it is read again */
static int64_t ttl = DC_HOUR;
static const struct dc_jwks_config *jwks;

static int read_policy(void *user, struct dc_sentry_policy *policy, struct dc_err *err) {
  (void)user;
  (void)err;
  policy->workload_ttl = ttl;
  policy->jwks = jwks;
  return 0;
}

static struct dc_sentry_config config = {
    .dir = dir, .ca_crt = "ca.crt", .issuer_crt = "issuer.crt", .issuer_key = "issuer.key",
    .policy = {.workload_ttl = DC_HOUR, .clock_skew = 15 * DC_MINUTE, .trust_domain = "cp.example",
               .namespace = "dapr-system"},
    .reread = read_policy,
};
static const struct dc_service_origin origin = {.peer = "127.0.0.1:40312", .request = "17.3"};
static _Atomic int answered;
static struct dc_live *live;
static struct dc_init_set set;
static struct dc_key *key;
static struct dc_buf csr; /* PEM, for the key */

/* A request; CSR NULL: that of the key above. */
struct asked {
  const char *id, *ns, *trust_domain, *csr;
  int32_t validator;
};

static char *text_of(const char *text) { return (char *)(uintptr_t)(text ? text : ""); }

static enum dc_grpc_status ask(struct asked asked, struct dc_grpc_reply *reply) {
  struct dc_buf message DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, pem DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  dc_buf_add_text(&pem, asked.csr ? asked.csr : dc_buf_text(&csr));
  const struct dc_sign_request request = {.id = text_of(asked.id ? asked.id : "app"),
                                          .token = text_of(NULL),
                                          .namespace = text_of(asked.ns ? asked.ns : "ns"),
                                          .trust_domain = text_of(asked.trust_domain),
                                          .csr = pem.data,
                                          .csr_len = pem.len,
                                          .validator = asked.validator};
  *reply = (struct dc_grpc_reply)DC_GRPC_REPLY_INIT;
  dc_sign_request_add(&message, &request);
  answered += dc_service_sign(live, &config, &origin, message.data, message.len, reply);
  return reply->status;
}

/* The answer's parts; false when it is none. */
static bool read_answer(const struct dc_grpc_reply *reply, struct dc_sign_response *response, struct dc_bundle *chain) {
  *response = (struct dc_sign_response){.valid_until = 0};
  return reply->status == DC_GRPC_OK &&
         dc_sign_response_parse(reply->message.data, reply->message.len, response, NULL) == 0 &&
         dc_bundle_add_pem(chain, dc_buf_text(&response->certificate), response->certificate.len, NULL) == 0;
}

static void test_answer(void) {
  struct dc_grpc_reply reply DC_CLEANUP(dc_grpc_reply_free) = DC_GRPC_REPLY_INIT;
  struct dc_sign_response response DC_CLEANUP(dc_sign_response_free) = {.valid_until = 0};
  struct dc_bundle chain DC_CLEANUP(dc_bundle_free) = DC_BUNDLE_INIT;
  int64_t before = dc_clock_wall();
  answered = 0;
  ask((struct asked){.trust_domain = "td.example"}, &reply);
  int64_t after = dc_clock_wall();
  if (!ok(read_answer(&reply, &response, &chain), "an answer")) return;
  const struct dc_cert *leaf = chain.certs[0];
  is_num(answered, 1, "at once");
  is_num(chain.count, 2, "leaf and issuer");
  ok(dc_slice_equal(chain.certs[1]->der, dc_authority_chain(set.authority)->certs[0]->der), "the issuer's certificate");
  ok(dc_spki_equal(&leaf->spki, dc_key_public(key)), "the key is the request's");
  ok(leaf->san_count == 1 && leaf->sans[0].kind == DC_SAN_URI &&
         dc_slice_equal(leaf->sans[0].value, DC_SLICE("spiffe://td.example/ns/ns/app")) && leaf->san_critical,
     "one name, the SPIFFE ID, critical");
  is_num(response.valid_until, leaf->not_after, "valid_until is the leaf's end");
  ok(leaf->not_after >= before + 3600 && leaf->not_after <= after + 3600, "an hour from now");
  ok(leaf->not_before >= before - 900 && leaf->not_before <= after - 900, "begun 15 minutes before");
  ok(response.anchors.len == set.ca_crt.len && memcmp(response.anchors.data, set.ca_crt.data, set.ca_crt.len) == 0,
     "the anchors, as ca.crt has them");
  is_num(dc_chain_verify(leaf, &chain, dc_authority_anchors(set.authority), DC_PURPOSE_CLIENT, after, NULL), 0,
         "it verifies");
}

/* Which DNS names come with an identity: "" for none. */
static void check_names(struct asked asked, const char *want) {
  struct dc_grpc_reply reply DC_CLEANUP(dc_grpc_reply_free) = DC_GRPC_REPLY_INIT;
  struct dc_sign_response response DC_CLEANUP(dc_sign_response_free) = {.valid_until = 0};
  struct dc_bundle chain DC_CLEANUP(dc_bundle_free) = DC_BUNDLE_INIT;
  struct dc_buf got DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  ask(asked, &reply);
  if (!ok(read_answer(&reply, &response, &chain), "%s in %s", asked.id ? asked.id : "app", asked.ns ? asked.ns : "ns"))
    return;
  const struct dc_cert *leaf = chain.certs[0];
  for (size_t i = 0; i < leaf->san_count; i++)
    if (leaf->sans[i].kind == DC_SAN_DNS)
      dc_buf_printf(&got, "%s%.*s", got.len ? " " : "", (int)leaf->sans[i].value.len,
                    (const char *)leaf->sans[i].value.data);
  is_text(dc_buf_text(&got), want, "its DNS names");
  is_num(dc_san_count(leaf->sans, leaf->san_count, DC_SAN_URI), 1, "and one SPIFFE ID");
  is_num(leaf->subject.len, 2, "nothing of the request's subject");
}

static const char *sample(const char *what) {
  for (size_t i = 0; i < DC_COUNT(samples); i++)
    if (strcmp(samples[i].what, what) == 0) return samples[i].pem;
  return "no such sample";
}

static void test_names(void) {
  const char *old = sample("Go, as daprd up to 1.11 labels it"), *middle = sample("openssl, P-256 with CN and DNS");
  const char *operator_csr = sample("openssl, RSA 2048 with names, as Dapr's operator");
  struct dc_buf old_label DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_pem block DC_CLEANUP(dc_pem_free) = DC_PEM_INIT;
  const char *at = dc_buf_text(&csr);
  size_t left = csr.len;
  if (dc_pem_next(&at, &left, &block, NULL) == 1) dc_pem_add(&old_label, "CERTIFICATE", block.der.data, block.der.len);
  check_names((struct asked){.csr = old}, "app.ns.svc.cluster.local");
  check_names((struct asked){.csr = dc_buf_text(&old_label)}, "app.ns.svc.cluster.local"); /* Ed25519, no names */
  check_names((struct asked){.csr = middle}, "app.ns.svc.cluster.local");
  check_names((struct asked){.csr = sample("openssl, P-256 with no names")}, "");
  check_names((struct asked){.csr = operator_csr}, "");
  check_names((struct asked){.id = "dapr-injector", .ns = "dapr-system"}, "dapr-sidecar-injector.dapr-system.svc");
  check_names((struct asked){.id = "dapr-operator", .ns = "dapr-system", .csr = operator_csr},
              "dapr-webhook.dapr-system.svc");
  check_names((struct asked){.id = "dapr-operator", .ns = "dapr-system", .csr = old}, "dapr-webhook.dapr-system.svc");
  check_names((struct asked){.id = "dapr-scheduler", .ns = "dapr-system"},
              "dapr-scheduler-server-0.dapr-scheduler-server.dapr-system.svc.cp.example "
              "dapr-scheduler-server-1.dapr-scheduler-server.dapr-system.svc.cp.example "
              "dapr-scheduler-server-2.dapr-scheduler-server.dapr-system.svc.cp.example");
  check_names((struct asked){.id = "dapr-placement", .ns = "dapr-system"}, "");
  check_names((struct asked){.id = "dapr-injector", .ns = "other"}, "");
  char ns[301];
  memset(ns, 'n', sizeof ns - 1);
  ns[sizeof ns - 1] = '\0';
  check_names((struct asked){.ns = ns, .csr = old}, "");
  config.legacy_dns = DC_LEGACY_DNS_ALWAYS;
  check_names((struct asked){.csr = NULL}, "app.ns.svc.cluster.local");
  check_names((struct asked){.id = "dapr-injector", .ns = "dapr-system"}, "dapr-sidecar-injector.dapr-system.svc");
  config.legacy_dns = DC_LEGACY_DNS_NEVER;
  check_names((struct asked){.csr = old}, "");
  config.legacy_dns = DC_LEGACY_DNS_AUTO;
}

static void test_kinds(void) {
  for (size_t i = 0; i < DC_COUNT(samples); i++) {
    struct dc_grpc_reply reply DC_CLEANUP(dc_grpc_reply_free) = DC_GRPC_REPLY_INIT;
    enum dc_grpc_status status = ask((struct asked){.csr = samples[i].pem}, &reply);
    is_num(status, samples[i].verify ? DC_GRPC_INVALID_ARGUMENT : DC_GRPC_OK, samples[i].what);
    if (samples[i].verify == DC_EWEAK)
      ok(strcmp(reply.text, "invalid signature") != 0 && reply.text[0], "why it is too weak is told: %s", reply.text);
    else if (samples[i].verify)
      is_text(reply.text, "invalid signature", "its text");
  }
}

#define GARBAGE "-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----\n"

static void test_refused(void) {
  static const struct {
    struct asked asked;
    int status;
    const char *text; /* its beginning */
  } rows[] = {
      /* in this order: each request breaks all that comes later */
      {{.id = "a/.", .ns = "..", .trust_domain = "Bad", .csr = "x", .validator = 9}, DC_GRPC_INVALID_ARGUMENT,
       "the requested validator is not enabled"},
      {{.id = "a/.", .ns = "..", .trust_domain = "Bad", .csr = "x"}, DC_GRPC_PERMISSION_DENIED,
       "invalid request: parameter app-id cannot contain dots"},
      {{.id = "a/b", .ns = "..", .trust_domain = "Bad", .csr = "x"}, DC_GRPC_PERMISSION_DENIED, ""},
      {{.id = "dapr-sentry", .ns = "dapr-system", .trust_domain = "cp.example", .csr = "x"}, DC_GRPC_PERMISSION_DENIED,
       "the identity of sentry itself is not given to others"},
      {{.id = "a/b", .ns = "..", .csr = "x"}, DC_GRPC_INVALID_ARGUMENT, "invalid certificate signing request"},
      {{.id = "a/b", .ns = "..", .csr = "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n"},
       DC_GRPC_INVALID_ARGUMENT, "invalid certificate signing request"},
      {{.id = "a/b", .ns = "..", .csr = GARBAGE}, DC_GRPC_INVALID_ARGUMENT,
       "failed to parse certificate signing request: "},
      {{.id = "a/b"}, DC_GRPC_INTERNAL, "failed to sign certificate"},
      {{.ns = ".."}, DC_GRPC_INTERNAL, "failed to sign certificate"},
  };
  for (size_t i = 0; i < DC_COUNT(rows); i++) {
    struct dc_grpc_reply reply DC_CLEANUP(dc_grpc_reply_free) = DC_GRPC_REPLY_INIT;
    is_num(ask(rows[i].asked, &reply), rows[i].status, "refused");
    ok(strncmp(reply.text, rows[i].text, strlen(rows[i].text)) == 0 && reply.text[0], "with its text: %s", reply.text);
    is_num(reply.message.len, 0, "and no message");
  }
}

static void test_forged(void) {
  struct dc_buf forged DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, pem DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_grpc_reply reply DC_CLEANUP(dc_grpc_reply_free) = DC_GRPC_REPLY_INIT;
  if (dc_csr_make(key, NULL, 0, &forged, NULL)) return;
  forged.data[forged.len - 1] ^= 1;
  dc_pem_add(&pem, "CERTIFICATE REQUEST", forged.data, forged.len);
  is_num(ask((struct asked){.csr = dc_buf_text(&pem)}, &reply), DC_GRPC_INVALID_ARGUMENT, "another's key");
  is_text(reply.text, "invalid signature", "does not sign");
}

static void test_bytes(void) {
  struct dc_grpc_reply reply DC_CLEANUP(dc_grpc_reply_free) = DC_GRPC_REPLY_INIT;
  ok(dc_service_sign(live, &config, &origin, (const uint8_t *)"\x0a\x05" "ab", 4, &reply), "bytes are answered");
  is_num(reply.status, DC_GRPC_INTERNAL, "what is no message");
  ok(strncmp(reply.text, "grpc: error unmarshalling request: ", 35) == 0, "is told in grpc-go's words: %s", reply.text);
  struct dc_grpc_reply empty DC_CLEANUP(dc_grpc_reply_free) = DC_GRPC_REPLY_INIT;
  ok(dc_service_sign(live, &config, &origin, NULL, 0, &empty), "none are answered too");
  is_num(empty.status, DC_GRPC_PERMISSION_DENIED, "nothing is a message with nothing in it");
}

static void test_clamp(void) {
  struct dc_grpc_reply reply DC_CLEANUP(dc_grpc_reply_free) = DC_GRPC_REPLY_INIT;
  struct dc_sign_response response DC_CLEANUP(dc_sign_response_free) = {.valid_until = 0};
  struct dc_bundle chain DC_CLEANUP(dc_bundle_free) = DC_BUNDLE_INIT;
  ttl = 10000 * DC_DAY;
  is_num(dc_live_reread(live, NULL), 1, "certificates of 10000 days");
  ask((struct asked){.id = "app"}, &reply);
  ttl = DC_HOUR;
  is_num(dc_live_reread(live, NULL), 1, "of an hour again");
  ok(read_answer(&reply, &response, &chain) && chain.certs[0]->not_after == dc_authority_not_after(set.authority),
     "no leaf outlives its issuer");
}

/* A line for each certificate, and none for a refusal. */
static void test_audit(void) {
  char *path DC_CLEANUP(dc_mem_free) = dc_path_join(dir, "audit");
  struct dc_buf lines DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_grpc_reply refusal DC_CLEANUP(dc_grpc_reply_free) = DC_GRPC_REPLY_INIT;
  struct dc_grpc_reply reply DC_CLEANUP(dc_grpc_reply_free) = DC_GRPC_REPLY_INIT;
  ok(dc_audit_open(path, &config.audit, NULL) == 0, "an audit log");
  ask((struct asked){.id = "a.b"}, &refusal);
  ask((struct asked){.id = "app"}, &reply);
  dc_audit_close(config.audit);
  config.audit = NULL;
  ok(reply.status == DC_GRPC_OK && dc_os_read_file(path, 65536, &lines, NULL) == 0, "is written");
  const char *text = dc_buf_text(&lines), *end = strchr(text, '\n');
  ok(end && end[1] == '\0' && strstr(text, "\"spiffe://public/ns/ns/app\"") && strstr(text, "127.0.0.1:40312") &&
         strstr(text, "\"INSECURE\"") && strstr(text, "\"17.3\""),
     "with one line that tells who, from where, how: %s", text);
  unlink(path);
}

/* A disk that is full, as the kernel plays it. */
static void test_no_audit(void) {
  struct dc_grpc_reply reply DC_CLEANUP(dc_grpc_reply_free) = DC_GRPC_REPLY_INIT;
  struct dc_grpc_reply refusal DC_CLEANUP(dc_grpc_reply_free) = DC_GRPC_REPLY_INIT;
  if (dc_audit_open("/dev/full", &config.audit, NULL)) {
    skip("no peer: /dev/full", "a certificate that is not on record");
    return;
  }
  is_num(ask((struct asked){.id = "app"}, &reply), DC_GRPC_OK, "a certificate that is not on record is handed out");
  config.audit_required = true;
  is_num(ask((struct asked){.id = "app"}, &refusal), DC_GRPC_INTERNAL, "unless the record is required");
  is_text(refusal.text, "failed to sign certificate", "its text");
  is_num(refusal.message.len, 0, "and no message");
  dc_audit_close(config.audit);
  config.audit = NULL;
  config.audit_required = false;
}

#ifndef _WIN32 /* which has no limit of a file's size */
/* A disk that fills up in the midst of a line, and has room again: the half line ends before the next. */
static void test_half_audit(void) {
  char *path DC_CLEANUP(dc_mem_free) = dc_path_join(dir, "audit");
  struct dc_buf lines DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_grpc_reply half DC_CLEANUP(dc_grpc_reply_free) = DC_GRPC_REPLY_INIT;
  struct dc_grpc_reply whole DC_CLEANUP(dc_grpc_reply_free) = DC_GRPC_REPLY_INIT;
  struct rlimit limit, small;
  if (getrlimit(RLIMIT_FSIZE, &limit) || dc_audit_open(path, &config.audit, NULL)) exit(99);
  small = limit;
  small.rlim_cur = 10;
  (void)signal(SIGXFSZ, SIG_IGN);
  (void)setrlimit(RLIMIT_FSIZE, &small);
  ask((struct asked){.id = "first"}, &half);
  (void)setrlimit(RLIMIT_FSIZE, &limit);
  ask((struct asked){.id = "second"}, &whole);
  dc_audit_close(config.audit);
  config.audit = NULL;
  ok(dc_os_read_file(path, 65536, &lines, NULL) == 0 && lines.len > 12, "an audit log with half a line");
  const char *text = dc_buf_text(&lines);
  ok(strcspn(text, "\n") == 10 && strncmp(text + 11, "{\"time\":", 8) == 0 && strstr(text, "/second\""),
     "the next one begins on a line of its own: %s", text);
  unlink(path);
}
#endif

enum { THREADS = 4, ROUNDS = 25 };

static void *ask_often(void *failed) {
  for (int i = 0; i < ROUNDS; i++) {
    struct dc_grpc_reply reply;
    if (ask((struct asked){.id = "app"}, &reply)) *(bool *)failed = true;
    dc_grpc_reply_free(&reply);
  }
  return NULL;
}

static void test_threads(void) {
  pthread_t threads[THREADS];
  bool failed[THREADS] = {false};
  int started = 0, reloads = 0, bad = 0;
  for (; started < THREADS && pthread_create(&threads[started], NULL, ask_often, &failed[started]) == 0; started++)
    continue;
  for (; reloads < 20; reloads++) {
    ttl = (1 + reloads % 2) * DC_MINUTE;
    bad += dc_live_reread(live, NULL) != 1;
  }
  for (int i = 0; i < started; i++) {
    pthread_join(threads[i], NULL);
    bad += failed[i];
  }
  ok(started == THREADS && bad == 0, "%d threads are answered while snapshots come and go", THREADS);
}

/* Each call is told by one policy or by the other, and never finds that its own has gone. */
static void *ask_for_either(void *failed) {
  for (int i = 0; i < ROUNDS; i++) {
    struct dc_grpc_reply reply;
    int32_t which = i % 2 ? DC_VALIDATOR_INSECURE : DC_VALIDATOR_JWKS;
    ask((struct asked){.id = "app", .validator = which}, &reply);
    bool known = reply.status == DC_GRPC_OK || strcmp(reply.text, "the requested validator is not enabled") == 0 ||
                 strcmp(reply.text, "the request does not contain a token") == 0;
    if (!known) *(bool *)failed = true;
    dc_grpc_reply_free(&reply);
  }
  return NULL;
}

static void test_validators_change(void) {
  static char sets[][16] = {"{\"keys\":[]}", "{\"keys\":[] }"};
  const struct dc_jwks_config configs[] = {{.source = sets[0]}, {.source = sets[1]}};
  pthread_t threads[THREADS];
  bool failed[THREADS] = {false};
  int started = 0, bad = 0;
  for (; started < THREADS && pthread_create(&threads[started], NULL, ask_for_either, &failed[started]) == 0; started++)
    continue;
  for (int i = 0; i < 60; i++) {
    jwks = i % 3 ? &configs[i % 3 - 1] : NULL;
    bad += dc_live_reread(live, NULL) != (i > 0);
  }
  for (int i = 0; i < started; i++) {
    pthread_join(threads[i], NULL);
    bad += failed[i];
  }
  jwks = NULL;
  bad += dc_live_reread(live, NULL) != 1;
  ok(started == THREADS && bad == 0, "%d threads are answered while validators come and go", THREADS);
}

static bool write_set(void) {
  const struct dc_buf *files[] = {&set.ca_crt, &set.issuer_crt, &set.issuer_key};
  int rc = 0;
  for (size_t i = 0; i < DC_COUNT(names); i++) {
    char *path DC_CLEANUP(dc_mem_free) = dc_path_join(dir, names[i]);
    if (!rc) rc = dc_os_write_atomic(path, 0600, files[i]->data, files[i]->len, true, NULL);
  }
  return rc == 0;
}

static int make_set(int64_t issuer_lives) {
  int64_t now = dc_clock_wall();
  const struct dc_init init = {.trust_domain = "cp.example", .ns = "dapr-system", .kind = DC_KEY_ED25519,
                               .root_not_after = now + 100 * 86400, .issuer_not_after = now + issuer_lives};
  dc_init_set_free(&set);
  return dc_init_make(&init, now, &set, NULL);
}

/* The server's set is replaced by one whose issuer is about to end. */
static void test_ended(void) {
  struct dc_grpc_reply reply = DC_GRPC_REPLY_INIT;
  if (!ok(make_set(2) == 0 && write_set() && dc_live_reload(live, NULL) == 1, "an issuer of two seconds")) return;
  while (ask((struct asked){.id = "app"}, &reply) == DC_GRPC_OK) dc_grpc_reply_free(&reply);
  is_num(reply.status, DC_GRPC_UNAVAILABLE, "signs until it ends, and then not: sidecars are to ask again");
  ok(strncmp(reply.text, "the issuer certificate has ended at ", 36) == 0, "they are told why");
  ok(strstr(reply.text, ": put a new issuer.crt and issuer.key, signed by the root, in its place") != NULL,
     "and what to do: %s", reply.text);
  dc_grpc_reply_free(&reply);
}

static bool begin(void) {
  struct dc_buf der DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  if (!mkdtemp(dir) || make_set(50 * 86400) || !write_set() || dc_live_new(&config, &live, NULL) ||
      dc_key_generate(DC_KEY_ED25519, 0, &key, NULL) || dc_csr_make(key, NULL, 0, &der, NULL))
    return false;
  dc_pem_add(&csr, "CERTIFICATE REQUEST", der.data, der.len);
  return true;
}

static void end(void) {
  for (size_t i = 0; i < DC_COUNT(names); i++) {
    char *path DC_CLEANUP(dc_mem_free) = dc_path_join(dir, names[i]);
    unlink(path);
  }
  rmdir(dir);
  dc_live_free(live);
  dc_init_set_free(&set);
  dc_key_free(key);
  dc_buf_free(&csr);
}

int main(void) {
  if (!begin()) {
    printf("Bail out! no credentials\n");
    return 99;
  }
  test_answer();
  test_names();
  test_kinds();
  test_refused();
  test_forged();
  test_bytes();
  test_clamp();
  test_audit();
  test_no_audit();
#ifndef _WIN32
  test_half_audit();
#endif
  test_threads();
  test_validators_change();
  test_ended();
  end();
  return tap_done();
}
