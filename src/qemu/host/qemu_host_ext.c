/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_host_ext: what only our own ("ext.") fields need: CPU time apart by kind of thread, run
 * delay of all threads, memory as the kernel accounts it.
 *
 * A thread's kind is known by its id for vCPUs and IOThreads, which QEMU names, and by its name
 * for vhost workers, which the kernel names; all other threads are the emulator's. Without
 * QEMU's word on both, nobody can tell its threads apart.
 */
#include <string.h>

#include "host/host_process.h"
#include "qemu_host_parts.h"

static bool
is_vcpu(const QemuFacts *facts, pid_t thread)
{
    for (guint i = 0; facts->vcpus != NULL && i < facts->vcpus->len; i++)
        if (g_array_index(facts->vcpus, QemuFactsVcpu, i).thread_id == thread)
            return true;
    return false;
}

static bool
is_iothread(const QemuFacts *facts, pid_t thread)
{
    for (guint i = 0; facts->iothreads != NULL && i < facts->iothreads->len; i++)
        if (g_array_index(facts->iothreads, QemuFactsIothread, i).thread_id == thread)
            return true;
    return false;
}

static void
add_time(UtilCount *sum, uint64_t value)
{
    *sum = util_count_of((sum->is_present ? sum->value : 0) + value);
}

static void
add_thread(HostRoot *root, pid_t pid, pid_t thread, QemuFacts *facts)
{
    uint64_t tick_ns = G_GUINT64_CONSTANT(1000000000) / (uint64_t)host_root_ticks_per_second(root);
    QemuFactsHost *host = &facts->host;
    UtilCount delay_ns = host_process_read_run_delay_ns(root, pid, thread);
    bool is_told = facts->vcpus != NULL && facts->iothreads != NULL;
    UtilCount *sum = is_told ? &host->emulator_ns : NULL;
    HostProcessStat stat = {0};

    if (!host_process_read_stat(root, pid, thread, &stat))
        return;
    if (is_told && is_vcpu(facts, thread))
        sum = &host->vcpus_ns;
    else if (is_told && is_iothread(facts, thread))
        sum = &host->iothreads_ns;
    else if (g_str_has_prefix(stat.name, "vhost-"))
        sum = &host->vhost_ns;
    if (sum != NULL)
        add_time(sum, (stat.user_ticks + stat.system_ticks) * tick_ns);
    if (delay_ns.is_present)
        add_time(&host->run_delay_ns, delay_ns.value);
}

void
qemu_host_read_ext(QemuHostView *self, QemuJob *job, QemuFacts *facts)
{
    HostRoot *root = qemu_host_view_root(self);
    pid_t pid = job->domain->pid;
    size_t n = 0;
    g_autofree pid_t *threads = NULL;

    if ((job->groups & VIR_DOMAIN_STATS_BALLOON) != 0)
        host_process_read_memory(root, pid, &facts->host.memory);
    if ((job->groups & VIR_DOMAIN_STATS_CPU_TOTAL) == 0)
        return;
    threads = host_process_list_threads(root, pid, &n);
    for (size_t i = 0; i < n; i++)
        add_thread(root, pid, threads[i], facts);
}
