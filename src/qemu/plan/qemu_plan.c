/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_plan: request + domain -> the commands of its job, each once.
 *
 * Reads the request, what is known of the domain, and the evidence that qemu_host gathered. Writes
 * nothing but the job; sends nothing and reads no clock.
 *
 * How it works
 *
 * A new connection is first asked for its identity (qemu_plan_identity). The commands that QEMU has
 * then settle which of the wanted groups it supports (qemu_plan_groups). The commands to send are
 * those in the rows of these groups (qemu_group), less:
 *
 *   - what qemu_known lends to this call; the commands that prove the loan are sent instead. Where
 *     the answers and events of the call do not prove it, qemu_plan_more sends the command itself;
 *   - the vCPUs' statistics where the kernel gives them without QEMU, and the two of halt polling
 *     where the full set is sent anyway; all of KVM's statistics if the call leaves them out.
 *
 * The balloon's statistics need the device's path, which no command of the first batch tells.
 * qemu_plan_more is called when all answers are in, and finds it in the same call: qom-list of the
 * two containers, then the qom-get. The short form of the path comes first (QEMU completes a
 * partial path if one object matches), since QEMU's time grows with each byte of a request.
 */
#include "qemu_plan.h"

#include <string.h>

#include "qemu/facts/qemu_reply.h"

#define BIT QEMU_COMMAND_BIT

static const QemuCommandSet qom_lists = BIT(QOM_LIST_PERIPHERAL) | BIT(QOM_LIST_PERIPHERAL_ANON);
/* Sent by others: the probe of a silent QEMU, and another form of query-named-block-nodes. */
static const QemuCommandSet not_planned = BIT(QUERY_YANK) | BIT(QUERY_NAMED_BLOCK_NODES_NESTED);
/* They tell which threads are vCPUs and IOThreads, so that CPU times can be told apart. */
static const QemuCommandSet thread_kinds = BIT(QUERY_CPUS_FAST) | BIT(QUERY_IOTHREADS);
static const QemuCommandSet of_kvm = BIT(QUERY_STATS_SCHEMAS) | BIT(QUERY_STATS_VCPU) |
                                     BIT(QUERY_STATS_HALTPOLL) | BIT(QUERY_STATS_VM);
static const QemuCommandSet of_ext = BIT(QOM_GET_POLLING_INTERVAL) | BIT(QUERY_MIGRATE) |
                                     BIT(QUERY_MIGRATE_CAPABILITIES) | BIT(QUERY_BLOCK_JOBS);
static const QemuCommandSet balloon_gets = BIT(QOM_GET_GUEST_STATS) | BIT(QOM_GET_POLLING_INTERVAL);

QemuCommandSet
qemu_plan_identity(const QemuDomain *domain)
{
    QemuCommandSet set = BIT(QUERY_NAME) | BIT(QUERY_UUID);

    return qemu_known_available(domain->known) != 0 ? set : set | BIT(QUERY_COMMANDS);
}

void
qemu_plan_groups(QemuJob *job)
{
    QemuCommandSet available = qemu_known_available(job->domain->known);
    bool is_active = job->domain->endpoint->is_active;

    if (is_active && available == 0)
        return; /* QEMU was never reached: its commands are not known */
    for (size_t i = 0; i < qemu_n_groups; i++) {
        const QemuGroup *group = &qemu_groups[i];
        bool is_supported = is_active ? (group->commands & ~available) == 0 : !group->needs_process;

        if ((job->groups & group->bit) != 0 && !is_supported) {
            job->groups &= ~group->bit;
            job->unsupported |= group->bit;
        }
    }
}

/* True if a copy job runs and its target is to be shown. */
static bool
shows_copies(const QemuJob *job)
{
    const QemuDefinition *definition = qemu_domain_definition(job->domain);
    const GArray *disks = definition ? definition->disks : NULL;

    if (!qemu_request_has(job->request, VIR_CONNECT_GET_ALL_DOMAINS_STATS_BACKING))
        return false;
    for (guint i = 0; disks != NULL && i < disks->len; i++)
        if (g_array_index(disks, QemuDefinitionDisk, i).mirror_path != NULL)
            return true;
    return false;
}

