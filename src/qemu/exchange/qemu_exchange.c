/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_exchange: many monitors at once, one deadline.
 *
 * Owns the polls and the worker threads of one call. Knows nothing of what one job does:
 * that is qemu_conversation's.
 *
 * How it works
 *
 * Jobs share nothing, so they are dealt out to worker threads (the caller is one of them), each
 * with a poll of its own. A job goes through its phases (see qemu_conversation) at its own pace;
 * none waits for another job.
 *
 * They are started a few at a time, and more as those have ended, for QEMUs that all run at once
 * crowd each other and our replies out of the caches. But nobody waits for a slow one: with
 * nothing to read for a millisecond, or after five, the next are started anyway, and twice as
 * many at a time from then on.
 *
 * Every quarter of a second, or more often in a short call, the silent ones are looked after. At
 * the deadline all that are still open end.
 *
 * As soon as a job has ended, its record is made on the same thread (the "ended" callback),
 * so decoding and emitting are spread as well.
 */
#include "qemu_exchange.h"

#include <errno.h>
#include <sys/epoll.h>

#include "util/util_error.h"
#include "util/util_fd.h"
#include "util/util_thread.h"

enum {
    PATROL_MS = 250,
    PATROLS_AT_LEAST = 4,
    JOBS_PER_THREAD = 16, /* fewer do not pay for a thread */
    MAX_THREADS = 64,
    N_EVENTS = 64,
    /* Started at a time: enough to keep QEMUs and us busy, few enough for their replies to be
     * taken in and gone while they are in the caches. */
    N_FRESH = 8,
    N_FRESH_MOST = 512, /* of slow ones; each may have some KB of replies on the way */
    QUIET_MS = 1,       /* no news for so long: these are waiting, others may run */
    FRESH_MS = 5,       /* one that takes longer does not keep others from starting */
};

typedef struct {
    const QemuExchange *exchange;
    QemuConversationShared shared;
    QemuConversation *works;
    size_t n_works;
    size_t n_started;
    size_t n_fresh_most;     /* so many at a time */
    size_t first_fresh;      /* those before it have ended, or have had their time */
    UtilDeadline next_start; /* when more are started whatever the others do */
    UtilDeadline next_patrol;
    UtilFd poll_fd;
    QemuMonitorBuffer *buffer;
} Worker;

/* A short call has its patrols too: a probe needs one, and time for the answer. */
static UtilDeadline
plan_patrol(const Worker *self)
{
    int share_ms = util_deadline_left_ms(self->exchange->deadline) / PATROLS_AT_LEAST;

    return util_deadline_in_ms((unsigned int)CLAMP(share_ms, 1, PATROL_MS));
}

/* Looks after the silent ones. */
static void
patrol(Worker *self)
{
    for (size_t i = 0; i < self->n_started; i++) {
        QemuConversation *work = &self->works[i];

        if (work->phase != QEMU_CONVERSATION_ENDED)
            qemu_conversation_look_after(work);
    }
}

/* How many of those started last are neither done nor late. */
static size_t
count_fresh(Worker *self)
{
    size_t n_fresh = 0;

    while (self->first_fresh < self->n_started &&
           self->works[self->first_fresh].phase == QEMU_CONVERSATION_ENDED)
        self->first_fresh++;
    for (size_t i = self->first_fresh; i < self->n_started; i++)
        n_fresh += self->works[i].phase != QEMU_CONVERSATION_ENDED;
    return n_fresh;
}

/* Starts as many as there is room for; a batch more if the others are not worth waiting for. */
static void
start_more(Worker *self, bool is_quiet)
{
    if (self->n_started == self->n_works)
        return;
    if (is_quiet || util_deadline_has_passed(self->next_start)) {
        self->first_fresh = self->n_started;
        self->n_fresh_most = MIN(2 * self->n_fresh_most, N_FRESH_MOST);
    }
    for (size_t n_fresh = count_fresh(self);
         n_fresh < self->n_fresh_most && self->n_started < self->n_works; n_fresh++) {
        qemu_conversation_start(&self->works[self->n_started++]);
        self->next_start = util_deadline_in_ms(FRESH_MS);
    }
}

