/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_interfaces: see daemon_interfaces.h. The one place that knows which interfaces there are.
 */
#include "daemon_interfaces.h"

#include "daemon_log.h"

/* By DaemonListenerKind; NULL: it is no message protocol. */
static const DaemonClientProtocol *const protocols[DAEMON_LISTENER_N_KINDS];

struct DaemonInterfaces {
    DaemonHost *host;
    const DaemonOptions *options;
};

DaemonInterfaces *
daemon_interfaces_new(DaemonHost *host, const DaemonOptions *options, GError **error)
{
    DaemonInterfaces *self = g_new0(DaemonInterfaces, 1);

    (void)error;
    self->host = host;
    self->options = options;
    return self;
}

void
daemon_interfaces_free(DaemonInterfaces *self)
{
    g_free(self);
}

bool
daemon_interfaces_serve(DaemonInterfaces *self, DaemonServer *server, DaemonListener *listener,
                        GError **error)
{
    const DaemonClientProtocol *protocol = protocols[listener->kind];

    (void)self;
    if (protocol != NULL)
        return daemon_server_listen(server, util_fd_steal(&listener->fd), protocol, error);
    daemon_log(DAEMON_LOG_WARNING, "%s is not served yet",
               daemon_listener_kind_name(listener->kind));
    return true;
}

bool
daemon_interfaces_reload(DaemonInterfaces *self, GError **error)
{
    (void)self;
    (void)error;
    return true;
}

void
daemon_interfaces_stop(DaemonInterfaces *self)
{
    (void)self;
}