/* The lists of devices, if they are needed to find the guest's interfaces. */
static QemuCommandSet
wanted_lists(const QemuJob *job)
{
    const QemuDefinition *definition = qemu_domain_definition(job->domain);

    if ((job->groups & VIR_DOMAIN_STATS_INTERFACE) == 0 || definition == NULL ||
        !qemu_definition_needs_devices(definition))
        return 0;
    return qemu_definition_needs_board(definition) ? qom_lists | BIT(QOM_LIST_UNATTACHED)
                                                   : qom_lists;
}

/* True if the events that QEMU sends about migrations can spare later calls query-migrate: on a
 * connection that is held, where others could begin a migration. */
static bool
needs_migration_events(const QemuDomain *domain)
{
    const QemuDefinition *definition = qemu_domain_definition(domain);

    return domain->is_held && !(definition != NULL && definition->has_one_monitor);
}

/* The commands in the rows of the wanted groups, also those that this QEMU does not have. */
static QemuCommandSet
named_commands(const QemuJob *job)
{
    QemuCommandSet set = 0;

    for (size_t i = 0; i < qemu_n_groups; i++)
        if ((job->groups & qemu_groups[i].bit) != 0)
            set |= qemu_groups[i].commands | qemu_groups[i].optional;
    if (qemu_request_filters_state(job->request))
        set |= BIT(QUERY_STATUS);
    if ((job->groups & VIR_DOMAIN_STATS_CPU_TOTAL) != 0 &&
        qemu_request_wants(job->request, DOMSTATS_CALL_EXT))
        set |= thread_kinds;
    set &= ~(qom_lists | BIT(QOM_LIST_UNATTACHED) | not_planned);
    return set | wanted_lists(job);
}

QemuCommandSet
qemu_plan_wanted(const QemuJob *job)
{
    QemuCommandSet available = qemu_known_available(job->domain->known);
    QemuCommandSet set = named_commands(job);

    if (!job->domain->endpoint->is_active)
        return 0;
    /* A QEMU that was never reached may have no statistics of KVM. */
    set &= available != 0 ? available : ~of_kvm;
    if (!qemu_request_wants(job->request, DOMSTATS_CALL_EXT))
        set &= ~of_ext;
    if (!needs_migration_events(job->domain))
        set &= ~BIT(QUERY_MIGRATE_CAPABILITIES);
    if (qemu_request_wants(job->request, DOMSTATS_CALL_WITHOUT_KVM))
        set &= ~of_kvm;
    if (!shows_copies(job))
        set &= ~BIT(QUERY_BLOCKSTATS_NODES);
    if (job->evidence.has_kvm_stats)
        set &= ~(BIT(QUERY_STATS_VCPU) | BIT(QUERY_STATS_HALTPOLL));
    if (job->evidence.has_debugfs_stats)
        set &= ~BIT(QUERY_STATS_VM);
    if ((set & BIT(QUERY_STATS_VCPU)) != 0 || job->evidence.has_debugfs_stats)
        set &= ~BIT(QUERY_STATS_HALTPOLL);
    if ((set & (BIT(QUERY_STATS_VCPU) | BIT(QUERY_STATS_VM))) == 0 &&
        !job->evidence.has_debugfs_stats)
        set &= ~BIT(QUERY_STATS_SCHEMAS);
    return set;
}

QemuCommandSet
qemu_plan_commands(QemuJob *job)
{
    const QemuKnown *known = job->domain->known;
    QemuCommandSet available = qemu_known_available(known);
    QemuCommandSet set = qemu_plan_wanted(job);

    if (job->request->is_recording)
        return available & ~(balloon_gets | not_planned);
    if (job->balloon_path == NULL)
        job->balloon_path = g_strdup(qemu_known_balloon_path(known));
    if (job->balloon_path == NULL)
        set &= ~balloon_gets;
    job->lent = qemu_known_lend(known, set);
    return (set & ~job->lent) | (qemu_known_conditions(job->lent) & available);
}

