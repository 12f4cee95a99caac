/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_conversation: moves one job from its first command to its end.
 *
 * Owns the error that ended a connection; the job, its domain and the poll are borrowed. Does not
 * know other jobs, nor what replies mean: qemu_reach connects, qemu_plan says what to ask,
 * qemu_health says why nothing came, and qemu_exchange says when to move and when to give up.
 *
 * How it works
 *
 * A job goes through these phases:
 *
 * - HELD_BACK: the last look showed something that keeps us from dialling and may pass soon
 *   (QemuDomainBar). The next look decides again.
 * - LIBVIRT: libvirt was asked for the domain, since only libvirt may use its monitor (see
 *   qemu_through), or another client has it.
 * - DRAIN: the peer still owes replies to an earlier call on this connection. They are read and
 *   dropped. Nothing is sent before all of them have come. If no part of one has come since that
 *   call, and the peer had a fair time in it, the job ends here: the domain is still stuck.
 * - GREET: a new connection; see qemu_monitor for what a connect does not prove.
 * - IDENTIFY: name, UUID and commands are asked for, once for each connection.
 * - COLLECT: the plan's commands are asked, then what their answers call for.
 *
 * Each function that moves a job gives what comes next (Next). settle() alone acts on that, and
 * end() alone ends a job:
 *
 *   start ----+                                  WAIT      poll for the peer, or for the next look
 *   step -----+-> resume, connect, pump, look    COMPLETE  end: nothing is left to ask
 *   look_after+   -> Next -> settle() ---------> CLOSED    dial once more, or end
 *   judge ----+                                  SILENT    end: the peer is waited for no longer
 *   give_up --+
 *   skip -----+                                  JUDGED    end: the verdict is set already
 *
 * If a QEMU closes its connection, or more events than the limit had gathered on it before any
 * reply came, the job dials once more in the same call. This tells a QEMU that lost its monitor
 * from one that takes clients again. A peer that had not greeted is not dialled again: some
 * programs end when a client leaves.
 *
 * A look at a silent job sends the out-of-band probe, which a QEMU answers while its main loop is
 * blocked. If looks in a row show its process as stopped, the job ends: only a signal from
 * elsewhere makes the process go on.
 *
 * A job that is given up leaves its connection to the domain. If it is held, the next call reads
 * the replies still owed (DRAIN); else the end of the call closes it. What was seen of its silence
 * is kept in the domain (QemuDomainSilence).
 */
#include "qemu_conversation.h"

#include "qemu/plan/qemu_plan.h"
#include "qemu_health.h"
#include "qemu_identity.h"
#include "qemu_pulse.h"
#include "qemu_silence.h"
#include "util/util_error.h"

enum {
    RESUME_STEPS = 16, /* buffers that are read of a kept connection at first: a megabyte */
    PROBE_AFTER_US = 200 * 1000,
    /* A job that is held back is looked at again after so long, then after twice as long, ... */
    FIRST_AGAIN_US = 1000,
    VISITED_AGAIN_US = 32 * 1000, /* at most, while another domstats visits the monitor */
    LAST_AGAIN_US = 250 * 1000,   /* at most, for any other reason */
};

/* What is to be done with a job after a move; see the top. */
typedef enum {
    NEXT_WAIT,
    NEXT_COMPLETE,
    NEXT_CLOSED, /* the conversation's error is set */
    NEXT_SILENT,
    NEXT_JUDGED,
} Next;

void
qemu_conversation_free(QemuConversation *self)
{
    if (self == NULL)
        return;
    qemu_through_clear(&self->through);
    g_clear_error(&self->error);
    g_free(self);
}

static void
queue_set(QemuConversation *self, QemuCommandSet set)
{
    QemuJob *job = self->job;

    if (set == 0)
        return;
    self->turn_us = util_deadline_now_us();
    if (job->sent_us == 0)
        job->sent_us = self->turn_us;
    for (unsigned int id = 0; id < QEMU_N_COMMANDS; id++)
        if (set >> id & 1)
            qemu_monitor_queue(job->domain->monitor, qemu_plan_form(job, (QemuCommandId)id),
                               job->balloon_path, &job->answers[id]);
    job->asked |= set;
}

