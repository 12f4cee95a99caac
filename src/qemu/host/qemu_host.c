/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_host: see qemu_host.h. Here: which parts are read for a job, and in which order. The parts
 * are in qemu_host_<part>.c.
 */
#include "qemu_host.h"

#include "host/process/host_process.h"
#include "qemu_host_parts.h"

enum {
    /* The flat form of query-named-block-nodes is 26 bytes longer. QEMU takes as long for them as
     * for about this many more images in the reply. */
    NESTED_IMAGES_MOST = 4,
};

/* Whether libvirt tells of each vCPU under KVM if it is halted, which it has from QEMU only. */
static const bool tells_of_halting =
#ifdef __s390x__
    true;
#else
    false;
#endif

/* Of groups that libvirt has answered whole, only what our own fields need is read; all of it for a
 * recording. */
static unsigned int
needs_of_group(const QemuJob *job, const QemuGroup *group)
{
    if ((job->groups & group->bit) == 0)
        return 0;
    if (job->told != NULL && ((job->left_out | job->by_host) & group->bit) == 0 &&
        !job->request->is_recording)
        return group->host & (QEMU_GROUP_HOST_EXT | QEMU_GROUP_HOST_PSS | QEMU_GROUP_HOST_ABOUT);
    return group->host;
}

static unsigned int
needs_of(const QemuJob *job)
{
    unsigned int needs = 0;

    for (size_t i = 0; i < qemu_n_groups; i++)
        needs |= needs_of_group(job, &qemu_groups[i]);
    if (job->told != NULL && job->has_named_vcpus)
        needs |= QEMU_GROUP_HOST_THREADS;
    if (!qemu_request_wants(job->request, DOMSTATS_CALL_EXT))
        needs &= ~(unsigned int)QEMU_GROUP_HOST_EXT;
    if (!qemu_request_wants(job->request, DOMSTATS_CALL_PSS))
        needs &= ~(unsigned int)QEMU_GROUP_HOST_PSS;
    if (qemu_request_wants(job->request, DOMSTATS_CALL_WITHOUT_KVM))
        needs &= ~(unsigned int)QEMU_GROUP_HOST_KVM;
    if (!qemu_request_wants(job->request, DOMSTATS_CALL_ABOUT))
        needs &= ~(unsigned int)QEMU_GROUP_HOST_ABOUT;
    return needs;
}

void
qemu_host_gather_evidence(QemuHostView *self, QemuJob *job)
{
    static const unsigned int by_thread = VIR_DOMAIN_STATS_VCPU | VIR_DOMAIN_STATS_IOTHREAD;
    QemuDomain *domain = job->domain;
    const QemuHostKept *kept = &domain->host;

    if (domain->pid == 0 || job->request->is_recording)
        return;
    if ((job->groups & by_thread) != 0 || (needs_of(job) & QEMU_GROUP_HOST_KVM) != 0)
        job->evidence.has_threads = qemu_host_note_threads(self, domain);
    if ((needs_of(job) & QEMU_GROUP_HOST_KVM) != 0) {
        qemu_host_open_kvm(self, domain);
        job->evidence.has_kvm_stats = kept->kvm != NULL;
        job->evidence.has_debugfs_stats = kept->kvm_folder != NULL;
    }
    job->evidence.has_short_chains = host_root_is_live(qemu_host_view_root(self)) &&
                                     qemu_known_has_short_chains(domain->known, NESTED_IMAGES_MOST);
}

/* True if as many threads have a vCPU's name as vCPUs are defined. The thread of a vCPU that was
 * just plugged may have no name yet. The command line does not count that vCPU, nor does an older
 * definition of libvirt's, which is then read again. */
