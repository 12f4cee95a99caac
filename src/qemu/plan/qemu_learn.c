/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_learn: see qemu_learn.h. Writes into the domain's QemuKnown, where qemu_plan finds it. No
 * I/O, no clock.
 */
#include "qemu_learn.h"

#include "qemu_plan.h"

static bool
has_returned(const QemuJob *job, QemuCommandId id)
{
    return (job->asked >> id & 1) && job->answers[id].status == QEMU_ANSWER_RETURNED;
}

/* Each layer of a chain is shown again below each layer above it. */
static void
learn_chains(QemuKnown *known, const QemuFacts *facts)
{
    if (facts->disks == NULL || facts->nodes == NULL)
        return;
    known->has_chains = true;
    known->n_nested_images = 0;
    for (guint i = 0; i < facts->disks->len; i++) {
        const GArray *layers = g_array_index(facts->disks, QemuFactsDisk, i).layers;
        guint n = layers ? layers->len : 0;

        known->n_nested_images += n * (n - MIN(n, 1)) / 2;
    }
}

/* What was told by a guest that stood still from its first answer to its last: query-status is
 * before the others in the table of commands, and each way to run again sends an event. */
static void
learn_stop(QemuJob *job, const QemuFacts *facts)
{
    QemuKnown *known = &job->domain->known;
    /* Names of statistics must outlive the replies of this round. */
    bool has_schemas =
        known->schemas != NULL && !(job->asked & QEMU_COMMAND_BIT(QUERY_STATS_SCHEMAS));

    if (!job->is_complete || !has_returned(job, QEMU_COMMAND_QUERY_STATUS))
        return;
    if (job->doubts_status || !qemu_stop_is_stopped(facts->status)) {
        qemu_stop_clear(&known->stop);
        return;
    }
    known->stop.is_proved = true;
    if (has_returned(job, QEMU_COMMAND_QOM_GET_GUEST_STATS))
        qemu_stop_keep_guest_stats(&known->stop, facts);
    if (has_returned(job, QEMU_COMMAND_QUERY_STATS_VCPU) && has_schemas)
        qemu_stop_keep_vcpu_stats(&known->stop, facts);
}

void
qemu_learn_call(QemuJob *job, const QemuFacts *facts, QemuSchemasPool *schemas)
{
    QemuDomain *domain = job->domain;

    if (!job->doubts_status)
        qemu_domain_remember_status(domain, facts->status);
    learn_chains(&domain->known, facts);
    learn_stop(job, facts);
    if (has_returned(job, QEMU_COMMAND_QUERY_HOTPLUGGABLE_CPUS))
        domain->known.n_vcpus_max = facts->n_vcpus_max;
    if (has_returned(job, QEMU_COMMAND_QUERY_STATS_SCHEMAS)) {
        qemu_schemas_unref(domain->known.schemas);
        domain->known.schemas = qemu_schemas_pool_take(schemas, facts);
    }
    qemu_plan_keep(job);
}
