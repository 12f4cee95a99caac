/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_missing: see qemu_missing.h.
 *
 * Three outcomes of a command count as an answer: its reply, a loan whose proof holds, and a
 * refusal which says that QEMU does not have the thing (no balloon device, no command of that name,
 * no vCPUs to plug). With any other outcome the group is missing, also if the command is optional:
 * a refusal for another reason, no answer, a reply that was dropped, a command that was not sent
 * because the call ended before.
 */
#include "qemu_missing.h"

#include "qemu_plan.h"

#define BIT QEMU_COMMAND_BIT

static const QemuCommandSet of_balloon = BIT(QUERY_BALLOON) | BIT(QOM_LIST_PERIPHERAL) |
                                         BIT(QOM_LIST_PERIPHERAL_ANON) | BIT(QOM_GET_GUEST_STATS) |
                                         BIT(QOM_GET_POLLING_INTERVAL);

static bool
is_refused(const QemuJob *job, QemuCommandId id)
{
    return (job->asked >> id & 1) != 0 && job->answers[id].status == QEMU_ANSWER_REFUSED;
}

/* The commands of which QEMU said in this call that it does not have them, or their device. */
static QemuCommandSet
absent_commands(const QemuJob *job)
{
    QemuCommandSet absent = 0;

    for (unsigned int id = 0; id < QEMU_N_COMMANDS; id++)
        if (is_refused(job, (QemuCommandId)id) &&
            job->answers[id].refusal == QEMU_ANSWER_REFUSAL_NO_COMMAND)
            absent |= (QemuCommandSet)1 << id;
    if (is_refused(job, QEMU_COMMAND_QUERY_BALLOON) &&
        job->answers[QEMU_COMMAND_QUERY_BALLOON].refusal == QEMU_ANSWER_REFUSAL_NO_DEVICE)
        absent |= of_balloon;
    /* query-cpus-fast is answered once the machine is made: so this one cannot plug vCPUs. */
    if (is_refused(job, QEMU_COMMAND_QUERY_HOTPLUGGABLE_CPUS) &&
        qemu_job_answer(job, QEMU_COMMAND_QUERY_CPUS_FAST) != NULL)
        absent |= BIT(QUERY_HOTPLUGGABLE_CPUS);
    return absent;
}

void
qemu_missing_settle(QemuJob *job)
{
    QemuCommandSet absent = absent_commands(job);

    for (size_t i = 0; i < qemu_n_groups; i++) {
        if ((job->groups & qemu_groups[i].bit) != 0 && (qemu_groups[i].commands & absent) != 0) {
            job->groups &= ~qemu_groups[i].bit;
            job->unsupported |= qemu_groups[i].bit;
        }
    }
}

bool
qemu_missing_is_absent(const QemuJob *job, QemuCommandId command)
{
    QemuCommandSet available = qemu_known_available(job->domain->known);

    return ((absent_commands(job) | (available != 0 ? ~available : 0)) >> command & 1) != 0;
}

/* The commands whose values @facts have from the host or from libvirt. */
static QemuCommandSet
told_by_others(const QemuFacts *facts)
{
    QemuCommandSet told = 0;

    if (facts->libvirt_state >= 0)
        told |= BIT(QUERY_STATUS);
    if (facts->halt_success_ns.is_present)
        told |= BIT(QUERY_STATS_HALTPOLL);
    if (facts->vm_stats != NULL)
        told |= BIT(QUERY_STATS_VM);
    return told;
}

/* The commands that were answered or lent. A complete job has sent all that it had to: what it did
 * not send counts as had. */
static QemuCommandSet
had_commands(const QemuJob *job)
{
    QemuCommandSet had = qemu_known_holds(job->domain->known, job->lent, job->asked, job->answers);

    for (unsigned int id = 0; id < QEMU_N_COMMANDS; id++)
        if (job->answers[id].status == QEMU_ANSWER_RETURNED)
            had |= (QemuCommandSet)1 << id;
    return job->is_complete ? had | ~job->asked : had;
}

/* The commands that @group wanted and that were neither had nor said to be absent. */
static QemuCommandSet
lacked_commands(const QemuJob *job, const QemuGroup *group, const QemuFacts *facts)
{
    QemuCommandSet wanted = qemu_plan_wanted(job);
    QemuCommandSet needed = group->commands | group->optional;

    /* The full statistics of the vCPUs have the two of halt polling in them. */
    if ((needed & BIT(QUERY_STATS_HALTPOLL)) != 0 && (wanted & BIT(QUERY_STATS_VCPU)) != 0 &&
        !facts->halt_success_ns.is_present)
        needed |= BIT(QUERY_STATS_VCPU);
    return needed & wanted & ~told_by_others(facts) & ~absent_commands(job) & ~had_commands(job);
}

bool
qemu_missing_has(const QemuJob *job, const QemuGroup *group, const QemuFacts *facts)
{
    return lacked_commands(job, group, facts) != 0;
}

const QemuAnswer *
qemu_missing_refusal(const QemuJob *job, const QemuFacts *facts)
{
    QemuCommandSet lacked = 0;

    for (size_t i = 0; i < qemu_n_groups; i++)
        if ((job->groups & qemu_groups[i].bit) != 0)
            lacked |= lacked_commands(job, &qemu_groups[i], facts);
    for (unsigned int id = 0; id < QEMU_N_COMMANDS; id++)
        if ((lacked >> id & 1) != 0 && is_refused(job, (QemuCommandId)id))
            return &job->answers[id];
    return NULL;
}
