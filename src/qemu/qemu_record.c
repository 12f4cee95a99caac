/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_record: makes a job's record.
 *
 * Owns nothing; writes the record, the refusal and a verdict into the job. Does no I/O, and does
 * not know how a reply is decoded (qemu_reply) or a group emitted (qemu_emit).
 *
 * How it works
 *
 * Replies, and what qemu_known lends in their place, are decoded in the order of the command table:
 * a decoder may use what an earlier one wrote into the facts. Then the emitter of each wanted group
 * writes its parameters. A group is missing if something that it wanted of QEMU did not come
 * (qemu_missing), or if its emitter says that the host's part is not whole. What such a group did
 * write stays in the record, since it is as new as the rest. If QEMU answered everything, and
 * refused something that it has, the domain is SLOW, with QEMU's words in the reason: before its
 * machine is made (-preconfig) it refuses most commands.
 *
 * Where libvirt was asked, its parameters are the record's (qemu_record_libvirt).
 */
#include "qemu_record.h"

#include <string.h>

#include "domstats_record.h"
#include "qemu/facts/qemu_limits.h"
#include "qemu/facts/qemu_reply.h"
#include "qemu/plan/qemu_missing.h"
#include "qemu_record_libvirt.h"
#include "util/util_error.h"

enum { PARAMS_EXPECTED = 256 };

bool
qemu_record_decode(const QemuJob *job, QemuFacts *facts, const char **ret_bad)
{
    const QemuKnown *known = job->domain->known;
    QemuCommandSet lent = qemu_known_holds(known, job->lent, job->asked, job->answers);
    bool is_good = true;

    facts->libvirt_state = job->domain->endpoint->libvirt_state;
    facts->libvirt_reason = job->domain->endpoint->libvirt_reason;
    facts->status = qemu_known_told_status(known);
    facts->is_running = g_strcmp0(facts->status, "running") == 0;
    for (unsigned int id = 0; id < QEMU_N_COMMANDS; id++) {
        const QemuAnswer *answer = qemu_job_answer(job, (QemuCommandId)id);

        if ((lent >> id & 1) != 0)
            qemu_known_give(known, (QemuCommandId)id, facts);
        if (answer == NULL || qemu_commands[id].parse == NULL)
            continue;
        if (!qemu_commands[id].parse(answer->value, facts)) {
            *ret_bad = qemu_commands[id].name;
            is_good = false;
        }
    }
    if (job->told != NULL)
        qemu_record_libvirt_take_state(job, facts);
    else if (job->domain->monitor != NULL && qemu_job_has_answer(job))
        facts->events = qemu_monitor_counted(job->domain->monitor);
    qemu_reply_finish_block(facts);
    /* On a machine that cannot plug vCPUs, the maximum is the present number. */
    if (facts->vcpus != NULL && !facts->n_vcpus_max.is_present &&
        qemu_missing_is_absent(job, QEMU_COMMAND_QUERY_HOTPLUGGABLE_CPUS))
        facts->n_vcpus_max = util_count_of(facts->vcpus->len);
    if (job->sent_us != 0 && job->answered_us >= job->sent_us)
        facts->monitor_us = util_count_of((uint64_t)(job->answered_us - job->sent_us));
    return is_good;
}

/* True if a group that its emitter did not write whole is not missing: all groups are wanted, and
 * this guest or this host does not have what it needs. */
static bool
is_passed_over(const QemuJob *job, const QemuGroup *group)
{
    bool has_no_process = group->host != 0 && job->domain->pid == 0;

    return job->is_complete && qemu_request_is_all(job->request) &&
           (group->may_be_absent || has_no_process);
}

/* Writes the groups; gives the mask of those that are missing. */
static unsigned int
emit_groups(const QemuJob *job, const QemuEmitInput *input, UtilParams *params)
{
    unsigned int missing = qemu_request_is_all(job->request) ? 0 : job->unsupported;

    /* No value is true of a process that has ended. */
    if (job->verdict == DOMSTATS_HEALTH_GONE)
        return missing | job->groups;
    if (job->told != NULL)
        return qemu_record_libvirt_write(job, input, params);
    for (size_t i = 0; i < qemu_n_groups; i++) {
        const QemuGroup *group = &qemu_groups[i];
        QemuFieldWriter writer = {.params = params};
        bool is_whole = false;

        if ((job->groups & group->bit) == 0)
            continue;
        is_whole = group->emit(&writer, input);
        if (qemu_missing_has(job, group, input->facts) ||
            (!is_whole && !is_passed_over(job, group)))
            missing |= group->bit;
    }
    return missing;
}

static void
refuse_unsupported(QemuJob *job)
{
    g_autofree char *names = NULL;

    if (job->unsupported == 0 || job->refusal != NULL || qemu_request_is_all(job->request) ||
        !qemu_request_has(job->request, VIR_CONNECT_GET_ALL_DOMAINS_STATS_ENFORCE_STATS))
        return;
    names = qemu_group_names(job->unsupported);
    g_set_error(&job->refusal, UTIL_ERROR, UTIL_ERROR_UNSUPPORTED,
                "domain '%s' does not support the statistics: %s", job->domain->name, names);
}

/* If QEMU refused what groups need of it: the verdict, with QEMU's own words. */
static void
judge_refused(QemuJob *job, const QemuFacts *facts)
{
    const QemuAnswer *answer = NULL;

    if (job->verdict != DOMSTATS_HEALTH_OK || job->told != NULL)
        return;
    answer = qemu_missing_refusal(job, facts);
    if (answer == NULL)
        return;
    qemu_job_judge(
        job, DOMSTATS_HEALTH_SLOW, DOMSTATS_REASON_REFUSED,
        g_strdup_printf("QEMU refuses commands for now: %s", qemu_answer_error_text(answer)));
}

