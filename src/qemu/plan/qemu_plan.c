/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_plan: request + domain -> the commands of its round, each once.
 *
 * Pure: it looks at what was asked, at what is known, and at the evidence that qemu_host
 * gathered; it sends nothing and reads no clock.
 *
 * How it works
 *
 * A fresh connection is first asked who it is (plan_identity); what it supports settles which
 * of the wanted groups can be served (plan_groups). The commands are then the union of those
 * groups' rows in qemu_group, less what need not be asked:
 *
 *   - what cannot change while QEMU runs, once it was answered (QEMU_ASK_ONCE);
 *   - query-cpus-fast while the process has the threads it had, but for workers: vCPUs come and
 *     go with their threads (qemu_vcpu_threads), and no event tells of one that came;
 *   - query-iothreads likewise, if there was none: the settings of one that exists can be
 *     changed without a trace, so it is asked again;
 *   - query-memory-size-summary while query-balloon gives what it gave: see has_same_memory();
 *   - query-status of a guest that was running, while no event of the run state came and
 *     another command is sent anyway: each way out of "running" sends an event before the
 *     reply of that command. Not so for other states: a paused guest can migrate unseen. When
 *     an event comes in the round that did not ask, plan_more asks after all; and a reply of
 *     a round with such an event is not kept, since it may be older than the event;
 *   - the vCPUs' statistics and the guest's memory statistics of a guest that stands still, once
 *     they were told since it does: nothing counts but what vCPUs do, and no driver speaks. It
 *     must say in this very round that it still stands (query-status), and no event may have
 *     come: each way to run again sends RESUME or RESET. If it says otherwise, plan_more asks;
 *   - the vCPUs' statistics where the kernel gives them without QEMU's help, and the two of
 *     halt polling where the full set is asked for already.
 *
 * The balloon's statistics need the device's path, which no command of the first batch tells.
 * plan_more, called when all answers are in, finds it: qom-list of the two containers, then
 * the qom-get; both in the same round. The path is kept until a qom-get of it is refused. It is
 * tried in its short form first (QEMU completes a partial path if one object matches), since
 * each byte of a request costs.
 */
#include "qemu_plan.h"

#include <string.h>

#include "qemu/facts/qemu_reply.h"

#define BIT QEMU_COMMAND_BIT

static const QemuCommandSet qom_lists = BIT(QOM_LIST_PERIPHERAL) | BIT(QOM_LIST_PERIPHERAL_ANON);
/* The probe, and what is sent as a form of another. */
static const QemuCommandSet not_planned = BIT(QUERY_YANK) | BIT(QUERY_NAMED_BLOCK_NODES_NESTED);
/* Whose each thread is, which tells CPU times apart. */
static const QemuCommandSet thread_kinds = BIT(QUERY_CPUS_FAST) | BIT(QUERY_IOTHREADS);
static const QemuCommandSet balloon_gets = BIT(QOM_GET_GUEST_STATS) | BIT(QOM_GET_POLLING_INTERVAL);

QemuCommandSet
qemu_plan_identity(const QemuDomain *domain)
{
    QemuCommandSet set = BIT(QUERY_NAME) | BIT(QUERY_UUID);

    return domain->known.available != 0 ? set : set | BIT(QUERY_COMMANDS);
}

void
qemu_plan_groups(QemuJob *job)
{
    QemuCommandSet available = job->domain->known.available;
    bool is_active = job->domain->endpoint->is_active;

    if (is_active && available == 0)
        return; /* never reached: nothing is known to be unsupported */
    for (size_t i = 0; i < qemu_n_groups; i++) {
        const QemuGroup *group = &qemu_groups[i];
        bool is_supported =
            is_active ? (group->commands & ~available) == 0
                      : (group->bit & (VIR_DOMAIN_STATS_DIRTYRATE | VIR_DOMAIN_STATS_VM)) == 0;

        if ((job->groups & group->bit) != 0 && !is_supported) {
            job->groups &= ~group->bit;
            job->unsupported |= group->bit;
        }
    }
}

