/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_conversation: moves one job from its first command to its end.
 *
 * Owns the error that ended a connection; the job, its domain and the poll are borrowed. Does not
 * know other jobs, nor what replies mean: qemu_reach connects, qemu_talk sends and reads,
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
 * Each function that moves a job gives what comes next (QemuTalkNext). settle() alone acts on that,
 * and end() alone ends a job:
 *
 *   start ----+                                  WAIT      poll for the peer, or for the next look
 *   step -----+-> resume, connect, talk, look    COMPLETE  end: nothing is left to ask
 *   look_after+   -> next -> settle() ---------> CLOSED    dial once more, or end
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

void
qemu_conversation_free(QemuConversation *self)
{
    if (self == NULL)
        return;
    qemu_through_clear(&self->through);
    g_clear_error(&self->talk.error);
    g_free(self);
}

static void
hold_back_for(QemuConversation *self, int64_t again_us)
{
    if (self->again_us == 0)
        g_ptr_array_add(self->shared->held_back, self);
    self->again_us = again_us;
    self->talk.phase = QEMU_TALK_HELD_BACK;
    self->again_at_us = util_deadline_now_us() + again_us;
}

/* Plans the next look: soon at first, since most of what holds a job back lasts milliseconds. */
static void
hold_back(QemuConversation *self)
{
    bool is_visited = self->talk.job->domain->silence.bar == QEMU_DOMAIN_BAR_VISITED;
    int64_t most_us = is_visited ? VISITED_AGAIN_US : LAST_AGAIN_US;

    hold_back_for(self, self->again_us == 0 ? FIRST_AGAIN_US : MIN(2 * self->again_us, most_us));
}

static bool
is_through(const QemuConversation *self)
{
    return self->through.job != NULL;
}

static QemuTalkNext
go_on_through(QemuConversation *self, QemuThroughNext next)
{
    switch (next) {
    case QEMU_THROUGH_LATER:
        hold_back_for(self, self->through.pause_us);
        return QEMU_TALK_NEXT_WAIT;
    case QEMU_THROUGH_WAIT:
        self->talk.phase = QEMU_TALK_LIBVIRT;
        self->again_us = 0;
        return QEMU_TALK_NEXT_WAIT;
    case QEMU_THROUGH_ENDED:
    default:
        return QEMU_TALK_NEXT_JUDGED;
    }
}

static QemuTalkNext
start_through(QemuConversation *self)
{
    self->through = (QemuThrough){.job = self->talk.job,
                                  .host = self->shared->host,
                                  .desk = &self->shared->desk,
                                  .owner = self};
    return go_on_through(self, qemu_through_begin(&self->through));
}

/* A job that no monitor answers: asks libvirt for it where that may help. */
static QemuTalkNext
end_unreached(QemuConversation *self)
{
    if (qemu_through_may_ask(self->talk.job))
        return start_through(self);
    qemu_through_explain(self->shared->host, self->talk.job);
    return QEMU_TALK_NEXT_JUDGED;
}

/* Connects, and sends what a new connection allows. */
static QemuTalkNext
connect_monitor(QemuConversation *self)
{
    switch (qemu_reach_connect(self->shared->host, self->talk.job, &self->shared->how,
                               self->since_us)) {
    case QEMU_REACH_CONNECTED:
        qemu_job_set_verdict(self->talk.job, DOMSTATS_HEALTH_OK, NULL);
        self->talk.phase = QEMU_TALK_GREET;
        self->again_us = 0;
        self->talk.turn_us = util_deadline_now_us();
        if (self->talk.job->domain->is_silent)
            self->until_us = self->talk.turn_us + qemu_silence_patience_us(self->talk.job);
        return qemu_talk_begin(&self->talk);
    case QEMU_REACH_LATER:
        hold_back(self);
        return QEMU_TALK_NEXT_WAIT;
    case QEMU_REACH_NEVER:
    default:
        return end_unreached(self);
    }
}

/* Reads what has come on a kept connection since the last call. If QEMU closed it meanwhile, which
 * is no failure, gives WAIT without a connection. */
