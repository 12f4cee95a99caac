/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_exchange: asks many monitors at once, within one deadline.
 *
 * Owns the epoll descriptors and the worker threads of one call, and the conversations. Does not
 * know what a job does: qemu_conversation moves it.
 *
 * How it works
 *
 * Jobs share nothing, so qemu_exchange_run() deals them out to worker threads (the caller's thread
 * is one of them), each with an epoll descriptor of its own. A job goes through its phases (see
 * qemu_conversation) at its own pace and never waits for another job. A job whose domain another
 * call holds joins the caller's worker as soon as that call has released the domain.
 *
 * A worker starts N_FRESH jobs at a time, and one more for each that ends: QEMUs that all run at
 * once push each other and our replies out of the processor's caches. A slow QEMU must not delay
 * the others, so a worker that has read nothing for QUIET_MS, or has started nothing for FRESH_MS,
 * starts the next jobs anyway, and twice as many at a time from then on.
 *
 * A job that is held back (see qemu_reach) is looked at again after 1 ms, then 2, 4 and so on. All
 * jobs that are due share one table of sockets.
 *
 * A worker looks at its silent jobs in patrols: the first after 50 ms, then at growing distances of
 * up to 250 ms, closer together in a short call. While a worker has nothing to read, it searches
 * the threads of silent processes for a blocked one, one process at a time.
 *
 * A job that has ended gets its record at once, on the same thread (the "ended" callback), so
 * decoding and emitting are spread over the threads too.
 *
 * The last record must be there by the deadline. So open jobs are given up before the deadline:
 * earlier by what ending a silent job takes (verdict, host values, record), times the number of
 * open jobs, but by a third of the call at most. What it takes is measured, and kept for later
 * calls. After the deadline no job is started: a job that was not started ends as "slow".
 */
#include "qemu_exchange.h"

#include <errno.h>
#include <sys/epoll.h>

#include "qemu_health.h"
#include "util/util_error.h"
#include "util/util_fd.h"
#include "util/util_processors.h"
#include "util/util_thread.h"

enum {
    FIRST_PATROL_MS = 50,
    PATROL_MS = 250,
    PATROLS_AT_LEAST = 4, /* in a call, however short */
    JOBS_PER_THREAD = 16, /* with fewer, starting a thread costs more than it saves */
    MAX_THREADS = 64,
    N_EVENTS = 64,
    /* Jobs that run at a time: enough to keep QEMUs and us busy, few enough that we read their
     * replies and free them while they are in the caches. */
    N_FRESH = 8,
    N_FRESH_MOST = 512, /* of slow QEMUs; each may have some KB of replies on the way */
    QUIET_MS = 1,       /* nothing came for so long: start more jobs */
    FRESH_MS = 5,       /* nothing was started for so long: start more jobs */
    SEARCH_MS = 5,      /* for the threads of domains whose jobs end when they are resumed */
    /* epoll_wait() counts whole milliseconds, and wakes us late on a busy machine. */
    WAKE_US = 2000,
    WAKE_DIVISOR = 100,  /* this part of the call's time comes on top */
    RESERVE_DIVISOR = 3, /* at most this part is taken from the time QEMUs have to answer */
    NEARLY_DIVISOR = 4,  /* a look is nearly due when this part of its distance is left */
    /* Looks at jobs that are held back are followed by a pause this many times as long. */
    PAUSE_FACTOR = 8,
    GIVE_UP_US = 300,        /* before anything was measured */
    GIVEN_UP_ENOUGH = 4,     /* measurements that make a mean */
    GIVE_UP_MOST_US = 10000, /* a longer one only shows that this machine was held up */
};

typedef struct {
    const QemuExchange *exchange;
    QemuConversationShared shared;
    GPtrArray *conversations; /* owned; in the order in which they are started */
    GPtrArray *silent;        /* conversations whose processes are to be searched; borrowed */
    guint n_started;
    guint n_waiting;         /* jobs that may still join, since other calls hold their domains */
    guint n_fresh_most;      /* fresh jobs at a time */
    guint first_fresh;       /* older ones have ended, or no longer keep others from starting */
    UtilDeadline next_start; /* when more are started, however many are fresh */
    UtilDeadline next_patrol;
    int64_t no_look_until_us; /* monotonic: jobs that are held back are not looked at before */
    int patrol_ms;
    int64_t begin_us; /* monotonic */
    UtilFd poll_fd;
    QemuMonitorBuffer *buffer; /* owned */
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
    return conversation_at(self, i)->talk.phase == QEMU_TALK_ENDED;
}

