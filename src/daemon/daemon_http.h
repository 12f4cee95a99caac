/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_http: serves metrics by HTTP at listening sockets, with TLS where it is asked for.
 *
 * Paths: /metrics, /-/healthy and /, with GET and HEAD. libmicrohttpd reads and writes HTTP; it has
 * no threads here and moves when the loop says that it can.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "daemon_host.h"

typedef struct DaemonHttp DaemonHttp;

typedef struct {
    const char *names;    /* NULL: our own, see openmetrics_writer_parse_names() */
    const char *tls_cert; /* paths; NULL: no TLS */
    const char *tls_key;
    const char *tls_client_ca; /* NULL: clients need no certificate */
} DaemonHttpOptions;

/* Borrows @options with its strings, and @host; both live longer. NULL, with an error, if the names
 * or the files are not good. */
DaemonHttp *daemon_http_new(const DaemonHttpOptions *options, const DaemonHost *host,
                            GError **error);

/* Ends all connections and closes all sockets. */
void daemon_http_free(DaemonHttp *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DaemonHttp, daemon_http_free)

/* Serves at @take_fd: with TLS if there are certificates, and it is no unix socket. */
bool daemon_http_listen(DaemonHttp *self, int take_fd, GError **error);

/* Reads the certificates anew, for connections from now on. False, and all stays as it was, if the
 * files are not good. */
bool daemon_http_reload(DaemonHttp *self, GError **error);

/* Accepts nobody any more. */
void daemon_http_stop(DaemonHttp *self);

/* How many scrapes are under way. */
unsigned int daemon_http_n_scrapes(const DaemonHttp *self);
