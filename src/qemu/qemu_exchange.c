/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_exchange: many monitors at once, one deadline.
 *
 * Owns the poll and the worker threads of one call. Knows nothing of what replies mean: the
 * plan says what to ask next, qemu_health why nothing came.
 *
 * How it works
 *
 * Jobs share nothing, so they are dealt out to worker threads (the caller is one of them), each
 * with a poll of its own. A job goes through these phases, at its own pace; none waits for
 * another job:
 *
 *   DRAIN     a kept connection still owes replies to an earlier call. It is read without
 *             waiting; if nothing came, the domain is as stuck as it was, and the job ends here.
 *             Nothing is sent while replies are outstanding.
 *   GREET     a new connection; see qemu_monitor for what a connect does not prove.
 *   IDENTIFY  commands, name and UUID, once a connection.
 *   COLLECT   the plan's commands, then what their answers call for, until nothing is left.
 *
 * They are started a few at a time, and more as those have ended, for QEMUs that all run at once
 * crowd each other and our replies out of the caches. But nobody waits for a slow one: with
 * nothing to read for a millisecond, or after twenty, the next are started anyway.
 *
 * A job ends complete; or with a closed connection; or, silent, at the deadline. Every quarter
 * of a second the silent ones are looked after: the out-of-band probe is sent, which a QEMU
 * whose main loop is blocked still answers; and a process that two looks in a row show as
 * stopped is not waited for, since only somebody else's signal can wake it.
 *
 * At the deadline the answers still owed are forgotten, not the connection: they are read by
 * the next call (DRAIN), and a domain comes back without connecting anew.
 *
 * As soon as a job has ended, its record is made on the same thread (the "ended" callback),
 * so decoding and emitting are spread as well.
 */
#include "qemu_exchange.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "qemu_health.h"
#include "qemu_identity.h"
#include "util/util_error.h"
#include "util/util_fd.h"

enum {
    PATROL_MS = 250,
    PATROLS_AT_LEAST = 4,
    RESUME_STEPS = 16, /* buffers that have come meanwhile: a megabyte */
    N_STOPPED_LOOKS = 2,
    JOBS_PER_THREAD = 16, /* fewer do not pay for a thread */
    MAX_THREADS = 64,
    N_EVENTS = 64,
    /* Started at a time: enough to keep QEMUs and us busy, few enough for their replies to be
     * taken in and gone while they are in the caches. */
    N_FRESH = 24,
    QUIET_MS = 1,  /* no news for so long: these are waiting, others may run */
    FRESH_MS = 20, /* one that takes longer does not keep others from starting */
    /* A peer that breaks rules or has no room is dialled ever more seldom. */
    FREE_FAILURES = 2,
    FIRST_PAUSE_MS = 250,
    MAX_PAUSE_MS = 10000,
};

typedef enum { PHASE_DRAIN, PHASE_GREET, PHASE_IDENTIFY, PHASE_COLLECT, PHASE_ENDED } Phase;

typedef struct {
    QemuJob *job;
    Phase phase;
    bool is_polled;
    bool polls_write;
    bool moved;             /* since the last patrol */
    unsigned int n_stopped; /* looks in a row */
} Work;

typedef struct {
    const QemuExchange *exchange;
    Work *works;
    size_t n_works;
    size_t n_open;
    size_t n_started;
    size_t first_fresh;      /* those before it have ended, or have had their time */
    UtilDeadline next_start; /* when more are started whatever the others do */
    UtilDeadline next_patrol;
    UtilFd poll_fd;
    QemuMonitorBuffer *buffer;
} Worker;

static void
stop_polling(Worker *self, Work *work)
{
    QemuMonitor *monitor = work->job->domain->monitor;

    if (work->is_polled && monitor != NULL)
        epoll_ctl(self->poll_fd, EPOLL_CTL_DEL, qemu_monitor_fd(monitor), NULL);
    work->is_polled = false;
}