static QemuTalkNext
resume(QemuConversation *self)
{
    QemuDomain *domain = self->talk.job->domain;
    QemuStep step = QEMU_STEP_RECEIVED;

    qemu_monitor_begin_call(domain->monitor);
    for (int i = 0; i < RESUME_STEPS && step == QEMU_STEP_RECEIVED; i++)
        step = qemu_monitor_step(domain->monitor, self->shared->buffer, &self->talk.error);
    if (step == QEMU_STEP_CLOSED) {
        if (g_error_matches(self->talk.error, UTIL_ERROR, UTIL_ERROR_BROKEN))
            return QEMU_TALK_NEXT_CLOSED;
        g_clear_error(&self->talk.error);
        qemu_domain_disconnect(domain);
        return QEMU_TALK_NEXT_WAIT;
    }
    qemu_talk_take_in_events(domain);
    qemu_identity_read_again(self->shared->host, domain, self->shared->deadline);
    self->talk.phase = QEMU_TALK_DRAIN;
    self->talk.turn_us = util_deadline_now_us();
    if (!domain->is_silent || qemu_silence_is_worth_waiting(self->shared->host, self->talk.job,
                                                            &self->talk.turn_us, &self->until_us))
        return QEMU_TALK_NEXT_WAIT;
    qemu_health_search_threads(self->shared->host, domain, self->shared->search_until);
    return QEMU_TALK_NEXT_SILENT;
}

/* Whether the job should dial again, now that its connection has ended. */
static bool
may_dial_anew(const QemuConversation *self)
{
    const QemuJob *job = self->talk.job;
    const QemuDomain *domain = job->domain;
    HostRoot *root = qemu_host_view_root(self->shared->host);

    if (self->has_dialled_anew || self->shared->how.is_replay || domain->monitor == NULL)
        return false;
    if (qemu_monitor_is_flooded(domain->monitor))
        return !qemu_job_has_answer(job);
    return g_error_matches(self->talk.error, UTIL_ERROR, UTIL_ERROR_CONNECT) &&
           qemu_monitor_has_greeted(domain->monitor) && !qemu_pulse_has_ended(root, domain);
}

static void
stop_polling(QemuConversation *self)
{
    qemu_watch_clear(&self->watch, self->shared->poll_fd, self->talk.job->domain->monitor);
}

static void
disconnect(QemuConversation *self)
{
    stop_polling(self);
    qemu_domain_disconnect(self->talk.job->domain);
}

static void
end_complete(QemuConversation *self)
{
    QemuJob *job = self->talk.job;

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
    QemuJob *job = self->talk.job;

    disconnect(self);
    if (!g_error_matches(self->talk.error, UTIL_ERROR, UTIL_ERROR_SYSTEM))
        qemu_reach_note_failure(job->domain,
                                self->talk.phase == QEMU_TALK_COLLECT ? job->groups : 0);
    if (g_error_matches(self->talk.error, UTIL_ERROR, UTIL_ERROR_BROKEN))
        qemu_job_disbelieve(job);
    qemu_health_judge_close(self->shared->host, job, self->talk.error);
}

/* Leaves the connection to the domain. One that QEMU has not greeted is closed: it would keep a
 * place in the monitor's queue. */
static void
leave_connection(QemuConversation *self)
{
    QemuDomain *domain = self->talk.job->domain;

    qemu_silence_note(self->shared->host, domain, self->talk.turn_us);
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
    QemuJob *job = self->talk.job;
    int64_t waited_us = qemu_silence_waited_us(job, self->talk.turn_us, self->until_us);

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
    if (self->talk.phase != QEMU_TALK_COLLECT && !util_deadline_has_passed(shared->deadline))
        qemu_host_gather_evidence(shared->host, job);
    if (job->verdict == DOMSTATS_HEALTH_BUSY || job->verdict == DOMSTATS_HEALTH_GONE)
        disconnect(self);
    else
        leave_connection(self);
}

