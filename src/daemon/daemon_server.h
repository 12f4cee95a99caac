/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_server: accepts the clients of the message protocols, counts them, and refuses those that
 * are too many.
 */
#pragma once

#include "daemon_client.h"

typedef struct DaemonServer DaemonServer;

/* Borrows @loop; @context is for the protocols. Both live longer. */
DaemonServer *daemon_server_new(sd_event *loop, void *context);

/* Hangs up on all clients and closes all sockets. */
void daemon_server_free(DaemonServer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DaemonServer, daemon_server_free)

/* Serves @protocol at the listening unix socket @take_fd. False, with SYSTEM, if the loop does not
 * take it. */
bool daemon_server_listen(DaemonServer *self, int take_fd, const DaemonClientProtocol *protocol,
                          GError **error);

/* Accepts nobody any more; those that are idle are hung up on, the others when they are. */
void daemon_server_stop(DaemonServer *self);

unsigned int daemon_server_n_clients(const DaemonServer *self);