/* Whether the kept answer is as good as a new one. */
static bool
may_skip(const QemuJob *job, QemuCommandId id, QemuCommandSet set)
{
    const QemuKnown *known = &job->domain->known;
    const QemuAnswer *kept = &known->kept[id];

    if (qemu_commands[id].when == QEMU_ASK_ONCE)
        return kept->status != QEMU_ANSWER_NONE;
    if (id == QEMU_COMMAND_QUERY_CPUS_FAST)
        return kept->status == QEMU_ANSWER_RETURNED && job->evidence.threads_unchanged;
    if (id == QEMU_COMMAND_QUERY_IOTHREADS)
        return kept->status == QEMU_ANSWER_RETURNED && job->evidence.threads_unchanged &&
               util_json_length(kept->value) == 0;
    if (id == QEMU_COMMAND_QUERY_STATUS)
        return kept->status == QEMU_ANSWER_RETURNED && (set & ~BIT(QUERY_STATUS)) != 0 &&
               g_strcmp0(known->told_status, "running") == 0;
    if (id == QEMU_COMMAND_QUERY_MEMORY_SIZE_SUMMARY)
        return kept->status == QEMU_ANSWER_RETURNED && job->evidence.balloon_is_quiet &&
               known->kept[QEMU_COMMAND_QUERY_BALLOON].status == QEMU_ANSWER_RETURNED;
    return false;
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

/* What a guest that still stands cannot have changed, and was told since it does. */
static QemuCommandSet
kept_by_stop(const QemuJob *job)
{
    const QemuStop *stop = &job->domain->known.stop;
    QemuCommandSet set = 0;

    if (!stop->is_proved || (job->domain->known.available & BIT(QUERY_STATUS)) == 0)
        return 0;
    if (stop->has_guest_stats)
        set |= BIT(QOM_GET_GUEST_STATS);
    if (stop->vcpu_stats != NULL && job->evidence.threads_unchanged)
        set |= BIT(QUERY_STATS_VCPU);
    return set;
}

QemuCommandSet
qemu_plan_lent(const QemuJob *job)
{
    const QemuAnswer *answer = &job->answers[QEMU_COMMAND_QUERY_STATUS];

    if (answer->status != QEMU_ANSWER_RETURNED ||
        !qemu_stop_is_stopped(util_json_member_string(answer->value, "status")))
        return 0;
    return job->rests_on_stop & kept_by_stop(job);
}

/* The lists of devices, where they tell the guest's interfaces. */
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

/* All that the wanted groups need and that is not to be had otherwise. */
static QemuCommandSet
wanted_commands(const QemuJob *job)
{
    const QemuKnown *known = &job->domain->known;
    QemuCommandSet set = 0;

    for (size_t i = 0; i < qemu_n_groups; i++)
        if ((job->groups & qemu_groups[i].bit) != 0)
            set |= qemu_groups[i].commands | qemu_groups[i].optional;
    if (qemu_request_filters_state(job->request))
        set |= BIT(QUERY_STATUS);
    if ((job->groups & VIR_DOMAIN_STATS_CPU_TOTAL) != 0 &&
        qemu_request_wants(job->request, DOMSTATS_CALL_EXT))
        set |= thread_kinds;
    if (job->request->is_recording)
        return known->available & ~(balloon_gets | not_planned);
    set &= known->available & ~(qom_lists | BIT(QOM_LIST_UNATTACHED) | not_planned);
    set |= wanted_lists(job) & known->available;
    if (known->balloon_path == NULL)
        set &= ~balloon_gets;
    if (!qemu_request_wants(job->request, DOMSTATS_CALL_EXT))
        set &= ~BIT(QOM_GET_POLLING_INTERVAL);
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
    QemuCommandSet set = wanted_commands(job);
    QemuCommandSet kept = 0;

    if (job->request->is_recording)
        return set;
    job->rests_on_stop = set & kept_by_stop(job);
    if (job->rests_on_stop != 0)
        set = (set & ~job->rests_on_stop) | BIT(QUERY_STATUS);
    for (unsigned int id = 0; id < QEMU_N_COMMANDS; id++)
        if ((set >> id & 1) && id != QEMU_COMMAND_QUERY_STATUS &&
            may_skip(job, (QemuCommandId)id, set))
            kept |= (QemuCommandSet)1 << id;
    /* Last: it depends on what else is sent. */
    if ((set & BIT(QUERY_STATUS)) != 0 && may_skip(job, QEMU_COMMAND_QUERY_STATUS, set & ~kept))
        kept |= BIT(QUERY_STATUS);
    return set & ~kept;
}

/* Learns the balloon's path from the two qom-list replies. */
static void
learn_balloon_path(QemuJob *job)
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
            g_free(job->domain->known.balloon_path);
            job->domain->known.balloon_path = g_strconcat(containers[i].prefix, name, NULL);
            return;
        }
    }
}

/* A refused path: its full form next; NULL after that, so that it is looked for again. */
static void
mend_balloon_path(QemuKnown *known)
{
    char *path = known->balloon_path;

    known->balloon_path = NULL;
    if (path[0] != '/')
        known->balloon_path = strchr(path, '/') ? g_strconcat("/machine/", path, NULL)
                                                : g_strconcat("/machine/peripheral/", path, NULL);
    g_free(path);
}

/* The kept run state was to serve, and an event has put it in doubt meanwhile. */
static bool
lacks_status(const QemuJob *job)
{
    bool is_wanted =
        (job->groups & VIR_DOMAIN_STATS_STATE) != 0 || qemu_request_filters_state(job->request);

    return is_wanted && job->doubts_status && (job->asked & BIT(QUERY_STATUS)) == 0 &&
           (job->domain->known.available & BIT(QUERY_STATUS)) != 0;
}