/* Finds the balloon's path in the two qom-list replies. */
static void
find_balloon_path(QemuJob *job)
{
    static const struct {
        QemuCommandId list;
        const char *prefix; /* of the short form: an id may stand alone, a number may not */
    } containers[] = {
        {QEMU_COMMAND_QOM_LIST_PERIPHERAL, ""},
        {QEMU_COMMAND_QOM_LIST_PERIPHERAL_ANON, "peripheral-anon/"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(containers); i++) {
        const QemuAnswer *answer = qemu_job_answer(job, containers[i].list);
        const char *name = answer ? qemu_reply_find_balloon(answer->value) : NULL;

        if (name != NULL) {
            job->balloon_path = g_strconcat(containers[i].prefix, name, NULL);
            return;
        }
    }
}

/* QEMU refused the path: tries its full form next. If that was refused, clears the path, so that it
 * is looked for again. */
static void
mend_balloon_path(QemuJob *job)
{
    char *path = g_steal_pointer(&job->balloon_path);

    if (path[0] != '/')
        job->balloon_path = strchr(path, '/') ? g_strconcat("/machine/", path, NULL)
                                              : g_strconcat("/machine/peripheral/", path, NULL);
    g_free(path);
}

/* True if QEMU is older than 5.0, which refuses the argument "flat". */
static bool
lacks_flat(const QemuMonitor *monitor)
{
    enum { FIRST_WITH_FLAT = 5 };
    int major = monitor ? qemu_monitor_qemu_major(monitor) : 0;

    return major > 0 && major < FIRST_WITH_FLAT;
}

QemuCommandId
qemu_plan_form(const QemuJob *job, QemuCommandId id)
{
    bool is_nested = id == QEMU_COMMAND_QUERY_NAMED_BLOCK_NODES &&
                     (job->evidence.has_short_chains || lacks_flat(job->domain->monitor));

    return is_nested ? QEMU_COMMAND_QUERY_NAMED_BLOCK_NODES_NESTED : id;
}

/* The commands for the balloon's statistics, or those that find its path. */
static QemuCommandSet
plan_balloon_gets(QemuJob *job)
{
    QemuCommandSet available = qemu_known_available(job->domain->known);
    bool has_balloon = (job->groups & VIR_DOMAIN_STATS_BALLOON) != 0 &&
                       qemu_job_answer(job, QEMU_COMMAND_QUERY_BALLOON) != NULL;
    QemuCommandSet gets = BIT(QOM_GET_GUEST_STATS);

    if (!has_balloon || (job->lent & BIT(QOM_GET_GUEST_STATS)) != 0 ||
        qemu_job_answer(job, QEMU_COMMAND_QOM_GET_GUEST_STATS) != NULL)
        return 0;
    if (qemu_request_wants(job->request, DOMSTATS_CALL_EXT))
        gets = balloon_gets;
    if ((job->asked & gets) != 0 && job->balloon_path != NULL &&
        job->answers[QEMU_COMMAND_QOM_GET_GUEST_STATS].status == QEMU_ANSWER_REFUSED)
        mend_balloon_path(job);
    if (job->balloon_path == NULL && (job->asked & qom_lists) == 0)
        return qom_lists & available;
    if (job->balloon_path == NULL && !job->has_looked_for_balloon) {
        job->has_looked_for_balloon = true;
        find_balloon_path(job);
    }
    return job->balloon_path != NULL ? gets & available : 0;
}

QemuCommandSet
qemu_plan_more(QemuJob *job)
{
    const QemuKnown *known = job->domain->known;
    QemuCommandSet lent = job->lent;

    job->lent = qemu_known_holds(known, lent, job->asked, job->answers);
    return plan_balloon_gets(job) |
           (lent & ~job->lent & ~balloon_gets & qemu_known_available(known));
}
