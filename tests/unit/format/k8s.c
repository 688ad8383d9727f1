/* SPDX-License-Identifier: Apache-2.0 */
#include "format/k8s.h"

#include <stdlib.h>

#include "tap.h"

/* "ca", "cert", "key" in base64: Y2E=, Y2VydA==, a2V5 */
#define META(ns) "metadata: {name: dapr-trust-bundle" ns "}\n"
#define IN(ns) META(", namespace: " ns)
#define SECRET(ns) "kind: Secret\n" IN(ns) "data: {ca.crt: Y2E=, issuer.crt: Y2VydA==, issuer.key: a2V5}\n"

static int read_text(const char *text, const char *ns, struct dc_k8s_bundle *bundle, struct dc_err *err) {
  struct dc_buf bytes DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  *bundle = (struct dc_k8s_bundle)DC_K8S_BUNDLE_INIT;
  dc_buf_add_text(&bytes, text);
  return dc_k8s_read("b.yaml", &bytes, ns, bundle, err);
}

static void reads(const char *text, const char *ns, const char *want, const char *what) {
  struct dc_k8s_bundle bundle DC_CLEANUP(dc_k8s_bundle_free) = DC_K8S_BUNDLE_INIT;
  struct dc_err err = DC_ERR_INIT;
  struct dc_buf got DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  if (!ok(read_text(text, ns, &bundle, &err) == 0, "%s: read", what)) printf("# %s\n", err.text);
  dc_buf_printf(&got, "%s:", bundle.ns ? bundle.ns : "-");
  for (size_t i = 0; i < DC_K8S_PARTS; i++)
    if (bundle.secret[i].len) dc_buf_printf(&got, " %s=%s", dc_k8s_parts[i].name, dc_buf_text(&bundle.secret[i]));
  if (bundle.has_config_map) dc_buf_printf(&got, " map=%s", dc_buf_text(&bundle.config_map[DC_K8S_CA_CRT]));
  is_text(dc_buf_text(&got), want, what);
}

static void test_read(void) {
  static const char plain[] = "a: ca.crt=ca issuer.crt=cert issuer.key=key";
  reads(SECRET("a"), NULL, plain, "a Secret");
  reads("# nothing\n---\n~\n---\nkind: Pod\nmetadata: {name: x}\n---\n" SECRET("a"), NULL, plain, "among documents");
  reads("kind: List\nitems:\n- {kind: Pod}\n- {kind: Secret, metadata: {name: dapr-trust-bundle, namespace: a}, data: "
        "{ca.crt: Y2E=, issuer.crt: Y2VydA==, issuer.key: a2V5}}\n", NULL, plain, "in a List");
  reads("{\"kind\":\"SecretList\",\"items\":[{\"kind\":\"Secret\",\"metadata\":{\"name\":\"dapr-trust-bundle\","
        "\"namespace\":\"a\"},\"data\":{\"ca.crt\":\"Y2E=\",\"issuer.crt\":\"Y2VydA==\",\"issuer.key\":\"a2V5\"}}]}",
        NULL, plain, "in a List of JSON");
  reads("kind: Secret\n" META("") "data: {ca.crt: Y2E=}\n", NULL, "-: ca.crt=ca", "without a namespace");
  reads("kind: Secret\n" META("") "data: {ca.crt: Y2E=, jwt.key: ~, other: {}}\n", NULL, "-: ca.crt=ca",
        "other keys, and one without a value");
  reads("kind: Secret\n" META("") "data: {ca.crt: a2V5}\nstringData: {ca.crt: ca}\n", NULL, "-: ca.crt=ca",
        "stringData counts before data");
  reads("kind: Secret\n" META("") "data:\n  ca.crt: |\n    Y2\n    E=\n", NULL, "-: ca.crt=ca", "base64 of two lines");
  reads(SECRET("a") "---\n" SECRET("b"), "b", "b: ca.crt=ca issuer.crt=cert issuer.key=key", "the namespace that is meant");
  reads("kind: ConfigMap\n" IN("a") "data: {ca.crt: text}\n---\n" SECRET("a"), NULL,
        "a: ca.crt=ca issuer.crt=cert issuer.key=key map=text", "a ConfigMap before it");
  reads(SECRET("a") "---\nkind: ConfigMap\n" IN("b") "data: {ca.crt: text}\n", NULL, plain, "a ConfigMap elsewhere");
  reads("x: &m {name: dapr-trust-bundle}\nkind: Secret\nmetadata: *m\ndata: {ca.crt: &c Y2E=, issuer.crt: *c}\n", NULL,
        "-: ca.crt=ca issuer.crt=ca", "aliases");
}