static void
end(Worker *self, Work *work)
{
    stop_polling(self, work);
    if (work->phase != PHASE_ENDED)
        self->n_open--;
    work->phase = PHASE_ENDED;
    self->exchange->ended(work->job, self->buffer, self->exchange->data);
}

static void
note_failure(QemuDomain *domain)
{
    unsigned int doublings = 0;
    int64_t pause_ms = 0;

    domain->n_failures++;
    if (domain->n_failures > FREE_FAILURES) {
        doublings = MIN(domain->n_failures - FREE_FAILURES - 1, 16);
        pause_ms = MIN((int64_t)FIRST_PAUSE_MS << doublings, MAX_PAUSE_MS);
    }
    domain->next_dial_us = util_deadline_now_us() + pause_ms * 1000;
}

/* The connection is over. */
static void
end_closed(Worker *self, Work *work, const GError *error)
{
    QemuJob *job = work->job;

    stop_polling(self, work);
    qemu_domain_disconnect(job->domain);
    /* For what this host lacks, a domain is not made to wait. */
    if (!g_error_matches(error, UTIL_ERROR, UTIL_ERROR_SYSTEM))
        note_failure(job->domain);
    qemu_health_judge_close(self->exchange->host, job, error);
    end(self, work);
}

/* It is not waited for any longer; what it still says is read by the next call. Behind another
 * client nobody stays in the queue. */
static void
end_silent(Worker *self, Work *work)
{
    QemuJob *job = work->job;

    stop_polling(self, work);
    qemu_health_judge_silence(self->exchange->host, job);
    if (work->phase != PHASE_COLLECT)
        qemu_host_gather_evidence(self->exchange->host, job);
    if (job->verdict == DOMSTATS_HEALTH_BUSY) {
        qemu_domain_disconnect(job->domain);
    } else {
        job->domain->is_silent = true;
        qemu_monitor_forget(job->domain->monitor);
    }
    end(self, work);
}

static void
end_unpolled(Worker *self, Work *work)
{
    g_autoptr(GError) error = g_error_new(UTIL_ERROR, UTIL_ERROR_SYSTEM,
                                          "cannot poll its monitor: %s", g_strerror(errno));

    end_closed(self, work, error);
}

static void
end_complete(Worker *self, Work *work)
{
    QemuJob *job = work->job;

    job->is_complete = true;
    job->domain->n_failures = 0;
    qemu_job_set_verdict(job, DOMSTATS_HEALTH_OK, NULL);
    end(self, work);
}

static void
queue_set(QemuJob *job, QemuCommandSet set)
{
    const char *path = job->domain->known.balloon_path;

    if (job->sent_us == 0 && set != 0)
        job->sent_us = util_deadline_now_us();
    for (unsigned int id = 0; id < QEMU_N_COMMANDS; id++)
        if (set >> id & 1)
            qemu_monitor_queue(job->domain->monitor, qemu_plan_form(job, (QemuCommandId)id), path,
                               &job->answers[id]);
    job->asked |= set;
}

/* Enters COLLECT; gives what it calls for. */
static QemuCommandSet
start_collecting(Worker *self, Work *work)
{
    QemuJob *job = work->job;

    work->phase = PHASE_COLLECT;
    qemu_host_gather_evidence(self->exchange->host, job);
    qemu_plan_groups(job);
    return qemu_plan_commands(job);
}

static void
take_in_events(Work *work)
{
    QemuDomain *domain = work->job->domain;
    const char *status = NULL;
    unsigned int doubts = qemu_monitor_take_doubts(domain->monitor, &status);

    if (doubts == 0)
        return;
    if (doubts & QEMU_DOUBT_RUN_STATE) {
        work->job->doubts_status |= work->phase == PHASE_COLLECT;
        qemu_answer_clear(&domain->known.kept[QEMU_COMMAND_QUERY_STATUS]);
        qemu_domain_remember_status(domain, status);
    }
    if (doubts & QEMU_DOUBT_BALLOON)
        domain->known.balloon_moved_us = util_deadline_now_us();
    if (doubts & QEMU_DOUBT_DEVICES)
        g_clear_pointer(&domain->known.taps, g_array_unref);
}

