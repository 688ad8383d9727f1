/* SPDX-License-Identifier: Apache-2.0 */
#include "base/pem.h"

#include "base/base64.h"
#include "tap.h"

static void test_blocks(void) {
  static const char text[] =
      "text for people\n"
      "-----BEGIN ONE-----\r\nZm9v\r\n-----END ONE-----\r\n"
      "\n\n"
      "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nYmFy\n-----END EC PRIVATE KEY-----"
      "\nmore text";
  struct dc_pem block DC_CLEANUP(dc_pem_free) = DC_PEM_INIT;
  struct dc_err err = DC_ERR_INIT;
  const char *at = text;
  size_t left = sizeof text - 1;
  is_num(dc_pem_next(&at, &left, &block, &err), 1, "a block behind text, with CRLF");
  is_text(block.label, "ONE", "its label");
  ok(block.der.len == 3 && memcmp(block.der.data, "foo", 3) == 0 && !block.encrypted, "its bytes");
  is_num(dc_pem_next(&at, &left, &block, &err), 1, "the next behind blank lines, with headers");
  is_text(block.label, "EC PRIVATE KEY", "its label");
  ok(block.encrypted, "told to be encrypted");
  is_num(dc_pem_next(&at, &left, &block, &err), 0, "no third");
}

/* As some editors of Windows save a file. Go takes the block behind it for none. */
static void test_byte_order_mark(void) {
  static const char text[] = "\xef\xbb\xbf-----BEGIN A-----\r\nZm9v\r\n-----END A-----\r\n";
  struct dc_pem block DC_CLEANUP(dc_pem_free) = DC_PEM_INIT;
  struct dc_err err = DC_ERR_INIT;
  const char *at = text;
  size_t left = sizeof text - 1;
  is_num(dc_pem_next(&at, &left, &block, &err), 1, "a block behind a byte order mark");
  is_num(dc_pem_next(&at, &left, &block, &err), 0, "and no other");
}

static void test_broken(void) {
  static const char *const broken[] = {
      "-----BEGIN A-----\nZm9v\n",                        /* no end */
      "-----BEGIN A-----\nZm9v\n-----END B-----\n",       /* another's end */
      "-----BEGIN A-----\nZm!v\n-----END A-----\n",       /* no base64 */
      "-----BEGIN A-----\nZm9\n-----END A-----\n",        /* cut off */
  };
  for (size_t i = 0; i < DC_COUNT(broken); i++) {
    struct dc_pem block DC_CLEANUP(dc_pem_free) = DC_PEM_INIT;
    struct dc_err err = DC_ERR_INIT;
    const char *at = broken[i];
    size_t left = strlen(broken[i]);
    is_num(dc_pem_next(&at, &left, &block, &err), DC_EINVAL, "a broken block");
    ok(err.text[0] != '\0', "it has a text: %s", err.text);
  }
}

static void test_writing(void) {
  struct dc_buf out DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  dc_pem_add(&out, "X", "012345678901234567890123456789012345678901234567890", 51);
  is_text(dc_buf_text(&out),
          "-----BEGIN X-----\n"
          "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3\n"
          "ODkw\n"
          "-----END X-----\n",
          "lines of 64, one newline at the end");
}

static void test_base64(void) {
  static const struct {
    const char *plain, *standard, *url;
  } rows[] = {{"", "", ""},           {"f", "Zg==", "Zg"},         {"fo", "Zm8=", "Zm8"},
              {"foo", "Zm9v", "Zm9v"}, {"foobar", "Zm9vYmFy", "Zm9vYmFy"}, {"\xfb\xff", "+/8=", "-_8"}};
  static const char *const bad[] = {"Zg", "Zg=", "Z", "Zh==", "Zm9=", "Zg==Zg==", "Z=g=", "-_8=", "Zm9v!", "===="};
  for (size_t i = 0; i < DC_COUNT(rows); i++) {
    struct dc_buf out DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    dc_base64_encode(&out, DC_BASE64_STD, rows[i].plain, strlen(rows[i].plain));
    is_text(dc_buf_text(&out), rows[i].standard, "RFC 4648 section 4");
    dc_buf_clear(&out);
    dc_base64_encode(&out, DC_BASE64_URL, rows[i].plain, strlen(rows[i].plain));
    is_text(dc_buf_text(&out), rows[i].url, "section 5");
    dc_buf_clear(&out);
    is_num(dc_base64_decode(&out, DC_BASE64_STD, rows[i].standard, strlen(rows[i].standard), NULL), 0, "decoded");
    is_text(dc_buf_text(&out), rows[i].plain, "the same again");
  }
  for (size_t i = 0; i < DC_COUNT(bad); i++) {
    struct dc_buf out DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    is_num(dc_base64_decode(&out, DC_BASE64_STD, bad[i], strlen(bad[i]), NULL), DC_EINVAL, bad[i]);
  }
}

int main(void) {
  test_blocks();
  test_byte_order_mark();
  test_broken();
  test_writing();
  test_base64();
  return tap_done();
}
