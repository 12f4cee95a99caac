/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_host: what this host knows of a QEMU process -> facts.
 *
 * The order of the parts, which are in qemu_host_<part>.c. Owns what is read once a round for all
 * domains: the table of unix sockets, the interface counters of each network namespace, and whether
 * the kernel tells wait sums. Each is read when first needed, under the lock; what has been handed
 * out stays until the round ends.
 */
#include "qemu_host.h"

#include <pthread.h>
#include <string.h>

#include "host/host_netdev.h"
#include "host/host_process.h"
#include "qemu_host_parts.h"
#include "qemu_threads.h"

enum {
    /* The flat form of query-named-block-nodes is 26 bytes longer, which costs QEMU as much as
     * about this many images more in the reply. */
    NESTED_IMAGES_MOST = 4,
    /* QEMU holds an event of the balloon back for up to a second after the last one. */
    BALLOON_QUIET_US = 2 * G_USEC_PER_SEC,
};

typedef enum { NOT_ASKED, ANSWER_NO, ANSWER_YES } Lazy;

struct QemuHostRound {
    HostRoot *root;
    const char *resctrl_root;
    const char *const *perf_events;
    pthread_mutex_t lock;
    HostUnixTable *unix_table;
    bool unix_table_was_read;
    HostUnixTable *late_unix_table;
    bool late_unix_table_was_read;
    HostHolders *holders;
    char *own_namespace;
    GHashTable *netdevs; /* net namespace -> HostNetdevTable * */
    Lazy has_wait_sum;
};

static void
free_netdevs(gpointer data)
{
    host_netdev_free(data);
}

QemuHostRound *
qemu_host_round_new(HostRoot *root, const char *resctrl_root, const char *const *perf_events)
{
    QemuHostRound *self = g_new0(QemuHostRound, 1);

    self->root = root;
    self->holders = host_holders_new(root);
    self->resctrl_root = resctrl_root;
    self->perf_events = perf_events;
    pthread_mutex_init(&self->lock, NULL);
    self->netdevs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_netdevs);
    return self;
}

void
qemu_host_round_free(QemuHostRound *self)
{
    if (self == NULL)
        return;
    host_holders_free(self->holders);
    host_unixdiag_free(self->unix_table);
    host_unixdiag_free(self->late_unix_table);
    g_hash_table_unref(self->netdevs);
    g_free(self->own_namespace);
    pthread_mutex_destroy(&self->lock);
    g_free(self);
}

const char *
qemu_host_resctrl_root(const QemuHostRound *self)
{
    return self->resctrl_root;
}

const char *const *
qemu_host_perf_events(const QemuHostRound *self)
{
    return self->perf_events;
}

HostRoot *
qemu_host_root(QemuHostRound *self)
{
    return self->root;
}

HostHolders *
qemu_host_holders(QemuHostRound *self)
{
    return self->holders;
}

static const HostUnixTable *
read_table_once(QemuHostRound *self, HostUnixTable **table, bool *was_read)
{
    pthread_mutex_lock(&self->lock);
    if (!*was_read && host_root_is_live(self->root))
        *table = host_unixdiag_read(NULL);
    *was_read = true;
    pthread_mutex_unlock(&self->lock);
    return *table;
}

const HostUnixTable *
qemu_host_unix_table(QemuHostRound *self)
{
    return read_table_once(self, &self->unix_table, &self->unix_table_was_read);
}

const HostUnixTable *
qemu_host_late_unix_table(QemuHostRound *self)
{
    return read_table_once(self, &self->late_unix_table, &self->late_unix_table_was_read);
}

bool
qemu_host_has_wait_sum(QemuHostRound *self)
{
    bool answer = false;

    pthread_mutex_lock(&self->lock);
    if (self->has_wait_sum == NOT_ASKED)
        self->has_wait_sum = host_process_has_wait_sum(self->root) ? ANSWER_YES : ANSWER_NO;
    answer = self->has_wait_sum == ANSWER_YES;
    pthread_mutex_unlock(&self->lock);
    return answer;
}

const HostNetdevTable *
qemu_host_netdevs(QemuHostRound *self, const QemuDomain *domain)
{
    const char *key = domain->known.net_namespace ? domain->known.net_namespace : "";
    HostNetdevTable *table = NULL;

    pthread_mutex_lock(&self->lock);
    if (!g_hash_table_lookup_extended(self->netdevs, key, NULL, (gpointer *)&table)) {
        if (self->own_namespace == NULL)
            self->own_namespace = host_root_readlink(self->root, "proc/self/ns/net");
        table = host_netdev_read(
            self->root,
            key[0] == '\0' || g_strcmp0(key, self->own_namespace) == 0 ? 0 : domain->pid);
        g_hash_table_insert(self->netdevs, g_strdup(key), table);
    }
    pthread_mutex_unlock(&self->lock);
    return table;
}

