/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_host_ext: what only our own ("ext.") fields need: CPU time by kind of thread, run delay of
 * all threads, memory as the kernel accounts it.
 *
 * QEMU tells the ids of the threads of vCPUs and IOThreads; the kernel gives vhost workers their
 * names; all other threads are the emulator's. If QEMU did not tell both lists, only the vhost
 * workers can be told apart.
 */
#include <string.h>

#include "host/process/host_process.h"
#include "qemu_host_parts.h"

static bool
add_kind(GHashTable *kinds, pid_t thread, UtilCount *sum)
{
    return thread > 0 && g_hash_table_insert(kinds, GINT_TO_POINTER(thread), sum);
}

/* Thread -> the sum that its time belongs to; NULL if one of QEMU's threads is not known. The
 * caller unrefs. */
static GHashTable *
make_kinds(QemuFacts *facts)
{
    g_autoptr(GHashTable) kinds = g_hash_table_new(NULL, NULL);

    if (facts->vcpus == NULL || facts->iothreads == NULL)
        return NULL;
    for (guint i = 0; i < facts->vcpus->len; i++)
        if (!add_kind(kinds, g_array_index(facts->vcpus, QemuFactsVcpu, i).host_thread,
                      &facts->host.vcpus_ns))
            return NULL;
    for (guint i = 0; i < facts->iothreads->len; i++)
        if (!add_kind(kinds, g_array_index(facts->iothreads, QemuFactsIothread, i).host_thread,
                      &facts->host.iothreads_ns))
            return NULL;
    return g_steal_pointer(&kinds);
}

/* If QEMU itself has such a name (-name process=), so have all its threads: then it tells nothing.
 */
static bool
is_vhost(const char *name, const char *main_name)
{
    return g_str_has_prefix(name, "vhost-") && !g_str_has_prefix(main_name, "vhost-");
}

static void
add_time(UtilCount *sum, uint64_t value)
{
    *sum = util_count_of((sum->is_present ? sum->value : 0) + value);
}

static void
add_thread(HostRoot *root, pid_t pid, pid_t thread, GHashTable *kinds, QemuFactsHost *host)
{
    uint64_t tick_ns = G_GUINT64_CONSTANT(1000000000) / (uint64_t)host_root_ticks_per_second(root);
    UtilCount delay_ns = host_process_read_run_delay_ns(root, pid, thread);
    UtilCount *sum = kinds ? g_hash_table_lookup(kinds, GINT_TO_POINTER(thread)) : NULL;
    HostProcessStat stat = {0};

    if (!host_process_read_stat(root, pid, thread, &stat))
        return;
    if (sum == NULL && is_vhost(stat.name, host->process.name))
        sum = &host->vhost_ns;
    else if (sum == NULL && kinds != NULL)
        sum = &host->emulator_ns;
    if (sum != NULL)
        add_time(sum, (stat.user_ticks + stat.system_ticks) * tick_ns);
    if (delay_ns.is_present)
        add_time(&host->run_delay_ns, delay_ns.value);
}

/* Leaves time for the domains that are read after a process that blocks. */
static UtilDeadline
half_of(UtilDeadline deadline)
{
    return util_deadline_at_most(deadline, (unsigned int)util_deadline_left_ms(deadline) / 2);
}

void
qemu_host_read_ext(QemuHostView *self, QemuJob *job, QemuFacts *facts)
{
    HostRoot *root = qemu_host_view_root(self);
    pid_t pid = job->domain->pid;
    size_t n = 0;
    g_autofree pid_t *threads = NULL;
    g_autoptr(GHashTable) kinds = NULL;

    if ((job->groups & VIR_DOMAIN_STATS_BALLOON) != 0)
        host_process_read_memory(root, qemu_host_view_reader(self), pid,
                                 half_of(job->request->deadline), &facts->host.memory);
    if ((job->groups & VIR_DOMAIN_STATS_CPU_TOTAL) == 0)
        return;
    kinds = make_kinds(facts);
    threads = host_process_list_threads(root, pid, &n);
    for (size_t i = 0; i < n; i++)
        add_thread(root, pid, threads[i], kinds, &facts->host);
}
