/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_job: see qemu_job.h. Owns the answers of one domain and its record; has a reference to the
 * domain. Does no I/O.
 */
#include "qemu_job.h"

#include "domstats_record.h"

QemuJob *
qemu_job_new(QemuDomain *domain, const QemuRequest *request)
{
    QemuJob *self = g_new0(QemuJob, 1);

    self->domain = qemu_domain_ref(domain);
    self->request = request;
    self->groups = qemu_request_groups(request);
    return self;
}

void
qemu_job_free(QemuJob *self)
{
    if (self == NULL)
        return;
    qemu_job_drop_answers(self);
    libvirt_pool_request_unref(self->told);
    g_free(self->balloon_path);
    g_free(self->reason);
    g_clear_error(&self->refusal);
    domstats_record_free(self->record);
    qemu_domain_unref(self->domain);
    g_free(self);
}

void
qemu_job_drop_answers(QemuJob *self)
{
    for (size_t i = 0; i < QEMU_N_COMMANDS; i++)
        qemu_answer_clear(&self->answers[i]);
}

void
qemu_job_disbelieve(QemuJob *self)
{
    qemu_job_drop_answers(self);
    self->answered_us = 0;
    self->lent = 0;
    self->is_complete = false;
    qemu_known_forget(self->domain->known);
}

void
qemu_job_restart(QemuJob *self)
{
    qemu_job_drop_answers(self);
    self->answered_us = 0;
    self->evidence = (QemuJobEvidence){0};
    self->asked = 0;
    self->lent = 0;
    g_clear_pointer(&self->balloon_path, g_free);
    self->has_looked_for_balloon = false;
    self->sent_us = 0;
    qemu_known_begin_call(self->domain->known);
}

/* The reason code of a health where no better one is set. */
static const DomstatsReason usual_reasons[] = {
    [DOMSTATS_HEALTH_OK] = DOMSTATS_REASON_NONE,
    [DOMSTATS_HEALTH_SLOW] = DOMSTATS_REASON_LATE,
    [DOMSTATS_HEALTH_BUSY] = DOMSTATS_REASON_HELD,
    [DOMSTATS_HEALTH_WEDGED] = DOMSTATS_REASON_OTHER,
    [DOMSTATS_HEALTH_STOPPED] = DOMSTATS_REASON_OTHER,
    [DOMSTATS_HEALTH_GONE] = DOMSTATS_REASON_ENDED,
    [DOMSTATS_HEALTH_DENIED] = DOMSTATS_REASON_PERMISSION,
    [DOMSTATS_HEALTH_BROKEN] = DOMSTATS_REASON_PROTOCOL,
    [DOMSTATS_HEALTH_NO_MONITOR] = DOMSTATS_REASON_NO_MONITOR,
    [DOMSTATS_HEALTH_NO_DOMAIN] = DOMSTATS_REASON_NO_NAME,
};

void
qemu_job_set_verdict(QemuJob *self, DomstatsHealth verdict, const char *reason)
{
    g_autofree char *copy = g_strdup(reason);

    self->verdict = verdict;
    self->reason_code = usual_reasons[verdict];
    g_free(self->reason);
    self->reason = g_steal_pointer(&copy);
}

void
qemu_job_judge(QemuJob *self, DomstatsHealth verdict, DomstatsReason code, char *take_reason)
{
    self->verdict = verdict;
    self->reason_code = code;
    g_free(self->reason);
    self->reason = take_reason;
}

const QemuAnswer *
qemu_job_answer(const QemuJob *self, QemuCommandId command)
{
    const QemuAnswer *answer = &self->answers[command];

    return answer->status == QEMU_ANSWER_RETURNED ? answer : NULL;
}

bool
qemu_job_has_answer(const QemuJob *self)
{
    for (size_t i = 0; i < QEMU_N_COMMANDS; i++)
        if (self->answers[i].status == QEMU_ANSWER_RETURNED)
            return true;
    return false;
}

bool
qemu_job_is_waiting(const QemuJob *self)
{
    for (size_t i = 0; i < QEMU_N_COMMANDS; i++)
        if (self->answers[i].status == QEMU_ANSWER_WAITING)
            return true;
    return false;
}
