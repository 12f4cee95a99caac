/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_source: see daemon_source.h.
 */
#include "daemon_source.h"

#include "daemon_log.h"

struct DaemonSource {
    DaemonCallConn *conn;
    sd_event *loop;
    sd_event_source *monitors;
    void (*has_news)(void *data);
    void *data;
};

/* Monitors that a call is asking are passed over: it reads them itself. */
static int
on_monitors(sd_event_source *source, int fd, uint32_t events, void *data)
{
    DaemonSource *self = data;
    g_autoptr(GError) error = NULL;
    int n = domstats_dispatch(daemon_call_conn_get(self->conn), &error);

    (void)source;
    (void)fd;
    (void)events;
    if (n < 0)
        daemon_log(DAEMON_LOG_WARNING, "%s", error->message);
    if (n > 0)
        self->has_news(self->data);
    return 0;
}

/* Watches the monitors of @conn in place of those that were watched. */
static bool
watch(DaemonSource *self, DaemonCallConn *conn, GError **error)
{
    int fd = domstats_get_fd(daemon_call_conn_get(conn), error);
    sd_event_source *monitors = NULL;
    int result = 0;

    if (fd < 0)
        return false;
    result = sd_event_add_io(self->loop, &monitors, fd, EPOLLIN, on_monitors, self);
    if (result < 0) {
        g_set_error(error, DOMSTATS_ERROR, DOMSTATS_ERROR_SYSTEM, "cannot poll the monitors: %s",
                    g_strerror(-result));
        return false;
    }
    sd_event_source_disable_unref(self->monitors);
    self->monitors = monitors;
    return true;
}

bool
daemon_source_replace(DaemonSource *self, DomstatsConn *take_conn, GError **error)
{
    g_autoptr(DaemonCallConn) conn = daemon_call_conn_new(take_conn);

    if (!watch(self, conn, error))
        return false;
    daemon_call_conn_unref(self->conn);
    self->conn = g_steal_pointer(&conn);
    return true;
}

DaemonSource *
daemon_source_new(DomstatsConn *take_conn, sd_event *loop, void (*has_news)(void *data), void *data,
                  GError **error)
{
    g_autoptr(DaemonSource) self = g_new0(DaemonSource, 1);

    self->loop = sd_event_ref(loop);
    self->has_news = has_news;
    self->data = data;
    return daemon_source_replace(self, take_conn, error) ? g_steal_pointer(&self) : NULL;
}

void
daemon_source_free(DaemonSource *self)
{
    if (self == NULL)
        return;
    sd_event_source_disable_unref(self->monitors);
    daemon_call_conn_unref(self->conn);
    sd_event_unref(self->loop);
    g_free(self);
}

DaemonCallConn *
daemon_source_conn(const DaemonSource *self)
{
    return self->conn;
}