/* Goes on to the next phase where this one is done. Gives the commands to queue; ends the
 * work when there are none. */
static QemuCommandSet
advance(Worker *self, Work *work)
{
    QemuJob *job = work->job;
    QemuDomain *domain = job->domain;
    QemuCommandSet set = 0;

    take_in_events(work);
    if (work->phase == PHASE_DRAIN && qemu_monitor_n_in_flight(domain->monitor) == 0) {
        domain->is_silent = false;
        work->phase = PHASE_GREET;
    }
    if (work->phase == PHASE_GREET && qemu_monitor_has_greeted(domain->monitor)) {
        work->phase = PHASE_IDENTIFY;
        set = domain->known.is_identified ? 0 : qemu_plan_identity(domain);
        if (set != 0)
            return set;
    }
    if (work->phase < PHASE_IDENTIFY || qemu_job_is_waiting(job))
        return 0;
    if (work->phase == PHASE_IDENTIFY) {
        g_autoptr(GError) error = NULL;

        if (!domain->known.is_identified && !qemu_identity_take_answers(job, &error)) {
            end_closed(self, work, error);
            return 0;
        }
        set = start_collecting(self, work);
    }
    if (set == 0)
        set = qemu_plan_more(job);
    if (set == 0)
        end_complete(self, work);
    return set;
}

/* Keeps the poll's interest what the monitor's is. False if the kernel refuses. */
static bool
poll_for(Worker *self, Work *work)
{
    QemuMonitor *monitor = work->job->domain->monitor;
    bool wants_write = qemu_monitor_wants_write(monitor);
    struct epoll_event event = {.events = EPOLLIN | (wants_write ? (uint32_t)EPOLLOUT : 0),
                                .data.ptr = work};

    if (work->is_polled && work->polls_write == wants_write)
        return true;
    if (epoll_ctl(self->poll_fd, work->is_polled ? EPOLL_CTL_MOD : EPOLL_CTL_ADD,
                  qemu_monitor_fd(monitor), &event) < 0)
        return false;
    work->is_polled = true;
    work->polls_write = wants_write;
    return true;
}

/* Moves one monitor as far as it goes now. What has just been sent cannot be answered yet, so
 * a socket is read once at most, and not at all unless @may_read. */
static void
pump(Worker *self, Work *work, bool may_read)
{
    QemuJob *job = work->job;
    QemuMonitor *monitor = job->domain->monitor;
    bool is_socket = qemu_monitor_fd(monitor) >= 0;

    for (;;) {
        g_autoptr(GError) error = NULL;
        QemuStep step = may_read ? qemu_monitor_step(monitor, self->buffer, &error)
                                 : qemu_monitor_send(monitor, &error);
        QemuCommandSet set = 0;

        if (step == QEMU_STEP_CLOSED) {
            end_closed(self, work, error);
            return;
        }
        if (step == QEMU_STEP_MOVED && may_read) {
            work->moved = true;
            if (job->sent_us != 0)
                job->answered_us = util_deadline_now_us();
        }
        set = advance(self, work);
        if (work->phase == PHASE_ENDED)
            return;
        queue_set(job, set);
        if (set == 0 && (is_socket || step == QEMU_STEP_WOULD_BLOCK))
            break;
        may_read = !is_socket;
    }
    if (!is_socket)
        end_silent(self, work);
    else if (!poll_for(self, work))
        end_unpolled(self, work);
}

/* Connects to the first place that is free. True: go on with pump(); else the verdict is
 * set. */
