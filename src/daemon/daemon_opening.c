/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_opening: see daemon_opening.h. The thread writes its result, then to an eventfd, which the
 * loop polls.
 */
#include "daemon_opening.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "util/util_fd.h"
#include "util/util_task.h"

/* What the thread works on; nothing in it is borrowed, as the thread may outlive the opening. */
typedef struct {
    char *source;
    DomstatsOptions how;
    DomstatsConn *conn;
    GError *error;
    UtilFd ended_fd;
} Work;

struct DaemonOpening {
    UtilTask *task;
    sd_event_source *ended;
    DaemonOpeningDone done;
    void *data;
};

static void
free_work(void *data)
{
    Work *work = data;

    domstats_close(work->conn);
    g_clear_error(&work->error);
    util_fd_clear(&work->ended_fd);
    g_free(work->source);
    g_free(work);
}

static void
run(void *data)
{
    Work *work = data;
    const uint64_t one = 1;

    work->conn = domstats_open(work->source, &work->how, &work->error);
    /* An eventfd takes it at once. */
    while (write(work->ended_fd, &one, sizeof(one)) < 0 && errno == EINTR)
        ;
}

static int
on_ended(sd_event_source *source, int fd, uint32_t events, void *data)
{
    DaemonOpening *self = data;
    Work *work = util_task_data(self->task);
    g_autoptr(GError) error = NULL;

    (void)fd;
    (void)events;
    (void)sd_event_source_set_enabled(source, SD_EVENT_OFF);
    (void)util_task_wait(self->task, util_deadline_in_ms(G_MAXINT));
    error = g_steal_pointer(&work->error);
    self->done(g_steal_pointer(&work->conn), error, self->data);
    return 0;
}

DaemonOpening *
daemon_opening_start(const char *source, const DomstatsOptions *how, sd_event *loop,
                     DaemonOpeningDone done, void *data, GError **error)
{
    DaemonOpening *self = g_new0(DaemonOpening, 1);
    Work *work = g_new0(Work, 1);

    work->source = g_strdup(source);
    work->how = *how;
    work->ended_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    self->done = done;
    self->data = data;
    if (work->ended_fd >= 0 &&
        sd_event_add_io(loop, &self->ended, work->ended_fd, EPOLLIN, on_ended, self) >= 0)
        self->task = util_task_start(run, g_steal_pointer(&work), free_work);
    if (self->task != NULL)
        return self;
    g_set_error(error, DOMSTATS_ERROR, DOMSTATS_ERROR_SYSTEM,
                "there is no thread or descriptor to open the source");
    if (work != NULL)
        free_work(work);
    daemon_opening_free(self);
    return NULL;
}

void
daemon_opening_free(DaemonOpening *self)
{
    if (self == NULL)
        return;
    sd_event_source_disable_unref(self->ended);
    util_task_free(self->task);
    g_free(self);
}