static void refuses(const char *text, const char *ns, int code, const char *want) {
  struct dc_k8s_bundle bundle;
  struct dc_err err = DC_ERR_INIT;
  is_num(read_text(text, ns, &bundle, &err), code, "refused");
  is_text(err.text, want, "and says why");
  ok(!bundle.ns && !bundle.secret[0].data, "nothing is left");
}

static void test_refusals(void) {
  refuses("", NULL, DC_ENOENT, "'b.yaml' holds no Secret 'dapr-trust-bundle'");
  refuses("kind: Pod\nmetadata: {name: x, namespace: y}", NULL, DC_ENOENT,
          "'b.yaml' holds no Secret 'dapr-trust-bundle', but Pod 'x' in 'y'");
  refuses(SECRET("a"), "b", DC_ENOENT,
          "'b.yaml' holds no Secret 'dapr-trust-bundle' in the namespace 'b', but Secret 'dapr-trust-bundle' in 'a'");
  refuses(SECRET("a") "---\n" SECRET("b"), NULL, DC_EEXIST,
          "'b.yaml': the Secret 'dapr-trust-bundle' is there in the namespaces 'a' and 'b': '--namespace' says which is "
          "meant");
  refuses(SECRET("a") "---\n" SECRET("a"), NULL, DC_EEXIST, "'b.yaml': the Secret 'dapr-trust-bundle' is there twice");
  refuses(SECRET("a") "---\nkind: ConfigMap\n" IN("a") "---\nkind: ConfigMap\n" IN("a"), NULL, DC_EEXIST,
          "'b.yaml': the ConfigMap 'dapr-trust-bundle' is there twice");
  refuses("kind: Secret\n" META("") "data:\n", NULL, DC_ENOENT,
          "'b.yaml': the Secret 'dapr-trust-bundle' holds no credentials: a sentry that runs there fills an empty one");
  refuses("kind: Secret\n" META("") "data: [1]\n", NULL, DC_EINVAL, "'b.yaml': Secret.data is no mapping");
  refuses("kind: Secret\n" META("") "data: {ca.crt: [1]}\n", NULL, DC_EINVAL, "'b.yaml': Secret.data.ca.crt is no text");
  refuses("kind: Secret\n" META("") "data: {ca.crt: a2V5, ca.crt: a2V5}\n", NULL, DC_EINVAL,
          "'b.yaml' line 3 column 22: a key that is there already");
  refuses("kind: List\nitems: x\n", NULL, DC_EINVAL, "'b.yaml': a List whose items are none");
  refuses("- 1\n", NULL, DC_EINVAL,
          "'b.yaml' is no object of Kubernetes', as \"kubectl get -o yaml\" prints it");
  refuses("? [a]\n: b\n", NULL, DC_EINVAL, "'b.yaml' line 1 column 3: a key that is no text");
  refuses("a: &a {b: c}\n<<: *a\n", NULL, DC_EINVAL, "'b.yaml' line 2 column 1: a merge key (<<), which is not taken here");
  refuses("a: &a [*a]\n", NULL, DC_ELIMIT, "'b.yaml' line 1 column 4: an alias of what it stands in");
  refuses("kind: [\n", NULL, DC_EINVAL, "'b.yaml' line 2 column 1: did not find expected node content");
  refuses("{\"kind\": 1, \"kind\": 2}", NULL, DC_EINVAL, "'b.yaml' line 1 column 18: no JSON, or a member given twice");
}

/* Aliases of aliases: wide ones cost nothing, high ones end. */
static void test_aliases(void) {
  struct dc_buf text DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_k8s_bundle bundle;
  struct dc_err err = DC_ERR_INIT;
  dc_buf_add_text(&text, "a0: &a0 x\n");
  for (int i = 1; i < 90; i++)
    dc_buf_printf(&text, "a%d: &a%d [*a%d, *a%d, *a%d, *a%d]\n", i, i, i - 1, i - 1, i - 1, i - 1);
  is_num(read_text(dc_buf_text(&text), NULL, &bundle, &err), DC_ENOENT, "4^89 values by aliases are no trouble");
  for (int i = 90; i < 200; i++) dc_buf_printf(&text, "a%d: &a%d [*a%d]\n", i, i, i - 1);
  is_num(read_text(dc_buf_text(&text), NULL, &bundle, &err), DC_ELIMIT, "too many levels are refused");
  ok(strstr(err.text, "nested too deep by its aliases") != NULL, "and told");
}

