/* SPDX-License-Identifier: Apache-2.0 */
/* daprcerts-request, private: a certificate request (PEM) on standard input, the chain that a running sentry signs on
 * standard output. `daprcerts issue --sentry` runs it, so that issue itself links no HTTP/2. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "base/os.h"
#include "base/pem.h"
#include "client/client.h"
#include "pki/cert.h"
#include "pki/csr.h"
#include "tools/tool.h"

enum { CSR_MAX = 65536, ANCHORS_MAX = 1 << 20, TOKEN_MAX = 65536 };

static struct {
  const char *sentry, *id, *namespace, *trust_domain, *server_id, *anchors, *token_file;
  int64_t attempts, timeout;
} opt = {.trust_domain = "", .attempts = DC_CLIENT_ATTEMPTS, .timeout = DC_CLIENT_ATTEMPT_MS * (DC_SECOND / 1000)};

static const struct dc_opt opts[] = {
    {.name = "sentry", .kind = DC_OPT_STRING, .value = &opt.sentry, .arg = "HOST:PORT", .help = "the server to ask"},
    {.name = "id", .kind = DC_OPT_STRING, .value = &opt.id, .arg = "APP", .help = "the app id to ask for"},
    {.name = "namespace", .kind = DC_OPT_STRING, .value = &opt.namespace, .arg = "NAME", .help = "its namespace"},
    {.name = "trust-domain", .kind = DC_OPT_STRING, .value = &opt.trust_domain, .arg = "NAME",
     .help = "its trust domain", .shown = "the server's choice, public"},
    {.name = "server-id", .kind = DC_OPT_STRING, .value = &opt.server_id, .arg = "SPIFFE-ID",
     .help = "who the server must be"},
    {.name = "trust-anchors", .kind = DC_OPT_STRING, .value = &opt.anchors, .arg = "FILE",
     .help = "what its certificate must lead to", .shown = "the PEM in $DAPR_TRUST_ANCHORS"},
    {.name = "token-file", .kind = DC_OPT_STRING, .value = &opt.token_file, .arg = "FILE",
     .help = "a JWT that proves who asks"},
    {.name = "attempts", .kind = DC_OPT_NUMBER, .value = &opt.attempts, .min = 1, .max = 100, .arg = "N",
     .help = "how often to ask while the server is unavailable", .shown = "5"},
    {.name = "timeout", .kind = DC_OPT_DURATION, .value = &opt.timeout, .min = DC_SECOND / 100, .max = DC_HOUR,
     .arg = "DURATION", .help = "what each attempt may take", .shown = "3s"},
};

static const struct dc_cli cli = {
    .program = "daprcerts request",
    .operands = "",
    .summary = "Ask a running sentry, as a sidecar does, to sign the certificate request on standard input.",
    .opts = opts,
    .opt_count = DC_COUNT(opts),
    .notes = "Exit status: 0 signed, 1 failed, 2 wrong usage."};

static int check_options(struct dc_err *err) {
  const struct {
    const char *name, *value;
  } needed[] = {{"sentry", opt.sentry},
                {"id", opt.id},
                {"namespace", opt.namespace},
                {"server-id", opt.server_id}};
  for (size_t i = 0; i < DC_COUNT(needed); i++)
    if (!needed[i].value) return dc_err_set(err, DC_EUSAGE, "option '--%s' is needed", needed[i].name);
  return 0;
}

static int read_anchors(struct dc_bundle *anchors, struct dc_err *err) {
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  const char *env = getenv("DAPR_TRUST_ANCHORS");
  int rc = 0;
  if (opt.anchors)
    rc = dc_os_read_file(opt.anchors, ANCHORS_MAX, &text, err);
  else if (env)
    dc_buf_add_text(&text, env);
  else
    rc = dc_err_set(err, DC_EUSAGE, "option '--trust-anchors' or the variable DAPR_TRUST_ANCHORS is needed");
  if (!rc) rc = dc_bundle_add_pem(anchors, dc_buf_text(&text), text.len, err);
  return rc ? dc_err_add(err, rc, "trust anchors") : 0;
}

/* Sent as it stands in the file, as a sidecar does. */
static int read_token(char **token, struct dc_err *err) {
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  int rc = dc_os_read_file(opt.token_file, TOKEN_MAX, &text, err);
  if (rc) return dc_err_add(err, rc, "token");
  if (text.len == 0) return dc_err_set(err, DC_EINVAL, "token at path '%s' is empty", opt.token_file);
  *token = strdup(dc_buf_text(&text));
  return *token ? 0 : dc_err_nomem(err);
}