/* Ends the job, with its record. Nothing else does. */
static void
end(QemuConversation *self, QemuTalkNext next)
{
    QemuConversationShared *shared = self->shared;
    int64_t begin_us = util_deadline_now_us();

    if (next == QEMU_TALK_NEXT_COMPLETE)
        end_complete(self);
    else if (next == QEMU_TALK_NEXT_CLOSED)
        end_closed(self);
    else if (next == QEMU_TALK_NEXT_SILENT)
        end_silent(self);
    stop_polling(self);
    if (is_through(self))
        qemu_through_leave(&self->through);
    if (!qemu_job_has_answer(self->talk.job))
        self->talk.job->answered_us = 0;
    self->talk.phase = QEMU_TALK_ENDED;
    shared->n_open--;
    shared->ended(self->talk.job, shared->data);
    if (next == QEMU_TALK_NEXT_SILENT) {
        shared->n_given_up++;
        shared->given_up_us += util_deadline_now_us() - begin_us;
    }
}

static bool
poll_for(QemuConversation *self)
{
    return qemu_watch_set(&self->watch, self->shared->poll_fd, self->talk.job->domain->monitor,
                          self, &self->talk.error);
}

/* Acts on @next: when this returns, the job is polled for or held back, or has ended. */
static void
settle(QemuConversation *self, QemuTalkNext next)
{
    if (next == QEMU_TALK_NEXT_CLOSED && may_dial_anew(self)) {
        self->has_dialled_anew = true;
        g_clear_error(&self->talk.error);
        disconnect(self);
        qemu_job_restart(self->talk.job);
        self->since_us = util_deadline_now_us(); /* older tables show the connection that ended */
        next = connect_monitor(self);
    }
    if (next == QEMU_TALK_NEXT_WAIT && self->talk.phase > QEMU_TALK_LIBVIRT && !poll_for(self))
        next = QEMU_TALK_NEXT_CLOSED;
    if (next != QEMU_TALK_NEXT_WAIT)
        end(self, next);
}

void
qemu_conversation_start(QemuConversation *self)
{
    QemuDomain *domain = self->talk.job->domain;
    QemuTalkNext next = QEMU_TALK_NEXT_WAIT;

    self->talk.host = self->shared->host;
    self->talk.buffer = self->shared->buffer;
    qemu_known_begin_call(domain->known);
    if (domain->silence.bar == QEMU_DOMAIN_BAR_STARTING &&
        !qemu_request_has(self->talk.job->request, VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT))
        qemu_health_unbar(domain); /* each call gives a starting QEMU the fair time again */
    self->looked_us = self->talk.heard_us = self->talk.turn_us = util_deadline_now_us();
    if (qemu_through_is_only_way(domain))
        next = start_through(self);
    else if (qemu_reach_is_settled(self->talk.job))
        next = end_unreached(self);
    else if (domain->monitor != NULL)
        next = resume(self);
    else if (qemu_health_judge_still_stuck(self->shared->host, self->talk.job))
        next = QEMU_TALK_NEXT_JUDGED;
    if (next == QEMU_TALK_NEXT_WAIT && !is_through(self))
        next = domain->monitor != NULL ? qemu_talk_begin(&self->talk) : connect_monitor(self);
    settle(self, next);
}

void
qemu_conversation_skip(QemuConversation *self)
{
    qemu_known_begin_call(self->talk.job->domain->known);
    if (qemu_through_is_only_way(self->talk.job->domain) || !qemu_reach_is_settled(self->talk.job))
        qemu_health_judge_unasked(self->talk.job, 0);
    settle(self, QEMU_TALK_NEXT_JUDGED);
}

void
qemu_conversation_step(QemuConversation *self)
{
    settle(self, is_through(self) ? go_on_through(self, qemu_through_take(&self->through))
                                  : qemu_talk_go_on(&self->talk, true));
}

/* True if another client came before our connection, or holds the monitor from another network
 * namespace. That is looked for once, after half of the fair time without a greeting; where many
 * QEMUs are slow, a while later, for as many at a time as have dialled by then. */
static bool
is_overtaken(QemuConversation *self, int64_t now_us)
{
    if (self->talk.phase != QEMU_TALK_GREET || self->has_looked_for_holder ||
        self->shared->how.is_replay ||
        now_us - self->talk.turn_us < qemu_health_fair_us(self->talk.job) / 2 ||
        !qemu_host_view_may_walk(self->shared->host, self->talk.job->domain->dialled_us))
        return false;
    self->has_looked_for_holder = true;
    self->is_judged = qemu_health_judge_overtaken(self->shared->host, self->talk.job);
    return self->is_judged;
}

