/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "tools/inspect_json.h"

#include <string.h>

#include "base/base64.h"
#include "base/clock.h"
#include "pki/hash.h"
#include "pki/name.h"
#include "pki/oid.h"
#include "pki/spiffe.h"
#include "pki/text.h"
#include "tools/report.h"
#include "tools/verdicts.h"

/* --- parts -------------------------------------------------------------------------------------------------------- */

/* Of a buffer that is done with. */
static json_t *json_buf(struct dc_buf *take_buf) {
  json_t *text = take_buf->failed ? NULL : dc_report_path(dc_buf_text(take_buf));
  dc_buf_free(take_buf);
  return text;
}

static json_t *json_base64(struct dc_slice bytes) {
  struct dc_buf text = DC_BUF_INIT;
  dc_base64_encode(&text, DC_BASE64_STD, bytes.data, bytes.len);
  return json_buf(&text);
}

static json_t *json_hex(struct dc_slice bytes) {
  struct dc_buf text = DC_BUF_INIT;
  for (size_t i = 0; i < bytes.len; i++) dc_buf_printf(&text, "%02x", bytes.data[i]);
  return json_buf(&text);
}

static json_t *json_hash(struct dc_slice bytes, bool sha1) {
  unsigned char hash[DC_HASH_SHA256_SIZE];
  size_t size = sha1 ? DC_HASH_SHA1_SIZE : DC_HASH_SHA256_SIZE;
  if (sha1 ? dc_hash_sha1(bytes, hash, NULL) : dc_hash_sha256(bytes, hash, NULL)) return NULL;
  return json_hex((struct dc_slice){hash, size});
}

static json_t *json_slice(struct dc_slice text) {
  struct dc_buf copy = DC_BUF_INIT;
  for (size_t i = 0; i < text.len; i++) dc_buf_add_byte(&copy, text.data[i] ? text.data[i] : '?');
  return json_buf(&copy);
}

/* Appends VALUE to the list NAME of OBJECT. */
static void append(json_t *object, const char *name, json_t *take_value) {
  json_t *list = json_object_get(object, name);
  if (!list) {
    list = json_array();
    json_object_set_new(object, name, list);
  }
  json_array_append_new(list, take_value);
}

static json_t *json_name(struct dc_slice name) {
  static const struct {
    struct dc_slice oid;
    const char *name;
  } types[] = {
      {DC_SLICE(DC_OID_NAME_CN), "common_name"},        {DC_SLICE("\x55\x04\x05"), "serial_number"},
      {DC_SLICE("\x55\x04\x06"), "country"},            {DC_SLICE("\x55\x04\x07"), "locality"},
      {DC_SLICE("\x55\x04\x08"), "province"},           {DC_SLICE(DC_OID_NAME_O), "organization"},
      {DC_SLICE("\x55\x04\x0b"), "organizational_unit"},
  };
  json_t *object = json_object();
  struct dc_slice oid, value;
  for (size_t at = 0; dc_name_at(name, at, &oid, &value); at++)
    for (size_t i = 0; i < DC_COUNT(types); i++)
      if (dc_slice_equal(oid, types[i].oid)) append(object, types[i].name, json_slice(value));
  return object;
}

static json_t *json_dn(struct dc_slice name) {
  struct dc_buf text = DC_BUF_INIT;
  if (!dc_name_is_empty(name)) dc_name_text(name, &text);
  return json_buf(&text);
}

static json_t *json_algorithm(struct dc_slice algorithm) {
  struct dc_buf name = DC_BUF_INIT, oid = DC_BUF_INIT;
  dc_text_algorithm(algorithm, true, &name);
  dc_text_algorithm_oid(algorithm, &oid);
  return json_pack("{s:o, s:o}", "name", json_buf(&name), "oid", json_buf(&oid));
}

/* --- keys --------------------------------------------------------------------------------------------------------- */

static const char *algorithm_of(const struct dc_spki *spki) {
  switch (spki->kind) {
    case DC_KEY_P256:
    case DC_KEY_P384:
    case DC_KEY_P521: return "ECDSA";
    case DC_KEY_ED25519: return "Ed25519";
    case DC_KEY_RSA: return "RSA";
    case DC_KEY_UNKNOWN: break;
  }
  return "unknown";
}

