/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_host_cpu: the CPU times of a QEMU and its vCPU threads, and KVM's statistics as the
 * kernel gives them without QEMU's help.
 */
#include <string.h>

#include "host/host_kvmstat.h"
#include "host/host_process.h"
#include "qemu_host_parts.h"

void
qemu_host_read_cgroup(QemuHostView *self, QemuJob *job, QemuFacts *facts)
{
    QemuHostKept *kept = &job->domain->host;

    /* libvirt makes the cgroup before the process: one that has none will not get one. */
    if (kept->has_no_cgroup && !job->request->is_recording)
        return;
    host_process_read_cgroup_cpu(qemu_host_view_root(self), job->domain->pid, &facts->host.cgroup);
    kept->has_no_cgroup = !facts->host.cgroup.is_libvirts;
}

/* A thread's times; absent if it has ended meanwhile. */
static void
read_thread(QemuHostView *self, const QemuDomain *domain, QemuFactsVcpu *vcpu)
{
    HostRoot *root = qemu_host_view_root(self);
    HostKept *files = domain->host.files;
    uint64_t tick_ns = G_GUINT64_CONSTANT(1000000000) / (uint64_t)host_root_ticks_per_second(root);
    HostProcessStat stat = {0};

    if (vcpu->thread_id == 0 ||
        !host_process_reread_stat(files, domain->pid, vcpu->thread_id, &stat))
        return;
    vcpu->has_host = true;
    vcpu->run_state = stat.state;
    vcpu->time_ns = util_count_of((stat.user_ticks + stat.system_ticks) * tick_ns);
    vcpu->delay_ns = host_process_reread_run_delay_ns(files, domain->pid, vcpu->thread_id);
    if (qemu_host_view_has_wait_sum(self))
        vcpu->wait_ns = host_process_read_wait_sum_ns(root, domain->pid, vcpu->thread_id);
}

void
qemu_host_read_vcpus(QemuHostView *self, QemuJob *job, QemuFacts *facts)
{
    for (guint i = 0; facts->vcpus != NULL && i < facts->vcpus->len; i++)
        read_thread(self, job->domain, &g_array_index(facts->vcpus, QemuFactsVcpu, i));
}

void
qemu_host_open_kvm(QemuHostView *self, QemuDomain *domain)
{
    g_autoptr(GArray) stats = NULL;

    if (domain->host.kvm_was_tried || domain->pid == 0 ||
        !host_root_is_live(qemu_host_view_root(self)))
        return;
    domain->host.kvm_was_tried = true;
    domain->host.kvm = host_kvmstat_open(domain->pid, NULL);
    stats = host_kvmstat_read_debugfs(qemu_host_view_root(self), domain->pid);
    domain->host.has_debugfs = stats != NULL && stats->len > 0;
}

/* In the order of query-stats, which is the kernel's from its end: so a record is the same whether
 * QEMU told the statistics, the kernel, or a recording. */
