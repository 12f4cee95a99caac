/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_host_classes: the times of QEMU's threads by class: vCPUs, IOThreads, vhost workers, and the
 * emulator, which is all others.
 *
 * QEMU tells the ids of the threads of vCPUs and IOThreads. Where it did not, its names for them
 * do, if it was told to name its threads. If one of the two classes is not known, the other still
 * is, and the emulator's threads cannot be told apart.
 *
 * The kernel names its vhost workers "vhost-PID". Since Linux 6.4 they are threads of QEMU; before,
 * and after where the administrator wants that (fork_from_owner), they are the kernel's own
 * processes in QEMU's control group.
 */
#include <string.h>

#include "host/process/host_process.h"
#include "qemu_host_parts.h"
#include "qemu_vcpu_threads.h"

typedef struct {
    HostRoot *root;
    HostKept *files;
    pid_t pid;
    QemuVcpuThreads threads;
    GHashTable *classes; /* thread -> QemuFactsThreads * */
    bool knows_vcpus;
    bool knows_iothreads;
} Sorting;

static bool
add_to_class(Sorting *self, pid_t thread, QemuFactsThreads *class)
{
    return thread > 0 && g_hash_table_insert(self->classes, GINT_TO_POINTER(thread), class);
}

static gboolean
is_of_class(gpointer thread, gpointer class, gpointer wanted)
{
    (void)thread;
    return class == wanted;
}

/* Without one of its threads nothing of the class is known. Gives @is_whole. */
static bool
end_class(Sorting *self, QemuFactsThreads *class, bool is_whole)
{
    if (!is_whole)
        g_hash_table_foreach_remove(self->classes, is_of_class, class);
    return is_whole;
}

/* False if one thread is not known, or runs several vCPUs. */
static bool
take_told_vcpus(Sorting *self, QemuFacts *facts)
{
    bool is_whole = true;

    for (guint i = 0; i < facts->vcpus->len; i++)
        is_whole = add_to_class(self, g_array_index(facts->vcpus, QemuFactsVcpu, i).host_thread,
                                &facts->host.vcpus) &&
                   is_whole;
    return end_class(self, &facts->host.vcpus, is_whole);
}

static bool
take_told_iothreads(Sorting *self, QemuFacts *facts)
{
    bool is_whole = true;

    for (guint i = 0; i < facts->iothreads->len; i++)
        is_whole =
            add_to_class(self, g_array_index(facts->iothreads, QemuFactsIothread, i).host_thread,
                         &facts->host.iothreads) &&
            is_whole;
    return end_class(self, &facts->host.iothreads, is_whole);
}

/* Of a QEMU that names its threads. That of a monitor is none of which QEMU tells. */
static void
take_named_iothreads(Sorting *self, QemuFacts *facts)
{
    for (size_t i = 0; i < self->threads.n; i++) {
        g_autofree char *name = host_process_read_name(self->root, self->pid, self->threads.ids[i]);

        if (name != NULL && g_str_has_prefix(name, "IO ") && !g_str_has_prefix(name, "IO mon_"))
            add_to_class(self, self->threads.ids[i], &facts->host.iothreads);
    }
}

/* For a class of which QEMU did not tell in this call. */
static void
take_named(Sorting *self, QemuFacts *facts)
{
    g_autoptr(GArray) vcpus = qemu_vcpu_threads_find(self->root, self->pid, self->threads);

    if (vcpus->len == 0)
        return;
    for (guint i = 0; facts->vcpus == NULL && i < vcpus->len; i++)
        self->knows_vcpus =
            add_to_class(self, g_array_index(vcpus, QemuVcpuThread, i).thread, &facts->host.vcpus);
    if (facts->iothreads == NULL) {
        self->knows_iothreads = true;
        take_named_iothreads(self, facts);
    }
}

static void
take_vcpus_and_iothreads(Sorting *self, QemuFacts *facts)
{
    self->knows_vcpus = facts->vcpus != NULL && take_told_vcpus(self, facts);
    self->knows_iothreads = facts->iothreads != NULL && take_told_iothreads(self, facts);
    if (facts->vcpus == NULL || facts->iothreads == NULL)
        take_named(self, facts);
}

/* If QEMU itself has such a name (-name process=), so have all its threads: then it tells nothing.
 */
static bool
is_vhost(const char *name, const char *main_name)
{
    return g_str_has_prefix(name, "vhost-") && !g_str_has_prefix(main_name, "vhost-");
}

static bool
are_same(const GArray *before, QemuVcpuThreads now)
{
    return before != NULL && before->len == now.n &&
           memcmp(before->data, now.ids, now.n * sizeof(pid_t)) == 0;
}

/* Which of QEMU's threads are vhost workers. Read once for the same threads: the kernel names a
 * worker before it first runs. */