/* Enters COLLECT; gives the commands to send. */
static QemuCommandSet
start_collecting(QemuConversation *self)
{
    QemuJob *job = self->job;

    self->phase = QEMU_CONVERSATION_COLLECT;
    qemu_known_begin_plan(job->domain->known);
    qemu_host_gather_evidence(self->shared->host, job);
    qemu_plan_groups(job);
    return qemu_plan_commands(job);
}

static void
take_in_events(QemuDomain *domain)
{
    QemuEvents events = qemu_monitor_take_events(domain->monitor);

    if (events.doubts != 0)
        qemu_known_note_events(domain->known, &events);
}

/* Enters the next phase if this one is done. Sets the commands to queue with WAIT. */
static Next
advance(QemuConversation *self, QemuCommandSet *ret_set)
{
    QemuJob *job = self->job;
    QemuDomain *domain = job->domain;

    *ret_set = 0;
    take_in_events(domain);
    if (self->phase == QEMU_CONVERSATION_DRAIN && qemu_monitor_n_in_flight(domain->monitor) == 0) {
        qemu_domain_end_silence(domain);
        self->phase = QEMU_CONVERSATION_GREET;
    }
    if (self->phase == QEMU_CONVERSATION_GREET && qemu_monitor_has_greeted(domain->monitor)) {
        domain->has_served = true;
        self->phase = QEMU_CONVERSATION_IDENTIFY;
        *ret_set = qemu_known_is_identified(domain->known) ? 0 : qemu_plan_identity(domain);
    }
    if (*ret_set != 0 || self->phase < QEMU_CONVERSATION_IDENTIFY || qemu_job_is_waiting(job))
        return NEXT_WAIT;
    if (self->phase == QEMU_CONVERSATION_IDENTIFY) {
        if (!qemu_known_is_identified(domain->known) &&
            !qemu_identity_take_answers(job, &self->error))
            return NEXT_CLOSED;
        *ret_set = start_collecting(self);
    }
    if (*ret_set == 0)
        *ret_set = qemu_plan_more(job);
    return *ret_set == 0 ? NEXT_COMPLETE : NEXT_WAIT;
}

static void
note_step(QemuConversation *self, QemuStep step)
{
    if (step != QEMU_STEP_RECEIVED)
        return;
    self->heard_us = util_deadline_now_us();
    if (self->job->sent_us != 0)
        self->job->answered_us = self->heard_us;
}

/* Sends and reads until the peer has to act. A socket is read once at most, and only if @may_read:
 * what has just been sent is not answered yet. A recording answers at once, so one with nothing to
 * read will not answer at all. */
static Next
pump(QemuConversation *self, bool may_read)
{
    QemuMonitor *monitor = self->job->domain->monitor;
    bool is_socket = qemu_monitor_fd(monitor) >= 0;

    for (;;) {
        QemuStep step = may_read ? qemu_monitor_step(monitor, self->shared->buffer, &self->error)
                                 : qemu_monitor_send(monitor, &self->error);
        QemuCommandSet set = 0;
        Next next = NEXT_CLOSED;

        if (step == QEMU_STEP_CLOSED)
            return NEXT_CLOSED;
        note_step(self, step);
        next = advance(self, &set);
        if (next != NEXT_WAIT)
            return next;
        queue_set(self, set);
        if (set == 0 && (is_socket || step == QEMU_STEP_WOULD_BLOCK))
            return is_socket ? NEXT_WAIT : NEXT_SILENT;
        may_read = !is_socket;
    }
}

/* Sends; a recording is read as well, for it has no socket to poll. */
static Next
pump_first(QemuConversation *self)
{
    return pump(self, qemu_monitor_fd(self->job->domain->monitor) < 0);
}