/* A short call has patrols too: the probe is sent in one, and its answer needs time. */
static void
plan_patrol(Worker *self)
{
    int most_ms = util_deadline_left_ms(self->exchange->deadline) / PATROLS_AT_LEAST;

    self->next_patrol = util_deadline_in_ms((unsigned int)CLAMP(most_ms, 1, self->patrol_ms));
    self->patrol_ms = MIN(2 * self->patrol_ms, PATROL_MS);
}

static void
patrol(Worker *self)
{
    for (guint i = 0; i < self->n_started; i++)
        if (!has_ended(self, i) && qemu_conversation_look_after(conversation_at(self, i)))
            g_ptr_array_add(self->silent, conversation_at(self, i));
}

/* When the first of the jobs that are held back is to be looked at again; never if there is none.
 */
static UtilDeadline
next_look(const Worker *self)
{
    int64_t at_us = INT64_MAX;

    for (guint i = 0; i < self->shared.held_back->len; i++) {
        const QemuConversation *conversation = g_ptr_array_index(self->shared.held_back, i);

        at_us = MIN(at_us, conversation->again_at_us);
    }
    return (UtilDeadline){MAX(at_us, self->no_look_until_us)};
}

/* Looks again at the jobs that are held back and due. They share what is read of the host, so those
 * that are nearly due are looked at too, and the next look comes later the more this one took. */
static void
look_at_held_back(Worker *self)
{
    GPtrArray *held_back = self->shared.held_back;
    int64_t begin_us = util_deadline_now_us();
    int64_t end_us = 0;

    for (guint i = held_back->len; i-- > 0;) {
        QemuConversation *conversation = g_ptr_array_index(held_back, i);

        if (conversation->talk.phase == QEMU_TALK_HELD_BACK &&
            conversation->again_at_us - begin_us <= conversation->again_us / NEARLY_DIVISOR &&
            !util_deadline_has_passed(self->exchange->deadline))
            qemu_conversation_look_again(conversation, begin_us);
        if (conversation->talk.phase != QEMU_TALK_HELD_BACK)
            g_ptr_array_remove_index_fast(held_back, i);
    }
    end_us = util_deadline_now_us();
    self->no_look_until_us = end_us + PAUSE_FACTOR * (end_us - begin_us);
}

/* How long it takes to end one silent job. */
static int64_t
give_up_us(const Worker *self)
{
    const QemuConversationShared *shared = &self->shared;
    int kept_us = self->exchange->give_up_us ? g_atomic_int_get(self->exchange->give_up_us) : 0;

    if (shared->n_given_up >= GIVEN_UP_ENOUGH)
        return MIN(shared->given_up_us / (int64_t)shared->n_given_up, GIVE_UP_MOST_US);
    return kept_us > 0 ? kept_us : GIVE_UP_US;
}

/* When the open jobs must be given up, so that all of them have ended by the deadline. */
static UtilDeadline
give_up_at(const Worker *self)
{
    int64_t at_us = self->exchange->deadline.at_us;
    int64_t call_us = at_us - self->begin_us;
    int64_t wake_us = WAKE_US + call_us / WAKE_DIVISOR;
    int64_t reserve_us = wake_us + (int64_t)self->shared.n_open * give_up_us(self);

    return (UtilDeadline){at_us - CLAMP(reserve_us, 0, MAX(0, call_us / RESERVE_DIVISOR))};
}

/* Searches the threads of one silent process, if there is one to search. */
static void
search_one(Worker *self)
{
    QemuConversation *conversation = NULL;

    if (self->silent->len == 0)
        return;
    conversation = g_ptr_array_steal_index_fast(self->silent, self->silent->len - 1);
    if (conversation->talk.phase != QEMU_TALK_ENDED)
        qemu_health_search_threads(self->exchange->host, conversation->talk.job->domain,
                                   give_up_at(self));
}

static void
add_job(Worker *self, QemuJob *job)
{
    QemuConversation *conversation = g_new0(QemuConversation, 1);

    conversation->talk.job = job;
    conversation->shared = &self->shared;
    g_ptr_array_add(self->conversations, conversation);
    self->shared.n_open++;
}

/* Takes in jobs whose domains other calls have released. Waits for one if no job is open. */
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

