/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_host_ext: what only our own ("ext.") fields need: the machine's control group, CPU time by
 * class of thread, memory as the kernel accounts it; and what they need of interfaces.
 */
#include "host/process/host_process.h"
#include "qemu_host_parts.h"

/* Leaves time for the domains that are read after a process that blocks. */
static UtilDeadline
half_of(UtilDeadline deadline)
{
    return util_deadline_at_most(deadline, (unsigned int)util_deadline_left_ms(deadline) / 2);
}

/* A recording gets all that leads to the group. */
static void
read_group(QemuHostView *self, QemuJob *job, QemuFacts *facts)
{
    static const struct {
        unsigned int group;
        HostGroupSubjects subject;
    } rows[] = {
        {VIR_DOMAIN_STATS_CPU_TOTAL, HOST_GROUP_CPU},
        {VIR_DOMAIN_STATS_BALLOON, HOST_GROUP_MEMORY},
        {VIR_DOMAIN_STATS_BLOCK, HOST_GROUP_IO},
    };
    const HostGroupLister lister = {qemu_host_view_list_members, self};
    QemuHostKept *kept = &job->domain->host;
    unsigned int subjects = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if ((job->groups & rows[i].group) != 0)
            subjects |= rows[i].subject;
    if (subjects == 0)
        return;
    if (job->request->is_recording)
        g_clear_pointer(&kept->group, host_group_free);
    if (kept->group == NULL)
        kept->group = host_group_new(qemu_host_view_root(self), job->domain->pid);
    host_group_look(kept->group, kept->files, lister);
    host_group_read(kept->group, subjects, &facts->host.group);
}

static void
read_memory(QemuHostView *self, QemuJob *job, QemuFacts *facts)
{
    HostReader *reader = qemu_host_view_reader(self);
    pid_t pid = job->domain->pid;

    host_process_reread_hugetlb(job->domain->host.files, pid, &facts->host.memory);
    if (qemu_host_view_has_ksm(self))
        host_ksm_read(reader, pid, half_of(job->request->deadline), &facts->host.ksm);
}

void
qemu_host_read_ext(QemuHostView *self, QemuJob *job, QemuFacts *facts)
{
    read_group(self, job, facts);
    if ((job->groups & VIR_DOMAIN_STATS_BALLOON) != 0)
        read_memory(self, job, facts);
    if ((job->groups & VIR_DOMAIN_STATS_CPU_TOTAL) != 0)
        qemu_host_read_classes(self, job, facts);
    if ((job->groups & VIR_DOMAIN_STATS_INTERFACE) != 0)
        qemu_host_read_nic_ext(self, job, facts);
}

void
qemu_host_read_pss(QemuHostView *self, QemuJob *job, QemuFacts *facts)
{
    host_process_read_pss(qemu_host_view_reader(self), job->domain->pid,
                          half_of(job->request->deadline), &facts->host.memory);
}
