/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_http_client: see daemon_http_client.h.
 */
#include "daemon_http_client.h"

#include <glib.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "daemon_limits.h"
#include "daemon_log.h"
#include "util/util_deadline.h"

enum { US_PER_MS = 1000 };

struct DaemonHttpClient {
    struct MHD_Connection *connection;
    sd_event *loop;
    sd_event_source *again;
    int fd; /* the HTTP library's */
    char *query;
    size_t n_uploaded;
    sd_event_source *limit;
    sd_event_source *hangup; /* while it is suspended */
    void (*left)(void *data);
    void *left_data;
};

/* The HTTP library finds the connection ended at its next turn. */
static int
on_limit(sd_event_source *source, uint64_t at_us, void *data)
{
    DaemonHttpClient *self = data;

    (void)source;
    (void)at_us;
    daemon_log(DAEMON_LOG_DEBUG, "an HTTP client has taken too long, and is hung up on");
    (void)shutdown(self->fd, SHUT_RDWR);
    return 0;
}

DaemonHttpClient *
daemon_http_client_new(struct MHD_Connection *connection, sd_event *loop, sd_event_source *again)
{
    DaemonHttpClient *self = g_new0(DaemonHttpClient, 1);
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

    self->connection = connection;
    self->loop = loop;
    self->again = again;
    self->fd = info ? info->connect_fd : -1;
    daemon_http_client_set_limit(self, DAEMON_LIMIT_HTTP_IDLE_MS);
    return self;
}

void
daemon_http_client_free(DaemonHttpClient *self)
{
    if (self == NULL)
        return;
    sd_event_source_disable_unref(self->limit);
    sd_event_source_disable_unref(self->hangup);
    g_free(self->query);
    g_free(self);
}

void
daemon_http_client_set_query(DaemonHttpClient *self, const char *query)
{
    g_free(self->query);
    self->query = g_strdup(query);
    self->n_uploaded = 0;
}

const char *
daemon_http_client_query(const DaemonHttpClient *self)
{
    return self->query;
}

void
daemon_http_client_set_limit(DaemonHttpClient *self, unsigned int ms)
{
    uint64_t at_us = (uint64_t)util_deadline_now_us() + (uint64_t)ms * US_PER_MS;

    self->limit = sd_event_source_disable_unref(self->limit);
    if (ms > 0)
        (void)sd_event_add_time(self->loop, &self->limit, CLOCK_MONOTONIC, at_us, 0, on_limit,
                                self);
}

bool
daemon_http_client_add_upload(DaemonHttpClient *self, size_t n_bytes)
{
    self->n_uploaded += n_bytes;
    return self->n_uploaded <= DAEMON_LIMIT_HTTP_UPLOAD_BYTES;
}

static int
on_hangup(sd_event_source *source, int fd, uint32_t events, void *data)
{
    DaemonHttpClient *self = data;

    (void)source;
    (void)fd;
    (void)events;
    self->hangup = sd_event_source_disable_unref(self->hangup);
    self->left(self->left_data);
    return 0;
}

void
daemon_http_client_suspend(DaemonHttpClient *self, void (*left)(void *data), void *data)
{
    self->left = left;
    self->left_data = data;
    daemon_http_client_set_limit(self, 0);
    MHD_suspend_connection(self->connection);
    /* A client that closes its side alone is taken to have left: over TCP the two look alike. */
    (void)sd_event_add_io(self->loop, &self->hangup, self->fd, EPOLLRDHUP, on_hangup, self);
}

void
daemon_http_client_resume(DaemonHttpClient *self)
{
    self->hangup = sd_event_source_disable_unref(self->hangup);
    MHD_resume_connection(self->connection);
    (void)sd_event_source_set_enabled(self->again, SD_EVENT_ONESHOT);
}