static bool
dial(Worker *self, QemuJob *job)
{
    const QemuExchange *exchange = self->exchange;
    QemuDomain *domain = job->domain;
    const GPtrArray *places = domain->endpoint->places;
    bool is_busy = false;

    /* A connect would only take a place in the backlog of one that cannot accept. */
    if (qemu_health_judge_stopped(exchange->host, job))
        return false;
    for (guint i = 0; i < places->len; i++) {
        const QemuMonitorPlace *place = g_ptr_array_index(places, i);
        g_autoptr(GError) error = NULL;
        QemuChannel *channel = NULL;
        QemuDial outcome = QEMU_DIAL_CONNECTED;

        if (!exchange->is_replay && qemu_health_judge_busy(exchange->host, job, place)) {
            qemu_identity_find_process(exchange->host, domain, place);
            is_busy = true;
            continue;
        }
        if (exchange->is_replay) {
            channel = qemu_channel_new_replay(place->connect_path, &error);
            outcome = channel ? QEMU_DIAL_CONNECTED : QEMU_DIAL_FAILED;
        } else {
            outcome = qemu_channel_dial(place->connect_path, &channel, &error);
        }
        if (outcome == QEMU_DIAL_CONNECTED) {
            domain->monitor = qemu_monitor_new(channel);
            if (qemu_identity_check_peer(exchange->host, job))
                return true;
            qemu_domain_disconnect(domain);
        } else if (!is_busy) {
            qemu_health_judge_dial(exchange->host, job, outcome, error);
        }
    }
    if (places->len == 0)
        qemu_job_set_verdict(job, DOMSTATS_HEALTH_NO_MONITOR, "no monitor of it is known");
    return false;
}

/* What can be said without any exchange. */
static bool
is_out_of_reach(QemuJob *job)
{
    QemuDomain *domain = job->domain;
    const QemuEndpoint *endpoint = domain->endpoint;

    if (endpoint->trouble != DOMSTATS_HEALTH_OK) {
        qemu_job_set_verdict(job, endpoint->trouble, endpoint->trouble_reason);
        return true;
    }
    if (!endpoint->is_active) {
        qemu_plan_groups(job);
        job->is_complete = true;
        return true;
    }
    if (domain->monitor == NULL && domain->n_failures > FREE_FAILURES &&
        util_deadline_now_us() < domain->next_dial_us) {
        qemu_job_set_verdict(job, domain->health, domain->reason);
        return true;
    }
    return false;
}

/* True for a silent domain that is worth waiting for: it has said something since. */
static bool
is_catching_up(const QemuJob *job, unsigned int n_owed, bool had_greeted)
{
    const QemuMonitor *monitor = job->domain->monitor;
    unsigned int n_owes = qemu_monitor_n_in_flight(monitor);

    if (n_owes == 0 && qemu_monitor_has_greeted(monitor))
        return true;
    if (qemu_request_has(job->request, VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT))
        return false;
    return n_owes < n_owed || qemu_monitor_has_greeted(monitor) != had_greeted;
}

/* A kept connection: reads what has come meanwhile. False when it turned out to be over, or
 * is still silent. */
static bool
resume(Worker *self, Work *work)
{
    QemuDomain *domain = work->job->domain;
    unsigned int n_owed = qemu_monitor_n_in_flight(domain->monitor);
    bool had_greeted = qemu_monitor_has_greeted(domain->monitor);
    QemuStep step = QEMU_STEP_MOVED;
    g_autoptr(GError) error = NULL;

    qemu_monitor_begin_round(domain->monitor);
    for (int i = 0; i < RESUME_STEPS && step == QEMU_STEP_MOVED; i++)
        step = qemu_monitor_step(domain->monitor, self->buffer, &error);
    if (step == QEMU_STEP_CLOSED) {
        if (g_error_matches(error, UTIL_ERROR, UTIL_ERROR_BROKEN)) {
            end_closed(self, work, error);
            return false;
        }
        qemu_domain_disconnect(domain);
        return true;
    }
    take_in_events(work);
    work->phase = PHASE_DRAIN;
    if (domain->is_silent && !is_catching_up(work->job, n_owed, had_greeted)) {
        end_silent(self, work);
        return false;
    }
    return true;
}

