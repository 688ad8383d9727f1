/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/name.h"

#include <gnutls/x509.h>

#include "pki/oid.h"
#include "tap.h"

#define CN_A "\x30\x08\x06\x03\x55\x04\x03\x0c\x01" "a" /* a pair: commonName, UTF8String "a" */

static struct dc_slice slice_of(const struct dc_buf *buf) { return (struct dc_slice){buf->data, buf->len}; }

/* GnuTLS prints RFC 4514, the other way round, and nothing of an empty name. */
static void check_made(const char *organization, const char *common_name, const char *text, const char *gnutls) {
  struct dc_buf der DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, out DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  gnutls_x509_dn_t dn = NULL;
  gnutls_datum_t printed = {.data = NULL};
  dc_name_add(&der, organization, common_name);
  gnutls_datum_t raw = {.data = der.data, .size = (unsigned)der.len};
  dc_name_text(slice_of(&der), &out);
  is_text(dc_buf_text(&out), text, "made, for people");
  ok(gnutls_x509_dn_init(&dn) == 0 && gnutls_x509_dn_import(dn, &raw) == 0, "GnuTLS reads it");
  if (gnutls && gnutls_x509_dn_get_str2(dn, &printed, 0) == 0)
    is_text((const char *)printed.data, gnutls, "as the same name");
  else
    ok(!gnutls, "as the same name");
  gnutls_free(printed.data);
  gnutls_x509_dn_deinit(dn);
  is_num(dc_name_is_empty(slice_of(&der)), !organization && !common_name, "whether it is empty");
  is_num(dc_name_has(slice_of(&der), DC_SLICE(DC_OID_NAME_O)), organization != NULL, "whether it has an organization");
  is_num(dc_name_has(slice_of(&der), DC_SLICE(DC_OID_NAME_CN)), common_name != NULL, "whether it has a common name");
}

static void test_made(void) {
  check_made("dapr", "cluster.local", "O=dapr, CN=cluster.local", "CN=cluster.local,O=dapr");
  check_made("spiffe://td/ns/n/dapr-sentry", NULL, "O=spiffe://td/ns/n/dapr-sentry", "O=spiffe://td/ns/n/dapr-sentry");
  check_made(NULL, "caf\xc3\xa9", "CN=caf\xc3\xa9", "CN=caf\xc3\xa9");
  check_made(NULL, NULL, "(empty)", NULL);
}

static const struct {
  const char *what;
  struct dc_slice der;
  const char *text; /* NULL: malformed */
} rows[] = {
    {"the empty name", DC_SLICE("\x30\x00"), "(empty)"},
    {"one attribute", DC_SLICE("\x30\x0c\x31\x0a" CN_A), "CN=a"},
    {"two in one set", DC_SLICE("\x30\x16\x31\x14" CN_A "\x30\x08\x06\x03\x55\x04\x0b\x13\x01" "b"), "CN=a, OU=b"},
    {"a type without a short name", DC_SLICE("\x30\x0c\x31\x0a\x30\x08\x06\x03\x2a\x03\x04\x0c\x01" "a"), "1.2.3.4=a"},
    {"each short name",
     DC_SLICE("\x30\x30\x31\x0a\x30\x08\x06\x03\x55\x04\x05\x13\x01" "1" "\x31\x0a\x30\x08\x06\x03\x55\x04\x06\x13\x01" "2"
              "\x31\x0a\x30\x08\x06\x03\x55\x04\x07\x13\x01" "3" "\x31\x0a\x30\x08\x06\x03\x55\x04\x08\x13\x01" "4"),
     "serialNumber=1, C=2, L=3, ST=4"},
    {"bytes that would end the text or a value",
     DC_SLICE("\x30\x11\x31\x0f\x30\x0d\x06\x03\x55\x04\x03\x0c\x06" "a,\"\\\n\x7f"), "CN=a\\2C\\22\\5C\\0A\\7F"},
    {"a NUL", DC_SLICE("\x30\x0e\x31\x0c\x30\x0a\x06\x03\x55\x04\x03\x0c\x03" "a\0b"), "CN=a\\00b"},
    {"another encoding", DC_SLICE("\x30\x0e\x31\x0c\x30\x0a\x06\x03\x55\x04\x03\x14\x03" "a\xe9" "b"), "CN=a\\E9b"},
    {"an empty value", DC_SLICE("\x30\x0b\x31\x09\x30\x07\x06\x03\x55\x04\x03\x0c\x00"), "CN="},
    {"nothing", DC_SLICE(""), NULL},
    {"no sequence", DC_SLICE("\x31\x00"), NULL},
    {"cut", DC_SLICE("\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x0c\x01"), NULL},
    {"an empty set", DC_SLICE("\x30\x02\x31\x00"), NULL},
    {"an attribute without a set", DC_SLICE("\x30\x0a" CN_A), NULL},
    {"a set of something else", DC_SLICE("\x30\x05\x31\x03\x02\x01\x01"), NULL},
    {"a type that is no OID", DC_SLICE("\x30\x0a\x31\x08\x30\x06\x02\x01\x01\x0c\x01" "a"), NULL},
    {"no value", DC_SLICE("\x30\x09\x31\x07\x30\x05\x06\x03\x55\x04\x03"), NULL},
    {"two values", DC_SLICE("\x30\x0f\x31\x0d\x30\x0b\x06\x03\x55\x04\x03\x0c\x01" "a\x0c\x01" "b"), NULL},
    {"a broken one behind a good one", DC_SLICE("\x30\x0e\x31\x0a" CN_A "\x31\x00"), NULL},
};

static void test_taken(void) {
  for (size_t i = 0; i < DC_COUNT(rows); i++) {
    struct dc_buf bytes DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, out DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    dc_buf_add(&bytes, rows[i].der.data, rows[i].der.len);
    if (rows[i].text) dc_buf_add(&bytes, "\x05\x00", 2);
    struct dc_slice at = slice_of(&bytes), name = DC_SLICE("untouched");
    is_num(dc_name_take(&at, &name), rows[i].text != NULL, rows[i].what);
    if (!rows[i].text) {
      ok(at.data == bytes.data && at.len == bytes.len && name.len == 9, "nothing is taken");
      continue;
    }
    ok(dc_slice_equal(name, rows[i].der) && at.len == 2 && at.data[0] == 5, "is taken, and no more");
    dc_name_text(name, &out);
    is_text(dc_buf_text(&out), rows[i].text, "reads so");
    is_num(dc_name_is_empty(name), i == 0, "whether it is empty");
  }
}

int main(void) {
  test_made();
  test_taken();
  return tap_done();
}
