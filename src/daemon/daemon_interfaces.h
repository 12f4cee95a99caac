/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_interfaces: what is served at a socket of which kind: the message protocols by
 * daemon_server, metrics by an HTTP server.
 */
#pragma once

#include "daemon_host.h"
#include "daemon_listener.h"
#include "daemon_options.h"
#include "daemon_server.h"

typedef struct DaemonInterfaces DaemonInterfaces;

/* Borrows @host and @options, which live longer. */
DaemonInterfaces *daemon_interfaces_new(DaemonHost *host, const DaemonOptions *options,
                                        GError **error);
void daemon_interfaces_free(DaemonInterfaces *self);

/* Serves what is to be served at @listener, and takes its descriptor. */
bool daemon_interfaces_serve(DaemonInterfaces *self, DaemonServer *server, DaemonListener *listener,
                             GError **error);

/* Reads the certificates anew. */
bool daemon_interfaces_reload(DaemonInterfaces *self, GError **error);

/* Accepts no HTTP client any more. */
void daemon_interfaces_stop(DaemonInterfaces *self);

/* Whether an HTTP client waits for its answer, or is being sent it. */
bool daemon_interfaces_is_busy(const DaemonInterfaces *self);