static json_t *json_ec(const struct dc_spki *spki) {
  char curve[DC_SPKI_TEXT_MAX];
  return json_pack("{s:s, s:i, s:o, s:o, s:o}", "curve", dc_spki_text(spki, curve) + strlen("EC "), "length",
                   (int)spki->bits, "pub", json_base64(spki->key), "x", json_base64(spki->x), "y",
                   json_base64(spki->y));
}

static json_t *json_rsa(const struct dc_spki *spki) {
  json_int_t exponent = 0;
  for (size_t i = 0; i < spki->e.len && i < 7; i++) exponent = exponent << 8 | spki->e.data[i];
  return json_pack("{s:I, s:o, s:i}", "exponent", exponent, "modulus", json_base64(spki->n), "length", (int)spki->bits);
}

static json_t *json_spki(const struct dc_spki *spki) {
  json_t *info = json_pack("{s:{s:s}}", "key_algorithm", "name", algorithm_of(spki));
  if (spki->kind == DC_KEY_RSA) json_object_set_new(info, "rsa_public_key", json_rsa(spki));
  if (spki->kind == DC_KEY_ED25519) json_object_set_new(info, "ed25519_public_key", json_base64(spki->key));
  if (strcmp(algorithm_of(spki), "ECDSA") == 0) json_object_set_new(info, "ecdsa_public_key", json_ec(spki));
  json_object_set_new(info, "fingerprint_sha256", json_hash(spki->der, false));
  return info;
}

json_t *dc_inspect_json_public(const struct dc_spki *public) {
  return json_pack("{s:s, s:o}", "type", "public key", "subject_key_info", json_spki(public));
}

json_t *dc_inspect_json_key(const struct dc_piece *key) {
  struct dc_compat compat;
  if (!key->key)
    return json_pack("{s:s, s:s, s:o}", "type", "private key", "label", key->label, "error",
                     dc_report_path(key->why.text));
  dc_compat_key(dc_key_public(key->key), key->label, &compat);
  return json_pack("{s:s, s:s, s:o, s:{s:s, s:o}}", "type", "private key", "label", key->label, "subject_key_info",
                   json_spki(dc_key_public(key->key)), "dapr", "as", compat.as, "versions", dc_verdicts_json(&compat));
}

/* --- extensions --------------------------------------------------------------------------------------------------- */

static json_t *json_sans(const struct dc_san *sans, size_t count) {
  static const char *const lists[] = {[DC_SAN_DNS] = "dns_names",
                                      [DC_SAN_URI] = "uniform_resource_identifiers",
                                      [DC_SAN_EMAIL] = "email_addresses",
                                      [DC_SAN_IP] = "ip_addresses"};
  json_t *object = json_object();
  for (size_t i = 0; i < count; i++) {
    struct dc_buf text = DC_BUF_INIT;
    if (sans[i].kind == DC_SAN_OTHER) continue;
    if (sans[i].kind != DC_SAN_IP) {
      append(object, lists[sans[i].kind], json_slice(sans[i].value));
      continue;
    }
    dc_san_text(&sans[i], &text);
    append(object, lists[sans[i].kind], dc_report_path(dc_buf_text(&text) + strlen("IP:")));
    dc_buf_free(&text);
  }
  return object;
}

static json_t *json_key_usage(unsigned key_usage) {
  static const char *const names[] = {
      "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
      "certificate_sign",  "crl_sign",           "encipher_only",    "decipher_only",
  };
  json_t *object = json_object();
  for (size_t i = 0; i < DC_COUNT(names); i++)
    if (key_usage >> i & 1) json_object_set_new(object, names[i], json_true());
  json_object_set_new(object, "value", json_integer((json_int_t)key_usage));
  return object;
}

static json_t *json_ext_usage(unsigned ext_usage) {
  json_t *object = json_object();
  if (ext_usage & DC_EKU_ANY) json_object_set_new(object, "any", json_true());
  if (ext_usage & DC_EKU_CLIENT) json_object_set_new(object, "client_auth", json_true());
  if (ext_usage & DC_EKU_SERVER) json_object_set_new(object, "server_auth", json_true());
  return object;
}