/* The certificate must be for the key that was sent. */
static int check_leaf(const struct dc_buf *csr_pem, const struct dc_buf *chain, struct dc_err *err) {
  struct dc_pem pem DC_CLEANUP(dc_pem_free) = DC_PEM_INIT;
  struct dc_bundle bundle DC_CLEANUP(dc_bundle_free) = DC_BUNDLE_INIT;
  struct dc_csr csr;
  const char *at = dc_buf_text(csr_pem);
  size_t left = csr_pem->len;
  int rc = dc_pem_next(&at, &left, &pem, err);
  if (rc == 0) return dc_err_set(err, DC_EINVAL, "no certificate request on standard input");
  if (rc > 0) rc = dc_csr_parse(&csr, pem.der.data, pem.der.len, err);
  if (!rc) rc = dc_bundle_add_pem(&bundle, dc_buf_text(chain), chain->len, err);
  if (rc) return rc;
  if (!dc_spki_equal(&bundle.certs[0]->spki, &csr.spki))
    return dc_err_set(err, DC_EMISMATCH, "the server signed a key that is not the request's");
  return 0;
}

static int ask(struct dc_err *err) {
  struct dc_bundle anchors DC_CLEANUP(dc_bundle_free) = DC_BUNDLE_INIT;
  struct dc_buf csr DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  char *token DC_CLEANUP(dc_mem_free_secret) = NULL;
  char *id DC_CLEANUP(dc_mem_free) = strdup(opt.id), *ns DC_CLEANUP(dc_mem_free) = strdup(opt.namespace);
  char *trust_domain DC_CLEANUP(dc_mem_free) = strdup(opt.trust_domain);
  int rc = dc_os_read_file("-", CSR_MAX, &csr, err);
  if (!rc) rc = read_anchors(&anchors, err);
  if (!rc && opt.token_file) rc = read_token(&token, err);
  if (rc) return rc;
  if (!id || !ns || !trust_domain) return dc_err_nomem(err);
  char no_token[] = "";
  const struct dc_sign_request request = {.id = id,
                                          .namespace = ns,
                                          .trust_domain = trust_domain,
                                          .token = token ? token : no_token,
                                          .csr = csr.data,
                                          .csr_len = csr.len,
                                          .validator = token ? DC_VALIDATOR_JWKS : DC_VALIDATOR_UNKNOWN};
  const struct dc_client_config config = {.address = opt.sentry,
                                          .anchors = &anchors,
                                          .server_id = opt.server_id,
                                          .attempts = opt.attempts,
                                          .attempt_ms = opt.timeout / (DC_SECOND / 1000)};
  struct dc_sign_response response = {.valid_until = 0};
  rc = dc_client_sign(&config, &request, &response, err);
  if (!rc) rc = check_leaf(&csr, &response.certificate, err);
  if (!rc) rc = dc_tool_print(&response.certificate, err);
  dc_sign_response_free(&response);
  return rc;
}

int main(int argc, char **argv) {
  struct dc_strings operands DC_CLEANUP(dc_strings_free) = {.count = 0};
  struct dc_err err = DC_ERR_INIT;
  int status = DC_EXIT_DONE;
  if (!dc_tool_begin(&cli, argc, argv, &operands, &status)) return status;
  dc_os_protect_secrets();
  int rc = check_options(&err);
  if (!rc) rc = ask(&err);
  return dc_tool_end(&cli, rc, &err);
}