/* The argument "flat" came with QEMU 5.0; an older one refuses the command for it. */
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

/* What the balloon leaves of the memory is what it was: then so is the memory. Memory that is
 * plugged shows nowhere else, but a balloon that made up for it would have sent an event. */
static bool
has_same_memory(const QemuJob *job)
{
    const QemuAnswer *before = &job->domain->known.kept[QEMU_COMMAND_QUERY_BALLOON];
    const QemuAnswer *now = qemu_job_answer(job, QEMU_COMMAND_QUERY_BALLOON);
    UtilCount was = util_json_member_count(before->value, "actual");
    UtilCount is = util_json_member_count(now ? now->value : NULL, "actual");

    return was.is_present && is.is_present && was.value == is.value;
}

static QemuCommandSet
plan_balloon_gets(QemuJob *job)
{
    QemuKnown *known = &job->domain->known;
    bool has_balloon = (job->groups & VIR_DOMAIN_STATS_BALLOON) != 0 &&
                       qemu_job_answer(job, QEMU_COMMAND_QUERY_BALLOON) != NULL;
    QemuCommandSet gets = BIT(QOM_GET_GUEST_STATS);

    if (lacks_status(job))
        return BIT(QUERY_STATUS);
    if ((job->rests_on_stop & BIT(QOM_GET_GUEST_STATS)) != 0)
        return 0;
    if (!has_balloon || qemu_job_answer(job, QEMU_COMMAND_QOM_GET_GUEST_STATS) != NULL)
        return 0;
    if (qemu_request_wants(job->request, DOMSTATS_CALL_EXT))
        gets = balloon_gets;
    if ((job->asked & gets) != 0 && known->balloon_path != NULL)
        mend_balloon_path(known);
    if (known->balloon_path == NULL && (job->asked & qom_lists) == 0)
        return qom_lists & known->available;
    if (known->balloon_path == NULL && !job->has_looked_for_balloon) {
        job->has_looked_for_balloon = true;
        learn_balloon_path(job);
    }
    return known->balloon_path != NULL ? gets & known->available : 0;
}

QemuCommandSet
qemu_plan_more(QemuJob *job)
{
    static const QemuCommandSet size = BIT(QUERY_MEMORY_SIZE_SUMMARY);
    QemuCommandSet set = plan_balloon_gets(job);

    const QemuAnswer *kept = &job->domain->known.kept[QEMU_COMMAND_QUERY_MEMORY_SIZE_SUMMARY];
    bool was_skipped = (job->groups & VIR_DOMAIN_STATS_BALLOON) != 0 && (job->asked & size) == 0 &&
                       kept->status == QEMU_ANSWER_RETURNED;

    if (was_skipped && !has_same_memory(job))
        set |= size & job->domain->known.available;
    set |= job->rests_on_stop & ~qemu_plan_lent(job);
    job->rests_on_stop = qemu_plan_lent(job);
    return set;
}

/* Keeps the reply; nothing where the same is kept. */
static void
keep(QemuAnswer *kept, const QemuAnswer *answer, QemuAskWhen when)
{
    bool is_told = kept->status == QEMU_ANSWER_RETURNED && kept->status == answer->status &&
                   util_json_is_equal(kept->value, answer->value);

    if (is_told)
        return;
    qemu_answer_clear(kept);
    kept->status = when == QEMU_ASK_ONCE ? QEMU_ANSWER_SPENT : answer->status;
    if (kept->status == QEMU_ANSWER_RETURNED) {
        kept->message = util_json_ref(answer->message);
        kept->value = answer->value;
    }
}

void
qemu_plan_keep(QemuJob *job)
{
    QemuKnown *known = &job->domain->known;
    static const QemuCommandSet also = BIT(QUERY_IOTHREADS) | BIT(QUERY_STATUS) |
                                       BIT(QUERY_BALLOON) | BIT(QUERY_MEMORY_SIZE_SUMMARY);

    for (unsigned int id = 0; id < QEMU_N_COMMANDS; id++) {
        QemuAnswer *answer = &job->answers[id];
        QemuAskWhen when = qemu_commands[id].when;
        bool is_final = answer->status == QEMU_ANSWER_RETURNED ||
                        (answer->status == QEMU_ANSWER_REFUSED && when == QEMU_ASK_ONCE);

        if (!is_final || (when == QEMU_ASK_EACH_CALL && !(also >> id & 1)))
            continue;
        if (id == QEMU_COMMAND_QUERY_STATUS && job->doubts_status)
            continue;
        if (id == QEMU_COMMAND_QUERY_IOTHREADS && util_json_length(answer->value) > 0)
            qemu_answer_clear(&known->kept[id]);
        else
            keep(&known->kept[id], answer, when);
    }
    for (unsigned int id = 0; id < QEMU_N_COMMANDS; id++)
        qemu_answer_clear(&job->answers[id]);
}