static json_t *json_extensions(const struct dc_cert *cert) {
  json_t *object = json_object();
  if (cert->key_usage) json_object_set_new(object, "key_usage", json_key_usage(cert->key_usage));
  if (cert->has_constraints) {
    json_t *constraints = json_pack("{s:b}", "is_ca", cert->is_ca);
    if (cert->path_len >= 0) json_object_set_new(constraints, "max_path_len", json_integer(cert->path_len));
    json_object_set_new(object, "basic_constraints", constraints);
  }
  if (cert->san_count) json_object_set_new(object, "subject_alt_name", json_sans(cert->sans, cert->san_count));
  if (cert->authority_key_id.len) json_object_set_new(object, "authority_key_id", json_hex(cert->authority_key_id));
  if (cert->subject_key_id.len) json_object_set_new(object, "subject_key_id", json_hex(cert->subject_key_id));
  if (cert->ext_usage) json_object_set_new(object, "extended_key_usage", json_ext_usage(cert->ext_usage));
  return object;
}

/* --- certificates, requests --------------------------------------------------------------------------------------- */

static json_t *json_dapr(const struct dc_cert *cert) {
  struct dc_compat compat;
  struct dc_slice id;
  bool svid = dc_spiffe_of_cert(cert, &id, NULL) == 0;
  dc_compat_cert(cert, &compat);
  return json_pack("{s:o, s:s, s:o}", "spiffe_id", svid ? json_slice(id) : json_null(), "as", compat.as, "versions",
                   dc_verdicts_json(&compat));
}

static json_t *json_validity(const struct dc_cert *cert) {
  char begins[DC_CLOCK_TEXT_MAX], ends[DC_CLOCK_TEXT_MAX];
  return json_pack("{s:s, s:s, s:I}", "start", dc_clock_rfc3339(cert->not_before, begins), "end",
                   dc_clock_rfc3339(cert->not_after, ends), "length", (json_int_t)(cert->not_after - cert->not_before));
}

static json_t *json_serial(struct dc_slice serial) {
  struct dc_buf text = DC_BUF_INIT;
  dc_text_decimal(serial, &text);
  return json_buf(&text);
}

json_t *dc_inspect_json_cert(const struct dc_cert *cert) {
  return json_pack(
      "{s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:{s:o, s:o, s:b}, s:o, s:o, s:o}", "version", cert->version,
      "serial_number", json_serial(cert->serial), "signature_algorithm", json_algorithm(cert->algorithm), "issuer",
      json_name(cert->issuer), "issuer_dn", json_dn(cert->issuer), "validity", json_validity(cert), "subject",
      json_name(cert->subject), "subject_dn", json_dn(cert->subject), "subject_key_info", json_spki(&cert->spki),
      "extensions", json_extensions(cert), "signature", "signature_algorithm", json_algorithm(cert->algorithm), "value",
      json_base64(cert->signature), "self_signed", dc_cert_self_signed(cert), "fingerprint_sha1",
      json_hash(cert->der, true), "fingerprint_sha256", json_hash(cert->der, false), "dapr", json_dapr(cert));
}

json_t *dc_inspect_json_csr(const struct dc_csr *csr) {
  struct dc_compat compat;
  struct dc_slice at = csr->san;
  struct dc_san san;
  json_t *names = json_object();
  dc_compat_csr(csr, &compat);
  while (dc_san_next(&at, &san, NULL) == 1) {
    json_t *one = json_sans(&san, 1);
    const char *key;
    json_t *value;
    json_object_foreach(one, key, value) append(names, key, json_incref(json_array_get(value, 0)));
    json_decref(one);
  }
  return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:b, s:o, s:{s:s, s:o}}", "type", "certificate request", "subject",
                   json_name(csr->subject), "subject_dn", json_dn(csr->subject), "subject_key_info",
                   json_spki(&csr->spki), "signature_algorithm", json_algorithm(csr->algorithm), "subject_alt_name",
                   names, "signature_valid", dc_csr_verify(csr, NULL) == 0, "fingerprint_sha256",
                   json_hash(csr->der, false), "dapr", "as", compat.as, "versions", dc_verdicts_json(&compat));
}