static const GArray *
find_vhost(const Sorting *self, QemuHostKept *kept, const char *main_name)
{
    if (are_same(kept->vhost_of, self->threads))
        return kept->vhost;
    g_clear_pointer(&kept->vhost_of, g_array_unref);
    g_clear_pointer(&kept->vhost, g_array_unref);
    kept->vhost_of = g_array_new(FALSE, FALSE, sizeof(pid_t));
    kept->vhost = g_array_new(FALSE, FALSE, sizeof(pid_t));
    g_array_append_vals(kept->vhost_of, self->threads.ids, (guint)self->threads.n);
    for (size_t i = 0; i < self->threads.n; i++) {
        g_autofree char *name = host_process_read_name(self->root, self->pid, self->threads.ids[i]);

        if (name != NULL && is_vhost(name, main_name))
            g_array_append_val(kept->vhost, self->threads.ids[i]);
    }
    return kept->vhost;
}

static void
add_count(UtilCount *sum, UtilCount value)
{
    if (value.is_present)
        *sum = util_count_of((sum->is_present ? sum->value : 0) + value.value);
}

/* A kernel that does not count a thread's time tells it by the tick. */
static UtilCount
read_ticks_ns(const Sorting *self, pid_t pid, pid_t thread)
{
    uint64_t tick_ns =
        G_GUINT64_CONSTANT(1000000000) / (uint64_t)host_root_ticks_per_second(self->root);
    HostProcessStat stat = {0};

    if (!host_process_read_stat(self->root, pid, thread, &stat))
        return (UtilCount){0};
    return util_count_of((stat.user_ticks + stat.system_ticks) * tick_ns);
}

/* @class NULL: it is not known. */
static void
add_thread(const Sorting *self, pid_t pid, pid_t thread, QemuFactsThreads *class,
           QemuFactsHost *host)
{
    HostProcessTimes times = {0};

    if (!host_process_reread_times(self->files, pid, thread, &times))
        return;
    if (!times.run_ns.is_present)
        times.run_ns = read_ticks_ns(self, pid, thread);
    add_count(&host->run_delay_ns, times.delay_ns);
    if (class == NULL)
        return;
    add_count(&class->run_ns, times.run_ns);
    add_count(&class->delay_ns, times.delay_ns);
}

/* Those of the kernel's own. */
static void
add_kernels_vhost(const Sorting *self, const HostGroup *group, QemuFactsHost *host)
{
    g_autoptr(GArray) workers = group ? host_group_list_vhost(group) : NULL;

    for (guint i = 0; workers != NULL && i < workers->len; i++)
        add_thread(self, g_array_index(workers, pid_t, i), 0, &host->vhost, host);
}

static void
add_all(Sorting *self, QemuDomain *domain, QemuFacts *facts)
{
    QemuFactsHost *host = &facts->host;
    const GArray *vhost = NULL;

    take_vcpus_and_iothreads(self, facts);
    vhost = find_vhost(self, &domain->host, host->process.name);
    for (guint i = 0; i < vhost->len; i++)
        add_to_class(self, g_array_index(vhost, pid_t, i), &host->vhost);
    for (size_t i = 0; i < self->threads.n; i++) {
        pid_t thread = self->threads.ids[i];
        QemuFactsThreads *class = g_hash_table_lookup(self->classes, GINT_TO_POINTER(thread));

        if (class == NULL && self->knows_vcpus && self->knows_iothreads)
            class = &host->emulator;
        add_thread(self, self->pid, thread, class, host);
    }
    add_kernels_vhost(self, domain->host.group, host);
}

/* Those of this call's evidence, if there are any. The caller unrefs. */
static GArray *
list_threads(QemuHostView *self, const QemuJob *job)
{
    GArray *noted = job->domain->host.threads;
    size_t n = 0;
    g_autofree pid_t *ids = NULL;
    GArray *threads = NULL;

    if (job->evidence.has_threads && noted != NULL && !job->request->is_recording)
        return g_array_ref(noted);
    ids = host_process_list_threads(qemu_host_view_root(self), job->domain->pid, &n);
    if (ids == NULL)
        return NULL;
    threads = g_array_sized_new(FALSE, FALSE, sizeof(pid_t), (guint)n);
    g_array_append_vals(threads, ids, (guint)n);
    return threads;
}

void
qemu_host_read_classes(QemuHostView *self, QemuJob *job, QemuFacts *facts)
{
    g_autoptr(GArray) threads = list_threads(self, job);
    g_autoptr(GHashTable) classes = g_hash_table_new(NULL, NULL);
    Sorting sorting = {.root = qemu_host_view_root(self),
                       .files = job->domain->host.files,
                       .pid = job->domain->pid,
                       .classes = classes};

    if (job->request->is_recording)
        g_clear_pointer(&job->domain->host.vhost_of, g_array_unref);
    if (threads == NULL)
        return;
    sorting.threads = (QemuVcpuThreads){(const pid_t *)(const void *)threads->data, threads->len};
    add_all(&sorting, job->domain, facts);
}