static void
hold_back_for(QemuConversation *self, int64_t again_us)
{
    if (self->again_us == 0)
        g_ptr_array_add(self->shared->held_back, self);
    self->again_us = again_us;
    self->phase = QEMU_CONVERSATION_HELD_BACK;
    self->again_at_us = util_deadline_now_us() + again_us;
}

/* Plans the next look: soon at first, since most of what holds a job back lasts milliseconds. */
static void
hold_back(QemuConversation *self)
{
    bool is_visited = self->job->domain->silence.bar == QEMU_DOMAIN_BAR_VISITED;
    int64_t most_us = is_visited ? VISITED_AGAIN_US : LAST_AGAIN_US;

    hold_back_for(self, self->again_us == 0 ? FIRST_AGAIN_US : MIN(2 * self->again_us, most_us));
}

static bool
is_through(const QemuConversation *self)
{
    return self->through.job != NULL;
}

static Next
go_on_through(QemuConversation *self, QemuThroughNext next)
{
    switch (next) {
    case QEMU_THROUGH_LATER:
        hold_back_for(self, self->through.pause_us);
        return NEXT_WAIT;
    case QEMU_THROUGH_WAIT:
        self->phase = QEMU_CONVERSATION_LIBVIRT;
        self->again_us = 0;
        return NEXT_WAIT;
    case QEMU_THROUGH_ENDED:
    default:
        return NEXT_JUDGED;
    }
}

static Next
start_through(QemuConversation *self)
{
    self->through = (QemuThrough){
        .job = self->job, .host = self->shared->host, .desk = &self->shared->desk, .owner = self};
    return go_on_through(self, qemu_through_begin(&self->through));
}

/* A job that no monitor answers: asks libvirt for it where that may help. */
static Next
end_unreached(QemuConversation *self)
{
    if (qemu_through_may_ask(self->job))
        return start_through(self);
    qemu_through_explain(self->shared->host, self->job);
    return NEXT_JUDGED;
}

/* Connects, and sends what a new connection allows. */
static Next
connect_monitor(QemuConversation *self)
{
    switch (qemu_reach_connect(self->shared->host, self->job, &self->shared->how, self->since_us)) {
    case QEMU_REACH_CONNECTED:
        qemu_job_set_verdict(self->job, DOMSTATS_HEALTH_OK, NULL);
        self->phase = QEMU_CONVERSATION_GREET;
        self->again_us = 0;
        self->turn_us = util_deadline_now_us();
        if (self->job->domain->is_silent)
            self->until_us = self->turn_us + qemu_silence_patience_us(self->job);
        return pump_first(self);
    case QEMU_REACH_LATER:
        hold_back(self);
        return NEXT_WAIT;
    case QEMU_REACH_NEVER:
    default:
        return end_unreached(self);
    }
}

/* Reads what has come on a kept connection since the last call. If QEMU closed it meanwhile, which
 * is no failure, gives WAIT without a connection. */
static Next
resume(QemuConversation *self)
{
    QemuDomain *domain = self->job->domain;
    QemuStep step = QEMU_STEP_RECEIVED;

    qemu_monitor_begin_call(domain->monitor);
    for (int i = 0; i < RESUME_STEPS && step == QEMU_STEP_RECEIVED; i++)
        step = qemu_monitor_step(domain->monitor, self->shared->buffer, &self->error);
    if (step == QEMU_STEP_CLOSED) {
        if (g_error_matches(self->error, UTIL_ERROR, UTIL_ERROR_BROKEN))
            return NEXT_CLOSED;
        g_clear_error(&self->error);
        qemu_domain_disconnect(domain);
        return NEXT_WAIT;
    }
    take_in_events(domain);
    qemu_identity_read_again(self->shared->host, domain, self->shared->deadline);
    self->phase = QEMU_CONVERSATION_DRAIN;
    self->turn_us = util_deadline_now_us();
    if (!domain->is_silent || qemu_silence_is_worth_waiting(self->shared->host, self->job,
                                                            &self->turn_us, &self->until_us))
        return NEXT_WAIT;
    qemu_health_search_threads(self->shared->host, domain, self->shared->search_until);
    return NEXT_SILENT;
}