/* Leaves a monitor at which another client came first, if the domain has more than one: the others
 * were not tried. Done once, since a client of another network namespace is not seen before the
 * dial. False if there is nothing to leave it for. */
static bool
give_way(QemuConversation *self)
{
    if (self->has_given_way || self->talk.job->domain->endpoint->places->len < 2)
        return false;
    self->has_given_way = true;
    self->has_looked_for_holder = false;
    self->is_judged = false;
    disconnect(self);
    self->since_us = util_deadline_now_us(); /* older tables do not show that client */
    return true;
}

/* A look at a job of which nothing has come since the last one. */
static QemuTalkNext
look(QemuConversation *self, int64_t now_us)
{
    QemuJob *job = self->talk.job;

    if (self->talk.phase == QEMU_TALK_GREET &&
        qemu_reach_is_mute(self->shared->host, job, now_us - self->talk.turn_us)) {
        disconnect(self);
        return connect_monitor(self);
    }

    if (!qemu_pulse_is_stopped(qemu_host_view_root(self->shared->host), job->domain))
        qemu_health_unbar(job->domain);
    else if (qemu_health_lasts(job, QEMU_DOMAIN_BAR_STOPPED))
        return QEMU_TALK_NEXT_SILENT;
    if (self->until_us != 0 && now_us >= self->until_us)
        return QEMU_TALK_NEXT_SILENT;
    if (is_overtaken(self, now_us))
        return give_way(self) ? connect_monitor(self) : QEMU_TALK_NEXT_SILENT;
    if (self->talk.phase != QEMU_TALK_DRAIN &&
        now_us - MAX(self->talk.heard_us, self->talk.turn_us) >=
            MIN(PROBE_AFTER_US, qemu_health_fair_us(job) / 2))
        qemu_monitor_probe(job->domain->monitor);
    return qemu_talk_go_on(&self->talk, true);
}

/* Something has come since the last look. A greeting alone may be that of the monitors' own thread,
 * which greets while the main loop is blocked: so of a domain that was silent it gives the main
 * loop the fair time, and not the whole call. */
static void
note_heard(QemuConversation *self)
{
    const QemuMonitor *monitor = self->talk.job->domain->monitor;

    if (self->until_us != 0 && qemu_monitor_is_held_up(monitor))
        self->until_us = self->talk.heard_us + qemu_silence_patience_us(self->talk.job);
    else
        self->until_us = 0;
    qemu_health_unbar(self->talk.job->domain);
}

bool
qemu_conversation_look_after(QemuConversation *self)
{
    int64_t now_us = util_deadline_now_us();
    bool has_spoken = self->talk.heard_us > self->looked_us;

    self->looked_us = now_us;
    if (self->talk.phase == QEMU_TALK_HELD_BACK)
        return false;
    if (is_through(self)) {
        settle(self, go_on_through(self, qemu_through_look(&self->through)));
        return self->talk.phase != QEMU_TALK_ENDED && qemu_through_is_late(&self->through) &&
               !self->talk.job->domain->silence.is_searched;
    }
    if (has_spoken) {
        note_heard(self);
        return false;
    }
    settle(self, look(self, now_us));
    return self->talk.phase != QEMU_TALK_ENDED && !self->talk.job->domain->silence.is_searched;
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
    QemuTalkNext next = QEMU_TALK_NEXT_WAIT;

    self->has_dialled_anew = true; /* there is no time to dial again */
    if (self->talk.phase == QEMU_TALK_HELD_BACK)
        return;
    next = is_through(self) ? go_on_through(self, qemu_through_take(&self->through))
                            : qemu_talk_go_on(&self->talk, true);
    if (next != QEMU_TALK_NEXT_WAIT) {
        settle(self, next);
        return;
    }
    self->is_judged = true;
    if (is_through(self)) {
        qemu_through_judge(&self->through);
        return;
    }
    stop_polling(self);
    qemu_health_judge_silence(
        self->shared->host, self->talk.job,
        qemu_silence_waited_us(self->talk.job, self->talk.turn_us, self->until_us));
}

void
qemu_conversation_give_up(QemuConversation *self)
{
    settle(self, QEMU_TALK_NEXT_SILENT);
}
