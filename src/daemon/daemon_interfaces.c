/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_interfaces: see daemon_interfaces.h. The one place that knows which interfaces there are.
 */
#include "daemon_interfaces.h"

#include "daemon_http.h"
#include "daemon_libvirt.h"
#include "daemon_log.h"
#include "daemon_service.h"
#include "daemon_watch.h"

/* By DaemonListenerKind; NULL: it is no message protocol. */
static const DaemonClientProtocol *const protocols[DAEMON_LISTENER_N_KINDS] = {
    [DAEMON_LISTENER_LIBVIRT] = &daemon_libvirt_protocol,
    [DAEMON_LISTENER_SERVICE] = &daemon_service_protocol,
};

struct DaemonInterfaces {
    DaemonHost *host;
    DaemonHttpOptions http_options;
    DaemonHttp *http;
};

DaemonInterfaces *
daemon_interfaces_new(DaemonHost *host, const DaemonOptions *options, GError **error)
{
    DaemonInterfaces *self = g_new0(DaemonInterfaces, 1);

    self->host = host;
    self->http_options = (DaemonHttpOptions){.names = options->names,
                                             .tls_cert = options->tls_cert,
                                             .tls_key = options->tls_key,
                                             .tls_client_ca = options->tls_client_ca};
    self->http = daemon_http_new(&self->http_options, host, error);
    if (self->http == NULL)
        g_clear_pointer(&self, g_free);
    else
        host->watch = daemon_watch_new(host->rounds, host->loop, host->events_interval_s);
    return self;
}

void
daemon_interfaces_free(DaemonInterfaces *self)
{
    if (self == NULL)
        return;
    daemon_http_free(self->http);
    daemon_watch_free(self->host->watch);
    g_free(self);
}

bool
daemon_interfaces_serve(DaemonInterfaces *self, DaemonServer *server, DaemonListener *listener,
                        GError **error)
{
    const DaemonClientProtocol *protocol = protocols[listener->kind];

    if (listener->kind == DAEMON_LISTENER_METRICS)
        return daemon_http_listen(self->http, util_fd_steal(&listener->fd), error);
    if (protocol != NULL)
        return daemon_server_listen(server, util_fd_steal(&listener->fd), protocol, error);
    daemon_log(DAEMON_LOG_WARNING, "%s is not served yet",
               daemon_listener_kind_name(listener->kind));
    return true;
}

bool
daemon_interfaces_reload(DaemonInterfaces *self, GError **error)
{
    return daemon_http_reload(self->http, error);
}

void
daemon_interfaces_stop(DaemonInterfaces *self)
{
    daemon_http_stop(self->http);
}

bool
daemon_interfaces_is_busy(const DaemonInterfaces *self)
{
    return daemon_http_n_scrapes(self->http) > 0;
}
