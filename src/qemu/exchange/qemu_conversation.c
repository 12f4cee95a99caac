/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_conversation: one job on its way.
 *
 * Owns nothing: the job, its domain and the poll are others'. Knows nothing of other jobs, nor
 * of what replies mean: the plan says what to ask next, qemu_health why nothing came, and
 * qemu_exchange when to move and when to give up.
 *
 * How it works
 *
 * A job goes through these phases, at its own pace:
 *
 *   DRAIN     a kept connection still owes replies to an earlier call. It is read without
 *             waiting; if nothing came, the domain is as stuck as it was, and the job ends here.
 *             Nothing is sent while replies are outstanding.
 *   GREET     a new connection; see qemu_monitor for what a connect does not prove.
 *   IDENTIFY  commands, name and UUID, once a connection.
 *   COLLECT   the plan's commands, then what their answers call for, until nothing is left.
 *
 * It ends complete; or with a closed connection; or, silent, at the deadline. A silent one that
 * is looked after is sent the out-of-band probe, which a QEMU whose main loop is blocked still
 * answers; and a process that two looks in a row show as stopped is not waited for, since only
 * somebody else's signal can wake it.
 *
 * At the deadline the answers still owed are forgotten, not the connection: they are read by
 * the next call (DRAIN), and a domain comes back without connecting anew.
 */
#include "qemu_conversation.h"

#include <errno.h>
#include <sys/epoll.h>

#include "qemu/plan/qemu_plan.h"
#include "qemu/recording/qemu_recording_peer.h"
#include "qemu_health.h"
#include "qemu_identity.h"
#include "util/util_error.h"

enum {
    RESUME_STEPS = 16, /* buffers that have come meanwhile: a megabyte */
    N_STOPPED_LOOKS = 2,
    /* A peer that breaks rules or has no room is dialled ever more seldom. */
    FREE_FAILURES = 2,
    FIRST_PAUSE_MS = 250,
    MAX_PAUSE_MS = 10000,
};

static void
stop_polling(QemuConversation *self)
{
    QemuMonitor *monitor = self->job->domain->monitor;

    if (self->is_polled && monitor != NULL)
        epoll_ctl(self->shared->poll_fd, EPOLL_CTL_DEL, qemu_monitor_fd(monitor), NULL);
    self->is_polled = false;
}

