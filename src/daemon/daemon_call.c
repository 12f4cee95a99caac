/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_call: see daemon_call.h. The thread writes its result, then to the call's eventfd, which
 * the loop polls.
 */
#include "daemon_call.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "daemon_wish.h"
#include "util/util_deadline.h"
#include "util/util_fd.h"
#include "util/util_refcount.h"
#include "util/util_thread.h"

struct DaemonCallConn {
    DomstatsConn *conn;
    UtilRefcount ref_count;
};

struct DaemonCall {
    DaemonCallConn *conn;
    DomstatsCall *asked;
    DaemonCallResult result; /* the thread's until it is joined */
    GThread *thread;
    UtilFd ended_fd;
    sd_event_source *source;
    DaemonCallEnded ended;
    void *data;
};

DaemonCallConn *
daemon_call_conn_new(DomstatsConn *take_conn)
{
    DaemonCallConn *self = g_new0(DaemonCallConn, 1);

    self->conn = take_conn;
    util_refcount_init(&self->ref_count);
    return self;
}

DaemonCallConn *
daemon_call_conn_ref(DaemonCallConn *self)
{
    util_refcount_inc(&self->ref_count);
    return self;
}

void
daemon_call_conn_unref(DaemonCallConn *self)
{
    if (self == NULL || !util_refcount_dec(&self->ref_count))
        return;
    domstats_close(self->conn);
    g_free(self);
}

DomstatsConn *
daemon_call_conn_get(DaemonCallConn *self)
{
    return self->conn;
}

static void
clear_result(DaemonCallResult *self)
{
    domstats_record_list_free(self->records);
    g_free(self->blind_spot);
    g_clear_error(&self->error);
}

static void
free_call(DaemonCall *self)
{
    sd_event_source_disable_unref(self->source);
    util_fd_clear(&self->ended_fd);
    clear_result(&self->result);
    daemon_wish_free(self->asked);
    daemon_call_conn_unref(self->conn);
    g_free(self);
}

static void *
run_thread(void *data)
{
    DaemonCall *self = data;
    DaemonCallResult *result = &self->result;
    int64_t begun_us = util_deadline_now_us();
    const uint64_t one = 1;
    int n = 0;

    result->begun_us = util_deadline_wall_us();
    n = domstats_get_stats(self->conn->conn, self->asked, &result->records, &result->error);
    result->n_records = n < 0 ? 0 : (size_t)n;
    result->blind_spot = g_strdup(domstats_get_blind_spot(self->conn->conn));
    result->took_us = util_deadline_now_us() - begun_us;
    /* An eventfd takes it at once. */
    while (write(self->ended_fd, &one, sizeof(one)) < 0 && errno == EINTR)
        ;
    return NULL;
}

static int
on_ended(sd_event_source *source, int fd, uint32_t events, void *data)
{
    DaemonCall *self = data;

    (void)fd;
    (void)events;
    (void)sd_event_source_set_enabled(source, SD_EVENT_OFF);
    g_thread_join(g_steal_pointer(&self->thread));
    self->ended(self, self->data);
    return 0;
}

DaemonCall *
daemon_call_start(DaemonCallConn *conn, const DomstatsCall *call, sd_event *loop,
                  DaemonCallEnded ended, void *data, GError **error)
{
    DaemonCall *self = g_new0(DaemonCall, 1);

    self->conn = daemon_call_conn_ref(conn);
    self->asked = daemon_wish_copy(call);
    self->ended = ended;
    self->data = data;
    self->ended_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (self->ended_fd >= 0 &&
        sd_event_add_io(loop, &self->source, self->ended_fd, EPOLLIN, on_ended, self) >= 0)
        self->thread = util_thread_start("round", run_thread, self);
    if (self->thread != NULL)
        return self;
    g_set_error(error, DOMSTATS_ERROR, DOMSTATS_ERROR_SYSTEM,
                "there is no thread or descriptor for another call");
    free_call(self);
    return NULL;
}

const DomstatsCall *
daemon_call_asked(const DaemonCall *self)
{
    return self->asked;
}

const DaemonCallResult *
daemon_call_result(const DaemonCall *self)
{
    return &self->result;
}

void
daemon_call_free(DaemonCall *self)
{
    if (self == NULL)
        return;
    if (self->thread != NULL)
        g_thread_join(g_steal_pointer(&self->thread));
    free_call(self);
}
