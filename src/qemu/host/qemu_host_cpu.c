/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_host_cpu: the CPU times of a QEMU and its vCPU threads, and KVM's statistics as the
 * kernel gives them without QEMU's help.
 */
#include <string.h>

#include "host/process/host_kvmstat.h"
#include "host/process/host_process.h"
#include "qemu_host_parts.h"
#include "qemu_vcpu_threads.h"
#include "util/util_error.h"

static bool
has_times(const HostProcessCgroup *cgroup)
{
    return cgroup->time_ns.is_present && cgroup->user_ns.is_present && cgroup->system_ns.is_present;
}

/* libvirt makes the cgroup before the process, so a process without one never gets one. A cgroup
 * that cannot be read now stays unknown: then the times of the process are not taken instead. */
static void
read_cgroup(QemuHostView *self, QemuDomain *domain, HostProcessCgroup *cgroup)
{
    QemuHostKept *kept = &domain->host;

    host_process_read_cgroup_cpu(qemu_host_view_root(self), domain->pid, cgroup);
    if (kept->cgroup == QEMU_HOST_KEPT_CGROUP_UNKNOWN && !cgroup->is_unknown)
        kept->cgroup =
            cgroup->is_libvirts ? QEMU_HOST_KEPT_CGROUP_LIBVIRTS : QEMU_HOST_KEPT_CGROUP_NONE;
    /* The process has left the cgroup: its own times would make the counter jump. */
    if (kept->cgroup == QEMU_HOST_KEPT_CGROUP_LIBVIRTS && !cgroup->is_libvirts)
        cgroup->is_unknown = true;
    kept->has_cpu_times = !cgroup->is_unknown && (!cgroup->is_libvirts || has_times(cgroup));
}

bool
qemu_host_has_cpu_times(QemuHostView *self, QemuDomain *domain)
{
    HostProcessCgroup cgroup = {0};

    if (!domain->host.has_cpu_times)
        read_cgroup(self, domain, &cgroup);
    return domain->host.has_cpu_times;
}

void
qemu_host_read_cgroup(QemuHostView *self, QemuJob *job, QemuFacts *facts)
{
    if (job->domain->host.cgroup != QEMU_HOST_KEPT_CGROUP_NONE || job->request->is_recording)
        read_cgroup(self, job->domain, &facts->host.cgroup);
}

/* A thread's times; absent if it has ended meanwhile. */
static void
read_thread(QemuHostView *self, const QemuDomain *domain, QemuFactsVcpu *vcpu)
{
    HostRoot *root = qemu_host_view_root(self);
    HostKept *files = domain->host.files;
    uint64_t tick_ns = G_GUINT64_CONSTANT(1000000000) / (uint64_t)host_root_ticks_per_second(root);
    HostProcessStat stat = {0};

    if (vcpu->host_thread == 0 ||
        !host_process_reread_stat(files, domain->pid, vcpu->host_thread, &stat))
        return;
    vcpu->has_host = true;
    vcpu->run_state = stat.state;
    vcpu->time_ns = util_count_of((stat.user_ticks + stat.system_ticks) * tick_ns);
    vcpu->delay_ns = host_process_reread_run_delay_ns(files, domain->pid, vcpu->host_thread);
    if (qemu_host_view_has_wait_sum(self))
        vcpu->wait_ns = host_process_read_wait_sum_ns(root, domain->pid, vcpu->host_thread);
}

/* The number of vCPUs by the names of the threads, for a QEMU that did not answer. Absent if QEMU
 * does not name its threads: its descriptors of KVM would count unplugged vCPUs too. */
static UtilCount
count_vcpus(HostRoot *root, pid_t pid)
{
    size_t n = 0;
    g_autofree pid_t *threads = host_process_list_threads(root, pid, &n);
    g_autoptr(GArray) vcpus = qemu_vcpu_threads_find(root, pid, (QemuVcpuThreads){threads, n});

    return vcpus->len > 0 ? util_count_of(vcpus->len) : (UtilCount){0};
}

/* The vCPUs by the names of their threads. The caller owns them. */
static GArray *
make_vcpus(const GArray *named)
{
    GArray *vcpus = g_array_sized_new(FALSE, TRUE, sizeof(QemuFactsVcpu), named->len);

    for (guint i = 0; i < named->len; i++) {
        const QemuVcpuThread *from = &g_array_index(named, QemuVcpuThread, i);
        QemuFactsVcpu vcpu = {
            .index = from->index, .thread_id = from->thread, .host_thread = from->thread};

        g_array_append_val(vcpus, vcpu);
    }
    return vcpus;
}