/* Whether the job should dial again, now that its connection has ended. */
static bool
may_dial_anew(const QemuConversation *self)
{
    const QemuJob *job = self->job;
    const QemuDomain *domain = job->domain;
    HostRoot *root = qemu_host_view_root(self->shared->host);

    if (self->has_dialled_anew || self->shared->how.is_replay || domain->monitor == NULL)
        return false;
    if (qemu_monitor_is_flooded(domain->monitor))
        return !qemu_job_has_answer(job);
    return g_error_matches(self->error, UTIL_ERROR, UTIL_ERROR_CONNECT) &&
           qemu_monitor_has_greeted(domain->monitor) && !qemu_pulse_has_ended(root, domain);
}

static void
stop_polling(QemuConversation *self)
{
    qemu_watch_clear(&self->watch, self->shared->poll_fd, self->job->domain->monitor);
}

static void
disconnect(QemuConversation *self)
{
    stop_polling(self);
    qemu_domain_disconnect(self->job->domain);
}

static void
end_complete(QemuConversation *self)
{
    QemuJob *job = self->job;

    job->is_complete = true;
    if ((job->domain->failed_groups & ~job->groups) == 0)
        job->domain->n_failures = 0;
    qemu_domain_end_silence(job->domain);
    qemu_job_set_verdict(job, DOMSTATS_HEALTH_OK, NULL);
}

/* If the peer broke the rules, the job's answers are dropped: each may belong to another command. A
 * shortage of this process (SYSTEM) does not count as a failure of the domain, so the next call
 * dials without a pause. */
static void
end_closed(QemuConversation *self)
{
    QemuJob *job = self->job;

    disconnect(self);
    if (!g_error_matches(self->error, UTIL_ERROR, UTIL_ERROR_SYSTEM))
        qemu_reach_note_failure(job->domain,
                                self->phase == QEMU_CONVERSATION_COLLECT ? job->groups : 0);
    if (g_error_matches(self->error, UTIL_ERROR, UTIL_ERROR_BROKEN))
        qemu_job_disbelieve(job);
    qemu_health_judge_close(self->shared->host, job, self->error);
}

/* Leaves the connection to the domain. One that QEMU has not greeted is closed: it would keep a
 * place in the monitor's queue. */
static void
leave_connection(QemuConversation *self)
{
    QemuDomain *domain = self->job->domain;

    qemu_silence_note(self->shared->host, domain, self->turn_us);
    if (qemu_monitor_has_greeted(domain->monitor))
        return;
    stop_polling(self);
    qemu_domain_let_go(domain);
}

/* The connection to a monitor that another client holds is closed, so that it does not wait in the
 * monitor's queue. */
static void
end_silent(QemuConversation *self)
{
    const QemuConversationShared *shared = self->shared;
    QemuJob *job = self->job;
    int64_t waited_us = qemu_silence_waited_us(job, self->turn_us, self->until_us);

    if (is_through(self)) {
        if (!self->is_judged)
            qemu_through_judge(&self->through);
        return;
    }
    if (!self->is_judged && job->domain->monitor == NULL) {
        qemu_reach_name_holder(shared->host, job);
        qemu_health_judge_unasked(job, waited_us);
    } else if (!self->is_judged)
        qemu_health_judge_silence(shared->host, job, waited_us);
    if (job->domain->monitor == NULL)
        return;
    if (self->phase != QEMU_CONVERSATION_COLLECT && !util_deadline_has_passed(shared->deadline))
        qemu_host_gather_evidence(shared->host, job);
    if (job->verdict == DOMSTATS_HEALTH_BUSY || job->verdict == DOMSTATS_HEALTH_GONE)
        disconnect(self);
    else
        leave_connection(self);
}