static void
start(Worker *self, Work *work)
{
    QemuJob *job = work->job;
    QemuDomain *domain = job->domain;

    work->phase = PHASE_GREET;
    if (is_out_of_reach(job)) {
        end(self, work);
        return;
    }
    if (domain->monitor != NULL && !resume(self, work))
        return;
    if (domain->monitor == NULL) {
        work->phase = PHASE_GREET;
        domain->known.is_identified = false;
        if (!dial(self, job)) {
            end(self, work);
            return;
        }
    }
    pump(self, work, qemu_monitor_fd(domain->monitor) < 0);
}

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
        Work *work = &self->works[i];
        QemuDomain *domain = work->job->domain;

        if (work->phase == PHASE_ENDED)
            continue;
        if (work->moved) {
            work->moved = false;
            work->n_stopped = 0;
            continue;
        }
        if (qemu_health_is_stopped(qemu_host_root(self->exchange->host), domain))
            work->n_stopped++;
        else
            work->n_stopped = 0;
        if (work->n_stopped >= N_STOPPED_LOOKS) {
            end_silent(self, work);
        } else if (work->phase != PHASE_DRAIN && qemu_monitor_probe(domain->monitor)) {
            pump(self, work, true);
        }
    }
}

/* How many of those started last are neither done nor late. */
static size_t
count_fresh(Worker *self)
{
    size_t n_fresh = 0;

    while (self->first_fresh < self->n_started &&
           self->works[self->first_fresh].phase == PHASE_ENDED)
        self->first_fresh++;
    for (size_t i = self->first_fresh; i < self->n_started; i++)
        n_fresh += self->works[i].phase != PHASE_ENDED;
    return n_fresh;
}

/* Starts as many as there is room for; a batch more if the others are not worth waiting for. */
static void
start_more(Worker *self, bool is_quiet)
{
    if (self->n_started == self->n_works)
        return;
    if (is_quiet || util_deadline_has_passed(self->next_start))
        self->first_fresh = self->n_started;
    for (size_t n_fresh = count_fresh(self); n_fresh < N_FRESH && self->n_started < self->n_works;
         n_fresh++) {
        start(self, &self->works[self->n_started++]);
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

    self->next_patrol = plan_patrol(self);
    self->next_start = util_deadline_in_ms(FRESH_MS);
    start_more(self, false);
    while (self->n_open > 0 && !util_deadline_has_passed(self->exchange->deadline)) {
        int n = epoll_wait(self->poll_fd, events, N_EVENTS, wait_ms(self));

        /* Each has a turn, of which the peer has some say how long it takes. */
        for (int i = 0; i < n && !util_deadline_has_passed(self->exchange->deadline); i++) {
            Work *work = events[i].data.ptr;

            if (work->phase != PHASE_ENDED)
                pump(self, work, true);
        }
        start_more(self, n == 0);
        if (util_deadline_has_passed(self->next_patrol)) {
            patrol(self);
            self->next_patrol = plan_patrol(self);
        }
    }
    while (self->n_started < self->n_works)
        start(self, &self->works[self->n_started++]);
    for (size_t i = 0; i < self->n_works; i++)
        if (self->works[i].phase != PHASE_ENDED)
            end_silent(self, &self->works[i]);
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
    worker->works = g_new0(Work, self->jobs->len / n_workers + 1);
    for (guint i = place; i < self->jobs->len; i += n_workers)
        worker->works[worker->n_works++].job = g_ptr_array_index(self->jobs, i);
    worker->n_open = worker->n_works;
    worker->buffer = g_new(QemuMonitorBuffer, 1);
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
        threads[i] = g_thread_try_new("domstats", run_worker, &workers[i], NULL);
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
