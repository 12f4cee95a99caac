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
 * none waits for another job. Jobs whose domains other calls hold join the caller's share as soon
 * as those have let go.
 *
 * They are started a few at a time, and more as those have ended, for QEMUs that all run at once
 * crowd each other and our replies out of the caches. But nobody waits for a slow one: with
 * nothing to read for a millisecond, or after five, the next are started anyway, and twice as
 * many at a time from then on.
 *
 * The silent ones are looked after, more seldom the longer it takes: first after 50 ms, then at
 * most every 250, or more often in a short call. While there is nothing to read, the threads of
 * silent processes are searched for what they wait for, one process at a time.
 *
 * As soon as a job has ended, its record is made on the same thread (the "ended" callback),
 * so decoding and emitting are spread as well.
 *
 * The deadline is that of the last record. What it takes to end a silent job (its verdict, what the
 * host tells, its record) is measured, and kept from call to call; so many are open, so long before
 * the deadline they are given up, but for no more than a third of the call. At the deadline nothing
 * more is started or looked at: what is still open ends with what is known.
 */
#include "qemu_exchange.h"

#include <errno.h>
#include <sys/epoll.h>

#include "qemu_health.h"
#include "util/util_error.h"
#include "util/util_fd.h"
#include "util/util_thread.h"

enum {
    FIRST_PATROL_MS = 50,
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
    SEARCH_MS = 5,      /* spent on the threads of those that end at once */
    /* A poll counts whole milliseconds, and wakes late where many want to run. */
    WAKE_US = 2000,
    WAKE_SHARE = 100,     /* of the call's time */
    RESERVE_SHARE = 3,    /* of the call's time, at the most: a fair time to answer is left */
    GIVE_UP_US = 300,     /* until it was measured */
    GIVEN_UP_ENOUGH = 4,  /* for a mean */
    GIVE_UP_MOST = 10000, /* µs: a measurement of a machine that stood still is none */
};

typedef struct {
    const QemuExchange *exchange;
    QemuConversationShared shared;
    GPtrArray *conversations; /* owned */
    GPtrArray *silent;        /* of these: to be searched, borrowed */
    guint n_started;
    guint n_waiting;         /* jobs that may still join */
    guint n_fresh_most;      /* so many at a time */
    guint first_fresh;       /* those before it have ended, or have had their time */
    UtilDeadline next_start; /* when more are started whatever the others do */
    UtilDeadline next_patrol;
    int patrol_ms;
    int64_t begin_us;
    UtilFd poll_fd;
    QemuMonitorBuffer *buffer;
} Worker;

static void
free_conversation(gpointer data)
{
    qemu_conversation_free(data);
}

static QemuConversation *
conversation_at(const Worker *self, guint i)
{
    return g_ptr_array_index(self->conversations, i);
}

static bool
has_ended(const Worker *self, guint i)
{
    return conversation_at(self, i)->phase == QEMU_CONVERSATION_ENDED;
}

/* A short call has its patrols too: a probe needs one, and time for the answer. */
static void
plan_patrol(Worker *self)
{
    int share_ms = util_deadline_left_ms(self->exchange->deadline) / PATROLS_AT_LEAST;

    self->next_patrol = util_deadline_in_ms((unsigned int)CLAMP(share_ms, 1, self->patrol_ms));
    self->patrol_ms = MIN(2 * self->patrol_ms, PATROL_MS);
}

/* Looks after the silent ones. */
static void
patrol(Worker *self)
{
    for (guint i = 0; i < self->n_started; i++)
        if (!has_ended(self, i) && qemu_conversation_look_after(conversation_at(self, i)))
            g_ptr_array_add(self->silent, conversation_at(self, i));
}

/* What one silent job takes at its end. */
static int64_t
give_up_us(const Worker *self)
{
    const QemuConversationShared *shared = &self->shared;
    int kept_us = self->exchange->give_up_us ? g_atomic_int_get(self->exchange->give_up_us) : 0;

    if (shared->n_given_up >= GIVEN_UP_ENOUGH)
        return MIN(shared->given_up_us / (int64_t)shared->n_given_up, GIVE_UP_MOST);
    return kept_us > 0 ? kept_us : GIVE_UP_US;
}