/* Ends the job, with its record. Nothing else does. */
static void
end(QemuConversation *self, Next next)
{
    QemuConversationShared *shared = self->shared;
    int64_t begin_us = util_deadline_now_us();

    if (next == NEXT_COMPLETE)
        end_complete(self);
    else if (next == NEXT_CLOSED)
        end_closed(self);
    else if (next == NEXT_SILENT)
        end_silent(self);
    stop_polling(self);
    if (is_through(self))
        qemu_through_leave(&self->through);
    if (!qemu_job_has_answer(self->job))
        self->job->answered_us = 0;
    self->phase = QEMU_CONVERSATION_ENDED;
    shared->n_open--;
    shared->ended(self->job, shared->data);
    if (next == NEXT_SILENT) {
        shared->n_given_up++;
        shared->given_up_us += util_deadline_now_us() - begin_us;
    }
}

static bool
poll_for(QemuConversation *self)
{
    return qemu_watch_set(&self->watch, self->shared->poll_fd, self->job->domain->monitor, self,
                          &self->error);
}

/* Acts on @next: when this returns, the job is polled for or held back, or has ended. */
static void
settle(QemuConversation *self, Next next)
{
    if (next == NEXT_CLOSED && may_dial_anew(self)) {
        self->has_dialled_anew = true;
        g_clear_error(&self->error);
        disconnect(self);
        qemu_job_restart(self->job);
        self->since_us = util_deadline_now_us(); /* older tables show the connection that ended */
        next = connect_monitor(self);
    }
    if (next == NEXT_WAIT && self->phase > QEMU_CONVERSATION_LIBVIRT && !poll_for(self))
        next = NEXT_CLOSED;
    if (next != NEXT_WAIT)
        end(self, next);
}

void
qemu_conversation_start(QemuConversation *self)
{
    QemuDomain *domain = self->job->domain;
    Next next = NEXT_WAIT;

    qemu_known_begin_call(domain->known);
    if (domain->silence.bar == QEMU_DOMAIN_BAR_STARTING &&
        !qemu_request_has(self->job->request, VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT))
        qemu_health_unbar(domain); /* each call gives a starting QEMU the fair time again */
    self->looked_us = self->heard_us = self->turn_us = util_deadline_now_us();
    if (qemu_through_is_only_way(domain))
        next = start_through(self);
    else if (qemu_reach_is_settled(self->job))
        next = end_unreached(self);
    else if (domain->monitor != NULL)
        next = resume(self);
    else if (qemu_health_judge_still_stuck(self->shared->host, self->job))
        next = NEXT_JUDGED;
    if (next == NEXT_WAIT && !is_through(self))
        next = domain->monitor != NULL ? pump_first(self) : connect_monitor(self);
    settle(self, next);
}

void
qemu_conversation_skip(QemuConversation *self)
{
    qemu_known_begin_call(self->job->domain->known);
    if (qemu_through_is_only_way(self->job->domain) || !qemu_reach_is_settled(self->job))
        qemu_health_judge_unasked(self->job, 0);
    settle(self, NEXT_JUDGED);
}

void
qemu_conversation_step(QemuConversation *self)
{
    settle(self, is_through(self) ? go_on_through(self, qemu_through_take(&self->through))
                                  : pump(self, true));
}

/* True if another client came before our connection, or holds the monitor from another network
 * namespace. That is looked for once, after half of the fair time without a greeting. */
static bool
is_overtaken(QemuConversation *self, int64_t now_us)
{
    if (self->phase != QEMU_CONVERSATION_GREET || self->has_looked_for_holder ||
        self->shared->how.is_replay || now_us - self->turn_us < qemu_health_fair_us(self->job) / 2)
        return false;
    self->has_looked_for_holder = true;
    self->is_judged = qemu_health_judge_overtaken(self->shared->host, self->job);
    return self->is_judged;
}

/* Leaves a monitor at which another client came first, if the domain has more than one: the others
 * were not tried. Done once, since a client of another network namespace is not seen before the
 * dial. False if there is nothing to leave it for. */
