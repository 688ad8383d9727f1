/* SPDX-License-Identifier: Apache-2.0 */
#include "sentry/expiry.h"

#include "base/clock.h"
#include "ca/init.h"
#include "tap.h"

enum { DAY = 86400, HOUR = 3600 };

static struct dc_init_set set = DC_INIT_SET_INIT;
static int64_t root_end, issuer_end;

/* All warnings at NOW, a line each. */
static const char *at(int64_t now) {
  static struct dc_buf text;
  dc_buf_clear(&text);
  for (size_t i = 0; dc_expiry_warning(set.authority, now, i, &text); i++) dc_buf_add_byte(&text, '\n');
  return dc_buf_text(&text);
}

int main(void) {
  int64_t made = dc_clock_wall();
  root_end = made + 100 * DAY;
  issuer_end = made + 60 * DAY;
  const struct dc_init init = {.trust_domain = "td", .ns = "ns", .kind = DC_KEY_ED25519, .root_not_after = root_end,
                               .issuer_not_after = issuer_end};
  struct dc_err err = DC_ERR_INIT;
  if (!ok(dc_init_make(&init, made, &set, &err) == 0, "a CA: %s", err.text)) return tap_done();

  is_text(at(made), "", "nothing while both have long to go");
  is_text(at(issuer_end - 30 * DAY - 1), "", "nor a second more than 30 days before the end");
  is_text(at(issuer_end - 30 * DAY),
          "Dapr issuer certificate expiration warning: certificate expires in 30 days and 0 hours\n",
          "the issuer, 30 days before");
  is_text(at(issuer_end - 2 * DAY - 15 * HOUR - 59 * 60),
          "Dapr issuer certificate expiration warning: certificate expires in 2 days and 15 hours\n", "days and hours");
  is_text(at(issuer_end - DAY - HOUR),
          "Dapr issuer certificate expiration warning: certificate expires in 1 days and 1 hours\n",
          "one of each: the words stay");
  is_text(at(issuer_end), "Dapr issuer certificate expiration warning: certificate expires in 0 days and 0 hours\n",
          "its last second is still valid");
  is_text(at(issuer_end + 1), "Dapr issuer certificate expiration warning: certificate has expired.\n",
          "the next is not");
  is_text(at(root_end - 2 * DAY - 15 * HOUR),
          "Dapr root certificate expiration warning: certificate expires in 2 days and 15 hours\n"
          "Dapr issuer certificate expiration warning: certificate has expired.\n",
          "the root, in the guide's words, then the issuer");
  is_text(at(root_end + 1),
          "Dapr root certificate expiration warning: certificate has expired.\n"
          "Dapr issuer certificate expiration warning: certificate has expired.\n",
          "both have ended");
  dc_init_set_free(&set);
  return tap_done();
}