/* When those that are open now must be given up, for all to have ended by the deadline. */
static UtilDeadline
give_up_at(const Worker *self)
{
    int64_t at_us = self->exchange->deadline.at_us;
    int64_t wake_us = WAKE_US + (at_us - self->begin_us) / WAKE_SHARE;
    int64_t all_us = wake_us + (int64_t)self->shared.n_open * give_up_us(self);

    return (UtilDeadline){at_us -
                          CLAMP(all_us, 0, MAX(0, (at_us - self->begin_us) / RESERVE_SHARE))};
}

/* Searches one silent process; false if there is none. */
static bool
search_one(Worker *self)
{
    QemuConversation *conversation = NULL;

    if (self->silent->len == 0)
        return false;
    conversation = g_ptr_array_steal_index_fast(self->silent, self->silent->len - 1);
    if (conversation->phase != QEMU_CONVERSATION_ENDED)
        qemu_health_search_threads(self->exchange->host, conversation->job->domain,
                                   give_up_at(self));
    return true;
}

static void
add_job(Worker *self, QemuJob *job)
{
    QemuConversation *conversation = g_new0(QemuConversation, 1);

    conversation->job = job;
    conversation->shared = &self->shared;
    g_ptr_array_add(self->conversations, conversation);
    self->shared.n_open++;
}

/* Takes in jobs whose domains have become free; waits for one if there is nothing else to do. */
static void
take_more(Worker *self)
{
    g_autoptr(GPtrArray) jobs = NULL;

    if (self->n_waiting == 0)
        return;
    jobs = self->exchange->take_more(
        self->exchange->data, self->shared.n_open > 0 ? util_deadline_in_ms(0) : give_up_at(self));
    for (guint i = 0; jobs != NULL && i < jobs->len; i++)
        add_job(self, g_ptr_array_index(jobs, i));
    if (jobs != NULL)
        self->n_waiting -= MIN(jobs->len, self->n_waiting);
}

/* How many of those started last are neither done nor late. */
static guint
count_fresh(Worker *self)
{
    guint n_fresh = 0;

    while (self->first_fresh < self->n_started && has_ended(self, self->first_fresh))
        self->first_fresh++;
    for (guint i = self->first_fresh; i < self->n_started; i++)
        n_fresh += !has_ended(self, i);
    return n_fresh;
}

/* Starts as many as there is room for; a batch more if the others are not worth waiting for. */
static void
start_more(Worker *self, bool is_quiet)
{
    if (self->n_started == self->conversations->len)
        return;
    if (is_quiet || util_deadline_has_passed(self->next_start)) {
        self->first_fresh = self->n_started;
        self->n_fresh_most = MIN(2 * self->n_fresh_most, N_FRESH_MOST);
    }
    for (guint n_fresh = count_fresh(self);
         n_fresh < self->n_fresh_most && self->n_started < self->conversations->len &&
         !util_deadline_has_passed(give_up_at(self));
         n_fresh++) {
        qemu_conversation_start(conversation_at(self, self->n_started++));
        self->next_start = util_deadline_in_ms(FRESH_MS);
    }
}

static int
wait_ms(const Worker *self)
{
    int left_ms =
        MIN(util_deadline_left_ms(give_up_at(self)), util_deadline_left_ms(self->next_patrol));

    if (self->silent->len > 0)
        return 0;
    return self->n_started < self->conversations->len || self->n_waiting > 0
               ? MIN(left_ms, QUIET_MS)
               : left_ms;
}

/* Lets each that has something to read take it in: a turn each, of which the peer has some say how
 * long it takes. False if there was nothing. */
static bool
step_all(Worker *self)
{
    struct epoll_event events[N_EVENTS];
    int n = epoll_wait(self->poll_fd, events, N_EVENTS, wait_ms(self));

    for (int i = 0; i < n && !util_deadline_has_passed(self->exchange->deadline); i++) {
        QemuConversation *conversation = events[i].data.ptr;

        if (conversation->phase != QEMU_CONVERSATION_ENDED)
            qemu_conversation_step(conversation);
    }
    return n > 0;
}

/* Ends what is still open: with what has come by now, and what there is no time for without. All
 * verdicts come first: they cost little, and are worth more than what the host tells of one. */