void
qemu_host_read_vcpus(QemuHostView *self, QemuJob *job, QemuFacts *facts)
{
    const GArray *named = job->domain->host.named_vcpus;

    if (facts->vcpus == NULL && job->told != NULL && job->has_named_vcpus && named != NULL)
        facts->vcpus = make_vcpus(named);
    if (facts->vcpus == NULL)
        facts->host.n_vcpus = count_vcpus(qemu_host_view_root(self), job->domain->pid);
    for (guint i = 0; facts->vcpus != NULL && i < facts->vcpus->len; i++)
        read_thread(self, job->domain, &g_array_index(facts->vcpus, QemuFactsVcpu, i));
}

/* Takes copies of QEMU's descriptors of KVM statistics. False if it is not known whether there are
 * any. The source may have seen that this QEMU opens none; that spares the first look. */
static bool
copy_descriptors(QemuHostKept *kept, const QemuDomain *domain)
{
    g_autoptr(GError) error = NULL;
    bool is_first = !kept->has_seen_kvm;
    pid_t pid = domain->pid;

    kept->has_seen_kvm = true;
    if (is_first && domain->endpoint->is_without_kvm_stats)
        return true;
    if (kept->kvm != NULL && host_kvmstat_is_current(kept->kvm, pid))
        return true;
    g_clear_pointer(&kept->kvm, host_kvmstat_free);
    kept->kvm = host_kvmstat_open(pid, &error);
    return kept->kvm != NULL || g_error_matches(error, UTIL_ERROR, UTIL_ERROR_UNSUPPORTED);
}

/* Looks once for the machine's folder in debugfs, which exists as long as the machine. A folder
 * without statistics may still be in the making: it is looked for again. */
static void
find_folder(QemuHostKept *kept, HostRoot *root, pid_t pid)
{
    g_autofree char *folder = NULL;
    g_autoptr(GArray) stats = NULL;

    if (kept->has_looked_for_folder)
        return;
    folder = host_kvmstat_find_debugfs(root, pid, &kept->has_looked_for_folder);
    stats = folder ? host_kvmstat_read_debugfs(root, folder) : NULL;
    if (stats != NULL && stats->len > 0)
        kept->kvm_folder = g_steal_pointer(&folder);
    else if (folder != NULL)
        kept->has_looked_for_folder = false;
}

void
qemu_host_open_kvm(QemuHostView *self, QemuDomain *domain)
{
    QemuHostKept *kept = &domain->host;
    HostRoot *root = qemu_host_view_root(self);

    if (domain->pid == 0 || !host_root_is_live(root))
        return;
    if (!kept->has_looked_for_kvm)
        kept->has_looked_for_kvm = copy_descriptors(kept, domain);
    find_folder(kept, root, domain->pid);
}

/* query-stats gives the statistics in the kernel's order reversed. So does this, so that a record
 * has the same order whether QEMU, the kernel or a recording gave them. */
static GArray *
copy_stats(const HostKvmstatVcpu *kvm)
{
    static const QemuFactsStatKind kinds[] = {
        [HOST_KVMSTAT_CUMULATIVE] = QEMU_FACTS_STAT_CUMULATIVE,
        [HOST_KVMSTAT_INSTANT] = QEMU_FACTS_STAT_INSTANT,
        [HOST_KVMSTAT_PEAK] = QEMU_FACTS_STAT_PEAK,
    };
    GArray *stats = g_array_sized_new(FALSE, FALSE, sizeof(QemuFactsStat), (guint)kvm->n_stats);

    for (size_t i = kvm->n_stats; i-- > 0;) {
        const HostKvmStat *from = &kvm->stats[i];
        QemuFactsStat stat = {
            .name = from->name, .is_boolean = from->is_boolean, .value = from->value};

        if (from->kind == HOST_KVMSTAT_HISTOGRAM)
            continue;
        stat.kind = kinds[from->kind];
        g_array_append_val(stats, stat);
    }
    return stats;
}

/* Adds the statistic @name to @sum; false if the vCPU has none of that name. */
static bool
add_to_sum(UtilCount *sum, const HostKvmstatVcpu *kvm, const char *name)
{
    for (size_t i = 0; i < kvm->n_stats; i++) {
        if (strcmp(kvm->stats[i].name, name) == 0) {
            *sum = util_count_of(sum->value + kvm->stats[i].value);
            return true;
        }
    }
    return false;
}

/* The vCPU that is the @i-th of @n by KVM's numbers; NULL if QEMU has not told as many. KVM numbers
 * vCPUs by APIC ids and the like, QEMU by cpu-index: the numbers differ, but their order is the
 * same. */
static QemuFactsVcpu *
vcpu_at(const QemuFacts *facts, size_t i, size_t n)
{
    if (facts->vcpus == NULL || facts->vcpus->len != n)
        return NULL;
    return &g_array_index(facts->vcpus, QemuFactsVcpu, i);
}

/* Reads the kernel's statistics of each vCPU, and sums up halt polling: both sums over all vCPUs,
 * or none. If QEMU told another number of vCPUs, the descriptors are looked for again. */