static unsigned int
needs_of(const QemuJob *job)
{
    unsigned int needs = 0;

    for (size_t i = 0; i < qemu_n_groups; i++)
        if ((job->groups & qemu_groups[i].bit) != 0)
            needs |= qemu_groups[i].host;
    if (!qemu_request_has(job->request, DOMSTATS_GET_STATS_EXT))
        needs &= ~(unsigned int)QEMU_HOST_EXT;
    return needs;
}

/* True if the process has the vCPUs and IOThreads it had when asked before, by its threads;
 * remembers those it has. */
static bool
compare_threads(QemuHostRound *self, QemuDomain *domain)
{
    const QemuAnswer *vcpus = &domain->known.kept[QEMU_COMMAND_QUERY_CPUS_FAST];
    bool is_same = false;
    size_t n = 0;
    g_autofree pid_t *threads = host_process_list_threads(self->root, domain->pid, &n);
    GArray *known = domain->known.threads;

    if (threads == NULL)
        return false;
    if (known != NULL && known->len == n && memcmp(known->data, threads, n * sizeof(*threads)) == 0)
        return true;
    if (known != NULL) {
        const QemuThreads before = {(const pid_t *)(const void *)known->data, known->len};
        const QemuThreads now = {threads, n};

        is_same = qemu_threads_are_same(self->root, domain->pid, vcpus->value, before, now);
        g_array_unref(known);
    }
    /* What was said of other threads proves nothing any more, also if it is not asked anew now. */
    if (!is_same) {
        qemu_answer_clear(&domain->known.kept[QEMU_COMMAND_QUERY_CPUS_FAST]);
        qemu_answer_clear(&domain->known.kept[QEMU_COMMAND_QUERY_IOTHREADS]);
    }
    domain->known.threads = g_array_sized_new(FALSE, FALSE, sizeof(pid_t), (guint)n);
    g_array_append_vals(domain->known.threads, threads, (guint)n);
    return is_same;
}

void
qemu_host_gather_evidence(QemuHostRound *self, QemuJob *job)
{
    static const unsigned int by_thread = VIR_DOMAIN_STATS_VCPU | VIR_DOMAIN_STATS_IOTHREAD;
    QemuDomain *domain = job->domain;
    const QemuKnown *known = &domain->known;

    if (domain->pid == 0 || job->request->is_recording)
        return;
    if ((job->groups & by_thread) != 0)
        job->evidence.threads_unchanged = compare_threads(self, domain);
    if ((needs_of(job) & QEMU_HOST_KVM) != 0) {
        qemu_host_open_kvm(self, domain);
        job->evidence.has_kvm_stats = known->kvm != NULL;
        job->evidence.has_debugfs_stats = known->has_debugfs;
    }
    job->evidence.has_short_chains = host_root_is_live(self->root) && known->has_chains &&
                                     known->n_nested_images <= NESTED_IMAGES_MOST;
    job->evidence.balloon_is_quiet =
        known->balloon_moved_us == 0 ||
        util_deadline_now_us() - known->balloon_moved_us > BALLOON_QUIET_US;
}

static bool
read_process(QemuHostRound *self, QemuDomain *domain, QemuFacts *facts)
{
    HostProcessStat *stat = &facts->host.process;

    if (domain->known.files == NULL)
        domain->known.files = host_kept_new(self->root);
    host_kept_begin(domain->known.files);
    facts->host.has_process =
        host_process_reread_stat(domain->known.files, domain->pid, 0, stat) &&
        (domain->start_ticks == 0 || stat->start_ticks == domain->start_ticks);
    return facts->host.has_process;
}

void
qemu_host_read_facts(QemuHostRound *self, QemuJob *job, QemuFacts *facts)
{
    static const struct {
        unsigned int need;
        void (*read)(QemuHostRound *self, QemuJob *job, QemuFacts *facts);
    } parts[] = {
        {QEMU_HOST_CPU, qemu_host_read_cgroup}, {QEMU_HOST_THREADS, qemu_host_read_vcpus},
        {QEMU_HOST_KVM, qemu_host_read_kvm},    {QEMU_HOST_NETDEV, qemu_host_read_nics},
        {QEMU_HOST_PERF, qemu_host_read_perf},  {QEMU_HOST_RESCTRL, qemu_host_read_resctrl},
        {QEMU_HOST_EXT, qemu_host_read_ext},
    };
    QemuDomain *domain = job->domain;
    unsigned int needs = needs_of(job);

    if (domain->pid == 0 || !domain->endpoint->is_active || needs == 0)
        return;
    if (!read_process(self, domain, facts))
        return;
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
        if ((needs & parts[i].need) != 0)
            parts[i].read(self, job, facts);
}