static void
end(QemuConversation *self)
{
    stop_polling(self);
    if (self->phase != QEMU_CONVERSATION_ENDED)
        self->shared->n_open--;
    self->phase = QEMU_CONVERSATION_ENDED;
    self->shared->ended(self->job, self->shared->data);
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
end_closed(QemuConversation *self, const GError *error)
{
    QemuJob *job = self->job;

    stop_polling(self);
    qemu_domain_disconnect(job->domain);
    /* For what this host lacks, a domain is not made to wait. */
    if (!g_error_matches(error, UTIL_ERROR, UTIL_ERROR_SYSTEM))
        note_failure(job->domain);
    qemu_health_judge_close(self->shared->host, job, error);
    end(self);
}

static void
end_unpolled(QemuConversation *self)
{
    g_autoptr(GError) error = g_error_new(UTIL_ERROR, UTIL_ERROR_SYSTEM,
                                          "cannot poll its monitor: %s", g_strerror(errno));

    end_closed(self, error);
}

static void
end_complete(QemuConversation *self)
{
    QemuJob *job = self->job;

    job->is_complete = true;
    job->domain->n_failures = 0;
    qemu_job_set_verdict(job, DOMSTATS_HEALTH_OK, NULL);
    end(self);
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
start_collecting(QemuConversation *self)
{
    QemuJob *job = self->job;

    self->phase = QEMU_CONVERSATION_COLLECT;
    qemu_host_gather_evidence(self->shared->host, job);
    qemu_plan_groups(job);
    return qemu_plan_commands(job);
}

static void
take_in_events(QemuConversation *self)
{
    QemuDomain *domain = self->job->domain;
    const char *status = NULL;
    unsigned int doubts = qemu_monitor_take_doubts(domain->monitor, &status);

    if (doubts == 0)
        return;
    if (doubts & QEMU_DOUBT_RUN_STATE) {
        self->job->doubts_status |= self->phase == QEMU_CONVERSATION_COLLECT;
        qemu_domain_doubt_status(domain);
        qemu_domain_remember_status(domain, status);
    }
    if (doubts & QEMU_DOUBT_BALLOON)
        domain->known.balloon_moved_us = util_deadline_now_us();
    if (doubts & QEMU_DOUBT_DEVICES) {
        g_clear_pointer(&domain->host.taps, g_array_unref);
        domain->known.stop.has_guest_stats = false; /* perhaps the balloon's */
    }
}

/* Goes on to the next phase where this one is done. Gives the commands to queue; ends the
 * work when there are none. */
static QemuCommandSet
advance(QemuConversation *self)
{
    QemuJob *job = self->job;
    QemuDomain *domain = job->domain;
    QemuCommandSet set = 0;

    take_in_events(self);
    if (self->phase == QEMU_CONVERSATION_DRAIN && qemu_monitor_n_in_flight(domain->monitor) == 0) {
        domain->is_silent = false;
        self->phase = QEMU_CONVERSATION_GREET;
    }
    if (self->phase == QEMU_CONVERSATION_GREET && qemu_monitor_has_greeted(domain->monitor)) {
        self->phase = QEMU_CONVERSATION_IDENTIFY;
        set = domain->known.is_identified ? 0 : qemu_plan_identity(domain);
        if (set != 0)
            return set;
    }
    if (self->phase < QEMU_CONVERSATION_IDENTIFY || qemu_job_is_waiting(job))
        return 0;
    if (self->phase == QEMU_CONVERSATION_IDENTIFY) {
        g_autoptr(GError) error = NULL;

        if (!domain->known.is_identified && !qemu_identity_take_answers(job, &error)) {
            end_closed(self, error);
            return 0;
        }
        set = start_collecting(self);
    }
    if (set == 0)
        set = qemu_plan_more(job);
    if (set == 0)
        end_complete(self);
    return set;
}

/* Behind another client nobody stays in the queue. */
void
qemu_conversation_end_silent(QemuConversation *self)
{
    QemuJob *job = self->job;

    stop_polling(self);
    qemu_health_judge_silence(self->shared->host, job);
    if (self->phase != QEMU_CONVERSATION_COLLECT)
        qemu_host_gather_evidence(self->shared->host, job);
    if (job->verdict == DOMSTATS_HEALTH_BUSY) {
        qemu_domain_disconnect(job->domain);
    } else {
        job->domain->is_silent = true;
        qemu_monitor_forget(job->domain->monitor);
    }
    end(self);
}

/* Keeps the poll's interest what the monitor's is. False if the kernel refuses. */
static bool
poll_for(QemuConversation *self)
{
    QemuMonitor *monitor = self->job->domain->monitor;
    bool wants_write = qemu_monitor_wants_write(monitor);
    struct epoll_event event = {.events = EPOLLIN | (wants_write ? (uint32_t)EPOLLOUT : 0),
                                .data.ptr = self};

    if (self->is_polled && self->polls_write == wants_write)
        return true;
    if (epoll_ctl(self->shared->poll_fd, self->is_polled ? EPOLL_CTL_MOD : EPOLL_CTL_ADD,
                  qemu_monitor_fd(monitor), &event) < 0)
        return false;
    self->is_polled = true;
    self->polls_write = wants_write;
    return true;
}

/* Moves one monitor as far as it goes now. What has just been sent cannot be answered yet, so
 * a socket is read once at most, and not at all unless @may_read. */
static void
pump(QemuConversation *self, bool may_read)
{
    QemuJob *job = self->job;
    QemuMonitor *monitor = job->domain->monitor;
    bool is_socket = qemu_monitor_fd(monitor) >= 0;

    for (;;) {
        g_autoptr(GError) error = NULL;
        QemuStep step = may_read ? qemu_monitor_step(monitor, self->shared->buffer, &error)
                                 : qemu_monitor_send(monitor, &error);
        QemuCommandSet set = 0;

        if (step == QEMU_STEP_CLOSED) {
            end_closed(self, error);
            return;
        }
        if (step == QEMU_STEP_RECEIVED) {
            self->moved = true;
            if (job->sent_us != 0)
                job->answered_us = util_deadline_now_us();
        }
        set = advance(self);
        if (self->phase == QEMU_CONVERSATION_ENDED)
            return;
        queue_set(job, set);
        if (set == 0 && (is_socket || step == QEMU_STEP_WOULD_BLOCK))
            break;
        may_read = !is_socket;
    }
    if (!is_socket)
        qemu_conversation_end_silent(self);
    else if (!poll_for(self))
        end_unpolled(self);
}

/* Connects to the first place that is free. True: go on with pump(); else the verdict is
 * set. */
static bool
dial(QemuConversation *self)
{
    const QemuConversationShared *shared = self->shared;
    QemuJob *job = self->job;
    QemuDomain *domain = job->domain;
    const GPtrArray *places = domain->endpoint->places;
    bool is_busy = false;

    /* A connect would only take a place in the backlog of one that cannot accept. */
    if (qemu_health_judge_stopped(shared->host, job))
        return false;
    for (guint i = 0; i < places->len; i++) {
        const QemuEndpointPlace *place = g_ptr_array_index(places, i);
        g_autoptr(GError) error = NULL;
        QemuChannel *channel = NULL;
        QemuDial outcome = QEMU_DIAL_CONNECTED;

        if (!shared->is_replay && qemu_health_judge_busy(shared->host, job, place)) {
            qemu_identity_find_process(shared->host, domain, place);
            is_busy = true;
            continue;
        }
        if (shared->is_replay) {
            channel = qemu_recording_peer_open(place->connect_path, &error);
            outcome = channel ? QEMU_DIAL_CONNECTED : QEMU_DIAL_FAILED;
        } else {
            outcome = qemu_channel_dial(place->connect_path, &channel, &error);
        }
        if (outcome == QEMU_DIAL_CONNECTED) {
            domain->monitor = qemu_monitor_new(channel);
            if (qemu_identity_check_peer(shared->host, job))
                return true;
            qemu_domain_disconnect(domain);
        } else if (!is_busy) {
            qemu_health_judge_dial(shared->host, job, outcome, error);
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
resume(QemuConversation *self)
{
    QemuDomain *domain = self->job->domain;
    unsigned int n_owed = qemu_monitor_n_in_flight(domain->monitor);
    bool had_greeted = qemu_monitor_has_greeted(domain->monitor);
    QemuStep step = QEMU_STEP_RECEIVED;
    g_autoptr(GError) error = NULL;

    qemu_monitor_begin_call(domain->monitor);
    for (int i = 0; i < RESUME_STEPS && step == QEMU_STEP_RECEIVED; i++)
        step = qemu_monitor_step(domain->monitor, self->shared->buffer, &error);
    if (step == QEMU_STEP_CLOSED) {
        if (g_error_matches(error, UTIL_ERROR, UTIL_ERROR_BROKEN)) {
            end_closed(self, error);
            return false;
        }
        qemu_domain_disconnect(domain);
        return true;
    }
    take_in_events(self);
    self->phase = QEMU_CONVERSATION_DRAIN;
    if (domain->is_silent && !is_catching_up(self->job, n_owed, had_greeted)) {
        qemu_conversation_end_silent(self);
        return false;
    }
    return true;
}

void
qemu_conversation_start(QemuConversation *self)
{
    QemuJob *job = self->job;
    QemuDomain *domain = job->domain;

    self->phase = QEMU_CONVERSATION_GREET;
    if (is_out_of_reach(job)) {
        end(self);
        return;
    }
    if (domain->monitor != NULL && !resume(self))
        return;
    if (domain->monitor == NULL) {
        self->phase = QEMU_CONVERSATION_GREET;
        domain->known.is_identified = false;
        if (!dial(self)) {
            end(self);
            return;
        }
    }
    pump(self, qemu_monitor_fd(domain->monitor) < 0);
}

void
qemu_conversation_step(QemuConversation *self)
{
    pump(self, true);
}

void
qemu_conversation_look_after(QemuConversation *self)
{
    QemuDomain *domain = self->job->domain;

    if (self->moved) {
        self->moved = false;
        self->n_stopped = 0;
        return;
    }
    if (qemu_health_is_stopped(qemu_host_view_root(self->shared->host), domain))
        self->n_stopped++;
    else
        self->n_stopped = 0;
    if (self->n_stopped >= N_STOPPED_LOOKS)
        qemu_conversation_end_silent(self);
    else if (self->phase != QEMU_CONVERSATION_DRAIN && qemu_monitor_probe(domain->monitor))
        pump(self, true);
}