static void
read_own_copies(QemuHostView *self, QemuJob *job, QemuFacts *facts)
{
    QemuHostKept *kept = &job->domain->host;
    UtilCount success_ns = {0};
    UtilCount fail_ns = {0};
    size_t n = kept->kvm ? host_kvmstat_n_vcpus(kept->kvm) : 0;
    bool has_sums = true;

    if (n > 0 && facts->vcpus != NULL && facts->vcpus->len != n) {
        kept->has_looked_for_kvm = false;
        qemu_host_open_kvm(self, job->domain);
        n = kept->kvm ? host_kvmstat_n_vcpus(kept->kvm) : 0;
    }
    for (size_t i = 0; i < n; i++) {
        HostKvmstatVcpu kvm = {0};
        QemuFactsVcpu *vcpu = vcpu_at(facts, i, n);
        bool is_read = host_kvmstat_read(kept->kvm, i, &kvm);

        has_sums = has_sums && is_read && add_to_sum(&success_ns, &kvm, "halt_poll_success_ns") &&
                   add_to_sum(&fail_ns, &kvm, "halt_poll_fail_ns");
        if (is_read && vcpu != NULL && vcpu->stats == NULL &&
            (job->groups & VIR_DOMAIN_STATS_VCPU) != 0)
            vcpu->stats = copy_stats(&kvm);
    }
    if (has_sums && n > 0) {
        facts->halt_success_ns = success_ns;
        facts->halt_fail_ns = fail_ns;
    }
}

/* The machine's folder in debugfs. The kept one, but in a recording, and while one is made, it is
 * looked for again. The caller frees. */
static char *
folder_of(QemuHostView *self, const QemuJob *job)
{
    HostRoot *root = qemu_host_view_root(self);
    bool is_sure = false;

    if (host_root_is_live(root) && !job->request->is_recording)
        return g_strdup(job->domain->host.kvm_folder);
    return host_kvmstat_find_debugfs(root, job->domain->pid, &is_sure);
}

/* For a guest under KVM if neither QEMU nor the vCPUs' statistics told of halt polling. */
static void
read_halt_polling(HostRoot *root, const char *folder, QemuFacts *facts)
{
    static const char *const names[] = {"halt_poll_success_ns", "halt_poll_fail_ns", NULL};
    UtilCount counts[2] = {0};

    if (facts->halt_success_ns.is_present)
        return;
    host_kvmstat_read_debugfs_some(root, folder, names, counts);
    if (counts[0].is_present && counts[1].is_present) {
        facts->halt_success_ns = counts[0];
        facts->halt_fail_ns = counts[1];
    }
}

static GHashTable *
index_by_name(const GArray *stats)
{
    GHashTable *by_name = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < stats->len; i++) {
        HostKvmstatDebug *stat = &g_array_index(stats, HostKvmstatDebug, i);

        g_hash_table_insert(by_name, stat->name, stat);
    }
    return by_name;
}

/* Reads the VM's own statistics, with the names and kinds of QEMU's schema. */
static void
read_vm_stats(HostRoot *root, const char *folder, QemuFacts *facts)
{
    g_autoptr(GArray) stats = NULL;
    g_autoptr(GHashTable) by_name = NULL;

    if (facts->schemas_vm == NULL || facts->vm_stats != NULL)
        return;
    stats = host_kvmstat_read_debugfs(root, folder);
    if (stats == NULL)
        return;
    by_name = index_by_name(stats);
    facts->vm_stats = g_array_new(FALSE, FALSE, sizeof(QemuFactsStat));
    for (guint i = 0; i < facts->schemas_vm->len; i++) {
        const QemuFactsSchema *schema = &g_array_index(facts->schemas_vm, QemuFactsSchema, i);
        const HostKvmstatDebug *stat = g_hash_table_lookup(by_name, schema->name);
        QemuFactsStat value = {schema->name, schema->kind, schema->is_boolean,
                               stat ? stat->value : 0};

        if (stat != NULL && schema->kind != QEMU_FACTS_STAT_HISTOGRAM)
            g_array_append_val(facts->vm_stats, value);
    }
}

void
qemu_host_read_kvm(QemuHostView *self, QemuJob *job, QemuFacts *facts)
{
    HostRoot *root = qemu_host_view_root(self);
    g_autofree char *folder = folder_of(self, job);

    if (!job->request->is_recording)
        read_own_copies(self, job, facts);
    if (folder != NULL && (job->groups & VIR_DOMAIN_STATS_CPU_TOTAL) != 0)
        read_halt_polling(root, folder, facts);
    if (folder != NULL && (job->groups & VIR_DOMAIN_STATS_VM) != 0 && !job->request->is_recording)
        read_vm_stats(root, folder, facts);
}