static GArray *
copy_stats(const HostKvmVcpu *kvm)
{
    static const QemuStatKind kinds[] = {
        [HOST_KVMSTAT_CUMULATIVE] = QEMU_STAT_CUMULATIVE,
        [HOST_KVMSTAT_INSTANT] = QEMU_STAT_INSTANT,
        [HOST_KVMSTAT_PEAK] = QEMU_STAT_PEAK,
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

static QemuFactsVcpu *
find_vcpu(const QemuFacts *facts, unsigned int number)
{
    for (guint i = 0; facts->vcpus != NULL && i < facts->vcpus->len; i++)
        if (g_array_index(facts->vcpus, QemuFactsVcpu, i).index == (int)number)
            return &g_array_index(facts->vcpus, QemuFactsVcpu, i);
    return NULL;
}

static void
add_to_sum(UtilCount *sum, const HostKvmVcpu *kvm, const char *name)
{
    for (size_t i = 0; i < kvm->n_stats; i++) {
        if (strcmp(kvm->stats[i].name, name) == 0) {
            sum->value += kvm->stats[i].value;
            sum->is_present = true;
            return;
        }
    }
}

/* The kernel's statistics of each vCPU, and the sums for halt polling. One that was plugged
 * since has a descriptor that is not copied yet: then all are copied again. */
static void
read_own_copies(QemuHostView *self, QemuJob *job, QemuFacts *facts)
{
    QemuHostKept *kept = &job->domain->host;

    if (kept->kvm != NULL && facts->vcpus != NULL &&
        host_kvmstat_n_vcpus(kept->kvm) != facts->vcpus->len) {
        g_clear_pointer(&kept->kvm, host_kvmstat_free);
        kept->kvm_was_tried = false;
        qemu_host_open_kvm(self, job->domain);
    }
    for (size_t i = 0; kept->kvm != NULL && i < host_kvmstat_n_vcpus(kept->kvm); i++) {
        HostKvmVcpu kvm = {0};
        QemuFactsVcpu *vcpu = NULL;

        if (!host_kvmstat_read(kept->kvm, i, &kvm))
            return;
        add_to_sum(&facts->halt_success_ns, &kvm, "halt_poll_success_ns");
        add_to_sum(&facts->halt_fail_ns, &kvm, "halt_poll_fail_ns");
        vcpu = find_vcpu(facts, kvm.number);
        if (vcpu != NULL && vcpu->stats == NULL && (job->groups & VIR_DOMAIN_STATS_VCPU) != 0)
            vcpu->stats = copy_stats(&kvm);
    }
}

/* For a guest under KVM that query-stats did not tell of. */
static void
read_halt_polling(QemuHostView *self, pid_t pid, QemuFacts *facts)
{
    static const char *const names[] = {"halt_poll_success_ns", "halt_poll_fail_ns", NULL};
    UtilCount counts[2] = {0};

    if (facts->halt_success_ns.is_present)
        return;
    host_kvmstat_read_debugfs_some(qemu_host_view_root(self), pid, names, counts);
    if (counts[0].is_present && counts[1].is_present) {
        facts->halt_success_ns = counts[0];
        facts->halt_fail_ns = counts[1];
    }
}

static const HostKvmDebugStat *
find_debug_stat(const GArray *stats, const char *name)
{
    for (guint i = 0; i < stats->len; i++)
        if (strcmp(g_array_index(stats, HostKvmDebugStat, i).name, name) == 0)
            return &g_array_index(stats, HostKvmDebugStat, i);
    return NULL;
}

/* The VM's own statistics, in the words and kinds of QEMU's schema. */
static void
read_vm_stats(QemuHostView *self, const QemuDomain *domain, QemuFacts *facts)
{
    g_autoptr(GArray) stats = NULL;

    if (!domain->host.has_debugfs || facts->schemas_vm == NULL || facts->vm_stats != NULL)
        return;
    stats = host_kvmstat_read_debugfs(qemu_host_view_root(self), domain->pid);
    if (stats == NULL)
        return;
    facts->vm_stats = g_array_new(FALSE, FALSE, sizeof(QemuFactsStat));
    for (guint i = 0; i < facts->schemas_vm->len; i++) {
        const QemuFactsSchema *schema = &g_array_index(facts->schemas_vm, QemuFactsSchema, i);
        const HostKvmDebugStat *stat = find_debug_stat(stats, schema->name);
        QemuFactsStat value = {schema->name, schema->kind, schema->is_boolean,
                               stat ? stat->value : 0};

        if (stat != NULL && schema->kind != QEMU_STAT_HISTOGRAM)
            g_array_append_val(facts->vm_stats, value);
    }
}

void
qemu_host_read_kvm(QemuHostView *self, QemuJob *job, QemuFacts *facts)
{
    if (!job->request->is_recording)
        read_own_copies(self, job, facts);
    if ((job->groups & VIR_DOMAIN_STATS_CPU_TOTAL) != 0)
        read_halt_polling(self, job->domain->pid, facts);
    if ((job->groups & VIR_DOMAIN_STATS_VM) != 0 && !job->request->is_recording)
        read_vm_stats(self, job->domain, facts);
}
