/* SPDX-License-Identifier: Apache-2.0 */
/* Where inspect, verify and fingerprint look, as step has it: a file, standard input, or a server. */
#ifndef DC_TOOLS_SOURCE_H
#define DC_TOOLS_SOURCE_H

#include "base/cli.h"
#include "client/socket.h"
#include "pki/bundle.h"
#include "pki/pieces.h"

/* Values of options; NULL where not given. */
struct dc_source_options {
  const char *roots, *server_name;
  bool insecure;
};

/* Rows for a table of options. */
#define DC_SOURCE_ROOTS_ROW(options) \
  {.name = "roots", .kind = DC_OPT_STRING, .value = &(options).roots, .arg = "FILES", \
   .help = "trust anchors: a file, a directory of them, or a list of both with commas", \
   .shown = "$DAPR_TRUST_ANCHORS, else the ca.crt of $DAPRCERTS_DIR, else of $HOME/.dapr/certs"}
#define DC_SOURCE_SERVER_ROWS(options) \
  {.name = "servername", .kind = DC_OPT_STRING, .value = &(options).server_name, .arg = "NAME", \
   .help = "the name that the server is asked for (SNI), and that a web server's certificate must bear"}, \
  {.name = "insecure", .kind = DC_OPT_FLAG, .value = &(options).insecure, \
   .help = "look at a server's certificate whoever signed it, and whatever name it bears"}

struct dc_source {
  const char *name;     /* the operand; "standard input" for "-" */
  bool served;          /* a server's: */
  bool web;             /* https://, whose certificate bears the host's name */
  char host[DC_SOCKET_HOST_MAX], port[16];
  struct dc_buf bytes;  /* as read; PEM of what a server shows */
};
#define DC_SOURCE_INIT {.name = NULL}

/* OPERAND: a file, "-", "https://HOST[:PORT]", another scheme, or HOST:PORT where no file has that name. Nothing is
 * checked of what a server shows. DC_ENOENT: no such file; codes of dc_dial_connect and dc_dial_handshake. */
int dc_source_read(const char *operand, const struct dc_source_options *options, struct dc_source *out,
                   struct dc_err *err) DC_NODISCARD;
void dc_source_free(struct dc_source *source); /* for DC_CLEANUP too */

/* Appends the trust anchors. DC_ENOENT: none are named, and none are at the usual places. */
int dc_source_anchors(const struct dc_source_options *options, struct dc_bundle *out, struct dc_err *err) DC_NODISCARD;
/* Whether a server's certificate leads to the anchors and, when it is a web server, bears its name; 0 for a file, and
 * with --insecure. */
int dc_source_check(const struct dc_source *source, const struct dc_source_options *options, struct dc_err *err)
    DC_NODISCARD;
/* Prints what DESCRIBE makes of what is in OPERAND, once it is read and checked. */
int dc_source_print(const char *operand, const struct dc_source_options *options,
                    int (*describe)(const struct dc_pieces *pieces, struct dc_buf *out, struct dc_err *err),
                    struct dc_err *err) DC_NODISCARD;
/* The name that a server's certificate must bear. */
const char *dc_source_host(const struct dc_source *source, const struct dc_source_options *options);

#endif
