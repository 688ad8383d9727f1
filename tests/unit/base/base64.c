/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"

#include "tap.h"

/* RFC 4648, section 10. */
static const struct {
  const char *plain, *encoded;
} vectors[] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
};

static void test_vectors(void) {
  for (size_t i = 0; i < DC_COUNT(vectors); i++) {
    struct dc_buf out DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, back DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    struct dc_buf url DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    dc_base64_encode(&out, DC_BASE64_STD, vectors[i].plain, strlen(vectors[i].plain));
    is_text(dc_buf_text(&out), vectors[i].encoded, "encoded");
    ok(dc_base64_decode(&back, DC_BASE64_STD, dc_buf_text(&out), out.len, NULL) == 0, "decodes");
    is_text(dc_buf_text(&back), vectors[i].plain, "to what it was");
    dc_base64_encode(&url, DC_BASE64_URL, vectors[i].plain, strlen(vectors[i].plain));
    ok(url.len == strcspn(vectors[i].encoded, "=") && strncmp(dc_buf_text(&url), vectors[i].encoded, url.len) == 0,
       "the URL alphabet leaves the padding out");
    dc_buf_clear(&back);
    ok(dc_base64_decode(&back, DC_BASE64_URL, dc_buf_text(&url), url.len, NULL) == 0 &&
           back.len == strlen(vectors[i].plain),
       "and decodes without it");
  }
}

/* Every byte at every place of a group. */
static void test_bytes(enum dc_base64 alphabet, const char *marks) {
  unsigned wrong = 0;
  struct dc_buf seen DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  for (unsigned i = 0; i < 3 * 256; i++) {
    unsigned char bytes[3] = {0};
    struct dc_buf out DC_CLEANUP(dc_buf_free) = DC_BUF_INIT, back DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    bytes[i / 256] = (unsigned char)i;
    for (size_t n = i / 256 + 1; n <= sizeof bytes; n++) {
      dc_buf_clear(&out);
      dc_buf_clear(&back);
      dc_base64_encode(&out, alphabet, bytes, n);
      wrong += dc_base64_decode(&back, alphabet, dc_buf_text(&out), out.len, NULL) != 0 || back.len != n ||
               memcmp(back.data, bytes, n) != 0;
    }
    dc_buf_add_text(&seen, dc_buf_text(&out));
  }
  is_num(wrong, 0, "every byte at every place comes back");
  ok(strchr(dc_buf_text(&seen), marks[0]) && strchr(dc_buf_text(&seen), marks[1]), "by way of '%s'", marks);
}

static const struct {
  enum dc_base64 alphabet;
  const char *text, *plain; /* NULL: refused */
} readings[] = {
    {DC_BASE64_STD, " Zm 9v\r\n\tYg = =\n", "foob"}, /* white space is skipped */
    {DC_BASE64_STD, " \n", ""},
    {DC_BASE64_STD, "Zg=", NULL},      /* padding too short */
    {DC_BASE64_STD, "Zg", NULL},       /* or absent */
    {DC_BASE64_STD, "Zg===", NULL},    /* or too long */
    {DC_BASE64_STD, "Zm9v=", NULL},    /* or behind a whole group */
    {DC_BASE64_STD, "Zm9v====", NULL},
    {DC_BASE64_STD, "=", NULL},
    {DC_BASE64_STD, "Z===", NULL},     /* six bits are no byte */
    {DC_BASE64_STD, "Z", NULL},
    {DC_BASE64_STD, "Zh==", NULL},     /* bits that no byte takes */
    {DC_BASE64_STD, "Zm9=", NULL},
    {DC_BASE64_STD, "Zg==Zg==", NULL}, /* two texts */
    {DC_BASE64_STD, "Z=g=", NULL},
    {DC_BASE64_STD, "Zm-v", NULL},     /* the other alphabet */
    {DC_BASE64_STD, "Zm_v", NULL},
    {DC_BASE64_STD, "Zm9v!", NULL},
    {DC_BASE64_STD, "Zm9\xc3", NULL},
    {DC_BASE64_STD, "Zm9v\v", NULL},
    {DC_BASE64_URL, "Zm9vYg", "foob"},
    {DC_BASE64_URL, "Zm9vYg==", NULL}, /* RFC 7515: no padding */
    {DC_BASE64_URL, "Zm9vYg=", NULL},
    {DC_BASE64_URL, "Zh", NULL},
    {DC_BASE64_URL, "Zm9v Yg", NULL}, /* no white space here */
    {DC_BASE64_URL, "Zm+v", NULL},
    {DC_BASE64_URL, "Zm/v", NULL},
};

static void test_readings(void) {
  for (size_t i = 0; i < DC_COUNT(readings); i++) {
    struct dc_buf out DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
    struct dc_err err = DC_ERR_INIT;
    dc_buf_add_text(&out, "kept");
    int rc = dc_base64_decode(&out, readings[i].alphabet, readings[i].text, strlen(readings[i].text), &err);
    is_num(rc, readings[i].plain ? 0 : DC_EINVAL, readings[i].text);
    is_text(dc_buf_text(&out) + 4, readings[i].plain ? readings[i].plain : "", "what it holds is appended");
    if (!readings[i].plain) ok(err.code == DC_EINVAL && err.text[0], "or why not is told: %s", err.text);
  }
}

static void test_limits(void) {
  struct dc_buf small DC_CLEANUP(dc_buf_free) = {.max = 3};
  struct dc_err err = DC_ERR_INIT;
  is_num(dc_base64_decode(&small, DC_BASE64_STD, "Zm9v", 4, &err), 0, "what just fits");
  dc_buf_clear(&small);
  is_num(dc_base64_decode(&small, DC_BASE64_STD, "Zm9vYg==", 8, &err), DC_ELIMIT, "what does not fit");
  is_num(small.len, 0, "leaves nothing");
  struct dc_buf nul DC_CLEANUP(dc_buf_free) = DC_BUF_INIT;
  is_num(dc_base64_decode(&nul, DC_BASE64_STD, "Zm9v\0Zm9v", 9, NULL), DC_EINVAL, "a NUL is no end, and no base64");
}

int main(void) {
  test_vectors();
  test_bytes(DC_BASE64_STD, "+/");
  test_bytes(DC_BASE64_URL, "-_");
  test_readings();
  test_limits();
  return tap_done();
}