static int
wait_ms(const Worker *self)
{
    int left_ms = MIN(util_deadline_left_ms(self->exchange->deadline),
                      util_deadline_left_ms(self->next_patrol));

    return self->n_started < self->n_works ? MIN(left_ms, QUIET_MS) : left_ms;
}

static void *
run_worker(void *data)
{
    Worker *self = data;
    struct epoll_event events[N_EVENTS];

    self->n_fresh_most = N_FRESH;
    self->next_patrol = plan_patrol(self);
    self->next_start = util_deadline_in_ms(FRESH_MS);
    start_more(self, false);
    while (self->shared.n_open > 0 && !util_deadline_has_passed(self->exchange->deadline)) {
        int n = epoll_wait(self->poll_fd, events, N_EVENTS, wait_ms(self));

        /* Each has a turn, of which the peer has some say how long it takes. */
        for (int i = 0; i < n && !util_deadline_has_passed(self->exchange->deadline); i++) {
            QemuConversation *work = events[i].data.ptr;

            if (work->phase != QEMU_CONVERSATION_ENDED)
                qemu_conversation_step(work);
        }
        start_more(self, n == 0);
        if (util_deadline_has_passed(self->next_patrol)) {
            patrol(self);
            self->next_patrol = plan_patrol(self);
        }
    }
    while (self->n_started < self->n_works)
        qemu_conversation_start(&self->works[self->n_started++]);
    for (size_t i = 0; i < self->n_works; i++)
        if (self->works[i].phase != QEMU_CONVERSATION_ENDED)
            qemu_conversation_end_silent(&self->works[i]);
    return NULL;
}

static unsigned int
count_threads(const QemuExchange *self)
{
    unsigned int most = MAX(1, MIN(self->jobs->len / JOBS_PER_THREAD, MAX_THREADS));

    if (self->n_threads != 0)
        return MIN(self->n_threads, MAX(1, MIN(self->jobs->len, MAX_THREADS)));
    return MIN(most, g_get_num_processors());
}

/* Deals out the jobs in turn, so that neighbours in the list spread over the threads. */
static bool
init_worker(Worker *worker, const QemuExchange *self, unsigned int place, unsigned int n_workers,
            GError **error)
{
    *worker = (Worker){.exchange = self, .poll_fd = epoll_create1(EPOLL_CLOEXEC)};
    if (worker->poll_fd < 0) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_SYSTEM, "cannot make a poll: %s",
                    g_strerror(errno));
        return false;
    }
    worker->buffer = g_new(QemuMonitorBuffer, 1);
    worker->works = g_new0(QemuConversation, self->jobs->len / n_workers + 1);
    for (guint i = place; i < self->jobs->len; i += n_workers)
        worker->works[worker->n_works++] =
            (QemuConversation){.job = g_ptr_array_index(self->jobs, i), .shared = &worker->shared};
    worker->shared = (QemuConversationShared){.host = self->host,
                                              .poll_fd = worker->poll_fd,
                                              .buffer = worker->buffer,
                                              .is_replay = self->is_replay,
                                              .ended = self->ended,
                                              .data = self->data,
                                              .n_open = worker->n_works};
    return true;
}

static void
clear_worker(Worker *worker)
{
    util_fd_clear(&worker->poll_fd);
    g_free(worker->works);
    g_free(worker->buffer);
}

bool
qemu_exchange_run(const QemuExchange *self, GError **error)
{
    unsigned int n_workers = count_threads(self);
    g_autofree Worker *workers = g_new0(Worker, n_workers);
    g_autofree GThread **threads = g_new0(GThread *, n_workers);
    unsigned int n_ready = 0;

    while (n_ready < n_workers && init_worker(&workers[n_ready], self, n_ready, n_workers, error))
        n_ready++;
    for (unsigned int i = 1; n_ready == n_workers && i < n_workers; i++)
        threads[i] = util_thread_start("domstats", run_worker, &workers[i]);
    for (unsigned int i = 0; n_ready == n_workers && i < n_workers; i++)
        if (threads[i] == NULL)
            run_worker(&workers[i]); /* the caller's own share, and that of a refused thread */
    for (unsigned int i = 1; i < n_workers; i++)
        if (threads[i] != NULL)
            g_thread_join(threads[i]);
    for (unsigned int i = 0; i < n_ready; i++)
        clear_worker(&workers[i]);
    return n_ready == n_workers;
}