static bool
is_selected(const QemuJob *job, const QemuEmitInput *input)
{
    const QemuEndpoint *endpoint = job->domain->endpoint;
    int reason = 0;
    int state = VIR_DOMAIN_NOSTATE;

    /* A domain whose run state is unknown is never left out. */
    if (endpoint->is_active && input->facts->status == NULL && input->facts->libvirt_state < 0)
        return true;
    state = qemu_emit_state_of(input, &reason);
    return qemu_request_selects_endpoint(job->request, endpoint, state);
}

static DomstatsAnsweredBy
answered_by(const DomstatsRecord *record, const QemuJob *job)
{
    const QemuEndpoint *endpoint = job->domain->endpoint;

    if (job->told != NULL && record->n_params > 0)
        return DOMSTATS_ANSWERED_BY_LIBVIRT;
    if (record->monitor_us >= 0)
        return DOMSTATS_ANSWERED_BY_MONITOR;
    if (record->n_params == 0)
        return DOMSTATS_ANSWERED_BY_NONE;
    return endpoint->is_active ? DOMSTATS_ANSWERED_BY_HOST : DOMSTATS_ANSWERED_BY_LIBVIRT;
}

/* Says where the values come from, and where the domain is. */
static void
describe(DomstatsRecord *record, const QemuJob *job)
{
    const QemuDomain *domain = job->domain;
    const GPtrArray *places = domain->endpoint->places;

    record->reason_code = job->reason_code;
    record->answered_by = answered_by(record, job);
    record->pid = domain->pid;
    record->start_ticks = domain->start_ticks;
    if (places->len > 0)
        record->monitor =
            g_strdup(((const QemuEndpointPlace *)g_ptr_array_index(places, 0))->bound_path);
    if (job->verdict == DOMSTATS_HEALTH_BUSY)
        record->holder_pid = domain->holder_pid;
}

/* The domain's id, unless libvirt has told of another run than the one that was listed. */
static int
choose_id(const QemuJob *job)
{
    int told = job->told ? libvirt_stats_answer(job->told)->id : -1;

    if (job->told == NULL || told == qemu_endpoint_libvirt_id(job->domain->endpoint))
        return job->domain->id;
    return told;
}

void
qemu_record_make(QemuJob *job, const QemuFacts *facts, const HostRoot *root, int64_t wall_us)
{
    QemuDomain *domain = job->domain;
    int64_t recorded_s = host_root_recorded_s(root);
    const QemuEmitInput input = {
        .facts = facts,
        .definition = qemu_domain_definition(domain),
        .about = qemu_domain_about(domain),
        .is_active = domain->endpoint->is_active,
        .with_backing = qemu_request_has(job->request, VIR_CONNECT_GET_ALL_DOMAINS_STATS_BACKING),
        .with_ext = qemu_request_wants(job->request, DOMSTATS_CALL_EXT),
        .with_pss = qemu_request_wants(job->request, DOMSTATS_CALL_PSS),
        .with_about = qemu_request_wants(job->request, DOMSTATS_CALL_ABOUT),
        .is_persistence_known = domain->endpoint->is_listed || !domain->endpoint->may_be_persistent,
        .is_persistent = domain->endpoint->is_persistent,
        .autostart = domain->endpoint->autostart,
        .wall_s = recorded_s > 0 ? recorded_s : wall_us / G_USEC_PER_SEC,
        .ticks_per_second = host_root_ticks_per_second(root),
        .page_bytes = host_root_page_bytes(root),
    };
    g_autoptr(DomstatsRecord) record = NULL;
    g_autoptr(GError) error = NULL;
    g_auto(UtilParams) params = {0};
    int n_expected = domain->n_params_before > 0 ? domain->n_params_before : PARAMS_EXPECTED;

    if (!is_selected(job, &input))
        return;
    qemu_missing_settle(job);
    refuse_unsupported(job);
    record = g_new0(DomstatsRecord, 1);
    util_params_init(&params, (size_t)n_expected, QEMU_LIMIT_PARAMS);
    record->missing = emit_groups(job, &input, &params);
    judge_refused(job, facts);
    if (!util_params_steal(&params, &record->params, &record->n_params, &error)) {
        qemu_job_set_verdict(job, DOMSTATS_HEALTH_BROKEN, error->message);
        record->missing = job->groups;
    }
    domain->n_params_before = record->n_params;
    record->name = g_strdup(domain->name);
    memcpy(record->uuid, domain->uuid, sizeof(record->uuid));
    record->id = choose_id(job);
    record->health = job->verdict;
    domstats_record_set_reason(record, job->reason);
    record->taken_us = wall_us;
    record->monitor_us = facts->monitor_us.is_present ? (int64_t)facts->monitor_us.value : -1;
    describe(record, job);
    job->record = g_steal_pointer(&record);
}

static void
free_record(gpointer data)
{
    domstats_record_free(data);
}

GPtrArray *
qemu_record_list_new(void)
{
    return g_ptr_array_new_with_free_func(free_record);
}

DomstatsRecord *
qemu_record_make_no_domain(const char *word, int64_t wall_us)
{
    DomstatsRecord *record = g_new0(DomstatsRecord, 1);
    g_autofree char *reason = g_strdup_printf("no domain has the name, UUID or id '%s'", word);

    record->name = g_strdup(word);
    record->id = -1;
    record->health = DOMSTATS_HEALTH_NO_DOMAIN;
    record->reason_code = DOMSTATS_REASON_NO_NAME;
    domstats_record_set_reason(record, reason);
    record->since_us = wall_us;
    record->taken_us = wall_us;
    record->monitor_us = -1;
    return record;
}