static void
end_all(Worker *self)
{
    for (guint i = 0; i < self->n_started; i++)
        if (!has_ended(self, i))
            qemu_conversation_judge(conversation_at(self, i));
    for (guint i = 0; i < self->n_started; i++)
        if (!has_ended(self, i))
            qemu_conversation_give_up(conversation_at(self, i));
    while (self->n_started < self->conversations->len)
        qemu_conversation_skip(conversation_at(self, self->n_started++));
    if (self->exchange->give_up_us != NULL && self->shared.n_given_up >= GIVEN_UP_ENOUGH)
        g_atomic_int_set(self->exchange->give_up_us, (int)give_up_us(self));
}

static void *
run_worker(void *data)
{
    Worker *self = data;

    self->n_fresh_most = N_FRESH;
    self->patrol_ms = FIRST_PATROL_MS;
    plan_patrol(self);
    self->next_start = util_deadline_in_ms(FRESH_MS);
    start_more(self, false);
    while (self->shared.n_open + self->n_waiting > 0 &&
           !util_deadline_has_passed(give_up_at(self))) {
        bool is_quiet = !step_all(self);

        take_more(self);
        start_more(self, is_quiet);
        if (is_quiet)
            search_one(self);
        if (util_deadline_has_passed(self->next_patrol)) {
            patrol(self);
            plan_patrol(self);
        }
    }
    end_all(self);
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

static bool
init_worker(Worker *worker, const QemuExchange *self, GError **error)
{
    *worker = (Worker){.exchange = self,
                       .poll_fd = epoll_create1(EPOLL_CLOEXEC),
                       .begin_us = util_deadline_now_us()};
    if (worker->poll_fd < 0) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_SYSTEM, "cannot make a poll: %s",
                    g_strerror(errno));
        return false;
    }
    worker->buffer = g_new(QemuMonitorBuffer, 1);
    worker->conversations = g_ptr_array_new_with_free_func(free_conversation);
    worker->silent = g_ptr_array_new();
    worker->shared =
        (QemuConversationShared){.host = self->host,
                                 .poll_fd = worker->poll_fd,
                                 .buffer = worker->buffer,
                                 .is_replay = self->is_replay,
                                 .deadline = self->deadline,
                                 .search_until = util_deadline_at_most(self->deadline, SEARCH_MS),
                                 .ended = self->ended,
                                 .data = self->data};
    return true;
}

static void
clear_worker(Worker *worker)
{
    util_fd_clear(&worker->poll_fd);
    g_ptr_array_unref(worker->silent);
    g_ptr_array_unref(worker->conversations);
    g_free(worker->buffer);
}

/* Deals out the jobs in turn, so that neighbours in the list spread over the threads. */
static void
deal_out(Worker *workers, unsigned int n_workers, const GPtrArray *jobs)
{
    for (guint i = 0; i < jobs->len; i++)
        add_job(&workers[i % n_workers], g_ptr_array_index(jobs, i));
}

/* The share of a thread that the system refuses becomes the caller's: beside its own, not after it.
 */
static void
take_over(Worker *self, Worker *other)
{
    for (guint i = 0; i < other->conversations->len; i++)
        add_job(self, conversation_at(other, i)->job);
    g_ptr_array_set_size(other->conversations, 0);
    other->shared.n_open = 0;
}

/* Runs all workers, the first on this thread. */
static void
run_workers(Worker *workers, unsigned int n_workers)
{
    g_autofree GThread **threads = g_new0(GThread *, n_workers);

    for (unsigned int i = 1; i < n_workers; i++) {
        threads[i] = util_thread_start("domstats", run_worker, &workers[i]);
        if (threads[i] == NULL)
            take_over(&workers[0], &workers[i]);
    }
    workers[0].n_waiting = workers[0].exchange->n_waiting;
    run_worker(&workers[0]);
    for (unsigned int i = 1; i < n_workers; i++)
        if (threads[i] != NULL)
            g_thread_join(threads[i]);
}

bool
qemu_exchange_run(const QemuExchange *self, GError **error)
{
    unsigned int n_workers = count_threads(self);
    g_autofree Worker *workers = g_new0(Worker, n_workers);
    unsigned int n_ready = 0;

    while (n_ready < n_workers && init_worker(&workers[n_ready], self, error))
        n_ready++;
    if (n_ready == n_workers) {
        deal_out(workers, n_workers, self->jobs);
        run_workers(workers, n_workers);
    }
    for (unsigned int i = 0; i < n_ready; i++)
        clear_worker(&workers[i]);
    return n_ready == n_workers;
}
