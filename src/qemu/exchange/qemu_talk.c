/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_talk: takes a job on its connection from one phase to the next, see qemu_conversation.
 *
 * Owns nothing. Does not know why nothing comes, nor when to give up.
 */
#include "qemu_talk.h"

#include "qemu/plan/qemu_plan.h"
#include "qemu_identity.h"

static void
queue_set(QemuTalk *self, QemuCommandSet set)
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
start_collecting(QemuTalk *self)
{
    QemuJob *job = self->job;

    self->phase = QEMU_TALK_COLLECT;
    qemu_known_begin_plan(job->domain->known);
    qemu_host_gather_evidence(self->host, job);
    qemu_plan_groups(job);
    return qemu_plan_commands(job);
}

void
qemu_talk_take_in_events(QemuDomain *domain)
{
    QemuEvents events = qemu_monitor_take_events(domain->monitor);

    if (events.doubts != 0)
        qemu_known_note_events(domain->known, &events);
}

/* Enters the next phase if this one is done. Sets the commands to queue with WAIT. */
static QemuTalkNext
advance(QemuTalk *self, QemuCommandSet *ret_set)
{
    QemuJob *job = self->job;
    QemuDomain *domain = job->domain;

    *ret_set = 0;
    qemu_talk_take_in_events(domain);
    if (self->phase == QEMU_TALK_DRAIN && qemu_monitor_n_in_flight(domain->monitor) == 0) {
        qemu_domain_end_silence(domain);
        self->phase = QEMU_TALK_GREET;
    }
    if (self->phase == QEMU_TALK_GREET && qemu_monitor_has_greeted(domain->monitor)) {
        domain->has_served = true;
        self->phase = QEMU_TALK_IDENTIFY;
        *ret_set = qemu_identity_is_known(job) ? 0 : qemu_plan_identity(domain);
    }
    if (*ret_set != 0 || self->phase < QEMU_TALK_IDENTIFY || qemu_job_is_waiting(job))
        return QEMU_TALK_NEXT_WAIT;
    if (self->phase == QEMU_TALK_IDENTIFY) {
        if (!qemu_known_is_identified(domain->known) &&
            !qemu_identity_take_answers(job, &self->error))
            return QEMU_TALK_NEXT_CLOSED;
        *ret_set = start_collecting(self);
    }
    if (*ret_set == 0)
        *ret_set = qemu_plan_more(job);
    if (*ret_set != 0)
        return QEMU_TALK_NEXT_WAIT;
    return qemu_identity_check_answers(job, &self->error) ? QEMU_TALK_NEXT_COMPLETE
                                                          : QEMU_TALK_NEXT_CLOSED;
}

static void
note_step(QemuTalk *self, QemuStep step)
{
    if (step != QEMU_STEP_RECEIVED)
        return;
    self->heard_us = util_deadline_now_us();
    if (self->job->sent_us != 0)
        self->job->answered_us = self->heard_us;
}

QemuTalkNext
qemu_talk_go_on(QemuTalk *self, bool may_read)
{
    QemuMonitor *monitor = self->job->domain->monitor;
    bool is_socket = qemu_monitor_fd(monitor) >= 0;

    for (;;) {
        QemuStep step = may_read ? qemu_monitor_step(monitor, self->buffer, &self->error)
                                 : qemu_monitor_send(monitor, &self->error);
        QemuCommandSet set = 0;
        QemuTalkNext next = QEMU_TALK_NEXT_CLOSED;

        if (step == QEMU_STEP_CLOSED)
            return QEMU_TALK_NEXT_CLOSED;
        note_step(self, step);
        next = advance(self, &set);
        if (next != QEMU_TALK_NEXT_WAIT)
            return next;
        queue_set(self, set);
        if (set == 0 && (is_socket || step == QEMU_STEP_WOULD_BLOCK))
            return is_socket ? QEMU_TALK_NEXT_WAIT : QEMU_TALK_NEXT_SILENT;
        may_read = !is_socket;
    }
}

QemuTalkNext
qemu_talk_begin(QemuTalk *self)
{
    return qemu_talk_go_on(self, qemu_monitor_fd(self->job->domain->monitor) < 0);
}