static bool
has_named_vcpus(QemuHostView *self, QemuDomain *domain)
{
    const QemuDefinition *definition = qemu_domain_about(domain);
    const GArray *vcpus = NULL;

    if (tells_of_halting || definition == NULL || !definition->vcpus_current.is_present)
        return false;
    vcpus = qemu_host_name_vcpus(self, domain);
    if (vcpus != NULL && vcpus->len == definition->vcpus_current.value)
        return true;
    if (vcpus != NULL && vcpus->len > 0 && domain->endpoint->about != NULL)
        qemu_definition_doubt(domain->endpoint->about);
    g_clear_pointer(&domain->host.named_vcpus, g_array_unref);
    return false;
}

unsigned int
qemu_host_tells(QemuHostView *self, QemuJob *job)
{
    QemuDomain *domain = job->domain;
    bool is_without_kvm = qemu_request_wants(job->request, DOMSTATS_CALL_WITHOUT_KVM);
    bool wants_vcpus = is_without_kvm || qemu_request_wants(job->request, DOMSTATS_CALL_EXT);
    unsigned int groups = 0;

    if (domain->pid == 0 || !domain->endpoint->is_active || job->request->is_recording)
        return 0;
    job->has_named_vcpus =
        wants_vcpus && (job->groups & VIR_DOMAIN_STATS_VCPU) != 0 && has_named_vcpus(self, domain);
    if (!is_without_kvm ||
        qemu_request_has(job->request, VIR_CONNECT_GET_ALL_DOMAINS_STATS_ENFORCE_STATS))
        return 0;
    if ((job->groups & VIR_DOMAIN_STATS_CPU_TOTAL) != 0 && qemu_host_has_cpu_times(self, domain))
        groups |= VIR_DOMAIN_STATS_CPU_TOTAL;
    return job->has_named_vcpus ? groups | VIR_DOMAIN_STATS_VCPU : groups;
}

static bool
read_process(QemuHostView *self, QemuDomain *domain, QemuFacts *facts)
{
    HostProcessStat *stat = &facts->host.process;

    if (domain->host.files == NULL)
        domain->host.files = host_kept_new(qemu_host_view_root(self));
    host_kept_begin(domain->host.files);
    facts->host.has_process =
        host_process_reread_stat(domain->host.files, domain->pid, 0, stat) &&
        (domain->start_ticks == 0 || stat->start_ticks == domain->start_ticks);
    return facts->host.has_process;
}

void
qemu_host_read_facts(QemuHostView *self, QemuJob *job, QemuFacts *facts)
{
    static const struct {
        unsigned int need;
        void (*read)(QemuHostView *self, QemuJob *job, QemuFacts *facts);
    } parts[] = {
        {QEMU_GROUP_HOST_CPU, qemu_host_read_cgroup},
        {QEMU_GROUP_HOST_THREADS, qemu_host_read_vcpus},
        {QEMU_GROUP_HOST_KVM, qemu_host_read_kvm},
        {QEMU_GROUP_HOST_NETDEV, qemu_host_read_nics},
        {QEMU_GROUP_HOST_ABOUT, qemu_host_read_links}, /* of those interfaces */
        {QEMU_GROUP_HOST_PERF, qemu_host_read_perf},
        {QEMU_GROUP_HOST_RESCTRL, qemu_host_read_resctrl},
        {QEMU_GROUP_HOST_IMAGE_PATHS, qemu_host_read_image_paths},
        {QEMU_GROUP_HOST_EXT, qemu_host_read_ext},
        {QEMU_GROUP_HOST_PSS, qemu_host_read_pss},
    };
    QemuDomain *domain = job->domain;
    unsigned int needs = needs_of(job);

    if (!qemu_host_has_relative_images(facts))
        needs &= ~(unsigned int)QEMU_GROUP_HOST_IMAGE_PATHS;
    if (domain->pid == 0 || !domain->endpoint->is_active || needs == 0)
        return;
    if (!read_process(self, domain, facts))
        return;
    qemu_host_find_threads(self, job, facts);
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
        if ((needs & parts[i].need) != 0)
            parts[i].read(self, job, facts);
}