/* True if the job that was started keeps others from starting. One that libvirt is asked for does
 * not: the pool decides when libvirt is asked for how many. */
static bool
is_fresh(const Worker *self, guint i)
{
    return !has_ended(self, i) && conversation_at(self, i)->talk.phase != QEMU_TALK_LIBVIRT;
}

/* How many of the jobs started last have not ended and still keep others from starting. */
static guint
count_fresh(Worker *self)
{
    guint n_fresh = 0;

    while (self->first_fresh < self->n_started && has_ended(self, self->first_fresh))
        self->first_fresh++;
    for (guint i = self->first_fresh; i < self->n_started; i++)
        n_fresh += is_fresh(self, i);
    return n_fresh;
}

/* Starts jobs until n_fresh_most are fresh. If nothing came, or the next start is due, the jobs
 * that run count as fresh no longer. */
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
         n_fresh += is_fresh(self, self->n_started - 1)) {
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
    if (self->shared.held_back->len > 0)
        left_ms = MIN(left_ms, util_deadline_left_ms(next_look(self)));
    if (qemu_desk_is_waiting(&self->shared.desk))
        left_ms = MIN(left_ms, QEMU_DESK_CARE_MS);
    return self->n_started < self->conversations->len || self->n_waiting > 0
               ? MIN(left_ms, QUIET_MS)
               : left_ms;
}

/* Moves the conversations that libvirt has answered. */
static void
take_from_libvirt(Worker *self)
{
    QemuConversation *conversation = NULL;

    while (!util_deadline_has_passed(self->exchange->deadline) &&
           (conversation = qemu_desk_take(&self->shared.desk)) != NULL)
        if (conversation->talk.phase == QEMU_TALK_LIBVIRT)
            qemu_conversation_step(conversation);
}

/* Waits for news, and moves each conversation whose socket is ready. How long that takes is partly
 * the peers' choice, so the deadline is looked at before each. False if nothing came. */
static bool
step_all(Worker *self)
{
    struct epoll_event events[N_EVENTS];
    int n = epoll_wait(self->poll_fd, events, N_EVENTS, wait_ms(self));

    for (int i = 0; i < n && !util_deadline_has_passed(self->exchange->deadline); i++) {
        QemuConversation *conversation = events[i].data.ptr;

        if (conversation == NULL)
            take_from_libvirt(self);
        else if (conversation->talk.phase != QEMU_TALK_ENDED)
            qemu_conversation_step(conversation);
    }
    return n > 0;
}

/* Ends all jobs that are open, with the answers that have come by now. All verdicts come before the
 * first record: a verdict costs little and matters more than the host's values of one domain. */
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
        if (is_quiet) {
            search_one(self);
            qemu_desk_look_after(&self->shared.desk);
        }
        if (util_deadline_has_passed(next_look(self)))
            look_at_held_back(self);
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
    return MIN(most, util_processors_count());
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
                                 .desk = {.poll_fd = worker->poll_fd},
                                 .buffer = worker->buffer,
                                 .how = {self->is_replay, self->monitors},
                                 .held_back = g_ptr_array_new(),
                                 .deadline = self->deadline,
                                 .search_until = util_deadline_at_most(self->deadline, SEARCH_MS),
                                 .ended = self->ended,
                                 .data = self->data};
    return true;
}

static void
clear_worker(Worker *worker)
{
    g_ptr_array_unref(worker->shared.held_back);
    g_ptr_array_unref(worker->silent);
    g_ptr_array_unref(worker->conversations);
    qemu_desk_clear(&worker->shared.desk);
    util_fd_clear(&worker->poll_fd);
    g_free(worker->buffer);
}

/* Deals out the jobs in turn, so that neighbours in the list spread over the threads. */
static void
deal_out(Worker *workers, unsigned int n_workers, const GPtrArray *jobs)
{
    for (guint i = 0; i < jobs->len; i++)
        add_job(&workers[i % n_workers], g_ptr_array_index(jobs, i));
}

/* Gives the jobs of @other, whose thread the system refused, to @self. Both run together then, not
 * one after the other. */
static void
take_over(Worker *self, Worker *other)
{
    for (guint i = 0; i < other->conversations->len; i++)
        add_job(self, conversation_at(other, i)->talk.job);
    g_ptr_array_set_size(other->conversations, 0);
    other->shared.n_open = 0;
}

/* Runs all workers: the first on this thread, the others on threads of their own. */
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