static bool
give_way(QemuConversation *self)
{
    if (self->has_given_way || self->job->domain->endpoint->places->len < 2)
        return false;
    self->has_given_way = true;
    self->has_looked_for_holder = false;
    self->is_judged = false;
    disconnect(self);
    self->since_us = util_deadline_now_us(); /* older tables do not show that client */
    return true;
}

/* A look at a job of which nothing has come since the last one. */
static Next
look(QemuConversation *self, int64_t now_us)
{
    QemuJob *job = self->job;

    if (self->phase == QEMU_CONVERSATION_GREET &&
        qemu_reach_is_mute(self->shared->host, job, now_us - self->turn_us)) {
        disconnect(self);
        return connect_monitor(self);
    }

    if (!qemu_pulse_is_stopped(qemu_host_view_root(self->shared->host), job->domain))
        qemu_health_unbar(job->domain);
    else if (qemu_health_lasts(job, QEMU_DOMAIN_BAR_STOPPED))
        return NEXT_SILENT;
    if (self->until_us != 0 && now_us >= self->until_us)
        return NEXT_SILENT;
    if (is_overtaken(self, now_us))
        return give_way(self) ? connect_monitor(self) : NEXT_SILENT;
    if (self->phase != QEMU_CONVERSATION_DRAIN &&
        now_us - MAX(self->heard_us, self->turn_us) >=
            MIN(PROBE_AFTER_US, qemu_health_fair_us(job) / 2))
        qemu_monitor_probe(job->domain->monitor);
    return pump(self, true);
}

/* Something has come since the last look. A greeting alone may be that of the monitors' own thread,
 * which greets while the main loop is blocked: so of a domain that was silent it gives the main
 * loop the fair time, and not the whole call. */
static void
note_heard(QemuConversation *self)
{
    const QemuMonitor *monitor = self->job->domain->monitor;

    if (self->until_us != 0 && qemu_monitor_is_held_up(monitor))
        self->until_us = self->heard_us + qemu_silence_patience_us(self->job);
    else
        self->until_us = 0;
    qemu_health_unbar(self->job->domain);
}

bool
qemu_conversation_look_after(QemuConversation *self)
{
    int64_t now_us = util_deadline_now_us();
    bool has_spoken = self->heard_us > self->looked_us;

    self->looked_us = now_us;
    if (self->phase == QEMU_CONVERSATION_HELD_BACK)
        return false;
    if (is_through(self)) {
        settle(self, go_on_through(self, qemu_through_look(&self->through)));
        return self->phase != QEMU_CONVERSATION_ENDED && qemu_through_is_late(&self->through) &&
               !self->job->domain->silence.is_searched;
    }
    if (has_spoken) {
        note_heard(self);
        return false;
    }
    settle(self, look(self, now_us));
    return self->phase != QEMU_CONVERSATION_ENDED && !self->job->domain->silence.is_searched;
}

void
qemu_conversation_look_again(QemuConversation *self, int64_t since_us)
{
    self->since_us = since_us;
    settle(self, is_through(self) ? go_on_through(self, qemu_through_step(&self->through))
                                  : connect_monitor(self));
}

void
qemu_conversation_judge(QemuConversation *self)
{
    Next next = NEXT_WAIT;

    self->has_dialled_anew = true; /* there is no time to dial again */
    if (self->phase == QEMU_CONVERSATION_HELD_BACK)
        return;
    next = is_through(self) ? go_on_through(self, qemu_through_take(&self->through))
                            : pump(self, true);
    if (next != NEXT_WAIT) {
        settle(self, next);
        return;
    }
    self->is_judged = true;
    if (is_through(self)) {
        qemu_through_judge(&self->through);
        return;
    }
    stop_polling(self);
    qemu_health_judge_silence(self->shared->host, self->job,
                              qemu_silence_waited_us(self->job, self->turn_us, self->until_us));
}

void
qemu_conversation_give_up(QemuConversation *self)
{
    settle(self, NEXT_SILENT);
}