static void set(struct dc_k8s_bundle *bundle, enum dc_k8s_part part, const char *text) {
  dc_buf_clear(&bundle->secret[part]);
  dc_buf_add_text(&bundle->secret[part], text);
}

static void test_write(void) {
  struct dc_k8s_bundle bundle DC_CLEANUP(dc_k8s_bundle_free) = DC_K8S_BUNDLE_INIT;
  struct dc_buf out DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_err err = DC_ERR_INIT;
  bundle.ns = strdup("on"); /* which YAML 1.1 takes for true */
  set(&bundle, DC_K8S_CA_CRT, "a\nb\n");
  set(&bundle, DC_K8S_ISSUER_CRT, "cert");
  set(&bundle, DC_K8S_ISSUER_KEY, "key");
  is_num(dc_k8s_write(&bundle, DC_K8S_YAML, &out, &err), 0, "written");
  is_text(dc_buf_text(&out),
          "apiVersion: v1\nkind: Secret\nmetadata:\n  name: dapr-trust-bundle\n  namespace: \"on\"\n  labels:\n"
          "    app: dapr-sentry\ndata:\n  ca.crt: YQpiCg==\n  issuer.crt: Y2VydA==\n  issuer.key: a2V5\n---\n"
          "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: dapr-trust-bundle\n  namespace: \"on\"\n  labels:\n"
          "    app: dapr-sentry\ndata:\n  ca.crt: |\n    a\n    b\n",
          "two documents");
  dc_buf_clear(&out);
  is_num(dc_k8s_write_values(&bundle, &out, &err), 0, "values");
  is_text(dc_buf_text(&out), "dapr_sentry:\n  tls:\n    root:\n      certPEM: |\n        a\n        b\n    issuer:\n"
                             "      certPEM: cert\n      keyPEM: key\n", "of Helm");
  set(&bundle, DC_K8S_CA_CRT, "caf\xe9");
  is_num(dc_k8s_write(&bundle, DC_K8S_JSON, &out, &err), DC_EINVAL, "what is no UTF-8 is refused");
}

/* Whatever the bytes: what is written is read as it was, in both notations, and in the ConfigMap as in the Secret. */
static void test_round_trip(void) {
  static const char *const texts[] = {"x", "a\n", "a\nb", "a\nb\n\n", "\na\n", " a\n b\n", "a\r\nb\r\n", "a \n\tb\n",
                                      "caf\xc3\xa9\n", "\xe2\x80\xa8z\n", "# a: b\n- c\n", "true", "1e3", "~", ": x",
                                      "---\nx\n...\n", "\x01\x7f\n", "'\"`\\\n"};
  for (size_t i = 0; i < DC_COUNT(texts); i++)
    for (int notation = DC_K8S_YAML; notation <= DC_K8S_JSON; notation++) {
      struct dc_k8s_bundle bundle DC_CLEANUP(dc_k8s_bundle_free) = DC_K8S_BUNDLE_INIT;
      struct dc_k8s_bundle back DC_CLEANUP(dc_k8s_bundle_free) = DC_K8S_BUNDLE_INIT;
      struct dc_buf out DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
      struct dc_err err = DC_ERR_INIT;
      set(&bundle, DC_K8S_CA_CRT, texts[i]);
      set(&bundle, DC_K8S_JWKS, texts[i]);
      ok(dc_k8s_write(&bundle, (enum dc_k8s_notation)notation, &out, &err) == 0 &&
             dc_k8s_read("b", &out, NULL, &back, &err) == 0,
         "text %zu, notation %d %s", i, notation, err.text);
      is_text(dc_buf_text(&back.secret[DC_K8S_CA_CRT]), texts[i], "the Secret");
      is_text(dc_buf_text(&back.config_map[DC_K8S_CA_CRT]), texts[i], "the ConfigMap");
      is_text(dc_buf_text(&back.config_map[DC_K8S_JWKS]), texts[i], "and its key set");
    }
}

static void test_clear(void) {
  struct dc_buf out DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  struct dc_err err = DC_ERR_INIT;
  is_num(dc_k8s_write_clear(NULL, DC_K8S_YAML, &out, &err), 0, "an empty Secret");
  is_text(dc_buf_text(&out),
          "apiVersion: v1\nkind: Secret\nmetadata:\n  name: dapr-trust-bundle\n  labels:\n    app: dapr-sentry\ndata:\n",
          "as Dapr's guide has it, byte for byte");
}

int main(void) {
  test_read();
  test_refusals();
  test_aliases();
  test_write();
  test_round_trip();
  test_clear();
  return tap_done();
}
