/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_http_tls: the certificates of the HTTP server, and the check of those of its clients.
 */
#pragma once

#include <glib.h>
#include <microhttpd.h>
#include <stdbool.h>

/* What is in the files, PEM; all members NULL: no TLS. */
typedef struct {
    char *cert;
    char *key;
    char *client_ca; /* NULL: clients need no certificate */
} DaemonHttpTls;

/* Reads the files, of which @cert and @key are NULL or not together. False with an error that names
 * the file, and says what is wrong with it. */
bool daemon_http_tls_read(const char *cert, const char *key, const char *client_ca,
                          DaemonHttpTls *ret_tls, GError **error);

void daemon_http_tls_clear(DaemonHttpTls *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DaemonHttpTls, daemon_http_tls_clear)

/* Whether the client of @connection has shown a certificate that is valid now, is for clients, and
 * is signed by the authority that the server was given. */
bool daemon_http_tls_check_client(struct MHD_Connection *connection);
